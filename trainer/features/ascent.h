/* ascent.h - where a function of feature space is largest on a sphere.
 *
 * Is: gradient ascent on |x| = radius from several starts at once; a step goes along a great circle by an
 * angle of its own for each start, is taken only where it goes uphill, and is halved where not.
 * Is not: a search without a norm: functions of networks grow with |x|, without a largest one. */
#ifndef PDLT_TRAINER_FEATURES_ASCENT_H
#define PDLT_TRAINER_FEATURES_ASCENT_H

#include "base/random/rng.h"
#include "trainer/features/function.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_ascent_settings {
  size_t starts; /* >= 1, drawn uniformly on the sphere */
  double radius; /* > 0 */
  pdlt_rng rng;  /* of the starts */
} pdlt_ascent_settings;

/* Starts whose ends have a cosine of at least this with the best one agree with it. */
#define PDLT_ASCENT_AGREE 0.95

typedef struct pdlt_ascent_result {
  double value; /* u(x) at the best end */
  double agree; /* share of the starts that agree */
} pdlt_ascent_result;

/* The largest sign u: x (n_0), and *out. sign: 1 or -1. Errors: PDLT_ERR_MEMORY. Cost at most 400
 * evaluations with gradients at all starts. */
pdlt_status pdlt_ascent(pdlt_function *f, const pdlt_ascent_settings *settings, double sign,
                        double *x, pdlt_ascent_result *out, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
