/* yaml.h - YAML text as a tree of values that know their lines.
 *
 * Is: one document (libyaml, document API) as nodes, text of a node, error messages
 * `FILE:LINE: key: ...`. Aliases, tags and a second document are refused.
 * Is not: aware of any schema; base/experiment and compare/claim have one each. */
#ifndef PDLT_BASE_FILE_YAML_H
#define PDLT_BASE_FILE_YAML_H

#include <stdarg.h>
#include <stddef.h>

#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Nobody writes a longer one: it is refused before it is read. */
enum { PDLT_YAML_MAX_BYTES = 1 << 24 };

enum { PDLT_LINE_SET = -1, PDLT_LINE_POINT = -2 }; /* by --set; by a point of a sweep */

typedef enum pdlt_node_kind { PDLT_NODE_SCALAR, PDLT_NODE_LIST, PDLT_NODE_MAP } pdlt_node_kind;

/* One YAML value. Owns everything below it. */
typedef struct pdlt_node {
  pdlt_node_kind kind;
  int line;                 /* from 1; PDLT_LINE_SET: came by --set */
  int plain;                /* scalar written without quotes */
  char *text;               /* scalar */
  size_t count, capacity;   /* list, map */
  struct pdlt_node **items; /* (count) */
  char **keys;              /* (count) map */
  int *key_lines;           /* (count) map */
} pdlt_node;

/* Text to tree; name: of the file, for messages. Empty text is a plain empty scalar. set_key: NULL,
 * or the key whose value the text is in --set; every line is PDLT_LINE_SET then. *out is owned
 * by the caller (pdlt_node_free), untouched on failure. Errors: PDLT_ERR_INPUT
 * `NAME:LINE: yaml: ...`, PDLT_ERR_MEMORY. */
pdlt_status pdlt_node_parse(pdlt_node **out, const char *name, const char *text, size_t size,
                            const char *set_key, pdlt_error *err);

/* Reads a file whose root is a mapping. Owned by the caller (pdlt_node_free). Errors:
 * PDLT_ERR_INPUT `FILE:LINE: ...`, PDLT_ERR_MEMORY. */
pdlt_status pdlt_yaml_read(pdlt_node **out, const char *path, pdlt_error *err);
void pdlt_node_free(pdlt_node *node);

/* An empty node, owned by the caller (pdlt_node_free). Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_node_new(pdlt_node **out, pdlt_node_kind kind, int line, pdlt_error *err);

/* Appends item (owned by node from now on, also on failure) to a list (key NULL) or map; the key
 * is copied. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_node_append(pdlt_node *node, pdlt_node *item, const char *key, size_t key_length,
                             int key_line, pdlt_error *err);

/* Frees the item at place, and its key. */
void pdlt_node_remove(pdlt_node *node, size_t place);

/* Value under a key of a map, or NULL; place (may be NULL) gets its index. */
pdlt_node *pdlt_node_find(const pdlt_node *map, const char *key, size_t length, size_t *place);

/* 1 and *out when the node is a plain finite number. */
int pdlt_node_number(const pdlt_node *value, double *out);

/* The node as YAML flow text on one line. Owned by the caller (pdlt_free). Errors:
 * PDLT_ERR_MEMORY. */
pdlt_status pdlt_node_text(char **out, const pdlt_node *node, pdlt_error *err);

/* Fills err with `NAME:LINE: KEY: text` (`--set: KEY: text` without a line) and returns
 * PDLT_ERR_INPUT. */
pdlt_status pdlt_yaml_fail(const char *name, int line, const char *key, pdlt_error *err,
                           const char *format, ...) PDLT_PRINTF(5, 6);
pdlt_status pdlt_yaml_vfail(const char *name, int line, const char *key, pdlt_error *err,
                            const char *format, va_list args);

#ifdef __cplusplus
}
#endif
#endif
