/* json.c - JSON of the library, read and printed; that memory ran out is seen.
 *
 * jansson's reader loses a letter of a word or number when it has no memory for a longer one, and goes
 * on; so its allocations are counted. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"

static json_malloc_t inner_malloc;
static unsigned long refusals; /* the program reads JSON in one thread */

static void *counting_malloc(size_t size) {
  void *block = inner_malloc(size);
  if (block == NULL) refusals++;
  return block;
}

static pdlt_status out_of_memory(pdlt_error *err) {
  return pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory: JSON");
}

pdlt_status pdlt_json_of(json_t **out, const char *text, pdlt_error *err) {
  json_free_t inner_free;
  if (inner_malloc == NULL) {
    json_get_alloc_funcs(&inner_malloc, &inner_free);
    json_set_alloc_funcs(counting_malloc, inner_free);
  }
  const unsigned long before = refusals;
  json_t *value = json_loads(text, 0, NULL);
  if (value != NULL && refusals == before) {
    *out = value;
    return PDLT_OK;
  }
  json_decref(value);
  return out_of_memory(err);
}

pdlt_status pdlt_print_json(const json_t *value, pdlt_error *err) {
  char *text = value == NULL ? NULL : json_dumps(value, JSON_INDENT(1) | JSON_SORT_KEYS);
  if (text == NULL) return out_of_memory(err);
  puts(text);
  free(text);
  return PDLT_OK;
}

pdlt_status pdlt_json_add(json_t *list, json_t *item, pdlt_error *err) {
  return json_array_append(list, item) == 0 ? PDLT_OK : out_of_memory(err);
}
