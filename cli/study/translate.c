/* translate.c - descriptions of frameworks and experiments, with their data: see pdlt.h. */
#include "base/translate/translate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/core/memory.h"
#include "base/file/file.h"
#include "cli/study/study.h"

/* --- where data files are, as seen from a new file --- */

/* Owned by the caller (free): "" is the root. */
static pdlt_status real_folder(char **out, const char *path, pdlt_error *err) {
  errno = 0;
  *out = realpath(path, NULL);
  if (*out == NULL && errno == ENOMEM)
    return pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory for the path of %s", path);
  if (*out == NULL) return pdlt_fail(err, PDLT_ERR_INPUT, "%s: %s", path, strerror(errno));
  if (strcmp(*out, "/") == 0) (*out)[0] = 0;
  return PDLT_OK;
}

static int ends(char c) { return c == 0 || c == '/'; }

/* The folder `to` as seen from the folder `from`: "" for the same one. */
static pdlt_status way(char **out, const char *from, const char *to, pdlt_error *err) {
  char *start = NULL, *end = NULL;
  size_t same = 0, up = 0;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(real_folder(&start, from, err));
  PDLT_TRY(real_folder(&end, to, err));
  for (size_t k = 0;; k++) {
    if (ends(start[k]) && ends(end[k])) same = k;
    if (start[k] != end[k] || start[k] == 0) break;
  }
  for (const char *c = start + same; *c != 0; c++) up += *c == '/';
  const char *rest = end + same; /* "" or "/..." */
  PDLT_TRY(pdlt_alloc(out, 3 * up + strlen(rest) + 1, 1, err));
  for (size_t k = 0; k < up; k++) strcat(*out, k == 0 ? ".." : "/..");
  strcat(*out, rest + (up == 0 && rest[0] == '/'));
cleanup:
  free(start);
  free(end);
  return status;
}

/* Texts of pdlt_places; path: of the file that is translated, or NULL: text, of the working folder. */
typedef struct found {
  char *file, *working; /* owned */
} found;

static pdlt_status find_places(found *out, const char *path, const char *file, pdlt_error *err) {
  char *from = NULL, *to = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_file_folder(&from, file == NULL ? path == NULL ? "." : path : file, err));
  PDLT_TRY(pdlt_file_folder(&to, path == NULL ? "." : path, err));
  PDLT_TRY(way(&out->file, from, to, err));
  PDLT_TRY(way(&out->working, from, ".", err));
cleanup:
  pdlt_free(from);
  pdlt_free(to);
  return status;
}

/* --- one way --- */

/* Inputs of the data against the first of sizes; of arrays a program knows them. */
static pdlt_status check_inputs(const pdlt_description *d, pdlt_experiment *ex, pdlt_error *err) {
  pdlt_dataset data = {0};
  size_t inputs = (size_t)ex->data.inputs;
  if (ex->data.source == PDLT_SOURCE_ARRAYS) return PDLT_OK;
  if (inputs == 0) {
    ex->data.scale_kind = PDLT_SCALE_NONE; /* whatever they are scaled to */
    const pdlt_status status = pdlt_dataset_load(&data, ex, err);
    if (status != PDLT_OK) return status;
    inputs = data.inputs;
    pdlt_dataset_free(&data);
  }
  if (inputs == (size_t)d->sizes[0]) return PDLT_OK;
  return pdlt_yaml_fail(d->name, pdlt_description_line(d, "sizes"), "sizes", err,
                        "%d inputs first, but the data have %zu; write %zu", d->sizes[0], inputs,
                        inputs);
}

static pdlt_status forward(const char *path, const char *text, const found *places, char **out,
                           pdlt_error *err) {
  pdlt_description d = {0};
  pdlt_experiment ex = {0};
  char *bytes = NULL, *made = NULL;
  size_t size = 0;
  pdlt_status status = PDLT_OK;
  if (path != NULL) {
    PDLT_TRY(pdlt_file_read(path, PDLT_YAML_MAX_BYTES, &bytes, &size, err));
    PDLT_TRY(pdlt_description_read(&d, bytes, size, path, err));
  } else {
    PDLT_TRY(pdlt_description_read(&d, text, strlen(text), "network", err));
  }
  PDLT_TRY(pdlt_translate_description(&d, places->file, &made, &ex, err));
  PDLT_TRY(check_inputs(&d, &ex, err));
  *out = made;
  made = NULL;
cleanup:
  pdlt_free(made);
  pdlt_free(bytes);
  pdlt_experiment_free(&ex);
  pdlt_description_free(&d);
  return status;
}

static pdlt_status backward(const char *path, const char *text, const found *places,
                            const pdlt_settings *settings, char **out, pdlt_error *err) {
  const pdlt_places seen = {places->file, places->working};
  pdlt_study *study = NULL;
  pdlt_status status = path != NULL ? pdlt_study_open(&study, path, settings, err)
                                    : pdlt_study_open_text(&study, text, settings, err);
  if (status == PDLT_OK) status = pdlt_study_resolve(study, err);
  if (status == PDLT_OK)
    status = pdlt_translate_experiment(&study->resolved.experiment,
                                       (int)study->resolved.data.inputs, &seen, out, err);
  pdlt_study_free(study);
  return status;
}

/* --- both --- */

/* Writes the text unless the file holds it already. */
static pdlt_status write_text(const char *file, const char *text, int force, pdlt_error *err) {
  char *old = NULL;
  size_t size = 0;
  pdlt_status status = pdlt_file_check_target(file, err);
  if (status != PDLT_OK) return status;
  const size_t length = strlen(text);
  if (!force && access(file, F_OK) == 0) {
    status = pdlt_file_read(file, PDLT_YAML_MAX_BYTES, &old, &size, err);
    if (status != PDLT_OK) return status;
    const int same = size == length && memcmp(old, text, length) == 0;
    pdlt_free(old);
    if (same) return PDLT_OK;
    return pdlt_fail(
        err, PDLT_ERR_INPUT,
        "%s: exists and holds something else; choose another -o, or --force to overwrite "
        "it",
        file);
  }
  return pdlt_file_write(file, text, length, err);
}

static pdlt_status translate(const char *path, const char *text, int back, const char *file,
                             const pdlt_settings *settings, char **out, pdlt_error *err) {
  PDLT_NUMBERS_WITH_POINT;
  found places = {0};
  char *made = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(find_places(&places, path, file, err));
  PDLT_TRY(back ? backward(path, text, &places, settings, &made, err)
                : forward(path, text, &places, &made, err));
  if (file != NULL) PDLT_TRY(write_text(file, made, settings != NULL && settings->force, err));
  if (out != NULL) {
    *out = made;
    made = NULL;
  }
cleanup:
  pdlt_free(made);
  pdlt_free(places.file);
  pdlt_free(places.working);
  return status;
}

pdlt_status pdlt_translate(const char *path, int back, const char *file,
                           const pdlt_settings *settings, char **out, pdlt_error *err) {
  if (path == NULL) return pdlt_fail(err, PDLT_ERR_INPUT, "no path was given");
  return translate(path, NULL, back, file, settings, out, err);
}

pdlt_status pdlt_translate_text(const char *text, int back, const char *file,
                                const pdlt_settings *settings, char **out, pdlt_error *err) {
  if (text == NULL) return pdlt_fail(err, PDLT_ERR_INPUT, "no text was given");
  return translate(NULL, text, back, file, settings, out, err);
}
