// Estimates and error bars on synthetic numbers with known answers.
#include "trainer/statistics/moments.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace {

enum { T = 2, P = 3, RECORD = 1 + T * P + 2 * T * P * P };

// Records of synthetic draws z = m + d, z_minus = m - d, as block.c lays them out.
struct Synthetic {
  Synthetic(std::mt19937_64 &gen, const std::vector<int> &sizes, bool pairs)
      : records(sizes.size() * RECORD), with_pairs(pairs) {
    std::normal_distribution<double> normal;
    for (size_t b = 0; b < sizes.size(); b++) {
      double *record = &records[b * RECORD];
      for (int k = 0; k < sizes[b]; k++) {
        std::vector<double> m(T * P), d(T * P);
        for (int t = 0; t < T; t++) {
          const double common = normal(gen), odd = normal(gen);
          for (int i = 0; i < P; i++) {
            m[t * P + i] = 3 + common + 0.5 * normal(gen);
            d[t * P + i] = 2 * odd + normal(gen);
          }
        }
        all_m.push_back(m);
        all_d.push_back(d);
        pdlt_moments_merge(T, P, record, record + 1, record + 1 + T * P, 1, m.data());
        for (int t = 0; t < T; t++)
          for (int i = 0; i < P; i++)
            for (int j = 0; j < P; j++)
              record[1 + T * P + T * P * P + (t * P + i) * P + j] += d[t * P + i] * d[t * P + j];
      }
    }
  }
  pdlt_moment_blocks moments() const {
    const double *r = records.data();
    pdlt_moment_blocks m = {};
    m.blocks = records.size() / RECORD;
    m.stride = RECORD;
    m.times = T;
    m.p = P;
    m.count = r;
    m.mean = r + 1;
    m.scatter = r + 1 + T * P;
    m.odd = with_pairs ? r + 1 + T * P + T * P * P : nullptr;
    return m;
  }
  // Unbiased covariance by plain sums over the draws from `first` on, one block left out.
  double naive(int t, int i, int j, size_t skip_first, size_t skip_end) const {
    double n = 0, mi = 0, mj = 0, scatter = 0, odd = 0;
    for (size_t k = 0; k < all_m.size(); k++) {
      if (k >= skip_first && k < skip_end) continue;
      n += 1;
      mi += all_m[k][t * P + i];
      mj += all_m[k][t * P + j];
      odd += all_d[k][t * P + i] * all_d[k][t * P + j];
    }
    for (size_t k = 0; k < all_m.size(); k++)
      if (k < skip_first || k >= skip_end)
        scatter += (all_m[k][t * P + i] - mi / n) * (all_m[k][t * P + j] - mj / n);
    return scatter / (n - 1) + (with_pairs ? odd / n : 0);
  }
  std::vector<double> records;
  std::vector<std::vector<double>> all_m, all_d;
  bool with_pairs;
};

}  // namespace

TEST(TrainerStatistics, CovarianceAndPseudoValuesAreThePlainSums) {
  std::mt19937_64 gen(31);
  const std::vector<int> sizes = {4, 7, 1, 0, 5};
  for (bool pairs : {false, true}) {
    Synthetic s(gen, sizes, pairs);
    std::vector<double> cov(T * P * P), pseudo(sizes.size() * T * P * P);
    const pdlt_moment_blocks m = s.moments();
    ASSERT_EQ(pdlt_covariance_estimate(&m, cov.data(), pseudo.data(), nullptr), PDLT_OK);
    const double n = (double)s.all_m.size();
    for (int k = 0; k < T * P * P; k++) {
      const int t = k / (P * P), i = k / P % P, j = k % P;
      const double full = s.naive(t, i, j, 0, 0);
      EXPECT_NEAR(cov[k], full, 1e-12);
      size_t first = 0;
      for (size_t b = 0; b < sizes.size(); b++) {
        const double w = sizes[b];
        const double deleted = s.naive(t, i, j, first, first + (size_t)sizes[b]);
        const double expected = w == 0 ? full : n / w * full - (n / w - 1) * deleted;
        EXPECT_NEAR(pseudo[b * T * P * P + k], expected, 1e-10);
        first += (size_t)sizes[b];
      }
    }
  }
}

