/* newton.h - Newton's method at order 1/n as gradient descent on other coordinates.
 *
 * Is: every training slot of K, Theta, y and the tensors times r = kappa^(1/2), kappa = Theta_AA^-1 of infinite
 * width, after which theta <- theta - eta lambda J^T kappa (z - y) is gradient descent on (1/2) |r (z - y)|^2
 * with an NTK that is 1 on training samples; and results brought back by r^-1 (docs/dynamics.md, "Newton's
 * method").
 * Is not: the dynamics (mean.h, cov.h, end.h), which need not know. */
#ifndef PDLT_THEORY_ORDER_ONE_NEWTON_H
#define PDLT_THEORY_ORDER_ONE_NEWTON_H

#include "theory/order_one/trained.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_newton {
  pdlt_trained_input input; /* of gradient descent; borrows what follows */
  double *back;             /* (A, A) r^-1 = Theta_AA^(1/2); owned */
  double *storage;          /* of the tensors; owned */
} pdlt_newton;

/* *out is owned by the caller (pdlt_newton_free), untouched on failure. Errors: PDLT_ERR_INPUT where Theta_AA is
 * not positive, saying so; PDLT_ERR_MEMORY. Cost 80 D^4 A flops, memory 10 D^4 doubles. */
pdlt_status pdlt_newton_new(pdlt_newton *out, const pdlt_trained_input *input, pdlt_error *err);
void pdlt_newton_free(pdlt_newton *newton);

/* Brings means, NTK and covariances back to samples, in place; there are neither a dNTK nor features. Errors:
 * PDLT_ERR_MEMORY. */
pdlt_status pdlt_newton_return(const pdlt_newton *newton, pdlt_trained *trained, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
