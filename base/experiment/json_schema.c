/* json_schema.c - the table of keys as JSON Schema, for editors.
 *
 * Is: types, limits and words of the rows, `form` of the others; what is required, and which keys of data a
 * source takes. With a sweep nothing is required: its points may give it.
 * Is not: what the program checks with; it refuses more (check.c). */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/experiment/internal.h"
#include "base/file/json.h"

/* What several forms of schema.c name, and what they are made of. ' stands for ". */
static const char *const layer_form =
    "{'anyOf':[{'enum':['dense','average']},"
    "{'type':'object','properties':{'dense':{'const':true},'skip':{'type':'number'}},"
    "'required':['dense'],'additionalProperties':false},"
    "{'type':'object','properties':{'conv':{'anyOf':[{'$ref':'#/$defs/taps'},"
    "{'type':'array','minItems':2,'maxItems':2,'items':{'$ref':'#/$defs/taps'}}]},"
    "'padding':{'enum':['circular','zero']},'stride':{'$ref':'#/$defs/side'},"
    "'pool':{'$ref':'#/$defs/side'},'skip':{'type':'number'}},"
    "'required':['conv'],'additionalProperties':false}]}";
static const char *const taps_form = "{'type':'integer','minimum':1,'maximum':1000}";
static const char *const side_form = "{'type':'integer','minimum':1,'maximum':100000}";

/* No point of a sweep gives what is missing; no output is trained: schema.c, infers. */
#define NO_SWEEP "{'not':{'required':['sweep']}}"
#define POSTERIOR                                                                         \
  "{'required':['measure'],'properties':{'measure':{'type':'array','contains':{'const':'" \
  "posterior'}}}}"
static const char *const no_sweep_form = NO_SWEEP;
static const char *const trains_form =
    "{'not':{'anyOf':[{'required':['sweep']},{'required':['posterior']}," POSTERIOR "]}}";
/* Steps are counted, but for eta: flow. */
static const char *const steps_form =
    "{'if':{'allOf':[" NO_SWEEP
    ",{'required':['training'],'properties':{'training':{'type':'object','required':['eta'],"
    "'properties':{'eta':{'not':{'const':'flow'}}}}}}]},"
    "'then':{'properties':{'training':{'properties':{"
    "'steps':{'anyOf':[{'type':'integer','minimum':0,'maximum':1000000000},{'const':'end'}]},"
    "'record':{'items':{'type':'integer'}}}}}}}";

/* --- keys that exclude or need each other, as check.c and others say --- */

#define NOT(a) "{'not':" a "}"
#define IN(section, what) \
  "{'required':['" section "'],'properties':{'" section "':{'type':'object'," what "}}}"
#define HAS(section, key) IN(section, "'required':['" key "']")
#define IS(section, key, value) \
  IN(section, "'required':['" key "'],'properties':{'" key "':" value "}")
#define WORD(section, key, word) IS(section, key, "{'const':'" word "'}")
#define ONE_OF(key, words) \
  "'required':['source','" key "'],'properties':{'source':{'enum':[" words "]}"
#define FILES "'csv','idx','npy'"

/* Both do not hold of one file. */
static const struct {
  const char *a, *b;
} never[] = {
    {WORD("network", "C_b", "critical"), NOT(WORD("network", "C_W", "critical"))},
    {WORD("network", "C_W", "critical"), NOT(WORD("network", "C_b", "critical"))},
    {WORD("ensemble", "estimator", "slice"), NOT(POSTERIOR)},
    {HAS("ensemble", "members"), HAS("ensemble", "until")},
    {WORD("training", "steps", "end"), HAS("training", "record")},
    {WORD("training", "method", "newton"), HAS("training", "batch")},
    {WORD("training", "method", "newton"), WORD("training", "targets", "centered")},
    {WORD("training", "method", "newton"), WORD("training", "eta", "flow")},
    {IS("data", "pool", "{'const':3}"), NO_SWEEP},
    {IS("data", "balance", "{'const':true}"), NOT(HAS("data", "classes"))},
    {IS("data", "empty_classes", "{'const':true}"), NOT(HAS("data", "classes"))},
    {HAS("data", "targets"), NOT(HAS("data", "classes"))},
    {HAS("data", "label"), NOT(HAS("data", "classes"))},
    {IN("data", ONE_OF("classes", "'csv'") "}"), NOT(HAS("data", "label"))},
    {IN("data", ONE_OF("classes", "'idx','npy'") ",'classes':{'contains':{'type':'string'}}}"),
     NO_SWEEP},
    {HAS("data", "label"), IS("data", "columns", "{'required':['y']}")},
    {IS("data", "columns", NOT("{'required':['y']}")), NOT(HAS("data", "label"))},
    {IS("data", "header", "{'const':false}"),
     IN("data", "'not':{'anyOf':[{'required':['columns']},{'required':['label']}]}")},
    {WORD("data", "source", "npy"),
     IN("data", "'not':{'anyOf':[{'required':['file']},{'required':['x','y']}]}")},
    {IN("data", ONE_OF("center", FILES ",'circle','gaussian','teacher','superposition'") "}"),
     IS("data", "center", "{'enum':['targets','both']}")},
};

