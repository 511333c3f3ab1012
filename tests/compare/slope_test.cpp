/* slope_test.cpp - distances from theory, their error bars and exponents. */
#include "compare/verdict/slope.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/compare/fake.h"

namespace {

// The slope of a 1/n effect is -1 within its own error bar plus the known 1/n^2 term.
TEST(Distance, FollowsWidthAndItsErrorBarIsRight) {
  Fake fake;
  fake.noise = 1e-3;
  fake.Make();
  fake.Measure();
  const pdlt_compare_slope *slope = pdlt_comparison_slope(&fake.comparison, "K", 0);
  ASSERT_NE(slope, nullptr);
  EXPECT_NEAR(slope->value, -1, 4 * slope->se);
  EXPECT_LT(slope->se, 0.02);
  const pdlt_distance *d = slope->distance;
  double norm = 0;  // exact rms of 0.2 Matrix
  for (size_t i = 0; i < 36; i++) norm += std::pow(0.2 * fake.Matrix(i / 6, i % 6, 1), 2) / 36;
  for (size_t w = 0; w < 4; w++) {
    EXPECT_NEAR(d[w].value, std::sqrt(norm) / fake.widths[w], 4 * d[w].se + d[w].floor);
    // numbers are independent here: block error and independent error agree to 50 %
    EXPECT_NEAR(d[w].se, fake.noise / std::sqrt(32.0 * 36),
                0.5 * fake.noise / std::sqrt(32.0 * 36));
    EXPECT_NEAR(d[w].floor, fake.noise / std::sqrt(32.0), 0.2 * fake.noise / std::sqrt(32.0));
  }
}

TEST(Distance, PureNoiseLiesAtItsFloor) {
  Fake fake;
  fake.effect = 0;
  fake.Make();
  fake.Measure();
  const pdlt_compare_slope *slope = pdlt_comparison_slope(&fake.comparison, "Theta", 0);
  ASSERT_NE(slope, nullptr);
  for (size_t w = 0; w < 4; w++) {
    EXPECT_NEAR(slope->distance[w].value / slope->distance[w].floor, 1, 0.5);
    EXPECT_FALSE(pdlt_distance_clear(&slope->distance[w]));
  }
  EXPECT_TRUE(std::isnan(slope->value));
}

TEST(Distance, FromOrderOneFallsFaster) {
  Fake fake;
  fake.nlo = true;
  fake.noise = 1e-5;
  fake.Make();
  fake.Measure();
  const pdlt_compare_slope *slope = pdlt_comparison_slope(&fake.comparison, "z", 1);
  ASSERT_NE(slope, nullptr);
  EXPECT_NEAR(slope->value, -2, 4 * slope->se);
  // K has no order-1 theory here
  EXPECT_EQ(pdlt_comparison_slope(&fake.comparison, "K", 1), nullptr);
}

}  // namespace
