// Derivatives with respect to all parameters, and what is made of them, against explicit gradients.
#include "trainer/features/gradient.h"

#include "tests/trainer/network_support.h"

using namespace trainer_test;

namespace {

TEST(Gradient, OfEveryParameterAndSample) {
  std::mt19937_64 gen(11);
  for (int trial = 0; trial < 12; trial++) {
    const Network n(gen, trial);
    pdlt_gradient g = {};
    pdlt_error err = {};
    ASSERT_EQ(pdlt_gradient_new(&g, &n.net, &n.problem, &err), PDLT_OK);
    pdlt_gradient_forward(&g, n.theta.data());
    const size_t D = n.problem.samples;
    for (size_t i = 0; i < n.problem.outputs; i++) {
      std::vector<double> function(D), spread(n.net.num_params);
      pdlt_gradient_output(&g, i);
      pdlt_gradient_spread(&g, spread.data());
      for (size_t mu = 0; mu < n.net.num_params; mu++) {
        double mean = 0, square = 0;
        if (n.lambda[mu] == 0) continue; /* biases that are not there */
        pdlt_gradient_parameter(&g, mu, function.data());
        for (size_t a = 0; a < D; a++) {
          const double expected = n.phi[i * D + a][mu];
          ASSERT_NEAR(function[a], expected, 1e-12 * (1 + std::fabs(expected)));
          mean += expected / (double)D;
          square += expected * expected / (double)D;
        }
        ASSERT_NEAR(spread[mu] * spread[mu], square - mean * mean, 1e-11 * (1 + square));
      }
    }
    pdlt_gradient_free(&g);
  }
}

TEST(Gradient, KernelByLayersIsTheSumOverParameters) {
  std::mt19937_64 gen(12);
  for (int trial = 0; trial < 12; trial++) {
    const Network n(gen, trial);
    const size_t D = n.problem.samples, p = n.problem.outputs * D;
    pdlt_gradient g = {};
    pdlt_training_ntk ntk = {};
    pdlt_error err = {};
    ASSERT_EQ(pdlt_gradient_new(&g, &n.net, &n.problem, &err), PDLT_OK);
    ASSERT_EQ(pdlt_training_ntk_new(&ntk, &n.net, &n.problem, &err), PDLT_OK);
    std::vector<double> kernel((size_t)n.net.depth * D * D), whole(p * p);
    pdlt_gradient_forward(&g, n.theta.data());
    pdlt_gradient_kernel(&g, kernel.data());
    pdlt_training_ntk_of(&ntk, n.theta.data(), whole.data());
    for (size_t a = 0; a < D; a++)
      for (size_t b = 0; b < D; b++) {
        double total = 0, expected = 0;
        for (int k = 0; k < n.net.depth; k++) {
          const size_t first = n.net.layer[k].weight,
                       last = k + 1 < n.net.depth ? n.net.layer[k + 1].weight : n.net.num_params;
          double sum = 0;
          for (size_t i = 0; i < n.problem.outputs; i++)
            for (size_t mu = first; mu < last; mu++)
              sum += n.lambda[mu] * n.phi[i * D + a][mu] * n.phi[i * D + b][mu];
          const double value = kernel[((size_t)k * D + a) * D + b];
          ASSERT_NEAR(value, sum, 1e-11 * (1 + std::fabs(sum)));
          total += value;
        }
        for (size_t i = 0; i < n.problem.outputs; i++)
          expected += whole[(i * D + a) * p + i * D + b];
        ASSERT_NEAR(total, expected, 1e-11 * (1 + std::fabs(expected)));
      }
    pdlt_gradient_free(&g);
    pdlt_training_ntk_free(&ntk);
  }
}

TEST(Gradient, DirectionIsTheSumOverSamples) {
  std::mt19937_64 gen(13);
  for (int trial = 0; trial < 12; trial++) {
    const Network n(gen, trial);
    const size_t D = n.problem.samples;
    pdlt_gradient g = {};
    pdlt_error err = {};
    ASSERT_EQ(pdlt_gradient_new(&g, &n.net, &n.problem, &err), PDLT_OK);
    pdlt_gradient_forward(&g, n.theta.data());
    std::vector<double> c(D), direction(n.net.num_params);
    for (double &v : c) v = std::uniform_real_distribution<double>(-1, 1)(gen);
    for (size_t i = 0; i < n.problem.outputs; i++) {
      pdlt_gradient_output(&g, i);
      pdlt_gradient_direction(&g, c.data(), direction.data());
      for (size_t mu = 0; mu < n.net.num_params; mu++) {
        double sum = 0;
        for (size_t a = 0; a < D; a++) sum += n.lambda[mu] * c[a] * n.phi[i * D + a][mu];
        ASSERT_NEAR(direction[mu], sum, 1e-11 * (1 + std::fabs(sum)));
      }
    }
    pdlt_gradient_free(&g);
  }
}

TEST(Gradient, RefusesPositionsAndFreesWhatItTook) {
  std::mt19937_64 gen(14);
  Network n(gen, 0);
  pdlt_gradient g = {};
  pdlt_error err = {};
  for (long calls = 0; calls < 3; calls++) {
    pdlt_memory_fail_after(calls);
    EXPECT_EQ(pdlt_gradient_new(&g, &n.net, &n.problem, &err), PDLT_ERR_MEMORY);
    pdlt_memory_fail_after(-1);
    EXPECT_EQ(g.storage, nullptr);
  }
  n.net.has_positions = 1;
  EXPECT_EQ(pdlt_gradient_new(&g, &n.net, &n.problem, &err), PDLT_ERR_UNSUPPORTED);
}

}  // namespace
