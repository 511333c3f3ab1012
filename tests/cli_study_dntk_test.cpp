/* cli_study_dntk_test.cpp - a small part of reports/dntk-in-training: the mean dNTK of training
 * networks is 0 + h dTheta_t_nlo; without either ddNTK the coefficient is refuted. */
#include <gtest/gtest.h>
#include <jansson.h>

#include <string>

#include "cli_support.h"

namespace {

const std::string study = PDLT_SOURCE_DIR "/reports/dntk-in-training/experiment.yaml";

/* Verdict on a coefficient of dTheta_t in DIR/verdict.json; empty without one. */
std::string verdict_of(const std::filesystem::path &dir, const std::string &coefficient) {
  json_t *root = json_load_file((dir / "verdict.json").c_str(), 0, nullptr);
  std::string verdict;
  size_t i;
  json_t *test;
  json_array_foreach(json_object_get(root, "tests"), i, test) {
    if (std::string("dTheta_t") == json_string_value(json_object_get(test, "quantity")) &&
        coefficient == json_string_value(json_object_get(test, "coefficient")))
      verdict = json_string_value(json_object_get(test, "verdict"));
  }
  json_decref(root);
  return verdict;
}

TEST(StudyDntk, AgreesAndNeedsBothDdntks) {
  TempFolder folder;
  const std::string file =
      "'" + study + "' --quiet --threads 2 --set ensemble.members=2048" +
      " --set 'network.widths=[16, 24, 32, 48, 64]' --set theory.tolerance=1e-6";
  const Outcome train = run_pdlt("train " + file + " -o measured.npz", folder.path());
  ASSERT_EQ(train.status, 0) << train.err;
  for (const std::string omit : {"", "dTheta_t.ddntk_I", "dTheta_t.ddntk_II"}) {
    const std::string name = omit.empty() ? "right" : omit;
    const Outcome theory =
        run_pdlt("theory " + file + " -o " + name + ".npz --set 'theory.omit=[" + omit + "]'",
                 folder.path());
    ASSERT_EQ(theory.status, 0) << theory.err;
    run_pdlt("compare " + name + ".npz measured.npz -o " + name + " --quiet", folder.path());
    EXPECT_EQ(verdict_of(folder / name, "c1"), omit.empty() ? "agree" : "disagree") << name;
    if (omit.empty()) {
      EXPECT_EQ(verdict_of(folder / name, "c0"), "agree");
    }
  }
}

}  // namespace
