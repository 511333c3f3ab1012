// Two- and four-slot Gaussian brackets (theory/bracket/bracket.h) against characteristic functions
// (sin), Wick's theorem (polynomials), plain four-dimensional quadrature (tanh) and, for the
// ReLU family, derivatives with respect to the kernel.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <complex>
#include <random>
#include <string>
#include <vector>

#include "base/vector/linalg.h"
#include "theory/bracket/bracket.h"
#include "theory/gauss/expectation.h"

namespace {

pdlt_activation Activation(const std::string &text) {
  pdlt_activation act;
  EXPECT_EQ(pdlt_activation_parse(&act, text.c_str(), nullptr), PDLT_OK) << text;
  return act;
}

struct Grid {
  pdlt_bracket_grid grid = {};
  Grid(size_t n, double reach) {
    EXPECT_EQ(pdlt_bracket_grid_new_trapezoid(&grid, n, reach, nullptr), PDLT_OK);
  }
  explicit Grid(size_t n) { EXPECT_EQ(pdlt_bracket_grid_new_gauss(&grid, n, nullptr), PDLT_OK); }
  ~Grid() { pdlt_bracket_grid_free(&grid); }
  Grid(const Grid &) = delete;
};

using Matrix = std::vector<double>;

// Gram matrix of D random vectors of `rank` components: singular when rank < D.
Matrix RandomKernel(std::mt19937 &rng, size_t D, size_t rank, double size) {
  std::normal_distribution<double> normal;
  Matrix v(D * rank), K(D * D, 0.0);
  for (double &x : v) x = normal(rng) * std::sqrt(size / static_cast<double>(rank));
  for (size_t a = 0; a < D; ++a)
    for (size_t b = 0; b < D; ++b)
      for (size_t k = 0; k < rank; ++k) K[a * D + b] += v[a * rank + k] * v[b * rank + k];
  return K;
}

// 4 x 4 kernel of the samples s of K (D, D).
Matrix Sub(const Matrix &K, size_t D, const std::array<size_t, 4> &s) {
  Matrix sub(16);
  for (size_t i = 0; i < 4; ++i)
    for (size_t j = 0; j < 4; ++j) sub[4 * i + j] = K[s[i] * D + s[j]];
  return sub;
}

// <prod sin^(o_i)(z_i)>: sin^(o)(z) = sin(z + o pi/2) as exponentials.
double SinBracket(const Matrix &K, const int *order) {
  std::complex<double> sum = 0.0, unit(0.0, 1.0);
  for (int signs = 0; signs < 16; ++signs) {
    std::complex<double> factor = 1.0;
    double q[4], form = 0.0;
    for (int i = 0; i < 4; ++i) {
      q[i] = (signs >> i) & 1 ? 1.0 : -1.0;
      factor *=
          q[i] * std::exp(unit * q[i] * M_PI_2 * static_cast<double>(order[i])) / (2.0 * unit);
    }
    for (int i = 0; i < 4; ++i)
      for (int j = 0; j < 4; ++j) form += q[i] * q[j] * K[4 * i + j];
    sum += factor * std::exp(-0.5 * form);
  }
  return sum.real();
}

// E[prod z_i^{p_i}] by Wick's theorem.
double WickMoment(const Matrix &K, std::array<int, 4> p) {
  for (size_t i = 0; i < 4; ++i) {
    if (p[i] == 0) continue;
    --p[i];
    double sum = 0.0;
    for (size_t j = 0; j < 4; ++j) {
      if (p[j] == 0) continue;
      std::array<int, 4> rest = p;
      --rest[j];
      sum += K[4 * i + j] * p[j] * WickMoment(K, rest);
    }
    return sum;
  }
  return 1.0;
}

std::vector<double> Derivative(std::vector<double> c, int order) {
  for (; order > 0; --order) {
    for (size_t k = 0; k + 1 < c.size(); ++k) c[k] = c[k + 1] * static_cast<double>(k + 1);
    c.back() = 0.0;
  }
  return c;
}

double PolynomialBracket(const Matrix &K, const std::vector<double> &c, const int *order) {
  std::array<std::vector<double>, 4> f;
  for (size_t i = 0; i < 4; ++i) f[i] = Derivative(c, order[i]);
  double sum = 0.0;
  int n = static_cast<int>(c.size());
  for (int code = 0; code < n * n * n * n; ++code) {
    std::array<int, 4> p = {code % n, code / n % n, code / n / n % n, code / n / n / n};
    double factor = 1.0;
    for (size_t i = 0; i < 4; ++i) factor *= f[i][static_cast<size_t>(p[i])];
    if (factor != 0.0) sum += factor * WickMoment(K, p);
  }
  return sum;
}

std::vector<double> One(const pdlt_activation &act, const pdlt_bracket_grid *grid,
                        pdlt_quad_orders orders, const Matrix &K) {
  pdlt_bracket_quads layout;
  pdlt_bracket_quads_layout(&layout, orders);
  std::vector<double> out(static_cast<size_t>(layout.columns));
  EXPECT_EQ(pdlt_bracket_quad_one(&layout, &act, grid, K.data(), out.data(), nullptr), PDLT_OK);
  return out;
}

// Kernels of all kinds: full rank, rank 1 to 3, duplicates, a zero sample, nearly singular.
std::vector<Matrix> Kernels(double size) {
  std::mt19937 rng(11);
  std::vector<Matrix> list;
  for (size_t rank = 1; rank <= 4; ++rank) {
    Matrix K = RandomKernel(rng, 4, rank, size);
    list.push_back(K);
    list.push_back(Sub(K, 4, {0, 1, 0, 2}));
    list.push_back(Sub(K, 4, {0, 0, 1, 1}));
    list.push_back(Sub(K, 4, {3, 3, 3, 3}));
    for (double gap : {1e-3, 1e-7, 1e-12}) {
      Matrix near = Sub(K, 4, {0, 1, 0, 1});
      for (size_t i = 0; i < 4; ++i) near[5 * i] += gap * size;
      list.push_back(near);
    }
    for (size_t i = 0; i < 4; ++i) K[4 + i] = K[4 * i + 1] = 0.0;
    list.push_back(K);
  }
  return list;
}

}  // namespace

