/* results.c - see results.h: lengths from the metadata, and what both kinds of archive have. */
#include "base/experiment/results.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/experiment/experiment.h"
#include "base/experiment/results_internal.h"

enum { SHAPE_LENGTH = 160 };

pdlt_status pdlt_results_wrong(const pdlt_results *r, const char *name, const char *what) {
  return pdlt_fail(r->err, PDLT_ERR_INPUT, "%s: %s: %s; make the file again", r->file, name, what);
}

pdlt_status pdlt_results_missing(const pdlt_results *r, const char *name, const char *beside) {
  char what[PDLT_RESULTS_NAME + 32];
  snprintf(what, sizeof what, "missing beside %.90s", beside);
  return pdlt_results_wrong(r, name, what);
}

pdlt_status pdlt_results_unknown(const pdlt_results *r, const char *name) {
  char cut[PDLT_RESULTS_NAME];
  snprintf(cut, sizeof cut, "%.90s", name);
  return pdlt_results_wrong(r, cut, "not an array of this kind of archive");
}

/* --- numbers --- */

static int is_allowed(pdlt_results_range allowed, double x) {
  switch (allowed) {
    case PDLT_RANGE_FINITE:
      return isfinite(x);
    case PDLT_RANGE_POSITIVE:
      return isfinite(x) && x >= 0;
    case PDLT_RANGE_COUNT:
      return isfinite(x) && x >= 0 && x == floor(x);
    case PDLT_RANGE_SHARE:
      return isnan(x) || (x >= 0 && x <= 1);
    case PDLT_RANGE_BARS:
      return isnan(x) || (isfinite(x) && x >= 0);
    case PDLT_RANGE_OPEN_BARS:
      return isnan(x) || x >= 0;
    case PDLT_RANGE_OPEN:
      break;
  }
  return 1;
}

pdlt_status pdlt_results_numbers(const pdlt_results *r, const char *name, const pdlt_array *array,
                                 pdlt_results_range allowed) {
  static const char *const expected[] = {"a finite number",
                                         "a finite number >= 0",
                                         "a whole number >= 0",
                                         "a number from 0 to 1, or NaN",
                                         "a finite number >= 0, or NaN",
                                         "a number >= 0",
                                         ""};
  const size_t count = pdlt_array_count(array);
  char what[SHAPE_LENGTH];
  for (size_t i = 0; i < count; i++) {
    if (is_allowed(allowed, array->data[i])) continue;
    const double x = isnan(array->data[i]) ? NAN : array->data[i]; /* no sign */
    snprintf(what, sizeof what, "number %zu of %zu is %g, expected %s", i + 1, count, x,
             expected[allowed]);
    return pdlt_results_wrong(r, name, what);
  }
  return PDLT_OK;
}

/* --- shapes --- */

/* "(3, ?)" of a shape; ? is a length that is not known. */
static void write_shape(char out[SHAPE_LENGTH], int ndim, const size_t *dim) {
  size_t used = (size_t)snprintf(out, SHAPE_LENGTH, "(");
  for (int d = 0; d < ndim && used < SHAPE_LENGTH / 2; d++) {
    used += (size_t)snprintf(out + used, SHAPE_LENGTH - used, d > 0 ? ", " : "");
    if (dim[d] == PDLT_RESULTS_ANY)
      used += (size_t)snprintf(out + used, SHAPE_LENGTH - used, "?");
    else
      used += (size_t)snprintf(out + used, SHAPE_LENGTH - used, "%zu", dim[d]);
  }
  snprintf(out + used, SHAPE_LENGTH - used, ")");
}

pdlt_status pdlt_results_shape(const pdlt_results *r, const char *name, const pdlt_array *array,
                               int ndim, const size_t *dim) {
  char found[SHAPE_LENGTH], expected[SHAPE_LENGTH], what[2 * SHAPE_LENGTH + 32];
  int fits = array->ndim == ndim;
  for (int d = 0; fits && d < ndim; d++)
    fits = dim[d] == PDLT_RESULTS_ANY || array->dim[d] == dim[d];
  if (fits) return PDLT_OK;
  write_shape(found, array->ndim, array->dim);
  write_shape(expected, ndim, dim);
  snprintf(what, sizeof what, "has the shape %s, expected %s", found, expected);
  return pdlt_results_wrong(r, name, what);
}

