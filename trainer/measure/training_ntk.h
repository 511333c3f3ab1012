/* training_ntk.h - the NTK of the outputs as they are while a network trains.
 *
 * Is: Theta_ij;ab = sum_mu lambda_mu dz_i;a/dtheta_mu dz_j;b/dtheta_mu of one network in its
 * present state, all outputs and samples, by exact gradients (PDLT ch. 8 and 11):
 *
 *   Theta_ij;ab = sum_l h^(l)_ab <delta^(l)_i;a, delta^(l)_j;b>,  delta^(l)_i;a = dz_i;a/dz^(l)
 *   h^(l)_ab    = lambda_b + lambda_W/n_{l-1} s^(l-1)_a.s^(l-1)_b
 *
 * and by positions_ntk.h where layers have positions.
 * Is not: the mean NTK at initialization with the top layer integrated out (ntk.h). */
#ifndef PDLT_TRAINER_MEASURE_TRAINING_NTK_H
#define PDLT_TRAINER_MEASURE_TRAINING_NTK_H

#include "trainer/measure/positions_ntk.h"
#include "trainer/network/step.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_training_ntk {
  const pdlt_network *net;  /* borrowed */
  const pdlt_samples *data; /* borrowed */
  double **s, **ds;         /* (L-1) of (n_l, D) */
  double **h;               /* (L) of (D, D) */
  double *delta[2];         /* (max n_l, n_L D) */
  double *gram;             /* (n_L D, n_L D) */
  double *storage;
  pdlt_positions_ntk positions; /* where layers have them, instead of all that */
} pdlt_training_ntk;

/* Memory for one network at a time. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_training_ntk_new(pdlt_training_ntk *out, const pdlt_network *net,
                                  const pdlt_samples *data, pdlt_error *err);
void pdlt_training_ntk_free(pdlt_training_ntk *ntk);

/* out (n_L, D, n_L, D) at the state that the stepper's last forward saw. Cost, with p = n_L D:
 * p n^2 + p^2 n for each hidden layer. */
void pdlt_training_ntk_measure(pdlt_training_ntk *ntk, const pdlt_stepper *stepper, double *out);

/* The same of the network with parameters theta. */
void pdlt_training_ntk_of(pdlt_training_ntk *ntk, const double *theta, double *out);

/* Of that network, after it: outputs z (n_L, D), and kernel (D, D) = C_b + C_W/n s_a.s_b, their covariance
 * over the readout's parameters, the same for each output. */
void pdlt_training_ntk_readout(pdlt_training_ntk *ntk, const double *theta, double *z,
                               double *kernel);

#ifdef __cplusplus
}
#endif
#endif
