/* training.c - see training.h. */
#include "theory/infinite/training.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "theory/infinite/training_errors.h"

/* memcpy and zeros that allow empty arrays, whose pointers may be NULL. */
static void copy(double *out, const double *from, size_t count) {
  if (count > 0) memcpy(out, from, count * sizeof *out);
}

static void clear(double *out, size_t count) {
  if (count > 0) memset(out, 0, count * sizeof *out);
}

static void copy_block(double *out, size_t A, size_t D, const double *theta) {
  for (size_t a = 0; a < A; a++) copy(out + a * A, theta + a * D, A);
}

pdlt_status pdlt_ntk_largest_eigenvalue(double *out, size_t D, size_t A, const double *theta,
                                        pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  double *block = NULL, *value = NULL;
  if (A == 0) {
    *out = 0;
    return PDLT_OK;
  }
  PDLT_TRY(pdlt_alloc(&block, A * A, sizeof *block, err));
  PDLT_TRY(pdlt_alloc(&value, A, sizeof *value, err));
  copy_block(block, A, D, theta);
  PDLT_TRY(pdlt_symmetric_eigen(A, block, value, NULL, err));
  *out = value[A - 1];
cleanup:
  pdlt_free(block);
  pdlt_free(value);
  return status;
}

static pdlt_status check_eta(const pdlt_training *training, pdlt_error *err) {
  if (training->flow || (training->eta > 0 && isfinite(training->eta))) return PDLT_OK;
  return pdlt_fail(err, PDLT_ERR_INPUT, "%.17g is not a positive learning rate", training->eta);
}

pdlt_status pdlt_training_check_time(const pdlt_training *tr, double t, pdlt_error *err) {
  const double top = tr->A > 0 ? tr->value[tr->A - 1] : 0;
  if (!(t >= 0) || (!tr->flow && t != floor(t)))
    return pdlt_fail(err, PDLT_ERR_INPUT, "%.17g is not a training time", t);
  if (t > 0 && !tr->flow && tr->eta * top >= 2)
    return pdlt_fail(err, PDLT_ERR_INPUT,
                     "eta = %.6g is too large: gradient descent diverges; the largest usable eta "
                     "is below 2/theta_max = %.6g",
                     tr->eta, 2 / top);
  return PDLT_OK;
}

pdlt_status pdlt_training_new(pdlt_training *out, const pdlt_training_input *input,
                              pdlt_error *err) {
  const size_t D = input->D, A = input->A, outputs = input->outputs;
  pdlt_status status = PDLT_OK;
  pdlt_training tr = {.D = D,
                      .A = A,
                      .outputs = outputs,
                      .eta = input->eta,
                      .flow = input->flow,
                      .centered = input->centered};
  double *block = NULL;
  if (A > D) PDLT_TRY(pdlt_fail(err, PDLT_ERR_INTERNAL, "more training samples than samples"));
  PDLT_TRY(pdlt_alloc(&block, A * A, sizeof *block, err));
  PDLT_TRY(pdlt_alloc(&tr.value, A, sizeof *tr.value, err));
  PDLT_TRY(pdlt_alloc(&tr.vector, A * A, sizeof *tr.vector, err));
  PDLT_TRY(pdlt_alloc(&tr.project, D * A, sizeof *tr.project, err));
  PDLT_TRY(pdlt_alloc(&tr.target, A * outputs, sizeof *tr.target, err));
  PDLT_TRY(pdlt_alloc(&tr.K, D * D, sizeof *tr.K, err));
  PDLT_TRY(pdlt_alloc(&tr.y, A * outputs, sizeof *tr.y, err));
  PDLT_TRY(pdlt_alloc(&tr.err_K, D * D, sizeof *tr.err_K, err));
  PDLT_TRY(pdlt_alloc(&tr.err_theta, D * D, sizeof *tr.err_theta, err));
  PDLT_TRY(pdlt_alloc(&tr.mode_error, A * A, sizeof *tr.mode_error, err));
  PDLT_TRY(pdlt_alloc(&tr.row_error, D * A, sizeof *tr.row_error, err));
  PDLT_TRY(pdlt_alloc(&tr.row_norm, D, sizeof *tr.row_norm, err));
  if (input->err_K != NULL) copy(tr.err_K, input->err_K, D * D);
  if (input->err_theta != NULL) copy(tr.err_theta, input->err_theta, D * D);
  copy(tr.K, input->K, D * D);
  copy(tr.y, input->y, A * outputs);
  copy_block(block, A, D, input->theta);
  PDLT_TRY(pdlt_symmetric_eigen(A, block, tr.value, tr.vector, err));
  PDLT_TRY(check_eta(&tr, err));
  if (A > 0) {
    pdlt_gemm(0, 1, D, A, A, 1, input->theta, D, tr.vector, A, 0, tr.project, A);
    pdlt_gemm(0, 0, A, outputs, A, 1, tr.vector, A, tr.y, outputs, 0, tr.target, outputs);
  }
  PDLT_TRY(pdlt_training_errors_prepare(&tr, input->theta, err));
  *out = tr;
  tr = (pdlt_training){0};
cleanup:
  pdlt_free(block);
  pdlt_training_free(&tr);
  return status;
}

