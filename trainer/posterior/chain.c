/* chain.c - see chain.h. */
#include "trainer/posterior/chain.h"

#include <math.h>
#include <string.h>

#include "base/random/rng.h"
#include "trainer/network/draws.h"

#define TWO_PI 6.28318530717958647693

/* Angles that are tried in a step: the bracket is then 1e-16 of what it was, or nearly. */
enum { TRIES = 62 };

double pdlt_chain_level(pdlt_posterior_sums *p) {
  pdlt_prior_forward(&p->prior);
  const double level = pdlt_readout_weigh(&p->readout, p->prior.kernel[p->shape.hidden], 0);
  return isnan(level) ? -INFINITY : level;
}

double pdlt_chain_step(pdlt_posterior_sums *p, uint64_t chain, uint64_t step, double level) {
  const size_t count = p->prior.numbers;
  pdlt_rng rng = {p->seed, p->prior.net->width, chain, PDLT_STREAM_CHAIN + 2 * step};
  double uniform[2 + TRIES];
  pdlt_rng_normal(&rng, count, p->move);
  rng.stream++;
  pdlt_rng_uniform(&rng, 0, 2 + TRIES, uniform);
  memcpy(p->state, p->prior.t, count * sizeof *p->state);
  const double floor = level + log(uniform[0]);
  double angle = TWO_PI * uniform[1], low = angle - TWO_PI, high = angle;
  for (int k = 0; k < TRIES; k++) {
    const double c = cos(angle), s = sin(angle);
    for (size_t i = 0; i < count; i++) p->prior.t[i] = c * p->state[i] + s * p->move[i];
    const double reached = pdlt_chain_level(p);
    if (reached > floor) return reached;
    if (angle < 0)
      low = angle;
    else
      high = angle;
    angle = low + (high - low) * uniform[2 + k];
  }
  memcpy(p->prior.t, p->state, count * sizeof *p->state);
  pdlt_prior_forward(&p->prior);
  return level;
}
