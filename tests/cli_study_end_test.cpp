/* cli_study_end_test.cpp - a small part of reports/end-of-training: fewer and narrower networks;
 * the trained mean to order 1/n is not refuted, without a large part of it it is. */
#include <gtest/gtest.h>

#include <string>

#include "cli_study_support.h"

namespace {

const std::string study = PDLT_SOURCE_DIR "/reports/end-of-training/";

TEST(StudyEnd, SoftplusDepthTwoWithoutLargeParts) {
  TempFolder folder;
  const std::string file = "'" + study + "softplus-2.yaml' --quiet --threads 2" +
                           " --set ensemble.members=4096" +
                           " --set 'network.widths=[44, 52, 64, 80, 128]'";
  const Outcome train = run_pdlt("train " + file + " -o measured.npz", folder.path());
  ASSERT_EQ(train.status, 0) << train.err;
  for (const std::string omit : {"", "ntk_fluctuations", "dntk"}) {
    const std::string name = omit.empty() ? "right" : omit;
    const Outcome theory =
        run_pdlt("theory " + file + " -o " + name + ".npz --set 'theory.omit=[" + omit + "]'",
                 folder.path());
    ASSERT_EQ(theory.status, 0) << theory.err;
    run_pdlt("compare " + name + ".npz measured.npz -o " + name + " --quiet", folder.path());
    EXPECT_EQ(verdict_of(folder / name, "z", "c1"), omit.empty() ? "agree" : "disagree") << name;
  }
}

}  // namespace
