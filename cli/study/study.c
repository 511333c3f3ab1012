/* study.c - a study is opened, set and freed; see pdlt.h. */
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/file/json.h"
#include "base/file/npz.h"
#include "base/vector/linalg.h"
#include "cli/study/study.h"

/* --- Free --- */

static void clear_origin(pdlt_origin *origin) {
  pdlt_free(origin->path);
  pdlt_free(origin->text);
  pdlt_free(origin->x);
  pdlt_free(origin->y);
}

static void drop_comparison(pdlt_study *study) {
  pdlt_comparison_free(&study->comparison);
  pdlt_free(study->verdict);
  study->verdict = NULL;
  study->compared = 0;
}

static void clear_result(pdlt_result *result) {
  pdlt_archive_free(&result->archive);
  pdlt_free(result->meta);
  *result = (pdlt_result){0};
}

void pdlt_study_drop_result(pdlt_study *study, pdlt_part part) {
  clear_result(&study->results[part]);
  drop_comparison(study);
}

void pdlt_study_forget_arrays(pdlt_study *study) {
  for (int part = 0; part < 2; part++) clear_result(&study->results[part]);
}

/* Everything that follows from the experiment. */
static void drop_all(pdlt_study *study) {
  pdlt_study_forget_arrays(study);
  drop_comparison(study);
  pdlt_experiment_free(&study->resolved.experiment);
  pdlt_dataset_free(&study->resolved.data);
  study->is_resolved = 0;
  for (size_t p = 0; study->points != NULL && p < study->sweep.count; p++)
    pdlt_study_free(study->points[p]);
  pdlt_free((void *)study->points);
  study->points = NULL;
  pdlt_sweep_free(&study->sweep);
}

void pdlt_study_free(pdlt_study *study) {
  if (study == NULL) return;
  drop_all(study);
  pdlt_lock_release(&study->lock);
  clear_origin(&study->origin);
  pdlt_settings_clear(&study->settings);
  pdlt_free(study->name);
  pdlt_free(study);
}

/* --- Open --- */

static pdlt_status copy_text(char **out, const char *text, pdlt_error *err) {
  return text == NULL ? PDLT_OK : pdlt_strdup(out, text, err);
}

static pdlt_status copy_numbers(double **out, const double *from, size_t rows, size_t columns,
                                pdlt_error *err) {
  if (columns > 0 && rows > (size_t)-1 / columns)
    return pdlt_fail(err, PDLT_ERR_MEMORY, "%zu samples of %zu numbers do not fit in memory", rows,
                     columns);
  const pdlt_status status = pdlt_alloc(out, rows * columns, sizeof **out, err);
  if (status == PDLT_OK && rows * columns > 0) memcpy(*out, from, rows * columns * sizeof **out);
  return status;
}

static pdlt_status copy_origin(pdlt_origin *out, const pdlt_origin *from, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  PDLT_TRY(copy_text(&out->path, from->path, err));
  PDLT_TRY(copy_text(&out->text, from->text, err));
  out->samples = from->samples;
  out->inputs = from->inputs;
  out->outputs = from->outputs;
  if (from->samples == 0) return PDLT_OK;
  PDLT_TRY(copy_numbers(&out->x, from->x, from->samples, from->inputs, err));
  PDLT_TRY(copy_numbers(&out->y, from->y, from->samples, from->outputs, err));
cleanup:
  return status;
}

/* The sweep, or whether the experiment can be read; points are read when they are made. */
static pdlt_status read_keys(pdlt_study *study, pdlt_error *err) {
  const size_t count = pdlt_settings_count(&study->settings);
  const pdlt_origin *o = &study->origin;
  pdlt_experiment ex = {0};
  pdlt_status status =
      o->path != NULL ? pdlt_sweep_read(&study->sweep, o->path, count, study->settings.sets, err)
                      : pdlt_sweep_parse(&study->sweep, o->text, "experiment", count,
                                         study->settings.sets, err);
  if (status != PDLT_OK || study->sweep.num_keys > 0) return status;
  status = pdlt_study_read(study, &ex, err);
  pdlt_experiment_free(&ex);
  return status;
}

