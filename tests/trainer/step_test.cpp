// The fast step against plain loops, plain-loop gradients against finite differences.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/vector/kernels.h"
#include "tests/trainer/positions.h"
#include "trainer/network/layer.h"

using namespace trainer_test;

namespace {

Settings random_settings(std::mt19937_64 &gen) {
  static const char *const activations[] = {"tanh", "linear",         "gelu",    "sin",
                                            "relu", "quadratic(0.3)", "softplus"};
  Settings s;
  s.activation = activations[gen() % 7];
  s.depth = 2 + (int)(gen() % 3);
  s.widths = "[" + std::to_string(1 + gen() % 9) + "]";
  s.ratios = "[";
  for (int l = 1; l < s.depth; l++) s.ratios += (l > 1 ? ", " : "") + std::to_string(1 + gen() % 3);
  s.ratios += "]";
  s.outputs = 1 + (int)(gen() % 3);
  s.C_b = random_list(gen, s.depth, true);
  s.C_W = random_list(gen, s.depth, false);
  s.lambda_b = random_list(gen, s.depth, true);
  s.lambda_W = random_list(gen, s.depth, false);
  s.train = 1 + (int)(gen() % 6);
  s.test = (int)(gen() % 4);
  s.eta = "0.03";
  return s;
}

struct Trial {
  explicit Trial(std::mt19937_64 &gen) : Trial(random_settings(gen), gen) {}
  Trial(const Settings &settings, std::mt19937_64 &gen) : Trial(settings, 1 + gen() % 9, gen) {}
  Trial(const Wired &w, std::mt19937_64 &gen) : Trial(w.s, w.inputs, gen) {}
  Trial(const Settings &settings, size_t inputs, std::mt19937_64 &gen)
      : s(settings),
        ex(yaml(s)),
        data((size_t)s.train, (size_t)s.test, inputs, (size_t)s.outputs, (unsigned)gen()),
        eta(0.18 / std::max(6, s.train)) {
    pdlt_error err = {};
    EXPECT_EQ(pdlt_samples_new(&problem, &ex.c, &data.c, &err), PDLT_OK) << err.message;
    EXPECT_EQ(pdlt_network_new(&net, &ex.c, ex.c.network.widths[0], data.c.inputs, &err), PDLT_OK);
    theta.resize(net.num_params);
    pdlt_network_draw(&net, 5, 3, theta.data());
  }
  ~Trial() {
    pdlt_network_free(&net);
    pdlt_samples_free(&problem);
  }
  Settings s;
  Experiment ex;
  Data data;
  double eta;
  pdlt_samples problem = {};
  pdlt_network net = {};
  std::vector<double> theta;
};

// What is left of training u for some steps: outputs of all samples, then the weights.
std::vector<double> train(Trial &u, const pdlt_simd_set *set, pdlt_first_layer first, int single,
                          pdlt_stepper *reused) {
  pdlt_stepper own = {}, *st = reused != nullptr ? reused : &own;
  const size_t outputs = u.problem.outputs * u.problem.samples;
  std::vector<double> found(outputs);
  if (reused == nullptr) {
    const pdlt_step_settings settings = {u.eta, first, single, set};
    EXPECT_EQ(pdlt_stepper_new(&own, &u.net, &u.problem, &settings, nullptr), PDLT_OK);
  }
  std::copy(u.theta.begin(), u.theta.end(), st->theta);
  pdlt_stepper_begin(st);
  for (int step = 0; step < 4; step++) {
    pdlt_stepper_forward(st);
    pdlt_stepper_update(st);
  }
  pdlt_stepper_forward(st);
  pdlt_stepper_output(st, found.data());
  pdlt_stepper_weights(st);
  found.insert(found.end(), st->theta, st->theta + u.net.num_params);
  pdlt_stepper_free(&own);
  return found;
}

// Fast and naive outputs over some steps, by one instruction set.
void compare_training(Trial &u, pdlt_first_layer first, const pdlt_simd_set *set) {
  pdlt_stepper st = {};
  pdlt_error err = {};
  const pdlt_step_settings settings = {u.eta, first, 0, set};
  ASSERT_EQ(pdlt_stepper_new(&st, &u.net, &u.problem, &settings, &err), PDLT_OK);
  std::copy(u.theta.begin(), u.theta.end(), st.theta);
  std::vector<double> naive_theta = u.theta;
  const size_t outputs = u.problem.outputs * u.problem.samples;
  std::vector<double> fast(outputs), naive(outputs);
  pdlt_stepper_begin(&st);
  for (int step = 0; step < 5; step++) {
    pdlt_stepper_forward(&st);
    pdlt_stepper_output(&st, fast.data());
    ASSERT_EQ(pdlt_reference_output(&u.net, &u.problem, naive_theta.data(), naive.data(), &err),
              PDLT_OK);
    for (size_t i = 0; i < outputs; i++)
      ASSERT_NEAR(fast[i], naive[i], 1e-11 * (1 + std::fabs(naive[i])))
          << set->name << " step " << step << "\n"
          << yaml(u.s);
    pdlt_stepper_update(&st);
    ASSERT_EQ(pdlt_reference_step(&u.net, &u.problem, u.eta, naive_theta.data(), &err), PDLT_OK);
  }
  // Weights of the layers above the first are there to be read after training; z of the first too.
  pdlt_stepper_weights(&st);
  const size_t units = pdlt_layer_units(&u.net.layer[0]), D = u.problem.samples;
  std::vector<double> first_z(units * D);
  size_t all = 0;
  for (int k = 0; k < u.net.depth; k++) all += pdlt_layer_units(&u.net.layer[k]);
  std::vector<double> z(all);
  pdlt_stepper_first(&st, first_z.data());
  for (size_t a = 0; a < D; a++) {
    pdlt_reference_forward(&u.net, naive_theta.data(), u.data.x.data() + a * u.data.c.inputs,
                           z.data());
    for (size_t i = 0; i < units; i++)
      ASSERT_NEAR(first_z[i * D + a], z[i], 1e-11 * (1 + std::fabs(z[i]))) << yaml(u.s);
  }
  for (size_t mu = u.net.layer[1].weight; mu < u.net.num_params; mu++)
    ASSERT_NEAR(st.theta[mu], naive_theta[mu], 1e-11 * (1 + std::fabs(naive_theta[mu])));
  pdlt_stepper_free(&st);
}

// By every instruction set, with layer 1 moved in both ways.
void compare_all_sets(Trial &u) {
  for (int k = 0; pdlt_simd_get(k) != nullptr; k++)
    for (pdlt_first_layer first : {PDLT_FIRST_WEIGHTS, PDLT_FIRST_SAMPLES, PDLT_FIRST_AUTO}) {
      compare_training(u, first, pdlt_simd_get(k));
      if (testing::Test::HasFatalFailure()) return;
    }
}

// Single precision against double, by every instruction set.
void expect_single_is_double(Trial &u) {
  const size_t outputs = u.problem.outputs * u.problem.samples;
  for (int k = 0; pdlt_simd_get(k) != nullptr; k++)
    for (pdlt_first_layer first : {PDLT_FIRST_WEIGHTS, PDLT_FIRST_SAMPLES}) {
      const std::vector<double> in_double = train(u, pdlt_simd_get(k), first, 0, nullptr);
      const std::vector<double> in_single = train(u, pdlt_simd_get(k), first, 1, nullptr);
      double size = 1, moved = 0;
      for (size_t i = 0; i < outputs; i++) {
        size = std::fmax(size, std::fabs(in_double[i]));
        moved = std::fmax(moved, std::fabs(in_single[i] - in_double[i]));
      }
      EXPECT_GT(moved, 0) << "not in single precision\n" << yaml(u.s);
      for (size_t i = 0; i < in_double.size(); i++)
        ASSERT_NEAR(in_single[i], in_double[i],
                    2e-5 * size * (i < outputs ? 1 : 1 + std::fabs(in_double[i])))
            << pdlt_simd_get(k)->name << "\n"
            << yaml(u.s);
    }
}

}  // namespace

