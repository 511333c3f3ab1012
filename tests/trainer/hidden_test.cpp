// Mean square preactivations of hidden layers against loops over neurons of networks trained in plain
// loops.
#include "trainer/measure/hidden.h"

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
    EXPECT_EQ(pdlt_hidden_new(&hidden, &net, &problem, &err), PDLT_OK);
    theta.resize(net.num_params);
  }
  ~Case() {
    pdlt_hidden_free(&hidden);
    pdlt_network_free(&net);
    pdlt_samples_free(&problem);
  }
  size_t numbers() const { return (size_t)(net.depth - 1) * problem.samples; }
  // Preactivations of all neurons at sample a, layer by layer.
  Vector preactivations(const Vector &at, size_t a) const {
    Vector z(1000);
    pdlt_reference_forward(&net, at.data(), data.x.data() + a * data.c.inputs, z.data());
    return z;
  }
  // q (L-1, D) of the network as it is.
  Vector squares(const Vector &at) const {
    const size_t D = problem.samples;
    Vector out(numbers());
    for (size_t a = 0; a < D; a++) {
      const Vector z = preactivations(at, a);
      size_t first = 0;
      for (size_t k = 0; k + 1 < (size_t)net.depth; first += net.layer[k++].out)
        for (size_t i = 0; i < net.layer[k].out; i++)
          out[k * D + a] += z[first + i] * z[first + i] / (double)net.layer[k].out;
    }
    return out;
  }
  // q (L-1, D) of a draw, the layer's own parameters integrated out.
  Vector integrated(const Vector &at) const {
    const size_t D = problem.samples, inputs = data.c.inputs;
    Vector out(numbers());
    for (size_t a = 0; a < D; a++) {
      const Vector z = preactivations(at, a);
      Vector below(data.x.begin() + (long)(a * inputs), data.x.begin() + (long)((a + 1) * inputs));
      size_t first = 0;
      for (size_t k = 0; k + 1 < (size_t)net.depth; first += net.layer[k++].out) {
        double sum = 0;
        for (double value : below) sum += value * value;
        out[k * D + a] = net.layer[k].C_b + net.layer[k].C_W * sum / (double)below.size();
        for (size_t i = 0; i < net.layer[k].out && net.layer[k].skip != 0; i++)
          out[k * D + a] += std::pow(net.layer[k].skip * z[first - net.layer[k].out + i], 2) /
                            (double)net.layer[k].out;
        below.assign(net.layer[k].out, 0);
        for (size_t i = 0; i < below.size(); i++)
          below[i] = pdlt_activation_eval(&net.activation, 0, z[first + i]);
      }
    }
    return out;
  }
  // Mean square change (L-1, D) of the preactivations between two networks.
  Vector distances(const Vector &at, const Vector &from) const {
    const size_t D = problem.samples;
    Vector out(numbers());
    for (size_t a = 0; a < D; a++) {
      const Vector z = preactivations(at, a), before = preactivations(from, a);
      size_t first = 0;
      for (size_t k = 0; k + 1 < (size_t)net.depth; first += net.layer[k++].out)
        for (size_t i = first; i < first + net.layer[k].out; i++)
          out[k * D + a] += std::pow(z[i] - before[i], 2) / (double)net.layer[k].out;
    }
    return out;
  }
  // q (T, L-1, D) of a network that starts at theta and is trained in plain loops; *moved (T, L-1, D)
  // how far its neurons have gone.
  Vector literal(Vector *moved) const {
    Vector at = theta, out;
    moved->clear();
    pdlt_error err = {};
    long step = 0;
    for (size_t t = 0; t < ex.c.training.num_record; t++) {
      for (; (double)step < ex.c.training.record[t]; step++)
        EXPECT_EQ(pdlt_reference_step(&net, &problem, ex.c.training.eta, at.data(), &err), PDLT_OK);
      const Vector now = squares(at), far = distances(at, theta);
      out.insert(out.end(), now.begin(), now.end());
      moved->insert(moved->end(), far.begin(), far.end());
    }
    return out;
  }
  Settings s;
  Experiment ex;
  Data data;
  pdlt_samples problem = {};
  pdlt_network net = {};
  pdlt_hidden hidden = {};
  Vector theta;
};

