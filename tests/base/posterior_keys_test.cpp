// posterior_keys_test.cpp - the section `posterior`: what it needs and what it refuses.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "base/experiment/experiment.h"
#include "base/experiment/layer.h"

namespace {

const char *const text =
    "network: {activation: tanh, depth: 3, widths: [16], C_b: 0.1, C_W: 1.2}\n"
    "data: {source: gaussian, inputs: 3, train: 3, test: 1}\n"
    "posterior:\n"
    "  noise: 0.1\n"
    "measure: [posterior]\n";

// The message, or "" and the experiment as JSON in *json.
std::string Message(const std::vector<std::string> &settings, std::string *json = nullptr) {
  std::vector<const char *> set;
  for (const auto &s : settings) set.push_back(s.c_str());
  pdlt_experiment ex = {};
  pdlt_error err = {};
  if (pdlt_experiment_parse(&ex, text, "e.yaml", set.size(), set.data(), &err) != PDLT_OK)
    return err.message;
  if (json != nullptr) {
    json_t *object = nullptr;
    EXPECT_EQ(pdlt_experiment_to_json(&ex, &object, nullptr), PDLT_OK);
    char *dump = json_dumps(object, JSON_SORT_KEYS | JSON_REAL_PRECISION(17));
    *json = dump;
    std::free(dump);
    json_decref(object);
  }
  pdlt_experiment_free(&ex);
  return "";
}

std::string Hash(const std::vector<std::string> &settings) {
  std::vector<const char *> set;
  for (const auto &s : settings) set.push_back(s.c_str());
  pdlt_experiment ex = {};
  char out[17] = "";
  EXPECT_EQ(pdlt_experiment_parse(&ex, text, "e.yaml", set.size(), set.data(), nullptr), PDLT_OK);
  EXPECT_EQ(pdlt_experiment_hash(&ex, nullptr, 1, out, nullptr), PDLT_OK);
  pdlt_experiment_free(&ex);
  return out;
}

}  // namespace

TEST(PosteriorKeys, TrainingMayBeLeftOutWhereNothingIsTrained) {
  pdlt_experiment ex = {};
  ASSERT_EQ(pdlt_experiment_parse(&ex, text, "e.yaml", 0, nullptr, nullptr), PDLT_OK);
  EXPECT_EQ(ex.posterior.on, 1);
  EXPECT_EQ(ex.posterior.noise, 0.1);
  EXPECT_EQ(ex.measure, (unsigned)PDLT_MEASURE_POSTERIOR);
  EXPECT_EQ(ex.training.steps, 0);
  EXPECT_EQ(pdlt_experiment_trains(&ex), 0);
  ASSERT_EQ(ex.training.num_record, 1u);
  EXPECT_EQ(ex.training.record[0], 0);
  pdlt_experiment_free(&ex);
  EXPECT_EQ(Message({"measure=[kernel]"}),
            "e.yaml:1: training.eta: missing; give a number > 0, {relative: NUMBER}, or flow");
  EXPECT_EQ(Message({"measure=[kernel]", "training.eta=0.1"}),
            "--set: training.steps: missing; give a whole number from 0 to 1e+09, or end");
  EXPECT_EQ(Message({"measure=[kernel]", "training={eta: 0.1, steps: 0}"}), "");
}

TEST(PosteriorKeys, JsonIsReadBackTheSame) {
  for (const std::vector<std::string> &settings :
       {std::vector<std::string>{}, {"posterior.noise=0"}, {"ensemble.estimator=slice"}}) {
    std::string json, again;
    ASSERT_EQ(Message(settings, &json), "");
    EXPECT_NE(json.find("\"posterior\""), json.npos);
    pdlt_experiment ex = {};
    ASSERT_EQ(pdlt_experiment_parse(&ex, json.c_str(), "json", 0, nullptr, nullptr), PDLT_OK);
    json_t *object = nullptr;
    ASSERT_EQ(pdlt_experiment_to_json(&ex, &object, nullptr), PDLT_OK);
    char *dump = json_dumps(object, JSON_SORT_KEYS | JSON_REAL_PRECISION(17));
    EXPECT_EQ(json, dump);
    std::free(dump);
    json_decref(object);
    pdlt_experiment_free(&ex);
  }
}

// Theory and measurement of different noise are not comparable.
TEST(PosteriorKeys, NoiseIsPhysics) {
  EXPECT_EQ(Hash({}), Hash({"ensemble.members=99"}));
  EXPECT_NE(Hash({}), Hash({"posterior.noise=0.2"}));
}

TEST(PosteriorKeys, Refusals) {
  const std::string noise =
      "posterior.noise: missing; give the variance of the noise of the targets, a number >= 0";
  const struct {
    std::vector<std::string> set;
    std::string message;
  } cases[] = {
      {{"posterior={}"}, "--set: " + noise + ", which measure: [posterior] needs"},
      {{"posterior={}", "measure=[kernel]"}, "--set: " + noise},
      {{"posterior.noise=-0.1"},
       "--set: posterior.noise: -0.1; expected a number >= 0 and <= 1e+12"},
      {{"posterior.noise=none"},
       "--set: posterior.noise: none; expected a number >= 0 and <= 1e+12"},
      {{"posterior.nois=1"}, "--set: posterior.nois: unknown key; did you mean posterior.noise?"},
      {{"posterior=0.1"}, "--set: posterior: 0.1; expected a mapping of keys"},
      {{"measure=[posterior, output]"},
       "--set: measure: posterior is measured on draws of its own: write measure: [posterior], and "
       "another file for the rest"},
      {{"network.init=uniform"},
       "--set: network.init: uniform; the posterior is measured with normal preactivations, which "
       "need normal weights: write normal"},
      {{"ensemble.arithmetic=single"},
       "--set: ensemble.arithmetic: single; the posterior is measured in double: write double"},
      {{"ensemble.estimator=antithetic"},
       "--set: ensemble.estimator: antithetic is of networks that are trained; of the posterior "
       "write "
       "auto"},
      {{"ensemble.keep_members=3"},
       "--set: ensemble.keep_members: 3; a posterior is measured without networks, and none can be "
       "kept: leave it out"},
      {{"measure=[kernel]", "training={eta: 0.1, steps: 0}", "ensemble.estimator=slice"},
       "--set: ensemble.estimator: slice is of posteriors; write auto, or measure: [posterior]"},
      {{"network.skip=0.5"},
       "e.yaml:5: measure: posterior: it is measured on draws of preactivations, layer by layer, "
       "which "
       "layers with positions or skips do not have"},
      {{"ensemble.members={until: {quantity: z, relative: 0.1}}"},
       "--set: ensemble.members: z needs output in measure"},
  };
  for (const auto &c : cases) EXPECT_EQ(Message(c.set), c.message);
  EXPECT_EQ(Message({"network.layers=[dense, dense, dense]"}), "");
}

TEST(PosteriorKeys, NothingIsKeptOfDrawsAndChainsHaveAGivenLength) {
  EXPECT_EQ(
      Message({"ensemble.keep_members=3"}),
      "--set: ensemble.keep_members: 3; a posterior is measured without networks, and none can "
      "be kept: leave it out");
  EXPECT_EQ(Message({"ensemble.estimator=slice"}), "");
  EXPECT_EQ(
      Message({"measure=[kernel]", "training={eta: 0.1, steps: 0}", "ensemble.estimator=slice"}),
      "--set: ensemble.estimator: slice is of posteriors; write auto, or measure: [posterior]");
}
