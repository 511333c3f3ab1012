// Newton's method and batches: infinite width by steps, order 1/n by the direct road and by other coordinates,
// against the equations written out, each other, and gradient descent.
#include "theory/infinite/steps.h"

#include "base/experiment/batch.h"
#include "base/vector/linalg.h"
#include "tests/theory/dynamics_cov_naive.h"
#include "theory/order_one/direct.h"
#include "theory/order_one/trained.h"

using namespace dynamics_support;

namespace {

// Theta_AA^-1 by Gauss and Jordan.
Array Inverse(const Problem &x) {
  const size_t A = x.A;
  Array m(A * 2 * A), out(A * A);
  for (size_t a = 0; a < A; a++) {
    for (size_t b = 0; b < A; b++) m[a * 2 * A + b] = x.theta[a * x.D + b];
    m[a * 2 * A + A + a] = 1;
  }
  for (size_t p = 0; p < A; p++) {
    const double pivot = m[p * 2 * A + p];
    for (size_t c = 0; c < 2 * A; c++) m[p * 2 * A + c] /= pivot;
    for (size_t a = 0; a < A; a++) {
      const double f = m[a * 2 * A + p];
      for (size_t c = 0; c < 2 * A && a != p; c++) m[a * 2 * A + c] -= f * m[p * 2 * A + c];
    }
  }
  for (size_t a = 0; a < A; a++)
    for (size_t b = 0; b < A; b++) out[a * A + b] = m[a * 2 * A + A + b];
  return out;
}

void UseNewton(Problem &x) {
  const Array kappa = Inverse(x);
  const size_t A = x.A;
  x.pull = [kappa, A](int, size_t a, size_t b) { return kappa[a * A + b]; };
}

void UseBatches(Problem &x, size_t batch) {
  const size_t A = x.A;
  x.pull = [batch, A](int s, size_t a, size_t b) {
    return a == b && pdlt_in_batch(A, batch, (size_t)s, a) ? 1.0 : 0.0;
  };
}

Result Direct(const Problem &x, int newton, size_t batch, const Array &times,
              const pdlt_dynamics_factors *factors) {
  Result out;
  pdlt_dynamics_input in = Input(x, factors);
  pdlt_error err = {};
  in.lo.newton = newton;
  in.lo.batch = batch;
  out.z.assign(times.size() * x.n * x.D, 7.5);
  out.parts.assign(PDLT_DYNAMICS_PART_COUNT * out.z.size(), 7.5);
  out.status =
      pdlt_direct_run(&in, times.size(), times.data(), out.z.data(), out.parts.data(), &err);
  out.message = err.message;
  return out;
}

// Everything at order 1/n of Newton's method at these times and at the end.
struct Whole {
  Whole(const CovProblem &x, const Array &times, const pdlt_dynamics_factors &factors) {
    pdlt_mask mask = {};
    pdlt_error err = {};
    mask.active = 1;
    mask.dynamics = factors;
    for (double &f : mask.part) f = 1;
    pdlt_trained_input in = {};
    in.in = Input(x, nullptr);
    in.in.lo.newton = 1;
    in.g1 = x.g1.data();
    in.d = x.d.data();
    in.f = x.f.data();
    in.mask = &mask;
    in.num_times = times.size();
    in.times = times.data();
    status = pdlt_trained_new(&w, &in, &err);
    EXPECT_EQ(status, PDLT_OK) << err.message;
  }
  ~Whole() { pdlt_trained_free(&w); }
  Whole(const Whole &) = delete;
  pdlt_status status;
  pdlt_trained w = {};
};

// Numbers first .. first + size of a result against others.
void ExpectSame(const double *found, const Array &expected, double tolerance, const char *what) {
  EXPECT_LT(Distance(Array(found, found + expected.size()), expected), tolerance) << what;
}

}  // namespace