// Three layers of which the second hidden one is twice as wide; steps that move neurons.
Settings small() {
  Settings s;
  s.activation = "tanh";
  s.widths = "[6]";
  s.ratios = "[1, 2]";
  s.outputs = 2;
  s.C_W = "[0.8, 1.4, 0.7]";
  s.lambda_W = "[1.3, 0.6, 1.7]";
  s.lambda_b = "[0.3, 0, 0.8]";
  s.measure = "[output, hidden]";
  return s;
}

// The same bits in two archives; both hold the array.
void expect_same(const Archive &a, const Archive &b, const std::string &name) {
  ASSERT_GT(a.count(name), 0u) << name;
  ASSERT_EQ(a.count(name), b.count(name)) << name;
  for (size_t i = 0; i < a.count(name); i++) EXPECT_EQ(a.at(name, i), b.at(name, i)) << name << i;
}

}  // namespace

TEST(TrainerHidden, IsThatOfALoopOverNeurons) {
  std::mt19937_64 gen(23);
  double moved = 0;
  for (int trial = 0; trial < 48; trial++) {
    Settings s = random_network(gen, {"tanh", "relu", "gelu", "sin"});
    if (trial >= 24) s = skipped(s, (unsigned)trial);
    s.widths = "[" + std::to_string(1 + gen() % 9) + "]";
    s.measure = "[output, hidden]";
    Case c(s, 1 + gen() % 4, (unsigned)gen());
    pdlt_network_draw(&c.net, 1, (uint64_t)trial, c.theta.data());
    Vector far;
    const Vector slow = c.literal(&far), drawn = c.integrated(c.theta);
    Vector start(c.numbers());
    pdlt_hidden_draw(&c.hidden, c.theta.data(), start.data());
    for (size_t i = 0; i < drawn.size(); i++) EXPECT_NEAR(start[i], drawn[i], 1e-13 * drawn[i]);
    for (const pdlt_first_layer first : {PDLT_FIRST_WEIGHTS, PDLT_FIRST_SAMPLES}) {
      pdlt_stepper stepper = {};
      pdlt_error err = {};
      const pdlt_step_settings settings = {c.ex.c.training.eta, first, 0, nullptr};
      ASSERT_EQ(pdlt_stepper_new(&stepper, &c.net, &c.problem, &settings, &err), PDLT_OK);
      std::copy(c.theta.begin(), c.theta.end(), stepper.theta);
      const pdlt_schedule schedule = pdlt_schedule_make(&c.ex.c, &c.problem);
      Vector z(schedule.num_times * c.problem.outputs * c.problem.samples);
      Vector q(slow.size(), -1), change(slow.size(), -1), gone(slow.size(), -1);
      pdlt_member_probe probe = {};
      probe.hidden = &c.hidden;
      probe.layers = {q.data(), change.data(), gone.data()};
      EXPECT_EQ(pdlt_member_train_probed(&stepper, &schedule, nullptr, z.data(), &probe, nullptr),
                PDLT_MEMBER_DONE);
      for (size_t i = 0; i < slow.size(); i++) {
        const double since = slow[i] - slow[i % c.numbers()];
        EXPECT_NEAR(q[i], slow[i], 1e-12 * (1 + slow[i])) << trial;
        EXPECT_NEAR(change[i], since, 1e-12 * (1 + slow[i])) << trial;
        EXPECT_NEAR(gone[i], far[i], 1e-12 * (1 + slow[i])) << trial;
        moved += std::fabs(since);
      }
      pdlt_stepper_free(&stepper);
    }
  }
  EXPECT_GT(moved, 5);
}

