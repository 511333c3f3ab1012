/* yaml.c - see yaml.h. The parser itself is yaml_parse.c. */
#include "base/file/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/experiment/internal.h"
#include "base/file/file.h"

pdlt_status pdlt_yaml_read(pdlt_node **out, const char *path, pdlt_error *err) {
  char *text = NULL;
  size_t size = 0;
  pdlt_node *root = NULL;
  pdlt_reader reader = {path, NULL, err};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_file_read(path, &text, &size, err));
  PDLT_TRY(pdlt_node_parse(&reader, text, size, NULL, &root));
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

int pdlt_node_number(const pdlt_node *value, double *out) { return pdlt_value_number(value, out); }

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
  char *text = NULL;
  size_t size = 0;
  FILE *stream = open_memstream(&text, &size);
  if (stream == NULL) return pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory");
  write_node(stream, node);
  int failed = fclose(stream) != 0;
  pdlt_status status =
      failed ? pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory") : pdlt_strdup(out, text, err);
  free(text);
  return status;
}
