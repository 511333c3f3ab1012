// position_tensors_test.cpp - tensors over positions: their errors, and samples that do not see each other.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/theory/positions_support.h"

using naive_wiring::Line;
using positions_support::Compare;
using positions_support::Difference;
using positions_support::Kernels;
using positions_support::Network;
using positions_support::Tensors;

namespace {

const naive_wiring::Layer kDense = {naive_wiring::kDense};

double ErrorOf(const Tensors &t, int l, int name) { return t.set.layer[l - 1].err[name]; }

const std::vector<Network> kHonest = {
    {"", "tanh", false, {1, 2}, {Line(3, true), Line(1, false, 1, 2), kDense}},
    {"", "gelu", false, {1, 2}, {Line(3, false), Line(3, true), kDense}},
};

TEST(PositionTensors, ReportedErrorsAreHonest) {
  const double tolerance = 1e-6;
  for (const Network &net : kHonest) {
    const bool all = net.activation == std::string("tanh");  // layer 2 is kept
    const Kernels exact_kernels(net, 2), kernels(net, 2, tolerance);
    const Tensors exact(exact_kernels, all, 1e-13), t(kernels, all, tolerance);
    for (int l = 3 - all; l <= 3; l++)
      for (int n = 0; n < PDLT_TENSOR_COUNT; n++) {
        const Difference d = Compare(t, exact, l, n);
        EXPECT_LE(d.worst, ErrorOf(t, l, n) + ErrorOf(exact, l, n))
            << net.activation << l << " " << n;
        EXPECT_LE(ErrorOf(t, l, n), 100.0 * tolerance * d.largest)
            << net.activation << l << " " << n;
        EXPECT_EQ(ErrorOf(t, l, n) > 0.0, d.largest > 0.0);
      }
  }
}

// More samples than errors are estimated on: brackets of a polynomial are exact, so that the two recursions
// differ by rounding, wherever the checked samples stand among the others; and samples do not see each other.
TEST(PositionTensors, ManySamples) {
  const Network net = {
      "", "quadratic(0.3)", false, {1, 3}, {Line(3, true), Line(3, false, 2), kDense}};
  const Kernels many_kernels(net, 15), few_kernels(net, 2);
  const Tensors many(many_kernels, false), few(few_kernels, false);
  for (int n = 0; n < PDLT_TENSOR_COUNT; n++) {
    const Difference d = Compare(few, many, 3, n);
    EXPECT_LE(d.worst, 1e-13 * d.largest) << n;
    EXPECT_LE(ErrorOf(many, 3, n), 1e-11 * d.largest) << n;
  }
}

TEST(PositionTensors, ThreadsChangeNothing) {
  const Network net = {"", "sin", false, {1, 3}, {Line(2, false), Line(3, true, 2), kDense}};
  const Kernels kernels(net, 2);
  const Tensors one(kernels, false, 1e-3), three(kernels, false, 1e-3, 3);
  for (int n = 0; n < PDLT_TENSOR_COUNT; n++) {
    const Difference d = Compare(one, three, 3, n);
    EXPECT_GT(d.largest, 0.0) << n;
    EXPECT_EQ(d.worst, 0.0) << n;
    EXPECT_EQ(ErrorOf(one, 3, n), ErrorOf(three, 3, n)) << n;
  }
}

// Kinks: V, G1, Theta1, D, F, A, B, on the pairs that the readout needs as on all.
TEST(PositionTensors, Kinks) {
  for (const char *name : {"relu", "leaky_relu(0.2)"}) {
    const Network net = {"", name, false, {1, 4}, {Line(3, true), Line(3, false, 1, 2), kDense}};
    const Kernels kernels(net, 2, 1e-12);
    const Tensors needed(kernels, false), all(kernels, true);
    for (int n = 0; n <= PDLT_TENSOR_B; n++) {
      const Difference d = Compare(needed, all, 3, n);
      EXPECT_GT(d.largest, 1e-3) << name << " " << n;
      EXPECT_LE(d.worst, 1e-13 * d.largest) << name << " " << n;
      EXPECT_GT(ErrorOf(needed, 3, n), 0) << name << " " << n;
    }
    EXPECT_EQ(pdlt_tensors_get(&needed.set, 3, PDLT_TENSOR_P), nullptr);
  }
}

TEST(PositionTensors, EveryAllocationMayFail) {
  const Network net = {
      "", "quadratic(0.3)", false, {1, 4}, {Line(3, true), Line(3, false, 1, 2), kDense}};
  const Kernels good(net, 1);
  const pdlt_activation activation = good.ex.network.activation;
  const pdlt_kernel_settings k = {activation, 3, good.layer, 1e-8, 1, nullptr};
  pdlt_term_mask mask = pdlt_term_mask_all();
  mask.factor[PDLT_TERM_POSITIONS_TAPS] = mask.factor[PDLT_TERM_POSITIONS_OFFSETS] = 0;
  pdlt_tensor_settings s = {};
  s.activation = activation;
  s.layer = good.layer;
  s.tolerance = 1e-4;
  s.threads = s.dntk = 1;
  s.mask = &mask;
  pdlt_kernel_layers kernels = {};
  pdlt_tensor_set set = {};
  double bytes = 0, pairs = 0;
  const auto failures = [](const std::function<pdlt_status()> &run) {
    for (int n = 0;; n++) {
      pdlt_memory_fail_after(n);
      const pdlt_status status = run();
      pdlt_memory_fail_after(-1);
      if (status == PDLT_OK) return n;
      EXPECT_EQ(status, PDLT_ERR_MEMORY) << n;
    }
  };
  EXPECT_GT(failures([&] {
              EXPECT_EQ(kernels.K, nullptr);
              return pdlt_kernel_layers_new(&kernels, &k, 1, good.x.data(), nullptr);
            }),
            20);
  EXPECT_GT(failures([&] {
              EXPECT_EQ(set.layer, nullptr);
              return pdlt_tensors_new(&set, &kernels, &s, nullptr);
            }),
            100);
  EXPECT_GT(
      failures([&] { return pdlt_tensors_bytes(&bytes, &pairs, good.layer, 3, 1, 1, nullptr); }),
      3);
  EXPECT_EQ(pairs, 8);  // windows of two positions, with one sample
  EXPECT_GT(bytes, 8 * 13 * 8 * 8);
  pdlt_tensors_free(&set);
  pdlt_kernel_layers_free(&kernels);
}

}  // namespace
