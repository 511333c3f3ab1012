/* predict_order_one.c - the trained network at order 1/n, as arrays. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "theory/dynamics_cov.h"
#include "theory/end.h"
#include "theory/predict_internal.h"

static const char *const trained[] = {"z_nlo", "z_end_nlo", "cov_nlo", "cov_end_nlo",
                                      "Theta_t_nlo"};

/* Everything of this file is absent for one reason. */
static pdlt_status all_absent(const pdlt_prediction *p, const char *reason, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  for (size_t i = 0; i < sizeof trained / sizeof *trained && status == PDLT_OK; i++)
    status = pdlt_predict_absent(p->out, trained[i], reason, err);
  return status;
}

/* Output-layer tensors from the archive; 0 when one of them is absent. */
static int gather(const pdlt_prediction *p, pdlt_dynamics_input *in) {
  const struct {
    const char *name;
    const double **to;
  } wanted[] = {{"K", &in->K}, {"Theta", &in->theta}, {"Theta1", &in->theta1},
                {"A", &in->a}, {"B", &in->b},         {"P", &in->p},
                {"Q", &in->q}, {"R", &in->r},         {"S", &in->s},
                {"T", &in->t}, {"U", &in->u}};
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
    const pdlt_tensor *tensor = pdlt_archive_get(p->out, wanted[i].name);
    if (tensor == NULL) return 0;
    *wanted[i].to = tensor->data;
  }
  return 1;
}

/* z = sum over parts of factor * part; count numbers each. parts (5, count) are scaled. */
static void sum_parts(const pdlt_omission *omission, size_t count, double *parts, double *z) {
  if (!omission->any) return;
  memset(z, 0, count * sizeof *z);
  for (size_t k = 0; k < PDLT_DYNAMICS_PART_COUNT; k++)
    for (size_t i = 0; i < count; i++) {
      parts[k * count + i] *= omission->part[k];
      z[i] += parts[k * count + i];
    }
}

static pdlt_status put_parts(const pdlt_prediction *p, const char *base, int ndim,
                             const size_t *dim, size_t count, const double *parts,
                             pdlt_error *err) {
  for (int k = 0; k < PDLT_DYNAMICS_PART_COUNT; k++) {
    char name[64];
    pdlt_tensor *tensor = NULL;
    snprintf(name, sizeof name, "%s/%s", base, pdlt_dynamics_part_name((pdlt_dynamics_part)k));
    pdlt_status status = pdlt_archive_new(p->out, name, ndim, dim, &tensor, err);
    if (status != PDLT_OK) return status;
    memcpy(tensor->data, parts + (size_t)k * count, count * sizeof *parts);
  }
  return PDLT_OK;
}

/* Arrays of one time after another: steps: end has the times {0, inf}; the finite ones
 * are run, the end comes from the closed forms. */
typedef struct pdlt_trained {
  size_t times, finite, n, D; /* T, how many are finite, n_L, D */
  double *z, *parts, *theta;  /* (T, n, D), (5, T, n, D), (T, n, D, n, D) or NULL */
  double *end, *end_parts;    /* (n, D), (5, n, D) */
  double *storage;
} pdlt_trained;

static pdlt_status allocate(pdlt_trained *w, const pdlt_prediction *p, pdlt_error *err) {
  const size_t T = p->ex->training.num_record, n = p->data->outputs, D = p->kernel->D;
  w->times = T, w->n = n, w->D = D;
  for (w->finite = 0; w->finite < T && !isinf(p->ex->training.record[w->finite]); w->finite++)
    continue;
  pdlt_status status =
      pdlt_alloc(&w->storage, 6 * (T + 1) * n * D + 6 * n * D, sizeof(double), err);
  if (status != PDLT_OK) return status;
  w->z = w->storage;
  w->parts = w->z + T * n * D;
  w->end = w->parts + 5 * T * n * D;
  w->end_parts = w->end + n * D;
  return PDLT_OK;
}

/* Mean output and NTK at the finite times; parts come as (5, finite, n, D). */
static pdlt_status run_times(pdlt_trained *w, const pdlt_prediction *p, const pdlt_dynamics *dyn,
                             pdlt_error *err) {
  const size_t n = w->n, D = w->D;
  pdlt_tensor *theta = NULL;
  pdlt_status status =
      pdlt_archive_new(p->out, "Theta_t_nlo", 5, (size_t[]){w->times, n, D, n, D}, &theta, err);
  if (status != PDLT_OK) return status;
  PDLT_TRY(
      pdlt_dynamics_run(dyn, w->finite, p->ex->training.record, w->z, w->parts, theta->data, err));
  for (size_t i = w->finite * n * D * n * D; i < pdlt_tensor_count(theta); i++)
    theta->data[i] = NAN; /* no closed form for the end */
cleanup:
  return status;
}

