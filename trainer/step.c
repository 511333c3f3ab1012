/* step.c - see step.h. */
#include "trainer/step.h"

#include <string.h>

#include "base/linalg.h"
#include "base/memory.h"

/* Whole cache lines, so that every view is aligned. */
static size_t padded(size_t count) {
  const size_t line = PDLT_ALIGNMENT / sizeof(double);
  return (count + line - 1) / line * line;
}

/* Lends the next `count` doubles of *next. */
static double *take(double **next, size_t count) {
  double *view = *next;
  *next += padded(count);
  return view;
}

static size_t storage_size(const pdlt_network *net, const pdlt_problem *p) {
  size_t total = padded(net->num_params) + 2 * padded(p->outputs * p->train);
  for (int k = 0; k + 1 < net->depth; k++) total += 2 * padded(net->layer[k].out * p->train);
  total += 2 * padded(net->layer[0].out * p->train) + padded(net->layer[0].out * p->test);
  return total + 2 * padded(net->max_width * p->train) + 2 * padded(net->max_width * p->test);
}

static void lend_views(pdlt_stepper *st) {
  const pdlt_network *net = st->net;
  const pdlt_problem *p = st->problem;
  double *next = st->storage;
  st->theta = take(&next, net->num_params);
  st->z = take(&next, p->outputs * p->train);
  st->eps = take(&next, p->outputs * p->train);
  for (int k = 0; k + 1 < net->depth; k++) {
    st->s[k] = take(&next, net->layer[k].out * p->train);
    st->ds[k] = take(&next, net->layer[k].out * p->train);
  }
  st->z1 = take(&next, net->layer[0].out * p->train);
  st->moved1 = take(&next, net->layer[0].out * p->train);
  st->z1_test = take(&next, net->layer[0].out * p->test);
  for (int k = 0; k < 2; k++) {
    st->delta[k] = take(&next, net->max_width * p->train);
    st->test[k] = take(&next, net->max_width * p->test);
  }
}

pdlt_status pdlt_stepper_new(pdlt_stepper *out, const pdlt_network *net,
                             const pdlt_problem *problem, double eta, pdlt_first_layer first,
                             pdlt_error *err) {
  pdlt_stepper st = {.net = net, .problem = problem, .eta = eta};
  st.first_by_samples = first == PDLT_FIRST_SAMPLES ||
                        (first == PDLT_FIRST_AUTO && problem->train < 2 * problem->inputs);
  const size_t hidden = (size_t)net->depth - 1;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&st.s, 2 * hidden, sizeof *st.s, err));
  st.ds = st.s + hidden;
  PDLT_TRY(pdlt_alloc(&st.storage, storage_size(net, problem), sizeof *st.storage, err));
  lend_views(&st);
  *out = st;
  return PDLT_OK;
cleanup:
  pdlt_stepper_free(&st);
  return status;
}

void pdlt_stepper_free(pdlt_stepper *stepper) {
  pdlt_free(stepper->storage);
  pdlt_free(stepper->s);
  *stepper = (pdlt_stepper){0};
}

/* z (out, n) = b + W s, s (in, n). */
static void affine(const pdlt_layer *layer, const double *theta, const double *s, size_t n,
                   double *z) {
  const double *bias = theta + layer->bias;
  if (n == 0) return;
  if (layer->has_bias)
    for (size_t i = 0; i < layer->out; i++)
      for (size_t a = 0; a < n; a++) z[i * n + a] = bias[i];
  pdlt_gemm(0, 0, layer->out, n, layer->in, 1.0, theta + layer->weight, layer->in, s, n,
            layer->has_bias ? 1.0 : 0.0, z, n);
}

void pdlt_stepper_begin(pdlt_stepper *st) {
  const pdlt_problem *p = st->problem;
  const pdlt_layer *layer = &st->net->layer[0];
  if (!st->first_by_samples) return;
  affine(layer, st->theta, p->x_train, p->train, st->z1);
  affine(layer, st->theta, p->x_test, p->test, st->z1_test);
  memset(st->moved1, 0, layer->out * p->train * sizeof *st->moved1);
}

void pdlt_stepper_forward(pdlt_stepper *st) {
  const pdlt_network *net = st->net;
  const pdlt_problem *p = st->problem;
  const double *below = p->x_train;
  for (int k = 0; k + 1 < net->depth; k++) {
    const double *z = st->s[k];
    if (k == 0 && st->first_by_samples)
      z = st->z1;
    else
      affine(&net->layer[k], st->theta, below, p->train, st->s[k]);
    pdlt_activation_forward(&net->activation, net->layer[k].out * p->train, z, st->s[k], st->ds[k]);
    below = st->s[k];
  }
  affine(&net->layer[net->depth - 1], st->theta, below, p->train, st->z);
  for (size_t i = 0; i < p->outputs * p->train; i++) st->eps[i] = st->z[i] - p->y_train[i];
}

