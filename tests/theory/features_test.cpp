// theory/order_one/features.h: kernels and regression against naive sums over combined indices and times,
// the end against late times, exact special cases.
#include "theory/order_one/features.h"

#include "base/core/memory.h"
#include "tests/theory/dynamics_naive.h"

namespace {

using namespace dynamics_support;

const double kA[] = {0, 1, 0.5, 0.5, 0.5}, kB[] = {0, 1, 0, 1.0 / 3, 0.25};

// kappa and what regression misses, written out.
class NaiveFeatures : public Naive {
 public:
  using Naive::Naive;

  Array Kernel(int t, double a, double b) const {
    Array out(M_ * M_);
    const double eta = x_.eta;
    for (size_t I = 0; I < M_; I++)
      for (size_t J = 0; J < M_; J++)
        for (size_t K = 0; K < M_; K++)
          for (size_t L = 0; L < M_; L++)
            for (int u = 0; u < t; u++) {
              out[I * M_ + J] -= f(PDLT_DYNAMICS_NTK_DNTK) * a * eta *
                                 (At(T1_, I, J, K, L) + At(T1_, J, I, K, L)) * X_[u][K * M_ + L];
              for (int v = 0; v < t; v++)
                out[I * M_ + J] += eta * eta * Pair(a, b, I, J, K, L, u, v) * Moment2(K, u, L, v);
            }
    return out;
  }

  // (n_L D) 0 on training samples.
  Array Deviation(int t, double a, double b) const {
    Array rest = Summed(t);
    const Array taken = Regressed(t, a, b);
    for (size_t I = 0; I < M_; I++) rest[I] -= taken[I];
    Array out(M_);
    for (size_t i = 0; i < x_.n; i++) {
      const Array c = Solve(&rest[i * x_.D]);
      for (size_t d = x_.A; d < x_.D; d++) {
        out[i * x_.D + d] = rest[i * x_.D + d];
        for (size_t s = 0; s < x_.A; s++) out[i * x_.D + d] -= x_.theta[d * x_.D + s] * c[s];
      }
    }
    return out;
  }

