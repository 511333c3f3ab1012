/* features.c - single networks looked at, and their page; see pdlt_tools.h. */
#include <string.h>
#include <unistd.h>

#include "base/core/memory.h"
#include "base/experiment/results.h"
#include "base/file/json.h"
#include "base/file/npz.h"
#include "cli/study/study.h"
#include "compare/page/features.h"
#include "trainer/features/features.h"

/* An archive of another experiment is left alone without --force. */
static pdlt_status check_file(const pdlt_study *study, const char *path, const char *hash,
                              pdlt_error *err) {
  pdlt_archive archive = {0};
  if (study->settings.force || access(path, F_OK) != 0) return PDLT_OK;
  const pdlt_status status = pdlt_npz_read(&archive, path, NULL);
  const char *there =
      status == PDLT_OK ? json_string_value(json_object_get(archive.meta, "hash")) : NULL;
  const int same = there != NULL && strcmp(there, hash) == 0;
  pdlt_archive_free(&archive);
  if (status == PDLT_ERR_MEMORY) return pdlt_fail(err, status, "%s: out of memory", path);
  if (same) return PDLT_OK;
  return pdlt_fail(err, PDLT_ERR_INPUT,
                   "%s: exists and is of another experiment; choose another path, or --force to "
                   "overwrite it",
                   path);
}

static pdlt_status make_archive(pdlt_study *study, unsigned long member, pdlt_archive *out,
                                pdlt_error *err) {
  const pdlt_experiment *ex = &study->resolved.experiment;
  const pdlt_features_options options = {.threads = study->settings.threads,
                                         .width = ex->network.widths[0],
                                         .member = member,
                                         .stop = study->settings.stop,
                                         .progress = &study->progress};
  pdlt_progress_event(&study->progress, PDLT_EVENT_BEGIN, "training");
  const pdlt_status status = pdlt_features_run(out, ex, &study->resolved.data, &options, err);
  if (status == PDLT_OK)
    pdlt_progress_event(&study->progress, PDLT_EVENT_END, "training");
  else
    pdlt_progress_break(&study->progress);
  return status;
}

/* Theory or measurement of the same experiment, widths aside, from the folder; left empty where there is none. */
static pdlt_status read_beside(pdlt_archive *out, const char *folder, const char *name,
                               const pdlt_archive *features, pdlt_error *err) {
  char path[PDLT_PATH_LENGTH];
  pdlt_archive archive = {0};
  pdlt_status status = pdlt_path_join(path, folder, name, err);
  if (status != PDLT_OK || access(path, F_OK) != 0) return status;
  PDLT_TRY(pdlt_npz_read(&archive, path, err));
  PDLT_TRY(pdlt_results_check(&archive, path, err));
  const json_t *own = json_object_get(features->meta, "physics_hash");
  if (json_equal(own, json_object_get(archive.meta, "physics_hash"))) {
    *out = archive;
    return PDLT_OK;
  }
cleanup:
  pdlt_archive_free(&archive);
  return status;
}

static pdlt_status write_page(pdlt_study *study, const pdlt_archive *features, const char *folder,
                              char **json, pdlt_error *err) {
  pdlt_archive theory = {0}, measured = {0};
  const pdlt_features_input in = {.features = features, .theory = &theory, .measured = &measured};
  pdlt_status status = PDLT_OK;
  pdlt_progress_event(&study->progress, PDLT_EVENT_BEGIN, "comparison");
  PDLT_TRY(read_beside(&theory, folder, "theory.npz", features, err));
  PDLT_TRY(read_beside(&measured, folder, "measured.npz", features, err));
  PDLT_TRY(pdlt_features_page_write(&in, folder, json, err));
  pdlt_progress_event(&study->progress, PDLT_EVENT_END, "comparison");
cleanup:
  pdlt_archive_free(&theory);
  pdlt_archive_free(&measured);
  return status;
}

pdlt_status pdlt_study_features(pdlt_study *study, const char *folder, unsigned long member,
                                char **json, pdlt_error *err) {
  PDLT_NUMBERS_WITH_POINT;
  pdlt_archive features = {0};
  char path[PDLT_PATH_LENGTH], hash[17];
  int own = 0;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_study_resolve(study, err));
  PDLT_TRY(pdlt_study_check_trainable(study, err));
  PDLT_TRY(pdlt_study_hold_now(study, folder, &own, err));
  PDLT_TRY(pdlt_path_join(path, folder, "features.npz", err));
  PDLT_TRY(
      pdlt_experiment_hash(&study->resolved.experiment, study->resolved.data.hash, 0, hash, err));
  PDLT_TRY(check_file(study, path, hash, err));
  PDLT_TRY(make_archive(study, member, &features, err));
  PDLT_TRY(pdlt_npz_write(&features, path, err));
  PDLT_TRY(write_page(study, &features, folder, json, err));
cleanup:
  pdlt_study_release(study, own);
  pdlt_archive_free(&features);
  return status;
}
