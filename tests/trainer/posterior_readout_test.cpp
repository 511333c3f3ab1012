// What the targets say about one network: against a product of conditional Gaussians, and the root of kernels.
#include "trainer/posterior/readout.h"

#include "tests/trainer/support.h"
#include "trainer/posterior/prior.h"

using namespace trainer_test;

namespace {

// The samples of a readout, without the rest.
struct Targets {
  Targets(size_t train, size_t samples, size_t outputs, unsigned seed) : y(outputs * train) {
    std::mt19937_64 gen(seed);
    std::normal_distribution<double> normal;
    for (double &v : y) v = normal(gen);
    c.train = train;
    c.samples = samples;
    c.outputs = outputs;
    c.y_train = y.data();
  }
  std::vector<double> y;
  pdlt_samples c = {};
};

std::vector<double> random_kernel(size_t n, std::mt19937_64 &gen) {
  std::normal_distribution<double> normal;
  std::vector<double> b(n * (n + 2)), k(n * n);
  for (double &v : b) v = normal(gen);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++)
      for (size_t r = 0; r < n + 2; r++) k[i * n + j] += b[i * (n + 2) + r] * b[j * (n + 2) + r];
  return k;
}

struct Gaussian {
  double log_w = 0;
  std::vector<double> m, c;
};

// Samples are learned one after the other: each is a Gaussian given those before it, and changes mean and
// covariance of all by a product of two rows. No matrix is factorized.
Gaussian one_by_one(const Targets &t, const std::vector<double> &kernel, double noise) {
  const size_t D = t.c.samples, N = t.c.train, outputs = t.c.outputs;
  Gaussian g;
  g.m.resize(outputs * D);
  g.c = kernel;
  for (size_t a = 0; a < N; a++) {
    const double var = g.c[a * D + a] + noise;
    const std::vector<double> row(g.c.begin() + (long)(a * D), g.c.begin() + (long)((a + 1) * D));
    for (size_t i = 0; i < outputs; i++) {
      const double d = t.y[i * N + a] - g.m[i * D + a];
      g.log_w -= 0.5 * (d * d / var + std::log(2 * M_PI * var));
      for (size_t b = 0; b < D; b++) g.m[i * D + b] += row[b] * d / var;
    }
    for (size_t b = 0; b < D; b++)
      for (size_t c = 0; c < D; c++) g.c[b * D + c] -= row[b] * row[c] / var;
  }
  return g;
}

TEST(PosteriorReadout, IsLearningOneSampleAfterTheOther) {
  std::mt19937_64 gen(4);
  for (size_t N = 1; N <= 4; N++)
    for (size_t outputs = 1; outputs <= 3; outputs++)
      for (double noise : {0.0, 0.3}) {
        const size_t D = N + gen() % 3;
        Targets t(N, D, outputs, (unsigned)gen());
        const std::vector<double> kernel = random_kernel(D, gen);
        const Gaussian right = one_by_one(t, kernel, noise);
        pdlt_readout r = {};
        ASSERT_EQ(pdlt_readout_new(&r, &t.c, noise, nullptr), PDLT_OK);
        EXPECT_NEAR(pdlt_readout_weigh(&r, kernel.data(), 1), right.log_w, 1e-9);
        EXPECT_EQ(pdlt_readout_weigh(&r, kernel.data(), 0),
                  pdlt_readout_weigh(&r, kernel.data(), 1));
        for (size_t i = 0; i < outputs * D; i++) EXPECT_NEAR(r.m[i], right.m[i], 1e-9);
        for (size_t i = 0; i < D * D; i++) EXPECT_NEAR(r.c[i], right.c[i], 1e-9);
        for (size_t a = 0; a < N && noise == 0; a++) {  // exactly
          EXPECT_EQ(r.m[a], t.y[a]);
          for (size_t b = 0; b < D; b++) EXPECT_EQ(r.c[a * D + b], 0);
        }
        pdlt_readout_free(&r);
      }
}

TEST(PosteriorReadout, EqualSamplesNeedNoise) {
  Targets t(2, 2, 1, 3);
  const std::vector<double> kernel(4, 1.7);
  for (double noise : {0.0, 0.1}) {
    pdlt_readout r = {};
    ASSERT_EQ(pdlt_readout_new(&r, &t.c, noise, nullptr), PDLT_OK);
    EXPECT_EQ(std::isnan(pdlt_readout_weigh(&r, kernel.data(), 1)), noise == 0);
    pdlt_readout_free(&r);
  }
}

TEST(PosteriorPrior, RootOfAKernelWithOrWithoutZeroPivots) {
  std::mt19937_64 gen(9);
  for (size_t n = 1; n <= 5; n++)
    for (int repeat = 0; repeat < 4; repeat++) {
      std::vector<double> k = random_kernel(n, gen), root(n * n);
      const size_t a = gen() % n, b = gen() % n;  // sample b becomes sample a, or one becomes 0
      for (size_t i = 0; i < n; i++) k[b * n + i] = repeat == 3 ? 0 : k[a * n + i];
      for (size_t i = 0; i < n; i++) k[i * n + b] = repeat == 3 ? 0 : k[i * n + a];
      pdlt_semidefinite_root(n, k.data(), root.data());
      for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
          double x = 0;
          for (size_t r = 0; r < n; r++) x += root[i * n + r] * root[j * n + r];
          EXPECT_NEAR(x, k[i * n + j], 1e-12);
          if (j > i) {
            EXPECT_EQ(root[i * n + j], 0);
          }
        }
      const size_t zero = repeat == 3 ? b : std::max(a, b);  // the sample that brings nothing new
      if (repeat == 3 || a != b) {
        EXPECT_EQ(root[zero * (n + 1)], 0);
      }
    }
}

}  // namespace
