/* rotate.c - tensors in the eigenbasis of Theta_AA.
 *
 * Is: rotation in place, slot by slot, as matrix products on fixed tiles; what
 * is kept of the rotated tensors. Is not: dynamics. */
#include <omp.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "theory/order_one/internal.h"

enum { TILE = 256 }; /* columns (rows, for the last slot) of one matrix product */

static size_t power(size_t base, int exponent) {
  size_t out = 1;
  for (int i = 0; i < exponent; i++) out *= base;
  return out;
}

/* block (D, stride), columns from .. from + count: rows below A become modes.
 */
static void rotate_rows(size_t A, const double *vector, double *block, size_t stride, size_t from,
                        size_t count, double *work) {
  for (size_t a = 0; a < A; a++)
    memcpy(work + a * count, block + a * stride + from, count * sizeof *work);
  pdlt_gemm(0, 0, A, count, A, 1, vector, A, work, count, 0, block + from, stride);
}

/* rows (count, D): columns below A become modes. */
static void rotate_columns(size_t D, size_t A, const double *vector, double *rows, size_t count,
                           double *work) {
  for (size_t i = 0; i < count; i++) memcpy(work + i * A, rows + i * D, A * sizeof *work);
  pdlt_gemm(0, 1, count, A, A, 1, work, A, vector, A, 0, rows, D);
}

pdlt_status pdlt_rotate(size_t D, size_t A, int rank, const double *vector, int threads,
                        double *tensor, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  double *work = NULL;
  if (A == 0) return PDLT_OK;
  PDLT_TRY(pdlt_alloc(&work, (size_t)threads * A * TILE, sizeof *work, err));
  for (int slot = 0; slot < rank; slot++) {
    const size_t inner = power(D, rank - 1 - slot), outer = power(D, slot);
    const int last = slot == rank - 1;
    const size_t tiles = last ? (outer + TILE - 1) / TILE : (inner + TILE - 1) / TILE;
    const size_t jobs = last ? tiles : outer * tiles;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (size_t j = 0; j < jobs; j++) {
      double *mine = work + (size_t)omp_get_thread_num() * A * TILE;
      const size_t from = j % tiles * TILE, end = last ? outer : inner;
      const size_t count = end - from < TILE ? end - from : TILE;
      if (last)
        rotate_columns(D, A, vector, tensor + from * D, count, mine);
      else
        rotate_rows(A, vector, tensor + j / tiles * D * inner, inner, from, count, mine);
    }
  }
cleanup:
  pdlt_free(work);
  return status;
}

pdlt_status pdlt_rotate_moved(const pdlt_dynamics *dyn, const pdlt_doubt_pass *move, uint64_t tag,
                              const double *from, double *out, pdlt_error *err) {
  if (move->doubts == NULL) return pdlt_rotate_copy(dyn, 4, from, out, err);
  pdlt_doubt_move(out, from, 4, dyn->lo.D, move->pass, tag, move->doubts + tag);
  return pdlt_rotate(dyn->lo.D, dyn->lo.A, 4, dyn->lo.vector, dyn->threads, out, err);
}

pdlt_status pdlt_rotate_copy(const pdlt_dynamics *dyn, int rank, const double *from, double *out,
                             pdlt_error *err) {
  const size_t count = power(dyn->lo.D, rank);
  if (count > 0) memcpy(out, from, count * sizeof *out);
  return pdlt_rotate(dyn->lo.D, dyn->lo.A, rank, dyn->lo.vector, dyn->threads, out, err);
}

void pdlt_rotate_back(const pdlt_dynamics *dyn, size_t count, const double *rotated, double *out) {
  const size_t D = dyn->lo.D, A = dyn->lo.A;
  if (count * D > 0) memcpy(out, rotated, count * D * sizeof *out);
  if (A > 0) pdlt_gemm(0, 0, count, A, A, 1, rotated, D, dyn->lo.vector, A, 0, out, D);
}

void pdlt_rotate_back_both(const pdlt_dynamics *dyn, size_t count, double *work, double *x) {
  const size_t D = dyn->lo.D, A = dyn->lo.A, n = dyn->lo.outputs, row = n * D;
  pdlt_rotate_back(dyn, count * row * n, x, work);
  if (count * row > 0) memcpy(x, work, count * row * row * sizeof *x);
  for (size_t block = 0; block < count * n && A > 0; block++)
    pdlt_gemm(1, 0, A, row, A, 1, dyn->lo.vector, A, work + block * D * row, row, 0,
              x + block * D * row, row);
}

