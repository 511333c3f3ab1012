/* moments.h - from block values to estimates with error bars.
 *
 * Is: merging of moments, weighted means over blocks, the jackknife for covariances.
 * Is not: aware of networks; everything here is tested on synthetic numbers.
 *
 * B blocks with weights w_b (draws behind them, N in all). Estimates are summed in block
 * order. Method: docs/trainer/runs.md. */
#ifndef PDLT_TRAINER_STATISTICS_MOMENTS_H
#define PDLT_TRAINER_STATISTICS_MOMENTS_H

#include <stddef.h>

#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PDLT_MIN_BLOCKS = 32 }; /* fewer give no error bar */

/* mean (count) of rows (rows >= 1, count), which are left without it. */
void pdlt_rows_center(size_t rows, size_t count, double *values, double *mean);

/* Adds a batch of `rows` draws with mean `mean` (T, p) to (count, total, scatter):
 * total (T, p) is the mean so far, scatter (T, p, p) already holds both sums
 * about their own means and gets count rows/(count + rows) delta delta^T. With p = 1, T
 * counts all numbers and scatter holds their variances alone. */
void pdlt_moments_merge(size_t times, size_t p, double *count, double *total, double *scatter,
                        double rows, const double *mean);

/* estimate (count) = sum_b w_b values_b / N; values (B, count). NaN when N = 0. Blocks
 * of weight 0 are left out. */
void pdlt_block_mean(size_t blocks, const double *weights, size_t count, const double *values,
                     double *estimate);

/* se (count): se^2 = sum_b (w_b/N) (values_b - center)^2 / (B' - 1), B' the number of
 * blocks with w_b > 0; NaN when B' < 32. */
void pdlt_block_error(size_t blocks, const double *weights, size_t count, const double *values,
                      const double *center, double *se);

/* Moments of B blocks inside records `stride` doubles apart: block b's count is
 * count[b * stride], its mean (T, p) begins at mean + b * stride, and so on. odd may be
 * NULL (no pairs). */
typedef struct pdlt_moment_blocks {
  size_t blocks, stride, times, p;
  const double *count, *mean, *scatter, *odd;
} pdlt_moment_blocks;

/* Unbiased covariance at equal times of a draw's outputs, cov (T, p, p): S/(N - 1), S
 * the scatter about the common mean; for pairs (S_m/(N - 1) + sum d d^T/N), since
 * z = m +- d and E[d] = 0. pseudo (B, T, p, p): jackknife pseudo-values
 * (N/w_b) cov - (N/w_b - 1) cov without block b, whose spread gives the error bar. NaN
 * where there are fewer than two draws; cov itself where deleting a block leaves fewer.
 * Errors: PDLT_ERR_MEMORY. Cost O(B T p^2). */
pdlt_status pdlt_covariance_estimate(const pdlt_moment_blocks *moments, double *cov, double *pseudo,
                                     pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
