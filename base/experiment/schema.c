/* schema.c - the one table of the keys of an experiment file.
 *
 * Is: key path -> type, limits, reader; unknown and repeated keys.
 * Is not: how values are read (values.c) or checked against each other
 * (check.c). */
#include <float.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/experiment/internal.h"

const char *const pdlt_source_words[] = {"csv",           "idx",     "npy",    "circle",
                                         "gaussian",      "teacher", "parity", "modular_addition",
                                         "superposition", "arrays",  NULL};
const char *const pdlt_init_words[] = {"normal", "uniform", NULL};
const char *const pdlt_targets_words[] = {"sign", "one_hot", NULL};
const char *const pdlt_estimator_words[] = {"plain", "antithetic", "control", "two_level",
                                            "auto",  "slice",      NULL};
const char *const pdlt_csv_words[] = {"auto", "full", "summary", NULL};
const char *const pdlt_keep_words[] = {"cov", "Theta_t", "dTheta_t", "features", NULL};
static const char *const variant_words[] = {"full", "pair_only", NULL};
static const char *const only_words[] = {"all", "z", NULL};
const char *const pdlt_theory_keep_words[] = {"tensors", "Theta_t", NULL};
static const char *const arithmetic_words[] = {"double", "single", NULL};
static const char *const trained_words[] = {"fixed", "centered", NULL};
static const char *const method_words[] = {"gd", "newton", NULL};

#define AT(member) offsetof(pdlt_experiment, member)
#define SECTION(name) \
  { .path = (name), .type = PDLT_VALUE_SECTION, .expect = "a mapping of keys" }
#define TEXT(name, member, what) \
  { .path = (name), .type = PDLT_VALUE_TEXT, .offset = AT(member), .expect = (what) }
#define WHOLE(name, kind, member, low, high, need)                                     \
  {                                                                                    \
    .path = (name), .type = (kind), .offset = AT(member), .min = (low), .max = (high), \
    .required = (need)                                                                 \
  }
#define WORD(name, member, list, need)                                              \
  {                                                                                 \
    .path = (name), .type = PDLT_VALUE_WORD, .offset = AT(member), .words = (list), \
    .required = (need)                                                              \
  }
/* form: what JSON Schema says of the value, with ' for " (json_schema.c). */
#define CUSTOM(name, member, reader, need, what, schema)                               \
  {                                                                                    \
    .path = (name), .type = PDLT_VALUE_CUSTOM, .offset = AT(member), .read = (reader), \
    .required = (need), .expect = (what), .form = (schema)                             \
  }

#define PER_LAYER(name, member, need, what, schema) \
  CUSTOM(name, member, pdlt_read_per_layer, need, what, schema)
#define VARIANCE                                                                                 \
  "a number >= 0, a list of one such number for each layer, {scale: NUMBER, width: NUMBER}, or " \
  "critical"
#define RATE                                                                                     \
  "a number >= 0, a list of one such number for each layer, {scale: NUMBER, power: NUMBER}, or " \
  "{scale: NUMBER, width: NUMBER}"

#define FORM_WHOLE(low, high) "{'type':'integer','minimum':" low ",'maximum':" high "}"
#define FORM_LIST(item) "{'type':'array','minItems':1,'items':" item "}"
#define FORM_SET(item, more) "{'type':'array','uniqueItems':true" more ",'items':" item "}"
#define FORM_ABOVE_0 "{'type':'number','exclusiveMinimum':0}"
#define FORM_FROM_0 "{'type':'number','minimum':0}"
#define FORM_NUMBERS "{'anyOf':[{'type':'number'}," FORM_LIST("{'type':'number'}") "]}"
#define FORM_SIDE "{'$ref':'#/$defs/side'}"
#define FORM_LAW(power)                                            \
  "{'type':'object','properties':{'scale':" FORM_FROM_0 ",'" power \
  "':{'type':'number'}},"                                          \
  "'required':['scale','" power "'],'additionalProperties':false}"
