/* skip.c - driver of the recursion of functionals, and the tensors that they are; see skip.h. */
#include "theory/skip/skip.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "theory/skip/field.h"
#include "theory/tensors/errors.h"

int pdlt_skip_any(const pdlt_layer *layer, int depth) {
  for (int l = 0; l < depth; l++)
    if (layer[l].skip != 0) return 1;
  return 0;
}

/* Tensors as functionals of z, 1 and products: z z, z 1 and 1 are the identity of orders 00, 01 and 11. */
typedef struct tensor_of {
  pdlt_skip_functional functional;
  int f[2], g[2];
} tensor_of;

static const tensor_of table[PDLT_TENSOR_COUNT] = {
    [PDLT_TENSOR_V] = {PDLT_SKIP_VV, {0, 0}, {0, 0}},
    [PDLT_TENSOR_G1] = {PDLT_SKIP_EP, {0, 0}, {0, 0}},
    [PDLT_TENSOR_THETA1] = {PDLT_SKIP_TA, {1, 1}, {0, 0}},
    [PDLT_TENSOR_D] = {PDLT_SKIP_DD, {0, 0}, {1, 1}},
    [PDLT_TENSOR_F] = {PDLT_SKIP_FF, {0, 1}, {0, 1}},
    [PDLT_TENSOR_A] = {PDLT_SKIP_AA, {1, 1}, {1, 1}},
    [PDLT_TENSOR_B] = {PDLT_SKIP_BB, {1, 1}, {1, 1}},
    [PDLT_TENSOR_P] = {PDLT_SKIP_PP, {0, 1}, {1, 1}},
    [PDLT_TENSOR_Q] = {PDLT_SKIP_QQ, {1, 1}, {0, 1}},
    [PDLT_TENSOR_R] = {PDLT_SKIP_RR, {1, 1}, {1, 1}},
    [PDLT_TENSOR_S] = {PDLT_SKIP_SS, {1, 1}, {1, 1}},
    [PDLT_TENSOR_T] = {PDLT_SKIP_TT, {1, 1}, {1, 1}},
    [PDLT_TENSOR_U] = {PDLT_SKIP_UU, {1, 1}, {1, 1}},
};

static pdlt_skip_label identity(int l, const int order[2]) {
  return (pdlt_skip_label){.layer = l, .order = {order[0], order[1]}, .identity = 1};
}

typedef struct skip_driver {
  pdlt_skip_net net;
  pdlt_skip_fields fields;
} skip_driver;

/* Does this network have the tensor? */
static int exists(const pdlt_skip_net *net, int t) {
  if (t >= PDLT_TENSOR_P) return net->settings->dntk;
  return net->smooth || (t != PDLT_TENSOR_G1 && t != PDLT_TENSOR_THETA1);
}

/* Is it kept, of layer l? G1 always, for q_nlo. */
static int is_kept(const pdlt_skip_net *net, int l, int t) {
  if (!exists(net, t)) return 0;
  if (t == PDLT_TENSOR_G1 || l == net->depth) return 1;
  return !net->settings->last_only && net->positions[l - 1].positions == 1;
}

static pdlt_status want_tensors(pdlt_skip_fields *fields, pdlt_error *err) {
  const pdlt_skip_net *net = fields->net;
  pdlt_status status = PDLT_OK;
  for (int l = 2; l <= net->depth; l++)
    for (int t = 0; t < PDLT_TENSOR_COUNT && status == PDLT_OK; t++) {
      const pdlt_skip_label f = identity(l, table[t].f), g = identity(l, table[t].g);
      if (!is_kept(net, l, t)) continue;
      status = pdlt_skip_fields_want(fields, l, table[t].functional, &f,
                                     table[t].functional < PDLT_SKIP_TWO ? &g : NULL, err);
    }
  return status;
}

/* Pairs of slots as functionals have them into the order of the tensor's indices: P_0123 is on (30)(12), Q_0123
 * on (01)(32). */
static size_t place_of(int t, size_t D, size_t i) {
  const size_t d = i % D, c = i / D % D, b = i / (D * D) % D, a = i / (D * D * D);
  if (t == PDLT_TENSOR_P) return ((d * D + a) * D + b) * D + c;
  if (t == PDLT_TENSOR_Q) return ((a * D + b) * D + d) * D + c;
  return i;
}

/* G1 of a layer with positions: its mean over equal ones. */
static pdlt_status put_mean(const pdlt_skip_net *net, int l, const double *from,
                            pdlt_tensor_layer *to, pdlt_error *err) {
  const pdlt_position_pairs *positions = &net->positions[l - 1];
  const size_t P = positions->positions, D = net->D;
  const pdlt_status status = pdlt_alloc(&to->mean_G1, D, D * sizeof(double), err);
  for (size_t p = 0; p < P && status == PDLT_OK && from != NULL; p++)
    for (size_t ab = 0; ab < D * D; ab++)
      to->mean_G1[ab] += from[positions->place[p * P + p] * D * D + ab] / (double)P;
  return status;
}

