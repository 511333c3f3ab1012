/* training.c - see training.h. */
#include "theory/infinite/training.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"

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
  if (training->flow) return PDLT_OK;
  const double top = training->A > 0 ? training->value[training->A - 1] : 0;
  if (!(training->eta > 0) || !isfinite(training->eta))
    return pdlt_fail(err, PDLT_ERR_INPUT, "%.17g is not a positive learning rate", training->eta);
  if (training->eta * top >= 2)
    return pdlt_fail(err, PDLT_ERR_INPUT,
                     "%.6g is too large: gradient descent diverges; the largest usable eta is "
                     "below 2/theta_max = %.6g",
                     training->eta, 2 / top);
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
                      .err_K = input->err_K,
                      .err_theta = input->err_theta};
  double *block = NULL;
  if (A > D) PDLT_TRY(pdlt_fail(err, PDLT_ERR_INTERNAL, "more training samples than samples"));
  PDLT_TRY(pdlt_alloc(&block, A * A, sizeof *block, err));
  PDLT_TRY(pdlt_alloc(&tr.value, A, sizeof *tr.value, err));
  PDLT_TRY(pdlt_alloc(&tr.vector, A * A, sizeof *tr.vector, err));
  PDLT_TRY(pdlt_alloc(&tr.project, D * A, sizeof *tr.project, err));
  PDLT_TRY(pdlt_alloc(&tr.target, A * outputs, sizeof *tr.target, err));
  PDLT_TRY(pdlt_alloc(&tr.K, D * D, sizeof *tr.K, err));
  PDLT_TRY(pdlt_alloc(&tr.y, A * outputs, sizeof *tr.y, err));
  copy(tr.K, input->K, D * D);
  copy(tr.y, input->y, A * outputs);
  copy_block(block, A, D, input->theta);
  PDLT_TRY(pdlt_symmetric_eigen(A, block, tr.value, tr.vector, err));
  PDLT_TRY(check_eta(&tr, err));
  if (A > 0) {
    pdlt_gemm(0, 1, D, A, A, 1, input->theta, D, tr.vector, A, 0, tr.project, A);
    pdlt_gemm(0, 0, A, outputs, A, 1, tr.vector, A, tr.y, outputs, 0, tr.target, outputs);
  }
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

/* Errors of first order: an error dTheta of norm A err_theta moves N^t by
 * sum_s N^(t-1-s) eta dTheta E N^s, whose size the sums S_a = eta sum_s |mu_a|^s bound
 * (docs/infinite_training.md, "Errors"). */
static pdlt_training_errors estimate(const pdlt_training *tr, const double *N, const double *sums) {
  const size_t D = tr->D, A = tr->A;
  double row = 1, reach = 1, k = 0, longest = 0, largest_target = 0;
  const double theta_max = A > 0 ? fabs(tr->value[A - 1]) : 0;
  const double d_theta = (double)A * (tr->err_theta + 8 * DBL_EPSILON * theta_max);
  for (size_t d = 0; d < D; d++) {
    double sum = 0, far = 0;
    for (size_t e = 0; e < D && N != NULL; e++) sum += fabs(N[d * D + e]);
    for (size_t a = 0; a < A; a++) far += pow(tr->project[d * A + a] * sums[a], 2);
    row = fmax(row, sum);
    reach = fmax(reach, d < A ? 1 : 1 + sqrt(far));
    k = fmax(k, tr->K[d * D + d]);
  }
  for (size_t a = 0; a < A; a++) longest = fmax(longest, sums[a]);
  for (size_t i = 0; i < tr->outputs; i++) {
    double square = 0;
    for (size_t a = 0; a < A; a++) square += pow(tr->y[a * tr->outputs + i] * longest, 2);
    largest_target = fmax(largest_target, sqrt(square));
  }
  const double d_N = d_theta * reach * longest; /* of a row, in the 2-norm */
  const double rounding = 4 * DBL_EPSILON * (double)(D + 1);
  return (pdlt_training_errors){
      .mean = d_theta * reach * largest_target +
              rounding * (longest > 0 ? reach * largest_target / longest : 0),
      .cov = N == NULL ? 0
                       : row * row * tr->err_K + 2 * row * d_N * sqrt((double)(A + 1)) * k +
                             rounding * row * row * k};
}