/* Position of [i][j][k][l]. */
static size_t at(size_t D, size_t i, size_t j, size_t k, size_t l) {
  return ((i * D + j) * D + k) * D + l;
}

static void reduce_a(pdlt_dynamics *dyn, const double *x) {
  const size_t D = dyn->lo.D, A = dyn->lo.A;
  for (size_t d = 0; d < D; d++)
    for (size_t a = 0; a < A; a++)
      for (size_t c = 0; c < A; c++) dyn->fluctuation[(d * A + a) * A + c] += x[at(D, d, a, a, c)];
}

static void reduce_b(pdlt_dynamics *dyn, const double *x) {
  const size_t D = dyn->lo.D, A = dyn->lo.A;
  const double n = (double)dyn->lo.outputs;
  for (size_t d = 0; d < D; d++)
    for (size_t a = 0; a < A; a++)
      for (size_t c = 0; c < A; c++)
        dyn->fluctuation[(d * A + a) * A + c] += x[at(D, d, a, a, c)] + n * x[at(D, d, c, a, a)];
}

static void reduce_p(pdlt_dynamics *dyn, const double *x) {
  const size_t D = dyn->lo.D, A = dyn->lo.A;
  const double n = (double)dyn->lo.outputs;
  for (size_t d = 0; d < D; d++) {
    for (size_t e = 0; e < D; e++)
      for (size_t b = 0; b < A; b++) dyn->dntk[(d * D + e) * A + b] += x[at(D, d, e, b, b)];
    for (size_t a = 0; a < A; a++)
      for (size_t b = 0; b < A; b++) {
        const size_t i = (d * A + a) * A + b;
        dyn->dntk_ss[1][i] += x[at(D, d, a, b, a)];
        dyn->dntk_us[1][i] += x[at(D, d, a, b, a)] + n * x[at(D, a, d, b, a)];
      }
  }
}

static void reduce_q(pdlt_dynamics *dyn, const double *x) {
  const size_t D = dyn->lo.D, A = dyn->lo.A;
  const double n = (double)dyn->lo.outputs;
  for (size_t d = 0; d < D; d++) {
    for (size_t e = 0; e < D; e++)
      for (size_t b = 0; b < A; b++)
        dyn->dntk[(d * D + e) * A + b] += n * x[at(D, d, e, b, b)] + x[at(D, d, b, e, b)];
    for (size_t a = 0; a < A; a++)
      for (size_t b = 0; b < A; b++) {
        const size_t i = (d * A + a) * A + b;
        const double ss = x[at(D, d, a, b, a)] + n * x[at(D, d, b, a, a)];
        dyn->dntk_ss[1][i] += ss;
        dyn->dntk_us[1][i] += ss + x[at(D, a, d, b, a)] + x[at(D, a, b, d, a)];
      }
  }
}

/* The two dntk arrays that follow from dntk. */
static void finish_dntk(pdlt_dynamics *dyn) {
  const size_t D = dyn->lo.D, A = dyn->lo.A;
  for (size_t d = 0; d < D; d++)
    for (size_t a = 0; a < A; a++)
      for (size_t b = 0; b < A; b++) {
        const size_t i = (d * A + a) * A + b;
        dyn->dntk_ss[0][i] = dyn->dntk[(d * D + a) * A + b];
        dyn->dntk_us[0][i] = dyn->dntk[(d * D + a) * A + b] + dyn->dntk[(a * D + d) * A + b];
      }
}

/* All but R, S, T, U. */
static pdlt_status rotate_small(pdlt_dynamics *dyn, const pdlt_dynamics_input *in,
                                pdlt_error *err) {
  const size_t D = in->lo.D, A = in->lo.A;
  const double *const small[4] = {in->a, in->b, in->p, in->q};
  void (*const reduce[4])(pdlt_dynamics *, const double *) = {reduce_a, reduce_b, reduce_p,
                                                              reduce_q};
  const uint64_t initial =
      in->lo.centered ? 2 : 4; /* without P and Q: residuals know nothing of z(0) */
  double *work = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_rotate_copy(dyn, 2, in->theta1, dyn->theta1, err));
  PDLT_TRY(pdlt_alloc(&work, in->keep ? D * D : power(D, 4), sizeof *work, err));
  for (uint64_t i = 0; i < 4; i++) {
    double *to = in->keep ? dyn->four[i] : work;
    if (i < initial || in->keep)
      PDLT_TRY(pdlt_rotate_moved(dyn, &in->move, PDLT_MOVE_A + i, small[i], to, err));
    if (i < initial) reduce[i](dyn, to);
  }
  finish_dntk(dyn);
  PDLT_TRY(pdlt_rotate_copy(dyn, 2, in->lo.K, work, err));
  for (size_t a = 0; a < A && !in->lo.centered; a++)
    if (A > 0) memcpy(dyn->k + a * A, work + a * D, A * sizeof *work);
