/* symmetry.c - finds numbers that are equal by symmetry, so that joint tests take
 * each of them once. See join.h.
 *
 * By value, not by index rules: what the estimator did not make symmetric are different
 * measurements of one thing and all enter. */
#include <math.h>
#include <stdlib.h>

#include "base/core/memory.h"
#include "compare/join/internal.h"

typedef struct keyed {
  double key;
  size_t number;
} keyed;

static int by_key(const void *a, const void *b) {
  const keyed *p = a, *q = b;
  if (p->key != q->key) return p->key < q->key ? -1 : 1;
  return p->number < q->number ? -1 : p->number > q->number;
}

static int is_close(double a, double b, double tolerance) {
  return (isnan(a) && isnan(b)) || fabs(a - b) <= tolerance;
}

/* 1 when numbers a and b cannot be told apart, in value, error bar or theory. */
static int same(const pdlt_join *join, size_t a, size_t b) {
  double tolerance = fmin(join->floor[a], join->floor[b]);
  size_t w_count = join->num_widths;
  if (!(join->time[a] == join->time[b] || isnan(join->time[a]))) return 0;
  if (!is_close(join->lo[a], join->lo[b], tolerance + 2.0 * join->err_lo)) return 0;
  if (!is_close(join->nlo[a], join->nlo[b],
                1e-12 * fabs(join->nlo[a]) + 2.0 * join->err_nlo + tolerance))
    return 0;
  for (size_t w = 0; w < w_count; w++) {
    if (!is_close(join->x[a * w_count + w], join->x[b * w_count + w], tolerance)) return 0;
    if (!is_close(join->se[a * w_count + w], join->se[b * w_count + w], tolerance)) return 0;
  }
  return 1;
}

pdlt_status pdlt_join_find_distinct(pdlt_join *join, pdlt_error *err) {
  keyed *order = NULL;
  size_t count = 0, w_count = join->num_widths, first = 0;
  pdlt_status status = pdlt_alloc(&order, join->count, sizeof *order, err);
  if (status != PDLT_OK) return status;
  while (first + 1 < w_count && !join->used[first]) first++;
  for (size_t k = 0; k < join->count; k++) {
    double value = w_count == 0 ? NAN : join->x[k * w_count + first];
    join->distinct[k] = 1;
    if (isfinite(value)) order[count++] = (keyed){value, k};
  }
  qsort(order, count, sizeof *order, by_key);
  for (size_t i = 0; i < count; i++) {
    size_t a = order[i].number;
    if (!join->distinct[a]) continue;
    for (size_t j = i + 1; j < count; j++) {
      size_t b = order[j].number;
      if (order[j].key - order[i].key > join->floor[a]) break;
      if (!join->distinct[b] || !same(join, a, b)) continue;
      join->distinct[a > b ? a : b] = 0;
      if (a > b) break;
    }
  }
  pdlt_free(order);
  return PDLT_OK;
}
