/* bench_brackets.c - time and accuracy of the four-slot brackets by nodes per direction:
 * bench_brackets [activation [samples [kernel]]]. All multisets of random samples of
 * about the given kernel, all thirty brackets; processor time of one thread; largest
 * difference to 128 nodes, relative to the largest entry of its column. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/core/memory.h"
#include "base/random/rng.h"
#include "base/vector/linalg.h"
#include "bench/clock.h"
#include "theory/bracket/bracket.h"

enum { INPUTS = 6, REFERENCE = 128 };

static pdlt_status evaluate(pdlt_bracket_quads *quads, const pdlt_activation *act, size_t n,
                            double reach, size_t D, const double *K, double *seconds,
                            pdlt_error *err) {
  pdlt_bracket_grid grid = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_bracket_grid_new_trapezoid(&grid, n, reach, err));
  const double start = now(CLOCK_THREAD_CPUTIME_ID);
  PDLT_TRY(pdlt_bracket_quads_new(quads, act, &grid, PDLT_QUAD_ALL, D, K, 1, err));
  *seconds = now(CLOCK_THREAD_CPUTIME_ID) - start;
cleanup:
  pdlt_bracket_grid_free(&grid);
  return status;
}

static double difference(const pdlt_bracket_quads *a, const pdlt_bracket_quads *b) {
  const size_t columns = (size_t)a->columns;
  double worst = 0;
  for (size_t c = 0; c < columns; ++c) {
    double apart = 0, largest = 0;
    for (size_t m = 0; m < a->items; ++m) {
      apart = fmax(apart, fabs(a->value[m * columns + c] - b->value[m * columns + c]));
      largest = fmax(largest, fabs(b->value[m * columns + c]));
    }
    worst = fmax(worst, apart / largest);
  }
  return worst;
}

static pdlt_status compare(const pdlt_activation *act, size_t D, const double *K, pdlt_error *err) {
  static const size_t nodes[] = {16, 24, 32, 40, 48, 64, 80, 96};
  pdlt_bracket_quads exact = {0}, quads = {0};
  double seconds;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(evaluate(&exact, act, REFERENCE, 8.6, D, K, &seconds, err));
  for (size_t i = 0; i < sizeof nodes / sizeof *nodes; ++i) {
    double best = INFINITY, reach_best = 0;
    for (double reach = 3.5; reach < 8.7; reach += 0.25) {
      PDLT_TRY(evaluate(&quads, act, nodes[i], reach, D, K, &seconds, err));
      const double apart = difference(&quads, &exact);
      if (apart < best) best = apart, reach_best = reach;
      pdlt_bracket_quads_free(&quads);
    }
    printf("n = %3zu: %7.1f us a multiset, error %.1e at reach %.2f\n", nodes[i],
           1e6 * seconds / (double)exact.items, best, reach_best);
  }
cleanup:
  pdlt_bracket_quads_free(&exact);
  pdlt_bracket_quads_free(&quads);
  return status;
}

int main(int argc, char **argv) {
  const size_t D = argc > 2 ? strtoul(argv[2], NULL, 10) : 8;
  const double size = argc > 3 ? atof(argv[3]) : 1.0;
  const pdlt_rng rng = {.seed = 1, .stream = PDLT_STREAM_DATA};
  pdlt_activation act;
  pdlt_error err = {0};
  double *x = NULL, *K = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_linalg_init(1, &err));
  PDLT_TRY(pdlt_activation_parse(&act, argc > 1 ? argv[1] : "tanh", &err));
  PDLT_TRY(pdlt_alloc(&x, D * INPUTS, sizeof *x, &err));
  PDLT_TRY(pdlt_alloc(&K, D * D, sizeof *K, &err));
  pdlt_rng_normal(&rng, D * INPUTS, x);
  pdlt_gemm(0, 1, D, D, INPUTS, size / INPUTS, x, INPUTS, x, INPUTS, 0, K, D);
  PDLT_TRY(compare(&act, D, K, &err));
cleanup:
  if (status != PDLT_OK) fprintf(stderr, "bench_brackets: %s\n", err.message);
  pdlt_free(x);
  pdlt_free(K);
  return pdlt_status_exit(status);
}
