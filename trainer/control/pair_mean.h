/* pair_mean.h - Gaussian means of products of sigma at two correlated arguments.
 *
 * Is: E[sigma(u) sigma(v)] and E[sigma'(u) sigma'(v)] by a product rule in polar coordinates
 * that is refined until it stands still: the known means of the controls in weightless.h.
 * Is not: a prediction; it sees only the activation, at kernels that the trainer itself drew. */
#ifndef PDLT_TRAINER_CONTROL_PAIR_MEAN_H
#define PDLT_TRAINER_CONTROL_PAIR_MEAN_H

#include "base/activation/activation.h"
#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* u = g[0] x, v = g[1] x + g[2] y, x and y standard normal. mean[0] = E[sigma(u) sigma(v)],
 * mean[1] the same of sigma'. The angle is cut where u or v changes sign, so kinks at 0 do no
 * harm. *known: two rules, one of twice the nodes, agree to 1e-11 of the factors' mean square.
 * Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_pair_mean(const pdlt_activation *activation, const double g[3], double mean[2],
                           int *known, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
