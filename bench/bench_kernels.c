/* bench_kernels.c - time of the infinite-width kernel and NTK recursion, by activation
 * and number of threads: bench_kernels [samples [layers [inputs [activation]]]]. Medians of five: seconds on
 * the clock, and those of the processor, all threads together. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/random/rng.h"
#include "base/vector/linalg.h"
#include "bench/clock.h"
#include "theory/infinite/kernel.h"

enum { REPEATS = 5, MAX_LAYERS = 64 };

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static pdlt_status time_one(const char *name, size_t D, int depth, size_t inputs, const double *x,
                            int threads, pdlt_error *err) {
  pdlt_layer layer[MAX_LAYERS];
  double seconds[REPEATS], busy[REPEATS], err_K = 0, err_theta = 0;
  pdlt_kernel_settings settings = {
      .depth = depth, .layer = layer, .tolerance = 1e-10, .threads = threads};
  for (int l = 0; l < MAX_LAYERS; l++)
    layer[l] = (pdlt_layer){.in = inputs, .C_b = 0.1, .C_W = 1.5, .lambda_b = 1, .lambda_W = 1};
  pdlt_status status = pdlt_activation_parse(&settings.activation, name, err);
  for (int i = 0; i < REPEATS && status == PDLT_OK; i++) {
    pdlt_kernel_layers layers = {0};
    const double start = now(CLOCK_MONOTONIC), before = now(CLOCK_PROCESS_CPUTIME_ID);
    status = pdlt_kernel_layers_new(&layers, &settings, D, x, err);
    seconds[i] = now(CLOCK_MONOTONIC) - start;
    busy[i] = now(CLOCK_PROCESS_CPUTIME_ID) - before;
    err_K = layers.err_K;
    err_theta = layers.err_theta;
    pdlt_kernel_layers_free(&layers);
  }
  if (status != PDLT_OK) return status;
  qsort(seconds, REPEATS, sizeof *seconds, ascending);
  qsort(busy, REPEATS, sizeof *busy, ascending);
  printf(
      "%-12s %zu samples %d layers %d thread%s %8.4f s   processor %8.4f s   err K %.1e Theta "
      "%.1e\n",
      name, D, depth, threads, threads > 1 ? "s" : " ", seconds[REPEATS / 2], busy[REPEATS / 2],
      err_K, err_theta);
  return PDLT_OK;
}

int main(int argc, char **argv) {
  static const char *const names[] = {"tanh", "gelu", "swish", "erf", "sin", "relu"};
  const size_t D = argc > 1 ? strtoul(argv[1], NULL, 10) : 200;
  const int depth = argc > 2 ? atoi(argv[2]) : 4;
  const size_t inputs = argc > 3 ? strtoul(argv[3], NULL, 10) : 16;
  pdlt_error err = {0};
  double *x = NULL;
  pdlt_status status = PDLT_OK;
  if (depth < 1 || depth > MAX_LAYERS || inputs < 1) return 2;
  PDLT_TRY(pdlt_linalg_init(2, &err));
  PDLT_TRY(pdlt_alloc(&x, D * inputs, sizeof *x, &err));
  const pdlt_rng rng = {.seed = 1, .stream = PDLT_STREAM_DATA};
  pdlt_rng_normal(&rng, D * inputs, x);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    for (int threads = 1; threads <= 2 && (argc < 5 || strcmp(argv[4], names[i]) == 0); threads++)
      PDLT_TRY(time_one(names[i], D, depth, inputs, x, threads, &err));
cleanup:
  if (status != PDLT_OK) fprintf(stderr, "bench_kernels: %s\n", err.message);
  pdlt_free(x);
  return pdlt_status_exit(status);
}
