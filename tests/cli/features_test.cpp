/* features_test.cpp - pdlt features: from an experiment to the page of a network. */
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/cli/support.h"

namespace {

const char *const experiment =
    "title: parity\n"
    "network: {activation: tanh, depth: 2, widths: [12, 24], C_b: 0.1, C_W: 1, lambda_b: 0.1}\n"
    "data: {source: parity, inputs: 3, bits: [0, 1], amplitudes: 2, cube: true, train: 6}\n"
    "training: {eta: 0.1, steps: 60}\n"
    "ensemble: {members: 128, seed: 1}\n"
    "features: {truth: parity, members: 3, directions: 2, starts: 4}\n"
    "theory: {order: 0}\n"
    "measure: [output]\n";

TEST(Features, WritesThePageItsNumbersAndTheAnswer) {
  TempFolder folder;
  write_text(folder / "e.yaml", experiment);
  const Outcome got = run_pdlt("features e.yaml -o out --quiet", folder.path());
  ASSERT_EQ(got.status, 0) << got.err;
  EXPECT_EQ(got.err, "");
  EXPECT_EQ(got.out.rfind("Training changed the NTK of network 0, n = 12, by ", 0), 0u) << got.out;
  EXPECT_NE(got.out.find("out/features.html\n"), got.out.npos);
  for (const char *name : {"features.npz", "features.json", "features.html"})
    EXPECT_GT(std::filesystem::file_size(folder / "out" / name), 1000u) << name;
  EXPECT_NE(read_text(folder / "out" / "features.html").find("x_1"), std::string::npos);
}

TEST(Features, IsTheSameForAnyThreadsAndOtherForAnotherMember) {
  TempFolder folder;
  write_text(folder / "e.yaml", experiment);
  for (const char *command : {"features e.yaml -o one --quiet --threads 1",
                              "features e.yaml -o three --quiet --threads 3",
                              "features e.yaml -o other --quiet --member 5 --json"}) {
    const Outcome got = run_pdlt(command, folder.path());
    ASSERT_EQ(got.status, 0) << got.err;
    const bool json = std::string(command).find("--json") != std::string::npos;
    EXPECT_EQ(got.out.find("\"member\": 5") != got.out.npos, json) << got.out;
  }
  for (const char *name : {"features.npz", "features.json", "features.html"})
    EXPECT_EQ(read_text(folder / "one" / name), read_text(folder / "three" / name)) << name;
  EXPECT_NE(read_text(folder / "one" / "features.npz"),
            read_text(folder / "other" / "features.npz"));
}

// Beside theory and measurement of the same experiment; of another one they are left alone.
TEST(Features, ReadsWhatLiesBesideIt) {
  TempFolder folder;
  write_text(folder / "e.yaml", experiment);
  for (const char *command : {"run e.yaml -o out --quiet", "features e.yaml -o out --quiet",
                              "features e.yaml -o out --quiet --member 1"}) {
    const Outcome got = run_pdlt(command, folder.path());
    ASSERT_LE(got.status, 1) << got.err;
  }
  const Outcome other =
      run_pdlt("features e.yaml -o out --quiet --set ensemble.seed=2", folder.path());
  EXPECT_EQ(other.status, 2);
  EXPECT_NE(other.err.find("features.npz: exists and is of another experiment"), other.err.npos)
      << other.err;
  EXPECT_EQ(run_pdlt("features e.yaml -o out --quiet --set ensemble.seed=2 --force", folder.path())
                .status,
            0);
}

TEST(Features, Refusals) {
  TempFolder folder;
  write_text(folder / "e.yaml", experiment);
  const struct {
    const char *arguments, *message;
  } cases[] = {
      {"features e.yaml", "-o DIR is missing"},
      {"features e.yaml -o out --member -1", "--member: \"-1\" is not a whole number from 0"},
      {"features e.yaml -o out --member x", "--member: \"x\" is not a whole number from 0"},
      {"run e.yaml -o out --member 1", "--member: only pdlt features looks at one network"},
      {"features e.yaml -o out --set training.eta=flow", "flow exists in theory only"},
      {"features e.yaml -o out --set 'sweep={depth: [2, 3]}'", "sweep"},
      {"features e.yaml -o out --set network.activation='polynomial(0,1,3)' --set "
       "'training.eta={relative: 1.9}' --set data.amplitudes=30",
       "training.eta: member 0 diverged"},
      {"features e.yaml -o out --set features.truth=modular_addition", "features.truth"},
  };
  for (const auto &c : cases) {
    const Outcome got = run_pdlt(std::string(c.arguments) + " --quiet", folder.path());
    EXPECT_EQ(got.status, 2) << c.arguments;
    EXPECT_NE(got.err.find(c.message), got.err.npos) << c.arguments << ": " << got.err;
    EXPECT_EQ(std::count(got.err.begin(), got.err.end(), '\n'), 1) << got.err;
  }
}

}  // namespace
