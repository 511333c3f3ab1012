/* yaml_parse.c - YAML text or file to a tree of values with lines; see yaml.h.
 *
 * Is: libyaml's document API and a copy of its nodes into pdlt_node.
 * Is not: aware of which keys exist. Anchors without alias are harmless; aliases, tags and a
 * second document are refused. */
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "base/core/memory.h"
#include "base/file/file.h"
#include "base/file/yaml.h"

enum { MAX_NESTING = 16 };

/* State of one conversion. */
typedef struct converter {
  const char *name;    /* of the file, for messages */
  const char *set_key; /* NULL: from the file */
  yaml_document_t *document;
  pdlt_error *err;
} converter;

static int line_of(const converter *c, const yaml_node_t *node) {
  return c->set_key != NULL ? PDLT_LINE_SET : (int)node->start_mark.line + 1;
}

static pdlt_status refuse(converter *c, int line, const char *text) {
  if (c->set_key != NULL)
    return pdlt_yaml_fail(c->name, PDLT_LINE_SET, c->set_key, c->err, "yaml: %s", text);
  return pdlt_yaml_fail(c->name, line, "yaml", c->err, "%s", text);
}

static int is_default_tag(const yaml_node_t *node) {
  const char *tag = (const char *)node->tag;
  return tag == NULL || strcmp(tag, YAML_DEFAULT_SCALAR_TAG) == 0 ||
         strcmp(tag, YAML_DEFAULT_SEQUENCE_TAG) == 0 || strcmp(tag, YAML_DEFAULT_MAPPING_TAG) == 0;
}

static pdlt_status convert(converter *c, int id, int use_line, pdlt_node **out);

static pdlt_status convert_scalar(converter *c, const yaml_node_t *from, pdlt_node *node) {
  const char *text = (const char *)from->data.scalar.value;
  if (strlen(text) != from->data.scalar.length)
    return refuse(c, node->line, "a zero byte inside a value");
  node->plain = from->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
  return pdlt_strdup(&node->text, text, c->err);
}

static pdlt_status convert_list(converter *c, const yaml_node_t *from, pdlt_node *node) {
  pdlt_status status = PDLT_OK;
  for (const yaml_node_item_t *item = from->data.sequence.items.start;
       item < from->data.sequence.items.top; item++) {
    pdlt_node *child = NULL;
    PDLT_TRY(convert(c, *item, node->line, &child));
    PDLT_TRY(pdlt_node_append(node, child, NULL, 0, 0, c->err));
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
    PDLT_TRY(pdlt_node_append(node, child, (const char *)key->data.scalar.value,
                              strlen((const char *)key->data.scalar.value), line, c->err));
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
  if (!is_default_tag(from))
    return refuse(c, use_line, "tags (!name) are not supported: write the plain value");
  pdlt_node_kind kind = from->type == YAML_SEQUENCE_NODE  ? PDLT_NODE_LIST
                        : from->type == YAML_MAPPING_NODE ? PDLT_NODE_MAP
                                                          : PDLT_NODE_SCALAR;
  PDLT_TRY(pdlt_node_new(&node, kind, line_of(c, from), c->err));
  if (kind == PDLT_NODE_SCALAR)
    PDLT_TRY(convert_scalar(c, from, node));
  else if (kind == PDLT_NODE_LIST)
    PDLT_TRY(convert_list(c, from, node));
  else
    PDLT_TRY(convert_map(c, from, node));
  *out = node;
  node = NULL;
cleanup:
  pdlt_node_free(node);
  return status;
}

/* The message of a libyaml failure. Whatever is wrong with a text has a name; a failure without one is
 * memory that ran out, which libyaml does not always say. */
static pdlt_status parser_failure(converter *c, const yaml_parser_t *parser, const char *text,
                                  size_t size) {
  if (parser->error == YAML_MEMORY_ERROR || parser->problem == NULL)
    return pdlt_fail(c->err, PDLT_ERR_MEMORY, "out of memory while reading YAML");
  int line = (int)parser->problem_mark.line + 1;
  if (parser->error == YAML_READER_ERROR) { /* no mark yet: count lines up to the byte */
    line = 1;
    for (size_t i = 0; i < parser->problem_offset && i < size; i++) line += text[i] == '\n';
  }
  char problem[256];
  snprintf(problem, sizeof problem, "%s%s%s", parser->problem, parser->context != NULL ? ", " : "",
           parser->context != NULL ? parser->context : "");
  return refuse(c, line, problem);
}

/* Refuses, event by event, what the tree must not hold: aliases, deep nesting (for which
 * libyaml takes quadratic time), a second document. Afterwards the tree can be walked
 * without care. */
static pdlt_status scan_events(converter *c, const char *text, size_t size) {
  pdlt_status status = PDLT_OK;
  yaml_parser_t parser;
  int nesting = 0, documents = 0, done = 0;
  if (!yaml_parser_initialize(&parser))
    return pdlt_fail(c->err, PDLT_ERR_MEMORY, "out of memory for the YAML parser");
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
    if (event.type == YAML_ALIAS_EVENT)
      status = refuse(c, line, "aliases (*name) are not supported: write the value again");
    else if (nesting > MAX_NESTING)
      status = refuse(c, line, "values are nested too deeply");
    else if (documents > 1)
      status = refuse(c, line, "a second document; a file holds one");
    yaml_event_delete(&event);
  }
  yaml_parser_delete(&parser);
  return status;
}

pdlt_status pdlt_node_parse(pdlt_node **out, const char *name, const char *text, size_t size,
                            const char *set_key, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  yaml_parser_t parser;
  yaml_document_t document;
  int have_document = 0;
  pdlt_node *node = NULL;
  converter c = {name, set_key, &document, err};

  status = scan_events(&c, text, size);
  if (status != PDLT_OK) return status;
  if (!yaml_parser_initialize(&parser))
    return pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory for the YAML parser");
  yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
  if (!yaml_parser_load(&parser, &document)) {
    status = parser_failure(&c, &parser, text, size);
    goto cleanup;
  }
  have_document = 1;
  if (yaml_document_get_root_node(&document) == NULL) {
    PDLT_TRY(pdlt_node_new(&node, PDLT_NODE_SCALAR, set_key != NULL ? PDLT_LINE_SET : 1, err));
    node->plain = 1;
    PDLT_TRY(pdlt_strdup(&node->text, "", err));
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

pdlt_status pdlt_yaml_read(pdlt_node **out, const char *path, pdlt_error *err) {
  char *text = NULL;
  size_t size = 0;
  pdlt_node *root = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_file_read(path, PDLT_YAML_MAX_BYTES, &text, &size, err));
  PDLT_TRY(pdlt_node_parse(&root, path, text, size, NULL, err));
  /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a failure of the parser is never PDLT_OK */
  if (root->kind != PDLT_NODE_MAP) {
    status =
        pdlt_yaml_fail(path, root->line, "yaml", err, "the file must be a mapping: key: value");
    goto cleanup;
  }
  *out = root;
  root = NULL;
cleanup:
  pdlt_node_free(root);
  pdlt_free(text);
  return status;
}
