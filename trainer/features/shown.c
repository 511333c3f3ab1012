/* shown.c - the arrays of the network that is looked at. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/file/json.h"
#include "trainer/features/internal.h"
#include "trainer/features/leading.h"
#include "trainer/features/weights.h"

enum {
  SPECTRUM = 64,  /* eigenfunctions whose shares in known structure are told */
  STRONGEST = 12, /* single weights that are named */
  CURVE = 200     /* points of their curve, at most */
};

static pdlt_status put(const pdlt_features_job *job, const char *name, int ndim, const size_t *dim,
                       const double *from, pdlt_error *err) {
  pdlt_array *array = NULL;
  const pdlt_status status = pdlt_archive_new(job->out, name, ndim, dim, &array, err);
  if (status == PDLT_OK) memcpy(array->data, from, pdlt_array_count(array) * sizeof *from);
  return status;
}

/* kernel/NAME, eigenvalues/NAME and functions/NAME. */
static pdlt_status put_kernel(const pdlt_features_job *job, const pdlt_learned *t, int k,
                              pdlt_error *err) {
  const size_t D = job->data->samples, dim[2] = {D, D};
  const size_t rank = pdlt_leading_rank(D, t->values[k]);
  const size_t most = (size_t)job->ex->features.directions;
  const size_t shown[2] = {rank < most ? rank : most, D};
  char name[64];
  pdlt_status status = PDLT_OK;
  snprintf(name, sizeof name, "kernel/%s", pdlt_learned_names[k]);
  PDLT_TRY(put(job, name, 2, dim, t->kernel[k], err));
  snprintf(name, sizeof name, "eigenvalues/%s", pdlt_learned_names[k]);
  PDLT_TRY(put(job, name, 1, dim, t->values[k], err));
  snprintf(name, sizeof name, "functions/%s", pdlt_learned_names[k]);
  PDLT_TRY(put(job, name, 2, shown, t->functions[k], err));
  pdlt_array *functions = &job->out->entries[job->out->count - 1].array;
  for (size_t i = 0; i < pdlt_array_count(functions); i++) functions->data[i] *= sqrt((double)D);
cleanup:
  return status;
}

/* shares/STRUCTURE/NAME of the leading eigenfunctions. */
static pdlt_status put_shares(const pdlt_features_job *job, const pdlt_learned *t, int k,
                              const pdlt_known *known, pdlt_error *err) {
  const size_t rank = pdlt_leading_rank(job->data->samples, t->values[k]);
  const size_t dim[2] = {rank < SPECTRUM ? rank : SPECTRUM, known->structure.blocks};
  pdlt_array *array = NULL;
  char name[96];
  snprintf(name, sizeof name, "shares/%s/%s", known->name, pdlt_learned_names[k]);
  const pdlt_status status = pdlt_archive_new(job->out, name, 2, dim, &array, err);
  return status != PDLT_OK
             ? status
             : pdlt_structure_shares(&known->structure, dim[0], t->functions[k], array->data, err);
}

/* layers (2, L): the trace of each layer's part of the centred kernel, before and after. */
static pdlt_status put_layers(const pdlt_features_job *job, const pdlt_learned *t,
                              pdlt_error *err) {
  const size_t D = job->data->samples, depth = (size_t)job->net->depth, dim[2] = {2, depth};
  double *centred = NULL;
  pdlt_array *array = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&centred, D * D, sizeof *centred, err));
  PDLT_TRY(pdlt_archive_new(job->out, "layers", 2, dim, &array, err));
  for (size_t part = 0; part < 2 * depth; part++) {
    pdlt_kernel_center(D, t->layers[part / depth] + part % depth * D * D, centred);
    for (size_t a = 0; a < D; a++) array->data[part] += centred[a * D + a];
  }
cleanup:
  pdlt_free(centred);
  return status;
}

/* fan (L): n_{l-1}, by which the bias of a neuron is told from its weights. */
static pdlt_status put_fan(const pdlt_features_job *job, pdlt_error *err) {
  const size_t depth = (size_t)job->net->depth;
  pdlt_array *array = NULL;
  const pdlt_status status = pdlt_archive_new(job->out, "fan", 1, &depth, &array, err);
  for (size_t k = 0; k < depth && status == PDLT_OK; k++)
    array->data[k] = (double)job->net->layer[k].in;
  return status;
}

