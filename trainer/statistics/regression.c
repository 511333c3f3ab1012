/* regression.c - see regression.h. */
#include "trainer/statistics/regression.h"

#include <math.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "base/vector/small.h"
#include "trainer/statistics/moments.h"

/* S^-1 in inverse; 0 where there is none. */
static int invert(pdlt_regression *r, double *gram) {
  const size_t p = r->controls;
  pdlt_syrk(1, p, r->blocks, 1.0, r->scaled, p, 0.0, gram, p);
  if (!pdlt_positive_definite(p, gram)) return 0;
  for (size_t k = 0; k < p; k++) r->inverse[k * p + k] = 1;
  pdlt_cholesky_solve(p, gram, p, r->inverse);
  return 1;
}

/* influence, from solved (B, p), the rows of scaled times S^-1; 0 where a block alone decides a control. */
static int measure_influence(pdlt_regression *r, const double *solved) {
  const size_t p = r->controls;
  double all = 0;
  for (size_t b = 0; b < r->blocks; b++) all += r->weights[b];
  for (size_t b = 0; b < r->blocks; b++) {
    const double w = r->weights[b], *row = solved + b * p;
    const double a = w / all - sqrt(w) * pdlt_small_best()->dot(p, row, r->mean);
    const double h = w / all + pdlt_small_best()->dot(p, row, r->scaled + b * p);
    if (!(1 - h > 1e-6)) return 0;
    r->influence[b] = (all / w - 1) * a / sqrt(1 - h);
  }
  return 1;
}

pdlt_status pdlt_regression_new(pdlt_regression *out, size_t blocks, const double *weights,
                                size_t p, const double *controls, pdlt_error *err) {
  const size_t B = blocks;
  pdlt_regression r = {.blocks = B, .weights = weights, .controls = B < 4 * p ? 0 : p};
  double *work = NULL, *next;
  pdlt_status status = PDLT_OK;
  if (r.controls > 0) {
    PDLT_TRY(pdlt_alloc(&r.storage, B * (p + 1) + p * (p + 1), sizeof *r.storage, err));
    PDLT_TRY(pdlt_alloc(&work, (B > p ? B : p) * p, sizeof *work, err));
    next = r.storage;
    r.scaled = pdlt_take(&next, B * p);
    r.influence = pdlt_take(&next, B);
    r.inverse = pdlt_take(&next, p * p);
    r.mean = pdlt_take(&next, p);
    pdlt_block_mean(B, weights, p, controls, r.mean);
    for (size_t b = 0; b < B; b++)
      for (size_t k = 0; k < p; k++)
        r.scaled[b * p + k] = sqrt(weights[b]) * (controls[b * p + k] - r.mean[k]);
    int good = invert(&r, work);
    if (good) pdlt_gemm(0, 0, B, p, p, 1.0, r.scaled, p, r.inverse, p, 0.0, work, p);
    good = good && measure_influence(&r, work);
    if (!good) r.controls = 0;
  }
  pdlt_free(work);
  *out = r;
  return PDLT_OK;
cleanup:
  pdlt_regression_free(&r);
  return status;
}

void pdlt_regression_free(pdlt_regression *regression) {
  pdlt_free(regression->storage);
  *regression = (pdlt_regression){0};
}

pdlt_status pdlt_regression_apply(const pdlt_regression *r, size_t count, double *values,
                                  pdlt_error *err) {
  const size_t B = r->blocks, p = r->controls;
  double *rest = NULL;
  if (p == 0 || count == 0) return PDLT_OK;
  const pdlt_status status = pdlt_alloc(&rest, (B + 2 * p + 2) * count, sizeof *rest, err);
  if (status != PDLT_OK) return status;
  double *cross = rest + B * count, *beta = cross + p * count, *alpha = beta + p * count,
         *mean = alpha + count;
  pdlt_block_mean(B, r->weights, count, values, alpha);
  for (size_t b = 0; b < B; b++)
    for (size_t i = 0; i < count; i++)
      rest[b * count + i] = sqrt(r->weights[b]) * (values[b * count + i] - alpha[i]);
  pdlt_gemm(1, 0, p, count, B, 1.0, r->scaled, p, rest, count, 0.0, cross, count);
  pdlt_gemm(0, 0, p, count, p, 1.0, r->inverse, p, cross, count, 0.0, beta, count);
  pdlt_gemm(0, 0, B, count, p, -1.0, r->scaled, p, beta, count, 1.0, rest, count);
  pdlt_gemm(0, 0, 1, count, p, -1.0, r->mean, p, beta, count, 1.0, alpha, count);
  for (size_t b = 0; b < B; b++)
    for (size_t i = 0; i < count; i++)
      values[b * count + i] =
          alpha[i] + r->influence[b] * rest[b * count + i] / sqrt(r->weights[b]);
  pdlt_block_mean(B, r->weights, count, values, mean);
  for (size_t b = 0; b < B; b++)
    for (size_t i = 0; i < count; i++) values[b * count + i] += alpha[i] - mean[i];
  pdlt_free(rest);
  return PDLT_OK;
}
