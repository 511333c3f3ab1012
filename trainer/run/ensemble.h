/* ensemble.h - trains an ensemble of networks per width and measures it.
 *
 * Is: the way into the trainer: experiment and data in, named arrays out (names and shapes:
 * NOTATION.md). Programs that want the comparison too use cli/study/pdlt.h.
 * Is not: aware of theory. */
#ifndef PDLT_TRAINER_RUN_ENSEMBLE_H
#define PDLT_TRAINER_RUN_ENSEMBLE_H

#include <signal.h>

#include "base/core/progress.h"
#include "base/core/status.h"
#include "base/core/team.h"
#include "base/experiment/experiment.h"
#include "base/file/archive.h"
#include "datasets/dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_ensemble_options {
  int threads;                       /* >= 1; the result does not depend on it */
  int layers;                        /* 1: n<n>/layer<l>/NAME too */
  int shard, shards;                 /* shard 1 <= shard <= shards of the blocks; 0: all */
  const char *checkpoint;            /* folder for unfinished work, or NULL: none */
  double checkpoint_seconds;         /* longest time a finished block waits for the disk */
  int discard;                       /* 1: throw away a checkpoint of another run */
  const volatile sig_atomic_t *stop; /* set by a signal handler; may be NULL */
  pdlt_progress *progress;           /* NULL: silent */
  const pdlt_team *team;             /* who shares the blocks (run/ranks.h); NULL: this one alone */
} pdlt_ensemble_options;

/* Adds everything that NOTATION.md lists for measured.npz (a shard: what shard.h says) to an empty
 * archive, with meta: what every archive carries (base/experiment/meta.h), `estimator`,
 * `block_members`, `absent` {name: reason}. ex must be resolved. An existing checkpoint of the same
 * experiment is continued, one of another experiment is PDLT_ERR_INPUT. When *stop becomes
 * non-zero: finished blocks are checkpointed, PDLT_ERR_INTERRUPTED. Other errors: PDLT_ERR_MEMORY,
 * PDLT_ERR_IO; the checkpoint keeps what was finished. Diverged members are a result, not an
 * error. */
pdlt_status pdlt_ensemble_run(pdlt_archive *out, const pdlt_experiment *ex,
                              const pdlt_dataset *data, const pdlt_ensemble_options *options,
                              pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
