/* yaml_parse.c - YAML text to a tree of values with lines; --set overrides.
 *
 * Is: libyaml's document API and a copy of its nodes into pdlt_node.
 * Is not: aware of which keys exist (base/experiment/schema.c). Anchors without alias are
 * harmless; aliases, tags and a second document are refused. */
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/core/memory.h"
#include "base/experiment/internal.h"

enum { MAX_NESTING = 16 };

/* State of one conversion. */
typedef struct converter {
  pdlt_reader *reader;
  yaml_document_t *document;
  const char *set_key; /* NULL: from the file */
} converter;

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

static pdlt_status node_new(pdlt_node **out, pdlt_node_kind kind, int line, pdlt_error *err) {
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

/* Appends item (owned by node from now on, also on failure); key NULL in lists. */
static pdlt_status node_append(pdlt_node *node, pdlt_node *item, const char *key, size_t key_length,
                               int key_line, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  if (node->count == node->capacity) {
    size_t capacity = 2 * node->capacity + 4;
    PDLT_TRY(grow(&node->items, node->count, capacity, sizeof *node->items, err));
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

static int line_of(const converter *c, const yaml_node_t *node) {
  return c->set_key != NULL ? PDLT_LINE_SET : (int)node->start_mark.line + 1;
}

static pdlt_status refuse(converter *c, int line, const char *text) {
  if (c->set_key != NULL) {
    return pdlt_reader_fail(c->reader, PDLT_LINE_SET, c->set_key, "yaml: %s", text);
  }
  return pdlt_reader_fail(c->reader, line, "yaml", "%s", text);
}

static int is_default_tag(const yaml_node_t *node) {
  const char *tag = (const char *)node->tag;
  return tag == NULL || strcmp(tag, YAML_DEFAULT_SCALAR_TAG) == 0 ||
         strcmp(tag, YAML_DEFAULT_SEQUENCE_TAG) == 0 || strcmp(tag, YAML_DEFAULT_MAPPING_TAG) == 0;
}

static pdlt_status convert(converter *c, int id, int use_line, pdlt_node **out);

static pdlt_status convert_scalar(converter *c, const yaml_node_t *from, pdlt_node *node) {
  const char *text = (const char *)from->data.scalar.value;
  if (strlen(text) != from->data.scalar.length) {
    return refuse(c, node->line, "a zero byte inside a value");
  }
  node->plain = from->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
  return pdlt_strdup(&node->text, text, c->reader->err);
}

static pdlt_status convert_list(converter *c, const yaml_node_t *from, pdlt_node *node) {
  pdlt_status status = PDLT_OK;
  for (const yaml_node_item_t *item = from->data.sequence.items.start;
       item < from->data.sequence.items.top; item++) {
    pdlt_node *child = NULL;
    PDLT_TRY(convert(c, *item, node->line, &child));
    PDLT_TRY(node_append(node, child, NULL, 0, 0, c->reader->err));
  }
cleanup:
  return status;
}

static pdlt_status convert_map(converter *c, const yaml_node_t *from, pdlt_node *node) {
  pdlt_status status = PDLT_OK;
  for (const yaml_node_pair_t *pair = from->data.mapping.pairs.start;
       pair < from->data.mapping.pairs.top; pair++) {
    const yaml_node_t *key = yaml_document_get_node(c->document, pair->key);
    pdlt_node *child = NULL;
    int line = line_of(c, key);
    if (key->type != YAML_SCALAR_NODE) return refuse(c, line, "a key must be a word");
    PDLT_TRY(convert(c, pair->value, line, &child));
    PDLT_TRY(node_append(node, child, (const char *)key->data.scalar.value,
                         strlen((const char *)key->data.scalar.value), line, c->reader->err));
  }
cleanup:
  return status;
}

/* Copies node `id` of the document (no aliases, so a tree); use_line: line of the key or
 * list that holds it. */
static pdlt_status convert(converter *c, int id, int use_line, pdlt_node **out) {
  pdlt_status status = PDLT_OK;
  pdlt_node *node = NULL;
  const yaml_node_t *from = yaml_document_get_node(c->document, id);
  if (!is_default_tag(from)) {
    return refuse(c, use_line, "tags (!name) are not supported: write the plain value");
  }
  pdlt_node_kind kind = from->type == YAML_SEQUENCE_NODE  ? PDLT_NODE_LIST
                        : from->type == YAML_MAPPING_NODE ? PDLT_NODE_MAP
                                                          : PDLT_NODE_SCALAR;
  PDLT_TRY(node_new(&node, kind, line_of(c, from), c->reader->err));
  if (kind == PDLT_NODE_SCALAR) {
    PDLT_TRY(convert_scalar(c, from, node));
  } else if (kind == PDLT_NODE_LIST) {
    PDLT_TRY(convert_list(c, from, node));
  } else {
    PDLT_TRY(convert_map(c, from, node));
  }
  *out = node;
  node = NULL;
cleanup:
  pdlt_node_free(node);
  return status;
}

/* The message of a libyaml failure. */
static pdlt_status parser_failure(converter *c, const yaml_parser_t *parser, const char *text,
                                  size_t size) {
  if (parser->error == YAML_MEMORY_ERROR) {
    return pdlt_fail(c->reader->err, PDLT_ERR_MEMORY, "out of memory while reading YAML");
  }
  int line = (int)parser->problem_mark.line + 1;
  if (parser->error == YAML_READER_ERROR) { /* no mark yet: count lines up to the byte */
    line = 1;
    for (size_t i = 0; i < parser->problem_offset && i < size; i++) line += text[i] == '\n';
  }
  char problem[256];
  snprintf(problem, sizeof problem, "%s%s%s",
           parser->problem != NULL ? parser->problem : "not valid YAML",
           parser->context != NULL ? ", " : "", parser->context != NULL ? parser->context : "");
  return refuse(c, line, problem);
}

/* Refuses, event by event, what the tree must not hold: aliases, deep nesting (for which
 * libyaml takes quadratic time), a second document. Afterwards the tree can be walked
 * without care. */
static pdlt_status scan_events(converter *c, const char *text, size_t size) {
  pdlt_status status = PDLT_OK;
  yaml_parser_t parser;
  int nesting = 0, documents = 0, done = 0;
  if (!yaml_parser_initialize(&parser)) {
    return pdlt_fail(c->reader->err, PDLT_ERR_MEMORY, "out of memory for the YAML parser");
  }
  yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
  while (status == PDLT_OK && !done) {
    yaml_event_t event;
    if (!yaml_parser_parse(&parser, &event)) {
      status = parser_failure(c, &parser, text, size);
      break;
    }
    int line = (int)event.start_mark.line + 1;
    done = event.type == YAML_STREAM_END_EVENT;
    documents += event.type == YAML_DOCUMENT_START_EVENT;
    nesting += event.type == YAML_SEQUENCE_START_EVENT || event.type == YAML_MAPPING_START_EVENT;
    nesting -= event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT;
    if (event.type == YAML_ALIAS_EVENT) {
      status = refuse(c, line, "aliases (*name) are not supported: write the value again");
    } else if (nesting > MAX_NESTING) {
      status = refuse(c, line, "values are nested too deeply");
    } else if (documents > 1) {
      status = refuse(c, line, "a second document: one file is one experiment");
    }
    yaml_event_delete(&event);
  }
  yaml_parser_delete(&parser);
  return status;
}

pdlt_status pdlt_node_parse(pdlt_reader *reader, const char *text, size_t size, const char *set_key,
                            pdlt_node **out) {
  pdlt_status status = PDLT_OK;
  yaml_parser_t parser;
  yaml_document_t document;
  int have_document = 0;
  pdlt_node *node = NULL;
  converter c = {reader, &document, set_key};

  status = scan_events(&c, text, size);
  if (status != PDLT_OK) return status;
  if (!yaml_parser_initialize(&parser)) {
    return pdlt_fail(reader->err, PDLT_ERR_MEMORY, "out of memory for the YAML parser");
  }
  yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
  if (!yaml_parser_load(&parser, &document)) {
    status = parser_failure(&c, &parser, text, size);
    goto cleanup;
  }
  have_document = 1;
  if (yaml_document_get_root_node(&document) == NULL) {
    if (set_key == NULL) {
      status = pdlt_reader_fail(reader, 1, "yaml",
                                "the file is empty; it needs network, data, "
                                "training");
      goto cleanup;
    }
    PDLT_TRY(node_new(&node, PDLT_NODE_SCALAR, PDLT_LINE_SET, reader->err));
    node->plain = 1;
    PDLT_TRY(pdlt_strdup(&node->text, "", reader->err));
  } else {
    PDLT_TRY(convert(&c, 1, 1, &node));
  }
  *out = node;
  node = NULL;

cleanup:
  pdlt_node_free(node);
  if (have_document) yaml_document_delete(&document);
  yaml_parser_delete(&parser);
  return status;
}

/* Length of the part of path that is one key here: up to the dot, but the keys inside
 * `sweep` are whole paths. */
static size_t part_length(const char *path, int inside_sweep) {
  return inside_sweep ? strlen(path) : strcspn(path, ".");
}

/* The map in which the last part of path lives; *last is that part. */
static pdlt_status descend(pdlt_reader *reader, pdlt_node *root, const char *path, pdlt_node **out,
                           const char **last) {
  pdlt_node *map = root;
  const char *part = path;
  int inside_sweep = 0;
  for (;;) {
    size_t length = part_length(part, inside_sweep);
    if (length == 0) {
      return pdlt_reader_fail(reader, PDLT_LINE_SET, path, "an empty name; write section.key");
    }
    if (part[length] == '\0') break;
    size_t place = 0;
    pdlt_node *next = pdlt_node_find(map, part, length, &place);
    if (next == NULL || next->kind != PDLT_NODE_MAP) {
      pdlt_node *fresh = NULL;
      pdlt_status status = node_new(&fresh, PDLT_NODE_MAP, PDLT_LINE_SET, reader->err);
      if (status != PDLT_OK) return status;
      if (next != NULL) {
        map->items[place] = fresh;
        pdlt_node_free(next);
      } else {
        status = node_append(map, fresh, part, length, PDLT_LINE_SET, reader->err);
        if (status != PDLT_OK) return status;
      }
      next = fresh;
    }
    inside_sweep = map == root && length == 5 && strncmp(part, "sweep", 5) == 0;
    map = next;
    part += length + 1;
  }
  *out = map;
  *last = part;
  return PDLT_OK;
}

pdlt_status pdlt_node_override(pdlt_reader *reader, pdlt_node *root, const char *setting) {
  pdlt_status status = PDLT_OK;
  char *path = NULL;
  pdlt_node *value = NULL, *map = NULL;
  const char *equals = strchr(setting, '='), *last = NULL;
  char quoted[PDLT_QUOTE_LENGTH];
  if (equals == NULL || equals == setting) {
    return pdlt_reader_fail(reader, PDLT_LINE_SET, pdlt_quote(quoted, setting),
                            "write key=value, for example network.depth=4");
  }
  PDLT_TRY(pdlt_strdup(&path, setting, reader->err));
  path[equals - setting] = '\0';
  PDLT_TRY(pdlt_node_parse(reader, equals + 1, strlen(equals + 1), path, &value));
  PDLT_TRY(descend(reader, root, path, &map, &last));
  size_t place = 0;
  pdlt_node *old = pdlt_node_find(map, last, strlen(last), &place);
  if (old != NULL) {
    map->items[place] = value;
    map->key_lines[place] = PDLT_LINE_SET;
    pdlt_node_free(old);
  } else {
    status = node_append(map, value, last, strlen(last), PDLT_LINE_SET, reader->err);
  }
  value = NULL;

cleanup:
  pdlt_node_free(value);
  pdlt_free(path);
  return status;
}
