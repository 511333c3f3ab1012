/* control.c - see control.h. */
#include "trainer/control.h"

#include <math.h>
#include <string.h>

#include "base/linalg.h"
#include "base/memory.h"

/* Eigenvalues below this fraction of the largest are rounding. */
#define ROUNDING 1e-13

/* --- memory --- */

/* `count` doubles from *next on; NULL in the pass that only counts. */
static double *take(const pdlt_control *c, size_t *next, size_t count) {
  double *view = c->storage == NULL ? NULL : c->storage + *next;
  *next += count;
  return view;
}

/* Lends all views; returns the doubles that they need. */
static size_t lend_views(pdlt_control *c) {
  const pdlt_network *net = c->net;
  const size_t D = c->problem->samples, q = c->problem->outputs * D;
  const size_t q_A = c->problem->outputs * c->problem->train, T = c->schedule->num_times;
  size_t next = 0;
  for (int k = 0; k < net->depth; k++) {
    c->gram[k] = take(c, &next, D * D);
    if (k + 1 == net->depth) break;
    c->s[k] = take(c, &next, net->layer[k].out * D);
    c->ds[k] = take(c, &next, net->layer[k].out * D);
  }
  for (int k = 0; k < 2; k++) {
    c->delta[k] = take(c, &next, net->max_width * q);
    c->weights[k] = take(c, &next, T * q_A);
  }
  c->ntk = take(c, &next, q * q);
  c->product = take(c, &next, q * q);
  c->train = take(c, &next, q_A * q_A);
  c->vectors = take(c, &next, q_A * q_A);
  c->across = take(c, &next, q_A * q);
  c->values = take(c, &next, q_A);
  c->targets = take(c, &next, q_A);
  return next;
}

pdlt_status pdlt_control_new(pdlt_control *out, const pdlt_network *net,
                             const pdlt_problem *problem, const pdlt_schedule *schedule, double eta,
                             pdlt_error *err) {
  pdlt_control c = {.net = net, .problem = problem, .schedule = schedule, .eta = eta};
  const size_t depth = (size_t)net->depth, D = problem->samples;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&c.s, 3 * depth, sizeof *c.s, err));
  c.ds = c.s + depth;
  c.gram = c.ds + depth;
  PDLT_TRY(pdlt_alloc(&c.storage, lend_views(&c), sizeof *c.storage, err));
  lend_views(&c);
  pdlt_syrk(1, D, problem->inputs, 1.0, problem->x_all, D, 0.0, c.gram[0], D);
  *out = c;
  return PDLT_OK;
cleanup:
  pdlt_control_free(&c);
  return status;
}

void pdlt_control_free(pdlt_control *control) {
  pdlt_free(control->storage);
  pdlt_free(control->s);
  *control = (pdlt_control){0};
}

/* --- the NTK of a network --- */

/* Activations, slopes and Gram matrices of the network theta. */
static void forward(pdlt_control *c, const double *theta) {
  const pdlt_network *net = c->net;
  const size_t D = c->problem->samples;
  const double *below = c->problem->x_all;
  for (int k = 0; k + 1 < net->depth; k++) {
    const pdlt_layer *layer = &net->layer[k];
    double *s = c->s[k];
    for (size_t i = 0; i < layer->out; i++)
      for (size_t a = 0; a < D; a++) s[i * D + a] = theta[layer->bias + i];
    pdlt_gemm(0, 0, layer->out, D, layer->in, 1.0, theta + layer->weight, layer->in, below, D, 1.0,
              s, D);
    pdlt_activation_forward(&net->activation, layer->out * D, s, s, c->ds[k]);
    pdlt_syrk(1, D, layer->out, 1.0, s, D, 0.0, c->gram[k + 1], D);
    below = s;
  }
}

/* Adds product_(i1)(j2) h_12 of layer k + 1, h = lambda_b + lambda_W/n s.s. */
static void add_layer(pdlt_control *c, int k, const double *product) {
  const pdlt_layer *layer = &c->net->layer[k];
  const size_t D = c->problem->samples, n_L = c->problem->outputs, q = n_L * D;
  const double scale = layer->lambda_W / (double)layer->in, *gram = c->gram[k];
  for (size_t i = 0; i < n_L; i++)
    for (size_t a = 0; a < D; a++)
      for (size_t j = 0; j < n_L; j++)
        for (size_t b = 0; b < D; b++) {
          const size_t at = (i * D + a) * q + j * D + b;
          c->ntk[at] += product[at] * (layer->lambda_b + scale * gram[a * D + b]);
        }
}

/* x (n, n_L, D) *= slope (n, D). */
static void times_slope(size_t n, size_t n_L, size_t D, const double *slope, double *x) {
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i < n_L; i++)
      for (size_t a = 0; a < D; a++) x[(j * n_L + i) * D + a] *= slope[j * D + a];
}

