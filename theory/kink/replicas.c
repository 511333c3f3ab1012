/* replicas.c - see replicas.h. */
#include "theory/kink/replicas.h"

#include <string.h>

#include "base/core/memory.h"
#include "theory/gauss/points.h"

void pdlt_kink_replicas_free(pdlt_kink_replicas *r) {
  pdlt_kink_backward_free(&r->backward);
  pdlt_kink_rays_free(&r->rays);
  pdlt_kink_grid_free(&r->grid);
  pdlt_free(r->shift);
  pdlt_free(r->sum);
  pdlt_free(r->result);
  memset(r, 0, sizeof *r);
}

void pdlt_kink_view(pdlt_kink *k, double *block) {
  const size_t row = k->outputs * k->D, T = k->times;
  k->z = pdlt_take(&block, T * row);
  k->part = pdlt_take(&block, PDLT_KINK_PART_COUNT * T * row);
  k->layer = pdlt_take(&block, k->hidden * T * row);
  k->cov = pdlt_take(&block, T * row * row);
  k->theta = pdlt_take(&block, T * row * row);
  k->crossings = block;
}

size_t pdlt_kink_results_size(const pdlt_kink *k) {
  const size_t row = k->outputs * k->D, T = k->times;
  return T * (row * (1 + PDLT_KINK_PART_COUNT + k->hidden + 2 * row) + k->hidden * k->D);
}

pdlt_kink pdlt_kink_shape(const pdlt_kink_input *in) {
  return (pdlt_kink){.times = in->num_times,
                     .outputs = in->training->outputs,
                     .D = in->training->D,
                     .hidden = (size_t)in->kernel->depth - 1};
}

pdlt_status pdlt_kink_replicas_new(pdlt_kink_replicas *out, const pdlt_kink_input *in, double fine,
                                   pdlt_error *err) {
  const pdlt_kink shape = pdlt_kink_shape(in);
  pdlt_kink_replicas *r = out;
  const pdlt_kink_slopes slopes = {(in->a_plus + in->a_minus) / 2, (in->a_plus - in->a_minus) / 2};
  pdlt_status status = PDLT_OK;
  memset(r, 0, sizeof *r);
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
  r->results = pdlt_kink_results_size(&shape);
  PDLT_TRY(pdlt_alloc(&r->shift, PDLT_KINK_REPLICAS * r->dimensions, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&r->sum, PDLT_KINK_REPLICAS * r->sums, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&r->result, PDLT_KINK_REPLICAS * r->results, sizeof(double), err));
  for (size_t k = 0; k < PDLT_KINK_REPLICAS; k++)
    pdlt_gauss_shift(k, r->dimensions, r->shift + k * r->dimensions);
cleanup:
  if (status != PDLT_OK) pdlt_kink_replicas_free(r);
  return status;
}

/* Points from .. to of one replica, added to its sums. */
static pdlt_status add_points(pdlt_kink_replicas *r, size_t replica, size_t from, size_t to,
                              const pdlt_progress *progress, pdlt_error *err) {
  const pdlt_kink_sums sums = pdlt_kink_sums_view(&r->model, r->sum + replica * r->sums);
  pdlt_kink_drawer *drawer = NULL;
  double *normal = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&normal, r->dimensions, sizeof *normal, err));
  PDLT_TRY(pdlt_kink_drawer_new(&drawer, &r->model, err));
  for (size_t i = from; i < to; i++) {
    PDLT_TRY(pdlt_progress_check(progress, err));
    pdlt_gauss_point(replica, i, r->dimensions, r->shift + replica * r->dimensions, normal);
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
static pdlt_status finish(pdlt_kink_replicas *r, size_t replica, double points, pdlt_kink shape,
                          pdlt_error *err) {
  const pdlt_kink_sums sums = pdlt_kink_sums_view(&r->model, r->sum + replica * r->sums);
  const size_t row = shape.outputs * shape.D, T = shape.times, G = r->grid.cells + 1;
  const pdlt_kink_factors *f = &r->model.factors;
  double *answer = NULL, *work = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&answer, T * row, sizeof *answer, err));
  PDLT_TRY(pdlt_alloc(&work, 4 * r->grid.modes, sizeof *work, err));
  memset(r->result + replica * r->results, 0, r->results * sizeof(double));
  pdlt_kink_view(&shape, r->result + replica * r->results);
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

pdlt_status pdlt_kink_replicas_go_on(pdlt_kink_replicas *r, size_t points,
                                     const pdlt_kink_input *in, pdlt_error *err) {
  const size_t from = r->points;
  pdlt_status worst = PDLT_OK;
#pragma omp parallel for schedule(dynamic, 1) num_threads(in->threads)
  for (size_t k = 0; k < PDLT_KINK_REPLICAS; k++) {
    pdlt_error inner = {0};
    pdlt_status status = add_points(r, k, from, points, in->progress, &inner);
    if (status == PDLT_OK) status = finish(r, k, (double)points, pdlt_kink_shape(in), &inner);
    pdlt_progress_add(in->progress, (double)(points - from));
    if (status == PDLT_OK) continue;
#pragma omp critical
    {
      worst = status;
      if (err != NULL) *err = inner;
    }
  }
  r->points = points;
  return worst;
}
