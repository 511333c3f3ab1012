/* predict.c - see predict.h: kernels, then infinite-width training, into one archive. */
#include "theory/predict.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "theory/kernel.h"
#include "theory/training.h"

/* What belongs to theory.order 1. */
static const char *const order_one[] = {
    "G1", "Theta1", "V", "A", "B",     "D",         "F",       "P",           "Q",
    "R",  "S",      "T", "U", "z_nlo", "z_end_nlo", "cov_nlo", "cov_end_nlo", "Theta_t_nlo"};

static pdlt_status note_absent(pdlt_archive *out, const char *name, const char *reason,
                               pdlt_error *err) {
  json_t *meta = pdlt_archive_meta(out);
  json_t *absent = meta ? json_object_get(meta, "absent") : NULL;
  if (!absent && meta && json_object_set_new(meta, "absent", json_object()) == 0)
    absent = json_object_get(meta, "absent");
  if (!absent || json_object_set_new(absent, name, json_string(reason)) != 0)
    return pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory for metadata");
  return PDLT_OK;
}

static pdlt_status put_error(pdlt_archive *out, const char *name, double value, pdlt_error *err) {
  char full[64];
  snprintf(full, sizeof full, "err/%s", name);
  return pdlt_archive_put_scalar(out, full, value, err);
}

static pdlt_status put_matrix(pdlt_archive *out, const char *name, size_t D, const double *from,
                              pdlt_error *err) {
  pdlt_tensor *tensor;
  const pdlt_status status = pdlt_archive_new(out, name, 2, (size_t[]){D, D}, &tensor, err);
  if (status == PDLT_OK && D > 0) memcpy(tensor->data, from, D * D * sizeof *from);
  return status;
}

static pdlt_status put_kernels(pdlt_archive *out, const pdlt_kernel_layers *kernel, int layers,
                               pdlt_error *err) {
  const size_t D = kernel->D, size = D * D, last = (size_t)(kernel->depth - 1) * size;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(put_matrix(out, "K", D, kernel->K + last, err));
  PDLT_TRY(put_matrix(out, "Theta", D, kernel->theta + last, err));
  PDLT_TRY(put_error(out, "K", kernel->err_K, err));
  PDLT_TRY(put_error(out, "Theta", kernel->err_theta, err));
  for (int l = 1; layers && l <= kernel->depth; l++) {
    char name[64];
    snprintf(name, sizeof name, "layer%d/K", l);
    PDLT_TRY(put_matrix(out, name, D, kernel->K + (size_t)(l - 1) * size, err));
    snprintf(name, sizeof name, "layer%d/Theta", l);
    PDLT_TRY(put_matrix(out, name, D, kernel->theta + (size_t)(l - 1) * size, err));
  }
cleanup:
  return status;
}

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

static pdlt_status put_times(pdlt_archive *out, const pdlt_experiment *ex,
                             const pdlt_training *training, double *cov, pdlt_error *err) {
  const size_t T = ex->training.num_record, n = training->outputs, D = training->D;
  pdlt_status status = PDLT_OK;
  pdlt_tensor *tensor;
  pdlt_training_errors worst = {0};
  PDLT_TRY(pdlt_archive_new(out, "times", 1, (size_t[]){T}, &tensor, err));
  memcpy(tensor->data, ex->training.record, T * sizeof *tensor->data);
  PDLT_TRY(pdlt_archive_new(out, "z_lo", 3, (size_t[]){T, n, D}, &tensor, err));
  double *mean_out = tensor->data;
  PDLT_TRY(pdlt_archive_new(out, "cov_lo", 5, (size_t[]){T, n, D, n, D}, &tensor, err));
  double *cov_out = tensor->data;
  for (size_t t = 0; t < T; t++) {
    pdlt_training_errors errors;
    status = training_at(training, ex->training.record[t], mean_out + t * n * D, cov, &errors, err);
    if (status == PDLT_ERR_INPUT) {
      const pdlt_error inner = err ? *err : (pdlt_error){0};
      PDLT_TRY(pdlt_experiment_fail(ex, "training.steps", err, "%s", inner.message));
    }
    PDLT_TRY(status);
    spread_covariance(cov_out + t * n * D * n * D, n, D, cov);
    worst.mean = fmax(worst.mean, errors.mean);
    worst.cov = fmax(worst.cov, errors.cov);
  }
  PDLT_TRY(put_error(out, "z_lo", worst.mean, err));
  PDLT_TRY(put_error(out, "cov_lo", worst.cov, err));
cleanup:
  return status;
}

