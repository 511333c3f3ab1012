/* tools.c - version, criticality, shards, several processes; see pdlt_tools.h. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/core/team.h"
#include "base/core/version.h"
#include "base/file/file.h"
#include "base/file/json.h"
#include "base/file/lock.h"
#include "base/file/npz.h"
#include "base/vector/linalg.h"
#include "cli/study/study.h"
#include "compare/plot/plot.h"
#include "theory/infinite/residual.h"
#include "trainer/run/ranks.h"
#include "trainer/run/shard.h"

void pdlt_text_free(char *text) { pdlt_free(text); }

/* --- Version --- */

const char *pdlt_library_version(void) { return pdlt_version(); }

pdlt_status pdlt_about(char **out, pdlt_error *err) {
  char text[1024];
  snprintf(text, sizeof text, "pdlt %s (commit %s)\ncompiler: %s\nBLAS: %s", pdlt_version(),
           pdlt_commit(), pdlt_compiler(), pdlt_linalg_version());
  return pdlt_strdup(out, text, err);
}

/* --- Criticality --- */

static const char *kind_text(pdlt_critical_class kind) {
  switch (kind) {
    case PDLT_CRITICAL_NONE:
      return "none";
    case PDLT_CRITICAL_SCALE_INVARIANT:
      return "scale-invariant";
    case PDLT_CRITICAL_K_ZERO:
      return "K* = 0";
    case PDLT_CRITICAL_HALF_STABLE:
      return "half-stable";
  }
  return "";
}

pdlt_status pdlt_critical_residual(const char *activation, double gamma, pdlt_criticality *out,
                                   pdlt_error *err) {
  PDLT_NUMBERS_WITH_POINT;
  pdlt_activation act;
  pdlt_critical_point plain, point;
  double nu = NAN;
  pdlt_status status = PDLT_OK;
  if (activation == NULL) return pdlt_fail(err, PDLT_ERR_INPUT, "no activation was given");
  if (!isfinite(gamma))
    return pdlt_fail(err, PDLT_ERR_INPUT, "gamma of skip connections is not a finite number");
  PDLT_TRY(pdlt_linalg_init(1, err));
  PDLT_TRY(pdlt_activation_parse(&act, activation, err));
  PDLT_TRY(pdlt_critical_find(&plain, &act, err));
  PDLT_TRY(pdlt_critical_vertex(&nu, &act, &plain, gamma, err));
  point = pdlt_critical_with_skip(&plain, gamma);
  const double zero = 0; /* added to: no number is -0 */
  *out = (pdlt_criticality){.kind = kind_text(point.kind),
                            .C_b = point.C_b + zero,
                            .C_W = point.C_W + zero,
                            .K = point.K + zero,
                            .error_K = point.error_K,
                            .error_C = point.error_C,
                            .a1 = point.a1 + zero,
                            .b1 = point.b1 + zero,
                            .p_0 = point.p_0 + zero,
                            .p_perp = point.p_perp + zero,
                            .nu = nu,
                            .r_star = pdlt_critical_ratio(nu, 1)};
  pdlt_activation_format(&act, out->activation, sizeof out->activation);
  snprintf(out->reason, sizeof out->reason, "%s", point.reason);
cleanup:
  return status;
}

pdlt_status pdlt_critical(const char *activation, pdlt_criticality *out, pdlt_error *err) {
  return pdlt_critical_residual(activation, 0, out, err);
}

/* --- Shards --- */

static pdlt_status add_shards(pdlt_merge *merge, size_t count, const char *const *files,
                              pdlt_progress *progress, pdlt_error *err) {
  for (size_t k = 0; k < count; k++) {
    pdlt_archive shard = {0};
    pdlt_status status = pdlt_npz_read_shown(&shard, files[k], progress, err);
    if (status == PDLT_OK) status = pdlt_merge_add(merge, &shard, files[k], err);
    pdlt_archive_free(&shard);
    if (status != PDLT_OK) return status;
  }
  return PDLT_OK;
}

static pdlt_status finish_merge(const pdlt_merge *merge, const char *path, pdlt_progress *progress,
                                pdlt_archive *out, pdlt_error *err) {
  const pdlt_status status = pdlt_merge_finish(merge, out, err);
  if (status != PDLT_OK) return status;
  if (merge->mixed)
    pdlt_progress_note(progress,
                       "%s: the shards come from different processors or BLAS libraries; one run "
                       "on one of them may differ in the last digits",
                       path);
  return pdlt_npz_write_shown(out, path, progress, err);
}

pdlt_status pdlt_shards_merge(size_t count, const char *const *files, const char *path,
                              const pdlt_settings *settings, char **meta, pdlt_error *err) {
  PDLT_NUMBERS_WITH_POINT;
  pdlt_settings own = {0};
  pdlt_merge merge = {.files = count};
  pdlt_archive archive = {0};
  pdlt_lock lock = {0};
  int found = 0;
  pdlt_status status = PDLT_OK;
  if (count == 0 || files == NULL || path == NULL)
    return pdlt_fail(err, PDLT_ERR_INPUT, "no shards or no path for their result were given");
  PDLT_TRY(pdlt_settings_copy(&own, settings, 0, NULL, err));
  PDLT_TRY(pdlt_linalg_init(own.threads, err));
  pdlt_progress progress = {
      .mode = pdlt_progress_choose(!own.verbose), .call = own.call, .context = own.context};
  PDLT_TRY(pdlt_file_check_target(path, err));
  PDLT_TRY(pdlt_lock_file(&lock, path, err));
  PDLT_TRY(add_shards(&merge, count, files, &progress, err));
  const pdlt_stage_key key = {.kind = "measured",
                              .hash = json_string_value(json_object_get(merge.meta, "hash")),
                              .layers = json_is_true(json_object_get(merge.meta, "layers"))};
  PDLT_TRY(pdlt_stage_reuse(&key, path, own.force, &progress, &archive, &found, err));
  if (!found) PDLT_TRY(finish_merge(&merge, path, &progress, &archive, err));
  if (meta != NULL) PDLT_TRY(pdlt_json_dump(archive.meta, meta, err));
cleanup:
  pdlt_lock_release(&lock);
  pdlt_archive_free(&archive);
  pdlt_merge_free(&merge);
  pdlt_settings_clear(&own);
  return status;
}

/* --- Several processes --- */

void pdlt_processes_begin(int *argc, char ***argv) {
  pdlt_text_keep_lines();
  pdlt_team_begin(argc, argv);
}

void pdlt_processes_end(void) {
  const pdlt_team team = pdlt_team_of_program();
  if (team.rank == 0) pdlt_ranks_dismiss(&team);
  pdlt_team_end();
}

int pdlt_processes_rank(void) { return pdlt_team_of_program().rank; }

void pdlt_processes_help(const char *path, const pdlt_settings *settings) {
  PDLT_NUMBERS_WITH_POINT;
  const pdlt_team team = pdlt_team_of_program();
  pdlt_ensemble_options options = {.team = &team};
  pdlt_study *study = NULL;
  if (team.rank == 0) return; /* the leader has nobody to help */
  pdlt_status status = pdlt_study_open(&study, path, settings, NULL);
  if (status == PDLT_OK) status = pdlt_study_resolve(study, NULL);
  if (study != NULL) options = pdlt_stage_training(study, &team, NULL);
  pdlt_ranks_help(study == NULL ? NULL : &study->resolved.experiment,
                  study == NULL ? NULL : &study->resolved.data, &options, status);
  pdlt_study_free(study);
}
