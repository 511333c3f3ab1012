/* ntk.c - the mean NTK during training at order 1/width.
 *
 * Is: E[Th_IJ(t)] = Theta + h theta_t from the sums over times that the steps
 * leave behind (PDLT chapter infinity; docs/dynamics.md, "NTK"), and with other factors
 * of the same sums the kernels of other features (features.c). Is not: the steps. */
#include <omp.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "theory/order_one/internal.h"

enum { TILE = 4 }; /* times at once */

/* Rows of the ddNTK behind e_K(u) e_L(v), v < u, and behind e_K(u) e_L(u); the
 * other rows come from exchanging I and J in the end (ddII_IJKL e_K e_L is
 * symmetric). */
static const pdlt_kernel_terms ntk = {
    .mean = 1, .dntk = 1, .rows = {{1, 0, 1, 1, 0, 0}, {1, 0, 1, 0, 0, 0}}};

/* One tile of times. n = n_L; columns: (point) of pattern 0, (point, i, j) of 1
 * and 2. */
typedef struct tile {
  const pdlt_dynamics *dyn;
  const pdlt_time_states *states;
  const pdlt_kernel_terms *terms;
  size_t from, count;
  double scale[4]; /* of NTK_MEAN .. NTK_DDNTK_UU, powers of eta included */
  double *weight;  /* [2 kinds] then (count, A^2), 2 x (count n^2, A^2) */
  double *half;    /* (count, n, D, n, D) rotated, the part without I <-> J */
  double *scratch; /* of the threads */
} tile;

static size_t kind_size(const pdlt_dynamics *dyn) {
  const size_t A = dyn->lo.A, n = dyn->lo.outputs;
  return TILE * (1 + 2 * n * n) * A * A;
}

static size_t scratch_size(const pdlt_dynamics *dyn) {
  const size_t D = dyn->lo.D, A = dyn->lo.A, n = dyn->lo.outputs;
  return D * A * A + D * TILE * (1 + n * n);
}

static double *weight_at(const tile *t, int kind, int pattern) {
  const size_t A = t->dyn->lo.A, n = t->dyn->lo.outputs;
  double *base = t->weight + (size_t)kind * kind_size(t->dyn);
  return pattern == 0 ? base : base + TILE * A * A * (1 + (size_t)(pattern - 1) * n * n);
}

/* Sum over times behind rows[kind]. Under flow d is 0. */
static double time_factor(const tile *t, const pdlt_time_state *s, int kind, size_t b, size_t c) {
  const size_t A = t->dyn->lo.A, bc = b * A + c;
  if (kind == 0) return t->scale[2] * s->g2[bc];
  if (!t->terms->pairs) return t->scale[3] * s->d[bc];
  return t->scale[2] * (s->g2[bc] + s->g2[c * A + b]) + 2 * t->scale[3] * s->d[bc];
}

/* E[e_K e_L] without its time factor, contracted with the outputs of a pattern.
 */
static void fill_point(const tile *t, int kind, size_t k) {
  const pdlt_dynamics *dyn = t->dyn;
  const size_t A = dyn->lo.A, n = dyn->lo.outputs, square = A * A;
  const double *y = dyn->lo.target;
  const pdlt_time_state s =
      pdlt_time_state_view(A, t->states->data + (t->from + k) * pdlt_time_state_size(A));
  for (size_t b = 0; b < A; b++)
    for (size_t c = 0; c < A; c++) {
      const size_t bc = b * A + c;
      const double w = time_factor(t, &s, kind, b, c), kernel = dyn->k[bc];
      double dot = (double)n * kernel;
      for (size_t i = 0; i < n; i++) dot += y[b * n + i] * y[c * n + i];
      weight_at(t, kind, 0)[k * square + bc] = w * dot;
      for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
          const double same = i == j ? kernel : 0;
          const size_t at = ((k * n + i) * n + j) * square + bc;
          weight_at(t, kind, 1)[at] = w * (y[b * n + i] * y[c * n + j] + same);
          weight_at(t, kind, 2)[at] = w * (y[b * n + j] * y[c * n + i] + same);
        }
    }
}

/* Mean and dNTK: diagonal in the outputs. diagonal: (D, count) over e, at fixed
 * d. */
static void add_low(const tile *t, size_t d, double *diagonal) {
  const pdlt_dynamics *dyn = t->dyn;
  const size_t D = dyn->lo.D, A = dyn->lo.A;
  for (size_t k = 0; k < t->count; k++) {
    const pdlt_time_state s =
        pdlt_time_state_view(A, t->states->data + (t->from + k) * pdlt_time_state_size(A));
    for (size_t e = 0; e < D; e++) {
      double sum = 0;
      for (size_t b = 0; b < A; b++) sum += s.g[b] * dyn->dntk[(d * D + e) * A + b];
      diagonal[e * t->count + k] += t->scale[0] * dyn->theta1[d * D + e] / 2 + t->scale[1] * sum;
    }
  }
}

