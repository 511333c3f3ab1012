/* ensemble.c - see ensemble.h: plan, pilot, blocks, checkpoint, output. */
#include "trainer/run/ensemble.h"

#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/core/threads.h"
#include "base/experiment/meta.h"
#include "base/file/json.h"
#include "base/vector/linalg.h"
#include "trainer/output/output.h"
#include "trainer/output/until.h"
#include "trainer/pilot/choice.h"
#include "trainer/pilot/rounding.h"
#include "trainer/pilot/stability_tail.h"
#include "trainer/run/ranks.h"
#include "trainer/run/shard.h"

/* Everything of one run. */
typedef struct run_state {
  const pdlt_ensemble_options *options;
  pdlt_samples samples;
  pdlt_plan plan;
  pdlt_choice choice;
  pdlt_checkpoint checkpoint;
  pdlt_records blocks;
  pdlt_share share; /* of all ranks together */
  char hash[17];
} run_state;

/* What networks on these samples take, each thread its own. */
static pdlt_status blame_networks(const run_state *run, pdlt_status status, pdlt_error *err) {
  return pdlt_experiment_blame(run->plan.ex, "network.widths", status, err,
                               "use smaller widths, fewer samples or fewer --threads");
}

/* What is kept of all members, by its largest part. */
static pdlt_status blame_records(const run_state *run, pdlt_status status, pdlt_error *err) {
  const pdlt_plan *plan = &run->plan;
  const double outputs = (double)plan->times * (double)plan->p;
  const double blocks = (double)plan->blocks, kept = (double)plan->keep * outputs;
  const double products = outputs * (double)plan->columns;
  const double moments = (double)plan->readouts * (double)plan->moments * (double)plan->moments;
  if (kept > blocks * (double)plan->at.size)
    return pdlt_experiment_blame(plan->ex, "ensemble.keep_members", status, err,
                                 "keep fewer members, or record fewer times");
  if (moments > products)
    return pdlt_experiment_blame(plan->ex, "measure_samples", status, err,
                                 "use fewer of them, or leave words of measure out");
  return pdlt_experiment_blame(plan->ex, "training.record", status, err,
                               "record fewer times, or use fewer samples, outputs or members");
}

_Static_assert(sizeof(pdlt_choice) <= PDLT_CHECKPOINT_NOTE, "the note is too small");

/* What runs must have in common for their blocks to be mixed. */
static pdlt_status open_checkpoint(run_state *run, const pdlt_dataset *data, pdlt_error *err) {
  char identity[PDLT_IDENTITY_LENGTH];
  const pdlt_plan *plan = &run->plan;
  const pdlt_status status = pdlt_experiment_hash(plan->ex, data->hash, 0, run->hash, err);
  if (status != PDLT_OK || run->options->checkpoint == NULL) return status;
  snprintf(identity, sizeof identity, "%s layers %zu", run->hash, plan->readouts);
  return pdlt_checkpoint_open(&run->checkpoint, run->options->checkpoint, identity,
                              run->options->discard, run->options->progress, err);
}

static void keep_note(run_state *run) {
  memcpy(run->checkpoint.note, &run->choice, sizeof run->choice);
  run->checkpoint.note_size = sizeof run->choice;
}

/* The choice in the note of the run before, or 0 where there is none, or one that is to be thrown
 * away. */
static pdlt_status take_note(run_state *run, int *taken, pdlt_error *err) {
  const pdlt_checkpoint *checkpoint = &run->checkpoint;
  pdlt_choice choice;
  *taken = 0;
  if (checkpoint->note_size != sizeof choice) return PDLT_OK;
  memcpy(&choice, checkpoint->note, sizeof choice);
  const char *wrong = pdlt_choice_wrong(&choice, &run->plan);
  if (wrong != NULL && run->options->discard) return PDLT_OK;
  if (wrong != NULL)
    return pdlt_fail(err, PDLT_ERR_INPUT,
                     "%s: unfinished work, but damaged: %s; --force to throw it away, or choose "
                     "another path",
                     run->options->checkpoint, wrong);
  run->choice = choice;
  *taken = 1;
  return PDLT_OK;
}

/* What auto has chosen, and why. */
static void say_choice(const run_state *run) {
  char text[PDLT_CHOICE_TEXT];
  if (run->plan.ex->ensemble.estimator != PDLT_ESTIMATOR_AUTO || !run->choice.piloted) return;
  pdlt_choice_text(&run->choice, &run->plan, text);
  pdlt_progress_note(run->options->progress, "estimator: auto is %s", text);
}

/* Estimator and members, and whether single precision will do: as the run before this one
 * settled them, whose work is continued, or anew. */
