/* means.c - the arrays of measured.npz: see output.h.
 *
 * Is: the order of the arrays, and those of the trained outputs.
 * Is not: losses and tensors (the other files of this folder). */
#include "trainer/output/output.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "trainer/output/internal.h"
#include "trainer/statistics/controlled_mean.h"
#include "trainer/statistics/moments.h"

static pdlt_status write_mean(const pdlt_width_output *out, pdlt_estimates *z, pdlt_error *err) {
  const pdlt_plan *plan = out->plan;
  pdlt_status status = pdlt_estimates_add(out, "", PDLT_QUANTITY_Z, z, err);
  if (status != PDLT_OK) return status;
  const pdlt_controlled_sums sums = {.blocks = out->blocks,
                                     .stride = plan->at.size,
                                     .times = plan->times,
                                     .p = plan->p,
                                     .count = out->records + plan->at.survivors,
                                     .mean = out->records + plan->at.mean,
                                     .shift = out->records + plan->at.shift};
  if (plan->control.linear) {
    status = pdlt_controlled_values(&sums, plan->control.fitted, z->blocks, err);
    if (status != PDLT_OK) return status;
  }
  for (size_t b = 0; b < out->blocks && !plan->control.linear; b++)
    memcpy(z->blocks + b * z->count, out->records + b * plan->at.size + plan->at.mean,
           z->count * sizeof *z->blocks);
  pdlt_estimates_finish(out, out->survivors, z);
  return PDLT_OK;
}

/* Moments of the blocks at one time: survivors, mean (p), scatter and odd (p, p). */
static void gather_moments(const pdlt_width_output *out, size_t t, const double *odd,
                           double *rows) {
  const pdlt_plan *plan = out->plan;
  const size_t p = plan->p, square = p * p;
  for (size_t b = 0; b < out->blocks; b++, rows += 1 + p + 2 * square) {
    const double *record = out->records + b * plan->at.size;
    rows[0] = record[plan->at.survivors];
    memcpy(rows + 1, record + plan->at.mean + t * p, p * sizeof *rows);
    memcpy(rows + 1 + p, record + plan->at.scatter + t * square, square * sizeof *rows);
    if (plan->antithetic) memcpy(rows + 1 + p + square, odd + b * square, square * sizeof *rows);
  }
}

static pdlt_status write_covariance(const pdlt_width_output *out, pdlt_estimates *cov,
                                    pdlt_error *err) {
  const pdlt_plan *plan = out->plan;
  const size_t p = plan->p, square = p * p, B = out->blocks, stride = 1 + p + 2 * square;
  double *work = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_estimates_add(out, "", PDLT_QUANTITY_COV, cov, err));
  PDLT_TRY(pdlt_alloc(&work, B * (stride + 2 * square), sizeof *work, err));
  double *odd = work + B * stride, *pseudo = odd + B * square;
  const pdlt_moment_blocks moments = {.blocks = B,
                                      .stride = stride,
                                      .times = 1,
                                      .p = p,
                                      .count = work,
                                      .mean = work + 1,
                                      .scatter = work + 1 + p,
                                      .odd = plan->antithetic ? work + 1 + p + square : NULL};
  for (size_t t = 0; t < plan->times; t++) {
    if (plan->antithetic) PDLT_TRY(pdlt_output_odd(out, t, odd, err));
    gather_moments(out, t, odd, work);
    PDLT_TRY(pdlt_covariance_estimate(&moments, cov->estimate + t * square, pseudo, err));
    for (size_t b = 0; b < B; b++)
      memcpy(cov->blocks + (b * plan->times + t) * square, pseudo + b * square,
             square * sizeof *pseudo);
  }
  pdlt_block_error(B, out->survivors, cov->count, cov->blocks, cov->estimate, cov->se);
cleanup:
  pdlt_free(work);
  return status;
}

/* Quantity k, NAME_end, where it is measured and that one stored: the last time of NAME. */
static pdlt_status write_end(const pdlt_width_output *out, int k, pdlt_error *err) {
  const pdlt_plan *plan = out->plan;
  const int of = pdlt_quantity_of_end(k);
  if (!plan->has[k] || pdlt_plan_drops(plan, of, NULL, NULL)) return PDLT_OK;
  pdlt_estimates end;
  const pdlt_status status = pdlt_estimates_add(out, "", k, &end, err);
  if (status != PDLT_OK) return status;
  const char *name = pdlt_quantities[of].name;
  const pdlt_array *x = pdlt_archive_getf(out->archive, "n%d/%s", out->n, name);
  const pdlt_array *se = pdlt_archive_getf(out->archive, "n%d/%s_se", out->n, name);
  const pdlt_array *blocks = pdlt_archive_getf(out->archive, "n%d/blocks/%s", out->n, name);
  const size_t count = pdlt_array_count(x), skip = count - end.count;
  memcpy(end.estimate, x->data + skip, end.count * sizeof *end.estimate);
  memcpy(end.se, se->data + skip, end.count * sizeof *end.se);
  for (size_t b = 0; b < out->blocks; b++)
    memcpy(end.blocks + b * end.count, blocks->data + b * count + skip,
           end.count * sizeof *end.blocks);
  return PDLT_OK;
}

