/* dense_avx2.c - the kernels of base/vector/dense_kernels.inc for AVX2 with FMA; its compile
 * options are in base/CMakeLists.txt, the choice among the sets in base/vector/vector.c. */
#include "base/vector/sets.h"

#ifdef PDLT_SIMD_X86
#define PDLT_DENSE_SET pdlt_dense_avx2
#define DOUBLE_LANES 4
#define FLOAT_LANES 8
#define DOUBLE_TYPE d4
#define FLOAT_TYPE f8
#define RB 4
#include "base/vector/dense_set.inc"
#endif
