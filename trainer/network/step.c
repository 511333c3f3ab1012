/* step.c - see step.h. */
#include "trainer/network/step.h"

#include <string.h>

#include "base/core/memory.h"
#include "trainer/network/step_internal.h"

pdlt_status pdlt_stepper_new(pdlt_stepper *out, const pdlt_network *net, const pdlt_samples *data,
                             const pdlt_step_settings *settings, pdlt_error *err) {
  const pdlt_simd_set *set = settings->set != NULL ? settings->set : pdlt_simd_best();
  const pdlt_first_layer first = settings->first;
  const double eta = settings->eta;
  pdlt_stepper st = {.net = net, .data = data, .eta = eta};
  const size_t outputs = data->outputs * data->train;
  st.first_by_samples =
      first == PDLT_FIRST_SAMPLES || (first == PDLT_FIRST_AUTO && data->train < 2 * data->inputs);
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&st.storage, net->num_params + 2 * outputs, sizeof *st.storage, err));
  st.theta = st.storage;
  st.z = st.theta + net->num_params;
  st.eps = st.z + outputs;
  if (settings->single)
    PDLT_TRY(pdlt_step_new_f(&st.in_single, set, net, data, eta, st.first_by_samples, err));
  else
    PDLT_TRY(pdlt_step_new_d(&st.in_double, set, net, data, eta, st.first_by_samples, err));
  *out = st;
  return PDLT_OK;
cleanup:
  pdlt_stepper_free(&st);
  return status;
}

void pdlt_stepper_free(pdlt_stepper *stepper) {
  pdlt_step_free_d(stepper->in_double);
  pdlt_step_free_f(stepper->in_single);
  pdlt_free(stepper->storage);
  *stepper = (pdlt_stepper){0};
}

/* The function of this name for the stepper's precision. */
#define CALL(st, function, ...)                                                     \
  ((st)->in_single != NULL ? pdlt_step_##function##_f((st)->in_single, __VA_ARGS__) \
                           : pdlt_step_##function##_d((st)->in_double, __VA_ARGS__))

void pdlt_stepper_begin(pdlt_stepper *st) { CALL(st, begin, st->theta); }

void pdlt_stepper_forward(pdlt_stepper *st) { CALL(st, forward, st->z, st->eps); }

void pdlt_stepper_update(pdlt_stepper *st) {
  if (st->in_single != NULL)
    pdlt_step_update_f(st->in_single);
  else
    pdlt_step_update_d(st->in_double);
}

void pdlt_stepper_weights(const pdlt_stepper *st) { CALL(st, weights, st->theta); }

void pdlt_stepper_first(const pdlt_stepper *st, double *z) { CALL(st, first, z); }

void pdlt_stepper_output(const pdlt_stepper *st, double *out) {
  const pdlt_samples *p = st->data;
  for (size_t i = 0; i < p->outputs; i++)
    memcpy(out + i * p->samples, st->z + i * p->train, p->train * sizeof *out);
  if (p->test > 0) CALL(st, test, out + p->train);
}
