/* slope.c - see slope.h. */
#include "compare/verdict/slope.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "compare/verdict/rows.h"

int pdlt_numbers_hold(const pdlt_numbers *numbers, const pdlt_compare_row *row) {
  if (row->quantity != numbers->quantity && strcmp(row->quantity, numbers->quantity) != 0) return 0;
  if (!isnan(numbers->time) && row->time != numbers->time) return 0;
  return row->ndim == 0 || row->index[row->ndim - 1] >= numbers->first;
}

/* 1 when the row is one of the numbers and has all that the distance needs. */
static int row_counts(const pdlt_compare_row *row, const pdlt_numbers *numbers, size_t width,
                      double h, int order) {
  return pdlt_numbers_hold(numbers, row) &&
         isfinite(row->measured[width] - pdlt_row_predicted(row, width, h, order)) &&
         isfinite(row->se[width]);
}

/* Linearized distance of every block: g_b = sum_i delta_i (x_bi - prediction_i) / (N d),
 * whose weighted mean is d; its scatter gives the standard error. NaN without blocks. */
static pdlt_status block_error(double *out, const pdlt_comparison *c, const pdlt_archive *measured,
                               const pdlt_numbers *numbers, size_t width, int order,
                               const pdlt_distance *d, pdlt_error *err) {
  char name[160];
  snprintf(name, sizeof name, "blocks/%s", numbers->quantity);
  const pdlt_array *blocks = pdlt_measured_get(measured, c->widths[width], name);
  const pdlt_array *value = pdlt_measured_get(measured, c->widths[width], numbers->quantity);
  const pdlt_array *members = pdlt_measured_get(measured, c->widths[width], "blocks/members");
  const pdlt_array *times = pdlt_archive_get(measured, "times");
  double *g = NULL, h = c->h[width], total = 0, mean = 0, scatter = 0;
  *out = NAN;
  if (!blocks || !value || blocks->ndim != value->ndim + 1 || blocks->dim[0] < 2) return PDLT_OK;
  size_t count = blocks->dim[0], stride = pdlt_array_count(value);
  if (pdlt_array_count(blocks) != count * stride) return PDLT_OK;
  if (members && pdlt_array_count(members) != count) members = NULL;
  pdlt_status status = pdlt_alloc(&g, count, sizeof *g, err);
  if (status != PDLT_OK) return status;
  for (size_t r = 0; r < c->num_rows; r++) {
    const pdlt_compare_row *row = &c->rows[r];
    size_t at;
    if (!row_counts(row, numbers, width, h, order) || pdlt_row_offset(times, row, value, &at) != 0)
      continue;
    double p = pdlt_row_predicted(row, width, h, order), delta = row->measured[width] - p;
    for (size_t b = 0; b < count; b++)
      g[b] += delta * (blocks->data[b * stride + at] - p) / ((double)d->numbers * d->value);
  }
  for (size_t b = 0; b < count; b++) {
    double weight = members ? members->data[b] : 1;
    total += weight;
    mean += weight * g[b];
  }
  mean /= total;
  for (size_t b = 0; b < count; b++) {
    double weight = (members ? members->data[b] : 1) / total;
    scatter += weight * weight * (g[b] - mean) * (g[b] - mean);
  }
  *out = sqrt(scatter * (double)count / (double)(count - 1));
  pdlt_free(g);
  return PDLT_OK;
}

pdlt_status pdlt_comparison_distance(pdlt_distance *out, const pdlt_comparison *c,
                                     const pdlt_archive *measured, const pdlt_numbers *numbers,
                                     size_t width, int order, pdlt_error *err) {
  pdlt_distance d = {NAN, NAN, NAN, 0, 0};
  double square = 0, noise = 0, independent = 0;
  for (size_t r = 0; r < c->num_rows; r++) {
    const pdlt_compare_row *row = &c->rows[r];
    if (!row_counts(row, numbers, width, c->h[width], order)) continue;
    double delta = row->measured[width] - pdlt_row_predicted(row, width, c->h[width], order);
    double variance = row->se[width] * row->se[width];
    square += delta * delta;
    noise += variance;
    independent += delta * delta * variance;
    d.numbers++;
    d.used |= row->used[width];
  }
  if (d.numbers > 0) {
    d.value = sqrt(square / (double)d.numbers);
    d.floor = sqrt(noise / (double)d.numbers);
  }
  if (d.value > 0) {
    pdlt_status status = block_error(&d.se, c, measured, numbers, width, order, &d, err);
    if (status != PDLT_OK) return status;
    if (isnan(d.se)) d.se = sqrt(independent) / ((double)d.numbers * d.value);
  }
  *out = d;
  return PDLT_OK;
}

/* The slope of a quantity at an order; 0 numbers: theory has nothing at that order. */
static pdlt_status measure_slope(pdlt_compare_slope *out, const pdlt_comparison *c,
                                 const pdlt_archive *measured, size_t *numbers, pdlt_error *err) {
  const pdlt_numbers all = {.quantity = out->quantity, .time = NAN};
  *numbers = 0;
  for (size_t w = 0; w < c->num_widths; w++) {
    const pdlt_status status =
        pdlt_comparison_distance(&out->distance[w], c, measured, &all, w, out->order, err);
    if (status != PDLT_OK) return status;
    *numbers += out->distance[w].numbers;
  }
  pdlt_distance_slope(c->num_widths, c->widths, out->distance, &out->value, &out->se);
  return PDLT_OK;
}

pdlt_status pdlt_comparison_slopes(pdlt_comparison *c, const pdlt_archive *measured,
                                   pdlt_error *err) {
  const char *names[PDLT_QUANTITIES_MAX];
  const size_t count = pdlt_comparison_quantities(c, PDLT_QUANTITIES_MAX, names);
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&c->slopes, 2 * count, sizeof *c->slopes, err));
  PDLT_TRY(pdlt_alloc(&c->distances, 2 * count * c->num_widths, sizeof *c->distances, err));
  for (size_t k = 0; k < count; k++) {
    size_t numbers = 1;
    for (int order = 0; order < 2 && numbers > 0; order++) {
      pdlt_compare_slope *slope = &c->slopes[c->num_slopes];
      *slope = (pdlt_compare_slope){.quantity = names[k],
                                    .order = order,
                                    .distance = c->distances + c->num_slopes * c->num_widths};
      PDLT_TRY(measure_slope(slope, c, measured, &numbers, err));
      if (numbers > 0) c->num_slopes++;
    }
  }
cleanup:
  return status;
}

const pdlt_compare_slope *pdlt_comparison_slope(const pdlt_comparison *c, const char *quantity,
                                                int order) {
  for (size_t i = 0; i < c->num_slopes; i++)
    if (c->slopes[i].order == order && strcmp(c->slopes[i].quantity, quantity) == 0)
      return &c->slopes[i];
  return NULL;
}
