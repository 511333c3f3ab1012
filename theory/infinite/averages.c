/* averages.c - see averages.h. */
#include "theory/infinite/averages.h"

#include <float.h>
#include <math.h>

#include "base/core/memory.h"
#include "theory/gauss/correlation.h"
#include "theory/gauss/wide.h"

#define PI 3.141592653589793238

/* Series of sigma'' and sigma''' only tell how averages react to an error: few digits do. */
static const double reaction_tolerance = 0.03;

enum { ORDERS = PDLT_AVERAGES_SERIES };

/* Averages <sigma^(p) sigma^(q)> by p and q, as far as `react` reads them. */
typedef struct table {
  double of[ORDERS][ORDERS];
} table;

static void clear_series(pdlt_averages *averages, size_t i) {
  for (int p = 0; p < ORDERS; p++) pdlt_hermite_series_free(&averages->series[i][p]);
}

void pdlt_averages_free(pdlt_averages *averages) {
  for (size_t i = 0; averages->series != NULL && i < averages->room; i++) clear_series(averages, i);
  pdlt_free(averages->series);
  pdlt_free(averages->wide);
  pdlt_free(averages->status);
  pdlt_free(averages->error);
  *averages = (pdlt_averages){0};
}

pdlt_status pdlt_averages_new(pdlt_averages *out, const pdlt_activation *activation, size_t D,
                              double tolerance, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  pdlt_averages averages = {
      .activation = *activation,
      .traits = pdlt_activation_get_traits(activation),
      .closed = pdlt_expectation_has_closed(activation, 0, 0) &&
                pdlt_expectation_has_closed(activation, 1, 1),
      .room = D,
      .D = D,
      .tolerance = tolerance,
  };
  PDLT_TRY(pdlt_alloc(&averages.series, D, sizeof *averages.series, err));
  PDLT_TRY(pdlt_alloc(&averages.wide, D, sizeof *averages.wide, err));
  PDLT_TRY(pdlt_alloc(&averages.status, D, sizeof *averages.status, err));
  PDLT_TRY(pdlt_alloc(&averages.error, D, sizeof *averages.error, err));
  *out = averages;
  averages = (pdlt_averages){0};
cleanup:
  pdlt_averages_free(&averages);
  return status;
}

/* Series of sample i at variance k, or wide[i] = 1 where they do not converge. */
static pdlt_status prepare_sample(pdlt_averages *averages, size_t i, double k, pdlt_error *err) {
  clear_series(averages, i);
  averages->wide[i] = 0;
  if (!isfinite(k))
    return pdlt_fail(err, PDLT_ERR_NUMERIC, "the kernel is not finite: it explodes with depth");
  if (averages->closed) return PDLT_OK;
  pdlt_status status = PDLT_OK;
  for (int p = 0; p < ORDERS && status == PDLT_OK; p++)
    status = pdlt_hermite_series_new(
        &averages->series[i][p], &averages->activation, p, k,
        p < 2 ? averages->tolerance : fmax(averages->tolerance, reaction_tolerance), err);
  if (status != PDLT_ERR_NUMERIC) return status;
  clear_series(averages, i);
  averages->wide[i] = 1;
  return PDLT_OK;
}

pdlt_status pdlt_averages_prepare(pdlt_averages *averages, const double *K, int threads,
                                  pdlt_error *err) {
  const long D = (long)averages->D;
#pragma omp parallel for num_threads(threads) schedule(dynamic)
  for (long i = 0; i < D; i++)
    averages->status[i] = prepare_sample(averages, (size_t)i, K[i * (D + 1)], &averages->error[i]);
  for (long i = 0; i < D; i++)
    if (averages->status[i] != PDLT_OK)
      return pdlt_fail(err, averages->status[i], "%s", averages->error[i].message);
  return PDLT_OK;
}

/* What errors of the kernel make of the averages: d<fg>/dK_12 = <f'g'>, d<fg>/dK_11 = <f''g>/2. Of
 * equal samples all three entries move together. */
