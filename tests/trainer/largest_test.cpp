// Largest eigenvalue of a symmetric matrix: against LAPACK, and to the last bit against bisection
// with a plain factorization for every question.
#include "trainer/measure/largest.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "base/vector/linalg.h"

namespace {

using Matrix = std::vector<double>;

// sum_k value[k] u_k u_k^T with the orthonormal columns of a product of reflections.
Matrix with_values(std::mt19937_64 &gen, const std::vector<double> &value) {
  const size_t q = value.size();
  std::normal_distribution<double> normal;
  Matrix a(q * q);
  for (size_t k = 0; k < q; k++) a[k * q + k] = value[k];
  for (int turn = 0; turn < 3; turn++) {
    std::vector<double> u(q), au(q);
    double square = 0, inner = 0;
    for (double &x : u) x = normal(gen);
    for (const double x : u) square += x * x;
    for (double &x : u) x /= std::sqrt(square);
    for (size_t i = 0; i < q; i++)
      for (size_t j = 0; j < q; j++) au[i] += a[i * q + j] * u[j];
    for (size_t i = 0; i < q; i++) inner += u[i] * au[i];
    for (size_t i = 0; i < q; i++)
      for (size_t j = 0; j <= i; j++)
        a[i * q + j] = a[j * q + i] =
            a[i * q + j] - 2 * u[i] * au[j] - 2 * au[i] * u[j] + 4 * inner * u[i] * u[j];
  }
  return a;
}

bool plainly_below(size_t q, const Matrix &a, double bound) {
  Matrix factor(q * q);
  for (size_t i = 0; i < q; i++)
    for (size_t j = 0; j <= i; j++) {
      double rest = (i == j ? bound : 0) - a[i * q + j];
      for (size_t k = 0; k < j; k++) rest -= factor[i * q + k] * factor[j * q + k];
      if (i == j && !(rest > 0)) return false;
      factor[i * q + j] = i == j ? std::sqrt(rest) : rest / factor[j * q + j];
    }
  return true;
}

double plainly_bisected(size_t q, const Matrix &a) {
  double low = 0, high = 0;
  for (size_t i = 0; i < q; i++) {
    double sum = 0;
    for (size_t j = 0; j < q; j++) sum += std::fabs(a[i * q + j]);
    high = std::fmax(high, sum);
    low = std::fmax(low, a[i * q + i]);
  }
  while (high - low > 1e-9 * high) {
    const double middle = 0.5 * (low + high);
    (plainly_below(q, a, middle) ? high : low) = middle;
  }
  return 0.5 * (low + high);
}

std::vector<double> falling(size_t q, double first, double ratio) {
  std::vector<double> value(q);
  for (size_t k = 0; k < q; k++) value[k] = k == 0 ? first : value[k - 1] * ratio;
  return value;
}

double largest(const Matrix &a, size_t q) {
  std::vector<double> work(pdlt_largest_room(q));
  return pdlt_largest_eigenvalue(q, a.data(), work.data());
}

TEST(Largest, IsThatOfPlainBisectionToTheLastBit) {
  std::mt19937_64 gen(5);
  for (const size_t q :
       {size_t{1}, size_t{2}, size_t{7}, size_t{32}, size_t{33}, size_t{60}, size_t{170}}) {
    for (const double ratio :
         {0.5, 0.9, 0.999}) { /* the last: close to each other, Lanczos ends late */
      const Matrix a = with_values(gen, falling(q, 3.7, ratio));
      const double found = largest(a, q);
      EXPECT_NEAR(found, 3.7, 2e-9 * 3.7) << q << " " << ratio;
      EXPECT_EQ(found, plainly_bisected(q, a)) << q << " " << ratio;
    }
  }
}

TEST(Largest, OfEqualOnesOfNoneAndOfTheUnit) {
  std::mt19937_64 gen(6);
  std::vector<double> value(80, 0.1);
  for (size_t k = 0; k < 10; k++) value[k] = 2;
  const Matrix twice = with_values(gen, value);
  EXPECT_NEAR(largest(twice, 80), 2, 4e-9);
  EXPECT_EQ(largest(twice, 80), plainly_bisected(80, twice));
  Matrix unit(64 * 64), one(64 * 64, 0.25);
  EXPECT_EQ(largest(unit, 64), 0);
  for (size_t i = 0; i < 64; i++) unit[i * 64 + i] = 1;
  EXPECT_NEAR(largest(unit, 64), 1, 1e-9);
  EXPECT_NEAR(largest(one, 64), 16, 2e-8); /* rank one */
  EXPECT_EQ(largest({}, 0), 0);
  one[5] = one[5 * 64] = NAN;
  EXPECT_TRUE(std::isinf(largest(one, 64)));
}

// A lower bound always, and as a rule all digits of it.
TEST(Largest, RitzValuesStayBelow) {
  std::mt19937_64 gen(7);
  for (const size_t q : {size_t{1}, size_t{5}, size_t{40}, size_t{200}}) {
    Matrix a = with_values(gen, falling(q, 1, 0.97));
    std::vector<double> work(pdlt_largest_room(q)), value(q);
    if (q <= PDLT_LARGEST_FEW) work.resize((q + 1) * q + q);
    const double ritz = pdlt_largest_ritz(q, a.data(), work.data());
    ASSERT_EQ(pdlt_symmetric_eigen(q, a.data(), value.data(), nullptr, nullptr), PDLT_OK);
    EXPECT_LE(ritz, value[q - 1] * (1 + 1e-13)) << q;
    EXPECT_GE(ritz, value[q - 1] * (1 - 1e-10)) << q;
  }
}

TEST(Largest, BelowIsDecidedOnBothSides) {
  std::mt19937_64 gen(8);
  for (const size_t q : {size_t{3}, size_t{32}, size_t{33}, size_t{120}}) {
    const Matrix a = with_values(gen, falling(q, 5, 0.8));
    std::vector<double> work(pdlt_largest_room(q));
    EXPECT_EQ(pdlt_largest_below(q, a.data(), 5 * (1 + 1e-11), work.data()), 1) << q;
    EXPECT_EQ(pdlt_largest_below(q, a.data(), 5 * (1 - 1e-11), work.data()), 0) << q;
  }
}

}  // namespace
