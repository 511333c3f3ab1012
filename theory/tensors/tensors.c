/* tensors.c - driver of the order-1/n recursions: brackets of each layer, the recursion on
 * them, and once more on brackets of another resolution for some samples, for error
 * estimates; see tensors.h. */
#include "theory/tensors/tensors.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "theory/bracket/levels.h"
#include "theory/tensors/errors.h"
#include "theory/tensors/in_place.h"
#include "theory/tensors/step.h"

/* Samples on which errors are estimated when there are more, and brackets per layer for it when samples
 * have positions. */
enum { CHECKED = 16 };
static const double checked_brackets = 5e4;

typedef struct tensor_entry {
  const char *text;
  int rank;
} tensor_entry;

static const tensor_entry table[PDLT_TENSOR_COUNT] = {
#define PDLT_TENSOR_ENTRY(id, name, rank) {name, rank},
    PDLT_TENSOR_LIST(PDLT_TENSOR_ENTRY)
#undef PDLT_TENSOR_ENTRY
};

const char *pdlt_tensor_text(pdlt_tensor_name name) { return table[name].text; }

int pdlt_tensor_rank(pdlt_tensor_name name) { return table[name].rank; }

/* Tensors that exist without derivatives of the NTK: the first of the list. */
enum { NTK_TENSORS = PDLT_TENSOR_B + 1 };

typedef struct tensor_driver {
  const pdlt_tensor_settings *settings;
  int depth;
  size_t D, checked;
  size_t check[CHECKED]; /* the checked samples, increasing */
  size_t *check_slots;   /* them at all positions of a layer, increasing; room for the most */
  pdlt_position_pairs *positions; /* (L) pairs that each layer needs */
  pdlt_slot_pairs slots[2];       /* of all samples: layer l at l % 2 */
  pdlt_slot_pairs other_slots[2]; /* of the checked ones */
  pdlt_bracket_levels levels;
  double *theta; /* of the checked samples in the layer at hand; room for the most */
  int in_place;  /* 1: one layer is there at a time, V, D and A packed */
  pdlt_tensor_old old;
  size_t moves; /* other recursions: 0 for kinks, else 1, or all where all samples are checked */
  pdlt_tensor_layer other[PDLT_TENSOR_MOVES][2]; /* on the checked samples: layer l at l % 2 */
} tensor_driver;

/* What others than the next layer read: G1 alone, of layers with positions its mean, and V where it is kept. */
static void layer_drop(pdlt_tensor_layer *layer, int vertices) {
  for (int t = 0; t < PDLT_TENSOR_COUNT; t++) {
    if (t == PDLT_TENSOR_G1 && layer->mean_G1 == NULL) continue;
    if (t == PDLT_TENSOR_V && layer->mean_G1 == NULL && vertices) continue;
    pdlt_free(layer->data[t]);
    layer->data[t] = NULL;
  }
}

/* mean_G1 of a layer with positions: the mean over pairs (p, p). */
static pdlt_status average_first(pdlt_tensor_layer *layer, const pdlt_position_pairs *positions,
                                 size_t D, pdlt_error *err) {
  const size_t P = positions->positions;
  if (P == 1) return PDLT_OK;
  const pdlt_status status = pdlt_alloc(&layer->mean_G1, D, D * sizeof(double), err);
  for (size_t p = 0; p < P && status == PDLT_OK; p++) {
    const double *from = layer->data[PDLT_TENSOR_G1] + positions->place[p * P + p] * D * D;
    for (size_t ab = 0; ab < D * D; ab++) layer->mean_G1[ab] += from[ab] / (double)P;
  }
  return status;
}

static void layer_free(pdlt_tensor_layer *layer) {
  for (int t = 0; t < PDLT_TENSOR_COUNT; t++) {
    pdlt_free(layer->data[t]);
    layer->data[t] = NULL;
    for (size_t m = 0; m < PDLT_TENSOR_MOVES; m++) {
      pdlt_free(layer->moved[m][t]);
      layer->moved[m][t] = NULL;
    }
  }
  pdlt_free(layer->mean_G1);
  layer->mean_G1 = NULL;
}

