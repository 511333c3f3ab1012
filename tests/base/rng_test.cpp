/* Tests of base/random/rng.h: known answers of Philox4x64-10, an independent naive road,
 * bits that depend on the index only, and statistics with fixed seeds. */
#include "base/random/rng.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "base/vector/kernels.h"

namespace {

using Words = std::array<uint64_t, 4>;

/* High half of a product by schoolbook multiplication of 32-bit halves. */
uint64_t high_product(uint64_t a, uint64_t b) {
  const uint64_t mask = 0xffffffffu, a0 = a & mask, a1 = a >> 32, b0 = b & mask, b1 = b >> 32;
  const uint64_t middle = a1 * b0 + ((a0 * b0) >> 32), other = a0 * b1 + (middle & mask);
  return a1 * b1 + (middle >> 32) + (other >> 32);
}

/* Salmon et al., SC11: ten rounds, the key bumped between rounds. */
Words naive_philox(Words c, uint64_t k0, uint64_t k1) {
  const uint64_t m0 = 0xD2E7470EE14C6C93u, m1 = 0xCA5A826395121157u;
  for (int round = 0; round < 10; round++) {
    c = {high_product(m1, c[2]) ^ c[1] ^ k0, m1 * c[2], high_product(m0, c[0]) ^ c[3] ^ k1,
         m0 * c[0]};
    k0 += 0x9E3779B97F4A7C15u;
    k1 += 0xBB67AE8584CAA73Bu;
  }
  return c;
}

Words philox(const Words &counter, uint64_t k0, uint64_t k1) {
  const uint64_t key[2] = {k0, k1};
  Words out;
  pdlt_philox4x64(counter.data(), key, out.data());
  return out;
}

Words stream_words(const pdlt_rng &rng, uint64_t index) {
  return naive_philox({index, rng.stream, rng.member, 0}, rng.seed, rng.width);
}

double naive_uniform(uint64_t word) { return (2 * double(word >> 12) + 1) * 0x1p-53; }

std::vector<double> normals(const pdlt_rng &rng, size_t n) {
  std::vector<double> out(n);
  pdlt_rng_normal(&rng, n, out.data());
  return out;
}

const pdlt_rng some_rng = {7, 64, 3, 1002};

/* kat_vectors of the Random123 distribution, lines "philox4x64 10". */
TEST(Philox, KnownAnswers) {
  const uint64_t ones = ~uint64_t(0);
  EXPECT_EQ(philox({0, 0, 0, 0}, 0, 0), (Words{0x16554d9eca36314cu, 0xdb20fe9d672d0fdcu,
                                               0xd7e772cee186176bu, 0x7e68b68aec7ba23bu}));
  EXPECT_EQ(
      philox({ones, ones, ones, ones}, ones, ones),
      (Words{0x87b092c3013fe90bu, 0x438c3c67be8d0224u, 0x9cc7d7c69cd777b6u, 0xa09caebf594f0ba0u}));
  EXPECT_EQ(
      philox({0x243f6a8885a308d3u, 0x13198a2e03707344u, 0xa4093822299f31d0u, 0x082efa98ec4e6c89u},
             0x452821e638d01377u, 0xbe5466cf34e90c6cu),
      (Words{0xa528f45403e61d95u, 0x38c72dbd566e9788u, 0xa5a1610e72fd18b5u, 0x57bd43b5e52b7fe6u}));
}

TEST(Philox, AgreesWithNaive) {
  std::mt19937_64 random(1);
  for (int trial = 0; trial < 1000; trial++) {
    const Words counter = {random(), random(), random(), random()};
    const uint64_t k0 = random(), k1 = random();
    ASSERT_EQ(philox(counter, k0, k1), naive_philox(counter, k0, k1));
  }
}

TEST(Uniform, IsTheStreamWordByWordFromAnyStart) {
  for (uint64_t first : {uint64_t(0), uint64_t(1), uint64_t(6), uint64_t(1) << 40})
    for (size_t n : {0, 1, 3, 4, 5, 17}) {
      std::vector<double> out(n + 1, -1);
      pdlt_rng_uniform(&some_rng, first, n, out.data());
      for (size_t i = 0; i < n; i++) {
        const Words words = stream_words(some_rng, (first + i) / 4);
        ASSERT_EQ(out[i], naive_uniform(words[(first + i) % 4]));
      }
      ASSERT_EQ(out[n], -1);
    }
}

TEST(Uniform, ExtremeWordsStayInside) {
  EXPECT_GT(naive_uniform(0), 0);
  EXPECT_LT(naive_uniform(~uint64_t(0)), 1);
  EXPECT_EQ(1 - naive_uniform(~uint64_t(0)), naive_uniform(0));
}

TEST(Normal, IsBoxMullerOfTheStream) {
  const double two_pi = 6.28318530717958647693;
  const std::vector<double> out = normals(some_rng, 20001);
  for (size_t i = 0; i < out.size(); i++) {
    const Words words = stream_words(some_rng, i / 4);
    const double radius = std::sqrt(-2 * std::log(naive_uniform(words[i % 4 / 2 * 2])));
    const double angle = two_pi * naive_uniform(words[i % 4 / 2 * 2 + 1]);
    ASSERT_NEAR(out[i], radius * (i % 2 ? std::sin(angle) : std::cos(angle)), 1e-15 * (1 + radius));
  }
}

TEST(Normal, APrefixHasTheSameBits) {
  const std::vector<double> whole = normals(some_rng, 1100);
  for (size_t n = 0; n <= whole.size(); n += n < 70 ? 1 : 97) {
    std::vector<double> out(n + 1, 99);
    pdlt_rng_normal(&some_rng, n, out.data());
    ASSERT_EQ(std::memcmp(out.data(), whole.data(), n * sizeof out[0]), 0) << n;
    ASSERT_EQ(out[n], 99);
  }
}

/* All sets, all lengths, extreme words included: the same bits. */
TEST(Normal, EverySetGivesTheSameBits) {
  std::mt19937_64 random(2);
  std::vector<uint64_t> first(257), second(257);
  for (auto *words : {&first, &second})
    for (uint64_t &word : *words) word = random() >> (random() % 4 ? 0 : random() % 64);
  first[0] = second[1] = 0;
  first[2] = second[2] = ~uint64_t(0);
  std::vector<double> expected(2 * first.size());
  pdlt_simd_get(0)->normal(first.size(), first.data(), second.data(), expected.data());
  for (double x : expected) EXPECT_TRUE(std::fabs(x) < 8.58);
  for (int k = 0; pdlt_simd_get(k) != nullptr; k++)
    for (size_t pairs = 0; pairs <= first.size(); pairs += pairs < 40 ? 1 : 31) {
      std::vector<double> out(2 * pairs + 1);
      pdlt_simd_get(k)->normal(pairs, first.data(), second.data(), out.data());
      ASSERT_EQ(std::memcmp(out.data(), expected.data(), 2 * pairs * sizeof out[0]), 0)
          << pdlt_simd_get(k)->name << " " << pairs;
    }
}

TEST(Normal, TailsBeyondSixSigmaAreReached) {
  const uint64_t first[2] = {uint64_t(1) << 20, 0}, second[2] = {0, uint64_t(1) << 63};
  for (int k = 0; pdlt_simd_get(k) != nullptr; k++) {
    double out[4];
    pdlt_simd_get(k)->normal(2, first, second, out);
    EXPECT_NEAR(out[0], std::sqrt(-2 * std::log(naive_uniform(first[0]))), 1e-14);
    EXPECT_GT(out[0], 7);
    EXPECT_NEAR(out[2], -std::sqrt(2 * 53 * std::log(2.0)), 1e-14);
  }
}

/* Each moment within 4.5 standard errors; E z^2k = (2k - 1)!!. */
TEST(Normal, MomentsToTheEighth) {
  const size_t n = 1 << 20;
  const std::vector<double> z = normals({11, 0, 0, PDLT_STREAM_DATA}, n);
  const double moment[17] = {1, 0, 1, 0, 3, 0, 15, 0, 105, 0, 945, 0, 10395, 0, 135135, 0, 2027025};
  for (int k = 1; k <= 8; k++) {
    double sum = 0;
    for (double x : z) sum += std::pow(x, k);
    const double se = std::sqrt((moment[2 * k] - moment[k] * moment[k]) / double(n));
    EXPECT_NEAR(sum / double(n), moment[k], 4.5 * se) << "moment " << k;
  }
}

double chi_square(const std::vector<double> &z, int bins) {
  std::vector<double> count(static_cast<size_t>(bins), 0.0);
  for (double x : z) {
    const int bin = std::min(bins - 1, int(0.5 * std::erfc(-x / std::sqrt(2.0)) * bins));
    count[static_cast<size_t>(bin)] += 1;
  }
  const double expected = double(z.size()) / bins;
  double sum = 0;
  for (double c : count) sum += (c - expected) * (c - expected) / expected;
  return sum;
}

TEST(Normal, HistogramIsNormal) {
  const int bins = 512;
  const double mean = bins - 1, width = std::sqrt(2.0 * mean);
  const std::vector<double> z = normals({12, 8, 1, 2000}, 1 << 20);
  EXPECT_NEAR(chi_square(z, bins), mean, 4.5 * width);
  std::vector<double> stretched = z; /* the test has power: 1 % wider is refused */
  for (double &x : stretched) x *= 1.01;
  EXPECT_GT(chi_square(stretched, bins), mean + 4.5 * width);
}

TEST(Normal, StreamsMembersSeedsAndWidthsAreIndependent) {
  const size_t n = 1 << 16;
  const pdlt_rng rngs[] = {
      {1, 1, 0, 1000}, {2, 1, 0, 1000}, {1, 2, 0, 1000}, {1, 1, 1, 1000}, {1, 1, 0, 1001}};
  std::vector<std::vector<double>> draws;
  for (const pdlt_rng &rng : rngs) draws.push_back(normals(rng, n));
  const double limit = 4.5 / std::sqrt(double(n));
  for (size_t a = 0; a < draws.size(); a++)
    for (size_t b = a; b < draws.size(); b++)
      for (size_t lag = a == b ? 1 : 0; lag <= 5; lag++) {
        double product = 0, squares = 0;
        for (size_t i = 0; i + lag < n; i++) {
          const double x = draws[a][i], y = draws[b][i + lag];
          product += x * y;
          squares += (x * x - 1) * (y * y - 1) / 2;
        }
        EXPECT_LT(std::fabs(product / double(n)), limit) << a << " " << b << " lag " << lag;
        EXPECT_LT(std::fabs(squares / double(n)), limit) << a << " " << b << " lag " << lag;
      }
}

}  // namespace
