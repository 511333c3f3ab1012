/* plan.c - see plan.h. */
#include "trainer/record/plan.h"

#include <float.h>
#include <string.h>

#include "base/experiment/feature.h"
#include "base/experiment/layer.h"
#include "base/experiment/loss.h"
#include "trainer/measure/errors.h"
#include "trainer/record/record.h"
#include "trainer/statistics/moments.h"

enum { FEWEST_BLOCKS = PDLT_MIN_BLOCKS }; /* that doubling leaves, if there are members */
enum {
  MOMENTS = PDLT_MEASURE_VERTEX | PDLT_MEASURE_NTK_FLUCTUATIONS,
  TENSORS = MOMENTS | PDLT_MEASURE_DNTK | PDLT_MEASURE_DDNTK
};

/* Whether the sums for covariances have a reasonable size; doubles, which cannot overflow. */
static int covariance_fits(const pdlt_plan *plan) {
  const double p = (double)plan->p, bytes = (double)plan->times * p * p * sizeof(double);
  size_t blocks = (plan->members + PDLT_BLOCK_MEMBERS - 1) / PDLT_BLOCK_MEMBERS;
  if (blocks > FEWEST_BLOCKS) blocks = FEWEST_BLOCKS;
  return bytes <= (double)PDLT_MAX_COVARIANCE &&
         bytes * (double)(blocks * plan->ex->network.num_widths) <= (double)PDLT_MAX_COVARIANCES;
}

#define DERIVATIVES_TOO_LARGE                                                                 \
  "derivatives of the NTK would need more than 512 MiB of arrays like the parameters, which " \
  "layers with "                                                                              \
  "positions take; use fewer measure_samples"

#define PDLT_NOT_BY_CHAINS                                                                   \
  "ensemble.estimator: slice draws from the posterior alone, and this needs draws from the " \
  "prior: "                                                                                  \
  "write auto"

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
  const double S = ex->measure_samples; /* S^4 of what may be asked for overflows a size_t */
  if ((ex->measure & TENSORS) != 0 && S * S * S * S * sizeof(double) > (double)PDLT_MAX_TENSOR)
    return pdlt_experiment_fail(ex, "measure_samples", err,
                                "%d; tensors with four indices are measured on at most 32",
                                ex->measure_samples);
  return PDLT_OK;
}

/* Whether a layer of ex has positions. */
static int has_positions(const pdlt_experiment *ex, size_t inputs) {
  int found = 0;
  for (int l = 1; l <= ex->network.depth; l++)
    found |= pdlt_experiment_layer(ex, l, 1, inputs).kind != PDLT_LAYER_DENSE;
  return found;
}

/* What is not measured where layers have positions or skips. */
static pdlt_status check_layers(const pdlt_plan *plan, int layers, pdlt_error *err) {
  const pdlt_experiment *ex = plan->ex;
  if (!layers || !plan->networks) return PDLT_OK;
  return pdlt_experiment_fail(
      ex, ex->network.layers != NULL ? "network.layers" : "network.skip", err,
      "layers with %s are measured at the readout alone; leave out --layers, "
      "and write measure: [output, hidden] for hidden ones",
      plan->positions ? "positions" : "skips");
}

/* Whether what the readout's weights see is few enough for D, F, A, B. */
static int seen_fits(const pdlt_plan *plan) {
  const pdlt_experiment *ex = plan->ex;
  const int widest = ex->network.widths[ex->network.num_widths - 1];
  const pdlt_layer top = pdlt_experiment_layer(ex, ex->network.depth, widest, plan->data->inputs);
  return !plan->positions || pdlt_layer_fan(&top) * plan->first <= PDLT_MAX_SEEN;
}

/* Whether the gradients of `rows` functions, their directions and `more` covectors are small enough. */
static int derivatives_fit(const pdlt_plan *plan, size_t rows, size_t more) {
  const pdlt_experiment *ex = plan->ex;
  const int widest = ex->network.widths[ex->network.num_widths - 1];
  const pdlt_layer top = pdlt_experiment_layer(ex, ex->network.depth, widest, plan->data->inputs);
  return !plan->positions || (2 * rows + more) * (top.bias + top.out) <= PDLT_MAX_DERIVATIVES;
}

