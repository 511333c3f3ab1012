/* pair_mean.c - see pair_mean.h. */
#include "trainer/control/pair_mean.h"

#include <math.h>

#include "base/core/legendre.h"
#include "base/core/memory.h"

/* exp(-REACH^2/2) is far below rounding. */
#define REACH 10.0
#define AGREEMENT 1e-11

enum { FIRST_NODES = 16, MOST_NODES = 256, ARCS = 4 };

/* Memory of one rule: n nodes per arc, 2 n along a ray. */
typedef struct rule {
  int n;
  double *angle, *angle_weight;   /* (n) on (0, 1) */
  double *radius, *radius_weight; /* (2 n), weight with r exp(-r^2/2)/(2 pi) */
  double *z, *s, *ds;             /* (4 n): u along a ray, then v */
  double *storage;
} rule;

static pdlt_status rule_new(rule *out, int n, pdlt_error *err) {
  rule r = {.n = n};
  const size_t N = (size_t)n;
  const pdlt_status status = pdlt_alloc(&r.storage, 18 * N, sizeof *r.storage, err);
  if (status != PDLT_OK) return status;
  r.angle = r.storage;
  r.angle_weight = r.angle + N;
  r.radius = r.angle_weight + N;
  r.radius_weight = r.radius + 2 * N;
  r.z = r.radius_weight + 2 * N;
  r.s = r.z + 4 * N;
  r.ds = r.s + 4 * N;
  pdlt_legendre_rule(n, r.angle, r.angle_weight);
  pdlt_legendre_rule(2 * n, r.radius, r.radius_weight);
  for (int i = 0; i < 2 * n; i++) {
    const double x = REACH * r.radius[i];
    r.radius_weight[i] *= REACH * x * exp(-0.5 * x * x) / (2 * 3.14159265358979323846);
    r.radius[i] = x;
  }
  *out = r;
  return PDLT_OK;
}

/* E of the products of sigma and of sigma'; the mean square of their factors. */
typedef struct sums {
  double mean[2], size[2];
} sums;

/* Adds the ray at an angle. */
static void add_ray(const rule *r, const pdlt_activation *activation, const double g[3],
                    double angle, double weight, sums *to) {
  const int n = 2 * r->n;
  const double x = cos(angle), y = sin(angle);
  for (int i = 0; i < n; i++) {
    r->z[i] = g[0] * x * r->radius[i];
    r->z[n + i] = (g[1] * x + g[2] * y) * r->radius[i];
  }
  pdlt_activation_forward(activation, 2 * (size_t)n, r->z, r->s, r->ds);
  for (int i = 0; i < n; i++) {
    const double w = weight * r->radius_weight[i];
    const double s = w * r->s[i] * r->s[n + i], ds = w * r->ds[i] * r->ds[n + i];
    to->mean[0] += s;
    to->mean[1] += ds;
    to->size[0] += 0.5 * w * (r->s[i] * r->s[i] + r->s[n + i] * r->s[n + i]);
    to->size[1] += 0.5 * w * (r->ds[i] * r->ds[i] + r->ds[n + i] * r->ds[n + i]);
  }
}

static sums integrate(const rule *r, const pdlt_activation *activation, const double g[3]) {
  const double pi = 3.14159265358979323846;
  sums all = {.mean = {0}};
  /* u = 0 at +-pi/2, v = 0 along one more line; a full turn from the first cut on. */
  double cut = atan2(-g[1], g[2]); /* g1 cos + g2 sin = 0 */
  if (cut <= -0.5 * pi) cut += pi;
  if (cut > 0.5 * pi) cut -= pi;
  const double edge[ARCS + 1] = {-0.5 * pi, cut, 0.5 * pi, cut + pi, 1.5 * pi};
  for (int arc = 0; arc < ARCS; arc++) {
    const double length = edge[arc + 1] - edge[arc];
    for (int i = 0; i < r->n && length > 0; i++)
      add_ray(r, activation, g, edge[arc] + length * r->angle[i], length * r->angle_weight[i],
              &all);
  }
  return all;
}

pdlt_status pdlt_pair_mean(const pdlt_activation *activation, const double g[3], double mean[2],
                           int *known, pdlt_error *err) {
  double before[2] = {0};
  *known = 0;
  for (int n = FIRST_NODES; n <= MOST_NODES && !*known; n *= 2) {
    rule r;
    const pdlt_status status = rule_new(&r, n, err);
    if (status != PDLT_OK) return status;
    const sums now = integrate(&r, activation, g);
    pdlt_free(r.storage);
    *known = n > FIRST_NODES;
    for (int k = 0; k < 2; k++) {
      if (!(fabs(now.mean[k] - before[k]) <= AGREEMENT * now.size[k])) *known = 0;
      before[k] = mean[k] = now.mean[k];
    }
  }
  return PDLT_OK;
}
