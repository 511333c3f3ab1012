// The products in panels against naive loops: every instruction set that the processor has, both
// precisions, random shapes, sizes 0 and 1 and sizes beside the vector's included.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "base/dense.h"
#include "base/memory.h"
#include "base/simd_kernels.h"

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

// A matrix in panels, aligned, between guards.
template <class Real>
class Panels {
 public:
  Panels(size_t height, size_t width, size_t V)
      : rows(height), cols(width), lanes(V), size(pdlt_panel_size(height, width, V)) {
    const size_t bytes = (size + 2 * guard) * sizeof(Real);
    all = static_cast<Real *>(std::aligned_alloc(
        PDLT_ALIGNMENT, (bytes + PDLT_ALIGNMENT - 1) / PDLT_ALIGNMENT * PDLT_ALIGNMENT));
    for (size_t i = 0; i < size + 2 * guard; i++) all[i] = Real(guard_value);
  }
  ~Panels() { std::free(all); }
  Panels(const Panels &) = delete;
  Panels &operator=(const Panels &) = delete;
  Real *data() { return all + guard; }
  Real &at(size_t i, size_t j) { return data()[pdlt_panel_at(rows, i, j, lanes)]; }
  void fill(std::mt19937_64 &gen, bool zero_padding) {
    std::normal_distribution<double> normal;
    for (size_t i = 0; i < size; i++) data()[i] = Real(normal(gen));
    for (size_t j = cols; zero_padding && j < pdlt_panels(cols, lanes) * lanes; j++)
      for (size_t i = 0; i < rows; i++) at(i, j) = 0;
  }
  std::vector<double> values() {
    std::vector<double> out(rows * cols);
    for (size_t i = 0; i < rows; i++)
      for (size_t j = 0; j < cols; j++) out[i * cols + j] = double(at(i, j));
    return out;
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
void expect_near(Panels<Real> &got, const Naive &naive, size_t terms, const std::string &what) {
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
void check_product(const pdlt_simd_set *set, std::mt19937_64 &gen) {
  const typename Types<Real>::Kernels &kernels = Types<Real>::of(set);
  const size_t V = kernels.lanes, rows = random_size(gen), depth = random_size(gen),
               cols = random_size(gen);
  const int add = gen() % 2, with_bias = !add && gen() % 2;
  Panels<Real> a(rows, depth, V), b(depth, cols, V), z(rows, cols, V), bias(rows, 1, 1);
  a.fill(gen, false);
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
  product.z = z.data();
  kernels.product(&product);
  expect_near(z, naive, depth,
              std::string("product ") + set->name + " " + std::to_string(rows) + " " +
                  std::to_string(depth) + " " + std::to_string(cols));
}

template <class Real>
void check_layer(const pdlt_simd_set *set, std::mt19937_64 &gen) {
  const typename Types<Real>::Kernels &kernels = Types<Real>::of(set);
  const size_t V = kernels.lanes, in = random_size(gen), samples = random_size(gen),
               out = gen() % 3 == 0 ? 1 + gen() % 3 : random_size(gen);
  const bool with_below = gen() % 4 != 0;
  const double factor = -0.3;
  Panels<Real> weight(out, in, V), above(out, samples, V), s(in, samples, V), slope(in, samples, V),
      below(in, samples, V), scratch(pdlt_dense_scratch(samples), 1, 1);
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
  if (with_below) expect_near(below, back, out + 2, what + " below");
  expect_near(weight, moved, samples + 2, what + " weight");
  for (size_t j = in; j < pdlt_panels(in, V) * V; j++)
    for (size_t o = 0; o < out; o++) ASSERT_EQ(weight.at(o, j), 0) << what << " padding";
}

template <class Real>
void check_rows(const pdlt_simd_set *set, std::mt19937_64 &gen) {
  const typename Types<Real>::Kernels &kernels = Types<Real>::of(set);
  const size_t V = kernels.lanes, rows = random_size(gen), cols = random_size(gen);
  Panels<Real> x(rows, cols, V), sum(pdlt_panels(rows, V) * V, 1, 1);
  x.fill(gen, true);
  sum.fill(gen, false);
  Naive naive(sum.rows);
  for (size_t i = 0; i < sum.rows; i++) naive.add(i, double(sum.at(i, 0)));
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < cols; j++) naive.add(i, 0.75 * double(x.at(i, j)));
  kernels.add_rows(rows, cols, Real(0.75), x.data(), sum.data());
  expect_near(sum, naive, cols + 1, std::string("rows ") + set->name);
}

template <class Real>
void check_all(int trials) {
  for (int k = 0; pdlt_simd_get(k) != nullptr; k++) {
    std::mt19937_64 gen(17);
    for (int trial = 0; trial < trials; trial++) {
      check_product<Real>(pdlt_simd_get(k), gen);
      check_layer<Real>(pdlt_simd_get(k), gen);
      check_rows<Real>(pdlt_simd_get(k), gen);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

}  // namespace

TEST(BaseDense, DoubleIsTheNaiveLoop) { check_all<double>(400); }

TEST(BaseDense, SingleIsTheNaiveLoop) { check_all<float>(400); }

TEST(BaseDense, PaddingOfSamplesDoesNotReachTheOthers) {
  for (int k = 0; pdlt_simd_get(k) != nullptr; k++) {
    const pdlt_dense_d &kernels = pdlt_simd_get(k)->dense->d;
    const size_t V = kernels.lanes, n = V + 1, cols = V + 1;
    if (V == 1) continue;
    Panels<double> a(n, n, V), b(n, cols, V), z(n, cols, V);
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