static pdlt_status settle(run_state *run, pdlt_error *err) {
  const pdlt_ensemble_options *o = run->options;
  int taken = 0;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(take_note(run, &taken, err));
  if (taken) {
    pdlt_choice_apply(&run->choice, &run->plan);
    return PDLT_OK;
  }
  status = pdlt_choice_make(&run->choice, &run->plan, o->threads, o->stop, o->progress, err);
  PDLT_TRY(blame_networks(run, status, err));
  pdlt_choice_apply(&run->choice, &run->plan);
  say_choice(run);
  status =
      pdlt_rounding_check(&run->plan, &run->choice.pilot, o->threads, o->stop, o->progress, err);
  PDLT_TRY(blame_networks(run, status, err));
  keep_note(run);
cleanup:
  return status;
}

static pdlt_status check_share(run_state *run, pdlt_error *err) {
  const int shards = run->options->shards;
  run->share = (pdlt_share){0, 1};
  if (shards == 0) return PDLT_OK;
  if (pdlt_until_key(run->plan.ex) != NULL)
    return pdlt_experiment_fail(run->plan.ex, pdlt_until_key(run->plan.ex), err,
                                "no shard knows what the others have found; give members a number "
                                "to use --shard");
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
  const pdlt_team alone = {.size = 1}, *team = o->team != NULL ? o->team : &alone;
  const int to_disk = o->checkpoint != NULL;
  pdlt_checkpoint *checkpoint = to_disk ? &run->checkpoint : NULL;
  pdlt_saver saver = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_saver_start(&saver, checkpoint, &run->blocks, o->checkpoint_seconds, err));
  const pdlt_workers work = {.plan = &run->plan,
                             .blocks = &run->blocks,
                             .saver = &saver,
                             .share = pdlt_ranks_share(team, &run->share),
                             .threads = o->threads,
                             .stop = o->stop,
                             .progress = o->progress};
  status = pdlt_ranks_run(team, &work, &run->share, &run->choice, run->hash, err);
  status = blame_networks(run, status, err);
  const pdlt_status saved = pdlt_saver_stop(&saver, status == PDLT_OK ? err : NULL);
  if (status != PDLT_OK || saved != PDLT_OK) return status != PDLT_OK ? status : saved;
  const size_t done = pdlt_records_done(&run->blocks, &run->share);
  const size_t all = pdlt_records_shared(&run->blocks, &run->share);
  if (done < all)
    status =
        pdlt_fail(err, PDLT_ERR_INTERRUPTED, "interrupted after %zu of %zu blocks%s%s", done, all,
                  to_disk ? "; the same command goes on from " : "", to_disk ? o->checkpoint : "");
cleanup:
  return status;
}

/* What is on disk; where there is nothing, what the pilot said goes there first. */
static pdlt_status take_checkpoint(run_state *run, pdlt_error *err) {
  pdlt_checkpoint *checkpoint = &run->checkpoint;
  pdlt_status status = PDLT_OK;
  if (run->options->checkpoint == NULL) return PDLT_OK;
  PDLT_TRY(pdlt_checkpoint_read(checkpoint, &run->plan, &run->blocks, run->options->discard, err));
  if (checkpoint->files == 0 && run->choice.piloted)
    PDLT_TRY(pdlt_checkpoint_write(checkpoint, &run->blocks, run->blocks.done, NULL, err));
cleanup:
  return status;
}

static pdlt_status grow(run_state *run, size_t members, pdlt_error *err) {
  const size_t before = run->plan.block_members;
  pdlt_plan_grow(&run->plan, members);
  run->choice.members = members;
  keep_note(run);
  pdlt_status status = blame_records(run, pdlt_records_grow(&run->blocks, &run->plan, err), err);
  if (status == PDLT_OK && run->options->checkpoint != NULL && run->plan.block_members != before)
    status = pdlt_checkpoint_replace(&run->checkpoint, &run->blocks, err);
  return status;
}

static void report_look(run_state *run, const pdlt_until_look *look) {
  const pdlt_until *until = &run->plan.ex->ensemble.until;
  const double members = (double)run->plan.members;
  const char *name = pdlt_quantities[until->quantity].name;
  pdlt_progress *progress = run->options->progress;
  if (look->hopeless)
    pdlt_progress_note(progress, "%s: %zu widths without diverged draws are too few to know c1",
                       name, look->widths);
  else if (!(look->relative > 0))
    pdlt_progress_note(progress, "%s: c1 not seen yet after %.0f members", name, members);
  else if (!look->reached && run->plan.members >= (size_t)until->max_members)
    pdlt_progress_note(progress,
                       "%s: c1 known to %.2g %% after %.0f members = max_members; wanted %.2g %%: "
                       "about %.2g members",
                       name, 100 * look->relative, members, 100 * until->relative,
                       pdlt_until_needed(look, until, members));
  else if (look->reached)
    pdlt_progress_note(progress, "%s: c1 known to %.2g %% after %.0f members", name,
                       100 * look->relative, members);
  else
    pdlt_progress_note(progress,
                       "%s: c1 known to %.2g %% after %.0f members, wanted %.2g %%: about %.2g "
                       "members (at most %ld)",
                       name, 100 * look->relative, members, 100 * until->relative,
                       pdlt_until_needed(look, until, members), until->max_members);
}

