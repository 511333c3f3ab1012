/* spread.h - products of what a pair's outputs differ by, of a draw without weights.
 *
 * Is: with d(Th) = N_t(Th) z half the difference of the pair linearized about its draw (linearization.h) and
 * Theta the mean of its NTK given the preactivations, K that of its outputs' covariance,
 *
 *   d(Th) d(Th)^T - d(Theta) d(Theta)^T + delta_ij N_t(Theta) K N_t(Theta)^T,
 *
 * whose mean is that of d(Th) d(Th)^T: given the preactivations the outputs z are Gaussian with covariance
 * delta_ij K, whatever N_t(Theta) is. It fluctuates by 1/sqrt(n), where d d^T does by 1
 * (docs/trainer/control.md, "Covariances").
 * Is not: a prediction; only its mean over draws is used. */
#ifndef PDLT_TRAINER_CONTROL_SPREAD_H
#define PDLT_TRAINER_CONTROL_SPREAD_H

#include "trainer/record/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* q = n_L D, rows (i, sample). */
typedef struct pdlt_spread {
  const pdlt_samples *data;      /* borrowed */
  const pdlt_schedule *schedule; /* borrowed */
  double eta;
  size_t columns;          /* q, or 1: squares alone */
  double *train, *vectors; /* (N_A, N_A) */
  double *weighed;         /* (N_A, N_A) work */
  double *values;          /* (N_A) */
  double *theta, *kernel;  /* (D, D) */
  double *across, *scaled; /* (N_A, D) Theta_A. along the eigenvectors, times psi_t */
  double *response;        /* (D, D) N_t(Theta) */
  double *product[2];      /* (D, D) */
  double *moved;           /* (q) d(Theta) */
  double *storage;
} pdlt_spread;

/* Memory for one draw at a time. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_spread_new(pdlt_spread *out, const pdlt_plan *plan, pdlt_error *err);
void pdlt_spread_free(pdlt_spread *spread);

/* Numbers of all times, as they lie in a record: products of i <= j row by row, or squares, T of them. */
size_t pdlt_spread_values(const pdlt_plan *plan);

/* out (pdlt_spread_values) of the draw with Theta and K (P pairs a <= b each), outputs z (q) at the start and
 * odd (T, q) = d(Th). Where Theta is not finite, d d^T alone. Errors: PDLT_ERR_MEMORY. Cost N_A^3 + T (D^3 +
 * q^2). */
pdlt_status pdlt_spread_fill(pdlt_spread *spread, const double *theta, const double *kernel,
                             const double *z, const double *odd, double *out);

/* sums (pdlt_spread_values) += factor odd odd^T of each time, odd (T, q). */
void pdlt_spread_add_odd(const pdlt_plan *plan, double factor, const double *odd, double *sums);

#ifdef __cplusplus
}
#endif
#endif
