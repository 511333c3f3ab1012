/* kurtosis.h - how far from Gaussian the outputs at initialization are.
 *
 * Is: the fourth cumulant over kept networks, width by width, and its coefficient of h against
 * 3 V/K^2 (PDLT ch. 4), with a verdict of its own.
 * Is not: the tensor V itself, which is measured with less noise and tested elsewhere. */
#ifndef PDLT_COMPARE_VERDICT_KURTOSIS_H
#define PDLT_COMPARE_VERDICT_KURTOSIS_H

#include "base/file/archive.h"
#include "compare/verdict/compare.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Kept outputs (members, T, n_L, D) of a width for that many samples; NULL with fewer than 1000. */
const pdlt_array *pdlt_kurtosis_draws(const pdlt_archive *measured, double width, size_t samples);

/* Fills *out from comparison's widths, h and level; num stays 0 where theory lacks K, G1 or V, or
 * no width kept enough networks at time 0. Owned by the caller. Errors: PDLT_ERR_MEMORY,
 * PDLT_ERR_NUMERIC. */
pdlt_status pdlt_kurtosis_measure(pdlt_kurtosis *out, const pdlt_comparison *comparison,
                                  const pdlt_archive *theory, const pdlt_archive *measured,
                                  pdlt_error *err);

void pdlt_kurtosis_free(pdlt_kurtosis *kurtosis);

#ifdef __cplusplus
}
#endif
#endif
