/* cov_source.c - h E[z_M(0) J_I(s)]: the source that the covariance of
 * the trained output with the initial one follows.
 *
 * Is: Stein's lemma in all terms of J: the direct part, where z(0) pairs with
 * the NTK or dNTK, and the response of J to a shift of z(0) times K. Is not:
 * the sums over time. Equations: docs/dynamics.md, "Covariance". */
#include <omp.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "theory/order_one/cov_internal.h"

enum { TILE = 32 }; /* times at once: what a slice of the tensors is gathered for */

/* Scratch of one thread; n = n_L. */
typedef struct tile {
  const pdlt_covariance *cov;
  const pdlt_time_weights *weights;
  size_t from, count;
  const double *amplitude; /* (3, n, n, A, A) see fill_amplitudes */
  double *slice;           /* (4, D, A^2) */
  double *fill;            /* (4, TILE, A^2) */
  double *columns;         /* (TILE n n, A^2), (A + 2, A) at least */
  double *sum;             /* (D, TILE n n) */
  double *weight;          /* (3, n, n, A^2) */
  double *response;        /* (TILE, n, A, n, D) [k][m][beta][i][d] */
  double *source;          /* (n D n, points, D) of everybody */
} tile;

static size_t tile_size(const pdlt_dynamics *dyn) {
  const size_t D = dyn->lo.D, A = dyn->lo.A, n = dyn->lo.outputs, square = A * A;
  return square * (4 * (D + TILE) + (TILE + 3) * n * n) + D * n * n * TILE * (1 + A);
}

static tile tile_view(const pdlt_covariance *cov, const pdlt_time_weights *weights,
                      const double *amplitude, double *source, double *data) {
  const size_t D = cov->dyn->lo.D, A = cov->dyn->lo.A, n = cov->dyn->lo.outputs, square = A * A;
  tile t = {.cov = cov, .weights = weights, .amplitude = amplitude, .source = source};
  t.slice = data;
  t.fill = t.slice + 4 * D * square;
  t.columns = t.fill + square * 4 * TILE;
  t.sum = t.columns + n * n * square * TILE;
  t.weight = t.sum + D * n * n * TILE;
  t.response = t.weight + 3 * n * n * square;
  return t;
}

/* Two e's whose outputs are those of J (i) and of z(0) (m), or equal and summed
 * over: [0] d_im (y_a.y_b + n k_ab), [1] y_ia y_mb + d_im k_ab, [2] y_ma y_ib +
 * d_im k_ab. */
static void fill_amplitudes(const pdlt_dynamics *dyn, double *amplitude) {
  const size_t A = dyn->lo.A, n = dyn->lo.outputs;
  const double *y = dyn->lo.target;
  for (size_t m = 0; m < n; m++)
    for (size_t i = 0; i < n; i++)
      for (size_t a = 0; a < A; a++)
        for (size_t b = 0; b < A; b++) {
          const double kernel = dyn->k[a * A + b], same = m == i ? kernel : 0;
          double *out = amplitude + ((m * n + i) * A + a) * A + b, dot = (double)n * kernel;
          for (size_t j = 0; j < n; j++) dot += y[a * n + j] * y[b * n + j];
          out[0] = m == i ? dot : 0;
          out[n * n * A * A] = y[a * n + i] * y[b * n + m] + same;
          out[2 * n * n * A * A] = y[a * n + m] * y[b * n + i] + same;
        }
}

static double *source_at(const tile *t, size_t m, size_t f, size_t i, size_t k) {
  const size_t D = t->cov->dyn->lo.D, n = t->cov->dyn->lo.outputs;
  return t->source + (((m * D + f) * n + i) * t->weights->points + t->from + k) * D;
}

