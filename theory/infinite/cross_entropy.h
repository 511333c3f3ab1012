/* cross_entropy.h - training on cross-entropy at infinite width: mean, covariance and expected loss of the
 * outputs at any step.
 *
 * Is: z(t+1) = z(t) - eta Theta E (softmax(z(t)) - y) with the fixed NTK (PDLT section 10.2.3), not linear,
 * so averaged over the Gaussian z(0) by quadrature: a grid in up to three dimensions, else randomized
 * quasi-Monte Carlo (theory/gauss/points.h). The same bits for any number of threads.
 * Is not: order 1/n, or the end of training (separable data have none).
 *
 * Shapes: D samples, the first A of them train; n_L >= 2 outputs, T times. Derivation:
 * docs/infinite_training.md, "Cross-entropy". */
#ifndef PDLT_THEORY_INFINITE_CROSS_ENTROPY_H
#define PDLT_THEORY_INFINITE_CROSS_ENTROPY_H

#include "base/core/progress.h"
#include "theory/infinite/training.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_cross_entropy_input {
  const pdlt_training_input
      *training; /* y (D, n_L): probabilities, all rows are read; neither flow nor
                                          centered */
  size_t num_times;
  const double *times; /* (T) steps: whole numbers, increasing */
  int with_cov;        /* 0: no covariance */
  size_t
      max_points; /* of each of the rules that are averaged; 0: as many as it takes, within reason */
  int threads;
  pdlt_progress *progress; /* may be NULL */
} pdlt_cross_entropy_input;

/* Owned (pdlt_cross_entropy_free). */
typedef struct pdlt_cross_entropy_mean {
  size_t times, outputs, D;
  double *z;     /* (T, n_L, D) E[z] */
  double *loss;  /* (T, D) E[- sum_i y_i log softmax(z)_i] of each sample */
  double *total; /* (2, T) its sum over training, over test samples */
  double *cov;   /* (T, n_L, D, n_L, D), or NULL */
  double err_z, err_loss, err_total[2],
      err_cov;  /* three standard errors of the worst number, and what errors of K and
                                      Theta change */
  double draws; /* z(0) that were taken */
  double *storage;
} pdlt_cross_entropy_mean;

/* Numbers that a computation holds, cov included where it is asked for: 8 rules, their sums and results. */
double pdlt_cross_entropy_room(const pdlt_cross_entropy_input *in);

/* Errors: PDLT_ERR_INPUT (eta), PDLT_ERR_NUMERIC, PDLT_ERR_MEMORY, PDLT_ERR_INTERRUPTED. Cost: for each draw
 * and step A (A + n_L) n_L and A n_L exponentials; for each draw and time (A n_L)^2 with covariance. */
pdlt_status pdlt_cross_entropy_new(pdlt_cross_entropy_mean *out, const pdlt_cross_entropy_input *in,
                                   pdlt_error *err);

void pdlt_cross_entropy_free(pdlt_cross_entropy_mean *mean);

/* The dynamics of one network: from z (D, n_L) at the start, `steps` steps, in plain loops; the second road.
 * Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_cross_entropy_steps(const pdlt_training_input *input, long steps, double *z,
                                     pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
