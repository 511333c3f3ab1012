// predict_error_support.h - predictions of an experiment, what rounding of K and Theta makes of training, and
// errors from both sides, for the tests of err/NAME.
#ifndef PDLT_TESTS_THEORY_PREDICT_ERROR_SUPPORT_H
#define PDLT_TESTS_THEORY_PREDICT_ERROR_SUPPORT_H

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "base/core/memory.h"
#include "base/experiment/layer.h"
#include "tests/theory/exact_lo.h"
#include "theory/infinite/training.h"
#include "theory/predict/predict.h"

namespace predict_error {

constexpr double kEps = 2.220446049250313e-16;

// Which samples there are besides Gaussian ones.
enum Near { kApart, kDuplicate, kParallel };

struct Setting {
  std::string activation;
  int depth = 2, order = 0;
  bool biases = true;
  Near near = kApart;
  const char *tolerance = "1e-10";
  size_t train = 3, test = 2, inputs = 3;
  std::string Name() const {
    return activation + ", depth " + std::to_string(depth) + (biases ? ", biases" : "") +
           (near == kDuplicate  ? ", duplicate"
            : near == kParallel ? ", nearly parallel"
                                : "") +
           ", tolerance " + tolerance;
  }
};

inline uint64_t Hash(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

// An experiment on its samples.
class Prediction {
 public:
  explicit Prediction(const Setting &s) {
    const std::string bias = s.biases ? "C_b: 0.1, lambda_b: 0.5" : "C_b: 0, lambda_b: 0";
    const std::string text =
        "title: t\nnetwork: {activation: '" + s.activation +
        "', depth: " + std::to_string(s.depth) +
        ", widths: [16], outputs: 2, C_W: 1.2, lambda_W: 1, " + bias + "}\n" +
        "data: {source: gaussian, inputs: " + std::to_string(s.inputs) +
        ", seed: 1, train: " + std::to_string(s.train) + ", test: " + std::to_string(s.test) +
        "}\n" +
        "training: {eta: 0.05, steps: 20, record: [0, 5, 20]}\nensemble: {members: 100, seed: "
        "7}\n" +
        "theory: {order: " + std::to_string(s.order) + ", tolerance: " + s.tolerance + "}\n";
    pdlt_error err = {};
    EXPECT_EQ(pdlt_experiment_parse(&ex_, text.c_str(), "t.yaml", 0, nullptr, &err), PDLT_OK)
        << err.message;
    EXPECT_EQ(pdlt_dataset_load(&data, &ex_, &err), PDLT_OK) << err.message;
    Place(s.near);
    const pdlt_predict_options options = {1, 0, nullptr};
    EXPECT_EQ(pdlt_predict(&out_, &ex_, &data, &options, &err), PDLT_OK) << s.Name() << err.message;
    EXPECT_EQ(pdlt_layers_new(&layer_, &ex_, 1, data.inputs, &err), PDLT_OK);
  }
  ~Prediction() {
    pdlt_free(layer_);
    pdlt_archive_free(&out_);
    pdlt_dataset_free(&data);
    pdlt_experiment_free(&ex_);
  }
  Prediction(const Prediction &) = delete;

  const pdlt_array *Find(const std::string &name) const {
    return pdlt_archive_get(const_cast<pdlt_archive *>(&out_), name.c_str());
  }
  double Error(const std::string &name) const {
    const pdlt_array *array = Find("err/" + name);
    return array == nullptr ? NAN : array->data[0];
  }
  // Names of all arrays that have an error.
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (size_t i = 0; i < out_.count; i++)
      if (std::strncmp(out_.entries[i].name, "err/", 4) == 0)
        names.push_back(out_.entries[i].name + 4);
    return names;
  }
  std::vector<pdlt_layer> Layers() const { return {layer_, layer_ + ex_.network.depth}; }
  const pdlt_experiment &experiment() const { return ex_; }
  double eta() const { return ex_.training.eta; }

  pdlt_dataset data = {};

 private:
  void Place(Near near) {
    const size_t n = data.inputs, last = data.train + data.test - 1;
    for (size_t k = 0; k < n && near == kDuplicate; k++) data.x[last * n + k] = data.x[k];
    for (size_t k = 0; k < n && near == kParallel; k++)
      data.x[n + k] = 1.003 * data.x[k] + 3e-3 * (double)(k + 1);
  }
  pdlt_experiment ex_ = {};
  pdlt_archive out_ = {};
  pdlt_layer *layer_ = nullptr;
};

inline double Largest(const pdlt_array *a) {
  double most = 0;
  for (size_t i = 0; i < pdlt_array_count(a); i++) most = std::fmax(most, std::fabs(a->data[i]));
  return most;
}

inline double Distance(const pdlt_array *a, const pdlt_array *b) {
  double most = 0;
  EXPECT_EQ(pdlt_array_count(a), pdlt_array_count(b));
  for (size_t i = 0; i < pdlt_array_count(a); i++)
    if (!(std::fabs(a->data[i] - b->data[i]) <= most)) most = std::fabs(a->data[i] - b->data[i]);
  return most;
}

// What an array is the sum of, at most: outputs of targets too, covariances of kernels, losses of squares of
// both.
inline double Size(const Prediction &p, const std::string &name) {
  double z = Largest(p.Find("z_lo"));
  for (size_t i = 0; i < p.data.train * p.data.outputs; i++)
    z = std::fmax(z, std::fabs(p.data.y[i]));
  const double K = Largest(p.Find("K")), own = Largest(p.Find(name));
  if (name.rfind("loss", 0) == 0)
    return std::fmax(own, 0.5 * (double)(p.data.train * p.data.outputs) * (z * z + K));
  if (name.rfind("z", 0) == 0) return std::fmax(own, z);
  if (name.rfind("cov", 0) == 0) return std::fmax(own, K);
  return own;
}

// --- what rounding does ---

using Arrays = std::map<std::string, exact_lo::Reals>;

constexpr long kSteps[] = {0, 5, 20};

// Mean (n, D) and covariance (D, D) of one output at one time, or at the end, as theory.npz holds them, with
// the losses.
inline void Append(const Prediction &p, const std::string &end, const exact_lo::Reals &mean,
                   const exact_lo::Reals &cov, Arrays *to) {
  const size_t D = p.data.train + p.data.test, n = p.data.outputs;
  exact_lo::Reals &z = (*to)["z" + end], &all = (*to)["cov" + end];
  z.insert(z.end(), mean.begin(), mean.end());
  for (size_t i = 0; i < n; i++)
    for (size_t d = 0; d < D; d++)
      for (size_t j = 0; j < n; j++)
        for (size_t e = 0; e < D; e++) all.push_back(i == j ? cov[d * D + e] : 0);
  exact_lo::Real bias[2] = {0, 0}, variance[2] = {0, 0};
  for (size_t d = 0; d < D; d++) {
    exact_lo::Real own_bias = 0, own_variance = 0;
    for (size_t i = 0; i < n; i++) {
      own_bias += powl(mean[i * D + d] - p.data.y[d * n + i], 2) / 2;
      own_variance += cov[d * D + d] / 2;
    }
    (*to)["loss_sample" + end].push_back(own_bias + own_variance);
    bias[d < p.data.train ? 0 : 1] += own_bias;
    variance[d < p.data.train ? 0 : 1] += own_variance;
  }
  for (int k = 0; k < 2; k++) {
    const std::string name = (k == 0 ? "loss_train" : "loss_test") + end;
    (*to)[name].push_back(bias[k] + variance[k]);
    (*to)[name + "_bias"].push_back(bias[k]);
    (*to)[name + "_variance"].push_back(variance[k]);
  }
}

// Every entry of a symmetric matrix as many units in the last place off as layers made it, each of which rounds
// it once at least; equal entries alike.
inline std::vector<double> Moved(const pdlt_array *matrix, size_t layers, uint64_t variant) {
  std::vector<double> moved(matrix->data, matrix->data + pdlt_array_count(matrix));
  for (double &v : moved) {
    uint64_t bits;
    std::memcpy(&bits, &v, sizeof bits);
    v *= 1 + (Hash(bits + variant) >> 63 ? 1 : -1) * (double)layers * kEps;
  }
  return moved;
}

// All that training makes of a K and a Theta that are off so.
inline Arrays Trained(const Prediction &p, uint64_t variant) {
  const size_t D = p.data.train + p.data.test, n = p.data.outputs;
  const size_t layers = p.Layers().size();
  const std::vector<double> K = Moved(p.Find("K"), layers, variant),
                            theta = Moved(p.Find("Theta"), layers, variant);
  const pdlt_training_input in = {
      D, p.data.train, n, K.data(), theta.data(), p.data.y, p.eta(), 0, 0, nullptr, nullptr, 0, 0};
  pdlt_training training = {};
  pdlt_error err = {};
  Arrays out;
  EXPECT_EQ(pdlt_training_new(&training, &in, &err), PDLT_OK) << err.message;
  std::vector<double> mean(n * D), cov(D * D);
  const auto append = [&](const std::string &end) {
    Append(p, end, {mean.begin(), mean.end()}, {cov.begin(), cov.end()}, &out);
  };
  for (const long steps : kSteps) {
    EXPECT_EQ(pdlt_training_at(&training, (double)steps, mean.data(), cov.data(), nullptr, &err),
              PDLT_OK);
    append("_lo");
  }
  EXPECT_EQ(pdlt_training_end(&training, mean.data(), cov.data(), nullptr, &err), PDLT_OK)
      << err.message;
  append("_end_lo");
  pdlt_training_free(&training);
  return out;
}

inline double Distance(const pdlt_array *a, const exact_lo::Reals &b) {
  double most = 0;
  EXPECT_EQ(pdlt_array_count(a), b.size());
  for (size_t i = 0; i < b.size(); i++) most = std::fmax(most, (double)fabsl(a->data[i] - b[i]));
  return most;
}

// Rounding of the array's size, and what the rounding of K and Theta makes of it.
inline double Rounding(const Prediction &p, const std::vector<Arrays> &moved,
                       const std::string &name) {
  double most = kEps * Size(p, name);
  for (const Arrays &arrays : moved) {
    const auto at = arrays.find(name);
    if (at != arrays.end()) most = std::fmax(most, Distance(p.Find(name), at->second));
  }
  return most;
}

// Both sides of one array. known: error of the truth.
inline void ExpectHonest(double error, double known, double apart, double rounding,
                         const std::string &what) {
  EXPECT_LE(apart, error + known) << what << ": below the true error";
  EXPECT_LE(error, 1000 * std::fmax(apart, rounding))
      << what << ": true error " << apart << ", rounding " << rounding;
}

}  // namespace predict_error

#endif
