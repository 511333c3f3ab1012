/* csv_labels.c - see csv_labels.h. */
#include "datasets/csv_labels.h"

#include <string.h>

#include "base/core/memory.h"

void pdlt_csv_labels_free(pdlt_csv_labels *labels) {
  for (size_t k = 0; k < labels->count; k++) pdlt_free(labels->name[k]);
  pdlt_free((void *)labels->name);
  *labels = (pdlt_csv_labels){0};
}

pdlt_status pdlt_csv_labels_new(pdlt_csv_labels *out, const pdlt_experiment *ex, pdlt_error *err) {
  const pdlt_name_list *names = &ex->data.class_names;
  pdlt_csv_labels labels = {0};
  pdlt_status status = PDLT_OK;
  int ignored = 0;
  if (names->count > 0)
    PDLT_TRY(pdlt_alloc((void *)&labels.name, PDLT_CSV_LABELS, sizeof *labels.name, err));
  for (size_t k = 0; k < names->count; k++)
    PDLT_TRY(pdlt_csv_labels_find(&labels, names->name[k], &ignored, err));
  *out = labels;
  return PDLT_OK;
cleanup:
  pdlt_csv_labels_free(&labels);
  return status;
}

pdlt_status pdlt_csv_labels_find(pdlt_csv_labels *labels, const char *word, int *out,
                                 pdlt_error *err) {
  size_t k = 0;
  pdlt_status status = PDLT_OK;
  while (k < labels->count && strcmp(labels->name[k], word) != 0) k++;
  if (k == labels->count && k < PDLT_CSV_LABELS) {
    status = pdlt_strdup(&labels->name[k], word, err);
    if (status == PDLT_OK) labels->count++;
  }
  if (status == PDLT_OK) *out = (int)k;
  return status;
}
