/* largest.h - the largest eigenvalue of a symmetric matrix, and whether it is below a bound.
 *
 * Is: bisection between two bounds. Each question "below?" is answered by a Cholesky factorization;
 * two of them, just above and just below the value of Lanczos' method, prove it and answer all other
 * questions. The answers, and so the result, are those of factorizations alone.
 * Is not: aware of networks; all eigenvalues (base/vector/linalg.h). */
#ifndef PDLT_TRAINER_MEASURE_LARGEST_H
#define PDLT_TRAINER_MEASURE_LARGEST_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  PDLT_LARGEST_FEW =
      32, /* up to this order plain loops factorize, and nothing is asked of Lanczos */
  PDLT_LARGEST_STEPS = 160 /* most of Lanczos' steps */
};

/* Doubles of workspace for matrices of order q. */
size_t pdlt_largest_room(size_t q);

/* Largest sum of |a| over a row, which bounds every eigenvalue; NaN when a is not finite. */
double pdlt_largest_row_sum(size_t q, const double *a);

/* 1 when every eigenvalue of a (q, q) is below bound: bound - a has a Cholesky factor. Cost
 * q^3/3. */
int pdlt_largest_below(size_t q, const double *a, double bound, double *work);

/* Largest of at most PDLT_LARGEST_STEPS Ritz values of Lanczos' method from a fixed start, with
 * full orthogonalization, until eight more steps change less than 1e-13 of it: up to rounding not
 * above the largest eigenvalue. Cost 2 q^2 for each step, 10 to 60 of them as a rule. */
double pdlt_largest_ritz(size_t q, const double *a, double *work);

/* Largest eigenvalue of a (q, q) without negative eigenvalues, to 1e-9 of it; INFINITY when a is
 * not finite. Cost: of pdlt_largest_ritz and two factorizations; where Lanczos did not end, up to 30. */
double pdlt_largest_eigenvalue(size_t q, const double *a, double *work);

#ifdef __cplusplus
}
#endif
#endif
