/* positions_ntk.c - see positions_ntk.h. */
#include "trainer/measure/positions_ntk.h"

#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "trainer/network/layer.h"

enum { GRADIENT_DOUBLES = 1 << 17 }; /* 1 MiB: stays in L2 */

static size_t larger(size_t x, size_t y) { return x > y ? x : y; }

/* The largest size over the layers below the readout. */
typedef struct sizes {
  size_t fan, out, seen, rows;
} sizes;

static sizes sizes_of(const pdlt_network *net) {
  sizes x = {0, 0, 0, 0};
  for (int k = 0; k + 1 < net->depth; k++) {
    const pdlt_layer *layer = &net->layer[k];
    x.fan = larger(x.fan, pdlt_layer_fan(layer));
    x.out = larger(x.out, layer->out);
    x.seen = larger(x.seen, pdlt_layer_here(layer) * pdlt_layer_fan(layer));
    x.rows = larger(x.rows, pdlt_layer_units(layer));
  }
  return x;
}

/* x (P, D, n) from in (n, P, D). */
static void by_sample(size_t n, size_t slots, const double *in, double *x) {
  for (size_t i = 0; i < n; i++)
    for (size_t a = 0; a < slots; a++) x[a * n + i] = in[i * slots + a];
}

/* Lends views of ntk->storage, or only counts when it is NULL. Returns the length. */
static size_t lend(pdlt_positions_ntk *ntk) {
  const pdlt_network *net = ntk->net;
  const size_t D = ntk->samples, R = ntk->heads * D;
  const sizes most = sizes_of(net);
  double *next = ntk->storage;
  size_t used = 0;
#define LEND(view, count)                   \
  do {                                      \
    if (next != NULL) (view) = next + used; \
    used += (count);                        \
  } while (0)
  LEND(ntk->x, pdlt_layer_units_below(&net->layer[0]) * D);
  for (int k = 0; k + 1 < net->depth; k++) {
    LEND(ntk->s[k], pdlt_layer_units(&net->layer[k]) * D);
    LEND(ntk->ds[k], pdlt_layer_units(&net->layer[k]) * D);
  }
  LEND(ntk->top, pdlt_layer_fan(&net->layer[net->depth - 1]) * D);
  LEND(ntk->seen, most.seen * D);
  LEND(ntk->delta, most.rows * R);
  LEND(ntk->below, most.rows * R);
  LEND(ntk->gradient, R * ntk->tile * most.fan);
  LEND(ntk->sums, R * larger(most.out, net->layer[net->depth - 1].out));
  LEND(ntk->gram, R * R);
  LEND(ntk->h, D * D);
#undef LEND
  ntk->start = ntk->delta;
  return used;
}

pdlt_status pdlt_positions_ntk_new(pdlt_positions_ntk *out, const pdlt_network *net,
                                   const pdlt_samples *data, size_t heads, pdlt_error *err) {
  const size_t D = data->samples, depth = (size_t)net->depth;
  const sizes most = sizes_of(net);
  const size_t tile = GRADIENT_DOUBLES / (heads * D * most.fan + 1);
  const pdlt_layer *first = &net->layer[0];
  pdlt_positions_ntk ntk = {.net = net, .samples = D, .heads = heads};
  ntk.tile = tile < 1 ? 1 : tile > most.out ? most.out : tile;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&ntk.s, 2 * depth, sizeof *ntk.s, err));
  ntk.ds = ntk.s + depth;
  PDLT_TRY(pdlt_alloc(&ntk.storage, lend(&ntk), sizeof *ntk.storage, err));
  lend(&ntk);
  by_sample(first->in, pdlt_layer_below(first) * D, data->x_all, ntk.x);
  *out = ntk;
  return PDLT_OK;
cleanup:
  pdlt_positions_ntk_free(&ntk);
  return status;
}

void pdlt_positions_ntk_free(pdlt_positions_ntk *ntk) {
  pdlt_free(ntk->storage);
  pdlt_free(ntk->s);
  *ntk = (pdlt_positions_ntk){.net = NULL};
}

void pdlt_positions_ntk_forward(pdlt_positions_ntk *ntk, const double *theta) {
  const pdlt_network *net = ntk->net;
  const size_t D = ntk->samples;
  const double *below = ntk->x;
  double *z = ntk->delta, *before = ntk->below; /* of this layer and the one below */
  for (int k = 0; k + 1 < net->depth; k++) {
    const pdlt_layer *layer = &net->layer[k];
    pdlt_layer_forward(layer, theta, PDLT_BY_SAMPLE, D, below, z);
    pdlt_layer_add_skip(layer, D, before, z);
    pdlt_activation_forward(&net->activation, pdlt_layer_units(layer) * D, z, ntk->s[k],
                            ntk->ds[k]);
    below = ntk->s[k];
    double *swap = before;
    before = z;
    z = swap;
  }
  pdlt_layer_gather(&net->layer[net->depth - 1], PDLT_BY_SAMPLE, D, below, ntk->top);
}

/* --- one layer --- */

