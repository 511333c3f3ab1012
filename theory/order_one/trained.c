/* trained.c - see trained.h. */
#include "theory/order_one/trained.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "theory/infinite/steps.h"
#include "theory/order_one/direct.h"
#include "theory/order_one/dntk.h"
#include "theory/order_one/end.h"
#include "theory/order_one/newton.h"

/* Of the covariance of batches, about a minute. */
static const double MOST_FLOPS = 3e10;

void pdlt_trained_free(pdlt_trained *trained) {
  pdlt_free(trained->storage);
  memset(trained, 0, sizeof *trained);
}

/* Numbers of the dNTK at one time. */
static size_t dntk_size(const pdlt_trained *w) {
  const size_t count = w->outputs * w->dntk_samples;
  return count * count * count;
}

static pdlt_status allocate(pdlt_trained *w, const pdlt_trained_input *input, pdlt_error *err) {
  const size_t T = input->num_times, count = input->in.lo.outputs * input->in.lo.D,
               square = input->mean_only ? 0 : count * count;
  w->blocks = input->features && input->truth != NULL ? input->truth->blocks : 0;
  const size_t features =
      input->features ? PDLT_FEATURE_COUNT * (T + 1) * (square + count) + T + (T + 2) * w->blocks
                      : 0;
  w->times = T, w->outputs = input->in.lo.outputs, w->D = input->in.lo.D;
  w->dntk_samples = input->mean_only ? 0 : input->dntk_samples;
  w->mean_only = input->mean_only;
  while (w->finite < T && !isinf(input->times[w->finite])) w->finite++;
  pdlt_status status = pdlt_alloc(
      &w->storage, 7 * (T + 1) * count + (2 * T + 1) * square + T * dntk_size(w) + features,
      sizeof *w->storage, err);
  if (status != PDLT_OK) return status;
  double *next = w->storage;
  w->z = pdlt_take(&next, T * count);
  w->parts = pdlt_take(&next, PDLT_DYNAMICS_PART_COUNT * T * count);
  w->end = pdlt_take(&next, count);
  w->end_parts = pdlt_take(&next, PDLT_DYNAMICS_PART_COUNT * count);
  w->change = pdlt_take(&next, T * count);
  w->change_end = pdlt_take(&next, count);
  w->theta = pdlt_take(&next, T * square);
  w->cov = pdlt_take(&next, T * square);
  w->cov_end = pdlt_take(&next, square);
  w->dntk = pdlt_take(&next, T * dntk_size(w));
  for (int k = 0; k < PDLT_FEATURE_COUNT && input->features; k++) {
    w->kernel[k] = pdlt_take(&next, T * square);
    w->kernel_end[k] = pdlt_take(&next, square);
    w->deviation[k] = pdlt_take(&next, T * count);
    w->deviation_end[k] = pdlt_take(&next, count);
  }
  if (input->features) w->alignment = pdlt_take(&next, T);
  w->weight_start = pdlt_take(&next, w->blocks);
  w->weight = pdlt_take(&next, T * w->blocks);
  w->weight_end = pdlt_take(&next, w->blocks);
  return PDLT_OK;
}

/* z = sum over parts of factor * part, count numbers each; parts are scaled too. */
static void scale_parts(const pdlt_mask *mask, size_t count, double *parts, double *z) {
  if (!mask->active) return;
  memset(z, 0, count * sizeof *z);
  for (size_t k = 0; k < PDLT_DYNAMICS_PART_COUNT; k++)
    for (size_t i = 0; i < count; i++) {
      parts[k * count + i] *= mask->part[k];
      z[i] += parts[k * count + i];
    }
}

/* parts (5, F, count) become (5, T, count); infinite times get the end. */
static void append_end(pdlt_trained *w) {
  const size_t count = w->outputs * w->D, square = w->mean_only ? 0 : count * count;
  const size_t finite = w->finite * count, all = w->times * count;
  for (size_t k = PDLT_DYNAMICS_PART_COUNT; k-- > 0;)
    memmove(w->parts + k * all, w->parts + k * finite, finite * sizeof(double));
  const size_t cube = dntk_size(w);
  for (size_t i = w->finite * square; i < w->times * square && !w->have_end; i++) w->theta[i] = NAN;
  for (size_t i = w->finite * cube; i < w->times * cube && !w->have_end; i++) w->dntk[i] = NAN;
  for (size_t t = w->finite; t < w->times; t++) {
    memcpy(w->z + t * count, w->end, count * sizeof(double));
    memcpy(w->cov + t * square, w->cov_end, square * sizeof(double));
    memcpy(w->change + t * count, w->change_end, count * sizeof(double));
    for (size_t k = 0; k < PDLT_DYNAMICS_PART_COUNT; k++)
      memcpy(w->parts + k * all + t * count, w->end_parts + k * count, count * sizeof(double));
  }
}

