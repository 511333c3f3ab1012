/* preactivation.h - networks at initialization drawn neuron by neuron, without weights.
 *
 * Is: an exact draw of the hidden preactivations of D samples, and of the NTK that goes with
 * them, from O(n D) random numbers per layer instead of n^2: given the layer below, neurons
 * are independent Gaussians; the backward pass sees the weights only through what the forward
 * pass has fixed and an independent rest (docs/trainer/control.md, "Draws of preactivations"):
 *
 *   v_a  = (sqrt(C_W/n) s_a, sqrt(C_b)) = sum_r G_ar U_r,    U_r orthonormal
 *   z_ka = sum_r G_ar xi_kr
 *   Wh   = xi U + omega (1 - U^T U),    W = sqrt(C_W/n) Wh,   xi, omega standard normal
 *
 * Is not: a network; weights are never formed, so nothing can be trained. */
#ifndef PDLT_TRAINER_CONTROL_PREACTIVATION_H
#define PDLT_TRAINER_CONTROL_PREACTIVATION_H

#include "trainer/network/network.h"
#include "trainer/network/samples.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Hidden layer l is index l - 1; arrays lie sample by sample, (D, n_l). P = D (D + 1)/2 pairs
 * a <= b, row by row. q = n_L D, rows (i, sample). */
typedef struct pdlt_preactivation {
  const pdlt_network *net;  /* borrowed */
  const pdlt_samples *data; /* borrowed */
  size_t pairs;             /* P */
  int forward;              /* hidden layers and K alone */
  size_t more;              /* random numbers behind theirs */
  double **xi;              /* (L-1) of (D, n_l): xi_kr at [r][k] */
  double **s, **ds;         /* (L-1) of (D, n_l) */
  double **root;            /* (L-1) of (D, D): G of layer l, lower triangular */
  double **basis;           /* (L-1) of (D, n_l + 1): U over layer l, bias last */
  double **gram;            /* (L) of (D, D): s.s of layer l - 1; gram[0] = x.x */
  double *normal;           /* all random numbers of a draw */
  double *bias; /* (n_L) the last of them: biases of the outputs, in units of their deviation */
  double *feature[3];        /* (P, max n): products of pairs of rows of ds, basis, xi */
  double *overlap[2];        /* (P, P) */
  double *trace, *moment[2]; /* (P), (P, D, D): kappa, M */
  double *mixed;             /* (D, D, D): A_a */
  double *delta[2], *rest;   /* (q, max n), (q, max n + 1) */
  double *rotated, *factor;  /* (q, max n), (q, q): delta = factor . rotated */
  double *product;           /* (q, q) */
  double *coefficient;       /* (q, D) */
  double *storage;
} pdlt_preactivation;

/* Memory for one draw at a time. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_preactivation_new(pdlt_preactivation *out, const pdlt_network *net,
                                   const pdlt_samples *data, pdlt_error *err);
void pdlt_preactivation_free(pdlt_preactivation *pre);

/* The same for hidden layers and K alone, with `more` random numbers behind theirs in normal; for the two
 * calls below, and pdlt_preactivation_kernel. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_preactivation_new_forward(pdlt_preactivation *out, const pdlt_network *net,
                                           const pdlt_samples *data, size_t more, pdlt_error *err);

/* The hidden layers of a draw, those of pdlt_preactivation_draw, and the numbers behind them. */
void pdlt_preactivation_draw_forward(pdlt_preactivation *pre, uint64_t seed, uint64_t member);

/* Where those numbers begin. */
double *pdlt_preactivation_more(const pdlt_preactivation *pre);

/* The hidden layers of a draw, a function of (seed, member); with_ntk: random numbers for
 * pdlt_preactivation_ntk too. Cost O(n D) random numbers and O(n D^2) per layer. */
void pdlt_preactivation_draw(pdlt_preactivation *pre, uint64_t seed, uint64_t member, int with_ntk);

/* K (P) of layer l = 1..L, the layer's own weights integrated out: as pdlt_ntk_kernel. */
void pdlt_preactivation_kernel(const pdlt_preactivation *pre, int l, double *kernel);

/* Theta (P) of layer l: its mean given the preactivations, over all that the weights still
 * leave open; the mean over draws is that of pdlt_ntk_theta. Cost O(n P^2) per layer. */
void pdlt_preactivation_theta(pdlt_preactivation *pre, int l, double *theta);

/* Th (q, q) of the outputs of one network with these preactivations, drawn; its mean given
 * them is delta_ij Theta of layer L. Cost O(n q^2) per layer. */
void pdlt_preactivation_ntk(pdlt_preactivation *pre, double *ntk);

/* z (q) of that network, with the last layer that pdlt_preactivation_ntk has. */
void pdlt_preactivation_output(const pdlt_preactivation *pre, double *z);

/* rows (count, length): row a = sum_{r <= a} factor_ar q_r, q_r orthonormal, or 0 where row a
 * adds no direction; rows are overwritten by q. factor (count, count), upper triangle 0; scratch
 * (count). */
void pdlt_orthonormal_rows(size_t count, size_t length, double *rows, double *factor,
                           double *scratch);

/* h_ab of layer index k: lambda_b + lambda_W/n s.s. */
static inline double pdlt_preactivation_rate(const pdlt_preactivation *pre, int k, size_t a,
                                             size_t b) {
  const pdlt_layer *layer = &pre->net->layer[k];
  return layer->lambda_b + pdlt_layer_rate(layer) * pre->gram[k][a * pre->data->samples + b];
}

/* Index of the pair (a, b) among the P of D samples. */
static inline size_t pdlt_pair(size_t D, size_t a, size_t b) {
  const size_t lo = a < b ? a : b, hi = a < b ? b : a;
  return lo * D - lo * (lo + 1) / 2 + hi;
}

#ifdef __cplusplus
}
#endif
#endif
