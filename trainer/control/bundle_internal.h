/* bundle_internal.h - what bundle.c, moves.c and bundle_evaluate.c share: strides of the arrays,
 * memory and evaluation of a point. */
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

/* Views of one block in turn; they are only counted where block is NULL. */
typedef struct pdlt_bundle_memory {
  double *block;
  size_t total;
} pdlt_bundle_memory;

static inline double *pdlt_bundle_take(pdlt_bundle_memory *memory, size_t count) {
  double *from = memory->block == NULL ? NULL : memory->block + memory->total;
  memory->total += pdlt_bundle_padded(count);
  return from;
}

/* Views of a point whose lists are set, for as many bodies and heads as it says and `rows` S and P
 * of moves. */
void pdlt_bundle_take_point(const pdlt_bundle *bundle, pdlt_bundle_point *point, size_t rows,
                            pdlt_bundle_memory *memory);

/* What networks at a point are made of; everything borrowed. */
typedef struct pdlt_bundle_source {
  double *const *weight, *const *across; /* (L) W (n_l, n_{l-1}) and W^T of all */
  double *const *push;                   /* (L) of each body (1 + rank, n_l): b, then P */
  double *const *signal;                 /* (L) of each body (rank, n_{l-1}): S */
  size_t rank, held;                     /* most S and P; those in effect */
  const double *z1;                      /* (bodies, D, n_1) */
  const double *last;                    /* (heads) last layers */
} pdlt_bundle_source;

/* Fills the point for its bodies, heads and samples. */
void pdlt_bundle_evaluate(const pdlt_bundle *bundle, const pdlt_bundle_source *source,
                          pdlt_bundle_point *point);

#ifdef __cplusplus
}
#endif
#endif
