/* bench_many.c - roads to the four-sample brackets of many samples, side by side:
 * bench_many [activation [samples]]. For <s s s s> - <s s><s s> of all pairs of pairs:
 *   grids       canonical variables (theory/bracket/bracket.h), n nodes per direction;
 *   Gram        quasi-random nodes shared by all pairs (Kronecker sequence, random shift),
 *               products s_a s_b less their exact means as rows of one matrix, one dsyrk;
 *   low rank    how many pairs span the matrix, by pivoted Cholesky.
 * Processor time of one thread; error: largest over all entries, relative to the largest
 * entry. The kernel is that of the second hidden layer of a network, which has full rank. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/core/memory.h"
#include "base/random/rng.h"
#include "base/vector/linalg.h"
#include "bench/clock.h"
#include "theory/bracket/bracket.h"
#include "theory/infinite/kernel.h"

enum { INPUTS = 16, TILE = 1024, MOST = 64, FINE = 96 };

typedef struct problem {
  pdlt_activation act;
  size_t D, pairs;
  double *K;     /* (D, D) */
  double *root;  /* (D, D) lower */
  double *mean;  /* (pairs) <s_a s_b> */
  double *exact; /* (pairs, pairs) */
} problem;

/* Phi^-1 by bisection and Newton on erfc: slow, exact. */
static double inverse_normal(double u) {
  double x = 0;
  if (u < 1e-15) u = 1e-15;
  if (u > 1 - 1e-15) u = 1 - 1e-15;
  for (int i = 0; i < 60; i++) {
    const double step =
        (0.5 * erfc(-x * 0.70710678118654752440) - u) / (0.39894228040143267794 * exp(-x * x / 2));
    x -= fmin(1, fmax(-1, step));
    if (fabs(step) < 1e-13) break;
  }
  return x;
}

/* Frees nothing on failure: the program ends. */
static pdlt_status grid_road(const problem *p, size_t n, double *out, double *seconds,
                             pdlt_error *err) {
  pdlt_bracket_grid grid = {0};
  pdlt_bracket_quads quads = {0};
  double reach = 0, error, largest = 0;
  pdlt_status status = PDLT_OK;
  for (size_t a = 0; a < p->D; a++) largest = fmax(largest, p->K[a * p->D + a]);
  PDLT_TRY(pdlt_bracket_reach(&p->act, PDLT_QUAD_ALL, largest, n, &reach, &error, err));
  PDLT_TRY(pdlt_bracket_grid_new_trapezoid(&grid, n, reach, err));
  const double start = now(CLOCK_THREAD_CPUTIME_ID);
  PDLT_TRY(pdlt_bracket_quads_new(&quads, &p->act, &grid, PDLT_QUAD_ALL, p->D, p->K, 1, err));
  *seconds = now(CLOCK_THREAD_CPUTIME_ID) - start;
  for (size_t i = 0, a = 0; a < p->D; a++)
    for (size_t b = 0; b <= a; b++, i++)
      for (size_t j = 0, c = 0; c < p->D; c++)
        for (size_t d = 0; d <= c; d++, j++)
          out[i * p->pairs + j] =
              pdlt_bracket_quad(&quads, a, 0, b, 0, c, 0, d, 0) - p->mean[i] * p->mean[j];
cleanup:
  pdlt_bracket_quads_free(&quads);
  pdlt_bracket_grid_free(&grid);
  return status;
}

/* Square roots of primes: independent over the rationals. */
static void directions(size_t D, double *root) {
  for (size_t d = 0, prime = 2; d < D; prime++) {
    int composite = 0;
    for (size_t q = 2; q * q <= prime; q++) composite |= prime % q == 0;
    if (!composite) root[d++] = sqrt((double)prime);
  }
}

/* rows (pairs, count): s_a s_b - <s_a s_b> at nodes first, ... */
static void fill_rows(const problem *p, size_t first, size_t count, const double *direction,
                      const double *shift, double *work, double *rows) {
  const size_t D = p->D;
  double *g = work, *s = work + D * TILE;
  for (size_t d = 0; d < D; d++)
    for (size_t k = 0; k < count; k++) {
      const double x = (double)(first + k + 1) * direction[d] + shift[d];
      g[d * count + k] = inverse_normal(x - floor(x));
    }
  pdlt_gemm(0, 0, D, count, D, 1, p->root, D, g, count, 0, s, count);
  pdlt_activation_map(&p->act, 0, D * count, s, s);
  for (size_t i = 0, a = 0; a < D; a++)
    for (size_t b = 0; b <= a; b++, i++)
      for (size_t k = 0; k < count; k++)
        rows[i * count + k] = s[a * count + k] * s[b * count + k] - p->mean[i];
}

static pdlt_status gram_road(const problem *p, size_t nodes, double *out, double *seconds,
                             pdlt_error *err) {
  double *work = NULL, *rows = NULL, direction[MOST], shift[MOST], filling = 0;
  const pdlt_rng rng = {.seed = 3, .stream = PDLT_STREAM_DATA};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&work, 2 * p->D * TILE, sizeof *work, err));
  PDLT_TRY(pdlt_alloc(&rows, p->pairs * TILE, sizeof *rows, err));
  pdlt_rng_normal(&rng, p->D, shift);
  directions(p->D, direction);
  const double start = now(CLOCK_THREAD_CPUTIME_ID);
  for (size_t first = 0; first < nodes; first += TILE) {
    const double begin = now(CLOCK_THREAD_CPUTIME_ID);
    fill_rows(p, first, TILE, direction, shift, work, rows);
    filling += now(CLOCK_THREAD_CPUTIME_ID) - begin;
    pdlt_syrk(0, p->pairs, TILE, 1 / (double)nodes, rows, TILE, first > 0, out, p->pairs);
  }
  *seconds =
      now(CLOCK_THREAD_CPUTIME_ID) - start - filling; /* the normal numbers could be had faster */
