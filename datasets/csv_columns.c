/* csv_columns.c - the header of a CSV file, and what each of its columns is.
 *
 * Is: x1,...,y1,... without a word, else data.columns and data.label.
 * Is not: the samples (csv.c). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/memory.h"
#include "datasets/csv_internal.h"

static const char *const remedy =
    "; say what the columns are: data.columns: {x: [...], y: [...]}, or data.label and classes";

void pdlt_csv_columns_free(pdlt_csv_file *csv) {
  for (size_t k = 0; csv->columns != NULL && k < csv->num_columns; k++)
    pdlt_free(csv->columns[k].name);
  pdlt_free(csv->columns);
  csv->columns = NULL;
}

/* --- The line with the names --- */

/* Splits the header, or without one the first sample, into columns. */
static pdlt_status split(pdlt_csv_file *csv, const pdlt_csv_line *line, char separator, int named) {
  char field[PDLT_CSV_FIELD];
  const char *wrong = NULL;
  size_t count = 0;
  csv->line = *line;
  field[0] = '\0';
  for (const char *at = line->text; at != NULL; count++)
    if ((wrong = pdlt_csv_next_field(&at, line->end, separator, field)) != NULL)
      return pdlt_csv_fail(csv, "%s", wrong);
  csv->trailing = count > 1 && field[0] == '\0';
  count -= (size_t)csv->trailing;
  pdlt_status status = pdlt_alloc(&csv->columns, count, sizeof *csv->columns, csv->err);
  if (status != PDLT_OK) return status;
  csv->num_columns = count;
  const char *at = line->text;
  for (size_t k = 0; named && k < count; k++) {
    (void)pdlt_csv_next_field(&at, line->end, separator, field);
    status = pdlt_strdup(&csv->columns[k].name, field, csv->err);
    if (status != PDLT_OK) return status;
  }
  return PDLT_OK;
}

/* The header is the first line that is no comment; when that holds numbers only, the comment before
 * it. The next line is then the first sample. */
static pdlt_status read_header(pdlt_csv_file *csv) {
  pdlt_csv_line comment = {0}, line = {0};
  int found = 0;
  while ((found = pdlt_csv_next_line(&csv->next, &line)) && pdlt_csv_is_comment(&line))
    comment = line;
  csv->line.number = found ? line.number : 1;
  if (!found)
    return pdlt_csv_fail(csv, "%s; it must begin with the header x1,...,y1,...",
                         comment.text == NULL ? "empty file" : "nothing but comments");
  const int given = csv->ex->data.header;
  const int numbers = pdlt_csv_is_numbers(&line);
  const pdlt_csv_line before = {NULL, NULL, line.number - 1};
  csv->separator = pdlt_csv_separator(&line);
  if (given == 1 || (given != 0 && !numbers)) return split(csv, &line, csv->separator, 1);
  if (given != 0 && comment.text == NULL)
    return pdlt_csv_fail(
        csv,
        "header: there are only numbers in this line; if it is the first sample, give "
        "data.header: false and data.columns by numbers, as in {x: [1..4], y: [5]}; if "
        "it is the header, data.header: true");
  csv->next = line.text; /* once more, as a sample */
  pdlt_status status = PDLT_OK;
  if (given == 0) {
    status = split(csv, &line, csv->separator, 0);
  } else {
    const pdlt_csv_line header = pdlt_csv_uncomment(comment);
    status = split(csv, &header, pdlt_csv_separator(&header), 1);
  }
  csv->line = before;
  return status;
}

/* --- x1,...,x<n0>,y1,...,y<nL> --- */

static pdlt_status expect_usual(pdlt_csv_file *csv) {
  char expected[2][32];
  for (size_t k = 0; k < csv->num_columns; k++) {
    pdlt_csv_column *column = &csv->columns[k];
    snprintf(expected[0], sizeof expected[0], "x%zu", csv->inputs + 1);
    snprintf(expected[1], sizeof expected[1], "y%zu", csv->outputs + 1);
    if (csv->outputs == 0 && strcmp(column->name, expected[0]) == 0) {
      column->role = PDLT_CSV_INPUT;
      column->slot = csv->inputs++;
    } else if (csv->inputs > 0 && strcmp(column->name, expected[1]) == 0) {
      column->role = PDLT_CSV_TARGET;
      column->slot = csv->outputs++;
    } else if (column->name[0] == '\0') {
      return pdlt_csv_fail(
          csv, "header: column %zu has no name (row numbers? write the file without them)%s", k + 1,
          remedy);
    } else {
      return pdlt_csv_fail(csv, "header: column %zu is \"%.40s\"; expected %s%s%s%s", k + 1,
                           column->name, csv->outputs == 0 ? expected[0] : "",
                           csv->outputs == 0 && csv->inputs > 0 ? " or " : "",
                           csv->inputs > 0 ? expected[1] : "", remedy);
    }
  }
  if (csv->outputs > 0) return PDLT_OK;
  return pdlt_csv_fail(csv, "header: no targets; columns y1, ... must follow x1, ...%s", remedy);
}

/* --- data.columns, data.label --- */

static int is_digits(const char *text) { return strspn(text, "0123456789") == strlen(text); }

/* Columns of that name; *out is the last of them. */
static size_t count_named(const pdlt_csv_file *csv, const char *name, size_t *out) {
  size_t found = 0;
  for (size_t k = 0; k < csv->num_columns; k++) {
    if (csv->columns[k].name == NULL || strcmp(csv->columns[k].name, name) != 0) continue;
    *out = k;
    found++;
  }
  return found;
}

