/* avx512.c - the kernels of base/vector/sigma.inc for AVX-512; its compile options
 * are in base/CMakeLists.txt, the choice among the sets in base/vector/vector.c. */
#include "base/vector/sets.h"

#ifdef PDLT_SIMD_X86
#define PDLT_SIMD_SET pdlt_simd_avx512
#define PDLT_DENSE_SET pdlt_dense_avx512
#define PDLT_SIMD_NAME "avx512"
#include "base/vector/sigma.inc"
#endif
