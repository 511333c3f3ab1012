/* step.h - one layer of the order-1/n recursions, given its brackets.
 *
 * Is: the interface between the driver (tensors.c) and the equations (ntk.c).
 * Is not: public; programs use tensors.h. */
#ifndef PDLT_THEORY_TENSORS_STEP_H
#define PDLT_THEORY_TENSORS_STEP_H

#include "theory/bracket/bracket.h"
#include "theory/tensors/packed.h"
#include "theory/tensors/slots.h"
#include "theory/tensors/tensors.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Function of two slots averaged, and its second derivatives in the slots. */
typedef struct pdlt_jet {
  double value, d20, d11, d02;
} pdlt_jet;

/* In place: `from` and `to` are the same arrays, V, D and A packed (packed.h), and each entry is computed once
 * for all that equal it. An entry reads its own, and others whose first or last two slots (P: the outer two)
 * hold one sample; those of layer l are kept here. Owned. */
typedef struct pdlt_tensor_old {
  double *V, *D;     /* (D, U) V_aabc, D_aabc at [a], unordered pair bc */
  double *F, *P, *Q; /* (D, D, D) F_abcc, P_abca, Q_abcc at [a][b][c]; P and Q NULL without them */
} pdlt_tensor_old;

/* From layer l (from, theta, brackets) to layer l + 1 (to, C, lambda), before its map over positions: to
 * is on the pairs of layer l. */
typedef struct pdlt_tensor_step {
  const pdlt_slot_pairs *slots; /* of layer l */
  size_t D;                     /* slots: samples, at each position */
  double C, lambda, r;          /* C_W, lambda_W of layer l + 1; r = n_l/n_{l-1} */
  const double *theta;          /* (D, D) of layer l */
  const pdlt_bracket_pairs *pairs;
  const pdlt_bracket_quads *quads;
  const pdlt_term_mask *mask;
  double *const *from; /* [PDLT_TENSOR_COUNT] of layer l */
  double *const *to;   /* [PDLT_TENSOR_COUNT] written */
  int paired;          /* 1: P of `to` is on pairs (03)(12) though layer l has one position */
  int threads;
  const pdlt_tensor_old *old; /* in place; else NULL */
  pdlt_jet *ss, *dd, *oo;     /* (D, D) of s1 s2, s1' s2', O12; owned, made by prepare */
} pdlt_tensor_step;

/* Makes the jets. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_tensor_step_prepare(pdlt_tensor_step *step, pdlt_error *err);
void pdlt_tensor_step_release(pdlt_tensor_step *step);

/* V, G1, Theta1, D, F, A, B of layer l + 1. Cost O(D^4). */
void pdlt_tensor_step_ntk(const pdlt_tensor_step *step);

/* The same in place, of layers without positions and without a mask, in this order: G1 and Theta1, which have
 * arrays of their own; R, S, T, U; P, Q; V, D, F, A, B. */
void pdlt_tensor_step_second(const pdlt_tensor_step *step);
void pdlt_tensor_step_ddntk_in_place(const pdlt_tensor_step *step);
void pdlt_tensor_step_dntk_in_place(const pdlt_tensor_step *step);
void pdlt_tensor_step_ntk_in_place(const pdlt_tensor_step *step);

/* P, Q, and then R, S, T, U of layer l + 1 (smooth activations, quads with
 * PDLT_QUAD_ALL). Cost O(D^4). */
void pdlt_tensor_step_dntk(const pdlt_tensor_step *step);
void pdlt_tensor_step_ddntk(const pdlt_tensor_step *step);

/* <s_a^(j) s_b^(k)>, j + k <= 6, smooth activations. */
static inline double pdlt_pair_value(const pdlt_tensor_step *step, int j, int k, size_t a,
                                     size_t b) {
  return pdlt_bracket_jet(step->pairs, 0, 0, j, k, a, b);
}

