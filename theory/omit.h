/* omit.h - what theory.omit leaves out: terms, tensors, parts of the correction.
 *
 * Is: names from the experiment file turned into factors for the recursions, the
 * dynamics and the sum of parts.
 * Is not: the lists themselves (term.h, dynamics.h). */
#ifndef PDLT_THEORY_OMIT_H
#define PDLT_THEORY_OMIT_H

#include "base/experiment.h"
#include "theory/dynamics.h"
#include "theory/term.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_omission {
  int any;                               /* 0: every factor is 1 */
  pdlt_term_mask terms;                  /* recursions at initialization */
  pdlt_dynamics_factors dynamics;        /* terms of training */
  double part[PDLT_DYNAMICS_PART_COUNT]; /* of z_nlo */
} pdlt_omission;

/* Factor 0 for everything that ex->theory.omit names: a term ("V.fresh", "z.dntk_us"),
 * a tensor or group (all terms with that prefix: "V", "Theta_t"), or a part of z_nlo
 * ("dntk"). Errors: PDLT_ERR_INPUT `FILE:LINE: theory.omit: ...`. */
pdlt_status pdlt_omission_read(pdlt_omission *out, const pdlt_experiment *ex, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
