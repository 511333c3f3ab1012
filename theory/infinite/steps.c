/* steps.c - see steps.h. */
#include "theory/infinite/steps.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/experiment/batch.h"
#include "base/random/rng.h"
#include "base/vector/linalg.h"
#include "theory/infinite/training_errors.h"

/* Moves of K and Theta from which errors are read. */
enum { MOVES = 2 };

int pdlt_steps_are_plain(const pdlt_training_input *in) {
  return !in->newton && (in->batch == 0 || in->batch >= in->A);
}

/* --- K_s --- */

/* Refuses a Theta_AA that its errors could make singular. */
static pdlt_status check_regular(const pdlt_training_input *in, pdlt_error *err) {
  pdlt_training training = {0};
  pdlt_status status = pdlt_training_new(&training, in, err);
  if (status != PDLT_OK) return status;
  const double relative = pdlt_training_relative_error(&training);
  if (!(relative < 1))
    status =
        pdlt_fail(err, PDLT_ERR_INPUT,
                  "the NTK of the training samples is singular (smallest eigenvalue %.3g, "
                  "relative error %.1e): duplicate or dependent training inputs leave Newton's "
                  "method without its inverse",
                  in->A > 0 ? training.value[0] : 0, relative);
  pdlt_training_free(&training);
  return status;
}

pdlt_status pdlt_steps_new(pdlt_steps *out, const pdlt_training_input *in, pdlt_error *err) {
  const size_t A = in->A;
  pdlt_steps steps = {.A = A, .batch = in->batch > 0 && in->batch < A ? in->batch : A};
  double *block = NULL;
  pdlt_status status = PDLT_OK;
  if (in->newton) {
    steps.batch = A;
    PDLT_TRY(check_regular(in, err));
    PDLT_TRY(pdlt_alloc(&block, A * A, sizeof *block, err));
    PDLT_TRY(pdlt_alloc(&steps.kappa, A * A, sizeof *steps.kappa, err));
    for (size_t a = 0; a < A; a++) memcpy(block + a * A, in->theta + a * in->D, A * sizeof *block);
    PDLT_TRY(pdlt_symmetric_power(A, block, -1, steps.kappa, err));
  }
  *out = steps;
  steps.kappa = NULL;
cleanup:
  pdlt_free(block);
  pdlt_steps_free(&steps);
  return status;
}

void pdlt_steps_free(pdlt_steps *steps) {
  pdlt_free(steps->kappa);
  *steps = (pdlt_steps){.A = 0};
}

void pdlt_steps_pull(const pdlt_steps *steps, size_t s, size_t cols, const double *in,
                     double *out) {
  const size_t A = steps->A;
  if (steps->kappa != NULL) {
    pdlt_gemm(0, 0, A, cols, A, 1, steps->kappa, A, in, cols, 0, out, cols);
    return;
  }
  for (size_t a = 0; a < A; a++) {
    const int kept = pdlt_in_batch(A, steps->batch, s, a);
    for (size_t i = 0; i < cols; i++) out[a * cols + i] = kept ? in[a * cols + i] : 0;
  }
}

/* Raises *most to the largest eigenvalue of the block of theta of the batch of step s. */
static pdlt_status raise_to_batch(double *most, const pdlt_training_input *in, size_t s,
                                  size_t *index, double *block, pdlt_error *err) {
  size_t count = 0;
  double value = 0;
  for (size_t a = 0; a < in->A; a++)
    if (pdlt_in_batch(in->A, in->batch, s, a)) index[count++] = a;
  for (size_t a = 0; a < count; a++)
    for (size_t b = 0; b < count; b++)
      block[a * count + b] = in->theta[index[a] * in->D + index[b]];
  const pdlt_status status = pdlt_ntk_largest_eigenvalue(&value, count, count, block, err);
  if (status == PDLT_OK) *most = fmax(*most, value);
  return status;
}

pdlt_status pdlt_steps_largest(double *out, const pdlt_training_input *in, pdlt_error *err) {
  size_t *index = NULL;
  double *block = NULL, most = 0;
  pdlt_status status = PDLT_OK;
  if (in->newton) {
    *out = 1;
    return PDLT_OK;
  }
  if (pdlt_steps_are_plain(in))
    return pdlt_ntk_largest_eigenvalue(out, in->D, in->A, in->theta, err);
  PDLT_TRY(pdlt_alloc(&index, in->A, sizeof *index, err));
  PDLT_TRY(pdlt_alloc(&block, in->batch * in->batch, sizeof *block, err));
  for (size_t s = 0; s < in->A; s++) { /* then the batches come again */
    if (s > 0 && s * in->batch % in->A == 0) break;
    PDLT_TRY(raise_to_batch(&most, in, s, index, block, err));
  }
  *out = most;
cleanup:
  pdlt_free(index);
  pdlt_free(block);
  return status;
}

/* --- steps --- */

void pdlt_steps_step(const pdlt_training_input *in, const pdlt_steps *steps, size_t s, size_t cols,
                     const double *y, double *work, double *x) {
  const size_t A = in->A, count = A * cols;
  double *eps = work, *back = work + count;
  if (count == 0) return;
  for (size_t i = 0; i < count; i++) eps[i] = x[i] - (y != NULL ? y[i] : 0);
  pdlt_steps_pull(steps, s, cols, eps, back);
  const size_t first = steps->kappa != NULL ? A : 0; /* row that Theta is needed of */
  pdlt_gemm(0, 0, in->D - first, cols, A, -in->eta, in->theta + first * in->D, in->D, back, cols, 1,
            x + first * cols, cols);
  for (size_t i = 0; i < first * cols; i++) x[i] -= in->eta * eps[i]; /* Theta_AA kappa = 1 */
}

