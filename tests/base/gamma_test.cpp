/* gamma_test.cpp - log Gamma(x): known values, the bits of lgamma, and nothing global is written. */
#include "base/core/gamma.h"

#include <gtest/gtest.h>

#include <cmath>

namespace {

TEST(LogGamma, KnownValues) {
  EXPECT_EQ(pdlt_log_gamma(1.0), 0.0);
  EXPECT_EQ(pdlt_log_gamma(2.0), 0.0);
  EXPECT_NEAR(pdlt_log_gamma(0.5), 0.5 * std::log(std::acos(-1.0)), 1e-15);
  EXPECT_NEAR(pdlt_log_gamma(11.0), std::log(3628800.0), 1e-14);
}

TEST(LogGamma, HasTheBitsOfLgamma) {
  for (double x = 0.0625; x < 1e6; x *= 1.37) EXPECT_EQ(pdlt_log_gamma(x), std::lgamma(x)) << x;
}

TEST(LogGamma, WritesNothingThatThreadsShare) {
  signgam = 7;
  pdlt_log_gamma(-0.5); /* Gamma is negative there: lgamma writes -1 */
  EXPECT_EQ(signgam, 7);
}

}  // namespace
