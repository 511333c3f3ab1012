/* rounding.h - whether single precision is good enough for a run.
 *
 * Is: a fixed number of draws outside the run, trained in both precisions at the smallest and
 * the largest width, and their difference against the error bar that the run will have.
 * Is not: a bound for every network; a sample of the rounding that the run will see. */
#ifndef PDLT_TRAINER_PILOT_ROUNDING_H
#define PDLT_TRAINER_PILOT_ROUNDING_H

#include <signal.h>

#include "trainer/pilot/pilot.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PDLT_ROUNDING_SHARE 0.1 /* of the error bar */

/* At one width and time, over outputs and samples: root mean squares of what rounding may move
 * the mean output by, and of the expected error bar (docs/trainer/step.md, "Single precision"). */
typedef struct pdlt_rounding {
  size_t survivors; /* draws that did not diverge in either precision */
  double moved, error;
} pdlt_rounding;

/* One width; everything borrowed. */
typedef struct pdlt_rounding_settings {
  const pdlt_plan *plan;
  const pdlt_network *net;
  double ratio; /* variance of the estimator over that of the average of a draw's networks */
  int threads;  /* >= 1 */
  const volatile sig_atomic_t *stop; /* may be NULL */
  pdlt_progress *progress;           /* may be NULL */
} pdlt_rounding_settings;

/* What the draws at one width say, out (T). Errors: PDLT_ERR_MEMORY, PDLT_ERR_INTERRUPTED. */
pdlt_status pdlt_rounding_measure(pdlt_rounding *out, const pdlt_rounding_settings *settings,
                                  pdlt_error *err);

/* Refuses single precision (PDLT_ERR_INPUT, with the number) where rounding may move a mean
 * output by more than PDLT_ROUNDING_SHARE of its error bar; does nothing in double or where
 * nothing is trained. pilot: read where linearizations are used. Other errors as above. */
pdlt_status pdlt_rounding_check(const pdlt_plan *plan, const pdlt_pilot *pilot, int threads,
                                const volatile sig_atomic_t *stop, pdlt_progress *progress,
                                pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
