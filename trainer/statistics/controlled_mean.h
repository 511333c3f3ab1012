/* controlled_mean.h - block values of the mean output with its control.
 *
 * Is: mean plus coefficient times shift, a number whose mean is 0; the coefficient is 1
 * (two_level) or regressed on the other blocks (control), so it is independent of the block
 * that it multiplies and nothing is biased (docs/trainer/control.md, "Own linearization").
 * Is not: aware of networks; tested on synthetic numbers. */
#ifndef PDLT_TRAINER_STATISTICS_CONTROLLED_MEAN_H
#define PDLT_TRAINER_STATISTICS_CONTROLLED_MEAN_H

#include <stddef.h>

#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PDLT_MIN_FIT_BLOCKS = 8 }; /* with fewer other blocks the coefficient is 1 */

/* Inside records `stride` doubles apart, as in pdlt_moment_blocks: survivors, their mean
 * (T, p), and the sum (T, p) over all draws of the block of their shift. */
typedef struct pdlt_controlled_sums {
  size_t blocks, stride, times, p;
  const double *count, *mean, *shift;
} pdlt_controlled_sums;

/* values (B, T, p) = mean_b + beta x_b, x_b = shift_b/count_b. fitted: one beta for each
 * block b and time, beta = - sum (m - mbar).(x - xbar)/sum |x - xbar|^2, weighted by count,
 * over the blocks but b. Blocks without survivors keep their mean. Errors: PDLT_ERR_MEMORY.
 * Cost O(B T p). */
pdlt_status pdlt_controlled_values(const pdlt_controlled_sums *sums, int fitted, double *values,
                                   pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
