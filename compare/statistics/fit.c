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

/* Shape of a power at point i. */
static double shape_at(const double *shape, size_t num, int power, size_t i) {
  return shape == NULL || power > 1 ? 1.0 : shape[(size_t)power * num + i];
}

/* What a fit works with: columns of the design are powers, then the b_j. */
typedef struct design {
  const pdlt_fit *fit;
  size_t num, terms, length; /* points, powers, num + PDLT_FIT_BEYOND */
  const double *se, *shape;
  double *q;                                        /* (length, length) orthonormal rows */
  double r[PDLT_FIT_MAX_TERMS][PDLT_FIT_MAX_TERMS]; /* column k in r[k] */
  double unit[PDLT_FIT_MAX_TERMS];                  /* of the k-th column */
} design;

/* v_i = shape_i (h_i/h_max)^power / se_i of column k, and 0 behind; returns its length. Vectors have room
 * for a pseudo-observation of each power beyond the fit: b_j/beyond_j = 0 +- 1. */
static double weighted_power(const design *d, size_t k, double *v) {
  const double *power = d->fit->power + k * d->num;
  for (size_t i = 0; i < d->num; i++)
    v[i] = shape_at(d->shape, d->num, d->fit->first + (int)k, i) * power[i] / d->se[i];
  for (size_t i = d->num; i < d->length; i++) v[i] = 0.0;
  return sqrt(dot(d->num, v, v));
}

/* Where a b_j is so many times the noise it is free, whatever it is exactly; more would only cost
 * digits. */
static const double dominant = 1e8;

/* Orthogonalizes the columns in order; 0 when two cannot be told apart. */
static int orthogonalize_columns(design *d, const double *beyond) {
  for (size_t k = 0; k < d->terms + PDLT_FIT_BEYOND; k++) {
    double *column = d->q + k * d->length;
    const double length = weighted_power(d, k, column);
    const double largest = d->fit->largest[k];
    double scale = length;
    if (k >= d->terms) { /* b_j in units of beyond_j */
      const size_t j = k - d->terms;
      double part = beyond == NULL ? 0.0 : beyond[j] * largest;
      part = fmin(part, dominant / length);
      for (size_t i = 0; i < d->num; i++) column[i] *= part;
      column[d->num + j] = 1.0;
      scale = hypot(part * length, 1.0);
    }
    scale_to(d->length, column, scale);
    d->unit[k] = scale * largest;
    d->r[k][k] = orthogonalize(d->length, k, d->q, column, d->r[k]);
    if (d->r[k][k] < 1e-12) return 0;
    scale_to(d->length, column, d->r[k][k]);
  }
  return 1;
}

/* Solves R c = Q^T W^(1/2) x for the rows of the powers: back substitution. rows has room for the
 * b_j, which come first. */
static void solve_rows(const design *d, double *rows) {
  const size_t num = d->num;
  for (size_t k = d->terms + PDLT_FIT_BEYOND; k-- > 0;) {
    for (size_t i = 0; i < num; i++) {
      double value = d->q[k * d->length + i] / d->se[i];
      for (size_t later = k + 1; later < d->terms + PDLT_FIT_BEYOND; later++)
        value -= d->r[later][k] * rows[later * num + i];
      rows[k * num + i] = value / d->r[k][k];
    }
  }
  for (size_t k = 0; k < d->terms; k++)
    for (size_t i = 0; i < num; i++) rows[k * num + i] /= d->unit[k];
}

/* Completes q to an orthonormal basis: first with the next power, then with the unit vectors that
 * stick out most. */
static void complete_basis(design *d, double *v) {
  const size_t filled = d->terms + PDLT_FIT_BEYOND;
  for (size_t k = filled; k < d->length; k++) {
    double *row = d->q + k * d->length;
    double left = 0.0;
    if (k == filled) {
      scale_to(d->length, row, weighted_power(d, d->terms, row));
      left = orthogonalize(d->length, k, d->q, row, NULL);
    }
    if (left < 1e-10) {
      left = 0.0;
      for (size_t i = 0; i < d->length; i++) {
        memset(v, 0, d->length * sizeof *v);
        v[i] = 1.0;
        double length = orthogonalize(d->length, k, d->q, v, NULL);
        if (length <= left) continue;
        left = length;
        memcpy(row, v, d->length * sizeof *v);
      }
    }
    scale_to(d->length, row, left);
  }
}

void pdlt_fit_free(pdlt_fit *fit) {
  pdlt_free(fit->power);
  pdlt_free(fit->q);
  *fit = (pdlt_fit){0};
}

