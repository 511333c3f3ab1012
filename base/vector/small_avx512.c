/* small_avx512.c - the kernels of base/vector/small_kernels.inc for AVX-512; its compile options
 * are in base/CMakeLists.txt, the choice among the sets in base/vector/vector.c. */
#include "base/vector/sets.h"

#ifdef PDLT_SIMD_X86
#define PDLT_SMALL_SET pdlt_small_avx512
#define PDLT_SMALL_NAME "avx512"
#define LANES 8
#define TYPE d8
#define ROWS 8
#include "base/vector/small_kernels.inc"
#endif
