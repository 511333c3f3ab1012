/* saver.h - a thread that brings finished blocks to disk while others compute.
 *
 * Is: when to write: so many seconds after the last time, if a block was finished since,
 * and at the end; nothing waits for the disk.
 * Is not: the file (checkpoint.h), or part of any result. */
#ifndef PDLT_TRAINER_RUN_SAVER_H
#define PDLT_TRAINER_RUN_SAVER_H

#include <pthread.h>

#include "trainer/run/checkpoint.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_saver {
  pdlt_checkpoint *checkpoint; /* borrowed; NULL: only blocks->done is kept */
  pdlt_records *blocks;        /* borrowed; done is changed under lock */
  double seconds;
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t wake;
  int started, ending;
  size_t waiting;               /* finished blocks that are not on disk */
  unsigned char *saved, *fresh; /* (U) on disk; being written. Of the thread alone */
  pdlt_status status;           /* of the first write that failed: nothing is written after it */
  pdlt_error err;
} pdlt_saver;

/* Starts the thread; what is done in blocks counts as being on disk. saver must stay
 * where it is until stopped. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_saver_start(pdlt_saver *saver, pdlt_checkpoint *checkpoint, pdlt_records *blocks,
                             double seconds, pdlt_error *err);

/* Block u is finished. 0: the disk failed, so further work would be lost. */
int pdlt_saver_add(pdlt_saver *saver, size_t u);

/* Whether block u is finished. */
int pdlt_saver_has(pdlt_saver *saver, size_t u);

/* Copies which blocks are finished into out (U). */
void pdlt_saver_copy(pdlt_saver *saver, unsigned char *out);

/* Writes what is left and ends the thread. Errors: of the first write that failed. Allowed
 * on {0}, and twice. */
pdlt_status pdlt_saver_stop(pdlt_saver *saver, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
