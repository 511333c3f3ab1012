/* kernel.c - see kernel.h. */
#include "theory/infinite/kernel.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "theory/infinite/kernel_internal.h"

pdlt_kernel_settings pdlt_kernel_settings_of(const pdlt_experiment *ex, const pdlt_layer *layer,
                                             int threads, pdlt_progress *progress) {
  return (pdlt_kernel_settings){.activation = ex->network.activation,
                                .depth = ex->network.depth,
                                .layer = layer,
                                .tolerance = ex->theory.tolerance,
                                .threads = threads,
                                .progress = progress};
}

static double row_largest(const double *row, size_t n) {
  double largest = 0;
  for (size_t i = 0; i < n; i++) largest = fmax(largest, fabs(row[i]));
  return largest;
}

static void recursion_free(pdlt_kernel_recursion *work) {
  pdlt_averages_free(&work->averages);
  pdlt_free(work->twin);
  pdlt_free(work->err_K);
  pdlt_free(work->err_theta);
  pdlt_free(work->next_K);
  pdlt_free(work->next_theta);
  pdlt_free(work->terms);
  pdlt_free(work->angle);
  pdlt_free(work->next_angle);
  pdlt_free(work->row_status);
  pdlt_free(work->row_error);
}

/* The most slots of a layer, the samples themselves included. */
static size_t most_slots(const pdlt_kernel_settings *settings, size_t D) {
  size_t most = 1;
  for (int l = 0; l < settings->depth; l++) {
    const size_t below = pdlt_layer_below(&settings->layer[l]);
    if (below > most) most = below;
  }
  return most * D;
}

static int has_positions(const pdlt_kernel_settings *settings) {
  for (int l = 0; l < settings->depth; l++)
    if (settings->layer[l].kind == PDLT_LAYER_POSITIONS) return 1;
  return 0;
}

static int has_skips(const pdlt_kernel_settings *settings) {
  for (int l = 0; l < settings->depth; l++)
    if (settings->layer[l].skip != 0) return 1;
  return 0;
}

static pdlt_status recursion_new(pdlt_kernel_recursion *work, const pdlt_kernel_settings *settings,
                                 size_t D, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  const size_t E = most_slots(settings, D);
  work->D = D;
  work->E = E;
  work->threads = settings->threads;
  PDLT_TRY(pdlt_averages_new(&work->averages, &settings->activation, E, settings->tolerance, err));
  PDLT_TRY(pdlt_alloc(&work->twin, D, sizeof *work->twin, err));
  PDLT_TRY(pdlt_alloc(&work->err_K, E, E * sizeof *work->err_K, err));
  PDLT_TRY(pdlt_alloc(&work->err_theta, E, E * sizeof *work->err_theta, err));
  PDLT_TRY(pdlt_alloc(&work->next_K, E, E * sizeof *work->next_K, err));
  PDLT_TRY(pdlt_alloc(&work->next_theta, E, E * sizeof *work->next_theta, err));
  if (has_positions(settings)) PDLT_TRY(pdlt_alloc(&work->terms, E, E * sizeof *work->terms, err));
  if (!work->averages.traits.smooth && work->terms == NULL && !has_skips(settings)) {
    PDLT_TRY(pdlt_alloc(&work->angle, D, D * sizeof *work->angle, err));
    PDLT_TRY(pdlt_alloc(&work->next_angle, D, D * sizeof *work->next_angle, err));
  }
  PDLT_TRY(pdlt_alloc(&work->row_status, E, sizeof *work->row_status, err));
  PDLT_TRY(pdlt_alloc(&work->row_error, E, sizeof *work->row_error, err));
cleanup:
  return status;
}

/* Slots i and j: equal samples at one position are twins. */
static pdlt_pair_kernel pair_kernel(const pdlt_kernel_recursion *work, const double *K, size_t i,
                                    size_t j) {
  const size_t D = work->D, E = work->E;
  return (pdlt_pair_kernel){
      .i = i,
      .j = j,
      .same = i / D == j / D && work->twin[i % D] == work->twin[j % D],
      .k11 = K[i * E + i],
      .k12 = K[i * E + j],
      .k22 = K[j * E + j],
      .e11 = work->err_K[i * E + i],
      .e12 = work->err_K[i * E + j],
      .e22 = work->err_K[j * E + j],
      .angle = work->angle == NULL ? (pdlt_angle){-1, 0} : work->angle[i * D + j]};
}

