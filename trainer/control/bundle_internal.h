/* bundle_internal.h - what bundle.c and bundle_evaluate.c share: strides of the arrays. */
#ifndef PDLT_TRAINER_CONTROL_BUNDLE_INTERNAL_H
#define PDLT_TRAINER_CONTROL_BUNDLE_INTERNAL_H

#include "trainer/control/bundle.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Length of a row of n numbers: whole vectors of every instruction set. */
static inline size_t pdlt_bundle_padded(size_t n) { return (n + 7) / 8 * 8; }

/* A last layer: weights row by row, then biases. */
static inline size_t pdlt_bundle_bias(const pdlt_network *net) {
  const pdlt_layer *top = &net->layer[net->depth - 1];
  return top->out * pdlt_bundle_padded(top->in);
}
static inline size_t pdlt_bundle_last(const pdlt_network *net) {
  return pdlt_bundle_bias(net) + pdlt_bundle_padded(net->layer[net->depth - 1].out);
}

/* Fills the point from preactivations z1 (bodies, D, n_1) and last layers (heads). */
void pdlt_bundle_fill(pdlt_bundle *bundle, pdlt_bundle_point *point, const double *z1,
                      const double *last);

#ifdef __cplusplus
}
#endif
#endif
