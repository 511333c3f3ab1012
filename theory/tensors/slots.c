/* slots.c - see slots.h. */
#include "theory/tensors/slots.h"

#include <string.h>

#include "base/core/memory.h"

void pdlt_slot_pairs_free(pdlt_slot_pairs *pairs) {
  pdlt_free(pairs->first);
  pdlt_free(pairs->place);
  pdlt_free(pairs->blocks.first);
  pdlt_free(pairs->blocks.place);
  memset(pairs, 0, sizeof *pairs);
}

pdlt_status pdlt_slot_positions_needed(pdlt_position_pairs **out, const pdlt_layer *layer,
                                       int depth, int all, pdlt_error *err) {
  pdlt_position_pairs *pairs = NULL;
  pdlt_status status = pdlt_alloc(&pairs, (size_t)depth, sizeof *pairs, err);
  if (status != PDLT_OK) return status;
  *out = pairs;
  status = pdlt_position_pairs_all(&pairs[depth - 1], pdlt_layer_here(&layer[depth - 1]), err);
  for (int l = depth - 1; l >= 1 && status == PDLT_OK; l--)
    status = all ? pdlt_position_pairs_all(&pairs[l - 1], pdlt_layer_here(&layer[l - 1]), err)
                 : pdlt_position_pairs_needed(&pairs[l - 1], &layer[l], &pairs[l], err);
  return status;
}

static double half_square(double n) { return 0.5 * n * (n + 1); }

/* Pairs of slots without order, of mirrored pairs of positions. */
static double unordered(size_t position_pairs, size_t positions, size_t D) {
  const double diagonal = (double)positions * half_square((double)D);
  return diagonal + 0.5 * ((double)position_pairs - (double)positions) * (double)D * (double)D;
}

static double multisets(size_t slots) {
  const double E = (double)slots;
  return E * (E + 1) * (E + 2) * (E + 3) / 24;
}

double pdlt_slot_pairs_brackets(size_t position_pairs, size_t positions, size_t D) {
  const double blocks = half_square(unordered(position_pairs, positions, D));
  const double all = multisets(positions * D);
  return blocks < all ? blocks : all;
}

static pdlt_status make_blocks(pdlt_slot_pairs *pairs, pdlt_error *err) {
  const size_t E = pairs->slots;
  size_t count = 0;
  for (size_t n = 0; n < pairs->count; n++) count += pairs->first[n] <= pairs->second[n];
  if (!(half_square((double)count) < multisets(E))) return PDLT_OK;
  pdlt_bracket_blocks *blocks = &pairs->blocks;
  pdlt_status status = pdlt_alloc(&blocks->first, 2 * count, sizeof *blocks->first, err);
  if (status == PDLT_OK) status = pdlt_alloc(&blocks->place, E, E * sizeof *blocks->place, err);
  if (status != PDLT_OK) return status;
  blocks->second = blocks->first + count;
  for (size_t at = 0; at < E * E; at++) blocks->place[at] = PDLT_NO_BLOCK;
  for (size_t n = 0; n < pairs->count; n++) {
    const unsigned a = pairs->first[n], b = pairs->second[n], number = (unsigned)blocks->count;
    if (a > b) continue;
    blocks->first[number] = a;
    blocks->second[number] = b;
    blocks->place[a * E + b] = blocks->place[b * E + a] = number;
    blocks->count++;
  }
  return PDLT_OK;
}

pdlt_status pdlt_slot_pairs_new(pdlt_slot_pairs *out, const pdlt_position_pairs *positions,
                                size_t D, pdlt_error *err) {
  const size_t P = positions->positions, E = P * D;
  pdlt_slot_pairs pairs = {.D = D, .slots = E, .count = positions->count * D * D};
  pdlt_status status = PDLT_OK;
  if (P == 1) {
    *out = pairs;
    return PDLT_OK;
  }
  PDLT_TRY(pdlt_alloc(&pairs.first, 2 * pairs.count, sizeof *pairs.first, err));
  pairs.second = pairs.first + pairs.count;
  PDLT_TRY(pdlt_alloc(&pairs.place, E, E * sizeof *pairs.place, err));
  for (size_t at = 0; at < E * E; at++) pairs.place[at] = PDLT_NO_BLOCK;
  for (size_t n = 0; n < pairs.count; n++) {
    const size_t at = n / (D * D), a = n / D % D, b = n % D;
    pairs.first[n] = (unsigned)(positions->first[at] * D + a);
    pairs.second[n] = (unsigned)(positions->second[at] * D + b);
    pairs.place[pairs.first[n] * E + pairs.second[n]] = (unsigned)n;
  }
  PDLT_TRY(make_blocks(&pairs, err));
  *out = pairs;
  return PDLT_OK;
cleanup:
  pdlt_slot_pairs_free(&pairs);
  return status;
}

