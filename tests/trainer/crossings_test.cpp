// Neurons across the kink against loops over neurons of networks trained in plain loops.
#include "trainer/measure/crossings.h"

#include <gtest/gtest.h>

#include "tests/trainer/support.h"
#include "trainer/draw/member.h"

using namespace trainer_test;

namespace {

using Vector = std::vector<double>;

struct Case {
  Case(const Settings &settings, size_t inputs, unsigned seed)
      : s(settings),
        ex(yaml(s)),
        data((size_t)s.train, (size_t)s.test, inputs, (size_t)s.outputs, seed) {
    pdlt_error err = {};
    EXPECT_EQ(pdlt_samples_new(&problem, &ex.c, &data.c, &err), PDLT_OK);
    EXPECT_EQ(pdlt_network_new(&net, &ex.c, ex.c.network.widths[0], inputs, &err), PDLT_OK);
    EXPECT_EQ(pdlt_crossings_new(&crossings, &net, &problem, &err), PDLT_OK);
    theta.resize(net.num_params);
  }
  ~Case() {
    pdlt_crossings_free(&crossings);
    pdlt_network_free(&net);
    pdlt_samples_free(&problem);
  }
  // Signs of the preactivations of hidden neurons, layer by layer, (n_l, D) each.
  std::vector<std::vector<bool>> signs(const Vector &at) const {
    const size_t D = problem.samples;
    std::vector<std::vector<bool>> out;
    for (int k = 0; k + 1 < net.depth; k++) out.emplace_back(net.layer[k].out * D);
    for (size_t a = 0; a < D; a++) {
      Vector z(1000);
      pdlt_reference_forward(&net, at.data(), data.x.data() + a * data.c.inputs, z.data());
      size_t first = 0;
      for (size_t k = 0; k < out.size(); first += net.layer[k++].out)
        for (size_t i = 0; i < net.layer[k].out; i++) out[k][i * D + a] = z[first + i] > 0;
    }
    return out;
  }
  // Shares (T, L-1, D) of a network that starts at theta and is trained in plain loops.
  Vector literal() const {
    const size_t D = problem.samples;
    const std::vector<std::vector<bool>> start = signs(theta);
    Vector at = theta, out;
    pdlt_error err = {};
    long step = 0;
    for (size_t t = 0; t < ex.c.training.num_record; t++) {
      for (; (double)step < ex.c.training.record[t]; step++)
        EXPECT_EQ(pdlt_reference_step(&net, &problem, ex.c.training.eta, at.data(), &err), PDLT_OK);
      const std::vector<std::vector<bool>> now = signs(at);
      for (size_t k = 0; k < now.size(); k++)
        for (size_t a = 0; a < D; a++) {
          const size_t n = net.layer[k].out;
          double count = 0;
          for (size_t i = 0; i < n; i++) count += now[k][i * D + a] != start[k][i * D + a];
          out.push_back(count / (double)n);
        }
    }
    return out;
  }
  Settings s;
  Experiment ex;
  Data data;
  pdlt_samples problem = {};
  pdlt_network net = {};
  pdlt_crossings crossings = {};
  Vector theta;
};

double sum(const Vector &x) {
  double all = 0;
  for (double value : x) all += value;
  return all;
}

// Three layers of which the second hidden one is twice as wide; steps that move many neurons.
Settings small() {
  Settings s;
  s.activation = "leaky_relu(0.2)";
  s.widths = "[6]";
  s.ratios = "[1, 2]";
  s.outputs = 2;
  s.C_W = "[0.8, 1.4, 0.7]";
  s.lambda_W = "[1.3, 0.6, 1.7]";
  s.lambda_b = "[0.3, 0, 0.8]";
  s.measure = "[output, crossings]";
  return s;
}

}  // namespace

