/* study_tensors_test.cpp - a small part of reports/tensors-at-initialization: fewer and
 * narrower networks; the theory is not refuted, without one large term it is. */
#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <string>

#include "tests/cli/study_support.h"

namespace {

const std::string study = PDLT_SOURCE_DIR "/reports/tensors-at-initialization/";

/* The case with `change`: nothing disagrees; without `term`, c0 of `quantity` does. */
void expect_refuted_without(const std::string &name, const std::string &change,
                            const std::string &term, const std::string &quantity) {
  TempFolder folder;
  const std::string file = "'" + study + name + ".yaml' --quiet --threads 2 " + change;
  ASSERT_EQ(run_pdlt("theory " + file + " -o right.npz", folder.path()).status, 0);
  ASSERT_EQ(run_pdlt("train " + file + " -o measured.npz", folder.path()).status, 0);
  const Outcome omitted = run_pdlt(
      "theory " + file + " -o wrong.npz --set 'theory.omit=[" + term + "]'", folder.path());
  ASSERT_EQ(omitted.status, 0) << omitted.err;

  const Outcome right = run_pdlt("compare right.npz measured.npz -o right --quiet", folder.path());
  EXPECT_EQ(right.status, 0) << right.out << right.err;
  EXPECT_FALSE(verdict_of(folder / "right", quantity, "c0").empty());
  EXPECT_EQ(verdict_of(folder / "right", "Theta", "c0"), "agree");
  const Outcome wrong = run_pdlt("compare wrong.npz measured.npz -o wrong --quiet", folder.path());
  EXPECT_EQ(wrong.status, 1) << wrong.out << wrong.err;
  EXPECT_EQ(verdict_of(folder / "wrong", quantity, "c0"), "disagree");
  EXPECT_EQ(verdict_of(folder / "wrong", "Theta", "c0"), "agree");
}

TEST(StudyTensors, SoftplusDepthTwoWithoutFreshPartOfA) {
  expect_refuted_without("softplus-2",
                         "--set ensemble.members=10240 --set 'network.widths=[6, 8, 12, 16]'",
                         "A.fresh", "A");
}

TEST(StudyTensors, ReluDepthThreeWithoutInheritedF) {
  expect_refuted_without(
      "relu-3", "--set ensemble.members=20480 --set 'network.widths=[6, 8, 12, 32]'", "F.F", "F");
}

/* Each omission names a case that exists and a term of the program; between them they go
 * through every term of G1, Theta1, V, D, F, A, B. */
TEST(StudyTensors, OmissionsCoverAllTermsAtInitialization) {
  TempFolder folder;
  const Outcome list = run_pdlt("list terms --json", folder.path());
  ASSERT_EQ(list.status, 0) << list.err;
  std::set<std::string> terms, seen;
  json_t *root = json_loads(list.out.c_str(), 0, nullptr);
  ASSERT_NE(root, nullptr) << list.out;
  size_t i;
  const json_t *entry;
  json_array_foreach(json_object_get(root, "terms"), i, entry) {
    const std::string term = json_string_value(json_object_get(entry, "name"));
    const std::string tensor = term.substr(0, term.find('.'));
    if (term != tensor &&
        std::set<std::string>{"G1", "Theta1", "V", "D", "F", "A", "B"}.count(tensor))
      terms.insert(term);
  }
  json_decref(root);
  EXPECT_EQ(terms.size(), 21u);

  std::istringstream omissions(read_text(study + "omissions.txt"));
  for (std::string line; std::getline(omissions, line);) {
    if (line.rfind("#", 0) == 0) continue;
    std::string name, term;
    std::istringstream(line) >> name >> term;
    EXPECT_TRUE(std::filesystem::exists(study + name + ".yaml")) << name;
    EXPECT_TRUE(terms.count(term)) << term;
    seen.insert(term);
  }
  EXPECT_EQ(seen, terms);
}

}  // namespace
