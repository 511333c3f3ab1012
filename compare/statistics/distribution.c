/* distribution.c - see distribution.h.
 *
 * The densities in front of the series and fractions are written with Loader's
 * deviance, so that nothing cancels for large arguments. */
#include "compare/statistics/distribution.h"

#include <float.h>
#include <math.h>

#include "base/core/gamma.h"

enum { MOST_TERMS = 10000000 }; /* of a series or a fraction */

static const double pi = 3.14159265358979323846;

/* log(Gamma(n + 1)) - (n + 1/2) log n + n - log(2 pi)/2: the error of Stirling's formula. */
static double stirling_error(double n) {
  if (n < 16.0) return pdlt_log_gamma(n + 1.0) - (n + 0.5) * log(n) + n - 0.5 * log(2.0 * pi);
  double u = 1.0 / (n * n);
  double series = 1.0 / 156.0 * u - 691.0 / 360360.0;
  series = series * u + 1.0 / 1188.0;
  series = series * u - 1.0 / 1680.0;
  series = series * u + 1.0 / 1260.0;
  series = series * u - 1.0 / 360.0;
  return (series * u + 1.0 / 12.0) / n;
}

/* x log(x/m) + m - x, without cancellation near x = m. */
static double deviance(double x, double m) {
  double d = (x - m) / (x + m);
  if (fabs(d) > 0.1) return x * log(x / m) + m - x;
  /* log(x/m) = 2 artanh d */
  double sum = (x - m) * d, term = 2.0 * x * d;
  for (int k = 3; k < 200; k += 2) {
    term *= d * d;
    double next = sum + term / k;
    if (next == sum) break;
    sum = next;
  }
  return sum;
}

/* x^a e^-x / Gamma(a + 1). */
static double gamma_density(double a, double x) {
  return exp(-stirling_error(a) - deviance(a, x)) / sqrt(2.0 * pi * a);
}

/* x^a y^b / B(a, b), x + y = 1. */
static double beta_density(double a, double b, double x, double y) {
  double n = a + b;
  double log_density = stirling_error(n) - stirling_error(a) - stirling_error(b) -
                       deviance(a, n * x) - deviance(b, n * y);
  return exp(log_density) * sqrt(a * b / (2.0 * pi * n));
}

/* P(a, x) by its power series; for x < a + 1. */
static double gamma_series(double a, double x) {
  double term = 1.0, sum = 1.0, k = a + 1.0;
  for (int i = 0; i < MOST_TERMS && term > sum * DBL_EPSILON * 0.125; i++) {
    term *= x / k;
    sum += term;
    k += 1.0;
  }
  return gamma_density(a, x) * sum;
}

static double away_from_zero(double x) { return fabs(x) < 1e-290 ? 1e-290 : x; }

/* Q(a, x) by its continued fraction (Lentz); for x > a + 1. */
static double gamma_fraction(double a, double x) {
  double b = x + 1.0 - a, c = 1e290, d = 1.0 / b, f = d;
  for (int i = 1; i < MOST_TERMS; i++) {
    const double k = i;
    double numerator = -k * (k - a);
    b += 2.0;
    d = 1.0 / away_from_zero(numerator * d + b);
    c = away_from_zero(b + numerator / c);
    double factor = c * d;
    f *= factor;
    if (fabs(factor - 1.0) < 3.0 * DBL_EPSILON) break;
  }
  return gamma_density(a, x) * a * f;
}

double pdlt_gamma_upper(double a, double x) {
  if (!(a > 0.0) || !(x >= 0.0)) return NAN;
  if (x == 0.0) return 1.0;
  if (isinf(x)) return 0.0;
  return x < a + 1.0 ? 1.0 - gamma_series(a, x) : gamma_fraction(a, x);
}

/* I_x(a, b) by its continued fraction (Lentz); converges fast for x < (a+1)/(a+b+2). */
static double beta_fraction(double a, double b, double x, double y) {
  double c = 1.0, d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0)), f = d;
  for (int i = 1; i < MOST_TERMS; i++) {
    const double m = i;
    double even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
    d = 1.0 / away_from_zero(1.0 + even * d);
    c = away_from_zero(1.0 + even / c);
    f *= c * d;
    double odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
    d = 1.0 / away_from_zero(1.0 + odd * d);
    c = away_from_zero(1.0 + odd / c);
    f *= c * d;
    if (fabs(c * d - 1.0) < 3.0 * DBL_EPSILON) break;
  }
  return beta_density(a, b, x, y) / a * f;
}

double pdlt_beta_regularized(double a, double b, double x, double y) {
  if (!(a > 0.0) || !(b > 0.0) || !(x >= 0.0) || !(y >= 0.0)) return NAN;
  if (x == 0.0) return 0.0;
  if (y == 0.0) return 1.0;
  if (x < (a + 1.0) / (a + b + 2.0)) return beta_fraction(a, b, x, y);
  return 1.0 - beta_fraction(b, a, y, x);
}

double pdlt_normal_two_sided(double z) { return erfc(fabs(z) * sqrt(0.5)); }

double pdlt_normal_upper_quantile(double p) {
  if (!(p >= 0.0) || p > 1.0) return NAN;
  if (p == 0.0) return INFINITY;
  if (p == 1.0) return -INFINITY;
  if (p > 0.5) return -pdlt_normal_upper_quantile(1.0 - p);
  /* Newton on log P(Z > z), which is concave: it converges from any start. */
  double z = sqrt(fmax(0.0, -2.0 * log(2.0 * p)));
  for (int k = 0; k < 100; k++) {
    double tail = 0.5 * erfc(z * sqrt(0.5));
    double density = exp(-0.5 * z * z) / sqrt(2.0 * pi);
    double step = tail / density * log(tail / p);
    z += step;
    if (fabs(step) <= 4.0 * DBL_EPSILON * (1.0 + fabs(z))) break;
  }
  return z;
}

double pdlt_chi_square_tail(double x, double k) {
  if (isnan(x) || !(k > 0.0)) return NAN;
  return x <= 0.0 ? 1.0 : pdlt_gamma_upper(0.5 * k, 0.5 * x);
}

double pdlt_f_tail(double f, double d1, double d2) {
  if (isnan(f) || !(d1 > 0.0) || !(d2 > 0.0)) return NAN;
  if (f <= 0.0) return 1.0;
  if (isinf(f)) return 0.0;
  if (isinf(d2)) return pdlt_chi_square_tail(f * d1, d1);
  double sum = d2 + d1 * f;
  return pdlt_beta_regularized(0.5 * d2, 0.5 * d1, d2 / sum, d1 * f / sum);
}
