// The table of quantities against what the program does: every row is measured under its name and
// shape, predicted under the names it gives, compared, and listed.
#include "base/experiment/quantity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "tests/cli/archive.h"
#include "tests/cli/support.h"

namespace {

const char *const everything =
    "network: {activation: tanh, depth: 2, widths: [6], outputs: 2,\n"
    "          C_b: 0.1, C_W: 1.2, lambda_b: 0.5, lambda_W: 1}\n"
    "data: {source: gaussian, inputs: 3, train: 3, test: 1}\n"
    "measure: [output, kernel, ntk, vertex, ntk_fluctuations, dntk, ddntk, hidden, features, "
    "log_hidden]\n"
    "measure_samples: 2\n"
    "ensemble: {members: 2048}\n"
    "theory: {tolerance: 1e-4}\n";

struct Quantities : Archive {
  using Archive::Archive;
  std::vector<size_t> shape(const std::string &name) const {
    const pdlt_array *array = pdlt_archive_get(&all, name.c_str());
    EXPECT_NE(array, nullptr) << name;
    if (array == nullptr) return {};
    return {array->dim, array->dim + array->ndim};
  }
  // Some number is neither 0 nor NaN.
  bool says_something(const std::string &name) const {
    const pdlt_array *array = pdlt_archive_get(&all, name.c_str());
    return array != nullptr &&
           std::any_of(array->data, array->data + pdlt_array_count(array),
                       [](double value) { return std::isfinite(value) && value != 0; });
  }
};

// T recorded times, one hidden layer, 2 outputs, 4 samples, the first 2 of them.
std::vector<size_t> shape(const pdlt_quantity &q, size_t times, size_t first) {
  std::vector<size_t> dim;
  for (const char *c = q.indices; *c != 0; c++)
    dim.push_back(*c == 't'   ? times
                  : *c == 'l' ? 1
                  : *c == 'i' ? 2
                  : *c == 'a' ? 4
                  : *c == 'e' ? 8
                              : first);
  return dim;
}

// Theory and measurement of `training`; every row whose `end` fits it.
void check(const std::string &training, size_t times, bool end) {
  TempFolder folder;
  write_text(folder / "e.yaml", everything + ("training: " + training + "\n"));
  for (const char *command : {"theory e.yaml -o theory.npz", "train e.yaml -o measured.npz"}) {
    const Outcome got = run_pdlt(command, folder.path());
    ASSERT_EQ(got.status, 0) << command << got.err;
  }
  const Quantities theory(folder / "theory.npz"), measured(folder / "measured.npz");
  std::set<std::string> names;
  for (const pdlt_quantity &q : pdlt_quantities) {
    const std::string name = q.name;
    if (q.drawn == PDLT_DRAWN_END && !end) continue;
    if (q.words & PDLT_MEASURE_CROSSINGS) continue;                            // needs a kink
    if (q.words & PDLT_MEASURE_POSTERIOR) continue;                            // measured alone
    if (name.rfind("error_", 0) == 0) continue;                                // needs classes
    if (name.rfind("weight", 0) == 0 || name.rfind("agop", 0) == 0) continue;  // needs a cube
    names.insert(name);
    if (name == "q_t" || name == "q_change" || name == "q_moved") {  // layer by layer too
      const std::vector<size_t> samples = {times, shape(q, times, 2).back()};
      EXPECT_EQ(measured.shape("n6/layer1/" + name), samples) << name;
      names.insert("layer1/" + name);
    }
    EXPECT_EQ(measured.shape("n6/" + name), shape(q, times, 2)) << name;
    EXPECT_EQ(measured.shape("n6/" + name + "_se"), shape(q, times, 2)) << name;
    if (q.drawn == PDLT_DRAWN_SHARE && end) continue;  // no draw is unstable there
    EXPECT_TRUE(measured.says_something("n6/" + name)) << name;
    EXPECT_TRUE(measured.says_something("n6/" + name + "_se")) << name;
    EXPECT_EQ(measured.shape("n6/blocks/" + name).size(), shape(q, times, 2).size() + 1) << name;
    for (const char *of_theory : {q.lo, q.nlo}) {
      if (of_theory == nullptr) continue;
      const bool equal = of_theory == q.lo && (q.flags & PDLT_QUANTITY_EQUAL);
      const size_t first = name == "dTheta_t" ? 2 : 4;
      std::vector<size_t> expected = equal ? std::vector<size_t>({4, 4}) : shape(q, times, first);
      if (q.flags & PDLT_QUANTITY_STILL) expected.erase(expected.begin());
      EXPECT_EQ(theory.shape(of_theory), expected) << of_theory;
    }
  }
  // Nothing else has an error bar.
  for (size_t i = 0; i < measured.all.count; i++) {
    const std::string name = measured.all.entries[i].name;
    if (name.rfind("n6/", 0) != 0 || name.size() < 3 || name.substr(name.size() - 3) != "_se")
      continue;
    EXPECT_TRUE(names.count(name.substr(3, name.size() - 6))) << name;
  }
}

}  // namespace

TEST(Quantities, AreMeasuredAndPredictedAsTheTableSays) {
  check("{eta: {relative: 1.7}, steps: 4, record: [0, 2, 4]}", 3, false);
  check("{eta: 0.02, steps: end}", 2, true);
}