TEST(Steps, InfiniteWidthIsTheNaiveLoop) {
  std::mt19937_64 gen(4);
  for (int trial = 0; trial < 12; trial++) {
    const size_t A = 1 + gen() % 4, D = A + gen() % 3, n = 1 + gen() % 2;
    Problem x = Random(gen, D, A, n);
    x.eta = trial % 2 ? 0.7 : 0.4 * SafeEta(x);
    const size_t batch = 1 + gen() % A;
    pdlt_training_input in = Input(x, nullptr).lo;
    in.newton = trial % 2;
    in.batch = trial % 2 ? 0 : batch;
    if (trial % 2)
      UseNewton(x);
    else
      UseBatches(x, batch);
    const Array times = {0, 1, 2, 7};
    Array mean(4 * n * D), cov(4 * D * D);
    pdlt_training_errors errors = {};
    ASSERT_EQ(pdlt_steps_run(&in, 4, times.data(), mean.data(), cov.data(), &errors, nullptr),
              PDLT_OK);
    EXPECT_LT(errors.mean + errors.cov, 1e-11);
    Array z(n * D), N(D * D);
    for (size_t d = 0; d < D; d++) N[d * D + d] = 1;
    for (int s = 0, t = 0; s <= 7; s++) {
      if (times[t] == s) {
        ExpectSame(&mean[t * n * D], z, 1e-11, "mean");
        for (size_t d = 0; d < D; d++)
          for (size_t e = 0; e < D; e++) {
            double sum = 0;
            for (size_t f = 0; f < D * D; f++) sum += N[d * D + f / D] * x.K[f] * N[e * D + f % D];
            EXPECT_NEAR(cov[(t * D + d) * D + e], sum, 1e-11 * (1 + fabs(sum)));
          }
        t++;
      }
      Array next = z, further = N;
      for (size_t d = 0; d < D; d++)
        for (size_t a = 0; a < A; a++)
          for (size_t b = 0; b < A; b++) {
            const double c = x.eta * x.theta[d * D + a] * x.pull(s, a, b);
            for (size_t i = 0; i < n; i++) next[i * D + d] -= c * (z[i * D + b] - x.y[b * n + i]);
            for (size_t e = 0; e < D; e++) further[d * D + e] -= c * N[b * D + e];
          }
      z = next;
      N = further;
    }
  }
}

TEST(Steps, TheDirectRoadIsTheNaiveSum) {
  std::mt19937_64 gen(9);
  for (int trial = 0; trial < 9; trial++) {
    const size_t n = 1 + gen() % 2, A = 1 + gen() % (n == 1 ? 4 : 2), D = A + gen() % 2;
    Problem x = Random(gen, D, A, n);
    x.eta = 0.4 * SafeEta(x);
    const pdlt_dynamics_factors factors = RandomFactors(gen);
    const size_t batch = 1 + gen() % A;
    const int newton = trial % 3 == 0;
    if (newton)
      UseNewton(x);
    else
      UseBatches(x, batch);
    const Array times = {0, 1, 2, 5};
    const Result found = Direct(x, newton, newton ? 0 : batch, times, &factors);
    ASSERT_EQ(found.status, PDLT_OK) << found.message;
    const Naive naive(x, 5, factors);
    Array sum(times.size() * n * D);
    for (int part = 0; part < PDLT_DYNAMICS_PART_COUNT; part++) {
      Array expected;
      for (const double t : times) {
        const Array z = naive.Z((int)t, part);
        expected.insert(expected.end(), z.begin(), z.end());
      }
      ExpectSame(&found.parts[part * expected.size()], expected, 1e-11, "part");
      for (size_t i = 0; i < sum.size(); i++) sum[i] += expected[i];
    }
    ExpectSame(found.z.data(), sum, 1e-11, "z");
  }
}

TEST(Steps, TheDirectCovarianceIsTheNaiveSum) {
  std::mt19937_64 gen(10);
  for (int trial = 0; trial < 6; trial++) {
    const size_t n = 1 + trial % 2, A = 2 + (n == 1 && trial > 2), D = A + (trial > 1);
    CovProblem x = RandomCov(gen, D, A, n);
    const pdlt_dynamics_factors factors = RandomFactors(gen);
    const int newton = trial == 4;
    if (newton)
      UseNewton(x);
    else
      UseBatches(x, 1 + gen() % A);
    pdlt_dynamics_input in = Input(x, &factors);
    in.lo.newton = newton;
    for (in.lo.batch = 0; !newton && in.lo.batch < A && x.pull(0, in.lo.batch, in.lo.batch) != 0;)
      in.lo.batch++;
    const Array times = {0, 1, 2, 4};
    const size_t row = n * D;
    Array found(times.size() * row * row, 7.5);
    ASSERT_EQ(pdlt_direct_covariance(&in, x.g1.data(), x.d.data(), x.f.data(), 4, times.data(),
                                     found.data(), nullptr),
              PDLT_OK);
    const NaiveCov naive(x, 4, factors);
    for (size_t t = 0; t < times.size(); t++)
      ExpectSame(&found[t * row * row], naive.Covariance((int)times[t]), 1e-10, "cov");
  }
}

