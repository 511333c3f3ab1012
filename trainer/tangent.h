/* tangent.h - one network at one point of parameter space: outputs, gradients, NTK, and moves
 * along its gradients.
 *
 * Is: all samples at once, with the gradients of every output by layers,
 *
 *   delta^(l)_ia = dz_i;a/dz^(l),   Th_(ia)(jb) = sum_l delta^(l)_ia . delta^(l)_jb h^(l)_ab,
 *   h^(l)_ab = lambda_b + lambda_W/n_{l-1} s^(l-1)_a . s^(l-1)_b
 *
 * (PDLT ch. 8). Layer 1 is given by its preactivations: they move by h^(1), whatever n_0 is.
 * Is not: gradient descent (step.h), which is made for many steps. */
#ifndef PDLT_TRAINER_TANGENT_H
#define PDLT_TRAINER_TANGENT_H

#include "trainer/network.h"
#include "trainer/problem.h"

#ifdef __cplusplus
extern "C" {
#endif

/* q = n_L D, rows and columns (i, sample), output by output. */
typedef struct pdlt_tangent {
  const pdlt_network *net;     /* borrowed */
  const pdlt_problem *problem; /* borrowed */
  double **s, **ds, **delta;   /* (L-1) of (D, n_l), (D, n_l), (q, n_l) */
  double **h;                  /* (L) of (D, D) */
  double *gram;                /* (q, q) */
  double *push;                /* (N_A, max n_l) */
  double *z;                   /* (n_L, D) outputs */
  double *ntk;                 /* (q, q) */
  double *storage;
} pdlt_tangent;

/* Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_tangent_new(pdlt_tangent *out, const pdlt_network *net,
                             const pdlt_problem *problem, pdlt_error *err);
void pdlt_tangent_free(pdlt_tangent *tangent);

/* z1 (D, n_1) of the network theta. Cost 2 D n_1 n_0. */
void pdlt_tangent_first(const pdlt_tangent *tangent, const double *theta, double *z1);

/* Fills z, ntk and gradients at theta, layer 1 from z1. Cost: flops.h. */
void pdlt_tangent_at(pdlt_tangent *tangent, const double *theta, const double *z1);

/* theta and z1 move by - lambda_mu sum_ia dz_i;a/dtheta_mu push_ia, push (n_L, N_A), with the
 * gradients of the last pdlt_tangent_at, whose theta may be another one. */
void pdlt_tangent_move(pdlt_tangent *tangent, const double *push, double *theta, double *z1);

/* Now of the network with the last layer negated: z and all delta change sign, ntk does not. */
void pdlt_tangent_negate(pdlt_tangent *tangent);

#ifdef __cplusplus
}
#endif
#endif
