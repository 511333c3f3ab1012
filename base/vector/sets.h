/* sets.h - the compiled sets, for base/vector/vector.c and the files that define them.
 *
 * Is: declarations. Is not: a choice; ask base/vector/kernels.h, small.h or pairs.h. */
#ifndef PDLT_BASE_VECTOR_SETS_H
#define PDLT_BASE_VECTOR_SETS_H

#include "base/vector/dense.h"
#include "base/vector/kernels.h"
#include "base/vector/pairs.h"
#include "base/vector/small.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const pdlt_simd_set pdlt_simd_plain;
extern const pdlt_dense_set pdlt_dense_plain;
extern const pdlt_small_set pdlt_small_plain;
extern const pdlt_pairs_set pdlt_pairs_plain;
#ifdef PDLT_SIMD_X86
extern const pdlt_simd_set pdlt_simd_avx2, pdlt_simd_avx512;
extern const pdlt_dense_set pdlt_dense_avx2, pdlt_dense_avx512;
extern const pdlt_small_set pdlt_small_avx2, pdlt_small_avx512;
extern const pdlt_pairs_set pdlt_pairs_avx2, pdlt_pairs_avx512;
#endif

#ifdef __cplusplus
}
#endif
#endif
