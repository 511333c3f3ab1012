/* plan.c - see plan.h. */
#include "trainer/record/plan.h"

#include <float.h>

#include "base/experiment/layer.h"
#include "trainer/measure/ddntk.h"
#include "trainer/statistics/moments.h"

enum { FEWEST_BLOCKS = PDLT_MIN_BLOCKS }; /* that doubling leaves, if there are members */
enum {
  MOMENTS = PDLT_MEASURE_VERTEX | PDLT_MEASURE_NTK_FLUCTUATIONS,
  TENSORS = MOMENTS | PDLT_MEASURE_DNTK | PDLT_MEASURE_DDNTK
};

/* Whether the sums for covariances have a reasonable size. */
static int covariance_fits(const pdlt_plan *plan) {
  const size_t bytes = plan->times * plan->p * plan->p * sizeof(double);
  size_t blocks = (plan->members + PDLT_BLOCK_MEMBERS - 1) / PDLT_BLOCK_MEMBERS;
  if (blocks > FEWEST_BLOCKS) blocks = FEWEST_BLOCKS;
  return bytes <= PDLT_MAX_COVARIANCE &&
         bytes * blocks * plan->ex->network.num_widths <= PDLT_MAX_COVARIANCES;
}

static pdlt_status check(const pdlt_experiment *ex, pdlt_error *err) {
  if (ex->network.critical)
    return pdlt_experiment_fail(ex, "network.C_W", err,
                                "critical is not resolved; numbers are needed to train");
  if (ex->training.eta_kind != PDLT_ETA_NUMBER)
    return pdlt_experiment_fail(ex, "training.eta", err, "%s; a number is needed to train",
                                ex->training.eta_kind == PDLT_ETA_FLOW
                                    ? "flow exists in theory only"
                                    : "the relative learning rate is not resolved");
  if (ex->ensemble.single_precision && ex->training.to_end)
    return pdlt_experiment_fail(ex, "ensemble.arithmetic", err,
                                "single rounds at %.2g, and training to the end needs outputs "
                                "right to %.2g; write double",
                                (double)FLT_EPSILON / 2, PDLT_CONVERGED);
  const size_t S = (size_t)ex->measure_samples;
  if ((ex->measure & TENSORS) != 0 && S * S * S * S * sizeof(double) > PDLT_MAX_TENSOR)
    return pdlt_experiment_fail(ex, "measure_samples", err,
                                "%d; tensors with four indices are measured on at most 32",
                                ex->measure_samples);
  return PDLT_OK;
}

static size_t pow3(size_t x) { return x * x * x; }

/* Whether the word is asked for and the architecture has it. */
static int measures(const pdlt_experiment *ex, unsigned word) {
  return (ex->measure & word) != 0 && pdlt_experiment_unmeasured(ex, word) == NULL;
}

pdlt_status pdlt_plan_make(pdlt_plan *out, const pdlt_experiment *ex, const pdlt_samples *data,
                           int layers, pdlt_error *err) {
  const pdlt_status status = check(ex, err);
  if (status != PDLT_OK) return status;
  pdlt_plan plan = {.ex = ex, .data = data, .single = ex->ensemble.single_precision};
  plan.schedule = pdlt_schedule_make(ex, data);
  plan.with_output = (ex->measure & PDLT_MEASURE_OUTPUT) != 0;
  plan.with_kernel = measures(ex, PDLT_MEASURE_KERNEL);
  plan.with_theta = measures(ex, PDLT_MEASURE_NTK);
  plan.with_vertex = measures(ex, PDLT_MEASURE_VERTEX);
  plan.with_fluctuations = measures(ex, PDLT_MEASURE_NTK_FLUCTUATIONS);
  plan.with_dntk = measures(ex, PDLT_MEASURE_DNTK);
  plan.with_ddntk = measures(ex, PDLT_MEASURE_DDNTK);
  plan.first = (ex->measure & TENSORS) != 0 ? (size_t)ex->measure_samples : 0;
  if (plan.with_vertex || plan.with_fluctuations)
    plan.moments = plan.first * (plan.first + 1) / 2 * (plan.with_fluctuations ? 2 : 1);
  plan.times = plan.schedule.num_times;
  plan.p = data->outputs * data->samples;
  plan.readouts = layers ? (size_t)ex->network.depth : 1;
  plan.members = ex->ensemble.members > 0 ? (size_t)ex->ensemble.members : PDLT_UNTIL_FIRST;
  plan.keep = (size_t)ex->ensemble.keep_members;
  if (plan.keep > plan.members) plan.keep = plan.members;
  plan.with_cov = plan.with_output && covariance_fits(&plan);
  plan.columns = plan.with_cov ? plan.p : 1;
  plan.with_theta_t = plan.with_theta && plan.with_cov;
  plan.with_dtheta_t = plan.with_output && plan.with_dntk && pdlt_experiment_dntk_samples(ex) > 0;
  plan.with_stability = plan.with_output && data->outputs * data->train <= PDLT_MAX_LINEARIZED;
  plan.dntk_numbers = pow3(data->outputs * plan.first);
  pdlt_plan_estimator(&plan, 0);
  *out = plan;
  return PDLT_OK;
}

