/* tensors.c - the arrays of the tensors that are covariances of K and the NTK: V, D, A. */
#include "base/core/memory.h"
#include "trainer/output/internal.h"
#include "trainer/statistics/moments.h"

/* Block of u's covariance (q, q) that is one tensor, and the place of (a, b) in it. */
typedef struct tensor_part {
  int quantity;
  int left, right; /* 0: K, 1: M */
} tensor_part;

static size_t pair_index(size_t S, size_t a, size_t b) {
  const size_t lo = a < b ? a : b, hi = a < b ? b : a;
  return lo * S - lo * (lo + 1) / 2 + hi;
}

/* tensor (S, S, S, S) = n cov(left_ab, right_cd), from cov (q, q). */
static void expand(const pdlt_plan *plan, const tensor_part *part, double n, const double *cov,
                   double *tensor) {
  const size_t S = plan->first, pairs = S * (S + 1) / 2, q = plan->moments;
  for (size_t a = 0; a < S; a++)
    for (size_t b = 0; b < S; b++)
      for (size_t c = 0; c < S; c++)
        for (size_t d = 0; d < S; d++) {
          const size_t row = (size_t)part->left * pairs + pair_index(S, a, b);
          const size_t col = (size_t)part->right * pairs + pair_index(S, c, d);
          *tensor++ = n * cov[row * q + col];
        }
}

/* Neurons below the layer of readout r: 1/h. */
static double width_below(const pdlt_width_output *out, size_t r) {
  const pdlt_plan *plan = out->plan;
  return pdlt_experiment_layer_width(plan->ex, pdlt_plan_layer(plan, r) - 1, out->n,
                                     (int)plan->data->inputs);
}

/* One tensor at readout r, from cov (R, q, q) and pseudo (B, R, q, q). */
static pdlt_status write_part(const pdlt_width_output *out, const tensor_part *part, size_t r,
                              const double *cov, const double *pseudo, pdlt_error *err) {
  const pdlt_plan *plan = out->plan;
  const size_t square = plan->moments * plan->moments;
  const double n = width_below(out, r);
  char layer[32];
  for (int copy = 0; copy < 2; copy++) {
    pdlt_estimates x;
    if (!pdlt_readout_prefix(out, r, copy, layer)) continue;
    const pdlt_status status = pdlt_estimates_add(out, layer, part->quantity, &x, err);
    if (status != PDLT_OK) return status;
    expand(plan, part, n, cov + r * square, x.estimate);
    for (size_t b = 0; b < out->blocks; b++)
      expand(plan, part, n, pseudo + (b * plan->readouts + r) * square, x.blocks + b * x.count);
    pdlt_block_error(out->blocks, out->members, x.count, x.blocks, x.estimate, x.se);
  }
  return PDLT_OK;
}

pdlt_status pdlt_output_products(const pdlt_width_output *out, pdlt_error *err) {
  static const tensor_part parts[] = {
      {PDLT_QUANTITY_V, 0, 0}, {PDLT_QUANTITY_D, 0, 1}, {PDLT_QUANTITY_A, 1, 1}};
  const pdlt_plan *plan = out->plan;
  const size_t count = plan->readouts * plan->moments * plan->moments;
  const pdlt_moment_blocks moments = {.blocks = out->blocks,
                                      .stride = plan->at.size,
                                      .times = plan->readouts,
                                      .p = plan->moments,
                                      .count = out->records + plan->at.u_count,
                                      .mean = out->records + plan->at.u_mean,
                                      .scatter = out->records + plan->at.u_scatter};
  double *cov = NULL;
  pdlt_status status = pdlt_alloc(&cov, (out->blocks + 1) * count, sizeof *cov, err);
  if (status != PDLT_OK) return status;
  double *pseudo = cov + count;
  PDLT_TRY(pdlt_covariance_estimate(&moments, cov, pseudo, err));
  for (size_t r = 0; r < plan->readouts; r++)
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
      if (plan->has[parts[k].quantity]) PDLT_TRY(write_part(out, &parts[k], r, cov, pseudo, err));
cleanup:
  pdlt_free(cov);
  return status;
}
