/* width_test.cpp - parameters that follow the width: theory and networks at each width are those of the
 * plain experiment with the numbers put in; the number a is found, and a wrong theory refuted. */
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "base/experiment/at_width.h"
#include "tests/cli/archive.h"
#include "tests/cli/study_support.h"

namespace {

/* All four follow the width; layer 2 has twice as many neurons as layer 1. */
const char *const kAll =
    "network: {activation: tanh, depth: 3, widths: [4, 7], width_ratios: [1, 2],\n"
    "  C_b: {scale: 0.6, width: -1}, C_W: {scale: 0.9, width: 0.125},\n"
    "  lambda_b: {scale: 2, width: -0.5}, lambda_W: {scale: 1.5, width: -0.25}}\n"
    "data: {source: gaussian, inputs: 3, train: 2, test: 1, scale: 1}\n"
    "training: {eta: 0.1, steps: 3, record: [0, 1, 3]}\n"
    "ensemble: {members: 2048, seed: 3}\n"
    "measure: [output, kernel, ntk, vertex]\n";

/* Lists of numbers in place of what follows, at width n of kAll. */
std::string numbers(int n) {
  const struct {
    const char *key;
    double scale, power;
  } keys[] = {
      {"C_b", 0.6, -1}, {"C_W", 0.9, 0.125}, {"lambda_b", 2, -0.5}, {"lambda_W", 1.5, -0.25}};
  const double fan_in[] = {3, (double)n, 2.0 * n};
  std::string out = " --set network.widths=[" + std::to_string(n) + "]";
  for (const auto &k : keys) {
    out += std::string(" --set 'network.") + k.key + "=[";
    for (int l = 0; l < 3; l++) {
      char value[40];
      snprintf(value, sizeof value, "%s%.17g", l > 0 ? ", " : "",
               k.scale * pow(fan_in[l], k.power));
      out += value;
    }
    out += "]'";
  }
  return out;
}

void same_numbers(const pdlt_array *a, const pdlt_array *b, const char *name) {
  ASSERT_TRUE(a != nullptr && b != nullptr) << name;
  ASSERT_TRUE(pdlt_array_same_shape(a, b)) << name;
  EXPECT_EQ(memcmp(a->data, b->data, pdlt_array_count(a) * sizeof(double)), 0) << name;
}

TEST(Width, TheoryAtEachWidthIsThatOfItsNumbers) {
  TempFolder folder;
  write_text(folder / "e.yaml", kAll);
  const Outcome all = run_pdlt("theory e.yaml -o all.npz --layers --quiet", folder.path());
  ASSERT_EQ(all.status, 0) << all.err;
  Archive theory(folder / "all.npz");
  size_t seen = 0;
  for (int n : {4, 7}) {
    const Outcome one =
        run_pdlt("theory e.yaml -o one.npz --layers --quiet --force" + numbers(n), folder.path());
    ASSERT_EQ(one.status, 0) << one.err;
    Archive plain(folder / "one.npz");
    pdlt_archive view = {};
    ASSERT_EQ(pdlt_theory_view(&view, &theory.all, n, nullptr), PDLT_OK);
    ASSERT_EQ(view.count, plain.all.count);
    for (size_t i = 0; i < view.count; i++)
      same_numbers(&view.entries[i].array, pdlt_archive_get(&plain.all, view.entries[i].name),
                   view.entries[i].name);
    EXPECT_NE(pdlt_archive_get(&view, "z_nlo"), nullptr);
    EXPECT_NE(pdlt_archive_get(&view, "layer2/V"), nullptr);
    seen += view.count - 3; /* times, x, y are stored once */
    pdlt_theory_view_free(&view);
  }
  EXPECT_EQ(theory.all.count, seen + 3);
}

TEST(Width, NetworksAtEachWidthAreThoseOfItsNumbers) {
  for (const char *estimator : {"plain", "antithetic", "two_level"}) {
    TempFolder folder;
    write_text(folder / "e.yaml", kAll);
    const std::string how = std::string(" --quiet --set ensemble.estimator=") + estimator;
    const Outcome all = run_pdlt("train e.yaml -o all.npz" + how, folder.path());
    ASSERT_EQ(all.status, 0) << all.err;
    Archive measured(folder / "all.npz");
    for (int n : {4, 7}) {
      const Outcome one =
          run_pdlt("train e.yaml -o one.npz --force" + how + numbers(n), folder.path());
      ASSERT_EQ(one.status, 0) << one.err;
      Archive plain(folder / "one.npz");
      const std::string prefix = "n" + std::to_string(n) + "/";
      size_t count = 0;
      for (size_t i = 0; i < plain.all.count; i++) {
        const char *name = plain.all.entries[i].name;
        if (strncmp(name, prefix.c_str(), prefix.size()) != 0) continue;
        same_numbers(&plain.all.entries[i].array, pdlt_archive_get(&measured.all, name), name);
        count++;
      }
      EXPECT_GT(count, 20u);
    }
  }
}

/* --- From experiment to verdict --- */

const char *const kBiases =
    "title: biases\n"
    "network: {activation: tanh, depth: 2, widths: [24, 36, 48, 72], C_b: {scale: 3, width: -1},\n"
    "  C_W: 1.2, lambda_b: 0.5}\n"
    "data: {source: gaussian, inputs: 3, train: 2, test: 1, scale: 1}\n"
    "training: {eta: 0.3, steps: 6, record: [0, 6]}\n"
    "ensemble: {members: 8192, seed: 5}\n"
    "measure: [output, kernel, ntk]\n";

/* a and its error of the test of one coefficient in DIR/verdict.json. */
void measured_a(const std::filesystem::path &dir, const char *quantity, const char *coefficient,
                double *a, double *se) {
  json_t *root = json_load_file((dir / "verdict.json").c_str(), 0, nullptr), *test;
  size_t i;
  *a = *se = NAN;
  json_array_foreach(json_object_get(root, "tests"), i, test) {
    if (strcmp(quantity, json_string_value(json_object_get(test, "quantity"))) != 0 ||
        strcmp(coefficient, json_string_value(json_object_get(test, "coefficient"))) != 0)
      continue;
    const json_t *value = json_object_get(test, "a"), *error = json_object_get(test, "a_se");
    *a = json_is_null(value) ? NAN : json_number_value(value);
    *se = json_is_null(error) ? NAN : json_number_value(error);
  }
  json_decref(root);
}

class WidthRun : public ::testing::Test {
 protected:
  WidthRun() {
    write_text(folder / "e.yaml", kBiases);
    outcome = run_pdlt("run e.yaml -o run --quiet", folder.path());
  }
  void AgreesAndMeasuresOne();
  void TheTableHasTheoryOfEachWidth();
  void WrongTheoriesDisagree();
  void TheoryOfOtherWidthsIsRefused();
  /* Compares theory with other settings, taken for that of the experiment, with the same networks. */
  std::filesystem::path CompareWrong(const std::string &name, const std::string &settings) {
    const Outcome made =
        run_pdlt("theory e.yaml -o " + name + ".npz --quiet " + settings, folder.path());
    EXPECT_EQ(made.status, 0) << made.err;
    {
      Archive right(folder / "run/theory.npz"), wrong(folder / (name + ".npz"));
      json_object_set(wrong.all.meta, "physics_hash",
                      json_object_get(right.all.meta, "physics_hash"));
      EXPECT_EQ(pdlt_npz_write(&wrong.all, (folder / (name + ".npz")).c_str(), nullptr), PDLT_OK);
    }
    const Outcome compared = run_pdlt(
        "compare " + name + ".npz run/measured.npz -o " + name + " --quiet", folder.path());
    EXPECT_EQ(compared.status, 1) << compared.out << compared.err;
    return folder / name;
  }
  TempFolder folder;
  Outcome outcome;
};

void WidthRun::AgreesAndMeasuresOne() {
  ASSERT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  const std::filesystem::path dir = folder / "run";
  double a, se;
  for (const char *coefficient : {"a0", "a"}) {
    measured_a(dir, "z", coefficient, &a, &se);
    EXPECT_LT(std::fabs(a - 1), 4 * se) << coefficient << " " << a;
    for (const char *quantity : {"K", "Theta"}) /* of two layers: exact at every width */
      EXPECT_EQ(verdict_of(dir, quantity, coefficient), "agree") << quantity << coefficient;
  }
  measured_a(dir, "K", "a", &a, &se);
  EXPECT_TRUE(std::isnan(a)); /* nothing is predicted, and nothing to be measured in units of it */
  EXPECT_EQ(verdict_of(dir, "z", "a0"), "agree");
  EXPECT_EQ(verdict_of(dir, "z", "a"), "agree");
  EXPECT_EQ(verdict_of(dir, "z", "c0"), "");
  measured_a(dir, "z", "a", &a, &se);
  EXPECT_LT(se, 0.1);
  const std::string page = read_text(dir / "report.html");
  EXPECT_NE(page.find("Parameters follow the width"), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(dir / "figures/residual.svg"));
  EXPECT_TRUE(std::filesystem::exists(dir / "figures/width_scaling.svg"));
  EXPECT_FALSE(std::filesystem::exists(dir / "figures/extrapolation.svg"));
}

/* The rows of a width hold theory of that width. */
void WidthRun::TheTableHasTheoryOfEachWidth() {
  Archive theory(folder / "run/theory.npz");
  std::istringstream table(read_text(folder / "run/comparison.csv"));
  std::string line;
  int found = 0;
  while (std::getline(table, line)) {
    if (line.rfind("K,0 0,,", 0) != 0) continue;
    std::vector<std::string> cells;
    std::istringstream row(line);
    for (std::string cell; std::getline(row, cell, ',');) cells.push_back(cell);
    if (cells[3].empty()) continue;
    const double n = std::stod(cells[3]);
    const double lo = pdlt_archive_getf(&theory.all, "n%.0f/K", n)->data[0];
    const double nlo = pdlt_archive_getf(&theory.all, "n%.0f/G1", n)->data[0];
    EXPECT_NEAR(std::stod(cells[8]), lo, 1e-9 * lo);
    EXPECT_NEAR(std::stod(cells[9]), lo + nlo / n, 1e-9 * lo);
    found++;
  }
  EXPECT_EQ(found, 4);
}

void WidthRun::WrongTheoriesDisagree() {
  const std::filesystem::path flipped =
      CompareWrong("flip", "--set theory.flip=[ntk_fluctuations]");
  EXPECT_EQ(verdict_of(flipped, "z", "a"), "disagree");
  const std::filesystem::path power =
      CompareWrong("power", "--set 'network.C_b={scale: 0.6, width: -0.5}'");
  EXPECT_EQ(verdict_of(power, "K", "a0") == "disagree" || verdict_of(power, "K", "a") == "disagree",
            true);
  /* theory of the limit, where layer 1 keeps 3/n_0 = 1 and layer 2 has no bias */
  const std::filesystem::path limit = CompareWrong("limit", "--set 'network.C_b=[1, 0]'");
  EXPECT_NE(verdict_of(limit, "K", "c0"), "disagree"); /* the limit is right */
  EXPECT_EQ(verdict_of(limit, "K", "c1"), "disagree"); /* 3/n looks like order 1/n, and is not */
}

void WidthRun::TheoryOfOtherWidthsIsRefused() {
  const Outcome made =
      run_pdlt("theory e.yaml -o few.npz --quiet --set network.widths=[24,36,48]", folder.path());
  ASSERT_EQ(made.status, 0) << made.err;
  const Outcome compared =
      run_pdlt("compare few.npz run/measured.npz -o few --quiet", folder.path());
  EXPECT_EQ(compared.status, 2);
  EXPECT_NE(compared.err.find("theory has no arrays of n = 72; make it with network.widths of the "
                              "measurement"),
            std::string::npos)
      << compared.err;
}

/* One test: the run takes most of the time, and is the same for all. */
TEST_F(WidthRun, OfBiasesThatFollowTheWidth) {
  AgreesAndMeasuresOne();
  TheTableHasTheoryOfEachWidth();
  WrongTheoriesDisagree();
  TheoryOfOtherWidthsIsRefused();
}

TEST(Width, ExplainSaysSo) {
  TempFolder folder;
  write_text(folder / "e.yaml", kBiases);
  const std::string how =
      "explain e.yaml --quiet --set network.widths=[24,72] --set ensemble.members=64 ";
  const Outcome text = run_pdlt(how, folder.path());
  ASSERT_EQ(text.status, 0) << text.err;
  EXPECT_NE(
      text.out.find("network.C_b follows the width, and theory is another at each: layers and "
                    "r* are those of n = 72, theta_max is the largest"),
      std::string::npos)
      << text.out;
  const Outcome json = run_pdlt(how + "--json", folder.path());
  ASSERT_EQ(json.status, 0) << json.err;
  json_t *root = json_loads(json.out.c_str(), 0, nullptr);
  EXPECT_TRUE(json_is_null(json_object_get(root, "width_10_percent")));
  const json_t *widths = json_object_get(root, "widths");
  EXPECT_EQ(json_array_size(widths), 2u);
  EXPECT_GT(json_number_value(json_object_get(json_array_get(widths, 0), "correction_z")), 0);
  json_decref(root);
}

TEST(Width, WhatIsRefusedBeforeTheWork) {
  TempFolder folder;
  write_text(folder / "e.yaml", kBiases);
  const Outcome eta = run_pdlt("run e.yaml -o x --quiet --set training.eta=40 ", folder.path());
  EXPECT_EQ(eta.status, 2);
  EXPECT_NE(
      eta.err.find("training.eta: 40 is not below 2 / largest eigenvalue of Theta_AA at n = 24"),
      std::string::npos)
      << eta.err;
  std::filesystem::create_directories(folder.path() / "claims/4-x");
  write_text(folder / "claims/4-x/experiment.yaml", kBiases);
  write_text(folder / "claims/4-x/expect.yaml",
             "claim: c\nequation: e\ntext: t\nexpect:\n  - {quantity: K, test: limit, sabotage: "
             "[{factor: 1.3}]}\n");
  const Outcome claim = run_pdlt("verify --claims claims -o out --quiet", folder.path());
  EXPECT_EQ(claim.status, 2) << claim.out;
  EXPECT_NE(claim.err.find("network.C_b: follows the width; claims are tested with one theory"),
            std::string::npos)
      << claim.err;
}

}  // namespace