/* delta (P, R, n) *= sigma' of each row's sample. */
static void times_slope(const pdlt_positions_ntk *ntk, int k, double *delta) {
  const pdlt_layer *layer = &ntk->net->layer[k];
  const size_t D = ntk->samples, R = ntk->heads * D, n = layer->out;
  for (size_t p = 0; p < pdlt_layer_here(layer); p++)
    for (size_t r = 0; r < R; r++)
      for (size_t i = 0; i < n; i++)
        delta[(p * R + r) * n + i] *= ntk->ds[k][(p * D + r % D) * n + i];
}

/* One position: out_rr' += h_ab delta_r.delta_r', a and b the samples of r and r'. */
static void add_by_gram(pdlt_positions_ntk *ntk, const pdlt_layer *layer, const double *delta,
                        double *out) {
  const size_t D = ntk->samples, R = ntk->heads * D;
  pdlt_layer_ntk_of(layer, PDLT_BY_SAMPLE, D, ntk->seen, ntk->h);
  pdlt_syrk(0, R, layer->out, 1.0, delta, layer->out, 0.0, ntk->gram, R);
  for (size_t r = 0; r < R; r++)
    for (size_t q = 0; q < R; q++)
      out[r * R + q] += ntk->h[r % D * D + q % D] * ntk->gram[r * R + q];
}

/* Several: gradients of the weights of `tile` channels at a time, then of the biases. */
static void add_by_gradients(pdlt_positions_ntk *ntk, const pdlt_layer *layer, const double *delta,
                             double *out) {
  const size_t D = ntk->samples, R = ntk->heads * D, n = layer->out;
  const size_t fan = pdlt_layer_fan(layer), here = pdlt_layer_here(layer);
  for (size_t first = 0; first < n; first += ntk->tile) {
    const size_t rows = n - first < ntk->tile ? n - first : ntk->tile;
    for (size_t r = 0; r < R; r++)
      pdlt_gemm(1, 0, rows, fan, here, 1.0, delta + r * n + first, R * n, ntk->seen + r % D * fan,
                D * fan, 0.0, ntk->gradient + r * rows * fan, fan);
    pdlt_syrk(0, R, rows * fan, pdlt_layer_rate(layer), ntk->gradient, rows * fan, 1.0, out, R);
  }
  if (layer->lambda_b == 0) return;
  memset(ntk->sums, 0, R * n * sizeof *ntk->sums);
  for (size_t p = 0; p < here; p++)
    for (size_t i = 0; i < R * n; i++) ntk->sums[i] += delta[p * R * n + i];
  pdlt_syrk(0, R, n, layer->lambda_b, ntk->sums, n, 1.0, out, R);
}

void pdlt_positions_ntk_add(pdlt_positions_ntk *ntk, const double *theta, double *out) {
  const pdlt_network *net = ntk->net;
  const size_t R = ntk->heads * ntk->samples;
  double *delta = ntk->delta, *below = ntk->below;
  for (int k = net->depth - 2; k >= 0; k--) {
    const pdlt_layer *layer = &net->layer[k];
    times_slope(ntk, k, delta);
    pdlt_layer_add_skip(layer + 1, R, below, delta);
    pdlt_layer_gather(layer, PDLT_BY_SAMPLE, ntk->samples, k == 0 ? ntk->x : ntk->s[k - 1],
                      ntk->seen);
    if (pdlt_layer_here(layer) == 1)
      add_by_gram(ntk, layer, delta, out);
    else
      add_by_gradients(ntk, layer, delta, out);
    if (k == 0) break;
    pdlt_layer_pull_back(layer, theta, PDLT_BY_SAMPLE, R, delta, below);
    double *swap = delta;
    delta = below;
    below = swap;
  }
}

void pdlt_positions_ntk_head(pdlt_positions_ntk *ntk, const double *w) {
  const pdlt_layer *top = &ntk->net->layer[ntk->net->depth - 1];
  const size_t D = ntk->samples, n = top->in, K = pdlt_layer_fan(top);
  const size_t size = pdlt_layer_below(top) / pdlt_layer_windows(top);
  for (size_t k = 0; k < K; k++)
    for (size_t m = 0; m < size; m++) {
      const size_t window = pdlt_layer_reads(top, k / n, 0);
      const size_t q = size == 1 ? window : pdlt_layer_pooled(top, window, m);
      for (size_t a = 0; a < D; a++) ntk->start[(q * D + a) * n + k % n] = w[k] / (double)size;
    }
}

void pdlt_positions_ntk_outputs(pdlt_positions_ntk *ntk, const double *theta, double *out) {
  const pdlt_layer *top = &ntk->net->layer[ntk->net->depth - 1];
  const size_t D = ntk->samples, R = ntk->heads * D, n_L = top->out;
  memset(ntk->sums, 0, R * n_L * sizeof *ntk->sums);
  for (size_t r = 0; r < R; r++) ntk->sums[r * n_L + r / D] = 1;
  pdlt_layer_pull_back(top, theta, PDLT_BY_SAMPLE, R, ntk->sums, ntk->start);
  pdlt_layer_ntk_of(top, PDLT_BY_SAMPLE, D, ntk->top, ntk->h);
  for (size_t r = 0; r < R; r++)
    for (size_t q = 0; q < R; q++) out[r * R + q] = r / D == q / D ? ntk->h[r % D * D + q % D] : 0;
  pdlt_positions_ntk_add(ntk, theta, out);
}
