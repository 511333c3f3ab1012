/* kernel_pairs.c - kernel and NTK of all layers where averages have closed forms; see kernel_internal.h.
 *
 * Is: the recursion pair by pair. Diagonals of all layers come first; then an entry needs nothing but its own
 * pair, and a block of pairs goes through all layers while it is in cache (base/vector/pairs.h).
 * Is not: for layers with positions, which mix pairs, nor for Hermite series (kernel.c). */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/pairs.h"
#include "theory/infinite/kernel_internal.h"

enum { ROWS = 16, BLOCK = PDLT_PAIRS_BLOCK, DIAGONALS = 6 };

/* Numbers of every sample in one layer, (D) each. */
typedef struct diagonal {
  double *k, *e, *root, *rate, *theta, *theta_error;
} diagonal;

typedef struct pairs_work {
  const pdlt_kernel_settings *settings;
  pdlt_kernel_layers *layers;
  const pdlt_pairs_set *set;
  pdlt_pairs_averages *average;
  const double *x;
  pdlt_averages averages; /* the same one by one */
  size_t D, inputs, tiles;
  int depth, follow;   /* follow: angles of nearly parallel samples */
  double m, d;         /* sigma = m z + d |z| */
  double *turned;      /* (n_0, D) */
  double *numbers;     /* (L, DIAGONALS, D) */
  diagonal *diagonal;  /* (L) */
  int *zeros;          /* (L) 1: a sample without variance, which kinks take one by one */
  size_t *twin;        /* (D) the first sample of equal inputs */
  int *paired;         /* (D) 1: has a twin */
  double *largest;     /* (tiles, L, 2) errors of K and Theta */
  int *finite;         /* (tiles) */
  pdlt_status *status; /* (tiles) */
  pdlt_error *error;   /* (tiles) */
} pairs_work;

int pdlt_kernel_pairs_apply(const pdlt_kernel_settings *settings) {
  for (int l = 0; l < settings->depth; l++)
    if (settings->layer[l].kind == PDLT_LAYER_POSITIONS) return 0;
  const pdlt_activation_kind kind = settings->activation.kind;
  return kind == PDLT_ERF || kind == PDLT_SIN ||
         !pdlt_activation_get_traits(&settings->activation).smooth;
}

static void work_free(pairs_work *work) {
  pdlt_averages_free(&work->averages);
  pdlt_free(work->turned);
  pdlt_free(work->numbers);
  pdlt_free(work->diagonal);
  pdlt_free(work->zeros);
  pdlt_free(work->twin);
  pdlt_free(work->paired);
  pdlt_free(work->largest);
  pdlt_free(work->finite);
  pdlt_free(work->status);
  pdlt_free(work->error);
}

/* What follows from settings alone. */
static pairs_work work_of(pdlt_kernel_layers *layers, const pdlt_kernel_settings *settings,
                          const double *x) {
  const pdlt_activation_traits traits = pdlt_activation_get_traits(&settings->activation);
  pairs_work work = {.settings = settings,
                     .layers = layers,
                     .set = pdlt_pairs_best(),
                     .x = x,
                     .D = layers->D,
                     .inputs = settings->layer[0].in,
                     .tiles = (layers->D + ROWS - 1) / ROWS,
                     .depth = settings->depth,
                     .follow = !traits.smooth,
                     .m = (traits.a_plus + traits.a_minus) / 2,
                     .d = (traits.a_plus - traits.a_minus) / 2};
  work.average = !traits.smooth                          ? work.set->kinked
                 : settings->activation.kind == PDLT_ERF ? work.set->error_function
                                                         : work.set->sine;
  for (int l = 0; l < work.depth; l++) work.follow = work.follow && settings->layer[l].skip == 0;
  return work;
}

