// theory/order_one/end.h: the closed form against many steps and against late flow, its small-eta
// limit, and its refusals.
#include "theory/order_one/end.h"

#include "base/core/memory.h"
#include "tests/theory/dynamics_support.h"

namespace {

using namespace dynamics_support;

// Theta_AA gets these eigenvalues in a random orthonormal basis.
void SetSpectrum(std::mt19937_64 &gen, Problem &x, const Array &values) {
  std::normal_distribution<double> normal;
  const size_t A = x.A;
  std::vector<Array> v;
  while (v.size() < A) {
    Array w(A);
    for (double &c : w) c = normal(gen);
    for (int twice = 0; twice < 2; twice++)
      for (const Array &u : v) {
        double dot = 0;
        for (size_t i = 0; i < A; i++) dot += u[i] * w[i];
        for (size_t i = 0; i < A; i++) w[i] -= dot * u[i];
      }
    double norm = 0;
    for (const double c : w) norm += c * c;
    for (double &c : w) c /= std::sqrt(norm);
    v.push_back(w);
  }
  for (size_t i = 0; i < A; i++)
    for (size_t j = 0; j <= i; j++) {
      double sum = 0;
      for (size_t k = 0; k < A; k++) sum += values[k] * v[k][i] * v[k][j];
      x.theta[i * x.D + j] = x.theta[j * x.D + i] = sum;
    }
}

void ExpectLimit(const Problem &x, double time, double tolerance = 1e-10) {
  const Result end = Predict(x, {}), late = Predict(x, {time});
  ASSERT_EQ(end.status, PDLT_OK) << end.message;
  ASSERT_EQ(late.status, PDLT_OK) << late.message;
  EXPECT_LE(Distance(late.z, end.z), tolerance);
  EXPECT_LE(Distance(late.parts, end.parts), tolerance);
  EXPECT_LE(Distance(late.theta_t, end.theta_t), tolerance);
  for (size_t i = 0; i < x.n; i++)
    for (size_t a = 0; a < x.A; a++) EXPECT_EQ(end.z[i * x.D + a], 0);
}

TEST(End, IsTheLimitOfManySteps) {
  std::mt19937_64 gen(1);
  const size_t shapes[][3] = {{3, 2, 1}, {2, 1, 1}, {5, 3, 2}, {4, 2, 3}, {7, 4, 1}, {4, 0, 1}};
  for (const auto &s : shapes)
    for (const double eta : {0.2, 1.0, 1.6}) {
      SCOPED_TRACE(std::to_string(s[0]) + std::to_string(s[1]) + std::to_string(s[2]));
      Problem x = Random(gen, s[0], s[1], s[2]);
      x.eta = eta;  // |mu| <= 0.88
      SetSpectrum(gen, x, {0.6, 1.0, 1.17, 0.75});
      ExpectLimit(x, 330);
    }
}

TEST(End, DegenerateSpectra) {
  std::mt19937_64 gen(2);
  Problem x = Random(gen, 6, 4, 2);
  x.eta = 0.8;
  SetSpectrum(gen, x, {0.9, 0.5, 0.9, 0.5});
  ExpectLimit(x, 200);
  MakeUnit(x, 0.7);
  ExpectLimit(x, 200);
  x.eta = 1 / 0.7;  // every mu = 0 up to rounding
  ExpectLimit(x, 10);
  x.eta = 1.7 / 0.7;  // negative mu
  ExpectLimit(x, 200);
}

// Tiny theta beside eta theta close to 2: |mu| = 0.96 at both ends.
TEST(End, StiffSpectrum) {
  std::mt19937_64 gen(3);
  Problem x = Random(gen, 4, 3, 1);
  x.eta = 1;
  SetSpectrum(gen, x, {0.04, 1.1, 1.96});
  ExpectLimit(x, 1200, 1e-9);
}

TEST(End, TestTwinOfATrainingSampleIsExact) {
  std::mt19937_64 gen(4);
  Problem x = Random(gen, 5, 3, 2);
  Duplicate(x, 2, 4);
  x.eta = 0.5 * SafeEta(x);
  const Result r = Predict(x, {});
  ASSERT_EQ(r.status, PDLT_OK) << r.message;
  for (size_t i = 0; i < 2; i++) {
    EXPECT_NEAR(r.z[i * 5 + 4], 0, 1e-10 * Largest(r.z));
    EXPECT_GT(std::fabs(r.z[i * 5 + 3]), 1e-10 * Largest(r.z));
  }
}

TEST(End, FlowIsTheLimitOfLateTimesAndOfSmallSteps) {
  std::mt19937_64 gen(5);
  Problem x = Random(gen, 5, 3, 2);
  SetSpectrum(gen, x, {0.5, 0.5, 1.3});
  x.flow = 1;
  ExpectLimit(x, 75);
  const Result flow = Predict(x, {});
  x.flow = 0;
  x.eta = 1e-12;  // prefactors must not lose digits
  EXPECT_LE(Distance(Predict(x, {}).parts, flow.parts), 1e-11);
  x.eta = 1e-2;
  const double far = Distance(Predict(x, {}).z, flow.z);
  x.eta = 1e-3;
  EXPECT_NEAR(Distance(Predict(x, {}).z, flow.z) / far, 0.1, 0.01);
}

TEST(End, FactorsScaleTerms) {
  std::mt19937_64 gen(6);
  Problem x = Random(gen, 4, 3, 2);
  x.eta = 0.7;
  SetSpectrum(gen, x, {0.8, 1.0, 1.4});
  pdlt_dynamics_factors factors;
  Array sum(8);
  for (int term = 0; term <= PDLT_DYNAMICS_DDNTK_SSS; term++) {
    factors = {};
    factors.factor[term] = -0.5 - term;
    const Result end = Predict(x, {}, &factors), late = Predict(x, {200}, &factors);
    EXPECT_LE(Distance(late.z, end.z), 1e-10) << term;
    EXPECT_GT(Largest(end.z), 1e-3) << term;
    for (size_t i = 0; i < 8; i++) sum[i] += end.z[i] / factors.factor[term];
  }
  EXPECT_LE(Distance(sum, Predict(x, {}).z), 1e-12);
}

TEST(End, Refusals) {
  std::mt19937_64 gen(7);
  Problem x = Random(gen, 4, 3, 1);
  Duplicate(x, 0, 1);
  x.eta = 0.5 * SafeEta(x);
  const Result twins = Predict(x, {});
  EXPECT_EQ(twins.status, PDLT_ERR_INPUT);
  EXPECT_NE(twins.message.find("singular"), std::string::npos) << twins.message;
  for (const double v : twins.z) EXPECT_EQ(v, 7.5);
  MakeUnit(x, 1);
  x.eta = 2;
  const Result fast = Predict(x, {});
  EXPECT_EQ(fast.status, PDLT_ERR_INPUT);
  EXPECT_NE(fast.message.find("too large"), std::string::npos) << fast.message;
}

TEST(End, OutOfMemoryLeavesOutputsAlone) {
  std::mt19937_64 gen(8);
  Problem x = Random(gen, 3, 2, 1);
  x.eta = 0.5 * SafeEta(x);
  bool done = false;
  for (long call = 0; call < 200 && !done; call++) {
    pdlt_memory_fail_after(call);
    const Result r = Predict(x, {});
    pdlt_memory_fail_after(-1);
    done = r.status == PDLT_OK;
    if (done) continue;
    EXPECT_EQ(r.status, PDLT_ERR_MEMORY);
    for (const double v : r.z) EXPECT_EQ(v, 7.5);
    for (const double v : r.parts) EXPECT_EQ(v, 7.5);
  }
  EXPECT_TRUE(done);
}

}  // namespace
