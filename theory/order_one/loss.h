/* loss.h - the expected loss of one trained network at order 1/width, squared bias and
 * variance apart.
 *
 * Is: (1/2) sum over samples and outputs of E[(z - y)^2], no mean, from mean and
 * covariance of the outputs, at infinite width and the coefficient of h = 1/n_{L-1}.
 * Is not: mean and covariance themselves (training.h, mean.h, cov.h).
 * Derivation: docs/losses.md. */
#ifndef PDLT_THEORY_ORDER_ONE_LOSS_H
#define PDLT_THEORY_ORDER_ONE_LOSS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Mean and covariance at one time, everything borrowed: n_L outputs, D samples. mean1, cov1
 * (coefficients of h) may be NULL; bias1, or variance1, is then 0. */
typedef struct pdlt_loss_input {
  size_t D, outputs;
  const double *y;                               /* (D, n_L) */
  const double *mean, *mean1;                    /* (n_L, D) */
  const double *cov, *cov1;                      /* (n_L, D, n_L, D); diagonals are read */
  int variances;                                 /* 1: cov1 is (n_L, D), the variances, and cov 0 */
  double err_mean, err_cov, err_mean1, err_cov1; /* largest absolute errors of the entries */
  size_t exact; /* of the first so many samples all is known without error: the end of training */
} pdlt_loss_input;

typedef struct pdlt_loss {
  double bias, variance;         /* infinite width */
  double bias1, variance1;       /* coefficients of h */
  double err_bias, err_variance; /* estimated absolute errors */
  double err_bias1, err_variance1;
} pdlt_loss;

/* Loss over samples first <= a < last:
 *   bias = (1/2) sum (mean - y)^2,   bias1 = sum (mean - y) mean1,
 *   variance = (1/2) sum cov_ii,     variance1 = (1/2) sum cov1_ii   (docs/losses.md).
 * Cost O(n_L (last - first)). */
pdlt_loss pdlt_loss_expected(const pdlt_loss_input *in, size_t first, size_t last);

#ifdef __cplusplus
}
#endif
#endif
