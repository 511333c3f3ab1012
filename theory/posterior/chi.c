/* chi.c - see chi.h. */
#include "theory/posterior/chi.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "theory/bracket/bracket.h"
#include "theory/gauss/expectation.h"

static const struct {
  int p, q;
} order[PDLT_JETS] = {[PDLT_JET_20] = {2, 0},
                      [PDLT_JET_02] = {0, 2},
                      [PDLT_JET_11] = {1, 1},
                      [PDLT_JET_10] = {1, 0},
                      [PDLT_JET_01] = {0, 1}};

void pdlt_chi_free(pdlt_chi *chi) {
  pdlt_free(chi->jet[0]);
  memset(chi, 0, sizeof *chi);
}

static pdlt_status allocate(pdlt_chi *chi, size_t D, pdlt_error *err) {
  double *next = NULL;
  const pdlt_status status = pdlt_alloc(&next, PDLT_JETS * D, D * sizeof *next, err);
  if (status != PDLT_OK) return status;
  chi->D = D;
  for (int k = 0; k < PDLT_JETS; k++) chi->jet[k] = pdlt_take(&next, D * D);
  return PDLT_OK;
}

/* Smooth: an average over two samples each; those of the second slot are those of the first, turned. */
static pdlt_status fill_smooth(pdlt_chi *chi, const pdlt_activation *act, const double *K,
                               double tolerance, pdlt_error *err) {
  static const pdlt_jet made[] = {PDLT_JET_20, PDLT_JET_11, PDLT_JET_10};
  const size_t D = chi->D;
  for (size_t c = 0; c < D; c++)
    for (size_t d = 0; d < D; d++)
      for (size_t k = 0; k < sizeof made / sizeof *made; k++) {
        pdlt_value x = {0};
        const pdlt_status status =
            pdlt_expectation_pair(&x, act, order[made[k]].p, order[made[k]].q, K[c * D + c],
                                  K[c * D + d], K[d * D + d], tolerance, err);
        if (status != PDLT_OK) return status;
        chi->jet[made[k]][c * D + d] = x.value;
        chi->error = fmax(chi->error, x.error);
        if (made[k] == PDLT_JET_20) chi->jet[PDLT_JET_02][d * D + c] = x.value;
        if (made[k] == PDLT_JET_10) chi->jet[PDLT_JET_01][d * D + c] = x.value;
      }
  return PDLT_OK;
}

/* <s_c' s_d> with a kink, s = alpha z + beta |z|: alpha beta <|z_d| + sgn(z_c) z_d>; the rest is odd. */
static double kink_first(const pdlt_activation *act, double K_cc, double K_cd, double K_dd) {
  const double root_two_over_pi = 0.79788456080286535588;
  const pdlt_activation_traits traits = pdlt_activation_get_traits(act);
  const double plus = traits.a_plus, minus = traits.a_minus;
  const double drift = K_cc > 0 ? K_cd / sqrt(K_cc) : 0;
  return 0.25 * (plus * plus - minus * minus) * root_two_over_pi * (sqrt(fmax(K_dd, 0)) + drift);
}

/* Kinks: closed forms; of second derivatives slots of proportional samples are merged. */
static pdlt_status fill_kink(pdlt_chi *chi, const pdlt_activation *act, const double *K,
                             pdlt_error *err) {
  static const pdlt_jet second[] = {PDLT_JET_20, PDLT_JET_02, PDLT_JET_11};
  const size_t D = chi->D;
  pdlt_bracket_pairs pairs = {0};
  const pdlt_status status = pdlt_bracket_pairs_new(&pairs, act, NULL, D, K, err);
  if (status != PDLT_OK) return status;
  for (size_t c = 0; c < D; c++)
    for (size_t d = 0; d < D; d++) {
      const double first = kink_first(act, K[c * D + c], K[c * D + d], K[d * D + d]);
      chi->jet[PDLT_JET_10][c * D + d] = chi->jet[PDLT_JET_01][d * D + c] = first;
      for (size_t k = 0; k < sizeof second / sizeof *second; k++)
        chi->jet[second[k]][c * D + d] =
            pdlt_bracket_jet(&pairs, 0, 0, order[second[k]].p, order[second[k]].q, c, d);
    }
  for (int k = 0; k < PDLT_JETS; k++)
    for (size_t i = 0; i < D * D; i++)
      chi->error = fmax(chi->error, 64 * DBL_EPSILON * fabs(chi->jet[k][i]));
  pdlt_bracket_pairs_free(&pairs);
  return PDLT_OK;
}

pdlt_status pdlt_chi_new(pdlt_chi *out, const pdlt_activation *activation, size_t D,
                         const double *K, double tolerance, pdlt_error *err) {
  pdlt_chi chi = {0};
  pdlt_status status = allocate(&chi, D, err);
  if (status != PDLT_OK) return status;
  status = pdlt_activation_get_traits(activation).smooth
               ? fill_smooth(&chi, activation, K, tolerance, err)
               : fill_kink(&chi, activation, K, err);
  for (size_t i = 0; i < D * D && pdlt_activation_is_odd(activation); i++)
    chi.jet[PDLT_JET_10][i] = chi.jet[PDLT_JET_01][i] = 0; /* but for rounding */
  if (status == PDLT_OK)
    *out = chi;
  else
    pdlt_chi_free(&chi);
  return status;
}

void pdlt_chi_pull(const pdlt_chi *chi, double C_W, const double *above, double *below) {
  const size_t D = chi->D;
  memset(below, 0, D * D * sizeof *below);
  for (size_t c = 0; c < D; c++)
    for (size_t d = 0; d < D; d++) {
      const size_t at = c * D + d;
      const double m = 0.5 * C_W * above[at];
      below[c * D + c] += m * chi->jet[PDLT_JET_20][at];
      below[d * D + d] += m * chi->jet[PDLT_JET_02][at];
      below[c * D + d] += m * chi->jet[PDLT_JET_11][at];
      below[d * D + c] += m * chi->jet[PDLT_JET_11][at];
    }
}

void pdlt_chi_mean(const pdlt_chi *chi, double C_W, const double *K, const double *above,
                   double *out) {
  const size_t D = chi->D;
  memset(out, 0, D * sizeof *out);
  for (size_t c = 0; c < D; c++)
    for (size_t d = 0; d < D; d++) {
      const double m = 0.5 * C_W * above[c * D + d];
      const double first = m * chi->jet[PDLT_JET_10][c * D + d];
      const double second = m * chi->jet[PDLT_JET_01][c * D + d];
      for (size_t mu = 0; mu < D; mu++) out[mu] += K[mu * D + c] * first + K[mu * D + d] * second;
    }
}
