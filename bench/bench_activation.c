/* bench_activation.c - throughput of the activation kernels and the normal numbers.
 *
 * Is: a table: per activation and instruction set, elements per nanosecond of sigma
 * and sigma' together, in cache, beside one-by-one evaluation through libm; then
 * millions of normal numbers per second. Median of repeated runs, one thread.
 * Is not: a test; nothing here passes or fails. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/activation/activation.h"
#include "base/random/rng.h"
#include "base/vector/kernels.h"
#include "trainer/network/draws.h"

enum { N = 1024, SAMPLES = 15 };

static double z[N], s[N], ds[N];
static volatile double sink;

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* set NULL: one by one with pdlt_activation_eval. */
static void once(const pdlt_simd_set *set, const pdlt_activation *act) {
  if (set != NULL) {
    set->forward[act->kind](act->param, act->num_params, N, z, s, ds);
  } else {
    for (int i = 0; i < N; i++) {
      s[i] = pdlt_activation_eval(act, 0, z[i]);
      ds[i] = pdlt_activation_eval(act, 1, z[i]);
    }
  }
  sink = s[N / 2] + ds[N / 2];
}

/* Elements per nanosecond. */
static double rate(const pdlt_simd_set *set, const pdlt_activation *act) {
  const int repeat = set == NULL ? 20 : 400;
  double time[SAMPLES];
  for (int k = 0; k < SAMPLES; k++) {
    const double start = seconds();
    for (int r = 0; r < repeat; r++) once(set, act);
    time[k] = seconds() - start;
  }
  qsort(time, SAMPLES, sizeof *time, compare);
  return 1e-9 * N * repeat / time[SAMPLES / 2];
}

static double normal_rate(void) {
  double time[SAMPLES];
  const int repeat = 400;
  for (int k = 0; k < SAMPLES; k++) {
    const double start = seconds();
    for (int r = 0; r < repeat; r++) {
      const pdlt_rng rng = {1, 2, (uint64_t)r, PDLT_STREAM_WEIGHT};
      pdlt_rng_normal(&rng, N, s);
      sink = s[N / 2];
    }
    time[k] = seconds() - start;
  }
  qsort(time, SAMPLES, sizeof *time, compare);
  return 1e-6 * N * repeat / time[SAMPLES / 2];
}

int main(void) {
  const char *const texts[] = {"linear",        "relu", "leaky_relu(0.1)", "tanh",     "sin",
                               "erf",           "gelu", "swish",           "softplus", "sigmoid",
                               "quadratic(0.3)"};
  const pdlt_rng rng = {1, 0, 0, PDLT_STREAM_DATA};
  pdlt_rng_normal(&rng, N, z);
  printf("sigma and sigma', elements per ns, %d in cache\n%-18s%10s", N, "activation", "libm");
  for (int k = 0; pdlt_simd_get(k) != NULL; k++) printf("%10s", pdlt_simd_get(k)->name);
  printf("\n");
  for (size_t a = 0; a < sizeof texts / sizeof *texts; a++) {
    pdlt_activation act;
    if (pdlt_activation_parse(&act, texts[a], NULL) != PDLT_OK) return 1;
    printf("%-18s%10.3f", texts[a], rate(NULL, &act));
    for (int k = 0; pdlt_simd_get(k) != NULL; k++) printf("%10.3f", rate(pdlt_simd_get(k), &act));
    printf("\n");
  }
  printf("normal numbers, millions per s: %.0f\n", normal_rate());
  return 0;
}
