// predict_convolution_test.cpp - networks with positions whose predictions are those of a network without.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "theory/predict/predict.h"

namespace {

using List = std::vector<double>;

const char kText[] = R"(
network: {activation: quadratic(0.2), depth: 3, widths: [16], width_ratios: [2, 3], outputs: 2,
  C_b: [0.1, 0, 0.2], C_W: [1.2, 1.5, 0.9], lambda_b: [0.5, 0, 0.3], lambda_W: [1, 0.8, 1.4]}
data: {source: gaussian, inputs: 3, seed: 1, train: 2, test: 1}
training: {eta: 0.2, steps: 20, record: [0, 5, 20]}
theory: {order: 1}
)";

std::string Layers(const std::string &text) { return "network.layers=" + text; }

class Prediction {
 public:
  // The samples of the file, at each of so many positions.
  explicit Prediction(std::vector<std::string> settings, size_t copies = 1) {
    if (copies > 1) settings.push_back("data.inputs=" + std::to_string(3 * copies));
    std::vector<const char *> set;
    for (const std::string &s : settings) set.push_back(s.c_str());
    EXPECT_EQ(pdlt_experiment_parse(&ex_, kText, "e.yaml", set.size(), set.data(), &err_), PDLT_OK)
        << err_.message;
    EXPECT_EQ(pdlt_dataset_load(&data_, &ex_, &err_), PDLT_OK) << err_.message;
    if (copies > 1) Copy(copies);
    const pdlt_predict_options options = {2, 1, nullptr};
    EXPECT_EQ(pdlt_predict(&out, &ex_, &data_, &options, &err_), PDLT_OK) << err_.message;
  }
  ~Prediction() {
    pdlt_archive_free(&out);
    pdlt_dataset_free(&data_);
    pdlt_experiment_free(&ex_);
  }
  Prediction(const Prediction &) = delete;
  List Get(const std::string &name) const {
    const pdlt_array *array = pdlt_archive_get(&out, name.c_str());
    EXPECT_NE(array, nullptr) << name;
    return array == nullptr ? List() : List(array->data, array->data + pdlt_array_count(array));
  }
  pdlt_archive out = {};

 private:
  // x (D, channels, positions).
  void Copy(size_t copies) {
    pdlt_experiment ex = {};
    pdlt_dataset plain = {};
    EXPECT_EQ(pdlt_experiment_parse(&ex, kText, "e.yaml", 0, nullptr, &err_), PDLT_OK);
    EXPECT_EQ(pdlt_dataset_load(&plain, &ex, &err_), PDLT_OK);
    for (size_t i = 0; i < 3 * 3 * copies; i++) data_.x[i] = plain.x[i / copies];
    std::copy(plain.y, plain.y + 3 * 2, data_.y);
    pdlt_dataset_free(&plain);
    pdlt_experiment_free(&ex);
  }
  pdlt_experiment ex_ = {};
  pdlt_dataset data_ = {};
  pdlt_error err_ = {};
};

// A convolution of one tap over one position is the usual layer, to the bit.
TEST(PredictConvolution, OnePositionAndOneTapGiveTheSameBytes) {
  const Prediction plain({});
  for (const char *layers : {"[{conv: 1}, {conv: 1}, dense]", "[{conv: 1}, {conv: 1}, average]",
                             "[dense, average, dense]", "[dense, dense, dense]"}) {
    const Prediction with({"network.input={shape: [1], channels: 3}", Layers(layers)});
    ASSERT_EQ(with.out.count, plain.out.count);
    ASSERT_GT(plain.out.count, 60u);
    for (size_t i = 0; i < plain.out.count; i++) {
      const pdlt_archive_entry &a = plain.out.entries[i], &b = with.out.entries[i];
      EXPECT_STREQ(a.name, b.name);
      const size_t count = pdlt_array_count(&a.array);
      ASSERT_EQ(count, pdlt_array_count(&b.array)) << a.name;
      if (count > 0) {
        EXPECT_EQ(std::memcmp(a.array.data, b.array.data, count * sizeof(double)), 0) << a.name;
      }
    }
  }
}

// Where all positions hold the same, wherever taps read: kappa taps of variance 1/kappa add up to one layer.
// Flatten of P positions too, circular padding or an average at the end.
TEST(PredictConvolution, EqualPositionsGiveTheSameNumbers) {
  const Prediction plain({});
  const struct {
    const char *shape, *layers;
    size_t copies;
  } cases[] = {{"[1]", "[{conv: 3, padding: circular}, {conv: 2, padding: circular}, dense]", 1},
               {"[3]", "[{conv: 3, padding: circular}, {conv: 1}, average]", 3},
               {"[2, 2]", "[{conv: [1, 2], padding: circular}, {conv: 1, pool: 2}, dense]", 4},
               {"[4]", "[average, dense, dense]", 4},
               {"[4]", "[{conv: 2, padding: circular, stride: 3}, average, dense]", 4}};
  for (const auto &c : cases) {
    const Prediction with(
        {"network.input={shape: " + std::string(c.shape) + ", channels: 3}", Layers(c.layers)},
        c.copies);
    for (const char *name : {"K",
                             "Theta",
                             "layer1/K",
                             "layer2/Theta",
                             "q_lo",
                             "q_nlo",
                             "V",
                             "G1",
                             "Theta1",
                             "D",
                             "F",
                             "A",
                             "B",
                             "P",
                             "Q",
                             "R",
                             "S",
                             "T",
                             "U",
                             "z_lo",
                             "z_nlo",
                             "cov_nlo",
                             "loss_test_nlo",
                             "z_end_nlo"}) {
      const List x = plain.Get(name), y = with.Get(name);
      double largest = 0;
      ASSERT_EQ(x.size(), y.size()) << name;
      for (double v : x) largest = std::fmax(largest, std::fabs(v));
      for (size_t i = 0; i < x.size(); i++)
        EXPECT_NEAR(x[i], y[i], 1e-10 * largest) << c.layers << " " << name << " " << i;
    }
  }
}

}  // namespace
