/* positions_fluctuation.c - see positions_fluctuation.h. */
#include "trainer/measure/positions_fluctuation.h"

#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "trainer/network/layer.h"

static const pdlt_layer *readout(const pdlt_positions_fluctuation *f) {
  return &f->ntk.net->layer[f->ntk.net->depth - 1];
}

pdlt_status pdlt_positions_fluctuation_new(pdlt_positions_fluctuation *out, const pdlt_network *net,
                                           const pdlt_samples *data, pdlt_error *err) {
  pdlt_positions_fluctuation f = {.x = NULL};
  const size_t S = data->samples, K = pdlt_layer_fan(&net->layer[net->depth - 1]);
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_positions_ntk_new(&f.ntk, net, data, K, err));
  PDLT_TRY(pdlt_alloc(&f.storage, S * S * (K * K + K + S * S), sizeof *f.storage, err));
  double *next = f.storage;
  f.x = pdlt_take(&next, S * S * K * K);
  f.tile = pdlt_take(&next, S * S * K);
  f.gram = pdlt_take(&next, S * S * S * S);
  *out = f;
  return PDLT_OK;
cleanup:
  pdlt_positions_fluctuation_free(&f);
  return status;
}

void pdlt_positions_fluctuation_free(pdlt_positions_fluctuation *f) {
  pdlt_positions_ntk_free(&f->ntk);
  pdlt_free(f->storage);
  *f = (pdlt_positions_fluctuation){.x = NULL};
}

/* start = derivatives of what weight k = (t, j) sees in the activations of its window. */
static void fill_start(pdlt_positions_fluctuation *f) {
  const pdlt_layer *top = readout(f);
  const size_t S = f->ntk.samples, n = top->in, K = f->ntk.heads, R = K * S;
  const size_t size = pdlt_layer_below(top) / pdlt_layer_windows(top);
  memset(f->ntk.start, 0, pdlt_layer_below(top) * R * n * sizeof *f->ntk.start);
  for (size_t k = 0; k < K; k++)
    for (size_t m = 0; m < size; m++) {
      const size_t window = pdlt_layer_reads(top, k / n, 0);
      const size_t q = size == 1 ? window : pdlt_layer_pooled(top, window, m);
      for (size_t a = 0; a < S; a++)
        f->ntk.start[(q * R + k * S + a) * n + k % n] = 1 / (double)size;
    }
}

void pdlt_positions_fluctuation_forward(pdlt_positions_fluctuation *f, const double *theta) {
  const size_t R = f->ntk.heads * f->ntk.samples;
  pdlt_positions_ntk_forward(&f->ntk, theta);
  fill_start(f);
  memset(f->x, 0, R * R * sizeof *f->x);
  pdlt_positions_ntk_add(&f->ntk, theta, f->x);
}

/* n (C_W/K)^2 */
static double prefactor(const pdlt_positions_fluctuation *f) {
  const double variance = pdlt_layer_variance(readout(f));
  return variance * variance * (double)readout(f)->in;
}

void pdlt_positions_fluctuation_cross(pdlt_positions_fluctuation *f, double *out) {
  const size_t S = f->ntk.samples, K = f->ntk.heads, R = K * S;
  const double factor = prefactor(f);
  for (size_t b = 0; b < S; b++) {
    /* tile (a; k', d) = sum_k s_ka X_kk';bd */
    pdlt_gemm(0, 0, S, R, K, 1.0, f->ntk.top, K, f->x + b * R, S * R, 0.0, f->tile, R);
    for (size_t a = 0; a < S; a++)
      pdlt_gemm(0, 0, S, S, K, factor, f->ntk.top, K, f->tile + a * R, S, 0.0,
                out + (a * S + b) * S * S, S);
  }
}

void pdlt_positions_fluctuation_ntk(pdlt_positions_fluctuation *f, double *mean_ntk, double *out) {
  const pdlt_layer *top = readout(f);
  const size_t S = f->ntk.samples, K = f->ntk.heads, R = K * S, pairs = S * S;
  const double factor = prefactor(f);
  pdlt_layer_ntk_of(top, PDLT_BY_SAMPLE, S, f->ntk.top, mean_ntk);
  memset(f->gram, 0, pairs * pairs * sizeof *f->gram);
  for (size_t k = 0; k < K; k++) {
    for (size_t ac = 0; ac < pairs; ac++) {
      const double *row = f->x + (k * S + ac / S) * R + ac % S;
      for (size_t other = 0; other < K; other++) f->tile[ac * K + other] = row[other * S];
      mean_ntk[ac] += pdlt_layer_variance(top) * f->tile[ac * K + k];
    }
    pdlt_syrk(0, pairs, K, factor, f->tile, K, 1.0, f->gram, pairs);
  }
  for (size_t a = 0; a < S; a++)
    for (size_t b = 0; b < S; b++)
      for (size_t c = 0; c < S; c++)
        for (size_t d = 0; d < S; d++)
          out[((a * S + b) * S + c) * S + d] = f->gram[(a * S + c) * pairs + b * S + d];
}
