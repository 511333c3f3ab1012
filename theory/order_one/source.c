/* source.c - the source J of the mean at order 1/width: rotated
 * tensors times sums over times.
 *
 * Is: matrix products of (D, A^2) slices of the tensors with weights of many
 * times at once, on fixed tiles of times. Is not: where the weights come from
 * (time_sums.c, end.c). Equations: docs/dynamics.md. */
#include <omp.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "theory/order_one/internal.h"

enum { TILE = 32 }; /* times in one matrix product */

/* Tensor and its slots, columns are the patterns (ij)(kl), (ik)(jl), (il)(jk).
 */
const char *const pdlt_dd_slots[PDLT_DD_ROWS][PDLT_DD_PATTERNS] = {
    {"Rdabc", "Rdbca", "Rdcab"}, /* ddI_IJKL */
    {"Radbc", "Racdb", "Rabcd"}, /* ddI_JIKL */
    {"Sdabc", "Tdbac", "Udcab"}, /* ddII_IJKL */
    {"Tdabc", "Sdbac", "Udcba"}, /* ddII_IKJL */
    {"Sadbc", "Uacdb", "Tabdc"}, /* ddII_JIKL */
    {"Tadbc", "Uacbd", "Sabdc"}, /* ddII_JKIL */
};

/* Step in the tensor when the letter grows by one. */
static size_t stride(size_t D, const char *slots, char letter) {
  size_t step = 1;
  for (int i = 3; i >= 0; i--, step *= D)
    if (slots[i] == letter) return step;
  return 0;
}

/* A loop of pdlt_gather: step in the tensor, step in out, length. */
typedef struct gather_loop {
  size_t from, to, count;
} gather_loop;

static void longer_first(gather_loop *x, gather_loop *y) {
  if (x->from >= y->from) return;
  const gather_loop keep = *x;
  *x = *y;
  *y = keep;
}

void pdlt_gather(size_t D, size_t A, const double *tensor, const pdlt_slice *slice, double weight,
                 double *out) {
  const char *slots = slice->slots, *inner = slice->inner;
  const double *from = tensor + slice->index * stride(D, slots, slice->fixed);
  gather_loop x = {stride(D, slots, slice->outer), A * A, slice->count};
  gather_loop y = {stride(D, slots, inner[0]), A, A}, z = {stride(D, slots, inner[1]), 1, A};
  /* The shortest step in the tensor innermost: it does not fit the caches, out does. */
  longer_first(&x, &y);
  longer_first(&y, &z);
  longer_first(&x, &y);
  for (size_t i = 0; i < x.count; i++)
    for (size_t j = 0; j < y.count; j++)
      for (size_t k = 0; k < z.count; k++)
        out[i * x.to + j * y.to + k * z.to] += weight * from[i * x.from + j * y.from + k * z.from];
}

void pdlt_gather_trace(size_t D, size_t A, const double *tensor, const char *slots, double weight,
                       double *out) {
  const size_t step_f = stride(D, slots, 'f'), step_d = stride(D, slots, 'd');
  size_t step_a = 0, step = 1; /* both slots of a */
  for (int i = 3; i >= 0; i--, step *= D) step_a += slots[i] == 'a' ? step : 0;
  for (size_t f = 0; f < D; f++)
    for (size_t d = 0; d < D; d++)
      for (size_t a = 0; a < A; a++)
        out[(f * D + d) * A + a] += weight * tensor[f * step_f + d * step_d + a * step_a];
}

void pdlt_dd_gather(const pdlt_dynamics *dyn, const double weight[PDLT_DD_ROWS], int pattern,
                    char fixed, size_t index, size_t count, double *out) {
  const size_t D = dyn->lo.D, A = dyn->lo.A;
  if (count * A > 0) memset(out, 0, count * A * A * sizeof *out);
  for (int row = 0; row < PDLT_DD_ROWS; row++) {
    const char *name = pdlt_dd_slots[row][pattern];
    if (weight[row] == 0) continue;
    const pdlt_slice slice = {.slots = name + 1,
                              .inner = "bc",
                              .fixed = fixed,
                              .outer = fixed == 'a' ? 'd' : 'a',
                              .index = index,
                              .count = count};
    pdlt_gather(D, A, dyn->dd[*name - 'R'], &slice, weight[row], out);
  }
}

const double pdlt_dd_rows[4][PDLT_DD_ROWS] = {
    {1, 1, 1, 1, 1, 1}, /* usv: W_IJKL + W_JIKL */
    {1, 1, 2, 0, 0, 0}, /* suu: ddI_IJKL + ddI_JIKL + 2 ddII_IJKL */
    {1, 0, 1, 1, 0, 0}, /* ssv: W_IJKL */
    {1, 0, 0, 0, 0, 0}, /* sss: ddI_IJKL */
};

