/* verify_test.cpp - pdlt verify on small claims: all four verdicts, files, exit status. */
#include <gtest/gtest.h>
#include <jansson.h>

#include <string>

#include "tests/cli/support.h"

namespace {

namespace fs = std::filesystem;

const char *const kExperiment =
    "network: {activation: tanh, depth: 2, widths: [3, 5, 8, 12], C_b: 0.1, C_W: 1.5}\n"
    "data: {source: gaussian, inputs: 2, seed: 3, train: 2}\n"
    "training: {eta: {relative: 0.5}, steps: 1}\n"
    "ensemble: {members: 4096, seed: 5}\n"
    "measure: [kernel, vertex]\n"
    "compare: {degree: 1}\n";

std::string expectation(const std::string &body) {
  return "claim: \"V & <i>\"\nequation: e\ntext: t\nexpect:\n" + body;
}

const char *const kExact =
    "  - {quantity: V, test: exact, sabotage: [{omit: V.fresh}, {flip: V.fresh}, {factor: 1.3}]}\n";

class Verify : public ::testing::Test {
 protected:
  void Add(const std::string &name, const std::string &experiment, const std::string &expect) {
    fs::create_directories(folder.path() / "claims" / name);
    write_text(folder.path() / "claims" / name / "experiment.yaml", experiment);
    write_text(folder.path() / "claims" / name / "expect.yaml", expect);
  }
  Outcome Run(const std::string &arguments) {
    return run_pdlt("verify --claims claims --quiet --threads 2 -o out " + arguments,
                    folder.path());
  }
  json_t *Verdicts() {
    return json_load_file((folder.path() / "out/verdicts.json").c_str(), 0, nullptr);
  }
  static std::string Text(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text == nullptr ? "" : text;
  }
  TempFolder folder;
};

TEST_F(Verify, AgreesRefutesAndWritesAPage) {
  Add("4-second", kExperiment, expectation(kExact));
  Add("inf-theory", kExperiment,
      expectation("  - {test: theory, value: \"V[0,0,0,0]\", predicted: \"V@2[0,0,0,0]\", "
                  "tolerance: 1e-9, sabotage: [{omit: V}, {value: 0}]}\n"));
  const Outcome outcome = Run("");
  EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  EXPECT_NE(outcome.out.find("agree      4-second"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("3 of 3 sabotages refuted"), std::string::npos);
  json_t *verdicts = Verdicts();
  ASSERT_EQ(json_array_size(verdicts), 2u);
  const json_t *first = json_array_get(verdicts, 0);
  EXPECT_EQ(Text(first, "claim"), "4-second");
  EXPECT_EQ(Text(first, "chapter"), "4");
  EXPECT_EQ(Text(first, "verdict"), "agree");
  const json_t *number = json_array_get(json_object_get(first, "numbers"), 0);
  const double value = json_real_value(json_object_get(number, "value"));
  const double se = json_real_value(json_object_get(number, "se"));
  EXPECT_GT(se, 0); /* at the smallest width */
  EXPECT_NEAR(value, json_real_value(json_object_get(number, "predicted")), 5 * se);
  EXPECT_GT(value, 10 * se);
  const json_t *sabotages = json_object_get(first, "sabotage_verdicts");
  ASSERT_EQ(json_array_size(sabotages), 3u);
  EXPECT_EQ(Text(json_array_get(sabotages, 0), "sabotage"), "V, exact: without V.fresh");
  EXPECT_EQ(Text(json_array_get(sabotages, 0), "expectation"), "V, exact");
  const json_t *settings = json_object_get(json_array_get(sabotages, 0), "settings");
  EXPECT_STREQ(json_string_value(json_array_get(settings, 0)), "theory.omit=[V.fresh]");
  EXPECT_EQ(json_array_size(json_object_get(json_array_get(sabotages, 2), "settings")), 0u);
  EXPECT_EQ(Text(json_array_get(sabotages, 0), "verdict"), "disagree");
  EXPECT_EQ(Text(json_array_get(sabotages, 1), "sabotage"), "V, exact: flipped sign of V.fresh");
  EXPECT_EQ(Text(json_array_get(sabotages, 1), "verdict"), "disagree");
  EXPECT_EQ(json_array_size(json_object_get(first, "numbers")), 1u);
  EXPECT_EQ(Text(json_array_get(verdicts, 1), "claim"), "inf-theory");
  json_decref(verdicts);
  const std::string page = read_text(folder.path() / "out/index.html");
  EXPECT_NE(page.find("V &amp; &lt;i&gt;"), std::string::npos);
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_NE(page.find("data:image/svg+xml;base64,"), std::string::npos);
  EXPECT_TRUE(fs::exists(folder.path() / "out/4-second/figure.svg"));
  /* again: everything is there, the files come out the same */
  EXPECT_EQ(Run("4").status, 0);
  EXPECT_EQ(Run("").status, 0);
  EXPECT_EQ(read_text(folder.path() / "out/index.html"), page);
}

TEST_F(Verify, WrongExpectationDisagrees) {
  Add("4-second", kExperiment, expectation(kExact));
  Add("5-wrong", kExperiment,
      expectation("  - {quantity: V, test: exact, at: [0, 0, 0, 0], predicted: \"1.3*V[0,0,0,0]\", "
                  "sabotage: [{factor: 2}]}\n"));
  const Outcome outcome = Run("");
  EXPECT_EQ(outcome.status, 1) << outcome.out << outcome.err;
  EXPECT_NE(outcome.out.find("disagree   5-wrong"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("agree      4-second"), std::string::npos) << outcome.out;
}

TEST_F(Verify, WithoutPowerOrUndecided) {
  Add("4-weak", kExperiment,
      expectation("  - {quantity: V, test: limit, sabotage: [{factor: 1.0001}]}\n"));
  const Outcome weak = Run("");
  EXPECT_EQ(weak.status, 4) << weak.out << weak.err;
  EXPECT_NE(weak.out.find("no power   4-weak"), std::string::npos) << weak.out;
  EXPECT_NE(weak.out.find("not refuted: times 1.0001"), std::string::npos) << weak.out;
  Add("4-weak", kExperiment,
      expectation("  - {quantity: V, test: limit, sabotage: [{omit: V}]}\n"));
  const Outcome undecided =
      run_pdlt("verify --claims claims --quiet -o few --set network.widths=[3,5]", folder.path());
  EXPECT_EQ(undecided.status, 4) << undecided.out << undecided.err;
  EXPECT_NE(undecided.out.find("undecided  4-weak"), std::string::npos) << undecided.out;
}

TEST_F(Verify, SweepQuickAndSlope) {
  Add("4-run", std::string(kExperiment) + "sweep: {network.depth: [2, 3]}\n",
      "claim: c\nequation: e\ntext: t\nquick: {ensemble.members: 2048}\nexpect:\n"
      "  - {quantity: K, test: limit, predicted: [\"K@2[0,0]\", \"K@3[0,0]\"], at: [0, 0], "
      "sabotage: [{factor: 1.3}]}\n"
      "  - {quantity: K, test: slope, sabotage: [{value: 3}]}\n");
  const Outcome outcome = Run("--quick");
  EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  EXPECT_TRUE(fs::exists(folder.path() / "out/4-run/depth=3/measured.npz"));
  json_t *verdicts = Verdicts();
  const json_t *numbers = json_object_get(json_array_get(verdicts, 0), "numbers");
  ASSERT_EQ(json_array_size(numbers), 4u);
  EXPECT_EQ(Text(json_array_get(numbers, 1), "point"), "depth=3");
  EXPECT_NE(json_object_get(json_array_get(numbers, 2), "residual"), nullptr);
  json_decref(verdicts);
}

/* Whatever a claim says, its folder's name included, is text on the page and in the drawing. */
TEST_F(Verify, NothingOfAClaimIsMarkup) {
  const std::string hostile = "\"><img src=x onerror=alert(1)>'&<script>alert(2)<b>";
  std::string quoted; /* in YAML's single quotes */
  for (const char c : hostile) quoted += c == '\'' ? "''" : std::string(1, c);
  quoted = "'" + quoted + "'";
  Add("4-" + hostile, kExperiment,
      "claim: " + quoted + "\nequation: " + quoted + "\ntext: " + quoted +
          "\nexpect:\n  - test: theory\n    label: " + quoted + "\n    value: 1\n    for: {" +
          quoted + ": [1, 2]}\n    predicted: 1\n    tolerance: 0.1\n    sabotage: [{value: 3}]\n");
  const Outcome outcome = Run("");
  EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  const std::string page = read_text(folder / "out/index.html");
  const std::string safe = "&quot;&gt;&lt;img src=x ";
  size_t shown = 0;
  for (size_t at = page.find("onerror"); at != page.npos; at = page.find("onerror", at + 1)) {
    EXPECT_EQ(page.substr(at - safe.size(), safe.size()), safe);
    shown++;
  }
  EXPECT_GE(shown, 8u);
  for (const char *tag : {"<script", "<b>alert", "<img src"})
    EXPECT_EQ(page.find(tag), page.npos) << tag;
}

TEST_F(Verify, BadUsage) {
  Add("4-second", kExperiment, expectation(kExact));
  const struct {
    const char *arguments, *expected;
  } cases[] = {{"7", "\"7\" is no chapter"},
               {"--quick --full", "exclude each other"},
               {"--set network.widths=[]", "--set: network.widths"}};
  for (const auto &c : cases) {
    const Outcome outcome = Run(c.arguments);
    EXPECT_EQ(outcome.status, 2) << c.arguments << outcome.out;
    EXPECT_NE(outcome.err.find(c.expected), std::string::npos) << outcome.err;
  }
  const struct {
    const char *formula, *message;
  } formulas[] = {
      {"sum(i, 1, 1e5, sum(j, 1, 1e5, 1))", "takes more than 10000000 operands"},
      {"sum(k, 1, 1000, critical_K())", "takes more than 10000000 operands"},
      {"information_exact(50, 100000, 2)", "information_exact(50, 100000, 2) would take 3.6e+13"},
      {"V[9,0,0,0]", "V has 4 indices and this one lies outside"}};
  for (const auto &one : formulas) {
    Add("4-second", kExperiment,
        expectation("  - test: theory\n    value: \"" + std::string(one.formula) +
                    "\"\n    predicted: 1\n    tolerance: 1\n    sabotage: [{value: 3}]\n"));
    const Outcome outcome = Run("");
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(outcome.err.rfind("claims/4-second/expect.yaml:6: value: formula", 0), 0u)
        << outcome.err;
    EXPECT_NE(outcome.err.find(one.message), std::string::npos) << outcome.err;
  }
  Add("4-second", kExperiment,
      expectation("  - {quantity: D, test: limit, sabotage: [{factor: 2}]}\n"));
  const Outcome outcome = Run("");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_NE(outcome.err.find("4-second: D: not among"), std::string::npos) << outcome.err;
  EXPECT_EQ(run_pdlt("verify --claims nowhere -o out", folder.path()).status, 2);
}

TEST_F(Verify, RunDoesASweep) {
  write_text(folder.path() / "e.yaml",
             std::string(kExperiment) + "title: swept\nsweep: {network.C_W: [1.2, 1.8]}\n");
  const std::string few = " --set ensemble.members=2048 --quiet --threads 2";
  const Outcome outcome = run_pdlt("run e.yaml -o swept" + few, folder.path());
  EXPECT_LE(outcome.status, 1) << outcome.out << outcome.err;
  for (const char *name : {"report.html", "verdict.json", "figures/sweep.svg", "figures/sweep.png",
                           "C_W=1.2/report.html", "C_W=1.8/comparison.csv"})
    EXPECT_TRUE(fs::exists(folder.path() / "swept" / name)) << name;
  json_t *verdict = json_load_file((folder.path() / "swept/verdict.json").c_str(), 0, nullptr);
  const json_t *points = json_object_get(verdict, "points");
  ASSERT_EQ(json_array_size(points), 2u);
  EXPECT_EQ(Text(json_array_get(points, 1), "name"), "C_W=1.8");
  EXPECT_GE(json_array_size(json_object_get(json_array_get(points, 1), "tests")), 3u);
  json_decref(verdict);
  const std::string page = read_text(folder.path() / "swept/report.html");
  EXPECT_NE(page.find("C_W=1.8/report.html"), std::string::npos);
  /* the same archives as without a sweep */
  ASSERT_LE(run_pdlt("run e.yaml -o one --set sweep={} --set network.C_W=1.8" + few, folder.path())
                .status,
            1);
  EXPECT_EQ(read_text(folder.path() / "one/measured.npz"),
            read_text(folder.path() / "swept/C_W=1.8/measured.npz"));
  EXPECT_NE(run_pdlt("train e.yaml -o t.npz" + few, folder.path()).err.find("e.yaml:8: sweep: "),
            std::string::npos);
}

TEST_F(Verify, ListNamesClaims) {
  Add("4-second", kExperiment, expectation(kExact));
  const Outcome outcome = run_pdlt("list claims --claims claims", folder.path());
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("4-second"), std::string::npos) << outcome.out;
}

}  // namespace
