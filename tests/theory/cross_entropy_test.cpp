// Training on cross-entropy at infinite width: averages over z(0) against plain loops and closed forms.
#include "theory/infinite/cross_entropy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "base/core/softmax.h"
#include "theory/infinite/gaussian_rule.h"

namespace {

using Array = std::vector<double>;

// Kernels of D samples, and probabilities as targets.
struct Problem {
  size_t D, A, n;
  Array K, theta, y;
  double eta = 0.4;
  Array times = {0, 1, 5, 12};
  pdlt_training_input training = {};
  pdlt_cross_entropy_input in = {};

  Problem(size_t samples, size_t train, size_t outputs, unsigned seed)
      : D(samples), A(train), n(outputs), K(D * D), theta(D * D), y(D * n) {
    std::mt19937 gen(seed);
    std::normal_distribution<double> normal;
    Array g(D * (D + 2)), f(D * (D + 2));
    for (double &x : g) x = normal(gen);
    for (double &x : f) x = normal(gen);
    for (size_t d = 0; d < D; d++)
      for (size_t e = 0; e < D; e++)
        for (size_t k = 0; k < D + 2; k++) {
          K[d * D + e] += g[d * (D + 2) + k] * g[e * (D + 2) + k] / (double)(D + 2);
          theta[d * D + e] += (g[d * (D + 2) + k] * g[e * (D + 2) + k] +
                               0.5 * f[d * (D + 2) + k] * f[e * (D + 2) + k]) /
                              (double)(D + 2);
        }
    for (size_t d = 0; d < D; d++) {
      double sum = 0;
      for (size_t i = 0; i < n; i++)
        sum += y[d * n + i] = d % 2 == 0 ? i == d % n : std::fabs(normal(gen));
      for (size_t i = 0; i < n; i++) y[d * n + i] /= sum;
    }
  }

