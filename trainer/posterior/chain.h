/* chain.h - a Markov chain in the posterior, for targets that draws from the prior do not reach.
 *
 * Is: elliptical slice sampling (Murray, Adams, MacKay 2010, arXiv:1001.0175) on t of all hidden layers,
 * whose prior is standard normal (prior.h): with a move nu, also standard normal, the states on the ellipse
 * t cos a + nu sin a are tried at angles a from a bracket that shrinks towards 0 until
 *
 *   log w(t cos a + nu sin a) > log w(t) + log u,   u uniform in (0, 1)
 *
 * which leaves the posterior as it is, without parameters or rejections (docs/posterior.md, "Slice").
 * Is not: a source of evidence. */
#ifndef PDLT_TRAINER_POSTERIOR_CHAIN_H
#define PDLT_TRAINER_POSTERIOR_CHAIN_H

#include "trainer/posterior/sums.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Steps before the first kept state of a chain; from one kept state to the next. */
enum { PDLT_CHAIN_BURN = 256, PDLT_CHAIN_THIN = 8 };

/* log w of the prior's present t. */
double pdlt_chain_level(pdlt_posterior_sums *posterior);

/* One step of chain `chain` from the prior's present t, whose log w is level; leaves the next state there,
 * kernels included, and returns its log w. A function of (seed, width, chain, step). */
double pdlt_chain_step(pdlt_posterior_sums *posterior, uint64_t chain, uint64_t step, double level);

#ifdef __cplusplus
}
#endif
#endif
