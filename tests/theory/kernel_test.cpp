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

// Samples on one ray, or nearly, also against each other: the error of a pair is never below the true
// one, nor a thousand times larger. 20 digits by mpmath at 60; x = (1, 0.3, -0.7).
TEST(Kernel, ErrorsOfSamplesOnOneRay) {
  const struct {
    double C_b;
    int depth;
    double slope;
    std::vector<double> y;
    long double K, theta;
  } cases[] = {
      {0.0, 2, 0.0, {2.5, 0.75, -1.75}, 1.9025833333333331925L, 2.5694999999999999143L},
      {0.0, 2, 0.2, {2.5, 0.75, -1.75}, 1.9786866666666665286L, 2.6602799999999999261L},
      {0.0, 5, 0.0, {2.5, 0.75, -1.75}, 1.1684239895833331553L, 4.205476406249999521L},
      {0.0, 5, 0.2, {2.5, 0.75, -1.75}, 1.3668908059234131484L, 4.8083213438015995512L},
      {0.0,
       2,
       0.0,
       {3.141592653589793, 0.9424777960769379, -2.199114857512855},
       2.3908567291369520441L,
       3.0864953602626551927L},
      {0.0,
       2,
       0.2,
       {3.141592653589793, 0.9424777960769379, -2.199114857512855},
       2.4864909983024301364L,
       3.1979551746731614189L},
      {0.0,
       5,
       0.0,
       {3.141592653589793, 0.9424777960769379, -2.199114857512855},
       1.468284888781230559L,
       4.9992258453032573799L},
      {0.0,
       5,
       0.2,
       {3.141592653589793, 0.9424777960769379, -2.199114857512855},
       1.7176856456593705661L,
       5.7368959195732515759L},
      {0.0, 2, 0.0, {2.0, 0.600001, -1.4}, 1.522066811166666525L, 2.1666000225663401457L},
      {0.0, 2, 0.2, {2.0, 0.600001, -1.4}, 1.5829494836133331928L, 2.2412640756424576638L},
      {0.0, 5, 0.0, {2.0, 0.600001, -1.4}, 0.93473928040772900643L, 3.586898396793038514L},
      {0.0, 5, 0.2, {2.0, 0.600001, -1.4}, 1.093512748553222087L, 4.0846729487967317674L},
      {0.0, 2, 0.0, {2.0, 0.601, -1.4}, 1.5222111666759732743L, 2.1666225693250676237L},
      {0.0, 2, 0.2, {2.0, 0.601, -1.4}, 1.5830996133392895107L, 2.2413396443680432481L},
      {0.0, 5, 0.0, {2.0, 0.601, -1.4}, 0.93482793275202432798L, 3.5862959848296004337L},
      {0.0, 5, 0.2, {2.0, 0.601, -1.4}, 1.0936164592467764259L, 4.0843520789821408592L},
      {0.0, 2, 0.0, {0.001, 0.0003, -0.0007}, 0.00076103333333333328083L, 0.55580579999999997082L},
      {0.0, 2, 0.2, {0.001, 0.0003, -0.0007}, 0.00079147466666666661544L, 0.56603803199999997202L},
      {0.0, 5, 0.0, {0.001, 0.0003, -0.0007}, 0.00046736959583333326446L, 1.1138265298124998956L},
      {0.0, 5, 0.2, {0.001, 0.0003, -0.0007}, 0.0005467563223693652621L, 1.1915282713282482203L},
      {0.0, 2, 0.0, {1.0, 0.300000001, -0.7}, 0.76103333347783326435L, 1.3607999999912120277L},
      {0.0, 2, 0.2, {1.0, 0.300000001, -0.7}, 0.79147466681694659831L, 1.4032320000555756792L},
      {0.0, 5, 0.0, {1.0, 0.300000001, -0.7}, 0.46736959592207431684L, 2.3497441866671540856L},
      {0.0, 5, 0.2, {1.0, 0.300000001, -0.7}, 0.54675632247317974185L, 2.637377122149801579L},
      {0.0, 2, 0.0, {-2.5, -0.75, 1.75}, 5.0178264713019835187e-51L, 0.29999999999999998191L},
      {0.0, 2, 0.2, {-2.5, -0.75, 1.75}, -0.76103333333333331924L, -0.40380000000000004236L},
      {0.0, 5, 0.0, {-2.5, -0.75, 1.75}, 0.70669288089697909349L, 1.2491064153295352702L},
      {0.0, 5, 0.2, {-2.5, -0.75, 1.75}, 0.42023697729201226928L, 0.80792601806763007846L},
      {0.0,
       2,
       0.0,
       {-3.141592653589793, -0.9424777960769379, 2.199114857512855},
       6.3055867117359840759e-51L,
       0.29999999999999997951L},
      {0.0,
       2,
       0.2,
       {-3.141592653589793, -0.9424777960769379, 2.199114857512855},
       -0.95634269165478087071L,
       -0.61059814410506216772L},
      {0.0,
       5,
       0.0,
       {-3.141592653589793, -0.9424777960769379, 2.199114857512855},
       0.88805646518806246651L,
       1.4174429083201945472L},
      {0.0,
       5,
       0.2,
       {-3.141592653589793, -0.9424777960769379, 2.199114857512855},
       0.52808536025094658281L,
       0.83779592095478012824L},
      {0.0, 2, 0.0, {-2.0, -0.600001, 1.4}, 9.3085196510301203082e-21L, 0.29999993227482597642L},
      {0.0, 2, 0.2, {-2.0, -0.600001, 1.4}, -0.60882672446666664379L, -0.24264010454411138839L},
      {0.0, 5, 0.0, {-2.0, -0.600001, 1.4}, 0.5653543583905024738L, 1.1179200318696516827L},
      {0.0, 5, 0.2, {-2.0, -0.600001, 1.4}, 0.33618961375037685446L, 0.78464808383446554932L},
      {0.0, 2, 0.0, {-2.0, -0.601, 1.4}, 9.3067533954882402996e-12L, 0.29993227186087492874L},
      {0.0, 2, 0.2, {-2.0, -0.601, 1.4}, -0.60888446666071032001L, -0.2427445460090400572L},
      {0.0, 5, 0.0, {-2.0, -0.601, 1.4}, 0.5654080197713872732L, 1.1179615141040966044L},
      {0.0, 5, 0.2, {-2.0, -0.601, 1.4}, 0.33622153315691360528L, 0.78464788090050509629L},
      {0.0, 2, 0.0, {-0.001, -0.0003, 0.0007}, 1.1318220290973657127e-54L, 0.29999999999999999085L},
      {0.0,
       2,
       0.2,
       {-0.001, -0.0003, 0.0007},
       -0.00030441333333333332923L,
       0.40167767999999998936L},
      {0.0, 5, 0.0, {-0.001, -0.0003, 0.0007}, 0.00028267715235879163882L, 0.59343666345513525724L},
      {0.0, 5, 0.2, {-0.001, -0.0003, 0.0007}, 0.00016809479091680490856L, 0.69158290394788406161L},
      {0.0, 2, 0.0, {-1.0, -0.300000001, 0.7}, 3.723408869809969801e-29L, 0.29999999996362906271L},
      {0.0, 2, 0.2, {-1.0, -0.300000001, 0.7}, -0.30441333339113332264L, 0.079679999915522590312L},
      {0.0, 5, 0.0, {-1.0, -0.300000001, 0.7}, 0.28267715241246450982L, 0.85554714054030409305L},
      {0.0, 5, 0.2, {-1.0, -0.300000001, 0.7}, 0.16809479094872163744L, 0.73809221607895132152L},
      {0.1, 2, 0.0, {2.5, 0.75, -1.75}, 2.089042580461750581L, 2.539078250969457952L},
      {0.1, 2, 0.2, {2.5, 0.75, -1.75}, 2.1680205848288536606L, 2.6588100806204530732L},
      {0.1, 5, 0.0, {2.5, 0.75, -1.75}, 1.5533741487183582698L, 3.8115582621963088496L},
      {0.1, 5, 0.2, {2.5, 0.75, -1.75}, 1.7735156498888602017L, 4.6470671857831285028L},
      {0.1,
       2,
       0.0,
       {3.141592653589793, 0.9424777960769379, -2.199114857512855},
       2.578575397801758377L,
       3.0281093658950677631L},
      {0.1,
       2,
       0.2,
       {3.141592653589793, 0.9424777960769379, -2.199114857512855},
       2.6766309462479061929L,
       3.1785881382779054674L},
      {0.1,
       5,
       0.0,
       {3.141592653589793, 0.9424777960769379, -2.199114857512855},
       1.8658044523496630388L,
       4.3574598708507037974L},
      {0.1,
       5,
       0.2,
       {3.141592653589793, 0.9424777960769379, -2.199114857512855},
       2.1332199259162297274L,
       5.3886201976183424744L},
      {0.1, 2, 0.0, {2.0, 0.600001, -1.4}, 1.7077327513806560489L, 2.158952941959619353L},
      {0.1, 2, 0.2, {2.0, 0.600001, -1.4}, 1.7717756853502864914L, 2.2543699440541563591L},
      {0.1, 5, 0.0, {2.0, 0.600001, -1.4}, 1.3118988158879830686L, 3.4007355098339344157L},
      {0.1, 5, 0.2, {2.0, 0.600001, -1.4}, 1.4946317218955538226L, 4.0788931354416393184L},
      {0.1, 2, 0.0, {2.0, 0.601, -1.4}, 1.7078773701346591955L, 2.1590967493799101327L},
      {0.1, 2, 0.2, {2.0, 0.601, -1.4}, 1.7719259835528485036L, 2.2545231196031424564L},
      {0.1, 5, 0.0, {2.0, 0.601, -1.4}, 1.3119899862290296459L, 3.4008872516574990984L},
      {0.1, 5, 0.2, {2.0, 0.601, -1.4}, 1.4947372094848017807L, 4.0791059171618313039L},
      {0.1, 2, 0.0, {0.001, 0.0003, -0.0007}, 0.2326441949348877962L, 0.52438900796708764048L},
      {0.1, 2, 0.2, {0.001, 0.0003, -0.0007}, 0.21919669809166152542L, 0.5639312850989360836L},
      {0.1, 5, 0.0, {0.001, 0.0003, -0.0007}, 0.45774345996955371672L, 1.0963247814801328751L},
      {0.1, 5, 0.2, {0.001, 0.0003, -0.0007}, 0.46903211041087868668L, 1.2827616054619465448L},
      {0.1, 2, 0.0, {1.0, 0.300000001, -0.7}, 0.9460333334778332724L, 1.4057999999990895432L},
      {0.1, 2, 0.2, {1.0, 0.300000001, -0.7}, 0.97987466681694660683L, 1.4500320000606172907L},
      {0.1, 5, 0.0, {1.0, 0.300000001, -0.7}, 0.83823272092207432117L, 2.6793241867643501792L},
      {0.1, 5, 0.2, {1.0, 0.300000001, -0.7}, 0.94344998086677974866L, 3.0059550344824061496L},
      {0.1, 2, 0.0, {-2.5, -0.75, 1.75}, 0.11986656868612128467L, 0.20146703414671016269L},
      {0.1, 2, 0.2, {-2.5, -0.75, 1.75}, -0.61431872937421569252L, -0.44886109814610552247L},
      {0.1, 5, 0.0, {-2.5, -0.75, 1.75}, 1.0815372429660013674L, 1.4888313497122204835L},
      {0.1, 5, 0.2, {-2.5, -0.75, 1.75}, 0.79321070365101190791L, 1.0455122303031229291L},
      {0.1,
       2,
       0.0,
       {-3.141592653589793, -0.9424777960769379, 2.199114857512855},
       0.12077836195674474052L,
       0.17313471182238358733L},
      {0.1,
       2,
       0.2,
       {-3.141592653589793, -0.9424777960769379, 2.199114857512855},
       -0.80904454000246423226L,
       -0.67379192853873665402L},
      {0.1,
       5,
       0.0,
       {-3.141592653589793, -0.9424777960769379, 2.199114857512855},
       1.2931452339743436013L,
       1.6725709974620939466L},
      {0.1,
       5,
       0.2,
       {-3.141592653589793, -0.9424777960769379, 2.199114857512855},
       0.92452776613049539699L,
       1.0855881236560635L},
      {0.1, 2, 0.0, {-2.0, -0.600001, 1.4}, 0.11960125279084554718L, 0.22480062145139262242L},
      {0.1, 2, 0.2, {-2.0, -0.600001, 1.4}, -0.46228192268052548906L, -0.27276766347110873117L},
      {0.1, 5, 0.0, {-2.0, -0.600001, 1.4}, 0.91939198598910488437L, 1.3495873570611281072L},
      {0.1, 5, 0.2, {-2.0, -0.600001, 1.4}, 0.69317697055543405059L, 1.0182960024737649286L},
      {0.1, 2, 0.0, {-2.0, -0.601, 1.4}, 0.11960125127202302836L, 0.22479142615956840387L},
      {0.1, 2, 0.2, {-2.0, -0.601, 1.4}, -0.46233966585257189949L, -0.27283468725787622934L},
      {0.1, 5, 0.0, {-2.0, -0.601, 1.4}, 0.91945285593875860515L, 1.3496392470620181355L},
      {0.1, 5, 0.2, {-2.0, -0.601, 1.4}, 0.6932143791776767853L, 1.0183053388100852924L},
      {0.1, 2, 0.0, {-0.001, -0.0003, 0.0007}, 0.23172689932513435771L, 0.52293200513026615253L},
      {0.1, 2, 0.2, {-0.001, -0.0003, 0.0007}, 0.21800080223475265815L, 0.56235416328337033132L},
      {0.1, 5, 0.0, {-0.001, -0.0003, 0.0007}, 0.45752083336680077065L, 1.0950173542210922091L},
      {0.1, 5, 0.2, {-0.001, -0.0003, 0.0007}, 0.4685724947989603273L, 1.2807496812758397018L},
      {0.1, 2, 0.0, {-1.0, -0.300000001, 0.7}, 0.12310688492021332647L, 0.28186479143148500684L},
      {0.1, 2, 0.2, {-1.0, -0.300000001, 0.7}, -0.15562492704219678922L, 0.086073466454950397317L},
      {0.1, 5, 0.0, {-1.0, -0.300000001, 0.7}, 0.614455150854011034L, 1.0978541521392633456L},
      {0.1, 5, 0.2, {-1.0, -0.300000001, 0.7}, 0.50981800321864514671L, 0.99401336331449138388L},
  };
  for (const auto &c : cases) {
    Layers a;
    std::vector<double> x = {1, 0.3, -0.7};
    x.insert(x.end(), c.y.begin(), c.y.end());
    const std::string name = c.slope > 0 ? "leaky_relu(0.2)" : "relu";
    Compute(&a, name.c_str(), Network::Uniform(c.depth, c.C_b, 1.7, 0.3, 0.9), 2, 3, x);
    const std::string where = name + " " + std::to_string(c.depth) + " " + std::to_string(c.C_b) +
                              " y_2 = " + std::to_string(c.y[1]);
    const struct {
      long double true_value;
      double value, error, scale;
    } numbers[] = {{c.K, a.K(c.depth, 0, 1), a.k.pair_err_K[1],
                    std::sqrt(a.K(c.depth, 0, 0) * a.K(c.depth, 1, 1))},
                   {c.theta, a.Th(c.depth, 0, 1), a.k.pair_err_theta[1],
                    std::sqrt(a.Th(c.depth, 0, 0) * a.Th(c.depth, 1, 1))}};
    for (const auto &n : numbers) {
      const double miss = (double)std::fabs(n.value - n.true_value);
      EXPECT_LE(miss, n.error) << where;
      EXPECT_LE(n.error, 1000 * std::max(miss, 1e-16 * n.scale)) << where << " " << miss / n.scale;
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