/* Scratch of one thread. */
typedef struct tile {
  const pdlt_dynamics *dyn;
  const pdlt_time_weights *weights;
  size_t from, count; /* points */
  double *weight;     /* (2 count n_L, A^2) */
  double *fill;       /* (A^2) */
  double *slice;      /* (D, A^2) */
  double *moment;     /* (2, n_L, A^2) */
  double *sum;        /* (5, D, count n_L): the last two are one (D, 2 count n_L) */
} tile;

static size_t tile_size(const pdlt_dynamics *dyn) {
  const size_t D = dyn->lo.D, A = dyn->lo.A, n = dyn->lo.outputs;
  return A * A * (n * 2 * TILE + 1 + D + 2 * n) + PDLT_DYNAMICS_PART_COUNT * D * TILE * n;
}

static tile tile_view(const pdlt_dynamics *dyn, const pdlt_time_weights *weights, double *data) {
  const size_t D = dyn->lo.D, square = dyn->lo.A * dyn->lo.A, n = dyn->lo.outputs;
  tile t = {.dyn = dyn, .weights = weights, .weight = data};
  t.fill = t.weight + n * square * 2 * TILE;
  t.slice = t.fill + square;
  t.moment = t.slice + D * square;
  t.sum = t.moment + 2 * n * square;
  return t;
}

/* sum_a Th1_da w_a y_ia */
static void add_mean(const tile *t) {
  const pdlt_dynamics *dyn = t->dyn;
  const size_t D = dyn->lo.D, A = dyn->lo.A, n = dyn->lo.outputs, columns = t->count * n;
  const double scale = t->weights->scale[PDLT_DYNAMICS_MEAN];
  if (scale == 0) return;
  for (size_t k = 0; k < t->count; k++) {
    t->weights->fill(t->weights->self, t->from + k, PDLT_DYNAMICS_MEAN, 0, t->fill);
    for (size_t i = 0; i < n; i++)
      for (size_t a = 0; a < A; a++)
        t->weight[(k * n + i) * A + a] = scale * t->fill[a] * dyn->lo.target[a * n + i];
  }
  pdlt_gemm(0, 1, D, columns, A, 1, dyn->theta1, D, t->weight, A, 1, t->sum, columns);
}

/* sum_ab X_dab w_ab y_i of slot a (slot 0) or b (slot 1) */
static void add_pairs(const tile *t, pdlt_dynamics_term term, const double *x, int slot,
                      pdlt_dynamics_part part) {
  const pdlt_dynamics *dyn = t->dyn;
  const size_t D = dyn->lo.D, A = dyn->lo.A, n = dyn->lo.outputs, columns = t->count * n;
  const double scale = t->weights->scale[term], *y = dyn->lo.target;
  if (scale == 0) return;
  for (size_t k = 0; k < t->count; k++) {
    t->weights->fill(t->weights->self, t->from + k, term, 0, t->fill);
    for (size_t i = 0; i < n; i++)
      for (size_t a = 0; a < A; a++)
        for (size_t b = 0; b < A; b++)
          t->weight[((k * n + i) * A + a) * A + b] =
              scale * t->fill[a * A + b] * y[(slot == 0 ? a : b) * n + i];
  }
  pdlt_gemm(0, 1, D, columns, A * A, 1, x, A * A, t->weight, A * A, 1,
            t->sum + (size_t)part * D * columns, columns);
}

/* g^p_{i;abc} of one mode a (docs/dynamics.md): with two e's paired, and with
 * none. */
static void fill_moments(const tile *t, int pattern, size_t a) {
  const pdlt_dynamics *dyn = t->dyn;
  const size_t A = dyn->lo.A, n = dyn->lo.outputs;
  const double *y = dyn->lo.target, *kernel = dyn->k;
  for (size_t b = 0; b < A; b++)
    for (size_t c = 0; c < A; c++) {
      /* x is alone with the output's index, u and v share theirs */
      const size_t x = pattern == 0 ? a : pattern == 1 ? b : c;
      const size_t u = pattern == 1 ? a : b, v = pattern == 2 ? a : c;
      double dot = 0;
      for (size_t j = 0; j < n; j++) dot += y[u * n + j] * y[v * n + j];
      for (size_t i = 0; i < n; i++) {
        double *linear = t->moment + (i * A + b) * A + c, *cubic = linear + n * A * A;
        *linear = y[x * n + i] * (double)n * kernel[u * A + v] + y[u * n + i] * kernel[x * A + v] +
                  y[v * n + i] * kernel[x * A + u];
        *cubic = y[x * n + i] * dot;
      }
    }
}

/* One term, pattern and mode a: its slice of the ddNTK times weights times
 * moments. */
