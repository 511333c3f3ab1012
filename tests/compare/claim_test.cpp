/* claim_test.cpp - expect.yaml: what is read, and how it is refused. */
#include "compare/claim/claim.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "tests/cli/support.h"

namespace {

const char *const kGood =
    "claim: \"V is exact\"\n"
    "equation: \"ch. 4\"\n"
    "text: why\n"
    "quick: {ensemble.members: 2048, sweep: {network.depth: [2]}}\n"
    "expect:\n"
    "  - quantity: V\n"
    "    test: exact\n"
    "    at: [0, 0, 1, 1]\n"
    "    predicted: [\"2*n\", \"3*n\"]\n"
    "    sabotage: [{omit: [V.fresh, D]}, {factor: 1.5}, {value: n}, {infinite_width: true},\n"
    "      {flip: V.inherited}, {flip: [V, D.D]}]\n"
    "  - test: theory\n"
    "    value: K@l[0,0]\n"
    "    for: {l: [2, 10, 4]}\n"
    "    predicted: 1\n"
    "    tolerance: 1e-3\n"
    "    sabotage: [{set: {network.C_W: [1, 2]}}]\n";

class Claim : public ::testing::Test {
 protected:
  void TearDown() override { pdlt_claim_free(&claim); }
  pdlt_status Read(const std::string &text, const std::string &name = "4-exact") {
    std::filesystem::create_directory(folder / name);
    write_text(folder / name / "expect.yaml", text);
    pdlt_claim_free(&claim);
    err = {};
    return pdlt_claim_read(&claim, (folder / name).c_str(), &err);
  }
  void Refused(const std::string &from, const std::string &to, const std::string &expected) {
    std::string text = kGood;
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    EXPECT_EQ(Read(text), PDLT_ERR_INPUT) << from << " -> " << to;
    EXPECT_NE(std::string(err.message).find(expected), std::string::npos) << err.message;
  }
  TempFolder folder;
  pdlt_claim claim = {};
  pdlt_error err = {};
};

TEST_F(Claim, Everything) {
  ASSERT_EQ(Read(kGood), PDLT_OK) << err.message;
  EXPECT_STREQ(claim.name, "4-exact");
  EXPECT_STREQ(claim.chapter, "4");
  EXPECT_EQ(claim.sigma, 4.5);
  ASSERT_EQ(claim.num_quick, 2u);
  EXPECT_STREQ(claim.quick[0], "ensemble.members=2048");
  EXPECT_STREQ(claim.quick[1], "sweep={network.depth: [2]}");
  ASSERT_EQ(claim.num_expectations, 2u);
  const pdlt_expectation &exact = claim.expectations[0];
  EXPECT_EQ(exact.kind, PDLT_EXPECT_EXACT);
  EXPECT_STREQ(exact.label, "V, exact");
  EXPECT_TRUE(exact.has_at);
  EXPECT_EQ(exact.at[2], 1u);
  EXPECT_TRUE(std::isnan(exact.time));
  ASSERT_EQ(exact.predicted.count, 2u);
  ASSERT_EQ(exact.num_sabotages, 6u);
  EXPECT_STREQ(exact.sabotages[0].sets[0], "theory.omit=[V.fresh, D]");
  EXPECT_STREQ(exact.sabotages[0].text, "without V.fresh, D");
  EXPECT_EQ(exact.sabotages[1].factor, 1.5);
  EXPECT_EQ(exact.sabotages[3].kind, PDLT_SABOTAGE_INFINITE_WIDTH);
  EXPECT_EQ(exact.sabotages[4].kind, PDLT_SABOTAGE_SET);
  EXPECT_STREQ(exact.sabotages[4].sets[0], "theory.flip=[V.inherited]");
  EXPECT_STREQ(exact.sabotages[4].text, "flipped sign of V.inherited");
  EXPECT_STREQ(exact.sabotages[5].sets[0], "theory.flip=[V, D.D]");
  EXPECT_STREQ(exact.sabotages[5].text, "flipped sign of V, D.D");
  const pdlt_expectation &theory = claim.expectations[1];
  EXPECT_EQ(theory.kind, PDLT_EXPECT_THEORY);
  EXPECT_STREQ(theory.variable, "l");
  EXPECT_EQ(theory.first, 2);
  EXPECT_EQ(theory.last, 10);
  EXPECT_EQ(theory.step, 4);
  EXPECT_EQ(theory.tolerance, 1e-3);
  EXPECT_STREQ(theory.sabotages[0].sets[0], "network.C_W=[1, 2]");
  EXPECT_TRUE(pdlt_claim_needs_ensemble(&claim));
  EXPECT_TRUE(pdlt_claim_needs_layers(&claim));
}

TEST_F(Claim, Refusals) {
  Refused("claim: ", "clam: ", "expect.yaml:1: expect.yaml: unknown key \"clam\"");
  Refused("text: why\n", "", "text: missing");
  Refused("test: exact", "test: exactly", "expect.yaml:7: test: expected one of");
  Refused("quantity: V\n", "quantity: V\n    tolerance: 1\n",
          ": expect: unknown key \"tolerance\"");
  Refused("at: [0, 0, 1, 1]", "at: [0, -1]", "expect.yaml:8: at: expected whole numbers");
  Refused("\"2*n\"", "\"2*\"", "expect.yaml:9: predicted: formula");
  Refused("{factor: 1.5}", "{factor: 1}", "factor: 1 changes nothing");
  Refused("{factor: 1.5}", "{factor: 1.5, value: n}",
          "sabotage: expected one of omit, flip, factor");
  Refused("{factor: 1.5}", "{fraction: 1.5}", "unknown key \"fraction\"");
  Refused("test: exact", "test: limit", "infinite_width belongs to test: slope or exact");
  Refused("sabotage: [{set: {network.C_W: [1, 2]}}]", "sabotage: []", "at least one wrong");
  Refused("    sabotage: [{set: {network.C_W: [1, 2]}}]\n", "", "at least one wrong");
  Refused("    tolerance: 1e-3\n", "", "tolerance: missing");
  Refused("tolerance: 1e-3", "tolerance: 0", "tolerance: expected a number > 0");
  Refused("[2, 10, 4]", "[10, 2]", "for: expected {NAME: [FIRST, LAST]}");
  Refused("[2, 10, 4]", "[2, 10002]", "for: more than 10000 values; take a larger step");
  Refused("\"2*n\"", "\"" + std::string(65, '(') + "\"", "expect.yaml:9: predicted: formula \"(((");
  Refused("    predicted: 1\n", "", "predicted: missing");
  Refused("text: why\n", "text: why\nsigma: 2\n", "sigma: expected a number from 3 to 10");
  Refused("quick: {ensemble.members: 2048, sweep: {network.depth: [2]}}", "quick: 3", "quick: ");
}

TEST_F(Claim, NameOfTheFolder) {
  EXPECT_EQ(Read(kGood, "demo"), PDLT_ERR_INPUT);
  EXPECT_EQ(Read(kGood, "12-more"), PDLT_ERR_INPUT);
  EXPECT_EQ(Read(kGood, "inf-end"), PDLT_OK);
  EXPECT_STREQ(claim.chapter, "inf");
}

}  // namespace
