/* posterior.c - posteriors as arrays: see docs/posterior.md, "Measured".
 *
 * Is: the jackknife over blocks, which controls are used, and the arrays of quantities drawn WEIGHTED.
 * Is not: the estimates themselves (trainer/posterior/estimate.h) or the fit (trainer/statistics/regression.h). */
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "trainer/output/internal.h"
#include "trainer/posterior/estimate.h"
#include "trainer/statistics/regression.h"

/* At least so many blocks for each control. */
enum { BLOCKS_PER_CONTROL = 6 };

typedef struct posterior_width {
  const pdlt_width_output *out;
  const pdlt_posterior_shape *shape;
  double *total, *others; /* (size) sums of all blocks; of all but one */
  pdlt_regression fit;
} posterior_width;

static const double *sums_of(const posterior_width *w, size_t block) {
  const pdlt_plan *plan = w->out->plan;
  return w->out->records + block * plan->at.size + plan->at.posterior;
}

/* Controls of the first ranks, as many as there are blocks for: marks them in use (count), returns how many. */
static size_t choose(const pdlt_posterior_shape *shape, size_t blocks, unsigned char *use) {
  unsigned char rank[PDLT_MAX_PRIOR_CONTROLS];
  const size_t count = shape->controls.count;
  size_t chosen = 0;
  pdlt_prior_controls_rank(&shape->controls, rank);
  for (int r = 0; r < PDLT_PRIOR_CONTROL_RANKS; r++) {
    size_t more = 0;
    for (size_t k = 0; k < count; k++) more += rank[k] == r;
    if ((chosen + more) * BLOCKS_PER_CONTROL > blocks) break;
    for (size_t k = 0; k < count; k++)
      if (rank[k] == r) use[k] = 1;
    chosen += more;
  }
  return chosen;
}

static pdlt_status new_fit(posterior_width *w, pdlt_error *err) {
  const size_t B = w->out->blocks, count = w->shape->controls.count;
  unsigned char use[PDLT_MAX_PRIOR_CONTROLS] = {0};
  const size_t chosen = count > 0 ? choose(w->shape, B, use) : 0;
  double *controls = NULL, *next;
  if (chosen == 0) return PDLT_OK;
  pdlt_status status = pdlt_alloc(&controls, B * chosen, sizeof *controls, err);
  if (status != PDLT_OK) return status;
  next = controls;
  for (size_t b = 0; b < B; b++)
    for (size_t k = 0; k < count; k++)
      if (use[k]) *next++ = sums_of(w, b)[w->shape->control + k] / w->out->members[b];
  status = pdlt_regression_new(&w->fit, B, w->out->members, chosen, controls, err);
  pdlt_free(controls);
  return status;
}

/* blocks (B, count): jackknife pseudo-values (N/w_b) f - (N/w_b - 1) f without block b. */
static void jackknife(posterior_width *w, int k, size_t layer, pdlt_estimates *x) {
  const pdlt_width_output *out = w->out;
  double draws = 0;
  for (size_t b = 0; b < out->blocks; b++) draws += out->members[b];
  pdlt_posterior_estimate(w->shape, k, layer, w->total, x->estimate);
  for (size_t b = 0; b < out->blocks; b++) {
    const double *sums = sums_of(w, b);
    const double share = draws / out->members[b];
    double *value = x->blocks + b * x->count;
    for (size_t i = 0; i < w->shape->size; i++) w->others[i] = w->total[i] - sums[i];
    pdlt_posterior_estimate(w->shape, k, layer, w->others, value);
    for (size_t i = 0; i < x->count; i++)
      value[i] = share * x->estimate[i] - (share - 1) * value[i];
  }
}

/* Of a chain: log w of draws that follow each other is alike, and the mean of a block varies more than that
 * of independent draws would. So many independent draws there are for each, from all blocks but one
 * (B: from all): variance of log w over members times that of its mean over a block. */
