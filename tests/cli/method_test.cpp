/* method_test.cpp - training.method and training.batch from the file to the verdict: theory and networks agree,
 * bytes do not know threads, one batch of all samples is gradient descent, and what cannot be is refused. */
#include <gtest/gtest.h>

#include <string>

#include "tests/cli/archive.h"
#include "tests/cli/support.h"
#include "tests/cli/verdicts.h"

namespace {

const std::string network =
    "network: {activation: sin, depth: 2, widths: [112, 144, 192, 256], C_b: 0.1, C_W: 1.1,\n"
    "  lambda_b: 0.3, lambda_W: 0.8}\n"
    "data: {source: gaussian, inputs: 3, train: 2, test: 1, seed: 3}\n"
    "measure: [output]\ntheory: {tolerance: 1e-6}\n";

}  // namespace

TEST(Method, NewtonAgrees) {
  const TempFolder folder;
  write_text(folder / "e.yaml", network +
                                    "training: {method: newton, eta: 1, steps: 2, record: [1, 2]}\n"
                                    "ensemble: {members: 2112, seed: 5, estimator: two_level}\n");
  const Outcome run = run_pdlt("run e.yaml -o out --quiet", folder.path());
  auto found = verdicts(folder, "out");
  EXPECT_EQ(found["z c0"], "agree") << run.err << run.out;
  EXPECT_EQ(found["z c1"], "agree") << run.err << run.out;
  for (const auto &[name, verdict] : found) EXPECT_NE(verdict, "disagree") << name;
  const Outcome told = run_pdlt("explain e.yaml --set theory.order=0", folder.path());
  EXPECT_NE(told.out.find("largest usable eta 2 "), std::string::npos) << told.out;
  EXPECT_NE(told.out.find("; method: newton"), std::string::npos) << told.out;
}

TEST(Method, BatchesAgreeAndKnowNoThreads) {
  const TempFolder folder;
  write_text(folder / "e.yaml",
             network +
                 "training: {eta: {relative: 0.5}, batch: 1, steps: 5, record: [5]}\n"
                 "ensemble: {members: 4096, seed: 5}\n");
  const Outcome run = run_pdlt("run e.yaml -o out --quiet", folder.path());
  auto found = verdicts(folder, "out");
  EXPECT_EQ(found["z c0"], "agree") << run.err << run.out;
  for (const char *name : {"z c1", "cov c1", "loss_train c1", "loss_test c1"})
    EXPECT_EQ(found.count(name), 1u) << name;
  for (const auto &[name, verdict] : found) EXPECT_NE(verdict, "disagree") << name;
  for (const std::string method : {"", " --set training.batch=2 --set training.method=newton"}) {
    const std::string few = " --quiet --set ensemble.members=130" + method;
    EXPECT_EQ(run_pdlt("train e.yaml -o one.npz --threads 1 --force" + few, folder.path()).status,
              0);
    EXPECT_EQ(run_pdlt("train e.yaml -o two.npz --threads 2 --force" + few, folder.path()).status,
              0);
    EXPECT_EQ(read_text(folder / "one.npz"), read_text(folder / "two.npz"));
  }
}

TEST(Method, OneBatchOfAllIsGradientDescentToTheLastByte) {
  const TempFolder folder;
  write_text(folder / "e.yaml",
             network + "training: {eta: 0.1, steps: 5}\nensemble: {members: 64, seed: 5}\n");
  for (const std::string command : {"train", "theory"}) {
    EXPECT_EQ(run_pdlt(command + " e.yaml -o gd.npz --quiet --force --set theory.tolerance=1e-4",
                       folder.path())
                  .status,
              0);
    EXPECT_EQ(run_pdlt(command + " e.yaml -o all.npz --quiet --force --set training.batch=2 "
                                 "--set training.method=gd --set theory.tolerance=1e-4",
                       folder.path())
                  .status,
              0);
    EXPECT_EQ(read_text(folder / "gd.npz"), read_text(folder / "all.npz"));
  }
}

TEST(Method, WhatCannotBeIsRefused) {
  const TempFolder folder;
  write_text(folder / "twins.csv", "x1,x2,y1\n1,0.5,1\n1,0.5,-1\n0.3,0.2,0\n");
  write_text(folder / "e.yaml",
             "network: {activation: relu, depth: 2, widths: [8, 16, 32], C_b: 0.1, C_W: 1}\n"
             "data: {source: csv, file: twins.csv, train: 2, test: 1}\n"
             "training: {method: newton, eta: 1, steps: 3}\nensemble: {members: 64}\n");
  const Outcome singular = run_pdlt("train e.yaml -o t.npz --quiet", folder.path());
  EXPECT_EQ(singular.status, 2);
  EXPECT_NE(singular.err.find("e.yaml:3: training.method: newton: the NTK of the training samples "
                              "is singular"),
            std::string::npos)
      << singular.err;
  const Outcome large = run_pdlt(
      "train e.yaml -o t.npz --quiet --set data.train=1 --set training.eta=2", folder.path());
  EXPECT_EQ(large.status, 2);
  EXPECT_NE(large.err.find("training.eta: 2 is not below 2 / largest eigenvalue"),
            std::string::npos)
      << large.err;
  const Outcome kink = run_pdlt("theory e.yaml -o k.npz --quiet --set data.train=1", folder.path());
  EXPECT_EQ(kink.status, 0) << kink.err;
  const Outcome back = run_pdlt(
      "translate e.yaml --back --set data.train=1 --set network.widths=[8]", folder.path());
  EXPECT_EQ(back.status, 2);
  EXPECT_NE(back.err.find("training.method: "), std::string::npos) << back.err;
}
