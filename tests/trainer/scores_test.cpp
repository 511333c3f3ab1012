// Scores of candidates against known structure: brute force, invariances and cases with known values.
#include "trainer/features/scores.h"

#include <algorithm>
#include <numeric>

#include "base/core/memory.h"
#include "tests/trainer/support.h"
#include "trainer/features/assignment.h"

namespace {

using Matrix = std::vector<double>;  // row by row

Matrix gaussian(std::mt19937_64 &gen, size_t count) {
  std::normal_distribution<double> normal;
  Matrix m(count);
  for (double &v : m) v = normal(gen);
  return m;
}

double dot(size_t D, const double *a, const double *b) {
  return std::inner_product(a, a + D, b, 0.0);
}

// Orthonormal, centred rows, by Gram-Schmidt twice; rows + 1 <= D.
Matrix orthonormal(std::mt19937_64 &gen, size_t rows, size_t D) {
  Matrix m = gaussian(gen, rows * D);
  for (size_t i = 0; i < rows; i++)
    for (int pass = 0; pass < 2; pass++) {
      double *row = m.data() + i * D;
      const double mean = std::accumulate(row, row + D, 0.0) / (double)D;
      for (size_t a = 0; a < D; a++) row[a] -= mean;
      for (size_t j = 0; j < i; j++) {
        const double c = dot(D, row, m.data() + j * D);
        for (size_t a = 0; a < D; a++) row[a] -= c * m[j * D + a];
      }
      const double length = std::sqrt(dot(D, row, row));
      for (size_t a = 0; a < D; a++) row[a] /= length;
    }
  return m;
}

// The best sum of weights by trying every choice for each row, or none.
double brute_force(size_t rows, size_t columns, const Matrix &weight, size_t row, unsigned used) {
  if (row == rows) return 0;
  double best = -INFINITY;
  const size_t left = rows - row, free = columns - (size_t)__builtin_popcount(used);
  if (left > free) best = brute_force(rows, columns, weight, row + 1, used);
  for (size_t j = 0; j < columns; j++)
    if (!(used & 1u << j))
      best = std::max(best, weight[row * columns + j] +
                                brute_force(rows, columns, weight, row + 1, used | 1u << j));
  return best;
}

struct Scores {
  double value[PDLT_SCORE_COUNT] = {-1, -1, -1};
  Scores(const std::vector<size_t> &sizes, size_t D, const Matrix &v, const Matrix &u) {
    pdlt_error err = {};
    const pdlt_structure st = {sizes.size(), D, sizes.data(), v.data()};
    EXPECT_EQ(pdlt_scores(&st, u.size() / D, u.data(), value, &err), PDLT_OK) << err.message;
  }
  double A() const { return value[PDLT_SCORE_ONE]; }
  double B() const { return value[PDLT_SCORE_SPAN]; }
  double P() const { return value[PDLT_SCORE_PURITY]; }
};

// Rows of `rotation` as combinations of the rows of u.
Matrix combine(const Matrix &rotation, size_t rows, const Matrix &u, size_t D) {
  const size_t count = u.size() / D;
  Matrix out(rows * D);
  for (size_t i = 0; i < rows; i++)
    for (size_t k = 0; k < count; k++)
      for (size_t a = 0; a < D; a++) out[i * D + a] += rotation[i * count + k] * u[k * D + a];
  return out;
}

}  // namespace

TEST(Assignment, IsTheBestOfAllChoices) {
  std::mt19937_64 gen(5);
  for (int trial = 0; trial < 300; trial++) {
    const size_t rows = gen() % 6, columns = gen() % 6;
    Matrix weight = gaussian(gen, rows * columns);
    if (trial % 3 == 0)
      for (double &w : weight) w = std::round(w); /* ties */
    double best = -1;
    pdlt_error err = {};
    ASSERT_EQ(pdlt_assignment(rows, columns, weight.data(), &best, &err), PDLT_OK);
    const double expected =
        rows == 0 || columns == 0 ? 0 : brute_force(rows, columns, weight, 0, 0);
    ASSERT_NEAR(best, expected, 1e-12) << rows << " x " << columns;
  }
}

