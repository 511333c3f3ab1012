// Tensors of order 1/n (theory/tensors/tensors.h) where they are known: published numbers, sin,
// deep linear networks, scale-invariant activations.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "tests/theory/tensor_support.h"

namespace {

using namespace tensor_support;

// arXiv:2508.11522, figure 2: GELU, four layers, no biases; ten digits.
TEST(Tensor, PublishedGeluNetwork) {
  Tensors t(Plain("gelu", 4, 1.98305826, 1.0), 2, kPublished, {1e-11});
  const double digits = 1.5e-10;
  const double mean[3][4] = {{0, 0, 0, 0},
                             {0.2220598925, -0.3636954128, 0.2829803387, -0.1765094329},
                             {0.7548635419, -0.6938470994, 1.4143339174, -0.3246348755}};
  for (int l = 2; l <= 4; ++l) {
    for (size_t b = 0; b < 2; ++b) {
      EXPECT_NEAR(t(l, PDLT_TENSOR_G1, 0, b), mean[l - 2][b], digits);
      EXPECT_NEAR(t(l, PDLT_TENSOR_THETA1, 0, b), mean[l - 2][2 + b], digits);
    }
  }
  const double table[2][10] = {
      {7.2485847241, 0.1869870349, -0.8401672747, 0.4334559177, 4.5693354113, -0.7425118411,
       0.1524724266, 1.5588311805, 0.3684162882, -0.0696645398},
      {15.0333469566, 3.3718374515, -0.1551313898, 2.3262596179, 22.3104880438, -0.7158936074,
       1.5861376585, 6.2325875475, 2.4760820991, -0.0415323746}};
  for (int row = 0; row < 2; ++row) {
    int l = row == 0 ? 2 : 4;
    EXPECT_NEAR(t(l, PDLT_TENSOR_V, 0, 0, 0, 0), table[row][0], digits);
    EXPECT_NEAR(t(l, PDLT_TENSOR_V, 0, 0, 0, 1), table[row][1], digits);
    EXPECT_NEAR(t(l, PDLT_TENSOR_V, 0, 0, 1, 1), table[row][2], digits);
    EXPECT_NEAR(t(l, PDLT_TENSOR_V, 0, 1, 0, 1), table[row][3], digits);
    EXPECT_NEAR(t(l, PDLT_TENSOR_D, 0, 0, 0, 0), table[row][4], digits);
    EXPECT_NEAR(t(l, PDLT_TENSOR_D, 0, 0, 1, 1), table[row][5], digits);
    EXPECT_NEAR(t(l, PDLT_TENSOR_D, 0, 1, 0, 1), table[row][6], digits);
    EXPECT_NEAR(t(l, PDLT_TENSOR_F, 0, 0, 0, 0), table[row][7], digits);
    EXPECT_NEAR(t(l, PDLT_TENSOR_F, 0, 1, 0, 1), table[row][8], digits);
    EXPECT_NEAR(t(l, PDLT_TENSOR_F, 0, 0, 1, 1), table[row][9], digits);
  }
}

TEST(Tensor, PublishedTanhNetwork) {
  Tensors t(Plain("tanh", 3, 1.0, 1.0), 1, {1.0, 0.5, -0.3, 0.2}, {1e-11});
  EXPECT_NEAR(t.K(3, 0, 0), 0.156341605, 1e-9);
  EXPECT_NEAR(t.Theta(3, 0, 0), 0.485937871, 1e-9);
  EXPECT_NEAR(t(2, PDLT_TENSOR_V, 0, 0, 0, 0), 0.047478118, 1e-9);
  EXPECT_NEAR(t(2, PDLT_TENSOR_D, 0, 0, 0, 0), 0.025577648, 1e-9);
  EXPECT_NEAR(t(2, PDLT_TENSOR_F, 0, 0, 0, 0), 0.027528834, 1e-9);
  EXPECT_NEAR(t(3, PDLT_TENSOR_V, 0, 0, 0, 0), 0.042871290, 1e-9);
  EXPECT_NEAR(t(3, PDLT_TENSOR_D, 0, 0, 0, 0), 0.025653867, 1e-9);
  EXPECT_NEAR(t(3, PDLT_TENSOR_F, 0, 0, 0, 0), 0.040526708, 1e-9);
  EXPECT_NEAR(t(3, PDLT_TENSOR_G1, 0, 0), -0.027871469, 1e-9);
  EXPECT_NEAR(t(3, PDLT_TENSOR_THETA1, 0, 0), -0.0631134767, 1e-9);
}

TEST(Tensor, SinAtUnitNormHasConstantNtkAndNoD) {
  Tensors t(Plain("sin", 5, 1.0, 1.0), 1, {1.0, -1.0}, {1e-11});
  for (int l = 1; l <= 5; ++l) {
    EXPECT_NEAR(t.Theta(l, 0, 0), 1.0, 1e-12);
    EXPECT_NEAR(t(l, PDLT_TENSOR_D, 0, 0, 0, 0), 0.0, 1e-12);
  }
}

// Deep linear, C_W = lambda_W = 1, no biases: K constant, Theta = l K and
//   V_l/n_{l-1} = sum_k (K13 K24 + K14 K23)/n_k,  G1 = 0 (PDLT chapter 3),
//   B'_1324 = l^2 K12 K34 + r B, F'_1324 = l K12 K34 + r F.
TEST(Tensor, DeepLinearNetworksAreExact) {
  Network net = Plain("linear", 5, 1.0, 1.0);
  net.ratios = {2, 1, 3, 2};
  Tensors t(net, 3, RandomInputs(4, 3, 4), {1e-11});
  double shares[6] = {}, b[6] = {}, f[6] = {};
  for (int l = 2; l <= 5; ++l) {
    double r = l > 2 ? double(net.ratios[size_t(l - 2)]) / net.ratios[size_t(l - 3)] : 1.0;
    shares[l] = 1.0 + r * shares[l - 1];
    f[l] = (l - 1) + r * f[l - 1];
    b[l] = (l - 1) * (l - 1) + r * b[l - 1];
    for (size_t i = 0; i < 81; ++i) {
      size_t p = i / 27, q = i / 9 % 3, u = i / 3 % 3, v = i % 3;
      double v4 = t.K(1, p, u) * t.K(1, q, v) + t.K(1, p, v) * t.K(1, q, u);
      EXPECT_NEAR(t(l, PDLT_TENSOR_V, p, q, u, v), shares[l] * v4, 1e-10);
      EXPECT_NEAR(t(l, PDLT_TENSOR_F, p, q, u, v), f[l] * t.K(1, p, u) * t.K(1, q, v), 1e-10);
      EXPECT_NEAR(t(l, PDLT_TENSOR_B, p, q, u, v), b[l] * t.K(1, p, u) * t.K(1, q, v), 1e-10);
    }
    EXPECT_NEAR(t.Largest(l, PDLT_TENSOR_G1), 0.0, 1e-12);
    EXPECT_NEAR(t.Largest(l, PDLT_TENSOR_THETA1), 0.0, 1e-12);
  }
}

// ReLU at criticality: V = 5 (l-1) K^2 (PDLT chapter 5), no 1/n term in diagonal K and NTK.
TEST(Tensor, ReluDiagonal) {
  for (double slope : {0.0, 0.4, -0.3}) {
    double A2 = 0.5 * (1.0 + slope * slope), A4 = 0.5 * (1.0 + std::pow(slope, 4));
    Tensors t(Plain("leaky_relu(" + std::to_string(slope) + ")", 5, 1.0 / A2, 1.0), 2,
              {1.0, -0.4, 0.3, 0.9});
    for (int l = 2; l <= 5; ++l) {
      for (size_t a = 0; a < 2; ++a) {
        double K = t.K(l, a, a);
        EXPECT_NEAR(t(l, PDLT_TENSOR_V, a, a, a, a), (l - 1) * (3.0 * A4 / A2 / A2 - 1.0) * K * K,
                    1e-10);
        EXPECT_NEAR(t(l, PDLT_TENSOR_G1, a, a), 0.0, 1e-11);
        EXPECT_NEAR(t(l, PDLT_TENSOR_THETA1, a, a), 0.0, 1e-11);
      }
    }
  }
}

// Without biases sigma(c z) = c sigma(z): every slot of every tensor scales with its sample,
// and a proportional sample is no new sample.
TEST(Tensor, ReluHomogeneity) {
  Network net = Plain("leaky_relu(0.2)", 4, 1.7, 0.8);
  const double c[4] = {1.0, 2.5, 0.5, 3.0};
  List v = {1.0, -0.4, 0.3, 0.9}, x;
  const size_t ray[4] = {0, 1, 1, 0};
  for (size_t a = 0; a < 4; ++a) {
    for (size_t k = 0; k < 2; ++k) x.push_back(c[a] * v[2 * ray[a] + k]);
  }
  Tensors base(net, 2, v), scaled(net, 4, x);
  for (int n = 0; n < PDLT_TENSOR_P; ++n) {
    for (size_t i = 0; i < 256; ++i) {
      size_t a = i / 64, b = i / 16 % 4, p = i / 4 % 4, q = i % 4;
      if (pdlt_tensor_rank(Name(n)) == 2) {
        EXPECT_NEAR(scaled(4, Name(n), a, b), c[a] * c[b] * base(4, Name(n), ray[a], ray[b]), 1e-9);
        continue;
      }
      double expected =
          c[a] * c[b] * c[p] * c[q] * base(4, Name(n), ray[a], ray[b], ray[p], ray[q]);
      // arcsine's root at correlation 1 turns rounding of K into 1e-8 of Theta
      EXPECT_NEAR(scaled(4, Name(n), a, b, p, q), expected, 1e-8 * (1.0 + std::fabs(expected)))
          << pdlt_tensor_text(Name(n)) << a << b << p << q;
    }
  }
}

// ReLU is the limit of GELU at large scale: sigma(z) = GELU(k z)/k, by homogeneity the
// tensors of inputs k x, divided by one k per slot.
TEST(Tensor, ReluIsTheLimitOfGelu) {
  const double k = 12.0;
  List x = {1.0, -0.4, 0.3, 0.9}, large;
  for (double v : x) large.push_back(k * v);
  Options loose;
  loose.tolerance = 1e-4;
  Tensors relu(Plain("relu", 3, 2.0, 1.0), 2, x), gelu(Plain("gelu", 3, 2.0, 1.0), 2, large, loose);
  for (int n = 0; n < PDLT_TENSOR_P; ++n) {
    double scale = std::pow(k, -pdlt_tensor_rank(Name(n)));
    for (size_t i = 0; i < relu.Count(Name(n)); ++i) {
      EXPECT_NEAR(pdlt_tensors_get(&gelu.set, 3, Name(n))[i] * scale,
                  pdlt_tensors_get(&relu.set, 3, Name(n))[i],
                  0.03 * (0.5 + relu.Largest(3, Name(n))))
          << pdlt_tensor_text(Name(n)) << i;
    }
  }
}

}  // namespace
