// posterior_test.cpp - Bayesian inference at order 1/n against brute force over combined indices with all three
// pairings of V, finite differences along the kernel, and identities.
#include "theory/posterior/inference.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "tests/theory/posterior_support.h"

namespace {

using posterior::Inverse;
using posterior::List;
using posterior::Problem;

// --- Brute force ---
//
// The joint density of targets y and outputs z, all with one index I = (i, mu), is
// [1 + (h/2) G_IJ D_I D_J + (h/24) kappa_IJKL D_I D_J D_K D_L] N(y, z), D_I the derivative by z_I and, of training
// samples, by y_I; kappa has the three pairings of V. Integrals over z leave derivatives by y of Z0 times
// polynomials, which are sums over all ways to pair what a derivative can hit.
class Brute {
 public:
  explicit Brute(const Problem &p) : p_(p), N_(p.Count()) {
    List S(p.A * p.A);
    for (size_t a = 0; a < p.A; a++)
      for (size_t b = 0; b < p.A; b++) S[a * p.A + b] = p.K[a * p.D + b] + (a == b ? p.noise : 0);
    const List P = Inverse(S, p.A);
    pair_.assign(N_ * N_, 0);
    slope_ = pair_;
    u_.assign(N_, 0);
    mean_ = u_;
    for (size_t I = 0; I < N_; I++)
      for (size_t J = 0; J < N_; J++) {
        const size_t i = I / p.D, mu = I % p.D, j = J / p.D, nu = J % p.D;
        if (i != j || nu >= p.A) continue;
        if (mu < p.A) {
          pair_[I * N_ + J] = P[mu * p.A + nu];
          u_[I] += P[mu * p.A + nu] * p.y[nu * p.n + i];
        }
        for (size_t b = 0; b < p.A; b++)
          slope_[I * N_ + J] += p.K[mu * p.D + b] * P[b * p.A + nu];  // d mean_I/dy_J
      }
    for (size_t I = 0; I < N_; I++)
      for (size_t J = 0; J < N_; J++)
        if (J % p.D < p.A) mean_[I] += slope_[I * N_ + J] * p.y[(J % p.D) * p.n + J / p.D];
  }

  // d^k/dy_.. (Z0 prod of means)/Z0.
  double Derivative(std::vector<size_t> by, std::vector<size_t> means) const {
    double sum = 0;
    if (by.empty()) {
      double product = 1;
      for (size_t N : means) product *= mean_[N];
      return product;
    }
    const size_t I = by.back();
    by.pop_back();
    if (I % p_.D >= p_.A) return 0;  // no target
    sum -= u_[I] * Derivative(by, means);
    for (size_t k = 0; k < by.size(); k++) {
      std::vector<size_t> rest = by;
      rest.erase(rest.begin() + (long)k);
      sum -= pair_[I * N_ + by[k]] * Derivative(rest, means);
    }
    for (size_t k = 0; k < means.size(); k++) {
      std::vector<size_t> rest = means;
      rest.erase(rest.begin() + (long)k);
      sum += slope_[means[k] * N_ + I] * Derivative(by, rest);
    }
    return sum;
  }
  double Kappa(size_t I, size_t J, size_t K, size_t L) const {
    const size_t D = p_.D, i = I / D, j = J / D, k = K / D, l = L / D;
    const size_t a = I % D, b = J % D, c = K % D, d = L % D;
    return (i == j && k == l ? p_.Vertex(a, b, c, d) : 0) +
           (i == k && j == l ? p_.Vertex(a, c, b, d) : 0) +
           (i == l && j == k ? p_.Vertex(a, d, b, c) : 0);
  }
  // sum over indices of G/2 and kappa/24 with what f says of lists of derivatives.
  template <class F>
  double Sum(F f) const {
    double sum = 0;
    for (size_t I = 0; I < N_; I++)
      for (size_t J = 0; J < N_; J++) {
        if (I / p_.D == J / p_.D)
          sum += 0.5 * p_.G1[(I % p_.D) * p_.D + J % p_.D] * f(std::vector<size_t>{I, J});
        for (size_t K = 0; K < N_; K++)
          for (size_t L = 0; L < N_; L++) {
            const double kappa = Kappa(I, J, K, L);
            if (kappa != 0) sum += kappa / 24 * f(std::vector<size_t>{I, J, K, L});
          }
      }
    return sum;
  }
  double Evidence() const {
    return Sum([&](const std::vector<size_t> &by) { return Derivative(by, {}); });
  }
  // int z_N D.. N dz: a derivative by z_N takes the factor away, with a minus.
  double Numerator(size_t N) const {
    return Sum([&](const std::vector<size_t> &by) {
      double sum = Derivative(by, {N});
      for (size_t k = 0; k < by.size(); k++)
        if (by[k] == N) sum -= Derivative(Without(by, k), {});
      return sum;
    });
  }
  double Second(size_t N, size_t M) const {
    const double c0 = Prior(N, M);
    return Sum([&](const std::vector<size_t> &by) {
      double sum = Derivative(by, {N, M}) + c0 * Derivative(by, {});
      for (size_t k = 0; k < by.size(); k++) {
        const std::vector<size_t> rest = Without(by, k);
        if (by[k] == N) sum -= Derivative(rest, {M});
        if (by[k] == M) sum -= Derivative(rest, {N});
        for (size_t l = 0; l < rest.size(); l++)
          if (by[k] == N && rest[l] == M) sum += Derivative(Without(rest, l), {});
      }
      return sum;
    });
  }
  // Covariance at infinite width.
  double Prior(size_t N, size_t M) const {
    const size_t D = p_.D;
    if (N / D != M / D) return 0;
    double c = p_.K[(N % D) * D + M % D];
    for (size_t b = 0; b < p_.A; b++) c -= slope_[N * N_ + (N / D) * D + b] * p_.K[b * D + M % D];
    return c;
  }
  double mean(size_t N) const { return mean_[N]; }