/* Mean, and covariance unless cov is NULL. */
static pdlt_status propagate(const pdlt_training *tr, const double *phi, const double *power,
                             const double *sums, double *mean, double *cov,
                             pdlt_training_errors *errors, pdlt_error *err) {
  const size_t D = tr->D;
  pdlt_status status = PDLT_OK;
  double *factor = NULL, *z = NULL, *N = NULL, *work = NULL;
  PDLT_TRY(pdlt_alloc(&factor, D * tr->A, sizeof *factor, err));
  PDLT_TRY(pdlt_alloc(&z, D * tr->outputs, sizeof *z, err));
  fill_factor(tr, phi, power, factor);
  evolve_mean(tr, factor, z, mean);
  if (cov != NULL) {
    PDLT_TRY(pdlt_alloc(&N, D * D, sizeof *N, err));
    PDLT_TRY(pdlt_alloc(&work, D * D, sizeof *work, err));
    evolve(tr, factor, N);
    if (D > 0) sandwich(D, N, tr->K, work, cov);
  }
  if (errors) *errors = estimate(tr, N, sums);
cleanup:
  pdlt_free(factor);
  pdlt_free(z);
  pdlt_free(N);
  pdlt_free(work);
  return status;
}

pdlt_status pdlt_training_at(const pdlt_training *tr, double t, double *mean, double *cov,
                             pdlt_training_errors *errors, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  double *factors = NULL; /* (3, A): phi, mu^t, S */
  if (!(t >= 0 && isfinite(t)) || (!tr->flow && t != floor(t)))
    PDLT_TRY(pdlt_fail(err, PDLT_ERR_INPUT, "%.17g is not a training time", t));
  if (t == 0) { /* exactly the initialization */
    clear(mean, tr->D * tr->outputs);
    if (cov != NULL) copy(cov, tr->K, tr->D * tr->D);
    if (errors) *errors = (pdlt_training_errors){.cov = cov == NULL ? 0 : tr->err_K};
    return PDLT_OK;
  }
  PDLT_TRY(pdlt_alloc(&factors, 3 * tr->A, sizeof *factors, err));
  for (size_t a = 0; a < tr->A; a++) {
    const double theta = tr->value[a], x = tr->eta * theta;
    double *phi = factors + a, *power = phi + tr->A, *sum = power + tr->A, unused;
    *phi = pdlt_training_phi(theta, tr->eta, tr->flow, t, power);
    /* |mu| = 1 - min(x, 2 - x): the same sum with a smaller eigenvalue. */
    *sum = tr->flow || x <= 1 ? *phi : pdlt_training_phi((2 - x) / tr->eta, tr->eta, 0, t, &unused);
  }
  PDLT_TRY(propagate(tr, factors, factors + tr->A, factors + 2 * tr->A, mean, cov, errors, err));
cleanup:
  pdlt_free(factors);
  return status;
}

pdlt_status pdlt_training_end(const pdlt_training *tr, double *mean, double *cov,
                              pdlt_training_errors *errors, pdlt_error *err) {
  const size_t A = tr->A;
  pdlt_status status = PDLT_OK;
  double *factors = NULL; /* (3, A): phi, mu^t, S */
  const double top = A > 0 ? tr->value[A - 1] : 0;
  const double noise = (double)A * (tr->err_theta + 16 * DBL_EPSILON * top);
  if (A > 0 && !(tr->value[0] > noise))
    PDLT_TRY(
        pdlt_fail(err, PDLT_ERR_INPUT,
                  "the NTK of the training samples is singular (smallest eigenvalue %.3g, "
                  "error %.1e): duplicate or dependent training inputs have no end of training",
                  tr->value[0], noise));
  PDLT_TRY(pdlt_alloc(&factors, 3 * A, sizeof *factors, err));
  for (size_t a = 0; a < A; a++) {
    const double x = tr->flow ? 0 : tr->eta * tr->value[a];
    factors[a] = 1 / tr->value[a];
    factors[2 * A + a] = x <= 1 ? factors[a] : tr->eta / (2 - x);
  }
  PDLT_TRY(propagate(tr, factors, factors + A, factors + 2 * A, mean, cov, errors, err));
cleanup:
  pdlt_free(factors);
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
  if (D > 0) sandwich(D, N, input->K, next, cov);
cleanup:
  pdlt_free(N);
  pdlt_free(next);
  pdlt_free(residual);
  return status;
}
