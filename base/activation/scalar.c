/* scalar.c - sigma and its first five derivatives, one number at a time.
 *
 * Is: closed forms written so that no term cancels another except at the zeros of
 * the derivative itself, and so that the tails keep their relative precision.
 * Is not: fast; the trainer's kernels are in base/vector/sigma.inc. */
#include <math.h>

#include "base/activation/activation_internal.h"

static const double two_over_sqrt_pi = 1.12837916709551257390;
static const double one_over_sqrt_two_pi = 0.398942280401432677940;

/* sqrt(1/2) as a sum of two doubles. */
static const double sqrt_half_high = 0.70710678118654757274;
static const double sqrt_half_low = -4.8336466567264567e-17;

/* e^{-scale z^2}, scale a power of two: the rounding error of z^2, which the
 * exponential would magnify by z^2, is put back to first order. */
static double gaussian(double z, double scale) {
  const double square = z * z;
  if (scale * square > 800) return 0;
  const double error = fma(z, z, -square);
  return exp(-scale * square) * (1 - scale * error);
}

/* Phi(z) = erfc(-z / sqrt(2)) / 2, with the rounding of the argument put back. */
static double normal_cdf(double z) {
  const double x = -z * sqrt_half_high;
  const double error = fma(-z, sqrt_half_high, -x) - z * sqrt_half_low;
  return 0.5 * (erfc(x) - two_over_sqrt_pi * gaussian(x, 1) * error);
}

double pdlt_scalar_linear(const double *param, int num_params, int order, double z) {
  (void)param;
  (void)num_params;
  return order == 0 ? z : order == 1 ? 1 : 0;
}

/* The ReLU family: slope 1 above zero, `below` below, the mean of both at zero. */
static double two_slopes(double below, int order, double z) {
  const double slope = z > 0 ? 1 : z < 0 ? below : 0.5 * (1 + below);
  if (isnan(z)) return z;
  return order == 0 ? (z > 0 ? z : below * z) : order == 1 ? slope : 0;
}

double pdlt_scalar_relu(const double *param, int num_params, int order, double z) {
  (void)param;
  (void)num_params;
  return order == 0 && z <= 0 ? 0 : two_slopes(0, order, z);
}

double pdlt_scalar_leaky_relu(const double *param, int num_params, int order, double z) {
  (void)num_params;
  return two_slopes(param[0], order, z);
}

/* With t = tanh z and d = 1/cosh^2 z: t' = d, d' = -2 t d, t^2 = 1 - d. */
double pdlt_scalar_tanh(const double *param, int num_params, int order, double z) {
  (void)param;
  (void)num_params;
  const double t = tanh(z), e = exp(-2 * fabs(z)), d = 4 * e / ((1 + e) * (1 + e));
  switch (order) {
    case 0:
      return t;
    case 1:
      return d;
    case 2:
      return -2 * t * d;
    case 3:
      return d * (4 - 6 * d);
    case 4:
      return t * d * (24 * d - 8);
    default:
      return d * (16 + d * (-120 + 120 * d));
  }
}

double pdlt_scalar_sin(const double *param, int num_params, int order, double z) {
  (void)param;
  (void)num_params;
  switch (order & 3) {
    case 0:
      return sin(z);
    case 1:
      return cos(z);
    case 2:
      return -sin(z);
    default:
      return -cos(z);
  }
}

/* erf^(n+1) = (-1)^n H_n(z) 2/sqrt(pi) e^{-z^2}, H_n the physicists' Hermite polynomials. */
double pdlt_scalar_erf(const double *param, int num_params, int order, double z) {
  (void)param;
  (void)num_params;
  if (order == 0) return erf(z);
  const double g = two_over_sqrt_pi * gaussian(z, 1), zz = z * z;
  if (g == 0) return 0;
  switch (order) {
    case 1:
      return g;
    case 2:
      return -2 * z * g;
    case 3:
      return (4 * zz - 2) * g;
    case 4:
      return -z * (8 * zz - 12) * g;
    default:
      return (12 + zz * (-48 + 16 * zz)) * g;
  }
}

/* (z Phi)' = Phi + z phi; beyond that phi' = -z phi leaves polynomials times phi. */
double pdlt_scalar_gelu(const double *param, int num_params, int order, double z) {
  (void)param;
  (void)num_params;
  const double g = one_over_sqrt_two_pi * gaussian(z, 0.5), zz = z * z;
  if (order < 2) {
    const double cdf = normal_cdf(z);
    if (order == 0) return cdf == 0 ? 0 : z * cdf;
    return g == 0 ? cdf : cdf + z * g;
  }
  if (g == 0) return 0;
  switch (order) {
    case 2:
      return (2 - zz) * g;
    case 3:
      return z * (zz - 4) * g;
    case 4:
      return (-4 + zz * (7 - zz)) * g;
    default:
      return z * (18 + zz * (zz - 11)) * g;
  }
}

/* With s = sigmoid, d = s (1 - s) and m = 1 - 2 s = -tanh(z/2): s' = d, d' = d m,
 * m' = -2 d, m^2 = 1 - 4 d. */
double pdlt_scalar_sigmoid(const double *param, int num_params, int order, double z) {
  (void)param;
  (void)num_params;
  const double e = exp(-fabs(z)), d = e / ((1 + e) * (1 + e)), m = -tanh(0.5 * z);
  switch (order) {
    case 0:
      return (z < 0 ? e : 1) / (1 + e);
    case 1:
      return d;
    case 2:
      return d * m;
    case 3:
      return d * (1 - 6 * d);
    case 4:
      return d * m * (1 - 12 * d);
    default:
      return d * (1 + d * (-30 + 120 * d));
  }
}

double pdlt_scalar_softplus(const double *param, int num_params, int order, double z) {
  if (order > 0) return pdlt_scalar_sigmoid(param, num_params, order - 1, z);
  return (z > 0 ? z : 0) + log1p(exp(-fabs(z)));
}

/* (z s)^(n) = z s^(n) + n s^(n-1). */
double pdlt_scalar_swish(const double *param, int num_params, int order, double z) {
  const double s = pdlt_scalar_sigmoid(param, num_params, order, z);
  const double first = s == 0 ? 0 : z * s;
  if (order == 0) return first;
  return first + order * pdlt_scalar_sigmoid(param, num_params, order - 1, z);
}

double pdlt_scalar_polynomial(const double *param, int num_params, int order, double z) {
  double sum = 0;
  for (int k = num_params - 1; k >= order; k--) {
    double factor = param[k];
    for (int j = 0; j < order; j++) factor *= k - j;
    sum = sum * z + factor;
  }
  return sum;
}
