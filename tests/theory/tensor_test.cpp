// Tensors of order 1/n (theory/tensors/tensors.h): published numbers, exact cases, symmetries,
// subsets of samples, scale-invariant activations, error estimates, term mask. The recursions
// themselves against a literal transcription: tensor_recursion_test.cpp.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "base/core/memory.h"
#include "tests/theory/layers.h"
#include "theory/infinite/kernel.h"
#include "theory/tensors/tensors.h"

namespace {

using List = std::vector<double>;

struct Network {
  std::string activation;
  int depth;
  List C_b, C_W, lambda_b, lambda_W;
  std::vector<int> ratios;
};

Network Plain(const std::string &activation, int depth, double C_W, double lambda_W) {
  size_t L = static_cast<size_t>(depth);
  return {activation, depth, List(L, 0.0), List(L, C_W), List(L, 0.0), List(L, lambda_W), {}};
}

Network General(const std::string &activation) {
  return {activation,
          4,
          {0.1, 0.2, 0.05, 0.3},
          {1.3, 1.1, 1.7, 0.9},
          {0.3, 0.2, 0.6, 0.1},
          {0.8, 1.2, 0.7, 1.4},
          {1, 3, 2}};
}

struct Options {
  double tolerance = 1e-9;
  int threads = 1, dntk = 0, last_only = 0;
  const pdlt_term_mask *mask = nullptr;
};

class Tensors {
 public:
  Tensors(const Network &net, size_t D, const List &x, const Options &o = {}) : D_(D) {
    pdlt_activation act;
    pdlt_error err = {};
    EXPECT_EQ(pdlt_activation_parse(&act, net.activation.c_str(), nullptr), PDLT_OK);
    const auto layers = theory_test::Layers(net.C_b, net.C_W, net.lambda_b, net.lambda_W,
                                            D == 0 ? 1 : x.size() / D, net.ratios);
    const pdlt_kernel_settings k = {act, net.depth, layers.data(), 1e-12, 1, nullptr};
    EXPECT_EQ(pdlt_kernel_layers_new(&kernels, &k, D, x.data(), &err), PDLT_OK) << err.message;
    pdlt_tensor_settings s = {};
    s.activation = act;
    s.layer = layers.data();
    s.tolerance = o.tolerance;
    s.threads = o.threads;
    s.dntk = o.dntk;
    s.last_only = o.last_only;
    s.mask = o.mask;
    EXPECT_EQ(pdlt_tensors_new(&set, &kernels, &s, &err), PDLT_OK) << err.message;
  }
  ~Tensors() {
    pdlt_tensors_free(&set);
    pdlt_kernel_layers_free(&kernels);
  }
  Tensors(const Tensors &) = delete;
  double operator()(int layer, pdlt_tensor_name t, size_t a, size_t b) const {
    return pdlt_tensors_get(&set, layer, t)[a * D_ + b];
  }
  double operator()(int layer, pdlt_tensor_name t, size_t a, size_t b, size_t c, size_t d) const {
    return pdlt_tensors_get(&set, layer, t)[((a * D_ + b) * D_ + c) * D_ + d];
  }
  double K(int layer, size_t a, size_t b) const {
    return kernels.K[(static_cast<size_t>(layer - 1) * D_ + a) * D_ + b];
  }
  double Theta(int layer, size_t a, size_t b) const {
    return kernels.theta[(static_cast<size_t>(layer - 1) * D_ + a) * D_ + b];
  }
  double Err(int layer, pdlt_tensor_name t) const { return set.layer[layer - 1].err[t]; }
  size_t Count(pdlt_tensor_name t) const {
    return pdlt_tensor_rank(t) == 2 ? D_ * D_ : D_ * D_ * D_ * D_;
  }
  double Largest(int layer, pdlt_tensor_name t) const {
    double largest = 0.0;
    for (size_t i = 0; i < Count(t); ++i) {
      largest = std::fmax(largest, std::fabs(pdlt_tensors_get(&set, layer, t)[i]));
    }
    return largest;
  }
  pdlt_kernel_layers kernels = {};
  pdlt_tensor_set set = {};

 private:
  size_t D_;
};

List RandomInputs(unsigned seed, size_t D, size_t inputs) {
  std::mt19937 rng(seed);
  std::normal_distribution<double> normal;
  List x(D * inputs);
  for (double &v : x) v = normal(rng);
  return x;
}

const List kPublished = {0.6540248765053858,  -1.3592788739383235, -0.3791179316445409,
                         0.34191025226280697, -0.6786403121150224, -0.12161213502515096,
                         0.21716372787141658, -1.4709063616118982};

pdlt_tensor_name Name(int t) { return static_cast<pdlt_tensor_name>(t); }

}  // namespace

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

