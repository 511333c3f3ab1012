/* ddntk_first.c - the network, and gradients, along one direction: see ddntk.h.
 *
 * Along J_w';b the weights of layer l move by rate delta_w'b s_b^T and its biases by
 * lambda_b delta_w'b, so that
 *
 *   dz = W ds + delta_w'b h_ab                        ds = s' dz          (forward)
 *   dg = W^T ddelta + rate s_b (delta_w'b.delta_wa)   ddelta = s'' dz g + s' dg  (backward)
 *
 * and with a skip dz has gamma dz of the layer below, delta, q and ddelta gamma times those above.
 * No array of the size of the weights is ever made. */
#include <string.h>

#include "base/vector/linalg.h"
#include "trainer/measure/ddntk_internal.h"
#include "trainer/network/layer.h"

/* Rows of out (rows, n) = d1 of the row's sample times in. */
static void times_row(size_t n, const double *d1, const double *in, double *out) {
  for (size_t i = 0; i < n; i++) out[i] = d1[i] * in[i];
}

static void axpy(size_t n, double factor, const double *x, double *y) {
  for (size_t i = 0; i < n; i++) y[i] += factor * x[i];
}

/* g, delta and q of layer k. */
static void first_gradients(pdlt_ddntk *f, const double *theta, int k, int m) {
  const size_t S = f->samples;
  pdlt_ddntk_layer *y = &f->layer[k];
  const size_t n = y->n;
  if (k == m) {
    for (size_t w = 0; w < 2; w++)
      for (size_t a = 0; a < S; a++)
        memcpy(y->g + (w * S + a) * n, f->heads + w * n, n * sizeof *y->g);
    for (size_t b = 0; b < S; b++)
      for (size_t a = 0; a < S; a++)
        times_row(n, y->d1 + a * n, y->s + b * n, y->q + (b * S + a) * n);
  } else {
    const pdlt_layer *above = &f->net->layer[k + 1];
    pdlt_layer_pull_back(above, theta, PDLT_BY_SAMPLE, 2 * S, f->layer[k + 1].delta, y->g);
    pdlt_layer_pull_back(above, theta, PDLT_BY_SAMPLE, S * S, f->layer[k + 1].q, y->q);
    for (size_t ba = 0; ba < S * S; ba++)
      times_row(n, y->d1 + ba % S * n, y->q + ba * n, y->q + ba * n);
    pdlt_layer_add_skip(above, S * S, f->layer[k + 1].q, y->q);
  }
  for (size_t wa = 0; wa < 2 * S; wa++)
    times_row(n, y->d1 + wa % S * n, y->g + wa * n, y->delta + wa * n);
  if (k < m) pdlt_layer_add_skip(&f->net->layer[k + 1], 2 * S, f->layer[k + 1].delta, y->delta);
  pdlt_syrk(0, 2 * S, n, 1.0, y->delta, n, 0.0, y->delta_delta, 2 * S);
}

/* dz and ds of layer k. */
static void tangents(pdlt_ddntk *f, const double *theta, int k) {
  const size_t S = f->samples;
  pdlt_ddntk_layer *y = &f->layer[k];
  const size_t n = y->n;
  if (k == 0) {
    memset(y->dz, 0, 2 * S * S * n * sizeof *y->dz);
  } else {
    pdlt_layer_forward_tangent(&f->net->layer[k], theta, PDLT_BY_SAMPLE, 2 * S * S,
                               f->layer[k - 1].ds, y->dz);
    pdlt_layer_add_skip(&f->net->layer[k], 2 * S * S, f->layer[k - 1].dz, y->dz);
  }
  for (size_t w = 0; w < 2; w++)
    for (size_t a = 0; a < S; a++)
      for (size_t b = 0; b < S; b++) {
        const size_t row = pdlt_ddntk_tangent(f, w, a, b) * n;
        axpy(n, y->h[a * S + b], y->delta + (w * S + b) * n, y->dz + row);
        times_row(n, y->d1 + a * n, y->dz + row, y->ds + row);
      }
  pdlt_gemm(0, 1, 2 * S * S, S, n, 1.0, y->ds, n, y->s, n, 0.0, y->ds_s, S);
}

