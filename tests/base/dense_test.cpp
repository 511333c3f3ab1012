// The products in panels against naive loops: every instruction set that the processor has, both
// precisions, random shapes, sizes 0 and 1 and sizes beside the vector's included.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "base/core/memory.h"
#include "base/vector/dense.h"
#include "base/vector/kernels.h"

namespace {

template <class Real>
struct Types;
template <>
struct Types<double> {
  using Kernels = pdlt_dense_d;
  using Product = pdlt_dense_product_d;
  using Layer = pdlt_dense_layer_d;
  static const Kernels &of(const pdlt_simd_set *set) { return set->dense->d; }
  static constexpr double rounding = 2.3e-16;
};
template <>
struct Types<float> {
  using Kernels = pdlt_dense_f;
  using Product = pdlt_dense_product_f;
  using Layer = pdlt_dense_layer_f;
  static const Kernels &of(const pdlt_simd_set *set) { return set->dense->f; }
  static constexpr double rounding = 1.2e-7;
};

// A matrix in panels or a state (base/vector/dense.h), aligned, between guards.
template <class Real>
class Matrix {
 public:
  Matrix(size_t height, size_t width, size_t V, bool is_state)
      : rows(height),
        cols(width),
        lanes(V),
        size(is_state ? pdlt_state_size(height, width, V) : pdlt_panel_size(height, width, V)),
        state(is_state),
        real(size, false) {
    const size_t bytes = (size + 2 * guard) * sizeof(Real);
    all = static_cast<Real *>(std::aligned_alloc(
        PDLT_ALIGNMENT, (bytes + PDLT_ALIGNMENT - 1) / PDLT_ALIGNMENT * PDLT_ALIGNMENT));
    for (size_t i = 0; i < size + 2 * guard; i++) all[i] = Real(guard_value);
    for (size_t i = 0; i < rows; i++)
      for (size_t j = 0; j < cols; j++) real[where(i, j)] = true;
  }
  ~Matrix() { std::free(all); }
  Matrix(const Matrix &) = delete;
  Matrix &operator=(const Matrix &) = delete;
  Real *data() { return all + guard; }
  size_t where(size_t i, size_t j) const {
    return state ? pdlt_state_at(rows, cols, i, j, lanes) : pdlt_panel_at(rows, i, j, lanes);
  }
  Real &at(size_t i, size_t j) { return data()[where(i, j)]; }
  void fill(std::mt19937_64 &gen, bool zero_padding) {
    std::normal_distribution<double> normal;
    for (size_t i = 0; i < size; i++)
      data()[i] = zero_padding && !real[i] ? Real(0) : Real(normal(gen));
  }
  std::vector<double> values() {
    std::vector<double> out(rows * cols);
    for (size_t i = 0; i < rows; i++)
      for (size_t j = 0; j < cols; j++) out[i * cols + j] = double(at(i, j));
    return out;
  }
  // Whether padding from number `first` on is zero; the tail of a state begins there.
  bool zero_padding(size_t first) {
    for (size_t i = first; i < size; i++)
      if (!real[i] && data()[i] != 0) return false;
    return true;
  }
  bool zero_tail() {
    const size_t tail = pdlt_tail(cols, lanes);
    return tail == 0 || zero_padding(rows * (cols - tail));
  }
  bool guarded() const {
    for (size_t i = 0; i < guard; i++)
      if (all[i] != Real(guard_value) || all[guard + size + i] != Real(guard_value)) return false;
    return true;
  }
  size_t rows, cols, lanes, size;

