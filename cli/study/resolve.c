/* resolve.c - from an experiment's keys to numbers that theory and trainer can read:
 * `critical`, critical scale and relative eta are resolved here, and only here. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/core/team.h"
#include "base/experiment/at_width.h"
#include "base/experiment/layer.h"
#include "base/experiment/loss.h"
#include "cli/study/study.h"
#include "theory/infinite/kernel.h"
#include "theory/infinite/residual.h"
#include "theory/infinite/steps.h"
#include "theory/infinite/training.h"
#include "theory/terms/mask.h"

/* C_b and C_W of every layer at the critical point, of its skip. */
static pdlt_status set_critical(pdlt_experiment *ex, const pdlt_critical_point *plain,
                                pdlt_error *err) {
  for (int l = 1; l <= ex->network.depth; l++) {
    const double gamma = pdlt_experiment_layer(ex, l, 1, 1).skip;
    const pdlt_critical_point point = pdlt_critical_with_skip(plain, gamma);
    if (point.kind == PDLT_CRITICAL_NONE)
      return pdlt_experiment_fail(ex, "network.C_W", err,
                                  "no critical point of layer %d: %s; give numbers for C_b and C_W",
                                  l, point.reason);
    ex->network.C_b[l - 1] = point.C_b;
    ex->network.C_W[l - 1] = point.C_W;
  }
  ex->network.critical = 0;
  return PDLT_OK;
}

/* C_b, C_W: critical and data.scale: critical. */
static pdlt_status resolve_critical(pdlt_experiment *ex, pdlt_error *err) {
  const int wants_scale = ex->data.scale_kind == PDLT_SCALE_CRITICAL;
  if (!ex->network.critical && !wants_scale) return PDLT_OK;
  const char *key = ex->network.critical ? "network.C_W" : "data.scale";
  pdlt_critical_point point = {0};
  pdlt_error none = {0};
  if (pdlt_critical_find(&point, &ex->network.activation, &none) != PDLT_OK)
    return pdlt_experiment_fail(ex, key, err, "%s", none.message);
  if (point.kind == PDLT_CRITICAL_NONE)
    return pdlt_experiment_fail(ex, key, err, "no critical point: %s; give numbers for C_b and C_W",
                                point.reason);
  if (ex->network.critical) {
    const pdlt_status status = set_critical(ex, &point, err);
    if (status != PDLT_OK) return status;
  }
  if (!wants_scale) return PDLT_OK;
  if (!(point.K > 0)) /* NaN when any K is a fixed point */
    return pdlt_experiment_fail(
        ex, "data.scale", err, "critical needs one K* > 0, here %s; give a number for scale",
        point.kind == PDLT_CRITICAL_K_ZERO ? "K* = 0" : "any K is a fixed point");
  double scale = (point.K - ex->network.C_b[0]) / ex->network.C_W[0];
  if (!(scale > 0))
    return pdlt_experiment_fail(
        ex, "data.scale", err, "K^(1) = C_b + C_W r = K* = %.10g has no r > 0; lower C_b", point.K);
  ex->data.scale_kind = PDLT_SCALE_NUMBER;
  ex->data.scale = scale;
  return PDLT_OK;
}

/* kappa of Newton's method, which the trainer cannot know. */
static pdlt_status set_kappa(const pdlt_experiment *ex, const pdlt_training_input *input,
                             pdlt_dataset *data, pdlt_error *err) {
  pdlt_error why = {0};
  pdlt_steps steps = {0};
  const pdlt_status status = pdlt_steps_new(&steps, input, &why);
  if (status == PDLT_ERR_INPUT)
    return pdlt_experiment_fail(ex, "training.method", err, "newton: %s; use method: gd",
                                why.message);
  if (status != PDLT_OK) return pdlt_fail(err, status, "%s", why.message);
  pdlt_free(data->kappa);
  data->kappa = steps.kappa;
  return PDLT_OK;
}

