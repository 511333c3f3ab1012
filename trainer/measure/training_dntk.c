/* training_dntk.c - see training_dntk.h. */
#include "trainer/measure/training_dntk.h"

#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "trainer/network/layer.h"

/* --- memory --- */

/* The next `count` doubles of *next; of no storage: only counted. */
static double *take(double **next, size_t *total, size_t count) {
  double *view = *next;
  *total += count;
  if (view != NULL) *next += count;
  return view;
}

/* Lends all arrays from storage and returns how much they need. */
static size_t lend_views(pdlt_training_dntk *d, double *storage) {
  const pdlt_network *net = d->net;
  const size_t S = d->samples, p = d->data->outputs * S;
  size_t total = 0;
  double *next = storage;
  d->x = take(&next, &total, S * net->layer[0].in);
  d->first = take(&next, &total, net->layer[0].out * d->data->samples);
  d->h = take(&next, &total, (size_t)net->depth * S * S);
  for (int i = 0; i < 2; i++) d->ddelta[i] = take(&next, &total, p * p * net->max_width);
  d->product = take(&next, &total, p * p * p);
  for (int k = 0; k + 1 < net->depth; k++) {
    pdlt_training_dntk_layer *y = &d->layer[k];
    const size_t n = y->n;
    double **const of_sample[] = {&y->s, &y->d1, &y->d2};
    for (int i = 0; i < 3; i++) *of_sample[i] = take(&next, &total, S * n);
    y->g = take(&next, &total, p * n);
    y->delta = take(&next, &total, p * n);
    y->dz = take(&next, &total, S * p * n);
    y->ds = take(&next, &total, S * p * n);
    y->ds_s = take(&next, &total, S * p * S);
    y->delta_delta = take(&next, &total, p * p);
  }
  return total;
}

pdlt_status pdlt_training_dntk_new(pdlt_training_dntk *out, const pdlt_network *net,
                                   const pdlt_samples *data, size_t samples, pdlt_error *err) {
  pdlt_training_dntk d = {.net = net, .data = data, .samples = samples};
  if (net->has_positions) {
    *out = d;
    return pdlt_positions_dntk_new(&out->positions, net, data, samples, 0, 0, err);
  }
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&d.layer, (size_t)net->depth, sizeof *d.layer, err));
  for (int k = 0; k + 1 < net->depth; k++) d.layer[k].n = net->layer[k].out;
  PDLT_TRY(pdlt_alloc(&d.storage, lend_views(&d, NULL), sizeof *d.storage, err));
  lend_views(&d, d.storage);
  for (size_t a = 0; a < samples; a++)
    for (size_t j = 0; j < data->inputs; j++)
      d.x[a * data->inputs + j] = data->x_all[j * data->samples + a];
  *out = d;
  return PDLT_OK;
cleanup:
  pdlt_training_dntk_free(&d);
  return status;
}

void pdlt_training_dntk_free(pdlt_training_dntk *dntk) {
  pdlt_positions_dntk_free(&dntk->positions);
  pdlt_free(dntk->storage);
  pdlt_free(dntk->layer);
  *dntk = (pdlt_training_dntk){0};
}

/* --- the network and its gradients --- */

static double rate_of(const pdlt_training_dntk *d, int k) {
  return pdlt_layer_rate(&d->net->layer[k]);
}

/* out (n) += factor x. */
static void axpy(size_t n, double factor, const double *x, double *out) {
  for (size_t i = 0; i < n; i++) out[i] += factor * x[i];
}

/* out (n) = x y. */
static void multiply(size_t n, const double *x, const double *y, double *out) {
  for (size_t i = 0; i < n; i++) out[i] = x[i] * y[i];
}

/* s, d1, d2 and h of all layers. */
static void forward(pdlt_training_dntk *d, const pdlt_stepper *stepper) {
  const size_t S = d->samples, D = d->data->samples;
  const double *below = d->x, *theta = stepper->theta;
  pdlt_stepper_first(stepper, d->first);
  for (int k = 0; k < d->net->depth; k++) {
    const pdlt_layer *layer = &d->net->layer[k];
    pdlt_layer_ntk_of(layer, PDLT_BY_SAMPLE, S, below, d->h + (size_t)k * S * S);
    if (k + 1 == d->net->depth) return;
    pdlt_training_dntk_layer *y = &d->layer[k];
    double *const orders[] = {y->s, y->d1, y->d2}, *z = y->dz;
    if (k == 0) {
      for (size_t a = 0; a < S; a++)
        for (size_t j = 0; j < y->n; j++) z[a * y->n + j] = d->first[j * D + a];
    } else {
      pdlt_layer_forward(layer, theta, PDLT_BY_SAMPLE, S, below, z);
      pdlt_layer_add_skip(layer, S, d->layer[k - 1].dz, z);
    }
    pdlt_activation_jet(&d->net->activation, 2, S * y->n, z, orders);
    below = y->s;
  }
}