 private:
  static constexpr size_t guard = 16;
  static constexpr double guard_value = 12345;
  bool state;
  std::vector<bool> real;
  Real *all;
};

// Sums and the sums of absolute values, by which the rounding is judged.
struct Naive {
  std::vector<double> value, scale;
  explicit Naive(size_t count) : value(count, 0.0), scale(count, 0.0) {}
  void add(size_t at, double x) {
    value[at] += x;
    scale[at] += std::fabs(x);
  }
};

template <class Real>
void expect_near(Matrix<Real> &got, const Naive &naive, size_t terms, const std::string &what) {
  const std::vector<double> values = got.values();
  for (size_t i = 0; i < values.size(); i++)
    ASSERT_NEAR(values[i], naive.value[i],
                Types<Real>::rounding * (4 + std::sqrt(double(terms))) * naive.scale[i])
        << what << " element " << i;
  ASSERT_TRUE(got.guarded()) << what;
}

size_t random_size(std::mt19937_64 &gen) {
  switch (gen() % 4) {
    case 0:
      return gen() % 3;
    case 1:
      return 8 * (1 + gen() % 5) + gen() % 3 - 1;
    case 2:
      return 1 + gen() % 70;
    default:
      return 1 + gen() % 20;
  }
}

template <class Real>
void check_product(const pdlt_simd_set *set, std::mt19937_64 &gen, size_t rows, size_t depth,
                   size_t cols) {
  const typename Types<Real>::Kernels &kernels = Types<Real>::of(set);
  const size_t V = kernels.lanes;
  const bool a_state = gen() % 3 == 0;
  const int add = gen() % 2, with_bias = !add && gen() % 2;
  Matrix<Real> a(rows, depth, V, a_state), b(depth, cols, V, true), z(rows, cols, V, true),
      bias(pdlt_panels(rows, V) * V, 1, 1, false);
  a.fill(gen, true);
  b.fill(gen, false);
  z.fill(gen, false);
  bias.fill(gen, false);
  Naive naive(rows * cols);
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < cols; j++) {
      if (add) naive.add(i * cols + j, double(z.at(i, j)));
      if (with_bias) naive.add(i * cols + j, double(bias.at(i, 0)));
      for (size_t k = 0; k < depth; k++)
        naive.add(i * cols + j, double(a.at(i, k)) * double(b.at(k, j)));
    }
  typename Types<Real>::Product product = {};
  product.rows = rows;
  product.depth = depth;
  product.cols = cols;
  product.a = a.data();
  product.b = b.data();
  product.bias = with_bias ? bias.data() : nullptr;
  product.add = add;
  product.a_state = a_state;
  product.z = z.data();
  kernels.product(&product);
  const std::string what = std::string("product ") + set->name + " " + std::to_string(rows) + " " +
                           std::to_string(depth) + " " + std::to_string(cols);
  expect_near(z, naive, depth, what);
  ASSERT_TRUE(z.zero_tail()) << what;
}

template <class Real>
void check_layer(const pdlt_simd_set *set, std::mt19937_64 &gen, size_t in, size_t out,
                 size_t samples) {
  const typename Types<Real>::Kernels &kernels = Types<Real>::of(set);
  const size_t V = kernels.lanes;
  const bool with_below = gen() % 4 != 0;
  const double factor = -0.3;
  Matrix<Real> weight(out, in, V, false), above(out, samples, V, true), s(in, samples, V, true),
      slope(in, samples, V, true), below(in, samples, V, true),
      scratch(pdlt_dense_scratch(samples), 1, 1, false);
  weight.fill(gen, true);
  above.fill(gen, true);
  s.fill(gen, false);
  slope.fill(gen, false);
  Naive back(in * samples), moved(out * in);
  for (size_t i = 0; i < in; i++)
    for (size_t a = 0; a < samples; a++)
      for (size_t o = 0; o < out; o++)
        back.add(i * samples + a,
                 double(slope.at(i, a)) * double(weight.at(o, i)) * double(above.at(o, a)));
  for (size_t o = 0; o < out; o++)
    for (size_t i = 0; i < in; i++) {
      moved.add(o * in + i, double(weight.at(o, i)));
      for (size_t a = 0; a < samples; a++)
        moved.add(o * in + i, double(Real(factor)) * double(above.at(o, a)) * double(s.at(i, a)));
    }
  typename Types<Real>::Layer layer = {};
  layer.in = in;
  layer.out = out;
  layer.samples = samples;
  layer.factor = Real(factor);
  layer.weight = weight.data();
  layer.above = above.data();
  layer.s = s.data();
  layer.slope = with_below ? slope.data() : nullptr;
  layer.below = with_below ? below.data() : nullptr;
  layer.scratch = scratch.data();
  kernels.descend(&layer);
  const std::string what = std::string("layer ") + set->name + " " + std::to_string(out) + " " +
                           std::to_string(in) + " " + std::to_string(samples);
  if (with_below) {
    expect_near(below, back, out + 2, what + " below");
    ASSERT_TRUE(below.zero_tail()) << what;
  }
  expect_near(weight, moved, samples + 2, what + " weight");
  ASSERT_TRUE(weight.zero_padding(0)) << what;
  ASSERT_TRUE(scratch.guarded()) << what;
}