 private:
  static std::vector<size_t> Without(const std::vector<size_t> &list, size_t k) {
    std::vector<size_t> rest = list;
    rest.erase(rest.begin() + (long)k);
    return rest;
  }
  const Problem &p_;
  size_t N_;
  List pair_, slope_, u_, mean_;
};

}  // namespace

TEST(Posterior, BruteForceOverCombinedIndices) {
  const struct {
    size_t D, A, n;
    double noise;
  } cases[] = {{1, 1, 1, 0}, {2, 1, 2, 0.3}, {3, 2, 1, 0}, {2, 2, 2, 0.1}, {3, 2, 2, 0.2}};
  for (const auto &c : cases) {
    const Problem p(c.D, c.A, c.n, c.noise, 11);
    const Brute brute(p);
    const double Z1 = brute.Evidence();
    const size_t N = p.Count();
    EXPECT_NEAR(p.out.log, Z1, 1e-11 * (1 + std::fabs(Z1)));
    for (size_t I = 0; I < N; I++) {
      const double m1 = brute.Numerator(I) - brute.mean(I) * Z1;
      EXPECT_NEAR(p.out.z_lo[I], brute.mean(I), 1e-12);
      EXPECT_NEAR(p.out.z[I], m1, 1e-10 * (1 + std::fabs(m1))) << I;
      for (size_t J = 0; J <= I; J++) {
        const double m1J = brute.Numerator(J) - brute.mean(J) * Z1;
        const double second = brute.Prior(I, J) + brute.mean(I) * brute.mean(J);
        const double c1 =
            brute.Second(I, J) - second * Z1 - brute.mean(I) * m1J - brute.mean(J) * m1;
        EXPECT_NEAR(p.out.cov_lo[I * N + J], brute.Prior(I, J), 1e-12);
        EXPECT_NEAR(p.out.cov[I * N + J], c1, 1e-10 * (1 + std::fabs(c1))) << I << " " << J;
        EXPECT_NEAR(p.out.cov[J * N + I], c1, 1e-10 * (1 + std::fabs(c1))) << I << " " << J;
      }
    }
  }
}

// --- Finite differences ---

