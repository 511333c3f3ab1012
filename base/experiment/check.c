/* check.c - defaults, and keys of an experiment checked against each other.
 *
 * Is: everything about an experiment that no single value shows.
 * Is not: checks that need data (datasets/) or theory (theory/). */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/experiment/at_width.h"
#include "base/experiment/internal.h"
#include "base/experiment/layer.h"
#include "base/experiment/skip.h"
#include "base/experiment/wiring.h"

/* Weights and gradients of one network may take this much. */
static const double max_network_bytes = 8.0 * 1024 * 1024 * 1024;

void pdlt_experiment_set_defaults(pdlt_experiment *ex) {
  ex->network.outputs = 1;
  ex->data.seed = 1;
  ex->data.pool = 1;
  ex->data.header = -1;
  ex->data.probability = 0.1;
  ex->training.max_steps = 100000;
  ex->ensemble.members = 10000;
  ex->ensemble.seed = 1;
  ex->ensemble.estimator = PDLT_ESTIMATOR_AUTO;
  ex->measure = PDLT_MEASURE_OUTPUT;
  ex->theory.order = 1;
  ex->theory.tolerance = 1e-10;
  pdlt_feature_keys_default(ex);
  pdlt_compare_keys_default(&ex->compare);
}

int pdlt_experiment_is_given(const pdlt_experiment *ex, const char *key) {
  int index = pdlt_schema_find(key);
  return index >= 0 && ex->origin->line[index] != 0;
}

int pdlt_experiment_is_set(const pdlt_experiment *ex, const char *key) {
  int index = pdlt_schema_find(key);
  return index >= 0 && ex->origin->line[index] == PDLT_LINE_SET;
}

/* --- network --- */

static pdlt_status fill_ones(double **list, int count, pdlt_error *err) {
  if (*list != NULL) return PDLT_OK;
  pdlt_status status = pdlt_alloc(list, (size_t)count, sizeof **list, err);
  for (int i = 0; status == PDLT_OK && i < count; i++) (*list)[i] = 1.0;
  return status;
}

static pdlt_status fill_network(pdlt_reader *reader) {
  pdlt_experiment *ex = reader->ex;
  pdlt_status status = PDLT_OK;
  if (ex->title == NULL) PDLT_TRY(pdlt_strdup(&ex->title, "", reader->err));
  PDLT_TRY(fill_ones(&ex->network.lambda_b, ex->network.depth, reader->err));
  PDLT_TRY(fill_ones(&ex->network.lambda_W, ex->network.depth, reader->err));
  if (ex->network.width_ratios == NULL) {
    size_t hidden = (size_t)ex->network.depth - 1;
    PDLT_TRY(pdlt_alloc(&ex->network.width_ratios, hidden, sizeof(int), reader->err));
    for (size_t l = 0; l < hidden; l++) ex->network.width_ratios[l] = 1;
  }
cleanup:
  return status;
}

/* Bytes of one network at hidden width n: weights and biases, as many gradients, and
 * sigma, sigma' and two work arrays of every layer on all samples. */
static double network_bytes(const pdlt_experiment *ex, double inputs, int n) {
  const double samples = (double)ex->data.train + (double)ex->data.test;
  double numbers = 0.0, below = inputs / (double)pdlt_wiring_inputs(ex);
  for (int l = 1; l <= ex->network.depth; l++) {
    const pdlt_wiring w = pdlt_wiring_of(ex, l);
    const double taps = (double)w.taps[0] * (double)w.taps[1];
    const double here = (double)w.here[0] * (double)w.here[1];
    double width =
        l == ex->network.depth ? ex->network.outputs : (double)n * ex->network.width_ratios[l - 1];
    numbers += 2.0 * width * (taps * below + 1.0) + 4.0 * width * samples * here;
    below = width;
  }
  return (double)sizeof(double) * numbers;
}