static pdlt_status new_study(pdlt_study **out, const pdlt_origin *origin, size_t more,
                             char *const *sets, const pdlt_settings *settings, pdlt_error *err) {
  PDLT_NUMBERS_WITH_POINT;
  pdlt_study *study = NULL;
  pdlt_status status = pdlt_alloc(&study, 1, sizeof *study, err);
  if (status != PDLT_OK) return status;
  study->explains = 1;
  PDLT_TRY(pdlt_settings_copy(&study->settings, settings, more, sets, err));
  PDLT_TRY(pdlt_linalg_init(study->settings.threads, err));
  PDLT_TRY(pdlt_strdup(&study->name, "", err));
  study->progress = (pdlt_progress){.mode = pdlt_progress_choose(!study->settings.verbose),
                                    .call = study->settings.call,
                                    .context = study->settings.context,
                                    .stop = study->settings.stop};
  PDLT_TRY(copy_origin(&study->origin, origin, err));
  if (origin->path != NULL || origin->text != NULL) PDLT_TRY(read_keys(study, err));
  *out = study;
  return PDLT_OK;
cleanup:
  pdlt_study_free(study);
  return status;
}

pdlt_status pdlt_study_open(pdlt_study **out, const char *path, const pdlt_settings *settings,
                            pdlt_error *err) {
  const pdlt_origin origin = {.path = (char *)path};
  if (path == NULL) return pdlt_fail(err, PDLT_ERR_INPUT, "no path of an experiment was given");
  return new_study(out, &origin, 0, NULL, settings, err);
}

pdlt_status pdlt_study_open_text(pdlt_study **out, const char *text, const pdlt_settings *settings,
                                 pdlt_error *err) {
  const pdlt_origin origin = {.text = (char *)text};
  if (text == NULL) return pdlt_fail(err, PDLT_ERR_INPUT, "no text of an experiment was given");
  return new_study(out, &origin, 0, NULL, settings, err);
}

pdlt_status pdlt_study_open_arrays(pdlt_study **out, const char *text, size_t samples,
                                   size_t inputs, const double *x, size_t outputs, const double *y,
                                   const pdlt_settings *settings, pdlt_error *err) {
  if (text == NULL || x == NULL || y == NULL)
    return pdlt_fail(err, PDLT_ERR_INPUT, "no text, no x or no y was given");
  if (samples == 0 || inputs == 0 || outputs == 0)
    return pdlt_fail(err, PDLT_ERR_INPUT,
                     "arrays of %zu samples, %zu inputs, %zu outputs; expected at least one each",
                     samples, inputs, outputs);
  const pdlt_origin origin = {.text = (char *)text,
                              .samples = samples,
                              .inputs = inputs,
                              .outputs = outputs,
                              .x = (double *)x,
                              .y = (double *)y};
  return new_study(out, &origin, 0, NULL, settings, err);
}

pdlt_status pdlt_study_derive(pdlt_study **out, const pdlt_study *from, size_t more,
                              char *const *sets, pdlt_error *err) {
  return new_study(out, &from->origin, more, sets, &from->settings, err);
}

/* --- Results in files --- */

static pdlt_status read_kind(pdlt_result *out, const char *path, const char *kind,
                             pdlt_progress *progress, pdlt_error *err) {
  pdlt_status status = pdlt_npz_read_shown(&out->archive, path, progress, err);
  if (status != PDLT_OK) return status;
  const char *found = json_string_value(json_object_get(out->archive.meta, "kind"));
  out->made = 1;
  if (found != NULL && strcmp(found, kind) == 0) {
    status = pdlt_stage_check(&out->archive, path, err);
    return status != PDLT_OK ? status : pdlt_json_dump(out->archive.meta, &out->meta, err);
  }
  return pdlt_fail(err, PDLT_ERR_INPUT,
                   "%s: holds %s, not a %s archive; usage: pdlt compare THEORY.npz MEASURED.npz -o "
                   "DIR",
                   path, found == NULL ? "something else" : found, kind);
}

