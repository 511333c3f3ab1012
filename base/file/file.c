/* file.c - reading, folders and the hash of file.h; write.c writes. */
#include "base/file/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/core/memory.h"

/* A growing block of bytes; one byte beyond size is kept for the final zero. */
typedef struct buffer {
  char *bytes;
  size_t size, capacity;
} buffer;

static pdlt_status buffer_reserve(buffer *buf, size_t capacity, pdlt_error *err) {
  if (capacity <= buf->capacity && buf->bytes != NULL) return PDLT_OK;
  char *bytes = NULL;
  pdlt_status status = pdlt_alloc(&bytes, capacity + 1, 1, err);
  if (status != PDLT_OK) return status;
  if (buf->size > 0) memcpy(bytes, buf->bytes, buf->size);
  pdlt_free(buf->bytes);
  buf->bytes = bytes;
  buf->capacity = capacity;
  return PDLT_OK;
}

static const char *kind_of(mode_t mode) {
  return S_ISDIR(mode)    ? "a folder"
         : S_ISFIFO(mode) ? "a pipe"
         : S_ISSOCK(mode) ? "a socket"
                          : "a device";
}

/* The one place that opens a file for reading. O_NONBLOCK: a pipe without writer is not waited for;
 * of regular files it means nothing. */
pdlt_status pdlt_file_open(FILE **out, const char *path, uint64_t *size, pdlt_error *err) {
  struct stat info;
  const int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (descriptor < 0) return pdlt_fail(err, PDLT_ERR_INPUT, "%s: %s", path, strerror(errno));
  pdlt_status status = PDLT_OK;
  if (fstat(descriptor, &info) != 0)
    PDLT_TRY(pdlt_fail(err, PDLT_ERR_INPUT, "%s: %s", path, strerror(errno)));
  if (!S_ISREG(info.st_mode))
    PDLT_TRY(
        pdlt_fail(err, PDLT_ERR_INPUT, "%s: is %s; expected a file", path, kind_of(info.st_mode)));
  FILE *stream = fdopen(descriptor, "rb");
  if (stream == NULL)
    PDLT_TRY(pdlt_fail(err, PDLT_ERR_MEMORY, "%s: out of memory: %s", path, strerror(errno)));
  *out = stream;
  if (size != NULL) *size = (uint64_t)info.st_size;
  return PDLT_OK;
cleanup:
  close(descriptor);
  return status;
}

pdlt_status pdlt_file_too_long(const char *path, size_t most, pdlt_error *err) {
  return pdlt_fail(err, PDLT_ERR_INPUT, "%s: is longer than the %zu bytes expected", path, most);
}

/* Reads until the end; the size that the system tells is only a first guess, since /proc tells 0. */
static pdlt_status read_all(FILE *stream, const char *path, uint64_t guess, size_t most,
                            buffer *buf, pdlt_error *err) {
  if (guess > most) return pdlt_file_too_long(path, most, err);
  pdlt_status status = buffer_reserve(buf, (size_t)guess + 1, err);
  while (status == PDLT_OK) {
    size_t got = fread(buf->bytes + buf->size, 1, buf->capacity - buf->size, stream);
    buf->size += got;
    if (ferror(stream)) return pdlt_fail(err, PDLT_ERR_INPUT, "%s: %s", path, strerror(errno));
    if (buf->size > most) return pdlt_file_too_long(path, most, err);
    if (got == 0 || feof(stream)) break;
    if (buf->size == buf->capacity) status = buffer_reserve(buf, 2 * buf->capacity + 4096, err);
  }
  return status;
}

pdlt_status pdlt_file_read(const char *path, size_t most, char **out, size_t *size,
                           pdlt_error *err) {
  FILE *stream = NULL;
  uint64_t guess = 0;
  pdlt_status status = pdlt_file_open(&stream, path, &guess, err);
  if (status != PDLT_OK) return status;
  buffer buf = {0};
  status = read_all(stream, path, guess, most, &buf, err);
  (void)fclose(stream);
  if (status != PDLT_OK) {
    pdlt_free(buf.bytes);
    return status;
  }
  buf.bytes[buf.size] = 0;
  *out = buf.bytes;
  if (size != NULL) *size = buf.size;
  return PDLT_OK;
}

static pdlt_status make_one(const char *path, const char *whole, pdlt_error *err) {
  struct stat info;
  if (mkdir(path, 0777) == 0) return PDLT_OK;
  int reason = errno;
  if (stat(path, &info) == 0) {
    if (S_ISDIR(info.st_mode)) return PDLT_OK;
    reason = ENOTDIR;
  }
  return pdlt_fail(err, PDLT_ERR_IO, "%s: %s", whole, strerror(reason));
}

pdlt_status pdlt_file_folder(char **out, const char *path, pdlt_error *err) {
  const char *slash = strrchr(path, '/');
  const size_t length = slash == NULL ? 1 : slash == path ? 1 : (size_t)(slash - path);
  const pdlt_status status = pdlt_alloc(out, length + 1, 1, err);
  if (status == PDLT_OK) memcpy(*out, slash == NULL ? "." : path, length);
  return status;
}

pdlt_status pdlt_folder_make(const char *path, pdlt_error *err) {
  if (path[0] == 0) return pdlt_fail(err, PDLT_ERR_IO, "a folder without a name was asked for");
  char *copy = NULL;
  pdlt_status status = pdlt_strdup(&copy, path, err);
  if (status != PDLT_OK) return status;
  for (size_t i = 1; copy[i] != 0; i++) {
    if (copy[i] != '/') continue;
    copy[i] = 0;
    PDLT_TRY(make_one(copy, path, err));
    copy[i] = '/';
  }
  PDLT_TRY(make_one(copy, path, err));
cleanup:
  pdlt_free(copy);
  return status;
}

unsigned long long pdlt_hash_bytes(unsigned long long hash, const void *bytes, size_t size) {
  const unsigned char *byte = bytes;
  for (size_t i = 0; i < size; i++) hash = (hash ^ byte[i]) * 0x100000001b3ULL;
  return hash;
}
