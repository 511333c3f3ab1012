/* training_errors.c - see training_errors.h. */
#include "theory/infinite/training_errors.h"

#include <float.h>
#include <math.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"

/* Rounding of sums of n terms. */
static double rounding(size_t n) { return 2 * DBL_EPSILON * (2 + sqrt((double)n)); }

static double norm_of(const double *row, size_t n) {
  double square = 0;
  for (size_t i = 0; i < n; i++) square += row[i] * row[i];
  return sqrt(square);
}

static void absolute(size_t count, const double *from, double *to) {
  for (size_t i = 0; i < count; i++) to[i] = fabs(from[i]);
}

static double largest_theta(const pdlt_training *tr) {
  return tr->A > 0 ? fabs(tr->value[tr->A - 1]) : 0;
}

/* |v_a dTheta v_b| <= |v_a| M |v_b|, at most |M|, for the entries M of the errors of Theta_AA; the
 * eigenvectors themselves are exact for a matrix at a distance of rounding. */
static void mode_errors(pdlt_training *tr, const double *size /* (A, A) |v| */, double *work) {
  const size_t A = tr->A, D = tr->D;
  const double noise = rounding(A) * largest_theta(tr);
  double square = 0;
  for (size_t a = 0; a < A; a++) square += pow(norm_of(tr->err_theta + a * D, A), 2);
  tr->block_norm = sqrt(square);
  pdlt_gemm(0, 0, A, A, A, 1, size, A, tr->err_theta, D, 0, work, A);
  pdlt_gemm(0, 1, A, A, A, 1, work, A, size, A, 0, tr->mode_error, A);
  for (size_t i = 0; i < A * A; i++)
    tr->mode_error[i] = fmin(tr->mode_error[i], tr->block_norm) + noise;
  tr->block_norm += noise;
}

pdlt_status pdlt_training_errors_prepare(pdlt_training *tr, const double *theta, pdlt_error *err) {
  const size_t A = tr->A, D = tr->D;
  pdlt_status status = PDLT_OK;
  double *size = NULL, *work = NULL;
  if (A == 0) return PDLT_OK;
  PDLT_TRY(pdlt_alloc(&size, A * A, sizeof *size, err));
  PDLT_TRY(pdlt_alloc(&work, A * A, sizeof *work, err));
  absolute(A * A, tr->vector, size);
  mode_errors(tr, size, work);
  pdlt_gemm(0, 1, D, A, A, 1, tr->err_theta, D, size, A, 0, tr->row_error, A);
  for (size_t d = 0; d < D; d++) {
    const double noise = rounding(A) * norm_of(theta + d * D, A);
    tr->row_norm[d] = norm_of(tr->err_theta + d * D, A) + noise;
    for (size_t a = 0; a < A; a++) tr->row_error[d * A + a] += noise;
  }
cleanup:
  pdlt_free(size);
  pdlt_free(work);
  return status;
}

double pdlt_training_relative_error(const pdlt_training *tr) {
  const size_t A = tr->A;
  double square = 0;
  if (A == 0) return 0;
  if (!(tr->value[0] > 0)) return INFINITY;
  for (size_t a = 0; a < A; a++)
    for (size_t b = 0; b < A; b++)
      square += pow(tr->mode_error[a * A + b], 2) / (tr->value[a] * tr->value[b]);
  return fmin(sqrt(square), tr->block_norm / tr->value[0]) +
         16 * (double)A * DBL_EPSILON * largest_theta(tr) / tr->value[0];
}

/* eta sum_{s<t} |mu_a|^(t-1-s) |mu_b|^s, at most. */
static double two_modes(const pdlt_training_time *time, size_t a, size_t b) {
  const size_t slow = time->rate[a] < time->rate[b] ? a : b;
  const double gap = fabs(time->rate[a] - time->rate[b]);
  const double parts = gap > 0 ? time->decay[slow] / gap : INFINITY;
  return time->last[slow] == 0 ? 0 : time->last[slow] * fmin(time->elapsed, parts);
}

/* Bounds of dN v_b: row d moves by at most sum_b bound_db |g_b| and sqrt(sum_b square_db g_b^2)
 * when it acts on g. */
typedef struct row_bounds {
  double *bound, *square; /* (D, A), owned */
} row_bounds;

static void training_rows(const pdlt_training *tr, const pdlt_training_time *time,
                          const row_bounds *rows, double *work /* (4, A, A) */) {
  const size_t A = tr->A;
  double *size = work, *size_2 = size + A * A, *weight = size_2 + A * A, *weight_2 = weight + A * A;
  absolute(A * A, tr->vector, size);
  for (size_t i = 0; i < A * A; i++) size_2[i] = size[i] * size[i];
  for (size_t a = 0; a < A; a++)
    for (size_t b = 0; b < A; b++) {
      const double psi = two_modes(time, a, b);
      weight[a * A + b] = psi * tr->mode_error[a * A + b];
      weight_2[a * A + b] = pow(psi * tr->block_norm, 2);
    }
  pdlt_gemm(1, 0, A, A, A, 1, size, A, weight, A, 0, rows->bound, A);
  pdlt_gemm(1, 0, A, A, A, 1, size_2, A, weight_2, A, 0, rows->square, A);
}

