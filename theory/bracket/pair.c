/* pair.c - two-slot brackets of all pairs of samples; see bracket.h. */
#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "theory/bracket/bracket.h"

enum { ORDERS = PDLT_BRACKET_ORDERS };

/* Relative distance of |correlation| from 1 at which two samples count as one ray. */
static const double coincidence = 1e-13;

void pdlt_bracket_pairs_free(pdlt_bracket_pairs *pairs) {
  pdlt_free(pairs->value);
  pdlt_free(pairs->ratio);
  memset(pairs, 0, sizeof *pairs);
}

/* hermite (D, 6, levels): coefficients of s^(j)(sqrt(K_aa) x) on the oscillator modes. */
static pdlt_status hermite_coefficients(const pdlt_activation *activation,
                                        const pdlt_bracket_grid *grid, size_t D, const double *K,
                                        double *hermite, pdlt_error *err) {
  pdlt_status status;
  size_t n = grid->n;
  double *z = NULL, *s = NULL;
  PDLT_TRY(pdlt_alloc(&z, n, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&s, n, sizeof(double), err));
  for (size_t a = 0; a < D; a++) {
    double sigma = sqrt(fmax(K[a * D + a], 0.0));
    for (size_t p = 0; p < n; p++) z[p] = sigma * grid->x[p];
    for (int j = 0; j < ORDERS; j++) {
      double *row = hermite + (a * ORDERS + (size_t)j) * grid->levels;
      pdlt_activation_map(activation, j, n, z, s);
      for (size_t p = 0; p < n; p++) s[p] *= grid->root_w[p];
      for (size_t level = 0; level < grid->levels; level++) {
        const double *mode = grid->mode + level * n;
        double sum = 0.0;
#pragma omp simd reduction(+ : sum)
        for (size_t p = 0; p < n; p++) sum += mode[p] * s[p];
        row[level] = sum;
      }
    }
  }
cleanup:
  pdlt_free(z);
  pdlt_free(s);
  return status;
}

/* Correlation of two samples, 0 when one of them vanishes, clipped to [-1, 1]. */
static double correlation(double K_aa, double K_ab, double K_bb) {
  double norm = sqrt(fmax(K_aa, 0.0)) * sqrt(fmax(K_bb, 0.0));
  if (norm <= 0.0) return 0.0;
  return fmin(1.0, fmax(-1.0, K_ab / norm));
}

/* Mehler: <s_a^(j) s_b^(k)> = sum_m rho^m hermite_a hermite_b, |rho|^m with parity. */
static void smooth_pair(const pdlt_bracket_grid *grid, double rho, const double *left,
                        const double *right, double *power, size_t stride, double *out) {
  size_t levels = grid->levels;
  for (size_t level = 0; level < levels; level++) {
    double number = grid->number[level];
    power[level] = number <= 0.0 ? 1.0 : pow(fabs(rho), number);
    /* modes alternate in parity in the order of their number */
    if (rho < 0.0 && level % 2 == 1) power[level] = -power[level];
  }
  for (size_t j = 0; j < ORDERS; j++) {
    for (size_t k = 0; k < ORDERS && j + k <= ORDERS; k++) {
      double sum = 0.0;
#pragma omp simd reduction(+ : sum)
      for (size_t level = 0; level < levels; level++)
        sum += left[j * levels + level] * power[level] * right[k * levels + level];
      out[(j * ORDERS + k) * stride] = sum;
    }
  }
}

static pdlt_status smooth_pairs(pdlt_bracket_pairs *pairs, const pdlt_bracket_grid *grid,
                                const double *K, pdlt_error *err) {
  pdlt_status status;
  size_t D = pairs->D, levels = grid->levels;
  double *hermite = NULL, *power = NULL;
  PDLT_TRY(pdlt_alloc(&hermite, D * ORDERS * levels, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&power, levels, sizeof(double), err));
  PDLT_TRY(hermite_coefficients(&pairs->activation, grid, D, K, hermite, err));
  for (size_t a = 0; a < D; a++) {
    for (size_t b = 0; b < D; b++) {
      double rho = a == b ? 1.0 : correlation(K[a * D + a], K[a * D + b], K[b * D + b]);
      smooth_pair(grid, rho, hermite + a * ORDERS * levels, hermite + b * ORDERS * levels, power,
                  D * D, pairs->value + a * D + b);
    }
  }
cleanup:
  pdlt_free(hermite);
  pdlt_free(power);
  return status;
}

