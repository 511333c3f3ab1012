/* stage.c - one stage of a study (theory or training) from experiment to file. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/core/team.h"
#include "base/experiment/meta.h"
#include "base/file/npz.h"
#include "cli/command.h"
#include "theory/predict/predict.h"
#include "trainer/run/checkpoint.h"
#include "trainer/run/ensemble.h"
#include "trainer/run/ranks.h"

static volatile sig_atomic_t stop_requested = 0;

static void request_stop(int signal_number) {
  stop_requested = 1;
  signal(signal_number, SIG_DFL); /* a second one ends the program at once */
}

pdlt_status pdlt_path_join(char out[PDLT_PATH_LENGTH], const char *folder, const char *name,
                           pdlt_error *err) {
  int length = snprintf(out, PDLT_PATH_LENGTH, "%s/%s", folder, name);
  if (length < 0 || length >= PDLT_PATH_LENGTH)
    return pdlt_fail(err, PDLT_ERR_INPUT, "%.64s...: the path is too long", folder);
  return PDLT_OK;
}

pdlt_status pdlt_stage_check_writable(const char *path, pdlt_error *err) {
  char folder[PDLT_PATH_LENGTH];
  const char *slash = strrchr(path, '/');
  size_t length = slash == NULL ? 1 : (size_t)(slash - path) + (slash == path);
  if (length >= sizeof folder)
    return pdlt_fail(err, PDLT_ERR_INPUT, "%.64s...: the path is too long", path);
  memcpy(folder, slash == NULL ? "." : path, length);
  folder[length] = 0;
  if (access(folder, W_OK | X_OK) != 0)
    return pdlt_fail(err, PDLT_ERR_INPUT, "%s: cannot be written: folder %s: %s", path, folder,
                     strerror(errno));
  return PDLT_OK;
}

static int meta_string_is(const json_t *meta, const char *key, const char *expected) {
  const char *value = json_string_value(json_object_get(meta, key));
  return value != NULL && strcmp(value, expected) == 0;
}

static int meta_number_is(const json_t *meta, const char *key, int expected) {
  return json_integer_value(json_object_get(meta, key)) == expected;
}

/* The same experiment, and all of it or the same shard of it. */
static int is_result(const json_t *meta, const char *kind, const char *hash, int layers,
                     const pdlt_options *options) {
  return meta_string_is(meta, "kind", kind) && meta_string_is(meta, "hash", hash) &&
         json_boolean_value(json_object_get(meta, "layers")) == (layers != 0) &&
         (strcmp(kind, "shard") != 0 || (meta_number_is(meta, "shard", options->shard) &&
                                         meta_number_is(meta, "shards", options->shards)));
}

pdlt_status pdlt_stage_reuse(const char *kind, const char *hash, int layers, const char *path,
                             const pdlt_options *options, pdlt_archive *out, int *found,
                             pdlt_error *err) {
  *found = 0;
  if (access(path, F_OK) != 0) return PDLT_OK;
  pdlt_archive archive = {0};
  pdlt_error unreadable = {0};
  if (pdlt_npz_read(&archive, path, &unreadable) == PDLT_OK &&
      is_result(archive.meta, kind, hash, layers, options)) {
    *out = archive;
    *found = 1;
    if (!options->tacit)
      fprintf(stderr, "%s: complete, from the same experiment; nothing to do\n", path);
    return PDLT_OK;
  }
  pdlt_archive_free(&archive);
  if (options->force) return PDLT_OK;
  return pdlt_fail(err, PDLT_ERR_INPUT,
                   "%s: exists and does not hold this experiment's result; choose another -o, or "
                   "--force to overwrite it",
                   path);
}

static pdlt_status partial_of(char out[PDLT_PATH_LENGTH], const char *path, pdlt_error *err) {
  const int length = snprintf(out, PDLT_PATH_LENGTH, "%s.partial", path);
  if (length < 0 || length >= PDLT_PATH_LENGTH)
    return pdlt_fail(err, PDLT_ERR_INPUT, "%.64s...: the path is too long", path);
  return PDLT_OK;
}

/* From here to restore_signals a signal asks for a stop. */
static void listen_to_signals(struct sigaction old[2]) {
  const struct sigaction action = {.sa_handler = request_stop};
  sigaction(SIGINT, &action, &old[0]);
  sigaction(SIGTERM, &action, &old[1]);
}

