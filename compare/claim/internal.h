/* internal.h - what the files of this room share. Users include expectation.h. */
#ifndef PDLT_COMPARE_CLAIM_INTERNAL_H
#define PDLT_COMPARE_CLAIM_INTERNAL_H

#include "compare/claim/expectation.h"
#include "compare/claim/scope.h"
#include "compare/join/join.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Room for a curve of count points. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_finding_curve(pdlt_finding *out, size_t count, pdlt_error *err);

/* The distinct number with the largest prediction (N). */
size_t pdlt_claim_choose_shown(const pdlt_join *join, const double *prediction);

/* The test at each width: measured - prediction jointly over numbers and widths, by
 * pdlt_joint_test; numbers without statistical error within their tolerance. */
pdlt_status pdlt_claim_test_exact(pdlt_finding *out, const pdlt_expectation *e,
                                  const pdlt_sabotage *sabotage, const pdlt_claim_setting *setting,
                                  const pdlt_join *join, const pdlt_join_setup *setup,
                                  pdlt_error *err);

/* Measured against h^power, with lo or lo + h^power nlo (slope = 1) of the number shown, into the finding's
 * curve. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_claim_curve(pdlt_finding *out, const pdlt_join *join, const pdlt_join_setup *setup,
                             int slope, pdlt_error *err);

/* How the distance from infinite width and from the first correction falls with the width. Errors:
 * PDLT_ERR_MEMORY. */
pdlt_status pdlt_claim_residual(pdlt_residual *out, const pdlt_join *join,
                                const pdlt_join_setup *setup, pdlt_error *err);

/* The test of the power of n: exponent of the distance from infinite width, fitted over the widths that stand
 * clear of their noise, against the prediction within e->tolerance. Errors: those of formulas. */
pdlt_status pdlt_claim_test_exponent(pdlt_finding *out, const pdlt_expectation *e,
                                     const pdlt_sabotage *sabotage,
                                     const pdlt_claim_setting *setting, const pdlt_join *join,
                                     pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