static double chain_share(const posterior_width *w, size_t without) {
  const pdlt_posterior_shape *s = w->shape;
  double draws = 0, sum = 0, square = 0, between = 0;
  size_t count = 0;
  for (size_t b = 0; b < w->out->blocks; b++) {
    if (b == without) continue;
    draws += sums_of(w, b)[s->draws];
    sum += sums_of(w, b)[s->log];
    square += sums_of(w, b)[s->log2];
  }
  const double mean = sum / draws;
  for (size_t b = 0; b < w->out->blocks; b++) {
    if (b == without) continue;
    const double *of = sums_of(w, b), d = of[s->log] / of[s->draws] - mean;
    between += of[s->draws] * d * d;
    count++;
  }
  between /= (double)count - 1;
  return between > 0 ? (square / draws - mean * mean) / between : 1;
}

/* post_ess: its share of the draws, by the jackknife, times the draws. */
static pdlt_status put_ess(posterior_width *w, pdlt_error *err) {
  const pdlt_width_output *out = w->out;
  pdlt_estimates x;
  const pdlt_status status = pdlt_estimates_add(out, "", PDLT_QUANTITY_POST_ESS, &x, err);
  if (status != PDLT_OK) return status;
  const double draws = w->total[w->shape->draws];
  jackknife(w, PDLT_QUANTITY_POST_ESS, 0, &x);
  for (size_t b = 0; b < out->blocks; b++) {
    const double share = draws / out->members[b];
    if (w->shape->chain)
      x.blocks[b] = share * chain_share(w, out->blocks) - (share - 1) * chain_share(w, b);
    x.blocks[b] *= draws;
  }
  pdlt_estimates_finish(out, out->members, &x);
  return PDLT_OK;
}

static pdlt_status put(posterior_width *w, const char *prefix, int k, size_t layer,
                       pdlt_error *err) {
  pdlt_estimates x;
  pdlt_status status = pdlt_estimates_add(w->out, prefix, k, &x, err);
  if (status != PDLT_OK) return status;
  jackknife(w, k, layer, &x);
  PDLT_TRY(pdlt_regression_apply(&w->fit, x.count, x.blocks, err));
  pdlt_estimates_finish(w->out, w->out->members, &x);
cleanup:
  return status;
}

static pdlt_status put_quantity(posterior_width *w, int k, pdlt_error *err) {
  const size_t layers = w->out->plan->readouts;
  char prefix[32];
  if (k == PDLT_QUANTITY_POST_ESS) return put_ess(w, err);
  pdlt_status status = put(w, "", k, 0, err);
  const int layered = (pdlt_quantities[k].flags & PDLT_QUANTITY_LAYERED) != 0 && layers > 1;
  for (size_t l = 1; layered && l <= layers && status == PDLT_OK; l++) {
    snprintf(prefix, sizeof prefix, "layer%zu/", l);
    status = put(w, prefix, k, l, err);
  }
  if (status == PDLT_OK && pdlt_quantity_has_slices(&pdlt_quantities[k]))
    status = pdlt_output_slices(w->out, k, err);
  return status;
}

pdlt_status pdlt_output_posterior(const pdlt_width_output *out, pdlt_error *err) {
  posterior_width w = {.out = out, .shape = &out->plan->posterior};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&w.total, 2 * w.shape->size, sizeof *w.total, err));
  w.others = w.total + w.shape->size;
  for (size_t b = 0; b < out->blocks; b++)
    for (size_t i = 0; i < w.shape->size; i++) w.total[i] += sums_of(&w, b)[i];
  PDLT_TRY(new_fit(&w, err));
  for (int k = 0; k < PDLT_QUANTITIES; k++)
    if (out->plan->has[k] && pdlt_quantities[k].drawn == PDLT_DRAWN_WEIGHTED)
      PDLT_TRY(put_quantity(&w, k, err));
cleanup:
  pdlt_regression_free(&w.fit);
  pdlt_free(w.total);
  return status;
}
