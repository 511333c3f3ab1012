// training.loss: the keys that cross-entropy goes with, its targets, and what changes with it.
#include "base/experiment/loss.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

const char *const kGood =
    "network: {activation: tanh, depth: 2, widths: [8, 16], outputs: 2, C_b: 0.1, C_W: 1.2}\n"
    "data: {source: gaussian, inputs: 3, train: 4, test: 2}\n"
    "training: {eta: 0.1, steps: 5, loss: cross_entropy}\n";

struct Read {
  pdlt_experiment ex = {};
  pdlt_error err = {};
  pdlt_status status;
  explicit Read(std::vector<const char *> sets = {}, const char *text = kGood)
      : status(pdlt_experiment_parse(&ex, text, "e.yaml", sets.size(), sets.data(), &err)) {}
  ~Read() { pdlt_experiment_free(&ex); }
  Read(const Read &) = delete;
};

}  // namespace

TEST(TrainedLoss, KeysThatCrossEntropyGoesWith) {
  const struct {
    std::vector<const char *> sets;
    const char *message;
  } cases[] = {
      {{}, ""},
      {{"ensemble.estimator=antithetic", "training.batch=2"}, ""},
      {{"network.outputs=1"},
       "--set: network.outputs: 1; training.loss: cross_entropy needs an output"},
      {{"training.eta=flow"},
       "--set: training.eta: flow; training.loss: cross_entropy is predicted"},
      {{"training.steps=end"}, "--set: training.steps: end; training.loss: cross_entropy has none"},
      {{"training.targets=centered"}, "--set: training.targets: centered; training.loss"},
      {{"training.method=newton"}, "--set: training.method: newton; Newton's method goes with"},
      {{"measure=[output, features]"}, "--set: measure: features; regression"},
      {{"ensemble.estimator=two_level"},
       "--set: ensemble.estimator: a network's own linearization"},
      {{"ensemble.estimator=control"}, "--set: ensemble.estimator: a network's own linearization"},
      {{"training.loss=hinge"}, "--set: training.loss: hinge; expected one of mse, cross_entropy"},
  };
  for (const auto &c : cases) {
    const Read x(c.sets);
    EXPECT_EQ(x.status, c.message[0] == 0 ? PDLT_OK : PDLT_ERR_INPUT) << c.message;
    EXPECT_EQ(std::string(x.err.message).rfind(c.message, 0), 0u) << x.err.message;
    for (const char *set : c.sets) /* squares do not mind */
      if (std::string(set) != "training.loss=hinge" &&
          std::string(set) != "training.method=newton") {
        const Read squares({set, "training.loss=mse"});
        EXPECT_EQ(squares.status, PDLT_OK) << squares.err.message;
      }
  }
}

TEST(TrainedLoss, LossesAreMeansOverNetworks) {
  const Read entropy, squares({"training.loss=mse"});
  EXPECT_EQ(pdlt_experiment_drawn(&entropy.ex, PDLT_QUANTITY_LOSS_TEST), PDLT_DRAWN_TRAINED);
  EXPECT_EQ(pdlt_experiment_drawn(&squares.ex, PDLT_QUANTITY_LOSS_TEST), PDLT_DRAWN_LOSS);
  for (int k = 0; k < PDLT_QUANTITIES; k++) {
    EXPECT_EQ(pdlt_experiment_drawn(&squares.ex, k), pdlt_quantities[k].drawn);
    EXPECT_EQ(pdlt_experiment_loss_lacks(&squares.ex, k), nullptr);
  }
  EXPECT_NE(pdlt_experiment_loss_lacks(&entropy.ex, PDLT_QUANTITY_LOSS_TRAIN_BIAS), nullptr);
  EXPECT_EQ(pdlt_experiment_loss_lacks(&entropy.ex, PDLT_QUANTITY_LOSS_TRAIN), nullptr);
  EXPECT_EQ(pdlt_experiment_largest_step(&entropy.ex), 4);
  EXPECT_EQ(pdlt_experiment_largest_step(&squares.ex), 2);
}

TEST(TrainedLoss, TargetsAreProbabilities) {
  const Read x, squares({"training.loss=mse"});
  const double good[] = {1, 0, 0.25, 0.75}, negative[] = {1, 0, -0.25, 1.25},
               sum[] = {1, 0, 0.5, 0.4};
  pdlt_error err = {};
  EXPECT_EQ(pdlt_experiment_check_targets(&x.ex, 2, good, &err), PDLT_OK);
  EXPECT_EQ(pdlt_experiment_check_targets(&x.ex, 2, negative, &err), PDLT_ERR_INPUT);
  EXPECT_STREQ(err.message,
               "e.yaml:3: training.loss: cross_entropy needs probabilities as targets, and those "
               "of sample 2 "
               "have sum 1, the smallest is -0.25; use classes with targets: one_hot, or mse");
  EXPECT_EQ(pdlt_experiment_check_targets(&x.ex, 2, sum, &err), PDLT_ERR_INPUT);
  EXPECT_NE(std::string(err.message).find("sum 0.9"), std::string::npos);
  EXPECT_EQ(pdlt_experiment_check_targets(&x.ex, 1, sum, &err), PDLT_OK);
  EXPECT_EQ(pdlt_experiment_check_targets(&squares.ex, 2, sum, &err), PDLT_OK);
}
