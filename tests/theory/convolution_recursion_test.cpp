// convolution_recursion_test.cpp - kernels and all tensors of layers with positions, entry by entry, against
// the literal recursion over all slots (a sample at a position) followed by a literal sum over taps, one for
// each pair of slots that a Kronecker delta of the new layer joins.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tests/theory/literal_recursion.h"
#include "tests/theory/positions_support.h"

using literal::List;
using literal::Name;
using literal::Reference;
using naive_wiring::Line;
using naive_wiring::Matrix;
using naive_wiring::Plane;
using positions_support::Kernels;
using positions_support::Network;
using positions_support::Tensors;

namespace {

const size_t kSamples = 2;
const naive_wiring::Layer kDense = {naive_wiring::kDense}, kAverage = {naive_wiring::kAverage};
const char kCubic[] = "polynomial(0.1,0.9,0.3,-0.05)", kQuadratic[] = "quadratic(0.3)";

const std::vector<Network> kNetworks = {
    {"circular", kCubic, false, {1, 3}, {Line(3, true), Line(3, true), kDense}},
    {"stride",
     kQuadratic,
     false,
     {1, 4},
     {Line(3, true), Line(3, false, 2), Line(3, true), kDense}},
    {"pool", kCubic, false, {1, 4}, {Line(3, true), Line(3, false, 1, 2), kDense}},
    {"pool twice",
     kQuadratic,
     false,
     {1, 8},
     {Line(2, true, 2), Line(2, true, 1, 2), Line(1, true, 1, 2), kDense}},
    {"average", kCubic, false, {1, 3}, {Line(3, true), Line(2, false), kAverage}},
    {"average inside", kCubic, false, {1, 3}, {Line(3, true), kAverage, kDense}},
    {"plane", kCubic, true, {2, 2}, {Plane(2, 2, true), Plane(3, 3, false), kDense}},
    {"rectangle", kQuadratic, true, {2, 2}, {Plane(2, 1, false), Plane(1, 2, true), kAverage}},
    {"dense above", kCubic, false, {1, 3}, {Line(3, false), kDense, kDense, kDense}},
    {"flatten below", kQuadratic, false, {1, 3}, {kDense, kDense, kDense}},
};

List Activation(const Network &net) {
  return std::string(net.activation) == kCubic ? List{0.1, 0.9, 0.3, -0.05} : List{0.0, 1.0, 0.3};
}

// sum_k 1/kappa M^k_ap M^k_bq X_pq over slots (position, sample), for one pair of slots (a, b).
class Map {
 public:
  explicit Map(const std::vector<Matrix> &taps)
      : N(taps[0].size() * kSamples), M(taps[0][0].size() * kSamples), weight_(N * N * M * M, 0.0) {
    const auto at = [](const Matrix &tap, size_t a, size_t p) {
      return a % kSamples == p % kSamples ? tap[a / kSamples][p / kSamples] : 0.0;
    };
    for (const Matrix &tap : taps)
      for (size_t i = 0; i < weight_.size(); i++)
        weight_[i] += at(tap, i / (N * M * M), i / M % M) * at(tap, i / (M * M) % N, i % M) /
                      double(taps.size());
  }
  List Pair(const List &X) const {
    List out(N * N, 0.0);
    for (size_t i = 0; i < weight_.size(); i++) out[i / (M * M)] += weight_[i] * X[i % (M * M)];
    return out;
  }
  // X_0123, a tap of its own for each of the two pairs that the new layer's deltas join: (01)(23) of every
  // array, V, A, D, S (12)(34), F, B, T (13)(24), Q, R (01)(23), U (14)(23); but P (03)(12).
  List Both(const List &X, int name) const {
    const bool crossed = name == PDLT_TENSOR_P;  // (03)(12)
    List half(N * N * M * M), out(N * N * N * N);
    for (size_t cd = 0; cd < M * M; cd++) {
      List first(M * M);
      for (size_t pq = 0; pq < M * M; pq++) first[pq] = X[Place(M, crossed, pq, cd)];
      const List mapped = Pair(first);
      for (size_t ab = 0; ab < N * N; ab++) half[ab * M * M + cd] = mapped[ab];
    }
    for (size_t ab = 0; ab < N * N; ab++) {
      const List mapped =
          Pair(List(half.begin() + long(ab * M * M), half.begin() + long((ab + 1) * M * M)));
      for (size_t cd = 0; cd < N * N; cd++) out[Place(N, crossed, ab, cd)] = mapped[cd];
    }
    return out;
  }
  const size_t N, M;  // slots of the layer and below

