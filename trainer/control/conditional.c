/* conditional.c - see conditional.h. */
#include "trainer/control/conditional.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/small.h"
#include "trainer/control/pair_mean.h"

/* A weighted Hermite polynomial, exp(-t^2/4), is below rounding there. */
#define RANGE 12.5

#define TWO_OVER_PI 0.63661977236758134308

/* Two rules on <f^2>, one of every second node: the finer one is as right as the square. */
#define APART 1e-5

enum { SIZES = 8 };

static const struct {
  double step;
  size_t terms; /* of each parity */
} sizes[SIZES] = {{0.3, 16},  {0.27, 24}, {0.25, 32},  {0.2, 48},
                  {0.15, 64}, {0.1, 96},  {0.08, 128}, {0.05, 256}};

static void lend_views(pdlt_conditional *c, double *next) {
  const size_t D = c->samples, H = c->nodes, N = c->terms;
  c->t = pdlt_take(&next, H);
  c->w = pdlt_take(&next, H);
  c->z = pdlt_take(&next, H);
  for (int k = 0; k < 2; k++) {
    c->table[k] = pdlt_take(&next, H * N);
    c->f[k] = pdlt_take(&next, H);
    c->minus[k] = pdlt_take(&next, H);
    c->norm[k] = pdlt_take(&next, D);
    c->line[k] = pdlt_take(&next, D);
    for (int parity = 0; parity < 2; parity++) {
      c->folded[k][parity] = pdlt_take(&next, D * H);
      c->coefficient[k][parity] = pdlt_take(&next, D * N);
    }
  }
  c->unsure = pdlt_take(&next, D);
  c->rho = pdlt_take(&next, 3 * D);
}

static size_t room(const pdlt_conditional *c) {
  const size_t D = c->samples, H = c->nodes, N = c->terms;
  return 7 * H + 2 * H * N + 8 * D + 4 * D * (H + N);
}

/* Nodes, weights and w h_n by sqrt(n+1) h_(n+1) = t h_n - sqrt(n) h_(n-1). */
static void fill_tables(pdlt_conditional *c, double step) {
  for (size_t i = 0; i < c->nodes; i++) {
    const double t = step * (double)i, root = 0.39894228040143267794;
    c->t[i] = t;
    c->w[i] = (i == 0 ? 0.5 : 1) * step * root * exp(-0.5 * t * t);
    double before = 0, h = 1;
    for (size_t n = 0; n < 2 * c->terms; n++) {
      c->table[n % 2][n / 2 * c->nodes + i] = c->w[i] * h;
      const double next = (t * h - sqrt((double)n) * before) / sqrt((double)n + 1);
      before = h;
      h = next;
    }
  }
}

static pdlt_status new_size(pdlt_conditional *c, int size, pdlt_error *err) {
  pdlt_free(c->storage);
  c->storage = NULL;
  c->nodes = (size_t)(RANGE / sizes[size].step) + 1;
  c->terms = sizes[size].terms;
  const pdlt_status status = pdlt_alloc(&c->storage, room(c), sizeof *c->storage, err);
  if (status != PDLT_OK) return status;
  lend_views(c, c->storage);
  fill_tables(c, sizes[size].step);
  return PDLT_OK;
}

/* --- series of the samples --- */

/* Even and odd parts of f_k of sample a, and <f^2>. */
static void fold(pdlt_conditional *c, size_t a, int k) {
  const size_t H = c->nodes;
  const double *plus = c->f[k], *minus = c->minus[k];
  double *even = c->folded[k][0] + a, *odd = c->folded[k][1] + a; /* every D-th */
  double half[2] = {0, 0};                                        /* nodes 0, 2, ..; 1, 3, .. */
  for (size_t first = 0; first < 2; first++)
    for (size_t i = first; i < H; i += 2)
      half[first] += c->w[i] * (plus[i] * plus[i] + minus[i] * minus[i]);
  for (size_t i = 0; i < H; i++) {
    even[i * c->samples] = plus[i] + minus[i];
    odd[i * c->samples] = plus[i] - minus[i];
  }
  c->norm[k][a] = half[0] + half[1];
  if (!(fabs(half[1] - half[0]) <= APART * c->norm[k][a])) c->unsure[a] = 1;
}