/* A form as a value; NULL: memory ran out (that all are JSON, a test sees). */
static json_t *form_json(const char *form) {
  char *text = NULL;
  json_t *out = NULL;
  if (pdlt_strdup(&text, form, NULL) != PDLT_OK) return NULL;
  for (char *c = text; *c != 0; c++)
    if (*c == '\'') *c = '"';
  if (pdlt_json_parse(&out, text, strlen(text), NULL) != PDLT_OK) out = NULL;
  pdlt_free(text);
  return out;
}

static json_t *words_json(const char *const *words) {
  json_t *out = json_array();
  for (size_t i = 0; words[i] != NULL; i++) pdlt_json_append(&out, json_string(words[i]));
  return out;
}

/* --- one key --- */

static json_t *limit_json(double limit) {
  return limit == floor(limit) && fabs(limit) < 1e15 ? json_integer((json_int_t)limit)
                                                     : pdlt_json_real(limit);
}

static json_t *number_json(const pdlt_schema_key *key, const char *type) {
  json_t *out = json_pack("{s:s}", "type", type);
  pdlt_json_put(&out, key->min_open ? "exclusiveMinimum" : "minimum", limit_json(key->min));
  pdlt_json_put(&out, "maximum", limit_json(key->max));
  return out;
}

static json_t *text_json(const pdlt_schema_key *key) {
  return strcmp(key->path, "title") == 0
             ? json_pack("{s:[s, s, s, s]}", "type", "string", "number", "boolean", "null")
             : json_pack("{s:[s, s, s], s:i}", "type", "string", "number", "boolean", "minLength",
                         1);
}

static json_t *list_of_words_json(const pdlt_schema_key *key) {
  json_t *out = json_pack("{s:s, s:b, s:{s:o}}", "type", "array", "uniqueItems", 1, "items", "enum",
                          words_json(key->words));
  if (key->read == pdlt_read_measure) pdlt_json_put(&out, "minItems", json_integer(1));
  return out;
}

static json_t *value_json(const pdlt_schema_key *key) {
  switch (key->type) {
    case PDLT_VALUE_TEXT:
      return text_json(key);
    case PDLT_VALUE_INT:
    case PDLT_VALUE_LONG:
      return number_json(key, "integer");
    case PDLT_VALUE_REAL:
      return number_json(key, "number");
    case PDLT_VALUE_SEED:
      return json_pack("{s:s, s:i, s:I}", "type", "integer", "minimum", 0, "maximum",
                       (json_int_t)LLONG_MAX);
    case PDLT_VALUE_BOOL:
      return json_pack("{s:s}", "type", "boolean");
    case PDLT_VALUE_WORD:
      return json_pack("{s:o}", "enum", words_json(key->words));
    case PDLT_VALUE_CUSTOM:
    case PDLT_VALUE_SECTION:
      break;
  }
  return key->words != NULL ? list_of_words_json(key) : form_json(key->form);
}

/* The same with what would be right, in words. */
static json_t *key_json(const pdlt_schema_key *key) {
  char expect[PDLT_EXPECT_LENGTH];
  json_t *out = value_json(key);
  pdlt_schema_expect(key, expect);
  pdlt_json_put(&out, "description", json_string(expect));
  return out;
}

/* --- sections --- */

/* The name of a key within a section ("": at the top), or NULL when it is in another one. */
static const char *name_in(const pdlt_schema_key *key, const char *section) {
  const size_t length = strlen(section);
  const char *name = key->path;
  if (length > 0) {
    if (strncmp(name, section, length) != 0 || name[length] != '.') return NULL;
    name += length + 1;
  }
  return strchr(name, '.') == NULL ? name : NULL;
}