pdlt_status pdlt_experiment_check_memory(const pdlt_experiment *ex, size_t inputs,
                                         pdlt_error *err) {
  const int widest = ex->network.widths[ex->network.num_widths - 1];
  const double gib = 1024.0 * 1024.0 * 1024.0;
  const double bytes = network_bytes(ex, (double)inputs, widest);
  if (bytes <= max_network_bytes) return PDLT_OK;
  return pdlt_experiment_fail(ex, "network.widths", err,
                              "width %d needs %.3g GiB for one network; at most %g GiB, use "
                              "smaller widths",
                              widest, bytes / gib, max_network_bytes / gib);
}

static pdlt_status check_network(pdlt_reader *reader) {
  pdlt_experiment *ex = reader->ex;
  if (ex->network.critical == 1 || ex->network.critical == 2) {
    const char *other = ex->network.critical == 1 ? "network.C_W" : "network.C_b";
    return pdlt_experiment_fail(ex, other, reader->err,
                                "C_b and C_W are critical together; write critical here too");
  }
  ex->network.critical = ex->network.critical != 0;
  const pdlt_estimator estimator = ex->ensemble.estimator;
  if (ex->network.init != PDLT_INIT_NORMAL &&
      (estimator == PDLT_ESTIMATOR_CONTROL || estimator == PDLT_ESTIMATOR_TWO_LEVEL))
    return pdlt_experiment_fail(ex, "ensemble.estimator", reader->err,
                                "%s draws networks without weights, which needs normal weights "
                                "(network.init); write antithetic, plain or auto",
                                pdlt_estimator_words[estimator]);
  if (estimator == PDLT_ESTIMATOR_SLICE && !(ex->measure & PDLT_MEASURE_POSTERIOR))
    return pdlt_experiment_fail(ex, "ensemble.estimator", reader->err,
                                "slice is of posteriors; write auto, or measure: [posterior]");
  if (estimator == PDLT_ESTIMATOR_SLICE && ex->ensemble.members == 0)
    return pdlt_experiment_fail(ex, "ensemble.until", reader->err,
                                "slice runs chains of a given length; give members a number");
  return PDLT_OK;
}

/* --- data --- */

enum {
  CSV = 1U << PDLT_SOURCE_CSV,
  IDX = 1U << PDLT_SOURCE_IDX,
  NPY = 1U << PDLT_SOURCE_NPY,
  FILES = CSV | IDX | NPY,
  PARITY = 1U << PDLT_SOURCE_PARITY,
  MODULAR = 1U << PDLT_SOURCE_MODULAR_ADDITION,
  SUPERPOSED = 1U << PDLT_SOURCE_SUPERPOSITION,
  DRAWN = 1U << PDLT_SOURCE_GAUSSIAN | 1U << PDLT_SOURCE_TEACHER | PARITY
};

/* Keys that only some sources use, and those they cannot do without. */
static const struct {
  const char *key;
  unsigned sources, required; /* bit per pdlt_source */
} data_keys[] = {{"data.file", CSV | NPY, CSV},
                 {"data.images", IDX, IDX},
                 {"data.labels", IDX, IDX},
                 {"data.x", NPY, 0},
                 {"data.y", NPY, 0},
                 {"data.columns", CSV, 0},
                 {"data.label", CSV, 0},
                 {"data.header", CSV, 0},
                 {"data.classes", FILES, IDX},
                 {"data.targets", FILES, 0},
                 {"data.pool", IDX | NPY, 0},
                 {"data.skip", FILES, 0},
                 {"data.shuffle", FILES, 0},
                 {"data.balance", FILES, 0},
                 {"data.empty_classes", FILES, 0},
                 {"data.inputs", DRAWN, DRAWN},
                 {"data.modulus", MODULAR, MODULAR},
                 {"data.bits", PARITY, 0},
                 {"data.amplitudes", PARITY | MODULAR, 0},
                 {"data.cube", PARITY, 0},
                 {"data.features", SUPERPOSED, SUPERPOSED},
                 {"data.probability", SUPERPOSED, 0},
                 {"data.importance", SUPERPOSED, 0}};

