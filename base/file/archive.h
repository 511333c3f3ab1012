/* archive.h - named arrays with metadata: what theory.npz and measured.npz hold.
 *
 * Is: the hand-over between theory, trainer and compare, in memory.
 * Is not: the file format (npz.h). Names and shapes are listed in NOTATION.md. */
#ifndef PDLT_BASE_FILE_ARCHIVE_H
#define PDLT_BASE_FILE_ARCHIVE_H

#include <jansson.h>

#include "base/core/status.h"
#include "base/file/array.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_archive_entry {
  char *name; /* owned */
  pdlt_array array;
} pdlt_archive_entry;

/* Entries in order of insertion; meta is a JSON object, owned. Initialize with
 * {0}; free with pdlt_archive_free. */
typedef struct pdlt_archive {
  size_t count, capacity;
  pdlt_archive_entry *entries;
  json_t *meta; /* NULL until pdlt_archive_meta is called */
} pdlt_archive;

void pdlt_archive_free(pdlt_archive *archive);

/* Adds a zeroed array under a new name and lends a pointer to it, valid until
 * the next insertion (copy the data pointer, which stays valid as long as the
 * archive). Errors: PDLT_ERR_MEMORY, PDLT_ERR_INTERNAL (name taken). */
pdlt_status pdlt_archive_new(pdlt_archive *archive, const char *name, int ndim, const size_t *dim,
                             pdlt_array **out, pdlt_error *err);

/* Adds a array under a new name, taking ownership; *array is emptied. On
 * failure the caller keeps it. */
pdlt_status pdlt_archive_put(pdlt_archive *archive, const char *name, pdlt_array *array,
                             pdlt_error *err);

/* Adds a scalar (ndim 0). */
pdlt_status pdlt_archive_put_scalar(pdlt_archive *archive, const char *name, double value,
                                    pdlt_error *err);

/* Borrowed pointer to the array of that name, or NULL. Cost O(count). */
const pdlt_array *pdlt_archive_get(const pdlt_archive *archive, const char *name);

/* The same with a printf-formatted name. */
const pdlt_array *pdlt_archive_getf(const pdlt_archive *archive, const char *format, ...)
    PDLT_PRINTF(2, 3);

/* Frees an array; nothing where there is none of that name. The others keep their order. */
void pdlt_archive_remove(pdlt_archive *archive, const char *name);

/* Borrowed metadata object, made empty on first use; NULL when out of memory. */
json_t *pdlt_archive_meta(pdlt_archive *archive);

#ifdef __cplusplus
}
#endif
#endif
