/* reach.c - the interval that suits a number of nodes; see bracket.h.
 *
 * Is: one-dimensional integrals of four factors at one sample, the least smooth case of a
 * bracket, as a guide to its grid. Is not: an error estimate; that compares two grids. */
#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "theory/bracket/bracket.h"

enum { COLUMNS = 6, NTK_COLUMNS = 3, ORDERS = 4, CANDIDATES = 25 };

static const int column_orders[COLUMNS][4] = {{0, 0, 0, 0}, {0, 0, 1, 1}, {1, 1, 1, 1},
                                              {2, 1, 1, 0}, {3, 1, 1, 1}, {2, 2, 1, 1}};
static const double line_end = 11.0;

static double candidate(int k) { return 3.0 + 0.25 * (double)k; }

/* Sums of w f over t = (k + offset) h, |t| <= 11: of f, and of |f| beyond each candidate
 * reach. z, s: room for the nodes, four orders. */
typedef struct line_sums {
  double value[COLUMNS], size[COLUMNS], tail[CANDIDATES][COLUMNS];
} line_sums;

static size_t line_nodes(double h) { return 2 * (size_t)ceil(line_end / h) + 1; }

static void line_sum(const pdlt_activation *activation, double K, double h, double offset,
                     double *work, line_sums *out) {
  size_t n = line_nodes(h);
  double *z = work, *s[ORDERS];
  memset(out, 0, sizeof *out);
  for (size_t o = 0; o < ORDERS; o++) s[o] = work + (o + 1) * n;
  for (size_t i = 0; i < n; i++) z[i] = sqrt(K) * h * ((double)i - 0.5 * (double)(n - 1) + offset);
  pdlt_activation_jet(activation, ORDERS - 1, n, z, s);
  for (size_t i = 0; i < n; i++) {
    double t = h * ((double)i - 0.5 * (double)(n - 1) + offset);
    double weight = h * 0.39894228040143267794 * exp(-0.5 * t * t);
    for (int c = 0; c < COLUMNS; c++) {
      const int *o = column_orders[c];
      double f = weight * s[o[0]][i] * s[o[1]][i] * s[o[2]][i] * s[o[3]][i];
      out->value[c] += f;
      out->size[c] += fabs(f);
      for (int k = 0; k < CANDIDATES && candidate(k) < fabs(t); k++) out->tail[k][c] += fabs(f);
    }
  }
}

pdlt_status pdlt_bracket_reach(const pdlt_activation *activation, pdlt_quad_orders orders, double K,
                               size_t n, double *reach, double *error, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  int columns = orders == PDLT_QUAD_NTK ? NTK_COLUMNS : COLUMNS;
  double *work = NULL, fine = fmin(0.05, 0.15 / sqrt(fmax(K, 1e-300)));
  double coarsest = 2.0 * candidate(CANDIDATES - 1) / (double)(n - 1);
  line_sums exact, sums;
  fine = fmax(fine, 1e-3);
  PDLT_TRY(pdlt_alloc(&work, (ORDERS + 1) * (line_nodes(fmin(fine, coarsest / 4.0)) + 2),
                      sizeof(double), err));
  line_sum(activation, K, fine, 0.0, work, &exact);
  *error = INFINITY;
  for (int k = 0; k < CANDIDATES; k++) {
    double h = 2.0 * candidate(k) / (double)(n - 1), worst = 0.0;
    line_sum(activation, K, h, n % 2 == 0 ? 0.5 : 0.0, work, &sums);
    for (int c = 0; c < columns; c++) {
      double lost = fabs(sums.value[c] - exact.value[c]) + exact.tail[k][c];
      if (exact.size[c] > 0.0) worst = fmax(worst, lost / exact.size[c]);
    }
    if (worst < *error) {
      *error = worst;
      *reach = candidate(k);
    }
  }
cleanup:
  pdlt_free(work);
  return status;
}
