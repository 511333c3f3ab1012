// skip_support.h - networks with skip connections and their tensors, for the tests of theory/skip.
#ifndef PDLT_TESTS_THEORY_SKIP_SUPPORT_H
#define PDLT_TESTS_THEORY_SKIP_SUPPORT_H

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tests/theory/tensor_support.h"
#include "theory/skip/skip.h"

namespace skip_support {

using tensor_support::List;
using tensor_support::Name;

struct Network {
  tensor_support::Network plain;
  List skip;  // (L), 0 where there is none
};

inline std::vector<pdlt_layer> Layers(const Network &net, size_t inputs) {
  const auto &p = net.plain;
  auto layers = theory_test::Layers(p.C_b, p.C_W, p.lambda_b, p.lambda_W, inputs, p.ratios);
  for (size_t l = 0; l < layers.size() && l < net.skip.size(); l++) layers[l].skip = net.skip[l];
  return layers;
}

struct Options {
  double tolerance = 1e-10;
  int threads = 1, dntk = 1, last_only = 0, pair_only = 0;
  const pdlt_term_mask *mask = nullptr;
};

// Kernels and tensors; all: by the recursion of functionals.
class Tensors {
 public:
  Tensors(const Network &net, size_t samples, const List &x, const Options &o = {}) : D(samples) {
    pdlt_error err = {};
    const auto layers = Layers(net, x.size() / D);
    pdlt_activation act;
    EXPECT_EQ(pdlt_activation_parse(&act, net.plain.activation.c_str(), nullptr), PDLT_OK);
    const pdlt_kernel_settings k = {act, net.plain.depth, layers.data(), 1e-13, 1, nullptr};
    EXPECT_EQ(pdlt_kernel_layers_new(&kernels, &k, D, x.data(), &err), PDLT_OK) << err.message;
    pdlt_tensor_settings s = {};
    s.activation = act;
    s.layer = layers.data();
    s.tolerance = o.tolerance;
    s.threads = o.threads;
    s.dntk = o.dntk;
    s.last_only = o.last_only;
    s.mask = o.mask;
    EXPECT_EQ(pdlt_skip_tensors_new(&set, &kernels, &s, o.pair_only, &err), PDLT_OK) << err.message;
  }
  ~Tensors() {
    pdlt_tensors_free(&set);
    pdlt_kernel_layers_free(&kernels);
  }
  Tensors(const Tensors &) = delete;
  // The tensor of a layer as a list; empty: it is not kept.
  List Of(int layer, int t) const {
    const double *data = pdlt_tensors_get(&set, layer, Name(t));
    const size_t size = pdlt_tensor_rank(Name(t)) == 2 ? D * D : D * D * D * D;
    return data == nullptr ? List() : List(data, data + size);
  }
  List Readout(int t) const { return Of(kernels.depth, t); }
  double Err(int t) const { return set.layer[kernels.depth - 1].err[t]; }
  double K(int layer, size_t a, size_t b) const {
    return kernels.K[((size_t)(layer - 1) * D + a) * D + b];
  }
  double Theta(int layer, size_t a, size_t b) const {
    return kernels.theta[((size_t)(layer - 1) * D + a) * D + b];
  }
  size_t D;
  pdlt_kernel_layers kernels = {};
  pdlt_tensor_set set = {};
};

inline double Largest(const List &x) {
  double largest = 0;
  for (double v : x) largest = std::fmax(largest, std::fabs(v));
  return largest;
}

// Every entry within `tolerance` of the largest one.
inline void ExpectSame(const List &got, const List &expected, double tolerance,
                       const std::string &what) {
  ASSERT_EQ(got.size(), expected.size()) << what;
  const double scale = std::fmax(Largest(expected), 1e-3);
  for (size_t i = 0; i < got.size(); i++)
    EXPECT_NEAR(got[i], expected[i], tolerance * scale) << what << " " << i;
}

}  // namespace skip_support

#endif