/* g, delta and their products, from the top down. */
static void gradients(pdlt_training_dntk *d, const double *theta) {
  const size_t S = d->samples, p = d->data->outputs * S;
  const int top = d->net->depth - 2;
  for (int k = top; k >= 0; k--) {
    pdlt_training_dntk_layer *y = &d->layer[k];
    const pdlt_layer *above = &d->net->layer[k + 1];
    const size_t n = y->n;
    if (k == top)
      for (size_t ia = 0; ia < p; ia++)
        memcpy(y->g + ia * n, pdlt_layer_pull_back_unit(above, theta, ia / S), n * sizeof *y->g);
    else
      pdlt_layer_pull_back(above, theta, PDLT_BY_SAMPLE, p, d->layer[k + 1].delta, y->g);
    for (size_t ia = 0; ia < p; ia++)
      multiply(n, y->d1 + ia % S * n, y->g + ia * n, y->delta + ia * n);
    pdlt_layer_add_skip(above, p, d->layer[k + 1].delta, y->delta);
    pdlt_syrk(0, p, n, 1.0, y->delta, n, 0.0, y->delta_delta, p);
  }
}

/* dz, ds and ds.s, from below. */
static void tangents(pdlt_training_dntk *d, const double *theta) {
  const size_t S = d->samples, p = d->data->outputs * S;
  for (int k = 0; k + 1 < d->net->depth; k++) {
    pdlt_training_dntk_layer *y = &d->layer[k];
    const pdlt_layer *layer = &d->net->layer[k];
    const size_t n = y->n;
    const double *h = d->h + (size_t)k * S * S;
    if (k == 0) {
      memset(y->dz, 0, S * p * n * sizeof *y->dz);
    } else {
      pdlt_layer_forward_tangent(layer, theta, PDLT_BY_SAMPLE, S * p, d->layer[k - 1].ds, y->dz);
      pdlt_layer_add_skip(layer, S * p, d->layer[k - 1].dz, y->dz);
    }
    for (size_t a = 0; a < S; a++)
      for (size_t jb = 0; jb < p; jb++) {
        const size_t row = (a * p + jb) * n;
        axpy(n, h[a * S + jb % S], y->delta + jb * n, y->dz + row);
        multiply(n, y->d1 + a * n, y->dz + row, y->ds + row);
      }
    pdlt_gemm(0, 1, S * p, S, n, 1.0, y->ds, n, y->s, n, 0.0, y->ds_s, S);
  }
}

/* ddelta of hidden layer k from that of the layer above, which is 0 at the top. */
static void covectors(const pdlt_training_dntk *d, const double *theta, int k, const double *above,
                      double *ddelta) {
  const size_t S = d->samples, p = d->data->outputs * S;
  const int top = k + 2 == d->net->depth;
  const pdlt_training_dntk_layer *y = &d->layer[k];
  const size_t n = y->n;
  if (top)
    memset(ddelta, 0, p * p * n * sizeof *ddelta);
  else
    pdlt_layer_pull_back(&d->net->layer[k + 1], theta, PDLT_BY_SAMPLE, p * p, above, ddelta);
  for (size_t ia = 0; ia < p; ia++)
    for (size_t jb = 0; jb < p; jb++) {
      const double same = top ? ia / S == jb / S : d->layer[k + 1].delta_delta[ia * p + jb];
      const double *dz = y->dz + (ia % S * p + jb) * n, *g = y->g + ia * n;
      const double *d1 = y->d1 + ia % S * n, *d2 = y->d2 + ia % S * n;
      double *row = ddelta + (ia * p + jb) * n;
      axpy(n, rate_of(d, k + 1) * same, y->s + jb % S * n, row);
      for (size_t i = 0; i < n; i++) row[i] = d2[i] * dz[i] * g[i] + d1[i] * row[i];
    }
  pdlt_layer_add_skip(&d->net->layer[k + 1], p * p, above, ddelta);
}

/* Part of layer k + 1: h times the products of ddelta and delta in d->product (h = NULL: the last
 * layer, whose ddelta is 0), and the move of the activations below. */
static void add_layer(const pdlt_training_dntk *d, int k, const double *h, double *out) {
  const size_t S = d->samples, p = d->data->outputs * S;
  const int top = k + 1 == d->net->depth;
  const double *ds_s = k > 0 ? d->layer[k - 1].ds_s : NULL;
  for (size_t ia = 0; ia < p; ia++)
    for (size_t jb = 0; jb < p; jb++)
      for (size_t kc = 0; kc < p; kc++) {
        const size_t at = (ia * p + jb) * p + kc;
        if (h != NULL) out[at] += h[ia % S * S + kc % S] * d->product[at];
        if (ds_s == NULL) continue;
        const double same = top ? ia / S == kc / S : d->layer[k].delta_delta[ia * p + kc];
        out[at] += rate_of(d, k) * same * ds_s[(ia % S * p + jb) * S + kc % S];
      }
}

void pdlt_training_dntk_measure(pdlt_training_dntk *d, const pdlt_stepper *stepper, double *out) {
  const double *theta = stepper->theta;
  const size_t S = d->samples, p = d->data->outputs * S;
  double *now = d->ddelta[0], *above = d->ddelta[1];
  pdlt_stepper_weights(stepper);
  if (d->net->has_positions) {
    pdlt_positions_dntk_outputs(&d->positions, theta, out);
    return;
  }
  forward(d, stepper);
  gradients(d, theta);
  tangents(d, theta);
  memset(out, 0, p * p * p * sizeof *out);
  add_layer(d, d->net->depth - 1, NULL, out);
  for (int k = d->net->depth - 2; k >= 0; k--) {
    const pdlt_training_dntk_layer *y = &d->layer[k];
    covectors(d, theta, k, above, now);
    pdlt_gemm(0, 1, p * p, p, y->n, 1.0, now, y->n, y->delta, y->n, 0.0, d->product, p);
    add_layer(d, k, d->h + (size_t)k * S * S, out);
    double *swap = now;
    now = above;
    above = swap;
  }
}