/* The largest eigenvalue of Theta_AA of a plain experiment, or what takes its place with other steps
 * (theory/infinite/steps.h). */
static pdlt_status largest_eigenvalue(double *out, const pdlt_experiment *ex, pdlt_dataset *data,
                                      pdlt_study *study, pdlt_error *err) {
  pdlt_kernel_layers layers = {0};
  pdlt_layer *layer = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_layers_new(&layer, ex, 1, data->inputs, err));
  const pdlt_kernel_settings settings =
      pdlt_kernel_settings_of(ex, layer, study->settings.threads, &study->progress);
  PDLT_TRY(pdlt_kernel_layers_new(&layers, &settings, data->train, data->x, err));
  const size_t last = (size_t)(layers.depth - 1) * layers.D * layers.D;
  const pdlt_training_input input = {.D = data->train,
                                     .A = data->train,
                                     .outputs = data->outputs,
                                     .K = layers.K + last,
                                     .theta = layers.theta + last,
                                     .y = data->y,
                                     .eta = ex->training.eta,
                                     .newton = ex->training.newton,
                                     .batch = (size_t)ex->training.batch,
                                     .err_K = layers.pair_err_K,
                                     .err_theta = layers.pair_err_theta};
  PDLT_TRY(pdlt_steps_largest(out, &input, err));
  if (ex->training.newton) PDLT_TRY(set_kappa(ex, &input, data, err));
cleanup:
  pdlt_kernel_layers_free(&layers);
  pdlt_free(layer);
  return status;
}

/* To train, eta must be below 2 / largest eigenvalue, on cross-entropy 4. at: "", or the width. */
static pdlt_status check_eta(const pdlt_experiment *ex, double largest, const char *at,
                             pdlt_error *err) {
  const double bound = pdlt_experiment_largest_step(ex);
  if (ex->training.eta_kind != PDLT_ETA_NUMBER || ex->training.eta * largest < bound ||
      !pdlt_experiment_trains(ex))
    return PDLT_OK;
  return pdlt_experiment_fail(
      ex, "training.eta", err,
      "%.6g is not below %g / largest eigenvalue of Theta_AA%s: training would diverge; the "
      "largest "
      "usable eta is %.6g (any will do where nothing is trained: training.steps: 0)",
      ex->training.eta, bound,
      ex->training.newton      ? ", 1 with method: newton"
      : ex->training.batch > 0 ? " of a batch"
                               : at,
      nextafter(bound / largest, 0));
}

/* Where parameters follow the width: at each. */
static pdlt_status check_eta_of_widths(pdlt_resolved *r, pdlt_study *study, pdlt_error *err) {
  const pdlt_experiment *ex = &r->experiment;
  for (size_t w = 0; w < ex->network.num_widths; w++) {
    const int n = ex->network.widths[w];
    char at[32];
    double largest = 0;
    pdlt_experiment plain = {0};
    pdlt_status status = pdlt_experiment_at_width(&plain, ex, n, r->data.inputs, err);
    if (status == PDLT_OK) status = largest_eigenvalue(&largest, &plain, &r->data, study, err);
    pdlt_experiment_at_width_free(&plain);
    snprintf(at, sizeof at, " at n = %d", n);
    if (status == PDLT_OK) status = check_eta(ex, largest, at, err);
    if (status != PDLT_OK) return status;
  }
  return PDLT_OK;
}

/* Relative eta becomes a number, and is checked. */
static pdlt_status resolve_eta(pdlt_resolved *r, pdlt_study *study, pdlt_error *err) {
  pdlt_experiment *ex = &r->experiment;
  double largest = 0;
  pdlt_status status = PDLT_OK;
  if (pdlt_experiment_follows(ex) != NULL) {
    status = check_eta_of_widths(r, study, err);
    goto cleanup;
  }
  PDLT_TRY(largest_eigenvalue(&largest, ex, &r->data, study, err));
  if (ex->training.eta_kind == PDLT_ETA_RELATIVE) {
    if (!(largest > 0))
      PDLT_TRY(
          pdlt_experiment_fail(ex, "training.eta", err,
                               "relative needs an NTK with a positive eigenvalue; set lambda_b "
                               "or lambda_W above 0"));
    ex->training.eta /= largest;
    ex->training.eta_kind = PDLT_ETA_NUMBER;
  }
  PDLT_TRY(check_eta(ex, largest, "", err));
cleanup:
  return pdlt_experiment_blame(ex, "data.train", status, err, "use fewer samples");
}

