// linalg: every wrapper against naive loops on random shapes, empty ones included; the
// factorizations against what they claim about themselves.
#include "base/vector/linalg.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "base/core/memory.h"

namespace {

using Vector = std::vector<double>;
const size_t kSizes[] = {0, 1, 2, 3, 7, 8, 17, 33};

Vector random_vector(std::mt19937_64 &rng, size_t n) {
  std::normal_distribution<double> normal;
  Vector out(n);
  for (double &x : out) x = normal(rng);
  return out;
}

// Element (i, j) of op(A).
double element(const Vector &a, size_t lda, int trans, size_t i, size_t j) {
  return trans ? a[j * lda + i] : a[i * lda + j];
}

Vector random_spd(std::mt19937_64 &rng, size_t n) {
  Vector r = random_vector(rng, n * n), a(n * n);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) {
      a[i * n + j] = i == j ? 1.0 : 0.0;
      for (size_t k = 0; k < n; k++) a[i * n + j] += r[i * n + k] * r[j * n + k];
    }
  return a;
}

void check_gemm(std::mt19937_64 &rng, int ta, int tb, size_t m, size_t n, size_t k, double beta) {
  size_t pad = 3, lda = (ta ? m : k) + pad, ldb = (tb ? k : n) + pad, ldc = n + pad;
  Vector a = random_vector(rng, (ta ? k : m) * lda), b = random_vector(rng, (tb ? n : k) * ldb);
  Vector c = random_vector(rng, m * ldc), expected = c;
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < n; j++) {
      double sum = 0;
      for (size_t l = 0; l < k; l++) sum += element(a, lda, ta, i, l) * element(b, ldb, tb, l, j);
      expected[i * ldc + j] = 1.25 * sum + beta * c[i * ldc + j];
    }
  pdlt_gemm(ta, tb, m, n, k, 1.25, a.data(), lda, b.data(), ldb, beta, c.data(), ldc);
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < ldc; j++)  // the padding must stay as it was
      ASSERT_NEAR(c[i * ldc + j], expected[i * ldc + j], 1e-12)
          << ta << tb << " " << m << " " << n << " " << k << " beta " << beta;
}

TEST(Linalg, GemmAgreesWithLoops) {
  std::mt19937_64 rng(1);
  for (int trans = 0; trans < 4; trans++)
    for (size_t m : kSizes)
      for (size_t n : kSizes)
        for (size_t k : kSizes)
          for (double beta : {0.0, 1.0, -0.5})
            ASSERT_NO_FATAL_FAILURE(check_gemm(rng, trans & 1, trans >> 1, m, n, k, beta));
}

TEST(Linalg, EmptySumsWithDenseStrides) {
  double c[4] = {1, 2, 3, 4}, y[2] = {5, 6}, s[4] = {1, 7, 7, 1}, nothing = 0;
  pdlt_gemm(0, 0, 2, 2, 0, 1.0, &nothing, 0, &nothing, 2, 0.5, c, 2);
  EXPECT_EQ(c[3], 2.0);
  pdlt_gemm(0, 1, 2, 2, 0, 1.0, &nothing, 0, &nothing, 0, 0.0, c, 2);
  EXPECT_EQ(c[0], 0.0);
  pdlt_gemv(0, 2, 0, 1.0, &nothing, 0, &nothing, 0.5, y);
  EXPECT_EQ(y[1], 3.0);
  pdlt_syrk(0, 2, 0, 1.0, &nothing, 0, 2.0, s, 2);
  EXPECT_EQ(s[1], 14.0);
  EXPECT_EQ(s[2], 14.0);
}

TEST(Linalg, BetaZeroForgetsWhatWasThere) {
  double nan = std::numeric_limits<double>::quiet_NaN(), a = 2, b = 3, c = nan, y = nan, s = nan;
  pdlt_gemm(0, 0, 1, 1, 1, 1.0, &a, 1, &b, 1, 0.0, &c, 1);
  pdlt_gemv(0, 1, 1, 1.0, &a, 1, &b, 0.0, &y);
  pdlt_syrk(0, 1, 1, 1.0, &a, 1, 0.0, &s, 1);
  EXPECT_EQ(c, 6.0);
  EXPECT_EQ(y, 6.0);
  EXPECT_EQ(s, 4.0);
}

TEST(Linalg, GemvAgreesWithLoops) {
  std::mt19937_64 rng(2);
  for (int trans : {0, 1})
    for (size_t rows : kSizes)
      for (size_t cols : kSizes)
        for (double beta : {0.0, 0.75}) {
          size_t lda = cols + 2, in = trans ? rows : cols, out = trans ? cols : rows;
          Vector a = random_vector(rng, rows * lda), x = random_vector(rng, in);
          Vector y = random_vector(rng, out), expected = y;
          for (size_t i = 0; i < out; i++) {
            expected[i] *= beta;
            for (size_t j = 0; j < in; j++)
              expected[i] += -2.0 * element(a, lda, trans, i, j) * x[j];
          }
          pdlt_gemv(trans, rows, cols, -2.0, a.data(), lda, x.data(), beta, y.data());
          for (size_t i = 0; i < out; i++) ASSERT_NEAR(y[i], expected[i], 1e-12);
        }
}

