/* zip.h - zip files, streamed entry by entry (the container of npz.h).
 *
 * Is: writing of deflated entries with fixed dates, zip64 where needed, atomically;
 * reading of stored and deflated entries, sizes and CRCs checked, safe on any bytes.
 * Is not: encryption, split archives, or other compression methods. */
#ifndef PDLT_BASE_FILE_ZIP_H
#define PDLT_BASE_FILE_ZIP_H

#include <stddef.h>
#include <stdint.h>

#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An entry or offset from this size on needs zip64. */
#define PDLT_ZIP64_FROM 0xffffffffULL

typedef struct pdlt_zip_writer pdlt_zip_writer;
typedef struct pdlt_zip_reader pdlt_zip_reader;

/* Begins a temporary file (file.h). zip64_from: PDLT_ZIP64_FROM, or less to write zip64 records earlier (0:
 * always), which is valid too. Owned by the caller (pdlt_zip_writer_free).
 * Errors: PDLT_ERR_IO `FILE: reason`, PDLT_ERR_MEMORY. */
pdlt_status pdlt_zip_writer_new(pdlt_zip_writer **out, const char *path, uint64_t zip64_from,
                                pdlt_error *err);

/* Begins an entry of exactly `size` bytes, appends to it, ends it. After an error only
 * pdlt_zip_writer_free is allowed. Errors: PDLT_ERR_IO, PDLT_ERR_MEMORY,
 * PDLT_ERR_INTERNAL (name longer than 65535 bytes, other size than announced). */
pdlt_status pdlt_zip_entry_begin(pdlt_zip_writer *writer, const char *name, uint64_t size,
                                 pdlt_error *err);
pdlt_status pdlt_zip_entry_write(pdlt_zip_writer *writer, const void *bytes, size_t size,
                                 pdlt_error *err);
pdlt_status pdlt_zip_entry_end(pdlt_zip_writer *writer, pdlt_error *err);

/* Writes the directory and gives the file its name. Errors: PDLT_ERR_IO, PDLT_ERR_MEMORY. */
pdlt_status pdlt_zip_writer_commit(pdlt_zip_writer *writer, pdlt_error *err);

/* Frees; a file that was not committed vanishes. NULL is allowed. */
void pdlt_zip_writer_free(pdlt_zip_writer *writer);

/* Opens path and reads its directory. Owned by the caller (pdlt_zip_reader_free).
 * Errors: PDLT_ERR_INPUT `FILE: ...`, PDLT_ERR_MEMORY. */
pdlt_status pdlt_zip_reader_new(pdlt_zip_reader **out, const char *path, pdlt_error *err);
void pdlt_zip_reader_free(pdlt_zip_reader *reader);

/* Entry k = 0 .. count-1 of the directory: name (borrowed) and unpacked size, which is never
 * more than deflate can pack into the bytes of the file. */
size_t pdlt_zip_count(const pdlt_zip_reader *reader);
const char *pdlt_zip_name(const pdlt_zip_reader *reader, size_t k);
uint64_t pdlt_zip_size(const pdlt_zip_reader *reader, size_t k);

/* Opens entry k, reads the next `size` bytes of it, closes it; close checks that all was read
 * and that the CRC is right. One entry at a time. Errors: PDLT_ERR_INPUT, PDLT_ERR_MEMORY. */
pdlt_status pdlt_zip_open(pdlt_zip_reader *reader, size_t k, pdlt_error *err);
pdlt_status pdlt_zip_read(pdlt_zip_reader *reader, void *out, size_t size, pdlt_error *err);
pdlt_status pdlt_zip_close(pdlt_zip_reader *reader, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
