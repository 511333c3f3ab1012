/* select.c - see select.h. */
#include "compare/figure/select.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/experiment/quantity.h"
#include "compare/verdict/slope.h"

static const pdlt_figure_keys no_keys = {0};

static const pdlt_figure_keys *keys_of(const pdlt_figure_input *in) {
  return in->keys != NULL ? in->keys : &no_keys;
}

/* --- What is shown --- */

int pdlt_figure_shows(const pdlt_figure_input *in, const char *quantity) {
  const pdlt_figure_keys *keys = keys_of(in);
  const int k = pdlt_quantity_find(quantity);
  return keys->num_quantities == 0 || (k >= 0 && keys->quantities[k]);
}

int pdlt_figure_shows_any(const pdlt_figure_input *in, const char *quantities) {
  char name[64];
  while (*quantities != 0) {
    const size_t length = strcspn(quantities, " ");
    snprintf(name, sizeof name, "%.*s", (int)length, quantities);
    if (pdlt_figure_shows(in, name)) return 1;
    quantities += length + (quantities[length] == ' ');
  }
  return 0;
}

int pdlt_figure_shows_sample(const pdlt_figure_input *in, size_t sample) {
  const pdlt_figure_keys *keys = keys_of(in);
  for (size_t i = 0; i < keys->num_samples; i++)
    if ((size_t)keys->samples[i] == sample + 1) return 1;
  return keys->num_samples == 0;
}

size_t pdlt_figure_sample(const pdlt_figure_input *in, size_t k, size_t fallback, size_t none) {
  const pdlt_figure_keys *keys = keys_of(in);
  if (keys->num_samples == 0) return fallback;
  return k < keys->num_samples ? (size_t)keys->samples[k] - 1 : none;
}

static int shows_time(const pdlt_figure_keys *keys, double time) {
  for (size_t i = 0; i < keys->num_times; i++)
    if (keys->times[i] == time) return 1;
  return keys->num_times == 0 || isnan(time);
}

/* Quantity, time and all samples of the row are shown. */
static int shows_row(const pdlt_figure_input *in, const pdlt_compare_row *row) {
  const int k = pdlt_quantity_find(row->quantity);
  if (!pdlt_figure_shows(in, row->quantity) || !shows_time(keys_of(in), row->time)) return 0;
  const char *indices = k < 0 ? "" : pdlt_quantities[k].indices;
  if (indices[0] == 't') indices++;
  for (int d = 0; d < row->ndim && indices[d] != 0; d++)
    if (strchr("as", indices[d]) != NULL && !pdlt_figure_shows_sample(in, row->index[d])) return 0;
  return 1;
}

/* --- Archives at fewer times --- */

static const pdlt_quantity *timed(const char *name, size_t length) {
  for (int k = 0; k < PDLT_QUANTITIES; k++) {
    const pdlt_quantity *q = &pdlt_quantities[k];
    if (pdlt_quantity_has_times(q) && strlen(q->name) == length &&
        strncmp(q->name, name, length) == 0)
      return q;
  }
  return NULL;
}

/* The index of n<n>/NAME that is the time; -1: none. */
static int axis_of_measured(const char *name) {
  if (strcmp(name, "times") == 0) return 0;
  const char *own = strchr(name, '/');
  if (own == NULL) return -1;
  own++;
  if (strcmp(own, "samples/z") == 0) return 1;
  const int blocks = strncmp(own, "blocks/", 7) == 0;
  if (blocks) own += 7;
  const size_t length = strlen(own);
  if (timed(own, length) != NULL) return blocks;
  const int bar = length > 3 && strcmp(own + length - 3, "_se") == 0;
  return bar && timed(own, length - 3) != NULL ? 0 : -1;
}

/* The same of an array of theory, NAME or NAME/PART. */
static int axis_of_theory(const char *name) {
  const size_t length = strcspn(name, "/");
  if (strcmp(name, "times") == 0) return 0;
  for (int k = 0; k < PDLT_QUANTITIES; k++) {
    const pdlt_quantity *q = &pdlt_quantities[k];
    const char *const names[] = {q->flags & PDLT_QUANTITY_EQUAL ? NULL : q->lo, q->nlo, q->half};
    if (!pdlt_quantity_has_times(q)) continue;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
      if (names[i] != NULL && strlen(names[i]) == length && strncmp(names[i], name, length) == 0)
        return 0;
  }
  return -1;
}

/* The array at the times that are left, data owned. */
static pdlt_status cut_array(pdlt_array *out, const pdlt_array *from, int axis,
                             const pdlt_figure_keys *keys, const pdlt_array *times,
                             pdlt_error *err) {
  size_t before = 1, behind = 1, kept = 0;
  const size_t count = from->dim[axis];
  for (int d = 0; d < axis; d++) before *= from->dim[d];
  for (int d = axis + 1; d < from->ndim; d++) behind *= from->dim[d];
  for (size_t t = 0; t < count; t++) kept += shows_time(keys, times->data[t]) != 0;
  double *to = NULL;
  const pdlt_status status = pdlt_alloc(&to, before * kept * behind, sizeof *to, err);
  if (status != PDLT_OK) return status;
  *out = *from;
  out->dim[axis] = kept;
  out->data = to;
  for (size_t b = 0; b < before; b++)
    for (size_t t = 0; t < count; t++) {
      if (!shows_time(keys, times->data[t])) continue;
      if (behind > 0) memcpy(to, from->data + (b * count + t) * behind, behind * sizeof *to);
      to += behind;
    }
  return PDLT_OK;
}

