/* support.h - experiments and data for the tests of trainer/, from fixed seeds. */
#ifndef PDLT_TESTS_TRAINER_SUPPORT_H
#define PDLT_TESTS_TRAINER_SUPPORT_H

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/core/memory.h"
#include "base/experiment/experiment.h"
#include "base/file/archive.h"
#include "base/vector/linalg.h"
#include "datasets/dataset.h"
#include "trainer/measure/ntk.h"
#include "trainer/network/reference.h"
#include "trainer/network/step.h"
#include "trainer/run/ensemble.h"

namespace trainer_test {

// Samples drawn from a fixed seed; owns what the C struct points to.
struct Data {
  Data(size_t train, size_t test, size_t inputs, size_t outputs, unsigned seed) {
    std::mt19937_64 gen(seed);
    std::normal_distribution<double> normal;
    x.resize((train + test) * inputs);
    y.resize((train + test) * outputs);
    for (double &v : x) v = normal(gen);
    for (double &v : y) v = 0.5 * normal(gen);
    c.train = train;
    c.test = test;
    c.inputs = inputs;
    c.outputs = outputs;
    c.x = x.data();
    c.y = y.data();
    pdlt_dataset_hash(&c, c.hash);
  }
  std::vector<double> x, y;
  pdlt_dataset c = {};
};

// An experiment parsed from text; throws the message when the text is wrong.
struct Experiment {
  explicit Experiment(const std::string &text) {
    pdlt_error err = {};
    if (pdlt_experiment_parse(&c, text.c_str(), "test.yaml", 0, nullptr, &err) != PDLT_OK)
      throw std::runtime_error(err.message);
  }
  ~Experiment() { pdlt_experiment_free(&c); }
  Experiment(const Experiment &) = delete;
  pdlt_experiment c = {};
};

struct Settings {
  std::string activation = "tanh";
  int depth = 3;
  std::string widths = "[8]", ratios;
  int outputs = 1;
  std::string C_b = "0.1", C_W = "1.2", lambda_b = "0.5", lambda_W = "1.3";
  std::string more_network;
  int train = 3, test = 2;
  std::string eta = "0.05", steps = "10", record = "[0, 3, 10]", more_training;
  long members = 200;
  std::string estimator = "plain", measure = "[output, kernel, ntk]";
  long keep = 0;
  std::string more_ensemble;
  int seed = 7;
  int measure_samples = 0;  // 0: the default
};

inline std::string yaml(const Settings &s) {
  std::string t = "network:\n  activation: " + s.activation +
                  "\n  depth: " + std::to_string(s.depth) + "\n  widths: " + s.widths + "\n";
  if (!s.ratios.empty()) t += "  width_ratios: " + s.ratios + "\n";
  t += "  outputs: " + std::to_string(s.outputs) + "\n  C_b: " + s.C_b + "\n  C_W: " + s.C_W +
       "\n  lambda_b: " + s.lambda_b + "\n  lambda_W: " + s.lambda_W + "\n" + s.more_network;
  t += "data:\n  source: csv\n  file: none.csv\n  train: " + std::to_string(s.train) +
       "\n  test: " + std::to_string(s.test) + "\n";
  t += "training:\n  eta: " + s.eta + "\n  steps: " + s.steps + "\n";
  if (!s.record.empty()) t += "  record: " + s.record + "\n";
  t += s.more_training;
  t += "ensemble:\n  members: " + std::to_string(s.members) +
       "\n  seed: " + std::to_string(s.seed) + "\n  estimator: " + s.estimator +
       "\n  keep_members: " + std::to_string(s.keep) + "\n" + s.more_ensemble +
       "measure: " + s.measure + "\n";
  if (s.measure_samples > 0) t += "measure_samples: " + std::to_string(s.measure_samples) + "\n";
  return t;
}

// A random list of L hyperparameters, each different from 0 and 1; now and then 0 for
// biases.
inline std::string random_list(std::mt19937_64 &gen, int count, bool zeros) {
  std::uniform_real_distribution<double> uniform(0.3, 1.7);
  std::string text = "[";
  for (int i = 0; i < count; i++) {
    if (i > 0) text += ", ";
    text += zeros && gen() % 3 == 0 ? "0" : std::to_string(uniform(gen));
  }
  return text + "]";
}

// Any depth up to 5, outputs, samples, variances and rates, with one of the activations.
inline Settings random_network(std::mt19937_64 &gen, const std::vector<const char *> &activations) {
  Settings s;
  s.activation = activations[gen() % activations.size()];
  s.depth = 2 + (int)(gen() % 4);
  s.outputs = 1 + (int)(gen() % 2);
  s.train = 1 + (int)(gen() % 3);
  s.test = (int)(gen() % 3);
  s.C_b = random_list(gen, s.depth, true);
  s.C_W = random_list(gen, s.depth, false);
  s.lambda_b = random_list(gen, s.depth, true);
  s.lambda_W = random_list(gen, s.depth, false);
  s.ratios = "[1";
  for (int l = 2; l < s.depth; l++) s.ratios += gen() % 2 ? ", 2" : ", 1";
  s.ratios += "]";
  return s;
}

// The same network with skips: most layers get as many neurons as the one below and a factor, some stay
// without. Depth 3 at least.
inline Settings skipped(Settings s, unsigned seed) {
  std::mt19937_64 gen(seed);
  std::uniform_real_distribution<double> uniform(0.2, 0.7);
  s.depth = std::max(s.depth, 3);
  for (std::string *list : {&s.C_b, &s.C_W, &s.lambda_b, &s.lambda_W})
    if (list->front() == '[')
      *list = random_list(gen, s.depth, list == &s.C_b || list == &s.lambda_b);
  size_t ratio = 1 + gen() % 3;
  std::string skips;
  s.ratios = "[" + std::to_string(ratio);
  for (int l = 2; l < s.depth; l++) {
    const bool plain = s.depth > 3 && gen() % 4 == 0;
    if (plain) ratio = 1 + gen() % 3;
    s.ratios += ", " + std::to_string(ratio);
    skips += (l > 2 ? ", " : "") +
             (plain ? "0" : std::to_string(gen() % 3 == 0 ? -uniform(gen) : uniform(gen)));
  }
  s.ratios += "]";
  s.more_network += "  skip: [" + skips + "]\n";
  return s;
}

struct Archive {
  ~Archive() { pdlt_archive_free(&c); }
  Archive() = default;
  Archive(const Archive &) = delete;
  // Entry i of the array called name; NaN when there is none.
  double at(const std::string &name, size_t i = 0) const {
    const pdlt_array *t = pdlt_archive_get(&c, name.c_str());
    return t == nullptr || i >= pdlt_array_count(t) ? std::nan("") : t->data[i];
  }
  size_t count(const std::string &name) const {
    const pdlt_array *t = pdlt_archive_get(&c, name.c_str());
    return t == nullptr ? 0 : pdlt_array_count(t);
  }
  pdlt_archive c = {};
};

inline pdlt_ensemble_options options(int threads) {
  pdlt_ensemble_options o = {};
  o.threads = threads;
  o.checkpoint_seconds = 1e9;
  return o;
}

// Runs the ensemble of these settings.
inline void run(const Settings &s, const Data &data, const pdlt_ensemble_options &o, Archive *out) {
  Experiment ex(yaml(s));
  pdlt_error err = {};
  ASSERT_EQ(pdlt_ensemble_run(&out->c, &ex.c, &data.c, &o, &err), PDLT_OK) << err.message;
}

inline void run(const Settings &s, const Data &data, int threads, int layers, Archive *out) {
  pdlt_ensemble_options o = options(threads);
  o.layers = layers;
  run(s, data, o, out);
}

inline void run(const Settings &s, const Data &data, int threads, Archive *out) {
  run(s, data, options(threads), out);
}

}  // namespace trainer_test

#endif
