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
#include "base/experiment/at_width.h"
#include "base/file/file.h"
#include "cli/study/study.h"

/* Theory with the settings of a sabotage. */
typedef struct other {
  const pdlt_sabotage *of; /* the first with these settings */
  pdlt_study *study;
} other;

/* One point of the sweep at work. */
typedef struct point {
  pdlt_claim_result *result;
  size_t index;
  pdlt_study *study;     /* with the settings of the point */
  pdlt_join_setup setup; /* of its theory and ensemble; empty without an ensemble */
  other *others;         /* (num_others) of its sabotages, each made once */
  size_t num_others;
} point;

/* Theory and, when the claim needs it, the ensemble, from folder or made anew. */
static pdlt_status make_results(point *p, const char *folder, pdlt_error *err) {
  const pdlt_claim *claim = &p->result->claim;
  char path[PDLT_PATH_LENGTH];
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_folder_make(folder, err));
  PDLT_TRY(pdlt_path_join(path, folder, "theory.npz", err));
  PDLT_TRY(pdlt_stage_make(p->study, PDLT_THEORY, pdlt_claim_needs_layers(claim), path, err));
  if (!pdlt_claim_needs_ensemble(claim)) return PDLT_OK;
  PDLT_TRY(pdlt_path_join(path, folder, "measured.npz", err));
  PDLT_TRY(pdlt_study_train(p->study, path, err));
  PDLT_TRY(pdlt_join_setup_read(&p->setup, &p->study->results[PDLT_THEORY].archive,
                                &p->study->results[PDLT_MEASURED].archive, &p->study->progress,
                                err));
cleanup:
  return status;
}

static pdlt_claim_setting setting_of(const point *p) {
  const pdlt_claim_result *r = p->result;
  const pdlt_result *measured = &p->study->results[PDLT_MEASURED];
  return (pdlt_claim_setting){.theory = &p->study->results[PDLT_THEORY].archive,
                              .measured = measured->made ? &measured->archive : NULL,
                              .setup = measured->made ? &p->setup : NULL,
                              .point = p->index,
                              .share = pdlt_claim_share(&r->claim, r->points),
                              .function = pdlt_verify_function,
                              .context = &p->study->resolved.experiment};
}

static int same_settings(const pdlt_sabotage *x, const pdlt_sabotage *y) {
  if (x->num_sets != y->num_sets) return 0;
  for (size_t k = 0; k < x->num_sets; k++)
    if (strcmp(x->sets[k], y->sets[k]) != 0) return 0;
  return 1;
}

/* Several expectations may leave out the same: *out borrows the theory that is there, or one made now. */
static pdlt_status other_theory(pdlt_study **out, point *p, const pdlt_sabotage *sabotage,
                                pdlt_error *err) {
  const int layers = pdlt_claim_needs_layers(&p->result->claim);
  pdlt_study *made = NULL;
  pdlt_status status = PDLT_OK;
  for (size_t k = 0; k < p->num_others; k++) {
    if (!same_settings(p->others[k].of, sabotage)) continue;
    *out = p->others[k].study;
    return PDLT_OK;
  }
  PDLT_TRY(pdlt_study_derive(&made, p->study, sabotage->num_sets, sabotage->sets, err));
  PDLT_TRY(pdlt_study_resolve(made, err));
  PDLT_TRY(pdlt_stage_make(made, PDLT_THEORY, layers, NULL, err));
  p->others[p->num_others++] = (other){sabotage, made};
  *out = made;
  return PDLT_OK;
cleanup:
  pdlt_study_free(made);
  return status;
}

/* The test with the prediction of one sabotage, whose theory may have other settings. */
static pdlt_status test_sabotage(point *p, size_t e, size_t s, pdlt_error *err) {
  const pdlt_expectation *expectation = &p->result->claim.expectations[e];
  const pdlt_sabotage *sabotage = &expectation->sabotages[s];
  pdlt_claim_setting setting = setting_of(p);
  pdlt_study *study = NULL;
  pdlt_status status = PDLT_OK;
  if (sabotage->kind == PDLT_SABOTAGE_SET) {
    PDLT_TRY(other_theory(&study, p, sabotage, err));
    setting.other = &study->results[PDLT_THEORY].archive;
    setting.context = &study->resolved.experiment;
  }
  PDLT_TRY(pdlt_expectation_test(&p->result->sabotage[e][s][p->index], expectation, sabotage,
                                 &setting, p->result->truth[e][p->index].shown, err));
cleanup:
  return status;
}

