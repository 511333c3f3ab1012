// What the fit leaves out: bad fits, series with a truncation error, what an undecided test names.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/core/memory.h"
#include "compare/statistics/fit.h"
#include "compare/verdict/verdict.h"
#include "tests/compare/comparison.h"

namespace {

using support::fill;
using support::Pair;
using support::Result;
using support::Setting;
using support::some_truth;
using support::Truth;

// Adds to every number `size` standard errors of contrast m, which the fit of c0 cannot see.
void disturb(Pair &pair, const Setting &s, size_t count, size_t m, double size) {
  size_t num = s.widths.size(), terms = size_t(s.degree) + 1;
  std::vector<double> h, se(num), rows(terms * num), contrasts((num - terms) * num);
  for (double n : s.widths) h.push_back(1 / (n * s.ratio));
  auto entry = [&](size_t w, const char *name) {
    return pdlt_archive_get(&pair.measured, support::at_width(s.widths[w], name).c_str())->data;
  };
  for (size_t k = 0; k < count; k++) {
    for (size_t w = 0; w < num; w++) se[w] = entry(w, "K_se")[k];
    pdlt_error err{};
    ASSERT_EQ(pdlt_fit_rows(num, h.data(), se.data(), 0, s.degree, nullptr, rows.data(),
                            contrasts.data(), &err),
              PDLT_OK);
    for (size_t w = 0; w < num; w++)
      entry(w, "K")[k] += size * contrasts[m * num + w] * se[w] * se[w];
  }
}

TEST(Truncation, BadFitIsUndecided) {
  Setting s;
  Pair pair;
  fill(pair, s, some_truth(0.002), 2);
  Result good;
  good.compare(pair);
  EXPECT_GT(good.test("K", "c0").fit_p, 0.001);
  disturb(pair, s, 6, 1, 8);
  Result r;
  r.compare(pair);
  EXPECT_NE(strstr(r.test("K", "c0").reason, "widths too small for a fit of degree 2"), nullptr)
      << r.test("K", "c0").reason;
  EXPECT_LT(r.test("K", "c0").fit_p, 0.001);
  EXPECT_EQ(r.test("K", "c0").verdict, PDLT_UNDECIDED);
  EXPECT_EQ(r.c.rows[0].verdict, PDLT_UNDECIDED);
}

// A bad fit proves nothing: a theory that is far off is not refuted by it.
TEST(Truncation, BadFitNeverDisagrees) {
  Setting s;
  Pair pair;
  fill(pair, s, some_truth(0.002), 2, 1.5);
  disturb(pair, s, 6, 1, 8);
  Result r;
  r.compare(pair);
  EXPECT_LT(r.test("K", "c0").p, 1e-6);
  EXPECT_EQ(r.test("K", "c0").verdict, PDLT_UNDECIDED);
}

// Deviation of c0 in standard errors when the powers beyond the fit are taken for 0.
double least_squares_z(const Setting &s, const pdlt_compare_row &row) {
  std::vector<double> h, rows((size_t(s.degree) + 1) * s.widths.size());
  for (double n : s.widths) h.push_back(1 / n);
  pdlt_error err{};
  EXPECT_EQ(
      pdlt_fit_rows(h.size(), h.data(), row.se, 0, s.degree, nullptr, rows.data(), nullptr, &err),
      PDLT_OK);
  double value = -row.lo, variance = 0;
  for (size_t w = 0; w < h.size(); w++) {
    value += rows[w] * row.measured[w];
    variance += rows[w] * rows[w] * row.se[w] * row.se[w];
  }
  return value / std::sqrt(variance);
}

// Series whose coefficients grow fast: what the fit of degree 2 leaves out is part of the error, and
// the true theory is not refuted; without that allowance it would be, far beyond any level.
TEST(Truncation, SlowSeriesHaveATruncationError) {
  Setting s;
  s.widths = {32, 40, 48, 64, 96, 128};
  int refuted_without = 0, undecided = 0;
  for (unsigned seed = 0; seed < 20; seed++) {
    Truth t = some_truth(0.0004, seed + 20);
    t.c2.clear();
    for (size_t k = 0; k < t.c0.size(); k++) {
      t.c1[k] *= 2;
      t.c2.push_back(-10 * t.c1[k] * (1 + 0.2 * double(k % 3)));
      t.c3.push_back(120 * t.c1[k] * (1 - 0.1 * double(k % 2)));
    }
    Pair pair;
    fill(pair, s, t, seed);
    Result r;
    r.compare(pair);
    for (const char *c : {"c0", "c1"}) {
      const pdlt_compare_test &test = r.test("K", c);
      EXPECT_NE(test.verdict, PDLT_DISAGREE) << test.reason;
      EXPECT_GT(test.truncation, 0.2 * test.statistical);
      undecided += test.verdict == PDLT_UNDECIDED;
    }
    for (size_t k = 0; k < r.c.num_rows; k++) {
      const pdlt_coefficient &c0 = r.c.rows[k].c0;
      refuted_without += std::fabs(least_squares_z(s, r.c.rows[k])) > 6;
      EXPECT_NEAR(c0.se * c0.se,
                  c0.statistical * c0.statistical + c0.numerical * c0.numerical +
                      c0.truncation * c0.truncation,
                  1e-9 * c0.se * c0.se);
    }
  }
  EXPECT_GT(refuted_without, 30);
  EXPECT_LT(undecided, 40);
}

// The same series where widths do not tell it from its null: the reason names a width.
TEST(Truncation, TruncationErrorNamesAWidth) {
  Setting s;
  s.widths = {6, 8, 10, 12};
  Truth t = some_truth(0.00005, 3, {1, 1});
  for (size_t k = 0; k < t.c0.size(); k++) t.c2[k] = -14 * t.c1[k];
  Pair pair;
  fill(pair, s, t, 1);
  Result r;
  r.compare(pair);
  const pdlt_compare_test &test = r.test("K", "c0");
  EXPECT_EQ(test.verdict, PDLT_UNDECIDED) << test.reason;
  EXPECT_NE(strstr(test.reason, "truncation error too large"), nullptr) << test.reason;
  EXPECT_NE(strstr(test.reason, "widths from about n = "), nullptr) << test.reason;
  EXPECT_NE(strstr(test.reason, "c0 agrees within "), nullptr) << test.reason;
}

// Six numbers near 1 whose corrections at n = 16 are 10 %, then `ratio` of it from order to order.
Truth cubic_truth(double noise, unsigned seed, double ratio = 0.5) {
  Truth t = some_truth(noise, seed);
  std::mt19937_64 rng(seed + 1000);
  std::normal_distribution<double> normal;
  for (size_t k = 0; k < t.c0.size(); k++) {
    t.c1[k] = 0.1 * 16 * normal(rng);
    t.c2[k] = 0.1 * ratio * 256 * normal(rng);
    t.c3.push_back(0.1 * ratio * ratio * 4096 * normal(rng));
  }
  return t;
}

Setting low_degree(int degree) {
  Setting s;
  s.widths = {16, 24, 32, 64};
  s.degree = degree;
  s.blocks = 100;
  return s;
}

// 1 when the fit of the experiment's own degree finds a deviation, and is good.
int deviates(const pdlt_compare_test &test) { return test.p < 5e-5 && !(test.fit_p < 1e-3); }

// A fit of degree 1 has one ratio of sizes, of the first correction to infinite width, and corrections
// may grow far faster: a right theory deviates in every fifth test of these, and none is refuted.
TEST(Truncation, LowDegreeNeverRefutesTheTruth) {
  const Setting s = low_degree(1);
  int deviating = 0, said = 0, tests = 0;
  for (unsigned seed = 0; seed < 60; seed++)
    for (const double noise : {0.05, 0.005}) {
      Pair pair;
      fill(pair, s, cubic_truth(noise, seed), seed);
      Result r;
      r.compare(pair);
      for (size_t i = 0; i < r.c.num_tests; i++, tests++) {
        const pdlt_compare_test &test = r.c.tests[i];
        EXPECT_NE(test.verdict, PDLT_DISAGREE) << test.reason;
        deviating += deviates(test);
        said += strstr(test.reason, "degree of the fit too low: c") != nullptr;
      }
      for (size_t k = 0; k < r.c.num_rows; k++) EXPECT_NE(r.c.rows[k].verdict, PDLT_DISAGREE);
    }
  EXPECT_EQ(tests, 240);
  EXPECT_GT(deviating, 20);
  EXPECT_EQ(said, deviating);
}

// What is wrong by more than a fit of degree 2 allows is refuted by one of degree 1: where no other
// power is there, and where the powers left out are a tenth from order to order.
TEST(Truncation, LowDegreeRefutesWhatIsWrong) {
  const struct {
    double factor0, factor1;
    bool linear;
  } cases[] = {{1.05, 1, true}, {1, 0.5, true}, {1.25, 1, false}};
  for (const auto &c : cases) {
    int refuted = 0, good = 0;
    for (unsigned seed = 0; seed < 20; seed++) {
      Setting s = low_degree(1);
      s.widths = {16, 24, 32, 48, 64, 96};
      Truth t = c.linear ? some_truth(0.004, seed) : cubic_truth(0.004, seed, 0.1);
      if (c.linear) t.c2.assign(t.c0.size(), 0);
      Pair pair;
      fill(pair, s, t, seed, c.factor0, c.factor1);
      Result r;
      r.compare(pair);
      const pdlt_compare_test &test = r.test("K", c.factor0 != 1 ? "c0" : "c1");
      if (test.fit_p < 1e-3) continue; /* proves nothing, at any degree */
      good++;
      refuted += test.verdict == PDLT_DISAGREE;
    }
    EXPECT_GT(good, 15);
    EXPECT_EQ(refuted, good);
  }
}

// With degree 2 of the experiment's own nothing changes: the same verdict as ever, without a second look.
TEST(Truncation, DegreeTwoRefutesAlone) {
  const Setting s = low_degree(2);
  Pair pair;
  fill(pair, s, some_truth(0.002), 1, 1.02);
  Result r;
  r.compare(pair);
  EXPECT_EQ(r.test("K", "c0").verdict, PDLT_DISAGREE);
  EXPECT_NE(strstr(r.test("K", "c0").reason, "of the level"), nullptr) << r.test("K", "c0").reason;
}

// The rule alone: what a degree finds, what the look at degree 2 found, and what is said.
TEST(Truncation, WhatALowDegreeMaySay) {
  const struct {
    int degree, broken;
    double p, fit, check, check_fit;
    pdlt_verdict verdict;
    const char *reason;
  } cases[] = {
      {1, 0, 1e-9, 0.5, 0.3, 0.5, PDLT_UNDECIDED, "but not with degree 2 (p = 0.3)"},
      {1, 0, 1e-9, 0.5, 1e-7, 0.5, PDLT_DISAGREE, "is not that of theory"},
      {1, 0, 1e-9, 0.5, 1e-4, 0.5, PDLT_UNDECIDED, "but not with degree 2 (p = 0.0001)"},
      {1, 0, 1e-9, 0.5, 1e-7, 1e-5, PDLT_UNDECIDED, "one of degree 2 is bad (p = 1e-05)"},
      {1, 0, 1e-9, 0.5, 1e-7, NAN, PDLT_DISAGREE, "is not that of theory"}, /* three widths */
      {0, 0, 1e-9, 0.5, NAN, NAN, PDLT_UNDECIDED, "with degree 0 (p = 1e-09), so it may"},
      {1, 0, 1e-9, 1e-5, 1e-7, 0.5, PDLT_UNDECIDED, "widths too small for a fit of degree 1"},
      {1, 1, 0.5, 0.5, 0.5, 0.5, PDLT_UNDECIDED, "but not with degree 2 (p = 0.5)"},
      {1, 1, 0.5, 0.5, 0, 0.5, PDLT_DISAGREE, "a number without statistical error"},
      {1, 0, 0.5, 0.5, NAN, NAN, PDLT_AGREE, "no deviation"},
      {2, 0, 1e-9, 0.5, NAN, NAN, PDLT_DISAGREE, "is not that of theory"},
      {2, 1, 0.5, 0.5, NAN, NAN, PDLT_DISAGREE, "a number without statistical error"}};
  for (const auto &c : cases) {
    pdlt_evidence e{};
    char reason[512];
    e.widths = e.needed = size_t(c.degree) + 2, e.numbers = 2, e.h_power = 1, e.broken = c.broken;
    e.coefficient.p = c.p, e.fit.p = c.fit, e.check_p = c.check, e.check_fit_p = c.check_fit;
    EXPECT_EQ(pdlt_verdict_test(&e, c.degree, 1e-6, reason, sizeof reason), c.verdict) << reason;
    EXPECT_NE(strstr(reason, c.reason), nullptr) << reason;
  }
}

// A constant holds no correction at all; with two widths no fit of degree 2 can be asked.
TEST(Truncation, AConstantRefutesNothing) {
  for (const bool two : {false, true}) {
    Setting s = low_degree(0);
    if (two) s.widths = {48, 50};
    Truth t = some_truth(two ? 0.05 : 0.5);
    Pair pair;
    fill(pair, s, t, 1);
    Result r;
    r.compare(pair);
    const pdlt_compare_test &test = r.test("K", "c0");
    EXPECT_EQ(deviates(test), 1) << test.p << " " << test.fit_p;
    EXPECT_EQ(test.verdict, PDLT_UNDECIDED) << test.reason;
    EXPECT_EQ(strstr(test.reason, "but not with degree 2") == nullptr, two) << test.reason;
    for (size_t k = 0; k < r.c.num_rows; k++) EXPECT_NE(r.c.rows[k].verdict, PDLT_DISAGREE);
  }
}

TEST(Truncation, FailedAllocationsOfTheSecondLookAreReported) {
  Setting s = low_degree(1);
  s.blocks = 40;
  Truth t = some_truth(0.01, 3, {1, 2});
  t.c2.assign(t.c0.size(), 0);
  Pair pair;
  fill(pair, s, t, 1, 1.2);
  long calls[2] = {0, 0}; /* of a theory that is right, and of this one */
  for (const bool wrong : {false, true}) {
    Pair right;
    fill(right, s, t, 1);
    for (;; calls[wrong]++) {
      pdlt_comparison c{};
      pdlt_error err{};
      pdlt_memory_fail_after(calls[wrong]);
      const Pair &of = wrong ? pair : right;
      const pdlt_status status = pdlt_compare(&c, &of.theory, &of.measured, nullptr, &err);
      pdlt_memory_fail_after(-1);
      EXPECT_EQ(status == PDLT_OK, c.rows != nullptr);
      pdlt_comparison_free(&c);
      if (status == PDLT_OK) break;
      ASSERT_EQ(status, PDLT_ERR_MEMORY);
    }
  }
  EXPECT_GT(calls[1], calls[0] + 20);
}

}  // namespace
