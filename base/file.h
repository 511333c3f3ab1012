/* file.h - whole files: read into memory, written whole or not at all. */
#ifndef PDLT_BASE_FILE_H
#define PDLT_BASE_FILE_H

#include <stddef.h>

#include "base/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Whole file into *out (owned by the caller, zero byte appended, not counted in
 * *size). Errors: PDLT_ERR_INPUT `FILE: reason`, PDLT_ERR_MEMORY. */
pdlt_status pdlt_file_read(const char *path, char **out, size_t *size, pdlt_error *err);

/* The same, unpacking when the file begins with the gzip magic; a truncated or corrupt
 * stream is PDLT_ERR_INPUT. max_size bounds the unpacked size (0: no bound). */
pdlt_status pdlt_file_read_gz(const char *path, size_t max_size, char **out, size_t *size,
                              pdlt_error *err);

/* Writes size bytes to path.tmp, fsyncs, renames to path and fsyncs the folder. Errors:
 * PDLT_ERR_IO `FILE: reason`; path is then as it was and path.tmp is gone. */
pdlt_status pdlt_file_write(const char *path, const void *bytes, size_t size, pdlt_error *err);

/* Makes folder and parents; existing ones are fine. Errors: PDLT_ERR_IO. */
pdlt_status pdlt_folder_make(const char *path, pdlt_error *err);

/* 64-bit FNV-1a of bytes, continued from hash (start with PDLT_HASH_START). */
unsigned long long pdlt_hash_bytes(unsigned long long hash, const void *bytes, size_t size);
#define PDLT_HASH_START 0xcbf29ce484222325ULL

#ifdef __cplusplus
}
#endif
#endif
