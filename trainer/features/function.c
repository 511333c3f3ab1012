/* function.c - see function.h. */
#include "trainer/features/function.h"

#include <string.h>

#include "base/core/memory.h"
#include "trainer/network/layer.h"

static size_t widest(const pdlt_network *net) {
  return net->layer[0].in > net->max_width ? net->layer[0].in : net->max_width;
}

static size_t total_size(const pdlt_network *net, size_t batch) {
  size_t total = PDLT_FUNCTION_PARTS * net->layer[net->depth - 1].out * net->num_params +
                 (3 * widest(net) + net->layer[0].in) * batch;
  for (int k = 0; k < net->depth; k++)
    total += (2 * net->layer[k].in + 4 * net->layer[k].out) * batch;
  return total;
}

pdlt_status pdlt_function_new(pdlt_function *out, const pdlt_network *net, size_t batch,
                              pdlt_error *err) {
  const size_t depth = (size_t)net->depth, outputs = net->layer[net->depth - 1].out;
  pdlt_function f = {.net = net, .batch = batch};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&f.storage, total_size(net, batch), sizeof *f.storage, err));
  PDLT_TRY(pdlt_alloc((void *)&f.s, 6 * depth, sizeof *f.s, err));
  f.slope = f.s + depth;
  f.curve = f.slope + depth;
  f.dz = f.curve + depth;
  f.across = f.dz + depth;
  f.bent = f.across + depth;
  double *next = f.storage;
  for (int p = 0; p < PDLT_FUNCTION_PARTS; p++)
    f.part[p].direction = pdlt_take(&next, outputs * net->num_params);
  for (int k = 0; k < 3; k++) f.work[k] = pdlt_take(&next, widest(net) * batch);
  f.gradient = pdlt_take(&next, net->layer[0].in * batch);
  for (size_t k = 0; k < depth; k++) {
    const pdlt_layer *layer = &net->layer[k];
    f.s[k] = pdlt_take(&next, layer->in * batch);
    f.slope[k] = pdlt_take(&next, layer->out * batch);
    f.curve[k] = pdlt_take(&next, layer->out * batch);
    f.dz[k] = pdlt_take(&next, layer->out * batch);
    f.across[k] = pdlt_take(&next, layer->in * batch);
    f.bent[k] = pdlt_take(&next, layer->out * batch);
  }
  *out = f;
  return PDLT_OK;
cleanup:
  pdlt_function_free(&f);
  return status;
}

void pdlt_function_free(pdlt_function *f) {
  pdlt_free((void *)f->s);
  pdlt_free(f->storage);
  *f = (pdlt_function){0};
}

void pdlt_function_clear(pdlt_function *f) {
  f->parts = 0;
  f->offset = 0;
}

void pdlt_function_add(pdlt_function *f, pdlt_gradient *g, double factor, const double *c) {
  const size_t p = f->parts++;
  f->part[p].factor = factor;
  f->part[p].theta = g->theta;
  for (size_t i = 0; i < g->data->outputs; i++) {
    pdlt_gradient_output(g, i);
    pdlt_gradient_direction(g, c, f->part[p].direction + i * f->net->num_params);
  }
}

/* s, slope and curve of the inputs in s[0]; z of a layer and of that below it are work. */
static void forward(pdlt_function *f, const double *theta, size_t count) {
  const pdlt_activation *act = &f->net->activation;
  double *z = f->work[0], *below = f->work[1];
  for (int k = 0; k + 1 < f->net->depth; k++) {
    const size_t n = f->net->layer[k].out * count;
    pdlt_layer_forward(&f->net->layer[k], theta, PDLT_BY_NEURON, count, f->s[k], z);
    pdlt_layer_add_skip(&f->net->layer[k], count, below, z);
    pdlt_activation_forward(act, n, z, f->s[k + 1], f->slope[k]);
    pdlt_activation_map(act, 2, n, z, f->curve[k]);
    double *swap = below;
    below = z;
    z = swap;
  }
}

/* dz^(l) = dW s + db + W (sigma' dz^(l-1)) + gamma dz^(l-1), (dW, db) the direction. */
static void tangent(pdlt_function *f, const double *theta, const double *direction, size_t count) {
  double *ds = f->work[0], *through = f->work[1];
  for (int k = 0; k < f->net->depth; k++) {
    const pdlt_layer *layer = &f->net->layer[k];
    pdlt_layer_forward(layer, direction, PDLT_BY_NEURON, count, f->s[k], f->dz[k]);
    if (k == 0) continue;
    for (size_t m = 0; m < layer->in * count; m++) ds[m] = f->slope[k - 1][m] * f->dz[k - 1][m];
    pdlt_layer_forward_tangent(layer, theta, PDLT_BY_NEURON, count, ds, through);
    for (size_t m = 0; m < layer->out * count; m++) f->dz[k][m] += through[m];
    pdlt_layer_add_skip(layer, count, f->dz[k - 1], f->dz[k]);
  }
}

