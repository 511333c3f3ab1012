/* experiment_sweep_test.cpp - the points of a sweep, and what is refused. */
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/experiment/experiment.h"
#include "base/file/yaml.h"
#include "tests/cli/support.h"

namespace {

const char *const kFile =
    "network: {activation: tanh, depth: 2, widths: [4], C_b: 0, C_W: 1}\n"
    "data: {source: gaussian, inputs: 2, train: 1}\n"
    "training: {eta: 0.1, steps: 1}\n";

class Sweep : public ::testing::Test {
 protected:
  void TearDown() override { pdlt_sweep_free(&sweep); }
  pdlt_status Read(const std::string &line, std::vector<const char *> sets = {}) {
    write_text(folder / "e.yaml", kFile + line);
    pdlt_sweep_free(&sweep);
    return pdlt_sweep_read(&sweep, (folder / "e.yaml").c_str(), sets.size(), sets.data(), &err);
  }
  TempFolder folder;
  pdlt_sweep sweep = {};
  pdlt_error err = {};
};

TEST_F(Sweep, NoneIsOnePoint) {
  ASSERT_EQ(Read(""), PDLT_OK) << err.message;
  EXPECT_EQ(sweep.num_keys, 0u);
  ASSERT_EQ(sweep.count, 1u);
  EXPECT_STREQ(sweep.points[0].name, "");
  EXPECT_STREQ(sweep.points[0].sets[0], "sweep={}");
}

TEST_F(Sweep, EveryCombinationLastKeyFastest) {
  ASSERT_EQ(Read("sweep: {network.depth: [2, 4], network.C_W: [1, 1.5, [1, 2]]}\n"), PDLT_OK)
      << err.message;
  ASSERT_EQ(sweep.count, 6u);
  EXPECT_STREQ(sweep.points[0].name, "depth=2,C_W=1");
  EXPECT_STREQ(sweep.points[1].name, "depth=2,C_W=1.5");
  EXPECT_STREQ(sweep.points[5].name, "depth=4,C_W=_1,_2_");
  EXPECT_STREQ(sweep.points[5].sets[0], "network.depth=4");
  EXPECT_STREQ(sweep.points[5].sets[1], "network.C_W=[1, 2]");
  EXPECT_STREQ(sweep.points[5].sets[2], "sweep={}");
}

TEST_F(Sweep, PointsAreReadLikeSettings) {
  ASSERT_EQ(Read("sweep: {network.depth: [2, 4]}\n"), PDLT_OK);
  pdlt_experiment ex = {};
  const std::string path = folder / "e.yaml";
  ASSERT_EQ(pdlt_experiment_read(&ex, path.c_str(), 2, sweep.points[1].sets, &err), PDLT_OK)
      << err.message;
  EXPECT_EQ(ex.network.depth, 4);
  EXPECT_EQ(ex.swept, 0);
  pdlt_experiment_free(&ex);
  ASSERT_EQ(pdlt_experiment_read(&ex, path.c_str(), 0, nullptr, &err), PDLT_OK);
  EXPECT_EQ(ex.swept, 1);
  EXPECT_EQ(ex.network.depth, 2);
  pdlt_experiment_free(&ex);
}

/* Lists of zip move together; with other keys they are one axis, in their place of the file. */
TEST_F(Sweep, ZipRunsListsSideBySide) {
  ASSERT_EQ(Read("sweep: {zip: {network.depth: [2, 3, 4], network.C_W: [1, 1.5, 2]}}\n"), PDLT_OK)
      << err.message;
  ASSERT_EQ(sweep.count, 3u);
  ASSERT_EQ(sweep.num_keys, 2u);
  EXPECT_STREQ(sweep.keys[1], "network.C_W");
  EXPECT_STREQ(sweep.points[0].name, "depth=2,C_W=1");
  EXPECT_STREQ(sweep.points[1].name, "depth=3,C_W=1.5");
  EXPECT_STREQ(sweep.points[2].name, "depth=4,C_W=2");
  EXPECT_STREQ(sweep.points[2].sets[0], "network.depth=4");
  EXPECT_STREQ(sweep.points[2].sets[1], "network.C_W=2");
  EXPECT_STREQ(sweep.points[2].sets[2], "sweep={}");
  ASSERT_EQ(Read("sweep: {ensemble.seed: [1, 2], zip: {network.depth: [2, 3], data.train: [4, 5]}, "
                 "network.C_b: [0, 1]}\n"),
            PDLT_OK)
      << err.message;
  const char *const expected[] = {"seed=1,depth=2,train=4,C_b=0", "seed=1,depth=2,train=4,C_b=1",
                                  "seed=1,depth=3,train=5,C_b=0", "seed=1,depth=3,train=5,C_b=1",
                                  "seed=2,depth=2,train=4,C_b=0", "seed=2,depth=2,train=4,C_b=1",
                                  "seed=2,depth=3,train=5,C_b=0", "seed=2,depth=3,train=5,C_b=1"};
  ASSERT_EQ(sweep.count, 8u);
  for (size_t p = 0; p < 8; p++) EXPECT_STREQ(sweep.points[p].name, expected[p]);
  char axis[PDLT_SWEEP_AXIS_LENGTH];
  pdlt_sweep_axis(axis, &sweep);
  EXPECT_STREQ(axis, "point of the sweep, from 0");
  ASSERT_EQ(Read("", {"sweep.zip={network.depth: [3, 5], network.C_W: [1, 2]}"}), PDLT_OK);
  EXPECT_EQ(sweep.count, 2u);
}

TEST_F(Sweep, TextIsReadLikeAFile) {
  ASSERT_EQ(pdlt_sweep_parse(&sweep, "sweep: {network.depth: [2, 4]}", "text", 0, nullptr, &err),
            PDLT_OK)
      << err.message;
  ASSERT_EQ(sweep.count, 2u);
  EXPECT_STREQ(sweep.points[1].name, "depth=4");
  const char *sets[] = {"network.depth=3"};
  pdlt_sweep none = {};
  EXPECT_EQ(pdlt_sweep_parse(&none, "[1, 2]", "text", 1, sets, &err), PDLT_ERR_INPUT);
  EXPECT_STREQ(err.message, "text:1: yaml: the text must be a mapping: key: value");
}

TEST_F(Sweep, SettingsReplaceIt) {
  ASSERT_EQ(Read("sweep: {network.depth: [2, 4]}\n", {"sweep={network.C_W: [1, 2, 3]}"}), PDLT_OK);
  EXPECT_EQ(sweep.count, 3u);
  ASSERT_EQ(Read("sweep: {network.depth: [2, 4]}\n", {"sweep={}"}), PDLT_OK);
  EXPECT_EQ(sweep.count, 1u);
  ASSERT_EQ(Read("", {"sweep.network.depth=[3, 5]"}), PDLT_OK);
  EXPECT_EQ(sweep.count, 2u);
}

/* Lists, words and combinations have no place on an axis but the number of their point. */
TEST_F(Sweep, AxisSaysWhatTheValuesAre) {
  const struct {
    const char *sweep, *axis;
    double last;
  } cases[] = {
      {"", "", 0},
      {"sweep: {network.depth: [2, 4]}\n", "depth", 4},
      {"sweep: {measure_samples: [1, 3]}\n", "measure_samples", 3},
      {"sweep: {network.lambda_W: [[1, 0], [0, 1]]}\n", "point of the sweep of lambda_W, from 0",
       1},
      {"sweep: {network.C_W: [1.5, 2, critical]}\n", "point of the sweep of C_W, from 0", 2},
      {"sweep: {network.activation: [sin, erf]}\n", "point of the sweep of activation, from 0", 1},
      {"sweep: {network.C_W: [1.5, 3], network.C_b: [7]}\n", "point of the sweep, from 0", 1},
      {"sweep: {zip: {network.depth: [2, 4], network.C_W: [1, 3]}}\n", "depth, with C_W", 4},
      {"sweep: {zip: {network.activation: [sin, erf], network.C_W: [2, 2], network.C_b: [0.5, "
       "1]}}\n",
       "C_b, with activation, C_W", 1},
      {"sweep: {zip: {network.activation: [sin, erf], network.C_W: [2, 2]}}\n",
       "point of the sweep, from 0", 1},
      {"sweep: {zip: {network.depth: [2, 4], network.C_W: [1, 3]}, ensemble.seed: [7]}\n",
       "point of the sweep, from 0", 1}};
  for (const auto &c : cases) {
    ASSERT_EQ(Read(c.sweep), PDLT_OK) << err.message;
    char axis[PDLT_SWEEP_AXIS_LENGTH];
    pdlt_sweep_axis(axis, &sweep);
    EXPECT_STREQ(axis, c.axis);
    EXPECT_EQ(pdlt_sweep_value(&sweep, sweep.count - 1), c.last) << c.sweep;
  }
}

TEST_F(Sweep, WhatIsRefused) {
  const struct {
    const char *line, *expected;
  } cases[] = {
      {"sweep: {network.depht: [2]}\n", "e.yaml:4: sweep: \"network.depht\" is no key"},
      {"sweep: {network: [2]}\n", "e.yaml:4: sweep: \"network\" is no key"},
      {"sweep: {sweep: [2]}\n", "e.yaml:4: sweep: \"sweep\" is no key"},
      {"sweep: {network.depth: 2}\n", "e.yaml:4: sweep: network.depth: expected a list"},
      {"sweep: {network.depth: []}\n", "e.yaml:4: sweep: network.depth: expected a list"},
      {"sweep: [2]\n", "e.yaml:4: sweep: a list of 1; expected {KEY: [values]}"},
      {"sweep:\n  network.depth: [2]\n  network.depth: [3]\n", "e.yaml:6: sweep: network.depth is"},
      {"sweep: {zip: [2]}\n", "e.yaml:4: sweep: zip: expected {KEY: [values], KEY: [values]}"},
      {"sweep: {zip: {}}\n", "e.yaml:4: sweep: zip: expected {KEY: [values], KEY: [values]}"},
      {"sweep:\n  zip:\n    network.depth: [2, 3]\n    network.C_W: [1, 2, 3]\n",
       "e.yaml:7: sweep: zip: network.depth has 2 values and network.C_W has 3; lists that run "
       "side "
       "by side have one length"},
      {"sweep: {zip: {zip: [2]}}\n", "e.yaml:4: sweep: \"zip\" is no key that can be swept"},
      {"sweep: {network.depth: [2], zip: {network.depth: [3]}}\n",
       "e.yaml:4: sweep: network.depth is repeated"},
      {"sweep: {network.depth: [2, 2]}\n", "e.yaml:4: sweep: two values have the name depth=2"},
  };
  for (const auto &c : cases) {
    EXPECT_EQ(Read(c.line), PDLT_ERR_INPUT) << c.line;
    EXPECT_NE(std::string(err.message).find(c.expected), std::string::npos) << err.message;
  }
  std::string many = "sweep: {network.depth: [2";
  for (int i = 3; i < 300; i++) many += ", " + std::to_string(i);
  EXPECT_EQ(Read(many + "]}\n"), PDLT_ERR_INPUT);
  EXPECT_NE(std::string(err.message).find("more than 256"), std::string::npos);
}

TEST(Yaml, TextOfANodeReadsBack) {
  TempFolder folder;
  pdlt_node *root = nullptr;
  pdlt_error err = {};
  write_text(folder / "a.yaml", "a: {b: [1, 'it''s', two], c: {}}\n");
  ASSERT_EQ(pdlt_yaml_read(&root, (folder / "a.yaml").c_str(), &err), PDLT_OK) << err.message;
  char *text = nullptr;
  ASSERT_EQ(pdlt_node_text(&text, root, &err), PDLT_OK);
  EXPECT_STREQ(text, "{a: {b: [1, 'it''s', two], c: {}}}");
  free(text);
  pdlt_node_free(root);
  write_text(folder / "a.yaml", "- 1\n");
  EXPECT_EQ(pdlt_yaml_read(&root, (folder / "a.yaml").c_str(), &err), PDLT_ERR_INPUT);
}

}  // namespace
