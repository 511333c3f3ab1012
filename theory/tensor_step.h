/* tensor_step.h - one layer of the order-1/n recursions, given its brackets.
 *
 * Is: the interface between the driver (tensor.c) and the equations (tensor_ntk.c).
 * Is not: public; programs use tensor.h. */
#ifndef PDLT_THEORY_TENSOR_STEP_H
#define PDLT_THEORY_TENSOR_STEP_H

#include "theory/bracket.h"
#include "theory/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Function of two slots averaged, and its second derivatives in the slots. */
typedef struct pdlt_jet {
  double value, d20, d11, d02;
} pdlt_jet;

/* From layer l (from, theta, brackets) to layer l + 1 (to, C, lambda). */
typedef struct pdlt_tensor_step {
  size_t D;
  double C, lambda, r; /* C_W, lambda_W of layer l + 1; r = n_l/n_{l-1} */
  const double *theta; /* (D, D) */
  const pdlt_bracket_pairs *pairs;
  const pdlt_bracket_quads *quads;
  const pdlt_term_mask *mask;
  double *const *from; /* [PDLT_TENSOR_COUNT] of layer l */
  double *const *to;   /* [PDLT_TENSOR_COUNT] of layer l + 1, written */
  int threads;
  pdlt_jet *ss, *dd, *oo; /* (D, D) of s1 s2, s1' s2', O12; owned, made by prepare */
} pdlt_tensor_step;

/* Makes the jets. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_tensor_step_prepare(pdlt_tensor_step *step, pdlt_error *err);
void pdlt_tensor_step_release(pdlt_tensor_step *step);

/* V, G1, Theta1, D, F, A, B of layer l + 1. Cost O(D^4). */
void pdlt_tensor_step_ntk(const pdlt_tensor_step *step);

/* Position of [a][b][c][d] in a (D, D, D, D) array. */
static inline size_t pdlt_at4(size_t D, size_t a, size_t b, size_t c, size_t d) {
  return ((a * D + b) * D + c) * D + d;
}

#ifdef __cplusplus
}
#endif
#endif