void pdlt_training_free(pdlt_training *training) {
  pdlt_free(training->value);
  pdlt_free(training->vector);
  pdlt_free(training->project);
  pdlt_free(training->target);
  pdlt_free(training->K);
  pdlt_free(training->y);
  pdlt_free(training->err_K);
  pdlt_free(training->err_theta);
  pdlt_free(training->mode_error);
  pdlt_free(training->row_error);
  pdlt_free(training->row_norm);
  *training = (pdlt_training){0};
}

double pdlt_training_phi(double theta, double eta, int flow, double t, double *power) {
  if (flow) {
    *power = exp(-theta * t);
    return theta == 0 ? t : -expm1(-theta * t) / theta;
  }
  const double x = eta * theta;
  if (t == 0) {
    *power = 1;
    return 0;
  }
  if (x < 0.5) {
    const double log_power = t * log1p(-x);
    *power = exp(log_power);
    return x == 0 ? eta * t : -expm1(log_power) / theta;
  }
  *power = pow(1 - x, t); /* 1 - x <= 1/2 may be negative; t is whole */
  return (1 - *power) / theta;
}

/* On training rows v_a mu_a^t, on tests - Theta_dA v_a phi_a: times v_a it is N^t, less
 * the unit vector of a test; times v_a . y it is what takes zbar from y and 0. */
static void fill_factor(const pdlt_training *tr, const double *phi, const double *power,
                        double *factor /* (D, A) */) {
  const size_t D = tr->D, A = tr->A;
  for (size_t d = 0; d < D; d++)
    for (size_t a = 0; a < A; a++)
      factor[d * A + a] =
          d < A ? tr->vector[a * A + d] * power[a] : -tr->project[d * A + a] * phi[a];
}

/* N^t (D, D) */
static void evolve(const pdlt_training *tr, const double *factor, double *N) {
  const size_t D = tr->D, A = tr->A;
  clear(N, D * D);
  if (A > 0) pdlt_gemm(0, 0, D, A, A, 1, factor, A, tr->vector, A, 0, N, D);
  for (size_t d = A; d < D; d++) N[d * D + d] = 1;
}

/* zbar (n_L, D); z (D, n_L): work */
static void evolve_mean(const pdlt_training *tr, const double *factor, double *z, double *mean) {
  const size_t D = tr->D, A = tr->A, outputs = tr->outputs;
  clear(z, D * outputs);
  if (A > 0 && outputs > 0)
    pdlt_gemm(0, 0, D, outputs, A, -1, factor, A, tr->target, outputs, 0, z, outputs);
  for (size_t d = 0; d < D; d++)
    for (size_t i = 0; i < outputs; i++)
      mean[i * D + d] = (d < A ? tr->y[d * outputs + i] : 0) + z[d * outputs + i];
}

