/* mask.h - a factor for every term, tensor and part of theory, from theory.omit and
 * theory.flip.
 *
 * Is: names from the experiment file turned into factors for the recursions, the
 * dynamics and the sum of parts.
 * Is not: the lists themselves (term.h, training_term.h). */
#ifndef PDLT_THEORY_TERMS_MASK_H
#define PDLT_THEORY_TERMS_MASK_H

#include "base/experiment/experiment.h"
#include "theory/terms/kink_term.h"
#include "theory/terms/posterior_term.h"
#include "theory/terms/term.h"
#include "theory/terms/training_term.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_mask {
  int active;                            /* 0: every factor is 1 */
  pdlt_term_mask terms;                  /* recursions at initialization */
  pdlt_dynamics_factors dynamics;        /* terms of training */
  double part[PDLT_DYNAMICS_PART_COUNT]; /* of z_nlo */
  pdlt_kink_factors kink;                /* of z_half and what goes with it */
  pdlt_posterior_factors posterior;      /* terms of Bayesian inference */
} pdlt_mask;

/* Factor 0 for everything that ex->theory.omit names, -1 for what ex->theory.flip names: a
 * term ("V.fresh", "z.dntk_us"), a tensor or group (all terms with that prefix: "V",
 * "Theta_t"), or a part of z_nlo ("dntk"), or a part or layer of z_half ("half.pushed",
 * "half.layer2"), or a term of Bayesian inference ("posterior.learning"). A term that flip reaches twice, or omit too, is an
 * error. Errors: PDLT_ERR_INPUT `FILE:LINE: theory.omit: ...` or `theory.flip`. */
pdlt_status pdlt_mask_read(pdlt_mask *out, const pdlt_experiment *ex, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
