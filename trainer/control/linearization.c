/* linearization.c - see linearization.h. */
#include "trainer/control/linearization.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "base/vector/small.h"

/* Eigenvalues below this fraction of the largest are rounding. */
#define ROUNDING 1e-13
#define PI 3.14159265358979323846

/* --- memory --- */

pdlt_status pdlt_linearization_new(pdlt_linearization *out, const pdlt_samples *data,
                                   const pdlt_schedule *schedule, double eta, pdlt_error *err) {
  pdlt_linearization c = {.data = data, .schedule = schedule, .eta = eta};
  const size_t q = data->outputs * data->samples, q_A = data->outputs * data->train;
  const size_t T = schedule->num_times;
  const size_t total = 2 * T * q_A + 2 * q_A * q_A + q_A * q + 3 * q_A;
  const pdlt_status status = pdlt_alloc(&c.storage, total, sizeof *c.storage, err);
  if (status != PDLT_OK) return status;
  double *next = c.storage;
  for (int k = 0; k < 2; k++) c.weights[k] = pdlt_take(&next, T * q_A);
  c.train = pdlt_take(&next, q_A * q_A);
  c.vectors = pdlt_take(&next, q_A * q_A);
  c.across = pdlt_take(&next, q_A * q);
  c.values = pdlt_take(&next, q_A);
  c.targets = pdlt_take(&next, q_A);
  c.lack = pdlt_take(&next, q_A);
  *out = c;
  return PDLT_OK;
}

void pdlt_linearization_free(pdlt_linearization *linearization) {
  pdlt_free(linearization->storage);
  *linearization = (pdlt_linearization){0};
}

/* --- the linearized outputs --- */

double pdlt_linearization_response(double eta, double theta, double t) {
  const double x = eta * theta;
  if (!(x > 0)) return isinf(t) ? 0 : eta * t;
  if (x < 1) return -expm1(t * log1p(-x)) / theta;
  const double mu = x > 2 ? 1 / (1 - x) : 1 - x;
  if (isinf(t)) return 1 / theta;
  if (mu < 0 && t != floor(t)) return (1 - pow(-mu, t) * cos(PI * t)) / theta;
  return (1 - pow(mu, t)) / theta;
}

/* x (q_A, q_A) <- x r on every block of rows, r = kappa^(1/2) of each output; and r x before that, `both`. */
static void weigh(const pdlt_linearization *c, int both, double *x) {
  const size_t A = c->data->train, n_L = c->data->outputs, q_A = n_L * A;
  double *work = c->across; /* (q_A, q) is at least as large, and not yet in use */
  for (int side = both ? 0 : 1; side < 2; side++) {
    for (size_t i = 0; i < n_L; i++)
      if (side == 0)
        pdlt_gemm(0, 0, A, q_A, A, 1.0, c->data->root, A, x + i * A * q_A, q_A, 0.0,
                  work + i * A * q_A, q_A);
      else
        pdlt_gemm(0, 0, q_A, A, A, 1.0, x + i * A, q_A, c->data->root, A, 0.0, work + i * A, q_A);
    memcpy(x, work, q_A * q_A * sizeof *x);
  }
}

pdlt_status pdlt_linearization_decompose(pdlt_linearization *c, const double *ntk, size_t samples,
                                         pdlt_error *err) {
  const size_t A = c->data->train, n_L = c->data->outputs, q_A = n_L * A, q = n_L * samples;
  for (size_t i = 0; i < n_L; i++)
    for (size_t a = 0; a < A; a++)
      for (size_t j = 0; j < n_L; j++)
        memcpy(c->train + (i * A + a) * q_A + j * A, ntk + (i * samples + a) * q + j * samples,
               A * sizeof *ntk);
  if (c->data->newton) weigh(c, 1, c->train);
  const pdlt_status status = pdlt_symmetric_eigen(q_A, c->train, c->values, c->vectors, err);
  if (c->data->newton && status == PDLT_OK) weigh(c, 0, c->vectors);
  c->ntk = ntk;
  c->found = status == PDLT_OK;
  return status == PDLT_ERR_NUMERIC ? PDLT_OK : status;
}

/* weights (q_A) = psi_t of each eigenvalue times the target along it. */
static void answer(const pdlt_linearization *c, double t, double *weights) {
  const size_t q_A = c->data->outputs * c->data->train;
  const double largest = q_A > 0 ? c->values[q_A - 1] : 0;
  for (size_t r = 0; r < q_A; r++) {
    const double theta = c->values[r] > ROUNDING * largest ? c->values[r] : 0;
    weights[r] = c->targets[r] * pdlt_linearization_response(c->eta, theta, t > 0 ? t : 0);
  }
}

/* targets = target along the eigenvectors. */
static void aim(pdlt_linearization *c, const double *target) {
  const size_t q_A = c->data->outputs * c->data->train;
  pdlt_small_best()->inner(1, q_A, q_A, target, q_A, c->vectors, q_A, c->targets, q_A);
}

void pdlt_linearization_respond(pdlt_linearization *c, const double *target, double start,
                                size_t first, size_t last, double *out) {
  const size_t D = c->data->samples, A = c->data->train, n_L = c->data->outputs;
  const size_t q = n_L * D, q_A = n_L * A, T = last - first;
  out += first * q;
  if (!c->found) {
    memset(out, 0, T * q * sizeof *out);
    return;
  }
  aim(c, target);
  for (size_t i = 0; i < n_L; i++)
    memcpy(c->across + i * A * q, c->ntk + i * D * q, A * q * sizeof *out);
  for (size_t t = 0; t < T; t++)
    answer(c, c->schedule->times[first + t] - start, c->weights[0] + t * q_A);
  pdlt_gemm(0, 0, T, q_A, q_A, 1.0, c->weights[0], q_A, c->vectors, q_A, 0.0, c->weights[1], q_A);
  pdlt_gemm(0, 0, T, q, q_A, 1.0, c->weights[1], q_A, c->across, q, 0.0, out, q);
}

void pdlt_linearization_odd(pdlt_linearization *c, const double *z, double *out) {
  const size_t D = c->data->samples, A = c->data->train, T = c->schedule->num_times;
  const size_t q = c->data->outputs * D;
  for (size_t i = 0; i < c->data->outputs; i++)
    for (size_t a = 0; a < A; a++) c->lack[i * A + a] = c->data->centered ? 0 : -z[i * D + a];
  pdlt_linearization_respond(c, c->lack, 0, 0, T, out);
  for (size_t t = 0; t < T; t++)
    for (size_t i = 0; i < q; i++) out[t * q + i] += z[i];
}

void pdlt_linearization_impulse(pdlt_linearization *c, const double *target, double t,
                                double *out) {
  const size_t q_A = c->data->outputs * c->data->train;
  memset(out, 0, q_A * sizeof *out);
  if (!c->found) return;
  aim(c, target);
  answer(c, t, c->weights[0]);
  pdlt_small_best()->product(1, q_A, q_A, c->weights[0], q_A, c->vectors, q_A, out, q_A);
}

pdlt_status pdlt_linearization_course(pdlt_linearization *c, const double *ntk, double *out,
                                      int *unstable, pdlt_error *err) {
  const size_t q_A = c->data->outputs * c->data->train;
  const pdlt_status status = pdlt_linearization_decompose(c, ntk, c->data->samples, err);
  if (status != PDLT_OK) return status;
  pdlt_linearization_respond(c, c->data->y_train, 0, 0, c->schedule->num_times, out);
  if (unstable != NULL) *unstable = !c->found || (q_A > 0 && c->eta * c->values[q_A - 1] > 2);
  return PDLT_OK;
}
