/* tensor.c - driver of the order-1/n recursions: grids, brackets of each layer at two
 * resolutions, the recursion on both, error estimates; see tensor.h. */
#include "theory/tensor.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "theory/tensor_step.h"

/* Nodes per canonical variable of the four-slot grids, and of the two-slot ones. */
static const size_t quad_nodes[] = {32, 40, 48, 56, 64, 80, 96, 128, 160, 200, 256, 320, 400, 512};
static const size_t pair_nodes[] = {64, 96, 128, 192, 256, 384, 512};
enum {
  QUAD_LEVELS = sizeof quad_nodes / sizeof quad_nodes[0],
  PAIR_LEVELS = sizeof pair_nodes / sizeof pair_nodes[0]
};

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

/* Brackets of one layer at the last two resolutions: [0] coarse, [1] fine. */
typedef struct layer_brackets {
  pdlt_bracket_pairs pairs[2];
  pdlt_bracket_quads quads[2];
} layer_brackets;

/* Tensors that exist without derivatives of the NTK: the first of the list. */
enum { NTK_TENSORS = PDLT_TENSOR_B + 1 };

typedef struct tensor_driver {
  const pdlt_tensor_settings *settings;
  size_t D;
  int smooth, polynomial, degree;
  double tolerance, reach;
  pdlt_bracket_grid quad_grid[QUAD_LEVELS], pair_grid[PAIR_LEVELS];
  pdlt_tensor_layer coarse[2]; /* the coarse recursion: layer l at l % 2 */
} tensor_driver;

static size_t tensor_size(size_t D, int rank) { return rank == 2 ? D * D : D * D * D * D; }

static void layer_free(pdlt_tensor_layer *layer) {
  for (int t = 0; t < PDLT_TENSOR_COUNT; ++t) {
    pdlt_free(layer->data[t]);
    layer->data[t] = NULL;
  }
}

static int tensor_count(const pdlt_tensor_settings *settings) {
  return settings->dntk ? PDLT_TENSOR_COUNT : NTK_TENSORS;
}

static pdlt_status layer_alloc(pdlt_tensor_layer *layer, size_t D, int tensors, pdlt_error *err) {
  for (int t = 0; t < tensors; ++t) {
    pdlt_status status =
        pdlt_alloc(&layer->data[t], tensor_size(D, table[t].rank), sizeof(double), err);
    if (status != PDLT_OK) return status; /* the owner frees what was made */
  }
  return PDLT_OK;
}

void pdlt_tensors_free(pdlt_tensor_set *set) {
  for (int l = 0; set->layer != NULL && l < set->depth; ++l) layer_free(&set->layer[l]);
  pdlt_free(set->layer);
  memset(set, 0, sizeof *set);
}

const double *pdlt_tensors_get(const pdlt_tensor_set *set, int layer, pdlt_tensor_name name) {
  if (layer < 1 || layer > set->depth) return NULL;
  return set->layer[layer - 1].data[name];
}

static void brackets_free(layer_brackets *brackets) {
  for (int v = 0; v < 2; ++v) {
    pdlt_bracket_pairs_free(&brackets->pairs[v]);
    pdlt_bracket_quads_free(&brackets->quads[v]);
  }
}

static void driver_free(tensor_driver *driver) {
  for (int k = 0; k < QUAD_LEVELS; ++k) pdlt_bracket_grid_free(&driver->quad_grid[k]);
  for (int k = 0; k < PAIR_LEVELS; ++k) pdlt_bracket_grid_free(&driver->pair_grid[k]);
  for (int v = 0; v < 2; ++v) layer_free(&driver->coarse[v]);
}

/* Grid of a level, made on first use. The reach grows with the level, so that the
 * difference of two levels sees the cut of the tails too. Polynomials: Gauss nodes, exact at every
 * level (integrands of degree 4 x degree). */
static pdlt_status driver_grid(const tensor_driver *driver, pdlt_bracket_grid *grids,
                               const size_t *nodes, int level, pdlt_error *err) {
  pdlt_bracket_grid *grid = &grids[level];
  if (grid->n > 0 || !driver->smooth) return PDLT_OK;
  if (driver->polynomial) {
    return pdlt_bracket_grid_new_gauss(grid, (size_t)(2 * driver->degree + 1 + level), err);
  }
  double reach = driver->reach + 0.15 * (double)level;
  return pdlt_bracket_grid_new_trapezoid(grid, nodes[level], reach, err);
}

