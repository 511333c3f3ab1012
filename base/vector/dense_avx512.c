/* dense_avx512.c - the kernels of base/vector/dense_kernels.inc for AVX-512; its compile options
 * are in base/CMakeLists.txt, the choice among the sets in base/vector/vector.c. */
#include "base/vector/sets.h"

#ifdef PDLT_SIMD_X86
#define PDLT_DENSE_SET pdlt_dense_avx512
#define DOUBLE_LANES 8
#define FLOAT_LANES 16
#define DOUBLE_TYPE d8
#define FLOAT_TYPE f16
#define RB 8
#include "base/vector/dense_set.inc"
#endif
