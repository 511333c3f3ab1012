/* step.c - see step.h. */
#include "trainer/network/step.h"

#include <string.h>

#include "base/core/memory.h"
#include "trainer/network/residual.h"
#include "trainer/network/step_internal.h"

pdlt_status pdlt_stepper_new(pdlt_stepper *out, const pdlt_network *net, const pdlt_samples *data,
                             const pdlt_step_settings *settings, pdlt_error *err) {
  const pdlt_simd_set *set = settings->set != NULL ? settings->set : pdlt_simd_best();
  const pdlt_first_layer first = settings->first;
  const double eta = settings->eta;
  pdlt_stepper st = {.net = net, .data = data, .eta = eta, .plain = pdlt_residual_is_plain(data)};
  const size_t outputs = data->outputs * data->train;
  st.first_by_samples =
      first == PDLT_FIRST_SAMPLES || (first == PDLT_FIRST_AUTO && data->train < 2 * data->inputs);
  if (net->has_positions) st.first_by_samples = 0;
  if (net->has_positions)
    st.kind = settings->single ? &pdlt_step_positions_f : &pdlt_step_positions_d;
  else
    st.kind = settings->single ? &pdlt_step_f : &pdlt_step_d;
  pdlt_status status = PDLT_OK;
  if (data->newton && data->kappa == NULL)
    PDLT_TRY(pdlt_fail(err, PDLT_ERR_INTERNAL, "the samples have no kappa of Newton's method"));
  PDLT_TRY(pdlt_alloc(&st.storage, net->num_params + 3 * outputs, sizeof *st.storage, err));
  st.theta = st.storage;
  st.z = st.theta + net->num_params;
  st.eps = st.z + outputs;
  st.back = st.eps + outputs;
  PDLT_TRY(st.kind->make(&st.state, set, net, data, eta, st.first_by_samples, err));
  *out = st;
  return PDLT_OK;
cleanup:
  pdlt_stepper_free(&st);
  return status;
}

void pdlt_stepper_free(pdlt_stepper *stepper) {
  if (stepper->kind != NULL) stepper->kind->free(stepper->state);
  pdlt_free(stepper->storage);
  *stepper = (pdlt_stepper){0};
}

void pdlt_stepper_begin(pdlt_stepper *st) {
  st->step = 0;
  st->kind->begin(st->state, st->theta);
}

void pdlt_stepper_forward(pdlt_stepper *st) { st->kind->forward(st->state, st->z, st->eps); }

void pdlt_stepper_update(pdlt_stepper *st) {
  if (!st->plain) {
    pdlt_residual_back(st->data, st->step, st->z, st->eps, st->back);
    st->kind->send(st->state, st->back);
  }
  st->kind->update(st->state);
  st->step++;
}

void pdlt_stepper_weights(const pdlt_stepper *st) { st->kind->weights(st->state, st->theta); }

void pdlt_stepper_first(const pdlt_stepper *st, double *z) { st->kind->first(st->state, z); }

void pdlt_stepper_output(const pdlt_stepper *st, double *out) {
  const pdlt_samples *p = st->data;
  for (size_t i = 0; i < p->outputs; i++)
    memcpy(out + i * p->samples, st->z + i * p->train, p->train * sizeof *out);
  if (p->test > 0) st->kind->test(st->state, out + p->train);
}