// E[x^2 y^2] = 1 + 2 rho^2, E[x^3 y^3] = 9 rho + 6 rho^3 under Mehler's operator.
TEST(BracketGrid, MehlerOperatorHasTheMomentsOfTwoCorrelatedNormals) {
  Grid trapezoid(96, 9.0), odd(65, 9.0), gauss(4), two(2);
  for (const pdlt_bracket_grid *grid : {&trapezoid.grid, &odd.grid, &gauss.grid, &two.grid}) {
    for (double rho : {0.0, 1e-9, 0.3, 0.97, 1.0 - 1e-9, 1.0}) {
      std::vector<double> work(grid->levels * grid->n), m(grid->n * grid->n);
      pdlt_bracket_grid_mehler(grid, rho, work.data(), m.data());
      double sum[4] = {0.0, 0.0, 0.0, 0.0};
      for (size_t p = 0; p < grid->n; ++p) {
        for (size_t q = 0; q < grid->n; ++q) {
          double product = grid->x[p] * grid->x[q];
          for (int k = 0; k < 4; ++k) sum[k] += std::pow(product, k) * m[p * grid->n + q];
        }
      }
      EXPECT_NEAR(sum[0], 1.0, 1e-13);
      EXPECT_NEAR(sum[1], rho, 1e-13);
      if (grid->n == 2) continue;  // exact to total degree 3 only
      EXPECT_NEAR(sum[2], 1.0 + 2.0 * rho * rho, 1e-12);
      EXPECT_NEAR(sum[3], 9.0 * rho + 6.0 * rho * rho * rho, 1e-11);
    }
  }
}

TEST(BracketQuad, SinIsTheCharacteristicFunction) {
  pdlt_activation act = Activation("sin");
  Grid grid(112, 8.6);
  pdlt_bracket_quads layout;
  pdlt_bracket_quads_layout(&layout, PDLT_QUAD_ALL);
  ASSERT_EQ(layout.columns, 30);
  for (double size : {0.01, 1.0, 3.0}) {
    for (const Matrix &K : Kernels(size)) {
      std::vector<double> out = One(act, &grid.grid, PDLT_QUAD_ALL, K);
      for (int c = 0; c < layout.columns; ++c) {
        EXPECT_NEAR(out[static_cast<size_t>(c)], SinBracket(K, layout.order[c]), 1e-12);
      }
    }
  }
}