static void react(const table *t, const pdlt_pair_kernel *pair, pdlt_value *ss, pdlt_value *dd) {
  if (pair->same) {
    ss->error += fabs(t->of[1][1] + t->of[0][2]) * pair->e11;
    dd->error += fabs(t->of[2][2] + t->of[1][3]) * pair->e11;
    return;
  }
  ss->error += fabs(t->of[1][1]) * pair->e12 +
               0.5 * (fabs(t->of[2][0]) * pair->e11 + fabs(t->of[0][2]) * pair->e22);
  dd->error += fabs(t->of[2][2]) * pair->e12 +
               0.5 * (fabs(t->of[3][1]) * pair->e11 + fabs(t->of[1][3]) * pair->e22);
}

/* Beside <s1' s2'> itself. */
static const int read_orders[][2] = {{2, 0}, {0, 2}, {2, 2}, {3, 1}, {1, 3}};
enum { READ = sizeof read_orders / sizeof *read_orders };

/* Errors of <s1 s2> and <s1' s2'> of a kinked activation, sigma = m z + d |z|, at angle phi:
 * d<ss>/dK_12 = <s's'>, d<ss>/dK_11 = (d^2/pi) sqrt(K_22/K_11) sin phi, and <s's'> moves with phi,
 * which a slip of the correlation moves by slip/sin phi, at most sqrt(2 slip). */
static void react_kinked(const pdlt_activation_traits *traits, const pdlt_pair_kernel *pair,
                         pdlt_value *ss, pdlt_value *dd) {
  const double m = (traits->a_plus + traits->a_minus) / 2;
  const double d = (traits->a_plus - traits->a_minus) / 2, size = m * m + d * d;
  const double k11 = pair->k11, k22 = pair->k22, norm = sqrt(k11) * sqrt(k22);
  if (pair->same) {
    ss->error += size * pair->e11;
    dd->error = 4 * DBL_EPSILON * fabs(dd->value);
    return;
  }
  if (!(norm > 0)) { /* a zero sample: its averages are what its variance may be */
    ss->error += size * sqrt((k11 + pair->e11) * (k22 + pair->e22));
    dd->error += pair->e11 > 0 || pair->e22 > 0 ? d * d : 0;
    return;
  }
  const double rho = pdlt_correlation(k11, pair->k12, k22);
  const double moved = pair->e12 / norm + 0.5 * (pair->e11 / k11 + pair->e22 / k22);
  const double slip = 2 * DBL_EPSILON + moved, sine = sqrt((1 - rho) * (1 + rho));
  const double least = sqrt(fmax(sine * sine - 2 * slip, 0)), largest = sqrt(2 * slip);
  const double angle = fmin(2 * slip / (sine + least), largest), widest = fmin(1, sine + angle);
  ss->error += fabs(dd->value) * pair->e12 +
               d * d / PI * widest * norm * (pair->e11 / k11 + pair->e22 / k22);
  dd->error = 4 * DBL_EPSILON * size + d * d * fmin(1, 2 / PI * angle);
}

/* Both averages of a kinked activation at an angle that is known by itself, near to 0 or pi. */
static void small_angle(const pdlt_activation_traits *traits, const pdlt_pair_kernel *pair,
                        pdlt_value *ss, pdlt_value *dd) {
  const double m = (traits->a_plus + traits->a_minus) / 2;
  const double d = (traits->a_plus - traits->a_minus) / 2, size = m * m + d * d;
  const double k11 = pair->k11, k22 = pair->k22, norm = sqrt(k11) * sqrt(k22);
  const double sine = pair->angle.sine, off = asin(sine), side = pair->k12 < 0 ? -1 : 1;
  const double turn = side * (1 - 2 / PI * off), cosine = sqrt((1 - sine) * (1 + sine));
  const double widest = fmin(1, sine + pair->angle.error);
  *ss =
      (pdlt_value){m * m * pair->k12 + d * d * norm * (2 / PI * sine + (1 - 2 / PI * off) * cosine),
                   4 * DBL_EPSILON * size * norm};
  *dd = (pdlt_value){m * m + d * d * turn, 4 * DBL_EPSILON * size};
  dd->error += 2 / PI * d * d * 2 * pair->angle.error;
  ss->error += m * m * pair->e12 + d * d * norm * widest * pair->angle.error +
               0.5 * d * d * norm * (pair->e11 / k11 + pair->e22 / k22);
}

