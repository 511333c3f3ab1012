/* idx.c - images and labels from IDX files (the format of MNIST), plain or gzip.
 *
 * IDX: bytes 0 0 TYPE NDIM, then NDIM sizes (32 bits, big endian), then the data.
 * Here TYPE = 8 (unsigned byte); images have NDIM = 3, labels NDIM = 1.
 *
 * Is: classes kept in the order of the file, pixels/255, mean pooling, targets.
 * Is not: other element types, colour images. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/file/file.h"
#include "datasets/dataset_internal.h"

enum { IDX_UNSIGNED_BYTE = 8, IDX_MAX_NDIM = 3 };
static const size_t idx_max_bytes = (size_t)1 << 31; /* unpacked: no zip bombs */

/* A whole IDX file in memory. */
typedef struct idx_file {
  char *bytes; /* owned */
  size_t dim[IDX_MAX_NDIM];
  const unsigned char *data; /* into bytes */
} idx_file;

/* One file being read: where from, and for which key. */
typedef struct idx_source {
  const pdlt_experiment *ex;
  const char *key;  /* "data.images" */
  const char *name; /* as written in the experiment */
  pdlt_error *err;
} idx_source;

static size_t big_endian(const unsigned char *b) {
  return (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
}

static pdlt_status check_header(const idx_source *from, const unsigned char *bytes, size_t size,
                                size_t ndim) {
  if (size < 4 || bytes[0] != 0 || bytes[1] != 0)
    return pdlt_experiment_fail(
        from->ex, from->key, from->err,
        "%s: wrong magic number: not an IDX file (it must begin with two zero bytes)", from->name);
  if (bytes[2] != IDX_UNSIGNED_BYTE)
    return pdlt_experiment_fail(
        from->ex, from->key, from->err,
        "%s: wrong magic number: element type %d; only unsigned bytes (8) are read", from->name,
        bytes[2]);
  if (bytes[3] != ndim)
    return pdlt_experiment_fail(
        from->ex, from->key, from->err, "%s: wrong magic number: %d dimensions; %s need %zu%s",
        from->name, bytes[3], ndim == 3 ? "images" : "labels", ndim,
        bytes[3] == 3 || bytes[3] == 1 ? " (are images and labels swapped?)" : "");
  if (size < 4 + 4 * ndim)
    return pdlt_experiment_fail(from->ex, from->key, from->err, "%s: truncated in the header",
                                from->name);
  return PDLT_OK;
}

/* Reads and checks a file of ndim dimensions. */
static pdlt_status idx_read(const idx_source *from, size_t ndim, idx_file *out) {
  char *path = NULL, *bytes = NULL;
  size_t size = 0, count = 1;
  pdlt_error why = {PDLT_OK, ""};
  pdlt_status status = pdlt_dataset_path(&path, from->ex, from->key, from->name, from->err);
  if (status != PDLT_OK) return status;
  status = pdlt_file_read_gz(path, idx_max_bytes, &bytes, &size, &why);
  pdlt_free(path);
  if (status != PDLT_OK)
    return pdlt_dataset_unread(from->ex, from->key, from->name, &why, from->err);

  PDLT_TRY(check_header(from, (const unsigned char *)bytes, size, ndim));
  for (size_t k = 0; k < ndim; k++) {
    out->dim[k] = big_endian((const unsigned char *)bytes + 4 + 4 * k);
    if (out->dim[k] > 0 && count > SIZE_MAX / out->dim[k]) count = 0; /* cannot be the size */
    count *= out->dim[k];
  }
  if (count == 0) {
    status = pdlt_experiment_fail(from->ex, from->key, from->err,
                                  "%s: the header promises no data, or more than any memory",
                                  from->name);
    goto cleanup;
  }
  if (size - 4 - 4 * ndim != count) {
    status = pdlt_experiment_fail(from->ex, from->key, from->err,
                                  "%s: the header promises %zu bytes of data, the file has %zu",
                                  from->name, count, size - 4 - 4 * ndim);
    goto cleanup;
  }
  out->bytes = bytes;
  out->data = (const unsigned char *)bytes + 4 + 4 * ndim;
  return PDLT_OK;

cleanup:
  pdlt_free(bytes);
  return status;
}

/* Place of a label in classes, or -1. */
static int class_of(const pdlt_experiment *ex, int label) {
  for (int c = 0; c < ex->data.num_classes; c++)
    if (ex->data.classes[c] == label) return c;
  return -1;
}

/* x (rows/pool, cols/pool) = mean over pool x pool pixels, over 255. */
static void pool_image(const unsigned char *pixels, size_t rows, size_t cols, size_t pool,
                       double *x) {
  for (size_t r = 0; r < rows / pool; r++) {
    for (size_t c = 0; c < cols / pool; c++) {
      unsigned sum = 0;
      for (size_t i = 0; i < pool; i++)
        for (size_t j = 0; j < pool; j++) sum += pixels[(r * pool + i) * cols + c * pool + j];
      x[r * (cols / pool) + c] = sum / (255.0 * (double)(pool * pool));
    }
  }
}

/* Keeps the first D images of the wanted classes. */
static pdlt_status select_samples(pdlt_dataset *data, const pdlt_experiment *ex,
                                  const idx_file *images, const idx_file *labels, pdlt_error *err) {
  size_t rows = images->dim[1], cols = images->dim[2], kept = 0;
  size_t samples = data->train + data->test;
  for (size_t k = 0; k < images->dim[0] && kept < samples; k++) {
    int class = class_of(ex, labels->data[k]);
    if (class < 0) continue;
    pool_image(images->data + k * rows * cols, rows, cols, (size_t)ex->data.pool,
               data->x + kept * data->inputs);
    if (ex->data.targets == PDLT_TARGETS_SIGN)
      data->y[kept] = class == 0 ? -1.0 : 1.0;
    else
      data->y[kept * data->outputs + (size_t) class] = 1.0;
    kept++;
  }
  if (kept == samples) return PDLT_OK;
  return pdlt_experiment_fail(ex, "data.train", err,
                              "train + test = %zu, but %s has only %zu images of these classes",
                              samples, ex->data.images, kept);
}

static pdlt_status check_shapes(const pdlt_experiment *ex, const idx_file *images,
                                const idx_file *labels, pdlt_error *err) {
  size_t pool = (size_t)ex->data.pool, inputs = images->dim[1] / pool * (images->dim[2] / pool);
  if (images->dim[0] != labels->dim[0])
    return pdlt_experiment_fail(ex, "data.labels", err,
                                "%zu labels, but %zu images; give the two files of one set",
                                labels->dim[0], images->dim[0]);
  if (images->dim[1] % pool != 0 || images->dim[2] % pool != 0)
    return pdlt_experiment_fail(ex, "data.pool", err,
                                "%zu does not divide the sides of %zu x %zu images", pool,
                                images->dim[1], images->dim[2]);
  if (ex->data.inputs != 0 && inputs != (size_t)ex->data.inputs)
    return pdlt_experiment_fail(ex, "data.inputs", err, "%d, but the images give %zu; leave it out",
                                ex->data.inputs, inputs);
  return PDLT_OK;
}

pdlt_status pdlt_dataset_read_idx(pdlt_dataset *data, const pdlt_experiment *ex, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  idx_file images = {NULL, {0}, NULL}, labels = {NULL, {0}, NULL};
  const idx_source from_images = {ex, "data.images", ex->data.images, err};
  const idx_source from_labels = {ex, "data.labels", ex->data.labels, err};
  size_t pool = (size_t)ex->data.pool;

  PDLT_TRY(idx_read(&from_images, 3, &images));
  PDLT_TRY(idx_read(&from_labels, 1, &labels));
  PDLT_TRY(check_shapes(ex, &images, &labels, err));
  PDLT_TRY(pdlt_dataset_allocate(data, images.dim[1] / pool * (images.dim[2] / pool),
                                 (size_t)ex->network.outputs, err));
  PDLT_TRY(select_samples(data, ex, &images, &labels, err));

cleanup:
  pdlt_free(images.bytes);
  pdlt_free(labels.bytes);
  return status;
}