/* Where the variance of z(t) - z(0) goes, which is asked for with centered targets alone. */
static double *change_of(const pdlt_dynamics *dyn, double *change) {
  return dyn->lo.centered ? change : NULL;
}

/* cov: NULL for the mean alone. */
static pdlt_status run_end(pdlt_trained *w, const pdlt_dynamics *dyn, const pdlt_covariance *cov,
                           pdlt_error *err) {
  pdlt_error why = {0};
  pdlt_status status = pdlt_end(dyn, w->end, w->end_parts, &why);
  w->have_end = status == PDLT_OK;
  if (status == PDLT_OK && !w->mean_only)
    status = pdlt_covariance_end(cov, w->cov_end, change_of(dyn, w->change_end), &why);
  const size_t square = w->outputs * w->D * w->outputs * w->D;
  for (size_t t = w->finite; t < w->times && status == PDLT_OK && !w->mean_only; t++)
    status = pdlt_end_ntk(dyn, w->theta + t * square, &why);
  if (status == PDLT_ERR_INPUT) {
    snprintf(w->why, sizeof w->why, "%s", why.message);
    return PDLT_OK;
  }
  return status == PDLT_OK ? PDLT_OK : pdlt_fail(err, status, "%s", why.message);
}

/* Kernels and deviations at these times, of z_nlo with these parts (5, T, n_L, D). */
static pdlt_status run_features(const pdlt_trained *w, const pdlt_dynamics *dyn, size_t num_times,
                                const double *times, const double *parts, double *const *kernel,
                                double *const *deviation, pdlt_error *err) {
  pdlt_features features = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_features_new(&features, dyn, num_times, times, err));
  for (int k = 0; k < PDLT_FEATURE_COUNT; k++) {
    PDLT_TRY(pdlt_features_kernel(&features, (pdlt_feature)k, kernel[k], err));
    if (w->have_end)
      PDLT_TRY(pdlt_features_deviation(&features, (pdlt_feature)k, parts, deviation[k], err));
  }
cleanup:
  pdlt_features_free(&features);
  return status;
}

static void align(pdlt_trained *w, const pdlt_training *lo) {
  const size_t square = w->outputs * w->D * w->outputs * w->D;
  const size_t times = w->have_end ? w->times : w->finite;
  w->alignment_start = pdlt_features_alignment(lo);
  for (size_t t = 0; t < w->times; t++)
    w->alignment[t] =
        t < times ? pdlt_features_alignment_change(lo, w->kernel[PDLT_FEATURE_K_E] + t * square)
                  : NAN;
  if (w->have_end)
    w->alignment_end = pdlt_features_alignment_change(lo, w->kernel_end[PDLT_FEATURE_K_E]);
}

static pdlt_status weigh(pdlt_trained *w, const pdlt_truth *truth, const double *theta,
                         pdlt_error *err) {
  const size_t n = w->outputs, square = n * w->D * n * w->D, B = w->blocks;
  const double *kernel = w->kernel[PDLT_FEATURE_K_E];
  pdlt_status status = PDLT_OK;
  if (B == 0) return PDLT_OK;
  pdlt_truth_weights(truth, theta, w->weight_start);
  for (size_t k = 0; k < w->times * B; k++) w->weight[k] = NAN;
  for (size_t t = 0; t < (w->have_end ? w->times : w->finite); t++)
    PDLT_TRY(
        pdlt_features_weight_change(truth, n, theta, kernel + t * square, w->weight + t * B, err));
  if (w->have_end)
    PDLT_TRY(pdlt_features_weight_change(truth, n, theta, w->kernel_end[PDLT_FEATURE_K_E],
                                         w->weight_end, err));
cleanup:
  return status;
}