static pdlt_status work_allocate(pairs_work *work, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  const size_t D = work->D, L = (size_t)work->depth, tiles = work->tiles;
  PDLT_TRY(pdlt_averages_new(&work->averages, &work->settings->activation, 1,
                             work->settings->tolerance, err));
  PDLT_TRY(pdlt_alloc_unset(&work->turned, D, work->inputs * sizeof *work->turned, err));
  PDLT_TRY(pdlt_alloc(&work->numbers, DIAGONALS * L, D * sizeof *work->numbers, err));
  PDLT_TRY(pdlt_alloc(&work->diagonal, L, sizeof *work->diagonal, err));
  PDLT_TRY(pdlt_alloc(&work->zeros, L, sizeof *work->zeros, err));
  PDLT_TRY(pdlt_alloc(&work->twin, D, sizeof *work->twin, err));
  PDLT_TRY(pdlt_alloc(&work->paired, D, sizeof *work->paired, err));
  PDLT_TRY(pdlt_alloc(&work->largest, 2 * L, tiles * sizeof *work->largest, err));
  PDLT_TRY(pdlt_alloc(&work->finite, tiles, sizeof *work->finite, err));
  PDLT_TRY(pdlt_alloc(&work->status, tiles, sizeof *work->status, err));
  PDLT_TRY(pdlt_alloc(&work->error, tiles, sizeof *work->error, err));
  double *next = work->numbers;
  for (size_t l = 0; l < L; l++)
    work->diagonal[l] = (diagonal){.k = pdlt_take(&next, D),
                                   .e = pdlt_take(&next, D),
                                   .root = pdlt_take(&next, D),
                                   .rate = pdlt_take(&next, D),
                                   .theta = pdlt_take(&next, D),
                                   .theta_error = pdlt_take(&next, D)};
cleanup:
  return status;
}

/* --- Diagonals --- */

/* Entries of the first layer from dot products and sums of their absolute values. */
static void first_entries(const pairs_work *work, const double *dot, const double *size,
                          pdlt_pairs_block *block) {
  const pdlt_layer *layer = &work->settings->layer[0];
  const double C_b = layer->C_b, C_W = layer->C_W, inputs = (double)work->inputs;
  const double lambda_b = layer->lambda_b, lambda_W = layer->lambda_W;
  const double rounding = DBL_EPSILON * (0.5 * inputs + 2);
  for (size_t n = 0; n < block->count; n++) {
    const double mean = dot[n] / inputs, absolute = size[n] / inputs;
    block->k[n] = C_b + C_W * mean;
    block->theta[n] = lambda_b + lambda_W * mean;
    block->k_error[n] = rounding * (C_b + C_W * absolute);
    block->theta_error[n] = rounding * (lambda_b + lambda_W * absolute);
  }
}

/* root, rate and zeros of layer l+1 (index l). */
static void complete_diagonal(pairs_work *work, int l) {
  const diagonal *at = &work->diagonal[l];
  const int kinked = work->average == work->set->kinked;
  for (size_t i = 0; i < work->D; i++) {
    at->root[i] = sqrt(at->k[i]);
    at->rate[i] = kinked ? at->e[i] / at->k[i] : 1 / (1 + 2 * at->k[i]);
    if (kinked && !(at->k[i] > 0)) work->zeros[l] = 1;
  }
}

static void first_diagonal(pairs_work *work) {
  const diagonal *at = &work->diagonal[0];
  for (size_t i = 0; i < work->D; i++) {
    pdlt_pairs_block block = {.count = 1};
    double dot, size;
    work->set->dot(work->inputs, work->x + i * work->inputs, 1, work->x + i * work->inputs, 1, &dot,
                   &size);
    first_entries(work, &dot, &size, &block);
    at->k[i] = block.k[0];
    at->e[i] = block.k_error[0];
    at->theta[i] = block.theta[0];
    at->theta_error[i] = block.theta_error[0];
  }
  complete_diagonal(work, 0);
}

static pdlt_pairs_step step_of(const pdlt_layer *layer) {
  return (pdlt_pairs_step){layer->C_b, layer->C_W, layer->lambda_b, layer->lambda_W,
                           layer->skip * layer->skip};
}

static pdlt_status next_diagonal(pairs_work *work, int l, pdlt_error *err) {
  const diagonal *from = &work->diagonal[l - 1], *to = &work->diagonal[l];
  const pdlt_pairs_step step = step_of(&work->settings->layer[l]);
  for (size_t i = 0; i < work->D; i++) {
    const double k = from->k[i], e = from->e[i];
    const pdlt_pair_kernel pair = {
        .same = 1, .k11 = k, .k12 = k, .k22 = k, .e11 = e, .e12 = e, .e22 = e, .angle = {-1, 0}};
    pdlt_value ss, dd;
    if (!isfinite(k))
      return pdlt_fail(err, PDLT_ERR_NUMERIC,
                       "layer %d: the kernel is not finite: it explodes with depth", l + 1);
    const pdlt_status status = pdlt_averages_pair(&work->averages, &pair, &ss, &dd, err);
    if (status != PDLT_OK) return status;
    pdlt_pairs_block block = {.count = 1,
                              .k = {k},
                              .k_error = {e},
                              .theta = {from->theta[i]},
                              .theta_error = {from->theta_error[i]},
                              .ss = {ss.value},
                              .ss_error = {ss.error},
                              .dd = {dd.value},
                              .dd_error = {dd.error}};
    work->set->step(&step, &block);
    to->k[i] = block.k[0];
    to->e[i] = block.k_error[0];
    to->theta[i] = block.theta[0];
    to->theta_error[i] = block.theta_error[0];
  }
  complete_diagonal(work, l);
  return PDLT_OK;
}

