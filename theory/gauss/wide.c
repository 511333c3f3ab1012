/* wide.c - see wide.h. */
#include "theory/gauss/wide.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/core/memory.h"

#define INVERSE_ROOT_TWO_PI 0.39894228040143267794

/* |t| <= REACH: the weight left out is 1e-23. Beyond |z| = FAR sigma is a constant or a line to
 * rounding. Up to NARROW the plain rule in t is cheap enough. */
#define REACH 10.0
#define FAR 45.0
#define NARROW 4.0

enum { REFINEMENTS = 6, ORDERS = PDLT_WIDE_ORDERS };

/* Nodes z and weights of one Gaussian variable; every second one, from the first, is the rule of
 * twice the step. */
typedef struct nodes {
  size_t count, room;
  double *z, *w;       /* (count) */
  double *jet[ORDERS]; /* (count) sigma^(p)(z) */
  double *storage;     /* ((2 + ORDERS) room), owned */
} nodes;

static pdlt_status nodes_fit(nodes *line, size_t count, pdlt_error *err) {
  line->count = count;
  if (count <= line->room && line->z != NULL) return PDLT_OK;
  double *storage = NULL;
  const size_t room = 2 * count;
  const pdlt_status status = pdlt_alloc(&storage, (2 + ORDERS) * room, sizeof *storage, err);
  if (status != PDLT_OK) return status;
  pdlt_free(line->storage);
  line->storage = storage;
  line->room = room;
  line->z = storage;
  line->w = storage + room;
  for (size_t p = 0; p < ORDERS; p++) line->jet[p] = storage + (2 + p) * room;
  return PDLT_OK;
}

static double normal(double t) { return INVERSE_ROOT_TWO_PI * exp(-0.5 * t * t); }

/* z ~ N(0, k): t = ratio sinh u, ratio = min(1, 1/sqrt k), so that z = min(1, sqrt k) sinh u. */
static pdlt_status centred(nodes *line, double k, double fine, pdlt_error *err) {
  const double root = sqrt(k), ratio = root > 1 ? 1 / root : 1, step = 0.11 * fine;
  const size_t side = 2 * (size_t)ceil(asinh(REACH / ratio) / (2 * step));
  const pdlt_status status = nodes_fit(line, 2 * side + 1, err);
  if (status != PDLT_OK) return status;
  for (size_t i = 0; i < line->count; i++) {
    const double u = step * ((double)i - (double)side), t = ratio * sinh(u);
    line->z[i] = root * t;
    line->w[i] = step * ratio * cosh(u) * normal(t);
  }
  return PDLT_OK;
}

/* z ~ N(mean, s^2): equal steps in t, or, for a wide one that covers the bend at 0, z = sinh v. */
static pdlt_status shifted(nodes *line, double mean, double s, double fine, pdlt_error *err) {
  const int far = fabs(mean) > REACH * s + FAR;
  const int plain = far || s <= NARROW;
  const double width = far ? 0 : s;
  const double step = fine * (plain ? fmin(0.45, 0.23 / fmax(width, 1e-300))
                                    : fmin(0.11, 0.28 * s / fmax(fabs(mean), 1e-300)));
  const double low = plain ? -REACH : asinh(mean - REACH * s);
  const double high = plain ? REACH : asinh(mean + REACH * s);
  const double from = 2 * floor(low / (2 * step)), to = 2 * ceil(high / (2 * step));
  const pdlt_status status = nodes_fit(line, s == 0 ? 1 : (size_t)(to - from) + 1, err);
  if (status != PDLT_OK) return status;
  for (size_t i = 0; i < line->count; i++) {
    const double u = step * (from + (double)i);
    line->z[i] = plain ? mean + s * u : sinh(u);
    line->w[i] = step * (plain ? normal(u) : cosh(u) * normal((line->z[i] - mean) / s) / s);
  }
  if (s == 0) {
    line->z[0] = mean;
    line->w[0] = 1;
  }
  return PDLT_OK;
}

/* Sums of w sigma^(p), of the same with twice the step, and of w (sigma^(p))^2. */
static void line_sums(const nodes *line, int orders, double *fine, double *coarse, double *square) {
  for (int p = 0; p < orders; p++) {
    double even = 0, odd = 0, both = 0;
    for (size_t j = 0; j < line->count; j++) {
      const double term = line->w[j] * line->jet[p][j];
      if (j % 2)
        odd += term;
      else
        even += term;
      both += term * line->jet[p][j];
    }
    fine[p] = even + odd;
    coarse[p] = line->count == 1 ? even : 2 * even;
    square[p] = both;
  }
}

typedef struct wide_sums {
  double fine[ORDERS][ORDERS], coarse[ORDERS][ORDERS];
  double norm_1[ORDERS], norm_2[ORDERS]; /* <(sigma^(p))^2> of z1 and z2 */
} wide_sums;

/* One outer node of weight w; it belongs to the coarse rule too when i is even. */
static void add_node(wide_sums *sums, int orders, const nodes *outer, size_t i, const double *fine,
                     const double *coarse, const double *square) {
  const double w = outer->w[i], twice = i % 2 ? 0 : 2 * w;
  for (int p = 0; p < orders; p++) {
    const double f = outer->jet[p][i];
    sums->norm_1[p] += w * f * f;
    sums->norm_2[p] += w * square[p];
    for (int q = 0; q < orders; q++) {
      sums->fine[p][q] += w * f * fine[q];
      sums->coarse[p][q] += twice * f * coarse[q];
    }
  }
}

