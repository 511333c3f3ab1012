/* gzip.c - reading of gzip files (see file.h): whole, bounded, every member checked. */
#include <stdint.h>
#include <string.h>
#include <zlib.h>

#include "base/core/memory.h"
#include "base/file/file.h"

enum { GZIP_WINDOW = 15 + 16, CHUNK = 1 << 30 /* zlib counts in 32 bits */ };

typedef struct unpacking {
  z_stream zip;
  const char *path;
  const char *in;
  size_t in_size, in_used;
  char *out;
  size_t size, capacity, max_size;
} unpacking;

static pdlt_status corrupt(const unpacking *u, const char *how, pdlt_error *err) {
  return pdlt_fail(err, PDLT_ERR_INPUT, "%s: the gzip stream is %s", u->path, how);
}

/* Room for at least one more byte, and for the final zero. */
static pdlt_status grow(unpacking *u, pdlt_error *err) {
  size_t capacity = u->capacity == 0 ? 4 * u->in_size + 1024 : 2 * u->capacity;
  if (u->max_size != 0 && u->size >= u->max_size + 1)
    return pdlt_fail(err, PDLT_ERR_INPUT, "%s: unpacks to more than the %zu bytes expected",
                     u->path, u->max_size);
  if (u->max_size != 0 && capacity > u->max_size + 1) capacity = u->max_size + 1;
  char *out = NULL;
  pdlt_status status = pdlt_alloc(&out, capacity + 1, 1, err);
  if (status != PDLT_OK) return status;
  if (u->size > 0) memcpy(out, u->out, u->size);
  pdlt_free(u->out);
  u->out = out;
  u->capacity = capacity;
  return PDLT_OK;
}

static uInt at_most_chunk(size_t size) { return size > CHUNK ? (uInt)CHUNK : (uInt)size; }

/* One call of inflate. */
static int step(unpacking *u) {
  uInt in = at_most_chunk(u->in_size - u->in_used);
  uInt out = at_most_chunk(u->capacity - u->size);
  u->zip.next_in = (z_const Bytef *)(u->in + u->in_used);
  u->zip.avail_in = in;
  u->zip.next_out = (Bytef *)(u->out + u->size);
  u->zip.avail_out = out;
  int code = inflate(&u->zip, Z_NO_FLUSH);
  u->in_used += in - u->zip.avail_in;
  u->size += out - u->zip.avail_out;
  return code;
}

/* Whether nothing but zero bytes follows: padding, which gzip ignores too. */
static int is_padding(const unpacking *u) {
  for (size_t i = u->in_used; i < u->in_size; i++)
    if (u->in[i] != 0) return 0;
  return 1;
}

/* A gzip file is one or more members in a row; zero bytes may follow the last. */
static pdlt_status unpack(unpacking *u, pdlt_error *err) {
  for (;;) {
    if (u->size == u->capacity) {
      pdlt_status status = grow(u, err);
      if (status != PDLT_OK) return status;
    }
    int code = step(u);
    if (code == Z_MEM_ERROR) return pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory in zlib");
    if (code == Z_STREAM_END) {
      if (is_padding(u)) break;
      if (inflateReset(&u->zip) != Z_OK) return corrupt(u, "corrupt", err);
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
      return corrupt(u, "corrupt", err);
    } else if (u->in_used == u->in_size && u->size < u->capacity) {
      return corrupt(u, "truncated", err);
    }
  }
  if (u->max_size != 0 && u->size > u->max_size) return grow(u, err);
  u->out[u->size] = 0;
  return PDLT_OK;
}

pdlt_status pdlt_file_read_gz(const char *path, size_t max_size, char **out, size_t *size,
                              pdlt_error *err) {
  char *bytes = NULL;
  size_t count = 0;
  pdlt_status status = pdlt_file_read(path, &bytes, &count, err);
  if (status != PDLT_OK) return status;
  if (count < 2 || (unsigned char)bytes[0] != 0x1f || (unsigned char)bytes[1] != 0x8b) {
    *out = bytes;
    if (size != NULL) *size = count;
    return PDLT_OK;
  }
  unpacking u = {.path = path, .in = bytes, .in_size = count};
  if (max_size < SIZE_MAX) u.max_size = max_size;
  if (inflateInit2(&u.zip, GZIP_WINDOW) != Z_OK) {
    status = pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory in zlib");
  } else {
    status = unpack(&u, err);
    inflateEnd(&u.zip);
  }
  if (status == PDLT_OK) {
    *out = u.out;
    if (size != NULL) *size = u.size;
  } else {
    pdlt_free(u.out);
  }
  pdlt_free(bytes);
  return status;
}
