/* estimate.c - see estimate.h. */
#include "trainer/posterior/estimate.h"

#include <math.h>

/* Numbers of draws and their total weight. */
typedef struct loaded {
  const double *numbers;
  double weight;
} loaded;

static void take_means(const loaded *x, size_t at, size_t count, double *out) {
  for (size_t i = 0; i < count; i++) out[i] = x->numbers[at + i] / x->weight;
}

static void take_covariance(const pdlt_posterior_shape *s, const loaded *x, double *out) {
  const size_t D = s->samples, p = s->p;
  const double *m = x->numbers + s->mean, *c = x->numbers + s->inner, *mm = x->numbers + s->product;
  for (size_t i = 0; i < p; i++)
    for (size_t j = 0; j < p; j++) {
      const double inner = i / D == j / D ? c[i % D * D + j % D] : 0;
      out[i * p + j] = (inner + mm[i * p + j]) / x->weight - m[i] / x->weight * (m[j] / x->weight);
    }
}

void pdlt_posterior_estimate(const pdlt_posterior_shape *s, int k, size_t layer, const double *sums,
                             double *out) {
  const loaded given = {sums + s->weighted, sums[s->weight]};
  const loaded prior = {sums + s->plain, sums[s->draws]};
  const size_t D = s->samples, square = D * D;
  switch (k) {
    case PDLT_QUANTITY_LOG_EVIDENCE:
      *out = sums[s->shift] / sums[s->draws] + log(sums[s->weight] / sums[s->draws]);
      return;
    case PDLT_QUANTITY_POST_Z:
      take_means(&given, s->mean, s->p, out);
      return;
    case PDLT_QUANTITY_POST_COV:
      take_covariance(s, &given, out);
      return;
    case PDLT_QUANTITY_POST_KERNEL:
      take_means(&given, s->kernel + (layer > 0 ? layer - 1 : s->hidden) * square, square, out);
      return;
    case PDLT_QUANTITY_POST_Q:
      take_means(&given, s->q, s->hidden * square, out);
      return;
    case PDLT_QUANTITY_POST_MEAN:
      take_means(&given, s->zbar, s->hidden * D, out);
      return;
    case PDLT_QUANTITY_LAST_LAYER_Z:
      take_means(&prior, s->mean, s->p, out);
      return;
    case PDLT_QUANTITY_LAST_LAYER_COV:
      take_covariance(s, &prior, out);
      return;
    default: /* POST_ESS, as a share of the draws */
      *out = sums[s->weight] * sums[s->weight] / sums[s->square] / sums[s->draws];
      return;
  }
}