static json_t *properties_json(const char *section) {
  json_t *out = json_object();
  for (size_t i = 0; i < pdlt_schema_count; i++) {
    const pdlt_schema_key *key = &pdlt_schema[i];
    const char *name = name_in(key, section);
    if (name == NULL) continue;
    json_t *one = NULL;
    if (key->type != PDLT_VALUE_SECTION)
      one = key_json(key);
    else /* nothing behind the colon is as good as no section */
      one = json_pack("{s:[s, s], s:o, s:b}", "type", "object", "null", "properties",
                      properties_json(name), "additionalProperties", 0);
    pdlt_json_put(&out, name, one);
  }
  return out;
}

/* --- what is required --- */

static json_t *condition(json_t *when, json_t *then) {
  return json_pack("{s:o, s:o}", "if", when, "then", then);
}

static int has_need(const char *section, int need) {
  for (size_t i = 0; i < pdlt_schema_count; i++)
    if (pdlt_schema[i].required == need && name_in(&pdlt_schema[i], section) != NULL) return 1;
  return 0;
}

/* {required: sections, properties: {SECTION: {type: object, required: keys}}} of one kind of need. */
static json_t *required_json(int need) {
  json_t *sections = json_array(), *properties = json_object();
  for (size_t s = 0; s < pdlt_schema_count; s++) {
    const char *section = pdlt_schema[s].path;
    if (pdlt_schema[s].type != PDLT_VALUE_SECTION || !has_need(section, need)) continue;
    json_t *keys = json_array();
    for (size_t i = 0; i < pdlt_schema_count; i++)
      if (pdlt_schema[i].required == need && name_in(&pdlt_schema[i], section) != NULL)
        pdlt_json_append(&keys, json_string(name_in(&pdlt_schema[i], section)));
    pdlt_json_append(&sections, json_string(section));
    pdlt_json_put(&properties, section,
                  json_pack("{s:s, s:o}", "type", "object", "required", keys));
  }
  return json_pack("{s:o, s:o}", "required", sections, "properties", properties);
}

/* Of data with this source: what it needs, and what it does not take. */
static json_t *source_json(int source) {
  json_t *needed = json_array(), *refused = json_object();
  for (size_t i = 0; i < pdlt_schema_count; i++) {
    const char *name = name_in(&pdlt_schema[i], "data");
    if (name == NULL) continue;
    const pdlt_source_use use = pdlt_source_takes(source, pdlt_schema[i].path);
    if (use == PDLT_KEY_NEEDED) pdlt_json_append(&needed, json_string(name));
    if (use == PDLT_KEY_REFUSED) pdlt_json_put(&refused, name, json_false());
  }
  json_t *when =
      json_pack("{s:[o, {s:[s], s:{s:{s:[s], s:{s:{s:s}}}}}]}", "allOf", form_json(no_sweep_form),
                "required", "data", "properties", "data", "required", "source", "properties",
                "source", "const", pdlt_source_words[source]);
  return condition(when, json_pack("{s:{s:{s:o, s:o}}}", "properties", "data", "required", needed,
                                   "properties", refused));
}

static json_t *conditions_json(void) {
  json_t *out = json_array();
  pdlt_json_append(&out, condition(form_json(no_sweep_form), required_json(1)));
  pdlt_json_append(&out, condition(form_json(trains_form), required_json(PDLT_REQUIRED_TO_TRAIN)));
  pdlt_json_append(&out, form_json(steps_form));
  for (int source = 0; pdlt_source_words[source] != NULL; source++)
    pdlt_json_append(&out, source_json(source));
  for (size_t k = 0; k < sizeof never / sizeof *never; k++)
    pdlt_json_append(&out, json_pack("{s:{s:[o, o, o]}}", "not", "allOf", form_json(no_sweep_form),
                                     form_json(never[k].a), form_json(never[k].b)));
  return out;
}

/* --- $defs --- */

