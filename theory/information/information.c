/* information.c - see information.h. */
#include "theory/information/information.h"

#include <math.h>
#include <string.h>

#include "base/core/gamma.h"
#include "base/core/memory.h"

enum { MAX_OUTPUTS = 16, STEPS_PER_DEVIATION = 6, REACH = 10, MAX_WIDTH = 100000 };

/* Of the logarithm of the radius. */
#define RADIUS_STEP 0.02

void pdlt_kernel_distribution_free(pdlt_kernel_distribution *distribution) {
  pdlt_free(distribution->log_g);
  pdlt_free(distribution->weight);
  memset(distribution, 0, sizeof *distribution);
}

/* Density of log((2/n) chi^2_B) at y, B binomial (n, 1/2), B > 0. */
static double layer_density(int n, double y) {
  const double x = 0.5 * n * exp(y); /* chi^2_B */
  double sum = 0.0;
  for (int b = 1; b <= n; b++) {
    const double log_binomial = pdlt_log_gamma(n + 1.0) - pdlt_log_gamma(b + 1.0) -
                                pdlt_log_gamma(n - b + 1.0) - n * log(2.0);
    const double log_chi =
        (0.5 * b) * log(x) - 0.5 * x - 0.5 * b * log(2.0) - pdlt_log_gamma(0.5 * b);
    const double exponent = log_binomial + log_chi;
    if (exponent > -60.0) sum += exp(exponent);
  }
  return sum;
}

static void normalize(double *weight, size_t count) {
  double total = 0.0;
  for (size_t i = 0; i < count; i++) total += weight[i];
  for (size_t i = 0; i < count; i++) weight[i] /= total;
}

/* next = now * kernel, one more layer; kernel (2 half + 1) is centred. */
static void convolve(double *next, const double *now, size_t count, const double *kernel,
                     size_t half) {
  memset(next, 0, count * sizeof *next);
  for (size_t i = 0; i < count; i++) {
    if (now[i] < 1e-30) continue;
    for (size_t k = 0; k <= 2 * half; k++) {
      if (i + k < half || i + k - half >= count) continue;
      next[i + k - half] += now[i] * kernel[k];
    }
  }
}

/* Grid of log G, which has mean about -5 L/(2 n) and variance about 5 L/n, somewhat more for small n. */
typedef struct grid {
  double step, low;
  size_t count;
} grid;

static grid grid_of(int n, int layers) {
  const double deviation = sqrt(5.0 / n), step = deviation / STEPS_PER_DEVIATION;
  const double spread = deviation * sqrt((double)layers), drift = -5.0 * layers / n;
  const double low = drift - 2 * REACH * spread, high = -drift + REACH * spread;
  return (grid){step, low, (size_t)((high - low) / step) + 1};
}

/* Of the convolutions, and of the entropies with about three points of the radius for each of 1/2 log G,
 * an exponential at each of both grids. */
double pdlt_information_flops(int n, int layers) {
  const grid g = grid_of(n, layers);
  const double count = (double)g.count, half = 2.0 * REACH * STEPS_PER_DEVIATION;
  const double radii = 0.5 * count * g.step / RADIUS_STEP + 45.0 / RADIUS_STEP;
  return 2.0 * count * (2.0 * half + 1.0) * layers + 2.0 * 30.0 * count * radii;
}

pdlt_status pdlt_kernel_distribution_relu(pdlt_kernel_distribution *out, int n, int layers,
                                          pdlt_error *err) {
  if (n < 4 || n > MAX_WIDTH || layers < 1 || layers > 100000)
    return pdlt_fail(err, PDLT_ERR_INPUT, "width %d and %d layers: expected 4 <= n, 1 <= layers", n,
                     layers);
  if (pdlt_information_flops(n, layers) > PDLT_INFORMATION_FLOPS)
    return pdlt_fail(err, PDLT_ERR_INPUT,
                     "width %d and %d layers would take %.2g flops, at most %.2g", n, layers,
                     pdlt_information_flops(n, layers), PDLT_INFORMATION_FLOPS);
  pdlt_status status = PDLT_OK;
  pdlt_kernel_distribution d = {0};
  double *kernel = NULL, *work = NULL;
  const grid g = grid_of(n, layers);
  const double step = g.step;
  const size_t half = (size_t)2 * REACH * STEPS_PER_DEVIATION;
  const size_t origin = (size_t)(-g.low / step); /* log G = 0 */
  d.count = g.count;
  PDLT_TRY(pdlt_alloc(&d.log_g, d.count, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&d.weight, d.count, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&work, d.count, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&kernel, 2 * half + 1, sizeof(double), err));
  for (size_t k = 0; k <= 2 * half; k++)
    kernel[k] = layer_density(n, ((double)k - (double)half) * step);
  normalize(kernel, 2 * half + 1);
  for (size_t i = 0; i < d.count; i++) d.log_g[i] = ((double)i - (double)origin) * step;
  d.weight[origin] = 1.0;
  for (int l = 0; l < layers; l++) {
    convolve(work, d.weight, d.count, kernel, half);
    memcpy(d.weight, work, d.count * sizeof(double));
  }
  normalize(d.weight, d.count);
  *out = d;
  memset(&d, 0, sizeof d);
cleanup:
  pdlt_kernel_distribution_free(&d);
  pdlt_free(kernel);
  pdlt_free(work);
  return status;
}

double pdlt_information_truncated(double eps, int outputs) {
  const double a = 0.5 * outputs;
  return a * a * eps * eps * (1.0 / 8.0 - (10.0 + 3.0 * a) * eps / 24.0);
}

/* Density of m outputs at radius exp(t): mixture over G. */
static double density(const pdlt_kernel_distribution *d, int m, double t) {
  double sum = 0.0;
  for (size_t j = 0; j < d->count; j++) {
    if (d->weight[j] < 1e-25) continue;
    const double exponent = -0.5 * m * d->log_g[j] - 0.5 * exp(2.0 * t - d->log_g[j]);
    if (exponent > -700.0) sum += d->weight[j] * exp(exponent);
  }
  return sum * pow(2.0 * acos(-1.0), -0.5 * m);
}

/* Differential entropy of m outputs, by the trapezoid rule in the logarithm of the radius. */
static double entropy(const pdlt_kernel_distribution *d, int m) {
  const double pi = acos(-1.0), step = RADIUS_STEP;
  const double sphere = 2.0 * pow(pi, 0.5 * m) / tgamma(0.5 * m);
  size_t first = 0, last = d->count - 1;
  while (first < last && d->weight[first] < 1e-20) first++;
  while (last > first && d->weight[last] < 1e-20) last--;
  const double low = 0.5 * d->log_g[first] - 40.0 / m - 2.0, high = 0.5 * d->log_g[last] + 2.3;
  const size_t points = (size_t)((high - low) / step) + 2;
  double sum = 0.0, t = low;
  for (size_t k = 0; k < points && t <= high; k++) {
    const double p = density(d, m, t);
    if (p > 0.0) sum -= exp(m * t) * p * log(p);
    t += step;
  }
  return sphere * step * sum;
}

pdlt_status pdlt_information_exact(double *out, const pdlt_kernel_distribution *distribution,
                                   int outputs, pdlt_error *err) {
  if (outputs < 2 || outputs > MAX_OUTPUTS || outputs % 2 != 0)
    return pdlt_fail(err, PDLT_ERR_INPUT, "%d outputs: expected an even number from 2 to %d",
                     outputs, (int)MAX_OUTPUTS);
  *out = 2.0 * entropy(distribution, outputs / 2) - entropy(distribution, outputs);
  return PDLT_OK;
}
