/* agop.c - average gradient outer products of samples that are a cube, as arrays.
 *
 * Is: linear functionals of mean and covariance, which stand in the archive (docs/features.md, "Average gradient
 * outer product").
 * Is not: derivatives of networks between the samples. */
#include <math.h>
#include <stdio.h>

#include "base/core/memory.h"
#include "datasets/cube.h"
#include "theory/predict/internal.h"

/* Mean (T, n_L, D) and covariance (T, n_L, D, n_L, D) of an order, as they stand in the archive; NULL where one
 * is absent. Room for arrays may move when one is added, their numbers do not. */
typedef struct moments {
  const double *z, *cov;
  double err_z, err_cov, largest; /* of z */
} moments;

/* What all arrays are made with. */
typedef struct agop {
  const pdlt_prediction *p;
  pdlt_cube cube;
  size_t outputs, D;
  double *start; /* (n_0, n_0) what is subtracted at every time */
  double *work;  /* (D, D) */
} agop;

static const double *data_of(const pdlt_archive *out, const char *name, const char *end,
                             const char *order) {
  const pdlt_array *array = pdlt_archive_getf(out, "%s%s_%s", name, end, order);
  return array == NULL ? NULL : array->data;
}

static double error_of(const pdlt_archive *out, const char *name) {
  const pdlt_array *error = pdlt_archive_getf(out, "err/%s", name);
  return error == NULL ? 0.0 : error->data[0];
}

static moments find_moments(const agop *g, size_t times, const char *end, const char *order) {
  char mean[32], covariance[32];
  snprintf(mean, sizeof mean, "z%s_%s", end, order);
  snprintf(covariance, sizeof covariance, "cov%s_%s", end, order);
  const pdlt_archive *out = g->p->out;
  moments m = {.z = data_of(out, "z", end, order),
               .cov = data_of(out, "cov", end, order),
               .err_z = error_of(out, mean),
               .err_cov = error_of(out, covariance)};
  for (size_t k = 0; m.z != NULL && k < times * g->outputs * g->D; k++)
    m.largest = fmax(m.largest, fabs(m.z[k]));
  return m;
}

/* The start: of the kernel of that name, once for each output; its error. */
static double begin(agop *g, const char *name) {
  const size_t count = g->cube.inputs * g->cube.inputs;
  const pdlt_array *kernel = pdlt_archive_get(g->p->out, name);
  for (size_t k = 0; k < count; k++) g->start[k] = 0;
  if (kernel != NULL) pdlt_cube_add_moment(&g->cube, kernel->data, g->D, g->start);
  for (size_t k = 0; k < count; k++) g->start[k] *= (double)g->outputs;
  return (double)g->outputs * error_of(g->p->out, name);
}

/* m (n_0, n_0) = sum over outputs of that of cov + factor (z z1^T + z1 z^T) at time t, less the start. */
static void at_time(const agop *g, const moments *zero, const moments *own, double factor, size_t t,
                    double *m) {
  const size_t n = g->outputs, D = g->D;
  for (size_t k = 0; k < g->cube.inputs * g->cube.inputs; k++) m[k] = -g->start[k];
  for (size_t i = 0; i < n; i++) {
    const double *block = own->cov + ((t * n + i) * D * n + i) * D;
    const double *z = zero->z + (t * n + i) * D, *z1 = own->z + (t * n + i) * D;
    for (size_t a = 0; a < D; a++)
      for (size_t b = 0; b < D; b++)
        g->work[a * D + b] = block[a * n * D + b] + factor * (z[a] * z1[b] + z1[a] * z[b]);
    pdlt_cube_add_moment(&g->cube, g->work, D, m);
  }
}

/* NAME (T, n_0, n_0), or (n_0, n_0) of the end; error: of the start. Absent for the reason of mean or
 * covariance. */
static pdlt_status put(const agop *g, const char *name, const char *end, const char *order,
                       double error, pdlt_error *err) {
  const int first = order[0] == 'n', at_end = end[0] != 0;
  const size_t n0 = g->cube.inputs, T = at_end ? 1 : g->p->ex->training.num_record;
  const size_t dim[] = {T, n0, n0};
  const moments zero = find_moments(g, T, end, "lo"), own = find_moments(g, T, end, order);
  pdlt_array *array = NULL;
  pdlt_status status = PDLT_OK;
  if (own.z == NULL || own.cov == NULL) {
    char missing[32];
    snprintf(missing, sizeof missing, "%s%s_%s", own.z == NULL ? "z" : "cov", end, order);
    const char *reason = pdlt_predict_why_absent(g->p->out, missing);
    return pdlt_predict_absent(g->p->out, name, reason == NULL ? "no outputs" : reason, err);
  }
  PDLT_TRY(pdlt_archive_new(g->p->out, name, at_end ? 2 : 3, dim + at_end, &array, err));
  for (size_t t = 0; t < T; t++)
    at_time(g, &zero, &own, first ? 1 : 0.5, t, array->data + t * n0 * n0);
  const double products = 2 * zero.largest * own.err_z + (first ? 2 * own.largest * zero.err_z : 0);
  error += (double)g->outputs * (own.err_cov + products);
  PDLT_TRY(pdlt_predict_error(g->p->out, name, error, err));
cleanup:
  return status;
}

static pdlt_status put_all(agop *g, pdlt_error *err) {
  const size_t dim[] = {g->cube.inputs, g->cube.inputs};
  pdlt_status status = PDLT_OK;
  double error = begin(g, "K");
  PDLT_TRY(pdlt_predict_put(g->p->out, "agop_lo", 2, dim, g->start, err));
  PDLT_TRY(pdlt_predict_error(g->p->out, "agop_lo", error, err));
  PDLT_TRY(put(g, "agop_change_lo", "", "lo", error, err));
  PDLT_TRY(put(g, "agop_change_end_lo", "_end", "lo", error, err));
  if (g->p->ex->theory.order < 1) goto cleanup;
  error = begin(g, "G1");
  PDLT_TRY(put(g, "agop_nlo", "", "nlo", error, err));
  PDLT_TRY(put(g, "agop_end_nlo", "_end", "nlo", error, err));
cleanup:
  return status;
}

pdlt_status pdlt_predict_agop(const pdlt_prediction *p, pdlt_error *err) {
  static const char *const names[] = {"agop_lo", "agop_change_lo", "agop_change_end_lo", "agop_nlo",
                                      "agop_end_nlo"};
  agop g = {.p = p, .outputs = p->data->outputs, .D = p->kernel->D};
  pdlt_status status = PDLT_OK;
  if ((p->ex->measure & PDLT_MEASURE_FEATURES) == 0) return PDLT_OK;
  PDLT_TRY(pdlt_cube_find(&g.cube, g.D, p->data->inputs, p->data->x, err));
  if (g.cube.place == NULL) {
    PDLT_TRY(pdlt_predict_all_absent(p->out, names, p->ex->theory.order < 1 ? 3 : 5,
                                     "the samples are not the corners of a cube, each once "
                                     "(data.cube)",
                                     err));
  } else {
    PDLT_TRY(pdlt_alloc(&g.start, g.cube.inputs * g.cube.inputs, sizeof *g.start, err));
    PDLT_TRY(pdlt_alloc(&g.work, g.D * g.D, sizeof *g.work, err));
    PDLT_TRY(put_all(&g, err));
  }
cleanup:
  pdlt_cube_free(&g.cube);
  pdlt_free(g.start);
  pdlt_free(g.work);
  return status;
}