/* At all times and at the end; parts are there at infinite times too. */
static pdlt_status add_features(pdlt_trained *w, const pdlt_dynamics *dyn,
                                const pdlt_trained_input *input, pdlt_error *err) {
  const double end = INFINITY, *times = input->times;
  pdlt_status status = PDLT_OK;
  if (w->kernel[0] == NULL) return PDLT_OK;
  PDLT_TRY(run_features(w, dyn, w->have_end ? w->times : w->finite, times, w->parts, w->kernel,
                        w->deviation, err));
  if (w->have_end)
    PDLT_TRY(run_features(w, dyn, 1, &end, w->end_parts, w->kernel_end, w->deviation_end, err));
  align(w, &dyn->lo);
  PDLT_TRY(weigh(w, input->truth, input->in.lo.theta, err));
cleanup:
  return status;
}

/* By gradient descent or its flow. */
static pdlt_status run_plain(pdlt_trained *out, const pdlt_trained_input *input, pdlt_error *err) {
  pdlt_trained w = {0};
  pdlt_dynamics dyn = {0};
  pdlt_covariance cov = {0};
  pdlt_dynamics_input in = input->in;
  in.factors = input->mask->active ? &input->mask->dynamics : NULL;
  in.keep = 1;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(allocate(&w, input, err));
  PDLT_TRY(pdlt_dynamics_new(&dyn, &in, err));
  pdlt_progress_add(in.progress, 0.1); /* the rest: mean.c, cov.c */
  PDLT_TRY(pdlt_dynamics_run(&dyn, w.finite, input->times, w.z, w.parts, w.theta, err));
  PDLT_TRY(pdlt_covariance_new(&cov, &dyn, &in, input->g1, input->d, input->f, err));
  PDLT_TRY(
      pdlt_covariance_run(&cov, w.finite, input->times, w.cov, change_of(&dyn, w.change), err));
  PDLT_TRY(run_end(&w, &dyn, &cov, err));
  PDLT_TRY(pdlt_dynamics_dntk(&dyn.lo, &in, w.dntk_samples, w.have_end ? w.times : w.finite,
                              input->times, w.dntk, err));
  scale_parts(input->mask, w.finite * w.outputs * w.D, w.parts, w.z);
  scale_parts(input->mask, w.outputs * w.D, w.end_parts, w.end);
  append_end(&w);
  PDLT_TRY(add_features(&w, &dyn, input, err));
  *out = w;
  w.storage = NULL;
cleanup:
  pdlt_covariance_free(&cov);
  pdlt_dynamics_free(&dyn);
  pdlt_trained_free(&w);
  return status;
}

/* By batches: mean and covariance, where times are finite; they are 0 beyond. */
static pdlt_status run_batches(pdlt_trained *out, const pdlt_trained_input *input,
                               pdlt_error *err) {
  pdlt_trained_input mean = *input;
  pdlt_trained w = {.batches = 1};
  pdlt_dynamics_input in = input->in;
  in.factors = input->mask->active ? &input->mask->dynamics : NULL;
  mean.features = 0;
  mean.dntk_samples = 0;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(allocate(&w, &mean, err));
  snprintf(w.why, sizeof w.why, "%s",
           "order 1/n of batches goes step by step, and the end of training has no last one");
  PDLT_TRY(pdlt_direct_run(&in, w.finite, input->times, w.z, w.parts, err));
  const double steps = w.finite > 0 ? input->times[w.finite - 1] : 0;
  w.have_cov = pdlt_direct_covariance_flops(&in.lo, steps) <= MOST_FLOPS;
  if (w.have_cov)
    PDLT_TRY(pdlt_direct_covariance(&in, input->g1, input->d, input->f, w.finite, input->times,
                                    w.cov, err));
  scale_parts(input->mask, w.finite * w.outputs * w.D, w.parts, w.z);
  append_end(&w);
  *out = w;
  w.storage = NULL;
cleanup:
  pdlt_trained_free(&w);
  return status;
}

pdlt_status pdlt_trained_new(pdlt_trained *out, const pdlt_trained_input *input, pdlt_error *err) {
  pdlt_newton newton = {.back = NULL};
  pdlt_trained w = {0};
  pdlt_status status = PDLT_OK;
  if (pdlt_steps_are_plain(&input->in.lo)) return run_plain(out, input, err);
  if (!input->in.lo.newton) return run_batches(out, input, err);
  PDLT_TRY(pdlt_newton_new(&newton, input, err));
  PDLT_TRY(run_plain(&w, &newton.input, err));
  PDLT_TRY(pdlt_newton_return(&newton, &w, err));
  *out = w;
  w.storage = NULL;
cleanup:
  pdlt_newton_free(&newton);
  pdlt_trained_free(&w);
  return status;
}

