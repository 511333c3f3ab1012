/* kink.c - see kink.h: replicas of quasi-Monte Carlo, their mean and their spread. */
#include "theory/kink/kink.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "theory/kink/draw.h"
#include "theory/kink/points.h"

enum { FIRST_POINTS = 256 };

/* Points of a replica at most, and motions of one ray in one cell that all points may take together. */
enum { DEFAULT_MAX = 1 << 16 };
static const double default_work = 0x1p27;

/* Half of the cells' length, with so many points or all if they are fewer, tells what the cells do. */
enum { CHECK_POINTS = 256 };

/* Everything between input and result. */
typedef struct run {
  pdlt_kink_model model;
  pdlt_kink_backward backward;
  pdlt_kink_rays rays;
  pdlt_kink_grid grid;
  size_t dimensions, sums, results; /* sizes */
  double *shift;                    /* (R, dimensions) */
  double *sum;                      /* (R, sums) */
  double *result;                   /* (R, results) */
} run;

static void free_run(run *r) {
  pdlt_kink_backward_free(&r->backward);
  pdlt_kink_rays_free(&r->rays);
  pdlt_kink_grid_free(&r->grid);
  pdlt_free(r->shift);
  pdlt_free(r->sum);
  pdlt_free(r->result);
}

/* Views of a block of results: z, parts, layers, cov, theta, crossings. */
static double *take_results(pdlt_kink *k, double *next) {
  const size_t row = k->outputs * k->D, T = k->times;
  k->z = pdlt_take(&next, T * row);
  k->part = pdlt_take(&next, PDLT_KINK_PART_COUNT * T * row);
  k->layer = pdlt_take(&next, k->hidden * T * row);
  k->cov = pdlt_take(&next, T * row * row);
  k->theta = pdlt_take(&next, T * row * row);
  k->crossings = pdlt_take(&next, T * k->hidden * k->D);
  return next;
}

static size_t results_size(const pdlt_kink *k) {
  const size_t row = k->outputs * k->D, T = k->times;
  return T * (row * (1 + PDLT_KINK_PART_COUNT + k->hidden + 2 * row) + k->hidden * k->D);
}

static pdlt_kink shape_of(const pdlt_kink_input *in) {
  return (pdlt_kink){.times = in->num_times,
                     .outputs = in->training->outputs,
                     .D = in->training->D,
                     .hidden = (size_t)in->kernel->depth - 1};
}

static pdlt_status prepare(run *r, const pdlt_kink_input *in, double fine, pdlt_error *err) {
  const pdlt_kink shape = shape_of(in);
  const pdlt_kink_slopes slopes = {(in->a_plus + in->a_minus) / 2, (in->a_plus - in->a_minus) / 2};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_kink_backward_new(&r->backward, slopes, in->layer, in->kernel, err));
  PDLT_TRY(pdlt_kink_rays_new(&r->rays, &r->backward, in->layer, in->kernel, in->training->A, err));
  PDLT_TRY(pdlt_kink_grid_new(&r->grid, in->training, in->num_times, in->times, fine, err));
  r->model =
      (pdlt_kink_model){.slopes = slopes,
                        .rays = &r->rays,
                        .training = in->training,
                        .response = {in->training, &r->grid, in->num_times, in->times},
                        .factors = in->factors == NULL ? pdlt_kink_factors_all() : *in->factors};
  r->dimensions = pdlt_kink_dimensions(&r->model);
  r->sums = pdlt_kink_sums_size(&r->model);
  r->results = results_size(&shape);
  PDLT_TRY(pdlt_alloc(&r->shift, PDLT_KINK_REPLICAS * r->dimensions, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&r->sum, PDLT_KINK_REPLICAS * r->sums, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&r->result, PDLT_KINK_REPLICAS * r->results, sizeof(double), err));
  for (size_t k = 0; k < PDLT_KINK_REPLICAS; k++)
    pdlt_kink_shift(k, r->dimensions, r->shift + k * r->dimensions);
cleanup:
  return status;
}

