/* block.c - see block.h. */
#include "trainer/draw/block.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/experiment/loss.h"
#include "base/vector/linalg.h"
#include "base/vector/rows.h"
#include "trainer/statistics/moments.h"

/* What is measured of a network in training. */
static int is_moving(const pdlt_plan *plan, int k) {
  const pdlt_drawn drawn = pdlt_experiment_drawn(plan->ex, k);
  return drawn == PDLT_DRAWN_TRAINED || drawn == PDLT_DRAWN_ROOT;
}

/* Places of all of it, of one network at all times: moving_at, and the size of the whole behind the last. */
static void place_moving(pdlt_worker *w) {
  size_t at = 0;
  for (int k = 0; k < PDLT_QUANTITIES; k++) {
    w->moving_at[k] = at;
    if (is_moving(w->plan, k)) at += pdlt_plan_sum_size(w->plan, k);
  }
  w->moving_at[PDLT_QUANTITIES] = at;
}

/* Where quantity k goes for network `which` of a draw; NULL: not measured. */
static double *moving_of(pdlt_worker *w, int which, int k) {
  if (!w->plan->has[k] || !is_moving(w->plan, k)) return NULL;
  return w->moving + (size_t)which * w->moving_at[PDLT_QUANTITIES] + w->moving_at[k];
}

/* What the features of network `which` of a draw are asked for. */
static pdlt_features_numbers features_of(pdlt_worker *w, int which) {
  pdlt_features_numbers out = {.rho2 = moving_of(w, which, PDLT_QUANTITY_RHO2),
                               .alignment = moving_of(w, which, PDLT_QUANTITY_ALIGNMENT),
                               .weight = moving_of(w, which, PDLT_QUANTITY_WEIGHT)};
  for (int f = 0; f < PDLT_FEATURE_COUNT; f++) {
    if (f != PDLT_FEATURE_K)
      out.kernel[f] = moving_of(w, which, PDLT_QUANTITY_K_E + f - PDLT_FEATURE_K_E);
    out.deviation[f] = moving_of(w, which, PDLT_QUANTITY_DEVIATION_K + f);
    out.square[f] = moving_of(w, which, PDLT_QUANTITY_DEVIATION_K_RMS + f);
    out.eigenvalues[f] = moving_of(w, which, PDLT_QUANTITY_EIGENVALUES_K + f);
  }
  return out;
}

/* What network `which` of a draw is asked for while it trains. */
static pdlt_member_probe probe_of(pdlt_worker *w, int which) {
  const int centered = w->plan->data->centered;
  return (pdlt_member_probe){.ntk = &w->training_ntk,
                             .theta_t = moving_of(w, which, PDLT_QUANTITY_THETA_T),
                             .dntk = &w->training_dntk,
                             .dtheta_t = moving_of(w, which, PDLT_QUANTITY_DTHETA_T),
                             .crossings = &w->crossings,
                             .crossed = moving_of(w, which, PDLT_QUANTITY_CROSSINGS),
                             .hidden = &w->hidden,
                             .layers = {.q = moving_of(w, which, PDLT_QUANTITY_Q_T),
                                        .change = moving_of(w, which, PDLT_QUANTITY_Q_CHANGE),
                                        .moved = moving_of(w, which, PDLT_QUANTITY_Q_MOVED)},
                             .features = w->plan->features ? &w->features : NULL,
                             .featured = features_of(w, which),
                             .agop = moving_of(w, which, PDLT_QUANTITY_AGOP),
                             .agop_start = w->agop,
                             .loss_train = moving_of(w, which, PDLT_QUANTITY_LOSS_TRAIN),
                             .loss_test = moving_of(w, which, PDLT_QUANTITY_LOSS_TEST),
                             .loss_sample = moving_of(w, which, PDLT_QUANTITY_LOSS_SAMPLE),
                             .error_train = moving_of(w, which, PDLT_QUANTITY_ERROR_TRAIN),
                             .error_test = moving_of(w, which, PDLT_QUANTITY_ERROR_TEST),
                             .start = centered ? w->begun + (size_t)which * w->plan->p : NULL,
                             .changed = w->changed};
}

