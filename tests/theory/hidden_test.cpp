// q_lo and q_nlo of theory.npz: the kernels of the hidden layers and what finite width adds to them,
// against integrals over one sample.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "base/core/memory.h"
#include "theory/predict/predict.h"

namespace {

const char *const kText = R"(
network: {activation: tanh, depth: 4, widths: [16], width_ratios: [1, 2, 3], C_b: [0.1, 0.2, 0, 0.1],
  C_W: [1.2, 1.4, 0.9, 1]}
data: {source: gaussian, inputs: 3, seed: 1, train: 2, test: 1}
training: {eta: 0.1, steps: 2}
)";

struct Case {
  pdlt_experiment ex = {};
  pdlt_dataset data = {};
  pdlt_archive out = {};
  pdlt_error err = {};
  explicit Case(std::vector<const char *> set, int layers = 0) {
    EXPECT_EQ(pdlt_experiment_parse(&ex, kText, "test.yaml", set.size(), set.data(), &err), PDLT_OK)
        << err.message;
    EXPECT_EQ(pdlt_dataset_load(&data, &ex, &err), PDLT_OK) << err.message;
    const pdlt_predict_options options = {1, layers, nullptr};
    EXPECT_EQ(pdlt_predict(&out, &ex, &data, &options, &err), PDLT_OK) << err.message;
  }
  ~Case() {
    pdlt_archive_free(&out);
    pdlt_dataset_free(&data);
    pdlt_experiment_free(&ex);
  }
  const pdlt_array *Find(const std::string &name) const {
    return pdlt_archive_get(&out, name.c_str());
  }
  double At(const std::string &name, size_t i = 0) const {
    const pdlt_array *array = Find(name);
    return array != nullptr && i < pdlt_array_count(array) ? array->data[i] : NAN;
  }
  const char *Absent(const char *name) {
    return json_string_value(
        json_object_get(json_object_get(pdlt_archive_meta(&out), "absent"), name));
  }
};

// Mean of f(z), z ~ N(0, K): the trapezoidal rule, which is exact for such integrands to rounding.
double Gauss(double K, const std::function<double(double)> &f) {
  double sum = 0;
  const double step = 0.02;
  for (int i = -500; i <= 500; i++) {
    const double x = step * i;
    sum += std::exp(-x * x / 2) * f(std::sqrt(K) * x);
  }
  return sum * step / std::sqrt(2 * std::acos(-1.0));
}

}  // namespace

// A layer's kernel is C_b + C_W <s^2>, given the layer below; that of layer 2 is a mean over n_1 neurons
// and fluctuates by C_W^2 (<s^4> - <s^2>^2)/n_1, which moves the mean of <s^2> above it by half its second
// derivative.
TEST(PredictHidden, AgreesWithIntegralsOverOneSample) {
  const Case c({});
  const double C_b[] = {0.1, 0.2, 0}, C_W[] = {1.2, 1.4, 0.9};
  const auto power = [](int p) { return [p](double z) { return std::pow(std::tanh(z), p); }; };
  ASSERT_NE(c.Find("q_lo"), nullptr);
  ASSERT_NE(c.Find("q_nlo"), nullptr);
  for (size_t a = 0; a < 3; a++) {
    double size = 0;
    for (size_t i = 0; i < 3; i++) size += c.data.x[a * 3 + i] * c.data.x[a * 3 + i] / 3;
    const double K1 = C_b[0] + C_W[0] * size, K2 = C_b[1] + C_W[1] * Gauss(K1, power(2));
    const double K3 = C_b[2] + C_W[2] * Gauss(K2, power(2));
    EXPECT_NEAR(c.At("q_lo", a), K1, 1e-12);
    EXPECT_NEAR(c.At("q_lo", 3 + a), K2, 1e-10);
    EXPECT_NEAR(c.At("q_lo", 6 + a), K3, 1e-10);
    const double mean = Gauss(K1, power(2));
    const double variance = C_W[1] * C_W[1] * (Gauss(K1, power(4)) - mean * mean);
    const double d = 1e-2, bend = (Gauss(K2 + d, power(2)) - 2 * Gauss(K2, power(2)) +
                                   Gauss(K2 - d, power(2))) /
                                  (d * d);
    EXPECT_EQ(c.At("q_nlo", a), 0);
    EXPECT_NEAR(c.At("q_nlo", 3 + a), 0, 1e-10);
    const double slope = 3 * C_W[2] * bend / 2 * variance;  // h = 1/n_3 = 1/(3 n_1)
    EXPECT_NEAR(c.At("q_nlo", 6 + a), slope, 2e-4 * std::fabs(slope) + 1e-9);
    EXPECT_GT(std::fabs(slope), 0.01);
  }
  EXPECT_LT(c.At("err/q_lo"), 1e-8);
  EXPECT_LT(c.At("err/q_nlo"), 1e-6);
}

// The same numbers as the arrays of each layer have, with which they are written or without.
TEST(PredictHidden, IsTheDiagonalOfEachLayer) {
  const Case one({}), all({}, 1);
  const double ratio[] = {0, 3, 1.5};  // n_3/n_{l-1}
  for (size_t l = 0; l < 3; l++)
    for (size_t a = 0; a < 3; a++) {
      const std::string layer = "layer" + std::to_string(l + 1) + "/";
      EXPECT_EQ(one.At("q_lo", l * 3 + a), all.At(layer + "K", a * 4));
      EXPECT_NEAR(one.At("q_nlo", l * 3 + a), ratio[l] * all.At(layer + "G1", a * 4), 1e-15);
      EXPECT_EQ(one.At("q_nlo", l * 3 + a), all.At("q_nlo", l * 3 + a));
    }
  EXPECT_EQ(one.Find("layer2/G1"), nullptr);
}

// With a kink as without; of order 0 alone, and where the tensors are out of reach, there is no q_nlo.
TEST(PredictHidden, WhereItIsPredicted) {
  const Case kink({"network.activation=relu"}), infinite({"theory.order=0"});
  EXPECT_NE(kink.Find("q_nlo"), nullptr);
  EXPECT_NE(infinite.Find("q_lo"), nullptr);
  EXPECT_EQ(infinite.Find("q_nlo"), nullptr);
  Case wide({"data.scale=1e5", "training.eta=1e-9"});
  EXPECT_EQ(wide.Find("q_nlo"), nullptr);
  ASSERT_NE(wide.Absent("q_nlo"), nullptr);
  EXPECT_STREQ(wide.Absent("q_nlo"), wide.Absent("G1"));
}
