// The change of a network split over single parameters, against explicit mean gradients on the segment.
#include "trainer/features/weights.h"

#include "tests/trainer/network_support.h"

using namespace trainer_test;

namespace {

// The end of a network after some steps in plain loops.
std::vector<double> trained(const Network &n, int steps) {
  std::vector<double> theta = n.theta;
  pdlt_error err = {};
  for (int k = 0; k < steps; k++)
    EXPECT_EQ(pdlt_reference_step(&n.net, &n.problem, 0.02, theta.data(), &err), PDLT_OK);
  return theta;
}

// Number of a weight in theta.
size_t place(const Network &n, const pdlt_weight &w) {
  const pdlt_layer &layer = n.net.layer[w.layer - 1];
  return w.of == layer.in ? layer.bias + w.to : layer.weight + w.to * layer.in + w.of;
}

// phi_mu d_mu (num_params, n_L D), phi the mean of dz/dtheta at many points of the segment.
std::vector<std::vector<double>> terms(const Network &n, const std::vector<double> &end) {
  const int points = 400;
  const size_t rows = n.problem.outputs * n.problem.samples;
  std::vector<std::vector<double>> sum(end.size(), std::vector<double>(rows));
  std::vector<double> at(end.size()), g(end.size());
  pdlt_error err = {};
  for (int q = 0; q < points; q++) {
    for (size_t k = 0; k < at.size(); k++)
      at[k] = n.theta[k] + (q + 0.5) / points * (end[k] - n.theta[k]);
    for (size_t r = 0; r < rows; r++) {
      EXPECT_EQ(pdlt_reference_gradient(&n.net, at.data(),
                                        n.data.x.data() + r % n.problem.samples * n.data.c.inputs,
                                        n.net.depth, r / n.problem.samples, g.data(), &err),
                PDLT_OK);
      for (size_t mu = 0; mu < end.size(); mu++)
        sum[mu][r] += g[mu] * (end[mu] - n.theta[mu]) / points;
    }
  }
  return sum;
}

TEST(Weights, AreTheTermsOfTheChange) {
  std::mt19937_64 gen(31);
  for (int trial = 0; trial < 4; trial++) {
    const Network n(gen, trial, Network::narrow(gen, {"tanh", "gelu", "sin"}), 3);
    const auto end = trained(n, 5);
    pdlt_weights w = {};
    pdlt_error err = {};
    ASSERT_EQ(pdlt_weights_split(&w, &n.net, &n.problem, n.theta.data(), end.data(), &err), PDLT_OK)
        << err.message;
    const size_t rows = n.problem.outputs * n.problem.samples;
    std::vector<double> before(rows), after(rows);
    pdlt_reference_output(&n.net, &n.problem, n.theta.data(), before.data(), &err);
    pdlt_reference_output(&n.net, &n.problem, end.data(), after.data(), &err);
    double all = 0;
    for (size_t r = 0; r < rows; r++) all += std::pow(after[r] - before[r], 2);
    // The curve, term by term.
    const auto term = terms(n, end);
    std::vector<double> left(rows);
    for (size_t r = 0; r < rows; r++) left[r] = after[r] - before[r];
    std::vector<double> share(n.net.depth);
    size_t few = 1;
    for (size_t k = 0; k < w.count; k++) {
      double size = 0, rest = 0;
      EXPECT_LE(w.largest[k].size, w.largest[k > 0 ? k - 1 : 0].size);
      const pdlt_layer &layer = n.net.layer[w.largest[k].layer - 1];
      const bool there = layer.has_bias || w.largest[k].of < layer.in;
      const auto one = there ? term[place(n, w.largest[k])] : std::vector<double>(rows);
      for (size_t r = 0; r < rows; r++) {
        size += one[r] * one[r] / (double)rows;
        share[w.largest[k].layer - 1] += one[r] * (after[r] - before[r]) / all;
        left[r] -= one[r];
        rest += left[r] * left[r];
      }
      ASSERT_NEAR(w.largest[k].size, std::sqrt(size), 1e-5);
      ASSERT_NEAR(w.reached[k], 1 - rest / all, 1e-4);
      if (w.reached[k] < 0.9) few = k + 2;
    }
    EXPECT_EQ(w.few, few);
    EXPECT_NEAR(w.reached[w.count - 1], 1, 1e-12);
    double sum = 0;
    for (int k = 0; k < n.net.depth; k++) {
      EXPECT_NEAR(w.layer[k], share[k], 1e-4);
      sum += w.layer[k];
    }
    EXPECT_NEAR(sum, 1, 1e-8);
    EXPECT_LT(w.residual, 1e-8);
    pdlt_weights_free(&w);
  }
}

TEST(Weights, OfANetworkThatDidNotMoveAreZero) {
  std::mt19937_64 gen(32);
  const Network n(gen, 0);
  pdlt_weights w = {};
  pdlt_error err = {};
  ASSERT_EQ(pdlt_weights_split(&w, &n.net, &n.problem, n.theta.data(), n.theta.data(), &err),
            PDLT_OK);
  EXPECT_EQ(w.few, 0u);
  for (size_t k = 0; k < w.count; k++) {
    EXPECT_EQ(w.largest[k].size, 0);
    EXPECT_EQ(w.reached[k], 0);
  }
  pdlt_weights_free(&w);
  for (long calls = 0; calls < 8; calls++) {
    pdlt_memory_fail_after(calls);
    EXPECT_EQ(pdlt_weights_split(&w, &n.net, &n.problem, n.theta.data(), n.theta.data(), &err),
              PDLT_ERR_MEMORY);
    pdlt_memory_fail_after(-1);
    EXPECT_EQ(w.largest, nullptr);
  }
}

}  // namespace
