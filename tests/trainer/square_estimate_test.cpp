// Squared bias with its pseudo-values on synthetic numbers: plain sums, unbiasedness, error bars.
#include "trainer/statistics/square_estimate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "base/core/memory.h"
#include "trainer/statistics/moments.h"

namespace {

enum { P = 3 };
const double target[P] = {0.5, -1, 0};

// Draws of P numbers, cut into blocks.
struct Draws {
  std::vector<std::vector<std::vector<double>>> block;  // [b][draw][i]

  Draws(std::mt19937_64 &gen, const std::vector<int> &sizes, double mean = 0.7) {
    std::normal_distribution<double> normal;
    for (const int size : sizes) {
      block.emplace_back();
      for (int k = 0; k < size; k++) {
        std::vector<double> x(P);
        for (int i = 0; i < P; i++) x[i] = mean + (i + 1) * normal(gen);
        block.back().push_back(x);
      }
    }
  }
  // (mean - y)^2 less its variance, by plain sums; block `skip` left out.
  double Naive(int i, bool by_draw, size_t skip) const {
    double n = 0, units = 0, sum = 0, scatter = 0;
    for (size_t b = 0; b < block.size(); b++)
      for (const auto &x : block[b])
        if (b != skip) n += 1, sum += x[i];
    const double mean = sum / n;
    for (size_t b = 0; b < block.size(); b++) {
      if (b == skip || block[b].empty()) continue;
      double mean_b = 0;
      for (const auto &x : block[b]) {
        mean_b += x[i] / (double)block[b].size();
        if (by_draw) units += 1, scatter += (x[i] - mean) * (x[i] - mean);
      }
      if (!by_draw) units += 1, scatter += (double)block[b].size() * std::pow(mean_b - mean, 2);
    }
    return std::pow(mean - target[i], 2) - scatter / n / (units - 1);
  }
  double Size() const {
    size_t n = 0;
    for (const auto &b : block) n += b.size();
    return (double)n;
  }
};

struct Estimate {
  std::vector<double> weights, mean, scatter, bias = std::vector<double>(P), pseudo;
  Estimate(const Draws &d, bool by_draw) : pseudo(d.block.size() * P) {
    const size_t B = d.block.size(), stride = P + 2;
    mean.assign(B * stride, 77);
    scatter.assign(B * stride, 77);
    for (size_t b = 0; b < B; b++) {
      const double w = (double)d.block[b].size();
      weights.push_back(w);
      for (int i = 0; i < P; i++) {
        double m = 0, s = 0;
        for (const auto &x : d.block[b]) m += x[i] / w;
        for (const auto &x : d.block[b]) s += (x[i] - m) * (x[i] - m);
        mean[b * stride + i] = m;
        scatter[b * stride + i] = s;
      }
    }
    pdlt_bias_input in = {};
    in.blocks = B;
    in.count = P;
    in.stride = stride;
    in.weights = weights.data();
    in.mean = mean.data();
    in.scatter = by_draw ? scatter.data() : nullptr;
    in.target = target;
    pdlt_error err = {};
    EXPECT_EQ(pdlt_bias_estimate(&in, bias.data(), pseudo.data(), &err), PDLT_OK);
  }
};

TEST(TrainerLossEstimate, AgreesWithPlainSumsAndLeavingOut) {
  std::mt19937_64 gen(1);
  for (const bool by_draw : {true, false})
    for (const std::vector<int> &sizes :
         {std::vector<int>{4, 4, 4}, {1, 2, 7, 3}, {5, 0, 2, 6}, {2, 2, 2}}) {
      const Draws d(gen, sizes);
      const Estimate e(d, by_draw);
      const double N = d.Size();
      for (int i = 0; i < P; i++) {
        EXPECT_NEAR(e.bias[i], d.Naive(i, by_draw, 99), 1e-12);
        for (size_t b = 0; b < sizes.size(); b++) {
          const double w = sizes[b];
          const double expected =
              w == 0 ? e.bias[i] : (N * e.bias[i] - (N - w) * d.Naive(i, by_draw, b)) / w;
          EXPECT_NEAR(e.pseudo[b * P + i], expected, 1e-11 * (1 + std::fabs(expected)));
        }
      }
    }
}

TEST(TrainerLossEstimate, WithoutEnoughThereIsNone) {
  std::mt19937_64 gen(2);
  EXPECT_TRUE(std::isnan(Estimate(Draws(gen, {1}), true).bias[0]));
  EXPECT_TRUE(std::isnan(Estimate(Draws(gen, {9}), false).bias[0]));
  EXPECT_TRUE(std::isfinite(Estimate(Draws(gen, {9}), true).bias[0]));
  const Estimate two(Draws(gen, {3, 4}), false);  // deleting one leaves no spread
  EXPECT_EQ(two.pseudo[0], two.bias[0]);
}

// Squared bias plus variance is the mean of the squares, draw by draw and block by block.
TEST(TrainerLossEstimate, BiasAndVarianceAddUp) {
  std::mt19937_64 gen(3);
  const Draws d(gen, {6, 3, 5, 4});
  const Estimate e(d, true);
  for (int i = 0; i < P; i++) {
    std::vector<double> record;
    for (size_t b = 0; b < 4; b++) {
      record.push_back(e.weights[b]);
      record.push_back(e.mean[b * (P + 2) + i]);
      record.push_back(e.scatter[b * (P + 2) + i]);
    }
    pdlt_moment_blocks m = {};
    m.blocks = 4;
    m.stride = 3;
    m.times = m.p = 1;
    m.count = record.data();
    m.mean = record.data() + 1;
    m.scatter = record.data() + 2;
    double variance, pseudo[4], all = 0;
    ASSERT_EQ(pdlt_covariance_estimate(&m, &variance, pseudo, nullptr), PDLT_OK);
    for (size_t b = 0; b < 4; b++) {
      double sum = 0;
      for (const auto &x : d.block[b]) sum += std::pow(x[i] - target[i], 2);
      EXPECT_NEAR(e.pseudo[b * P + i] + pseudo[b], sum / e.weights[b], 1e-11);
      all += sum;
    }
    EXPECT_NEAR(e.bias[i] + variance, all / d.Size(), 1e-12);
  }
}

// Over many repetitions: no bias of the estimate, and the error bar is the actual spread; where
// the mean hits its target (0.5 against the first) only the square of the noise is left, and the
// jackknife takes twice its variance.
TEST(TrainerLossEstimate, UnbiasedWithAnHonestErrorBar) {
  std::mt19937_64 gen(4);
  const int repetitions = 3000;
  for (const double mean : {4.0, 0.5})
    for (const bool by_draw : {true, false}) {
      double sum[P] = {}, square[P] = {}, predicted[P] = {};
      for (int r = 0; r < repetitions; r++) {
        const Draws d(gen, std::vector<int>(40, 2), mean);
        const Estimate e(d, by_draw);
        double se[P];
        pdlt_block_error(40, e.weights.data(), P, e.pseudo.data(), e.bias.data(), se);
        for (int i = 0; i < P; i++) {
          sum[i] += e.bias[i] / repetitions;
          square[i] += e.bias[i] * e.bias[i] / repetitions;
          predicted[i] += se[i] * se[i] / repetitions;
        }
      }
      for (int i = 0; i < P; i++) {
        const double variance = square[i] - sum[i] * sum[i];
        EXPECT_NEAR(sum[i], std::pow(mean - target[i], 2), 4 * std::sqrt(variance / repetitions));
        if (mean > 1) {
          EXPECT_NEAR(predicted[i] / variance, 1, 0.1);
        } else if (i == 0) {
          EXPECT_NEAR(predicted[i] / variance, 2, 0.3);
        }
      }
    }
}

TEST(TrainerLossEstimate, MemoryFailuresAreReported) {
  pdlt_bias_input in = {};
  in.count = 1;
  double bias = 7;
  pdlt_memory_fail_after(0);
  EXPECT_EQ(pdlt_bias_estimate(&in, &bias, nullptr, nullptr), PDLT_ERR_MEMORY);
  pdlt_memory_fail_after(-1);
  EXPECT_EQ(bias, 7);
}

}  // namespace