pdlt_source_use pdlt_source_takes(int source, const char *key) {
  for (size_t i = 0; i < sizeof data_keys / sizeof *data_keys; i++) {
    if (strcmp(data_keys[i].key, key) != 0) continue;
    if (data_keys[i].required >> source & 1U) return PDLT_KEY_NEEDED;
    if (data_keys[i].sources >> source & 1U || strcmp(key, "data.inputs") == 0) break;
    return PDLT_KEY_REFUSED;
  }
  return PDLT_KEY_TAKEN;
}

static pdlt_status check_data_keys(pdlt_reader *reader) {
  const pdlt_experiment *ex = reader->ex;
  const char *source = pdlt_source_words[ex->data.source];
  for (size_t i = 0; i < sizeof data_keys / sizeof *data_keys; i++) {
    const char *key = data_keys[i].key;
    const pdlt_source_use use = pdlt_source_takes((int)ex->data.source, key);
    const int given = pdlt_experiment_is_given(ex, key);
    if (use == PDLT_KEY_NEEDED && !given) {
      char expect[PDLT_EXPECT_LENGTH];
      pdlt_schema_expect(&pdlt_schema[pdlt_schema_find(key)], expect);
      return pdlt_experiment_fail(ex, key, reader->err, "missing; source %s needs %s", source,
                                  expect);
    }
    if (use == PDLT_KEY_REFUSED && given)
      return pdlt_experiment_fail(ex, key, reader->err, "source %s does not use it; leave it out",
                                  source);
  }
  return PDLT_OK;
}

pdlt_status pdlt_check_outputs(pdlt_reader *reader, int expected, const char *why) {
  if (reader->ex->network.outputs == expected) return PDLT_OK;
  return pdlt_experiment_fail(reader->ex, "network.outputs", reader->err, "%d; %s needs %d",
                              reader->ex->network.outputs, why, expected);
}

pdlt_status pdlt_check_inputs(pdlt_reader *reader, int expected, const char *why) {
  if (reader->ex->data.inputs == 0) reader->ex->data.inputs = expected;
  if (reader->ex->data.inputs == expected) return PDLT_OK;
  return pdlt_experiment_fail(reader->ex, "data.inputs", reader->err, "%d; %s needs %d",
                              reader->ex->data.inputs, why, expected);
}

/* Labels become targets. */
static pdlt_status check_classes(pdlt_reader *reader) {
  pdlt_experiment *ex = reader->ex;
  if (ex->data.class_names.count > 0 && ex->data.source != PDLT_SOURCE_CSV)
    return pdlt_experiment_fail(ex, "data.classes", reader->err,
                                "words; labels of source %s are whole numbers",
                                pdlt_source_words[ex->data.source]);
  if (!pdlt_experiment_is_given(ex, "data.targets")) {
    int sign = ex->data.num_classes == 2 && ex->network.outputs == 1;
    ex->data.targets = sign ? PDLT_TARGETS_SIGN : PDLT_TARGETS_ONE_HOT;
  }
  if (ex->data.targets == PDLT_TARGETS_ONE_HOT)
    return pdlt_check_outputs(reader, ex->data.num_classes, "targets: one_hot with these classes");
  if (ex->data.num_classes != 2)
    return pdlt_experiment_fail(ex, "data.classes", reader->err,
                                "%d classes; targets: sign needs exactly 2", ex->data.num_classes);
  return pdlt_check_outputs(reader, 1, "targets: sign");
}

/* Keys of sources that are files; those of one kind of file: check_csv, check_npy. */
static pdlt_status check_file(pdlt_reader *reader) {
  pdlt_experiment *ex = reader->ex;
  if (ex->data.pool == 3)
    return pdlt_experiment_fail(ex, "data.pool", reader->err, "3; expected 1, 2 or 4");
  if (ex->data.num_classes > 0) return check_classes(reader);
  if (pdlt_experiment_is_given(ex, "data.targets"))
    return pdlt_experiment_fail(ex, "data.targets", reader->err,
                                "targets of labels need data.classes, the labels");
  if (ex->data.balance || ex->data.empty_classes)
    return pdlt_experiment_fail(
        ex, ex->data.balance ? "data.balance" : "data.empty_classes", reader->err,
        "true needs data.classes, the labels; without classes leave it out");
  return PDLT_OK;
}