TEST(Steps, OneBatchOfAllIsGradientDescent) {
  std::mt19937_64 gen(12);
  Problem x = Random(gen, 5, 3, 2);
  x.eta = 0.5 * SafeEta(x);
  const pdlt_dynamics_factors factors = RandomFactors(gen);
  const Array times = {1, 4, 30};
  const Result direct = Direct(x, 0, 3, times, &factors), modes = Predict(x, times, &factors);
  EXPECT_LT(Distance(direct.parts, modes.parts), 1e-11);
  EXPECT_LT(Distance(direct.z, modes.z), 1e-11);
}

TEST(Steps, NewtonInOtherCoordinatesIsTheNaiveSum) {
  std::mt19937_64 gen(21);
  for (int trial = 0; trial < 6; trial++) {
    const size_t n = 1 + gen() % 2, A = 1 + gen() % 2, D = A + 1;
    CovProblem x = RandomCov(gen, D, A, n);
    const pdlt_dynamics_factors factors = RandomFactors(gen);
    x.eta = trial % 2 ? 1 : 0.6;
    const Array times = {0, 1, 2, 4};
    const Whole whole(x, times, factors);
    ASSERT_EQ(whole.status, PDLT_OK);
    UseNewton(x);
    const NaiveCov naive(x, 4, factors);
    const size_t row = n * D;
    for (size_t t = 0; t < times.size(); t++) {
      Array z(row);
      for (int part = 0; part < PDLT_DYNAMICS_PART_COUNT; part++) {
        const Array one = naive.Z((int)times[t], part);
        for (size_t i = 0; i < row; i++) z[i] += one[i];
      }
      ExpectSame(whole.w.z + t * row, z, 1e-10, "z");
      ExpectSame(whole.w.cov + t * row * row, naive.Covariance((int)times[t]), 1e-10, "cov");
      ExpectSame(whole.w.theta + t * row * row, naive.Theta((int)times[t]), 1e-10, "theta");
    }
  }
}

// docs/dynamics.md, "Newton's method": with eta = 1 infinite width is done after one step, and order 1/n after
// three: z1(1) = J0, z1(2) = N J0 + J1, z1(3) = N z1(2), which is the end.
TEST(Steps, NewtonsGiantLeap) {
  std::mt19937_64 gen(5);
  const size_t D = 5, A = 3, n = 2, row = n * D;
  CovProblem x = RandomCov(gen, D, A, n);
  x.eta = 1;
  const Array kappa = Inverse(x);
  const Whole whole(x, {1, 2, 3, 4, 50}, Ones());
  ASSERT_EQ(whole.status, PDLT_OK);
  const double *z = whole.w.z;
  // J1 = AA kappa e, summed over the outputs that deltas leave; e = - kappa y
  Array J1(row), e(n * A);
  for (size_t i = 0; i < n; i++)
    for (size_t a = 0; a < A; a++)
      for (size_t b = 0; b < A; b++) e[i * A + a] -= kappa[a * A + b] * x.y[b * n + i];
  for (size_t i = 0; i < n; i++)
    for (size_t d = 0; d < D; d++)
      for (size_t a = 0; a < A; a++)
        for (size_t b = 0; b < A; b++)
          for (size_t c = 0; c < A; c++)
            J1[i * D + d] += (x.Four(x.a, d, a, b, c) + x.Four(x.b, d, b, a, c) +
                              (double)n * x.Four(x.b, d, c, a, b)) *
                             kappa[a * A + b] * e[i * A + c];
  const auto N = [&](const double *v, const Array &more) {
    Array out(more);
    for (size_t i = 0; i < n; i++)
      for (size_t d = 0; d < D; d++) {
        out[i * D + d] += v[i * D + d];
        for (size_t a = 0; a < A; a++)
          for (size_t b = 0; b < A; b++)
            out[i * D + d] -= x.theta[d * D + a] * kappa[a * A + b] * v[i * D + b];
      }
    return out;
  };
  ExpectSame(z + row, N(z, J1), 1e-11, "second step");
  const Array third = N(z + row, Array(row));
  const double size = Largest(third);
  for (size_t t = 2; t < 5; t++)
    for (size_t i = 0; i < row; i++) EXPECT_NEAR(z[t * row + i], third[i], 1e-11 * size);
  for (size_t i = 0; i < row; i++) EXPECT_NEAR(whole.w.end[i], third[i], 1e-11 * size);
  for (size_t i = 0; i < n; i++)
    for (size_t a = 0; a < A; a++) EXPECT_NEAR(z[2 * row + i * D + a], 0, 1e-11 * size);
}