/* delta (in, n) = ds * (W^T above), above (out, n). */
static void backward(const pdlt_layer *layer, const double *theta, const double *above,
                     const double *ds, size_t n, double *delta) {
  const double *weight = theta + layer->weight;
  if (layer->out == 1) {
    for (size_t j = 0; j < layer->in; j++)
      for (size_t a = 0; a < n; a++) delta[j * n + a] = ds[j * n + a] * (weight[j] * above[a]);
    return;
  }
  pdlt_gemm(1, 0, layer->in, n, layer->out, 1.0, weight, layer->in, above, n, 0.0, delta, n);
  for (size_t i = 0; i < layer->in * n; i++) delta[i] *= ds[i];
}

static double sum(const double *x, size_t n) {
  double total = 0;
#pragma omp simd reduction(+ : total)
  for (size_t i = 0; i < n; i++) total += x[i];
  return total;
}

/* W and b of a layer from delta (out, n) and the activations below s (in, n). */
static void descend(const pdlt_layer *layer, double *theta, double eta, const double *delta,
                    const double *s, size_t n) {
  double *bias = theta + layer->bias;
  pdlt_gemm(0, 1, layer->out, layer->in, n, -eta * layer->lambda_W / (double)layer->in, delta, n, s,
            n, 1.0, theta + layer->weight, layer->in);
  if (layer->lambda_b != 0)
    for (size_t i = 0; i < layer->out; i++)
      bias[i] -= eta * layer->lambda_b * sum(delta + i * n, n);
}

void pdlt_stepper_update(pdlt_stepper *st) {
  const pdlt_network *net = st->net;
  const pdlt_problem *p = st->problem;
  const size_t n = p->train;
  const double *delta = st->eps;
  for (int k = net->depth - 1; k > 0; k--) {
    double *next = st->delta[k % 2];
    backward(&net->layer[k], st->theta, delta, st->ds[k - 1], n, next);
    descend(&net->layer[k], st->theta, st->eta, delta, st->s[k - 1], n);
    delta = next;
  }
  if (!st->first_by_samples) {
    descend(&net->layer[0], st->theta, st->eta, delta, p->x_train, n);
    return;
  }
  const size_t n1 = net->layer[0].out;
  pdlt_gemm(0, 0, n1, n, n, -st->eta, delta, n, p->h_train, n, 1.0, st->z1, n);
  if (p->test > 0)
    for (size_t i = 0; i < n1 * n; i++) st->moved1[i] += delta[i];
}

void pdlt_stepper_first(const pdlt_stepper *st, double *z) {
  const pdlt_problem *p = st->problem;
  const pdlt_layer *layer = &st->net->layer[0];
  if (!st->first_by_samples) {
    affine(layer, st->theta, p->x_all, p->samples, z);
    return;
  }
  for (size_t i = 0; i < layer->out; i++) {
    memcpy(z + i * p->samples, st->z1 + i * p->train, p->train * sizeof *z);
    memcpy(z + i * p->samples + p->train, st->z1_test + i * p->test, p->test * sizeof *z);
  }
  if (p->test > 0)
    pdlt_gemm(0, 0, layer->out, p->test, p->train, -st->eta, st->moved1, p->train, p->h_test,
              p->test, 1.0, z + p->train, p->samples);
}

/* z (n_L, N_B) of the test samples; returns a view into st->test. */
static const double *test_output(pdlt_stepper *st) {
  const pdlt_network *net = st->net;
  const pdlt_problem *p = st->problem;
  const size_t n = p->test, n1 = net->layer[0].out;
  const double *below = p->x_test;
  double *z = st->test[0];
  for (int k = 0; k < net->depth; k++) {
    z = st->test[k % 2];
    if (k == 0 && st->first_by_samples) {
      memcpy(z, st->z1_test, n1 * n * sizeof *z);
      pdlt_gemm(0, 0, n1, n, p->train, -st->eta, st->moved1, p->train, p->h_test, n, 1.0, z, n);
    } else {
      affine(&net->layer[k], st->theta, below, n, z);
    }
    if (k + 1 < net->depth)
      pdlt_activation_forward(&net->activation, net->layer[k].out * n, z, z, NULL);
    below = z;
  }
  return z;
}

void pdlt_stepper_output(pdlt_stepper *st, double *out) {
  const pdlt_problem *p = st->problem;
  const double *test = p->test > 0 ? test_output(st) : NULL;
  for (size_t i = 0; i < p->outputs; i++) {
    memcpy(out + i * p->samples, st->z + i * p->train, p->train * sizeof *out);
    if (p->test > 0)
      memcpy(out + i * p->samples + p->train, test + i * p->test, p->test * sizeof *out);
  }
}
