/* activation.c - the inputs that activate eigenfunctions most, and maps of eigenfunctions of few inputs.
 *
 * Is: for each leading eigenfunction u_a of a centred kernel, at eigenvalue theta_a, its extension to any input,
 * u_a(x) = sqrt(D)/theta_a {sum_b k(x, x_b) v_a(x_b) - mean over samples of the same}, v_a of length 1: on the
 * samples of mean 0 and mean square 1. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "trainer/features/ascent.h"
#include "trainer/features/internal.h"
#include "trainer/network/draws.h"

enum {
  LINE = 201, /* points of a map of one input */
  SQUARE = 41 /* points of a map of two inputs, in each */
};
#define MAP_MARGIN 1.4 /* of the largest input of a sample */

/* Arrays of one kernel. */
typedef struct wanted {
  const pdlt_features_job *job;
  const pdlt_learned *t;
  int kernel;
  size_t count;              /* eigenfunctions */
  double *x, *value, *agree; /* (count, 2, n_0), (count, 2) */
  double *map;               /* (count, points) or NULL */
  size_t points;
  const double *grid; /* (n_0, points) */
} wanted;

static double mean_square(const pdlt_samples *data) {
  double sum = 0;
  for (size_t i = 0; i < data->inputs * data->samples; i++) sum += data->x_all[i] * data->x_all[i];
  return sum / (double)(data->inputs * data->samples);
}

/* Eigenfunction a as a function of x. */
static void extend(const wanted *w, size_t a, pdlt_gradient *g, double *c, pdlt_function *f) {
  const size_t D = w->job->data->samples;
  const double *kernel = w->t->kernel[w->kernel];
  const double factor = sqrt((double)D) / w->t->values[w->kernel][a];
  for (size_t b = 0; b < D; b++) c[b] = factor * w->t->functions[w->kernel][a * D + b];
  pdlt_function_clear(f);
  if (w->kernel != PDLT_FUNCTIONS_K) {
    pdlt_gradient_forward(g, w->t->theta[1]);
    pdlt_function_add(f, g, 1, c);
  }
  if (w->kernel != PDLT_FUNCTIONS_K_E) {
    pdlt_gradient_forward(g, w->t->theta[0]);
    pdlt_function_add(f, g, w->kernel == PDLT_FUNCTIONS_K ? 1 : -1, c);
  }
  for (size_t b = 0; b < D; b++)
    for (size_t s = 0; s < D; s++) f->offset -= kernel[b * D + s] * c[s] / (double)D;
}

static pdlt_status activate(const wanted *w, size_t a, pdlt_gradient *g, double *c,
                            pdlt_function *f, pdlt_error *err) {
  const pdlt_experiment *ex = w->job->ex;
  const size_t n_0 = w->job->data->inputs;
  const double norm = ex->features.norm > 0 ? ex->features.norm : mean_square(w->job->data);
  const pdlt_ascent_settings settings = {.starts = (size_t)ex->features.starts,
                                         .radius = sqrt(norm * (double)n_0),
                                         .rng = {.seed = ex->ensemble.seed,
                                                 .width = w->job->net->width,
                                                 .member = w->t->member,
                                                 .stream = PDLT_STREAM_ASCENT}};
  extend(w, a, g, c, f);
  for (size_t sign = 0; sign < 2; sign++) {
    pdlt_ascent_result best = {0};
    const pdlt_status status =
        pdlt_ascent(f, &settings, sign == 0 ? 1 : -1, w->x + (2 * a + sign) * n_0, &best, err);
    if (status != PDLT_OK) return status;
    w->value[2 * a + sign] = best.value;
    w->agree[2 * a + sign] = best.agree;
  }
  if (w->map != NULL) pdlt_function_evaluate(f, w->points, w->grid, w->map + a * w->points, NULL);
  return PDLT_OK;
}

/* The share of one thread. */
static pdlt_status activate_some(const wanted *w, int thread, pdlt_error *err) {
  const pdlt_features_options *o = w->job->options;
  pdlt_gradient g = {0};
  pdlt_function f = {0};
  double *c = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_gradient_new(&g, w->job->net, w->job->data, err));
  PDLT_TRY(pdlt_function_new(&f, w->job->net, (size_t)w->job->ex->features.starts, err));
  PDLT_TRY(pdlt_alloc(&c, w->job->data->samples, sizeof *c, err));
  for (size_t a = (size_t)thread; a < w->count; a += (size_t)o->threads) {
    if (o->stop != NULL && *o->stop) PDLT_TRY(pdlt_fail(err, PDLT_ERR_INTERRUPTED, "interrupted"));
    PDLT_TRY(activate(w, a, &g, c, &f, err));
    pdlt_progress_add(o->progress, 1);
  }
