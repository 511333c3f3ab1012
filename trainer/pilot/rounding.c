/* rounding.c - see rounding.h. */
#include "trainer/pilot/rounding.h"

#include <math.h>

#include "base/core/memory.h"
#include "trainer/network/draws.h"

/* Outputs of the draws of one width, averaged over a pair where there is one. */
typedef struct outputs {
  const pdlt_plan *plan[2]; /* double, single */
  double *z[2];             /* (draws, T, p) */
  int survived[PDLT_ROUNDING_DRAWS];
} outputs;

static pdlt_status train_draw(outputs *out, pdlt_worker *workers, double *minus, int d,
                              const volatile sig_atomic_t *stop) {
  const size_t values = out->plan[0]->times * out->plan[0]->p;
  const int pair = out->plan[0]->antithetic;
  out->survived[d] = 1;
  for (int k = 0; k < 2; k++) {
    double *z = out->z[k] + (size_t)d * values;
    const pdlt_member_outcome outcome = pdlt_worker_train(
        &workers[k], PDLT_ROUNDING_MEMBER + (uint64_t)d, stop, z, pair ? minus : NULL);
    if (outcome == PDLT_MEMBER_STOPPED) return PDLT_ERR_INTERRUPTED;
    if (outcome == PDLT_MEMBER_DIVERGED) out->survived[d] = 0;
    for (size_t i = 0; pair && i < values; i++) z[i] = 0.5 * (z[i] + minus[i]);
  }
  return PDLT_OK;
}

/* The draws thread, thread + threads, .. with memory of their own. */
static pdlt_status train_some(outputs *out, const pdlt_rounding_settings *of, int thread) {
  pdlt_worker workers[2] = {{.plan = NULL}, {.plan = NULL}};
  double *minus = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&minus, out->plan[0]->times * out->plan[0]->p, sizeof *minus, NULL));
  for (int k = 0; k < 2; k++)
    PDLT_TRY(pdlt_worker_new(&workers[k], out->plan[k], of->net, NULL, NULL));
  for (int d = thread; d < PDLT_ROUNDING_DRAWS; d += of->threads) {
    PDLT_TRY(train_draw(out, workers, minus, d, of->stop));
    pdlt_progress_add(of->progress, 1);
  }
cleanup:
  for (int k = 0; k < 2; k++) pdlt_worker_free(&workers[k]);
  pdlt_free(minus);
  return status;
}

typedef struct moments {
  double mean, variance;
} moments;

/* Of x[d] - y[d] (y may be NULL) over the draws that survived, `stride` apart. */
static moments moments_of(const int *survived, const double *x, const double *y, size_t stride) {
  double count = 0, mean = 0, scatter = 0;
  for (size_t d = 0; d < PDLT_ROUNDING_DRAWS; d++) {
    if (!survived[d]) continue;
    const double value = x[d * stride] - (y == NULL ? 0 : y[d * stride]), delta = value - mean;
    count++;
    mean += delta / count;
    scatter += delta * (value - mean);
  }
  return (moments){mean, count > 1 ? scatter / (count - 1) : 0};
}

static void summarize(const outputs *all, size_t t, double ratio, pdlt_rounding *out) {
  const pdlt_plan *plan = all->plan[0];
  const size_t p = plan->p, stride = plan->times * p;
  double moved = 0, error = 0;
  out->survivors = 0;
  for (int d = 0; d < PDLT_ROUNDING_DRAWS; d++) out->survivors += (size_t)all->survived[d];
  for (size_t i = t * p; i < (t + 1) * p; i++) {
    const moments rounding = moments_of(all->survived, all->z[1] + i, all->z[0] + i, stride);
    const moments output = moments_of(all->survived, all->z[0] + i, NULL, stride);
    const double most = fabs(rounding.mean) +
                        2 * sqrt(rounding.variance / (double)(out->survivors + !out->survivors));
    moved += most * most / (double)p;
    error += output.variance * ratio / ((double)plan->members * (double)p);
  }
  out->moved = sqrt(moved);
  out->error = sqrt(error);
}

