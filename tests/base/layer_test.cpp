// layer_test.cpp - layers resolved from an experiment; what an architecture lacks, and why.
#include "base/experiment/layer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/core/memory.h"
#include "base/experiment/experiment.h"

namespace {

const char kText[] = R"(
network: {activation: tanh, depth: 3, widths: [8], width_ratios: [2, 3], outputs: 2,
  C_b: [0, 0.1, 0.2], C_W: [1, 1.5, 2], lambda_b: [0, 0.5, 0], lambda_W: [3, 4, 5]}
data: {source: gaussian, inputs: 5, train: 4}
training: {eta: 0.1, steps: 1000}
)";

struct Experiment {
  explicit Experiment(std::vector<const char *> set = {}) {
    EXPECT_EQ(pdlt_experiment_parse(&ex, kText, "e.yaml", set.size(), set.data(), &err), PDLT_OK)
        << err.message;
  }
  ~Experiment() { pdlt_experiment_free(&ex); }
  pdlt_experiment ex = {};
  pdlt_error err = {};
};

TEST(Layer, OfAnExperiment) {
  Experiment e;
  pdlt_layer *layer = nullptr;
  ASSERT_EQ(pdlt_layers_new(&layer, &e.ex, 10, 5, &e.err), PDLT_OK);
  const size_t n[] = {5, 20, 30, 2};
  size_t next = 0;
  for (int l = 1; l <= 3; l++) {
    const pdlt_layer &x = layer[l - 1];
    EXPECT_EQ(x.kind, PDLT_LAYER_DENSE);
    EXPECT_EQ(x.in, n[l - 1]);
    EXPECT_EQ(x.out, n[l]);
    EXPECT_EQ(x.C_b, e.ex.network.C_b[l - 1]);
    EXPECT_EQ(x.C_W, e.ex.network.C_W[l - 1]);
    EXPECT_EQ(x.lambda_b, e.ex.network.lambda_b[l - 1]);
    EXPECT_EQ(x.lambda_W, e.ex.network.lambda_W[l - 1]);
    EXPECT_EQ(x.weight, next);
    EXPECT_EQ(x.bias, next + n[l - 1] * n[l]);
    next = x.bias + n[l];
  }
  EXPECT_EQ(layer[0].has_bias, 0);
  EXPECT_EQ(layer[1].has_bias, 1);
  EXPECT_EQ(layer[2].has_bias, 1);
  EXPECT_EQ(pdlt_layer_variance(&layer[1]), 1.5 / 20);
  EXPECT_EQ(pdlt_layer_rate(&layer[1]), 4.0 / 20);
  pdlt_free(layer);
}

TEST(Layer, UnitWidthGivesRatios) {
  Experiment e;
  const pdlt_layer second = pdlt_experiment_layer(&e.ex, 2, 1, 5);
  EXPECT_EQ(second.in, 2u);
  EXPECT_EQ(second.out, 3u);
}

TEST(Layer, MemoryFailureLeavesTheOutputAlone) {
  Experiment e;
  pdlt_layer *layer = nullptr;
  pdlt_memory_fail_after(0);
  EXPECT_EQ(pdlt_layers_new(&layer, &e.ex, 10, 5, &e.err), PDLT_ERR_MEMORY);
  pdlt_memory_fail_after(-1);
  EXPECT_EQ(layer, nullptr);
}

// Crossings need a kink; slopes that are the same on both sides are none.
TEST(Layer, OnlyAKinkIsCrossed) {
  for (const char *kink : {"relu", "leaky_relu(0.2)", "leaky_relu(1)", "tanh", "linear"}) {
    const Experiment e({("network.activation=" + std::string(kink)).c_str()});
    const std::string name = kink;
    const bool crossed = name == "relu" || name == "leaky_relu(0.2)";
    EXPECT_EQ(pdlt_activation_has_kink(&e.ex.network.activation) != 0, crossed) << kink;
    EXPECT_EQ(pdlt_experiment_unmeasured(&e.ex, PDLT_MEASURE_CROSSINGS) == nullptr, crossed);
    EXPECT_EQ(pdlt_experiment_unpredicted(&e.ex, PDLT_MEASURE_CROSSINGS) == nullptr, crossed);
  }
}

TEST(Layer, KinksHaveNoSecondDerivatives) {
  const Experiment smooth, kink({"network.activation=relu"});
  for (unsigned word : {PDLT_MEASURE_KERNEL, PDLT_MEASURE_NTK, PDLT_MEASURE_VERTEX,
                        PDLT_MEASURE_NTK_FLUCTUATIONS, PDLT_MEASURE_DNTK, PDLT_MEASURE_DDNTK}) {
    const bool lacking = word == PDLT_MEASURE_DNTK || word == PDLT_MEASURE_DDNTK;
    EXPECT_EQ(pdlt_experiment_unpredicted(&smooth.ex, word), nullptr) << word;
    EXPECT_EQ(pdlt_experiment_unmeasured(&smooth.ex, word), nullptr) << word;
    for (const char *why : {pdlt_experiment_unpredicted(&kink.ex, word),
                            pdlt_experiment_unmeasured(&kink.ex, word)}) {
      ASSERT_EQ(why != nullptr, lacking) << word;
      if (lacking) {
        EXPECT_NE(std::string(why).find("second derivative"), std::string::npos);
      }
    }
  }
}

}  // namespace
