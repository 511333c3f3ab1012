/* zero_test.cpp - no number is printed as -0. */
#include <gtest/gtest.h>

#include <cmath>
#include <regex>

#include "cli/study/pdlt_tools.h"
#include "tests/cli/support.h"

namespace {

const char *const activations[] = {
    "linear",   "relu",    "leaky_relu(0.1)",    "tanh", "sin", "erf", "swish", "gelu",
    "softplus", "sigmoid", "polynomial(0,1,0.3)"};

TEST(Zero, CriticalPointsHaveNoNegativeZero) {
  TempFolder folder;
  const std::regex negative("-0(\\.0*)?([^.0-9e]|$)");
  ASSERT_TRUE(std::regex_search(std::string("power: -0}"), negative));
  ASSERT_FALSE(std::regex_search(std::string("power: -0.5}"), negative));
  for (const char *name : activations) {
    const std::string quoted = "'" + std::string(name) + "'";
    for (const std::string &more :
         {std::string(), std::string(" --json"), std::string(" --skip -0")}) {
      const Outcome got = run_pdlt("critical " + quoted + more, folder.path());
      ASSERT_EQ(got.status, 0) << got.err;
      EXPECT_FALSE(std::regex_search(got.out, negative)) << name << "\n" << got.out;
    }
    pdlt_criticality point;
    ASSERT_EQ(pdlt_critical(name, &point, nullptr), PDLT_OK);
    for (double x :
         {point.C_b, point.C_W, point.K, point.a1, point.b1, point.p_0, point.p_perp, point.nu})
      EXPECT_FALSE(x == 0 && std::signbit(x)) << name;
  }
}

}  // namespace
