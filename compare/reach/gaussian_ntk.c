/* gaussian_ntk.c - the model and its draws; see gaussian_ntk.h. */
#include "compare/reach/gaussian_ntk.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "compare/reach/internal.h"

/* --- Make --- */

void pdlt_gaussian_ntk_free(pdlt_gaussian_ntk *w) {
  if (w == NULL) return;
  void *owned[] = {w->lambda, w->vectors, w->theta,  w->y,        w->time,  w->first,
                   w->mean,   w->equal,   w->across, w->common.u, w->own.u, w->cross.u};
  for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) pdlt_free(owned[i]);
  pdlt_free(w);
}

/* Eigenbasis of Theta_AA; Theta_DA and the targets in it. */
static pdlt_status rotate(pdlt_gaussian_ntk *w, const pdlt_gaussian_ntk_input *in,
                          pdlt_error *err) {
  const size_t A = w->A, D = w->D, n = w->outputs;
  double *block = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&block, A * A, sizeof *block, err));
  PDLT_TRY(pdlt_alloc(&w->lambda, A, sizeof *w->lambda, err));
  PDLT_TRY(pdlt_alloc(&w->vectors, A * A, sizeof *w->vectors, err));
  PDLT_TRY(pdlt_alloc(&w->theta, D * A, sizeof *w->theta, err));
  PDLT_TRY(pdlt_alloc(&w->y, n * A, sizeof *w->y, err));
  for (size_t a = 0; a < A; a++) memcpy(block + a * A, in->theta + a * D, A * sizeof *block);
  PDLT_TRY(pdlt_symmetric_eigen(A, block, w->lambda, w->vectors, err));
  for (size_t a = 0; a < A; a++) w->theta[a * A + a] = w->lambda[a];
  pdlt_gemm(0, 1, D - A, A, A, 1.0, in->theta + A * D, D, w->vectors, A, 0.0, w->theta + A * A, A);
  pdlt_gemm(1, 1, n, A, A, 1.0, in->y, n, w->vectors, A, 0.0, w->y, A);
cleanup:
  pdlt_free(block);
  return status;
}

/* to = the tensor with the slot of stride `inner` in modes where it counts a train sample. */
static void rotate_slot(const pdlt_gaussian_ntk *w, size_t outer, size_t inner, double *tensor,
                        double *room) {
  const size_t A = w->A, D = w->D;
  for (size_t o = 0; o < outer; o++) {
    double *from = tensor + o * D * inner;
    pdlt_gemm(0, 0, A, inner, A, 1.0, w->vectors, A, from, inner, 0.0, room, inner);
    memcpy(from, room, A * inner * sizeof *room);
  }
}

/* A copy of a tensor (D, D, D, D) in modes, behind which there is room. */
static pdlt_status rotated(const pdlt_gaussian_ntk *w, const double *tensor, double **out,
                           pdlt_error *err) {
  const size_t D = w->D, square = D * D, all = square * square;
  pdlt_status status = pdlt_alloc(out, all + w->A * square * D, sizeof **out, err);
  if (status != PDLT_OK) return status;
  memcpy(*out, tensor, all * sizeof **out);
  rotate_slot(w, 1, square * D, *out, *out + all);
  rotate_slot(w, D, square, *out, *out + all);
  rotate_slot(w, square, D, *out, *out + all);
  rotate_slot(w, square * D, 1, *out, *out + all);
  return PDLT_OK;
}

static pdlt_status list_pairs(pdlt_gaussian_ntk *w, pdlt_error *err) {
  const size_t A = w->A, D = w->D;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&w->equal, D * A, sizeof *w->equal, err));
  PDLT_TRY(pdlt_alloc(&w->across, 2 * D * A, sizeof *w->across, err));
  for (size_t row = 0; row < D; row++)
    for (size_t column = 0; column < A && column <= row; column++)
      w->equal[w->num_equal++] = (pdlt_pair){row, column};
  for (size_t row = 0; row < D; row++)
    for (size_t column = 0; column < D; column++)
      if (row < A || column < A) w->across[w->num_across++] = (pdlt_pair){row, column};
cleanup:
  return status;
}