TEST(Linalg, SyrkFillsBothTriangles) {
  std::mt19937_64 rng(3);
  for (int trans : {0, 1})
    for (size_t n : kSizes)
      for (size_t k : kSizes)
        for (double beta : {0.0, 0.5}) {
          size_t lda = (trans ? n : k) + 1, ldc = n + 2;
          Vector a = random_vector(rng, (trans ? k : n) * lda), c(n * ldc, 4.0);
          pdlt_syrk(trans, n, k, 3.0, a.data(), lda, beta, c.data(), ldc);
          for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++) {
              double sum = 0;
              for (size_t l = 0; l < k; l++)
                sum += element(a, lda, trans, i, l) * element(a, lda, trans, j, l);
              ASSERT_NEAR(c[i * ldc + j], 3.0 * sum + beta * 4.0, 1e-11) << n << " " << k;
              ASSERT_EQ(c[i * ldc + j], c[j * ldc + i]);
            }
        }
}

// A = V^T diag V, V orthonormal, ascending values, sign rule.
void check_eigen(size_t n, const Vector &a) {
  Vector values(n), v(n * n), alone(n);
  ASSERT_EQ(pdlt_symmetric_eigen(n, a.data(), values.data(), v.data(), nullptr), PDLT_OK);
  ASSERT_EQ(pdlt_symmetric_eigen(n, a.data(), alone.data(), nullptr, nullptr), PDLT_OK);
  for (const bool with_vectors :
       {false, true}) { /* in memory of the caller: the same bits, nothing beyond */
    const size_t room = pdlt_symmetric_eigen_room(n, with_vectors);
    Vector work(room + 1, 7.0), same(n), same_v(n * n);
    ASSERT_EQ(pdlt_symmetric_eigen_in(n, a.data(), same.data(),
                                      with_vectors ? same_v.data() : nullptr, work.data()),
              0);
    ASSERT_EQ(same, with_vectors ? values : alone);
    ASSERT_EQ(same_v, with_vectors ? v : Vector(n * n));
    ASSERT_EQ(work[room], 7.0);
  }
  double tolerance = 1e-13;
  for (double x : values) tolerance = std::fmax(tolerance, 1e-13 * (double)n * std::fabs(x));
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) {
      double sum = 0, dot = 0;
      for (size_t k = 0; k < n; k++) {
        sum += values[k] * v[k * n + i] * v[k * n + j];
        dot += v[i * n + k] * v[j * n + k];
      }
      ASSERT_NEAR(sum, a[i * n + j], tolerance);
      ASSERT_NEAR(dot, i == j ? 1.0 : 0.0, 1e-12);
    }
  for (size_t k = 0; k < n; k++) {
    ASSERT_NEAR(alone[k], values[k], tolerance);
    if (k > 0) {
      ASSERT_LE(values[k - 1], values[k]);
    }
    double lowest = 0, highest = 0;
    for (size_t i = 0; i < n; i++) {
      lowest = std::fmin(lowest, v[k * n + i]);
      highest = std::fmax(highest, v[k * n + i]);
    }
    ASSERT_GE(highest, -lowest * (1 - 1e-8));
  }
}

TEST(Linalg, EigenvectorsRebuildTheMatrix) {
  std::mt19937_64 rng(4);
  for (size_t n : kSizes) {
    Vector a = random_vector(rng, n * n);
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j < i; j++) a[i * n + j] = a[j * n + i];
    ASSERT_NO_FATAL_FAILURE(check_eigen(n, a)) << n;
  }
}

// Rotations up to order 4, LAPACK beyond: entries of very different sizes, and one block of both.
TEST(Linalg, FewEigenvaluesAreThoseOfLapack) {
  std::mt19937_64 rng(5);
  for (size_t n = 1; n <= 4; n++)
    for (int trial = 0; trial < 50; trial++) {
      Vector a = random_vector(rng, n * n), large(25, 0.0), values(n), all(5);
      for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
          if (trial % 2) a[i * n + j] *= std::pow(10.0, -3.0 * (double)(i + j));
          a[j * n + i] = a[i * n + j];
        }
      ASSERT_NO_FATAL_FAILURE(check_eigen(n, a)) << n;
      for (size_t i = 0; i < 5; i++) large[i * 6] = 100;
      for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) large[i * 5 + j] = a[i * n + j];
      ASSERT_EQ(pdlt_symmetric_eigen(n, a.data(), values.data(), nullptr, nullptr), PDLT_OK);
      ASSERT_EQ(pdlt_symmetric_eigen(5, large.data(), all.data(), nullptr, nullptr), PDLT_OK);
      for (size_t i = 0; i < n; i++) ASSERT_NEAR(values[i], all[i], 1e-13);
    }
}

