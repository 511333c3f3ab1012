/* training.h - full-batch gradient descent at infinite width: mean and covariance of
 * the output at any step, under gradient flow, and at the end of training.
 *
 * Is: the linear dynamics driven by a frozen NTK (PDLT chapter 10), in the eigenbasis
 * of Theta_AA; and the same step by step, as a second road.
 * Is not: order 1/n.
 *
 * Shapes: D samples, the first A of them train; n_L outputs, which do not talk to each
 * other at infinite width: one sample matrix serves all. Derivation: docs/infinite_training.md. */
#ifndef PDLT_THEORY_INFINITE_TRAINING_H
#define PDLT_THEORY_INFINITE_TRAINING_H

#include <stddef.h>

#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is trained and how; borrowed. */
typedef struct pdlt_training_input {
  size_t D, A, outputs;
  const double *K, *theta;         /* (D, D) */
  const double *y;                 /* (D, n_L), of which the first A rows are read */
  double eta;                      /* not used under flow */
  int flow;                        /* 1: gradient flow; times are values of eta t */
  int centered;                    /* 1: targets y + z(0) of each network */
  const double *err_K, *err_theta; /* (D, D) absolute error of each entry; NULL: exact */
  int newton;                      /* 1: Newton's method (steps.h), which is no gradient descent */
  size_t batch;                    /* samples of a step (steps.h); 0: all */
} pdlt_training_input;

/* Everything about Theta that the dynamics needs. */
typedef struct pdlt_training {
  size_t D, A, outputs;
  double eta;
  int flow;                  /* 1: gradient flow; times are values of eta t, eta is not used */
  int centered;              /* 1: targets y + z(0) of each network: cov = K at all times */
  double *value;             /* (A) eigenvalues theta_a of Theta_AA, ascending; owned */
  double *vector;            /* (A, A) row a: v_a; owned */
  double *project;           /* (D, A) Theta_dA v_a; owned */
  double *target;            /* (A, n_L) v_a . y; owned */
  double *K;                 /* (D, D) copy; owned */
  double *y;                 /* (A, n_L) copy of the training targets; owned */
  double *err_K, *err_theta; /* (D, D) errors of the entries of K and Theta; owned */
  double *mode_error;        /* (A, A) of |v_a dTheta_AA v_b|; owned */
  double *row_error;         /* (D, A) of |dTheta_dA v_b|; owned */
  double *row_norm;          /* (D) of |dTheta_dA|; owned */
  double block_norm;         /* of |dTheta_AA| */
} pdlt_training;

/* Largest eigenvalue of the training block of theta (D, D); 0 when A = 0. eta times it
 * must stay below 2. Errors: PDLT_ERR_NUMERIC, PDLT_ERR_MEMORY. Cost O(A^3). */
pdlt_status pdlt_ntk_largest_eigenvalue(double *out, size_t D, size_t A, const double *theta,
                                        pdlt_error *err);

/* Diagonalizes Theta_AA; copies what it needs. *out is owned by the caller (pdlt_training_free).
 * Errors: PDLT_ERR_INPUT when not flow and eta is not positive; PDLT_ERR_MEMORY. Cost O(A^3 + D A^2). */
pdlt_status pdlt_training_new(pdlt_training *out, const pdlt_training_input *input,
                              pdlt_error *err);

void pdlt_training_free(pdlt_training *training);

/* Whether training gets to time t (INFINITY: its end): PDLT_ERR_INPUT where t is not a time (>= 0; not
 * flow: whole), and beyond the start when not flow and eta theta_max >= 2, naming the largest usable
 * eta. Whatever depends on a time asks here. */
pdlt_status pdlt_training_check_time(const pdlt_training *training, double t, pdlt_error *err);

/* phi(theta) = (1 - mu^t)/theta with mu = 1 - eta theta (flow: (1 - e^(-theta t))/theta),
 * and mu^t in *power, without cancellation, also at theta = 0, where phi = eta t. */
double pdlt_training_phi(double theta, double eta, int flow, double t, double *power);

/* At time t >= 0 (steps, whole; flow: eta t; INFINITY is refused, see _end):
 * zbar_d = sum_a (Theta_dA v_a) phi_a (v_a . y),  cov = N^t K N^tT with
 * N^t x = x - sum_a Theta_dA v_a phi_a (v_a . x_A)   (PDLT chapter 10, docs/infinite_training.md).
 * mean: (n_L, D); cov: (D, D), the block of any one output (others: zero between
 * outputs), K itself with centered targets, may be NULL. errors: of the two, may be NULL. Cost O(D^2 A); without cov O(D A n_L). */
typedef struct pdlt_training_errors {
  double mean, cov; /* estimated largest absolute errors */
} pdlt_training_errors;
pdlt_status pdlt_training_at(const pdlt_training *training, double t, double *mean, double *cov,
                             pdlt_training_errors *errors, pdlt_error *err);

/* The limit t -> infinity: zbar_A = y, zbar_B = Theta_BA Theta_AA^-1 y, and the covariance with
 * the training block exactly 0. Errors: PDLT_ERR_INPUT when errors of the entries of Theta_AA
 * (the given ones and rounding) could make it singular (duplicate or dependent training inputs),
 * saying so. */
pdlt_status pdlt_training_end(const pdlt_training *training, double *mean, double *cov,
                              pdlt_training_errors *errors, pdlt_error *err);

/* The second road: `steps` steps of zbar <- zbar - eta Theta E (zbar - y) and N <- (1 - eta Theta
 * E) N on plain matrices, no eigenvalues; not flow. mean and cov as above. Cost
 * O(steps D^2 A). */
pdlt_status pdlt_training_steps(const pdlt_training_input *input, long steps, double *mean,
                                double *cov, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
