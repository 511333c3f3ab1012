/* dataset_internal.h - what the sources of samples share.
 *
 * Is not: public; only datasets/ includes it. */
#ifndef PDLT_DATASETS_DATASET_INTERNAL_H
#define PDLT_DATASETS_DATASET_INTERNAL_H

#include "base/file/element.h"
#include "base/random/rng.h"
#include "datasets/dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Each fills train, test (already set), inputs, outputs, x, y of data, and classes where there are
 * some; what it made is freed by the caller on failure. */
pdlt_status pdlt_dataset_read_csv(pdlt_dataset *data, const pdlt_experiment *ex, pdlt_error *err);
pdlt_status pdlt_dataset_read_idx(pdlt_dataset *data, const pdlt_experiment *ex, pdlt_error *err);
pdlt_status pdlt_dataset_read_npy(pdlt_dataset *data, const pdlt_experiment *ex, pdlt_error *err);
pdlt_status pdlt_dataset_generate(pdlt_dataset *data, const pdlt_experiment *ex, pdlt_error *err);

/* --- source.c --- */

/* Each array that is drawn has its own numbers: `member` of the random stream. */
enum {
  PDLT_DRAW_INPUTS,
  PDLT_DRAW_TARGETS,
  PDLT_DRAW_TEACHER_IN,
  PDLT_DRAW_TEACHER_OUT,
  PDLT_DRAW_ORDER,
  PDLT_DRAW_SHUFFLE /* with data.shuffle as seed */
};

/* Zeroed x (D, inputs) and y (D, outputs). */
pdlt_status pdlt_dataset_allocate(pdlt_dataset *data, size_t inputs, size_t outputs,
                                  pdlt_error *err);

/* The first `take` places of a random permutation of 0..total-1 into *order (total), owned by the
 * caller (pdlt_free); numbers of rng. */
pdlt_status pdlt_dataset_draw_order(const pdlt_rng *rng, size_t total, size_t take, size_t **order,
                                    pdlt_error *err);

/* Path of the data file `name` of the key: relative to the folder of the experiment, or, when it
 * came by --set, to the working folder. Owned by the caller (pdlt_free). */
pdlt_status pdlt_dataset_path(char **out, const pdlt_experiment *ex, const char *key,
                              const char *name, pdlt_error *err);

/* why, what was wrong with the file that `key` names, as an error of the experiment; says where
 * paths start when there is no such file. */
pdlt_status pdlt_dataset_blame(const pdlt_experiment *ex, const char *key, const char *path,
                               const char *name, const pdlt_error *why, pdlt_error *err);

/* No file is read or unpacked to more than this. Less where the file says how much there is (IDX:
 * its header), and for packed text: numbers do not pack better than this (base/file/file.h, ratio). */
#define PDLT_DATASET_MAX_BYTES ((size_t)1 << 31)
enum { PDLT_CSV_RATIO = 64 };

/* --- select.c --- */

/* The samples of a file, before any is chosen. */
typedef struct pdlt_candidates {
  size_t count;
  const int *label; /* (count), or NULL: targets are numbers */
  const char *file; /* that holds the inputs, for messages */
  const char *label_file;
  const char *noun; /* "images", "samples" */
  const char *const
      *name; /* of the labels 0, 1, ..., first those of data.class_names; NULL: labels are
                              numbers */
} pdlt_candidates;

/* Which samples of the file are samples of the set: data.skip, then data.shuffle, then classes, then
 * data.balance. *out (D), training samples first, is owned by the caller (pdlt_free). With labels
 * data->classes is filled. Errors: PDLT_ERR_INPUT (too few samples, a class that never occurs or
 * has no training sample), PDLT_ERR_MEMORY. */
pdlt_status pdlt_dataset_select(size_t **out, pdlt_dataset *data, const pdlt_experiment *ex,
                                const pdlt_candidates *from, pdlt_error *err);

/* y (D, n_L) of the chosen samples, from their labels. */
void pdlt_dataset_label_targets(pdlt_dataset *data, const pdlt_experiment *ex, const int *label,
                                const size_t *chosen);

/* A label that a file holds as a number. 0, and *out untouched, when it is none. */
int pdlt_dataset_label(double number, int *out);

/* --- grid.c --- */

/* Inputs as a file holds them: (count, rows, columns) numbers, or (count, columns) with rows 0. */
typedef struct pdlt_grid {
  pdlt_element type;
  const unsigned char *data;
  size_t count, rows, columns;
  size_t stride[3];       /* in numbers, from sample to sample, row to row, column to column */
  double unit;            /* numbers are divided by it */
  const char *key, *name; /* key of the experiment and name of the file, for messages */
} pdlt_grid;

/* Number of inputs after pooling. Errors: PDLT_ERR_INPUT (data.pool, data.inputs). */
pdlt_status pdlt_grid_inputs(size_t *out, pdlt_grid *grid, const pdlt_experiment *ex,
                             pdlt_error *err);

/* Every number of the file is finite and has an exact double. Errors: PDLT_ERR_INPUT. */
pdlt_status pdlt_grid_check(const pdlt_grid *grid, const pdlt_experiment *ex, pdlt_error *err);

/* x: sample k, the mean over pool x pool numbers, row by row. */
void pdlt_grid_sample(const pdlt_grid *grid, size_t pool, size_t k, double *x);

#ifdef __cplusplus
}
#endif
#endif