/* What measures a draw besides its control. */
static pdlt_status new_measurements(pdlt_worker *w, pdlt_error *err) {
  const pdlt_plan *plan = w->plan;
  const pdlt_network *net = w->net;
  pdlt_status status = PDLT_OK;
  if ((plan->has[PDLT_QUANTITY_K] || plan->has[PDLT_QUANTITY_THETA]) && !plan->control.weightless)
    PDLT_TRY(pdlt_ntk_new(&w->ntk, net, plan->data, err));
  if (plan->moments > 0) PDLT_TRY(pdlt_accumulator_new(&w->tensors, plan, net, err));
  if (plan->has[PDLT_QUANTITY_P] || plan->has[PDLT_QUANTITY_R])
    PDLT_TRY(
        pdlt_ddntk_new(&w->ddntk, net, plan->data, plan->first, plan->has[PDLT_QUANTITY_R], err));
  if (plan->has[PDLT_QUANTITY_THETA_T])
    PDLT_TRY(pdlt_training_ntk_new(&w->training_ntk, net, plan->data, err));
  if (plan->has[PDLT_QUANTITY_DTHETA_T])
    PDLT_TRY(pdlt_training_dntk_new(&w->training_dntk, net, plan->data, plan->first, err));
  if (plan->has[PDLT_QUANTITY_CROSSINGS])
    PDLT_TRY(pdlt_crossings_new(&w->crossings, net, plan->data, err));
  if (plan->has[PDLT_QUANTITY_Q_0] || plan->has[PDLT_QUANTITY_Q_T] ||
      plan->has[PDLT_QUANTITY_LOG_Q])
    PDLT_TRY(pdlt_hidden_new(&w->hidden, net, plan->data, err));
  if (plan->features) PDLT_TRY(pdlt_network_features_new(&w->features, net, plan->data, err));
  w->features.blocks = (pdlt_features_blocks){
      .blocks = plan->data->truth.blocks, .size = plan->data->truth.size, .v = plan->data->truth.v};
  place_moving(w);
  PDLT_TRY(pdlt_alloc(&w->moving, 2 * w->moving_at[PDLT_QUANTITIES], sizeof *w->moving, err));
cleanup:
  return status;
}

static pdlt_status new_storage(pdlt_worker *w, pdlt_error *err) {
  const pdlt_plan *plan = w->plan;
  const size_t values = plan->times * plan->p, rows = PDLT_BLOCK_MEMBERS * values;
  const size_t row = plan->top.parts * plan->p; /* of last */
  const size_t last = PDLT_BLOCK_MEMBERS * (row + 1) + row;
  const size_t matrix = plan->data->samples * plan->data->samples;
  const size_t layers = (size_t)(w->net->depth - 1) * plan->data->samples;
  const size_t agop = plan->data->cube.inputs * plan->data->cube.inputs;
  const size_t start = plan->data->centered ? PDLT_BLOCK_MEMBERS * plan->p : 0;
  const pdlt_status status = pdlt_alloc(&w->storage,
                                        w->net->num_params + 2 * rows + 2 * values + 4 * plan->p +
                                            matrix + layers + last + 2 * start + agop,
                                        sizeof *w->storage, err);
  if (status != PDLT_OK) return status;
  double *next = w->storage;
  w->theta = pdlt_take(&next, w->net->num_params);
  w->even = pdlt_take(&next, rows);
  w->odd = pdlt_take(&next, rows);
  w->pair = pdlt_take(&next, values);
  w->mean = pdlt_take(&next, values);
  w->shift = pdlt_take(&next, plan->p);
  w->changed = pdlt_take(&next, plan->p);
  w->begun = pdlt_take(&next, 2 * plan->p);
  for (int k = 0; k < 2; k++) w->start[k] = pdlt_take(&next, start);
  w->numbers = pdlt_take(&next, PDLT_BLOCK_MEMBERS);
  w->last = pdlt_take(&next, PDLT_BLOCK_MEMBERS * row);
  w->middle = pdlt_take(&next, row);
  w->matrix = pdlt_take(&next, matrix);
  w->layers = pdlt_take(&next, layers);
  w->agop = pdlt_take(&next, agop);
  return PDLT_OK;
}

pdlt_status pdlt_worker_new(pdlt_worker *out, const pdlt_plan *plan, const pdlt_network *net,
                            const pdlt_control_width *width, pdlt_error *err) {
  pdlt_worker w = {.plan = plan, .net = net};
  pdlt_status status = PDLT_OK;
  if (plan->posterior.size > 0) {
    PDLT_TRY(
        pdlt_posterior_sums_new(&w.posterior, &plan->posterior, plan->ex, net, plan->data, err));
    *out = w;
    return PDLT_OK;
  }
  const pdlt_step_settings settings = {.eta = plan->ex->training.eta, .single = plan->single};
  PDLT_TRY(pdlt_stepper_new(&w.stepper, net, plan->data, &settings, err));
  PDLT_TRY(new_measurements(&w, err));
  if (width != NULL) PDLT_TRY(pdlt_control_new(&w.control, width, err));
  PDLT_TRY(new_storage(&w, err));
  *out = w;
  return PDLT_OK;
cleanup:
  pdlt_worker_free(&w);
  return status;
}