/* Room for as many theories as there are sabotages. */
static pdlt_status make_room(point *p, pdlt_error *err) {
  const pdlt_claim *claim = &p->result->claim;
  size_t most = 0;
  for (size_t e = 0; e < claim->num_expectations; e++) most += claim->expectations[e].num_sabotages;
  return pdlt_alloc(&p->others, most, sizeof *p->others, err);
}

static pdlt_status test_point(point *p, pdlt_error *err) {
  const pdlt_claim *claim = &p->result->claim;
  const pdlt_claim_setting setting = setting_of(p);
  pdlt_status status = PDLT_OK;
  PDLT_TRY(make_room(p, err));
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

/* Claims are about one theory. */
static pdlt_status check_plain(const pdlt_experiment *ex, pdlt_error *err) {
  const char *key = pdlt_experiment_follows(ex);
  if (key == NULL) return PDLT_OK;
  return pdlt_experiment_fail(
      ex, key, err,
      "follows the width; claims are tested with one theory for all widths: "
      "give numbers, or use pdlt run");
}

static pdlt_status do_point(pdlt_claim_result *result, const pdlt_study *whole, size_t index,
                            const char *folder, pdlt_error *err) {
  const pdlt_sweep *sweep = &whole->sweep;
  const pdlt_sweep_point *at = &sweep->points[index];
  point p = {.result = result, .index = index};
  char own[PDLT_PATH_LENGTH];
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_study_derive(&p.study, whole, sweep->num_keys + 1, at->sets, err));
  p.study->explains = 0; /* claims have their own widths and members */
  PDLT_TRY(pdlt_study_resolve(p.study, err));
  PDLT_TRY(check_plain(&p.study->resolved.experiment, err));
  PDLT_TRY(pdlt_path_join(own, folder, at->name, err));
  PDLT_TRY(make_results(&p, sweep->num_keys == 0 ? folder : own, err));
  PDLT_TRY(test_point(&p, err));
cleanup:
  for (size_t k = 0; k < p.num_others; k++) pdlt_study_free(p.others[k].study);
  pdlt_free(p.others);
  pdlt_join_setup_free(&p.setup);
  pdlt_study_free(p.study);
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

pdlt_status pdlt_verify_claim(pdlt_claim_result *out, const char *folder, int quick,
                              const char *target, const pdlt_settings *settings, pdlt_error *err) {
  pdlt_claim claim = {0};
  pdlt_claim_result result = {0};
  pdlt_settings own = {0};
  pdlt_study *whole = NULL;
  char experiment[PDLT_PATH_LENGTH], into[PDLT_PATH_LENGTH];
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_claim_read(&claim, folder, err));
  PDLT_TRY(pdlt_path_join(experiment, folder, "experiment.yaml", err));
  PDLT_TRY(pdlt_path_join(into, target, claim.name, err));
  PDLT_TRY(pdlt_settings_copy(&own, settings, quick ? claim.num_quick : 0, claim.quick, err));
  PDLT_TRY(pdlt_study_open(&whole, experiment, &own, err));
  PDLT_TRY(pdlt_claim_result_new(&result, &claim, whole->sweep.count, err));
  PDLT_TRY(name_points(&result, &whole->sweep, err));
  for (size_t p = 0; p < whole->sweep.count; p++) PDLT_TRY(do_point(&result, whole, p, into, err));
  *out = result;
  result = (pdlt_claim_result){0};
cleanup:
  if (status != PDLT_OK) blame(err, result.claim.name != NULL ? result.claim.name : folder, status);
  pdlt_claim_free(&claim);
  pdlt_claim_result_free(&result);
  pdlt_settings_clear(&own);
  pdlt_study_free(whole);
  return status;
}
