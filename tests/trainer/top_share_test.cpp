// The share of the variance that the outermost 0.1 % carry, against a sort of everything.
#include "trainer/statistics/top_share.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/trainer/support.h"

using namespace trainer_test;

namespace {

using Vector = std::vector<double>;

// All draws at once: v = m + beta x, (draws, p).
double naive(const Vector &v, size_t p) {
  const size_t draws = v.size() / p;
  Vector mean(p), far(draws);
  double all = 0, top = 0;
  for (size_t d = 0; d < draws; d++)
    for (size_t i = 0; i < p; i++) mean[i] += v[d * p + i] / (double)draws;
  for (size_t d = 0; d < draws; d++) {
    for (size_t i = 0; i < p; i++) far[d] += std::pow(v[d * p + i] - mean[i], 2);
    all += far[d];
  }
  std::sort(far.rbegin(), far.rend());
  for (size_t d = 0; d < (draws + 999) / 1000; d++) top += far[d];
  return top / all;
}

// Draws (draws, parts, p) in blocks of `block`, each in batches of 64.
double blockwise(const Vector &draws, const pdlt_top_shape &shape, size_t block, bool fitted) {
  const size_t width = shape.parts * shape.p, count = draws.size() / width;
  const size_t blocks = (count + block - 1) / block, size = pdlt_top_size(&shape);
  Vector records(blocks * size), mean(width), numbers(64);
  double share = 0;
  for (size_t b = 0; b < blocks; b++)
    for (size_t from = b * block; from < std::min((b + 1) * block, count); from += 64) {
      const size_t rows = std::min({(size_t)64, (b + 1) * block - from, count - from});
      Vector batch(draws.begin() + (long)(from * width),
                   draws.begin() + (long)((from + rows) * width));
      for (size_t r = 0; r < rows; r++) numbers[r] = (double)(from + r + 1);
      pdlt_top_add(&shape, rows, batch.data(), numbers.data(), mean.data(),
                   records.data() + b * size);
    }
  EXPECT_EQ(pdlt_top_share(&shape, blocks, size, records.data(), fitted, &share, nullptr), PDLT_OK);
  return share;
}

// Gaussian numbers with mean 3; one draw in 500 is ten times as far out.
Vector heavy(size_t count, unsigned seed) {
  std::mt19937_64 gen(seed);
  std::normal_distribution<double> normal;
  Vector out(count);
  for (double &v : out) v = 3 + normal(gen) * (gen() % 500 == 0 ? 10 : 1);
  return out;
}

}  // namespace

TEST(TrainerTopShare, IsThatOfASortOfAllDraws) {
  for (const size_t p : {1, 3})
    for (const size_t block : {64, 256})
      for (const size_t draws : {1, 50, 1000, 20001}) {
        const Vector m = heavy(draws * p, (unsigned)(p + draws));
        const pdlt_top_shape shape = pdlt_top_shape_make(p, 0, 0, block);
        if (draws == 1) {
          EXPECT_TRUE(std::isnan(blockwise(m, shape, block, false)));
          continue;
        }
        EXPECT_NEAR(blockwise(m, shape, block, false), naive(m, p), 1e-11) << p << " " << draws;
      }
}

// Merging the records of two blocks is the record of both.
TEST(TrainerTopShare, RecordsMerge) {
  const size_t p = 2, width = 4;
  const Vector draws = heavy(256 * width, 4);
  const pdlt_top_shape shape = pdlt_top_shape_make(p, 1, 1, 64);
  Vector half[2], both(pdlt_top_size(&shape)), mean(width), numbers(64);
  for (Vector &h : half) h.resize(both.size());
  for (size_t batch = 0; batch < 4; batch++) {
    for (size_t r = 0; r < 64; r++) numbers[r] = (double)(batch * 64 + r + 1);
    for (Vector *to : {&half[batch / 2], &both}) {
      Vector rows(draws.begin() + (long)(batch * 64 * width),
                  draws.begin() + (long)((batch + 1) * 64 * width));
      pdlt_top_add(&shape, 64, rows.data(), numbers.data(), mean.data(), to->data());
    }
  }
  pdlt_top_merge(&shape, half[0].data(), half[1].data());
  for (size_t i = 0; i < both.size(); i++)
    EXPECT_NEAR(half[0][i], both[i], 1e-11 * (1 + std::fabs(both[i]))) << i;
}

