/* vector.c - see kernels.h, small.h and pairs.h: which compiled set the processor can run. */
#include "base/vector/sets.h"

#ifdef PDLT_SIMD_X86
static int runs_avx512(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("fma");
}

static int runs_avx2(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#endif

const pdlt_simd_set *pdlt_simd_get(int k) {
#ifdef PDLT_SIMD_X86
  if (runs_avx512() && k-- == 0) return &pdlt_simd_avx512;
  if (runs_avx2() && k-- == 0) return &pdlt_simd_avx2;
#endif
  return k == 0 ? &pdlt_simd_plain : NULL;
}

const pdlt_simd_set *pdlt_simd_best(void) { return pdlt_simd_get(0); }

const pdlt_small_set *pdlt_small_get(int k) {
#ifdef PDLT_SIMD_X86
  if (runs_avx512() && k-- == 0) return &pdlt_small_avx512;
  if (runs_avx2() && k-- == 0) return &pdlt_small_avx2;
#endif
  return k == 0 ? &pdlt_small_plain : NULL;
}

const pdlt_small_set *pdlt_small_best(void) { return pdlt_small_get(0); }

const pdlt_pairs_set *pdlt_pairs_get(int k) {
#ifdef PDLT_SIMD_X86
  if (runs_avx512() && k-- == 0) return &pdlt_pairs_avx512;
  if (runs_avx2() && k-- == 0) return &pdlt_pairs_avx2;
#endif
  return k == 0 ? &pdlt_pairs_plain : NULL;
}

const pdlt_pairs_set *pdlt_pairs_best(void) { return pdlt_pairs_get(0); }
