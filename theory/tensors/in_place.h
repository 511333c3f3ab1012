/* in_place.h - the recursion over one layer's tensors in place.
 *
 * Is: V to U of layer l + 1 in the arrays of layer l, for samples without positions and terms without a mask:
 * half the memory, and each entry computed once for all that equal it. Part of tensors.c.
 * Is not: the equations (step.h). */
#ifndef PDLT_THEORY_TENSORS_IN_PLACE_H
#define PDLT_THEORY_TENSORS_IN_PLACE_H

#include "theory/tensors/step.h"

#ifdef __cplusplus
extern "C" {
#endif

/* layer, empty: layer 1, of the first `tensors` of the list, V, D and A packed; *old: what is kept of each layer
 * below. Owned by the caller, also on failure. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_in_place_new(pdlt_tensor_layer *layer, pdlt_tensor_old *old, size_t D, int tensors,
                              pdlt_error *err);
void pdlt_in_place_free(pdlt_tensor_old *old);

/* Moves the tensors with four indices from `from` to `to`, which gets its own G1 and Theta1; before: borrows all
 * of layer l. Errors: PDLT_ERR_MEMORY, nothing moved. */
pdlt_status pdlt_in_place_move(pdlt_tensor_layer *from, pdlt_tensor_layer *to, size_t D,
                               double *before[PDLT_TENSOR_COUNT], pdlt_error *err);

/* One layer; step->old is written. Cost O(D^4). */
void pdlt_in_place_step(const pdlt_tensor_step *step, int dntk);

/* Frees tensors that are not needed (bits 1 << name) and spreads V, D and A. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_in_place_finish(pdlt_tensor_layer *layer, size_t D, unsigned needed,
                                 pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
