/* pairs_avx512.c - the loops of base/vector/pairs.inc for AVX-512; its compile options
 * are in base/CMakeLists.txt, the choice among the sets in base/vector/vector.c. */
#include "base/vector/sets.h"

#ifdef PDLT_SIMD_X86
#define PDLT_PAIRS_SET pdlt_pairs_avx512
#define PDLT_PAIRS_NAME "avx512"
#include "base/vector/pairs.inc"
#endif
