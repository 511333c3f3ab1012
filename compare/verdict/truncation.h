/* truncation.h - how large the powers of h beyond the fit may be.
 *
 * Is: the standard deviation of the next coefficients of a quantity, from how its fitted
 * coefficients grow; so that what a polynomial leaves out is part of the error.
 * Is not: a test (verdict.h). Method and calibration: docs/statistics.md, "Truncation". */
#ifndef PDLT_COMPARE_VERDICT_TRUNCATION_H
#define PDLT_COMPARE_VERDICT_TRUNCATION_H

#include "base/core/status.h"
#include "compare/join/join.h"
#include "compare/statistics/fit.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A quantity and the widths that enter its fits. Borrowed. */
typedef struct pdlt_truncation_input {
  const pdlt_join *join;
  int degree;
  double factor;       /* pdlt_join_setup.truncation */
  size_t num;          /* U >= degree + 1 widths */
  const size_t *width; /* (U) their places among those of the join */
  const double *h;     /* (U) in which the powers go: h^power */
  int c0_known;        /* 1: also sizes for tests that hold c0 at lo */
} pdlt_truncation_input;

/* Coefficient d + 1 + j of number k is of the size beyond[j], and the vector of them over numbers
 * shared[j] times as large as the noise of x at `width`. */
typedef struct pdlt_truncation {
  double beyond[PDLT_FIT_BEYOND], shared[PDLT_FIT_BEYOND];
  double shared_known[PDLT_FIT_BEYOND]; /* shared where c0 is held at lo */
  size_t width;                         /* w: the first that is used */
} pdlt_truncation;

/* C_0 is the root mean square of lo over the distinct numbers, C_k that of the fitted coefficient of
 * h^k less its noise, 0 unless it stands clear of it; rho the fastest growth from one size that is not
 * 0 to the next, per power: beyond[j] = factor rho^(j + 1) C_degree. shared[j] is the same with
 * sizes measured in units of the noise at `width`, over the directions of its correlation; where they
 * are not clear and c0_known, shared_known is from fits with c0 fixed at lo, which see what others do not. Errors:
 * PDLT_ERR_MEMORY, PDLT_ERR_NUMERIC. Cost: a fit of every number and degree + 2 covariances, or
 * twice that. */
pdlt_status pdlt_truncation_size(pdlt_truncation *out, const pdlt_truncation_input *input,
                                 pdlt_error *err);

/* The same for one linear function of all numbers, sum_k weight_k x_k, by its own coefficients and
 * its own noise: coherent[j], of the coefficient d + 1 + j of the function. weight (N). */
pdlt_status pdlt_truncation_along(double coherent[PDLT_FIT_BEYOND],
                                  const pdlt_truncation_input *input, const double *weight,
                                  pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
