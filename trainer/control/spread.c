/* spread.c - see spread.h. */
#include "trainer/control/spread.h"

#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "base/vector/packed.h"
#include "base/vector/small.h"
#include "trainer/control/linearization.h"

pdlt_status pdlt_spread_new(pdlt_spread *out, const pdlt_plan *plan, pdlt_error *err) {
  const size_t D = plan->data->samples, A = plan->data->train;
  pdlt_spread s = {.data = plan->data,
                   .schedule = &plan->schedule,
                   .eta = plan->ex->training.eta,
                   .columns = plan->columns};
  const size_t total = 3 * A * A + A + 5 * D * D + 2 * A * D + plan->p;
  const pdlt_status status = pdlt_alloc(&s.storage, total, sizeof *s.storage, err);
  if (status != PDLT_OK) return status;
  double *next = s.storage;
  s.train = pdlt_take(&next, A * A);
  s.vectors = pdlt_take(&next, A * A);
  s.values = pdlt_take(&next, A);
  s.weighed = pdlt_take(&next, A * A);
  s.theta = pdlt_take(&next, D * D);
  s.kernel = pdlt_take(&next, D * D);
  s.response = pdlt_take(&next, D * D);
  for (int k = 0; k < 2; k++) s.product[k] = pdlt_take(&next, D * D);
  s.across = pdlt_take(&next, A * D);
  s.scaled = pdlt_take(&next, A * D);
  s.moved = pdlt_take(&next, plan->p);
  *out = s;
  return PDLT_OK;
}

void pdlt_spread_free(pdlt_spread *spread) {
  pdlt_free(spread->storage);
  *spread = (pdlt_spread){0};
}

static size_t numbers(size_t q, size_t columns) { return columns == 1 ? q : pdlt_packed_size(q); }

size_t pdlt_spread_values(const pdlt_plan *plan) {
  return plan->times * numbers(plan->p, plan->columns);
}

/* matrix (N_A, N_A) <- matrix r, or r matrix with `left`, of Newton's r = kappa^(1/2). */
static void weigh(pdlt_spread *s, int left, double *matrix) {
  const size_t A = s->data->train;
  const double *root = s->data->root;
  pdlt_gemm(0, 0, A, A, A, 1.0, left ? root : matrix, A, left ? matrix : root, A, 0.0, s->weighed,
            A);
  memcpy(matrix, s->weighed, A * A * sizeof *matrix);
}

/* Eigenvectors of Theta_AA, and Theta_A. along them, with Newton's method of r Theta_AA r and times r; 0 where
 * Theta is not finite. */
static pdlt_status decompose(pdlt_spread *s, const double *theta, int *found) {
  const size_t D = s->data->samples, A = s->data->train;
  pdlt_packed_spread(D, theta, s->theta);
  for (size_t a = 0; a < A; a++) memcpy(s->train + a * A, s->theta + a * D, A * sizeof *theta);
  for (int left = 1; left >= 0 && s->data->newton; left--) weigh(s, left, s->train);
  const pdlt_status status = pdlt_symmetric_eigen(A, s->train, s->values, s->vectors, NULL);
  *found = status == PDLT_OK;
  if (*found && s->data->newton) weigh(s, 0, s->vectors);
  if (*found) pdlt_small_best()->product(A, D, A, s->vectors, A, s->theta, D, s->across, D);
  return status == PDLT_ERR_NUMERIC ? PDLT_OK : status;
}

/* response = N_t(Theta) at t steps; 1 with centered targets, which z(0) moves along with. */
static void respond(pdlt_spread *s, double t) {
  const size_t D = s->data->samples, A = s->data->train;
  const double rounding = A > 0 ? 1e-13 * s->values[A - 1] : 0;
  for (size_t r = 0; r < A; r++) {
    const double theta = s->values[r] > rounding ? s->values[r] : 0;
    const double psi = s->data->centered ? 0 : pdlt_linearization_response(s->eta, theta, t);
    for (size_t a = 0; a < D; a++) s->scaled[r * D + a] = psi * s->across[r * D + a];
  }
  pdlt_gemm(1, 0, D, A, A, -1.0, s->scaled, D, s->vectors, A, 0.0, s->response, D);
  for (size_t a = 0; a < D; a++) {
    for (size_t b = A; b < D; b++) s->response[a * D + b] = 0;
    s->response[a * D + a] += 1;
  }
}

/* out += products, packed: those of odd less those of moved, and N K N^T of equal outputs. */
static void fill_time(pdlt_spread *s, const double *z, const double *odd, double *out) {
  const size_t D = s->data->samples, n_L = s->data->outputs, q = n_L * D;
  const pdlt_small_set *small = pdlt_small_best();
  double *mean = s->product[1];
  small->inner(n_L, D, D, z, D, s->response, D, s->moved, D);
  small->product(D, D, D, s->response, D, s->kernel, D, s->product[0], D);
  small->inner(D, D, D, s->product[0], D, s->response, D, mean, D);
  for (size_t i = 0; i < q; i++)
    for (size_t j = i; j < (s->columns == 1 ? i + 1 : q); j++)
      *out++ = odd[i] * odd[j] - s->moved[i] * s->moved[j] +
               (i / D == j / D ? mean[(i % D) * D + j % D] : 0);
}

/* The same without Theta. */
static void fill_plain(const pdlt_spread *s, const double *odd, double *out) {
  const size_t q = s->data->outputs * s->data->samples;
  for (size_t i = 0; i < q; i++)
    for (size_t j = i; j < (s->columns == 1 ? i + 1 : q); j++) *out++ = odd[i] * odd[j];
}

pdlt_status pdlt_spread_fill(pdlt_spread *s, const double *theta, const double *kernel,
                             const double *z, const double *odd, double *out) {
  const size_t D = s->data->samples, q = s->data->outputs * D, count = numbers(q, s->columns);
  int found;
  const pdlt_status status = decompose(s, theta, &found);
  if (status != PDLT_OK) return status;
  pdlt_packed_spread(D, kernel, s->kernel);
  for (size_t t = 0; t < s->schedule->num_times; t++, odd += q, out += count) {
    if (found) {
      respond(s, s->schedule->times[t]);
      fill_time(s, z, odd, out);
    } else {
      fill_plain(s, odd, out);
    }
  }
  return PDLT_OK;
}

void pdlt_spread_add_odd(const pdlt_plan *plan, double factor, const double *odd, double *sums) {
  const size_t q = plan->p;
  for (size_t t = 0; t < plan->times; t++, odd += q)
    for (size_t i = 0; i < q; i++)
      for (size_t j = i; j < (plan->columns == 1 ? i + 1 : q); j++)
        *sums++ += factor * odd[i] * odd[j];
}
