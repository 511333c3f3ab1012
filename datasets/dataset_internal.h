/* dataset_internal.h - what the sources of samples share.
 *
 * Is not: public; only datasets/ includes it. */
#ifndef PDLT_DATASETS_DATASET_INTERNAL_H
#define PDLT_DATASETS_DATASET_INTERNAL_H

#include "datasets/dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Each fills train, test (already set), inputs, outputs, x, y of data; what it made is
 * freed by the caller on failure. */
pdlt_status pdlt_dataset_read_csv(pdlt_dataset *data, const pdlt_experiment *ex, pdlt_error *err);
pdlt_status pdlt_dataset_read_idx(pdlt_dataset *data, const pdlt_experiment *ex, pdlt_error *err);
pdlt_status pdlt_dataset_generate(pdlt_dataset *data, const pdlt_experiment *ex, pdlt_error *err);

/* Zeroed x (D, inputs) and y (D, outputs). */
pdlt_status pdlt_dataset_allocate(pdlt_dataset *data, size_t inputs, size_t outputs,
                                  pdlt_error *err);

/* Path of the data file `name` of the key: relative to the folder of the experiment, or, when it
 * came by --set, to the working folder. Owned by the caller (pdlt_free). */
pdlt_status pdlt_dataset_path(char **out, const pdlt_experiment *ex, const char *key,
                              const char *name, pdlt_error *err);

/* The file cannot be read, for the reason why: says also what its path is relative to. */
pdlt_status pdlt_dataset_unread(const pdlt_experiment *ex, const char *key, const char *name,
                                const pdlt_error *why, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
