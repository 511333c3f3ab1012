// Tail probabilities against reference values (40-digit arithmetic), closed forms and identities.
#include "compare/statistics/distribution.h"

#include <gtest/gtest.h>

#include <cmath>

namespace {

void expect_relative(double value, double reference, double tolerance) {
  EXPECT_NEAR(value, reference, tolerance * std::fabs(reference));
}

TEST(Distribution, GammaReference) {
  const double table[][3] = {
      {0.5, 0.3, 0.438578026080999864},    {0.5, 20, 2.53962858947086497e-10},
      {3.7, 1.2, 0.949402601501437491},    {3.7, 40, 2.30745059661016514e-14},
      {75, 110, 0.000171830342433756137},  {500, 450, 0.989282761908710258},
      {5000, 5400, 1.72066319632398679e-8}};
  for (auto &row : table) expect_relative(pdlt_gamma_upper(row[0], row[1]), row[2], 1e-12);
}

TEST(Distribution, FReference) {
  const double table[][4] = {
      {1.5, 1, 10, 0.248738433693309466},         {24, 1, 31, 0.0000286848783443729555},
      {2.5, 7, 33.5, 0.0350942279326436385},      {1.9, 40, 800, 0.000794014439749301722},
      {3, 150, 1350, 7.2005115494498661e-26},     {0.8, 3, 2.5, 0.581844795711053259},
      {1.2, 1000, 9000, 0.0000351700563122762512}};
  for (auto &row : table) expect_relative(pdlt_f_tail(row[0], row[1], row[2]), row[3], 1e-12);
}

// Even k: exp(-x/2) sum_{j < k/2} (x/2)^j / j!.
TEST(Distribution, ChiSquareOfEvenFreedomIsASum) {
  for (int k = 2; k <= 60; k += 2)
    for (double x : {1e-3, 0.5, 3.0, 20.0, 70.0, 300.0}) {
      double term = std::exp(-x / 2), sum = 0;
      for (int j = 0; j < k / 2; j++) sum += term, term *= x / 2 / (j + 1);
      expect_relative(pdlt_chi_square_tail(x, k), sum, 1e-12);
    }
}

// Even d1: P(X > f) = y^(d2/2) sum_{j < d1/2} (d2/2)_j x^j / j!, y = d2/(d2 + d1 f), x = 1 - y.
TEST(Distribution, FOfEvenFreedomIsASum) {
  for (int d1 = 2; d1 <= 40; d1 += 2)
    for (double d2 : {1.0, 2.5, 31.0, 200.0})
      for (double f : {0.01, 0.7, 1.0, 2.0, 9.0}) {
        double y = d2 / (d2 + d1 * f), x = d1 * f / (d2 + d1 * f);
        double term = std::pow(y, d2 / 2), sum = 0;
        for (int j = 0; j < d1 / 2; j++) sum += term, term *= (d2 / 2 + j) / (j + 1) * x;
        expect_relative(pdlt_f_tail(f, d1, d2), sum, 1e-12);
      }
}

TEST(Distribution, Identities) {
  for (double z : {0.0, 0.1, 1.0, 3.0, 7.0, 20.0}) {
    expect_relative(pdlt_chi_square_tail(z * z, 1), pdlt_normal_two_sided(z), 1e-12);
    expect_relative(pdlt_f_tail(z * z, 1, 1), 1 - 2 / M_PI * std::atan(z), 1e-12);
    expect_relative(pdlt_f_tail(z * z, 1, INFINITY), pdlt_normal_two_sided(z), 1e-12);
  }
  for (double a : {0.3, 1.0, 4.5, 80.0})
    for (double b : {0.7, 2.0, 33.0})
      for (double x : {0.02, 0.4, 0.9}) {
        EXPECT_NEAR(pdlt_beta_regularized(a, b, x, 1 - x) + pdlt_beta_regularized(b, a, 1 - x, x),
                    1, 1e-13);
        // I_x(a, b) = I_x(a+1, b) + x^a y^b / (a B(a, b))
        double step = std::exp(a * std::log(x) + b * std::log1p(-x) + std::lgamma(a + b) -
                               std::lgamma(a + 1) - std::lgamma(b));
        EXPECT_NEAR(pdlt_beta_regularized(a, b, x, 1 - x),
                    pdlt_beta_regularized(a + 1, b, x, 1 - x) + step, 1e-12);
      }
}

TEST(Distribution, NormalQuantile) {
  const double table[][2] = {{0.3, 0.524400512708040816},
                             {0.025, 1.95996398454005421},
                             {1e-6, 4.75342430882289896},
                             {1e-30, 11.4640246884436157}};
  for (auto &row : table) {
    expect_relative(pdlt_normal_upper_quantile(row[0]), row[1], 1e-13);
    if (row[0] > 1e-3) {
      EXPECT_NEAR(pdlt_normal_upper_quantile(1 - row[0]), -row[1], 1e-12);
    }
  }
  EXPECT_NEAR(pdlt_normal_upper_quantile(0.5), 0, 1e-15);
}

TEST(Distribution, EdgesOfTheDomain) {
  EXPECT_EQ(pdlt_chi_square_tail(0, 3), 1);
  EXPECT_EQ(pdlt_chi_square_tail(-1, 3), 1);
  EXPECT_EQ(pdlt_chi_square_tail(INFINITY, 3), 0);
  EXPECT_TRUE(std::isnan(pdlt_chi_square_tail(1, 0)));
  EXPECT_TRUE(std::isnan(pdlt_chi_square_tail(NAN, 1)));
  EXPECT_EQ(pdlt_f_tail(0, 2, 3), 1);
  EXPECT_EQ(pdlt_f_tail(INFINITY, 2, 3), 0);
  EXPECT_TRUE(std::isnan(pdlt_f_tail(1, 0, 3)));
  EXPECT_TRUE(std::isnan(pdlt_f_tail(NAN, 1, 3)));
  EXPECT_TRUE(std::isnan(pdlt_gamma_upper(-1, 1)));
  EXPECT_TRUE(std::isnan(pdlt_beta_regularized(1, 1, -0.1, 1.1)));
  EXPECT_EQ(pdlt_beta_regularized(2, 3, 0, 1), 0);
  EXPECT_EQ(pdlt_beta_regularized(2, 3, 1, 0), 1);
  EXPECT_EQ(pdlt_normal_upper_quantile(0), INFINITY);
  EXPECT_EQ(pdlt_normal_upper_quantile(1), -INFINITY);
  EXPECT_TRUE(std::isnan(pdlt_normal_upper_quantile(2)));
}

}  // namespace
