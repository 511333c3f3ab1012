/* csv.c - samples from a CSV file, plain or gzip.
 *
 * Is: one sample per line, finite numbers, or one label; every line of the file is checked, also
 * those that are not used.
 * Is not: text as lines and fields (csv_text.h), the header (csv_columns.c), the choice of samples
 * (select.c).
 *
 * Messages: `EXPERIMENT:LINE: data.file: CSV:LINE: what is wrong`. */
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/file/file.h"
#include "datasets/csv_internal.h"

/* The samples of a file. */
typedef struct csv_samples {
  size_t count;
  const char **start; /* (count) where each begins in the text */
  int *label;         /* (count) with data.label */
} csv_samples;

pdlt_status pdlt_csv_fail(const pdlt_csv_file *csv, const char *format, ...) {
  char text[PDLT_ERROR_LENGTH];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return pdlt_experiment_fail(csv->ex, "data.file", csv->err, "%s:%zu: %s", csv->ex->data.file,
                              csv->line.number, text);
}

static const char *column_text(const pdlt_csv_file *csv, size_t k, char number[32]) {
  const char *name = csv->columns[k].name;
  snprintf(number, 32, "%zu", k + 1);
  return name != NULL && name[0] != '\0' ? name : number;
}

static pdlt_status wrong_number(const pdlt_csv_file *csv, size_t k, const char *field) {
  const int comma = csv->separator != ',' && strchr(field, ',') != NULL;
  char number[32];
  return pdlt_csv_fail(csv, "column %.60s: \"%.40s\" is not a finite number%s",
                       column_text(csv, k, number), field,
                       comma ? "; write decimals with a point" : "");
}

/* A field of the labels, a number or a word. */
static pdlt_status read_label(pdlt_csv_file *csv, size_t k, const char *field, int *label) {
  char number[32];
  double value = 0.0;
  if (csv->labels.name == NULL) {
    if (pdlt_csv_number(field, &value) && pdlt_dataset_label(value, label)) return PDLT_OK;
    return pdlt_csv_fail(
        csv, "column %.60s: \"%.40s\" is not a whole number; for words: classes: [cat, dog]",
        column_text(csv, k, number), field);
  }
  if (field[0] == '\0')
    return pdlt_csv_fail(csv, "column %.60s: no label", column_text(csv, k, number));
  const pdlt_status status = pdlt_csv_labels_find(&csv->labels, field, label, csv->err);
  if (status != PDLT_OK || *label < PDLT_CSV_LABELS) return status;
  return pdlt_csv_fail(csv, "column %.60s: more than %d different labels",
                       column_text(csv, k, number), (int)PDLT_CSV_LABELS);
}

/* One line into x (n_0), y (n_L) and *label; each may be NULL. */
static pdlt_status read_row(pdlt_csv_file *csv, double *x, double *y, int *label) {
  char field[PDLT_CSV_FIELD];
  size_t k = 0;
  int ignored = 0;
  field[0] = '\0';
  for (const char *at = csv->line.text; at != NULL; k++) {
    double number = 0.0;
    const char *wrong = pdlt_csv_next_field(&at, csv->line.end, csv->separator, field);
    if (wrong != NULL) return pdlt_csv_fail(csv, "%s", wrong);
    if (k >= csv->num_columns) continue; /* counted below */
    const pdlt_csv_column *column = &csv->columns[k];
    if (column->role == PDLT_CSV_UNUSED) continue;
    if (column->role == PDLT_CSV_LABEL) {
      const pdlt_status status = read_label(csv, k, field, label != NULL ? label : &ignored);
      if (status != PDLT_OK) return status;
      continue;
    }
    if (!pdlt_csv_number(field, &number)) return wrong_number(csv, k, field);
    if (column->role == PDLT_CSV_INPUT && x != NULL) x[column->slot] = number;
    if (column->role == PDLT_CSV_TARGET && y != NULL) y[column->slot] = number;
  }
  const size_t wanted = csv->num_columns + (size_t)csv->trailing;
  if (k != wanted)
    return pdlt_csv_fail(csv, "%zu columns, but the %s has %zu", k,
                         csv->columns[0].name != NULL ? "header" : "first line", wanted);
  if (!csv->trailing || field[0] == '\0') return PDLT_OK;
  return pdlt_csv_fail(
      csv, "column %zu: \"%.40s\" in a column without a name; give it one or empty it", k, field);
}