static void relu_pairs(pdlt_bracket_pairs *pairs, const double *K) {
  size_t D = pairs->D;
  for (size_t a = 0; a < D; a++) {
    for (size_t b = 0; b < D; b++) {
      double aa = K[a * D + a], ab = K[a * D + b], bb = K[b * D + b];
      double rho = a == b ? 1.0 : correlation(aa, ab, bb);
      if (fabs(rho) >= 1.0 - coincidence) {
        pairs->ratio[a * D + b] = a == b ? 1.0 : copysign(sqrt(bb / aa), rho);
        continue;
      }
      double value[ORDERS][ORDERS] = {{0.0}};
      pdlt_bracket_relu_pair(&pairs->activation, aa, ab, bb, value);
      for (size_t j = 0; j < ORDERS; j++)
        for (size_t k = 0; k < ORDERS; k++)
          pairs->value[(j * ORDERS + k) * D * D + a * D + b] = value[j][k];
    }
  }
  /* merged slots need K itself: keep K_ab in the slot of <s s> */
  for (size_t i = 0; i < D * D; i++)
    if (pairs->ratio[i] != 0.0) pairs->value[i] = K[i];
}

pdlt_status pdlt_bracket_pairs_new(pdlt_bracket_pairs *out, const pdlt_activation *activation,
                                   const pdlt_bracket_grid *grid, size_t D, const double *K,
                                   pdlt_error *err) {
  pdlt_status status;
  pdlt_bracket_pairs pairs = {.D = D, .activation = *activation};
  PDLT_TRY(pdlt_alloc(&pairs.value, (size_t)ORDERS * ORDERS * D * D, sizeof(double), err));
  if (pdlt_activation_get_traits(activation).smooth) {
    PDLT_TRY(smooth_pairs(&pairs, grid, K, err));
  } else {
    PDLT_TRY(pdlt_alloc(&pairs.ratio, D * D, sizeof(double), err));
    relu_pairs(&pairs, K);
  }
  *out = pairs;
cleanup:
  if (status != PDLT_OK) pdlt_bracket_pairs_free(&pairs);
  return status;
}

/* Merged slots of z_b = c z_a: s_a s_b = c m z^2 with slope product m+ (z > 0), m-
 * (z < 0); every odd part averages to zero. Equation: docs/tensors.md, "ReLU family". */
static double merged_jet(const pdlt_bracket_pairs *pairs, int j, int k, int p, int q, double c,
                         double K_ab) {
  pdlt_activation_traits traits = pdlt_activation_get_traits(&pairs->activation);
  double plus = traits.a_plus, minus = traits.a_minus;
  double mean = c > 0.0 ? 0.5 * (plus * plus + minus * minus) : plus * minus;
  if (q > 0) return 0.0;
  if (j == 0 && k == 0) return p == 0 ? K_ab * mean : p == 2 ? 2.0 * c * mean : 0.0;
  if (j == 1 && k == 1) return p == 0 ? mean : 0.0;
  if (j == 1) return p == 1 ? c * mean : 0.0;
  return p == 1 ? mean : 0.0;
}

double pdlt_bracket_jet(const pdlt_bracket_pairs *pairs, int j, int k, int p, int q, size_t a,
                        size_t b) {
  size_t D = pairs->D, at = a * D + b;
  if (pairs->ratio != NULL && pairs->ratio[at] != 0.0)
    return merged_jet(pairs, j, k, p, q, pairs->ratio[at], pairs->value[at]);
  return pairs->value[(size_t)((j + p) * ORDERS + k + q) * D * D + at];
}
