/* critical.h - criticality: the initialization at which signals neither explode nor
 * vanish with depth, for one input and its perturbations.
 *
 * Is: parallel and perpendicular susceptibility, and the stable or half-stable critical
 * point of an activation with its exponents (PDLT chapter 5; docs/kernels.md).
 * Is not: kernels of many samples (kernel.h) or order 1/n. */
#ifndef PDLT_THEORY_INFINITE_CRITICAL_H
#define PDLT_THEORY_INFINITE_CRITICAL_H

#include "base/activation/activation.h"
#include "base/core/status.h"
#include "theory/gauss/expectation.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pdlt_critical_class {
  PDLT_CRITICAL_NONE,            /* see reason */
  PDLT_CRITICAL_SCALE_INVARIANT, /* every K is a fixed point */
  PDLT_CRITICAL_K_ZERO,          /* K* = 0, approached as 1/((-a1) l) */
  PDLT_CRITICAL_HALF_STABLE      /* K* > 0, stable from one side only */
} pdlt_critical_class;

enum { PDLT_CRITICAL_REASON_LENGTH = 200 };

/* Where C_b, C_W hold chi_parallel = chi_perp = 1 at the fixed point K*. */
typedef struct pdlt_critical_point {
  pdlt_critical_class kind;
  char reason[PDLT_CRITICAL_REASON_LENGTH]; /* NONE: why; else empty */
  double C_b, C_W;
  double K;       /* K*; NaN when every K is a fixed point */
  double error_K; /* estimated error of K*, and of C_b and C_W */
  double error_C;
  double a1;     /* K_ZERO: K' = K + a1 K^2 + ..., chi_parallel = 1 + 2 a1 K + ...; else 0 */
  double b1;     /* K_ZERO: chi_perp = 1 + b1 K + ...; else 0 */
  double p_0;    /* K^(l) ~ l^-p_0: 1 for K_ZERO, else 0 */
  double p_perp; /* product of chi_perp over layers ~ l^-p_perp: b1/a1 for K_ZERO, else 0 */
} pdlt_critical_point;

/* The critical point by the general rule of PDLT chapter 5:
 * 1. scale-invariant: C_b = 0, C_W = 2/(a_+^2 + a_-^2), any K;
 * 2. sigma(0) = 0, sigma'(0) != 0 and a1 = (3/4)(s2/s1)^2 + s3/s1 < 0 (s_k = k-th derivative
 *    at 0): K* = 0, C_b = 0, C_W = 1/s1^2, b1 = (s2/s1)^2 + s3/s1;
 * 3. else the smallest K* in [1e-4, 1e3] with <sigma sigma''> = 0, where both susceptibilities
 *    agree, C_W = 1/<sigma'^2>, and C_b = K* - C_W <sigma^2> >= 0;
 * 4. else none, with the reason.
 * An activation without a critical point is a result, not an error. Errors:
 * PDLT_ERR_NUMERIC, PDLT_ERR_MEMORY. */
pdlt_status pdlt_critical_find(pdlt_critical_point *out, const pdlt_activation *act,
                               pdlt_error *err);

/* K^(l) of the asymptotic decay, 1/((-a1) l), for a K_ZERO point; K* otherwise. */
double pdlt_critical_kernel_asymptote(const pdlt_critical_point *point, double layer);

/* chi_parallel = C_W <sigma^2 (z^2 - K)>/(2 K^2) = dK'/dK, smooth activations as
 * C_W (<sigma'^2> + <sigma sigma''>), which also holds at K = 0. */
pdlt_status pdlt_chi_parallel(pdlt_value *out, const pdlt_activation *act, double C_W, double K,
                              pdlt_error *err);

/* chi_perp = C_W <sigma'^2>. */
pdlt_status pdlt_chi_perp(pdlt_value *out, const pdlt_activation *act, double C_W, double K,
                          pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
