/* positions_linear.c - see positions_linear.h. */
#include "trainer/control/positions_linear.h"

#include <string.h>

#include "base/core/memory.h"
#include "base/vector/packed.h"
#include "trainer/network/draws.h"

pdlt_status pdlt_positions_linear_freeze(const pdlt_plan *plan, const pdlt_network *net,
                                         double *theta, pdlt_error *err) {
  const size_t D = plan->data->samples, n_L = plan->data->outputs, p = plan->p;
  const double share = 1 / (double)(n_L * PDLT_FROZEN_DRAWS);
  pdlt_training_ntk ntk = {.net = NULL};
  double *storage = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_training_ntk_new(&ntk, net, plan->data, err));
  PDLT_TRY(pdlt_alloc(&storage, net->num_params + p * p, sizeof *storage, err));
  double *matrix = storage + net->num_params;
  memset(theta, 0, pdlt_packed_size(D) * sizeof *theta);
  for (uint64_t draw = 0; draw < PDLT_FROZEN_DRAWS; draw++) {
    pdlt_network_draw(net, plan->ex->ensemble.seed, PDLT_FROZEN_MEMBER + draw, storage);
    pdlt_training_ntk_of(&ntk, storage, matrix);
    for (size_t i = 0; i < n_L; i++)
      for (size_t a = 0; a < D; a++)
        for (size_t b = a; b < D; b++)
          theta[pdlt_packed_at(D, a, b)] += share * matrix[(i * D + a) * p + i * D + b];
  }
cleanup:
  pdlt_training_ntk_free(&ntk);
  pdlt_free(storage);
  return status;
}

static pdlt_status new_products(pdlt_positions_linear *d, pdlt_error *err) {
  const pdlt_plan *plan = d->plan;
  const size_t D = plan->data->samples, p = plan->p, values = pdlt_spread_values(plan);
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_spread_new(&d->spread, plan, err));
  PDLT_TRY(pdlt_alloc(&d->more, (1 + plan->times) * p + D * D + pdlt_packed_size(D) + values,
                      sizeof *d->more, err));
  double *next = d->more;
  d->z = pdlt_take(&next, p);
  d->odd = pdlt_take(&next, plan->times * p);
  d->kernel[0] = pdlt_take(&next, D * D);
  d->kernel[1] = pdlt_take(&next, pdlt_packed_size(D));
  d->products = pdlt_take(&next, values);
cleanup:
  return status;
}

pdlt_status pdlt_positions_linear_new(pdlt_positions_linear *out, const pdlt_plan *plan,
                                      const pdlt_network *net, const double *frozen,
                                      pdlt_error *err) {
  pdlt_positions_linear d = {.plan = plan, .net = net, .frozen = frozen};
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
  if (plan->control.spread) PDLT_TRY(new_products(&d, err));
  *out = d;
  return PDLT_OK;
cleanup:
  pdlt_positions_linear_free(&d);
  return status;
}

void pdlt_positions_linear_free(pdlt_positions_linear *drawn) {
  pdlt_training_ntk_free(&drawn->ntk);
  pdlt_linearization_free(&drawn->linearization);
  pdlt_spread_free(&drawn->spread);
  pdlt_free(drawn->more);
  pdlt_free(drawn->storage);
  *drawn = (pdlt_positions_linear){.plan = NULL};
}

pdlt_status pdlt_positions_linear_look(pdlt_positions_linear *d, const double *theta) {
  pdlt_training_ntk_of(&d->ntk, theta, d->matrix);
  const pdlt_status status =
      pdlt_linearization_course(&d->linearization, d->matrix, d->c, &d->unstable, NULL);
  if (status != PDLT_OK || d->odd == NULL) return status;
  pdlt_training_ntk_readout(&d->ntk, theta, d->z, d->kernel[0]);
  pdlt_linearization_odd(&d->linearization, d->z, d->odd);
  return PDLT_OK;
}

pdlt_status pdlt_positions_linear_further(pdlt_positions_linear *d, uint64_t member,
                                          size_t sample) {
  const uint64_t number = PDLT_FURTHER_MEMBER(0) + member * d->plan->control.samples + sample;
  const size_t D = d->plan->data->samples;
  pdlt_network_draw(d->net, d->plan->ex->ensemble.seed, number, d->theta);
  const pdlt_status status = pdlt_positions_linear_look(d, d->theta);
  if (status != PDLT_OK || d->odd == NULL) return status;
  memset(d->kernel[1], 0, pdlt_packed_size(D) * sizeof *d->kernel[1]);
  pdlt_packed_add(D, 1, d->kernel[0], d->kernel[1]);
  return pdlt_spread_fill(&d->spread, d->frozen, d->kernel[1], d->z, d->odd, d->products);
}
