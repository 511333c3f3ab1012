// skip_predict_test.cpp - what theory.npz says of networks with skips, and what it refuses or leaves out.
#include <cmath>
#include <cstring>
#include <string>

#include "tests/theory/predict_case.h"

namespace {

const char kText[] =
    "network: {activation: \"quadratic(0.3)\", depth: 4, widths: [16], outputs: 2, C_b: 0.1, C_W: "
    "0.5, skip: 0.8}\n"
    "data: {source: gaussian, inputs: 3, seed: 1, train: 2, test: 1}\n"
    "training: {eta: 0.05, steps: 4, record: [0, 1, 4]}\n";

// Predicted; the array of a name as a list.
struct Case : PredictCase {
  explicit Case(std::vector<const char *> set, int layers = 0) : PredictCase(kText, set) {
    EXPECT_EQ(Predict(2, layers), PDLT_OK) << err.message;
  }
  std::vector<double> Of(const char *name) const {
    const pdlt_array *array = pdlt_archive_get(&out, name);
    if (array == nullptr) return {};
    return {array->data, array->data + pdlt_array_count(array)};
  }
};

std::string Refusal(std::vector<const char *> set) {
  PredictCase refused(kText, set);
  EXPECT_EQ(refused.Predict(), PDLT_ERR_INPUT);
  return refused.err.message;
}

const char *const kNames[] = {"z_nlo", "cov_nlo", "Theta_t_nlo", "loss_train_nlo", "q_nlo", "U"};

TEST(SkipPredict, AllOfOrderOneIsThere) {
  const Case full({}), naive({"theory.variant=pair_only"}), less({"theory.omit=[skip.mixed]"});
  for (const char *name : kNames) {
    const auto a = full.Of(name), b = naive.Of(name), c = less.Of(name);
    ASSERT_FALSE(a.empty()) << name;
    EXPECT_FALSE(full.Of((std::string("err/") + name).c_str()).empty()) << name;
    double naive_moves = 0, less_moves = 0, largest = 0;
    for (size_t i = 0; i < a.size(); i++) {
      largest = std::fmax(largest, std::fabs(a[i]));
      naive_moves = std::fmax(naive_moves, std::fabs(a[i] - b[i]));
      less_moves = std::fmax(less_moves, std::fabs(a[i] - c[i]));
    }
    EXPECT_GT(naive_moves, 1e-3 * largest) << name;
    EXPECT_GT(less_moves, 1e-2 * largest) << name;
  }
  EXPECT_EQ(full.Of("K"), naive.Of("K"));
}

// z_nlo is linear in the factor where no layer feeds a mixed pair to another: of one skip layer G1 is.
TEST(SkipPredict, FlippedIsTwiceOmittedLessTheWhole) {
  const Case whole({"network.depth=3"}), less({"network.depth=3", "theory.omit=[skip.mixed]"}),
      minus({"network.depth=3", "theory.flip=[skip.mixed]"});
  for (const char *name : {"V", "F", "B", "G1", "Theta1", "z_nlo", "cov_nlo"}) {
    const auto a = whole.Of(name), b = less.Of(name), c = minus.Of(name);
    for (size_t i = 0; i < a.size(); i++)
      EXPECT_NEAR(c[i], 2 * b[i] - a[i], 1e-11 * (1 + std::fabs(a[i]))) << name;
  }
}

TEST(SkipPredict, Refusals) {
  const char *const cases[][3] = {
      {"network.skip=0", "theory.variant=pair_only",
       "--set: theory.variant: pair_only is of layers with skips (network.skip), and this network "
       "has none; leave it out"},
      {"network.skip=0", "theory.omit=[skip.mixed]",
       "--set: theory.omit: \"skip.mixed\" is of layers with skips (network.skip), and this "
       "network "
       "has none; leave it out"}};
  for (const auto &c : cases) EXPECT_EQ(Refusal({c[0], c[1]}), c[2]);
}

TEST(SkipPredict, PositionsAreOfNetworksWithoutSkips) {
  const char *text =
      "network: {activation: sin, depth: 3, widths: [8], outputs: 1, C_b: 0.1, C_W: 0.5, input: "
      "{shape: [2], channels: 1}, layers: [{conv: 2, padding: circular}, {conv: 2, padding: zero, "
      "skip: 0.5}, average]}\n"
      "data: {source: gaussian, inputs: 2, train: 1, test: 0}\n"
      "training: {eta: 0.05, steps: 1}\n";
  PredictCase refused(text, {"theory.omit=[positions.taps]"});
  EXPECT_EQ(refused.Predict(), PDLT_ERR_INPUT);
  EXPECT_STREQ(refused.err.message,
               "--set: theory.omit: \"positions.taps\" is of networks without skips, and this "
               "network has some; leave it out");
  PredictCase fine(text, {});
  EXPECT_EQ(fine.Predict(), PDLT_OK) << fine.err.message;
  EXPECT_NE(pdlt_archive_get(&fine.out, "z_nlo"), nullptr);
  EXPECT_NE(pdlt_archive_get(&fine.out, "q_nlo"), nullptr);
}

TEST(SkipPredict, KinksHaveSixTensorsLess) {
  Case relu({"network.activation=relu"}, 1);
  const char reason[] = "not derived for kinks in networks with skip connections";
  for (const char *name : {"G1", "Theta1", "q_nlo"})
    EXPECT_STREQ(relu.Absent(name), reason) << name;
  EXPECT_STREQ(relu.Absent("z_half"),
               "the first correction of a kink is not derived for skip connections");
  for (const char *name : {"V", "D", "F", "A", "B", "layer3/V"})
    EXPECT_FALSE(relu.Of(name).empty()) << name;
}

TEST(SkipPredict, TooManySamples) {
  Case many({"data.train=60", "training.steps=0", "training.record=[0]", "theory.tolerance=1e-4"});
  ASSERT_NE(many.Absent("V"), nullptr);
  EXPECT_EQ(std::string(many.Absent("V"))
                .rfind("the tensors of 61 samples in layers joined by skips need ", 0),
            0u);
  EXPECT_FALSE(many.Of("K").empty());
}

// What theory has said; interrupted by the first line of it.
struct Heard {
  static void Call(void *context, int event, const char *text, double, double) {
    if (event != PDLT_EVENT_NOTE) return;
    static_cast<Heard *>(context)->text += text;
    static_cast<Heard *>(context)->stop = 1;
  }
  pdlt_status Predict(std::vector<const char *> set) {
    PredictCase c(kText, set);
    pdlt_progress progress = {};
    progress.call = Call;
    progress.context = this;
    progress.stop = &stop;
    const pdlt_predict_options options = {1, 0, &progress};
    return pdlt_predict(&c.out, &c.ex, &c.data, &options, &c.err);
  }
  std::string text;
  volatile sig_atomic_t stop = 0;
};

// Of 15 samples, 360 pairs in three layers, order 1/n would take minutes: said before it begins.
TEST(SkipPredict, LongWorkIsAnnounced) {
  Heard small, large;
  EXPECT_EQ(small.Predict({}), PDLT_OK);
  EXPECT_EQ(small.text, "");
  EXPECT_EQ(large.Predict({"data.train=14", "training.eta=0.001"}), PDLT_ERR_INTERRUPTED);
  EXPECT_EQ(large.text.rfind("order 1/n in layers joined by skips: 6.5e+04 averages", 0), 0u)
      << large.text;
}

}  // namespace
