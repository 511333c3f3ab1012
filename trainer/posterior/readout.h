/* readout.h - what the targets say about one network whose last kernel is known.
 *
 * Is: given Khat = Khat^(L) the outputs are Gaussian, so weight, mean and covariance are closed forms
 * (docs/posterior.md, "Measured"), with A the training samples:
 *
 *   log w = sum_i log N(y_i | 0, Khat_AA + s2)
 *   m_i   = Khat_.A (Khat_AA + s2)^-1 y_i
 *   C     = Khat - Khat_.A (Khat_AA + s2)^-1 Khat_A.
 *
 * Is not: aware of how Khat came about. */
#ifndef PDLT_TRAINER_POSTERIOR_READOUT_H
#define PDLT_TRAINER_POSTERIOR_READOUT_H

#include "trainer/network/samples.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_readout {
  size_t train, samples, outputs; /* N_A, D, n_L */
  double noise;                   /* s2 */
  const double *y;                /* (n_L, N_A) borrowed */
  double *m;                      /* (n_L, D) */
  double *c;                      /* (D, D) */
  double *factor;                 /* (N_A, N_A) */
  double *right;                  /* (N_A, n_L + D): y, Khat_A. solved by the factor */
  double *storage;
} pdlt_readout;

/* Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_readout_new(pdlt_readout *out, const pdlt_samples *data, double noise,
                             pdlt_error *err);
void pdlt_readout_free(pdlt_readout *readout);

/* log w for Khat (D, D), and with moments m and c. At s2 = 0 training rows are exact: m is y there, c is 0.
 * NAN: Khat_AA + s2 is not positive definite, nothing else is known then. Cost O(N_A^2 (D + n_L)). */
double pdlt_readout_weigh(pdlt_readout *readout, const double *kernel, int moments);

#ifdef __cplusplus
}
#endif
#endif