#define FORM_PER_LAYER(more) \
  "{'anyOf':[" FORM_FROM_0 "," FORM_LIST(FORM_FROM_0) "," FORM_LAW("width") "," more "]}"
#define FORM_VARIANCE FORM_PER_LAYER("{'const':'critical'}")
#define FORM_RATE FORM_PER_LAYER(FORM_LAW("power"))
#define FORM_TEXT "{'type':['string','number','boolean']}"
#define FORM_COLUMNS "{'anyOf':[" FORM_TEXT "," FORM_LIST(FORM_TEXT) "]}"

/* In the order of reading: depth before what has one entry per layer, eta and steps
 * before record. */
const pdlt_schema_key pdlt_schema[] = {
    SECTION("network"),
    SECTION("data"),
    SECTION("training"),
    SECTION("ensemble"),
    SECTION("theory"),
    SECTION("features"),
    SECTION("posterior"),
    SECTION("compare"),
    SECTION("figures"),
    TEXT("title", title, "text"),
    CUSTOM("network.activation", network.activation, pdlt_read_activation, 1,
           "the name of an activation", "{'$ref':'#/$defs/activation'}"),
    WHOLE("network.depth", PDLT_VALUE_INT, network.depth, 2, PDLT_MAX_DEPTH, 1),
    CUSTOM("network.widths", network.widths, pdlt_read_widths, 1,
           "a list of whole numbers >= 1, increasing",
           FORM_SET(FORM_WHOLE("1", "2147483647"), ",'minItems':1")),
    CUSTOM("network.width_ratios", network.width_ratios, pdlt_read_width_ratios, 0,
           "a list of depth - 1 whole numbers >= 1", FORM_LIST(FORM_WHOLE("1", "1000000"))),
    WHOLE("network.outputs", PDLT_VALUE_INT, network.outputs, 1, 100000, 0),
    CUSTOM("network.input", network.shape, pdlt_read_input, 0,
           "{shape: [POSITIONS] or [ROWS, COLUMNS], channels: NUMBER}",
           "{'type':'object','properties':{'shape':{'type':'array','minItems':1,'maxItems':2,'"
           "items':" FORM_SIDE "},'channels':" FORM_SIDE
           "},'required':['shape'],'additionalProperties':false}"),
    CUSTOM("network.layers", network.layers, pdlt_read_layers, 0,
           "a list of depth layers, each dense, average or {conv: TAPS, padding: WORD}",
           "{'type':'array','minItems':2,'items':{'$ref':'#/$defs/layer'}}"),
    CUSTOM("network.skip", network.skip, pdlt_read_skip, 0,
           "a number, or a list of depth - 2 numbers, of layers 2 to depth - 1", FORM_NUMBERS),
    PER_LAYER("network.C_b", network.C_b, 1, VARIANCE, FORM_VARIANCE),
    PER_LAYER("network.C_W", network.C_W, 1, VARIANCE, FORM_VARIANCE),
    PER_LAYER("network.lambda_b", network.lambda_b, 0, RATE, FORM_RATE),
    PER_LAYER("network.lambda_W", network.lambda_W, 0, RATE, FORM_RATE),
    WORD("network.init", network.init, pdlt_init_words, 0),
    WORD("data.source", data.source, pdlt_source_words, 1),
    TEXT("data.file", data.file, "the name of a CSV or .npz file"),
    TEXT("data.images", data.images, "the name of an IDX file"),
    TEXT("data.labels", data.labels, "the name of an IDX file"),
    TEXT("data.x", data.x, "the name of an array"),
    TEXT("data.y", data.y, "the name of an array"),
    CUSTOM("data.columns", data.columns_x, pdlt_read_columns, 0,
           "{x: [COLUMN, ...], y: [COLUMN, ...]}, each a name, a number or FIRST..LAST",
           "{'type':'object','minProperties':1,'properties':{'x':" FORM_COLUMNS ",'y':" FORM_COLUMNS
           "},'additionalProperties':false}"),
    TEXT("data.label", data.label, "the name or number of a column"),
    {.path = "data.header", .type = PDLT_VALUE_BOOL, .offset = AT(data.header)},
    CUSTOM("data.classes", data.classes, pdlt_read_classes, 0,
           "a list of different whole numbers, or, csv, of words",
           "{'anyOf':[" FORM_SET("{'type':'integer'}", ",'minItems':1") "," FORM_SET(
               FORM_TEXT, ",'contains':{'type':['string','boolean']}") "]}"),
    WORD("data.targets", data.targets, pdlt_targets_words, 0),
    WHOLE("data.pool", PDLT_VALUE_INT, data.pool, 1, 4, 0),
    WHOLE("data.skip", PDLT_VALUE_LONG, data.skip, 0, 1e9, 0),
    {.path = "data.shuffle", .type = PDLT_VALUE_SEED, .offset = AT(data.shuffle)},
    {.path = "data.balance", .type = PDLT_VALUE_BOOL, .offset = AT(data.balance)},
    {.path = "data.empty_classes", .type = PDLT_VALUE_BOOL, .offset = AT(data.empty_classes)},
    WHOLE("data.inputs", PDLT_VALUE_INT, data.inputs, 1, 1000000, 0),
    WHOLE("data.modulus", PDLT_VALUE_INT, data.modulus, 2, 1000, 0),
    CUSTOM("data.bits", data.bits, pdlt_read_bits, 0,
           "a list of whole numbers from 0 to n_0 - 1, increasing: the inputs that matter",
           FORM_SET(FORM_WHOLE("0", "999999"), ",'minItems':1")),
    CUSTOM("data.amplitudes", data.amplitudes, pdlt_read_factors, 0,
           "a number, or a list of one number for each output", FORM_NUMBERS),
    {.path = "data.cube", .type = PDLT_VALUE_BOOL, .offset = AT(data.cube)},
    WHOLE("data.features", PDLT_VALUE_INT, data.features, 1, 100000, 0),
    {.path = "data.probability",
     .type = PDLT_VALUE_REAL,
     .offset = AT(data.probability),
     .max = 1,
     .min_open = 1},
    CUSTOM("data.importance", data.importance, pdlt_read_factors, 0,
           "a number, or a list of one number for each feature", FORM_NUMBERS),
    {.path = "data.seed", .type = PDLT_VALUE_SEED, .offset = AT(data.seed)},
    CUSTOM("data.center", data.center, pdlt_read_center, 0, "true, false, targets or both",
           "{'enum':[true,false,'targets','both']}"),
    CUSTOM("data.scale", data.scale, pdlt_read_scale, 0, "none, a number > 0, or critical",
           "{'anyOf':[{'enum':['none','critical']}," FORM_ABOVE_0 "]}"),
    WHOLE("data.train", PDLT_VALUE_INT, data.train, 1, 1000000, 1),
    WHOLE("data.test", PDLT_VALUE_INT, data.test, 0, 1000000, 0),
    CUSTOM("training.eta", training.eta, pdlt_read_eta, PDLT_REQUIRED_TO_TRAIN,
           "a number > 0, {relative: NUMBER}, or flow",
           "{'anyOf':[" FORM_ABOVE_0
           ",{'const':'flow'},{'type':'object','properties':{'relative':" FORM_ABOVE_0
           "},'required':['relative'],'additionalProperties':false}]}"),
    WORD("training.loss", training.loss, pdlt_trained_loss_words, 0),
    WORD("training.targets", training.centered, trained_words, 0),
    WORD("training.method", training.newton, method_words, 0),
    WHOLE("training.batch", PDLT_VALUE_INT, training.batch, 1, 1000000, 0),
    WHOLE("training.max_steps", PDLT_VALUE_LONG, training.max_steps, 1, 1e12, 0),
    CUSTOM("training.steps", training.steps, pdlt_read_steps, PDLT_REQUIRED_TO_TRAIN,
           "a whole number from 0 to 1e+09, or end", "{'anyOf':[" FORM_FROM_0 ",{'const':'end'}]}"),
    CUSTOM("training.record", training.record, pdlt_read_record, 0,
           "a list of whole numbers from 0 to steps, increasing",
           FORM_SET(FORM_FROM_0, ",'minItems':1")),
    CUSTOM(
        "ensemble.members", ensemble.members, pdlt_read_members, 0,
        "a whole number from 1 to 1e+12, or {until: {quantity: NAME, relative: NUMBER}}",
        "{'anyOf':[" FORM_WHOLE(
            "1", "1000000000000") ",{'type':'object','properties':{'until':{'$ref':'#/$defs/"
                                  "until'}},'required':['until'],'additionalProperties':false}]}"),
    CUSTOM("ensemble.until", ensemble.members, pdlt_read_until, 0,
           "{quantity: NAME, relative: NUMBER}", "{'$ref':'#/$defs/until'}"),
    {.path = "ensemble.seed", .type = PDLT_VALUE_SEED, .offset = AT(ensemble.seed)},
    WORD("ensemble.estimator", ensemble.estimator, pdlt_estimator_words, 0),
    WORD("ensemble.arithmetic", ensemble.single_precision, arithmetic_words, 0),
    WHOLE("ensemble.keep_members", PDLT_VALUE_LONG, ensemble.keep_members, 0, 1e9, 0),
    {.path = "ensemble.keep",
     .type = PDLT_VALUE_CUSTOM,
     .offset = AT(ensemble.keep),
     .read = pdlt_read_words,
     .expect = "a list of some of",
     .words = pdlt_keep_words},
    {.path = "measure",
     .type = PDLT_VALUE_CUSTOM,
     .offset = AT(measure),
     .read = pdlt_read_measure,
     .expect = "a list of some of",
     .words = pdlt_measure_words},
    WHOLE("measure_samples", PDLT_VALUE_INT, measure_samples, 1, 1000000, 0),
    WHOLE("theory.order", PDLT_VALUE_INT, theory.order, 0, 1, 0),
    {.path = "theory.tolerance",
     .type = PDLT_VALUE_REAL,
     .offset = AT(theory.tolerance),
     .min = 1e-14,
     .max = 1e-2,
     .min_open = 1},
    CUSTOM("theory.omit", theory.omit, pdlt_read_names, 0,
           "a list of names of parts, tensors or terms",
           "{'type':'array','items':{'type':'string','minLength':1}}"),
    CUSTOM("theory.flip", theory.flip, pdlt_read_names, 0,
           "a list of names of parts, tensors or terms",
           "{'type':'array','items':{'type':'string','minLength':1}}"),
    WORD("theory.variant", theory.pair_only, variant_words, 0),
    WORD("theory.only", theory.only_z, only_words, 0),
    {.path = "theory.keep",
     .type = PDLT_VALUE_CUSTOM,
     .offset = AT(theory.keep),
     .read = pdlt_read_words,
     .expect = "a list of some of",
     .words = pdlt_theory_keep_words},
    WORD("features.truth", features.truth, pdlt_truth_words, 0),
    WHOLE("features.members", PDLT_VALUE_INT, features.members, 1, 10000, 0),
    {.path = "features.kernels",
     .type = PDLT_VALUE_CUSTOM,
     .offset = AT(features.kernels),
     .read = pdlt_read_measure,
     .expect = "a list of some of",
     .words = pdlt_feature_words},
    {.path = "features.of",
     .type = PDLT_VALUE_CUSTOM,
     .offset = AT(features.of),
     .read = pdlt_read_measure,
     .expect = "a list of some of",
     .words = pdlt_function_words},
    WHOLE("features.directions", PDLT_VALUE_INT, features.directions, 1, 1000, 0),
    WHOLE("features.starts", PDLT_VALUE_INT, features.starts, 1, 1000, 0),
    {.path = "features.norm",
     .type = PDLT_VALUE_REAL,
     .offset = AT(features.norm),
     .max = 1e6,
     .min_open = 1},
    WHOLE("features.budget", PDLT_VALUE_INT, features.budget, 1, 100000, 0),
    {.path = "posterior.noise",
     .type = PDLT_VALUE_REAL,
     .offset = AT(posterior.noise),
     .max = 1e12},
    WHOLE("compare.degree", PDLT_VALUE_INT, compare.degree, 1, 6, 0),
    {.path = "compare.level",
     .type = PDLT_VALUE_REAL,
     .offset = AT(compare.level),
     .max = 0.5,
     .min_open = 1},
    WORD("compare.csv", compare.csv, pdlt_csv_words, 0),
    CUSTOM("figures.title", compare.figures.title, pdlt_read_figure_title, 0,
           "text of less than 200 bytes",
           "{'type':['string','number','boolean','null'],'maxLength':199}"),
    {.path = "figures.font_size",
     .type = PDLT_VALUE_REAL,
     .offset = AT(compare.figures.font_size),
     .min = 4,
     .max = 14},
    {.path = "figures.width_mm",
     .type = PDLT_VALUE_REAL,
     .offset = AT(compare.figures.width_mm),
     .min = 60,
     .max = 500},
    CUSTOM("figures.colors", compare.figures.color, pdlt_read_figure_colors, 0,
           "grey, or {NAME: \"#rrggbb\", ...} with names of black, blue, vermilion, green, orange, "
           "sky, purple, yellow, grey",
           "{'anyOf':[{'const':'grey'},{'$ref':'#/$defs/colors'}]}"),
    CUSTOM("figures.quantities", compare.figures.num_quantities, pdlt_read_figure_quantities, 0,
           "a list of quantities, as NOTATION.md names them: K, Theta, z, cov, loss_test, ...",
           "{'type':'array','items':{'$ref':'#/$defs/quantity'}}"),
    CUSTOM("figures.times", compare.figures.times, pdlt_read_figure_times, 0,
           "a list of at most 64 recorded steps, increasing, with end as the last",
           FORM_SET("{'anyOf':[" FORM_FROM_0 ",{'const':'end'}]}", ",'maxItems':64")),
    CUSTOM("figures.samples", compare.figures.samples, pdlt_read_figure_samples, 0,
           "a list of at most 64 different numbers of samples, from 1",
           FORM_SET(FORM_WHOLE("1", "1000000000"), ",'maxItems':64")),
    CUSTOM("sweep", swept, pdlt_read_sweep, 0,
           "{KEY: [values]}, keys as in --set, or zip: {KEY: [values], ...}",
           "{'$ref':'#/$defs/sweep'}"),
};
const size_t pdlt_schema_count = sizeof pdlt_schema / sizeof *pdlt_schema;
_Static_assert(sizeof pdlt_schema / sizeof *pdlt_schema <= PDLT_SCHEMA_MAX_KEYS,
               "pdlt_experiment_origin is too small");