/* Why quantity k is not measured although it was asked for; NULL: it is. */
static const char *why_absent(const pdlt_plan *plan, int k) {
  const pdlt_samples *data = plan->data;
  const char *why = NULL;
  for (int bit = 0; bit < PDLT_MEASURE_WORDS && why == NULL; bit++)
    if (pdlt_quantities[k].words >> bit & 1U) why = pdlt_experiment_unmeasured(plan->ex, 1U << bit);
  if (why == NULL) why = pdlt_experiment_loss_lacks(plan->ex, k);
  if (why != NULL) return why;
  if ((pdlt_quantities[k].flags & PDLT_QUANTITY_KERNEL) != 0)
    return covariance_fits(plan) ? NULL : "it is as large as cov";
  switch (k) {
    case PDLT_QUANTITY_COV:
      if (covariance_fits(plan)) return NULL;
      return "its block sums would need more than 64 MiB each or 1 GiB in all";
    case PDLT_QUANTITY_A:
    case PDLT_QUANTITY_B:
    case PDLT_QUANTITY_D:
    case PDLT_QUANTITY_F:
      if (seen_fits(plan)) return NULL;
      return "taps times channels below the readout times measure_samples are more than 4096";
    case PDLT_QUANTITY_P:
    case PDLT_QUANTITY_Q:
    case PDLT_QUANTITY_R:
    case PDLT_QUANTITY_S:
    case PDLT_QUANTITY_T:
    case PDLT_QUANTITY_U:
      if (derivatives_fit(plan, (2 + plan->first) * plan->first, 4 * plan->first * plan->first))
        return NULL;
      return DERIVATIVES_TOO_LARGE;
    case PDLT_QUANTITY_DTHETA_T:
      if (!derivatives_fit(plan, data->outputs * plan->first, 0)) return DERIVATIVES_TOO_LARGE;
      return pdlt_experiment_dntk_samples(plan->ex) > 0 ? NULL : PDLT_DNTK_T_TOO_LARGE;
    case PDLT_QUANTITY_UNSTABLE:
      if (data->outputs * data->train <= PDLT_MAX_LINEARIZED) return NULL;
      return "outputs times training samples are more than 1024";
    case PDLT_QUANTITY_EIGENVALUES_K:
    case PDLT_QUANTITY_EIGENVALUES_K_E:
    case PDLT_QUANTITY_EIGENVALUES_K_SHARP:
    case PDLT_QUANTITY_EIGENVALUES_SECANT:
    case PDLT_QUANTITY_EIGENVALUES_MIDPOINT:
      if (plan->p <= PDLT_MAX_LINEARIZED) return NULL;
      return "outputs times samples are more than 1024";
    case PDLT_QUANTITY_LOG_EVIDENCE:
    case PDLT_QUANTITY_LAST_LAYER_Z:
    case PDLT_QUANTITY_LAST_LAYER_COV:
      return plan->ex->ensemble.estimator == PDLT_ESTIMATOR_SLICE ? PDLT_NOT_BY_CHAINS : NULL;
    case PDLT_QUANTITY_ALIGNMENT:
      return data->max_target > 0 ? NULL : "all training targets are 0: nothing to be aligned with";
    case PDLT_QUANTITY_ERROR_TRAIN:
    case PDLT_QUANTITY_ERROR_TEST:
      return pdlt_errors_apply(data) ? NULL : "the targets are no classes";
    default:
      return NULL;
  }
}

/* Features of the kernels that are asked for; test: there are samples that are no training samples. */
static void decide_features(pdlt_plan *plan, int test) {
  const unsigned kernels = plan->ex->features.kernels | 1U << PDLT_FEATURE_K;
  for (int f = 0; f < PDLT_FEATURE_COUNT; f++) {
    const int asked = (kernels >> f & 1U) != 0;
    if (f > PDLT_FEATURE_K) plan->has[PDLT_QUANTITY_K_E + f - PDLT_FEATURE_K_E] &= asked;
    plan->has[PDLT_QUANTITY_DEVIATION_K + f] &= asked && test;
    plan->has[PDLT_QUANTITY_DEVIATION_K_RMS + f] &= asked && test;
    plan->has[PDLT_QUANTITY_EIGENVALUES_K + f] &= asked;
  }
  plan->has[PDLT_QUANTITY_RHO2] &= (kernels >> PDLT_FEATURE_SECANT & 1U) != 0;
  plan->has[PDLT_QUANTITY_ALIGNMENT] &= (kernels >> PDLT_FEATURE_K_E & 1U) != 0;
  plan->has[PDLT_QUANTITY_WEIGHT] &=
      (kernels >> PDLT_FEATURE_K_E & 1U) != 0 && plan->data->truth.blocks > 0;
  plan->has[PDLT_QUANTITY_AGOP] &= plan->data->cube.inputs > 0;
}

