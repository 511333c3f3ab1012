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
  size_t num;          /* U widths */
  const size_t *width; /* (U) their places among those of the join */
  const double *h;     /* (U) in which the powers go: h^power */
} pdlt_truncation_input;

/* beyond[j] = factor rho^(j+1) C_d: C_0 the root mean square of lo over the distinct numbers, C_k that of
 * the fitted coefficient of h^k less its noise, rho the largest C_{k+1}/C_k. 0 where nothing but
 * noise is seen. Errors: PDLT_ERR_MEMORY, PDLT_ERR_NUMERIC. Cost: a fit of every number. */
pdlt_status pdlt_truncation(const pdlt_truncation_input *input, double beyond[PDLT_FIT_BEYOND],
                            pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
