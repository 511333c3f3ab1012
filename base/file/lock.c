/* lock.c - see lock.h. */
#include "base/file/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/core/memory.h"

enum { HOST_ROOM = 256, LINE_ROOM = 320, MAX_TRIES = 100 };

static void host_name(char out[HOST_ROOM]) {
  memset(out, 0, HOST_ROOM);
  if (gethostname(out, HOST_ROOM - 1) != 0) out[0] = 0;
}

/* "PID HOST", for who comes second. A failure is no error: it only names nobody. */
static void sign(int descriptor) {
  char host[HOST_ROOM], line[LINE_ROOM];
  host_name(host);
  const int length = snprintf(line, sizeof line, "%ld %s\n", (long)getpid(), host);
  if (ftruncate(descriptor, 0) != 0 || pwrite(descriptor, line, (size_t)length, 0) != length)
    (void)ftruncate(descriptor, 0);
}

static pdlt_status refuse(const char *output, int descriptor, pdlt_error *err) {
  char host[HOST_ROOM], line[LINE_ROOM] = "", *end = NULL;
  const ssize_t length = pread(descriptor, line, sizeof line - 1, 0);
  if (length > 0) line[strcspn(line, "\n")] = 0;
  const long holder = strtol(line, &end, 10);
  if (end == line || holder <= 0)
    return pdlt_fail(err, PDLT_ERR_INPUT,
                     "%s: another process works on it; wait for it, or choose another path",
                     output);
  host_name(host);
  const char *other = *end == ' ' && strcmp(end + 1, host) != 0 ? end + 1 : "";
  return pdlt_fail(err, PDLT_ERR_INPUT,
                   "%s: process %ld%s%s works on it; wait for it, or choose another path", output,
                   holder, *other != 0 ? " on " : "", other);
}

/* What is at the path is still what was opened: not removed by who held it before. */
static int is_current(int descriptor, const char *path) {
  struct stat own, there;
  return fstat(descriptor, &own) == 0 && lstat(path, &there) == 0 && own.st_ino == there.st_ino &&
         own.st_dev == there.st_dev;
}

/* Opens the lock's file. Nothing but an own regular file is opened or written to. */
static pdlt_status open_file(int *out, const char *path, pdlt_error *err) {
  struct stat info;
  const int descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
  if (descriptor < 0) return pdlt_fail(err, PDLT_ERR_IO, "%s: %s", path, strerror(errno));
  if (fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode) && info.st_nlink <= 1 &&
      info.st_size < LINE_ROOM) {
    *out = descriptor;
    return PDLT_OK;
  }
  close(descriptor);
  return pdlt_fail(err, PDLT_ERR_IO, "%s: is not a lock of this program; remove it", path);
}

/* 1: locked, or there are no locks on this file system; 0: another has it; -1: try again. */
static int try_lock(int descriptor, const char *path) {
  if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) return is_current(descriptor, path) ? 1 : -1;
  return errno == EINTR ? -1 : errno != EWOULDBLOCK;
}

static pdlt_status take(pdlt_lock *lock, pdlt_error *err) {
  for (int k = 0; k < MAX_TRIES; k++) {
    pdlt_status status = open_file(&lock->descriptor, lock->path, err);
    if (status != PDLT_OK) return status;
    const int taken = try_lock(lock->descriptor, lock->path);
    if (taken == 1) {
      sign(lock->descriptor);
      return PDLT_OK;
    }
    if (taken == 0) status = refuse(lock->output, lock->descriptor, err);
    close(lock->descriptor);
    if (taken == 0) return status;
  }
  return pdlt_fail(err, PDLT_ERR_IO, "%s: cannot be locked", lock->path);
}

static pdlt_status lock_by(pdlt_lock *out, const char *output, const char *ending,
                           pdlt_error *err) {
  const size_t size = strlen(output) + strlen(ending) + 1;
  pdlt_lock lock = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_strdup(&lock.output, output, err));
  PDLT_TRY(pdlt_alloc(&lock.path, size, 1, err));
  snprintf(lock.path, size, "%s%s", output, ending);
  PDLT_TRY(take(&lock, err));
  *out = lock;
  return PDLT_OK;
cleanup:
  pdlt_free(lock.output);
  pdlt_free(lock.path);
  return status;
}

pdlt_status pdlt_lock_file(pdlt_lock *out, const char *file, pdlt_error *err) {
  return lock_by(out, file, ".lock", err);
}

pdlt_status pdlt_lock_folder(pdlt_lock *out, const char *folder, pdlt_error *err) {
  return lock_by(out, folder, "/pdlt.lock", err);
}

int pdlt_lock_is_of(const pdlt_lock *lock, const char *output) {
  return lock->output != NULL && strcmp(lock->output, output) == 0;
}

/* Removed before it is unlocked: who waits for nothing finds another file, and takes that one. */
void pdlt_lock_release(pdlt_lock *lock) {
  if (lock->path == NULL) return;
  unlink(lock->path);
  close(lock->descriptor);
  pdlt_free(lock->output);
  pdlt_free(lock->path);
  *lock = (pdlt_lock){0};
}
