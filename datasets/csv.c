/* csv.c - samples from a CSV file.
 *
 * Is: a header x1,...,x<n0>,y1,...,y<nL> and one sample per line, finite numbers,
 * separated by commas; blanks around a field, a byte-order mark and CRLF are allowed.
 * Is not: quoted fields, other separators, comments.
 *
 * Messages: `EXPERIMENT:LINE: data.file: CSV:LINE: what is wrong`. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/file/file.h"
#include "datasets/dataset_internal.h"

/* The text and how far it is read. */
typedef struct csv_reader {
  const pdlt_experiment *ex;
  char *next;  /* start of the next line; NULL: no more */
  size_t line; /* of the current line, from 1 */
  pdlt_error *err;
} csv_reader;

static pdlt_status fail_line(const csv_reader *csv, const char *text) {
  return pdlt_experiment_fail(csv->ex, "data.file", csv->err, "%s:%zu: %s", csv->ex->data.file,
                              csv->line, text);
}

/* Cuts the next line out of the text, without its end; NULL at the end of the file. A
 * last line without newline counts, an empty rest after the last newline does not. */
static char *next_line(csv_reader *csv) {
  char *start = csv->next;
  if (start == NULL || *start == '\0') return NULL;
  char *end = strchr(start, '\n');
  csv->next = end != NULL ? end + 1 : NULL;
  if (end == NULL) end = start + strlen(start);
  *end = '\0';
  if (end > start && end[-1] == '\r') end[-1] = '\0';
  csv->line++;
  return start;
}

/* Cuts the field at *rest off and trims blanks; *rest becomes NULL after the last. */
static char *next_field(char **rest) {
  char *start = *rest, *comma = strchr(start, ',');
  *rest = comma != NULL ? comma + 1 : NULL;
  if (comma != NULL) *comma = '\0';
  while (*start == ' ' || *start == '\t') start++;
  char *end = start + strlen(start);
  while (end > start && (end[-1] == ' ' || end[-1] == '\t')) *--end = '\0';
  return start;
}

/* Counts the columns of the header, which must be x1.. and then y1... */
static pdlt_status read_header(csv_reader *csv, size_t *inputs, size_t *outputs) {
  char *line = next_line(csv), expected[2][32], text[192];
  size_t nx = 0, ny = 0;
  if (line == NULL) {
    csv->line = 1;
    return fail_line(csv, "empty file; it must begin with the header x1,...,y1,...");
  }
  if (strncmp(line, "\xEF\xBB\xBF", 3) == 0) line += 3;
  while (line != NULL) {
    const char *field = next_field(&line);
    snprintf(expected[0], sizeof expected[0], "x%zu", nx + 1);
    snprintf(expected[1], sizeof expected[1], "y%zu", ny + 1);
    if (ny == 0 && strcmp(field, expected[0]) == 0) {
      nx++;
    } else if (nx > 0 && strcmp(field, expected[1]) == 0) {
      ny++;
    } else {
      snprintf(text, sizeof text, "header: column %zu is \"%.40s\"; expected %s%s%s", nx + ny + 1,
               field, ny == 0 ? expected[0] : "", ny == 0 && nx > 0 ? " or " : "",
               nx > 0 ? expected[1] : "");
      return fail_line(csv, text);
    }
  }
  if (ny == 0) return fail_line(csv, "header: no targets; columns y1, ... must follow x1, ...");
  *inputs = nx;
  *outputs = ny;
  return PDLT_OK;
}

static int parse_number(const char *field, double *out) {
  if (field[0] == '\0' || strspn(field, "0123456789+-.eE") != strlen(field)) return 0;
  char *end = NULL;
  *out = strtod(field, &end);
  return *end == '\0' && end != field && isfinite(*out);
}

/* One line into x (n_0) and y (n_L). */
static pdlt_status read_row(csv_reader *csv, char *line, size_t inputs, size_t outputs, double *x,
                            double *y) {
  char text[192];
  size_t column = 0;
  for (; line != NULL; column++) {
    const char *field = next_field(&line);
    if (column >= inputs + outputs) continue; /* counted below */
    double *slot = column < inputs ? &x[column] : &y[column - inputs];
    if (!parse_number(field, slot)) {
      snprintf(text, sizeof text, "column %c%zu: \"%.40s\" is not a finite number",
               column < inputs ? 'x' : 'y', column < inputs ? column + 1 : column - inputs + 1,
               field);
      return fail_line(csv, text);
    }
  }
  if (column == inputs + outputs) return PDLT_OK;
  snprintf(text, sizeof text, "%zu columns, but the header has %zu", column, inputs + outputs);
  return fail_line(csv, text);
}

static pdlt_status read_rows(csv_reader *csv, pdlt_dataset *data) {
  size_t samples = data->train + data->test;
  for (size_t a = 0; a < samples; a++) {
    char *line = next_line(csv);
    if (line == NULL)
      return pdlt_experiment_fail(csv->ex, "data.train", csv->err,
                                  "train + test = %zu, but %s has only %zu samples", samples,
                                  csv->ex->data.file, a);
    pdlt_status status = read_row(csv, line, data->inputs, data->outputs,
                                  data->x + a * data->inputs, data->y + a * data->outputs);
    if (status != PDLT_OK) return status;
  }
  return PDLT_OK;
}

/* The columns of the file against what the experiment says. */
static pdlt_status check_columns(const pdlt_experiment *ex, size_t inputs, size_t outputs,
                                 pdlt_error *err) {
  if (outputs != (size_t)ex->network.outputs)
    return pdlt_experiment_fail(ex, "network.outputs", err,
                                "%d, but %s has %zu target columns; use outputs: %zu",
                                ex->network.outputs, ex->data.file, outputs, outputs);
  if (ex->data.inputs != 0 && inputs != (size_t)ex->data.inputs)
    return pdlt_experiment_fail(ex, "data.inputs", err,
                                "%d, but %s has %zu input columns; use inputs: %zu or leave it out",
                                ex->data.inputs, ex->data.file, inputs, inputs);
  return PDLT_OK;
}

pdlt_status pdlt_dataset_read_csv(pdlt_dataset *data, const pdlt_experiment *ex, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  char *path = NULL, *text = NULL;
  size_t size = 0, inputs = 0, outputs = 0;
  csv_reader csv = {ex, NULL, 0, err};
  pdlt_error why = {PDLT_OK, ""};

  PDLT_TRY(pdlt_dataset_path(&path, ex, "data.file", ex->data.file, err));
  status = pdlt_file_read(path, &text, &size, &why);
  if (status != PDLT_OK) {
    status = pdlt_dataset_unread(ex, "data.file", ex->data.file, &why, err);
    goto cleanup;
  }
  if (strlen(text) != size) {
    status = pdlt_experiment_fail(ex, "data.file", err, "%s: a zero byte at %zu; not a CSV file",
                                  ex->data.file, strlen(text));
    goto cleanup;
  }
  csv.next = text;
  PDLT_TRY(read_header(&csv, &inputs, &outputs));
  PDLT_TRY(check_columns(ex, inputs, outputs, err));
  PDLT_TRY(pdlt_dataset_allocate(data, inputs, outputs, err));
  PDLT_TRY(read_rows(&csv, data));

cleanup:
  pdlt_free(text);
  pdlt_free(path);
  return status;
}
