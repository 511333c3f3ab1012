/* file.h - whole files: read into memory, written whole or not at all.
 *
 * Is: opening for reading, reading (gzip included), atomic replacement of a file, folders, a hash.
 * Is not: a file format; those stand on it (npz.h, json.h, compare/plot/png.h). Who may write where
 * at the same time: lock.h. */
#ifndef PDLT_BASE_FILE_FILE_H
#define PDLT_BASE_FILE_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Opens a regular file for reading; *size (may be NULL) is its length. Pipes, devices, sockets and
 * folders are refused without waiting for them. The stream is the caller's (fclose). Errors:
 * PDLT_ERR_INPUT `FILE: reason`, PDLT_ERR_MEMORY; *out is untouched. */
pdlt_status pdlt_file_open(FILE **out, const char *path, uint64_t *size, pdlt_error *err);

/* Whole regular file of at most `most` bytes into *out (owned by the caller, zero byte appended, not
 * counted in *size). Errors: PDLT_ERR_INPUT `FILE: reason`, PDLT_ERR_MEMORY. */
pdlt_status pdlt_file_read(const char *path, size_t most, char **out, size_t *size,
                           pdlt_error *err);

/* Fills err with the line that says so; PDLT_ERR_INPUT. */
pdlt_status pdlt_file_too_long(const char *path, size_t most, pdlt_error *err);

/* The same, unpacking when the file begins with the gzip magic: one or more members, then zero bytes
 * or none; a truncated or corrupt stream is PDLT_ERR_INPUT. What it unpacks to
 * may not be longer than `most`, nor the file much longer; ratio: nor longer than PDLT_GZ_FREE + ratio * packed bytes (0: any). */
pdlt_status pdlt_file_read_gz(const char *path, size_t most, size_t ratio, char **out, size_t *size,
                              pdlt_error *err);
#define PDLT_GZ_FREE ((size_t)1 << 24)

/* The first bytes of the same, at most `size`, into out; *got: how many there are. What follows is
 * not looked at. Cost: these bytes. */
pdlt_status pdlt_file_peek_gz(const char *path, size_t size, void *out, size_t *got,
                              pdlt_error *err);

/* --- Writing (write.c) ---
 *
 * A file is written under a temporary name in its own folder, path.PID.tmp (or path.PID-K.tmp),
 * which nobody else has: it is made anew (O_EXCL, O_NOFOLLOW) and locked while it is written. What
 * processes that were killed left of the same path is removed when it is written again. */

/* Writes size bytes to a temporary file, fsyncs, renames to path and fsyncs the folder. Errors:
 * PDLT_ERR_IO `FILE: reason`, PDLT_ERR_MEMORY; path is then as it was and the temporary file gone. */
pdlt_status pdlt_file_write(const char *path, const void *bytes, size_t size, pdlt_error *err);

/* A file being written. Initialize with {0}; write to stream, which may be seeked; then commit or
 * abandon. */
typedef struct pdlt_file_writer {
  FILE *stream;
  int lock; /* a second descriptor: the lock lasts until the file has its name */
  char *path, *temporary, *folder; /* owned */
} pdlt_file_writer;

/* Opens a temporary file; path is nothing, a regular file or a symbolic link, which is replaced.
 * Errors: PDLT_ERR_IO `FILE: reason`, PDLT_ERR_MEMORY; *out is untouched. */
pdlt_status pdlt_file_begin(pdlt_file_writer *out, const char *path, pdlt_error *err);

/* Writes to the stream. Errors: PDLT_ERR_IO `FILE: reason`. */
pdlt_status pdlt_file_put(pdlt_file_writer *writer, const void *bytes, size_t size,
                          pdlt_error *err);

/* Flushes, fsyncs and renames to path. The writer is {0} afterwards, also on failure; path is then
 * as it was and the temporary file gone. Errors: PDLT_ERR_IO, which covers every earlier failure to
 * write to stream. */
pdlt_status pdlt_file_commit(pdlt_file_writer *writer, pdlt_error *err);

/* Closes and removes the temporary file; allowed on {0}. */
void pdlt_file_abandon(pdlt_file_writer *writer);

/* Before long work: whether a file can be written at path. Errors: PDLT_ERR_INPUT `FILE: ...` when
 * its folder cannot be written to, or path is something else than a file. */
pdlt_status pdlt_file_check_target(const char *path, pdlt_error *err);

/* 1 when the name is one of temporary files. */
int pdlt_file_is_temporary(const char *name);

/* The folder that path is in: "a/b" of "a/b/c", "." of "c", "/" of "/c". Owned by the caller
 * (pdlt_free). Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_file_folder(char **out, const char *path, pdlt_error *err);

/* Makes folder and parents; existing ones are fine. Errors: PDLT_ERR_IO. */
pdlt_status pdlt_folder_make(const char *path, pdlt_error *err);

/* 64-bit FNV-1a of bytes, continued from hash (start with PDLT_HASH_START). */
unsigned long long pdlt_hash_bytes(unsigned long long hash, const void *bytes, size_t size);
#define PDLT_HASH_START 0xcbf29ce484222325ULL

#ifdef __cplusplus
}
#endif
#endif
