/* wide.h - pair expectations at any kernel, also where sigma is a step or a kink on the scale of
 * the Gaussian.
 *
 * Is: <sigma^(p)(z1) sigma^(q)(z2)>, all p and q at once, by trapezoid rules whose nodes lie dense
 * around z = 0, where sigma bends, and ever wider beyond.
 * Is not: the fast road (hermite.h), which needs one series per sample and no grid per pair; or
 * for activations with a kink, which have closed forms.
 *
 * Derivation: docs/kernels.md, "Large kernels". */
#ifndef PDLT_THEORY_GAUSS_WIDE_H
#define PDLT_THEORY_GAUSS_WIDE_H

#include "base/activation/activation.h"
#include "base/core/status.h"
#include "theory/gauss/expectation.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PDLT_WIDE_ORDERS = 6 };

/* Entry (p, q): <sigma^(p)(z1) sigma^(q)(z2)>, its error, and sqrt(<sigma^(p)(z1)^2>
 * <sigma^(q)(z2)^2>); orders beyond the one asked for are 0. */
typedef struct pdlt_wide {
  pdlt_value average[PDLT_WIDE_ORDERS][PDLT_WIDE_ORDERS];
  double size[PDLT_WIDE_ORDERS][PDLT_WIDE_ORDERS];
} pdlt_wide;

/* All p, q <= max_order <= 5 for (z1, z2) ~ N(0, ((k11, k12), (k12, k22))), singular or not; the
 * step shrinks until the error of <sigma^(p) sigma^(q)> is at most tolerance times its size for
 * each of the `count` pairs of orders in `order`. The same bits when the samples change places.
 * Errors: PDLT_ERR_UNSUPPORTED (activation with a kink), PDLT_ERR_NUMERIC (not reached; the message
 * says what to do), PDLT_ERR_MEMORY. Cost: about 10^4 to 10^5 evaluations, growing as log k. */
pdlt_status pdlt_wide_pair(pdlt_wide *out, const pdlt_activation *act, int max_order, size_t count,
                           const int (*order)[2], double k11, double k12, double k22,
                           double tolerance, pdlt_error *err);

/* Error of a trapezoid rule for an analytic function, from its distance to the rule of twice the
 * step: about the square of the latter, both relative to `size`; with a margin and rounding. */
double pdlt_wide_error(double distance, double size);

#ifdef __cplusplus
}
#endif
#endif
