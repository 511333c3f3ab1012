/* lock.h - one writer at a time: a lock for an output, by the name of the output.
 *
 * Is: an advisory lock (flock) of a small file beside a file (FILE.lock) or in a folder
 * (FOLDER/pdlt.lock), which says in its one line who holds it. The system unlocks it when its process
 * ends, however it ends; the file that a killed process leaves locks nobody out, and who takes the
 * lock next removes it.
 * Is not: what keeps files whole; that is the temporary name of file.h, lock or no lock. */
#ifndef PDLT_BASE_FILE_LOCK_H
#define PDLT_BASE_FILE_LOCK_H

#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A lock that is held, or {0}. */
typedef struct pdlt_lock {
  char *output, *path; /* owned; NULL: not held */
  int descriptor;
} pdlt_lock;

/* Takes the lock of a file that is to be written, or of a folder that is there. Does not wait. On
 * file systems without locks nothing is locked and nothing is wrong. Errors: PDLT_ERR_INPUT
 * `OUTPUT: process PID works on it; ...`, PDLT_ERR_IO `LOCK: reason`, PDLT_ERR_MEMORY; *out is then
 * untouched. Two locks of one process keep each other out, too. */
pdlt_status pdlt_lock_file(pdlt_lock *out, const char *file, pdlt_error *err);
pdlt_status pdlt_lock_folder(pdlt_lock *out, const char *folder, pdlt_error *err);

/* 1 when it is held, of this output. */
int pdlt_lock_is_of(const pdlt_lock *lock, const char *output);

/* Gives it back; the lock's file is gone. Allowed on {0}. */
void pdlt_lock_release(pdlt_lock *lock);

#ifdef __cplusplus
}
#endif
#endif
