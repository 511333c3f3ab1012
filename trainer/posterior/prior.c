/* prior.c - see prior.h. */
#include "trainer/posterior/prior.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/random/rng.h"
#include "base/vector/small.h"
#include "trainer/network/draws.h"

void pdlt_semidefinite_root(size_t n, const double *a, double *root) {
  const double rounding = 8 * DBL_EPSILON * (double)n;
  memset(root, 0, n * n * sizeof *root);
  for (size_t j = 0; j < n; j++) {
    double rest = a[j * n + j];
    for (size_t k = 0; k < j; k++) rest -= root[j * n + k] * root[j * n + k];
    if (!(rest > rounding * a[j * n + j])) continue;
    root[j * n + j] = sqrt(rest);
    for (size_t i = j + 1; i < n; i++) {
      double x = a[i * n + j];
      for (size_t k = 0; k < j; k++) x -= root[i * n + k] * root[j * n + k];
      root[i * n + j] = x / root[j * n + j];
    }
  }
}

/* kernel (D, D) of `layer` from the Gram matrix of what is below it, in place. */
static void finish_kernel(const pdlt_layer *layer, size_t D, double *kernel) {
  const double scale = pdlt_layer_variance(layer);
  for (size_t i = 0; i < D * D; i++) kernel[i] = layer->C_b + scale * kernel[i];
}

static void fill_inputs(pdlt_prior *prior, const pdlt_samples *data) {
  const size_t D = prior->samples;
  double *kernel = prior->kernel[0];
  for (size_t a = 0; a < D; a++)
    for (size_t b = 0; b < D; b++) {
      double sum = 0;
      for (size_t j = 0; j < data->inputs; j++)
        sum += data->x_all[j * D + a] * data->x_all[j * D + b];
      kernel[a * D + b] = sum;
    }
  finish_kernel(&prior->net->layer[0], D, kernel);
  if (prior->net->depth > 1) pdlt_semidefinite_root(D, kernel, prior->root[0]);
}

pdlt_status pdlt_prior_new(pdlt_prior *out, const pdlt_network *net, const pdlt_samples *data,
                           pdlt_error *err) {
  const size_t depth = (size_t)net->depth, D = data->samples;
  pdlt_prior prior = {.net = net, .samples = D};
  size_t widest = 0;
  double *next;
  pdlt_status status = PDLT_OK;
  for (size_t k = 0; k + 1 < depth; k++) {
    prior.numbers += net->layer[k].out * D;
    if (net->layer[k].out > widest) widest = net->layer[k].out;
  }
  PDLT_TRY(pdlt_alloc(&prior.root, 2 * depth, sizeof *prior.root, err));
  prior.kernel = prior.root + depth;
  PDLT_TRY(pdlt_alloc(&prior.storage, prior.numbers + D * widest + 2 * depth * D * D,
                      sizeof *prior.storage, err));
  next = prior.storage;
  prior.t = pdlt_take(&next, prior.numbers);
  prior.s = pdlt_take(&next, D * widest);
  for (size_t k = 0; k < depth; k++) {
    prior.root[k] = pdlt_take(&next, D * D);
    prior.kernel[k] = pdlt_take(&next, D * D);
  }
  fill_inputs(&prior, data);
  *out = prior;
  return PDLT_OK;
cleanup:
  pdlt_prior_free(&prior);
  return status;
}

void pdlt_prior_free(pdlt_prior *prior) {
  pdlt_free(prior->storage);
  pdlt_free(prior->root);
  *prior = (pdlt_prior){0};
}

void pdlt_prior_draw(pdlt_prior *prior, uint64_t seed, uint64_t member) {
  const pdlt_rng rng = {seed, prior->net->width, member, PDLT_STREAM_PRIOR};
  pdlt_rng_normal(&rng, prior->numbers, prior->t);
  pdlt_prior_forward(prior);
}

void pdlt_prior_forward(pdlt_prior *prior) {
  const pdlt_network *net = prior->net;
  const pdlt_small_set *small = pdlt_small_best();
  const size_t D = prior->samples;
  const double *t = prior->t;
  for (int k = 0; k + 1 < net->depth; k++) {
    const size_t n = net->layer[k].out;
    double *s = prior->s, *kernel = prior->kernel[k + 1];
    small->product(D, n, D, prior->root[k], D, t, n, s, n);
    pdlt_activation_forward(&net->activation, D * n, s, s, NULL);
    small->inner(D, D, n, s, n, s, n, kernel, D);
    finish_kernel(&net->layer[k + 1], D, kernel);
    if (k + 2 < net->depth) pdlt_semidefinite_root(D, kernel, prior->root[k + 1]);
    t += D * n;
  }
}
