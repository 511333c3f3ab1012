/* further_draws.h - what a draw's further draws, which are not trained, add to a record.
 *
 * Is: the samples without weights that belong to one draw (weightless.h): the mean of c, K and
 * Theta, and V where nothing else needs the draw's own; and the levels between c and training
 * (level.h), on further draws of which a few at a time have the same hidden layers.
 * Is not: the trained draw itself (block.h). */
#ifndef PDLT_TRAINER_CONTROL_FURTHER_DRAWS_H
#define PDLT_TRAINER_CONTROL_FURTHER_DRAWS_H

#include "trainer/control/level.h"
#include "trainer/control/weightless.h"
#include "trainer/record/accumulate.h"
#include "trainer/record/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Last layers in turn on the same hidden layers: the noise is mostly theirs, the numbers are
 * mostly the others'. */
enum { PDLT_FURTHER_LAST = 8 };

/* Adds the plan's samples for `member` to the record, each with its share of one draw in K,
 * Theta and shift. tensors: where V is measured on them. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_further_samples(pdlt_weightless *weightless, pdlt_accumulator *tensors,
                                 uint64_t member, double *record);

typedef struct pdlt_further {
  const pdlt_plan *plan; /* borrowed */
  pdlt_level_draws level_draws;
  double *theta; /* a further draw, and PDLT_FURTHER_LAST - 1 more of its last layer */
  double *level; /* (PDLT_FURTHER_LAST, T, p) one level of them */
  double *storage;
} pdlt_further;

/* Memory of one thread. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_further_new(pdlt_further *out, const pdlt_plan *plan, const pdlt_network *net,
                             pdlt_error *err);
void pdlt_further_free(pdlt_further *further);

/* shift (T, p) += sum_k mean over the draws of level k of (c_k - c_(k-1)), less the last level of
 * the draw theta itself (docs/trainer/control.md, "Levels"). *unstable: of theta. Errors:
 * PDLT_ERR_MEMORY. */
pdlt_status pdlt_further_levels(pdlt_further *further, const double *theta, uint64_t member,
                                double *shift, int *unstable);

#ifdef __cplusplus
}
#endif
#endif
