/* json.c - see json.h. */
#include "base/file/json.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/file/file.h"

enum { FORMAT = JSON_SORT_KEYS | JSON_INDENT(1) | JSON_ENCODE_ANY };

json_t *pdlt_json_real(double value) { return isfinite(value) ? json_real(value) : json_null(); }

/* --- Making --- */

static void keep_or_drop(json_t **whole, int failed) {
  if (!failed) return;
  json_decref(*whole);
  *whole = NULL;
}

void pdlt_json_append(json_t **list, json_t *item) {
  keep_or_drop(list, json_array_append_new(*list, item) != 0);
}

void pdlt_json_put(json_t **object, const char *key, json_t *value) {
  keep_or_drop(object, json_object_set_new(*object, key, value) != 0);
}

static pdlt_status checked(int failed, pdlt_error *err) {
  return failed ? pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory: metadata") : PDLT_OK;
}

pdlt_status pdlt_json_set(json_t *object, const char *key, json_t *value, pdlt_error *err) {
  return checked(json_object_set_new(object, key, value) != 0, err);
}

pdlt_status pdlt_json_update(json_t *object, json_t *from, pdlt_error *err) {
  return checked(json_object_update(object, from) != 0, err);
}

/* jansson leaves out what it has no memory for. */
json_t *pdlt_json_copy(const json_t *value) {
  json_t *copy = json_deep_copy(value);
  if (value != NULL && json_equal(copy, value)) return copy;
  json_decref(copy);
  return NULL;
}

/* --- Reading --- */

/* jansson's reader loses a letter of a word or number when it has no memory for a longer one, and goes
 * on; so its allocations are counted. */
static json_malloc_t inner_malloc;
static _Thread_local unsigned long refusals;

static void *counting_malloc(size_t size) {
  void *block = inner_malloc(size);
  if (block == NULL) refusals++;
  return block;
}

/* Stays: blocks come from where they came from before. */
static void count_refusals(void) {
  json_free_t inner_free;
  json_get_alloc_funcs(&inner_malloc, &inner_free);
  json_set_alloc_funcs(counting_malloc, inner_free);
}

pdlt_status pdlt_json_parse(json_t **out, const char *text, size_t size, pdlt_error *err) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  json_error_t reason;
  pthread_once(&once, count_refusals);
  const unsigned long before = refusals;
  json_t *value = json_loadb(text, size, JSON_REJECT_DUPLICATES, &reason);
  if (value != NULL && refusals == before) {
    *out = value;
    return PDLT_OK;
  }
  json_decref(value);
  if (refusals > before) return pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory while reading JSON");
  return pdlt_fail(err, PDLT_ERR_INPUT, "not JSON: %s", reason.text);
}

/* --- Writing --- */

pdlt_status pdlt_json_format(const json_t *value, size_t flags, char **out, pdlt_error *err) {
  const size_t length = json_dumpb(value, NULL, 0, flags);
  char *text = NULL;
  if (length == 0) return pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory while writing JSON");
  pdlt_status status = pdlt_alloc(&text, length + 2, 1, err);
  if (status != PDLT_OK) return status;
  if (json_dumpb(value, text, length, flags) == length) {
    *out = text;
    return PDLT_OK;
  }
  pdlt_free(text);
  return pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory while writing JSON");
}

pdlt_status pdlt_json_dump(const json_t *value, char **out, pdlt_error *err) {
  return pdlt_json_format(value, FORMAT, out, err);
}

pdlt_status pdlt_json_write(const json_t *value, const char *path, pdlt_error *err) {
  char *text = NULL;
  pdlt_status status = pdlt_json_dump(value, &text, err);
  if (status != PDLT_OK) return status;
  const size_t length = strlen(text);
  text[length] = '\n'; /* in place of the final zero */
  status = pdlt_file_write(path, text, length + 1, err);
  pdlt_free(text);
  return status;
}
