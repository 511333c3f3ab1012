/* idx.c - images and labels from IDX files (the format of MNIST), plain or gzip.
 *
 * IDX: bytes 0 0 TYPE NDIM, then NDIM sizes (32 bits, big endian), then the data, big endian.
 * Images have NDIM = 3, or 2 when they are flat; labels NDIM = 1, or are the N x 8 integers of
 * QMNIST, whose column 0 is the class.
 *
 * Is: the file as an array; unsigned bytes are divided by 255, other numbers are what they are.
 * Is not: colour images; the choice of samples (select.c), pooling (grid.c). */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/file/file.h"
#include "datasets/dataset_internal.h"

enum { IDX_MAX_NDIM = 3, QMNIST_COLUMNS = 8, QMNIST_BYTES = 4 };

/* A whole IDX file in memory. */
typedef struct idx_file {
  char *bytes; /* owned */
  pdlt_element type;
  size_t ndim, dim[IDX_MAX_NDIM];
  const unsigned char *data; /* into bytes */
} idx_file;

/* One file being read: where from, and for which key. */
typedef struct idx_source {
  const pdlt_experiment *ex;
  const char *key;  /* "data.images" */
  const char *name; /* as written in the experiment */
  int images;       /* 0: labels */
  pdlt_error *err;
} idx_source;

static size_t big_endian(const unsigned char *b) {
  return (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
}

/* Element type of a code of the header; 0 when there is no such code. */
static int element_of(unsigned char code, pdlt_element *out) {
  static const struct {
    unsigned char code;
    pdlt_element type;
  } types[] = {{0x08, {PDLT_ELEMENT_UNSIGNED, 1, 1}}, {0x09, {PDLT_ELEMENT_SIGNED, 1, 1}},
               {0x0B, {PDLT_ELEMENT_SIGNED, 2, 1}},   {0x0C, {PDLT_ELEMENT_SIGNED, 4, 1}},
               {0x0D, {PDLT_ELEMENT_FLOAT, 4, 1}},    {0x0E, {PDLT_ELEMENT_FLOAT, 8, 1}}};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    if (types[i].code != code) continue;
    *out = types[i].type;
    return 1;
  }
  return 0;
}

static pdlt_status check_header(const idx_source *from, const unsigned char *bytes, size_t size,
                                idx_file *out) {
  if (size < 4 || bytes[0] != 0 || bytes[1] != 0)
    return pdlt_experiment_fail(
        from->ex, from->key, from->err,
        "%s: wrong magic number: not an IDX file (it must begin with two zero bytes)", from->name);
  if (!element_of(bytes[2], &out->type))
    return pdlt_experiment_fail(from->ex, from->key, from->err,
                                "%s: wrong magic number: element type %d; there are 8, 9, 11, 12, "
                                "13 and 14",
                                from->name, bytes[2]);
  const size_t usual = from->images ? 3 : 1;
  out->ndim = bytes[3];
  if (out->ndim != usual && out->ndim != 2)
    return pdlt_experiment_fail(
        from->ex, from->key, from->err, "%s: wrong magic number: %zu dimensions; %s need %zu%s",
        from->name, out->ndim, from->images ? "images" : "labels", usual,
        out->ndim == 3 || out->ndim == 1 ? " (are images and labels swapped?)" : "");
  if (size < 4 + 4 * out->ndim)
    return pdlt_experiment_fail(from->ex, from->key, from->err, "%s: truncated in the header",
                                from->name);
  return PDLT_OK;
}

/* Sizes; *count: bytes of data that they promise. */
static pdlt_status read_sizes(const idx_source *from, const unsigned char *bytes, idx_file *out,
                              size_t *count) {
  *count = out->type.size;
  for (size_t k = 0; k < out->ndim; k++) {
    out->dim[k] = big_endian(bytes + 4 + 4 * k);
    if (out->dim[k] > 0 && *count > SIZE_MAX / 2 / out->dim[k]) *count = 0; /* not the size */
    *count *= out->dim[k];
  }
  if (*count > 0) return PDLT_OK;
  return pdlt_experiment_fail(from->ex, from->key, from->err,
                              "%s: the header promises no data, or more than any memory",
                              from->name);
}

/* The header alone, then no more of the file than it promises, and a little to say how much more
 * there is. */
static pdlt_status read_bytes(const idx_source *from, const char *path, idx_file *out) {
  enum { HEADER = 4 + 4 * IDX_MAX_NDIM };
  const size_t slack = (size_t)1 << 20;
  unsigned char header[HEADER];
  size_t got = 0, count = 0, size = 0;
  pdlt_error why = {PDLT_OK, ""};
  pdlt_status status = pdlt_file_peek_gz(path, sizeof header, header, &got, &why);
  if (status != PDLT_OK)
    return pdlt_dataset_blame(from->ex, from->key, path, from->name, &why, from->err);
  PDLT_TRY(check_header(from, header, got, out));
  PDLT_TRY(read_sizes(from, header, out, &count));
  const size_t start = 4 + 4 * out->ndim;
  const size_t most = count < PDLT_DATASET_MAX_BYTES ? count + slack : PDLT_DATASET_MAX_BYTES;
  status = pdlt_file_read_gz(path, most, 0, &out->bytes, &size, &why);
  if (status != PDLT_OK)
    return pdlt_dataset_blame(from->ex, from->key, path, from->name, &why, from->err);
  if (size < start || size - start != count)
    return pdlt_experiment_fail(from->ex, from->key, from->err,
                                "%s: the header promises %zu bytes of data, the file has %zu",
                                from->name, count, size < start ? 0 : size - start);
  out->data = (const unsigned char *)out->bytes + start;
cleanup:
  return status;
}

