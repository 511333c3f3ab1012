/* reference.c - see reference.h. */
#include "trainer/network/reference.h"

#include <string.h>

#include "base/core/memory.h"
#include "trainer/network/layer.h"

static size_t total_units(const pdlt_network *net) {
  size_t total = 0;
  for (int k = 0; k < net->depth; k++) total += pdlt_layer_units(&net->layer[k]);
  return total;
}

/* s^(l-1)_j, the input of layer index k, from the preactivations z of the layer below. */
static double below(const pdlt_network *net, const double *x, const double *z, int k, size_t j) {
  return k == 0 ? x[j] : pdlt_activation_eval(&net->activation, 0, z[j]);
}

/* Positions in a window of the layer. */
static size_t window_size(const pdlt_layer *layer) {
  return pdlt_layer_below(layer) / pdlt_layer_windows(layer);
}

/* Unit j;q of the layer below, q the m-th position in the window that tap t reads at p; PDLT_ABSENT:
 * none. */
static size_t unit_below(const pdlt_layer *layer, size_t t, size_t p, size_t m, size_t j) {
  if (layer->kind == PDLT_LAYER_DENSE) return j;
  const size_t window = pdlt_layer_window(layer, t, p);
  if (window == PDLT_ABSENT) return window;
  return j * pdlt_layer_below(layer) + pdlt_layer_pooled(layer, window, m);
}

/* s_{j;window(t,p)}: the mean of s^(l-1)_j over the window, or 0. */
static double seen(const pdlt_network *net, const double *x, const double *z, int k, size_t t,
                   size_t p, size_t j) {
  const pdlt_layer *layer = &net->layer[k];
  const size_t size = window_size(layer);
  double total = 0;
  for (size_t m = 0; m < size; m++) {
    const size_t unit = unit_below(layer, t, p, m, j);
    if (unit != PDLT_ABSENT) total += below(net, x, z, k, unit);
  }
  return total / (double)size;
}

static size_t weight_at(const pdlt_layer *layer, size_t i, size_t t, size_t j) {
  return layer->weight + (i * pdlt_layer_taps(layer) + t) * layer->in + j;
}

void pdlt_reference_forward(const pdlt_network *net, const double *theta, const double *x,
                            double *preactivations) {
  const double *previous = NULL;
  double *z = preactivations;
  for (int k = 0; k < net->depth; k++) {
    const pdlt_layer *layer = &net->layer[k];
    const size_t here = pdlt_layer_here(layer);
    for (size_t unit = 0; unit < pdlt_layer_units(layer); unit++) {
      const size_t i = unit / here, p = unit % here;
      z[unit] = theta[layer->bias + i];
      for (size_t t = 0; t < pdlt_layer_taps(layer); t++)
        for (size_t j = 0; j < layer->in; j++)
          z[unit] += theta[weight_at(layer, i, t, j)] * seen(net, x, previous, k, t, p, j);
      if (layer->skip != 0) z[unit] += layer->skip * previous[unit];
    }
    previous = z;
    z += pdlt_layer_units(layer);
  }
}

/* dz^(l)_i/dz^(k+1)_j for the layer index k, going down from layer l: delta (n_l, P_l) is
 * turned into the same of the layer below, in next (n_{l-1}, P_{l-1}). */
static void pull_back(const pdlt_network *net, const double *theta, int k, const double *z_below,
                      const double *delta, double *next) {
  const pdlt_layer *layer = &net->layer[k];
  const size_t here = pdlt_layer_here(layer), size = window_size(layer);
  const size_t units = pdlt_layer_units_below(layer), reads = pdlt_layer_taps(layer) * here * size;
  for (size_t unit = 0; unit < units; unit++) next[unit] = 0;
  for (size_t read = 0; read < reads; read++) {
    const size_t t = read / (here * size), p = read / size % here, m = read % size;
    for (size_t j = 0; j < layer->in; j++) {
      const size_t unit = unit_below(layer, t, p, m, j);
      if (unit == PDLT_ABSENT) continue;
      for (size_t i = 0; i < layer->out; i++)
        next[unit] += theta[weight_at(layer, i, t, j)] * delta[i * here + p] / (double)size;
    }
  }
  for (size_t unit = 0; unit < units; unit++) {
    next[unit] *= pdlt_activation_eval(&net->activation, 1, z_below[unit]);
    if (layer->skip != 0) next[unit] += layer->skip * delta[unit];
  }
}

/* grad of the parameters of layer index k from delta (n_l, P_l). */
static void own_gradient(const pdlt_network *net, const double *x, const double *z_below, int k,
                         const double *delta, double *grad) {
  const pdlt_layer *layer = &net->layer[k];
  const size_t here = pdlt_layer_here(layer);
  for (size_t i = 0; i < layer->out; i++)
    for (size_t p = 0; p < here; p++) grad[layer->bias + i] += delta[i * here + p];
  for (size_t t = 0; t < pdlt_layer_taps(layer); t++)
    for (size_t p = 0; p < here; p++)
      for (size_t j = 0; j < layer->in; j++) {
        const double s = seen(net, x, z_below, k, t, p, j);
        for (size_t i = 0; i < layer->out; i++)
          grad[weight_at(layer, i, t, j)] += delta[i * here + p] * s;
      }
}

