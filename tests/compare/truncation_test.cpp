// What the fit leaves out: bad fits, series with a truncation error, what an undecided test names.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "compare/statistics/fit.h"
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

}  // namespace
