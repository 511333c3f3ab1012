/* quadrature.h - the trapezoid rule for one standard Gaussian variable.
 *
 * Is: nodes and weights on |t| <= PDLT_GAUSS_RANGE with a given step; internal to
 * theory/. For analytic functions the error falls geometrically with 1/step.
 * Is not: adaptive; callers shrink the step until two rules agree.
 *
 * Derivation and choice of range and step: docs/kernels.md, "Quadrature". */
#ifndef PDLT_THEORY_GAUSS_QUADRATURE_H
#define PDLT_THEORY_GAUSS_QUADRATURE_H

#include <stddef.h>

#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* exp(-t^2/4), the size of a weighted Hermite polynomial, is 1e-17 there. */
#define PDLT_GAUSS_RANGE 12.5

typedef struct pdlt_gauss_line {
  size_t count; /* odd; node (count-1)/2 is t = 0 */
  double step;
  double *t; /* (count) nodes, symmetric about 0 */
  double *w; /* (count) step * exp(-t^2/2)/sqrt(2 pi) */
} pdlt_gauss_line;

/* Nodes and weights with the largest step <= `step` that fits the range; owned by the
 * caller. Errors: PDLT_ERR_NUMERIC when more than 2^21 nodes would be needed,
 * PDLT_ERR_MEMORY. */
pdlt_status pdlt_gauss_line_new(pdlt_gauss_line *out, double step, pdlt_error *err);

void pdlt_gauss_line_free(pdlt_gauss_line *line);

/* Step in t that resolves sigma(sqrt(k) t) times the first `terms` Hermite polynomials:
 * with the distance of the nearest singularity of sigma of order one, half the nodes
 * already give about 1e-10 to 1e-13. */
double pdlt_gauss_line_step(double k, size_t terms);

#ifdef __cplusplus
}
#endif
#endif