/* cov = N K N^T, symmetric to the last bit. */
static void sandwich(size_t D, const double *N, const double *K, double *work, double *cov) {
  pdlt_gemm(0, 0, D, D, D, 1, N, D, K, D, 0, work, D);
  pdlt_gemm(0, 1, D, D, D, 1, work, D, N, D, 0, cov, D);
  for (size_t i = 0; i < D; i++)
    for (size_t j = 0; j < i; j++)
      cov[i * D + j] = cov[j * D + i] = (cov[i * D + j] + cov[j * D + i]) / 2;
}

/* What the modes do until one time. */
typedef struct mode_factors {
  double *storage;                                 /* owned */
  double *phi, *power, *sum, *last, *rate, *decay; /* (A) mu^t, the rest: pdlt_training_time */
  double elapsed;
} mode_factors;

static pdlt_status mode_factors_new(mode_factors *out, const pdlt_training *tr, double elapsed,
                                    pdlt_error *err) {
  const size_t A = tr->A;
  const pdlt_status status = pdlt_alloc(&out->storage, 6 * A, sizeof *out->storage, err);
  if (status != PDLT_OK) return status;
  out->phi = out->storage;
  out->power = out->phi + A;
  out->sum = out->power + A;
  out->last = out->sum + A;
  out->rate = out->last + A;
  out->decay = out->rate + A;
  out->elapsed = elapsed;
  for (size_t a = 0; a < A; a++) {
    const double theta = tr->value[a], x = tr->flow ? 0 : tr->eta * theta;
    out->rate[a] = x <= 1 ? theta : (2 - x) / tr->eta;
    out->decay[a] = x <= 1 ? 1 - x : x - 1;
  }
  return PDLT_OK;
}

/* Mean, and covariance unless cov is NULL. */
static pdlt_status propagate(const pdlt_training *tr, const mode_factors *modes, double *mean,
                             double *cov, pdlt_training_errors *errors, pdlt_error *err) {
  const size_t D = tr->D;
  const pdlt_training_time time = {modes->sum, modes->last, modes->rate, modes->decay,
                                   modes->elapsed};
  pdlt_status status = PDLT_OK;
  double *factor = NULL, *z = NULL, *N = NULL, *work = NULL;
  PDLT_TRY(pdlt_alloc(&factor, D * tr->A, sizeof *factor, err));
  PDLT_TRY(pdlt_alloc(&z, D * tr->outputs, sizeof *z, err));
  fill_factor(tr, modes->phi, modes->power, factor);
  if (cov != NULL) {
    PDLT_TRY(pdlt_alloc(&N, D * D, sizeof *N, err));
    PDLT_TRY(pdlt_alloc(&work, D * D, sizeof *work, err));
    evolve(tr, factor, N);
    if (D > 0) sandwich(D, N, tr->K, work, cov);
  }
  if (errors) PDLT_TRY(pdlt_training_errors_at(errors, tr, &time, factor, N, work, err));
  evolve_mean(tr, factor, z, mean);
cleanup:
  pdlt_free(factor);
  pdlt_free(z);
  pdlt_free(N);
  pdlt_free(work);
  return status;
}

static double largest_entry(const double *x, size_t count) {
  double largest = 0;
  for (size_t i = 0; i < count; i++) largest = fmax(largest, fabs(x[i]));
  return largest;
}

/* Centered targets: z(0) stays in the outputs, and nothing else differs between networks. */
static void keep_start(const pdlt_training *tr, double *cov, pdlt_training_errors *errors) {
  const size_t square = tr->D * tr->D;
  if (cov == NULL) return;
  copy(cov, tr->K, square);
  if (errors) errors->cov = largest_entry(tr->err_K, square);
}

