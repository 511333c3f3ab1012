// Ensembles with own linearizations and levels as control.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "base/file/json.h"
#include "base/file/npz.h"
#include "tests/trainer/support.h"
#include "trainer/run/checkpoint.h"

using namespace trainer_test;

namespace {

std::string temporary(const std::string &name) {
  return testing::TempDir() + "pdlt_control_" + std::to_string(getpid()) + "_" + name;
}

std::string npz_bytes(const Archive &archive) {
  const std::string path = temporary("bytes.npz");
  pdlt_error err = {};
  EXPECT_EQ(pdlt_npz_write(&archive.c, path.c_str(), &err), PDLT_OK) << err.message;
  std::ifstream in(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  unlink(path.c_str());
  EXPECT_GT(bytes.size(), 100u);
  return bytes;
}

Data data_of(const Settings &s, size_t inputs = 3, unsigned seed = 2) {
  return Data((size_t)s.train, (size_t)s.test, inputs, (size_t)s.outputs, seed);
}

// Differences in error bars: none larger than 5, and on average about 1.
void expect_same(const Archive &a, const Archive &b, const std::string &name) {
  double square = 0, used = 0;
  ASSERT_GT(a.count(name), 0u);
  for (size_t i = 0; i < a.count(name); i++) {
    const double error = std::hypot(a.at(name + "_se", i), b.at(name + "_se", i));
    if (error == 0) continue;
    const double z = (a.at(name, i) - b.at(name, i)) / error;
    EXPECT_LT(std::fabs(z), 5) << name << " " << i;
    square += z * z;
    used++;
  }
  EXPECT_GT(used, 0);
  EXPECT_LT(square / used, 5) << name;
}

std::string used_estimator(Archive &a) {
  const json_t *estimator = json_object_get(pdlt_archive_meta(&a.c), "estimator");
  return json_string_value(json_object_get(estimator, "used"));
}

}  // namespace

TEST(TrainerControlEnsemble, AgreesWithPlainAndAntithetic) {
  const struct {
    const char *activation;
    int depth, outputs;
    const char *C_b;
  } cases[] = {{"tanh", 3, 2, "0.1"}, {"sin", 4, 1, "0"}, {"relu", 2, 1, "0.2"}};
  for (const auto &x : cases) {
    Settings s;
    s.activation = x.activation;
    s.depth = x.depth;
    s.outputs = x.outputs;
    s.C_b = x.C_b;
    s.members = 6400;
    s.measure = "[output]";
    Data data = data_of(s);
    Archive plain;
    run(s, data, options(2), &plain);
    s.seed = 8;
    s.estimator = "antithetic";
    s.members = 2112;
    Archive pairs;
    run(s, data, options(2), &pairs);
    s.estimator = "two_level";
    for (const char *estimator : {"two_level", "control"}) {
      s.estimator = estimator;
      s.seed++;
      Archive out;
      run(s, data, options(2), &out);
      EXPECT_EQ(used_estimator(out), estimator);
      for (const char *name : {"n8/z", "n8/cov"}) {
        expect_same(out, plain, name);
        expect_same(out, pairs, name);
      }
      for (const char *name : {"n8/loss_train", "n8/loss_test"}) expect_same(out, plain, name);
      for (const char *name : {"n8/z", "n8/cov"}) {
        const std::string bar = std::string(name) + "_se";
        double square[2] = {0, 0};
        for (size_t i = 0; i < out.count(name); i++) {
          square[0] += std::pow(out.at(bar, i), 2);
          square[1] += std::pow(pairs.at(bar, i), 2);
        }
        EXPECT_LT(square[0], 0.4 * square[1]) << name << estimator << x.activation;
      }
      EXPECT_EQ(out.at("n8/z", 0), 0);
      EXPECT_LT(out.at("n8/unstable"), 0.02);
    }
  }
}

// Long training, where the pilot puts levels in between.
TEST(TrainerControlEnsemble, LevelsAgreeWithPairs) {
  Settings s;
  s.widths = "[16]";
  s.steps = "60";
  s.record = "[4, 60]";
  s.eta = "0.06";
  s.train = 2;
  s.test = 1;
  s.members = 8192;
  s.measure = "[output]";
  s.estimator = "antithetic";
  Data data = data_of(s);
  Archive pairs, out;
  run(s, data, options(2), &pairs);
  s.estimator = "two_level";
  s.members = 2112;
  s.seed = 8;
  run(s, data, options(2), &out);
  const json_t *used = json_object_get(pdlt_archive_meta(&out.c), "estimator");
  const json_t *levels = json_object_get(used, "levels");
  ASSERT_GE(json_array_size(levels), 1u);
  for (size_t k = 0; k < json_array_size(levels); k++) {
    const json_t *level = json_array_get(levels, k);
    const double step = json_number_value(json_object_get(level, "step"));
    const json_int_t nodes = json_integer_value(json_object_get(level, "nodes"));
    EXPECT_GE(step, 1);
    EXPECT_GE(nodes, 1);
    EXPECT_LT(step * (double)nodes, 60);
    EXPECT_GE(json_integer_value(json_object_get(level, "draws")), 1);
  }
  expect_same(out, pairs, "n16/z");
  double square[2] = {0, 0};
  for (size_t i = 0; i < out.count("n16/z"); i++) {
    square[0] += std::pow(out.at("n16/z_se", i), 2);
    square[1] += std::pow(pairs.at("n16/z_se", i), 2);
  }
  EXPECT_LT(square[0], 0.5 * square[1]);  // with a quarter of the draws
}

// A third or more of the linearizations explode, the networks themselves do not.
// The NTK, its change and the dNTK in training: as plain networks and pairs have them, per draw with so many
// times less variance than pairs.
TEST(TrainerControlEnsemble, NtkInTrainingAgreesWithPlainAndPairs) {
  const struct {
    int outputs;
    const char *measure;
    std::vector<std::pair<std::string, double>> less;
  } cases[] = {{1,
                "[output, ntk, dntk, features]\nfeatures: {kernels: [k, k_E]}",
                {{"n16/Theta_t", 20}, {"n16/k_E", 2}, {"n16/dTheta_t", 1.2}}},
               {2, "[output, ntk]", {{"n16/Theta_t", 20}}}};
  for (const auto &x : cases) {
    Settings s;
    s.widths = "[16]";
    s.outputs = x.outputs;
    s.train = 2;
    s.test = 1;
    s.eta = "0.06";
    s.steps = "20";
    s.record = "[0, 4, 20]";
    s.members = 2112;
    s.measure = x.measure;
    s.measure_samples = 2;
    Data data = data_of(s);
    Archive plain, pairs, out;
    run(s, data, options(2), &plain);
    s.estimator = "antithetic";
    s.seed = 8;
    run(s, data, options(2), &pairs);
    s.estimator = "two_level";
    s.seed = 9;
    run(s, data, options(2), &out);
    for (const auto &quantity : x.less) {
      const std::string name = quantity.first, bar = name + "_se";
      double square[2] = {0, 0};
      expect_same(out, plain, name);
      expect_same(out, pairs, name);
      for (size_t i = 0; i < out.count(bar); i++) {
        square[0] += std::pow(out.at(bar, i), 2);
        square[1] += std::pow(pairs.at(bar, i), 2);
      }
      EXPECT_LT(quantity.second * square[0], square[1]) << name;
    }
  }
}

// Covariances where training or networks are others: Newton's method, centered targets, skips, positions; and
// the NTK in training.
TEST(TrainerControlEnsemble, CovariancesOfOtherTraining) {
  const struct {
    const char *network, *training, *eta;
    double less;
  } cases[] = {{"", "  method: newton\n", "0.1", 10},
               {"", "  targets: centered\n", "0.05", 50},
               {"  skip: 0.6\n", "", "0.05", 10},
               {"  input: {shape: [4], channels: 1}\n  layers:\n    - {conv: 2, padding: "
                "circular}\n    - {conv: 2, padding: zero}\n    - average\n",
                "", "0.05", 10}};
  for (const auto &x : cases) {
    Settings s;
    s.widths = "[12]";
    s.train = 2;
    s.test = 1;
    s.more_network = x.network;
    s.more_training = x.training;
    s.eta = x.eta;
    s.members = 2112;
    s.measure = "[output, ntk]";
    s.estimator = "antithetic";
    Data data = data_of(s, 4);
    std::vector<double> kappa = {0.6, 0.1, 0.1, 0.4};
    data.c.kappa = kappa.data();
    Archive pairs, out;
    run(s, data, options(2), &pairs);
    s.estimator = "two_level";
    s.seed = 8;
    run(s, data, options(2), &out);
    for (const char *name : {"n12/cov", "n12/Theta_t"}) {
      const std::string bar = std::string(name) + "_se";
      double square[2] = {0, 0};
      expect_same(out, pairs, name);
      for (size_t i = 0; i < out.count(bar); i++) {
        square[0] += std::pow(out.at(bar, i), 2);
        square[1] += std::pow(pairs.at(bar, i), 2);
      }
      const bool cov = name[4] == 'c';
      EXPECT_LT((cov ? x.less : 3) * square[0], square[1]) << name << s.more_network << x.training;
    }
    expect_same(out, pairs, "n12/loss_test");
  }
}

TEST(TrainerControlEnsemble, NoBiasWhereLinearizationsExplode) {
  Settings s;
  s.widths = "[3]";
  s.eta = "0.45";
  s.steps = "6";
  s.record = "[1, 3, 6]";
  s.members = 25600;
  s.measure = "[output]";
  Data data = data_of(s);
  Archive plain;
  run(s, data, options(2), &plain);
  for (const char *estimator : {"two_level", "control"}) {
    s.estimator = estimator;
    s.members = 6400;
    s.seed++;
    Archive out;
    run(s, data, options(2), &out);
    EXPECT_GT(out.at("n3/unstable"), 0.3);
    EXPECT_LT(out.at("n3/unstable"), 1);
    EXPECT_GT(out.at("n3/unstable_se"), 0);
    expect_same(out, plain, "n3/z");
  }
}

// Some networks diverge: both are means over those that do not.
TEST(TrainerControlEnsemble, MeansAreOverTheSurvivors) {
  Settings s;
  s.activation = "linear";
  s.depth = 2;
  s.widths = "[4]";
  s.members = 6400;
  s.steps = "40";
  s.record = "[40]";
  s.eta = "0.5";
  s.measure = "[output]";
  Data data = data_of(s);
  Archive pairs, out;
  s.estimator = "antithetic";
  run(s, data, options(2), &pairs);
  EXPECT_GT(pairs.at("n4/diverged"), 100);
  s.estimator = "control";
  s.seed = 9;
  run(s, data, options(2), &out);
  EXPECT_GT(out.at("n4/diverged"), 100);
  expect_same(out, pairs, "n4/z");
}

TEST(TrainerControlEnsemble, ThreadsAndInterruptionsDoNotChangeABit) {
  Settings s;
  s.widths = "[5, 9]";
  s.outputs = 2;
  s.steps = "30";
  s.record = "[1, 30]";
  s.members = 200;
  s.depth = 4;
  for (const char *estimator : {"two_level", "control", "auto"}) {
    s.estimator = estimator;
    Data data = data_of(s);
    Archive one, two, resumed;
    run(s, data, options(1), &one);
    run(s, data, options(2), &two);
    EXPECT_EQ(npz_bytes(one), npz_bytes(two)) << estimator;
    // The checkpoint of each failed attempt is continued by the next one.
    const std::string path = temporary("failing.partial");
    Experiment ex(yaml(s));
    pdlt_ensemble_options o = options(2);
    o.checkpoint = path.c_str();
    o.checkpoint_seconds = 0;
    pdlt_status status = PDLT_ERR_MEMORY;
    int failures = 0;
    for (long calls = 30; status != PDLT_OK; calls *= 2, failures++) {
      pdlt_error err = {};
      pdlt_memory_fail_after(calls);
      status = pdlt_ensemble_run(&resumed.c, &ex.c, &data.c, &o, &err);
      pdlt_memory_fail_after(-1);
      ASSERT_TRUE(status == PDLT_OK || status == PDLT_ERR_MEMORY) << err.message;
    }
    EXPECT_GT(failures, 4);
    EXPECT_EQ(npz_bytes(resumed), npz_bytes(one)) << estimator;
    pdlt_checkpoint_remove(path.c_str());
  }
}

// Outputs at the end of training, and steps counted there.
TEST(TrainerControlEnsemble, EndOfTraining) {
  Settings s;
  s.widths = "[24]";
  s.steps = "end";
  s.train = 1;
  s.test = 2;
  s.record = "";
  s.eta = "0.2";
  s.members = 2048;
  s.measure = "[output]";
  s.estimator = "antithetic";
  Data data = data_of(s);
  double square[2] = {0, 0};
  Archive pairs, out;
  run(s, data, options(2), &pairs);
  s.estimator = "auto";
  s.seed = 8;
  run(s, data, options(2), &out);
  EXPECT_TRUE(used_estimator(out) == "two_level" || used_estimator(out) == "control");
  for (size_t a = 0; a < 1; a++) EXPECT_NEAR(out.at("n24/z_end", a), data.y[a], 1e-8);
  for (size_t a = 1; a < 3; a++) {
    const double error = std::hypot(out.at("n24/z_end_se", a), pairs.at("n24/z_end_se", a));
    EXPECT_LT(std::fabs(out.at("n24/z_end", a) - pairs.at("n24/z_end", a)), 5 * error);
    square[0] += std::pow(out.at("n24/z_end_se", a), 2);
    square[1] += std::pow(pairs.at("n24/z_end_se", a), 2);
  }
  EXPECT_LT(square[0], 0.5 * square[1]);
  const json_t *estimator = json_object_get(pdlt_archive_meta(&out.c), "estimator");
  const json_t *pilot = json_array_get(json_object_get(estimator, "pilot"), 0);
  EXPECT_GT(json_number_value(json_object_get(pilot, "flops_train")),
            10 * 2 * (2 * 24 * 3 + 3 * (24 * 24 + 24)));  // more than 10 steps
}

TEST(TrainerControlEnsemble, TooManyRowsAreRefusedOrLeftToPairs) {
  Settings s;
  s.train = 1025;
  s.test = 0;
  s.steps = "1";
  s.record = "[1]";
  s.widths = "[1]";
  s.members = 1;
  s.measure = "[output]";
  Data data = data_of(s, 1);
  for (const char *estimator : {"two_level", "control"}) {
    s.estimator = estimator;
    Experiment ex(yaml(s));
    Archive out;
    pdlt_error err = {};
    const pdlt_ensemble_options o = options(1);
    EXPECT_EQ(pdlt_ensemble_run(&out.c, &ex.c, &data.c, &o, &err), PDLT_ERR_INPUT);
    EXPECT_NE(std::string(err.message).find("ensemble.estimator: linearizations have 1025"),
              std::string::npos)
        << err.message;
  }
}
