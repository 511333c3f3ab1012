/* write.c - the writing half of file.h: every file of this program gets its name here. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/core/memory.h"
#include "base/file/file.h"

#define ENDING ".tmp"
enum { ENDING_ROOM = 48, MAX_TRIES = 100 };

static pdlt_status failed(const char *path, int reason, pdlt_error *err) {
  return pdlt_fail(err, PDLT_ERR_IO, "%s: %s", path, strerror(reason));
}

/* --- names --- */

/* Behind the digits at text, or NULL when there are none. */
static const char *skip_digits(const char *text) {
  if (text == NULL || !isdigit((unsigned char)*text)) return NULL;
  while (isdigit((unsigned char)*text)) text++;
  return text;
}

/* Whether the text is .PID.tmp or .PID-K.tmp. */
static int is_ending(const char *text) {
  const char *at = *text == '.' ? skip_digits(text + 1) : NULL;
  if (at != NULL && *at == '-') at = skip_digits(at + 1);
  return at != NULL && strcmp(at, ENDING) == 0;
}

int pdlt_file_is_temporary(const char *name) {
  for (const char *dot = strchr(name, '.'); dot != NULL; dot = strchr(dot + 1, '.'))
    if (is_ending(dot)) return 1;
  return 0;
}

static const char *name_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash == NULL ? path : slash + 1;
}

/* --- what killed processes left --- */

/* The lock says whether its writer still lives; where files cannot be locked nobody knows. */
static void remove_left(int folder, const char *name) {
  struct stat info;
  const int flags = O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC;
  const int descriptor = openat(folder, name, flags);
  if (descriptor < 0) return;
  if (flock(descriptor, LOCK_EX | LOCK_NB) == 0 && fstat(descriptor, &info) == 0 &&
      S_ISREG(info.st_mode) && info.st_nlink > 0)
    unlinkat(folder, name, 0);
  close(descriptor);
}

/* Temporary files of path whose writers are gone. No failure is an error: they only take room. */
static void sweep_folder(const char *folder, const char *path) {
  const char *name = name_of(path);
  const size_t length = strlen(name);
  DIR *entries = opendir(folder);
  if (entries == NULL) return;
  for (const struct dirent *entry; (entry = readdir(entries)) != NULL;)
    if (strncmp(entry->d_name, name, length) == 0 && is_ending(entry->d_name + length))
      remove_left(dirfd(entries), entry->d_name);
  closedir(entries);
}

/* --- beginning --- */

/* Opens and locks the temporary file; -1: failed, -2: its name is taken, or was until now. */
static int open_new(const char *temporary) {
  struct stat info;
  const int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const int descriptor = open(temporary, flags, 0666);
  if (descriptor < 0) return errno == EEXIST ? -2 : -1;
  /* Who sweeps may have been faster. File systems without locks refuse otherwise. */
  const int lost = flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  if (!lost && fstat(descriptor, &info) == 0 && info.st_nlink > 0) return descriptor;
  unlink(temporary);
  close(descriptor);
  return -2;
}

static pdlt_status open_temporary(pdlt_file_writer *w, pdlt_error *err) {
  const size_t length = strlen(w->path);
  int descriptor = -2;
  memcpy(w->temporary, w->path, length);
  for (int k = 0; descriptor == -2 && k < MAX_TRIES; k++) {
    char *ending = w->temporary + length;
    snprintf(ending, ENDING_ROOM, k == 0 ? ".%ld" ENDING : ".%ld-%d" ENDING, (long)getpid(), k);
    descriptor = open_new(w->temporary);
  }
  if (descriptor < 0) return failed(w->path, descriptor == -2 ? EEXIST : errno, err);
  w->lock = dup(descriptor);
  w->stream = w->lock < 0 ? NULL : fdopen(descriptor, "wb");
  if (w->stream != NULL) return PDLT_OK;
  const int reason = errno;
  unlink(w->temporary);
  close(descriptor);
  if (w->lock >= 0) close(w->lock);
  return failed(w->path, reason, err);
}

/* What a file may take the place of. */
static int may_replace(const char *path, int *reason) {
  struct stat info;
  *reason = 0;
  if (lstat(path, &info) != 0) return 1;
  *reason = S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
  return S_ISREG(info.st_mode) || S_ISLNK(info.st_mode);
}

static pdlt_status refuse(const char *path, int reason, pdlt_status status, pdlt_error *err) {
  return pdlt_fail(err, status, "%s: is %s; choose another path", path,
                   reason == EISDIR ? "a folder" : "no file but a device, a pipe or a socket");
}

static void writer_clear(pdlt_file_writer *writer) {
  pdlt_free(writer->path);
  pdlt_free(writer->temporary);
  pdlt_free(writer->folder);
  memset(writer, 0, sizeof *writer);
}

pdlt_status pdlt_file_begin(pdlt_file_writer *out, const char *path, pdlt_error *err) {
  pdlt_file_writer made = {0};
  int reason = 0;
  pdlt_status status = PDLT_OK;
  if (!may_replace(path, &reason)) return refuse(path, reason, PDLT_ERR_IO, err);
  PDLT_TRY(pdlt_strdup(&made.path, path, err));
  PDLT_TRY(pdlt_alloc(&made.temporary, strlen(path) + ENDING_ROOM, 1, err));
  PDLT_TRY(pdlt_file_folder(&made.folder, path, err));
  sweep_folder(made.folder, path);
  PDLT_TRY(open_temporary(&made, err));
  *out = made;
  return PDLT_OK;
cleanup:
  writer_clear(&made);
  return status;
}

pdlt_status pdlt_file_put(pdlt_file_writer *writer, const void *bytes, size_t size,
                          pdlt_error *err) {
  if (fwrite(bytes, 1, size, writer->stream) == size) return PDLT_OK;
  return failed(writer->path, errno, err);
}

/* --- end --- */

void pdlt_file_abandon(pdlt_file_writer *writer) {
  if (writer->stream != NULL) {
    (void)fclose(writer->stream);
    unlink(writer->temporary);
    close(writer->lock);
  }
  writer_clear(writer);
}

/* Makes the new name durable. A failure is no error: the file is whole under its name,
 * and some file systems do not know fsync of a folder. */
static void sync_folder(const char *folder) {
  const int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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
    sync_folder(writer->folder);
  } else {
    unlink(writer->temporary);
    status = failed(writer->path, reason, err);
  }
  close(writer->lock);
  writer_clear(writer);
  return status;
}

pdlt_status pdlt_file_write(const char *path, const void *bytes, size_t size, pdlt_error *err) {
  pdlt_file_writer writer = {0};
  pdlt_status status = pdlt_file_begin(&writer, path, err);
  if (status != PDLT_OK) return status;
  status = pdlt_file_put(&writer, bytes, size, err);
  if (status == PDLT_OK) return pdlt_file_commit(&writer, err);
  pdlt_file_abandon(&writer);
  return status;
}

pdlt_status pdlt_file_check_target(const char *path, pdlt_error *err) {
  char *folder = NULL;
  int reason = 0;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_file_folder(&folder, path, err));
  if (access(folder, W_OK | X_OK) != 0)
    PDLT_TRY(pdlt_fail(err, PDLT_ERR_INPUT, "%s: cannot be written: folder %s: %s", path, folder,
                       strerror(errno)));
  if (!may_replace(path, &reason)) status = refuse(path, reason, PDLT_ERR_INPUT, err);
cleanup:
  pdlt_free(folder);
  return status;
}