/* Largest difference and largest entry of one column of orders (D, D). */
static int pairs_agree(const pdlt_bracket_pairs *a, const pdlt_bracket_pairs *b, double tolerance) {
  size_t count = a->D * a->D;
  for (int order = 0; order < PDLT_BRACKET_ORDERS * PDLT_BRACKET_ORDERS; ++order) {
    const double *x = a->value + (size_t)order * count, *y = b->value + (size_t)order * count;
    double difference = 0.0, largest = 0.0;
    for (size_t i = 0; i < count; ++i) {
      difference = fmax(difference, fabs(x[i] - y[i]));
      largest = fmax(largest, fabs(y[i]));
    }
    if (!(difference <= tolerance * largest)) return 0;
  }
  return 1;
}

static pdlt_status converge_pairs(tensor_driver *driver, size_t D, const double *K,
                                  pdlt_bracket_pairs pairs[2], pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  for (int level = 0; level < PAIR_LEVELS; ++level) {
    PDLT_TRY(driver_grid(driver, driver->pair_grid, pair_nodes, level, err));
    pdlt_bracket_pairs_free(&pairs[0]);
    pairs[0] = pairs[1];
    memset(&pairs[1], 0, sizeof pairs[1]);
    PDLT_TRY(pdlt_bracket_pairs_new(&pairs[1], &driver->settings->activation,
                                    &driver->pair_grid[level], D, K, err));
    if (level > 0 && (!driver->smooth || pairs_agree(&pairs[0], &pairs[1], driver->tolerance))) {
      break;
    }
  }
cleanup:
  return status;
}

/* <s_a^(j) s_b^(k)>, j, k <= 3, merged where it must be. */
static double pair_of_orders(const pdlt_bracket_pairs *pairs, int j, int k, size_t a, size_t b) {
  return pdlt_bracket_jet(pairs, j % 2, k % 2, j - j % 2, k - k % 2, a, b);
}

/* Scale on which a column must agree: largest connected part (what V, D, A are made of),
 * but no finer than rounding of the bracket itself. */
static void column_scales(const pdlt_bracket_quads *quads, const pdlt_bracket_pairs *pairs,
                          double tolerance, double scale[PDLT_QUAD_MAX_COLUMNS]) {
  for (int c = 0; c < quads->columns; ++c) {
    const int *o = quads->order[c];
    double connected = 0.0, whole = 0.0;
    size_t m = 0;
    for (size_t s4 = 0; s4 < quads->D; ++s4) {
      for (size_t s3 = 0; s3 <= s4; ++s3) {
        for (size_t s2 = 0; s2 <= s3; ++s2) {
          for (size_t s1 = 0; s1 <= s2; ++s1, ++m) {
            double value = quads->value[m * (size_t)quads->columns + (size_t)c];
            double product = pair_of_orders(pairs, o[0], o[1], s1, s2) *
                             pair_of_orders(pairs, o[2], o[3], s3, s4);
            whole = fmax(whole, fabs(value));
            connected = fmax(connected, fabs(value - product));
          }
        }
      }
    }
    scale[c] = fmax(tolerance * fmin(whole, connected), 1e-13 * whole);
  }
}

static int quads_agree(const layer_brackets *brackets, double tolerance) {
  const pdlt_bracket_quads *a = &brackets->quads[0], *b = &brackets->quads[1];
  double scale[PDLT_QUAD_MAX_COLUMNS];
  column_scales(b, &brackets->pairs[1], tolerance, scale);
  for (size_t m = 0; m < b->multisets; ++m) {
    for (int c = 0; c < b->columns; ++c) {
      size_t at = m * (size_t)b->columns + (size_t)c;
      if (!(fabs(a->value[at] - b->value[at]) <= scale[c])) return 0;
    }
  }
  return 1;
}

