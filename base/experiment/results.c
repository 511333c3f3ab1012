/* results.c - see results.h. */
#include "base/experiment/results.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/experiment/quantity.h"

enum { NAME_LENGTH = 96, SHAPE_LENGTH = 160, LAYER_LENGTH = 24, FEWEST_BLOCKS = 32 };

/* What numbers of an array may be. */
typedef enum range {
  FINITE,   /* any finite number */
  POSITIVE, /* finite and not negative */
  BARS,     /* as POSITIVE, or NaN */
  OPEN,     /* anything */
  OPEN_BARS /* not negative, or NaN */
} range;

/* The archive at work, and the lengths of indices; 0: not known. */
typedef struct checker {
  const pdlt_archive *archive;
  const char *file;
  pdlt_error *err;
  size_t times, outputs, samples, hidden;
  int depth; /* of the layers that have arrays of their own */
} checker;

/* One width. */
typedef struct width_check {
  double n;
  size_t blocks; /* 0: there are no block values */
  int gaps;      /* 1: numbers that are not finite are a result */
} width_check;

static pdlt_status wrong(const checker *c, const char *name, const char *what) {
  return pdlt_fail(c->err, PDLT_ERR_INPUT, "%s: %s: %s; make the file again", c->file, name, what);
}

static int is_allowed(range allowed, double x) {
  switch (allowed) {
    case FINITE:
      return isfinite(x);
    case POSITIVE:
      return isfinite(x) && x >= 0;
    case BARS:
      return isnan(x) || (isfinite(x) && x >= 0);
    case OPEN_BARS:
      return isnan(x) || x >= 0;
    case OPEN:
      break;
  }
  return 1;
}

static pdlt_status check_numbers(const checker *c, const char *name, const pdlt_array *array,
                                 range allowed) {
  static const char *const expected[] = {"a finite number", "a finite number >= 0",
                                         "a finite number >= 0, or NaN", "", "a number >= 0"};
  const size_t count = pdlt_array_count(array);
  char what[SHAPE_LENGTH];
  for (size_t i = 0; i < count; i++) {
    if (is_allowed(allowed, array->data[i])) continue;
    snprintf(what, sizeof what, "number %zu of %zu is %g, expected %s", i + 1, count,
             array->data[i], expected[allowed]);
    return wrong(c, name, what);
  }
  return PDLT_OK;
}

/* "(3, ?)" of a shape; ? is a length that is not known. */
static void write_shape(char out[SHAPE_LENGTH], int ndim, const size_t *dim) {
  size_t used = (size_t)snprintf(out, SHAPE_LENGTH, "(");
  for (int d = 0; d < ndim && used < SHAPE_LENGTH / 2; d++) {
    used += (size_t)snprintf(out + used, SHAPE_LENGTH - used, d > 0 ? ", " : "");
    if (dim[d] == 0)
      used += (size_t)snprintf(out + used, SHAPE_LENGTH - used, "?");
    else
      used += (size_t)snprintf(out + used, SHAPE_LENGTH - used, "%zu", dim[d]);
  }
  snprintf(out + used, SHAPE_LENGTH - used, ")");
}

/* dim: expected, 0 where it is not known. */
static pdlt_status check_shape(const checker *c, const char *name, const pdlt_array *array,
                               int ndim, const size_t *dim) {
  char found[SHAPE_LENGTH], expected[SHAPE_LENGTH], what[2 * SHAPE_LENGTH + 32];
  int fits = array->ndim == ndim;
  for (int d = 0; fits && d < ndim; d++) fits = dim[d] == 0 || array->dim[d] == dim[d];
  if (fits) return PDLT_OK;
  write_shape(found, array->ndim, array->dim);
  write_shape(expected, ndim, dim);
  snprintf(what, sizeof what, "has the shape %s, expected %s", found, expected);
  return wrong(c, name, what);
}

/* Lengths of the indices; samples of tensors are as many as the array's own first has. */
static int expected_shape(const checker *c, const char *indices, const pdlt_array *array,
                          size_t dim[PDLT_MAX_NDIM]) {
  const int ndim = (int)strlen(indices);
  const char *first = strchr(indices, 's');
  const int at = first == NULL ? -1 : (int)(first - indices);
  for (int d = 0; d < ndim; d++) {
    dim[d] = indices[d] == 't'                       ? c->times
             : indices[d] == 'l'                     ? c->hidden
             : indices[d] == 'i'                     ? c->outputs
             : indices[d] == 'a'                     ? c->samples
             : indices[d] == 's' && at < array->ndim ? array->dim[at]
                                                     : 0;
    if (indices[d] == 's' && c->samples > 0 && dim[d] > c->samples) dim[d] = c->samples;
  }
  return ndim;
}

