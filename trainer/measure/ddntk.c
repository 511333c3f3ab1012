/* ddntk.c - see ddntk.h. Memory, and the six tensors put together. */
#include "trainer/measure/ddntk.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/random/rng.h"
#include "base/vector/linalg.h"
#include "trainer/measure/ddntk_internal.h"
#include "trainer/network/draws.h"
#include "trainer/network/layer.h"

enum { SIGNS = 256 }; /* uniform numbers at a time */

/* The next `count` doubles of *next; of no storage: only counted. */
static double *take(double **next, size_t *total, size_t count) {
  double *view = *next;
  *total += count;
  if (view != NULL) *next += count;
  return view;
}

/* Lends the arrays of all layers from storage and returns how much they need. */
static size_t lend_views(pdlt_ddntk *f, double *storage) {
  const size_t S = f->samples, pairs = S * (S + 1) / 2, SS = S * S;
  const pdlt_network *net = f->net;
  size_t total = 0;
  double *next = storage;
  f->x = take(&next, &total, S * net->layer[0].in);
  for (int k = 0; k + 1 < net->depth; k++) {
    pdlt_ddntk_layer *y = &f->layer[k];
    const size_t n = y->n;
    double **const of_sample[] = {&y->s, &y->d1, &y->d2, &y->d3};
    double **const of_two[] = {&y->g, &y->delta}, **const of_tangent[] = {&y->dz, &y->ds};
    double **const of_covector[] = {&y->dg, &y->ddelta}, **const of_pair[] = {&y->ddz, &y->dds};
    for (int i = 0; i < 4; i++) *of_sample[i] = take(&next, &total, S * n);
    for (int i = 0; i < 2; i++) {
      *of_two[i] = take(&next, &total, 2 * S * n);
      *of_tangent[i] = take(&next, &total, 2 * SS * n);
      *of_covector[i] = take(&next, &total, 4 * SS * n);
      *of_pair[i] = take(&next, &total, pairs * n);
    }
    y->q = take(&next, &total, SS * n);
    y->h = take(&next, &total, SS);
    y->delta_delta = take(&next, &total, 4 * SS);
    y->ds_s = take(&next, &total, 2 * SS * S);
    y->ddelta_delta = take(&next, &total, 8 * SS * S);
  }
  for (int i = 0; i < 2; i++) {
    f->second[i] = take(&next, &total, pairs * net->max_width);
    f->gram[i] = take(&next, &total, SS * SS);
  }
  f->cross = take(&next, &total, 2 * S * SS);
  f->response = take(&next, &total, SS * SS);
  f->direct = take(&next, &total, SS * SS);
  f->heads = take(&next, &total, 2 * net->max_width);
  f->out = take(&next, &total, PDLT_DDNTK_COUNT * SS * SS);
  return total;
}

/* What layers with positions need. */
static pdlt_status new_positions(pdlt_ddntk *f, const pdlt_samples *data, pdlt_error *err) {
  const size_t S = f->samples, K = pdlt_layer_fan(&f->net->layer[f->net->depth - 1]);
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_positions_dntk_new(&f->positions, f->net, data, S, 1, f->with_ddntk, err));
  PDLT_TRY(
      pdlt_alloc(&f->storage, 2 * K + PDLT_DDNTK_COUNT * S * S * S * S, sizeof *f->storage, err));
  f->heads = f->storage;
  f->out = f->heads + 2 * K;
cleanup:
  return status;
}

pdlt_status pdlt_ddntk_new(pdlt_ddntk *out, const pdlt_network *net, const pdlt_samples *data,
                           size_t samples, int with_ddntk, pdlt_error *err) {
  pdlt_ddntk f = {.net = net, .samples = samples, .with_ddntk = with_ddntk};
  pdlt_status status = PDLT_OK;
  if (net->has_positions) {
    PDLT_TRY(new_positions(&f, data, err));
    *out = f;
    return PDLT_OK;
  }
  PDLT_TRY(pdlt_alloc(&f.layer, (size_t)net->depth, sizeof *f.layer, err));
  for (int k = 0; k + 1 < net->depth; k++) {
    f.layer[k].n = net->layer[k].out;
    f.layer[k].rate = pdlt_layer_rate(&net->layer[k]);
  }
  PDLT_TRY(pdlt_alloc(&f.storage, lend_views(&f, NULL), sizeof *f.storage, err));
  lend_views(&f, f.storage);
  for (size_t a = 0; a < samples; a++)
    for (size_t j = 0; j < data->inputs; j++)
      f.x[a * data->inputs + j] = data->x_all[j * data->samples + a];
  *out = f;
  return PDLT_OK;
cleanup:
  pdlt_ddntk_free(&f);
  return status;
}

void pdlt_ddntk_free(pdlt_ddntk *f) {
  pdlt_positions_dntk_free(&f->positions);
  pdlt_free(f->storage);
  pdlt_free(f->layer);
  *f = (pdlt_ddntk){0};
}