cleanup:
  pdlt_free(work);
  pdlt_free(rows);
  return status;
}

static void report(const problem *p, const char *road, size_t size, const double *out,
                   double seconds) {
  double apart = 0, largest = 0;
  for (size_t i = 0; i < p->pairs * p->pairs; i++) {
    apart = fmax(apart, fabs(out[i] - p->exact[i]));
    largest = fmax(largest, fabs(p->exact[i]));
  }
  printf("%-9s %7zu: %8.2f s, error %.1e\n", road, size, seconds, apart / largest);
}

/* Pairs that are left when the rest of the diagonal is below each share of the largest. */
static void low_rank(const problem *p, double *left) {
  static const double goal[] = {1e-2, 1e-3, 1e-4, 1e-5, 1e-6};
  const size_t P = p->pairs;
  double largest = 0;
  size_t next = 0;
  for (size_t i = 0; i < P * P; i++) left[i] = p->exact[i];
  for (size_t i = 0; i < P; i++) largest = fmax(largest, left[i * P + i]);
  for (size_t rank = 0; rank <= P && next < sizeof goal / sizeof *goal; rank++) {
    size_t pivot = 0;
    for (size_t i = 1; i < P; i++)
      if (left[i * P + i] > left[pivot * P + pivot]) pivot = i;
    const double top = left[pivot * P + pivot];
    for (; next < sizeof goal / sizeof *goal && top < goal[next] * largest; next++)
      printf("low rank  %zu of %zu pairs for %.0e\n", rank, P, goal[next]);
    if (top <= 0) break;
    for (size_t i = 0; i < P; i++) {
      const double factor = left[i * P + pivot] / top;
      if (i == pivot) continue;
      for (size_t j = 0; j < P; j++) left[i * P + j] -= factor * left[pivot * P + j];
    }
    for (size_t j = 0; j < P; j++) left[pivot * P + j] = left[j * P + pivot] = 0;
  }
}

static pdlt_status prepare(problem *p, const char *name, size_t D, pdlt_error *err) {
  const pdlt_layer one = {.in = INPUTS, .C_b = 0.1, .C_W = 1.5, .lambda_b = 1, .lambda_W = 1};
  const pdlt_layer layer[3] = {one, one, one};
  const pdlt_rng rng = {.seed = 1, .stream = PDLT_STREAM_DATA};
  pdlt_kernel_layers kernels = {0};
  double *x = NULL;
  pdlt_status status = PDLT_OK;
  p->D = D;
  p->pairs = D * (D + 1) / 2;
  PDLT_TRY(pdlt_activation_parse(&p->act, name, err));
  PDLT_TRY(pdlt_alloc(&x, D * INPUTS, sizeof *x, err));
  PDLT_TRY(pdlt_alloc(&p->K, D * D, sizeof *x, err));
  PDLT_TRY(pdlt_alloc(&p->root, D * D, sizeof *x, err));
  PDLT_TRY(pdlt_alloc(&p->mean, p->pairs, sizeof *x, err));
  PDLT_TRY(pdlt_alloc(&p->exact, p->pairs * p->pairs, sizeof *x, err));
  pdlt_rng_normal(&rng, D * INPUTS, x);
  const pdlt_kernel_settings settings = {
      .activation = p->act, .depth = 3, .layer = layer, .tolerance = 1e-12, .threads = 1};
  PDLT_TRY(pdlt_kernel_layers_new(&kernels, &settings, D, x, err));
  for (size_t i = 0; i < D * D; i++) p->K[i] = kernels.K[D * D + i];
  for (size_t i = 0, a = 0; a < D; a++)
    for (size_t b = 0; b <= a; b++, i++)
      p->mean[i] = (kernels.K[2 * D * D + a * D + b] - one.C_b) / one.C_W;
  PDLT_TRY(pdlt_cholesky(D, p->K, p->root, err));
cleanup:
  pdlt_kernel_layers_free(&kernels);
  pdlt_free(x);
  return status;
}

int main(int argc, char **argv) {
  static const size_t nodes[] = {16, 24, 32, 40, 48};
  const size_t D = argc > 2 ? strtoul(argv[2], NULL, 10) : 16;
  problem p = {0};
  pdlt_error err = {0};
  double *out = NULL, seconds;
  pdlt_status status = PDLT_OK;
  if (D < 2 || D > MOST) return 2;
  PDLT_TRY(pdlt_linalg_init(1, &err));
  PDLT_TRY(prepare(&p, argc > 1 ? argv[1] : "tanh", D, &err));
  PDLT_TRY(pdlt_alloc(&out, p.pairs * p.pairs, sizeof *out, &err));
  PDLT_TRY(grid_road(&p, FINE, p.exact, &seconds, &err));
  printf("D = %zu, %zu pairs\n", D, p.pairs);
  for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
    PDLT_TRY(grid_road(&p, nodes[i], out, &seconds, &err));
    report(&p, "grids", nodes[i], out, seconds);
  }
  for (size_t m = 1u << 12; m <= 1u << 18; m <<= 2) {
    PDLT_TRY(gram_road(&p, m, out, &seconds, &err));
    report(&p, "Gram", m, out, seconds);
  }
  low_rank(&p, out);
cleanup:
  if (status != PDLT_OK) fprintf(stderr, "bench_many: %s\n", err.message);
  pdlt_free(p.K);
  pdlt_free(p.root);
  pdlt_free(p.mean);
  pdlt_free(p.exact);
  pdlt_free(out);
  return pdlt_status_exit(status);
}
