/* pilot.h - which estimator gives the smallest error bar for the work.
 *
 * Is: a fixed number of draws outside the run, at the smallest and the largest width,
 * and a count of flops; never a clock, so the choice is the same on every run.
 * Is not: part of the result; the run draws other members. */
#ifndef PDLT_TRAINER_PILOT_PILOT_H
#define PDLT_TRAINER_PILOT_PILOT_H

#include "base/core/progress.h"
#include "trainer/draw/block.h"
#include "trainer/network/draws.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Variances are summed over at most so many values, evenly spread over times, outputs, samples; of products
 * over at most so many. */
enum { PDLT_PILOT_VALUES = 1024, PDLT_PILOT_PRODUCTS = 256 };

/* Pairs that must survive for more than plain networks to be chosen. */
enum { PDLT_PILOT_SURVIVORS = 8 };

/* auto looks at linearizations where so many at either width take less than this share of the work of plain
 * networks there, or than so many flops, a second. */
enum { PDLT_PILOT_LOOKS = 1280 };
#define PDLT_PILOT_WORK 0.1
#define PDLT_PILOT_FLOPS 2e10

/* Levels that are considered, the own linearization at 0. */
enum { PDLT_MAX_CANDIDATES = 37 };

/* Quantities that are weighed together: z; products of outputs, of which covariances and losses are made. */
enum { PDLT_PILOT_Z, PDLT_PILOT_COV, PDLT_PILOT_PARTS };

/* What the draws at one width say about one of them. Variances per draw. m: a pair's average; of products
 * d d^T + (m - mbar)(m - mbar)^T. c_k: what candidate k puts in its place, of products delta_k delta_k^T. */
typedef struct pdlt_pilot_part {
  int controlled;           /* 0: candidates say nothing about it, and all below are 0 */
  int fitted;               /* 1: its coefficient is fitted whatever the option */
  double plain, antithetic; /* variance of what a network says, of m */
  double further; /* variance of a further c_0: of a draw without weights, less its controls */
  double with_mean[PDLT_MAX_CANDIDATES];                       /* covariance of m and c_k */
  double covariance[PDLT_MAX_CANDIDATES][PDLT_MAX_CANDIDATES]; /* of c_j and c_k */
} pdlt_pilot_part;

/* What 64 pairs at one width say. */
typedef struct pdlt_pilot_table {
  size_t survivors, candidates; /* draws; candidates k = 0..candidates-1, or 0 */
  size_t parts;                 /* 1: z alone */
  pdlt_pilot_part part[PDLT_PILOT_PARTS];
  double flops_train, flops_draw;    /* of one network; of its random numbers */
  double flops_level;                /* of those of a further draw of a level */
  double flops_further;              /* of a further c_0 */
  double flops[PDLT_MAX_CANDIDATES]; /* of c_k of a draw */
  pdlt_level level[PDLT_MAX_CANDIDATES];
} pdlt_pilot_table;

/* A way to take means over pairs: candidates 0 < level[0] < .. as levels. */
typedef struct pdlt_pilot_option {
  size_t samples; /* draws without weights per draw; 0: without linearization */
  int fitted;     /* coefficient from the other blocks, not 1 */
  size_t levels, level[PDLT_MAX_LEVELS];
  size_t draws[PDLT_MAX_LEVELS]; /* further draws of each */
} pdlt_pilot_option;

/* V_k of a part and flops of a further draw of the option's k-th level. */
double pdlt_pilot_level_variance(const pdlt_pilot_part *part, const pdlt_pilot_option *option,
                                 size_t k);
double pdlt_pilot_level_flops(const pdlt_pilot_table *table, const pdlt_pilot_option *option,
                              size_t k);

/* Variance of a part per draw. With V_k the variance of c_k - c_j, c_j the level below,
 * R_k its further draws, and c the last level:
 *   var x = var c + further/M + sum V_k/R_k,  cov(m, x) = - cov(m, c);
 * the coefficient of x is 1, or the best one when fitted. Without samples: of pairs. */
double pdlt_pilot_variance(const pdlt_pilot_part *part, const pdlt_pilot_option *option);

/* That times flops per draw, relative to plain networks and averaged over the two widths: time to a given
 * error of the part, that of plain being 1. */
double pdlt_pilot_work(const pdlt_pilot_table table[2], const pdlt_pilot_option *option,
                       size_t part);

/* The same of all parts together: at either width the geometric mean. */
double pdlt_pilot_together(const pdlt_pilot_table table[2], const pdlt_pilot_option *option);

/* What is kept of a part at one width. */
typedef struct pdlt_pilot_seen {
  double plain, antithetic, linear, covariance, further; /* linear: c_0; covariance: of m and c_0 */
  double chosen;                                         /* variance per draw as it was chosen */
  double level_variance[PDLT_MAX_LEVELS];
} pdlt_pilot_seen;

/* And of all. */
typedef struct pdlt_pilot_width {
  size_t survivors;
  pdlt_pilot_seen seen[PDLT_PILOT_PARTS];
  double flops_train, flops_draw, flops_linear, flops_further;
  double level_flops[PDLT_MAX_LEVELS]; /* of a further draw */
} pdlt_pilot_width;

typedef struct pdlt_pilot {
  int antithetic; /* the choice */
  int linearized; /* 1: levels were looked at, and the fields about them are filled */
  size_t samples; /* 0: without linearization */
  int fitted;     /* and how, as in an option */
  size_t parts;   /* that were weighed */
  double work[PDLT_PILOT_PARTS]; /* pdlt_pilot_work of each as chosen; 1 of plain */
  pdlt_levels levels;
  pdlt_pilot_width width[2]; /* smallest and largest */
} pdlt_pilot;

/* Of what `estimator` allows the option with the least work for all parts together: every chain of levels,
 * with numbers of draws by the rule of multilevel Monte Carlo, all further ones at most four times the work of
 * the trained pair (docs/trainer/control.md, "Choice of the estimator").
 * auto takes no option by which a part that has a control takes more work than with plain, and prefers the
 * simpler of two estimators unless the other saves a tenth. Fewer than 8 surviving pairs decide for plain, or
 * for one draw without weights and no level. Returns whether pairs are taken. */
int pdlt_pilot_decide(const pdlt_pilot_table table[2], pdlt_estimator estimator,
                      pdlt_pilot_option *out);

/* Whether covariances or losses are asked for, which are made of products; else z alone is weighed. */
int pdlt_pilot_has_products(const pdlt_plan *plan);

/* Trains and decides for the experiment's estimator: auto, control or two_level. auto looks
 * at levels only where that is cheap (PDLT_PILOT_WORK). Errors: PDLT_ERR_MEMORY, PDLT_ERR_INTERRUPTED. progress may be NULL. */
pdlt_status pdlt_pilot_run(pdlt_pilot *out, const pdlt_plan *plan, int threads,
                           const volatile sig_atomic_t *stop, pdlt_progress *progress,
                           pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