/* Equal inputs have equal kernels in every layer, without any error between them. */
static void find_twins(pairs_work *work) {
  const size_t inputs = work->inputs;
  const double *k = work->diagonal[0].k;
  for (size_t i = 0; i < work->D; i++) {
    work->twin[i] = i;
    for (size_t j = 0; j < i; j++)
      if (k[i] == k[j] &&
          memcmp(work->x + i * inputs, work->x + j * inputs, inputs * sizeof *work->x) == 0) {
        work->twin[i] = j;
        work->paired[i] = work->paired[j] = 1;
        break;
      }
  }
}

/* --- Blocks of pairs --- */

/* Angles of the pairs of a block that are nearly parallel; count of those that are followed. */
typedef struct followed {
  size_t count;
  pdlt_angle angle[BLOCK];
} followed;

static void first_angles(const pairs_work *work, const pdlt_pairs_block *b, followed *out) {
  const double *k = work->diagonal[0].k, *x = work->x;
  const size_t n_0 = work->inputs;
  int some = 0;
  out->count = 0;
  if (!work->follow) return;
  for (size_t n = 0; n < b->count; n++)
    some |= !(b->k[n] * b->k[n] < 0.999 * k[b->i] * k[b->j + n]);
  if (!some) return;
  for (size_t n = 0; n < b->count; n++) {
    const size_t j = b->j + n;
    out->angle[n] = pdlt_angle_first(&work->settings->layer[0], x + b->i * n_0, x + j * n_0,
                                     k[b->i], b->k[n], k[j]);
    out->count += out->angle[n].sine >= 0;
  }
}

static pdlt_pair_kernel pair_of(const pairs_work *work, const pdlt_pairs_block *b,
                                const followed *angles, int l, size_t n) {
  const diagonal *at = &work->diagonal[l];
  return (pdlt_pair_kernel){.i = b->i,
                            .j = b->j + n,
                            .k11 = at->k[b->i],
                            .k12 = b->k[n],
                            .k22 = at->k[b->j + n],
                            .e11 = at->e[b->i],
                            .e12 = b->k_error[n],
                            .e22 = at->e[b->j + n],
                            .angle = angles->count > 0 ? angles->angle[n] : (pdlt_angle){-1, 0}};
}

/* Pairs with an angle of its own or without variance, one by one, over layer l+1 (index l). */
static pdlt_status one_by_one(const pairs_work *work, int l, const followed *angles,
                              pdlt_pairs_block *b, pdlt_error *err) {
  for (size_t n = 0; n < b->count; n++) {
    const pdlt_pair_kernel pair = pair_of(work, b, angles, l, n);
    pdlt_value ss, dd;
    if (pair.angle.sine < 0 && pair.k11 > 0 && pair.k22 > 0) continue;
    const pdlt_status status = pdlt_averages_pair(&work->averages, &pair, &ss, &dd, err);
    if (status != PDLT_OK) return status;
    b->ss[n] = ss.value;
    b->ss_error[n] = ss.error;
    b->dd[n] = dd.value;
    b->dd_error[n] = dd.error;
  }
  return PDLT_OK;
}

/* From layer l (index l - 1), whose entries are in `below`, to those of b. */
static void next_angles(const pairs_work *work, int l, const pdlt_pairs_block *below,
                        const pdlt_pairs_block *b, followed *angles) {
  const double *k = work->diagonal[l].k;
  size_t count = 0;
  for (size_t n = 0; n < b->count; n++) {
    const pdlt_pair_kernel p = pair_of(work, below, angles, l - 1, n);
    const double from[3] = {p.k11, p.k12, p.k22}, e[3] = {p.e11, p.e12, p.e22};
    const double next[3] = {k[b->i], b->k[n], k[b->j + n]};
    angles->angle[n] =
        pdlt_angle_next(&work->averages.traits, &work->settings->layer[l], &p.angle, from, e, next);
    count += angles->angle[n].sine >= 0;
  }
  angles->count = count;
}