/* Position of [a][b][c][d] in a tensor of layer l. */
static inline size_t pdlt_at4(const pdlt_tensor_step *step, size_t a, size_t b, size_t c,
                              size_t d) {
  return pdlt_pair_at(step->slots, a, b) * step->slots->count + pdlt_pair_at(step->slots, c, d);
}

/* The same of P_abcd. */
static inline size_t pdlt_at_p(const pdlt_tensor_step *step, size_t a, size_t b, size_t c,
                               size_t d) {
  return step->slots->place == NULL ? pdlt_at4(step, a, b, c, d) : pdlt_at4(step, a, d, b, c);
}

/* Entries of layer l. In place V, D, F, P and Q are read by entries that do not change them before the one at
 * hand does. */
static inline double pdlt_read_v(const pdlt_tensor_step *step, size_t a, size_t b, size_t c,
                                 size_t d) {
  const double *v = step->from[PDLT_TENSOR_V];
  if (step->old == NULL) return v[pdlt_at4(step, a, b, c, d)];
  const size_t ab = pdlt_unordered(a, b), cd = pdlt_unordered(c, d), U = pdlt_half(step->D);
  if (a == b) return step->old->V[a * U + cd];
  if (c == d) return step->old->V[c * U + ab];
  return v[pdlt_unordered(ab, cd)];
}

static inline double pdlt_read_d(const pdlt_tensor_step *step, size_t a, size_t b, size_t c,
                                 size_t d) {
  const double *t = step->from[PDLT_TENSOR_D];
  if (step->old == NULL) return t[pdlt_at4(step, a, b, c, d)];
  const size_t cd = pdlt_unordered(c, d), U = pdlt_half(step->D);
  if (a == b) return step->old->D[a * U + cd];
  return t[pdlt_unordered(a, b) * U + cd];
}

static inline double pdlt_read_f(const pdlt_tensor_step *step, size_t a, size_t b, size_t c,
                                 size_t d) {
  const size_t D = step->D;
  if (step->old != NULL && c == d) return step->old->F[(a * D + b) * D + c];
  if (step->old != NULL && a == b) return step->old->F[(c * D + d) * D + a];
  return step->from[PDLT_TENSOR_F][pdlt_at4(step, a, b, c, d)];
}

static inline double pdlt_read_p(const pdlt_tensor_step *step, size_t a, size_t b, size_t c,
                                 size_t d) {
  const size_t D = step->D;
  if (step->old != NULL && a == d) return step->old->P[(a * D + b) * D + c];
  return step->from[PDLT_TENSOR_P][pdlt_at_p(step, a, b, c, d)];
}

static inline double pdlt_read_q(const pdlt_tensor_step *step, size_t a, size_t b, size_t c,
                                 size_t d) {
  const size_t D = step->D;
  if (step->old != NULL && c == d) return step->old->Q[(a * D + b) * D + c];
  return step->from[PDLT_TENSOR_Q][pdlt_at4(step, a, b, c, d)];
}

/* sum_ab <da(s_p^(j) s_q^(k))> <db(s_u^(l) s_v^(m))> F_axby: a over the slots p, q and b
 * over u, v. */
static inline double pdlt_contract_f(const pdlt_tensor_step *step, size_t p, int j, size_t q, int k,
                                     size_t u, int l, size_t v, int m, size_t x, size_t y) {
  double d_p = pdlt_pair_value(step, j + 1, k, p, q), d_q = pdlt_pair_value(step, j, k + 1, p, q);
  double d_u = pdlt_pair_value(step, l + 1, m, u, v), d_v = pdlt_pair_value(step, l, m + 1, u, v);
  return d_p * (d_u * pdlt_read_f(step, p, x, u, y) + d_v * pdlt_read_f(step, p, x, v, y)) +
         d_q * (d_u * pdlt_read_f(step, q, x, u, y) + d_v * pdlt_read_f(step, q, x, v, y));
}

#ifdef __cplusplus
}
#endif
#endif
