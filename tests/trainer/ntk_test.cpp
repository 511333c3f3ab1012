// Kernel and NTK at initialization against explicit per-parameter gradients.
#include <gtest/gtest.h>

#include "tests/trainer/support.h"

using namespace trainer_test;

namespace {

struct Case {
  Case(const Settings &settings, size_t inputs, unsigned seed)
      : s(settings),
        ex(yaml(s)),
        data((size_t)s.train, (size_t)s.test, inputs, (size_t)s.outputs, seed) {
    pdlt_error err = {};
    EXPECT_EQ(pdlt_samples_new(&problem, &ex.c, &data.c, &err), PDLT_OK);
    EXPECT_EQ(pdlt_network_new(&net, &ex.c, ex.c.network.widths[0], inputs, &err), PDLT_OK);
    EXPECT_EQ(pdlt_ntk_new(&ntk, &net, &problem, &err), PDLT_OK);
    theta.resize(net.num_params);
    pdlt_network_draw(&net, seed, 1, theta.data());
    pdlt_ntk_forward(&ntk, theta.data());
  }
  ~Case() {
    pdlt_ntk_free(&ntk);
    pdlt_network_free(&net);
    pdlt_samples_free(&problem);
  }
  const double *x(size_t a) const { return data.x.data() + a * data.c.inputs; }
  // NTK of neuron i of layer l by inner products of explicit gradients.
  double explicit_ntk(int l, size_t i, size_t a, size_t b, const std::vector<double> &parameters) {
    std::vector<double> ga(net.num_params), gb(net.num_params), lambda(net.num_params);
    pdlt_error err = {};
    EXPECT_EQ(pdlt_reference_gradient(&net, parameters.data(), x(a), l, i, ga.data(), &err),
              PDLT_OK);
    EXPECT_EQ(pdlt_reference_gradient(&net, parameters.data(), x(b), l, i, gb.data(), &err),
              PDLT_OK);
    pdlt_reference_lambda(&net, lambda.data());
    double total = 0;
    for (size_t mu = 0; mu < net.num_params; mu++) total += lambda[mu] * ga[mu] * gb[mu];
    return total;
  }
  // K and Theta of layer l with its weights integrated out, neuron by neuron.
  void naive(int l, size_t a, size_t b, double *kernel, double *ntk_ab) {
    const pdlt_layer &layer = net.layer[l - 1];
    std::vector<double> za(neurons()), zb(neurons());
    pdlt_reference_forward(&net, theta.data(), x(a), za.data());
    pdlt_reference_forward(&net, theta.data(), x(b), zb.data());
    size_t below = 0;
    for (int k = 0; k + 2 < l; k++) below += net.layer[k].out;
    double ss = 0, slopes = 0;
    for (size_t j = 0; j < layer.in; j++) {
      const pdlt_activation *act = &net.activation;
      if (l == 1) {
        ss += x(a)[j] * x(b)[j];
        continue;
      }
      ss +=
          pdlt_activation_eval(act, 0, za[below + j]) * pdlt_activation_eval(act, 0, zb[below + j]);
      slopes += pdlt_activation_eval(act, 1, za[below + j]) *
                pdlt_activation_eval(act, 1, zb[below + j]) * explicit_ntk(l - 1, j, a, b, theta);
    }
    const double n = (double)layer.in;
    *kernel = layer.C_b + layer.C_W / n * ss;
    *ntk_ab = layer.lambda_b + layer.lambda_W / n * ss + layer.C_W / n * slopes;
  }
  size_t neurons() const {
    size_t total = 0;
    for (int k = 0; k < net.depth; k++) total += net.layer[k].out;
    return total;
  }
  Settings s;
  Experiment ex;
  Data data;
  pdlt_samples problem = {};
  pdlt_network net = {};
  pdlt_ntk ntk = {};
  std::vector<double> theta;
};

Settings random_case(std::mt19937_64 &gen) {
  static const char *const activations[] = {"tanh", "gelu", "relu", "quadratic(0.3)"};
  Settings s;
  s.activation = activations[gen() % 4];
  s.depth = 2 + (int)(gen() % 4);
  s.widths = "[" + std::to_string(1 + gen() % 6) + "]";
  s.ratios = "[";
  for (int l = 1; l < s.depth; l++) s.ratios += (l > 1 ? ", " : "") + std::to_string(1 + gen() % 3);
  s.ratios += "]";
  s.C_b = random_list(gen, s.depth, true);
  s.C_W = random_list(gen, s.depth, false);
  s.lambda_b = random_list(gen, s.depth, true);
  s.lambda_W = random_list(gen, s.depth, false);
  s.train = 1 + (int)(gen() % 3);
  s.test = (int)(gen() % 3);
  return s;
}

}  // namespace

