/* levels.c - see levels.h. */
#include "theory/bracket/levels.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/core/memory.h"

/* Nodes per canonical variable of the four-slot grids, and of the two-slot ones. */
static const size_t quad_nodes[] = {16, 24,  32,  40,  48,  56,  64,  80,
                                    96, 128, 160, 200, 256, 320, 400, 512};
static const size_t pair_nodes[PDLT_BRACKET_PAIR_LEVELS] = {64, 96, 128, 192, 256, 384, 512};
enum { QUAD_LEVELS = sizeof quad_nodes / sizeof quad_nodes[0] };

void pdlt_bracket_set_free(pdlt_bracket_set *set) {
  pdlt_bracket_pairs_free(&set->pairs);
  pdlt_bracket_quads_free(&set->quads);
}

pdlt_bracket_levels pdlt_bracket_levels_init(const pdlt_activation *activation,
                                             pdlt_quad_orders orders, double tolerance,
                                             int threads) {
  pdlt_activation_traits traits = pdlt_activation_get_traits(activation);
  return (pdlt_bracket_levels){.activation = *activation,
                               .orders = orders,
                               .tolerance = fmin(1e-2, fmax(tolerance, 1e-13)),
                               .threads = threads,
                               .smooth = traits.smooth,
                               .polynomial = traits.polynomial,
                               .degree = traits.degree};
}

void pdlt_bracket_levels_free(pdlt_bracket_levels *levels) {
  for (int k = 0; k < PDLT_BRACKET_PAIR_LEVELS; k++) pdlt_bracket_grid_free(&levels->pair_grid[k]);
}

/* Polynomials: Gauss nodes, exact at every level (integrands of degree 4 x degree). */
static pdlt_status gauss_grid(const pdlt_bracket_levels *levels, int level, pdlt_bracket_grid *out,
                              pdlt_error *err) {
  return pdlt_bracket_grid_new_gauss(out, 2 * (size_t)levels->degree + 1 + (size_t)level, err);
}

/* The reach grows with the level, so that the difference of two levels sees the cut of
 * the tails too. */
static pdlt_status pair_grid(pdlt_bracket_levels *levels, int level, pdlt_error *err) {
  pdlt_bracket_grid *grid = &levels->pair_grid[level];
  if (grid->n > 0 || !levels->smooth) return PDLT_OK;
  if (levels->polynomial) return gauss_grid(levels, level, grid, err);
  double reach = sqrt(2.0 * log(1e4 / levels->tolerance)) + 0.15 * (double)level;
  return pdlt_bracket_grid_new_trapezoid(grid, pair_nodes[level], reach, err);
}

/* Largest difference against largest entry, of each column of orders (D, D). */
static int pairs_agree(const pdlt_bracket_pairs *a, const pdlt_bracket_pairs *b, double tolerance) {
  size_t count = a->D * a->D;
  for (int order = 0; order < PDLT_BRACKET_ORDERS * PDLT_BRACKET_ORDERS; order++) {
    const double *x = a->value + (size_t)order * count, *y = b->value + (size_t)order * count;
    double difference = 0.0, largest = 0.0;
    for (size_t i = 0; i < count; i++) {
      difference = fmax(difference, fabs(x[i] - y[i]));
      largest = fmax(largest, fabs(y[i]));
    }
    if (!(difference <= tolerance * largest)) return 0;
  }
  return 1;
}

/* Pairs at two neighbouring levels that agree into sets[0], [1]; *level: of the latter. */
static pdlt_status converge_pairs(pdlt_bracket_levels *levels, size_t D, const double *K,
                                  pdlt_bracket_set sets[2], int *level, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  for (*level = 0; *level < PDLT_BRACKET_PAIR_LEVELS; ++*level) {
    PDLT_TRY(pair_grid(levels, *level, err));
    pdlt_bracket_pairs_free(&sets[0].pairs);
    sets[0].pairs = sets[1].pairs;
    memset(&sets[1].pairs, 0, sizeof sets[1].pairs);
    PDLT_TRY(pdlt_bracket_pairs_new(&sets[1].pairs, &levels->activation, &levels->pair_grid[*level],
                                    D, K, err));
    if (*level > 0 && pairs_agree(&sets[0].pairs, &sets[1].pairs, levels->tolerance))
      return PDLT_OK;
  }
  *level = PDLT_BRACKET_PAIR_LEVELS - 1;
cleanup:
  return status;
}

