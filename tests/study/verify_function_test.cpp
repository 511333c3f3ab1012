/* verify_function_test.cpp - functions in formulas of claims, of networks with skips above all. */
#include <cmath>
#include <initializer_list>

#include "cli/study/study.h"
#include "tests/study/support.h"

using namespace study_test;

namespace {

/* Functions for networks of an activation on its critical line: layers 2 and 3 have a skip of gamma. */
struct Functions {
  Functions(const std::string &activation, double gamma, int outputs = 1) {
    const std::string numbers =
        "network: {activation: " + activation +
        ", depth: 4, widths: [8], C_b: critical, C_W: critical, skip: " + std::to_string(gamma) +
        ", outputs: " + std::to_string(outputs) + "}\n";
    const std::string data =
        "data: {source: gaussian, inputs: 2, train: 1}\ntraining: {eta: 0.1, steps: 0}\n";
    EXPECT_EQ(study.open(numbers + data), PDLT_OK) << study.err.message;
    EXPECT_EQ(pdlt_study_resolve(study.c, &study.err), PDLT_OK) << study.err.message;
  }
  pdlt_status Try(const char *name, const std::vector<double> &args, double *out) {
    operands = PDLT_FORMULA_CALL;
    return pdlt_verify_function(&study.c->resolved.experiment, name, args.size(), args.data(), out,
                                &operands, &study.err);
  }
  double operator()(const char *name, const std::vector<double> &args = {}) {
    double out = NAN;
    EXPECT_EQ(Try(name, args, &out), PDLT_OK) << study.err.message;
    return out;
  }
  Study study;
  size_t operands = 0;
};

TEST(VerifyFunction, CriticalLinesOfSkips) {
  Functions relu("relu", 0.7, 3);
  EXPECT_NEAR(relu("critical_C_W", {0.7}), 2 * (1 - 0.49), 1e-12);
  EXPECT_NEAR(relu("critical_nu", {0.7}), 5.51, 0.006);
  EXPECT_NEAR(relu("critical_nu"), 5, 1e-12);
  EXPECT_GE(relu.operands, 100000u);
  EXPECT_NEAR(relu("critical_ratio", {0.9}), 4 / ((20 + 3 * 3) * relu("critical_nu", {0.9})),
              1e-14);
  EXPECT_EQ(relu("critical_exists", {-0.5}), 1);
  EXPECT_EQ(relu("critical_exists", {1}), 0);
  EXPECT_TRUE(std::isnan(relu("critical_nu", {1.2})));
  Functions tanh("tanh", 0.8);
  EXPECT_NEAR(tanh("critical_nu", {0.8}), 2.0 / 3 * (1 - std::pow(0.8, 4)), 1e-12);
  EXPECT_NEAR(tanh("critical_a1", {0.8}), -2 * (1 - 0.64), 1e-12);
  EXPECT_EQ(tanh("critical_p_perp", {0.8}), tanh("critical_p_perp"));
}

/* On the line both susceptibilities are 1 in layers with and without a skip; without the layer's number the skip
 * and its C_W are not asked. */
TEST(VerifyFunction, SusceptibilitiesOfALayer) {
  for (const char *name : {"relu", "gelu"}) {
    Functions f(name, 0.6);
    const double K = std::string(name) == "gelu" ? f("critical_K") : 1.3;
    for (const char *chi : {"chi_parallel", "chi_perp"}) {
      for (double l : {1, 2, 3, 4}) EXPECT_NEAR(f(chi, {K, l}), 1, 1e-7) << name << chi << l;
      EXPECT_EQ(f(chi, {K}), f(chi, {K, 4}));
    }
    /* off the line: gamma^2 is what does not scale with C_W */
    EXPECT_NEAR(f("chi_perp", {2 * K, 2}) - 0.36, (1 - 0.36) * f("chi_perp", {2 * K}), 1e-7);
  }
}

TEST(VerifyFunction, Refusals) {
  Functions f("tanh", 0.5);
  double out = 7;
  const struct {
    const char *name;
    std::vector<double> args;
    const char *message;
  } cases[] = {{"chi_perp", {1, 0}, "0 is no layer, give a whole number from 1 to 4"},
               {"chi_perp", {1, 5}, "5 is no layer"},
               {"chi_parallel", {1, 1.5}, "1.5 is no layer"},
               {"chi_perp", {1, NAN}, "is no layer"},
               {"chi_perp", {1, 2, 3}, "no function chi_perp with 3 arguments"},
               {"critical_nu", {0.5, 2}, "no function critical_nu with 2 arguments"},
               {"critical_what", {0.5}, "unknown function critical_what()"},
               {"ratio", {0.5}, "no function ratio with 1 arguments"}};
  for (const auto &one : cases) {
    EXPECT_EQ(f.Try(one.name, one.args, &out), PDLT_ERR_INPUT) << one.message;
    EXPECT_NE(std::string(f.study.err.message).find(one.message), std::string::npos)
        << f.study.err.message;
  }
  EXPECT_EQ(out, 7);
}

}  // namespace
