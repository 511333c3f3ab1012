/* loss.h - what training.loss changes for both sides.
 *
 * Is: which keys cross-entropy goes with, and how its losses come from the draws.
 * Is not: softmax (base/core/softmax.h). docs/infinite_training.md, "Cross-entropy". */
#ifndef PDLT_BASE_EXPERIMENT_LOSS_H
#define PDLT_BASE_EXPERIMENT_LOSS_H

#include "base/experiment/experiment.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Largest eta theta_max, exclusive, with which a step lowers the loss however near its minimum: the
 * second derivative of (z - y)^2/2 is 1, that of cross-entropy at most 1/2. */
double pdlt_experiment_largest_step(const pdlt_experiment *ex);

/* How quantity k comes from the draws: its row's `drawn`, but a cross-entropy is no polynomial of the
 * outputs, and each network's own is averaged: DRAWN_TRAINED. */
pdlt_drawn pdlt_experiment_drawn(const pdlt_experiment *ex, int k);

/* Why quantity k is not there with this loss; NULL: nothing is in its way. */
const char *pdlt_experiment_loss_lacks(const pdlt_experiment *ex, int k);

/* Targets y (samples, n_L), training samples first, of cross-entropy are probabilities: not negative, with
 * sum 1. Errors: PDLT_ERR_INPUT `FILE:LINE: training.loss: ...`, naming the sample. */
pdlt_status pdlt_experiment_check_targets(const pdlt_experiment *ex, size_t samples,
                                          const double *y, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
