// Comparisons of synthetic archives whose truth is known: false alarms, power, every reason
// for undecided, numbers without noise, diverged widths, projections.
#include "compare/verdict/compare.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/core/memory.h"
#include "tests/compare/comparison.h"

namespace {

using support::fill;
using support::Pair;
using support::Result;
using support::Setting;
using support::some_truth;
using support::Truth;

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
    EXPECT_EQ(row.verdict, PDLT_AGREE) << k;
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
  EXPECT_GE(r.test("K", "c0").numerical, 1.0);
}

// A level is a share: everything between 0 and 1 can be meant, by the archive and by the caller.
TEST(Compare, LevelsBetweenZeroAndOne) {
  for (const bool asked : {false, true})
    for (const double level : {1e-9, 0.05, 0.7, 0.99, 1.0}) {
      Setting s;
      Pair pair;
      if (!asked) s.level = level;
      fill(pair, s, some_truth(0.01), 1);
      const pdlt_compare_options options = {2, asked ? level : -1, nullptr};
      pdlt_comparison c{};
      pdlt_error err{};
      EXPECT_EQ(pdlt_compare(&c, &pair.theory, &pair.measured, &options, &err),
                level < 1 ? PDLT_OK : PDLT_ERR_INPUT)
          << level << " " << err.message;
      EXPECT_EQ(c.level, level < 1 ? level : 0);
      pdlt_comparison_free(&c);
    }
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
