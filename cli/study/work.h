/* work.h - how long training will take, before it begins.
 *
 * Is: private to cli/study; a count of flops, weighed as in trainer/control/flops.h, over a rate
 * that is measured here and now.
 * Is not: a promise: what an estimator takes is known only after its pilot (docs/explain.md). */
#ifndef PDLT_CLI_STUDY_WORK_H
#define PDLT_CLI_STUDY_WORK_H

#include "base/core/status.h"
#include "trainer/record/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Steps that a network takes until its outputs reach their targets, from the eigenvalues of
 * Theta_AA = theta (D, D): those of the slowest mode, at most schedule.max_steps; without `end`, or
 * theta NULL: of the schedule, 50 for `end`. Errors: PDLT_ERR_MEMORY, PDLT_ERR_NUMERIC. */
pdlt_status pdlt_work_steps(double *out, const pdlt_plan *plan, const double *theta,
                            pdlt_error *err);

/* Flops of the members of all widths; of `until` those it begins with. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_work_train(double *out, const pdlt_plan *plan, double steps, pdlt_error *err);

/* Flops of the stability pilot at all widths. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_work_stability(double *out, const pdlt_plan *plan, pdlt_error *err);

/* Flops of a mean of compare/reach/gaussian_ntk.h with so many recorded times. */
double pdlt_work_gaussian_ntk(const pdlt_plan *plan);

/* Flops per second of one core, from a few products of matrices. Errors: PDLT_ERR_MEMORY. Cost:
 * about a millisecond. */
pdlt_status pdlt_work_rate(double *out, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
