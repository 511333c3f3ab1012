/* largest.c - see largest.h. */
#include "trainer/measure/largest.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/random/rng.h"
#include "base/vector/linalg.h"

enum { BITS = 2200 }; /* more halvings than lie between the largest double and the smallest */

static size_t steps_of(size_t q) { return q < PDLT_LARGEST_STEPS ? q : PDLT_LARGEST_STEPS; }

size_t pdlt_largest_room(size_t q) {
  const size_t lanczos = (steps_of(q) + 1) * q + steps_of(q);
  return q <= PDLT_LARGEST_FEW || q * q > lanczos ? q * q : lanczos;
}

double pdlt_largest_row_sum(size_t q, const double *a) {
  double bound = 0;
  for (size_t i = 0; i < q; i++) {
    double sum = 0;
    for (size_t j = 0; j < q; j++) sum += fabs(a[i * q + j]);
    if (!(sum <= bound)) bound = isfinite(sum) ? sum : NAN;
    if (isnan(bound)) break;
  }
  return bound;
}

/* --- one factorization --- */

/* Column by column, each kept as a row of `factor`, so that the loops inside run over neighbours; faster than
 * LAPACK for few rows. Every element is what it would be row by row, to the last bit. */
static int below_few(size_t q, const double *a, double bound, double *factor) {
  for (size_t j = 0; j < q; j++)
    for (size_t i = j; i < q; i++) factor[j * q + i] = (i == j ? bound : 0) - a[i * q + j];
  for (size_t k = 0; k < q; k++) {
    double *column = factor + k * q;
    if (!(column[k] > 0)) return 0;
    const double root = sqrt(column[k]);
    column[k] = root;
    for (size_t i = k + 1; i < q; i++) column[i] /= root;
    for (size_t j = k + 1; j < q; j++) {
      const double left = column[j];
      double *rest = factor + j * q;
#pragma omp simd
      for (size_t i = j; i < q; i++) rest[i] -= left * column[i];
    }
  }
  return 1;
}

int pdlt_largest_below(size_t q, const double *a, double bound, double *work) {
  if (q <= PDLT_LARGEST_FEW) return below_few(q, a, bound, work);
  for (size_t i = 0; i < q * q; i++) work[i] = -a[i];
  for (size_t i = 0; i < q; i++) work[i * q + i] += bound;
  return pdlt_positive_definite(q, work);
}

/* --- Lanczos --- */

/* 1 when every eigenvalue of the tridiagonal matrix is below x: all pivots are negative. */
static int tridiagonal_below(size_t k, const double *diagonal, const double *off, double x) {
  double pivot = diagonal[0] - x;
  for (size_t i = 1; i < k && pivot < 0; i++)
    pivot = diagonal[i] - x - off[i - 1] * off[i - 1] / pivot;
  return pivot < 0;
}

static double tridiagonal_largest(size_t k, const double *diagonal, const double *off) {
  double low = diagonal[0], high = diagonal[0];
  for (size_t i = 0; i < k; i++) {
    const double left = i > 0 ? off[i - 1] : 0, right = i + 1 < k ? off[i] : 0;
    low = fmax(low, diagonal[i]);
    high = fmax(high, diagonal[i] + left + right);
  }
  for (int turn = 0; turn < 60 && low < high; turn++) {
    const double middle = 0.5 * (low + high);
    if (tridiagonal_below(k, diagonal, off, middle))
      high = middle;
    else
      low = middle;
  }
  return low;
}

/* v loses its parts along the first k rows of the basis, and has the length that is returned. */
static double orthogonalize(size_t k, size_t q, const double *basis, double *part, double *v) {
  double square = 0;
  for (int turn = 0; turn < 2; turn++) { /* once is not enough for all digits */
    pdlt_gemv(0, k, q, 1, basis, q, v, 0, part);
    pdlt_gemv(1, k, q, -1, basis, q, part, 1, v);
  }
  for (size_t i = 0; i < q; i++) square += v[i] * v[i];
  return sqrt(square);
}

static void scale(size_t q, double factor, double *v) {
  for (size_t i = 0; i < q; i++) v[i] *= factor;
}

double pdlt_largest_ritz(size_t q, const double *a, double *work) {
  enum { LOOK = 8 };
  const size_t most = steps_of(q);
  double *basis = work, *part = work + (most + 1) * q; /* (most + 1, q), (most) */
  double diagonal[PDLT_LARGEST_STEPS], off[PDLT_LARGEST_STEPS];
  double found = -INFINITY, norm = 0, before, size;
  if (q == 0) return 0;
  for (size_t i = 0; i < q; i++) basis[i] = (double)(pdlt_mix64(i) >> 11) * 0x1p-53 - 0.5;
  scale(q, 1 / orthogonalize(0, q, basis, part, basis), basis);
  for (size_t k = 0; k < most; k++) {
    const double *v = basis + k * q;
    double *next = basis + (k + 1) * q, along = 0;
    pdlt_gemv(0, q, q, 1, a, q, v, 0, next);
    for (size_t i = 0; i < q; i++) along += v[i] * next[i];
    diagonal[k] = along;
    off[k] = size = orthogonalize(k + 1, q, basis, part, next);
    norm = fmax(norm, fabs(along) + size);
    const int ends = k + 1 == most || !(size > 1e-12 * norm); /* what is left is rounding */
    if (!ends && (k + 1) % LOOK != 0) {
      scale(q, 1 / size, next);
      continue;
    }
    before = found;
    found = tridiagonal_largest(k + 1, diagonal, off);
    if (ends || !(found - before > 1e-13 * found)) break;
    scale(q, 1 / size, next);
  }
  return found;
}

/* --- bisection --- */

double pdlt_largest_eigenvalue(size_t q, const double *a, double *work) {
  double low = 0, high = pdlt_largest_row_sum(q, a), under = -INFINITY, over = INFINITY;
  if (isnan(high)) return INFINITY;
  if (q > PDLT_LARGEST_FEW) {
    const double ritz = pdlt_largest_ritz(q, a, work);
    under = ritz * (1 - 1e-11);
    over = ritz * (1 + 1e-11);
    if (!pdlt_largest_below(q, a, over, work)) over = INFINITY;
    if (pdlt_largest_below(q, a, under, work)) under = -INFINITY;
  }
  for (size_t i = 0; i < q; i++) low = fmax(low, a[i * q + i]);
  for (int turn = 0; turn < BITS && high - low > 1e-9 * high; turn++) {
    const double middle = 0.5 * (low + high);
    if (middle >= over || (middle > under && pdlt_largest_below(q, a, middle, work)))
      high = middle;
    else
      low = middle;
  }
  return 0.5 * (low + high);
}
