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
using naive_wiring::Plane;
using positions_support::Kernels;
using positions_support::Map;
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

// What theory.omit and theory.flip make of positions.taps and positions.offsets.
struct Factors {
  double taps = 1, offsets = 1;
};

// A layer's map, and that of each of its taps.
struct Maps {
  Map all;
  std::vector<Map> tap;
};

Maps MapsOf(const naive_wiring::Layer &layer, naive_wiring::Shape below) {
  const auto taps = naive_wiring::Taps(layer, below);
  Maps out = {Map(taps, kSamples), {}};
  for (const auto &one : taps) out.tap.push_back(Map({one}, kSamples));
  return out;
}

// Tensor n through the map: two taps, or as far as they are left out one, common to both pairs; then entries
// at pairs of different positions by their factor.
List MapTensor(const Maps &maps, const Factors &factors, int n, const List &raw) {
  const bool rank2 = pdlt_tensor_rank(Name(n)) == 2, crossed = n == PDLT_TENSOR_P;
  const size_t N = maps.all.N;
  List out = rank2 ? maps.all.Pair(raw) : maps.all.Both(raw, crossed);
  if (!rank2 && factors.taps != 1) {
    for (double &v : out) v *= factors.taps;
    for (const Map &tap : maps.tap) {
      const List common = tap.Both(raw, crossed);
      for (size_t i = 0; i < out.size(); i++)
        out[i] += (1 - factors.taps) * common[i] / double(maps.tap.size());
    }
  }
  const auto apart = [](size_t a, size_t b) { return a / kSamples != b / kSamples; };
  for (size_t i = 0; i < out.size(); i++) {
    const size_t a = i / (N * N * N), b = i / (N * N) % N, c = i / N % N, d = i % N;
    const bool off = rank2     ? apart(c, d)
                     : crossed ? apart(a, d) || apart(b, c)
                               : apart(a, b) || apart(c, d);
    if (off) out[i] *= factors.offsets;
  }
  return out;
}

// Layer l + 1 from l, counted from 1.
Layer Next(const Layer &below, const List &coefficients, size_t l, const Maps &maps,
           const Factors &factors) {
  const Map &map = maps.all;
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
    out.tensors.t[n] = MapTensor(maps, factors, n, raw.t[n]);
  return out;
}

void ExpectSame(const double *got, const List &expected, const std::string &what) {
  for (size_t i = 0; i < expected.size(); i++)
    EXPECT_NEAR(got[i], expected[i], 1e-12 * std::fmax(1.0, std::fabs(expected[i]))) << what << i;
}

void ExpectSameTensors(const Tensors &got, int l, const Reference &expected,
                       const std::string &what) {
  const size_t N = expected.N;
  ASSERT_EQ(got.Slots(l), N) << what;
  for (int n = 0; n < PDLT_TENSOR_COUNT; n++) {
    double largest = 1e-3;
    for (double v : expected.t[n]) largest = std::fmax(largest, std::fabs(v));
    for (size_t at = 0; at < expected.t[n].size(); at++) {
      const bool rank2 = expected.t[n].size() == N * N;
      const size_t a = rank2 ? at / N : at / (N * N * N), b = rank2 ? at % N : at / (N * N) % N;
      EXPECT_NEAR(got.At(l, n, a, b, at / N % N, at % N), expected.t[n][at], 1e-11 * largest)
          << what << pdlt_tensor_text(Name(n)) << " " << at;
    }
  }
}

// Of layers with positions all there is is G1 of equal positions, their mean.
void ExpectMean(const Tensors &got, int l, const Reference &expected, const std::string &what) {
  const size_t P = got.Positions(l), D = kSamples;
  const double *mean = pdlt_tensors_get(&got.set, l, PDLT_TENSOR_G1);
  for (size_t ab = 0; ab < D * D && P > 1; ab++) {
    double sum = 0;
    for (size_t p = 0; p < P; p++) sum += expected(PDLT_TENSOR_G1, p * D + ab / D, p * D + ab % D);
    EXPECT_NEAR(mean[ab], sum / double(P), 1e-12) << what;
  }
  for (int n = 0; n < PDLT_TENSOR_COUNT && P > 1; n++) {
    if (n == PDLT_TENSOR_G1) continue;
    EXPECT_EQ(pdlt_tensors_get(&got.set, l, Name(n)), nullptr) << what;
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
    const Maps maps = MapsOf(net.layers[l], below);
    const std::string what = std::string(net.name) + ", layer " + std::to_string(l + 1) + " ";
    now = l == 0 ? First(kernels, maps.all) : Next(now, Activation(net), l, maps, {});
    below = naive_wiring::Above(net.layers[l], below);
    ASSERT_EQ(kernels.k.slots[l], (size_t)below.Size() * kSamples) << what;
    ExpectSame(kernels.k.slot_K[l], now.K, what + "K ");
    ExpectSame(kernels.k.slot_theta[l], now.theta, what + "Theta ");
    ExpectSameTensors(all, (int)l + 1, now.tensors, what + "all pairs ");
    EXPECT_EQ(needed.Has((int)l + 1), below.Size() == 1) << what;
    if (below.Size() == 1) ExpectSameTensors(needed, (int)l + 1, now.tensors, what);
    ExpectMean(needed, (int)l + 1, now.tensors, what);
    ExpectMean(all, (int)l + 1, now.tensors, what);
  }
}

std::string NameOf(const testing::TestParamInfo<Network> &info) {
  std::string name = info.param.name;
  for (char &c : name)
    if (c == ' ') c = '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(Networks, ConvolutionRecursion, testing::ValuesIn(kNetworks), NameOf);

// Left out, halved, flipped: readouts, and layers below where all pairs are kept.
TEST(ConvolutionMasks, TapsAndOffsets) {
  const Factors cases[] = {{0, 1}, {1, 0}, {0.5, -1}};
  for (const char *name : {"pool", "average"})
    for (const Factors &factors : cases) {
      size_t at = 0;
      while (kNetworks[at].name != std::string(name)) at++;
      const Network &net = kNetworks[at];
      pdlt_term_mask mask = pdlt_term_mask_all();
      mask.factor[PDLT_TERM_POSITIONS_TAPS] = factors.taps;
      mask.factor[PDLT_TERM_POSITIONS_OFFSETS] = factors.offsets;
      const Kernels kernels(net, kSamples);
      const Tensors needed(kernels, false, 1e-10, 1, &mask), all(kernels, true, 1e-10, 2, &mask);
      naive_wiring::Shape below = net.shape;
      Layer now = {{}, {}, Reference(0)};
      for (size_t l = 0; l < net.layers.size(); l++) {
        const Maps maps = MapsOf(net.layers[l], below);
        now = l == 0 ? First(kernels, maps.all) : Next(now, Activation(net), l, maps, factors);
        below = naive_wiring::Above(net.layers[l], below);
        ExpectSameTensors(all, (int)l + 1, now.tensors, "all pairs ");
      }
      ExpectSameTensors(needed, (int)net.layers.size(), now.tensors, "readout ");
    }
}

}  // namespace