// Two hidden layers: an index of its own.
TEST(Quantities, CrossingsAreMeasuredWithAKink) {
  TempFolder folder;
  write_text(folder / "e.yaml",
             "network: {activation: relu, depth: 3, widths: [6], outputs: 2,\n"
             "          C_b: 0.1, C_W: 2, lambda_b: 0.5, lambda_W: 1}\n"
             "data: {source: gaussian, inputs: 3, train: 3, test: 1}\n"
             "measure: [output, crossings]\n"
             "ensemble: {members: 2048}\n"
             "training: {eta: {relative: 0.5}, steps: 4, record: [0, 2, 4]}\n");
  const Outcome got = run_pdlt("train e.yaml -o measured.npz", folder.path());
  ASSERT_EQ(got.status, 0) << got.err;
  const Quantities measured(folder / "measured.npz");
  const std::vector<size_t> shape = {3, 2, 4};
  EXPECT_EQ(measured.shape("n6/crossings"), shape);
  EXPECT_EQ(measured.shape("n6/crossings_se"), shape);
  EXPECT_EQ(measured.shape("n6/blocks/crossings"), std::vector<size_t>({32, 3, 2, 4}));
  EXPECT_TRUE(measured.says_something("n6/crossings"));
  EXPECT_TRUE(measured.says_something("n6/crossings_se"));
}

// Parity is a class of two; theory says nothing, and the verdict says so.
TEST(Quantities, ErrorsAreMeasuredWithClasses) {
  TempFolder folder;
  write_text(folder / "e.yaml",
             "network: {activation: tanh, depth: 2, widths: [6], C_b: 0.1, C_W: 1.2}\n"
             "data: {source: parity, inputs: 3, train: 5, test: 3}\n"
             "ensemble: {members: 2048, estimator: antithetic}\n"
             "training: {eta: {relative: 0.5}, steps: 4, record: [0, 2, 4]}\n");
  const Outcome got = run_pdlt("run e.yaml -o out", folder.path());
  ASSERT_TRUE(got.status == 0 || got.status == 1) << got.err;
  const Quantities measured(folder / "out" / "measured.npz"), theory(folder / "out" / "theory.npz");
  for (const char *name : {"n6/error_train", "n6/error_test"}) {
    EXPECT_EQ(measured.shape(name), std::vector<size_t>({3})) << name;
    EXPECT_EQ(measured.shape(name + std::string("_se")), std::vector<size_t>({3})) << name;
    EXPECT_TRUE(measured.says_something(name)) << name;
  }
  EXPECT_EQ(pdlt_archive_get(&theory.all, "error_test"), nullptr);
  EXPECT_NE(got.out.find("measured alone, without a prediction: error_train, error_test\n"),
            std::string::npos)
      << got.out;
  const std::string page = read_text(folder / "out" / "report.html");
  EXPECT_NE(page.find("In a wrong class then, measured alone: "), std::string::npos);
  EXPECT_NE(page.find("Measured alone, without a prediction: "), std::string::npos);
}

// Predicted all the same, and the file says why they are not measured.
TEST(Quantities, FeaturesAreNotMeasuredWithPositions) {
  TempFolder folder;
  write_text(
      folder / "e.yaml",
      "network: {activation: tanh, depth: 2, widths: [4], C_b: 0.1, C_W: 1.2,\n"
      "          input: {shape: [3], channels: 1}, layers: [{conv: 2, padding: circular}, dense]}\n"
      "data: {source: gaussian, inputs: 3, train: 2, test: 1}\n"
      "ensemble: {members: 64}\n"
      "measure: [output, features]\n"
      "training: {eta: 0.1, steps: 2, record: [2]}\n");
  for (const char *command : {"theory e.yaml -o theory.npz", "train e.yaml -o measured.npz"})
    ASSERT_EQ(run_pdlt(command, folder.path()).status, 0) << command;
  const Quantities theory(folder / "theory.npz"), measured(folder / "measured.npz");
  EXPECT_NE(pdlt_archive_get(&theory.all, "k_E_nlo"), nullptr);
  EXPECT_NE(pdlt_archive_get(&measured.all, "n4/z"), nullptr);
  EXPECT_EQ(pdlt_archive_get(&measured.all, "n4/k_E"), nullptr);
  EXPECT_STREQ(
      json_string_value(json_object_get(json_object_get(measured.all.meta, "absent"), "k_E")),
      "features are not measured where layers have positions");
}

TEST(Quantities, AreListed) {
  TempFolder folder;
  const std::string observables = run_pdlt("list observables", folder.path()).out;
  const std::string parts = run_pdlt("list parts", folder.path()).out;
  for (const pdlt_quantity &q : pdlt_quantities) {
    EXPECT_NE(observables.find(" " + std::string(q.name)), std::string::npos) << q.name;
    for (const char *name : {q.lo, q.nlo, q.half})
      EXPECT_TRUE(name == nullptr || parts.find(name) != std::string::npos) << name;
  }
  for (int k = 0; k < PDLT_MEASURE_WORDS; k++)
    EXPECT_NE(observables.find(pdlt_measure_words[k]), std::string::npos);
}
