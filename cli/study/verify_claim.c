/* verify_claim.c - one claim: its experiments are made, its expectations tested.
 *
 * Is: for each point of the sweep theory and ensemble (reused when complete), for each
 * sabotage its theory, and the tests of compare/claim/expectation.h.
 * Is not: the table or the page (verify.c). */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/file/file.h"
#include "cli/command.h"

/* One point of the sweep at work. */
typedef struct point {
  pdlt_claim_result *result;
  pdlt_options options; /* with the settings of the point */
  size_t index;
  pdlt_study study;
  pdlt_archive theory, measured;
} point;

static void close_point(point *p) {
  pdlt_archive_free(&p->theory);
  pdlt_archive_free(&p->measured);
  pdlt_study_free(&p->study);
  pdlt_options_free(&p->options);
}

/* Theory and, when the claim needs it, the ensemble, from folder or made anew. */
static pdlt_status make_archives(point *p, const char *folder, pdlt_error *err) {
  const pdlt_claim *claim = &p->result->claim;
  char path[PDLT_PATH_LENGTH];
  int reused = 0;
  pdlt_status status = PDLT_OK;
  pdlt_options with_layers = p->options;
  with_layers.layers = pdlt_claim_needs_layers(claim);
  PDLT_TRY(pdlt_folder_make(folder, err));
  PDLT_TRY(pdlt_path_join(path, folder, "theory.npz", err));
  PDLT_TRY(
      pdlt_stage_make(PDLT_STAGE_THEORY, &p->study, path, &with_layers, &p->theory, &reused, err));
  if (!pdlt_claim_needs_ensemble(claim)) return PDLT_OK;
  PDLT_TRY(pdlt_study_check_trainable(&p->study, err));
  PDLT_TRY(pdlt_path_join(path, folder, "measured.npz", err));
  PDLT_TRY(pdlt_stage_make(PDLT_STAGE_MEASURED, &p->study, path, &p->options, &p->measured, &reused,
                           err));
cleanup:
  return status;
}

static pdlt_claim_setting setting_of(point *p) {
  const pdlt_claim_result *r = p->result;
  return (pdlt_claim_setting){.theory = &p->theory,
                              .measured = p->measured.count > 0 ? &p->measured : NULL,
                              .point = p->index,
                              .share = pdlt_claim_share(&r->claim, r->points),
                              .function = pdlt_verify_function,
                              .context = &p->study};
}

/* The test with the prediction of one sabotage, whose theory may have other settings. */
static pdlt_status test_sabotage(point *p, size_t e, size_t s, pdlt_error *err) {
  const pdlt_expectation *expectation = &p->result->claim.expectations[e];
  const pdlt_sabotage *sabotage = &expectation->sabotages[s];
  pdlt_claim_setting setting = setting_of(p);
  pdlt_options options = {0};
  pdlt_study study = {0};
  pdlt_archive other = {0};
  pdlt_status status = PDLT_OK;
  if (sabotage->kind == PDLT_SABOTAGE_SET) {
    PDLT_TRY(pdlt_options_with(&options, &p->options, sabotage->num_sets, sabotage->sets, err));
    options.layers = pdlt_claim_needs_layers(&p->result->claim);
    PDLT_TRY(pdlt_study_open(&study, p->options.args[0], &options, err));
    PDLT_TRY(pdlt_stage_predict(&study, &options, &other, err));
    setting.other = &other;
    setting.context = &study;
  }
  PDLT_TRY(pdlt_expectation_test(&p->result->sabotage[e][s][p->index], expectation, sabotage,
                                 &setting, p->result->truth[e][p->index].shown, err));
cleanup:
  pdlt_archive_free(&other);
  pdlt_study_free(&study);
  pdlt_options_free(&options);
  return status;
}

