/* bytes.c - memory that the recursions take; see tensors.h. */
#include <math.h>

#include "base/core/memory.h"
#include "theory/tensors/packed.h"
#include "theory/tensors/slots.h"
#include "theory/tensors/tensors.h"

/* Brackets of one multiset. */
enum { COLUMNS = 30, NTK_COLUMNS = 8 };

pdlt_status pdlt_tensors_bytes(double *out, double *pairs, const pdlt_layer *layer, int depth,
                               size_t D, int dntk, pdlt_error *err) {
  const double tensors = dntk ? PDLT_TENSOR_COUNT : PDLT_TENSOR_P,
               columns = dntk ? COLUMNS : NTK_COLUMNS;
  pdlt_position_pairs *needed = NULL;
  const pdlt_status status = pdlt_slot_positions_needed(&needed, layer, depth, 0, err);
  *out = *pairs = 0;
  for (int l = 1; l < depth && status == PDLT_OK; l++) {
    const pdlt_position_pairs *at = &needed[l - 1];
    const double N = (double)at->count * (double)(D * D);
    const double next = (double)needed[l].count * (double)(D * D);
    if (at->positions == 1) continue;
    const double brackets = columns * pdlt_slot_pairs_brackets(at->count, at->positions, D);
    *out = fmax(*out, sizeof(double) * (tensors * (2 * N * N + next * next) + brackets));
    *pairs = fmax(*pairs, N);
  }
  for (int l = 0; needed != NULL && l < depth; l++) pdlt_position_pairs_free(&needed[l]);
  pdlt_free(needed);
  return status;
}

double pdlt_tensors_bytes_flat(size_t D, int in_place) {
  const double four = pow((double)D, 4);
  const double packed = (double)(2 * pdlt_packed_size(D, 1) + pdlt_packed_size(D, 0));
  const double brackets = COLUMNS * pdlt_slot_pairs_brackets(1, 1, D);
  const double tensors = in_place ? 8 * four + packed : 22 * four;
  return sizeof(double) * (tensors + brackets);
}
