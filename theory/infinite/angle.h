/* angle.h - the angle of two samples under a kernel, followed from layer to layer.
 *
 * Is: for kinked activations, sigma = m z + d |z|, and samples that are nearly parallel or
 * antiparallel: sin phi without the loss of half the digits that K_12/sqrt(K_11 K_22) brings.
 * Is not: averages over the angle (averages.h). Derivation: docs/kernels.md, "Nearly parallel
 * samples". */
#ifndef PDLT_THEORY_INFINITE_ANGLE_H
#define PDLT_THEORY_INFINITE_ANGLE_H

#include <stddef.h>

#include "base/activation/activation.h"
#include "base/experiment/layer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* sin phi and its absolute error; sine < 0: not followed, the kernel itself says it well enough. */
typedef struct pdlt_angle {
  double sine, error;
} pdlt_angle;

/* Beyond it the kernel says the angle to 1e-14. */
#define PDLT_ANGLE_FOLLOWED 0.02

/* Whether rho is so near to 1 or -1 that the angle is worth following. */
int pdlt_angle_is_small(double k11, double k12, double k22);

/* In the first layer, of samples x and y (n_0) under the kernel (k11, k12, k22): by what of one is left
 * beside the other. The same for (y, x), to the last bit. Cost O(n_0). */
pdlt_angle pdlt_angle_first(const pdlt_layer *layer, const double *x, const double *y, double k11,
                            double k12, double k22);

/* In the next layer, whose C_b and C_W are those of `layer`, from the angle in this one under (k11,
 * k12, k22) with errors e11, e22; next: the kernel there. Not followed where this one is not, or where
 * rho there is not near to 1. */
pdlt_angle pdlt_angle_next(const pdlt_activation_traits *traits, const pdlt_layer *layer,
                           const pdlt_angle *angle, const double k[3], const double e[3],
                           const double next[3]);

#ifdef __cplusplus
}
#endif
#endif
