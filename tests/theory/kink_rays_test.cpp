/* kink_rays_test.cpp - samples that are multiples of each other reach the kink together, or are refused; a sample
 * of which no neuron is near the kink. */
#include "theory/kink/rays.h"

#include <gtest/gtest.h>

#include "tests/theory/kink_literal.h"
#include "tests/theory/kink_support.h"

namespace {

using namespace kink_support;

/* Samples 0, -0.5 times 0 and an independent one train; 2 times sample 0 is for test. No biases. */
Net Multiples(std::vector<pdlt_layer> layers, double plus, double minus) {
  Net net = Random(5, std::move(layers), 4, 3, 1);
  const size_t inputs = net.layer[0].in;
  for (size_t i = 0; i < inputs; i++) {
    net.x[inputs + i] = -0.5 * net.x[i];
    net.x[3 * inputs + i] = 2 * net.x[i];
  }
  net.plus = plus, net.minus = minus;
  FillKernels(net);
  return net;
}

std::vector<pdlt_layer> WithoutBiases(size_t depth) {
  std::vector<pdlt_layer> layers = {Layer(3, 2, 0, 1.3, 0, 1.2)};
  if (depth == 3) layers.push_back(Layer(2, 1, 0, 1.5, 0, 0.8));
  layers.push_back(Layer(1, 1, 0, 1.2, 0, 1.1));
  return layers;
}

void ExpectAgree(const Net &net, const std::vector<std::vector<Group>> &groups) {
  const Array times = {1, 2, 4};
  const Prediction p = Predict(net, times);
  ASSERT_EQ(p.status, PDLT_OK) << p.message;
  const Literal plain = Simulate(net, groups, times, 60000);
  size_t i = 0;
  double square = 0, count = 0;
  const auto compare = [&](const Array &x, double three) {
    double signal = 0;
    for (const double v : x) {
      const double error = std::hypot(plain.Error(i), three / 3), mean = plain.Mean(i);
      EXPECT_LE(std::fabs(v - mean), 4 * error) << i;
      if (plain.Error(i) > 0) {
        square += std::pow((v - mean) / error, 2);
        signal = std::fmax(signal, std::fabs(mean) / error);
        count++;
      }
      i++;
    }
    EXPECT_GT(signal, 10);
  };
  compare(p.z, p.err_z);
  compare(p.cov, p.err_cov);
  compare(p.theta, p.err_theta);
  compare(p.crossings, p.err_crossings);
  EXPECT_LT(std::sqrt(square / count), 1.5);
}

/* One hidden layer: three samples in one ray, on both sides. */
TEST(KinkRays, TwoLayers) {
  Net net = Multiples(WithoutBiases(2), 1, 0.2);
  net.eta = 0.3;
  ExpectAgree(net, {{{{0, 1, 3}, {1, -0.5, 2}}, {{2}, {1}}}});
}

/* Above a kink positive multiples stay multiples and negative ones do not. */
TEST(KinkRays, ThreeLayers) {
  Net net = Multiples(WithoutBiases(3), 1, 0);
  net.eta = 0.2;
  ExpectAgree(
      net, {{{{0, 1, 3}, {1, -0.5, 2}}, {{2}, {1}}}, {{{0, 3}, {1, 2}}, {{1}, {1}}, {{2}, {1}}}});
}

/* A training sample twice over: both move as one. */
TEST(KinkRays, Duplicates) {
  Net net = Random(6, {Layer(3, 1, 0.2, 1, 0.3, 1), Layer(1, 1, 0.1, 1.4, 0.2, 1)}, 3, 2, 1);
  for (size_t i = 0; i < 3; i++) net.x[3 + i] = net.x[i];
  net.y = {1, -0.4};
  FillKernels(net);
  net.eta = 0.3;
  ExpectAgree(net, {{{{0, 1}, {1, 1}}, {{2}, {1}}}});
}

TEST(KinkRays, RefusedWhereBiasesMoveThemApart) {
  for (const size_t apart : {0, 1}) {
    std::vector<pdlt_layer> layers = WithoutBiases(3);
    layers[apart].lambda_b = 0.3;
    const Prediction p = Predict(Multiples(layers, 1, 0), {1}, {nullptr, 16, 1, 0});
    EXPECT_EQ(p.status, PDLT_ERR_UNSUPPORTED);
    const std::string sample = apart == 0 ? "1" : "3";
    EXPECT_EQ(p.message, "samples 0 and " + sample + " are multiples of each other in layer " +
                             std::to_string(apart + 1) +
                             ", and biases that learn move them apart; their neurons near the "
                             "kink are not predicted: use other samples, C_b > 0, or lambda_b = 0");
  }
}

/* Input 0 without biases: h = 0 for good, no neuron crosses, and nobody else notices. */
TEST(KinkRays, SampleWithoutKernel) {
  Net with = Random(7, WithoutBiases(3), 3, 2, 1);
  for (size_t i = 0; i < 3; i++) with.x[6 + i] = 0;
  FillKernels(with);
  Net without = with;
  without.D = 2;
  without.x.resize(6);
  FillKernels(without);
  const Prediction p = Predict(with, {1, 3}), q = Predict(without, {1, 3});
  ASSERT_EQ(p.status, PDLT_OK) << p.message;
  for (size_t t = 0; t < 2; t++) {
    EXPECT_EQ(p.z[t * 3 + 2], 0);
    for (size_t l = 0; l < 2; l++) EXPECT_EQ(p.crossings[(t * 2 + l) * 3 + 2], 0);
    for (size_t a = 0; a < 2; a++) {
      EXPECT_NEAR(p.z[t * 3 + a], q.z[t * 2 + a], (p.err_z + q.err_z) / 3);
      EXPECT_NEAR(p.crossings[t * 6 + a], q.crossings[t * 4 + a],
                  (p.err_crossings + q.err_crossings) / 3);
      EXPECT_EQ(p.theta[(t * 3 + 2) * 3 + a], 0);
    }
  }
  EXPECT_LT(p.err_z, 0.05 * Largest(p.z));
}

}  // namespace