// Plain and in pairs, the means over networks; both of a pair count in training, one at the start.
TEST(TrainerHidden, IsAveragedOverNetworks) {
  for (const char *estimator : {"plain", "antithetic"}) {
    Settings s = small();
    s.estimator = estimator;
    s.members = 70;
    Case c(s, 3, 8);
    const bool pairs = s.estimator == "antithetic";
    const size_t numbers = c.numbers(), times = 3;
    Vector mean(times * numbers), gone(times * numbers), start(numbers), far;
    for (uint64_t member = 0; member < 70; member++) {
      pdlt_network_draw(&c.net, (uint64_t)s.seed, member, c.theta.data());
      const Vector drawn = c.integrated(c.theta);
      for (size_t i = 0; i < numbers; i++) start[i] += drawn[i] / 70;
      for (int sign = 0; sign < (pairs ? 2 : 1); sign++) {
        if (sign == 1) pdlt_network_negate_last(&c.net, c.theta.data());
        const Vector one = c.literal(&far);
        for (size_t i = 0; i < one.size(); i++) {
          mean[i] += one[i] / (pairs ? 140 : 70);
          gone[i] += far[i] / (pairs ? 140 : 70);
        }
      }
    }
    Archive out;
    run(s, c.data, 2, &out);
    ASSERT_EQ(out.count("n6/q_t"), mean.size());
    ASSERT_EQ(out.count("n6/q_change"), mean.size());
    ASSERT_EQ(out.count("n6/q_0"), numbers);
    const size_t D = c.problem.samples, hidden = numbers / D;
    for (size_t i = 0; i < mean.size(); i++) {
      const size_t at =
          i / numbers * D + i % D;  // of its time and sample in the array of its layer
      const std::string layer = "n6/layer" + std::to_string(i % numbers / D + 1);
      EXPECT_EQ(out.count(layer + "/q_t"), times * D);
      EXPECT_NEAR(out.at(layer + "/q_t", at), mean[i], 1e-12) << estimator << i;
      EXPECT_NEAR(out.at("n6/q_t", i), mean[i], 1e-12) << estimator << i;
      EXPECT_NEAR(out.at("n6/q_change", i), mean[i] - mean[i % numbers], 1e-12) << estimator << i;
      EXPECT_NEAR(out.at("n6/q_moved", i), gone[i], 1e-12) << estimator << i;
      if (i < numbers) {
        EXPECT_EQ(out.at("n6/q_change", i), 0);
        EXPECT_EQ(out.at("n6/q_moved", i), 0);
        EXPECT_NEAR(out.at("n6/q_0", i), start[i], 1e-13) << estimator << i;
      }
    }
    EXPECT_GT(std::fabs(out.at("n6/q_change", times * numbers - 1)), 0.001);
    EXPECT_EQ(out.count("n6/layer" + std::to_string(hidden + 1) + "/q_t"), 0u);
  }
}

// Controls of the outputs leave trained networks as they are: the same pairs, the same means. The same
// bytes for any number of threads. At the start all estimators say the same.
TEST(TrainerHidden, IsThatOfThePairsWhateverControlsTheMean) {
  const Data data(3, 2, 3, 2, 4);
  Settings s = small();
  s.members = 192;
  s.estimator = "antithetic";
  Archive pairs;
  run(s, data, 1, &pairs);
  for (const char *estimator : {"two_level", "control", "plain"}) {
    s.estimator = estimator;
    for (int threads : {1, 3}) {
      Archive out;
      run(s, data, threads, &out);
      expect_same(pairs, out, "n6/q_0");
      expect_same(pairs, out, "n6/blocks/q_0");
      if (s.estimator == "plain") continue;
      for (const char *name : {"n6/q_t", "n6/blocks/q_t", "n6/q_change", "n6/blocks/q_change",
                               "n6/q_moved", "n6/blocks/q_moved"})
        expect_same(pairs, out, name);
    }
  }
}

// Without outputs the start alone; with kernels of all layers it is their diagonal.
TEST(TrainerHidden, AtTheStartIsTheKernelOfItsLayer) {
  const Data data(3, 2, 3, 2, 4);
  Settings s = small();
  s.measure = "[kernel, hidden]";
  s.more_ensemble = "";
  Experiment ex(yaml(s));
  pdlt_error err = {};
  pdlt_ensemble_options o = options(2);
  o.layers = 1;
  Archive out;
  ASSERT_EQ(pdlt_ensemble_run(&out.c, &ex.c, &data.c, &o, &err), PDLT_OK) << err.message;
  EXPECT_EQ(out.count("n6/q_t"), 0u);
  EXPECT_EQ(out.count("n6/q_change"), 0u);
  for (size_t l = 0; l < 2; l++)
    for (size_t a = 0; a < 5; a++)
      EXPECT_NEAR(out.at("n6/q_0", l * 5 + a),
                  out.at("n6/layer" + std::to_string(l + 1) + "/K", a * 6), 1e-13);
}