static int tensor_count(const pdlt_tensor_settings *settings) {
  return settings->dntk ? PDLT_TENSOR_COUNT : NTK_TENSORS;
}

/* Tensors on N pairs. */
static pdlt_status layer_alloc(pdlt_tensor_layer *layer, size_t N, int tensors, pdlt_error *err) {
  for (int t = 0; t < tensors; t++) {
    pdlt_status status =
        pdlt_alloc(&layer->data[t], pdlt_tensor_size(N, table[t].rank), sizeof(double), err);
    if (status != PDLT_OK) return status; /* the owner frees what was made */
  }
  return PDLT_OK;
}

void pdlt_tensors_free(pdlt_tensor_set *set) {
  for (int l = 0; set->layer != NULL && l < set->depth; l++) layer_free(&set->layer[l]);
  pdlt_free(set->layer);
  memset(set, 0, sizeof *set);
}

const double *pdlt_tensors_get(const pdlt_tensor_set *set, int layer, pdlt_tensor_name name) {
  if (layer < 1 || layer > set->depth) return NULL;
  if (set->layer[layer - 1].mean_G1 != NULL)
    return name == PDLT_TENSOR_G1 ? set->layer[layer - 1].mean_G1 : NULL;
  return set->layer[layer - 1].data[name];
}

static void driver_free(tensor_driver *driver) {
  pdlt_bracket_levels_free(&driver->levels);
  pdlt_free(driver->theta);
  pdlt_free(driver->check_slots);
  pdlt_in_place_free(&driver->old);
  for (int l = 0; driver->positions != NULL && l < driver->depth; l++)
    pdlt_position_pairs_free(&driver->positions[l]);
  pdlt_free(driver->positions);
  for (int v = 0; v < 2; v++) {
    for (size_t m = 0; m < PDLT_TENSOR_MOVES; m++) layer_free(&driver->other[m][v]);
    pdlt_slot_pairs_free(&driver->slots[v]);
    pdlt_slot_pairs_free(&driver->other_slots[v]);
  }
}

/* n_l/n_{l-1} of the step from layer l to l + 1; any number does at l = 1. */
static double width_ratio(const pdlt_layer *layer, int l) {
  return l < 2 ? 1.0 : (double)layer[l - 1].out / (double)layer[l - 1].in;
}

/* One tensor through the map of layer + 1, and what masks make of that. */
static pdlt_status map_tensor(const tensor_driver *driver, int layer, const pdlt_position_map *map,
                              size_t D, int rank, const double *raw, double *to, pdlt_error *err) {
  const pdlt_position_pairs *here = &driver->positions[layer];
  const pdlt_tensor_settings *settings = driver->settings;
  const double taps = pdlt_term_factor(settings->mask, PDLT_TERM_POSITIONS_TAPS);
  const double offsets = pdlt_term_factor(settings->mask, PDLT_TERM_POSITIONS_OFFSETS);
  pdlt_status status = pdlt_slots_map(map, D, rank, settings->threads, raw, to, err);
  if (status == PDLT_OK && taps != 1.0 && rank == 4)
    status = pdlt_slots_common_tap(&settings->layer[layer], &driver->positions[layer - 1], here, D,
                                   taps, settings->threads, raw, to, err);
  if (offsets != 1.0) pdlt_slots_scale_offsets(here, D, rank, offsets, to);
  return status;
}

/* `raw`, on the pairs of the layer, through the map of layer + 1 into `to`. */
static pdlt_status map_tensors(const tensor_driver *driver, int layer, const pdlt_position_map *map,
                               size_t D, int one_position, pdlt_tensor_layer *raw,
                               pdlt_tensor_layer *to, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  double *paired = NULL;
  for (int t = 0; t < PDLT_TENSOR_COUNT && raw->data[t] != NULL; t++) {
    PDLT_TRY(map_tensor(driver, layer, map, D, table[t].rank, raw->data[t], to->data[t], err));
    pdlt_free(raw->data[t]);
    raw->data[t] = NULL;
  }
  if (!one_position || to->data[PDLT_TENSOR_P] == NULL) return PDLT_OK;
  paired = to->data[PDLT_TENSOR_P];
  to->data[PDLT_TENSOR_P] = NULL;
  PDLT_TRY(pdlt_alloc(&to->data[PDLT_TENSOR_P], D * D * D * D, sizeof(double), err));
  pdlt_slots_unpair(D, paired, to->data[PDLT_TENSOR_P]);
cleanup:
  pdlt_free(paired);
  return status;
}

