/* tensors.c - driver of the order-1/n recursions: brackets of each layer, the recursion on
 * them, and once more on brackets of another resolution for some samples, for error
 * estimates; see tensors.h. */
#include "theory/tensors/tensors.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "theory/bracket/levels.h"
#include "theory/tensors/step.h"

/* Samples on which errors are estimated when there are more. */
enum { CHECKED = 16 };

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
  size_t D, checked;
  size_t check[CHECKED]; /* the checked samples, increasing */
  pdlt_bracket_levels levels;
  double *theta;              /* (checked, checked) of the layer at hand */
  pdlt_tensor_layer other[2]; /* the other recursion, on them: layer l at l % 2 */
} tensor_driver;

static size_t tensor_size(size_t D, int rank) { return rank == 2 ? D * D : D * D * D * D; }

/* What others than the next layer read: G1 alone. */
static void layer_drop(pdlt_tensor_layer *layer) {
  for (int t = 0; t < PDLT_TENSOR_COUNT; t++) {
    if (t == PDLT_TENSOR_G1) continue;
    pdlt_free(layer->data[t]);
    layer->data[t] = NULL;
  }
}

static void layer_free(pdlt_tensor_layer *layer) {
  for (int t = 0; t < PDLT_TENSOR_COUNT; t++) {
    pdlt_free(layer->data[t]);
    layer->data[t] = NULL;
  }
}

static int tensor_count(const pdlt_tensor_settings *settings) {
  return settings->dntk ? PDLT_TENSOR_COUNT : NTK_TENSORS;
}