static pdlt_status check_csv(pdlt_reader *reader) {
  const pdlt_experiment *ex = reader->ex;
  const int columns = ex->data.columns_x.count + ex->data.columns_y.count > 0;
  if (ex->data.label != NULL && ex->data.num_classes == 0)
    return pdlt_experiment_fail(ex, "data.classes", reader->err,
                                "missing; data.label needs a list of the labels to keep");
  if (ex->data.label == NULL && ex->data.num_classes > 0)
    return pdlt_experiment_fail(ex, "data.label", reader->err,
                                "missing; classes of a CSV file need the name or number of the "
                                "column that holds the labels");
  if (ex->data.label != NULL && ex->data.columns_y.count > 0)
    return pdlt_experiment_fail(ex, "data.columns", reader->err,
                                "y and data.label both say what the targets are; leave one out");
  if (columns && ex->data.label == NULL && ex->data.columns_y.count == 0)
    return pdlt_experiment_fail(ex, "data.columns", reader->err,
                                "no y; name the columns of the targets, {x: [...], y: [...]}");
  if (ex->data.header == 0 && !columns && ex->data.label == NULL)
    return pdlt_experiment_fail(ex, "data.columns", reader->err,
                                "missing; without header give {x: [...], y: [...]} by numbers, as "
                                "in {x: [1..4], y: [5]}");
  return PDLT_OK;
}

static pdlt_status check_npy(pdlt_reader *reader) {
  const pdlt_experiment *ex = reader->ex;
  if (ex->data.file != NULL || (ex->data.x != NULL && ex->data.y != NULL)) return PDLT_OK;
  return pdlt_experiment_fail(ex, "data.file", reader->err,
                              "missing; source npy needs the name of a .npz file, or data.x and "
                              "data.y, those of two .npy files");
}

pdlt_status pdlt_check_count(pdlt_reader *reader, double available, const char *what) {
  const pdlt_experiment *ex = reader->ex;
  int wanted = ex->data.train + ex->data.test;
  if (wanted <= available) return PDLT_OK;
  return pdlt_experiment_fail(ex, "data.train", reader->err,
                              "train + test = %d, but there are only %.15g %s", wanted, available,
                              what);
}

static pdlt_status check_data(pdlt_reader *reader) {
  pdlt_experiment *ex = reader->ex;
  pdlt_status status = check_data_keys(reader);
  if (status != PDLT_OK) return status;
  if (ex->data.center_targets && (1U << ex->data.source & (PARITY | MODULAR)) == 0)
    return pdlt_experiment_fail(ex, "data.center", reader->err,
                                "the mean of the targets of source %s is not known; write true (of "
                                "the inputs) or false",
                                pdlt_source_words[ex->data.source]);
  switch (ex->data.source) {
    case PDLT_SOURCE_CSV:
      PDLT_TRY(check_csv(reader));
      return check_file(reader);
    case PDLT_SOURCE_NPY:
      PDLT_TRY(check_npy(reader));
      return check_file(reader);
    case PDLT_SOURCE_IDX:
      return check_file(reader);
    case PDLT_SOURCE_CIRCLE:
      return pdlt_check_inputs(reader, 2, "source circle");
    case PDLT_SOURCE_PARITY:
    case PDLT_SOURCE_MODULAR_ADDITION:
    case PDLT_SOURCE_SUPERPOSITION:
      return pdlt_check_generated(reader);
    case PDLT_SOURCE_GAUSSIAN:
    case PDLT_SOURCE_TEACHER:
    case PDLT_SOURCE_ARRAYS:
      break;
  }
cleanup:
  return status;
}

/* --- training, measurement --- */

/* 0 and round(steps^(k/18)), k = 0..18, without repeats; with flow 0 and k/18 of the
 * whole; with steps: end 0 and the end. */
