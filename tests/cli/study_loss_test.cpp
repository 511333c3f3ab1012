/* study_loss_test.cpp - a small part of reports/loss-and-spread: fewer networks; covariance and
 * variance of the training loss to order 1/n are not refuted, without a term of the covariance they
 * are; the bias does not see it. */
#include <gtest/gtest.h>

#include <string>

#include "tests/cli/study_support.h"

namespace {

TEST(StudyLoss, GeluDepthTwoWithoutTermsOfTheCovariance) {
  TempFolder folder;
  const std::string file =
      "'" PDLT_SOURCE_DIR
      "/reports/end-of-training/gelu-2.yaml' --quiet --threads 2"
      " --set ensemble.members=12288 --set ensemble.estimator=antithetic --set ensemble.seed=624"
      " --set 'network.widths=[48, 64, 96, 128, 192]' --set 'training.eta={relative: 0.8}'";
  const Outcome train = run_pdlt("train " + file + " -o measured.npz", folder.path());
  ASSERT_EQ(train.status, 0) << train.err;
  for (const std::string omit : {"", "cov.ntk_ntk", "cov.ntk_output"}) {
    std::filesystem::path dir;
    ASSERT_NO_FATAL_FAILURE(compare_without(folder, file, omit, &dir));
    for (const char *quantity : {"cov", "loss_train_variance"})
      EXPECT_EQ(verdict_of(dir, quantity, "c1"), omit.empty() ? "agree" : "disagree")
          << quantity << " without "
          << "without " << omit;
    EXPECT_EQ(verdict_of(dir, "loss_train_bias", "c1"), "agree") << "without " << omit;
  }
}

}  // namespace
