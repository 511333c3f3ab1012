/* draws.c - means over draws of the Gaussian NTK; see gaussian_ntk.h.
 *
 * Points: Richtmyer's sequence, number k of draw i is the fraction of (i + 1/2) sqrt(k-th prime),
 * made normal; with each draw its mirror image, so that odd orders in the deviation cancel. The
 * second order of the same draws, whose mean is known, is subtracted as a control. */
#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "compare/reach/internal.h"
#include "compare/statistics/distribution.h"

enum { CHUNK = 32 }; /* pairs of draws at a time */

/* Second orders are second differences at this fraction of a deviation: what is of fourth order
 * enters by its square. */
static const double small = 1.0 / 32.0;

/* What the draws need; m = n_L A. */
typedef struct workspace {
  const pdlt_gaussian_ntk *model;
  size_t m;
  double *root;                    /* (dimensions) fraction of the square root of a prime */
  double *normal;                  /* (CHUNK, dimensions) */
  double *common, *own, *cross;    /* (CHUNK, pairs), of all outputs, each, each pair of them */
  double *train, *test;            /* (m, m), (n_L B, m): of the draw at hand */
  double *values, *vectors, *room; /* (m), (m, m), (2 m) */
  double *z;                       /* (n_L, D) in modes */
  double *sum, *second;            /* (T, n_L, D) in modes: of the draws that are kept; of all */
  double kept;
} workspace;

static void free_workspace(workspace *ws) {
  double *owned[] = {ws->root,   ws->normal,  ws->common, ws->own, ws->cross, ws->train, ws->test,
                     ws->values, ws->vectors, ws->room,   ws->z,   ws->sum,   ws->second};
  for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) pdlt_free(owned[i]);
}

static int is_prime(size_t number) {
  for (size_t d = 2; d * d <= number; d++)
    if (number % d == 0) return 0;
  return 1;
}

static void fill_roots(size_t count, double *root) {
  size_t number = 2;
  for (size_t k = 0; k < count; number++)
    if (is_prime(number)) root[k++] = fmod(sqrt((double)number), 1.0);
}

static pdlt_status allocate(workspace *ws, pdlt_error *err) {
  const pdlt_gaussian_ntk *w = ws->model;
  const size_t n = w->outputs, m = n * w->A, two = n * (n - 1) / 2;
  pdlt_status status = PDLT_OK;
  ws->m = m;
  PDLT_TRY(pdlt_alloc(&ws->root, ws->model->dimensions, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&ws->normal, CHUNK * ws->model->dimensions, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&ws->common, CHUNK * w->num_equal, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&ws->own, n * CHUNK * w->num_equal, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&ws->cross, two * CHUNK * w->num_across, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&ws->train, m * m, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&ws->test, n * (w->D - w->A) * m, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&ws->values, m, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&ws->vectors, m * m, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&ws->room, 2 * m, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&ws->z, n * w->D, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&ws->sum, w->times * n * w->D, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&ws->second, w->times * n * w->D, sizeof(double), err));
  fill_roots(ws->model->dimensions, ws->root);
cleanup:
  return status;
}

/* values (CHUNK, pairs) of a factor from its numbers, which begin at column `first`. */
static void deviate(const workspace *ws, const pdlt_factor *factor, size_t first, double *values) {
  if (factor->rank == 0) return;
  pdlt_gemm(0, 0, CHUNK, factor->pairs, factor->rank, 1.0, ws->normal + first,
            ws->model->dimensions, factor->u, factor->pairs, 0.0, values, factor->pairs);
}

/* Deviations of CHUNK draws, from number `start` on. */
static void fill_chunk(workspace *ws, size_t start) {
  const pdlt_gaussian_ntk *w = ws->model;
  const size_t n = w->outputs;
  size_t first = w->common.rank;
  for (size_t i = 0; i < CHUNK; i++)
    for (size_t k = 0; k < ws->model->dimensions; k++) {
      const double u = fmod(((double)(start + i) + 0.5) * ws->root[k], 1.0);
      ws->normal[i * ws->model->dimensions + k] = pdlt_normal_upper_quantile(fmax(u, 0x1p-53));
    }
  deviate(ws, &w->common, 0, ws->common);
  for (size_t i = 0; i < n && w->own.rank > 0; i++, first += w->own.rank)
    deviate(ws, &w->own, first, ws->own + i * CHUNK * w->num_equal);
  for (size_t i = 0; i < n * (n - 1) / 2 && w->cross.rank > 0; i++, first += w->cross.rank)
    deviate(ws, &w->cross, first, ws->cross + i * CHUNK * w->num_across);
}

/* Adds value to the entry (row of output i, column of output j), row any sample. */
static void add(workspace *ws, size_t i, size_t row, size_t j, size_t column, double value) {
  const size_t A = ws->model->A, B = ws->model->D - A;
  if (column >= A) return;
  double *to = row < A ? ws->train + (i * A + row) * ws->m : ws->test + (i * B + row - A) * ws->m;
  to[j * A + column] += value;
}

