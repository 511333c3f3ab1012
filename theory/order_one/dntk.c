/* dntk.c - see dntk.h. */
#include "theory/order_one/dntk.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"

/* One call: tensors, sizes, and the arrays of one time. */
typedef struct job {
  const pdlt_training *lo;
  const pdlt_dynamics_input *in;
  size_t S, A, n;
  double *left, *right; /* (S^3, A) [abc][d]: R + S + T at abcd; R_adbc + U_adbc + U_adcb */
  double *phi;          /* (A, n_L) phi_b y_lb */
  double *residual;     /* (A, n_L) r */
  double *x, *y;        /* (S^3, n_L) left r, right r */
} job;

static double factor_of(const pdlt_dynamics_input *in, pdlt_dynamics_term term) {
  return in->factors ? in->factors->factor[term] : 1;
}

/* An entry of R, S, T or U, k = 0 to 3, moved as the input says. */
static double entry(const job *j, uint64_t k, const double *tensor, size_t at) {
  return pdlt_doubt_entry(tensor, at, PDLT_MOVE_R + k, &j->in->move);
}

/* The parts of W that each pattern of deltas has, training samples in the last slot. */
static void fill_tensors(const job *j) {
  const pdlt_dynamics_input *in = j->in;
  const size_t S = j->S, A = j->A, D = in->lo.D;
  const double one = factor_of(in, PDLT_DYNAMICS_DNTK_DDNTK_I);
  const double two = factor_of(in, PDLT_DYNAMICS_DNTK_DDNTK_II);
  double *left = j->left, *right = j->right;
  for (size_t a = 0; a < S; a++)
    for (size_t b = 0; b < S; b++)
      for (size_t c = 0; c < S; c++)
        for (size_t d = 0; d < A; d++) {
          const size_t abcd = ((a * D + b) * D + c) * D + d;
          const size_t adbc = ((a * D + d) * D + b) * D + c;
          const size_t adcb = ((a * D + d) * D + c) * D + b;
          *left++ = one * entry(j, 0, in->r, abcd) +
                    two * (entry(j, 1, in->s, abcd) + entry(j, 2, in->t, abcd));
          *right++ = one * entry(j, 0, in->r, adbc) +
                     two * (entry(j, 3, in->u, adbc) + entry(j, 3, in->u, adcb));
        }
}

/* r at time t. */
static void fill_residual(const job *j, double t) {
  const pdlt_training *lo = j->lo;
  for (size_t b = 0; b < j->A; b++) {
    double power;
    const double phi =
        isinf(t) ? 1 / lo->value[b] : pdlt_training_phi(lo->value[b], lo->eta, lo->flow, t, &power);
    for (size_t l = 0; l < j->n; l++) j->phi[b * j->n + l] = phi * lo->target[b * j->n + l];
  }
  pdlt_gemm(1, 0, j->A, j->n, j->A, 1, lo->vector, j->A, j->phi, j->n, 0, j->residual, j->n);
}

/* out (n_L, S, n_L, S, n_L, S) from x and y. */
static void spread(const job *j, double *out) {
  const size_t S = j->S, n = j->n;
  for (size_t i = 0; i < n; i++)
    for (size_t a = 0; a < S; a++)
      for (size_t k1 = 0; k1 < n; k1++)
        for (size_t b = 0; b < S; b++)
          for (size_t k2 = 0; k2 < n; k2++)
            for (size_t c = 0; c < S; c++) {
              const size_t abc = ((a * S + b) * S + c) * n, acb = ((a * S + c) * S + b) * n;
              double sum = 0;
              if (i == k1) sum += j->x[abc + k2];
              if (i == k2) sum += j->x[acb + k1];
              if (k1 == k2) sum += j->y[abc + i];
              *out++ = sum;
            }
}

/* A singular Theta_AA has no end. */
static pdlt_status check_times(const pdlt_training *lo, size_t num_times, const double *times,
                               pdlt_error *err) {
  double *work = NULL;
  pdlt_status status = PDLT_OK;
  for (size_t t = 0; t < num_times; t++) PDLT_TRY(pdlt_training_check_time(lo, times[t], err));
  if (num_times == 0 || !isinf(times[num_times - 1])) return PDLT_OK;
  PDLT_TRY(pdlt_alloc(&work, lo->D * (lo->outputs + lo->D), sizeof *work, err));
  PDLT_TRY(pdlt_training_end(lo, work, work + lo->D * lo->outputs, NULL, err));
cleanup:
  pdlt_free(work);
  return status;
}

pdlt_status pdlt_dynamics_dntk(const pdlt_training *lo, const pdlt_dynamics_input *in, size_t S,
                               size_t num_times, const double *times, double *out,
                               pdlt_error *err) {
  const size_t A = lo->A, n = lo->outputs, cube = S * S * S, count = cube * n * n * n;
  job j = {.lo = lo, .in = in, .S = S, .A = A, .n = n};
  double *storage = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(check_times(lo, num_times, times, err));
  PDLT_TRY(pdlt_alloc(&storage, 2 * cube * (A + n) + 2 * A * n, sizeof *storage, err));
  j.left = storage;
  j.right = j.left + cube * A;
  j.phi = j.right + cube * A;
  j.residual = j.phi + A * n;
  j.x = j.residual + A * n;
  j.y = j.x + cube * n;
  fill_tensors(&j);
  for (size_t t = 0; t < num_times; t++) {
    if (A > 0) {
      fill_residual(&j, times[t]);
      pdlt_gemm(0, 0, cube, n, A, 1, j.left, A, j.residual, n, 0, j.x, n);
      pdlt_gemm(0, 0, cube, n, A, 1, j.right, A, j.residual, n, 0, j.y, n);
    }
    spread(&j, out + t * count);
  }
cleanup:
  pdlt_free(storage);
  return status;
}