static pdlt_status write_ends(const pdlt_width_output *out, unsigned words, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  for (int k = 0; k < PDLT_QUANTITIES && status == PDLT_OK; k++)
    if (pdlt_quantities[k].drawn == PDLT_DRAWN_END && pdlt_quantities[k].words == words)
      status = write_end(out, k, err);
  return status;
}

static pdlt_status write_outputs(const pdlt_width_output *out, pdlt_error *err) {
  const pdlt_plan *plan = out->plan;
  const int keeps =
      plan->has[PDLT_QUANTITY_COV] && !pdlt_plan_drops(plan, PDLT_QUANTITY_COV, NULL, NULL);
  pdlt_estimates z, cov;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(write_mean(out, &z, err));
  if (keeps) PDLT_TRY(write_covariance(out, &cov, err));
  PDLT_TRY(pdlt_output_losses(out, &z, err));
  PDLT_TRY(write_ends(out, PDLT_MEASURE_OUTPUT, err));
cleanup:
  return status;
}

/* Share of the variance of z at the last time that the outermost draws carry. */
static pdlt_status write_top_share(const pdlt_width_output *out, pdlt_error *err) {
  const pdlt_plan *plan = out->plan;
  double share = NAN, *value = NULL;
  pdlt_status status =
      pdlt_top_share(&plan->top, out->blocks, plan->at.size, out->records + plan->at.top,
                     plan->control.fitted, &share, err);
  if (status == PDLT_OK) status = pdlt_output_add(out, "", "top_share", "", 0, NULL, &value, err);
  if (status == PDLT_OK) *value = share;
  return status;
}

static pdlt_status write_counts(const pdlt_width_output *out, pdlt_error *err) {
  const pdlt_plan *plan = out->plan;
  const struct {
    const char *name;
    size_t at;
  } counts[] = {{"members", plan->at.members},
                {"diverged", plan->at.diverged},
                {"unconverged", plan->at.unconverged}};
  pdlt_status status = PDLT_OK;
  double *value;
  for (int k = 0; k < 3; k++) {
    PDLT_TRY(pdlt_output_add(out, "", counts[k].name, "", 0, NULL, &value, err));
    for (size_t b = 0; b < out->blocks; b++)
      *value += out->records[b * plan->at.size + counts[k].at];
  }
  PDLT_TRY(pdlt_output_add(out, "blocks/", "members", "", 1, &out->blocks, &value, err));
  memcpy(value, out->survivors, out->blocks * sizeof *value);
  if (plan->keep == 0) return PDLT_OK;
  const size_t dim[4] = {plan->keep, plan->times, plan->data->outputs, plan->data->samples};
  PDLT_TRY(pdlt_output_add(out, "samples/", "z", "", 4, dim, &value, err));
  memcpy(value, out->samples, plan->keep * plan->times * plan->p * sizeof *value);
cleanup:
  return status;
}

static pdlt_status write_width(const pdlt_width_output *out, pdlt_error *err) {
  const pdlt_plan *plan = out->plan;
  pdlt_status status = PDLT_OK;
  for (size_t b = 0; b < out->blocks; b++) {
    out->survivors[b] = out->records[b * plan->at.size + plan->at.survivors];
    out->members[b] = out->records[b * plan->at.size + plan->at.members];
  }
  PDLT_TRY(write_counts(out, err));
  if (plan->has[PDLT_QUANTITY_Z]) PDLT_TRY(write_outputs(out, err));
  if (plan->has[PDLT_QUANTITY_Z]) PDLT_TRY(write_top_share(out, err));
  if (plan->moments > 0) PDLT_TRY(pdlt_output_products(out, err));
  if (plan->posterior.size > 0) PDLT_TRY(pdlt_output_posterior(out, err));
  for (int k = 0; k < PDLT_QUANTITIES; k++)
    if (pdlt_plan_sum_size(plan, k) > 0 && !pdlt_plan_drops(plan, k, NULL, NULL))
      PDLT_TRY(pdlt_output_mean(out, k, err));
  PDLT_TRY(write_ends(out, PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES, err));
cleanup:
  return status;
}

pdlt_status pdlt_output_write(pdlt_archive *archive, const pdlt_plan *plan,
                              const pdlt_records *blocks, pdlt_error *err) {
  const pdlt_experiment *ex = plan->ex;
  const size_t num_widths = ex->network.num_widths, num_times = plan->times;
  pdlt_array *widths = NULL, *times = NULL;
  double *weights = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&weights, 2 * plan->blocks, sizeof *weights, err));
  PDLT_TRY(pdlt_archive_new(archive, "widths", 1, &num_widths, &widths, err));
  for (size_t w = 0; w < num_widths; w++) widths->data[w] = ex->network.widths[w];
  PDLT_TRY(pdlt_archive_new(archive, "times", 1, &num_times, &times, err));
  memcpy(times->data, plan->schedule.times, num_times * sizeof *times->data);
  for (size_t w = 0; w < num_widths; w++) {
    const pdlt_width_output out = {archive,
                                   plan,
                                   ex->network.widths[w],
                                   plan->blocks,
                                   blocks->records + w * plan->blocks * plan->at.size,
                                   blocks->samples + w * plan->keep * blocks->sample,
                                   weights,
                                   weights + plan->blocks};
    PDLT_TRY(write_width(&out, err));
  }
cleanup:
  pdlt_free(weights);
  return status;
}
