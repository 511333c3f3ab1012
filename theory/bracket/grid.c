/* grid.c - quadrature grids with the oscillator on them; see bracket.h. */
#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "base/vector/small.h"
#include "theory/bracket/fold.h"

/* The oscillator lives on a wider interval than the functions do: its modes of high
 * number reach out to 2 sqrt(number), and a wall at |t| = w costs e^{-w^2/4}. */
static const double mode_reach = 12.0;

void pdlt_bracket_grid_free(pdlt_bracket_grid *grid) {
  pdlt_free(grid->x);
  pdlt_free(grid->root_w);
  pdlt_free(grid->mode);
  pdlt_free(grid->left);
  pdlt_free(grid->right);
  pdlt_free(grid->number);
  memset(grid, 0, sizeof *grid);
}

static pdlt_status grid_alloc(pdlt_bracket_grid *grid, size_t n, size_t levels, pdlt_error *err) {
  pdlt_status status;
  *grid = (pdlt_bracket_grid){.n = n, .levels = levels};
  PDLT_TRY(pdlt_alloc(&grid->x, n, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&grid->root_w, n, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&grid->mode, levels * n, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&grid->left, levels * n, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&grid->right, levels * n, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&grid->number, levels, sizeof(double), err));
cleanup:
  if (status != PDLT_OK) pdlt_bracket_grid_free(grid);
  return status;
}

static void weigh_modes(pdlt_bracket_grid *grid) {
  for (size_t level = 0; level < grid->levels; level++) {
    for (size_t p = 0; p < grid->n; p++) {
      double weighted = grid->mode[level * grid->n + p] * grid->root_w[p];
      grid->right[level * grid->n + p] = weighted;
      grid->left[p * grid->levels + level] = weighted;
    }
  }
}

/* -d^2/dt^2 + t^2/4 - 1/2 in the sinc basis of m nodes, step h, centred at 0. */
static void oscillator_matrix(size_t m, double h, double *matrix /* (m, m) */) {
  const double pi = 3.14159265358979323846;
  for (size_t p = 0; p < m; p++) {
    double t = ((double)p - 0.5 * (double)(m - 1)) * h;
    for (size_t q = 0; q < m; q++) {
      double d = (double)p - (double)q;
      double sign = (p + q) % 2 == 0 ? 2.0 : -2.0;
      matrix[p * m + q] =
          p == q ? pi * pi / (3.0 * h * h) + 0.25 * t * t - 0.5 : sign / (h * h * d * d);
    }
  }
}

pdlt_status pdlt_bracket_grid_new_trapezoid(pdlt_bracket_grid *out, size_t n, double reach,
                                            pdlt_error *err) {
  pdlt_status status;
  pdlt_bracket_grid grid = {0};
  double *matrix = NULL, *vectors = NULL;
  double h = 2.0 * reach / (double)(n - 1);
  size_t margin = reach < mode_reach ? (size_t)ceil((mode_reach - reach) / h) : 0;
  size_t m = n + 2 * margin;

  PDLT_TRY(grid_alloc(&grid, n, m, err));
  PDLT_TRY(pdlt_alloc(&matrix, m * m, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&vectors, m * m, sizeof(double), err));
  oscillator_matrix(m, h, matrix);
  PDLT_TRY(pdlt_symmetric_eigen(m, matrix, grid.number, vectors, err));
  for (size_t p = 0; p < n; p++) {
    double t = ((double)p - 0.5 * (double)(n - 1)) * h;
    grid.x[p] = t;
    /* sqrt(h) (2 pi)^{-1/4} e^{-t^2/4} */
    grid.root_w[p] = sqrt(h) * 0.63161877774606470129 * exp(-0.25 * t * t);
  }
  for (size_t level = 0; level < m; level++)
    memcpy(grid.mode + level * n, vectors + level * m + margin, n * sizeof(double));
  /* exactly 0; the others stay eigenvalues of this matrix, whose semigroup is then exact:
   * rounding the nearly whole ones would cost 1e-10 at rho near 1 */
  grid.number[0] = 0.0;
  weigh_modes(&grid);
  *out = grid;
cleanup:
  if (status != PDLT_OK) pdlt_bracket_grid_free(&grid);
  pdlt_free(matrix);
  pdlt_free(vectors);
  return status;
}

/* Golub and Welsch: nodes and Hermite modes are the eigenpairs of the position
 * operator t in the basis of Hermite functions. */
pdlt_status pdlt_bracket_grid_new_gauss(pdlt_bracket_grid *out, size_t n, pdlt_error *err) {
  pdlt_status status;
  pdlt_bracket_grid grid = {0};
  double *matrix = NULL, *vectors = NULL;

  PDLT_TRY(grid_alloc(&grid, n, n, err));
  PDLT_TRY(pdlt_alloc(&matrix, n * n, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&vectors, n * n, sizeof(double), err));
  for (size_t k = 0; k + 1 < n; k++)
    matrix[k * n + k + 1] = matrix[(k + 1) * n + k] = sqrt((double)(k + 1));
  PDLT_TRY(pdlt_symmetric_eigen(n, matrix, grid.x, vectors, err));
  for (size_t p = 0; p < n; p++) {
    double sign = vectors[p * n] < 0.0 ? -1.0 : 1.0;
    grid.root_w[p] = sign * vectors[p * n];
    for (size_t k = 0; k < n; k++) grid.mode[k * n + p] = sign * vectors[p * n + k];
    grid.number[p] = (double)p;
  }
  weigh_modes(&grid);
  *out = grid;
cleanup:
  if (status != PDLT_OK) pdlt_bracket_grid_free(&grid);
  pdlt_free(matrix);
  pdlt_free(vectors);
  return status;
}

size_t pdlt_bracket_powers(size_t rows, size_t levels, const double *number, const double *left,
                           double rho, double *work) {
  enum { CHUNK = 64 };
  size_t used = 0;
  double log_rho = log(rho), power[CHUNK];
  /* rho^N < 1e-17 from `used` on */
  while (used < levels && !(number[used] * log_rho < -39.0)) used++;
  for (size_t first = 0; first < used; first += CHUNK) {
    size_t count = used - first < CHUNK ? used - first : CHUNK;
    for (size_t k = 0; k < count; k++)
      power[k] = number[first + k] <= 0.0 ? 1.0 : exp(number[first + k] * log_rho);
    for (size_t p = 0; p < rows; p++) {
      const double *from = left + p * levels + first;
      double *to = work + p * levels + first;
      for (size_t k = 0; k < count; k++) to[k] = from[k] * power[k];
    }
  }
  return used;
}

void pdlt_bracket_grid_mehler(const pdlt_bracket_grid *grid, double rho, double *work,
                              double *out) {
  const size_t n = grid->n, levels = grid->levels;
  const size_t used = pdlt_bracket_powers(n, levels, grid->number, grid->left, rho, work);
  pdlt_small_best()->product(n, n, used, work, levels, grid->right, n, out, n);
}
