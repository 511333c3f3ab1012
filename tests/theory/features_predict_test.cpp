// Kernels of features and regression with them in the archive of an experiment: published numbers of the
// cube, networks that have to give 0 or equal kernels, and what is absent.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "tests/theory/predict_case.h"
#include "theory/infinite/training.h"

namespace {

const char *const kText = R"(network: {activation: tanh, depth: 2, widths: [16], C_b: 0.1, C_W: 1,
  lambda_b: 0.1, lambda_W: 1}
data: {source: gaussian, inputs: 3, train: 3, test: 2}
training: {eta: 0.1, steps: 5, record: [0, 2, 5]}
measure: [features]
)";

const char *const kKernels[] = {"k_E", "k_sharp", "secant", "midpoint"};
const char *const kAll[] = {"k", "k_E", "k_sharp", "secant", "midpoint"};

struct Case : NamedCase {
  explicit Case(std::vector<const char *> set) : NamedCase(kText, set) {}
};

double Largest(const std::vector<double> &x) {
  double most = 0;
  for (const double v : x) most = std::fmax(most, std::fabs(v));
  return most;
}

double Difference(const std::vector<double> &x, const std::vector<double> &y) {
  EXPECT_EQ(x.size(), y.size());
  double most = 0;
  for (size_t i = 0; i < x.size() && i < y.size(); i++)
    most = std::fmax(most, std::fabs(x[i] - y[i]));
  return most;
}

// Character S of the cube, bits of S, at corner `a`.
double Character(unsigned S, size_t a) { return __builtin_parity(S & (unsigned)a) ? -1 : 1; }

}  // namespace

TEST(FeaturesPredict, NamesShapesAndErrors) {
  Case c({"network.outputs=2"});
  c.Predict();
  for (const char *name : kKernels) {
    EXPECT_EQ(c.Shape(std::string(name) + "_nlo"), (std::vector<size_t>{3, 2, 5, 2, 5}));
    EXPECT_EQ(c.Shape(std::string(name) + "_end_nlo"), (std::vector<size_t>{2, 5, 2, 5}));
  }
  for (const char *name : kAll)
    for (const char *end : {"", "_end"}) {
      const std::string full = std::string("deviation_") + name + end + "_nlo";
      EXPECT_EQ(c.Shape(full), *end ? (std::vector<size_t>{2, 5}) : (std::vector<size_t>{3, 2, 5}));
      EXPECT_GT(c.Get("err/" + full)[0], 0) << full;
      EXPECT_LT(c.Get("err/" + full)[0], 1e-6 * (1 + Largest(c.Get(full)))) << full;
    }
  // The NTK during training is the kernel of the effective features, Theta1 the change before it.
  const std::vector<double> ntk = c.Get("Theta_t_nlo"), first = c.Get("Theta1"),
                            kernel = c.Get("k_E_nlo");
  for (size_t t = 0; t < 3; t++)
    for (size_t x = 0; x < 10; x++)
      for (size_t y = 0; y < 10; y++) {
        const size_t i = (t * 10 + x) * 10 + y;
        EXPECT_NEAR(kernel[i], ntk[i] - (x / 5 == y / 5 ? first[x % 5 * 5 + y % 5] : 0), 1e-11);
      }
  std::vector<double> sum(10);
  for (const char *part : {"dntk", "ddntk_linear", "ddntk_cubic"}) {
    const std::vector<double> z = c.Get(std::string("z_end_nlo/") + part);
    for (size_t i = 0; i < 10; i++) sum[i] += z[i];
  }
  EXPECT_LE(Difference(c.Get("deviation_k_end_nlo"), sum), 1e-14 * (1 + Largest(sum)));
}

// Of a whole kernel (2 outputs, 5 samples of which 3 train): y^T k y/(|y|^2 |k|).
double Alignment(const std::vector<double> &kernel, const double *y) {
  double product = 0, targets = 0, norm = 0;
  for (size_t i = 0; i < 2; i++)
    for (size_t a = 0; a < 3; a++) {
      targets += y[a * 2 + i] * y[a * 2 + i];
      for (size_t j = 0; j < 2; j++)
        for (size_t b = 0; b < 3; b++) {
          const double value = kernel[(i * 5 + a) * 10 + j * 5 + b];
          product += y[a * 2 + i] * value * y[b * 2 + j];
          norm += value * value;
        }
    }
  return product / (targets * std::sqrt(norm));
}

