/* train_setup.h - the networks and samples of bench_train and bench_step: tanh, no biases, one
 * output, Gaussian inputs.
 *
 * Is not: a header of the libraries; each benchmark includes it once. */
#ifndef PDLT_BENCH_TRAIN_SETUP_H
#define PDLT_BENCH_TRAIN_SETUP_H

#include <stdlib.h>

#include "base/experiment/experiment.h"
#include "base/random/rng.h"
#include "trainer/network/step.h"

static void fill_problem(size_t d, size_t n0, pdlt_dataset *data, pdlt_error *err) {
  const pdlt_rng rng = {1, 0, 0, PDLT_STREAM_DATA};
  data->train = d;
  data->inputs = n0;
  data->outputs = 1;
  data->x = calloc(d * n0 + 1, sizeof(double));
  data->y = calloc(d + 1, sizeof(double));
  if (data->x == NULL || data->y == NULL) {
    pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory");
    return;
  }
  pdlt_rng_normal(&rng, d * n0, data->x);
  for (size_t a = 0; a < d; a++) data->y[a] = a % 2 == 0 ? 1 : -1;
}

/* An experiment that only says what the trainer's parts read. */
static pdlt_experiment make_experiment(int hidden, double *zeros, double *ones, int *ratios) {
  pdlt_experiment ex = {0};
  ex.network.activation.kind = PDLT_TANH;
  ex.network.depth = hidden + 1;
  ex.network.outputs = 1;
  ex.network.width_ratios = ratios;
  ex.network.C_W = ones;
  ex.network.C_b = zeros;
  ex.network.lambda_W = ones;
  ex.network.lambda_b = zeros;
  for (int k = 0; k <= hidden; k++) {
    zeros[k] = 0;
    ones[k] = 1;
    ratios[k] = 1;
  }
  return ex;
}

/* Makes the hidden layers circular convolutions and the last a flatten; layers (L) stays with ex. */
static inline void add_convolutions(pdlt_experiment *ex, int side, int kernel,
                                    pdlt_layer_keys *layers) {
  ex->network.dimensions = 2;
  for (int d = 0; d < 2; d++) ex->network.shape[d] = side;
  ex->network.layers = layers;
  for (int k = 0; k < ex->network.depth; k++)
    layers[k] =
        (pdlt_layer_keys){.reads = k + 1 < ex->network.depth ? PDLT_READS_CONV : PDLT_READS_DENSE,
                          .square = 1,
                          .kernel = {kernel, kernel},
                          .stride = 1,
                          .pool = 1,
                          .circular = 1};
}

#endif
