/* simd_sets.h - the compiled sets, for base/simd.c and the files that define them.
 *
 * Is: declarations. Is not: a choice; ask base/simd_kernels.h. */
#ifndef PDLT_BASE_SIMD_SETS_H
#define PDLT_BASE_SIMD_SETS_H

#include "base/simd_kernels.h"

extern const pdlt_simd_set pdlt_simd_plain;
#ifdef PDLT_SIMD_X86
extern const pdlt_simd_set pdlt_simd_avx2, pdlt_simd_avx512;
#endif

#endif
