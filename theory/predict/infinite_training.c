/* infinite_training.c - mean and covariance of the outputs at infinite width, as arrays. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "theory/infinite/steps.h"
#include "theory/predict/internal.h"

/* Largest cov_lo of all recorded times that is computed; bytes. */
static const double max_covariance_bytes = 512.0 * 1024 * 1024;

/* cov (D, D) of one output into the diagonal blocks of (n_L, D, n_L, D). */
static void spread_covariance(double *out, size_t outputs, size_t D, const double *cov) {
  for (size_t i = 0; i < outputs; i++)
    for (size_t d = 0; d < D; d++)
      memcpy(out + ((i * D + d) * outputs + i) * D, cov + d * D, D * sizeof *cov);
}

/* Runs pdlt_training_end when t is infinite, else pdlt_training_at. */
static pdlt_status training_at(const pdlt_training *training, double t, double *mean, double *cov,
                               pdlt_training_errors *errors, pdlt_error *err) {
  return isinf(t) ? pdlt_training_end(training, mean, cov, errors, err)
                  : pdlt_training_at(training, t, mean, cov, errors, err);
}

/* *out: cov_lo in the archive, or NULL when it is too large. */
static pdlt_status new_covariance(pdlt_archive *out, size_t T, size_t n, size_t D, double **data,
                                  pdlt_error *err) {
  const double bytes = (double)(T * sizeof(double)) * (double)(n * D) * (double)(n * D);
  pdlt_array *array;
  *data = NULL;
  if (bytes > max_covariance_bytes) {
    char reason[160];
    snprintf(reason, sizeof reason,
             "%zu times of %zu x %zu numbers are %.3g GiB, more than %.3g; record fewer times", T,
             n * D, n * D, bytes / (1024.0 * 1024 * 1024),
             max_covariance_bytes / (1024.0 * 1024 * 1024));
    return pdlt_predict_absent(out, "cov_lo", reason, err);
  }
  pdlt_status status = pdlt_archive_new(out, "cov_lo", 5, (size_t[]){T, n, D, n, D}, &array, err);
  if (status == PDLT_OK) *data = array->data;
  return status;
}

static pdlt_status put_times(const pdlt_prediction *p, const pdlt_training *training, double *cov,
                             pdlt_error *err) {
  pdlt_archive *out = p->out;
  const pdlt_experiment *ex = p->ex;
  const size_t T = ex->training.num_record, n = training->outputs, D = training->D;
  pdlt_status status = PDLT_OK;
  pdlt_array *array;
  pdlt_training_errors worst = {0};
  double *cov_out;
  PDLT_TRY(pdlt_archive_new(out, "times", 1, (size_t[]){T}, &array, err));
  memcpy(array->data, ex->training.record, T * sizeof *array->data);
  PDLT_TRY(pdlt_archive_new(out, "z_lo", 3, (size_t[]){T, n, D}, &array, err));
  double *mean_out = array->data;
  PDLT_TRY(new_covariance(out, T, n, D, &cov_out, err));
  for (size_t t = 0; t < T; t++) {
    pdlt_training_errors errors;
    PDLT_TRY(pdlt_progress_check(p->options->progress, err));
    status = training_at(training, ex->training.record[t], mean_out + t * n * D,
                         cov_out == NULL ? NULL : cov, &errors, err);
    if (status == PDLT_ERR_INPUT) {
      const pdlt_error inner = err ? *err : (pdlt_error){0};
      PDLT_TRY(pdlt_experiment_fail(ex, "training.steps", err, "%s", inner.message));
    }
    PDLT_TRY(status);
    if (cov_out != NULL) spread_covariance(cov_out + t * n * D * n * D, n, D, cov);
    worst.mean = fmax(worst.mean, errors.mean);
    worst.cov = fmax(worst.cov, errors.cov);
    pdlt_progress_add(p->options->progress, 1);
  }
  PDLT_TRY(pdlt_predict_error(out, "z_lo", worst.mean, err));
  if (cov_out != NULL) PDLT_TRY(pdlt_predict_error(out, "cov_lo", worst.cov, err));
cleanup:
  return status;
}

