/* features.h - kernels of the features of trained networks, and what regression with them misses, at
 * order 1/width.
 *
 * Is: the mean change since the start of the five kernels of docs/features.md, E[k^(a,b)(t)] = Theta +
 * h (Theta1 + kernel), and the mean deviation of the trained output from regression with them on the
 * training samples, h deviation (PDLT chapters 10, 11 and infinity; docs/features.md).
 * Is not: the features of one network, or what networks scatter by. */
#ifndef PDLT_THEORY_ORDER_ONE_FEATURES_H
#define PDLT_THEORY_ORDER_ONE_FEATURES_H

#include "base/experiment/feature.h"
#include "datasets/truth.h"
#include "theory/order_one/mean.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Sums over times that all kernels share. */
typedef struct pdlt_features {
  const pdlt_dynamics *dyn; /* borrowed: must live as long */
  size_t num_times;
  double *states; /* owned */
} pdlt_features;

/* times: as pdlt_dynamics_run, or INFINITY, the end, for the last ones. *out is owned by the caller
 * (pdlt_features_free), untouched on failure. Errors: PDLT_ERR_INPUT (times; singular Theta_AA at the
 * end), PDLT_ERR_MEMORY. */
pdlt_status pdlt_features_new(pdlt_features *out, const pdlt_dynamics *dynamics, size_t num_times,
                              const double *times, pdlt_error *err);
void pdlt_features_free(pdlt_features *features);

/* kernel (T, n_L, D, n_L, D). Errors: PDLT_ERR_MEMORY. Cost: that of theta_t. */
pdlt_status pdlt_features_kernel(const pdlt_features *features, pdlt_feature feature,
                                 double *kernel, pdlt_error *err);

/* deviation (T, n_L, D), 0 on training samples, of
 *   z_B(t) - z_B(0) - k_BA k_AA^-1 [z_A(t) - z_A(0)].
 * parts (5, T, n_L, D): those of z_nlo. Needs a regular Theta_AA. Errors: PDLT_ERR_INPUT (singular),
 * PDLT_ERR_MEMORY. Cost: 48 n_L D A^3 flops per time in matrix products. */
pdlt_status pdlt_features_deviation(const pdlt_features *features, pdlt_feature feature,
                                    const double *parts, double *deviation, pdlt_error *err);

/* Alignment of the NTK at the start with the targets, sum over outputs of y^T Theta y/(|y|^2 |k|) on the training
 * samples, |k| the Frobenius norm of the whole kernel (root of n_L times that of Theta_AA). NaN: all targets, or
 * Theta_AA, are 0. */
double pdlt_features_alignment(const pdlt_training *training);

/* h times this is the mean change of the alignment where the kernel changes by h kernel (n_L, D, n_L, D).
 * NaN as above. Cost n_L^2 A^2 + n_L A^3. */
double pdlt_features_alignment_change(const pdlt_training *training, const double *kernel);

/* out (blocks): h times this is the mean change of the weights of truth (pdlt_truth_weights) where the kernel
 * changes from theta (D, D), once for each output, by h kernel (n_L, D, n_L, D). NaN where those of theta are.
 * Errors: PDLT_ERR_MEMORY. Cost: functions times D^2. */
pdlt_status pdlt_features_weight_change(const pdlt_truth *truth, size_t outputs,
                                        const double *theta, const double *kernel, double *out,
                                        pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
