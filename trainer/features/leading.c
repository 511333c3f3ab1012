/* leading.c - see leading.h. */
#include "trainer/features/leading.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"

void pdlt_kernel_center(size_t D, const double *kernel, double *centred) {
  memmove(centred, kernel, D * D * sizeof *kernel);
  for (size_t a = 0; a < D; a++) {
    double mean = 0;
    for (size_t b = 0; b < D; b++) mean += centred[a * D + b] / (double)D;
    for (size_t b = 0; b < D; b++) centred[a * D + b] -= mean;
  }
  for (size_t b = 0; b < D; b++) {
    double mean = 0;
    for (size_t a = 0; a < D; a++) mean += centred[a * D + b] / (double)D;
    for (size_t a = 0; a < D; a++) centred[a * D + b] -= mean;
  }
}

/* An eigenvalue and its place in the order of the library. */
typedef struct eigenvalue {
  double value;
  size_t place;
} eigenvalue;

static int by_size(const void *first, const void *second) {
  const eigenvalue *a = first, *b = second;
  const double x = fabs(a->value), y = fabs(b->value);
  if (x > y || x < y) return x > y ? -1 : 1;
  return a->place > b->place ? -1 : 1;
}

pdlt_status pdlt_leading(size_t D, const double *kernel, double *values, double *functions,
                         pdlt_error *err) {
  double *work = NULL;
  eigenvalue *order = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&work, 2 * D * D + D, sizeof *work, err));
  PDLT_TRY(pdlt_alloc(&order, D, sizeof *order, err));
  double *centred = work, *vectors = centred + D * D, *found = vectors + D * D;
  pdlt_kernel_center(D, kernel, centred);
  for (size_t a = 0; a < D; a++) /* rounding */
    for (size_t b = 0; b < a; b++)
      centred[a * D + b] = centred[b * D + a] = 0.5 * (centred[a * D + b] + centred[b * D + a]);
  PDLT_TRY(pdlt_symmetric_eigen(D, centred, found, vectors, err));
  for (size_t a = 0; a < D; a++) order[a] = (eigenvalue){found[a], a};
  qsort(order, D, sizeof *order, by_size);
  for (size_t a = 0; a < D; a++) {
    values[a] = order[a].value;
    memcpy(functions + a * D, vectors + order[a].place * D, D * sizeof *functions);
  }
cleanup:
  pdlt_free(order);
  pdlt_free(work);
  return status;
}

size_t pdlt_leading_rank(size_t D, const double *values) {
  const double rounding = 1e-12;
  size_t rank = 0;
  while (rank < D && fabs(values[rank]) > rounding * fabs(values[0])) rank++;
  return rank;
}

/* Rows of r (count, count) orthonormal, one after the other, twice because of rounding. */
static void orthonormalize(size_t count, double *r) {
  for (size_t i = 0; i < count; i++)
    for (int pass = 0; pass < 2; pass++) {
      double length = 0;
      for (size_t j = 0; j < i; j++) {
        double product = 0;
        for (size_t k = 0; k < count; k++) product += r[i * count + k] * r[j * count + k];
        for (size_t k = 0; k < count; k++) r[i * count + k] -= product * r[j * count + k];
      }
      for (size_t k = 0; k < count; k++) length += r[i * count + k] * r[i * count + k];
      for (size_t k = 0; k < count; k++) r[i * count + k] /= sqrt(length);
    }
}

pdlt_status pdlt_functions_rotate(const pdlt_rng *rng, size_t count, size_t D,
                                  const double *functions, double *out, pdlt_error *err) {
  double *rotation = NULL;
  const pdlt_status status = pdlt_alloc(&rotation, count * count, sizeof *rotation, err);
  if (status != PDLT_OK) return status;
  pdlt_rng_normal(rng, count * count, rotation);
  orthonormalize(count, rotation);
  pdlt_gemm(0, 0, count, D, count, 1.0, rotation, count, functions, D, 0.0, out, D);
  pdlt_free(rotation);
  return PDLT_OK;
}
