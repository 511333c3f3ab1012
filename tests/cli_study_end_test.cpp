/* cli_study_end_test.cpp - a small part of reports/end-of-training: fewer and narrower networks;
 * the trained mean to order 1/n is not refuted, without a large part of it it is. */
#include <gtest/gtest.h>
#include <jansson.h>

#include <string>

#include "cli_support.h"

namespace {

const std::string study = PDLT_SOURCE_DIR "/reports/end-of-training/";

/* Verdict on the 1/n coefficient of the mean output in DIR/verdict.json; empty without one. */
std::string verdict_of_c1(const std::filesystem::path &dir) {
  json_t *root = json_load_file((dir / "verdict.json").c_str(), 0, nullptr);
  std::string verdict;
  size_t i;
  json_t *test;
  json_array_foreach(json_object_get(root, "tests"), i, test) {
    if (std::string("z") == json_string_value(json_object_get(test, "quantity")) &&
        std::string("c1") == json_string_value(json_object_get(test, "coefficient")))
      verdict = json_string_value(json_object_get(test, "verdict"));
  }
  json_decref(root);
  return verdict;
}

TEST(StudyEnd, SoftplusDepthTwoWithoutLargeParts) {
  TempFolder folder;
  const std::string file = "'" + study + "softplus-2.yaml' --quiet --threads 2" +
                           " --set ensemble.members=4096" +
                           " --set 'network.widths=[16, 24, 32, 48, 64]'";
  const Outcome train = run_pdlt("train " + file + " -o measured.npz", folder.path());
  ASSERT_EQ(train.status, 0) << train.err;
  for (const std::string omit : {"", "ntk_fluctuations", "dntk"}) {
    const std::string name = omit.empty() ? "right" : omit;
    const Outcome theory =
        run_pdlt("theory " + file + " -o " + name + ".npz --set 'theory.omit=[" + omit + "]'",
                 folder.path());
    ASSERT_EQ(theory.status, 0) << theory.err;
    run_pdlt("compare " + name + ".npz measured.npz -o " + name + " --quiet", folder.path());
    EXPECT_EQ(verdict_of_c1(folder / name), omit.empty() ? "agree" : "disagree") << name;
  }
}

}  // namespace
