/* stability.c - see stability.h. */
#include "trainer/stability.h"

#include <math.h>

#include "base/linalg.h"
#include "base/memory.h"

pdlt_status pdlt_stability_new(pdlt_stability *out, const pdlt_network *net,
                               const pdlt_problem *problem, double eta, pdlt_error *err) {
  const size_t q = problem->outputs * problem->train;
  pdlt_stability s = {.eta = eta};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&s.problem, 1, sizeof *s.problem, err));
  *s.problem = *problem;
  s.problem->test = 0;
  s.problem->samples = problem->train;
  s.problem->x_all = problem->x_train;
  PDLT_TRY(pdlt_training_ntk_new(&s.ntk, net, s.problem, err));
  PDLT_TRY(pdlt_alloc(&s.theta, 2 * q * q + q, sizeof *s.theta, err));
  s.work = s.theta + q * q;
  s.values = s.work + q * q;
  *out = s;
  return PDLT_OK;
cleanup:
  pdlt_stability_free(&s);
  return status;
}

void pdlt_stability_free(pdlt_stability *stability) {
  pdlt_training_ntk_free(&stability->ntk);
  pdlt_free(stability->problem);
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

pdlt_status pdlt_stability_check(pdlt_stability *s, const double *theta, int *unstable,
                                 pdlt_error *err) {
  const size_t q = s->problem->outputs * s->problem->train;
  pdlt_training_ntk_of(&s->ntk, theta, s->theta);
  const double bound = row_bound(s, q);
  *unstable = isnan(bound);
  if (isnan(bound) || s->eta * bound <= 2) return PDLT_OK;
  for (size_t i = 0; i < q * q; i++) s->theta[i] = -s->theta[i];
  for (size_t i = 0; i < q; i++) s->theta[i * q + i] += 2 / s->eta;
  const pdlt_status status = pdlt_cholesky(q, s->theta, s->work, err);
  *unstable = status == PDLT_ERR_NUMERIC;
  return status == PDLT_ERR_NUMERIC ? PDLT_OK : status;
}

pdlt_status pdlt_stability_largest(pdlt_stability *s, const double *theta, double *largest,
                                   pdlt_error *err) {
  const size_t q = s->problem->outputs * s->problem->train;
  pdlt_training_ntk_of(&s->ntk, theta, s->theta);
  *largest = INFINITY;
  if (isnan(row_bound(s, q))) return PDLT_OK;
  const pdlt_status status = pdlt_symmetric_eigen(q, s->theta, s->values, s->work, err);
  if (status == PDLT_ERR_NUMERIC) return PDLT_OK;
  if (status == PDLT_OK) *largest = q > 0 ? s->values[q - 1] : 0;
  return status;
}