static void add_triples(const tile *t, int q, int pattern, size_t a) {
  const pdlt_dynamics *dyn = t->dyn;
  const size_t D = dyn->lo.D, square = dyn->lo.A * dyn->lo.A, n = dyn->lo.outputs;
  const size_t columns = 2 * t->count * n;
  const pdlt_dynamics_term term = (pdlt_dynamics_term)(PDLT_DYNAMICS_DDNTK_USV + q);
  const double scale = t->weights->scale[term];
  if (scale == 0) return;
  const double *rows_of = t->weights->rows ? t->weights->rows[q] : pdlt_dd_rows[q];
  pdlt_dd_gather(dyn, rows_of, pattern, 'a', a, D, t->slice);
  for (size_t k = 0; k < t->count; k++) {
    t->weights->fill(t->weights->self, t->from + k, term, a, t->fill);
    for (size_t m = 0; m < 2 * n; m++) {
      const double *moment = t->moment + m * square;
      const size_t second = m >= n;
      double *out = t->weight + (second * t->count * n + k * n + m - second * n) * square;
      for (size_t bc = 0; bc < square; bc++) out[bc] = scale * t->fill[bc] * moment[bc];
    }
  }
  pdlt_gemm(0, 1, D, columns, square, 1, t->slice, square, t->weight, square, 1,
            t->sum + (size_t)PDLT_DYNAMICS_PART_DDNTK_LINEAR * D * t->count * n, columns);
}

/* Where part, row d and column of the sums lie. */
static double sum_at(const tile *t, int part, size_t d, size_t column) {
  const size_t D = t->dyn->lo.D, columns = t->count * t->dyn->lo.outputs;
  const int linear = PDLT_DYNAMICS_PART_DDNTK_LINEAR;
  if (part < linear) return t->sum[((size_t)part * D + d) * columns + column];
  return t->sum[(size_t)linear * D * columns + d * 2 * columns + (size_t)(part - linear) * columns +
                column];
}

static void run_tile(const tile *t, double *source) {
  const pdlt_dynamics *dyn = t->dyn;
  const size_t D = dyn->lo.D, A = dyn->lo.A, n = dyn->lo.outputs;
  memset(t->sum, 0, PDLT_DYNAMICS_PART_COUNT * D * t->count * n * sizeof *t->sum);
  add_mean(t);
  add_pairs(t, PDLT_DYNAMICS_FLUCTUATIONS, dyn->fluctuation, 1, PDLT_DYNAMICS_PART_FLUCTUATIONS);
  for (int slot = 0; slot < 2; slot++) {
    add_pairs(t, PDLT_DYNAMICS_DNTK_US, dyn->dntk_us[slot], slot, PDLT_DYNAMICS_PART_DNTK);
    add_pairs(t, PDLT_DYNAMICS_DNTK_SS, dyn->dntk_ss[slot], slot, PDLT_DYNAMICS_PART_DNTK);
  }
  for (size_t a = 0; a < A; a++)
    for (int pattern = 0; pattern < PDLT_DD_PATTERNS; pattern++) {
      fill_moments(t, pattern, a);
      for (int q = 0; q < 4; q++) add_triples(t, q, pattern, a);
    }
  for (int part = 0; part < PDLT_DYNAMICS_PART_COUNT; part++)
    for (size_t k = 0; k < t->count; k++)
      for (size_t i = 0; i < n; i++)
        for (size_t d = 0; d < D; d++)
          source[(((size_t)part * n + i) * t->weights->points + t->from + k) * D + d] =
              sum_at(t, part, d, k * n + i);
}

pdlt_status pdlt_dynamics_source(const void *self, const pdlt_time_weights *weights, double *source,
                                 pdlt_error *err) {
  const pdlt_dynamics *dyn = self;
  pdlt_status status = PDLT_OK;
  double *work = NULL;
  const size_t tiles = (weights->points + TILE - 1) / TILE, size = tile_size(dyn);
  const size_t most = (size_t)dyn->threads < tiles ? (size_t)dyn->threads : tiles;
  if (dyn->lo.D * dyn->lo.outputs * tiles == 0) return PDLT_OK;
  PDLT_TRY(pdlt_alloc(&work, most * size, sizeof *work, err));
#pragma omp parallel for num_threads((int)most) schedule(dynamic, 1)
  for (size_t j = 0; j < tiles; j++) {
    if (pdlt_progress_check(weights->progress, NULL) != PDLT_OK) continue;
    tile t = tile_view(dyn, weights, work + (size_t)omp_get_thread_num() * size);
    t.from = j * TILE;
    t.count = weights->points - t.from < TILE ? weights->points - t.from : TILE;
    run_tile(&t, source);
    pdlt_progress_add(weights->progress, weights->unit * (double)t.count);
  }
  status = pdlt_progress_check(weights->progress, err);
cleanup:
  pdlt_free(work);
  return status;
}