/* Blocks and their arrays; with until, again with more members until they are enough. */
static pdlt_status run_until_enough(run_state *run, pdlt_archive *archive, pdlt_error *err) {
  const pdlt_experiment *ex = run->plan.ex;
  const int open = pdlt_until_key(ex) != NULL;
  pdlt_status status = PDLT_OK;
  for (;;) {
    pdlt_until_look look = {0};
    PDLT_TRY(run_blocks(run, err));
    if (run->options->shards > 0) return PDLT_OK;
    PDLT_TRY(blame_records(run, pdlt_output_write(archive, &run->plan, &run->blocks, err), err));
    if (!open) return PDLT_OK;
    PDLT_TRY(pdlt_until_look_at(&look, ex, archive, err));
    report_look(run, &look);
    const long next = pdlt_until_next(&ex->ensemble.until, (long)run->plan.members);
    if (look.reached || look.hopeless || (size_t)next <= run->plan.members)
      return pdlt_until_meta(archive, ex, &look, err);
    pdlt_archive_free(archive);
    PDLT_TRY(grow(run, (size_t)next, err));
  }
cleanup:
  return status;
}

/* Estimates of each width's share of unstable draws (widths), owned by the caller; NULL where
 * it is not known. */
static pdlt_status look_at_stability(const run_state *run, pdlt_stability_tail **tails,
                                     pdlt_error *err) {
  const pdlt_plan *plan = &run->plan;
  if (!plan->has[PDLT_QUANTITY_UNSTABLE]) return PDLT_OK;
  const pdlt_status status = pdlt_alloc(tails, plan->ex->network.num_widths, sizeof **tails, err);
  if (status != PDLT_OK) return status;
  return blame_networks(run,
                        pdlt_stability_pilot(*tails, plan, run->options->threads,
                                             run->options->stop, run->options->progress, err),
                        err);
}

static pdlt_status put_stability(pdlt_archive *archive, const pdlt_stability_tail *tails,
                                 size_t widths, pdlt_error *err) {
  json_t *meta = pdlt_archive_meta(archive);
  if (tails == NULL) return PDLT_OK;
  return pdlt_json_set(meta, "stability", pdlt_stability_json(tails, widths), err);
}

static pdlt_status run_all(run_state *run, pdlt_archive *archive, const pdlt_dataset *data,
                           pdlt_error *err) {
  pdlt_plan *plan = &run->plan;
  const pdlt_ensemble_options *o = run->options;
  const pdlt_choice *choice = &run->choice;
  const size_t widths = plan->ex->network.num_widths;
  pdlt_stability_tail *tails = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_experiment_blame(plan->ex, "data.train",
                                 pdlt_samples_new(&run->samples, plan->ex, data, err), err,
                                 "use fewer samples"));
  PDLT_TRY(pdlt_plan_make(plan, plan->ex, &run->samples, o->layers, err));
  PDLT_TRY(open_checkpoint(run, data, err));
  PDLT_TRY(settle(run, err));
  PDLT_TRY(check_share(run, err));
  PDLT_TRY(blame_records(run, pdlt_records_new(&run->blocks, plan, err), err));
  PDLT_TRY(take_checkpoint(run, err));
  /* a run that goes on has warned at its start and looks again at the end */
  const int fresh = pdlt_records_done(&run->blocks, &run->share) == 0;
  if (fresh) PDLT_TRY(look_at_stability(run, &tails, err));
  if (fresh && tails != NULL && pdlt_experiment_trains(plan->ex))
    pdlt_stability_warn(tails, widths, o->progress);
  PDLT_TRY(run_until_enough(run, archive, err));
  if (!fresh) PDLT_TRY(look_at_stability(run, &tails, err));
  PDLT_TRY(put_stability(archive, tails, widths, err));
  PDLT_TRY(o->shards > 0
               ? pdlt_shard_write(archive, o->shard, o->shards, &run->blocks, choice, data, err)
               : pdlt_dataset_put(data, archive, err));
  PDLT_TRY(pdlt_output_meta(archive, plan, choice, err));
  PDLT_TRY(pdlt_meta_fill(pdlt_archive_meta(archive), o->shards > 0 ? "shard" : "measured",
                          plan->ex, data->hash, o->layers, err));
cleanup:
  pdlt_free(tails);
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
  status = run_all(&run, &archive, data, err);
  PDLT_TRY(blame_records(&run, status, err));
  pdlt_archive_free(out);
  *out = archive;
  archive = (pdlt_archive){0};
cleanup:
  pdlt_archive_free(&archive);
  pdlt_records_free(&run.blocks);
  pdlt_checkpoint_close(&run.checkpoint);
  pdlt_samples_free(&run.samples);
  return status;
}
