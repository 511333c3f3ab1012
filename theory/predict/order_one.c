/* order_one.c - the trained network at order 1/n, as arrays. */
#include <stdio.h>
#include <string.h>

#include "theory/infinite/steps.h"
#include "theory/order_one/trained.h"
#include "theory/predict/internal.h"

static const char *const names[] = {"z_nlo",       "z_end_nlo",   "cov_nlo",
                                    "cov_end_nlo", "Theta_t_nlo", "dTheta_t_nlo"};

/* Everything of this file is absent for one reason. */
static pdlt_status all_absent(const pdlt_prediction *p, const char *reason, pdlt_error *err) {
  const pdlt_status status =
      pdlt_predict_all_absent(p->out, names, sizeof names / sizeof *names, reason, err);
  return status == PDLT_OK ? pdlt_predict_no_features(p, reason, err) : status;
}

/* The number of a tensor of this name; PDLT_TENSOR_COUNT: K or Theta. */
static int number_of(const char *name) {
  int t = 0;
  while (t < PDLT_TENSOR_COUNT && strcmp(pdlt_tensor_text((pdlt_tensor_name)t), name) != 0) t++;
  return t;
}

/* What is known of the errors of the tensor called `name`, err/NAME being error. */
static pdlt_doubt doubt_of(const pdlt_tensor_doubts *doubts, const char *name, double error) {
  const int t = number_of(name);
  if (t == PDLT_TENSOR_COUNT) return (pdlt_doubt){.each = error};
  return pdlt_predict_doubt(doubts, (pdlt_tensor_name)t, error);
}
/* Output-layer tensors and what is known of their errors (14), from the archive; returns the name of one that
 * is absent, or NULL. */
