/* sweep.c - the sweep of an experiment file: which settings make which point.
 *
 * Is not: a reader of the experiments; each point is read like any file, with --set. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/experiment/internal.h"
#include "base/file/file.h"

void pdlt_sweep_free(pdlt_sweep *sweep) {
  for (size_t p = 0; sweep->points != NULL && p < sweep->count; p++) {
    for (size_t k = 0; sweep->points[p].sets != NULL && k <= sweep->num_keys; k++)
      pdlt_free(sweep->points[p].sets[k]);
    pdlt_free(sweep->points[p].sets);
    pdlt_free(sweep->points[p].name);
  }
  for (size_t k = 0; sweep->keys != NULL && k < sweep->num_keys; k++) pdlt_free(sweep->keys[k]);
  pdlt_free(sweep->points);
  pdlt_free(sweep->keys);
  memset(sweep, 0, sizeof *sweep);
}

/* A key of the sweep with its values. Keys of one axis (those of zip) move together. */
typedef struct column {
  const char *key;
  int line;
  const pdlt_node *values;
  size_t axis;
} column;

/* All of them, in the order of the file; axes: all combinations of their places are points. */
typedef struct columns {
  size_t count, axes;
  column *at; /* (count) owned */
} columns;

static pdlt_status add_column(columns *c, pdlt_reader *reader, const pdlt_node *map, size_t k) {
  const char *key = map->keys[k];
  char quoted[PDLT_QUOTE_LENGTH];
  const int index = pdlt_schema_find(key);
  if (index < 0 || pdlt_schema[index].type == PDLT_VALUE_SECTION || strcmp(key, "sweep") == 0)
    return pdlt_reader_fail(reader, map->key_lines[k], "sweep",
                            "\"%s\" is no key that can be swept; write it in full, like "
                            "network.depth",
                            pdlt_quote(quoted, key));
  for (size_t other = 0; other < c->count; other++)
    if (strcmp(c->at[other].key, key) == 0)
      return pdlt_reader_fail(reader, map->key_lines[k], "sweep", "%s is repeated; keep one", key);
  const pdlt_node *values = map->items[k];
  if (values->kind != PDLT_NODE_LIST || values->count == 0)
    return pdlt_reader_fail(reader, values->line, "sweep", "%s: expected a list of values", key);
  c->at[c->count++] = (column){key, map->key_lines[k], values, c->axes};
  return PDLT_OK;
}

/* zip: {KEY: [values], ...}: one axis. */
static pdlt_status add_zip(columns *c, pdlt_reader *reader, const pdlt_node *zip) {
  const size_t first = c->count;
  if (zip->kind != PDLT_NODE_MAP || zip->count == 0)
    return pdlt_reader_fail(reader, zip->line, "sweep",
                            "zip: expected {KEY: [values], KEY: [values]}, lists of one length");
  for (size_t k = 0; k < zip->count; k++) {
    const pdlt_status status = add_column(c, reader, zip, k);
    if (status != PDLT_OK) return status;
    const column *a = &c->at[first], *b = &c->at[c->count - 1];
    if (a->values->count != b->values->count)
      return pdlt_reader_fail(reader, b->line, "sweep",
                              "zip: %s has %zu values and %s has %zu; lists that run side by side "
                              "have one length",
                              a->key, a->values->count, b->key, b->values->count);
  }
  return PDLT_OK;
}

/* Keys that move together are one axis; *points: how many combinations there are. */
static pdlt_status read_columns(columns *out, pdlt_reader *reader, const pdlt_node *map,
                                size_t *points) {
  columns c = {0};
  size_t keys = 0;
  pdlt_status status = PDLT_OK;
  *points = 1;
  for (size_t k = 0; k < map->count; k++) keys += 1 + map->items[k]->count;
  PDLT_TRY(pdlt_alloc(&c.at, keys, sizeof *c.at, reader->err));
  for (size_t k = 0; k < map->count; k++) {
    if (strcmp(map->keys[k], "zip") == 0)
      PDLT_TRY(add_zip(&c, reader, map->items[k]));
    else
      PDLT_TRY(add_column(&c, reader, map, k));
    c.axes++;
    *points *= c.at[c.count - 1].values->count;
    if (*points > PDLT_SWEEP_MAX_POINTS)
      PDLT_TRY(pdlt_reader_fail(reader, map->line, "sweep", "more than %d combinations of values",
                                (int)PDLT_SWEEP_MAX_POINTS));
  }
  *out = c;
  return PDLT_OK;
cleanup:
  pdlt_free(c.at);
  return status;
}

