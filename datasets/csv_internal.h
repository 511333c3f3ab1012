/* csv_internal.h - a CSV file being read: what csv.c and csv_columns.c share. */
#ifndef PDLT_DATASETS_CSV_INTERNAL_H
#define PDLT_DATASETS_CSV_INTERNAL_H

#include "datasets/csv_labels.h"
#include "datasets/csv_text.h"
#include "datasets/dataset_internal.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { PDLT_CSV_UNUSED, PDLT_CSV_INPUT, PDLT_CSV_TARGET, PDLT_CSV_LABEL } pdlt_csv_role;

/* What a column is. */
typedef struct pdlt_csv_column {
  char *name; /* owned; NULL without header */
  pdlt_csv_role role;
  size_t slot; /* which input or target */
} pdlt_csv_column;

typedef struct pdlt_csv_file {
  const pdlt_experiment *ex;
  pdlt_error *err;
  const char *next;         /* the text that is not read yet */
  pdlt_csv_line line;       /* the one that is read, for messages */
  char separator;           /* of the samples */
  int trailing;             /* 1: every line ends with a separator, behind which is nothing */
  size_t num_columns;       /* without that */
  pdlt_csv_column *columns; /* (num_columns) owned */
  size_t inputs, outputs;
  pdlt_csv_labels labels; /* where they are words; owned */
} pdlt_csv_file;

/* `EXPERIMENT:LINE: data.file: CSV:LINE: text`. */
pdlt_status pdlt_csv_fail(const pdlt_csv_file *csv, const char *format, ...) PDLT_PRINTF(2, 3);

/* Header and columns: reads up to the first sample, fills separator, trailing, columns, inputs,
 * outputs. What it made is freed by pdlt_csv_columns_free on failure too. */
pdlt_status pdlt_csv_columns_read(pdlt_csv_file *csv);
void pdlt_csv_columns_free(pdlt_csv_file *csv);

#ifdef __cplusplus
}
#endif
#endif
