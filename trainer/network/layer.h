/* layer.h - what measurements do with a layer: forward, pull back, Gram.
 *
 * Is: products of many vectors with a layer's weights in theta, and what Gram matrices of its
 * inputs say about K and Theta; the only place of a measurement that knows how a layer is wired.
 * Is not: a step (step.h), which keeps weights in panels; reference.c says the same in plain loops.
 *
 * Vectors lie sample by sample, (count, n), or neuron by neuron, (n, count). Of a layer with P_l
 * positions a vector is (n_l, P_l): position by position, (P_l, count, n_l), or (n_l, P_l, count). */
#ifndef PDLT_TRAINER_NETWORK_LAYER_H
#define PDLT_TRAINER_NETWORK_LAYER_H

#include "base/experiment/layer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pdlt_order { PDLT_BY_SAMPLE, PDLT_BY_NEURON } pdlt_order;

/* The window that tap t reads at position p (base/experiment/layer.h), of any layer. */
static inline size_t pdlt_layer_reads(const pdlt_layer *layer, size_t t, size_t p) {
  return layer->kind == PDLT_LAYER_DENSE ? 0 : pdlt_layer_window(layer, t, p);
}

/* n_l P_l and n_{l-1} P_{l-1}: preactivations of a sample in layer l, and below. */
static inline size_t pdlt_layer_units(const pdlt_layer *layer) {
  return layer->out * pdlt_layer_here(layer);
}
static inline size_t pdlt_layer_units_below(const pdlt_layer *layer) {
  return layer->in * pdlt_layer_below(layer);
}

/* z = b + W s of `count` activations s of the layer below: s (n_{l-1}) and z (n_l) each. Cost
 * 2 count n_{l-1} n_l flops, as of the next two; times taps, positions and what a window holds. */
void pdlt_layer_forward(const pdlt_layer *layer, const double *theta, pdlt_order order,
                        size_t count, const double *s, double *z);

/* dz = W ds: the same of tangents, on which b has no effect. */
void pdlt_layer_forward_tangent(const pdlt_layer *layer, const double *theta, pdlt_order order,
                                size_t count, const double *ds, double *dz);

/* g = W^T delta: from derivatives in z^(l), delta (n_l) each, to those in the activations below, g
 * (n_{l-1}) each. */
void pdlt_layer_pull_back(const pdlt_layer *layer, const double *theta, pdlt_order order,
                          size_t count, const double *delta, double *g);

/* to += gamma from, `count` vectors (n_l) each in any order: what the skip connection of the layer adds, to
 * its z and their tangents from those of the layer below, and to derivatives in z^(l-1) from those in z^(l).
 * Nothing, whatever from is, where the layer has none; W^T delta above is the way through weights alone. */
void pdlt_layer_add_skip(const pdlt_layer *layer, size_t count, const double *from, double *to);

/* W^T delta of the unit vector of neuron i of a dense layer: dz_i/ds (n_{l-1}), a view of theta. */
static inline const double *pdlt_layer_pull_back_unit(const pdlt_layer *layer, const double *theta,
                                                      size_t i) {
  return theta + layer->weight + i * layer->in;
}

/* seen (P_l, count, taps, n_{l-1}) = s_{j;window(t,p)}: what weights see of `count` activations s of
 * the layer below, means over windows, zeros where a tap is absent. Vectors of seen are slots, a sample
 * at a position: P_l count of kappa n_{l-1} numbers, always slot by slot; of a dense layer s itself.
 * Cost: its length. */
void pdlt_layer_gather(const pdlt_layer *layer, pdlt_order order, size_t count, const double *s,
                       double *seen);

/* gram (count, count) = s_a.s_b of what the layer's weights see, kappa n_{l-1} numbers each: the
 * activations of the layer below or, with positions, of `count` slots. Cost count^2 kappa n_{l-1}
 * flops. */
void pdlt_layer_gram(const pdlt_layer *layer, pdlt_order order, size_t count, const double *s,
                     double *gram);

/* Of `entries` entries of a Gram matrix: K = C_b + C_W/(kappa n_{l-1}) gram, mean of z_a z_b over the
 * layer's own parameters; h = lambda_b + lambda_W/(kappa n_{l-1}) gram, what they add to Theta_ab. */
void pdlt_layer_kernel(const pdlt_layer *layer, size_t entries, const double *gram, double *kernel);
void pdlt_layer_ntk(const pdlt_layer *layer, size_t entries, const double *gram, double *h);

/* h (count, count) from what the weights see at once; rounded otherwise than through their Gram. */
void pdlt_layer_ntk_of(const pdlt_layer *layer, pdlt_order order, size_t count, const double *s,
                       double *h);

#ifdef __cplusplus
}
#endif
#endif