// Spread of repeated estimates against the error bar that each gives: 300 repetitions
// know a variance to 8 %; 5 sigma.
TEST(TrainerStatistics, ErrorBarsMatchTheSpread) {
  std::mt19937_64 gen(32);
  const int repetitions = 300, blocks = 40, first_cov = T * P;
  std::vector<int> sizes(blocks, 12);
  sizes[0] = 5;
  sizes[39] = 3;
  for (bool pairs : {false, true}) {
    std::vector<double> sum(T * P + T * P * P), squares(sum), claimed(sum);
    for (int r = 0; r < repetitions; r++) {
      Synthetic s(gen, sizes, pairs);
      std::vector<double> estimate(sum.size()), se(sum.size()), weights, means;
      std::vector<double> pseudo(blocks * T * P * P);
      for (int b = 0; b < blocks; b++) {
        weights.push_back(s.records[b * RECORD]);
        for (int i = 0; i < T * P; i++) means.push_back(s.records[b * RECORD + 1 + i]);
      }
      pdlt_block_mean(blocks, weights.data(), T * P, means.data(), estimate.data());
      pdlt_block_error(blocks, weights.data(), T * P, means.data(), estimate.data(), se.data());
      const pdlt_moment_blocks m = s.moments();
      ASSERT_EQ(pdlt_covariance_estimate(&m, &estimate[first_cov], pseudo.data(), nullptr),
                PDLT_OK);
      pdlt_block_error(blocks, weights.data(), T * P * P, pseudo.data(), &estimate[first_cov],
                       &se[first_cov]);
      for (size_t k = 0; k < sum.size(); k++) {
        sum[k] += estimate[k];
        squares[k] += estimate[k] * estimate[k];
        claimed[k] += se[k] * se[k] / repetitions;
      }
    }
    for (size_t k = 0; k < sum.size(); k++) {
      const double mean = sum[k] / repetitions;
      const double spread =
          (squares[k] / repetitions - mean * mean) * repetitions / (repetitions - 1);
      EXPECT_NEAR(spread / claimed[k], 1, 0.42) << "pairs " << pairs << " entry " << k;
      const int i = (int)(k - first_cov) / P % P, j = (int)(k - first_cov) % P;
      const double exact = k < first_cov ? 3 : (i == j ? 1.25 : 1) + (pairs ? (i == j ? 5 : 4) : 0);
      EXPECT_NEAR(mean, exact, 5 * std::sqrt(spread / repetitions));
    }
  }
}

TEST(TrainerStatistics, FewBlocksGiveNoErrorBar) {
  for (size_t blocks : {0, 1, 31, 32}) {
    std::vector<double> weights(blocks + 1, 2), values(blocks + 1), estimate(1), se(1);
    for (size_t b = 0; b < blocks; b++) values[b] = (double)b;
    weights[blocks] = 0;  // a block without draws counts for nothing
    values[blocks] = NAN;
    pdlt_block_mean(blocks + 1, weights.data(), 1, values.data(), estimate.data());
    pdlt_block_error(blocks + 1, weights.data(), 1, values.data(), estimate.data(), se.data());
    if (blocks == 0)
      EXPECT_TRUE(std::isnan(estimate[0]));
    else
      EXPECT_DOUBLE_EQ(estimate[0], (double)(blocks - 1) / 2);
    EXPECT_EQ(std::isnan(se[0]), blocks < 32);
  }
}

TEST(TrainerStatistics, OneDrawHasNoCovariance) {
  std::mt19937_64 gen(33);
  Synthetic s(gen, {1}, false);
  std::vector<double> cov(T * P * P), pseudo(T * P * P);
  const pdlt_moment_blocks m = s.moments();
  ASSERT_EQ(pdlt_covariance_estimate(&m, cov.data(), pseudo.data(), nullptr), PDLT_OK);
  for (double c : cov) EXPECT_TRUE(std::isnan(c));
}