/* The angle of the pair in layer l+1, whose kernel is K. */
static void next_angle(pdlt_kernel_recursion *work, const pdlt_layer *layer,
                       const pdlt_pair_kernel *pair, const double *K) {
  const size_t D = work->D, i = pair->i, j = pair->j;
  if (work->angle == NULL) return;
  const double k[3] = {pair->k11, pair->k12, pair->k22}, e[3] = {pair->e11, pair->e12, pair->e22};
  const double next[3] = {K[i * D + i], K[i * D + j], K[j * D + j]};
  work->next_angle[i * D + j] = work->next_angle[j * D + i] =
      pdlt_angle_next(&work->averages.traits, layer, &pair->angle, k, e, next);
}

/* Terms of the slots i and j of layer l, index l - 1: put at once, or kept for the map. */
static pdlt_status next_pair(pdlt_kernel_layers *layers, pdlt_kernel_recursion *work, int l,
                             const pdlt_layer *layer, size_t i, size_t j, pdlt_error *err) {
  const size_t E = work->E;
  const pdlt_pair_kernel pair = pair_kernel(work, layers->slot_K[l - 1], i, j);
  const double th = layers->slot_theta[l - 1][i * E + j], err_th = work->err_theta[i * E + j];
  pdlt_value ss, dd;
  const pdlt_status status = pdlt_averages_pair(&work->averages, &pair, &ss, &dd, err);
  if (status != PDLT_OK) return status;
  const pdlt_pair_terms t = {.ss = ss.value,
                             .ss_size = fabs(ss.value),
                             .ss_error = ss.error,
                             .dd = dd.value * th,
                             .dd_size = fabs(dd.value * th),
                             .dd_error = dd.error * (fabs(th) + err_th) + fabs(dd.value) * err_th};
  if (layer->kind == PDLT_LAYER_POSITIONS)
    work->terms[i * E + j] = work->terms[j * E + i] = t;
  else
    pdlt_kernel_put_entry(layers, work, l, layer, i, j, &t);
  return PDLT_OK;
}

/* Rows of pairs that are made together: the series of a sample are read once for all of them. Few samples,
 * whose pairs may be slow, are shared out row by row. */
static size_t rows_together(size_t E) { return E < 128 ? 1 : 8; }

/* Pairs (i, j >= i) of rows i = first .. end - 1. */
static pdlt_status next_rows(pdlt_kernel_layers *layers, pdlt_kernel_recursion *work, int l,
                             const pdlt_layer *layer, size_t first, size_t end, pdlt_error *err) {
  for (size_t j = first; j < work->E; j++)
    for (size_t i = first; i < end && i <= j; i++) {
      const pdlt_status status = next_pair(layers, work, l, layer, i, j, err);
      if (status != PDLT_OK) return status;
    }
  return PDLT_OK;
}

static void swap(double **a, double **b) {
  double *other = *a;
  *a = *b;
  *b = other;
}

/* The largest error of each kind, for layer l+1 (index l). */
static void note_errors(pdlt_kernel_layers *layers, const pdlt_kernel_recursion *work, int l) {
  layers->layer_err_K[l] = row_largest(work->err_K, work->E * work->E);
  layers->layer_err_theta[l] = row_largest(work->err_theta, work->E * work->E);
}

/* Once all of the kernel of layer l+1 (index l) is there; err_K is that of layer l in next_K. */
static void follow_angles(const pdlt_kernel_layers *layers, pdlt_kernel_recursion *work, int l,
                          const pdlt_layer *layer) {
  const size_t D = work->D;
  const double *K = layers->K + (size_t)(l - 1) * D * D;
  if (work->angle == NULL) return;
  swap(&work->err_K, &work->next_K);
  for (size_t i = 0; i < D; i++)
    for (size_t j = i; j < D; j++) {
      const pdlt_pair_kernel pair = pair_kernel(work, K, i, j);
      next_angle(work, layer, &pair, K + D * D);
    }
  swap(&work->err_K, &work->next_K);
  pdlt_angle *other = work->angle;
  work->angle = work->next_angle;
  work->next_angle = other;
}

