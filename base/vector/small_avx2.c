/* small_avx2.c - the kernels of base/vector/small_kernels.inc for AVX2; its compile options
 * are in base/CMakeLists.txt, the choice among the sets in base/vector/vector.c. */
#include "base/vector/sets.h"

#ifdef PDLT_SIMD_X86
#define PDLT_SMALL_SET pdlt_small_avx2
#define PDLT_SMALL_NAME "avx2"
#define LANES 4
#define TYPE d4
#define ROWS 4
#include "base/vector/small_kernels.inc"
#endif
