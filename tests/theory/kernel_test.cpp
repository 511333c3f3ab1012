// theory/infinite/kernel.h: published values, exact cases, invariances, honest errors.
#include "theory/infinite/kernel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "tests/theory/layers.h"
#include "theory/gauss/expectation.h"

namespace {

pdlt_activation Parse(const char *text) {
  pdlt_activation act;
  pdlt_error err = {};
  EXPECT_EQ(pdlt_activation_parse(&act, text, &err), PDLT_OK) << err.message;
  return act;
}

struct Network {
  std::vector<double> C_b, C_W, lambda_b, lambda_W;
  static Network Uniform(int depth, double C_b, double C_W, double lambda_b, double lambda_W) {
    const size_t L = (size_t)depth;
    return {std::vector<double>(L, C_b), std::vector<double>(L, C_W),
            std::vector<double>(L, lambda_b), std::vector<double>(L, lambda_W)};
  }
  std::vector<pdlt_layer> Layers(size_t inputs) const {
    return theory_test::Layers(C_b, C_W, lambda_b, lambda_W, inputs);
  }
};

struct Layers {
  pdlt_kernel_layers k = {};
  ~Layers() { pdlt_kernel_layers_free(&k); }
  double K(int l, size_t i, size_t j) const {
    return k.K[((size_t)l - 1) * k.D * k.D + i * k.D + j];
  }
  double Th(int l, size_t i, size_t j) const {
    return k.theta[((size_t)l - 1) * k.D * k.D + i * k.D + j];
  }
  size_t count() const { return (size_t)k.depth * k.D * k.D; }
};

void Compute(Layers *out, const char *activation, const Network &net, size_t D, size_t inputs,
             const std::vector<double> &x, double tolerance = 1e-11, int threads = 1) {
  pdlt_error err = {};
  const auto layers = net.Layers(inputs);
  const pdlt_kernel_settings settings = {
      Parse(activation), (int)layers.size(), layers.data(), tolerance, threads, nullptr};
  ASSERT_EQ(pdlt_kernel_layers_new(&out->k, &settings, D, x.data(), &err), PDLT_OK)
      << activation << ": " << err.message;
}

std::vector<double> Normals(size_t n, unsigned seed, double size = 1) {
  std::mt19937_64 gen(seed);
  std::normal_distribution<double> normal(0, size);
  std::vector<double> x(n);
  for (double &v : x) v = normal(gen);
  return x;
}

const char *const kAll[] = {"linear",
                            "relu",
                            "leaky_relu(0.2)",
                            "tanh",
                            "sin",
                            "erf",
                            "gelu",
                            "swish",
                            "softplus",
                            "sigmoid",
                            "polynomial(0.1,1,-0.2,0.05)"};
const Network kMixed = {
    {0.1, 0.05, 0.2, 0.3}, {1.3, 0.9, 1.7, 1.1}, {0.4, 0.1, 0.7, 0.2}, {0.8, 1.2, 0.6, 0.9}};

TEST(Kernel, GeluPublishedTable) {
  Layers a;
  Compute(&a, "gelu", Network::Uniform(4, 0, 1.98305826, 0, 1), 2, 4,
          {0.6540248765053858, -1.3592788739383235, -0.3791179316445409, 0.34191025226280697,
           -0.6786403121150224, -0.12161213502515096, 0.21716372787141658, -1.4709063616118982});
  const double want[3][4] = {{1.0935165922, 0.0442349107, 1.1410421334, -0.0581153401},
                             {0.9337654711, 0.2112800831, 1.5144348717, 0.0769080688},
                             {0.7795168109, 0.2632969450, 1.7492677120, 0.1768562984}};
  for (int l = 2; l <= 4; l++) {
    EXPECT_NEAR(a.K(l, 0, 0), want[l - 2][0], 6e-11) << l;
    EXPECT_NEAR(a.K(l, 0, 1), want[l - 2][1], 6e-11) << l;
    EXPECT_NEAR(a.Th(l, 0, 0), want[l - 2][2], 6e-11) << l;
    EXPECT_NEAR(a.Th(l, 0, 1), want[l - 2][3], 6e-11) << l;
  }
}

TEST(Kernel, TanhPublishedValues) {
  Layers a;
  Compute(&a, "tanh", Network::Uniform(3, 0, 1, 0, 1), 1, 4, {1, 0.5, -0.3, 0.2});
  EXPECT_NEAR(a.K(3, 0, 0), 0.156341605, 6e-10);
  EXPECT_NEAR(a.Th(3, 0, 0), 0.485937871, 6e-10);
}

TEST(Kernel, ReluPublishedValues) {
  Layers a;
  Compute(&a, "relu", Network::Uniform(4, 0, 2, 0, 1), 2, 2,
          {-0.9895229339599609, -0.5992491841316223, -0.17877478897571564, 2.253682851791382});
  EXPECT_NEAR(a.Th(4, 0, 0), 2.6765104430, 6e-11);
  EXPECT_NEAR(a.Th(4, 0, 1), 0.9988650318, 6e-11);
}

TEST(Kernel, SineAtUnitVarianceKeepsNtkOne) {
  Layers a;
  Compute(&a, "sin", Network::Uniform(6, 0, 1, 0, 1), 1, 1, {1.0});
  for (int l = 1; l <= 6; l++) EXPECT_NEAR(a.Th(l, 0, 0), 1, 1e-14) << l;
}

TEST(Kernel, DeepLinearExact) {
  const auto x = Normals(5 * 3, 11);
  Layers a;
  Compute(&a, "linear", kMixed, 5, 3, x);
  for (size_t i = 0; i < 5; i++)
    for (size_t j = 0; j < 5; j++) {
      double dot = 0;
      for (size_t k = 0; k < 3; k++) dot += x[i * 3 + k] * x[j * 3 + k] / 3;
      double K = 0.1 + 1.3 * dot, theta = 0.4 + 0.8 * dot;
      for (size_t l = 1; l < 4; l++) {
        theta = kMixed.lambda_b[l] + kMixed.lambda_W[l] * K + kMixed.C_W[l] * theta;
        K = kMixed.C_b[l] + kMixed.C_W[l] * K;
      }
      EXPECT_NEAR(a.K(4, i, j), K, 1e-13 * 10);
      EXPECT_NEAR(a.Th(4, i, j), theta, 1e-13 * 10);
    }
}

// The recursion written once more, with another road to each expectation.
TEST(Kernel, AgreesWithPlainRecursionByQuadrature) {
  const size_t D = 3;
  const auto x = Normals(D * 2, 5);
  for (const char *name : {"tanh", "sin", "erf", "gelu", "swish", "softplus", "sigmoid",
                           "polynomial(0.1,1,-0.2,0.05)"}) {
    const pdlt_activation act = Parse(name);
    Layers a;
    Compute(&a, name, kMixed, D, 2, x);
    for (int l = 1; l < 4; l++)
      for (size_t i = 0; i < D; i++)
        for (size_t j = i; j < D; j++) {
          pdlt_value ss, dd;
          pdlt_error err = {};
          ASSERT_EQ(pdlt_expectation_pair_grid(&ss, &act, 0, 0, a.K(l, i, i), a.K(l, i, j),
                                               a.K(l, j, j), 1e-11, &err),
                    PDLT_OK)
              << err.message;
          ASSERT_EQ(pdlt_expectation_pair_grid(&dd, &act, 1, 1, a.K(l, i, i), a.K(l, i, j),
                                               a.K(l, j, j), 1e-11, &err),
                    PDLT_OK)
              << err.message;
          const size_t n = (size_t)l;
          EXPECT_NEAR(a.K(l + 1, i, j), kMixed.C_b[n] + kMixed.C_W[n] * ss.value, 1e-10) << name;
          EXPECT_NEAR(a.Th(l + 1, i, j),
                      kMixed.lambda_b[n] + kMixed.lambda_W[n] * ss.value +
                          kMixed.C_W[n] * dd.value * a.Th(l, i, j),
                      1e-10)
              << name;
        }
  }
}

TEST(Kernel, SubsetAndOrderAndThreadsGiveTheSameBits) {
  const size_t D = 7, n0 = 5;
  auto x = Normals(D * n0, 3);
  std::fill(x.begin(), x.begin() + n0, 0.0);                          // a zero sample
  std::copy(x.begin() + n0, x.begin() + 2 * n0, x.begin() + 2 * n0);  // a duplicate
  for (const char *name : kAll) {
    Layers all, two, reversed, subset;
    Compute(&all, name, kMixed, D, n0, x);
    Compute(&two, name, kMixed, D, n0, x, 1e-11, 2);
    EXPECT_EQ(std::memcmp(all.k.K, two.k.K, all.count() * sizeof(double)), 0) << name;
    EXPECT_EQ(std::memcmp(all.k.theta, two.k.theta, all.count() * sizeof(double)), 0) << name;
    EXPECT_EQ(all.k.err_K, two.k.err_K);
    std::vector<double> back;
    for (size_t i = D; i-- > 0;)
      back.insert(back.end(), x.begin() + i * n0, x.begin() + (i + 1) * n0);
    Compute(&reversed, name, kMixed, D, n0, back);
    Compute(&subset, name, kMixed, 4, n0, std::vector<double>(x.begin(), x.begin() + 4 * n0));
    for (int l = 1; l <= 4; l++)
      for (size_t i = 0; i < D; i++)
        for (size_t j = 0; j < D; j++) {
          EXPECT_EQ(all.K(l, i, j), all.K(l, j, i));
          EXPECT_EQ(all.K(l, i, j), reversed.K(l, D - 1 - i, D - 1 - j)) << name;
          EXPECT_EQ(all.Th(l, i, j), reversed.Th(l, D - 1 - i, D - 1 - j)) << name;
          if (i < 4 && j < 4) {
            EXPECT_EQ(all.K(l, i, j), subset.K(l, i, j)) << name;
            EXPECT_EQ(all.Th(l, i, j), subset.Th(l, i, j)) << name;
          }
        }
    for (int l = 1; l <= 4; l++) {
      EXPECT_EQ(all.K(l, 1, 1), all.K(l, 1, 2)) << name;  // coinciding samples
      EXPECT_EQ(all.Th(l, 1, 1), all.Th(l, 1, 2)) << name;
    }
  }
}

// Error bars: what a loose tolerance reports covers its distance from a tight one.
TEST(Kernel, ReportedErrorCoversActualError) {
  const size_t D = 6;
  const auto x = Normals(D * 3, 8, 1.5);
  for (const char *name : {"tanh", "erf", "gelu", "swish", "softplus", "sigmoid", "sin", "relu"})
    for (const double tolerance : {1e-3, 1e-6, 1e-9}) {
      Layers loose, tight;
      Compute(&loose, name, kMixed, D, 3, x, tolerance);
      Compute(&tight, name, kMixed, D, 3, x, 1e-13);
      double K = 0, theta = 0, top = 0;
      for (size_t i = 0; i < D; i++)
        for (size_t j = 0; j < D; j++) {
          K = std::max(K, std::fabs(loose.K(4, i, j) - tight.K(4, i, j)));
          theta = std::max(theta, std::fabs(loose.Th(4, i, j) - tight.Th(4, i, j)));
          top = std::max(top, std::fabs(tight.Th(4, i, j)));
        }
      EXPECT_LE(K, loose.k.err_K + tight.k.err_K) << name;
      EXPECT_LE(theta, loose.k.err_theta + tight.k.err_theta) << name;
      EXPECT_LE(loose.k.err_theta, 100 * tolerance * top + 1e-7 * top) << name;
      EXPECT_GT(tight.k.err_K, 0);
    }
}

// Parallel samples without biases: K_12 = 3 K_11 and Theta_12 = 3 Theta_11 exactly; the angle, lost to
// rounding in the kernel, follows from the samples.
TEST(Kernel, KinkErrorCoversParallelSamples) {
  for (unsigned seed = 0; seed < 50; seed++) {
    auto x = Normals(4, seed);
    for (size_t i = 0; i < 4; i++) x.push_back(3 * x[i]);
    Layers a;
    Compute(&a, "leaky_relu(0.1)", Network::Uniform(5, 0, 2, 0, 1), 2, 4, x);
    EXPECT_NEAR(a.K(5, 0, 1), 3 * a.K(5, 0, 0), a.k.err_K);
    EXPECT_NEAR(a.Th(5, 0, 1), 3 * a.Th(5, 0, 0), a.k.err_theta);
    EXPECT_LT(a.k.err_theta, 1e-13 * a.Th(5, 1, 1));
  }
}

// Inputs 0, 20, 31 and 0 again: kernels from 8e-3 to 3e3. 22 digits by mpmath at 60.
TEST(Kernel, ErrorsOfInputsOfDifferentSize) {
  const double K[3][3] = {{0.008476562500000000176, 1.160069333391829529595, 1.795340266225276111},
                          {1.160069333391829529595, 1139.0709765625, 1765.555351701827433819},
                          {1.795340266225276111303, 1765.555351701827433819, 2736.6061328125}};
  const double theta[3][3] = {
      {0.0176171875000000003667, 1.510944072975272217663, 2.337120043599783020855},
      {1.510944072975272217663, 3417.2051171875, 5295.412428348372061263},
      {2.337120043599783020855, 5295.412428348372061263, 8209.8105859375}};
  Layers a;
  Compute(&a, "relu", Network::Uniform(3, 0.0025, 2.25, 0.0025, 2.25), 4, 1, {0, 20, 31, 0});
  for (size_t i = 0; i < 4; i++)
    for (size_t j = 0; j < 4; j++) {
      EXPECT_NEAR(a.K(3, i, j), K[i % 3][j % 3], a.k.pair_err_K[i * 4 + j]) << i << j;
      EXPECT_NEAR(a.Th(3, i, j), theta[i % 3][j % 3], a.k.pair_err_theta[i * 4 + j]) << i << j;
    }
  EXPECT_LE(a.k.err_theta, 1.5e-7);  // 1000 times the true error, 1.5e-10
  EXPECT_LE(a.k.pair_err_theta[0], 1e-16);
  EXPECT_EQ(a.k.pair_err_theta[3], a.k.pair_err_theta[0]);  // the same input
}

// The recursion of relu in 64 bits of mantissa, angles by atan2.
void LongRelu(int depth, const double *C, size_t inputs, const double *x, const double *y,
              long double *K, long double *theta) {
  const long double pi = 3.14159265358979323846L;
  long double k[3] = {0, 0, 0}, t[3], area = 0;
  const double *sample[2] = {x, y};
  for (int e = 0; e < 3; e++) {
    for (size_t n = 0; n < inputs; n++)
      k[e] += (long double)sample[e / 2][n] * sample[(e + 1) / 2][n] / (long double)inputs;
    t[e] = C[2] + C[3] * k[e];
    k[e] = C[0] + C[1] * k[e];
  }
  for (size_t n = 0; n < inputs; n++)
    area += ((long double)x[n] - y[n]) * ((long double)x[n] - y[n]);
  long double det = C[0] * C[1] * area / (long double)inputs;
  for (size_t n = 0; n < inputs; n++)
    for (size_t m = 0; m < n; m++) {
      const long double minor = (long double)x[n] * y[m] - (long double)x[m] * y[n];
      det += C[1] * minor / (long double)inputs * (C[1] * minor / (long double)inputs);
    }
  for (int l = 1; l < depth; l++) {
    const long double phi = std::atan2(std::sqrt(std::max(det, 0.0L)), k[1]);
    const long double pair = (std::sqrt(std::max(det, 0.0L)) + (pi - phi) * k[1]) / (2 * pi);
    t[0] = C[2] + C[3] * k[0] / 2 + C[1] * t[0] / 2;
    t[1] = C[2] + C[3] * pair + C[1] * (pi - phi) / (2 * pi) * t[1];
    t[2] = C[2] + C[3] * k[2] / 2 + C[1] * t[2] / 2;
    k[0] = C[0] + C[1] * k[0] / 2;
    k[1] = C[0] + C[1] * pair;
    k[2] = C[0] + C[1] * k[2] / 2;
    det = k[0] * k[2] - k[1] * k[1];
  }
  std::copy(k, k + 3, K);
  std::copy(t, t + 3, theta);
}

// Angles from 0.1 to 1e-9, parallel and antiparallel: the error covers what rounding of the
// correlation does, which is eps/angle and at most its root.
TEST(Kernel, ErrorsOfNearlyParallelSamples) {
  for (const double C_b : {0.0, 0.1})
    for (const double side : {1.0, -1.0})
      for (int power = 1; power <= 10; power++) {
        const double angle = power <= 9 ? std::pow(10.0, -power) : 0;
        const double C[4] = {C_b, 1.7, 0.3, 0.9};
        const std::vector<double> x = {1, 0.3, side * (2 * std::cos(angle) - 0.6 * std::sin(angle)),
                                       side * (0.6 * std::cos(angle) + 2 * std::sin(angle))};
        for (const int depth : {2, 4}) {
          if (depth == 4 && (angle < 1e-7 || C_b == 0)) continue;  // the reference's own rounding
          Layers a;
          long double K[3], theta[3];
          Compute(&a, "relu", Network::Uniform(depth, C_b, 1.7, 0.3, 0.9), 2, 2, x);
          LongRelu(depth, C, 2, x.data(), x.data() + 2, K, theta);
          const std::string where = std::to_string(side * angle) + " " + std::to_string(depth);
          for (int e = 0; e < 3; e++) {
            const size_t i = (size_t)e / 2, j = ((size_t)e + 1) / 2;
            EXPECT_NEAR(a.K(depth, i, j), (double)K[e], a.k.pair_err_K[i * 2 + j]) << where;
            EXPECT_NEAR(a.Th(depth, i, j), (double)theta[e], a.k.pair_err_theta[i * 2 + j])
                << where;
          }
          const double sine = std::max(angle, C_b > 0 ? 0.05 : 0);  // a bias opens the angle
          const double most = depth == 2 ? 3e-14 / std::max(sine, 1e-7) : 1e-10;
          EXPECT_LE(a.k.pair_err_theta[1], most * a.Th(depth, 1, 1)) << where;
        }
      }
}

// Large kernels: K = 9e3 in the first layer, 34 digits of <s1 s2> and <s1' s2'> in wide_test.cpp.
TEST(Kernel, InputsOfRawPixels) {
  for (const char *name : {"tanh", "gelu", "swish", "softplus", "sigmoid"}) {
    const std::vector<double> x = {255, 3, 90, 17, 200, 44, 0, 0.5, 1, 255, 3, 90};
    Layers a, b;
    Compute(&a, name, Network::Uniform(3, 0.1, 1.5, 0.5, 1), 4, 3, x, 1e-10, 1);
    Compute(&b, name, Network::Uniform(3, 0.1, 1.5, 0.5, 1), 4, 3, x, 1e-13, 2);
    EXPECT_EQ(a.k.wide_layer, 1) << name;
    EXPECT_EQ(a.k.wide_kernel, a.K(1, 0, 0));
    for (size_t e = 0; e < 16; e++) {
      const double scale = 1e-9 * std::sqrt(a.K(3, e / 4, e / 4) * a.K(3, e % 4, e % 4));
      EXPECT_NEAR(a.K(3, e / 4, e % 4), b.K(3, e / 4, e % 4),
                  a.k.pair_err_K[e] + b.k.pair_err_K[e]);
      EXPECT_LE(a.k.pair_err_K[e], scale) << name << e;
    }
    for (int l = 1; l <= 3; l++) EXPECT_EQ(a.K(l, 0, 3), a.K(l, 0, 0)) << name;  // equal inputs
    pdlt_value ss;
    pdlt_error err = {};
    const pdlt_activation act = Parse(name);
    ASSERT_EQ(pdlt_expectation_pair(&ss, &act, 0, 0, a.K(1, 1, 1), a.K(1, 1, 2), a.K(1, 2, 2),
                                    1e-12, &err),
              PDLT_OK);
    EXPECT_NEAR(a.K(2, 1, 2), 0.1 + 1.5 * ss.value, 1e-11 * a.K(2, 1, 1)) << name;
  }
}

TEST(Kernel, LargeKernelsAndEmptyInput) {
  Layers empty, large, saturated;
  Compute(&empty, "tanh", kMixed, 0, 3, {});
  EXPECT_EQ(empty.k.D, 0u);
  Compute(&large, "swish", Network::Uniform(3, 0, 14.3, 0, 1), 2, 1, {1.0, -1.1});
  Compute(&saturated, "tanh", Network::Uniform(3, 0, 40, 0, 1), 2, 1, {1.0, 0.5}, 1e-9);
  EXPECT_LT(saturated.k.err_K, 40 * 1e-7);
  // <tanh tanh> -> <sgn sgn> = 1 - O(1/sqrt(K)) on coinciding rays
  EXPECT_NEAR(saturated.K(2, 0, 1) / 40, 1, 0.2);
}

TEST(Kernel, RefusesBadInput) {
  pdlt_kernel_layers out = {};
  pdlt_error err = {};
  auto layers = Network::Uniform(8, 0, 5, 0, 1).Layers(1);
  pdlt_kernel_settings settings = {
      Parse("polynomial(0,1,0,0,0,3)"), 8, layers.data(), 1e-10, 1, nullptr};
  const double x[1] = {3};
  EXPECT_EQ(pdlt_kernel_layers_new(&out, &settings, 1, x, &err), PDLT_ERR_NUMERIC);
  EXPECT_NE(std::string(err.message).find("explodes"), std::string::npos) << err.message;
  layers[0].C_b = -1;
  settings.depth = 1;
  EXPECT_EQ(pdlt_kernel_layers_new(&out, &settings, 1, x, &err), PDLT_ERR_INPUT);
  layers[0].C_b = 0;
  layers[0].in = 0;
  EXPECT_EQ(pdlt_kernel_layers_new(&out, &settings, 1, x, &err), PDLT_ERR_INPUT);
  EXPECT_EQ(out.K, nullptr);
}

}  // namespace
