/* mean.h - training at order 1/width: the mean output and the mean NTK at
 * any step or, under gradient flow, at any time.
 *
 * Is: h = 1/n_{L-1} times z_nlo(t) corrects the mean of the trained network
 * (PDLT chapters 11 and infinity), computed from the output layer's tensors.
 * The end of training is in end.h. Is not: infinite width (training.h) or the
 * tensors (theory/tensors/tensors.h).
 *
 * Shapes: D samples, the first A of them train; n_L outputs. Derivation, and
 * the meaning of every term: docs/dynamics.md. */
#ifndef PDLT_THEORY_ORDER_ONE_MEAN_H
#define PDLT_THEORY_ORDER_ONE_MEAN_H

#include <stddef.h>

#include "base/core/progress.h"
#include "base/core/status.h"
#include "theory/infinite/training.h"
#include "theory/tensors/doubt.h"
#include "theory/terms/training_term.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Numbers of the tensors in pdlt_doubt_pass, as in trained.h. */
enum { PDLT_MOVE_A = 4, PDLT_MOVE_R = 8, PDLT_MOVE_D = 12, PDLT_MOVE_F = 13 };

/* Everything borrowed, for the duration of the call. Tensors of the output
 * layer with the symmetries and the array order of docs/tensors.md. */
typedef struct pdlt_dynamics_input {
  pdlt_training_input lo;                      /* infinite width: K, Theta, y, eta */
  const double *theta1;                        /* (D, D) */
  const double *a, *b, *p, *q, *r, *s, *t, *u; /* (D, D, D, D) */
  pdlt_doubt_pass
      move; /* these eight, and D and F of the covariance, moved by their errors while they are copied;
                           tags of PDLT_MOVE_A, ... */
  int keep;                             /* 1: A, B, P, Q stay there, rotated, for the covariance */
  int threads;                          /* >= 1; results do not depend on it */
  const pdlt_dynamics_factors *factors; /* NULL: all 1 */
  pdlt_progress *progress;              /* told of one unit by the whole; may be NULL */
} pdlt_dynamics_input;

/* The tensors in the eigenbasis of Theta_AA: slots below A count eigenmodes,
 * the others test samples. With centered targets k and what P and Q make are 0. */
typedef struct pdlt_dynamics {
  pdlt_training lo; /* eigenbasis, targets, K, y; owned */
  int threads;
  pdlt_dynamics_factors factors;
  pdlt_progress *progress; /* borrowed; may be NULL */
  double *mu;              /* (A) 1 - eta theta_a, 0 under flow; owned, as all below */
  double *theta1;          /* (D, D) */
  double *k;               /* (A, A) K_AA */
  double *fluctuation;     /* (D, A, A) [d][a][c] A_daac + B_daac + n_L B_dcaa */
  double *dntk;            /* (D, D, A) [d][e][b] P_debb + n_L Q_debb + Q_dbeb */
  double *dntk_us[2];      /* (D, A, A) [d][a][b] of (dTh_IJK + dTh_JIK) times y_a,
                          y_b */
  double *dntk_ss[2];      /* (D, A, A) of dTh_IJK */
  double *dd[4];           /* (D, D, D, D) R, S, T, U */
  double *four[4];         /* (D, D, D, D) A, B, P, Q where they are kept, else NULL */
} pdlt_dynamics;

/* Rotates the tensors. *out is owned by the caller (pdlt_dynamics_free),
 * untouched on failure. Errors: those of pdlt_training_new; PDLT_ERR_MEMORY.
 * Cost 64 D^4 A flops in matrix products; memory 5 D^4 doubles here, 4 D^4 kept, or 8 D^4 of both with keep. */
pdlt_status pdlt_dynamics_new(pdlt_dynamics *out, const pdlt_dynamics_input *input,
                              pdlt_error *err);

/* The same in two steps, so that A, B, P, Q need not be there with R, S, T, U: what is made of the former, and
 * the latter, into arrays that are there already or new ones. Errors: the same; of the second, PDLT_ERR_MEMORY,
 * dyn to be freed. */
pdlt_status pdlt_dynamics_start(pdlt_dynamics *out, const pdlt_dynamics_input *input,
                                pdlt_error *err);
pdlt_status pdlt_dynamics_load(pdlt_dynamics *dynamics, const pdlt_dynamics_input *input,
                               pdlt_error *err);

void pdlt_dynamics_free(pdlt_dynamics *dynamics);

/* Order 1/n at the given times (increasing, repeats allowed; whole steps, or
 * any value of eta t under flow; finite):
 *   E[z(t)]  = zbar(t) + h z_nlo(t),   z_nlo (T, n_L, D) = sum of parts (5, T, n_L, D)
 *   E[Th(t)] = Theta + h theta_t,      theta_t (T, n_L, D, n_L, D)
 * parts and theta_t may be NULL. Errors: PDLT_ERR_INPUT (pdlt_training_check_time), PDLT_ERR_MEMORY;
 * outputs untouched then. Cost per step 48 n_L D A^3 flops in matrix products; under flow, 16 such steps
 * for each time 2/theta_max. theta_t: 24 n_L^2 D^2 A^2 per time. */
pdlt_status pdlt_dynamics_run(const pdlt_dynamics *dynamics, size_t num_times, const double *times,
                              double *z_nlo, double *parts, double *theta_t, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
