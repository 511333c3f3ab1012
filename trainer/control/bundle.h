/* bundle.h - networks that were drawn with the same hidden layers, followed together: outputs,
 * gradients, NTK, and moves along gradients.
 *
 * Is: all samples at once, with the gradients of every output by layers,
 *
 *   delta^(l)_ia = dz_i;a/dz^(l),   Th_(ia)(jb) = sum_l delta^(l)_ia . delta^(l)_jb h^(l)_ab,
 *   h^(l)_ab = lambda_b + lambda_W/n_{l-1} s^(l-1)_a . s^(l-1)_b
 *
 * (PDLT ch. 8). A network that has moved keeps its moves and not its weights
 * (docs/trainer/control.md, "Bundles"), so that W s and W^T delta of all networks are one product;
 * or, alone, its weights.
 * Layer 1 is given by its preactivations: they move by h^(1), whatever n_0 is.
 * Is not: gradient descent (step.h), which is made for many steps. */
#ifndef PDLT_TRAINER_CONTROL_BUNDLE_H
#define PDLT_TRAINER_CONTROL_BUNDLE_H

#include "trainer/network/network.h"
#include "trainer/network/samples.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Networks at one point each; S samples, D or the first N_A, q = n_L S rows (i, sample), output by
 * output. Rows of layer l are padded to a multiple of 8 numbers. A head is a last layer, a body
 * what is below it: a body for each head, or one for all. */
typedef struct pdlt_bundle_point {
  size_t bodies, heads, samples;
  double **s, **ds; /* (L-1) of (bodies, S, n_l) */
  double **delta;   /* (L-1) of (heads, q, n_l) */
  double **h;       /* (L) of (bodies, S, S); h[0]: (D, D) */
  double *z;        /* (heads, n_L, S) */
  double *ntk;      /* (heads, q, q) */
} pdlt_bundle_point;

/* What the networks' moves have left, k the index of a layer between the first and the last:
 * W = W_0 - lambda_W/n sum_r P_r S_r^T, b = b_0 - lambda_b sum_r P_r. */
typedef struct pdlt_bundle {
  const pdlt_network *net;     /* borrowed */
  const pdlt_samples *data;    /* borrowed */
  size_t heads, moving;        /* most last layers; most networks that move together */
  size_t nodes, rank;          /* most moves that stay without own weights; most S and P */
  double **weight, **across;   /* (L) W_0 (n_l, n_{l-1}) and W_0^T; rows are padded */
  double **own, **own_across;  /* (L) the same of a network with own weights */
  double *last;                /* (heads) last layers as drawn: (n_L, n), then biases (n_L) */
  double **bias;               /* (L) b_0 (n_l) */
  double *z1;                  /* (D, n_1) as drawn */
  pdlt_bundle_point draw, now; /* as drawn; where the networks are */
  const pdlt_bundle_point *at; /* whose gradients moves follow: one of these */
  size_t first, count;         /* networks first .. first + count - 1 move */
  int owned;                   /* 1: count = 1, and it has own weights */
  size_t moves, held;          /* S and P of moves that stay; and of those in effect */
  double **signal, **push; /* (L) S (moving, rank, n_{l-1}), P (moving, 1 + rank, n_l), b first */
  int tried;               /* 1: the last move does not stay */
  double *z1_state[2];     /* (moving, D, n_1) after the moves that stay; with the one tried */
  double *last_state[2];   /* (moving) last layers likewise */
  double *coefficient, *gram; /* scratch */
  double *gathered;           /* (N_A, max n) */
  double *minus_h;            /* (D, N_A) - h[0] */
  double **lists;
  double *storage;
} pdlt_bundle;

/* For `heads` last layers on the same hidden layers. nodes: networks that make at most so many
 * moves that stay keep them instead of weights, unless weights cost less by the
 * count of flops. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_bundle_new(pdlt_bundle *out, const pdlt_network *net, const pdlt_samples *data,
                            size_t heads, size_t nodes, pdlt_error *err);
void pdlt_bundle_free(pdlt_bundle *bundle);

/* Flops that so many moves that stay, with an evaluation after each and, `middle`, another before,
 * add to the products with W_0, with own weights or without: what moves leave in the products, or
 * the updates of W and W^T. */
double pdlt_bundle_move_flops(const pdlt_network *net, const pdlt_samples *data, size_t nodes,
                              int middle, int owned);

/* Draws from now on: theta (num_params), and behind it the parameters of heads - 1 further last
 * layers, which stand where the last layer of theta stands if theta begins so much later. Fills
 * draw. Cost: flops.h. */
void pdlt_bundle_draw(pdlt_bundle *bundle, const double *theta, size_t heads);

/* Whether networks are better off with own weights for so many moves. */
int pdlt_bundle_owns(const pdlt_bundle *bundle, size_t nodes, int middle);

/* Networks f = first .. first + count - 1 start from the draw: that with last layer f/2, or, f
 * odd, its negative: z and all delta of the draw change sign, ntk does not. count <= moving, 1
 * when owned. */
void pdlt_bundle_start(pdlt_bundle *bundle, size_t first, size_t count, int owned);

/* The networks move by - lambda_mu sum_ia dz_i;a/dtheta_mu push_ia, push (count, n_L, N_A), with
 * the gradients of the last evaluation, from where the moves that stay have brought them. stay:
 * this is one of them; else it is forgotten at the next one. */
void pdlt_bundle_move(pdlt_bundle *bundle, const double *push, int stay);

/* Fills now, for the first `samples` samples. */
void pdlt_bundle_evaluate(pdlt_bundle *bundle, size_t samples);

#ifdef __cplusplus
}
#endif
#endif
