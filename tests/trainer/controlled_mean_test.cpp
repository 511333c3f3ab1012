// Block values with a control, on synthetic numbers.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "base/core/memory.h"
#include "trainer/statistics/controlled_mean.h"

namespace {

// Records: count, mean (T, p), shift (T, p).
struct Blocks {
  Blocks(size_t blocks, size_t times, size_t values)
      : B(blocks), T(times), p(values), stride(1 + 2 * times * values) {
    records.resize(B * stride);
  }
  pdlt_controlled_sums sums() const {
    return {B, stride, T, p, records.data(), records.data() + 1, records.data() + 1 + T * p};
  }
  double &count(size_t b) { return records[b * stride]; }
  double &mean(size_t b, size_t t, size_t i) { return records[b * stride + 1 + t * p + i]; }
  double &shift(size_t b, size_t t, size_t i) { return records[b * stride + 1 + (T + t) * p + i]; }
  std::vector<double> values(int fitted) const {
    const pdlt_controlled_sums s = sums();
    std::vector<double> out(B * T * p);
    EXPECT_EQ(pdlt_controlled_values(&s, fitted, out.data(), nullptr), PDLT_OK);
    return out;
  }
  size_t B, T, p, stride;
  std::vector<double> records;
};

// m = offset - slope x + noise, counts random, now and then 0.
Blocks random_blocks(std::mt19937_64 &gen, size_t blocks, size_t T, size_t p, double noise) {
  std::normal_distribution<double> normal;
  Blocks x(blocks, T, p);
  for (size_t b = 0; b < blocks; b++) {
    x.count(b) = gen() % 7 == 0 ? 0 : (double)(1 + gen() % 64);
    for (size_t t = 0; t < T; t++)
      for (size_t i = 0; i < p; i++) {
        const double shift = normal(gen);
        x.shift(b, t, i) = shift * x.count(b);
        x.mean(b, t, i) = 5.0 + (double)i - (double)(t + 1) * shift + noise * normal(gen);
      }
  }
  return x;
}

}  // namespace

TEST(TrainerControlBlocks, CoefficientIsOneOrTheRegressionOnTheOtherBlocks) {
  std::mt19937_64 gen(5);
  for (int trial = 0; trial < 20; trial++) {
    const size_t B = 20 + gen() % 20, T = 1 + gen() % 3, p = 1 + gen() % 4;
    Blocks x = random_blocks(gen, B, T, p, 0.5);
    const auto one = x.values(0), fitted = x.values(1);
    for (size_t b = 0; b < B; b++)
      for (size_t t = 0; t < T; t++) {
        double cross = 0, square = 0;
        for (size_t i = 0; i < p; i++) {
          double weight = 0, mean = 0, shift = 0;
          for (size_t k = 0; k < B; k++) {
            if (k == b || x.count(k) == 0) continue;
            weight += x.count(k);
            mean += x.count(k) * x.mean(k, t, i);
            shift += x.shift(k, t, i);
          }
          for (size_t k = 0; k < B; k++) {
            if (k == b || x.count(k) == 0) continue;
            const double u = x.shift(k, t, i) / x.count(k) - shift / weight;
            cross += x.count(k) * (x.mean(k, t, i) - mean / weight) * u;
            square += x.count(k) * u * u;
          }
        }
        for (size_t i = 0; i < p; i++) {
          const double u = x.count(b) > 0 ? x.shift(b, t, i) / x.count(b) : 0;
          const double m = x.mean(b, t, i);
          EXPECT_NEAR(one[(b * T + t) * p + i], m + u, 1e-13);
          EXPECT_NEAR(fitted[(b * T + t) * p + i], m - cross / square * u, 1e-11);
        }
      }
  }
}

TEST(TrainerControlBlocks, ExactControlsLeaveNoSpread) {
  std::mt19937_64 gen(6);
  Blocks x = random_blocks(gen, 40, 2, 3, 0);
  const auto fitted = x.values(1);
  for (size_t b = 0; b < 40; b++)
    for (size_t t = 0; t < 2; t++)
      for (size_t i = 0; i < 3; i++)
        if (x.count(b) > 0) {
          EXPECT_NEAR(fitted[(b * 2 + t) * 3 + i], 5.0 + (double)i, 1e-12);
        }
}

// Shift of mean 0 that m depends on in a crooked way: over many repetitions with few
// blocks the mean of the estimate is that of m.
TEST(TrainerControlBlocks, FittedCoefficientsDoNotBias) {
  std::mt19937_64 gen(7);
  std::exponential_distribution<double> exponential;
  const int repetitions = 20000;
  const size_t B = 12;
  double sum = 0, square = 0;
  for (int r = 0; r < repetitions; r++) {
    Blocks x(B, 1, 1);
    for (size_t b = 0; b < B; b++) {
      const double u = exponential(gen) - 1;
      x.count(b) = 1;
      x.shift(b, 0, 0) = u;
      x.mean(b, 0, 0) = u * u * u - 2;  // mean 0
    }
    double mean = 0;
    for (double v : x.values(1)) mean += v / (double)B;
    sum += mean / repetitions;
    square += mean * mean / repetitions;
  }
  EXPECT_LT(std::fabs(sum), 5 * std::sqrt(square / repetitions));
}

TEST(TrainerControlBlocks, FewBlocksTakeOne) {
  std::mt19937_64 gen(8);
  for (size_t B : {1, 2, 8}) {
    Blocks x = random_blocks(gen, B, 1, 2, 1);
    EXPECT_EQ(x.values(1), x.values(0));
  }
  Blocks still(20, 1, 2);  // no spread in the shift
  for (size_t b = 0; b < 20; b++) still.count(b) = 3;
  still.mean(4, 0, 1) = 2;
  EXPECT_EQ(still.values(1), still.values(0));
  Blocks none(20, 2, 2);  // nobody survived
  EXPECT_EQ(none.values(1), std::vector<double>(80));
  pdlt_memory_fail_after(0);
  const pdlt_controlled_sums s = none.sums();
  std::vector<double> out(80);
  EXPECT_EQ(pdlt_controlled_values(&s, 1, out.data(), nullptr), PDLT_ERR_MEMORY);
  pdlt_memory_fail_after(-1);
}