TEST(BracketQuad, PolynomialsAreExactByWick) {
  std::vector<double> c = {0.2, 1.0, -0.3, 0.1};
  pdlt_activation act = Activation("polynomial(0.2,1,-0.3,0.1)");
  Grid grid(7);  // 2 degree + 1
  pdlt_bracket_quads layout;
  pdlt_bracket_quads_layout(&layout, PDLT_QUAD_ALL);
  std::vector<Matrix> kernels = Kernels(0.8);
  for (size_t k = 0; k < kernels.size(); k += 3) {
    std::vector<double> out = One(act, &grid.grid, PDLT_QUAD_ALL, kernels[k]);
    for (int column = 0; column < layout.columns; ++column) {
      double exact = PolynomialBracket(kernels[k], c, layout.order[column]);
      EXPECT_NEAR(out[static_cast<size_t>(column)], exact, 1e-12 * (1.0 + std::fabs(exact)));
    }
  }
}

TEST(BracketQuad, TanhIsPlainFourDimensionalQuadrature) {
  Matrix K = {0.5, 0.1, -0.2, 0.05, 0.1, 0.4, 0.1, 0.1, -0.2, 0.1, 0.6, 0.2, 0.05, 0.1, 0.2, 0.3};
  double root[16];
  ASSERT_EQ(pdlt_cholesky(4, K.data(), root, nullptr), PDLT_OK);
  const int n = 27;
  const double h = 0.42;
  double sum[3] = {0.0, 0.0, 0.0};
  auto slope = [](double t) { return 1.0 - t * t; };
  for (int code = 0; code < n * n * n * n; ++code) {
    double t[4], square = 0.0, s[4];
    int rest = code;
    for (int i = 0; i < 4; ++i, rest /= n) {
      t[i] = h * (rest % n - n / 2);
      square += t[i] * t[i];
    }
    if (square > 5.6 * 5.6) continue;
    for (int i = 0; i < 4; ++i) {
      double z = 0.0;
      for (int j = 0; j <= i; ++j) z += root[4 * i + j] * t[j];
      s[i] = std::tanh(z);
    }
    double weight = std::exp(-0.5 * square);
    sum[0] += weight * s[0] * s[1] * s[2] * s[3];
    sum[1] += weight * slope(s[0]) * s[1] * s[2] * slope(s[3]);
    sum[2] += weight * -2.0 * s[0] * slope(s[0]) * s[1] * slope(s[2]) * slope(s[3]);
  }
  double norm = std::pow(h / std::sqrt(2.0 * M_PI), 4);
  Grid grid(64, 8.3);
  pdlt_bracket_quads layout;
  pdlt_bracket_quads_layout(&layout, PDLT_QUAD_ALL);
  std::vector<double> out = One(Activation("tanh"), &grid.grid, PDLT_QUAD_ALL, K);
  auto column = [&](int a, int b, int c, int d) {
    return out[static_cast<size_t>(layout.column[a + 4 * b + 16 * c + 64 * d])];
  };
  EXPECT_NEAR(column(0, 0, 0, 0), norm * sum[0], 3e-7);
  EXPECT_NEAR(column(1, 0, 0, 1), norm * sum[1], 3e-7);
  EXPECT_NEAR(column(2, 0, 1, 1), norm * sum[2], 3e-7);
}