/* The plan of networks that are trained and nothing else. */
static pdlt_plan outputs_only(const pdlt_plan *plan, int single) {
  pdlt_plan p = *plan;
  p.single = single;
  p.control = (pdlt_plan_control){.linear = 0};
  pdlt_plan_outputs_only(&p);
  return p;
}

pdlt_status pdlt_rounding_measure(pdlt_rounding *out, const pdlt_rounding_settings *of,
                                  pdlt_error *err) {
  const pdlt_plan *plan = of->plan;
  const size_t rows = PDLT_ROUNDING_DRAWS * plan->times * plan->p;
  pdlt_plan plans[2];
  double *z = NULL;
  pdlt_status status = PDLT_OK, first = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&z, 2 * rows, sizeof *z, err));
  outputs all = {.plan = {&plans[0], &plans[1]}, .z = {z, z + rows}};
  for (int k = 0; k < 2; k++) plans[k] = outputs_only(plan, k);
  pdlt_progress_start_short(of->progress, "rounding of single precision", PDLT_ROUNDING_DRAWS);
#pragma omp parallel for num_threads(of->threads) schedule(static, 1)
  for (int thread = 0; thread < of->threads; thread++) {
    const pdlt_status mine = train_some(&all, of, thread);
#pragma omp critical(pdlt_rounding)
    if (mine != PDLT_OK) first = mine;
  }
  pdlt_progress_finish(of->progress);
  if (first != PDLT_OK)
    PDLT_TRY(pdlt_fail(
        err, first,
        first == PDLT_ERR_INTERRUPTED ? "interrupted" : "out of memory while draws were made"));
  for (size_t t = 0; t < plan->times; t++) summarize(&all, t, of->ratio, &out[t]);
cleanup:
  pdlt_free(z);
  return status;
}

static pdlt_status check_width(const pdlt_rounding_settings *of, pdlt_error *err) {
  const pdlt_plan *plan = of->plan;
  pdlt_rounding *found = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&found, plan->times, sizeof *found, err));
  PDLT_TRY(pdlt_rounding_measure(found, of, err));
  for (size_t t = 0; t < plan->times; t++) {
    const pdlt_rounding *r = &found[t];
    if (r->survivors < 2 || r->moved <= PDLT_ROUNDING_SHARE * r->error) continue;
    PDLT_TRY(pdlt_experiment_fail(
        plan->ex, "ensemble.arithmetic", err,
        "single rounds the mean output by up to %.2g at n = %d, step %g, more than a tenth of its "
        "error bar %.2g; write double",
        r->moved, (int)of->net->width, plan->schedule.times[t], r->error));
  }
cleanup:
  pdlt_free(found);
  return status;
}

pdlt_status pdlt_rounding_check(const pdlt_plan *plan, const pdlt_pilot *pilot, int threads,
                                const volatile sig_atomic_t *stop, pdlt_progress *progress,
                                pdlt_error *err) {
  const pdlt_experiment *ex = plan->ex;
  const size_t ends[2] = {0, ex->network.num_widths - 1};
  pdlt_status status = PDLT_OK;
  if (!plan->single || !plan->has[PDLT_QUANTITY_Z]) return PDLT_OK;
  for (int k = 0; k < 2; k++) {
    pdlt_network net = {.depth = 0};
    PDLT_TRY(pdlt_network_new(&net, ex, ex->network.widths[ends[k]], plan->data->inputs, err));
    const pdlt_pilot_seen *seen = &pilot->width[k].seen[PDLT_PILOT_Z];
    const pdlt_rounding_settings settings = {
        .plan = plan,
        .net = &net,
        .ratio = plan->control.linear ? seen->chosen / seen->antithetic : 1,
        .threads = threads,
        .stop = stop,
        .progress = progress};
    status = check_width(&settings, err);
    pdlt_network_free(&net);
    if (status != PDLT_OK) return status;
  }
cleanup:
  return status;
}