cleanup:
  pdlt_free(c);
  pdlt_function_free(&f);
  pdlt_gradient_free(&g);
  return status;
}

static pdlt_status activate_all(const wanted *w, pdlt_error *err) {
  const int threads = w->job->options->threads;
  pdlt_status first = PDLT_OK;
#pragma omp parallel for num_threads(threads) schedule(static, 1)
  for (int thread = 0; thread < threads; thread++) {
    pdlt_error own = {0};
    const pdlt_status mine = activate_some(w, thread, &own);
#pragma omp critical(pdlt_activation)
    if (mine != PDLT_OK && first == PDLT_OK) first = pdlt_fail(err, mine, "%s", own.message);
  }
  return first;
}

static pdlt_status new_array(const wanted *w, const char *what, const char *rest, int ndim,
                             const size_t *dim, double **out, pdlt_error *err) {
  pdlt_array *array = NULL;
  char name[64];
  snprintf(name, sizeof name, "%s/%s%s", what, pdlt_learned_names[w->kernel], rest);
  const pdlt_status status = pdlt_archive_new(w->job->out, name, ndim, dim, &array, err);
  if (status == PDLT_OK) *out = array->data;
  return status;
}

static pdlt_status new_arrays(wanted *w, pdlt_error *err) {
  const size_t n_0 = w->job->data->inputs, ends[3] = {w->count, 2, n_0};
  const size_t line[2] = {w->count, LINE}, square[3] = {w->count, SQUARE, SQUARE};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(new_array(w, "ascent", "/x", 3, ends, &w->x, err));
  PDLT_TRY(new_array(w, "ascent", "/value", 2, ends, &w->value, err));
  PDLT_TRY(new_array(w, "ascent", "/agree", 2, ends, &w->agree, err));
  if (n_0 == 1) PDLT_TRY(new_array(w, "map", "", 2, line, &w->map, err));
  if (n_0 == 2) PDLT_TRY(new_array(w, "map", "", 3, square, &w->map, err));
cleanup:
  return status;
}

/* map_axis, and the inputs of the maps; nothing where there are more than two. */
static pdlt_status make_grid(const pdlt_features_job *job, double **out, size_t *points,
                             pdlt_error *err) {
  const size_t n_0 = job->data->inputs, side = n_0 == 1 ? LINE : SQUARE;
  pdlt_array *axis = NULL;
  double most = 0;
  *points = n_0 == 1 ? side : side * side;
  if (n_0 > 2) return PDLT_OK;
  for (size_t i = 0; i < n_0 * job->data->samples; i++)
    most = fmax(most, fabs(job->data->x_all[i]));
  pdlt_status status = pdlt_archive_new(job->out, "map_axis", 1, &side, &axis, err);
  if (status == PDLT_OK) status = pdlt_alloc(out, n_0 * *points, sizeof **out, err);
  if (status != PDLT_OK) return status;
  for (size_t k = 0; k < side; k++)
    axis->data[k] = MAP_MARGIN * most * (2.0 * (double)k / (double)(side - 1) - 1);
  for (size_t k = 0; k < *points; k++) {
    (*out)[k] = axis->data[k % side];
    if (n_0 == 2) (*out)[*points + k] = axis->data[k / side];
  }
  return PDLT_OK;
}

pdlt_status pdlt_features_activate(const pdlt_features_job *job, const pdlt_learned *t,
                                   pdlt_error *err) {
  double *grid = NULL;
  size_t points = 0;
  pdlt_progress *progress = job->options->progress;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(make_grid(job, &grid, &points, err));
  pdlt_progress_start_short(progress, "ascent",
                            (double)(PDLT_LEARNED_KERNELS * job->ex->features.directions));
  for (int k = 0; k < PDLT_LEARNED_KERNELS; k++) {
    char name[64];
    snprintf(name, sizeof name, "functions/%s", pdlt_learned_names[k]);
    wanted w = {.job = job,
                .t = t,
                .kernel = k,
                .count = pdlt_archive_get(job->out, name)->dim[0],
                .points = points,
                .grid = grid};
    if (!(job->ex->features.of & 1u << k)) continue;
    PDLT_TRY(new_arrays(&w, err));
    PDLT_TRY(activate_all(&w, err));
  }
  pdlt_progress_finish(progress);
cleanup:
  if (status != PDLT_OK) pdlt_progress_break(progress);
  pdlt_free(grid);
  return status;
}