/* Fluctuations of the NTK: - sum_a direct_fda w_a, equal outputs. */
static void add_ntk(const tile *t) {
  const pdlt_dynamics *dyn = t->cov->dyn;
  const size_t D = dyn->lo.D, A = dyn->lo.A, n = dyn->lo.outputs;
  const double scale = t->weights->scale[PDLT_DYNAMICS_COV_NTK_OUTPUT];
  for (size_t k = 0; k < t->count && scale != 0; k++) {
    t->weights->fill(t->weights->self, t->from + k, PDLT_DYNAMICS_MEAN, 0, t->fill);
    for (size_t f = 0; f < D; f++)
      for (size_t d = 0; d < D; d++) {
        double sum = 0;
        for (size_t a = 0; a < A; a++) sum += t->cov->direct[(f * D + d) * A + a] * t->fill[a];
        for (size_t m = 0; m < n; m++) source_at(t, m, f, m, k)[d] -= scale * sum;
      }
  }
}

/* The dNTK pairs with z(0), its e's with each other. Patterns as in
 * fill_amplitudes; slots of P and Q with I or J in front (the latter for
 * unequal times only). */
static void add_dntk(const tile *t, pdlt_dynamics_term term) {
  static const char *const slots[3][2] = {
      {"Pdabf", "Qabdf"}, {"Qdabf", "Qadbf"}, {"Qdbaf", "Padbf"}};
  const pdlt_dynamics *dyn = t->cov->dyn;
  const size_t D = dyn->lo.D, A = dyn->lo.A, n = dyn->lo.outputs, square = A * A;
  const size_t columns = t->count * n * n, both = term == PDLT_DYNAMICS_DNTK_US ? 2 : 1;
  const double scale = -t->weights->scale[term];
  if (scale == 0) return;
  for (size_t k = 0; k < t->count; k++)
    t->weights->fill(t->weights->self, t->from + k, term, 0, t->fill + k * square);
  for (size_t pattern = 0; pattern < 3; pattern++) {
    for (size_t column = 0; column < columns; column++)
      for (size_t ab = 0; ab < square; ab++)
        t->columns[column * square + ab] =
            scale * t->fill[column / (n * n) * square + ab] *
            t->amplitude[(pattern * n * n + column % (n * n)) * square + ab];
    for (size_t d = 0; d < D; d++) {
      memset(t->slice, 0, D * square * sizeof *t->slice);
      for (size_t s = 0; s < both; s++) {
        const char *name = slots[pattern][s];
        const pdlt_slice slice = {
            .slots = name + 1, .inner = "ab", .fixed = 'd', .outer = 'f', .index = d, .count = D};
        pdlt_gather(D, A, t->cov->four[name[0] == 'P' ? 2 : 3], &slice, 1, t->slice);
      }
      pdlt_gemm(0, 1, D, columns, square, 1, t->slice, square, t->columns, square, 0, t->sum,
                columns);
      for (size_t f = 0; f < D; f++)
        for (size_t column = 0; column < columns; column++)
          source_at(t, column % (n * n) / n, f, column % n, column / (n * n))[d] +=
              t->sum[f * columns + column];
    }
  }
}

/* Response of the terms that are linear in e: outputs equal. */
static void add_linear_response(const tile *t, size_t k) {
  const pdlt_dynamics *dyn = t->cov->dyn;
  const size_t D = dyn->lo.D, A = dyn->lo.A, n = dyn->lo.outputs, square = A * A;
  static const pdlt_dynamics_term terms[4] = {PDLT_DYNAMICS_MEAN, PDLT_DYNAMICS_FLUCTUATIONS,
                                              PDLT_DYNAMICS_DNTK_US, PDLT_DYNAMICS_DNTK_SS};
  const double *mean = t->fill, *h = mean + square, *us = h + square, *ss = us + square;
  const double *scale = t->weights->scale;
  for (size_t term = 0; term < 4; term++)
    t->weights->fill(t->weights->self, t->from + k, terms[term], 0, t->fill + term * square);
  for (size_t d = 0; d < D; d++)
    for (size_t x = 0; x < A; x++) {
      double sum = scale[PDLT_DYNAMICS_MEAN] * dyn->theta1[d * D + x] * mean[x];
      for (size_t a = 0; a < A; a++) {
        const size_t front = (d * A + x) * A + a, back = (d * A + a) * A + x;
        sum += scale[PDLT_DYNAMICS_FLUCTUATIONS] * dyn->fluctuation[back] * h[a * A + x];
        sum += scale[PDLT_DYNAMICS_DNTK_US] *
               (us[x * A + a] * dyn->dntk_us[0][front] + us[a * A + x] * dyn->dntk_us[1][back]);
        sum += scale[PDLT_DYNAMICS_DNTK_SS] *
               (ss[x * A + a] * dyn->dntk_ss[0][front] + ss[a * A + x] * dyn->dntk_ss[1][back]);
      }
      for (size_t m = 0; m < n; m++) t->response[(((k * n + m) * A + x) * n + m) * D + d] -= sum;
    }
}