/* mean (n_L, D) from z (D, n_L); cov = N K N^T, symmetric to the last bit. */
static void record(const pdlt_training_input *in, const double *z, const double *N, double *work,
                   double *mean, double *cov) {
  const size_t D = in->D, n = in->outputs;
  for (size_t d = 0; d < D; d++)
    for (size_t i = 0; i < n; i++) mean[i * D + d] = z[d * n + i];
  if (cov == NULL || D == 0) return;
  pdlt_gemm(0, 0, D, D, D, 1, N, D, in->K, D, 0, work, D);
  pdlt_gemm(0, 1, D, D, D, 1, work, D, N, D, 0, cov, D);
  for (size_t i = 0; i < D; i++)
    for (size_t j = 0; j < i; j++)
      cov[i * D + j] = cov[j * D + i] = (cov[i * D + j] + cov[j * D + i]) / 2;
}

static pdlt_status run(const pdlt_training_input *in, size_t num_times, const double *times,
                       double *mean, double *cov, pdlt_error *err) {
  const size_t D = in->D, A = in->A, n = in->outputs, wide = D > n ? D : n;
  double *z = NULL, *N = NULL, *work = NULL;
  pdlt_steps steps = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_steps_new(&steps, in, err));
  PDLT_TRY(pdlt_alloc(&z, D * n, sizeof *z, err));
  PDLT_TRY(pdlt_alloc(&N, D * D, sizeof *N, err));
  PDLT_TRY(pdlt_alloc(&work, 2 * A * wide + D * D, sizeof *work, err));
  for (size_t d = 0; d < D; d++) N[d * D + d] = 1;
  size_t s = 0;
  for (size_t t = 0; t < num_times; t++) {
    for (; (double)s < times[t]; s++) {
      pdlt_steps_step(in, &steps, s, n, in->y, work, z);
      if (cov != NULL) pdlt_steps_step(in, &steps, s, D, NULL, work, N);
    }
    record(in, z, N, work, mean + t * n * D, cov == NULL ? NULL : cov + t * D * D);
  }
cleanup:
  pdlt_steps_free(&steps);
  pdlt_free(z);
  pdlt_free(N);
  pdlt_free(work);
  return status;
}

/* x (D, D) moved by its errors and by rounding; symmetric, signs by a hash. */
static void move(size_t D, const double *from, const double *error, uint64_t salt, double *x) {
  for (size_t i = 0; i < D; i++)
    for (size_t j = 0; j <= i; j++) {
      const double sign = pdlt_mix64(salt + i * D + j) >> 63 ? 1 : -1;
      const double size =
          (error == NULL ? 0 : error[i * D + j]) + 8 * DBL_EPSILON * fabs(from[i * D + j]);
      x[i * D + j] = x[j * D + i] = from[i * D + j] + sign * size;
    }
}

static void raise_to_change(double *most, size_t count, const double *a, const double *b) {
  for (size_t i = 0; i < count; i++) *most = fmax(*most, 2 * fabs(a[i] - b[i]));
}

static pdlt_status estimate(const pdlt_training_input *in, size_t num_times, const double *times,
                            const double *mean, const double *cov, pdlt_training_errors *errors,
                            pdlt_error *err) {
  const size_t D = in->D, means = num_times * in->outputs * D, square = D * D;
  double *moved = NULL, *other = NULL;
  pdlt_training_input at = *in;
  pdlt_status status = PDLT_OK;
  *errors = (pdlt_training_errors){0};
  PDLT_TRY(pdlt_alloc(&moved, 2 * square, sizeof *moved, err));
  PDLT_TRY(pdlt_alloc(&other, means + num_times * square, sizeof *other, err));
  at.K = moved;
  at.theta = moved + square;
  for (uint64_t k = 0; k < MOVES; k++) {
    move(D, in->K, in->err_K, (2 * k) << 48, moved);
    move(D, in->theta, in->err_theta, (2 * k + 1) << 48, moved + square);
    PDLT_TRY(run(&at, num_times, times, other, cov == NULL ? NULL : other + means, err));
    raise_to_change(&errors->mean, means, mean, other);
    if (cov != NULL) raise_to_change(&errors->cov, num_times * square, cov, other + means);
  }
cleanup:
  pdlt_free(moved);
  pdlt_free(other);
  return status;
}

pdlt_status pdlt_steps_check_times(size_t num_times, const double *times, pdlt_error *err) {
  for (size_t t = 0; t < num_times; t++)
    if (!(times[t] >= 0) || times[t] != floor(times[t]) || (t > 0 && times[t] < times[t - 1]) ||
        times[t] > 0x1p53)
      return pdlt_fail(err, PDLT_ERR_INPUT, "%.17g is not a training time", times[t]);
  return PDLT_OK;
}

pdlt_status pdlt_steps_run(const pdlt_training_input *in, size_t num_times, const double *times,
                           double *mean, double *cov, pdlt_training_errors *errors,
                           pdlt_error *err) {
  pdlt_status status = pdlt_steps_check_times(num_times, times, err);
  if (status == PDLT_OK) status = run(in, num_times, times, mean, cov, err);
  if (status != PDLT_OK || errors == NULL) return status;
  return estimate(in, num_times, times, mean, cov, errors, err);
}