/* The names of activations alone, for editors to offer, or with parameters. */
static json_t *activation_json(void) {
  json_t *names = json_array();
  char pattern[1024];
  size_t used = (size_t)snprintf(pattern, sizeof pattern, "^\\s*(quadratic");
  for (int k = 0; k < PDLT_ACTIVATION_COUNT; k++) {
    const char *name = pdlt_activation_name((pdlt_activation_kind)k);
    pdlt_json_append(&names, json_string(name));
    if (used < sizeof pattern)
      used += (size_t)snprintf(pattern + used, sizeof pattern - used, "|%s", name);
  }
  if (used < sizeof pattern)
    snprintf(pattern + used, sizeof pattern - used, ")\\s*(\\(.*\\)\\s*)?$");
  return json_pack("{s:[{s:o}, {s:s, s:s}]}", "anyOf", "enum", names, "type", "string", "pattern",
                   pattern);
}

/* Those with all the flags. */
static json_t *quantity_json(unsigned flags) {
  json_t *names = json_array();
  for (int k = 0; k < PDLT_QUANTITIES; k++)
    if (((unsigned)pdlt_quantities[k].flags & flags) == flags)
      pdlt_json_append(&names, json_string(pdlt_quantities[k].name));
  return json_pack("{s:o}", "enum", names);
}

static json_t *until_json(void) {
  json_t *properties =
      json_pack("{s:o, s:{s:s, s:i, s:i}, s:{s:s, s:i, s:f}, s:{s:s, s:i, s:I}}", "quantity",
                quantity_json(PDLT_QUANTITY_UNTIL), "relative", "type", "number",
                "exclusiveMinimum", 0, "maximum", 1, "scale", "type", "number", "exclusiveMinimum",
                0, "maximum", 1e300, "max_members", "type", "integer", "minimum",
                (int)PDLT_UNTIL_FIRST, "maximum", (json_int_t)PDLT_MAX_MEMBERS);
  return json_pack("{s:s, s:o, s:[s, s], s:b}", "type", "object", "properties", properties,
                   "required", "quantity", "relative", "additionalProperties", 0);
}

static json_t *colors_json(void) {
  json_t *out = json_object();
  for (int k = 0; pdlt_figure_color_words[k] != NULL; k++)
    pdlt_json_put(&out, pdlt_figure_color_words[k],
                  json_pack("{s:s, s:s}", "type", "string", "pattern", "^#[0-9a-fA-F]{6}$"));
  return json_pack("{s:s, s:o, s:b}", "type", "object", "properties", out, "additionalProperties",
                   0);
}

/* A list of values of each key, by its whole path. */
static json_t *swept_json(void) {
  json_t *out = json_object();
  for (size_t i = 0; i < pdlt_schema_count; i++) {
    const char *path = pdlt_schema[i].path, *dot = strchr(path, '.');
    char ref[128];
    if (pdlt_schema[i].type == PDLT_VALUE_SECTION || strcmp(path, "sweep") == 0) continue;
    if (dot == NULL)
      snprintf(ref, sizeof ref, "#/properties/%s", path);
    else
      snprintf(ref, sizeof ref, "#/properties/%.*s/properties/%s", (int)(dot - path), path,
               dot + 1);
    pdlt_json_put(
        &out, path,
        json_pack("{s:s, s:i, s:{s:s}}", "type", "array", "minItems", 1, "items", "$ref", ref));
  }
  return out;
}

static json_t *sweep_json(void) {
  json_t *keys = swept_json();
  pdlt_json_put(&keys, "zip",
                json_pack("{s:s, s:i, s:o, s:b}", "type", "object", "minProperties", 1,
                          "properties", swept_json(), "additionalProperties", 0));
  return json_pack("{s:s, s:o, s:b}", "type", "object", "properties", keys, "additionalProperties",
                   0);
}

static json_t *defs_json(void) {
  return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "activation", activation_json(),
                   "layer", form_json(layer_form), "taps", form_json(taps_form), "side",
                   form_json(side_form), "until", until_json(), "quantity", quantity_json(0),
                   "colors", colors_json(), "sweep", sweep_json());
}

pdlt_status pdlt_experiment_schema(char **out, pdlt_error *err) {
  json_t *schema =
      json_pack("{s:s, s:s, s:s, s:o, s:b, s:o, s:o}", "$schema",
                "https://json-schema.org/draft/2020-12/schema", "title", "experiment of pdlt",
                "type", "object", "properties", properties_json(""), "additionalProperties", 0,
                "allOf", conditions_json(), "$defs", defs_json());
  const pdlt_status status = pdlt_json_format(schema, JSON_INDENT(1), out, err);
  json_decref(schema);
  return status;
}
