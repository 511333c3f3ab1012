// compare/claim/result.h: what the findings of a claim come to, and verdicts.json.
#include "compare/claim/result.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "compare/claim/internal.h"
#include "compare/page/claims.h"
#include "compare/statistics/distribution.h"
#include "tests/cli/support.h"

namespace {

// Two expectations, of one and of two sabotages, at two points of a sweep: every number is another one.
class ClaimResult : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(folder / "5-two");
    write_text(folder / "5-two/expect.yaml",
               "claim: c\nequation: e\ntext: t\nexpect:\n"
               "  - {test: theory, value: \"K[0,0]\", predicted: 1, tolerance: 1e-3,"
               " sabotage: [{value: 2}]}\n"
               "  - {test: theory, value: \"K[1,1]\", predicted: 1, tolerance: 1e-3,"
               " sabotage: [{value: 3}, {set: {network.C_W: 2, network.C_b: 1}}]}\n");
    pdlt_claim claim = {};
    pdlt_error err = {};
    ASSERT_EQ(pdlt_claim_read(&claim, (folder / "5-two").c_str(), &err), PDLT_OK) << err.message;
    ASSERT_EQ(pdlt_claim_result_new(&r, &claim, 2, &err), PDLT_OK) << err.message;
    EXPECT_EQ(claim.num_expectations, 0u); /* taken over */
    for (size_t e = 0; e < 2; e++)
      for (size_t p = 0; p < 2; p++) {
        r.truth[e][p].value = 10.0 * (double)(e + 1) + (double)p;
        r.truth[e][p].p = 0.5;
        for (size_t s = 0; s < r.claim.expectations[e].num_sabotages; s++)
          r.sabotage[e][s][p].verdict = PDLT_DISAGREE, r.sabotage[e][s][p].p = 0.5;
      }
  }
  void TearDown() override { pdlt_claim_result_free(&r); }

  TempFolder folder;
  pdlt_claim_result r = {};
};

TEST_F(ClaimResult, TheWorstOfAllPointsCounts) {
  EXPECT_EQ(pdlt_claim_result_verdict(&r), PDLT_CLAIM_AGREE);
  r.truth[0][1].verdict = PDLT_UNDECIDED;
  EXPECT_EQ(pdlt_claim_expectation_verdict(&r, 0), PDLT_UNDECIDED);
  EXPECT_EQ(pdlt_claim_expectation_verdict(&r, 1), PDLT_AGREE);
  EXPECT_EQ(pdlt_claim_result_verdict(&r), PDLT_CLAIM_UNDECIDED);
  r.truth[1][0].verdict = PDLT_DISAGREE;
  EXPECT_EQ(pdlt_claim_result_verdict(&r), PDLT_CLAIM_DISAGREE);
}

TEST_F(ClaimResult, ASabotageIsRefutedByOnePoint) {
  size_t refuted = 0;
  EXPECT_EQ(pdlt_claim_count_sabotages(&r, &refuted), 3u);
  EXPECT_EQ(refuted, 3u);
  r.sabotage[1][0][0].verdict = PDLT_AGREE;
  EXPECT_EQ(pdlt_claim_sabotage_verdict(&r, 1, 0), PDLT_DISAGREE); /* by the other point */
  EXPECT_EQ(pdlt_claim_result_verdict(&r), PDLT_CLAIM_AGREE);
  r.sabotage[1][0][1].verdict = PDLT_UNDECIDED;
  EXPECT_EQ(pdlt_claim_count_sabotages(&r, &refuted), 3u);
  EXPECT_EQ(refuted, 2u);
  EXPECT_EQ(pdlt_claim_result_verdict(&r), PDLT_CLAIM_NO_POWER);
}

TEST_F(ClaimResult, SigmaOfTheClearestPoint) {
  r.sabotage[1][1][0].p = pdlt_normal_two_sided(3);
  r.sabotage[1][1][1].p = pdlt_normal_two_sided(7);
  EXPECT_NEAR(pdlt_claim_sabotage_sigma(&r, 1, 1), 7, 1e-9);
  r.sabotage[1][1][0].p = 0; /* too small for a number: the worst z, 37 at least */
  EXPECT_EQ(pdlt_claim_sabotage_sigma(&r, 1, 1), 37);
  r.sabotage[1][1][0].worst_z = -50;
  EXPECT_EQ(pdlt_claim_sabotage_sigma(&r, 1, 1), 50);
  r.sabotage[1][0][0].p = NAN, r.sabotage[1][0][1].p = 1;
  EXPECT_EQ(pdlt_claim_sabotage_sigma(&r, 1, 0), 0);
}

