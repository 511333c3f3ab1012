/* crossings.c - see crossings.h. */
#include "trainer/measure/crossings.h"

#include <string.h>

#include "base/core/memory.h"
#include "trainer/network/layer.h"

pdlt_status pdlt_crossings_new(pdlt_crossings *out, const pdlt_network *net,
                               const pdlt_samples *data, pdlt_error *err) {
  const size_t D = data->samples, hidden = (size_t)net->depth - 1;
  pdlt_crossings c = {.net = net, .data = data};
  size_t total = 4 * net->max_width * D;
  for (size_t k = 0; k < hidden; k++) total += pdlt_layer_units(&net->layer[k]) * D;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&c.start, hidden, sizeof *c.start, err));
  PDLT_TRY(pdlt_alloc(&c.storage, total, sizeof *c.storage, err));
  double *next = c.storage;
  c.s = pdlt_take(&next, net->max_width * D);
  c.z = pdlt_take(&next, net->max_width * D);
  c.next = pdlt_take(&next, net->max_width * D);
  c.ds = pdlt_take(&next, net->max_width * D);
  for (size_t k = 0; k < hidden; k++)
    c.start[k] = pdlt_take(&next, pdlt_layer_units(&net->layer[k]) * D);
  *out = c;
  return PDLT_OK;
cleanup:
  pdlt_crossings_free(&c);
  return status;
}

void pdlt_crossings_free(pdlt_crossings *crossings) {
  pdlt_free(crossings->storage);
  pdlt_free(crossings->start);
  *crossings = (pdlt_crossings){0};
}

/* z and sigma of layer k in c->z and c->s and its slopes in c->ds; those of the layer below are there. */
static void forward(pdlt_crossings *c, const pdlt_stepper *stepper, int k) {
  const pdlt_network *net = c->net;
  const pdlt_layer *layer = &net->layer[k];
  const size_t D = c->data->samples;
  double *z = c->next;
  if (k == 0)
    pdlt_stepper_first(stepper, z);
  else
    pdlt_layer_forward(layer, stepper->theta, PDLT_BY_NEURON, D, c->s, z);
  pdlt_layer_add_skip(layer, D, c->z, z);
  pdlt_activation_forward(&net->activation, pdlt_layer_units(layer) * D, z, c->s, c->ds);
  c->next = c->z;
  c->z = z;
}

void pdlt_crossings_begin(pdlt_crossings *c, const pdlt_stepper *stepper) {
  pdlt_stepper_weights(stepper);
  for (int k = 0; k + 1 < c->net->depth; k++) {
    forward(c, stepper, k);
    const size_t units = pdlt_layer_units(&c->net->layer[k]);
    memcpy(c->start[k], c->ds, units * c->data->samples * sizeof *c->ds);
  }
}

/* Share of the n rows of (n, D) that differ in column a. */
static double differing(size_t n, size_t D, size_t a, const double *x, const double *y) {
  size_t count = 0;
  for (size_t i = 0; i < n; i++) count += x[i * D + a] != y[i * D + a];
  return (double)count / (double)n;
}

void pdlt_crossings_measure(pdlt_crossings *c, const pdlt_stepper *stepper, double *out) {
  const size_t D = c->data->samples;
  pdlt_stepper_weights(stepper);
  for (int k = 0; k + 1 < c->net->depth; k++) {
    forward(c, stepper, k);
    const size_t units = pdlt_layer_units(&c->net->layer[k]);
    for (size_t a = 0; a < D; a++)
      out[(size_t)k * D + a] = differing(units, D, a, c->ds, c->start[k]);
  }
}
