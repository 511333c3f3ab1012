/* fit.c - see fit.h. Orthogonalization of the scaled powers, never normal equations. */
#include "compare/statistics/fit.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"

static double dot(size_t num, const double *a, const double *b) {
  double sum = 0.0;
  for (size_t i = 0; i < num; i++) sum += a[i] * b[i];
  return sum;
}

/* Takes the components along the orthonormal rows q (count, num) out of v (num), twice
 * (once is not enough for nearly dependent powers), adding them to r (count) when given.
 * Returns what is left of the length. */
static double orthogonalize(size_t num, size_t count, const double *q, double *v, double *r) {
  for (int pass = 0; pass < 2; pass++) {
    for (size_t k = 0; k < count; k++) {
      double component = dot(num, q + k * num, v);
      for (size_t i = 0; i < num; i++) v[i] -= component * q[k * num + i];
      if (r != NULL) r[k] += component;
    }
  }
  return sqrt(dot(num, v, v));
}

static void scale_to(size_t num, double *v, double length) {
  for (size_t i = 0; i < num; i++) v[i] /= length;
}

/* v_i = (h_i/h_max)^power / se_i, scaled to length 1; its length before is returned. */
static double weighted_power(size_t num, const double *h, double h_max, const double *se, int power,
                             double *v) {
  for (size_t i = 0; i < num; i++) v[i] = pow(h[i] / h_max, power) / se[i];
  double length = sqrt(dot(num, v, v));
  scale_to(num, v, length);
  return length;
}

/* Solves R c = Q^T W^(1/2) x for the rows: back substitution; r (terms, terms) with column
 * k in r[k], in units where the k-th power has length[k]. */
static void solve_rows(size_t num, size_t terms, int first, double h_max, const double *q,
                       const double *se, const double *length, double r[][PDLT_FIT_MAX_TERMS],
                       double *rows) {
  for (size_t k = terms; k-- > 0;) {
    for (size_t i = 0; i < num; i++) {
      double value = q[k * num + i] / se[i];
      for (size_t later = k + 1; later < terms; later++)
        value -= r[later][k] * rows[later * num + i];
      rows[k * num + i] = value / r[k][k];
    }
  }
  for (size_t k = 0; k < terms; k++) {
    double unit = length[k] * pow(h_max, first + (int)k);
    for (size_t i = 0; i < num; i++) rows[k * num + i] /= unit;
  }
}

/* Completes q (terms of num rows filled) to an orthonormal basis: first with the next power,
 * then with the unit vectors that stick out most. */
static void complete_basis(size_t num, size_t terms, const double *h, double h_max,
                           const double *se, int next_power, double *q, double *v) {
  for (size_t k = terms; k < num; k++) {
    double *row = q + k * num;
    double left = 0.0;
    if (k == terms) {
      weighted_power(num, h, h_max, se, next_power, row);
      left = orthogonalize(num, k, q, row, NULL);
    }
    if (left < 1e-10) {
      left = 0.0;
      for (size_t i = 0; i < num; i++) {
        memset(v, 0, num * sizeof *v);
        v[i] = 1.0;
        double length = orthogonalize(num, k, q, v, NULL);
        if (length <= left) continue;
        left = length;
        memcpy(row, v, num * sizeof *v);
      }
    }
    scale_to(num, row, left);
  }
}

static pdlt_status check_points(size_t num, const double *h, const double *se, size_t terms,
                                double *h_max, pdlt_error *err) {
  if (num < terms || terms > PDLT_FIT_MAX_TERMS)
    return pdlt_fail(err, PDLT_ERR_NUMERIC, "a fit of %zu terms to %zu widths", terms, num);
  *h_max = 0.0;
  for (size_t i = 0; i < num; i++) {
    if (!(se[i] > 0.0) || !isfinite(se[i]) || !(h[i] > 0.0) || !isfinite(h[i]))
      return pdlt_fail(err, PDLT_ERR_NUMERIC, "a fit needs positive error bars and 1/width");
    *h_max = fmax(*h_max, h[i]);
  }
  return PDLT_OK;
}

pdlt_status pdlt_fit_rows(size_t num, const double *h, const double *se, int first, int last,
                          double *rows, double *contrasts, pdlt_error *err) {
  size_t terms = last < first ? 0 : (size_t)(last - first + 1);
  double h_max = 0.0, *q = NULL, *v = NULL;
  double r[PDLT_FIT_MAX_TERMS][PDLT_FIT_MAX_TERMS] = {{0}}, length[PDLT_FIT_MAX_TERMS];
  pdlt_status status = check_points(num, h, se, terms, &h_max, err);
  if (status != PDLT_OK) return status;
  PDLT_TRY(pdlt_alloc(&q, num * num, sizeof *q, err));
  PDLT_TRY(pdlt_alloc(&v, num, sizeof *v, err));
  for (size_t k = 0; k < terms; k++) {
    length[k] = weighted_power(num, h, h_max, se, first + (int)k, q + k * num);
    r[k][k] = orthogonalize(num, k, q, q + k * num, r[k]);
    if (r[k][k] < 1e-12) {
      status = pdlt_fail(err, PDLT_ERR_NUMERIC, "a fit over widths that repeat");
      goto cleanup;
    }
    scale_to(num, q + k * num, r[k][k]);
  }
  solve_rows(num, terms, first, h_max, q, se, length, r, rows);
  if (contrasts != NULL) {
    complete_basis(num, terms, h, h_max, se, last + 1, q, v);
    for (size_t k = terms; k < num; k++)
      for (size_t i = 0; i < num; i++) contrasts[(k - terms) * num + i] = q[k * num + i] / se[i];
  }
cleanup:
  pdlt_free(q);
  pdlt_free(v);
  return status;
}
