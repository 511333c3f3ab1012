// Fourth cumulant and its error bar; moments of the order-1/n density.
#include "compare/statistics/cumulant.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace {

std::vector<double> Uniform(std::mt19937_64 &gen, size_t count) {
  std::uniform_real_distribution<double> uniform(-1, 1);
  std::vector<double> z(count);
  for (double &x : z) x = uniform(gen);
  return z;
}

// Mean over all pairs of different draws and the jackknife, written out.
TEST(Cumulant, AgreesWithPlainSums) {
  std::mt19937_64 gen(1);
  const size_t N = 150, G = 64;
  std::vector<double> z = Uniform(gen, 3 * N);
  z[3 * 7] = NAN;
  const auto estimate = [&](size_t skip) {
    double fourth = 0, pairs = 0, n = 0, count = 0;
    for (size_t i = 0; i < N; i++) {
      if (std::isnan(z[3 * i]) || i * G / N == skip) continue;
      n += 1;
      fourth += std::pow(z[3 * i], 4);
      for (size_t j = 0; j < N; j++) {
        if (i == j || std::isnan(z[3 * j]) || j * G / N == skip) continue;
        pairs += std::pow(z[3 * i] * z[3 * j], 2);
        count += 1;
      }
    }
    return std::pair<double, double>{fourth / n - 3 * pairs / count, n};
  };
  const pdlt_cumulant got = pdlt_cumulant_fourth(N, 3, z.data());
  const auto [value, n] = estimate(G);
  EXPECT_EQ(got.draws, N - 1);
  EXPECT_NEAR(got.value, value, 1e-13);
  double scatter = 0;
  for (size_t g = 0; g < G; g++) {
    const auto [without, left] = estimate(g);
    const double w = n - left, pseudo = (n * value - left * without) / w;
    scatter += w * std::pow(pseudo - value, 2);
  }
  EXPECT_NEAR(got.se, std::sqrt(scatter / (n * (double)(G - 1))), 1e-12);
}

TEST(Cumulant, UnbiasedWithAnHonestErrorBar) {
  std::mt19937_64 gen(2);
  double sum = 0, square = 0, predicted = 0;
  const int repetitions = 2000;
  for (int r = 0; r < repetitions; r++) {
    const auto z = Uniform(gen, 256);
    const pdlt_cumulant k = pdlt_cumulant_fourth(z.size(), 1, z.data());
    sum += k.value / repetitions;
    square += k.value * k.value / repetitions;
    predicted += k.se * k.se / repetitions;
  }
  const double variance = square - sum * sum;
  EXPECT_NEAR(sum, -2.0 / 15, 4 * std::sqrt(variance / repetitions));
  EXPECT_NEAR(predicted / variance, 1, 0.12);
}

TEST(Cumulant, TooFewGiveNone) {
  std::mt19937_64 gen(3);
  auto z = Uniform(gen, 64);
  EXPECT_TRUE(std::isfinite(pdlt_cumulant_fourth(64, 1, z.data()).se));
  z[0] = INFINITY;
  EXPECT_TRUE(std::isnan(pdlt_cumulant_fourth(64, 1, z.data()).value));
  EXPECT_TRUE(std::isnan(pdlt_cumulant_fourth(0, 1, nullptr).se));
}

// Norm 0, variance h G1, fourth cumulant 3 h V, in units of K.
TEST(Cumulant, DensityHasTheMomentsOfOrderOne) {
  const double h = 0.05, K = 0.7, G1 = -0.4, V = 1.3, step = 0.01;
  double moment[5] = {};
  for (double x = -12; x < 12; x += step)
    for (int m = 0; m <= 4; m++)
      moment[m] += std::pow(x, m) * pdlt_density_correction(x, h, K, G1, V) * step;
  EXPECT_NEAR(moment[0], 0, 1e-12);
  EXPECT_NEAR(moment[1], 0, 1e-12);
  EXPECT_NEAR(moment[2], h * G1 / K, 1e-12);
  // E x^4 = kappa_4 + 3 var^2, to first order in h
  EXPECT_NEAR(moment[4], h * (3 * V / (K * K) + 6 * G1 / K), 1e-11);
}

}  // namespace
