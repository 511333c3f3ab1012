/* preactivation.c - see preactivation.h: memory, the forward draw, K. */
#include "trainer/control/preactivation.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/random/rng.h"
#include "base/vector/linalg.h"
#include "base/vector/small.h"
#include "trainer/network/draws.h"

/* A row whose part outside the earlier ones is smaller than this adds only rounding. */
#define NO_DIRECTION 1e-13

void pdlt_orthonormal_rows(size_t count, size_t length, double *rows, double *factor,
                           double *scratch) {
  const pdlt_small_set *small = pdlt_small_best();
  memset(factor, 0, count * count * sizeof *factor);
  for (size_t a = 0; a < count; a++) {
    double *row = rows + a * length, *f = factor + a * count;
    const double before = sqrt(small->dot(length, row, row));
    for (int pass = 0; pass < 2 && a > 0; pass++) { /* the second removes the first's rounding */
      small->inner(1, a, length, row, length, rows, length, scratch, a);
      for (size_t r = 0; r < a; r++) {
        f[r] += scratch[r];
        scratch[r] = -scratch[r];
      }
      small->add_product(1, length, a, scratch, a, rows, length, row, length);
    }
    const double rest = sqrt(small->dot(length, row, row));
    f[a] = rest > NO_DIRECTION * before ? rest : 0;
    const double scale = f[a] > 0 ? 1 / f[a] : 0;
    for (size_t i = 0; i < length; i++) row[i] *= scale;
  }
}

/* --- memory --- */

/* `count` doubles from *next on; NULL in the pass that only counts. */
static double *take(const pdlt_preactivation *pre, size_t *next, size_t count) {
  double *view = pre->storage == NULL ? NULL : pre->storage + *next;
  *next += count;
  return view;
}

/* Random numbers of a draw: forward, and what the NTK needs besides. */
static size_t forward_normals(const pdlt_preactivation *pre) {
  size_t count = 0;
  for (int k = 0; k + 1 < pre->net->depth; k++)
    count += pre->net->layer[k].out * pre->data->samples;
  return count;
}

static size_t ntk_normals(const pdlt_preactivation *pre) {
  const pdlt_network *net = pre->net;
  const pdlt_layer *top = &net->layer[net->depth - 1];
  size_t count = top->out * (top->in + 1);
  for (int k = 0; k + 2 < net->depth; k++)
    count += (net->layer[k].out + 1) * top->out * pre->data->samples;
  return count;
}

/* What Theta and the NTK need. */
static void lend_backward(pdlt_preactivation *pre, size_t *next) {
  const size_t D = pre->data->samples, q = pre->data->outputs * D, P = pre->pairs;
  const size_t widest = pre->net->max_width;
  for (int k = 0; k < 3; k++) pre->feature[k] = take(pre, next, P * widest);
  for (int k = 0; k < 2; k++) {
    pre->overlap[k] = take(pre, next, P * P);
    pre->moment[k] = take(pre, next, P * D * D);
    pre->delta[k] = take(pre, next, q * widest);
  }
  pre->trace = take(pre, next, P);
  pre->mixed = take(pre, next, D * D * D);
  pre->rotated = take(pre, next, q * widest);
  pre->rest = take(pre, next, q * (widest + 1));
  pre->factor = take(pre, next, q * q);
  pre->product = take(pre, next, q * q);
}

/* Lends all views; returns the doubles that they need. */
static size_t lend_views(pdlt_preactivation *pre) {
  const pdlt_network *net = pre->net;
  const size_t D = pre->data->samples, q = pre->data->outputs * D;
  size_t next = 0;
  for (int k = 0; k < net->depth; k++) {
    const size_t n = net->layer[k].out;
    pre->gram[k] = take(pre, &next, D * D);
    if (k + 1 == net->depth) break;
    pre->s[k] = take(pre, &next, D * n);
    pre->ds[k] = take(pre, &next, D * n);
    pre->root[k] = take(pre, &next, D * D);
    pre->basis[k] = take(pre, &next, D * (n + 1));
  }
  pre->normal = take(pre, &next, forward_normals(pre) + pre->more);
  pre->coefficient = take(pre, &next, (pre->forward ? D : q) * D);
  if (!pre->forward) lend_backward(pre, &next);
  if (pre->storage == NULL) return next;
  pre->bias = pre->normal + forward_normals(pre) + pre->more - pre->data->outputs;
  double *normal = pre->normal;
  for (int k = 0; k + 1 < net->depth; k++) {
    pre->xi[k] = normal;
    normal += D * net->layer[k].out;
  }
  return next;
}

/* v_a (D, n + 1) of `layer` over the activations s (D, n) below it. */
static void scaled_inputs(const pdlt_layer *layer, size_t D, const double *s, double *v) {
  const size_t n = layer->in;
  const double scale = sqrt(pdlt_layer_variance(layer)), bias = sqrt(layer->C_b);
  for (size_t a = 0; a < D; a++) {
    for (size_t k = 0; k < n; k++) v[a * (n + 1) + k] = scale * s[a * n + k];
    v[a * (n + 1) + n] = bias;
  }
}

