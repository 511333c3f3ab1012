/* positions_dntk.c - see positions_dntk.h. */
#include "trainer/measure/positions_dntk.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "trainer/measure/ddntk.h"
#include "trainer/network/layer.h"

static const pdlt_layer *readout(const pdlt_network *net) { return &net->layer[net->depth - 1]; }

/* --- memory --- */

enum { UV, UU, VV, SECONDS };

static size_t rows_of(const pdlt_positions_dntk *f) { return f->heads * f->samples; }

static size_t seconds_of(const pdlt_positions_dntk *f, int tensors) {
  return tensors ? SECONDS * f->samples * f->samples : 1;
}

static size_t covectors_of(const pdlt_positions_dntk *f, int tensors) {
  return tensors ? 4 * f->samples * f->samples : 0;
}

/* Lends views of the storage, or only counts when it is NULL. Returns the length. */
static size_t lend(pdlt_positions_dntk *f, int tensors, double *storage) {
  const size_t S = f->samples, R = rows_of(f), H = covectors_of(f, tensors), U = f->jet.units;
  const size_t params = f->net->num_params, K = pdlt_layer_fan(readout(f->net));
  const struct {
    double **view;
    size_t count;
  } all[] = {{&f->root, params},
             {&f->gradient, R * params},
             {&f->direction, R * params},
             {&f->covector, H * params},
             {&f->dtop, R * S * K},
             {&f->top, S * K},
             {&f->ddtop, S * K},
             {&f->third, U},
             {&f->head, f->heads * K},
             {&f->gg, R * R},
             {&f->cg, H * R},
             {&f->cc, H * H}};
  size_t used = 0;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    if (storage != NULL) *all[i].view = storage + used;
    used += all[i].count;
  }
  for (size_t i = 0; i < R + seconds_of(f, tensors); i++) {
    if (storage != NULL) f->tangent[i] = (pdlt_tangent){storage + used, storage + used + U};
    used += 2 * U;
  }
  return used;
}

static void fill_root(pdlt_positions_dntk *f) {
  for (int k = 0; k < f->net->depth; k++) {
    const pdlt_layer *layer = &f->net->layer[k];
    for (size_t mu = layer->weight; mu < layer->bias + layer->out; mu++)
      f->root[mu] = sqrt(mu < layer->bias ? pdlt_layer_rate(layer) : layer->lambda_b);
  }
}

pdlt_status pdlt_positions_dntk_new(pdlt_positions_dntk *out, const pdlt_network *net,
                                    const pdlt_samples *data, size_t samples, int tensors,
                                    int with_ddntk, pdlt_error *err) {
  pdlt_positions_dntk f = {.net = net, .samples = samples, .with_ddntk = with_ddntk};
  f.heads = tensors ? 2 + samples : readout(net)->out;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_positions_jet_new(&f.jet, net, data, samples, rows_of(&f), err));
  PDLT_TRY(pdlt_alloc(&f.tangent, rows_of(&f) + seconds_of(&f, tensors), sizeof *f.tangent, err));
  f.second = f.tangent + rows_of(&f);
  PDLT_TRY(pdlt_alloc(&f.storage, lend(&f, tensors, NULL), sizeof *f.storage, err));
  lend(&f, tensors, f.storage);
  fill_root(&f);
  *out = f;
  return PDLT_OK;
cleanup:
  pdlt_positions_dntk_free(&f);
  return status;
}

void pdlt_positions_dntk_free(pdlt_positions_dntk *f) {
  pdlt_positions_jet_free(&f->jet);
  pdlt_free(f->storage);
  pdlt_free(f->tangent);
  *f = (pdlt_positions_dntk){.net = NULL};
}

/* --- directions --- */

/* jet->start of the first `heads` heads at every sample. */
static void fill_start(pdlt_positions_dntk *f, size_t heads) {
  const pdlt_layer *top = readout(f->net);
  const size_t S = f->samples, R = heads * S, n = top->in, K = pdlt_layer_fan(top);
  const size_t size = pdlt_layer_below(top) / pdlt_layer_windows(top);
  memset(f->jet.start, 0, pdlt_layer_units_below(top) * R * sizeof *f->jet.start);
  for (size_t k = 0; k < K; k++)
    for (size_t m = 0; m < size; m++) {
      const size_t window = pdlt_layer_reads(top, k / n, 0);
      const size_t q = size == 1 ? window : pdlt_layer_pooled(top, window, m);
      for (size_t r = 0; r < R; r++)
        f->jet.start[(q * R + r) * n + k % n] = f->head[r / S * K + k] / (double)size;
    }
}

/* Directions and tangents of all rows from their gradients, not yet times sqrt(lambda). */
static void fill_directions(pdlt_positions_dntk *f, const double *theta) {
  const size_t params = f->net->num_params, size = f->samples * pdlt_layer_fan(readout(f->net));
  for (size_t r = 0; r < rows_of(f); r++) {
    double *gradient = f->gradient + r * params, *direction = f->direction + r * params;
    for (size_t mu = 0; mu < params; mu++) {
      gradient[mu] *= f->root[mu];
      direction[mu] = gradient[mu] * f->root[mu];
    }
    pdlt_positions_jet_first(&f->jet, theta, direction, &f->tangent[r]);
    pdlt_positions_jet_top(&f->jet, f->tangent[r].s, f->dtop + r * size);
  }
}