// With control: m + x, and m + beta x with beta from all draws.
TEST(TrainerTopShare, WithControl) {
  const size_t draws = 9000, p = 2;
  const Vector noise = heavy(draws * p, 1), control = heavy(draws * p, 2);
  for (const double strength : {1.0, 0.3, 0.0}) {
    Vector both, sum, best;
    double mx = 0, xx = 0, m_mean[2] = {0, 0}, x_mean[2] = {0, 0};
    for (size_t d = 0; d < draws; d++)
      for (size_t i = 0; i < p; i++) {
        m_mean[i] += (noise[d * p + i] - strength * control[d * p + i]) / (double)draws;
        x_mean[i] += control[d * p + i] / (double)draws;
      }
    for (size_t d = 0; d < draws; d++) {
      for (size_t i = 0; i < p; i++) {
        const double m = noise[d * p + i] - strength * control[d * p + i];
        both.push_back(m);
        sum.push_back(m + control[d * p + i]);
        mx += (m - m_mean[i]) * (control[d * p + i] - x_mean[i]);
        xx += std::pow(control[d * p + i] - x_mean[i], 2);
      }
      for (size_t i = 0; i < p; i++) both.push_back(control[d * p + i]);
    }
    for (size_t d = 0; d < draws; d++)
      for (size_t i = 0; i < p; i++)
        best.push_back(both[d * 2 * p + i] - mx / xx * control[d * p + i]);
    EXPECT_NEAR(blockwise(both, pdlt_top_shape_make(p, 1, 0, 64), 64, false), naive(sum, p), 1e-11);
    /* draws are chosen at beta = 0 and 1 before beta is known */
    EXPECT_NEAR(blockwise(both, pdlt_top_shape_make(p, 1, 1, 64), 64, true), naive(best, p),
                strength == 0.3 ? 1e-3 : 1e-11)
        << strength;
  }
}

// A Gaussian number: 2 (c phi(c) + Q(c)) with Q(c) = 1/2000, docs/trainer/runs.md.
TEST(TrainerTopShare, GaussianValue) {
  std::mt19937_64 gen(9);
  std::normal_distribution<double> normal;
  Vector m(400000);
  for (double &v : m) v = normal(gen);
  const double c = 3.2905267314919, density = std::exp(-c * c / 2) / std::sqrt(2 * std::acos(-1.0));
  EXPECT_NEAR(std::erfc(c / std::sqrt(2.0)), 1e-3, 1e-12);
  EXPECT_NEAR(blockwise(m, pdlt_top_shape_make(1, 0, 0, 64), 64, false), 2 * c * density + 1e-3,
              4e-4);
}

// In the archive, for every estimator; of the plain one it follows from the stored outputs.
TEST(TrainerTopShare, InTheArchive) {
  Settings s;
  s.measure = "[output]";
  s.members = s.keep = 300;
  for (const char *estimator : {"plain", "antithetic", "two_level", "control"}) {
    s.estimator = estimator;
    Experiment ex(yaml(s));
    const Data data((size_t)s.train, (size_t)s.test, 3, 1, 5);
    Archive one, two;
    pdlt_error err = {};
    const pdlt_ensemble_options a = options(1), b = options(2);
    ASSERT_EQ(pdlt_ensemble_run(&one.c, &ex.c, &data.c, &a, &err), PDLT_OK) << err.message;
    ASSERT_EQ(pdlt_ensemble_run(&two.c, &ex.c, &data.c, &b, &err), PDLT_OK) << err.message;
    EXPECT_EQ(one.at("n8/top_share"), two.at("n8/top_share"));
    EXPECT_GT(one.at("n8/top_share"), 1.0 / 300);
    EXPECT_LT(one.at("n8/top_share"), 0.5);
    if (s.estimator != "plain") continue;
    Vector last;
    for (size_t d = 0; d < 300; d++)
      for (size_t i = 0; i < 5; i++) last.push_back(one.at("n8/samples/z", (d * 3 + 2) * 5 + i));
    EXPECT_NEAR(one.at("n8/top_share"), naive(last, 5), 1e-12);
  }
}
