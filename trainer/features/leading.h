/* leading.h - leading eigenfunctions of a kernel on samples.
 *
 * Is: eigenfunctions of a kernel less its means over rows and columns, so that functions are centred; with a
 * Gram matrix of functions on the samples these are their principal components.
 * Is not: aware of where the kernel comes from. */
#ifndef PDLT_TRAINER_FEATURES_LEADING_H
#define PDLT_TRAINER_FEATURES_LEADING_H

#include <stddef.h>

#include "base/core/status.h"
#include "base/random/rng.h"

#ifdef __cplusplus
extern "C" {
#endif

/* centred (D, D) = H kernel H, H = 1 - 1/D; the two may be one. */
void pdlt_kernel_center(size_t D, const double *kernel, double *centred);

/* Eigenvalues, values (D), and eigenfunctions of length 1, functions (D, D) row by row, of the centred kernel,
 * by falling size of the eigenvalue: a change of a kernel has negative ones too. The last function is the
 * constant one or one of those with eigenvalue 0. kernel is left as it is. Errors: PDLT_ERR_NUMERIC,
 * PDLT_ERR_MEMORY. Cost O(D^3). */
pdlt_status pdlt_leading(size_t D, const double *kernel, double *values, double *functions,
                         pdlt_error *err);

/* How many of the eigenvalues, ordered by falling size, are not 0 in rounding: the functions that mean
 * something. */
size_t pdlt_leading_rank(size_t D, const double *values);

/* out (count, D) = a random rotation, uniform over all, of the rows of functions (count, D). Errors:
 * PDLT_ERR_MEMORY. Cost count^2 max(count, D). */
pdlt_status pdlt_functions_rotate(const pdlt_rng *rng, size_t count, size_t D,
                                  const double *functions, double *out, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