/* The tensors of layer l that are kept; of layer 1 they are 0. */
static pdlt_status put_layer(const pdlt_skip_fields *fields, int l, pdlt_tensor_layer *to,
                             pdlt_error *err) {
  const pdlt_skip_net *net = fields->net;
  const size_t D = net->D;
  pdlt_status status = PDLT_OK;
  for (int t = 0; t < PDLT_TENSOR_COUNT; t++) {
    const int rank = pdlt_tensor_rank((pdlt_tensor_name)t);
    const size_t size = pdlt_tensor_size(D * D, rank);
    if (!is_kept(net, l, t)) continue;
    const pdlt_skip_label f = identity(l, table[t].f), g = identity(l, table[t].g);
    const double *from =
        pdlt_skip_fields_get(fields, l, table[t].functional, &f, rank == 4 ? &g : NULL);
    if (net->positions[l - 1].positions > 1) {
      PDLT_TRY(put_mean(net, l, from, to, err));
      continue;
    }
    PDLT_TRY(pdlt_alloc(&to->data[t], size, sizeof(double), err));
    for (size_t i = 0; i < size && from != NULL; i++)
      to->data[t][i] = from[rank == 4 ? place_of(t, D, i) : i];
  }
cleanup:
  return status;
}

static void layer_free(pdlt_tensor_layer *layer) {
  for (int t = 0; t < PDLT_TENSOR_COUNT; t++) pdlt_free(layer->data[t]);
  pdlt_free(layer->mean_G1);
  *layer = (pdlt_tensor_layer){0};
}

/* All layers with one of the two sets of brackets into layer (L). */
static pdlt_status run(skip_driver *driver, int which, pdlt_tensor_layer *layer, pdlt_error *err) {
  const int depth = driver->net.depth;
  pdlt_status status = PDLT_OK;
  driver->net.which = which;
  PDLT_TRY(put_layer(&driver->fields, 1, &layer[0], err));
  for (int l = 1; l < depth; l++) {
    PDLT_TRY(pdlt_skip_fields_step(&driver->fields, l, err));
    pdlt_skip_fields_drop(&driver->fields, l);
    PDLT_TRY(put_layer(&driver->fields, l + 1, &layer[l], err));
  }
  pdlt_skip_fields_drop(&driver->fields, depth);
cleanup:
  return status;
}

/* The errors of kernels: of the layer where they are worst. */
static double kernel_error(const pdlt_kernel_layers *kernels, int layer) {
  double worst = 0;
  for (int l = 1; l <= layer; l++) worst = fmax(worst, pdlt_tensor_kernel_error(kernels, l));
  return worst;
}

static double mean_difference(const pdlt_tensor_layer *a, const pdlt_tensor_layer *b, size_t size) {
  double most = 0;
  for (size_t i = 0; i < size; i++) most = fmax(most, fabs(a->mean_G1[i] - b->mean_G1[i]));
  return most;
}

/* Rounding, errors of the kernels and, of a second run, twice the largest difference. */
static void start_errors(const skip_driver *driver, int l, pdlt_tensor_layer *layer) {
  const pdlt_skip_net *net = &driver->net;
  const size_t D = net->D;
  const double rounding = (net->smooth ? 4e-15 : 5e-14) * (double)l;
  const pdlt_tensor_gap gap = {.D = D, .pairs = D * D};
  layer->inherited = kernel_error(net->kernels, l);
  for (int t = 0; t < PDLT_TENSOR_COUNT; t++) {
    if (layer->data[t] == NULL) continue;
    const size_t size = pdlt_tensor_size(gap.pairs, pdlt_tensor_rank((pdlt_tensor_name)t));
    const double largest = pdlt_tensor_largest(size, layer->data[t]);
    layer->rounding[t] = rounding * largest;
    layer->err[t] = layer->rounding[t] + layer->inherited * largest;
  }
  if (layer->mean_G1 != NULL)
    layer->err[PDLT_TENSOR_G1] =
        (rounding + layer->inherited) * pdlt_tensor_largest(D * D, layer->mean_G1);
}

static void raise_errors(const skip_driver *driver, const pdlt_tensor_layer *other,
                         pdlt_tensor_layer *layer) {
  const size_t D = driver->net.D;
  for (int t = 0; t < PDLT_TENSOR_COUNT; t++) {
    double most = 0, largest = 0;
    if (layer->data[t] == NULL) continue;
    const size_t size = pdlt_tensor_size(D * D, pdlt_tensor_rank((pdlt_tensor_name)t));
    for (size_t i = 0; i < size; i++) {
      most = fmax(most, fabs(layer->data[t][i] - other->data[t][i]));
      largest = fmax(largest, fabs(layer->data[t][i]));
    }
    layer->err[t] = fmax(layer->err[t], layer->rounding[t] + layer->inherited * largest + 2 * most);
  }
  if (layer->mean_G1 != NULL)
    layer->err[PDLT_TENSOR_G1] += 2 * mean_difference(layer, other, D * D);
}

