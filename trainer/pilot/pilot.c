/* pilot.c - see pilot.h. */
#include "trainer/pilot/pilot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/memory.h"
#include "trainer/control/flops.h"
#include "trainer/statistics/controlled_mean.h"

enum { END_STEPS = 50 }; /* of steps: end, before any network was trained */

/* Numbers that a part is weighed by; rows are draws. */
typedef struct numbers {
  size_t stride, values; /* every stride-th of all is one of them */
  double *plain, *even;  /* (draws, values) of a network; of a pair */
  double *level;         /* (candidates, draws, values) c_k */
} numbers;

/* The draws of the pilot at one width. */
typedef struct pilot_draws {
  const pdlt_plan *plan;
  const pdlt_network *net;
  int threads;
  const volatile sig_atomic_t *stop;
  pdlt_progress *progress; /* a pair and its levels are one unit each */
  const pdlt_control_width *width;
  const pdlt_pilot_table *table;
  numbers part[PDLT_PILOT_PARTS];
  size_t *factor[2]; /* (values) of products: which of the T p numbers of a draw are multiplied */
  double *odd[2];    /* (draws, values) these numbers of half the difference of a pair */
  double *both[2];   /* (draws, values) and of the half sum */
  int *survived;     /* (draws) */
  double steps;      /* of a network, on average */
} pilot_draws;

/* Row d of z, to (values) from all (T p). */
static void keep(const numbers *z, const double *all, double *to, size_t d) {
  for (size_t i = 0; i < z->values; i++) to[d * z->values + i] = all[i * z->stride];
}

/* What products are made of, of draw d. */
static void keep_factors(const pilot_draws *pd, const double *plus, const double *minus, size_t d) {
  const size_t values = pd->part[PDLT_PILOT_COV].values;
  for (size_t k = 0; k < 2; k++)
    for (size_t i = 0; i < values; i++) {
      const size_t at = pd->factor[k][i];
      pd->odd[k][d * values + i] = 0.5 * (plus[at] - minus[at]);
      pd->both[k][d * values + i] = 0.5 * (plus[at] + minus[at]);
    }
}

static pdlt_status train_draw(pilot_draws *pd, pdlt_worker *w, int d) {
  const numbers *z = &pd->part[PDLT_PILOT_Z];
  const pdlt_member_outcome outcome =
      pdlt_worker_train(w, PDLT_PILOT_MEMBER + (uint64_t)d, pd->stop, w->even, w->pair);
  pd->survived[d] = outcome == PDLT_MEMBER_DONE || outcome == PDLT_MEMBER_UNCONVERGED;
  if (outcome == PDLT_MEMBER_STOPPED) return PDLT_ERR_INTERRUPTED;
  keep(z, w->even, z->plain, (size_t)d);
  keep(z, w->pair, z->even, (size_t)d);
  for (size_t i = (size_t)d * z->values; i < ((size_t)d + 1) * z->values; i++)
    z->even[i] = 0.5 * (z->plain[i] + z->even[i]);
  keep_factors(pd, w->even, w->pair, (size_t)d);
  return PDLT_OK;
}

