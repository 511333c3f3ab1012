/* skip.h - the tensors of order 1/width of networks with skip connections.
 *
 * Is: what tensors.h is, where z^(l) = gamma z^(l-1) + b + W s(z^(l-1)); the recursion is one of functionals of
 * two neurons, because tensors of skips do not close (docs/skips.md).
 * Is not: the recursion of networks without skips (theory/tensors), which this one equals at gamma = 0. */
#ifndef PDLT_THEORY_SKIP_SKIP_H
#define PDLT_THEORY_SKIP_SKIP_H

#include "theory/tensors/tensors.h"

#ifdef __cplusplus
extern "C" {
#endif

/* 1 when one of the layers has a skip. */
int pdlt_skip_any(const pdlt_layer *layer, int depth);

/* As pdlt_tensors_new, with any skips of hidden layers; settings->layer is where they are. pair_only: the
 * naive rule that replaces each pair of a tensor by what weights and what gamma^2 carry, in place of the
 * functionals; wrong from the first layer behind one with a skip on, but for linear activations. Layers with
 * positions keep G1 alone, and so do hidden layers when settings->last_only. Kinks have no G1, Theta1 in
 * networks with skips: data is NULL. The masks positions.* are not applied. *out is owned by the caller
 * (pdlt_tensors_free), untouched on failure. Errors: as pdlt_tensors_new. Cost: brackets of S (S + 1)/2 pairs of
 * layers for a segment of S layers joined by skips. */
pdlt_status pdlt_skip_tensors_new(pdlt_tensor_set *out, const pdlt_kernel_layers *kernels,
                                  const pdlt_tensor_settings *settings, int pair_only,
                                  pdlt_error *err);

/* Bytes that it holds at once, and the number of four-slot brackets. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_skip_tensors_bytes(double *bytes, double *brackets,
                                    const pdlt_tensor_settings *settings, int depth, size_t D,
                                    int pair_only, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
