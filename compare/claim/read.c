/* read.c - expect.yaml to a claim; keys and meaning: docs/claims.md. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/experiment/quantity.h"
#include "base/file/file.h"
#include "base/file/yaml.h"
#include "compare/claim/claim.h"
#include "compare/claim/formula.h"

enum { MOST_POINTS = 10000 }; /* of a variable: each is computed and drawn */

typedef struct reader {
  const char *path;
  pdlt_error *err;
} reader;

static const char *const top_keys[] = {"claim", "equation", "text", "sigma",
                                       "quick", "expect",   NULL};
static const char *const ensemble_keys[] = {"test", "label",     "quantity", "at",
                                            "time", "predicted", "sabotage", NULL};
static const char *const exponent_keys[] = {"test",      "label",     "quantity", "at", "time",
                                            "predicted", "tolerance", "sabotage", NULL};
static const char *const theory_keys[] = {"test",      "label",     "value",    "for",
                                          "predicted", "tolerance", "sabotage", NULL};
static const char *const sabotage_keys[] = {"omit",           "flip",          "factor", "value",
                                            "infinite_width", "prediction_of", "set",    NULL};
static const char *const test_words[] = {"limit", "slope", "exact", "theory", "exponent", NULL};
static const char *const chapters[] = {"1",  "2",  "3",   "4", "5", "6", "7", "8", "9",
                                       "10", "11", "inf", "A", "B", "C", "K", NULL};

#define FAIL(node, key, ...) pdlt_yaml_fail(r->path, (node)->line, key, r->err, __VA_ARGS__)

static const pdlt_node *find(const pdlt_node *map, const char *key) {
  return pdlt_node_find(map, key, strlen(key), NULL);
}

static int is_word(const char *const *words, const char *text) {
  for (int i = 0; words[i] != NULL; i++)
    if (strcmp(words[i], text) == 0) return i + 1;
  return 0;
}

/* Every key of the map is one of words, once. */
static pdlt_status check_keys(reader *r, const pdlt_node *map, const char *what,
                              const char *const *words) {
  if (map->kind != PDLT_NODE_MAP) return FAIL(map, what, "expected a mapping of keys");
  for (size_t i = 0; i < map->count; i++) {
    char known[256] = "";
    for (int k = 0; words[k] != NULL; k++)
      snprintf(known + strlen(known), sizeof known - strlen(known), "%s%s", k > 0 ? ", " : "",
               words[k]);
    if (!is_word(words, map->keys[i]))
      return pdlt_yaml_fail(r->path, map->key_lines[i], what, r->err,
                            "unknown key \"%.64s\"; known here: %s", map->keys[i], known);
    if (find(map, map->keys[i]) != map->items[i])
      return pdlt_yaml_fail(r->path, map->key_lines[i], what, r->err, "repeated key %s; keep one",
                            map->keys[i]);
  }
  return PDLT_OK;
}

static pdlt_status read_text(reader *r, const pdlt_node *map, const char *key, int required,
                             char **out) {
  const pdlt_node *node = find(map, key);
  if (node == NULL && !required) return pdlt_strdup(out, "", r->err);
  if (node == NULL) return FAIL(map, key, "missing; give text");
  if (node->kind != PDLT_NODE_SCALAR || node->text[0] == '\0')
    return FAIL(node, key, "expected text");
  return pdlt_strdup(out, node->text, r->err);
}

static pdlt_status read_number(reader *r, const pdlt_node *node, const char *key, double *out) {
  if (!pdlt_node_number(node, out)) return FAIL(node, key, "expected a number");
  return PDLT_OK;
}

static pdlt_status check_formula(reader *r, const pdlt_node *node, const char *key) {
  pdlt_error why = {0};
  if (node->kind != PDLT_NODE_SCALAR) return FAIL(node, key, "expected a formula");
  if (pdlt_formula_check(node->text, &why) == PDLT_OK) return PDLT_OK;
  return FAIL(node, key, "%s", why.message);
}

static pdlt_status read_place_of(reader *r, const pdlt_node *node, const char *key, char **out) {
  char text[512];
  snprintf(text, sizeof text, "%.400s:%d: %s", r->path, node->line, key);
  return pdlt_strdup(out, text, r->err);
}