/* All candidates of draw d. */
static pdlt_status look_at_levels(pilot_draws *pd, pdlt_worker *w, int d) {
  const pdlt_plan *plan = pd->plan;
  const numbers *z = &pd->part[PDLT_PILOT_Z], *products = &pd->part[PDLT_PILOT_COV];
  const double *middle = pdlt_control_width_middle(pd->width);
  pdlt_network_draw(pd->net, plan->ex->ensemble.seed, PDLT_PILOT_MEMBER + (uint64_t)d, w->theta);
  pdlt_status status = pdlt_control_look(w->control, w->theta);
  for (size_t k = 0; k < pd->table->candidates && status == PDLT_OK; k++) {
    if (pd->stop != NULL && *pd->stop) return PDLT_ERR_INTERRUPTED;
    status = pdlt_control_level(w->control, &pd->table->level[k], w->pair, w->odd);
    keep(z, w->pair, z->level + k * PDLT_PILOT_DRAWS * z->values, (size_t)d);
    double *to = products->level + (k * PDLT_PILOT_DRAWS + (size_t)d) * products->values;
    for (size_t i = 0; i < products->values && plan->control.spread; i++) {
      const size_t a = pd->factor[0][i], b = pd->factor[1][i];
      to[i] = w->odd[a] * w->odd[b];
      if (!plan->networks) to[i] += (w->pair[a] - middle[a]) * (w->pair[b] - middle[b]);
    }
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

/* Mean over the draws that survived of value i of x (draws, values). */
static double mean_of(const pilot_draws *pd, const double *x, size_t values, size_t i) {
  double count = 0, mean = 0;
  for (size_t d = 0; d < PDLT_PILOT_DRAWS; d++)
    if (pd->survived[d]) mean += (x[d * values + i] - mean) / ++count;
  return mean;
}

/* Sum over the values of the covariance among the draws that survived. */
static double covariance(const pilot_draws *pd, size_t values, const double *x, const double *y) {
  double total = 0;
  for (size_t i = 0; i < values; i++) {
    double count = 0, mean_x = 0, mean_y = 0, scatter = 0;
    for (size_t d = 0; d < PDLT_PILOT_DRAWS; d++) {
      if (!pd->survived[d]) continue;
      const double u = x[d * values + i], v = y[d * values + i], delta = u - mean_x;
      count++;
      mean_x += delta / count;
      mean_y += (v - mean_y) / count;
      scatter += delta * (v - mean_y);
    }
    total += count > 1 ? scatter / (count - 1) : 0;
  }
  return total;
}

/* Products of a network, (z - zbar)(z - zbar)^T, and of a pair, d d^T + (m - mbar)(m - mbar)^T. */
static void multiply(pilot_draws *pd) {
  const numbers *p = &pd->part[PDLT_PILOT_COV];
  for (size_t i = 0; i < p->values; i++) {
    double odd[2], both[2];
    for (int k = 0; k < 2; k++) {
      odd[k] = mean_of(pd, pd->odd[k], p->values, i);
      both[k] = mean_of(pd, pd->both[k], p->values, i);
    }
    for (size_t d = 0; d < PDLT_PILOT_DRAWS; d++) {
      const size_t at = d * p->values + i;
      const double d0 = pd->odd[0][at], d1 = pd->odd[1][at];
      const double m0 = pd->both[0][at] - both[0], m1 = pd->both[1][at] - both[1];
      p->plain[at] = (m0 + d0 - odd[0]) * (m1 + d1 - odd[1]);
      p->even[at] = d0 * d1 + m0 * m1;
    }
  }
}

static void summarize_part(const pilot_draws *pd, const numbers *x, size_t candidates,
                           pdlt_pilot_part *p) {
  const size_t rows = PDLT_PILOT_DRAWS * x->values;
  p->plain = covariance(pd, x->values, x->plain, x->plain);
  p->antithetic = covariance(pd, x->values, x->even, x->even);
  for (size_t j = 0; j < candidates && p->controlled; j++) {
    const double *c = x->level + j * rows;
    p->with_mean[j] = covariance(pd, x->values, x->even, c);
    for (size_t k = 0; k <= j; k++)
      p->covariance[j][k] = p->covariance[k][j] = covariance(pd, x->values, c, x->level + k * rows);
  }
}

static void summarize(pilot_draws *pd, pdlt_pilot_table *t) {
  const pdlt_plan *plan = pd->plan;
  pdlt_pilot_part *z = &t->part[PDLT_PILOT_Z], *products = &t->part[PDLT_PILOT_COV];
  for (int d = 0; d < PDLT_PILOT_DRAWS; d++) t->survivors += (size_t)pd->survived[d];
  multiply(pd);
  z->controlled = t->candidates > 0;
  products->controlled = t->candidates > 0 && plan->control.spread;
  products->fitted = plan->blocks > PDLT_MIN_FIT_BLOCKS;
  for (size_t g = 0; g < PDLT_PILOT_PARTS; g++)
    summarize_part(pd, &pd->part[g], t->candidates, &t->part[g]);
  if (z->controlled)
    z->further = plan->networks ? z->covariance[0][0]
                                : pdlt_control_width_variance(pd->width, pd->part[0].stride);
  if (products->controlled)
    products->further = plan->networks ? products->covariance[0][0]
                                       : pdlt_control_width_products(pd->width, pd->part[1].stride);
  t->parts = products->plain > 0 ? PDLT_PILOT_PARTS : 1;
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

static size_t stride_of(size_t all, size_t most) {
  const size_t stride = (all + most - 1) / most;
  return stride > 0 ? stride : 1;
}

/* Which products are looked at: of i <= j row by row or, without covariance, squares, as in spread.h. */
static void set_factors(pilot_draws *pd) {
  const pdlt_plan *plan = pd->plan;
  const numbers *p = &pd->part[PDLT_PILOT_COV];
  size_t at = 0, kept = 0;
  for (size_t t = 0; t < plan->times; t++)
    for (size_t i = 0; i < plan->p; i++)
      for (size_t j = i; j < (plan->columns == 1 ? i + 1 : plan->p); j++, at++) {
        if (at % p->stride != 0) continue;
        pd->factor[0][kept] = t * plan->p + i;
        pd->factor[1][kept++] = t * plan->p + j;
      }
}

/* Memory for the numbers, two blocks that the caller frees. */
static pdlt_status new_numbers(pilot_draws *pd, double **storage, size_t **factors,
                               pdlt_error *err) {
  const pdlt_plan *plan = pd->plan;
  const size_t levels = plan->control.linear ? PDLT_MAX_CANDIDATES : 0;
  const size_t all[PDLT_PILOT_PARTS] = {plan->times * plan->p, pdlt_control_products(plan)};
  const size_t most[PDLT_PILOT_PARTS] = {PDLT_PILOT_VALUES, PDLT_PILOT_PRODUCTS};
  size_t rows[PDLT_PILOT_PARTS], total = 0;
  pdlt_status status = PDLT_OK;
  for (size_t g = 0; g < PDLT_PILOT_PARTS; g++) {
    pd->part[g].stride = stride_of(all[g], most[g]);
    pd->part[g].values = (all[g] + pd->part[g].stride - 1) / pd->part[g].stride;
    rows[g] = PDLT_PILOT_DRAWS * pd->part[g].values;
    total += (2 + levels) * rows[g];
  }
  PDLT_TRY(pdlt_alloc(storage, total + 4 * rows[PDLT_PILOT_COV], sizeof **storage, err));
  PDLT_TRY(pdlt_alloc(factors, 2 * pd->part[PDLT_PILOT_COV].values, sizeof **factors, err));
  double *next = *storage;
  for (size_t g = 0; g < PDLT_PILOT_PARTS; g++) {
    pd->part[g].plain = pdlt_take(&next, rows[g]);
    pd->part[g].even = pdlt_take(&next, rows[g]);
    pd->part[g].level = pdlt_take(&next, levels * rows[g]);
  }
  for (int k = 0; k < 2; k++) {
    pd->odd[k] = pdlt_take(&next, rows[PDLT_PILOT_COV]);
    pd->both[k] = pdlt_take(&next, rows[PDLT_PILOT_COV]);
    pd->factor[k] = *factors + (size_t)k * pd->part[PDLT_PILOT_COV].values;
  }
  set_factors(pd);
cleanup:
  return status;
}

/* Trains at the width of `at`; then, of the candidates in `given` or, when NULL, its own, the
 * levels. */
static pdlt_status run_width(pdlt_pilot_table *out, const pilot_draws *at,
                             const pdlt_pilot_table *given, pdlt_error *err) {
  const pdlt_plan *plan = at->plan;
  double *storage = NULL;
  size_t *factors = NULL;
  pdlt_control_width *width = NULL;
  int survived[PDLT_PILOT_DRAWS] = {0};
  pdlt_status status = PDLT_OK;
  pilot_draws pd = *at;
  pd.table = out;
  pd.survived = survived;
  PDLT_TRY(new_numbers(&pd, &storage, &factors, err));
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
  pdlt_free(factors);
  pdlt_free(storage);
  return status;
}

/* What the run keeps of table and option. */
static void conclude(const pdlt_pilot_table table[2], const pdlt_pilot_option *o,
                     pdlt_pilot *pilot) {
  const int plain = !pilot->antithetic;
  pilot->samples = o->samples;
  pilot->fitted = o->fitted;
  pilot->parts = table[0].parts;
  pilot->levels.count = o->levels;
  for (size_t k = 0; k < o->levels; k++) {
    pilot->levels.level[k] = table[0].level[o->level[k]];
    pilot->levels.draws[k] = o->draws[k];
  }
  for (size_t g = 0; g < pilot->parts; g++)
    pilot->work[g] = plain ? 1 : pdlt_pilot_work(table, o, g);
  for (int w = 0; w < 2; w++) {
    const pdlt_pilot_table *t = &table[w];
    pdlt_pilot_width *to = &pilot->width[w];
    *to = (pdlt_pilot_width){.survivors = t->survivors,
                             .flops_train = t->flops_train,
                             .flops_draw = t->flops_draw,
                             .flops_linear = t->flops[0],
                             .flops_further = t->flops_further};
    for (size_t g = 0; g < pilot->parts; g++) {
      const pdlt_pilot_part *p = &t->part[g];
      to->seen[g] = (pdlt_pilot_seen){.plain = p->plain,
                                      .antithetic = p->antithetic,
                                      .linear = p->covariance[0][0],
                                      .covariance = p->with_mean[0],
                                      .further = p->further,
                                      .chosen = plain ? p->plain : pdlt_pilot_variance(p, o)};
      for (size_t k = 0; k < o->levels; k++)
        to->seen[g].level_variance[k] = pdlt_pilot_level_variance(p, o, k);
    }
    for (size_t k = 0; k < o->levels; k++) to->level_flops[k] = pdlt_pilot_level_flops(t, o, k);
  }
}

int pdlt_pilot_has_products(const pdlt_plan *plan) {
  return plan->has[PDLT_QUANTITY_COV] || plan->ex->training.loss == PDLT_LOSS_MSE;
}

/* Whether looking at own linearizations takes little of the run, in which auto may not use them. */
static int is_cheap(const pdlt_plan *plan, const pdlt_network *net, const pdlt_pilot_table *t) {
  pdlt_plan linear = *plan;
  linear.control.linear = 1;
  const double look = PDLT_PILOT_LOOKS * pdlt_flops_weightless(&linear, net);
  const double run = (double)plan->members * (t->flops_draw + t->flops_train);
  return look < PDLT_PILOT_WORK * run || look < PDLT_PILOT_FLOPS;
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
    if (choose && pilot.linearized) pilot.linearized = is_cheap(plan, &net[k], &table[k]);
  }
  pdlt_plan_outputs_only(&probe);
  pdlt_plan_estimator(&probe, 1);
  if (pilot.linearized) pdlt_plan_linearize(&probe, 1, 0, &(pdlt_levels){.count = 0});
  pdlt_progress_start_short(progress, "choice of the estimator",
                            (pilot.linearized ? 2 : 1) * (ends[1] > 0 ? 2 : 1) * PDLT_PILOT_DRAWS);
  for (int k = 0; k < 2; k++) {
    const pilot_draws at = {
        .plan = &probe, .net = &net[k], .threads = threads, .stop = stop, .progress = progress};
    if (k == 1 && ends[1] == 0)
      table[1] = table[0]; /* the only width */
    else
      PDLT_TRY(run_width(&table[k], &at, k == 0 ? NULL : table, err));
  }
  pdlt_progress_finish(progress);
  if (!pdlt_pilot_has_products(plan) || table[0].parts != table[1].parts ||
      !(choose || table[0].part[PDLT_PILOT_COV].controlled))
    table[0].parts = table[1].parts = 1; /* an estimator by name serves what it controls */
  pilot.antithetic = pdlt_pilot_decide(table, ex->ensemble.estimator, &option);
  conclude(table, &option, &pilot);
  *out = pilot;
cleanup:
  for (int k = 0; k < 2; k++) pdlt_network_free(&net[k]);
  pdlt_free(table);
  return status;
}
