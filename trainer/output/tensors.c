/* tensors.c - the arrays of the tensors of order 1/width: V, D, F, A, B, P .. U. */
#include "base/core/memory.h"
#include "trainer/measure/ddntk.h"
#include "trainer/output/internal.h"
#include "trainer/statistics/moments.h"

/* Block of u's covariance (q, q) that is one tensor, and the place of (a, b) in it. */
typedef struct tensor_part {
  const char *name;
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
  const size_t S = plan->first, square = plan->moments * plan->moments;
  const size_t dim[4] = {S, S, S, S};
  const double n = width_below(out, r);
  char layer[32];
  for (int copy = 0; copy < 2; copy++) {
    pdlt_estimates x;
    if (!pdlt_readout_prefix(out, r, copy, layer)) continue;
    const pdlt_status status = pdlt_estimates_add(out, layer, part->name, 4, dim, &x, err);
    if (status != PDLT_OK) return status;
    expand(plan, part, n, cov + r * square, x.estimate);
    for (size_t b = 0; b < out->blocks; b++)
      expand(plan, part, n, pseudo + (b * plan->readouts + r) * square, x.blocks + b * x.count);
    pdlt_block_error(out->blocks, out->members, x.count, x.blocks, x.estimate, x.se);
  }
  return PDLT_OK;
}

static pdlt_status write_covariances(const pdlt_width_output *out, pdlt_error *err) {
  static const tensor_part vertex = {"V", 0, 0}, mixed = {"D", 0, 1}, ntk = {"A", 1, 1};
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
  for (size_t r = 0; r < plan->readouts; r++) {
    if (plan->with_vertex) PDLT_TRY(write_part(out, &vertex, r, cov, pseudo, err));
    if (!plan->with_fluctuations) continue;
    PDLT_TRY(write_part(out, &mixed, r, cov, pseudo, err));
    PDLT_TRY(write_part(out, &ntk, r, cov, pseudo, err));
  }
cleanup:
  pdlt_free(cov);
  return status;
}

/* P, Q and R, S, T, U, whichever were asked for. */
static pdlt_status write_differentials(const pdlt_width_output *out, pdlt_error *err) {
  static const char *const names[PDLT_DDNTK_COUNT] = {"P", "Q", "R", "S", "T", "U"};
  const pdlt_plan *plan = out->plan;
  const size_t S = plan->first, dim[4] = {S, S, S, S};
  for (int t = 0; t < PDLT_DDNTK_COUNT; t++) {
    if (!(t <= PDLT_DDNTK_Q ? plan->with_dntk : plan->with_ddntk)) continue;
    const size_t sum = plan->at.differential + (size_t)t * plan->readouts * S * S * S * S;
    const pdlt_status status = pdlt_output_means(out, names[t], 4, dim, sum, err);
    if (status != PDLT_OK) return status;
  }
  return PDLT_OK;
}

pdlt_status pdlt_output_tensors(const pdlt_width_output *out, pdlt_error *err) {
  const pdlt_plan *plan = out->plan;
  const size_t S = plan->first, dim[4] = {S, S, S, S};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(write_differentials(out, err));
  if (!plan->with_vertex && !plan->with_fluctuations) return PDLT_OK;
  PDLT_TRY(write_covariances(out, err));
  if (!plan->with_fluctuations) return PDLT_OK;
  PDLT_TRY(pdlt_output_means(out, "F", 4, dim, plan->at.tensor_f, err));
  PDLT_TRY(pdlt_output_means(out, "B", 4, dim, plan->at.tensor_b, err));
cleanup:
  return status;
}
