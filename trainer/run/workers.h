/* workers.h - the blocks of a plan over threads, width by width.
 *
 * Is: who computes what when; the result does not depend on it.
 * Is not: what a block is (block.h), or how it reaches the disk (saver.h). */
#ifndef PDLT_TRAINER_RUN_WORKERS_H
#define PDLT_TRAINER_RUN_WORKERS_H

#include <signal.h>

#include "base/core/progress.h"
#include "trainer/run/saver.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_workers {
  const pdlt_plan *plan;
  pdlt_records *blocks;
  pdlt_saver *saver;                 /* started, for these blocks */
  pdlt_share share;                  /* of this process */
  int threads;                       /* >= 1 */
  const volatile sig_atomic_t *stop; /* may be NULL */
  pdlt_progress *progress;           /* may be NULL */
} pdlt_workers;

/* Runs the blocks of the share that are not finished, as far as *stop or the disk allow.
 * Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_workers_run(const pdlt_workers *work, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
