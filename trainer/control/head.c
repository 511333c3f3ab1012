/* head.c - see head.h. */
#include "trainer/control/head.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/small.h"

/* Of delta.delta, a pivot below this share of its diagonal is rounding. */
#define NO_PIVOT 1e-14

pdlt_status pdlt_head_new(pdlt_head *out, const pdlt_network *net, const pdlt_samples *data,
                          pdlt_error *err) {
  const size_t D = data->samples, n = net->max_width;
  pdlt_head h = {.signs = NULL};
  size_t more = n;
  pdlt_status status = PDLT_OK;
  for (int k = 0; k + 2 < net->depth; k++) more += (net->layer[k].out + 1) * D;
  PDLT_TRY(pdlt_preactivation_new_forward(&h.pre, net, data, more, err));
  PDLT_TRY(
      pdlt_alloc(&h.storage, 2 * D * (n + 1) + 3 * D * n + n + 5 * D * D, sizeof *h.storage, err));
  double *next = h.storage;
  h.signs = pdlt_preactivation_more(&h.pre);
  h.normal = h.signs + n;
  h.delta = pdlt_take(&next, D * n);
  h.mean_slope = pdlt_take(&next, D * n);
  h.scaled = pdlt_take(&next, D * n);
  h.mean = pdlt_take(&next, D * (n + 1));
  h.rest = pdlt_take(&next, D * (n + 1));
  h.weight = pdlt_take(&next, n);
  double **const squares[] = {&h.gram, &h.root, &h.along, &h.product, &h.expected};
  for (size_t i = 0; i < sizeof squares / sizeof *squares; i++)
    *squares[i] = pdlt_take(&next, D * D);
  *out = h;
  return PDLT_OK;
cleanup:
  pdlt_head_free(&h);
  return status;
}

void pdlt_head_free(pdlt_head *head) {
  pdlt_preactivation_free(&head->pre);
  pdlt_free(head->storage);
  *head = (pdlt_head){0};
}

void pdlt_head_draw(pdlt_head *head, uint64_t seed, uint64_t member) {
  pdlt_preactivation_draw_forward(&head->pre, seed, member);
}

/* root root^T = a (D, D) positive semidefinite; a column without a pivot is 0. */
static void factorize(size_t D, const double *a, double *root) {
  memset(root, 0, D * D * sizeof *root);
  for (size_t j = 0; j < D; j++) {
    const double *row = root + j * D;
    double pivot = a[j * D + j];
    for (size_t r = 0; r < j; r++) pivot -= row[r] * row[r];
    if (!(pivot > NO_PIVOT * a[j * D + j])) continue;
    const double diagonal = sqrt(pivot);
    root[j * D + j] = diagonal;
    for (size_t i = j + 1; i < D; i++) {
      double x = a[i * D + j];
      for (size_t r = 0; r < j; r++) x -= root[i * D + r] * row[r];
      root[i * D + j] = x / diagonal;
    }
  }
}

/* out (D, D) = sum_j weight_j s'_a s'_b of layer index k. */
static void weigh(pdlt_head *h, int k, const double *weight, double *out) {
  const pdlt_small_set *small = pdlt_small_best();
  const size_t D = h->pre.data->samples, n = h->pre.net->layer[k].out;
  const double *ds = h->pre.ds[k];
  for (size_t a = 0; a < D; a++) small->multiply(n, ds + a * n, weight, h->scaled + a * n);
  small->inner(D, D, n, h->scaled, n, ds, n, out, D);
}

/* |xi_j|^2 of the neurons of layer index k in weight (n). */
static void fill_lengths(const pdlt_head *h, int k, double *weight) {
  const size_t D = h->pre.data->samples, n = h->pre.net->layer[k].out;
  memset(weight, 0, n * sizeof *weight);
  for (size_t r = 0; r < D; r++) {
    const double *xi = h->pre.xi[k] + r * n;
    for (size_t j = 0; j < n; j++) weight[j] += xi[j] * xi[j];
  }
}

/* row (P) = factor (have - expected) of pairs. */
static void subtract(size_t D, double factor, const double *have, const double *expected,
                     double *row) {
  for (size_t a = 0; a < D; a++)
    for (size_t b = a; b < D; b++) *row++ = factor * (have[a * D + b] - expected[a * D + b]);
}

/* along (D, D) = delta xi^T of layer index k. */
static void fill_along(pdlt_head *h, int k) {
  const size_t D = h->pre.data->samples, n = h->pre.net->layer[k].out;
  pdlt_small_best()->inner(D, D, n, h->delta, n, h->pre.xi[k], n, h->along, D);
}

/* row (P) = along along^T/n less its mean, which is in expected. */
static void fill_row(pdlt_head *h, int k, double *row) {
  const size_t D = h->pre.data->samples, n = h->pre.net->layer[k].out;
  pdlt_small_best()->inner(D, D, D, h->along, D, h->along, D, h->root, D);
  subtract(D, 1 / (double)n, h->root, h->expected, row);
}

/* delta and its gram at layer index k, the last hidden one; the first row unless it is the first one. */
static void begin(pdlt_head *h, int k, double *row) {
  const pdlt_small_set *small = pdlt_small_best();
  const pdlt_layer *top = &h->pre.net->layer[k + 1];
  const size_t D = h->pre.data->samples, n = top->in;
  const double scale = pdlt_layer_variance(top), size = sqrt(scale);
  for (size_t j = 0; j < n; j++) h->weight[j] = h->signs[j] < 0 ? -size : size;
  for (size_t a = 0; a < D; a++)
    small->multiply(n, h->pre.ds[k] + a * n, h->weight, h->delta + a * n);
  small->inner(D, D, n, h->delta, n, h->delta, n, h->gram, D);
  if (k == 0) return;
  fill_lengths(h, k, h->weight);
  weigh(h, k, h->weight, h->expected);
  for (size_t i = 0; i < D * D; i++) h->expected[i] *= scale;
  fill_along(h, k);
  fill_row(h, k, row);
}

