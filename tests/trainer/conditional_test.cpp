// Gaussian means of all pairs against the adaptive rule, where series suffice, where they do not, and at
// kernels that are singular.
#include "trainer/control/conditional.h"

#include <gtest/gtest.h>

#include "tests/trainer/support.h"
#include "trainer/control/pair_mean.h"

using namespace trainer_test;

namespace {

const std::vector<const char *> kActivations = {"tanh",
                                                "sin",
                                                "erf",
                                                "gelu",
                                                "relu",
                                                "swish",
                                                "leaky_relu(0.1)",
                                                "sigmoid",
                                                "linear",
                                                "softplus",
                                                "polynomial(0.1,1,0.2,0.1)"};

struct Means {
  Means(const char *activation, size_t samples, double largest) : ex(yaml_of(activation)) {
    pdlt_error err = {};
    if (pdlt_conditional_new(&c, &ex.c.network.activation, samples, largest, &err) != PDLT_OK)
      throw std::runtime_error(err.message);
  }
  ~Means() { pdlt_conditional_free(&c); }
  Means(const Means &) = delete;
  static std::string yaml_of(const char *activation) {
    Settings s;
    s.activation = activation;
    return yaml(s);
  }
  // Both means of every pair of a kernel, and what the adaptive rule says.
  void expect_right(const std::vector<double> &kernel) {
    const size_t D = c.samples, P = D * (D + 1) / 2;
    std::vector<double> packed, value(P), slope(P);
    for (size_t a = 0; a < D; a++)
      for (size_t b = a; b < D; b++) packed.push_back(kernel[a * D + b]);
    double *const mean[2] = {value.data(), slope.data()};
    ASSERT_EQ(pdlt_conditional_means(&c, packed.data(), mean, nullptr), PDLT_OK);
    for (size_t a = 0, p = 0; a < D; a++)
      for (size_t b = a; b < D; b++, p++) {
        const double aa = kernel[a * D + a], ab = kernel[a * D + b], bb = kernel[b * D + b];
        const double root = std::sqrt(aa), along = aa > 0 ? ab / root : 0;
        const double g[3] = {root, along, std::sqrt(std::fmax(0, bb - along * along))};
        double expected[2];
        int known;
        ASSERT_EQ(pdlt_pair_mean(&ex.c.network.activation, g, expected, &known, nullptr), PDLT_OK);
        const double size = 1 + aa + bb;
        EXPECT_NEAR(value[p], expected[0], 2e-10 * size) << aa << " " << ab << " " << bb;
        if (a != b && ab * ab > (1 - 1e-12) * aa * bb) continue; /* a slope's kink, to rounding */
        EXPECT_NEAR(slope[p], expected[1], 2e-10 * size) << aa << " " << ab << " " << bb;
      }
  }
  Experiment ex;
  pdlt_conditional c = {};
};

// X X^T of random rows, the last of them a copy and the one before its negative.
std::vector<double> kernel_of(size_t D, double scale, unsigned seed) {
  std::mt19937_64 gen(seed);
  std::normal_distribution<double> normal;
  std::vector<double> x(D * 3), k(D * D);
  for (double &v : x) v = std::sqrt(scale / 3) * normal(gen);
  for (size_t i = 0; i < 3; i++) x[(D - 2) * 3 + i] = -(x[(D - 1) * 3 + i] = x[i]);
  for (size_t a = 0; a < D; a++)
    for (size_t b = 0; b < D; b++)
      for (size_t i = 0; i < 3; i++) k[a * D + b] += x[a * 3 + i] * x[b * 3 + i];
  return k;
}

}  // namespace

TEST(TrainerConditional, AllPairsAreThoseOfTheAdaptiveRule) {
  for (const char *activation : kActivations) {
    SCOPED_TRACE(activation);
    Means means(activation, 6, 1.5);
    EXPECT_EQ(means.c.reaches, 1);
    for (unsigned seed = 1; seed <= 2; seed++) means.expect_right(kernel_of(6, 0.5, seed));
  }
}

// Kernels far beyond what the series were made for, and a sample without variance.
TEST(TrainerConditional, WhereSeriesDoNotSufficeTheRuleTakesOver) {
  for (const char *activation : {"tanh", "gelu", "sin", "relu"}) {
    SCOPED_TRACE(activation);
    Means means(activation, 4, 0.1);
    EXPECT_EQ(means.c.reaches, 1);
    auto kernel = kernel_of(4, 6, 5);
    means.expect_right(kernel);
    for (size_t a = 0; a < 4; a++) kernel[a] = kernel[a * 4] = 0;
    means.expect_right(kernel);
  }
  Means far("tanh", 2, 400);
  EXPECT_EQ(far.c.reaches, 0);
}
