/* internal.h - what the files of this room do for each other.
 *
 * Is not: for other rooms. */
#ifndef PDLT_COMPARE_REACH_INTERNAL_H
#define PDLT_COMPARE_REACH_INTERNAL_H

#include "compare/reach/gaussian_ntk.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Columns u_k (rank, pairs) with sum_k u_k u_k^T = a covariance over pairs of samples. Owned. */
typedef struct pdlt_factor {
  size_t rank, pairs;
  double *u;
} pdlt_factor;

/* Pivoted Cholesky of a positive semidefinite C (pairs, pairs), in units of scale (pairs): stops
 * when the diagonal that is left is nowhere above 1e-12 of the largest. c is overwritten. progress is
 * told of so many units. */
pdlt_status pdlt_factor_new(pdlt_factor *out, size_t pairs, const double *scale, double *c,
                            pdlt_progress *progress, double units, pdlt_error *err);

/* Pairs of samples (row, column) as they stand in a factor. */
typedef struct pdlt_pair {
  size_t row, column;
} pdlt_pair;

/* The model in the eigenbasis of Theta_AA: rows below A count eigenmodes, the others test
 * samples. All owned. */
struct pdlt_gaussian_ntk {
  size_t D, A, outputs, times, draws;
  size_t dimensions; /* numbers of a draw: for A, for B of each output, for B of each two outputs */
  double eta;
  int flow;
  pdlt_progress *progress; /* borrowed */
  double *lambda;          /* (A) eigenvalues */
  double *vectors;         /* (A, A) row a: eigenvector a */
  double *theta;           /* (D, A) */
  double *y;               /* (n_L, A) */
  double *time;            /* (T) */
  double *first;           /* (T, n_L, D) in samples */
  double *mean;            /* (T, n_L, D) output at infinite width, in modes */
  /* pairs (row, column) with column <= row, column < A: of one output. Then all pairs with a train
   * sample, first output with the first of them: between two outputs. */
  size_t num_equal, num_across;
  pdlt_pair *equal, *across;
  pdlt_factor common, own, cross; /* A, the same for all outputs; B of one output; between two */
};

/* Divided differences of p(x) = (1 - eta x)^t, or e^(-x t), at 0, x_1, .., x_m (m <= 3), in
 * f (4, 4): f[i][j] = p[x_i, .., x_j], x_0 = 0. */
void pdlt_divided(const struct pdlt_gaussian_ntk *model, double t, size_t m, const double *x,
                  double f[4][4]);

/* Fills model->first. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_gaussian_ntk_expand(struct pdlt_gaussian_ntk *model, pdlt_error *err);

/* Outputs of training with Theta_AA = sum_k values_k v_k v_k^T, v_k row k of vectors (m, m),
 * m = copies A, and test (copies B, m) the rows of test samples; y (m): z (copies, D) in modes.
 * room (2 m). */
void pdlt_gaussian_ntk_respond(const struct pdlt_gaussian_ntk *model, size_t copies,
                               const double *values, const double *vectors, const double *test,
                               const double *y, double t, double *room, double *z);

/* Rows of z (n_L, D), in modes, into samples; out may not be z. */
void pdlt_gaussian_ntk_to_samples(const struct pdlt_gaussian_ntk *model, const double *z,
                                  double *out);

#ifdef __cplusplus
}
#endif
#endif
