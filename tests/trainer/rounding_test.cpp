// Single precision: what it changes, and where it is refused.
#include "trainer/pilot/rounding.h"

#include <gtest/gtest.h>

#include <cstring>

#include "tests/trainer/support.h"

using namespace trainer_test;

namespace {

Settings small() {
  Settings s;
  s.widths = "[8, 16]";
  s.members = 2560;
  s.estimator = "antithetic";
  return s;
}

Data data_of(const Settings &s) { return {(size_t)s.train, (size_t)s.test, 3, 1, 5}; }

pdlt_status run(Archive *out, const Settings &s, bool single, int threads, pdlt_error *err) {
  Experiment ex(yaml(s));
  ex.c.ensemble.single_precision = single;
  const Data data = data_of(s);
  const pdlt_ensemble_options o = options(threads);
  return pdlt_ensemble_run(&out->c, &ex.c, &data.c, &o, err);
}

std::vector<pdlt_rounding> measure(const Settings &s, int width, int threads) {
  Experiment ex(yaml(s));
  const Data data = data_of(s);
  pdlt_samples problem = {};
  pdlt_plan plan = {};
  pdlt_network net = {};
  EXPECT_EQ(pdlt_samples_new(&problem, &ex.c, &data.c, nullptr), PDLT_OK);
  EXPECT_EQ(pdlt_plan_make(&plan, &ex.c, &problem, 0, nullptr), PDLT_OK);
  pdlt_plan_estimator(&plan, s.estimator == "antithetic");
  EXPECT_EQ(pdlt_network_new(&net, &ex.c, width, 3, nullptr), PDLT_OK);
  std::vector<pdlt_rounding> out(plan.times);
  pdlt_error err = {};
  const pdlt_rounding_settings settings = {&plan, &net, 1, threads, nullptr, nullptr};
  EXPECT_EQ(pdlt_rounding_measure(out.data(), &settings, &err), PDLT_OK) << err.message;
  pdlt_network_free(&net);
  pdlt_samples_free(&problem);
  return out;
}

}  // namespace

TEST(TrainerRounding, SingleMovesMeansByLessThanItsErrorBarsAndKeepsTheInitialization) {
  Archive in_double, in_single, again;
  pdlt_error err = {};
  ASSERT_EQ(run(&in_double, small(), false, 1, &err), PDLT_OK) << err.message;
  ASSERT_EQ(run(&in_single, small(), true, 2, &err), PDLT_OK) << err.message;
  ASSERT_EQ(run(&again, small(), true, 1, &err), PDLT_OK) << err.message;
  double moved = 0;
  for (size_t i = 0; i < in_double.count("n16/z"); i++) {
    EXPECT_NEAR(in_single.at("n16/z", i), in_double.at("n16/z", i),
                0.1 * in_double.at("n16/z_se", i));
    moved = std::fmax(moved, std::fabs(in_single.at("n16/z", i) - in_double.at("n16/z", i)));
    EXPECT_EQ(in_single.at("n16/z", i), again.at("n16/z", i)) << "threads";
  }
  EXPECT_GT(moved, 0);
  ASSERT_GT(in_double.count("n16/K"), 0u);
  for (const char *name : {"n16/K", "n16/K_se", "n16/Theta"})
    for (size_t i = 0; i < in_double.count(name); i++)
      EXPECT_EQ(in_single.at(name, i), in_double.at(name, i)) << name;
}

TEST(TrainerRounding, ExpectedErrorBarIsThatOfTheRunAndRoundingThatOfFloat) {
  for (const char *estimator : {"plain", "antithetic"}) {
    Settings s = small();
    s.estimator = estimator;
    Archive out;
    pdlt_error err = {};
    ASSERT_EQ(run(&out, s, false, 2, &err), PDLT_OK) << err.message;
    const std::vector<pdlt_rounding> found = measure(s, 16, 1), two = measure(s, 16, 2);
    const size_t p = 5; /* outputs times samples */
    ASSERT_EQ(found.size(), 3u);
    for (size_t t = 0; t < found.size(); t++) {
      EXPECT_EQ(found[t].survivors, (size_t)PDLT_ROUNDING_DRAWS);
      EXPECT_EQ(found[t].moved, two[t].moved);
      EXPECT_EQ(found[t].error, two[t].error);
      double square = 0;
      for (size_t i = t * p; i < (t + 1) * p; i++) square += std::pow(out.at("n16/z_se", i), 2) / p;
      /* 16 draws give a variance to 35 %; a pair's mean is zero at the start. */
      if (t > 0 || s.estimator == "plain") {
        EXPECT_NEAR(found[t].error / std::sqrt(square), 1, 0.6) << estimator << " time " << t;
      }
      if (t == 0) continue;
      EXPECT_GT(found[t].moved, 1e-9);
      EXPECT_LT(found[t].moved, 1e-6);
    }
  }
}

TEST(TrainerRounding, RefusedWhereItWouldMatter) {
  /* Outputs that training has brought to their targets differ by less than float can say. */
  Settings s = small();
  s.test = 0;
  s.eta = "0.2";
  s.steps = "2000";
  s.record = "[0, 2000]";
  s.members = 64;
  Archive out;
  pdlt_error err = {};
  EXPECT_EQ(run(&out, s, false, 2, &err), PDLT_OK) << err.message;
  pdlt_archive_free(&out.c);
  EXPECT_EQ(run(&out, s, true, 2, &err), PDLT_ERR_INPUT);
  const std::string message = err.message;
  EXPECT_NE(message.find("test.yaml"), std::string::npos) << message;
  EXPECT_NE(message.find("ensemble.arithmetic: single rounds the mean output by up to "),
            std::string::npos)
      << message;
  EXPECT_NE(message.find("n = 8, step 2000"), std::string::npos) << message;
  EXPECT_EQ(out.c.count, 0u);
}

TEST(TrainerRounding, SetupSurvivesFailingAllocations) {
  const Settings s = small();
  Experiment ex(yaml(s));
  const Data data = data_of(s);
  pdlt_samples problem = {};
  pdlt_plan plan = {};
  pdlt_network net = {};
  ASSERT_EQ(pdlt_samples_new(&problem, &ex.c, &data.c, nullptr), PDLT_OK);
  ASSERT_EQ(pdlt_plan_make(&plan, &ex.c, &problem, 0, nullptr), PDLT_OK);
  ASSERT_EQ(pdlt_network_new(&net, &ex.c, 8, 3, nullptr), PDLT_OK);
  std::vector<pdlt_rounding> found(plan.times);
  int failures = 0;
  for (long calls = 0;; calls++) {
    const pdlt_rounding_settings settings = {&plan, &net, 1, 1, nullptr, nullptr};
    pdlt_error err = {};
    pdlt_memory_fail_after(calls);
    const pdlt_status status = pdlt_rounding_measure(found.data(), &settings, &err);
    pdlt_memory_fail_after(-1);
    if (status == PDLT_OK) break;
    EXPECT_EQ(status, PDLT_ERR_MEMORY);
    failures++;
    ASSERT_LT(failures, 100);
  }
  EXPECT_GT(failures, 4);
  pdlt_network_free(&net);
  pdlt_samples_free(&problem);
}
