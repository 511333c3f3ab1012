// truth_test.cpp - known functions of data sets: orthonormal, centred, what they should be; traces against
// plain loops.
#include "datasets/truth.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/core/memory.h"
#include "tests/datasets/support.h"

namespace {

const double kPi = 3.14159265358979323846;

// The truth of generated data; frees itself.
struct Truth {
  Truth(const std::string &data, pdlt_truth_kind kind, int outputs = 1) : l(data, outputs) {
    EXPECT_EQ(l.status, PDLT_OK) << l.message;
    l.ex.features.truth = kind;
    status = pdlt_truth_make(&t, &l.ex, l.samples(), l.d.inputs, l.d.x, &err);
  }
  ~Truth() { pdlt_truth_free(&t); }
  Truth(const Truth &) = delete;
  Truth &operator=(const Truth &) = delete;
  double Dot(size_t f, size_t g) const {
    double sum = 0;
    for (size_t a = 0; a < t.samples; a++) sum += t.v[f * t.samples + a] * t.v[g * t.samples + a];
    return sum;
  }
  // Every function has mean 0; functions of one block are orthonormal, and with `all` of every block.
  void Check(bool all) const {
    size_t first = 0;
    for (size_t j = 0; j < t.blocks; first += t.size[j], j++)
      for (size_t f = first; f < first + t.size[j]; f++) {
        double mean = 0;
        for (size_t a = 0; a < t.samples; a++) mean += t.v[f * t.samples + a];
        EXPECT_NEAR(mean, 0, 1e-13);
        for (size_t g = 0; g < t.functions; g++)
          if (all || (g >= first && g < first + t.size[j])) {
            EXPECT_NEAR(Dot(f, g), f == g, 1e-13);
          }
      }
    EXPECT_EQ(first, t.functions);
  }
  Loaded l;
  pdlt_truth t{};
  pdlt_error err{};
  pdlt_status status;
};

TEST(Truth, NoneHasNoBlocks) {
  Truth none("{source: gaussian, inputs: 3, train: 4}", PDLT_TRUTH_NONE);
  EXPECT_EQ(none.status, PDLT_OK);
  EXPECT_EQ(none.t.blocks, 0u);
  EXPECT_EQ(none.t.functions, 0u);
}

TEST(Truth, ParityHasTheInputsThatMatter) {
  for (const char *more : {"", ", center: true", ", scale: 3"}) {
    Truth x(
        std::string("{source: parity, inputs: 4, bits: [0, 2], cube: true, train: 11") + more + "}",
        PDLT_TRUTH_PARITY);
    ASSERT_EQ(x.t.blocks, 2u);
    x.Check(true);
    for (size_t j = 0; j < 2; j++) {
      EXPECT_EQ(x.t.size[j], 1u);
      for (size_t a = 0; a < 16; a++) {
        const double sign = x.l.d.x[a * 4 + 2 * j] > 0 ? 1 : -1;
        EXPECT_NEAR(x.t.v[j * 16 + a], sign / 4, 1e-14);
      }
    }
    EXPECT_STREQ(x.t.label[1].text, "x_2");
  }
  Truth all("{source: parity, inputs: 4, train: 11}", PDLT_TRUTH_PARITY);
  EXPECT_EQ(all.t.blocks, 4u);
  all.Check(false);
}

TEST(Truth, InputsThatAreConstantSpanNothing) {
  WriteFile("constant.csv", "x1,x2,x3,y1\n1,7,0,1\n2,7,0,1\n4,7,0,0\n");
  Truth x("{source: csv, file: constant.csv, train: 2, test: 1}", PDLT_TRUTH_INPUTS);
  ASSERT_EQ(x.t.blocks, 3u);
  EXPECT_EQ(x.t.functions, 1u);
  EXPECT_EQ(x.t.size[0], 1u);
  EXPECT_EQ(x.t.size[1] + x.t.size[2], 0u);
  x.Check(true);
  const double mean = 7.0 / 3, norm = std::sqrt(21 - 3 * mean * mean);
  EXPECT_NEAR(x.t.v[2], (4 - mean) / norm, 1e-15);
}

// On all pairs waves of different frequencies and of a, b, a + b are orthogonal; the targets lie in the
// second family.
TEST(Truth, ModularAdditionHasTheWavesOfItsNumbers) {
  for (const char *p : {"5", "6", "2"}) {
    const size_t n = size_t(p[0] - '0'), D = n * n, waves = n / 2;
    const std::string train = std::to_string(D - 1);
    Truth x(std::string("{source: modular_addition, modulus: ") + p + ", train: " + train +
                ", test: 1, center: both}",
            PDLT_TRUTH_MODULAR_ADDITION, int(n));
    ASSERT_EQ(x.status, PDLT_OK) << x.err.message;
    ASSERT_EQ(x.t.blocks, 2 * waves);
    x.Check(true);
    EXPECT_STREQ(x.t.label[0].text, "k = 1 of a, b");
    EXPECT_STREQ(x.t.label[waves].text, "k = 1 of a + b");
    for (size_t k = 1; k <= waves; k++) {
      const size_t each = 2 * k == n ? 1 : 2; /* sin of pi a is nothing */
      EXPECT_EQ(x.t.size[k - 1], 2 * each);
      EXPECT_EQ(x.t.size[waves + k - 1], each);
      EXPECT_EQ(x.t.family[k - 1], PDLT_FAMILY_FIRST);
      EXPECT_EQ(x.t.family[waves + k - 1], PDLT_FAMILY_SUM);
    }
    size_t first = 0;
    for (size_t j = 0; j < waves; j++) first += x.t.size[j];
    for (size_t i = 0; i < n; i++) {
      double square = 0, inside = 0;
      for (size_t s = 0; s < D; s++) square += std::pow(x.l.d.y[s * n + i], 2);
      for (size_t f = first; f < x.t.functions; f++) {
        double product = 0;
        for (size_t s = 0; s < D; s++) product += x.t.v[f * D + s] * x.l.d.y[s * n + i];
        inside += product * product;
      }
      EXPECT_NEAR(inside, square, 1e-12);
    }
  }
}

TEST(Truth, WavesAreThoseOfThePairs) {
  Truth x("{source: modular_addition, modulus: 5, train: 25}", PDLT_TRUTH_MODULAR_ADDITION);
  for (size_t s = 0; s < 25; s++) {
    size_t a = 0, b = 0;
    while (x.l.d.x[s * 10 + a] == 0) a++;
    while (x.l.d.x[s * 10 + 5 + b] == 0) b++;
    const double factor = std::sqrt(2.0 / 25), angle = 2 * kPi * 2 / 5;
    EXPECT_NEAR(x.t.v[(4 + 1) * 25 + s], factor * std::sin(angle * double(a)), 1e-14);
    EXPECT_NEAR(x.t.v[(4 + 2) * 25 + s], factor * std::cos(angle * double(b)), 1e-14);
    EXPECT_NEAR(x.t.v[(8 + 2) * 25 + s], factor * std::cos(angle * double(a + b)), 1e-14);
  }
}

TEST(Truth, SamplesThatAreNoPairsAreNamed) {
  Truth x("{source: modular_addition, modulus: 3, train: 1, center: true}",
          PDLT_TRUTH_MODULAR_ADDITION);
  EXPECT_EQ(x.status, PDLT_ERR_INPUT);
  EXPECT_NE(std::string(x.err.message)
                .find(":1: features.truth: sample 1 does not say which numbers it adds"),
            std::string::npos)
      << x.err.message;
  EXPECT_EQ(x.t.v, nullptr);
}

// Samples of modular addition that are not all pairs: two waves of one frequency may be one function.
TEST(Truth, DependentFunctionsAreLeftOut) {
  Truth x("{source: modular_addition, modulus: 7, train: 4}", PDLT_TRUTH_MODULAR_ADDITION);
  ASSERT_EQ(x.status, PDLT_OK);
  x.Check(false);
  for (size_t j = 0; j < x.t.blocks; j++)
    EXPECT_LE(x.t.size[j], 3u); /* four samples, less the mean */
}

TEST(Truth, TracesAgreeWithPlainLoops) {
  Truth x("{source: superposition, features: 3, train: 7, test: 3}", PDLT_TRUTH_INPUTS, 3);
  ASSERT_EQ(x.t.blocks, 3u);
  const size_t D = 10, n = 2;
  std::vector<double> kernel(n * D * n * D), traced(D * D), along(3), weight(3);
  for (size_t i = 0; i < n * D; i++)
    for (size_t j = 0; j < n * D; j++)
      kernel[i * n * D + j] = std::cos(double(i * j)) + (i == j) * 9;
  double total = 0, centred = 0;
  pdlt_truth_trace_outputs(n, D, kernel.data(), traced.data());
  pdlt_truth_traces(&x.t, traced.data(), along.data(), &total);
  pdlt_truth_weights(&x.t, traced.data(), weight.data());
  // tr(C k C) with C = 1 - 1/D everywhere.
  for (size_t i = 0; i < n; i++)
    for (size_t a = 0; a < D; a++)
      for (size_t b = 0; b < D; b++)
        for (size_t c = 0; c < D; c++)
          centred += ((a == b) - 0.1) * kernel[(i * D + b) * n * D + i * D + c] * ((c == a) - 0.1);
  EXPECT_NEAR(total, centred, 1e-12);
  for (size_t j = 0; j < 3; j++) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
      for (size_t a = 0; a < D; a++)
        for (size_t b = 0; b < D; b++)
          sum += x.t.v[j * D + a] * kernel[(i * D + a) * n * D + i * D + b] * x.t.v[j * D + b];
    EXPECT_NEAR(along[j], sum, 1e-12);
    EXPECT_NEAR(weight[j], sum / centred, 1e-14);
  }
  std::fill(traced.begin(), traced.end(), 1.0); /* constant functions alone */
  pdlt_truth_weights(&x.t, traced.data(), weight.data());
  EXPECT_TRUE(std::isnan(weight[0]));
}

TEST(Truth, OutOfMemoryLeavesNothing) {
  Loaded l("{source: modular_addition, modulus: 3, train: 9}");
  l.ex.features.truth = PDLT_TRUTH_MODULAR_ADDITION;
  pdlt_status status = PDLT_ERR_MEMORY;
  long calls = 0;
  for (; status != PDLT_OK && calls < 20; calls++) {
    pdlt_truth t = {};
    pdlt_memory_fail_after(calls);
    status = pdlt_truth_make(&t, &l.ex, 9, 6, l.d.x, nullptr);
    pdlt_memory_fail_after(-1);
    EXPECT_EQ(t.v == nullptr, status == PDLT_ERR_MEMORY);
    pdlt_truth_free(&t);
  }
  EXPECT_EQ(status, PDLT_OK);
  EXPECT_EQ(calls, 6);
}

}  // namespace
