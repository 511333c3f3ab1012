/* level.h - a draw linearized anew at a few times: the levels of its trained outputs.
 *
 * Is: the mean over a pair z(0), -z(0) of networks that, between the times of a level, follow
 * their linearization exactly and, at these times, are linearized anew where they have come to
 * (docs/trainer/control.md, "Levels"):
 *
 *   z(t) = z_j + Th_.A psi_(t - t_j)(Th_AA) (y - z_j;A),                t_j <= t < t_(j+1),
 *   theta_(j+1) = theta_j + lambda dz_A/dtheta psi_(t_(j+1) - t_j)(Th_AA) (y - z_j;A),
 *
 * Th and the gradients those at theta_j, or half-way between t_j and t_(j+1). No time at all is
 * the own linearization c (linearization.h); every step is gradient descent.
 * The NTK changes in proportion to the time from node to node, and stays where the last one left it ("The NTK
 * in training").
 * Is not: an approximation of the result: a level is a function of the draw whose mean is added
 * back. */
#ifndef PDLT_TRAINER_CONTROL_LEVEL_H
#define PDLT_TRAINER_CONTROL_LEVEL_H

#include "trainer/control/linearization.h"
#include "trainer/control/moves.h"
#include "trainer/record/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Which draws are followed; everything borrowed. */
typedef struct pdlt_level_settings {
  const pdlt_network *net;
  const pdlt_samples *data;
  const pdlt_schedule *schedule;
  double eta;
  size_t heads; /* most last layers on the same hidden layers */
  size_t nodes; /* levels with at most so many do without own weights where that costs less */
  int odd;      /* what pairs differ by is wanted */
  int kernels;  /* how the NTK changes is wanted */
} pdlt_level_settings;

/* r counts the networks that move together. */
typedef struct pdlt_level_draws {
  pdlt_linearization linearization;
  pdlt_bundle *bundle; /* the draws; owned */
  pdlt_moves moves;    /* where their networks are */
  double *linear;      /* (heads, T, n_L, D) c of the draws */
  double
      *linear_odd; /* (heads, T, n_L, D) half the difference of their pairs, linearized; or NULL */
  int *unstable;   /* (heads) whether their eta theta_max > 2 */
  double *path;    /* (r, T, n_L, D) */
  double *moved;   /* (T, n_L, D) since the last node */
  double *z;       /* (r, n_L, D) at the last node */
  double *start;   /* (r, n_L, N_A) z(0) with centered targets, else 0 */
  double *target, *push; /* (r, n_L, N_A) y + start - z there, - psi times it */
  double *before;        /* (r) |target|^2 at the draw */
  double *change,
      *step;        /* (r, P) of the NTK, P = q (q + 1)/2: up to the last node; from the one before;
                            NULL without kernels */
  int *use, *flags; /* (heads) 0: a network of the pair went astray; backs both */
  double *storage;
} pdlt_level_draws;

/* Memory for draws of the settings. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_level_draws_new(pdlt_level_draws *out, const pdlt_level_settings *settings,
                                 pdlt_error *err);
void pdlt_level_draws_free(pdlt_level_draws *level_draws);

/* The draws theta from now on, as pdlt_bundle_draw takes them: fills linear and unstable. Errors:
 * PDLT_ERR_MEMORY. */
pdlt_status pdlt_level_draws_begin(pdlt_level_draws *level_draws, const double *theta, size_t heads,
                                   pdlt_error *err);

/* What a level says of its draws; odd and kernels as the settings want them, else NULL. */
typedef struct pdlt_level_numbers {
  double *even;    /* (heads, T, n_L, D) mean over the pair of the outputs */
  double *odd;     /* (heads, T, n_L, D) half the difference of the pair */
  double *kernels; /* (heads, T, P) mean over the pair of the NTK's change since the draw, packed */
} pdlt_level_numbers;

/* Fills out. It is c, and the NTK does not change, where the draw is unstable, or where a network of the
 * pair is at a node further from its targets than at first, or not finite: any function of the draw will do.
 * Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_level_draws_output(pdlt_level_draws *level_draws, const pdlt_level *level,
                                    const pdlt_level_numbers *out, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
