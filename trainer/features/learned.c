/* learned.c - see learned.h. */
#include "trainer/features/learned.h"

#include <string.h>

#include "base/core/memory.h"
#include "trainer/features/leading.h"

const char *const pdlt_learned_names[PDLT_LEARNED_KERNELS] = {"k", "k_E", "change"};

pdlt_status pdlt_learned_new(pdlt_learned *out, const pdlt_experiment *ex, const pdlt_network *net,
                             const pdlt_samples *data, pdlt_error *err) {
  const size_t D = data->samples, p = data->outputs * D, depth = (size_t)net->depth;
  pdlt_learned t = {.ex = ex, .net = net, .data = data};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_gradient_new(&t.gradient, net, data, err));
  PDLT_TRY(
      pdlt_alloc(&t.storage,
                 2 * (net->num_params + p + depth * D * D) + PDLT_LEARNED_KERNELS * (2 * D * D + D),
                 sizeof *t.storage, err));
  double *next = t.storage;
  for (int end = 0; end < 2; end++) {
    t.theta[end] = pdlt_take(&next, net->num_params);
    t.z[end] = pdlt_take(&next, p);
    t.layers[end] = pdlt_take(&next, depth * D * D);
  }
  for (int k = 0; k < PDLT_LEARNED_KERNELS; k++) {
    t.kernel[k] = pdlt_take(&next, D * D);
    t.functions[k] = pdlt_take(&next, D * D);
    t.values[k] = pdlt_take(&next, D);
  }
  *out = t;
  return PDLT_OK;
cleanup:
  pdlt_learned_free(&t);
  return status;
}

void pdlt_learned_free(pdlt_learned *t) {
  pdlt_gradient_free(&t->gradient);
  pdlt_free(t->storage);
  *t = (pdlt_learned){0};
}

/* theta at the end, with the outcome. */
static pdlt_status train(pdlt_learned *t, const volatile sig_atomic_t *stop, pdlt_error *err) {
  const pdlt_schedule schedule = pdlt_schedule_make(t->ex, t->data);
  const pdlt_step_settings settings = {.eta = t->ex->training.eta, .first = PDLT_FIRST_WEIGHTS};
  const size_t bytes = t->net->num_params * sizeof(double);
  pdlt_stepper stepper = {0};
  double *z = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_stepper_new(&stepper, t->net, t->data, &settings, err));
  PDLT_TRY(
      pdlt_alloc(&z, schedule.num_times * t->data->outputs * t->data->samples, sizeof *z, err));
  memcpy(stepper.theta, t->theta[0], bytes);
  t->outcome = pdlt_member_train(&stepper, &schedule, stop, z, &t->steps);
  if (t->outcome == PDLT_MEMBER_STOPPED)
    PDLT_TRY(pdlt_fail(err, PDLT_ERR_INTERRUPTED, "interrupted"));
  pdlt_stepper_weights(&stepper);
  memcpy(t->theta[1], stepper.theta, bytes);
cleanup:
  pdlt_free(z);
  pdlt_stepper_free(&stepper);
  return status;
}

/* z, the kernel by layers and their sum, at an end. */
static void look(pdlt_learned *t, int end) {
  const size_t D = t->data->samples, depth = (size_t)t->net->depth;
  double *kernel = t->kernel[end == 0 ? PDLT_FUNCTIONS_K : PDLT_FUNCTIONS_K_E];
  pdlt_gradient_forward(&t->gradient, t->theta[end]);
  memcpy(t->z[end], t->gradient.z[depth - 1], t->data->outputs * D * sizeof *t->z[end]);
  pdlt_gradient_kernel(&t->gradient, t->layers[end]);
  memset(kernel, 0, D * D * sizeof *kernel);
  for (size_t i = 0; i < depth * D * D; i++) kernel[i % (D * D)] += t->layers[end][i];
}

pdlt_status pdlt_learned_make(pdlt_learned *t, uint64_t member, const volatile sig_atomic_t *stop,
                              pdlt_error *err) {
  const size_t D = t->data->samples;
  t->member = member;
  t->steps = 0;
  pdlt_network_draw(t->net, t->ex->ensemble.seed, member, t->theta[0]);
  pdlt_status status = train(t, stop, err);
  if (status != PDLT_OK || t->outcome == PDLT_MEMBER_DIVERGED) return status;
  for (int end = 0; end < 2; end++) look(t, end);
  for (size_t i = 0; i < D * D; i++)
    t->kernel[PDLT_FUNCTIONS_CHANGE][i] =
        t->kernel[PDLT_FUNCTIONS_K_E][i] - t->kernel[PDLT_FUNCTIONS_K][i];
  for (int k = 0; k < PDLT_LEARNED_KERNELS && status == PDLT_OK; k++)
    status = pdlt_leading(D, t->kernel[k], t->values[k], t->functions[k], err);
  return status;
}