// The pairing (12)(34) is a choice of ours: any order of the slots gives the same number.
TEST(BracketQuad, SlotsMayBePermuted) {
  pdlt_bracket_quads layout;
  pdlt_bracket_quads_layout(&layout, PDLT_QUAD_ALL);
  Grid grid(96, 8.6);
  for (const char *name : {"tanh", "gelu", "swish", "erf"}) {
    pdlt_activation act = Activation(name);
    std::vector<Matrix> kernels = Kernels(0.7);
    for (size_t k = 0; k < kernels.size(); k += 5) {
      const Matrix &K = kernels[k];
      std::array<size_t, 4> turn = {2, 0, 3, 1};
      std::vector<double> a = One(act, &grid.grid, PDLT_QUAD_ALL, K);
      std::vector<double> b = One(act, &grid.grid, PDLT_QUAD_ALL, Sub(K, 4, turn));
      for (int c = 0; c < layout.columns; ++c) {
        const int *o = layout.order[c];
        int code = o[turn[0]] + 4 * o[turn[1]] + 16 * o[turn[2]] + 64 * o[turn[3]];
        EXPECT_NEAR(a[static_cast<size_t>(c)], b[static_cast<size_t>(layout.column[code])], 2e-9)
            << name << " kernel " << k << " column " << c;
      }
    }
  }
}

TEST(BracketQuad, MultisetsAndThreads) {
  std::mt19937 rng(3);
  const size_t D = 5;
  Matrix K = RandomKernel(rng, D, 3, 0.8);
  pdlt_activation act = Activation("sin");
  Grid grid(48, 8.0);
  pdlt_bracket_quads one, two;
  ASSERT_EQ(pdlt_bracket_quads_new(&one, &act, &grid.grid, PDLT_QUAD_ALL, D, K.data(), 1, nullptr),
            PDLT_OK);
  ASSERT_EQ(pdlt_bracket_quads_new(&two, &act, &grid.grid, PDLT_QUAD_ALL, D, K.data(), 2, nullptr),
            PDLT_OK);
  ASSERT_EQ(one.items, 70u);
  for (size_t i = 0; i < one.items * 30; ++i) EXPECT_EQ(one.value[i], two.value[i]);
  for (int trial = 0; trial < 300; ++trial) {
    std::array<size_t, 4> s = {rng() % D, rng() % D, rng() % D, rng() % D};
    const int *o = one.order[rng() % 30];
    EXPECT_NEAR(pdlt_bracket_quad(&one, s[0], o[0], s[1], o[1], s[2], o[2], s[3], o[3]),
                SinBracket(Sub(K, D, s), o), 1e-10);
  }
  pdlt_bracket_quads_free(&one);
  pdlt_bracket_quads_free(&two);
}

TEST(BracketPair, AgreesWithTheExpectationsOfOneAndTwoVariables) {
  std::mt19937 rng(5);
  const size_t D = 5;
  for (const char *name : {"tanh", "gelu", "polynomial(0.1,1,0.2,-0.1)", "sigmoid"}) {
    pdlt_activation act = Activation(name);
    Matrix K = RandomKernel(rng, D, 2, 0.9);
    for (size_t b = 0; b < D; ++b) {  // sample 4 is minus sample 0
      if (b != 4) K[4 * D + b] = K[b * D + 4] = -K[b];
    }
    K[4 * D + 4] = K[0];
    Grid grid(192, 8.6);
    pdlt_bracket_pairs pairs;
    ASSERT_EQ(pdlt_bracket_pairs_new(&pairs, &act, &grid.grid, D, K.data(), nullptr), PDLT_OK);
    for (size_t a = 0; a < D; ++a) {
      for (size_t b = 0; b < D; ++b) {
        for (int j = 0; j <= 5; ++j) {
          for (int k = 0; k <= 5 && j + k <= 6; ++k) {
            pdlt_value value;
            ASSERT_EQ(pdlt_expectation_pair(&value, &act, j, k, K[a * D + a], K[a * D + b],
                                            K[b * D + b], 1e-12, nullptr),
                      PDLT_OK);
            int base_j = j > 0, base_k = k > 0;
            EXPECT_NEAR(pdlt_bracket_jet(&pairs, base_j, base_k, j - base_j, k - base_k, a, b),
                        value.value, 1e-9 * (1.0 + std::fabs(value.value)))
                << name << " " << j << k << " " << a << b;
          }
        }
      }
    }
    pdlt_bracket_pairs_free(&pairs);
  }
}

