// Measured losses against the networks themselves, trained one by one: plain, pairs, controlled
// mean, covariance too large to store.
#include <gtest/gtest.h>

#include "tests/trainer/support.h"
#include "trainer/draw/block.h"

using namespace trainer_test;

namespace {

struct Measured {
  Settings s;
  Data data;
  Archive out;

  explicit Measured(const Settings &settings)
      : s(settings), data((size_t)s.train, (size_t)s.test, 3, (size_t)s.outputs, 2) {
    Experiment ex(yaml(s));
    pdlt_error err = {};
    const pdlt_ensemble_options o = options(2);
    EXPECT_EQ(pdlt_ensemble_run(&out.c, &ex.c, &data.c, &o, &err), PDLT_OK) << err.message;
  }
  size_t D() const { return (size_t)(s.train + s.test); }
  size_t p() const { return D() * (size_t)s.outputs; }
  double Get(const std::string &name, size_t i = 0) const { return out.at("n8/" + name, i); }
  double Target(size_t k) const { return data.y[k % D() * (size_t)s.outputs + k / D()]; }
  bool InSet(size_t k, bool train) const { return (k % D() < (size_t)s.train) == train; }

  // (1/2) sum over a set of (z - y)^2 at time t of one network.
  double Loss(const double *z, size_t t, bool train) const {
    double sum = 0;
    for (size_t k = 0; k < p(); k++)
      if (InSet(k, train)) sum += std::pow(z[t * p() + k] - Target(k), 2) / 2;
    return sum;
  }
  // Outputs (T, p) of every network of the ensemble; pairs beside each other.
  std::vector<std::vector<double>> Networks(bool pairs) const {
    Experiment ex(yaml(s));
    pdlt_error err = {};
    pdlt_samples problem = {};
    pdlt_plan plan = {};
    pdlt_network net = {};
    pdlt_worker worker = {};
    std::vector<std::vector<double>> all;
    EXPECT_EQ(pdlt_samples_new(&problem, &ex.c, &data.c, &err), PDLT_OK);
    EXPECT_EQ(pdlt_plan_make(&plan, &ex.c, &problem, 0, &err), PDLT_OK);
    EXPECT_EQ(pdlt_network_new(&net, &ex.c, 8, 3, &err), PDLT_OK);
    EXPECT_EQ(pdlt_worker_new(&worker, &plan, &net, nullptr, &err), PDLT_OK);
    for (long m = 0; m < s.members; m++) {
      std::vector<double> z(plan.times * plan.p), minus(z.size());
      EXPECT_EQ(pdlt_worker_train(&worker, (uint64_t)m, nullptr, z.data(),
                                  pairs ? minus.data() : nullptr),
                PDLT_MEMBER_DONE);
      all.push_back(z);
      if (pairs) all.push_back(minus);
    }
    pdlt_worker_free(&worker);
    pdlt_network_free(&net);
    pdlt_samples_free(&problem);
    return all;
  }
};

// All losses of a run against sums over its networks.
void ExpectSums(const Measured &run, const std::vector<std::vector<double>> &networks) {
  const size_t T = 3, per = networks.size() / (size_t)run.s.members, block = 64 * per;
  for (const bool train : {true, false}) {
    const std::string name = train ? "loss_train" : "loss_test";
    ASSERT_EQ(run.out.count("n8/" + name), T);
    for (size_t t = 0; t < T; t++) {
      double all = 0;
      for (size_t b = 0; b * block < networks.size(); b++) {
        double sum = 0;
        const size_t end = std::min(networks.size(), (b + 1) * block);
        for (size_t m = b * block; m < end; m++) sum += run.Loss(networks[m].data(), t, train);
        all += sum;
        EXPECT_NEAR(run.Get("blocks/" + name, b * T + t), sum / (double)(end - b * block), 1e-11);
      }
      const double loss = run.Get(name, t);
      EXPECT_NEAR(loss, all / (double)networks.size(), 1e-12);
      EXPECT_NEAR(run.Get(name + "_bias", t) + run.Get(name + "_variance", t), loss, 1e-12);
      EXPECT_GT(run.Get(name + "_variance", t), 0);
      double samples = 0;
      for (size_t a = 0; a < run.D(); a++)
        if (run.InSet(a, train)) samples += run.Get("loss_sample", t * run.D() + a);
      EXPECT_NEAR(samples, loss, 1e-12);
    }
  }
}

Settings small() {
  Settings s;
  s.outputs = 2;
  s.members = 150;
  s.measure = "[output]";
  return s;
}

}  // namespace