static void other_rows(const pdlt_training *tr, const pdlt_training_time *time,
                       const row_bounds *rows, double *far /* (D, A) */) {
  const size_t A = tr->A, D = tr->D, B = D - A;
  for (size_t d = A; d < D; d++)
    for (size_t a = 0; a < A; a++)
      far[(d - A) * A + a] = fabs(tr->project[d * A + a]) * time->sum[a];
  if (B > 0) pdlt_gemm(0, 0, B, A, A, 1, far, A, tr->mode_error, A, 0, rows->bound + A * A, A);
  for (size_t d = A; d < D; d++) {
    const double whole = tr->row_norm[d] + norm_of(far + (d - A) * A, A) * tr->block_norm;
    for (size_t b = 0; b < A; b++) {
      double *bound = rows->bound + d * A + b;
      *bound = time->sum[b] * (*bound + tr->row_error[d * A + b]);
      rows->square[d * A + b] = pow(time->sum[b] * whole, 2);
    }
  }
}

static pdlt_status bound_rows(row_bounds *rows, const pdlt_training *tr,
                              const pdlt_training_time *time, pdlt_error *err) {
  const size_t A = tr->A, D = tr->D;
  pdlt_status status = PDLT_OK;
  double *work = NULL;
  PDLT_TRY(pdlt_alloc(&rows->bound, D * A, sizeof *rows->bound, err));
  PDLT_TRY(pdlt_alloc(&rows->square, D * A, sizeof *rows->square, err));
  PDLT_TRY(pdlt_alloc(&work, 4 * A * D, sizeof *work, err));
  if (A == 0) goto cleanup;
  training_rows(tr, time, rows, work);
  other_rows(tr, time, rows, work);
cleanup:
  pdlt_free(work);
  return status;
}

static double mean_error(const pdlt_training *tr, const row_bounds *rows, const double *factor) {
  const size_t A = tr->A, outputs = tr->outputs;
  double worst = 0;
  for (size_t d = 0; d < tr->D; d++)
    for (size_t i = 0; i < outputs; i++) {
      double sum = 0, square = 0, size = 0;
      for (size_t b = 0; b < A; b++) {
        const double target = fabs(tr->target[b * outputs + i]);
        sum += rows->bound[d * A + b] * target;
        square += rows->square[d * A + b] * target * target;
        size += fabs(factor[d * A + b]) * target;
      }
      if (d < A && size > 0) size += fabs(tr->y[d * outputs + i]);
      worst = fmax(worst, fmin(sum, sqrt(square)) + rounding(A) * size);
    }
  return worst;
}

/* work: (5 D + 1, D). dN K N^T, its transpose, and N dK N^T. */
static double cov_error(const pdlt_training *tr, const row_bounds *rows, const double *factor,
                        const double *N, const double *NK, double *work) {
  const size_t A = tr->A, D = tr->D, all = D * D;
  double *moved = work, *size = moved + all, *sum = size + all, *square = sum + all,
         *modes = square + all, *slip = modes + all; /* modes: (D, A), slip: (D) */
  for (size_t d = 0; d < D; d++) slip[d] = rounding(A) * norm_of(factor + d * A, A);
  for (size_t i = 0; i < all; i++) {
    size[i] = fabs(N[i]);
    moved[i] = tr->err_K[i] + rounding(D) * fabs(tr->K[i]);
  }
  pdlt_gemm(0, 0, D, D, D, 1, size, D, moved, D, 0, sum, D);
  pdlt_gemm(0, 1, D, D, D, 1, sum, D, size, D, 0, moved, D);
  if (A > 0) {
    pdlt_gemm(0, 1, D, A, A, 1, NK, D, tr->vector, A, 0, modes, A);
    absolute(D * A, modes, modes);
    pdlt_gemm(0, 1, D, D, A, 1, rows->bound, A, modes, A, 0, sum, D);
    for (size_t i = 0; i < D * A; i++) modes[i] *= modes[i];
    pdlt_gemm(0, 1, D, D, A, 1, rows->square, A, modes, A, 0, square, D);
  }
  for (size_t e = 0; e < D && A > 0; e++) {
    double reach = 0;
    for (size_t c = 0; c < A; c++) reach += fabs(NK[e * D + c]);
    for (size_t d = 0; d < D; d++)
      sum[d * D + e] = fmin(sum[d * D + e], sqrt(square[d * D + e])) + slip[d] * reach;
  }
  double worst = 0;
  for (size_t d = 0; d < D; d++)
    for (size_t e = 0; e <= d; e++)
      worst = fmax(worst, moved[d * D + e] + (A > 0 ? sum[d * D + e] + sum[e * D + d] : 0));
  return worst;
}

pdlt_status pdlt_training_errors_at(pdlt_training_errors *out, const pdlt_training *tr,
                                    const pdlt_training_time *time, const double *factor,
                                    const double *N, const double *NK, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  row_bounds rows = {0};
  double *work = NULL;
  PDLT_TRY(bound_rows(&rows, tr, time, err));
  if (N != NULL) PDLT_TRY(pdlt_alloc(&work, 5 * tr->D + 1, tr->D * sizeof *work, err));
  *out = (pdlt_training_errors){
      .mean = mean_error(tr, &rows, factor),
      .cov = N == NULL || tr->D == 0 ? 0 : cov_error(tr, &rows, factor, N, NK, work)};
cleanup:
  pdlt_free(rows.bound);
  pdlt_free(rows.square);
  pdlt_free(work);
  return status;
}
