/* layer.h - what measurements do with a layer: forward, pull back, Gram.
 *
 * Is: products of many vectors with a layer's weights in theta, and what Gram matrices of its
 * inputs say about K and Theta; the only place of a measurement that knows how a layer is wired.
 * Is not: a step (step.h), which keeps weights in panels; reference.c says the same in plain loops.
 *
 * Vectors lie sample by sample, (count, n), or neuron by neuron, (n, count). */
#ifndef PDLT_TRAINER_NETWORK_LAYER_H
#define PDLT_TRAINER_NETWORK_LAYER_H

#include "base/experiment/layer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pdlt_order { PDLT_BY_SAMPLE, PDLT_BY_NEURON } pdlt_order;

/* z = b + W s of `count` activations s of the layer below: s (n_{l-1}) and z (n_l) each. Cost
 * 2 count n_{l-1} n_l flops, as of the next two. */
void pdlt_layer_forward(const pdlt_layer *layer, const double *theta, pdlt_order order,
                        size_t count, const double *s, double *z);

/* dz = W ds: the same of tangents, on which b has no effect. */
void pdlt_layer_forward_tangent(const pdlt_layer *layer, const double *theta, pdlt_order order,
                                size_t count, const double *ds, double *dz);

/* g = W^T delta: from derivatives in z^(l), delta (n_l) each, to those in the activations below, g
 * (n_{l-1}) each. */
void pdlt_layer_pull_back(const pdlt_layer *layer, const double *theta, pdlt_order order,
                          size_t count, const double *delta, double *g);

/* The same of the unit vector of neuron i: dz_i/ds (n_{l-1}), a view of theta. */
static inline const double *pdlt_layer_pull_back_unit(const pdlt_layer *layer, const double *theta,
                                                      size_t i) {
  return theta + layer->weight + i * layer->in;
}

/* gram (count, count) = s_a.s_b of activations of the layer below. Cost count^2 n_{l-1} flops. */
void pdlt_layer_gram(const pdlt_layer *layer, pdlt_order order, size_t count, const double *s,
                     double *gram);

/* Of `entries` entries of a Gram matrix: K = C_b + C_W/n_{l-1} gram, mean of z_a z_b over the
 * layer's own parameters; h = lambda_b + lambda_W/n_{l-1} gram, what they add to Theta_ab. */
void pdlt_layer_kernel(const pdlt_layer *layer, size_t entries, const double *gram, double *kernel);
void pdlt_layer_ntk(const pdlt_layer *layer, size_t entries, const double *gram, double *h);

/* h (count, count) from the activations at once; rounded otherwise than through their Gram. */
void pdlt_layer_ntk_of(const pdlt_layer *layer, pdlt_order order, size_t count, const double *s,
                       double *h);

#ifdef __cplusplus
}
#endif
#endif
