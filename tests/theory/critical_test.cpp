// theory/infinite/critical.h: known critical points, and the definition checked at each of them.
#include "theory/infinite/critical.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "theory/infinite/kernel.h"

namespace {

pdlt_activation Parse(const char *text) {
  pdlt_activation act;
  pdlt_error err = {};
  EXPECT_EQ(pdlt_activation_parse(&act, text, &err), PDLT_OK) << err.message;
  return act;
}

pdlt_critical_point Find(const char *name) {
  const pdlt_activation act = Parse(name);
  pdlt_critical_point point = {};
  pdlt_error err = {};
  EXPECT_EQ(pdlt_critical_find(&point, &act, &err), PDLT_OK) << err.message;
  return point;
}

TEST(Critical, ScaleInvariant) {
  const struct {
    const char *name;
    double C_W;
  } cases[] = {{"relu", 2}, {"linear", 1}, {"leaky_relu(0.5)", 2 / 1.25}};
  for (const auto &c : cases) {
    const pdlt_critical_point point = Find(c.name);
    EXPECT_EQ(point.kind, PDLT_CRITICAL_SCALE_INVARIANT) << c.name;
    EXPECT_EQ(point.C_b, 0);
    EXPECT_NEAR(point.C_W, c.C_W, 1e-15);
    EXPECT_TRUE(std::isnan(point.K));
    EXPECT_EQ(point.p_0, 0);
    EXPECT_EQ(point.p_perp, 0);
  }
}

TEST(Critical, KernelAtZero) {
  const struct {
    const char *name;
    double C_W, a1, p_perp;
  } cases[] = {{"tanh", 1, -2, 1},
               {"sin", 1, -1, 1},
               {"erf", M_PI / 4, -2, 1},
               {"polynomial(0,2,0,-0.5)", 0.25, -1.5, 1},
               {"polynomial(0,1,0.5,-1)", 1, 0.75 - 6, (1.0 - 6) / (0.75 - 6)}};
  for (const auto &c : cases) {
    const pdlt_critical_point point = Find(c.name);
    EXPECT_EQ(point.kind, PDLT_CRITICAL_K_ZERO) << c.name;
    EXPECT_EQ(point.C_b, 0);
    EXPECT_EQ(point.K, 0);
    EXPECT_NEAR(point.C_W, c.C_W, 1e-14) << c.name;
    EXPECT_NEAR(point.a1, c.a1, 1e-13) << c.name;
    EXPECT_NEAR(point.p_perp, c.p_perp, 1e-13) << c.name;
    EXPECT_EQ(point.p_0, 1);
  }
}

TEST(Critical, HalfStable) {
  const pdlt_critical_point gelu = Find("gelu"), swish = Find("swish");
  EXPECT_EQ(gelu.kind, PDLT_CRITICAL_HALF_STABLE);
  EXPECT_NEAR(gelu.K, (3 + std::sqrt(17.0)) / 2, 1e-11);
  EXPECT_NEAR(gelu.C_b, 0.17292239, 1e-8);
  EXPECT_NEAR(gelu.C_W, 1.98305826, 1e-8);
  EXPECT_LE(std::fabs(gelu.K - (3 + std::sqrt(17.0)) / 2), gelu.error_K);
  EXPECT_LT(gelu.error_K, 1e-9);
  EXPECT_EQ(swish.kind, PDLT_CRITICAL_HALF_STABLE);
  EXPECT_NEAR(swish.K, 14.32017362, 1e-8);
  EXPECT_NEAR(swish.C_b, 0.55514317, 1e-8);
  EXPECT_NEAR(swish.C_W, 1.98800468, 1e-8);
  EXPECT_LT(swish.error_C, 1e-9);
}

TEST(Critical, NoneWithReason) {
  for (const char *name : {"sigmoid", "softplus", "quadratic(0.3)", "polynomial(0,0,1)",
                           "polynomial(0,1,0,0.2)", "polynomial(0.5,1)"}) {
    const pdlt_critical_point point = Find(name);
    EXPECT_EQ(point.kind, PDLT_CRITICAL_NONE) << name;
    EXPECT_NE(std::string(point.reason), "") << name;
    EXPECT_TRUE(std::isnan(point.C_W));
  }
  EXPECT_NE(std::string(Find("quadratic(0.3)").reason).find("not stable"), std::string::npos);
}

// The definition, by another formula for chi_parallel: a central difference of K'(K).
TEST(Critical, SusceptibilitiesAreOneAndTheKernelIsFixed) {
  pdlt_error err = {};
  for (const char *name : {"gelu", "swish"}) {
    const pdlt_activation act = Parse(name);
    const pdlt_critical_point point = Find(name);
    pdlt_value parallel, perp, s, up, down;
    ASSERT_EQ(pdlt_chi_parallel(&parallel, &act, point.C_W, point.K, &err), PDLT_OK);
    ASSERT_EQ(pdlt_chi_perp(&perp, &act, point.C_W, point.K, &err), PDLT_OK);
    EXPECT_NEAR(parallel.value, 1, 1e-11);
    EXPECT_NEAR(perp.value, 1, 1e-11);
    ASSERT_EQ(pdlt_expectation_single(&s, &act, 0, 0, point.K, 1e-13, &err), PDLT_OK);
    EXPECT_NEAR(point.C_b + point.C_W * s.value, point.K, 1e-11);
    const double h = 1e-3;
    ASSERT_EQ(pdlt_expectation_single(&up, &act, 0, 0, point.K + h, 1e-13, &err), PDLT_OK);
    ASSERT_EQ(pdlt_expectation_single(&down, &act, 0, 0, point.K - h, 1e-13, &err), PDLT_OK);
    EXPECT_NEAR(point.C_W * (up.value - down.value) / (2 * h), 1, 1e-6);
    // half-stable: from 0.95 and 1.05 K* the kernel stays within 0.1 % for 400 layers
    for (const double factor : {0.95, 1.05}) {
      double K = factor * point.K;
      const double start = K;
      for (int l = 0; l < 400; l++) {
        ASSERT_EQ(pdlt_expectation_single(&s, &act, 0, 0, K, 1e-12, &err), PDLT_OK);
        K = point.C_b + point.C_W * s.value;
      }
      EXPECT_NEAR(K / start, 1, 1e-3) << name;
    }
  }
}

TEST(Critical, ChiAtAnyPointIsTheDerivative) {
  pdlt_error err = {};
  for (const char *name : {"tanh", "softplus", "relu", "leaky_relu(0.3)", "sin"}) {
    const pdlt_activation act = Parse(name);
    const double K = 0.8, C_W = 1.7, h = 1e-4;
    pdlt_value chi, up, down;
    ASSERT_EQ(pdlt_chi_parallel(&chi, &act, C_W, K, &err), PDLT_OK);
    ASSERT_EQ(pdlt_expectation_single(&up, &act, 0, 0, K + h, 1e-13, &err), PDLT_OK);
    ASSERT_EQ(pdlt_expectation_single(&down, &act, 0, 0, K - h, 1e-13, &err), PDLT_OK);
    EXPECT_NEAR(chi.value, C_W * (up.value - down.value) / (2 * h), 1e-7) << name;
  }
}

// K' = K + a1 K^2 + O(K^3) and K^(l) -> 1/((-a1) l).
TEST(Critical, ExpansionAndDecayAtZero) {
  pdlt_error err = {};
  for (const char *name : {"tanh", "sin", "erf"}) {
    const pdlt_activation act = Parse(name);
    const pdlt_critical_point point = Find(name);
    pdlt_value s, perp;
    const double small = 1e-4;
    ASSERT_EQ(pdlt_expectation_single(&s, &act, 0, 0, small, 1e-13, &err), PDLT_OK);
    EXPECT_NEAR((point.C_W * s.value - small) / (small * small), point.a1, 20 * small) << name;
    ASSERT_EQ(pdlt_chi_perp(&perp, &act, point.C_W, small, &err), PDLT_OK);
    EXPECT_NEAR((perp.value - 1) / small, point.b1, 20 * small) << name;
    double K = 1;
    for (int l = 0; l < 3000; l++) {
      ASSERT_EQ(pdlt_expectation_single(&s, &act, 0, 0, K, 1e-12, &err), PDLT_OK);
      K = point.C_W * s.value;
    }
    EXPECT_NEAR(K / pdlt_critical_kernel_asymptote(&point, 3000), 1, 0.01) << name;
  }
}

}  // namespace
