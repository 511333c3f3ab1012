/* commands.c - run, theory, train: the subcommands that start from an experiment. */
#include <stdio.h>

#include "base/file/file.h"
#include "cli/command.h"

pdlt_status pdlt_stage_print(const pdlt_options *options, const pdlt_archive *archive, int reused,
                             pdlt_error *err) {
  if (!options->json) return PDLT_OK;
  json_t *made = json_pack("{s:s, s:O, s:b}", "output", options->output, "hash",
                           json_object_get(archive->meta, "hash"), "reused", reused);
  if (made == NULL) return pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory");
  json_dumpf(made, stdout, JSON_INDENT(1) | JSON_SORT_KEYS);
  printf("\n");
  json_decref(made);
  return PDLT_OK;
}

static pdlt_status make_one(pdlt_stage_kind kind, pdlt_options *options, pdlt_error *err) {
  pdlt_study study = {0};
  pdlt_archive archive = {0};
  int reused = 0;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_study_open(&study, options->args[0], options, err));
  if (kind == PDLT_STAGE_MEASURED) PDLT_TRY(pdlt_study_check_trainable(&study, err));
  PDLT_TRY(pdlt_stage_make(kind, &study, options->output, options, &archive, &reused, err));
  PDLT_TRY(pdlt_stage_print(options, &archive, reused, err));
cleanup:
  pdlt_archive_free(&archive);
  pdlt_study_free(&study);
  return status;
}

pdlt_status pdlt_command_theory(pdlt_options *options, int *exit_status, pdlt_error *err) {
  *exit_status = 0;
  return make_one(PDLT_STAGE_THEORY, options, err);
}

pdlt_status pdlt_command_train(pdlt_options *options, int *exit_status, pdlt_error *err) {
  *exit_status = 0;
  return make_one(PDLT_STAGE_MEASURED, options, err);
}

pdlt_status pdlt_run_one(const char *folder, pdlt_options *options, pdlt_comparison *out,
                         int *exit_status, pdlt_error *err) {
  pdlt_study study = {0};
  pdlt_archive theory = {0}, measured = {0};
  char theory_path[PDLT_PATH_LENGTH], measured_path[PDLT_PATH_LENGTH];
  int reused = 0;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_study_open(&study, options->args[0], options, err));
  PDLT_TRY(pdlt_study_check_trainable(&study, err));
  PDLT_TRY(pdlt_path_join(theory_path, folder, "theory.npz", err));
  PDLT_TRY(pdlt_path_join(measured_path, folder, "measured.npz", err));
  PDLT_TRY(pdlt_folder_make(folder, err));
  PDLT_TRY(pdlt_stage_make(PDLT_STAGE_THEORY, &study, theory_path, options, &theory, &reused, err));
  PDLT_TRY(pdlt_stage_make(PDLT_STAGE_MEASURED, &study, measured_path, options, &measured, &reused,
                           err));
  PDLT_TRY(pdlt_compare_into(folder, &theory, &measured, options, out, exit_status, err));
cleanup:
  pdlt_archive_free(&theory);
  pdlt_archive_free(&measured);
  pdlt_study_free(&study);
  return status;
}

pdlt_status pdlt_command_run(pdlt_options *options, int *exit_status, pdlt_error *err) {
  pdlt_sweep sweep = {0};
  pdlt_status status =
      pdlt_sweep_read(&sweep, options->args[0], options->num_sets, options->sets, err);
  if (status != PDLT_OK) return status;
  status = sweep.num_keys == 0 ? pdlt_run_one(options->output, options, NULL, exit_status, err)
                               : pdlt_run_sweep(&sweep, options, exit_status, err);
  pdlt_sweep_free(&sweep);
  return status;
}
