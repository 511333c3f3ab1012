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

/* Most further samples and pairs per draw that are considered, powers of two; most stages. */
enum { PDLT_MAX_SAMPLES = 256, PDLT_MAX_PAIRS = 64, PDLT_MAX_STAGES = 16 };

/* A level in between (stage.h) after `steps`; variances as below. */
typedef struct pdlt_pilot_stage {
  long steps;
  double variance, with_mean, with_linear; /* of c_K - c; its covariances with m and with c */
} pdlt_pilot_stage;

/* What 64 pairs at one width say. Variances per draw, summed over times, outputs and
 * samples; m: a pair's average, c: its control. */
typedef struct pdlt_pilot_width {
  size_t survivors, stages;
  double plain, antithetic, linear; /* variance of z, m, c */
  double covariance;                /* of m and c */
  double further;                   /* variance of c of a further sample, less its controls */
  double flops_train, flops_draw;   /* of one network; of its random numbers */
  double flops_step;                /* of one step of it */
  double flops_linear;              /* of c of a draw */
  double flops_further;             /* of a further sample */
  pdlt_pilot_stage stage[PDLT_MAX_STAGES];
} pdlt_pilot_width;

/* A way to take the mean of z over pairs. */
typedef struct pdlt_pilot_option {
  size_t samples; /* further samples per draw; 0: without linearization */
  int fitted;     /* coefficient from the other blocks, not 1 */
  size_t stage;   /* the stage-th of the pilot's stages; 0: none */
  size_t pairs;   /* further pairs per draw in it */
} pdlt_pilot_option;

typedef struct pdlt_pilot {
  int antithetic;            /* the choice */
  pdlt_pilot_option chosen;  /* and how */
  int linearized;            /* 1: c was looked at, and the fields about it are filled */
  pdlt_pilot_width width[2]; /* smallest and largest */
} pdlt_pilot;

/* Variance of the mean of z times flops, per draw, relative to plain networks and averaged
 * over the two widths: samples = 0: of pairs; else with the control x, whose coefficient is 1
 * or (fitted) the best. With g = R/(R + 1), R further pairs in the stage, D = c_K - c there,
 * var x = var c + w^2/M + g (2 cov(c, D) + var D) and cov(m, x) = - cov(m, c) - g cov(m, D). */
double pdlt_pilot_work(const pdlt_pilot *pilot, const pdlt_pilot_option *option);

/* Variance per draw with an option over that of pairs, at one width. */
double pdlt_pilot_gain(const pdlt_pilot_width *width, const pdlt_pilot_option *option);

/* Takes, of what `estimator` allows, the least work. auto prefers the simpler of two estimators
 * unless the other saves a tenth. Fewer than 8 surviving pairs decide for plain, or for one
 * sample and no stage. */
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
