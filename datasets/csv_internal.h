/* csv_internal.h - a CSV file being read: what csv.c and csv_columns.c share. */
#ifndef PDLT_DATASETS_CSV_INTERNAL_H
#define PDLT_DATASETS_CSV_INTERNAL_H

#include "datasets/csv_text.h"
#include "datasets/dataset_internal.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { CSV_UNUSED, CSV_INPUT, CSV_TARGET, CSV_LABEL } csv_role;

/* What a column is. */
typedef struct csv_column {
  char *name; /* owned; NULL without header */
  csv_role role;
  size_t slot; /* which input or target */
} csv_column;

typedef struct csv_file {
  const pdlt_experiment *ex;
  pdlt_error *err;
  const char *next;    /* the text that is not read yet */
  csv_line line;       /* the one that is read, for messages */
  char separator;      /* of the samples */
  int trailing;        /* 1: every line ends with a separator, behind which is nothing */
  size_t num_columns;  /* without that */
  csv_column *columns; /* (num_columns) owned */
  size_t inputs, outputs;
} csv_file;

/* `EXPERIMENT:LINE: data.file: CSV:LINE: text`. */
pdlt_status csv_fail(const csv_file *csv, const char *format, ...) PDLT_PRINTF(2, 3);

/* Header and columns: reads up to the first sample, fills separator, trailing, columns, inputs,
 * outputs. What it made is freed by csv_columns_free on failure too. */
pdlt_status csv_columns_read(csv_file *csv);
void csv_columns_free(csv_file *csv);

#ifdef __cplusplus
}
#endif
#endif