TEST(Tensor, Symmetries) {
  const size_t D = 3;
  for (const char *name : {"tanh", "gelu", "relu"}) {
    Network net = General(name);
    int smooth = std::string(name) != "relu";
    Options options;
    options.dntk = smooth;
    Tensors t(net, D, RandomInputs(9, D, 2), options);
    for (int l = 2; l <= net.depth; ++l) {
      auto same = [&](pdlt_tensor_name n, double x, double y) {
        EXPECT_NEAR(x, y, 2.0 * t.Err(l, n) + 1e-12 * t.Largest(l, n))
            << name << l << pdlt_tensor_text(n);
      };
      for (size_t i = 0; i < 81; ++i) {
        size_t a = i / 27, b = i / 9 % 3, c = i / 3 % 3, d = i % 3;
        for (pdlt_tensor_name n : {PDLT_TENSOR_V, PDLT_TENSOR_A}) {
          same(n, t(l, n, a, b, c, d), t(l, n, b, a, c, d));
          same(n, t(l, n, a, b, c, d), t(l, n, a, b, d, c));
          same(n, t(l, n, a, b, c, d), t(l, n, c, d, a, b));
        }
        same(PDLT_TENSOR_D, t(l, PDLT_TENSOR_D, a, b, c, d), t(l, PDLT_TENSOR_D, b, a, c, d));
        same(PDLT_TENSOR_D, t(l, PDLT_TENSOR_D, a, b, c, d), t(l, PDLT_TENSOR_D, a, b, d, c));
        same(PDLT_TENSOR_F, t(l, PDLT_TENSOR_F, a, b, c, d), t(l, PDLT_TENSOR_F, c, d, a, b));
        same(PDLT_TENSOR_B, t(l, PDLT_TENSOR_B, a, b, c, d), t(l, PDLT_TENSOR_B, c, d, a, b));
        same(PDLT_TENSOR_B, t(l, PDLT_TENSOR_B, a, b, c, d), t(l, PDLT_TENSOR_B, b, a, d, c));
        if (!smooth) continue;
        same(PDLT_TENSOR_T, t(l, PDLT_TENSOR_T, a, b, c, d), t(l, PDLT_TENSOR_T, c, d, a, b));
        same(PDLT_TENSOR_U, t(l, PDLT_TENSOR_U, a, b, c, d), t(l, PDLT_TENSOR_U, c, d, a, b));
        same(PDLT_TENSOR_P, t(l, PDLT_TENSOR_P, a, b, c, d), t(l, PDLT_TENSOR_P, a, c, b, d));
        same(PDLT_TENSOR_R, t(l, PDLT_TENSOR_R, a, b, c, d), t(l, PDLT_TENSOR_R, a, b, d, c));
        same(PDLT_TENSOR_S, t(l, PDLT_TENSOR_S, a, b, c, d), t(l, PDLT_TENSOR_S, b, a, d, c));
      }
    }
  }
}

// A tensor of some samples is part of the tensor of more samples, duplicates included.
TEST(Tensor, SubsetsOfSamples) {
  for (const char *name : {"tanh", "relu"}) {
    Network net = General(name);
    List x = RandomInputs(2, 3, 2), more = {x[2], x[3], x[0], x[1], x[4], x[5], x[0], x[1]};
    const size_t at[4] = {1, 0, 2, 0};  // sample of `more` as sample of x
    Options options;
    options.dntk = std::string(name) == "tanh";
    Tensors small(net, 3, x, options), big(net, 4, more, options);
    for (int n = 0; n < PDLT_TENSOR_COUNT; ++n) {
      if (pdlt_tensor_rank(Name(n)) != 4 || pdlt_tensors_get(&big.set, 4, Name(n)) == nullptr)
        continue;
      double room = small.Err(4, Name(n)) + big.Err(4, Name(n));
      for (size_t i = 0; i < 256; ++i) {
        size_t a = i / 64, b = i / 16 % 4, c = i / 4 % 4, d = i % 4;
        EXPECT_NEAR(big(4, Name(n), a, b, c, d), small(4, Name(n), at[a], at[b], at[c], at[d]),
                    room)
            << name << pdlt_tensor_text(Name(n));
      }
    }
    for (size_t a = 0; a < 4; ++a) {
      for (size_t b = 0; b < 4; ++b) {
        EXPECT_NEAR(big(4, PDLT_TENSOR_G1, a, b), small(4, PDLT_TENSOR_G1, at[a], at[b]), 1e-8);
        EXPECT_NEAR(big(4, PDLT_TENSOR_THETA1, a, b), small(4, PDLT_TENSOR_THETA1, at[a], at[b]),
                    1e-8);
      }
    }
  }
}

