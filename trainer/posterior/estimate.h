/* estimate.h - what the posterior is, from sums over draws.
 *
 * Is: each measured quantity as a function of the sums of sums.h (docs/posterior.md, "Measured"):
 *
 *   log Z = shift + log(sum w/draws)        E[f|y] = sum w f/sum w
 *   Cov[z_ia, z_jb|y] = E[delta_ij C_ab + m_ia m_jb|y] - E[m_ia|y] E[m_jb|y]
 *
 * of last_layer_* the same without w. Effective number of draws, as a share of them: (sum w)^2/(draws sum w^2).
 * Is not: error bars; the jackknife takes these functions of all sums and of all but one block's
 * (trainer/output/posterior.c). */
#ifndef PDLT_TRAINER_POSTERIOR_ESTIMATE_H
#define PDLT_TRAINER_POSTERIOR_ESTIMATE_H

#include "base/experiment/quantity.h"
#include "trainer/posterior/sums.h"

#ifdef __cplusplus
extern "C" {
#endif

/* out (numbers of the quantity) of row k of the table, drawn WEIGHTED; layer > 0: POST_KERNEL of that layer,
 * else the last one. NAN without weight. */
void pdlt_posterior_estimate(const pdlt_posterior_shape *shape, int k, size_t layer,
                             const double *sums, double *out);

#ifdef __cplusplus
}
#endif
#endif
