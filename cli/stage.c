/* stage.c - one stage of a study (theory or training) from experiment to file. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/npz.h"
#include "base/version.h"
#include "cli/command.h"
#include "theory/predict.h"
#include "trainer/ensemble.h"

enum { CHECKPOINT_SECONDS = 20 };

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

/* The folder of path must be there and writable, before hours of work and not after. */
static pdlt_status check_writable(const char *path, pdlt_error *err) {
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

/* Reads path when it holds the complete result of this study: *found = 1. */
static pdlt_status reuse(const char *kind, const pdlt_study *study, const char *path,
                         const pdlt_options *options, pdlt_archive *out, int *found,
                         pdlt_error *err) {
  *found = 0;
  if (access(path, F_OK) != 0) return PDLT_OK;
  char hash[17];
  pdlt_status status = pdlt_experiment_hash(&study->experiment, study->data.hash, 0, hash, err);
  if (status != PDLT_OK) return status;
  pdlt_archive archive = {0};
  pdlt_error unreadable = {0};
  int same = 0;
  if (pdlt_npz_read(&archive, path, &unreadable) == PDLT_OK)
    same = meta_string_is(archive.meta, "kind", kind) &&
           meta_string_is(archive.meta, "hash", hash) &&
           json_boolean_value(json_object_get(archive.meta, "layers")) == (options->layers != 0);
  if (same) {
    *out = archive;
    *found = 1;
    return PDLT_OK;
  }
  pdlt_archive_free(&archive);
  if (options->force) return PDLT_OK;
  return pdlt_fail(err, PDLT_ERR_INPUT,
                   "%s: exists and does not hold this experiment's result; choose another -o, or "
                   "--force to overwrite it",
                   path);
}

static pdlt_status train(const pdlt_study *study, const char *path, pdlt_options *options,
                         pdlt_archive *out, pdlt_error *err) {
  char partial[PDLT_PATH_LENGTH];
  if ((size_t)snprintf(partial, sizeof partial, "%s.partial", path) >= sizeof partial)
    return pdlt_fail(err, PDLT_ERR_INPUT, "%.64s...: the path is too long", path);
  pdlt_ensemble_options settings = {.threads = options->threads,
                                    .layers = options->layers,
                                    .checkpoint = partial,
                                    .checkpoint_seconds = CHECKPOINT_SECONDS,
                                    .stop = &stop_requested,
                                    .progress = &options->progress};
  struct sigaction action = {.sa_handler = request_stop}, old_int, old_term;
  sigaction(SIGINT, &action, &old_int);
  sigaction(SIGTERM, &action, &old_term);
  pdlt_status status = pdlt_ensemble_run(out, &study->experiment, &study->data, &settings, err);
  if (status == PDLT_ERR_INPUT && options->force && unlink(partial) == 0)
    status = pdlt_ensemble_run(out, &study->experiment, &study->data, &settings, err);
  sigaction(SIGINT, &old_int, NULL);
  sigaction(SIGTERM, &old_term, NULL);
  return status;
}

static pdlt_status predict(const pdlt_study *study, pdlt_options *options, pdlt_archive *out,
                           pdlt_error *err) {
  pdlt_predict_options settings = {
      .threads = options->threads, .layers = options->layers, .progress = &options->progress};
  return pdlt_predict(out, &study->experiment, &study->data, &settings, err);
}

pdlt_status pdlt_stage_make(pdlt_stage_kind kind, const pdlt_study *study, const char *path,
                            pdlt_options *options, pdlt_archive *out, int *reused,
                            pdlt_error *err) {
  const char *name = kind == PDLT_STAGE_THEORY ? "theory" : "measured";
  pdlt_archive archive = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(reuse(name, study, path, options, out, reused, err));
  if (*reused) {
    fprintf(stderr, "%s: complete, from the same experiment; nothing to do\n", path);
    return PDLT_OK;
  }
  PDLT_TRY(check_writable(path, err));
  PDLT_TRY(kind == PDLT_STAGE_THEORY ? predict(study, options, &archive, err)
                                     : train(study, path, options, &archive, err));
  PDLT_TRY(pdlt_meta_fill(pdlt_archive_meta(&archive), name, &study->experiment, study->data.hash,
                          options->layers, err));
  PDLT_TRY(pdlt_npz_write(&archive, path, err));
  if (kind == PDLT_STAGE_MEASURED) {
    char partial[PDLT_PATH_LENGTH + 16];
    snprintf(partial, sizeof partial, "%s.partial", path);
    unlink(partial);
  }
  *out = archive;
  return PDLT_OK;
cleanup:
  pdlt_archive_free(&archive);
  return status;
}
