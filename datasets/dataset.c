/* dataset.c - entry point: source, preprocessing, digest.
 *
 * The sources: csv.c, idx.c, numpy.c, generate.c, arrays in memory. Preprocessing, in this order: center,
 * scale. */
#include "datasets/dataset.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/file/file.h"
#include "base/file/json.h"
#include "datasets/dataset_internal.h"

void pdlt_dataset_free(pdlt_dataset *data) {
  if (data == NULL) return;
  pdlt_free(data->x);
  pdlt_free(data->y);
  pdlt_free(data->kappa);
  for (size_t c = 0; data->classes != NULL && c < data->num_classes; c++)
    pdlt_free(data->classes[c].name);
  pdlt_free(data->classes);
  memset(data, 0, sizeof *data);
}

/* x_{i;alpha} -= mean over the training samples of x_i. */
static pdlt_status center(pdlt_dataset *data, pdlt_error *err) {
  double *mean = NULL; /* (n_0) */
  pdlt_status status = pdlt_alloc(&mean, data->inputs, sizeof *mean, err);
  if (status != PDLT_OK) return status;
  for (size_t a = 0; a < data->train; a++) {
    for (size_t i = 0; i < data->inputs; i++) mean[i] += data->x[a * data->inputs + i];
  }
  for (size_t i = 0; i < data->inputs; i++) mean[i] /= (double)data->train;
  for (size_t a = 0; a < data->train + data->test; a++) {
    for (size_t i = 0; i < data->inputs; i++) data->x[a * data->inputs + i] -= mean[i];
  }
  pdlt_free(mean);
  return PDLT_OK;
}

/* Each sample to |x|^2/n_0 = r. The largest component comes out first, so that no
 * square over- or underflows. */
static pdlt_status rescale(pdlt_dataset *data, const pdlt_experiment *ex, pdlt_error *err) {
  size_t n0 = data->inputs;
  for (size_t a = 0; a < data->train + data->test; a++) {
    double *x = data->x + a * n0, largest = 0.0, sum = 0.0;
    for (size_t i = 0; i < n0; i++) largest = fmax(largest, fabs(x[i]));
    if (largest == 0.0)
      return pdlt_experiment_fail(ex, "data.scale", err,
                                  "sample %zu is the zero vector%s and cannot be scaled; use "
                                  "scale: none or leave the sample out",
                                  a + 1, ex->data.center ? " after centering" : "");
    for (size_t i = 0; i < n0; i++) {
      x[i] /= largest;
      sum += x[i] * x[i];
    }
    double factor = sqrt(ex->data.scale * (double)n0 / sum);
    for (size_t i = 0; i < n0; i++) x[i] *= factor;
  }
  return PDLT_OK;
}

static pdlt_status check_finite(const pdlt_dataset *data, const pdlt_experiment *ex,
                                pdlt_error *err) {
  for (size_t k = 0; k < (data->train + data->test) * data->inputs; k++) {
    if (isfinite(data->x[k])) continue;
    return pdlt_experiment_fail(ex, "data.source", err,
                                "sample %zu, input %zu is not finite after center and scale; "
                                "the inputs are too large",
                                k / data->inputs + 1, k % data->inputs + 1);
  }
  return PDLT_OK;
}

/* The same on every machine with IEEE doubles: integers and doubles go in as little-endian 64-bit
 * words. */
static unsigned long long hash_word(unsigned long long hash, uint64_t word) {
  unsigned char bytes[8];
  for (int i = 0; i < 8; i++) bytes[i] = (unsigned char)(word >> 8 * i & 0xFFU);
  return pdlt_hash_bytes(hash, bytes, sizeof bytes);
}

void pdlt_dataset_hash(const pdlt_dataset *data, char out[17]) {
  size_t samples = data->train + data->test;
  const size_t shape[] = {data->train, data->test, data->inputs, data->outputs};
  const double *blocks[] = {data->x, data->y};
  const size_t counts[] = {samples * data->inputs, samples * data->outputs};
  unsigned long long hash = PDLT_HASH_START;
  for (size_t k = 0; k < 4; k++) hash = hash_word(hash, shape[k]);
  for (size_t b = 0; b < 2; b++) {
    for (size_t k = 0; k < counts[b]; k++) {
      uint64_t bits = 0;
      memcpy(&bits, &blocks[b][k], sizeof bits);
      hash = hash_word(hash, bits);
    }
  }
  snprintf(out, 17, "%016llx", hash);
}

/* What comes after the samples are there: center, scale, checks, digest. */
static pdlt_status finish(pdlt_dataset *data, const pdlt_experiment *ex, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  if (ex->data.center) PDLT_TRY(center(data, err));
  if (ex->data.scale_kind == PDLT_SCALE_NUMBER) PDLT_TRY(rescale(data, ex, err));
  PDLT_TRY(check_finite(data, ex, err));
  pdlt_dataset_hash(data, data->hash);
cleanup:
  return status;
}

