/* choice.c - see choice.h. */
#include "trainer/pilot/choice.h"

#include <string.h>

static int is_linear(pdlt_estimator estimator) {
  return estimator == PDLT_ESTIMATOR_CONTROL || estimator == PDLT_ESTIMATOR_TWO_LEVEL;
}

pdlt_status pdlt_choice_make(pdlt_choice *out, const pdlt_plan *plan, int threads,
                             const volatile sig_atomic_t *stop, pdlt_progress *progress,
                             pdlt_error *err) {
  const pdlt_estimator estimator = plan->ex->ensemble.estimator;
  pdlt_choice choice;
  if (is_linear(estimator) && plan->p > PDLT_MAX_LINEARIZED)
    return pdlt_experiment_fail(plan->ex, "ensemble.estimator", err,
                                "linearizations have %zu outputs times samples, at most %zu; use "
                                "plain, antithetic or auto",
                                plan->p, PDLT_MAX_LINEARIZED);
  memset(&choice, 0, sizeof choice); /* padding too: the bytes are compared and hashed */
  choice.members = plan->members;
  choice.piloted =
      (estimator == PDLT_ESTIMATOR_AUTO || is_linear(estimator)) && plan->has[PDLT_QUANTITY_Z];
  if (choice.piloted) {
    const pdlt_status status = pdlt_pilot_run(&choice.pilot, plan, threads, stop, progress, err);
    if (status != PDLT_OK) return status;
  }
  *out = choice;
  return PDLT_OK;
}

void pdlt_choice_apply(const pdlt_choice *choice, pdlt_plan *plan) {
  const pdlt_pilot *pilot = &choice->pilot;
  const int pairs = plan->ex->ensemble.estimator == PDLT_ESTIMATOR_ANTITHETIC;
  pdlt_plan_estimator(plan, choice->piloted ? pilot->antithetic : pairs);
  if (choice->piloted && pilot->samples > 0)
    pdlt_plan_linearize(plan, pilot->samples, pilot->fitted, &pilot->levels);
  pdlt_plan_grow(plan, (size_t)choice->members);
}
