/* distance.h - how far measurements are from a prediction, and how that falls with width.
 *
 * Is: a root mean square over many numbers beside its noise floor, and its exponent of n. A root
 * mean square is never zero: noise alone gives that of the standard errors.
 * Is not: where the numbers come from (compare/verdict/slope.h, compare/claim/expectation.c). */
#ifndef PDLT_COMPARE_STATISTICS_DISTANCE_H
#define PDLT_COMPARE_STATISTICS_DISTANCE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Distance of measured numbers from predictions at one width. */
typedef struct pdlt_distance {
  double value; /* root mean square of measured - prediction */
  double se;    /* its standard error */
  double floor; /* root mean square of the standard errors: what pure noise would give */
  int used;     /* 1: in the fit */
  size_t numbers;
} pdlt_distance;

/* 1 when the distance stands clear of its noise floor: above twice the floor. */
int pdlt_distance_clear(const pdlt_distance *distance);

/* Fits log(distance) against log(width) over the n distances that stand clear, the floor subtracted
 * in quadrature, weighted by their errors: exponent and standard error; NaN with fewer than two. */
void pdlt_distance_slope(size_t n, const double *widths, const pdlt_distance *distance,
                         double *slope, double *se);

#ifdef __cplusplus
}
#endif
#endif
