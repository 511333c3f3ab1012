/* bundle.c - see bundle.h. */
#include "trainer/control/bundle.h"

#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "trainer/control/bundle_internal.h"
#include "trainer/network/layer.h"

/* --- memory --- */

void pdlt_bundle_take_point(const pdlt_bundle *b, pdlt_bundle_point *p, size_t rows,
                            pdlt_bundle_memory *memory) {
  const size_t D = b->data->samples, q = b->data->outputs * D;
  for (int k = 0; k < b->net->depth; k++) {
    const size_t n = k + 1 < b->net->depth ? pdlt_bundle_padded(b->net->layer[k].out) : 0;
    p->s[k] = pdlt_bundle_take(memory, p->bodies * D * n);
    p->ds[k] = pdlt_bundle_take(memory, p->bodies * D * n);
    p->delta[k] = pdlt_bundle_take(memory, p->heads * q * n);
    p->h[k] = k == 0 ? b->h1 : pdlt_bundle_take(memory, p->bodies * D * D);
  }
  p->z = pdlt_bundle_take(memory, p->heads * q);
  p->ntk = pdlt_bundle_take(memory, p->heads * q * q);
  p->gram = pdlt_bundle_take(memory, q * q);
  p->coefficient = pdlt_bundle_take(memory, q * (1 + rows));
}

static size_t take_all(pdlt_bundle *b, double *block) {
  const pdlt_network *net = b->net;
  const size_t D = b->data->samples;
  pdlt_bundle_memory memory = {.block = block};
  for (int k = 1; k + 1 < net->depth; k++) {
    const size_t out = net->layer[k].out, in = net->layer[k].in;
    b->weight[k] = pdlt_bundle_take(&memory, out * pdlt_bundle_padded(in));
    b->across[k] = pdlt_bundle_take(&memory, in * pdlt_bundle_padded(out));
    b->bias[k] = pdlt_bundle_take(&memory, out);
  }
  b->h1 = pdlt_bundle_take(&memory, D * D);
  b->draw.bodies = 1;
  b->draw.heads = b->heads;
  pdlt_bundle_take_point(b, &b->draw, 0, &memory);
  b->last = pdlt_bundle_take(&memory, b->heads * pdlt_bundle_last(net));
  b->z1 = pdlt_bundle_take(&memory, D * pdlt_bundle_padded(net->layer[0].out));
  return memory.total;
}

enum { LISTS = 7 };

static void take_lists(pdlt_bundle *b) {
  const size_t L = (size_t)b->net->depth;
  double ***const list[LISTS] = {&b->weight,  &b->across,     &b->bias,  &b->draw.s,
                                 &b->draw.ds, &b->draw.delta, &b->draw.h};
  for (size_t i = 0; i < LISTS; i++) *list[i] = b->lists + i * L;
}

pdlt_status pdlt_bundle_new(pdlt_bundle *out, const pdlt_network *net, const pdlt_samples *data,
                            size_t heads, pdlt_error *err) {
  pdlt_bundle b = {.net = net, .data = data, .heads = heads};
  const pdlt_layer *first = &net->layer[0];
  const size_t D = data->samples;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&b.lists, LISTS * (size_t)net->depth, sizeof *b.lists, err));
  take_lists(&b);
  PDLT_TRY(pdlt_alloc(&b.storage, take_all(&b, NULL), sizeof *b.storage, err));
  take_all(&b, b.storage);
  pdlt_layer_ntk_of(first, PDLT_BY_NEURON, D, data->x_all, b.h1);
  *out = b;
  return PDLT_OK;
cleanup:
  pdlt_bundle_free(&b);
  return status;
}

void pdlt_bundle_free(pdlt_bundle *bundle) {
  pdlt_free(bundle->storage);
  pdlt_free(bundle->lists);
  *bundle = (pdlt_bundle){0};
}

/* --- the draw --- */

/* to (columns, padded rows) = transpose of from (rows, columns), in blocks that stay in cache. */
static void transpose(size_t rows, size_t columns, const double *from, double *to) {
  enum { BLOCK = 8 };
  const size_t high = pdlt_bundle_padded(rows);
  for (size_t i = 0; i < rows; i += BLOCK)
    for (size_t j = 0; j < columns; j++)
      for (size_t r = i; r < i + BLOCK && r < rows; r++) to[j * high + r] = from[r * columns + j];
}

static void copy_rows(size_t rows, size_t columns, const double *from, double *to) {
  for (size_t i = 0; i < rows; i++)
    memcpy(to + i * pdlt_bundle_padded(columns), from + i * columns, columns * sizeof *to);
}

void pdlt_bundle_draw(pdlt_bundle *b, const double *theta, size_t heads) {
  const pdlt_network *net = b->net;
  const pdlt_layer *first = &net->layer[0], *top = &net->layer[net->depth - 1];
  const size_t D = b->data->samples, n_1 = pdlt_bundle_padded(first->out);
  for (int k = 1; k + 1 < net->depth; k++) {
    const pdlt_layer *layer = &net->layer[k];
    copy_rows(layer->out, layer->in, theta + layer->weight, b->weight[k]);
    transpose(layer->out, layer->in, theta + layer->weight, b->across[k]);
    memcpy(b->bias[k], theta + layer->bias, layer->out * sizeof *theta);
  }
  for (size_t r = 0; r < heads; r++, theta += (top->in + 1) * top->out) {
    double *last = b->last + r * pdlt_bundle_last(net);
    copy_rows(top->out, top->in, theta + top->weight, last);
    memcpy(last + pdlt_bundle_bias(net), theta + top->bias, top->out * sizeof *last);
    if (r > 0) continue;
    for (size_t a = 0; a < D; a++)
      memcpy(b->z1 + a * n_1, theta + first->bias, first->out * sizeof *theta);
    pdlt_gemm(1, 1, D, first->out, first->in, 1.0, b->data->x_all, D, theta + first->weight,
              first->in, 1.0, b->z1, n_1);
  }
  const pdlt_bundle_source source = {
      .weight = b->weight, .across = b->across, .push = b->bias, .z1 = b->z1, .last = b->last};
  b->draw.bodies = 1;
  b->draw.heads = heads;
  b->draw.samples = D;
  pdlt_bundle_evaluate(b, &source, &b->draw);
}
