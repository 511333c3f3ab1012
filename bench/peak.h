/* peak.h - the fastest that one thread can multiply and add: the measure of the benchmarks.
 *
 * Is: independent chains of fused operations in registers, in either precision.
 * Is not: a header of the libraries; each benchmark includes it once. */
#ifndef PDLT_BENCH_PEAK_H
#define PDLT_BENCH_PEAK_H

/* ISO C mode forbids contraction; the peak is about fused operations. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("fp-contract=fast")
#endif

/* Independent chains of a * b + c in vector registers: as fast as the processor goes. */
enum { CHAINS = 16, PEAK_BYTES = 64 };
#if defined(__x86_64__)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif
#define DEFINE_CHAINS(REAL)                                                          \
  typedef REAL REAL##_lanes __attribute__((vector_size(PEAK_BYTES)));                \
  CLONES static double REAL##_chains(long rounds) {                                  \
    REAL##_lanes c[CHAINS], a, b;                                                    \
    for (int k = 0; k < PEAK_BYTES / (int)sizeof(REAL); k++) {                       \
      a[k] = (REAL)0.999999;                                                         \
      b[k] = (REAL)1e-6;                                                             \
    }                                                                                \
    for (int i = 0; i < CHAINS; i++) c[i] = a * (REAL)i;                             \
    for (long r = 0; r < rounds; r++)                                                \
      _Pragma("GCC unroll 16") for (int i = 0; i < CHAINS; i++) c[i] = c[i] * a + b; \
    double total = 0;                                                                \
    for (int i = 0; i < CHAINS; i++) total += (double)c[i][0];                       \
    return total;                                                                    \
  }
DEFINE_CHAINS(double)
DEFINE_CHAINS(float)

/* Floating-point operations of so many rounds. */
static inline double chains_flops(int single, long rounds) {
  return 2.0 * (single ? PEAK_BYTES / 4 : PEAK_BYTES / 8) * CHAINS * (double)rounds;
}

#endif