/* z_nlo and z_nlo/<part> at all times from what run_times and the end gave. */
static pdlt_status put_mean(pdlt_trained *w, const pdlt_prediction *p, int have_end,
                            pdlt_error *err) {
  const size_t count = w->n * w->D, finite = w->finite * count, all = w->times * count;
  const size_t dim[] = {w->times, w->n, w->D};
  sum_parts(p->omission, finite, w->parts, w->z);
  for (size_t k = PDLT_DYNAMICS_PART_COUNT; k-- > 0;) {
    memmove(w->parts + k * all, w->parts + k * finite, finite * sizeof(double));
    if (have_end && w->finite < w->times)
      memcpy(w->parts + k * all + finite, w->end_parts + k * count, count * sizeof(double));
  }
  if (have_end && w->finite < w->times) memcpy(w->z + finite, w->end, count * sizeof(double));
  pdlt_tensor *tensor = NULL;
  pdlt_status status = pdlt_archive_new(p->out, "z_nlo", 3, dim, &tensor, err);
  if (status != PDLT_OK) return status;
  memcpy(tensor->data, w->z, all * sizeof(double));
  return put_parts(p, "z_nlo", 3, dim, all, w->parts, err);
}

/* z_end_nlo, or the reason why there is none; *have = 1 when there is. */
static pdlt_status put_end(pdlt_trained *w, const pdlt_prediction *p, const pdlt_dynamics *dyn,
                           int *have, pdlt_error *err) {
  pdlt_error why = {0};
  pdlt_status status = pdlt_end(dyn, w->end, w->end_parts, &why);
  *have = status == PDLT_OK;
  if (status == PDLT_ERR_INPUT) return pdlt_predict_absent(p->out, "z_end_nlo", why.message, err);
  if (status != PDLT_OK) return pdlt_fail(err, status, "%s", why.message);
  sum_parts(p->omission, w->n * w->D, w->end_parts, w->end);
  pdlt_tensor *tensor = NULL;
  status = pdlt_archive_new(p->out, "z_end_nlo", 2, (size_t[]){w->n, w->D}, &tensor, err);
  if (status != PDLT_OK) return status;
  memcpy(tensor->data, w->end, w->n * w->D * sizeof(double));
  return put_parts(p, "z_end_nlo", 2, (size_t[]){w->n, w->D}, w->n * w->D, w->end_parts, err);
}

/* cov_nlo at the times and cov_end_nlo. */
static pdlt_status put_covariance(const pdlt_trained *w, const pdlt_prediction *p,
                                  const pdlt_dynamics *dyn, const pdlt_dynamics_input *in,
                                  int have_end, pdlt_error *err) {
  const size_t n = w->n, D = w->D, size = n * D * n * D;
  pdlt_covariance cov = {0};
  pdlt_tensor *times = NULL, *end = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_covariance_new(&cov, dyn, in, pdlt_archive_get(p->out, "G1")->data,
                               pdlt_archive_get(p->out, "D")->data,
                               pdlt_archive_get(p->out, "F")->data, err));
  PDLT_TRY(pdlt_archive_new(p->out, "cov_nlo", 5, (size_t[]){w->times, n, D, n, D}, &times, err));
  double *cov_nlo = times->data;
  PDLT_TRY(pdlt_covariance_run(&cov, w->finite, p->ex->training.record, cov_nlo, err));
  if (!have_end) {
    PDLT_TRY(pdlt_predict_absent(p->out, "cov_end_nlo", "z_end_nlo is absent too", err));
    goto cleanup;
  }
  PDLT_TRY(pdlt_archive_new(p->out, "cov_end_nlo", 4, (size_t[]){n, D, n, D}, &end, err));
  PDLT_TRY(pdlt_covariance_end(&cov, end->data, err));
  for (size_t t = w->finite; t < w->times; t++)
    memcpy(cov_nlo + t * size, end->data, size * sizeof(double));
cleanup:
  pdlt_covariance_free(&cov);
  return status;
}

pdlt_status pdlt_predict_order_one(const pdlt_prediction *p, pdlt_error *err) {
  pdlt_dynamics_input in = {.D = p->kernel->D,
                            .A = p->data->train,
                            .outputs = p->data->outputs,
                            .y = p->data->y,
                            .eta = p->ex->training.eta,
                            .flow = p->ex->training.eta_kind == PDLT_ETA_FLOW,
                            .err_K = p->kernel->err_K,
                            .err_theta = p->kernel->err_theta,
                            .threads = p->options->threads,
                            .factors = p->omission->any ? &p->omission->dynamics : NULL};
  if (!gather(p, &in)) return all_absent(p, "the tensors P to U that it needs are absent", err);
  pdlt_dynamics dyn = {0};
  pdlt_trained w = {0};
  int have_end = 0;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(allocate(&w, p, err));
  PDLT_TRY(pdlt_dynamics_new(&dyn, &in, err));
  PDLT_TRY(run_times(&w, p, &dyn, err));
  PDLT_TRY(put_end(&w, p, &dyn, &have_end, err));
  PDLT_TRY(put_mean(&w, p, have_end, err));
  PDLT_TRY(put_covariance(&w, p, &dyn, &in, have_end, err));
cleanup:
  pdlt_dynamics_free(&dyn);
  pdlt_free(w.storage);
  return status;
}