  const pdlt_cross_entropy_input *input(int threads = 1, size_t max_points = 0) {
    training.D = D;
    training.A = A;
    training.outputs = n;
    training.K = K.data();
    training.theta = theta.data();
    training.y = y.data();
    training.eta = eta;
    in.training = &training;
    in.num_times = times.size();
    in.times = times.data();
    in.with_cov = 1;
    in.threads = threads;
    in.max_points = max_points;
    return &in;
  }
};

struct Mean {
  pdlt_cross_entropy_mean m = {};
  explicit Mean(const pdlt_cross_entropy_input *in) {
    EXPECT_EQ(pdlt_cross_entropy_new(&m, in, nullptr), PDLT_OK);
  }
  ~Mean() { pdlt_cross_entropy_free(&m); }
  Mean(const Mean &) = delete;
};

// One z(0) (D, n) with covariance K.
Array Start(const Problem &p, std::mt19937 &gen) {
  std::normal_distribution<double> normal;
  Array G(p.D * p.D), z(p.D * p.n);
  for (size_t i = 0; i < p.D; i++)
    for (size_t j = 0; j <= i; j++) {
      double sum = p.K[i * p.D + j];
      for (size_t k = 0; k < j; k++) sum -= G[i * p.D + k] * G[j * p.D + k];
      G[i * p.D + j] = i == j ? std::sqrt(sum) : sum / G[j * p.D + j];
    }
  for (size_t k = 0; k < p.D; k++)
    for (size_t i = 0; i < p.n; i++) {
      const double u = normal(gen);
      for (size_t d = k; d < p.D; d++) z[d * p.n + i] += G[d * p.D + k] * u;
    }
  return z;
}

// Means, covariance and losses of draws by the plain loop, at the last time, with their standard errors.
void ExpectDraws(Problem &p, int draws, unsigned seed) {
  std::mt19937 gen(seed);
  const Mean mean(p.input(1, 256));
  const size_t q = p.n * p.D, t = p.times.size() - 1, D = p.D;
  Array s1(q), s2(q), l1(D), l2(D), c1(q * q), c2(q * q);
  const double *z_lo = mean.m.z + t * q;
  for (int k = 0; k < draws; k++) {
    Array z = Start(p, gen), x(q);
    ASSERT_EQ(pdlt_cross_entropy_steps(&p.training, (long)p.times[t], z.data(), nullptr), PDLT_OK);
    for (size_t d = 0; d < D; d++) {
      double lse = 0, loss = 0;
      for (size_t i = 0; i < p.n; i++) lse += std::exp(z[d * p.n + i]);
      for (size_t i = 0; i < p.n; i++) loss -= p.y[d * p.n + i] * (z[d * p.n + i] - std::log(lse));
      l1[d] += loss / draws;
      l2[d] += loss * loss / draws;
      for (size_t i = 0; i < p.n; i++) x[i * D + d] = z[d * p.n + i] - z_lo[i * D + d];
    }
    for (size_t a = 0; a < q; a++) {
      s1[a] += x[a] / draws;
      s2[a] += x[a] * x[a] / draws;
      for (size_t b = 0; b < q; b++) {
        c1[a * q + b] += x[a] * x[b] / draws;
        c2[a * q + b] += x[a] * x[b] * x[a] * x[b] / draws;
      }
    }
  }
  for (size_t a = 0; a < q; a++)
    EXPECT_LT(std::fabs(s1[a]), 4.5 * std::sqrt(s2[a] / draws) + mean.m.err_z) << a;
  for (size_t d = 0; d < D; d++)
    EXPECT_LT(std::fabs(l1[d] - mean.m.loss[t * D + d]),
              4.5 * std::sqrt((l2[d] - l1[d] * l1[d]) / draws) + mean.m.err_loss)
        << d;
  for (size_t a = 0; a < q * q; a++)
    EXPECT_LT(std::fabs(c1[a] - mean.m.cov[t * q * q + a]),
              5 * std::sqrt((c2[a] - c1[a] * c1[a]) / draws) + mean.m.err_cov)
        << a;
}

double Largest(const double *x, const double *y, size_t count) {
  double most = 0;
  for (size_t k = 0; k < count; k++) most = std::fmax(most, std::fabs(x[k] - y[k]));
  return most;
}

}  // namespace

TEST(Softmax, IsNormalizedAndNeverOverflows) {
  const double z[] = {1, -2, 0.5}, far[] = {1e4, 0, -1e4}, y[] = {0.2, 0.5, 0.3};
  double p[3], shifted[3], q[6];
  const double lse = pdlt_softmax(3, z, 1, p, 1), sum = std::exp(1) + std::exp(-2) + std::exp(0.5);
  EXPECT_NEAR(lse, std::log(sum), 1e-15);
  for (int i = 0; i < 3; i++) EXPECT_NEAR(p[i], std::exp(z[i]) / sum, 1e-15);
  for (int i = 0; i < 3; i++) shifted[i] = z[i] + 700;
  EXPECT_NEAR(pdlt_softmax(3, shifted, 1, q, 2), lse + 700, 1e-12);
  for (int i = 0; i < 3; i++) EXPECT_NEAR(q[2 * i], p[i], 1e-15);
  EXPECT_EQ(pdlt_softmax(3, far, 1, p, 1), 1e4);
  EXPECT_EQ(p[0], 1);
  EXPECT_EQ(p[2], 0);
  EXPECT_NEAR(pdlt_cross_entropy(3, z, 1, y, 1), lse - (0.2 * 1 - 0.5 * 2 + 0.3 * 0.5), 1e-15);
  const double sure[] = {40, 0}, first[] = {1, 0};
  EXPECT_NEAR(pdlt_cross_entropy(2, sure, 1, first, 1), std::exp(-40), 1e-32); /* no cancellation */
}

