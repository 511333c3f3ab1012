/* pilot.c - see pilot.h. */
#include "trainer/pilot.h"

#include <math.h>

#include "base/memory.h"
#include "trainer/flops.h"

enum { END_STEPS = 50 }; /* of steps: end, before any network was trained */

/* The draws of the pilot at one width. */
typedef struct pilot_draws {
  const pdlt_plan *plan;
  const pdlt_network *net;
  const pdlt_initial_fit *fit;
  int linearized;
  double *plus, *minus; /* (draws, T, p) z of a pair */
  double *linear;       /* (draws, T, p) c */
  double *stage;        /* (draws, T, p) c_K - c of one stage */
  int *survived;        /* (draws) */
  double steps;         /* of a network, on average */
} pilot_draws;

static pdlt_status look_at_draw(pilot_draws *pd, pdlt_worker *w, int d,
                                const volatile sig_atomic_t *stop) {
  const size_t at = (size_t)d * pd->plan->times * pd->plan->p;
  const pdlt_member_outcome outcome =
      pdlt_worker_train(w, PDLT_PILOT_MEMBER + (uint64_t)d, stop, pd->plus + at, pd->minus + at);
  pd->survived[d] = outcome == PDLT_MEMBER_DONE || outcome == PDLT_MEMBER_UNCONVERGED;
  if (outcome == PDLT_MEMBER_STOPPED) return PDLT_ERR_INTERRUPTED;
  if (!pd->linearized) return PDLT_OK;
  return pdlt_control_output(&w->initial.control, w->theta, pd->linear + at, NULL, NULL);
}

/* c_K - c of draw d. */
static pdlt_status look_at_stage(pilot_draws *pd, pdlt_worker *w, int d, long steps,
                                 const volatile sig_atomic_t *stop) {
  const pdlt_plan *plan = pd->plan;
  if (stop != NULL && *stop) return PDLT_ERR_INTERRUPTED;
  pdlt_network_draw(pd->net, plan->ex->ensemble.seed, PDLT_PILOT_MEMBER + (uint64_t)d, w->theta);
  return pdlt_stage_difference(&w->stage, &w->stepper, &w->initial.control, w->theta, steps,
                               pd->stage + (size_t)d * plan->times * plan->p, NULL);
}

/* Trains all draws (steps = 0), or looks at the stage after `steps`. */
static pdlt_status look_at_draws(pilot_draws *pd, long steps, int threads,
                                 const volatile sig_atomic_t *stop, pdlt_error *err) {
  pdlt_worker *workers = NULL;
  int made = 0;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&workers, (size_t)threads, sizeof *workers, err));
  for (; made < threads; made++)
    PDLT_TRY(pdlt_worker_new(&workers[made], pd->plan, pd->net, pd->fit, err));
#pragma omp parallel for num_threads(threads) schedule(static, 1)
  for (int thread = 0; thread < threads; thread++)
    for (int d = thread; d < PDLT_PILOT_DRAWS && workers[thread].status == PDLT_OK; d += threads)
      workers[thread].status = steps == 0 ? look_at_draw(pd, &workers[thread], d, stop)
                                          : look_at_stage(pd, &workers[thread], d, steps, stop);
  for (int k = 0; k < threads; k++) pd->steps += (double)workers[k].steps / (2 * PDLT_PILOT_DRAWS);
  for (int k = 0; k < threads && status == PDLT_OK; k++)
    if (workers[k].status != PDLT_OK)
      status = pdlt_fail(
          err, workers[k].status,
          workers[k].status == PDLT_ERR_INTERRUPTED ? "interrupted" : "out of memory: pilot");
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

