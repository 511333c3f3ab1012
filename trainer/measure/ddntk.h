/* ddntk.h - what one draw contributes to the differentials of the NTK: P, Q (dNTK) and
 * R, S, T, U (ddNTK).
 *
 * Is: second and third directional derivatives of the network in closed form, layer by
 * layer, on the first S samples, for layer l with the weights of layer l integrated out
 * (definitions: PDLT ch. 11 and infinity; derivation: docs/trainer/measurements.md). Let f_w =
 * sum_k w_k s^(l-1)_k, J_w;a = lambda df_w(a)/dtheta over the layers below l, n = n_{l-1},
 * C, lambda of layer l, and u, v independent heads with mean 0 and variance C/n:
 *
 *   P_0123 = C d2f_s3(0)[J_v;1, J_v;2]
 *   Q_0123 = C d2f_u(0)[J_u;1, J_s3;2] + lambda C/n <J_s1;0, J_s3;2>
 *   R_0123 = n d3f_u(0)[J_u;1, J_v;2, J_v;3] + lambda d2f_s1(0)[J_v;2, J_v;3]
 *   S_1234 = n <d2f_u(1)[., J_v;3], d2f_u(2)[., J_v;4]>
 *            + lambda sum_k ds_k(1)[J_v;3] ds_k(2)[J_v;4]
 *   T_1324 = n <d2f_u(1)[., J_u;3] + lambda/n J_s3;1, d2f_v(2)[., J_v;4] + lambda/n J_s4;2>
 *   U_1423 = n <d2f_u(1)[., J_v;3], d2f_v(2)[., J_u;4]>
 *
 * T at T[1][3][2][4], U at U[1][4][2][3]; means over heads and draws are the tensors. Where layers have
 * positions l is L, and they are those of positions_dntk.h.
 * Is not: averages (block.h); for activations without a third derivative. */
#ifndef PDLT_TRAINER_MEASURE_DDNTK_H
#define PDLT_TRAINER_MEASURE_DDNTK_H

#include "trainer/measure/positions_dntk.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  PDLT_DDNTK_PAIRS = 2
}; /* pairs of heads per draw that a run averages over, trainer/network/draws.h */

typedef enum {
  PDLT_DDNTK_P,
  PDLT_DDNTK_Q,
  PDLT_DDNTK_R,
  PDLT_DDNTK_S,
  PDLT_DDNTK_T,
  PDLT_DDNTK_U,
  PDLT_DDNTK_COUNT
} pdlt_ddntk_tensor;

/* A hidden layer; rows are vectors over its n neurons. Head w = 0, 1 is u, v; a is the
 * sample at which the network is differentiated, b that of the direction J_w';b. */
typedef struct pdlt_ddntk_layer {
  size_t n;
  double rate;              /* lambda_W/n_{l-1} */
  double *s, *d1, *d2, *d3; /* (S, n) sigma and its derivatives */
  double *h;                /* (S, S) lambda_b + rate s.s of the layer below */
  double *g, *delta;        /* (2w, S, n) df_w/ds, df_w/dz */
  double *q;                /* (S, S, n) df/dz of head s_b at sample a, row b, a */
  double *dz, *ds;          /* (2w', S, S, n) z and s along J_w';b, row w', a, b */
  double *dg, *ddelta;      /* (2w, 2w', S, S, n) g and delta along J_w';b */
  double *ddz, *dds;        /* (S(S+1)/2, n) z and s at one a along two J_w' */
  double *delta_delta;      /* (2 S, 2 S) */
  double *ds_s;             /* (2 S S, S) */
  double *ddelta_delta;     /* (4 S S, 2 S) */
} pdlt_ddntk_layer;

typedef struct pdlt_ddntk {
  const pdlt_network *net; /* borrowed */
  size_t samples;          /* S */
  int with_ddntk;          /* R, S, T, U too */
  double *x;               /* (S, n_0) */
  pdlt_ddntk_layer *layer; /* (L-1) */
  double *second[2];       /* (S(S+1)/2, max n_l) delta along two directions, work */
  double *gram[2];         /* (S^2, S^2), work */
  double *cross;           /* (2 S, S^2), work */
  double *response;        /* (S, S, S, S) <d2f_w(a)[., J_w;b], J_sd;c>, mean over w */
  double *direct;          /* (S, S, S, S) <J_sb;a, J_sd;c> at [b][a][d][c] */
  double *heads;           /* (2, kappa n_{l-1}) set by pdlt_ddntk_draw */
  double *out;             /* (6, S, S, S, S) P .. U */
  double *storage;
  pdlt_positions_dntk positions; /* where layers have them, with heads and out; nothing else then */
} pdlt_ddntk;

/* Memory for one network at a time; samples <= D. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_ddntk_new(pdlt_ddntk *out, const pdlt_network *net, const pdlt_samples *data,
                           size_t samples, int with_ddntk, pdlt_error *err);
void pdlt_ddntk_free(pdlt_ddntk *f);

/* Runs the samples through theta; call before those below. */
void pdlt_ddntk_forward(pdlt_ddntk *f, const double *theta);

/* A pair of heads of layer l into f->heads (2, kappa n_{l-1}): independent signs times
 * sqrt(C_W/(kappa n_{l-1})), a pure function of (seed, n, member, l, pair). Nothing but the second
 * moments of the weights enters P .. U, and those signs share. */
void pdlt_ddntk_draw(pdlt_ddntk *f, uint64_t seed, uint64_t member, int l, uint64_t pair);

/* Fills f->out for layer l = 1..L from f->heads; 0 at l = 1, and R .. U without the ddNTK. Cost,
 * for each layer below: O(S^3 n^2 + S^4 n). */
void pdlt_ddntk_tensors(pdlt_ddntk *f, const double *theta, int l);

#ifdef __cplusplus
}
#endif
#endif