void pdlt_worker_free(pdlt_worker *worker) {
  pdlt_stepper_free(&worker->stepper);
  pdlt_ntk_free(&worker->ntk);
  pdlt_accumulator_free(&worker->tensors);
  pdlt_ddntk_free(&worker->ddntk);
  pdlt_training_ntk_free(&worker->training_ntk);
  pdlt_training_dntk_free(&worker->training_dntk);
  pdlt_crossings_free(&worker->crossings);
  pdlt_hidden_free(&worker->hidden);
  pdlt_network_features_free(&worker->features);
  pdlt_posterior_sums_free(&worker->posterior);
  pdlt_free(worker->moving);
  pdlt_control_free(worker->control);
  pdlt_free(worker->storage);
  *worker = (pdlt_worker){0};
}

static pdlt_member_outcome train_from_draw(pdlt_worker *w, int negate,
                                           const volatile sig_atomic_t *stop, double *z) {
  memcpy(w->stepper.theta, w->theta, w->net->num_params * sizeof *w->theta);
  if (negate) pdlt_network_negate_last(w->net, w->stepper.theta);
  long steps = 0;
  const pdlt_member_probe probe = probe_of(w, negate);
  const pdlt_member_outcome outcome =
      pdlt_member_train_probed(&w->stepper, &w->plan->schedule, stop, z, &probe, &steps);
  w->steps += steps;
  return outcome;
}

pdlt_member_outcome pdlt_worker_train(pdlt_worker *w, uint64_t member,
                                      const volatile sig_atomic_t *stop, double *z, double *minus) {
  pdlt_network_draw(w->net, w->plan->ex->ensemble.seed, member, w->theta);
  const pdlt_member_outcome first = train_from_draw(w, 0, stop, z);
  if (minus == NULL || first == PDLT_MEMBER_DIVERGED || first == PDLT_MEMBER_STOPPED) return first;
  const pdlt_member_outcome second = train_from_draw(w, 1, stop, minus);
  return second == PDLT_MEMBER_DONE ? first : second;
}

/* Control of the draw in worker->theta, and its further draws; 0 when out of memory. */
static int add_control(pdlt_worker *w, size_t member, double *record) {
  int unstable = 0;
  w->status = pdlt_control_draw(w->control, w->theta, &unstable);
  if (w->status == PDLT_OK)
    w->status = pdlt_control_further(w->control, (uint64_t)member, &w->tensors, record);
  if (w->plan->has[PDLT_QUANTITY_UNSTABLE])
    record[w->plan->at.sum[PDLT_QUANTITY_UNSTABLE]] += unstable;
  return w->status == PDLT_OK;
}

/* Adds K and Theta of the draw in worker->theta to the record. */
static void add_matrices(pdlt_worker *w, uint64_t member, double *record) {
  const pdlt_plan *plan = w->plan;
  const size_t count = plan->data->samples * plan->data->samples;
  if (plan->control.weightless || (!plan->has[PDLT_QUANTITY_K] && !plan->has[PDLT_QUANTITY_THETA]))
    return;
  pdlt_ntk_forward(&w->ntk, w->theta);
  pdlt_ntk_draw(&w->ntk, plan->ex->ensemble.seed, member);
  for (size_t r = 0; r < plan->readouts; r++) {
    const int l = pdlt_plan_layer(plan, r);
    double *kernel = record + plan->at.sum[PDLT_QUANTITY_K] + r * count;
    double *theta = record + plan->at.sum[PDLT_QUANTITY_THETA] + r * count;
    if (plan->has[PDLT_QUANTITY_K]) {
      pdlt_ntk_kernel(&w->ntk, l, w->matrix);
      for (size_t i = 0; i < count; i++) kernel[i] += w->matrix[i];
    }
    if (plan->has[PDLT_QUANTITY_THETA]) {
      pdlt_ntk_theta(&w->ntk, w->theta, l, w->matrix);
      for (size_t i = 0; i < count; i++) theta[i] += w->matrix[i];
    }
  }
}