/* Everything once more: move number `pass`. copies: room for tensors of rank 2, and where the others are not moved
 * on their way into the eigenbasis, for all. */
static pdlt_status move_once(pdlt_trained_errors *out, const pdlt_trained *trained,
                             const pdlt_trained_input *input, const pdlt_doubt *doubt,
                             uint64_t pass, double *copies, pdlt_error *err) {
  const size_t D = input->in.lo.D, square = D * D, four = square * square;
  const int late = pdlt_steps_are_plain(&input->in.lo);
  pdlt_trained_input moved = *input;
  pdlt_trained other = {0};
  double *next = copies;
  uint64_t tag = 0;
  if (late) moved.in.move = (pdlt_doubt_pass){.doubts = doubt, .pass = pass};
#define MOVE(name, field, rank)                                           \
  if ((rank) == 2 || !late) {                                             \
    pdlt_doubt_move(next, input->field, rank, D, pass, tag, doubt + tag); \
    moved.field = next;                                                   \
    next += (rank) == 2 ? square : four;                                  \
  }                                                                       \
  tag++;
  PDLT_TRAINED_TENSORS(MOVE)
#undef MOVE
  const pdlt_status status = pdlt_trained_new(&other, &moved, err);
  if (status != PDLT_OK) return status;
  const size_t count = trained->outputs * D, all = count * count;
  const size_t T = trained->times, cube = dntk_size(trained);
  pdlt_doubt_raise(&out->z, T * count, trained->z, other.z);
  pdlt_doubt_raise(&out->theta, T * all, trained->theta, other.theta);
  pdlt_doubt_raise(&out->dntk, T * cube, trained->dntk, other.dntk);
  pdlt_doubt_raise(&out->cov, T * all, trained->cov, other.cov);
  pdlt_doubt_raise(&out->end, count, trained->end, other.end);
  pdlt_doubt_raise(&out->cov_end, all, trained->cov_end, other.cov_end);
  pdlt_doubt_raise(&out->change, T * count, trained->change, other.change);
  pdlt_doubt_raise(&out->change_end, count, trained->change_end, other.change_end);
  for (int k = 0; k < PDLT_FEATURE_COUNT && input->features; k++) {
    pdlt_doubt_raise(&out->kernel[k], T * all, trained->kernel[k], other.kernel[k]);
    pdlt_doubt_raise(&out->kernel_end[k], all, trained->kernel_end[k], other.kernel_end[k]);
    pdlt_doubt_raise(&out->deviation[k], T * count, trained->deviation[k], other.deviation[k]);
    pdlt_doubt_raise(&out->deviation_end[k], count, trained->deviation_end[k],
                     other.deviation_end[k]);
  }
  if (input->features) {
    pdlt_doubt_raise(&out->alignment, T, trained->alignment, other.alignment);
    pdlt_doubt_raise(&out->alignment_start, 1, &trained->alignment_start, &other.alignment_start);
    pdlt_doubt_raise(&out->alignment_end, 1, &trained->alignment_end, &other.alignment_end);
    pdlt_doubt_raise(&out->weight, T * other.blocks, trained->weight, other.weight);
    pdlt_doubt_raise(&out->weight_start, other.blocks, trained->weight_start, other.weight_start);
    pdlt_doubt_raise(&out->weight_end, other.blocks, trained->weight_end, other.weight_end);
  }
  pdlt_trained_free(&other);
  return PDLT_OK;
}

/* How many times tensors are moved. */
static uint64_t passes_of(const pdlt_doubt *doubt) {
  for (int k = 0; k < PDLT_TRAINED_TENSOR_COUNT; k++)
    if (doubt[k].moved[0] != NULL) return PDLT_DOUBT_PASSES;
  return 1;
}

pdlt_status pdlt_trained_error(pdlt_trained_errors *out, const pdlt_trained *trained,
                               const pdlt_trained_input *input, const pdlt_doubt *doubt,
                               pdlt_error *err) {
  const size_t D = input->in.lo.D, square = D * D, four = square * square;
  pdlt_trained_errors errors = {0};
  double *copies = NULL;
  pdlt_status status = PDLT_OK;
  const uint64_t passes = passes_of(doubt);
  const size_t large = pdlt_steps_are_plain(&input->in.lo) ? 0 : 10 * four;
  PDLT_TRY(pdlt_alloc(&copies, 4 * square + large, sizeof *copies, err));
  for (uint64_t pass = 0; pass < passes; pass++)
    PDLT_TRY(move_once(&errors, trained, input, doubt, pass, copies, err));
  *out = errors;
cleanup:
  pdlt_free(copies);
  return status;
}