cleanup:
  pdlt_free(work);
  return status;
}

static pdlt_status allocate(pdlt_dynamics *dyn, int keep, pdlt_error *err) {
  const size_t D = dyn->lo.D, A = dyn->lo.A;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&dyn->mu, A, sizeof *dyn->mu, err));
  PDLT_TRY(pdlt_alloc(&dyn->theta1, D * D, sizeof *dyn->theta1, err));
  PDLT_TRY(pdlt_alloc(&dyn->k, A * A, sizeof *dyn->k, err));
  PDLT_TRY(pdlt_alloc(&dyn->fluctuation, D * A * A, sizeof *dyn->fluctuation, err));
  PDLT_TRY(pdlt_alloc(&dyn->dntk, D * D * A, sizeof *dyn->dntk, err));
  for (int i = 0; i < 2; i++) {
    PDLT_TRY(pdlt_alloc(&dyn->dntk_us[i], D * A * A, sizeof(double), err));
    PDLT_TRY(pdlt_alloc(&dyn->dntk_ss[i], D * A * A, sizeof(double), err));
  }
  for (int i = 0; i < 4 && keep; i++)
    PDLT_TRY(pdlt_alloc(&dyn->four[i], power(D, 4), sizeof(double), err));
cleanup:
  return status;
}

pdlt_status pdlt_dynamics_load(pdlt_dynamics *dyn, const pdlt_dynamics_input *in, pdlt_error *err) {
  const double *const large[4] = {in->r, in->s, in->t, in->u};
  pdlt_status status = PDLT_OK;
  for (uint64_t i = 0; i < 4; i++) {
    if (dyn->dd[i] == NULL)
      PDLT_TRY(pdlt_alloc(&dyn->dd[i], power(dyn->lo.D, 4), sizeof(double), err));
    PDLT_TRY(pdlt_rotate_moved(dyn, &in->move, PDLT_MOVE_R + i, large[i], dyn->dd[i], err));
  }
cleanup:
  return status;
}

pdlt_status pdlt_dynamics_new(pdlt_dynamics *out, const pdlt_dynamics_input *in, pdlt_error *err) {
  pdlt_dynamics dyn = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_dynamics_start(&dyn, in, err));
  PDLT_TRY(pdlt_dynamics_load(&dyn, in, err));
  *out = dyn;
  dyn = (pdlt_dynamics){0};
cleanup:
  pdlt_dynamics_free(&dyn);
  return status;
}

pdlt_status pdlt_dynamics_start(pdlt_dynamics *out, const pdlt_dynamics_input *in,
                                pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  pdlt_dynamics dyn = {.threads = in->threads, .progress = in->progress};
  for (int i = 0; i < PDLT_DYNAMICS_TERM_COUNT; i++)
    dyn.factors.factor[i] = in->factors ? in->factors->factor[i] : 1;
  PDLT_TRY(pdlt_training_new(&dyn.lo, &in->lo, err));
  PDLT_TRY(allocate(&dyn, in->keep, err));
  for (size_t a = 0; a < dyn.lo.A; a++)
    dyn.mu[a] = dyn.lo.flow ? 0 : 1 - dyn.lo.eta * dyn.lo.value[a];
  PDLT_TRY(rotate_small(&dyn, in, err));
  *out = dyn;
  dyn = (pdlt_dynamics){0};
cleanup:
  pdlt_dynamics_free(&dyn);
  return status;
}

void pdlt_dynamics_free(pdlt_dynamics *dyn) {
  pdlt_training_free(&dyn->lo);
  pdlt_free(dyn->mu);
  pdlt_free(dyn->theta1);
  pdlt_free(dyn->k);
  pdlt_free(dyn->fluctuation);
  pdlt_free(dyn->dntk);
  for (int i = 0; i < 2; i++) {
    pdlt_free(dyn->dntk_us[i]);
    pdlt_free(dyn->dntk_ss[i]);
  }
  for (int i = 0; i < 4; i++) {
    pdlt_free(dyn->dd[i]);
    pdlt_free(dyn->four[i]);
  }
  *dyn = (pdlt_dynamics){0};
}