/* The second derivative along the directions of rows r and q. */
static void second_along(pdlt_positions_dntk *f, const double *theta, size_t r, size_t q,
                         const pdlt_tangent *out) {
  const size_t params = f->net->num_params;
  const double *const v[2] = {f->direction + r * params, f->direction + q * params};
  const pdlt_tangent d[2] = {f->tangent[r], f->tangent[q]};
  pdlt_positions_jet_second(&f->jet, theta, v, d, out);
}

static double dot(size_t n, const double *x, const double *y) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += x[i] * y[i];
  return sum;
}

/* --- the outputs --- */

void pdlt_positions_dntk_outputs(pdlt_positions_dntk *f, const double *theta, double *out) {
  const pdlt_layer *top = readout(f->net);
  const size_t S = f->samples, p = rows_of(f), K = pdlt_layer_fan(top), params = f->net->num_params;
  pdlt_positions_jet_forward(&f->jet, theta);
  pdlt_positions_jet_top(&f->jet, f->jet.order[0], f->top);
  memcpy(f->head, theta + top->weight, top->out * K * sizeof *f->head);
  fill_start(f, f->heads);
  pdlt_positions_jet_reverse(&f->jet, theta, p, NULL, NULL, f->gradient);
  for (size_t r = 0; r < p; r++) {
    double *own = f->gradient + r * params;
    memcpy(own + top->weight + r / S * K, f->top + r % S * K, K * sizeof *own);
    own[top->bias + r / S] = 1;
  }
  fill_directions(f, theta);
  for (size_t J = 0; J < p; J++)
    for (size_t M = J; M < p; M++) {
      second_along(f, theta, J, M, f->second);
      pdlt_positions_jet_top(&f->jet, f->second->s, f->ddtop);
      for (size_t I = 0; I < p; I++) {
        const size_t i = I / S, a = I % S, own = top->weight + i * K;
        double x = dot(K, f->head + i * K, f->ddtop + a * K);
        x += dot(K, f->direction + J * params + own, f->dtop + (M * S + a) * K);
        x += dot(K, f->direction + M * params + own, f->dtop + (J * S + a) * K);
        out[(I * p + J) * p + M] = out[(I * p + M) * p + J] = x;
      }
    }
}

/* --- tensors --- */

static size_t row(const pdlt_positions_dntk *f, size_t head, size_t a) {
  return head * f->samples + a;
}

/* d2f_w(a)[., J_w1;b]. */
static size_t covector(const pdlt_positions_dntk *f, size_t w1, size_t b, size_t w, size_t a) {
  const size_t S = f->samples;
  return ((w1 * S + b) * 2 + w) * S + a;
}

static void fill_covectors(pdlt_positions_dntk *f, const double *theta) {
  const size_t S = f->samples, params = f->net->num_params, R = rows_of(f), H = 4 * S * S;
  for (size_t r = 0; r < 2 * S; r++) {
    double *x = f->covector + r * 2 * S * params;
    fill_start(f, 2);
    pdlt_positions_jet_reverse(&f->jet, theta, 2 * S, f->direction + r * params, &f->tangent[r], x);
    for (size_t h = 0; h < 2 * S; h++)
      for (size_t mu = 0; mu < params; mu++) x[h * params + mu] *= f->root[mu];
  }
  pdlt_syrk(0, R, params, 1.0, f->gradient, params, 0.0, f->gg, R);
  pdlt_gemm(0, 1, H, R, params, 1.0, f->covector, params, f->gradient, params, 0.0, f->cg, R);
  if (f->with_ddntk) pdlt_syrk(0, H, params, 1.0, f->covector, params, 0.0, f->cc, H);
}

/* Second derivatives of all pairs of J_u and J_v. */
static void fill_seconds(pdlt_positions_dntk *f, const double *theta) {
  static const size_t heads[SECONDS][2] = {[UV] = {0, 1}, [UU] = {0, 0}, [VV] = {1, 1}};
  const size_t S = f->samples;
  for (int k = 0; k < SECONDS; k++)
    for (size_t a = 0; a < S; a++)
      for (size_t b = 0; b < S; b++)
        second_along(f, theta, row(f, heads[k][0], a), row(f, heads[k][1], b),
                     &f->second[((size_t)k * S + a) * S + b]);
}

/* That along J_w;a and J_w1;b. */
static pdlt_tangent second_of(const pdlt_positions_dntk *f, size_t w, size_t a, size_t w1,
                              size_t b) {
  const size_t S = f->samples;
  if (w != w1) return f->second[w == 0 ? a * S + b : b * S + a];
  return f->second[((w == 0 ? UU : VV) * S + a) * S + b];
}

/* Adds what u = head o and v = head 1 - o give to P and the terms of R with second derivatives, and to
 * the first of R. */