/* <s_a^(j) s_b^(k)>, j, k <= 3, merged where it must be. */
static double pair_of_orders(const pdlt_bracket_pairs *pairs, int j, int k, size_t a, size_t b) {
  return pdlt_bracket_jet(pairs, j % 2, k % 2, j - j % 2, k - k % 2, a, b);
}

/* Scale on which a column must agree: largest connected part (what V, D, A are made of),
 * but no finer than rounding of the bracket itself. */
static void column_scales(const pdlt_bracket_set *set, double tolerance,
                          double scale[PDLT_QUAD_MAX_COLUMNS]) {
  const pdlt_bracket_quads *quads = &set->quads;
  for (int c = 0; c < quads->columns; c++) {
    const int *o = quads->order[c];
    double connected = 0.0, whole = 0.0;
    for (size_t m = 0; m < quads->items; m++) {
      size_t slot[4];
      pdlt_bracket_quad_slots(quads, m, slot);
      double value = quads->value[m * (size_t)quads->columns + (size_t)c];
      double product = pair_of_orders(&set->pairs, o[0], o[1], slot[0], slot[1]) *
                       pair_of_orders(&set->pairs, o[2], o[3], slot[2], slot[3]);
      whole = fmax(whole, fabs(value));
      connected = fmax(connected, fabs(value - product));
    }
    scale[c] = fmax(tolerance * fmin(whole, connected), 1e-13 * whole);
  }
}

static int quads_agree(const pdlt_bracket_set sets[2], double tolerance) {
  const pdlt_bracket_quads *a = &sets[0].quads, *b = &sets[1].quads;
  double scale[PDLT_QUAD_MAX_COLUMNS];
  column_scales(&sets[1], tolerance, scale);
  for (size_t m = 0; m < b->items; m++) {
    for (int c = 0; c < b->columns; c++) {
      size_t at = m * (size_t)b->columns + (size_t)c;
      if (!(fabs(a->value[at] - b->value[at]) <= scale[c])) return 0;
    }
  }
  return 1;
}

/* Grids for one kernel: level and largest variance say which. */
typedef struct quad_grids {
  double variance;
  pdlt_bracket_grid grid[QUAD_LEVELS]; /* made on first use */
} quad_grids;

static void quad_grids_free(quad_grids *grids) {
  for (int k = 0; k < QUAD_LEVELS; k++) pdlt_bracket_grid_free(&grids->grid[k]);
}

static pdlt_status quad_grid(const pdlt_bracket_levels *levels, quad_grids *grids, int level,
                             pdlt_error *err) {
  pdlt_bracket_grid *grid = &grids->grid[level];
  double reach = 0.0, error;
  if (grid->n > 0) return PDLT_OK;
  if (levels->polynomial) return gauss_grid(levels, level, grid, err);
  pdlt_status status = pdlt_bracket_reach(&levels->activation, levels->orders, grids->variance,
                                          quad_nodes[level], &reach, &error, err);
  if (status != PDLT_OK) return status;
  return pdlt_bracket_grid_new_trapezoid(grid, quad_nodes[level], reach, err);
}

/* First level that may do, by the integrals of one sample. */
static pdlt_status first_level(const pdlt_bracket_levels *levels, double variance, int *level,
                               pdlt_error *err) {
  double reach = 0.0, error = 0.0;
  for (*level = 0; *level < QUAD_LEVELS - 2 && !levels->polynomial; ++*level) {
    pdlt_status status = pdlt_bracket_reach(&levels->activation, levels->orders, variance,
                                            quad_nodes[*level], &reach, &error, err);
    if (status != PDLT_OK) return status;
    if (error <= levels->tolerance) break;
  }
  return PDLT_OK;
}

/* Quads at two neighbouring levels that agree, from level *first on, into sets[0], [1] of
 * which the pairs are there; *first becomes the lower of the two. */
static pdlt_status converge_quads(const pdlt_bracket_levels *levels, quad_grids *grids, size_t D,
                                  const double *K, const pdlt_bracket_blocks *blocks,
                                  pdlt_bracket_set sets[2], int *first, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  int level = *first;
  for (; level < QUAD_LEVELS; level++) {
    PDLT_TRY(quad_grid(levels, grids, level, err));
    pdlt_bracket_quads_free(&sets[0].quads);
    sets[0].quads = sets[1].quads;
    memset(&sets[1].quads, 0, sizeof sets[1].quads);
    PDLT_TRY(pdlt_bracket_quads_new_of(&sets[1].quads, &levels->activation, &grids->grid[level],
                                       levels->orders, D, K, blocks, levels->threads,
                                       levels->progress, levels->unit, err));
    if (level > *first && quads_agree(sets, levels->tolerance)) break;
  }
  *first = level < QUAD_LEVELS ? level - 1 : QUAD_LEVELS - 2;
cleanup:
  return status;
}

