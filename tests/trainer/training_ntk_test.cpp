// The NTK during training against explicit gradients of networks trained in plain loops.
#include "trainer/measure/training_ntk.h"

#include <gtest/gtest.h>

#include "base/file/json.h"
#include "tests/trainer/support.h"
#include "trainer/draw/member.h"
#include "trainer/record/plan.h"

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
    EXPECT_EQ(pdlt_training_ntk_new(&ntk, &net, &problem, &err), PDLT_OK);
    theta.resize(net.num_params);
    p = problem.outputs * problem.samples;
  }
  ~Case() {
    pdlt_training_ntk_free(&ntk);
    pdlt_network_free(&net);
    pdlt_samples_free(&problem);
  }
  // Theta_ij;ab at `at`: sums over parameters.
  std::vector<double> literal(const std::vector<double> &at) const {
    std::vector<double> lambda(net.num_params), out;
    std::vector<std::vector<double>> gradient;
    pdlt_error err = {};
    pdlt_reference_lambda(&net, lambda.data());
    for (size_t i = 0; i < problem.outputs; i++)
      for (size_t a = 0; a < problem.samples; a++) {
        std::vector<double> g(net.num_params);
        EXPECT_EQ(pdlt_reference_gradient(&net, at.data(), data.x.data() + a * data.c.inputs,
                                          net.depth, i, g.data(), &err),
                  PDLT_OK);
        gradient.push_back(g);
      }
    for (const auto &g : gradient)
      for (const auto &h : gradient) {
        double sum = 0;
        for (size_t mu = 0; mu < g.size(); mu++) sum += lambda[mu] * g[mu] * h[mu];
        out.push_back(sum);
      }
    return out;
  }
  // The same at the recorded times of a network trained in plain loops.
  std::vector<double> literal_during_training() const {
    std::vector<double> at = theta, out;
    pdlt_error err = {};
    long step = 0;
    for (size_t t = 0; t < ex.c.training.num_record; t++) {
      for (; (double)step < ex.c.training.record[t]; step++)
        EXPECT_EQ(pdlt_reference_step(&net, &problem, ex.c.training.eta, at.data(), &err), PDLT_OK);
      const std::vector<double> now = literal(at);
      out.insert(out.end(), now.begin(), now.end());
    }
    return out;
  }
  Settings s;
  Experiment ex;
  Data data;
  pdlt_samples problem = {};
  pdlt_network net = {};
  pdlt_training_ntk ntk = {};
  std::vector<double> theta;
  size_t p;
};

Settings small() {
  Settings s;
  s.widths = "[4]";
  s.ratios = "[1, 2]";
  s.outputs = 2;
  s.C_W = "[0.8, 1.4, 0.7]";
  s.lambda_W = "[1.3, 0.6, 1.7]";
  s.lambda_b = "[0.3, 0, 0.8]";
  return s;
}

}  // namespace

TEST(TrainerTrainingNtk, IsTheSumOverGradientsAtEveryTime) {
  std::mt19937_64 gen(61);
  static const char *const activations[] = {"tanh", "gelu", "relu"};
  for (int trial = 0; trial < 48; trial++) {
    Settings s;
    s.activation = activations[gen() % 3];
    s.depth = 2 + (int)(gen() % 3);
    s.widths = "[" + std::to_string(1 + gen() % 5) + "]";
    s.outputs = 1 + (int)(gen() % 3);
    s.C_b = random_list(gen, s.depth, true);
    s.C_W = random_list(gen, s.depth, false);
    s.lambda_b = random_list(gen, s.depth, true);
    s.lambda_W = random_list(gen, s.depth, false);
    s.train = 1 + (int)(gen() % 3);
    s.test = (int)(gen() % 3);
    if (trial >= 24) s = skipped(s, (unsigned)trial);
    Case c(s, 1 + gen() % 4, (unsigned)gen());
    pdlt_network_draw(&c.net, 1, (uint64_t)trial, c.theta.data());
    const std::vector<double> slow = c.literal_during_training();
    for (const pdlt_first_layer first : {PDLT_FIRST_WEIGHTS, PDLT_FIRST_SAMPLES}) {
      pdlt_stepper stepper = {};
      pdlt_error err = {};
      const pdlt_step_settings settings = {c.ex.c.training.eta, first, 0, nullptr};
      ASSERT_EQ(pdlt_stepper_new(&stepper, &c.net, &c.problem, &settings, &err), PDLT_OK);
      std::copy(c.theta.begin(), c.theta.end(), stepper.theta);
      const pdlt_schedule schedule = pdlt_schedule_make(&c.ex.c, &c.problem);
      std::vector<double> z(schedule.num_times * c.p), fast(slow.size());
      pdlt_member_probe probe = {};
      probe.ntk = &c.ntk;
      probe.theta_t = fast.data();
      EXPECT_EQ(pdlt_member_train_probed(&stepper, &schedule, nullptr, z.data(), &probe, nullptr),
                PDLT_MEMBER_DONE);
      for (size_t i = 0; i < slow.size(); i++)
        ASSERT_NEAR(fast[i], slow[i], 1e-10 * (1 + std::fabs(slow[i]))) << trial << " " << i;
      pdlt_stepper_free(&stepper);
    }
  }
}

