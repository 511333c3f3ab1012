/* positions.h - pairs of positions of a layer, and what a layer makes of them.
 *
 * Is: the linear map Mm of convolutions, pooling, flatten and average on quantities of two slots, as a
 * sparse matrix over pairs of positions; which pairs a readout needs.
 * Is not: what is mapped: kernels (kernel.h), tensors (theory/tensors/tensors.h).
 *
 *   Mm[X]_{pq} = 1/kappa sum_t M^t_{pp'} M^t_{qq'} X_{p'q'},
 *
 * M^t_{pp'} = 1/|window| for the positions p' of the window that tap t of p reads (docs/convolution.md).
 * A slot is a sample at a position, number p D + a of D samples. */
#ifndef PDLT_THEORY_INFINITE_POSITIONS_H
#define PDLT_THEORY_INFINITE_POSITIONS_H

#include <stddef.h>

#include "base/core/status.h"
#include "base/experiment/layer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Ordered pairs of positions of one layer. */
typedef struct pdlt_position_pairs {
  size_t positions;       /* P */
  size_t count;           /* number of pairs */
  size_t *first, *second; /* (count) increasing in (first, second); owned */
  size_t *place;          /* (P, P) number of the pair, PDLT_ABSENT: not there; owned */
} pdlt_position_pairs;

/* All P^2 pairs. Errors: PDLT_ERR_MEMORY, as of the next two; *out is owned by the caller. */
pdlt_status pdlt_position_pairs_all(pdlt_position_pairs *out, size_t P, pdlt_error *err);

/* Those below `layer` that the pairs `above` of its own positions read, with a skip these themselves, with
 * their mirror images, and all (p, p): recursions of tensors read nothing else (docs/convolution.md, "Needed pairs"). Cost O(count of above x kappa |window|^2). */
pdlt_status pdlt_position_pairs_needed(pdlt_position_pairs *out, const pdlt_layer *layer,
                                       const pdlt_position_pairs *above, pdlt_error *err);
void pdlt_position_pairs_free(pdlt_position_pairs *pairs);

/* Mm as a matrix: row r, a pair of the layer, is the sum of weight[k] X[column[k]] over begin[r] <= k <
 * begin[r + 1], X on pairs of the layer below. */
typedef struct pdlt_position_map {
  size_t rows, columns;
  size_t *begin, *column; /* (rows + 1), (begin[rows]); owned */
  double *weight;
  int identity; /* 1: one position in and out, one tap */
} pdlt_position_map;

/* From the pairs `below` to the pairs `here` of layer; every pair that is read must be among `below`.
 * Owned by the caller. */
pdlt_status pdlt_position_map_new(pdlt_position_map *out, const pdlt_layer *layer,
                                  const pdlt_position_pairs *below, const pdlt_position_pairs *here,
                                  pdlt_error *err);
/* The same of one tap alone, without 1/kappa. */
pdlt_status pdlt_position_map_of_tap(pdlt_position_map *out, const pdlt_layer *layer, size_t tap,
                                     const pdlt_position_pairs *below,
                                     const pdlt_position_pairs *here, pdlt_error *err);
void pdlt_position_map_free(pdlt_position_map *map);

#ifdef __cplusplus
}
#endif
#endif
