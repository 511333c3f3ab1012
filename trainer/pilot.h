/* pilot.h - which estimator gives the smallest error bar for the work.
 *
 * Is: a fixed number of draws outside the run, at the smallest and the largest width,
 * and a count of flops; never a clock, so the choice is the same on every run.
 * Is not: part of the result; the run draws other members. */
#ifndef PDLT_TRAINER_PILOT_H
#define PDLT_TRAINER_PILOT_H

#include "trainer/block.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PDLT_PILOT_DRAWS = 64 };
#define PDLT_PILOT_MEMBER ((uint64_t)1 << 62) /* first member of the pilot */

/* Most further samples per draw that are considered; powers of two. */
enum { PDLT_MAX_SAMPLES = 256 };

/* What 64 pairs at one width say. Variances per draw, summed over times, outputs and
 * samples; m: a pair's average, c: its control. */
typedef struct pdlt_pilot_width {
  size_t survivors;
  double plain, antithetic, linear; /* variance of z, m, c */
  double covariance;                /* of m and c */
  double further;                   /* variance of c of a further sample, less its controls */
  double flops_train, flops_draw;   /* of one network; of its random numbers */
  double flops_linear;              /* of c of a draw */
  double flops_further;             /* of a further sample */
} pdlt_pilot_width;

typedef struct pdlt_pilot {
  int antithetic; /* the choice */
  size_t samples; /* 0: without linearization */
  int fitted;
  int linearized;            /* 1: c was looked at, and the fields about it are filled */
  pdlt_pilot_width width[2]; /* smallest and largest */
} pdlt_pilot;

/* Variance of the mean of z times flops, per draw, relative to plain networks and averaged
 * over the two widths: samples = 0: of pairs; else with the control, whose coefficient is 1 or
 * (fitted) the best. */
double pdlt_pilot_work(const pdlt_pilot *pilot, size_t samples, int fitted);

/* Variance per draw with the control over that of pairs, at one width. */
double pdlt_pilot_gain(const pdlt_pilot_width *width, size_t samples, int fitted);

/* Takes, of what `estimator` allows, the least work: antithetic, samples, fitted. auto
 * prefers the simpler of two estimators unless the other saves a tenth. Fewer than 8
 * surviving pairs decide for plain, or for one sample. */
void pdlt_pilot_decide(pdlt_pilot *pilot, pdlt_estimator estimator);

/* Trains and decides for the experiment's estimator: auto, control or two_level. auto looks
 * at c only where one c costs less than a quarter of a pair. Errors: PDLT_ERR_MEMORY,
 * PDLT_ERR_INTERRUPTED. */
pdlt_status pdlt_pilot_run(pdlt_pilot *out, const pdlt_plan *plan, int threads,
                           const volatile sig_atomic_t *stop, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
