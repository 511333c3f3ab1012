/* pilot.c - see pilot.h. */
#include "trainer/pilot/pilot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/memory.h"
#include "trainer/control/flops.h"

enum { END_STEPS = 50 }; /* of steps: end, before any network was trained */

/* The draws of the pilot at one width. */
typedef struct pilot_draws {
  const pdlt_plan *plan;
  const pdlt_network *net;
  int threads;
  const volatile sig_atomic_t *stop;
  pdlt_progress *progress; /* a pair and its levels are one unit each */
  const pdlt_control_width *width;
  const pdlt_pilot_table *table;
  size_t stride, values; /* every stride-th of the T p numbers of a draw is kept */
  double *plus, *minus;  /* (draws, values) z of a pair */
  double *level;         /* (candidates, draws, values) c_k */
  int *survived;         /* (draws) */
  double steps;          /* of a network, on average */
} pilot_draws;

/* to (values) from all (T p). */
static void keep(const pilot_draws *pd, const double *all, double *to) {
  for (size_t i = 0; i < pd->values; i++) to[i] = all[i * pd->stride];
}

static pdlt_status train_draw(pilot_draws *pd, pdlt_worker *w, int d) {
  const pdlt_member_outcome outcome =
      pdlt_worker_train(w, PDLT_PILOT_MEMBER + (uint64_t)d, pd->stop, w->even, w->pair);
  pd->survived[d] = outcome == PDLT_MEMBER_DONE || outcome == PDLT_MEMBER_UNCONVERGED;
  if (outcome == PDLT_MEMBER_STOPPED) return PDLT_ERR_INTERRUPTED;
  keep(pd, w->even, pd->plus + (size_t)d * pd->values);
  keep(pd, w->pair, pd->minus + (size_t)d * pd->values);
  return PDLT_OK;
}

/* All candidates of draw d. */
static pdlt_status look_at_levels(pilot_draws *pd, pdlt_worker *w, int d) {
  const pdlt_plan *plan = pd->plan;
  pdlt_network_draw(pd->net, plan->ex->ensemble.seed, PDLT_PILOT_MEMBER + (uint64_t)d, w->theta);
  pdlt_status status = pdlt_control_look(w->control, w->theta);
  for (size_t k = 0; k < pd->table->candidates && status == PDLT_OK; k++) {
    if (pd->stop != NULL && *pd->stop) return PDLT_ERR_INTERRUPTED;
    status = pdlt_control_level(w->control, &pd->table->level[k], w->pair);
    keep(pd, w->pair, pd->level + (k * PDLT_PILOT_DRAWS + (size_t)d) * pd->values);
  }
  return status;
}

/* One of the two for every draw. */
static pdlt_status look_at_draws(pilot_draws *pd, int levels, pdlt_error *err) {
  const int threads = pd->threads;
  pdlt_worker *workers = NULL;
  int made = 0;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&workers, (size_t)threads, sizeof *workers, err));
  for (; made < threads; made++)
    PDLT_TRY(pdlt_worker_new(&workers[made], pd->plan, pd->net, levels ? pd->width : NULL, err));
#pragma omp parallel for num_threads(threads) schedule(static, 1)
  for (int thread = 0; thread < threads; thread++)
    for (int d = thread; d < PDLT_PILOT_DRAWS && workers[thread].status == PDLT_OK; d += threads) {
      workers[thread].status =
          levels ? look_at_levels(pd, &workers[thread], d) : train_draw(pd, &workers[thread], d);
      pdlt_progress_add(pd->progress, 1);
    }
  for (int k = 0; k < threads; k++) pd->steps += (double)workers[k].steps / (2 * PDLT_PILOT_DRAWS);
  for (int k = 0; k < threads && status == PDLT_OK; k++)
    if (workers[k].status != PDLT_OK)
      status = pdlt_fail(err, workers[k].status,
                         workers[k].status == PDLT_ERR_INTERRUPTED
                             ? "interrupted"
                             : "out of memory while draws were made");
cleanup:
  for (int k = 0; k < made; k++) pdlt_worker_free(&workers[k]);
  pdlt_free(workers);
  return status;
}

/* A number per draw and value: first, or the half sum of both. */
typedef struct average {
  const double *first, *second; /* (draws, values) */
} average;

static double value(const average *x, size_t at) {
  return x->second == NULL ? x->first[at] : 0.5 * (x->first[at] + x->second[at]);
}

/* Sum over the values of the covariance among the draws that survived. */
static double covariance(const pilot_draws *pd, const average *x, const average *y) {
  double total = 0;
  for (size_t i = 0; i < pd->values; i++) {
    double count = 0, mean_x = 0, mean_y = 0, scatter = 0;
    for (size_t d = 0; d < PDLT_PILOT_DRAWS; d++) {
      if (!pd->survived[d]) continue;
      const double u = value(x, d * pd->values + i), v = value(y, d * pd->values + i);
      const double delta = u - mean_x;
      count++;
      mean_x += delta / count;
      mean_y += (v - mean_y) / count;
      scatter += delta * (v - mean_y);
    }
    total += count > 1 ? scatter / (count - 1) : 0;
  }
  return total;
}

