/* spread.c - sums of products of what pairs differ by, with their control: see internal.h. */
#include <string.h>

#include "base/core/memory.h"
#include "trainer/output/internal.h"
#include "trainer/statistics/controlled_mean.h"

/* Blocks one after the other: survivors, mean of d d^T (count), its shift (count). */
static void gather(const pdlt_width_output *out, size_t t, size_t count, double *rows) {
  const pdlt_record_layout *at = &out->plan->at;
  for (size_t b = 0; b < out->blocks; b++, rows += 1 + 2 * count) {
    const double *record = out->records + b * at->size;
    const double n = rows[0] = record[at->survivors];
    for (size_t i = 0; i < count; i++)
      rows[1 + i] = n > 0 ? record[at->odd + t * count + i] / n : 0;
    memcpy(rows + 1 + count, record + at->odd_shift + t * count, count * sizeof *rows);
  }
}

pdlt_status pdlt_output_odd(const pdlt_width_output *out, size_t t, double *odd, pdlt_error *err) {
  const pdlt_plan *plan = out->plan;
  const size_t count = plan->p * plan->columns, stride = 1 + 2 * count;
  double *rows = NULL;
  pdlt_status status = PDLT_OK;
  if (!plan->control.spread) {
    for (size_t b = 0; b < out->blocks; b++)
      memcpy(odd + b * count, out->records + b * plan->at.size + plan->at.odd + t * count,
             count * sizeof *odd);
    return PDLT_OK;
  }
  PDLT_TRY(pdlt_alloc(&rows, out->blocks * stride, sizeof *rows, err));
  gather(out, t, count, rows);
  const pdlt_controlled_sums sums = {.blocks = out->blocks,
                                     .stride = stride,
                                     .times = 1,
                                     .p = count,
                                     .count = rows,
                                     .mean = rows + 1,
                                     .shift = rows + 1 + count};
  PDLT_TRY(pdlt_controlled_values(&sums, 1, odd, err));
  for (size_t b = 0; b < out->blocks; b++)
    for (size_t i = 0; i < count; i++) odd[b * count + i] *= rows[b * stride];
cleanup:
  pdlt_free(rows);
  return status;
}