static void decide_quantities(pdlt_plan *plan) {
  for (int k = 0; k < PDLT_QUANTITIES; k++) {
    const unsigned words = pdlt_quantities[k].words;
    unsigned asked = plan->ex->measure;
    if (pdlt_quantity_has_slices(&pdlt_quantities[k]) && plan->readouts > 1)
      asked |= PDLT_MEASURE_HIDDEN; /* --layers */
    if ((asked & words) != words) continue;
    plan->absent[k] = why_absent(plan, k);
    plan->has[k] = plan->absent[k] == NULL;
  }
  const int end = plan->schedule.to_end, test = plan->data->train < plan->data->samples;
  plan->has[PDLT_QUANTITY_LOSS_TEST] &= test;
  plan->has[PDLT_QUANTITY_LOSS_TEST_BIAS] &= test;
  plan->has[PDLT_QUANTITY_LOSS_TEST_VARIANCE] &= test;
  plan->has[PDLT_QUANTITY_ERROR_TEST] &= test;
  decide_features(plan, test);
  for (int k = 0; k < PDLT_QUANTITIES; k++)
    if (pdlt_quantities[k].drawn == PDLT_DRAWN_END)
      plan->has[k] &= end && plan->has[pdlt_quantity_of_end(k)];
  for (int k = 0; k < PDLT_QUANTITIES; k++)
    if ((pdlt_quantities[k].words & PDLT_MEASURE_FEATURES) != 0 && k != PDLT_QUANTITY_AGOP &&
        k != PDLT_QUANTITY_AGOP_END)
      plan->features |= plan->has[k];
}

pdlt_status pdlt_plan_make(pdlt_plan *out, const pdlt_experiment *ex, const pdlt_samples *data,
                           int layers, pdlt_error *err) {
  pdlt_plan plan = {.ex = ex, .data = data, .single = ex->ensemble.single_precision};
  plan.positions = has_positions(ex, data->inputs);
  plan.networks = plan.positions || pdlt_experiment_has_skips(ex);
  pdlt_status status = check(ex, err);
  if (status == PDLT_OK) status = check_layers(&plan, layers, err);
  if (status != PDLT_OK) return status;
  plan.schedule = pdlt_schedule_make(ex, data);
  plan.first = (ex->measure & TENSORS) != 0 ? (size_t)ex->measure_samples : 0;
  plan.times = plan.schedule.num_times;
  plan.p = data->outputs * data->samples;
  plan.readouts = layers ? (size_t)ex->network.depth : 1;
  plan.members = ex->ensemble.members > 0 ? (size_t)ex->ensemble.members : PDLT_UNTIL_FIRST;
  plan.keep = (size_t)ex->ensemble.keep_members;
  if (plan.keep > plan.members) plan.keep = plan.members;
  decide_quantities(&plan);
  const int fluctuations = plan.has[PDLT_QUANTITY_A];
  plan.columns = plan.has[PDLT_QUANTITY_COV] ? plan.p : 1;
  if (plan.has[PDLT_QUANTITY_POST_Z]) plan.posterior = pdlt_posterior_shape_make(ex, data);
  if (plan.has[PDLT_QUANTITY_V] || fluctuations)
    plan.moments = plan.first * (plan.first + 1) / 2 * (fluctuations ? 2 : 1);
  pdlt_plan_estimator(&plan, 0);
  *out = plan;
  return PDLT_OK;
}

void pdlt_plan_outputs_only(pdlt_plan *plan) {
  for (int k = 0; k < PDLT_QUANTITIES; k++) {
    const pdlt_drawn drawn = pdlt_experiment_drawn(plan->ex, k);
    if (drawn == PDLT_DRAWN_PRODUCTS || drawn == PDLT_DRAWN_LAYERS || drawn == PDLT_DRAWN_TRAINED ||
        drawn == PDLT_DRAWN_ROOT || drawn == PDLT_DRAWN_ALL || drawn == PDLT_DRAWN_VARIANCE)
      plan->has[k] = 0;
  }
  plan->moments = 0;
}

int pdlt_plan_shape(const pdlt_plan *plan, int k, size_t dim[PDLT_MAX_NDIM]) {
  const char *index = pdlt_quantities[k].indices;
  int ndim = 0;
  for (; index[ndim] != 0; ndim++)
    dim[ndim] = index[ndim] == 't'   ? plan->times
                : index[ndim] == 'l' ? (size_t)plan->ex->network.depth - 1
                : index[ndim] == 'i' ? plan->data->outputs
                : index[ndim] == 'a' ? plan->data->samples
                : index[ndim] == 'e' ? plan->p
                : index[ndim] == 'b' ? plan->data->truth.blocks
                : index[ndim] == 'x' ? plan->data->inputs
                                     : plan->first;
  return ndim;
}

