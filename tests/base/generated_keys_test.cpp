// generated_keys_test.cpp - keys of sets that are made, and of features: read, refused, written back.
#include <gtest/gtest.h>

#include <string>

#include "base/core/memory.h"
#include "base/experiment/experiment.h"
#include "base/experiment/feature.h"
#include "base/file/json.h"

namespace {

const char *const kGaussian = "data: {source: gaussian, inputs: 3, train: 8}";

std::string Text(const std::string &data, int outputs) {
  return "network: {activation: tanh, depth: 2, widths: [8], C_b: 0, C_W: 1, outputs: " +
         std::to_string(outputs) + "}\n" + data + "\ntraining: {eta: 0.1, steps: 1}\n";
}

// An experiment that is read, or why not; frees itself.
struct Read {
  explicit Read(const std::string &text) {
    pdlt_error err{};
    status = pdlt_experiment_parse(&ex, text.c_str(), "e.yaml", 0, nullptr, &err);
    if (status != PDLT_OK) message = err.message;
  }
  ~Read() { pdlt_experiment_free(&ex); }
  Read(const Read &) = delete;
  Read &operator=(const Read &) = delete;
  std::string Hash(int physics_only) const {
    char hash[17];
    EXPECT_EQ(pdlt_experiment_hash(&ex, "d", physics_only, hash, nullptr), PDLT_OK);
    return hash;
  }
  std::string Json() const {
    json_t *object = nullptr;
    char *text = nullptr;
    EXPECT_EQ(pdlt_experiment_to_json(&ex, &object, nullptr), PDLT_OK);
    EXPECT_EQ(pdlt_json_format(object, JSON_INDENT(1) | JSON_SORT_KEYS, &text, nullptr), PDLT_OK);
    const std::string out = text;
    json_decref(object);
    pdlt_free(text);
    return out;
  }
  pdlt_experiment ex{};
  pdlt_status status;
  std::string message;
};

std::string Message(const std::string &text) { return Read(text).message; }

TEST(GeneratedKeys, AreRefused) {
  const struct {
    std::string data, message;
    int outputs;
  } cases[] = {
      {"source: parity, inputs: 3, bits: []",
       "bits: a list of 0; expected a list of whole numbers from 0 to n_0 - 1, increasing: the "
       "inputs that matter",
       1},
      {"source: parity, inputs: 3, bits: [0, 0]",
       "bits: 0 after 0; list the inputs increasing, each once", 1},
      {"source: parity, inputs: 3, bits: [0, 3]", "bits: 3; 3 inputs are numbered from 0 to 2", 1},
      {"source: gaussian, inputs: 3, bits: [0]",
       "bits: source gaussian does not use it; leave it out", 1},
      {"source: parity, inputs: 4, amplitudes: x",
       "amplitudes: x; expected a number, or a list of one number for each output", 1},
      {"source: parity, inputs: 4, amplitudes: []",
       "amplitudes: a list of 0; expected a number, or a list of one number for each output", 1},
      {"source: parity, inputs: 4, amplitudes: [1, 2]",
       "amplitudes: a list of 2; 3 outputs need 3 numbers, or one for all", 3},
      {"source: modular_addition, modulus: 5, amplitudes: [1, 2]",
       "amplitudes: a list of 2; 5 outputs need 5 numbers, or one for all", 5},
      {"source: parity, inputs: 21, cube: true",
       "cube: 21 inputs make too many samples; at most 20 inputs, or cube: false", 1},
      {"source: parity, inputs: 2, cube: true", "train: 8, but the cube of 2 inputs has 4 samples",
       1},
      {"source: parity, inputs: 4, cube: true, test: 7",
       "test: 7; cube: all 8 samples that do not train test, leave test out", 1},
      {"source: circle, center: both",
       "center: the mean of the targets of source circle is not known; write true (of the inputs) "
       "or false",
       1},
      {"source: parity, inputs: 4, center: \"true\"",
       "center: \"true\"; expected true, false, targets or both", 1},
      {"source: superposition",
       "features: missing; source superposition needs a whole number from 1 to 100000", 1},
      {"source: superposition, features: 3, probability: 0",
       "probability: 0; expected a number > 0 and <= 1", 3},
      {"source: superposition, features: 3, inputs: 4",
       "inputs: 4; source superposition with so many features needs 3", 3},
      {"source: superposition, features: 3, importance: [1, 2]",
       "importance: a list of 2; 3 features need 3 numbers, or one for all", 3},
      {"source: superposition, features: 9",
       "train: train + test = 8; the last 9 samples are the features one by one, so at least 9", 9},
  };
  for (const auto &c : cases)
    EXPECT_EQ(Message(Text("data: {" + c.data + ", train: 8}", c.outputs)),
              "e.yaml:2: data." + c.message);
  EXPECT_EQ(Message(Text("data: {source: superposition, features: 3, train: 8}", 1)),
            "e.yaml:1: network.outputs: 1; source superposition with so many features needs 3");
}

TEST(FeatureKeys, AreRefused) {
  const struct {
    const char *features, *message;
  } cases[] = {
      {"truth: all", "truth: all; expected one of none, parity, modular_addition, inputs"},
      {"truth: parity",
       "truth: parity is known of source parity alone, and this is gaussian; write inputs or none"},
      {"truth: modular_addition",
       "truth: modular_addition is known of source modular_addition alone, and this is gaussian; "
       "write inputs or none"},
      {"members: 0", "members: 0; expected a whole number from 1 to 10000"},
      {"kernels: []",
       "kernels: a list of 0; expected a list of some of k, k_E, k_sharp, secant, midpoint"},
      {"kernels: [k_e]",
       "kernels: k_e; expected a list of some of k, k_E, k_sharp, secant, midpoint"},
      {"of: [k, k]", "of: k twice; list it once"},
      {"of: [secant]", "of: secant; expected a list of some of k, k_E, change"},
      {"directions: 0", "directions: 0; expected a whole number from 1 to 1000"},
      {"starts: 1001", "starts: 1001; expected a whole number from 1 to 1000"},
      {"norm: 0", "norm: 0; expected a number > 0 and <= 1e+06"},
      {"budget: 0", "budget: 0; expected a whole number from 1 to 100000"},
      {"nrom: 1", "nrom: unknown key; did you mean features.norm?"},
  };
  for (const auto &c : cases)
    EXPECT_EQ(Message(Text(kGaussian, 1) + "features: {" + c.features + "}\n"),
              std::string("e.yaml:4: features.") + c.message);
  EXPECT_EQ(Message(Text(kGaussian, 1) +
                    "features: {truth: inputs, members: 2, kernels: [k_E], of: [change], "
                    "directions: 3, starts: 4, norm: 0.5, budget: 6}\n"),
            "");
}

TEST(GeneratedKeys, AreWhatTheFileSays) {
  const std::string cube =
      "data: {source: parity, inputs: 4, bits: [1, 3], amplitudes: [1, -2], cube: true, center: "
      "both, train: 6}";
  Read plain(Text(cube, 2));
  ASSERT_EQ(plain.message, "");
  EXPECT_EQ(plain.ex.data.test, 10);
  ASSERT_EQ(plain.ex.data.num_bits, 2u);
  EXPECT_EQ(plain.ex.data.bits[1], 3);
  ASSERT_EQ(plain.ex.data.num_amplitudes, 2u);
  EXPECT_EQ(plain.ex.data.amplitudes[1], -2);
  EXPECT_EQ(plain.ex.data.center + 2 * plain.ex.data.center_targets, 3);
  EXPECT_EQ(plain.ex.features.kernels, (1u << PDLT_FEATURE_COUNT) - 1);
  EXPECT_EQ(plain.ex.features.truth, PDLT_TRUTH_NONE);
  Read features(Text(cube, 2) +
                "features: {truth: parity, kernels: [k, secant], of: [k_E], norm: 0.5}\n");
  ASSERT_EQ(features.message, "");
  EXPECT_EQ(features.ex.features.truth, PDLT_TRUTH_PARITY);
  EXPECT_EQ(features.ex.features.kernels, 1u << PDLT_FEATURE_K | 1u << PDLT_FEATURE_SECANT);
  EXPECT_EQ(features.ex.features.of, 1u << PDLT_FUNCTIONS_K_E);
  EXPECT_EQ(features.ex.features.norm, 0.5);
  EXPECT_NE(features.Hash(1), plain.Hash(1)); /* truth is common to theory and measurement */
  Read one(Text("data: {source: superposition, features: 3, importance: 2, train: 6}", 3));
  ASSERT_EQ(one.message, "");
  EXPECT_EQ(one.ex.data.inputs, 3);
  EXPECT_EQ(one.ex.data.probability, 0.1);
  EXPECT_EQ(one.ex.data.importance[0], 2);
}

TEST(GeneratedKeys, JsonIsReadBackTheSame) {
  const struct {
    const char *data;
    int outputs;
    const char *features;
  } cases[] = {
      {kGaussian, 1, "features: {}"},
      {"data: {source: modular_addition, modulus: 7, amplitudes: 2.5, center: targets, train: 6}",
       7, "features: {truth: modular_addition}"},
      {"data: {source: parity, inputs: 4, bits: [1, 3], amplitudes: [1, -2], cube: true, center: "
       "both, train: 6}",
       2,
       "features: {truth: parity, members: 2, kernels: [k, secant], of: [k_E], directions: 3, "
       "starts: 2, norm: 0.5, budget: 4}"},
      {"data: {source: superposition, features: 3, probability: 0.25, importance: [1, 0.5, 0.25], "
       "train: 6}",
       3, "features: {truth: inputs}"}};
  for (const auto &c : cases) {
    Read first(Text(c.data, c.outputs) + c.features);
    ASSERT_EQ(first.message, "");
    Read second(first.Json());
    ASSERT_EQ(second.message, "");
    EXPECT_EQ(second.Json(), first.Json());
    EXPECT_EQ(second.Hash(0), first.Hash(0));
    EXPECT_EQ(second.Hash(1), first.Hash(1));
  }
}

}  // namespace