/* E of the two e's that are left when the one in `slot` (0, 1, 2: a, b, c) is
 * moved, at the modes first and second of the others. The e with J's output is
 * in slot `pattern`. */
static double left_over(const tile *t, int pattern, int slot, size_t mi, size_t first,
                        size_t second) {
  const size_t A = t->cov->dyn->lo.A, n = t->cov->dyn->lo.outputs;
  const int is_first = pattern == (slot == 0 ? 1 : 0);
  const size_t x = is_first ? first : second, other = is_first ? second : first;
  const size_t kind = slot == pattern ? 0 : 1;
  return t->amplitude[((kind * n * n + mi) * A + x) * A + other];
}

/* Response of the ddNTK to one mode a in its first slot. */
static void respond(const tile *t, int pattern, size_t a, size_t k) {
  const pdlt_dynamics *dyn = t->cov->dyn;
  const size_t D = dyn->lo.D, A = dyn->lo.A, n = dyn->lo.outputs, square = A * A;
  double *w_a = t->weight, *w_b = w_a + n * n * square, *w_c = w_b + n * n * square;
  for (size_t mi = 0; mi < n * n; mi++)
    for (size_t b = 0; b < A; b++) {
      w_b[mi * A + b] = left_over(t, pattern, 1, mi, a, b);
      w_c[mi * A + b] = left_over(t, pattern, 2, mi, a, b);
      for (size_t c = 0; c < A; c++) w_a[(mi * A + b) * A + c] = left_over(t, pattern, 0, mi, b, c);
    }
  double *slice = t->columns, *by_b = slice + square, *by_c = by_b + A; /* (A, A), (A), (A) */
  for (size_t d = 0; d < D; d++) {
    memset(slice, 0, square * sizeof *slice); /* all terms at this time */
    for (size_t q = 0; q < 4; q++) {
      const double *term = t->slice + (q * D + d) * square,
                   *fill = t->fill + (q * TILE + k) * square;
      for (size_t bc = 0; bc < square; bc++) slice[bc] += term[bc] * fill[bc];
    }
    for (size_t mi = 0; mi < n * n; mi++) {
      double *out = t->response + ((k * n + mi / n) * A * n + mi % n) * D + d, by_a = 0;
      memset(by_b, 0, 2 * A * sizeof *by_b);
      for (size_t b = 0; b < A; b++) {
        const double *row = slice + b * A, *weight = w_a + (mi * A + b) * A;
        const double *weight_b = w_b + mi * A, from_b = w_c[mi * A + b];
        double sum_a = 0, sum_b = 0;
#pragma omp simd reduction(+ : sum_a, sum_b)
        for (size_t c = 0; c < A; c++) {
          sum_a += row[c] * weight[c];
          sum_b += row[c] * weight_b[c];
          by_c[c] += row[c] * from_b;
        }
        by_a += sum_a;
        by_b[b] = sum_b;
      }
      out[a * n * D] += by_a;
      for (size_t b = 0; b < A; b++) out[b * n * D] += by_b[b] + by_c[b];
    }
  }
}