/* Whether rows[kind] has a factor other than 0. */
static int is_there(const tile *t, int kind) {
  return t->scale[2 + kind] != 0 || (kind == 1 && t->terms->pairs && t->scale[2] != 0);
}

/* Everything at fixed d. */
static void run_row(const tile *t, size_t d, double *scratch) {
  const pdlt_dynamics *dyn = t->dyn;
  const size_t D = dyn->lo.D, A = dyn->lo.A, n = dyn->lo.outputs, square = A * A;
  double *slice = scratch, *diagonal = slice + D * square, *full = diagonal + D * TILE;
  const size_t columns = t->count * n * n;
  memset(diagonal, 0, (D * TILE * (1 + n * n)) * sizeof *diagonal);
  add_low(t, d, diagonal);
  for (int kind = 0; kind < 2; kind++)
    for (int pattern = 0; pattern < PDLT_DD_PATTERNS && is_there(t, kind); pattern++) {
      const size_t many = pattern == 0 ? t->count : columns;
      pdlt_dd_gather(dyn, t->terms->rows[kind], pattern, 'd', d, D, slice);
      pdlt_gemm(0, 1, D, many, square, 1, slice, square, weight_at(t, kind, pattern), square, 1,
                pattern == 0 ? diagonal : full, many);
    }
  for (size_t k = 0; k < t->count; k++)
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j < n; j++)
        for (size_t e = 0; e < D; e++)
          t->half[(((k * n + i) * D + d) * n + j) * D + e] =
              full[e * columns + (k * n + i) * n + j] + (i == j ? diagonal[e * t->count + k] : 0);
}

static void run_tile(const tile *t, double *work, double *out) {
  const pdlt_dynamics *dyn = t->dyn;
  const size_t D = dyn->lo.D, m = dyn->lo.outputs * D;
  for (int kind = 0; kind < 2; kind++)
    for (size_t k = 0; k < t->count; k++) fill_point(t, kind, k);
#pragma omp parallel for num_threads(dyn->threads) schedule(static)
  for (size_t d = 0; d < D; d++)
    run_row(t, d, t->scratch + (size_t)omp_get_thread_num() * scratch_size(dyn));
  pdlt_rotate_back_both(dyn, t->count, work, t->half);
  for (size_t k = 0; k < t->count; k++)
    for (size_t x = 0; x < m; x++)
      for (size_t y = 0; y < m; y++)
        out[((t->from + k) * m + x) * m + y] =
            t->half[(k * m + x) * m + y] + t->half[(k * m + y) * m + x];
}

static void set_scale(tile *t) {
  const pdlt_dynamics *dyn = t->dyn;
  const double *factor = dyn->factors.factor, eta = dyn->lo.flow ? 1 : dyn->lo.eta;
  t->scale[0] = t->terms->mean * factor[PDLT_DYNAMICS_NTK_MEAN];
  t->scale[1] = -eta * t->terms->dntk * factor[PDLT_DYNAMICS_NTK_DNTK];
  t->scale[2] = eta * eta * factor[PDLT_DYNAMICS_NTK_DDNTK_UV];
  t->scale[3] = dyn->lo.flow ? 0 : eta * eta / 2 * factor[PDLT_DYNAMICS_NTK_DDNTK_UU];
}

pdlt_status pdlt_dynamics_ntk(const pdlt_dynamics *dyn, const pdlt_time_states *states,
                              double *theta_t, pdlt_error *err) {
  return pdlt_dynamics_kernel(dyn, states, &ntk, theta_t, err);
}

pdlt_status pdlt_dynamics_kernel(const pdlt_dynamics *dyn, const pdlt_time_states *states,
                                 const pdlt_kernel_terms *terms, double *out, pdlt_error *err) {
  const size_t m = dyn->lo.D * dyn->lo.outputs, threads = (size_t)dyn->threads;
  pdlt_status status = PDLT_OK;
  tile t = {.dyn = dyn, .states = states, .terms = terms};
  double *work = NULL;
  if (m == 0) return PDLT_OK;
  set_scale(&t);
  PDLT_TRY(pdlt_alloc(&t.weight, 2 * kind_size(dyn), sizeof *t.weight, err));
  PDLT_TRY(pdlt_alloc(&t.half, TILE * m * m, sizeof *t.half, err));
  PDLT_TRY(pdlt_alloc(&t.scratch, threads * scratch_size(dyn), sizeof *t.scratch, err));
  PDLT_TRY(pdlt_alloc(&work, TILE * m * m, sizeof *work, err));
  for (t.from = 0; t.from < states->points; t.from += TILE) {
    t.count = states->points - t.from < TILE ? states->points - t.from : TILE;
    run_tile(&t, work, out);
  }
cleanup:
  pdlt_free(t.weight);
  pdlt_free(t.half);
  pdlt_free(t.scratch);
  pdlt_free(work);
  return status;
}