int pdlt_schema_find(const char *path) {
  for (size_t i = 0; i < pdlt_schema_count; i++) {
    if (strcmp(pdlt_schema[i].path, path) == 0) return (int)i;
  }
  return -1;
}

/* out = "FIRST a, b, c". */
static void expect_words(const char *first, const char *const *words,
                         char out[PDLT_EXPECT_LENGTH]) {
  size_t used = (size_t)snprintf(out, PDLT_EXPECT_LENGTH, "%s", first);
  for (size_t i = 0; words[i] != NULL && used < PDLT_EXPECT_LENGTH; i++)
    used += (size_t)snprintf(out + used, PDLT_EXPECT_LENGTH - used, "%s %s", i > 0 ? "," : "",
                             words[i]);
}

void pdlt_schema_expect(const pdlt_schema_key *key, char out[PDLT_EXPECT_LENGTH]) {
  switch (key->type) {
    case PDLT_VALUE_INT:
    case PDLT_VALUE_LONG:
      snprintf(out, PDLT_EXPECT_LENGTH, "a whole number from %.15g to %.15g", key->min, key->max);
      return;
    case PDLT_VALUE_SEED:
      snprintf(out, PDLT_EXPECT_LENGTH, "a whole number from 0 to %lld", LLONG_MAX);
      return;
    case PDLT_VALUE_REAL:
      snprintf(out, PDLT_EXPECT_LENGTH, "a number %s %g and <= %g",
               key->min_open ? ">" : ">=", key->min, key->max);
      return;
    case PDLT_VALUE_BOOL:
      snprintf(out, PDLT_EXPECT_LENGTH, "true or false");
      return;
    case PDLT_VALUE_WORD:
      expect_words("one of", key->words, out);
      return;
    case PDLT_VALUE_SECTION:
    case PDLT_VALUE_TEXT:
    case PDLT_VALUE_CUSTOM:
      break;
  }
  if (key->words != NULL)
    expect_words(key->expect, key->words, out);
  else
    snprintf(out, PDLT_EXPECT_LENGTH, "%s", key->expect);
}

