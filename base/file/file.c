/* file.c - see file.h. */
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

/* Reads until the end; the size that the system tells is only a first guess, since
 * pipes and /proc tell 0. */
static pdlt_status read_all(FILE *stream, const char *path, buffer *buf, pdlt_error *err) {
  struct stat info;
  size_t guess = 0;
  if (fstat(fileno(stream), &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0)
    guess = (size_t)info.st_size;
  pdlt_status status = buffer_reserve(buf, guess + 1, err);
  while (status == PDLT_OK) {
    size_t got = fread(buf->bytes + buf->size, 1, buf->capacity - buf->size, stream);
    buf->size += got;
    if (ferror(stream)) return pdlt_fail(err, PDLT_ERR_INPUT, "%s: %s", path, strerror(errno));
    if (got == 0 || feof(stream)) break;
    if (buf->size == buf->capacity) status = buffer_reserve(buf, 2 * buf->capacity + 4096, err);
  }
  return status;
}

pdlt_status pdlt_file_read(const char *path, char **out, size_t *size, pdlt_error *err) {
  FILE *stream = fopen(path, "rb");
  if (stream == NULL) return pdlt_fail(err, PDLT_ERR_INPUT, "%s: %s", path, strerror(errno));
  buffer buf = {0};
  pdlt_status status = read_all(stream, path, &buf, err);
  fclose(stream);
  if (status != PDLT_OK) {
    pdlt_free(buf.bytes);
    return status;
  }
  buf.bytes[buf.size] = 0;
  *out = buf.bytes;
  if (size != NULL) *size = buf.size;
  return PDLT_OK;
}

pdlt_status pdlt_file_begin(pdlt_file_writer *out, const char *path, pdlt_error *err) {
  pdlt_file_writer made = {0};
  pdlt_status status = PDLT_OK;
  size_t length = strlen(path);
  PDLT_TRY(pdlt_strdup(&made.path, path, err));
  PDLT_TRY(pdlt_alloc(&made.temporary, length + 5, 1, err));
  memcpy(made.temporary, path, length);
  memcpy(made.temporary + length, ".tmp", 5);
  made.stream = fopen(made.temporary, "wb");
  if (made.stream == NULL) PDLT_TRY(pdlt_fail(err, PDLT_ERR_IO, "%s: %s", path, strerror(errno)));
  *out = made;
  return PDLT_OK;
cleanup:
  pdlt_free(made.path);
  pdlt_free(made.temporary);
  return status;
}

static void writer_clear(pdlt_file_writer *writer) {
  pdlt_free(writer->path);
  pdlt_free(writer->temporary);
  memset(writer, 0, sizeof *writer);
}

void pdlt_file_abandon(pdlt_file_writer *writer) {
  if (writer->stream != NULL) {
    fclose(writer->stream);
    unlink(writer->temporary);
  }
  writer_clear(writer);
}

/* Makes the new name durable. A failure is no error: the file is whole under its name,
 * and some file systems do not know fsync of a folder. */
static void sync_folder_of(const char *path) {
  const char *slash = strrchr(path, '/');
  char folder[4096] = ".";
  if (slash != NULL) {
    size_t length = slash == path ? 1 : (size_t)(slash - path);
    if (length >= sizeof folder) return;
    memcpy(folder, path, length);
    folder[length] = 0;
  }
  int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  (void)fsync(descriptor);
  close(descriptor);
}

pdlt_status pdlt_file_commit(pdlt_file_writer *writer, pdlt_error *err) {
  int reason = 0;
  /* An earlier failed write has left its mark on the stream, not in errno. */
  if (ferror(writer->stream)) reason = EIO;
  if (fflush(writer->stream) != 0) reason = errno;
  if (reason == 0 && fsync(fileno(writer->stream)) != 0 && errno != EINVAL) reason = errno;
  if (fclose(writer->stream) != 0 && reason == 0) reason = errno;
  if (reason == 0 && rename(writer->temporary, writer->path) != 0) reason = errno;
  pdlt_status status = PDLT_OK;
  if (reason == 0) {
    sync_folder_of(writer->path);
  } else {
    unlink(writer->temporary);
    status = pdlt_fail(err, PDLT_ERR_IO, "%s: %s", writer->path, strerror(reason));
  }
  writer_clear(writer);
  return status;
}

pdlt_status pdlt_file_write(const char *path, const void *bytes, size_t size, pdlt_error *err) {
  pdlt_file_writer writer = {0};
  pdlt_status status = pdlt_file_begin(&writer, path, err);
  if (status != PDLT_OK) return status;
  if (size > 0 && fwrite(bytes, 1, size, writer.stream) != size) {
    status = pdlt_fail(err, PDLT_ERR_IO, "%s: %s", path, strerror(errno));
    pdlt_file_abandon(&writer);
    return status;
  }
  return pdlt_file_commit(&writer, err);
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
