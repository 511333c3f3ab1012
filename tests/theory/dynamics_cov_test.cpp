// theory/order_one/cov.h: against naive sums over combined indices and times, the end
// against late steps, flow against small steps.
#include "theory/order_one/cov.h"

#include "base/core/memory.h"
#include "tests/theory/dynamics_cov_naive.h"

namespace {

using namespace dynamics_support;

void ExpectNaive(const CovProblem &x, int steps, const pdlt_dynamics_factors *factors = nullptr) {
  const NaiveCov naive(x, steps, factors ? *factors : Ones());
  Array times;
  for (int t = 0; t <= steps; t++) times.push_back(t);
  const Result fast = Covariance(x, times, factors);
  ASSERT_EQ(fast.status, PDLT_OK) << fast.message;
  const size_t size = x.n * x.D * x.n * x.D;
  for (size_t t = 0; t < times.size(); t++) {
    const Array slow = naive.Covariance((int)t);
    for (size_t i = 0; i < size; i++)
      EXPECT_NEAR(fast.z[t * size + i], slow[i], 1e-12 * std::max(1.0, Largest(slow)))
          << "t = " << t;
  }
}

TEST(Covariance, AgreesWithNaiveSums) {
  std::mt19937_64 gen(1);
  const size_t shapes[][3] = {{1, 1, 1}, {2, 1, 1}, {3, 2, 1}, {3, 2, 2}, {3, 3, 1},
                              {2, 1, 3}, {2, 0, 2}, {2, 2, 2}, {0, 0, 1}};
  for (const auto &s : shapes) {
    SCOPED_TRACE(std::to_string(s[0]) + std::to_string(s[1]) + std::to_string(s[2]));
    ExpectNaive(RandomCov(gen, s[0], s[1], s[2]), 4);
  }
}

TEST(Covariance, EachTermHasItsFactor) {
  std::mt19937_64 gen(2);
  const CovProblem x = RandomCov(gen, 3, 2, 2);
  const pdlt_dynamics_factors factors = RandomFactors(gen);
  ExpectNaive(x, 4, &factors);
  pdlt_dynamics_factors none = {};
  EXPECT_EQ(Largest(Covariance(x, {0, 5}, &none).z), 0);
}

TEST(Covariance, DegenerateAndSingularSpectra) {
  std::mt19937_64 gen(3);
  CovProblem x = RandomCov(gen, 3, 2, 2);
  MakeUnit(x, 0.8);
  x.eta = 1.1;
  ExpectNaive(x, 4);
  CovProblem twins = RandomCov(gen, 3, 2, 1);
  for (size_t j = 0; j < 3; j++) twins.theta[3 + j] = twins.theta[j];
  for (size_t j = 0; j < 3; j++) twins.theta[3 * j + 1] = twins.theta[3 * j];
  ExpectNaive(twins, 4);
}

TEST(Covariance, EndIsTheLimitOfManySteps) {
  std::mt19937_64 gen(4);
  for (const size_t n : {1, 2}) {
    CovProblem x = RandomCov(gen, 4, 2, n);
    for (const int flow : {0, 1}) {
      x.flow = flow;
      MakeUnit(x, 0.9);
      x.theta[0] = 0.6;
      x.eta = 0.7;
      const Result end = Covariance(x, {}), late = Covariance(x, {flow ? 80.0 : 120.0});
      ASSERT_EQ(end.status, PDLT_OK) << end.message;
      EXPECT_LE(Distance(late.z, end.z), 1e-10);
      for (size_t i = 0; i < 4 * n; i++)  // nothing is left of it on training samples
        for (size_t j = 0; j < 4 * n; j++) {
          if (i % 4 < 2 || j % 4 < 2) {
            EXPECT_NEAR(end.z[i * 4 * n + j], 0, 1e-13);
          }
        }
    }
  }
  CovProblem x = RandomCov(gen, 3, 2, 1);
  for (size_t i = 0; i < 4; i++) x.theta[i / 2 * 3 + i % 2] = 1;
  x.eta = 0.1;
  EXPECT_EQ(Covariance(x, {}).status, PDLT_ERR_INPUT);
}

TEST(Covariance, FlowIsTheLimitOfSmallSteps) {
  std::mt19937_64 gen(5);
  CovProblem x = RandomCov(gen, 3, 2, 1);
  const double tau = 1.3;
  std::vector<Array> rows;
  for (int level = 0; level < 6; level++) {
    const double steps = 60 << level;
    x.eta = tau / steps;
    rows.push_back(Covariance(x, {steps}).z);
  }
  for (int order = 1; order < 6; order++)
    for (size_t level = 5; level >= (size_t)order; level--)
      for (size_t i = 0; i < rows[level].size(); i++)
        rows[level][i] += (rows[level][i] - rows[level - 1][i]) / (std::pow(2, order) - 1);
  x.flow = 1;
  EXPECT_LE(Distance(Covariance(x, {tau}).z, rows[5]), 1e-9);
}

TEST(Covariance, SymmetricAndTheSameBitsOnAnyNumberOfThreads) {
  std::mt19937_64 gen(6);
  CovProblem x = RandomCov(gen, 5, 3, 2);
  const Result one = Covariance(x, {0, 3, 41});
  x.threads = 3;
  EXPECT_EQ(one.z, Covariance(x, {0, 3, 41}).z);
  for (size_t t = 0; t < 3; t++)
    for (size_t i = 0; i < 10; i++)
      for (size_t j = 0; j < i; j++)
        EXPECT_EQ(one.z[(t * 10 + i) * 10 + j], one.z[(t * 10 + j) * 10 + i]);
}

TEST(Covariance, OutOfMemoryLeavesOutputsAlone) {
  std::mt19937_64 gen(7);
  const CovProblem x = RandomCov(gen, 3, 2, 1);
  for (const Array &times : {Array{3}, Array{}}) {
    bool done = false;
    for (long call = 0; call < 300 && !done; call++) {
      pdlt_memory_fail_after(call);
      const Result r = Covariance(x, times);
      pdlt_memory_fail_after(-1);
      done = r.status == PDLT_OK;
      if (done) continue;
      EXPECT_EQ(r.status, PDLT_ERR_MEMORY);
      for (const double v : r.z) EXPECT_EQ(v, 7.5);
    }
    EXPECT_TRUE(done);
  }
}

}  // namespace
