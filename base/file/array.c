/* array.c - see array.h. */
#include "base/file/array.h"

#include <stdint.h>
#include <string.h>

#include "base/core/memory.h"

pdlt_status pdlt_array_new(pdlt_array *out, int ndim, const size_t *dim, pdlt_error *err) {
  if (ndim < 0 || ndim > PDLT_MAX_NDIM)
    return pdlt_fail(err, PDLT_ERR_INTERNAL, "a array of %d dimensions was asked for", ndim);
  pdlt_array made = {.ndim = ndim};
  size_t count = 1;
  for (int i = 0; i < ndim; i++)
    if (dim[i] == 0) count = 0;
  for (int i = 0; i < ndim; i++) {
    made.dim[i] = dim[i];
    if (dim[i] != 0 && count > SIZE_MAX / dim[i])
      return pdlt_fail(err, PDLT_ERR_MEMORY, "a array is too large to address");
    count *= dim[i];
  }
  pdlt_status status = pdlt_alloc(&made.data, count, sizeof(double), err);
  if (status == PDLT_OK) *out = made;
  return status;
}

void pdlt_array_free(pdlt_array *array) {
  if (array == NULL) return;
  pdlt_free(array->data);
  memset(array, 0, sizeof *array);
}

pdlt_status pdlt_array_copy(pdlt_array *out, const pdlt_array *from, pdlt_error *err) {
  pdlt_status status = pdlt_array_new(out, from->ndim, from->dim, err);
  if (status != PDLT_OK) return status;
  memcpy(out->data, from->data, pdlt_array_count(from) * sizeof(double));
  out->single = from->single;
  return status;
}

/* to = the corner of from, whose indices d, d + 1, ... are still to be walked; returns what follows. */
static double *copy_corner(const pdlt_array *to_shape, const pdlt_array *from, int d,
                           const double *source, double *to) {
  size_t stride = 1;
  if (d == from->ndim) {
    *to = *source;
    return to + 1;
  }
  for (int i = d + 1; i < from->ndim; i++) stride *= from->dim[i];
  for (size_t k = 0; k < to_shape->dim[d]; k++)
    to = copy_corner(to_shape, from, d + 1, source + k * stride, to);
  return to;
}

pdlt_status pdlt_array_corner(pdlt_array *array, size_t length, pdlt_error *err) {
  pdlt_array corner = {0};
  size_t dim[PDLT_MAX_NDIM];
  for (int i = 0; i < array->ndim; i++) dim[i] = array->dim[i] < length ? array->dim[i] : length;
  const pdlt_status status = pdlt_array_new(&corner, array->ndim, dim, err);
  if (status != PDLT_OK) return status;
  if (pdlt_array_count(&corner) > 0) copy_corner(&corner, array, 0, array->data, corner.data);
  corner.single = array->single;
  pdlt_array_free(array);
  *array = corner;
  return PDLT_OK;
}

size_t pdlt_array_count(const pdlt_array *array) {
  size_t count = 1;
  for (int i = 0; i < array->ndim; i++) count *= array->dim[i];
  return count;
}

int pdlt_array_same_shape(const pdlt_array *a, const pdlt_array *b) {
  if (a->ndim != b->ndim) return 0;
  for (int i = 0; i < a->ndim; i++)
    if (a->dim[i] != b->dim[i]) return 0;
  return 1;
}
