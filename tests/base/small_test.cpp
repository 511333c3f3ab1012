// base/vector/small.h: every compiled set against plain loops, on sizes around the tiles.
#include "base/vector/small.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace {

using Vector = std::vector<double>;

Vector Random(std::mt19937 &rng, size_t count) {
  std::normal_distribution<double> normal;
  Vector x(count);
  for (double &v : x) v = normal(rng);
  return x;
}

}  // namespace

TEST(Small, AtLeastThePlainSet) {
  int sets = 0;
  std::string last;
  for (; pdlt_small_get(sets) != nullptr; ++sets) last = pdlt_small_get(sets)->name;
  EXPECT_GE(sets, 1);
  EXPECT_EQ(last, "plain");
  EXPECT_EQ(pdlt_small_best(), pdlt_small_get(0));
}

TEST(Small, ProductsAreTheTripleLoop) {
  std::mt19937 rng(1);
  for (int set = 0; pdlt_small_get(set) != nullptr; ++set) {
    for (size_t m : {0u, 1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u, 13u, 24u}) {
      for (size_t n : {0u, 1u, 7u, 8u, 16u, 21u, 40u, 69u}) {
        for (size_t k : {0u, 1u, 5u, 32u}) {
          const size_t lda = k + 2, ldb = n + 1, ldc = n + 3;
          const Vector a = Random(rng, m * lda + 1), b = Random(rng, k * ldb + 1);
          Vector c(m * ldc + 1, 7.0), more(m * ldc + 1, 7.0);
          pdlt_small_get(set)->product(m, n, k, a.data(), lda, b.data(), ldb, c.data(), ldc);
          pdlt_small_get(set)->add_product(m, n, k, a.data(), lda, b.data(), ldb, more.data(), ldc);
          for (size_t i = 0; i < m; ++i) {
            for (size_t j = 0; j < ldc; ++j) {
              double sum = j < n ? 0.0 : 7.0;  // the margin is not touched
              for (size_t l = 0; l < k && j < n; ++l) sum += a[i * lda + l] * b[l * ldb + j];
              ASSERT_NEAR(c[i * ldc + j], sum, 1e-13)
                  << pdlt_small_get(set)->name << " " << m << " " << n << " " << k;
              ASSERT_NEAR(more[i * ldc + j], j < n ? 7.0 + sum : 7.0, 1e-13)
                  << pdlt_small_get(set)->name << " " << m << " " << n << " " << k;
            }
          }
        }
      }
    }
  }
}

TEST(Small, InnerIsTheDotProductsOfRows) {
  std::mt19937 rng(3);
  for (int set = 0; pdlt_small_get(set) != nullptr; ++set) {
    for (size_t m : {0u, 1u, 2u, 3u, 4u, 9u}) {
      for (size_t n : {0u, 1u, 2u, 5u}) {
        for (size_t k : {0u, 1u, 5u, 8u, 32u, 67u}) {
          const size_t lda = k + 2, ldb = k + 1, ldc = n + 3;
          const Vector a = Random(rng, m * lda + 1), b = Random(rng, n * ldb + 1);
          Vector c(m * ldc + 1, 7.0);
          pdlt_small_get(set)->inner(m, n, k, a.data(), lda, b.data(), ldb, c.data(), ldc);
          for (size_t i = 0; i < m; ++i) {
            for (size_t j = 0; j < ldc; ++j) {
              double sum = j < n ? 0.0 : 7.0;  // the margin is not touched
              for (size_t l = 0; l < k && j < n; ++l) sum += a[i * lda + l] * b[j * ldb + l];
              ASSERT_NEAR(c[i * ldc + j], sum, 1e-13)
                  << pdlt_small_get(set)->name << " " << m << " " << n << " " << k;
            }
          }
        }
      }
    }
  }
}

TEST(Small, MultiplyAndDotArePlainLoops) {
  std::mt19937 rng(2);
  for (int set = 0; pdlt_small_get(set) != nullptr; ++set) {
    for (size_t n : {0u, 1u, 5u, 31u, 32u, 100u, 577u}) {
      const Vector f = Random(rng, n + 1), g = Random(rng, n + 1);
      Vector out(n + 1, 7.0);
      double sum = 0.0;
      pdlt_small_get(set)->multiply(n, f.data(), g.data(), out.data());
      for (size_t i = 0; i < n; ++i) {
        EXPECT_EQ(out[i], f[i] * g[i]);
        sum += f[i] * g[i];
      }
      EXPECT_EQ(out[n], 7.0);
      EXPECT_NEAR(pdlt_small_get(set)->dot(n, f.data(), g.data()), sum, 1e-13 * (1.0 + (double)n));
    }
  }
}