static pdlt_status no_column(const pdlt_csv_file *csv, const char *key, const char *name) {
  enum { LENGTH = 300 };
  char list[LENGTH + 64] = "";
  size_t used = 0;
  if (csv->columns[0].name == NULL)
    return pdlt_experiment_fail(csv->ex, key, csv->err,
                                "%.60s; without header (data.header: false) columns have numbers "
                                "only, from 1 to %zu",
                                name, csv->num_columns);
  for (size_t k = 0; k < csv->num_columns && used < LENGTH; k++)
    used += (size_t)snprintf(list + used, sizeof list - used, "%s%.40s", k > 0 ? ", " : "",
                             csv->columns[k].name);
  return pdlt_experiment_fail(csv->ex, key, csv->err, "no column %.60s; the header of %s has %s%s",
                              name, csv->ex->data.file, list, used >= LENGTH ? ", ..." : "");
}

/* A name or a number from 1. */
static pdlt_status find_column(const pdlt_csv_file *csv, const char *key, const char *name,
                               size_t *out) {
  if (name[0] == '\0')
    return pdlt_experiment_fail(csv->ex, key, csv->err,
                                "a name is missing; write COLUMN or FIRST..LAST");
  if (is_digits(name)) {
    const unsigned long number = strlen(name) < 10 ? strtoul(name, NULL, 10) : 0;
    if (number < 1 || number > csv->num_columns)
      return pdlt_experiment_fail(csv->ex, key, csv->err,
                                  "column %.20s; %s has the columns 1 to %zu", name,
                                  csv->ex->data.file, csv->num_columns);
    *out = number - 1;
    return PDLT_OK;
  }
  const size_t found = count_named(csv, name, out);
  if (found == 1) return PDLT_OK;
  if (found == 0) return no_column(csv, key, name);
  return pdlt_experiment_fail(csv->ex, key, csv->err,
                              "column %.60s stands %zu times in the header of %s; give its number",
                              name, found, csv->ex->data.file);
}

/* One column, or FIRST..LAST. */
static pdlt_status find_range(const pdlt_csv_file *csv, const char *key, const char *entry,
                              size_t *first, size_t *last) {
  char *start = NULL;
  size_t ignored = 0;
  const char *dots = strstr(entry, "..");
  pdlt_status status = PDLT_OK;
  if (dots == NULL || count_named(csv, entry, &ignored) > 0) {
    status = find_column(csv, key, entry, first);
    *last = *first;
    return status;
  }
  PDLT_TRY(pdlt_strdup(&start, entry, csv->err));
  start[dots - entry] = '\0';
  PDLT_TRY(find_column(csv, key, start, first));
  PDLT_TRY(find_column(csv, key, dots + 2, last));
  if (*last < *first)
    status = pdlt_experiment_fail(
        csv->ex, key, csv->err, "%.80s: the first is column %zu and the last %zu; turn them round",
        entry, *first + 1, *last + 1);
cleanup:
  pdlt_free(start);
  return status;
}

static pdlt_status assign(pdlt_csv_file *csv, const char *key, const char *entry,
                          pdlt_csv_role role, size_t *slots) {
  size_t first = 0, last = 0;
  pdlt_status status = find_range(csv, key, entry, &first, &last);
  for (size_t k = first; status == PDLT_OK && k <= last; k++) {
    pdlt_csv_column *column = &csv->columns[k];
    if (column->role != PDLT_CSV_UNUSED)
      return pdlt_experiment_fail(csv->ex, key, csv->err, "column %zu%s%.60s is used twice", k + 1,
                                  column->name != NULL ? ", " : "",
                                  column->name != NULL ? column->name : "");
    column->role = role;
    column->slot = (*slots)++;
  }
  return status;
}

static pdlt_status assign_list(pdlt_csv_file *csv, const pdlt_name_list *list, pdlt_csv_role role,
                               size_t *slots) {
  pdlt_status status = PDLT_OK;
  for (size_t i = 0; status == PDLT_OK && i < list->count; i++)
    status = assign(csv, "data.columns", list->name[i], role, slots);
  return status;
}

/* All columns that are nothing else are inputs. */
static pdlt_status assign_rest(pdlt_csv_file *csv) {
  for (size_t k = 0; k < csv->num_columns; k++) {
    pdlt_csv_column *column = &csv->columns[k];
    if (column->role != PDLT_CSV_UNUSED) continue;
    if (column->name != NULL && column->name[0] == '\0')
      return pdlt_csv_fail(csv,
                           "header: column %zu has no name (row numbers?); say which are inputs: "
                           "data.columns: {x: [...]}",
                           k + 1);
    column->role = PDLT_CSV_INPUT;
    column->slot = csv->inputs++;
  }
  if (csv->inputs > 0) return PDLT_OK;
  return pdlt_csv_fail(csv, "header: no column is left for the inputs");
}

pdlt_status pdlt_csv_columns_read(pdlt_csv_file *csv) {
  const pdlt_experiment *ex = csv->ex;
  size_t labels = 0;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(read_header(csv));
  if (ex->data.columns_x.count + ex->data.columns_y.count == 0 && ex->data.label == NULL)
    return expect_usual(csv);
  if (ex->data.label != NULL)
    PDLT_TRY(assign(csv, "data.label", ex->data.label, PDLT_CSV_LABEL, &labels));
  if (labels > 1)
    return pdlt_experiment_fail(ex, "data.label", csv->err, "%.60s are %zu columns; give one",
                                ex->data.label, labels);
  PDLT_TRY(assign_list(csv, &ex->data.columns_y, PDLT_CSV_TARGET, &csv->outputs));
  PDLT_TRY(assign_list(csv, &ex->data.columns_x, PDLT_CSV_INPUT, &csv->inputs));
  if (csv->inputs == 0) PDLT_TRY(assign_rest(csv));
cleanup:
  return status;
}
