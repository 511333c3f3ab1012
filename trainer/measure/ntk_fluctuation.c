/* ntk_fluctuation.c - see ntk_fluctuation.h. */
#include "trainer/measure/ntk_fluctuation.h"

#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "trainer/network/layer.h"

enum { X_DOUBLES = 1 << 16 }; /* half a MiB: stays in L2 */

static size_t tile_size(const pdlt_network *net, size_t samples) {
  size_t tile = 8;
  while (4 * samples * samples * tile * tile <= X_DOUBLES && tile < net->max_width) tile *= 2;
  return tile;
}

/* Doubles for the Jacobians of one layer l, all below it, in the largest case. */
static size_t jacobian_size(const pdlt_network *net, size_t samples) {
  size_t largest = 0, below = 0;
  for (int k = 0; k + 1 < net->depth; k++) {
    const size_t size = samples * net->layer[k].out * below;
    if (size > largest) largest = size;
    below += net->layer[k].out;
  }
  return largest;
}

static void lend_views(pdlt_fluctuation *f, size_t inputs, int ntk) {
  const size_t S = f->samples, pairs = S * S;
  double *next = f->storage;
  f->first->x_all = pdlt_take(&next, inputs * S);
  if (!ntk) return;
  f->h = pdlt_take(&next, (size_t)f->net->depth * pairs);
  f->q[0] = pdlt_take(&next, f->net->max_width * pairs);
  f->q[1] = pdlt_take(&next, f->net->max_width * pairs);
  f->gram = pdlt_take(&next, pairs * pairs);
  f->within = pdlt_take(&next, pairs * pairs);
  f->across = pdlt_take(&next, pairs * pairs);
  f->x = pdlt_take(&next, pairs * f->tile * f->tile);
  f->jacobian[0] = next;
}

static size_t storage_size(const pdlt_fluctuation *f, size_t inputs, int ntk) {
  const size_t S = f->samples, pairs = S * S;
  if (!ntk) return inputs * S;
  return inputs * S + pairs * ((size_t)f->net->depth + 2 * f->net->max_width + 3 * pairs) +
         pairs * f->tile * f->tile + jacobian_size(f->net, S);
}

pdlt_status pdlt_fluctuation_new(pdlt_fluctuation *out, const pdlt_network *net,
                                 const pdlt_samples *data, size_t samples, int ntk,
                                 pdlt_error *err) {
  pdlt_fluctuation f = {.net = net, .samples = samples, .tile = tile_size(net, samples)};
  const int layers = ntk && !net->has_positions; /* what all layers need */
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&f.first, 1, sizeof *f.first, err));
  PDLT_TRY(pdlt_alloc(&f.jacobian, (size_t)net->depth, sizeof *f.jacobian, err));
  PDLT_TRY(pdlt_alloc(&f.storage, storage_size(&f, data->inputs, layers), sizeof *f.storage, err));
  lend_views(&f, data->inputs, layers);
  f.first->samples = samples;
  f.first->inputs = data->inputs;
  for (size_t j = 0; j < data->inputs; j++)
    memcpy(f.first->x_all + j * samples, data->x_all + j * data->samples,
           samples * sizeof *f.first->x_all);
  PDLT_TRY(pdlt_ntk_new(&f.ntk, net, f.first, err));
  if (ntk && net->has_positions)
    PDLT_TRY(pdlt_positions_fluctuation_new(&f.positions, net, f.first, err));
  *out = f;
  return PDLT_OK;
cleanup:
  pdlt_fluctuation_free(&f);
  return status;
}

void pdlt_fluctuation_free(pdlt_fluctuation *f) {
  pdlt_positions_fluctuation_free(&f->positions);
  pdlt_ntk_free(&f->ntk);
  pdlt_free(f->storage);
  pdlt_free(f->jacobian);
  pdlt_free(f->first);
  *f = (pdlt_fluctuation){0};
}

void pdlt_fluctuation_forward(pdlt_fluctuation *f, const double *theta) {
  const size_t pairs = f->samples * f->samples;
  pdlt_ntk_forward(&f->ntk, theta);
  if (f->positions.x != NULL) pdlt_positions_fluctuation_forward(&f->positions, theta);
  if (f->h == NULL) return;
  for (int k = 0; k < f->net->depth; k++)
    pdlt_layer_ntk(&f->net->layer[k], pairs, f->ntk.gram[k], f->h + (size_t)k * pairs);
}

void pdlt_fluctuation_kernel(const pdlt_fluctuation *f, int l, double *kernel) {
  pdlt_ntk_kernel(&f->ntk, l, kernel);
}

/* C_W^2/n of layer l. */
static double prefactor(const pdlt_network *net, int l) {
  const pdlt_layer *layer = &net->layer[l - 1];
  return layer->C_W * layer->C_W / (double)layer->in;
}

/* --- F --- */