namespace {

// log w, mean and covariance (equal outputs) as functions of the kernel.
struct Functions {
  double l;
  List m, C;
};

Functions At(const Problem &p, const List &K) {
  List S(p.A * p.A), G(p.A * p.A);
  for (size_t a = 0; a < p.A; a++)
    for (size_t b = 0; b < p.A; b++) S[a * p.A + b] = K[a * p.D + b] + (a == b ? p.noise : 0);
  EXPECT_EQ(pdlt_cholesky(p.A, S.data(), G.data(), nullptr), PDLT_OK);
  const List P = Inverse(S, p.A);
  Functions f = {0, List(p.n * p.D, 0), K};
  for (size_t i = 0; i < p.n; i++)
    for (size_t a = 0; a < p.A; a++) {
      f.l -= std::log(G[a * p.A + a]) + 0.5 * std::log(2 * M_PI);
      for (size_t b = 0; b < p.A; b++) {
        f.l -= 0.5 * p.y[a * p.n + i] * P[a * p.A + b] * p.y[b * p.n + i];
        for (size_t mu = 0; mu < p.D; mu++)
          f.m[i * p.D + mu] += K[mu * p.D + a] * P[a * p.A + b] * p.y[b * p.n + i];
      }
    }
  for (size_t mu = 0; mu < p.D; mu++)
    for (size_t nu = 0; nu < p.D; nu++)
      for (size_t a = 0; a < p.A; a++)
        for (size_t b = 0; b < p.A; b++)
          f.C[mu * p.D + nu] -= K[mu * p.D + a] * P[a * p.A + b] * K[b * p.D + nu];
  return f;
}

List Moved(const List &K, const List &by, double t) {
  List x = K;
  for (size_t i = 0; i < K.size(); i++) x[i] += t * by[i];
  return x;
}

// First and second derivative along a direction, from five points.
template <class F>
std::pair<double, double> Along(F f) {
  const double t = 2e-3, a = f(-2 * t), b = f(-t), c = f(0), d = f(t), e = f(2 * t);
  return {(a - 8 * b + 8 * d - e) / (12 * t), (-a + 16 * b - 30 * c + 16 * d - e) / (12 * t * t)};
}

}  // namespace

TEST(Posterior, FiniteDifferencesAlongTheKernel) {
  const Problem p(3, 2, 2, 0.4, 3);
  const size_t D = p.D;
  double l1 = 0, last = 0;
  List m1(p.n * D, 0), m_last(p.n * D, 0), J = p.G1;
  List c1(p.n * D * p.n * D, 0);
  const auto l_of = [&](const List &by) {
    return Along([&](double t) { return At(p, Moved(p.K, by, t)).l; });
  };
  const auto m_of = [&](const List &by, size_t k) {
    return Along([&](double t) { return At(p, Moved(p.K, by, t)).m[k]; });
  };
  const auto C_of = [&](const List &by, size_t k) {
    return Along([&](double t) { return At(p, Moved(p.K, by, t)).C[k]; });
  };
  l1 = l_of(p.G1).first;
  for (size_t k = 0; k < p.n * D; k++) m1[k] = m_of(p.G1, k).first;
  for (size_t i = 0; i < p.n; i++)
    for (size_t k = 0; k < D * D; k++)
      c1[((i * D + k / D) * p.n + i) * D + k % D] = C_of(p.G1, k).first;
  for (size_t r = 0; r < p.v.size(); r++) {
    const double s = p.sign[r];
    const auto [dl, ddl] = l_of(p.v[r]);
    l1 += 0.5 * s * (ddl + dl * dl);
    List dm(p.n * D);
    for (size_t k = 0; k < p.n * D; k++) {
      const auto [first, second] = m_of(p.v[r], k);
      m_last[k] += 0.5 * s * second;
      m1[k] += 0.5 * s * second + s * first * dl;
      dm[k] = first;
    }
    for (size_t k = 0; k < D * D; k++) {
      const auto [first, second] = C_of(p.v[r], k);
      for (size_t i = 0; i < p.n; i++)
        c1[((i * D + k / D) * p.n + i) * D + k % D] += 0.5 * s * second + s * first * dl;
      J[k] += s * p.v[r][k] * dl;
    }
    for (size_t I = 0; I < p.n * D; I++)  // covariance of the means
      for (size_t Q = 0; Q < p.n * D; Q++) c1[I * p.n * D + Q] += s * dm[I] * dm[Q];
    last += s;
  }
  EXPECT_NEAR(last, 0.8, 1e-12);
  EXPECT_NEAR(p.out.log_lo, At(p, p.K).l, 1e-12);
  EXPECT_NEAR(p.out.log, l1, 1e-6 * (1 + std::fabs(l1)));
  for (size_t k = 0; k < p.n * D; k++) {
    const double g = m_of(p.G1, k).first;
    EXPECT_NEAR(p.out.z[k], m1[k], 1e-6) << k;
    EXPECT_NEAR(p.out.last_z[k], g + m_last[k], 1e-6) << k;
    EXPECT_NEAR(p.out.parts[k], g, 1e-6) << k;
    EXPECT_NEAR(p.out.parts[p.n * D + k], m_last[k], 1e-6) << k;
  }
  for (size_t k = 0; k < D * D; k++) EXPECT_NEAR(p.out.kernel[k], J[k], 1e-6) << k;
  for (size_t k = 0; k < p.n * D * p.n * D; k++) EXPECT_NEAR(p.out.cov[k], c1[k], 1e-6) << k;
}

// --- Identities ---

namespace {

// Exact derivatives of polynomials of degree 4.
template <class F>
double Slope(F f) {
  const double t = 0.5;
  return (f(-2 * t) - 8 * f(-t) + 8 * f(t) - f(2 * t)) / (12 * t);
}

}  // namespace

