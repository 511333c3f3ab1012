/* bundle_evaluate.c - outputs, gradients and NTK of the networks of a bundle at a point: see
 * bundle.h and moves.h. */
#include <string.h>

#include "base/vector/linalg.h"
#include "base/vector/small.h"
#include "trainer/control/bundle_internal.h"

/* Right factors that a cache holds: base/vector/small.h is faster than BLAS, whatever the number of
 * rows. */
enum { SMALL = 1 << 15 };

/* C (m, n) = A (m, k) B (k, n), rows of n numbers padded. */
static void product(size_t m, size_t n, size_t k, const double *a, size_t lda, const double *b,
                    double *c) {
  const size_t wide = pdlt_bundle_padded(n);
  if (wide * k <= SMALL)
    pdlt_small_best()->product(m, wide, k, a, lda, b, wide, c, wide);
  else
    pdlt_gemm(0, 0, m, wide, k, 1.0, a, lda, b, wide, 0.0, c, wide);
}

/* C (m, n) = A (m, k) B^T, B (n, k), rows of k numbers padded. */
static void inner(size_t m, size_t n, size_t k, const double *a, const double *b, double *c,
                  size_t ldc) {
  const size_t wide = pdlt_bundle_padded(k);
  if (n * k <= SMALL)
    pdlt_small_best()->inner(m, n, k, a, wide, b, wide, c, ldc);
  else
    pdlt_gemm(0, 1, m, n, k, 1.0, a, wide, b, wide, 0.0, c, ldc);
}

/* --- forward --- */

/* z (bodies, S, n_l) of layer index k += b and, of networks that have moved, what their moves do
 * to W s + b: sum_r - (lambda_b + lambda_W/n s.S_r) P_r. */
static void add_moves(const pdlt_bundle *b, const pdlt_bundle_source *from, pdlt_bundle_point *p,
                      int k, double *z) {
  const pdlt_layer *layer = &b->net->layer[k];
  const size_t S = p->samples, held = from->held, columns = 1 + held;
  const size_t wide = pdlt_bundle_padded(layer->in), high = pdlt_bundle_padded(layer->out);
  const double rate = pdlt_layer_rate(layer);
  for (size_t r = 0; r < p->bodies; r++, z += S * high) {
    const double *push = from->push[k] + r * (1 + from->rank) * high;
    double *c = p->coefficient;
    if (held > 0)
      inner(S, held, layer->in, p->s[k - 1] + r * S * wide, from->signal[k] + r * from->rank * wide,
            c + 1, columns);
    for (size_t a = 0; a < S; a++, c += columns) {
      c[0] = 1;
      for (size_t i = 1; i < columns; i++) c[i] = -(layer->lambda_b + rate * c[i]);
    }
    pdlt_small_best()->add_product(S, high, columns, p->coefficient, columns, push, high, z, high);
  }
}

static void forward(const pdlt_bundle *b, const pdlt_bundle_source *from, pdlt_bundle_point *p) {
  const pdlt_network *net = b->net;
  const size_t D = b->data->samples, S = p->samples, rows = p->bodies * S;
  for (int k = 0; k + 1 < net->depth; k++) {
    const pdlt_layer *layer = &net->layer[k];
    const size_t high = pdlt_bundle_padded(layer->out);
    double *s = p->s[k];
    if (k == 0) {
      for (size_t r = 0; r < p->bodies; r++)
        memcpy(s + r * S * high, from->z1 + r * D * high, S * high * sizeof *s);
    } else {
      product(rows, layer->out, layer->in, p->s[k - 1], pdlt_bundle_padded(layer->in),
              from->across[k], s);
      add_moves(b, from, p, k, s);
    }
    pdlt_activation_forward(&net->activation, rows * high, s, s, p->ds[k]);
  }
}

/* z, and h of all layers but the first. */
static void read_out(const pdlt_bundle *b, pdlt_bundle_point *p, const double *last) {
  const pdlt_network *net = b->net;
  const size_t S = p->samples, n_L = b->data->outputs;
  for (int k = 1; k < net->depth; k++) {
    const pdlt_layer *layer = &net->layer[k];
    const size_t wide = pdlt_bundle_padded(layer->in);
    const double rate = pdlt_layer_rate(layer);
    for (size_t r = 0; r < p->bodies; r++) {
      const double *s = p->s[k - 1] + r * S * wide;
      double *h = p->h[k] + r * S * S;
      inner(S, S, layer->in, s, s, h, S);
      for (size_t i = 0; i < S * S; i++) h[i] = layer->lambda_b + rate * h[i];
    }
  }
  const pdlt_layer *top = &net->layer[net->depth - 1];
  const size_t wide = pdlt_bundle_padded(top->in);
  for (size_t r = 0; r < p->heads; r++, last += pdlt_bundle_last(net)) {
    const double *s = p->s[net->depth - 2] + (p->bodies == 1 ? 0 : r * S * wide);
    double *z = p->z + r * n_L * S;
    inner(n_L, S, top->in, last, s, z, S);
    for (size_t i = 0; i < n_L; i++)
      for (size_t a = 0; a < S; a++) z[i * S + a] += last[pdlt_bundle_bias(net) + i];
  }
}

