/* width.c - theory that is another at each width (docs/width.md): read for a quantity, and the shapes
 * that its fits take. See join.h. */
#include <math.h>

#include "compare/join/internal.h"

/* The number with the largest absolute value of W. */
static double largest_of(size_t num, const double *x) {
  double value = 0.0;
  for (size_t w = 0; w < num; w++)
    if (fabs(x[w]) > fabs(value)) value = x[w];
  return value;
}

void pdlt_join_take_width(pdlt_join *join, size_t w) {
  for (size_t k = 0; k < join->count; k++) {
    join->lo_at[k * join->num_widths + w] = join->lo[k];
    join->nlo_at[k * join->num_widths + w] = join->nlo[k];
  }
}

void pdlt_join_take_largest(pdlt_join *join) {
  for (size_t k = 0; k < join->count; k++) {
    const size_t at = k * join->num_widths;
    join->lo[k] = largest_of(join->num_widths, join->lo_at + at);
    if (join->second) join->nlo[k] = largest_of(join->num_widths, join->nlo_at + at);
  }
}

/* x (num) in that unit; of what is 0, 1. */
static void scale(size_t num, double *x, double unit) {
  for (size_t i = 0; i < num; i++) x[i] = unit == 0.0 || isnan(unit) ? 1.0 : x[i] / unit;
}

const double *pdlt_join_shape(const pdlt_join *join, size_t k, size_t num, const size_t *width,
                              double *shape) {
  if (join->lo_at == NULL) return NULL;
  for (size_t i = 0; i < num; i++) {
    shape[i] = pdlt_join_lo(join, k, width[i]);
    shape[num + i] = pdlt_join_nlo(join, k, width[i]);
  }
  scale(num, shape, join->lo[k]);
  scale(num, shape + num, join->nlo[k]);
  return shape;
}

const double *pdlt_join_shape_along(const pdlt_join *join, const double *weight, size_t num,
                                    const size_t *width, double *shape, double unit[2]) {
  if (join->lo_at == NULL) return NULL;
  for (size_t i = 0; i < num; i++) {
    shape[i] = shape[num + i] = 0.0;
    for (size_t k = 0; k < join->count; k++) {
      if (weight[k] == 0.0) continue;
      shape[i] += weight[k] * pdlt_join_lo(join, k, width[i]);
      shape[num + i] += weight[k] * pdlt_join_nlo(join, k, width[i]);
    }
  }
  for (int m = 0; m < 2; m++) {
    unit[m] = largest_of(num, shape + (size_t)m * num);
    scale(num, shape + (size_t)m * num, unit[m]);
  }
  return shape;
}

/* Root mean square over numbers of the range of an array (N, W) over these widths, relative to that of its
 * largest numbers; 0 where all of them are 0. */
static double relative_range(const pdlt_join *join, const double *at, size_t num,
                             const size_t *width) {
  double range = 0.0, size = 0.0;
  for (size_t k = 0; k < join->count; k++) {
    const double *x = at + k * join->num_widths;
    double lo = x[width[0]], hi = lo, most = 0.0;
    for (size_t i = 0; i < num; i++) {
      lo = fmin(lo, x[width[i]]);
      hi = fmax(hi, x[width[i]]);
      most = fmax(most, fabs(x[width[i]]));
    }
    range += (hi - lo) * (hi - lo);
    size += most * most;
  }
  return size > 0.0 ? sqrt(range / size) : 0.0;
}

double pdlt_join_growth(const pdlt_join *join, size_t num, const size_t *width, const double *h) {
  double lo = INFINITY, hi = 0.0, change = 0.0;
  if (join->lo_at == NULL) return 0.0;
  for (size_t i = 0; i < num; i++) {
    lo = fmin(lo, h[i]);
    hi = fmax(hi, h[i]);
  }
  change = relative_range(join, join->lo_at, num, width);
  if (join->second) change = fmax(change, relative_range(join, join->nlo_at, num, width));
  return hi > lo ? change / (hi - lo) : 0.0;
}
