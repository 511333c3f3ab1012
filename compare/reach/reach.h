/* reach.h - how far the expansion in 1/width can be trusted, width by width.
 *
 * Is: a few numbers of each width, from the two archives alone.
 * Is not: a test; the verdict is verdict.h. */
#ifndef PDLT_COMPARE_REACH_REACH_H
#define PDLT_COMPARE_REACH_REACH_H

#include "base/file/archive.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A larger share of members whose own linearization is unstable (eta times the largest
 * eigenvalue of their NTK above 2) takes a width out of the fit of z. */
#define PDLT_UNSTABLE_SHARE 1e-5

/* More of the variance than this in the top 0.1 % of the members means heavy tails: error bars
 * are not those of a Gaussian (docs/statistics.md). */
#define PDLT_HEAVY_TOP 0.25

/* NaN: not known. */
typedef struct pdlt_reach {
  double correction;   /* h |z_nlo| / |z_lo| at the last time, root mean squares */
  double ntk_spread;   /* standard deviation of Theta_ii;11 over networks relative to its mean,
                          sqrt(h (A_1111 + 2 B_1111))/Theta_11, mean over samples */
  double unstable;     /* share of members with eta theta_max > 2: the run's count or the estimate
                          of the trainer's pilot (meta stability), whichever is larger */
  double stable_width; /* at which that share would be PDLT_UNSTABLE_SHARE; INFINITY: at none; NaN:
                          not above it */
  double top_share;    /* share of the variance of z carried by the top 0.1 % of the members */
} pdlt_reach;

pdlt_reach pdlt_reach_of_width(const pdlt_archive *theory, const pdlt_archive *measured, double n,
                               double h);

/* Width at which the unstable share would fall to PDLT_UNSTABLE_SHARE, when the largest
 * eigenvalue is normal with a spread that falls as n^-1/2; INFINITY when share >= 1/2. Used where
 * the pilot's fit names none beyond n. */
double pdlt_reach_stable_width(double n, double share);

#ifdef __cplusplus
}
#endif
#endif