size_t pdlt_plan_numbers(const pdlt_plan *plan, int k) {
  size_t dim[PDLT_MAX_NDIM], count = 1;
  const int ndim = pdlt_plan_shape(plan, k, dim);
  for (int d = 0; d < ndim; d++) count *= dim[d];
  return count;
}

size_t pdlt_plan_sum_size(const pdlt_plan *plan, int k) {
  if (!plan->has[k]) return 0;
  switch (pdlt_experiment_drawn(plan->ex, k)) {
    case PDLT_DRAWN_LAYERS:
      return plan->readouts * pdlt_plan_numbers(plan, k);
    case PDLT_DRAWN_TRAINED:
    case PDLT_DRAWN_ROOT:
    case PDLT_DRAWN_ALL:
    case PDLT_DRAWN_VARIANCE:
    case PDLT_DRAWN_SHARE:
      return pdlt_plan_numbers(plan, k);
    default:
      return 0;
  }
}

size_t pdlt_plan_smallest_block(const pdlt_plan *plan, size_t members) {
  size_t draws = PDLT_WEIGHTED_MEMBERS;
  if (plan->posterior.size == 0 || plan->posterior.chain) return PDLT_BLOCK_MEMBERS;
  while (members > draws * PDLT_WEIGHTED_BLOCKS) draws *= 2;
  return draws;
}

/* Blocks of a size that keeps the records of so many members small. */
static void fix_blocks(pdlt_plan *plan, size_t members) {
  plan->block_members = pdlt_plan_smallest_block(plan, members);
  for (;;) {
    plan->blocks = (members + plan->block_members - 1) / plan->block_members;
    const size_t all = plan->blocks * plan->ex->network.num_widths;
    if (all * plan->at.size <= PDLT_MAX_RECORDS / sizeof(double)) return;
    if (plan->blocks / 2 < FEWEST_BLOCKS) return;
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
    plan->at = pdlt_record_lay_out(plan);
    fix_blocks(plan, most);
  }
  fix_blocks(plan, plan->members);
}

int pdlt_plan_may_be_weightless(const pdlt_plan *plan) {
  return plan->ex->network.init == PDLT_INIT_NORMAL && !plan->networks;
}

int pdlt_plan_may_be_linearized(const pdlt_plan *plan) {
  if (plan->data->batch < plan->data->train) return 0; /* a linearization knows no batches */
  return plan->ex->training.loss == PDLT_LOSS_MSE &&
         (plan->networks || pdlt_plan_may_be_weightless(plan));
}

/* Whether the experiment leaves it open where K, Theta and V are measured, and measures one. */
static int may_measure_without_weights(const pdlt_plan *plan) {
  const pdlt_estimator asked = plan->ex->ensemble.estimator;
  if (asked == PDLT_ESTIMATOR_PLAIN || asked == PDLT_ESTIMATOR_ANTITHETIC) return 0;
  return pdlt_plan_may_be_weightless(plan) &&
         (plan->has[PDLT_QUANTITY_K] || plan->has[PDLT_QUANTITY_THETA] ||
          plan->has[PDLT_QUANTITY_V]);
}

/* Whether draws without weights serve K, Theta and V, and cost less than networks. */
static int is_weightless(const pdlt_plan *plan) {
  const double D = (double)plan->data->samples, n = plan->ex->network.widths[0];
  return may_measure_without_weights(plan) && !plan->on_networks && D * D * D <= 4 * n * n;
}

/* Whether these are plain, with controls pair by pair: of many samples, where outputs have no control. */
static int is_pairwise(const pdlt_plan *plan) {
  const size_t D = plan->data->samples, L = (size_t)plan->ex->network.depth, C = 6 * L;
  return may_measure_without_weights(plan) && D >= PDLT_PAIRWISE_SAMPLES &&
         D <= (size_t)plan->ex->network.widths[0] &&
         C * C * plan->readouts <= PDLT_MAX_PAIRWISE / (D * (D + 1) / 2);
}

