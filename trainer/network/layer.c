/* layer.c - see layer.h. */
#include "trainer/network/layer.h"

#include <string.h>

#include "base/vector/linalg.h"

/* z = W s + beta z. */
static void times_weight(const pdlt_layer *layer, const double *theta, pdlt_order order,
                         size_t count, const double *s, double beta, double *z) {
  const size_t in = layer->in, out = layer->out;
  const double *weight = theta + layer->weight;
  if (order == PDLT_BY_SAMPLE)
    pdlt_gemm(0, 1, count, out, in, 1.0, s, in, weight, in, beta, z, out);
  else
    pdlt_gemm(0, 0, out, count, in, 1.0, weight, in, s, count, beta, z, count);
}

void pdlt_layer_forward(const pdlt_layer *layer, const double *theta, pdlt_order order,
                        size_t count, const double *s, double *z) {
  const size_t out = layer->out;
  const double *bias = theta + layer->bias;
  if (order == PDLT_BY_SAMPLE)
    for (size_t a = 0; a < count; a++) memcpy(z + a * out, bias, out * sizeof *z);
  else
    for (size_t i = 0; i < out; i++)
      for (size_t a = 0; a < count; a++) z[i * count + a] = bias[i];
  times_weight(layer, theta, order, count, s, 1.0, z);
}

void pdlt_layer_forward_tangent(const pdlt_layer *layer, const double *theta, pdlt_order order,
                                size_t count, const double *ds, double *dz) {
  times_weight(layer, theta, order, count, ds, 0.0, dz);
}

void pdlt_layer_pull_back(const pdlt_layer *layer, const double *theta, pdlt_order order,
                          size_t count, const double *delta, double *g) {
  const size_t in = layer->in, out = layer->out;
  const double *weight = theta + layer->weight;
  if (order == PDLT_BY_SAMPLE)
    pdlt_gemm(0, 0, count, in, out, 1.0, delta, out, weight, in, 0.0, g, in);
  else
    pdlt_gemm(1, 0, in, count, out, 1.0, weight, in, delta, count, 0.0, g, count);
}

/* out = factor s_a.s_b. */
static void products(const pdlt_layer *layer, pdlt_order order, size_t count, double factor,
                     const double *s, double *out) {
  const int by_neuron = order == PDLT_BY_NEURON;
  pdlt_syrk(by_neuron, count, layer->in, factor, s, by_neuron ? count : layer->in, 0.0, out, count);
}

void pdlt_layer_gram(const pdlt_layer *layer, pdlt_order order, size_t count, const double *s,
                     double *gram) {
  products(layer, order, count, 1.0, s, gram);
}

void pdlt_layer_kernel(const pdlt_layer *layer, size_t entries, const double *gram,
                       double *kernel) {
  const double C_b = layer->C_b, scale = pdlt_layer_variance(layer);
  for (size_t i = 0; i < entries; i++) kernel[i] = C_b + scale * gram[i];
}

void pdlt_layer_ntk(const pdlt_layer *layer, size_t entries, const double *gram, double *h) {
  const double lambda_b = layer->lambda_b, scale = pdlt_layer_rate(layer);
  for (size_t i = 0; i < entries; i++) h[i] = lambda_b + scale * gram[i];
}

void pdlt_layer_ntk_of(const pdlt_layer *layer, pdlt_order order, size_t count, const double *s,
                       double *h) {
  products(layer, order, count, pdlt_layer_rate(layer), s, h);
  for (size_t i = 0; i < count * count; i++) h[i] += layer->lambda_b;
}
