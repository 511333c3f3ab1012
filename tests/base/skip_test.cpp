// skip_test.cpp - network.skip and skip of the entries of network.layers: values and refusals.
#include "base/experiment/skip.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/core/memory.h"
#include "base/experiment/layer.h"

namespace {

const char kText[] = R"(network:
  activation: tanh
  depth: 5
  widths: [8, 16]
  width_ratios: [2, 2, 2, 2]
  C_b: 0
  C_W: 1
data: {source: gaussian, inputs: 8, train: 4}
training: {eta: 0.1, steps: 10}
)";

using Settings = std::vector<const char *>;

// gamma of layers 1 to 5; the message instead, when the experiment is refused.
std::vector<double> Skips(const Settings &set, std::string *message, const char *text = kText) {
  pdlt_experiment ex = {};
  pdlt_error err = {};
  std::vector<double> out;
  if (pdlt_experiment_parse(&ex, text, "e.yaml", set.size(), set.data(), &err) != PDLT_OK) {
    EXPECT_EQ(err.status, PDLT_ERR_INPUT);
    *message = err.message;
    return out;
  }
  pdlt_layer *layer = nullptr;
  EXPECT_EQ(pdlt_layers_new(&layer, &ex, 8, 8, &err), PDLT_OK) << err.message;
  int any = 0;
  for (int l = 1; l <= ex.network.depth; l++) {
    out.push_back(layer[l - 1].skip);
    EXPECT_EQ(pdlt_experiment_skip(&ex, l), layer[l - 1].skip);
    any |= layer[l - 1].skip != 0;
  }
  EXPECT_EQ(pdlt_experiment_has_skips(&ex), any);
  pdlt_free(layer);
  pdlt_experiment_free(&ex);
  message->clear();
  return out;
}

TEST(Skip, OfEachLayer) {
  std::string message;
  const struct {
    Settings set;
    std::vector<double> skips;
  } cases[] = {
      {{}, {0, 0, 0, 0, 0}},
      {{"network.skip=0.7"}, {0, 0.7, 0.7, 0.7, 0}},
      {{"network.skip=-2"}, {0, -2, -2, -2, 0}},
      {{"network.skip=0"}, {0, 0, 0, 0, 0}},
      {{"network.skip=[0.5, 0, 1]"}, {0, 0.5, 0, 1, 0}},
      {{"network.depth=3", "network.width_ratios=[1, 1]", "network.skip=[1]"}, {0, 1, 0}},
      {{"network.skip=[0, 0, 1]", "network.width_ratios=[1, 2, 3, 3]"}, {0, 0, 0, 1, 0}},
      {{"network.layers=[dense, {dense: true, skip: 0.3}, {dense: true}, dense, dense]"},
       {0, 0.3, 0, 0, 0}},
      {{"network.input={shape: [4]}",
        "network.layers=[{conv: 3, padding: circular, pool: 2}, {conv: 3, padding: zero, skip: "
        "0.8}, {conv: 1, skip: 1}, {conv: 2, padding: zero, stride: 2}, average]"},
       {0, 0.8, 1, 0, 0}},
      {{"network.input={shape: [4]}",
        "network.layers=[{conv: 3, padding: circular}, dense, {dense: true, skip: -1}, dense, "
        "dense]"},
       {0, 0, -1, 0, 0}},
  };
  for (const auto &c : cases) {
    EXPECT_EQ(Skips(c.set, &message), c.skips);
    EXPECT_EQ(message, "");
  }
}