/* Layer l+1 (index l) from layer l. */
static pdlt_status next_layer(pdlt_kernel_layers *layers, pdlt_kernel_recursion *work, int l,
                              const pdlt_kernel_settings *settings, pdlt_error *err) {
  const size_t E = work->E, together = rows_together(E);
  const long rows = (long)((E + together - 1) / together);
  const double pairs = 0.5 * (double)rows * (double)(rows + 1);
#pragma omp parallel for num_threads(work->threads) schedule(dynamic)
  for (long row = 0; row < rows; row++) {
    const size_t first = (size_t)row * together, end = first + together < E ? first + together : E;
    work->row_status[row] = pdlt_progress_check(settings->progress, &work->row_error[row]);
    if (work->row_status[row] != PDLT_OK) continue;
    work->row_status[row] =
        next_rows(layers, work, l, &settings->layer[l], first, end, &work->row_error[row]);
    pdlt_progress_add(settings->progress, (double)(rows - row) / pairs);
  }
  for (long row = 0; row < rows; row++)
    if (work->row_status[row] != PDLT_OK)
      return pdlt_fail(err, work->row_status[row], "%s", work->row_error[row].message);
  if (settings->layer[l].kind == PDLT_LAYER_POSITIONS) {
    const pdlt_status status = pdlt_kernel_map_layer(layers, work, l, &settings->layer[l], err);
    if (status != PDLT_OK) return status;
  }
  work->E = layers->slots[l];
  swap(&work->err_K, &work->next_K);
  swap(&work->err_theta, &work->next_theta);
  follow_angles(layers, work, l, &settings->layer[l]);
  note_errors(layers, work, l);
  return PDLT_OK;
}

static void first_angles(const pdlt_kernel_layers *layers, pdlt_kernel_recursion *work,
                         const pdlt_layer *layer, const double *x) {
  const size_t D = layers->D, inputs = layer->in;
  const long rows = (long)D;
  if (work->angle == NULL) return;
#pragma omp parallel for num_threads(work->threads) schedule(dynamic)
  for (long row = 0; row < rows; row++)
    for (size_t i = (size_t)row, j = i; j < D; j++)
      work->angle[i * D + j] = work->angle[j * D + i] =
          pdlt_angle_first(layer, x + i * inputs, x + j * inputs, layers->K[i * D + i],
                           layers->K[i * D + j], layers->K[j * D + j]);
}

/* The first layer on samples with positions. */
static pdlt_status first_map(pdlt_kernel_layers *layers, pdlt_kernel_recursion *work,
                             const pdlt_layer *layer, const double *x, pdlt_error *err) {
  pdlt_kernel_input_terms(work, layer, x);
  const pdlt_status status = pdlt_kernel_map_layer(layers, work, 0, layer, err);
  if (status != PDLT_OK) return status;
  work->E = layers->slots[0];
  swap(&work->err_K, &work->next_K);
  swap(&work->err_theta, &work->next_theta);
  note_errors(layers, work, 0);
  return PDLT_OK;
}

static void first_layer(pdlt_kernel_layers *layers, pdlt_kernel_recursion *work,
                        const pdlt_layer *layer, const double *x) {
  const size_t D = layers->D, inputs = layer->in;
  const double C_b = layer->C_b, C_W = layer->C_W;
  const double lambda_b = layer->lambda_b, lambda_W = layer->lambda_W;
  const double rounding = DBL_EPSILON * (0.5 * (double)inputs + 2);
  const long rows = (long)D;
  /* Plain dot products: the bits of an entry must not depend on the other samples. */
#pragma omp parallel for num_threads(work->threads) schedule(dynamic)
  for (long row = 0; row < rows; row++) {
    const size_t i = (size_t)row;
    for (size_t j = i; j < D; j++) {
      double dot = 0, size = 0;
      for (size_t k = 0; k < inputs; k++) {
        const double product = x[i * inputs + k] * x[j * inputs + k];
        dot += product;
        size += fabs(product);
      }
      dot /= (double)inputs;
      size /= (double)inputs;
      layers->K[i * D + j] = layers->K[j * D + i] = C_b + C_W * dot;
      layers->theta[i * D + j] = layers->theta[j * D + i] = lambda_b + lambda_W * dot;
      work->err_K[i * D + j] = work->err_K[j * D + i] = rounding * (C_b + C_W * size);
      work->err_theta[i * D + j] = work->err_theta[j * D + i] =
          rounding * (lambda_b + lambda_W * size);
    }
  }
  first_angles(layers, work, layer, x);
  work->E = D;
  note_errors(layers, work, 0);
}

/* Equal inputs have equal kernels in every layer, without any error between them. */
static void find_twins(pdlt_kernel_recursion *work, const double *K, size_t inputs,
                       const double *x) {
  const size_t D = work->D;
  for (size_t i = 0; i < D; i++) {
    work->twin[i] = i;
    for (size_t j = 0; j < i; j++) {
      if (K[i * D + i] != K[i * D + j] || K[i * D + i] != K[j * D + j]) continue;
      if (memcmp(x + i * inputs, x + j * inputs, inputs * sizeof *x) != 0) continue;
      work->twin[i] = j;
      break;
    }
  }
}