TEST(TrainerStep, FastStepIsThePlainLoop) {
  std::mt19937_64 gen(11);
  for (int trial = 0; trial < 60; trial++) {
    Trial u(gen);
    compare_all_sets(u);
    if (HasFatalFailure()) return;
  }
}

TEST(TrainerStep, WithSkipsItIsThePlainLoopToo) {
  std::mt19937_64 gen(71);
  for (int trial = 0; trial < 60; trial++) {
    Settings s = skipped(random_settings(gen), (unsigned)trial);
    if (s.activation == "quadratic(0.3)") s.activation = "sin"; /* stays finite */
    if (trial % 8 == 0) s.train = trial % 16 == 0 ? 16 : 33;
    Trial u(s, gen);
    u.eta /= 4;
    compare_all_sets(u);
    expect_single_is_double(u);
    if (HasFailure()) return;
  }
  for (int trial = 0; trial < 40; trial++) {
    Wired w = random_residual(gen, {"tanh", "linear", "gelu", "sin", "relu", "softplus"});
    if (trial % 8 == 0) w.s.train = trial % 16 == 0 ? 16 : 33;
    Trial u(w, gen);
    u.eta /= (double)w.inputs;
    compare_all_sets(u);
    expect_single_is_double(u);
    if (HasFailure()) return;
  }
}