/* What the estimated error is above the largest one seen: entries that are not looked at may be further off,
 * and what is seen lacks the error of the third grid. */
static const double margin = 8.0;

/* Of the largest difference: entries that are nearer count as being so far apart. */
static const double least_share = 0.25;

/* Rounding of brackets on a grid, relative to the largest of a column: the eigenvalues of N, which is as
 * large as 3/step^2, have errors of that times eps at most. */
static double rounding_on(const pdlt_bracket_levels *levels, const pdlt_bracket_grid *grid) {
  const double step = grid->x[1] - grid->x[0];
  return DBL_EPSILON * (levels->polynomial ? 4.0 : fmax(4.0, 0.25 / (step * step)));
}

/* The first column whose orders are those of column c in another order: both have errors alike. */
static size_t kind_of(const pdlt_bracket_quads *quads, size_t c) {
  size_t k = 0;
  int own[4] = {0};
  for (int i = 0; i < 4; i++) own[quads->order[c][i]]++;
  for (;; k++) {
    int other[4] = {0};
    for (int i = 0; i < 4; i++) other[quads->order[k][i]]++;
    if (memcmp(own, other, sizeof own) == 0) return k;
  }
}

/* Two sets, coarser and finer. item, of a column: on which they are furthest apart. Of a kind, apart: there,
 * coarser less finer; share: how far the finer is off, to that, at least rounding. */
typedef struct quad_errors {
  size_t kind[PDLT_QUAD_MAX_COLUMNS], item[PDLT_QUAD_MAX_COLUMNS];
  double apart[PDLT_QUAD_MAX_COLUMNS], share[PDLT_QUAD_MAX_COLUMNS];
} quad_errors;

static void compare_quads(const pdlt_bracket_quads *a, const pdlt_bracket_quads *b, double rounding,
                          quad_errors *errors) {
  const size_t columns = (size_t)b->columns;
  double whole[PDLT_QUAD_MAX_COLUMNS] = {0.0};
  memset(errors, 0, sizeof *errors);
  for (size_t c = 0; c < columns; c++) {
    const size_t kind = errors->kind[c] = kind_of(b, c);
    double most = 0.0;
    for (size_t m = 0; m < b->items; m++) {
      const double value = b->value[m * columns + c], apart = a->value[m * columns + c] - value;
      whole[kind] = fmax(whole[kind], fabs(value));
      if (!(fabs(apart) > most)) continue;
      most = fabs(apart);
      errors->item[c] = m;
      if (most > fabs(errors->apart[kind])) errors->apart[kind] = apart;
    }
  }
  for (size_t k = 0; k < columns; k++)
    if (errors->apart[k] != 0.0) errors->share[k] = rounding * whole[k] / fabs(errors->apart[k]);
}

/* One item: of the finer set against another grid, to the coarser set, which is not to be nearer by
 * accident. */
static pdlt_status compare_item(const pdlt_bracket_levels *levels, const pdlt_bracket_grid *grid,
                                const pdlt_bracket_set sets[2], const double *K, size_t m,
                                quad_errors *errors, pdlt_error *err) {
  const pdlt_bracket_quads *b = &sets[1].quads;
  const size_t columns = (size_t)b->columns;
  double sub[16], value[PDLT_QUAD_MAX_COLUMNS];
  pdlt_bracket_quad_kernel(b, K, m, sub);
  const pdlt_status status = pdlt_bracket_quad_one(b, &levels->activation, grid, sub, value, err);
  for (size_t c = 0; c < columns && status == PDLT_OK; c++) {
    const double fine = b->value[m * columns + c];
    const double apart = fabs(sets[0].quads.value[m * columns + c] - fine);
    const double most = fabs(errors->apart[errors->kind[c]]);
    double *share = &errors->share[errors->kind[c]];
    if (most > 0.0) *share = fmax(*share, fabs(value[c] - fine) / fmax(apart, least_share * most));
  }
  return status;
}

/* The item whose slots all hold the sample of largest norm; 0 where there is none. */
static size_t largest_item(const pdlt_bracket_quads *quads, const double *K) {
  size_t largest = 0;
  for (size_t a = 1; a < quads->D; a++)
    if (K[a * quads->D + a] > K[largest * quads->D + largest]) largest = a;
  for (size_t m = 0; m < quads->items; m++) {
    size_t slot[4];
    pdlt_bracket_quad_slots(quads, m, slot);
    if (slot[0] == largest && slot[1] == largest && slot[2] == largest && slot[3] == largest)
      return m;
  }
  return 0;
}