pdlt_status pdlt_study_open_results(pdlt_study **out, const char *theory, const char *measured,
                                    const pdlt_settings *settings, pdlt_error *err) {
  PDLT_NUMBERS_WITH_POINT;
  const pdlt_origin origin = {0};
  pdlt_compare_keys keys;
  pdlt_study *study = NULL;
  if (theory == NULL || measured == NULL)
    return pdlt_fail(err, PDLT_ERR_INPUT, "no path of theory or no path of measurement was given");
  pdlt_status status = new_study(&study, &origin, 0, NULL, settings, err);
  if (status != PDLT_OK) return status;
  pdlt_compare_keys_from_json(&keys, NULL);
  PDLT_TRY(pdlt_compare_keys_set(&keys, pdlt_settings_count(&study->settings), study->settings.sets,
                                 err));
  PDLT_TRY(read_kind(&study->results[PDLT_THEORY], theory, "theory", &study->progress, err));
  PDLT_TRY(read_kind(&study->results[PDLT_MEASURED], measured, "measured", &study->progress, err));
  *out = study;
  return PDLT_OK;
cleanup:
  pdlt_study_free(study);
  return status;
}

/* --- Set --- */

/* What a message about that key as it was set says, without the name of the program's option;
 * NULL: it is about something else. */
static const char *blame(const char *message, const char *key) {
  const char *const before = "--set: ";
  if (strncmp(message, before, strlen(before)) != 0) return NULL;
  message += strlen(before);
  return strncmp(message, key, strlen(key)) == 0 && message[strlen(key)] == ':' ? message : NULL;
}

/* Of results in files: only keys of compare and figures. */
static pdlt_status check_results_key(const char *key, const char *set, pdlt_error *err) {
  pdlt_compare_keys keys;
  pdlt_error wrong = {0};
  pdlt_compare_keys_from_json(&keys, NULL);
  const pdlt_status status = pdlt_compare_keys_set(&keys, 1, &set, &wrong);
  if (status == PDLT_OK) return PDLT_OK;
  const char *blamed = blame(wrong.message, key);
  return pdlt_fail(err, status, "%s", blamed != NULL ? blamed : wrong.message);
}

/* The same study with the key: what would be wrong? *sound: nothing. */
static pdlt_status check_key(const pdlt_study *study, const char *key, char *set, int *sound,
                             pdlt_error *err) {
  pdlt_study *probe = NULL;
  pdlt_error wrong = {0};
  const pdlt_status status = pdlt_study_derive(&probe, study, 1, &set, &wrong);
  const char *blamed = blame(wrong.message, key);
  pdlt_study_free(probe);
  *sound = status == PDLT_OK;
  if (*sound || (status == PDLT_ERR_INPUT && blamed == NULL)) return PDLT_OK;
  return pdlt_fail(err, status, "%s", blamed != NULL ? blamed : wrong.message);
}

/* Takes over a key on which neither theory nor training depends; 0: results must go. */
static int keeps_results(pdlt_study *study, const char *key, const char *set) {
  pdlt_experiment *ex = &study->resolved.experiment;
  const int of_comparison = strncmp(key, "compare.", strlen("compare.")) == 0 ||
                            strncmp(key, "figures.", strlen("figures.")) == 0;
  return of_comparison && study->is_resolved && study->sweep.num_keys == 0 &&
         pdlt_until_key(ex) == NULL &&
         pdlt_compare_keys_set(&ex->compare, 1, &set, NULL) == PDLT_OK;
}

pdlt_status pdlt_study_set(pdlt_study *study, const char *key, const char *value, pdlt_error *err) {
  PDLT_NUMBERS_WITH_POINT;
  pdlt_settings settings = {0};
  char *set = NULL;
  int sound = 1;
  pdlt_status status = PDLT_OK;
  if (key == NULL || value == NULL)
    return pdlt_fail(err, PDLT_ERR_INPUT, "no key or no value was given");
  const int from_files = study->origin.path == NULL && study->origin.text == NULL;
  const size_t size = strlen(key) + strlen(value) + 2;
  PDLT_TRY(pdlt_alloc(&set, size, 1, err));
  snprintf(set, size, "%s=%s", key, value);
  PDLT_TRY(from_files ? check_results_key(key, set, err) : check_key(study, key, set, &sound, err));
  PDLT_TRY(pdlt_settings_copy(&settings, &study->settings, 1, &set, err));
  if (from_files || (sound && keeps_results(study, key, set)))
    drop_comparison(study);
  else
    drop_all(study);
  pdlt_settings_clear(&study->settings);
  study->settings = settings;
  if (!from_files && !study->is_resolved)
    read_keys(study, NULL); /* what is still wrong is said when the study is worked on */
cleanup:
  pdlt_free(set);
  return status;
}