static pdlt_status test_point(point *p, pdlt_error *err) {
  const pdlt_claim *claim = &p->result->claim;
  const pdlt_claim_setting setting = setting_of(p);
  pdlt_status status = PDLT_OK;
  for (size_t e = 0; e < claim->num_expectations; e++) {
    const size_t shown = p->index == 0 ? SIZE_MAX : p->result->truth[e][0].shown;
    PDLT_TRY(pdlt_expectation_test(&p->result->truth[e][p->index], &claim->expectations[e], NULL,
                                   &setting, shown, err));
    for (size_t s = 0; s < claim->expectations[e].num_sabotages; s++)
      PDLT_TRY(test_sabotage(p, e, s, err));
  }
cleanup:
  return status;
}

static pdlt_status do_point(pdlt_claim_result *result, const pdlt_options *options,
                            const pdlt_sweep *sweep, size_t index, const char *folder,
                            pdlt_error *err) {
  point p = {.result = result, .index = index};
  char own[PDLT_PATH_LENGTH];
  pdlt_status status = PDLT_OK;
  PDLT_TRY(
      pdlt_options_with(&p.options, options, sweep->num_keys + 1, sweep->points[index].sets, err));
  PDLT_TRY(pdlt_study_open(&p.study, p.options.args[0], &p.options, err));
  PDLT_TRY(pdlt_path_join(own, folder, sweep->points[index].name, err));
  PDLT_TRY(make_archives(&p, sweep->num_keys == 0 ? folder : own, err));
  PDLT_TRY(test_point(&p, err));
cleanup:
  close_point(&p);
  return status;
}

/* Names and swept numbers of the points. */
static pdlt_status name_points(pdlt_claim_result *r, const pdlt_sweep *sweep, pdlt_error *err) {
  char axis[PDLT_SWEEP_AXIS_LENGTH];
  pdlt_status status = PDLT_OK;
  pdlt_sweep_axis(axis, sweep);
  pdlt_free(r->swept);
  PDLT_TRY(pdlt_strdup(&r->swept, axis, err));
  for (size_t p = 0; p < sweep->count; p++) {
    pdlt_free(r->point_names[p]);
    PDLT_TRY(pdlt_strdup(&r->point_names[p], sweep->points[p].name, err));
    r->point_value[p] = pdlt_sweep_value(sweep, p);
  }
cleanup:
  return status;
}

/* An error of a claim names its folder. */
static pdlt_status blame(pdlt_error *err, const char *name, pdlt_status status) {
  char text[PDLT_ERROR_LENGTH];
  if (err == NULL || status == PDLT_ERR_INTERRUPTED || strstr(err->message, ".yaml:") != NULL)
    return status;
  snprintf(text, sizeof text, "%.900s", err->message);
  return pdlt_fail(err, status, "%s: %s", name, text);
}

pdlt_status pdlt_verify_claim(pdlt_claim_result *out, const char *folder, pdlt_options *options,
                              pdlt_error *err) {
  pdlt_claim claim = {0};
  pdlt_claim_result result = {0};
  pdlt_sweep sweep = {0};
  pdlt_options own = {0};
  char experiment[PDLT_PATH_LENGTH], target[PDLT_PATH_LENGTH], *args[] = {experiment};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_claim_read(&claim, folder, err));
  PDLT_TRY(pdlt_path_join(experiment, folder, "experiment.yaml", err));
  PDLT_TRY(pdlt_path_join(target, options->output, claim.name, err));
  PDLT_TRY(
      pdlt_options_with(&own, options, options->quick ? claim.num_quick : 0, claim.quick, err));
  own.args = args;
  own.tacit = 1;
  own.num_args = 1;
  PDLT_TRY(pdlt_sweep_read(&sweep, experiment, own.num_sets, own.sets, err));
  PDLT_TRY(pdlt_claim_result_new(&result, &claim, sweep.count, err));
  PDLT_TRY(name_points(&result, &sweep, err));
  for (size_t p = 0; p < sweep.count; p++)
    PDLT_TRY(do_point(&result, &own, &sweep, p, target, err));
  *out = result;
  result = (pdlt_claim_result){0};
cleanup:
  if (status != PDLT_OK) blame(err, result.claim.name != NULL ? result.claim.name : folder, status);
  pdlt_claim_free(&claim);
  pdlt_claim_result_free(&result);
  pdlt_sweep_free(&sweep);
  pdlt_options_free(&own);
  return status;
}
