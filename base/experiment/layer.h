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
  PDLT_LAYER_DENSE, /* every neuron below to every neuron */
  PDLT_LAYER_KIND_COUNT
} pdlt_layer_kind;

/* Layer l: z^(l) = b + W s, b ~ N(0, C_b), W_ij ~ N(0, C_W/in); learning-rate tensor
 * lambda_b for biases, lambda_W/in for weights (PDLT ch. 2 and 8). Parameters of a network are one
 * array theta = W^(1), b^(1), ..., W^(L), b^(L). */
typedef struct pdlt_layer {
  pdlt_layer_kind kind;
  size_t in, out; /* n_{l-1}, n_l */
  double C_b, C_W, lambda_b, lambda_W;
  size_t weight, bias; /* W (out, in) and b (out) begin here in theta */
  int has_bias;        /* 0: C_b = lambda_b = 0, b stays 0 */
} pdlt_layer;

/* lambda_W/n_{l-1}: the learning-rate tensor of a weight. */
static inline double pdlt_layer_rate(const pdlt_layer *layer) {
  return layer->lambda_W / (double)layer->in;
}

/* C_W/n_{l-1}: the variance of a weight. */
static inline double pdlt_layer_variance(const pdlt_layer *layer) {
  return layer->C_W / (double)layer->in;
}

/* Layer l = 1..L of ex at hidden width n with `inputs` inputs. n = 1 gives n_l in units of n, which
 * is what theory needs: there widths enter as n_l/n_{l-1} only, and parameters that follow the width
 * are numbers already (at_width.h). Cost O(l). */
pdlt_layer pdlt_experiment_layer(const struct pdlt_experiment *ex, int l, int n, size_t inputs);

/* All of them: *out (L), layer l at l - 1, owned by the caller (pdlt_free). Errors:
 * PDLT_ERR_MEMORY. */
pdlt_status pdlt_layers_new(pdlt_layer **out, const struct pdlt_experiment *ex, int n,
                            size_t inputs, pdlt_error *err);

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