// E[z|y] = y + s2 dlogZ/dy and Cov[z|y] = s2 + s2^2 d^2 logZ/dy dy on training samples, at both orders.
TEST(Posterior, MeanAndCovarianceAreDerivativesOfTheEvidence) {
  Problem p(3, 2, 2, 0.3, 5);
  const List y = p.y, z_lo(p.out.z_lo, p.out.z_lo + 6), z(p.out.z, p.out.z + 6);
  const List c_lo(p.out.cov_lo, p.out.cov_lo + 36), c(p.out.cov, p.out.cov + 36);
  const auto with = [&](size_t a, size_t i, double t) -> const pdlt_inference & {
    p.y = y;
    p.y[a * p.n + i] += t;
    p.Solve();
    return p.out;
  };
  for (size_t i = 0; i < p.n; i++)
    for (size_t a = 0; a < p.A; a++) {
      const double lo = Slope([&](double t) { return with(a, i, t).log_lo; });
      const double first = Slope([&](double t) { return with(a, i, t).log; });
      EXPECT_NEAR(z_lo[i * p.D + a], y[a * p.n + i] + p.noise * lo, 1e-12);
      EXPECT_NEAR(z[i * p.D + a], p.noise * first, 1e-11);
      for (size_t j = 0; j < p.n; j++)
        for (size_t b = 0; b < p.A; b++) {
          const size_t at = p.Count() * (j * p.D + b) + i * p.D + a;
          // the covariance is s2 times the slope of the mean
          const double m0 = Slope([&](double t) { return with(a, i, t).z_lo[j * p.D + b]; });
          const double m1 = Slope([&](double t) { return with(a, i, t).z[j * p.D + b]; });
          EXPECT_NEAR(c_lo[at], p.noise * m0, 1e-12);
          EXPECT_NEAR(c[at], p.noise * m1, 1e-11);
        }
    }
}

TEST(Posterior, OutputsMayBeRotated) {
  Problem p(3, 2, 2, 0.2, 7);
  const List y = p.y, z(p.out.z, p.out.z + 6), c(p.out.cov, p.out.cov + 36);
  const double log = p.out.log, cosine = 0.6, sine = 0.8;
  for (size_t a = 0; a < p.D; a++) {
    p.y[a * 2] = cosine * y[a * 2] - sine * y[a * 2 + 1];
    p.y[a * 2 + 1] = sine * y[a * 2] + cosine * y[a * 2 + 1];
  }
  p.Solve();
  const double O[2][2] = {{cosine, -sine}, {sine, cosine}};
  EXPECT_NEAR(p.out.log, log, 1e-12 * std::fabs(log));
  for (size_t i = 0; i < 2; i++)
    for (size_t mu = 0; mu < 3; mu++) {
      EXPECT_NEAR(p.out.z[i * 3 + mu], O[i][0] * z[mu] + O[i][1] * z[3 + mu], 1e-12);
      for (size_t j = 0; j < 2; j++)
        for (size_t nu = 0; nu < 3; nu++) {
          double turned = 0;
          for (size_t k = 0; k < 2; k++)
            for (size_t l = 0; l < 2; l++)
              turned += O[i][k] * O[j][l] * c[((k * 3 + mu) * 2 + l) * 3 + nu];
          EXPECT_NEAR(p.Cov(p.out.cov, i, mu, j, nu), turned, 1e-12);
        }
    }
}

// Without noise the network passes through the targets: no mean, no variance is left, exactly.
TEST(Posterior, WithoutNoiseTrainingSamplesAreKnown) {
  const Problem p(3, 2, 2, 0, 9);
  for (size_t i = 0; i < p.n; i++)
    for (size_t a = 0; a < p.A; a++) {
      EXPECT_EQ(p.out.z_lo[i * p.D + a], p.y[a * p.n + i]);
      EXPECT_EQ(p.out.z[i * p.D + a], 0);
      for (size_t J = 0; J < p.Count(); J++) {
        EXPECT_EQ(p.out.cov_lo[(i * p.D + a) * p.Count() + J], 0);
        EXPECT_EQ(p.out.cov[(i * p.D + a) * p.Count() + J], 0);
      }
    }
}

