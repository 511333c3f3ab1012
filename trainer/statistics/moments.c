/* moments.c - see moments.h. */
#include "trainer/statistics/moments.h"

#include <math.h>

#include "base/core/memory.h"

/* matrix (p, p) += factor delta delta^T, delta = a - b. */
static void add_outer(size_t p, double factor, const double *a, const double *b, double *matrix) {
  for (size_t i = 0; i < p; i++) {
    const double left = factor * (a[i] - b[i]);
    for (size_t j = 0; j < p; j++) matrix[i * p + j] += left * (a[j] - b[j]);
  }
}

void pdlt_rows_center(size_t rows, size_t count, double *values, double *mean) {
  for (size_t i = 0; i < count; i++) mean[i] = 0;
  for (size_t r = 0; r < rows; r++)
    for (size_t i = 0; i < count; i++) mean[i] += values[r * count + i];
  for (size_t i = 0; i < count; i++) mean[i] /= (double)rows;
  for (size_t r = 0; r < rows; r++)
    for (size_t i = 0; i < count; i++) values[r * count + i] -= mean[i];
}

void pdlt_moments_merge(size_t times, size_t p, double *count, double *total, double *scatter,
                        double rows, const double *mean) {
  const double sum = *count + rows;
  if (rows == 0) return;
  if (*count > 0)
    for (size_t t = 0; t < times; t++)
      add_outer(p, *count * rows / sum, mean + t * p, total + t * p, scatter + t * p * p);
  for (size_t i = 0; i < times * p; i++) total[i] += (mean[i] - total[i]) * (rows / sum);
  *count = sum;
}

void pdlt_block_mean(size_t blocks, const double *weights, size_t count, const double *values,
                     double *estimate) {
  double total = 0;
  for (size_t i = 0; i < count; i++) estimate[i] = 0;
  for (size_t b = 0; b < blocks; b++) {
    if (weights[b] == 0) continue;
    total += weights[b];
    for (size_t i = 0; i < count; i++) estimate[i] += weights[b] * values[b * count + i];
  }
  for (size_t i = 0; i < count; i++) estimate[i] = total > 0 ? estimate[i] / total : NAN;
}

void pdlt_block_error(size_t blocks, const double *weights, size_t count, const double *values,
                      const double *center, double *se) {
  double total = 0;
  size_t used = 0;
  for (size_t i = 0; i < count; i++) se[i] = 0;
  for (size_t b = 0; b < blocks; b++) {
    if (weights[b] == 0) continue;
    total += weights[b];
    used++;
    for (size_t i = 0; i < count; i++) {
      const double delta = values[b * count + i] - center[i];
      se[i] += weights[b] * delta * delta;
    }
  }
  for (size_t i = 0; i < count; i++)
    se[i] = used < PDLT_MIN_BLOCKS ? NAN : sqrt(se[i] / (total * (double)(used - 1)));
}

/* Sums of all blocks. */
typedef struct totals {
  double count;
  double *mean, *scatter, *odd; /* (T, p), (T, p, p), (T, p, p) */
} totals;

static void sum_blocks(const pdlt_moment_blocks *m, totals *all) {
  const size_t count = m->times * m->p * m->p;
  for (size_t b = 0; b < m->blocks; b++) {
    const size_t at = b * m->stride;
    for (size_t i = 0; i < count; i++) {
      all->scatter[i] += m->scatter[at + i];
      if (m->odd != NULL) all->odd[i] += m->odd[at + i];
    }
    pdlt_moments_merge(m->times, m->p, &all->count, all->mean, all->scatter, m->count[at],
                       m->mean + at);
  }
}

static double covariance(double count, double scatter, double odd) {
  return count < 2 ? NAN : scatter / (count - 1) + odd / count;
}

/* Pseudo-values (T, p, p) of block b. */
static void delete_block(const pdlt_moment_blocks *m, const totals *all, size_t b,
                         const double *cov, double *pseudo) {
  const size_t p = m->p, at = b * m->stride;
  const double gone = m->count[at], left = all->count - gone;
  const int deletable = gone > 0 && left >= 2;
  for (size_t t = 0; t < m->times; t++)
    for (size_t i = 0; i < p; i++)
      for (size_t j = 0; j < p; j++) {
        const size_t k = (t * p + i) * p + j;
        pseudo[k] = cov[k];
        if (!deletable) continue;
        const double *block = m->mean + at + t * p, *mean = all->mean + t * p;
        const double between = (block[i] - mean[i]) * (block[j] - mean[j]);
        const double scatter =
            all->scatter[k] - m->scatter[at + k] - all->count * gone / left * between;
        const double odd = m->odd == NULL ? 0 : all->odd[k] - m->odd[at + k];
        pseudo[k] = (all->count * cov[k] - left * covariance(left, scatter, odd)) / gone;
      }
}

pdlt_status pdlt_covariance_estimate(const pdlt_moment_blocks *m, double *cov, double *pseudo,
                                     pdlt_error *err) {
  const size_t values = m->times * m->p, count = values * m->p;
  double *work = NULL;
  pdlt_status status = pdlt_alloc(&work, values + 2 * count, sizeof *work, err);
  if (status != PDLT_OK) return status;
  totals all = {0, work, work + values, work + values + count};
  sum_blocks(m, &all);
  for (size_t k = 0; k < count; k++) cov[k] = covariance(all.count, all.scatter[k], all.odd[k]);
  for (size_t b = 0; b < m->blocks; b++) delete_block(m, &all, b, cov, pseudo + b * count);
  pdlt_free(work);
  return PDLT_OK;
}
