/* loss.c - see loss.h. */
#include "theory/order_one/loss.h"

#include <math.h>

pdlt_loss pdlt_loss_expected(const pdlt_loss_input *in, size_t first, size_t last) {
  const size_t p = in->outputs * in->D;
  const int second = in->mean1 != NULL, spread = second && in->cov1 != NULL;
  pdlt_loss loss = {0};
  for (size_t i = 0; i < in->outputs; i++)
    for (size_t a = first; a < last; a++) {
      const size_t k = i * in->D + a, diagonal = in->variances ? k : k * p + k;
      const double residual = in->mean[k] - in->y[a * in->outputs + i];
      loss.bias += 0.5 * residual * residual;
      if (!in->variances) loss.variance += 0.5 * in->cov[diagonal];
      if (second) loss.bias1 += residual * in->mean1[k];
      if (spread) loss.variance1 += 0.5 * in->cov1[diagonal];
      if (a < in->exact) continue;
      loss.err_bias += fabs(residual) * in->err_mean + 0.5 * in->err_mean * in->err_mean;
      loss.err_variance += 0.5 * in->err_cov;
      if (!second) continue;
      loss.err_bias1 += fabs(in->mean1[k]) * in->err_mean + fabs(residual) * in->err_mean1;
      if (spread) loss.err_variance1 += 0.5 * in->err_cov1;
    }
  return loss;
}