/* The same by other steps than gradient descent; the end is that of training, where that is asked for. */
static pdlt_status put_steps(const pdlt_prediction *p, const pdlt_training_input *input,
                             const pdlt_training *end, pdlt_error *err) {
  pdlt_archive *out = p->out;
  const pdlt_experiment *ex = p->ex;
  const size_t T = ex->training.num_record, n = input->outputs, D = input->D;
  pdlt_status status = PDLT_OK;
  pdlt_training_errors errors = {0}, last = {0};
  pdlt_array *array;
  double *cov_out, *cov = NULL;
  size_t finite = 0;
  while (finite < T && !isinf(ex->training.record[finite])) finite++;
  PDLT_TRY(pdlt_archive_new(out, "times", 1, (size_t[]){T}, &array, err));
  memcpy(array->data, ex->training.record, T * sizeof *array->data);
  PDLT_TRY(pdlt_archive_new(out, "z_lo", 3, (size_t[]){T, n, D}, &array, err));
  double *mean_out = array->data;
  PDLT_TRY(new_covariance(out, T, n, D, &cov_out, err));
  if (cov_out != NULL) PDLT_TRY(pdlt_alloc(&cov, T * D * D, sizeof *cov, err));
  PDLT_TRY(pdlt_steps_run(input, finite, ex->training.record, mean_out, cov, &errors, err));
  for (size_t t = finite; t < T; t++)
    PDLT_TRY(pdlt_training_end(end, mean_out + t * n * D, cov == NULL ? NULL : cov + t * D * D,
                               &last, err));
  for (size_t t = 0; t < T && cov_out != NULL; t++)
    spread_covariance(cov_out + t * n * D * n * D, n, D, cov + t * D * D);
  pdlt_progress_add(p->options->progress, (double)T);
  PDLT_TRY(pdlt_predict_error(out, "z_lo", fmax(errors.mean, last.mean), err));
  if (cov_out != NULL) PDLT_TRY(pdlt_predict_error(out, "cov_lo", fmax(errors.cov, last.cov), err));
cleanup:
  pdlt_free(cov);
  return status;
}

static pdlt_status put_end(pdlt_archive *out, const pdlt_training *training, double *mean,
                           double *cov, pdlt_error *err) {
  const size_t n = training->outputs, D = training->D;
  pdlt_status status = PDLT_OK;
  pdlt_array *array;
  pdlt_training_errors errors;
  pdlt_error why = {0};
  status = pdlt_training_end(training, mean, cov, &errors, &why);
  if (status == PDLT_ERR_INPUT) {
    status = pdlt_predict_absent(out, "z_end_lo", why.message, err);
    return status == PDLT_OK ? pdlt_predict_absent(out, "cov_end_lo", why.message, err) : status;
  }
  if (status != PDLT_OK) return pdlt_fail(err, status, "%s", why.message);
  PDLT_TRY(pdlt_archive_new(out, "z_end_lo", 2, (size_t[]){n, D}, &array, err));
  memcpy(array->data, mean, n * D * sizeof *mean);
  PDLT_TRY(pdlt_archive_new(out, "cov_end_lo", 4, (size_t[]){n, D, n, D}, &array, err));
  spread_covariance(array->data, n, D, cov);
  PDLT_TRY(pdlt_predict_error(out, "z_end_lo", errors.mean, err));
  PDLT_TRY(pdlt_predict_error(out, "cov_end_lo", errors.cov, err));
cleanup:
  return status;
}

/* Refuses an eta by which a step could lead away from the targets. */
static pdlt_status check_steps(const pdlt_training_input *input, double last, pdlt_error *err) {
  double largest = 0;
  const pdlt_status status = pdlt_steps_largest(&largest, input, err);
  if (status != PDLT_OK || last <= 0 || input->eta * largest < 2) return status;
  return pdlt_fail(err, PDLT_ERR_INPUT,
                   "eta = %.6g is too large: a step may lead away from the targets; the largest "
                   "usable eta is below %.6g",
                   input->eta, 2 / largest);
}

