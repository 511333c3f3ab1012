/* expectation.c - choice of road for pairs, and expectations over one variable; see
 * expectation.h. */
#include "theory/gauss/expectation.h"

#include <float.h>
#include <math.h>

#include "base/core/memory.h"
#include "theory/gauss/correlation.h"
#include "theory/gauss/hermite.h"
#include "theory/gauss/quadrature.h"
#include "theory/gauss/wide.h"

enum { REFINEMENTS = 8 };

static pdlt_status check_orders(const pdlt_activation *act, int p, int q, pdlt_error *err) {
  if (p < 0 || q < 0 || p > PDLT_ACTIVATION_MAX_ORDER || q > PDLT_ACTIVATION_MAX_ORDER)
    return pdlt_fail(err, PDLT_ERR_INTERNAL, "derivative orders %d, %d are not in 0..%d", p, q,
                     PDLT_ACTIVATION_MAX_ORDER);
  if (!pdlt_activation_get_traits(act).smooth && (p > 1 || q > 1))
    return pdlt_fail(err, PDLT_ERR_UNSUPPORTED,
                     "%s has a kink: its derivative of order %d is not a function",
                     pdlt_activation_name(act->kind), p > q ? p : q);
  return PDLT_OK;
}

static pdlt_status check_kernel(double k11, double k12, double k22, pdlt_error *err) {
  if (!(isfinite(k11) && isfinite(k12) && isfinite(k22)) || k11 < 0 || k22 < 0 ||
      fabs(k12) > sqrt(k11) * sqrt(k22) * (1 + 1e-8) + 1e-300)
    return pdlt_fail(err, PDLT_ERR_INPUT, "(%g, %g; %g, %g) is not a covariance matrix", k11, k12,
                     k12, k22);
  return PDLT_OK;
}

/* Sums w f g, w f^2, w g^2 over the nodes; coarse: f g over every second node, doubled. */
static pdlt_status line_once(double *value, double *coarse, double *size,
                             const pdlt_activation *act, int p, int q, double k, double step,
                             pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  pdlt_gauss_line line = {0};
  double *f = NULL, *g = NULL;
  PDLT_TRY(pdlt_gauss_line_new(&line, step, err));
  PDLT_TRY(pdlt_alloc(&f, line.count, sizeof *f, err));
  PDLT_TRY(pdlt_alloc(&g, line.count, sizeof *g, err));
  for (size_t i = 0; i < line.count; i++) f[i] = sqrt(k) * line.t[i];
  pdlt_activation_map(act, q, line.count, f, g);
  pdlt_activation_map(act, p, line.count, f, f);
  double even = 0, odd = 0, norm_f = 0, norm_g = 0;
  for (size_t i = 0; i < line.count; i++) {
    const double term = line.w[i] * f[i] * g[i];
    if (i % 2)
      odd += term;
    else
      even += term;
    norm_f += line.w[i] * f[i] * f[i];
    norm_g += line.w[i] * g[i] * g[i];
  }
  *value = even + odd;
  *coarse = 2 * even;
  *size = sqrt(norm_f * norm_g);
cleanup:
  pdlt_free(f);
  pdlt_free(g);
  pdlt_gauss_line_free(&line);
  return status;
}

pdlt_status pdlt_expectation_single(pdlt_value *out, const pdlt_activation *act, int p, int q,
                                    double k, double tolerance, pdlt_error *err) {
  pdlt_status status = check_orders(act, p, q, err);
  if (status == PDLT_OK) status = check_kernel(k, k, k, err);
  if (status != PDLT_OK) return status;
  if (!pdlt_activation_get_traits(act).smooth) {
    *out = pdlt_expectation_pair_closed(act, p, q, k, k, k);
    return PDLT_OK;
  }
  double step = pdlt_gauss_line_step(k, 1);
  for (int i = 0; i < REFINEMENTS; i++) {
    double value, coarse, size;
    status = line_once(&value, &coarse, &size, act, p, q, k, step, err);
    if (status != PDLT_OK) return status;
    if (fabs(value - coarse) <= fmax(tolerance, 32 * DBL_EPSILON) * size) {
      *out = (pdlt_value){value, fabs(value - coarse) + 16 * DBL_EPSILON * size};
      return PDLT_OK;
    }
    step /= 2;
  }
  return pdlt_fail(err, PDLT_ERR_NUMERIC, "quadrature over z ~ N(0, %.6g) did not settle to %.1e",
                   k, tolerance);
}

pdlt_status pdlt_expectation_pair(pdlt_value *out, const pdlt_activation *act, int p, int q,
                                  double k11, double k12, double k22, double tolerance,
                                  pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  pdlt_hermite_series f = {0}, g = {0};
  PDLT_TRY(check_orders(act, p, q, err));
  PDLT_TRY(check_kernel(k11, k12, k22, err));
  if (pdlt_expectation_has_closed(act, p, q)) {
    *out = pdlt_expectation_pair_closed(act, p, q, k11, k12, k22);
    return PDLT_OK;
  }
  status = pdlt_hermite_series_new(&f, act, p, k11, tolerance, err);
  if (status == PDLT_OK) status = pdlt_hermite_series_new(&g, act, q, k22, tolerance, err);
  if (status == PDLT_ERR_NUMERIC) {
    const int order[2] = {p, q};
    pdlt_wide wide;
    PDLT_TRY(pdlt_wide_pair(&wide, act, PDLT_ACTIVATION_MAX_ORDER, 1, &order, k11, k12, k22,
                            tolerance, err));
    *out = wide.average[p][q];
    goto cleanup;
  }
  PDLT_TRY(status);
  out->value = pdlt_hermite_pair(&f, &g, pdlt_correlation(k11, k12, k22));
  out->error = pdlt_hermite_pair_error(&f, &g, pdlt_correlation(k11, k12, k22));
cleanup:
  pdlt_hermite_series_free(&f);
  pdlt_hermite_series_free(&g);
  return status;
}