TEST(FeaturesPredict, AlignmentIsThatOfTheKernelAndItsChange) {
  Case c({"network.outputs=2"});
  c.Predict();
  const std::vector<double> theta = c.Get("Theta"), change = c.Get("k_E_nlo"),
                            end = c.Get("k_E_end_nlo"), found = c.Get("alignment_nlo");
  const auto moved = [&](const double *kappa, double x) {
    std::vector<double> kernel(100);
    for (size_t i = 0; i < 10; i++)
      for (size_t j = 0; j < 10; j++)
        kernel[i * 10 + j] =
            (i / 5 == j / 5 ? theta[i % 5 * 5 + j % 5] : 0) + x * kappa[i * 10 + j];
    return Alignment(kernel, c.data.y);
  };
  const double x = 1e-4;
  const auto slope = [&](const double *k) { return (moved(k, x) - moved(k, -x)) / (2 * x); };
  EXPECT_NEAR(c.Get("alignment_lo")[0], moved(end.data(), 0), 1e-14);
  EXPECT_EQ(c.Shape("alignment_lo").size(), 0u);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0], 0);
  for (size_t t = 1; t < 3; t++)
    EXPECT_NEAR(found[t], slope(change.data() + t * 100), 1e-6 * std::fabs(found[t])) << t;
  EXPECT_NEAR(c.Get("alignment_end_nlo")[0], slope(end.data()),
              1e-6 * std::fabs(slope(end.data())));
  for (const char *name : {"alignment_lo", "alignment_nlo", "alignment_end_nlo"}) {
    const double error = c.Get(std::string("err/") + name)[0];
    EXPECT_GT(error, 0) << name;
    EXPECT_LT(error, 1e-6 * (1 + Largest(c.Get(name)))) << name;
  }
}

TEST(FeaturesPredict, NothingIsAlignedWithTargetsThatAreZero) {
  Case c({});
  std::fill(c.data.y, c.data.y + 5, 0.0);
  c.Predict();
  EXPECT_NE(c.Absent("alignment_nlo").find("all training targets are 0"), std::string::npos);
  EXPECT_NE(c.Find("k_E_nlo"), nullptr);
}

// Eigenvalues of the mean kernels on the whole cube, y = x1 x2, eta theta_max = 1/2, at the end.
TEST(FeaturesPredict, CharactersOfTheCube) {
  const unsigned sets[] = {1, 4, 3, 5, 7};  // {1}, {3}, {1, 2}, {1, 3}, {1, 2, 3}
  const struct {
    const char *activation;
    double theta[5], kernel[5];
  } all[] = {
      {"tanh", {2.0627, 2.0627, 0.0701, 0.0701, 0.1878}, {86.596, -6.527, 40.448, 2.839, 31.631}},
      {"gelu", {1.4901, 1.4901, 0.4962, 0.4962, 0.0218}, {16.143, 4.272, 17.383, 2.371, 0.698}}};
  for (const auto &x : all) {
    const std::string activation = std::string("network.activation=") + x.activation;
    Case c({activation.c_str(), "data.train=8", "data.test=0", "training={eta: 0.01, steps: end}"});
    for (size_t a = 0; a < 8; a++) {
      for (size_t j = 0; j < 3; j++) c.data.x[a * 3 + j] = a >> j & 1 ? -1 : 1;
      c.data.y[a] = Character(3, a);
    }
    c.ex.theory.order = 0;
    c.Predict();
    double largest = 0;
    ASSERT_EQ(pdlt_ntk_largest_eigenvalue(&largest, 8, 8, c.Get("Theta").data(), nullptr), PDLT_OK);
    c.ex.training.eta = 0.5 / largest;
    c.ex.theory.order = 1;
    pdlt_archive_free(&c.out);
    c.out = {};
    c.Predict();
    const std::vector<double> theta = c.Get("Theta"), kernel = c.Get("k_E_end_nlo");
    for (unsigned S = 0; S < 8; S++)
      for (unsigned R = 0; R < 8; R++) {
        double t = 0, k = 0;
        for (size_t a = 0; a < 8; a++)
          for (size_t b = 0; b < 8; b++) {
            t += Character(S, a) * theta[a * 8 + b] * Character(R, b) / 8;
            k += Character(S, a) * kernel[a * 8 + b] * Character(R, b) / 8;
          }
        if (S != R) {
          EXPECT_NEAR(k, 0, 1e-9) << S << R;
        }
        for (size_t i = 0; i < 5 && S == R; i++)
          if (sets[i] == S) {
            EXPECT_NEAR(t, x.theta[i], 6e-5) << x.activation << S;
            EXPECT_NEAR(k, x.kernel[i], 6e-4) << x.activation << S;
          }
      }
  }
}

