// Synthetic archives with known truth: x_n = c0 + c1 u + c2 u^2 + c3 u^3 plus Gaussian noise, u = h
// or a power of it, correlated between numbers, in blocks; and theory archives beside them.
#ifndef PDLT_TESTS_COMPARE_SUPPORT_H
#define PDLT_TESTS_COMPARE_SUPPORT_H

#include <cmath>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/file/archive.h"

namespace support {

struct Truth {
  std::string name = "K";
  std::vector<size_t> dims;                 // measured shape
  std::vector<double> c0, c1, c2, c3;       // (N)
  std::vector<std::vector<double>> mixing;  // (N, M) noise of a block = mixing * normal(M)
  double power = 1;                         // u = h^power
};

struct Setting {
  std::vector<double> widths = {16, 24, 32, 48, 64, 96};
  int degree = 2;
  double level = 1e-4;
  int ratio = 1;
  size_t blocks = 200;
  double members = 64;    // per block
  bool weighted = false;  // blocks of unequal size
  std::string arithmetic = "double";
  std::string activation = "tanh";
};

inline double polynomial(const Truth &t, size_t k, double h) {
  double c2 = t.c2.empty() ? 0 : t.c2[k], c3 = t.c3.empty() ? 0 : t.c3[k];
  return t.c0[k] + h * (t.c1[k] + h * (c2 + h * c3));
}

// N numbers with random truth and noise that mixes M <= N + 2 independent sources.
inline Truth random_truth(const std::string &name, std::vector<size_t> dims, double noise,
                          std::mt19937_64 &rng) {
  std::normal_distribution<double> normal;
  Truth t;
  t.name = name;
  t.dims = std::move(dims);
  size_t count = 1;
  for (size_t d : t.dims) count *= d;
  for (size_t k = 0; k < count; k++) {
    t.c0.push_back(1 + 0.3 * normal(rng));
    t.c1.push_back(2 + normal(rng));
    t.c2.push_back(normal(rng));
    std::vector<double> row(count + 2);
    for (double &m : row) m = noise * normal(rng) / std::sqrt(double(count + 2));
    t.mixing.push_back(row);
  }
  return t;
}

inline double *add(pdlt_archive *archive, const std::string &name,
                   const std::vector<size_t> &dims) {
  pdlt_array *array = nullptr;
  pdlt_error err{};
  if (pdlt_archive_new(archive, name.c_str(), int(dims.size()), dims.data(), &array, &err) !=
      PDLT_OK)
    throw std::runtime_error(err.message);
  return array->data;
}

inline std::string at_width(double n, const std::string &name) {
  return "n" + std::to_string(long(n)) + "/" + name;
}

inline void put_meta(pdlt_archive *archive, const char *kind, const Setting &s) {
  json_t *experiment =
      json_pack("{s:{s:i, s:f}, s:{s:[i,i], s:s}, s:{s:s}}", "compare", "degree", s.degree, "level",
                s.level, "network", "width_ratios", 1, s.ratio, "activation", s.activation.c_str(),
                "ensemble", "arithmetic", s.arithmetic.c_str());
  json_t *meta = pdlt_archive_meta(archive);
  json_object_set_new(meta, "experiment", experiment);
  json_object_set_new(meta, "kind", json_string(kind));
  json_object_set_new(meta, "physics_hash", json_string("0123456789abcdef"));
}

inline void start_measured(pdlt_archive *archive, const Setting &s) {
  put_meta(archive, "measured", s);
  double *widths = add(archive, "widths", {s.widths.size()});
  for (size_t w = 0; w < s.widths.size(); w++) {
    widths[w] = s.widths[w];
    double *members = add(archive, at_width(s.widths[w], "blocks/members"), {s.blocks});
    double total = 0;
    for (size_t b = 0; b < s.blocks; b++)
      total += members[b] = s.weighted && b % 3 == 0 ? s.members / 2 : s.members;
    *add(archive, at_width(s.widths[w], "members"), {}) = total;
    *add(archive, at_width(s.widths[w], "diverged"), {}) = 0;
    *add(archive, at_width(s.widths[w], "unconverged"), {}) = 0;
  }
}

// Mean and error bar of blocks (B, N) with their weights.
inline void summarize(const double *blocks, const double *weights, size_t b_count, size_t count,
                      double *x, double *se) {
  for (size_t k = 0; k < count; k++) {
    double total = 0, sum = 0, square = 0;
    for (size_t b = 0; b < b_count; b++)
      total += weights[b], sum += weights[b] * blocks[b * count + k];
    x[k] = sum / total;
    for (size_t b = 0; b < b_count; b++)
      square += weights[b] * (blocks[b * count + k] - x[k]) * (blocks[b * count + k] - x[k]);
    se[k] = std::sqrt(square / (total * double(b_count - 1)));
  }
}

inline void add_measured(pdlt_archive *archive, const Setting &s, const Truth &t,
                         std::mt19937_64 &rng) {
  std::normal_distribution<double> normal;
  size_t count = t.c0.size();
  std::vector<size_t> block_dims = t.dims;
  block_dims.insert(block_dims.begin(), s.blocks);
  for (double n : s.widths) {
    double h = 1 / (n * s.ratio);
    double *x = add(archive, at_width(n, t.name), t.dims);
    double *se = add(archive, at_width(n, t.name + "_se"), t.dims);
    double *blocks = add(archive, at_width(n, "blocks/" + t.name), block_dims);
    const double *weights = pdlt_archive_get(archive, at_width(n, "blocks/members").c_str())->data;
    for (size_t b = 0; b < s.blocks; b++) {
      std::vector<double> source(t.mixing[0].size());
      for (double &g : source) g = normal(rng) * std::sqrt(s.members / weights[b]);
      for (size_t k = 0; k < count; k++) {
        double value = polynomial(t, k, std::pow(h, t.power));
        for (size_t m = 0; m < source.size(); m++) value += t.mixing[k][m] * source[m];
        blocks[b * count + k] = value;
      }
    }
    summarize(blocks, weights, s.blocks, count, x, se);
  }
}

inline void add_values(pdlt_archive *archive, const std::string &name,
                       const std::vector<size_t> &dims, const std::vector<double> &values) {
  double *to = add(archive, name, dims);
  for (size_t k = 0; k < values.size(); k++) to[k] = values[k];
}

struct Pair {
  pdlt_archive theory{}, measured{};
  Pair() = default;
  Pair(const Pair &) = delete;
  Pair &operator=(const Pair &) = delete;
  ~Pair() {
    pdlt_archive_free(&theory);
    pdlt_archive_free(&measured);
  }
};

}  // namespace support
#endif
