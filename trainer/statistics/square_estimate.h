/* square_estimate.h - squared bias and variance of numbers, from block moments.
 *
 * Is: unbiased estimates with jackknife pseudo-values (docs/losses.md, "Measured").
 * Is not: aware of networks or of which numbers make a loss (trainer/output/loss.c); tested on
 * synthetic numbers. */
#ifndef PDLT_TRAINER_STATISTICS_SQUARE_ESTIMATE_H
#define PDLT_TRAINER_STATISTICS_SQUARE_ESTIMATE_H

#include <stddef.h>

#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* B blocks of numbers (count) with targets; N = sum of weights. */
typedef struct pdlt_bias_input {
  size_t blocks, count, stride; /* doubles from one block's numbers to the next one's */
  const double *weights;        /* (B) draws w_b */
  const double *mean;           /* (B, count), strided: block means, or controlled block values */
  const double *scatter; /* (B, count), strided: sum over the block's draws of (m - mean)^2; NULL:
                            not known, the spread of the blocks tells the error of the mean */
  const double *target;  /* (count) y */
} pdlt_bias_input;

/* bias (count) = (mbar - y)^2 - estimated variance of mbar, where mbar = sum w_b mean_b/N and
 *   with scatter:     var mbar = S/(N (N - 1)), S the scatter of all draws about mbar;
 *   without scatter:  var mbar = sum_b w_b (mean_b - mbar)^2/(N (B' - 1)), B' blocks with draws.
 * Unbiased; may be negative. pseudo (B, count): (N bias - (N - w_b) bias without block b)/w_b;
 * bias itself where a block is empty or the others are too few. NaN where there is no estimate.
 * Cost O(B count). Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_bias_estimate(const pdlt_bias_input *input, double *bias, double *pseudo,
                               pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
