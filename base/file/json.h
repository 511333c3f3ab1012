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

/* The text of a JSON value: keys sorted, one per line, reals with 17 digits, so that equal
 * values give equal bytes. Owned by the caller (pdlt_free). Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_json_dump(const json_t *value, char **out, pdlt_error *err);

/* The same and a final newline into a file. Errors: as pdlt_file_write, PDLT_ERR_MEMORY. */
pdlt_status pdlt_json_write(const json_t *value, const char *path, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
