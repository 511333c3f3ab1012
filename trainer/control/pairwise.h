/* pairwise.h - K and Theta of draws without weights at many samples, with controls pair by pair.
 *
 * Is: per draw K and Th of one output (head.h) of the layers measured, each less a linear combination of
 * numbers whose mean is 0 at any width (docs/trainer/control.md, "Many samples"): for the pair (a, b), of
 * each hidden layer M_aa, M_ab, M_bb and M'_ab, averages over neurons less what they are expected to be
 * given the layers below, and the two of head.h. Coefficients come from a pilot whose draws no run uses,
 * so nothing is biased.
 * Is not: for few samples, where weightless.h does better, or for outputs of the linearized network. */
#ifndef PDLT_TRAINER_CONTROL_PAIRWISE_H
#define PDLT_TRAINER_CONTROL_PAIRWISE_H

#include "trainer/control/conditional.h"
#include "trainer/control/head.h"
#include "trainer/record/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the pilot of one width leaves; read only afterwards, shared by threads. */
typedef struct pdlt_pairwise_fit {
  double largest;      /* K_aa of the pilot above layer 1 */
  size_t most;         /* X of the last layer */
  double *coefficient; /* (R, 2, X, P) of K and Th; 0: not yet fitted */
} pdlt_pairwise_fit;

/* Of a plan with plan->control.pairwise. Cost: 1088 draws, and (X + 3)^2 P numbers of memory for each of
 * the R layers while it runs. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_pairwise_fit_new(pdlt_pairwise_fit *out, const pdlt_plan *plan,
                                  const pdlt_network *net, pdlt_error *err);
void pdlt_pairwise_fit_free(pdlt_pairwise_fit *fit);

/* Memory of one thread. */
typedef struct pdlt_pairwise {
  const pdlt_plan *plan;        /* borrowed */
  const pdlt_pairwise_fit *fit; /* borrowed */
  pdlt_head head;
  pdlt_conditional conditional;
  double *first[2];       /* (P) means of layer 1, which no draw changes */
  double *expected[2];    /* (P) */
  double *gram;           /* (D, D) */
  double *control;        /* (4 (L-1), P): M_aa, M_ab, M_bb, M'_ab of each hidden layer */
  double *rest;           /* (R, 2 (L-2), P) of head.h */
  double *kernel, *theta; /* (R, P), as they are */
  double *value; /* (R, P) of K, then of Theta, as far as they are measured, less the controls */
  double *storage;
} pdlt_pairwise;

/* Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_pairwise_new(pdlt_pairwise *out, const pdlt_plan *plan, const pdlt_network *net,
                              const pdlt_pairwise_fit *fit, pdlt_error *err);
void pdlt_pairwise_free(pdlt_pairwise *pairwise);

/* The draw `member`: kernel, theta and all controls. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_pairwise_raw(pdlt_pairwise *pairwise, uint64_t member);

/* The same, and value. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_pairwise_draw(pdlt_pairwise *pairwise, uint64_t member);

/* Controls X of layer l: 4 (l - 1) of hidden layers, then pdlt_head_rows(l). */
size_t pdlt_pairwise_controls(int l);

/* Row x < pdlt_pairwise_controls(l) of the last draw, (P), of readout r. */
const double *pdlt_pairwise_control(const pdlt_pairwise *pairwise, size_t r, size_t x);

#ifdef __cplusplus
}
#endif
#endif