/* gram[0] and the root of layer 1, which no draw changes. */
static pdlt_status fill_inputs(pdlt_preactivation *pre, pdlt_error *err) {
  const size_t D = pre->data->samples, n0 = pre->data->inputs;
  double *x = NULL;
  const pdlt_status status = pdlt_alloc(&x, D * (2 * n0 + 1), sizeof *x, err);
  if (status != PDLT_OK) return status;
  for (size_t a = 0; a < D; a++)
    for (size_t j = 0; j < n0; j++) x[a * n0 + j] = pre->data->x_all[j * D + a];
  pdlt_syrk(1, D, n0, 1.0, pre->data->x_all, D, 0.0, pre->gram[0], D);
  scaled_inputs(&pre->net->layer[0], D, x, x + D * n0);
  pdlt_orthonormal_rows(D, n0 + 1, x + D * n0, pre->root[0], pre->coefficient);
  pdlt_free(x);
  return PDLT_OK;
}

static pdlt_status new_views(pdlt_preactivation *out, pdlt_preactivation pre, pdlt_error *err) {
  const size_t depth = (size_t)pre.net->depth;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&pre.xi, 6 * depth, sizeof *pre.xi, err));
  pre.s = pre.xi + depth;
  pre.ds = pre.s + depth;
  pre.root = pre.ds + depth;
  pre.basis = pre.root + depth;
  pre.gram = pre.basis + depth;
  PDLT_TRY(pdlt_alloc(&pre.storage, lend_views(&pre), sizeof *pre.storage, err));
  lend_views(&pre);
  PDLT_TRY(fill_inputs(&pre, err));
  *out = pre;
  return PDLT_OK;
cleanup:
  pdlt_preactivation_free(&pre);
  return status;
}

pdlt_status pdlt_preactivation_new(pdlt_preactivation *out, const pdlt_network *net,
                                   const pdlt_samples *data, pdlt_error *err) {
  pdlt_preactivation pre = {.net = net, .data = data};
  pre.pairs = data->samples * (data->samples + 1) / 2;
  pre.more = ntk_normals(&pre);
  return new_views(out, pre, err);
}

pdlt_status pdlt_preactivation_new_forward(pdlt_preactivation *out, const pdlt_network *net,
                                           const pdlt_samples *data, size_t more, pdlt_error *err) {
  pdlt_preactivation pre = {.net = net, .data = data, .forward = 1, .more = more};
  pre.pairs = data->samples * (data->samples + 1) / 2;
  return new_views(out, pre, err);
}

void pdlt_preactivation_free(pdlt_preactivation *pre) {
  pdlt_free(pre->storage);
  pdlt_free(pre->xi);
  *pre = (pdlt_preactivation){0};
}

/* --- the draw --- */

static void draw(pdlt_preactivation *pre, uint64_t seed, uint64_t member, size_t more) {
  const pdlt_network *net = pre->net;
  const size_t D = pre->data->samples;
  const pdlt_rng rng = {seed, net->width, member, PDLT_STREAM_PREACTIVATION};
  pdlt_rng_normal(&rng, forward_normals(pre) + more, pre->normal);
  for (int k = 0; k + 1 < net->depth; k++) {
    const size_t n = net->layer[k].out;
    double *z = pre->s[k];
    pdlt_small_best()->product(D, n, D, pre->root[k], D, pre->xi[k], n, z, n);
    pdlt_activation_forward(&net->activation, D * n, z, pre->s[k], pre->ds[k]);
    pdlt_small_best()->inner(D, D, n, pre->s[k], n, pre->s[k], n, pre->gram[k + 1], D);
    if (k + 2 == net->depth) return;
    scaled_inputs(&net->layer[k + 1], D, pre->s[k], pre->basis[k]);
    pdlt_orthonormal_rows(D, n + 1, pre->basis[k], pre->root[k + 1], pre->coefficient);
  }
}

void pdlt_preactivation_draw(pdlt_preactivation *pre, uint64_t seed, uint64_t member,
                             int with_ntk) {
  draw(pre, seed, member, with_ntk ? pre->more : 0);
}

void pdlt_preactivation_draw_forward(pdlt_preactivation *pre, uint64_t seed, uint64_t member) {
  draw(pre, seed, member, pre->more);
}

double *pdlt_preactivation_more(const pdlt_preactivation *pre) {
  return pre->normal + forward_normals(pre);
}

void pdlt_preactivation_kernel(const pdlt_preactivation *pre, int l, double *kernel) {
  const pdlt_layer *layer = &pre->net->layer[l - 1];
  const size_t D = pre->data->samples;
  const double scale = pdlt_layer_variance(layer);
  for (size_t a = 0; a < D; a++)
    for (size_t b = a; b < D; b++) *kernel++ = layer->C_b + scale * pre->gram[l - 1][a * D + b];
}
