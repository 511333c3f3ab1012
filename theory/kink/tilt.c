/* tilt.c - see tilt.h. */
#include "theory/kink/tilt.h"

#include <math.h>

static const double share = PDLT_KINK_TILT_SHARE;

/* The density has less than 1e-40 beyond. */
static const double farthest = 14.0;

/* More than Newton steps within brackets ever take. */
enum { MOST_STEPS = 100 };

/* int_x^inf (s + (1 - s) u^2) phi(u) du = Q(x) + (1 - s) x phi(x), for x >= 0 */
static double beyond(double x, double phi) {
  return 0.5 * erfc(x * M_SQRT1_2) + (1.0 - share) * x * phi;
}

/* The number beyond which lies as much of the density as beyond y of the normal one. */
static double stretched(double y) {
  const double wanted = 0.5 * erfc(fabs(y) * M_SQRT1_2), scale = 0.5 * M_SQRT1_2 * M_2_SQRTPI;
  double low = 0.0, high = farthest, x = fabs(y);
  for (int k = 0; k < MOST_STEPS; k++) {
    const double phi = scale * exp(-x * x / 2), excess = beyond(x, phi) - wanted;
    *(excess > 0.0 ? &low : &high) = x;
    double next = x + excess / (phi * (share + (1.0 - share) * x * x));
    if (!(next >= low && next <= high)) next = (low + high) / 2;
    if (fabs(next - x) <= 1e-15 * x) break;
    x = next;
  }
  return copysign(x, y);
}

static double dot(size_t count, const double *x, const double *y) {
  double sum = 0.0;
  for (size_t k = 0; k < count; k++) sum += x[k] * y[k];
  return sum;
}

/* The rotation that takes the first axis e to b = sign axis/length, and nothing outside their plane:
 * x - (e + b) ((e + b).x)/(1 + e.b) + 2 b (e.x). */
static void turn(size_t count, const double *axis, double length, double *x) {
  const double along = dot(count, axis, x) / length, first = x[0];
  const double part = (first + along) / (1.0 + axis[0] / length);
  x[0] -= part;
  for (size_t k = 0; k < count; k++) x[k] += (2.0 * first - part) * axis[k] / length;
}

double pdlt_kink_tilt(size_t count, const double *axis, double *normal) {
  const double size = sqrt(dot(count, axis, axis));
  if (count < 2 || !(size > 0.0)) return 1.0;
  normal[0] = stretched(normal[0]);
  const double first = normal[0], square = dot(count, normal, normal);
  turn(count, axis, copysign(size, axis[0]), normal); /* a direction and its opposite count alike */
  return 1.0 / (share + (1.0 - share) * (double)count * first * first / square);
}
