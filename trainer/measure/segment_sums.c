/* segment_sums.c - sums over parameters of the features at hand; see segment.h. */
#include <string.h>

#include "base/vector/linalg.h"
#include "trainer/measure/segment.h"
#include "trainer/network/layer.h"

/* h (D, D) = lambda_W/n_{l-1} <s_q;a, s_r;b> + lambda_b b_q b_r of layer k. */
static void products_below(const pdlt_segment *s, int k, size_t q, size_t r) {
  const pdlt_layer *layer = &s->net->layer[k];
  const size_t D = s->data->samples, n = layer->in;
  const double *below = s->terms[k].s, bias = layer->lambda_b * s->bias[q] * s->bias[r];
  if (q == r)
    pdlt_syrk(1, D, n, pdlt_layer_rate(layer), below + q * n * D, D, 0.0, s->h, D);
  else
    pdlt_gemm(1, 0, D, D, n, pdlt_layer_rate(layer), below + q * n * D, D, below + r * n * D, D,
              0.0, s->h, D);
  for (size_t i = 0; i < D * D; i++) s->h[i] += bias;
}

/* gram (p, p) = <g_q;ia, g_r;jb> of layer k. */
static void products_above(const pdlt_segment *s, int k, size_t q, size_t r) {
  const size_t D = s->data->samples, p = pdlt_segment_rows(s), n = s->net->layer[k].out;
  const double *g = s->terms[k].g;
  if (g == NULL)
    for (size_t ia = 0; ia < p; ia++)
      for (size_t jb = 0; jb < p; jb++) s->gram[ia * p + jb] = ia / D == jb / D;
  else if (q == r)
    pdlt_syrk(1, p, n, 1.0, g + q * n * p, p, 0.0, s->gram, p);
  else
    pdlt_gemm(1, 0, p, p, n, 1.0, g + q * n * p, p, g + r * n * p, p, 0.0, s->gram, p);
}

/* Weight of term q of layer k. */
static double weight_of(const pdlt_segment *s, int k, size_t q) {
  return s->terms[k].terms == 1 ? 1 : s->weight[q];
}

/* out += kernel of layer k. */
static void add_layer(const pdlt_segment *s, int k, double *out) {
  const size_t D = s->data->samples, p = pdlt_segment_rows(s);
  for (size_t q = 0; q < s->terms[k].terms; q++)
    for (size_t r = 0; r <= q; r++) {
      const double weight = weight_of(s, k, q) * weight_of(s, k, r);
      products_below(s, k, q, r);
      products_above(s, k, q, r);
      for (size_t ia = 0; ia < p; ia++)
        for (size_t jb = 0; jb < p; jb++) {
          const double x = weight * s->h[ia % D * D + jb % D] * s->gram[ia * p + jb];
          out[ia * p + jb] += x;
          if (q != r) out[jb * p + ia] += x;
        }
    }
}

void pdlt_segment_kernel(pdlt_segment *s, double *out) {
  memset(out, 0, pdlt_segment_rows(s) * pdlt_segment_rows(s) * sizeof *out);
  for (int k = s->net->depth - 1; k >= 0; k--) add_layer(s, k, out);
}

void pdlt_segment_kernel_of_layer(pdlt_segment *s, int l, double *out) {
  memset(out, 0, pdlt_segment_rows(s) * pdlt_segment_rows(s) * sizeof *out);
  add_layer(s, l - 1, out);
}

/* moved (n_l, D) = dW s_q + b_q db of layer k. */
static void move_preactivations(pdlt_segment *s, int k, size_t q, double *moved) {
  const pdlt_layer *layer = &s->net->layer[k];
  const size_t D = s->data->samples;
  const double *below = s->terms[k].s + q * layer->in * D;
  if (k == 0)
    memcpy(moved, s->first[PDLT_SEGMENT_CHANGE], layer->out * D * sizeof *moved);
  else if (s->bias[q] != 0)
    pdlt_layer_forward(layer, s->d, PDLT_BY_NEURON, D, below, moved);
  else
    pdlt_layer_forward_tangent(layer, s->d, PDLT_BY_NEURON, D, below, moved);
}

void pdlt_segment_product(pdlt_segment *s, double *out) {
  const size_t D = s->data->samples, p = pdlt_segment_rows(s);
  double *moved = s->z_at[1];
  memset(out, 0, p * sizeof *out);
  for (int k = 0; k < s->net->depth; k++)
    for (size_t q = 0; q < s->terms[k].terms; q++) {
      const size_t n = s->net->layer[k].out;
      const double *g = s->terms[k].g, weight = weight_of(s, k, q);
      move_preactivations(s, k, q, moved);
      for (size_t m = 0; m < n; m++)
        for (size_t ia = 0; ia < p; ia++) {
          const double slope = g == NULL ? m == ia / D : g[(q * n + m) * p + ia];
          out[ia] += weight * slope * moved[m * D + ia % D];
        }
    }
}

void pdlt_segment_contributions(pdlt_segment *s, int l, size_t m, double *out) {
  const pdlt_layer *layer = &s->net->layer[l - 1];
  const pdlt_segment_terms *terms = &s->terms[l - 1];
  const size_t D = s->data->samples, p = pdlt_segment_rows(s), n = layer->out, in = layer->in;
  const double *dw = s->d + layer->weight + m * in, db = s->d[layer->bias + m];
  memset(out, 0, (in + 1) * p * sizeof *out);
  for (size_t q = 0; q < terms->terms; q++)
    for (size_t ia = 0; ia < p; ia++) {
      const double slope = terms->g == NULL ? m == ia / D : terms->g[(q * n + m) * p + ia];
      const double factor = weight_of(s, l - 1, q) * slope;
      const double *below = terms->s + q * in * D + ia % D;
      for (size_t j = 0; j < in; j++) out[j * p + ia] += factor * dw[j] * below[j * D];
      out[in * p + ia] += factor * db * s->bias[q];
    }
}

/* |d|^2 of layer 1 from its preactivations. */
static double length2_by_samples(pdlt_segment *s) {
  const size_t n = s->net->layer[0].out, D = s->data->samples, N_A = s->data->train;
  double sum = 0;
  for (size_t m = 0; m < n; m++) {
    pdlt_gemv(0, N_A, N_A, 1.0, s->root, N_A, s->first[PDLT_SEGMENT_CHANGE] + m * D, 0.0, s->h);
    for (size_t i = 0; i < N_A; i++) sum += s->h[i] * s->h[i];
  }
  return sum;
}

double pdlt_segment_length2(pdlt_segment *s) {
  double sum = s->by_samples ? length2_by_samples(s) : 0;
  for (int k = s->by_samples ? 1 : 0; k < s->net->depth; k++) {
    const pdlt_layer *layer = &s->net->layer[k];
    const double rate = pdlt_layer_rate(layer), *dw = s->d + layer->weight,
                 *db = s->d + layer->bias;
    for (size_t i = 0; i < layer->out * layer->in && rate > 0; i++) sum += dw[i] * dw[i] / rate;
    for (size_t i = 0; i < layer->out && layer->lambda_b > 0; i++)
      sum += db[i] * db[i] / layer->lambda_b;
  }
  return sum;
}
