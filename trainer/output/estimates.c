/* estimates.c - NAME, NAME_se and blocks/NAME of a quantity: see internal.h.
 *
 * Is: how such arrays are named and filled, and means over draws for each layer measured.
 * Is not: which quantities there are (means.c). */
#include <stdio.h>
#include <string.h>

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

pdlt_status pdlt_estimates_add(const pdlt_width_output *out, const char *layer, const char *name,
                               int ndim, const size_t *dim, pdlt_estimates *q, pdlt_error *err) {
  size_t block_dim[PDLT_MAX_NDIM] = {out->blocks};
  char block_prefix[64];
  q->count = 1;
  for (int k = 0; k < ndim; k++) {
    block_dim[k + 1] = dim[k];
    q->count *= dim[k];
  }
  snprintf(block_prefix, sizeof block_prefix, "blocks/%s", layer);
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_output_add(out, layer, name, "", ndim, dim, &q->estimate, err));
  PDLT_TRY(pdlt_output_add(out, layer, name, "_se", ndim, dim, &q->se, err));
  PDLT_TRY(pdlt_output_add(out, block_prefix, name, "", ndim + 1, block_dim, &q->blocks, err));
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

pdlt_status pdlt_output_means(const pdlt_width_output *out, const char *name, int ndim,
                              const size_t *dim, size_t sum, pdlt_error *err) {
  const pdlt_plan *plan = out->plan;
  char layer[32];
  for (size_t r = 0; r < plan->readouts; r++) {
    for (int copy = 0; copy < 2; copy++) {
      if (!pdlt_readout_prefix(out, r, copy, layer)) continue;
      pdlt_estimates q;
      const pdlt_status status = pdlt_estimates_add(out, layer, name, ndim, dim, &q, err);
      if (status != PDLT_OK) return status;
      for (size_t b = 0; b < out->blocks; b++) {
        const double *record = out->records + b * plan->at.size;
        for (size_t i = 0; i < q.count; i++)
          q.blocks[b * q.count + i] = record[sum + r * q.count + i] / out->members[b];
      }
      pdlt_estimates_finish(out, out->members, &q);
    }
  }
  return PDLT_OK;
}
