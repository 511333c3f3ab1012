/* spread.c - block values with a control of their own, number by number of a time: products of what pairs
 * differ by, and the NTK in training; see internal.h. */
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/packed.h"
#include "trainer/output/internal.h"
#include "trainer/statistics/controlled_mean.h"

/* Blocks one after the other at one time: survivors, mean (count), shift (count). */
typedef struct rows {
  size_t blocks, count, stride;
  double *row;
} rows;

static pdlt_status rows_new(rows *out, size_t blocks, size_t count, pdlt_error *err) {
  *out = (rows){.blocks = blocks, .count = count, .stride = 1 + 2 * count};
  return pdlt_alloc(&out->row, blocks * out->stride, sizeof *out->row, err);
}

/* values (B, count), with a coefficient fitted on the other blocks. */
static pdlt_status controlled(const rows *r, double *values, pdlt_error *err) {
  const pdlt_controlled_sums sums = {.blocks = r->blocks,
                                     .stride = r->stride,
                                     .times = 1,
                                     .p = r->count,
                                     .count = r->row,
                                     .mean = r->row + 1,
                                     .shift = r->row + 1 + r->count};
  return pdlt_controlled_values(&sums, 1, values, err);
}

/* --- what pairs differ by --- */

static void gather_odd(const pdlt_width_output *out, size_t t, const rows *r) {
  const pdlt_plan *plan = out->plan;
  const pdlt_record_layout *at = &plan->at;
  const size_t shifts = plan->columns == 1 ? plan->p : pdlt_packed_size(plan->p);
  for (size_t b = 0; b < r->blocks; b++) {
    const double *record = out->records + b * at->size;
    const double *shift = record + at->odd_shift + t * shifts;
    double *row = r->row + b * r->stride;
    const double n = row[0] = record[at->survivors];
    for (size_t i = 0; i < r->count; i++)
      row[1 + i] = n > 0 ? record[at->odd + t * r->count + i] / n : 0;
    if (plan->columns == 1)
      memcpy(row + 1 + r->count, shift, shifts * sizeof *row);
    else
      pdlt_packed_spread(plan->p, shift, row + 1 + r->count);
  }
}

pdlt_status pdlt_output_odd(const pdlt_width_output *out, size_t t, double *odd, pdlt_error *err) {
  const pdlt_plan *plan = out->plan;
  const size_t count = plan->p * plan->columns;
  rows r = {.row = NULL};
  pdlt_status status = PDLT_OK;
  if (!plan->control.spread) {
    for (size_t b = 0; b < out->blocks; b++)
      memcpy(odd + b * count, out->records + b * plan->at.size + plan->at.odd + t * count,
             count * sizeof *odd);
    return PDLT_OK;
  }
  PDLT_TRY(rows_new(&r, out->blocks, count, err));
  gather_odd(out, t, &r);
  PDLT_TRY(controlled(&r, odd, err));
  for (size_t b = 0; b < out->blocks; b++)
    for (size_t i = 0; i < count; i++) odd[b * count + i] *= r.row[b * r.stride];
cleanup:
  pdlt_free(r.row);
  return status;
}

/* --- the NTK in training --- */

int pdlt_output_is_controlled(const pdlt_plan *plan, int k) {
  return plan->control.kernels && (k == PDLT_QUANTITY_THETA_T || k == PDLT_QUANTITY_K_E);
}

/* shift (p, p) of Theta_t, or of its change since the start, at time t of a record. */
static void kernel_shift(const pdlt_plan *plan, const double *record, size_t t, int change,
                         double *shift) {
  const size_t p = plan->p, packed = pdlt_packed_size(p);
  const double *start = record + plan->at.kernel_shift, *moved = start + (1 + t) * packed;
  for (size_t i = 0; i < p; i++)
    for (size_t j = i; j < p; j++, start++, moved++)
      shift[i * p + j] = shift[j * p + i] = *moved + (change ? 0 : *start);
}

pdlt_status pdlt_output_kernel(const pdlt_width_output *out, int k, double *values,
                               pdlt_error *err) {
  const pdlt_plan *plan = out->plan;
  const size_t count = plan->p * plan->p, all = plan->times * count, B = out->blocks;
  rows r = {.row = NULL};
  double *at_time = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(rows_new(&r, B, count, err));
  PDLT_TRY(pdlt_alloc(&at_time, B * count, sizeof *at_time, err));
  for (size_t t = 0; t < plan->times; t++) {
    for (size_t b = 0; b < B; b++) {
      double *row = r.row + b * r.stride;
      row[0] = out->survivors[b];
      memcpy(row + 1, values + b * all + t * count, count * sizeof *row);
      kernel_shift(plan, out->records + b * plan->at.size, t, k == PDLT_QUANTITY_K_E,
                   row + 1 + count);
    }
    PDLT_TRY(controlled(&r, at_time, err));
    for (size_t b = 0; b < B; b++)
      memcpy(values + b * all + t * count, at_time + b * count, count * sizeof *values);
  }
cleanup:
  pdlt_free(at_time);
  pdlt_free(r.row);
  return status;
}
