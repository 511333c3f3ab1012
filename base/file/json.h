/* json.h - small helpers on jansson: numbers that may be NaN, text that is always the same.
 *
 * Is not: a JSON library. */
#ifndef PDLT_BASE_FILE_JSON_H
#define PDLT_BASE_FILE_JSON_H

#include <jansson.h>

#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A JSON number, or null when value is not finite (which JSON cannot say; json_real would
 * return NULL and the key would vanish). New reference; NULL when out of memory. */
json_t *pdlt_json_real(double value);

/* --- Making --- jansson tells of memory that ran out by a value that is missing, and most of it is
 * easily missed. With these a value is whole, or NULL, and so is what it becomes part of: json_pack
 * gives NULL for a NULL in it. jansson's own functions that add to a value are not used elsewhere. */

/* Adds item (reference taken; NULL: memory ran out before) to *list, which is NULL from then on when
 * that fails. */
void pdlt_json_append(json_t **list, json_t *item);

/* The same for a key of *object. */
void pdlt_json_put(json_t **object, const char *key, json_t *value);

/* The same for an object that belongs to others, such as metadata; NULL is allowed. Errors:
 * PDLT_ERR_MEMORY. */
pdlt_status pdlt_json_set(json_t *object, const char *key, json_t *value,
                          pdlt_error *err) PDLT_CHECKED;

/* All keys of `from` into the object. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_json_update(json_t *object, json_t *from, pdlt_error *err) PDLT_CHECKED;

/* A deep copy; NULL when out of memory. */
json_t *pdlt_json_copy(const json_t *value);

/* --- Reading and writing --- */

/* JSON text to a value, new reference. Errors: PDLT_ERR_INPUT `not JSON: ...`, PDLT_ERR_MEMORY. */
pdlt_status pdlt_json_parse(json_t **out, const char *text, size_t size,
                            pdlt_error *err) PDLT_CHECKED;

/* The text of a JSON value: keys sorted, one per line, reals with 17 digits, so that equal
 * values give equal bytes. Owned by the caller (pdlt_free). Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_json_dump(const json_t *value, char **out, pdlt_error *err);

/* The text as jansson's flags say (JSON_INDENT, ...). Owned by the caller (pdlt_free); value NULL:
 * memory ran out before; there is room for one more byte. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_json_format(const json_t *value, size_t flags, char **out, pdlt_error *err);

/* The same and a final newline into a file. Errors: as pdlt_file_write, PDLT_ERR_MEMORY. */
pdlt_status pdlt_json_write(const json_t *value, const char *path, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
