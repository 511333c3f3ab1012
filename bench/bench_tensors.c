/* bench_tensors.c - time of the order-1/n tensors of all layers, by activation, in processor time:
 * bench_tensors [samples [layers [threads [tolerance [dntk]]]]]. Median of three. */
#include <stdio.h>
#include <stdlib.h>

#include "base/core/memory.h"
#include "base/random/rng.h"
#include "base/vector/linalg.h"
#include "bench/clock.h"
#include "theory/infinite/kernel.h"
#include "theory/tensors/tensors.h"

enum { REPEATS = 3, MAX_LAYERS = 64, INPUTS = 8 };

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static pdlt_status time_one(const char *name, size_t D, int depth, const double *x,
                            pdlt_tensor_settings *settings, pdlt_error *err) {
  pdlt_layer layer[MAX_LAYERS];
  double seconds[REPEATS], worst = 0.0;
  pdlt_kernel_layers kernels = {0};
  for (int l = 0; l < MAX_LAYERS; ++l)
    layer[l] = (pdlt_layer){.in = l == 0 ? INPUTS : 1,
                            .out = 1,
                            .C_b = 0.1,
                            .C_W = 1.5,
                            .lambda_b = 1.0,
                            .lambda_W = 1.0};
  settings->layer = layer;
  pdlt_status status = pdlt_activation_parse(&settings->activation, name, err);
  if (status != PDLT_OK) return status;
  const pdlt_kernel_settings how = {.activation = settings->activation,
                                    .depth = depth,
                                    .layer = layer,
                                    .tolerance = 1e-11,
                                    .threads = settings->threads};
  PDLT_TRY(pdlt_kernel_layers_new(&kernels, &how, D, x, err));
  for (int i = 0; i < REPEATS; ++i) {
    pdlt_tensor_set set = {0};
    const double start = now(CLOCK_PROCESS_CPUTIME_ID);
    PDLT_TRY(pdlt_tensors_new(&set, &kernels, settings, err));
    seconds[i] = now(CLOCK_PROCESS_CPUTIME_ID) - start;
    worst = set.layer[depth - 1].err[PDLT_TENSOR_A];
    pdlt_tensors_free(&set);
  }
  qsort(seconds, REPEATS, sizeof seconds[0], ascending);
  printf("%-10s D = %zu, %d layers, %d threads: %.3f s, error of A %.1e\n", name, D, depth,
         settings->threads, seconds[REPEATS / 2], worst);
cleanup:
  pdlt_kernel_layers_free(&kernels);
  return status;
}

int main(int argc, char **argv) {
  static const char *const names[] = {"tanh", "gelu", "sin", "relu"};
  const size_t D = argc > 1 ? (size_t)atol(argv[1]) : 6;
  const int depth = argc > 2 ? atoi(argv[2]) : 4;
  pdlt_tensor_settings settings = {.threads = argc > 3 ? atoi(argv[3]) : 1,
                                   .tolerance = argc > 4 ? atof(argv[4]) : 1e-8};
  const int dntk = argc > 5 ? atoi(argv[5]) : 0;
  const pdlt_rng rng = {.seed = 1, .stream = PDLT_STREAM_DATA};
  pdlt_error err = {0};
  double *x = NULL;
  if (depth < 2 || depth > MAX_LAYERS || D < 1) return 2;
  pdlt_status status = pdlt_linalg_init(settings.threads, &err);
  if (status == PDLT_OK) status = pdlt_alloc(&x, D * INPUTS, sizeof(double), &err);
  if (status == PDLT_OK) pdlt_rng_normal(&rng, D * INPUTS, x);
  for (size_t k = 0; status == PDLT_OK && k < sizeof names / sizeof names[0]; ++k) {
    settings.dntk = dntk && k < 3;
    status = time_one(names[k], D, depth, x, &settings, &err);
  }
  if (status != PDLT_OK) fprintf(stderr, "bench_tensors: %s\n", err.message);
  pdlt_free(x);
  return pdlt_status_exit(status);
}
