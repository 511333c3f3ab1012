/* stage.c - one stage of a study (theory or training) from experiment to result and file. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/core/memory.h"
#include "base/core/team.h"
#include "base/experiment/results.h"
#include "base/file/file.h"
#include "base/file/json.h"
#include "base/file/lock.h"
#include "base/file/npz.h"
#include "cli/study/explain.h"
#include "cli/study/sizes.h"
#include "cli/study/study.h"
#include "trainer/run/checkpoint.h"
#include "trainer/run/ensemble.h"

pdlt_status pdlt_path_join(char out[PDLT_PATH_LENGTH], const char *folder, const char *name,
                           pdlt_error *err) {
  int length = snprintf(out, PDLT_PATH_LENGTH, "%s/%s", folder, name);
  if (length < 0 || length >= PDLT_PATH_LENGTH)
    return pdlt_fail(err, PDLT_ERR_INPUT, "%.64s...: the path is too long", folder);
  return PDLT_OK;
}

static int meta_string_is(const json_t *meta, const char *key, const char *expected) {
  const char *value = json_string_value(json_object_get(meta, key));
  return value != NULL && strcmp(value, expected) == 0;
}

static int meta_number_is(const json_t *meta, const char *key, int expected) {
  return json_integer_value(json_object_get(meta, key)) == expected;
}

/* The same but for keys of compare: earlier versions counted these in `hash`. */
static int is_of_experiment(const json_t *meta, const char *hash) {
  char own[17];
  if (meta_string_is(meta, "hash", hash)) return 1;
  return pdlt_experiment_json_hash(json_object_get(meta, "experiment"),
                                   json_string_value(json_object_get(meta, "data_hash")), own,
                                   NULL) == PDLT_OK &&
         strcmp(own, hash) == 0;
}

/* The same experiment, and all of it or the same shard of it. */
static int is_result(const json_t *meta, const pdlt_stage_key *key) {
  return meta_string_is(meta, "kind", key->kind) && is_of_experiment(meta, key->hash) &&
         json_boolean_value(json_object_get(meta, "layers")) == (key->layers != 0) &&
         (strcmp(key->kind, "shard") != 0 || (meta_number_is(meta, "shard", key->shard) &&
                                              meta_number_is(meta, "shards", key->shards)));
}

/* x and y, where the archive has them as they were made, are those of data_hash. */
static pdlt_status check_samples(const pdlt_archive *archive, const char *path, pdlt_error *err) {
  const json_t *data = json_object_get(json_object_get(archive->meta, "experiment"), "data");
  const char *named = json_string_value(json_object_get(archive->meta, "data_hash"));
  const pdlt_array *x = pdlt_archive_get(archive, "x"), *y = pdlt_archive_get(archive, "y");
  char hash[17];
  if (named == NULL || x == NULL || y == NULL || x->single || y->single) return PDLT_OK;
  const pdlt_dataset samples = {.train = (size_t)json_integer_value(json_object_get(data, "train")),
                                .test = (size_t)json_integer_value(json_object_get(data, "test")),
                                .inputs = x->dim[1],
                                .outputs = y->dim[1],
                                .x = x->data,
                                .y = y->data};
  pdlt_dataset_hash(&samples, hash);
  if (strcmp(hash, named) == 0) return PDLT_OK;
  return pdlt_fail(
      err, PDLT_ERR_INPUT,
      "%s: x, y: not the samples that data_hash of its meta names; make the file again", path);
}

pdlt_status pdlt_stage_check(const pdlt_archive *archive, const char *path, pdlt_error *err) {
  const char *kind = json_string_value(json_object_get(archive->meta, "kind"));
  const pdlt_status status = pdlt_results_check(archive, path, err);
  const int known = kind != NULL && (strcmp(kind, "theory") == 0 || strcmp(kind, "measured") == 0);
  return status == PDLT_OK && known ? check_samples(archive, path, err) : status;
}