/* Size of a slot, by which pairs are measured: the covariance is factored to 1e-12 of it. */
static double slot_scale(const pdlt_gaussian_ntk *w, const double *theta_bb, size_t slot) {
  const double floor = 1e-8 * w->lambda[w->A - 1];
  return sqrt(fmax(slot < w->A ? w->lambda[slot] : theta_bb[slot * (w->D + 1)], floor));
}

typedef double (*covariance)(const double *a, const double *b, size_t D, pdlt_pair p, pdlt_pair q);

static double entry(const double *tensor, size_t D, size_t a, size_t b, size_t c, size_t d) {
  return tensor[((a * D + b) * D + c) * D + d];
}
static double of_common(const double *a, const double *b, size_t D, pdlt_pair p, pdlt_pair q) {
  (void)b;
  return entry(a, D, p.row, p.column, q.row, q.column);
}
static double of_own(const double *a, const double *b, size_t D, pdlt_pair p, pdlt_pair q) {
  (void)a;
  return entry(b, D, p.row, q.row, p.column, q.column) +
         entry(b, D, p.row, q.column, p.column, q.row);
}
static double of_one(const double *a, const double *b, size_t D, pdlt_pair p, pdlt_pair q) {
  return of_common(a, b, D, p, q) + of_own(a, b, D, p, q);
}
static double of_cross(const double *a, const double *b, size_t D, pdlt_pair p, pdlt_pair q) {
  (void)a;
  return entry(b, D, p.row, q.row, p.column, q.column);
}

static pdlt_status factor(pdlt_factor *out, const pdlt_gaussian_ntk *w, covariance of,
                          const double *a, const double *b, size_t pairs, const pdlt_pair *pair,
                          const double *theta, pdlt_error *err) {
  double *c = NULL, *scale = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&c, pairs * pairs, sizeof *c, err));
  PDLT_TRY(pdlt_alloc(&scale, pairs, sizeof *scale, err));
  for (size_t p = 0; p < pairs; p++) {
    scale[p] = slot_scale(w, theta, pair[p].row) * slot_scale(w, theta, pair[p].column);
    for (size_t q = 0; q < pairs; q++) c[p * pairs + q] = of(a, b, w->D, pair[p], pair[q]);
  }
  const double units = w->outputs == 1 ? 1.0 : 1.0 / 3.0;
  PDLT_TRY(pdlt_factor_new(out, pairs, scale, c, w->progress, units, err));
cleanup:
  pdlt_free(c);
  pdlt_free(scale);
  return status;
}

/* One output: A and B in one factor. Several: A for all, B for each, B between two. */
static pdlt_status factor_all(pdlt_gaussian_ntk *w, const pdlt_gaussian_ntk_input *in,
                              pdlt_error *err) {
  double *a = NULL, *b = NULL;
  const int one = w->outputs == 1;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(list_pairs(w, err));
  PDLT_TRY(rotated(w, in->a, &a, err));
  PDLT_TRY(rotated(w, in->b, &b, err));
  PDLT_TRY(factor(&w->common, w, one ? of_one : of_common, a, b, w->num_equal, w->equal, in->theta,
                  err));
  if (one) goto cleanup;
  PDLT_TRY(factor(&w->own, w, of_own, a, b, w->num_equal, w->equal, in->theta, err));
  PDLT_TRY(factor(&w->cross, w, of_cross, a, b, w->num_across, w->across, in->theta, err));
cleanup:
  pdlt_free(a);
  pdlt_free(b);
  return status;
}

/* (1 - p(x))/x at t: how far mode x has come, over x. */
static double response(const pdlt_gaussian_ntk *w, double x, double t) {
  if (isinf(t)) return 1.0 / x;
  if (w->flow) return x == 0.0 ? t : -expm1(-x * t) / x;
  const double step = w->eta * x;
  if (step == 0.0) return w->eta * t;
  return step < 0.5 ? -expm1(t * log1p(-step)) / x : (1.0 - pow(1.0 - step, t)) / x;
}

void pdlt_gaussian_ntk_to_samples(const pdlt_gaussian_ntk *w, const double *z, double *out) {
  const size_t A = w->A, D = w->D;
  memcpy(out, z, w->outputs * D * sizeof *out);
  pdlt_gemm(0, 0, w->outputs, A, A, 1.0, z, D, w->vectors, A, 0.0, out, D);
}