int pdlt_value_is_empty(const pdlt_node *node) {
  return node->kind == PDLT_NODE_SCALAR && node->plain &&
         (node->text[0] == '\0' || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0);
}

static pdlt_status check_map(pdlt_reader *reader, const pdlt_node *map, const char *section) {
  for (size_t i = 0; i < map->count; i++) {
    char path[PDLT_QUOTE_LENGTH + 32], quoted[PDLT_QUOTE_LENGTH];
    snprintf(path, sizeof path, "%s%s%s", section, section[0] != '\0' ? "." : "",
             pdlt_quote(quoted, map->keys[i]));
    int index = pdlt_schema_find(path);
    if (index < 0) return pdlt_schema_unknown_key(reader, map->key_lines[i], section, path);
    int *line = &reader->ex->origin->line[index];
    if (*line > 0)
      return pdlt_reader_fail(reader, map->key_lines[i], path,
                              "repeated key, first in line %d; keep one", *line);
    *line = map->key_lines[i];
    if (pdlt_schema[index].type != PDLT_VALUE_SECTION || pdlt_value_is_empty(map->items[i]))
      continue;
    if (map->items[i]->kind != PDLT_NODE_MAP)
      return pdlt_value_wrong(reader, map->items[i], &pdlt_schema[index]);
    pdlt_status status = check_map(reader, map->items[i], path);
    if (status != PDLT_OK) return status;
  }
  return PDLT_OK;
}

