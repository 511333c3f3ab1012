/* hidden.c - see hidden.h. */
#include "trainer/measure/hidden.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "trainer/network/layer.h"

/* Numbers of one time. */
static size_t numbers(const pdlt_hidden *hidden) {
  return (size_t)(hidden->net->depth - 1) * hidden->data->samples;
}

pdlt_status pdlt_hidden_new(pdlt_hidden *out, const pdlt_network *net, const pdlt_samples *data,
                            pdlt_error *err) {
  pdlt_hidden h = {.net = net, .data = data};
  const size_t D = data->samples, layer = net->max_width * D, layers = (size_t)net->depth - 1;
  size_t seen = 0;
  for (size_t k = 0; k < layers && net->has_positions; k++) {
    const size_t size = pdlt_layer_here(&net->layer[k]) * pdlt_layer_fan(&net->layer[k]) * D;
    if (size > seen) seen = size;
  }
  size_t total = 3 * layer + numbers(&h) + seen;
  for (size_t k = 0; k < layers; k++) total += pdlt_layer_units(&net->layer[k]) * D;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&h.start, layers, sizeof *h.start, err));
  PDLT_TRY(pdlt_alloc(&h.storage, total, sizeof *h.storage, err));
  double *next = h.storage;
  h.s = pdlt_take(&next, layer);
  h.z = pdlt_take(&next, layer);
  h.next = pdlt_take(&next, layer);
  h.q_start = pdlt_take(&next, numbers(&h));
  h.seen = pdlt_take(&next, seen);
  for (size_t k = 0; k < layers; k++)
    h.start[k] = pdlt_take(&next, pdlt_layer_units(&net->layer[k]) * D);
  *out = h;
  return PDLT_OK;
cleanup:
  pdlt_hidden_free(&h);
  return status;
}

void pdlt_hidden_free(pdlt_hidden *hidden) {
  pdlt_free(hidden->storage);
  pdlt_free(hidden->start);
  *hidden = (pdlt_hidden){0};
}

/* out (D) = sums of the squares of the columns of x (n, D). */
static void sum_squares(size_t n, size_t D, const double *x, double *out) {
  for (size_t a = 0; a < D; a++) out[a] = 0;
  for (size_t i = 0; i < n; i++)
    for (size_t a = 0; a < D; a++) out[a] += x[i * D + a] * x[i * D + a];
}

/* The preactivations of layer k, counted from 0, into h->z, where those of the layer below are, from its
 * activations. */
static void forward(pdlt_hidden *h, const double *theta, int k, const double *below) {
  const pdlt_layer *layer = &h->net->layer[k];
  double *z = h->next;
  pdlt_layer_forward(layer, theta, PDLT_BY_NEURON, h->data->samples, below, z);
  pdlt_layer_add_skip(layer, h->data->samples, h->z, z);
  h->next = h->z;
  h->z = z;
}

/* The activations of layer k into h->s from its preactivations in h->z. */
static void activate(pdlt_hidden *h, int k) {
  const size_t count = pdlt_layer_units(&h->net->layer[k]) * h->data->samples;
  pdlt_activation_forward(&h->net->activation, count, h->z, h->s, NULL);
}

/* out (D) = means over the positions of layer k of |what weights see|^2, below (n_{l-1}, P_{l-1}, D). */
static void see_squares(pdlt_hidden *h, int k, const double *below, double *out) {
  const pdlt_layer *layer = &h->net->layer[k];
  const size_t D = h->data->samples, fan = pdlt_layer_fan(layer), here = pdlt_layer_here(layer);
  if (layer->kind == PDLT_LAYER_DENSE) {
    sum_squares(layer->in, D, below, out);
    return;
  }
  pdlt_layer_gather(layer, PDLT_BY_NEURON, D, below, h->seen);
  for (size_t a = 0; a < D; a++) out[a] = 0;
  for (size_t slot = 0; slot < here * D; slot++)
    for (size_t j = 0; j < fan; j++)
      out[slot % D] += h->seen[slot * fan + j] * h->seen[slot * fan + j] / (double)here;
}

/* out (D) += gamma^2 times the means of the squares of the preactivations below layer k, in h->z. */
static void add_skip_squares(const pdlt_hidden *h, int k, double *out) {
  const pdlt_layer *layer = &h->net->layer[k];
  const size_t D = h->data->samples, n = pdlt_layer_units(layer);
  const double factor = layer->skip * layer->skip / (double)n;
  if (layer->skip == 0) return;
  for (size_t i = 0; i < n; i++)
    for (size_t a = 0; a < D; a++) out[a] += factor * h->z[i * D + a] * h->z[i * D + a];
}

void pdlt_hidden_draw(pdlt_hidden *hidden, const double *theta, double *out) {
  const pdlt_network *net = hidden->net;
  const size_t D = hidden->data->samples;
  const double *below = hidden->data->x_all;
  for (int k = 0; k + 1 < net->depth; k++, out += D) {
    see_squares(hidden, k, below, out);
    pdlt_layer_kernel(&net->layer[k], D, out, out);
    add_skip_squares(hidden, k, out);
    if (k + 2 == net->depth) break;
    forward(hidden, theta, k, below);
    activate(hidden, k);
    below = hidden->s;
  }
}

/* Preactivations of layer k in the present state into h->z; those of the layer below are there. */
static void present(pdlt_hidden *h, const pdlt_stepper *stepper, int k) {
  if (k == 0) {
    pdlt_stepper_weights(stepper);
    pdlt_stepper_first(stepper, h->z);
  } else {
    activate(h, k - 1);
    forward(h, stepper->theta, k, h->s);
  }
}

/* out (D) = means of the squares of the columns of x (n, D). */
static void mean_squares(size_t n, size_t D, const double *x, double *out) {
  sum_squares(n, D, x, out);
  for (size_t a = 0; a < D; a++) out[a] /= (double)n;
}

void pdlt_hidden_logs(pdlt_hidden *h, const double *theta, double *out) {
  const size_t D = h->data->samples;
  const double *below = h->data->x_all;
  for (int k = 0; k + 1 < h->net->depth; k++, out += D) {
    forward(h, theta, k, below);
    mean_squares(pdlt_layer_units(&h->net->layer[k]), D, h->z, out);
    for (size_t a = 0; a < D; a++) out[a] = log(fmax(out[a], DBL_MIN));
    activate(h, k);
    below = h->s;
  }
}

void pdlt_hidden_begin(pdlt_hidden *h, const pdlt_stepper *stepper) {
  const size_t D = h->data->samples;
  for (int k = 0; k + 1 < h->net->depth; k++) {
    const size_t n = pdlt_layer_units(&h->net->layer[k]);
    present(h, stepper, k);
    memcpy(h->start[k], h->z, n * D * sizeof *h->z);
    mean_squares(n, D, h->z, h->q_start + (size_t)k * D);
  }
}

void pdlt_hidden_measure(pdlt_hidden *h, const pdlt_stepper *stepper,
                         const pdlt_hidden_numbers *out) {
  const size_t D = h->data->samples;
  for (int k = 0; k + 1 < h->net->depth; k++) {
    const size_t n = pdlt_layer_units(&h->net->layer[k]), at = (size_t)k * D;
    present(h, stepper, k);
    mean_squares(n, D, h->z, out->q + at);
    for (size_t i = 0; i < n * D; i++) h->next[i] = h->z[i] - h->start[k][i];
    mean_squares(n, D, h->next, out->moved + at);
  }
  for (size_t i = 0; i < numbers(h); i++) out->change[i] = out->q[i] - h->q_start[i];
}
