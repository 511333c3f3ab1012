// Fits over widths against normal equations in long double, and what contrasts promise.
#include "compare/statistics/fit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "base/core/memory.h"

namespace {

using Row = std::vector<long double>;

// Rows of the weighted pseudo-inverse by the normal equations and Gauss-Jordan.
std::vector<Row> naive_rows(const std::vector<double> &h, const std::vector<double> &se, int first,
                            int last) {
  size_t terms = size_t(last - first + 1), num = h.size();
  std::vector<Row> a(terms, Row(terms + num, 0));
  for (size_t i = 0; i < num; i++)
    for (size_t k = 0; k < terms; k++) {
      long double xk = powl(h[i], first + int(k)) / (1.0L * se[i] * se[i]);
      a[k][terms + i] = xk;
      for (size_t l = 0; l < terms; l++) a[k][l] += xk * powl(h[i], first + int(l));
    }
  for (size_t k = 0; k < terms; k++) {
    long double pivot = a[k][k];
    for (auto &v : a[k]) v /= pivot;
    for (size_t l = 0; l < terms; l++) {
      if (l == k) continue;
      long double f = a[l][k];
      for (size_t j = 0; j < terms + num; j++) a[l][j] -= f * a[k][j];
    }
  }
  std::vector<Row> rows;
  for (auto &r : a) rows.emplace_back(r.begin() + long(terms), r.end());
  return rows;
}

TEST(Fit, AgreesWithNormalEquations) {
  std::mt19937_64 rng(5);
  std::uniform_real_distribution<double> uniform(0.5, 2);
  for (int trial = 0; trial < 60; trial++) {
    int first = trial % 2, last = first + trial % 3;
    size_t terms = size_t(last - first + 1), num = terms + size_t(trial % 4);
    std::vector<double> h, se, rows(terms * num);
    for (size_t i = 0; i < num; i++) {
      h.push_back(1 / (8 * std::pow(1.6, double(i))));
      se.push_back(1e-3 * uniform(rng));
    }
    pdlt_error err{};
    ASSERT_EQ(
        pdlt_fit_rows(num, h.data(), se.data(), first, last, nullptr, rows.data(), nullptr, &err),
        PDLT_OK)
        << err.message;
    auto naive = naive_rows(h, se, first, last);
    for (size_t k = 0; k < terms; k++) {
      double scale = 0;
      for (auto v : naive[k]) scale = std::max(scale, std::fabs(double(v)));
      for (size_t i = 0; i < num; i++)
        EXPECT_NEAR(rows[k * num + i], double(naive[k][i]), 1e-10 * scale);
    }
  }
}

TEST(Fit, RecoversPolynomialsExactly) {
  std::vector<double> h = {1. / 8, 1. / 16, 1. / 32, 1. / 64, 1. / 128}, se = {3, 2, 1, 2, 5};
  std::vector<double> rows(3 * 5), contrasts(2 * 5), x;
  for (double v : h) x.push_back(0.7 - 3 * v + 11 * v * v);
  pdlt_error err{};
  ASSERT_EQ(
      pdlt_fit_rows(5, h.data(), se.data(), 0, 2, nullptr, rows.data(), contrasts.data(), &err),
      PDLT_OK);
  double c[3] = {0.7, -3, 11};
  for (size_t k = 0; k < 3; k++) {
    double value = 0;
    for (size_t i = 0; i < 5; i++) value += rows[k * 5 + i] * x[i];
    EXPECT_NEAR(value, c[k], 1e-10);
  }
  for (size_t m = 0; m < 2; m++) {
    double value = 0;
    for (size_t i = 0; i < 5; i++) value += contrasts[m * 5 + i] * x[i];
    EXPECT_NEAR(value, 0, 1e-12);
  }
}

TEST(Fit, ContrastsHaveUnitVarianceAndGiveChiSquare) {
  std::vector<double> h = {0.1, 0.07, 0.05, 0.03, 0.02, 0.01}, se = {1, 2, 0.5, 1, 3, 1};
  std::vector<double> x = {0.3, -1, 0.2, 0.9, -0.4, 0.1};
  for (int first = 0; first < 2; first++) {
    size_t terms = size_t(3 - first), left = 6 - terms;
    std::vector<double> rows(terms * 6), g(left * 6);
    pdlt_error err{};
    ASSERT_EQ(pdlt_fit_rows(6, h.data(), se.data(), first, 2, nullptr, rows.data(), g.data(), &err),
              PDLT_OK);
    double chi2 = 0, residual2 = 0;
    for (size_t m = 0; m < left; m++) {
      double value = 0;
      for (size_t i = 0; i < 6; i++) value += g[m * 6 + i] * x[i];
      chi2 += value * value;
      for (size_t l = 0; l < left; l++) {
        double covariance = 0;
        for (size_t i = 0; i < 6; i++) covariance += g[m * 6 + i] * g[l * 6 + i] * se[i] * se[i];
        EXPECT_NEAR(covariance, m == l, 1e-12);
      }
    }
    for (size_t i = 0; i < 6; i++) {
      double fit = 0;
      for (size_t k = 0; k < terms; k++)
        for (size_t j = 0; j < 6; j++)
          fit += std::pow(h[i], first + int(k)) * rows[k * 6 + j] * x[j];
      residual2 += (x[i] - fit) * (x[i] - fit) / (se[i] * se[i]);
    }
    EXPECT_NEAR(chi2, residual2, 1e-11 * residual2);
    // The first contrast is the one that the next power moves; the others do not see it.
    for (size_t m = 0; m < left; m++) {
      double next = 0, size = 0;
      for (size_t i = 0; i < 6; i++) {
        next += g[m * 6 + i] * h[i] * h[i] * h[i];
        size += std::fabs(g[m * 6 + i] * h[i] * h[i] * h[i]);
      }
      if (m == 0) {
        EXPECT_GT(std::fabs(next), 1e-3 * size);
      }
      if (m > 0) {
        EXPECT_LT(std::fabs(next), 1e-12 * size);
      }
    }
  }
}

// With unknown powers beyond the fit: generalized least squares with their covariance, as normal
// equations in long double; and the contrasts are white under noise and unknowns together.
TEST(Fit, UnknownPowersAreGeneralizedLeastSquares) {
  std::vector<double> h = {0.1, 0.07, 0.05, 0.03, 0.02, 0.012}, se = {1, 2, 0.5, 1, 3, 1};
  for (const double size : {1e-3, 10.0, 3e4}) {
    const double beyond[PDLT_FIT_BEYOND] = {size, 20 * size};
    std::vector<double> covariance(36), rows(3 * 6), g(3 * 6);
    for (size_t i = 0; i < 6; i++)
      for (size_t j = 0; j < 6; j++) {
        covariance[i * 6 + j] = i == j ? se[i] * se[i] : 0;
        for (int m = 0; m < 2; m++)
          covariance[i * 6 + j] +=
              std::pow(beyond[m], 2) * std::pow(h[i], 3 + m) * std::pow(h[j], 3 + m);
      }
    pdlt_error err{};
    ASSERT_EQ(pdlt_fit_rows(6, h.data(), se.data(), 0, 2, beyond, rows.data(), g.data(), &err),
              PDLT_OK);
    // rows C = (X^T C^-1 X)^-1 X^T: so rows X = 1 and rows C is in the span of X^T
    for (size_t k = 0; k < 3; k++) {
      std::vector<double> image(6), t(PDLT_FIT_BEYOND);
      for (int power = 0; power < 3; power++) {
        double value = 0, scale = 0;
        for (size_t i = 0; i < 6; i++) {
          value += rows[k * 6 + i] * std::pow(h[i], power);
          scale += std::fabs(rows[k * 6 + i] * std::pow(h[i], power));
        }
        EXPECT_NEAR(value, int(k) == power, 1e-11 * scale);
      }
      for (size_t j = 0; j < 6; j++)
        for (size_t i = 0; i < 6; i++) image[j] += rows[k * 6 + i] * covariance[i * 6 + j];
      for (size_t m = 0; m < 3; m++) {  // orthogonal to everything that X does not span
        double value = 0, scale = 0;
        for (size_t j = 0; j < 6; j++) {
          value += g[m * 6 + j] * image[j];
          scale += std::fabs(g[m * 6 + j] * image[j]);
        }
        EXPECT_NEAR(value, 0, 1e-9 * scale) << size;
      }
      pdlt_fit fit{};
      ASSERT_EQ(pdlt_fit_new(&fit, 6, h.data(), 0, 2, &err), PDLT_OK);
      pdlt_fit_truncation(&fit, beyond, rows.data() + k * 6, t.data());
      pdlt_fit_free(&fit);
      double variance = 0, noise = 0;
      for (size_t j = 0; j < 6; j++) {
        variance += image[j] * rows[k * 6 + j];
        noise += std::pow(rows[k * 6 + j] * se[j], 2);
      }
      EXPECT_NEAR(noise + t[0] * t[0] + t[1] * t[1], variance, 1e-9 * variance);
    }
    for (size_t m = 0; m < 3; m++)
      for (size_t l = 0; l < 3; l++) {
        double value = 0, scale = 0;
        for (size_t i = 0; i < 6; i++)
          for (size_t j = 0; j < 6; j++) {
            value += g[m * 6 + i] * covariance[i * 6 + j] * g[l * 6 + j];
            scale += std::fabs(g[m * 6 + i] * covariance[i * 6 + j] * g[l * 6 + j]);
          }
        EXPECT_NEAR(value, m == l, 1e-11 * (1 + scale)) << size;
      }
  }
}

TEST(Fit, RefusesWhatCannotBeFitted) {
  double h[3] = {0.1, 0.1, 0.2}, se[3] = {1, 1, 1}, zero[3] = {1, 0, 1}, rows[12];
  pdlt_error err{};
  EXPECT_EQ(pdlt_fit_rows(3, h, se, 0, 2, nullptr, rows, nullptr, &err), PDLT_ERR_NUMERIC);
  EXPECT_EQ(pdlt_fit_rows(3, h, zero, 0, 1, nullptr, rows, nullptr, &err), PDLT_ERR_NUMERIC);
  EXPECT_EQ(pdlt_fit_rows(2, h, se, 0, 2, nullptr, rows, nullptr, &err), PDLT_ERR_NUMERIC);
  EXPECT_EQ(pdlt_fit_rows(0, h, se, 0, 0, nullptr, rows, nullptr, &err), PDLT_ERR_NUMERIC);
  EXPECT_EQ(pdlt_fit_rows(1, h, se, 0, 0, nullptr, rows, nullptr, &err), PDLT_OK);
  EXPECT_DOUBLE_EQ(rows[0], 1);
  for (long call = 0; call < 2; call++) {
    pdlt_memory_fail_after(call);
    EXPECT_EQ(pdlt_fit_rows(1, h, se, 0, 0, nullptr, rows, nullptr, &err), PDLT_ERR_MEMORY);
    pdlt_memory_fail_after(-1);
  }
}

// With shapes of the powers 0 and 1 the fit gives back their coefficients, whatever a polynomial would see;
// shapes of 1 change nothing, and columns may be scaled.
TEST(Fit, ShapesOfTheFirstPowers) {
  const std::vector<double> h = {1 / 8., 1 / 12., 1 / 16., 1 / 24., 1 / 48.};
  const std::vector<double> se = {2e-3, 1e-3, 3e-3, 1e-3, 2e-3};
  const std::vector<double> shape = {1, 0.9, 0.95, 0.7, 0.4, -0.2, 0.3, 0.5, 0.8, 1};
  const double c[] = {2, -3, 5};
  const size_t num = h.size();
  std::vector<double> ones(2 * num, 1.0), twice = shape;
  for (double &v : twice) v *= 2;
  for (int first = 0; first < 2; first++) {
    const size_t terms = 3 - (size_t)first;
    std::vector<double> rows(terms * num), left((num - terms) * num), plain(rows), more(left);
    pdlt_error err{};
    ASSERT_EQ(pdlt_fit_rows_shaped(num, h.data(), se.data(), first, 2, nullptr, shape.data(),
                                   rows.data(), left.data(), &err),
              PDLT_OK)
        << err.message;
    std::vector<double> x(num);
    for (size_t i = 0; i < num; i++)
      x[i] = (first == 0 ? c[0] * shape[i] : 0) + c[1] * shape[num + i] * h[i] + c[2] * h[i] * h[i];
    for (size_t k = 0; k < terms; k++) {
      double value = 0;
      for (size_t i = 0; i < num; i++) value += rows[k * num + i] * x[i];
      EXPECT_NEAR(value, c[(size_t)first + k], 1e-10) << first << " " << k;
    }
    for (size_t m = 0; m < num - terms; m++) {
      double value = 0;
      for (size_t i = 0; i < num; i++) value += left[m * num + i] * x[i];
      EXPECT_NEAR(value, 0, 1e-8);
    }
    ASSERT_EQ(pdlt_fit_rows_shaped(num, h.data(), se.data(), first, 2, nullptr, twice.data(),
                                   plain.data(), nullptr, &err),
              PDLT_OK);
    for (size_t i = 0; i < num; i++) EXPECT_NEAR(2 * plain[i], rows[i], 1e-9 * std::fabs(rows[i]));
    ASSERT_EQ(
        pdlt_fit_rows(num, h.data(), se.data(), first, 2, nullptr, rows.data(), left.data(), &err),
        PDLT_OK);
    ASSERT_EQ(pdlt_fit_rows_shaped(num, h.data(), se.data(), first, 2, nullptr, ones.data(),
                                   plain.data(), more.data(), &err),
              PDLT_OK);
    EXPECT_EQ(rows, plain);
    EXPECT_EQ(left, more);
  }
}

}  // namespace
