/* tensor_support.h - networks and their tensors of order 1/n, for the tests of theory/tensors. */
#ifndef PDLT_TESTS_THEORY_TENSOR_SUPPORT_H
#define PDLT_TESTS_THEORY_TENSOR_SUPPORT_H

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "tests/theory/layers.h"
#include "theory/infinite/kernel.h"
#include "theory/tensors/tensors.h"

namespace tensor_support {

using List = std::vector<double>;

struct Network {
  std::string activation;
  int depth;
  List C_b, C_W, lambda_b, lambda_W;
  std::vector<int> ratios;
};

inline Network Plain(const std::string &activation, int depth, double C_W, double lambda_W) {
  size_t L = static_cast<size_t>(depth);
  return {activation, depth, List(L, 0.0), List(L, C_W), List(L, 0.0), List(L, lambda_W), {}};
}

inline Network General(const std::string &activation) {
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

inline List RandomInputs(unsigned seed, size_t D, size_t inputs) {
  std::mt19937 rng(seed);
  std::normal_distribution<double> normal;
  List x(D * inputs);
  for (double &v : x) v = normal(rng);
  return x;
}

inline const List kPublished = {0.6540248765053858,  -1.3592788739383235, -0.3791179316445409,
                                0.34191025226280697, -0.6786403121150224, -0.12161213502515096,
                                0.21716372787141658, -1.4709063616118982};

inline pdlt_tensor_name Name(int t) { return static_cast<pdlt_tensor_name>(t); }

}  // namespace tensor_support

#endif
