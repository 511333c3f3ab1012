/* support.h - data files and experiments on them, in a folder of this process. */
#ifndef PDLT_TESTS_DATASETS_SUPPORT_H
#define PDLT_TESTS_DATASETS_SUPPORT_H

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "datasets/dataset.h"

// A folder of this process alone (tests run side by side), removed at its end.
struct Scratch {
  Scratch() : path(::testing::TempDir() + "/pdlt_datasets_" + std::to_string(getpid()) + "/") {
    std::filesystem::create_directories(path);
  }
  ~Scratch() { std::filesystem::remove_all(path); }
  std::string path;
};

inline const std::string &Folder() {
  static const Scratch scratch;
  return scratch.path;
}

inline void WriteFile(const std::string &name, const std::string &bytes) {
  std::ofstream(Folder() + name, std::ios::binary) << bytes;
}

// Loads `data` (flow text); frees itself.
class Loaded {
 public:
  explicit Loaded(const std::string &data_text, int outputs = 1) {
    std::string text = "network: {activation: tanh, depth: 2, widths: [8], C_b: 0, C_W: 1}\n";
    text += "data: " + data_text + "\ntraining: {eta: 0.1, steps: 1}\n";
    std::string setting = "network.outputs=" + std::to_string(outputs), name = Folder() + "e.yaml";
    const char *overrides[] = {setting.c_str()};
    status = pdlt_experiment_parse(&ex, text.c_str(), name.c_str(), 1, overrides, &err);
    EXPECT_EQ(status, PDLT_OK) << err.message;
    if (status == PDLT_OK) status = pdlt_dataset_load(&d, &ex, &err);
    if (status != PDLT_OK) {
      EXPECT_EQ(d.x, nullptr);  // untouched
      message = err.message;
      if (message.rfind(name, 0) == 0) message = message.substr(name.size());
    }
  }
  ~Loaded() {
    pdlt_dataset_free(&d);
    pdlt_experiment_free(&ex);
  }
  Loaded(const Loaded &) = delete;
  Loaded &operator=(const Loaded &) = delete;
  size_t samples() const { return d.train + d.test; }
  double norm(size_t a) const {  // |x|^2/n_0
    double sum = 0;
    for (size_t i = 0; i < d.inputs; i++) sum += d.x[a * d.inputs + i] * d.x[a * d.inputs + i];
    return sum / double(d.inputs);
  }
  std::vector<double> x() const { return {d.x, d.x + samples() * d.inputs}; }
  std::vector<double> y() const { return {d.y, d.y + samples() * d.outputs}; }
  std::string summary() const {
    char text[PDLT_DATASET_SUMMARY_LENGTH];
    pdlt_dataset_summary(&d, text);
    return text;
  }
  pdlt_experiment ex{};
  pdlt_dataset d{};
  pdlt_error err{};
  pdlt_status status = PDLT_OK;
  std::string message;
};

// An IDX file: sizes, then data.
inline std::string Idx(std::vector<unsigned> dims, const std::string &data, int type = 8) {
  std::string out = {0, 0, char(type), char(dims.size())};
  for (unsigned n : dims) {
    for (int shift : {24, 16, 8, 0}) out += char(n >> shift & 255);
  }
  return out + data;
}

inline std::string Pixels(size_t count) {
  std::string out;
  for (size_t k = 0; k < count; k++) out += char(k * 37 % 256);
  return out;
}

inline void WriteGzip(const std::string &name, const std::string &bytes) {
  gzFile file = gzopen((Folder() + name).c_str(), "wb");
  gzwrite(file, bytes.data(), unsigned(bytes.size()));
  gzclose(file);
}

#endif