void pdlt_gaussian_ntk_respond(const pdlt_gaussian_ntk *w, size_t copies, const double *values,
                               const double *vectors, const double *test, const double *y, double t,
                               double *room, double *z) {
  const size_t A = w->A, D = w->D, m = copies * A, B = D - A;
  double *r = room, *along = room + m;
  memset(r, 0, m * sizeof *r);
  for (size_t k = 0; k < m; k++) {
    const double *v = vectors + k * m;
    double sum = 0.0;
    for (size_t j = 0; j < m; j++) sum += v[j] * y[j];
    along[k] = values[k] * (sum *= response(w, values[k], t));
    for (size_t j = 0; j < m; j++) r[j] += v[j] * sum;
  }
  for (size_t i = 0; i < copies; i++) {
    memset(z + i * D, 0, A * sizeof *z);
    for (size_t b = 0; b < B; b++) {
      const double *row = test + (i * B + b) * m;
      double sum = 0.0;
      for (size_t j = 0; j < m; j++) sum += row[j] * r[j];
      z[i * D + A + b] = sum;
    }
    for (size_t k = 0; k < m; k++)
      for (size_t a = 0; a < A; a++) z[i * D + a] += vectors[k * m + i * A + a] * along[k];
  }
}

/* Infinite width, each output by itself. */
static pdlt_status fill_mean(pdlt_gaussian_ntk *w, pdlt_error *err) {
  const size_t A = w->A, D = w->D;
  double *one = NULL, *room = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&one, A * A, sizeof *one, err));
  PDLT_TRY(pdlt_alloc(&room, 2 * A, sizeof *room, err));
  for (size_t a = 0; a < A; a++) one[a * A + a] = 1.0;
  for (size_t t = 0; t < w->times; t++)
    for (size_t i = 0; i < w->outputs; i++)
      pdlt_gaussian_ntk_respond(w, 1, w->lambda, one, w->theta + A * A, w->y + i * A, w->time[t],
                                room, w->mean + (t * w->outputs + i) * D);
cleanup:
  pdlt_free(one);
  pdlt_free(room);
  return status;
}

static size_t choose_draws(const pdlt_gaussian_ntk *w) {
  const double n = (double)w->outputs, m = n * (double)w->A, pairs = (double)w->num_equal;
  const double cost = 40.0 * m * m * m + 2.0 * (double)w->dimensions * pairs +
                      8.0 * (double)w->times * m * (m + n * (double)w->D);
  size_t draws = PDLT_GAUSSIAN_NTK_DRAWS;
  while (draws > PDLT_GAUSSIAN_NTK_FEWEST && (double)draws * cost > PDLT_GAUSSIAN_NTK_FLOPS)
    draws /= 2;
  return draws;
}

pdlt_status pdlt_gaussian_ntk_new(pdlt_gaussian_ntk **out, const pdlt_gaussian_ntk_input *in,
                                  pdlt_error *err) {
  pdlt_gaussian_ntk *w = NULL;
  const size_t T = in->num_times, n = in->outputs;
  pdlt_status status = pdlt_alloc(&w, 1, sizeof *w, err);
  if (status != PDLT_OK) return status;
  *w = (pdlt_gaussian_ntk){
      .D = in->D, .A = in->A, .outputs = n, .times = T, .eta = in->eta, .flow = in->flow};
  w->progress = in->progress;
  PDLT_TRY(pdlt_alloc(&w->time, T, sizeof *w->time, err));
  PDLT_TRY(pdlt_alloc(&w->first, T * n * w->D, sizeof *w->first, err));
  PDLT_TRY(pdlt_alloc(&w->mean, T * n * w->D, sizeof *w->mean, err));
  memcpy(w->time, in->times, T * sizeof *w->time);
  PDLT_TRY(rotate(w, in, err));
  PDLT_TRY(factor_all(w, in, err));
  PDLT_TRY(pdlt_gaussian_ntk_expand(w, err));
  PDLT_TRY(fill_mean(w, err));
  w->dimensions = w->common.rank + n * w->own.rank + n * (n - 1) / 2 * w->cross.rank;
  w->draws = choose_draws(w);
  *out = w;
  return PDLT_OK;
cleanup:
  pdlt_gaussian_ntk_free(w);
  return status;
}

const double *pdlt_gaussian_ntk_first_order(const pdlt_gaussian_ntk *w) { return w->first; }
