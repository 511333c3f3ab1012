/* positions_fluctuation.h - M, F and B of ntk_fluctuation.h where layers have positions.
 *
 * Is: for the readout, from the NTK X of all that its weights see, k = (tap, channel) and K = kappa n of
 * them (docs/trainer/convolution.md, "Measurements"):
 *
 *   M_12   = lambda_b + lambda_W/K sum_k s_k1 s_k2 + C_W/K sum_k X_kk;12
 *   F_1324 = n (C_W/K)^2 sum_kk' s_k1 s_k'2 X_kk';34
 *   B_1324 = n (C_W/K)^2 sum_kk' X_kk';12 X_kk';34
 *
 * Is not: for other layers. */
#ifndef PDLT_TRAINER_MEASURE_POSITIONS_FLUCTUATION_H
#define PDLT_TRAINER_MEASURE_POSITIONS_FLUCTUATION_H

#include "trainer/measure/positions_ntk.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_positions_fluctuation {
  pdlt_positions_ntk ntk; /* K heads on S samples */
  double *x;              /* (K, S, K, S) X */
  double *tile;           /* (S^2, K) X of one k, and work of F */
  double *gram;           /* (S^2, S^2) */
  double *storage;
} pdlt_positions_fluctuation;

/* Memory for one network at a time: (K S)^2 numbers. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_positions_fluctuation_new(pdlt_positions_fluctuation *out, const pdlt_network *net,
                                           const pdlt_samples *data, pdlt_error *err);
void pdlt_positions_fluctuation_free(pdlt_positions_fluctuation *f);

/* X of the network with parameters theta; call before those below. Cost: pdlt_positions_ntk_add with
 * R = K S. */
void pdlt_positions_fluctuation_forward(pdlt_positions_fluctuation *f, const double *theta);

/* F (S, S, S, S). Cost O(S^2 K^2 (S + 1)). */
void pdlt_positions_fluctuation_cross(pdlt_positions_fluctuation *f, double *out);

/* M (S, S) and B (S, S, S, S). Cost O(S^4 K^2). */
void pdlt_positions_fluctuation_ntk(pdlt_positions_fluctuation *f, double *mean_ntk, double *out);

#ifdef __cplusplus
}
#endif
#endif
