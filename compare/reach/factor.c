/* factor.c - pivoted Cholesky factor of a covariance; see internal.h. */
#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "compare/reach/internal.h"

/* What counts as 0 of the diagonal, relative to its largest entry. */
static const double negligible = 1e-12;

/* The pair whose variance is largest; *value: that variance. */
static size_t largest(size_t pairs, const double *c, double *value) {
  size_t best = 0;
  *value = 0.0;
  for (size_t p = 0; p < pairs; p++) {
    if (!(c[p * pairs + p] > *value)) continue;
    *value = c[p * pairs + p];
    best = p;
  }
  return best;
}

pdlt_status pdlt_factor_new(pdlt_factor *out, size_t pairs, const double *scale, double *c,
                            pdlt_progress *progress, double units, pdlt_error *err) {
  double first = 0.0, value = 0.0, *u = NULL;
  size_t rank = 0;
  pdlt_status status = pdlt_alloc(&u, pairs * pairs, sizeof *u, err);
  if (status != PDLT_OK) return status;
  for (size_t p = 0; p < pairs; p++)
    for (size_t q = 0; q < pairs; q++) c[p * pairs + q] /= scale[p] * scale[q];
  largest(pairs, c, &first);
  for (; rank < pairs; rank++) {
    const size_t pivot = largest(pairs, c, &value);
    if (!(value > negligible * first)) break;
    double *row = u + rank * pairs;
    for (size_t p = 0; p < pairs; p++) row[p] = c[pivot * pairs + p] / sqrt(value);
    for (size_t p = 0; p < pairs; p++)
      for (size_t q = 0; q < pairs; q++) c[p * pairs + q] -= row[p] * row[q];
    for (size_t p = 0; p < pairs; p++) /* done with: nothing of it is left */
      c[pivot * pairs + p] = c[p * pairs + pivot] = 0.0;
    pdlt_progress_add(progress, units / (double)pairs);
  }
  pdlt_progress_add(progress, units * (1.0 - (double)rank / (double)pairs));
  for (size_t k = 0; k < rank; k++)
    for (size_t p = 0; p < pairs; p++) u[k * pairs + p] *= scale[p];
  *out = (pdlt_factor){.rank = rank, .pairs = pairs, .u = u};
  return PDLT_OK;
}
