/* packed.h - symmetric matrices by their upper triangles, row by row.
 *
 * Is: packing n (n + 1)/2 numbers i <= j of a matrix (n, n), and spreading them out again.
 * Is not: linear algebra (base/vector/linalg.h). */
#ifndef PDLT_BASE_VECTOR_PACKED_H
#define PDLT_BASE_VECTOR_PACKED_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

static inline size_t pdlt_packed_size(size_t n) { return n * (n + 1) / 2; }

/* Where i <= j lies. */
static inline size_t pdlt_packed_at(size_t n, size_t i, size_t j) {
  return i * n - i * (i + 1) / 2 + j;
}

/* packed += factor times the upper triangle of matrix (n, n). */
static inline void pdlt_packed_add(size_t n, double factor, const double *matrix, double *packed) {
  for (size_t i = 0; i < n; i++)
    for (size_t j = i; j < n; j++) *packed++ += factor * matrix[i * n + j];
}

/* matrix (n, n) of its upper triangle; both triangles. */
static inline void pdlt_packed_spread(size_t n, const double *packed, double *matrix) {
  for (size_t i = 0; i < n; i++)
    for (size_t j = i; j < n; j++) matrix[i * n + j] = matrix[j * n + i] = *packed++;
}

#ifdef __cplusplus
}
#endif
#endif
