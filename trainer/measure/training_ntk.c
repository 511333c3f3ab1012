/* training_ntk.c - see training_ntk.h. */
#include "trainer/measure/training_ntk.h"

#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "trainer/network/layer.h"

pdlt_status pdlt_training_ntk_new(pdlt_training_ntk *out, const pdlt_network *net,
                                  const pdlt_samples *data, pdlt_error *err) {
  const size_t D = data->samples, p = data->outputs * D, depth = (size_t)net->depth;
  pdlt_training_ntk ntk = {.net = net, .data = data};
  if (net->has_positions) {
    *out = ntk;
    return pdlt_positions_ntk_new(&out->positions, net, data, data->outputs, err);
  }
  size_t total = p * p + 2 * net->max_width * p + depth * D * D;
  for (size_t k = 0; k + 1 < depth; k++) total += 2 * net->layer[k].out * D;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&ntk.s, 3 * depth, sizeof *ntk.s, err));
  PDLT_TRY(pdlt_alloc(&ntk.storage, total, sizeof *ntk.storage, err));
  ntk.ds = ntk.s + depth;
  ntk.h = ntk.ds + depth;
  double *next = ntk.storage;
  ntk.gram = pdlt_take(&next, p * p);
  for (int i = 0; i < 2; i++) ntk.delta[i] = pdlt_take(&next, net->max_width * p);
  for (size_t k = 0; k < depth; k++) {
    ntk.h[k] = pdlt_take(&next, D * D);
    if (k + 1 == depth) break;
    ntk.s[k] = pdlt_take(&next, net->layer[k].out * D);
    ntk.ds[k] = pdlt_take(&next, net->layer[k].out * D);
  }
  *out = ntk;
  return PDLT_OK;
cleanup:
  pdlt_training_ntk_free(&ntk);
  return status;
}

void pdlt_training_ntk_free(pdlt_training_ntk *ntk) {
  pdlt_positions_ntk_free(&ntk->positions);
  pdlt_free(ntk->storage);
  pdlt_free(ntk->s);
  *ntk = (pdlt_training_ntk){0};
}

/* s, ds and h of all layers; z^(1) from the stepper, unless NULL. */
static void forward(pdlt_training_ntk *ntk, const double *theta, const pdlt_stepper *stepper) {
  const pdlt_network *net = ntk->net;
  const size_t D = ntk->data->samples;
  const double *below = ntk->data->x_all;
  for (int k = 0; k < net->depth; k++) {
    const pdlt_layer *layer = &net->layer[k];
    pdlt_layer_ntk_of(layer, PDLT_BY_NEURON, D, below, ntk->h[k]);
    if (k + 1 == net->depth) return;
    double *z = ntk->delta[k % 2];
    if (k == 0 && stepper != NULL)
      pdlt_stepper_first(stepper, z);
    else
      pdlt_layer_forward(layer, theta, PDLT_BY_NEURON, D, below, z);
    pdlt_layer_add_skip(layer, D, ntk->delta[(k + 1) % 2], z);
    pdlt_activation_forward(&net->activation, layer->out * D, z, ntk->s[k], ntk->ds[k]);
    below = ntk->s[k];
  }
}

/* out (p, p) += h_ab gram. */
static void add_layer(const pdlt_training_ntk *ntk, int k, double *out) {
  const size_t D = ntk->data->samples, n_L = ntk->data->outputs, p = n_L * D;
  for (size_t ia = 0; ia < p; ia++)
    for (size_t j = 0; j < n_L; j++)
      for (size_t b = 0; b < D; b++)
        out[ia * p + j * D + b] += ntk->h[k][ia % D * D + b] * ntk->gram[ia * p + j * D + b];
}

/* out from s, ds and h. */
static void backward(pdlt_training_ntk *ntk, const double *theta, double *out) {
  const pdlt_network *net = ntk->net;
  const size_t D = ntk->data->samples, n_L = ntk->data->outputs, p = n_L * D;
  double *delta = ntk->delta[0], *next = ntk->delta[1];
  for (size_t ia = 0; ia < p; ia++)
    for (size_t jb = 0; jb < p; jb++)
      out[ia * p + jb] = ia / D == jb / D ? ntk->h[net->depth - 1][ia % D * D + jb % D] : 0;
  for (int k = net->depth - 2; k >= 0; k--) {
    const pdlt_layer *above = &net->layer[k + 1];
    const size_t n = above->in;
    if (k + 2 == net->depth)
      for (size_t m = 0; m < n; m++)
        for (size_t ia = 0; ia < p; ia++)
          next[m * p + ia] = pdlt_layer_pull_back_unit(above, theta, ia / D)[m];
    else
      pdlt_layer_pull_back(above, theta, PDLT_BY_NEURON, p, delta, next);
    for (size_t m = 0; m < n; m++)
      for (size_t i = 0; i < n_L; i++)
        for (size_t a = 0; a < D; a++) next[m * p + i * D + a] *= ntk->ds[k][m * D + a];
    pdlt_layer_add_skip(above, p, delta, next);
    double *swap = delta;
    delta = next;
    next = swap;
    pdlt_syrk(1, p, n, 1.0, delta, p, 0.0, ntk->gram, p);
    add_layer(ntk, k, out);
  }
}

void pdlt_training_ntk_measure(pdlt_training_ntk *ntk, const pdlt_stepper *stepper, double *out) {
  pdlt_stepper_weights(stepper);
  if (ntk->net->has_positions) {
    pdlt_training_ntk_of(ntk, stepper->theta, out);
    return;
  }
  forward(ntk, stepper->theta, stepper);
  backward(ntk, stepper->theta, out);
}

void pdlt_training_ntk_of(pdlt_training_ntk *ntk, const double *theta, double *out) {
  if (ntk->net->has_positions) {
    pdlt_positions_ntk_forward(&ntk->positions, theta);
    pdlt_positions_ntk_outputs(&ntk->positions, theta, out);
    return;
  }
  forward(ntk, theta, NULL);
  backward(ntk, theta, out);
}

void pdlt_training_ntk_readout(pdlt_training_ntk *ntk, const double *theta, double *z,
                               double *kernel) {
  const pdlt_layer *top = &ntk->net->layer[ntk->net->depth - 1];
  const size_t D = ntk->data->samples, n_L = ntk->data->outputs;
  const int apart = ntk->net->has_positions;
  const double *s = apart ? ntk->positions.s[ntk->net->depth - 2] : ntk->s[ntk->net->depth - 2];
  const double *seen = apart ? ntk->positions.top : s;
  const pdlt_order order = apart ? PDLT_BY_SAMPLE : PDLT_BY_NEURON;
  double *gram = apart ? ntk->positions.gram : ntk->gram; /* (D, D) of (n_L D, n_L D) */
  pdlt_layer_gram(top, order, D, seen, gram);
  pdlt_layer_kernel(top, D * D, gram, kernel);
  double *to = apart ? gram : z; /* (D, n_L) is not longer */
  pdlt_layer_forward(top, theta, order, D, s, to);
  for (size_t i = 0; i < n_L && apart; i++)
    for (size_t a = 0; a < D; a++) z[i * D + a] = to[a * n_L + i];
}
