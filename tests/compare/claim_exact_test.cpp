// compare/claim/expectation_exact.c: numbers that must agree at each width. Those without statistical error
// within four numerical errors, lo + h nlo with the errors of both.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "compare/claim/internal.h"
#include "compare/statistics/distribution.h"

namespace {

using Numbers = std::vector<double>;

// Two numbers at two widths, known to rounding: measured = prediction but for what a test adds.
struct Exact {
  Numbers lo = {1, 3}, nlo = {2, -5}, h = {0.1, 0.02}, widths = {10, 50}, x, se = {0, 0, 0, 0};
  Numbers floor = {0, 1e-3}, time = {NAN, NAN}, members = {64, 64};
  std::vector<size_t> index = {0, 1}, blocks = {0, 0};
  std::vector<int> used = {1, 1}, distinct = {1, 1};
  std::vector<const double *> none = {nullptr, nullptr};
  pdlt_join join = {};
  pdlt_join_setup setup = {};
  pdlt_archive theory = {};
  pdlt_expectation e = {};
  pdlt_finding found = {};

  Exact() {
    for (size_t k = 0; k < 2; k++)
      for (size_t w = 0; w < 2; w++) x.push_back(lo[k] + h[w] * nlo[k]);
    join.name = "K", join.power = 1, join.second = 1, join.ndim = 1, join.count = 2,
    join.num_widths = 2;
    join.index = index.data(), join.time = time.data(), join.lo = lo.data(), join.nlo = nlo.data();
    join.x = x.data(), join.se = se.data(), join.floor = floor.data(), join.used = used.data();
    join.distinct = distinct.data(), join.blocks = none.data(), join.weights = none.data();
    join.num_blocks = blocks.data(), join.err_lo = 2e-3, join.err_nlo = 0.4;
    setup.num_widths = 2, setup.widths = widths.data(), setup.h = h.data(),
    setup.members = members.data();
    e.kind = PDLT_EXPECT_EXACT;
  }
  ~Exact() {
    pdlt_finding_free(&found);
    pdlt_archive_free(&theory);
  }
  pdlt_verdict Test(const pdlt_sabotage *sabotage = nullptr) {
    pdlt_claim_setting setting = {};
    pdlt_error err = {};
    setting.theory = &theory, setting.share = 1e-4;
    pdlt_finding_free(&found);
    found = {};
    found.shown = SIZE_MAX;
    EXPECT_EQ(pdlt_claim_test_exact(&found, &e, sabotage, &setting, &join, &setup, &err), PDLT_OK)
        << err.message;
    return found.verdict;
  }
};

TEST(ClaimExact, WithinFourNumericalErrorsAtEveryWidth) {
  for (size_t k = 0; k < 2; k++)
    for (size_t w = 0; w < 2; w++)
      for (const double sign : {1.0, -1.0}) {
        Exact c;
        const double numerical = c.floor[k] + 2e-3 + c.h[w] * 0.4;
        EXPECT_EQ(c.Test(), PDLT_AGREE);
        EXPECT_EQ(c.found.p, 1);
        EXPECT_EQ(c.found.numbers, 4u);
        c.x[k * 2 + w] += sign * 3.9 * numerical;
        EXPECT_EQ(c.Test(), PDLT_AGREE) << k << w;
        EXPECT_NEAR(c.found.worst_z, sign * 3.9, 1e-9);
        c.x[k * 2 + w] += sign * 0.2 * numerical;
        EXPECT_EQ(c.Test(), PDLT_DISAGREE) << k << w;
        EXPECT_EQ(c.found.p, 0);
        EXPECT_NEAR(c.found.worst_z, sign * 4.1, 1e-9);
        c.distinct[k] = 0; /* another entry by a symmetry: not tested twice */
        EXPECT_EQ(c.Test(), PDLT_AGREE);
        EXPECT_EQ(c.found.numbers, 2u);
        c.distinct[k] = 1, c.used[w] = 0;
        EXPECT_EQ(c.Test(), PDLT_AGREE);
        EXPECT_EQ(c.found.numbers, 2u);
      }
}

// One number with statistical error at one width: p is that of the F test of its blocks, here 32 of +1 and -1 in
// units of sqrt(31) standard errors.
TEST(ClaimExact, OneNumberIsTestedWithTheScatterOfItsBlocks) {
  const double se = 1e-2, sizes[] = {0.5, -2, 3.7};
  Numbers block(64), weight(32, 1);
  for (size_t b = 0; b < 32; b++) block[2 * b] = (b % 2 ? 1 : -1) * se * std::sqrt(31.0);
  for (const double size : sizes) {
    Exact c;
    c.distinct[1] = 0, c.used[1] = 0, c.join.err_lo = c.join.err_nlo = 0;
    c.none[0] = block.data();
    const double *weights[] = {weight.data(), nullptr};
    c.join.weights = weights;
    c.blocks[0] = 32, c.se[0] = se;
    c.x[0] += size * se;
    EXPECT_EQ(c.Test(), PDLT_AGREE);
    EXPECT_NEAR(c.found.p, pdlt_f_tail(size * size, 1, 31), 1e-9);
  }
}

TEST(ClaimExact, ShowsTheLargestPredictionAtTheSmallestWidthThatIsUsed) {
  Exact c;
  c.Test();
  EXPECT_EQ(c.found.shown, 1u);
  for (size_t w = 0; w < 2; w++) {
    EXPECT_EQ(c.found.x[w], c.h[w]);
    EXPECT_EQ(c.found.y[w], c.x[2 + w]);
    EXPECT_EQ(c.found.line[w], c.lo[1] + c.h[w] * c.nlo[1]);
  }
  EXPECT_EQ(c.found.value, c.x[2]);
  EXPECT_EQ(c.found.predicted, c.lo[1] + 0.1 * c.nlo[1]);
  c.used[0] = 0;
  c.Test();
  EXPECT_EQ(c.found.value, c.x[3]);
  c.used[1] = 0;
  EXPECT_EQ(c.Test(), PDLT_UNDECIDED);
  EXPECT_TRUE(std::isnan(c.found.p));
}

TEST(ClaimExact, WrongPredictionsAreRefuted) {
  Exact c;
  pdlt_sabotage sabotage = {};
  sabotage.kind =
      PDLT_SABOTAGE_INFINITE_WIDTH; /* 5 h of number 1: 10 errors of 4.3e-2 + .. at h = 0.1 */
  EXPECT_EQ(c.Test(&sabotage), PDLT_DISAGREE);
  EXPECT_NEAR(c.found.worst_z, -0.5 / (1e-3 + 2e-3 + 0.04), 1e-9);
  sabotage.kind = PDLT_SABOTAGE_FACTOR, sabotage.factor = 1.1;
  EXPECT_EQ(c.Test(&sabotage), PDLT_DISAGREE);
  EXPECT_EQ(c.found.line[0], 1.1 * (c.lo[1] + 0.1 * c.nlo[1]));
  sabotage.factor = 1.001;
  EXPECT_EQ(c.Test(&sabotage), PDLT_AGREE);
}

}  // namespace