TEST(Tensor, NoSampleOneLayerLastLayerOnly) {
  Tensors none(General("tanh"), 0, {});
  EXPECT_EQ(none.set.D, 0u);
  Tensors shallow(Plain("tanh", 1, 1.0, 1.0), 2, {1.0, 0.5});
  EXPECT_EQ(shallow.Largest(1, PDLT_TENSOR_V), 0.0);
  EXPECT_EQ(pdlt_tensors_get(&shallow.set, 2, PDLT_TENSOR_V), nullptr);
  EXPECT_EQ(pdlt_tensors_get(&shallow.set, 0, PDLT_TENSOR_V), nullptr);
  EXPECT_EQ(pdlt_tensors_get(&shallow.set, 1, PDLT_TENSOR_P), nullptr);
  Options last;
  last.last_only = 1;
  last.threads = 2;
  Tensors all(General("tanh"), 2, {1.0, 0.5}), one(General("tanh"), 2, {1.0, 0.5}, last);
  EXPECT_EQ(pdlt_tensors_get(&one.set, 3, PDLT_TENSOR_V), nullptr);
  for (size_t i = 0; i < 16; ++i) {  // threads do not change a bit
    EXPECT_EQ(pdlt_tensors_get(&one.set, 4, PDLT_TENSOR_A)[i],
              pdlt_tensors_get(&all.set, 4, PDLT_TENSOR_A)[i]);
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

TEST(Tensor, ReportedErrorsAreHonest) {
  for (const char *name : {"tanh", "swish"}) {
    Network net = General(name);
    net.depth = 3;
    List x = RandomInputs(7, 2, 3);
    Options fine, coarse;
    fine.dntk = coarse.dntk = 1;
    fine.tolerance = 1e-12;
    Tensors exact(net, 2, x, fine);
    for (double tolerance : {1e-4, 1e-7}) {
      coarse.tolerance = tolerance;
      Tensors t(net, 2, x, coarse);
      for (int n = 0; n < PDLT_TENSOR_COUNT; ++n) {
        double worst = 0.0;
        for (size_t i = 0; i < t.Count(Name(n)); ++i) {
          worst = std::fmax(worst, std::fabs(pdlt_tensors_get(&t.set, 3, Name(n))[i] -
                                             pdlt_tensors_get(&exact.set, 3, Name(n))[i]));
        }
        EXPECT_LE(worst, t.Err(3, Name(n)) + exact.Err(3, Name(n)))
            << name << pdlt_tensor_text(Name(n));
        EXPECT_LE(t.Err(3, Name(n)), 100.0 * tolerance * t.Largest(3, Name(n)));
        EXPECT_GT(t.Err(3, Name(n)), 0.0);
      }
    }
  }
}

// With more samples than are checked: every entry that four samples outside the checked ones
// (and two duplicates) have in common with a precise run on these alone.
TEST(Tensor, ReportedErrorsOfManySamplesAreHonest) {
  const size_t D = 18, inputs = 3;
  for (const char *name : {"tanh", "gelu"}) {
    Network net = General(name);
    net.depth = 3;
    List x = RandomInputs(17, D, inputs);
    for (double &v : x) v *= 0.6;
    for (size_t k = 0; k < inputs; ++k) x[5 * inputs + k] = x[11 * inputs + k];
    const size_t at[4] = {5, 11, 13, 16};
    List few;
    for (size_t a : at) few.insert(few.end(), &x[a * inputs], &x[a * inputs] + inputs);
    Options fine, coarse;
    fine.dntk = coarse.dntk = 1;
    fine.tolerance = 1e-12;
    coarse.threads = 2;
    Tensors exact(net, 4, few, fine);
    for (double tolerance : {1e-2, 1e-4}) {
      coarse.tolerance = tolerance;
      Tensors t(net, D, x, coarse);
      for (int n = 0; n < PDLT_TENSOR_COUNT; ++n) {
        double worst = 0.0;
        for (size_t i = 0; i < exact.Count(Name(n)); ++i) {
          const size_t a = at[i / 64 % 4], b = at[i / 16 % 4], c = at[i / 4 % 4], d = at[i % 4];
          const double here =
              pdlt_tensor_rank(Name(n)) == 2 ? t(3, Name(n), c, d) : t(3, Name(n), a, b, c, d);
          worst = std::fmax(worst, std::fabs(here - pdlt_tensors_get(&exact.set, 3, Name(n))[i]));
        }
        EXPECT_LE(worst, t.Err(3, Name(n)) + exact.Err(3, Name(n)))
            << name << pdlt_tensor_text(Name(n));
        EXPECT_LE(t.Err(3, Name(n)), 100.0 * tolerance * t.Largest(3, Name(n)));
      }
    }
  }
}

// A term changes its own tensor and those fed by it, linearly at its first appearance.
TEST(Tensor, MaskedTerms) {
  const std::string feeds[][2] = {{"V", "V G1 Theta1 D A"},
                                  {"G1", "G1 Theta1"},
                                  {"Theta1", "Theta1"},
                                  {"D", "D Theta1 A"},
                                  {"F", "F Theta1 Q T"},
                                  {"A", "A"},
                                  {"B", "B P R S"},
                                  {"P", "P R"},
                                  {"Q", "Q T"},
                                  {"R", "R"},
                                  {"S", "S"},
                                  {"T", "T"},
                                  {"U", "U"}};
  List x = {1.0, -0.4, 0.3, 0.9};
  Network net = General("polynomial(0.1,0.9,0.3,-0.05)");
  net.depth = 5;  // at layer 4 a term of G1 has not yet reached Theta1
  for (List *list : {&net.C_b, &net.C_W, &net.lambda_b, &net.lambda_W}) list->push_back(0.7);
  net.ratios.push_back(1);
  Options options;
  options.dntk = 1;
  Tensors all(net, 2, x, options);
  for (int term = 0; term < PDLT_TERM_COUNT; ++term) {
    std::string name = pdlt_term_name(static_cast<pdlt_term>(term)), changes;
    for (const auto &row : feeds) {
      if (row[0] == name.substr(0, name.find('.'))) changes = " " + row[1] + " ";
    }
    pdlt_term_mask mask = pdlt_term_mask_all();
    ASSERT_EQ(pdlt_term_mask_scale(&mask, name.c_str(), 0.0, nullptr), PDLT_OK);
    options.mask = &mask;
    Tensors without(net, 2, x, options);
    for (int n = 0; n < PDLT_TENSOR_COUNT; ++n) {
      bool changed = false, expected = changes.find(std::string(" ") + pdlt_tensor_text(Name(n)) +
                                                    " ") != std::string::npos;
      for (size_t i = 0; i < all.Count(Name(n)); ++i) {
        changed |= pdlt_tensors_get(&all.set, 5, Name(n))[i] !=
                   pdlt_tensors_get(&without.set, 5, Name(n))[i];
      }
      EXPECT_EQ(changed, expected) << name << " " << pdlt_tensor_text(Name(n));
    }
  }
  pdlt_term_mask mask = pdlt_term_mask_all();
  ASSERT_EQ(pdlt_term_mask_scale(&mask, "V", 0.0, nullptr), PDLT_OK);
  ASSERT_EQ(pdlt_term_mask_scale(&mask, "B", -1.0, nullptr), PDLT_OK);
  options.mask = &mask;
  Tensors none(net, 2, x, options);
  EXPECT_EQ(none.Largest(5, PDLT_TENSOR_V), 0.0);
  for (size_t i = 0; i < 16; ++i) {  // at layer 2 B is one fresh term
    EXPECT_EQ(pdlt_tensors_get(&none.set, 2, PDLT_TENSOR_B)[i],
              -pdlt_tensors_get(&all.set, 2, PDLT_TENSOR_B)[i]);
  }
}

TEST(Tensor, RefusalsAndFailedAllocations) {
  Tensors ok(General("relu"), 2, {1.0, 0.5});
  const List one(4, 1.0);
  const auto layers = theory_test::Layers(one, one, one, one, 1);
  pdlt_tensor_settings s = {};
  ASSERT_EQ(pdlt_activation_parse(&s.activation, "relu", nullptr), PDLT_OK);
  s.layer = layers.data();
  s.tolerance = 1e-8;
  s.threads = 1;
  s.dntk = 1;
  pdlt_error err = {};
  pdlt_tensor_set set = {};
  EXPECT_EQ(pdlt_tensors_new(&set, &ok.kernels, &s, &err), PDLT_ERR_UNSUPPORTED);
  EXPECT_NE(std::string(err.message).find("delta"), std::string::npos);
  s.dntk = 0;
  s.tolerance = 0.0;
  EXPECT_EQ(pdlt_tensors_new(&set, &ok.kernels, &s, &err), PDLT_ERR_INPUT);
  s.tolerance = 1e-6;
  s.threads = 0;
  EXPECT_EQ(pdlt_tensors_new(&set, &ok.kernels, &s, &err), PDLT_ERR_INPUT);
  s.threads = 1;
  ASSERT_EQ(pdlt_activation_parse(&s.activation, "quadratic(0.2)", nullptr), PDLT_OK);
  int failures = 0;
  for (long n = 0;; n = n < 40 ? n + 1 : n + 17) {
    pdlt_memory_fail_after(n);
    pdlt_status status = pdlt_tensors_new(&set, &ok.kernels, &s, &err);
    pdlt_memory_fail_after(-1);
    if (status == PDLT_OK) break;
    EXPECT_EQ(status, PDLT_ERR_MEMORY);
    EXPECT_EQ(set.layer, nullptr);
    ++failures;
  }
  EXPECT_GT(failures, 20);
  pdlt_tensors_free(&set);
}