pdlt_status pdlt_reference_gradient(const pdlt_network *net, const double *theta, const double *x,
                                    int l, size_t i, double *grad, pdlt_error *err) {
  double *work = NULL;
  pdlt_status status = pdlt_alloc(&work, total_units(net) + 2 * net->max_width, sizeof *work, err);
  if (status != PDLT_OK) return status;
  double *delta = work + total_units(net), *next = delta + net->max_width;
  memset(grad, 0, net->num_params * sizeof *grad);
  pdlt_reference_forward(net, theta, x, work);
  delta[i] = 1;
  const double *z = work;
  for (int k = 0; k + 1 < l; k++) z += pdlt_layer_units(&net->layer[k]);
  for (int k = l - 1; k >= 0; k--) {
    const size_t units = pdlt_layer_units_below(&net->layer[k]);
    const double *z_below = k == 0 ? NULL : z - units;
    own_gradient(net, x, z_below, k, delta, grad);
    if (k == 0) break;
    pull_back(net, theta, k, z_below, delta, next);
    memcpy(delta, next, units * sizeof *delta);
    z = z_below;
  }
  pdlt_free(work);
  return PDLT_OK;
}

void pdlt_reference_lambda(const pdlt_network *net, double *lambda) {
  for (int k = 0; k < net->depth; k++) {
    const pdlt_layer *layer = &net->layer[k];
    for (size_t mu = layer->weight; mu < layer->bias; mu++) lambda[mu] = pdlt_layer_rate(layer);
    for (size_t i = 0; i < layer->out; i++) lambda[layer->bias + i] = layer->lambda_b;
  }
}

static void get_input(const pdlt_samples *p, size_t sample, double *x) {
  for (size_t j = 0; j < p->inputs; j++) x[j] = p->x_all[j * p->samples + sample];
}

pdlt_status pdlt_reference_output(const pdlt_network *net, const pdlt_samples *p,
                                  const double *theta, double *z, pdlt_error *err) {
  const size_t neurons = total_units(net);
  double *work = NULL;
  pdlt_status status = pdlt_alloc(&work, neurons + p->inputs, sizeof *work, err);
  if (status != PDLT_OK) return status;
  for (size_t a = 0; a < p->samples; a++) {
    get_input(p, a, work + neurons);
    pdlt_reference_forward(net, theta, work + neurons, work);
    for (size_t i = 0; i < p->outputs; i++) z[i * p->samples + a] = work[neurons - p->outputs + i];
  }
  pdlt_free(work);
  return PDLT_OK;
}

pdlt_status pdlt_reference_move(const pdlt_network *net, const pdlt_samples *p, double eta,
                                const double *back, double *theta, pdlt_error *err) {
  const size_t params = net->num_params;
  double *work = NULL;
  pdlt_status status = pdlt_alloc(&work, 3 * params + p->inputs, sizeof *work, err);
  if (status != PDLT_OK) return status;
  double *sum = work, *grad = work + params, *lambda = work + 2 * params, *x = work + 3 * params;
  pdlt_reference_lambda(net, lambda);
  for (size_t a = 0; a < p->train; a++) {
    get_input(p, a, x);
    for (size_t i = 0; i < p->outputs; i++) {
      PDLT_TRY(pdlt_reference_gradient(net, theta, x, net->depth, i, grad, err));
      for (size_t mu = 0; mu < params; mu++) sum[mu] += back[i * p->train + a] * grad[mu];
    }
  }
  for (size_t mu = 0; mu < params; mu++) theta[mu] -= eta * lambda[mu] * sum[mu];
cleanup:
  pdlt_free(work);
  return status;
}

pdlt_status pdlt_reference_step(const pdlt_network *net, const pdlt_samples *p, double eta,
                                double *theta, pdlt_error *err) {
  const size_t outputs = p->outputs * p->samples, trained = p->outputs * p->train;
  double *work = NULL;
  pdlt_status status = pdlt_alloc(&work, outputs + trained, sizeof *work, err);
  if (status != PDLT_OK) return status;
  double *z = work, *back = work + outputs;
  PDLT_TRY(pdlt_reference_output(net, p, theta, z, err));
  for (size_t a = 0; a < p->train; a++)
    for (size_t i = 0; i < p->outputs; i++)
      back[i * p->train + a] = z[i * p->samples + a] - p->y_train[i * p->train + a];
  PDLT_TRY(pdlt_reference_move(net, p, eta, back, theta, err));
cleanup:
  pdlt_free(work);
  return status;
}