TEST(GaussianRule, AveragesPolynomials) {
  for (size_t dims = 1; dims <= 5; dims++) {
    pdlt_gaussian_rule rule = {};
    ASSERT_EQ(pdlt_gaussian_rule_new(&rule, dims, 1, nullptr), PDLT_OK);
    EXPECT_EQ(rule.grid, dims <= 3);
    Array u(dims);
    for (size_t r = 0; r < rule.replicas; r++) {
      double weight = 0, second = 0, fourth = 0;
      for (size_t k = 0; k < (rule.grid ? rule.points : 1 << 14); k++) {
        const double w = pdlt_gaussian_rule_point(&rule, r, k, u.data());
        weight += w;
        second += w * u[0] * u[dims - 1];
        fourth += w * u[0] * u[0] * u[dims - 1] * u[dims - 1];
      }
      const double bar = rule.grid ? 1e-12 : 2e-2;
      EXPECT_NEAR(second / weight, dims == 1, bar);
      EXPECT_NEAR(fourth / weight, dims == 1 ? 3 : 1, 3 * bar);
    }
    pdlt_gaussian_rule_free(&rule);
  }
}

TEST(CrossEntropy, MeansAreThoseOfDraws) {
  for (const auto &s : std::vector<std::vector<size_t>>{{3, 2, 2}, {4, 2, 3}, {2, 2, 2}}) {
    Problem p(s[0], s[1], s[2], (unsigned)(s[0] + 10 * s[2]));
    ExpectDraws(p, 6000, 5);
  }
}

// One training sample of two outputs: the logit d = z_1 - z_2 obeys d <- d - 2 eta Theta (p(d) - y_1).
TEST(CrossEntropy, OneSampleIsOneIntegral) {
  Problem p(1, 1, 2, 3);
  const Mean mean(p.input());
  const double h = 0.01, k = p.K[0], theta = p.theta[0];
  for (size_t t = 0; t < p.times.size(); t++) {
    double first = 0, loss = 0, square = 0;
    for (double x = -9; x <= 9; x += h) {
      const double w = h * std::exp(-x * x / 2) / std::sqrt(2 * M_PI), start = std::sqrt(2 * k) * x;
      double d = start;
      for (int s = 0; s < (int)p.times[t]; s++)
        d -= 2 * p.eta * theta * (1 / (1 + std::exp(-d)) - p.y[0]);
      first += w * d;
      square += w * d * d;
      loss += w * (p.y[0] * std::log1p(std::exp(-d)) + p.y[1] * std::log1p(std::exp(d)));
    }
    const double *z = mean.m.z + 2 * t, *c = mean.m.cov + 4 * t;
    EXPECT_NEAR(z[0] - z[1], first, 1e-11);
    EXPECT_NEAR(z[0] + z[1], 0, 1e-14); /* what outputs have in common does not move */
    EXPECT_NEAR(c[0] - c[1] - c[2] + c[3], square - first * first, 1e-10);
    EXPECT_NEAR(c[0] + c[1] + c[2] + c[3], 2 * k, 1e-12);
    EXPECT_NEAR(mean.m.loss[t], loss, 1e-11);
  }
  EXPECT_LT(mean.m.err_z, 1e-9);
}

// More points say the same as few, within both errors.
TEST(CrossEntropy, RulesAgreeWithinTheirErrors) {
  Problem p(2, 2, 3, 8); /* four dimensions: lattices */
  const Mean all(p.input(1, 512)), few(p.input(1, 64));
  EXPECT_GT(few.m.err_z, all.m.err_z);
  EXPECT_LT(Largest(all.m.z, few.m.z, 4 * 6), all.m.err_z + few.m.err_z);
  EXPECT_LT(Largest(all.m.loss, few.m.loss, 4 * 2), all.m.err_loss + few.m.err_loss);
  EXPECT_LT(Largest(all.m.cov, few.m.cov, 4 * 36), all.m.err_cov + few.m.err_cov);
  EXPECT_LT(all.m.err_z, 1e-3);
  for (size_t t = 0; t < 4; t++) {
    EXPECT_NEAR(all.m.total[t], all.m.loss[2 * t] + all.m.loss[2 * t + 1], 1e-13);
    EXPECT_EQ(all.m.total[4 + t], 0);
  }
  for (size_t i = 0; i < 6; i++) /* the start is exact */
    for (size_t j = 0; j < 6; j++)
      EXPECT_NEAR(all.m.cov[i * 6 + j], i / 2 == j / 2 ? p.K[i % 2 * 2 + j % 2] : 0, 1e-14);
}