static pdlt_status check_scalar(const checker *c, const char *name, range allowed, double *out) {
  const pdlt_array *array = pdlt_archive_get(c->archive, name);
  if (array == NULL) return PDLT_OK;
  pdlt_status status = check_shape(c, name, array, 0, NULL);
  if (status == PDLT_OK) status = check_numbers(c, name, array, allowed);
  if (status == PDLT_OK && out != NULL) *out = array->data[0];
  return status;
}

/* Increasing from 0 on; the last may be infinity. */
static pdlt_status check_times(checker *c) {
  const pdlt_array *times = pdlt_archive_get(c->archive, "times");
  const size_t unknown = 0;
  if (times == NULL) return PDLT_OK; /* nothing was trained */
  pdlt_status status = check_shape(c, "times", times, 1, &unknown);
  if (status != PDLT_OK) return status;
  c->times = pdlt_array_count(times);
  for (size_t t = 0; t < c->times; t++)
    if (!(times->data[t] >= 0) || (t > 0 && !(times->data[t] > times->data[t - 1])))
      return wrong(c, "times", "not increasing from 0 on");
  return PDLT_OK;
}

static pdlt_status check_samples(const checker *c) {
  const struct {
    const char *name;
    size_t dim[2];
  } arrays[] = {{"x", {c->samples, 0}}, {"y", {c->samples, c->outputs}}};
  for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++) {
    const pdlt_array *array = pdlt_archive_get(c->archive, arrays[k].name);
    if (array == NULL) continue; /* made before archives held them */
    pdlt_status status = check_shape(c, arrays[k].name, array, 2, arrays[k].dim);
    if (status == PDLT_OK) status = check_numbers(c, arrays[k].name, array, FINITE);
    if (status != PDLT_OK) return status;
  }
  return PDLT_OK;
}

/* --- theory --- */

/* An array of the table, and with names that begin with it and a slash, its parts. */
static pdlt_status check_prediction(const checker *c, const char *layer, const char *name,
                                    const char *indices) {
  char full[NAME_LENGTH];
  size_t dim[PDLT_MAX_NDIM];
  const size_t length =
      (size_t)snprintf(full, sizeof full, "%s%s", layer, name); /* both are short */
  for (size_t i = 0; i < c->archive->count; i++) {
    const char *found = c->archive->entries[i].name;
    const pdlt_array *array = &c->archive->entries[i].array;
    if (strncmp(found, full, length) != 0 || (found[length] != 0 && found[length] != '/')) continue;
    const int ndim = expected_shape(c, indices, array, dim);
    pdlt_status status = check_shape(c, found, array, ndim, dim);
    if (status == PDLT_OK) status = check_numbers(c, found, array, FINITE);
    if (status != PDLT_OK) return status;
  }
  return PDLT_OK;
}

static pdlt_status check_errors(const checker *c) {
  for (size_t i = 0; i < c->archive->count; i++) {
    const char *name = c->archive->entries[i].name;
    const pdlt_array *array = &c->archive->entries[i].array;
    if (strncmp(name, "err/", 4) != 0) continue;
    pdlt_status status = check_shape(c, name, array, 0, NULL);
    if (status == PDLT_OK && !(array->data[0] >= 0))
      status = wrong(c, name, "an error that is not >= 0");
    if (status != PDLT_OK) return status;
  }
  return PDLT_OK;
}

