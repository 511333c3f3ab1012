/* results_theory.c - arrays of theory.npz, each found in the table of quantities by its name. */
#include <stdio.h>
#include <string.h>

#include "base/experiment/at_width.h"
#include "base/experiment/results_internal.h"

/* Arrays that belong to no row of the table, and their indices. */
static const struct other {
  const char *name, *indices;
} others[] = {{"change_variance_nlo", "tia"},
              {"change_variance_end_nlo", "ia"},
              {"alignment_lo", ""},
              {"weight_lo", "b"},
              {"agop_lo", "xx"},
              {"post_ess_exponent", ""}};

/* Length of the array's own name, which parts follow after a slash. */
static size_t own_length(const char *name) { return strcspn(name, "/"); }

static int is_name(const char *name, size_t length, const char *expected) {
  return expected != NULL && strlen(expected) == length && strncmp(name, expected, length) == 0;
}

/* loss_train_lo_bias at the end of training is loss_train_end_lo_bias. */
static int is_end_of(const char *name, size_t length, const char *expected) {
  static const char *const orders[] = {"_lo", "_nlo", "_half"};
  char full[PDLT_RESULTS_NAME];
  for (size_t k = 0; expected != NULL && k < sizeof orders / sizeof *orders; k++) {
    const char *order = strstr(expected, orders[k]);
    if (order == NULL) continue;
    snprintf(full, sizeof full, "%.*s_end%s", (int)(order - expected), expected, order);
    if (is_name(name, length, full)) return 1;
  }
  return 0;
}

/* Indices of the coefficient of a quantity, or of another array, without times at the end; NULL: there is
 * none of that name. */
static const char *find(const char *name, int layered) {
  const size_t length = own_length(name);
  for (size_t k = 0; k < sizeof others / sizeof *others; k++)
    if (!layered && strcmp(name, others[k].name) == 0) return others[k].indices;
  for (int k = 0; k < PDLT_QUANTITIES; k++) {
    const pdlt_quantity *q = &pdlt_quantities[k];
    const unsigned of_another = PDLT_QUANTITY_EQUAL | PDLT_QUANTITY_STILL;
    const char *lo = q->flags & of_another ? NULL : q->lo;
    const char *names[] = {lo, q->nlo, q->half};
    const int slice = layered && q->indices[0] == 'l' && pdlt_quantity_has_slices(q);
    if (layered && !slice && !pdlt_results_has_layers(q)) continue;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
      if (is_name(name, length, names[i])) return q->indices + slice;
      if (q->drawn == PDLT_DRAWN_LOSS && is_end_of(name, length, names[i])) return q->indices + 1;
    }
  }
  return NULL;
}

/* A coefficient, one of its parts (NAME/PART), or either of a layer. */
static pdlt_status check_coefficient(const pdlt_results *r, const char *name,
                                     const pdlt_array *array) {
  const char *own = pdlt_results_behind_layer(r, name);
  const char *indices = find(own, own != name);
  size_t dim[PDLT_MAX_NDIM];
  const char *part = own + own_length(own);
  if (indices == NULL || strcmp(part, "/") == 0) return pdlt_results_unknown(r, name);
  if (indices[0] == 't' && r->times == 0) return pdlt_results_missing(r, "times", name);
  const size_t first = strcmp(indices, "ssss") == 0 ? r->kept : r->first;
  const int ndim = pdlt_results_lengths(r, indices, first, dim);
  const pdlt_status status = pdlt_results_shape(r, name, array, ndim, dim);
  return status == PDLT_OK ? pdlt_results_numbers(r, name, array, PDLT_RANGE_FINITE) : status;
}

/* err/NAME, of an array that is there. */
static pdlt_status check_error(const pdlt_results *r, const char *name, const pdlt_array *array) {
  const pdlt_status status = pdlt_results_shape(r, name, array, 0, NULL);
  const char *of = name + strlen("err/");
  if (status != PDLT_OK) return status;
  if (!(array->data[0] >= 0)) return pdlt_results_wrong(r, name, "an error that is not >= 0");
  return pdlt_archive_get(r->archive, of) != NULL ? PDLT_OK : pdlt_results_missing(r, of, name);
}

