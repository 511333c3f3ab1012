/* segment.c - see segment.h. */
#include "trainer/measure/segment.h"

#include <math.h>
#include <string.h>

#include "base/core/legendre.h"
#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "trainer/network/layer.h"

/* What rounding may leave of z(t) - z(0), over the largest |z|. */
#define ROUNDING 1e-14

/* --- memory --- */

/* The next `count` doubles of *next; of no storage: only counted. */
static double *take(double **next, size_t *total, size_t count) {
  double *view = *next;
  *total += count;
  if (view != NULL) *next += count;
  return view;
}

/* Lends g and s of the terms of all layers. */
static void lend_terms(pdlt_segment *s, double **next, size_t *total) {
  const size_t D = s->data->samples, p = pdlt_segment_rows(s);
  const int last = s->net->depth - 1;
  for (int k = 0; k <= last; k++) {
    const pdlt_layer *layer = &s->net->layer[k];
    const size_t most = k == 0 || k == last ? 1 : PDLT_SEGMENT_NODES;
    s->terms[k].g = k == last ? NULL : take(next, total, most * layer->out * p);
    s->terms[k].s = k == 0 ? s->data->x_all : take(next, total, most * layer->in * D);
  }
}

/* Lends all arrays from storage and returns how much they need. */
static size_t lend_views(pdlt_segment *s, double *storage) {
  const pdlt_network *net = s->net;
  const size_t D = s->data->samples, N_A = s->data->train, p = pdlt_segment_rows(s);
  size_t total = 0;
  double *next = storage;
  double **const parameters[] = {&s->start, &s->d, &s->at};
  for (int i = 0; i < 3; i++) {
    *parameters[i] = take(&next, &total, net->num_params);
    s->first[i] = take(&next, &total, net->layer[0].out * D);
    s->z[i] = take(&next, &total, p);
  }
  s->root = take(&next, &total, N_A * N_A);
  for (int k = 0; k + 1 < net->depth; k++) {
    pdlt_segment_hidden *y = &s->hidden[k];
    double **const of_sample[] = {&y->s, &y->d1, &y->ds, &y->d2z};
    for (int i = 0; i < 4; i++) *of_sample[i] = take(&next, &total, net->layer[k].out * D);
  }
  for (int i = 0; i < 4; i++) s->delta[i] = take(&next, &total, net->max_width * p);
  for (int i = 0; i < 2; i++) s->z_at[i] = take(&next, &total, net->max_width * D);
  for (int i = 0; i < 2; i++) s->dz_at[i] = take(&next, &total, net->max_width * D);
  s->h = take(&next, &total, D * D);
  s->gram = take(&next, &total, p * p);
  lend_terms(s, &next, &total);
  return total;
}

/* root = rows v/sqrt(value) of the eigenvectors of h of layer 1. */
static pdlt_status take_root(pdlt_segment *s, pdlt_error *err) {
  const size_t n = s->data->train;
  double *value = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&value, n, sizeof *value, err));
  PDLT_TRY(pdlt_symmetric_eigen(n, s->data->h_train, value, s->root, err));
  for (size_t i = 0; i < n; i++) {
    const double scale = value[i] > PDLT_SEGMENT_SINGULAR * value[n - 1] ? 1 / sqrt(value[i]) : 0;
    for (size_t a = 0; a < n; a++) s->root[i * n + a] *= scale;
  }
cleanup:
  pdlt_free(value);
  return status;
}

pdlt_status pdlt_segment_new(pdlt_segment *out, const pdlt_network *net, const pdlt_samples *data,
                             pdlt_error *err) {
  pdlt_segment s = {.net = net, .data = data};
  const size_t depth = (size_t)net->depth;
  pdlt_status status = PDLT_OK;
  if (net->has_positions)
    return pdlt_fail(err, PDLT_ERR_INPUT,
                     "features are measured of fully connected layers alone; leave `features` out");
  PDLT_TRY(pdlt_alloc(&s.hidden, depth, sizeof *s.hidden, err));
  PDLT_TRY(pdlt_alloc(&s.terms, depth, sizeof *s.terms, err));
  PDLT_TRY(pdlt_alloc(&s.storage, lend_views(&s, NULL), sizeof *s.storage, err));
  lend_views(&s, s.storage);
  PDLT_TRY(take_root(&s, err));
  *out = s;
  return PDLT_OK;
cleanup:
  pdlt_segment_free(&s);
  return status;
}

void pdlt_segment_free(pdlt_segment *segment) {
  pdlt_free(segment->storage);
  pdlt_free(segment->terms);
  pdlt_free(segment->hidden);
  *segment = (pdlt_segment){.nodes = 0};
}

/* --- points of the segment --- */

/* A point: parameters, and z^(1). */
typedef struct point {
  const double *theta, *first;
} point;