/* What output i adds to the gradient: with q_i the derivative of dz_i^(L) with respect to dz^(l), that with
 * respect to ds below is W^T q_i; a skip adds gamma q_i to that of the layer below. bent += sigma'' dz du/d(ds)
 * and across += dW^T q_i, of every layer. */
static void add_output(pdlt_function *f, const double *theta, const double *direction, size_t i,
                       size_t count) {
  const int last = f->net->depth - 1;
  double *q = f->work[0], *ds = f->work[1], *more = f->work[2];
  for (size_t m = 0; m < f->net->layer[last].out * count; m++) q[m] = m / count == i;
  for (int k = last; k >= 0; k--) {
    const pdlt_layer *layer = &f->net->layer[k];
    const size_t below = layer->in * count;
    pdlt_layer_pull_back(layer, direction, PDLT_BY_NEURON, count, q, more);
    for (size_t m = 0; m < below; m++) f->across[k][m] += more[m];
    if (k == 0) return;
    pdlt_layer_pull_back(layer, theta, PDLT_BY_NEURON, count, q, ds);
    for (size_t m = 0; m < below; m++) {
      f->bent[k - 1][m] += f->curve[k - 1][m] * f->dz[k - 1][m] * ds[m];
      const double above = layer->skip * q[m];
      q[m] = f->slope[k - 1][m] * ds[m];
      if (layer->skip != 0) q[m] += above;
    }
  }
}

/* du += factor times the gradient, from across and bent: p, the derivative with respect to z^(l), is pulled
 * back for all outputs at once, s below has W^T p + across, and s = sigma(z), ds = sigma'(z) dz; a skip adds
 * gamma p to p. */
static void backward(pdlt_function *f, const double *theta, double factor, size_t count,
                     double *du) {
  const int last = f->net->depth - 1;
  double *p = f->work[0], *s = f->work[1];
  memset(p, 0, f->net->layer[last].out * count * sizeof *p);
  for (int k = last; k >= 0; k--) {
    const pdlt_layer *layer = &f->net->layer[k];
    pdlt_layer_pull_back(layer, theta, PDLT_BY_NEURON, count, p, s);
    for (size_t m = 0; m < layer->in * count; m++) s[m] += f->across[k][m];
    for (size_t m = 0; m < layer->in * count && k > 0; m++) {
      const double above = layer->skip * p[m];
      p[m] = f->slope[k - 1][m] * s[m] + f->bent[k - 1][m];
      if (layer->skip != 0) p[m] += above;
    }
  }
  for (size_t m = 0; m < f->net->layer[0].in * count; m++) du[m] += factor * s[m];
}

static void clear_sums(pdlt_function *f, size_t count) {
  for (int k = 0; k < f->net->depth; k++) {
    memset(f->across[k], 0, f->net->layer[k].in * count * sizeof **f->across);
    memset(f->bent[k], 0, f->net->layer[k].out * count * sizeof **f->bent);
  }
}

/* Of at most `batch` inputs, in s[0]. */
static void evaluate(pdlt_function *f, size_t count, double *u, double *du) {
  const size_t outputs = f->net->layer[f->net->depth - 1].out;
  for (size_t b = 0; b < count; b++) u[b] = f->offset;
  for (size_t p = 0; p < f->parts; p++) {
    const double *theta = f->part[p].theta, factor = f->part[p].factor;
    forward(f, theta, count);
    clear_sums(f, count);
    for (size_t i = 0; i < outputs; i++) {
      const double *direction = f->part[p].direction + i * f->net->num_params;
      tangent(f, theta, direction, count);
      const double *dz = f->dz[f->net->depth - 1] + i * count;
      for (size_t b = 0; b < count; b++) u[b] += factor * dz[b];
      if (du != NULL) add_output(f, theta, direction, i, count);
    }
    if (du != NULL) backward(f, theta, factor, count, du);
  }
}

void pdlt_function_evaluate(pdlt_function *f, size_t count, const double *x, double *u,
                            double *du) {
  const size_t n_0 = f->net->layer[0].in;
  for (size_t first = 0; first < count; first += f->batch) {
    const size_t some = count - first < f->batch ? count - first : f->batch;
    double *gradient = du == NULL ? NULL : f->gradient;
    for (size_t k = 0; k < n_0; k++)
      memcpy(f->s[0] + k * some, x + k * count + first, some * sizeof *x);
    if (du != NULL) memset(gradient, 0, n_0 * some * sizeof *gradient);
    evaluate(f, some, u + first, gradient);
    for (size_t k = 0; k < n_0 && du != NULL; k++)
      memcpy(du + k * count + first, gradient + k * some, some * sizeof *du);
  }
}
