/* peak.h - the fastest that one thread can multiply and add: the measure of the benchmarks.
 *
 * Is: independent chains of fused operations (plain x86-64: of products and sums) in registers,
 * in either precision, for each instruction set of base/vector/kernels.h.
 * Is not: a header of the libraries; each benchmark includes it once. */
#ifndef PDLT_BENCH_PEAK_H
#define PDLT_BENCH_PEAK_H

#include <string.h>

#include "base/vector/kernels.h"

/* ISO C mode forbids contraction; the peak is about fused operations. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("fp-contract=fast")
#endif

/* Independent chains of a * b + c in vector registers, as many as hide the latency. */
enum { CHAINS = 12 };
#define DEFINE_CHAINS(REAL, SET, BYTES)                                                 \
  typedef REAL REAL##_##SET##_lanes __attribute__((vector_size(BYTES)));                \
  TARGET_##SET static double REAL##_##SET##_chains(long rounds) {                       \
    REAL##_##SET##_lanes c[CHAINS], a, b;                                               \
    for (int k = 0; k < (BYTES) / (int)sizeof(REAL); k++) {                             \
      a[k] = (REAL)0.999999;                                                            \
      b[k] = (REAL)1e-6;                                                                \
    }                                                                                   \
    _Pragma("GCC unroll 12") for (int i = 0; i < CHAINS; i++) c[i] = a * (REAL)i;       \
    for (long r = 0; r < rounds; r++)                                                   \
      _Pragma("GCC unroll 12") for (int i = 0; i < CHAINS; i++) c[i] = c[i] * a + b;    \
    double total = 0;                                                                   \
    _Pragma("GCC unroll 12") for (int i = 0; i < CHAINS; i++) total += (double)c[i][0]; \
    return total;                                                                       \
  }
#define TARGET_plain
DEFINE_CHAINS(double, plain, 16)
DEFINE_CHAINS(float, plain, 16)
#if defined(__x86_64__)
#define TARGET_avx2 __attribute__((target("avx2,fma")))
#define TARGET_avx512 __attribute__((target("avx512f,fma")))
DEFINE_CHAINS(double, avx2, 32)
DEFINE_CHAINS(float, avx2, 32)
DEFINE_CHAINS(double, avx512, 64)
DEFINE_CHAINS(float, avx512, 64)
#endif

/* Runs so many rounds of the set's own peak. */
static inline double peak_chains(const pdlt_simd_set *set, int single, long rounds) {
#if defined(__x86_64__)
  if (strcmp(set->name, "avx512") == 0)
    return single ? float_avx512_chains(rounds) : double_avx512_chains(rounds);
  if (strcmp(set->name, "avx2") == 0)
    return single ? float_avx2_chains(rounds) : double_avx2_chains(rounds);
#endif
  (void)set;
  return single ? float_plain_chains(rounds) : double_plain_chains(rounds);
}

/* Floating-point operations of so many rounds. */
static inline double chains_flops(const pdlt_simd_set *set, int single, long rounds) {
  const size_t lanes = single ? set->dense->f.lanes : set->dense->d.lanes;
  return 2.0 * (double)lanes * CHAINS * (double)rounds;
}

#endif