static point start_of(const pdlt_segment *s) {
  return (point){.theta = s->start, .first = s->first[PDLT_SEGMENT_START]};
}

static point end_of(const pdlt_segment *s) {
  return (point){.theta = s->end, .first = s->first[PDLT_SEGMENT_END]};
}

/* theta(0) + x d; z^(1) of it takes the place that it has in the first hidden layer. */
static point between(pdlt_segment *s, double x) {
  const pdlt_network *net = s->net;
  const size_t first = net->layer[0].out * s->data->samples;
  for (size_t i = net->layer[1].weight; i < net->num_params; i++)
    s->at[i] = s->start[i] + x * s->d[i];
  for (size_t i = 0; i < first; i++)
    s->z_at[0][i] = s->first[PDLT_SEGMENT_START][i] + x * s->first[PDLT_SEGMENT_CHANGE][i];
  return (point){.theta = s->at, .first = s->z_at[0]};
}

/* dz = W ds + dW s + db of layer k: the derivative along d of its preactivations; that of the layer below in
 * the other one of dz_at. */
static void forward_dual(pdlt_segment *s, int k, point at, double *dz) {
  const pdlt_layer *layer = &s->net->layer[k];
  const size_t D = s->data->samples, count = layer->out * D;
  if (k == 0) {
    memcpy(dz, s->first[PDLT_SEGMENT_CHANGE], count * sizeof *dz);
    return;
  }
  double *moved = s->delta[0];
  const pdlt_segment_hidden *below = &s->hidden[k - 1];
  pdlt_layer_forward_tangent(layer, at.theta, PDLT_BY_NEURON, D, below->ds, dz);
  pdlt_layer_forward(layer, s->d, PDLT_BY_NEURON, D, below->s, moved);
  for (size_t i = 0; i < count; i++) dz[i] += moved[i];
  pdlt_layer_add_skip(layer, D, s->dz_at[(k + 1) % 2], dz);
}

/* s and d1 of the hidden layers at a point and, with dual, ds and d2z; outputs z, dz (n_L, D) unless NULL. */
static void forward(pdlt_segment *s, point at, int dual, double *z, double *dz) {
  const pdlt_network *net = s->net;
  const size_t D = s->data->samples;
  const int last = net->depth - 1;
  const double *now = at.first;
  for (int k = 0; k < last; k++) {
    const pdlt_layer *layer = &net->layer[k];
    const size_t count = layer->out * D;
    pdlt_segment_hidden *y = &s->hidden[k];
    if (k > 0) {
      double *z_now = s->z_at[k % 2];
      pdlt_layer_forward(layer, at.theta, PDLT_BY_NEURON, D, s->hidden[k - 1].s, z_now);
      pdlt_layer_add_skip(layer, D, now, z_now);
      now = z_now;
    }
    if (!dual) {
      pdlt_activation_forward(&net->activation, count, now, y->s, y->d1);
      continue;
    }
    double *const orders[] = {y->s, y->d1, y->d2z};
    pdlt_activation_jet(&net->activation, 2, count, now, orders);
    const double *moved = s->dz_at[k % 2];
    forward_dual(s, k, at, s->dz_at[k % 2]);
    for (size_t i = 0; i < count; i++) {
      y->ds[i] = y->d1[i] * moved[i];
      y->d2z[i] *= moved[i];
    }
  }
  if (z != NULL)
    pdlt_layer_forward(&net->layer[last], at.theta, PDLT_BY_NEURON, D, s->hidden[last - 1].s, z);
  if (dz != NULL) forward_dual(s, last, at, dz);
}

/* delta (n, p) *= d1 (n, D). */
static void times_slopes(const pdlt_segment *s, int k, double *delta) {
  const size_t D = s->data->samples, p = pdlt_segment_rows(s), n = s->net->layer[k].out;
  for (size_t m = 0; m < n; m++)
    for (size_t ia = 0; ia < p; ia++) delta[m * p + ia] *= s->hidden[k].d1[m * D + ia % D];
}

/* g (n_k, p) = W^T delta of the layer above hidden layer k, whose delta are unit vectors at the top. */
static void pull_back(const pdlt_segment *s, int k, const double *theta, const double *delta,
                      double *g) {
  const pdlt_layer *above = &s->net->layer[k + 1];
  const size_t D = s->data->samples, p = pdlt_segment_rows(s);
  if (k + 2 < s->net->depth) {
    pdlt_layer_pull_back(above, theta, PDLT_BY_NEURON, p, delta, g);
    return;
  }
  for (size_t m = 0; m < above->in; m++)
    for (size_t ia = 0; ia < p; ia++)
      g[m * p + ia] = pdlt_layer_pull_back_unit(above, theta, ia / D)[m];
}

/* --- the ends --- */

