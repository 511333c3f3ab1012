/* controlled_mean.c - see controlled_mean.h. */
#include "trainer/statistics/controlled_mean.h"

#include "base/core/memory.h"

/* Weighted sums over blocks at one time; m is counted from the overall mean, which leaves
 * the coefficient as it is and saves digits. */
typedef struct fit_sums {
  double weight;
  double cross, square; /* sum w m.x, sum w x.x */
  double *m, *x;        /* (p) sum w m, sum w x */
} fit_sums;

static void add_block(const pdlt_controlled_sums *s, size_t b, size_t t, const double *origin,
                      fit_sums *sums) {
  const double w = s->count[b * s->stride];
  const double *mean = s->mean + b * s->stride + t * s->p;
  const double *shift = s->shift + b * s->stride + t * s->p;
  if (w == 0) return;
  sums->weight += w;
  for (size_t i = 0; i < s->p; i++) {
    const double m = mean[i] - origin[i], x = shift[i] / w;
    sums->cross += w * m * x;
    sums->square += w * x * x;
    sums->m[i] += w * m;
    sums->x[i] += w * x;
  }
}

/* Coefficient from all blocks but b. */
static double coefficient(const pdlt_controlled_sums *s, size_t b, size_t t, const double *origin,
                          const fit_sums *all) {
  const double w = s->count[b * s->stride], left = all->weight - w;
  double cross = all->cross, square = all->square;
  if (!(left > 0)) return 1;
  for (size_t i = 0; i < s->p; i++) {
    const size_t at = b * s->stride + t * s->p + i;
    const double m = s->mean[at] - origin[i], x = w > 0 ? s->shift[at] / w : 0;
    const double others_x = all->x[i] - w * x;
    cross -= w * m * x + (all->m[i] - w * m) * others_x / left;
    square -= w * x * x + others_x * others_x / left;
  }
  return square > 0 ? -cross / square : 1;
}

static void overall_mean(const pdlt_controlled_sums *s, size_t t, double *origin) {
  double weight = 0;
  for (size_t i = 0; i < s->p; i++) origin[i] = 0;
  for (size_t b = 0; b < s->blocks; b++) {
    const double w = s->count[b * s->stride];
    if (w == 0) continue;
    weight += w;
    for (size_t i = 0; i < s->p; i++)
      origin[i] += (s->mean[b * s->stride + t * s->p + i] - origin[i]) * (w / weight);
  }
}

pdlt_status pdlt_controlled_values(const pdlt_controlled_sums *s, int fitted, double *values,
                                   pdlt_error *err) {
  size_t used = 0;
  double *work = NULL;
  const pdlt_status status = pdlt_alloc(&work, 3 * s->p, sizeof *work, err);
  if (status != PDLT_OK) return status;
  double *origin = work + 2 * s->p;
  for (size_t b = 0; b < s->blocks; b++) used += s->count[b * s->stride] > 0;
  fitted = fitted && used > PDLT_MIN_FIT_BLOCKS;
  for (size_t t = 0; t < s->times; t++) {
    fit_sums all = {.m = work, .x = work + s->p};
    for (size_t i = 0; i < 2 * s->p; i++) work[i] = 0;
    overall_mean(s, t, origin);
    for (size_t b = 0; b < s->blocks; b++) add_block(s, b, t, origin, &all);
    for (size_t b = 0; b < s->blocks; b++) {
      const size_t at = b * s->stride + t * s->p;
      const double w = s->count[b * s->stride];
      const double beta = fitted ? coefficient(s, b, t, origin, &all) : 1;
      for (size_t i = 0; i < s->p; i++)
        values[(b * s->times + t) * s->p + i] =
            s->mean[at + i] + (w > 0 ? beta * s->shift[at + i] / w : 0);
    }
  }
  pdlt_free(work);
  return PDLT_OK;
}
