// Regression on controls of known mean, on synthetic numbers: exact where values are made of controls, the
// same mean where they are not, and error bars that are those of the estimates over seeds.
#include "trainer/statistics/regression.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "trainer/statistics/moments.h"

namespace {

struct Blocks {
  Blocks(size_t blocks, size_t controls, size_t count)
      : B(blocks), p(controls), m(count), weights(B, 8.0), c(B * p), v(B * m) {}
  // Values are `mean`, noise, and `share` times the sum of their own controls, in blocks of various sizes.
  void fill(std::mt19937_64 &gen, double mean, double share, double noise) {
    std::normal_distribution<double> normal;
    for (size_t b = 0; b < B; b++) {
      weights[b] = b % 3 == 0 ? 4.0 : 8.0;
      const double size = 1 / std::sqrt(weights[b]);
      double all = 0;
      for (size_t k = 0; k < p; k++) all += c[b * p + k] = size * normal(gen);
      for (size_t i = 0; i < m; i++) v[b * m + i] = mean + share * all + noise * size * normal(gen);
    }
  }
  void apply() {
    pdlt_regression fit = {};
    ASSERT_EQ(pdlt_regression_new(&fit, B, weights.data(), p, c.data(), nullptr), PDLT_OK);
    EXPECT_EQ(fit.controls, B < 4 * p ? 0 : p);
    ASSERT_EQ(pdlt_regression_apply(&fit, m, v.data(), nullptr), PDLT_OK);
    pdlt_regression_free(&fit);
  }
  void estimate(std::vector<double> *mean, std::vector<double> *se) const {
    mean->resize(m);
    se->resize(m);
    pdlt_block_mean(B, weights.data(), m, v.data(), mean->data());
    pdlt_block_error(B, weights.data(), m, v.data(), mean->data(), se->data());
  }
  size_t B, p, m;
  std::vector<double> weights, c, v;
};

TEST(Regression, TakesAwayWhatIsMadeOfControls) {
  std::mt19937_64 gen(1);
  Blocks x(50, 4, 2);
  x.fill(gen, 3, 1.5, 0);
  x.apply();
  for (double v : x.v) EXPECT_NEAR(v, 3, 1e-12);
}

TEST(Regression, LeavesValuesWithTooFewBlocks) {
  std::mt19937_64 gen(2);
  Blocks x(15, 4, 2);
  x.fill(gen, 3, 1, 1);
  const std::vector<double> before = x.v;
  x.apply();
  EXPECT_EQ(x.v, before);
}

TEST(Regression, LeavesValuesWhereControlsAreOne) {
  std::mt19937_64 gen(3);
  Blocks x(60, 2, 1);
  x.fill(gen, 3, 1, 1);
  for (size_t b = 0; b < x.B; b++) x.c[2 * b + 1] = 0;
  const std::vector<double> before = x.v;
  pdlt_regression fit = {};
  ASSERT_EQ(pdlt_regression_new(&fit, x.B, x.weights.data(), 2, x.c.data(), nullptr), PDLT_OK);
  ASSERT_EQ(pdlt_regression_apply(&fit, 1, x.v.data(), nullptr), PDLT_OK);
  pdlt_regression_free(&fit);
  EXPECT_EQ(x.v, before);
}

// 20 controls on 80 blocks: without the factor error bars would be 0.76 of what they are.
TEST(Regression, ErrorBarsAreHonestWithManyControls) {
  std::mt19937_64 gen(4);
  const int seeds = 300;
  double z2 = 0, gain = 0;
  for (int s = 0; s < seeds; s++) {
    Blocks x(80, 20, 4);
    std::vector<double> mean, se, before;
    x.fill(gen, 3, 1, 1);
    x.estimate(&mean, &before);
    x.apply();
    x.estimate(&mean, &se);
    for (size_t i = 0; i < x.m; i++) {
      z2 += (mean[i] - 3) * (mean[i] - 3) / (se[i] * se[i]);
      gain += before[i] / se[i];
    }
  }
  EXPECT_NEAR(z2 / (4 * seeds), 1, 0.13);  // 3 standard errors
  EXPECT_GT(gain / (4 * seeds), 3);
}

}  // namespace