static pdlt_status read_formulas(reader *r, const pdlt_node *node, const char *key,
                                 pdlt_formula_list *out) {
  const size_t count = node->kind == PDLT_NODE_LIST ? node->count : 1;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc((void *)&out->text, count, sizeof *out->text, r->err));
  PDLT_TRY(pdlt_alloc((void *)&out->place, count, sizeof *out->place, r->err));
  out->count = count;
  for (size_t i = 0; i < count; i++) {
    const pdlt_node *item = node->kind == PDLT_NODE_LIST ? node->items[i] : node;
    PDLT_TRY(check_formula(r, item, key));
    PDLT_TRY(pdlt_strdup(&out->text[i], item->text, r->err));
    PDLT_TRY(read_place_of(r, item, key, &out->place[i]));
  }
cleanup:
  return status;
}

/* A map KEY: VALUE as settings "KEY=VALUE". */
static pdlt_status read_settings(reader *r, const pdlt_node *node, const char *key, size_t *num,
                                 char ***out) {
  pdlt_status status = PDLT_OK;
  char *text = NULL;
  if (node->kind != PDLT_NODE_MAP || node->count == 0)
    return FAIL(node, key, "expected {KEY: VALUE}, keys as in --set");
  PDLT_TRY(pdlt_alloc((void *)out, node->count, sizeof **out, r->err));
  *num = node->count;
  for (size_t i = 0; i < node->count; i++) {
    PDLT_TRY(pdlt_node_text(&text, node->items[i], r->err));
    const size_t size = strlen(node->keys[i]) + strlen(text) + 2;
    PDLT_TRY(pdlt_alloc(&(*out)[i], size, 1, r->err));
    snprintf((*out)[i], size, "%s=%s", node->keys[i], text);
    pdlt_free(text);
    text = NULL;
  }
cleanup:
  pdlt_free(text);
  return status;
}

/* `omit: TERM` or `omit: [TERMS]` as the setting theory.omit=[TERMS], flip likewise; and the
 * words for it. */
static pdlt_status read_terms(reader *r, const pdlt_node *node, const char *key, const char *words,
                              pdlt_sabotage *out) {
  pdlt_status status = PDLT_OK;
  char *text = NULL, shown[400];
  PDLT_TRY(pdlt_node_text(&text, node, r->err));
  PDLT_TRY(pdlt_alloc((void *)&out->sets, 1, sizeof *out->sets, r->err));
  out->num_sets = 1;
  const int list = node->kind == PDLT_NODE_LIST, length = (int)strlen(text);
  const size_t size = strlen(text) + strlen(key) + sizeof "theory.=[]";
  PDLT_TRY(pdlt_alloc(&out->sets[0], size, 1, r->err));
  snprintf(out->sets[0], size, "theory.%s=%s%s%s", key, list ? "" : "[", text, list ? "" : "]");
  snprintf(shown, sizeof shown, "%s %.*s", words, list ? length - 2 : length, text + list);
  PDLT_TRY(pdlt_strdup(&out->text, shown, r->err));
cleanup:
  pdlt_free(text);
  return status;
}

static pdlt_status describe(reader *r, pdlt_sabotage *s) {
  char text[400];
  switch (s->kind) {
    case PDLT_SABOTAGE_FACTOR:
      snprintf(text, sizeof text, "times %.10g", s->factor);
      break;
    case PDLT_SABOTAGE_VALUE:
      snprintf(text, sizeof text, "%s%s", s->value.text[0], s->value.count > 1 ? ", ..." : "");
      break;
    case PDLT_SABOTAGE_INFINITE_WIDTH:
      snprintf(text, sizeof text, "infinite width");
      break;
    case PDLT_SABOTAGE_QUANTITY:
      snprintf(text, sizeof text, "prediction of %s", s->quantity);
      break;
    case PDLT_SABOTAGE_SET:
      snprintf(text, sizeof text, "%s%s", s->sets[0], s->num_sets > 1 ? ", ..." : "");
      break;
  }
  return pdlt_strdup(&s->text, text, r->err);
}

