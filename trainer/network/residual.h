/* residual.h - what goes back through the network: the one place between outputs and the step.
 *
 * Is: delta^(L) of a step, from outputs and targets, as training.method and training.batch want it
 * (docs/dynamics.md, "Other steps"):
 *
 *   delta^(L) = K_s eps,    eps = z - y,
 *
 * K_s a matrix over training samples, the same for every output: 1 for gradient descent, the projector E_s
 * on the batch of step s (base/experiment/batch.h), or kappa = Theta_AA^-1 for Newton's method (PDLT 10.2.1); with training.loss:
 * cross_entropy eps = softmax(z) - y, the gradient of - sum y log softmax(z) of targets with sum 1 (PDLT
 * 10.2.3).
 * Is not: the way back itself (step.h), or the choice of kappa, which samples bring along (samples.h). */
#ifndef PDLT_TRAINER_NETWORK_RESIDUAL_H
#define PDLT_TRAINER_NETWORK_RESIDUAL_H

#include "trainer/network/samples.h"

#ifdef __cplusplus
extern "C" {
#endif

/* 1 when delta^(L) is eps itself in every step, to the last bit: gradient descent on squares, all
 * training samples at once. */
int pdlt_residual_is_plain(const pdlt_samples *data);

/* back (n_L, N_A) = delta^(L) of step number `step` = 0, 1, ..., from eps (n_L, N_A); rows are outputs. z
 * (n_L, N_A), the outputs, are read by cross-entropy alone, which does not read eps. No allocation. Cost
 * O(n_L N_A), of Newton's method 2 n_L N_A^2 flops, of cross-entropy n_L N_A exponentials. */
void pdlt_residual_back(const pdlt_samples *data, long step, const double *z, const double *eps,
                        double *back);

#ifdef __cplusplus
}
#endif
#endif