/* Th_(i1)(j2) = sum_l delta^(l)_(i1).delta^(l)_(j2) h^(l)_12, delta^(l)_(i1) = dz_i1/dz^(l). */
static void fill_ntk(pdlt_control *c, const double *theta) {
  const pdlt_network *net = c->net;
  const size_t D = c->problem->samples, n_L = c->problem->outputs, q = n_L * D;
  const int top = net->depth - 1;
  memset(c->ntk, 0, q * q * sizeof *c->ntk);
  for (size_t i = 0; i < q; i++)
    for (size_t j = 0; j < q; j++) c->product[i * q + j] = i / D == j / D;
  add_layer(c, top, c->product);
  const size_t n = net->layer[top].in;
  double *delta = c->delta[0], *next = c->delta[1];
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i < n_L; i++)
      for (size_t a = 0; a < D; a++)
        delta[(j * n_L + i) * D + a] = theta[net->layer[top].weight + i * n + j];
  for (int k = top - 1; k >= 0; k--) {
    const pdlt_layer *layer = &net->layer[k];
    times_slope(layer->out, n_L, D, c->ds[k], delta);
    pdlt_syrk(1, q, layer->out, 1.0, delta, q, 0.0, c->product, q);
    add_layer(c, k, c->product);
    if (k == 0) break;
    pdlt_gemm(1, 0, layer->in, q, layer->out, 1.0, theta + layer->weight, layer->in, delta, q, 0.0,
              next, q);
    double *swap = delta;
    delta = next;
    next = swap;
  }
}

/* --- the linearized outputs --- */

double pdlt_control_response(double eta, double theta, double t) {
  const double x = eta * theta;
  if (!(x > 0)) return isinf(t) ? 0 : eta * t;
  if (x < 1) return -expm1(t * log1p(-x)) / theta;
  const double mu = x > 2 ? 1 / (1 - x) : 1 - x;
  if (isinf(t)) return 1 / theta;
  return (1 - pow(mu, t)) / theta;
}

/* train (q_A, q_A) and across (q_A, q) from ntk. */
static void select_training(pdlt_control *c, const double *ntk) {
  const pdlt_problem *p = c->problem;
  const size_t D = p->samples, A = p->train, n_L = p->outputs, q = n_L * D, q_A = n_L * A;
  for (size_t i = 0; i < n_L; i++)
    for (size_t a = 0; a < A; a++) {
      const double *row = ntk + (i * D + a) * q;
      memcpy(c->across + (i * A + a) * q, row, q * sizeof *row);
      for (size_t j = 0; j < n_L; j++)
        memcpy(c->train + (i * A + a) * q_A + j * A, row + j * D, A * sizeof *row);
    }
}

pdlt_status pdlt_control_respond(pdlt_control *c, const double *ntk, const double *target,
                                 double start, double *out, int *unstable, pdlt_error *err) {
  const size_t q = c->problem->outputs * c->problem->samples, T = c->schedule->num_times;
  const size_t q_A = c->problem->outputs * c->problem->train;
  select_training(c, ntk);
  memset(out, 0, T * q * sizeof *out);
  if (unstable != NULL) *unstable = 1;
  const pdlt_status status = pdlt_symmetric_eigen(q_A, c->train, c->values, c->vectors, err);
  if (status == PDLT_ERR_NUMERIC) return PDLT_OK;
  if (status != PDLT_OK) return status;
  const double largest = q_A > 0 ? c->values[q_A - 1] : 0;
  if (unstable != NULL) *unstable = c->eta * largest > 2;
  pdlt_gemv(0, q_A, q_A, 1.0, c->vectors, q_A, target, 0.0, c->targets);
  for (size_t t = 0; t < T; t++)
    for (size_t r = 0; r < q_A; r++) {
      const double theta = c->values[r] > ROUNDING * largest ? c->values[r] : 0;
      const double elapsed = c->schedule->times[t] - start;
      c->weights[0][t * q_A + r] =
          c->targets[r] * pdlt_control_response(c->eta, theta, elapsed > 0 ? elapsed : 0);
    }
  pdlt_gemm(0, 0, T, q_A, q_A, 1.0, c->weights[0], q_A, c->vectors, q_A, 0.0, c->weights[1], q_A);
  pdlt_gemm(0, 0, T, q, q_A, 1.0, c->weights[1], q_A, c->across, q, 0.0, out, q);
  return PDLT_OK;
}

pdlt_status pdlt_control_linearize(pdlt_control *c, const double *ntk, double *out, int *unstable,
                                   pdlt_error *err) {
  return pdlt_control_respond(c, ntk, c->problem->y_train, 0, out, unstable, err);
}

pdlt_status pdlt_control_output(pdlt_control *c, const double *theta, double *out, int *unstable,
                                pdlt_error *err) {
  forward(c, theta);
  fill_ntk(c, theta);
  return pdlt_control_linearize(c, c->ntk, out, unstable, err);
}
