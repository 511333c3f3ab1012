/* vector.c - see kernels.h, small.h and pairs.h: which compiled set the processor can run. */
#include "base/vector/sets.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

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

const pdlt_small_set *pdlt_small_get(int k) {
#ifdef PDLT_SIMD_X86
  if (runs_avx512() && k-- == 0) return &pdlt_small_avx512;
  if (runs_avx2() && k-- == 0) return &pdlt_small_avx2;
#endif
  return k == 0 ? &pdlt_small_plain : NULL;
}

const pdlt_pairs_set *pdlt_pairs_get(int k) {
#ifdef PDLT_SIMD_X86
  if (runs_avx512() && k-- == 0) return &pdlt_pairs_avx512;
  if (runs_avx2() && k-- == 0) return &pdlt_pairs_avx2;
#endif
  return k == 0 ? &pdlt_pairs_plain : NULL;
}

/* Number of the set that PDLT_SIMD names; 0, the best, where it names none that the processor can run. The
 * first call asks, so that one process keeps to one set. */
static int chosen(void) {
  static atomic_int known = -1;
  int k = atomic_load_explicit(&known, memory_order_relaxed);
  if (k >= 0) return k;
  const char *wanted = getenv("PDLT_SIMD");
  const pdlt_simd_set *set = NULL;
  for (k = 0; wanted != NULL && (set = pdlt_simd_get(k)) != NULL; k++)
    if (strcmp(set->name, wanted) == 0) break;
  if (set == NULL) k = 0;
  atomic_store_explicit(&known, k, memory_order_relaxed);
  return k;
}

const pdlt_simd_set *pdlt_simd_best(void) { return pdlt_simd_get(chosen()); }
const pdlt_small_set *pdlt_small_best(void) { return pdlt_small_get(chosen()); }
const pdlt_pairs_set *pdlt_pairs_best(void) { return pdlt_pairs_get(chosen()); }
