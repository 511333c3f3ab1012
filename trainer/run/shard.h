/* shard.h - one part of the blocks of a run as an archive, and all parts put together.
 *
 * Is: records with everything that is needed to go on from them: experiment, samples,
 * estimator. The shards of a run, merged, give the archive of the whole run to the last bit.
 * Is not: unfinished work (checkpoint.h). */
#ifndef PDLT_TRAINER_RUN_SHARD_H
#define PDLT_TRAINER_RUN_SHARD_H

#include "base/file/archive.h"
#include "datasets/dataset.h"
#include "trainer/pilot/choice.h"
#include "trainer/record/records.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Adds the blocks of shard `shard` of `shards`, all finished: `x` (D, n_0), `y` (D, n_L),
 * `choice` (bytes of the estimator's choice), `units` (count, 2: width, block), `records`
 * (count, record), `samples` (doubles, in the order of units), and meta `shard`, `shards`.
 * Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_shard_write(pdlt_archive *archive, int shard, int shards,
                             const pdlt_records *blocks, const pdlt_choice *choice,
                             const pdlt_dataset *data, pdlt_error *err);

/* Shards on their way into one run. Initialize with {0}. With `files` set, memory is taken for as many
 * shards as there are files, whatever a file says. */
typedef struct pdlt_merge {
  pdlt_experiment experiment;
  pdlt_dataset data;
  pdlt_samples samples;
  pdlt_plan plan;
  pdlt_choice choice;
  pdlt_records blocks;
  int shards;
  char **names; /* (shards) file of each shard so far, owned; NULL: missing */
  json_t *meta; /* of the first shard */
  int mixed;    /* 1: shards name different BLAS libraries or processors */
  size_t files; /* set by the caller: how many will be added; 0: not known */
  int partial;  /* 1: too few for all shards, and no block is kept */
} pdlt_merge;

/* Adds the shard read from the file `name`, all of which is checked: the samples against data_hash, the
 * experiment against hash, the estimator against what a pilot may choose, shapes, each block once, each
 * record by pdlt_record_wrong. Errors: PDLT_ERR_INPUT `NAME: ...` for what is no shard, damaged, of
 * another run or build, or there already, after which the merge is only fit to be freed;
 * PDLT_ERR_MEMORY. Cost: the bytes of the shard. */
pdlt_status pdlt_merge_add(pdlt_merge *merge, const pdlt_archive *shard, const char *name,
                           pdlt_error *err);

/* Adds to an empty archive what the whole run would have given, metadata included. Errors:
 * PDLT_ERR_INPUT naming the shards that are missing, or an array that comes out as none of sound results
 * (base/experiment/results.h); PDLT_ERR_MEMORY. Nothing is added then. */
pdlt_status pdlt_merge_finish(const pdlt_merge *merge, pdlt_archive *out, pdlt_error *err);

/* Allowed on {0}. */
void pdlt_merge_free(pdlt_merge *merge);

#ifdef __cplusplus
}
#endif
#endif
