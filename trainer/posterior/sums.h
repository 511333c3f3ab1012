/* sums.h - sums over draws from which the posterior of networks of one width is made.
 *
 * Is: for each draw, from the prior with its weight w or from the posterior by a chain (chain.h), the
 * numbers below, summed times w; sums of two blocks add. Equations: docs/posterior.md, "Measured".
 * Is not: estimates (estimate.h) or aware of blocks' records. */
#ifndef PDLT_TRAINER_POSTERIOR_SUMS_H
#define PDLT_TRAINER_POSTERIOR_SUMS_H

#include <signal.h>

#include "trainer/posterior/prior.h"
#include "trainer/posterior/prior_controls.h"
#include "trainer/posterior/readout.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where what lies in the numbers of a draw, and those in the sums. D samples, p = n_L D, H hidden layers. */
typedef struct pdlt_posterior_shape {
  size_t samples, outputs, hidden, p;
  int chain; /* 1: draws are those of a chain in the posterior, all of weight 1 */
  pdlt_prior_controls_shape controls;
  /* numbers of a draw */
  size_t mean;     /* (p) m */
  size_t inner;    /* (D, D) C */
  size_t product;  /* (p, p) m m */
  size_t kernel;   /* (H + 1, D, D) Khat^(l) of layer l + 1 */
  size_t q;        /* (H, D, D) (1/n_l) sum_j z_j z_j */
  size_t zbar;     /* (H, D) (1/n_l) sum_j z_j */
  size_t numbers;  /* of a draw */
  size_t unloaded; /* of them the first so many are summed without w too */
  /* sums; w is relative to exp(shift), the same for all draws of a width */
  size_t draws;    /* 1 */
  size_t shift;    /* sum of shift */
  size_t weight;   /* sum of w */
  size_t square;   /* sum of w^2 */
  size_t log;      /* sum of log w - shift */
  size_t log2;     /* sum of its square */
  size_t weighted; /* (numbers) sum of w times them */
  size_t plain;    /* (unloaded) sum of them; 0 of a chain */
  size_t control;  /* (controls.count) */
  size_t size;     /* of all sums */
} pdlt_posterior_shape;

pdlt_posterior_shape pdlt_posterior_shape_make(const pdlt_experiment *ex, const pdlt_samples *data);

typedef struct pdlt_posterior_sums {
  pdlt_posterior_shape shape;
  pdlt_prior prior;
  pdlt_readout readout;
  pdlt_prior_controls controls;
  uint64_t seed;
  double shift;             /* log w of the mean kernel of a few draws */
  size_t *width;            /* (H) n_l */
  double *numbers;          /* (numbers) of a draw */
  double *overlap, *middle; /* (D, D), (D, D) work */
  double *state, *move;     /* (prior.numbers) of a chain */
  double *storage;
} pdlt_posterior_sums;

/* Memory for one draw at a time. Errors: PDLT_ERR_MEMORY; PDLT_ERR_INPUT `FILE:LINE: posterior.noise: ..`
 * where the kernel of the training samples is singular. */
pdlt_status pdlt_posterior_sums_new(pdlt_posterior_sums *out, const pdlt_posterior_shape *shape,
                                    const pdlt_experiment *ex, const pdlt_network *net,
                                    const pdlt_samples *data, pdlt_error *err);
void pdlt_posterior_sums_free(pdlt_posterior_sums *posterior);

/* sums (size) += those of draws first <= member < end, of a chain the whole of one of its own, named by
 * first. Returns PDLT_ERR_INTERRUPTED when *stop (may be NULL) ended it early, PDLT_ERR_NUMERIC when Khat of a
 * draw is singular on the training samples; sums are of no use then. Cost: for each draw n D numbers, O(n D^2)
 * per layer and the controls; of a chain for each step 1 to 6 times that, without controls. */
pdlt_status pdlt_posterior_sums_add(pdlt_posterior_sums *posterior, uint64_t first, uint64_t end,
                                    const volatile sig_atomic_t *stop, double *sums);

#ifdef __cplusplus
}
#endif
#endif
