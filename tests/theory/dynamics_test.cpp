// theory/order_one/mean.h: steps in the eigenbasis against naive sums over combined indices.
#include "theory/order_one/mean.h"

#include <array>

#include "base/core/memory.h"
#include "tests/theory/dynamics_naive.h"

namespace {

using namespace dynamics_support;

// Compares every part and the NTK at steps 0 .. steps.
void ExpectNaive(const Problem &x, int steps, const pdlt_dynamics_factors *factors = nullptr) {
  const pdlt_dynamics_factors all = factors ? *factors : Ones();
  const Naive naive(x, steps, all);
  Array times;
  for (int t = 0; t <= steps; t++) times.push_back(t);
  const Result fast = Predict(x, times, factors);
  ASSERT_EQ(fast.status, PDLT_OK) << fast.message;
  const size_t block = x.n * x.D, T = times.size();
  for (size_t t = 0; t < T; t++) {
    Array sum(block);
    double scale = 1e-2;
    for (size_t part = 0; part < PDLT_DYNAMICS_PART_COUNT; part++) {
      const Array slow = naive.Z((int)t, (int)part);
      scale = std::max(scale, Largest(slow));
      for (size_t i = 0; i < block; i++) {
        const double z = fast.parts[(part * T + t) * block + i];
        EXPECT_NEAR(z, slow[i], 1e-12 * std::max(1.0, Largest(slow))) << part << " t = " << t;
        sum[i] += z;
      }
    }
    for (size_t i = 0; i < block; i++) EXPECT_EQ(fast.z[t * block + i], sum[i]);
    const Array theta = naive.Theta((int)t);
    for (size_t i = 0; i < block * block; i++)
      EXPECT_NEAR(fast.theta_t[t * block * block + i], theta[i],
                  1e-12 * std::max(1.0, Largest(theta)))
          << t;
  }
}

TEST(Dynamics, AgreesWithNaiveSums) {
  std::mt19937_64 gen(1);
  const size_t shapes[][3] = {{1, 1, 1}, {2, 1, 1}, {3, 2, 1}, {3, 2, 2}, {4, 3, 1}, {3, 3, 1},
                              {2, 1, 3}, {2, 0, 2}, {2, 2, 2}, {1, 1, 3}, {0, 0, 1}};
  for (const auto &s : shapes) {
    SCOPED_TRACE(std::to_string(s[0]) + std::to_string(s[1]) + std::to_string(s[2]));
    Problem x = Random(gen, s[0], s[1], s[2]);
    x.eta = 0.45 * SafeEta(x);
    ExpectNaive(x, 5);
  }
}

TEST(Dynamics, EachTermHasItsFactor) {
  std::mt19937_64 gen(2);
  Problem x = Random(gen, 3, 2, 2);
  x.eta = 0.6 * SafeEta(x);
  for (int draw = 0; draw < 2; draw++) {
    const pdlt_dynamics_factors factors = RandomFactors(gen);
    ExpectNaive(x, 4, &factors);
  }
  pdlt_dynamics_factors none = {};
  const Result zero = Predict(x, {0, 5}, &none);
  EXPECT_EQ(Largest(zero.z), 0);
  EXPECT_EQ(Largest(zero.theta_t), 0);
}

TEST(Dynamics, SpecialSpectra) {
  std::mt19937_64 gen(3);
  Problem unit = Random(gen, 4, 3, 1);
  MakeUnit(unit, 0.8);
  unit.eta = 0.9;
  ExpectNaive(unit, 5);
  unit.eta = 1 / 0.8;  // mu = 0: trained in one step
  ExpectNaive(unit, 4);
  Problem test_twin = Random(gen, 3, 2, 2);
  Duplicate(test_twin, 1, 2);
  test_twin.eta = 0.5 * SafeEta(test_twin);
  ExpectNaive(test_twin, 4);
  Problem train_twin = Random(gen, 3, 3, 1);  // Theta_AA is singular, finite times exist
  Duplicate(train_twin, 0, 1);
  train_twin.eta = 0.5 * SafeEta(train_twin);
  ExpectNaive(train_twin, 5);
}

TEST(Dynamics, TwinsArePredictedAlike) {
  std::mt19937_64 gen(4);
  Problem x = Random(gen, 5, 3, 2);
  Duplicate(x, 1, 4);
  x.eta = 0.5 * SafeEta(x);
  const Result r = Predict(x, {3, 700});
  for (size_t row = 0; row < 4; row++)
    EXPECT_NEAR(r.z[row * 5 + 1], r.z[row * 5 + 4], 1e-11 * (1 + Largest(r.z)));
}

// Odd in y: four parts are linear, one is cubic.
TEST(Dynamics, PowersOfTheTargets) {
  std::mt19937_64 gen(5);
  Problem x = Random(gen, 5, 4, 2);
  x.eta = 0.5 * SafeEta(x);
  const Array times = {1, 2, 9};
  const Result one = Predict(x, times);
  for (double &v : x.y) v *= -2;
  const Result two = Predict(x, times);
  const size_t size = times.size() * 10;
  for (size_t i = 0; i < one.parts.size(); i++) {
    const double power = i / size == PDLT_DYNAMICS_PART_DDNTK_CUBIC ? -8 : -2;
    EXPECT_NEAR(two.parts[i], power * one.parts[i], 1e-12 * (1 + std::fabs(two.parts[i])));
  }
}

TEST(Dynamics, BitsDoNotDependOnThreadsOrOnWhatIsRecorded) {
  std::mt19937_64 gen(6);
  Problem x = Random(gen, 6, 4, 2);
  x.eta = 0.5 * SafeEta(x);
  for (const int flow : {0, 1}) {
    x.flow = flow;
    x.threads = 1;
    const Result one = Predict(x, {0, 7, 300, 300, 531});
    x.threads = 3;
    const Result three = Predict(x, {0, 7, 300, 300, 531});
    EXPECT_EQ(one.z, three.z);
    EXPECT_EQ(one.parts, three.parts);
    EXPECT_EQ(one.theta_t, three.theta_t);
    EXPECT_EQ(Array(one.z.begin() + 24, one.z.begin() + 36),
              Array(one.z.begin() + 36, one.z.begin() + 48));
  }
  x.flow = 0;
  const Result one = Predict(x, {0, 7, 300, 300, 531}), alone = Predict(x, {531});
  EXPECT_LE(Distance(alone.z, Array(one.z.end() - 12, one.z.end())), 1e-15);
}

TEST(Dynamics, NtkDuringTrainingIsSymmetric) {
  std::mt19937_64 gen(7);
  Problem x = Random(gen, 5, 3, 3);
  x.eta = 0.5 * SafeEta(x);
  const Result r = Predict(x, {1, 2, 3, 4, 5, 60});
  for (size_t t = 0; t < 6; t++)
    for (size_t i = 0; i < 15; i++)
      for (size_t j = 0; j < i; j++)
        EXPECT_EQ(r.theta_t[(t * 15 + i) * 15 + j], r.theta_t[(t * 15 + j) * 15 + i]);
}

// eta -> 0 at fixed eta t, extrapolated with five step sizes: errors fall as eta^5.
TEST(Dynamics, FlowIsTheLimitOfSmallSteps) {
  std::mt19937_64 gen(8);
  Problem x = Random(gen, 4, 3, 2);
  const double tau = 1.6;
  std::vector<Array> z, theta;
  for (int level = 0; level < 6; level++) {
    const double steps = 100 << level;
    x.eta = tau / steps;
    const Result r = Predict(x, {steps});
    z.push_back(r.parts);
    theta.push_back(r.theta_t);
  }
  for (auto *rows : {&z, &theta})
    for (int order = 1; order < 6; order++)
      for (size_t level = 5; level >= (size_t)order; level--)
        for (size_t i = 0; i < (*rows)[level].size(); i++)
          (*rows)[level][i] +=
              ((*rows)[level][i] - (*rows)[level - 1][i]) / (std::pow(2, order) - 1);
  x.flow = 1;
  const Result flow = Predict(x, {tau});
  EXPECT_LE(Distance(flow.parts, z[5]), 1e-10);
  EXPECT_LE(Distance(flow.theta_t, theta[5]), 1e-10);
}

// Other times in between mean other panels of quadrature.
TEST(Dynamics, FlowDoesNotDependOnItsPanels) {
  std::mt19937_64 gen(9);
  Problem x = Random(gen, 5, 3, 2);
  x.flow = 1;
  Array many;
  for (int i = 1; i <= 40; i++) many.push_back(std::pow(i / 40.0, 2) * 21.7);
  const Result one = Predict(x, {21.7}), all = Predict(x, many);
  EXPECT_LE(Distance(one.z, Array(all.z.end() - 10, all.z.end())), 1e-12);
  EXPECT_LE(Distance(one.theta_t, Array(all.theta_t.end() - 100, all.theta_t.end())), 1e-12);
}

// Under flow with one training sample every integral is elementary.
TEST(Dynamics, FlowOfOneSample) {
  std::mt19937_64 gen(10);
  Problem x = Random(gen, 1, 1, 1);
  x.flow = 1;
  const double th = x.theta[0], tau = 0.9, q = std::exp(-th * tau), y = x.y[0];
  const double g = (1 - q) / th;
  const double mean = x.theta1[0] * y * tau * q;
  const double fluct = -(x.a[0] + 2 * x.b[0]) * y * q * tau * tau / 2;
  // p g integrated with e^{-theta (tau - s)}: q (tau - g)/theta
  const double dntk = -4 * (x.p[0] + 2 * x.q[0]) * y * q * (tau - g) / th;
  const double g2 = (tau - 2 * g + (1 - q * q) / (2 * th)) / (2 * th * th);
  const double rows = 6 * x.r[0] + 4 * (x.s[0] + x.t[0] + x.u[0]);
  const Result r = Predict(x, {tau});
  EXPECT_NEAR(r.parts[0], mean, 1e-13);
  EXPECT_NEAR(r.parts[1], fluct, 1e-13);
  EXPECT_NEAR(r.parts[2], dntk, 1e-13);
  EXPECT_NEAR(r.parts[3], rows * 3 * y * x.K[0] * q * g2, 1e-13);
  EXPECT_NEAR(r.parts[4], rows * y * y * y * q * g2, 1e-13);
}

TEST(Dynamics, BadInputLeavesOutputsAlone) {
  std::mt19937_64 gen(11);
  Problem x = Random(gen, 3, 2, 1);
  x.eta = 0.5 * SafeEta(x);
  for (const Array &times : {Array{1.5}, Array{-1}, Array{INFINITY}, Array{NAN}, Array{3, 2}}) {
    const Result r = Predict(x, times);
    EXPECT_EQ(r.status, PDLT_ERR_INPUT);
    EXPECT_NE(r.message.find("training time"), std::string::npos) << r.message;
    for (const Array *out : {&r.z, &r.parts, &r.theta_t})
      for (const double v : *out) EXPECT_EQ(v, 7.5);
  }
  MakeUnit(x, 1);
  x.eta = 2;
  EXPECT_EQ(Predict(x, {1}).status, PDLT_ERR_INPUT);
  EXPECT_EQ(Predict(x, {0}).status, PDLT_OK);
  x.flow = 1;
  EXPECT_EQ(Predict(x, {1.5}).status, PDLT_OK);
}

TEST(Dynamics, OutOfMemoryLeavesOutputsAlone) {
  std::mt19937_64 gen(12);
  Problem x = Random(gen, 3, 2, 1);
  for (const int flow : {0, 1}) {
    x.flow = flow;
    x.eta = 0.5 * SafeEta(x);
    bool done = false;
    for (long call = 0; call < 200 && !done; call++) {
      pdlt_memory_fail_after(call);
      const Result r = Predict(x, {2, 5});
      pdlt_memory_fail_after(-1);
      done = r.status == PDLT_OK;
      if (done) continue;
      EXPECT_EQ(r.status, PDLT_ERR_MEMORY);
      for (const Array *out : {&r.z, &r.parts, &r.theta_t})
        for (const double v : *out) EXPECT_EQ(v, 7.5);
    }
    EXPECT_TRUE(done);
  }
}

}  // namespace
