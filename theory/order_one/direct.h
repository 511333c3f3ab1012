/* direct.h - the mean at order 1/n by the direct road over steps, whatever K_s they have.
 *
 * Is: z_nlo of docs/dynamics.md, "Other steps", on samples as they are, without an eigenbasis: for batches, and
 * a second road for gradient descent and Newton's method.
 * Covariance likewise.
 * Is not: the end of training, or the NTK. */
#ifndef PDLT_THEORY_ORDER_ONE_DIRECT_H
#define PDLT_THEORY_ORDER_ONE_DIRECT_H

#include "theory/order_one/mean.h"

#ifdef __cplusplus
extern "C" {
#endif

/* z_nlo (T, n_L, D) and its parts (5, T, n_L, D) at finite whole steps in increasing order; targets are not
 * centered, and there is no flow. Factors of terms apply. Errors: PDLT_ERR_INPUT (times; those of
 * pdlt_steps_new), PDLT_ERR_MEMORY. Cost per step 40 n_L D A^3 + 8 n_L A^4 flops; memory 6 n_L A^3 doubles. */
pdlt_status pdlt_direct_run(const pdlt_dynamics_input *input, size_t num_times, const double *times,
                            double *z_nlo, double *parts, pdlt_error *err);

/* Flops of pdlt_direct_covariance over so many steps. */
double pdlt_direct_covariance_flops(const pdlt_training_input *input, double steps);

/* cov_nlo (T, n_L, D, n_L, D), exactly symmetric, at such times; g1 (D, D), d and f (D, D, D, D) as
 * pdlt_covariance_new takes them. Errors as above. Cost 3 n_L D times pdlt_direct_run, and per step 8 n_L^2 D^3
 * A^2 flops; memory D^2 A^2 doubles. */
pdlt_status pdlt_direct_covariance(const pdlt_dynamics_input *input, const double *g1,
                                   const double *d, const double *f, size_t num_times,
                                   const double *times, double *cov_nlo, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
