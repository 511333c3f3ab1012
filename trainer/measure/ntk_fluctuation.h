/* ntk_fluctuation.h - what one draw contributes to the tensors of order 1/width V, D, F, A, B.
 *
 * Is: for layer l and the first S samples, with the weights of layer l integrated out
 * exactly (docs/trainer/measurements.md; definitions: PDLT ch. 4 and 8), n = n_{l-1}:
 *
 *   K_12   = C_b + C_W/n sum_j s_j1 s_j2
 *   M_12   = lambda_b + lambda_W/n sum_j s_j1 s_j2 + C_W/n sum_k X_kk;12
 *   F_1324 = C_W^2/n sum_{m<l} h^(m)_34 <q^(m)_(1;3), q^(m)_(2;4)>   at F[1][3][2][4]
 *   B_1324 = C_W^2/n sum_{kk'} X_kk';12 X_kk';34                     at B[1][3][2][4]
 *
 *   X_kk';12    = s'_k1 s'_k'2 Th^(l-1)_kk';12
 *   h^(m)_12    = lambda_b + lambda_W/n_{m-1} sum s^(m-1)_1 s^(m-1)_2, of layer m
 *   q^(m)_(1;3) = sum_k s_k1 s'_k3 dz^(l-1)_k;3 / dz^(m), a vector of n_m numbers
 *
 * Where layers have positions l is L, and M, F, B are those of positions_fluctuation.h.
 *
 * Means of F and B over draws, and n times the covariances of K and M, are the tensors.
 * Is not: averages (accumulate.h); K and Theta of all samples (ntk.h). */
#ifndef PDLT_TRAINER_MEASURE_NTK_FLUCTUATION_H
#define PDLT_TRAINER_MEASURE_NTK_FLUCTUATION_H

#include "trainer/measure/ntk.h"
#include "trainer/measure/positions_fluctuation.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_fluctuation {
  const pdlt_network *net; /* borrowed */
  size_t samples;          /* S */
  size_t tile;             /* neurons k, and k', whose X is held at a time */
  pdlt_samples *first;     /* the first S samples; only what ntk reads */
  pdlt_ntk ntk;            /* on those samples */
  double *h;               /* (L, S, S) h^(m) at m - 1 */
  double *q[2];            /* (max n_l, S^2) */
  double *gram;            /* (S^2, S^2) */
  double *within, *across; /* (S^2, S^2) sums of X X over tiles k, k' of equal and of
                              different index */
  double **jacobian;       /* (L) of (S, n_{l-1}, n_m) ds^(l-1)/dz^(m), or NULL */
  double *x;               /* (S^2, tile, tile) */
  double *storage;
  pdlt_positions_fluctuation positions; /* where layers have them, instead of all after ntk */
} pdlt_fluctuation;

/* Memory for one network at a time; samples <= D; without ntk only the kernel can be
 * had. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_fluctuation_new(pdlt_fluctuation *out, const pdlt_network *net,
                                 const pdlt_samples *data, size_t samples, int ntk,
                                 pdlt_error *err);
void pdlt_fluctuation_free(pdlt_fluctuation *f);

/* Runs the samples through theta; call before those below. */
void pdlt_fluctuation_forward(pdlt_fluctuation *f, const double *theta);

/* K (S, S) of layer l = 1..L. Cost O(S^2) after forward. */
void pdlt_fluctuation_kernel(const pdlt_fluctuation *f, int l, double *kernel);

/* F (S, S, S, S) of layer l. Cost O(S^2 n^2 + S^4 n) for each layer below. */
void pdlt_fluctuation_cross(pdlt_fluctuation *f, const double *theta, int l, double *out);

/* M (S, S) and B (S, S, S, S) of layer l. Cost O(S^2 n^3) for each layer but one below,
 * and O(S^4 n^2). */
void pdlt_fluctuation_ntk(pdlt_fluctuation *f, const double *theta, int l, double *mean_ntk,
                          double *out);

#ifdef __cplusplus
}
#endif
#endif
