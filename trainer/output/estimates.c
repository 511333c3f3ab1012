/* estimates.c - NAME, NAME_se and blocks/NAME of a quantity: see internal.h.
 *
 * Is: how such arrays are named and filled; quantities that are means over draws.
 * Is not: which quantities there are (base/experiment/quantity.h). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/experiment/loss.h"
#include "trainer/output/internal.h"
#include "trainer/statistics/moments.h"

pdlt_status pdlt_output_add(const pdlt_width_output *out, const char *prefix, const char *name,
                            const char *suffix, int ndim, const size_t *dim, double **data,
                            pdlt_error *err) {
  char full[160];
  snprintf(full, sizeof full, "n%d/%s%s%s", out->n, prefix, name, suffix);
  pdlt_array *array = NULL;
  const pdlt_status status = pdlt_archive_new(out->archive, full, ndim, dim, &array, err);
  if (status == PDLT_OK) *data = array->data;
  return status;
}

pdlt_status pdlt_estimates_add(const pdlt_width_output *out, const char *layer, int k,
                               pdlt_estimates *x, pdlt_error *err) {
  const char *name = pdlt_quantities[k].name;
  size_t dim[1 + PDLT_MAX_NDIM] = {out->blocks};
  const int ndim = pdlt_plan_shape(out->plan, k, dim + 1);
  char block_prefix[64];
  x->count = pdlt_plan_numbers(out->plan, k);
  snprintf(block_prefix, sizeof block_prefix, "blocks/%s", layer);
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_output_add(out, layer, name, "", ndim, dim + 1, &x->estimate, err));
  PDLT_TRY(pdlt_output_add(out, layer, name, "_se", ndim, dim + 1, &x->se, err));
  PDLT_TRY(pdlt_output_add(out, block_prefix, name, "", ndim + 1, dim, &x->blocks, err));
cleanup:
  return status;
}

void pdlt_estimates_finish(const pdlt_width_output *out, const double *weights, pdlt_estimates *q) {
  pdlt_block_mean(out->blocks, weights, q->count, q->blocks, q->estimate);
  pdlt_block_error(out->blocks, weights, q->count, q->blocks, q->estimate, q->se);
  for (size_t b = 0; b < out->blocks; b++)
    if (weights[b] == 0)
      memcpy(q->blocks + b * q->count, q->estimate, q->count * sizeof *q->estimate);
}

int pdlt_readout_prefix(const pdlt_width_output *out, size_t r, int copy, char *prefix) {
  const pdlt_plan *plan = out->plan;
  const int l = pdlt_plan_layer(plan, r);
  prefix[0] = 0;
  if (copy) return l == plan->ex->network.depth;
  if (plan->readouts == 1) return 0;
  snprintf(prefix, 32, "layer%d/", l);
  return 1;
}

/* Means m become their roots, and block values m_b become sqrt(m) + (m_b - m)/(2 sqrt(m)), the root to first
 * order, whose mean is the estimate and whose spread its error bar. */
static void take_root(size_t blocks, pdlt_estimates *x) {
  for (size_t i = 0; i < x->count; i++) {
    const double mean = x->estimate[i], root = sqrt(mean), slope = root > 0 ? 0.5 / root : 0;
    x->estimate[i] = root;
    x->se[i] *= slope;
    for (size_t b = 0; b < blocks; b++) {
      double *value = &x->blocks[b * x->count + i];
      *value = root + slope * (*value - mean);
    }
  }
}

/* Means m2_b of squares of a number become those of (x - m1)^2, m1 the mean over all draws, times N/(N - 1) of
 * the N draws: their mean is the variance, unbiased. mean: the row of the number. */
static void center_squares(const pdlt_width_output *out, int mean, pdlt_estimates *x) {
  const pdlt_plan *plan = out->plan;
  double draws = 0;
  for (size_t b = 0; b < out->blocks; b++) draws += out->members[b];
  for (size_t i = 0; i < x->count; i++) {
    const double *sum = out->records + plan->at.sum[mean] + i;
    double m1 = 0;
    for (size_t b = 0; b < out->blocks; b++) m1 += sum[b * plan->at.size] / draws;
    for (size_t b = 0; b < out->blocks; b++) {
      double *value = &x->blocks[b * x->count + i];
      const double shift = m1 * (m1 - 2 * sum[b * plan->at.size] / out->members[b]);
      *value = (*value + shift) * draws / (draws - 1);
    }
  }
}

