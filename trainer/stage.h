/* stage.h - a level between a draw's linearization and its training.
 *
 * Is: c_K, a pair trained for K steps and linearized about where it stands then, less c, the
 * pair linearized about its draw (docs/trainer.md, "Stage"):
 *
 *   c_K(t) = z(t) up to t = K,   z(K) + Th_.A(K) psi_(t-K)(Th_AA(K)) (y - z_A(K)) beyond,
 *
 * averaged over the pair.
 * Is not: an approximation of the result: like c it is a function of the draw whose mean is
 * added back. */
#ifndef PDLT_TRAINER_STAGE_H
#define PDLT_TRAINER_STAGE_H

#include "trainer/control.h"
#include "trainer/training_ntk.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Networks whose last layers the further pairs of a stage use; trained draws use none of them. */
#define PDLT_STAGE_MEMBER ((uint64_t)1 << 40)

typedef struct pdlt_stage {
  const pdlt_network *net;       /* borrowed */
  const pdlt_schedule *schedule; /* borrowed */
  pdlt_training_ntk training_ntk;
  double *ntk;    /* (q, q) at step K */
  double *target; /* (n_L, N_A) y - z(K) */
  double *end;    /* (n_L, D) z(K) */
  double *moved;  /* (T, n_L, D) */
  double *sum;    /* (T, n_L, D) c_K of the networks so far */
  double *own;    /* (T, n_L, D) a difference */
  double *theta;  /* (num_params) a draw with another last layer */
  double *storage;
} pdlt_stage;

/* Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_stage_new(pdlt_stage *out, const pdlt_network *net, const pdlt_problem *problem,
                           const pdlt_schedule *schedule, pdlt_error *err);
void pdlt_stage_free(pdlt_stage *stage);

/* difference (T, n_L, D) = c_K - c of the draw theta, K = steps >= 1. 0 where a network of the
 * pair is further from its targets after K steps than at first, or not finite: any function of
 * the draw will do, and this one is bounded. The control's NTK is that of the draw. Errors:
 * PDLT_ERR_MEMORY. Cost: flops.h. */
pdlt_status pdlt_stage_difference(pdlt_stage *stage, pdlt_stepper *stepper, pdlt_control *control,
                                  const double *theta, long steps, double *difference,
                                  pdlt_error *err);

/* Adds to shift (T, n_L, D) the difference averaged over `pairs` further last layers, functions
 * of (seed, member), on the hidden layers of theta and over theta itself, less that of theta:
 * (sum of further - pairs own)/(pairs + 1), whose mean is 0. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_stage_add(pdlt_stage *stage, pdlt_stepper *stepper, pdlt_control *control,
                           const double *theta, long steps, size_t pairs, uint64_t seed,
                           uint64_t member, double *shift, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
