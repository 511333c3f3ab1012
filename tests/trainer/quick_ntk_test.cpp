// The NTK by small products against the one by BLAS, of networks with and without biases, skips, several outputs.
#include "trainer/measure/quick_ntk.h"

#include <gtest/gtest.h>

#include "tests/trainer/support.h"
#include "trainer/measure/training_ntk.h"

using namespace trainer_test;

namespace {

struct Case {
  Case(const Settings &s, size_t inputs)
      : ex(yaml(s)), data((size_t)s.train, (size_t)s.test, inputs, (size_t)s.outputs, 4) {
    pdlt_error err = {};
    EXPECT_EQ(pdlt_samples_new(&samples, &ex.c, &data.c, &err), PDLT_OK);
    EXPECT_EQ(pdlt_network_new(&net, &ex.c, ex.c.network.widths[0], inputs, &err), PDLT_OK);
    theta.resize(net.num_params);
    pdlt_network_draw(&net, 1, 2, theta.data());
  }
  ~Case() {
    pdlt_network_free(&net);
    pdlt_samples_free(&samples);
  }
  Experiment ex;
  Data data;
  pdlt_samples samples = {};
  pdlt_network net = {};
  std::vector<double> theta;
};

}  // namespace

TEST(TrainerQuickNtk, IsTheNtkOfTheOutputs) {
  std::mt19937_64 gen(5);
  int with_skip = 0, with_bias = 0;
  for (int trial = 0; trial < 30; trial++) {
    Settings s = random_network(gen, {"tanh", "gelu", "relu"});
    s.widths = std::vector<const char *>{"[3]", "[8]", "[17]"}[(size_t)trial % 3];
    s.train = 1 + trial % 19;
    if (trial >= 15) s = skipped(s, (unsigned)trial);
    const Case c(s, 1 + (size_t)trial % 7);
    const size_t p = c.samples.outputs * c.samples.samples;
    pdlt_error err = {};
    pdlt_quick_ntk quick = {};
    pdlt_training_ntk slow = {};
    ASSERT_EQ(pdlt_quick_ntk_suits(&c.net, &c.samples), 1);
    ASSERT_EQ(pdlt_quick_ntk_new(&quick, &c.net, &c.samples, &err), PDLT_OK);
    ASSERT_EQ(pdlt_training_ntk_new(&slow, &c.net, &c.samples, &err), PDLT_OK);
    std::vector<double> one(p * p), two(p * p);
    double size = 0;
    for (int again = 0; again < 2; again++) pdlt_quick_ntk_of(&quick, c.theta.data(), one.data());
    pdlt_training_ntk_of(&slow, c.theta.data(), two.data());
    for (const double x : two) size = std::max(size, std::fabs(x));
    ASSERT_GT(size, 0);
    for (size_t i = 0; i < p * p; i++) EXPECT_NEAR(one[i], two[i], 1e-13 * size) << trial;
    for (int k = 0; k < c.net.depth; k++) {
      with_skip += c.net.layer[k].skip != 0;
      with_bias += c.net.layer[k].has_bias;
    }
    pdlt_quick_ntk_free(&quick);
    pdlt_training_ntk_free(&slow);
  }
  EXPECT_GT(with_skip, 5);
  EXPECT_GT(with_bias, 5);
}

// Beyond the cache BLAS does it.
TEST(TrainerQuickNtk, SuitsWhatFitsTheCache) {
  Settings s;
  for (const char *widths : {"[300]", "[400]"}) {
    s.widths = widths;
    const Case c(s, 3);
    EXPECT_EQ(pdlt_quick_ntk_suits(&c.net, &c.samples), s.widths == "[300]");
  }
}

TEST(TrainerQuickNtk, MemoryFailuresLeaveNothing) {
  const Case c(Settings(), 3);
  pdlt_error err = {};
  for (long failures = 0; failures < 2; failures++) {
    pdlt_quick_ntk ntk = {};
    pdlt_memory_fail_after(failures);
    EXPECT_EQ(pdlt_quick_ntk_new(&ntk, &c.net, &c.samples, &err), PDLT_ERR_MEMORY);
    pdlt_memory_fail_after(-1);
    EXPECT_EQ(ntk.storage, nullptr);
  }
}
