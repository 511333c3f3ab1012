// Leading eigenfunctions of centred kernels, and rotations of them.
#include "trainer/features/leading.h"

#include "tests/trainer/support.h"

namespace {

using Matrix = std::vector<double>;

Matrix gaussian(std::mt19937_64 &gen, size_t count) {
  std::normal_distribution<double> normal;
  Matrix m(count);
  for (double &v : m) v = normal(gen);
  return m;
}

// A symmetric matrix with eigenvalues of both signs.
Matrix symmetric(std::mt19937_64 &gen, size_t D) {
  const Matrix a = gaussian(gen, D * D);
  Matrix s(D * D);
  for (size_t i = 0; i < D * D; i++) s[i] = a[i] + a[i % D * D + i / D];
  return s;
}

double dot(size_t D, const double *a, const double *b) {
  double sum = 0;
  for (size_t i = 0; i < D; i++) sum += a[i] * b[i];
  return sum;
}

TEST(Leading, CentringIsTheProjectionOnBothSides) {
  std::mt19937_64 gen(1);
  for (const size_t D : {1, 2, 7}) {
    const Matrix k = gaussian(gen, D * D);
    Matrix c(D * D), again = k;
    pdlt_kernel_center(D, k.data(), c.data());
    pdlt_kernel_center(D, again.data(), again.data());
    EXPECT_EQ(c, again);
    for (size_t a = 0; a < D; a++)
      for (size_t b = 0; b < D; b++) {
        double expected = 0;
        for (size_t s = 0; s < D; s++)
          for (size_t t = 0; t < D; t++)
            expected += ((a == s) - 1.0 / (double)D) * k[s * D + t] * ((t == b) - 1.0 / (double)D);
        EXPECT_NEAR(c[a * D + b], expected, 1e-13);
      }
  }
}

TEST(Leading, FunctionsMakeUpTheCentredKernelBySize) {
  std::mt19937_64 gen(2);
  for (const size_t D : {1, 2, 5, 9}) {
    const Matrix k = symmetric(gen, D);
    Matrix values(D), u(D * D), c(D * D), sum(D * D);
    pdlt_error err = {};
    ASSERT_EQ(pdlt_leading(D, k.data(), values.data(), u.data(), &err), PDLT_OK);
    pdlt_kernel_center(D, k.data(), c.data());
    for (size_t a = 0; a < D; a++) {
      if (a > 0) {
        EXPECT_LE(std::fabs(values[a]), std::fabs(values[a - 1]));
      }
      for (size_t i = 0; i < D * D; i++) sum[i] += values[a] * u[a * D + i / D] * u[a * D + i % D];
      for (size_t b = 0; b < D; b++)
        EXPECT_NEAR(dot(D, u.data() + a * D, u.data() + b * D), a == b, 1e-12);
    }
    for (size_t i = 0; i < D * D; i++) EXPECT_NEAR(sum[i], c[i], 1e-12 * (1 + std::fabs(c[i])));
    EXPECT_EQ(pdlt_leading_rank(D, values.data()), D - 1); /* the constant function */
  }
}

TEST(Leading, RankOfAChangeThatIsNone) {
  const double zero[3] = {0, 0, 0}, one[3] = {2, -1e-9, 1e-15};
  EXPECT_EQ(pdlt_leading_rank(3, zero), 0u);
  EXPECT_EQ(pdlt_leading_rank(3, one), 2u);
}

TEST(Leading, RotationKeepsTheSpanAndItsProducts) {
  std::mt19937_64 gen(3);
  const size_t count = 4, D = 7;
  Matrix u(D * D), values(D), r(count * D), other(count * D);
  const Matrix k = symmetric(gen, D);
  pdlt_error err = {};
  const pdlt_rng rng = {5, 8, 0, 6001}, next = {5, 8, 1, 6001};
  ASSERT_EQ(pdlt_leading(D, k.data(), values.data(), u.data(), &err), PDLT_OK);
  ASSERT_EQ(pdlt_functions_rotate(&rng, count, D, u.data(), r.data(), &err), PDLT_OK);
  ASSERT_EQ(pdlt_functions_rotate(&next, count, D, u.data(), other.data(), &err), PDLT_OK);
  double apart = 0;
  for (size_t a = 0; a < count; a++) {
    for (size_t b = 0; b < count; b++)
      EXPECT_NEAR(dot(D, r.data() + a * D, r.data() + b * D), a == b, 1e-12);
    for (size_t b = count; b < D; b++)
      EXPECT_NEAR(dot(D, r.data() + a * D, u.data() + b * D), 0, 1e-12);
    apart += std::fabs(dot(D, r.data() + a * D, u.data() + a * D)) / count;
  }
  EXPECT_LT(apart, 0.9);
  EXPECT_NE(r, other);
  pdlt_memory_fail_after(0);
  EXPECT_EQ(pdlt_functions_rotate(&rng, count, D, u.data(), r.data(), &err), PDLT_ERR_MEMORY);
  pdlt_memory_fail_after(0);
  EXPECT_EQ(pdlt_leading(D, k.data(), values.data(), u.data(), &err), PDLT_ERR_MEMORY);
  pdlt_memory_fail_after(-1);
}

// Over many draws every component of a rotated function is as large as any other.
TEST(Leading, RotationsAreUniform) {
  const size_t count = 3;
  const Matrix one = {1, 0, 0, 0, 1, 0, 0, 0, 1};
  Matrix r(9), square(9);
  pdlt_error err = {};
  const int draws = 4000;
  for (int k = 0; k < draws; k++) {
    const pdlt_rng rng = {1, 2, (uint64_t)k, 6001};
    ASSERT_EQ(pdlt_functions_rotate(&rng, count, count, one.data(), r.data(), &err), PDLT_OK);
    for (int i = 0; i < 9; i++) square[i] += r[i] * r[i] / draws;
  }
  for (const double s : square) EXPECT_NEAR(s, 1 / 3.0, 0.025); /* five standard errors */
}

}  // namespace