pdlt_status pdlt_read_sweep(pdlt_reader *reader, const pdlt_node *value,
                            const pdlt_schema_key *key) {
  columns c = {0};
  size_t points = 0;
  if (value->kind != PDLT_NODE_MAP) return pdlt_value_wrong(reader, value, key);
  const pdlt_status status = read_columns(&c, reader, value, &points);
  pdlt_free(c.at);
  if (status == PDLT_OK) reader->ex->swept = value->count > 0;
  return status;
}

/* Characters that a folder name should not have become '_'. */
static void make_plain(char *name) {
  for (; *name != '\0'; name++)
    if (!isalnum((unsigned char)*name) && strchr("+-.=,", *name) == NULL) *name = '_';
}

/* 1 for a path that the file itself names in its sweep. */
static int is_path_of_file(const column *c) {
  static const char *const paths[] = {"data.file", "data.images", "data.labels"};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
    if (strcmp(c->key, paths[i]) == 0) return c->line != PDLT_LINE_SET;
  return 0;
}

/* Settings and name of the point whose values are those at place (axes). */
static pdlt_status fill_point(pdlt_sweep_point *point, const columns *c, const size_t *place,
                              pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  char name[PDLT_EXPECT_LENGTH] = "", *text = NULL;
  PDLT_TRY(pdlt_alloc((void *)&point->sets, c->count + 1, sizeof *point->sets, err));
  for (size_t k = 0; k < c->count; k++) {
    const column *at = &c->at[k];
    const char *key = at->key, *dot = strrchr(key, '.');
    PDLT_TRY(pdlt_node_text(&text, at->values->items[place[at->axis]], err));
    const size_t size = strlen(key) + strlen(text) + 3, used = strlen(name);
    PDLT_TRY(pdlt_alloc(&point->sets[k], size, 1, err));
    snprintf(point->sets[k], size, "%s%s=%s", is_path_of_file(at) ? " " : "", key, text);
    snprintf(name + used, sizeof name - used, "%s%s=%s", k > 0 ? "," : "",
             dot == NULL ? key : dot + 1, text);
    pdlt_free(text);
    text = NULL;
  }
  PDLT_TRY(pdlt_strdup(&point->sets[c->count], "sweep={}", err));
  make_plain(name);
  PDLT_TRY(pdlt_strdup(&point->name, name, err));
cleanup:
  pdlt_free(text);
  return status;
}

/* Place of point p on each axis, the last one fastest. */
static void find_place(size_t *place, const columns *c, size_t p) {
  for (size_t k = c->count; k-- > 0;) {
    if (k + 1 < c->count && c->at[k + 1].axis == c->at[k].axis)
      continue; /* done with its last key */
    place[c->at[k].axis] = p % c->at[k].values->count;
    p /= c->at[k].values->count;
  }
}

static pdlt_status fill(pdlt_sweep *sweep, pdlt_reader *reader, const pdlt_node *map) {
  pdlt_status status = PDLT_OK;
  size_t *place = NULL;
  columns c = {0};
  PDLT_TRY(read_columns(&c, reader, map, &sweep->count));
  sweep->num_keys = c.count;
  sweep->axes = c.axes;
  PDLT_TRY(pdlt_alloc(&place, c.axes, sizeof *place, reader->err));
  PDLT_TRY(pdlt_alloc((void *)&sweep->keys, c.count, sizeof *sweep->keys, reader->err));
  PDLT_TRY(pdlt_alloc(&sweep->points, sweep->count, sizeof *sweep->points, reader->err));
  for (size_t k = 0; k < c.count; k++)
    PDLT_TRY(pdlt_strdup(&sweep->keys[k], c.at[k].key, reader->err));
  for (size_t p = 0; p < sweep->count; p++) {
    find_place(place, &c, p);
    PDLT_TRY(fill_point(&sweep->points[p], &c, place, reader->err));
    for (size_t q = 0; q < p; q++) {
      if (strcmp(sweep->points[q].name, sweep->points[p].name) != 0) continue;
      status = pdlt_reader_fail(reader, map->line, "sweep", "two values have the name %s",
                                sweep->points[p].name);
      goto cleanup;
    }
  }
cleanup:
  pdlt_free(c.at);
  pdlt_free(place);
  return status;
}