static pdlt_status read_sabotage(reader *r, const pdlt_node *node, pdlt_sabotage *out) {
  pdlt_status status = check_keys(r, node, "sabotage", sabotage_keys);
  if (status != PDLT_OK) return status;
  if (node->count != 1)
    return FAIL(node, "sabotage",
                ""
                "expected one of omit, flip, factor, value, infinite_width, prediction_of, set");
  const char *key = node->keys[0];
  const pdlt_node *value = node->items[0];
  if (strcmp(key, "factor") == 0) {
    out->kind = PDLT_SABOTAGE_FACTOR;
    PDLT_TRY(read_number(r, value, key, &out->factor));
    if (out->factor == 1) return FAIL(value, key, "1 changes nothing; give another factor");
  } else if (strcmp(key, "value") == 0) {
    out->kind = PDLT_SABOTAGE_VALUE;
    PDLT_TRY(read_formulas(r, value, key, &out->value));
  } else if (strcmp(key, "prediction_of") == 0) {
    out->kind = PDLT_SABOTAGE_QUANTITY;
    if (value->kind != PDLT_NODE_SCALAR || pdlt_quantity_find(value->text) < 0)
      return FAIL(value, key, "expected the name of a measured quantity, as z");
    PDLT_TRY(pdlt_strdup(&out->quantity, value->text, r->err));
  } else if (strcmp(key, "infinite_width") == 0) {
    out->kind = PDLT_SABOTAGE_INFINITE_WIDTH;
    if (value->kind != PDLT_NODE_SCALAR || strcmp(value->text, "true") != 0)
      return FAIL(value, key, "expected true");
  } else {
    out->kind = PDLT_SABOTAGE_SET;
    if (strcmp(key, "omit") == 0) return read_terms(r, value, key, "without", out);
    if (strcmp(key, "flip") == 0) return read_terms(r, value, key, "flipped sign of", out);
    PDLT_TRY(read_settings(r, value, key, &out->num_sets, &out->sets));
  }
  PDLT_TRY(describe(r, out));
cleanup:
  return status;
}

static pdlt_status read_sabotages(reader *r, const pdlt_node *map, pdlt_expectation *e) {
  const pdlt_node *list = find(map, "sabotage");
  if (list == NULL || list->kind != PDLT_NODE_LIST || list->count == 0)
    return FAIL(list == NULL ? map : list, "sabotage",
                "expected a list of at least one wrong prediction that must be refuted");
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&e->sabotages, list->count, sizeof *e->sabotages, r->err));
  e->num_sabotages = list->count;
  for (size_t i = 0; i < list->count; i++) {
    pdlt_sabotage *s = &e->sabotages[i];
    PDLT_TRY(read_sabotage(r, list->items[i], s));
    if (s->kind == PDLT_SABOTAGE_INFINITE_WIDTH && e->kind != PDLT_EXPECT_SLOPE &&
        e->kind != PDLT_EXPECT_EXACT)
      return FAIL(list->items[i], "sabotage", "infinite_width belongs to test: slope or exact");
    if (s->kind == PDLT_SABOTAGE_QUANTITY && e->kind != PDLT_EXPECT_SLOPE &&
        e->kind != PDLT_EXPECT_LIMIT)
      return FAIL(list->items[i], "sabotage", "prediction_of belongs to test: slope or limit");
  }
cleanup:
  return status;
}

/* `at: [0, 1]` and `time: 10` or `time: last`. */
static pdlt_status read_place(reader *r, const pdlt_node *map, pdlt_expectation *e) {
  const pdlt_node *at = find(map, "at"), *time = find(map, "time");
  double value = 0;
  e->time = NAN;
  if (at != NULL && (at->kind != PDLT_NODE_LIST || at->count > PDLT_MAX_NDIM))
    return FAIL(at, "at", "expected a list of indices");
  for (size_t i = 0; at != NULL && i < at->count; i++) {
    if (!pdlt_node_number(at->items[i], &value) || !(value >= 0) || value != floor(value))
      return FAIL(at, "at", "expected whole numbers >= 0");
    e->at[i] = (size_t)value;
  }
  e->has_at = at != NULL;
  e->num_at = at == NULL ? 0 : (int)at->count;
  if (time == NULL) return PDLT_OK;
  if (time->kind == PDLT_NODE_SCALAR && strcmp(time->text, "last") == 0) {
    e->time = INFINITY;
    return PDLT_OK;
  }
  return read_number(r, time, "time", &e->time);
}

