/* internal.h - what the files of inference share: see inference.h.
 *
 * Is not: public; only theory/posterior includes it. */
#ifndef PDLT_THEORY_POSTERIOR_INTERNAL_H
#define PDLT_THEORY_POSTERIOR_INTERNAL_H

#include "theory/posterior/inference.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What all equations are made of; owned. */
typedef struct pdlt_inference_work {
  const pdlt_inference_input *input;
  const pdlt_inference_layer *top; /* the output layer */
  double log_det;                  /* of K_AA + s2 */
  double *P;                       /* (A, A) */
  double *u;                       /* (n_L, A) P y */
  double *U;                       /* (A, A) */
  double *M;               /* (D, D) of the layer at hand, 0 outside A at the output layer */
  double *R;               /* (D, D) */
  double *T;               /* (D, D) V_(ma)(bn) P_ab, times the factor of vertex */
  double *VM;              /* (D, D) (1/2) V M, without a factor */
  double *scratch, *other; /* (D, D) */
  double *storage;
} pdlt_inference_work;

static inline double pdlt_inference_factor(const pdlt_inference_input *input,
                                           pdlt_posterior_term term) {
  return input->factors == NULL ? 1.0 : input->factors->factor[term];
}

/* to = (1/2) V M of a layer, (D, D); 0 without V. */
void pdlt_inference_learning(const pdlt_inference_work *w, const pdlt_inference_layer *layer,
                             const double *M, double *to);

/* The hidden layers, from M of the output layer down, which w->M holds and loses (hidden.c). */
void pdlt_inference_hidden(pdlt_inference *out, pdlt_inference_work *w);

#ifdef __cplusplus
}
#endif
#endif
