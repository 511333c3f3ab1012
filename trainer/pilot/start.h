/* start.h - whether kernel and NTK at the start are better measured on networks than without weights.
 *
 * Is: for auto, where draws without weights have no controls (more than PDLT_MAX_CONTROLS): variances of K and
 * Theta among draws outside the run, and flops, at the smallest and the largest width.
 * Is not: asked where trained draws have controls: these take the draws without weights along anyway. */
#ifndef PDLT_TRAINER_PILOT_START_H
#define PDLT_TRAINER_PILOT_START_H

#include <signal.h>

#include "base/core/progress.h"
#include "trainer/record/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Work on K, Theta and V at the start per draw, over that on networks, averaged over two widths: variance
 * times flops, of V flops alone (each draw says as much of it). */
typedef struct pdlt_start_work {
  int known;               /* 0: not looked at */
  double K, Theta, vertex; /* 1 where not measured */
} pdlt_start_work;

/* Whether that is a reason to measure them on the networks: one of them takes longer without weights. */
int pdlt_start_prefers_networks(const pdlt_start_work *work);

/* training: weighed flops of what is trained of a draw at both widths, 0 where nothing is. known = 0 where there
 * is nothing to decide: K, Theta and V come from networks anyway, have controls (of all pairs together, or pair
 * by pair), or trained draws do. Errors: PDLT_ERR_MEMORY, PDLT_ERR_INTERRUPTED. progress may be NULL. */
pdlt_status pdlt_start_pilot(pdlt_start_work *out, const pdlt_plan *plan, const double training[2],
                             const volatile sig_atomic_t *stop, pdlt_progress *progress,
                             pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
