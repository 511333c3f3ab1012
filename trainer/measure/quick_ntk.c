/* quick_ntk.c - see quick_ntk.h. */
#include "trainer/measure/quick_ntk.h"

#include "base/activation/forward.h"
#include "base/core/memory.h"
#include "base/vector/small.h"
#include "trainer/network/layer.h"

/* A layer's weights, deltas and activations of this many numbers in all stay in the second-level cache. */
enum { IN_CACHE = 1 << 17 };

int pdlt_quick_ntk_suits(const pdlt_network *net, const pdlt_samples *data) {
  const size_t n = net->max_width, p = data->outputs * data->samples;
  return !net->has_positions && n * n + 2 * n * p + p * p <= IN_CACHE;
}

/* h (D, D) = lambda_b + lambda_W/n s_a.s_b of activations s (D, n). */
static void find_h(const pdlt_layer *layer, size_t D, const double *s, double *h) {
  const size_t n = layer->in;
  pdlt_small_best()->inner(D, D, n, s, n, s, n, h, D);
  pdlt_layer_ntk(layer, D * D, h, h);
}

pdlt_status pdlt_quick_ntk_new(pdlt_quick_ntk *out, const pdlt_network *net,
                               const pdlt_samples *data, pdlt_error *err) {
  const size_t D = data->samples, p = data->outputs * D, depth = (size_t)net->depth;
  const size_t inputs = data->inputs;
  pdlt_quick_ntk ntk = {.net = net, .data = data};
  pdlt_status status = PDLT_OK;
  size_t total = p * p + 2 * net->max_width * (p + D) + depth * D * D + inputs * D;
  for (size_t k = 0; k + 1 < depth; k++) total += 2 * net->layer[k].out * D;
  PDLT_TRY(pdlt_alloc(&ntk.s, 3 * depth, sizeof *ntk.s, err));
  PDLT_TRY(pdlt_alloc(&ntk.storage, total, sizeof *ntk.storage, err));
  ntk.ds = ntk.s + depth;
  ntk.h = ntk.ds + depth;
  double *next = ntk.storage;
  ntk.gram = pdlt_take(&next, p * p);
  for (int i = 0; i < 2; i++) ntk.delta[i] = pdlt_take(&next, net->max_width * p);
  for (int i = 0; i < 2; i++) ntk.z[i] = pdlt_take(&next, net->max_width * D);
  ntk.s[0] = pdlt_take(&next, inputs * D);
  for (size_t k = 0; k < depth; k++) {
    ntk.h[k] = pdlt_take(&next, D * D);
    if (k + 1 == depth) break;
    ntk.s[k + 1] = pdlt_take(&next, net->layer[k].out * D);
    ntk.ds[k] = pdlt_take(&next, net->layer[k].out * D);
  }
  for (size_t a = 0; a < D; a++)
    for (size_t i = 0; i < inputs; i++) ntk.s[0][a * inputs + i] = data->x_all[i * D + a];
  find_h(&net->layer[0], D, ntk.s[0], ntk.h[0]);
  *out = ntk;
  return PDLT_OK;
cleanup:
  pdlt_quick_ntk_free(&ntk);
  return status;
}

void pdlt_quick_ntk_free(pdlt_quick_ntk *ntk) {
  pdlt_free(ntk->storage);
  pdlt_free(ntk->s);
  *ntk = (pdlt_quick_ntk){0};
}

/* s and ds of all hidden layers, and h. */
static void forward(pdlt_quick_ntk *ntk, const double *theta) {
  const pdlt_network *net = ntk->net;
  const size_t D = ntk->data->samples;
  for (int k = 0; k + 1 < net->depth; k++) {
    const pdlt_layer *layer = &net->layer[k];
    const size_t n = layer->out, in = layer->in;
    double *z = ntk->z[k % 2];
    pdlt_small_best()->inner(D, n, in, ntk->s[k], in, theta + layer->weight, in, z, n);
    for (size_t a = 0; a < D && layer->has_bias; a++)
      for (size_t i = 0; i < n; i++) z[a * n + i] += theta[layer->bias + i];
    pdlt_layer_add_skip(layer, D, ntk->z[(k + 1) % 2], z);
    pdlt_activation_forward(&net->activation, D * n, z, ntk->s[k + 1], ntk->ds[k]);
    find_h(&net->layer[k + 1], D, ntk->s[k + 1], ntk->h[k + 1]);
  }
}

/* delta (p, n) *= sigma' (D, n) of its sample, every output. */
static void times_slope(size_t outputs, size_t size, const double *ds, double *delta) {
  for (size_t i = 0; i < outputs; i++)
    pdlt_small_best()->multiply(size, ds, delta + i * size, delta + i * size);
}

/* out (p, p) += h_ab <delta_ia, delta_jb>, delta (p, n). */
static void add_layer(pdlt_quick_ntk *ntk, size_t n, const double *h, const double *delta,
                      double *out) {
  const size_t D = ntk->data->samples, n_L = ntk->data->outputs, p = n_L * D;
  pdlt_small_best()->inner(p, p, n, delta, n, delta, n, ntk->gram, p);
  for (size_t ia = 0; ia < p; ia++)
    for (size_t j = 0; j < n_L; j++)
      for (size_t b = 0; b < D; b++)
        out[ia * p + j * D + b] += h[ia % D * D + b] * ntk->gram[ia * p + j * D + b];
}

/* out from s, ds and h. */
static void backward(pdlt_quick_ntk *ntk, const double *theta, double *out) {
  const pdlt_network *net = ntk->net;
  const size_t D = ntk->data->samples, n_L = ntk->data->outputs, p = n_L * D;
  double *delta = ntk->delta[0], *next = ntk->delta[1];
  for (size_t ia = 0; ia < p; ia++)
    for (size_t jb = 0; jb < p; jb++)
      out[ia * p + jb] = ia / D == jb / D ? ntk->h[net->depth - 1][ia % D * D + jb % D] : 0;
  for (int k = net->depth - 2; k >= 0; k--) {
    const pdlt_layer *above = &net->layer[k + 1];
    const size_t n = above->in;
    const double *weight = theta + above->weight;
    if (k + 2 == net->depth)
      for (size_t ia = 0; ia < p; ia++)
        for (size_t m = 0; m < n; m++) next[ia * n + m] = weight[ia / D * n + m];
    else
      pdlt_small_best()->product(p, n, above->out, delta, above->out, weight, n, next, n);
    times_slope(n_L, D * n, ntk->ds[k], next);
    pdlt_layer_add_skip(above, p, delta, next);
    double *swap = delta;
    delta = next;
    next = swap;
    add_layer(ntk, n, ntk->h[k], delta, out);
  }
}

void pdlt_quick_ntk_of(pdlt_quick_ntk *ntk, const double *theta, double *out) {
  forward(ntk, theta);
  backward(ntk, theta, out);
}