TEST_F(ClaimResult, OneFalseAlarmIsSharedByAllTests) {
  EXPECT_NEAR(pdlt_claim_share(&r.claim, 2), pdlt_normal_two_sided(r.claim.sigma) / 4, 1e-18);
}

// The page says how the first correction falls, and what it leaves over where that is known.
TEST_F(ClaimResult, PageSaysWhatIsLeftOver) {
  r.claim.expectations[0].kind = PDLT_EXPECT_SLOPE;
  for (int known = 0; known < 2; known++) {
    pdlt_error err = {};
    pdlt_residual *residual = &r.truth[0][0].residual;
    residual->exponent[0] = -0.98;
    residual->exponent[1] = -1.97;
    residual->exponent_se[1] = 0.03;
    residual->left_out = known ? 0.125 : NAN;
    const pdlt_claim_entry entry = {&r, "<svg/>", 6};
    const std::string path = folder / "index.html";
    ASSERT_EQ(pdlt_claim_page_write(&entry, 1, "quick", path.c_str(), &err), PDLT_OK)
        << err.message;
    const std::string page = read_text(path);
    EXPECT_NE(page.find("distance from infinite width ~ <i>n</i>^"), std::string::npos);
    EXPECT_EQ(
        page.find("; left out at the smallest width: 12 % of the correction.") != std::string::npos,
        known == 1)
        << page.substr(page.find("distance from infinite"), 300);
    EXPECT_EQ(page.find("left out at the smallest") != std::string::npos, known == 1);
  }
}

TEST_F(ClaimResult, JsonHasEveryNumberAndEverySabotageAtItsPlace) {
  r.sabotage[1][0][0].verdict = r.sabotage[1][0][1].verdict = PDLT_UNDECIDED;
  r.sabotage[1][1][1].p = pdlt_normal_two_sided(6);
  json_t *json = pdlt_claim_result_json(&r);
  ASSERT_NE(json, nullptr);
  EXPECT_STREQ(json_string_value(json_object_get(json, "verdict")), "no power");
  const json_t *numbers = json_object_get(json, "numbers");
  ASSERT_EQ(json_array_size(numbers), 4u);
  for (size_t i = 0; i < 4; i++) {
    const json_t *number = json_array_get(numbers, i);
    EXPECT_EQ(json_number_value(json_object_get(number, "value")), r.truth[i / 2][i % 2].value);
    EXPECT_STREQ(json_string_value(json_object_get(number, "expectation")),
                 r.claim.expectations[i / 2].label);
  }
  const json_t *sabotages = json_object_get(json, "sabotage_verdicts");
  ASSERT_EQ(json_array_size(sabotages), 3u);
  const struct {
    size_t e, s, sets;
    const char *verdict;
    double sigma;
  } expected[] = {
      {0, 0, 0, "disagree", 0.6745}, {1, 0, 0, "undecided", 0.6745}, {1, 1, 2, "disagree", 6}};
  for (size_t i = 0; i < 3; i++) {
    const json_t *at = json_array_get(sabotages, i);
    const pdlt_expectation *e = &r.claim.expectations[expected[i].e];
    EXPECT_EQ(json_string_value(json_object_get(at, "sabotage")),
              std::string(e->label) + ": " + e->sabotages[expected[i].s].text);
    EXPECT_STREQ(json_string_value(json_object_get(at, "expectation")), e->label);
    EXPECT_STREQ(json_string_value(json_object_get(at, "verdict")), expected[i].verdict);
    EXPECT_EQ(json_array_size(json_object_get(at, "settings")), expected[i].sets);
    EXPECT_NEAR(json_number_value(json_object_get(at, "sigma")), expected[i].sigma, 1e-4);
  }
  json_decref(json);
}

}  // namespace