static void closed_pair(const pdlt_averages *averages, const pdlt_pair_kernel *pair, pdlt_value *ss,
                        pdlt_value *dd) {
  const pdlt_activation *act = &averages->activation;
  const double k11 = pair->k11, k12 = pair->k12, k22 = pair->k22;
  *ss = pdlt_expectation_pair_closed(act, 0, 0, k11, k12, k22);
  *dd = pdlt_expectation_pair_closed(act, 1, 1, k11, k12, k22);
  if (!averages->traits.smooth && !pair->same && pair->angle.sine >= 0) {
    small_angle(&averages->traits, pair, ss, dd);
    return;
  }
  if (!averages->traits.smooth) {
    react_kinked(&averages->traits, pair, ss, dd);
    return;
  }
  table t = {.of = {[1][1] = dd->value}};
  for (size_t c = 0; c < READ; c++) {
    const int p = read_orders[c][0], q = read_orders[c][1];
    t.of[p][q] = pdlt_expectation_pair_closed(act, p, q, k11, k12, k22).value;
  }
  react(&t, pair, ss, dd);
}

static void series_pair(const pdlt_averages *averages, const pdlt_pair_kernel *pair, pdlt_value *ss,
                        pdlt_value *dd) {
  const pdlt_hermite_series *f = averages->series[pair->i], *g = averages->series[pair->j];
  const double rho = pair->i == pair->j ? 1 : pdlt_correlation(pair->k11, pair->k12, pair->k22);
  *ss = (pdlt_value){pdlt_hermite_pair(&f[0], &g[0], rho),
                     pdlt_hermite_pair_error(&f[0], &g[0], rho)};
  *dd = (pdlt_value){pdlt_hermite_pair(&f[1], &g[1], rho),
                     pdlt_hermite_pair_error(&f[1], &g[1], rho)};
  table t = {.of = {[1][1] = dd->value + copysign(dd->error, dd->value)}};
  for (size_t c = 0; c < READ; c++) {
    const int p = read_orders[c][0], q = read_orders[c][1];
    const double value = pdlt_hermite_pair(&f[p], &g[q], rho);
    t.of[p][q] = value + copysign(pdlt_hermite_pair_error(&f[p], &g[q], rho), value);
  }
  react(&t, pair, ss, dd);
}

static pdlt_status wide_pair(const pdlt_averages *averages, const pdlt_pair_kernel *pair,
                             pdlt_value *ss, pdlt_value *dd, pdlt_error *err) {
  static const int wanted[2][2] = {{0, 0}, {1, 1}};
  pdlt_wide wide;
  const pdlt_status status =
      pdlt_wide_pair(&wide, &averages->activation, ORDERS - 1, 2, wanted, pair->k11, pair->k12,
                     pair->k22, averages->tolerance, err);
  if (status != PDLT_OK) return status;
  table t = {{{0}}};
  for (int p = 0; p < ORDERS; p++)
    for (int q = 0; q < ORDERS; q++)
      t.of[p][q] =
          wide.average[p][q].value + copysign(wide.average[p][q].error, wide.average[p][q].value);
  *ss = wide.average[0][0];
  *dd = wide.average[1][1];
  react(&t, pair, ss, dd);
  return PDLT_OK;
}

pdlt_status pdlt_averages_pair(const pdlt_averages *averages, const pdlt_pair_kernel *pair,
                               pdlt_value *ss, pdlt_value *dd, pdlt_error *err) {
  if (!averages->closed && (averages->wide[pair->i] || averages->wide[pair->j]))
    return wide_pair(averages, pair, ss, dd, err);
  if (averages->closed)
    closed_pair(averages, pair, ss, dd);
  else
    series_pair(averages, pair, ss, dd);
  return PDLT_OK;
}