/* Adds log q of the hidden layers of the draw in worker->theta, and its square, to the record. */
static void add_logs(pdlt_worker *w, double *record) {
  const pdlt_plan *plan = w->plan;
  if (!plan->has[PDLT_QUANTITY_LOG_Q]) return;
  double *sum = record + plan->at.sum[PDLT_QUANTITY_LOG_Q];
  double *square = record + plan->at.sum[PDLT_QUANTITY_LOG_Q_VARIANCE];
  pdlt_hidden_logs(&w->hidden, w->theta, w->layers);
  for (size_t i = 0; i < pdlt_plan_numbers(plan, PDLT_QUANTITY_LOG_Q); i++) {
    sum[i] += w->layers[i];
    square[i] += w->layers[i] * w->layers[i];
  }
}

/* Adds q of the hidden layers of the draw in worker->theta to the record. */
static void add_layers(pdlt_worker *w, double *record) {
  const pdlt_plan *plan = w->plan;
  if (!plan->has[PDLT_QUANTITY_Q_0]) return;
  double *sum = record + plan->at.sum[PDLT_QUANTITY_Q_0];
  pdlt_hidden_draw(&w->hidden, w->theta, w->layers);
  for (size_t i = 0; i < pdlt_plan_numbers(plan, PDLT_QUANTITY_Q_0); i++) sum[i] += w->layers[i];
}

_Static_assert(PDLT_QUANTITY_U - PDLT_QUANTITY_P == PDLT_DDNTK_U - PDLT_DDNTK_P,
               "P .. U are in one order in both tables");

/* Adds P .. U of the draw in worker->theta to the record. */
static void add_differentials(pdlt_worker *w, uint64_t member, double *record) {
  const pdlt_plan *plan = w->plan;
  const size_t pairs = plan->first * plan->first, count = pairs * pairs;
  if (!plan->has[PDLT_QUANTITY_P] && !plan->has[PDLT_QUANTITY_R]) return;
  pdlt_ddntk_forward(&w->ddntk, w->theta);
  for (size_t r = 0; r < plan->readouts; r++) {
    const int l = pdlt_plan_layer(plan, r);
    for (uint64_t pair = 0; pair < PDLT_DDNTK_PAIRS; pair++) {
      pdlt_ddntk_draw(&w->ddntk, plan->ex->ensemble.seed, member, l, pair);
      pdlt_ddntk_tensors(&w->ddntk, w->theta, l);
      for (int t = 0; t < PDLT_DDNTK_COUNT; t++) {
        if (!plan->has[PDLT_QUANTITY_P + t]) continue;
        double *sum = record + plan->at.sum[PDLT_QUANTITY_P + t] + r * count;
        for (size_t i = 0; i < count; i++)
          sum[i] += w->ddntk.out[(size_t)t * count + i] / PDLT_DDNTK_PAIRS;
      }
    }
  }
}

/* Adds to sum (count) the numbers x of a draw's network, for a pair the average of both. */
static void add_average(const pdlt_plan *plan, size_t count, const double *x, const double *other,
                        double *sum) {
  for (size_t i = 0; i < count; i++) sum[i] += plan->antithetic ? 0.5 * (x[i] + other[i]) : x[i];
}

/* Adds what was measured in training to the record. */
static void add_moving(pdlt_worker *w, double *record) {
  const pdlt_plan *plan = w->plan;
  for (int k = 0; k < PDLT_QUANTITIES; k++)
    if (is_moving(plan, k) && plan->has[k])
      add_average(plan, pdlt_plan_sum_size(plan, k), moving_of(w, 0, k), moving_of(w, 1, k),
                  record + plan->at.sum[k]);
}

/* Replaces a pair's outputs z+ (in even) and z- by m and d. */
static void split_pair(size_t count, double *even, const double *minus, double *odd) {
  for (size_t i = 0; i < count; i++) {
    const double plus = even[i];
    even[i] = 0.5 * (plus + minus[i]);
    odd[i] = 0.5 * (plus - minus[i]);
  }
}

/* m and d of the z(0) of a draw become row `row` of start. */
static void keep_start(pdlt_worker *w, size_t row) {
  const size_t p = w->plan->p;
  if (!w->plan->data->centered) return;
  double *even = w->start[0] + row * p;
  memcpy(even, w->begun, p * sizeof *even);
  if (w->plan->antithetic) split_pair(p, even, w->begun + p, w->start[1] + row * p);
}

