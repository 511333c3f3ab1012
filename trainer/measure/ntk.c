/* ntk.c - see ntk.h. */
#include "trainer/measure/ntk.h"

#include <string.h>

#include "base/core/memory.h"
#include "base/random/rng.h"
#include "base/vector/linalg.h"
#include "trainer/network/draws.h"
#include "trainer/network/layer.h"

enum { JACOBIAN_DOUBLES = 1 << 16 }; /* half a MiB per buffer: two stay in L2 */

static size_t tile_rows(const pdlt_network *net, size_t samples) {
  const size_t rows = JACOBIAN_DOUBLES / (samples * net->max_width + 1);
  return rows < 1 ? 1 : rows > net->max_width ? net->max_width : rows;
}

static void lend_views(pdlt_ntk *ntk, size_t samples) {
  const pdlt_network *net = ntk->net;
  double *next = ntk->storage;
  for (int k = 0; k < net->depth; k++) {
    ntk->gram[k] = pdlt_take(&next, samples * samples);
    if (k + 1 == net->depth) break;
    ntk->s[k] = pdlt_take(&next, net->layer[k].out * samples);
    ntk->ds[k] = pdlt_take(&next, net->layer[k].out * samples);
    ntk->ds_t[k] = pdlt_take(&next, net->layer[k].out * samples);
  }
  ntk->product = pdlt_take(&next, samples * samples);
  ntk->jacobian[0] = pdlt_take(&next, samples * ntk->tile * net->max_width);
  ntk->jacobian[1] = pdlt_take(&next, samples * ntk->tile * net->max_width);
}

/* What layers with positions need. */
static pdlt_status new_positions(pdlt_ntk *ntk, pdlt_error *err) {
  const size_t D = ntk->data->samples, K = pdlt_layer_fan(&ntk->net->layer[ntk->net->depth - 1]);
  const size_t H = K < PDLT_NTK_HEADS ? K : PDLT_NTK_HEADS;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_positions_ntk_new(&ntk->positions, ntk->net, ntk->data, 1, err));
  PDLT_TRY(pdlt_alloc(&ntk->storage, 2 * D * D + H * K, sizeof *ntk->storage, err));
  double *next = ntk->storage;
  ntk->product = pdlt_take(&next, D * D);
  ntk->sum = pdlt_take(&next, D * D);
  ntk->heads = pdlt_take(&next, H * K);
  ntk->num_heads = H;
  for (size_t k = 0; k < H && H == K; k++) ntk->heads[k * K + k] = 1;
cleanup:
  return status;
}

pdlt_status pdlt_ntk_new(pdlt_ntk *out, const pdlt_network *net, const pdlt_samples *data,
                         pdlt_error *err) {
  const size_t samples = data->samples, depth = (size_t)net->depth;
  pdlt_ntk ntk = {.net = net, .data = data, .tile = tile_rows(net, samples)};
  size_t neurons = 0;
  for (size_t k = 0; k + 1 < depth; k++) neurons += net->layer[k].out;
  const size_t total = (depth + 1) * samples * samples + 3 * neurons * samples +
                       2 * samples * ntk.tile * net->max_width;
  pdlt_status status = PDLT_OK;
  if (net->has_positions) {
    PDLT_TRY(new_positions(&ntk, err));
    *out = ntk;
    return PDLT_OK;
  }
  PDLT_TRY(pdlt_alloc(&ntk.s, 4 * depth, sizeof *ntk.s, err));
  ntk.ds = ntk.s + depth;
  ntk.ds_t = ntk.ds + depth;
  ntk.gram = ntk.ds_t + depth;
  PDLT_TRY(pdlt_alloc(&ntk.storage, total, sizeof *ntk.storage, err));
  lend_views(&ntk, samples);
  pdlt_layer_gram(&net->layer[0], PDLT_BY_NEURON, samples, data->x_all, ntk.gram[0]);
  *out = ntk;
  return PDLT_OK;
cleanup:
  pdlt_ntk_free(&ntk);
  return status;
}

