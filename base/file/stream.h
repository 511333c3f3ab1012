/* stream.h - text in memory, written through a stream: whole, or an error.
 *
 * Is: a stream that remembers when there was no memory for something, which open_memstream of glibc
 * does not: there a piece is missing in the middle and nothing says so. What is written between open
 * and take needs no check of its own.
 * Is not: a file; pdlt_file_write (file.h) makes one of it. */
#ifndef PDLT_BASE_FILE_STREAM_H
#define PDLT_BASE_FILE_STREAM_H

#include <stddef.h>
#include <stdio.h>

#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Initialize with {0}; print to `out` between open and take. Not to be moved meanwhile. */
typedef struct pdlt_stream {
  FILE *out;
  char *text; /* owned; of use after take or look only */
  size_t size, capacity;
  int failed;
} pdlt_stream;

/* what: what the text is, for the message. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_stream_open(pdlt_stream *stream, const char *what, pdlt_error *err);

/* The text so far, whole, in stream->text until more is printed. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_stream_look(pdlt_stream *stream, const char *what, pdlt_error *err);

/* The text, whole, owned by the caller (pdlt_free); *size (may be NULL) without the final zero. The
 * stream is {0} afterwards, also on failure. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_stream_take(pdlt_stream *stream, const char *what, char **out, size_t *size,
                             pdlt_error *err);

/* The text into a file. The stream is {0} afterwards. Errors: as pdlt_file_write, PDLT_ERR_MEMORY. */
pdlt_status pdlt_stream_write(pdlt_stream *stream, const char *path, pdlt_error *err);

/* Throws it away; allowed on {0}. */
void pdlt_stream_free(pdlt_stream *stream);

#ifdef __cplusplus
}
#endif
#endif
