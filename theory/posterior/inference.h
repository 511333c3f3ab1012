/* inference.h - Bayesian inference with the network at initialization as the prior, order 1/width.
 *
 * Is: evidence, mean and covariance of the outputs, kernels and hidden layers, all given noisy targets of the
 * training samples; the same where only the last layer learns; how many draws of the prior are effective.
 * Is not: training by gradient descent (theory/order_one). Derivation: docs/posterior.md.
 *
 * Shapes: D samples, the first A of them train; n_L outputs; L layers; h = 1/n_{L-1}. */
#ifndef PDLT_THEORY_POSTERIOR_INFERENCE_H
#define PDLT_THEORY_POSTERIOR_INFERENCE_H

#include "theory/posterior/chi.h"
#include "theory/tensors/doubt.h"
#include "theory/terms/posterior_term.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Layer l; everything borrowed. */
typedef struct pdlt_inference_layer {
  const double *K;     /* (D, D) */
  const double *G1;    /* (D, D) coefficient of 1/n_{l-1}; NULL: 0, as in layer 1 */
  const double *V;     /* (D, D, D, D) likewise */
  const pdlt_chi *chi; /* of the step to the next layer; NULL: the output layer */
  double C_W;          /* of the next layer */
  double here, below;  /* n_{L-1}/n_l, n_{L-1}/n_{l-1} */
} pdlt_inference_layer;

typedef struct pdlt_inference_input {
  size_t D, A, outputs;
  double noise;    /* s2 >= 0 */
  const double *y; /* (D, n_L), of which the first A rows are read */
  int order;       /* 0: infinite width alone, K of the output layer alone is read */
  int covariance;  /* 1: covariances too */
  size_t hidden;   /* L - 1; 0: hidden layers are left out */
  const pdlt_inference_layer *layer;     /* (hidden + 1), the output layer last */
  const pdlt_posterior_factors *factors; /* NULL: 1 */
} pdlt_inference_input;

enum { PDLT_INFERENCE_PARTS = 3 }; /* of z: kernel, vertex, learning, as the terms of these names */

/* Results; arrays owned, one allocation. Without order 1 what is of it is 0. */
typedef struct pdlt_inference {
  size_t D, A, outputs, hidden;
  double log_lo, log;   /* of the evidence */
  double ess;           /* log(draws/effective draws) = h ess */
  double *z_lo, *z;     /* (n_L, D) */
  double *parts;        /* (3, n_L, D) whose sum z is */
  double *cov_lo, *cov; /* (n_L, D, n_L, D); NULL without covariance, as last_cov */
  double *last_z, *last_cov;
  double *kernel; /* (hidden + 1, D, D) */
  double *q;      /* (hidden, D, D) */
  double *mean;   /* (hidden, D) */
  double *storage;
} pdlt_inference;

/* With u = P y, P = (K_AA + s2)^-1, U = u u summed over outputs, M = U - n_L P, R = 1 - K_.A P on training
 * columns, J = G1 + (1/2) V M, T_mn = V_(ma)(bn) P_ab:
 *
 *   log Z = l0 + h {(1/2) G1 M + (1/8) M V M - (1/2) U T + (n_L/4) P T}
 *   E[z|y] = K_.A u + h R (J - T) u,      Cov[z|y] = K - K_.A P K_A. + h R {J - T + u u V} R
 *   E[Kh^(l)|y] = K + h n_{L-1}/n_{l-1} {G1 + (1/2) V M},    M^(l) = chi M^(l+1)
 *   E[q^(l)|y] = the same + h n_{L-1}/n_l K M K
 *
 * (docs/posterior.md, where PDLT chapter 6 is cited). Errors: PDLT_ERR_INPUT when K_AA + s2 is singular to
 * within err_K, the error of its entries, saying so; PDLT_ERR_MEMORY. *out is untouched on failure. Cost
 * O(D^4 L + n_L^2 D^3). */
pdlt_status pdlt_inference_new(pdlt_inference *out, const pdlt_inference_input *input, double err_K,
                               pdlt_error *err);
void pdlt_inference_free(pdlt_inference *inference);

/* What is known of the errors of a layer. */
typedef struct pdlt_inference_doubt {
  pdlt_doubt K, G1, V;
} pdlt_inference_doubt;

/* Largest absolute changes. */
typedef struct pdlt_inference_errors {
  double log_lo, log, ess, z_lo, z, cov_lo, cov, last_z, last_cov, kernel, q, mean;
} pdlt_inference_errors;

/* Estimated numerical errors: everything once more with the inputs moved by theirs (theory/tensors/doubt.h,
 * chi by its own error), twice the largest change, of four moves where a tensor has a shape of errors. kernel:
 * of the output layer. doubt: (hidden + 1). Errors and cost as pdlt_inference_new, two or five times. */
pdlt_status pdlt_inference_error(pdlt_inference_errors *out, const pdlt_inference *inference,
                                 const pdlt_inference_input *input,
                                 const pdlt_inference_doubt *doubt, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