pdlt_status pdlt_results_scalar(const pdlt_results *r, const char *name, pdlt_results_range allowed,
                                double *out) {
  const pdlt_array *array = pdlt_archive_get(r->archive, name);
  if (array == NULL) return PDLT_OK;
  pdlt_status status = pdlt_results_shape(r, name, array, 0, NULL);
  if (status == PDLT_OK) status = pdlt_results_numbers(r, name, array, allowed);
  if (status == PDLT_OK && out != NULL) *out = array->data[0];
  return status;
}

int pdlt_results_lengths(const pdlt_results *r, const char *indices, size_t first,
                         size_t dim[PDLT_MAX_NDIM]) {
  const int ndim = (int)strlen(indices);
  for (int d = 0; d < ndim; d++)
    dim[d] = indices[d] == 't'   ? r->times
             : indices[d] == 'l' ? r->hidden
             : indices[d] == 'i' ? r->outputs
             : indices[d] == 'a' ? r->samples
             : indices[d] == 'e' ? r->outputs * r->samples
             : indices[d] == 'x' ? r->inputs
             : indices[d] == 'b' ? r->blocks
                                 : first;
  return ndim;
}

/* --- names --- */

const char *pdlt_results_behind_layer(const pdlt_results *r, const char *name) {
  char written[24];
  char *end = NULL;
  if (strncmp(name, "layer", 5) != 0) return name;
  const long layer = strtol(name + 5, &end, 10);
  if (layer < 1 || layer > r->depth) return name;
  const size_t length = (size_t)snprintf(written, sizeof written, "layer%ld/", layer);
  return strncmp(name, written, length) == 0 ? name + length : name;
}

int pdlt_results_is_common(const char *name) {
  return strcmp(name, "times") == 0 || strcmp(name, "x") == 0 || strcmp(name, "y") == 0;
}

/* --- what both have --- */

/* The recorded times of the experiment are these: "end" records 0 and infinity. */
static int is_record(const json_t *training, const pdlt_array *times) {
  const json_t *record = json_object_get(training, "record");
  const size_t count = pdlt_array_count(times);
  if (!json_is_array(record))
    return !json_is_string(json_object_get(training, "steps")) ||
           (count == 2 && times->data[0] == 0 && isinf(times->data[1]));
  if (json_array_size(record) != count) return 0;
  for (size_t t = 0; t < count; t++)
    if (json_number_value(json_array_get(record, t)) != times->data[t]) return 0;
  return 1;
}

/* Increasing from 0 on; the last may be infinity. */
static pdlt_status check_times(pdlt_results *r, const json_t *training) {
  const pdlt_array *times = pdlt_archive_get(r->archive, "times");
  const size_t any = PDLT_RESULTS_ANY;
  if (times == NULL) return PDLT_OK; /* nothing was trained */
  pdlt_status status = pdlt_results_shape(r, "times", times, 1, &any);
  if (status != PDLT_OK) return status;
  r->times = pdlt_array_count(times);
  if (r->times == 0) return pdlt_results_wrong(r, "times", "there is none");
  for (size_t t = 0; t < r->times; t++)
    if (!(times->data[t] >= 0) || (t > 0 && !(times->data[t] > times->data[t - 1])))
      return pdlt_results_wrong(r, "times", "not increasing from 0 on");
  if (!is_record(training, times))
    return pdlt_results_wrong(r, "times", "not those that training.record of its meta names");
  return PDLT_OK;
}

static pdlt_status check_samples(const pdlt_results *r) {
  const struct {
    const char *name;
    size_t dim[2];
  } arrays[] = {{"x", {r->samples, PDLT_RESULTS_ANY}}, {"y", {r->samples, r->outputs}}};
  for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++) {
    const pdlt_array *array = pdlt_archive_get(r->archive, arrays[k].name);
    if (array == NULL) continue; /* made before archives held them */
    pdlt_status status = pdlt_results_shape(r, arrays[k].name, array, 2, arrays[k].dim);
    if (status == PDLT_OK)
      status = pdlt_results_numbers(r, arrays[k].name, array, PDLT_RANGE_FINITE);
    if (status != PDLT_OK) return status;
  }
  return PDLT_OK;
}