TEST(Skip, Refusals) {
  const char *positions = "network.input={shape: [4]}";
  const struct {
    Settings set;
    const char *message;
  } cases[] = {
      {{"network.skip=[1, 1]"},
       "--set: network.skip: a list of 2; depth 5 needs 3 numbers, for layers 2 to 4"},
      {{"network.skip=[1, 1, 1, 1, 1]"},
       "--set: network.skip: a list of 5; depth 5 needs 3 numbers, for layers 2 to 4"},
      {{"network.skip=yes"},
       "--set: network.skip: yes; expected a number, or a list of depth - 2 numbers, of layers 2 "
       "to depth - 1"},
      {{"network.skip=[1, .inf, 1]"},
       "--set: network.skip: .inf; expected a number, or a list of depth - 2 numbers, of layers 2 "
       "to depth - 1"},
      {{"network.depth=2", "network.width_ratios=[1]", "network.skip=1"},
       "--set: network.skip: depth 2 has no layer between the first one and the readout, which "
       "have no skip; leave it out"},
      {{"network.skip=1", "network.width_ratios=[2, 2, 3, 3]"},
       "--set: network.skip: layer 3: skip; it has 3 n neurons and the layer below 2 n, a skip "
       "needs equally many: change network.width_ratios or leave skip out"},
      {{"network.skip=1", "network.layers=[dense, dense, dense, dense, dense]"},
       "--set: network.skip: network.layers is given too; write skip into its entries"},
      {{"network.layers=[{dense: true, skip: 1}, dense, dense, dense, dense]"},
       "--set: network.layers: layer 1: skip; below it are the inputs and no preactivations, leave "
       "skip out"},
      {{"network.layers=[dense, dense, dense, dense, {dense: true, skip: 1}]"},
       "--set: network.layers: layer 5: skip; the readout has none (its outputs are independent of "
       "what is below but for their weights), leave skip out"},
      {{"network.layers=[dense, {dense: true, skip: 1}, dense, dense, dense]",
        "network.width_ratios=[2, 1, 1, 1]"},
       "--set: network.layers: layer 2: skip; it has 1 n neurons and the layer below 2 n, a skip "
       "needs equally many: change network.width_ratios or leave skip out"},
      {{positions,
        "network.layers=[{conv: 1}, {conv: 1, stride: 2, skip: 1}, dense, dense, dense]"},
       "--set: network.layers: layer 2: skip; it has 2 positions and the layer below 4, a skip "
       "needs the same ones: leave out skip, or what changes them"},
      {{positions, "network.layers=[{conv: 1}, {conv: 1, pool: 4, skip: 1}, dense, dense, dense]"},
       "--set: network.layers: layer 2: skip; it has 1 positions and the layer below 4, a skip "
       "needs the same ones: leave out skip, or what changes them"},
      {{positions, "network.layers=[{conv: 1}, {dense: true, skip: 1}, dense, dense, dense]"},
       "--set: network.layers: layer 2: skip; it has 1 positions and the layer below 4, a skip "
       "needs the same ones: leave out skip, or what changes them"},
      {{positions, "network.layers=[{conv: 1}, {conv: 1, skip: [1]}, dense, dense, dense]"},
       "--set: network.layers: skip: expected a number, the factor of the layer below"},
      {{"network.layers=[dense, {dense: false, skip: 1}, dense, dense, dense]"},
       "--set: network.layers: expected dense, or {dense: true, skip: NUMBER}"},
      {{"network.layers=[dense, {dense: true, skips: 1}, dense, dense, dense]"},
       "--set: network.layers: expected dense, or {dense: true, skip: NUMBER}"},
      {{"network.layers=[dense, {dense: true, skip: none}, dense, dense, dense]"},
       "--set: network.layers: skip: expected a number, the factor of the layer below"},
  };
  for (const auto &c : cases) {
    std::string message;
    Skips(c.set, &message);
    EXPECT_EQ(message, c.message);
  }
}

// At the line of the key, or of the entry.
TEST(Skip, RefusalsNameTheLine) {
  const std::string network =
      "network:\n  activation: tanh\n  depth: 3\n  widths: [8]\n  width_ratios: [1, 2]\n"
      "  C_b: 0\n  C_W: 1\n";
  const std::string rest =
      "data: {source: gaussian, inputs: 8, train: 4}\ntraining: {eta: 0.1, steps: 10}\n";
  std::string message;
  Skips({}, &message, (network + "  skip: 1\n" + rest).c_str());
  EXPECT_EQ(message.rfind("e.yaml:8: network.skip: layer 2: skip; it has 2 n neurons", 0), 0u)
      << message;
  const std::string layers = "  layers:\n    - dense\n    - {dense: true, skip: 1}\n    - dense\n";
  Skips({}, &message, (network + layers + rest).c_str());
  EXPECT_EQ(message.rfind("e.yaml:10: network.layers: layer 2: skip; it has 2 n neurons", 0), 0u)
      << message;
}

// The canonical form and the digest of an experiment.
std::pair<std::string, std::string> Written(const Settings &set, const std::string &text) {
  pdlt_experiment ex = {};
  pdlt_error err = {};
  json_t *json = nullptr;
  char hash[17] = "";
  EXPECT_EQ(pdlt_experiment_parse(&ex, text.c_str(), "e.yaml", set.size(), set.data(), &err),
            PDLT_OK)
      << err.message;
  EXPECT_EQ(pdlt_experiment_to_json(&ex, &json, &err), PDLT_OK);
  EXPECT_EQ(pdlt_experiment_hash(&ex, "d", 1, hash, &err), PDLT_OK);
  char *dump = json_dumps(json, JSON_SORT_KEYS | JSON_REAL_PRECISION(17));
  const std::string out = dump;
  std::free(dump);
  json_decref(json);
  pdlt_experiment_free(&ex);
  return {out, hash};
}

// What is written is read back the same; skips are in the digest, and skips of 0 are no skips.
TEST(Skip, JsonAndDigest) {
  std::set<std::string> seen = {Written({}, kText).second};
  const std::vector<Settings> cases = {
      {"network.skip=0.5"},
      {"network.skip=-0.5"},
      {"network.skip=[0.5, 0, 0.5]"},
      {"network.layers=[dense, {dense: true, skip: 0.5}, dense, dense, dense]"},
      {"network.layers=[dense, dense, {dense: true, skip: 1e-3}, dense, dense]"},
      {"network.input={shape: [4]}",
       "network.layers=[{conv: 1}, {conv: 1, skip: 0.5}, dense, {dense: true, skip: 2}, dense]"}};
  for (const Settings &set : cases) {
    const auto first = Written(set, kText);
    EXPECT_EQ(Written({}, first.first), first);
    EXPECT_TRUE(seen.insert(first.second).second) << first.first;
  }
  EXPECT_EQ(Written({"network.skip=0"}, kText), Written({}, kText));
  EXPECT_EQ(Written({"network.layers=[dense, {dense: true, skip: 0}, dense, dense, dense]"}, kText),
            Written({"network.layers=[dense, dense, dense, dense, dense]"}, kText));
}

}  // namespace
