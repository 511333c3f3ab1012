/* columns.c - data.columns: which columns of a CSV file are inputs and targets.
 *
 * Is not: aware of any file; whether there are such columns, datasets/ says. */
#include <string.h>

#include "base/core/memory.h"
#include "base/experiment/internal.h"

/* A list of names and numbers, or one of them. */
static pdlt_status read_list(pdlt_reader *reader, const pdlt_node *value,
                             const pdlt_schema_key *key, pdlt_name_list *out) {
  const pdlt_node *one[] = {value};
  const int is_list = value->kind == PDLT_NODE_LIST;
  const size_t count = is_list ? value->count : 1;
  if (value->kind == PDLT_NODE_MAP || count == 0) return pdlt_value_wrong(reader, value, key);
  pdlt_status status = pdlt_alloc((void *)&out->name, count, sizeof *out->name, reader->err);
  for (size_t i = 0; status == PDLT_OK && i < count; i++) {
    const pdlt_node *item = is_list ? value->items[i] : one[0];
    if (item->kind != PDLT_NODE_SCALAR || item->text[0] == '\0')
      return pdlt_value_wrong(reader, item, key);
    status = pdlt_strdup(&out->name[i], item->text, reader->err);
    if (status == PDLT_OK) out->count = i + 1;
  }
  return status;
}

pdlt_status pdlt_read_columns(pdlt_reader *reader, const pdlt_node *value,
                              const pdlt_schema_key *key) {
  if (value->kind != PDLT_NODE_MAP || value->count == 0)
    return pdlt_value_wrong(reader, value, key);
  for (size_t i = 0; i < value->count; i++) {
    const int is_x = strcmp(value->keys[i], "x") == 0;
    pdlt_name_list *list = is_x ? &reader->ex->data.columns_x : &reader->ex->data.columns_y;
    if ((!is_x && strcmp(value->keys[i], "y") != 0) || list->name != NULL)
      return pdlt_value_wrong(reader, value, key);
    pdlt_status status = read_list(reader, value->items[i], key, list);
    if (status != PDLT_OK) return status;
  }
  return PDLT_OK;
}
