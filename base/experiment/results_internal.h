/* results_internal.h - what the files of the check of results share: see results.h.
 *
 * Is not: for others. */
#ifndef PDLT_BASE_EXPERIMENT_RESULTS_INTERNAL_H
#define PDLT_BASE_EXPERIMENT_RESULTS_INTERNAL_H

#include "base/experiment/quantity.h"
#include "base/experiment/results.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PDLT_RESULTS_NAME = 96 };

/* A length that may be any. */
#define PDLT_RESULTS_ANY ((size_t)-1)

/* What numbers of an array may be. */
typedef enum pdlt_results_range {
  PDLT_RANGE_FINITE,    /* any finite number */
  PDLT_RANGE_POSITIVE,  /* finite and not negative */
  PDLT_RANGE_COUNT,     /* a whole number >= 0 */
  PDLT_RANGE_SHARE,     /* from 0 to 1, or NaN */
  PDLT_RANGE_BARS,      /* as POSITIVE, or NaN */
  PDLT_RANGE_OPEN_BARS, /* not negative, or NaN */
  PDLT_RANGE_OPEN       /* anything */
} pdlt_results_range;

/* The archive at work, and the lengths of indices. */
typedef struct pdlt_results {
  const pdlt_archive *archive;
  const char *file;
  pdlt_error *err;
  size_t times;                    /* T; 0: the archive has no times */
  size_t outputs, samples, hidden; /* n_L, D, L - 1 */
  size_t first;                    /* S: samples that tensors are measured on */
  size_t kept;                     /* samples of the tensors of theory */
  size_t inputs;                   /* n_0; PDLT_RESULTS_ANY: not known */
  size_t blocks;                   /* of the ground truth; likewise */
  int depth;                       /* of the layers that have arrays of their own; 0: none */
} pdlt_results;

/* PDLT_ERR_INPUT `FILE: NAME: what; make the file again`. */
pdlt_status pdlt_results_wrong(const pdlt_results *r, const char *name, const char *what);
pdlt_status pdlt_results_missing(const pdlt_results *r, const char *name, const char *beside);

/* No array has this name. */
pdlt_status pdlt_results_unknown(const pdlt_results *r, const char *name);

/* Every number is in the range. */
pdlt_status pdlt_results_numbers(const pdlt_results *r, const char *name, const pdlt_array *array,
                                 pdlt_results_range allowed);

/* dim: expected, PDLT_RESULTS_ANY where any length will do. */
pdlt_status pdlt_results_shape(const pdlt_results *r, const char *name, const pdlt_array *array,
                               int ndim, const size_t *dim);

/* One number of the range; *out (unless NULL) is it, untouched where there is no such array. */
pdlt_status pdlt_results_scalar(const pdlt_results *r, const char *name, pdlt_results_range allowed,
                                double *out);

/* Lengths of the indices of a quantity (quantity.h), those of s being `first`, x an input, b a block; returns
 * their number. */
int pdlt_results_lengths(const pdlt_results *r, const char *indices, size_t first,
                         size_t dim[PDLT_MAX_NDIM]);

/* Behind "layer<l>/" with 1 <= l <= r->depth, written as the program does; name itself where it does not
 * begin so. */
const char *pdlt_results_behind_layer(const pdlt_results *r, const char *name);

/* Quantities that each layer has: K, the NTK, the tensors, kernels given the data. */
static inline int pdlt_results_has_layers(const pdlt_quantity *q) {
  return q->drawn == PDLT_DRAWN_LAYERS || q->drawn == PDLT_DRAWN_PRODUCTS ||
         (q->flags & PDLT_QUANTITY_LAYERED) != 0;
}

/* Arrays of each kind of archive; names that both have (times, x, y) are known already. */
pdlt_status pdlt_results_theory(const pdlt_results *r);
pdlt_status pdlt_results_measured(const pdlt_results *r);

/* times, x or y. */
int pdlt_results_is_common(const char *name);

#ifdef __cplusplus
}
#endif
#endif