void pdlt_ntk_free(pdlt_ntk *ntk) {
  pdlt_positions_ntk_free(&ntk->positions);
  pdlt_free(ntk->storage);
  pdlt_free(ntk->s);
  *ntk = (pdlt_ntk){0};
}

void pdlt_ntk_forward(pdlt_ntk *ntk, const double *theta) {
  const pdlt_network *net = ntk->net;
  const size_t samples = ntk->data->samples;
  const double *below = ntk->data->x_all;
  if (net->has_positions) {
    pdlt_positions_ntk_forward(&ntk->positions, theta);
    pdlt_layer_gram(&net->layer[net->depth - 1], PDLT_BY_SAMPLE, samples, ntk->positions.top,
                    ntk->product);
    return;
  }
  for (int k = 0; k + 1 < net->depth; k++) {
    const pdlt_layer *layer = &net->layer[k];
    double *s = ntk->s[k], *ds = ntk->ds[k], *z = ntk->jacobian[k % 2];
    pdlt_layer_forward(layer, theta, PDLT_BY_NEURON, samples, below, z);
    pdlt_layer_add_skip(layer, samples, ntk->jacobian[(k + 1) % 2], z);
    pdlt_activation_forward(&net->activation, layer->out * samples, z, s, ds);
    for (size_t i = 0; i < layer->out; i++)
      for (size_t a = 0; a < samples; a++) ntk->ds_t[k][a * layer->out + i] = ds[i * samples + a];
    pdlt_layer_gram(layer + 1, PDLT_BY_NEURON, samples, s, ntk->gram[k + 1]);
    below = s;
  }
}

void pdlt_ntk_kernel(const pdlt_ntk *ntk, int l, double *kernel) {
  const size_t samples = ntk->data->samples;
  const double *gram = ntk->net->has_positions ? ntk->product : ntk->gram[l - 1];
  pdlt_layer_kernel(&ntk->net->layer[l - 1], samples * samples, gram, kernel);
}

/* out += factor g^(l') h^(l'), entry by entry; k = l' - 1. */
static void add_layer(const pdlt_ntk *ntk, int k, double factor, const double *g, double *out) {
  const pdlt_layer *layer = &ntk->net->layer[k];
  const size_t count = ntk->data->samples * ntk->data->samples;
  const double scale = pdlt_layer_rate(layer), *gram = ntk->gram[k];
  for (size_t i = 0; i < count; i++) out[i] += factor * g[i] * (layer->lambda_b + scale * gram[i]);
}

/* jac (D, rows, n) *= sigma'^(k+1) of the last index. */
static void times_slope(const pdlt_ntk *ntk, int k, size_t rows, double *jac) {
  const size_t n = ntk->net->layer[k].out;
  for (size_t a = 0; a < ntk->data->samples; a++)
    for (size_t r = 0; r < rows; r++)
      for (size_t i = 0; i < n; i++) jac[(a * rows + r) * n + i] *= ntk->ds_t[k][a * n + i];
}

/* jac (D, rows, n) += gamma J of layer m, whose neuron first + r is row r. */
static void add_own_skip(const pdlt_ntk *ntk, int m, size_t first, size_t rows, double *jac) {
  const pdlt_layer *top = &ntk->net->layer[m];
  for (size_t a = 0; a < ntk->data->samples && top->skip != 0; a++)
    for (size_t r = 0; r < rows; r++)
      jac[(a * rows + r) * top->out + first + r] +=
          top->skip * ntk->ds_t[m][a * top->out + first + r];
}

/* Adds the layers below the top hidden layer (index m) for its neurons
 * first .. first + rows - 1: J of layer m is diagonal, so J of layer m - 1 is
 * sigma'_j W_ji sigma'_i, and further down J <- (J W) sigma', and gamma J with a skip. */
