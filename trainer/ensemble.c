/* ensemble.c - see ensemble.h: plan, pilot, blocks over threads, checkpoints, output. */
#include "trainer/ensemble.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/linalg.h"
#include "base/memory.h"
#include "base/threads.h"
#include "trainer/output.h"

/* State that the threads share; changed inside the critical section only. */
typedef struct run_state {
  const pdlt_plan *plan;
  const pdlt_ensemble_options *options;
  pdlt_blocks *blocks;
  double saved;       /* when the last checkpoint was written */
  pdlt_status status; /* of the first checkpoint that could not be written */
  pdlt_error *err;
} run_state;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int stop_requested(const run_state *run) {
  return run->options->stop != NULL && *run->options->stop;
}

static size_t width_members_done(const run_state *run, size_t w) {
  const pdlt_plan *plan = run->plan;
  double done = 0;
  for (size_t b = 0; b < plan->blocks; b++) {
    const size_t unit = w * plan->blocks + b;
    if (run->blocks->done[unit])
      done += run->blocks->records[unit * plan->at.size + plan->at.members];
  }
  return (size_t)done;
}

/* A block is finished: mark it, report, save now and then. Called by one thread at a time. */
static void finish_block(run_state *run, size_t w, size_t unit) {
  run->blocks->done[unit] = 1;
  pdlt_progress_update(run->options->progress, (double)width_members_done(run, w));
  if (run->options->checkpoint == NULL || run->status != PDLT_OK) return;
  if (now() - run->saved < run->options->checkpoint_seconds) return;
  run->status = pdlt_checkpoint_write(run->blocks, run->options->checkpoint, run->err);
  run->saved = now();
}

static void run_blocks(run_state *run, size_t w, pdlt_worker *workers) {
  const pdlt_plan *plan = run->plan;
  pdlt_blocks *blocks = run->blocks;
  const long count = (long)plan->blocks;
  long next = 0;
#pragma omp parallel for num_threads(run->options->threads) schedule(static, 1)
  for (int thread = 0; thread < run->options->threads; thread++)
    for (;;) {
      long b;
#pragma omp atomic capture
      b = next++;
      if (b >= count || stop_requested(run)) break;
      const size_t unit = w * plan->blocks + (size_t)b;
      int skip;
#pragma omp critical(pdlt_ensemble)
      skip = blocks->done[unit] || run->status != PDLT_OK;
      if (skip) continue;
      if (!pdlt_block_run(&workers[thread], (size_t)b, run->options->stop,
                          blocks->records + unit * plan->at.size,
                          blocks->samples + w * plan->keep * blocks->sample))
        break;
#pragma omp critical(pdlt_ensemble)
      finish_block(run, w, unit);
    }
}

static pdlt_status run_width(run_state *run, size_t w, pdlt_error *err) {
  const pdlt_plan *plan = run->plan;
  const int threads = run->options->threads, n = plan->ex->network.widths[w];
  const size_t already = width_members_done(run, w);
  if (already == plan->members) return PDLT_OK;
  pdlt_network net = {0};
  pdlt_initial_fit fit = {.values = 0};
  pdlt_worker *workers = NULL;
  int made = 0;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_network_new(&net, plan->ex, n, plan->problem->inputs, err));
  PDLT_TRY(pdlt_initial_fit_new(&fit, plan, &net, err));
  PDLT_TRY(pdlt_alloc(&workers, (size_t)threads, sizeof *workers, err));
  for (; made < threads; made++) PDLT_TRY(pdlt_worker_new(&workers[made], plan, &net, &fit, err));
  char label[48];
  snprintf(label, sizeof label, "training, n = %d", n);
  pdlt_progress_start(run->options->progress, label, (double)plan->members, (double)already);
  run_blocks(run, w, workers);
  pdlt_progress_finish(run->options->progress);
  status = run->status;
  for (int k = 0; k < threads; k++)
    if (workers[k].status != PDLT_OK)
      PDLT_TRY(pdlt_fail(err, workers[k].status, "out of memory: linearization"));
cleanup:
  for (int k = 0; k < made; k++) pdlt_worker_free(&workers[k]);
  pdlt_free(workers);
  pdlt_initial_fit_free(&fit);
  pdlt_network_free(&net);
  return status;
}

