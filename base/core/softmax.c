/* softmax.c - see softmax.h. */
#include "base/core/softmax.h"

#include <math.h>

static double largest(size_t n, const double *z, size_t stride) {
  double top = z[0];
  for (size_t i = 1; i < n; i++) top = z[i * stride] > top ? z[i * stride] : top;
  return top;
}

double pdlt_softmax(size_t n, const double *z, size_t z_stride, double *p, size_t p_stride) {
  const double top = largest(n, z, z_stride);
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += p[i * p_stride] = exp(z[i * z_stride] - top);
  for (size_t i = 0; i < n; i++) p[i * p_stride] /= sum;
  return top + log(sum);
}

/* sum_i y_i (top - z_i) + log sum_j exp(z_j - top): terms that are not negative, none of them large
 * where the class is sure. */
double pdlt_cross_entropy(size_t n, const double *z, size_t z_stride, const double *y,
                          size_t y_stride) {
  const double top = largest(n, z, z_stride);
  double rest = -1, distance = 0;
  for (size_t i = 0; i < n; i++) {
    rest += exp(z[i * z_stride] - top);
    distance += y[i * y_stride] * (top - z[i * z_stride]);
  }
  return distance + log1p(rest);
}
