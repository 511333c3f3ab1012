/* linearization.h - a draw's own linearization: the control of its trained outputs.
 *
 * Is: the mean over a pair z(0), -z(0) of the outputs of a network linearized about its
 * draw, a function of the draw's NTK alone (docs/trainer/control.md, "Own linearization"):
 *
 *   c(t) = Th_.A psi_t(Th_AA) y,    Th_AA = sum_r theta_r v_r v_r^T,
 *   psi_t(theta) = (1 - mu^t)/theta,    mu = 1 - eta theta, or 1/(1 - eta theta) below -1,
 *
 * Th the NTK at initialization with the last layer's weights as drawn, output by output. Newton's method: with
 * r = kappa^(1/2), c(t) = Th_.A r psi_t(r Th_AA r) r y, for with r z in the place of z it is gradient descent.
 * Is not: a prediction; c is bounded by construction, also where the linearized network
 * explodes, and only its correlation with the trained outputs matters. */
#ifndef PDLT_TRAINER_CONTROL_LINEARIZATION_H
#define PDLT_TRAINER_CONTROL_LINEARIZATION_H

#include "trainer/network/schedule.h"

#ifdef __cplusplus
extern "C" {
#endif

/* q = n_L D, rows and columns (i, sample), output by output; q_A = n_L N_A. */
typedef struct pdlt_linearization {
  const pdlt_samples *data;      /* borrowed */
  const pdlt_schedule *schedule; /* borrowed */
  double eta;
  const double *ntk;        /* the last one decomposed, borrowed */
  int found;                /* 0: it is not finite, and nothing moves */
  double *train, *vectors;  /* (q_A, q_A) */
  double *across;           /* (q_A, q) */
  double *values, *targets; /* (q_A) */
  double *lack;             /* (q_A) */
  double *weights[2];       /* (T, q_A) */
  double *storage;
} pdlt_linearization;

/* Memory for one NTK at a time. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_linearization_new(pdlt_linearization *out, const pdlt_samples *data,
                                   const pdlt_schedule *schedule, double eta, pdlt_error *err);
void pdlt_linearization_free(pdlt_linearization *linearization);

/* psi_t(theta) >= 0 at t steps or INFINITY; eta t where theta <= 0, and 0 for both. Between whole
 * steps the real part of mu^t stands for mu^t. */
double pdlt_linearization_response(double eta, double theta, double t);

/* The NTK of what follows: ntk (n_L S, n_L S) of the first S = D or N_A samples; is kept. Errors:
 * PDLT_ERR_MEMORY. Cost 9 q_A^3. */
pdlt_status pdlt_linearization_decompose(pdlt_linearization *linearization, const double *ntk,
                                         size_t samples, pdlt_error *err);

/* out (T, n_L, D) at the times first .. last - 1 = Th_.A psi_(t - start)(Th_AA) target, 0 until
 * start: how outputs move when target (n_L, N_A) is what training outputs lack at step start.
 * Needs S = D. */
void pdlt_linearization_respond(pdlt_linearization *linearization, const double *target,
                                double start, size_t first, size_t last, double *out);

/* out (T, n_L, D) = N_t z = z - Th_.A psi_t(Th_AA) z_A, of the NTK decomposed last with S = D: half the
 * difference of a pair z, -z at the start, linearized about its draw; z itself with centered targets. */
void pdlt_linearization_odd(pdlt_linearization *linearization, const double *z, double *out);

/* out (n_L, N_A) = psi_t(Th_AA) target, eta times the sum of what is lacking over t >= 0 steps: the
 * parameters move by lambda dz_A/dtheta out. 0 where the NTK is not finite. */
void pdlt_linearization_impulse(pdlt_linearization *linearization, const double *target, double t,
                                double *out);

/* out = c (T, n_L, D) of the NTK ntk (q, q); *unstable, unless NULL: eta theta_max > 2. An NTK that
 * is not finite has c = 0. Errors: PDLT_ERR_MEMORY. Cost 9 q_A^3. */
pdlt_status pdlt_linearization_course(pdlt_linearization *linearization, const double *ntk,
                                      double *out, int *unstable, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