// For targets drawn from the infinite-width prior E[Z/Z_inf] = 1: the mean of l1 is 0, by exact quadrature of
// its moments (two training samples, one output).
TEST(Posterior, EvidenceIsZeroOnAverageOverThePrior) {
  Problem p(2, 2, 1, 0.3, 13);
  const double s11 = p.K[0] + p.noise, s12 = p.K[1], s22 = p.K[3] + p.noise;
  const double nodes[] = {-2.8569700138728056, -1.3556261799742659, 0, 1.3556261799742659,
                          2.8569700138728056};
  const double weights[] = {0.011257411327720689, 0.22207592200561264, 0.53333333333333333,
                            0.22207592200561264, 0.011257411327720689};
  double mean = 0, square = 0;
  for (int i = 0; i < 5; i++)
    for (int j = 0; j < 5; j++) {
      const double root = std::sqrt(s11);
      p.y[0] = root * nodes[i];
      p.y[1] = s12 / root * nodes[i] + std::sqrt(s22 - s12 * s12 / s11) * nodes[j];
      p.Solve();
      mean += weights[i] * weights[j] * p.out.log;
      square += weights[i] * weights[j] * p.out.log * p.out.log;
    }
  EXPECT_GT(square, 0.1);
  EXPECT_NEAR(mean, 0, 1e-11);
}

TEST(Posterior, TermsAddUp) {
  Problem p(3, 2, 2, 0.3, 17);
  pdlt_posterior_factors factors = pdlt_posterior_factors_all();
  const size_t count = p.Count();
  pdlt_inference without = {};
  p.in.factors = &factors;
  factors.factor[PDLT_POSTERIOR_LEARNING] = 0;  // what only the last layer would do
  ASSERT_EQ(pdlt_inference_new(&without, &p.in, 0, nullptr), PDLT_OK);
  for (size_t k = 0; k < count; k++) {
    EXPECT_EQ(without.z[k], without.last_z[k]);
    EXPECT_EQ(without.z[k], p.out.last_z[k]);
    EXPECT_NEAR(p.out.z[k], p.out.parts[k] + p.out.parts[count + k] + p.out.parts[2 * count + k],
                1e-13);
  }
  for (size_t k = 0; k < count * count; k++) EXPECT_EQ(without.cov[k], p.out.last_cov[k]);
  for (size_t k = 0; k < p.D * p.D; k++) EXPECT_EQ(without.kernel[k], p.G1[k]);
  pdlt_inference_free(&without);
  factors = pdlt_posterior_factors_all();
  factors.factor[PDLT_POSTERIOR_WIRING] = 0;  // outputs do not know of each other
  ASSERT_EQ(pdlt_inference_new(&without, &p.in, 0, nullptr), PDLT_OK);
  EXPECT_EQ(p.Cov(without.cov, 0, 2, 1, 2), 0);
  EXPECT_NE(p.Cov(p.out.cov, 0, 2, 1, 2), 0);
  pdlt_inference_free(&without);
  factors = pdlt_posterior_factors_all();
  for (pdlt_posterior_term t : {PDLT_POSTERIOR_KERNEL, PDLT_POSTERIOR_VERTEX,
                                PDLT_POSTERIOR_LEARNING, PDLT_POSTERIOR_WIRING})
    factors.factor[t] = 0;
  ASSERT_EQ(pdlt_inference_new(&without, &p.in, 0, nullptr), PDLT_OK);
  EXPECT_EQ(without.log, 0);
  for (size_t k = 0; k < count * count; k++) EXPECT_EQ(without.cov[k], 0);
  pdlt_inference_free(&without);
}

TEST(Posterior, Refusals) {
  Problem p(3, 2, 1, 0, 19);
  pdlt_inference out = {};
  pdlt_error err = {};
  p.K[1] = p.K[3] = p.K[4] = p.K[0];  // equal training samples
  p.K[5] = p.K[7] = p.K[2];
  EXPECT_EQ(pdlt_inference_new(&out, &p.in, 1e-15, &err), PDLT_ERR_INPUT);
  EXPECT_NE(std::string(err.message).find("is singular"), std::string::npos);
  EXPECT_EQ(out.storage, nullptr);
  p.in.noise = 0.1;  // with noise two targets of one sample are as good as their mean
  ASSERT_EQ(pdlt_inference_new(&out, &p.in, 1e-15, &err), PDLT_OK) << err.message;
  EXPECT_NEAR(out.z_lo[0], out.z_lo[1], 1e-14);
  pdlt_inference_free(&out);
  for (long calls = 0; calls < 3; calls++) {
    pdlt_memory_fail_after(calls);
    EXPECT_EQ(pdlt_inference_new(&out, &p.in, 1e-15, &err), PDLT_ERR_MEMORY) << calls;
    pdlt_memory_fail_after(-1);
    EXPECT_EQ(out.storage, nullptr);
  }
}