static void add_ddntk_response(const tile *t) {
  const pdlt_dynamics *dyn = t->cov->dyn;
  const size_t D = dyn->lo.D, A = dyn->lo.A, square = A * A;
  for (size_t a = 0; a < A; a++) {
    for (size_t q = 0; q < 4; q++) {
      const pdlt_dynamics_term term = (pdlt_dynamics_term)(PDLT_DYNAMICS_DDNTK_USV + q);
      for (size_t k = 0; k < t->count; k++) {
        double *fill = t->fill + (q * TILE + k) * square;
        t->weights->fill(t->weights->self, t->from + k, term, a, fill);
        for (size_t bc = 0; bc < square; bc++) fill[bc] *= -t->weights->scale[term];
      }
    }
    for (int pattern = 0; pattern < PDLT_DD_PATTERNS; pattern++) {
      for (size_t q = 0; q < 4; q++)
        pdlt_dd_gather(dyn, pdlt_dd_rows[q], pattern, 'a', a, D, t->slice + q * D * square);
      for (size_t k = 0; k < t->count; k++) respond(t, pattern, a, k);
    }
  }
}

static void run_tile(const tile *t) {
  const pdlt_covariance *cov = t->cov;
  const size_t D = cov->dyn->lo.D, A = cov->dyn->lo.A, n = cov->dyn->lo.outputs;
  for (size_t m = 0; m < n; m++)
    for (size_t f = 0; f < D; f++)
      for (size_t i = 0; i < n; i++)
        memset(source_at(t, m, f, i, 0), 0, t->count * D * sizeof *t->source);
  if (A == 0) return;
  memset(t->response, 0, t->count * n * n * A * D * sizeof *t->response);
  add_ntk(t);
  add_dntk(t, PDLT_DYNAMICS_DNTK_US);
  add_dntk(t, PDLT_DYNAMICS_DNTK_SS);
  for (size_t k = 0; k < t->count; k++) add_linear_response(t, k);
  add_ddntk_response(t);
  for (size_t k = 0; k < t->count; k++)
    for (size_t m = 0; m < n; m++)
      for (size_t f = 0; f < D; f++)
        for (size_t i = 0; i < n; i++)
          pdlt_gemv(1, A, D, 1, t->response + ((k * n + m) * A * n + i) * D, n * D, cov->k + f * A,
                    1, source_at(t, m, f, i, k));
}

pdlt_status pdlt_covariance_source(const void *self, const pdlt_time_weights *weights,
                                   double *source, pdlt_error *err) {
  const pdlt_covariance *cov = self;
  const pdlt_dynamics *dyn = cov->dyn;
  const size_t n = dyn->lo.outputs, size = tile_size(dyn), threads = (size_t)dyn->threads;
  const size_t tiles = (weights->points + TILE - 1) / TILE;
  double *work = NULL, *amplitude = NULL;
  pdlt_status status = PDLT_OK;
  if (dyn->lo.D * n * tiles == 0) return PDLT_OK;
  PDLT_TRY(pdlt_alloc(&amplitude, 3 * n * n * dyn->lo.A * dyn->lo.A, sizeof *amplitude, err));
  PDLT_TRY(pdlt_alloc(&work, threads * size, sizeof *work, err));
  fill_amplitudes(dyn, amplitude);
#pragma omp parallel for num_threads(dyn->threads) schedule(dynamic, 1)
  for (size_t j = 0; j < tiles; j++) {
    if (pdlt_progress_check(weights->progress, NULL) != PDLT_OK) continue;
    tile t = tile_view(cov, weights, amplitude, source, work + (size_t)omp_get_thread_num() * size);
    t.from = j * TILE;
    t.count = weights->points - t.from < TILE ? weights->points - t.from : TILE;
    run_tile(&t);
    pdlt_progress_add(weights->progress, weights->unit * (double)t.count);
  }
  status = pdlt_progress_check(weights->progress, err);
cleanup:
  pdlt_free(work);
  pdlt_free(amplitude);
  return status;
}
