/* json.c - see json.h. */
#include "base/file/json.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/file/file.h"

enum { FORMAT = JSON_SORT_KEYS | JSON_INDENT(1) | JSON_ENCODE_ANY };

json_t *pdlt_json_real(double value) { return isfinite(value) ? json_real(value) : json_null(); }

/* Text and final newline. */
static pdlt_status dump(const json_t *value, char **out, size_t *size, pdlt_error *err) {
  size_t length = json_dumpb(value, NULL, 0, FORMAT);
  if (length == 0) return pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory while writing JSON");
  char *text = NULL;
  pdlt_status status = pdlt_alloc(&text, length + 2, 1, err);
  if (status != PDLT_OK) return status;
  if (json_dumpb(value, text, length, FORMAT) != length) {
    pdlt_free(text);
    return pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory while writing JSON");
  }
  text[length] = '\n';
  *out = text;
  *size = length + 1;
  return PDLT_OK;
}

pdlt_status pdlt_json_dump(const json_t *value, char **out, pdlt_error *err) {
  char *text = NULL;
  size_t size = 0;
  pdlt_status status = dump(value, &text, &size, err);
  if (status != PDLT_OK) return status;
  text[size - 1] = 0;
  *out = text;
  return PDLT_OK;
}

pdlt_status pdlt_json_write(const json_t *value, const char *path, pdlt_error *err) {
  char *text = NULL;
  size_t size = 0;
  pdlt_status status = dump(value, &text, &size, err);
  if (status != PDLT_OK) return status;
  status = pdlt_file_write(path, text, size, err);
  pdlt_free(text);
  return status;
}
