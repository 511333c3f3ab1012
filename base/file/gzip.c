/* gzip.c - reading of gzip files (see file.h): whole, bounded, every member checked. */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

#include "base/core/memory.h"
#include "base/file/file.h"

enum {
  GZIP_WINDOW = 15 + 16,
  CHUNK = 1 << 30, /* zlib counts in 32 bits */
  PEEK = 1 << 14,  /* packed bytes that hold any header */
  PADDING = 1 << 20
};

typedef struct unpacking {
  z_stream zip;
  const char *path;
  const char *in;
  size_t in_size, in_used;
  char *out;
  size_t size, capacity, most;
  int by_ratio; /* most follows from the packed size */
} unpacking;

static pdlt_status corrupt(const unpacking *u, const char *how, pdlt_error *err) {
  return pdlt_fail(err, PDLT_ERR_INPUT, "%s: the gzip stream is %s", u->path, how);
}

/* Room for at least one more byte, and for the final zero. */
static pdlt_status grow(unpacking *u, pdlt_error *err) {
  size_t capacity = u->capacity == 0 ? 4 * u->in_size + 1024 : 2 * u->capacity;
  if (u->size > u->most)
    return pdlt_fail(err, PDLT_ERR_INPUT, "%s: unpacks to more than the %zu bytes expected%s",
                     u->path, u->most, u->by_ratio ? "; give it unpacked if it is right" : "");
  if (capacity > u->most + 1) capacity = u->most + 1;
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
    if (code == Z_MEM_ERROR)
      return pdlt_fail(err, PDLT_ERR_MEMORY, "%s: out of memory in zlib", u->path);
    if (code == Z_STREAM_END) {
      if (is_padding(u)) break;
      if (inflateReset(&u->zip) != Z_OK) return corrupt(u, "corrupt", err);
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
      return corrupt(u, "corrupt", err);
    } else if (u->in_used == u->in_size && u->size < u->capacity) {
      return corrupt(u, "truncated", err);
    }
  }
  if (u->size > u->most) return grow(u, err);
  u->out[u->size] = 0;
  return PDLT_OK;
}

static int is_packed(const char *bytes, size_t count) {
  return count >= 2 && (unsigned char)bytes[0] == 0x1f && (unsigned char)bytes[1] == 0x8b;
}

/* Bounds the unpacked size, too, where it is more than any text of numbers packs into. */
static void bound_by_ratio(unpacking *u, size_t ratio) {
  if (ratio == 0 || u->in_size > (SIZE_MAX - PDLT_GZ_FREE) / ratio) return;
  const size_t bound = PDLT_GZ_FREE + ratio * u->in_size;
  u->by_ratio = bound < u->most;
  if (u->by_ratio) u->most = bound;
}

pdlt_status pdlt_file_read_gz(const char *path, size_t most, size_t ratio, char **out, size_t *size,
                              pdlt_error *err) {
  char *bytes = NULL;
  size_t count = 0;
  if (most > SIZE_MAX / 2) most = SIZE_MAX / 2;
  pdlt_status status = pdlt_file_read(path, most + most / 8 + PADDING, &bytes, &count, err);
  if (status != PDLT_OK) return status;
  if (!is_packed(bytes, count)) {
    if (count > most) {
      pdlt_free(bytes);
      return pdlt_file_too_long(path, most, err);
    }
    *out = bytes;
    if (size != NULL) *size = count;
    return PDLT_OK;
  }
  unpacking u = {.path = path, .in = bytes, .in_size = count, .most = most};
  bound_by_ratio(&u, ratio);
  const int code = inflateInit2(&u.zip, GZIP_WINDOW);
  if (code != Z_OK) {
    status = pdlt_fail(err, PDLT_ERR_MEMORY, "%s: out of memory in zlib", path);
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

/* The first bytes that `count` packed ones unpack to; damage is for who reads the rest. */
static pdlt_status peek(const char *path, char *bytes, size_t count, size_t size, void *out,
                        size_t *got, pdlt_error *err) {
  z_stream zip = {.next_in = (z_const Bytef *)bytes,
                  .avail_in = at_most_chunk(count),
                  .next_out = out,
                  .avail_out = at_most_chunk(size)};
  if (inflateInit2(&zip, GZIP_WINDOW) != Z_OK)
    return pdlt_fail(err, PDLT_ERR_MEMORY, "%s: out of memory in zlib", path);
  int code = inflate(&zip, Z_SYNC_FLUSH);
  while (code == Z_STREAM_END && zip.avail_in > 0 && zip.avail_out > 0 &&
         inflateReset(&zip) == Z_OK)
    code = inflate(&zip, Z_SYNC_FLUSH);
  *got = size - zip.avail_out;
  inflateEnd(&zip);
  return code == Z_MEM_ERROR ? pdlt_fail(err, PDLT_ERR_MEMORY, "%s: out of memory in zlib", path)
                             : PDLT_OK;
}

pdlt_status pdlt_file_peek_gz(const char *path, size_t size, void *out, size_t *got,
                              pdlt_error *err) {
  char bytes[PEEK];
  FILE *stream = NULL;
  pdlt_status status = pdlt_file_open(&stream, path, NULL, err);
  if (status != PDLT_OK) return status;
  const size_t count = fread(bytes, 1, sizeof bytes, stream);
  if (ferror(stream)) {
    status = pdlt_fail(err, PDLT_ERR_INPUT, "%s: %s", path, strerror(errno));
  } else if (is_packed(bytes, count)) {
    status = peek(path, bytes, count, size, out, got, err);
  } else {
    *got = count < size ? count : size;
    memcpy(out, bytes, *got);
  }
  (void)fclose(stream);
  return status;
}