/* Entries of layer l+1 (index l) to their rows, and the largest errors. */
static void put_block(const pairs_work *work, int l, pdlt_pairs_block *b, double *largest) {
  const size_t D = work->D, at = (size_t)l * D * D + b->i * D + b->j;
  const diagonal *own = &work->diagonal[l];
  double K = largest[2 * l], theta = largest[2 * l + 1];
  for (size_t n = 0; n < b->count && work->paired[b->i]; n++) {
    if (work->twin[b->j + n] != work->twin[b->i]) continue;
    b->k[n] = own->k[b->i];
    b->k_error[n] = own->e[b->i];
    b->theta[n] = own->theta[b->i];
    b->theta_error[n] = own->theta_error[b->i];
  }
  memcpy(work->layers->K + at, b->k, b->count * sizeof *b->k);
  memcpy(work->layers->theta + at, b->theta, b->count * sizeof *b->theta);
  for (size_t n = 0; n < b->count; n++) {
    K = b->k_error[n] > K ? b->k_error[n] : K;
    theta = b->theta_error[n] > theta ? b->theta_error[n] : theta;
  }
  largest[2 * l] = K;
  largest[2 * l + 1] = theta;
}

static int all_finite(const pdlt_pairs_block *b) {
  int finite = 1;
  for (size_t n = 0; n < b->count; n++)
    finite &= (fabs(b->k[n]) <= DBL_MAX) & (fabs(b->theta[n]) <= DBL_MAX);
  return finite;
}

/* Sample i against samples j .. j + count - 1 (all behind i), through all layers. */
static pdlt_status run_block(const pairs_work *work, size_t i, size_t j, size_t count,
                             double *largest, int *finite, pdlt_error *err) {
  const size_t D = work->D;
  double dot[BLOCK], size[BLOCK];
  pdlt_pairs_block b, below;
  followed angles;
  b.i = i;
  b.j = j;
  b.count = count;
  work->set->dot(work->inputs, work->x + i * work->inputs, count, work->turned + j, D, dot, size);
  first_entries(work, dot, size, &b);
  put_block(work, 0, &b, largest);
  first_angles(work, &b, &angles);
  for (int l = 1; l < work->depth; l++) {
    const diagonal *at = &work->diagonal[l - 1];
    const pdlt_pairs_samples samples = {at->k, at->e, at->root, at->rate};
    const pdlt_pairs_step step = step_of(&work->settings->layer[l]);
    work->average(&samples, work->m, work->d, &b);
    if (angles.count > 0 || work->zeros[l - 1]) {
      const pdlt_status status = one_by_one(work, l - 1, &angles, &b, err);
      if (status != PDLT_OK) return status;
    }
    if (angles.count > 0) below = b;
    work->set->step(&step, &b);
    if (angles.count > 0) next_angles(work, l, &below, &b, &angles);
    put_block(work, l, &b, largest);
  }
  memcpy(work->layers->pair_err_K + i * D + j, b.k_error, count * sizeof *b.k_error);
  memcpy(work->layers->pair_err_theta + i * D + j, b.theta_error, count * sizeof *b.theta_error);
  *finite &= all_finite(&b);
  return PDLT_OK;
}

/* --- Tiles of rows --- */

static void put_diagonal(const pairs_work *work, size_t i, double *largest, int *finite) {
  const size_t D = work->D, at = i * D + i;
  for (int l = 0; l < work->depth; l++) {
    const diagonal *own = &work->diagonal[l];
    work->layers->K[(size_t)l * D * D + at] = own->k[i];
    work->layers->theta[(size_t)l * D * D + at] = own->theta[i];
    largest[2 * l] = fmax(largest[2 * l], own->e[i]);
    largest[2 * l + 1] = fmax(largest[2 * l + 1], own->theta_error[i]);
  }
  const diagonal *last = &work->diagonal[work->depth - 1];
  work->layers->pair_err_K[at] = last->e[i];
  work->layers->pair_err_theta[at] = last->theta_error[i];
  *finite &= isfinite(last->k[i]) && isfinite(last->theta[i]);
}

/* Rows i .. end - 1 of columns j .. last - 1, right of the diagonal, to the other side of it. */
static void mirror(size_t D, size_t i, size_t end, size_t j, size_t last, double *matrix) {
  for (size_t column = j; column < last; column++)
    for (size_t row = i; row < end && row < column; row++)
      matrix[column * D + row] = matrix[row * D + column];
}

