/* ddntk_second.c - the network, and gradients, along two directions: see ddntk.h.
 *
 * With Y = J_w';b and Z = J_w';c, at the sample a, one a and one w' at a time:
 *
 *   ddz = W dds + rate { delta_w'b (s_b.ds_Z) + delta_w'c (s_c.ds_Y) }
 *   dds = s'' dz_Y dz_Z + s' ddz
 *
 * and the gradient delta of the other head w, along both,
 *
 *   e = W^T d + rate { s_b (delta_w'b.ddelta_Z) + s_c (delta_w'c.ddelta_Y) }
 *   d = s''' dz_Y dz_Z g + s'' (ddz g + dz_Y dg_Z + dz_Z dg_Y) + s' e
 *
 * With a skip ddz has gamma ddz of the layer below, d gamma d of the layer above. */
#include <string.h>

#include "base/vector/linalg.h"
#include "trainer/measure/ddntk_internal.h"
#include "trainer/network/layer.h"

/* One a and one w'; rows are the pairs b <= c. */
typedef struct base_point {
  size_t a, w1;
} base_point;

static size_t num_pairs(const pdlt_ddntk *f) { return f->samples * (f->samples + 1) / 2; }

/* ddz and dds of layer k. */
static void forward(pdlt_ddntk *f, const double *theta, base_point at, int k) {
  const size_t S = f->samples, a = at.a, rows = num_pairs(f);
  pdlt_ddntk_layer *y = &f->layer[k];
  const size_t n = y->n;
  if (k == 0) {
    memset(y->ddz, 0, rows * n * sizeof *y->ddz);
  } else {
    pdlt_layer_forward_tangent(&f->net->layer[k], theta, PDLT_BY_SAMPLE, rows, f->layer[k - 1].dds,
                               y->ddz);
    pdlt_layer_add_skip(&f->net->layer[k], rows, f->layer[k - 1].ddz, y->ddz);
  }
  double *ddz = y->ddz, *dds = y->dds;
  const double *d1 = y->d1 + a * n, *d2 = y->d2 + a * n;
  for (size_t b = 0; b < S; b++)
    for (size_t c = b; c < S; c++, ddz += n, dds += n) {
      const size_t ab = pdlt_ddntk_tangent(f, at.w1, a, b), ac = pdlt_ddntk_tangent(f, at.w1, a, c);
      const double *dz_b = y->dz + ab * n, *dz_c = y->dz + ac * n;
      if (k > 0) {
        const double *ds_s = f->layer[k - 1].ds_s;
        const double along_b = y->rate * ds_s[ac * S + b], along_c = y->rate * ds_s[ab * S + c];
        const double *delta_b = y->delta + (at.w1 * S + b) * n;
        const double *delta_c = y->delta + (at.w1 * S + c) * n;
        for (size_t i = 0; i < n; i++) ddz[i] += along_b * delta_b[i] + along_c * delta_c[i];
      }
      for (size_t i = 0; i < n; i++) dds[i] = d2[i] * dz_b[i] * dz_c[i] + d1[i] * ddz[i];
    }
}

/* P/C: half of dds.s_d at [a][b][c][d], the mean over the two heads. */
static void add_p(pdlt_ddntk *f, base_point at, int m) {
  const size_t S = f->samples, rows = num_pairs(f);
  const pdlt_ddntk_layer *y = &f->layer[m];
  double *p = pdlt_ddntk_out(f, PDLT_DDNTK_P) + at.a * S * S * S, *row = f->cross;
  pdlt_gemm(0, 1, rows, S, y->n, 0.5, y->dds, y->n, y->s, y->n, 0.0, row, S);
  for (size_t b = 0; b < S; b++)
    for (size_t c = b; c < S; c++, row += S)
      for (size_t d = 0; d < S; d++) {
        p[(b * S + c) * S + d] += row[d];
        if (c > b) p[(c * S + b) * S + d] += row[d];
      }
}