/* What blocks must have in common to be mixed. */
static pdlt_status identify(const pdlt_plan *plan, const pdlt_dataset *data, pdlt_blocks *shape,
                            pdlt_error *err) {
  char hash[17];
  const pdlt_status status = pdlt_experiment_hash(plan->ex, data->hash, 0, hash, err);
  if (status != PDLT_OK) return status;
  snprintf(shape->identity, sizeof shape->identity, "%s %s %zu%s layers %zu", hash,
           pdlt_plan_estimator_name(plan), plan->samples, plan->weightless ? "w" : "",
           plan->readouts);
  shape->record = plan->at.size;
  shape->sample = plan->keep > 0 ? plan->times * plan->p : 0;
  shape->per_width = plan->blocks;
  shape->block_members = plan->block_members;
  shape->keep = plan->keep;
  return PDLT_OK;
}

static pdlt_status run_all(run_state *run, pdlt_error *err) {
  const char *checkpoint = run->options->checkpoint;
  pdlt_status status = PDLT_OK;
  for (size_t w = 0; w < run->plan->ex->network.num_widths && !stop_requested(run); w++)
    PDLT_TRY(run_width(run, w, err));
  if (pdlt_blocks_done(run->blocks) == run->blocks->units) return PDLT_OK;
  if (checkpoint != NULL) PDLT_TRY(pdlt_checkpoint_write(run->blocks, checkpoint, err));
  status = pdlt_fail(err, PDLT_ERR_INTERRUPTED, "interrupted after %zu of %zu blocks%s%s",
                     pdlt_blocks_done(run->blocks), run->blocks->units,
                     checkpoint == NULL ? "" : "; the same command goes on from ",
                     checkpoint == NULL ? "" : checkpoint);
cleanup:
  return status;
}

/* auto, control and two_level are settled by a pilot; *piloted tells whether it ran. */
static pdlt_status choose(pdlt_plan *plan, const pdlt_ensemble_options *options, pdlt_pilot *pilot,
                          int *piloted, pdlt_error *err) {
  const pdlt_estimator estimator = plan->ex->ensemble.estimator;
  const int linear = estimator == PDLT_ESTIMATOR_CONTROL || estimator == PDLT_ESTIMATOR_TWO_LEVEL;
  if (linear && plan->p > PDLT_MAX_LINEARIZED)
    return pdlt_experiment_fail(plan->ex, "ensemble.estimator", err,
                                "linearizations have %zu outputs times samples, at most %zu; use "
                                "plain, antithetic or auto",
                                plan->p, PDLT_MAX_LINEARIZED);
  *piloted = (estimator == PDLT_ESTIMATOR_AUTO || linear) && plan->with_output;
  if (*piloted) {
    const pdlt_status status = pdlt_pilot_run(pilot, plan, options->threads, options->stop, err);
    if (status != PDLT_OK) return status;
  }
  pdlt_plan_estimator(plan, *piloted ? pilot->antithetic : estimator == PDLT_ESTIMATOR_ANTITHETIC);
  if (*piloted && pilot->samples > 0) pdlt_plan_linearize(plan, pilot->samples, pilot->fitted);
  return PDLT_OK;
}

pdlt_status pdlt_ensemble_run(pdlt_archive *out, const pdlt_experiment *ex,
                              const pdlt_dataset *data, const pdlt_ensemble_options *options,
                              pdlt_error *err) {
  pdlt_problem problem = {0};
  pdlt_plan plan = {0};
  pdlt_pilot pilot = {0};
  pdlt_blocks shape = {.units = 0}, blocks = {.units = 0};
  int piloted = 0;
  pdlt_archive archive = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_threads_check(options->threads, err));
  PDLT_TRY(pdlt_linalg_init(options->threads, err));
  PDLT_TRY(pdlt_problem_new(&problem, ex, data, err));
  PDLT_TRY(pdlt_plan_make(&plan, ex, &problem, options->layers, err));
  PDLT_TRY(choose(&plan, options, &pilot, &piloted, err));
  PDLT_TRY(identify(&plan, data, &shape, err));
  PDLT_TRY(pdlt_blocks_new(&blocks, &shape, ex->network.num_widths, err));
  if (options->checkpoint != NULL)
    PDLT_TRY(pdlt_checkpoint_read(&blocks, options->checkpoint, err));
  run_state run = {&plan, options, &blocks, now(), PDLT_OK, err};
  PDLT_TRY(run_all(&run, err));
  PDLT_TRY(pdlt_output_write(&archive, &plan, &blocks, err));
  PDLT_TRY(pdlt_output_meta(&archive, &plan, piloted ? &pilot : NULL, err));
  pdlt_archive_free(out);
  *out = archive;
  archive = (pdlt_archive){0};
cleanup:
  pdlt_archive_free(&archive);
  pdlt_blocks_free(&blocks);
  pdlt_problem_free(&problem);
  return status;
}