/* Points of the curve: 1, 2, 3, ... and then by equal steps of the logarithm, to `count`. */
static size_t curve_points(size_t count, double *at) {
  size_t points = 0;
  double last = 0;
  for (size_t k = 0; k < CURVE; k++) {
    const double x = floor(pow((double)count, (double)k / (CURVE - 1)) + 1e-9);
    if (x > last) at[points++] = last = x;
  }
  return points;
}

static pdlt_status put_curve(const pdlt_features_job *job, const pdlt_weights *w, pdlt_error *err) {
  double at[CURVE], reached[CURVE];
  const size_t points = curve_points(w->count, at);
  for (size_t k = 0; k < points; k++) reached[k] = w->reached[(size_t)at[k] - 1];
  pdlt_status status = PDLT_OK;
  PDLT_TRY(put(job, "weights/kept", 1, &points, at, err));
  PDLT_TRY(put(job, "weights/reached", 1, &points, reached, err));
cleanup:
  return status;
}

static pdlt_status put_strongest(const pdlt_features_job *job, const pdlt_weights *w,
                                 pdlt_error *err) {
  const size_t dim[2] = {w->count < STRONGEST ? w->count : STRONGEST, 4};
  pdlt_array *array = NULL;
  const pdlt_status status = pdlt_archive_new(job->out, "weights/strongest", 2, dim, &array, err);
  for (size_t k = 0; k < dim[0] && status == PDLT_OK; k++) {
    double *row = array->data + 4 * k;
    row[0] = w->largest[k].layer;
    row[1] = (double)w->largest[k].to;
    row[2] = (double)w->largest[k].of;
    row[3] = w->largest[k].size;
  }
  return status;
}

/* Says in the metadata why there is no such split. */
static pdlt_status leave_out_weights(const pdlt_features_job *job, const char *why,
                                     pdlt_error *err) {
  return pdlt_json_set(pdlt_archive_meta(job->out), "absent", json_pack("{s:s}", "weights", why),
                       err);
}

/* weights/...; absent where there are too many numbers. */
static pdlt_status put_weights(const pdlt_features_job *job, const pdlt_learned *t,
                               pdlt_error *err) {
  const size_t depth = (size_t)job->net->depth;
  pdlt_weights w = {0};
  pdlt_error why = {0};
  pdlt_status status = pdlt_weights_split(&w, job->net, job->data, t->theta[0], t->theta[1], &why);
  if (status == PDLT_ERR_UNSUPPORTED) return leave_out_weights(job, why.message, err);
  if (status != PDLT_OK) return pdlt_fail(err, status, "%s", why.message);
  PDLT_TRY(put_curve(job, &w, err));
  PDLT_TRY(put_strongest(job, &w, err));
  PDLT_TRY(put(job, "weights/layers", 1, &depth, w.layer, err));
  PDLT_TRY(pdlt_archive_put_scalar(job->out, "weights/few", (double)w.few, err));
  PDLT_TRY(pdlt_archive_put_scalar(job->out, "weights/count", (double)job->net->num_params, err));
  PDLT_TRY(pdlt_archive_put_scalar(job->out, "weights/residual", w.residual, err));
cleanup:
  pdlt_weights_free(&w);
  return status;
}

pdlt_status pdlt_features_show(const pdlt_features_job *job, pdlt_learned *t, pdlt_error *err) {
  const size_t outputs[2] = {job->data->outputs, job->data->samples};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_archive_put_scalar(job->out, "steps", (double)t->steps, err));
  PDLT_TRY(put(job, "z_start", 2, outputs, t->z[0], err));
  PDLT_TRY(put(job, "z", 2, outputs, t->z[1], err));
  for (int k = 0; k < PDLT_LEARNED_KERNELS; k++) {
    PDLT_TRY(put_kernel(job, t, k, err));
    for (size_t s = 0; s < job->structures; s++)
      PDLT_TRY(put_shares(job, t, k, &job->known[s], err));
  }
  PDLT_TRY(put_layers(job, t, err));
  PDLT_TRY(put_fan(job, err));
  PDLT_TRY(put_weights(job, t, err));
  PDLT_TRY(pdlt_features_activate(job, t, err));
cleanup:
  return status;
}
