/* correlation.h - the correlation of two Gaussian variables.
 *
 * Is: rho of a covariance matrix, in the range that square roots of 1 - rho^2 need.
 * Is not: a check that the matrix is one (expectation.c). */
#ifndef PDLT_THEORY_GAUSS_CORRELATION_H
#define PDLT_THEORY_GAUSS_CORRELATION_H

#include <math.h>

#ifdef __cplusplus
extern "C" {
#endif

/* K_12/sqrt(K_11 K_22), clipped to [-1, 1]; 0 when a variance is 0. Exactly 1 when
 * K_11 = K_12 = K_22. */
static inline double pdlt_correlation(double k11, double k12, double k22) {
  const double norm = sqrt(k11) * sqrt(k22);
  if (!(norm > 0)) return 0;
  if (k11 == k12 && k12 == k22) return 1;
  return fmax(-1, fmin(1, k12 / norm));
}

#ifdef __cplusplus
}
#endif
#endif