void pdlt_bracket_set_align(pdlt_bracket_set *other, const pdlt_bracket_set *all) {
  pdlt_bracket_quads *a = &other->quads;
  const pdlt_bracket_quads *b = &all->quads;
  const size_t columns = (size_t)b->columns;
  quad_errors errors;
  compare_quads(a, b, 0.0, &errors);
  for (size_t i = 0; i < b->items * columns; i++)
    if (errors.apart[errors.kind[i % columns]] < 0.0) a->value[i] = 2.0 * b->value[i] - a->value[i];
}

/* Moves the coarser quads, which show how far they are off themselves, to where they are as far from the
 * finer ones as these are off: by a third level, on the items that are furthest apart and the largest. */
static pdlt_status sharpen_quads(const pdlt_bracket_levels *levels, quad_grids *grids, int level,
                                 const double *K, pdlt_bracket_set sets[2], pdlt_error *err) {
  pdlt_bracket_quads *a = &sets[0].quads;
  const pdlt_bracket_quads *b = &sets[1].quads;
  const size_t columns = (size_t)b->columns;
  quad_errors errors;
  size_t items[PDLT_QUAD_MAX_COLUMNS + 1];
  pdlt_status status = PDLT_OK;
  if (level + 2 >= QUAD_LEVELS || b->items == 0) return PDLT_OK;
  PDLT_TRY(quad_grid(levels, grids, level + 2, err));
  compare_quads(a, b, rounding_on(levels, &grids->grid[level + 1]), &errors);
  memcpy(items, errors.item, columns * sizeof *items);
  items[columns] = largest_item(b, K);
  for (size_t c = 0; c <= columns; c++) {
    size_t first = 0;
    while (items[first] != items[c]) first++;
    if (first == c)
      PDLT_TRY(compare_item(levels, &grids->grid[level + 2], sets, K, items[c], &errors, err));
  }
  for (size_t i = 0; i < b->items * columns; i++)
    a->value[i] =
        b->value[i] + margin * errors.share[errors.kind[i % columns]] * (a->value[i] - b->value[i]);
cleanup:
  return status;
}

/* The same of pairs, all of them at the next level; where there is none the coarser ones stay. Rounding has
 * another sign for every second derivative of the lower order, for brackets of such orders cancel. */
static pdlt_status sharpen_pairs(pdlt_bracket_levels *levels, int level, size_t D, const double *K,
                                 pdlt_bracket_set sets[2], pdlt_error *err) {
  const size_t count = D * D;
  const size_t orders = PDLT_BRACKET_ORDERS;
  const int last = level + 1 >= PDLT_BRACKET_PAIR_LEVELS;
  const double part = rounding_on(levels, &levels->pair_grid[level]);
  double *coarse = sets[0].pairs.value;
  pdlt_bracket_pairs next = {0};
  pdlt_status status = PDLT_OK;
  if (!last) {
    PDLT_TRY(pair_grid(levels, level + 1, err));
    PDLT_TRY(pdlt_bracket_pairs_new(&next, &levels->activation, &levels->pair_grid[level + 1], D, K,
                                    err));
  }
  for (size_t i = 0; i < orders * orders * count; i++) {
    const size_t j = i / count / orders, k = i / count % orders;
    const double fine = sets[1].pairs.value[i];
    const double apart = last ? coarse[i] - fine : margin * (next.value[i] - fine);
    coarse[i] = fine + apart + margin * ((j < k ? j : k) % 2 ? -part : part) * fine;
  }
cleanup:
  pdlt_bracket_pairs_free(&next);
  return status;
}

/* Raises the level to the one that does for the two samples of largest and smallest norm
 * alone, so that no others are computed at levels that cannot suffice. */
static pdlt_status probe(pdlt_bracket_levels *levels, quad_grids *grids, size_t D, const double *K,
                         int *level, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  pdlt_bracket_set sets[2] = {0};
  size_t low = 0, high = 0;
  int pair_level;
  if (levels->polynomial || D < 3) return PDLT_OK;
  for (size_t a = 1; a < D; a++) {
    if (K[a * D + a] < K[low * D + low]) low = a;
    if (K[a * D + a] >= K[high * D + high]) high = a;
  }
  const double sub[4] = {K[low * D + low], K[low * D + high], K[low * D + high],
                         K[high * D + high]};
  PDLT_TRY(converge_pairs(levels, 2, sub, sets, &pair_level, err));
  PDLT_TRY(converge_quads(levels, grids, 2, sub, NULL, sets, level, err));
cleanup:
  for (int v = 0; v < 2; v++) pdlt_bracket_set_free(&sets[v]);
  return status;
}

