/* kink.c - see kink.h: levels of cells, their sum over replicas, its mean and its spread. */
#include "theory/kink/kink.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "theory/kink/replicas.h"

enum { FIRST_POINTS = 256 };

/* Points of a replica at most, and motions of one ray in one cell that all points may take together. */
enum { DEFAULT_MAX = 1 << 16 };
static const double default_work = 0x1p28;

/* Where steps are joined or time is continuous all points take cells four times as long, and one of every
 * CORRECTED takes both these and the cells that count: the mean of the difference is added. */
static const double coarse = 0.25;
enum { CORRECTED = 16 };

/* Half of the cells' length, with so many points or all if they are fewer, tells what the cells do. */
enum { CHECK_POINTS = 256 };

/* Means over points: of all, and of the difference between finer cells and these. */
typedef struct levels {
  int two; /* 0: all alone is on the cells that count */
  pdlt_kink_replicas all, same, finer;
  size_t results;
  double *result; /* (R, results): all + finer - same */
} levels;

static void free_levels(levels *l) {
  pdlt_kink_replicas_free(&l->all);
  pdlt_kink_replicas_free(&l->same);
  pdlt_kink_replicas_free(&l->finer);
  pdlt_free(l->result);
}

static int has_joined(const pdlt_kink_grid *grid) {
  int joined = 0;
  for (size_t c = 0; c < grid->cells; c++) joined |= grid->flow[c];
  return joined;
}

/* out holds all that it owns also after an error. */
static pdlt_status make_levels(levels *l, const pdlt_kink_input *in, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_kink_replicas_new(&l->finer, in, 1.0, err));
  l->two = has_joined(&l->finer.grid);
  l->results = l->finer.results;
  PDLT_TRY(pdlt_alloc(&l->result, PDLT_KINK_REPLICAS * l->results, sizeof(double), err));
  PDLT_TRY(pdlt_kink_replicas_new(&l->all, in, l->two ? coarse : 1.0, err));
  if (l->two) PDLT_TRY(pdlt_kink_replicas_new(&l->same, in, coarse, err));
cleanup:
  return status;
}

static size_t smaller(size_t x, size_t y) { return x < y ? x : y; }
static size_t larger(size_t x, size_t y) { return x > y ? x : y; }

static pdlt_status go_on(levels *l, size_t points, const pdlt_kink_input *in, pdlt_error *err) {
  const size_t corrected = larger(points / CORRECTED, smaller(points, FIRST_POINTS));
  const size_t count = PDLT_KINK_REPLICAS * l->results;
  pdlt_progress progress = pdlt_progress_silent(in->progress);
  pdlt_kink_input silent = *in;
  pdlt_status status = PDLT_OK;
  silent.progress = &progress;
  PDLT_TRY(pdlt_kink_replicas_go_on(&l->all, points, in, err));
  memcpy(l->result, l->all.result, count * sizeof *l->result);
  if (!l->two) return PDLT_OK;
  if (corrected > l->same.points) {
    PDLT_TRY(pdlt_kink_replicas_go_on(&l->same, corrected, &silent, err));
    PDLT_TRY(pdlt_kink_replicas_go_on(&l->finer, corrected, &silent, err));
  }
  for (size_t k = 0; k < count; k++) l->result[k] += l->finer.result[k] - l->same.result[k];
cleanup:
  return status;
}

/* Mean over replicas into out; three standard errors of the worst of `count` numbers that begin at `first`. */
static double three_errors(const double *result, size_t results, size_t first, size_t count,
                           double *out) {
  const double R = PDLT_KINK_REPLICAS;
  double worst = 0.0;
  for (size_t k = first; k < first + count; k++) {
    double mean = 0.0, square = 0.0;
    for (size_t i = 0; i < PDLT_KINK_REPLICAS; i++) mean += result[i * results + k] / R;
    for (size_t i = 0; i < PDLT_KINK_REPLICAS; i++)
      square += pow(result[i * results + k] - mean, 2);
    out[k] = mean;
    worst = fmax(worst, 3.0 * sqrt(square / (R * (R - 1.0))));
  }
  return worst;
}

/* result (R, results) */
static void average(const double *result, size_t results, pdlt_kink *out) {
  const size_t row = out->outputs * out->D, T = out->times, square = T * row * row;
  double *all = out->storage;
  const size_t cov = (size_t)(out->cov - all), theta = (size_t)(out->theta - all);
  const size_t crossings = (size_t)(out->crossings - all);
  out->err_z = three_errors(result, results, 0, T * row, all);
  out->err_part = three_errors(result, results, T * row, cov - T * row, all);
  out->err_cov = three_errors(result, results, cov, square, all);
  out->err_theta = three_errors(result, results, theta, square, all);
  out->err_crossings = three_errors(result, results, crossings, T * out->hidden * out->D, all);
}

