/* residual.c - see residual.h. */
#include "theory/infinite/residual.h"

#include <math.h>
#include <stdio.h>

#include "base/core/memory.h"
#include "theory/bracket/bracket.h"

pdlt_critical_point pdlt_critical_with_skip(const pdlt_critical_point *plain, double gamma) {
  pdlt_critical_point point = *plain;
  const double lost = 1 - gamma * gamma;
  if (plain->kind == PDLT_CRITICAL_NONE) return point;
  if (!(lost > 0)) {
    point = (pdlt_critical_point){.kind = PDLT_CRITICAL_NONE, .K = NAN, .C_b = NAN, .C_W = NAN};
    snprintf(point.reason, sizeof point.reason,
             "a skip of %.6g leaves nothing for C_W: gamma^2 + C_W <s' s'> = 1 needs gamma^2 < 1",
             gamma);
    return point;
  }
  point.C_b *= lost;
  point.C_W *= lost;
  point.error_C *= lost;
  point.a1 *= lost;
  point.b1 *= lost;
  return point;
}

/* c(rho) of s = (a_+ or a_-) z: s^2 = m z^2, m even and odd part. */
static double homogeneous(const pdlt_activation_traits *traits, double rho) {
  const double plus = traits->a_plus * traits->a_plus, minus = traits->a_minus * traits->a_minus;
  const double odd = (plus - minus) / (plus + minus), pi = 3.14159265358979323846;
  const double t = acos(fmin(1, fmax(-1, rho)));
  const double signs = 2 / pi * (3 * sin(t) * rho + (pi / 2 - t) * (1 + 2 * rho * rho));
  return 2 * rho * rho + odd * odd * signs;
}

/* c(1) + 2 sum_{m>=1} c(gamma^m), c ~ rho for small rho. */
static double sum_homogeneous(const pdlt_activation_traits *traits, double gamma) {
  double sum = homogeneous(traits, 1), rho = gamma;
  while (fabs(rho) > 1e-17) {
    sum += 2 * homogeneous(traits, rho);
    rho *= gamma;
  }
  return sum;
}

/* The same of a smooth activation at K: with Hermite coefficients h_m of s^2, c(rho) = (C/K)^2 sum rho^m h_m^2,
 * so that the sum is (C/K)^2 sum_{m>=1} h_m^2 (1 + gamma^m)/(1 - gamma^m). */
static pdlt_status sum_smooth(double *out, const pdlt_activation *act,
                              const pdlt_critical_point *point, double gamma, pdlt_error *err) {
  enum { NODES = 256 };
  pdlt_bracket_grid grid = {0};
  double z[NODES], s[NODES], sum = 0;
  const double scale = point->C_W / point->K;
  const pdlt_status status = pdlt_bracket_grid_new_trapezoid(&grid, NODES, 10.0, err);
  if (status != PDLT_OK) return status;
  for (size_t p = 0; p < NODES; p++) z[p] = sqrt(point->K) * grid.x[p];
  pdlt_activation_map(act, 0, NODES, z, s);
  for (size_t level = 1; level < grid.levels; level++) {
    const double power = pow(gamma, (double)level);
    double h = 0;
    for (size_t p = 0; p < NODES; p++)
      h += grid.mode[level * NODES + p] * grid.root_w[p] * s[p] * s[p];
    sum += h * h * (1 + power) / (1 - power);
  }
  pdlt_bracket_grid_free(&grid);
  *out = scale * scale * sum;
  return PDLT_OK;
}

pdlt_status pdlt_critical_vertex(double *nu, const pdlt_activation *act,
                                 const pdlt_critical_point *plain, double gamma, pdlt_error *err) {
  const pdlt_activation_traits traits = pdlt_activation_get_traits(act);
  const double square = gamma * gamma, lost = 1 - square;
  double sum = NAN;
  *nu = NAN;
  if (plain->kind == PDLT_CRITICAL_NONE || !(lost > 0)) return PDLT_OK;
  if (plain->kind == PDLT_CRITICAL_K_ZERO) {
    *nu = 2.0 / 3.0 * (1 - square * square);
    return PDLT_OK;
  }
  if (traits.scale_invariant)
    sum = sum_homogeneous(&traits, gamma);
  else {
    const pdlt_status status = sum_smooth(&sum, act, plain, gamma, err);
    if (status != PDLT_OK) return status;
  }
  *nu = lost * lost * sum;
  return PDLT_OK;
}

double pdlt_critical_ratio(double nu, double outputs) { return 4 / ((20 + 3 * outputs) * nu); }
