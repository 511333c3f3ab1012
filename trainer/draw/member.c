/* member.c - see member.h. */
#include "trainer/draw/member.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "trainer/measure/cross_entropy.h"
#include "trainer/measure/errors.h"

/* max |x|; NaN and infinity give infinity. Without their sign doubles are ordered like their
 * bits, and whole numbers have a maximum that every compiler can take in vectors. */
static double largest(const double *x, size_t n) {
  int64_t max = 0;
#pragma omp simd reduction(max : max)
  for (size_t i = 0; i < n; i++) {
    int64_t bits;
    memcpy(&bits, &x[i], sizeof bits);
    bits &= INT64_MAX;
    max = bits > max ? bits : max;
  }
  double value;
  memcpy(&value, &max, sizeof value);
  return isfinite(value) ? value : INFINITY;
}

pdlt_member_outcome pdlt_member_train(pdlt_stepper *st, const pdlt_schedule *schedule,
                                      const volatile sig_atomic_t *stop, double *z, long *steps) {
  static const pdlt_member_probe nothing = {.ntk = NULL};
  return pdlt_member_train_probed(st, schedule, stop, z, &nothing, steps);
}

/* What is compared with the start. */
static void begin(const pdlt_member_probe *probe, const pdlt_stepper *st) {
  if (probe->crossed != NULL) pdlt_crossings_begin(probe->crossings, st);
  if (probe->layers.q != NULL) pdlt_hidden_begin(probe->hidden, st);
  if (probe->features != NULL) pdlt_network_features_begin(probe->features, st);
  if (probe->start != NULL) pdlt_stepper_output(st, probe->start);
  if (probe->agop == NULL) return;
  pdlt_stepper_output(st, probe->changed);
  pdlt_cube_agop(&st->data->cube, st->data->outputs, probe->changed, probe->agop_start);
}

/* Cross-entropies at recorded time number t. */
static void measure_losses(const pdlt_member_probe *probe, const pdlt_samples *data,
                           const double *z, size_t t) {
  const size_t A = data->train, D = data->samples;
  if (probe->loss_train != NULL) probe->loss_train[t] = pdlt_cross_entropy_of(data, 0, A, z);
  if (probe->loss_test != NULL) probe->loss_test[t] = pdlt_cross_entropy_of(data, A, D, z);
  for (size_t a = 0; a < D && probe->loss_sample != NULL; a++)
    probe->loss_sample[t * D + a] = pdlt_cross_entropy_of(data, a, a + 1, z);
}

/* What the outputs z at recorded time number t say about classes, with centered targets less z(0). */
static void count_errors(const pdlt_member_probe *probe, const pdlt_samples *data, const double *z,
                         size_t t) {
  for (size_t i = 0; i < data->outputs * data->samples && probe->start != NULL; i++)
    probe->changed[i] = z[i] - probe->start[i];
  if (probe->start != NULL) z = probe->changed;
  if (probe->error_train != NULL)
    probe->error_train[t] = pdlt_errors_share(data, 0, data->train, z);
  if (probe->error_test != NULL)
    probe->error_test[t] = pdlt_errors_share(data, data->train, data->samples, z);
}

static double *at_time(double *x, size_t t, size_t size) { return x == NULL ? NULL : x + t * size; }

/* Features at recorded time number t. */
static void measure_features(const pdlt_member_probe *probe, const pdlt_stepper *st, size_t t) {
  const size_t p = st->data->outputs * st->data->samples;
  const pdlt_features_numbers *to = &probe->featured;
  pdlt_features_numbers out = {.rho2 = at_time(to->rho2, t, 1),
                               .alignment = at_time(to->alignment, t, 1),
                               .weight = at_time(to->weight, t, st->data->truth.blocks)};
  for (int f = 0; f < PDLT_FEATURE_COUNT; f++) {
    out.kernel[f] = at_time(to->kernel[f], t, p * p);
    out.deviation[f] = at_time(to->deviation[f], t, p);
    out.square[f] = at_time(to->square[f], t, p);
    out.eigenvalues[f] = at_time(to->eigenvalues[f], t, p);
  }
  pdlt_network_features_measure(probe->features, st, &out);
}

/* The average gradient outer product of outputs z at recorded time number t, less that of the start. */
static void measure_gradients(const pdlt_member_probe *probe, const pdlt_samples *data,
                              const double *z, size_t t) {
  const size_t size = data->inputs * data->inputs;
  double *m = probe->agop + t * size;
  pdlt_cube_agop(&data->cube, data->outputs, z, m);
  for (size_t i = 0; i < size; i++) m[i] -= probe->agop_start[i];
}

/* NTK, dNTK, features, crossings, hidden layers and errors at recorded time number t, with outputs z. */
static void measure(const pdlt_member_probe *probe, const pdlt_stepper *st, const double *z,
                    size_t t) {
  const size_t n_L = st->data->outputs, D = st->data->samples, rows = n_L * D;
  const size_t hidden = (size_t)(st->net->depth - 1) * D;
  measure_losses(probe, st->data, z, t);
  count_errors(probe, st->data, z, t);
  if (probe->theta_t != NULL)
    pdlt_training_ntk_measure(probe->ntk, st, probe->theta_t + t * rows * rows);
  if (probe->features != NULL) measure_features(probe, st, t);
  if (probe->agop != NULL) measure_gradients(probe, st->data, z, t);
  if (probe->crossed != NULL)
    pdlt_crossings_measure(probe->crossings, st, probe->crossed + t * hidden);
  if (probe->layers.q != NULL) {
    const pdlt_hidden_numbers out = {.q = probe->layers.q + t * hidden,
                                     .change = probe->layers.change + t * hidden,
                                     .moved = probe->layers.moved + t * hidden};
    pdlt_hidden_measure(probe->hidden, st, &out);
  }
  if (probe->dtheta_t == NULL) return;
  const size_t few = n_L * probe->dntk->samples;
  pdlt_training_dntk_measure(probe->dntk, st, probe->dtheta_t + t * few * few * few);
}

pdlt_member_outcome pdlt_member_train_probed(pdlt_stepper *st, const pdlt_schedule *schedule,
                                             const volatile sig_atomic_t *stop, double *z,
                                             const pdlt_member_probe *probe, long *steps) {
  const size_t outputs = st->data->outputs * st->data->samples;
  const size_t trained = st->data->outputs * st->data->train;
  size_t next = 0;
  pdlt_stepper_begin(st);
  for (long step = 0;; step++) {
    if (stop != NULL && *stop) return PDLT_MEMBER_STOPPED;
    pdlt_stepper_forward(st);
    if (step == 0) begin(probe, st);
    if (steps != NULL) *steps = step;
    if (!(largest(st->z, trained) <= schedule->limit)) return PDLT_MEMBER_DIVERGED;
    const int there = schedule->to_end && largest(st->eps, trained) < schedule->converged;
    const int last = there || (schedule->to_end && step >= schedule->max_steps);
    while (next < schedule->num_times && (last || (double)step >= schedule->times[next])) {
      pdlt_stepper_output(st, z + next * outputs);
      if (!(largest(z + next * outputs, outputs) <= schedule->limit)) return PDLT_MEMBER_DIVERGED;
      measure(probe, st, z + next * outputs, next);
      next++;
    }
    if (next == schedule->num_times)
      return last && !there ? PDLT_MEMBER_UNCONVERGED : PDLT_MEMBER_DONE;
    pdlt_stepper_update(st);
  }
}