pdlt_status pdlt_stage_reuse(const pdlt_stage_key *key, const char *path, int force,
                             pdlt_progress *progress, pdlt_archive *out, int *found,
                             pdlt_error *err) {
  *found = 0;
  if (access(path, F_OK) != 0) return PDLT_OK;
  pdlt_archive archive = {0};
  pdlt_error unreadable = {0};
  if (pdlt_npz_read_shown(&archive, path, progress, &unreadable) == PDLT_OK &&
      is_result(archive.meta, key)) {
    const pdlt_status status = pdlt_stage_check(&archive, path, err);
    if (status != PDLT_OK) {
      pdlt_archive_free(&archive);
      return force ? PDLT_OK : status;
    }
    *out = archive;
    *found = 1;
    pdlt_progress_event(progress, PDLT_EVENT_REUSED, path);
    return PDLT_OK;
  }
  pdlt_archive_free(&archive);
  if (force) return PDLT_OK;
  return pdlt_fail(err, PDLT_ERR_INPUT,
                   "%s: exists and does not hold this experiment's result; choose another path, or "
                   "--force to overwrite it",
                   path);
}

static pdlt_status partial_of(char out[PDLT_PATH_LENGTH], const char *path, pdlt_error *err) {
  const int length = snprintf(out, PDLT_PATH_LENGTH, "%s.partial", path);
  if (length < 0 || length >= PDLT_PATH_LENGTH)
    return pdlt_fail(err, PDLT_ERR_INPUT, "%.64s...: the path is too long", path);
  return PDLT_OK;
}

pdlt_ensemble_options pdlt_stage_training(pdlt_study *study, const pdlt_team *team,
                                          const char *partial) {
  const pdlt_settings *s = &study->settings;
  return (pdlt_ensemble_options){.threads = s->threads,
                                 .layers = s->layers,
                                 .shard = s->shard,
                                 .shards = s->shards,
                                 .checkpoint = partial,
                                 .checkpoint_seconds = s->checkpoint_seconds,
                                 .discard = s->force,
                                 .stop = s->stop,
                                 .progress = &study->progress,
                                 .team = team};
}

static pdlt_status train(pdlt_study *study, int layers, const char *partial, pdlt_archive *out,
                         pdlt_error *err) {
  const pdlt_team team = pdlt_team_of_program();
  pdlt_ensemble_options options = pdlt_stage_training(study, &team, partial);
  options.layers = layers;
  if (team.size > 1 && !study->settings.team)
    return pdlt_fail(err, PDLT_ERR_INPUT,
                     "under mpirun only train and run of one experiment without sweep are shared; "
                     "start this without mpirun");
  return pdlt_ensemble_run(out, &study->resolved.experiment, &study->resolved.data, &options, err);
}

/* The work itself, between its two events; none begins after a stop. */
static pdlt_status work(pdlt_study *study, pdlt_part part, int layers, const char *partial,
                        pdlt_archive *out, pdlt_error *err) {
  const char *name = part == PDLT_THEORY ? "theory" : "training";
  if (study->settings.stop != NULL && *study->settings.stop != 0)
    return pdlt_fail(err, PDLT_ERR_INTERRUPTED, "interrupted before %s began", name);
  if (part == PDLT_MEASURED && study->explains) {
    const pdlt_status explained = pdlt_explain_note(study, err);
    if (explained != PDLT_OK) return explained;
  }
  if (part == PDLT_MEASURED) {
    const pdlt_status enough = pdlt_study_check_draws(study, err);
    if (enough != PDLT_OK) return enough;
  }
  pdlt_progress_event(&study->progress, PDLT_EVENT_BEGIN, name);
  const pdlt_status status = part == PDLT_THEORY ? pdlt_study_theory(out, study, layers, err)
                                                 : train(study, layers, partial, out, err);
  if (status == PDLT_OK)
    pdlt_progress_event(&study->progress, PDLT_EVENT_END, name);
  else
    pdlt_progress_break(&study->progress);
  return status;
}

/* A large file is announced before the work that it takes. */
static void announce(pdlt_study *study, pdlt_part part, int layers, const char *path) {
  const double large = 50e6;
  pdlt_sizes sizes;
  if (study->settings.shards > 0 ||
      pdlt_sizes_estimate(&sizes, &study->resolved.experiment, &study->resolved.data, layers,
                          NULL) != PDLT_OK)
    return; /* what is wrong is said by the work itself */
  const double bytes = part == PDLT_THEORY ? sizes.theory : sizes.measured;
  if (bytes >= large) pdlt_progress_note(&study->progress, "%s: about %.0f MB", path, bytes / 1e6);
}