TEST(Assignment, OfLargeMatricesIsBoundedByDuality) {
  std::mt19937_64 gen(6);
  const size_t rows = 40, columns = 70;
  Matrix weight = gaussian(gen, rows * columns);
  std::vector<size_t> place(columns);
  std::iota(place.begin(), place.end(), 0);
  std::shuffle(place.begin(), place.end(), gen);
  double best = 0;
  pdlt_error err = {};
  for (size_t i = 0; i < rows; i++) weight[i * columns + place[i]] += 20; /* beats all others */
  double expected = 0;
  for (size_t i = 0; i < rows; i++) expected += weight[i * columns + place[i]];
  ASSERT_EQ(pdlt_assignment(rows, columns, weight.data(), &best, &err), PDLT_OK);
  EXPECT_NEAR(best, expected, 1e-9);
  pdlt_memory_fail_after(1);
  EXPECT_EQ(pdlt_assignment(rows, columns, weight.data(), &best, &err), PDLT_ERR_MEMORY);
  pdlt_memory_fail_after(-1);
}

TEST(Scores, FunctionsAreCentredAndOfLengthOne) {
  std::mt19937_64 gen(1);
  const size_t D = 9;
  Matrix u = gaussian(gen, 3 * D);
  for (size_t a = 0; a < D; a++) u[D + a] = 0.1; /* a constant */
  const Matrix before = u;
  pdlt_functions_normalize(3, D, u.data());
  for (size_t a = 0; a < D; a++) EXPECT_EQ(u[D + a], 0);
  for (const size_t k : {0, 2}) {
    const double *row = u.data() + k * D;
    EXPECT_NEAR(std::accumulate(row, row + D, 0.0), 0, 1e-14);
    EXPECT_NEAR(dot(D, row, row), 1, 1e-14);
    EXPECT_NEAR((before[k * D] - before[k * D + 1]) * (row[2] - row[3]),
                (before[k * D + 2] - before[k * D + 3]) * (row[0] - row[1]), 1e-13);
  }
  double one = 3;
  pdlt_functions_normalize(1, 1, &one);
  EXPECT_EQ(one, 0);
}

// The structure itself, in any order within blocks, has all three scores 1; what is orthogonal 0.
TEST(Scores, OfTheStructureItselfAreOne) {
  std::mt19937_64 gen(2);
  const size_t D = 12;
  const std::vector<size_t> sizes = {1, 3, 2};
  const Matrix all = orthonormal(gen, 9, D);
  const Matrix v(all.begin(), all.begin() + 6 * (long)D),
      rest(all.begin() + 6 * (long)D, all.end());
  const Scores same(sizes, D, v, v), none(sizes, D, v, rest), nothing(sizes, D, v, {});
  EXPECT_NEAR(same.A(), 1, 1e-14);
  EXPECT_NEAR(same.B(), 1, 1e-14);
  EXPECT_NEAR(same.P(), 1, 1e-14);
  for (const Scores &s : {none, nothing}) {
    EXPECT_NEAR(s.A(), 0, 1e-14);
    EXPECT_NEAR(s.B(), 0, 1e-14);
    EXPECT_NEAR(s.P(), 0, 1e-14);
  }
  // Inside a block rotations do not matter, not even one by one.
  Matrix turned = v;
  const double c = std::cos(0.7), s = std::sin(0.7);
  for (size_t a = 0; a < D; a++) {
    turned[D + a] = c * v[D + a] + s * v[2 * D + a];
    turned[2 * D + a] = c * v[2 * D + a] - s * v[D + a];
  }
  EXPECT_NEAR(Scores(sizes, D, v, turned).A(), 1, 1e-14);
}

// Two of four places by one candidate each, one twice, one halfway between two blocks.
TEST(Scores, OfMixturesByHand) {
  std::mt19937_64 gen(3);
  const size_t D = 10;
  const Matrix all = orthonormal(gen, 4, D);
  const std::vector<size_t> sizes = {1, 1, 2};
  Matrix u(4 * D);
  for (size_t a = 0; a < D; a++) {
    u[a] = all[a];                                                 /* block 1 */
    u[D + a] = all[a];                                             /* the same again */
    u[2 * D + a] = std::sqrt(0.5) * (all[D + a] + all[2 * D + a]); /* half block 2, half block 3 */
    u[3 * D + a] = all[3 * D + a];                                 /* block 3 */
  }
  const Scores s(sizes, D, all, u);
  EXPECT_NEAR(s.A(), (1 + 0.5 + 1) / 4, 1e-14); /* the repeated one finds no place */
  EXPECT_NEAR(s.B(), (1 + 0.5 + 0.5 + 1) / 4, 1e-14);
  EXPECT_NEAR(s.P(), (1 + 1 + 0.5 + 1) / 4, 1e-14);
}

