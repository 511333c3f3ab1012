/* assignment.h - pairs of rows and columns with the largest sum of weights.
 *
 * Is: the assignment problem, exact, for any numbers of rows and columns (the Hungarian method with
 * shortest augmenting paths).
 * Is not: aware of what is assigned. */
#ifndef PDLT_TRAINER_FEATURES_ASSIGNMENT_H
#define PDLT_TRAINER_FEATURES_ASSIGNMENT_H

#include <stddef.h>

#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* *best = largest sum of weight (rows, columns) over sets of min(rows, columns) pairs that share neither a
 * row nor a column; 0 of nothing. Errors: PDLT_ERR_MEMORY. Cost min(rows, columns)^2 max(rows, columns). */
pdlt_status pdlt_assignment(size_t rows, size_t columns, const double *weight, double *best,
                            pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
