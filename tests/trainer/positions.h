/* positions.h - random networks whose layers have positions, for the tests of trainer/. */
#ifndef PDLT_TESTS_TRAINER_POSITIONS_H
#define PDLT_TESTS_TRAINER_POSITIONS_H

#include <algorithm>

#include "tests/trainer/support.h"

namespace trainer_test {

// Settings and how many inputs their samples have.
struct Wired {
  Settings s;
  size_t inputs = 0;
};

// One direction of a random convolution on `below` positions.
struct Direction {
  Direction(std::mt19937_64 &gen, size_t below, size_t pool, bool circular)
      : windows(below / pool),
        stride(std::min<size_t>(windows, 1 + gen() % 2)),
        kernel(1 + gen() % (circular ? 4 : std::min<size_t>(4, 2 * windows - 1))) {}
  size_t windows, stride, kernel;
};

// A random convolution on `shape`, which becomes the positions after it.
inline std::string random_convolution(std::mt19937_64 &gen, std::vector<size_t> &shape) {
  const bool circular = gen() % 2 == 0;
  size_t pool = gen() % 3 == 0 ? 2 : 1;
  for (size_t side : shape)
    if (side % pool != 0) pool = 1;
  std::vector<Direction> d;
  for (size_t side : shape) d.emplace_back(gen, side, pool, circular);
  const size_t stride = std::min(d.front().stride, d.back().stride);
  std::string text = "{conv: ";
  if (d.size() == 2)
    text += "[" + std::to_string(d[0].kernel) + ", " + std::to_string(d[1].kernel) + "]";
  else
    text += std::to_string(d[0].kernel);
  text += std::string(", padding: ") + (circular ? "circular" : "zero") +
          ", stride: " + std::to_string(stride) + ", pool: " + std::to_string(pool) + "}";
  for (size_t k = 0; k < shape.size(); k++) shape[k] = (d[k].windows + stride - 1) / stride;
  return text;
}

// Depth 2 to 4, one or two dimensions, channels that differ, any padding, stride and pooling; flatten or
// average, in the readout or below dense layers.
inline Wired random_wired(std::mt19937_64 &gen, const std::vector<const char *> &activations) {
  Wired w;
  Settings &s = w.s;
  std::vector<size_t> shape(1 + gen() % 2);
  for (size_t &side : shape) side = 1 + gen() % (shape.size() == 1 ? 7 : 4);
  const size_t channels = 1 + gen() % 3;
  w.inputs = channels;
  for (size_t side : shape) w.inputs *= side;
  s.activation = activations[gen() % activations.size()];
  s.depth = 2 + (int)(gen() % 3);
  s.widths = "[" + std::to_string(1 + gen() % 5) + "]";
  s.outputs = 1 + (int)(gen() % 3);
  s.C_b = random_list(gen, s.depth, true);
  s.C_W = random_list(gen, s.depth, false);
  s.lambda_b = random_list(gen, s.depth, true);
  s.lambda_W = random_list(gen, s.depth, false);
  s.train = 1 + (int)(gen() % 4);
  s.test = (int)(gen() % 3);
  s.ratios = "[";
  for (int l = 1; l < s.depth; l++) s.ratios += (l > 1 ? ", " : "") + std::to_string(1 + gen() % 3);
  s.ratios += "]";
  s.more_network = "  input: {shape: [" + std::to_string(shape[0]) +
                   (shape.size() == 2 ? ", " + std::to_string(shape[1]) : "") +
                   "], channels: " + std::to_string(channels) + "}\n  layers:\n";
  bool positions = true;
  for (int l = 1; l <= s.depth; l++) {
    const bool last = l == s.depth || (l > 1 && gen() % 5 == 0);
    s.more_network += "    - ";
    s.more_network += positions && !last ? random_convolution(gen, shape)
                                         : (gen() % 3 == 0 && positions ? "average" : "dense");
    s.more_network += "\n";
    if (last) positions = false;
  }
  return w;
}

// The same with skips: a convolution, others with a skip upon it, flatten, and a dense layer or two, the second
// with a skip.
inline Wired random_residual(std::mt19937_64 &gen, const std::vector<const char *> &activations) {
  Wired w;
  Settings &s = w.s;
  std::uniform_real_distribution<double> uniform(0.2, 0.7);
  const auto skip = [&] {
    return "skip: " + std::to_string(gen() % 3 == 0 ? -uniform(gen) : uniform(gen));
  };
  std::vector<size_t> shape(1 + gen() % 2);
  for (size_t &side : shape) side = 2 + gen() % (shape.size() == 1 ? 5 : 2);
  const size_t channels = 1 + gen() % 2, convolutions = 1 + gen() % 2, dense = gen() % 3;
  w.inputs = channels;
  for (size_t side : shape) w.inputs *= side;
  std::string layers, sides;
  for (size_t side : shape) sides += (sides.empty() ? "" : ", ") + std::to_string(side);
  layers += "    - " + random_convolution(gen, shape) + "\n";
  for (size_t k = 0; k < convolutions; k++)
    layers +=
        "    - {conv: " +
        std::to_string(*std::min_element(shape.begin(), shape.end()) > 1 ? 1 + gen() % 2 : 1) +
        (gen() % 2 ? ", padding: circular, " : ", padding: zero, ") + skip() + "}\n";
  for (size_t k = 0; k < dense; k++)
    layers += k == 0 ? "    - average\n" : "    - {dense: true, " + skip() + "}\n";
  layers += gen() % 2 || dense > 0 ? "    - dense\n" : "    - average\n";
  s.activation = activations[gen() % activations.size()];
  s.depth = (int)(2 + convolutions + dense);
  s.widths = "[" + std::to_string(1 + gen() % 4) + "]";
  s.outputs = 1 + (int)(gen() % 2);
  s.C_b = random_list(gen, s.depth, true);
  s.C_W = random_list(gen, s.depth, false);
  s.lambda_b = random_list(gen, s.depth, true);
  s.lambda_W = random_list(gen, s.depth, false);
  s.train = 1 + (int)(gen() % 4);
  s.test = (int)(gen() % 3);
  s.more_network = "  input: {shape: [" + sides + "], channels: " + std::to_string(channels) +
                   "}\n  layers:\n" + layers;
  return w;
}

// A network of such settings as drawn, its samples and learning-rate tensor.
struct WiredNet {
  WiredNet(const Wired &w, unsigned seed)
      : wired(w),
        ex(yaml(w.s)),
        data((size_t)w.s.train, (size_t)w.s.test, w.inputs, (size_t)w.s.outputs, seed) {
    pdlt_error err = {};
    EXPECT_EQ(pdlt_samples_new(&samples, &ex.c, &data.c, &err), PDLT_OK) << err.message;
    EXPECT_EQ(pdlt_network_new(&net, &ex.c, ex.c.network.widths[0], w.inputs, &err), PDLT_OK)
        << err.message;
    theta.resize(net.num_params);
    lambda.resize(net.num_params);
    pdlt_network_draw(&net, 5, seed, theta.data());
    pdlt_reference_lambda(&net, lambda.data());
  }
  ~WiredNet() {
    pdlt_network_free(&net);
    pdlt_samples_free(&samples);
  }
  WiredNet(const WiredNet &) = delete;
  const pdlt_layer &top() const { return net.layer[net.depth - 1]; }
  const double *x(size_t a) const { return data.x.data() + a * data.c.inputs; }
  Wired wired;
  Experiment ex;
  Data data;
  pdlt_samples samples = {};
  pdlt_network net = {};
  std::vector<double> theta, lambda;
};

}  // namespace trainer_test

#endif
