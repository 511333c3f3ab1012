/* simd_sets.h - the compiled sets, for base/simd.c and the files that define them.
 *
 * Is: declarations. Is not: a choice; ask base/simd_kernels.h or small.h. */
#ifndef PDLT_BASE_SIMD_SETS_H
#define PDLT_BASE_SIMD_SETS_H

#include "base/dense.h"
#include "base/simd_kernels.h"
#include "base/small.h"

extern const pdlt_simd_set pdlt_simd_plain;
extern const pdlt_dense_set pdlt_dense_plain;
extern const pdlt_small_set pdlt_small_plain;
#ifdef PDLT_SIMD_X86
extern const pdlt_simd_set pdlt_simd_avx2, pdlt_simd_avx512;
extern const pdlt_dense_set pdlt_dense_avx2, pdlt_dense_avx512;
extern const pdlt_small_set pdlt_small_avx2, pdlt_small_avx512;
#endif

#endif