TEST(Scores, SubspaceIsWhateverTheBasis) {
  std::mt19937_64 gen(4);
  for (int trial = 0; trial < 40; trial++) {
    const size_t D = 8 + gen() % 8, count = 1 + gen() % 6, extra = gen() % 3;
    const std::vector<size_t> sizes = {1 + gen() % 3, 1 + gen() % 3};
    const Matrix v = orthonormal(gen, sizes[0] + sizes[1], D);
    Matrix u = gaussian(gen, count * D);
    pdlt_functions_normalize(count, D, u.data());
    // Any other basis of the span, with vectors to spare.
    Matrix other = combine(gaussian(gen, (count + extra) * count), count + extra, u, D);
    pdlt_functions_normalize(count + extra, D, other.data());
    const Scores one(sizes, D, v, u), two(sizes, D, v, other);
    ASSERT_NEAR(one.B(), two.B(), 1e-9);
    // By orthogonalization in place of eigenvectors.
    Matrix q;
    for (size_t k = 0; k < count; k++) {
      Matrix row(u.begin() + (long)(k * D), u.begin() + (long)((k + 1) * D));
      for (int pass = 0; pass < 2; pass++)
        for (size_t j = 0; j < q.size() / D; j++) {
          const double c = dot(D, row.data(), q.data() + j * D);
          for (size_t a = 0; a < D; a++) row[a] -= c * q[j * D + a];
        }
      const double length = std::sqrt(dot(D, row.data(), row.data()));
      for (double &x : row) x /= length;
      q.insert(q.end(), row.begin(), row.end());
    }
    double sum = 0;
    for (size_t i = 0; i < v.size() / D; i++)
      for (size_t j = 0; j < q.size() / D; j++)
        sum += std::pow(dot(D, v.data() + i * D, q.data() + j * D), 2);
    ASSERT_NEAR(one.B(), sum / (double)(sizes[0] + sizes[1]), 1e-9);
  }
}

// A against every one-to-one choice of places.
TEST(Scores, OneByOneIsTheBestAssignment) {
  std::mt19937_64 gen(8);
  for (int trial = 0; trial < 40; trial++) {
    const size_t D = 9, count = 1 + gen() % 5;
    const std::vector<size_t> sizes = {1 + gen() % 2, 2};
    const size_t size = sizes[0] + sizes[1];
    const Matrix v = orthonormal(gen, size, D);
    Matrix u = gaussian(gen, count * D), weight;
    pdlt_functions_normalize(count, D, u.data());
    double purity = 0;
    for (size_t k = 0; k < count; k++) {
      double share[2] = {0, 0};
      for (size_t i = 0; i < size; i++)
        share[i >= sizes[0]] += std::pow(dot(D, v.data() + i * D, u.data() + k * D), 2);
      for (size_t i = 0; i < size; i++) weight.push_back(share[i >= sizes[0]]);
      purity += std::max(share[0], share[1]) / (double)count;
    }
    const Scores s(sizes, D, v, u);
    EXPECT_NEAR(s.A(), brute_force(count, size, weight, 0, 0) / (double)size, 1e-12);
    EXPECT_NEAR(s.P(), purity, 1e-12);
  }
}

TEST(Scores, MemoryFailuresLeaveNothing) {
  std::mt19937_64 gen(9);
  const size_t D = 6, sizes[] = {1, 2};
  const Matrix v = orthonormal(gen, 3, D);
  const pdlt_structure st = {2, D, sizes, v.data()};
  for (long calls = 0; calls < 6; calls++) {
    double out[PDLT_SCORE_COUNT] = {7, 7, 7};
    pdlt_error err = {};
    pdlt_memory_fail_after(calls);
    EXPECT_EQ(pdlt_scores(&st, 3, v.data(), out, &err), PDLT_ERR_MEMORY) << calls;
    pdlt_memory_fail_after(-1);
    EXPECT_EQ(out[0], 7);
  }
}