static pdlt_status fill_record(pdlt_reader *reader) {
  enum { PARTS = 18 };
  pdlt_experiment *ex = reader->ex;
  if (ex->training.record != NULL) return PDLT_OK;
  pdlt_status status = pdlt_alloc(&ex->training.record, PARTS + 2, sizeof(double), reader->err);
  if (status != PDLT_OK) return status;
  double *record = ex->training.record;
  size_t count = 1; /* record[0] = 0 */
  if (ex->training.to_end) record[count++] = INFINITY;
  for (int k = 0; k <= PARTS && !ex->training.to_end; k++) {
    double next = ex->training.eta_kind == PDLT_ETA_FLOW
                      ? ex->training.flow_time * k / PARTS
                      : round(pow((double)ex->training.steps, (double)k / PARTS));
    if (next > record[count - 1] && (ex->training.steps > 0 || ex->training.flow_time > 0))
      record[count++] = next;
  }
  ex->training.num_record = count;
  return PDLT_OK;
}

static pdlt_status check_measure(pdlt_reader *reader) {
  pdlt_experiment *ex = reader->ex;
  int samples = ex->data.train + ex->data.test;
  if (ex->measure_samples == 0) ex->measure_samples = samples < 6 ? samples : 6;
  if (ex->measure_samples > samples)
    return pdlt_experiment_fail(ex, "measure_samples", reader->err,
                                "%d; there are only train + test = %d samples", ex->measure_samples,
                                samples);
  if (ex->measure & PDLT_MEASURE_CROSSINGS) {
    const char *why = pdlt_experiment_unmeasured(ex, PDLT_MEASURE_CROSSINGS);
    if (why == NULL && !(ex->measure & PDLT_MEASURE_OUTPUT))
      why = "only training moves neurons; add output";
    if (why != NULL) return pdlt_experiment_fail(ex, "measure", reader->err, "crossings: %s", why);
  }
  if (ex->ensemble.members > 0 && ex->ensemble.keep_members > ex->ensemble.members)
    return pdlt_experiment_fail(ex, "ensemble.keep_members", reader->err,
                                "%ld; there are only %ld members", ex->ensemble.keep_members,
                                ex->ensemble.members);
  return PDLT_OK;
}

/* What cannot go with a parameter that follows the width, where theory is another at each. */
static pdlt_status check_follows(pdlt_reader *reader) {
  const pdlt_experiment *ex = reader->ex;
  const char *key = pdlt_experiment_follows(ex), *until = pdlt_until_key(ex);
  const unsigned variances = 1U << PDLT_PARAMETER_C_B | 1U << PDLT_PARAMETER_C_W;
  if (key == NULL) return PDLT_OK;
  if (pdlt_activation_has_kink(&ex->network.activation))
    return pdlt_experiment_fail(
        ex, key, reader->err,
        "follows the width; what is tested then is order 1/n, and this "
        "activation has a kink, whose first correction is of order n^(-1/2): "
        "give numbers or a smooth activation");
  if (ex->theory.order == 0)
    return pdlt_experiment_fail(
        ex, "theory.order", reader->err,
        "0; %s follows the width, and what is tested then is order 1/n: use 1", key);
  if (ex->training.eta_kind == PDLT_ETA_RELATIVE)
    return pdlt_experiment_fail(
        ex, "training.eta", reader->err,
        "relative; %s follows the width, and with it the largest eigenvalue: "
        "give a number",
        key);
  if (ex->data.scale_kind == PDLT_SCALE_CRITICAL && (ex->network.follows & variances) != 0)
    return pdlt_experiment_fail(ex, "data.scale", reader->err,
                                "critical; %s follows the width, and with it K*: give a number",
                                key);
  if (until != NULL)
    return pdlt_experiment_fail(ex, until, reader->err,
                                "until needs one coefficient of 1/n for all widths, and %s follows "
                                "the width: give a number of members",
                                key);
  return PDLT_OK;
}