TEST(BracketRelu, DerivativesInTheKernelAreBracketsOfDerivatives) {
  pdlt_activation act = Activation("leaky_relu(0.3)");
  std::mt19937 rng(8);
  const double step = 1e-5;
  for (int trial = 0; trial < 10; ++trial) {
    Matrix K = RandomKernel(rng, 4, 5, 1.0);
    auto at = [&](int i, int j, double change, std::array<int, 4> order) {
      Matrix moved = K;
      moved[static_cast<size_t>(4 * i + j)] += change;
      moved[static_cast<size_t>(4 * j + i)] += change;
      return pdlt_bracket_relu_quad(&act, moved.data(), order.data());
    };
    auto slope = [&](int i, int j, std::array<int, 4> order) {
      return (at(i, j, step, order) - at(i, j, -step, order)) / (2.0 * step);
    };
    EXPECT_NEAR(slope(0, 1, {0, 0, 0, 0}), at(0, 1, 0, {1, 1, 0, 0}), 1e-8);
    EXPECT_NEAR(slope(1, 3, {0, 0, 0, 0}), at(0, 1, 0, {0, 1, 0, 1}), 1e-8);
    EXPECT_NEAR(slope(2, 3, {1, 1, 0, 0}), at(0, 1, 0, {1, 1, 1, 1}), 1e-8);
    EXPECT_NEAR(slope(0, 3, {0, 1, 1, 0}), at(0, 1, 0, {1, 1, 1, 1}), 1e-8);
  }
}

TEST(BracketRelu, IndependentPairsFactorizeAndSlopesOneAreWick) {
  pdlt_activation relu = Activation("relu"), line = Activation("leaky_relu(1)");
  Matrix K = {1.0, 0.3, 0.0, 0.0, 0.3, 0.8, 0.0, 0.0, 0.0, 0.0, 0.5, -0.4, 0.0, 0.0, -0.4, 1.2};
  double left[6][6], right[6][6];
  pdlt_bracket_relu_pair(&relu, 1.0, 0.3, 0.8, left);
  pdlt_bracket_relu_pair(&relu, 0.5, -0.4, 1.2, right);
  for (int o = 0; o < 4; ++o) {
    int j = o & 1, k = o >> 1;
    const int order[4] = {j, j, k, k};
    EXPECT_NEAR(pdlt_bracket_relu_quad(&relu, K.data(), order), left[j][j] * right[k][k], 1e-14);
  }
  std::mt19937 rng(2);
  for (const Matrix &random : {RandomKernel(rng, 4, 4, 1.0), RandomKernel(rng, 4, 1, 1.0)}) {
    const int none[4] = {0, 0, 0, 0};
    EXPECT_NEAR(pdlt_bracket_relu_quad(&line, random.data(), none),
                WickMoment(random, {1, 1, 1, 1}), 1e-13);
  }
}

// Four samples whose preactivations span a plane, as inputs on a line with biases do: the mean over angles
// by plain sums, and the limit of kernels that are not singular, which go another way.
TEST(BracketRelu, FourSamplesInAPlane) {
  pdlt_activation act = Activation("leaky_relu(0.2)");
  std::mt19937 rng(31);
  for (int trial = 0; trial < 6; ++trial) {
    const Matrix K = RandomKernel(rng, 4, 2, 1.0);
    Matrix near = K;
    for (size_t i = 0; i < 4; ++i) near[5 * i] += 1e-7;
    for (int code = 0; code < 16; ++code) {
      const int order[4] = {code & 1, code >> 1 & 1, code >> 2 & 1, code >> 3};
      EXPECT_NEAR(pdlt_bracket_relu_quad(&act, K.data(), order),
                  pdlt_bracket_relu_quad(&act, near.data(), order), 2e-6)
          << trial << " " << code;
    }
    double sum = 0;
    const int points = 20000, none[4] = {0, 0, 0, 0};
    const double root = std::sqrt(K[5] - K[1] * K[1] / K[0]);
    for (int k = 0; k < points; ++k) {
      const double x = std::cos(2 * M_PI * (k + 0.5) / points),
                   y = std::sin(2 * M_PI * (k + 0.5) / points);
      double product = 1;
      for (size_t i = 0; i < 4; ++i) {
        const double along = K[4 * i] / std::sqrt(K[0]),
                     across = (K[4 * i + 1] - K[1] * K[4 * i] / K[0]) / root;
        const double z = along * x + across * y;
        product *= z > 0 ? z : 0.2 * z;
      }
      sum += 8 * product / points;  // 8: fourth moment of the radius
    }
    EXPECT_NEAR(pdlt_bracket_relu_quad(&act, K.data(), none), sum, 1e-6) << trial;
  }
}