/* One quantity from its sums, `skip` doubles into those of the record. */
static pdlt_status put_mean(const pdlt_width_output *out, const char *layer, int k, size_t skip,
                            const double *weights, pdlt_error *err) {
  const pdlt_plan *plan = out->plan;
  pdlt_estimates x;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_estimates_add(out, layer, k, &x, err));
  for (size_t b = 0; b < out->blocks; b++) {
    const double *sum = out->records + b * plan->at.size + plan->at.sum[k] + skip;
    for (size_t i = 0; i < x.count; i++) x.blocks[b * x.count + i] = sum[i] / weights[b];
  }
  if (pdlt_output_is_controlled(plan, k)) PDLT_TRY(pdlt_output_kernel(out, k, x.blocks, err));
  if (pdlt_quantities[k].drawn == PDLT_DRAWN_VARIANCE) center_squares(out, k - 1, &x);
  pdlt_estimates_finish(out, weights, &x);
  if (pdlt_quantities[k].drawn == PDLT_DRAWN_ROOT) take_root(out->blocks, &x);
cleanup:
  return status;
}

pdlt_status pdlt_output_slices(const pdlt_width_output *out, int k, pdlt_error *err) {
  const char *name = pdlt_quantities[k].name, *indices = pdlt_quantities[k].indices;
  const int at = (int)(strchr(indices, 'l') - indices);
  size_t whole[PDLT_MAX_NDIM], dim[PDLT_MAX_NDIM], before = 1, behind = 1;
  const int ndim = pdlt_plan_shape(out->plan, k, whole);
  for (int d = 0; d < ndim; d++) {
    if (d != at) dim[d - (d > at)] = whole[d];
    if (d < at) before *= whole[d];
    if (d > at) behind *= whole[d];
  }
  for (int bar = 0; bar < 2; bar++) {
    const char *suffix = bar ? "_se" : "";
    for (size_t l = 0; l < whole[at]; l++) {
      char prefix[32];
      double *to = NULL;
      snprintf(prefix, sizeof prefix, "layer%zu/", l + 1);
      const pdlt_status status =
          pdlt_output_add(out, prefix, name, suffix, ndim - 1, dim, &to, err);
      if (status != PDLT_OK) return status;
      const pdlt_array *from = pdlt_archive_getf(out->archive, "n%d/%s%s", out->n, name, suffix);
      for (size_t t = 0; t < before; t++)
        memcpy(to + t * behind, from->data + (t * whole[at] + l) * behind, behind * sizeof *to);
    }
  }
  return PDLT_OK;
}

static int is_of_survivors(pdlt_drawn drawn) {
  return drawn == PDLT_DRAWN_TRAINED || drawn == PDLT_DRAWN_ROOT;
}

pdlt_status pdlt_output_mean(const pdlt_width_output *out, int k, pdlt_error *err) {
  const pdlt_drawn drawn = pdlt_experiment_drawn(out->plan->ex, k);
  char layer[32];
  if (drawn != PDLT_DRAWN_LAYERS) {
    const pdlt_status status =
        put_mean(out, "", k, 0, is_of_survivors(drawn) ? out->survivors : out->members, err);
    if (status != PDLT_OK || !pdlt_quantity_has_slices(&pdlt_quantities[k])) return status;
    return pdlt_output_slices(out, k, err);
  }
  for (size_t r = 0; r < out->plan->readouts; r++)
    for (int copy = 0; copy < 2; copy++) {
      if (!pdlt_readout_prefix(out, r, copy, layer)) continue;
      const size_t skip = r * pdlt_plan_numbers(out->plan, k);
      const pdlt_status status = put_mean(out, layer, k, skip, out->members, err);
      if (status != PDLT_OK) return status;
    }
  return PDLT_OK;
}
