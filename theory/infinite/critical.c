/* critical.c - see critical.h. */
#include "theory/infinite/critical.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

#define TOLERANCE 1e-13

static const double SMALLEST_K = 1e-4, LARGEST_K = 1e3;
enum { SCAN = 70, BISECTIONS = 200 };

pdlt_status pdlt_chi_perp(pdlt_value *out, const pdlt_activation *act, double C_W, double K,
                          pdlt_error *err) {
  pdlt_value slope;
  const pdlt_status status = pdlt_expectation_single(&slope, act, 1, 1, K, TOLERANCE, err);
  if (status == PDLT_OK) *out = (pdlt_value){C_W * slope.value, fabs(C_W) * slope.error};
  return status;
}

pdlt_status pdlt_chi_parallel(pdlt_value *out, const pdlt_activation *act, double C_W, double K,
                              pdlt_error *err) {
  const pdlt_activation_traits traits = pdlt_activation_get_traits(act);
  if (!traits.smooth) { /* <sigma^2> = A2 K, whatever K */
    const double A2 = (traits.a_plus * traits.a_plus + traits.a_minus * traits.a_minus) / 2;
    *out = (pdlt_value){C_W * A2, 4 * DBL_EPSILON * fabs(C_W) * A2};
    return PDLT_OK;
  }
  pdlt_value slope, bend;
  pdlt_status status = pdlt_expectation_single(&slope, act, 1, 1, K, TOLERANCE, err);
  if (status == PDLT_OK) status = pdlt_expectation_single(&bend, act, 0, 2, K, TOLERANCE, err);
  if (status == PDLT_OK)
    *out = (pdlt_value){C_W * (slope.value + bend.value), fabs(C_W) * (slope.error + bend.error)};
  return status;
}

static void none(pdlt_critical_point *point, const char *reason) {
  *point = (pdlt_critical_point){.kind = PDLT_CRITICAL_NONE, .K = NAN, .C_b = NAN, .C_W = NAN};
  snprintf(point->reason, sizeof point->reason, "%s", reason);
}

/* Case 2: the expansion around K = 0. Returns 1 when it is stable. */
static int stable_at_zero(pdlt_critical_point *point, const pdlt_activation *act) {
  const double s0 = pdlt_activation_eval(act, 0, 0), s1 = pdlt_activation_eval(act, 1, 0);
  if (s0 != 0 || s1 == 0) return 0;
  const double s2 = pdlt_activation_eval(act, 2, 0) / s1;
  const double s3 = pdlt_activation_eval(act, 3, 0) / s1;
  const double a1 = 0.75 * s2 * s2 + s3, b1 = s2 * s2 + s3;
  if (!(a1 < 0)) return 0;
  *point = (pdlt_critical_point){.kind = PDLT_CRITICAL_K_ZERO,
                                 .C_W = 1 / (s1 * s1),
                                 .error_C = 4 * DBL_EPSILON / (s1 * s1),
                                 .a1 = a1,
                                 .b1 = b1,
                                 .p_0 = 1,
                                 .p_perp = b1 / a1};
  return 1;
}

static pdlt_status bend_at(double *out, const pdlt_activation *act, double K, pdlt_error *err) {
  pdlt_value bend;
  const pdlt_status status = pdlt_expectation_single(&bend, act, 0, 2, K, TOLERANCE, err);
  if (status == PDLT_OK) *out = bend.value;
  return status;
}

/* Root of <sigma sigma''> between low and high, where it changes sign, by bisection
 * down to rounding; *width: what is left of the bracket. */
static pdlt_status bisect(double *root, double *width, const pdlt_activation *act, double low,
                          double high, double at_low, pdlt_error *err) {
  for (int i = 0; i < BISECTIONS && high - low > 2 * DBL_EPSILON * high; i++) {
    const double middle = low + (high - low) / 2;
    double value;
    const pdlt_status status = bend_at(&value, act, middle, err);
    if (status != PDLT_OK) return status;
    if ((value < 0) == (at_low < 0))
      low = middle;
    else
      high = middle;
  }
  *root = low + (high - low) / 2;
  *width = high - low;
  return PDLT_OK;
}

/* C_W and C_b at a root K of <sigma sigma''>. The error of K is that of <sigma sigma''>
 * over its slope d/dK = (2 <sigma' sigma'''> + <sigma''^2> + <sigma sigma''''>)/2. */