/* First level worth trying: step in z about 0.45 (docs/tensors.md). */
static int first_level(const tensor_driver *driver, size_t D, const double *K) {
  double largest = 0.0;
  for (size_t a = 0; a < D; ++a) largest = fmax(largest, K[a * D + a]);
  double nodes = 1.0 + 2.0 * driver->reach * sqrt(largest) / 0.45;
  int level = 0;
  if (driver->polynomial || !driver->smooth) return 0;
  while (level < QUAD_LEVELS - 2 && (double)quad_nodes[level + 1] < nodes) ++level;
  return level;
}

/* Four-slot brackets at two neighbouring levels that agree, from level *first on; *first
 * becomes the lower of the two. */
static pdlt_status converge_quads(tensor_driver *driver, size_t D, const double *K, int threads,
                                  layer_brackets *brackets, int *first, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  const pdlt_tensor_settings *settings = driver->settings;
  pdlt_quad_orders orders = settings->dntk ? PDLT_QUAD_ALL : PDLT_QUAD_NTK;
  pdlt_bracket_quads *quads = brackets->quads;
  int level = *first;
  for (; level < QUAD_LEVELS; ++level) {
    PDLT_TRY(driver_grid(driver, driver->quad_grid, quad_nodes, level, err));
    pdlt_bracket_quads_free(&quads[0]);
    quads[0] = quads[1];
    memset(&quads[1], 0, sizeof quads[1]);
    PDLT_TRY(pdlt_bracket_quads_new(&quads[1], &settings->activation, &driver->quad_grid[level],
                                    orders, D, K, threads, err));
    if (level > *first && (!driver->smooth || quads_agree(brackets, driver->tolerance))) break;
  }
  *first = level < QUAD_LEVELS ? level - 1 : QUAD_LEVELS - 2;
cleanup:
  return status;
}

/* Level to begin with: the one that does for the two samples of largest and smallest
 * norm alone, so that all samples are not computed at levels that cannot suffice. */
static pdlt_status probe_level(tensor_driver *driver, const double *K, int *level,
                               pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  layer_brackets brackets = {0};
  size_t D = driver->D, low = 0, high = 0;
  *level = first_level(driver, D, K);
  if (!driver->smooth || driver->polynomial || D < 3) return PDLT_OK;
  for (size_t a = 1; a < D; ++a) {
    if (K[a * D + a] < K[low * D + low]) low = a;
    if (K[a * D + a] >= K[high * D + high]) high = a;
  }
  const double sub[4] = {K[low * D + low], K[low * D + high], K[low * D + high],
                         K[high * D + high]};
  PDLT_TRY(converge_pairs(driver, 2, sub, brackets.pairs, err));
  PDLT_TRY(converge_quads(driver, 2, sub, 1, &brackets, level, err));
cleanup:
  brackets_free(&brackets);
  return status;
}

/* n_l/n_{l-1} of the step from layer l to l + 1; any number does at l = 1. */
static double width_ratio(const pdlt_tensor_settings *settings, int layer) {
  const int *ratios = settings->width_ratios;
  if (layer < 2 || ratios == NULL) return 1.0;
  return (double)ratios[layer - 1] / (double)ratios[layer - 2];
}

