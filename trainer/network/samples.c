/* samples.c - see samples.h. */
#include "trainer/network/samples.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/experiment/layer.h"
#include "base/vector/linalg.h"

/* out (cols, count) = transpose of rows first .. first + count - 1 of in (rows, cols). */
static void transpose_rows(const double *in, size_t cols, size_t first, size_t count, double *out) {
  for (size_t r = 0; r < count; r++)
    for (size_t c = 0; c < cols; c++) out[c * count + r] = in[(first + r) * cols + c];
}

/* h (N_A, n) = lambda_b + lambda_W/n_0 x_train^T x. */
static void first_layer_ntk(const pdlt_samples *p, const pdlt_layer *first, const double *x,
                            size_t n, double *h) {
  if (n == 0) return;
  for (size_t i = 0; i < p->train * n; i++) h[i] = first->lambda_b;
  pdlt_gemm(1, 0, p->train, n, p->inputs, pdlt_layer_rate(first), p->x_train, p->train, x, n, 1.0,
            h, n);
}

/* What features are held against. */
static pdlt_status find_structure(pdlt_samples *p, const pdlt_experiment *ex,
                                  const pdlt_dataset *data, pdlt_error *err) {
  const pdlt_status status = pdlt_truth_make(&p->truth, ex, p->samples, p->inputs, data->x, err);
  return status == PDLT_OK ? pdlt_cube_find(&p->cube, p->samples, p->inputs, data->x, err) : status;
}

pdlt_status pdlt_samples_new(pdlt_samples *out, const pdlt_experiment *ex, const pdlt_dataset *data,
                             pdlt_error *err) {
  pdlt_samples p = {.train = data->train,
                    .test = data->test,
                    .samples = data->train + data->test,
                    .inputs = data->inputs,
                    .outputs = data->outputs,
                    .centered = ex->training.centered,
                    .newton = ex->training.newton,
                    .cross_entropy = ex->training.loss == PDLT_LOSS_CROSS_ENTROPY,
                    .batch = ex->training.batch > 0 ? (size_t)ex->training.batch : data->train};
  const size_t square = data->kappa != NULL ? p.train * p.train : 0;
  const size_t total = 2 * p.inputs * p.samples + p.outputs * (p.train + p.samples) +
                       p.train * p.samples + 2 * square;
  pdlt_status status = pdlt_alloc(&p.storage, total, sizeof *p.storage, err);
  if (status != PDLT_OK) return status;
  p.x_train = p.storage;
  p.x_test = p.x_train + p.inputs * p.train;
  p.x_all = p.x_test + p.inputs * p.test;
  p.y_train = p.x_all + p.inputs * p.samples;
  p.y_all = p.y_train + p.outputs * p.train;
  p.h_train = p.y_all + p.outputs * p.samples;
  p.h_test = p.h_train + p.train * p.train;
  if (square > 0) {
    p.kappa = p.h_test + p.train * p.test;
    memcpy(p.kappa, data->kappa, square * sizeof *p.kappa);
    p.root = p.kappa + square;
    status = pdlt_symmetric_power(p.train, p.kappa, 0.5, p.root, err);
  }
  transpose_rows(data->x, p.inputs, 0, p.train, p.x_train);
  transpose_rows(data->x, p.inputs, p.train, p.test, p.x_test);
  transpose_rows(data->x, p.inputs, 0, p.samples, p.x_all);
  transpose_rows(data->y, p.outputs, 0, p.train, p.y_train);
  transpose_rows(data->y, p.outputs, 0, p.samples, p.y_all);
  for (size_t i = 0; i < p.outputs * p.train; i++)
    p.max_target = fmax(p.max_target, fabs(p.y_train[i]));
  const pdlt_layer first = pdlt_experiment_layer(ex, 1, 1, p.inputs);
  if (first.kind == PDLT_LAYER_DENSE) {
    first_layer_ntk(&p, &first, p.x_train, p.train, p.h_train);
    first_layer_ntk(&p, &first, p.x_test, p.test, p.h_test);
  }
  if (status == PDLT_OK && (ex->measure & PDLT_MEASURE_FEATURES) != 0)
    status = find_structure(&p, ex, data, err);
  if (status == PDLT_OK)
    *out = p;
  else
    pdlt_samples_free(&p);
  return status;
}

void pdlt_samples_free(pdlt_samples *data) {
  pdlt_truth_free(&data->truth);
  pdlt_cube_free(&data->cube);
  pdlt_free(data->storage);
  *data = (pdlt_samples){0};
}
