/* reference.c - see reference.h. */
#include "trainer/network/reference.h"

#include <string.h>

#include "base/core/memory.h"

static size_t total_neurons(const pdlt_network *net) {
  size_t total = 0;
  for (int k = 0; k < net->depth; k++) total += net->layer[k].out;
  return total;
}

/* s^(l-1)_j, the input of layer index k, from the preactivations z of the layer below. */
static double below(const pdlt_network *net, const double *x, const double *z, int k, size_t j) {
  return k == 0 ? x[j] : pdlt_activation_eval(&net->activation, 0, z[j]);
}

void pdlt_reference_forward(const pdlt_network *net, const double *theta, const double *x,
                            double *preactivations) {
  const double *previous = NULL;
  double *z = preactivations;
  for (int k = 0; k < net->depth; k++) {
    const pdlt_layer *layer = &net->layer[k];
    for (size_t i = 0; i < layer->out; i++) {
      z[i] = theta[layer->bias + i];
      for (size_t j = 0; j < layer->in; j++)
        z[i] += theta[layer->weight + i * layer->in + j] * below(net, x, previous, k, j);
    }
    previous = z;
    z += layer->out;
  }
}

/* dz^(l)_i/dz^(k+1)_j for the layer index k, going down from layer l: delta (n_l) is
 * turned into the same of the layer below, in next (n_{l-1}). */
static void pull_back(const pdlt_network *net, const double *theta, int k, const double *z_below,
                      const double *delta, double *next) {
  const pdlt_layer *layer = &net->layer[k];
  for (size_t j = 0; j < layer->in; j++) {
    double total = 0;
    for (size_t i = 0; i < layer->out; i++)
      total += theta[layer->weight + i * layer->in + j] * delta[i];
    next[j] = total * pdlt_activation_eval(&net->activation, 1, z_below[j]);
  }
}

pdlt_status pdlt_reference_gradient(const pdlt_network *net, const double *theta, const double *x,
                                    int l, size_t i, double *grad, pdlt_error *err) {
  double *work = NULL;
  pdlt_status status =
      pdlt_alloc(&work, total_neurons(net) + 2 * net->max_width, sizeof *work, err);
  if (status != PDLT_OK) return status;
  double *delta = work + total_neurons(net), *next = delta + net->max_width;
  memset(grad, 0, net->num_params * sizeof *grad);
  pdlt_reference_forward(net, theta, x, work);
  delta[i] = 1;
  const double *z = work;
  for (int k = 0; k + 1 < l; k++) z += net->layer[k].out;
  for (int k = l - 1; k >= 0; k--) {
    const pdlt_layer *layer = &net->layer[k];
    const double *z_below = k == 0 ? NULL : z - layer->in;
    for (size_t o = 0; o < layer->out; o++) {
      grad[layer->bias + o] = delta[o];
      for (size_t j = 0; j < layer->in; j++)
        grad[layer->weight + o * layer->in + j] = delta[o] * below(net, x, z_below, k, j);
    }
    if (k == 0) break;
    pull_back(net, theta, k, z_below, delta, next);
    memcpy(delta, next, layer->in * sizeof *delta);
    z = z_below;
  }
  pdlt_free(work);
  return PDLT_OK;
}

void pdlt_reference_lambda(const pdlt_network *net, double *lambda) {
  for (int k = 0; k < net->depth; k++) {
    const pdlt_layer *layer = &net->layer[k];
    for (size_t mu = layer->weight; mu < layer->bias; mu++)
      lambda[mu] = layer->lambda_W / (double)layer->in;
    for (size_t i = 0; i < layer->out; i++) lambda[layer->bias + i] = layer->lambda_b;
  }
}

static void get_input(const pdlt_samples *p, size_t sample, double *x) {
  for (size_t j = 0; j < p->inputs; j++) x[j] = p->x_all[j * p->samples + sample];
}

pdlt_status pdlt_reference_output(const pdlt_network *net, const pdlt_samples *p,
                                  const double *theta, double *z, pdlt_error *err) {
  const size_t neurons = total_neurons(net);
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

pdlt_status pdlt_reference_step(const pdlt_network *net, const pdlt_samples *p, double eta,
                                double *theta, pdlt_error *err) {
  const size_t params = net->num_params, outputs = p->outputs * p->samples;
  double *work = NULL;
  pdlt_status status = pdlt_alloc(&work, 3 * params + outputs + p->inputs, sizeof *work, err);
  if (status != PDLT_OK) return status;
  double *loss_gradient = work, *grad = work + params, *lambda = work + 2 * params;
  double *z = work + 3 * params, *x = z + outputs;
  PDLT_TRY(pdlt_reference_output(net, p, theta, z, err));
  pdlt_reference_lambda(net, lambda);
  for (size_t a = 0; a < p->train; a++) {
    get_input(p, a, x);
    for (size_t i = 0; i < p->outputs; i++) {
      const double eps = z[i * p->samples + a] - p->y_train[i * p->train + a];
      PDLT_TRY(pdlt_reference_gradient(net, theta, x, net->depth, i, grad, err));
      for (size_t mu = 0; mu < params; mu++) loss_gradient[mu] += eps * grad[mu];
    }
  }
  for (size_t mu = 0; mu < params; mu++) theta[mu] -= eta * lambda[mu] * loss_gradient[mu];
cleanup:
  pdlt_free(work);
  return status;
}
