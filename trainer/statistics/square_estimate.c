/* square_estimate.c - see square_estimate.h. */
#include "trainer/statistics/square_estimate.h"

#include <math.h>

#include "base/core/memory.h"

/* Draws, units that the variance of the mean is estimated from (draws or blocks), and per
 * number mean and scatter. */
typedef struct sums {
  double draws, units;
  double *mean, *scatter; /* (count) */
} sums;

static void sum_blocks(const pdlt_bias_input *in, sums *all) {
  for (size_t b = 0; b < in->blocks; b++) {
    const double w = in->weights[b], total = all->draws + w;
    if (w == 0) continue;
    for (size_t i = 0; i < in->count; i++) {
      const size_t at = b * in->stride + i;
      const double delta = in->mean[at] - all->mean[i];
      all->scatter[i] += all->draws * w / total * delta * delta;
      if (in->scatter != NULL) all->scatter[i] += in->scatter[at];
      all->mean[i] += delta * (w / total);
    }
    all->draws = total;
    all->units += in->scatter == NULL ? 1 : w;
  }
}

static double bias_of(double draws, double units, double deviation, double scatter) {
  return units < 2 ? NAN : deviation * deviation - scatter / (draws * (units - 1));
}

/* Pseudo-values (count) of block b. */
static void delete_block(const pdlt_bias_input *in, const sums *all, size_t b, const double *bias,
                         double *pseudo) {
  const double w = in->weights[b], left = all->draws - w;
  const double units = all->units - (in->scatter == NULL ? 1 : w);
  for (size_t i = 0; i < in->count; i++) {
    const size_t at = b * in->stride + i;
    pseudo[i] = bias[i];
    if (!(w > 0) || units < 2) continue;
    const double delta = in->mean[at] - all->mean[i];
    double scatter = all->scatter[i] - all->draws * w / left * delta * delta;
    if (in->scatter != NULL) scatter -= in->scatter[at];
    const double without =
        bias_of(left, units, all->mean[i] - w / left * delta - in->target[i], scatter);
    pseudo[i] = (all->draws * bias[i] - left * without) / w;
  }
}

pdlt_status pdlt_bias_estimate(const pdlt_bias_input *in, double *bias, double *pseudo,
                               pdlt_error *err) {
  double *work = NULL;
  const pdlt_status status = pdlt_alloc(&work, 2 * in->count, sizeof *work, err);
  if (status != PDLT_OK) return status;
  sums all = {0, 0, work, work + in->count};
  sum_blocks(in, &all);
  for (size_t i = 0; i < in->count; i++)
    bias[i] = bias_of(all.draws, all.units, all.mean[i] - in->target[i], all.scatter[i]);
  for (size_t b = 0; b < in->blocks; b++) delete_block(in, &all, b, bias, pseudo + b * in->count);
  pdlt_free(work);
  return PDLT_OK;
}
