// compare/claim/expectation.h: limit and slope of measured numbers against theory, a formula and what is wrong.
#include "compare/claim/expectation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tests/cli/support.h"
#include "tests/compare/fake.h"

namespace {

// z of a fake network, whose limit and first coefficient theory knows.
class ClaimFit : public ::testing::Test {
 protected:
  void SetUp() override {
    fake.nlo = true;
    fake.times = 12;
    fake.Make();
    pdlt_archive_get(&fake.measured, "n16/unconverged")->data[0] = 0; /* all widths count */
    json_object_set_new(pdlt_archive_meta(&fake.theory), "physics_hash",
                        json_string("fedcba9876543210"));
    pdlt_error err = {};
    ASSERT_EQ(pdlt_join_setup_read(&setup, &fake.theory, &fake.measured, nullptr, &err), PDLT_OK)
        << err.message;
  }
  void TearDown() override {
    pdlt_claim_free(&claim);
    pdlt_join_setup_free(&setup);
  }
  // Expectation of one number of z at the last time, and its sabotages.
  void Read(const std::string &test, const std::string &formula, const std::string &sabotages) {
    pdlt_error err = {};
    pdlt_claim_free(&claim);
    std::filesystem::create_directory(folder / "5-z");
    write_text(folder / "5-z/expect.yaml", "claim: c\nequation: e\ntext: t\nexpect:\n  - {test: " +
                                               test + ", quantity: z, at: [0, 1], time: last" +
                                               formula + ", sabotage: [" + sabotages + "]}\n");
    ASSERT_EQ(pdlt_claim_read(&claim, (folder / "5-z").c_str(), &err), PDLT_OK) << err.message;
  }
  // s < 0: the truth.
  pdlt_verdict Test(int s) {
    pdlt_claim_setting setting = {};
    pdlt_finding found = {};
    pdlt_error err = {};
    setting.theory = &fake.theory, setting.measured = &fake.measured, setting.setup = &setup;
    setting.share = 1e-4;
    const pdlt_expectation *e = &claim.expectations[0];
    EXPECT_EQ(pdlt_expectation_test(&found, e, s < 0 ? nullptr : &e->sabotages[s], &setting,
                                    SIZE_MAX, &err),
              PDLT_OK)
        << err.message;
    predicted = found.predicted, value = found.value, se = found.se, numbers = found.numbers;
    line.assign(found.line, found.line + found.count);
    const pdlt_verdict verdict = found.verdict;
    pdlt_finding_free(&found);
    return verdict;
  }

  TempFolder folder;
  Fake fake;
  pdlt_join_setup setup = {};
  pdlt_claim claim = {};
  double predicted = 0, value = 0, se = 0;
  size_t numbers = 0;
  std::vector<double> line;
};

TEST_F(ClaimFit, LimitAgainstTheoryAndFormulas) {
  const double z = fake.ZInfinite(11, 1);
  const std::string right = std::to_string(z), wrong = std::to_string(z + 0.1);
  Read("limit", "", "{factor: 1.3}, {value: \"" + wrong + "\"}, {value: \"" + right + "\"}");
  EXPECT_EQ(Test(-1), PDLT_AGREE);
  EXPECT_EQ(numbers, 1u);
  EXPECT_EQ(predicted, z);
  EXPECT_LT(std::fabs(value - z), 5 * se);
  EXPECT_EQ(Test(0), PDLT_DISAGREE);
  EXPECT_EQ(predicted, 1.3 * z);
  EXPECT_EQ(Test(1), PDLT_DISAGREE);
  EXPECT_EQ(predicted, std::stod(wrong));
  EXPECT_NE(Test(2), PDLT_DISAGREE);
  Read("limit", ", predicted: \"" + right + "\"", "{factor: 1.3}");
  EXPECT_EQ(Test(-1), PDLT_AGREE);
  EXPECT_EQ(predicted, std::stod(right));
  EXPECT_EQ(Test(0), PDLT_DISAGREE);
  EXPECT_EQ(predicted, 1.3 * std::stod(right));
}

TEST_F(ClaimFit, SlopeAgainstTheoryAndNone) {
  const double slope = fake.ZSlope(11, 1);
  Read("slope", "", "{infinite_width: true}, {factor: 2}, {value: \"0.1\"}");
  EXPECT_EQ(Test(-1), PDLT_AGREE);
  EXPECT_EQ(predicted, slope);
  EXPECT_LT(std::fabs(value - slope), 5 * se);
  EXPECT_EQ(Test(0), PDLT_DISAGREE); /* no correction */
  EXPECT_EQ(predicted, 0);
  EXPECT_EQ(Test(1), PDLT_DISAGREE);
  EXPECT_EQ(predicted, 2 * slope);
  EXPECT_EQ(Test(2), PDLT_DISAGREE);
  EXPECT_EQ(predicted, 0.1);
}

// What is drawn: infinite width for a limit; with the first correction for a slope and for a power.
TEST_F(ClaimFit, LinesOfTheFigure) {
  const double z = fake.ZInfinite(11, 1), slope = fake.ZSlope(11, 1);
  Read("limit", "", "{factor: 2}");
  Test(-1);
  EXPECT_EQ(line, std::vector<double>(4, z));
  for (const char *test : {"slope", "exponent"}) {
    const bool power = test[0] == 'e';
    Read(test, power ? ", predicted: 1, tolerance: 0.3" : "",
         power ? "{value: \"2\"}" : "{factor: 2}");
    Test(-1);
    ASSERT_EQ(line.size(), 4u);
    for (size_t w = 0; w < 4; w++) EXPECT_NEAR(line[w], z + slope * setup.h[w], 1e-15) << test;
  }
}

}  // namespace