static average level_of(const pilot_draws *pd, size_t k) {
  return (average){pd->level + k * PDLT_PILOT_DRAWS * pd->values, NULL};
}

static void summarize(const pilot_draws *pd, pdlt_pilot_table *t) {
  const average z = {pd->plus, NULL}, m = {pd->plus, pd->minus};
  for (int d = 0; d < PDLT_PILOT_DRAWS; d++) t->survivors += (size_t)pd->survived[d];
  t->plain = covariance(pd, &z, &z);
  t->antithetic = covariance(pd, &m, &m);
  for (size_t j = 0; j < t->candidates; j++) {
    const average c = level_of(pd, j);
    t->with_mean[j] = covariance(pd, &m, &c);
    for (size_t k = 0; k <= j; k++) {
      const average other = level_of(pd, k);
      t->covariance[j][k] = t->covariance[k][j] = covariance(pd, &c, &other);
    }
  }
  if (t->candidates == 0) return;
  t->further =
      pd->plan->networks ? t->covariance[0][0] : pdlt_control_width_variance(pd->width, pd->stride);
}

/* --- candidates --- */

/* Own linearization and, without positions and skips, what costs less than half of a trained pair of levels with 1, 2 or 4
 * nodes, a half, a quarter, ... a 64th of training apart. */
static void make_candidates(const pilot_draws *pd, double last, pdlt_pilot_table *t) {
  static const int nodes[] = {1, 2, 4, 1, 2, 4};
  double before = 0;
  t->candidates = 0;
  t->level[t->candidates++] = (pdlt_level){.nodes = 0};
  if (pd->plan->networks) return;
  for (int k = 1; k <= 6; k++) {
    const double step = floor(ldexp(last, -k) + 0.5);
    if (step < 1 || step == before) continue;
    before = step;
    for (int i = 0; i < 6; i++) {
      const pdlt_level level = {.step = step, .nodes = nodes[i], .middle = i >= 3};
      const double flops = pdlt_flops_level(pd->net, pd->plan->data, &level);
      if (level.nodes * step < last && flops < t->flops_train) t->level[t->candidates++] = level;
    }
  }
}

/* By their evaluations: a chain of levels goes up in them. */
static int compare_levels(const void *x, const void *y) {
  const pdlt_level *a = x, *b = y;
  const int first = a->nodes * (1 + a->middle), second = b->nodes * (1 + b->middle);
  if (first != second) return first < second ? -1 : 1;
  return (a->step > b->step) - (a->step < b->step);
}

/* Those of the other width where there is one. */
static void set_candidates(const pilot_draws *pd, const pdlt_pilot_table *given,
                           pdlt_pilot_table *t) {
  const pdlt_schedule *schedule = &pd->plan->schedule;
  if (given != NULL) {
    t->candidates = given->candidates;
    memcpy(t->level, given->level, sizeof t->level);
  } else {
    make_candidates(pd, schedule->to_end ? pd->steps : schedule->times[schedule->num_times - 1], t);
    qsort(t->level, t->candidates, sizeof *t->level, compare_levels);
  }
  for (size_t k = 0; k < t->candidates; k++)
    t->flops[k] = pdlt_flops_level(pd->net, pd->plan->data, &t->level[k]);
}

/* With steps: end, `steps` says how many there are. */
static void count_flops(const pdlt_plan *plan, const pdlt_network *net, double steps,
                        pdlt_pilot_table *t) {
  if (!plan->schedule.to_end) steps = plan->schedule.times[plan->times - 1];
  t->flops_train =
      pdlt_flops_train(net, plan->data->train, plan->data->samples, steps, plan->times);
  t->flops_draw = pdlt_flops_draw(net, 1, net->depth);
  t->flops_level = pdlt_flops_level_draw(net);
  t->flops_further = pdlt_flops_weightless(plan, net);
}

/* --- the pilot --- */

/* Trains at the width of `at`; then, of the candidates in `given` or, when NULL, its own, the
 * levels. */
