/* stability_tail.h - which share of the draws will be unstable, before the run.
 *
 * Is: up to 512 draws outside the run at each width; a tail fitted to their largest eigenvalues
 * (docs/trainer/measurements.md, "Stability").
 * Is not: the count of the run itself (block.h) or the choice of the estimator (pilot.h). */
#ifndef PDLT_TRAINER_PILOT_STABILITY_TAIL_H
#define PDLT_TRAINER_PILOT_STABILITY_TAIL_H

#include <jansson.h>
#include <signal.h>

#include "base/core/progress.h"
#include "trainer/network/network.h"
#include "trainer/record/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A share of unstable draws above this gets a warning. */
#define PDLT_STABILITY_SHARE 1e-5

/* x = eta theta_max over the pilot's draws at one width. */
typedef struct pdlt_stability_tail {
  int width;                 /* n */
  int draws;                 /* of which it is the tail */
  double count;              /* draws with x > 2 or an NTK that is not finite */
  double mean, sd, skewness; /* of the finite x */
  double tail;               /* P(x > 2) from these three */
  double share;              /* the larger of count/draws and tail */
  double stable_width;       /* at which the tail is PDLT_STABILITY_SHARE; INFINITY: none */
} pdlt_stability_tail;

/* P(x > limit) of the shifted lognormal with this mean, standard deviation and skewness > 0;
 * of the normal distribution for skewness <= 0. */
double pdlt_stability_tail_at(double mean, double sd, double skewness, double limit);

/* Width n' >= n at which P(x > 2) = PDLT_STABILITY_SHARE when the mean stays and standard
 * deviation and skewness fall as (n/n')^1/2; n itself when it is below; INFINITY when mean >= 2. */
double pdlt_stability_width(int n, double mean, double sd, double skewness);

/* Moments and tail of x (count), of which those that are not finite only count. */
void pdlt_stability_fit(pdlt_stability_tail *out, size_t count, const double *x);

/* Of what the run takes at a width, by flops, the pilot takes at most this share. */
#define PDLT_STABILITY_WORK 0.03

/* Draws of the pilot at the width of net: as many as take PDLT_STABILITY_WORK of the flops of the
 * experiment's members (max_members of `until`; 50 steps for `steps: end`) or 2e10 flops, about a
 * second, whichever is more; from 32 to PDLT_STABILITY_DRAWS. */
int pdlt_stability_draws(const pdlt_plan *plan, const pdlt_network *net);

/* tails: (widths) for a plan with `unstable`. Errors: PDLT_ERR_MEMORY,
 * PDLT_ERR_INTERRUPTED. Results do not depend on threads. Cost: that many draws per width, an NTK
 * and its largest eigenvalue each. progress may be NULL. */
pdlt_status pdlt_stability_pilot(pdlt_stability_tail *tails, const pdlt_plan *plan, int threads,
                                 const volatile sig_atomic_t *stop, pdlt_progress *progress,
                                 pdlt_error *err);

/* One line for each width whose share is above PDLT_STABILITY_SHARE. */
void pdlt_stability_warn(const pdlt_stability_tail *tails, size_t widths, pdlt_progress *progress);

/* [{width, draws, count, mean, sd, skewness, tail, share, stable_width}, ...]; null where there is
 * no number; NULL when out of memory. */
json_t *pdlt_stability_json(const pdlt_stability_tail *tails, size_t widths);

#ifdef __cplusplus
}
#endif
#endif
