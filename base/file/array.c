/* array.c - see array.h. */
#include "base/file/array.h"

#include <stdint.h>
#include <string.h>

#include "base/core/memory.h"

pdlt_status pdlt_tensor_new(pdlt_tensor *out, int ndim, const size_t *dim, pdlt_error *err) {
  if (ndim < 0 || ndim > PDLT_MAX_NDIM)
    return pdlt_fail(err, PDLT_ERR_INTERNAL, "a tensor of %d dimensions was asked for", ndim);
  pdlt_tensor made = {.ndim = ndim};
  size_t count = 1;
  for (int i = 0; i < ndim; i++)
    if (dim[i] == 0) count = 0;
  for (int i = 0; i < ndim; i++) {
    made.dim[i] = dim[i];
    if (dim[i] != 0 && count > SIZE_MAX / dim[i])
      return pdlt_fail(err, PDLT_ERR_MEMORY, "a tensor is too large to address");
    count *= dim[i];
  }
  pdlt_status status = pdlt_alloc(&made.data, count, sizeof(double), err);
  if (status == PDLT_OK) *out = made;
  return status;
}

void pdlt_tensor_free(pdlt_tensor *tensor) {
  if (tensor == NULL) return;
  pdlt_free(tensor->data);
  memset(tensor, 0, sizeof *tensor);
}

pdlt_status pdlt_tensor_copy(pdlt_tensor *out, const pdlt_tensor *from, pdlt_error *err) {
  pdlt_status status = pdlt_tensor_new(out, from->ndim, from->dim, err);
  if (status == PDLT_OK) memcpy(out->data, from->data, pdlt_tensor_count(from) * sizeof(double));
  return status;
}

size_t pdlt_tensor_count(const pdlt_tensor *tensor) {
  size_t count = 1;
  for (int i = 0; i < tensor->ndim; i++) count *= tensor->dim[i];
  return count;
}

int pdlt_tensor_same_shape(const pdlt_tensor *a, const pdlt_tensor *b) {
  if (a->ndim != b->ndim) return 0;
  for (int i = 0; i < a->ndim; i++)
    if (a->dim[i] != b->dim[i]) return 0;
  return 1;
}
