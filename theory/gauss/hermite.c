/* hermite.c - see hermite.h. */
#include "theory/gauss/hermite.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/pairs.h"
#include "theory/gauss/quadrature.h"

/* Beyond it the most terms never suffice: they are not tried. */
#define LARGEST_KERNEL 1e4

enum { FIRST_TERMS = 128, MOST_TERMS = 8192, REFINEMENTS = 6, WINDOW = 8 };

/* f weighted on a line of nodes, and the recursion of the orthonormal h_n there. */
typedef struct weighted {
  pdlt_gauss_line line;
  double *f;                  /* (count) first f, then w f */
  double *previous, *current; /* (count) h_{n-1}, h_n */
  double norm, coarse;        /* <f^2> with all nodes and with every second one */
} weighted;

static void weighted_free(weighted *work) {
  pdlt_gauss_line_free(&work->line);
  pdlt_free(work->f);
  pdlt_free(work->previous);
  pdlt_free(work->current);
  *work = (weighted){0};
}

static pdlt_status weighted_new(weighted *out, const pdlt_activation *act, int order, double k,
                                double step, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  weighted work = {0};
  PDLT_TRY(pdlt_gauss_line_new(&work.line, step, err));
  const size_t count = work.line.count;
  PDLT_TRY(pdlt_alloc(&work.f, count, sizeof *work.f, err));
  PDLT_TRY(pdlt_alloc(&work.previous, count, sizeof *work.previous, err));
  PDLT_TRY(pdlt_alloc(&work.current, count, sizeof *work.current, err));
  const double root = sqrt(k);
  for (size_t i = 0; i < count; i++) work.f[i] = root * work.line.t[i];
  pdlt_activation_map(act, order, count, work.f, work.f);
  double odd = 0;
  for (size_t i = 0; i < count; i++) {
    const double term = work.line.w[i] * work.f[i] * work.f[i];
    if (i % 2)
      odd += term;
    else
      work.coarse += term;
    work.f[i] *= work.line.w[i];
    work.current[i] = 1;
  }
  work.norm = work.coarse + odd;
  work.coarse *= 2;
  *out = work;
  return PDLT_OK;
cleanup:
  weighted_free(&work);
  return status;
}

/* <f h_n> for the current n, then steps to n + 1:
 * sqrt(n+1) h_{n+1} = t h_n - sqrt(n) h_{n-1}. */
static double weighted_next(weighted *work, size_t n) {
  const double up = 1 / sqrt((double)n + 1), down = sqrt((double)n) * up;
  double *next = work->previous;
  const double sum = pdlt_pairs_best()->hermite(work->line.count, work->f, work->line.t,
                                                work->current, up, down, next);
  work->previous = work->current;
  work->current = next;
  return sum;
}

/* A line on which two quadratures of <f^2> agree to the goal. */
static pdlt_status resolve(weighted *out, const pdlt_activation *act, int order, double k,
                           size_t terms, double goal, pdlt_error *err) {
  double step = pdlt_gauss_line_step(k, terms);
  for (int i = 0; i < REFINEMENTS; i++) {
    weighted work;
    const pdlt_status status = weighted_new(&work, act, order, k, step, err);
    if (status != PDLT_OK) return status;
    if (fabs(work.norm - work.coarse) <= goal * work.norm) {
      *out = work;
      return PDLT_OK;
    }
    weighted_free(&work);
    step /= 2;
  }
  return pdlt_fail(err, PDLT_ERR_NUMERIC, "quadrature over z ~ N(0, %.6g) did not settle to %.1e",
                   k, goal);
}

/* Of <f^2>: the finer rule's error is about the square of how far the two are apart. */
static double norm_error(const weighted *work) {
  if (!(work->norm > 0)) return 0;
  const double apart = fabs(work->norm - work->coarse) / work->norm;
  return work->norm * (fmin(apart, 100 * apart * apart) + 8 * DBL_EPSILON);
}

/* The largest of the last coefficients squared. */
static double last_square(const double *coefficient, size_t count) {
  double most = 0;
  for (size_t n = count < WINDOW ? 0 : count - WINDOW; n < count; n++)
    most = fmax(most, coefficient[n] * coefficient[n]);
  return most;
}

/* Coefficients until WINDOW of them in a row are so small that, were all the ones
 * before as large, they would not matter; and until Parseval's sum is complete to
 * rounding, lest a gap be taken for the end. Returns 1 when both hold; with the most
 * terms Parseval's sum is enough, and the larger tail is reported. */