/* Room for as many samples as the text has lines. */
static pdlt_status make_room(csv_samples *out, const pdlt_csv_file *csv) {
  size_t lines = 1;
  for (const char *at = csv->next; (at = strchr(at, '\n')) != NULL; at++) lines++;
  pdlt_status status = pdlt_alloc((void *)&out->start, lines, sizeof *out->start, csv->err);
  if (status != PDLT_OK || csv->ex->data.label == NULL) return status;
  return pdlt_alloc(&out->label, lines, sizeof *out->label, csv->err);
}

/* Checks every line, keeps where the samples are and their labels. */
static pdlt_status read_rows(pdlt_csv_file *csv, csv_samples *out) {
  pdlt_status status = make_room(out, csv);
  while (status == PDLT_OK && pdlt_csv_next_line(&csv->next, &csv->line)) {
    if (pdlt_csv_is_comment(&csv->line)) continue;
    status = read_row(csv, NULL, NULL, out->label != NULL ? &out->label[out->count] : NULL);
    out->start[out->count++] = csv->line.text;
  }
  return status;
}

/* The columns of the file against what the experiment says. */
static pdlt_status check_columns(const pdlt_csv_file *csv) {
  const pdlt_experiment *ex = csv->ex;
  if (ex->data.label == NULL && csv->outputs != (size_t)ex->network.outputs)
    return pdlt_experiment_fail(ex, "network.outputs", csv->err,
                                "%d, but %s has %zu target columns; use outputs: %zu",
                                ex->network.outputs, ex->data.file, csv->outputs, csv->outputs);
  if (ex->data.inputs != 0 && csv->inputs != (size_t)ex->data.inputs)
    return pdlt_experiment_fail(ex, "data.inputs", csv->err,
                                "%d, but %s has %zu input columns; use inputs: %zu or leave it out",
                                ex->data.inputs, ex->data.file, csv->inputs, csv->inputs);
  return PDLT_OK;
}

/* The whole file as text; *text is owned by the caller. */
static pdlt_status read_text(const pdlt_experiment *ex, char **text, pdlt_error *err) {
  char *path = NULL;
  size_t size = 0;
  pdlt_error why = {PDLT_OK, ""};
  pdlt_status status = pdlt_dataset_path(&path, ex, "data.file", ex->data.file, err);
  if (status != PDLT_OK) return status;
  status = pdlt_file_read_gz(path, PDLT_DATASET_MAX_BYTES, PDLT_CSV_RATIO, text, &size, &why);
  if (status != PDLT_OK)
    status = pdlt_dataset_blame(ex, "data.file", path, ex->data.file, &why, err);
  else if (strlen(*text) != size)
    status = pdlt_experiment_fail(ex, "data.file", err, "%s: a zero byte at %zu; not a CSV file",
                                  ex->data.file, strlen(*text));
  pdlt_free(path);
  return status;
}

static void fill(pdlt_dataset *data, pdlt_csv_file *csv, const csv_samples *rows,
                 const size_t *chosen) {
  for (size_t a = 0; a < data->train + data->test; a++) {
    const char *next = rows->start[chosen[a]];
    (void)pdlt_csv_next_line(&next, &csv->line);
    (void)read_row(csv, data->x + a * data->inputs, data->y + a * data->outputs, NULL);
  }
  if (rows->label != NULL) pdlt_dataset_label_targets(data, csv->ex, rows->label, chosen);
}

pdlt_status pdlt_dataset_read_csv(pdlt_dataset *data, const pdlt_experiment *ex, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  pdlt_csv_file csv = {.ex = ex, .err = err};
  csv_samples rows = {0};
  char *text = NULL;
  size_t *chosen = NULL;

  PDLT_TRY(read_text(ex, &text, err));
  csv.next = strncmp(text, "\xEF\xBB\xBF", 3) == 0 ? text + 3 : text;
  PDLT_TRY(pdlt_csv_columns_read(&csv));
  PDLT_TRY(check_columns(&csv));
  PDLT_TRY(pdlt_csv_labels_new(&csv.labels, ex, err));
  PDLT_TRY(read_rows(&csv, &rows));
  const pdlt_candidates from = {rows.count,    rows.label, ex->data.file,
                                ex->data.file, "samples",  (const char *const *)csv.labels.name};
  PDLT_TRY(pdlt_dataset_select(&chosen, data, ex, &from, err));
  PDLT_TRY(pdlt_dataset_allocate(data, csv.inputs, (size_t)ex->network.outputs, err));
  fill(data, &csv, &rows, chosen);

cleanup:
  pdlt_free(chosen);
  pdlt_free((void *)rows.start);
  pdlt_free(rows.label);
  pdlt_csv_columns_free(&csv);
  pdlt_csv_labels_free(&csv.labels);
  pdlt_free(text);
  return status;
}