pdlt_status pdlt_schema_check_keys(pdlt_reader *reader, const pdlt_node *root) {
  return check_map(reader, root, "");
}

/* The value of a key, or NULL. */
static const pdlt_node *find_value(const pdlt_node *root, const char *path) {
  const char *dot = strchr(path, '.');
  if (dot == NULL) return pdlt_node_find(root, path, strlen(path), NULL);
  const pdlt_node *section = pdlt_node_find(root, path, (size_t)(dot - path), NULL);
  return section != NULL ? pdlt_node_find(section, dot + 1, strlen(dot + 1), NULL) : NULL;
}

/* Whether Bayesian inference is asked for, with which training may be left out: posterior_keys.c. */
static int infers(const pdlt_node *root) {
  const pdlt_node *measure = find_value(root, "measure");
  int found = find_value(root, "posterior") != NULL;
  for (size_t i = 0; measure != NULL && measure->kind == PDLT_NODE_LIST && i < measure->count; i++)
    found |= pdlt_value_is_word(measure->items[i], "posterior");
  return found;
}

pdlt_status pdlt_schema_read(pdlt_reader *reader, const pdlt_node *root) {
  for (size_t i = 0; i < pdlt_schema_count; i++) {
    const pdlt_schema_key *key = &pdlt_schema[i];
    if (key->type == PDLT_VALUE_SECTION) continue;
    const pdlt_node *value = find_value(root, key->path);
    if (value != NULL) {
      pdlt_status status = pdlt_value_read(reader, value, key);
      if (status != PDLT_OK) return status;
    } else if (key->required && !(key->required == PDLT_REQUIRED_TO_TRAIN && infers(root))) {
      char expect[PDLT_EXPECT_LENGTH];
      pdlt_schema_expect(key, expect);
      return pdlt_experiment_fail(reader->ex, key->path, reader->err, "missing; give %s", expect);
    }
  }
  return PDLT_OK;
}