void pdlt_ddntk_forward(pdlt_ddntk *f, const double *theta) {
  const size_t S = f->samples;
  const double *below = f->x;
  if (f->net->has_positions) return; /* pdlt_ddntk_tensors does */
  for (int k = 0; k + 1 < f->net->depth; k++) {
    const pdlt_layer *layer = &f->net->layer[k];
    pdlt_ddntk_layer *y = &f->layer[k];
    double *const orders[] = {y->s, y->d1, y->d2, y->d3}, *z = y->dz;
    pdlt_layer_ntk_of(layer, PDLT_BY_SAMPLE, S, below, y->h);
    pdlt_layer_forward(layer, theta, PDLT_BY_SAMPLE, S, below, z);
    if (k > 0) pdlt_layer_add_skip(layer, S, f->layer[k - 1].dz, z);
    pdlt_activation_jet(&f->net->activation, 3, S * y->n, z, orders);
    below = y->s;
  }
}

void pdlt_ddntk_draw(pdlt_ddntk *f, uint64_t seed, uint64_t member, int l, uint64_t pair) {
  const pdlt_layer *layer = &f->net->layer[l - 1];
  const pdlt_rng rng = {seed, f->net->width, member, PDLT_STREAM_PROBE_WEIGHT + (uint64_t)l};
  const double size = sqrt(pdlt_layer_variance(layer));
  const size_t numbers = 2 * pdlt_layer_fan(layer);
  double uniform[SIGNS];
  if (l == 1) return;
  for (size_t first = 0; first < numbers; first += SIGNS) {
    const size_t left = numbers - first, count = left < SIGNS ? left : SIGNS;
    pdlt_rng_uniform(&rng, numbers * pair + first, count, uniform);
    for (size_t i = 0; i < count; i++) f->heads[first + i] = uniform[i] < 0.5 ? -size : size;
  }
}

/* direct: products of the first derivatives q. */
static void fill_direct(pdlt_ddntk *f, int m) {
  const size_t S = f->samples, SS = S * S;
  memset(f->direct, 0, SS * SS * sizeof *f->direct);
  for (int k = 0; k <= m; k++) {
    const pdlt_ddntk_layer *y = &f->layer[k];
    pdlt_syrk(0, SS, y->n, 1.0, y->q, y->n, 0.0, f->gram[0], SS);
    for (size_t ba = 0; ba < SS; ba++)
      for (size_t dc = 0; dc < SS; dc++)
        f->direct[ba * SS + dc] += y->h[ba % S * S + dc % S] * f->gram[0][ba * SS + dc];
  }
}

/* Adds the layer k for head w: the covector is ddelta s_a^T + delta_wa ds^T, the direction
 * q_dc s_c^T. */
static void add_response(pdlt_ddntk *f, int k, size_t w) {
  const size_t S = f->samples, SS = S * S;
  const pdlt_ddntk_layer *y = &f->layer[k];
  const double *ddelta = y->ddelta + pdlt_ddntk_covector(f, w, w, 0, 0) * y->n;
  pdlt_gemm(0, 1, SS, SS, y->n, 1.0, ddelta, y->n, y->q, y->n, 0.0, f->gram[0], SS);
  for (size_t ab = 0; ab < SS; ab++)
    for (size_t c = 0; c < S; c++)
      for (size_t d = 0; d < S; d++)
        f->response[(ab * S + c) * S + d] +=
            0.5 * y->h[ab / S * S + c] * f->gram[0][ab * SS + d * S + c];
  if (k == 0) return;
  const double *ds_s = f->layer[k - 1].ds_s + pdlt_ddntk_tangent(f, w, 0, 0) * S;
  pdlt_gemm(0, 1, S, SS, y->n, 0.5 * y->rate, y->delta + w * S * y->n, y->n, y->q, y->n, 0.0,
            f->cross, SS);
  for (size_t ab = 0; ab < SS; ab++)
    for (size_t c = 0; c < S; c++)
      for (size_t d = 0; d < S; d++)
        f->response[(ab * S + c) * S + d] += f->cross[ab / S * SS + d * S + c] * ds_s[ab * S + c];
}

/* Q, from response and direct. */
static void put_q(pdlt_ddntk *f, const pdlt_layer *top) {
  const size_t S = f->samples;
  const double direct = top->lambda_W * top->C_W / (double)top->in;
  double *q = pdlt_ddntk_out(f, PDLT_DDNTK_Q);
  for (size_t a = 0; a < S; a++)
    for (size_t b = 0; b < S; b++)
      for (size_t c = 0; c < S; c++)
        for (size_t d = 0; d < S; d++) {
          const size_t at = ((a * S + b) * S + c) * S + d;
          q[at] = top->C_W * f->response[at] + direct * f->direct[((b * S + a) * S + d) * S + c];
        }
}

