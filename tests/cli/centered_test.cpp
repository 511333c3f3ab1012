/* centered_test.cpp - networks trained on y + their own z(0) agree with theory, at infinite width and in the
 * coefficient of 1/n; the targets are part of what theory and networks must share. */
#include <gtest/gtest.h>

#include <string>

#include "tests/cli/support.h"
#include "tests/cli/verdicts.h"

TEST(CenteredRun, TheoryAndNetworksAgree) {
  const TempFolder folder;
  write_text(folder / "e.yaml",
             "network: {activation: sin, depth: 3, widths: [24, 40, 56, 96], C_b: 0.1, C_W: 1.1,\n"
             "  lambda_b: 0.3, lambda_W: 0.8}\n"
             "data: {source: gaussian, inputs: 3, train: 2, test: 1, seed: 3}\n"
             "training: {eta: {relative: 0.4}, steps: 8, record: [0, 8], targets: centered}\n"
             "ensemble: {members: 2048, seed: 5, estimator: two_level}\n"
             "measure: [output]\ntheory: {tolerance: 1e-6}\n");
  const Outcome run = run_pdlt("run e.yaml -o out --quiet", folder.path());
  auto verdict = verdicts(folder, "out");
  ASSERT_FALSE(verdict.empty()) << run.err;
  for (const char *name : {"z", "loss_train", "loss_test", "loss_train_variance",
                           "loss_test_variance", "loss_test_bias"})
    for (const char *coefficient : {" c0", " c1"})
      EXPECT_EQ(verdict[std::string(name) + coefficient], "agree") << name << coefficient;
  const Outcome told = run_pdlt("explain e.yaml", folder.path());
  EXPECT_NE(told.out.find("; targets: y + z(0) of each network\n"), std::string::npos) << told.out;
  run_pdlt("theory e.yaml -o t.npz --quiet --set training.targets=fixed", folder.path());
  const Outcome other = run_pdlt("compare t.npz out/measured.npz -o other --quiet", folder.path());
  EXPECT_NE(other.err.find("are of different networks, data or training"), std::string::npos)
      << other.err;
}