/* --- lengths --- */

/* A whole number of the metadata, from lo to hi, into *out; `optional`: *out stays without it. */
static pdlt_status read_length(const pdlt_results *r, const json_t *value, const char *key, long lo,
                               size_t hi, int optional, size_t *out) {
  char what[SHAPE_LENGTH];
  if (value == NULL && optional) return PDLT_OK;
  const json_int_t number = json_integer_value(value);
  if (!json_is_integer(value) || number < lo || (unsigned long long)number > hi) {
    snprintf(what, sizeof what, "%s is no whole number from %ld to %zu", key, lo, hi);
    return pdlt_results_wrong(r, "meta", what);
  }
  *out = (size_t)number;
  return PDLT_OK;
}

/* n_0, as x has it. */
static size_t inputs_of(const pdlt_results *r) {
  const pdlt_array *x = pdlt_archive_get(r->archive, "x");
  return x != NULL && x->ndim == 2 ? x->dim[1] : PDLT_RESULTS_ANY;
}

/* Blocks of the ground truth (datasets/truth.h), as the experiment says. */
static size_t blocks_of(const pdlt_results *r, const json_t *experiment) {
  const json_t *data = json_object_get(experiment, "data"), *bits = json_object_get(data, "bits");
  const json_t *features = json_object_get(experiment, "features");
  const char *truth = json_string_value(json_object_get(features, "truth"));
  if (truth == NULL) return 0;
  if (strcmp(truth, pdlt_truth_words[PDLT_TRUTH_MODULAR_ADDITION]) == 0)
    return 2 * (size_t)(json_integer_value(json_object_get(data, "modulus")) / 2);
  return strcmp(truth, pdlt_truth_words[PDLT_TRUTH_PARITY]) == 0 && json_is_array(bits)
             ? json_array_size(bits)
             : r->inputs;
}

static pdlt_status read_lengths(pdlt_results *r) {
  const json_t *meta = r->archive->meta, *experiment = json_object_get(meta, "experiment");
  const json_t *network = json_object_get(experiment, "network");
  const json_t *data = json_object_get(experiment, "data");
  size_t depth = 0, train = 0, test = 0;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(read_length(r, json_object_get(network, "depth"), "experiment.network.depth", 2,
                       PDLT_MAX_DEPTH, 0, &depth));
  PDLT_TRY(read_length(r, json_object_get(network, "outputs"), "experiment.network.outputs", 1,
                       INT_MAX, 0, &r->outputs));
  PDLT_TRY(read_length(r, json_object_get(data, "train"), "experiment.data.train", 1, INT_MAX, 0,
                       &train));
  PDLT_TRY(
      read_length(r, json_object_get(data, "test"), "experiment.data.test", 0, INT_MAX, 0, &test));
  r->samples = r->kept = train + test;
  r->hidden = depth - 1;
  r->inputs = inputs_of(r);
  r->blocks = blocks_of(r, experiment);
  if (json_is_true(json_object_get(meta, "layers"))) r->depth = (int)depth;
  PDLT_TRY(read_length(r, json_object_get(experiment, "measure_samples"),
                       "experiment.measure_samples", 1, r->samples, 0, &r->first));
  PDLT_TRY(read_length(r, json_object_get(meta, "kept_samples"), "kept_samples", 1, r->samples, 1,
                       &r->kept));
cleanup:
  return status;
}

pdlt_status pdlt_results_check(const pdlt_archive *archive, const char *file, pdlt_error *err) {
  const char *kind = json_string_value(json_object_get(archive->meta, "kind"));
  const json_t *experiment = json_object_get(archive->meta, "experiment");
  pdlt_results r = {.archive = archive, .file = file, .err = err};
  pdlt_status status = PDLT_OK;
  if (kind == NULL || (strcmp(kind, "theory") != 0 && strcmp(kind, "measured") != 0))
    return PDLT_OK; /* of another kind: its reader checks it */
  PDLT_TRY(read_lengths(&r));
  PDLT_TRY(check_times(&r, json_object_get(experiment, "training")));
  PDLT_TRY(check_samples(&r));
  PDLT_TRY(strcmp(kind, "theory") == 0 ? pdlt_results_theory(&r) : pdlt_results_measured(&r));
cleanup:
  return status;
}