void pdlt_plan_estimator(pdlt_plan *plan, int antithetic) {
  plan->antithetic = antithetic;
  const int pairwise = is_pairwise(plan);
  plan->control = (pdlt_plan_control){.weightless = pairwise || is_weightless(plan)};
  plan->control.pairwise = pairwise;
  plan->control.samples = plan->control.weightless ? 1 : 0;
  fix_records(plan);
}

/* Whether so many numbers have a control. */
static int are_few(double numbers) { return numbers <= (double)PDLT_MAX_SPREAD; }

static double pairs_of(const pdlt_plan *plan) {
  const double p = (double)plan->p;
  return p * (p + 1) / 2;
}

/* Whether products of odd outputs have a control. */
static int may_spread(const pdlt_plan *plan) {
  return are_few((double)plan->times * (plan->columns == 1 ? (double)plan->p : pairs_of(plan)));
}

/* Whether the NTK of draws is of use, and has few numbers. */
static int may_start(const pdlt_plan *plan) {
  return are_few(pairs_of(plan)) &&
         (plan->has[PDLT_QUANTITY_THETA_T] || plan->has[PDLT_QUANTITY_DTHETA_T]);
}

/* Whether what levels say about its change is. */
static int may_follow(const pdlt_plan *plan, const pdlt_levels *levels) {
  return levels->count > 0 && are_few((double)plan->times * pairs_of(plan)) &&
         (plan->has[PDLT_QUANTITY_THETA_T] || plan->has[PDLT_QUANTITY_K_E]);
}

void pdlt_plan_linearize(pdlt_plan *plan, size_t samples, int fitted, const pdlt_levels *levels) {
  plan->antithetic = 1;
  plan->control = (pdlt_plan_control){.linear = 1,
                                      .fitted = fitted,
                                      .levels = *levels,
                                      .spread = may_spread(plan),
                                      .start = may_start(plan),
                                      .kernels = may_follow(plan, levels),
                                      .samples = samples,
                                      .weightless = is_weightless(plan)};
  fix_records(plan);
}

void pdlt_plan_grow(pdlt_plan *plan, size_t members) {
  plan->members = members;
  fix_blocks(plan, members);
}

/* The word of ensemble.keep, by bit, that quantity k, or NAME of NAME_end, belongs to: its name, or the word of
 * `measure` that asks for it, if it is a kernel; -1: it is always stored. */
static int keep_bit(int k) {
  const pdlt_quantity *q =
      &pdlt_quantities[pdlt_quantities[k].drawn == PDLT_DRAWN_END ? pdlt_quantity_of_end(k) : k];
  const int kernel = (q->flags & PDLT_QUANTITY_KERNEL) != 0;
  for (int bit = 0; pdlt_keep_words[bit] != NULL; bit++) {
    if (strcmp(pdlt_keep_words[bit], q->name) == 0) return bit;
    for (int word = 0; word < PDLT_MEASURE_WORDS && kernel; word++)
      if ((q->words >> word & 1U) != 0 &&
          strcmp(pdlt_keep_words[bit], pdlt_measure_words[word]) == 0)
        return bit;
  }
  return -1;
}

/* Bytes at one width, with error bars and blocks. */
static double stored_bytes(const pdlt_plan *plan, int k) {
  const double copies = (double)(plan->blocks + 2) * (double)sizeof(double);
  return plan->has[k] ? copies * (double)pdlt_plan_numbers(plan, k) : 0;
}

int pdlt_plan_drops(const pdlt_plan *plan, int k, double *bytes, const char **word) {
  const pdlt_experiment *ex = plan->ex;
  const int bit = keep_bit(k);
  double all = 0;
  if (word != NULL) *word = bit < 0 ? NULL : pdlt_keep_words[bit];
  if (bit < 0 || !plan->has[k]) return 0;
  for (int other = 0; other < PDLT_QUANTITIES; other++)
    if (keep_bit(other) == bit) all += stored_bytes(plan, other);
  const int wanted = ex->ensemble.members == 0 && keep_bit(ex->ensemble.until.quantity) == bit;
  if (bytes != NULL) *bytes = all;
  return !wanted && !(ex->ensemble.keep >> bit & 1U) && all > PDLT_KEPT_BYTES;
}

const char *pdlt_plan_estimator_name(const pdlt_plan *plan) {
  if (plan->posterior.chain) return "slice";
  if (plan->control.linear) return plan->control.fitted ? "control" : "two_level";
  return plan->antithetic ? "antithetic" : "plain";
}

int pdlt_plan_layer(const pdlt_plan *plan, size_t r) {
  return plan->readouts == 1 ? plan->ex->network.depth : (int)r + 1;
}