static int expand(pdlt_hermite_series *series, double *coefficient, weighted *work, size_t terms,
                  double tail_goal, double parseval_goal) {
  double rest = work->norm;
  int small = 0;
  for (series->count = 0; series->count < terms; series->count++) {
    if (small >= WINDOW && fabs(rest) <= parseval_goal * work->norm) break;
    const double c = weighted_next(work, series->count);
    coefficient[series->count] = c;
    rest -= c * c;
    small = (double)terms * c * c <= tail_goal * work->norm ? small + 1 : 0;
  }
  series->norm = work->norm;
  const int complete = fabs(rest) <= parseval_goal * work->norm, decayed = small >= WINDOW;
  series->tail = decayed ? (double)terms * last_square(coefficient, series->count)
                         : fabs(rest) + 8 * DBL_EPSILON * work->norm;
  series->error = norm_error(work);
  return complete && (decayed || terms == MOST_TERMS);
}

/* The next multiple of PDLT_PAIRS_LANES. */
static size_t padded(size_t count) {
  return (count + PDLT_PAIRS_LANES - 1) / PDLT_PAIRS_LANES * PDLT_PAIRS_LANES;
}

/* What is left from each term on, the smallest first. */
static void fill_rest(pdlt_hermite_series *series) {
  double rest = series->tail;
  series->rest = series->coefficient + padded(series->count);
  series->rest[series->count] = rest;
  for (size_t n = series->count; n-- > 0;) {
    rest += series->coefficient[n] * series->coefficient[n];
    series->rest[n] = rest;
  }
}

pdlt_status pdlt_hermite_series_new(pdlt_hermite_series *out, const pdlt_activation *act, int order,
                                    double k, double tolerance, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  pdlt_hermite_series series = {0};
  weighted work = {0};
  double *coefficient = NULL;
  const double goal = fmax(tolerance / 100, 5e-14);
  /* The other series of a pair may end late: its partner alone makes the product small. */
  const double tail_goal = fmax(tolerance * tolerance / 100, 1e-25);
  int done = 0;
  if (!pdlt_activation_get_traits(act).smooth)
    PDLT_TRY(pdlt_fail(err, PDLT_ERR_UNSUPPORTED,
                       "an activation with a kink has no fast Hermite series"));
  if (k > LARGEST_KERNEL)
    PDLT_TRY(pdlt_fail(err, PDLT_ERR_NUMERIC, "a kernel of %.6g is too large for a series", k));
  PDLT_TRY(pdlt_alloc(&coefficient, MOST_TERMS, sizeof *coefficient, err));
  for (size_t terms = FIRST_TERMS; terms <= MOST_TERMS && !done; terms *= 4) {
    weighted_free(&work);
    PDLT_TRY(resolve(&work, act, order, k, terms, goal, err));
    done = expand(&series, coefficient, &work, terms, tail_goal, goal);
  }
  if (!done)
    PDLT_TRY(pdlt_fail(err, PDLT_ERR_NUMERIC,
                       "%d Hermite terms do not reach %.1e for a kernel of %.6g", MOST_TERMS,
                       tolerance, k));
  PDLT_TRY(pdlt_alloc(&series.coefficient, padded(series.count) + series.count + 1,
                      sizeof *series.coefficient, err));
  memcpy(series.coefficient, coefficient, series.count * sizeof *coefficient);
  fill_rest(&series);
  *out = series;
cleanup:
  weighted_free(&work);
  pdlt_free(coefficient);
  return status;
}

void pdlt_hermite_series_free(pdlt_hermite_series *series) {
  pdlt_free(series->coefficient);
  *series = (pdlt_hermite_series){0};
}

/* n of which |rho|^n < 2^-64: -log |rho| >= 2 (1 - |rho|)/(1 + |rho|). */
static size_t enough(double rho, size_t count) {
  const double size = fabs(rho), terms = 22.2 * (1 + size);
  return terms < (double)count * (1 - size) ? (size_t)(terms / (1 - size)) + 1 : count;
}

double pdlt_hermite_pair(const pdlt_hermite_series *f, const pdlt_hermite_series *g, double rho) {
  const size_t count = f->count < g->count ? f->count : g->count;
  return pdlt_pairs_best()->series(padded(enough(rho, count)), f->coefficient, g->coefficient, rho);
}

/* x^n, 0 <= x <= 1. */
static double power(double x, size_t n) {
  double out = 1;
  for (; n > 0; n >>= 1, x *= x)
    if (n & 1) out *= x;
  return out;
}

double pdlt_hermite_pair_error(const pdlt_hermite_series *f, const pdlt_hermite_series *g,
                               double rho) {
  /* Terms beyond the shorter series are missed; beyond the longer one in both. */
  const pdlt_hermite_series *shorter = f->count <= g->count ? f : g;
  const pdlt_hermite_series *longer = f->count <= g->count ? g : f;
  const size_t end = shorter->count;
  return power(fabs(rho), end) * sqrt(shorter->tail * longer->rest[end]) +
         sqrt(f->error * g->error) + 4 * DBL_EPSILON * sqrt(f->norm * g->norm);
}