/* Newton's method and batches: what they leave no meaning to. A batch of all samples is none. */
static pdlt_status check_method(pdlt_reader *reader) {
  pdlt_experiment *ex = reader->ex;
  const pdlt_estimator estimator = ex->ensemble.estimator;
  if (ex->training.batch > ex->data.train)
    return pdlt_experiment_fail(ex, "training.batch", reader->err,
                                "%d; there are only %d training samples", ex->training.batch,
                                ex->data.train);
  if (ex->training.batch == ex->data.train) ex->training.batch = 0;
  if (!ex->training.newton && ex->training.batch == 0) return PDLT_OK;
  const char *key = ex->training.newton ? "training.method" : "training.batch";
  const char *what = ex->training.newton ? "newton" : "batches";
  if (ex->training.newton && ex->training.batch > 0)
    return pdlt_experiment_fail(
        ex, "training.batch", reader->err,
        "%d; method: newton takes all training samples at once; leave one out", ex->training.batch);
  if (ex->training.centered)
    return pdlt_experiment_fail(ex, "training.targets", reader->err,
                                "centered; %s with these targets is not derived; leave one out",
                                what);
  if (ex->training.eta_kind == PDLT_ETA_FLOW)
    return pdlt_experiment_fail(ex, "training.eta", reader->err,
                                "flow; %s goes by steps; give a number", what);
  if (ex->training.newton && pdlt_experiment_follows(ex) != NULL)
    return pdlt_experiment_fail(ex, key, reader->err,
                                "newton needs one NTK of infinite width for all widths, and %s "
                                "follows the width: give numbers, or method: gd",
                                pdlt_experiment_follows(ex));
  if (ex->training.batch > 0 &&
      (estimator == PDLT_ESTIMATOR_CONTROL || estimator == PDLT_ESTIMATOR_TWO_LEVEL))
    return pdlt_experiment_fail(
        ex, "ensemble.estimator", reader->err,
        "%s follows linearizations, which know no batches (training.batch); "
        "write antithetic, plain or auto",
        pdlt_estimator_words[estimator]);
  return PDLT_OK;
}

/* The samples and times of figures are there; those of a sweep are known at its points. */
static pdlt_status check_figures(pdlt_reader *reader) {
  const pdlt_experiment *ex = reader->ex;
  char why[256];
  const char *key =
      pdlt_figure_keys_wrong(&ex->compare.figures, (size_t)ex->data.train + (size_t)ex->data.test,
                             ex->training.num_record, ex->training.record, why, sizeof why);
  if (key == NULL || ex->swept) return PDLT_OK;
  return pdlt_experiment_fail(ex, key, reader->err, "%s", why);
}

/* Whether the file says all about positions; images know theirs (pdlt_experiment_place_images). */
static int ex_has_positions(const pdlt_experiment *ex) {
  return ex->network.dimensions > 0 ||
         (ex->data.source != PDLT_SOURCE_IDX && ex->data.source != PDLT_SOURCE_NPY);
}

pdlt_status pdlt_experiment_check(pdlt_reader *reader) {
  pdlt_status status = PDLT_OK;
  PDLT_TRY(fill_network(reader));
  PDLT_TRY(check_data(reader));
  PDLT_TRY(pdlt_feature_keys_check(reader));
  PDLT_TRY(check_network(reader));
  PDLT_TRY(pdlt_skips_check(reader->ex, reader->err));
  if (ex_has_positions(reader->ex))
    PDLT_TRY(pdlt_wiring_check(reader->ex, (size_t)reader->ex->data.inputs, reader->err));
  PDLT_TRY(pdlt_experiment_check_memory(reader->ex, (size_t)reader->ex->data.inputs, reader->err));
  PDLT_TRY(pdlt_posterior_keys_check(reader));
  PDLT_TRY(fill_record(reader));
  PDLT_TRY(check_measure(reader));
  PDLT_TRY(pdlt_loss_check(reader));
  PDLT_TRY(check_follows(reader));
  PDLT_TRY(check_method(reader));
  PDLT_TRY(pdlt_until_check(reader));
  PDLT_TRY(pdlt_only_check(reader));
  PDLT_TRY(check_figures(reader));
cleanup:
  return status;
}
