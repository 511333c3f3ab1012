/* tangent.c - see tangent.h. */
#include "trainer/tangent.h"

#include <string.h>

#include "base/linalg.h"
#include "base/memory.h"

/* --- memory --- */

static double *take(double **next, size_t count) {
  double *view = *next;
  *next += count;
  return view;
}

pdlt_status pdlt_tangent_new(pdlt_tangent *out, const pdlt_network *net,
                             const pdlt_problem *problem, pdlt_error *err) {
  const size_t D = problem->samples, q = problem->outputs * D, depth = (size_t)net->depth;
  pdlt_tangent t = {.net = net, .problem = problem};
  size_t total = 2 * q * q + q + net->max_width * problem->train + depth * D * D;
  for (size_t k = 0; k + 1 < depth; k++) total += net->layer[k].out * (2 * D + q);
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&t.s, 4 * depth, sizeof *t.s, err));
  PDLT_TRY(pdlt_alloc(&t.storage, total, sizeof *t.storage, err));
  t.ds = t.s + depth;
  t.delta = t.ds + depth;
  t.h = t.delta + depth;
  double *next = t.storage;
  t.gram = take(&next, q * q);
  t.ntk = take(&next, q * q);
  t.z = take(&next, q);
  t.push = take(&next, net->max_width * problem->train);
  for (size_t k = 0; k < depth; k++) t.h[k] = take(&next, D * D);
  for (size_t k = 0; k + 1 < depth; k++) {
    t.s[k] = take(&next, net->layer[k].out * D);
    t.ds[k] = take(&next, net->layer[k].out * D);
    t.delta[k] = take(&next, net->layer[k].out * q);
  }
  *out = t;
  return PDLT_OK;
cleanup:
  pdlt_tangent_free(&t);
  return status;
}

void pdlt_tangent_free(pdlt_tangent *tangent) {
  pdlt_free(tangent->storage);
  pdlt_free(tangent->s);
  *tangent = (pdlt_tangent){0};
}

/* --- outputs and gradients --- */

/* z (n_l, D) = b + W below. */
static void affine(const pdlt_layer *layer, size_t D, const double *theta, const double *below,
                   double *z) {
  for (size_t i = 0; i < layer->out; i++)
    for (size_t a = 0; a < D; a++) z[i * D + a] = theta[layer->bias + i];
  pdlt_gemm(0, 0, layer->out, D, layer->in, 1.0, theta + layer->weight, layer->in, below, D, 1.0, z,
            D);
}

void pdlt_tangent_first(const pdlt_tangent *t, const double *theta, double *z1) {
  affine(&t->net->layer[0], t->problem->samples, theta, t->problem->x_all, z1);
}

/* h of layer index k, from what is below it. */
static void fill_h(pdlt_tangent *t, int k, const double *below) {
  const pdlt_layer *layer = &t->net->layer[k];
  const size_t D = t->problem->samples;
  pdlt_syrk(1, D, layer->in, layer->lambda_W / (double)layer->in, below, D, 0.0, t->h[k], D);
  for (size_t i = 0; i < D * D; i++) t->h[k][i] += layer->lambda_b;
}

static void forward(pdlt_tangent *t, const double *theta, const double *z1) {
  const pdlt_network *net = t->net;
  const size_t D = t->problem->samples;
  const double *below = t->problem->x_all;
  for (int k = 0; k + 1 < net->depth; k++) {
    double *s = t->s[k];
    fill_h(t, k, below);
    if (k == 0)
      memcpy(s, z1, net->layer[0].out * D * sizeof *s);
    else
      affine(&net->layer[k], D, theta, below, s);
    pdlt_activation_forward(&net->activation, net->layer[k].out * D, s, s, t->ds[k]);
    below = s;
  }
  fill_h(t, net->depth - 1, below);
  affine(&net->layer[net->depth - 1], D, theta, below, t->z);
}

/* delta of layer index k from those of layer k + 1. */
static void descend(pdlt_tangent *t, int k, const double *theta) {
  const pdlt_layer *above = &t->net->layer[k + 1];
  const size_t D = t->problem->samples, n_L = t->problem->outputs, q = n_L * D, n = above->in;
  const double *weight = theta + above->weight, *slope = t->ds[k];
  double *delta = t->delta[k];
  if (k + 2 < t->net->depth)
    pdlt_gemm(1, 0, n, q, above->out, 1.0, weight, n, t->delta[k + 1], q, 0.0, delta, q);
  for (size_t m = 0; m < n; m++)
    for (size_t i = 0; i < n_L; i++)
      for (size_t a = 0; a < D; a++) {
        double *x = &delta[m * q + i * D + a];
        *x = (k + 2 < t->net->depth ? *x : weight[i * n + m]) * slope[m * D + a];
      }
}

void pdlt_tangent_at(pdlt_tangent *t, const double *theta, const double *z1) {
  const size_t D = t->problem->samples, q = t->problem->outputs * D;
  const int top = t->net->depth - 1;
  forward(t, theta, z1);
  for (size_t i = 0; i < q; i++)
    for (size_t j = 0; j < q; j++)
      t->ntk[i * q + j] = i / D == j / D ? t->h[top][i % D * D + j % D] : 0;
  for (int k = top - 1; k >= 0; k--) {
    descend(t, k, theta);
    pdlt_syrk(1, q, t->net->layer[k].out, 1.0, t->delta[k], q, 0.0, t->gram, q);
    for (size_t i = 0; i < q; i++)
      for (size_t j = 0; j < q; j++)
        t->ntk[i * q + j] += t->h[k][i % D * D + j % D] * t->gram[i * q + j];
  }
}

/* --- moves --- */

/* push (n_l, N_A) = sum_i delta^(l)_ia push_ia. */
static void gather(pdlt_tangent *t, int k, const double *push) {
  const size_t D = t->problem->samples, A = t->problem->train, n_L = t->problem->outputs;
  for (size_t m = 0; m < t->net->layer[k].out; m++)
    for (size_t a = 0; a < A; a++) {
      double sum = 0;
      for (size_t i = 0; i < n_L; i++) sum += t->delta[k][(m * n_L + i) * D + a] * push[i * A + a];
      t->push[m * A + a] = sum;
    }
}

void pdlt_tangent_move(pdlt_tangent *t, const double *push, double *theta, double *z1) {
  const pdlt_network *net = t->net;
  const size_t D = t->problem->samples, A = t->problem->train;
  for (int k = net->depth - 1; k > 0; k--) {
    const pdlt_layer *layer = &net->layer[k];
    const double *to = push;
    if (k + 1 < net->depth) {
      gather(t, k, push);
      to = t->push;
    }
    pdlt_gemm(0, 1, layer->out, layer->in, A, -layer->lambda_W / (double)layer->in, to, A,
              t->s[k - 1], D, 1.0, theta + layer->weight, layer->in);
    for (size_t i = 0; i < layer->out; i++)
      for (size_t a = 0; a < A; a++) theta[layer->bias + i] -= layer->lambda_b * to[i * A + a];
  }
  gather(t, 0, push);
  pdlt_gemm(0, 0, net->layer[0].out, D, A, -1.0, t->push, A, t->h[0], D, 1.0, z1, D);
}

void pdlt_tangent_negate(pdlt_tangent *t) {
  const size_t q = t->problem->outputs * t->problem->samples;
  for (size_t i = 0; i < q; i++) t->z[i] = -t->z[i];
  for (int k = 0; k + 1 < t->net->depth; k++)
    for (size_t i = 0; i < t->net->layer[k].out * q; i++) t->delta[k][i] = -t->delta[k][i];
}
