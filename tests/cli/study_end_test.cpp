/* study_end_test.cpp - a small part of reports/end-of-training: fewer and narrower networks;
 * the trained mean to order 1/n is not refuted, without a large part of it it is. */
#include <gtest/gtest.h>

#include <string>

#include "tests/cli/study_support.h"

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
    std::filesystem::path dir;
    ASSERT_NO_FATAL_FAILURE(compare_without(folder, file, omit, &dir));
    EXPECT_EQ(verdict_of(dir, "z", "c1"), omit.empty() ? "agree" : "disagree")
        << "without " << omit;
  }
}

}  // namespace
