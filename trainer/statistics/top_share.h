/* top_share.h - which share of the variance of z the outermost draws carry.
 *
 * Is: of one block, the sums of v = m + beta x (m a draw's output, x its control at the last
 * time; beta = 0 without control, 1 for two_level, fitted for control) and the draws farthest
 * from the middle of their batch; from all blocks, the share (docs/trainer/runs.md, "Heavy tails").
 * Is not: an error bar. Results do not depend on threads. */
#ifndef PDLT_TRAINER_STATISTICS_TOP_SHARE_H
#define PDLT_TRAINER_STATISTICS_TOP_SHARE_H

#include <stddef.h>

#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PDLT_TOP_FRACTION 1e-3

/* Layout of a block's record: count, squares (3), mean (parts p), lists K entries of (number,
 * distance, m, x). */
typedef struct pdlt_top_shape {
  size_t p;     /* n_L D */
  size_t parts; /* 1: m only; 2: m and x */
  size_t lists; /* 2 when beta is fitted: farthest at beta = 1 and at beta = 0 */
  size_t kept;  /* K, draws kept per list */
} pdlt_top_shape;

/* Shape for blocks of so many draws: K such that a block holds more than K of the outermost 0.1 %
 * in less than one of 1e12 blocks. */
pdlt_top_shape pdlt_top_shape_make(size_t p, int controlled, int fitted, size_t block_draws);

/* Doubles of a record. */
size_t pdlt_top_size(const pdlt_top_shape *shape);

/* Adds a batch of draws (rows, parts, p), which are centered in place, to a record that was zero
 * at the first one; numbers (rows): a number > 0 of each draw. mean (parts p): work. */
void pdlt_top_add(const pdlt_top_shape *shape, size_t rows, double *values, const double *numbers,
                  double *mean, double *record);

/* into becomes the record of its draws and those of from. */
void pdlt_top_merge(const pdlt_top_shape *shape, double *into, const double *from);

/* Share of sum |v - vbar|^2 that the ceil(N/1000) draws with the largest |v - vbar|^2 carry; block
 * b's record begins at records + b stride. fitted: beta = -cov(m, x)/var(x) over all draws, else
 * 1 with parts = 2. NaN without variance. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_top_share(const pdlt_top_shape *shape, size_t blocks, size_t stride,
                           const double *records, int fitted, double *share, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
