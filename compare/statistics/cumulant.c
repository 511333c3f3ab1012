/* cumulant.c - see cumulant.h. */
#include "compare/statistics/cumulant.h"

#include <math.h>

enum { GROUPS = 64 };

static const double inverse_sqrt_two_pi = 0.39894228040143267794;

static double estimate(double n, double second, double fourth) {
  return fourth / n - 3.0 * (second * second - fourth) / (n * (n - 1.0));
}

pdlt_cumulant pdlt_cumulant_fourth(size_t count, size_t stride, const double *z) {
  double n[GROUPS] = {0}, second[GROUPS] = {0}, fourth[GROUPS] = {0};
  double all = 0.0, all2 = 0.0, all4 = 0.0;
  pdlt_cumulant out = {NAN, NAN, 0};
  for (size_t i = 0; i < count; i++) {
    const double square = z[i * stride] * z[i * stride];
    const size_t g = i * GROUPS / count;
    if (!isfinite(square)) continue;
    n[g] += 1.0;
    second[g] += square;
    fourth[g] += square * square;
  }
  for (size_t g = 0; g < GROUPS; g++) {
    all += n[g];
    all2 += second[g];
    all4 += fourth[g];
  }
  out.draws = (size_t)all;
  if (out.draws < GROUPS) return out;
  out.value = estimate(all, all2, all4);
  double scatter = 0.0, used = 0.0;
  for (size_t g = 0; g < GROUPS; g++) {
    if (n[g] == 0.0) continue;
    const double left = all - n[g];
    const double without = estimate(left, all2 - second[g], all4 - fourth[g]);
    const double delta = left / n[g] * (out.value - without); /* pseudo-value - value */
    scatter += n[g] * delta * delta;
    used += 1.0;
  }
  out.se = used < 2.0 ? NAN : sqrt(scatter / (all * (used - 1.0)));
  return out;
}

double pdlt_density_correction(double x, double h, double K, double G1, double V) {
  const double x2 = x * x, phi = inverse_sqrt_two_pi * exp(-0.5 * x2);
  return phi * h * (G1 / (2.0 * K) * (x2 - 1.0) + V / (8.0 * K * K) * ((x2 - 6.0) * x2 + 3.0));
}