 private:
  static size_t Place(size_t size, bool crossed, size_t first, size_t second) {
    const size_t a = first / size, b = first % size, c = second / size, d = second % size;
    return crossed ? ((a * size + c) * size + d) * size + b
                   : ((a * size + b) * size + c) * size + d;
  }
  List weight_;
};

struct Layer {
  List K, theta;
  Reference tensors;
};

// Layer 1: sums over the channels of the samples.
Layer First(const Kernels &net, const Map &map) {
  const size_t M = map.M, P = M / kSamples, n_0 = positions_support::kChannels;
  List product(M * M, 0.0);
  for (size_t p = 0; p < M; p++)
    for (size_t q = 0; q < M; q++)
      for (size_t j = 0; j < n_0; j++)
        product[p * M + q] += net.x[(p % kSamples * n_0 + j) * P + p / kSamples] *
                              net.x[(q % kSamples * n_0 + j) * P + q / kSamples] / double(n_0);
  Layer out = {map.Pair(product), map.Pair(product), Reference(map.N)};
  for (double &v : out.K) v = positions_support::kC_b[0] + positions_support::kC_W[0] * v;
  for (double &v : out.theta)
    v = positions_support::kLambda_b[0] + positions_support::kLambda_W[0] * v;
  return out;
}

// Layer l + 1 from l, counted from 1.
Layer Next(const Layer &below, const List &coefficients, size_t l, const Map &map) {
  const size_t M = map.M;
  const double C = positions_support::kC_W[l], lambda = positions_support::kLambda_W[l];
  const double r =
      l == 1 ? 1.0 : double(positions_support::kRatios[l - 1]) / positions_support::kRatios[l - 2];
  literal::Step step{C,
                     lambda,
                     r,
                     below.theta.data(),
                     literal::Wick(coefficients, M, below.K.data()),
                     below.tensors};
  const Reference raw = step.All();
  List ss(M * M), changes(M * M);
  for (size_t at = 0; at < M * M; at++) {
    ss[at] = step.bracket(literal::Step::S(at / M, 0, at % M, 0));
    changes[at] = step.bracket(step.O(at / M, at % M));
  }
  Layer out = {map.Pair(ss), map.Pair(changes), Reference(map.N)};
  for (double &v : out.K) v = positions_support::kC_b[l] + C * v;
  for (double &v : out.theta) v += positions_support::kLambda_b[l];
  for (int n = 0; n < PDLT_TENSOR_COUNT; n++)
    out.tensors.t[n] = pdlt_tensor_rank(Name(n)) == 2 ? map.Pair(raw.t[n]) : map.Both(raw.t[n], n);
  return out;
}

void ExpectSame(const double *got, const List &expected, const std::string &what) {
  for (size_t i = 0; i < expected.size(); i++)
    EXPECT_NEAR(got[i], expected[i], 1e-12 * std::fmax(1.0, std::fabs(expected[i]))) << what << i;
}

// Entries that the readout needs, or all.
void ExpectSameTensors(const Tensors &got, int l, const Reference &expected,
                       const std::string &what) {
  const size_t N = expected.N;
  ASSERT_EQ(got.Slots(l), N) << what;
  for (int n = 0; n < PDLT_TENSOR_COUNT; n++) {
    size_t kept = 0;
    double largest = 1e-3;
    for (double v : expected.t[n]) largest = std::fmax(largest, std::fabs(v));
    for (size_t at = 0; at < expected.t[n].size(); at++) {
      const bool rank2 = expected.t[n].size() == N * N;
      const size_t a = rank2 ? at / N : at / (N * N * N), b = rank2 ? at % N : at / (N * N) % N;
      bool there = false;
      const double value = got.At(l, n, a, b, at / N % N, at % N, &there);
      if (!there) continue;
      kept++;
      EXPECT_NEAR(value, expected.t[n][at], 1e-11 * largest)
          << what << pdlt_tensor_text(Name(n)) << " " << at;
    }
    const size_t count = got.Count(l);
    EXPECT_EQ(kept, expected.t[n].size() == N * N ? count : count * count) << what;
  }
}

class ConvolutionRecursion : public testing::TestWithParam<Network> {};

TEST_P(ConvolutionRecursion, PolynomialsByWick) {
  const Network &net = GetParam();
  const Kernels kernels(net, kSamples);
  const Tensors needed(kernels, false), all(kernels, true);
  naive_wiring::Shape below = net.shape;
  Layer now = {{}, {}, Reference(0)};
  for (size_t l = 0; l < net.layers.size(); l++) {
    const Map map(naive_wiring::Taps(net.layers[l], below));
    const std::string what = std::string(net.name) + ", layer " + std::to_string(l + 1) + " ";
    now = l == 0 ? First(kernels, map) : Next(now, Activation(net), l, map);
    below = naive_wiring::Above(net.layers[l], below);
    ASSERT_EQ(kernels.k.slots[l], (size_t)below.Size() * kSamples) << what;
    ExpectSame(kernels.k.slot_K[l], now.K, what + "K ");
    ExpectSame(kernels.k.slot_theta[l], now.theta, what + "Theta ");
    ExpectSameTensors(needed, (int)l + 1, now.tensors, what);
    ExpectSameTensors(all, (int)l + 1, now.tensors, what + "all pairs ");
  }
}

std::string NameOf(const testing::TestParamInfo<Network> &info) {
  std::string name = info.param.name;
  for (char &c : name)
    if (c == ' ') c = '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(Networks, ConvolutionRecursion, testing::ValuesIn(kNetworks), NameOf);

}  // namespace
