/* errors.h - numerical errors of the tensors of one layer, from two recursions.
 *
 * Is: largest differences of the recursion on all samples and the one on the checked ones. Part of tensors.c.
 * Is not: the brackets of either (theory/bracket/levels.h). */
#ifndef PDLT_THEORY_TENSORS_ERRORS_H
#define PDLT_THEORY_TENSORS_ERRORS_H

#include "theory/tensors/tensors.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Shapes of the two: D samples, of which check[i] (increasing) are checked; pairs of slots of both. */
typedef struct pdlt_tensor_gap {
  size_t D, checked;
  const size_t *check; /* borrowed */
  size_t pairs, checked_pairs;
} pdlt_tensor_gap;

/* Numbers of a tensor of this rank on N pairs. */
size_t pdlt_tensor_size(size_t N, int rank);

/* Largest absolute value. */
double pdlt_tensor_largest(size_t count, const double *x);

/* Error of the tensors of a layer 1..L by those of its kernels, relative to the largest entry: a relative change
 * of K or Theta changes a tensor of at most fourth degree in them by up to four times as much. */
double pdlt_tensor_kernel_error(const pdlt_kernel_layers *kernels, int layer);

/* all->rounding, `rounding` of the largest entries, and all->err, which has all->inherited of them too. */
void pdlt_tensor_rounding(const pdlt_tensor_gap *gap, double rounding, pdlt_tensor_layer *all);

/* Raises all->err to that and twice the largest differences of the two. */
void pdlt_tensor_difference(const pdlt_tensor_gap *gap, const pdlt_tensor_layer *other,
                            pdlt_tensor_layer *all);

#ifdef __cplusplus
}
#endif
#endif