/* As many points, a power of 2, as the work allows. */
static size_t most_points(const pdlt_kink_replicas *r, const pdlt_kink_input *in) {
  const double each =
      (double)PDLT_KINK_REPLICAS * (double)(r->grid.cells + 1) * (double)(r->rays.count + 1);
  size_t max = DEFAULT_MAX;
  if (in->max_points > 0) return in->max_points;
  while (max > FIRST_POINTS && (double)max * each > default_work) max /= 2;
  return max;
}

static double largest(const double *x, size_t count) {
  double size = 0.0;
  for (size_t k = 0; k < count; k++) size = fmax(size, fabs(x[k]));
  return size;
}

/* Doubles the points until the mean is known. */
static pdlt_status converge(levels *l, pdlt_kink *out, const pdlt_kink_input *in, pdlt_error *err) {
  const size_t max = most_points(&l->all, in);
  const size_t count = out->times * out->outputs * out->D;
  pdlt_status status = PDLT_OK;
  pdlt_progress_start_short(in->progress, "neurons near the kink",
                            (double)(PDLT_KINK_REPLICAS * max));
  for (size_t to = smaller(FIRST_POINTS, max);; to *= 2) {
    PDLT_TRY(go_on(l, to, in, err));
    average(l->result, l->results, out);
    out->points = (double)(PDLT_KINK_REPLICAS * to);
    if (out->err_z <= in->tolerance * largest(out->z, count) || 2 * to > max) break;
  }
  pdlt_progress_finish(in->progress);
cleanup:
  return status;
}

static double largest_change(const double *x, const double *y, size_t count) {
  double change = 0.0;
  for (size_t k = 0; k < count; k++) change = fmax(change, fabs(x[k] - y[k]));
  return change;
}

/* Adds to the errors by how much cells of half the length change the same few draws. */
static pdlt_status add_cell_errors(pdlt_kink *out, const pdlt_kink_input *in, pdlt_error *err) {
  const size_t row = out->outputs * out->D, T = out->times, size = pdlt_kink_results_size(out);
  const size_t points = in->max_points > 0 ? smaller(in->max_points, CHECK_POINTS) : CHECK_POINTS;
  pdlt_progress progress = pdlt_progress_silent(in->progress);
  pdlt_kink_input silent = *in;
  pdlt_kink one[2] = {*out, *out};
  double *block = NULL;
  pdlt_status status = PDLT_OK;
  silent.progress = &progress;
  PDLT_TRY(pdlt_alloc(&block, 2 * size, sizeof *block, err));
  for (int k = 0; k < 2; k++) {
    pdlt_kink_replicas again = {0};
    status = pdlt_kink_replicas_new(&again, in, k == 0 ? 1.0 : 2.0, err);
    if (status == PDLT_OK) status = pdlt_kink_replicas_go_on(&again, points, &silent, err);
    one[k].storage = block + (size_t)k * size;
    pdlt_kink_view(&one[k], one[k].storage);
    if (status == PDLT_OK) average(again.result, size, &one[k]);
    pdlt_kink_replicas_free(&again);
    PDLT_TRY(status);
  }
  out->err_z += largest_change(one[0].z, one[1].z, T * row);
  out->err_part +=
      largest_change(one[0].part, one[1].part, (PDLT_KINK_PART_COUNT + out->hidden) * T * row);
  out->err_cov += largest_change(one[0].cov, one[1].cov, T * row * row);
  out->err_theta += largest_change(one[0].theta, one[1].theta, T * row * row);
  out->err_crossings +=
      largest_change(one[0].crossings, one[1].crossings, T * out->hidden * out->D);
cleanup:
  pdlt_free(block);
  return status;
}

pdlt_status pdlt_kink_new(pdlt_kink *out, const pdlt_kink_input *in, pdlt_error *err) {
  pdlt_kink kink = pdlt_kink_shape(in);
  levels l = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(make_levels(&l, in, err));
  PDLT_TRY(pdlt_alloc(&kink.storage, l.results, sizeof(double), err));
  pdlt_kink_view(&kink, kink.storage);
  PDLT_TRY(converge(&l, &kink, in, err));
  if (l.two) PDLT_TRY(add_cell_errors(&kink, in, err));
  *out = kink;
cleanup:
  if (status != PDLT_OK) pdlt_free(kink.storage);
  free_levels(&l);
  return status;
}

void pdlt_kink_free(pdlt_kink *kink) { pdlt_free(kink->storage); }