/* Once more with brackets that are off by about their errors, in two ways; the readout's tensors are kept. */
static pdlt_status run_others(skip_driver *driver, pdlt_tensor_set *set, pdlt_error *err) {
  const size_t layers = (size_t)set->depth;
  pdlt_tensor_layer *other = NULL, *last = &set->layer[layers - 1];
  pdlt_status status = PDLT_OK;
  for (int move = 0; move < PDLT_TENSOR_MOVES && driver->net.smooth; move++) {
    if (move > 0)
      for (int s = 0; s < driver->net.segments; s++)
        pdlt_bracket_set_align(&driver->net.segment[s].set[1], &driver->net.segment[s].set[0]);
    PDLT_TRY(pdlt_alloc(&other, layers, sizeof *other, err));
    PDLT_TRY(run(driver, 1, other, err));
    for (size_t l = 0; l < layers; l++) {
      raise_errors(driver, &other[l], &set->layer[l]);
      if (&set->layer[l] == last && layers > 1) {
        memcpy(last->moved[move], other[l].data, sizeof other[l].data);
        memset(other[l].data, 0, sizeof other[l].data);
      }
      layer_free(&other[l]);
    }
    pdlt_free(other);
    other = NULL;
  }
cleanup:
  for (size_t l = 0; other != NULL && l < layers; l++) layer_free(&other[l]);
  pdlt_free(other);
  return status;
}

static pdlt_status check_settings(const pdlt_kernel_layers *kernels,
                                  const pdlt_tensor_settings *settings, pdlt_error *err) {
  const int depth = kernels->depth;
  if (depth < 1 || settings->threads < 1 || !(settings->tolerance > 0.0))
    return pdlt_fail(err, PDLT_ERR_INPUT,
                     "skips: depth %d, %d threads and tolerance %g must be positive", depth,
                     settings->threads, settings->tolerance);
  if (settings->dntk && !pdlt_activation_get_traits(&settings->activation).smooth)
    return pdlt_fail(err, PDLT_ERR_UNSUPPORTED,
                     "P, Q, R, S, T, U do not exist for this activation: its second derivative is "
                     "a delta function, and they contain products of them");
  if (settings->layer[depth - 1].skip != 0 || settings->layer[0].skip != 0)
    return pdlt_fail(err, PDLT_ERR_INPUT, "skips: the first layer and the readout have none");
  return PDLT_OK;
}

pdlt_status pdlt_skip_tensors_new(pdlt_tensor_set *out, const pdlt_kernel_layers *kernels,
                                  const pdlt_tensor_settings *settings, int pair_only,
                                  pdlt_error *err) {
  pdlt_tensor_set set = {.depth = kernels->depth, .D = kernels->D};
  skip_driver driver = {0};
  pdlt_status status = check_settings(kernels, settings, err);
  if (status != PDLT_OK) return status;
  PDLT_TRY(pdlt_alloc(&set.layer, (size_t)set.depth, sizeof *set.layer, err));
  PDLT_TRY(pdlt_skip_net_new(&driver.net, kernels, settings, set.depth, set.D, pair_only, err));
  PDLT_TRY(pdlt_skip_fields_new(&driver.fields, &driver.net, err));
  PDLT_TRY(want_tensors(&driver.fields, err));
  PDLT_TRY(pdlt_skip_fields_complete(&driver.fields, err));
  pdlt_progress_start(settings->progress, "tensors of order 1/n", (double)(set.depth - 1), 0.0);
  PDLT_TRY(pdlt_skip_net_brackets(&driver.net, err));
  PDLT_TRY(run(&driver, 0, set.layer, err));
  for (int l = 1; l <= set.depth; l++) start_errors(&driver, l, &set.layer[l - 1]);
  PDLT_TRY(run_others(&driver, &set, err));
  pdlt_progress_update(settings->progress, (double)(set.depth - 1));
  pdlt_progress_finish(settings->progress);
  *out = set;
cleanup:
  if (status != PDLT_OK) pdlt_tensors_free(&set);
  pdlt_skip_fields_free(&driver.fields);
  pdlt_skip_net_free(&driver.net);
  return status;
}

pdlt_status pdlt_skip_tensors_bytes(double *bytes, double *brackets,
                                    const pdlt_tensor_settings *settings, int depth, size_t D,
                                    int pair_only, pdlt_error *err) {
  pdlt_skip_net net = {0};
  pdlt_skip_fields fields = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_skip_net_new(&net, NULL, settings, depth, D, pair_only, err));
  PDLT_TRY(pdlt_skip_fields_new(&fields, &net, err));
  PDLT_TRY(want_tensors(&fields, err));
  PDLT_TRY(pdlt_skip_fields_complete(&fields, err));
  *brackets = pdlt_skip_net_items(&net);
  *bytes =
      sizeof(double) * (pdlt_skip_fields_size(&fields) + 2 * PDLT_QUAD_MAX_COLUMNS * *brackets);
cleanup:
  pdlt_skip_fields_free(&fields);
  pdlt_skip_net_free(&net);
  return status;
}
