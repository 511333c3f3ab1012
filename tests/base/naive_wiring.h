// naive_wiring.h - what a layer of network.layers reads, as matrices over positions: the second road to
// base/experiment/wiring.c.
#ifndef PDLT_TESTS_BASE_NAIVE_WIRING_H
#define PDLT_TESTS_BASE_NAIVE_WIRING_H

#include <string>
#include <vector>

namespace naive_wiring {

using Matrix = std::vector<std::vector<double>>;  // (positions of the layer, positions below)

struct Shape {
  int rows, columns;
  int Size() const { return rows * columns; }
};

enum Reads { kConv, kDense, kAverage };

struct Layer {
  Reads reads;
  int taps[2] = {1, 1};  // rows, columns; one dimension: 1 row
  bool circular = false;
  int stride[2] = {1, 1}, pool[2] = {1, 1};
};

inline Layer Line(int taps, bool circular, int stride = 1, int pool = 1) {
  return {kConv, {1, taps}, circular, {1, stride}, {1, pool}};
}

inline Layer Plane(int rows, int columns, bool circular, int stride = 1, int pool = 1) {
  return {kConv, {rows, columns}, circular, {stride, stride}, {pool, pool}};
}

// As network.layers writes it, for samples of one or two dimensions.
inline std::string Text(const Layer &layer, bool plane) {
  if (layer.reads != kConv) return layer.reads == kDense ? "dense" : "average";
  const std::string columns = std::to_string(layer.taps[1]);
  std::string taps = columns;
  if (plane && layer.taps[0] != layer.taps[1]) {
    taps = "[" + std::to_string(layer.taps[0]) + ", " + columns + "]";
  }
  std::string text = "{conv: " + taps + ", padding: " + (layer.circular ? "circular" : "zero");
  if (layer.stride[1] > 1) text += ", stride: " + std::to_string(layer.stride[1]);
  if (layer.pool[1] > 1) text += ", pool: " + std::to_string(layer.pool[1]);
  return text + "}";
}

inline Shape Above(const Layer &layer, Shape below) {
  if (layer.reads != kConv) return {1, 1};
  const int windows[2] = {below.rows / layer.pool[0], below.columns / layer.pool[1]};
  Shape out = {0, 0};
  for (int p = 0; p < windows[0]; p += layer.stride[0]) out.rows++;
  for (int p = 0; p < windows[1]; p += layer.stride[1]) out.columns++;
  return out;
}

// The window that tap t of position p reads in one direction; -1: none.
inline int Window(int p, int t, int taps, int stride, int windows, bool circular) {
  const int read = p * stride + t - (taps - 1) / 2;
  if (circular) return (read % windows + windows) % windows;
  return read >= 0 && read < windows ? read : -1;
}

// M^k of every tap k, pooling included: z_p = sum_k W_k sum_p' M^k_pp' s_p'.
inline std::vector<Matrix> Taps(const Layer &layer, Shape below) {
  const Shape here = Above(layer, below);
  const Matrix zero((size_t)here.Size(), std::vector<double>((size_t)below.Size(), 0.0));
  std::vector<Matrix> out;
  if (layer.reads == kDense) {
    for (size_t k = 0; k < (size_t)below.Size(); k++) {
      out.push_back(zero);
      out[k][0][k] = 1;
    }
    return out;
  }
  if (layer.reads == kAverage)
    return {{std::vector<double>((size_t)below.Size(), 1.0 / below.Size())}};
  for (int t = 0; t < layer.taps[0]; t++) {
    for (int u = 0; u < layer.taps[1]; u++) {
      out.push_back(zero);
      for (int p = 0; p < here.Size(); p++) {
        const int row = Window(p / here.columns, t, layer.taps[0], layer.stride[0],
                               below.rows / layer.pool[0], layer.circular);
        const int column = Window(p % here.columns, u, layer.taps[1], layer.stride[1],
                                  below.columns / layer.pool[1], layer.circular);
        for (int q = 0; q < below.Size(); q++) {
          const bool inside = q / below.columns / layer.pool[0] == row &&
                              q % below.columns / layer.pool[1] == column;
          if (inside) out.back()[(size_t)p][(size_t)q] = 1.0 / (layer.pool[0] * layer.pool[1]);
        }
      }
    }
  }
  return out;
}

}  // namespace naive_wiring

#endif
