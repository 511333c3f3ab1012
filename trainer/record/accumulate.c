/* accumulate.c - see accumulate.h. */
#include "trainer/record/accumulate.h"

#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "trainer/statistics/moments.h"

pdlt_status pdlt_accumulator_new(pdlt_accumulator *out, const pdlt_plan *plan,
                                 const pdlt_network *net, pdlt_error *err) {
  pdlt_accumulator acc = {.plan = plan};
  const size_t values = plan->readouts * plan->moments, pairs = plan->first * plan->first;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_fluctuation_new(&acc.fluctuation, net, plan->data, plan->first,
                                plan->has[PDLT_QUANTITY_A], err));
  PDLT_TRY(pdlt_alloc(&acc.storage, (PDLT_BLOCK_MEMBERS + 1) * values + pairs + pairs * pairs,
                      sizeof *acc.storage, err));
  acc.u = acc.storage;
  acc.mean = acc.u + PDLT_BLOCK_MEMBERS * values;
  acc.matrix = acc.mean + values;
  acc.tensor = acc.matrix + pairs;
  *out = acc;
  return PDLT_OK;
cleanup:
  pdlt_accumulator_free(&acc);
  return status;
}

void pdlt_accumulator_free(pdlt_accumulator *acc) {
  pdlt_fluctuation_free(&acc->fluctuation);
  pdlt_free(acc->storage);
  *acc = (pdlt_accumulator){0};
}

/* out = entries a <= b of matrix (S, S), row by row. */
static void upper(size_t S, const double *matrix, double *out) {
  for (size_t a = 0; a < S; a++)
    for (size_t b = a; b < S; b++) *out++ = matrix[a * S + b];
}

static void add_tensor(size_t count, const double *tensor, double *sum) {
  for (size_t i = 0; i < count; i++) sum[i] += tensor[i];
}

/* The draw at readout r; u (q). Below layer 1 nothing is random: u stays 0 there, so
 * that its covariances are 0 and not rounding. */
static void add_readout(pdlt_accumulator *acc, const double *theta, size_t r, double *u,
                        double *record) {
  const pdlt_plan *plan = acc->plan;
  const int l = pdlt_plan_layer(plan, r);
  const size_t S = plan->first, count = S * S * S * S;
  if (l == 1) return;
  pdlt_fluctuation_kernel(&acc->fluctuation, l, acc->matrix);
  upper(S, acc->matrix, u);
  if (!plan->has[PDLT_QUANTITY_A]) return;
  pdlt_fluctuation_ntk(&acc->fluctuation, theta, l, acc->matrix, acc->tensor);
  upper(S, acc->matrix, u + S * (S + 1) / 2);
  add_tensor(count, acc->tensor, record + plan->at.sum[PDLT_QUANTITY_B] + r * count);
  pdlt_fluctuation_cross(&acc->fluctuation, theta, l, acc->tensor);
  add_tensor(count, acc->tensor, record + plan->at.sum[PDLT_QUANTITY_F] + r * count);
}

void pdlt_accumulator_kernel(pdlt_accumulator *acc, const double *kernel, double *record) {
  const pdlt_plan *plan = acc->plan;
  const size_t q = plan->moments, D = plan->data->samples, S = plan->first;
  double *u = acc->u + acc->rows * plan->readouts * q;
  memset(u, 0, plan->readouts * q * sizeof *u);
  for (size_t r = 0; r < plan->readouts; r++, kernel += D * (D + 1) / 2) {
    double *to = u + r * q;
    for (size_t a = 0; a < S && pdlt_plan_layer(plan, r) > 1; a++)
      for (size_t b = a; b < S; b++) *to++ = kernel[a * D - a * (a + 1) / 2 + b];
  }
  if (++acc->rows == PDLT_BLOCK_MEMBERS) pdlt_accumulator_flush(acc, record);
}

void pdlt_accumulator_add(pdlt_accumulator *acc, const double *theta, double *record) {
  const size_t q = acc->plan->moments, values = acc->plan->readouts * q;
  double *u = acc->u + acc->rows * values;
  memset(u, 0, values * sizeof *u);
  pdlt_fluctuation_forward(&acc->fluctuation, theta);
  for (size_t r = 0; r < acc->plan->readouts; r++) add_readout(acc, theta, r, u + r * q, record);
  if (++acc->rows == PDLT_BLOCK_MEMBERS) pdlt_accumulator_flush(acc, record);
}

void pdlt_accumulator_flush(pdlt_accumulator *acc, double *record) {
  const pdlt_plan *plan = acc->plan;
  const size_t q = plan->moments, values = plan->readouts * q, rows = acc->rows;
  if (rows == 0) return;
  pdlt_rows_center(rows, values, acc->u, acc->mean);
  for (size_t r = 0; r < plan->readouts; r++)
    pdlt_syrk(1, q, rows, 1.0, acc->u + r * q, values, 1.0, record + plan->at.u_scatter + r * q * q,
              q);
  pdlt_moments_merge(plan->readouts, q, &record[plan->at.u_count], record + plan->at.u_mean,
                     record + plan->at.u_scatter, (double)rows, acc->mean);
  acc->rows = 0;
}
