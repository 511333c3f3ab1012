/* closed.c - closed forms of pair expectations (docs/kernels.md, "Closed
 * forms"): ReLU family (arc-cosine), polynomials (Wick), sin, erf. */
#include <float.h>
#include <math.h>

#include "theory/gauss/correlation.h"
#include "theory/gauss/expectation.h"

#define PI 3.141592653589793238

enum { MAX_DEGREE = PDLT_ACTIVATION_MAX_PARAMS };

static double largest(double a, double b) { return a > b ? a : b; }

/* sigma = m z + d |z|; signs vanish at a variance of 0, as sigma'(0) = m says. */
static pdlt_value scale_invariant(const pdlt_activation_traits *traits, int p, int q, double k11,
                                  double k12, double k22) {
  const double m = (traits->a_plus + traits->a_minus) / 2;
  const double d = (traits->a_plus - traits->a_minus) / 2;
  const double norm = sqrt(k11 * k22), rho = pdlt_correlation(k11, k12, k22);
  const double cosine = sqrt((1 - rho) * (1 + rho));
  if (p == 0 && q == 0) {
    const double value = m * m * k12 + d * d * (2 / PI) * norm * (cosine + rho * asin(rho));
    return (pdlt_value){value, 4 * DBL_EPSILON * (m * m + d * d) * norm};
  }
  if (p == 1 && q == 1) {
    /* rho is known to rounding; so is the angle, but for its square root at rho = 1. */
    const double slip = 4 * DBL_EPSILON, angle = fmin(slip / cosine, sqrt(2 * slip));
    const double value = m * m + d * d * (2 / PI) * asin(rho);
    return (pdlt_value){
        value, 4 * DBL_EPSILON * (m * m + d * d) + (d != 0 ? d * d * (2 / PI) * angle : 0)};
  }
  /* <(m + d sgn z1)(m z2 + d |z2|)> = m d (<|z2|> + <sgn(z1) z2>). */
  const double with_step = p == 1 ? k11 : k22, plain = p == 1 ? k22 : k11;
  const double sign_part = with_step > 0 ? k12 / sqrt(with_step) : 0;
  const double value = m * d * sqrt(2 / PI) * (sqrt(plain) + sign_part);
  return (pdlt_value){value, 8 * DBL_EPSILON * fabs(m * d) * sqrt(plain)};
}

/* <sum_i a_i z1^i  sum_j b_j z2^j>, degrees < na, nb; the error scales with the sum of
 * absolute terms. Moments by Wick: M(i, j) = (i-1) k11 M(i-2, j) + j k12 M(i-1, j-1). */
static pdlt_value wick(int na, const double *a, int nb, const double *b, double k11, double k12,
                       double k22) {
  double moment[MAX_DEGREE][MAX_DEGREE], value = 0, size = 0;
  for (int i = 0; i < na; i++)
    for (int j = 0; j < nb; j++) {
      double sum = i == 0 && j == 0 ? 1 : 0;
      if (i == 0 && j >= 2) sum += (j - 1) * k22 * moment[0][j - 2];
      if (i >= 2) sum += (i - 1) * k11 * moment[i - 2][j];
      if (i >= 1 && j >= 1) sum += j * k12 * moment[i - 1][j - 1];
      moment[i][j] = sum;
      value += a[i] * b[j] * sum;
      size += fabs(a[i] * b[j]) * fabs(sum);
    }
  return (pdlt_value){value, 32 * DBL_EPSILON * size};
}

/* The same for one polynomial a in both places, with bits that do not change when the
 * samples change places. */
static pdlt_value wick_same(int na, const double *a, double k11, double k12, double k22) {
  const pdlt_value one = wick(na, a, na, a, k11, k12, k22), two = wick(na, a, na, a, k22, k12, k11);
  return (pdlt_value){(one.value + two.value) / 2, (one.error + two.error) / 2};
}

/* Coefficients of the p-th derivative; returns their number (at least 1). */
static int polynomial_derivative(const pdlt_activation *act, int p, double *out) {
  static const double identity[2] = {0, 1};
  const double *c = act->kind == PDLT_LINEAR ? identity : act->param;
  const int count = act->kind == PDLT_LINEAR ? 2 : act->num_params;
  for (int i = 0; i < MAX_DEGREE; i++) out[i] = 0;
  for (int i = p; i < count; i++) {
    double factor = 1;
    for (int j = 0; j < p; j++) factor *= i - j;
    out[i - p] = factor * c[i];
  }
  return count - p > 1 ? count - p : 1;
}

static pdlt_value polynomial(const pdlt_activation *act, int p, int q, double k11, double k12,
                             double k22) {
  double a[MAX_DEGREE], b[MAX_DEGREE];
  const int na = polynomial_derivative(act, p, a), nb = polynomial_derivative(act, q, b);
  return p == q ? wick_same(na, a, k11, k12, k22) : wick(na, a, nb, b, k11, k12, k22);
}

