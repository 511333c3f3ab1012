// Centered targets: each network trains on y + its own z(0). Steps, levels and ensembles against plain
// loops on these targets.
#include <algorithm>
#include <array>

#include "base/vector/kernels.h"
#include "tests/trainer/positions.h"
#include "trainer/control/level.h"

using namespace trainer_test;

namespace {

using Array = std::vector<double>;

// The plain loop on y + z(0): outputs (n_L, D) before each of the steps and after the last.
std::vector<Array> Loop(const pdlt_network &net, const pdlt_samples &samples, double eta,
                        Array theta, int steps) {
  const size_t A = samples.train, D = samples.samples, n = samples.outputs;
  Array z(n * D), y(samples.y_train, samples.y_train + n * A);
  std::vector<Array> all;
  pdlt_samples own = samples;
  own.y_train = y.data();
  for (int step = 0; step <= steps; step++) {
    EXPECT_EQ(pdlt_reference_output(&net, &own, theta.data(), z.data(), nullptr), PDLT_OK);
    for (size_t i = 0; i < n * A && step == 0; i++) y[i] += z[i / A * D + i % A];
    all.push_back(z);
    EXPECT_EQ(pdlt_reference_step(&net, &own, eta, theta.data(), nullptr), PDLT_OK);
  }
  return all;
}

// By every instruction set, layer 1 moved in both ways, in double and single, twice with one stepper.
void ExpectLoop(const Wired &w, unsigned seed) {
  WiredNet x(w, seed);
  const double eta = 0.05;
  x.samples.centered = 1;
  const std::vector<Array> slow = Loop(x.net, x.samples, eta, x.theta, 4);
  for (int set = 0; pdlt_simd_get(set) != nullptr; set++)
    for (const pdlt_first_layer first : {PDLT_FIRST_WEIGHTS, PDLT_FIRST_SAMPLES})
      for (const int single : {0, 1}) {
        const pdlt_step_settings settings = {eta, first, single, pdlt_simd_get(set)};
        pdlt_stepper st = {};
        Array fast(slow[0].size());
        ASSERT_EQ(pdlt_stepper_new(&st, &x.net, &x.samples, &settings, nullptr), PDLT_OK);
        for (int again = 0; again < 2; again++) {
          std::copy(x.theta.begin(), x.theta.end(), st.theta);
          if (again == 0) st.theta[x.net.num_params - 1] += 0.7;  // another network before it
          pdlt_stepper_begin(&st);
          for (size_t step = 0; step < slow.size(); step++) {
            pdlt_stepper_forward(&st);
            pdlt_stepper_output(&st, fast.data());
            for (size_t i = 0; i < fast.size() && again == 1; i++)
              ASSERT_NEAR(fast[i], slow[step][i], (single ? 1e-4 : 1e-11) * (1 + fabs(fast[i])))
                  << step << yaml(w.s);
            pdlt_stepper_update(&st);
          }
        }
        pdlt_stepper_free(&st);
      }
}

Settings CenteredSettings(const std::string &estimator) {
  Settings s;
  s.outputs = 2;
  s.members = 150;
  s.measure = "[output]";
  s.more_training = "  targets: centered\n";
  s.estimator = estimator;
  return s;
}

struct Nets {
  Nets(const Settings &s, const Data &data, int width) : ex(yaml(s)) {
    EXPECT_EQ(pdlt_samples_new(&samples, &ex.c, &data.c, nullptr), PDLT_OK);
    EXPECT_EQ(pdlt_network_new(&net, &ex.c, width, data.c.inputs, nullptr), PDLT_OK);
  }
  ~Nets() {
    pdlt_network_free(&net);
    pdlt_samples_free(&samples);
  }
  Nets(const Nets &) = delete;
  // Outputs of draw m, for a pair negate once.
  std::vector<Array> Train(long m, bool negate, int steps) {
    Array theta(net.num_params);
    pdlt_network_draw(&net, ex.c.ensemble.seed, (uint64_t)m, theta.data());
    if (negate) pdlt_network_negate_last(&net, theta.data());
    return Loop(net, samples, ex.c.training.eta, theta, steps);
  }
  Experiment ex;
  pdlt_samples samples = {};
  pdlt_network net = {};
};

}  // namespace

TEST(TrainerCentered, StepsArePlainLoopsOnOwnTargets) {
  std::mt19937_64 gen(1);
  for (unsigned trial = 0; trial < 12; trial++) {
    Wired w = random_wired(gen, {"tanh", "sin"});
    if (trial % 2 == 0) {  // without positions
      w.s.more_network = "";
      w.s.train = 1 + (int)(gen() % 9);
    }
    ExpectLoop(w, trial);
    if (testing::Test::HasFatalFailure()) return;
  }
}

