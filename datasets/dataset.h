/* dataset.h - samples and targets, from files or generated, after preprocessing.
 *
 * Is: what data: in the experiment file says, as two matrices.
 * Is not: aware of networks; n_L is only checked against the targets.
 *
 * Shapes: D = train + test samples; n_0 inputs; n_L outputs. */
#ifndef PDLT_DATASETS_DATASET_H
#define PDLT_DATASETS_DATASET_H

#include <stddef.h>

#include "base/core/status.h"
#include "base/experiment/experiment.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_dataset {
  size_t train, test;     /* N_A, N_B; D = train + test; training samples come first */
  size_t inputs, outputs; /* n_0, n_L */
  double *x;              /* (D, n_0), owned */
  double *y;              /* (D, n_L), owned; test targets too */
  char hash[17];          /* hex digest of shapes and the bits of x and y */
} pdlt_dataset;

/* Loads or makes the samples of ex (its data paths are relative to ex->directory, those of --set to
 * the working folder).
 * *out is complete or untouched. Errors: PDLT_ERR_INPUT, `FILE:LINE: key: ...`
 * (FILE is the experiment; a fault inside a data file names that file and line as
 * well); PDLT_ERR_MEMORY. */
pdlt_status pdlt_dataset_load(pdlt_dataset *out, const pdlt_experiment *ex, pdlt_error *err);

/* The same from arrays in memory, for data.source arrays: x (samples, inputs), y (samples,
 * outputs), training samples first; samples = data.train + data.test. Copied, then centered and
 * scaled as the experiment says. Errors: PDLT_ERR_INPUT `FILE:LINE: key: ...` (another shape,
 * a number that is not finite), PDLT_ERR_MEMORY. */
pdlt_status pdlt_dataset_from_arrays(pdlt_dataset *out, const pdlt_experiment *ex, size_t samples,
                                     size_t inputs, const double *x, size_t outputs,
                                     const double *y, pdlt_error *err);

void pdlt_dataset_free(pdlt_dataset *data);

#ifdef __cplusplus
}
#endif
#endif
