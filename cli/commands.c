/* commands.c - run, theory, train, compare: the subcommands that work on one study. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"

/* With --json: output, hash, reused of a result whose metadata these are. */
static pdlt_status print_result(const pdlt_options *options, const char *meta_text,
                                pdlt_error *err) {
  if (!options->json) return PDLT_OK;
  json_t *meta = NULL;
  pdlt_status status = pdlt_json_of(&meta, meta_text, err);
  if (status != PDLT_OK) return status;
  json_t *made = json_pack("{s:s, s:O, s:b}", "output", options->output, "hash",
                           json_object_get(meta, "hash"), "reused", options->reused);
  status = pdlt_print_json(made, err);
  json_decref(made);
  json_decref(meta);
  return status;
}

static int exit_of(const pdlt_study *study) {
  return strcmp(pdlt_study_verdict(study), "disagree") == 0 ? 1 : 0;
}

/* --- The subcommands --- */

static pdlt_status make_one(pdlt_part part, pdlt_options *options, pdlt_error *err) {
  pdlt_study *study = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_study_open(&study, options->args[0], &options->settings, err));
  PDLT_TRY(part == PDLT_THEORY ? pdlt_study_predict(study, options->output, err)
                               : pdlt_study_train(study, options->output, err));
  PDLT_TRY(print_result(options, pdlt_study_meta(study, part), err));
cleanup:
  pdlt_study_free(study);
  return status;
}

pdlt_status pdlt_command_theory(pdlt_options *options, int *exit_status, pdlt_error *err) {
  *exit_status = 0;
  return make_one(PDLT_THEORY, options, err);
}

pdlt_status pdlt_command_train(pdlt_options *options, int *exit_status, pdlt_error *err) {
  *exit_status = 0;
  return make_one(PDLT_MEASURED, options, err);
}

pdlt_status pdlt_command_merge(pdlt_options *options, int *exit_status, pdlt_error *err) {
  char *meta = NULL;
  *exit_status = 0;
  pdlt_status status =
      pdlt_shards_merge((size_t)options->num_args, (const char *const *)options->args,
                        options->output, &options->settings, &meta, err);
  if (status == PDLT_OK) status = print_result(options, meta, err);
  pdlt_text_free(meta);
  return status;
}

static pdlt_status run_one(pdlt_study *study, const char *folder, const pdlt_options *options,
                           int *exit_status, pdlt_error *err) {
  pdlt_status status = pdlt_study_run(study, folder, err);
  if (status == PDLT_OK) status = pdlt_print_verdict(study, folder, options, err);
  if (status != PDLT_OK) return status;
  *exit_status = exit_of(study);
  return PDLT_OK;
}

/* Every point into DIR/NAME, then one page. */
static pdlt_status run_sweep(pdlt_study *study, const pdlt_options *options, int *exit_status,
                             pdlt_error *err) {
  char folder[PDLT_COMMAND_PATH];
  pdlt_study *point = NULL;
  pdlt_status status = PDLT_OK;
  *exit_status = 0;
  PDLT_TRY(pdlt_study_hold(study, options->output, err));
  for (size_t p = 0; p < pdlt_study_num_points(study); p++) {
    int one = 0;
    PDLT_TRY(pdlt_study_point(study, p, &point, err));
    const int length =
        snprintf(folder, sizeof folder, "%s/%s", options->output, pdlt_study_name(point));
    if (length >= (int)sizeof folder)
      PDLT_TRY(pdlt_fail(err, PDLT_ERR_INPUT, "%.64s...: the path is too long", options->output));
    if (!options->json) printf("%s\n", pdlt_study_name(point));
    PDLT_TRY(run_one(point, folder, options, &one, err));
    pdlt_study_forget_arrays(point);
    if (one > *exit_status) *exit_status = one;
  }
  PDLT_TRY(pdlt_study_compare(study, options->output, err));
  if (!options->json) printf("%s/report.html\n", options->output);
cleanup:
  return status;
}

pdlt_status pdlt_command_run(pdlt_options *options, int *exit_status, pdlt_error *err) {
  pdlt_study *study = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_study_open(&study, options->args[0], &options->settings, err));
  PDLT_TRY(pdlt_study_num_points(study) > 0
               ? run_sweep(study, options, exit_status, err)
               : run_one(study, options->output, options, exit_status, err));
cleanup:
  pdlt_study_free(study);
  return status;
}

pdlt_status pdlt_command_compare(pdlt_options *options, int *exit_status, pdlt_error *err) {
  pdlt_study *study = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(
      pdlt_study_open_results(&study, options->args[0], options->args[1], &options->settings, err));
  PDLT_TRY(pdlt_study_compare(study, options->output, err));
  PDLT_TRY(pdlt_print_verdict(study, options->output, options, err));
  *exit_status = exit_of(study);
cleanup:
  pdlt_study_free(study);
  return status;
}