// In float within its rounding; the start is the float's own.
TEST(TrainerHidden, LogarithmsAreThoseOfTheNetworkAsItIs) {
  for (unsigned trial = 0; trial < 6; trial++) {
    std::mt19937_64 gen(trial);
    Case c(random_network(gen, {"tanh", "relu"}), 3, trial);
    pdlt_network_draw(&c.net, 7, trial, c.theta.data());
    Vector logs(c.numbers());
    const Vector q = c.squares(c.theta);
    pdlt_hidden_logs(&c.hidden, c.theta.data(), logs.data());
    for (size_t i = 0; i < q.size(); i++) EXPECT_NEAR(std::exp(logs[i]), q[i], 1e-13 * (1 + q[i]));
  }
}

// Mean and unbiased variance over networks, block by block.
TEST(TrainerHidden, LogarithmsHaveTheirMeanAndVariance) {
  Settings s = small();
  s.measure = "[log_hidden]";
  s.members = 150;
  Case c(s, 3, 8);
  const size_t numbers = c.numbers();
  std::vector<Vector> all;
  Vector mean(numbers), variance(numbers);
  for (uint64_t member = 0; member < 150; member++) {
    pdlt_network_draw(&c.net, (uint64_t)s.seed, member, c.theta.data());
    all.push_back(c.squares(c.theta));
    for (size_t i = 0; i < numbers; i++) mean[i] += (all.back()[i] = std::log(all.back()[i])) / 150;
  }
  for (const Vector &one : all)
    for (size_t i = 0; i < numbers; i++) variance[i] += std::pow(one[i] - mean[i], 2) / 149;
  Archive out, other;
  run(s, c.data, 2, &out);
  run(s, c.data, 1, &other);
  ASSERT_EQ(out.count("n6/log_q"), numbers);
  ASSERT_EQ(out.count("n6/blocks/log_q_variance"), 3 * numbers);
  for (size_t i = 0; i < numbers; i++) {
    EXPECT_NEAR(out.at("n6/log_q", i), mean[i], 1e-13);
    EXPECT_NEAR(out.at("n6/log_q_variance", i), variance[i], 1e-13);
    double first = 0; /* block value of 64 draws: their mean square about the mean of all */
    for (size_t k = 0; k < 64; k++) first += std::pow(all[k][i] - mean[i], 2) / 64;
    EXPECT_NEAR(out.at("n6/blocks/log_q_variance", i), first * 150 / 149, 1e-13);
  }
  expect_same(out, other, "n6/log_q_variance");
}

TEST(TrainerHidden, InSinglePrecision) {
  const Data data(3, 2, 3, 2, 4);
  Settings s = small();
  Archive exact, single;
  run(s, data, 1, &exact);
  s.more_ensemble = "  arithmetic: single\n";
  run(s, data, 1, &single);
  const size_t count = exact.count("n6/q_change");
  ASSERT_EQ(single.count("n6/q_change"), count);
  for (size_t i = 0; i < count; i++) {
    EXPECT_NEAR(single.at("n6/q_t", i), exact.at("n6/q_t", i), 1e-5) << i;
    EXPECT_NEAR(single.at("n6/q_change", i), exact.at("n6/q_change", i), 1e-5) << i;
    EXPECT_NEAR(single.at("n6/q_moved", i), exact.at("n6/q_moved", i), 1e-5) << i;
    if (i < count / 3) {
      EXPECT_EQ(single.at("n6/q_change", i), 0) << i;
    }
  }
}

TEST(TrainerHidden, MemoryFailuresLeaveNothing) {
  Settings s = small();
  Case c(s, 3, 1);
  pdlt_hidden hidden = {};
  pdlt_error err = {};
  for (long failures = 0; failures < 2; failures++) {
    pdlt_memory_fail_after(failures);
    EXPECT_EQ(pdlt_hidden_new(&hidden, &c.net, &c.problem, &err), PDLT_ERR_MEMORY);
    pdlt_memory_fail_after(-1);
    EXPECT_EQ(hidden.storage, nullptr);
  }
}