static const char *gather(const pdlt_prediction *p, const pdlt_tensor_doubts *doubts,
                          pdlt_trained_input *input, pdlt_doubt *doubt) {
  int k = 0;
#define GATHER(name, field, rank)                                     \
  if (k < PDLT_MOVE_D || !input->mean_only) {                         \
    const pdlt_array *array = pdlt_archive_get(p->out, #name);        \
    const pdlt_array *error = pdlt_archive_get(p->out, "err/" #name); \
    if (array == NULL || error == NULL) return #name;                 \
    input->field = array->data;                                       \
    doubt[k++] = doubt_of(doubts, #name, error->data[0]);             \
  }
  PDLT_TRAINED_TENSORS(GATHER)
#undef GATHER
  doubt[0].entry = input->in.lo.err_K;
  doubt[1].entry = input->in.lo.err_theta;
  return NULL;
}

/* The mean under `name`, its parts (5, ...) under name/part. */
static pdlt_status put_mean(const pdlt_prediction *p, const char *name, int ndim, const size_t *dim,
                            const double *z, const double *parts, pdlt_error *err) {
  size_t count = 1;
  for (int i = 0; i < ndim; i++) count *= dim[i];
  pdlt_status status = pdlt_predict_put(p->out, name, ndim, dim, z, err);
  for (size_t k = 0; k < PDLT_DYNAMICS_PART_COUNT && status == PDLT_OK; k++) {
    char part[64];
    snprintf(part, sizeof part, "%s/%s", name, pdlt_dynamics_part_name((pdlt_dynamics_part)k));
    status = pdlt_predict_put(p->out, part, ndim, dim, parts + k * count, err);
  }
  return status;
}

static pdlt_status put_end(const pdlt_prediction *p, const pdlt_trained *w,
                           const pdlt_trained_errors *errors, pdlt_error *err) {
  const size_t n = w->outputs, D = w->D;
  pdlt_status status = PDLT_OK;
  if (!w->have_end) {
    PDLT_TRY(pdlt_predict_absent(p->out, "z_end_nlo", w->why, err));
    return pdlt_predict_absent(p->out, "cov_end_nlo", w->why, err);
  }
  PDLT_TRY(put_mean(p, "z_end_nlo", 2, (size_t[]){n, D}, w->end, w->end_parts, err));
  PDLT_TRY(pdlt_predict_put(p->out, "cov_end_nlo", 4, (size_t[]){n, D, n, D}, w->cov_end, err));
  PDLT_TRY(pdlt_predict_error(p->out, "z_end_nlo", errors->end, err));
  PDLT_TRY(pdlt_predict_error(p->out, "cov_end_nlo", errors->cov_end, err));
cleanup:
  return status;
}

/* The variance of z(t) - z(0), of which the losses of centered targets are made. */
static pdlt_status put_change(const pdlt_prediction *p, const pdlt_trained *w,
                              const pdlt_trained_errors *errors, pdlt_error *err) {
  const size_t T = w->times, n = w->outputs, D = w->D;
  pdlt_status status = PDLT_OK;
  if (!p->ex->training.centered) return PDLT_OK;
  PDLT_TRY(pdlt_predict_put(p->out, "change_variance_nlo", 3, (size_t[]){T, n, D}, w->change, err));
  PDLT_TRY(pdlt_predict_error(p->out, "change_variance_nlo", errors->change, err));
  if (!w->have_end) return pdlt_predict_absent(p->out, "change_variance_end_nlo", w->why, err);
  PDLT_TRY(
      pdlt_predict_put(p->out, "change_variance_end_nlo", 2, (size_t[]){n, D}, w->change_end, err));
  PDLT_TRY(pdlt_predict_error(p->out, "change_variance_end_nlo", errors->change_end, err));
cleanup:
  return status;
}

/* The dNTK, unless it is too large. */
static pdlt_status put_dntk(const pdlt_prediction *p, const pdlt_trained *w,
                            const pdlt_trained_errors *errors, pdlt_error *err) {
  const size_t T = w->times, n = w->outputs, S = w->dntk_samples;
  pdlt_status status = PDLT_OK;
  if (p->ex->training.newton)
    return pdlt_predict_absent(p->out, "dTheta_t_nlo",
                               "the dNTK in training is not derived for method: newton", err);
  if (S == 0) return pdlt_predict_absent(p->out, "dTheta_t_nlo", PDLT_DNTK_T_TOO_LARGE, err);
  PDLT_TRY(
      pdlt_predict_put(p->out, "dTheta_t_nlo", 7, (size_t[]){T, n, S, n, S, n, S}, w->dntk, err));
  PDLT_TRY(pdlt_predict_error(p->out, "dTheta_t_nlo", errors->dntk, err));
cleanup:
  return status;
}

/* Of batches mean and covariance, unless they are asked for at the end. */
static pdlt_status put_batches(const pdlt_prediction *p, const pdlt_trained *w,
                               const pdlt_trained_errors *errors, pdlt_error *err) {
  const size_t T = w->times, n = w->outputs, D = w->D;
  static const char *const ends[] = {"z_end_nlo", "cov_end_nlo"};
  static const char *const others[] = {"Theta_t_nlo", "dTheta_t_nlo"};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_predict_all_absent(p->out, ends, 2, w->why, err));
  PDLT_TRY(pdlt_predict_all_absent(p->out, others, 2,
                                   "order 1/n of batches (training.batch) is derived for mean and "
                                   "covariance alone",
                                   err));
  if (w->finite < T) return pdlt_predict_all_absent(p->out, names, 3, w->why, err);
  PDLT_TRY(put_mean(p, "z_nlo", 3, (size_t[]){T, n, D}, w->z, w->parts, err));
  PDLT_TRY(pdlt_predict_error(p->out, "z_nlo", errors->z, err));
  if (!w->have_cov)
    return pdlt_predict_absent(
        p->out, "cov_nlo",
        "the covariance of so many samples and steps with batches would take "
        "more than 3e10 flops; use fewer",
        err);
  PDLT_TRY(pdlt_predict_put(p->out, "cov_nlo", 5, (size_t[]){T, n, D, n, D}, w->cov, err));
  PDLT_TRY(pdlt_predict_error(p->out, "cov_nlo", errors->cov, err));
cleanup:
  return status;
}

static pdlt_status put_all(const pdlt_prediction *p, const pdlt_trained *w,
                           const pdlt_trained_errors *errors, pdlt_error *err) {
  const size_t T = w->times, n = w->outputs, D = w->D;
  pdlt_status status = PDLT_OK;
  if (w->batches) return put_batches(p, w, errors, err);
  PDLT_TRY(put_mean(p, "z_nlo", 3, (size_t[]){T, n, D}, w->z, w->parts, err));
  PDLT_TRY(pdlt_predict_put(p->out, "cov_nlo", 5, (size_t[]){T, n, D, n, D}, w->cov, err));
  PDLT_TRY(pdlt_predict_put(p->out, "Theta_t_nlo", 5, (size_t[]){T, n, D, n, D}, w->theta, err));
  PDLT_TRY(pdlt_predict_error(p->out, "z_nlo", errors->z, err));
  PDLT_TRY(pdlt_predict_error(p->out, "cov_nlo", errors->cov, err));
  PDLT_TRY(pdlt_predict_error(p->out, "Theta_t_nlo", errors->theta, err));
  PDLT_TRY(put_dntk(p, w, errors, err));
  PDLT_TRY(put_change(p, w, errors, err));
  PDLT_TRY(put_end(p, w, errors, err));
cleanup:
  return status;
}

/* Takes tensors `first` to `last` from the archive. */
static void remove_tensors(pdlt_archive *out, int first, int last) {
  for (int t = first; t <= last; t++) {
    const char *name = pdlt_tensor_text((pdlt_tensor_name)t);
    char error[64];
    if (pdlt_tensor_rank((pdlt_tensor_name)t) == 2) continue;
    snprintf(error, sizeof error, "err/%s", name);
    pdlt_archive_remove(out, name);
    pdlt_archive_remove(out, error);
  }
}

static void remove_first(void *out) { remove_tensors(out, PDLT_TENSOR_A, PDLT_TENSOR_Q); }

static const char *const changes[] = {"change_variance_nlo", "change_variance_end_nlo"};
static const char *const left_out = "left out: theory.only: z";

/* No tensor with four indices stays. */
static pdlt_status leave_tensors_out(const pdlt_prediction *p, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  remove_tensors(p->out, 0, PDLT_TENSOR_COUNT - 1);
  for (int t = 0; t < PDLT_TENSOR_COUNT && status == PDLT_OK; t++) {
    const char *name = pdlt_tensor_text((pdlt_tensor_name)t);
    if (pdlt_tensor_rank((pdlt_tensor_name)t) == 4 && pdlt_predict_why_absent(p->out, name) == NULL)
      status = pdlt_predict_absent(p->out, name, left_out, err);
  }
  return status;
}

/* The tensor `missing` is absent, and so is everything of this file, for its reason. */
static pdlt_status without(const pdlt_prediction *p, const char *missing, pdlt_error *err) {
  char reason[PDLT_ERROR_LENGTH];
  pdlt_predict_needs(p->out, missing, reason);
  const pdlt_status status = all_absent(p, reason, err);
  return status == PDLT_OK && p->ex->theory.only_z ? leave_tensors_out(p, err) : status;
}

/* theory.only: z: mean and end from tensors that are gone then, and why everything else is. */
static pdlt_status mean_alone(const pdlt_prediction *p, const pdlt_trained_input *input,
                              const pdlt_doubt *doubt, pdlt_error *err) {
  pdlt_trained w = {0};
  pdlt_trained_errors errors = {0};
  pdlt_error why = {0};
  pdlt_progress_start_short(p->options->progress, "training at order 1/n", 1);
  pdlt_status status = pdlt_trained_mean(&w, &errors, input, doubt, remove_first, p->out, &why);
  if (status == PDLT_ERR_INPUT)
    PDLT_TRY(pdlt_experiment_fail(p->ex, "training.steps", err, "%s", why.message));
  if (status != PDLT_OK) PDLT_TRY(pdlt_fail(err, status, "%s", why.message));
  pdlt_progress_finish(p->options->progress);
  PDLT_TRY(leave_tensors_out(p, err));
  PDLT_TRY(
      pdlt_predict_all_absent(p->out, names + 2, sizeof names / sizeof *names - 2, left_out, err));
  if (p->ex->training.centered)
    PDLT_TRY(pdlt_predict_all_absent(p->out, changes, 2, left_out, err));
  const size_t T = w.times, n = w.outputs, D = w.D;
  PDLT_TRY(put_mean(p, "z_nlo", 3, (size_t[]){T, n, D}, w.z, w.parts, err));
  PDLT_TRY(pdlt_predict_error(p->out, "z_nlo", errors.z, err));
  if (!w.have_end) PDLT_TRY(pdlt_predict_absent(p->out, "z_end_nlo", w.why, err));
  if (w.have_end) {
    PDLT_TRY(put_mean(p, "z_end_nlo", 2, (size_t[]){n, D}, w.end, w.end_parts, err));
    PDLT_TRY(pdlt_predict_error(p->out, "z_end_nlo", errors.end, err));
  }
cleanup:
  pdlt_trained_free(&w);
  return status;
}

pdlt_status pdlt_predict_order_one(const pdlt_prediction *p, const pdlt_tensor_doubts *doubts,
                                   pdlt_error *err) {
  const pdlt_training_input lo = pdlt_predict_training_input(p);
  const char *untrained = pdlt_predict_why_absent(p->out, "z_lo");
  static const char *const kinked =
      "order 1/n of a kink: the first correction is of order n^(-1/2), see z_half";
  if (pdlt_predict_posterior_alone(p) != NULL)
    return all_absent(p, pdlt_predict_posterior_alone(p), err);
  if (p->ex->training.loss == PDLT_LOSS_CROSS_ENTROPY)
    return all_absent(p, PDLT_NO_ORDER_ONE_OF_ENTROPY, err);
  if (!pdlt_activation_get_traits(&p->ex->network.activation).smooth)
    return all_absent(p, kinked, err);
  if (untrained != NULL) return all_absent(p, untrained, err);
  const int features = pdlt_steps_are_plain(&lo) && (p->ex->measure & PDLT_MEASURE_FEATURES) != 0;
  pdlt_trained_input input = {
      .in = {.lo = lo, .threads = p->options->threads, .progress = p->options->progress},
      .mask = p->mask,
      .dntk_samples = pdlt_experiment_dntk_samples(p->ex),
      .features = features,
      .mean_only = p->ex->theory.only_z,
      .num_times = p->ex->training.num_record,
      .times = p->ex->training.record};
  pdlt_doubt doubt[PDLT_TRAINED_TENSOR_COUNT] = {0};
  const char *missing = gather(p, doubts, &input, doubt);
  if (missing != NULL) return without(p, missing, err);
  if (input.mean_only) return mean_alone(p, &input, doubt, err);
  pdlt_trained trained = {0};
  pdlt_trained_errors errors = {0};
  pdlt_truth truth = {0};
  pdlt_error why = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_truth_make(&truth, p->ex, p->kernel->D, p->data->inputs, p->data->x, err));
  input.truth = &truth;
  pdlt_progress_start_short(p->options->progress, "training at order 1/n", 2);
  status = pdlt_trained_new(&trained, &input, &why);
  if (status == PDLT_ERR_INPUT)
    PDLT_TRY(pdlt_experiment_fail(p->ex, "training.steps", err, "%s", why.message));
  if (status != PDLT_OK) PDLT_TRY(pdlt_fail(err, status, "%s", why.message));
  pdlt_progress_update(p->options->progress, 1);
  PDLT_TRY(pdlt_trained_error(&errors, &trained, &input, doubt, err));
  pdlt_progress_update(p->options->progress, 2);
  pdlt_progress_finish(p->options->progress);
  PDLT_TRY(put_all(p, &trained, &errors, err));
  if (pdlt_steps_are_plain(&lo))
    PDLT_TRY(pdlt_predict_features(p, &trained, &errors, err));
  else
    PDLT_TRY(pdlt_predict_no_features(
        p, "kernels of features are derived for gradient descent on all samples alone", err));
cleanup:
  pdlt_truth_free(&truth);
  pdlt_trained_free(&trained);
  return status;
}
