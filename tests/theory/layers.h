// layers.h - layers for tests of theory, from lists of their numbers.
#ifndef PDLT_TESTS_THEORY_LAYERS_H
#define PDLT_TESTS_THEORY_LAYERS_H

#include <vector>

#include "base/experiment/layer.h"

namespace theory_test {

// ratios (L-1): n_l in units of n; none: all equal.
inline std::vector<pdlt_layer> Layers(const std::vector<double> &C_b,
                                      const std::vector<double> &C_W,
                                      const std::vector<double> &lambda_b,
                                      const std::vector<double> &lambda_W, size_t inputs,
                                      const std::vector<int> &ratios = {}) {
  std::vector<pdlt_layer> layers(C_b.size());
  size_t below = inputs;
  for (size_t k = 0; k < layers.size(); k++) {
    layers[k] = {};
    layers[k].in = below;
    layers[k].out = k < ratios.size() ? (size_t)ratios[k] : 1;
    layers[k].C_b = C_b[k];
    layers[k].C_W = C_W[k];
    layers[k].lambda_b = lambda_b[k];
    layers[k].lambda_W = lambda_W[k];
    below = layers[k].out;
  }
  return layers;
}

}  // namespace theory_test

#endif
