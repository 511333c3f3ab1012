// Gaussian means of products against closed forms, for smooth activations and kinks.
#include "trainer/control/pair_mean.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/core/memory.h"
#include "tests/trainer/support.h"

using namespace trainer_test;

namespace {

struct Means {
  double mean[2];
  int known = 0;
};

Means means(const std::string &activation, double a, double b, double c) {
  Settings s;
  s.activation = activation;
  Experiment ex(yaml(s));
  const double g[3] = {a, b, c};
  Means m;
  EXPECT_EQ(pdlt_pair_mean(&ex.c.network.activation, g, m.mean, &m.known, nullptr), PDLT_OK);
  return m;
}

const double kRoots[][3] = {{1, 0.3, 0.9},  {0.7, -1.1, 0.2}, {1.2, 1.2, 0},     {0.5, -0.5, 0},
                            {2, 1e-9, 0.1}, {0, 0.4, 0.3},    {0.8, 0.8, 1e-7},  {1.5, 0, 0},
                            {1.4, 0, 1.2},  {1, -1, 1e-8},    {0.3, 2.0, 0.001}, {3, 0.1, 2.5}};

}  // namespace

TEST(TrainerPairMean, ClosedForms) {
  for (const auto &g : kRoots) {
    const double aa = g[0] * g[0], ab = g[0] * g[1], bb = g[1] * g[1] + g[2] * g[2];
    const double size = std::sqrt(aa * bb);
    const double e = std::exp(-0.5 * (aa + bb));
    const Means wave = means("sin", g[0], g[1], g[2]);
    EXPECT_EQ(wave.known, 1);
    EXPECT_NEAR(wave.mean[0], e * std::sinh(ab), 1e-11);
    EXPECT_NEAR(wave.mean[1], e * std::cosh(ab), 1e-11);
    const Means line = means("linear", g[0], g[1], g[2]);
    EXPECT_NEAR(line.mean[0], ab, 1e-12 * (1 + size));
    EXPECT_NEAR(line.mean[1], 1, 1e-12);
    const Means half = means("relu", g[0], g[1], g[2]);
    if (size == 0) continue;
    EXPECT_EQ(half.known, 1);
    const double cosine = std::fmax(-1, std::fmin(1, ab / size)), angle = std::acos(cosine);
    EXPECT_NEAR(half.mean[0],
                size / (2 * M_PI) * (std::sqrt(1 - cosine * cosine) + cosine * (M_PI - angle)),
                1e-11 * (1 + size));
    // sigma'(0) is a convention; two arguments on one line meet at no angle.
    EXPECT_NEAR(half.mean[1], (M_PI - angle) / (2 * M_PI), 3e-8);
    const Means error = means("erf", g[0], g[1], g[2]);
    EXPECT_NEAR(error.mean[0],
                2 / M_PI * std::asin(2 * ab / std::sqrt((1 + 2 * aa) * (1 + 2 * bb))), 1e-11);
  }
}

// A wave too fast for the largest rule is not claimed to be known.
TEST(TrainerPairMean, SaysWhenItIsNotKnown) {
  EXPECT_EQ(means("sin", 400, 300, 200).known, 0);
  EXPECT_EQ(means("sin", 1, 0.5, 0.5).known, 1);
  pdlt_error err = {};
  const double g[3] = {1, 1, 1};
  double mean[2];
  int known;
  Settings s;
  Experiment ex(yaml(s));
  pdlt_memory_fail_after(0);
  EXPECT_EQ(pdlt_pair_mean(&ex.c.network.activation, g, mean, &known, &err), PDLT_ERR_MEMORY);
  pdlt_memory_fail_after(-1);
}
