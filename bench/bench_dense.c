/* bench_dense.c - the products of base/vector/dense.h against OpenBLAS, GFLOP/s of one thread.
 *
 * Is: z = W s, and the way back with the update, for W (n, n) and `samples` columns, by the
 * thread's own clock; OPENBLAS_CORETYPE chooses OpenBLAS's kernels.
 * Is not: a training step; activations are left out. */
#include <stdio.h>
#include <stdlib.h>

#include "base/core/memory.h"
#include "base/vector/kernels.h"
#include "base/vector/linalg.h"
#include "bench/clock.h"

/* What the products work on; all arrays small numbers. */
typedef struct operands {
  size_t n, samples;
  double *weight, *s, *above, *below, *scratch, *z;
} operands;

typedef void work(const operands *o);

static void own_forward(const operands *o) {
  const pdlt_dense_product_d p = {
      .rows = o->n, .depth = o->n, .cols = o->samples, .a = o->weight, .b = o->s, .z = o->z};
  pdlt_simd_best()->dense->d.product(&p);
}

static void blas_forward(const operands *o) {
  pdlt_gemm(0, 0, o->n, o->samples, o->n, 1, o->weight, o->n, o->s, o->samples, 0, o->z,
            o->samples);
}

static void own_descend(const operands *o) {
  const pdlt_dense_layer_d layer = {.in = o->n,
                                    .out = o->n,
                                    .samples = o->samples,
                                    .factor = 1e-9,
                                    .weight = o->weight,
                                    .above = o->above,
                                    .s = o->s,
                                    .slope = o->s,
                                    .below = o->below,
                                    .scratch = o->scratch};
  pdlt_simd_best()->dense->d.descend(&layer);
}

static void blas_descend(const operands *o) {
  const size_t n = o->n, D = o->samples;
  pdlt_gemm(1, 0, n, D, n, 1, o->weight, n, o->above, D, 0, o->below, D);
  for (size_t i = 0; i < n * D; i++) o->below[i] *= o->s[i];
  pdlt_gemm(0, 1, n, n, D, 1e-9, o->above, D, o->s, D, 1, o->weight, n);
}

static int ascending(const void *x, const void *y) {
  const double a = *(const double *)x, b = *(const double *)y;
  return (a > b) - (a < b);
}

/* GFLOP/s; a tenth of the batches are faster. */
static double rate(work *f, const operands *o, double flops) {
  enum { BATCHES = 20 };
  double seconds[BATCHES];
  const long repeats = 1 + (long)(1e7 / flops);
  for (int b = 0; b < BATCHES; b++) {
    const double start = now(CLOCK_THREAD_CPUTIME_ID);
    for (long k = 0; k < repeats; k++) f(o);
    seconds[b] = (now(CLOCK_THREAD_CPUTIME_ID) - start) / (double)repeats;
  }
  qsort(seconds, BATCHES, sizeof *seconds, ascending);
  return flops / seconds[BATCHES / 10] * 1e-9;
}

static pdlt_status compare(size_t n, size_t samples, pdlt_error *err) {
  const size_t lanes = 8, padded = pdlt_panels(samples, lanes) * lanes;
  const size_t weights = n * pdlt_panels(n, lanes) * lanes, states = n * padded;
  double *all = NULL;
  pdlt_status status =
      pdlt_alloc(&all, weights + 4 * states + pdlt_dense_scratch(padded), sizeof *all, err);
  if (status != PDLT_OK) return status;
  for (size_t i = 0; i < weights + 4 * states; i++) all[i] = 1e-3 * (double)(i % 7);
  const operands o = {.n = n,
                      .samples = samples,
                      .weight = all,
                      .s = all + weights,
                      .above = all + weights + states,
                      .below = all + weights + 2 * states,
                      .z = all + weights + 3 * states,
                      .scratch = all + weights + 4 * states};
  const double flops = 2.0 * (double)(n * n * samples);
  printf("%5zu %7zu %12.0f %12.0f %12.0f %12.0f\n", n, samples, rate(own_forward, &o, flops),
         rate(blas_forward, &o, flops), rate(own_descend, &o, 2 * flops),
         rate(blas_descend, &o, 2 * flops));
  pdlt_free(all);
  return PDLT_OK;
}

int main(void) {
  static const size_t widths[] = {64, 128, 256, 512, 1024}, samples[] = {16, 64, 128, 512};
  pdlt_error err = {.status = PDLT_OK};
  if (pdlt_linalg_init(1, &err) != PDLT_OK) return 3;
  printf("%s\n    n samples  forward own OpenBLAS  back+update own OpenBLAS\n",
         pdlt_linalg_version());
  for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
    for (size_t j = 0; j < sizeof samples / sizeof *samples; j++)
      if (compare(widths[i], samples[j], &err) != PDLT_OK) {
        fprintf(stderr, "bench_dense: %s\n", err.message);
        return pdlt_status_exit(err.status);
      }
  return 0;
}
