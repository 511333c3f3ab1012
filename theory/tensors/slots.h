/* slots.h - the ordered pairs of slots that the tensors of a layer hold, and Mm on both of them.
 *
 * Is: numbers of pairs; the way from the right-hand side of a recursion, on pairs of layer l, to the
 * tensor of layer l + 1.
 * Is not: public; programs use tensors.h.
 *
 * A slot is a sample at a position, number p D + a. Tensors are arrays (N, N) over pairs in the order in
 * which their indices stand, P_0123 over (03)(12); a layer without positions has N = D^2 and pair (a, b) is
 * number a D + b, so that they are (D, D, D, D), P_0123 too. */
#ifndef PDLT_THEORY_TENSORS_SLOTS_H
#define PDLT_THEORY_TENSORS_SLOTS_H

#include "theory/bracket/bracket.h"
#include "theory/infinite/positions.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_slot_pairs {
  size_t D, slots, count;   /* samples, P D, N */
  unsigned *first;          /* (N) slots of each pair; owned, NULL without positions, as the next */
  unsigned *second, *place; /* (N); (slots, slots) number of a pair, PDLT_NO_BLOCK: not there */
  pdlt_bracket_blocks blocks; /* the same without order, owned; count 0: all multisets are fewer */
} pdlt_slot_pairs;

/* *out (depth): pairs of positions that each layer needs, from the readout down; all: all pairs of them. Owned by the
 * caller, as are the pairs (also on failure). Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_slot_positions_needed(pdlt_position_pairs **out, const pdlt_layer *layer,
                                       int depth, int all, pdlt_error *err);

/* Those of D samples at these pairs of positions. Owned by the caller. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_slot_pairs_new(pdlt_slot_pairs *out, const pdlt_position_pairs *positions,
                                size_t D, pdlt_error *err);
void pdlt_slot_pairs_free(pdlt_slot_pairs *pairs);

/* Brackets over two pairs, or over four slots where these are fewer: (number of them). */
double pdlt_slot_pairs_brackets(size_t position_pairs, size_t positions, size_t D);

static inline size_t pdlt_pair_at(const pdlt_slot_pairs *pairs, size_t a, size_t b) {
  const size_t at = a * pairs->slots + b;
  return pairs->place == NULL ? at : pairs->place[at];
}

static inline size_t pdlt_pair_first(const pdlt_slot_pairs *pairs, size_t pair) {
  return pairs->place == NULL ? pair / pairs->slots : pairs->first[pair];
}

static inline size_t pdlt_pair_second(const pdlt_slot_pairs *pairs, size_t pair) {
  return pairs->place == NULL ? pair % pairs->slots : pairs->second[pair];
}

/* to (N') = Mm from (N): rank 2; to (N', N') = Mm from (N, N) Mm^T: rank 4; of D samples. Errors:
 * PDLT_ERR_MEMORY. Cost O(N (N + N') terms of a row of map). */
pdlt_status pdlt_slots_map(const pdlt_position_map *map, size_t D, int rank, int threads,
                           const double *from, double *to, pdlt_error *err);

/* to (N', width) = Mm from (N, width), the pairs in rows; to (height, N') = from (height, N) Mm^T, in columns. */
void pdlt_slots_map_first(const pdlt_position_map *map, size_t D, size_t width, int threads,
                          const double *from, double *to);
void pdlt_slots_map_second(const pdlt_position_map *map, size_t D, size_t height, int threads,
                           const double *from, double *to);

/* What masks make of a layer's map: to = factor to + (1 - factor) (1/kappa) sum_t M^t from M^t^T, one tap
 * common to both pairs of a tensor of rank 4. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_slots_common_tap(const pdlt_layer *layer, const pdlt_position_pairs *below,
                                  const pdlt_position_pairs *here, size_t D, double factor,
                                  int threads, const double *from, double *to, pdlt_error *err);

/* Entries of a tensor on `here` with a pair of different positions times factor. */
void pdlt_slots_scale_offsets(const pdlt_position_pairs *here, size_t D, int rank, double factor,
                              double *tensor);

/* P_0123 of a layer without positions from pairs (03)(12). */
void pdlt_slots_unpair(size_t D, const double *from, double *to);

#ifdef __cplusplus
}
#endif
#endif