/* R so far its first term over n; P still over C. */
static void finish_r(pdlt_ddntk *f, const pdlt_layer *top) {
  const size_t S = f->samples;
  const double *p = pdlt_ddntk_out(f, PDLT_DDNTK_P);
  double *r = pdlt_ddntk_out(f, PDLT_DDNTK_R);
  for (size_t a = 0; a < S; a++)
    for (size_t b = 0; b < S; b++)
      for (size_t c = 0; c < S; c++)
        for (size_t d = 0; d < S; d++, r++)
          *r = (double)top->in * *r + top->lambda_W * p[((a * S + c) * S + d) * S + b];
}

/* S: products of d2f_u(1)[., J_v;3] with d2f_u(2)[., J_v;4], mean of that and of u and v
 * exchanged, and the part of the top weights. */
static void put_s(pdlt_ddntk *f, const pdlt_layer *top, int m) {
  static const size_t uv[] = {0, 1}, vu[] = {1, 0};
  const size_t S = f->samples, SS = S * S;
  const pdlt_ddntk_layer *y = &f->layer[m];
  double *sum = f->gram[0], *s = pdlt_ddntk_out(f, PDLT_DDNTK_S);
  for (size_t w = 0; w < 2; w++) {
    const double *ds = y->ds + pdlt_ddntk_tangent(f, w, 0, 0) * y->n;
    pdlt_gemm(0, 1, SS, SS, y->n, 0.5 * top->lambda_W, ds, y->n, ds, y->n, (double)w, sum, SS);
  }
  pdlt_ddntk_products(f, m, uv, uv, 0.5 * (double)top->in, sum);
  pdlt_ddntk_products(f, m, vu, vu, 0.5 * (double)top->in, sum);
  for (size_t a = 0; a < S; a++)
    for (size_t b = 0; b < S; b++)
      for (size_t c = 0; c < S; c++)
        for (size_t d = 0; d < S; d++)
          s[((a * S + b) * S + c) * S + d] = sum[((a * S + c) * S + b) * S + d];
}

static void put_t(pdlt_ddntk *f, const pdlt_layer *top, int m) {
  static const size_t uu[] = {0, 0}, vv[] = {1, 1};
  const size_t S = f->samples, SS = S * S;
  const double lambda = top->lambda_W, n = (double)top->in;
  double *t = pdlt_ddntk_out(f, PDLT_DDNTK_T);
  for (size_t ab = 0; ab < SS; ab++)
    for (size_t cd = 0; cd < SS; cd++) {
      const size_t ba = ab % S * S + ab / S, dc = cd % S * S + cd / S;
      t[ab * SS + cd] = lambda * (f->response[ab * SS + cd] + f->response[cd * SS + ab]) +
                        lambda * lambda / n * f->direct[ba * SS + dc];
    }
  pdlt_ddntk_products(f, m, uu, vv, 0.5 * n, t);
  pdlt_ddntk_products(f, m, vv, uu, 0.5 * n, t);
}

static void put_u(pdlt_ddntk *f, const pdlt_layer *top, int m) {
  static const size_t uv[] = {0, 1}, vu[] = {1, 0};
  const size_t S = f->samples, SS = S * S;
  double *sum = f->gram[0], *u = pdlt_ddntk_out(f, PDLT_DDNTK_U);
  memset(sum, 0, SS * SS * sizeof *sum);
  pdlt_ddntk_products(f, m, uv, vu, 0.5 * (double)top->in, sum);
  pdlt_ddntk_products(f, m, vu, uv, 0.5 * (double)top->in, sum);
  for (size_t a = 0; a < S; a++)
    for (size_t b = 0; b < S; b++)
      for (size_t c = 0; c < S; c++)
        for (size_t d = 0; d < S; d++)
          u[((a * S + d) * S + c) * S + b] = sum[((a * S + b) * S + c) * S + d];
}

void pdlt_ddntk_tensors(pdlt_ddntk *f, const double *theta, int l) {
  const size_t S = f->samples, SS = S * S;
  const pdlt_layer *top = &f->net->layer[l - 1];
  const int m = l - 2;
  memset(f->out, 0, PDLT_DDNTK_COUNT * SS * SS * sizeof *f->out);
  if (m < 0) return;
  if (f->net->has_positions) {
    pdlt_positions_dntk_tensors(&f->positions, theta, f->heads, f->out);
    return;
  }
  pdlt_ddntk_first(f, theta, m);
  fill_direct(f, m);
  memset(f->response, 0, SS * SS * sizeof *f->response);
  for (int k = 0; k <= m; k++)
    for (size_t w = 0; w < 2; w++) add_response(f, k, w);
  put_q(f, top);
  pdlt_ddntk_second(f, theta, m);
  if (f->with_ddntk) finish_r(f, top);
  double *p = pdlt_ddntk_out(f, PDLT_DDNTK_P);
  for (size_t i = 0; i < SS * SS; i++) p[i] *= top->C_W;
  if (!f->with_ddntk) return;
  put_s(f, top, m);
  put_t(f, top, m);
  put_u(f, top, m);
}