/* z^(1) and outputs at the end `which`, from a stepper that moves layer 1 as preactivations, or NULL. */
static void see(pdlt_segment *s, int which, const double *theta, const pdlt_stepper *stepper) {
  double *first = s->first[which];
  s->by_samples = stepper != NULL && stepper->first_by_samples;
  if (s->by_samples)
    pdlt_stepper_first(stepper, first);
  else
    pdlt_layer_forward(&s->net->layer[0], theta, PDLT_BY_NEURON, s->data->samples, s->data->x_all,
                       first);
  forward(s, (point){.theta = theta, .first = first}, 0, s->z[which], NULL);
}

static void begin(pdlt_segment *s, const double *theta, const pdlt_stepper *stepper) {
  memcpy(s->start, theta, s->net->num_params * sizeof *theta);
  see(s, PDLT_SEGMENT_START, s->start, stepper);
}

static void reach(pdlt_segment *s, const double *theta, const pdlt_stepper *stepper) {
  const size_t first = s->net->layer[0].out * s->data->samples;
  s->end = theta;
  see(s, PDLT_SEGMENT_END, theta, stepper);
  for (size_t i = 0; i < s->net->num_params; i++) s->d[i] = theta[i] - s->start[i];
  for (size_t i = 0; i < first; i++)
    s->first[PDLT_SEGMENT_CHANGE][i] =
        s->first[PDLT_SEGMENT_END][i] - s->first[PDLT_SEGMENT_START][i];
  for (size_t i = 0; i < pdlt_segment_rows(s); i++)
    s->z[PDLT_SEGMENT_CHANGE][i] = s->z[PDLT_SEGMENT_END][i] - s->z[PDLT_SEGMENT_START][i];
}

void pdlt_segment_begin_at(pdlt_segment *s, const double *theta) { begin(s, theta, NULL); }

void pdlt_segment_begin(pdlt_segment *s, const pdlt_stepper *stepper) {
  pdlt_stepper_weights(stepper);
  begin(s, stepper->theta, stepper);
}

void pdlt_segment_reach_at(pdlt_segment *s, const double *theta) { reach(s, theta, NULL); }

void pdlt_segment_reach(pdlt_segment *s, const pdlt_stepper *stepper) {
  pdlt_stepper_weights(stepper);
  reach(s, stepper->theta, stepper);
}

/* --- features as terms --- */

/* to (count) = from or, with more, to + weight from. */
static void put(size_t count, double weight, const double *from, int more, double *to) {
  for (size_t i = 0; i < count; i++) to[i] = (more ? to[i] : 0) + weight * from[i];
}

/* g of layer k, hidden, at a node into term q; in the first layer there is one for all nodes. */
static void put_g(pdlt_segment *s, int k, double weight, size_t q, const double *g) {
  const size_t size = s->net->layer[k].out * pdlt_segment_rows(s);
  if (k == 0)
    put(size, weight, g, q > 0, s->terms[k].g);
  else
    memcpy(s->terms[k].g + q * size, g, size * sizeof *g);
}

/* Likewise activations of the layer below k; of the last layer there is one for all nodes. */
static void put_s(pdlt_segment *s, int k, double weight, size_t q, const double *below) {
  const size_t size = s->net->layer[k].in * s->data->samples;
  if (k + 1 == s->net->depth)
    put(size, weight, below, q > 0, s->terms[k].s);
  else
    memcpy(s->terms[k].s + q * size, below, size * sizeof *below);
}

/* Makes q terms of each layer, one of the first and the last. */
static void set_terms(pdlt_segment *s, size_t q) {
  for (int k = 0; k < s->net->depth; k++)
    s->terms[k].terms = k == 0 || k + 1 == s->net->depth ? 1 : q;
}

/* g and s at a point, term q of weight w. */
static void add_node(pdlt_segment *s, point at, double weight, size_t q) {
  double *delta = s->delta[0], *next = s->delta[1];
  forward(s, at, 0, NULL, NULL);
  for (int k = 1; k < s->net->depth; k++) put_s(s, k, weight, q, s->hidden[k - 1].s);
  for (int k = s->net->depth - 2; k >= 0; k--) {
    pull_back(s, k, at.theta, delta, next);
    times_slopes(s, k, next);
    pdlt_layer_add_skip(&s->net->layer[k + 1], pdlt_segment_rows(s), delta, next);
    put_g(s, k, weight, q, next);
    double *swap = delta;
    delta = next;
    next = swap;
  }
  s->weight[q] = weight;
  s->bias[q] = 1;
  set_terms(s, q + 1);
}

/* delta and ddelta of hidden layer k from those of the layer above:
 * g = W^T delta, dg = W^T ddelta + dW^T delta; delta = s' g, ddelta = s'' dz g + s' dg, and gamma times those
 * above with a skip. */
