/* dense_avx512.c - the kernels of base/dense_kernels.inc for AVX-512; its compile options
 * are in base/CMakeLists.txt, the choice among the sets in base/simd.c. */
#include "base/simd_sets.h"

#ifdef PDLT_SIMD_X86
#define PDLT_DENSE_SET pdlt_dense_avx512
#define DOUBLE_LANES 8
#define FLOAT_LANES 16
#define DOUBLE_TYPE d8
#define FLOAT_TYPE f16
#define RB 8
#include "base/dense_set.inc"
#endif
