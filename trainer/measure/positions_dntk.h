/* positions_dntk.h - derivatives of the NTK of networks with positions: dTh of the outputs in their present
 * state (training_dntk.h), and what a draw contributes to P .. U (ddntk.h).
 *
 * Is: both as they are defined, by derivatives along lambda times gradients (positions_jet.h). With K =
 * kappa n_{L-1} numbers s that the readout's weights see, heads u, v with mean 0 and variance C/K, and C,
 * lambda of the readout, n its channels below (docs/trainer/convolution.md, "Derivatives of the NTK"):
 *
 *   P_0123 = n C/K d2f_s3(0)[J_v;1, J_v;2]
 *   Q_0123 = n C/K d2f_u(0)[J_u;1, J_s3;2] + n lambda C/K^2 <J_s1;0, J_s3;2>
 *   R_0123 = n d3f_u(0)[J_u;1, J_v;2, J_v;3] + n lambda/K d2f_s1(0)[J_v;2, J_v;3]
 *   S_1234 = n <d2f_u(1)[., J_v;3], d2f_u(2)[., J_v;4]> + n lambda/K sum_k ds_k(1)[J_v;3] ds_k(2)[J_v;4]
 *   T_1324 = n <d2f_u(1)[., J_u;3] + lambda/K J_s3;1, d2f_v(2)[., J_v;4] + lambda/K J_s4;2>
 *   U_1423 = n <d2f_u(1)[., J_v;3], d2f_v(2)[., J_u;4]>
 *
 * Is not: for other layers than the readout. */
#ifndef PDLT_TRAINER_MEASURE_POSITIONS_DNTK_H
#define PDLT_TRAINER_MEASURE_POSITIONS_DNTK_H

#include "trainer/measure/positions_jet.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Rows: of outputs n_L S, (output, sample); of tensors (2 + S) S, (head, sample), heads u, v, s_1 .. s_S.
 * Gradients and covectors are times sqrt(lambda), so that <x, y> is a product of arrays. */
typedef struct pdlt_positions_dntk {
  pdlt_positions_jet jet;
  const pdlt_network *net; /* borrowed */
  size_t samples, heads;   /* S; n_L or 2 + S */
  int with_ddntk;
  double *root;          /* (num_params) sqrt(lambda) */
  double *gradient;      /* (rows, num_params) */
  double *direction;     /* (rows, num_params) J: lambda times gradients */
  double *covector;      /* (2, S, 2, S, num_params) d2f_w(a)[., J_w';b] at [w'][b][w][a] */
  pdlt_tangent *tangent; /* (rows) along the directions */
  pdlt_tangent *second;  /* (3, S, S) along J_u J_v, J_u J_u, J_v J_v; of outputs one */
  double *dtop;          /* (rows, S, K) derivatives of s along the directions */
  double *top, *ddtop;   /* (S, K) s; a second or third derivative of it */
  double *third;         /* (U) */
  double *head;          /* (heads, K) */
  double *gg, *cg, *cc;  /* products of gradients and covectors */
  double *storage;
} pdlt_positions_dntk;

/* Memory for one network at a time: of the outputs, or of tensors, R .. U too with with_ddntk. Errors:
 * PDLT_ERR_MEMORY. */
pdlt_status pdlt_positions_dntk_new(pdlt_positions_dntk *out, const pdlt_network *net,
                                    const pdlt_samples *data, size_t samples, int tensors,
                                    int with_ddntk, pdlt_error *err);
void pdlt_positions_dntk_free(pdlt_positions_dntk *f);

/* out (n_L, S, n_L, S, n_L, S) dTh_ijk;abc of the outputs at theta. Cost, with p = n_L S: p^2/2 times 3
 * forward passes of S samples. */
void pdlt_positions_dntk_outputs(pdlt_positions_dntk *f, const double *theta, double *out);

/* out (6, S, S, S, S) += P .. U (P and Q without ddntk) at theta with the heads (2, K). Cost: S^3/2 third
 * derivatives, 2 S reverse passes of 2 S rows, products of 4 S^2 covectors. */
void pdlt_positions_dntk_tensors(pdlt_positions_dntk *f, const double *theta, const double *heads,
                                 double *out);

#ifdef __cplusplus
}
#endif
#endif