TEST(TrainerOutputLoss, PlainIsTheMeanOverNetworks) {
  const Measured run(small());
  ExpectSums(run, run.Networks(false));
  const size_t T = 3, p = run.p();
  for (size_t t = 0; t < T; t++) {  // variance: half the trace of the covariance
    double trace = 0;
    for (size_t k = 0; k < p; k++)
      if (run.InSet(k, false)) trace += run.Get("cov", ((t * p + k) * p) + k) / 2;
    EXPECT_NEAR(run.Get("loss_test_variance", t), trace, 1e-12);
  }
  EXPECT_TRUE(std::isnan(run.Get("loss_test_se", 0)));  // three blocks are too few
}

TEST(TrainerOutputLoss, PairsAreTheMeanOverBothNetworks) {
  Settings s = small();
  s.estimator = "antithetic";
  const Measured run(s);
  ExpectSums(run, run.Networks(true));
  double targets = 0;  // at the start the mean is 0 in every pair: exactly the targets
  for (size_t k = 0; k < run.p(); k++)
    if (run.InSet(k, true)) targets += run.Target(k) * run.Target(k) / 2;
  EXPECT_NEAR(run.Get("loss_train_bias", 0), targets, 1e-14);
}

TEST(TrainerOutputLoss, ControlledMeanGivesTheBiasControlledProductsTheVariance) {
  Settings s = small(), pairs = small();
  s.estimator = "two_level";
  pairs.estimator = "antithetic";
  s.members = pairs.members = 64 * 33;
  const Measured run(s), pair(pairs);
  const size_t T = 3, p = run.p();
  for (size_t t = 0; t < T; t++) {
    double bias = 0, trace = 0;
    for (size_t k = 0; k < p; k++) {
      if (!run.InSet(k, false)) continue;
      bias += (std::pow(run.Get("z", t * p + k) - run.Target(k), 2) -
               std::pow(run.Get("z_se", t * p + k), 2)) /
              2;
      trace += run.Get("cov", (t * p + k) * p + k) / 2;
    }
    EXPECT_NEAR(run.Get("loss_test_bias", t), bias, 1e-12);
    EXPECT_NEAR(run.Get("loss_test_variance", t), trace, 1e-12);
    EXPECT_NEAR(run.Get("loss_test", t), bias + trace, 1e-12);
    EXPECT_LT(run.Get("loss_test_bias_se", t), pair.Get("loss_test_bias_se", t) + 1e-15);
    EXPECT_LT(2 * run.Get("loss_test_variance_se", t), pair.Get("loss_test_variance_se", t));
    const double error = std::hypot(run.Get("loss_test_se", t), pair.Get("loss_test_se", t));
    EXPECT_LT(std::fabs(run.Get("loss_test", t) - pair.Get("loss_test", t)), 5 * error);
  }
}

// A covariance beyond the limit is left out; its diagonal, and with it the losses, are not.
TEST(TrainerOutputLoss, WithoutTheCovariance) {
  Settings s = small();
  s.outputs = 1;
  s.test = 2000;
  s.members = 70;
  for (const char *estimator : {"plain", "antithetic"}) {
    s.estimator = estimator;
    const Measured run(s);
    EXPECT_EQ(run.out.count("n8/cov"), 0u);
    ExpectSums(run, run.Networks(s.estimator == "antithetic"));
  }
}

TEST(TrainerOutputLoss, WithoutTestSamplesOnlyTraining) {
  Settings s = small();
  s.test = 0;
  const Measured run(s);
  EXPECT_EQ(run.out.count("n8/loss_train"), 3u);
  EXPECT_EQ(run.out.count("n8/loss_test"), 0u);
  EXPECT_EQ(run.out.count("n8/loss_sample"), 9u);
}
