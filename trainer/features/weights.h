/* weights.h - what a network learned, split over its parameters.
 *
 * Is: z(t) - z(0) = sum_mu phi^S_mu d_mu (docs/features.md, "Measured on networks"), its terms ordered by
 * their size: how few of them make most of the change.
 * Is not: a network that is pruned; the others stay where they are only in this sum. */
#ifndef PDLT_TRAINER_FEATURES_WEIGHTS_H
#define PDLT_TRAINER_FEATURES_WEIGHTS_H

#include "trainer/measure/segment.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Of the change that the largest terms are to make. */
#define PDLT_WEIGHTS_SHARE 0.9

typedef struct pdlt_weight {
  int layer;     /* 1 .. L */
  size_t to, of; /* neuron, and what it reads; n_{l-1}: the bias */
  double size;   /* root mean square of phi^S_mu d_mu over outputs and samples */
} pdlt_weight;

typedef struct pdlt_weights {
  size_t count;         /* parameters */
  pdlt_weight *largest; /* (count) by falling size */
  double *reached;      /* (count) 1 - |change - sum of the terms up to this one|^2/|change|^2 */
  size_t few;           /* the least number of terms from which on reached is 0.9 or more */
  double *layer;        /* (L) share of a layer: (its terms).change/|change|^2; their sum is 1 */
  double residual;      /* of the sum of all terms, as of pdlt_segment */
} pdlt_weights;

/* More numbers than this, parameters times outputs times samples, are not split. */
enum { PDLT_WEIGHTS_NUMBERS = 1 << 27 };

/* Between theta(0) and theta(t) of a network; all 0 where its outputs have not changed. Owned by the caller
 * (pdlt_weights_free). Errors: PDLT_ERR_UNSUPPORTED (too many numbers), PDLT_ERR_INPUT (layers with positions),
 * PDLT_ERR_MEMORY. Cost: a few passes over parameters times outputs times samples. */
pdlt_status pdlt_weights_split(pdlt_weights *out, const pdlt_network *net, const pdlt_samples *data,
                               const double *start, const double *end, pdlt_error *err);
void pdlt_weights_free(pdlt_weights *weights);

#ifdef __cplusplus
}
#endif
#endif