/* `for: {l: [2, 50]}` or `for: {l: [2, 50, 4]}` (step 4). */
static pdlt_status read_range(reader *r, const pdlt_node *map, pdlt_expectation *e) {
  const pdlt_node *node = find(map, "for");
  double value[3] = {0, 0, 1};
  if (node == NULL) return PDLT_OK;
  const pdlt_node *range = node->kind == PDLT_NODE_MAP && node->count == 1 ? node->items[0] : node;
  int good =
      range != node && range->kind == PDLT_NODE_LIST && (range->count == 2 || range->count == 3);
  for (size_t i = 0; good && i < range->count; i++)
    good = pdlt_node_number(range->items[i], &value[i]) && value[i] == floor(value[i]) &&
           fabs(value[i]) < 1e6;
  if (!good || value[1] < value[0] || value[2] < 1)
    return FAIL(node, "for", "expected {NAME: [FIRST, LAST]} or {NAME: [FIRST, LAST, STEP]}");
  if ((value[1] - value[0]) / value[2] >= MOST_POINTS)
    return FAIL(node, "for", "more than %d values; take a larger step", (int)MOST_POINTS);
  e->first = (long)value[0];
  e->last = (long)value[1];
  e->step = (long)value[2];
  return pdlt_strdup(&e->variable, node->keys[0], r->err);
}

static pdlt_status read_tolerance(reader *r, const pdlt_node *map, pdlt_expectation *e) {
  const pdlt_node *tolerance = find(map, "tolerance");
  if (tolerance == NULL) return FAIL(map, "tolerance", "missing; give a number > 0");
  const pdlt_status status = read_number(r, tolerance, "tolerance", &e->tolerance);
  if (status != PDLT_OK) return status;
  if (!(e->tolerance > 0)) return FAIL(tolerance, "tolerance", "expected a number > 0");
  if (e->predicted.count == 0) return FAIL(map, "predicted", "missing; give a formula");
  return PDLT_OK;
}

static pdlt_status read_theory(reader *r, const pdlt_node *map, pdlt_expectation *e) {
  pdlt_status status = check_keys(r, map, "expect", theory_keys);
  if (status != PDLT_OK) return status;
  const pdlt_node *value = find(map, "value");
  if (value == NULL) return FAIL(map, "value", "missing; give a formula over theory's arrays");
  if (value->kind != PDLT_NODE_SCALAR) return FAIL(value, "value", "expected a formula");
  PDLT_TRY(read_formulas(r, value, "value", &e->value));
  PDLT_TRY(read_range(r, map, e));
  PDLT_TRY(read_tolerance(r, map, e));
cleanup:
  return status;
}

/* Everything but theory alone. */
static pdlt_status read_ensemble(reader *r, const pdlt_node *map, pdlt_expectation *e) {
  const int exponent = e->kind == PDLT_EXPECT_EXPONENT;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(check_keys(r, map, "expect", exponent ? exponent_keys : ensemble_keys));
  PDLT_TRY(read_text(r, map, "quantity", 1, &e->quantity));
  PDLT_TRY(read_place(r, map, e));
  if (exponent) PDLT_TRY(read_tolerance(r, map, e));
cleanup:
  return status;
}

static pdlt_status read_label(reader *r, const pdlt_node *map, pdlt_expectation *e,
                              const char *test) {
  char text[300];
  if (find(map, "label") != NULL) return read_text(r, map, "label", 1, &e->label);
  snprintf(text, sizeof text, "%s%s%s", e->quantity != NULL ? e->quantity : e->value.text[0],
           e->quantity != NULL ? ", " : "", e->quantity != NULL ? test : "");
  return pdlt_strdup(&e->label, text, r->err);
}