TEST(TrainerNtk, IsTheSumOverExplicitGradients) {
  std::mt19937_64 gen(21);
  for (int trial = 0; trial < 30; trial++) {
    Case c(random_case(gen), 1 + gen() % 5, (unsigned)gen());
    const size_t D = c.problem.samples;
    std::vector<double> kernel(D * D), theta(D * D);
    for (int l = 1; l <= c.net.depth; l++) {
      pdlt_ntk_kernel(&c.ntk, l, kernel.data());
      pdlt_ntk_theta(&c.ntk, c.theta.data(), l, theta.data());
      for (size_t a = 0; a < D; a++)
        for (size_t b = 0; b < D; b++) {
          double k, th;
          c.naive(l, a, b, &k, &th);
          ASSERT_NEAR(kernel[a * D + b], k, 1e-12 * (1 + std::fabs(k))) << yaml(c.s);
          ASSERT_NEAR(theta[a * D + b], th, 1e-11 * (1 + std::fabs(th))) << "layer " << l << "\n"
                                                                         << yaml(c.s);
        }
    }
  }
}

// With skips, at the readout.
TEST(TrainerNtk, WithSkipsItIsTheSumOverExplicitGradients) {
  std::mt19937_64 gen(24);
  for (int trial = 0; trial < 30; trial++) {
    Case c(skipped(random_case(gen), (unsigned)trial), 1 + gen() % 5, (unsigned)gen());
    const size_t D = c.problem.samples;
    std::vector<double> kernel(D * D), theta(D * D);
    if (trial % 3 == 0) c.ntk.tile = 1 + (size_t)trial % 2;
    pdlt_ntk_kernel(&c.ntk, c.net.depth, kernel.data());
    pdlt_ntk_theta(&c.ntk, c.theta.data(), c.net.depth, theta.data());
    for (size_t a = 0; a < D; a++)
      for (size_t b = 0; b < D; b++) {
        double k, th;
        c.naive(c.net.depth, a, b, &k, &th);
        ASSERT_NEAR(kernel[a * D + b], k, 1e-12 * (1 + std::fabs(k))) << yaml(c.s);
        ASSERT_NEAR(theta[a * D + b], th, 1e-11 * (1 + std::fabs(th))) << yaml(c.s);
      }
  }
}

// Tiles of one row and of all rows give the same sum.
TEST(TrainerNtk, DoesNotDependOnTheTile) {
  std::mt19937_64 gen(22);
  Settings s;
  s.depth = 4;
  s.widths = "[7]";
  Case c(s, 3, 5);
  const size_t D = c.problem.samples;
  std::vector<double> whole(D * D), rows(D * D);
  pdlt_ntk_theta(&c.ntk, c.theta.data(), 4, whole.data());
  for (size_t tile : {1, 2, 3}) {
    c.ntk.tile = tile;
    pdlt_ntk_theta(&c.ntk, c.theta.data(), 4, rows.data());
    for (size_t i = 0; i < D * D; i++) EXPECT_NEAR(rows[i], whole[i], 1e-12 * std::fabs(whole[i]));
  }
}

// The integral over the top layer is the mean over probe outputs drawn like it.
TEST(TrainerNtk, IsTheMeanOverProbeOutputs) {
  Settings s;
  s.widths = "[5]";
  Case c(s, 3, 9);
  const pdlt_layer &last = c.net.layer[2];
  const size_t D = c.problem.samples, a = 0, b = 1;
  std::vector<double> theta(D * D), probe = c.theta;
  pdlt_ntk_theta(&c.ntk, c.theta.data(), 3, theta.data());
  std::mt19937_64 gen(23);
  std::normal_distribution<double> normal;
  double sum = 0, squares = 0;
  const int draws = 4000;
  for (int d = 0; d < draws; d++) {
    for (size_t mu = last.weight; mu < last.bias; mu++)
      probe[mu] = std::sqrt(last.C_W / (double)last.in) * normal(gen);
    const double value = c.explicit_ntk(3, 0, a, b, probe);
    sum += value;
    squares += value * value;
  }
  const double mean = sum / draws, variance = squares / draws - mean * mean;
  EXPECT_GT(variance, 0);
  EXPECT_NEAR(theta[a * D + b], mean, 5 * std::sqrt(variance / draws));
}
