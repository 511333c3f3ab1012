/* spread.c - block values with a control of their own: products of what pairs differ by, the NTK and the dNTK
 * in training; see internal.h. */
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/packed.h"
#include "trainer/output/internal.h"
#include "trainer/statistics/controlled_mean.h"
#include "trainer/statistics/regression.h"

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
  if (k == PDLT_QUANTITY_THETA_T || k == PDLT_QUANTITY_DTHETA_T) return plan->control.start;
  return k == PDLT_QUANTITY_K_E && plan->control.kernels;
}

/* shift (p, p) of Theta_t, or of its change since the start, at time t of a record. */
static void kernel_shift(const pdlt_plan *plan, const double *record, size_t t, int whole,
                         double *shift) {
  const size_t p = plan->p, packed = pdlt_packed_size(p);
  const double *start = whole ? record + plan->at.start_shift : NULL;
  const double *change = plan->control.kernels ? record + plan->at.kernel_shift + t * packed : NULL;
  for (size_t i = 0; i < p; i++)
    for (size_t j = i; j < p; j++) {
      const double x = (start != NULL ? *start++ : 0) + (change != NULL ? *change++ : 0);
      shift[i * p + j] = shift[j * p + i] = x;
    }
}

static pdlt_status follow_kernel(const pdlt_width_output *out, int k, double *values,
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
      kernel_shift(plan, out->records + b * plan->at.size, t, k == PDLT_QUANTITY_THETA_T,
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

/* --- the dNTK in training --- */

/* Blocks with survivors. */
typedef struct regressed {
  size_t used, controls, count;
  double *weights;     /* (used) */
  double *controls_of; /* (used, p) */
  double *values;      /* (used, count) */
  double *storage;
} regressed;

static pdlt_status regressed_new(regressed *out, const pdlt_width_output *from, size_t count,
                                 pdlt_error *err) {
  regressed x = {.controls = from->plan->p, .count = count};
  for (size_t b = 0; b < from->blocks; b++) x.used += from->survivors[b] > 0;
  const pdlt_status status =
      pdlt_alloc(&x.storage, x.used * (1 + x.controls + count), sizeof *x.storage, err);
  if (status != PDLT_OK) return status;
  double *next = x.storage;
  x.weights = pdlt_take(&next, x.used);
  x.controls_of = pdlt_take(&next, x.used * x.controls);
  x.values = pdlt_take(&next, x.used * count);
  *out = x;
  return PDLT_OK;
}

/* Diagonals of what the record says about the NTK at the start. */
static void gather_controls(const pdlt_width_output *out, regressed *x) {
  const size_t p = out->plan->p;
  double *weight = x->weights, *control = x->controls_of;
  for (size_t b = 0; b < out->blocks; b++) {
    const double *shift = out->records + b * out->plan->at.size + out->plan->at.start_shift;
    if (!(out->survivors[b] > 0)) continue;
    *weight++ = out->survivors[b];
    for (size_t i = 0; i < p; shift += p - i, i++) *control++ = *shift / out->survivors[b];
  }
}

/* Rows of blocks with survivors: to x->values, or back. */
static void exchange(const pdlt_width_output *out, regressed *x, int back, double *values) {
  double *row = x->values;
  for (size_t b = 0; b < out->blocks; b++, values += x->count) {
    if (!(out->survivors[b] > 0)) continue;
    memcpy(back ? values : row, back ? row : values, x->count * sizeof *values);
    row += x->count;
  }
}

static pdlt_status regress_kernel(const pdlt_width_output *out, int k, double *values,
                                  pdlt_error *err) {
  regressed x = {.used = 0};
  pdlt_regression regression = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(regressed_new(&x, out, pdlt_plan_numbers(out->plan, k), err));
  gather_controls(out, &x);
  exchange(out, &x, 0, values);
  PDLT_TRY(pdlt_regression_new(&regression, x.used, x.weights, x.controls, x.controls_of, err));
  PDLT_TRY(pdlt_regression_apply(&regression, x.count, x.values, err));
  exchange(out, &x, 1, values);
cleanup:
  pdlt_regression_free(&regression);
  pdlt_free(x.storage);
  return status;
}

pdlt_status pdlt_output_kernel(const pdlt_width_output *out, int k, double *values,
                               pdlt_error *err) {
  if (k == PDLT_QUANTITY_DTHETA_T) return regress_kernel(out, k, values, err);
  return follow_kernel(out, k, values, err);
}
