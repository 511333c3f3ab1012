/* head.h - the NTK of one output of a draw without weights, and what of it has mean 0.
 *
 * Is: Th of an output whose weights are signs, W_i = +-sqrt(C_W/n), on a draw of preactivations; its mean
 * over draws is that of Theta, since Th is of second degree in each weight of the last layer. And, layer by
 * layer on the way back, delta.delta and its part along the forward pass less their means given all that
 * was drawn before (docs/trainer/control.md, "Many samples"): two mean-0 numbers per pair and layer.
 * Is not: Theta given the preactivations (preactivation.h), which costs D times as much, or Th of a
 * network with several outputs. */
#ifndef PDLT_TRAINER_CONTROL_HEAD_H
#define PDLT_TRAINER_CONTROL_HEAD_H

#include "trainer/control/preactivation.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Memory of one thread; n: the widest hidden layer. */
typedef struct pdlt_head {
  pdlt_preactivation pre; /* hidden layers and K alone */
  double *signs;          /* (n) numbers whose signs are the weights */
  const double *normal;   /* sum_l (n_l + 1) D behind them, for l = 1..L-2 */
  double *delta;          /* (D, n) dz/dz^(l) */
  double *mean,
      *mean_slope; /* (D, n + 1), (D, n) W^T delta as the forward pass has it; times sigma' */
  double *rest;    /* (D, n + 1) what is left of W^T delta, then all of it */
  double *scaled, *weight;           /* (D, n), (n) */
  double *gram;                      /* (D, D) delta.delta */
  double *along;                     /* (D, D) delta xi^T */
  double *root, *product, *expected; /* (D, D) */
  double *storage;
} pdlt_head;

/* Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_head_new(pdlt_head *out, const pdlt_network *net, const pdlt_samples *data,
                          pdlt_error *err);
void pdlt_head_free(pdlt_head *head);

/* Draws the hidden layers, in head->pre, and what lies behind; a function of (seed, member). */
void pdlt_head_draw(pdlt_head *head, uint64_t seed, uint64_t member);

/* Rows that pdlt_head_theta leaves in rest for layer l: 2 (l - 2), none for l <= 2. */
static inline size_t pdlt_head_rows(int l) { return l > 2 ? 2 * ((size_t)l - 2) : 0; }

/* theta (P): Th of layer l = 1..L. rest (pdlt_head_rows(l), P), from layer l - 1 down: of each two rows first
 * what lies along the forward pass at layer l', then delta.delta of layer l' - 1, both less their means.
 * Cost O(n D^2 + D^3) per layer. */
void pdlt_head_theta(pdlt_head *head, int l, double *theta, double *rest);

#ifdef __cplusplus
}
#endif
#endif
