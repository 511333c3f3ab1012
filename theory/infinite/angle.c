/* angle.c - see angle.h. */
#include "theory/infinite/angle.h"

#include <float.h>
#include <math.h>

#include "theory/gauss/correlation.h"

#define PI 3.141592653589793238

static const pdlt_angle unknown = {-1, 0};

int pdlt_angle_is_small(double k11, double k12, double k22) {
  const double rho = pdlt_correlation(k11, k12, k22);
  return (1 - rho) * (1 + rho) < PDLT_ANGLE_FOLLOWED * PDLT_ANGLE_FOLLOWED && k11 > 0 && k22 > 0;
}

/* --- The first layer --- */

static double dot(size_t n, const double *x, const double *y) {
  double sum = 0;
  for (size_t k = 0; k < n; k++) sum += x[k] * y[k];
  return sum;
}

/* |x|^2 times the square of what is left of y beside x: twice, since the first time leaves the rounding
 * of the factor. */
static double area(size_t n, const double *x, const double *y) {
  const double square = dot(n, x, x);
  if (!(square > 0)) return 0;
  const double factor = dot(n, x, y) / square;
  double along = 0, left = 0;
  for (size_t k = 0; k < n; k++) along += x[k] * fma(-factor, x[k], y[k]);
  along /= square;
  for (size_t k = 0; k < n; k++) {
    const double rest = fma(-factor, x[k], y[k]) - along * x[k];
    left += rest * rest;
  }
  return square * left;
}

/* det K = C_b C_W |x - y|^2/n_0 + C_W^2 (|x|^2 |y|^2 - (x.y)^2)/n_0^2 */
pdlt_angle pdlt_angle_first(const pdlt_layer *layer, const double *x, const double *y, double k11,
                            double k12, double k22) {
  const size_t n = layer->in;
  const double C_W = layer->C_W / (double)n;
  double apart = 0;
  if (!pdlt_angle_is_small(k11, k12, k22)) return unknown;
  for (size_t k = 0; k < n; k++) apart += (x[k] - y[k]) * (x[k] - y[k]);
  const double one = area(n, x, y), other = area(n, y, x);
  const double det = layer->C_b * C_W * apart + C_W * C_W * fmin(one, other);
  const double sine = fmin(sqrt(fmax(det, 0) / k11 / k22), 1);
  return (pdlt_angle){sine, 4 * DBL_EPSILON + ((double)n + 8) * DBL_EPSILON * sine};
}

/* --- The next layer --- */

/* 1 - <s1 s2>/sqrt(<s1^2><s2^2>) of sigma = |z| at angle phi: 1 - cos phi - (2/pi)(sin phi - phi cos
 * phi), the bracket, which is phi^3/3, by its series. */
static double gap_of_modulus(double phi) {
  const double square = phi * phi, half = sin(phi / 2);
  const double rest = phi * square * (1.0 / 3 - square * (1.0 / 30 - square / 840));
  return 2 * half * half - 2 / PI * rest;
}

/* sqrt(<s1^2><s2^2>) - <s1 s2> in units of sqrt(K_11 K_22), size = m^2 + d^2. */
static double gap_of(const pdlt_activation_traits *traits, double phi) {
  const double m = (traits->a_plus + traits->a_minus) / 2;
  const double d = (traits->a_plus - traits->a_minus) / 2, half = sin(phi / 2);
  return 2 * m * m * half * half + d * d * gap_of_modulus(phi);
}

/* det K'/C_W^2 = (C_b/C_W) ((s1 - s2)^2 + 2 gap) + gap (2 s1 s2 - gap), s the square roots of
 * <sigma^2>: a sum of positive terms. */
pdlt_angle pdlt_angle_next(const pdlt_activation_traits *traits, const pdlt_layer *layer,
                           const pdlt_angle *angle, const double k[3], const double e[3],
                           const double next[3]) {
  const double m = (traits->a_plus + traits->a_minus) / 2;
  const double d = (traits->a_plus - traits->a_minus) / 2, size = m * m + d * d;
  if (angle->sine < 0 || k[1] < 0 || !(size > 0) || !(layer->C_W > 0)) return unknown;
  if (next[1] < 0 || !pdlt_angle_is_small(next[0], next[1], next[2])) return unknown;
  const double bias = layer->C_b / layer->C_W, phi = asin(angle->sine);
  const double root1 = sqrt(k[0]), root2 = sqrt(k[2]), both = size * root1 * root2;
  const double apart = sqrt(size) * (k[0] - k[2]) / (root1 + root2);
  const double err_apart = sqrt(size) * (e[0] + e[2]) / (root1 + root2) + DBL_EPSILON * fabs(apart);
  const double gap = root1 * root2 * gap_of(traits, phi);
  const double err_gap = both * (phi + angle->error) * angle->error + 4 * DBL_EPSILON * gap;
  const double det = bias * (apart * apart + 2 * gap) + gap * (2 * both - gap);
  const double err_det = bias * ((2 * fabs(apart) + err_apart) * err_apart + 2 * err_gap) +
                         2 * both * err_gap + 4 * DBL_EPSILON * det;
  const double scale = layer->C_W / sqrt(next[0]) / sqrt(next[2]);
  const double sine = scale * sqrt(det), least = sqrt(fmax(det - err_det, 0));
  const double error = scale * fmin(err_det / (sqrt(det) + least), sqrt(err_det));
  return (pdlt_angle){fmin(sine, 1), error + 8 * DBL_EPSILON * sine};
}
