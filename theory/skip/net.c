/* net.c - segments of layers joined by skips and their brackets; see net.h. */
#include "theory/skip/net.h"

#include <string.h>

#include "base/core/memory.h"

static void segment_free(pdlt_skip_segment *segment) {
  pdlt_free(segment->blocks.first);
  pdlt_free(segment->blocks.place);
  for (int v = 0; v < 2; v++) pdlt_bracket_set_free(&segment->set[v]);
}

void pdlt_skip_net_free(pdlt_skip_net *net) {
  for (int l = 0; l < net->depth; l++) {
    if (net->positions != NULL) pdlt_position_pairs_free(&net->positions[l]);
    if (net->slots != NULL) pdlt_slot_pairs_free(&net->slots[l]);
    if (net->map != NULL) pdlt_position_map_free(&net->map[l]);
  }
  for (int s = 0; s < net->segments; s++) segment_free(&net->segment[s]);
  pdlt_free(net->positions);
  pdlt_free(net->slots);
  pdlt_free(net->map);
  pdlt_free(net->segment_of);
  pdlt_free(net->segment);
  *net = (pdlt_skip_net){0};
}

/* Hidden layers in order: a layer with a skip belongs to the segment of the layer below. */
static void find_segments(pdlt_skip_net *net) {
  for (int l = 1; l < net->depth; l++) {
    if (l == 1 || net->settings->layer[l - 1].skip == 0) {
      net->segment[net->segments] =
          (pdlt_skip_segment){.first = l, .slots = net->slots[l - 1].slots};
      net->segments++;
    }
    net->segment[net->segments - 1].last = l;
    net->segment_of[l - 1] = net->segments - 1;
  }
}

pdlt_status pdlt_skip_net_new(pdlt_skip_net *out, const pdlt_kernel_layers *kernels,
                              const pdlt_tensor_settings *settings, int depth, size_t D,
                              int pair_only, pdlt_error *err) {
  const size_t layers = (size_t)depth;
  pdlt_skip_net net = {.settings = settings,
                       .kernels = kernels,
                       .depth = depth,
                       .D = D,
                       .pair_only = pair_only,
                       .smooth = pdlt_activation_get_traits(&settings->activation).smooth};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(
      pdlt_slot_positions_needed(&net.positions, settings->layer, depth, settings->all_pairs, err));
  PDLT_TRY(pdlt_alloc(&net.slots, layers, sizeof *net.slots, err));
  PDLT_TRY(pdlt_alloc(&net.map, layers, sizeof *net.map, err));
  PDLT_TRY(pdlt_alloc(&net.segment_of, layers, sizeof *net.segment_of, err));
  PDLT_TRY(pdlt_alloc(&net.segment, layers, sizeof *net.segment, err));
  for (size_t l = 0; l < layers; l++)
    PDLT_TRY(pdlt_slot_pairs_new(&net.slots[l], &net.positions[l], D, err));
  for (size_t l = 1; l < layers; l++)
    PDLT_TRY(pdlt_position_map_new(&net.map[l], &settings->layer[l], &net.positions[l - 1],
                                   &net.positions[l], err));
  find_segments(&net);
  *out = net;
cleanup:
  if (status != PDLT_OK) pdlt_skip_net_free(&net);
  return status;
}

static int length(const pdlt_skip_segment *segment) { return segment->last - segment->first + 1; }

double pdlt_skip_gain(const pdlt_skip_net *net, int q, int p) {
  double gain = 1;
  for (int l = p + 1; l <= q; l++) gain *= net->settings->layer[l - 1].skip;
  return gain;
}

/* Pairs of slots of one layer without order. */
static size_t unordered(const pdlt_slot_pairs *slots) {
  size_t count = 0;
  for (size_t n = 0; n < slots->count; n++)
    count += pdlt_pair_first(slots, n) <= pdlt_pair_second(slots, n);
  return count;
}

/* Pairs of slots of each layer of the segment, numbered through. A segment of one layer without positions has
 * none: its multisets are fewer. */
static pdlt_status make_blocks(const pdlt_skip_net *net, pdlt_skip_segment *segment,
                               pdlt_error *err) {
  const size_t layers = (size_t)length(segment), all = layers * segment->slots;
  pdlt_bracket_blocks *blocks = &segment->blocks;
  size_t count = 0;
  for (int l = segment->first; l <= segment->last; l++) count += unordered(&net->slots[l - 1]);
  pdlt_status status = pdlt_alloc(&blocks->first, 2 * count, sizeof *blocks->first, err);
  if (status == PDLT_OK) status = pdlt_alloc(&blocks->place, all, all * sizeof *blocks->place, err);
  if (status != PDLT_OK) return status;
  blocks->second = blocks->first + count;
  for (size_t at = 0; at < all * all; at++) blocks->place[at] = PDLT_NO_BLOCK;
  for (int l = segment->first; l <= segment->last; l++) {
    const pdlt_slot_pairs *slots = &net->slots[l - 1];
    const size_t begin = (size_t)(l - segment->first) * segment->slots;
    for (size_t n = 0; n < slots->count; n++) {
      const size_t a = begin + pdlt_pair_first(slots, n), b = begin + pdlt_pair_second(slots, n);
      if (a > b) continue;
      blocks->first[blocks->count] = (unsigned)a;
      blocks->second[blocks->count] = (unsigned)b;
      blocks->place[a * all + b] = blocks->place[b * all + a] = (unsigned)blocks->count;
      blocks->count++;
    }
  }
  return PDLT_OK;
}