static pdlt_status read_source(pdlt_dataset *data, const pdlt_experiment *ex, pdlt_error *err) {
  if (ex->data.source == PDLT_SOURCE_CSV) return pdlt_dataset_read_csv(data, ex, err);
  if (ex->data.source == PDLT_SOURCE_IDX) return pdlt_dataset_read_idx(data, ex, err);
  if (ex->data.source == PDLT_SOURCE_NPY) return pdlt_dataset_read_npy(data, ex, err);
  if (ex->data.source != PDLT_SOURCE_ARRAYS) return pdlt_dataset_generate(data, ex, err);
  return pdlt_experiment_fail(ex, "data.source", err,
                              "arrays are given by a program that uses the library (pdlt.h); "
                              "here use csv");
}

pdlt_status pdlt_dataset_load(pdlt_dataset *out, const pdlt_experiment *ex, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  pdlt_dataset data;
  memset(&data, 0, sizeof data);
  data.train = (size_t)ex->data.train;
  data.test = (size_t)ex->data.test;

  if (ex->data.scale_kind == PDLT_SCALE_CRITICAL)
    return pdlt_fail(err, PDLT_ERR_INTERNAL, "data.scale: critical was not resolved to a number");
  PDLT_TRY(read_source(&data, ex, err));
  PDLT_TRY(finish(&data, ex, err));
  *out = data;
  memset(&data, 0, sizeof data);

cleanup:
  pdlt_dataset_free(&data);
  return status;
}

static pdlt_status check_shape(const pdlt_experiment *ex, size_t samples, size_t inputs,
                               size_t outputs, pdlt_error *err) {
  const size_t wanted = (size_t)ex->data.train + (size_t)ex->data.test;
  if (ex->data.source != PDLT_SOURCE_ARRAYS)
    return pdlt_experiment_fail(ex, "data.source", err,
                                "arrays of samples were given; expected arrays");
  if (samples != wanted)
    return pdlt_experiment_fail(ex, "data.train", err,
                                "train + test = %zu, but the arrays have %zu samples", wanted,
                                samples);
  if (inputs == 0 || (ex->data.inputs > 0 && inputs != (size_t)ex->data.inputs))
    return pdlt_experiment_fail(ex, "data.inputs", err, "%d, but x has %zu inputs", ex->data.inputs,
                                inputs);
  if (outputs != (size_t)ex->network.outputs)
    return pdlt_experiment_fail(ex, "network.outputs", err, "%d, but y has %zu outputs",
                                ex->network.outputs, outputs);
  return PDLT_OK;
}

static pdlt_status copy_finite(double *out, const double *from, size_t samples, size_t each,
                               const char *name, const pdlt_experiment *ex, pdlt_error *err) {
  for (size_t k = 0; k < samples * each; k++) {
    if (!isfinite(from[k]))
      return pdlt_experiment_fail(ex, "data.source", err, "%s[%zu, %zu] is not finite", name,
                                  k / each, k % each);
    out[k] = from[k];
  }
  return PDLT_OK;
}

pdlt_status pdlt_dataset_from_arrays(pdlt_dataset *out, const pdlt_experiment *ex, size_t samples,
                                     size_t inputs, const double *x, size_t outputs,
                                     const double *y, pdlt_error *err) {
  pdlt_dataset data = {.train = (size_t)ex->data.train, .test = (size_t)ex->data.test};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(check_shape(ex, samples, inputs, outputs, err));
  PDLT_TRY(pdlt_dataset_allocate(&data, inputs, outputs, err));
  PDLT_TRY(copy_finite(data.x, x, samples, inputs, "x", ex, err));
  PDLT_TRY(copy_finite(data.y, y, samples, outputs, "y", ex, err));
  PDLT_TRY(finish(&data, ex, err));
  *out = data;
  data = (pdlt_dataset){0};
cleanup:
  pdlt_dataset_free(&data);
  return status;
}

static pdlt_status put_matrix(pdlt_archive *archive, const char *name, size_t rows, size_t cols,
                              const double *values, pdlt_error *err) {
  const size_t dim[2] = {rows, cols};
  pdlt_array *array = NULL;
  const pdlt_status status = pdlt_archive_new(archive, name, 2, dim, &array, err);
  if (status == PDLT_OK && rows * cols > 0)
    memcpy(array->data, values, rows * cols * sizeof *values);
  return status;
}

pdlt_status pdlt_dataset_put(const pdlt_dataset *data, pdlt_archive *archive, pdlt_error *err) {
  const size_t D = data->train + data->test;
  pdlt_status status = put_matrix(archive, "x", D, data->inputs, data->x, err);
  if (status == PDLT_OK) status = put_matrix(archive, "y", D, data->outputs, data->y, err);
  if (status != PDLT_OK || data->rows == 0) return status;
  return pdlt_json_set(
      pdlt_archive_meta(archive), "image",
      json_pack("{s:I, s:I}", "rows", (json_int_t)data->rows, "columns", (json_int_t)data->columns),
      err);
}
