/* file.h - whole files: read into memory, written whole or not at all.
 *
 * Is: reading (gzip included), atomic replacement of a file, folders, a hash.
 * Is not: a file format; those stand on it (npz.h, json.h, compare/plot/png.h). */
#ifndef PDLT_BASE_FILE_FILE_H
#define PDLT_BASE_FILE_FILE_H

#include <stddef.h>
#include <stdio.h>

#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Whole file into *out (owned by the caller, zero byte appended, not counted in
 * *size). Errors: PDLT_ERR_INPUT `FILE: reason`, PDLT_ERR_MEMORY. */
pdlt_status pdlt_file_read(const char *path, char **out, size_t *size, pdlt_error *err);

/* The same, unpacking when the file begins with the gzip magic: one or more members, then
 * zero bytes or none; a truncated or corrupt stream is PDLT_ERR_INPUT. max_size bounds the unpacked size (0: no bound). */
pdlt_status pdlt_file_read_gz(const char *path, size_t max_size, char **out, size_t *size,
                              pdlt_error *err);

/* Writes size bytes to path.tmp, fsyncs, renames to path and fsyncs the folder. Errors:
 * PDLT_ERR_IO `FILE: reason`; path is then as it was and path.tmp is gone. */
pdlt_status pdlt_file_write(const char *path, const void *bytes, size_t size, pdlt_error *err);

/* A file being written under the name path.tmp. Initialize with {0}; write to stream,
 * which may be seeked; then commit or abandon. */
typedef struct pdlt_file_writer {
  FILE *stream;
  char *path, *temporary; /* owned */
} pdlt_file_writer;

/* Opens path.tmp. Errors: PDLT_ERR_IO `FILE: reason`, PDLT_ERR_MEMORY; *out is untouched. */
pdlt_status pdlt_file_begin(pdlt_file_writer *out, const char *path, pdlt_error *err);

/* Flushes, fsyncs and renames to path. The writer is {0} afterwards, also on failure;
 * path is then as it was and path.tmp is gone. Errors: PDLT_ERR_IO, which covers every
 * earlier failure to write to stream. */
pdlt_status pdlt_file_commit(pdlt_file_writer *writer, pdlt_error *err);

/* Closes and removes path.tmp; allowed on {0}. */
void pdlt_file_abandon(pdlt_file_writer *writer);

/* Makes folder and parents; existing ones are fine. Errors: PDLT_ERR_IO. */
pdlt_status pdlt_folder_make(const char *path, pdlt_error *err);

/* 64-bit FNV-1a of bytes, continued from hash (start with PDLT_HASH_START). */
unsigned long long pdlt_hash_bytes(unsigned long long hash, const void *bytes, size_t size);
#define PDLT_HASH_START 0xcbf29ce484222325ULL

#ifdef __cplusplus
}
#endif
#endif
