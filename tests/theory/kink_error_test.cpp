// theory/kink/kink.h: err_z and its kin are three standard errors of the worst entry, from the spread of 8
// replicas. Held against the same with 16 times as many points: a number of Student's distribution with 7
// degrees of freedom is beyond 3 in 2 % of all cases.
#include <gtest/gtest.h>

#include <vector>

#include "tests/theory/kink_support.h"

namespace {

using namespace kink_support;

struct Count {
  int below = 0, all = 0;
  double least = INFINITY, most = 0;  // error over true error
  void Add(double error, const Array &few, const Array &many) {
    const double apart = Distance(few, many);
    if (Largest(many) == 0) return;
    all++;
    below += apart > error;
    least = std::fmin(least, error / apart);
    most = std::fmax(most, error / apart);
  }
};

Net Example(uint64_t seed) {
  const double bias = seed % 2 == 0 ? 0 : 0.2;
  std::vector<pdlt_layer> layers = {Layer(3, 1, bias, 1.4, bias, 1),
                                    Layer(1, 1, bias, 1.6, bias, 0.8)};
  if (seed % 3 == 0) layers.insert(layers.begin() + 1, Layer(1, 1, bias, 1.8, bias, 1.1));
  Net net = Random(seed, layers, 3, 2, 1 + seed % 2);
  net.minus = seed % 4 < 2 ? 0 : 0.1 * (double)(seed % 4);
  for (size_t k = 0; k < 3 && seed % 5 == 0; k++)
    net.x[6 + k] = net.x[k]; /* a test sample that trains too */
  FillKernels(net);
  return net;
}

TEST(KinkError, ThreeStandardErrorsOfTheWorstEntry) {
  Count z, cov, theta, crossings;
  for (uint64_t seed = 1; seed <= 40; seed++) {
    const Net net = Example(seed);
    const Array times = {1, 2, 4};
    const Prediction few = Predict(net, times, {nullptr, 64, 2, 0});
    const Prediction many = Predict(net, times, {nullptr, 1024, 2, 0});
    ASSERT_EQ(few.status, PDLT_OK) << few.message;
    ASSERT_EQ(many.status, PDLT_OK) << many.message;
    z.Add(few.err_z, few.z, many.z);
    cov.Add(few.err_cov, few.cov, many.cov);
    theta.Add(few.err_theta, few.theta, many.theta);
    crossings.Add(few.err_crossings, few.crossings, many.crossings);
  }
  int below = 0, all = 0;
  for (const Count &c : {z, cov, theta, crossings}) {
    EXPECT_EQ(c.all, 40);
    EXPECT_LT(c.most, 1000);
    EXPECT_GT(c.least, 0.5);
    below += c.below, all += c.all;
  }
  EXPECT_LE(below, 8) << "of " << all << ", 3.2 expected; more than 8 have a chance of 0.5 %";
}

}  // namespace