/* Points from .. to of one replica, added to its sums. */
static pdlt_status add_points(run *r, size_t replica, size_t from, size_t to, pdlt_error *err) {
  const pdlt_kink_sums sums = pdlt_kink_sums_view(&r->model, r->sum + replica * r->sums);
  pdlt_kink_drawer *drawer = NULL;
  double *normal = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&normal, r->dimensions, sizeof *normal, err));
  PDLT_TRY(pdlt_kink_drawer_new(&drawer, &r->model, err));
  for (size_t i = from; i < to; i++) {
    pdlt_kink_point(replica, i, r->dimensions, r->shift + replica * r->dimensions, normal);
    PDLT_TRY(pdlt_kink_draw(drawer, i, normal, &sums, err));
  }
cleanup:
  pdlt_free(normal);
  pdlt_kink_drawer_free(drawer);
  return status;
}

/* out += factor x */
static void add_scaled(double *out, double factor, const double *x, size_t count) {
  for (size_t k = 0; k < count; k++) out[k] += factor * x[k];
}

/* Means of one replica of `points` draws. */
static pdlt_status finish(run *r, size_t replica, double points, pdlt_kink shape, pdlt_error *err) {
  const pdlt_kink_sums sums = pdlt_kink_sums_view(&r->model, r->sum + replica * r->sums);
  const size_t row = shape.outputs * shape.D, T = shape.times, G = r->grid.cells + 1;
  const pdlt_kink_factors *f = &r->model.factors;
  double *answer = NULL, *work = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&answer, T * row, sizeof *answer, err));
  PDLT_TRY(pdlt_alloc(&work, 4 * r->grid.modes, sizeof *work, err));
  memset(r->result + replica * r->results, 0, r->results * sizeof(double));
  take_results(&shape, r->result + replica * r->results);
  for (size_t l = 0; l < shape.hidden; l++)
    for (size_t p = 0; p < PDLT_KINK_PART_COUNT; p++) {
      const double *source = sums.source + (l * PDLT_KINK_PART_COUNT + p) * G * row;
      const double factor = f->part[p] * pdlt_kink_layer_factor(f, (int)l) / points;
      pdlt_kink_respond(&r->model.response, source, answer, work);
      add_scaled(shape.z, factor, answer, T * row);
      add_scaled(shape.part + p * T * row, factor, answer, T * row);
      add_scaled(shape.layer + l * T * row, factor, answer, T * row);
    }
  for (size_t t = 0; t < T; t++)
    for (size_t x = 0; x < row; x++)
      for (size_t y = 0; y < row; y++) {
        const size_t at = (t * row + x) * row + y, back = (t * row + y) * row + x;
        shape.cov[at] = (sums.cov[at] + sums.cov[back]) / points;
        shape.theta[at] = (sums.theta[at] + sums.theta[back]) / points;
      }
  for (size_t k = 0; k < T * shape.hidden * shape.D; k++)
    shape.crossings[k] = sums.crossings[k] / points;
cleanup:
  pdlt_free(answer);
  pdlt_free(work);
  return status;
}

/* All replicas on to `to` points, and their means. Each replica is one thread's from end to end. */
static pdlt_status go_on(run *r, size_t from, size_t to, const pdlt_kink_input *in,
                         pdlt_error *err) {
  pdlt_status worst = PDLT_OK;
#pragma omp parallel for schedule(dynamic, 1) num_threads(in->threads)
  for (size_t k = 0; k < PDLT_KINK_REPLICAS; k++) {
    pdlt_error inner = {0};
    pdlt_status status = add_points(r, k, from, to, &inner);
    if (status == PDLT_OK) status = finish(r, k, (double)to, shape_of(in), &inner);
    pdlt_progress_add(in->progress, (double)(to - from));
    if (status == PDLT_OK) continue;
#pragma omp critical
    {
      worst = status;
      if (err != NULL) *err = inner;
    }
  }
  return worst;
}

/* Mean over replicas into out; three standard errors of the worst of `count` numbers that begin at `first`. */
static double three_errors(const run *r, size_t first, size_t count, double *out) {
  const double R = PDLT_KINK_REPLICAS;
  double worst = 0.0;
  for (size_t k = first; k < first + count; k++) {
    double mean = 0.0, square = 0.0;
    for (size_t i = 0; i < PDLT_KINK_REPLICAS; i++) mean += r->result[i * r->results + k] / R;
    for (size_t i = 0; i < PDLT_KINK_REPLICAS; i++)
      square += pow(r->result[i * r->results + k] - mean, 2);
    out[k] = mean;
    worst = fmax(worst, 3.0 * sqrt(square / (R * (R - 1.0))));
  }
  return worst;
}

