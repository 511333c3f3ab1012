// wiring_test.cpp - network.input and network.layers: what each layer reads, and every refusal.
#include "base/experiment/wiring.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "base/core/memory.h"
#include "base/experiment/experiment.h"
#include "base/experiment/layer.h"
#include "tests/base/naive_wiring.h"

namespace {

using naive_wiring::Line;
using naive_wiring::Matrix;
using naive_wiring::Plane;

const naive_wiring::Layer kDense = {naive_wiring::kDense}, kAverage = {naive_wiring::kAverage};
const int kChannels = 3;

std::string Text(const std::vector<naive_wiring::Layer> &layers, naive_wiring::Shape shape,
                 bool plane) {
  std::string text, sides = std::to_string(shape.columns);
  if (plane) sides = std::to_string(shape.rows) + ", " + sides;
  for (const auto &layer : layers)
    text += (text.empty() ? "" : ", ") + naive_wiring::Text(layer, plane);
  return "network: {activation: tanh, depth: " + std::to_string(layers.size()) +
         ", widths: [8], C_b: 0, C_W: 1, lambda_b: 0, lambda_W: 1, input: {shape: [" + sides +
         "], channels: " + std::to_string(kChannels) + "}, layers: [" + text +
         "]}\ndata: {source: gaussian, inputs: " + std::to_string(shape.Size() * kChannels) +
         ", train: 4}\ntraining: {eta: 0.1, steps: 10}\n";
}

// M^k of a layer from pdlt_layer_window and pdlt_layer_pooled.
std::vector<Matrix> TapsOf(const pdlt_layer &layer) {
  const size_t P = pdlt_layer_here(&layer), below = pdlt_layer_below(&layer);
  const size_t pool = pdlt_layer_pool(&layer), windows = pdlt_layer_windows(&layer);
  std::vector<Matrix> out(pdlt_layer_taps(&layer), Matrix(P, std::vector<double>(below)));
  EXPECT_EQ(windows * pool, below);
  for (size_t t = 0; t < out.size(); t++)
    for (size_t p = 0; p < P; p++) {
      const size_t window = pdlt_layer_window(&layer, t, p);
      for (size_t k = 0; k < pool && window != PDLT_ABSENT; k++) {
        EXPECT_LT(window, windows);
        out[t][p][pdlt_layer_pooled(&layer, window, k)] += 1.0 / double(pool);
      }
    }
  return out;
}

// 0 when the experiment is refused.
int ExpectAsDefined(const std::vector<naive_wiring::Layer> &layers, naive_wiring::Shape shape,
                    bool plane) {
  const std::string text = Text(layers, shape, plane);
  pdlt_experiment ex = {};
  pdlt_error err = {};
  pdlt_layer *layer = nullptr;
  if (pdlt_experiment_parse(&ex, text.c_str(), "e.yaml", 0, nullptr, &err) != PDLT_OK) return 0;
  EXPECT_EQ(pdlt_layers_new(&layer, &ex, 8, (size_t)(shape.Size() * kChannels), &err), PDLT_OK);
  size_t next = 0;
  for (size_t l = 0; l < layers.size(); l++) {
    const naive_wiring::Shape above = naive_wiring::Above(layers[l], shape);
    const auto taps = naive_wiring::Taps(layers[l], shape);
    const bool plain = shape.Size() == 1 && taps.size() == 1;
    EXPECT_EQ(layer[l].kind, plain ? PDLT_LAYER_DENSE : PDLT_LAYER_POSITIONS) << text;
    EXPECT_EQ(pdlt_layer_below(&layer[l]), (size_t)shape.Size()) << text;
    EXPECT_EQ(pdlt_layer_here(&layer[l]), (size_t)above.Size()) << text;
    EXPECT_EQ(TapsOf(layer[l]), taps) << text << "layer " << l + 1;
    EXPECT_EQ(layer[l].in, l == 0 ? (size_t)kChannels : 8u) << text;
    EXPECT_EQ(pdlt_layer_fan(&layer[l]), taps.size() * layer[l].in) << text;
    EXPECT_EQ(pdlt_layer_variance(&layer[l]), 1.0 / double(taps.size() * layer[l].in)) << text;
    EXPECT_EQ(layer[l].weight, next) << text;
    EXPECT_EQ(layer[l].bias, next + layer[l].out * taps.size() * layer[l].in) << text;
    next = layer[l].bias + layer[l].out;
    shape = above;
  }
  pdlt_free(layer);
  pdlt_experiment_free(&ex);
  return 1;
}

// Every convolution of one dimension and up to eight positions; those are refused where pooling leaves a rest,
// the stride is beyond the windows, or zero padding has taps that never read anything.
TEST(Wiring, OneDimensionAsDefined) {
  for (int P = 1; P <= 8; P++)
    for (int taps = 1; taps <= 5; taps++)
      for (int stride = 1; stride <= P; stride++)
        for (int pool = 1; pool <= P; pool++)
          for (const bool circular : {false, true}) {
            const int windows = P / pool;
            const bool good = P % pool == 0 && stride <= windows &&
                              (circular || taps == 1 || taps <= 2 * windows - 1);
            EXPECT_EQ(ExpectAsDefined({Line(taps, circular, stride, pool), kDense}, {1, P}, false),
                      good)
                << P << " " << taps << " " << stride << " " << pool << " " << circular;
          }
}

TEST(Wiring, TwoDimensionsAsDefined) {
  const struct {
    std::vector<naive_wiring::Layer> layers;
    naive_wiring::Shape shape;
  } cases[] = {{{Plane(3, 3, true), Plane(3, 3, false), kDense}, {4, 5}},
               {{Plane(2, 3, true), Plane(1, 4, false), kAverage}, {3, 4}},
               {{Plane(3, 3, false, 2), Plane(2, 2, true, 1, 2), kDense}, {7, 4}},
               {{Plane(5, 1, true, 3, 2), Plane(1, 1, false), kAverage}, {6, 8}},
               {{kAverage, kDense}, {2, 3}},
               {{kDense, kAverage, kDense}, {2, 3}},
               {{Plane(9, 9, true), kDense}, {1, 2}}};
  for (const auto &c : cases) EXPECT_TRUE(ExpectAsDefined(c.layers, c.shape, true));
}

TEST(Wiring, WithoutLayersThereAreNone) {
  const char text[] =
      "network: {activation: tanh, depth: 2, widths: [8], C_b: 0, C_W: 1}\n"
      "data: {source: gaussian, inputs: 6, train: 4}\ntraining: {eta: 0.1, steps: 10}\n";
  for (const char *set : {"network.outputs=1", "network.input={shape: [3], channels: 2}"}) {
    pdlt_experiment ex = {};
    pdlt_error err = {};
    pdlt_layer *layer = nullptr;
    ASSERT_EQ(pdlt_experiment_parse(&ex, text, "e.yaml", 1, &set, &err), PDLT_OK) << err.message;
    EXPECT_EQ(pdlt_wiring_inputs(&ex), 1u);
    ASSERT_EQ(pdlt_layers_new(&layer, &ex, 8, 6, &err), PDLT_OK) << err.message;
    EXPECT_EQ(layer[0].kind, PDLT_LAYER_DENSE);
    EXPECT_EQ(layer[0].in, 6u);
    pdlt_free(layer);
    pdlt_experiment_free(&ex);
  }
}

// --- refusals ---

const std::vector<std::string> kLines = {
    "network:",                                        // 1
    "  activation: tanh",                              // 2
    "  depth: 4",                                      // 3
    "  widths: [8]\n  C_b: 0\n  C_W: 1",               // 4
    "  input: {shape: [8], channels: 2}",              // 5
    "  layers:",                                       // 6
    "    - {conv: 3, padding: circular}",              // 7
    "    - {conv: 3, padding: zero, stride: 2}",       // 8
    "    - {conv: 3, padding: zero, pool: 2}",         // 9
    "    - dense",                                     // 10
    "data: {source: gaussian, inputs: 16, train: 4}",  // 11
    "training: {eta: 0.1, steps: 10}",                 // 12
};

// "" when the text is accepted.
std::string Message(size_t line, const std::string &replacement,
                    const std::vector<std::string> &settings = {}) {
  std::string text;
  for (size_t i = 1; i <= kLines.size(); i++)
    text += (i == line ? replacement : kLines[i - 1]) + "\n";
  std::vector<const char *> set;
  for (const auto &s : settings) set.push_back(s.c_str());
  pdlt_experiment ex = {};
  pdlt_error err = {};
  const pdlt_status status =
      pdlt_experiment_parse(&ex, text.c_str(), "e.yaml", set.size(), set.data(), &err);
  if (status == PDLT_OK) pdlt_experiment_free(&ex);
  EXPECT_TRUE(status == PDLT_OK || status == PDLT_ERR_INPUT);
  EXPECT_EQ(ex.network.layers, nullptr);
  return status == PDLT_OK ? "" : err.message;
}

TEST(Wiring, RefusesLayersByTheirLine) {
  EXPECT_EQ(Message(0, ""), "");
  const struct {
    size_t line;
    const char *replacement, *message;  // after "e.yaml:"
  } cases[] = {
      {8, "    - {conv: 3, padding: circular, stride: 9}",
       "10: network.layers: layer 2: stride 9; there are only 8 positions to step over"},
      {8, "    - {conv: 3, padding: circular, stride: 3, pool: 4}",
       "10: network.layers: layer 2: stride 3; there are only 2 positions to step over"},
      {7, "    - {conv: 3, padding: zero, pool: 3}",
       "9: network.layers: layer 1: pool 3; 8 positions do not divide into such windows, use a "
       "divisor"},
      {9, "    - {conv: 4, padding: zero, pool: 2}",
       "11: network.layers: layer 3: conv 4; with zero padding and 2 positions taps beyond 3 never "
       "read anything, use a smaller kernel"},
      {7, "    - dense",
       "10: network.layers: layer 2: conv after dense, which leaves one position; write dense, or "
       "leave the convolutions below it"},
      {7, "    - average",
       "10: network.layers: layer 2: conv after average, which leaves one position; write dense, "
       "or leave the convolutions below it"},
      {10, "    - {conv: 3, padding: circular}",
       "12: network.layers: layer 4 is the readout, which has one position; write dense or "
       "average"},
      {7, "    - {conv: [3, 3], padding: circular}",
       "9: network.layers: layer 1: conv has two numbers, but samples have one dimension; write "
       "one"},
      {7, "    - {conv: 3}", "9: network.layers: conv needs padding: circular or zero"},
      {7, "    - {conv: 3, padding: reflect}",
       "9: network.layers: padding: expected circular or zero"},
      {7, "    - {conv: 3, padding: circular, strides: 2}",
       "9: network.layers: strides: unknown; a convolution has conv, padding, stride, pool, skip"},
      {7, "    - {padding: circular}",
       "9: network.layers: a layer is dense, average, or {conv: TAPS, padding: circular or zero, "
       "stride: 1, pool: 1, skip: 0}"},
      {7, "    - convolution",
       "9: network.layers: a layer is dense, average, or {conv: TAPS, padding: circular or zero, "
       "stride: 1, pool: 1, skip: 0}"},
      {7, "    - 3",
       "9: network.layers: a layer is dense, average, or {conv: TAPS, padding: circular or zero, "
       "stride: 1, pool: 1, skip: 0}"},
      {7, "    - [3]",
       "9: network.layers: a layer is dense, average, or {conv: TAPS, padding: circular or zero, "
       "stride: 1, pool: 1, skip: 0}"},
      {7, "    - {conv: 0, padding: circular}",
       "9: network.layers: conv: expected a whole number from 1 to 1000, or two"},
      {7, "    - {conv: 1.5, padding: circular}",
       "9: network.layers: conv: expected a whole number from 1 to 1000, or two"},
      {7, "    - {conv: three, padding: circular}",
       "9: network.layers: conv: expected a whole number from 1 to 1000, or two"},
      {7, "    - {conv: [3, 3, 3], padding: circular}",
       "9: network.layers: conv: expected a whole number from 1 to 1000, or two"},
      {7, "    - {conv: 3, padding: circular, stride: 0}",
       "9: network.layers: stride: expected a whole number from 1 to 100000"},
      {7, "    - {conv: 3, padding: circular, stride: [2, 2]}",
       "9: network.layers: stride: expected a whole number from 1 to 100000"},
      {7, "    - {conv: 3, padding: circular, pool: -2}",
       "9: network.layers: pool: expected a whole number from 1 to 100000"},
      {10, "    - dense\n    - dense",
       "9: network.layers: a list of 5; depth 4 needs an entry for each layer, the readout "
       "included"},
      {10, "",
       "9: network.layers: a list of 3; depth 4 needs an entry for each layer, the readout "
       "included"},
      {5, "",
       "9: network.layers: layer 1: conv needs to know the positions of a sample; give "
       "network.input: {shape: [P] or [ROWS, COLUMNS], channels: n_0}"},
      {5, "  input: {shape: [8], channels: 3}",
       "7: network.input: 8 positions times 3 channels are 24 inputs; samples have 16, channels "
       "times positions"},
      {5, "  input: {shape: [7]}",
       "7: network.input: 7 positions; samples have 16 inputs, channels times positions"},
      {5, "  input: {shape: [4, 2], channels: 2}",
       "11: network.layers: layer 3: conv 3; with zero padding and 1 positions taps beyond 1 never "
       "read anything, use a smaller kernel"},
      {5, "  input: {shape: 8, channels: 2}",
       "7: network.input: a mapping; expected {shape: [POSITIONS] or [ROWS, COLUMNS], channels: "
       "NUMBER}"},
      {5, "  input: {shape: [2, 2, 2], channels: 2}",
       "7: network.input: a mapping; expected {shape: [POSITIONS] or [ROWS, COLUMNS], channels: "
       "NUMBER}"},
      {5, "  input: {shape: [0], channels: 2}",
       "7: network.input: a mapping; expected {shape: [POSITIONS] or [ROWS, COLUMNS], channels: "
       "NUMBER}"},
      {5, "  input: {shape: [8], channels: 0}",
       "7: network.input: a mapping; expected {shape: [POSITIONS] or [ROWS, COLUMNS], channels: "
       "NUMBER}"},
      {5, "  input: {shape: [8], colours: 2}",
       "7: network.input: a mapping; expected {shape: [POSITIONS] or [ROWS, COLUMNS], channels: "
       "NUMBER}"},
      {5, "  input: {channels: 2}",
       "7: network.input: a mapping; expected {shape: [POSITIONS] or [ROWS, COLUMNS], channels: "
       "NUMBER}"},
      {5, "  input: [8]",
       "7: network.input: a list of 1; expected {shape: [POSITIONS] or [ROWS, COLUMNS], channels: "
       "NUMBER}"},
  };
  for (const auto &c : cases)
    EXPECT_EQ(Message(c.line, c.replacement), std::string("e.yaml:") + c.message);
}

TEST(Wiring, RefusesSettings) {
  EXPECT_EQ(Message(0, "", {"network.layers=dense"}),
            "--set: network.layers: dense; expected a list of depth layers, each dense, average or "
            "{conv: TAPS, padding: WORD}");
  EXPECT_EQ(Message(0, "", {"network.depth=3"}),
            "e.yaml:9: network.layers: a list of 4; depth 3 needs an entry for each layer, the "
            "readout included");
  EXPECT_EQ(Message(0, "", {"network.layers=[{conv: 9, padding: circular}, dense, dense, dense]"}),
            "");
  EXPECT_EQ(
      Message(0, "", {"network.layers=[{conv: 3, padding: zero, stride: 9}, dense, dense, dense]"}),
      "--set: network.layers: layer 1: stride 9; there are only 8 positions to step over");
}

}  // namespace
