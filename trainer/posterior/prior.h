/* prior.h - a network of the prior as its hidden layers show it: preactivations, without weights.
 *
 * Is: the exact joint draw of the preactivations of D samples in all hidden layers, and the kernels that
 * go with them. Given the layer below, neurons are independent Gaussians (docs/posterior.md, "Measured"):
 *
 *   Khat^(1) = C_b + (C_W/n_0) x.x
 *   z^(l)_j  = Lambda^(l) t_j,   Lambda Lambda^T = Khat^(l),   t_j standard normal, j = 1..n_l
 *   Khat^(l+1) = C_b + (C_W/n_l) sum_j s_j s_j,   s = sigma(z^(l))
 *
 * The outputs given Khat^(L) are Gaussian and are never drawn (readout.h).
 * Is not: a network; weights are never formed, nothing can be trained. Gradients: trainer/control. */
#ifndef PDLT_TRAINER_POSTERIOR_PRIOR_H
#define PDLT_TRAINER_POSTERIOR_PRIOR_H

#include <stdint.h>

#include "trainer/network/network.h"
#include "trainer/network/samples.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Hidden layer l is index l - 1; arrays of neurons lie sample by sample. */
typedef struct pdlt_prior {
  const pdlt_network *net; /* borrowed */
  size_t samples;          /* D */
  size_t numbers;          /* sum of n_l D over the hidden layers */
  double *t;               /* (numbers) t of layer 1 (D, n_1), then of layer 2, ... */
  double **root;           /* (L - 1) of (D, D): Lambda, lower triangular */
  double **kernel;         /* (L) of (D, D): Khat^(l); kernel[0] is the same for all draws */
  double *s;               /* (D, widest) */
  double *storage;
} pdlt_prior;

/* Memory for one draw at a time; layers without positions and skips. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_prior_new(pdlt_prior *out, const pdlt_network *net, const pdlt_samples *data,
                           pdlt_error *err);
void pdlt_prior_free(pdlt_prior *prior);

/* t of draw (seed, member), then pdlt_prior_forward. Cost: n D random numbers, O(n D^2) per layer. */
void pdlt_prior_draw(pdlt_prior *prior, uint64_t seed, uint64_t member);

/* root and kernel of the layers above the first, from t. */
void pdlt_prior_forward(pdlt_prior *prior);

/* Lower triangular root (n, n), root root^T = a, of a symmetric a (n, n) without negative eigenvalues;
 * where a pivot is 0 up to rounding its column is 0, as two equal samples need it. Cost n^3/3. */
void pdlt_semidefinite_root(size_t n, const double *a, double *root);

#ifdef __cplusplus
}
#endif
#endif
