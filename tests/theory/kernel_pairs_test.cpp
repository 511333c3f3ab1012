// theory/infinite/kernel_pairs.c: blocks of pairs through all layers against the recursion pair by pair with
// the closed forms one by one, errors included.
#include <gtest/gtest.h>

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "tests/theory/layers.h"
#include "theory/infinite/angle.h"
#include "theory/infinite/averages.h"
#include "theory/infinite/kernel.h"

namespace {

struct Entry {
  double K, theta, K_error, theta_error;
  pdlt_angle angle;
};

constexpr size_t kD = 83, kInputs = 3;
constexpr int kDepth = 4;

// Samples, among them 0, a pair of equal ones, and some on nearly one ray.
std::vector<double> Samples() {
  std::mt19937_64 rng(2);
  std::normal_distribution<double> normal;
  std::vector<double> x(kD * kInputs);
  for (double &v : x) v = normal(rng);
  for (size_t n = 0; n < kInputs; n++) {
    x[n] = 0;
    x[70 * kInputs + n] = x[5 * kInputs + n];
    x[71 * kInputs + n] = 3 * x[6 * kInputs + n];
    x[72 * kInputs + n] = -x[6 * kInputs + n] + 1e-6 * x[7 * kInputs + n];
    x[30 * kInputs + n] = x[8 * kInputs + n] + 1e-3 * x[7 * kInputs + n];
  }
  return x;
}

Entry First(const pdlt_layer &layer, const double *x, const double *y) {
  double dot = 0, size = 0;
  for (size_t n = 0; n < kInputs; n++) {
    dot += x[n] * y[n] / kInputs;
    size += std::fabs(x[n] * y[n]) / kInputs;
  }
  const double rounding = DBL_EPSILON * (0.5 * kInputs + 2);
  return {layer.C_b + layer.C_W * dot,
          layer.lambda_b + layer.lambda_W * dot,
          rounding * (layer.C_b + layer.C_W * size),
          rounding * (layer.lambda_b + layer.lambda_W * size),
          {-1, 0}};
}

Entry Next(const pdlt_layer &layer, const Entry &e, const pdlt_value &ss, const pdlt_value &dd) {
  const double square = layer.skip * layer.skip;
  Entry out = e;
  out.K = layer.C_b + layer.C_W * ss.value + square * e.K;
  out.theta = layer.lambda_b + layer.lambda_W * ss.value + layer.C_W * dd.value * e.theta +
              square * e.theta;
  out.K_error = layer.C_W * ss.error + DBL_EPSILON * (layer.C_b + layer.C_W * std::fabs(ss.value)) +
                square * e.K_error + 2 * DBL_EPSILON * square * std::fabs(e.K);
  out.theta_error = layer.lambda_W * ss.error +
                    layer.C_W * (dd.error * (std::fabs(e.theta) + e.theta_error) +
                                 std::fabs(dd.value) * e.theta_error) +
                    2 * DBL_EPSILON *
                        (layer.lambda_b + layer.lambda_W * std::fabs(ss.value) +
                         layer.C_W * std::fabs(dd.value * e.theta) + square * std::fabs(e.theta)) +
                    square * e.theta_error;
  return out;
}

class KernelPairs : public ::testing::TestWithParam<std::pair<const char *, double>> {};

TEST_P(KernelPairs, AreTheRecursionPairByPair) {
  const double skip = GetParam().second;
  const auto x = Samples();
  auto layers = theory_test::Layers(
      std::vector<double>(kDepth, skip > 0 ? 0.1 : 0), std::vector<double>(kDepth, 1.4),
      std::vector<double>(kDepth, 0.3), std::vector<double>(kDepth, 0.9), kInputs);
  for (size_t l = 1; l < layers.size(); l++) {
    layers[l].in = layers[l].out = kInputs;
    layers[l].skip = l == 2 ? skip : 0;
  }
  pdlt_kernel_settings settings = {{}, kDepth, layers.data(), 1e-10, 2, nullptr};
  pdlt_error err = {};
  ASSERT_EQ(pdlt_activation_parse(&settings.activation, GetParam().first, &err), PDLT_OK);
  pdlt_kernel_layers k = {};
  ASSERT_EQ(pdlt_kernel_layers_new(&k, &settings, kD, x.data(), &err), PDLT_OK) << err.message;
  pdlt_averages averages;
  ASSERT_EQ(pdlt_averages_new(&averages, &settings.activation, 1, 1e-10, &err), PDLT_OK);
  const int follow = !averages.traits.smooth && skip == 0;
  std::vector<double> largest(2 * kDepth, 0);
  for (size_t i = 0; i < kD; i++)
    for (size_t j = i; j < kD; j++) {
      const double *p = &x[i * kInputs], *q = &x[j * kInputs];
      const int same = std::memcmp(p, q, kInputs * sizeof *p) == 0;
      Entry e[3] = {First(layers[0], p, p), First(layers[0], p, q), First(layers[0], q, q)};
      if (follow && !same) e[1].angle = pdlt_angle_first(&layers[0], p, q, e[0].K, e[1].K, e[2].K);
      for (size_t l = 0; l < kDepth; l++) {
        const size_t at = l * kD * kD + i * kD + j, mirror = l * kD * kD + j * kD + i;
        const std::string where =
            std::to_string(l) + " " + std::to_string(i) + " " + std::to_string(j);
        const double size = std::sqrt(e[0].K * e[2].K);
        ASSERT_NEAR(k.K[at], e[1].K, 0.5 * e[1].K_error + 4 * DBL_EPSILON * size) << where;
        ASSERT_NEAR(k.theta[at], e[1].theta, e[1].theta_error) << where;
        ASSERT_EQ(k.K[at], k.K[mirror]);
        ASSERT_EQ(k.theta[at], k.theta[mirror]);
        largest[2 * l] = std::max(largest[2 * l], e[1].K_error);
        largest[2 * l + 1] = std::max(largest[2 * l + 1], e[1].theta_error);
        if (l + 1 == kDepth) {
          ASSERT_NEAR(k.pair_err_K[i * kD + j], e[1].K_error, 1e-3 * e[1].K_error) << where;
          ASSERT_NEAR(k.pair_err_theta[j * kD + i], e[1].theta_error, 1e-3 * e[1].theta_error)
              << where;
          break;
        }
        Entry above[3];
        const size_t first[3] = {0, 0, 2}, second[3] = {0, 2, 2};
        for (size_t c = 0; c < 3; c++) {
          const Entry &a = e[first[c]], &b = e[second[c]];
          const pdlt_pair_kernel pair = {0,   0,         c != 1 || same, a.K,       e[c].K,
                                         b.K, a.K_error, e[c].K_error,   b.K_error, e[c].angle};
          pdlt_value ss, dd;
          ASSERT_EQ(pdlt_averages_pair(&averages, &pair, &ss, &dd, &err), PDLT_OK);
          above[c] = Next(layers[l + 1], e[c], ss, dd);
        }
        if (follow && !same) {
          const double from[3] = {e[0].K, e[1].K, e[2].K};
          const double errors[3] = {e[0].K_error, e[1].K_error, e[2].K_error};
          const double next[3] = {above[0].K, above[1].K, above[2].K};
          above[1].angle =
              pdlt_angle_next(&averages.traits, &layers[l + 1], &e[1].angle, from, errors, next);
        }
        std::copy(above, above + 3, e);
      }
    }
  for (int l = 0; l < kDepth; l++) {
    EXPECT_NEAR(k.layer_err_K[l], largest[2 * l], 1e-3 * largest[2 * l]);
    EXPECT_NEAR(k.layer_err_theta[l], largest[2 * l + 1], 1e-3 * largest[2 * l + 1]);
  }
  pdlt_averages_free(&averages);
  pdlt_kernel_layers_free(&k);
}

INSTANTIATE_TEST_SUITE_P(, KernelPairs,
                         ::testing::Values(std::make_pair("relu", 0.0),
                                           std::make_pair("leaky_relu(0.2)", 0.0),
                                           std::make_pair("leaky_relu(0.2)", 0.7),
                                           std::make_pair("erf", 0.0), std::make_pair("erf", 0.5),
                                           std::make_pair("sin", 0.0), std::make_pair("sin", 0.5)));

// Large entries: the message names the layer, as without blocks.
TEST(KernelPairsFailures, ExplodingKernel) {
  const std::vector<double> x = {1e150, 2e150, 1e150, 0.5};
  auto layers = theory_test::Layers({0, 0}, {1e10, 1e300}, {0, 0}, {1, 1}, 2);
  pdlt_kernel_settings settings = {{}, 2, layers.data(), 1e-10, 1, nullptr};
  pdlt_error err = {};
  ASSERT_EQ(pdlt_activation_parse(&settings.activation, "relu", &err), PDLT_OK);
  pdlt_kernel_layers k = {};
  EXPECT_EQ(pdlt_kernel_layers_new(&k, &settings, 2, x.data(), &err), PDLT_ERR_NUMERIC);
  EXPECT_NE(std::string(err.message).find("layer 2: the kernel is not finite"), std::string::npos)
      << err.message;
  settings.layer = (layers[0].C_W = 1, layers.data());
  EXPECT_EQ(pdlt_kernel_layers_new(&k, &settings, 2, x.data(), &err), PDLT_ERR_NUMERIC);
  EXPECT_NE(std::string(err.message).find("layer 2: kernel or NTK is not finite"),
            std::string::npos)
      << err.message;
  EXPECT_EQ(k.K, nullptr);
}

}  // namespace
