/* distance.c - see distance.h. */
#include "compare/statistics/distance.h"

#include <math.h>

int pdlt_distance_clear(const pdlt_distance *d) {
  return d->used && d->value > 2 * d->floor && d->se > 0 && isfinite(d->value);
}

void pdlt_distance_slope(size_t n, const double *widths, const pdlt_distance *distance,
                         double *slope, double *se) {
  double s = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
  size_t points = 0;
  for (size_t i = 0; i < n; i++) {
    const pdlt_distance *d = &distance[i];
    if (!pdlt_distance_clear(d)) continue;
    double signal = sqrt(d->value * d->value - d->floor * d->floor);
    double x = log(widths[i]), y = log(signal), error = d->se * d->value / (signal * signal);
    double weight = 1 / (error * error);
    s += weight;
    sx += weight * x;
    sy += weight * y;
    sxx += weight * x * x;
    sxy += weight * x * y;
    points++;
  }
  double determinant = s * sxx - sx * sx;
  *slope = *se = NAN;
  if (points < 2 || !(determinant > 0)) return;
  *slope = (s * sxy - sx * sy) / determinant;
  *se = sqrt(s / determinant);
}
