/* moves.h - networks of a bundle that move along gradients: where they are.
 *
 * Is: outputs, gradients and NTK of all of them together. A network that has moved keeps its moves
 * and not its weights (docs/trainer/control.md, "Bundles"), so that W s and W^T delta of all
 * networks are one product; or, alone, its weights.
 * Is not: what was drawn (bundle.h), or gradient descent (step.h), which is made for many steps. */
#ifndef PDLT_TRAINER_CONTROL_MOVES_H
#define PDLT_TRAINER_CONTROL_MOVES_H

#include "trainer/control/bundle.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the networks' moves have left, k the index of a layer between the first and the last:
 * W = W_0 - lambda_W/n sum_r P_r S_r^T, b = b_0 - lambda_b sum_r P_r. */
typedef struct pdlt_moves {
  const pdlt_bundle *bundle;   /* what was drawn; borrowed */
  size_t moving;               /* most networks that move together */
  size_t nodes, rank;          /* most moves that stay without own weights; most S and P */
  const pdlt_bundle_point *at; /* whose gradients moves follow: the draw or now */
  pdlt_bundle_point now;       /* where the networks are, a body for each */
  size_t first, count;         /* networks first .. first + count - 1 move */
  int owned;                   /* 1: count = 1, and it has own weights */
  double **own, **own_across;  /* (L) these, W (n_l, n_{l-1}) and W^T */
  size_t stayed, held;         /* S and P of moves that stay; and of those in effect */
  double **signal, **push; /* (L) S (moving, rank, n_{l-1}), P (moving, 1 + rank, n_l), b first */
  int tried;               /* 1: the last move does not stay */
  double *z1_state[2];     /* (moving, D, n_1) after the moves that stay; with the one tried */
  double *last_state[2];   /* (moving) last layers likewise */
  double *gathered;        /* (N_A, max n) */
  double *minus_h;         /* (D, N_A) - h of layer 1 */
  double **lists;
  double *storage;
} pdlt_moves;

/* Of networks of the bundle. nodes: networks that make at most so many moves that stay keep them
 * instead of weights, unless weights cost less by the count of flops. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_moves_new(pdlt_moves *out, const pdlt_bundle *bundle, size_t nodes,
                           pdlt_error *err);
void pdlt_moves_free(pdlt_moves *moves);

/* Flops that so many moves that stay, with an evaluation after each and, `middle`, another before,
 * add to the products with W_0 of one network. */
typedef struct pdlt_moves_flops {
  double kept;  /* what moves leave in the products */
  double owned; /* the updates of W and W^T, and what half-way moves leave */
  int own;      /* 1: the latter is less */
} pdlt_moves_flops;
pdlt_moves_flops pdlt_moves_count(const pdlt_network *net, const pdlt_samples *data, size_t nodes,
                                  int middle);

/* Whether networks get own weights for so many moves. */
int pdlt_moves_own(const pdlt_moves *moves, size_t nodes, int middle);

/* Networks f = first .. first + count - 1 start from the draw: that with last layer f/2, or, f
 * odd, its negative: z and all delta of the draw change sign, ntk does not. count <= moving, 1
 * when owned. */
void pdlt_moves_start(pdlt_moves *moves, size_t first, size_t count, int owned);

/* The networks move by - lambda_mu sum_ia dz_i;a/dtheta_mu push_ia, push (count, n_L, N_A), with
 * the gradients of the last evaluation, from where the moves that stay have brought them. stay:
 * this is one of them; else it is forgotten at the next one. */
void pdlt_moves_add(pdlt_moves *moves, const double *push, int stay);

/* Fills now, for the first `samples` samples. */
void pdlt_moves_evaluate(pdlt_moves *moves, size_t samples);

#ifdef __cplusplus
}
#endif
#endif
