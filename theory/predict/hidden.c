/* hidden.c - mean square preactivations of the hidden layers, as arrays.
 *
 * Is: q_lo, their kernels at infinite width, at all times of training; q_nlo, what order 1/n adds at
 * initialization (docs/tensors.md); log_q_lo, log_q_nlo, log_q_variance_nlo, mean and variance of their
 * logarithm, where measure asks for them (docs/hidden.md, "Logarithms").
 * Is not: their change in training, which is of order 1/n and not predicted. */
#include <math.h>

#include "base/experiment/layer.h"
#include "theory/predict/internal.h"

/* A new array `name` (L-1, D). */
static pdlt_status new_layers(const pdlt_prediction *p, const char *name, double **out,
                              pdlt_error *err) {
  pdlt_array *array = NULL;
  const size_t dim[2] = {(size_t)p->kernel->depth - 1, p->kernel->D};
  const pdlt_status status = pdlt_archive_new(p->out, name, 2, dim, &array, err);
  if (status == PDLT_OK) *out = array->data;
  return status;
}

static int wants_logs(const pdlt_prediction *p) {
  return (p->ex->measure & PDLT_MEASURE_LOG_HIDDEN) != 0;
}

static const char *const logs[] = {"log_q_lo", "log_q_nlo", "log_q_variance_nlo"};

/* log_q_lo = log K_aa; absent where a kernel is 0. */
static pdlt_status put_logs(const pdlt_prediction *p, pdlt_error *err) {
  const pdlt_kernel_layers *kernel = p->kernel;
  const size_t D = kernel->D, hidden = (size_t)kernel->depth - 1;
  double *q = NULL, worst = 0;
  pdlt_status status = PDLT_OK;
  for (size_t k = 0; k < hidden * D; k++)
    if (!(kernel->K[k / D * D * D + k % D * (D + 1)] > 0))
      return pdlt_predict_all_absent(p->out, logs, p->ex->theory.order < 1 ? 1 : 3,
                                     "the kernel of a hidden layer is 0: it has no logarithm", err);
  PDLT_TRY(new_layers(p, logs[0], &q, err));
  for (size_t k = 0; k < hidden; k++)
    for (size_t a = 0; a < D; a++) {
      const double K = kernel->K[(k * D + a) * D + a];
      q[k * D + a] = log(K);
      worst = fmax(worst, kernel->layer_err_K[k] / K);
    }
  PDLT_TRY(pdlt_predict_error(p->out, logs[0], worst, err));
cleanup:
  return status;
}

pdlt_status pdlt_predict_hidden(const pdlt_prediction *p, pdlt_error *err) {
  const pdlt_kernel_layers *kernel = p->kernel;
  const size_t D = kernel->D;
  double *q = NULL, worst = 0;
  const pdlt_status status = new_layers(p, "q_lo", &q, err);
  if (status != PDLT_OK) return status;
  for (size_t k = 0; k + 1 < (size_t)kernel->depth; k++) {
    for (size_t a = 0; a < D; a++) q[k * D + a] = kernel->K[(k * D + a) * D + a];
    worst = fmax(worst, kernel->layer_err_K[k]);
  }
  const pdlt_status put = pdlt_predict_error(p->out, "q_lo", worst, err);
  return put == PDLT_OK && wants_logs(p) ? put_logs(p, err) : put;
}

/* Relative variance of q at layer k + 1, times n_{L-1}, and its error: V/(n_{l-1} K^2) + 2/n_l, neurons being
 * independent but for V. */
static double variance_of(const pdlt_prediction *p, const pdlt_tensor_set *set, size_t k, size_t a,
                          double *error) {
  const size_t D = set->D, last = (size_t)set->depth - 1;
  const double *V = k == 0 ? NULL : pdlt_tensors_get(set, (int)k + 1, PDLT_TENSOR_V);
  const double K = p->kernel->K[(k * D + a) * D + a], top = (double)p->layer[last].in;
  const double ratio = top / ((double)p->layer[k].in * K * K);
  *error = V == NULL ? 0 : ratio * set->layer[k].err[PDLT_TENSOR_V];
  return (V == NULL ? 0 : ratio * V[((a * D + a) * D + a) * D + a]) +
         2 * top / (double)p->layer[k].out;
}

/* E log q = log K + h (q_nlo/K - variance/2), q being near K. */
static pdlt_status put_first_logs(const pdlt_prediction *p, const pdlt_tensor_set *set,
                                  const double *q_nlo, double err_q, pdlt_error *err) {
  const size_t D = set->D, hidden = (size_t)set->depth - 1;
  double *mean = NULL, *variance = NULL, worst[2] = {0, 0}, error = 0;
  pdlt_status status = PDLT_OK;
  if (!wants_logs(p) || pdlt_archive_get(p->out, logs[0]) == NULL) return PDLT_OK;
  for (int l = 2; l <= (int)hidden; l++)
    if (pdlt_layer_here(&p->layer[l - 1]) > 1 || pdlt_tensors_get(set, l, PDLT_TENSOR_V) == NULL)
      return PDLT_OK; /* pdlt_predict_hidden_rest says so */
  if (pdlt_layer_here(&p->layer[0]) > 1) return PDLT_OK;
  PDLT_TRY(new_layers(p, logs[1], &mean, err));
  PDLT_TRY(new_layers(p, logs[2], &variance, err));
  for (size_t k = 0; k < hidden; k++)
    for (size_t a = 0; a < D; a++) {
      const double K = p->kernel->K[(k * D + a) * D + a];
      variance[k * D + a] = variance_of(p, set, k, a, &error);
      mean[k * D + a] = q_nlo[k * D + a] / K - variance[k * D + a] / 2;
      worst[0] = fmax(worst[0], err_q / K + error / 2);
      worst[1] = fmax(worst[1], error);
    }
  for (int k = 0; k < 2; k++) PDLT_TRY(pdlt_predict_error(p->out, logs[1 + k], worst[k], err));
cleanup:
  return status;
}

pdlt_status pdlt_predict_hidden_rest(const pdlt_prediction *p, pdlt_error *err) {
  static const char *const reason =
      "it needs G1 and V of every hidden layer, which there are not, or not at every position";
  if (!wants_logs(p) || pdlt_archive_get(p->out, logs[1]) != NULL ||
      pdlt_predict_why_absent(p->out, logs[1]) != NULL)
    return PDLT_OK;
  return pdlt_predict_all_absent(p->out, logs + 1, 2, reason, err);
}

pdlt_status pdlt_predict_hidden_first(const pdlt_prediction *p, const pdlt_tensor_set *set,
                                      pdlt_error *err) {
  const size_t D = set->D, last = (size_t)set->depth - 1;
  double *q = NULL, worst = 0;
  const pdlt_status status = new_layers(p, "q_nlo", &q, err);
  if (status != PDLT_OK) return status;
  for (size_t k = 1; k < last; k++) { /* layer 1 is exact: its G1 is 0 */
    const double *G1 = pdlt_tensors_get(set, (int)k + 1, PDLT_TENSOR_G1);
    const double ratio = (double)p->layer[last].in / (double)p->layer[k].in;
    for (size_t a = 0; a < D; a++) q[k * D + a] = ratio * G1[a * D + a];
    worst = fmax(worst, ratio * set->layer[k].err[PDLT_TENSOR_G1]);
  }
  const pdlt_status put = pdlt_predict_error(p->out, "q_nlo", worst, err);
  return put == PDLT_OK ? put_first_logs(p, set, q, worst, err) : put;
}