/* All arrays of this file are absent for one reason. */
static pdlt_status all_absent(const pdlt_prediction *p, const char *reason, pdlt_error *err) {
  static const char *const names[] = {"z_lo", "cov_lo", "z_end_lo", "cov_end_lo"};
  return pdlt_predict_all_absent(p->out, names, sizeof names / sizeof *names, reason, err);
}

/* Whether eta allows the times that are recorded. Where it does not, and nobody asks for training, *left
 * is 1 and the arrays of this file are absent for that reason. */
static pdlt_status check_eta(const pdlt_prediction *p, const pdlt_training *training, int *left,
                             pdlt_error *err) {
  const pdlt_experiment *ex = p->ex;
  pdlt_error why = {0};
  const double last = ex->training.record[ex->training.num_record - 1];
  const pdlt_training_input input = pdlt_predict_training_input(p);
  const pdlt_status status = pdlt_steps_are_plain(&input)
                                 ? pdlt_training_check_time(training, last, &why)
                                 : check_steps(&input, last, &why);
  *left = 0;
  if (status != PDLT_OK && status != PDLT_ERR_INPUT)
    return pdlt_fail(err, status, "%s", why.message);
  if (status == PDLT_OK) return PDLT_OK;
  if (pdlt_experiment_trains(ex))
    return pdlt_experiment_fail(ex, "training.eta", err, "%s", why.message);
  *left = 1;
  return all_absent(p, why.message, err);
}

pdlt_training_input pdlt_predict_training_input(const pdlt_prediction *p) {
  const pdlt_kernel_layers *kernel = p->kernel;
  const size_t last = (size_t)(kernel->depth - 1) * kernel->D * kernel->D;
  return (pdlt_training_input){.D = kernel->D,
                               .A = p->data->train,
                               .outputs = p->data->outputs,
                               .K = kernel->K + last,
                               .theta = kernel->theta + last,
                               .y = p->data->y,
                               .eta = p->ex->training.eta,
                               .flow = p->ex->training.eta_kind == PDLT_ETA_FLOW,
                               .centered = p->ex->training.centered,
                               .newton = p->ex->training.newton,
                               .batch = (size_t)p->ex->training.batch,
                               .err_K = kernel->pair_err_K,
                               .err_theta = kernel->pair_err_theta};
}

pdlt_status pdlt_predict_training(const pdlt_prediction *p, pdlt_error *err) {
  const pdlt_experiment *ex = p->ex;
  const pdlt_training_input input = pdlt_predict_training_input(p);
  const int plain = pdlt_steps_are_plain(&input);
  pdlt_training_input of = input; /* what every way ends in */
  pdlt_status status = PDLT_OK;
  pdlt_training training = {0};
  double *mean = NULL, *cov = NULL;
  int left = 0;
  if (pdlt_predict_posterior_alone(p) != NULL)
    return all_absent(p, pdlt_predict_posterior_alone(p), err);
  PDLT_TRY(pdlt_alloc(&mean, input.outputs * input.D, sizeof *mean, err));
  PDLT_TRY(pdlt_alloc(&cov, input.D * input.D, sizeof *cov, err));
  of.flow = of.flow || !plain;
  status = pdlt_training_new(&training, &of, err);
  if (status == PDLT_ERR_INPUT) {
    const pdlt_error inner = err ? *err : (pdlt_error){0};
    PDLT_TRY(pdlt_experiment_fail(ex, "training.eta", err, "%s", inner.message));
  }
  PDLT_TRY(status);
  PDLT_TRY(check_eta(p, &training, &left, err));
  if (left) goto cleanup;
  pdlt_progress_start_short(p->options->progress, "training at infinite width",
                            (double)ex->training.num_record + 1);
  PDLT_TRY(plain ? put_times(p, &training, cov, err) : put_steps(p, &input, &training, err));
  PDLT_TRY(put_end(p->out, &training, mean, cov, err));
  pdlt_progress_add(p->options->progress, 1);
  pdlt_progress_finish(p->options->progress);
cleanup:
  pdlt_training_free(&training);
  pdlt_free(mean);
  pdlt_free(cov);
  return status;
}
