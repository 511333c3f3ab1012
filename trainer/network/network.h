/* network.h - one network: its layers and its draw.
 *
 * Is: the layers of an experiment at a hidden width n, and the map from (seed, n, member) to
 * parameters at initialization.
 * Is not: products with parameters (layer.h), training (step.h) or samples (samples.h).
 *
 * Shapes in trainer/: L layers, n_l neurons in layer l, N_A training and N_B test
 * samples, D = N_A + N_B, T recorded times. Activations lie neuron by neuron,
 * (n_l, samples), weights W^(l) (n_l, n_{l-1}); parameters are one array theta. Where layer l has P_l
 * positions, n_l counts channels, (n_l, P_l, samples), weights are (n_l, taps, n_{l-1}). */
#ifndef PDLT_TRAINER_NETWORK_NETWORK_H
#define PDLT_TRAINER_NETWORK_NETWORK_H

#include <stddef.h>
#include <stdint.h>

#include "base/core/status.h"
#include "base/experiment/experiment.h"
#include "base/experiment/layer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_network {
  pdlt_activation activation;
  pdlt_init init;    /* distribution of the parameters of a draw */
  uint64_t width;    /* n of the sweep: part of the key of the random numbers */
  int depth;         /* L */
  pdlt_layer *layer; /* (L) layer[l-1] is layer l; owned */
  size_t num_params; /* length of theta */
  size_t max_width;  /* largest n_l P_l, l = 1..L */
  int has_positions; /* 1: a layer is not PDLT_LAYER_DENSE */
} pdlt_network;

/* The network of ex at hidden width n with `inputs` inputs. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_network_new(pdlt_network *out, const pdlt_experiment *ex, int n, size_t inputs,
                             pdlt_error *err);
void pdlt_network_free(pdlt_network *net);

/* Parameters of a member at initialization: a pure function of (seed, n, member,
 * layer, index). theta (num_params). Cost O(num_params). */
void pdlt_network_draw(const pdlt_network *net, uint64_t seed, uint64_t member, double *theta);

/* The same numbers for layers first..last only; other parameters are left alone. */
void pdlt_network_draw_layers(const pdlt_network *net, uint64_t seed, uint64_t member, int first,
                              int last, double *theta);

/* Negates the last layer's weights and biases: z(0) -> -z(0), same NTK. */
void pdlt_network_negate_last(const pdlt_network *net, double *theta);

#ifdef __cplusplus
}
#endif
#endif