/* k11 >= k22: z2 given z1 has mean slope z1 and variance k22 - slope k12. */
static pdlt_status sum_once(wide_sums *sums, const pdlt_activation *act, int orders, double k11,
                            double k12, double k22, double step, nodes *outer, nodes *inner,
                            pdlt_error *err) {
  const double slope = k11 > 0 ? k12 / k11 : 0, s = sqrt(fmax(k22 - slope * k12, 0));
  pdlt_status status = PDLT_OK;
  memset(sums, 0, sizeof *sums);
  PDLT_TRY(centred(outer, k11, step, err));
  pdlt_activation_jet(act, orders - 1, outer->count, outer->z, outer->jet);
  for (size_t i = 0; i < outer->count; i++) {
    double fine[ORDERS], coarse[ORDERS], square[ORDERS];
    PDLT_TRY(shifted(inner, slope * outer->z[i], s, step, err));
    pdlt_activation_jet(act, orders - 1, inner->count, inner->z, inner->jet);
    line_sums(inner, orders, fine, coarse, square);
    add_node(sums, orders, outer, i, fine, coarse, square);
  }
cleanup:
  return status;
}

double pdlt_wide_error(double distance, double size) {
  const double relative = size > 0 ? distance / size : 0;
  return size * (fmin(relative, 100 * relative * relative) + 64 * DBL_EPSILON);
}

static void read_sums(pdlt_wide *out, const wide_sums *sums, int orders) {
  memset(out, 0, sizeof *out);
  for (int p = 0; p < orders; p++)
    for (int q = 0; q < orders; q++) {
      const double size = sqrt(sums->norm_1[p] * sums->norm_2[q]);
      const double distance = fabs(sums->fine[p][q] - sums->coarse[p][q]);
      out->size[p][q] = size;
      out->average[p][q] = (pdlt_value){sums->fine[p][q], pdlt_wide_error(distance, size)};
    }
}

/* Rounding of k12 moves <f g> by <f' g'> times that; no step helps against it. */
static void add_rounding(pdlt_wide *wide, int orders, double k12) {
  for (int p = 0; p + 1 < orders; p++)
    for (int q = 0; q + 1 < orders; q++)
      wide->average[p][q].error +=
          2 * DBL_EPSILON * fabs(k12) * fabs(wide->average[p + 1][q + 1].value);
}

static void swap_samples(pdlt_wide *wide) {
  for (int p = 0; p < ORDERS; p++)
    for (int q = 0; q < p; q++) {
      const pdlt_value average = wide->average[p][q];
      const double size = wide->size[p][q];
      wide->average[p][q] = wide->average[q][p];
      wide->average[q][p] = average;
      wide->size[p][q] = wide->size[q][p];
      wide->size[q][p] = size;
    }
}

static int settled(const pdlt_wide *wide, size_t count, const int (*order)[2], double tolerance) {
  for (size_t c = 0; c < count; c++) {
    const int p = order[c][0], q = order[c][1];
    if (!(wide->average[p][q].error <= tolerance * wide->size[p][q])) return 0;
  }
  return 1;
}

pdlt_status pdlt_wide_pair(pdlt_wide *out, const pdlt_activation *act, int max_order, size_t count,
                           const int (*order)[2], double k11, double k12, double k22,
                           double tolerance, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  nodes outer = {0}, inner = {0};
  const int swapped = k22 > k11; /* the larger variance first */
  const double first = swapped ? k22 : k11, second = swapped ? k11 : k22;
  const double goal = fmax(tolerance, 96 * DBL_EPSILON);
  double step = 1;
  if (!pdlt_activation_get_traits(act).smooth)
    PDLT_TRY(pdlt_fail(err, PDLT_ERR_UNSUPPORTED, "an activation with a kink needs closed forms"));
  if (!(first <= 1e12))
    PDLT_TRY(pdlt_fail(err, PDLT_ERR_NUMERIC,
                       "the inputs are too large (kernel %.6g); data.scale: 1 would do", first));
  for (int i = 0; i < REFINEMENTS; i++) {
    wide_sums sums;
    pdlt_wide wide;
    PDLT_TRY(sum_once(&sums, act, max_order + 1, first, k12, second, step, &outer, &inner, err));
    read_sums(&wide, &sums, max_order + 1);
    step /= 1.4;
    if (!settled(&wide, count, order, goal)) continue;
    add_rounding(&wide, max_order + 1, k12);
    if (swapped) swap_samples(&wide);
    *out = wide;
    goto cleanup;
  }
  status =
      pdlt_fail(err, PDLT_ERR_NUMERIC,
                "averages over a pair with kernels %.6g, %.6g do not settle to theory.tolerance "
                "%.1e; with large inputs data.scale: 1 would do",
                k11, k22, tolerance);
cleanup:
  pdlt_free(outer.storage);
  pdlt_free(inner.storage);
  return status;
}
