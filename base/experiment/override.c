/* override.c - --set key=value into the tree of an experiment file.
 *
 * Is not: aware of which keys exist (schema.c). */
#include <string.h>

#include "base/core/memory.h"
#include "base/experiment/internal.h"

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
    if (length == 0)
      return pdlt_reader_fail(reader, PDLT_LINE_SET, path, "an empty name; write section.key");
    if (part[length] == '\0') break;
    size_t place = 0;
    pdlt_node *next = pdlt_node_find(map, part, length, &place);
    if (next == NULL || next->kind != PDLT_NODE_MAP) {
      pdlt_node *fresh = NULL;
      pdlt_status status = pdlt_node_new(&fresh, PDLT_NODE_MAP, PDLT_LINE_SET, reader->err);
      if (status != PDLT_OK) return status;
      if (next != NULL) {
        map->items[place] = fresh;
        pdlt_node_free(next);
      } else {
        status = pdlt_node_append(map, fresh, part, length, PDLT_LINE_SET, reader->err);
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

pdlt_status pdlt_experiment_override(pdlt_reader *reader, pdlt_node *root, const char *setting) {
  pdlt_status status = PDLT_OK;
  char *path = NULL;
  pdlt_node *value = NULL, *map = NULL;
  const int line = setting[0] == ' ' ? PDLT_LINE_POINT : PDLT_LINE_SET;
  setting += line == PDLT_LINE_POINT;
  const char *equals = strchr(setting, '='), *last = NULL;
  char quoted[PDLT_QUOTE_LENGTH];
  if (equals == NULL || equals == setting)
    return pdlt_reader_fail(reader, PDLT_LINE_SET, pdlt_quote(quoted, setting),
                            "write key=value, for example network.depth=4");
  PDLT_TRY(pdlt_strdup(&path, setting, reader->err));
  path[equals - setting] = '\0';
  PDLT_TRY(
      pdlt_node_parse(&value, reader->name, equals + 1, strlen(equals + 1), path, reader->err));
  PDLT_TRY(descend(reader, root, path, &map, &last));
  size_t place = 0;
  /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): descend has found the last key */
  pdlt_node *old = pdlt_node_find(map, last, strlen(last), &place);
  if (old != NULL) {
    map->items[place] = value;
    map->key_lines[place] = line;
    pdlt_node_free(old);
  } else {
    status = pdlt_node_append(map, value, last, strlen(last), line, reader->err);
  }
  value = NULL;

cleanup:
  pdlt_node_free(value);
  pdlt_free(path);
  return status;
}