/* What stands for tensors that are not kept: h and g, of one length. */
static pdlt_status check_reach(const checker *c) {
  const pdlt_array *h = pdlt_archive_get(c->archive, "reach/h");
  const pdlt_array *g = pdlt_archive_get(c->archive, "reach/g");
  const size_t unknown = 0;
  pdlt_status status = PDLT_OK;
  if (h == NULL && g == NULL) return PDLT_OK;
  if (h == NULL) return wrong(c, "reach/h", "missing beside reach/g");
  if (g == NULL) return wrong(c, "reach/g", "missing beside reach/h");
  PDLT_TRY(check_shape(c, "reach/h", h, 1, &unknown));
  PDLT_TRY(check_shape(c, "reach/g", g, 1, h->dim));
  PDLT_TRY(check_numbers(c, "reach/h", h, POSITIVE));
  PDLT_TRY(check_numbers(c, "reach/g", g, OPEN_BARS));
  PDLT_TRY(check_scalar(c, "reach/largest_h", OPEN_BARS, NULL));
  PDLT_TRY(check_scalar(c, "reach/ntk", OPEN_BARS, NULL));
  PDLT_TRY(check_scalar(c, "reach/spread", OPEN_BARS, NULL));
cleanup:
  return status;
}

static pdlt_status check_theory(const checker *c) {
  char layer[LAYER_LENGTH] = "";
  pdlt_status status = PDLT_OK;
  for (int l = 0; l <= c->depth; l++) {
    if (l > 0) snprintf(layer, sizeof layer, "layer%d/", l);
    for (int k = 0; k < PDLT_QUANTITIES; k++) {
      const pdlt_quantity *q = &pdlt_quantities[k];
      const int equal = (q->flags & PDLT_QUANTITY_EQUAL) != 0; /* lo is that of another */
      if (q->lo != NULL && !equal) PDLT_TRY(check_prediction(c, layer, q->lo, q->indices));
      if (q->nlo != NULL) PDLT_TRY(check_prediction(c, layer, q->nlo, q->indices));
      if (q->half != NULL) PDLT_TRY(check_prediction(c, layer, q->half, q->indices));
    }
  }
  PDLT_TRY(check_errors(c));
  PDLT_TRY(check_reach(c));
cleanup:
  return status;
}

/* --- measured --- */

static pdlt_status missing(const checker *c, const char *name, const char *beside) {
  char what[NAME_LENGTH + 32];
  snprintf(what, sizeof what, "missing beside %s", beside);
  return wrong(c, name, what);
}

/* NAME, NAME_se and blocks/NAME of one quantity at one width and layer. */
static pdlt_status check_quantity(const checker *c, const width_check *w, const char *layer,
                                  const pdlt_quantity *q) {
  char name[NAME_LENGTH], bar[NAME_LENGTH], block[NAME_LENGTH];
  size_t dim[1 + PDLT_MAX_NDIM];
  pdlt_status status = PDLT_OK;
  snprintf(name, sizeof name, "n%.0f/%s%s", w->n, layer, q->name);
  snprintf(bar, sizeof bar, "n%.0f/%s%s_se", w->n, layer, q->name);
  snprintf(block, sizeof block, "n%.0f/blocks/%s%s", w->n, layer, q->name);
  const pdlt_array *x = pdlt_archive_get(c->archive, name);
  const pdlt_array *se = pdlt_archive_get(c->archive, bar);
  const pdlt_array *blocks = pdlt_archive_get(c->archive, block);
  if (x == NULL && se == NULL && blocks == NULL) return PDLT_OK;
  if (x == NULL) return missing(c, name, se != NULL ? bar : block);
  if (se == NULL) return missing(c, bar, name);
  if (blocks != NULL && w->blocks == 0) {
    snprintf(name, sizeof name, "n%.0f/blocks/members", w->n);
    return missing(c, name, block);
  }
  const int ndim = expected_shape(c, q->indices, x, dim + 1);
  PDLT_TRY(check_shape(c, name, x, ndim, dim + 1));
  PDLT_TRY(check_shape(c, bar, se, ndim, dim + 1));
  const range bars = w->gaps ? OPEN_BARS : w->blocks < FEWEST_BLOCKS ? BARS : POSITIVE;
  PDLT_TRY(check_numbers(c, name, x, w->gaps ? OPEN : FINITE));
  PDLT_TRY(check_numbers(c, bar, se, bars));
  if (blocks == NULL) return PDLT_OK;
  dim[0] = w->blocks;
  PDLT_TRY(check_shape(c, block, blocks, ndim + 1, dim));
  PDLT_TRY(check_numbers(c, block, blocks, w->gaps ? OPEN : FINITE));
cleanup:
  return status;
}