/* What stands for tensors that are not kept: h and g, of one length. */
static pdlt_status check_reach(const pdlt_results *r) {
  static const char *const scalars[] = {"reach/largest_h", "reach/ntk", "reach/spread"};
  const pdlt_array *h = pdlt_archive_get(r->archive, "reach/h");
  const pdlt_array *g = pdlt_archive_get(r->archive, "reach/g");
  const size_t any = PDLT_RESULTS_ANY;
  pdlt_status status = PDLT_OK;
  for (size_t k = 0; k < sizeof scalars / sizeof *scalars; k++)
    PDLT_TRY(pdlt_results_scalar(r, scalars[k], PDLT_RANGE_OPEN_BARS, NULL));
  if (h == NULL && g == NULL) return PDLT_OK;
  if (h == NULL) return pdlt_results_missing(r, "reach/h", "reach/g");
  if (g == NULL) return pdlt_results_missing(r, "reach/g", "reach/h");
  PDLT_TRY(pdlt_results_shape(r, "reach/h", h, 1, &any));
  PDLT_TRY(pdlt_results_shape(r, "reach/g", g, 1, h->dim));
  PDLT_TRY(pdlt_results_numbers(r, "reach/h", h, PDLT_RANGE_POSITIVE));
  PDLT_TRY(pdlt_results_numbers(r, "reach/g", g, PDLT_RANGE_OPEN_BARS));
cleanup:
  return status;
}

static int is_reach(const char *name) {
  static const char *const names[] = {"reach/h", "reach/g", "reach/largest_h", "reach/ntk",
                                      "reach/spread"};
  for (size_t k = 0; k < sizeof names / sizeof *names; k++)
    if (strcmp(name, names[k]) == 0) return 1;
  return 0;
}

/* Arrays of plain names. */
static pdlt_status check_all(const pdlt_results *r) {
  for (size_t i = 0; i < r->archive->count; i++) {
    const char *name = r->archive->entries[i].name;
    const pdlt_array *array = &r->archive->entries[i].array;
    if (pdlt_results_is_common(name) || is_reach(name)) continue;
    const pdlt_status status = strncmp(name, "err/", 4) == 0 ? check_error(r, name, array)
                                                             : check_coefficient(r, name, array);
    if (status != PDLT_OK) return status;
  }
  return check_reach(r);
}

/* Those of width n, as if they stood alone. */
static pdlt_status check_width(const pdlt_results *r, double n) {
  char file[PDLT_RESULTS_NAME * 3];
  pdlt_archive view = {0};
  pdlt_results own = *r;
  pdlt_status status = pdlt_theory_view(&view, r->archive, n, r->err);
  if (status != PDLT_OK) return status;
  snprintf(file, sizeof file, "%.200s: n = %.0f", r->file, n);
  own.archive = &view;
  own.file = file;
  status = check_all(&own);
  pdlt_theory_view_free(&view);
  return status;
}

/* Whether the name begins with n<n>/ of a width of the experiment. */
static int is_of_width(const char *name, const json_t *widths) {
  char prefix[32];
  json_t *width = NULL;
  size_t w = 0;
  json_array_foreach(widths, w, width) {
    snprintf(prefix, sizeof prefix, "n%" JSON_INTEGER_FORMAT "/", json_integer_value(width));
    if (strncmp(name, prefix, strlen(prefix)) == 0) return 1;
  }
  return 0;
}

/* Of theory that follows the width: every array is of one of the widths, or common. */
static pdlt_status check_widths(const pdlt_results *r) {
  const json_t *experiment = json_object_get(r->archive->meta, "experiment");
  const json_t *widths = json_object_get(json_object_get(experiment, "network"), "widths");
  pdlt_status status = PDLT_OK;
  json_t *width = NULL;
  size_t w = 0;
  for (size_t i = 0; i < r->archive->count; i++) {
    const char *name = r->archive->entries[i].name;
    if (!pdlt_results_is_common(name) && !is_of_width(name, widths))
      return pdlt_results_unknown(r, name);
  }
  json_array_foreach(widths, w, width) {
    status = check_width(r, json_number_value(width));
    if (status != PDLT_OK) return status;
  }
  return PDLT_OK;
}

pdlt_status pdlt_results_theory(const pdlt_results *r) {
  return pdlt_theory_follows(r->archive) ? check_widths(r) : check_all(r);
}