 private:
  // What e_K(u) e_L(v) have before them in the kernel, but eta^2.
  double Pair(double a, double b, size_t I, size_t J, size_t K, size_t L, int u, int v) const {
    const double factor = f(u == v ? PDLT_DYNAMICS_NTK_DDNTK_UU : PDLT_DYNAMICS_NTK_DDNTK_UV);
    double sum =
        f(PDLT_DYNAMICS_FEATURES_SQUARE) * a * a * At(dd2_, I, J, K, L) +
        f(PDLT_DYNAMICS_FEATURES_CHI) * b / 2 * (At(dd1_, I, J, K, L) + At(dd1_, J, I, K, L));
    if (v < u)
      sum += f(PDLT_DYNAMICS_FEATURES_ORDERED) * a * (At(dd2_, I, K, J, L) + At(dd2_, J, K, I, L));
    return factor * sum;
  }
  // The terms of the dNTK and of the ddNTKs of J, summed over steps.
  Array Summed(int t) const {
    Array out(M_);
    for (int s = 0; s < t; s++)
      for (const int part : {PDLT_DYNAMICS_PART_DNTK, PDLT_DYNAMICS_PART_DDNTK_LINEAR,
                             PDLT_DYNAMICS_PART_DDNTK_CUBIC}) {
        const Array j = Source(s, part);
        for (size_t I = 0; I < M_; I++) out[I] += j[I];
      }
    return out;
  }
  // E[- eta sum_s (k - k(0))_IJ e_J(s)]/h
  Array Regressed(int t, double a, double b) const {
    Array out(M_);
    const double eta = x_.eta;
    for (size_t I = 0; I < M_; I++)
      for (size_t J = 0; J < M_; J++)
        for (size_t K = 0; K < M_; K++)
          for (size_t L = 0; L < M_; L++)
            for (int s = 0; s < t; s++)
              for (int u = 0; u < t; u++) {
                out[I] += f(PDLT_DYNAMICS_NTK_DNTK) * a * eta * eta *
                          (Dntk(I, J, K, L, J, K, s, u) + Dntk(J, I, K, L, J, K, s, u));
                for (int v = 0; v < t; v++)
                  out[I] -= std::pow(eta, 3) * Pair(a, b, I, J, K, L, u, v) *
                            (Cubic(J, s, K, u, L, v) + Paired(J, s, K, u, L, v));
              }
    return out;
  }
  // Th_AA^-1 y by elimination.
  Array Solve(const double *y) const {
    const size_t A = x_.A;
    Array m(A * A), c(y, y + A);
    for (size_t i = 0; i < A; i++)
      for (size_t j = 0; j < A; j++) m[i * A + j] = x_.theta[i * x_.D + j];
    for (size_t k = 0; k < A; k++)
      for (size_t i = k + 1; i < A; i++) {
        const double q = m[i * A + k] / m[k * A + k];
        for (size_t j = 0; j < A; j++) m[i * A + j] -= q * m[k * A + j];
        c[i] -= q * c[k];
      }
    for (size_t k = A; k-- > 0;) {
      for (size_t j = k + 1; j < A; j++) c[k] -= m[k * A + j] * c[j];
      c[k] /= m[k * A + k];
    }
    return c;
  }
};

struct Features {
  pdlt_status status = PDLT_OK;
  std::string message;
  Array kernel[PDLT_FEATURE_COUNT], deviation[PDLT_FEATURE_COUNT];
};

// At these times, INFINITY alone included.
Features Compute(const Problem &x, const Array &times,
                 const pdlt_dynamics_factors *factors = nullptr) {
  Features out;
  const size_t T = times.size(), row = x.n * x.D;
  const Result r = Predict(x, std::isinf(times[0]) ? Array{} : times, factors);
  const pdlt_dynamics_input in = Input(x, factors);
  pdlt_dynamics dyn = {};
  pdlt_features f = {};
  pdlt_error err = {};
  out.status = pdlt_dynamics_new(&dyn, &in, &err);
  if (out.status == PDLT_OK) out.status = pdlt_features_new(&f, &dyn, T, times.data(), &err);
  for (int k = 0; k < PDLT_FEATURE_COUNT && out.status == PDLT_OK; k++) {
    out.kernel[k].assign(T * row * row, 7.5);
    out.deviation[k].assign(T * row, 7.5);
    out.status = pdlt_features_kernel(&f, (pdlt_feature)k, out.kernel[k].data(), &err);
    if (out.status == PDLT_OK)
      out.status = pdlt_features_deviation(&f, (pdlt_feature)k, r.parts.data(),
                                           out.deviation[k].data(), &err);
  }
  out.message = err.message;
  pdlt_features_free(&f);
  pdlt_dynamics_free(&dyn);
  return out;
}

void ExpectNaive(const Problem &x, int steps, const pdlt_dynamics_factors &factors) {
  const NaiveFeatures naive(x, steps, factors);
  Array times;
  for (int t = 0; t <= steps; t++) times.push_back(t);
  const Features fast = Compute(x, times, &factors);
  ASSERT_EQ(fast.status, PDLT_OK) << fast.message;
  const size_t row = x.n * x.D;
  for (int k = 0; k < PDLT_FEATURE_COUNT; k++)
    for (size_t t = 0; t < times.size(); t++) {
      const Array kernel = naive.Kernel((int)t, kA[k], kB[k]);
      const Array deviation = naive.Deviation((int)t, kA[k], kB[k]);
      for (size_t i = 0; i < row * row; i++)
        EXPECT_NEAR(fast.kernel[k][t * row * row + i], kernel[i],
                    1e-12 * std::max(1.0, Largest(kernel)))
            << pdlt_feature_definitions[k].name << " t = " << t;
      for (size_t i = 0; i < row; i++)
        EXPECT_NEAR(fast.deviation[k][t * row + i], deviation[i],
                    1e-12 * std::max(1.0, 10 * Largest(deviation)))
            << pdlt_feature_definitions[k].name << " t = " << t;
    }
}

TEST(Features, AgreeWithNaiveSums) {
  std::mt19937_64 gen(1);
  const size_t shapes[][3] = {{1, 1, 1}, {3, 2, 1}, {3, 2, 2}, {3, 3, 1}, {2, 0, 2}, {2, 1, 3}};
  for (const auto &s : shapes)
    for (const int centered : {0, 1}) {
      SCOPED_TRACE(std::to_string(s[0]) + std::to_string(s[1]) + std::to_string(s[2]));
      Problem x = Random(gen, s[0], s[1], s[2]);
      x.centered = centered;
      x.eta = 0.5 * SafeEta(x);
      ExpectNaive(x, 4, Ones());
      ExpectNaive(x, 3, RandomFactors(gen));
    }
}

// k^E is the NTK of the network as it is: Theta_t less its correction at the start.
TEST(Features, EffectiveFeaturesMakeTheNtk) {
  std::mt19937_64 gen(2);
  Problem x = Random(gen, 4, 3, 2);
  for (const int flow : {0, 1}) {
    x.flow = flow;
    x.eta = 0.5 * SafeEta(x);
    pdlt_dynamics_factors factors = RandomFactors(gen);
    for (const int own : {PDLT_DYNAMICS_FEATURES_ORDERED, PDLT_DYNAMICS_FEATURES_SQUARE,
                          PDLT_DYNAMICS_FEATURES_CHI})
      factors.factor[own] = 1;
    const Array times = {0, 1, 6, 40};
    const Features f = Compute(x, times, &factors);
    Array ntk = Predict(x, times, &factors).theta_t;
    for (size_t t = 0; t < 4; t++)
      for (size_t i = 0; i < 2; i++)
        for (size_t d = 0; d < 4; d++)
          for (size_t e = 0; e < 4; e++)
            ntk[((t * 8 + i * 4 + d) * 8) + i * 4 + e] -=
                factors.factor[PDLT_DYNAMICS_NTK_MEAN] * x.theta1[d * 4 + e];
    EXPECT_LE(Distance(f.kernel[PDLT_FEATURE_K_E], ntk), 1e-12);
    EXPECT_EQ(Largest(f.kernel[PDLT_FEATURE_K]), 0);
  }
}

// Of the kernel at the start only what the NTK's changes do is missed.
TEST(Features, EndIsTheLimitAndTheSumOfParts) {
  std::mt19937_64 gen(3);
  for (const size_t n : {1, 2})
    for (const int centered : {0, 1})
      for (const int flow : {0, 1}) {
        Problem x = Random(gen, 5, 2, n);
        x.flow = flow;
        x.centered = centered;
        MakeUnit(x, 0.9);
        x.theta[0] = 0.6;
        x.eta = 0.7;
        const Features end = Compute(x, {INFINITY}), late = Compute(x, {flow ? 90.0 : 150.0});
        ASSERT_EQ(end.status, PDLT_OK) << end.message;
        for (int k = 0; k < PDLT_FEATURE_COUNT; k++) {
          if (k > 0) {
            EXPECT_LE(Distance(late.kernel[k], end.kernel[k]), 1e-11) << k;
          }
          EXPECT_LE(Distance(late.deviation[k], end.deviation[k]), 1e-11) << k;
        }
        const Result r = Predict(x, {});
        Array sum(5 * n);
        for (const size_t part : {2, 3, 4})
          for (size_t i = 0; i < sum.size(); i++) sum[i] += r.parts[part * 5 * n + i];
        EXPECT_LE(Distance(end.deviation[PDLT_FEATURE_K], sum), 1e-14);
      }
}

// One training sample, centred, under flow: every sum over times is a power of y/theta.
TEST(Features, OneTrainingSampleUnderFlow) {
  std::mt19937_64 gen(4);
  Problem x = Random(gen, 2, 1, 1);
  x.flow = 1;
  x.centered = 1;
  const Features f = Compute(x, {INFINITY});
  const auto rest = [&](size_t d, double a, double b) {
    const auto at = [&](const Array &m,
                        size_t place) {  // d in that place, the training sample else
      return x.Four(m, place == 0 ? d : 0, place == 1 ? d : 0, place == 2 ? d : 0,
                    place == 3 ? d : 0);
    };
    const double row1 = 3 * at(x.r, 0), row2 = at(x.r, 1) + at(x.r, 2) + at(x.r, 3);
    const double row3 = at(x.s, 0) + at(x.t, 0) + at(x.u, 0), row4 = row3;
    const double row5 = at(x.s, 1) + at(x.u, 2) + at(x.t, 2);
    const double row6 = at(x.t, 1) + at(x.u, 3) + at(x.s, 2);
    return (row1 + row2 + row3 + row4 + row5 + row6) / 6 - a / 2 * (row4 + row6) - a * a * row3 -
           b / 2 * (row1 + row2);
  };
  const double cube = std::pow(x.y[0] / x.theta[0], 3);
  for (int k = 0; k < PDLT_FEATURE_COUNT; k++) {
    const double expected =
        cube * (rest(1, kA[k], kB[k]) - x.theta[2] / x.theta[0] * rest(0, kA[k], kB[k]));
    EXPECT_GT(std::fabs(expected), 1e-3);
    EXPECT_NEAR(f.deviation[k][1], expected, 1e-12 * (1 + std::fabs(expected))) << k;
  }
}

TEST(Features, SingularNtkHasKernelsButNoRegression) {
  std::mt19937_64 gen(5);
  Problem x = Random(gen, 3, 2, 1);
  Duplicate(x, 0, 1);
  x.eta = 0.5 * SafeEta(x);
  const Features f = Compute(x, {3});
  EXPECT_EQ(f.status, PDLT_ERR_INPUT);
  EXPECT_NE(f.message.find("singular"), std::string::npos) << f.message;
  EXPECT_NE(f.kernel[PDLT_FEATURE_K][0], 7.5);
  EXPECT_EQ(f.deviation[PDLT_FEATURE_K][0], 7.5);
  EXPECT_EQ(Compute(x, {INFINITY}).status, PDLT_ERR_INPUT);
}

TEST(Features, TheSameBitsOnAnyNumberOfThreadsAndSymmetric) {
  std::mt19937_64 gen(6);
  Problem x = Random(gen, 5, 3, 2);
  x.eta = 0.5 * SafeEta(x);
  const Features one = Compute(x, {0, 3, 41});
  x.threads = 3;
  const Features three = Compute(x, {0, 3, 41});
  for (int k = 0; k < PDLT_FEATURE_COUNT; k++) {
    EXPECT_EQ(one.kernel[k], three.kernel[k]);
    EXPECT_EQ(one.deviation[k], three.deviation[k]);
    for (size_t i = 0; i < 10; i++)
      for (size_t j = 0; j < i; j++)
        EXPECT_EQ(one.kernel[k][200 + i * 10 + j], one.kernel[k][200 + j * 10 + i]);
  }
}

TEST(Features, OutOfMemory) {
  std::mt19937_64 gen(7);
  Problem x = Random(gen, 3, 2, 1);
  x.eta = 0.5 * SafeEta(x);
  const pdlt_dynamics_input in = Input(x, nullptr);
  const Array times = {3, INFINITY}, parts(30);
  Array kernel(18), deviation(6);
  pdlt_dynamics dyn = {};
  ASSERT_EQ(pdlt_dynamics_new(&dyn, &in, nullptr), PDLT_OK);
  pdlt_status status = PDLT_ERR_MEMORY;
  for (long call = 0; call < 200 && status != PDLT_OK; call++) {
    pdlt_features f = {};
    pdlt_memory_fail_after(call);
    status = pdlt_features_new(&f, &dyn, 2, times.data(), nullptr);
    if (status == PDLT_OK)
      status = pdlt_features_kernel(&f, PDLT_FEATURE_SECANT, kernel.data(), nullptr);
    if (status == PDLT_OK)
      status =
          pdlt_features_deviation(&f, PDLT_FEATURE_SECANT, parts.data(), deviation.data(), nullptr);
    pdlt_memory_fail_after(-1);
    EXPECT_TRUE(status == PDLT_OK || status == PDLT_ERR_MEMORY);
    pdlt_features_free(&f);
  }
  EXPECT_EQ(status, PDLT_OK);
  pdlt_dynamics_free(&dyn);
}

}  // namespace