/* All arrays, those without times borrowed. */
static pdlt_status cut_archive(pdlt_archive *out, const pdlt_archive *from,
                               const pdlt_figure_keys *keys, int (*axis_of)(const char *),
                               pdlt_error *err) {
  const pdlt_array *times = pdlt_archive_get(from, "times");
  pdlt_status status = pdlt_alloc(&out->entries, from->count, sizeof *out->entries, err);
  if (status != PDLT_OK) return status;
  out->meta = from->meta;
  for (size_t i = 0; i < from->count && status == PDLT_OK; i++) {
    const pdlt_archive_entry *entry = &from->entries[i];
    const int axis = times != NULL ? axis_of(entry->name) : -1;
    out->entries[i] = *entry;
    out->count = i + 1;
    if (axis < 0 || entry->array.ndim <= axis || entry->array.dim[axis] > pdlt_array_count(times))
      continue;
    status = cut_array(&out->entries[i].array, &entry->array, axis, keys, times, err);
  }
  return status;
}

/* Frees what cut_archive made of `from`. */
static void free_cut(pdlt_archive *cut, const pdlt_archive *from) {
  for (size_t i = 0; i < cut->count; i++)
    if (cut->entries[i].array.data != from->entries[i].array.data)
      pdlt_free(cut->entries[i].array.data);
  pdlt_free(cut->entries);
  *cut = (pdlt_archive){0};
}

/* --- The selection --- */

/* Every sample and time that is asked for is there. */
static pdlt_status check_keys(const pdlt_figure_input *in, pdlt_error *err) {
  const json_t *experiment = json_object_get(in->measured->meta, "experiment");
  const json_t *data = json_object_get(experiment, "data");
  const json_int_t train = json_integer_value(json_object_get(data, "train"));
  const json_int_t test = json_integer_value(json_object_get(data, "test"));
  const pdlt_array *times = pdlt_archive_get(in->measured, "times");
  char why[256];
  const char *key = pdlt_figure_keys_wrong(in->keys, (size_t)(train + test),
                                           times != NULL ? pdlt_array_count(times) : 0,
                                           times != NULL ? times->data : NULL, why, sizeof why);
  return key == NULL ? PDLT_OK : pdlt_fail(err, PDLT_ERR_INPUT, "%s: %s", key, why);
}

static pdlt_status select_rows(pdlt_selection *s, const pdlt_figure_input *in, pdlt_error *err) {
  const pdlt_comparison *c = in->comparison;
  pdlt_compare_row *rows = NULL;
  const pdlt_status status = pdlt_alloc(&rows, c->num_rows, sizeof *rows, err);
  if (status != PDLT_OK) return status;
  s->comparison = *c;
  s->comparison.rows = rows;
  s->comparison.num_rows = s->comparison.num_slopes = 0;
  s->comparison.slopes = NULL;
  s->comparison.distances = NULL;
  for (size_t r = 0; r < c->num_rows; r++)
    if (shows_row(in, &c->rows[r])) rows[s->comparison.num_rows++] = c->rows[r];
  s->in.comparison = &s->comparison;
  return pdlt_comparison_slopes(&s->comparison, in->measured, err);
}

pdlt_status pdlt_selection_open(pdlt_selection *out, const pdlt_figure_input *in, pdlt_error *err) {
  const pdlt_figure_keys *keys = keys_of(in);
  pdlt_status status = PDLT_OK;
  *out = (pdlt_selection){.in = *in, .theory_of = in->theory, .measured_of = in->measured};
  if (in->keys == NULL) return PDLT_OK;
  PDLT_TRY(check_keys(in, err));
  if (keys->num_quantities != 0 || keys->num_times > 0 || keys->num_samples > 0)
    PDLT_TRY(select_rows(out, in, err));
  if (keys->num_times == 0) return PDLT_OK;
  PDLT_TRY(cut_archive(&out->theory, in->theory, keys, axis_of_theory, err));
  PDLT_TRY(cut_archive(&out->measured, in->measured, keys, axis_of_measured, err));
  out->in.theory = &out->theory;
  out->in.measured = &out->measured;
cleanup:
  return status;
}

void pdlt_selection_close(pdlt_selection *s) {
  if (s->comparison.rows != NULL) {
    pdlt_free(s->comparison.rows);
    pdlt_free(s->comparison.slopes);
    pdlt_free(s->comparison.distances);
  }
  free_cut(&s->theory, s->theory_of);
  free_cut(&s->measured, s->measured_of);
  *s = (pdlt_selection){0};
}