static void average(const run *r, pdlt_kink *out) {
  const size_t row = out->outputs * out->D, T = out->times, square = T * row * row;
  double *all = out->storage;
  const size_t cov = (size_t)(out->cov - all), theta = (size_t)(out->theta - all);
  const size_t crossings = (size_t)(out->crossings - all);
  out->err_z = three_errors(r, 0, T * row, all);
  three_errors(r, T * row, cov - T * row, all);
  out->err_cov = three_errors(r, cov, square, all);
  out->err_theta = three_errors(r, theta, square, all);
  out->err_crossings = three_errors(r, crossings, T * out->hidden * out->D, all);
}

/* As many points, a power of 2, as the work allows. */
static size_t most_points(const run *r, const pdlt_kink_input *in) {
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

static size_t check_points(const pdlt_kink_input *in) {
  return in->max_points > 0 && in->max_points < CHECK_POINTS ? in->max_points : CHECK_POINTS;
}

/* Doubles the points until the mean is known. */
static pdlt_status converge(run *r, pdlt_kink *out, const pdlt_kink_input *in, pdlt_error *err) {
  const size_t max = most_points(r, in);
  const size_t count = out->times * out->outputs * out->D;
  pdlt_status status = PDLT_OK;
  pdlt_progress_start_short(in->progress, "neurons near the kink",
                            (double)(PDLT_KINK_REPLICAS * max));
  for (size_t from = 0, to = FIRST_POINTS < max ? FIRST_POINTS : max;; from = to, to *= 2) {
    PDLT_TRY(go_on(r, from, to, in, err));
    average(r, out);
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
static pdlt_status add_cell_errors(const run *r, pdlt_kink *out, const pdlt_kink_input *in,
                                   pdlt_error *err) {
  const size_t row = out->outputs * out->D, T = out->times;
  pdlt_kink coarse = *out, fine = *out;
  double *block = NULL;
  pdlt_status status = PDLT_OK;
  int joined = 0;
  for (size_t c = 0; c < r->grid.cells; c++) joined |= r->grid.flow[c];
  if (!joined) return PDLT_OK;
  PDLT_TRY(pdlt_alloc(&block, 2 * r->results, sizeof *block, err));
  for (int k = 0; k < 2; k++) {
    pdlt_kink *one = k == 0 ? &coarse : &fine;
    run again = {0};
    status = prepare(&again, in, k == 0 ? 1.0 : 2.0, err);
    if (status == PDLT_OK) status = go_on(&again, 0, check_points(in), in, err);
    one->storage = block + (size_t)k * r->results;
    take_results(one, one->storage);
    if (status == PDLT_OK) average(&again, one);
    free_run(&again);
    PDLT_TRY(status);
  }
  out->err_z += largest_change(coarse.z, fine.z, T * row);
  out->err_cov += largest_change(coarse.cov, fine.cov, T * row * row);
  out->err_theta += largest_change(coarse.theta, fine.theta, T * row * row);
  out->err_crossings += largest_change(coarse.crossings, fine.crossings, T * out->hidden * out->D);
cleanup:
  pdlt_free(block);
  return status;
}

pdlt_status pdlt_kink_new(pdlt_kink *out, const pdlt_kink_input *in, pdlt_error *err) {
  pdlt_kink kink = shape_of(in);
  run r = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(prepare(&r, in, 1.0, err));
  PDLT_TRY(pdlt_alloc(&kink.storage, r.results, sizeof(double), err));
  take_results(&kink, kink.storage);
  PDLT_TRY(converge(&r, &kink, in, err));
  PDLT_TRY(add_cell_errors(&r, &kink, in, err));
  *out = kink;
cleanup:
  if (status != PDLT_OK) pdlt_free(kink.storage);
  free_run(&r);
  return status;
}

void pdlt_kink_free(pdlt_kink *kink) { pdlt_free(kink->storage); }
