/* kernels_only_test.cpp - who asks for kernels alone is not refused for a learning rate at which training
 * would diverge; who trains is. */
#include <gtest/gtest.h>

#include "tests/cli/support.h"

namespace {

/* Nine times the largest usable eta. */
const char *const text =
    "network: {activation: tanh, depth: 2, widths: [6, 8, 12, 16], C_b: 0.1, C_W: 1.2}\n"
    "data: {source: circle, inputs: 2, train: 3, test: 1}\n"
    "training: {eta: 5, steps: 4}\n"
    "ensemble: {members: 2048, estimator: antithetic}\n"
    "theory: {order: 0}\n";

class KernelsOnly : public ::testing::Test {
 protected:
  void SetUp() override { write_text(folder / "e.yaml", text); }
  Outcome run(const std::string &arguments) const { return run_pdlt(arguments, folder.path()); }
  TempFolder folder;
};

const char *const untrained[] = {" --set training.steps=0", " --set training.record=[0]",
                                 " --set measure=[kernel,ntk]"};

TEST_F(KernelsOnly, WhoTrainsIsRefusedAndToldWhatWouldDo) {
  for (const std::string command :
       {"explain e.yaml", "theory e.yaml -o t.npz", "train e.yaml -o m.npz", "run e.yaml -o out",
        "run e.yaml -o out --set training.steps=end"}) {
    const Outcome got = run(command);
    EXPECT_EQ(got.status, 2) << command;
    EXPECT_NE(got.err.find("e.yaml:3: training.eta: 5 is not below"), std::string::npos) << got.err;
    EXPECT_NE(got.err.find("the largest usable eta is 0."), std::string::npos) << got.err;
    EXPECT_NE(got.err.find("training.steps: 0"), std::string::npos) << got.err;
  }
}

TEST_F(KernelsOnly, ExplainSaysTheLargestEta) {
  for (const char *set : untrained) {
    const Outcome got = run(std::string("explain e.yaml") + set);
    EXPECT_EQ(got.status, 0) << set << got.err;
    EXPECT_NE(got.out.find(", largest usable eta 0."), std::string::npos) << got.out;
    EXPECT_NE(got.out.find(" (eta is 5)\n"), std::string::npos) << got.out;
    EXPECT_NE(got.out.find("verdict: possible\n"), std::string::npos) << got.out;
  }
}

TEST_F(KernelsOnly, TheoryAndWholeRunsEnd) {
  for (const char *set : untrained) {
    std::filesystem::remove_all(folder / "out");
    EXPECT_EQ(run(std::string("theory e.yaml -o t.npz --force") + set).status, 0) << set;
    const Outcome got = run(std::string("run e.yaml -o out --set compare.degree=1") + set);
    EXPECT_EQ(got.status, 0) << set << got.out << got.err;
    EXPECT_EQ(got.err.find("is above 2"), std::string::npos) << got.err;
    EXPECT_NE(got.out.find("\nverdict: "), std::string::npos) << got.out;
    EXPECT_EQ(got.out.find("out of reach"), std::string::npos) << got.out;
  }
}

}  // namespace