static pdlt_status layer_alloc(pdlt_tensor_layer *layer, size_t D, int tensors, pdlt_error *err) {
  for (int t = 0; t < tensors; t++) {
    pdlt_status status =
        pdlt_alloc(&layer->data[t], tensor_size(D, table[t].rank), sizeof(double), err);
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
  return set->layer[layer - 1].data[name];
}

static void driver_free(tensor_driver *driver) {
  pdlt_bracket_levels_free(&driver->levels);
  pdlt_free(driver->theta);
  for (int v = 0; v < 2; v++) layer_free(&driver->other[v]);
}

/* n_l/n_{l-1} of the step from layer l to l + 1; any number does at l = 1. */
static double width_ratio(const pdlt_layer *layer, int l) {
  return l < 2 ? 1.0 : (double)layer[l - 1].out / (double)layer[l - 1].in;
}

/* From layer to layer + 1 on D samples with the NTK theta. */
static pdlt_status advance(const tensor_driver *driver, int layer, size_t D, const double *theta,
                           const pdlt_bracket_set *brackets, const pdlt_tensor_layer *from,
                           pdlt_tensor_layer *to, pdlt_error *err) {
  const pdlt_tensor_settings *settings = driver->settings;
  pdlt_tensor_step step = {
      .D = D,
      .C = settings->layer[layer].C_W,
      .lambda = settings->layer[layer].lambda_W,
      .r = width_ratio(settings->layer, layer),
      .theta = theta,
      .pairs = &brackets->pairs,
      .quads = &brackets->quads,
      .mask = settings->mask,
      .from = from->data,
      .to = to->data,
      .threads = settings->threads,
  };
  pdlt_status status = pdlt_tensor_step_prepare(&step, err);
  if (status == PDLT_OK) pdlt_tensor_step_ntk(&step);
  if (status == PDLT_OK && settings->dntk) {
    pdlt_tensor_step_dntk(&step);
    pdlt_tensor_step_ddntk(&step);
  }
  pdlt_tensor_step_release(&step);
  return status;
}

static double largest_entry(size_t count, const double *x) {
  double largest = 0.0;
  for (size_t i = 0; i < count; i++) largest = fmax(largest, fabs(x[i]));
  return largest;
}

/* Largest difference on the checked samples: other (checked, ...), all (D, ...). */
static double largest_difference(const tensor_driver *driver, int rank, const double *other,
                                 const double *all) {
  size_t D = driver->D, checked = driver->checked, count = tensor_size(checked, rank);
  double difference = 0.0;
  for (size_t i = 0; i < count; i++) {
    size_t at = 0, rest = i, stride = 1;
    for (int slot = 0; slot < rank; slot++, rest /= checked, stride *= D)
      at += stride * driver->check[rest % checked];
    difference = fmax(difference, fabs(other[i] - all[at]));
  }
  return difference;
}

/* Twice the difference of the two recursions (the coarser level's tails lose less than that),
 * the kernels' own errors (a relative change of K or
 * Theta changes a tensor of at most fourth degree in them by up to four times as much)
 * and rounding, of kinks that of a rule of 225 nodes. */
static void layer_errors(const tensor_driver *driver, const pdlt_kernel_layers *kernels, int layer,
                         const pdlt_tensor_layer *other, pdlt_tensor_layer *all) {
  size_t at = (size_t)(layer - 1), D = driver->D;
  double K = largest_entry(D * D, kernels->K + at * D * D);
  double theta = largest_entry(D * D, kernels->theta + at * D * D);
  double relative = (driver->levels.smooth ? 1e-15 : 5e-14) * (double)layer;
  if (K > 0.0) relative += 4.0 * kernels->layer_err_K[at] / K;
  if (theta > 0.0) relative += 4.0 * kernels->layer_err_theta[at] / theta;
  for (int t = 0; t < PDLT_TENSOR_COUNT && all->data[t] != NULL; t++) {
    size_t count = tensor_size(D, table[t].rank);
    all->err[t] = relative * largest_entry(count, all->data[t]);
    if (driver->levels.smooth)
      all->err[t] += 2.0 * largest_difference(driver, table[t].rank, other->data[t], all->data[t]);
  }
}

/* The recursion on the checked samples alone. */
static pdlt_status advance_other(tensor_driver *driver, const pdlt_kernel_layers *kernels,
                                 int layer, const pdlt_bracket_set *brackets, pdlt_error *err) {
  size_t D = driver->D, checked = driver->checked;
  const double *theta = kernels->theta + (size_t)(layer - 1) * D * D;
  if (!driver->levels.smooth) return PDLT_OK;
  for (size_t a = 0; a < checked; a++)
    for (size_t b = 0; b < checked; b++)
      driver->theta[a * checked + b] = theta[driver->check[a] * D + driver->check[b]];
  return advance(driver, layer, checked, driver->theta, brackets, &driver->other[layer % 2],
                 &driver->other[(layer + 1) % 2], err);
}

/* From layer to layer + 1, both recursions. */
static pdlt_status tensor_layer_step(tensor_driver *driver, const pdlt_kernel_layers *kernels,
                                     int layer, pdlt_tensor_set *set, pdlt_error *err) {
  pdlt_status status;
  pdlt_bracket_set other = {0}, all = {0};
  size_t D = driver->D, square = (size_t)(layer - 1) * D * D;
  pdlt_tensor_layer *from = &set->layer[layer - 1], *to = &set->layer[layer];

  PDLT_TRY(layer_alloc(to, D, tensor_count(driver->settings), err));
  PDLT_TRY(pdlt_bracket_levels_run(&driver->levels, D, kernels->K + square, driver->checked,
                                   driver->check, &other, &all, err));
  PDLT_TRY(advance_other(driver, kernels, layer, &other, err));
  PDLT_TRY(advance(driver, layer, D, kernels->theta + square, &all, from, to, err));
  layer_errors(driver, kernels, layer + 1, &driver->other[(layer + 1) % 2], to);
  if (driver->settings->last_only) layer_drop(from);
cleanup:
  pdlt_bracket_set_free(&other);
  pdlt_bracket_set_free(&all);
  return status;
}

/* The checked samples: all, or the CHECKED / 2 of largest norm, where errors are largest,
 * and as many evenly down to the smallest. */
static void choose_checked(tensor_driver *driver, const double *K) {
  size_t D = driver->D, top = CHECKED / 2, rest = D - top;
  driver->checked = 0;
  for (size_t a = 0; a < D; a++) {
    size_t rank = 0;
    int chosen = D <= CHECKED;
    for (size_t b = 0; b < D; b++) {
      double x = K[b * D + b], own = K[a * D + a];
      rank += x < own || (x == own && b < a);
    }
    if (rank >= rest) chosen = 1;
    for (size_t k = 0; k < CHECKED - top && !chosen; k++)
      chosen = rank == k * rest / (CHECKED - top);
    if (chosen) driver->check[driver->checked++] = a;
  }
}

/* Of progress for a bracket: nine tenths of a layer are brackets, those of the checked samples at
 * about three levels. */
static double unit_of(const tensor_driver *driver) {
  const double D = (double)driver->D, C = (double)driver->checked, levels = 3;
  const double all = D * (D + 1) * (D + 2) * (D + 3) / 24;
  const double checked = C * (C + 1) * (C + 2) * (C + 3) / 24;
  if (!driver->levels.smooth) return 0.9 / all;
  return 0.9 / (levels * checked + (driver->checked < driver->D ? all : 0));
}

static pdlt_status driver_new(tensor_driver *driver, const pdlt_kernel_layers *kernels,
                              const pdlt_tensor_settings *settings, pdlt_error *err) {
  memset(driver, 0, sizeof *driver);
  driver->settings = settings;
  driver->D = kernels->D;
  driver->levels = pdlt_bracket_levels_init(&settings->activation,
                                            settings->dntk ? PDLT_QUAD_ALL : PDLT_QUAD_NTK,
                                            settings->tolerance, settings->threads);
  choose_checked(driver, kernels->K);
  driver->levels.progress = settings->progress;
  driver->levels.unit = unit_of(driver);
  pdlt_status status =
      pdlt_alloc(&driver->theta, driver->checked * driver->checked, sizeof(double), err);
  for (int v = 0; v < 2 && status == PDLT_OK && driver->levels.smooth; v++)
    status = layer_alloc(&driver->other[v], driver->checked, tensor_count(settings), err);
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
  PDLT_TRY(layer_alloc(&set.layer[0], set.D, tensor_count(settings), err));
  PDLT_TRY(driver_new(&driver, kernels, settings, err));
  pdlt_progress_start(settings->progress, "tensors of order 1/n", (double)(set.depth - 1), 0.0);
  for (int layer = 1; layer < set.depth; layer++) {
    PDLT_TRY(pdlt_progress_check(settings->progress, err));
    PDLT_TRY(tensor_layer_step(&driver, kernels, layer, &set, err));
    pdlt_progress_update(settings->progress, (double)layer);
  }
  pdlt_progress_finish(settings->progress);
  *out = set;
cleanup:
  if (status != PDLT_OK) pdlt_tensors_free(&set);
  driver_free(&driver);
  return status;
}