pdlt_status pdlt_fit_new(pdlt_fit *fit, size_t num, const double *h, int first, int last,
                         pdlt_error *err) {
  const size_t terms = last < first ? 0 : (size_t)(last - first + 1),
               length = num + PDLT_FIT_BEYOND;
  const size_t columns = terms + PDLT_FIT_BEYOND;
  pdlt_fit made = {.num = num, .terms = terms, .first = first, .h = h};
  pdlt_status status = PDLT_OK;
  if (num < terms || columns > PDLT_FIT_MAX_TERMS)
    return pdlt_fail(err, PDLT_ERR_NUMERIC, "a fit of %zu terms to %zu widths", terms, num);
  PDLT_TRY(pdlt_alloc(&made.power, (columns + PDLT_FIT_BEYOND) * num, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&made.q, length * length + length + columns * num, sizeof(double), err));
  made.beyond = made.power + columns * num;
  made.v = made.q + length * length;
  made.rows = made.v + length;
  for (size_t i = 0; i < num; i++) made.h_max = fmax(made.h_max, h[i]);
  for (size_t k = 0; k < columns; k++) {
    made.largest[k] = pow(made.h_max, first + (int)k);
    for (size_t i = 0; i < num; i++)
      made.power[k * num + i] = pow(h[i] / made.h_max, first + (int)k);
  }
  for (int j = 0; j < PDLT_FIT_BEYOND; j++)
    for (size_t i = 0; i < num; i++) made.beyond[(size_t)j * num + i] = pow(h[i], last + 1 + j);
  *fit = made;
  return PDLT_OK;
cleanup:
  pdlt_fit_free(&made);
  return status;
}

static pdlt_status check_points(const pdlt_fit *fit, const double *se, pdlt_error *err) {
  for (size_t i = 0; i < fit->num; i++)
    if (!(se[i] > 0.0) || !isfinite(se[i]) || !(fit->h[i] > 0.0) || !isfinite(fit->h[i]))
      return pdlt_fail(err, PDLT_ERR_NUMERIC, "a fit needs positive error bars and 1/width");
  return PDLT_OK;
}

pdlt_status pdlt_fit_solve(pdlt_fit *fit, const double *se, const double *beyond,
                           const double *shape, double *rows, double *contrasts, pdlt_error *err) {
  const size_t num = fit->num;
  design d = {.fit = fit,
              .num = num,
              .terms = fit->terms,
              .length = num + PDLT_FIT_BEYOND,
              .se = se,
              .shape = shape,
              .q = fit->q};
  const pdlt_status status = check_points(fit, se, err);
  if (status != PDLT_OK) return status;
  memset(d.q, 0, d.length * d.length * sizeof *d.q);
  if (!orthogonalize_columns(&d, beyond))
    return pdlt_fail(err, PDLT_ERR_NUMERIC, "a fit over widths that repeat");
  solve_rows(&d, fit->rows);
  memcpy(rows, fit->rows, d.terms * num * sizeof *rows);
  if (contrasts == NULL) return PDLT_OK;
  complete_basis(&d, fit->v);
  for (size_t k = d.terms; k < num; k++)
    for (size_t i = 0; i < num; i++)
      contrasts[(k - d.terms) * num + i] = d.q[(k + PDLT_FIT_BEYOND) * d.length + i] / se[i];
  return PDLT_OK;
}

pdlt_status pdlt_fit_rows(size_t num, const double *h, const double *se, int first, int last,
                          const double *beyond, double *rows, double *contrasts, pdlt_error *err) {
  return pdlt_fit_rows_shaped(num, h, se, first, last, beyond, NULL, rows, contrasts, err);
}

pdlt_status pdlt_fit_rows_shaped(size_t num, const double *h, const double *se, int first, int last,
                                 const double *beyond, const double *shape, double *rows,
                                 double *contrasts, pdlt_error *err) {
  pdlt_fit fit = {0};
  pdlt_status status = pdlt_fit_new(&fit, num, h, first, last, err);
  if (status == PDLT_OK) status = pdlt_fit_solve(&fit, se, beyond, shape, rows, contrasts, err);
  pdlt_fit_free(&fit);
  return status;
}

void pdlt_fit_truncation(const pdlt_fit *fit, const double *beyond, const double *a,
                         double t[PDLT_FIT_BEYOND]) {
  for (size_t j = 0; j < PDLT_FIT_BEYOND; j++) {
    t[j] = 0.0;
    for (size_t i = 0; i < fit->num; i++) t[j] += beyond[j] * a[i] * fit->beyond[j * fit->num + i];
  }
}
