// theory.only: z and the keys that it goes with (base/experiment/only.c).
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/experiment/experiment.h"

namespace {

const char *const kText = R"(network: {activation: tanh, depth: 3, widths: [16], C_b: 0.1, C_W: 1.2}
data: {source: gaussian, inputs: 3, seed: 1, train: 4, test: 1}
training: {eta: 0.2, steps: 20}
)";

// Of a refused experiment; empty: it is accepted.
std::string Message(const std::vector<std::string> &settings) {
  std::vector<const char *> set;
  for (const std::string &s : settings) set.push_back(s.c_str());
  pdlt_experiment ex = {};
  pdlt_error err = {};
  pdlt_experiment_parse(&ex, kText, "e.yaml", set.size(), set.data(), &err);
  pdlt_experiment_free(&ex);
  return err.message;
}

TEST(ExperimentOnly, Refusals) {
  const struct {
    std::vector<std::string> settings;
    std::string message;
  } cases[] = {
      {{"theory.only=cov"}, "--set: theory.only: cov; expected one of all, z"},
      {{"theory.only=z", "theory.order=0"},
       "--set: theory.order: 0; theory.only: z is of order 1/n: use 1, or leave only out"},
      {{"theory.only=z", "training.method=newton"},
       "--set: training.method: newton; theory.only: z follows gradient descent on all samples: "
       "leave only out"},
      {{"theory.only=z", "data.train=3", "training.batch=2"},
       "--set: training.batch: theory.only: z follows gradient descent on all samples: leave only "
       "out"},
      {{"theory.only=z", "network.activation=relu"},
       "--set: network.activation: has a kink, and trained networks no order 1/n, of which "
       "theory.only: z would be a part: leave only out"},
      {{"theory.only=z", "measure=[output, features]"},
       "--set: measure: features; theory.only: z predicts none: leave features or only out"},
      {{"theory.only=z", "posterior.noise=0.1"},
       "--set: posterior.noise: the posterior needs tensors that theory.only: z does not keep: "
       "leave "
       "one of the two out"},
      {{"theory.only=z", "network.widths=[2, 3, 4, 5]",
        "ensemble.members={until: {quantity: cov, relative: 0.1}}"},
       "--set: ensemble.members: theory.only: z leaves the coefficient of that quantity out: use "
       "z, "
       "or leave only out"},
  };
  for (const auto &c : cases) EXPECT_EQ(Message(c.settings), c.message);
}

TEST(ExperimentOnly, IsInTheJsonWhereItIsGiven) {
  for (const char *word : {"all", "z"}) {
    const std::string setting = std::string("theory.only=") + word;
    EXPECT_EQ(Message({setting}), "");
    const char *set[] = {setting.c_str()};
    pdlt_experiment ex = {};
    ASSERT_EQ(pdlt_experiment_parse(&ex, kText, "e.yaml", 1, set, nullptr), PDLT_OK);
    EXPECT_EQ(ex.theory.only_z, word[0] == 'z');
    pdlt_experiment_free(&ex);
  }
}

}  // namespace