/* sin^(p)(z) = sin(z + p pi/2): products of equal parity are +-exp(-(k11+k22)/2) times
 * sinh k12 (both even) or cosh k12 (both odd); others vanish. */
static pdlt_value sine(int p, int q, double k11, double k12, double k22) {
  if ((p + q) % 2) return (pdlt_value){0, 0};
  const double sign = ((p / 2) + (q / 2)) % 2 ? -1 : 1;
  const double half = (k11 + k22) / 2, size = fabs(k12), scale = exp(size - half) / 2;
  const double odd = k12 < 0 ? -1 : 1;
  const double value = p % 2 ? scale * (1 + exp(-2 * size)) : -odd * scale * expm1(-2 * size);
  return (pdlt_value){sign * value, 4 * DBL_EPSILON * (1 + half) * fabs(value)};
}

/* <erf(z1) erf''(z2)> = 2 d/dK_22 <erf erf>; det = det(1 + 2K). */
static pdlt_value error_function_bend(double k12, double k22, double det) {
  const double value = -(8 / PI) * k12 / ((1 + 2 * k22) * sqrt(det));
  return (pdlt_value){value, 16 * DBL_EPSILON * fabs(value)};
}

/* erf' = (2/sqrt(pi)) e^{-z^2}: derivatives are Hermite polynomials times e^{-z^2}, and
 * e^{-z1^2-z2^2} turns N(0, K) into N(0, K (1+2K)^{-1}) over sqrt(det(1+2K)). */
static pdlt_value error_function(int p, int q, double k11, double k12, double k22) {
  static const double hermite[5][5] = {
      {1}, {0, 2}, {-2, 0, 4}, {0, -12, 0, 8}, {12, 0, -48, 0, 16}};
  /* det(1+2K) = 1 + 2 k11 + 2 k22 + 4 det K; det K >= 0 carries the cancellation. */
  const double det_k = largest(k11 * k22 - k12 * k12, 0);
  const double det = 1 + 2 * (k11 + k22) + 4 * det_k;
  if (p == 0 && q == 0) {
    const double size = sqrt((1 + 2 * k11) * (1 + 2 * k22)), sine_of_angle = 2 * k12 / size;
    const double value = (2 / PI) * asin(sine_of_angle), cosine = sqrt(det) / size;
    return (pdlt_value){value, 4 * DBL_EPSILON * (fabs(value) + fabs(sine_of_angle) / cosine)};
  }
  if (q == 0) return error_function_bend(k12, k11, det);
  if (p == 0) return error_function_bend(k12, k22, det);
  const double slip = 8 * DBL_EPSILON * k11 * k22 / det;
  const double t11 = (k11 + 2 * det_k) / det, t12 = k12 / det, t22 = (k22 + 2 * det_k) / det;
  pdlt_value inner = p == q ? wick_same(p, hermite[p - 1], t11, t12, t22)
                            : wick(p, hermite[p - 1], q, hermite[q - 1], t11, t12, t22);
  const double factor = ((p + q) % 2 ? -1 : 1) * (4 / PI) / sqrt(det);
  inner.value *= factor;
  if (p == 1 && q == 1)
    return (pdlt_value){inner.value, (slip + 4 * DBL_EPSILON) * fabs(inner.value)};
  inner.error = fabs(factor) * inner.error + 4 * (slip + DBL_EPSILON) * (p + q) * fabs(factor) *
                                                 hermite[p - 1][p - 1] * hermite[q - 1][q - 1];
  return inner;
}

int pdlt_expectation_has_closed(const pdlt_activation *act, int p, int q) {
  const pdlt_activation_traits traits = pdlt_activation_get_traits(act);
  if (p < 0 || q < 0 || p > PDLT_ACTIVATION_MAX_ORDER || q > PDLT_ACTIVATION_MAX_ORDER) return 0;
  if (act->kind == PDLT_SIN || traits.polynomial) return 1;
  if (traits.scale_invariant) return p <= 1 && q <= 1;
  if (act->kind != PDLT_ERF) return 0;
  return (p > 0 && q > 0) || p + q == 0 || (p * q == 0 && p + q == 2);
}

pdlt_value pdlt_expectation_pair_closed(const pdlt_activation *act, int p, int q, double k11,
                                        double k12, double k22) {
  const pdlt_activation_traits traits = pdlt_activation_get_traits(act);
  if (act->kind == PDLT_SIN) return sine(p, q, k11, k12, k22);
  if (act->kind == PDLT_ERF) return error_function(p, q, k11, k12, k22);
  if (traits.scale_invariant && p <= 1 && q <= 1)
    return scale_invariant(&traits, p, q, k11, k12, k22);
  return polynomial(act, p, q, k11, k12, k22);
}