static pdlt_status put_end(pdlt_archive *out, const pdlt_training *training, double *mean,
                           double *cov, pdlt_error *err) {
  const size_t n = training->outputs, D = training->D;
  pdlt_status status = PDLT_OK;
  pdlt_tensor *tensor;
  pdlt_training_errors errors;
  pdlt_error why = {0};
  status = pdlt_training_end(training, mean, cov, &errors, &why);
  if (status == PDLT_ERR_INPUT) {
    status = note_absent(out, "z_end_lo", why.message, err);
    return status == PDLT_OK ? note_absent(out, "cov_end_lo", why.message, err) : status;
  }
  if (status != PDLT_OK) return pdlt_fail(err, status, "%s", why.message);
  PDLT_TRY(pdlt_archive_new(out, "z_end_lo", 2, (size_t[]){n, D}, &tensor, err));
  memcpy(tensor->data, mean, n * D * sizeof *mean);
  PDLT_TRY(pdlt_archive_new(out, "cov_end_lo", 4, (size_t[]){n, D, n, D}, &tensor, err));
  spread_covariance(tensor->data, n, D, cov);
  PDLT_TRY(put_error(out, "z_end_lo", errors.mean, err));
  PDLT_TRY(put_error(out, "cov_end_lo", errors.cov, err));
cleanup:
  return status;
}

static pdlt_status check_resolved(const pdlt_experiment *ex, pdlt_error *err) {
  if (ex->network.critical)
    return pdlt_experiment_fail(ex, "network.C_W", err, "critical is not resolved yet");
  if (ex->training.eta_kind == PDLT_ETA_RELATIVE)
    return pdlt_experiment_fail(ex, "training.eta", err, "relative eta is not resolved yet");
  return PDLT_OK;
}

static pdlt_status put_training(pdlt_archive *out, const pdlt_experiment *ex,
                                const pdlt_dataset *data, const pdlt_kernel_layers *kernel,
                                pdlt_error *err) {
  const size_t D = kernel->D, last = (size_t)(kernel->depth - 1) * D * D;
  pdlt_status status = PDLT_OK;
  pdlt_training training = {0};
  double *mean = NULL, *cov = NULL;
  PDLT_TRY(pdlt_alloc(&mean, data->outputs * D, sizeof *mean, err));
  PDLT_TRY(pdlt_alloc(&cov, D * D, sizeof *cov, err));
  status = pdlt_training_new(&training, D, data->train, data->outputs, kernel->K + last,
                             kernel->theta + last, data->y, ex->training.eta,
                             ex->training.eta_kind == PDLT_ETA_FLOW, kernel->err_K,
                             kernel->err_theta, err);
  if (status == PDLT_ERR_INPUT) {
    const pdlt_error inner = err ? *err : (pdlt_error){0};
    PDLT_TRY(pdlt_experiment_fail(ex, "training.eta", err, "%s", inner.message));
  }
  PDLT_TRY(status);
  PDLT_TRY(put_times(out, ex, &training, cov, err));
  PDLT_TRY(put_end(out, &training, mean, cov, err));
cleanup:
  pdlt_training_free(&training);
  pdlt_free(mean);
  pdlt_free(cov);
  return status;
}

pdlt_status pdlt_predict(pdlt_archive *out, const pdlt_experiment *ex, const pdlt_dataset *data,
                         const pdlt_predict_options *options, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  pdlt_kernel_layers kernel = {0};
  PDLT_TRY(check_resolved(ex, err));
  PDLT_TRY(pdlt_kernel_layers_new(
      &kernel, &ex->network.activation, ex->network.depth, ex->network.C_b, ex->network.C_W,
      ex->network.lambda_b, ex->network.lambda_W, data->train + data->test, data->inputs, data->x,
      ex->theory.tolerance, options->threads, options->progress, err));
  PDLT_TRY(put_kernels(out, &kernel, options->layers, err));
  PDLT_TRY(put_training(out, ex, data, &kernel, err));
  for (size_t i = 0; ex->theory.order >= 1 && i < sizeof order_one / sizeof *order_one; i++)
    PDLT_TRY(note_absent(out, order_one[i], "this version predicts at infinite width only", err));
  if (!json_object_get(pdlt_archive_meta(out), "absent") &&
      json_object_set_new(pdlt_archive_meta(out), "absent", json_object()) != 0)
    PDLT_TRY(pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory for metadata"));
cleanup:
  if (status != PDLT_OK) pdlt_archive_free(out);
  pdlt_kernel_layers_free(&kernel);
  return status;
}
