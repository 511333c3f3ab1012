/* rows.h - two loops over contiguous doubles, for rows too short for a BLAS call.
 *
 * Is: a dot product and y += a x, in an order fixed by the length.
 * Is not: linear algebra; long sums go through base/vector/linalg.h. */
#ifndef PDLT_BASE_VECTOR_ROWS_H
#define PDLT_BASE_VECTOR_ROWS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* sum_i x_i y_i. */
static inline double pdlt_row_dot(size_t n, const double *x, const double *y) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (size_t i = 0; i < n; i++) sum += x[i] * y[i];
  return sum;
}

/* y += factor x. */
static inline void pdlt_row_add(size_t n, double factor, const double *x, double *y) {
#pragma omp simd
  for (size_t i = 0; i < n; i++) y[i] += factor * x[i];
}

#ifdef __cplusplus
}
#endif
#endif
