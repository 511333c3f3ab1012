// dataset_test.cpp - generated samples, arrays of a program, preprocessing, digest.
#include "datasets/dataset.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "tests/datasets/support.h"

namespace {

const double kPi = 3.14159265358979323846;

TEST(Dataset, DemoTargetsAreTheStatedFunction) {
  Loaded l("{source: csv, file: \"" PDLT_SOURCE_DIR "/datasets/demo.csv\", train: 8, test: 4}");
  ASSERT_EQ(l.status, PDLT_OK) << l.message;
  ASSERT_EQ(l.d.inputs, 4u);
  for (size_t a = 0; a < 12; a++) {
    const double *x = l.d.x + 4 * a;
    double y = 0.8 * std::sin(x[0] - 0.5 * x[1]) + 0.2 * x[2] * std::exp(-x[3] * x[3]);
    EXPECT_NEAR(l.d.y[a], y, 5.1e-5);
    EXPECT_GT(l.norm(a), 0.79);
    EXPECT_LT(l.norm(a), 1.21);
  }
}

// --- generated ---

TEST(Dataset, CircleHasEqualAnglesAndTestSamplesBetween) {
  for (int train : {1, 4, 7}) {
    for (int test : {0, 2, 7, 9}) {
      Loaded l("{source: circle, train: " + std::to_string(train) +
                   ", test: " + std::to_string(test) + "}",
               2);
      ASSERT_EQ(l.status, PDLT_OK) << l.message;
      for (size_t a = 0; a < l.samples(); a++) {
        EXPECT_NEAR(l.norm(a), 1.0, 1e-14);
        double t = std::atan2(l.d.x[2 * a + 1], l.d.x[2 * a]);
        if (a < size_t(train)) {
          EXPECT_NEAR(std::remainder(t - 2 * kPi * double(a) / train, 2 * kPi), 0.0, 1e-13);
        }
        for (int i = 1; i <= 2; i++) {
          EXPECT_NEAR(l.d.y[2 * a + size_t(i) - 1],
                      0.7 * std::sin(i * t) + 0.3 * std::cos(2 * i * t), 1e-13);
        }
        for (size_t b = 0; b < a; b++) {
          EXPECT_GT(std::hypot(l.d.x[2 * a] - l.d.x[2 * b], l.d.x[2 * a + 1] - l.d.x[2 * b + 1]),
                    1e-3);
        }
      }
    }
  }
}

TEST(Dataset, GaussianAndTeacherHaveTheirMoments) {
  for (const char *source : {"gaussian", "teacher"}) {
    Loaded l(std::string("{source: ") + source + ", inputs: 5, train: 4000}", 3);
    ASSERT_EQ(l.status, PDLT_OK) << l.message;
    double x2 = 0, y2 = 0, xy = 0;
    for (size_t k = 0; k < 20000; k++) x2 += l.d.x[k] * l.d.x[k] / 20000;
    for (size_t k = 0; k < 12000; k++) y2 += l.d.y[k] * l.d.y[k] / 12000;
    for (size_t a = 0; a < 4000; a++) xy += l.d.x[5 * a] * l.d.y[3 * a] / 4000;
    EXPECT_NEAR(x2, 1.0, 0.06);
    if (source[0] == 'g') {
      EXPECT_NEAR(y2, 1.0, 0.08);
      EXPECT_NEAR(xy, 0.0, 0.08);
    } else {
      EXPECT_GT(y2, 0.1);
      EXPECT_LT(y2, 1.5);
    }
  }
}

TEST(Dataset, ParityIsTheProductOfDifferentSigns) {
  for (int inputs : {1, 3, 25}) {
    int train = inputs == 25 ? 300 : 1 << inputs;
    Loaded l("{source: parity, inputs: " + std::to_string(inputs) +
             ", train: " + std::to_string(train) + "}");
    ASSERT_EQ(l.status, PDLT_OK) << l.message;
    std::set<std::vector<double>> rows;
    for (size_t a = 0; a < l.samples(); a++) {
      double product = 1;
      for (size_t j = 0; j < l.d.inputs; j++) {
        EXPECT_EQ(std::fabs(l.d.x[a * l.d.inputs + j]), 1.0);
        product *= l.d.x[a * l.d.inputs + j];
      }
      EXPECT_EQ(l.d.y[a], product);
      rows.emplace(l.d.x + a * l.d.inputs, l.d.x + (a + 1) * l.d.inputs);
    }
    EXPECT_EQ(rows.size(), l.samples());
  }
}

TEST(Dataset, ModularAdditionHasEveryPairOnce) {
  const size_t p = 5;
  for (int outputs : {1, 5}) {
    Loaded l("{source: modular_addition, modulus: 5, train: 20, test: 5}", outputs);
    ASSERT_EQ(l.status, PDLT_OK) << l.message;
    std::set<size_t> pairs;
    for (size_t s = 0; s < 25; s++) {
      const double *x = l.d.x + s * 2 * p;
      size_t a = 0, b = 0;
      while (a < p && x[a] == 0) a++;
      while (b < p && x[p + b] == 0) b++;
      ASSERT_LT(a, p);
      ASSERT_LT(b, p);
      EXPECT_NEAR(l.norm(s), 1.0, 1e-15);
      pairs.insert(a * p + b);
      size_t c = (a + b) % p;
      for (size_t i = 0; i < p && outputs == 5; i++) EXPECT_EQ(l.d.y[s * p + i], i == c ? 1 : 0);
      if (outputs == 1) {
        EXPECT_NEAR(l.d.y[s], std::cos(2 * kPi * double(c) / 5), 1e-15);
      }
    }
    EXPECT_EQ(pairs.size(), 25u);
  }
}

TEST(Dataset, ParityOfSomeBitsOnTheCube) {
  for (int train : {16, 11}) {
    Loaded l(
        "{source: parity, inputs: 4, bits: [0, 2], amplitudes: [3, -0.5], cube: true, train: " +
            std::to_string(train) + "}",
        2);
    ASSERT_EQ(l.status, PDLT_OK) << l.message;
    EXPECT_EQ(l.d.train, size_t(train));
    ASSERT_EQ(l.samples(), 16u);
    std::set<std::vector<double>> rows;
    size_t counted = 0;
    for (size_t a = 0; a < 16; a++) {
      const double *x = l.d.x + 4 * a;
      EXPECT_EQ(l.d.y[2 * a], 3 * x[0] * x[2]);
      EXPECT_EQ(l.d.y[2 * a + 1], -0.5 * x[0] * x[2]);
      rows.emplace(x, x + 4);
      bool counts = true;
      for (size_t j = 0; j < 4; j++) counts &= (x[j] == 1) == ((a >> j & 1) == 1);
      counted += counts;
    }
    EXPECT_EQ(rows.size(), 16u);
    if (train == 16)
      EXPECT_EQ(counted, 16u);
    else
      EXPECT_LT(counted, 8u);
  }
  Loaded one("{source: parity, inputs: 4, cube: true, train: 11, seed: 1}");
  Loaded other("{source: parity, inputs: 4, cube: true, train: 11, seed: 2}");
  EXPECT_NE(one.x(), other.x());
}

// Without the new keys, with their defaults and with amplitude 1: the same samples, and bits alone change
// targets alone.
TEST(Dataset, DefaultsOfGeneratedSetsChangeNothing) {
  const std::string parity = "{source: parity, inputs: 5, train: 9, test: 4";
  Loaded plain(parity + "}"), same(parity + ", amplitudes: 1, bits: [0, 1, 2, 3, 4]}");
  Loaded bits(parity + ", bits: [4]}");
  EXPECT_STREQ(plain.d.hash, same.d.hash);
  EXPECT_EQ(plain.x(), bits.x());
  for (size_t a = 0; a < 13; a++) EXPECT_EQ(bits.d.y[a], bits.d.x[5 * a + 4]);
  EXPECT_STREQ(plain.d.hash, "d20a777d2cd7d12c");
  const std::string modular = "{source: modular_addition, modulus: 5, train: 9, test: 4";
  Loaded sums(modular + "}", 5), same_sums(modular + ", amplitudes: [1, 1, 1, 1, 1]}", 5);
  EXPECT_STREQ(sums.d.hash, same_sums.d.hash);
  EXPECT_STREQ(sums.d.hash, "0f541ad24a8a2f36");
}

TEST(Dataset, TargetsOfModularAdditionAreCentred) {
  const std::string text =
      "{source: modular_addition, modulus: 5, train: 20, test: 5, amplitudes: 4";
  Loaded l(text + ", center: targets}", 5), both(text + ", center: both}", 5), x(text + "}", 5);
  EXPECT_EQ(l.x(), x.x());
  EXPECT_EQ(l.y(), both.y());
  EXPECT_NE(l.x(), both.x());
  for (size_t i = 0; i < 5; i++) {
    double mean = 0;
    for (size_t s = 0; s < 25; s++) {
      mean += l.d.y[s * 5 + i] / 25;
      EXPECT_EQ(l.d.y[s * 5 + i], x.d.y[s * 5 + i] == 4 ? 4 * 0.8 : -4 * 0.2);
    }
    EXPECT_NEAR(mean, 0, 1e-15);
  }
  Loaded one("{source: modular_addition, modulus: 5, train: 20, amplitudes: [2]}");
  Loaded unit("{source: modular_addition, modulus: 5, train: 20}");
  for (size_t s = 0; s < 20; s++) EXPECT_EQ(one.d.y[s], 2 * unit.d.y[s]);
}

TEST(Dataset, SuperpositionIsSparseAndEndsWithItsFeatures) {
  const size_t F = 4, sparse = 20000;
  const double p = 0.2;
  Loaded l(
      "{source: superposition, features: 4, probability: 0.2, importance: [1, 0.5, 2, -1], "
      "train: 20000, test: 4}",
      4);
  ASSERT_EQ(l.status, PDLT_OK) << l.message;
  const double importance[] = {1, 0.5, 2, -1}, some = 1 - std::pow(1 - p, 4);
  double on[4] = {}, pair = 0, sum = 0, square = 0, count = 0;
  for (size_t a = 0; a < l.samples(); a++) {
    const double *x = l.d.x + a * F;
    double active = 0;
    for (size_t j = 0; j < F; j++) {
      EXPECT_EQ(l.d.y[a * F + j], importance[j] * x[j]);
      if (a >= sparse) {
        EXPECT_EQ(x[j], j == a - sparse ? 1 : 0);
      }
      EXPECT_GE(x[j], 0);
      EXPECT_LE(x[j], 1);
      active += x[j] > 0;
      if (a >= sparse || x[j] == 0) continue;
      on[j] += 1.0 / double(sparse);
      sum += x[j], square += x[j] * x[j], count++;
    }
    EXPECT_GE(active, 1);
    if (a < sparse && x[0] > 0 && x[3] > 0) pair += 1.0 / double(sparse);
  }
  // Given that one is on: p/some for each, p^2/some for two; 5 standard errors.
  for (double share : on)
    EXPECT_NEAR(share, p / some, 5 * std::sqrt(p / some * (1 - p / some) / double(sparse)));
  EXPECT_NEAR(pair, p * p / some, 5 * std::sqrt(p * p / some / double(sparse)));
  EXPECT_NEAR(sum / count, 0.5, 5 / std::sqrt(12 * count));
  EXPECT_NEAR(square / count, 1.0 / 3, 5 * std::sqrt(4.0 / 45 / count));
}

TEST(Dataset, SuperpositionAtItsBounds) {
  for (const char *p : {"1", "1e-9"}) {
    Loaded l(std::string("{source: superposition, features: 3, train: 9, probability: ") + p + "}",
             3);
    ASSERT_EQ(l.status, PDLT_OK) << l.message;
    for (size_t a = 0; a < 6; a++) {
      int active = 0;
      for (size_t j = 0; j < 3; j++) active += l.d.x[a * 3 + j] > 0;
      EXPECT_EQ(active, p[1] == 0 ? 3 : 1);
    }
  }
  Loaded features("{source: superposition, features: 3, train: 2, test: 1}", 3);
  EXPECT_EQ(features.x(), (std::vector<double>{1, 0, 0, 0, 1, 0, 0, 0, 1}));
  EXPECT_EQ(features.y(), features.x());
  Loaded single("{source: superposition, features: 1, train: 3}");
  EXPECT_EQ(single.status, PDLT_OK);
}

// --- preprocessing, digest ---

TEST(Dataset, CenterUsesTrainingSamplesThenScale) {
  const std::string text = "{source: gaussian, inputs: 3, train: 4, test: 3";
  Loaded plain(text + "}"), centered(text + ", center: true}");
  Loaded both(text + ", center: true, scale: 2.5}");
  for (size_t i = 0; i < 3; i++) {
    double mean = 0;
    for (size_t a = 0; a < 4; a++) mean += plain.d.x[3 * a + i] / 4;
    for (size_t a = 0; a < 7; a++) {
      EXPECT_NEAR(centered.d.x[3 * a + i], plain.d.x[3 * a + i] - mean, 1e-15);
      double factor = std::sqrt(2.5 / centered.norm(a));
      EXPECT_NEAR(both.d.x[3 * a + i], factor * centered.d.x[3 * a + i], 1e-14);
    }
  }
}

TEST(Dataset, ScalingTheZeroVectorIsAnError) {
  WriteFile("a.csv", "x1,y1\n1,2\n0,2\n");
  EXPECT_EQ(Loaded("{source: csv, file: a.csv, train: 2, scale: 1}").message,
            ":2: data.scale: sample 2 is the zero vector and cannot be scaled; use scale: none or "
            "leave the sample out");
  Loaded tiny("{source: gaussian, inputs: 2, train: 1, scale: critical}");
  EXPECT_EQ(tiny.status, PDLT_ERR_INTERNAL);
}

TEST(Dataset, HashDependsOnEveryBitAndShape) {
  std::set<std::string> seen;
  for (const char *text :
       {"x1,y1\n1,2\n3,4\n", "x1,y1\n1,2\n3,5\n", "x1,y1\n1,2\n3.0000000000000004,4\n"}) {
    WriteFile("a.csv", text);
    Loaded all("{source: csv, file: a.csv, train: 2}"),
        split("{source: csv, file: a.csv, train: 1, test: 1}");
    EXPECT_EQ(std::string(all.d.hash).size(), 16u);
    seen.insert(all.d.hash);
    seen.insert(split.d.hash);
  }
  EXPECT_EQ(seen.size(), 6u);
  Loaded one("{source: teacher, inputs: 3, train: 5, seed: 9}");
  Loaded same("{source: teacher, inputs: 3, train: 5, seed: 9}");
  Loaded other("{source: teacher, inputs: 3, train: 5, seed: 10}");
  EXPECT_STREQ(one.d.hash, same.d.hash);
  EXPECT_STRNE(one.d.hash, other.d.hash);
}

// The status and message of arrays for `data` (flow text).
std::string FromArrays(const std::string &data, size_t samples, size_t inputs, const double *x,
                       size_t outputs, const double *y, pdlt_dataset *out) {
  const std::string text =
      "network: {activation: tanh, depth: 2, widths: [8], C_b: 0, C_W: 1}\n"
      "data: " +
      data + "\ntraining: {eta: 0.1, steps: 1}\n";
  pdlt_experiment ex = {};
  pdlt_error err = {};
  EXPECT_EQ(pdlt_experiment_parse(&ex, text.c_str(), "e", 0, nullptr, &err), PDLT_OK)
      << err.message;
  const pdlt_status status =
      pdlt_dataset_from_arrays(out, &ex, samples, inputs, x, outputs, y, &err);
  pdlt_experiment_free(&ex);
  return status == PDLT_OK ? "" : err.message;
}

// The same samples from a file and from memory: the same numbers and the same digest.
TEST(Dataset, ArraysAreWhatTheSameFileGives) {
  const double x[] = {1, 0.5, 0.25, -2, 3, 0.125}, y[] = {1, -1, 0.5};
  WriteFile("same.csv", "x1,x2,y1\n1,0.5,1\n0.25,-2,-1\n3,0.125,0.5\n");
  for (const char *more : {"", ", center: true", ", scale: 2"}) {
    const std::string rest = std::string(", train: 2, test: 1") + more + "}";
    Loaded file("{source: csv, file: same.csv" + rest);
    ASSERT_EQ(file.status, PDLT_OK) << file.message;
    pdlt_dataset arrays = {};
    ASSERT_EQ(FromArrays("{source: arrays" + rest, 3, 2, x, 1, y, &arrays), "");
    EXPECT_STREQ(arrays.hash, file.d.hash) << more;
    for (int k = 0; k < 6; k++) EXPECT_EQ(arrays.x[k], file.d.x[k]) << more;
    pdlt_dataset_free(&arrays);
  }
}

TEST(Dataset, ArraysThatDoNotFitAreNamed) {
  double x[] = {1, 0.5, 0.25, -2, 3, 0.125}, y[] = {1, -1, 0.5};
  pdlt_dataset out = {};
  const std::string data = "{source: arrays, train: 2, test: 1}";
  EXPECT_EQ(FromArrays(data, 2, 2, x, 1, y, &out),
            "e:2: data.train: train + test = 3, but the arrays have 2 samples");
  EXPECT_EQ(FromArrays(data, 3, 2, x, 2, y, &out), "e:1: network.outputs: 1, but y has 2 outputs");
  EXPECT_EQ(FromArrays("{source: arrays, inputs: 3, train: 2, test: 1}", 3, 2, x, 1, y, &out),
            "e:2: data.inputs: 3, but x has 2 inputs");
  EXPECT_EQ(FromArrays("{source: circle, train: 2, test: 1}", 3, 2, x, 1, y, &out),
            "e:2: data.source: arrays of samples were given; expected arrays");
  x[3] = std::nan("");
  EXPECT_EQ(FromArrays(data, 3, 2, x, 1, y, &out), "e:2: data.source: x[1, 1] is not finite");
  EXPECT_EQ(out.x, nullptr);
  Loaded none("{source: arrays, train: 2, test: 1}");
  EXPECT_EQ(none.status, PDLT_ERR_INPUT);
  EXPECT_NE(none.message.find("pdlt.h"), std::string::npos) << none.message;
}

}  // namespace