// With one training sample kappa is a number: gradient descent with eta/Theta, at all times and at the end.
TEST(Steps, NewtonOfOneSampleIsGradientDescent) {
  std::mt19937_64 gen(15);
  CovProblem x = RandomCov(gen, 3, 1, 2);
  x.eta = 0.6;
  const Array times = {1, 2, 5};
  const Whole newton(x, times, Ones());
  x.eta /= x.theta[0];
  ExpectSame(newton.w.z, Predict(x, times).z, 1e-11, "z");
  ExpectSame(newton.w.theta, Predict(x, times).theta_t, 1e-11, "theta");
  ExpectSame(newton.w.end, Predict(x, {}).z, 1e-11, "end");
  ExpectSame(newton.w.cov, Covariance(x, times).z, 1e-11, "cov");
  ExpectSame(newton.w.cov_end, Covariance(x, {}).z, 1e-11, "end of cov");
}

// At infinite width every way ends in the same outputs; at order 1/n the end depends on the way.
TEST(Steps, TheEndOfNewtonIsAnotherEnd) {
  std::mt19937_64 gen(6);
  CovProblem x = RandomCov(gen, 4, 2, 1);
  const Whole newton(x, {0, 300}, Ones());
  const Result gd = Predict(x, {});
  const Array end(newton.w.end, newton.w.end + 4);
  EXPECT_GT(Distance(end, gd.z), 0.01);
  ExpectSame(newton.w.z + 4, end, 1e-10, "late");
}

TEST(Steps, LargestEigenvalueIsThatOfBatches) {
  std::mt19937_64 gen(8);
  Problem x = Random(gen, 5, 5, 1);
  pdlt_training_input in = Input(x, nullptr).lo;
  double all = 0, two = 0, newton = 0;
  in.batch = 5;
  ASSERT_EQ(pdlt_steps_largest(&all, &in, nullptr), PDLT_OK);
  in.batch = 2;
  ASSERT_EQ(pdlt_steps_largest(&two, &in, nullptr), PDLT_OK);
  double most = 0;
  for (size_t a = 0; a < 5; a++) {  // 0 1, 2 3, 4 0, 1 2, 3 4
    const size_t b = (a + 1) % 5;
    const double p = x.theta[a * 6], q = x.theta[b * 6], r = x.theta[a * 5 + b];
    most = std::max(most, (p + q) / 2 + std::sqrt((p - q) * (p - q) / 4 + r * r));
  }
  EXPECT_NEAR(two, most, 1e-13);
  EXPECT_LT(two, all);
  in.newton = 1;
  in.batch = 0;
  ASSERT_EQ(pdlt_steps_largest(&newton, &in, nullptr), PDLT_OK);
  EXPECT_EQ(newton, 1);
}

TEST(Steps, SingularNtkIsRefused) {
  std::mt19937_64 gen(2);
  Problem x = Random(gen, 4, 3, 1);
  Duplicate(x, 0, 1);
  const Result found = Direct(x, 1, 0, {1}, nullptr);
  EXPECT_EQ(found.status, PDLT_ERR_INPUT);
  EXPECT_NE(found.message.find("singular"), std::string::npos) << found.message;
}