/* The row along.along/n at layer index k of W^T delta before the part along the forward pass is taken out of
 * rest: given all before, its neurons are independent. Overwrites delta, along, root. */
static void fill_open_row(pdlt_head *h, int k, double *row) {
  const pdlt_small_set *small = pdlt_small_best();
  const size_t D = h->pre.data->samples, n = h->pre.net->layer[k].out;
  const double scale = pdlt_layer_variance(&h->pre.net->layer[k + 1]), size = sqrt(scale);
  const double *ds = h->pre.ds[k];
  fill_lengths(h, k, h->weight);
  weigh(h, k, h->weight, h->expected);
  small->inner(D, D, n, h->mean_slope, n, h->pre.xi[k], n, h->along, D);
  small->inner(D, D, D, h->along, D, h->along, D, h->root, D);
  for (size_t i = 0; i < D * D; i++)
    h->expected[i] = scale * (h->root[i] + h->gram[i] * h->expected[i]);
  for (size_t a = 0; a < D; a++)
    for (size_t j = 0; j < n; j++)
      h->delta[a * n + j] =
          size * (h->mean_slope[a * n + j] + h->rest[a * (n + 1) + j] * ds[a * n + j]);
  fill_along(h, k);
  fill_row(h, k, row);
}

/* From delta, gram and along of layer index k + 1 to delta and mean_slope of k, with `normal` (D, n + 1);
 * row: of layer index k, where there is a layer below. */
static void pull_back(pdlt_head *h, int k, const double *normal, double *row) {
  const pdlt_small_set *small = pdlt_small_best();
  const size_t D = h->pre.data->samples, n = h->pre.net->layer[k].out;
  const double *basis = h->pre.basis[k], *ds = h->pre.ds[k];
  const double size = sqrt(pdlt_layer_variance(&h->pre.net->layer[k + 1]));
  factorize(D, h->gram, h->root);
  small->product(D, n + 1, D, h->along, D, basis, n + 1, h->mean, n + 1);
  small->product(D, n + 1, D, h->root, D, normal, n + 1, h->rest, n + 1);
  small->inner(D, D, n + 1, h->rest, n + 1, basis, n + 1, h->product, D);
  for (size_t i = 0; i < D * D; i++) h->product[i] = h->along[i] - h->product[i];
  for (size_t a = 0; a < D; a++)
    small->multiply(n, h->mean + a * (n + 1), ds + a * n, h->mean_slope + a * n);
  if (k > 0) fill_open_row(h, k, row);
  small->add_product(D, n + 1, D, h->product, D, basis, n + 1, h->rest, n + 1);
  for (size_t a = 0; a < D; a++) {
    const double *rest = h->rest + a * (n + 1);
    for (size_t j = 0; j < n; j++) h->delta[a * n + j] = size * rest[j] * ds[a * n + j];
  }
}

/* The share of each neuron's weights that the forward pass leaves open, in weight (n). */
static void fill_open(const pdlt_head *h, int k, double *weight) {
  const size_t D = h->pre.data->samples, n = h->pre.net->layer[k].out;
  for (size_t j = 0; j < n; j++) weight[j] = 1;
  for (size_t r = 0; r < D; r++) {
    const double *u = h->pre.basis[k] + r * (n + 1);
    for (size_t j = 0; j < n; j++) weight[j] -= u[j] * u[j];
  }
}

/* gram of layer index k in place of that of k + 1; row (P): less its mean given all before. */
static void fill_gram(pdlt_head *h, int k, double *row) {
  const pdlt_small_set *small = pdlt_small_best();
  const size_t D = h->pre.data->samples, n = h->pre.net->layer[k].out;
  const double scale = pdlt_layer_variance(&h->pre.net->layer[k + 1]);
  fill_open(h, k, h->weight);
  weigh(h, k, h->weight, h->expected);
  small->inner(D, D, n, h->mean_slope, n, h->mean_slope, n, h->root, D);
  for (size_t i = 0; i < D * D; i++)
    h->expected[i] = scale * (h->root[i] + h->gram[i] * h->expected[i]);
  small->inner(D, D, n, h->delta, n, h->delta, n, h->gram, D);
  subtract(D, 1, h->gram, h->expected, row);
}

/* theta (P) += factor h of layer index k; factor (D, D), or NULL: 1. */
static void add_layer(const pdlt_head *h, int k, const double *factor, double *theta) {
  const size_t D = h->pre.data->samples;
  for (size_t a = 0; a < D; a++)
    for (size_t b = a; b < D; b++)
      *theta++ +=
          (factor == NULL ? 1 : factor[a * D + b]) * pdlt_preactivation_rate(&h->pre, k, a, b);
}

void pdlt_head_theta(pdlt_head *h, int l, double *theta, double *rest) {
  const pdlt_network *net = h->pre.net;
  const size_t D = h->pre.data->samples, P = h->pre.pairs;
  const double *normal = h->normal;
  memset(theta, 0, P * sizeof *theta);
  add_layer(h, l - 1, NULL, theta);
  if (l < 2) return;
  begin(h, l - 2, rest);
  add_layer(h, l - 2, h->gram, theta);
  for (int k = l - 3; k >= 0; k--, rest += 2 * P) {
    pull_back(h, k, normal, rest + 2 * P);
    normal += D * (net->layer[k].out + 1);
    fill_gram(h, k, rest + P);
    add_layer(h, k, h->gram, theta);
    if (k > 0) fill_along(h, k);
  }
}