TEST(TrainerStep, SingleIsDoubleUpToRounding) {
  std::mt19937_64 gen(21);
  for (int trial = 0; trial < 40; trial++) {
    Trial u(gen);
    expect_single_is_double(u);
    if (HasFatalFailure()) return;
  }
}

// Every kind of wiring; 16 and 33 samples fill vectors, others are padded.
TEST(TrainerStep, WithPositionsItIsThePlainLoopToo) {
  std::mt19937_64 gen(51);
  for (int trial = 0; trial < 40; trial++) {
    Wired w = random_wired(gen, {"tanh", "linear", "gelu", "sin", "relu", "softplus"});
    if (trial % 8 == 0) w.s.train = trial % 16 == 0 ? 16 : 33;
    Trial u(w, gen);
    u.eta /= (double)w.inputs;
    compare_all_sets(u);
    expect_single_is_double(u);
    if (HasFailure()) return;
  }
}

// Panels of channels that fill vectors, and more rows than a block has.
TEST(TrainerStep, WithManyChannels) {
  std::mt19937_64 gen(61);
  const struct {
    const char *widths;
    int train;
  } cases[] = {{"[8]", 3}, {"[16]", 8}, {"[19]", 17}, {"[33]", 2}};
  for (const auto &c : cases) {
    Settings s;
    s.depth = 3;
    s.widths = c.widths;
    s.outputs = 2;
    s.train = c.train;
    s.more_network =
        "  input: {shape: [2, 3], channels: 2}\n"
        "  layers:\n    - {conv: 3, padding: circular}\n    - {conv: [1, 2], padding: zero}\n"
        "    - dense\n";
    Trial u(s, 12, gen);
    u.eta /= 12;
    compare_all_sets(u);
    expect_single_is_double(u);
    if (HasFailure()) return;
  }
}

TEST(TrainerStep, EveryNumberOfSamplesLeftOver) {
  std::mt19937_64 gen(31);
  for (int train = 1; train <= 35; train++) {
    Settings s;
    s.widths = "[" + std::to_string(1 + gen() % 40) + "]";
    s.activation = train % 2 == 0 ? "tanh" : "softplus";
    s.outputs = 1 + (int)(gen() % 4);
    s.train = train;
    s.test = (int)(gen() % 12);
    Trial u(s, gen);
    compare_all_sets(u);
    expect_single_is_double(u);
    if (HasFatalFailure()) return;
  }
}

TEST(TrainerStep, ADivergedNetworkLeavesNothingToTheNext) {
  std::mt19937_64 gen(41);
  for (int trial = 0; trial < 20; trial++) {
    Settings s;
    s.widths = "[" + std::to_string(1 + gen() % 20) + "]";
    s.activation = "softplus";
    s.outputs = 1 + (int)(gen() % 3);
    s.train = 1 + (int)(gen() % 20);
    s.test = 2;
    Trial u(s, gen);
    for (int k = 0; pdlt_simd_get(k) != nullptr; k++)
      for (pdlt_first_layer first : {PDLT_FIRST_WEIGHTS, PDLT_FIRST_SAMPLES}) {
        const std::vector<double> fresh = train(u, pdlt_simd_get(k), first, 0, nullptr);
        pdlt_stepper st = {};
        const pdlt_step_settings settings = {u.eta, first, 0, pdlt_simd_get(k)};
        ASSERT_EQ(pdlt_stepper_new(&st, &u.net, &u.problem, &settings, nullptr), PDLT_OK);
        std::fill(st.theta, st.theta + u.net.num_params, 1e200);
        pdlt_stepper_begin(&st);
        for (int step = 0; step < 3; step++) {
          pdlt_stepper_forward(&st);
          pdlt_stepper_update(&st);
        }
        EXPECT_EQ(train(u, pdlt_simd_get(k), first, 0, &st), fresh) << yaml(s);
        pdlt_stepper_free(&st);
      }
  }
}

