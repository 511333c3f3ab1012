/* stability.c - see stability.h. */
#include "trainer/measure/stability.h"

#include <math.h>

#include "base/core/memory.h"

pdlt_status pdlt_stability_new(pdlt_stability *out, const pdlt_network *net,
                               const pdlt_samples *data, double eta, pdlt_error *err) {
  const size_t q = data->outputs * data->train;
  pdlt_stability s = {.eta = eta};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&s.data, 1, sizeof *s.data, err));
  *s.data = *data;
  s.data->test = 0;
  s.data->samples = data->train;
  s.data->x_all = data->x_train;
  PDLT_TRY(pdlt_training_ntk_new(&s.ntk, net, s.data, err));
  PDLT_TRY(pdlt_alloc(&s.theta, 2 * q * q, sizeof *s.theta, err));
  s.work = s.theta + q * q;
  *out = s;
  return PDLT_OK;
cleanup:
  pdlt_stability_free(&s);
  return status;
}

void pdlt_stability_free(pdlt_stability *stability) {
  pdlt_training_ntk_free(&stability->ntk);
  pdlt_free(stability->data);
  pdlt_free(stability->theta);
  *stability = (pdlt_stability){.eta = 0};
}

/* Largest sum of |Th| over a row, which bounds theta_max; NaN when Th is not finite. */
static double row_bound(const pdlt_stability *s, size_t q) {
  double bound = 0;
  for (size_t i = 0; i < q; i++) {
    double sum = 0;
    for (size_t j = 0; j < q; j++) sum += fabs(s->theta[i * q + j]);
    if (!(sum <= bound)) bound = isfinite(sum) ? sum : NAN;
    if (isnan(bound)) break;
  }
  return bound;
}

/* 1 when every eigenvalue of Th is below bound: bound - Th has a Cholesky factor, made here row
 * by row without allocation. */
static int all_below(pdlt_stability *s, size_t q, double bound) {
  double *factor = s->work; /* lower triangle */
  for (size_t i = 0; i < q; i++)
    for (size_t j = 0; j <= i; j++) {
      double rest = (i == j ? bound : 0) - s->theta[i * q + j];
      for (size_t k = 0; k < j; k++) rest -= factor[i * q + k] * factor[j * q + k];
      if (i == j && !(rest > 0)) return 0;
      factor[i * q + j] = i == j ? sqrt(rest) : rest / factor[j * q + j];
    }
  return 1;
}

int pdlt_stability_check(pdlt_stability *s, const double *theta) {
  const size_t q = s->data->outputs * s->data->train;
  pdlt_training_ntk_of(&s->ntk, theta, s->theta);
  const double bound = row_bound(s, q);
  if (isnan(bound)) return 1;
  return s->eta * bound > 2 && !all_below(s, q, 2 / s->eta);
}

double pdlt_stability_largest(pdlt_stability *s, const double *theta) {
  const size_t q = s->data->outputs * s->data->train;
  pdlt_training_ntk_of(&s->ntk, theta, s->theta);
  double low = 0, high = row_bound(s, q);
  if (isnan(high)) return INFINITY;
  for (size_t i = 0; i < q; i++) low = fmax(low, s->theta[i * q + i]);
  while (high - low > 1e-9 * high) {
    const double middle = 0.5 * (low + high);
    if (all_below(s, q, middle))
      high = middle;
    else
      low = middle;
  }
  return 0.5 * (low + high);
}