/* Theta of draw c of the chunk, its deviation times factor. */
static void assemble(workspace *ws, size_t c, double factor) {
  const pdlt_gaussian_ntk *w = ws->model;
  const size_t A = w->A, D = w->D, n = w->outputs;
  memset(ws->train, 0, ws->m * ws->m * sizeof(double));
  memset(ws->test, 0, n * (D - A) * ws->m * sizeof(double));
  for (size_t i = 0; i < n; i++) {
    const double *common = ws->common + c * w->num_equal;
    const double *own = ws->own + (i * CHUNK + c) * w->num_equal;
    for (size_t d = 0; d < D; d++)
      for (size_t a = 0; a < A; a++) add(ws, i, d, i, a, w->theta[d * A + a]);
    for (size_t p = 0; p < w->num_equal; p++) {
      const pdlt_pair pair = w->equal[p];
      const double value = factor * (common[p] + own[p]);
      add(ws, i, pair.row, i, pair.column, value);
      if (pair.row < A && pair.row != pair.column) add(ws, i, pair.column, i, pair.row, value);
    }
  }
  const double *cross = ws->cross + c * w->num_across;
  for (size_t i = 0; i < n && w->cross.rank > 0; i++)
    for (size_t j = i + 1; j < n; j++, cross += CHUNK * w->num_across)
      for (size_t p = 0; p < w->num_across; p++) {
        add(ws, i, w->across[p].row, j, w->across[p].column, factor * cross[p]);
        add(ws, j, w->across[p].column, i, w->across[p].row, factor * cross[p]);
      }
}

/* Under steps a draw beyond 2/eta does not converge; to the end nor does one that is not positive. */
static int converges(const workspace *ws) {
  const pdlt_gaussian_ntk *w = ws->model;
  if (!w->flow && w->eta * ws->values[ws->m - 1] > 2.0) return 0;
  for (size_t t = 0; t < w->times; t++)
    if (isinf(w->time[t]) && !(ws->values[0] > 0.0)) return 0;
  return 1;
}

/* Adds the outputs of the draw that is assembled to sum, unless it is to converge and does not; 1 in
 * *added when it was. */
static pdlt_status add_draw(workspace *ws, double *sum, int *added, pdlt_error *err) {
  const pdlt_gaussian_ntk *w = ws->model;
  const size_t size = w->outputs * w->D;
  const pdlt_status status = pdlt_symmetric_eigen(ws->m, ws->train, ws->values, ws->vectors, err);
  if (status != PDLT_OK) return status;
  *added = converges(ws);
  for (size_t t = 0; t < w->times && *added; t++) {
    pdlt_gaussian_ntk_respond(w, w->outputs, ws->values, ws->vectors, ws->test, w->y, w->time[t],
                              ws->room, ws->z);
    for (size_t k = 0; k < size; k++) sum[t * size + k] += ws->z[k];
  }
  return PDLT_OK;
}

/* Adds draw c of the chunk and its mirror image, and their second order. */
static pdlt_status add_pair(workspace *ws, size_t c, double h, pdlt_error *err) {
  int added = 0;
  pdlt_status status = PDLT_OK;
  for (int sign = -1; sign <= 1; sign += 2) {
    assemble(ws, c, sign * sqrt(h));
    PDLT_TRY(add_draw(ws, ws->sum, &added, err));
    ws->kept += added;
    assemble(ws, c, sign * small * sqrt(h));
    PDLT_TRY(add_draw(ws, ws->second, &added, err));
  }
cleanup:
  return status;
}

/* mean of the draws that are kept - infinite width - (mean of the second order - h first) */
pdlt_status pdlt_gaussian_ntk_shift(const pdlt_gaussian_ntk *w, double h, double *shift,
                                    pdlt_error *err) {
  const size_t size = w->outputs * w->D;
  const double all = (double)w->draws;
  workspace ws = {.model = w};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(allocate(&ws, err));
  for (size_t start = 0; start < w->draws / 2; start += CHUNK) {
    PDLT_TRY(pdlt_progress_check(w->progress, err));
    fill_chunk(&ws, start);
    for (size_t c = 0; c < CHUNK; c++) {
      PDLT_TRY(add_pair(&ws, c, h, err));
      pdlt_progress_add(w->progress, 2.0 / all);
    }
  }
  for (size_t t = 0; t < w->times; t++) {
    for (size_t k = 0; k < size; k++) {
      const size_t at = t * size + k;
      ws.z[k] = ws.sum[at] / ws.kept - w->mean[at] -
                (ws.second[at] / all - w->mean[at]) / (small * small);
    }
    pdlt_gaussian_ntk_to_samples(w, ws.z, shift + t * size);
    for (size_t k = 0; k < size; k++) shift[t * size + k] += h * w->first[t * size + k];
  }
cleanup:
  free_workspace(&ws);
  return status;
}

pdlt_status pdlt_gaussian_ntk_miss(const pdlt_gaussian_ntk *w, double h, double *g,
                                   pdlt_error *err) {
  const size_t count = w->times * w->outputs * w->D;
  double *shift = NULL, miss = 0.0, size = 0.0;
  pdlt_status status = pdlt_alloc(&shift, count, sizeof *shift, err);
  if (status != PDLT_OK) return status;
  PDLT_TRY(pdlt_gaussian_ntk_shift(w, h, shift, err));
  for (size_t k = 0; k < count; k++) {
    miss = hypot(miss, shift[k] - h * w->first[k]);
    size = hypot(size, h * w->first[k]);
  }
  *g = size > 0.0 ? isfinite(miss) ? miss / size : INFINITY : NAN;
cleanup:
  pdlt_free(shift);
  return status;
}