/* What advance() goes by: all samples, or the checked ones. */
typedef struct advance_from {
  const pdlt_slot_pairs *slots; /* of the layer */
  const double *theta;
  const pdlt_bracket_set *brackets;
  double *const *tensors;     /* [PDLT_TENSOR_COUNT] */
  const pdlt_tensor_old *old; /* in place; else NULL */
} advance_from;

static pdlt_status one_step(const tensor_driver *driver, int layer, const advance_from *from,
                            int paired, pdlt_tensor_layer *to, pdlt_error *err) {
  const pdlt_tensor_settings *settings = driver->settings;
  pdlt_tensor_step step = {
      .slots = from->slots,
      .D = from->slots->slots,
      .C = settings->layer[layer].C_W,
      .lambda = settings->layer[layer].lambda_W,
      .r = width_ratio(settings->layer, layer),
      .theta = from->theta,
      .pairs = &from->brackets->pairs,
      .quads = &from->brackets->quads,
      .mask = settings->mask,
      .from = from->tensors,
      .to = to->data,
      .paired = paired || from->slots->place != NULL,
      .threads = settings->threads,
      .old = from->old,
  };
  const pdlt_status status = pdlt_tensor_step_prepare(&step, err);
  if (status != PDLT_OK) return status;
  if (from->old != NULL)
    pdlt_in_place_step(&step, settings->dntk);
  else
    pdlt_tensor_step_ntk(&step);
  if (from->old == NULL && settings->dntk) {
    pdlt_tensor_step_dntk(&step);
    pdlt_tensor_step_ddntk(&step);
  }
  pdlt_tensor_step_release(&step);
  return PDLT_OK;
}

/* From layer to layer + 1. */
static pdlt_status advance(const tensor_driver *driver, int layer, const advance_from *from,
                           pdlt_tensor_layer *to, pdlt_error *err) {
  const pdlt_position_pairs *below = &driver->positions[layer - 1];
  const pdlt_position_pairs *here = &driver->positions[layer];
  pdlt_position_map map = {0};
  pdlt_tensor_layer raw = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_position_map_new(&map, &driver->settings->layer[layer], below, here, err));
  if (map.identity) {
    PDLT_TRY(one_step(driver, layer, from, 0, to, err));
  } else {
    PDLT_TRY(layer_alloc(&raw, from->slots->count, tensor_count(driver->settings), err));
    PDLT_TRY(one_step(driver, layer, from, 1, &raw, err));
    PDLT_TRY(map_tensors(driver, layer, &map, from->slots->D, here->positions == 1, &raw, to, err));
  }
cleanup:
  layer_free(&raw);
  pdlt_position_map_free(&map);
  return status;
}

/* Errors of a layer from the other recursions, from those of its kernels, and rounding, of kinks that of a
 * rule of 225 nodes. */
static void layer_errors(const tensor_driver *driver, const pdlt_kernel_layers *kernels, int layer,
                         pdlt_tensor_layer *all) {
  const pdlt_tensor_gap gap = {.D = driver->D,
                               .checked = driver->checked,
                               .check = driver->check,
                               .pairs = driver->slots[layer % 2].count,
                               .checked_pairs = driver->other_slots[layer % 2].count};
  all->inherited = pdlt_tensor_kernel_error(kernels, layer);
  pdlt_tensor_rounding(&gap, (driver->levels.smooth ? 4e-15 : 5e-14) * (double)layer, all);
  for (size_t m = 0; m < driver->moves; m++)
    pdlt_tensor_difference(&gap, &driver->other[m][layer % 2], all);
}