static pdlt_status run_tile(const pairs_work *work, size_t tile, pdlt_error *err) {
  const size_t D = work->D, first = tile * ROWS, end = first + ROWS < D ? first + ROWS : D;
  double *largest = work->largest + 2 * (size_t)work->depth * tile;
  int *finite = &work->finite[tile];
  *finite = 1;
  for (size_t start = first; start < D; start += BLOCK) {
    const size_t stop = start + BLOCK < D ? start + BLOCK : D;
    for (size_t i = first; i < end; i++) {
      const size_t j = start > i ? start : i + 1;
      if (j >= stop) continue;
      const pdlt_status status = run_block(work, i, j, stop - j, largest, finite, err);
      if (status != PDLT_OK) return status;
    }
    for (int l = 0; l < work->depth; l++) {
      mirror(D, first, end, start, stop, work->layers->K + (size_t)l * D * D);
      mirror(D, first, end, start, stop, work->layers->theta + (size_t)l * D * D);
    }
    mirror(D, first, end, start, stop, work->layers->pair_err_K);
    mirror(D, first, end, start, stop, work->layers->pair_err_theta);
  }
  for (size_t i = first; i < end; i++) put_diagonal(work, i, largest, finite);
  return PDLT_OK;
}

static pdlt_status run_tiles(pairs_work *work, pdlt_error *err) {
  pdlt_progress *progress = work->settings->progress;
  const long tiles = (long)work->tiles;
#pragma omp parallel for num_threads(work->settings->threads) schedule(dynamic)
  for (long tile = 0; tile < tiles; tile++) {
    work->status[tile] = pdlt_progress_check(progress, &work->error[tile]);
    if (work->status[tile] != PDLT_OK) continue;
    work->status[tile] = run_tile(work, (size_t)tile, &work->error[tile]);
    const double left = (double)(tiles - tile), all = 0.5 * (double)tiles * (double)(tiles + 1);
    pdlt_progress_add(progress, work->depth * left / all);
  }
  for (long tile = 0; tile < tiles; tile++)
    if (work->status[tile] != PDLT_OK)
      return pdlt_fail(err, work->status[tile], "%s", work->error[tile].message);
  for (long tile = 0; tile < tiles; tile++)
    if (!work->finite[tile])
      return pdlt_fail(err, PDLT_ERR_NUMERIC, "layer %d: kernel or NTK is not finite", work->depth);
  return PDLT_OK;
}

static void note_largest(const pairs_work *work) {
  pdlt_kernel_layers *layers = work->layers;
  const size_t L = (size_t)work->depth;
  for (size_t tile = 0; tile < work->tiles; tile++)
    for (size_t l = 0; l < L; l++) {
      const double *largest = work->largest + 2 * (L * tile + l);
      layers->layer_err_K[l] = fmax(layers->layer_err_K[l], largest[0]);
      layers->layer_err_theta[l] = fmax(layers->layer_err_theta[l], largest[1]);
    }
  layers->err_K = layers->layer_err_K[L - 1];
  layers->err_theta = layers->layer_err_theta[L - 1];
}

pdlt_status pdlt_kernel_pairs_run(pdlt_kernel_layers *layers, const pdlt_kernel_settings *settings,
                                  const double *x, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  pairs_work work = work_of(layers, settings, x);
  const size_t D = work.D;
  PDLT_TRY(work_allocate(&work, err));
  PDLT_TRY(pdlt_alloc_unset(&layers->pair_err_K, D, D * sizeof(double), err));
  PDLT_TRY(pdlt_alloc_unset(&layers->pair_err_theta, D, D * sizeof(double), err));
  pdlt_progress_start_short(settings->progress, "kernels", work.depth);
  for (size_t i = 0; i < D; i++)
    for (size_t k = 0; k < work.inputs; k++) work.turned[k * D + i] = x[i * work.inputs + k];
  first_diagonal(&work);
  find_twins(&work);
  for (int l = 1; l < work.depth; l++) PDLT_TRY(next_diagonal(&work, l, err));
  PDLT_TRY(run_tiles(&work, err));
  note_largest(&work);
  pdlt_progress_update(settings->progress, work.depth);
  pdlt_progress_finish(settings->progress);
cleanup:
  work_free(&work);
  return status;
}
