/* network.c - see network.h. */
#include "trainer/network/network.h"

#include <math.h>

#include "base/core/memory.h"
#include "base/random/rng.h"
#include "trainer/network/draws.h"
#include "trainer/network/layer.h"

pdlt_status pdlt_network_new(pdlt_network *out, const pdlt_experiment *ex, int n, size_t inputs,
                             pdlt_error *err) {
  pdlt_network net = {.activation = ex->network.activation,
                      .init = ex->network.init,
                      .width = (uint64_t)n,
                      .depth = ex->network.depth};
  const pdlt_status status = pdlt_layers_new(&net.layer, ex, n, inputs, err);
  if (status != PDLT_OK) return status;
  for (int k = 0; k < net.depth; k++) {
    const pdlt_layer *layer = &net.layer[k];
    net.num_params = layer->bias + layer->out;
    const size_t units = pdlt_layer_units(layer);
    if (units > net.max_width) net.max_width = units;
    if (layer->kind != PDLT_LAYER_DENSE) net.has_positions = 1;
  }
  *out = net;
  return PDLT_OK;
}

void pdlt_network_free(pdlt_network *net) {
  pdlt_free(net->layer);
  *net = (pdlt_network){0};
}

/* out (n) of mean 0 and this variance; uniform ones lie in +-sqrt(3 variance). */
static void draw_scaled(pdlt_init init, const pdlt_rng *rng, size_t n, double variance,
                        double *out) {
  const double scale = sqrt(variance);
  if (variance == 0) {
    for (size_t i = 0; i < n; i++) out[i] = 0;
  } else if (init == PDLT_INIT_UNIFORM) {
    const double width = sqrt(12 * variance);
    pdlt_rng_uniform(rng, 0, n, out);
    for (size_t i = 0; i < n; i++) out[i] = (out[i] - 0.5) * width;
  } else {
    pdlt_rng_normal(rng, n, out);
    for (size_t i = 0; i < n; i++) out[i] *= scale;
  }
}

void pdlt_network_draw(const pdlt_network *net, uint64_t seed, uint64_t member, double *theta) {
  pdlt_network_draw_layers(net, seed, member, 1, net->depth, theta);
}

void pdlt_network_draw_layers(const pdlt_network *net, uint64_t seed, uint64_t member, int first,
                              int last, double *theta) {
  for (int k = first - 1; k < last; k++) {
    const pdlt_layer *layer = &net->layer[k];
    const uint64_t l = (uint64_t)k + 1;
    pdlt_rng rng = {seed, net->width, member, PDLT_STREAM_WEIGHT + l};
    draw_scaled(net->init, &rng, layer->out * pdlt_layer_fan(layer), pdlt_layer_variance(layer),
                theta + layer->weight);
    rng.stream = PDLT_STREAM_BIAS + l;
    draw_scaled(net->init, &rng, layer->out, layer->C_b, theta + layer->bias);
  }
}

void pdlt_network_negate_last(const pdlt_network *net, double *theta) {
  const pdlt_layer *last = &net->layer[net->depth - 1];
  for (size_t i = last->weight; i < last->bias + last->out; i++) theta[i] = -theta[i];
}
