/* gradient.h - derivatives of one output of a network with respect to all of its parameters.
 *
 * Is: activations of every layer and derivatives of one output with respect to every preactivation, on
 * all samples, which is all that dz_i/dtheta needs: that of weight (m, j) of layer l at sample a is
 * delta^(l)_m;a s^(l-1)_j;a, that of bias m is delta^(l)_m;a. Kernels, directions and statistics are made of
 * these; the derivatives themselves, parameters times samples, are never formed.
 * Is not: for layers with positions; nor the whole NTK (trainer/measure/training_ntk.h).
 *
 * Shapes: as in trainer/network, neuron by neuron. */
#ifndef PDLT_TRAINER_FEATURES_GRADIENT_H
#define PDLT_TRAINER_FEATURES_GRADIENT_H

#include "trainer/network/network.h"
#include "trainer/network/samples.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_gradient {
  const pdlt_network *net;  /* borrowed */
  const pdlt_samples *data; /* borrowed */
  const double *theta;      /* of the last forward; borrowed */
  const double **s;         /* (L) s[k] (n_k, D): what layer k + 1 reads; s[0] are the inputs */
  double **z; /* (L) z[k] (n_{k+1}, D) preactivations of layer k + 1; the last are the outputs */
  double **slope; /* (L - 1) slope[k] (n_{k+1}, D) = sigma'(z[k]) */
  double **delta; /* (L) delta[k] (n_{k+1}, D) = dz_i/dz^(k+1) of the output asked for last */
  double *h;      /* (D, D) work */
  double *work;   /* (max n_l, D) */
  double *storage;
} pdlt_gradient;

/* Memory for one network at a time. Errors: PDLT_ERR_UNSUPPORTED (layers with positions), PDLT_ERR_MEMORY. */
pdlt_status pdlt_gradient_new(pdlt_gradient *out, const pdlt_network *net, const pdlt_samples *data,
                              pdlt_error *err);
void pdlt_gradient_free(pdlt_gradient *g);

/* s, z and slope of the network with parameters theta, which must stay. Cost 2 D num_params flops. */
void pdlt_gradient_forward(pdlt_gradient *g, const double *theta);

/* delta of output i. Cost 2 D num_params flops. */
void pdlt_gradient_output(pdlt_gradient *g, size_t i);

/* kernel (L, D, D) = sum_i sum_{mu of layer l} lambda_mu dz_i;a/dtheta_mu dz_i;b/dtheta_mu: the NTK traced
 * over outputs, layer by layer; their sum is the whole. Leaves delta of the last output. Cost n_L D times
 * that of a forward. */
void pdlt_gradient_kernel(pdlt_gradient *g, double *kernel);

/* direction (num_params) = lambda_mu sum_a c_a dz_i;a/dtheta_mu of the output asked for last; c (D). The
 * function of feature space w = sum_a c_a phi(x_a) is the derivative of z_i along it: w.phi(x) =
 * sum_mu direction_mu dz_i(x)/dtheta_mu (docs/features.md, "Functions of features"). */
void pdlt_gradient_direction(pdlt_gradient *g, const double *c, double *direction);

/* spread (num_params) = standard deviation over samples of dz_i/dtheta_mu of the output asked for last. */
void pdlt_gradient_spread(pdlt_gradient *g, double *spread);

/* out (D) = dz_i;a/dtheta_mu of one parameter. */
void pdlt_gradient_parameter(const pdlt_gradient *g, size_t mu, double *out);

#ifdef __cplusplus
}
#endif
#endif
