/* layer.c - see layer.h. */
#include "base/experiment/layer.h"

#include "base/core/memory.h"
#include "base/experiment/at_width.h"
#include "base/experiment/experiment.h"
#include "base/experiment/skip.h"
#include "base/experiment/wiring.h"

/* What an architecture lacks: bits PDLT_MEASURE_* that are not predicted, not measured. */
typedef struct limits {
  unsigned predicted, measured;
  const char *reason; /* NULL: it lacks nothing */
} limits;

static const limits kinds[PDLT_LAYER_KIND_COUNT] = {
    [PDLT_LAYER_DENSE] = {0, 0, NULL},
    [PDLT_LAYER_POSITIONS] = {0, PDLT_MEASURE_FEATURES,
                              "features are not measured where layers have positions"}};

static const limits not_smooth = {PDLT_MEASURE_DNTK | PDLT_MEASURE_DDNTK,
                                  PDLT_MEASURE_DNTK | PDLT_MEASURE_DDNTK,
                                  "the second derivative of this activation is not a function"};

static const limits no_draws = {0, PDLT_MEASURE_POSTERIOR,
                                "it is measured on draws of preactivations, layer by layer, which "
                                "layers with positions or skips do not have"};

static const limits no_kink = {PDLT_MEASURE_CROSSINGS, PDLT_MEASURE_CROSSINGS,
                               "this activation has no kink that neurons could cross"};

pdlt_layer pdlt_experiment_layer(const pdlt_experiment *ex, int l, int n, size_t inputs) {
  const size_t channels = inputs / pdlt_wiring_inputs(ex);
  pdlt_layer layer = {.in = channels > 0 ? channels : 1};
  for (int k = 1; k <= l; k++) {
    if (k > 1) {
      layer.weight += layer.out * (pdlt_layer_fan(&layer) + 1);
      layer.in = layer.out;
    }
    layer.out = (size_t)pdlt_experiment_layer_width(ex, k, n, (int)inputs);
    layer.wiring = pdlt_wiring_of(ex, k);
    layer.taps = layer.wiring.taps[0] * layer.wiring.taps[1];
    const size_t below = layer.wiring.below[0] * layer.wiring.below[1];
    layer.kind = below > 1 || layer.taps > 1 ? PDLT_LAYER_POSITIONS : PDLT_LAYER_DENSE;
  }
  layer.bias = layer.weight + layer.out * pdlt_layer_fan(&layer);
  layer.C_b = pdlt_experiment_parameter(ex, PDLT_PARAMETER_C_B, l, layer.in);
  layer.C_W = pdlt_experiment_parameter(ex, PDLT_PARAMETER_C_W, l, layer.in);
  layer.lambda_b = pdlt_experiment_parameter(ex, PDLT_PARAMETER_LAMBDA_B, l, layer.in);
  layer.lambda_W = pdlt_experiment_parameter(ex, PDLT_PARAMETER_LAMBDA_W, l, layer.in);
  layer.skip = pdlt_experiment_skip(ex, l);
  layer.has_bias = layer.C_b != 0 || layer.lambda_b != 0;
  return layer;
}

pdlt_status pdlt_layers_new(pdlt_layer **out, const pdlt_experiment *ex, int n, size_t inputs,
                            pdlt_error *err) {
  const int depth = ex->network.depth;
  pdlt_layer *layer;
  pdlt_status status = pdlt_wiring_check(ex, inputs, err);
  if (status == PDLT_OK) status = pdlt_alloc(&layer, (size_t)depth, sizeof *layer, err);
  if (status != PDLT_OK) return status;
  for (int l = 1; l <= depth; l++) layer[l - 1] = pdlt_experiment_layer(ex, l, n, inputs);
  *out = layer;
  return PDLT_OK;
}

int pdlt_experiment_has_skips(const pdlt_experiment *ex) {
  for (int l = 1; l <= ex->network.depth; l++)
    if (pdlt_experiment_skip(ex, l) != 0) return 1;
  return 0;
}

static const char *reason(const limits *x, unsigned word, int measured) {
  return ((measured ? x->measured : x->predicted) & word) != 0 ? x->reason : NULL;
}

/* Whether every layer is dense, without positions and skips. */
static int has_plain_layers(const pdlt_experiment *ex) {
  int plain = !pdlt_experiment_has_skips(ex);
  for (int l = 1; l <= ex->network.depth && plain; l++)
    plain = pdlt_experiment_layer(ex, l, 1, 1).kind == PDLT_LAYER_DENSE &&
            (ex->network.layers == NULL || ex->network.layers[l - 1].reads == PDLT_READS_DENSE);
  return plain;
}

static const char *why_not(const pdlt_experiment *ex, unsigned word, int measured) {
  const pdlt_activation *sigma = &ex->network.activation;
  const char *why = NULL;
  if (!pdlt_activation_get_traits(sigma).smooth) why = reason(&not_smooth, word, measured);
  if (why == NULL && !pdlt_activation_has_kink(sigma)) why = reason(&no_kink, word, measured);
  if (why == NULL && !has_plain_layers(ex)) why = reason(&no_draws, word, measured);
  for (int l = 1; l <= ex->network.depth && why == NULL; l++)
    why = reason(&kinds[pdlt_experiment_layer(ex, l, 1, 1).kind], word, measured);
  return why;
}

const char *pdlt_experiment_unpredicted(const pdlt_experiment *ex, unsigned word) {
  return why_not(ex, word, 0);
}

const char *pdlt_experiment_unmeasured(const pdlt_experiment *ex, unsigned word) {
  return why_not(ex, word, 1);
}
