/* tangent.c - see tangent.h. */
#include "trainer/tangent.h"

#include <string.h>

#include "base/linalg.h"
#include "base/memory.h"
#include "base/small.h"
#include "trainer/rows.h"

/* h of layer index k, from what is below it: (D, n_{l-1}), of the first layer (n_0, D). */
static void fill_h(pdlt_tangent *t, int k, const double *below) {
  const pdlt_layer *layer = &t->net->layer[k];
  const size_t D = t->problem->samples;
  pdlt_syrk(k == 0, D, layer->in, layer->lambda_W / (double)layer->in, below,
            k == 0 ? D : layer->in, 0.0, t->h[k], D);
  for (size_t i = 0; i < D * D; i++) t->h[k][i] += layer->lambda_b;
}

/* --- memory --- */

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
  t.gram = pdlt_take(&next, q * q);
  t.ntk = pdlt_take(&next, q * q);
  t.z = pdlt_take(&next, q);
  t.push = pdlt_take(&next, net->max_width * problem->train);
  for (size_t k = 0; k < depth; k++) t.h[k] = pdlt_take(&next, D * D);
  for (size_t k = 0; k + 1 < depth; k++) {
    t.s[k] = pdlt_take(&next, net->layer[k].out * D);
    t.ds[k] = pdlt_take(&next, net->layer[k].out * D);
    t.delta[k] = pdlt_take(&next, net->layer[k].out * q);
  }
  fill_h(&t, 0, problem->x_all);
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

/* Weights that a cache holds: base/small.h is faster than BLAS, whatever the number of rows. */
enum { SMALL = 1 << 15 };
/* Up to so many samples a product with W^T is made of sums over rows of W. */
enum { FEW = 6 };

/* z (D, n_l) = b + below W^T. */
static void affine(const pdlt_layer *layer, size_t D, const double *theta, const double *below,
                   double *z) {
  const size_t out = layer->out, in = layer->in;
  const double *bias = theta + layer->bias, *weight = theta + layer->weight;
  const pdlt_small_set *small = pdlt_small_best();
  if (D <= FEW) {
    for (size_t i = 0; i < out; i++)
      for (size_t a = 0; a < D; a++)
        z[a * out + i] = bias[i] + small->dot(in, weight + i * in, below + a * in);
    return;
  }
  for (size_t a = 0; a < D; a++) memcpy(z + a * out, bias, out * sizeof *z);
  pdlt_gemm(0, 1, D, out, in, 1.0, below, in, weight, in, 1.0, z, out);
}

void pdlt_tangent_first(const pdlt_tangent *t, const double *theta, double *z1) {
  const pdlt_layer *layer = &t->net->layer[0];
  const size_t D = t->problem->samples, out = layer->out;
  for (size_t a = 0; a < D; a++) memcpy(z1 + a * out, theta + layer->bias, out * sizeof *z1);
  pdlt_gemm(1, 1, D, out, layer->in, 1.0, t->problem->x_all, D, theta + layer->weight, layer->in,
            1.0, z1, out);
}

static void forward(pdlt_tangent *t, const double *theta, const double *z1) {
  const pdlt_network *net = t->net;
  const pdlt_layer *last = &net->layer[net->depth - 1];
  const size_t D = t->problem->samples;
  const double *below = NULL;
  for (int k = 0; k + 1 < net->depth; k++) {
    double *s = t->s[k];
    if (k == 0) {
      memcpy(s, z1, net->layer[0].out * D * sizeof *s);
    } else {
      fill_h(t, k, below);
      affine(&net->layer[k], D, theta, below, s);
    }
    pdlt_activation_forward(&net->activation, net->layer[k].out * D, s, s, t->ds[k]);
    below = s;
  }
  fill_h(t, net->depth - 1, below);
  for (size_t i = 0; i < last->out; i++)
    for (size_t a = 0; a < D; a++)
      t->z[i * D + a] = theta[last->bias + i] +
                        pdlt_small_best()->dot(last->in, theta + last->weight + i * last->in,
                                               below + a * last->in);
}