TEST(TrainerCrossings, AreThoseOfALoopOverNeurons) {
  std::mt19937_64 gen(17);
  double crossed = 0;
  for (int trial = 0; trial < 48; trial++) {
    Settings s = random_network(gen, {"relu", "leaky_relu(0.3)", "leaky_relu(-0.5)"});
    if (trial >= 24) s = skipped(s, (unsigned)trial);
    s.widths = "[" + std::to_string(1 + gen() % 9) + "]";
    s.measure = "[output, crossings]";
    Case c(s, 1 + gen() % 4, (unsigned)gen());
    pdlt_network_draw(&c.net, 1, (uint64_t)trial, c.theta.data());
    const Vector slow = c.literal();
    crossed += sum(slow);
    for (const pdlt_first_layer first : {PDLT_FIRST_WEIGHTS, PDLT_FIRST_SAMPLES}) {
      pdlt_stepper stepper = {};
      pdlt_error err = {};
      const pdlt_step_settings settings = {c.ex.c.training.eta, first, 0, nullptr};
      ASSERT_EQ(pdlt_stepper_new(&stepper, &c.net, &c.problem, &settings, &err), PDLT_OK);
      std::copy(c.theta.begin(), c.theta.end(), stepper.theta);
      const pdlt_schedule schedule = pdlt_schedule_make(&c.ex.c, &c.problem);
      Vector z(schedule.num_times * c.problem.outputs * c.problem.samples), fast(slow.size(), -1);
      pdlt_member_probe probe = {};
      probe.crossings = &c.crossings;
      probe.crossed = fast.data();
      EXPECT_EQ(pdlt_member_train_probed(&stepper, &schedule, nullptr, z.data(), &probe, nullptr),
                PDLT_MEMBER_DONE);
      EXPECT_EQ(fast, slow) << trial;
      pdlt_stepper_free(&stepper);
    }
  }
  EXPECT_GT(crossed, 5);
}

// Plain and in pairs, the mean over networks; both of a pair count.
TEST(TrainerCrossings, AreAveragedOverNetworks) {
  for (const char *estimator : {"plain", "antithetic"}) {
    Settings s = small();
    s.estimator = estimator;
    s.members = 70;
    Case c(s, 3, 8);
    const bool pairs = s.estimator == "antithetic";
    const size_t numbers = c.problem.samples * 2, times = 3;
    Vector mean(times * numbers);
    for (uint64_t member = 0; member < 70; member++) {
      pdlt_network_draw(&c.net, (uint64_t)s.seed, member, c.theta.data());
      for (int sign = 0; sign < (pairs ? 2 : 1); sign++) {
        if (sign == 1) pdlt_network_negate_last(&c.net, c.theta.data());
        const Vector one = c.literal();
        for (size_t i = 0; i < one.size(); i++) mean[i] += one[i] / (pairs ? 140 : 70);
      }
    }
    Archive out;
    run(s, c.data, 2, &out);
    ASSERT_EQ(out.count("n6/crossings"), mean.size());
    for (size_t i = 0; i < mean.size(); i++) {
      EXPECT_NEAR(out.at("n6/crossings", i), mean[i], 1e-13) << estimator << i;
      if (i < numbers) {
        EXPECT_EQ(out.at("n6/crossings", i), 0);
      }
    }
    EXPECT_GT(mean[times * numbers - 1], 0.01);
  }
}

// Controls of the outputs leave the trained networks as they are: the same pairs, the same shares.
// The same bytes for any number of threads; sums over blocks are those of one block.
TEST(TrainerCrossings, AreThoseOfThePairsWhateverControlsTheMean) {
  const Data data(3, 2, 3, 2, 4);
  Settings s = small();
  s.members = 192;
  s.estimator = "antithetic";
  Archive pairs;
  run(s, data, 1, &pairs);
  for (const char *estimator : {"two_level", "control"}) {
    s.estimator = estimator;
    for (int threads : {1, 3}) {
      Archive out;
      run(s, data, threads, &out);
      for (const char *name : {"n6/crossings", "n6/blocks/crossings"}) {
        ASSERT_GT(pairs.count(name), 0u);
        ASSERT_EQ(out.count(name), pairs.count(name));
        for (size_t i = 0; i < out.count(name); i++) EXPECT_EQ(out.at(name, i), pairs.at(name, i));
      }
    }
  }
}

