/* cross_entropy.h - the loss of a network that is trained on cross-entropy.
 *
 * Is: - sum_i y_ia log softmax(z_a)_i of samples (docs/losses.md, "Cross-entropy").
 * Is not: its gradient (trainer/network/residual.h), or half squares, whose mean follows from mean and
 * covariance of the outputs (trainer/output/loss.c). */
#ifndef PDLT_TRAINER_MEASURE_CROSS_ENTROPY_H
#define PDLT_TRAINER_MEASURE_CROSS_ENTROPY_H

#include "trainer/network/samples.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Sum over the samples first <= a < last of outputs z (n_L, D). Cost n_L exponentials each. */
double pdlt_cross_entropy_of(const pdlt_samples *data, size_t first, size_t last, const double *z);

#ifdef __cplusplus
}
#endif
#endif
