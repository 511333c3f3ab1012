// Comparisons of synthetic archives whose truth is known: false alarms, power, every reason
// for undecided, numbers without noise, diverged widths, projections.
#include "compare/verdict/compare.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/core/memory.h"
#include "compare/statistics/fit.h"
#include "tests/compare/support.h"

namespace {

using support::Pair;
using support::Setting;
using support::Truth;

struct Result {
  pdlt_comparison c{};
  Result() = default;
  Result(const Result &) = delete;
  Result &operator=(const Result &) = delete;
  ~Result() { pdlt_comparison_free(&c); }
  void compare(const Pair &pair) {
    pdlt_error err{};
    ASSERT_EQ(pdlt_compare(&c, &pair.theory, &pair.measured, nullptr, &err), PDLT_OK)
        << err.message;
  }
  const pdlt_compare_test &test(const char *quantity, const char *coefficient) const {
    for (size_t i = 0; i < c.num_tests; i++)
      if (!strcmp(c.tests[i].quantity, quantity) && !strcmp(c.tests[i].coefficient, coefficient))
        return c.tests[i];
    throw std::runtime_error("no such test");
  }
};

// Theory with c0 and c1 times factors, beside a measurement of the truth.
void fill(Pair &pair, const Setting &s, const Truth &t, unsigned seed, double factor0 = 1,
          double factor1 = 1) {
  std::mt19937_64 rng(seed);
  support::start_measured(&pair.measured, s);
  support::add_measured(&pair.measured, s, t, rng);
  support::put_meta(&pair.theory, "theory", s);
  std::vector<double> lo = t.c0, nlo = t.c1;
  for (double &v : lo) v *= factor0;
  for (double &v : nlo) v *= factor1;
  bool k = t.name == "K";
  support::add_values(&pair.theory, k ? "K" : t.name + "_lo", t.dims, lo);
  support::add_values(&pair.theory, k ? "G1" : t.name + "_nlo", t.dims, nlo);
}

Truth some_truth(double noise, unsigned seed = 3, std::vector<size_t> dims = {2, 3}) {
  std::mt19937_64 rng(seed);
  return support::random_truth("K", std::move(dims), noise, rng);
}

// How far the distribution of p lies above the uniform one: more small p than stated (one-sided
// Kolmogorov-Smirnov). Below it is where a truncation error is larger than what is left out.
double below(std::vector<double> p) {
  std::sort(p.begin(), p.end());
  double distance = 0, n = double(p.size());
  for (size_t i = 0; i < p.size(); i++) distance = std::max(distance, double(i + 1) / n - p[i]);
  return distance * std::sqrt(n);
}

TEST(Compare, PValuesAreNotTooSmallUnderTheory) {
  for (bool projected : {false, true}) {
    Setting s;
    s.blocks = projected ? 48 : 320;
    s.weighted = true;
    s.ratio = 2;
    Truth t = some_truth(0.02);
    std::vector<double> p0, p1;
    int undecided = 0;
    for (unsigned seed = 0; seed < 300; seed++) {
      Pair pair;
      fill(pair, s, t, 1000 + seed);
      Result r;
      r.compare(pair);
      p0.push_back(r.test("K", "c0").p);
      p1.push_back(r.test("K", "c1").p);
      EXPECT_NE(r.c.verdict, PDLT_DISAGREE);
      undecided += r.c.verdict == PDLT_UNDECIDED;
      EXPECT_EQ(r.test("K", "c0").directions, projected ? 4u : 6u);
    }
    EXPECT_LT(below(p0), 1.86);  // 0.1 % level
    EXPECT_LT(below(p1), 1.86);
    EXPECT_LT(undecided, 12);
  }
}

TEST(Compare, AgreesWithTheTruthAndRefutesErrors) {
  Setting s;
  Truth t = some_truth(0.004);
  Pair right, wrong0, wrong1;
  fill(right, s, t, 1);
  fill(wrong0, s, t, 1, 1.02);
  fill(wrong1, s, t, 1, 1, 0.7);
  Result a, b, c;
  a.compare(right);
  EXPECT_EQ(a.c.verdict, PDLT_AGREE) << a.c.tests[0].reason << "; " << a.c.tests[1].reason;
  b.compare(wrong0);
  EXPECT_EQ(b.c.verdict, PDLT_DISAGREE);
  EXPECT_EQ(b.test("K", "c0").verdict, PDLT_DISAGREE);
  EXPECT_LT(b.test("K", "c0").p, 1e-6);
  c.compare(wrong1);
  EXPECT_EQ(c.test("K", "c0").verdict, PDLT_AGREE);
  EXPECT_EQ(c.test("K", "c1").verdict, PDLT_DISAGREE);
  EXPECT_EQ(c.c.verdict, PDLT_DISAGREE);
}

TEST(Compare, RowsHoldTheFitOfEachNumber) {
  Setting s;
  Truth t = some_truth(0.002);
  Pair pair;
  fill(pair, s, t, 4);
  Result r;
  r.compare(pair);
  ASSERT_EQ(r.c.num_rows, 6u);
  for (size_t k = 0; k < 6; k++) {
    const pdlt_compare_row &row = r.c.rows[k];
    EXPECT_EQ(row.index[0], k / 3);
    EXPECT_EQ(row.index[1], k % 3);
    EXPECT_TRUE(std::isnan(row.time));
    EXPECT_EQ(row.c0.theory, t.c0[k]);
    EXPECT_DOUBLE_EQ(row.c0.null, 1.02 * t.c0[k]);
    EXPECT_EQ(row.c1.theory, t.c1[k]);
    EXPECT_EQ(row.c1.null, 0);
    EXPECT_NEAR(row.c0.value, t.c0[k], 5 * row.c0.se);
    EXPECT_NEAR(row.c1.value, t.c1[k], 5 * row.c1.se);
    EXPECT_NEAR(row.c0.z, (row.c0.value - t.c0[k]) / row.c0.se, 1e-12);
    EXPECT_LT(row.c1.se / std::fabs(t.c1[k]), 0.2);
  }
}

TEST(Compare, TooFewWidthsIsUndecided) {
  Setting s;
  s.widths = {16, 32, 64};
  Pair pair;
  fill(pair, s, some_truth(0.002), 1);
  Result r;
  r.compare(pair);
  EXPECT_EQ(r.c.verdict, PDLT_UNDECIDED);
  EXPECT_TRUE(std::isnan(r.test("K", "c0").p));
  EXPECT_NE(strstr(r.test("K", "c0").reason, "too few widths"), nullptr);
  EXPECT_EQ(r.c.rows[0].verdict, PDLT_UNDECIDED);
}

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

TEST(Compare, BadFitIsUndecided) {
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
TEST(Compare, BadFitNeverDisagrees) {
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
TEST(Compare, SlowSeriesHaveATruncationError) {
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
TEST(Compare, TruncationErrorNamesAWidth) {
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

TEST(Compare, TooFewMembersSaysHowMany) {
  Setting s;
  Truth t = some_truth(0.2);
  Pair few, enough;
  fill(few, s, t, 2);
  Result r;
  r.compare(few);
  const pdlt_compare_test &test = r.test("K", "c0");
  EXPECT_EQ(test.verdict, PDLT_UNDECIDED);
  EXPECT_NE(strstr(test.reason, "too few members"), nullptr) << test.reason;
  EXPECT_LT(test.null_z, 4);
  double members = double(s.blocks) * s.members;
  EXPECT_GE(test.members_needed, members * 16 / (test.null_z * test.null_z));
  // With that many members (and a margin for the estimate) the test has power.
  double factor = 1.3 * test.members_needed / members;
  for (auto &row : t.mixing)
    for (double &m : row) m /= std::sqrt(factor);
  fill(enough, s, t, 2);
  Result again;
  again.compare(enough);
  EXPECT_GT(again.test("K", "c0").null_z, 4);
}

// What is predicted as 0 agrees when it is measured as 0, with the bound; and not otherwise.
TEST(Compare, PredictedZeroAgreesWithinABound) {
  for (const double off : {0.0, 0.05}) {
    Setting s;
    Truth t = some_truth(0.002);
    for (double &v : t.c0) v = 0;
    Pair pair;
    fill(pair, s, t, 2);
    for (double n : s.widths)
      for (size_t b = 0; b < s.blocks * 6; b++)
        pdlt_archive_get(&pair.measured, support::at_width(n, "blocks/K").c_str())->data[b] += off;
    for (double n : s.widths)
      for (size_t k = 0; k < 6; k++)
        pdlt_archive_get(&pair.measured, support::at_width(n, "K").c_str())->data[k] += off;
    Result r;
    r.compare(pair);
    const pdlt_compare_test &test = r.test("K", "c0");
    EXPECT_EQ(test.verdict, off > 0 ? PDLT_DISAGREE : PDLT_AGREE) << test.reason;
    EXPECT_TRUE(std::isnan(test.members_needed) && std::isnan(test.bound));
    if (off == 0) {
      EXPECT_NE(strstr(test.reason, "predicted and measured as 0"), nullptr) << test.reason;
      EXPECT_NE(strstr(test.reason, "c0 is 0 within "), nullptr) << test.reason;
    }
  }
}

// A loss without power does not hold back what z and cov, or here K, decide; one that deviates
// does.
TEST(Compare, UndecidedLossesDoNotCount) {
  for (const bool alone : {false, true})
    for (const double factor : {1.0, 3.0}) {
      Setting s;
      s.blocks = 64;
      Pair pair;
      Result r;
      Truth loss = some_truth(factor > 1 ? 0.01 : 3, 5, {2});
      loss.name = "loss_test";
      std::mt19937_64 rng(8);
      if (alone) {
        support::put_meta(&pair.theory, "theory", s);
        support::start_measured(&pair.measured, s);
      } else {
        fill(pair, s, some_truth(0.002), 7);
      }
      support::add_measured(&pair.measured, s, loss, rng);
      support::add_values(&pair.measured, "times", {2}, {1, 5});
      std::vector<double> lo = loss.c0;
      for (double &v : lo) v *= factor;
      support::add_values(&pair.theory, "loss_test_lo", {2}, lo);
      support::add_values(&pair.theory, "loss_test_nlo", {2}, loss.c1);
      r.compare(pair);
      EXPECT_EQ(r.test("loss_test", "c0").verdict, factor > 1 ? PDLT_DISAGREE : PDLT_UNDECIDED);
      EXPECT_EQ(r.c.verdict, factor > 1 ? PDLT_DISAGREE : alone ? PDLT_UNDECIDED : PDLT_AGREE);
    }
}

TEST(Compare, WidthsWithDivergedMembersAreLeftOut) {
  Setting s;
  std::mt19937_64 rng(3);
  Truth t = support::random_truth("z", {2, 1, 2}, 0.004, rng);
  Pair pair;
  support::put_meta(&pair.theory, "theory", s);
  support::start_measured(&pair.measured, s);
  support::add_measured(&pair.measured, s, t, rng);
  support::add_values(&pair.measured, "times", {2}, {0, 10});
  support::add_values(&pair.theory, "z_lo", t.dims, t.c0);
  support::add_values(&pair.theory, "z_nlo", t.dims, t.c1);
  pdlt_archive_get(&pair.measured, "n16/diverged")->data[0] = 3;
  pdlt_archive_get(&pair.measured, "n24/unconverged")->data[0] = 1;
  for (size_t k = 0; k < 4; k++) pdlt_archive_get(&pair.measured, "n16/z")->data[k] += 100;
  Result r;
  r.compare(pair);
  EXPECT_EQ(r.test("z", "c0").verdict, PDLT_AGREE) << r.test("z", "c0").reason;
  EXPECT_EQ(r.c.rows[0].used[0], 0);
  EXPECT_EQ(r.c.rows[0].used[1], 0);
  EXPECT_EQ(r.c.rows[0].used[2], 1);
  EXPECT_EQ(r.c.rows[3].time, 10);
  ASSERT_EQ(r.c.num_warnings, 2u);
  EXPECT_NE(strstr(r.c.warnings[0], "n = 16: 3 of"), nullptr);
  EXPECT_NE(strstr(r.c.warnings[1], "1 did not converge"), nullptr);
}

TEST(Compare, WidthsWithoutErrorBarsAreLeftOut) {
  Setting s;
  Pair pair;
  fill(pair, s, some_truth(0.002), 1);
  for (double n : {16., 24., 32.})
    pdlt_archive_get(&pair.measured, support::at_width(n, "K_se").c_str())->data[0] = NAN;
  Result r;
  r.compare(pair);
  EXPECT_EQ(r.c.verdict, PDLT_UNDECIDED);
  EXPECT_NE(strstr(r.test("K", "c0").reason, "3 can be used"), nullptr);
  EXPECT_EQ(r.c.num_warnings, 3u);
}

// Numbers without noise (outputs trained to the target) are compared by tolerance.
TEST(Compare, ExactNumbersMustAgreeToTolerance) {
  for (double off : {0.0, 1e-3}) {
    Setting s;
    Truth t = some_truth(0.004);
    t.c1[0] = t.c2[0] = 0;
    for (double &m : t.mixing[0]) m = 0;
    Pair pair;
    fill(pair, s, t, 1);
    pdlt_archive_get(&pair.theory, "K")->data[0] += off;
    Result r;
    r.compare(pair);
    const pdlt_compare_test &test = r.test("K", "c0");
    EXPECT_EQ(test.verdict, off == 0 ? PDLT_AGREE : PDLT_DISAGREE) << test.reason;
    EXPECT_EQ(test.numbers, 6u);
    EXPECT_EQ(test.directions, 5u);
    if (off > 0) {
      EXPECT_EQ(test.p, 0);
    }
  }
}

// Linearly dependent numbers, the third the sum of the first two: a deviation of the sum is seen,
// and none where there is none.
TEST(Compare, DependentNumbers) {
  for (double off : {0.0, 0.05}) {
    Setting s;
    Truth t = some_truth(0.004, 3, {1, 3});
    t.c0[2] = t.c0[0] + t.c0[1];
    t.c1[2] = t.c1[0] + t.c1[1];
    t.c2[2] = t.c2[0] + t.c2[1];
    for (size_t m = 0; m < t.mixing[0].size(); m++)
      t.mixing[2][m] = t.mixing[0][m] + t.mixing[1][m];
    Pair pair;
    fill(pair, s, t, 1);
    pdlt_archive_get(&pair.theory, "K")->data[2] += off;
    Result r;
    r.compare(pair);
    EXPECT_EQ(r.test("K", "c0").verdict == PDLT_DISAGREE, off > 0) << r.test("K", "c0").reason;
  }
}

TEST(Compare, SymmetricNumbersEnterOnce) {
  Setting s;
  Truth t = some_truth(0.004, 3, {2, 2});
  t.c0[2] = t.c0[1], t.c1[2] = t.c1[1], t.c2[2] = t.c2[1], t.mixing[2] = t.mixing[1];
  Pair pair;
  fill(pair, s, t, 1);
  Result r;
  r.compare(pair);
  EXPECT_EQ(r.c.num_rows, 4u);
  EXPECT_EQ(r.test("K", "c0").numbers, 3u);
  EXPECT_EQ(r.c.rows[2].c0.value, r.c.rows[1].c0.value);
}

// Many numbers, few blocks: few directions, and still the 2 % are seen.
TEST(Compare, ProjectionsKeepThePower) {
  Setting s;
  s.blocks = 100;
  Truth t = some_truth(0.02, 3, {8, 9});
  Pair right, wrong;
  fill(right, s, t, 1);
  fill(wrong, s, t, 1, 1.02);
  Result a, b;
  a.compare(right);
  EXPECT_EQ(a.test("K", "c0").directions, 10u);
  EXPECT_EQ(a.test("K", "c0").numbers, 72u);
  EXPECT_NE(a.c.verdict, PDLT_DISAGREE);
  b.compare(wrong);
  EXPECT_EQ(b.test("K", "c0").verdict, PDLT_DISAGREE) << b.test("K", "c0").reason;
}

TEST(Compare, NumericalErrorOfTheoryCounts) {
  Setting s;
  Truth t = some_truth(0.002);
  Pair pair;
  fill(pair, s, t, 1, 1.02);
  support::add_values(&pair.theory, "err/K", {}, {1.0});
  Result r;
  r.compare(pair);
  EXPECT_NE(r.test("K", "c0").verdict, PDLT_DISAGREE);
  EXPECT_GT(r.c.rows[0].c0.se, 1.0);
  EXPECT_NE(r.test("K", "c1").verdict, PDLT_DISAGREE);  // c0 is held at an uncertain value
  EXPECT_GT(r.c.rows[0].c1.se, 10.0);
}

TEST(Compare, TensorsTakeTheLeadingCornerOfTheory) {
  Setting s;
  std::mt19937_64 rng(3);
  Truth t = support::random_truth("V", {1, 2, 1, 2}, 0.004, rng);
  Pair pair;
  support::put_meta(&pair.theory, "theory", s);
  support::start_measured(&pair.measured, s);
  support::add_measured(&pair.measured, s, t, rng);
  double *v = support::add(&pair.theory, "V", {3, 3, 3, 3});
  for (size_t i = 0; i < 81; i++) v[i] = -7;
  for (size_t b = 0; b < 2; b++)
    for (size_t d = 0; d < 2; d++) v[b * 9 + d] = t.c0[2 * b + d];
  Result r;
  r.compare(pair);
  ASSERT_EQ(r.c.num_tests, 1u);
  EXPECT_EQ(r.test("V", "c0").verdict, PDLT_AGREE) << r.test("V", "c0").reason;
}

TEST(Compare, TheOrderOfNumbersDoesNotMatter) {
  Setting s;
  Truth t = some_truth(0.004, 3, {1, 6}), u = t;
  std::vector<size_t> order = {3, 0, 5, 1, 4, 2};
  for (size_t k = 0; k < 6; k++) {
    u.c0[k] = t.c0[order[k]], u.c1[k] = t.c1[order[k]], u.c2[k] = t.c2[order[k]];
    u.mixing[k] = t.mixing[order[k]];
  }
  Pair a, b;
  fill(a, s, t, 1);
  fill(b, s, u, 1);
  Result ra, rb;
  ra.compare(a);
  rb.compare(b);
  for (const char *c : {"c0", "c1"}) {
    EXPECT_NEAR(ra.test("K", c).p, rb.test("K", c).p, 1e-9);
    EXPECT_NEAR(ra.test("K", c).null_z, rb.test("K", c).null_z, 1e-8 * ra.test("K", c).null_z);
  }
  for (size_t k = 0; k < 6; k++) EXPECT_NEAR(rb.c.rows[k].c0.z, ra.c.rows[order[k]].c0.z, 1e-9);
}

TEST(Compare, OtherPhysicsIsRefused) {
  Setting s;
  Pair pair;
  fill(pair, s, some_truth(0.01), 1);
  json_object_set_new(pair.theory.meta, "physics_hash", json_string("other"));
  pdlt_comparison c{};
  pdlt_error err{};
  EXPECT_EQ(pdlt_compare(&c, &pair.theory, &pair.measured, nullptr, &err), PDLT_ERR_INPUT);
  EXPECT_NE(strstr(err.message, "physics_hash"), nullptr);
  EXPECT_EQ(c.rows, nullptr);
  EXPECT_EQ(pdlt_compare(&c, &pair.measured, &pair.theory, nullptr, &err), PDLT_ERR_INPUT);
}

TEST(Compare, NothingInCommonIsUndecided) {
  Setting s;
  Pair pair;
  support::put_meta(&pair.theory, "theory", s);
  support::start_measured(&pair.measured, s);
  Result r;
  r.compare(pair);
  EXPECT_EQ(r.c.verdict, PDLT_UNDECIDED);
  EXPECT_EQ(r.c.num_tests, 0u);
  EXPECT_EQ(r.c.num_warnings, 1u);
}

TEST(Compare, EveryFailedAllocationIsReported) {
  Setting s;
  s.blocks = 40;
  Pair pair;
  fill(pair, s, some_truth(0.01, 3, {1, 2}), 1);
  long call = 0;
  for (;; call++) {
    pdlt_comparison c{};
    pdlt_error err{};
    pdlt_memory_fail_after(call);
    pdlt_status status = pdlt_compare(&c, &pair.theory, &pair.measured, nullptr, &err);
    pdlt_memory_fail_after(-1);
    pdlt_comparison_free(&c);
    if (status == PDLT_OK) break;
    ASSERT_EQ(status, PDLT_ERR_MEMORY);
  }
  EXPECT_GT(call, 30);
}

}  // namespace