/* The work of a file that is not there yet, or not whole; its lock is held. */
static pdlt_status fill_file(pdlt_study *study, pdlt_part part, int layers, const char *path,
                             pdlt_archive *out, pdlt_error *err) {
  char partial[PDLT_PATH_LENGTH];
  pdlt_status status = PDLT_OK;
  PDLT_TRY(partial_of(partial, path, err));
  announce(study, part, layers, path);
  PDLT_TRY(work(study, part, layers, partial, out, err));
  PDLT_TRY(pdlt_npz_write_shown(out, path, &study->progress, err));
  if (part == PDLT_MEASURED) pdlt_checkpoint_remove(partial);
cleanup:
  return status;
}

/* What is left of the work on a file that is whole: its removal was interrupted. */
static void remove_left(const char *path) {
  char partial[PDLT_PATH_LENGTH];
  pdlt_lock lock = {0};
  if (partial_of(partial, path, NULL) != PDLT_OK || access(partial, F_OK) != 0) return;
  if (pdlt_lock_file(&lock, path, NULL) != PDLT_OK) return; /* somebody works on it anew */
  pdlt_checkpoint_remove(partial);
  pdlt_lock_release(&lock);
}

/* By way of the file: read from it, or made and written to it. Another process may have finished it
 * until the lock was taken. */
static pdlt_status make_file(pdlt_study *study, pdlt_part part, int layers, const char *path,
                             pdlt_archive *out, pdlt_error *err) {
  const pdlt_settings *s = &study->settings;
  pdlt_lock lock = {0};
  char hash[17];
  int reused = 0;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(
      pdlt_experiment_hash(&study->resolved.experiment, study->resolved.data.hash, 0, hash, err));
  const char *kind = part == PDLT_THEORY ? "theory" : s->shards > 0 ? "shard" : "measured";
  const pdlt_stage_key key = {kind, hash, layers, s->shard, s->shards};
  PDLT_TRY(pdlt_stage_reuse(&key, path, s->force, &study->progress, out, &reused, err));
  if (reused) {
    if (part == PDLT_MEASURED) remove_left(path);
    return PDLT_OK;
  }
  PDLT_TRY(pdlt_file_check_target(path, err));
  PDLT_TRY(pdlt_lock_file(&lock, path, err));
  PDLT_TRY(pdlt_stage_reuse(&key, path, s->force, &study->progress, out, &reused, err));
  if (!reused) PDLT_TRY(fill_file(study, part, layers, path, out, err));
cleanup:
  pdlt_lock_release(&lock);
  return status;
}

/* The metadata as text, and as they are read back from it: what is written of them does not depend on
 * whether the result was made now or comes from its file, where keys are sorted. */
static pdlt_status settle_meta(pdlt_result *result, pdlt_error *err) {
  json_t *settled = NULL;
  pdlt_status status = pdlt_json_dump(result->archive.meta, &result->meta, err);
  if (status == PDLT_OK)
    status = pdlt_json_parse(&settled, result->meta, strlen(result->meta), err);
  if (status != PDLT_OK) return status;
  json_decref(result->archive.meta);
  result->archive.meta = settled;
  return PDLT_OK;
}

pdlt_status pdlt_stage_make(pdlt_study *study, pdlt_part part, int layers, const char *path,
                            pdlt_error *err) {
  pdlt_result result = {.made = 1};
  pdlt_status status = PDLT_OK;
  pdlt_study_drop_result(study, part);
  PDLT_TRY(path != NULL ? make_file(study, part, layers, path, &result.archive, err)
                        : work(study, part, layers, NULL, &result.archive, err));
  PDLT_TRY(settle_meta(&result, err));
  study->results[part] = result;
  return PDLT_OK;
cleanup:
  pdlt_free(result.meta);
  pdlt_archive_free(&result.archive);
  return status;
}

pdlt_status pdlt_study_predict(pdlt_study *study, const char *path, pdlt_error *err) {
  PDLT_NUMBERS_WITH_POINT;
  const pdlt_status status = pdlt_study_resolve(study, err);
  return status != PDLT_OK ? status
                           : pdlt_stage_make(study, PDLT_THEORY, study->settings.layers, path, err);
}

pdlt_status pdlt_study_train(pdlt_study *study, const char *path, pdlt_error *err) {
  PDLT_NUMBERS_WITH_POINT;
  pdlt_status status = pdlt_study_resolve(study, err);
  if (status == PDLT_OK) status = pdlt_study_check_trainable(study, err);
  return status != PDLT_OK
             ? status
             : pdlt_stage_make(study, PDLT_MEASURED, study->settings.layers, path, err);
}
