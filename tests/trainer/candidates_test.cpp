// A trained network, and the lists of functions in which it may hold a structure.
#include "trainer/features/candidates.h"

#include <algorithm>

#include "tests/trainer/network_support.h"
#include "trainer/features/leading.h"
#include "trainer/features/scores.h"

using namespace trainer_test;

namespace {

Settings small() {
  Settings s;
  s.widths = "[5]";
  s.outputs = 2;
  s.train = 6;
  s.test = 3;
  s.steps = "20";
  s.record = "[0, 20]";
  return s;
}

// Network 0 of a small experiment, drawn and trained by the library and in plain loops.
struct Learned {
  explicit Learned(const Settings &settings, size_t inputs = 3)
      : gen(41), n(gen, 0, settings, inputs) {
    pdlt_error err = {};
    EXPECT_EQ(pdlt_learned_new(&l, &n.ex.c, &n.net, &n.problem, &err), PDLT_OK) << err.message;
    EXPECT_EQ(pdlt_learned_make(&l, 2, nullptr, &err), PDLT_OK) << err.message;
  }
  ~Learned() { pdlt_learned_free(&l); }
  std::vector<double> list(const std::string &name, size_t most) {
    pdlt_error err = {};
    size_t count = 0;
    std::vector<double> u(most * n.problem.samples);
    for (size_t k = 0; k < pdlt_candidates_lists(n.net.depth); k++)
      if (pdlt_candidates_of(k).name == name) {
        EXPECT_EQ(pdlt_candidates_make(&l, k, most, u.data(), &count, &err), PDLT_OK);
        u.resize(count * n.problem.samples);
        return u;
      }
    ADD_FAILURE() << name;
    return {};
  }
  std::mt19937_64 gen;
  Network n;
  pdlt_learned l = {};
};

double overlap(size_t D, const double *a, const double *b) {
  double sum = 0;
  for (size_t i = 0; i < D; i++) sum += a[i] * b[i];
  return std::fabs(sum);
}

TEST(Learned, IsTheMemberTrainedInPlainLoops) {
  const Learned one(small());
  const Network &n = one.n;
  std::vector<double> theta(n.net.num_params);
  pdlt_error err = {};
  pdlt_network_draw(&n.net, (uint64_t)n.s.seed, 2, theta.data());
  for (size_t i = 0; i < theta.size(); i++) EXPECT_EQ(one.l.theta[0][i], theta[i]);
  for (int step = 0; step < 20; step++)
    EXPECT_EQ(pdlt_reference_step(&n.net, &n.problem, n.ex.c.training.eta, theta.data(), &err),
              PDLT_OK);
  for (size_t i = 0; i < theta.size(); i++) EXPECT_NEAR(one.l.theta[1][i], theta[i], 1e-12);
  EXPECT_EQ(one.l.steps, 20);
  const size_t D = n.problem.samples, p = 2 * D;
  std::vector<double> z(p), ntk(p * p);
  pdlt_reference_output(&n.net, &n.problem, theta.data(), z.data(), &err);
  for (size_t i = 0; i < p; i++) EXPECT_NEAR(one.l.z[1][i], z[i], 1e-11);
  pdlt_training_ntk whole = {};
  ASSERT_EQ(pdlt_training_ntk_new(&whole, &n.net, &n.problem, &err), PDLT_OK);
  pdlt_training_ntk_of(&whole, theta.data(), ntk.data());
  for (size_t a = 0; a < D; a++)
    for (size_t b = 0; b < D; b++) {
      const double expected = ntk[a * p + b] + ntk[(D + a) * p + D + b];
      EXPECT_NEAR(one.l.kernel[PDLT_FUNCTIONS_K_E][a * D + b], expected, 1e-10);
      EXPECT_EQ(
          one.l.kernel[PDLT_FUNCTIONS_CHANGE][a * D + b],
          one.l.kernel[PDLT_FUNCTIONS_K_E][a * D + b] - one.l.kernel[PDLT_FUNCTIONS_K][a * D + b]);
    }
  pdlt_training_ntk_free(&whole);
}

TEST(Learned, StopsDivergesAndFreesWhatItTook) {
  Settings s = small();
  std::mt19937_64 gen(42);
  const Network n(gen, 0, s, 3);
  pdlt_learned l = {};
  pdlt_error err = {};
  for (long calls = 0; calls < 4; calls++) {
    pdlt_memory_fail_after(calls);
    EXPECT_EQ(pdlt_learned_new(&l, &n.ex.c, &n.net, &n.problem, &err), PDLT_ERR_MEMORY);
    pdlt_memory_fail_after(-1);
    EXPECT_EQ(l.storage, nullptr);
  }
  const volatile sig_atomic_t stop = 1;
  ASSERT_EQ(pdlt_learned_new(&l, &n.ex.c, &n.net, &n.problem, &err), PDLT_OK);
  EXPECT_EQ(pdlt_learned_make(&l, 0, &stop, &err), PDLT_ERR_INTERRUPTED);
  pdlt_learned_free(&l);
  s.activation = "quadratic(0.9)";
  s.eta = "8";
  const Network wild(gen, 0, s, 3);
  ASSERT_EQ(pdlt_learned_new(&l, &wild.ex.c, &wild.net, &wild.problem, &err), PDLT_OK);
  EXPECT_EQ(pdlt_learned_make(&l, 0, nullptr, &err), PDLT_OK);
  EXPECT_EQ(l.outcome, PDLT_MEMBER_DIVERGED);
  pdlt_learned_free(&l);
}

TEST(Candidates, AllAreCentredOfLengthOneAndNamed) {
  Learned one(small());
  const size_t D = one.n.problem.samples, lists = pdlt_candidates_lists(one.n.net.depth);
  EXPECT_EQ(lists, 8u + 2 * 4);
  std::vector<std::string> names;
  for (size_t k = 0; k < lists; k++) {
    const std::string name = pdlt_candidates_of(k).name;
    EXPECT_EQ(std::count(names.begin(), names.end(), name), 0);
    names.push_back(name);
    const auto u = one.list(name, 4);
    EXPECT_GT(u.size(), 0u) << name;
    for (size_t a = 0; a < u.size() / D; a++) {
      double mean = 0;
      for (size_t i = 0; i < D; i++) mean += u[a * D + i];
      EXPECT_NEAR(mean, 0, 1e-12) << name;
      EXPECT_NEAR(overlap(D, u.data() + a * D, u.data() + a * D), 1, 1e-12) << name;
    }
    EXPECT_EQ(u, one.list(name, 4)) << name; /* once more */
  }
  EXPECT_EQ(names[1], "k_E");
  EXPECT_EQ(names.back(), "directions/layer2");
}

// Fewer where there is no more: outputs, inputs, neurons, and directions that a centred kernel has.
TEST(Candidates, AreAsManyAsThereAre) {
  Learned one(small());
  const size_t D = one.n.problem.samples;
  EXPECT_EQ(one.list("outputs", 50).size(), 2 * D);
  EXPECT_EQ(one.list("inputs", 50).size(), 3 * D);
  EXPECT_EQ(one.list("neurons/layer1", 50).size(), 5 * D);
  EXPECT_EQ(one.list("pca/layer2", 50).size(), 5 * D);
  EXPECT_EQ(one.list("k_E", 50).size(), (D - 1) * D);
  EXPECT_EQ(one.list("k_E_rotated", 50).size(), (D - 1) * D);
  EXPECT_EQ(one.list("random_features", 50).size(), 50 * D);
  Settings s = small();
  s.steps = "0";
  s.record = "[0]";
  Learned still(s);
  EXPECT_EQ(still.list("change", 50).size(), 0u);
}

TEST(Candidates, AreWhatTheyAreCalled) {
  Learned one(small());
  const Network &n = one.n;
  const size_t D = n.problem.samples;
  // Neurons: by |outgoing weights| times the deviation of the activation, in plain loops.
  for (const int layer : {1, 2}) {
    std::vector<std::pair<double, size_t>> order;
    std::vector<std::vector<double>> s(5, std::vector<double>(D)), z = s;
    for (size_t a = 0; a < D; a++) {
      std::vector<double> pre(5 + 5 + 2);
      pdlt_reference_forward(&n.net, one.l.theta[1], n.data.x.data() + a * 3, pre.data());
      for (size_t j = 0; j < 5; j++) {
        z[j][a] = pre[5 * (size_t)(layer - 1) + j];
        s[j][a] = std::tanh(z[j][a]);
      }
    }
    for (size_t j = 0; j < 5; j++) {
      const pdlt_layer &above = n.net.layer[layer];
      double weight = 0, mean = 0, square = 0;
      for (size_t m = 0; m < above.out; m++)
        weight += std::pow(one.l.theta[1][above.weight + m * above.in + j], 2);
      for (size_t a = 0; a < D; a++) {
        mean += s[j][a] / (double)D;
        square += s[j][a] * s[j][a] / (double)D;
      }
      order.emplace_back(-std::sqrt(weight * (square - mean * mean)), j);
    }
    std::sort(order.begin(), order.end());
    const std::string of = "/layer" + std::to_string(layer);
    const auto neurons = one.list("neurons" + of, 5), before = one.list("preactivations" + of, 5);
    for (size_t k = 0; k < 5; k++) {
      auto expected = s[order[k].second], linear = z[order[k].second];
      pdlt_functions_normalize(1, D, expected.data());
      pdlt_functions_normalize(1, D, linear.data());
      for (size_t a = 0; a < D; a++) {
        EXPECT_NEAR(neurons[k * D + a], expected[a], 1e-9);
        EXPECT_NEAR(before[k * D + a], linear[a], 1e-9);
      }
    }
    // Principal components span all neurons when there are as many.
    const auto pca = one.list("pca" + of, 5);
    for (size_t k = 0; k < 5; k++) {
      double inside = 0;
      for (size_t c = 0; c < 5; c++)
        inside += std::pow(overlap(D, neurons.data() + k * D, pca.data() + c * D), 2);
      EXPECT_NEAR(inside, 1, 1e-8);
    }
  }
  // Rotated: the same span.
  const auto span = one.list("k_E", 3), turned = one.list("k_E_rotated", 3);
  for (size_t k = 0; k < 3; k++) {
    double inside = 0;
    for (size_t c = 0; c < 3; c++)
      inside += std::pow(overlap(D, turned.data() + k * D, span.data() + c * D), 2);
    EXPECT_NEAR(inside, 1, 1e-10);
  }
}

// The strongest single weights, against all derivatives.
TEST(Candidates, SingleWeightsAreTheStrongest) {
  Learned one(small());
  const Network &n = one.n;
  const size_t D = n.problem.samples;
  std::vector<std::pair<double, std::vector<double>>> all;
  std::vector<std::vector<double>> phi; /* at the end */
  pdlt_error err = {};
  for (size_t i = 0; i < 2; i++)
    for (size_t a = 0; a < D; a++) {
      std::vector<double> g(n.net.num_params);
      pdlt_reference_gradient(&n.net, one.l.theta[1], n.data.x.data() + a * 3, 3, i, g.data(),
                              &err);
      phi.push_back(g);
    }
  for (size_t mu = 0; mu < n.net.num_params; mu++) {
    double best = -1;
    std::vector<double> function;
    for (size_t i = 0; i < 2; i++) {
      double mean = 0, square = 0;
      std::vector<double> f(D);
      for (size_t a = 0; a < D; a++) {
        f[a] = phi[i * D + a][mu];
        mean += f[a] / (double)D;
        square += f[a] * f[a] / (double)D;
      }
      const double size = std::fabs(one.l.theta[1][mu] - one.l.theta[0][mu]) *
                          std::sqrt(std::max(square - mean * mean, 0.0));
      if (size > best) {
        best = size;
        function = f;
      }
    }
    pdlt_functions_normalize(1, D, function.data());
    all.emplace_back(best, function);
  }
  std::sort(all.begin(), all.end(), [](auto &x, auto &y) { return x.first > y.first; });
  const auto u = one.list("weights", 6);
  for (size_t k = 0; k < 6; k++)
    EXPECT_NEAR(overlap(D, u.data() + k * D, all[k].second.data()), 1, 1e-7) << k;
}

// Random directions of feature space have the covariance of the kernel.
TEST(Candidates, RandomFeaturesAreNormalWithTheKernel) {
  Learned one(small());
  const size_t D = one.n.problem.samples, draws = 20000;
  std::vector<double> centred(D * D), square(D), u(draws * D);
  pdlt_kernel_center(D, one.l.kernel[PDLT_FUNCTIONS_K_E], centred.data());
  size_t count = 0;
  pdlt_error err = {};
  ASSERT_EQ(pdlt_candidates_make(&one.l, PDLT_CANDIDATES_FEATURES, draws, u.data(), &count, &err),
            PDLT_OK);
  ASSERT_EQ(count, draws);
  // Functions come at length 1: their mean square along v_a is E[theta_a g_a^2/sum theta_b g_b^2].
  double total = 0, along = 0, expected = 0;
  std::mt19937_64 gen(1);
  std::normal_distribution<double> normal;
  const double *values = one.l.values[PDLT_FUNCTIONS_K_E], *v = one.l.functions[PDLT_FUNCTIONS_K_E];
  for (size_t k = 0; k < draws; k++) {
    along += std::pow(overlap(D, u.data() + k * D, v), 2) / (double)draws;
    double first = 0;
    total = 0;
    for (size_t a = 0; a + 1 < D; a++) {
      const double x = values[a] * std::pow(normal(gen), 2);
      if (a == 0) first = x;
      total += x;
    }
    expected += first / total / (double)draws;
  }
  EXPECT_NEAR(along, expected, 0.02);
  EXPECT_GT(expected, 0.2);
}

}  // namespace
