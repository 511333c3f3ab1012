/* residual.h - criticality of networks with skip connections.
 *
 * Is: the critical point at a skip strength gamma, and how fast the four-point vertex of one input grows with
 * depth there (docs/skips.md, "Criticality"; without skips PDLT chapter 5).
 * Is not: kernels (kernel.h) or tensors (theory/skip). */
#ifndef PDLT_THEORY_INFINITE_RESIDUAL_H
#define PDLT_THEORY_INFINITE_RESIDUAL_H

#include "theory/infinite/critical.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Of layers with a skip of gamma, gamma^2 < 1, from the point without: C_b, C_W, their error and a1, b1 times
 * 1 - gamma^2, K* and exponents as they are. Else a point of kind NONE with the reason. */
pdlt_critical_point pdlt_critical_with_skip(const pdlt_critical_point *plain, double gamma);

/* nu of V/(n K^2) = nu l/n at large depth, from the critical point without skips: (2/3)(1 - gamma^4) at K* = 0,
 *   (1 - gamma^2)^2 [c(1) + 2 sum_{m>=1} c(gamma^m)],  c(rho) = (C_W/K)^2 (<s^2 s^2>_rho - <s^2>^2)
 * else. NaN where there is no critical point or gamma^2 >= 1. Errors: PDLT_ERR_MEMORY, PDLT_ERR_NUMERIC. */
pdlt_status pdlt_critical_vertex(double *nu, const pdlt_activation *act,
                                 const pdlt_critical_point *plain, double gamma, pdlt_error *err);

/* r* = 4/((20 + 3 n_L) nu), the ratio of depth to width at which mutual information is largest (PDLT appendix
 * A, docs/information.md). */
double pdlt_critical_ratio(double nu, double outputs);

#ifdef __cplusplus
}
#endif
#endif