static pdlt_status point_at(pdlt_critical_point *point, const pdlt_activation *act, double K,
                            double width, pdlt_error *err) {
  pdlt_value s, ds, bend, a, b, c;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_expectation_single(&s, act, 0, 0, K, TOLERANCE, err));
  PDLT_TRY(pdlt_expectation_single(&ds, act, 1, 1, K, TOLERANCE, err));
  PDLT_TRY(pdlt_expectation_single(&bend, act, 0, 2, K, TOLERANCE, err));
  PDLT_TRY(pdlt_expectation_single(&a, act, 1, 3, K, TOLERANCE, err));
  PDLT_TRY(pdlt_expectation_single(&b, act, 2, 2, K, TOLERANCE, err));
  PDLT_TRY(pdlt_expectation_single(&c, act, 0, 4, K, TOLERANCE, err));
  const double slope = fabs(2 * a.value + b.value + c.value) / 2;
  const double error_K = width + (fabs(bend.value) + bend.error) / fmax(slope, 1e-300);
  const double C_W = 1 / ds.value;
  const double error_W = C_W * C_W * (ds.error + error_K * fabs(a.value + b.value));
  *point = (pdlt_critical_point){.kind = PDLT_CRITICAL_HALF_STABLE,
                                 .K = K,
                                 .C_W = C_W,
                                 .C_b = K - C_W * s.value,
                                 .error_K = error_K,
                                 .error_C = error_W * (1 + s.value) + C_W * s.error + error_K};
cleanup:
  return status;
}

/* Case 3: the smallest admissible K* > 0; *found says whether there is one. */
static pdlt_status positive_root(pdlt_critical_point *point, int *found, const pdlt_activation *act,
                                 pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  double before_K = SMALLEST_K, before;
  *found = 0;
  PDLT_TRY(bend_at(&before, act, before_K, err));
  for (int i = 1; i <= SCAN && !*found; i++) {
    const double K = SMALLEST_K * pow(LARGEST_K / SMALLEST_K, (double)i / SCAN);
    double now;
    PDLT_TRY(bend_at(&now, act, K, err));
    if ((now < 0) != (before < 0)) {
      pdlt_critical_point candidate;
      double root, width;
      PDLT_TRY(bisect(&root, &width, act, before_K, K, before, err));
      PDLT_TRY(point_at(&candidate, act, root, width, err));
      if (candidate.C_b >= 0) {
        *point = candidate;
        *found = 1;
      }
    }
    before_K = K;
    before = now;
  }
cleanup:
  return status;
}

pdlt_status pdlt_critical_find(pdlt_critical_point *out, const pdlt_activation *act,
                               pdlt_error *err) {
  const pdlt_activation_traits traits = pdlt_activation_get_traits(act);
  if (traits.scale_invariant) {
    const double A2 = (traits.a_plus * traits.a_plus + traits.a_minus * traits.a_minus) / 2;
    if (A2 > 0)
      *out = (pdlt_critical_point){.kind = PDLT_CRITICAL_SCALE_INVARIANT,
                                   .C_W = 1 / A2,
                                   .K = NAN,
                                   .error_C = 2 * DBL_EPSILON / A2};
    else
      none(out, "the activation vanishes everywhere");
    return PDLT_OK;
  }
  pdlt_critical_point point;
  if (stable_at_zero(&point, act)) {
    *out = point;
    return PDLT_OK;
  }
  int found;
  const pdlt_status status = positive_root(&point, &found, act, err);
  if (status != PDLT_OK) return status;
  if (found)
    *out = point;
  else if (pdlt_activation_eval(act, 0, 0) != 0)
    none(out,
         "sigma(0) != 0 excludes K* = 0, and at no K* > 0 with C_b >= 0 are both "
         "susceptibilities 1");
  else if (pdlt_activation_eval(act, 1, 0) == 0)
    none(out,
         "sigma'(0) = 0 excludes K* = 0, and at no K* > 0 with C_b >= 0 are both "
         "susceptibilities 1");
  else
    none(out,
         "K* = 0 is not stable (a1 >= 0: K grows away from it), and at no K* > 0 with C_b >= 0 "
         "are both susceptibilities 1");
  return PDLT_OK;
}

double pdlt_critical_kernel_asymptote(const pdlt_critical_point *point, double layer) {
  return point->kind == PDLT_CRITICAL_K_ZERO ? 1 / (-point->a1 * layer) : point->K;
}
