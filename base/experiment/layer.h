/* layer.h - a layer of the network, as theory and trainer both see it.
 *
 * Is: every layer at one hidden width, resolved from the experiment; and the one place that says
 * what is not predicted or not measured for an architecture, and why.
 * Is not: numbers of a draw, or products with them (trainer/network/layer.h). */
#ifndef PDLT_BASE_EXPERIMENT_LAYER_H
#define PDLT_BASE_EXPERIMENT_LAYER_H

#include <stddef.h>

#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pdlt_experiment; /* base/experiment/experiment.h */

/* Linear map of a layer; layer.c has a row for each, with what it lacks. */
typedef enum pdlt_layer_kind {
  PDLT_LAYER_DENSE,     /* every neuron below to every neuron, one position in and out */
  PDLT_LAYER_POSITIONS, /* weights shared over positions: a convolution, flatten, average */
  PDLT_LAYER_KIND_COUNT
} pdlt_layer_kind;

/* How a layer reads the positions below: activations are averaged over windows of pool, and tap t
 * of a position p reads the window p stride + t - offset (rows, columns). A flatten has one position and
 * a tap for each window, an average one window. Without positions all is 1 and offset 0. */
typedef struct pdlt_wiring {
  size_t below[2],
      here[2]; /* positions of layer l - 1 and l: rows, columns; one dimension: rows 1 */
  size_t pool[2], taps[2], stride[2], offset[2];
  int circular; /* 1: windows beyond the edge are those of the other side; 0: they are absent */
} pdlt_wiring;

/* Layer l: z_{i;p} = b_i + sum_{t,j} W_{itj} s_{j;window(t,p)}, one bias per channel,
 * b ~ N(0, C_b), W ~ N(0, C_W/(kappa in)) with kappa taps, absent ones counted; learning-rate tensor
 * lambda_b for biases, lambda_W/(kappa in) for weights (PDLT ch. 2 and 8; docs/convolution.md).
 * Parameters of a network are one array theta = W^(1), b^(1), ..., W^(L), b^(L). */
typedef struct pdlt_layer {
  pdlt_layer_kind kind;
  size_t in, out; /* n_{l-1}, n_l: neurons or, at each position, channels */
  size_t taps;    /* kappa */
  double C_b, C_W, lambda_b, lambda_W;
  size_t weight, bias; /* W (out, taps, in) and b (out) begin here in theta */
  int has_bias;        /* 0: C_b = lambda_b = 0, b stays 0 */
  pdlt_wiring wiring;  /* of layers with positions; taps and wiring of a dense one are not read */
  double skip; /* gamma, factor of z of the layer below (docs/skips.md); 0: no skip connection */
} pdlt_layer;

/* Positions of layer l - 1, of layer l, and windows that taps read. */
static inline size_t pdlt_layer_below(const pdlt_layer *layer) {
  if (layer->kind == PDLT_LAYER_DENSE) return 1;
  return layer->wiring.below[0] * layer->wiring.below[1];
}
static inline size_t pdlt_layer_here(const pdlt_layer *layer) {
  if (layer->kind == PDLT_LAYER_DENSE) return 1;
  return layer->wiring.here[0] * layer->wiring.here[1];
}
static inline size_t pdlt_layer_windows(const pdlt_layer *layer) {
  if (layer->kind == PDLT_LAYER_DENSE) return 1;
  return pdlt_layer_below(layer) / (layer->wiring.pool[0] * layer->wiring.pool[1]);
}

/* Positions of a window, and kappa. */
static inline size_t pdlt_layer_pool(const pdlt_layer *layer) {
  if (layer->kind == PDLT_LAYER_DENSE) return 1;
  return layer->wiring.pool[0] * layer->wiring.pool[1];
}
static inline size_t pdlt_layer_taps(const pdlt_layer *layer) {
  return layer->kind == PDLT_LAYER_DENSE ? 1 : layer->taps;
}

/* kappa n_{l-1}: weights of a neuron of layer l. */
static inline size_t pdlt_layer_fan(const pdlt_layer *layer) {
  return pdlt_layer_taps(layer) * layer->in;
}

/* lambda_W/(kappa n_{l-1}): the learning-rate tensor of a weight. */
static inline double pdlt_layer_rate(const pdlt_layer *layer) {
  return layer->lambda_W / (double)pdlt_layer_fan(layer);
}

/* C_W/(kappa n_{l-1}): the variance of a weight. */
static inline double pdlt_layer_variance(const pdlt_layer *layer) {
  return layer->C_W / (double)pdlt_layer_fan(layer);
}

/* The window that tap `tap` of position p reads, as a position on the grid of windows; PDLT_ABSENT:
 * none. */
#define PDLT_ABSENT ((size_t)-1)
size_t pdlt_layer_window(const pdlt_layer *layer, size_t tap, size_t p);

/* Position k < pool[0] pool[1] of layer l - 1 in a window. */
size_t pdlt_layer_pooled(const pdlt_layer *layer, size_t window, size_t k);

/* Layer l = 1..L of ex at hidden width n with `inputs` inputs, channels times positions. n = 1 gives n_l in units of n, which
 * is what theory needs: there widths enter as n_l/n_{l-1} only, and parameters that follow the width
 * are numbers already (at_width.h). Cost O(l). */
pdlt_layer pdlt_experiment_layer(const struct pdlt_experiment *ex, int l, int n, size_t inputs);

/* All of them: *out (L), layer l at l - 1, owned by the caller (pdlt_free). Errors:
 * PDLT_ERR_MEMORY; PDLT_ERR_INPUT `FILE:LINE: network.layers: ...` when the positions of the samples do
 * not fit the layers. */
pdlt_status pdlt_layers_new(pdlt_layer **out, const struct pdlt_experiment *ex, int n,
                            size_t inputs, pdlt_error *err);

/* 1 when a layer of ex has a skip connection. */
int pdlt_experiment_has_skips(const struct pdlt_experiment *ex);

/* Why theory does not predict, and why the trainer does not measure, what `word` (a bit
 * PDLT_MEASURE_*) stands for with the layers and the activation of ex; NULL where it does. Every
 * architecture has K and Theta at infinite width and is trained. Static strings, which go into
 * `absent` of theory.npz and measured.npz. */
const char *pdlt_experiment_unpredicted(const struct pdlt_experiment *ex, unsigned word);
const char *pdlt_experiment_unmeasured(const struct pdlt_experiment *ex, unsigned word);

#ifdef __cplusplus
}
#endif
#endif