/* Of the last layer, where all samples are checked: what the other recursions made. */
static void keep_moved(tensor_driver *driver, pdlt_tensor_layer *last) {
  if (driver->depth < 2 || driver->moves < PDLT_TENSOR_MOVES) return;
  for (size_t m = 0; m < PDLT_TENSOR_MOVES; m++) {
    pdlt_tensor_layer *other = &driver->other[m][driver->depth % 2];
    memcpy(last->moved[m], other->data, sizeof other->data);
    memset(other->data, 0, sizeof other->data);
  }
}

/* The checked samples' slots in a layer; returns their number. */
static size_t list_checked(const tensor_driver *driver, int layer) {
  const size_t C = driver->checked, slots = driver->positions[layer - 1].positions * C;
  for (size_t e = 0; e < slots; e++)
    driver->check_slots[e] = e / C * driver->D + driver->check[e % C];
  return slots;
}

/* One recursion on the checked samples alone. */
static pdlt_status advance_other(tensor_driver *driver, const pdlt_kernel_layers *kernels,
                                 int layer, size_t move, const pdlt_bracket_set *brackets,
                                 pdlt_error *err) {
  const size_t E = kernels->slots[layer - 1], checked = list_checked(driver, layer);
  const double *theta = kernels->slot_theta[layer - 1];
  for (size_t a = 0; a < checked; a++)
    for (size_t b = 0; b < checked; b++)
      driver->theta[a * checked + b] = theta[driver->check_slots[a] * E + driver->check_slots[b]];
  const advance_from from = {.slots = &driver->other_slots[layer % 2],
                             .theta = driver->theta,
                             .brackets = brackets,
                             .tensors = driver->other[move][layer % 2].data};
  pdlt_tensor_layer *to = &driver->other[move][(layer + 1) % 2];
  layer_free(to);
  const pdlt_status status = layer_alloc(to, driver->other_slots[(layer + 1) % 2].count,
                                         tensor_count(driver->settings), err);
  return status == PDLT_OK ? advance(driver, layer, &from, to, err) : status;
}

/* Pairs of slots of a layer, of all samples and the checked ones. */
static pdlt_status make_slots(tensor_driver *driver, int layer, pdlt_error *err) {
  const pdlt_position_pairs *positions = &driver->positions[layer - 1];
  pdlt_slot_pairs_free(&driver->slots[layer % 2]);
  pdlt_slot_pairs_free(&driver->other_slots[layer % 2]);
  pdlt_status status = pdlt_slot_pairs_new(&driver->slots[layer % 2], positions, driver->D, err);
  if (status != PDLT_OK) return status;
  return pdlt_slot_pairs_new(&driver->other_slots[layer % 2], positions, driver->checked, err);
}

static const pdlt_bracket_blocks *blocks_of(const pdlt_slot_pairs *slots) {
  return slots->blocks.count > 0 ? &slots->blocks : NULL;
}

/* From layer to layer + 1, both recursions. */
static pdlt_status tensor_layer_step(tensor_driver *driver, const pdlt_kernel_layers *kernels,
                                     int layer, pdlt_tensor_set *set, pdlt_error *err) {
  pdlt_status status;
  pdlt_bracket_set other = {0}, all = {0};
  double *before[PDLT_TENSOR_COUNT];
  const pdlt_slot_pairs *slots = &driver->slots[layer % 2];
  pdlt_tensor_layer *to = &set->layer[layer];
  const advance_from from = {.slots = slots,
                             .theta = kernels->slot_theta[layer - 1],
                             .brackets = &all,
                             .tensors = driver->in_place ? before : set->layer[layer - 1].data,
                             .old = driver->in_place ? &driver->old : NULL};
  const size_t checked = list_checked(driver, layer);

  PDLT_TRY(make_slots(driver, layer + 1, err));
  if (driver->in_place)
    PDLT_TRY(pdlt_in_place_move(&set->layer[layer - 1], to, driver->D, before, err));
  else
    PDLT_TRY(
        layer_alloc(to, driver->slots[(layer + 1) % 2].count, tensor_count(driver->settings), err));
  PDLT_TRY(pdlt_bracket_levels_run_blocks(
      &driver->levels, slots->slots, kernels->slot_K[layer - 1], blocks_of(slots), checked,
      driver->check_slots, blocks_of(&driver->other_slots[layer % 2]), &other, &all, err));
  for (size_t move = 0; move < driver->moves; move++) {
    if (move > 0) pdlt_bracket_set_align(&other, &all);
    PDLT_TRY(advance_other(driver, kernels, layer, move, &other, err));
  }
  PDLT_TRY(advance(driver, layer, &from, to, err));
  if (!driver->in_place) layer_errors(driver, kernels, layer + 1, to);
  PDLT_TRY(average_first(to, &driver->positions[layer], driver->D, err));
  if (driver->settings->last_only || (slots->place != NULL && !driver->settings->all_pairs))
    layer_drop(&set->layer[layer - 1], driver->settings->vertices);
cleanup:
  pdlt_bracket_set_free(&other);
  pdlt_bracket_set_free(&all);
  return status;
}

