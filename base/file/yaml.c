/* yaml.c - see yaml.h: the tree, its messages and its text. The parser is yaml_parse.c. */
#include "base/file/yaml.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/file/stream.h"

void pdlt_node_free(pdlt_node *node) {
  if (node == NULL) return;
  for (size_t i = 0; i < node->count; i++) {
    pdlt_node_free(node->items[i]);
    if (node->keys != NULL) pdlt_free(node->keys[i]);
  }
  pdlt_free(node->items);
  pdlt_free(node->keys);
  pdlt_free(node->key_lines);
  pdlt_free(node->text);
  pdlt_free(node);
}

pdlt_node *pdlt_node_find(const pdlt_node *map, const char *key, size_t length, size_t *place) {
  for (size_t i = 0; map->kind == PDLT_NODE_MAP && i < map->count; i++) {
    if (strlen(map->keys[i]) != length || memcmp(map->keys[i], key, length) != 0) continue;
    if (place != NULL) *place = i;
    return map->items[i];
  }
  return NULL;
}

pdlt_status pdlt_node_new(pdlt_node **out, pdlt_node_kind kind, int line, pdlt_error *err) {
  pdlt_status status = pdlt_alloc(out, 1, sizeof **out, err);
  if (status != PDLT_OK) return status;
  (*out)->kind = kind;
  (*out)->line = line;
  return PDLT_OK;
}

static pdlt_status grow(void *block, size_t count, size_t capacity, size_t size, pdlt_error *err) {
  void *old = NULL, *fresh = NULL;
  memcpy(&old, block, sizeof old);
  pdlt_status status = pdlt_alloc(&fresh, capacity, size, err);
  if (status != PDLT_OK) return status;
  if (count > 0) memcpy(fresh, old, count * size);
  pdlt_free(old);
  memcpy(block, &fresh, sizeof fresh);
  return PDLT_OK;
}

pdlt_status pdlt_node_append(pdlt_node *node, pdlt_node *item, const char *key, size_t key_length,
                             int key_line, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  if (node->count == node->capacity) {
    size_t capacity = 2 * node->capacity + 4;
    PDLT_TRY(grow(&node->items, node->count, capacity, sizeof(pdlt_node *), err));
    if (node->kind == PDLT_NODE_MAP) {
      PDLT_TRY(grow(&node->keys, node->count, capacity, sizeof *node->keys, err));
      PDLT_TRY(grow(&node->key_lines, node->count, capacity, sizeof *node->key_lines, err));
    }
    node->capacity = capacity;
  }
  if (key != NULL) {
    char *copy = NULL;
    PDLT_TRY(pdlt_alloc(&copy, key_length + 1, 1, err));
    memcpy(copy, key, key_length);
    node->keys[node->count] = copy;
    node->key_lines[node->count] = key_line;
  }
  node->items[node->count++] = item;
  return PDLT_OK;

cleanup:
  pdlt_node_free(item);
  return status;
}

void pdlt_node_remove(pdlt_node *node, size_t place) {
  const size_t after = --node->count - place;
  pdlt_node_free(node->items[place]);
  memmove(node->items + place, node->items + place + 1, after * sizeof(pdlt_node *));
  if (node->kind != PDLT_NODE_MAP) return;
  pdlt_free(node->keys[place]);
  memmove(node->keys + place, node->keys + place + 1, after * sizeof *node->keys);
  memmove(node->key_lines + place, node->key_lines + place + 1, after * sizeof *node->key_lines);
}

int pdlt_node_number(const pdlt_node *value, double *out) {
  if (value->kind != PDLT_NODE_SCALAR || !value->plain || value->text[0] == '\0') return 0;
  if (strspn(value->text, "0123456789+-.eE") != strlen(value->text)) return 0;
  char *end = NULL;
  double number = strtod(value->text, &end);
  if (end == value->text || *end != '\0' || !isfinite(number)) return 0;
  *out = number;
  return 1;
}

pdlt_status pdlt_yaml_vfail(const char *name, int line, const char *key, pdlt_error *err,
                            const char *format, va_list args) {
  char text[PDLT_ERROR_LENGTH];
  vsnprintf(text, sizeof text, format, args);
  if (line < 0) return pdlt_fail(err, PDLT_ERR_INPUT, "--set: %s: %s", key, text);
  return pdlt_fail(err, PDLT_ERR_INPUT, "%s:%d: %s: %s", name, line, key, text);
}

pdlt_status pdlt_yaml_fail(const char *name, int line, const char *key, pdlt_error *err,
                           const char *format, ...) {
  va_list args;
  va_start(args, format);
  pdlt_status status = pdlt_yaml_vfail(name, line, key, err, format, args);
  va_end(args);
  return status;
}

/* Scalars that were quoted are quoted again: single quotes, doubled inside. */
static void write_scalar(FILE *out, const pdlt_node *node) {
  if (node->plain) {
    fputs(node->text, out);
    return;
  }
  fputc('\'', out);
  for (const char *c = node->text; *c != '\0'; c++) {
    if (*c == '\'') fputc('\'', out);
    fputc(*c, out);
  }
  fputc('\'', out);
}

static void write_node(FILE *out, const pdlt_node *node) {
  if (node->kind == PDLT_NODE_SCALAR) {
    write_scalar(out, node);
    return;
  }
  const int map = node->kind == PDLT_NODE_MAP;
  fputc(map ? '{' : '[', out);
  for (size_t i = 0; i < node->count; i++) {
    if (i > 0) fputs(", ", out);
    if (map) fprintf(out, "%s: ", node->keys[i]);
    write_node(out, node->items[i]);
  }
  fputc(map ? '}' : ']', out);
}

pdlt_status pdlt_node_text(char **out, const pdlt_node *node, pdlt_error *err) {
  pdlt_stream stream;
  const pdlt_status status = pdlt_stream_open(&stream, "yaml", err);
  if (status != PDLT_OK) return status;
  write_node(stream.out, node);
  return pdlt_stream_take(&stream, "yaml", out, NULL, err);
}