template <class Real>
void check_rows(const pdlt_simd_set *set, std::mt19937_64 &gen, size_t rows, size_t cols) {
  const typename Types<Real>::Kernels &kernels = Types<Real>::of(set);
  const size_t V = kernels.lanes;
  Matrix<Real> x(rows, cols, V, true), sum(pdlt_panels(rows, V) * V, 1, 1, false);
  x.fill(gen, true);
  sum.fill(gen, false);
  Naive naive(sum.rows);
  for (size_t i = 0; i < sum.rows; i++) naive.add(i, double(sum.at(i, 0)));
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < cols; j++) naive.add(i, 0.75 * double(x.at(i, j)));
  kernels.add_rows(rows, cols, Real(0.75), x.data(), sum.data());
  expect_near(sum, naive, cols + 1, std::string("rows ") + set->name);
}

// Every number of samples left over, with rows and depth around the vector's width.
template <class Real>
void check_leftovers() {
  for (int k = 0; pdlt_simd_get(k) != nullptr; k++) {
    const pdlt_simd_set *set = pdlt_simd_get(k);
    const size_t V = Types<Real>::of(set).lanes;
    std::mt19937_64 gen(29);
    for (size_t samples = 1; samples < 4 * V; samples++)
      for (size_t n : {size_t(1), size_t(2), size_t(3), V - 1, V, V + 1, V + 2, 2 * V + 3, 9 * V}) {
        const size_t other = 1 + gen() % (3 * V);
        check_product<Real>(set, gen, n, other, samples);
        check_product<Real>(set, gen, other, n, samples);
        check_layer<Real>(set, gen, n, other, samples);
        check_layer<Real>(set, gen, other, n, samples);
        check_rows<Real>(set, gen, n, samples);
        if (testing::Test::HasFatalFailure()) return;
      }
  }
}

template <class Real>
void check_all(int trials) {
  for (int k = 0; pdlt_simd_get(k) != nullptr; k++) {
    const pdlt_simd_set *set = pdlt_simd_get(k);
    std::mt19937_64 gen(17);
    for (int trial = 0; trial < trials; trial++) {
      const size_t rows = random_size(gen), depth = random_size(gen), cols = random_size(gen);
      check_product<Real>(set, gen, rows, depth, cols);
      check_layer<Real>(set, gen, depth, gen() % 3 == 0 ? 1 + gen() % 3 : rows, cols);
      check_rows<Real>(set, gen, rows, cols);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

}  // namespace

TEST(BaseDense, DoubleIsTheNaiveLoop) { check_all<double>(400); }

TEST(BaseDense, SingleIsTheNaiveLoop) { check_all<float>(400); }

TEST(BaseDense, DoubleWithEveryNumberOfSamplesLeftOver) { check_leftovers<double>(); }

TEST(BaseDense, SingleWithEveryNumberOfSamplesLeftOver) { check_leftovers<float>(); }

TEST(BaseDense, StatesHoldEverySampleOnce) {
  for (size_t V : {1, 2, 4, 8, 16})
    for (size_t rows : {1, 5, 8, 17})
      for (size_t samples = 0; samples < 40; samples++) {
        const size_t size = pdlt_state_size(rows, samples, V);
        std::vector<int> taken(size, 0);
        for (size_t i = 0; i < rows; i++)
          for (size_t j = 0; j < samples; j++) {
            const size_t at = pdlt_state_at(rows, samples, i, j, V);
            ASSERT_LT(at, size);
            ASSERT_EQ(taken[at]++, 0);
          }
        ASSERT_EQ(size % V, 0U);
      }
}

TEST(BaseDense, PaddingOfSamplesDoesNotReachTheOthers) {
  for (int k = 0; pdlt_simd_get(k) != nullptr; k++) {
    const pdlt_dense_d &kernels = pdlt_simd_get(k)->dense->d;
    const size_t V = kernels.lanes, n = V + 1, cols = V + V / 2 + 1;
    if (cols == 2 * V) continue;
    Matrix<double> a(n, n, V, false), b(n, cols, V, true), z(n, cols, V, true);
    std::mt19937_64 gen(3);
    a.fill(gen, true);
    b.fill(gen, false);
    for (size_t j = cols; j < 2 * V; j++)
      for (size_t i = 0; i < n; i++) b.at(i, j) = NAN;
    pdlt_dense_product_d product = {};
    product.rows = product.depth = n;
    product.cols = cols;
    product.a = a.data();
    product.b = b.data();
    product.z = z.data();
    kernels.product(&product);
    for (double value : z.values()) EXPECT_TRUE(std::isfinite(value));
  }
}