static pdlt_status run_width(pdlt_pilot_table *out, const pilot_draws *at,
                             const pdlt_pilot_table *given, pdlt_error *err) {
  const pdlt_plan *plan = at->plan;
  const size_t all = plan->times * plan->p;
  const size_t stride = (all + PDLT_PILOT_VALUES - 1) / PDLT_PILOT_VALUES;
  double *z = NULL;
  pdlt_control_width *width = NULL;
  int survived[PDLT_PILOT_DRAWS] = {0};
  pdlt_status status = PDLT_OK;
  pilot_draws pd = *at;
  pd.table = out;
  pd.survived = survived;
  pd.stride = stride > 0 ? stride : 1;
  pd.values = (all + pd.stride - 1) / pd.stride;
  const size_t rows = PDLT_PILOT_DRAWS * pd.values;
  const size_t levels = plan->control.linear ? PDLT_MAX_CANDIDATES : 0;
  PDLT_TRY(pdlt_alloc(&z, (2 + levels) * rows, sizeof *z, err));
  pd.plus = z;
  pd.minus = z + rows;
  pd.level = z + 2 * rows;
  PDLT_TRY(pdlt_control_width_new(&width, plan, pd.net, err));
  pd.width = width;
  PDLT_TRY(look_at_draws(&pd, 0, err));
  count_flops(plan, pd.net, pd.steps, out);
  if (plan->control.linear) {
    set_candidates(&pd, given, out);
    PDLT_TRY(look_at_draws(&pd, 1, err));
  }
  summarize(&pd, out);
cleanup:
  pdlt_control_width_free(width);
  pdlt_free(z);
  return status;
}

/* What the run keeps of table and option. */
static void conclude(const pdlt_pilot_table table[2], const pdlt_pilot_option *o,
                     pdlt_pilot *pilot) {
  pilot->samples = o->samples;
  pilot->fitted = o->fitted;
  pilot->levels.count = o->levels;
  for (size_t k = 0; k < o->levels; k++) {
    pilot->levels.level[k] = table[0].level[o->level[k]];
    pilot->levels.draws[k] = o->draws[k];
  }
  for (int w = 0; w < 2; w++) {
    const pdlt_pilot_table *t = &table[w];
    pilot->width[w] = (pdlt_pilot_width){.survivors = t->survivors,
                                         .plain = t->plain,
                                         .antithetic = t->antithetic,
                                         .linear = t->covariance[0][0],
                                         .covariance = t->with_mean[0],
                                         .further = t->further,
                                         .chosen = pdlt_pilot_variance(t, o),
                                         .flops_train = t->flops_train,
                                         .flops_draw = t->flops_draw,
                                         .flops_linear = t->flops[0],
                                         .flops_further = t->flops_further};
    for (size_t k = 0; k < o->levels; k++) {
      pilot->width[w].level_variance[k] = pdlt_pilot_level_variance(t, o, k);
      pilot->width[w].level_flops[k] = pdlt_pilot_level_flops(t, o, k);
    }
  }
}

pdlt_status pdlt_pilot_run(pdlt_pilot *out, const pdlt_plan *plan, int threads,
                           const volatile sig_atomic_t *stop, pdlt_progress *progress,
                           pdlt_error *err) {
  const pdlt_experiment *ex = plan->ex;
  const size_t ends[2] = {0, ex->network.num_widths - 1};
  const int choose = ex->ensemble.estimator == PDLT_ESTIMATOR_AUTO;
  pdlt_network net[2] = {{.depth = 0}, {.depth = 0}};
  pdlt_pilot pilot = {.linearized =
                          plan->p <= PDLT_MAX_LINEARIZED && pdlt_plan_may_be_linearized(plan)};
  pdlt_pilot_option option;
  pdlt_pilot_table *table = NULL;
  pdlt_plan probe = *plan;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&table, 2, sizeof *table, err));
  for (int k = 0; k < 2; k++) {
    PDLT_TRY(pdlt_network_new(&net[k], ex, ex->network.widths[ends[k]], plan->data->inputs, err));
    count_flops(plan, &net[k], END_STEPS, &table[k]);
    const double linear = pdlt_flops_linear(&net[k], plan->data->train, plan->data->samples);
    if (choose && !(linear < 0.5 * table[k].flops_train)) pilot.linearized = 0;
  }
  pdlt_plan_outputs_only(&probe);
  pdlt_plan_estimator(&probe, 1);
  if (pilot.linearized) pdlt_plan_linearize(&probe, 1, 0, &(pdlt_levels){.count = 0});
  pdlt_progress_start_short(progress, "choice of the estimator",
                            (pilot.linearized ? 4 : 2) * PDLT_PILOT_DRAWS);
  for (int k = 0; k < 2; k++) {
    const pilot_draws at = {
        .plan = &probe, .net = &net[k], .threads = threads, .stop = stop, .progress = progress};
    PDLT_TRY(run_width(&table[k], &at, k == 0 ? NULL : table, err));
  }
  pdlt_progress_finish(progress);
  pilot.antithetic = pdlt_pilot_decide(table, ex->ensemble.estimator, &option);
  conclude(table, &option, &pilot);
  *out = pilot;
cleanup:
  for (int k = 0; k < 2; k++) pdlt_network_free(&net[k]);
  pdlt_free(table);
  return status;
}
