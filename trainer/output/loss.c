/* loss.c - expected losses of the networks as arrays: see docs/losses.md, "Measured".
 *
 * Is: squared bias and variance of every output, summed over training or test samples.
 * Is not: their estimates (trainer/statistics/square_estimate.h, trainer/statistics/moments.h). */
#include <string.h>

#include "base/core/memory.h"
#include "trainer/output/internal.h"
#include "trainer/statistics/moments.h"
#include "trainer/statistics/square_estimate.h"

enum { TOTAL, BIAS, VARIANCE, KINDS };

/* Samples first <= a < last and their arrays (T); KINDS of them. */
typedef struct sample_set {
  int quantity[KINDS];
  size_t first, last;
  pdlt_estimates loss[KINDS];
} sample_set;

/* One time: diagonal moments of the blocks, and what follows from them. */
typedef struct diagonals {
  size_t p, stride;            /* of a block in `moments`: survivors, mean, scatter, odd */
  double *moments;             /* (B, 1 + 3 p) */
  double *odd;                 /* (B, p, c) */
  double *bias, *variance;     /* (p) */
  double *bias_b, *variance_b; /* (B, p) pseudo-values */
  double *storage;
} diagonals;

static pdlt_status new_diagonals(diagonals *d, const pdlt_width_output *out, pdlt_error *err) {
  const size_t p = out->plan->p, B = out->blocks;
  *d = (diagonals){.p = p, .stride = 1 + 3 * p};
  const pdlt_status status =
      pdlt_alloc(&d->storage, B * (d->stride + p * out->plan->columns) + 2 * (B + 1) * p,
                 sizeof *d->storage, err);
  if (status != PDLT_OK) return status;
  d->moments = d->storage;
  d->bias = d->moments + B * d->stride;
  d->variance = d->bias + p;
  d->bias_b = d->variance + p;
  d->variance_b = d->bias_b + B * p;
  d->odd = d->variance_b + B * p;
  return PDLT_OK;
}

static pdlt_status gather(diagonals *d, const pdlt_width_output *out, size_t t, pdlt_error *err) {
  const pdlt_plan *plan = out->plan;
  const size_t p = d->p, c = plan->columns;
  if (plan->antithetic && !plan->data->centered) {
    const pdlt_status status = pdlt_output_odd(out, t, d->odd, err);
    if (status != PDLT_OK) return status;
  }
  for (size_t b = 0; b < out->blocks; b++) {
    const double *record = out->records + b * plan->at.size;
    double *to = d->moments + b * d->stride;
    to[0] = record[plan->at.survivors];
    if (plan->data->centered) { /* of z(t) - z(0) */
      memcpy(to + 1, record + plan->at.change_mean + t * p, p * sizeof *to);
      memcpy(to + 1 + p, record + plan->at.change_scatter + t * p, p * sizeof *to);
      if (plan->antithetic)
        memcpy(to + 1 + 2 * p, record + plan->at.change_odd + t * p, p * sizeof *to);
      continue;
    }
    for (size_t i = 0; i < p; i++) {
      const size_t at = t * p + i, own = c == 1 ? 0 : i, diagonal = at * c + own;
      to[1 + i] = record[plan->at.mean + at];
      to[1 + p + i] = record[plan->at.scatter + diagonal];
      to[1 + 2 * p + i] = plan->antithetic ? d->odd[(b * p + i) * c + own] : 0;
    }
  }
  return PDLT_OK;
}

/* Bias and variance at time t; with a control, the bias is that of the controlled mean. */
static pdlt_status estimate(diagonals *d, const pdlt_width_output *out, const pdlt_estimates *z,
                            size_t t, pdlt_error *err) {
  const pdlt_plan *plan = out->plan;
  const int controlled = plan->control.linear;
  pdlt_status status = gather(d, out, t, err);
  if (status != PDLT_OK) return status;
  const pdlt_moment_blocks moments = {.blocks = out->blocks,
                                      .stride = d->stride,
                                      .times = d->p,
                                      .p = 1,
                                      .count = d->moments,
                                      .mean = d->moments + 1,
                                      .scatter = d->moments + 1 + d->p,
                                      .odd = plan->antithetic ? d->moments + 1 + 2 * d->p : NULL};
  const pdlt_bias_input bias = {.blocks = out->blocks,
                                .count = d->p,
                                .stride = controlled ? z->count : d->stride,
                                .weights = out->survivors,
                                .mean = controlled ? z->blocks + t * d->p : d->moments + 1,
                                .scatter = controlled ? NULL : d->moments + 1 + d->p,
                                .target = plan->data->y_all};
  status = pdlt_covariance_estimate(&moments, d->variance, d->variance_b, err);
  return status == PDLT_OK ? pdlt_bias_estimate(&bias, d->bias, d->bias_b, err) : status;
}

