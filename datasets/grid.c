/* grid.c - inputs that a binary file holds as an array of numbers: shape, checks, pooling.
 *
 * Is not: a file format (idx.c, numpy.c). */
#include <math.h>

#include "datasets/dataset_internal.h"

/* Flat samples of a square number of inputs are images, row by row. */
static pdlt_status make_square(pdlt_grid *grid, size_t pool, const pdlt_experiment *ex,
                               pdlt_error *err) {
  size_t side = 0;
  while (side * side < grid->columns) side++;
  if (side * side != grid->columns)
    return pdlt_experiment_fail(ex, "data.pool", err,
                                "%zu, but %s holds %zu numbers for each sample, which is no square "
                                "image; leave pool out",
                                pool, grid->name, grid->columns);
  grid->rows = grid->columns = side;
  grid->stride[1] = side * grid->stride[2];
  return PDLT_OK;
}

pdlt_status pdlt_grid_inputs(size_t *out, pdlt_grid *grid, const pdlt_experiment *ex,
                             pdlt_error *err) {
  const size_t pool = (size_t)ex->data.pool;
  if (grid->rows == 0 && pool > 1) {
    const pdlt_status status = make_square(grid, pool, ex, err);
    if (status != PDLT_OK) return status;
  }
  if (grid->rows == 0) {
    grid->rows = 1;
    grid->stride[1] = 0;
  }
  if (pool > 1 && (grid->rows % pool != 0 || grid->columns % pool != 0))
    return pdlt_experiment_fail(ex, "data.pool", err,
                                "%zu does not divide the sides of %zu x %zu images", pool,
                                grid->rows, grid->columns);
  const size_t inputs = grid->rows / pool * (grid->columns / pool);
  if (ex->data.inputs != 0 && inputs != (size_t)ex->data.inputs)
    return pdlt_experiment_fail(ex, "data.inputs", err, "%d, but the %s give %zu; leave it out",
                                ex->data.inputs,
                                ex->data.source == PDLT_SOURCE_IDX ? "images" : "samples", inputs);
  *out = inputs;
  return PDLT_OK;
}

static const unsigned char *place(const pdlt_grid *grid, size_t k, size_t row, size_t column) {
  const size_t index = k * grid->stride[0] + row * grid->stride[1] + column * grid->stride[2];
  return grid->data + index * grid->type.size;
}

pdlt_status pdlt_grid_check(const pdlt_grid *grid, const pdlt_experiment *ex, pdlt_error *err) {
  const size_t numbers = grid->rows * grid->columns;
  double value = 0.0;
  if (grid->type.kind != PDLT_ELEMENT_FLOAT && grid->type.size < 8) return PDLT_OK;
  for (size_t k = 0; k < grid->count; k++) {
    for (size_t i = 0; i < numbers; i++) {
      if (!pdlt_element_value(&grid->type, place(grid, k, i / grid->columns, i % grid->columns),
                              &value))
        return pdlt_experiment_fail(ex, grid->key, err,
                                    "%s: sample %zu, input %zu is an integer beyond 2^53, which "
                                    "has no exact double",
                                    grid->name, k + 1, i + 1);
      if (!isfinite(value))
        return pdlt_experiment_fail(ex, grid->key, err,
                                    "%s: sample %zu, input %zu is not a finite number", grid->name,
                                    k + 1, i + 1);
    }
  }
  return PDLT_OK;
}

void pdlt_grid_sample(const pdlt_grid *grid, size_t pool, size_t k, double *x) {
  const size_t rows = grid->rows / pool, columns = grid->columns / pool;
  for (size_t r = 0; r < rows; r++) {
    for (size_t c = 0; c < columns; c++) {
      double sum = 0.0, value = 0.0;
      for (size_t i = 0; i < pool; i++)
        for (size_t j = 0; j < pool; j++) {
          (void)pdlt_element_value(&grid->type, place(grid, k, r * pool + i, c * pool + j), &value);
          sum += value;
        }
      x[r * columns + c] = sum / (grid->unit * (double)(pool * pool));
    }
  }
}