/* Parseval: what the series of each sample miss of <f^2>. */
static void check(pdlt_conditional *c) {
  const size_t D = c->samples;
  for (int k = 0; k < 2; k++) {
    double *rest = c->line[0];
    memcpy(rest, c->norm[k], D * sizeof *rest);
    for (int parity = 0; parity < 2; parity++)
      for (size_t n = 0; n < c->terms; n++) {
        const double *x = c->coefficient[k][parity] + n * D;
#pragma omp simd
        for (size_t a = 0; a < D; a++) rest[a] -= x[a] * x[a];
      }
    for (size_t a = 0; a < D; a++)
      if (!(fabs(rest[a]) <= PDLT_CONDITIONAL_ERROR * c->norm[k][a])) c->unsure[a] = 1;
  }
}

static void expand(pdlt_conditional *c, const double *kernel) {
  const size_t D = c->samples, H = c->nodes, N = c->terms;
  memset(c->unsure, 0, D * sizeof *c->unsure);
  for (size_t a = 0, p = 0; a < D; p += D - a, a++) {
    const double root = sqrt(kernel[p] > 0 ? kernel[p] : 0);
    for (size_t i = 0; i < H; i++) c->z[i] = root * c->t[i];
    pdlt_activation_forward(c->activation, H, c->z, c->f[0], c->f[1]);
    for (size_t i = 0; i < H; i++) {
      c->z[i] = -c->z[i];
      c->minus[0][i] = -c->f[0][i];
      c->minus[1][i] = c->f[1][i];
    }
    if (!c->odd) pdlt_activation_forward(c->activation, H, c->z, c->minus[0], c->minus[1]);
    for (int k = 0; k < 2; k++) fold(c, a, k);
  }
  for (int k = 0; k < 2; k++)
    for (int parity = 0; parity < 2; parity++)
      if (!c->odd || parity != k)
        pdlt_small_best()->product(N, D, H, c->table[parity], H, c->folded[k][parity], D,
                                   c->coefficient[k][parity], D);
  check(c);
}

/* --- pairs --- */

/* 0 where one of the two has no variance: both factors are then independent. */
static double correlation(const double k[3]) {
  const double size = k[0] > 0 && k[2] > 0 ? sqrt(k[0]) * sqrt(k[2]) : 0;
  return size > 0 ? fmax(-1, fmin(1, k[1] / size)) : 0;
}

/* out (D) at b >= a: sum_n f_n(a) f_n(b) square(b)^n of one parity, by Horner's rule for all b. */
static void add_series(const pdlt_conditional *c, size_t a, const double *coefficient,
                       const double *square, double *out) {
  const size_t D = c->samples;
  memset(out, 0, D * sizeof *out);
  for (size_t n = c->terms; n-- > 0;) {
    const double *row = coefficient + n * D, own = row[a];
#pragma omp simd
    for (size_t b = a; b < D; b++) out[b] = out[b] * square[b] + own * row[b];
  }
}

/* line[k] (D) at b >= a of the pairs (a, b), whose K begin at kernel[first]. */
static void fill_line(pdlt_conditional *c, size_t a, const double *kernel, size_t first) {
  const size_t D = c->samples;
  double *rho = c->rho, *square = c->rho + D, *out = c->rho + 2 * D;
  for (size_t b = a, last = first; b < D; last += D - b, b++) {
    const double k[3] = {kernel[first], kernel[first + b - a], kernel[last]};
    rho[b] = correlation(k);
    square[b] = rho[b] * rho[b];
  }
  for (int k = 0; k < 2; k++) {
    memset(c->line[k], 0, D * sizeof *c->line[k]);
    for (int parity = 0; parity < 2; parity++) {
      if (c->odd && parity == k) continue;
      add_series(c, a, c->coefficient[k][parity], square, out);
      for (size_t b = a; b < D; b++) c->line[k][b] += (parity ? rho[b] : 1) * out[b];
    }
  }
}