static pdlt_status check_input(const pdlt_kernel_settings *settings, pdlt_error *err) {
  if (settings->depth < 1 || settings->layer[0].in < 1 || settings->threads < 1)
    return pdlt_fail(err, PDLT_ERR_INPUT, "kernels need depth, inputs and threads of at least 1");
  for (int l = 1; l <= settings->depth; l++) {
    const pdlt_layer *x = &settings->layer[l - 1];
    if (!(x->C_b >= 0 && x->C_W >= 0 && x->lambda_b >= 0 && x->lambda_W >= 0))
      return pdlt_fail(err, PDLT_ERR_INPUT, "layer %d: C_b, C_W and lambda must not be negative",
                       l);
    if (x->skip == 0) continue;
    if (l == 1 || x->in != x->out || pdlt_layer_here(x) != pdlt_layer_below(x))
      return pdlt_fail(err, PDLT_ERR_INPUT,
                       "layer %d: a skip needs the width and the positions of the layer below", l);
  }
  return PDLT_OK;
}

/* Is layer l (1..L-1) the first with a sample out of reach of the series? */
static void note_wide(pdlt_kernel_layers *layers, const pdlt_kernel_recursion *work, int l) {
  const size_t E = layers->slots[l - 1];
  for (size_t i = 0; i < E && layers->wide_layer == 0; i++)
    if (work->averages.wide[i]) {
      layers->wide_layer = l;
      layers->wide_kernel = row_largest(layers->slot_K[l - 1], E * E);
    }
}

/* All layers behind the first; an error names the layer whose average failed. */
static pdlt_status other_layers(pdlt_kernel_layers *layers, pdlt_kernel_recursion *work,
                                const pdlt_kernel_settings *settings, pdlt_error *err) {
  for (int l = 1; l < settings->depth; l++) {
    pdlt_progress_update(settings->progress, l);
    work->averages.D = layers->slots[l - 1];
    pdlt_status status =
        pdlt_averages_prepare(&work->averages, layers->slot_K[l - 1], work->threads, err);
    if (status == PDLT_OK) note_wide(layers, work, l);
    if (status == PDLT_OK) status = next_layer(layers, work, l, settings, err);
    if (status == PDLT_OK) continue;
    if (status == PDLT_ERR_INTERRUPTED) return status;
    const pdlt_error inner = err ? *err : (pdlt_error){0};
    return pdlt_fail(err, status, "layer %d: %s", l + 1, inner.message);
  }
  return PDLT_OK;
}

pdlt_status pdlt_kernel_layers_new(pdlt_kernel_layers *out, const pdlt_kernel_settings *settings,
                                   size_t D, const double *x, pdlt_error *err) {
  const int depth = settings->depth;
  pdlt_status status = PDLT_OK;
  pdlt_kernel_layers layers = {0};
  pdlt_kernel_recursion work = {0};
  PDLT_TRY(check_input(settings, err));
  PDLT_TRY(pdlt_kernel_layers_allocate(&layers, settings, D, err));
  if (pdlt_kernel_pairs_apply(settings)) {
    PDLT_TRY(pdlt_kernel_pairs_run(&layers, settings, x, err));
    *out = layers;
    layers = (pdlt_kernel_layers){0};
    goto cleanup;
  }
  PDLT_TRY(recursion_new(&work, settings, D, err));
  pdlt_progress_start_short(settings->progress, "kernels", depth);
  if (settings->layer[0].kind == PDLT_LAYER_POSITIONS)
    PDLT_TRY(first_map(&layers, &work, &settings->layer[0], x, err));
  else
    first_layer(&layers, &work, &settings->layer[0], x);
  pdlt_kernel_layers_average(&layers);
  find_twins(&work, layers.K, settings->layer[0].in * pdlt_layer_below(&settings->layer[0]), x);
  PDLT_TRY(other_layers(&layers, &work, settings, err));
  for (size_t i = 0; i < D * D; i++)
    if (!isfinite(layers.K[(size_t)(depth - 1) * D * D + i]) ||
        !isfinite(layers.theta[(size_t)(depth - 1) * D * D + i]))
      PDLT_TRY(pdlt_fail(err, PDLT_ERR_NUMERIC, "layer %d: kernel or NTK is not finite", depth));
  pdlt_kernel_layers_average(&layers);
  layers.err_K = layers.layer_err_K[depth - 1];
  layers.err_theta = layers.layer_err_theta[depth - 1];
  swap(&layers.pair_err_K, &work.err_K);
  swap(&layers.pair_err_theta, &work.err_theta);
  pdlt_progress_update(settings->progress, depth);
  pdlt_progress_finish(settings->progress);
  *out = layers;
  layers = (pdlt_kernel_layers){0};
cleanup:
  recursion_free(&work);
  pdlt_kernel_layers_free(&layers);
  return status;
}
