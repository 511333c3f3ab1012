/* cov_internal.h - what the two files of the covariance share. Users include cov.h. */
#ifndef PDLT_THEORY_ORDER_ONE_COV_INTERNAL_H
#define PDLT_THEORY_ORDER_ONE_COV_INTERNAL_H

#include "theory/order_one/cov.h"
#include "theory/order_one/internal.h"

#ifdef __cplusplus
extern "C" {
#endif

/* E[z_M(0) J_I(s)]/h: source (n_L D n_L, points, D), vector (m, f, i), M = (m,
 * f) and I = (i, d), rotated. self: pdlt_covariance. */
pdlt_time_source pdlt_covariance_source;

#ifdef __cplusplus
}
#endif
#endif
