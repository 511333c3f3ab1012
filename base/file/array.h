/* array.h - dense double arrays with a shape, C order (last index fastest).
 *
 * Is: the one container that theory, trainer and files exchange.
 * Is not: an expression library; arithmetic is written where it is used. */
#ifndef PDLT_BASE_FILE_ARRAY_H
#define PDLT_BASE_FILE_ARRAY_H

#include <stddef.h>

#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PDLT_MAX_NDIM = 8 };

/* Shape and data; data holds prod(dim[0..ndim-1]) doubles. ndim = 0: a scalar. */
typedef struct pdlt_array {
  int ndim;
  int single; /* 1: it was stored as float32, each number is right to 2^-24 of itself only */
  size_t dim[PDLT_MAX_NDIM];
  double *data;
} pdlt_array;

/* A zeroed array of the given shape; owned by the caller (pdlt_array_free).
 * Errors: PDLT_ERR_MEMORY, PDLT_ERR_INTERNAL (ndim out of range). */
pdlt_status pdlt_array_new(pdlt_array *out, int ndim, const size_t *dim, pdlt_error *err);

/* Frees the data and leaves an empty array; allowed on an empty ({0}) one. */
void pdlt_array_free(pdlt_array *array);

/* Deep copy; owned by the caller. */
pdlt_status pdlt_array_copy(pdlt_array *out, const pdlt_array *from, pdlt_error *err);

/* Leaves the leading corner: the first `length` of each index, or all where there are no more. On
 * failure the array is as it was. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_array_corner(pdlt_array *array, size_t length, pdlt_error *err);

/* Number of elements (1 for a scalar). */
size_t pdlt_array_count(const pdlt_array *array);

/* 1 when both have the same shape, else 0. */
int pdlt_array_same_shape(const pdlt_array *a, const pdlt_array *b);

#ifdef __cplusplus
}
#endif
#endif