/* The tree is freed. */
static pdlt_status take_tree(pdlt_sweep *out, pdlt_node *root, const char *name,
                             size_t num_overrides, const char *const *overrides, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  pdlt_sweep sweep = {0};
  pdlt_experiment scratch = {0};
  pdlt_reader reader = {name, &scratch, err};
  pdlt_node none = {.kind = PDLT_NODE_MAP, .line = 1};
  for (size_t i = 0; i < num_overrides; i++)
    PDLT_TRY(pdlt_experiment_override(&reader, root, overrides[i]));
  const pdlt_node *map = pdlt_node_find(root, "sweep", strlen("sweep"), NULL);
  if (map == NULL) map = &none;
  PDLT_TRY(pdlt_read_sweep(&reader, map, &pdlt_schema[pdlt_schema_find("sweep")]));
  PDLT_TRY(fill(&sweep, &reader, map));
  *out = sweep;
  memset(&sweep, 0, sizeof sweep);
cleanup:
  pdlt_node_free(root);
  pdlt_sweep_free(&sweep);
  return status;
}

pdlt_status pdlt_sweep_read(pdlt_sweep *out, const char *path, size_t num_overrides,
                            const char *const *overrides, pdlt_error *err) {
  pdlt_node *root = NULL;
  const pdlt_status status = pdlt_yaml_read(&root, path, err);
  return status != PDLT_OK ? status : take_tree(out, root, path, num_overrides, overrides, err);
}

pdlt_status pdlt_sweep_parse(pdlt_sweep *out, const char *text, const char *name,
                             size_t num_overrides, const char *const *overrides, pdlt_error *err) {
  pdlt_reader reader = {name, NULL, err};
  pdlt_node *root = NULL;
  pdlt_status status = pdlt_node_parse(&root, name, text, strlen(text), NULL, err);
  if (status != PDLT_OK) return status;
  if (root->kind == PDLT_NODE_MAP) return take_tree(out, root, name, num_overrides, overrides, err);
  status = pdlt_reader_fail(&reader, root->line, "yaml", "the text must be a mapping: key: value");
  pdlt_node_free(root);
  return status;
}

/* --- what the points are on an axis --- */

/* 1 and *out when the value of a key at p is a number. */
static int number_at(const pdlt_sweep *sweep, size_t key, size_t p, double *out) {
  const char *text = strchr(sweep->points[p].sets[key], '=') + 1;
  char *end = NULL;
  *out = strtod(text, &end);
  return end != text && *end == '\0';
}

/* 1 when the values of a key are numbers, no two the same. */
static int has_numbers(const pdlt_sweep *sweep, size_t key) {
  double value = 0, other = 0;
  for (size_t p = 0; p < sweep->count; p++) {
    if (!number_at(sweep, key, p, &value)) return 0;
    for (size_t q = 0; q < p; q++)
      if (number_at(sweep, key, q, &other) && other == value) return 0;
  }
  return 1;
}

/* The key whose values are the axis; num_keys: none is. */
static size_t axis_key(const pdlt_sweep *sweep) {
  if (sweep->axes != 1) return sweep->num_keys;
  for (size_t k = 0; k < sweep->num_keys; k++)
    if (has_numbers(sweep, k)) return k;
  return sweep->num_keys;
}

/* A key without its section. */
static const char *short_key(const pdlt_sweep *sweep, size_t key) {
  const char *dot = strrchr(sweep->keys[key], '.');
  return dot == NULL ? sweep->keys[key] : dot + 1;
}

double pdlt_sweep_value(const pdlt_sweep *sweep, size_t p) {
  const size_t key = axis_key(sweep);
  double value = (double)p;
  if (key < sweep->num_keys) number_at(sweep, key, p, &value);
  return value;
}

/* "depth, with C_W, eta" */
static void write_axis(char out[PDLT_SWEEP_AXIS_LENGTH], const pdlt_sweep *sweep, size_t key) {
  size_t used = (size_t)snprintf(out, PDLT_SWEEP_AXIS_LENGTH, "%s", short_key(sweep, key));
  const char *before = ", with ";
  for (size_t k = 0; k < sweep->num_keys && used < PDLT_SWEEP_AXIS_LENGTH; k++) {
    if (k == key) continue;
    used += (size_t)snprintf(out + used, PDLT_SWEEP_AXIS_LENGTH - used, "%s%s", before,
                             short_key(sweep, k));
    before = ", ";
  }
}

void pdlt_sweep_axis(char out[PDLT_SWEEP_AXIS_LENGTH], const pdlt_sweep *sweep) {
  const size_t key = axis_key(sweep);
  if (sweep->num_keys == 0)
    out[0] = '\0';
  else if (key < sweep->num_keys)
    write_axis(out, sweep, key);
  else if (sweep->num_keys > 1)
    snprintf(out, PDLT_SWEEP_AXIS_LENGTH, "point of the sweep, from 0");
  else
    snprintf(out, PDLT_SWEEP_AXIS_LENGTH, "point of the sweep of %s, from 0", short_key(sweep, 0));
}
