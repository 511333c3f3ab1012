/* numpy.c - samples from NumPy arrays: x and y of a .npz archive, or two .npy files.
 *
 * x (N, n_0), or images (N, rows, columns); y (N, n_L) or (N) for one target, or with data.classes
 * the label of each sample. Numbers are taken as they are, bytes too.
 *
 * Is not: the file format (base/file/npy.h), the choice of samples (select.c), pooling (grid.c). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/file/npy.h"
#include "datasets/dataset_internal.h"

enum { NAME_LENGTH = 256 };

/* One array: where from, and for which key. */
typedef struct npy_source {
  const pdlt_experiment *ex;
  const char *key;        /* "data.file", or "data.x" for a file of its own */
  char name[NAME_LENGTH]; /* "d.npz: x", "x.npy", for messages */
  pdlt_npy array;
  pdlt_error *err;
} npy_source;

/* given: data.x or data.y, or NULL; usual: the name of the array when it is not given. */
static pdlt_status open_array(npy_source *out, const char *given, const char *usual,
                              const char *key) {
  const char *file = out->ex->data.file, *member = given != NULL ? given : usual;
  char *path = NULL;
  pdlt_error why = {PDLT_OK, ""};
  out->key = file != NULL ? "data.file" : key;
  if (file != NULL)
    snprintf(out->name, sizeof out->name, "%s: %s", file, member);
  else
    snprintf(out->name, sizeof out->name, "%s", given);
  pdlt_status status =
      pdlt_dataset_path(&path, out->ex, out->key, file != NULL ? file : given, out->err);
  if (status != PDLT_OK) return status;
  status = file != NULL ? pdlt_npy_read_member(&out->array, path, member, &why)
                        : pdlt_npy_read(&out->array, path, &why);
  if (status != PDLT_OK)
    status =
        pdlt_dataset_blame(out->ex, out->key, path, file != NULL ? file : given, &why, out->err);
  pdlt_free(path);
  return status;
}

static pdlt_status wrong_shape(const npy_source *from, const char *expected) {
  char shape[PDLT_NPY_SHAPE_LENGTH];
  pdlt_npy_shape(&from->array, shape);
  return pdlt_experiment_fail(from->ex, from->key, from->err, "%s: shape %s; expected %s",
                              from->name, shape, expected);
}

static pdlt_status check_shapes(const npy_source *x, const npy_source *y) {
  const size_t outputs = y->array.ndim == 2 ? y->array.dim[1] : 1;
  const int labels = x->ex->data.num_classes > 0;
  if ((x->array.ndim != 2 && x->array.ndim != 3) || x->array.count == 0)
    return wrong_shape(x, x->array.ndim == 1
                              ? "(N, n_0), one row for each sample; one input: x[:, None]"
                              : "(N, n_0) or (N, rows, columns), one sample or more");
  if (y->array.ndim != 1 && y->array.ndim != 2)
    return wrong_shape(y, labels ? "(N), the label of each sample" : "(N, n_L) or (N)");
  if (y->array.dim[0] != x->array.dim[0])
    return pdlt_experiment_fail(x->ex, y->key, y->err, "%s has %zu samples, but %s has %zu",
                                y->name, y->array.dim[0], x->name, x->array.dim[0]);
  if (labels && outputs != 1) return wrong_shape(y, "(N), the label of each sample");
  if (!labels && outputs != (size_t)x->ex->network.outputs)
    return pdlt_experiment_fail(x->ex, "network.outputs", y->err,
                                "%d, but %s has %zu targets for each sample; use outputs: %zu%s",
                                x->ex->network.outputs, y->name, outputs, outputs,
                                y->array.ndim == 1 ? ", or data.classes if they are labels" : "");
  return PDLT_OK;
}

/* Number i of sample k. */
static int number_of(const pdlt_npy *y, size_t k, size_t i, double *out) {
  const size_t index = k * y->stride[0] + (y->ndim == 2 ? i * y->stride[1] : 0);
  return pdlt_element_value(&y->type, y->data + index * y->type.size, out);
}

/* Every target is finite, every label a label; labels into label (N) unless NULL. */
static pdlt_status check_targets(const npy_source *y, int *label) {
  const pdlt_npy *array = &y->array;
  const size_t each = array->ndim == 2 ? array->dim[1] : 1;
  for (size_t k = 0; k < array->count; k++) {
    double number = 0.0;
    const int exact = number_of(array, k / each, k % each, &number);
    if (label != NULL && (!exact || !pdlt_dataset_label(number, &label[k])))
      return pdlt_experiment_fail(y->ex, y->key, y->err,
                                  "%s: label %zu is %g, not a whole number of 32 bits", y->name,
                                  k + 1, exact ? number : NAN);
    if (!exact || !isfinite(number))
      return pdlt_experiment_fail(
          y->ex, y->key, y->err, "%s: sample %zu, target %zu is %s", y->name, k / each + 1,
          k % each + 1,
          exact ? "not a finite number" : "an integer beyond 2^53, which has no exact double");
  }
  return PDLT_OK;
}

static pdlt_grid grid_of(const npy_source *from) {
  const pdlt_npy *x = &from->array;
  const int flat = x->ndim == 2;
  return (pdlt_grid){.type = x->type,
                     .data = x->data,
                     .count = x->dim[0],
                     .rows = flat ? 0 : x->dim[1],
                     .columns = x->dim[flat ? 1 : 2],
                     .stride = {x->stride[0], flat ? 0 : x->stride[1], x->stride[flat ? 1 : 2]},
                     .unit = 1.0,
                     .key = from->key,
                     .name = from->name};
}

static void copy_targets(pdlt_dataset *data, const pdlt_npy *y, const size_t *chosen) {
  for (size_t a = 0; a < data->train + data->test; a++)
    for (size_t i = 0; i < data->outputs; i++)
      (void)number_of(y, chosen[a], i, &data->y[a * data->outputs + i]);
}

pdlt_status pdlt_dataset_read_npy(pdlt_dataset *data, const pdlt_experiment *ex, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  npy_source x = {.ex = ex, .err = err}, y = {.ex = ex, .err = err};
  size_t *chosen = NULL, inputs = 0;
  int *label = NULL; /* (N) */

  PDLT_TRY(open_array(&x, ex->data.x, "x", "data.x"));
  PDLT_TRY(open_array(&y, ex->data.y, "y", "data.y"));
  PDLT_TRY(check_shapes(&x, &y));
  pdlt_grid grid = grid_of(&x);
  PDLT_TRY(pdlt_grid_inputs(&inputs, &grid, ex, err));
  PDLT_TRY(pdlt_grid_check(&grid, ex, err));
  if (ex->data.num_classes > 0) PDLT_TRY(pdlt_alloc(&label, grid.count, sizeof *label, err));
  PDLT_TRY(check_targets(&y, label));
  const pdlt_candidates from = {grid.count, label, x.name, y.name, "samples", NULL};
  PDLT_TRY(pdlt_dataset_select(&chosen, data, ex, &from, err));
  PDLT_TRY(pdlt_dataset_allocate(data, inputs, (size_t)ex->network.outputs, err));
  for (size_t a = 0; a < data->train + data->test; a++)
    pdlt_grid_sample(&grid, (size_t)ex->data.pool, chosen[a], data->x + a * inputs);
  if (label != NULL)
    pdlt_dataset_label_targets(data, ex, label, chosen);
  else
    copy_targets(data, &y.array, chosen);

cleanup:
  pdlt_free(chosen);
  pdlt_free(label);
  pdlt_npy_free(&x.array);
  pdlt_npy_free(&y.array);
  return status;
}
