/* ntk.h - kernel and NTK of a network at initialization, the top layer's weights
 * integrated out exactly.
 *
 * Is: K_n and Theta_n of one draw as (D, D) matrices, whose mean over draws is
 * E[z_i z_i] and E[Th_ii] at width n (PDLT ch. 4 and 8; docs/trainer/measurements.md):
 *
 *   K_12     = C_b + C_W/n_{l-1} sum_j s_j1 s_j2
 *   Theta_12 = lambda_b + lambda_W/n_{l-1} sum_j s_j1 s_j2
 *              + C_W/n_{l-1} sum_{l'<l} g^(l')_12 h^(l')_12
 *   h^(l')   = lambda_b + lambda_W/n_{l'-1} sum_k s^(l'-1)_k1 s^(l'-1)_k2
 *   g^(l')   = sum_{j,k} J_jk1 J_jk2,   J_jk = ds^(l-1)_j / dz^(l')_k
 *
 * with hyperparameters of layer l in the first two lines and of layer l' in the third.
 * Given the layers below, the top layer's outputs are Gaussian with these moments, so
 * nothing depends on the number of outputs. Where layers have positions, l is L and s_j all that its weights
 * see, K of them; the sum over j is taken over pairs of weights that PDLT_NTK_HEADS sets of signs stand for,
 * or exactly when K is no more (docs/trainer/convolution.md, "Measurements").
 * Is not: the NTK during training. */
#ifndef PDLT_TRAINER_MEASURE_NTK_H
#define PDLT_TRAINER_MEASURE_NTK_H

#include "trainer/measure/positions_ntk.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PDLT_NTK_HEADS = 8 };

typedef struct pdlt_ntk {
  const pdlt_network *net;  /* borrowed */
  const pdlt_samples *data; /* borrowed */
  size_t tile;              /* rows of a Jacobian held at a time */
  double **s, **ds, **ds_t; /* (L-1) of (n_l, D), (n_l, D), (D, n_l) */
  double **gram;            /* (L) of (D, D): sum_j s^(l)_j1 s^(l)_j2, gram[0] = x.x */
  double *jacobian[2];      /* (D, tile, max n_l) */
  double *product;          /* (D, D) */
  double *storage;
  /* Where layers have positions these and product, nothing else: */
  pdlt_positions_ntk positions; /* one head */
  double *sum;                  /* (D, D) */
  double *heads;                /* (H, K) */
  size_t num_heads;             /* H = min(K, PDLT_NTK_HEADS) */
} pdlt_ntk;

/* Memory for one network at a time. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_ntk_new(pdlt_ntk *out, const pdlt_network *net, const pdlt_samples *data,
                         pdlt_error *err);
void pdlt_ntk_free(pdlt_ntk *ntk);

/* Runs all samples through theta; call before the two below. */
void pdlt_ntk_forward(pdlt_ntk *ntk, const double *theta);

/* K (D, D) of layer l = 1..L, of L alone where layers have positions, as in the next. Cost O(D^2) after forward. */
void pdlt_ntk_kernel(const pdlt_ntk *ntk, int l, double *kernel);

/* Signs of the draw `member`, a pure function of (seed, n, member), where layers have positions; call before
 * pdlt_ntk_theta. Else nothing. */
void pdlt_ntk_draw(pdlt_ntk *ntk, uint64_t seed, uint64_t member);

/* Theta (D, D) of layer l = 1..L. Cost O(D n^3 (l-2) + D^2 n^2 (l-2)). */
void pdlt_ntk_theta(pdlt_ntk *ntk, const double *theta, int l, double *out);

#ifdef __cplusplus
}
#endif
#endif