static pdlt_status read_expectation(reader *r, const pdlt_node *map, pdlt_expectation *e) {
  if (map->kind != PDLT_NODE_MAP) return FAIL(map, "expect", "expected a mapping of keys");
  const pdlt_node *test = find(map, "test"), *predicted = find(map, "predicted");
  const int word =
      test != NULL && test->kind == PDLT_NODE_SCALAR ? is_word(test_words, test->text) : 0;
  if (word == 0)
    return FAIL(test == NULL ? map : test, "test",
                "expected one of limit, slope, exact, theory, exponent");
  pdlt_status status = PDLT_OK;
  e->kind = (pdlt_expect_kind)(word - 1);
  if (predicted != NULL) PDLT_TRY(read_formulas(r, predicted, "predicted", &e->predicted));
  if (e->kind == PDLT_EXPECT_THEORY)
    PDLT_TRY(read_theory(r, map, e));
  else
    PDLT_TRY(read_ensemble(r, map, e));
  PDLT_TRY(read_label(r, map, e, test->text));
  PDLT_TRY(read_sabotages(r, map, e));
cleanup:
  return status;
}

static pdlt_status read_name(reader *r, const char *folder, pdlt_claim *out) {
  size_t length = strlen(folder);
  while (length > 1 && folder[length - 1] == '/') length--;
  size_t start = length;
  while (start > 0 && folder[start - 1] != '/') start--;
  pdlt_status status = pdlt_alloc(&out->name, length - start + 1, 1, r->err);
  if (status != PDLT_OK) return status;
  memcpy(out->name, folder + start, length - start);
  PDLT_TRY(pdlt_strdup(&out->chapter, out->name, r->err));
  out->chapter[strcspn(out->chapter, "-")] = '\0';
  if (!is_word(chapters, out->chapter) || strchr(out->name, '-') == NULL)
    return pdlt_fail(r->err, PDLT_ERR_INPUT,
                     "%s: the folder of a claim is named CHAPTER-NAME, CHAPTER one of 1 to 11, "
                     "inf, A, B, K",
                     folder);
cleanup:
  return status;
}

static pdlt_status read_top(reader *r, const pdlt_node *root, pdlt_claim *out) {
  pdlt_status status = PDLT_OK;
  const pdlt_node *sigma = find(root, "sigma"), *quick = find(root, "quick");
  const pdlt_node *expect = find(root, "expect");
  PDLT_TRY(check_keys(r, root, "expect.yaml", top_keys));
  PDLT_TRY(read_text(r, root, "claim", 1, &out->claim));
  PDLT_TRY(read_text(r, root, "equation", 1, &out->equation));
  PDLT_TRY(read_text(r, root, "text", 1, &out->text));
  out->sigma = 4.5;
  if (sigma != NULL) PDLT_TRY(read_number(r, sigma, "sigma", &out->sigma));
  if (!(out->sigma >= 3 && out->sigma <= 10))
    return FAIL(sigma == NULL ? root : sigma, "sigma", "expected a number from 3 to 10");
  if (quick != NULL) PDLT_TRY(read_settings(r, quick, "quick", &out->num_quick, &out->quick));
  if (expect == NULL || expect->kind != PDLT_NODE_LIST || expect->count == 0)
    return FAIL(expect == NULL ? root : expect, "expect", "expected a list of expectations");
  PDLT_TRY(pdlt_alloc(&out->expectations, expect->count, sizeof *out->expectations, r->err));
  out->num_expectations = expect->count;
  for (size_t i = 0; i < expect->count; i++)
    PDLT_TRY(read_expectation(r, expect->items[i], &out->expectations[i]));
cleanup:
  return status;
}

pdlt_status pdlt_claim_read(pdlt_claim *out, const char *folder, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  pdlt_claim claim = {0};
  pdlt_node *root = NULL;
  char path[4096];
  if ((size_t)snprintf(path, sizeof path, "%s/expect.yaml", folder) >= sizeof path)
    return pdlt_fail(err, PDLT_ERR_INPUT, "%.64s...: the path is too long", folder);
  reader r = {path, err};
  PDLT_TRY(read_name(&r, folder, &claim));
  PDLT_TRY(pdlt_yaml_read(&root, path, err));
  PDLT_TRY(read_top(&r, root, &claim));
  *out = claim;
  memset(&claim, 0, sizeof claim);
cleanup:
  pdlt_node_free(root);
  pdlt_claim_free(&claim);
  return status;
}