static pdlt_record_layout lay_out(const pdlt_plan *plan) {
  const size_t mean = plan->with_output ? plan->times * plan->p : 0;
  const size_t scatter = mean * plan->columns;
  const size_t matrices = plan->readouts * plan->data->samples * plan->data->samples;
  pdlt_record_layout at = {.members = 0, .diverged = 1, .unconverged = 2, .survivors = 3};
  at.mean = 4;
  at.scatter = at.mean + mean;
  at.odd = at.scatter + scatter;
  at.kernel = at.odd + (plan->antithetic ? scatter : 0);
  at.theta = at.kernel + (plan->with_kernel ? matrices : 0);
  at.u_count = at.theta + (plan->with_theta ? matrices : 0);
  at.u_mean = at.u_count + 1;
  at.u_scatter = at.u_mean + plan->readouts * plan->moments;
  at.tensor_f = at.u_scatter + plan->readouts * plan->moments * plan->moments;
  const size_t pairs = plan->first * plan->first;
  const size_t tensors = plan->with_fluctuations ? plan->readouts * pairs * pairs : 0;
  at.tensor_b = at.tensor_f + tensors;
  at.differential = at.tensor_b + tensors;
  const size_t differentials = plan->with_ddntk ? PDLT_DDNTK_COUNT : plan->with_dntk ? 2 : 0;
  at.theta_t = at.differential + differentials * plan->readouts * pairs * pairs;
  at.dtheta_t = at.theta_t + (plan->with_theta_t ? plan->times * plan->p * plan->p : 0);
  at.unstable = at.dtheta_t + (plan->with_dtheta_t ? plan->times * plan->dntk_numbers : 0);
  at.shift = at.unstable + 1;
  at.top = at.shift + (plan->control.linear ? mean : 0);
  at.size = at.top + (plan->with_output ? pdlt_top_size(&plan->top) : 0);
  return at;
}

/* Blocks of a size that keeps the records of so many members small. */
static void fix_blocks(pdlt_plan *plan, size_t members) {
  plan->block_members = PDLT_BLOCK_MEMBERS;
  for (;;) {
    plan->blocks = (members + plan->block_members - 1) / plan->block_members;
    const size_t all = plan->blocks * plan->ex->network.num_widths;
    if (all * plan->at.size <= PDLT_MAX_RECORDS / sizeof(double)) return;
    if (plan->blocks < 2 * FEWEST_BLOCKS) return;
    plan->block_members *= 2;
  }
}

/* Records as the plan stands. They must not change when the run grows (ensemble.until): draws
 * kept per block are as many as the largest blocks that can come need. */
static void fix_records(pdlt_plan *plan) {
  size_t most = plan->members, block = 0;
  if (plan->ex->ensemble.members == 0) most = (size_t)plan->ex->ensemble.until.max_members;
  if (most < plan->members) most = plan->members;
  plan->block_members = PDLT_BLOCK_MEMBERS;
  while (block < plan->block_members) {
    block = plan->block_members;
    plan->top = pdlt_top_shape_make(plan->p, plan->control.linear, plan->control.fitted, block);
    plan->at = lay_out(plan);
    fix_blocks(plan, most);
  }
  fix_blocks(plan, plan->members);
}

/* Whether draws without weights serve K, Theta and V, and cost less than networks. */
static int is_weightless(const pdlt_plan *plan) {
  const pdlt_estimator asked = plan->ex->ensemble.estimator;
  const double D = (double)plan->data->samples, n = plan->ex->network.widths[0];
  if (asked == PDLT_ESTIMATOR_PLAIN || asked == PDLT_ESTIMATOR_ANTITHETIC) return 0;
  if (!plan->with_kernel && !plan->with_theta && !plan->with_vertex) return 0;
  return D * D * D <= 4 * n * n;
}

void pdlt_plan_estimator(pdlt_plan *plan, int antithetic) {
  plan->antithetic = antithetic;
  plan->control = (pdlt_plan_control){.weightless = is_weightless(plan)};
  plan->control.samples = plan->control.weightless ? 1 : 0;
  fix_records(plan);
}

void pdlt_plan_linearize(pdlt_plan *plan, size_t samples, int fitted, const pdlt_levels *levels) {
  plan->antithetic = 1;
  plan->control = (pdlt_plan_control){.linear = 1,
                                      .fitted = fitted,
                                      .levels = *levels,
                                      .samples = samples,
                                      .weightless = is_weightless(plan)};
  fix_records(plan);
}

void pdlt_plan_grow(pdlt_plan *plan, size_t members) {
  plan->members = members;
  fix_blocks(plan, members);
}

const char *pdlt_plan_estimator_name(const pdlt_plan *plan) {
  if (plan->control.linear) return plan->control.fitted ? "control" : "two_level";
  return plan->antithetic ? "antithetic" : "plain";
}

int pdlt_plan_layer(const pdlt_plan *plan, size_t r) {
  return plan->readouts == 1 ? plan->ex->network.depth : (int)r + 1;
}