/* straight z + bent |z|: <|z_1| |z_2|> = 2/pi sqrt(k_1 k_2) (sqrt(1 - rho^2) + rho asin rho). */
static void by_angle(const pdlt_conditional *c, double size, double rho, double out[2]) {
  const double straight = c->straight * c->straight, bent = c->bent * c->bent, share = TWO_OVER_PI;
  const double angle = asin(rho), rest = sqrt((1 - rho) * (1 + rho));
  out[0] = size * (straight * rho + bent * share * (rest + rho * angle));
  out[1] = straight + bent * share * angle;
}

static pdlt_status by_rule(const pdlt_conditional *c, const double k[3], double out[2],
                           pdlt_error *err) {
  const double root = sqrt(k[0] > 0 ? k[0] : 0), along = root > 0 ? k[1] / root : 0;
  const double rest = k[2] - along * along, g[3] = {root, along, rest > 0 ? sqrt(rest) : 0};
  int known;
  return pdlt_pair_mean(c->activation, g, out, &known, err);
}

/* k: K_aa, K_ab, K_bb. */
static pdlt_status pair(const pdlt_conditional *c, size_t a, size_t b, const double k[3],
                        double out[2], pdlt_error *err) {
  if (c->closed) {
    const int same = a == b && k[0] > 0; /* of z = 0 sigma' is the mean of both slopes */
    by_angle(c, sqrt(fmax(0, k[0])) * sqrt(fmax(0, k[2])), same ? 1 : correlation(k), out);
    return PDLT_OK;
  }
  if (c->unsure[a] != 0 || c->unsure[b] != 0) return by_rule(c, k, out, err);
  for (int f = 0; f < 2; f++) out[f] = a == b ? c->norm[f][a] : c->line[f][b];
  return PDLT_OK;
}

pdlt_status pdlt_conditional_means(pdlt_conditional *c, const double *kernel, double *const mean[2],
                                   pdlt_error *err) {
  const size_t D = c->samples;
  if (!c->closed) expand(c, kernel);
  size_t p = 0, first = 0;
  for (size_t a = 0; a < D; first += D - a, a++) {
    if (!c->closed) fill_line(c, a, kernel, first);
    for (size_t b = a, last = first; b < D; last += D - b, b++, p++) {
      const double k[3] = {kernel[first], kernel[p], kernel[last]};
      double out[2];
      const pdlt_status status = pair(c, a, b, k, out, err);
      if (status != PDLT_OK) return status;
      mean[0][p] = out[0];
      mean[1][p] = out[1];
    }
  }
  return PDLT_OK;
}

/* --- setup --- */

/* Whether series suffice for `largest`, a third more, and less; uses sample 0. */
static int suffices(pdlt_conditional *c, double largest) {
  const size_t samples = c->samples;
  int enough = 1;
  c->samples = 1;
  const double share[] = {0.5, 1, 1.33};
  for (size_t i = 0; i < 3 && enough; i++) {
    const double k = share[i] * largest;
    expand(c, &k);
    enough = c->unsure[0] == 0;
  }
  c->samples = samples;
  return enough;
}

pdlt_status pdlt_conditional_new(pdlt_conditional *out, const pdlt_activation *activation,
                                 size_t samples, double largest, pdlt_error *err) {
  const pdlt_activation_traits traits = pdlt_activation_get_traits(activation);
  pdlt_conditional c = {.activation = activation, .samples = samples};
  pdlt_status status = PDLT_OK;
  c.closed = traits.scale_invariant;
  c.straight = 0.5 * (traits.a_plus + traits.a_minus);
  c.bent = 0.5 * (traits.a_plus - traits.a_minus);
  c.odd = pdlt_activation_is_odd(activation);
  c.reaches = c.closed;
  for (int size = 0; size < SIZES && !c.closed; size++) {
    PDLT_TRY(new_size(&c, size, err));
    c.reaches = suffices(&c, largest);
    if (c.reaches) break;
  }
  *out = c;
  return PDLT_OK;
cleanup:
  pdlt_conditional_free(&c);
  return status;
}

void pdlt_conditional_free(pdlt_conditional *conditional) {
  pdlt_free(conditional->storage);
  *conditional = (pdlt_conditional){0};
}