static void add_forward(pdlt_positions_dntk *f, const double *theta, size_t o, double *out) {
  const pdlt_layer *top = readout(f->net);
  const size_t S = f->samples, u = o, v = 1 - o, params = f->net->num_params;
  const size_t K = pdlt_layer_fan(top), count = S * S * S * S;
  const double n = 0.5 * (double)top->in, C = pdlt_layer_variance(top), rate = pdlt_layer_rate(top);
  double *P = out + PDLT_DDNTK_P * count, *R = out + PDLT_DDNTK_R * count;
  for (size_t b = 0; b < S; b++)
    for (size_t c = 0; c < S; c++) {
      const pdlt_tangent vv = second_of(f, v, b, v, c);
      pdlt_positions_jet_top(&f->jet, vv.s, f->ddtop);
      for (size_t a = 0; a < S; a++)
        for (size_t d = 0; d < S; d++) {
          const double x = n * dot(K, f->top + d * K, f->ddtop + a * K);
          P[((a * S + b) * S + c) * S + d] += C * x;
          if (f->with_ddntk) R[((a * S + d) * S + b) * S + c] += rate * x;
        }
      for (size_t d = 0; d < S && f->with_ddntk; d++) {
        const size_t r[3] = {row(f, u, d), row(f, v, b), row(f, v, c)};
        const double *const along[3] = {f->direction + r[0] * params, f->direction + r[1] * params,
                                        f->direction + r[2] * params};
        const pdlt_tangent first[3] = {f->tangent[r[0]], f->tangent[r[1]], f->tangent[r[2]]};
        const pdlt_tangent second[3] = {vv, second_of(f, u, d, v, c), second_of(f, u, d, v, b)};
        pdlt_positions_jet_third(&f->jet, theta, along, first, second, f->third);
        pdlt_positions_jet_top(&f->jet, f->third, f->ddtop);
        for (size_t a = 0; a < S; a++)
          R[((a * S + d) * S + b) * S + c] += n * dot(K, f->head + u * K, f->ddtop + a * K);
      }
    }
}

/* The same of Q, S, T, U: products of covectors, gradients and derivatives of s. */
static void add_products(const pdlt_positions_dntk *f, size_t o, double *out) {
  const pdlt_layer *top = readout(f->net);
  const size_t S = f->samples, u = o, v = 1 - o, K = pdlt_layer_fan(top), R = rows_of(f);
  const size_t H = 4 * S * S, count = S * S * S * S;
  const double n = 0.5 * (double)top->in, C = pdlt_layer_variance(top), rate = pdlt_layer_rate(top);
  for (size_t at = 0; at < count; at++) {
    const size_t a = at / (S * S * S), b = at / (S * S) % S, c = at / S % S, d = at % S;
    const size_t ua_ub = covector(f, u, b, u, a), s_bd = row(f, 2 + d, c);
    out[PDLT_DDNTK_Q * count + at] +=
        n * C * (f->cg[ua_ub * R + s_bd] + rate * f->gg[row(f, 2 + b, a) * R + s_bd]);
    if (!f->with_ddntk) continue;
    const size_t ua_vc = covector(f, v, c, u, a), ub_vd = covector(f, v, d, u, b);
    const double *dc = f->dtop + (row(f, v, c) * S + a) * K;
    const double *dd = f->dtop + (row(f, v, d) * S + b) * K;
    out[PDLT_DDNTK_S * count + at] += n * (f->cc[ua_vc * H + ub_vd] + rate * dot(K, dc, dd));
    /* T at [1][3][2][4]: a, c the samples of the covectors, b, d those of their directions. */
    const size_t vc_vd = covector(f, v, d, v, c);
    const size_t s_ab = row(f, 2 + b, a), s_cd = row(f, 2 + d, c);
    out[PDLT_DDNTK_T * count + at] +=
        n * (f->cc[ua_ub * H + vc_vd] + rate * (f->cg[ua_ub * R + s_cd] + f->cg[vc_vd * R + s_ab]) +
             rate * rate * f->gg[s_ab * R + s_cd]);
    /* U at [1][4][2][3]: d2f_u(a)[., J_v;d] and d2f_v(c)[., J_u;b]. */
    out[PDLT_DDNTK_U * count + at] +=
        n * f->cc[covector(f, v, d, u, a) * H + covector(f, u, b, v, c)];
  }
}

void pdlt_positions_dntk_tensors(pdlt_positions_dntk *f, const double *theta, const double *heads,
                                 double *out) {
  const size_t S = f->samples, K = pdlt_layer_fan(readout(f->net));
  pdlt_positions_jet_forward(&f->jet, theta);
  pdlt_positions_jet_top(&f->jet, f->jet.order[0], f->top);
  memcpy(f->head, heads, 2 * K * sizeof *heads);
  memcpy(f->head + 2 * K, f->top, S * K * sizeof *heads);
  fill_start(f, f->heads);
  pdlt_positions_jet_reverse(&f->jet, theta, rows_of(f), NULL, NULL, f->gradient);
  fill_directions(f, theta);
  fill_covectors(f, theta);
  fill_seconds(f, theta);
  for (size_t o = 0; o < 2; o++) {
    add_forward(f, theta, o, out);
    add_products(f, o, out);
  }
}