/* Brackets of layer l = 1..L of D samples. */
static double brackets_of(const tensor_driver *driver, int layer, size_t D) {
  const pdlt_position_pairs *at = &driver->positions[layer - 1];
  return pdlt_slot_pairs_brackets(at->count, at->positions, D);
}

/* How many samples are checked: all, up to CHECKED, and with positions up to checked_brackets. */
static size_t count_checked(const tensor_driver *driver) {
  size_t most = driver->D < CHECKED ? driver->D : CHECKED;
  for (int l = 1; l < driver->depth; l++)
    while (driver->positions[l - 1].positions > 1 && most > 1 &&
           brackets_of(driver, l, most) > checked_brackets)
      most--;
  return most;
}

/* The checked samples: all, or half of them those of largest norm, where errors are largest,
 * and as many evenly down to the smallest. */
static void choose_checked(tensor_driver *driver, const double *K) {
  size_t D = driver->D, most = count_checked(driver), top = (most + 1) / 2, rest = D - top;
  driver->checked = 0;
  for (size_t a = 0; a < D; a++) {
    size_t rank = 0;
    int chosen = D <= most;
    for (size_t b = 0; b < D; b++) {
      double x = K[b * D + b], own = K[a * D + a];
      rank += x < own || (x == own && b < a);
    }
    if (rank >= rest) chosen = 1;
    for (size_t k = 0; k < most - top && !chosen; k++) chosen = rank == k * rest / (most - top);
    if (chosen) driver->check[driver->checked++] = a;
  }
}

static size_t most_positions(const tensor_driver *driver) {
  size_t most = 1;
  for (int l = 0; l < driver->depth; l++)
    if (driver->positions[l].positions > most) most = driver->positions[l].positions;
  return most;
}

/* Only layer L is kept, of one position throughout, and terms keep the symmetries that they have; a few samples
 * stay as they were. */
static int goes_in_place(const tensor_driver *driver) {
  const pdlt_tensor_settings *settings = driver->settings;
  return driver->checked < driver->D && settings->last_only && !settings->vertices &&
         settings->mask == NULL && most_positions(driver) == 1;
}

/* Layer L as others read it, with its errors. */
static pdlt_status finish_in_place(const tensor_driver *driver, const pdlt_kernel_layers *kernels,
                                   pdlt_tensor_set *set, pdlt_error *err) {
  pdlt_tensor_layer *last = &set->layer[set->depth - 1];
  const unsigned needed = driver->settings->needed;
  const pdlt_status status = pdlt_in_place_finish(last, set->D, needed == 0 ? ~0U : needed, err);
  if (status == PDLT_OK && set->depth > 1) layer_errors(driver, kernels, set->depth, last);
  return status;
}

/* Of progress for a bracket: nine tenths of a layer are brackets, those of the checked samples at
 * about three levels. */
static double unit_of(const tensor_driver *driver) {
  const double levels = 3;
  double all = 1, checked = 1;
  for (int l = 1; l < driver->depth; l++) {
    all = fmax(all, brackets_of(driver, l, driver->D));
    checked = fmax(checked, brackets_of(driver, l, driver->checked));
  }
  if (!driver->levels.smooth) return 0.9 / all;
  return 0.9 / (levels * checked + (driver->checked < driver->D ? all : 0));
}