/* out (rows D^2, width) = Mm in (columns D^2, width), row of pair ab of row r of the map. */
static void map_row(const pdlt_position_map *map, size_t D, size_t r, size_t ab, size_t width,
                    const double *in, double *out) {
  for (size_t k = map->begin[r]; k < map->begin[r + 1]; k++) {
    const double w = map->weight[k], *from = in + (map->column[k] * D * D + ab) * width;
    for (size_t i = 0; i < width; i++) out[i] += w * from[i];
  }
}

/* out (rows D^2) = Mm of one row in (columns D^2). */
static void map_vector(const pdlt_position_map *map, size_t D, const double *in, double *out) {
  const size_t square = D * D;
  memset(out, 0, map->rows * square * sizeof *out);
  for (size_t r = 0; r < map->rows; r++)
    for (size_t k = map->begin[r]; k < map->begin[r + 1]; k++) {
      const double w = map->weight[k], *from = in + map->column[k] * square;
      for (size_t ab = 0; ab < square; ab++) out[r * square + ab] += w * from[ab];
    }
}

void pdlt_slots_map_first(const pdlt_position_map *map, size_t D, size_t width, int threads,
                          const double *from, double *to) {
  const size_t square = D * D, M = map->rows * square;
#pragma omp parallel for num_threads(threads) schedule(static)
  for (size_t m = 0; m < M; m++) {
    memset(to + m * width, 0, width * sizeof *to);
    map_row(map, D, m / square, m % square, width, from, to + m * width);
  }
}

void pdlt_slots_map_second(const pdlt_position_map *map, size_t D, size_t height, int threads,
                           const double *from, double *to) {
  const size_t N = map->columns * D * D, M = map->rows * D * D;
#pragma omp parallel for num_threads(threads) schedule(static)
  for (size_t i = 0; i < height; i++) map_vector(map, D, from + i * N, to + i * M);
}

pdlt_status pdlt_slots_map(const pdlt_position_map *map, size_t D, int rank, int threads,
                           const double *from, double *to, pdlt_error *err) {
  const size_t square = D * D, N = map->columns * square, M = map->rows * square;
  double *half = NULL;
  if (square == 0) return PDLT_OK;
  if (rank == 2) {
    map_vector(map, D, from, to);
    return PDLT_OK;
  }
  const pdlt_status status = pdlt_alloc(&half, (size_t)threads * N, sizeof *half, err);
  if (status != PDLT_OK) return status;
    /* A chunk of rows for each part of `half`: what is computed does not depend on their number. */
#pragma omp parallel for num_threads(threads) schedule(static, 1)
  for (int part = 0; part < threads; part++) {
    double *row = half + (size_t)part * N;
    for (size_t m = (size_t)part; m < M; m += (size_t)threads) {
      memset(row, 0, N * sizeof *row);
      map_row(map, D, m / square, m % square, N, from, row);
      map_vector(map, D, row, to + m * M);
    }
  }
  pdlt_free(half);
  return PDLT_OK;
}

pdlt_status pdlt_slots_common_tap(const pdlt_layer *layer, const pdlt_position_pairs *below,
                                  const pdlt_position_pairs *here, size_t D, double factor,
                                  int threads, const double *from, double *to, pdlt_error *err) {
  const size_t M = here->count * D * D, taps = pdlt_layer_taps(layer);
  double *one = NULL;
  pdlt_position_map map = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&one, M, M * sizeof *one, err));
  for (size_t i = 0; i < M * M; i++) to[i] *= factor;
  for (size_t t = 0; t < taps; t++) {
    PDLT_TRY(pdlt_position_map_of_tap(&map, layer, t, below, here, err));
    PDLT_TRY(pdlt_slots_map(&map, D, 4, threads, from, one, err));
    for (size_t i = 0; i < M * M; i++) to[i] += (1 - factor) / (double)taps * one[i];
    pdlt_position_map_free(&map);
  }
cleanup:
  pdlt_position_map_free(&map);
  pdlt_free(one);
  return status;
}

void pdlt_slots_scale_offsets(const pdlt_position_pairs *here, size_t D, int rank, double factor,
                              double *tensor) {
  const size_t square = D * D, M = here->count * square;
  for (size_t m = 0; m < M; m++) {
    const int row = here->first[m / square] != here->second[m / square];
    if (rank == 2 && row) tensor[m] *= factor;
    for (size_t k = 0; k < M && rank == 4; k++)
      if (row || here->first[k / square] != here->second[k / square]) tensor[m * M + k] *= factor;
  }
}

void pdlt_slots_unpair(size_t D, const double *from, double *to) {
  for (size_t i = 0; i < D * D * D * D; i++) {
    const size_t i3 = i % D, i2 = i / D % D, i1 = i / (D * D) % D, i0 = i / (D * D * D);
    to[i] = from[((i0 * D + i3) * D + i1) * D + i2];
  }
}
