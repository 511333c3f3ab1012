/* end.h - the mean output and the NTK at the end of training, order 1/width, in
 * closed form.
 *
 * Is: PDLT chapter infinity, the prediction (infinity.154), for MSE and
 * full-batch gradient descent with any eta, or gradient flow. Is not: finite
 * times (mean.h), whose limit it is. Derivation: docs/dynamics.md, "End".
 */
#ifndef PDLT_THEORY_ORDER_ONE_END_H
#define PDLT_THEORY_ORDER_ONE_END_H

#include "theory/order_one/mean.h"

#ifdef __cplusplus
extern "C" {
#endif

/* E[z(infinity)] = zbar + h z_end, z_end (n_L, D) = sum of parts (5, n_L, D),
 * which may be NULL; exactly 0 on training samples. Factors of terms apply.
 * Errors: PDLT_ERR_INPUT when Theta_AA is singular to within its error, saying
 * so; PDLT_ERR_MEMORY. Cost 48 n_L D A^3 flops in matrix products. */
pdlt_status pdlt_end(const pdlt_dynamics *dynamics, double *z_end, double *parts, pdlt_error *err);

/* E[Th(infinity)] = Theta + h theta_end, theta_end (n_L, D, n_L, D): pdlt_dynamics_run's
 * theta_t at late times. Errors as pdlt_end. Cost: that of one time. */
pdlt_status pdlt_end_ntk(const pdlt_dynamics *dynamics, double *theta_end, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
