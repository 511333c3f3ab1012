/* legendre.h - the Gauss-Legendre rule on (0, 1).
 *
 * Is: nodes and weights of any number of points, exact for polynomials up to degree 2 n - 1.
 * Is not: a choice of that number. */
#ifndef PDLT_BASE_CORE_LEGENDRE_H
#define PDLT_BASE_CORE_LEGENDRE_H

#ifdef __cplusplus
extern "C" {
#endif

/* node, weight (n), n >= 1, nodes ascending: roots of P_n by Newton's method. Of one point exactly 1/2 and
 * 1. Cost O(n^2). */
void pdlt_legendre_rule(int n, double *node, double *weight);

#ifdef __cplusplus
}
#endif
#endif
