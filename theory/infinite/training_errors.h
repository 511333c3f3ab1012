/* training_errors.h - numerical errors of the trained output at infinite width.
 *
 * Is: first-order bounds from the errors of each entry of K and Theta and from rounding, for one
 * time (docs/infinite_training.md, "Errors"). Part of training.h; only this room includes it.
 * Is not: a second computation.
 *
 * Shapes: D samples, the first A of them train; n_L outputs. */
#ifndef PDLT_THEORY_INFINITE_TRAINING_ERRORS_H
#define PDLT_THEORY_INFINITE_TRAINING_ERRORS_H

#include "theory/infinite/training.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What one time has done to the modes; (A) each, borrowed. */
typedef struct pdlt_training_time {
  const double *sum;   /* S_a = eta sum_s |mu_a|^s */
  const double *last;  /* |mu_a|^(t-1), flow e^(-theta_a t); 0 at the end */
  const double *rate;  /* (1 - |mu_a|)/eta, flow theta_a */
  const double *decay; /* |mu_a|, flow 1 */
  double elapsed;      /* eta t, flow t */
} pdlt_training_time;

/* Fills mode_error, row_error, row_norm, block_norm of a training that has everything else. theta:
 * (D, D). Errors: PDLT_ERR_MEMORY. Cost O(A^3 + D A^2). */
pdlt_status pdlt_training_errors_prepare(pdlt_training *training, const double *theta,
                                         pdlt_error *err);

/* Bound of |Theta_AA^(-1/2) dTheta_AA Theta_AA^(-1/2)|: below 1 Theta_AA is positive definite
 * whatever its errors are. Infinite when an eigenvalue is not positive; 0 when A = 0. */
double pdlt_training_relative_error(const pdlt_training *training);

/* factor (D, A), N (D, D) and NK = N K (D, D) of training.c; N = NULL: the mean alone. Errors:
 * PDLT_ERR_MEMORY. Cost O(D A (A + D) + D^3), the last with N only. */
pdlt_status pdlt_training_errors_at(pdlt_training_errors *out, const pdlt_training *training,
                                    const pdlt_training_time *time, const double *factor,
                                    const double *N, const double *NK, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
