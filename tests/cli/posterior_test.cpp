// Posteriors from experiment to verdict: theory and measurement, which share nothing, agree in every number,
// and a run that weights cannot serve is refused before it begins. Parts left out: reports/6-*.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "cli/study/pdlt.h"

namespace {

struct Study {
  explicit Study(const std::string &text) {
    pdlt_error err = {};
    EXPECT_EQ(pdlt_study_open_text(&c, text.c_str(), nullptr, &err), PDLT_OK) << err.message;
  }
  ~Study() { pdlt_study_free(c); }
  Study(const Study &) = delete;
  pdlt_study *c = nullptr;
};

std::string experiment(const std::string &activation, const std::string &noise,
                       const std::string &more) {
  return "network: {activation: " + activation +
         ", depth: 3, widths: [20, 28, 40, 80], width_ratios: [2, 1], outputs: 2, C_b: 0.2, C_W: "
         "1.5}\n"
         "data: {source: gaussian, inputs: 3, seed: 8, scale: 1, train: 2, test: 1}\n"
         "posterior: {noise: " +
         noise + "}\nmeasure: [posterior]\nensemble: {seed: 4, " + more + "}\n";
}

// Tests of single quantities, and the largest deviation of a number in any of them.
void expect_agreement(const std::string &text) {
  Study study(text);
  pdlt_error err = {};
  ASSERT_EQ(pdlt_study_run(study.c, nullptr, &err), PDLT_OK) << err.message;
  pdlt_test test;
  size_t tests = 0, numbers = 0;
  for (size_t k = 0; pdlt_study_test(study.c, k, &test); k++) {
    EXPECT_STRNE(test.verdict, "disagree") << test.quantity << " " << test.reason;
    EXPECT_LT(std::fabs(test.worst_z), 4) << test.quantity << " " << test.coefficient;
    EXPECT_FALSE(test.p < 1e-4) << test.quantity << " " << test.coefficient;
    tests++;
    numbers += test.numbers;
  }
  EXPECT_GE(tests, text.find("slice") == std::string::npos ? 14u : 8u);
  EXPECT_GE(numbers, 60u);
}

TEST(Posterior, TheoryAndMeasurementAgree) {
  expect_agreement(experiment("tanh", "0.1", "members: 2560"));
  expect_agreement(experiment("gelu", "0", "members: 2560"));
}

TEST(Posterior, ChainsAgreeWithTheory) {
  expect_agreement(experiment("gelu", "0.1", "members: 2112, estimator: slice"));
}

// Equal directions with opposite targets: nothing in the prior expects that.
TEST(Posterior, ARunThatWeightsCannotServeIsRefused) {
  const std::string text =
      "network: {activation: tanh, depth: 2, widths: [8], C_b: 0, C_W: 1}\n"
      "data: {source: arrays, train: 2}\nposterior: {noise: 0.001}\nmeasure: [posterior]\n"
      "ensemble: {members: 4096}\n";
  const double x[4] = {1, 0, 1, 0.1}, y[2] = {2, -2};
  pdlt_study *study = nullptr;
  pdlt_error err = {};
  ASSERT_EQ(pdlt_study_open_arrays(&study, text.c_str(), 2, 2, x, 1, y, nullptr, &err), PDLT_OK)
      << err.message;
  EXPECT_EQ(pdlt_study_train(study, nullptr, &err), PDLT_ERR_INPUT);
  const std::string message = err.message;
  EXPECT_NE(message.find("ensemble.estimator: at n = 8"), std::string::npos) << message;
  EXPECT_NE(message.find("write slice"), std::string::npos) << message;
  ASSERT_EQ(pdlt_study_set(study, "ensemble.estimator", "slice", &err), PDLT_OK) << err.message;
  EXPECT_EQ(pdlt_study_train(study, nullptr, &err), PDLT_OK) << err.message;
  pdlt_study_free(study);
}

}  // namespace