/* (1/2) sum over outputs and samples of x (n_L, D). */
static double half_sum(const pdlt_samples *data, const double *x, size_t first, size_t last) {
  double sum = 0;
  for (size_t i = 0; i < data->outputs; i++)
    for (size_t a = first; a < last; a++) sum += 0.5 * x[i * data->samples + a];
  return sum;
}

/* Time t of a set's arrays. */
static void fill_set(sample_set *set, const diagonals *d, const pdlt_width_output *out, size_t t) {
  const pdlt_samples *data = out->plan->data;
  const size_t T = out->plan->times;
  for (size_t b = 0; b <= out->blocks; b++) {
    const int all = b == out->blocks;
    const double *bias = all ? d->bias : d->bias_b + b * d->p;
    const double *variance = all ? d->variance : d->variance_b + b * d->p;
    const double x[KINDS] = {[BIAS] = half_sum(data, bias, set->first, set->last),
                             [VARIANCE] = half_sum(data, variance, set->first, set->last)};
    for (int k = 0; k < KINDS; k++) {
      double *to = all ? set->loss[k].estimate + t : set->loss[k].blocks + b * T + t;
      *to = k == TOTAL ? x[BIAS] + x[VARIANCE] : x[k];
    }
  }
}

/* Time t of loss_sample (T, D). */
static void fill_samples(pdlt_estimates *loss, const diagonals *d, const pdlt_width_output *out,
                         size_t t) {
  const pdlt_samples *data = out->plan->data;
  const size_t D = data->samples;
  for (size_t b = 0; b <= out->blocks; b++) {
    const int all = b == out->blocks;
    const double *bias = all ? d->bias : d->bias_b + b * d->p;
    const double *variance = all ? d->variance : d->variance_b + b * d->p;
    double *to = (all ? loss->estimate : loss->blocks + b * loss->count) + t * D;
    for (size_t a = 0; a < D; a++)
      to[a] = half_sum(data, bias, a, a + 1) + half_sum(data, variance, a, a + 1);
  }
}

static pdlt_status add_set(sample_set *set, const pdlt_width_output *out, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  for (int k = 0; k < KINDS && status == PDLT_OK; k++)
    status = pdlt_estimates_add(out, "", set->quantity[k], &set->loss[k], err);
  return status;
}

static void finish(const pdlt_width_output *out, pdlt_estimates *q) {
  pdlt_block_error(out->blocks, out->survivors, q->count, q->blocks, q->estimate, q->se);
}

pdlt_status pdlt_output_losses(const pdlt_width_output *out, const pdlt_estimates *z,
                               pdlt_error *err) {
  const pdlt_samples *data = out->plan->data;
  if (pdlt_plan_sum_size(out->plan, PDLT_QUANTITY_LOSS_TRAIN) > 0) return PDLT_OK;
  sample_set sets[2] = {{.quantity = {PDLT_QUANTITY_LOSS_TRAIN, PDLT_QUANTITY_LOSS_TRAIN_BIAS,
                                      PDLT_QUANTITY_LOSS_TRAIN_VARIANCE},
                         .last = data->train},
                        {.quantity = {PDLT_QUANTITY_LOSS_TEST, PDLT_QUANTITY_LOSS_TEST_BIAS,
                                      PDLT_QUANTITY_LOSS_TEST_VARIANCE},
                         .first = data->train,
                         .last = data->samples}};
  pdlt_estimates samples;
  diagonals d = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(new_diagonals(&d, out, err));
  PDLT_TRY(pdlt_estimates_add(out, "", PDLT_QUANTITY_LOSS_SAMPLE, &samples, err));
  for (int s = 0; s < 2; s++)
    if (sets[s].first < sets[s].last) PDLT_TRY(add_set(&sets[s], out, err));
  for (size_t t = 0; t < out->plan->times; t++) {
    PDLT_TRY(estimate(&d, out, z, t, err));
    fill_samples(&samples, &d, out, t);
    for (int s = 0; s < 2; s++)
      if (sets[s].first < sets[s].last) fill_set(&sets[s], &d, out, t);
  }
  finish(out, &samples);
  for (int s = 0; s < 2; s++)
    for (int k = 0; k < KINDS && sets[s].first < sets[s].last; k++) finish(out, &sets[s].loss[k]);
cleanup:
  pdlt_free(d.storage);
  return status;
}
