/* stability.c - see stability.h. */
#include "trainer/measure/stability.h"

#include <math.h>

#include "base/core/memory.h"
#include "trainer/measure/largest.h"

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
  PDLT_TRY(pdlt_alloc(&s.theta, q * q + pdlt_largest_room(q), sizeof *s.theta, err));
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

int pdlt_stability_check(pdlt_stability *s, const double *theta) {
  const size_t q = s->data->outputs * s->data->train;
  pdlt_training_ntk_of(&s->ntk, theta, s->theta);
  const double bound = pdlt_largest_row_sum(q, s->theta);
  if (isnan(bound)) return 1;
  return s->eta * bound > 2 && !pdlt_largest_below(q, s->theta, 2 / s->eta, s->work);
}

double pdlt_stability_largest(pdlt_stability *s, const double *theta) {
  pdlt_training_ntk_of(&s->ntk, theta, s->theta);
  return pdlt_largest_eigenvalue(s->data->outputs * s->data->train, s->theta, s->work);
}