// In float a neuron crosses unless it is within rounding of the kink; the start is the float's own.
TEST(TrainerCrossings, InSinglePrecision) {
  const Data data(3, 2, 3, 2, 4);
  Settings s = small();
  Archive exact, single;
  run(s, data, 1, &exact);
  s.more_ensemble = "  arithmetic: single\n";
  run(s, data, 1, &single);
  const size_t count = exact.count("n6/crossings");
  ASSERT_EQ(single.count("n6/crossings"), count);
  double moved = 0;
  for (size_t i = 0; i < count; i++) {
    moved += exact.at("n6/crossings", i);
    EXPECT_NEAR(single.at("n6/crossings", i), exact.at("n6/crossings", i), 1e-3) << i;
    if (i < count / 3) {
      EXPECT_EQ(single.at("n6/crossings", i), 0) << i;
    }
  }
  EXPECT_GT(moved, 0.1);
}

// Steps too small to move anyone; and a network that diverges is not counted.
TEST(TrainerCrossings, NobodyMovesWithoutSteps) {
  const Data data(3, 2, 3, 2, 4);
  Settings s = small();
  s.eta = "1e-14";
  Archive out;
  run(s, data, 1, &out);
  for (size_t i = 0; i < out.count("n6/crossings"); i++) EXPECT_EQ(out.at("n6/crossings", i), 0);
  s.eta = "0.6";
  s.steps = "60";
  s.record = "[0, 60]";
  Archive wild;
  run(s, data, 1, &wild);
  EXPECT_GT(wild.at("n6/diverged"), 0);
  EXPECT_LT(wild.at("n6/diverged"), 200);
  for (size_t i = 0; i < wild.count("n6/crossings"); i++) {
    EXPECT_GE(wild.at("n6/crossings", i), 0);
    EXPECT_LE(wild.at("n6/crossings", i), 1);
  }
}

// One sample, two layers of ReLU, one step: a neuron at s moves by - eta eps omega Theta of its layer
// and its sample when it is on, and not when it is off, so that the share that crosses is
// h^(1/2) eta Theta E|omega| E|eps|/(2 sqrt(2 pi K)) with omega ~ N(0, C_W), eps = z - y,
// z ~ N(0, C_W K/2), up to the next power.
TEST(TrainerCrossings, ShareAfterOneStep) {
  Settings s;
  s.activation = "relu";
  s.depth = 2;
  s.widths = "[400]";
  s.C_b = "0";
  s.C_W = "2";
  s.lambda_b = "0";
  s.lambda_W = "1";
  s.train = 1;
  s.test = 0;
  s.eta = "0.5";
  s.steps = "1";
  s.record = "[0, 1]";
  s.measure = "[output, crossings]";
  s.members = 8192;
  s.estimator = "antithetic";
  const Data data(1, 0, 2, 1, 4);
  const double size = (data.x[0] * data.x[0] + data.x[1] * data.x[1]) / 2, y = data.y[0];
  const double K = 2 * size, theta = size, spread = std::sqrt(K), pi = std::acos(-1.0);
  const double eps = spread * std::sqrt(2 / pi) * std::exp(-y * y / (2 * K)) +
                     y * std::erf(y / (spread * std::sqrt(2.0)));
  const double omega = std::sqrt(2.0) * std::sqrt(2 / pi);
  const double half = 0.5 * theta * omega * eps / (2 * std::sqrt(2 * pi * K));
  Archive out;
  run(s, data, 2, &out);
  const double share = out.at("n400/crossings", 1), se = out.at("n400/crossings_se", 1);
  EXPECT_LT(se, 0.02 * share);
  EXPECT_NEAR(share, half / 20, 5 * se + half / 400);
}

TEST(TrainerCrossings, MemoryFailuresLeaveNothing) {
  Settings s = small();
  Case c(s, 3, 1);
  pdlt_crossings crossings = {};
  pdlt_error err = {};
  for (long failures = 0; failures < 2; failures++) {
    pdlt_memory_fail_after(failures);
    EXPECT_EQ(pdlt_crossings_new(&crossings, &c.net, &c.problem, &err), PDLT_ERR_MEMORY);
    pdlt_memory_fail_after(-1);
    EXPECT_EQ(crossings.storage, nullptr);
  }
}
