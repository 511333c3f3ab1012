// skip_test.cpp - tensors of networks with skips: without any the recursion of theory/tensors, what must not
// change, exact finite networks, published and closed numbers.
#include <functional>
#include <memory>
#include <random>

#include "base/core/memory.h"
#include "tests/theory/literal_recursion.h"
#include "tests/theory/skip_support.h"

using skip_support::ExpectSame;
using skip_support::Layers;
using skip_support::List;
using skip_support::Name;
using skip_support::Network;
using skip_support::Options;
using skip_support::Tensors;

namespace {

const List kInputs = {0.9, -0.4, 0.3, 1.1, 0.2, -0.8};

TEST(Skip, WithoutSkipsItIsTheOtherRecursion) {
  for (const char *activation : {"sin", "quadratic(0.3)", "relu"}) {
    Network net = {tensor_support::General(activation), List(4, 0.0)};
    net.plain.ratios = {1, 3, 2};
    const int dntk = std::string(activation) != "relu";
    tensor_support::Options plain;
    plain.dntk = dntk;
    plain.tolerance = 1e-3;  // both on the same grids
    const tensor_support::Tensors expected(net.plain, 2, kInputs, plain);
    Options o;
    o.dntk = dntk;
    o.tolerance = 1e-3;
    for (int pair_only : {0, 1}) {
      o.pair_only = pair_only;
      const Tensors got(net, 2, kInputs, o);
      for (int l = 1; l <= 4; l++)
        for (int t = 0; t < PDLT_TENSOR_COUNT; t++) {
          const double *data = pdlt_tensors_get(&expected.set, l, Name(t));
          const List numbers = got.Of(l, t);
          if (numbers.empty() && !dntk) continue;
          const size_t size = pdlt_tensor_rank(Name(t)) == 2 ? 4 : 16;
          ASSERT_NE(data, nullptr);
          ExpectSame(numbers, List(data, data + size), 1e-13,
                     std::string(activation) + " layer " + std::to_string(l) + " " +
                         pdlt_tensor_text(Name(t)));
        }
    }
  }
}

// A residual network of equal parameters.
Network Residual(const std::string &activation, int depth, double C_b, double C_W, double gamma) {
  Network net = {tensor_support::Plain(activation, depth, C_W, 0.8), List((size_t)depth, gamma)};
  for (double &v : net.plain.C_b) v = C_b;
  net.skip.front() = net.skip.back() = 0;
  return net;
}

// --- sums along a segment ---

// Pairs of slots times pairs of slots.
using Matrix = std::vector<List>;

Matrix Zero(size_t N) { return Matrix(N, List(N, 0.0)); }

Matrix Product(const Matrix &a, const Matrix &b, bool transpose) {
  Matrix out = Zero(a.size());
  for (size_t i = 0; i < a.size(); i++)
    for (size_t k = 0; k < a.size(); k++)
      for (size_t j = 0; j < a.size(); j++) out[i][j] += a[i][k] * (transpose ? b[j][k] : b[k][j]);
  return out;
}

// docs/skips.md, "Along a segment", for hidden layers 1..S of one segment, equal widths, a quadratic activation.
class Segment {
 public:
  Segment(const Tensors &t, const Network &net)
      : t_(t), net_(net), S_(t.kernels.depth - 1), D_(t.D) {
    const size_t E = D_ * (size_t)S_;
    List K(E * E);
    for (size_t i = 0; i < E * E; i++)
      K[i] = Across(1 + int(i / E / D_), 1 + int(i % E / D_), false, i / E % D_, i % E % D_);
    wick_ = std::make_unique<literal::Wick>(List{0, 1, 0.3}, E, K.data());
  }
  // c and J of a tensor on pairs: V (12)(34), F and B (13)(24), U (14)(23).
  double c(int tensor, int m, int p, const size_t i[4]) {
    const size_t a = i[0], b = i[1], u = i[2], v = i[3];
    const auto th = [&](size_t x, size_t y) { return Across(m, p, true, x, y); };
    if (tensor == PDLT_TENSOR_V)
      return Bracket({{m, a, 0}, {m, b, 0}, {p, u, 0}, {p, v, 0}}) -
             Bracket({{m, a, 0}, {m, b, 0}}) * Bracket({{p, u, 0}, {p, v, 0}});
    if (tensor == PDLT_TENSOR_F)
      return th(b, v) * Bracket({{m, a, 0}, {m, b, 1}, {p, u, 0}, {p, v, 1}});
    if (tensor == PDLT_TENSOR_B)
      return th(a, u) * th(b, v) * Bracket({{m, a, 1}, {m, b, 1}, {p, u, 1}, {p, v, 1}});
    return th(a, u) * th(a, v) * th(b, u) * Bracket({{m, a, 2}, {m, b, 1}, {p, u, 2}, {p, v, 1}});
  }
  // Row: pair (a, b) read in layer k; columns: pairs of layer m that change it.
  void AddJ(int tensor, int k, int m, size_t a, size_t b, List *row) {
    const double gain = Gain(k, m) * Gain(k, m), C = net_.plain.C_W[(size_t)m - 1];
    if (tensor == PDLT_TENSOR_V) {
      (*row)[a * D_ + a] += C / 2 * gain * Bracket({{k, a, 2}, {k, b, 0}});
      (*row)[a * D_ + b] += C * gain * Bracket({{k, a, 1}, {k, b, 1}});
      (*row)[b * D_ + b] += C / 2 * gain * Bracket({{k, a, 0}, {k, b, 2}});
    } else if (tensor == PDLT_TENSOR_F) {
      (*row)[a * D_ + b] += C * gain * Bracket({{k, a, 1}, {k, b, 1}});
      (*row)[b * D_ + b] += C * gain * Bracket({{k, a, 0}, {k, b, 2}});
    } else {
      (*row)[a * D_ + b] += C * gain * Bracket({{k, a, 1}, {k, b, 1}});
    }
  }
  List Sum(int tensor) {
    const size_t N = D_ * D_;
    std::vector<Matrix> zeta((size_t)S_ + 1, Zero(N));
    for (size_t i = 0; i < N; i++) zeta[(size_t)S_][i][i] = 1;
    for (int m = S_ - 1; m >= 1; m--)
      for (int k = m + 1; k <= S_; k++) {
        Matrix J = Zero(N);
        for (size_t i = 0; i < N; i++) AddJ(tensor, k, m + 1, i / D_, i % D_, &J[i]);
        const Matrix add = Product(zeta[(size_t)k], J, false);
        for (size_t i = 0; i < N * N; i++) zeta[(size_t)m][i / N][i % N] += add[i / N][i % N];
      }
    List out(N * N, 0.0);
    const double C = net_.plain.C_W.back();
    for (int m = 1; m <= S_; m++)
      for (int p = 1; p <= S_; p++) {
        Matrix noise = Zero(N);
        for (size_t i = 0; i < N * N; i++) {
          const size_t slot[4] = {i / N / D_, i / N % D_, i % N / D_, i % N % D_};
          noise[i / N][i % N] = c(tensor, m, p, slot);
        }
        const Matrix sum = Product(Product(zeta[(size_t)m], noise, false), zeta[(size_t)p], true);
        for (size_t i = 0; i < N * N; i++) out[i] += C * C * sum[i / N][i % N];
      }
    return out;
  }