/* K (all, all): K^(q,p) = Gam_{q,p} K^(p), q >= p, of all slots of all layers. */
static void joint_kernel(const pdlt_skip_net *net, const pdlt_skip_segment *segment, double *K) {
  const size_t E = segment->slots, all = E * (size_t)length(segment);
  for (int q = segment->first; q <= segment->last; q++)
    for (int p = segment->first; p <= q; p++) {
      const double gain = pdlt_skip_gain(net, q, p), *below = net->kernels->slot_K[p - 1];
      const size_t row = (size_t)(q - segment->first) * E,
                   column = (size_t)(p - segment->first) * E;
      for (size_t a = 0; a < E; a++)
        for (size_t b = 0; b < E; b++)
          K[(row + a) * all + column + b] = K[(column + b) * all + row + a] =
              gain * below[a * E + b];
    }
}

static pdlt_status segment_brackets(const pdlt_skip_net *net, pdlt_skip_segment *segment,
                                    double unit, pdlt_error *err) {
  const pdlt_tensor_settings *settings = net->settings;
  const size_t all = segment->slots * (size_t)length(segment);
  const pdlt_quad_orders orders = !net->smooth          ? PDLT_QUAD_NTK
                                  : length(segment) > 1 ? PDLT_QUAD_SKIP
                                  : settings->dntk      ? PDLT_QUAD_ALL
                                                        : PDLT_QUAD_NTK;
  pdlt_bracket_levels levels = pdlt_bracket_levels_init(&settings->activation, orders,
                                                        settings->tolerance, settings->threads);
  pdlt_status status = PDLT_OK;
  double *K = NULL;
  size_t *check = NULL;
  levels.progress = settings->progress;
  levels.unit = unit;
  if (net->slots[segment->first - 1].place != NULL || length(segment) > 1)
    PDLT_TRY(make_blocks(net, segment, err));
  const pdlt_bracket_blocks *blocks = segment->blocks.count > 0 ? &segment->blocks : NULL;
  PDLT_TRY(pdlt_alloc(&K, all, all * sizeof *K, err));
  PDLT_TRY(pdlt_alloc(&check, all, sizeof *check, err));
  joint_kernel(net, segment, K);
  for (size_t e = 0; e < all; e++) check[e] = e;
  PDLT_TRY(pdlt_bracket_levels_run_blocks(&levels, all, K, blocks, all, check, blocks,
                                          &segment->set[1], &segment->set[0], err));
cleanup:
  pdlt_bracket_levels_free(&levels);
  pdlt_free(K);
  pdlt_free(check);
  return status;
}

static double items_of(const pdlt_skip_net *net, const pdlt_skip_segment *segment) {
  double blocks = 0;
  const double E = (double)segment->slots;
  for (int l = segment->first; l <= segment->last; l++)
    blocks += (double)unordered(&net->slots[l - 1]);
  if (net->slots[segment->first - 1].place == NULL && length(segment) == 1)
    return E * (E + 1) * (E + 2) * (E + 3) / 24;
  return 0.5 * blocks * (blocks + 1);
}

double pdlt_skip_net_items(const pdlt_skip_net *net) {
  double items = 0;
  for (int s = 0; s < net->segments; s++) items += items_of(net, &net->segment[s]);
  return items;
}

pdlt_status pdlt_skip_net_brackets(pdlt_skip_net *net, pdlt_error *err) {
  const double levels = net->smooth ? 3 : 1;
  pdlt_status status = PDLT_OK;
  for (int s = 0; s < net->segments && status == PDLT_OK; s++) {
    pdlt_skip_segment *segment = &net->segment[s];
    const double unit = 0.9 * length(segment) / (levels * (items_of(net, segment) + 1));
    status = segment_brackets(net, segment, unit, err);
  }
  return status;
}

/* --- labels --- */

int pdlt_skip_vanishes(const pdlt_skip_label *f, int p, int r) {
  const int a = f->order[0] + p, b = f->order[1] + r;
  return f->identity && !((a == 0 && b == 0) || (a == 1 && b == 1));
}

static const pdlt_bracket_set *set_of(const pdlt_skip_net *net, int l) {
  const pdlt_skip_segment *segment = &net->segment[net->segment_of[l - 1]];
  return &segment->set[net->smooth ? net->which : 0];
}

