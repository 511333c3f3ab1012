/* sizes.h - how large the files of a run will be, before it is made.
 *
 * Is: private to cli/study; counts of numbers by experiment, data and plan, times what packing
 * leaves of them.
 * Is not: a measurement. */
#ifndef PDLT_CLI_STUDY_SIZES_H
#define PDLT_CLI_STUDY_SIZES_H

#include "base/core/status.h"
#include "base/experiment/experiment.h"
#include "datasets/dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of files; 0: there is no such file (comparison.csv and measured.npz with gradient flow). */
typedef struct pdlt_sizes {
  double theory, measured; /* theory.npz, measured.npz */
  double comparison;       /* comparison.csv */
  double csv_rows;         /* of comparison.csv as it will be, without its header */
  int csv_summary;         /* 1: it has the rows without width only */
} pdlt_sizes;

/* Sizes of theory.npz, measured.npz and comparison.csv of a resolved experiment and its data;
 * layers: as in the settings. Members of `until` are not known: as many as it begins with. Errors:
 * PDLT_ERR_INPUT for what cannot be trained, PDLT_ERR_MEMORY. Cost O(N_A D n_0). */
pdlt_status pdlt_sizes_estimate(pdlt_sizes *out, const pdlt_experiment *ex,
                                const pdlt_dataset *data, int layers, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