/* Trains one draw; its m and d become row `row` of even and odd when it survives.
 * Returns the outcome. */
static pdlt_member_outcome run_draw(pdlt_worker *w, size_t member, size_t row,
                                    const volatile sig_atomic_t *stop, double *samples) {
  const pdlt_plan *plan = w->plan;
  const size_t values = plan->times * plan->p;
  double *even = w->even + row * values;
  const pdlt_member_outcome outcome =
      pdlt_worker_train(w, (uint64_t)member, stop, even, plan->antithetic ? w->pair : NULL);
  if (outcome == PDLT_MEMBER_STOPPED) return outcome;
  if (member < plan->keep)
    for (size_t i = 0; i < values; i++)
      samples[member * values + i] = outcome == PDLT_MEMBER_DIVERGED ? NAN : even[i];
  if (plan->antithetic && outcome != PDLT_MEMBER_DIVERGED)
    split_pair(values, even, w->pair, w->odd + row * values);
  if (outcome != PDLT_MEMBER_DIVERGED) keep_start(w, row);
  return outcome;
}

/* The record's shift at the last time. */
static const double *last_shift(const pdlt_plan *plan, const double *record) {
  return record + plan->at.shift + (plan->times - 1) * plan->p;
}

static void begin_shift(pdlt_worker *w, const double *record) {
  if (w->plan->control.linear)
    memcpy(w->shift, last_shift(w->plan, record), w->plan->p * sizeof *w->shift);
}

/* Puts what the last time says of the surviving draw into row `row` of last. */
static void keep_last(pdlt_worker *w, size_t member, size_t row, const double *record) {
  const pdlt_plan *plan = w->plan;
  const size_t p = plan->p, values = plan->times * p;
  double *to = w->last + row * plan->top.parts * p;
  memcpy(to, w->even + (row + 1) * values - p, p * sizeof *to);
  for (size_t i = 0; i < p && plan->control.linear; i++)
    to[p + i] = last_shift(plan, record)[i] - w->shift[i];
  w->numbers[row] = (double)(member + 1);
}

/* sum (T p) += squares of the rows. */
static void add_squares(size_t rows, size_t values, const double *x, double *sum) {
  for (size_t r = 0; r < rows; r++)
    for (size_t i = 0; i < values; i++) sum[i] += x[r * values + i] * x[r * values + i];
}

/* rows of x (T, p) -= start (p) of each at every time. */
static void subtract_start(const pdlt_plan *plan, size_t rows, const double *start, double *x) {
  for (size_t r = 0; r < rows; r++)
    for (size_t t = 0; t < plan->times; t++)
      for (size_t i = 0; i < plan->p; i++)
        x[(r * plan->times + t) * plan->p + i] -= start[r * plan->p + i];
}

/* The same of z(t) - z(0), which the losses of centered targets are made of; even is less its mean, and
 * both end as work. */
static void add_changes(pdlt_worker *w, size_t rows, double *record) {
  const pdlt_plan *plan = w->plan;
  const size_t values = plan->times * plan->p;
  const pdlt_record_layout *at = &plan->at;
  if (!plan->data->centered) return;
  subtract_start(plan, rows, w->start[0], w->even);
  pdlt_rows_center(rows, values, w->even, w->pair);
  for (size_t i = 0; i < values; i++) w->mean[i] += w->pair[i];
  add_squares(rows, values, w->even, record + at->change_scatter);
  if (plan->antithetic) {
    subtract_start(plan, rows, w->start[1], w->odd);
    add_squares(rows, values, w->odd, record + at->change_odd);
  }
  pdlt_moments_merge(values, 1, &record[at->change_count], record + at->change_mean,
                     record + at->change_scatter, (double)rows, w->mean);
}

/* Merges the rows of even and odd into the record's moments. */
static void add_moments(pdlt_worker *w, size_t rows, double *record) {
  const pdlt_plan *plan = w->plan;
  const size_t p = plan->p, values = plan->times * p;
  const pdlt_record_layout *at = &plan->at;
  if (rows == 0) return;
  pdlt_top_add(&plan->top, rows, w->last, w->numbers, w->middle, record + at->top);
  pdlt_rows_center(rows, values, w->even, w->mean);
  for (size_t t = 0; t < plan->times && plan->has[PDLT_QUANTITY_COV]; t++) {
    pdlt_syrk(1, p, rows, 1.0, w->even + t * p, values, 1.0, record + at->scatter + t * p * p, p);
    if (plan->antithetic)
      pdlt_syrk(1, p, rows, 1.0, w->odd + t * p, values, 1.0, record + at->odd + t * p * p, p);
  }
  if (!plan->has[PDLT_QUANTITY_COV]) {
    add_squares(rows, values, w->even, record + at->scatter);
    if (plan->antithetic) add_squares(rows, values, w->odd, record + at->odd);
  }
  pdlt_moments_merge(values / plan->columns, plan->columns, &record[at->survivors],
                     record + at->mean, record + at->scatter, (double)rows, w->mean);
  add_changes(w, rows, record);
}