/* ---- the mean alone ---- */

/* Move number pass - 1 of a run, or, of 0, none: its input, tensors of rank 2 in copies. */
static pdlt_trained_input moved_input(const pdlt_trained_input *input, const pdlt_doubt *doubt,
                                      uint64_t pass, double *copies) {
  const size_t D = input->in.lo.D;
  pdlt_trained_input moved = *input;
  moved.in.factors = input->mask->active ? &input->mask->dynamics : NULL;
  if (pass == 0) return moved;
  moved.in.move = (pdlt_doubt_pass){.doubts = doubt, .pass = pass - 1};
  const double **small[3] = {&moved.in.lo.K, &moved.in.lo.theta, &moved.in.theta1};
  for (uint64_t tag = 0; tag < 3; tag++, copies += D * D) {
    pdlt_doubt_move(copies, *small[tag], 2, D, pass - 1, tag, doubt + tag);
    *small[tag] = copies;
  }
  return moved;
}

/* dd: arrays of R, S, T, U, handed on from one run to the next. */
static pdlt_status run_mean(pdlt_trained *out, pdlt_dynamics *dyn, double *dd[4],
                            const pdlt_trained_input *input, pdlt_error *err) {
  pdlt_trained w = {0};
  pdlt_status status = PDLT_OK;
  memcpy(dyn->dd, dd, sizeof dyn->dd);
  memset(dd, 0, sizeof dyn->dd);
  PDLT_TRY(pdlt_dynamics_load(dyn, &input->in, err));
  PDLT_TRY(allocate(&w, input, err));
  PDLT_TRY(pdlt_dynamics_run(dyn, w.finite, input->times, w.z, w.parts, NULL, err));
  PDLT_TRY(run_end(&w, dyn, NULL, err));
  scale_parts(input->mask, w.finite * w.outputs * w.D, w.parts, w.z);
  scale_parts(input->mask, w.outputs * w.D, w.end_parts, w.end);
  append_end(&w);
  *out = w;
  w.storage = NULL;
  memcpy(dd, dyn->dd, sizeof dyn->dd);
  memset(dyn->dd, 0, sizeof dyn->dd);
cleanup:
  pdlt_trained_free(&w);
  return status;
}

pdlt_status pdlt_trained_mean(pdlt_trained *out, pdlt_trained_errors *errors,
                              const pdlt_trained_input *input, const pdlt_doubt *doubt,
                              void (*release)(void *), void *self, pdlt_error *err) {
  const uint64_t runs = 1 + passes_of(doubt);
  const size_t D = input->in.lo.D, room = 3 * D * D;
  pdlt_dynamics dyn[1 + PDLT_DOUBT_PASSES] = {0};
  pdlt_trained first = {0}, other = {0};
  pdlt_trained_errors most = {0};
  double *copies = NULL, *dd[4] = {NULL};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&copies, runs * room, sizeof *copies, err));
  for (uint64_t k = 0; k < runs; k++) {
    const pdlt_trained_input moved = moved_input(input, doubt, k, copies + k * room);
    PDLT_TRY(pdlt_dynamics_start(&dyn[k], &moved.in, err));
  }
  if (release != NULL) release(self);
  for (uint64_t k = 0; k < runs; k++) {
    const pdlt_trained_input moved = moved_input(input, doubt, k, copies + k * room);
    PDLT_TRY(run_mean(k == 0 ? &first : &other, &dyn[k], dd, &moved, err));
    pdlt_dynamics_free(&dyn[k]);
    if (k == 0) continue;
    pdlt_doubt_raise(&most.z, first.times * first.outputs * D, first.z, other.z);
    pdlt_doubt_raise(&most.end, first.outputs * D, first.end, other.end);
    pdlt_trained_free(&other);
  }
  *errors = most;
  *out = first;
  first.storage = NULL;
cleanup:
  for (uint64_t k = 0; k < runs; k++) pdlt_dynamics_free(&dyn[k]);
  for (int i = 0; i < 4; i++) pdlt_free(dd[i]);
  pdlt_trained_free(&first);
  pdlt_trained_free(&other);
  pdlt_free(copies);
  return status;
}
