/* preactivation_ntk.c - the NTK of a draw of preactivations: see preactivation.h.
 *
 * Is: backward passes; Sigma^(l)_ab = E[delta^(l)_a delta^(l)_b^T] is never formed, only its
 * trace kappa and its moment M = xi^T Sigma xi. */
#include <math.h>
#include <string.h>

#include "base/vector/linalg.h"
#include "base/vector/small.h"
#include "trainer/control/preactivation.h"

/* theta (P) += factor kappa h of layer index k. */
static void add_layer(const pdlt_preactivation *pre, int k, const double *trace, double *theta) {
  const size_t D = pre->data->samples;
  for (size_t a = 0; a < D; a++)
    for (size_t b = a; b < D; b++, theta++, trace++)
      *theta += *trace * pdlt_preactivation_rate(pre, k, a, b);
}

/* out (P, n): products of rows a <= b of x, whose rows are `stride` apart. */
static void pair_products(size_t D, size_t n, const double *x, size_t stride, double *out) {
  for (size_t a = 0; a < D; a++)
    for (size_t b = a; b < D; b++, out += n)
      pdlt_small_best()->multiply(n, x + a * stride, x + b * stride, out);
}

/* sum_rs t_rs p_rs of a matrix t (D, D) and a symmetric one stored by pairs. */
static double contract(size_t D, const double *t, const double *p) {
  double sum = 0;
  for (size_t r = 0; r < D; r++) {
    sum += t[r * D + r] * *p++;
    for (size_t s = r + 1; s < D; s++) sum += (t[r * D + s] + t[s * D + r]) * *p++;
  }
  return sum;
}

/* A_a (D, D) = sum_k d_ka u_k xi_k^T of layer index k, all a. */
static void fill_mixed(pdlt_preactivation *pre, int k) {
  const size_t D = pre->data->samples, n = pre->net->layer[k].out;
  const pdlt_small_set *small = pdlt_small_best();
  double *product = pre->feature[1];
  for (size_t a = 0; a < D; a++) {
    for (size_t r = 0; r < D; r++)
      small->multiply(n, pre->basis[k] + r * (n + 1), pre->ds[k] + a * n, product + r * n);
    small->inner(D, D, n, product, n, pre->xi[k], n, pre->mixed + a * D * D, D);
  }
}

/* out (D, D) += factor A_a^T t A_b. */
static void add_sandwich(const pdlt_preactivation *pre, size_t a, size_t b, double factor,
                         const double *t, double *out) {
  const size_t D = pre->data->samples;
  const double *left = pre->mixed + a * D * D, *right = pre->mixed + b * D * D;
  for (size_t r = 0; r < D; r++)
    for (size_t v = 0; v < D; v++) {
      double x = 0;
      for (size_t s = 0; s < D; s++) x += t[r * D + s] * right[s * D + v];
      for (size_t u = 0; u < D; u++) out[u * D + v] += factor * left[r * D + u] * x;
    }
}

/* Rows that a cache holds: base/vector/small.h is faster than BLAS. */
enum { SMALL = 1 << 15 };

/* overlap[which] (P, P) = ds ds . x x over the neurons of layer index k. */
static void fill_overlap(pdlt_preactivation *pre, int k, int which, const double *x,
                         size_t stride) {
  const size_t D = pre->data->samples, P = pre->pairs, n = pre->net->layer[k].out;
  pair_products(D, n, x, stride, pre->feature[1 + which]);
  if (P * n <= SMALL)
    pdlt_small_best()->inner(P, P, n, pre->feature[0], n, pre->feature[1 + which], n,
                             pre->overlap[which], P);
  else
    pdlt_gemm(0, 1, P, P, n, 1.0, pre->feature[0], n, pre->feature[1 + which], n, 0.0,
              pre->overlap[which], P);
}

/* From (kappa, M) of the layer above to those of layer index k; M only when needed. With
 * first = 1 the layer above is the readout, Sigma = C_W/n diag(ds ds). */
static void descend(pdlt_preactivation *pre, int k, int first, int moments) {
  const pdlt_layer *above = &pre->net->layer[k + 1];
  const size_t D = pre->data->samples, P = pre->pairs, n = above->in, square = D * D;
  const double scale = pdlt_layer_variance(above);
  double *old = pre->moment[0], *new = pre->moment[1];
  pdlt_small_best()->inner(D, D, n, pre->ds[k], n, pre->ds[k], n, pre->product, D);
  pair_products(D, n, pre->ds[k], n, pre->feature[0]);
  if (!first) {
    fill_overlap(pre, k, 0, pre->basis[k], n + 1);
    if (moments) fill_mixed(pre, k);
  }
  if (moments) fill_overlap(pre, k, 1, pre->xi[k], n);
  for (size_t a = 0, p = 0; a < D; a++)
    for (size_t b = a; b < D; b++, p++) {
      const double kappa = first ? 1 : pre->trace[p];
      double *t = old + p * square, *m = new + p *square;
      pre->trace[p] = scale * kappa * pre->product[a * D + b];
      if (!first) { /* t = M - kappa */
        for (size_t r = 0; r < D; r++) t[r * D + r] -= kappa;
        pre->trace[p] += scale * contract(D, t, pre->overlap[0] + p * P);
      }
      if (!moments) continue;
      for (size_t r = 0; r < D; r++)
        for (size_t s = 0; s < D; s++)
          m[r * D + s] = scale * kappa * pre->overlap[1][p * P + pdlt_pair(D, r, s)];
      if (!first) add_sandwich(pre, a, b, scale, t, m);
    }
  pre->moment[0] = new;
  pre->moment[1] = old;
}

