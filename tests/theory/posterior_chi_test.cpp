// posterior_chi_test.cpp - the derivative of a step of the kernel recursion, against differences of the step and
// against means that are shifted.
#include "theory/posterior/chi.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/core/memory.h"
#include "theory/gauss/expectation.h"

namespace {

using List = std::vector<double>;

const List kernel = {0.9, 0.2, -0.4, 0.2, 0.7, 0.1, -0.4, 0.1, 1.2};
const List above = {0.3, -0.5, 0.2, -0.5, 0.8, 0.4, 0.2, 0.4, -0.6};
const List direction = {0.2, -0.1, 0.3, -0.1, 0.4, 0.05, 0.3, 0.05, -0.3};
const double C_W = 1.3;

pdlt_activation Parse(const std::string &text) {
  pdlt_activation act = {};
  EXPECT_EQ(pdlt_activation_parse(&act, text.c_str(), nullptr), PDLT_OK);
  return act;
}

// sum_cd above_cd K'_cd after the step from K.
double Step(const pdlt_activation &act, const List &K) {
  double sum = 0;
  for (size_t c = 0; c < 3; c++)
    for (size_t d = 0; d < 3; d++) {
      pdlt_value x = {};
      EXPECT_EQ(pdlt_expectation_pair(&x, &act, 0, 0, K[c * 3 + c], K[c * 3 + d], K[d * 3 + d],
                                      1e-13, nullptr),
                PDLT_OK);
      sum += above[c * 3 + d] * C_W * x.value;
    }
  return sum;
}

}  // namespace

TEST(PosteriorChi, IsTheSlopeOfTheStep) {
  for (const char *text : {"tanh", "gelu", "polynomial(0.1,0.9,0.3,-0.05)", "relu"}) {
    const pdlt_activation act = Parse(text);
    pdlt_chi chi = {};
    ASSERT_EQ(pdlt_chi_new(&chi, &act, 3, kernel.data(), 1e-12, nullptr), PDLT_OK);
    List below(9);
    pdlt_chi_pull(&chi, C_W, above.data(), below.data());
    double slope = 0;
    for (size_t i = 0; i < 9; i++) slope += below[i] * direction[i];
    const auto at = [&](double t) {
      List K = kernel;
      for (size_t i = 0; i < 9; i++) K[i] += t * direction[i];
      return Step(act, K);
    };
    const double t = 0.01, measured = (at(-2 * t) - 8 * at(-t) + 8 * at(t) - at(2 * t)) / (12 * t);
    EXPECT_NEAR(slope, measured, 1e-7) << text;
    EXPECT_EQ(below[1], below[3]) << text;
    pdlt_chi_free(&chi);
  }
}

// K_mu,a <d_a f> is what f gains when the means move along K_mu: <s_c s_d> with shifted means, on a grid.
TEST(PosteriorChi, MeanIsTheSlopeAlongAShift) {
  for (const char *text : {"gelu", "polynomial(0.1,0.9,0.3,-0.05)"}) {
    const pdlt_activation act = Parse(text);
    pdlt_chi chi = {};
    ASSERT_EQ(pdlt_chi_new(&chi, &act, 3, kernel.data(), 1e-12, nullptr), PDLT_OK);
    List mean(3);
    pdlt_chi_mean(&chi, C_W, kernel.data(), above.data(), mean.data());
    const auto pair = [&](size_t c, size_t d, double mc, double md) {
      const double k11 = kernel[c * 3 + c], k12 = kernel[c * 3 + d], k22 = kernel[d * 3 + d];
      const double root = std::sqrt(k11), slope = k12 / root,
                   rest = std::sqrt(std::fmax(0, k22 - slope * slope));
      double sum = 0;
      for (int i = -28; i <= 28; i++)
        for (int j = -28; j <= 28; j++) {
          const double a = 0.3 * i, b = 0.3 * j;
          sum += 0.09 / (2 * M_PI) * std::exp(-0.5 * (a * a + b * b)) *
                 pdlt_activation_eval(&act, 0, mc + root * a) *
                 pdlt_activation_eval(&act, 0, md + slope * a + rest * b);
        }
      return sum;
    };
    for (size_t mu = 0; mu < 3; mu++) {
      double slope = 0;
      for (size_t c = 0; c < 3; c++)
        for (size_t d = 0; d < 3; d++) {
          const auto at = [&](double t) {
            return pair(c, d, t * kernel[mu * 3 + c], t * kernel[mu * 3 + d]);
          };
          slope += 0.5 * C_W * above[c * 3 + d] * (at(1e-3) - at(-1e-3)) / 2e-3;
        }
      EXPECT_NEAR(mean[mu], slope, 1e-6) << text << " " << mu;
    }
    pdlt_chi_free(&chi);
  }
}

// One sample twice and once in another scale: slots are merged, and sums over slots stay what they are.
TEST(PosteriorChi, ProportionalSamplesOfAKink) {
  const pdlt_activation kink = Parse("leaky_relu(0.999999999)"), line = Parse("linear");
  const List K = {0.8, 0.8, 1.6, 0.8, 0.8, 1.6, 1.6, 1.6, 3.2};  // z, z, 2 z
  pdlt_chi a = {}, b = {};
  ASSERT_EQ(pdlt_chi_new(&a, &kink, 3, K.data(), 1e-12, nullptr), PDLT_OK);
  ASSERT_EQ(pdlt_chi_new(&b, &line, 3, K.data(), 1e-12, nullptr), PDLT_OK);
  List x(9), y(9), square_x(9), square_y(9);
  pdlt_chi_pull(&a, C_W, above.data(), x.data());
  pdlt_chi_pull(&b, C_W, above.data(), y.data());
  double kx = 0, ky = 0;  // K M K, all entries of which are multiples of one
  for (size_t i = 0; i < 3; i++)
    for (size_t j = 0; j < 3; j++) {
      kx += K[i] * x[i * 3 + j] * K[j];
      ky += K[i] * y[i * 3 + j] * K[j];
    }
  EXPECT_NEAR(kx, ky, 1e-7 * std::fabs(ky));
  pdlt_chi_free(&a);
  pdlt_chi_free(&b);
}

TEST(PosteriorChi, MemoryFailureLeavesTheOutputAlone) {
  for (const char *text : {"tanh", "relu"}) {
    const pdlt_activation act = Parse(text);
    pdlt_chi chi = {};
    pdlt_error err = {};
    pdlt_memory_fail_after(0);
    EXPECT_EQ(pdlt_chi_new(&chi, &act, 3, kernel.data(), 1e-12, &err), PDLT_ERR_MEMORY);
    pdlt_memory_fail_after(-1);
    EXPECT_EQ(chi.jet[0], nullptr);
  }
}