static pdlt_status advance(const tensor_driver *driver, const pdlt_kernel_layers *kernels,
                           int layer, const layer_brackets *brackets, int version,
                           const pdlt_tensor_layer *from, pdlt_tensor_layer *to, pdlt_error *err) {
  const pdlt_tensor_settings *settings = driver->settings;
  pdlt_tensor_step step = {
      .D = driver->D,
      .C = settings->C_W[layer],
      .lambda = settings->lambda_W[layer],
      .r = width_ratio(settings, layer),
      .theta = kernels->theta + (size_t)(layer - 1) * driver->D * driver->D,
      .pairs = &brackets->pairs[version],
      .quads = &brackets->quads[version],
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
  for (size_t i = 0; i < count; ++i) largest = fmax(largest, fabs(x[i]));
  return largest;
}

/* Twice the difference of the two recursions (the tails lose less than that per level),
 * the kernels' own errors (a relative change of K or
 * Theta changes a tensor of at most fourth degree in them by up to four times as much)
 * and rounding. */
static void layer_errors(const pdlt_kernel_layers *kernels, int layer, size_t D,
                         const pdlt_tensor_layer *coarse, pdlt_tensor_layer *fine) {
  size_t at = (size_t)(layer - 1);
  double K = largest_entry(D * D, kernels->K + at * D * D);
  double theta = largest_entry(D * D, kernels->theta + at * D * D);
  double relative = 1e-15 * (double)layer;
  if (K > 0.0) relative += 4.0 * kernels->layer_err_K[at] / K;
  if (theta > 0.0) relative += 4.0 * kernels->layer_err_theta[at] / theta;
  for (int t = 0; t < PDLT_TENSOR_COUNT && fine->data[t] != NULL; ++t) {
    size_t count = tensor_size(D, table[t].rank);
    double difference = 0.0;
    for (size_t i = 0; i < count; ++i) {
      difference = fmax(difference, fabs(coarse->data[t][i] - fine->data[t][i]));
    }
    fine->err[t] = 2.0 * difference + relative * largest_entry(count, fine->data[t]);
  }
}

/* From layer to layer + 1, both recursions. */
static pdlt_status tensor_layer_step(tensor_driver *driver, const pdlt_kernel_layers *kernels,
                                     int layer, pdlt_tensor_set *set, pdlt_error *err) {
  pdlt_status status;
  int level = 0;
  layer_brackets brackets = {0};
  const double *K = kernels->K + (size_t)(layer - 1) * driver->D * driver->D;
  pdlt_tensor_layer *from = &set->layer[layer - 1], *to = &set->layer[layer];
  pdlt_tensor_layer *coarse_from = &driver->coarse[layer % 2];
  pdlt_tensor_layer *coarse_to = &driver->coarse[(layer + 1) % 2];

  PDLT_TRY(layer_alloc(to, driver->D, tensor_count(driver->settings), err));
  PDLT_TRY(converge_pairs(driver, driver->D, K, brackets.pairs, err));
  PDLT_TRY(probe_level(driver, K, &level, err));
  PDLT_TRY(converge_quads(driver, driver->D, K, driver->settings->threads, &brackets, &level, err));
  PDLT_TRY(advance(driver, kernels, layer, &brackets, 0, coarse_from, coarse_to, err));
  PDLT_TRY(advance(driver, kernels, layer, &brackets, 1, from, to, err));
  layer_errors(kernels, layer + 1, driver->D, coarse_to, to);
  if (driver->settings->last_only) layer_free(from);
cleanup:
  brackets_free(&brackets);
  return status;
}

static pdlt_status driver_new(tensor_driver *driver, const pdlt_kernel_layers *kernels,
                              const pdlt_tensor_settings *settings, pdlt_error *err) {
  pdlt_activation_traits traits = pdlt_activation_get_traits(&settings->activation);
  memset(driver, 0, sizeof *driver);
  driver->settings = settings;
  driver->D = kernels->D;
  driver->smooth = traits.smooth;
  driver->polynomial = traits.polynomial;
  driver->degree = traits.degree;
  driver->tolerance = fmin(1e-2, fmax(settings->tolerance, 1e-13));
  driver->reach = sqrt(2.0 * log(1e4 / driver->tolerance));
  pdlt_status status = layer_alloc(&driver->coarse[0], driver->D, tensor_count(settings), err);
  if (status == PDLT_OK)
    status = layer_alloc(&driver->coarse[1], driver->D, tensor_count(settings), err);
  return status;
}

static pdlt_status check_settings(const pdlt_kernel_layers *kernels,
                                  const pdlt_tensor_settings *settings, pdlt_error *err) {
  if (kernels->depth < 1 || settings->threads < 1) {
    return pdlt_fail(err, PDLT_ERR_INPUT, "tensors: depth %d and %d threads, both must be >= 1",
                     kernels->depth, settings->threads);
  }
  if (settings->dntk && !pdlt_activation_get_traits(&settings->activation).smooth) {
    return pdlt_fail(err, PDLT_ERR_UNSUPPORTED,
                     "P, Q, R, S, T, U do not exist for this activation: its second derivative is "
                     "a delta function, and they contain products of them");
  }
  if (!(settings->tolerance > 0.0)) {
    return pdlt_fail(err, PDLT_ERR_INPUT, "tensors: tolerance %g must be positive",
                     settings->tolerance);
  }
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
  for (int layer = 1; layer < set.depth; ++layer) {
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
