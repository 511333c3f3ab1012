/* workers.c - see workers.h. */
#include "trainer/run/workers.h"

#include <stdio.h>

#include "base/core/memory.h"
#include "trainer/control/flops.h"
#include "trainer/draw/block.h"

static int stop_requested(const pdlt_workers *work) { return work->stop != NULL && *work->stop; }

/* Draws of block b. */
static size_t draws_of(const pdlt_plan *plan, size_t b) {
  const size_t first = b * plan->block_members, left = plan->members - first;
  return left < plan->block_members ? left : plan->block_members;
}

/* Draws of the share at width w: all, or the finished ones. */
static size_t draws_at(const pdlt_workers *work, size_t w, int finished) {
  const pdlt_plan *plan = work->plan;
  size_t draws = 0;
  for (size_t b = work->share.part; b < plan->blocks; b += work->share.parts)
    if (!finished || pdlt_saver_has(work->saver, w * plan->blocks + b)) draws += draws_of(plan, b);
  return draws;
}

/* About how long a draw of width w takes, in units of its own: products of all layers. */
static double draw_cost(const pdlt_plan *plan, size_t w) {
  const pdlt_experiment *ex = plan->ex;
  const int n = ex->network.widths[w];
  double weights = 0;
  for (int l = 1; l <= ex->network.depth; l++) {
    const pdlt_layer layer = pdlt_experiment_layer(ex, l, n, plan->data->inputs);
    weights += pdlt_flops_layer(&layer);
  }
  return weights;
}

/* Work of the widths after w, in draws of width w. */
static double work_after(const pdlt_workers *work, size_t w) {
  double later = 0;
  for (size_t v = w + 1; v < work->plan->ex->network.num_widths; v++)
    later += (double)(draws_at(work, v, 0) - draws_at(work, v, 1)) * draw_cost(work->plan, v);
  return later / draw_cost(work->plan, w);
}

/* One thread: takes blocks from *next until none is left. */
static void run_blocks(const pdlt_workers *work, size_t w, pdlt_worker *worker, size_t *next,
                       double *draws) {
  const pdlt_plan *plan = work->plan;
  pdlt_records *blocks = work->blocks;
  for (;;) {
    size_t b;
#pragma omp atomic capture
    {
      b = *next;
      *next += work->share.parts;
    }
    if (b >= plan->blocks || stop_requested(work)) return;
    const size_t unit = w * plan->blocks + b;
    if (pdlt_saver_has(work->saver, unit)) continue;
    if (!pdlt_block_run(worker, b, work->stop, blocks->records + unit * plan->at.size,
                        blocks->samples + w * plan->keep * blocks->sample))
      return;
    if (!pdlt_saver_add(work->saver, unit)) return;
#pragma omp critical(pdlt_workers_progress)
    {
      *draws += (double)draws_of(plan, b);
      pdlt_progress_update(work->progress, *draws);
    }
  }
}

/* What ended the blocks of a width. */
static pdlt_status blame_draw(const pdlt_workers *work, int n, pdlt_status status,
                              pdlt_error *err) {
  if (status != PDLT_ERR_NUMERIC)
    return pdlt_fail(err, status, "out of memory while draws were made");
  return pdlt_experiment_fail(work->plan->ex, "posterior.noise", err,
                              "at n = %d a draw's kernel of the training samples is singular; "
                              "write a noise above 0, or larger widths",
                              n);
}

static pdlt_status run_width(const pdlt_workers *work, size_t w, size_t all, size_t already,
                             pdlt_error *err) {
  const pdlt_plan *plan = work->plan;
  const int threads = work->threads, n = plan->ex->network.widths[w];
  pdlt_network net = {0};
  pdlt_control_width *width = NULL;
  pdlt_worker *workers = NULL;
  int made = 0;
  size_t next = work->share.part;
  double draws = (double)already;
  char label[48];
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_network_new(&net, plan->ex, n, plan->data->inputs, err));
  PDLT_TRY(pdlt_control_width_new(&width, plan, &net, err));
  PDLT_TRY(pdlt_alloc(&workers, (size_t)threads, sizeof *workers, err));
  for (; made < threads; made++) PDLT_TRY(pdlt_worker_new(&workers[made], plan, &net, width, err));
  snprintf(label, sizeof label, "%s, n = %d", plan->posterior.size > 0 ? "draws" : "training", n);
  pdlt_progress_start(work->progress, label, (double)all, (double)already);
  pdlt_progress_later(work->progress, work_after(work, w));
#pragma omp parallel for num_threads(threads) schedule(static, 1)
  for (int thread = 0; thread < threads; thread++)
    run_blocks(work, w, &workers[thread], &next, &draws);
  pdlt_progress_finish(work->progress);
  for (int k = 0; k < threads; k++)
    if (workers[k].status != PDLT_OK) PDLT_TRY(blame_draw(work, n, workers[k].status, err));
cleanup:
  for (int k = 0; k < made; k++) pdlt_worker_free(&workers[k]);
  pdlt_free(workers);
  pdlt_control_width_free(width);
  pdlt_network_free(&net);
  return status;
}

pdlt_status pdlt_workers_run(const pdlt_workers *work, pdlt_error *err) {
  for (size_t w = 0; w < work->plan->ex->network.num_widths; w++) {
    const size_t all = draws_at(work, w, 0), already = draws_at(work, w, 1);
    if (stop_requested(work) || already == all) continue;
    const pdlt_status status = run_width(work, w, all, already, err);
    if (status != PDLT_OK) return status;
  }
  return PDLT_OK;
}
