/* study_dntk_test.cpp - a small part of reports/dntk-in-training: the mean dNTK of training
 * networks is 0 + h dTheta_t_nlo; without either ddNTK the coefficient is refuted. */
#include <gtest/gtest.h>

#include <string>

#include "tests/cli/study_support.h"

namespace {

const std::string study = PDLT_SOURCE_DIR "/reports/dntk-in-training/experiment.yaml";

TEST(StudyDntk, AgreesAndNeedsBothDdntks) {
  TempFolder folder;
  const std::string file =
      "'" + study + "' --quiet --threads 2 --set ensemble.members=2048" +
      " --set 'network.widths=[16, 24, 32, 48, 64]' --set theory.tolerance=1e-6";
  const Outcome train = run_pdlt("train " + file + " -o measured.npz", folder.path());
  ASSERT_EQ(train.status, 0) << train.err;
  for (const std::string omit : {"", "dTheta_t.ddntk_I", "dTheta_t.ddntk_II"}) {
    std::filesystem::path dir;
    ASSERT_NO_FATAL_FAILURE(compare_without(folder, file, omit, &dir));
    EXPECT_EQ(verdict_of(dir, "dTheta_t", "c1"), omit.empty() ? "agree" : "disagree")
        << "without " << omit;
    if (omit.empty()) {
      EXPECT_EQ(verdict_of(dir, "dTheta_t", "c0"), "agree");
    }
  }
}

}  // namespace