// E[softmax(z(0))] is the same for all outputs.
TEST(CrossEntropy, FirstStepIsTheGradientAtTheStart) {
  Problem p(3, 2, 2, 4);
  p.times = {0, 1};
  p.eta = 1e-4;
  const Mean mean(p.input());
  for (size_t d = 0; d < p.D; d++)
    for (size_t i = 0; i < 2; i++) { /* E[p] = 1/2 by symmetry */
      double step = 0;
      for (size_t a = 0; a < p.A; a++)
        step -= p.eta * p.theta[d * p.D + a] * (0.5 - p.y[a * 2 + i]);
      EXPECT_NEAR(mean.m.z[6 + i * 3 + d], step, 1e-15);
    }
}

TEST(CrossEntropy, BatchOfAllIsAllAndOneIsAnother) {
  Problem p(3, 2, 2, 6);
  p.training.batch = 2;
  const Mean all(p.input());
  p.training.batch = 0;
  const Mean none(p.input());
  EXPECT_EQ(Largest(all.m.z, none.m.z, 24), 0);
  p.training.batch = 1;
  p.times = {1};
  const Mean one(p.input());
  for (size_t d = 0; d < 3; d++) /* the first sample alone has moved */
    EXPECT_NEAR(one.m.z[d], -p.eta * p.theta[d * 3] * (0.5 - p.y[0]), 1e-12);
}

TEST(CrossEntropy, ThreadsDoNotMoveABit) {
  Problem p(4, 3, 3, 2);
  p.times = {0, 3};
  const Mean one(p.input(1, 64)), two(p.input(2, 64)), five(p.input(5, 64));
  const size_t size = 2 * (12 + 4 + 2 + 144);
  EXPECT_EQ(Largest(one.m.storage, two.m.storage, size), 0);
  EXPECT_EQ(Largest(one.m.storage, five.m.storage, size), 0);
}

// Two equal training samples, of which K_AA is singular; no training samples; errors of K and Theta.
TEST(CrossEntropy, EdgesAndErrors) {
  Problem p(3, 2, 2, 9);
  for (size_t d = 0; d < 3; d++)
    for (Array *m : {&p.K, &p.theta}) (*m)[3 + d] = (*m)[d];
  for (size_t d = 0; d < 3; d++)
    for (Array *m : {&p.K, &p.theta}) (*m)[d * 3 + 1] = (*m)[d * 3];
  const Mean same(p.input());
  for (size_t t = 0; t < 4; t++) EXPECT_NEAR(same.m.z[t * 6], same.m.z[t * 6 + 1], 1e-14);
  Array error(9, 1e-7);
  p.training.err_K = p.training.err_theta = error.data();
  const Mean doubtful(p.input());
  EXPECT_GT(doubtful.m.err_z, same.m.err_z + 1e-8);
  EXPECT_LT(doubtful.m.err_z, 1e-4);
  for (double &x : p.theta) x += 1e-7;
  const Mean moved(p.input());
  EXPECT_LT(Largest(moved.m.z, same.m.z, 24), doubtful.m.err_z);
  p.eta = 0;
  pdlt_cross_entropy_mean none = {};
  pdlt_error err = {};
  EXPECT_EQ(pdlt_cross_entropy_new(&none, p.input(), &err), PDLT_ERR_INPUT);
}