// A node at every step is gradient descent on these targets.
TEST(TrainerCentered, LevelsHaveOwnTargets) {
  Settings s = CenteredSettings("plain");
  s.record = "[0, 3, 9]";
  const Data data(3, 2, 3, 2, 8);
  Nets x(s, data, 12);
  const pdlt_schedule schedule = pdlt_schedule_make(&x.ex.c, &x.samples);
  const pdlt_level_settings settings = {&x.net, &x.samples, &schedule, x.ex.c.training.eta,
                                        1,      4,          0,         0};
  pdlt_level_draws draws = {};
  ASSERT_EQ(pdlt_level_draws_new(&draws, &settings, nullptr), PDLT_OK);
  Array theta(x.net.num_params), out(3 * 10);
  pdlt_network_draw(&x.net, x.ex.c.ensemble.seed, 4, theta.data());
  const pdlt_level level = {1, 9, 0};
  ASSERT_EQ(pdlt_level_draws_begin(&draws, theta.data(), 1, nullptr), PDLT_OK);
  const pdlt_level_numbers numbers = {out.data(), nullptr, nullptr};
  ASSERT_EQ(pdlt_level_draws_output(&draws, &level, &numbers, nullptr), PDLT_OK);
  const std::vector<Array> plus = x.Train(4, false, 9), minus = x.Train(4, true, 9);
  const size_t times[] = {0, 3, 9};
  for (size_t t = 0; t < 3; t++)
    for (size_t i = 0; i < 10; i++)
      EXPECT_NEAR(out[t * 10 + i], 0.5 * (plus[times[t]][i] + minus[times[t]][i]), 1e-12);
  pdlt_level_draws_free(&draws);
}

// Outputs are z(t), losses those of z(t) - z(0) - y, of every network.
TEST(TrainerCentered, LossesAreOfTheChange) {
  for (const char *estimator : {"plain", "antithetic"}) {
    const bool pairs = estimator[0] == 'a';
    const Settings s = CenteredSettings(estimator);
    const Data data(3, 2, 3, 2, 2);
    Nets x(s, data, 8);
    Archive out;
    const pdlt_ensemble_options o = options(2);
    ASSERT_EQ(pdlt_ensemble_run(&out.c, &x.ex.c, &data.c, &o, nullptr), PDLT_OK);
    const size_t times[] = {0, 3, 10};
    Array mean(30), loss(6);
    for (long m = 0; m < s.members; m++)
      for (int negate = 0; negate <= (int)pairs; negate++) {
        const std::vector<Array> z = x.Train(m, negate, 10);
        const double share = (pairs ? 0.5 : 1) / (double)s.members;
        for (size_t t = 0; t < 3; t++)
          for (size_t k = 0; k < 10; k++) {
            const double now = z[times[t]][k], y = data.y[k % 5 * 2 + k / 5];
            mean[t * 10 + k] += share * now;
            loss[t * 2 + (k % 5 >= 3)] += share * 0.5 * std::pow(now - z[0][k] - y, 2);
          }
      }
    for (size_t t = 0; t < 3; t++) {
      for (size_t k = 0; k < 10; k++)
        EXPECT_NEAR(out.at("n8/z", t * 10 + k), mean[t * 10 + k], 1e-12);
      for (size_t set = 0; set < 2; set++) {
        const std::string name = set == 0 ? "n8/loss_train" : "n8/loss_test";
        EXPECT_NEAR(out.at(name, t), loss[t * 2 + set], 1e-12) << estimator << t;
        EXPECT_NEAR(out.at(name + "_bias", t) + out.at(name + "_variance", t), out.at(name, t),
                    1e-12);
        EXPECT_EQ(out.at(name + "_variance", t) > 1e-6, t > 0);
      }
    }
  }
}

// Both networks of a pair, and with control the mean of many pairs, leave the same losses in blocks of
// other sizes and with diagonal covariances: the same numbers to rounding on other numbers of threads.
TEST(TrainerCentered, ControlledLossesAgreeWithPairs) {
  Settings s = CenteredSettings("antithetic");
  s.members = 4096;
  const Data data(3, 2, 3, 2, 2);
  Archive pairs, two;
  run(s, data, options(2), &pairs);
  s.estimator = "two_level";
  s.seed = 11;
  run(s, data, options(1), &two);
  for (size_t t = 1; t < 3; t++)
    for (const char *name : {"n8/loss_train", "n8/loss_test", "n8/loss_test_variance"}) {
      const std::string se = std::string(name) + "_se";
      EXPECT_NEAR(two.at(name, t), pairs.at(name, t),
                  5 * std::hypot(two.at(se, t), pairs.at(se, t)))
          << name << t;
    }
}

// A network is right where z(t) - z(0) is; at the start that is 0, in no class.
TEST(TrainerCentered, ErrorsAreOfTheChange) {
  Settings s = CenteredSettings("plain");
  s.outputs = 1;
  s.members = 64;
  s.steps = "200";
  s.record = "[0, 200]";
  Data data(3, 2, 3, 1, 2);
  for (size_t a = 0; a < 5; a++) data.y[a] = a % 2 ? 1 : -1;
  Archive out;
  run(s, data, options(1), &out);
  EXPECT_EQ(out.at("n8/error_train", 0), 1);
  EXPECT_EQ(out.at("n8/error_test", 0), 1);
  EXPECT_LT(out.at("n8/error_train", 1), 0.3);
}
