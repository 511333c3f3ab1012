/* points.h - randomized quasi-Monte Carlo: standard normal numbers that fill space evenly.
 *
 * Is: a rank-1 lattice of 2^20 points, taken in an order in which every power of 2 is a lattice, shifted at
 * random once per replica and folded (the tent map: integrands need not be periodic), so that replicas are
 * independent and their spread is an error bar.
 * Is not: random numbers for ensembles (base/random/rng.h). */
#ifndef PDLT_THEORY_GAUSS_POINTS_H
#define PDLT_THEORY_GAUSS_POINTS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { PDLT_GAUSS_MAX_POINTS = 1 << 20 }; /* of one replica */

/* z with P(Z < z) = u, u in (0, 1): Wichura's AS 241, 16 digits. */
double pdlt_gauss_normal(double u);

/* shift (dimensions) of a replica: uniform numbers, a function of the replica alone. */
void pdlt_gauss_shift(size_t replica, size_t dimensions, double *shift);

/* normal (dimensions): point `index` < PDLT_GAUSS_MAX_POINTS of the replica with that shift, made normal.
 * Coordinates beyond 256 are random, not a lattice. */
void pdlt_gauss_point(size_t replica, size_t index, size_t dimensions, const double *shift,
                      double *normal);

#ifdef __cplusplus
}
#endif
#endif
