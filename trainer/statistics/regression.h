/* regression.h - block values less what controls of known mean 0 say about their noise.
 *
 * Is: a weighted least-squares fit v_b = alpha + beta.c_b of values on controls, over blocks, whose estimate is
 * alpha, the value where the controls have their mean; and block values whose mean is alpha and whose spread
 * knows that p numbers were fitted, and that blocks far out pull the fit (docs/posterior.md, "Measured").
 * With weights w_b, W in all, cbar the mean of the controls, dc = c - cbar, S = sum w dc dc, residuals e_b:
 *
 *   a_b = w_b (1/W - cbar S^-1 dc_b)          what a block adds to alpha
 *   h_b = w_b (1/W + dc_b S^-1 dc_b)          and to its own fit
 *   v_b -> alpha + (W/w_b - 1) a_b e_b/(1 - h_b)^(1/2), less what moves the mean
 *
 * The variance of e_b is (1 - h_b) times that of a block, so that the error bar is right where blocks are
 * alike, and nearly so where they are not (HC2 of MacKinnon and White 1985).
 * Is not: aware of what is controlled, or of which controls are worth it; tested
 * on synthetic numbers. */
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
  double *mean;            /* (p) cbar */
  double *scaled;          /* (B, p) w^(1/2) dc */
  double *inverse;         /* (p, p) S^-1 */
  double *influence;       /* (B) (W/w_b - 1) a_b/(1 - h_b)^(1/2) */
  double *storage;
} pdlt_regression;

/* weights (B) > 0: draws behind each block; controls (B, p): means over its draws, read only now. Where
 * B < 4 p, or the controls are not independent, none is used. Errors: PDLT_ERR_MEMORY. Cost O(B p^2). */
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