/* dg and ddelta of layer k. */
static void covectors(pdlt_ddntk *f, const double *theta, int k, int m) {
  const size_t S = f->samples;
  pdlt_ddntk_layer *y = &f->layer[k];
  const size_t n = y->n;
  if (k == m)
    memset(y->dg, 0, 4 * S * S * n * sizeof *y->dg);
  else
    pdlt_layer_pull_back(&f->net->layer[k + 1], theta, PDLT_BY_SAMPLE, 4 * S * S,
                         f->layer[k + 1].ddelta, y->dg);
  for (size_t family = 0; family < 4; family++)
    for (size_t a = 0; a < S; a++)
      for (size_t b = 0; b < S; b++) {
        const size_t w = family / 2, w1 = family % 2;
        const size_t row = pdlt_ddntk_covector(f, w, w1, a, b) * n;
        const double *dz = y->dz + pdlt_ddntk_tangent(f, w1, a, b) * n;
        const double *d1 = y->d1 + a * n, *d2 = y->d2 + a * n, *g = y->g + (w * S + a) * n;
        double *dg = y->dg + row, *ddelta = y->ddelta + row;
        if (k < m) {
          const pdlt_ddntk_layer *above = &f->layer[k + 1];
          axpy(n, above->rate * above->delta_delta[(w1 * S + b) * 2 * S + w * S + a], y->s + b * n,
               dg);
        }
        for (size_t i = 0; i < n; i++) ddelta[i] = d2[i] * dz[i] * g[i] + d1[i] * dg[i];
      }
  if (k < m)
    pdlt_layer_add_skip(&f->net->layer[k + 1], 4 * S * S, f->layer[k + 1].ddelta, y->ddelta);
  pdlt_gemm(0, 1, 4 * S * S, 2 * S, n, 1.0, y->ddelta, n, y->delta, n, 0.0, y->ddelta_delta, 2 * S);
}

void pdlt_ddntk_first(pdlt_ddntk *f, const double *theta, int m) {
  for (int k = m; k >= 0; k--) first_gradients(f, theta, k, m);
  for (int k = 0; k <= m; k++) tangents(f, theta, k);
  for (int k = m; k >= 0; k--) covectors(f, theta, k, m);
}

/* out_cd += h_ac gram_cd for one pair of samples ab. */
static void add_moved(size_t S, const double *h_a, const double *gram, double *out) {
  for (size_t c = 0; c < S; c++)
    for (size_t d = 0; d < S; d++) out[c * S + d] += h_a[c] * gram[c * S + d];
}

void pdlt_ddntk_products(pdlt_ddntk *f, int m, const size_t left[2], const size_t right[2],
                         double factor, double *out) {
  const size_t S = f->samples, SS = S * S;
  const size_t x = pdlt_ddntk_covector(f, left[0], left[1], 0, 0);
  const size_t z = pdlt_ddntk_covector(f, right[0], right[1], 0, 0);
  const size_t dx = pdlt_ddntk_tangent(f, left[1], 0, 0),
               dz = pdlt_ddntk_tangent(f, right[1], 0, 0);
  double *gram = f->gram[1];
  for (int k = 0; k <= m; k++) {
    const pdlt_ddntk_layer *y = &f->layer[k];
    pdlt_gemm(0, 1, SS, SS, y->n, factor, y->ddelta + x * y->n, y->n, y->ddelta + z * y->n, y->n,
              0.0, gram, SS);
    for (size_t a = 0; a < S; a++)
      for (size_t b = 0; b < S; b++)
        add_moved(S, y->h + a * S, gram + (a * S + b) * SS, out + (a * S + b) * SS);
    if (k == 0) continue;
    const pdlt_ddntk_layer *below = &f->layer[k - 1];
    const double scale = factor * y->rate;
    pdlt_gemm(0, 1, SS, SS, below->n, scale, below->ds + dx * below->n, below->n,
              below->ds + dz * below->n, below->n, 0.0, gram, SS);
    for (size_t i = 0; i < SS; i++) {
      const size_t a = i / S, wa = left[0] * S + a;
      const double *x_delta = y->ddelta_delta + (x + i) * 2 * S + right[0] * S;
      const double *delta = y->delta_delta + wa * 2 * S + right[0] * S;
      const double *dx_s = below->ds_s + (dx + i) * S;
      add_moved(S, delta, gram + i * SS, out + i * SS);
      for (size_t c = 0; c < S; c++)
        for (size_t d = 0; d < S; d++) {
          const size_t j = c * S + d;
          out[i * SS + j] += scale * (x_delta[c] * below->ds_s[(dz + j) * S + a] +
                                      y->ddelta_delta[(z + j) * 2 * S + wa] * dx_s[c]);
        }
    }
  }
}