/* Number of slot e of layer l within its segment. */
static size_t slot_in(const pdlt_skip_net *net, int l, size_t e) {
  const pdlt_skip_segment *segment = &net->segment[net->segment_of[l - 1]];
  return (size_t)(l - segment->first) * segment->slots + e;
}

/* K^(q,p), q >= p, of slot a of layer q and b of layer p. */
static double kernel_across(const pdlt_skip_net *net, int q, int p, size_t a, size_t b) {
  const size_t E = net->kernels->slots[p - 1];
  return pdlt_skip_gain(net, q, p) * net->kernels->slot_K[p - 1][a * E + b];
}

double pdlt_skip_mean(const pdlt_skip_net *net, const pdlt_skip_label *f, int l, int p, int r,
                      size_t x, size_t y) {
  const double gain = pdlt_skip_gain(net, f->layer, l);
  double factor = 1;
  for (int k = 0; k < p + r; k++) factor *= gain;
  if (f->identity) {
    if (pdlt_skip_vanishes(f, p, r)) return 0;
    return f->order[0] + p == 0 ? kernel_across(net, f->layer, f->layer, x, y) : factor;
  }
  return factor * pdlt_bracket_jet(&set_of(net, f->layer)->pairs, f->order[0], f->order[1], p, r,
                                   slot_in(net, f->layer, x), slot_in(net, f->layer, y));
}

/* <z z g> - <z z><g>, <z g> or <g>, z of f on (x, y), by Stein's lemma. */
static double identity_bracket(const pdlt_skip_net *net, const pdlt_skip_label *f,
                               const pdlt_skip_label *g, size_t x, size_t y, size_t u, size_t v) {
  const int l = g->layer;
  double left[2] = {kernel_across(net, f->layer, l, x, u), kernel_across(net, f->layer, l, x, v)};
  double right[2] = {kernel_across(net, f->layer, l, y, u), kernel_across(net, f->layer, l, y, v)};
  if (f->order[0] == 1 && f->order[1] == 1) return pdlt_skip_mean(net, g, l, 0, 0, u, v);
  if (f->order[0] + f->order[1] == 1) {
    const double *only = f->order[0] == 0 ? left : right;
    return only[0] * pdlt_skip_mean(net, g, l, 1, 0, u, v) +
           only[1] * pdlt_skip_mean(net, g, l, 0, 1, u, v);
  }
  return left[0] * right[0] * pdlt_skip_mean(net, g, l, 2, 0, u, v) +
         (left[0] * right[1] + left[1] * right[0]) * pdlt_skip_mean(net, g, l, 1, 1, u, v) +
         left[1] * right[1] * pdlt_skip_mean(net, g, l, 0, 2, u, v);
}

static double four_slots(const pdlt_skip_net *net, const pdlt_skip_label *f,
                         const pdlt_skip_label *g, const size_t slot[4]) {
  const size_t at[4] = {slot_in(net, f->layer, slot[0]), slot_in(net, f->layer, slot[1]),
                        slot_in(net, g->layer, slot[2]), slot_in(net, g->layer, slot[3])};
  return pdlt_bracket_quad(&set_of(net, f->layer)->quads, at[0], f->order[0], at[1], f->order[1],
                           at[2], g->order[0], at[3], g->order[1]);
}

static double covariance(const pdlt_skip_net *net, int l, const pdlt_skip_label *f,
                         const pdlt_skip_label *g, const size_t slot[4]) {
  return four_slots(net, f, g, slot) - pdlt_skip_mean(net, f, l, 0, 0, slot[0], slot[1]) *
                                           pdlt_skip_mean(net, g, l, 0, 0, slot[2], slot[3]);
}

double pdlt_skip_coincide(const pdlt_skip_net *net, pdlt_skip_coincidence kind, int l,
                          const pdlt_skip_label *f, const pdlt_skip_label *g,
                          const size_t slot[4]) {
  const size_t x = slot[0], y = slot[1], u = slot[2], v = slot[3], E = net->kernels->slots[l - 1];
  const double *theta = net->kernels->slot_theta[l - 1];
  double value;
  if (f->identity)
    value = identity_bracket(net, f, g, x, y, u, v);
  else if (g->identity)
    value = identity_bracket(net, g, f, u, v, x, y);
  else if (kind == PDLT_SKIP_COVARIANCE)
    value = covariance(net, l, f, g, slot);
  else
    value = four_slots(net, f, g, slot);
  switch (kind) {
    case PDLT_SKIP_ONE_NTK:
      return theta[y * E + v] * value;
    case PDLT_SKIP_TWO_NTKS:
      return theta[(f->twice ? y : x) * E + u] * theta[y * E + v] * value;
    case PDLT_SKIP_THREE_NTKS:
      return theta[x * E + u] * theta[x * E + v] * theta[y * E + u] * value;
    default:
      return value;
  }
}
