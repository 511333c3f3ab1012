// The two sentences of the answer: what they say, and that their numbers are right.
#include "compare/verdict/answer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>

#include "tests/compare/fake.h"

namespace {

std::string Sentence(const Fake &fake, int k) {
  fake.Measure();
  return fake.comparison.answer[k];
}

// The number before a mark, the k-th time it occurs.
double NumberAt(const std::string &text, const std::string &before, int k = 0) {
  size_t at = text.find(before);
  for (; k > 0 && at != std::string::npos; k--) at = text.find(before, at + 1);
  EXPECT_NE(at, std::string::npos) << before << " in: " << text;
  return at == std::string::npos ? NAN : std::strtod(text.c_str() + at + before.size(), nullptr);
}

// Both orders of theory, little noise; rows of the losses are added.
struct Exact : Fake {
  Exact() {
    nlo = order1 = true;
    times = 15;
    noise = 1e-5;
  }
  void MakeAll() {
    Make();
    pdlt_compare_row row = rows[0];
    loss.resize(2 * widths.size());
    row.quantity = "loss_test";
    row.ndim = 0;
    row.time = Time(times - 1);
    row.lo = Loss(times - 1, false);
    row.nlo = LossSlope(times - 1, false);
    for (size_t w = 0; w < widths.size(); w++) {
      loss[w] = row.lo + h[w] * row.nlo + 20 * h[w] * h[w];
      loss[widths.size() + w] = noise;
    }
    row.measured = loss.data();
    row.se = loss.data() + widths.size();
    rows.push_back(row);
    comparison.rows = rows.data();
    comparison.num_rows = rows.size();
  }
  // Root mean square over test samples at the last time, in % of infinite width.
  double Miss(double at, int order) const {
    double square = 0, size = 0;
    for (size_t a = 4; a < 6; a++) {
      const double x = order == 0 ? at + 2 * at * at : 2 * at * at;
      square += std::pow(ZSlope(times - 1, a) * x, 2);
      size += std::pow(ZInfinite(times - 1, a), 2);
    }
    return 100 * std::sqrt(square / size);
  }
  std::vector<double> loss;
};

TEST(Answer, DistancesAtTheNarrowestWidthInReachAndTheWidest) {
  Exact fake;
  fake.MakeAll();
  const std::string text = Sentence(fake, 1);
  const double lo = fake.Loss(14, false), nlo = fake.LossSlope(14, false);
  EXPECT_TRUE(Has(text,
                  "At n = 32, the narrowest width in reach, after 76 steps, infinite width "
                  "misses the mean output of the test samples by "))
      << text;
  EXPECT_TRUE(Has(text, "; at n = 128 by ")) << text;
  for (const int k : {0, 1}) {
    const double h = k == 0 ? 1.0 / 32 : 1.0 / 128;
    const std::string half = k == 0 ? text.substr(0, text.find(';')) : text.substr(text.find(';'));
    const size_t order = half.find(", order 1/n by ");
    ASSERT_NE(order, std::string::npos) << text;
    const std::string infinite = half.substr(0, order), first = half.substr(order);
    EXPECT_NEAR(NumberAt(infinite, " by ") / fake.Miss(h, 0), 1, 0.02) << text;
    EXPECT_NEAR(NumberAt(infinite, k == 0 ? "loss by " : " and "),
                100 * (h * nlo + 20 * h * h) / lo, 0.01)
        << text;
    EXPECT_NEAR(NumberAt(first, " and "), 100 * 20 * h * h / lo, 0.01) << text;
    EXPECT_NEAR(NumberAt(first, " by "), fake.Miss(h, 1), 0.01) << text;
  }
  EXPECT_TRUE(Has(text, " +- ")) << text;
}

TEST(Answer, NoiseGivesABound) {
  Exact fake;
  fake.effect = 0;
  fake.MakeAll();
  const std::string text = Sentence(fake, 1);
  double size = 0;
  for (size_t a = 4; a < 6; a++) size += std::pow(fake.ZInfinite(14, a), 2) / 2;
  const double noise = 100 * 1e-5 / std::sqrt(32.0) / std::sqrt(size);
  EXPECT_GT(NumberAt(text, "less than "), noise) << text;
  EXPECT_LT(NumberAt(text, "less than "), 6 * noise) << text;
}

TEST(Answer, SaysWhenNoWidthIsInReach) {
  Exact fake;
  fake.MakeAll();
  for (pdlt_reach &reach : fake.reach) reach.in_reach = 0;
  EXPECT_TRUE(Has(Sentence(fake, 1), "At n = 16, out of reach of order 1/n as all widths are, "));
  for (pdlt_reach &reach : fake.reach) reach.in_reach = 1;
  EXPECT_TRUE(Has(Sentence(fake, 1), "At n = 16, the narrowest width, after "));
}

TEST(Answer, WithoutTrainingTellsOfTheKernels) {
  Exact fake;
  fake.times = 1;  // z is 0 at the start
  fake.Make();
  const std::string text = Sentence(fake, 1);
  EXPECT_TRUE(Has(text, "At n = 16, the narrowest width, infinite width misses the kernel by "))
      << text;
  EXPECT_TRUE(Has(text, " and the NTK by ")) << text;
  EXPECT_NEAR(NumberAt(text, "kernel by "), 100 * 0.2 / 0.6 / 16, 0.01) << text;
  Fake empty;
  empty.comparison.verdict = PDLT_UNDECIDED;
  EXPECT_TRUE(Has(Sentence(empty, 1), "No width measured numbers"));
  EXPECT_EQ(Sentence(empty, 0).rfind("Nothing could be decided: theory and measurement", 0), 0u);
}

TEST(Answer, HalfPowersAreNamed) {
  Exact fake;
  fake.power = 0.5;
  fake.MakeAll();
  EXPECT_TRUE(Has(Sentence(fake, 1), ", order 1/sqrt(n) by "));
  EXPECT_FALSE(Has(Sentence(fake, 1), "order 1/n"));
}

// Tests of the first sentence: z and K, c0 and c1.
struct Decided : Fake {
  void Decide(pdlt_verdict z, pdlt_verdict k) {
    Make();
    tests.clear();
    for (const char *name : {"K", "z"})
      for (const char *coefficient : {"c0", "c1"}) {
        pdlt_compare_test test = Test(name, name[0] == 'z' ? z : k, 0.5, 1.5, 20, 20,
                                      "too few members: theory and its null hypothesis");
        test.coefficient = coefficient;
        test.bound = (name[0] == 'z' ? 0.004 : 0.01) * (coefficient[1] == '0' ? 1 : 15);
        tests.push_back(test);
      }
    Set();
  }
  void Set() {
    comparison.tests = tests.data();
    comparison.num_tests = tests.size();
  }
};

TEST(Answer, WhatAgreesWithinHowMuch) {
  Decided fake;
  fake.Decide(PDLT_AGREE, PDLT_AGREE);
  EXPECT_EQ(Sentence(fake, 0),
            "Theory and 2048 networks per width agree: mean output within 0.4 % at infinite width "
            "and 6 % in its 1/n correction, kernel within 1 % and 15 %.");
  fake.tests[1].bound = 1.8;
  fake.tests[2].bound = NAN;  // every prediction is 0
  EXPECT_EQ(Sentence(fake, 0),
            "Theory and 2048 networks per width agree: mean output 0 at infinite width and within "
            "6 % in its 1/n correction, kernel within 1 % at infinite width and only jointly in "
            "its 1/n correction.");
}

TEST(Answer, WhatIsUndecidedAndWhy) {
  Decided fake;
  fake.Decide(PDLT_AGREE, PDLT_UNDECIDED);
  EXPECT_EQ(Sentence(fake, 0),
            "As far as this run can decide, theory and 2048 networks per width agree: mean output "
            "within 0.4 % at infinite width and 6 % in its 1/n correction; undecided: kernel (too "
            "few members).");
  fake.tests[0].verdict = PDLT_AGREE;
  std::snprintf(fake.tests[3].reason, 100, "too few members and too narrow: so");
  fake.tests[2].verdict = fake.tests[3].verdict = PDLT_UNDECIDED;
  EXPECT_EQ(Sentence(fake, 0),
            "As far as this run can decide, theory and 2048 networks per width agree: kernel "
            "within 1 % at infinite width; undecided: mean output at infinite width, kernel in its "
            "1/n correction (too few members), mean output in its 1/n correction (too few members "
            "and too narrow).");
  fake.tests[0].verdict = PDLT_UNDECIDED;
  EXPECT_EQ(Sentence(fake, 0).rfind("Nothing could be decided: mean output at infinite width, "
                                    "kernel (too few members), ",
                                    0),
            0u);
}

TEST(Answer, WhatDisagrees) {
  Decided fake;
  fake.Decide(PDLT_DISAGREE, PDLT_AGREE);
  fake.tests[2].verdict = PDLT_AGREE;
  fake.tests[3].p = 3e-9;
  fake.tests[3].worst_z = -7.4;
  EXPECT_EQ(Sentence(fake, 0),
            "Theory and 2048 networks per width disagree: mean output in its 1/n correction (p = "
            "3e-09, the worst number 7.4 total errors off); they agree: mean output within 0.4 % "
            "at infinite width, kernel within 1 % at infinite width and 15 % in its 1/n "
            "correction.");
}

// Losses are named only where they disagree; of many quantities the last are only counted.
TEST(Answer, LossesAndCrowds) {
  Decided fake;
  fake.Decide(PDLT_AGREE, PDLT_AGREE);
  const std::string before = Sentence(fake, 0);
  fake.tests.push_back(Fake::Test("loss_test", PDLT_UNDECIDED, 0.5, 1, 20, 20, "so"));
  fake.tests.push_back(Fake::Test("loss_test_bias", PDLT_AGREE, 0.5, 1, 20, 20, "so"));
  fake.Set();
  EXPECT_EQ(Sentence(fake, 0), before);
  fake.tests[4].verdict = PDLT_DISAGREE;
  EXPECT_TRUE(Has(Sentence(fake, 0), "disagree: expected loss of the test samples (p = 0.5,"));
  fake.tests[4].verdict = PDLT_UNDECIDED;
  for (const char *name : {"cov", "Theta", "V", "A", "B", "D"}) {
    fake.tests.push_back(Fake::Test(name, PDLT_AGREE, 0.5, 1, 20, 20, "so"));
    fake.tests.back().bound = name[0] == 'B' ? 0.12 : 0.05;
  }
  fake.Set();
  EXPECT_TRUE(Has(Sentence(fake, 0), ", 4 more (V, A, B, D) within 12 %.")) << Sentence(fake, 0);
}

}  // namespace
