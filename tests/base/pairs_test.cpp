// base/vector/pairs.h: arc sine against long double, the sets against each other and a plain sum.
#include "base/vector/pairs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

namespace {

using Vector = std::vector<double>;

double Ulp(long double value) {
  const double size = (double)fabsl(value);
  return std::nextafter(size, 10) - size;
}

// Dense over the whole range, and denser where formulas change and near 0 and 1.
Vector Arguments() {
  std::mt19937_64 rng(1);
  std::uniform_real_distribution<double> uniform(0, 1);
  Vector x = {0, 0.5, 1, 1e-300, 5e-324};
  for (int i = 0; i < 100000; i++) x.push_back(uniform(rng));
  for (int i = 0; i < 20000; i++) {
    const double small = std::pow(10.0, -16 * uniform(rng));
    x.insert(x.end(), {small, 1 - small, std::min(0.5 + small, 1.0), std::fabs(0.5 - small)});
  }
  double above = 1, below = 0.5, up = 0.5;
  for (int i = 0; i < 1000; i++) {
    x.insert(x.end(), {above, below, up});
    above = std::nextafter(above, 0), below = std::nextafter(below, 0), up = std::nextafter(up, 1);
  }
  return x;
}

TEST(Pairs, AtLeastThePlainSet) {
  int sets = 0;
  std::string last;
  for (; pdlt_pairs_get(sets) != nullptr; ++sets) last = pdlt_pairs_get(sets)->name;
  EXPECT_GE(sets, 1);
  EXPECT_EQ(last, "plain");
  EXPECT_EQ(pdlt_pairs_best(), pdlt_pairs_get(0));
}

TEST(Pairs, ArcSineWithinItsBound) {
  const Vector x = Arguments();
  Vector minus(x.size()), first(x.size());
  for (size_t i = 0; i < x.size(); i++) minus[i] = -x[i];
  pdlt_pairs_best()->arcsine(x.size(), x.data(), first.data());
  double worst = 0;
  for (size_t i = 0; i < x.size(); i++) {
    const long double exact = asinl(x[i]);
    worst = std::max(worst, (double)fabsl(first[i] - exact) / Ulp(exact));
  }
  EXPECT_LT(worst, 2);
  EXPECT_GT(worst, 0.5);  // rounding alone is as much
  EXPECT_EQ(first[0], 0);
  EXPECT_EQ(first[2], (double)asinl(1.0L));
  for (int k = 0; pdlt_pairs_get(k) != nullptr; k++) {
    Vector out(x.size()), mirror(x.size());
    pdlt_pairs_get(k)->arcsine(x.size(), x.data(), out.data());
    pdlt_pairs_get(k)->arcsine(x.size(), minus.data(), mirror.data());
    EXPECT_EQ(std::memcmp(out.data(), first.data(), x.size() * sizeof(double)), 0);
    for (size_t i = 0; i < x.size(); i++) ASSERT_EQ(mirror[i], -out[i]);
  }
}

// Covariances of random vectors, some nearly parallel, with what a layer says of each sample.
struct Layer {
  static constexpr size_t D = 70;
  Vector k, e, root, rate, pair = Vector(D * D), error = Vector(D * D), theta = Vector(D * D);
  explicit Layer(int kind) {
    std::mt19937_64 rng(7);
    std::normal_distribution<double> normal;
    Vector x(D * 3);
    for (double &v : x) v = normal(rng);
    for (size_t n = 0; n < 3; n++) x[3 + n] = x[n], x[6 + n] = -2 * x[n] + 1e-9 * x[9 + n];
    for (size_t i = 0; i < D; i++)
      for (size_t j = 0; j < D; j++) {
        double sum = 0;
        for (size_t n = 0; n < 3; n++) sum += x[i * 3 + n] * x[j * 3 + n];
        pair[i * D + j] = sum;
        error[i * D + j] = 1e-15 * (1 + std::fabs(sum));
        theta[i * D + j] = 0.3 + sum;
      }
    for (size_t i = 0; i < D; i++) {
      const double K = pair[i * D + i];
      k.push_back(K);
      e.push_back(error[i * D + i]);
      root.push_back(std::sqrt(K));
      rate.push_back(kind == 1 ? 1 / (1 + 2 * K) : e.back() / K);
    }
  }
  pdlt_pairs_block Block(const pdlt_pairs_set *set, int kind, size_t i, size_t j,
                         size_t count) const {
    const pdlt_pairs_samples samples = {k.data(), e.data(), root.data(), rate.data()};
    const pdlt_pairs_step step = {0.1, 1.7, 0.2, 0.9, 0.25};
    pdlt_pairs_block b = {};
    b.i = i, b.j = j, b.count = count;
    for (size_t n = 0; n < count; n++) {
      b.k[n] = pair[i * D + j + n], b.k_error[n] = error[i * D + j + n];
      b.theta[n] = theta[i * D + j + n], b.theta_error[n] = 2 * b.k_error[n];
    }
    pdlt_pairs_averages *const of[] = {set->kinked, set->error_function, set->sine};
    of[kind](&samples, 0.6, 0.4, &b);
    set->step(&step, &b);
    return b;
  }
};

// A pair has the same bits in every set, block and order.
TEST(Pairs, BitsDependOnThePairAlone) {
  for (int kind = 0; kind < 3; kind++) {
    const Layer layer(kind);
    for (size_t i = 0; i < Layer::D; i += 3) {
      const auto first = layer.Block(pdlt_pairs_get(0), kind, i, 5, 64);
      for (size_t n = 0; n < 64; n++) {
        const double want[] = {first.ss[n],       first.ss_error[n],   first.dd[n],
                               first.dd_error[n], first.k[n],          first.k_error[n],
                               first.theta[n],    first.theta_error[n]};
        for (const double value : want) ASSERT_TRUE(std::isfinite(value)) << kind << i << n;
        for (int k = 0; pdlt_pairs_get(k) != nullptr; k++)
          for (const bool turned : {false, true}) {
            const auto one = turned ? layer.Block(pdlt_pairs_get(k), kind, 5 + n, i, 1)
                                    : layer.Block(pdlt_pairs_get(k), kind, i, 5 + n, 1);
            const double got[] = {one.ss[0], one.ss_error[0], one.dd[0],    one.dd_error[0],
                                  one.k[0],  one.k_error[0],  one.theta[0], one.theta_error[0]};
            for (size_t c = 0; c < 8; c++)
              ASSERT_EQ(got[c], want[c]) << kind << " " << i << " " << n << " " << c;
          }
      }
    }
  }
}

TEST(Pairs, DotIsThePlainSum) {
  const size_t n = 9, ld = 70;
  Vector x(n), y(n * ld);
  for (size_t i = 0; i < n; i++) x[i] = std::sin((double)i);
  for (size_t i = 0; i < y.size(); i++) y[i] = std::cos(3.7 * (double)i);
  for (int k = 0; pdlt_pairs_get(k) != nullptr; k++)
    for (const size_t count : {0u, 1u, 7u, 64u}) {
      double sum[PDLT_PAIRS_BLOCK], size[PDLT_PAIRS_BLOCK];
      pdlt_pairs_get(k)->dot(n, x.data(), count, y.data() + 3, ld, sum, size);
      for (size_t j = 0; j < count; j++) {
        double plain = 0, absolute = 0;
        for (size_t i = 0; i < n; i++) {
          const double product = x[i] * y[i * ld + 3 + j];
          plain += product;
          absolute += std::fabs(product);
        }
        EXPECT_EQ(sum[j], plain);
        EXPECT_EQ(size[j], absolute);
      }
    }
}

TEST(Pairs, SeriesIsThePlainSum) {
  std::mt19937_64 rng(3);
  std::normal_distribution<double> normal;
  for (size_t count = 0; count < 80; count += PDLT_PAIRS_LANES)
    for (const double rho : {0.0, 1.0, -1.0, 0.7, -0.3}) {
      Vector f(count), g(count);
      long double sum = 0, power = 1;
      for (size_t i = 0; i < count; i++) {
        f[i] = normal(rng), g[i] = normal(rng);
        sum += power * f[i] * g[i];
        power *= rho;
      }
      const double first = pdlt_pairs_best()->series(count, f.data(), g.data(), rho);
      EXPECT_NEAR(first, (double)sum, 1e-14 * (1 + (double)count));
      for (int k = 0; pdlt_pairs_get(k) != nullptr; k++) {
        EXPECT_EQ(pdlt_pairs_get(k)->series(count, f.data(), g.data(), rho), first);
        EXPECT_EQ(pdlt_pairs_get(k)->series(count, g.data(), f.data(), rho), first);
      }
    }
}

TEST(Pairs, HermiteStepIsThePlainLoop) {
  std::mt19937_64 rng(5);
  std::normal_distribution<double> normal;
  for (const size_t count : {0u, 1u, 15u, 16u, 17u, 53u}) {
    Vector f(count), t(count), h(count), before(count);
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
      f[i] = normal(rng), t[i] = normal(rng), h[i] = normal(rng), before[i] = normal(rng);
      sum += f[i] * h[i];
    }
    const auto *best = pdlt_pairs_best();
    Vector first = before;
    const double value = best->hermite(count, f.data(), t.data(), h.data(), 0.3, 0.7, first.data());
    EXPECT_NEAR(value, sum, 1e-14 * (1 + (double)count));
    for (size_t i = 0; i < count; i++)
      EXPECT_NEAR(first[i], 0.3 * t[i] * h[i] - 0.7 * before[i], 1e-15 * (1 + std::fabs(first[i])));
    for (int k = 0; pdlt_pairs_get(k) != nullptr; k++) {
      Vector next = before;
      EXPECT_EQ(
          pdlt_pairs_get(k)->hermite(count, f.data(), t.data(), h.data(), 0.3, 0.7, next.data()),
          value);
      EXPECT_EQ(next, first);
    }
  }
}

}  // namespace