static void restore_signals(const struct sigaction old[2]) {
  sigaction(SIGINT, &old[0], NULL);
  sigaction(SIGTERM, &old[1], NULL);
}

static pdlt_ensemble_options settings_of(pdlt_options *options, const pdlt_team *team,
                                         const char *partial) {
  return (pdlt_ensemble_options){.threads = options->threads,
                                 .layers = options->layers,
                                 .shard = options->shard,
                                 .shards = options->shards,
                                 .checkpoint = partial,
                                 .checkpoint_seconds = options->checkpoint_seconds,
                                 .discard = options->force,
                                 .stop = &stop_requested,
                                 .progress = &options->progress,
                                 .team = team};
}

static pdlt_status train(const pdlt_study *study, const char *partial, pdlt_options *options,
                         pdlt_archive *out, pdlt_error *err) {
  const pdlt_team team = pdlt_team_of_program();
  const pdlt_ensemble_options settings = settings_of(options, &team, partial);
  struct sigaction old[2];
  if (team.size > 1 && !options->team)
    return pdlt_fail(err, PDLT_ERR_INPUT,
                     "under mpirun only train and run of one experiment without sweep are shared; "
                     "start this without mpirun");
  listen_to_signals(old);
  const pdlt_status status =
      pdlt_ensemble_run(out, &study->experiment, &study->data, &settings, err);
  restore_signals(old);
  return status;
}

void pdlt_stage_help(const char *experiment, pdlt_options *options) {
  const pdlt_team team = pdlt_team_of_program();
  const pdlt_ensemble_options settings = settings_of(options, &team, NULL);
  pdlt_study study = {0};
  struct sigaction old[2];
  const pdlt_status status = pdlt_study_open(&study, experiment, options, NULL);
  listen_to_signals(old);
  pdlt_ranks_help(&study.experiment, &study.data, &settings, status);
  restore_signals(old);
  pdlt_study_free(&study);
}

pdlt_status pdlt_stage_predict(const pdlt_study *study, pdlt_options *options, pdlt_archive *out,
                               pdlt_error *err) {
  pdlt_predict_options settings = {
      .threads = options->threads, .layers = options->layers, .progress = &options->progress};
  pdlt_archive archive = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_predict(&archive, &study->experiment, &study->data, &settings, err));
  PDLT_TRY(pdlt_meta_fill(pdlt_archive_meta(&archive), "theory", &study->experiment,
                          study->data.hash, options->layers, err));
  *out = archive;
  return PDLT_OK;
cleanup:
  pdlt_archive_free(&archive);
  return status;
}

static const char *kind_name(pdlt_stage_kind kind, const pdlt_options *options) {
  if (kind == PDLT_STAGE_THEORY) return "theory";
  return options->shards > 0 ? "shard" : "measured";
}

pdlt_status pdlt_stage_make(pdlt_stage_kind kind, const pdlt_study *study, const char *path,
                            pdlt_options *options, pdlt_archive *out, int *reused,
                            pdlt_error *err) {
  const char *name = kind_name(kind, options);
  char partial[PDLT_PATH_LENGTH], hash[17];
  pdlt_archive archive = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(partial_of(partial, path, err));
  PDLT_TRY(pdlt_experiment_hash(&study->experiment, study->data.hash, 0, hash, err));
  PDLT_TRY(pdlt_stage_reuse(name, hash, options->layers, path, options, out, reused, err));
  if (*reused) return PDLT_OK;
  PDLT_TRY(pdlt_stage_check_writable(path, err));
  PDLT_TRY(kind == PDLT_STAGE_THEORY ? pdlt_stage_predict(study, options, &archive, err)
                                     : train(study, partial, options, &archive, err));
  if (kind == PDLT_STAGE_MEASURED)
    PDLT_TRY(pdlt_meta_fill(pdlt_archive_meta(&archive), name, &study->experiment, study->data.hash,
                            options->layers, err));
  PDLT_TRY(pdlt_npz_write(&archive, path, err));
  if (kind == PDLT_STAGE_MEASURED) pdlt_checkpoint_remove(partial);
  *out = archive;
  return PDLT_OK;
cleanup:
  pdlt_archive_free(&archive);
  return status;
}
