/* positions_ntk.h - the NTK of functions of the last hidden layer, where layers have positions.
 *
 * Is: for functions f_r of the activations s^(L-1) of a sample a_r, at most `heads` for each sample,
 *
 *   Theta_rr' = sum_mu lambda_mu df_r/dtheta_mu df_r'/dtheta_mu     over the layers below L
 *
 * by explicit gradients, layer by layer (docs/trainer/convolution.md, "Measurements"):
 *
 *   df_r/dW_itj = sum_p delta_{r;i,p} s_{j;window(t,p)},   df_r/db_i = sum_p delta_{r;i,p}
 *
 * Outputs are such functions (training_ntk.h), and what the readout's weights see (ntk_fluctuation.h).
 * Is not: the readout's own parameters; for layers without positions, where Gram matrices do it. */
#ifndef PDLT_TRAINER_MEASURE_POSITIONS_NTK_H
#define PDLT_TRAINER_MEASURE_POSITIONS_NTK_H

#include "trainer/network/network.h"
#include "trainer/network/samples.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Slots (P_l, D) and rows (P_l, R) lie sample by sample (trainer/network/layer.h); R = heads D rows,
 * (head, sample). */
typedef struct pdlt_positions_ntk {
  const pdlt_network *net; /* borrowed */
  size_t samples, heads;   /* D */
  size_t tile;             /* channels whose gradients are held at a time */
  double *x;               /* (P_0, D, n_0) */
  double **s, **ds;        /* (L-1) of (P_l, D, n_l) */
  double *top;             /* (D, kappa n_{L-1}) what the readout's weights see */
  double *seen;            /* (P_l, D, kappa n_{l-1}), the largest */
  double *start; /* (P_{L-1}, R, n_{L-1}) df_r/ds^(L-1), set before pdlt_positions_ntk_add */
  double *delta, *below; /* (P_l, R, n_l), the largest; delta and start are one */
  double *gradient;      /* (R, tile kappa n_{l-1}), the largest */
  double *sums;          /* (R, n_l), the largest */
  double *gram, *h;      /* (R, R), (D, D) */
  double *storage;
} pdlt_positions_ntk;

/* Memory for one network at a time; samples are those of x_all (n_0, P_0, samples), which is copied.
 * Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_positions_ntk_new(pdlt_positions_ntk *out, const pdlt_network *net,
                                   const pdlt_samples *data, size_t heads, pdlt_error *err);
void pdlt_positions_ntk_free(pdlt_positions_ntk *ntk);

/* Runs the samples through theta: s, ds, top; call before those below. */
void pdlt_positions_ntk_forward(pdlt_positions_ntk *ntk, const double *theta);

/* start of one head for every sample: w (kappa n_{L-1}), f = w.s of what the readout's weights see. Needs
 * heads = 1. */
void pdlt_positions_ntk_head(pdlt_positions_ntk *ntk, const double *w);

/* out (R, R) += Theta_rr' of the functions that start says; start is lost. Cost, for each layer:
 * 2 R P_l kappa n_{l-1} n_l and R^2 kappa n_{l-1} n_l flops for gradients and their products, and
 * the pull back of R vectors. */
void pdlt_positions_ntk_add(pdlt_positions_ntk *ntk, const double *theta, double *out);

/* out (R, R) = Theta_ij;ab of the outputs, with heads = n_L, the readout's parameters included. */
void pdlt_positions_ntk_outputs(pdlt_positions_ntk *ntk, const double *theta, double *out);

#ifdef __cplusplus
}
#endif
#endif
