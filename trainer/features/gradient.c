/* gradient.c - see gradient.h. */
#include "trainer/features/gradient.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "trainer/network/layer.h"

static size_t total_size(const pdlt_network *net, size_t D) {
  size_t total = D * D + net->max_width * D;
  for (int k = 0; k < net->depth; k++) total += 4 * net->layer[k].out * D;
  return total;
}

pdlt_status pdlt_gradient_new(pdlt_gradient *out, const pdlt_network *net, const pdlt_samples *data,
                              pdlt_error *err) {
  const size_t D = data->samples, depth = (size_t)net->depth;
  pdlt_gradient g = {.net = net, .data = data};
  pdlt_status status = PDLT_OK;
  if (net->has_positions)
    return pdlt_fail(err, PDLT_ERR_UNSUPPORTED,
                     "features of single networks are there for dense layers only");
  PDLT_TRY(pdlt_alloc(&g.storage, total_size(net, D), sizeof *g.storage, err));
  PDLT_TRY(pdlt_alloc((void *)&g.s, depth, sizeof *g.s, err));
  PDLT_TRY(pdlt_alloc((void *)&g.z, 3 * depth, sizeof *g.z, err));
  g.slope = g.z + depth;
  g.delta = g.slope + depth;
  double *next = g.storage;
  g.work = pdlt_take(&next, net->max_width * D);
  g.h = pdlt_take(&next, D * D);
  g.s[0] = data->x_all;
  for (size_t k = 0; k < depth; k++) {
    const size_t count = net->layer[k].out * D;
    g.z[k] = pdlt_take(&next, count);
    g.slope[k] = pdlt_take(&next, count);
    g.delta[k] = pdlt_take(&next, count);
    if (k + 1 < depth) g.s[k + 1] = pdlt_take(&next, count);
  }
  *out = g;
  return PDLT_OK;
cleanup:
  pdlt_gradient_free(&g);
  return status;
}

void pdlt_gradient_free(pdlt_gradient *g) {
  pdlt_free((void *)g->z);
  pdlt_free((void *)g->s);
  pdlt_free(g->storage);
  *g = (pdlt_gradient){0};
}

void pdlt_gradient_forward(pdlt_gradient *g, const double *theta) {
  const pdlt_network *net = g->net;
  const size_t D = g->data->samples;
  g->theta = theta;
  for (int k = 0; k < net->depth; k++) {
    pdlt_layer_forward(&net->layer[k], theta, PDLT_BY_NEURON, D, g->s[k], g->z[k]);
    if (k > 0) pdlt_layer_add_skip(&net->layer[k], D, g->z[k - 1], g->z[k]);
    if (k + 1 < net->depth)
      pdlt_activation_forward(&net->activation, net->layer[k].out * D, g->z[k],
                              (double *)g->s[k + 1], g->slope[k]);
  }
}

void pdlt_gradient_output(pdlt_gradient *g, size_t i) {
  const pdlt_network *net = g->net;
  const size_t D = g->data->samples;
  const int last = net->depth - 1;
  for (size_t a = 0; a < net->layer[last].out * D; a++) g->delta[last][a] = a / D == i;
  for (int k = last; k > 0; k--) {
    pdlt_layer_pull_back(&net->layer[k], g->theta, PDLT_BY_NEURON, D, g->delta[k], g->delta[k - 1]);
    for (size_t a = 0; a < net->layer[k - 1].out * D; a++) g->delta[k - 1][a] *= g->slope[k - 1][a];
    pdlt_layer_add_skip(&net->layer[k], D, g->delta[k], g->delta[k - 1]);
  }
}

void pdlt_gradient_kernel(pdlt_gradient *g, double *kernel) {
  const pdlt_network *net = g->net;
  const size_t D = g->data->samples, outputs = g->data->outputs;
  memset(kernel, 0, (size_t)net->depth * D * D * sizeof *kernel);
  for (size_t i = 0; i < outputs; i++) {
    pdlt_gradient_output(g, i);
    for (int k = 0; k < net->depth; k++)
      pdlt_syrk(1, D, net->layer[k].out, 1.0, g->delta[k], D, 1.0, kernel + (size_t)k * D * D, D);
  }
  for (int k = 0; k < net->depth; k++) {
    pdlt_layer_ntk_of(&net->layer[k], PDLT_BY_NEURON, D, g->s[k], g->h);
    for (size_t ab = 0; ab < D * D; ab++) kernel[(size_t)k * D * D + ab] *= g->h[ab];
  }
}

void pdlt_gradient_direction(pdlt_gradient *g, const double *c, double *direction) {
  const size_t D = g->data->samples;
  memset(direction, 0, g->net->num_params * sizeof *direction);
  for (int k = 0; k < g->net->depth; k++) {
    const pdlt_layer *layer = &g->net->layer[k];
    double *weighted = g->work; /* delta times c */
    for (size_t m = 0; m < layer->out; m++) {
      double sum = 0;
      for (size_t a = 0; a < D; a++) {
        weighted[m * D + a] = c[a] * g->delta[k][m * D + a];
        sum += weighted[m * D + a];
      }
      if (layer->has_bias) direction[layer->bias + m] = layer->lambda_b * sum;
    }
    pdlt_gemm(0, 1, layer->out, layer->in, D, pdlt_layer_rate(layer), weighted, D, g->s[k], D, 0.0,
              direction + layer->weight, layer->in);
  }
}

/* dz_i;a/dtheta_mu of all samples of a weight, or (s NULL) of a bias. */
static void parameter(size_t D, const double *delta, const double *s, double *out) {
  for (size_t a = 0; a < D; a++) out[a] = s == NULL ? delta[a] : delta[a] * s[a];
}

static double deviation(size_t D, const double *x) {
  double mean = 0, square = 0;
  for (size_t a = 0; a < D; a++) mean += x[a] / (double)D;
  for (size_t a = 0; a < D; a++) square += (x[a] - mean) * (x[a] - mean) / (double)D;
  return sqrt(square);
}

void pdlt_gradient_spread(pdlt_gradient *g, double *spread) {
  const size_t D = g->data->samples;
  double *function = g->work;
  memset(spread, 0, g->net->num_params * sizeof *spread);
  for (int k = 0; k < g->net->depth; k++) {
    const pdlt_layer *layer = &g->net->layer[k];
    for (size_t m = 0; m < layer->out; m++) {
      const double *delta = g->delta[k] + m * D;
      for (size_t j = 0; j < layer->in; j++) {
        parameter(D, delta, g->s[k] + j * D, function);
        spread[layer->weight + m * layer->in + j] = deviation(D, function);
      }
      if (layer->has_bias) spread[layer->bias + m] = deviation(D, delta);
    }
  }
}

void pdlt_gradient_parameter(const pdlt_gradient *g, size_t mu, double *out) {
  const size_t D = g->data->samples;
  for (int k = 0; k < g->net->depth; k++) {
    const pdlt_layer *layer = &g->net->layer[k];
    const size_t weights = layer->in * layer->out;
    if (mu >= layer->weight && mu < layer->weight + weights) {
      const size_t m = (mu - layer->weight) / layer->in, j = (mu - layer->weight) % layer->in;
      parameter(D, g->delta[k] + m * D, g->s[k] + j * D, out);
      return;
    }
    if (layer->has_bias && mu >= layer->bias && mu < layer->bias + layer->out) {
      parameter(D, g->delta[k] + (mu - layer->bias) * D, NULL, out);
      return;
    }
  }
}
