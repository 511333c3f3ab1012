/* rows.c - see rows.h. */
#include "compare/verdict/rows.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/experiment/quantity.h"
#include "compare/text/markup.h"

/* A name that ends in a subscript of its own ends before it is closed. 1: it was one. */
static int reopen_subscript(char *name) {
  static const char close[] = "</sub>";
  const size_t length = strlen(name), end = sizeof close - 1;
  if (length < end || strcmp(name + length - end, close) != 0) return 0;
  name[length - end] = 0;
  return 1;
}

void pdlt_row_markup(char *out, size_t size, const pdlt_compare_row *row) {
  char name[192], index[160] = "";
  /* outputs carry a neuron index, which stands before the semicolon */
  const int quantity = pdlt_quantity_find(row->quantity);
  const int neuron = quantity >= 0 && strchr(pdlt_quantities[quantity].indices, 'i') != NULL;
  size_t at = 0;
  pdlt_quantity_markup(name, sizeof name, row->quantity);
  for (int i = 0; i < row->ndim && at + 24 < sizeof index; i++) {
    const char *separator = i == 0 ? "" : neuron && i % 2 == 1 ? ";" : ",";
    at += (size_t)snprintf(index + at, sizeof index - at, "%s%zu", separator, row->index[i] + 1);
  }
  if (row->ndim == 0)
    snprintf(out, size, "%s", name);
  else if (reopen_subscript(name))
    snprintf(out, size, "%s; %s</sub>", name, index);
  else
    snprintf(out, size, "%s<sub>%s</sub>", name, index);
}

double pdlt_row_predicted(const pdlt_compare_row *row, size_t w, double h, int order) {
  const double lo = row->lo_at == NULL ? row->lo : row->lo_at[w];
  const double nlo = row->nlo_at == NULL ? row->nlo : row->nlo_at[w];
  return order == 0 ? lo : lo + (row->power < 1 ? pow(h, row->power) : h) * nlo;
}

static int is_trained(const char *quantity) {
  const int k = pdlt_quantity_find(quantity);
  return k >= 0 && pdlt_quantity_is_trained(&pdlt_quantities[k]);
}

double pdlt_comparison_power(const pdlt_comparison *c, const char *quantity) {
  double power = 1;
  for (size_t r = 0; r < c->num_rows; r++) {
    if (strcmp(c->rows[r].quantity, quantity) == 0) return c->rows[r].power;
    if (is_trained(c->rows[r].quantity)) power = c->rows[r].power;
  }
  return is_trained(quantity) ? power : 1;
}

size_t pdlt_comparison_quantities(const pdlt_comparison *comparison, size_t max,
                                  const char **names) {
  size_t count = 0;
  for (size_t r = 0; r < comparison->num_rows; r++) {
    size_t k = 0;
    while (k < count && strcmp(names[k], comparison->rows[r].quantity) != 0) k++;
    if (k == count && count < max) names[count++] = comparison->rows[r].quantity;
  }
  return count;
}

/* Distance from infinite width at the smallest used width, in standard errors. */
static double row_effect(const pdlt_compare_row *row, size_t num_widths) {
  for (size_t w = 0; w < num_widths; w++) {
    if (!row->used[w]) continue;
    double effect = fabs(row->measured[w] - pdlt_row_predicted(row, w, 0, 0)) / row->se[w];
    return isfinite(effect) ? effect : -1;
  }
  return -1;
}

/* Between which rows those of each name stand. */
static void find_ranges(const pdlt_comparison *c, size_t num, const char *const *names,
                        size_t *first, size_t *end) {
  size_t k = 0;
  for (size_t i = 0; i < num; i++) first[i] = end[i] = 0;
  for (size_t r = 0; r < c->num_rows; r++) {
    const char *quantity = c->rows[r].quantity;
    if (r == 0 || quantity != c->rows[r - 1].quantity)
      for (k = 0; k < num && strcmp(names[k], quantity) != 0;) k++;
    if (k == num) continue;
    if (end[k] == 0) first[k] = r;
    end[k] = r + 1;
  }
}

size_t pdlt_comparison_select(const pdlt_comparison *comparison, size_t max, size_t *rows) {
  const char *names[PDLT_QUANTITIES_MAX];
  size_t num_names = pdlt_comparison_quantities(comparison, PDLT_QUANTITIES_MAX, names), count = 0;
  size_t first[PDLT_QUANTITIES_MAX], end[PDLT_QUANTITIES_MAX];
  find_ranges(comparison, num_names, names, first, end);
  for (size_t k = 0; k < 2 * num_names && count < max; k++) {
    size_t best = comparison->num_rows;
    double most = 0;
    for (size_t r = first[k % num_names]; r < end[k % num_names]; r++) {
      const pdlt_compare_row *row = &comparison->rows[r];
      if (strcmp(row->quantity, names[k % num_names]) != 0) continue;
      double score = k < num_names ? row_effect(row, comparison->num_widths) : fabs(row->c0.z);
      int taken = 0;
      if (!(score > most) || isinf(score)) continue;
      for (size_t i = 0; i < count; i++) taken |= rows[i] == r;
      if (taken) continue;
      most = score;
      best = r;
    }
    if (best < comparison->num_rows) rows[count++] = best;
  }
  return count;
}

const pdlt_array *pdlt_measured_get(const pdlt_archive *measured, double width, const char *name) {
  return pdlt_archive_getf(measured, "n%.0f/%s", width, name);
}

int pdlt_row_offset(const pdlt_array *times, const pdlt_compare_row *row, const pdlt_array *array,
                    size_t *offset) {
  size_t at = 0;
  int timed = !isnan(row->time) && array->ndim == row->ndim + 1;
  if (!timed && array->ndim != row->ndim) return -1;
  if (timed) {
    size_t t = 0;
    if (!times || pdlt_array_count(times) != array->dim[0]) return -1;
    while (t < array->dim[0] && times->data[t] != row->time) t++;
    if (t == array->dim[0]) return -1;
    at = t;
  }
  for (int i = 0; i < row->ndim; i++) {
    size_t dim = array->dim[i + timed];
    if (row->index[i] >= dim) return -1;
    at = at * dim + row->index[i];
  }
  *offset = at;
  return 0;
}
