// positions_support.h - networks with positions and their kernels and tensors, for tests of theory.
#ifndef PDLT_TESTS_THEORY_POSITIONS_SUPPORT_H
#define PDLT_TESTS_THEORY_POSITIONS_SUPPORT_H

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "base/core/memory.h"
#include "base/experiment/experiment.h"
#include "base/experiment/layer.h"
#include "tests/base/naive_wiring.h"
#include "theory/infinite/kernel.h"
#include "theory/infinite/positions.h"
#include "theory/tensors/tensors.h"

namespace positions_support {

// Two channels a sample; parameters differ from layer to layer and widths by `ratios`.
struct Network {
  const char *name, *activation;
  bool plane;
  naive_wiring::Shape shape;
  std::vector<naive_wiring::Layer> layers;
};

inline const int kRatios[] = {2, 3, 1, 2}, kChannels = 2;
inline const double kC_b[] = {0.1, 0.2, 0.05, 0.3}, kC_W[] = {0.9, 0.8, 1.2, 0.7};
inline const double kLambda_b[] = {0.3, 0.2, 0.6, 0.1}, kLambda_W[] = {0.8, 1.2, 0.7, 1.4};

template <typename Number>
std::string ListOf(const Number *values, size_t count) {
  std::string text = "[";
  for (size_t i = 0; i < count; i++) text += (i > 0 ? ", " : "") + std::to_string(values[i]);
  return text + "]";
}

inline std::string Text(const Network &net) {
  const size_t L = net.layers.size();
  std::string shape = std::to_string(net.shape.columns), layers;
  if (net.plane) shape = std::to_string(net.shape.rows) + ", " + shape;
  for (const auto &layer : net.layers)
    layers += (layers.empty() ? "" : ", ") + naive_wiring::Text(layer, net.plane);
  return "network: {activation: \"" + std::string(net.activation) +
         "\", depth: " + std::to_string(L) +
         ", widths: [8], width_ratios: " + ListOf(kRatios, L - 1) +
         ", outputs: 1,\n  C_b: " + ListOf(kC_b, L) + ", C_W: " + ListOf(kC_W, L) +
         ",\n  lambda_b: " + ListOf(kLambda_b, L) + ", lambda_W: " + ListOf(kLambda_W, L) +
         ",\n  input: {shape: [" + shape + "], channels: " + std::to_string(kChannels) +
         "}, layers: [" + layers +
         "]}\ndata: {source: gaussian, inputs: " + std::to_string(net.shape.Size() * kChannels) +
         ", train: 2}\ntraining: {eta: 0.1, steps: 10}\n";
}

// A parsed network and `samples` of standard normal numbers; kernels of every layer.
class Kernels {
 public:
  Kernels(const Network &net, size_t samples, double tolerance = 1e-13) : D(samples) {
    const std::string text = Text(net);
    const size_t inputs = (size_t)net.shape.Size() * kChannels;
    EXPECT_EQ(pdlt_experiment_parse(&ex, text.c_str(), "e.yaml", 0, nullptr, &err), PDLT_OK)
        << err.message << "\n"
        << text;
    EXPECT_EQ(pdlt_layers_new(&layer, &ex, 1, inputs, &err), PDLT_OK) << err.message;
    std::mt19937 rng(5);
    std::normal_distribution<double> normal(0, 0.7);
    x.resize(D * inputs);
    for (double &v : x) v = normal(rng);
    const pdlt_kernel_settings s = {
        ex.network.activation, ex.network.depth, layer, tolerance, 1, nullptr};
    EXPECT_EQ(pdlt_kernel_layers_new(&k, &s, D, x.data(), &err), PDLT_OK) << err.message;
  }
  ~Kernels() {
    pdlt_kernel_layers_free(&k);
    pdlt_free(layer);
    pdlt_experiment_free(&ex);
  }
  Kernels(const Kernels &) = delete;
  size_t D;
  pdlt_experiment ex = {};
  pdlt_error err = {};
  pdlt_layer *layer = nullptr;
  std::vector<double> x;
  pdlt_kernel_layers k = {};
};

// sum_k 1/kappa M^k_ap M^k_bq X_pq over slots (position, sample), for one pair of slots (a, b).
class Map {
 public:
  Map(const std::vector<naive_wiring::Matrix> &taps, size_t D)
      : N(taps[0].size() * D), M(taps[0][0].size() * D), weight_(N * N * M * M, 0.0) {
    const auto at = [D](const naive_wiring::Matrix &tap, size_t a, size_t p) {
      return a % D == p % D ? tap[a / D][p / D] : 0.0;
    };
    for (const naive_wiring::Matrix &tap : taps)
      for (size_t i = 0; i < weight_.size(); i++)
        weight_[i] += at(tap, i / (N * M * M), i / M % M) * at(tap, i / (M * M) % N, i % M) /
                      double(taps.size());
  }
  std::vector<double> Pair(const std::vector<double> &X) const {
    std::vector<double> out(N * N, 0.0);
    for (size_t ab = 0; ab < N * N; ab++)
      for (size_t pq = 0; pq < M * M; pq++) out[ab] += weight_[ab * M * M + pq] * X[pq];
    return out;
  }
  // X_0123, a tap of its own for each of the two pairs that the new layer's deltas join: (01)(23) of every
  // array, V, A, D, S (12)(34), F, B, T (13)(24), Q, R (01)(23), U (14)(23); but P (03)(12), crossed.
  std::vector<double> Both(const std::vector<double> &X, bool crossed = false) const {
    std::vector<double> half(N * N * M * M), out(N * N * N * N);
    for (size_t cd = 0; cd < M * M; cd++) {
      std::vector<double> first(M * M);
      for (size_t pq = 0; pq < M * M; pq++) first[pq] = X[Place(M, crossed, pq, cd)];
      const std::vector<double> mapped = Pair(first);
      for (size_t ab = 0; ab < N * N; ab++) half[ab * M * M + cd] = mapped[ab];
    }
    for (size_t ab = 0; ab < N * N; ab++) {
      const std::vector<double> mapped = Pair(std::vector<double>(
          half.begin() + long(ab * M * M), half.begin() + long((ab + 1) * M * M)));
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
  std::vector<double> weight_;
};

// Pairs of positions of every layer: those that the readout needs, or all.
class Pairs {
 public:
  Pairs(const Kernels &kernels, bool all) : at((size_t)kernels.k.depth) {
    const size_t L = at.size();
    for (size_t l = L; l-- > 0;) {
      const size_t P = pdlt_layer_here(&kernels.layer[l]);
      const pdlt_status status =
          all || l + 1 == L
              ? pdlt_position_pairs_all(&at[l], P, nullptr)
              : pdlt_position_pairs_needed(&at[l], &kernels.layer[l + 1], &at[l + 1], nullptr);
      EXPECT_EQ(status, PDLT_OK);
    }
  }
  ~Pairs() {
    for (auto &p : at) pdlt_position_pairs_free(&p);
  }
  Pairs(const Pairs &) = delete;
  std::vector<pdlt_position_pairs> at;
};

// All tensors, and the pairs of positions on which those of each layer stand. Of layers with positions they are
// kept with all_pairs alone.
class Tensors {
 public:
  Tensors(const Kernels &kernels, bool all_pairs, double tolerance = 1e-10, int threads = 1,
          const pdlt_term_mask *mask = nullptr)
      : pairs(kernels, all_pairs) {
    pdlt_error err = {};
    pdlt_tensor_settings s = {};
    s.activation = kernels.ex.network.activation;
    s.layer = kernels.layer;
    s.tolerance = tolerance;
    s.threads = threads;
    s.dntk = pdlt_activation_get_traits(&s.activation).smooth;
    s.mask = mask;
    s.all_pairs = all_pairs;
    EXPECT_EQ(pdlt_tensors_new(&set, &kernels.k, &s, &err), PDLT_OK) << err.message;
  }
  ~Tensors() { pdlt_tensors_free(&set); }
  Tensors(const Tensors &) = delete;
  bool Has(int l) const { return set.layer[l - 1].data[PDLT_TENSOR_V] != nullptr; }
  size_t Positions(int l) const { return pairs.at[(size_t)l - 1].positions; }
  size_t Slots(int l) const { return Positions(l) * set.D; }
  // Entry (a, b, c, d) in the order of the name, of rank 2 (a, b), of a layer that is kept.
  double At(int l, int name, size_t a, size_t b, size_t c, size_t d) const {
    const double *data = set.layer[l - 1].data[name];
    const size_t N = Slots(l) * Slots(l);
    if (pdlt_tensor_rank(static_cast<pdlt_tensor_name>(name)) == 2) return data[Pair(l, a, b)];
    if (name == PDLT_TENSOR_P && Positions(l) > 1)  // (03)(12)
      return data[Pair(l, a, d) * N + Pair(l, b, c)];
    return data[Pair(l, a, b) * N + Pair(l, c, d)];
  }
  pdlt_tensor_set set = {};
  Pairs pairs;

 private:
  size_t Pair(int l, size_t a, size_t b) const {
    const size_t D = set.D;
    return ((a / D * Positions(l) + b / D) * D + a % D) * D + b % D;
  }
};

// Largest difference of the entries of a tensor in a layer that both keep, and the largest entry. The samples
// of `few` are the first of `many`.
struct Difference {
  double worst = 0, largest = 0;
};

inline Difference Compare(const Tensors &few, const Tensors &many, int l, int name) {
  const size_t N = few.Slots(l), D = few.set.D;
  const auto to = [&](size_t slot) { return slot / D * many.set.D + slot % D; };
  const bool rank2 = pdlt_tensor_rank(static_cast<pdlt_tensor_name>(name)) == 2;
  Difference out;
  for (size_t at = 0; at < (rank2 ? N * N : N * N * N * N); at++) {
    const size_t a = rank2 ? at / N : at / (N * N * N), b = rank2 ? at % N : at / (N * N) % N;
    const size_t c = at / N % N, d = at % N;
    const double x = few.At(l, name, a, b, c, d);
    out.worst = std::fmax(out.worst, std::fabs(x - many.At(l, name, to(a), to(b), to(c), to(d))));
    out.largest = std::fmax(out.largest, std::fabs(x));
  }
  return out;
}

}  // namespace positions_support

#endif