// Coinciding and proportional samples are merged; the brackets are continuous there.
TEST(BracketRelu, MergedSlotsAreTheLimitOfNearbySamples) {
  pdlt_activation act = Activation("leaky_relu(-0.2)");
  std::mt19937 rng(21);
  Matrix v = {1.0, 0.2, -0.4, 0.7, 1.5, 0.3, -0.8, 0.5};  // four vectors of two components
  auto kernel = [](const Matrix &x) {
    Matrix K(16);
    for (size_t i = 0; i < 4; ++i)
      for (size_t j = 0; j < 4; ++j) {
        K[4 * i + j] = x[2 * i] * x[2 * j] + x[2 * i + 1] * x[2 * j + 1];
      }
    return K;
  };
  Matrix exact = v, near = v;
  exact[2] = 2.0 * v[0];  // slot 2 = 2 slot 1, slot 4 = - slot 3
  exact[3] = 2.0 * v[1];
  exact[6] = -v[4];
  exact[7] = -v[5];
  near = exact;
  near[2] += 1e-8;
  near[7] += 1e-8;
  for (int code = 0; code < 16; ++code) {
    const int order[4] = {code & 1, (code >> 1) & 1, (code >> 2) & 1, code >> 3};
    EXPECT_NEAR(pdlt_bracket_relu_quad(&act, kernel(exact).data(), order),
                pdlt_bracket_relu_quad(&act, kernel(near).data(), order), 1e-6)
        << code;
  }
  Matrix same(16, 0.7);
  const int none[4] = {0, 0, 0, 0}, all[4] = {1, 1, 1, 1};
  double fourth = 0.5 * (1.0 + 0.2 * 0.2 * 0.2 * 0.2);
  EXPECT_NEAR(pdlt_bracket_relu_quad(&act, same.data(), none), 3.0 * 0.49 * fourth, 1e-14);
  EXPECT_NEAR(pdlt_bracket_relu_quad(&act, same.data(), all), fourth, 1e-14);
}

// Two-slot closed forms: s'' is 2 beta delta, and d<f>/dK_22 = <d2 d2 f>/2.
TEST(BracketRelu, TwoSlotDerivativesFollowFromTheKernel) {
  pdlt_activation act = Activation("leaky_relu(0.25)");
  const double K[3] = {0.9, -0.35, 1.3}, step = 1e-5;
  auto at = [&](int which, double change, int j, int k) {
    double moved[3] = {K[0], K[1], K[2]}, value[6][6];
    moved[which] += change;
    pdlt_bracket_relu_pair(&act, moved[0], moved[1], moved[2], value);
    return value[j][k];
  };
  auto slope = [&](int which, int j, int k) {
    return (at(which, step, j, k) - at(which, -step, j, k)) / (2.0 * step);
  };
  for (int j = 0; j <= 4; ++j) {
    for (int k = 0; k <= 4; ++k) {
      if ((j + k) % 2 != 0 || j + k > 4) continue;
      EXPECT_NEAR(slope(1, j, k), at(0, 0.0, j + 1, k + 1), 1e-8) << j << k;
      if (j + 2 <= 5) {
        EXPECT_NEAR(slope(0, j, k), 0.5 * at(0, 0.0, j + 2, k), 1e-8) << j << k;
      }
      if (k + 2 <= 5) {
        EXPECT_NEAR(slope(2, j, k), 0.5 * at(0, 0.0, j, k + 2), 1e-8) << j << k;
      }
    }
  }
}

TEST(BracketRelu, HigherDerivativesOverFourSlotsAreRefused) {
  pdlt_activation act = Activation("relu");
  pdlt_bracket_quads quads;
  double K = 1.0;
  EXPECT_EQ(pdlt_bracket_quads_new(&quads, &act, nullptr, PDLT_QUAD_ALL, 1, &K, 1, nullptr),
            PDLT_ERR_UNSUPPORTED);
}