/* delta of layer index k from those of layer k + 1. */
static void descend(pdlt_tangent *t, int k, const double *theta) {
  const pdlt_layer *above = &t->net->layer[k + 1];
  const size_t D = t->problem->samples, q = t->problem->outputs * D, n = above->in;
  const double *weight = theta + above->weight;
  double *delta = t->delta[k];
  if (k + 2 == t->net->depth)
    for (size_t r = 0; r < q; r++) memcpy(delta + r * n, weight + r / D * n, n * sizeof *delta);
  else if (above->out * n <= SMALL)
    pdlt_small_best()->product(q, n, above->out, t->delta[k + 1], above->out, weight, n, delta, n);
  else
    pdlt_gemm(0, 0, q, n, above->out, 1.0, t->delta[k + 1], above->out, weight, n, 0.0, delta, n);
  for (size_t r = 0; r < q; r++)
    for (size_t m = 0; m < n; m++) delta[r * n + m] *= t->ds[k][r % D * n + m];
}

void pdlt_tangent_at(pdlt_tangent *t, const double *theta, const double *z1) {
  const size_t D = t->problem->samples, q = t->problem->outputs * D;
  const int top = t->net->depth - 1;
  forward(t, theta, z1);
  for (size_t i = 0; i < q; i++)
    for (size_t j = 0; j < q; j++)
      t->ntk[i * q + j] = i / D == j / D ? t->h[top][i % D * D + j % D] : 0;
  for (int k = top - 1; k >= 0; k--) {
    const size_t n = t->net->layer[k].out;
    descend(t, k, theta);
    pdlt_syrk(0, q, n, 1.0, t->delta[k], n, 0.0, t->gram, q);
    for (size_t i = 0; i < q; i++)
      for (size_t j = 0; j < q; j++)
        t->ntk[i * q + j] += t->h[k][i % D * D + j % D] * t->gram[i * q + j];
  }
}

/* --- moves --- */

/* push (N_A, n_l) = sum_i delta^(l)_ia push_ia; of the last layer push itself. */
static void gather(pdlt_tangent *t, int k, const double *push) {
  const size_t D = t->problem->samples, A = t->problem->train, n_L = t->problem->outputs;
  const size_t n = t->net->layer[k].out;
  memset(t->push, 0, A * n * sizeof *t->push);
  for (size_t i = 0; i < n_L; i++)
    for (size_t a = 0; a < A; a++) {
      if (k + 1 == t->net->depth)
        t->push[a * n + i] = push[i * A + a];
      else
        pdlt_row_add(n, push[i * A + a], t->delta[k] + (i * D + a) * n, t->push + a * n);
    }
}

void pdlt_tangent_move(pdlt_tangent *t, const double *push, double *theta, double *z1) {
  const pdlt_network *net = t->net;
  const size_t D = t->problem->samples, A = t->problem->train, n_1 = net->layer[0].out;
  for (int k = net->depth - 1; k > 0; k--) {
    const pdlt_layer *layer = &net->layer[k];
    gather(t, k, push);
    pdlt_gemm(1, 0, layer->out, layer->in, A, -layer->lambda_W / (double)layer->in, t->push,
              layer->out, t->s[k - 1], layer->in, 1.0, theta + layer->weight, layer->in);
    for (size_t a = 0; a < A; a++)
      pdlt_row_add(layer->out, -layer->lambda_b, t->push + a * layer->out, theta + layer->bias);
  }
  gather(t, 0, push);
  pdlt_gemm(0, 0, D, n_1, A, -1.0, t->h[0], D, t->push, n_1, 1.0, z1, n_1);
}

void pdlt_tangent_negate(pdlt_tangent *t) {
  const size_t q = t->problem->outputs * t->problem->samples;
  for (size_t i = 0; i < q; i++) t->z[i] = -t->z[i];
  for (int k = 0; k + 1 < t->net->depth; k++)
    for (size_t i = 0; i < t->net->layer[k].out * q; i++) t->delta[k][i] = -t->delta[k][i];
}