/* Reads and checks a file; what it made is freed by the caller on failure. */
static pdlt_status idx_read(const idx_source *from, idx_file *out) {
  char *path = NULL;
  pdlt_status status = pdlt_dataset_path(&path, from->ex, from->key, from->name, from->err);
  if (status != PDLT_OK) return status;
  status = read_bytes(from, path, out);
  pdlt_free(path);
  return status;
}

/* Label of every image, owned by the caller. */
static pdlt_status read_labels(const idx_source *from, const idx_file *file, int **out) {
  const int qmnist = file->ndim == 2 && file->dim[1] == QMNIST_COLUMNS &&
                     file->type.kind == PDLT_ELEMENT_SIGNED && file->type.size == QMNIST_BYTES;
  const size_t columns = file->ndim == 2 ? file->dim[1] : 1;
  int *label = NULL;
  if (columns != 1 && !qmnist)
    return pdlt_experiment_fail(from->ex, from->key, from->err,
                                "%s: %zu x %zu labels; expected one for each image, or the N x 8 "
                                "integers of 32 bits of QMNIST, whose first is the class",
                                from->name, file->dim[0], columns);
  pdlt_status status = pdlt_alloc(&label, file->dim[0], sizeof *label, from->err);
  if (status != PDLT_OK) return status;
  for (size_t k = 0; k < file->dim[0]; k++) {
    double number = 0.0;
    (void)pdlt_element_value(&file->type, file->data + k * columns * file->type.size, &number);
    if (pdlt_dataset_label(number, &label[k])) continue;
    pdlt_free(label);
    return pdlt_experiment_fail(from->ex, from->key, from->err,
                                "%s: label %zu is %g, not a whole number", from->name, k + 1,
                                number);
  }
  *out = label;
  return PDLT_OK;
}

static pdlt_grid grid_of(const idx_source *from, const idx_file *images) {
  const int flat = images->ndim == 2;
  const size_t columns = images->dim[flat ? 1 : 2], rows = flat ? 0 : images->dim[1];
  const int bytes = images->type.kind == PDLT_ELEMENT_UNSIGNED;
  return (pdlt_grid){.type = images->type,
                     .data = images->data,
                     .count = images->dim[0],
                     .rows = rows,
                     .columns = columns,
                     .stride = {flat ? columns : rows * columns, columns, 1},
                     .unit = bytes ? 255.0 : 1.0,
                     .key = from->key,
                     .name = from->name};
}

pdlt_status pdlt_dataset_read_idx(pdlt_dataset *data, const pdlt_experiment *ex, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  idx_file images = {0}, labels = {0};
  const idx_source from_images = {ex, "data.images", ex->data.images, 1, err};
  const idx_source from_labels = {ex, "data.labels", ex->data.labels, 0, err};
  size_t *chosen = NULL, inputs = 0;
  int *label = NULL;

  PDLT_TRY(idx_read(&from_images, &images));
  PDLT_TRY(idx_read(&from_labels, &labels));
  if (images.dim[0] != labels.dim[0])
    PDLT_TRY(pdlt_experiment_fail(ex, "data.labels", err,
                                  "%zu labels, but %zu images; give the two files of one set",
                                  labels.dim[0], images.dim[0]));
  pdlt_grid grid = grid_of(&from_images, &images);
  PDLT_TRY(pdlt_grid_inputs(&inputs, &grid, ex, err));
  PDLT_TRY(pdlt_grid_check(&grid, ex, err));
  PDLT_TRY(read_labels(&from_labels, &labels, &label));
  const pdlt_candidates from = {grid.count,      label,    ex->data.images,
                                ex->data.labels, "images", NULL};
  PDLT_TRY(pdlt_dataset_select(&chosen, data, ex, &from, err));
  PDLT_TRY(pdlt_dataset_allocate(data, inputs, (size_t)ex->network.outputs, err));
  if (grid.rows > 1) {
    data->rows = grid.rows / (size_t)ex->data.pool;
    data->columns = grid.columns / (size_t)ex->data.pool;
  }
  for (size_t a = 0; a < data->train + data->test; a++)
    pdlt_grid_sample(&grid, (size_t)ex->data.pool, chosen[a], data->x + a * inputs);
  pdlt_dataset_label_targets(data, ex, label, chosen);

cleanup:
  pdlt_free(chosen);
  pdlt_free(label);
  pdlt_free(images.bytes);
  pdlt_free(labels.bytes);
  return status;
}
