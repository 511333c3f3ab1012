/* csv_labels.h - labels of a CSV file that are words.
 *
 * Is: words and their numbers: those of data.classes first, the others as they come.
 * Is not: labels that are numbers (select.c). */
#ifndef PDLT_DATASETS_CSV_LABELS_H
#define PDLT_DATASETS_CSV_LABELS_H

#include "base/experiment/experiment.h"

#ifdef __cplusplus
extern "C" {
#endif

/* More different words are no labels. */
enum { PDLT_CSV_LABELS = 4096 };

typedef struct pdlt_csv_labels {
  size_t count;
  char **name; /* (PDLT_CSV_LABELS) owned; NULL: labels are numbers */
} pdlt_csv_labels;

/* Empty where the classes of the experiment are numbers. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_csv_labels_new(pdlt_csv_labels *out, const pdlt_experiment *ex, pdlt_error *err);
void pdlt_csv_labels_free(pdlt_csv_labels *labels);

/* *out = number of a word, a new one where it was not seen; PDLT_CSV_LABELS where there are too many.
 * Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_csv_labels_find(pdlt_csv_labels *labels, const char *word, int *out,
                                 pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
