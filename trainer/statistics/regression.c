/* regression.c - see regression.h. */
#include "trainer/statistics/regression.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "trainer/statistics/moments.h"

/* scaled, and the factor; p = 0 where there is none. */
static pdlt_status factorize(pdlt_regression *r, pdlt_error *err) {
  const size_t B = r->blocks, p = r->controls;
  double *mean = NULL;
  const pdlt_status status = pdlt_alloc(&mean, p, sizeof *mean, err);
  if (status != PDLT_OK) return status;
  pdlt_block_mean(B, r->weights, p, r->value, mean);
  for (size_t b = 0; b < B; b++)
    for (size_t k = 0; k < p; k++)
      r->scaled[b * p + k] = sqrt(r->weights[b]) * (r->value[b * p + k] - mean[k]);
  pdlt_syrk(1, p, B, 1.0, r->scaled, p, 0.0, r->factor, p);
  if (!pdlt_positive_definite(p, r->factor)) r->controls = 0;
  pdlt_free(mean);
  return PDLT_OK;
}

pdlt_status pdlt_regression_new(pdlt_regression *out, size_t blocks, const double *weights,
                                size_t p, const double *controls, pdlt_error *err) {
  pdlt_regression r = {.blocks = blocks, .weights = weights, .controls = blocks < 4 * p ? 0 : p};
  double *next;
  pdlt_status status = PDLT_OK;
  if (r.controls > 0) {
    PDLT_TRY(pdlt_alloc(&r.storage, 2 * blocks * p + p * p, sizeof *r.storage, err));
    next = r.storage;
    r.value = pdlt_take(&next, blocks * p);
    r.scaled = pdlt_take(&next, blocks * p);
    r.factor = pdlt_take(&next, p * p);
    memcpy(r.value, controls, blocks * p * sizeof *controls);
    PDLT_TRY(factorize(&r, err));
  }
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
  const pdlt_status status = pdlt_alloc(&rest, (B + p + 1) * count, sizeof *rest, err);
  if (status != PDLT_OK) return status;
  double *beta = rest + B * count, *mean = beta + p * count;
  const double factor = sqrt((double)(B - 1) / (double)(B - 1 - p) * (1 + (double)p / (double)B));
  pdlt_block_mean(B, r->weights, count, values, mean);
  for (size_t b = 0; b < B; b++)
    for (size_t i = 0; i < count; i++)
      rest[b * count + i] = sqrt(r->weights[b]) * (values[b * count + i] - mean[i]);
  pdlt_gemm(1, 0, p, count, B, 1.0, r->scaled, p, rest, count, 0.0, beta, count);
  pdlt_cholesky_solve(p, r->factor, count, beta);
  pdlt_gemm(0, 0, B, count, p, -1.0, r->value, p, beta, count, 1.0, values, count);
  pdlt_block_mean(B, r->weights, count, values, mean);
  for (size_t b = 0; b < B; b++)
    for (size_t i = 0; i < count; i++) {
      double *v = &values[b * count + i];
      *v = mean[i] + factor * (*v - mean[i]);
    }
  pdlt_free(rest);
  return PDLT_OK;
}