static void add_tile(pdlt_ntk *ntk, const double *theta, int m, size_t first, size_t rows,
                     double factor, double *out) {
  const pdlt_network *net = ntk->net;
  const size_t samples = ntk->data->samples;
  const pdlt_layer *top = &net->layer[m];
  double *jac = ntk->jacobian[0], *next = ntk->jacobian[1];
  for (size_t a = 0; a < samples; a++)
    for (size_t r = 0; r < rows; r++) {
      const double slope = ntk->ds_t[m][a * top->out + first + r];
      const double *weight = pdlt_layer_pull_back_unit(top, theta, first + r);
      for (size_t i = 0; i < top->in; i++) jac[(a * rows + r) * top->in + i] = slope * weight[i];
    }
  for (int k = m - 1; k >= 0; k--) {
    const pdlt_layer *layer = &net->layer[k];
    times_slope(ntk, k, rows, jac);
    if (k + 1 == m)
      add_own_skip(ntk, m, first, rows, jac);
    else
      pdlt_layer_add_skip(layer + 1, samples * rows, next, jac);
    pdlt_syrk(0, samples, rows * layer->out, 1.0, jac, rows * layer->out, 0.0, ntk->product,
              samples);
    add_layer(ntk, k, factor, ntk->product, out);
    if (k == 0) break;
    pdlt_layer_pull_back(layer, theta, PDLT_BY_SAMPLE, samples * rows, jac, next);
    double *swap = jac;
    jac = next;
    next = swap;
  }
}

void pdlt_ntk_draw(pdlt_ntk *ntk, uint64_t seed, uint64_t member) {
  const pdlt_network *net = ntk->net;
  const uint64_t L = (uint64_t)net->depth;
  const size_t K = pdlt_layer_fan(&net->layer[net->depth - 1]), numbers = ntk->num_heads * K;
  const pdlt_rng rng = {seed, net->width, member, PDLT_STREAM_PROBE_WEIGHT + L};
  if (ntk->num_heads == K) return; /* exact, or no positions */
  if (!net->has_positions) return;
  pdlt_rng_uniform(&rng, PDLT_PROBE_NTK * K, numbers, ntk->heads);
  for (size_t i = 0; i < numbers; i++) ntk->heads[i] = ntk->heads[i] < 0.5 ? -1 : 1;
}

/* Theta of the readout by heads: sum_kk' w_k w_k' X_kk', whose mean over signs w is sum_k X_kk. */
static void theta_by_heads(pdlt_ntk *ntk, const double *theta, double *out) {
  const pdlt_layer *top = &ntk->net->layer[ntk->net->depth - 1];
  const size_t D = ntk->data->samples, K = pdlt_layer_fan(top);
  const double mean = ntk->num_heads == K ? 1 : 1 / (double)ntk->num_heads;
  memset(ntk->sum, 0, D * D * sizeof *ntk->sum);
  for (size_t h = 0; h < ntk->num_heads; h++) {
    pdlt_positions_ntk_head(&ntk->positions, ntk->heads + h * K);
    pdlt_positions_ntk_add(&ntk->positions, theta, ntk->sum);
  }
  pdlt_layer_ntk(top, D * D, ntk->product, out);
  for (size_t i = 0; i < D * D; i++) out[i] += mean * pdlt_layer_variance(top) * ntk->sum[i];
}

void pdlt_ntk_theta(pdlt_ntk *ntk, const double *theta, int l, double *out) {
  if (ntk->net->has_positions) {
    theta_by_heads(ntk, theta, out);
    return;
  }
  const pdlt_layer *top = &ntk->net->layer[l - 1];
  const size_t samples = ntk->data->samples;
  const double factor = pdlt_layer_variance(top);
  pdlt_layer_ntk(top, samples * samples, ntk->gram[l - 1], out);
  const int m = l - 2; /* index of the layer below the top one */
  if (m < 0) return;
  const size_t n = ntk->net->layer[m].out;
  pdlt_syrk(1, samples, n, 1.0, ntk->ds[m], samples, 0.0, ntk->product, samples);
  add_layer(ntk, m, factor, ntk->product, out);
  if (m == 0) return;
  for (size_t first = 0; first < n; first += ntk->tile)
    add_tile(ntk, theta, m, first, n - first < ntk->tile ? n - first : ntk->tile, factor, out);
}
