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
#include "base/file/archive.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The samples of one class. */
typedef struct pdlt_class_count {
  int label;          /* as in data.classes; place in it, of a label that is a word */
  char *name;         /* that word, owned, or NULL */
  size_t train, test; /* its samples */
} pdlt_class_count;

typedef struct pdlt_dataset {
  size_t train, test;        /* N_A, N_B; D = train + test; training samples come first */
  size_t inputs, outputs;    /* n_0, n_L */
  size_t rows, columns;      /* of the images that x holds, row by row; 0: it holds none */
  double *x;                 /* (D, n_0), owned */
  double *y;                 /* (D, n_L), owned; test targets too */
  size_t num_classes;        /* 0: targets are numbers */
  pdlt_class_count *classes; /* (num_classes) in the order of data.classes, owned */
  double
      *kappa; /* (N_A, N_A) of training.method: newton, set by who resolves the experiment, owned;
                    or NULL */
  int unbalanced_test; /* data.balance: the file has too few of some class for equal numbers */
  char hash[17];       /* hex digest of shapes and the bits of x and y */
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

/* "data: 32 train (11 of class 0, 21 of class 1), 16 test (...)", one line, cut where there are very
 * many classes; "" without classes. */
enum { PDLT_DATASET_SUMMARY_LENGTH = 1024 };
void pdlt_dataset_summary(const pdlt_dataset *data, char out[PDLT_DATASET_SUMMARY_LENGTH]);

void pdlt_dataset_free(pdlt_dataset *data);

/* The digest of shapes and bits of x and y, whatever data->hash says. */
void pdlt_dataset_hash(const pdlt_dataset *data, char out[17]);

/* Adds copies of x (D, n_0) and y (D, n_L) to an archive, under these names, and of images their `image`,
 * {rows, columns}, to its metadata. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_dataset_put(const pdlt_dataset *data, pdlt_archive *archive, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
