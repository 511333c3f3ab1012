/* positions.c - see positions.h. */
#include "theory/infinite/positions.h"

#include <string.h>

#include "base/core/memory.h"

void pdlt_position_pairs_free(pdlt_position_pairs *pairs) {
  pdlt_free(pairs->first);
  pdlt_free(pairs->place);
  *pairs = (pdlt_position_pairs){0};
}

/* Numbers the pairs whose place is not PDLT_ABSENT, in order. */
static pdlt_status number_pairs(pdlt_position_pairs *pairs, pdlt_error *err) {
  const size_t P = pairs->positions;
  size_t count = 0;
  for (size_t at = 0; at < P * P; at++)
    if (pairs->place[at] != PDLT_ABSENT) pairs->place[at] = count++;
  const pdlt_status status = pdlt_alloc(&pairs->first, 2 * count, sizeof *pairs->first, err);
  if (status != PDLT_OK) return status;
  pairs->count = count;
  pairs->second = pairs->first + count;
  for (size_t at = 0; at < P * P; at++) {
    if (pairs->place[at] == PDLT_ABSENT) continue;
    pairs->first[pairs->place[at]] = at / P;
    pairs->second[pairs->place[at]] = at % P;
  }
  return PDLT_OK;
}

static pdlt_status pairs_new(pdlt_position_pairs *out, size_t P, pdlt_error *err) {
  *out = (pdlt_position_pairs){.positions = P};
  return pdlt_alloc(&out->place, P, P * sizeof *out->place, err);
}

pdlt_status pdlt_position_pairs_all(pdlt_position_pairs *out, size_t P, pdlt_error *err) {
  pdlt_position_pairs pairs;
  pdlt_status status = pairs_new(&pairs, P, err);
  if (status == PDLT_OK) status = number_pairs(&pairs, err); /* places are 0: none is absent */
  if (status == PDLT_OK)
    *out = pairs;
  else
    pdlt_position_pairs_free(&pairs);
  return status;
}

/* Marks what one tap of a pair (p, q) of the layer reads. */
static void mark(pdlt_position_pairs *pairs, const pdlt_layer *layer, size_t left, size_t right) {
  const size_t P = pairs->positions, size = pdlt_layer_pool(layer);
  for (size_t k = 0; k < size; k++)
    for (size_t m = 0; m < size; m++) {
      const size_t u = pdlt_layer_pooled(layer, left, k), v = pdlt_layer_pooled(layer, right, m);
      pairs->place[u * P + v] = pairs->place[v * P + u] = 0;
    }
}

pdlt_status pdlt_position_pairs_needed(pdlt_position_pairs *out, const pdlt_layer *layer,
                                       const pdlt_position_pairs *above, pdlt_error *err) {
  const size_t P = pdlt_layer_below(layer);
  pdlt_position_pairs pairs;
  pdlt_status status = pairs_new(&pairs, P, err);
  for (size_t at = 0; at < P * P && status == PDLT_OK; at++)
    pairs.place[at] = at / P == at % P ? 0 : PDLT_ABSENT;
  for (size_t r = 0; r < above->count && status == PDLT_OK; r++)
    for (size_t tap = 0; tap < pdlt_layer_taps(layer); tap++) {
      const size_t left = pdlt_layer_window(layer, tap, above->first[r]);
      const size_t right = pdlt_layer_window(layer, tap, above->second[r]);
      if (left != PDLT_ABSENT && right != PDLT_ABSENT) mark(&pairs, layer, left, right);
    }
  for (size_t r = 0; r < above->count && status == PDLT_OK && layer->skip != 0; r++)
    pairs.place[above->first[r] * P + above->second[r]] =
        pairs.place[above->second[r] * P + above->first[r]] = 0;
  if (status == PDLT_OK) status = number_pairs(&pairs, err);
  if (status == PDLT_OK)
    *out = pairs;
  else
    pdlt_position_pairs_free(&pairs);
  return status;
}

void pdlt_position_map_free(pdlt_position_map *map) {
  pdlt_free(map->begin);
  pdlt_free(map->column);
  pdlt_free(map->weight);
  *map = (pdlt_position_map){0};
}

/* Taps first <= t < end. */
typedef struct tap_range {
  size_t first, end;
} tap_range;

/* Terms of a row into column and weight, or only their number where these are NULL. */
static size_t row_terms(const pdlt_layer *layer, tap_range taps, const pdlt_position_pairs *below,
                        size_t p, size_t q, size_t *column, double *weight) {
  const size_t P = below->positions, size = pdlt_layer_pool(layer);
  const double each = 1.0 / ((double)(taps.end - taps.first) * (double)size * (double)size);
  size_t count = 0;
  for (size_t tap = taps.first; tap < taps.end; tap++) {
    const size_t left = pdlt_layer_window(layer, tap, p), right = pdlt_layer_window(layer, tap, q);
    if (left == PDLT_ABSENT || right == PDLT_ABSENT) continue;
    for (size_t k = 0; k < size * size; k++, count++) {
      if (column == NULL) continue;
      const size_t u = pdlt_layer_pooled(layer, left, k / size);
      column[count] = below->place[u * P + pdlt_layer_pooled(layer, right, k % size)];
      weight[count] = each;
    }
  }
  return count;
}

static pdlt_status map_new(pdlt_position_map *out, const pdlt_layer *layer, tap_range taps,
                           const pdlt_position_pairs *below, const pdlt_position_pairs *here,
                           pdlt_error *err) {
  pdlt_position_map map = {.rows = here->count, .columns = below->count};
  pdlt_status status = PDLT_OK;
  map.identity = below->positions == 1 && here->positions == 1 && pdlt_layer_taps(layer) == 1;
  PDLT_TRY(pdlt_alloc(&map.begin, map.rows + 1, sizeof *map.begin, err));
  for (size_t r = 0; r < map.rows; r++)
    map.begin[r + 1] =
        map.begin[r] + row_terms(layer, taps, below, here->first[r], here->second[r], NULL, NULL);
  PDLT_TRY(pdlt_alloc(&map.column, map.begin[map.rows], sizeof *map.column, err));
  PDLT_TRY(pdlt_alloc(&map.weight, map.begin[map.rows], sizeof *map.weight, err));
  for (size_t r = 0; r < map.rows; r++)
    row_terms(layer, taps, below, here->first[r], here->second[r], map.column + map.begin[r],
              map.weight + map.begin[r]);
  *out = map;
  return PDLT_OK;
cleanup:
  pdlt_position_map_free(&map);
  return status;
}

pdlt_status pdlt_position_map_new(pdlt_position_map *out, const pdlt_layer *layer,
                                  const pdlt_position_pairs *below, const pdlt_position_pairs *here,
                                  pdlt_error *err) {
  return map_new(out, layer, (tap_range){0, pdlt_layer_taps(layer)}, below, here, err);
}

pdlt_status pdlt_position_map_of_tap(pdlt_position_map *out, const pdlt_layer *layer, size_t tap,
                                     const pdlt_position_pairs *below,
                                     const pdlt_position_pairs *here, pdlt_error *err) {
  return map_new(out, layer, (tap_range){tap, tap + 1}, below, here, err);
}
