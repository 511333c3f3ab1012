/* ensemble.c - see ensemble.h: plan, pilot, blocks, checkpoint, output. */
#include "trainer/ensemble.h"

#include <stdio.h>
#include <string.h>

#include "base/linalg.h"
#include "base/threads.h"
#include "trainer/choice.h"
#include "trainer/output.h"
#include "trainer/rounding.h"
#include "trainer/shard.h"
#include "trainer/work.h"

/* Everything of one run. */
typedef struct run_state {
  const pdlt_ensemble_options *options;
  pdlt_problem problem;
  pdlt_plan plan;
  pdlt_choice choice;
  pdlt_checkpoint checkpoint;
  pdlt_blocks blocks;
  pdlt_share share;
} run_state;

_Static_assert(sizeof(pdlt_choice) <= PDLT_CHECKPOINT_NOTE, "the note is too small");

/* What runs must have in common for their blocks to be mixed. */
static pdlt_status open_checkpoint(run_state *run, const pdlt_dataset *data, pdlt_error *err) {
  char hash[17], identity[PDLT_IDENTITY_LENGTH];
  const pdlt_plan *plan = &run->plan;
  if (run->options->checkpoint == NULL) return PDLT_OK;
  const pdlt_status status = pdlt_experiment_hash(plan->ex, data->hash, 0, hash, err);
  if (status != PDLT_OK) return status;
  snprintf(identity, sizeof identity, "%s layers %zu", hash, plan->readouts);
  return pdlt_checkpoint_open(&run->checkpoint, run->options->checkpoint, identity,
                              run->options->discard, err);
}

/* The estimator, and whether single precision will do: as the run before this one settled it,
 * whose work is continued, or anew. */
static pdlt_status choose(run_state *run, pdlt_error *err) {
  pdlt_checkpoint *checkpoint = &run->checkpoint;
  const pdlt_ensemble_options *o = run->options;
  pdlt_status status = PDLT_OK;
  if (checkpoint->note_size == sizeof run->choice) {
    memcpy(&run->choice, checkpoint->note, sizeof run->choice);
    pdlt_choice_apply(&run->choice, &run->plan);
    return PDLT_OK;
  }
  PDLT_TRY(pdlt_choice_make(&run->choice, &run->plan, o->threads, o->stop, err));
  pdlt_choice_apply(&run->choice, &run->plan);
  PDLT_TRY(pdlt_rounding_check(&run->plan, &run->choice.pilot, o->threads, o->stop, err));
  memcpy(checkpoint->note, &run->choice, sizeof run->choice);
  checkpoint->note_size = sizeof run->choice;
cleanup:
  return status;
}

static pdlt_status check_share(run_state *run, pdlt_error *err) {
  const int shards = run->options->shards;
  run->share = (pdlt_share){0, 1};
  if (shards == 0) return PDLT_OK;
  if ((size_t)shards > run->plan.blocks)
    return pdlt_fail(err, PDLT_ERR_INPUT,
                     "--shard: %d shards, but the members of a width make only %zu blocks of %zu; "
                     "at most %zu shards",
                     shards, run->plan.blocks, run->plan.block_members, run->plan.blocks);
  run->share = (pdlt_share){(size_t)run->options->shard - 1, (size_t)shards};
  return PDLT_OK;
}

/* The blocks of the share that are missing. What is finished reaches the disk whatever
 * happens to the rest. */
static pdlt_status run_blocks(run_state *run, pdlt_error *err) {
  const pdlt_ensemble_options *o = run->options;
  const int to_disk = o->checkpoint != NULL;
  pdlt_checkpoint *checkpoint = to_disk ? &run->checkpoint : NULL;
  pdlt_keeper keeper = {0};
  pdlt_status status = PDLT_OK;
  if (to_disk) PDLT_TRY(pdlt_checkpoint_read(checkpoint, &run->blocks, o->discard, err));
  if (to_disk && checkpoint->files == 0 && run->choice.piloted)
    PDLT_TRY(pdlt_checkpoint_write(checkpoint, &run->blocks, run->blocks.done, NULL, err));
  PDLT_TRY(pdlt_keeper_start(&keeper, checkpoint, &run->blocks, o->checkpoint_seconds, err));
  const pdlt_work work = {.plan = &run->plan,
                          .blocks = &run->blocks,
                          .keeper = &keeper,
                          .share = run->share,
                          .threads = o->threads,
                          .stop = o->stop,
                          .progress = o->progress};
  status = pdlt_work_run(&work, err);
  const pdlt_status saved = pdlt_keeper_stop(&keeper, status == PDLT_OK ? err : NULL);
  if (status != PDLT_OK || saved != PDLT_OK) return status != PDLT_OK ? status : saved;
  const size_t done = pdlt_blocks_done(&run->blocks, &run->share);
  const size_t all = pdlt_blocks_shared(&run->blocks, &run->share);
  if (done < all)
    status =
        pdlt_fail(err, PDLT_ERR_INTERRUPTED, "interrupted after %zu of %zu blocks%s%s", done, all,
                  to_disk ? "; the same command goes on from " : "", to_disk ? o->checkpoint : "");
cleanup:
  return status;
}

static pdlt_status run_all(run_state *run, pdlt_archive *archive, const pdlt_dataset *data,
                           pdlt_error *err) {
  pdlt_plan *plan = &run->plan;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_problem_new(&run->problem, plan->ex, data, err));
  PDLT_TRY(pdlt_plan_make(plan, plan->ex, &run->problem, run->options->layers, err));
  PDLT_TRY(open_checkpoint(run, data, err));
  PDLT_TRY(choose(run, err));
  PDLT_TRY(check_share(run, err));
  PDLT_TRY(pdlt_blocks_new(&run->blocks, plan, err));
  PDLT_TRY(run_blocks(run, err));
  if (run->options->shards > 0)
    PDLT_TRY(pdlt_shard_write(archive, run->options->shard, run->options->shards, &run->blocks,
                              &run->choice, data, err));
  else
    PDLT_TRY(pdlt_output_write(archive, plan, &run->blocks, err));
  PDLT_TRY(pdlt_output_meta(archive, plan, run->choice.piloted ? &run->choice.pilot : NULL, err));
cleanup:
  return status;
}

pdlt_status pdlt_ensemble_run(pdlt_archive *out, const pdlt_experiment *ex,
                              const pdlt_dataset *data, const pdlt_ensemble_options *options,
                              pdlt_error *err) {
  run_state run = {.options = options, .plan = {.ex = ex}};
  pdlt_archive archive = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_threads_check(options->threads, err));
  PDLT_TRY(pdlt_linalg_init(options->threads, err));
  PDLT_TRY(run_all(&run, &archive, data, err));
  pdlt_archive_free(out);
  *out = archive;
  archive = (pdlt_archive){0};
cleanup:
  pdlt_archive_free(&archive);
  pdlt_blocks_free(&run.blocks);
  pdlt_checkpoint_close(&run.checkpoint);
  pdlt_problem_free(&run.problem);
  return status;
}