/* Closed forms: one evaluation. */
static pdlt_status run_closed(const pdlt_bracket_levels *levels, size_t D, const double *K,
                              const pdlt_bracket_blocks *blocks, pdlt_bracket_set *all,
                              pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  pdlt_bracket_set set = {0};
  PDLT_TRY(pdlt_bracket_pairs_new(&set.pairs, &levels->activation, NULL, D, K, err));
  PDLT_TRY(pdlt_bracket_quads_new_of(&set.quads, &levels->activation, NULL, levels->orders, D, K,
                                     blocks, levels->threads, levels->progress, levels->unit, err));
  *all = set;
cleanup:
  if (status != PDLT_OK) pdlt_bracket_set_free(&set);
  return status;
}

static pdlt_status sub_kernel(double **out, size_t D, const double *K, size_t count,
                              const size_t *sample, pdlt_error *err) {
  pdlt_status status = pdlt_alloc(out, count * count, sizeof **out, err);
  for (size_t a = 0; status == PDLT_OK && a < count; a++)
    for (size_t b = 0; b < count; b++) (*out)[a * count + b] = K[sample[a] * D + sample[b]];
  return status;
}

/* The set of all D samples at the levels that did for the checked ones. */
static pdlt_status run_all(const pdlt_bracket_levels *levels, const quad_grids *grids,
                           int pair_level, int quad_level, size_t D, const double *K,
                           const pdlt_bracket_blocks *blocks, pdlt_bracket_set *set,
                           pdlt_error *err) {
  pdlt_status status = pdlt_bracket_pairs_new(&set->pairs, &levels->activation,
                                              &levels->pair_grid[pair_level], D, K, err);
  if (status != PDLT_OK) return status;
  if (levels->many && !levels->polynomial)
    return pdlt_bracket_quads_new_many(&set->quads, &levels->activation, &grids->grid[quad_level],
                                       levels->orders, D, K, levels->threads, levels->progress,
                                       levels->unit, err);
  return pdlt_bracket_quads_new_of(&set->quads, &levels->activation, &grids->grid[quad_level],
                                   levels->orders, D, K, blocks, levels->threads, levels->progress,
                                   levels->unit, err);
}

pdlt_status pdlt_bracket_levels_run(pdlt_bracket_levels *levels, size_t D, const double *K,
                                    size_t checked, const size_t *check, pdlt_bracket_set *other,
                                    pdlt_bracket_set *all, pdlt_error *err) {
  return pdlt_bracket_levels_run_blocks(levels, D, K, NULL, checked, check, NULL, other, all, err);
}

pdlt_status pdlt_bracket_levels_run_blocks(pdlt_bracket_levels *levels, size_t D, const double *K,
                                           const pdlt_bracket_blocks *blocks, size_t checked,
                                           const size_t *check,
                                           const pdlt_bracket_blocks *check_blocks,
                                           pdlt_bracket_set *other, pdlt_bracket_set *all,
                                           pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  pdlt_bracket_set sets[2] = {0};
  quad_grids grids = {0};
  double *sub = NULL;
  int pair_level, level;
  if (!levels->smooth) return run_closed(levels, D, K, blocks, all, err);
  for (size_t a = 0; a < D; a++) grids.variance = fmax(grids.variance, K[a * D + a]);
  PDLT_TRY(sub_kernel(&sub, D, K, checked, check, err));
  PDLT_TRY(converge_pairs(levels, checked, sub, sets, &pair_level, err));
  PDLT_TRY(first_level(levels, grids.variance, &level, err));
  PDLT_TRY(probe(levels, &grids, D, K, &level, err));
  PDLT_TRY(converge_quads(levels, &grids, checked, sub, check_blocks, sets, &level, err));
  if (checked == D) {
    PDLT_TRY(sharpen_pairs(levels, pair_level, D, K, sets, err));
    PDLT_TRY(sharpen_quads(levels, &grids, level, K, sets, err));
  }
  if (checked < D) {
    pdlt_bracket_set_free(&sets[0]);
    PDLT_TRY(run_all(levels, &grids, pair_level - 1, level, D, K, blocks, &sets[0], err));
  }
  *other = sets[checked < D];
  *all = sets[checked == D];
  memset(sets, 0, sizeof sets);
cleanup:
  for (int v = 0; v < 2; v++) pdlt_bracket_set_free(&sets[v]);
  quad_grids_free(&grids);
  pdlt_free(sub);
  return status;
}
