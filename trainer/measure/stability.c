/* stability.c - see stability.h. */
#include "trainer/measure/stability.h"

#include <math.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
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
  s.quick = pdlt_quick_ntk_suits(net, s.data);
  if (s.quick)
    PDLT_TRY(pdlt_quick_ntk_new(&s.small, net, s.data, err));
  else
    PDLT_TRY(pdlt_training_ntk_new(&s.ntk, net, s.data, err));
  const size_t side = data->newton ? q * q : 0;
  PDLT_TRY(pdlt_alloc(&s.theta, q * q + pdlt_largest_room(q) + side, sizeof *s.theta, err));
  s.side = s.theta + q * q + pdlt_largest_room(q);
  s.work = s.theta + q * q;
  *out = s;
  return PDLT_OK;
cleanup:
  pdlt_stability_free(&s);
  return status;
}

void pdlt_stability_free(pdlt_stability *stability) {
  pdlt_quick_ntk_free(&stability->small);
  pdlt_training_ntk_free(&stability->ntk);
  pdlt_free(stability->data);
  pdlt_free(stability->theta);
  *stability = (pdlt_stability){.eta = 0};
}

/* The NTK of a draw; of Newton's method kappa^(1/2) Th_AA kappa^(1/2). */
static void find_ntk(pdlt_stability *s, const double *theta) {
  const size_t A = s->data->train, n = s->data->outputs, q = n * A;
  if (s->quick)
    pdlt_quick_ntk_of(&s->small, theta, s->theta);
  else
    pdlt_training_ntk_of(&s->ntk, theta, s->theta);
  for (size_t i = 0; i < n && s->data->newton; i++)
    pdlt_gemm(0, 0, A, q, A, 1, s->data->root, A, s->theta + i * A * q, q, 0, s->side + i * A * q,
              q);
  for (size_t i = 0; i < n && s->data->newton; i++)
    pdlt_gemm(0, 0, q, A, A, 1, s->side + i * A, q, s->data->root, A, 0, s->theta + i * A, q);
}

int pdlt_stability_check(pdlt_stability *s, const double *theta) {
  const size_t q = s->data->outputs * s->data->train;
  find_ntk(s, theta);
  const double bound = pdlt_largest_row_sum(q, s->theta);
  if (isnan(bound)) return 1;
  return s->eta * bound > 2 && !pdlt_largest_below(q, s->theta, 2 / s->eta, s->work);
}

double pdlt_stability_largest(pdlt_stability *s, const double *theta) {
  find_ntk(s, theta);
  return pdlt_largest_eigenvalue(s->data->outputs * s->data->train, s->theta, s->work);
}
