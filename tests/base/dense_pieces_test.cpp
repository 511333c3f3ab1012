// Sums of products of panels that lie anywhere against naive loops: every instruction set that the
// processor has, both precisions, random shapes and lists of pieces, none included.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <random>
#include <vector>

#include "base/core/memory.h"
#include "base/vector/dense.h"
#include "base/vector/kernels.h"

namespace {

template <class Real>
struct Types;
template <>
struct Types<double> {
  using Sum = pdlt_dense_sum_d;
  static const pdlt_dense_d &of(const pdlt_simd_set *set) { return set->dense->d; }
  static constexpr double rounding = 2.3e-16;
};
template <>
struct Types<float> {
  using Sum = pdlt_dense_sum_f;
  static const pdlt_dense_f &of(const pdlt_simd_set *set) { return set->dense->f; }
  static constexpr double rounding = 1.2e-7;
};

// `count` numbers, aligned, and some behind them that must stay.
template <class Real>
struct Block {
  Block(size_t count, std::mt19937_64 &gen) : size(count) {
    std::normal_distribution<double> normal;
    const size_t bytes =
        ((count + 16) * sizeof(Real) + PDLT_ALIGNMENT) / PDLT_ALIGNMENT * PDLT_ALIGNMENT;
    data = static_cast<Real *>(std::aligned_alloc(PDLT_ALIGNMENT, bytes));
    for (size_t i = 0; i < count + 16; i++) data[i] = Real(i < count ? normal(gen) : 777);
  }
  ~Block() {
    for (size_t i = size; i < size + 16; i++) EXPECT_EQ(data[i], Real(777)) << "beyond the end";
    std::free(data);
  }
  Block(const Block &) = delete;
  size_t size;
  Real *data;
};

template <class Real>
void check(const pdlt_simd_set *set, std::mt19937_64 &gen) {
  const auto &dense = Types<Real>::of(set);
  const size_t V = dense.lanes, rows = 1 + gen() % 21, depth = 1 + gen() % 21;
  const size_t cols = V * (1 + gen() % 7), blocks = 1 + gen() % 5;
  const bool transposed = gen() % 2 == 0, with_start = gen() % 2 == 0, add = gen() % 2 == 0;
  const size_t a_rows = transposed ? depth : rows, a_cols = transposed ? rows : depth;
  const size_t a_size = pdlt_panel_size(a_rows, a_cols, V),
               b_size = pdlt_panel_size(depth, cols, V);
  Block<Real> a(blocks * a_size, gen), b(blocks * b_size, gen), z(rows * cols, gen);
  Block<Real> start(transposed ? rows * cols : (rows + V) / V * V, gen);
  std::vector<pdlt_dense_piece> pieces(gen() % 6);
  for (pdlt_dense_piece &p : pieces) p = {gen() % blocks * a_size, gen() % blocks * b_size};
  std::vector<double> expected(rows * cols), size(rows * cols, 1);
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < cols; j++) {
      const size_t at = pdlt_panel_at(rows, i, j, V);
      double sum = 0;
      for (const pdlt_dense_piece &p : pieces)
        for (size_t k = 0; k < depth; k++) {
          const Real left = a.data[p.a + (transposed ? pdlt_panel_at(depth, k, i, V)
                                                     : pdlt_panel_at(rows, i, k, V))];
          sum += double(left) * double(b.data[p.b + pdlt_panel_at(depth, k, j, V)]);
          size[at] += std::fabs(double(left));
        }
      if (transposed && with_start) sum *= double(start.data[at]);
      if (!transposed && with_start) sum += double(start.data[i]);
      if (!transposed && add) sum += double(z.data[at]);
      expected[at] = sum;
    }
  typename Types<Real>::Sum s = {};
  s.rows = rows;
  s.depth = depth;
  s.cols = cols;
  s.a = a.data;
  s.b = b.data;
  s.piece = pieces.data();
  s.pieces = pieces.size();
  (transposed ? s.scale : s.bias) = with_start ? start.data : nullptr;
  s.add = !transposed && add;
  s.z = z.data;
  (transposed ? dense.sum_transposed : dense.sum)(&s);
  for (size_t i = 0; i < rows * cols; i++)
    EXPECT_NEAR(double(z.data[i]), expected[i], 40 * Types<Real>::rounding * size[i])
        << set->name << " " << rows << " " << depth << " " << cols << " " << transposed;
}

template <class Real>
void check_transpose(const pdlt_simd_set *set, std::mt19937_64 &gen) {
  const auto &dense = Types<Real>::of(set);
  const size_t V = dense.lanes, rows = 1 + gen() % 40, cols = V * (1 + gen() % 4);
  const size_t wide = pdlt_panels(rows, V) * V;
  Block<Real> x(rows * cols, gen), out(cols * wide, gen);
  dense.transpose(rows, cols, Real(0.5), x.data, out.data);
  for (size_t i = 0; i < wide; i++)
    for (size_t j = 0; j < cols; j++)
      EXPECT_EQ(out.data[pdlt_panel_at(cols, j, i, V)],
                i < rows ? Real(0.5) * x.data[pdlt_panel_at(rows, i, j, V)] : 0);
}

}  // namespace

TEST(DensePieces, SumsOfProductsAreNaiveLoops) {
  for (int k = 0; pdlt_simd_get(k) != nullptr; k++) {
    std::mt19937_64 gen(7);
    for (int trial = 0; trial < 300; trial++) {
      check<double>(pdlt_simd_get(k), gen);
      check<float>(pdlt_simd_get(k), gen);
      if (HasFailure()) return;
    }
  }
}

TEST(DensePieces, TransposesAreExact) {
  for (int k = 0; pdlt_simd_get(k) != nullptr; k++) {
    std::mt19937_64 gen(8);
    for (int trial = 0; trial < 60; trial++) {
      check_transpose<double>(pdlt_simd_get(k), gen);
      check_transpose<float>(pdlt_simd_get(k), gen);
      if (HasFailure()) return;
    }
  }
}