// Plain and in pairs, the mean over members; both networks of a pair count.
TEST(TrainerTrainingNtk, IsAveragedOverNetworks) {
  for (const char *estimator : {"plain", "antithetic"}) {
    Settings s = small();
    s.estimator = estimator;
    s.members = 70;
    s.measure = "[output, ntk]";
    Case c(s, 3, 8);
    const bool pairs = s.estimator == "antithetic";
    std::vector<double> mean(3 * c.p * c.p);
    for (uint64_t member = 0; member < 70; member++) {
      pdlt_network_draw(&c.net, (uint64_t)s.seed, member, c.theta.data());
      for (int sign = 0; sign < (pairs ? 2 : 1); sign++) {
        if (sign == 1) pdlt_network_negate_last(&c.net, c.theta.data());
        const std::vector<double> one = c.literal_during_training();
        for (size_t i = 0; i < one.size(); i++) mean[i] += one[i] / (pairs ? 140 : 70);
      }
    }
    Archive out;
    run(s, c.data, 2, &out);
    ASSERT_EQ(out.count("n4/Theta_t"), mean.size());
    for (size_t i = 0; i < mean.size(); i++)
      EXPECT_NEAR(out.at("n4/Theta_t", i), mean[i], 1e-10) << estimator << i;
  }
}

// At time 0 the mean is that of the integrated NTK, and zero between different outputs; the
// error bar says how far off.
TEST(TrainerTrainingNtk, BeginsAsTheMeanNtk) {
  Settings s = small();
  s.measure = "[output, ntk]";
  s.members = 64 * 64;
  s.train = s.test = 1;
  const Data data(1, 1, 3, 2, 4);
  Archive out, again;
  run(s, data, 1, &out);
  run(s, data, 2, &again);
  for (size_t i = 0; i < 2; i++)
    for (size_t a = 0; a < 2; a++)
      for (size_t j = 0; j < 2; j++)
        for (size_t b = 0; b < 2; b++) {
          const size_t at = ((i * 2 + a) * 2 + j) * 2 + b;
          const double expected = i == j ? out.at("n4/Theta", a * 2 + b) : 0;
          const double se = out.at("n4/Theta_t_se", at);
          EXPECT_GT(se, 0);
          EXPECT_LT(se, 0.05);
          EXPECT_NEAR(out.at("n4/Theta_t", at), expected, 5 * se);
        }
  for (size_t i = 0; i < out.count("n4/blocks/Theta_t"); i++)
    EXPECT_EQ(out.at("n4/blocks/Theta_t", i), again.at("n4/blocks/Theta_t", i));
}

// steps: end: the last time is the trained network; diverged draws are left out.
TEST(TrainerTrainingNtk, EndAndDivergedDraws) {
  Settings s = small();
  s.measure = "[output, ntk]";
  s.steps = "end";
  s.record = "";
  s.members = 5;
  s.estimator = "plain";
  const Data data(2, 1, 3, 2, 4);
  s.train = 2;
  s.test = 1;
  Archive out;
  run(s, data, 1, &out);
  ASSERT_EQ(out.count("n4/Theta_t"), 2u * 36u);
  double moved = 0;
  for (size_t i = 0; i < 36; i++)
    moved += std::fabs(out.at("n4/Theta_t", 36 + i) - out.at("n4/Theta_t", i));
  EXPECT_GT(moved, 1e-3);
  EXPECT_TRUE(std::isfinite(moved));

  s = small();
  s.measure = "[output, ntk]";
  s.train = s.test = 1;
  s.activation = "quadratic(0.9)";
  s.eta = "0.6";
  s.steps = "40";
  s.record = "[0, 40]";
  s.members = 200;
  const Data wild(1, 1, 3, 2, 4);
  Archive part;
  run(s, wild, 1, &part);
  EXPECT_GT(part.at("n4/diverged"), 0);
  EXPECT_LT(part.at("n4/diverged"), 200);
  for (size_t i = 0; i < part.count("n4/Theta_t"); i++) {
    EXPECT_TRUE(std::isfinite(part.at("n4/Theta_t", i)));
    double mean = 0, members = 0;
    for (size_t b = 0; b < 4; b++) {
      mean += part.at("n4/blocks/members", b) *
              part.at("n4/blocks/Theta_t", b * part.count("n4/Theta_t") + i);
      members += part.at("n4/blocks/members", b);
    }
    EXPECT_EQ(members, 200 - part.at("n4/diverged"));
    EXPECT_NEAR(part.at("n4/Theta_t", i), mean / members, 1e-9 * std::fabs(mean / members));
  }
}

// The plan leaves it out where the covariance is too large, or where nothing is trained.
TEST(TrainerTrainingNtk, LeftOutLikeTheCovariance) {
  for (const bool large : {false, true}) {
    Settings s;
    s.train = large ? 700 : 2;
    s.test = 0;
    s.record = large ? "" : s.record;
    s.steps = large ? "2000" : s.steps;
    for (const char *measure : {"[output, ntk]", "[output]", "[ntk]"}) {
      s.measure = measure;
      Experiment ex(yaml(s));
      const Data data((size_t)s.train, 0, 2, 1, 1);
      pdlt_error err = {};
      pdlt_samples problem = {};
      pdlt_plan plan;
      ASSERT_EQ(pdlt_samples_new(&problem, &ex.c, &data.c, &err), PDLT_OK);
      ASSERT_EQ(pdlt_plan_make(&plan, &ex.c, &problem, 0, &err), PDLT_OK) << err.message;
      EXPECT_EQ(plan.has[PDLT_QUANTITY_THETA_T], !large && s.measure == "[output, ntk]");
      pdlt_samples_free(&problem);
    }
  }
}

TEST(TrainerTrainingNtk, MemoryFailuresLeaveNothing) {
  Settings s;
  Case c(s, 3, 1);
  pdlt_training_ntk ntk = {};
  pdlt_error err = {};
  for (long failures = 0; failures < 2; failures++) {
    pdlt_memory_fail_after(failures);
    EXPECT_EQ(pdlt_training_ntk_new(&ntk, &c.net, &c.problem, &err), PDLT_ERR_MEMORY);
    pdlt_memory_fail_after(-1);
    EXPECT_EQ(ntk.storage, nullptr);
  }
}
