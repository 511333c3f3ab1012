/* cross_entropy_path.h - one z(0), trained on cross-entropy at infinite width, and sums over many.
 *
 * Is: the variables in which z(0) is standard normal, the steps of one draw, what is summed at each time and
 * what the sums say of mean, loss and covariance. Part of cross_entropy.h; only this room includes it.
 * Is not: which draws (gaussian_rule.h) or their errors (cross_entropy.c).
 *
 * Softmax does not see what all outputs have in common, so outputs are taken along m = n_L - 1 orthonormal
 * directions H with sum 0: w = H z. With K_AA = R R^T, R (A, r), w_A(0) = R u, u (r, m) standard normal;
 * all else of z is linear in u and in S(t) = eta sum_s H (softmax(z(s)) - y), (A, m)
 * (docs/infinite_training.md, "Cross-entropy"). */
#ifndef PDLT_THEORY_INFINITE_CROSS_ENTROPY_PATH_H
#define PDLT_THEORY_INFINITE_CROSS_ENTROPY_PATH_H

#include "theory/infinite/cross_entropy.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_entropy_model {
  const pdlt_cross_entropy_input *in; /* borrowed */
  size_t D, A, n, m, r;
  size_t dimensions; /* r m, and m more for what u does not say of a test sample's z(0) */
  double *H;         /* (m, n_L) */
  double *from;      /* (D, r) w_d(0) = from_d u + rest_d v */
  double *rest;      /* (D) 0 on training samples */
  double *y;         /* (A, m) targets along H */
  double *storage;   /* owned */
} pdlt_entropy_model;

/* Errors: PDLT_ERR_NUMERIC, PDLT_ERR_MEMORY. Cost O(A^3 + D A^2). */
pdlt_status pdlt_entropy_model_new(pdlt_entropy_model *out, const pdlt_cross_entropy_input *in,
                                   pdlt_error *err);
void pdlt_entropy_model_free(pdlt_entropy_model *model);

/* Numbers of the sums; of work that each thread needs; of a row of results: z, loss, total and,
 * with_cov, cov. */
size_t pdlt_entropy_sums(const pdlt_entropy_model *model);
size_t pdlt_entropy_work(const pdlt_entropy_model *model);
size_t pdlt_entropy_results(const pdlt_entropy_model *model);
/* Operations of one draw, roughly. */
double pdlt_entropy_operations(const pdlt_entropy_model *model);

/* Trains from u (dimensions) with this sign and adds weight times what is summed. */
void pdlt_entropy_add(const pdlt_entropy_model *model, double weight, double sign, const double *u,
                      double *work, double *sums);

/* What the sums say: z (T, n_L, D), loss (T, D), total (2, T), cov (T, n_L, D, n_L, D). room: of
 * pdlt_entropy_result_work numbers. */
size_t pdlt_entropy_result_work(const pdlt_entropy_model *model);
void pdlt_entropy_result(const pdlt_entropy_model *model, const double *sums, double *room,
                         double *result);

#ifdef __cplusplus
}
#endif
#endif