/* --- backward --- */

/* delta (heads, q, n_{l-1}) += what moves do to W^T above, W of layer index k:
 * - lambda_W/n sum_r (above.P_r) S_r. */
static void add_moves_back(const pdlt_bundle *b, const pdlt_bundle_source *from,
                           pdlt_bundle_point *p, int k) {
  const pdlt_layer *layer = &b->net->layer[k];
  const size_t q = b->data->outputs * p->samples, held = from->held;
  const size_t wide = pdlt_bundle_padded(layer->in), high = pdlt_bundle_padded(layer->out);
  const double rate = pdlt_layer_rate(layer);
  if (held == 0) return;
  for (size_t r = 0; r < p->bodies; r++) {
    inner(q, held, layer->out, p->delta[k] + r * q * high,
          from->push[k] + (r * (1 + from->rank) + 1) * high, p->coefficient, held);
    for (size_t i = 0; i < q * held; i++) p->coefficient[i] *= -rate;
    pdlt_small_best()->add_product(q, wide, held, p->coefficient, held,
                                   from->signal[k] + r * from->rank * wide, wide,
                                   p->delta[k - 1] + r * q * wide, wide);
  }
}

/* rows of delta (heads, n_L, S, n) *= slopes of their body and sample; of the topmost hidden layer
 * they are the last layers' weights times these. */
static void add_slopes(const pdlt_bundle *b, pdlt_bundle_point *p, int k, const double *last) {
  const size_t S = p->samples, n = pdlt_bundle_padded(b->net->layer[k].out);
  const size_t n_L = b->data->outputs, size = pdlt_bundle_last(b->net);
  double *delta = p->delta[k];
  for (size_t r = 0; r < p->heads; r++)
    for (size_t i = 0; i < n_L; i++)
      for (size_t a = 0; a < S; a++, delta += n) {
        const double *slope = p->ds[k] + ((p->bodies == 1 ? 0 : r * S) + a) * n;
        const double *from = k + 2 == b->net->depth ? last + r * size + i * n : delta;
        pdlt_small_best()->multiply(n, from, slope, delta);
      }
}

/* ntk += h gram of the delta of layer index k. */
static void add_layer(const pdlt_bundle *b, pdlt_bundle_point *p, int k) {
  const size_t S = p->samples, n_L = b->data->outputs, q = n_L * S;
  const size_t n = b->net->layer[k].out, row = k == 0 ? b->data->samples : S;
  for (size_t r = 0; r < p->heads; r++) {
    const double *delta = p->delta[k] + r * q * pdlt_bundle_padded(n);
    const double *h = p->h[k] + (k == 0 || p->bodies == 1 ? 0 : r * S * S);
    double *ntk = p->ntk + r * q * q;
    inner(q, q, n, delta, delta, p->gram, q);
    for (size_t i = 0, at = 0; i < q; i++)
      for (size_t j = 0; j < n_L; j++)
        for (size_t c = 0; c < S; c++, at++) ntk[at] += h[i % S * row + c] * p->gram[at];
  }
}

void pdlt_bundle_evaluate(const pdlt_bundle *b, const pdlt_bundle_source *from,
                          pdlt_bundle_point *p) {
  const pdlt_network *net = b->net;
  const size_t S = p->samples, n_L = b->data->outputs, q = n_L * S;
  const int top = net->depth - 1;
  forward(b, from, p);
  read_out(b, p, from->last);
  for (size_t r = 0; r < p->heads; r++) {
    const double *h = p->h[top] + (p->bodies == 1 ? 0 : r * S * S);
    double *ntk = p->ntk + r * q * q;
    memset(ntk, 0, q * q * sizeof *ntk);
    for (size_t i = 0; i < q; i++) memcpy(ntk + i * q + i / S * S, h + i % S * S, S * sizeof *ntk);
  }
  for (int k = top - 1; k >= 0; k--) {
    const pdlt_layer *above = &net->layer[k + 1];
    if (k + 1 < top) {
      product(p->heads * q, above->in, above->out, p->delta[k + 1], pdlt_bundle_padded(above->out),
              from->weight[k + 1], p->delta[k]);
      add_moves_back(b, from, p, k + 1);
    }
    add_slopes(b, p, k, from->last);
    add_layer(b, p, k);
  }
}