// Only the last layer learns: the network is linear in what moves, and regression is exact.
TEST(FeaturesPredict, LinearInWhatMovesGivesZero) {
  Case c({"network.lambda_W=[0, 1]", "network.lambda_b=[0, 0.3]"});
  c.Predict();
  for (const char *name : kKernels)
    EXPECT_EQ(Largest(c.Get(std::string(name) + "_nlo")), 0) << name;
  for (const char *name : kAll)
    for (const char *end : {"_nlo", "_end_nlo"})
      EXPECT_EQ(Largest(c.Get(std::string("deviation_") + name + end)), 0) << name;
}

// A network quadratic in its parameters has no third derivative: features half-way are all the same, and
// the move of its outputs is theirs times that of its parameters.
TEST(FeaturesPredict, QuadraticInItsParameters) {
  Case c({"network.activation=linear"});
  c.Predict();
  const std::vector<double> kernel = c.Get("k_sharp_nlo"), other = c.Get("k_E_nlo");
  const std::vector<double> deviation = c.Get("deviation_k_sharp_nlo");
  EXPECT_GT(Difference(kernel, other), 1e-3 * Largest(kernel));
  for (const char *name : {"secant", "midpoint"}) {
    EXPECT_LE(Difference(c.Get(std::string(name) + "_nlo"), kernel), 1e-12 * Largest(kernel));
    EXPECT_LE(Difference(c.Get(std::string("deviation_") + name + "_nlo"), deviation),
              1e-12 * Largest(c.Get("deviation_k_nlo")));
  }
}

TEST(FeaturesPredict, TermsThatAreLeftOutAreGone) {
  Case all({}), none({"theory.omit=[Theta_t]"}), flipped({"theory.flip=[Theta_t.dntk]"});
  for (Case *c : {&all, &none, &flipped}) c->Predict();
  EXPECT_EQ(Largest(none.Get("k_sharp_nlo")), 0);
  EXPECT_EQ(none.Get("deviation_k_sharp_nlo"), none.Get("deviation_k_nlo"));
  EXPECT_EQ(none.Get("deviation_k_nlo"), all.Get("deviation_k_nlo"));
  EXPECT_GT(Difference(flipped.Get("secant_nlo"), all.Get("secant_nlo")), 1e-3);
  EXPECT_GT(Difference(flipped.Get("deviation_secant_nlo"), all.Get("deviation_secant_nlo")), 1e-4);
}

TEST(FeaturesPredict, WhatDoesNotExistIsListed) {
  Case plain({"measure=[output]"}), kink({"network.activation=relu"});
  plain.Predict();
  kink.Predict();
  EXPECT_EQ(plain.Find("k_E_nlo"), nullptr);
  EXPECT_EQ(plain.Absent("k_E_nlo"), "");
  EXPECT_NE(kink.Absent("secant_nlo").find("kink"), std::string::npos);
  EXPECT_NE(kink.Absent("deviation_k_end_nlo").find("kink"), std::string::npos);
  Case twins({});
  std::memcpy(twins.data.x, twins.data.x + 3, 3 * sizeof(double));
  twins.Predict();
  EXPECT_NE(twins.Find("midpoint_nlo"), nullptr);
  for (const char *name : {"midpoint_end_nlo", "deviation_k_nlo", "deviation_midpoint_end_nlo"})
    EXPECT_NE(twins.Absent(name).find("singular"), std::string::npos) << name;
}