static pdlt_status driver_new(tensor_driver *driver, const pdlt_kernel_layers *kernels,
                              const pdlt_tensor_settings *settings, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  memset(driver, 0, sizeof *driver);
  driver->settings = settings;
  driver->D = kernels->D;
  driver->depth = kernels->depth;
  driver->levels = pdlt_bracket_levels_init(&settings->activation,
                                            settings->dntk ? PDLT_QUAD_ALL : PDLT_QUAD_NTK,
                                            settings->tolerance, settings->threads);
  PDLT_TRY(pdlt_slot_positions_needed(&driver->positions, settings->layer, driver->depth,
                                      settings->all_pairs, err));
  choose_checked(driver, kernels->K);
  driver->in_place = goes_in_place(driver);
  driver->levels.many = driver->checked < driver->D && most_positions(driver) == 1;
  driver->levels.progress = settings->progress;
  driver->levels.unit = unit_of(driver);
  const size_t slots = driver->checked * most_positions(driver);
  PDLT_TRY(pdlt_alloc(&driver->theta, slots * slots, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&driver->check_slots, slots, sizeof *driver->check_slots, err));
  PDLT_TRY(make_slots(driver, 1, err));
  if (driver->levels.smooth) driver->moves = driver->checked == driver->D ? PDLT_TENSOR_MOVES : 1;
  for (size_t m = 0; m < driver->moves; m++)
    PDLT_TRY(layer_alloc(&driver->other[m][1], driver->other_slots[1].count, tensor_count(settings),
                         err));
cleanup:
  return status;
}

static pdlt_status check_settings(const pdlt_kernel_layers *kernels,
                                  const pdlt_tensor_settings *settings, pdlt_error *err) {
  if (kernels->depth < 1 || settings->threads < 1)
    return pdlt_fail(err, PDLT_ERR_INPUT, "tensors: depth %d and %d threads, both must be >= 1",
                     kernels->depth, settings->threads);
  if (settings->dntk && !pdlt_activation_get_traits(&settings->activation).smooth)
    return pdlt_fail(err, PDLT_ERR_UNSUPPORTED,
                     "P, Q, R, S, T, U do not exist for this activation: its second derivative is "
                     "a delta function, and they contain products of them");
  if (!(settings->tolerance > 0.0))
    return pdlt_fail(err, PDLT_ERR_INPUT, "tensors: tolerance %g must be positive",
                     settings->tolerance);
  return PDLT_OK;
}

pdlt_status pdlt_tensors_new(pdlt_tensor_set *out, const pdlt_kernel_layers *kernels,
                             const pdlt_tensor_settings *settings, pdlt_error *err) {
  pdlt_tensor_set set = {.depth = kernels->depth, .D = kernels->D};
  tensor_driver driver = {0};
  pdlt_status status = check_settings(kernels, settings, err);
  if (status != PDLT_OK) return status;

  PDLT_TRY(pdlt_alloc(&set.layer, (size_t)set.depth, sizeof *set.layer, err));
  PDLT_TRY(driver_new(&driver, kernels, settings, err));
  if (driver.in_place)
    PDLT_TRY(pdlt_in_place_new(&set.layer[0], &driver.old, set.D, tensor_count(settings), err));
  else
    PDLT_TRY(layer_alloc(&set.layer[0], driver.slots[1].count, tensor_count(settings), err));
  PDLT_TRY(average_first(&set.layer[0], &driver.positions[0], set.D, err));
  pdlt_progress_start(settings->progress, "tensors of order 1/n", (double)(set.depth - 1), 0.0);
  for (int layer = 1; layer < set.depth; layer++) {
    PDLT_TRY(pdlt_progress_check(settings->progress, err));
    PDLT_TRY(tensor_layer_step(&driver, kernels, layer, &set, err));
    pdlt_progress_update(settings->progress, (double)layer);
  }
  pdlt_progress_finish(settings->progress);
  if (driver.in_place) PDLT_TRY(finish_in_place(&driver, kernels, &set, err));
  keep_moved(&driver, &set.layer[set.depth - 1]);
  *out = set;
cleanup:
  if (status != PDLT_OK) pdlt_tensors_free(&set);
  driver_free(&driver);
  return status;
}
