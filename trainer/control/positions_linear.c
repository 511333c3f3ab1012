/* positions_linear.c - see positions_linear.h. */
#include "trainer/control/positions_linear.h"

#include "base/core/memory.h"
#include "trainer/network/draws.h"

pdlt_status pdlt_positions_linear_new(pdlt_positions_linear *out, const pdlt_plan *plan,
                                      const pdlt_network *net, pdlt_error *err) {
  pdlt_positions_linear d = {.plan = plan, .net = net};
  const size_t p = plan->p;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_training_ntk_new(&d.ntk, net, plan->data, err));
  PDLT_TRY(pdlt_linearization_new(&d.linearization, plan->data, &plan->schedule,
                                  plan->ex->training.eta, err));
  PDLT_TRY(
      pdlt_alloc(&d.storage, net->num_params + p * p + plan->times * p, sizeof *d.storage, err));
  double *next = d.storage;
  d.theta = pdlt_take(&next, net->num_params);
  d.matrix = pdlt_take(&next, p * p);
  d.c = pdlt_take(&next, plan->times * p);
  *out = d;
  return PDLT_OK;
cleanup:
  pdlt_positions_linear_free(&d);
  return status;
}

void pdlt_positions_linear_free(pdlt_positions_linear *drawn) {
  pdlt_training_ntk_free(&drawn->ntk);
  pdlt_linearization_free(&drawn->linearization);
  pdlt_free(drawn->storage);
  *drawn = (pdlt_positions_linear){.plan = NULL};
}

pdlt_status pdlt_positions_linear_look(pdlt_positions_linear *d, const double *theta) {
  pdlt_training_ntk_of(&d->ntk, theta, d->matrix);
  return pdlt_linearization_course(&d->linearization, d->matrix, d->c, &d->unstable, NULL);
}

pdlt_status pdlt_positions_linear_further(pdlt_positions_linear *d, uint64_t member,
                                          size_t sample) {
  const uint64_t number = PDLT_FURTHER_MEMBER(0) + member * d->plan->control.samples + sample;
  pdlt_network_draw(d->net, d->plan->ex->ensemble.seed, number, d->theta);
  return pdlt_positions_linear_look(d, d->theta);
}
