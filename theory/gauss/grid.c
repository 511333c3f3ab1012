/* grid.c - pair expectations by the product trapezoid rule: the slow,
 * plain road (docs/kernels.md, "Quadrature"). */
#include <float.h>
#include <math.h>

#include "base/core/memory.h"
#include "theory/gauss/expectation.h"
#include "theory/gauss/quadrature.h"

#define STEP_IN_Z 0.35

enum { GRIDS = 8 };

/* One grid: *value = <f g>, *size = sqrt(<f^2><g^2>); f depends on t1 only. */
static pdlt_status grid_once(double *value, double *size, const pdlt_activation *act, int p, int q,
                             double k11, double k12, double k22, double step, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  pdlt_gauss_line line = {0};
  double *f = NULL, *g = NULL;
  PDLT_TRY(pdlt_gauss_line_new(&line, step, err));
  PDLT_TRY(pdlt_alloc(&f, line.count, sizeof *f, err));
  PDLT_TRY(pdlt_alloc(&g, line.count, sizeof *g, err));
  const double root_1 = sqrt(k11), slope = root_1 > 0 ? k12 / root_1 : 0;
  const double root_2 = sqrt(fmax(k22 - slope * slope, 0));
  double sum = 0, norm_f = 0, norm_g = 0;
  for (size_t i = 0; i < line.count; i++) f[i] = root_1 * line.t[i];
  pdlt_activation_map(act, p, line.count, f, f);
  for (size_t i = 0; i < line.count; i++) {
    double inner = 0, square = 0;
    for (size_t j = 0; j < line.count; j++) g[j] = slope * line.t[i] + root_2 * line.t[j];
    pdlt_activation_map(act, q, line.count, g, g);
    for (size_t j = 0; j < line.count; j++) {
      inner += line.w[j] * g[j];
      square += line.w[j] * g[j] * g[j];
    }
    sum += line.w[i] * f[i] * inner;
    norm_f += line.w[i] * f[i] * f[i];
    norm_g += line.w[i] * square;
  }
  *value = sum;
  *size = sqrt(norm_f * norm_g);
cleanup:
  pdlt_free(f);
  pdlt_free(g);
  pdlt_gauss_line_free(&line);
  return status;
}

pdlt_status pdlt_expectation_pair_grid(pdlt_value *out, const pdlt_activation *act, int p, int q,
                                       double k11, double k12, double k22, double tolerance,
                                       pdlt_error *err) {
  if (k22 > k11) /* the larger variance first */
    return pdlt_expectation_pair_grid(out, act, q, p, k22, k12, k11, tolerance, err);
  if (!pdlt_activation_get_traits(act).smooth)
    return pdlt_fail(err, PDLT_ERR_UNSUPPORTED, "quadrature needs an activation without a kink");
  double step = fmin(2 * STEP_IN_Z / sqrt(fmax(k11, 1e-300)), 1.0), before = 0;
  for (int i = 0; i < GRIDS; i++) {
    double value, size;
    const pdlt_status status = grid_once(&value, &size, act, p, q, k11, k12, k22, step, err);
    if (status != PDLT_OK) return status;
    if (i > 0 && fabs(value - before) <= fmax(tolerance, 16 * DBL_EPSILON) * size) {
      *out = (pdlt_value){value, fabs(value - before) + 16 * DBL_EPSILON * size};
      return PDLT_OK;
    }
    before = value;
    step /= 1.5;
  }
  return pdlt_fail(err, PDLT_ERR_NUMERIC,
                   "quadrature over a pair with kernels %.6g, %.6g did not settle to %.1e", k11,
                   k22, tolerance);
}
