// positions_test.cpp - which pairs of positions tensors need, and that they need no others.
#include "theory/infinite/positions.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/theory/positions_support.h"

using naive_wiring::Line;
using naive_wiring::Matrix;
using naive_wiring::Plane;
using positions_support::Compare;
using positions_support::Difference;
using positions_support::Kernels;
using positions_support::Network;
using positions_support::Pairs;
using positions_support::Tensors;

namespace {

const naive_wiring::Layer kDense = {naive_wiring::kDense}, kAverage = {naive_wiring::kAverage};

using Grid = std::vector<std::vector<bool>>;  // (P, P)

Grid GridOf(size_t P, const std::function<bool(size_t, size_t)> &there) {
  Grid out(P, std::vector<bool>(P));
  for (size_t p = 0; p < P; p++)
    for (size_t q = 0; q < P; q++) out[p][q] = there(p, q);
  return out;
}

Grid GridOf(const pdlt_position_pairs &pairs) {
  return GridOf(pairs.positions, [&](size_t p, size_t q) {
    return pairs.place[p * pairs.positions + q] != PDLT_ABSENT;
  });
}

// p' and q' are needed when taps of a needed pair read them, with (q', p'); and all (p, p).
Grid NeededBelow(const std::vector<Matrix> &taps, const Grid &above) {
  const size_t P = taps[0][0].size();
  Grid out = GridOf(P, [](size_t p, size_t q) { return p == q; });
  for (const Matrix &tap : taps)
    for (size_t i = 0; i < above.size() * above.size() * P * P; i++) {
      const size_t p = i / P / P / above.size(), q = i / P / P % above.size();
      const size_t u = i / P % P, v = i % P;
      if (above[p][q] && tap[p][u] != 0 && tap[q][v] != 0) out[u][v] = out[v][u] = true;
    }
  return out;
}

const std::vector<Network> kNetworks = {
    {"flatten", "tanh", false, {1, 4}, {Line(3, true), Line(3, true), kDense}},
    {"zero", "sin", false, {1, 4}, {Line(3, false), Line(3, false), kDense}},
    {"stride", "tanh", false, {1, 5}, {Line(3, false), Line(3, true, 2), kDense}},
    {"skipped", "sin", false, {1, 4}, {Line(3, true), Line(1, true, 2), kDense}},
    {"pool", "tanh", false, {1, 4}, {Line(3, true), Line(3, false, 1, 2), kDense}},
    {"pool above",
     "sin",
     false,
     {1, 6},
     {Line(3, true), Line(2, true), Line(1, true, 1, 3), kDense}},
    {"average", "tanh", false, {1, 3}, {Line(3, true), Line(2, false), kAverage}},
    {"plane", "sin", true, {2, 3}, {Plane(2, 3, true), Plane(3, 1, false), kDense}},
    {"plane pool", "tanh", true, {2, 4}, {Plane(1, 1, true), Plane(1, 3, false, 1, 2), kDense}},
};

class PositionPairs : public testing::TestWithParam<Network> {};

TEST_P(PositionPairs, ThoseThatTapsRead) {
  const Network &net = GetParam();
  const Kernels kernels(net, 1);
  const Pairs pairs(kernels, false);
  std::vector<std::vector<Matrix>> taps;
  naive_wiring::Shape below = net.shape;
  for (const auto &layer : net.layers) {
    taps.push_back(naive_wiring::Taps(layer, below));
    below = naive_wiring::Above(layer, below);
  }
  Grid now = {{true}};
  for (size_t l = net.layers.size(); l-- > 0;) {
    EXPECT_EQ(GridOf(pairs.at[l]), now) << net.name << " layer " << l + 1;
    now = NeededBelow(taps[l], now);
  }
}

std::string NameOf(const testing::TestParamInfo<Network> &info) {
  std::string name = info.param.name;
  for (char &c : name)
    if (c == ' ') c = '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(Networks, PositionPairs, testing::ValuesIn(kNetworks), NameOf);

// Pairs of layer 1 + at of a network of kNetworks.
Grid GridIn(const char *name, size_t at) {
  for (const Network &net : kNetworks)
    if (net.name == std::string(name)) return GridOf(Pairs(Kernels(net, 1), false).at[at]);
  ADD_FAILURE() << name;
  return {};
}

TEST(PositionPairs, FlattenNeedsEqualPositions) {
  const auto equal = [](size_t p, size_t q) { return p == q; };
  for (const char *name : {"flatten", "zero"})
    for (size_t at : {0u, 1u}) EXPECT_EQ(GridIn(name, at), GridOf(4, equal)) << name;
  EXPECT_EQ(GridIn("stride", 0), GridOf(5, equal));
  EXPECT_EQ(GridIn("stride", 1), GridOf(3, equal));
  EXPECT_EQ(GridIn("plane", 0), GridOf(6, equal));
  // Those that a stride steps over too, for the mean of G1 over positions.
  EXPECT_EQ(GridIn("skipped", 0), GridOf(4, equal));
}

TEST(PositionPairs, PoolingNeedsItsWindowsAndAverageAll) {
  EXPECT_EQ(GridIn("pool", 1), GridOf(2, [](size_t p, size_t q) { return p == q; }));
  EXPECT_EQ(GridIn("pool", 0), GridOf(4, [](size_t p, size_t q) { return p / 2 == q / 2; }));
  const auto window = [](size_t p, size_t q) { return p / 3 == q / 3; };
  EXPECT_EQ(GridIn("pool above", 1), GridOf(6, window));
  // Two taps read p and p + 1: windows, and windows moved by one.
  EXPECT_EQ(GridIn("pool above", 0), GridOf(6, [&](size_t p, size_t q) {
              return window(p, q) || window((p + 5) % 6, (q + 5) % 6);
            }));
  EXPECT_EQ(GridIn("plane pool", 0), GridOf(8, [](size_t p, size_t q) {
              return p % 4 / 2 == q % 4 / 2;  // two windows of two rows and two columns
            }));
  const auto all = [](size_t, size_t) { return true; };
  for (size_t at : {0u, 1u}) EXPECT_EQ(GridIn("average", at), GridOf(3, all));
}

TEST(PositionPairs, OthersChangeNothing) {
  for (const Network &net : kNetworks) {
    if (net.name != std::string("skipped") && net.name != std::string("pool")) continue;
    const Kernels kernels(net, 2);
    const Tensors needed(kernels, false), all(kernels, true);
    const int L = kernels.k.depth;
    for (int n = 0; n < PDLT_TENSOR_COUNT; n++) {
      const Difference d = Compare(needed, all, L, n);
      EXPECT_LE(d.worst, 1e-13 * d.largest) << net.name << " " << n;
      EXPECT_GT(d.largest, 1e-3) << net.name << " " << n;
    }
    const double *few = pdlt_tensors_get(&needed.set, L - 1, PDLT_TENSOR_G1);
    const double *many = pdlt_tensors_get(&all.set, L - 1, PDLT_TENSOR_G1);
    for (size_t ab = 0; ab < 4; ab++) EXPECT_NEAR(few[ab], many[ab], 1e-14) << net.name;
  }
}

// Before anything is read or allocated.
TEST(PositionKernels, MoreThanMemoryAreRefused) {
  const Network net = {"", "tanh", true, {2, 2}, {Plane(3, 3, true), kDense}};
  const Kernels small(net, 1);
  std::vector<pdlt_layer> layers(small.layer, small.layer + 2);
  for (size_t *side : {layers[0].wiring.below, layers[0].wiring.here, layers[1].wiring.below})
    side[0] = side[1] = 50;
  layers[1].taps = 2500;
  const pdlt_kernel_settings settings = {
      small.ex.network.activation, 2, layers.data(), 1e-8, 1, nullptr};
  pdlt_kernel_layers out = {};
  pdlt_error err = {};
  EXPECT_EQ(pdlt_kernel_layers_new(&out, &settings, 20, nullptr, &err), PDLT_ERR_INPUT);
  EXPECT_EQ(std::string(err.message),
            "the kernels of 20 samples at 2500 positions need 225 GiB; at most 7 GiB: use fewer "
            "samples or positions");
  EXPECT_EQ(out.K, nullptr);
}

}  // namespace
