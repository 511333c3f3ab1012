/* stored.h - what a theory.npz without its tensors still says of the reach.
 *
 * Is: g of the widths of the experiment, the largest h within reach and the two ratios that need arrays
 * which are not kept (theory.keep), as arrays reach/NAME of theory.npz (NOTATION.md).
 * Is not: the rule (reach.h), or what decides that tensors are cut (cli/study/keep.h). */
#ifndef PDLT_COMPARE_REACH_STORED_H
#define PDLT_COMPARE_REACH_STORED_H

#include "base/core/progress.h"
#include "base/file/archive.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Borrowed from the archive; num 0: it holds none. */
typedef struct pdlt_reach_stored {
  size_t num;
  const double *h, *g; /* (num) */
  double largest_h;    /* at which g is PDLT_REACH_G; no less, where all of h are within */
} pdlt_reach_stored;

/* Computes g at each h (num) with all of the arrays, and puts reach/h, reach/g (num), reach/largest_h,
 * reach/ntk and reach/spread into the archive; nothing where the model lacks an array. The h with
 * g = PDLT_REACH_G is sought only when one of them is beyond it. Errors: PDLT_ERR_MEMORY,
 * PDLT_ERR_NUMERIC. Cost: that of the model and of num times pdlt_reach_at. */
pdlt_status pdlt_reach_store(pdlt_archive *theory, size_t num, const double *h,
                             pdlt_progress *progress, pdlt_error *err);

pdlt_reach_stored pdlt_reach_stored_get(const pdlt_archive *theory);

/* g at h: of that h, or, as g falls as h, of the nearest one in proportion. */
double pdlt_reach_stored_g(const pdlt_reach_stored *stored, double h);

#ifdef __cplusplus
}
#endif
#endif