pdlt_status pdlt_training_at(const pdlt_training *tr, double t, double *mean, double *cov,
                             pdlt_training_errors *errors, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  mode_factors modes = {0};
  if (isinf(t)) PDLT_TRY(pdlt_fail(err, PDLT_ERR_INPUT, "%.17g is not a training time", t));
  PDLT_TRY(pdlt_training_check_time(tr, t, err));
  if (t == 0) { /* exactly the initialization */
    clear(mean, tr->D * tr->outputs);
    if (errors) *errors = (pdlt_training_errors){0};
    keep_start(tr, cov, errors);
    return PDLT_OK;
  }
  PDLT_TRY(mode_factors_new(&modes, tr, tr->flow ? t : tr->eta * t, err));
  for (size_t a = 0; a < tr->A; a++) {
    const double theta = tr->value[a], x = tr->eta * theta;
    double unused;
    modes.phi[a] = pdlt_training_phi(theta, tr->eta, tr->flow, t, modes.power + a);
    /* |mu| = 1 - min(x, 2 - x): the same sum with a smaller eigenvalue. */
    modes.sum[a] = tr->flow || x <= 1 ? modes.phi[a]
                                      : pdlt_training_phi(modes.rate[a], tr->eta, 0, t, &unused);
    modes.last[a] = tr->flow ? modes.power[a] : pow(modes.decay[a], t - 1);
  }
  PDLT_TRY(propagate(tr, &modes, mean, tr->centered ? NULL : cov, errors, err));
  if (tr->centered) keep_start(tr, cov, errors);
cleanup:
  pdlt_free(modes.storage);
  return status;
}

pdlt_status pdlt_training_end(const pdlt_training *tr, double *mean, double *cov,
                              pdlt_training_errors *errors, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  mode_factors modes = {0};
  const double relative = pdlt_training_relative_error(tr);
  PDLT_TRY(pdlt_training_check_time(tr, INFINITY, err));
  if (!(relative < 1))
    PDLT_TRY(
        pdlt_fail(err, PDLT_ERR_INPUT,
                  "the NTK of the training samples is singular (smallest eigenvalue %.3g, relative "
                  "error %.1e): duplicate or dependent training inputs have no end of training",
                  tr->value[0], relative));
  PDLT_TRY(mode_factors_new(&modes, tr, INFINITY, err));
  for (size_t a = 0; a < tr->A; a++) {
    modes.phi[a] = 1 / tr->value[a];
    modes.sum[a] = 1 / modes.rate[a];
  }
  PDLT_TRY(propagate(tr, &modes, mean, tr->centered ? NULL : cov, errors, err));
  if (errors) { /* beyond the first order */
    errors->mean /= 1 - relative;
    errors->cov /= 1 - relative;
  }
  if (tr->centered) keep_start(tr, cov, errors);
cleanup:
  pdlt_free(modes.storage);
  return status;
}

pdlt_status pdlt_training_steps(const pdlt_training_input *input, long steps, double *mean,
                                double *cov, pdlt_error *err) {
  const size_t D = input->D, A = input->A, outputs = input->outputs;
  const double *theta = input->theta, *y = input->y, eta = input->eta;
  pdlt_status status = PDLT_OK;
  double *N = NULL, *next = NULL, *residual = NULL;
  PDLT_TRY(pdlt_alloc(&N, D * D, sizeof *N, err));
  PDLT_TRY(pdlt_alloc(&next, D * D, sizeof *next, err));
  PDLT_TRY(pdlt_alloc(&residual, A, sizeof *residual, err));
  clear(mean, D * outputs);
  for (size_t d = 0; d < D; d++) N[d * D + d] = 1;
  for (long s = 0; s < steps; s++) {
    for (size_t i = 0; i < outputs; i++) {
      for (size_t a = 0; a < A; a++) residual[a] = mean[i * D + a] - y[a * outputs + i];
      for (size_t d = 0; d < D; d++)
        for (size_t a = 0; a < A; a++) mean[i * D + d] -= eta * theta[d * D + a] * residual[a];
    }
    copy(next, N, D * D);
    for (size_t d = 0; d < D; d++)
      for (size_t a = 0; a < A; a++)
        for (size_t e = 0; e < D; e++) next[d * D + e] -= eta * theta[d * D + a] * N[a * D + e];
    copy(N, next, D * D);
  }
  if (D > 0 && !input->centered) sandwich(D, N, input->K, next, cov);
  if (input->centered) copy(cov, input->K, D * D);
cleanup:
  pdlt_free(N);
  pdlt_free(next);
  pdlt_free(residual);
  return status;
}