/* Counts of a width and the members of its blocks; what they say about its numbers. */
static pdlt_status read_width(const checker *c, width_check *w) {
  char name[NAME_LENGTH];
  const size_t unknown = 0;
  double members = 0, diverged = 0, unconverged = 0;
  pdlt_status status = PDLT_OK;
  const struct {
    const char *name;
    double *to;
  } counts[] = {{"members", &members}, {"diverged", &diverged}, {"unconverged", &unconverged}};
  for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
    snprintf(name, sizeof name, "n%.0f/%s", w->n, counts[k].name);
    PDLT_TRY(check_scalar(c, name, POSITIVE, counts[k].to));
  }
  snprintf(name, sizeof name, "n%.0f/blocks/members", w->n);
  const pdlt_array *blocks = pdlt_archive_get(c->archive, name);
  if (blocks != NULL) {
    PDLT_TRY(check_shape(c, name, blocks, 1, &unknown));
    PDLT_TRY(check_numbers(c, name, blocks, POSITIVE));
    w->blocks = pdlt_array_count(blocks);
  }
  w->gaps = diverged > 0 || unconverged > 0 || (blocks != NULL && w->blocks < 2);
  snprintf(name, sizeof name, "n%.0f/top_share", w->n);
  PDLT_TRY(check_scalar(c, name, BARS, NULL));
  snprintf(name, sizeof name, "n%.0f/samples/z", w->n);
  const pdlt_array *samples = pdlt_archive_get(c->archive, name);
  const size_t dim[] = {0, c->times, c->outputs, c->samples};
  if (samples != NULL) PDLT_TRY(check_shape(c, name, samples, 4, dim));
cleanup:
  return status;
}

static int has_layers(const pdlt_quantity *q) {
  return q->drawn == PDLT_DRAWN_LAYERS || q->drawn == PDLT_DRAWN_PRODUCTS;
}

static pdlt_status check_width(const checker *c, double n) {
  char layer[LAYER_LENGTH] = "";
  width_check w = {.n = n};
  pdlt_status status = read_width(c, &w);
  for (int l = 0; l <= c->depth && status == PDLT_OK; l++) {
    if (l > 0) snprintf(layer, sizeof layer, "layer%d/", l);
    for (int k = 0; k < PDLT_QUANTITIES && status == PDLT_OK; k++)
      if (l == 0 || has_layers(&pdlt_quantities[k]))
        status = check_quantity(c, &w, layer, &pdlt_quantities[k]);
  }
  return status;
}

static pdlt_status check_measured(const checker *c) {
  const pdlt_array *widths = pdlt_archive_get(c->archive, "widths");
  const size_t unknown = 0;
  pdlt_status status = PDLT_OK;
  if (widths == NULL) return wrong(c, "widths", "missing");
  PDLT_TRY(check_shape(c, "widths", widths, 1, &unknown));
  for (size_t i = 0; i < pdlt_array_count(widths); i++) {
    const double n = widths->data[i];
    if (!(n >= 1 && n <= 1e9 && n == floor(n)))
      return wrong(c, "widths", "not all whole numbers from 1 to 1e9");
    PDLT_TRY(check_width(c, n));
  }
cleanup:
  return status;
}

pdlt_status pdlt_results_check(const pdlt_archive *archive, const char *file, pdlt_error *err) {
  const json_t *experiment = json_object_get(archive->meta, "experiment");
  const json_t *network = json_object_get(experiment, "network");
  const json_t *data = json_object_get(experiment, "data");
  const char *kind = json_string_value(json_object_get(archive->meta, "kind"));
  const json_int_t depth = json_integer_value(json_object_get(network, "depth"));
  checker c = {.archive = archive,
               .file = file,
               .err = err,
               .hidden = depth > 1 ? (size_t)depth - 1 : 0,
               .outputs = (size_t)json_integer_value(json_object_get(network, "outputs")),
               .samples = (size_t)(json_integer_value(json_object_get(data, "train")) +
                                   json_integer_value(json_object_get(data, "test")))};
  if (json_is_true(json_object_get(archive->meta, "layers"))) c.depth = (int)depth;
  pdlt_status status = check_times(&c);
  if (status == PDLT_OK) status = check_samples(&c);
  if (status != PDLT_OK || kind == NULL) return status;
  if (strcmp(kind, "theory") == 0) return check_theory(&c);
  return strcmp(kind, "measured") == 0 ? check_measured(&c) : PDLT_OK;
}