void pdlt_preactivation_theta(pdlt_preactivation *pre, int l, double *theta) {
  const size_t D = pre->data->samples;
  for (size_t a = 0, p = 0; a < D; a++)
    for (size_t b = a; b < D; b++, p++) theta[p] = pdlt_preactivation_rate(pre, l - 1, a, b);
  for (int k = l - 2; k >= 0; k--) {
    descend(pre, k, k == l - 2, k > 0);
    add_layer(pre, k, pre->trace, theta);
  }
}

/* --- one network --- */

/* ntk += gram of delta (q, n) times h of layer index k. */
static void add_outputs(pdlt_preactivation *pre, int k, const double *delta, size_t n,
                        double *ntk) {
  const size_t D = pre->data->samples, q = pre->data->outputs * D;
  pdlt_small_best()->inner(q, q, n, delta, n, delta, n, pre->product, q);
  for (size_t i = 0; i < q; i++)
    for (size_t j = 0; j < q; j++)
      ntk[i * q + j] += pre->product[i * q + j] * pdlt_preactivation_rate(pre, k, i % D, j % D);
}

/* below (q, n) = dz/dz^(k+1) from above (q, n_above) at layer index k + 1, with the random
 * numbers normal (q, n + 1): sqrt(C_W/n) (U^T xi^T delta + (1 - U^T U) omega^T delta), and
 * omega^T delta = factor . normal. */
static void pull_back(pdlt_preactivation *pre, int k, const double *above, const double *normal,
                      double *below) {
  const pdlt_layer *layer = &pre->net->layer[k + 1];
  const size_t D = pre->data->samples, q = pre->data->outputs * D, n = layer->in;
  const size_t n_above = layer->out;
  const double scale = sqrt(pdlt_layer_variance(layer));
  const pdlt_small_set *small = pdlt_small_best();
  double *rest = pre->rest, *coefficient = pre->coefficient;
  memcpy(pre->rotated, above, q * n_above * sizeof *above);
  pdlt_orthonormal_rows(q, n_above, pre->rotated, pre->factor, coefficient);
  small->product(q, n + 1, q, pre->factor, q, normal, n + 1, rest, n + 1);
  small->inner(q, D, n_above, above, n_above, pre->xi[k + 1], n_above, coefficient, D);
  small->inner(q, D, n + 1, rest, n + 1, pre->basis[k], n + 1, pre->product, D);
  for (size_t i = 0; i < q * D; i++) coefficient[i] -= pre->product[i];
  small->add_product(q, n, D, coefficient, D, pre->basis[k], n + 1, rest, n + 1);
  for (size_t i = 0; i < q; i++) {
    const double *row = rest + i * (n + 1), *slope = pre->ds[k] + i % D * n;
    for (size_t j = 0; j < n; j++) below[i * n + j] = scale * row[j] * slope[j];
  }
}

/* The last layer's weights (n_L, n), in units of their deviation, behind what the forward pass takes. */
static const double *last_weights(const pdlt_preactivation *pre) {
  const double *normal = pre->normal;
  for (int k = 0; k + 1 < pre->net->depth; k++)
    normal += pre->data->samples * pre->net->layer[k].out;
  return normal;
}

void pdlt_preactivation_output(const pdlt_preactivation *pre, double *z) {
  const pdlt_network *net = pre->net;
  const pdlt_layer *top = &net->layer[net->depth - 1];
  const size_t D = pre->data->samples, n = top->in;
  const double scale = sqrt(pdlt_layer_variance(top)), bias = sqrt(top->C_b);
  const double *weights = last_weights(pre), *biases = pre->bias;
  pdlt_small_best()->inner(top->out, D, n, weights, n, pre->s[net->depth - 2], n, z, D);
  for (size_t i = 0; i < top->out; i++)
    for (size_t a = 0; a < D; a++) z[i * D + a] = scale * z[i * D + a] + bias * biases[i];
}

void pdlt_preactivation_ntk(pdlt_preactivation *pre, double *ntk) {
  const pdlt_network *net = pre->net;
  const pdlt_layer *top = &net->layer[net->depth - 1];
  const size_t D = pre->data->samples, q = pre->data->outputs * D, n = top->in;
  const double scale = sqrt(pdlt_layer_variance(top)), *normal = last_weights(pre);
  int k = net->depth - 2;
  for (size_t i = 0; i < q; i++)
    for (size_t j = 0; j < q; j++)
      ntk[i * q + j] =
          i / D == j / D ? pdlt_preactivation_rate(pre, net->depth - 1, i % D, j % D) : 0;
  double *delta = pre->delta[0], *below = pre->delta[1];
  for (size_t i = 0; i < q; i++)
    for (size_t j = 0; j < n; j++)
      delta[i * n + j] = scale * normal[i / D * n + j] * pre->ds[k][i % D * n + j];
  normal += top->out * n;
  for (;; k--) {
    add_outputs(pre, k, delta, net->layer[k].out, ntk);
    if (k == 0) return;
    pull_back(pre, k - 1, delta, normal, below);
    normal += q * (net->layer[k - 1].out + 1);
    double *swap = delta;
    delta = below;
    below = swap;
  }
}