/* Sum over the values of the covariance among the draws kept; keep = NULL: all. */
static double covariance(size_t values, const int *keep, const average *x, const average *y) {
  double total = 0;
  for (size_t i = 0; i < values; i++) {
    double count = 0, mean_x = 0, mean_y = 0, scatter = 0;
    for (int d = 0; d < PDLT_PILOT_DRAWS; d++) {
      if (keep != NULL && !keep[d]) continue;
      const double u = value(x, (size_t)d * values + i), v = value(y, (size_t)d * values + i);
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

static void summarize(const pilot_draws *pd, pdlt_pilot_width *w) {
  const size_t values = pd->plan->times * pd->plan->p;
  const average z = {pd->plus, NULL}, m = {pd->plus, pd->minus}, c = {pd->linear, NULL};
  for (int d = 0; d < PDLT_PILOT_DRAWS; d++) w->survivors += (size_t)pd->survived[d];
  w->plain = covariance(values, pd->survived, &z, &z);
  w->antithetic = covariance(values, pd->survived, &m, &m);
  if (!pd->linearized) return;
  w->linear = covariance(values, pd->survived, &c, &c);
  w->covariance = covariance(values, pd->survived, &m, &c);
  for (size_t i = pd->fit->linear; i < pd->fit->values; i++) w->further += pd->fit->left[i];
}

/* Stages after 1, 2, 4, 8, ... steps, up to half of training. */
static pdlt_status look_at_stages(pilot_draws *pd, pdlt_pilot_width *w, int threads,
                                  const volatile sig_atomic_t *stop, pdlt_error *err) {
  const pdlt_plan *plan = pd->plan;
  const size_t values = plan->times * plan->p;
  const double last = plan->schedule.to_end ? 2 * pd->steps : plan->schedule.times[plan->times - 1];
  const average m = {pd->plus, pd->minus}, c = {pd->linear, NULL}, d = {pd->stage, NULL};
  for (int k = 0; k < PDLT_MAX_STAGES; k++) {
    const long steps = 1L << k;
    if ((double)(2 * steps) > last) return PDLT_OK;
    const pdlt_status status = look_at_draws(pd, steps, threads, stop, err);
    if (status != PDLT_OK) return status;
    w->stage[k] = (pdlt_pilot_stage){steps, covariance(values, pd->survived, &d, &d),
                                     covariance(values, pd->survived, &m, &d),
                                     covariance(values, pd->survived, &c, &d)};
    w->stages = (size_t)k + 1;
  }
  return PDLT_OK;
}

/* With steps: end, `steps` says how many there are. */
static void count_flops(const pdlt_plan *plan, const pdlt_network *net, double steps,
                        pdlt_pilot_width *w) {
  if (!plan->schedule.to_end) steps = plan->schedule.times[plan->times - 1];
  w->flops_train = steps * pdlt_flops_step(net, plan->problem->train) +
                   (double)plan->times * pdlt_flops_forward(net, plan->problem->samples);
  w->flops_draw = pdlt_flops_draw(net, 1, net->depth);
  w->flops_further = pdlt_initial_flops(plan, net);
  w->flops_step = pdlt_flops_step(net, plan->problem->train);
  w->flops_linear = pdlt_flops_linear(net, plan->problem->train, plan->problem->samples);
}

static pdlt_status run_width(pdlt_pilot_width *out, const pdlt_plan *plan, const pdlt_network *net,
                             int threads, const volatile sig_atomic_t *stop, pdlt_error *err) {
  const size_t rows = PDLT_PILOT_DRAWS * plan->times * plan->p;
  double *z = NULL;
  pdlt_initial_fit fit = {.values = 0};
  int survived[PDLT_PILOT_DRAWS] = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&z, 4 * rows, sizeof *z, err));
  PDLT_TRY(pdlt_initial_fit_new(&fit, plan, net, err));
  pilot_draws pd = {.plan = plan,
                    .net = net,
                    .fit = &fit,
                    .linearized = plan->linear,
                    .plus = z,
                    .minus = z + rows,
                    .linear = z + 2 * rows,
                    .stage = z + 3 * rows,
                    .survived = survived};
  PDLT_TRY(look_at_draws(&pd, 0, threads, stop, err));
  summarize(&pd, out);
  count_flops(plan, net, pd.steps, out);
  if (pd.linearized) PDLT_TRY(look_at_stages(&pd, out, threads, stop, err));
cleanup:
  pdlt_initial_fit_free(&fit);
  pdlt_free(z);
  return status;
}

pdlt_status pdlt_pilot_run(pdlt_pilot *out, const pdlt_plan *plan, int threads,
                           const volatile sig_atomic_t *stop, pdlt_error *err) {
  const pdlt_experiment *ex = plan->ex;
  const size_t ends[2] = {0, ex->network.num_widths - 1};
  const int choose = ex->ensemble.estimator == PDLT_ESTIMATOR_AUTO;
  pdlt_network net[2] = {{.depth = 0}, {.depth = 0}};
  pdlt_pilot pilot = {.linearized = plan->p <= PDLT_MAX_LINEARIZED};
  pdlt_plan probe = *plan; /* outputs only */
  probe.with_dtheta_t = 0;
  pdlt_status status = PDLT_OK;
  for (int k = 0; k < 2; k++) {
    pdlt_pilot_width *w = &pilot.width[k];
    PDLT_TRY(
        pdlt_network_new(&net[k], ex, ex->network.widths[ends[k]], plan->problem->inputs, err));
    count_flops(plan, &net[k], END_STEPS, w);
    if (choose && !(w->flops_linear < 0.5 * w->flops_train)) pilot.linearized = 0;
  }
  probe.with_kernel = probe.with_theta = probe.with_vertex = probe.with_theta_t = 0;
  pdlt_plan_estimator(&probe, 1);
  if (pilot.linearized) pdlt_plan_linearize(&probe, 1, 0);
  for (int k = 0; k < 2; k++)
    PDLT_TRY(run_width(&pilot.width[k], &probe, &net[k], threads, stop, err));
  pdlt_pilot_decide(&pilot, ex->ensemble.estimator);
  *out = pilot;
cleanup:
  for (int k = 0; k < 2; k++) pdlt_network_free(&net[k]);
  return status;
}
