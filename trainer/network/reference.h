/* reference.h - the trainer in plain loops, sample by sample: the second road.
 *
 * Is: forward, gradient and step exactly as the equations read, on the same parameters
 * as the fast kernels.
 * Is not: fast; tests compare step.h and ntk.h with it. */
#ifndef PDLT_TRAINER_NETWORK_REFERENCE_H
#define PDLT_TRAINER_NETWORK_REFERENCE_H

#include "trainer/network/network.h"
#include "trainer/network/samples.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Outputs z (n_L, D) of all samples. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_reference_output(const pdlt_network *net, const pdlt_samples *data,
                                  const double *theta, double *z, pdlt_error *err);

/* Preactivations of one sample: z[l-1] (n_l, P_l) begins at the sum of those below, so
 * preactivations (n_1 P_1 + ... + n_L); x (n_0, P_0). */
void pdlt_reference_forward(const pdlt_network *net, const double *theta, const double *x,
                            double *preactivations);

/* grad (num_params) = dz^(l)_i / dtheta for one sample x (n_0, P_0), l = 1..L, i a neuron or, with
 * positions, channel P_l + position. Errors: PDLT_ERR_MEMORY. Cost O(num_params), times positions. */
pdlt_status pdlt_reference_gradient(const pdlt_network *net, const double *theta, const double *x,
                                    int l, size_t i, double *grad, pdlt_error *err);

/* lambda_mu of parameter mu: lambda (num_params). */
void pdlt_reference_lambda(const pdlt_network *net, double *lambda);

/* theta <- theta - eta lambda dz/dtheta back, back (n_L, N_A) what goes back of the training outputs. Errors:
 * PDLT_ERR_MEMORY. Cost O(N_A n_L num_params). */
pdlt_status pdlt_reference_move(const pdlt_network *net, const pdlt_samples *data, double eta,
                                const double *back, double *theta, pdlt_error *err);

/* The same with z - y: theta <- theta - eta lambda dLoss/dtheta over the training samples. Errors:
 * PDLT_ERR_MEMORY. Cost O(N_A n_L num_params). */
pdlt_status pdlt_reference_step(const pdlt_network *net, const pdlt_samples *data, double eta,
                                double *theta, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