/* F[a][b][c][d] += factor h_bd <q_ab, q_cd>, q (n, S^2). */
static void add_products(pdlt_fluctuation *f, size_t n, const double *q, double factor,
                         const double *h, double *out) {
  const size_t S = f->samples, pairs = S * S;
  pdlt_syrk(1, pairs, n, factor, q, pairs, 0.0, f->gram, pairs);
  for (size_t ab = 0; ab < pairs; ab++)
    for (size_t cd = 0; cd < pairs; cd++)
      out[ab * pairs + cd] += h[ab % S * S + cd % S] * f->gram[ab * pairs + cd];
}

void pdlt_fluctuation_cross(pdlt_fluctuation *f, const double *theta, int l, double *out) {
  const pdlt_network *net = f->net;
  const size_t S = f->samples, pairs = S * S;
  double *q = f->q[0], *next = f->q[1];
  if (f->positions.x != NULL) {
    pdlt_positions_fluctuation_cross(&f->positions, out);
    return;
  }
  memset(out, 0, pairs * pairs * sizeof *out);
  for (int k = l - 2; k >= 0; k--) {
    const size_t n = net->layer[k].out;
    const double *s = f->ntk.s[k], *ds = f->ntk.ds[k];
    if (k == l - 2) {
      for (size_t i = 0; i < n; i++)
        for (size_t ab = 0; ab < pairs; ab++)
          q[i * pairs + ab] = s[i * S + ab / S] * ds[i * S + ab % S];
    } else {
      pdlt_layer_pull_back(&net->layer[k + 1], theta, PDLT_BY_NEURON, pairs, q, next);
      for (size_t i = 0; i < n; i++)
        for (size_t ab = 0; ab < pairs; ab++) next[i * pairs + ab] *= ds[i * S + ab % S];
      pdlt_layer_add_skip(&net->layer[k + 1], pairs, q, next);
      double *swap = q;
      q = next;
      next = swap;
    }
    add_products(f, n, q, prefactor(net, l), f->h + (size_t)k * pairs, out);
  }
}

/* --- M and B --- */

/* jac (S, rows, n) *= sigma'^(k+1) of the last index. */
static void times_slope(const pdlt_fluctuation *f, int k, size_t rows, double *jac) {
  const size_t n = f->net->layer[k].out;
  for (size_t a = 0; a < f->samples; a++)
    for (size_t r = 0; r < rows; r++)
      for (size_t i = 0; i < n; i++) jac[(a * rows + r) * n + i] *= f->ntk.ds_t[k][a * n + i];
}

/* jacobian[k] for k = m - 1 .. 0, of s^(m+1) with respect to z^(k+1); that of k = m is
 * diagonal and not stored. */
static void fill_jacobians(pdlt_fluctuation *f, const double *theta, int m) {
  const pdlt_network *net = f->net;
  const size_t S = f->samples, rows = net->layer[m].out;
  double *next = f->jacobian[0];
  for (int k = 0; k < m; k++) {
    f->jacobian[k] = next;
    next += S * rows * net->layer[k].out;
  }
  for (int k = m - 1; k >= 0; k--) {
    const pdlt_layer *above = &net->layer[k + 1];
    const size_t n = above->in;
    double *jac = f->jacobian[k];
    if (k == m - 1)
      for (size_t a = 0; a < S; a++)
        for (size_t r = 0; r < rows; r++) {
          const double *weight = pdlt_layer_pull_back_unit(above, theta, r);
          for (size_t i = 0; i < n; i++)
            jac[(a * rows + r) * n + i] = f->ntk.ds_t[m][a * rows + r] * weight[i];
        }
    else
      pdlt_layer_pull_back(above, theta, PDLT_BY_SAMPLE, S * rows, f->jacobian[k + 1], jac);
    times_slope(f, k, rows, jac);
    if (k < m - 1) pdlt_layer_add_skip(above, S * rows, f->jacobian[k + 1], jac);
    for (size_t ar = 0; ar < S * rows && k == m - 1 && above->skip != 0; ar++)
      jac[ar * n + ar % rows] += above->skip * f->ntk.ds_t[m][ar];
  }
}

/* A tile of X: neurons k from first[0], count[0] of them, and k' likewise. */
typedef struct tile {
  size_t first[2], count[2];
} tile;

/* x (count[0], count[1]) = X_kk';ac of the tile, layers below m (index) only. */
static void fill_pair(const pdlt_fluctuation *f, int m, const tile *t, size_t a, size_t c,
                      double *x) {
  const size_t S = f->samples, rows = f->net->layer[m].out;
  for (int k = 0; k < m; k++) {
    const size_t n = f->net->layer[k].out;
    pdlt_gemm(0, 1, t->count[0], t->count[1], n, f->h[((size_t)k * S + a) * S + c],
              f->jacobian[k] + (a * rows + t->first[0]) * n, n,
              f->jacobian[k] + (c * rows + t->first[1]) * n, n, k == 0 ? 0.0 : 1.0, x, t->count[1]);
  }
}