static void back_dual(pdlt_segment *s, int k, const double *const above[2], double *delta,
                      double *ddelta) {
  const size_t D = s->data->samples, p = pdlt_segment_rows(s), n = s->net->layer[k].out;
  const pdlt_segment_hidden *y = &s->hidden[k];
  pull_back(s, k, s->d, above[0], ddelta);
  if (k + 2 < s->net->depth) {
    pull_back(s, k, s->start, above[1], delta);
    for (size_t i = 0; i < n * p; i++) ddelta[i] += delta[i];
  }
  pull_back(s, k, s->start, above[0], delta);
  for (size_t m = 0; m < n; m++)
    for (size_t ia = 0; ia < p; ia++) {
      const size_t at = m * p + ia, of_sample = m * D + ia % D;
      ddelta[at] = y->d2z[of_sample] * delta[at] + y->d1[of_sample] * ddelta[at];
    }
  times_slopes(s, k, delta);
  pdlt_layer_add_skip(&s->net->layer[k + 1], p, above[0], delta);
  pdlt_layer_add_skip(&s->net->layer[k + 1], p, above[1], ddelta);
}

/* g + dg/2 with s, and g with ds/2; in the first layer s is fixed, in the last one g. */
static void sharp(pdlt_segment *s) {
  const size_t D = s->data->samples, p = pdlt_segment_rows(s);
  const int last = s->net->depth - 1;
  double *delta[2] = {s->delta[0], s->delta[1]}, *next[2] = {s->delta[2], s->delta[3]};
  forward(s, start_of(s), 1, NULL, NULL);
  for (int k = 1; k <= last; k++) {
    const size_t size = s->net->layer[k].in * D;
    put_s(s, k, 1, 0, s->hidden[k - 1].s);
    put(size, 0.5, s->hidden[k - 1].ds, k == last, s->terms[k].s + (k == last ? 0 : size));
  }
  for (int k = last - 1; k >= 0; k--) {
    const size_t size = s->net->layer[k].out * p;
    const double *const above[2] = {delta[0], delta[1]};
    back_dual(s, k, above, next[0], next[1]);
    put_g(s, k, 1, 0, next[0]);
    put(size, 0.5, next[1], 1, s->terms[k].g);
    if (k > 0) put_g(s, k, 1, 1, next[0]);
    for (int i = 0; i < 2; i++) {
      double *swap = delta[i];
      delta[i] = next[i];
      next[i] = swap;
    }
  }
  s->weight[0] = s->weight[1] = s->bias[0] = 1;
  s->bias[1] = 0;
  set_terms(s, 2);
}

/* Largest |x|. */
static double largest(size_t n, const double *x) {
  double most = 0;
  for (size_t i = 0; i < n; i++)
    if (fabs(x[i]) > most) most = fabs(x[i]);
  return most;
}

/* Whether a rule of so many nodes meets z(t) - z(0) = sum_q w_q dz(theta(0) + x_q d). */
static int enough(pdlt_segment *s, int nodes, const double *x, const double *w) {
  const size_t p = pdlt_segment_rows(s);
  double *missing = s->delta[1], *dz = s->delta[2];
  memcpy(missing, s->z[PDLT_SEGMENT_CHANGE], p * sizeof *missing);
  for (int q = 0; q < nodes; q++) {
    forward(s, between(s, x[q]), 1, NULL, dz);
    for (size_t ia = 0; ia < p; ia++) missing[ia] -= w[q] * dz[ia];
  }
  const double change = largest(p, s->z[PDLT_SEGMENT_CHANGE]), missed = largest(p, missing);
  const double z = fmax(largest(p, s->z[PDLT_SEGMENT_START]), largest(p, s->z[PDLT_SEGMENT_END]));
  s->nodes = nodes;
  s->residual = change > 0 ? missed / change : 0;
  return missed <= PDLT_SEGMENT_TOLERANCE * change + ROUNDING * z;
}

static void secant(pdlt_segment *s) {
  static const int numbers[] = {1, 2, 3, 4, 6, 8, 12, PDLT_SEGMENT_NODES};
  double x[PDLT_SEGMENT_NODES], w[PDLT_SEGMENT_NODES];
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    pdlt_legendre_rule(numbers[i], x, w);
    if (enough(s, numbers[i], x, w)) break;
  }
  for (int q = 0; q < s->nodes; q++) add_node(s, between(s, x[q]), w[q], (size_t)q);
}

void pdlt_segment_features(pdlt_segment *s, pdlt_feature feature) {
  if (feature == PDLT_FEATURE_K) add_node(s, start_of(s), 1, 0);
  if (feature == PDLT_FEATURE_K_E) add_node(s, end_of(s), 1, 0);
  if (feature == PDLT_FEATURE_MIDPOINT) add_node(s, between(s, 0.5), 1, 0);
  if (feature == PDLT_FEATURE_K_SHARP) sharp(s);
  if (feature == PDLT_FEATURE_SECANT) secant(s);
}