TEST(Linalg, DegenerateEigenvalues) {
  for (size_t n : {1u, 2u, 4u, 5u, 12u}) {
    Vector zero(n * n, 0.0), ones(n * n, 1.0), scaled(n * n, 0.0);
    for (size_t i = 0; i < n; i++) scaled[i * n + i] = 2.5;
    ASSERT_NO_FATAL_FAILURE(check_eigen(n, zero));
    ASSERT_NO_FATAL_FAILURE(check_eigen(n, ones));
    ASSERT_NO_FATAL_FAILURE(check_eigen(n, scaled));
  }
}

TEST(Linalg, KnownEigenvalues) {
  double a[4] = {2, -1, -1, 2}, values[2], v[4];
  ASSERT_EQ(pdlt_symmetric_eigen(2, a, values, v, nullptr), PDLT_OK);
  EXPECT_NEAR(values[0], 1.0, 1e-15);
  EXPECT_NEAR(values[1], 3.0, 1e-15);
  EXPECT_NEAR(v[0], std::sqrt(0.5), 1e-15);  // the first of equally large components is positive
  EXPECT_NEAR(v[2], std::sqrt(0.5), 1e-15);
  EXPECT_NEAR(v[3], -std::sqrt(0.5), 1e-15);
}

TEST(Linalg, EigenFailuresLeaveTheOutputs) {
  double a[4] = {1, NAN, NAN, 1}, values[6] = {-7, -7}, v[36] = {8, 8, 8, 8};
  const Vector good(36, 1.0);
  pdlt_error err = {};
  EXPECT_EQ(pdlt_symmetric_eigen(2, a, values, v, &err), PDLT_ERR_NUMERIC);
  EXPECT_STRNE(err.message, "");
  pdlt_memory_fail_after(0);
  EXPECT_EQ(pdlt_symmetric_eigen(6, good.data(), values, v, &err), PDLT_ERR_MEMORY);
  pdlt_memory_fail_after(-1);
  EXPECT_EQ(pdlt_symmetric_eigen_in(2, a, values, v, nullptr), 1);
  EXPECT_EQ(values[1], -7);
  EXPECT_EQ(v[3], 8);
}

TEST(Linalg, CholeskyRebuildsTheMatrix) {
  std::mt19937_64 rng(5);
  for (size_t n : kSizes) {
    Vector a = random_spd(rng, n), g(n * n, 9.0);
    ASSERT_EQ(pdlt_cholesky(n, a.data(), g.data(), nullptr), PDLT_OK);
    Vector overwritten = a;
    ASSERT_EQ(pdlt_positive_definite(n, overwritten.data()), 1);
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j < n; j++) {
        double sum = 0;
        for (size_t k = 0; k < n; k++) sum += g[i * n + k] * g[j * n + k];
        ASSERT_NEAR(sum, a[i * n + j], 1e-12 * (1 + std::fabs(a[i * n + j])) * 10);
        if (j > i) {
          ASSERT_EQ(g[i * n + j], 0.0);
        }
      }
  }
}

TEST(Linalg, SolveSatisfiesTheEquation) {
  std::mt19937_64 rng(6);
  for (size_t n : kSizes)
    for (size_t m : {0u, 1u, 5u}) {
      Vector a = random_spd(rng, n), b = random_vector(rng, n * m), x = b;
      ASSERT_EQ(pdlt_solve_spd(n, a.data(), m, x.data(), nullptr), PDLT_OK);
      Vector factor = a, same = b; /* without allocation: the same bits */
      ASSERT_EQ(pdlt_positive_definite(n, factor.data()), 1);
      pdlt_cholesky_solve(n, factor.data(), m, same.data());
      ASSERT_EQ(same, x);
      for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < m; j++) {
          double sum = 0;
          for (size_t k = 0; k < n; k++) sum += a[i * n + k] * x[k * m + j];
          ASSERT_NEAR(sum, b[i * m + j], 1e-10);
        }
    }
}

TEST(Linalg, NotPositiveDefiniteIsRefused) {
  const double bad[][4] = {{1, 2, 2, 1},  {1, 1, 1, 1},     {0, 0, 0, 0},
                           {-1, 0, 0, 1}, {1, NAN, NAN, 1}, {NAN, 0, 0, 1}};
  for (const auto &a : bad) {
    double g[4] = {5, 5, 5, 5}, b[2] = {3, 4};
    pdlt_error err = {};
    EXPECT_EQ(pdlt_cholesky(2, a, g, &err), PDLT_ERR_NUMERIC) << a[0] << " " << a[1];
    EXPECT_EQ(g[0], 5);
    EXPECT_EQ(pdlt_solve_spd(2, a, 1, b, &err), PDLT_ERR_NUMERIC);
    EXPECT_EQ(b[0], 3);
    EXPECT_STRNE(err.message, "");
    double overwritten[4] = {a[0], a[1], a[2], a[3]};
    EXPECT_EQ(pdlt_positive_definite(2, overwritten), 0) << a[0] << " " << a[1];
  }
}

TEST(Linalg, ThreadsAreAllowedAndNamed) {
  EXPECT_EQ(pdlt_linalg_init(2, nullptr), PDLT_OK);
  EXPECT_NE(std::string(pdlt_linalg_version()).find("OpenBLAS"), std::string::npos);
}

}  // namespace