/* A tile with k = k' in it: the diagonal part, and X_kk';ca = X_k'k;ac. Adds its trace
 * to trace (S, S). */
static void fill_diagonal_tile(pdlt_fluctuation *f, int m, const tile *t, double *trace) {
  const size_t S = f->samples, n = f->net->layer[m].out, r = t->count[0];
  const double *h = f->h + (size_t)m * S * S, *ds = f->ntk.ds_t[m] + t->first[0];
  for (size_t a = 0; a < S; a++)
    for (size_t c = a; c < S; c++) {
      double *x = f->x + (a * S + c) * r * r, *mirror = f->x + (c * S + a) * r * r, sum = 0;
      fill_pair(f, m, t, a, c, x);
      for (size_t i = 0; i < r; i++) {
        x[i * r + i] += h[a * S + c] * ds[a * n + i] * ds[c * n + i];
        sum += x[i * r + i];
      }
      trace[a * S + c] += sum;
      if (c == a) continue;
      trace[c * S + a] += sum;
      for (size_t i = 0; i < r; i++)
        for (size_t j = 0; j < r; j++) mirror[j * r + i] = x[i * r + j];
    }
  pdlt_syrk(0, S * S, r * r, 1.0, f->x, r * r, 1.0, f->within, S * S);
}

static void fill_other_tile(pdlt_fluctuation *f, int m, const tile *t) {
  const size_t S = f->samples, size = t->count[0] * t->count[1];
  for (size_t ac = 0; ac < S * S; ac++) fill_pair(f, m, t, ac / S, ac % S, f->x + ac * size);
  pdlt_syrk(0, S * S, size, 1.0, f->x, size, 1.0, f->across, S * S);
}

/* One layer below: X is diagonal, (S^2, tile) at a time. */
static void fill_single_layer(pdlt_fluctuation *f, double *trace) {
  const size_t S = f->samples, n = f->net->layer[0].out;
  for (size_t first = 0; first < n; first += f->tile) {
    const size_t r = n - first < f->tile ? n - first : f->tile;
    const double *ds = f->ntk.ds_t[0] + first;
    for (size_t a = 0; a < S; a++)
      for (size_t c = 0; c < S; c++)
        for (size_t i = 0; i < r; i++) {
          const double value = f->h[a * S + c] * ds[a * n + i] * ds[c * n + i];
          f->x[(a * S + c) * r + i] = value;
          trace[a * S + c] += value;
        }
    pdlt_syrk(0, S * S, r, 1.0, f->x, r, 1.0, f->within, S * S);
  }
}

/* within, across and trace (S, S) = sum_k X_kk of the layer above index m. */
static void sum_tiles(pdlt_fluctuation *f, const double *theta, int m, double *trace) {
  const size_t n = f->net->layer[m].out;
  if (m == 0) {
    fill_single_layer(f, trace);
    return;
  }
  fill_jacobians(f, theta, m);
  for (size_t i = 0; i < n; i += f->tile)
    for (size_t j = i; j < n; j += f->tile) {
      const tile t = {{i, j},
                      {n - i < f->tile ? n - i : f->tile, n - j < f->tile ? n - j : f->tile}};
      if (i == j)
        fill_diagonal_tile(f, m, &t, trace);
      else
        fill_other_tile(f, m, &t);
    }
}

void pdlt_fluctuation_ntk(pdlt_fluctuation *f, const double *theta, int l, double *mean_ntk,
                          double *out) {
  const pdlt_layer *top = &f->net->layer[l - 1];
  const size_t S = f->samples, pairs = S * S;
  if (f->positions.x != NULL) {
    pdlt_positions_fluctuation_ntk(&f->positions, mean_ntk, out);
    return;
  }
  memset(f->within, 0, pairs * pairs * sizeof *f->within);
  memset(f->across, 0, pairs * pairs * sizeof *f->across);
  memset(mean_ntk, 0, pairs * sizeof *mean_ntk);
  if (l > 1) sum_tiles(f, theta, l - 2, mean_ntk);
  const double *fresh = f->h + (size_t)(l - 1) * pairs;
  for (size_t i = 0; i < pairs; i++)
    mean_ntk[i] = fresh[i] + pdlt_layer_variance(top) * mean_ntk[i];
  /* Tiles below the diagonal are those above it with k, k' and both pairs exchanged. */
  const double factor = prefactor(f->net, l);
  for (size_t a = 0; a < S; a++)
    for (size_t b = 0; b < S; b++)
      for (size_t c = 0; c < S; c++)
        for (size_t d = 0; d < S; d++) {
          const size_t ac = a * S + c, bd = b * S + d, ca = c * S + a, db = d * S + b;
          out[((a * S + b) * S + c) * S + d] =
              factor * (f->within[ac * pairs + bd] + f->across[ac * pairs + bd] +
                        f->across[ca * pairs + db]);
        }
}
