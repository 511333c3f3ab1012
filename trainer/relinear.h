/* relinear.h - a draw linearized anew at a few times: the levels of its trained outputs.
 *
 * Is: the mean over a pair z(0), -z(0) of networks that, between the times of a level, follow
 * their linearization exactly and, at these times, are linearized anew where they have come to
 * (docs/trainer.md, "Levels"):
 *
 *   z(t) = z_j + Th_.A psi_(t - t_j)(Th_AA) (y - z_j;A),                t_j <= t < t_(j+1),
 *   theta_(j+1) = theta_j + lambda dz_A/dtheta psi_(t_(j+1) - t_j)(Th_AA) (y - z_j;A),
 *
 * Th and the gradients those at theta_j, or half-way between t_j and t_(j+1). No time at all is
 * the own linearization c (control.h); every step is gradient descent.
 * Is not: an approximation of the result: a level is a function of the draw whose mean is added
 * back. */
#ifndef PDLT_TRAINER_RELINEAR_H
#define PDLT_TRAINER_RELINEAR_H

#include "trainer/control.h"
#include "trainer/tangent.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Linearized anew at t_j = j step, j = 1..nodes; nodes = 0: own linearization. */
typedef struct pdlt_level {
  double step;
  int nodes;
  int middle; /* 1: gradients from half-way up to the last node, at second order in step */
} pdlt_level;

typedef struct pdlt_relinear {
  pdlt_control control;
  pdlt_tangent first, now;         /* at the draw; where a network is */
  const double *theta;             /* the draw, borrowed */
  double *linear;                  /* (T, n_L, D) c of the draw */
  int unstable;                    /* whether its eta theta_max > 2 */
  double *path, *moved;            /* (T, n_L, D) of one network; since its last node */
  double *state, *half;            /* (num_params) parameters of one network; half-way */
  double *z1, *z1_state, *z1_half; /* (D, n_1) of the draw and of these */
  double *z;                       /* (n_L, D) at the last node */
  double *target, *push;           /* (n_L, N_A) y - z there, - psi (y - z) */
  double *storage;
} pdlt_relinear;

/* Memory for one draw at a time. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_relinear_new(pdlt_relinear *out, const pdlt_network *net,
                              const pdlt_problem *problem, const pdlt_schedule *schedule,
                              double eta, pdlt_error *err);
void pdlt_relinear_free(pdlt_relinear *relinear);

/* The draw theta from now on: fills linear and unstable. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_relinear_begin(pdlt_relinear *relinear, const double *theta, pdlt_error *err);

/* out (T, n_L, D) of the level. It is c where the draw is unstable, or where a network of the
 * pair is at a node further from its targets than at first, or not finite: any function of the
 * draw will do. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_relinear_output(pdlt_relinear *relinear, const pdlt_level *level, double *out,
                                 pdlt_error *err);

/* Operations of a level of a draw, pdlt_relinear_begin included (flops.h). */
double pdlt_relinear_flops(const pdlt_network *net, const pdlt_problem *problem,
                           const pdlt_level *level);

#ifdef __cplusplus
}
#endif
#endif