/* Whether K, V or other tensors are measured on the draw itself. */
static int measures_tensors(const pdlt_plan *plan) {
  return plan->moments > 0 && (plan->has[PDLT_QUANTITY_A] || !plan->control.weightless);
}

static int needs_weights(const pdlt_plan *plan) {
  return measures_tensors(plan) || plan->has[PDLT_QUANTITY_P] || plan->has[PDLT_QUANTITY_R] ||
         plan->has[PDLT_QUANTITY_Q_0] || plan->has[PDLT_QUANTITY_LOG_Q] ||
         !plan->control.weightless;
}

/* Trains draw `member` or, without outputs, draws it. 0: stopped early. */
static int take_draw(pdlt_worker *w, size_t member, size_t *rows, const volatile sig_atomic_t *stop,
                     double *record, double *samples) {
  const pdlt_plan *plan = w->plan;
  if (!plan->has[PDLT_QUANTITY_Z] && plan->keep == 0) {
    if (stop != NULL && *stop) return 0;
    if (needs_weights(plan))
      pdlt_network_draw(w->net, plan->ex->ensemble.seed, (uint64_t)member, w->theta);
    return 1;
  }
  const pdlt_member_outcome outcome = run_draw(w, member, *rows, stop, samples);
  if (outcome == PDLT_MEMBER_STOPPED) return 0;
  record[plan->at.diverged] += outcome == PDLT_MEMBER_DIVERGED;
  record[plan->at.unconverged] += outcome == PDLT_MEMBER_UNCONVERGED;
  *rows += outcome != PDLT_MEMBER_DIVERGED;
  if (outcome != PDLT_MEMBER_DIVERGED) add_moving(w, record);
  return 1;
}

/* A block of draws for a posterior. */
static int run_posterior(pdlt_worker *w, size_t first, size_t end,
                         const volatile sig_atomic_t *stop, double *record) {
  const pdlt_status status = pdlt_posterior_sums_add(&w->posterior, (uint64_t)first, (uint64_t)end,
                                                     stop, record + w->plan->at.posterior);
  if (status != PDLT_OK && status != PDLT_ERR_INTERRUPTED) w->status = status;
  record[w->plan->at.members] = record[w->plan->at.survivors] = (double)(end - first);
  return status == PDLT_OK;
}

int pdlt_block_run(pdlt_worker *w, size_t block, const volatile sig_atomic_t *stop, double *record,
                   double *samples) {
  const pdlt_plan *plan = w->plan;
  const size_t first = block * plan->block_members;
  size_t end = first + plan->block_members, rows = 0;
  if (end > plan->members) end = plan->members;
  memset(record, 0, plan->at.size * sizeof *record);
  if (plan->posterior.size > 0) return run_posterior(w, first, end, stop, record);
  w->tensors.rows = 0; /* of a block that was stopped */
  for (size_t member = first; member < end; member++) {
    const size_t before = rows;
    if (!take_draw(w, member, &rows, stop, record, samples)) return 0;
    begin_shift(w, record);
    if (!add_control(w, member, record)) return 0;
    if (plan->has[PDLT_QUANTITY_Z] && rows > before) keep_last(w, member, before, record);
    record[plan->at.members] += 1;
    add_matrices(w, (uint64_t)member, record);
    add_layers(w, record);
    add_logs(w, record);
    if (measures_tensors(plan)) pdlt_accumulator_add(&w->tensors, w->theta, record);
    add_differentials(w, (uint64_t)member, record);
    if (rows == PDLT_BLOCK_MEMBERS || member + 1 == end) {
      if (plan->has[PDLT_QUANTITY_Z]) add_moments(w, rows, record);
      rows = 0;
    }
  }
  if (plan->moments > 0) pdlt_accumulator_flush(&w->tensors, record);
  if (!plan->has[PDLT_QUANTITY_Z]) record[plan->at.survivors] = record[plan->at.members];
  return 1;
}
