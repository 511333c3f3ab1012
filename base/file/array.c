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
