/* cov.h - the covariance of the trained output at order 1/width.
 *
 * Is: E[z z^T] connected = cov(t) + h cov_nlo(t) at equal times, and at the end
 * of training; beyond the book, derived in docs/dynamics.md, "Covariance". Is
 * not: the mean (mean.h, end.h) or infinite width (training.h). */
#ifndef PDLT_THEORY_ORDER_ONE_COV_H
#define PDLT_THEORY_ORDER_ONE_COV_H

#include "theory/order_one/mean.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Rotated tensors that only the covariance needs; 4 D^4 doubles, or those of dyn where it keeps them. */
typedef struct pdlt_covariance {
  const pdlt_dynamics *dyn; /* borrowed: must live as long */
  double *k;                /* (D, A) K with modes; owned, as all below */
  double *g1;               /* (D, D) */
  double *direct;           /* (D, D, A) [f][d][a] D_fada + n_L F_fdaa + F_faad */
  double *four[4];          /* (D, D, D, D) A, B, P, Q */
  int shared;               /* 1: four are those of dyn, not owned */
} pdlt_covariance;

/* input: what dynamics was made of; g1 (D, D), d and f (D, D, D, D) of
 * docs/tensors.md, borrowed during the call. *out is owned by the caller
 * (pdlt_covariance_free), untouched on failure. Errors: PDLT_ERR_MEMORY. Cost
 * 48 D^4 A flops. */
pdlt_status pdlt_covariance_new(pdlt_covariance *out, const pdlt_dynamics *dynamics,
                                const pdlt_dynamics_input *input, const double *g1, const double *d,
                                const double *f, pdlt_error *err);

void pdlt_covariance_free(pdlt_covariance *covariance);

/* cov_nlo (T, n_L, D, n_L, D), exactly symmetric; times as in
 * pdlt_dynamics_run. change (T, n_L, D), unless NULL: with centered targets the variance of
 * z(t) - z(0), which losses are made of. Errors: PDLT_ERR_INPUT (times), PDLT_ERR_MEMORY; outputs
 * untouched then. Cost per step about 18 n_L^2 D A^3 + 12 n_L^2 D^2 A^2 flops;
 * per recorded time O(n_L^2 D^2 A^2). */
pdlt_status pdlt_covariance_run(const pdlt_covariance *covariance, size_t num_times,
                                const double *times, double *cov_nlo, double *change,
                                pdlt_error *err);

/* cov_end (n_L, D, n_L, D) and change (n_L, D), or NULL: the limit of late times. Errors: as
 * pdlt_end. */
pdlt_status pdlt_covariance_end(const pdlt_covariance *covariance, double *cov_end, double *change,
                                pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