TEST(TrainerStep, GradientIsTheFiniteDifference) {
  std::mt19937_64 gen(12);
  for (int trial = 0; trial < 36; trial++) {
    const Settings s = random_settings(gen);
    Trial u = trial < 12   ? Trial(s, gen)
              : trial < 24 ? Trial(skipped(s, (unsigned)trial), gen)
                           : Trial(random_residual(gen, {"tanh", "sin", "softplus"}), gen);
    if (u.s.activation == "relu") continue;  // has no derivative at its kink
    pdlt_error err = {};
    std::vector<double> grad(u.net.num_params),
        x(u.data.x.begin(), u.data.x.begin() + (long)u.data.c.inputs);
    for (int l = 1; l <= u.net.depth; l++) {
      const size_t i = gen() % pdlt_layer_units(&u.net.layer[l - 1]);
      size_t at = i, neurons = 0;
      for (int k = 0; k + 1 < l; k++) at += pdlt_layer_units(&u.net.layer[k]);
      for (int k = 0; k < u.net.depth; k++) neurons += pdlt_layer_units(&u.net.layer[k]);
      std::vector<double> z(neurons);
      ASSERT_EQ(pdlt_reference_gradient(&u.net, u.theta.data(), x.data(), l, i, grad.data(), &err),
                PDLT_OK);
      for (size_t mu = 0; mu < u.net.num_params; mu++) {
        std::vector<double> theta = u.theta;
        const double h = 1e-5;
        theta[mu] += h;
        pdlt_reference_forward(&u.net, theta.data(), x.data(), z.data());
        const double up = z[at];
        theta[mu] -= 2 * h;
        pdlt_reference_forward(&u.net, theta.data(), x.data(), z.data());
        ASSERT_NEAR((up - z[at]) / (2 * h), grad[mu], 1e-7 * (1 + std::fabs(grad[mu])))
            << "layer " << l << " parameter " << mu << "\n"
            << yaml(u.s);
      }
    }
  }
}

TEST(TrainerStep, DrawHasTheVariancesAskedFor) {
  Settings s;
  s.C_b = "[0.3, 0, 2]";
  s.C_W = "[1.5, 0.5, 3]";
  s.widths = "[60]";
  Experiment ex(yaml(s));
  pdlt_network net = {};
  pdlt_error err = {};
  ASSERT_EQ(pdlt_network_new(&net, &ex.c, 60, 50, &err), PDLT_OK);
  std::vector<double> theta(net.num_params), again(net.num_params);
  pdlt_network_draw(&net, 1, 2, theta.data());
  pdlt_network_draw(&net, 1, 2, again.data());
  EXPECT_EQ(theta, again);
  pdlt_network_draw(&net, 1, 3, again.data());
  EXPECT_NE(theta, again);
  for (int k = 0; k < 2; k++) {  // 3000 and 3600 weights: 5 sigma of the variance is 13 %
    const pdlt_layer &layer = net.layer[k];
    double sum = 0;
    const size_t count = layer.in * layer.out;
    for (size_t i = 0; i < count; i++) sum += std::pow(theta[layer.weight + i], 2);
    EXPECT_NEAR(sum / (double)count * (double)layer.in / layer.C_W, 1, 0.13);
  }
  for (size_t i = 0; i < 60; i++) EXPECT_EQ(theta[net.layer[1].bias + i], 0);
  pdlt_network_negate_last(&net, again.data());
  pdlt_network_draw(&net, 1, 3, theta.data());
  const pdlt_layer &last = net.layer[2];
  for (size_t mu = 0; mu < net.num_params; mu++)
    EXPECT_EQ(again[mu], mu < last.weight ? theta[mu] : -theta[mu]);
  pdlt_network_free(&net);
}

TEST(TrainerStep, SetupSurvivesFailingAllocations) {
  std::mt19937_64 gen(4);
  Trial u(gen);
  const pdlt_step_settings settings = {0.1, PDLT_FIRST_AUTO, 0, nullptr};
  int failures = 0;
  for (long calls = 0; calls < 2; calls++) {
    pdlt_stepper st = {};
    pdlt_ntk ntk = {};
    pdlt_error err = {};
    pdlt_memory_fail_after(calls);
    failures += pdlt_stepper_new(&st, &u.net, &u.problem, &settings, &err) == PDLT_ERR_MEMORY;
    pdlt_memory_fail_after(calls);
    failures += pdlt_ntk_new(&ntk, &u.net, &u.problem, &err) == PDLT_ERR_MEMORY;
    pdlt_memory_fail_after(-1);
    EXPECT_EQ(st.storage, nullptr);
    EXPECT_EQ(ntk.storage, nullptr);
  }
  EXPECT_EQ(failures, 4);
}