pdlt_status pdlt_study_check_trainable(const pdlt_study *study, pdlt_error *err) {
  const pdlt_experiment *ex = &study->resolved.experiment;
  if (ex->training.eta_kind == PDLT_ETA_FLOW)
    return pdlt_experiment_fail(ex, "training.eta", err,
                                "flow exists in theory only; give a number to train networks");
  return PDLT_OK;
}

pdlt_status pdlt_study_read(const pdlt_study *study, pdlt_experiment *out, pdlt_error *err) {
  const pdlt_origin *o = &study->origin;
  const size_t count = pdlt_settings_count(&study->settings);
  if (o->path != NULL) return pdlt_experiment_read(out, o->path, count, study->settings.sets, err);
  if (o->text != NULL && o->samples > 0)
    return pdlt_experiment_parse_arrays(out, o->text, "experiment", o->samples, count,
                                        study->settings.sets, err);
  if (o->text != NULL)
    return pdlt_experiment_parse(out, o->text, "experiment", count, study->settings.sets, err);
  return pdlt_fail(err, PDLT_ERR_INPUT, "a study of results in files can only be compared");
}

static pdlt_status load_data(pdlt_resolved *r, const pdlt_origin *o, pdlt_error *err) {
  const pdlt_experiment *ex = &r->experiment;
  const pdlt_status status = o->samples == 0
                                 ? pdlt_dataset_load(&r->data, ex, err)
                                 : pdlt_dataset_from_arrays(&r->data, ex, o->samples, o->inputs,
                                                            o->x, o->outputs, o->y, err);
  return pdlt_experiment_blame(ex, "data.train", status, err, "use fewer samples or inputs");
}

pdlt_status pdlt_study_resolve(pdlt_study *study, pdlt_error *err) {
  pdlt_resolved r = {0};
  char summary[PDLT_DATASET_SUMMARY_LENGTH];
  pdlt_mask mask; /* read here so that training refuses wrong names too */
  pdlt_status status = PDLT_OK;
  if (study->is_resolved) return PDLT_OK;
  PDLT_TRY(pdlt_study_read(study, &r.experiment, err));
  if (r.experiment.swept)
    PDLT_TRY(pdlt_experiment_fail(&r.experiment, "sweep", err,
                                  "this command takes one experiment; pdlt run does the whole "
                                  "sweep, --set sweep={} leaves it out"));
  PDLT_TRY(pdlt_mask_read(&mask, &r.experiment, err));
  PDLT_TRY(resolve_critical(&r.experiment, err));
  PDLT_TRY(load_data(&r, &study->origin, err));
  PDLT_TRY(pdlt_experiment_check_targets(&r.experiment, r.data.train + r.data.test, r.data.y, err));
  pdlt_dataset_summary(&r.data, summary);
  if (summary[0] != 0 && pdlt_team_of_program().rank == 0)
    pdlt_progress_note(&study->progress, "%s", summary);
  PDLT_TRY(
      pdlt_experiment_place_images(&r.experiment, r.data.rows, r.data.columns, r.data.inputs, err));
  PDLT_TRY(pdlt_experiment_check_memory(&r.experiment, r.data.inputs, err));
  PDLT_TRY(resolve_eta(&r, study, err));
  study->resolved = r;
  study->is_resolved = 1;
  return PDLT_OK;
cleanup:
  pdlt_dataset_free(&r.data);
  pdlt_experiment_free(&r.experiment);
  return status;
}