/* d (rows, n) of layer k, from that of the layer above; e is overwritten. */
static void backward(pdlt_ddntk *f, const double *theta, base_point at, int k, int m,
                     const double *above_d, double *d) {
  const size_t S = f->samples, a = at.a, w = 1 - at.w1;
  const pdlt_ddntk_layer *y = &f->layer[k], *above = &f->layer[k + 1];
  const size_t n = y->n;
  const double *d1 = y->d1 + a * n, *d2 = y->d2 + a * n, *d3 = y->d3 + a * n;
  const double *g = y->g + (w * S + a) * n, *ddz = y->ddz;
  double *const all = d;
  if (k == m)
    memset(d, 0, num_pairs(f) * n * sizeof *d);
  else
    pdlt_layer_pull_back(&f->net->layer[k + 1], theta, PDLT_BY_SAMPLE, num_pairs(f), above_d, d);
  for (size_t b = 0; b < S; b++)
    for (size_t c = b; c < S; c++, d += n, ddz += n) {
      const size_t ab = pdlt_ddntk_covector(f, w, at.w1, a, b);
      const size_t ac = pdlt_ddntk_covector(f, w, at.w1, a, c);
      const double *dz_b = y->dz + pdlt_ddntk_tangent(f, at.w1, a, b) * n;
      const double *dz_c = y->dz + pdlt_ddntk_tangent(f, at.w1, a, c) * n;
      const double *dg_b = y->dg + ab * n, *dg_c = y->dg + ac * n;
      if (k < m) {
        const double along_b = above->rate * above->ddelta_delta[ac * 2 * S + at.w1 * S + b];
        const double along_c = above->rate * above->ddelta_delta[ab * 2 * S + at.w1 * S + c];
        const double *s_b = y->s + b * n, *s_c = y->s + c * n;
        for (size_t i = 0; i < n; i++) d[i] += along_b * s_b[i] + along_c * s_c[i];
      }
      for (size_t i = 0; i < n; i++)
        d[i] = d3[i] * dz_b[i] * dz_c[i] * g[i] +
               d2[i] * (ddz[i] * g[i] + dz_b[i] * dg_c[i] + dz_c[i] * dg_b[i]) + d1[i] * d[i];
    }
  if (k < m) pdlt_layer_add_skip(&f->net->layer[k + 1], num_pairs(f), above_d, all);
}

/* R/n: half of the part of layer k of d3f_w(a)[J_w;r, Y, Z] at [a][r][b][c]; the gradient
 * along both is d s^T + ddelta_Y ds_Z^T + ddelta_Z ds_Y^T + delta dds^T. */
static void add_r(pdlt_ddntk *f, base_point at, int k, const double *d) {
  const size_t S = f->samples, a = at.a, w = 1 - at.w1, rows = num_pairs(f);
  const pdlt_ddntk_layer *y = &f->layer[k];
  double *out = pdlt_ddntk_out(f, PDLT_DDNTK_R) + a * S * S * S;
  double *d_delta = f->cross, *dds_s = f->cross + rows * S;
  pdlt_gemm(0, 1, rows, S, y->n, 0.5, d, y->n, y->delta + w * S * y->n, y->n, 0.0, d_delta, S);
  if (k > 0)
    pdlt_gemm(0, 1, rows, S, f->layer[k - 1].n, 0.5 * y->rate, f->layer[k - 1].dds,
              f->layer[k - 1].n, f->layer[k - 1].s, f->layer[k - 1].n, 0.0, dds_s, S);
  for (size_t b = 0; b < S; b++)
    for (size_t c = b; c < S; c++, d_delta += S, dds_s += S)
      for (size_t r = 0; r < S; r++) {
        double sum = y->h[a * S + r] * d_delta[r];
        if (k > 0) {
          const double *ds_s = f->layer[k - 1].ds_s;
          const size_t x_b = pdlt_ddntk_covector(f, w, at.w1, a, b) * 2 * S + w * S + r;
          const size_t x_c = pdlt_ddntk_covector(f, w, at.w1, a, c) * 2 * S + w * S + r;
          sum += 0.5 * y->rate *
                     (y->ddelta_delta[x_b] * ds_s[pdlt_ddntk_tangent(f, at.w1, a, c) * S + r] +
                      y->ddelta_delta[x_c] * ds_s[pdlt_ddntk_tangent(f, at.w1, a, b) * S + r]) +
                 y->delta_delta[(w * S + a) * 2 * S + w * S + r] * dds_s[r];
        }
        out[(r * S + b) * S + c] += sum;
        if (c > b) out[(r * S + c) * S + b] += sum;
      }
}

void pdlt_ddntk_second(pdlt_ddntk *f, const double *theta, int m) {
  for (size_t w1 = 0; w1 < 2; w1++)
    for (size_t a = 0; a < f->samples; a++) {
      const base_point at = {a, w1};
      double *d = f->second[0], *above = f->second[1];
      for (int k = 0; k <= m; k++) forward(f, theta, at, k);
      add_p(f, at, m);
      if (!f->with_ddntk) continue;
      for (int k = m; k >= 0; k--) {
        backward(f, theta, at, k, m, above, d);
        add_r(f, at, k, d);
        double *swap = d;
        d = above;
        above = swap;
      }
    }
}