 private:
  struct One {
    int layer;
    size_t slot;
    int order;
  };
  double Gain(int q, int p) const {
    double gain = 1;
    for (int l = p + 1; l <= q; l++) gain *= net_.skip[(size_t)l - 1];
    return gain;
  }
  // K or Theta of slot a in layer m and b in layer p.
  double Across(int m, int p, bool theta, size_t a, size_t b) const {
    const int low = std::min(m, p), high = std::max(m, p);
    return Gain(high, low) * (theta ? t_.Theta(low, a, b) : t_.K(low, a, b));
  }
  double Bracket(const std::vector<One> &factors) {
    literal::Function f;
    for (const One &one : factors)
      f.f[f.count++] = {(size_t)(one.layer - 1) * D_ + one.slot, one.order};
    return (*wick_)({{1.0, f}});
  }
  const Tensors &t_;
  const Network &net_;
  int S_;
  size_t D_;
  std::unique_ptr<literal::Wick> wick_;
};

TEST(Skip, SumsAlongASegment) {
  Network net = Residual("quadratic(0.3)", 5, 0.1, 0.4, 0.8);
  net.skip = {0, 0.8, -0.5, 0.9, 0};
  net.plain.C_W = {0.9, 0.5, 0.3, 0.4, 0.8};
  const Tensors got(net, 2, {0.9, -0.4, 0.3, 1.1, 0.2, -0.8});
  Segment sums(got, net);
  for (int t : {PDLT_TENSOR_V, PDLT_TENSOR_F, PDLT_TENSOR_B, PDLT_TENSOR_U})
    ExpectSame(got.Readout(t), sums.Sum(t), 1e-13, pdlt_tensor_text(Name(t)));
}

// --- layers that change nothing ---

TEST(Skip, IdentityLayersChangeNothing) {
  for (const char *activation : {"quadratic(0.3)", "gelu", "relu"}) {
    Network net = Residual(activation, 4, 0.1, 0.5, 0.7), longer = Residual(activation, 6, 0, 0, 1);
    auto &a = net.plain, &b = longer.plain;
    a.lambda_b = {0.3, 0.2, 0.6, 0.1};
    for (size_t l = 0, k = 0; l < 6; l++) {
      const bool inserted = l == 1 || l == 3;
      b.C_b[l] = inserted ? 0 : a.C_b[k];
      b.C_W[l] = inserted ? 0 : a.C_W[k];
      b.lambda_b[l] = inserted ? 0 : a.lambda_b[k];
      b.lambda_W[l] = inserted ? 0 : a.lambda_W[k];
      longer.skip[l] = inserted ? 1 : net.skip[k];
      k += !inserted;
    }
    Options o;
    o.dntk = std::string(activation) != "relu";
    o.tolerance = 1e-9;
    const Tensors one(net, 2, {0.9, -0.4, 0.3, 1.1}, o), two(longer, 2, {0.9, -0.4, 0.3, 1.1}, o);
    for (int t = 0; t < PDLT_TENSOR_COUNT; t++) {
      EXPECT_EQ(one.Readout(t).empty(), two.Readout(t).empty());
      const double tolerance = one.Err(t) + two.Err(t) + 1e-13;
      ExpectSame(two.Readout(t), one.Readout(t), tolerance,
                 std::string(activation) + pdlt_tensor_text(Name(t)));
      EXPECT_LT(tolerance, 1e-7);
    }
  }
}

// --- linear networks, exactly ---

// n (E q^2/(E q)^2 - 1) of the readout's kernel C q, at n to infinity: E q'^2 = E q^2 [(g^2 + C)^2 + 4 g^2 C/n +
// 2 C^2/n], of the first layer E q^2 = q^2 (1 + 2/n).
TEST(Skip, LinearNetworksAreExact) {
  const double C[] = {1.3, 0.4, 0.7, 0.5}, gamma[] = {0, 0.8, 0.5, 0};
  Network net = Residual("linear", 4, 0, 1, 0.8);
  net.plain.C_W.assign(C, C + 4);
  net.skip.assign(gamma, gamma + 4);
  for (int pair_only : {0, 1}) {
    Options o;
    o.pair_only = pair_only;
    const Tensors got(net, 2, {0.9, -0.4, 0.3, 1.1, 0.2, -0.8}, o);
    double relative = 2;
    for (int l = 1; l < 3; l++) {
      const double g2 = gamma[l] * gamma[l], mean = (g2 + C[l]) * (g2 + C[l]);
      const double K = got.K(l + 1, 0, 0), step = (4 * g2 * C[l] + 2 * C[l] * C[l]) / mean;
      relative += step;
      EXPECT_NEAR(got.Of(l + 1, PDLT_TENSOR_V)[0], (relative - 2) * K * K, 1e-13 * K * K);
    }
    const double K = got.K(4, 0, 0);
    EXPECT_NEAR(got.Readout(PDLT_TENSOR_V)[0], relative * K * K, 1e-13 * K * K);
    for (int t : {PDLT_TENSOR_G1, PDLT_TENSOR_THETA1})
      for (double v : got.Readout(t)) EXPECT_NEAR(v, 0, 1e-13);
    o.pair_only = !pair_only;  // for linear activations the naive rule is right
    const Tensors other(net, 2, {0.9, -0.4, 0.3, 1.1, 0.2, -0.8}, o);
    for (int l = 2; l <= 4; l++)
      for (int t = 0; t < PDLT_TENSOR_COUNT; t++) {
        const bool zero = t == PDLT_TENSOR_G1 || t == PDLT_TENSOR_THETA1;
        const List a = got.Of(l, t), b = other.Of(l, t);
        for (size_t i = 0; i < a.size() && zero; i++) EXPECT_NEAR(a[i], 0, 1e-13) << l;
        if (!zero) ExpectSame(a, b, 1e-13, pdlt_tensor_text(Name(t)));
      }
  }
}

// --- published and sampled numbers ---

// <s^2 s^2>_rho/<s^2>^2 - 1 of ReLU.
double ReluCorrelation(double rho) {
  const double pi = 3.14159265358979323846, t = std::acos(rho);
  return 2 / pi * (3 * std::sin(t) * rho + (pi - t) * (1 + 2 * rho * rho)) - 1;
}

// ReLU at criticality: nu of docs/skips.md; of the naive rule each layer adds 5 (1 - g^2)^2 + 4 g^2 (1 - g^2).
TEST(Skip, ReluAtCriticality) {
  const struct {
    double gamma, V;
    int hidden;
  } cases[] = {{0.7, 61.5, 12}, {0.9, 36.95, 16}};
  for (const auto &c : cases) {
    const double lost = 1 - c.gamma * c.gamma;
    const Network net = Residual("relu", c.hidden + 1, 0, 2 * lost, c.gamma);
    Options o;
    o.dntk = 0;
    const Tensors full(net, 1, {1.0}, o);
    const double K = full.K(c.hidden + 1, 0, 0), last = full.K(c.hidden, 0, 0);
    EXPECT_NEAR(last, full.K(1, 0, 0), 1e-13);
    EXPECT_NEAR(full.Readout(PDLT_TENSOR_V)[0] / (K * K), c.V, 0.05);
    EXPECT_TRUE(full.Readout(PDLT_TENSOR_G1).empty());
    o.pair_only = 1;
    const Tensors naive(net, 1, {1.0}, o);
    const double each = 5 * lost * lost + 4 * c.gamma * c.gamma * lost;
    EXPECT_NEAR(naive.Readout(PDLT_TENSOR_V)[0] / (K * K), 5 + (c.hidden - 1) * each, 1e-10);
    const int S = c.hidden;
    double sum =
        5 + 5 * lost * lost * (S - 1);  // docs/skips.md, "Along a segment": zeta is 1 - gamma^2
    for (int m = 1; m < S; m++)
      sum += 2 * lost * (1 + lost * (S - 1 - m)) * ReluCorrelation(std::pow(c.gamma, m));
    EXPECT_NEAR(full.Readout(PDLT_TENSOR_V)[0] / (K * K), sum, 1e-10);
  }
}

// The variance of the readout's kernel (C/n) sum_j s_j^2 of networks of 300 neurons, layer by layer.
TEST(Skip, VertexOfSampledNetworks) {
  const double C = 0.8, gamma = 0.8;
  const size_t n = 300, draws = 12000;
  const int hidden = 3;
  const Network net = Residual("gelu", hidden + 1, 0, C, gamma);
  Options o;
  o.dntk = 0;
  const Tensors full(net, 1, {1.0}, o);
  o.pair_only = 1;
  const Tensors naive(net, 1, {1.0}, o);
  std::mt19937_64 rng(7);
  std::normal_distribution<double> normal;
  double mean = 0, square = 0;
  List z(n);
  for (size_t m = 0; m < draws; m++) {
    double q = C;
    for (int l = 1; l <= hidden + 1; l++) {
      double next = 0;
      if (l == hidden + 1) break;
      for (double &v : z) {
        v = (l == 1 ? 0 : gamma * v) + std::sqrt(q) * normal(rng);
        const double s = 0.5 * v * std::erfc(-v * std::sqrt(0.5));
        next += s * s;
      }
      q = C * next / double(n);
    }
    mean += q / double(draws);
    square += q * q / double(draws);
  }
  const double sampled = double(n) * (square - mean * mean);
  const double V = full.Readout(PDLT_TENSOR_V)[0], wrong = naive.Readout(PDLT_TENSOR_V)[0];
  EXPECT_NEAR(sampled, V, 0.07 * V);
  EXPECT_GT(std::fabs(sampled - wrong), 0.3 * wrong);
}

// The naive rule is right for the tensors of the first layer with a skip.
TEST(Skip, PairRuleOfTheFirstLayer) {
  const Network net = Residual("tanh", 5, 0.1, 0.7, 0.8);
  Options o;
  o.tolerance = 1e-8;
  const Tensors full(net, 2, {0.9, -0.4, 0.3, 1.1}, o);
  o.pair_only = 1;
  const Tensors naive(net, 2, {0.9, -0.4, 0.3, 1.1}, o);
  for (int t = 0; t < PDLT_TENSOR_COUNT; t++)
    ExpectSame(full.Of(2, t), naive.Of(2, t), 1e-12, pdlt_tensor_text(Name(t)));
  for (int l : {3, 4}) {
    const double difference =
        std::fabs(full.Of(l, PDLT_TENSOR_V)[0] / naive.Of(l, PDLT_TENSOR_V)[0] - 1);
    EXPECT_GT(difference, 1e-3);
  }
}

// --- errors, threads, what is kept, what may fail ---

TEST(Skip, EveryAllocationMayFail) {
  Network net = Residual("quadratic(0.3)", 4, 0.1, 0.6, 0.8);
  const auto layers = Layers(net, 1);
  pdlt_activation act;
  ASSERT_EQ(pdlt_activation_parse(&act, "quadratic(0.3)", nullptr), PDLT_OK);
  const pdlt_kernel_settings k = {act, 4, layers.data(), 1e-8, 1, nullptr};
  const double x = 0.7;
  pdlt_kernel_layers kernels = {};
  ASSERT_EQ(pdlt_kernel_layers_new(&kernels, &k, 1, &x, nullptr), PDLT_OK);
  pdlt_tensor_settings s = {};
  s.activation = act;
  s.layer = layers.data();
  s.tolerance = 1e-4;
  s.threads = 1;
  pdlt_tensor_set set = {};
  double bytes = 0, brackets = 0;
  const auto failures = [](const std::function<pdlt_status()> &run) {
    for (int n = 0;; n++) {
      pdlt_memory_fail_after(n);
      const pdlt_status status = run();
      pdlt_memory_fail_after(-1);
      if (status == PDLT_OK) return n;
      EXPECT_EQ(status, PDLT_ERR_MEMORY) << n;
    }
  };
  for (int pair_only : {0, 1}) {
    EXPECT_GT(failures([&] {
                EXPECT_EQ(set.layer, nullptr);
                return pdlt_skip_tensors_new(&set, &kernels, &s, pair_only, nullptr);
              }),
              300);
    pdlt_tensors_free(&set);
  }
  EXPECT_GT(
      failures([&] { return pdlt_skip_tensors_bytes(&bytes, &brackets, &s, 4, 1, 0, nullptr); }),
      10);
  EXPECT_EQ(brackets, 6);  // two of the pairs of one sample in three layers
  EXPECT_GT(bytes, 8 * 2 * 40 * 6);
  pdlt_kernel_layers_free(&kernels);
}

TEST(Skip, WhatIsRefused) {
  const List x = {0.9};
  Network net = Residual("relu", 3, 0, 1, 0.5);
  auto layers = Layers(net, 1);
  pdlt_activation act;
  pdlt_error err = {};
  pdlt_kernel_layers kernels = {};
  pdlt_tensor_set set = {};
  ASSERT_EQ(pdlt_activation_parse(&act, "relu", nullptr), PDLT_OK);
  const pdlt_kernel_settings k = {act, 3, layers.data(), 1e-8, 1, nullptr};
  ASSERT_EQ(pdlt_kernel_layers_new(&kernels, &k, 1, x.data(), nullptr), PDLT_OK);
  pdlt_tensor_settings s = {};
  s.activation = act;
  s.layer = layers.data();
  s.tolerance = 1e-4;
  s.dntk = s.threads = 1;
  EXPECT_EQ(pdlt_skip_tensors_new(&set, &kernels, &s, 0, &err), PDLT_ERR_UNSUPPORTED);
  s.dntk = s.threads = 0;
  EXPECT_EQ(pdlt_skip_tensors_new(&set, &kernels, &s, 0, &err), PDLT_ERR_INPUT);
  s.threads = 1;
  layers[2].skip = 1;
  EXPECT_EQ(pdlt_skip_tensors_new(&set, &kernels, &s, 0, &err), PDLT_ERR_INPUT);
  EXPECT_EQ(std::string(err.message), "skips: the first layer and the readout have none");
  pdlt_kernel_layers_free(&kernels);
  layers[2].skip = 0;
  layers[1].out = 2;
  EXPECT_EQ(pdlt_kernel_layers_new(&kernels, &k, 1, x.data(), &err), PDLT_ERR_INPUT);
  EXPECT_EQ(std::string(err.message),
            "layer 2: a skip needs the width and the positions of the layer below");
}

TEST(Skip, ErrorsThreadsAndWhatIsKept) {
  const Network net = Residual("gelu", 5, 0.1, 0.6, 0.8);
  const List &x = kInputs;
  Options o;
  const Tensors exact(net, 2, x, o);
  o.threads = 3;
  o.last_only = 1;
  const Tensors threads(net, 2, x, o);
  for (int t = 0; t < PDLT_TENSOR_COUNT; t++) {
    EXPECT_EQ(threads.Readout(t), exact.Readout(t));
    EXPECT_EQ(threads.Of(3, t).empty(), t != PDLT_TENSOR_G1);
  }
  EXPECT_EQ(threads.Of(3, PDLT_TENSOR_G1), exact.Of(3, PDLT_TENSOR_G1));
  for (double tolerance : {1e-2, 1e-5}) {
    o.tolerance = tolerance;
    const Tensors rough(net, 2, x, o);
    for (int t = 0; t < PDLT_TENSOR_COUNT; t++) {
      double off = 0;
      const List a = rough.Readout(t), b = exact.Readout(t);
      for (size_t i = 0; i < a.size(); i++) off = std::fmax(off, std::fabs(a[i] - b[i]));
      EXPECT_LE(off, rough.Err(t) + exact.Err(t)) << pdlt_tensor_text(Name(t)) << tolerance;
      EXPECT_LE(rough.Err(t), 100 * tolerance * skip_support::Largest(b)) << tolerance;
    }
  }
}

// Of eight samples functionals are large enough to be shared out.
TEST(Skip, ThreadsShareLargeFunctionals) {
  Network net = Residual("relu", 3, 0.1, 0.6, 0.7);
  List x;
  for (int i = 0; i < 16; i++) x.push_back(std::sin(1.0 + i * i));
  Options o;
  o.dntk = 0;
  o.last_only = 1;
  o.tolerance = 1e-4;
  const Tensors one(net, 8, x, o);
  o.threads = 3;
  const Tensors three(net, 8, x, o);
  for (int t : {PDLT_TENSOR_V, PDLT_TENSOR_D, PDLT_TENSOR_F, PDLT_TENSOR_A, PDLT_TENSOR_B}) {
    EXPECT_FALSE(one.Readout(t).empty());
    EXPECT_EQ(one.Readout(t), three.Readout(t)) << t;
  }
}

}  // namespace
