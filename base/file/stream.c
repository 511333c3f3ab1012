/* stream.c - see stream.h. */
#include "base/file/stream.h"

#include <string.h>
#include <sys/types.h>

#include "base/core/memory.h"
#include "base/file/file.h"

static pdlt_status out_of_memory(const char *what, pdlt_error *err) {
  return pdlt_fail(err, PDLT_ERR_MEMORY, "%s: out of memory", what);
}

/* Room for that many bytes and a final zero. */
static int reserve(pdlt_stream *stream, size_t size) {
  if (size <= stream->capacity && stream->text != NULL) return 1;
  const size_t capacity = size + size / 2 + 1024;
  char *text = NULL;
  if (pdlt_alloc(&text, capacity + 1, 1, NULL) != PDLT_OK) return 0;
  if (stream->text != NULL) memcpy(text, stream->text, stream->size);
  pdlt_free(stream->text);
  stream->text = text;
  stream->capacity = capacity;
  return 1;
}

static ssize_t append(void *cookie, const char *bytes, size_t size) {
  pdlt_stream *stream = cookie;
  if (stream->failed || !reserve(stream, stream->size + size)) {
    stream->failed = 1;
    return 0;
  }
  memcpy(stream->text + stream->size, bytes, size);
  stream->size += size;
  stream->text[stream->size] = 0;
  return (ssize_t)size;
}

pdlt_status pdlt_stream_open(pdlt_stream *stream, const char *what, pdlt_error *err) {
  const cookie_io_functions_t functions = {.write = append};
  *stream = (pdlt_stream){0};
  if (reserve(stream, 0)) stream->out = fopencookie(stream, "w", functions);
  if (stream->out != NULL) return PDLT_OK;
  pdlt_stream_free(stream);
  return out_of_memory(what, err);
}

pdlt_status pdlt_stream_look(pdlt_stream *stream, const char *what, pdlt_error *err) {
  const int failed = (fflush(stream->out) != 0) | ferror(stream->out) | stream->failed;
  return failed ? out_of_memory(what, err) : PDLT_OK;
}

pdlt_status pdlt_stream_take(pdlt_stream *stream, const char *what, char **out, size_t *size,
                             pdlt_error *err) {
  pdlt_status status = pdlt_stream_look(stream, what, err);
  if (status == PDLT_OK) {
    *out = stream->text;
    if (size != NULL) *size = stream->size;
    stream->text = NULL;
  }
  pdlt_stream_free(stream);
  return status;
}

pdlt_status pdlt_stream_write(pdlt_stream *stream, const char *path, pdlt_error *err) {
  char *text = NULL;
  size_t size = 0;
  pdlt_status status = pdlt_stream_take(stream, path, &text, &size, err);
  if (status == PDLT_OK) status = pdlt_file_write(path, text, size, err);
  pdlt_free(text);
  return status;
}

void pdlt_stream_free(pdlt_stream *stream) {
  if (stream->out != NULL) (void)fclose(stream->out);
  pdlt_free(stream->text);
  *stream = (pdlt_stream){0};
}
