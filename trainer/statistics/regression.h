/* regression.h - block values less what controls of known mean 0 say about their noise.
 *
 * Is: one weighted least-squares fit of values on controls, over blocks, with honest error bars
 * (docs/posterior.md, "Measured"). With B blocks, p controls c_b (means over the draws of a block), values v_b:
 *
 *   beta = (sum w dc dc)^-1 sum w dc (v - vbar),  dc = c - cbar      v_b -> v_b - beta.c_b
 *
 * and then v_b -> vbar + f (v_b - vbar), f^2 = (B - 1)/(B - 1 - p) (1 + p/B), so that the spread of the blocks
 * is that of the estimate though p of its directions were fitted away.
 * Is not: aware of what is controlled, or of which controls are worth it; tested on synthetic numbers. */
#ifndef PDLT_TRAINER_STATISTICS_REGRESSION_H
#define PDLT_TRAINER_STATISTICS_REGRESSION_H

#include <stddef.h>

#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Controls of one set of blocks. Initialize with {0}. */
typedef struct pdlt_regression {
  size_t blocks, controls; /* B; p, 0: nothing is fitted */
  const double *weights;   /* (B) borrowed */
  double *value;           /* (B, p) c, w^(1/2) dc */
  double *scaled;
  double *factor; /* (p, p) Cholesky factor of sum w dc dc */
  double *storage;
} pdlt_regression;

/* weights (B) > 0: draws behind each block; controls (B, p) are copied. Where B < 4 p, or the controls are
 * not independent, none is used. Errors: PDLT_ERR_MEMORY. Cost O(B p^2). */
pdlt_status pdlt_regression_new(pdlt_regression *out, size_t blocks, const double *weights,
                                size_t p, const double *controls, pdlt_error *err);
void pdlt_regression_free(pdlt_regression *regression);

/* Replaces values (B, count) as above. Errors: PDLT_ERR_MEMORY. Cost O(B p count). */
pdlt_status pdlt_regression_apply(const pdlt_regression *regression, size_t count, double *values,
                                  pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
