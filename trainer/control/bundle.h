/* bundle.h - networks that were drawn with the same hidden layers: what was drawn.
 *
 * Is: the weights as products need them, and the point where all networks start, with the
 * gradients of every output by layers and the NTK, at all samples at once:
 *
 *   delta^(l)_ia = dz_i;a/dz^(l),   Th_(ia)(jb) = sum_l delta^(l)_ia . delta^(l)_jb h^(l)_ab,
 *   h^(l)_ab = lambda_b + lambda_W/n_{l-1} s^(l-1)_a . s^(l-1)_b
 *
 * (PDLT ch. 8; docs/trainer/control.md, "Bundles").
 * Layer 1 is given by its preactivations: they move by h^(1), whatever n_0 is.
 * Is not: where the networks go from there (moves.h). */
#ifndef PDLT_TRAINER_CONTROL_BUNDLE_H
#define PDLT_TRAINER_CONTROL_BUNDLE_H

#include "trainer/network/network.h"
#include "trainer/network/samples.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Networks at one point each; S samples, D or the first N_A, q = n_L S rows (i, sample), output by
 * output. Rows of layer l are padded to a multiple of 8 numbers. A head is a last layer, a body
 * what is below it: a body for each head, or one for all. The arrays belong to the bundle or to
 * the moves whose point it is. */
typedef struct pdlt_bundle_point {
  size_t bodies, heads, samples;
  double **s, **ds;    /* (L-1) of (bodies, S, n_l) */
  double **delta;      /* (L-1) of (heads, q, n_l) */
  double **h;          /* (L) of (bodies, S, S); h[0]: (D, D), the bundle's */
  double *z;           /* (heads, n_L, S) */
  double *ntk;         /* (heads, q, q) */
  double *gram;        /* (q, q) scratch */
  double *coefficient; /* (q, 1 + rows of moves) scratch */
} pdlt_bundle_point;

/* k is the index of a layer between the first and the last. Moves of its networks read it only. */
typedef struct pdlt_bundle {
  const pdlt_network *net;   /* borrowed */
  const pdlt_samples *data;  /* borrowed */
  size_t heads;              /* most last layers */
  double **weight, **across; /* (L) W_0 (n_l, n_{l-1}) and W_0^T; rows are padded */
  double **bias;             /* (L) b_0 (n_l) */
  double *last;              /* (heads) last layers: (n_L, n), then biases (n_L) */
  double *z1;                /* (D, n_1) */
  double *h1;                /* (D, D) h of layer 1, which no draw changes */
  pdlt_bundle_point draw;    /* one body; no negated last layers: heads are those drawn */
  double **lists;
  double *storage;
} pdlt_bundle;

/* Memory for `heads` last layers on the same hidden layers. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_bundle_new(pdlt_bundle *out, const pdlt_network *net, const pdlt_samples *data,
                            size_t heads, pdlt_error *err);
void pdlt_bundle_free(pdlt_bundle *bundle);

/* Draws from now on: theta (num_params), and behind it the parameters of heads - 1 further last
 * layers, which stand where the last layer of theta stands if theta begins so much later. Fills
 * draw; moves of networks drawn before are of no use any more. Cost: flops.h. */
void pdlt_bundle_draw(pdlt_bundle *bundle, const double *theta, size_t heads);

#ifdef __cplusplus
}
#endif
#endif
