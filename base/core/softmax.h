/* softmax.h - probabilities of classes from outputs, and the cross-entropy of targets with them.
 *
 * Is: what theory and trainer share of training.loss: cross_entropy (docs/infinite_training.md,
 * "Cross-entropy"; PDLT section 10.2.3), without overflow for outputs of any size.
 * Is not: a loss over samples. */
#ifndef PDLT_BASE_CORE_SOFTMAX_H
#define PDLT_BASE_CORE_SOFTMAX_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* p_i = exp(z_i)/sum_j exp(z_j) of z (n) and into p (n), each so many numbers apart. Returns
 * log sum_j exp(z_j). n >= 1. NaN and infinity give NaN. Cost n exponentials. */
double pdlt_softmax(size_t n, const double *z, size_t z_stride, double *p, size_t p_stride);

/* - sum_i y_i log p_i of targets y (n) with sum 1: log sum_j exp(z_j) - sum_i y_i z_i. */
double pdlt_cross_entropy(size_t n, const double *z, size_t z_stride, const double *y,
                          size_t y_stride);

#ifdef __cplusplus
}
#endif
#endif
