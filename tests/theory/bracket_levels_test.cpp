// Brackets of many samples at two resolutions (theory/bracket/levels.h), and the reach
// that suits a grid (theory/bracket/reach.c), against fine grids.
#include "theory/bracket/levels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace {

using Vector = std::vector<double>;

pdlt_activation Activation(const std::string &text) {
  pdlt_activation act;
  EXPECT_EQ(pdlt_activation_parse(&act, text.c_str(), nullptr), PDLT_OK) << text;
  return act;
}

// Largest difference between all brackets of one kernel on two grids, of each column
// relative to the largest entry of that column on the second.
struct Grid {
  pdlt_bracket_grid grid = {};
  Grid(size_t n, double reach) {
    EXPECT_EQ(pdlt_bracket_grid_new_trapezoid(&grid, n, reach, nullptr), PDLT_OK);
  }
  ~Grid() { pdlt_bracket_grid_free(&grid); }
  Grid(const Grid &) = delete;
  Vector One(const pdlt_activation &act, const Vector &K) const {
    pdlt_bracket_quads layout;
    pdlt_bracket_quads_layout(&layout, PDLT_QUAD_ALL);
    Vector out(static_cast<size_t>(layout.columns));
    EXPECT_EQ(pdlt_bracket_quad_one(&layout, &act, &grid, K.data(), out.data(), nullptr), PDLT_OK);
    return out;
  }
};

double Apart(const Vector &a, const Vector &b) {
  double apart = 0.0, size = 0.0;
  for (size_t c = 0; c < a.size(); ++c) {
    apart = std::fmax(apart, std::fabs(a[c] - b[c]));
    size = std::fmax(size, std::fabs(b[c]));
  }
  return apart / size;
}

// D random samples of `rank` components: sample 1 is sample 0, sample 2 is minus sample 3.
Vector Kernel(size_t D, size_t rank, unsigned seed) {
  std::mt19937 rng(seed);
  std::normal_distribution<double> normal;
  Vector v(D * rank), K(D * D, 0.0);
  for (double &x : v) x = normal(rng) * std::sqrt(0.4 / static_cast<double>(rank));
  for (size_t k = 0; k < rank; ++k) {
    v[rank + k] = v[k];
    v[2 * rank + k] = -v[3 * rank + k];
  }
  for (size_t a = 0; a < D; ++a)
    for (size_t b = 0; b < D; ++b)
      for (size_t k = 0; k < rank; ++k) K[a * D + b] += v[a * rank + k] * v[b * rank + k];
  return K;
}

// Gram matrix of D random vectors of `rank` components.
Vector OfRank(std::mt19937 &rng, size_t D, size_t rank) {
  std::normal_distribution<double> normal;
  Vector v(D * rank), K(D * D, 0.0);
  for (double &x : v) x = normal(rng) * std::sqrt(1.3 / static_cast<double>(rank));
  for (size_t a = 0; a < D; ++a)
    for (size_t b = 0; b < D; ++b)
      for (size_t k = 0; k < rank; ++k) K[a * D + b] += v[a * rank + k] * v[b * rank + k];
  return K;
}

// Folded at 0 the same sums on the same grid: odd activations, and such that are neither; independent samples,
// dependent ones and equal ones.
TEST(BracketLevels, ManyAreTheSameByParity) {
  std::mt19937 rng(8);
  const size_t D = 4;
  for (const char *text : {"tanh", "sin", "erf", "gelu", "softplus"}) {
    const pdlt_activation act = Activation(text);
    for (size_t rank : {size_t{1}, size_t{3}, size_t{4}}) {
      const Vector K = OfRank(rng, D, rank);
      for (size_t n : {size_t{2}, size_t{16}, size_t{30}}) {
        pdlt_bracket_grid grid = {};
        ASSERT_EQ(pdlt_bracket_grid_new_trapezoid(&grid, n, 3.5, nullptr), PDLT_OK);
        for (auto orders : {PDLT_QUAD_NTK, PDLT_QUAD_ALL}) {
          pdlt_bracket_quads whole = {}, folded = {}, threads = {};
          ASSERT_EQ(pdlt_bracket_quads_new(&whole, &act, &grid, orders, D, K.data(), 1, nullptr),
                    PDLT_OK);
          ASSERT_EQ(pdlt_bracket_quads_new_many(&folded, &act, &grid, orders, D, K.data(), 1,
                                                nullptr, 0, nullptr),
                    PDLT_OK);
          ASSERT_EQ(pdlt_bracket_quads_new_many(&threads, &act, &grid, orders, D, K.data(), 3,
                                                nullptr, 0, nullptr),
                    PDLT_OK);
          ASSERT_EQ(whole.items, folded.items);
          const auto columns = static_cast<size_t>(whole.columns);
          for (size_t c = 0; c < columns; ++c) {
            double largest = 0.0, apart = 0.0;
            for (size_t m = 0; m < whole.items; ++m) {
              const size_t at = m * columns + c;
              largest = std::fmax(largest, std::fabs(whole.value[at]));
              apart = std::fmax(apart, std::fabs(whole.value[at] - folded.value[at]));
              ASSERT_EQ(threads.value[at], folded.value[at]);
            }
            EXPECT_LE(apart, 1e-13 * std::fmax(largest, 0.1))
                << text << " " << rank << " " << n << " " << c;
          }
          pdlt_bracket_quads_free(&whole);
          pdlt_bracket_quads_free(&folded);
          pdlt_bracket_quads_free(&threads);
        }
        pdlt_bracket_grid_free(&grid);
      }
    }
  }
}

}  // namespace

TEST(BracketReach, PredictsTheErrorOfOneSample) {
  for (const char *name : {"tanh", "gelu", "sin"}) {
    const pdlt_activation act = Activation(name);
    for (double variance : {0.3, 1.0, 3.0}) {
      const Vector K(16, variance);
      const Vector exact = Grid(192, 9.5).One(act, K);
      double before = 1.0;
      for (size_t n : {24u, 32u, 48u}) {
        double reach = 0.0, error = 0.0;
        ASSERT_EQ(pdlt_bracket_reach(&act, PDLT_QUAD_ALL, variance, n, &reach, &error, nullptr),
                  PDLT_OK);
        const double here = Apart(Grid(n, reach).One(act, K), exact);
        EXPECT_LT(here, 10.0 * error + 1e-13) << name << " " << variance << " " << n;
        EXPECT_LT(error, 0.7 * before + 1e-14) << name << " " << variance << " " << n;
        for (double factor : {0.7, 1.4}) {  // no other reach is much better
          EXPECT_GT(Apart(Grid(n, factor * reach).One(act, K), exact), 0.2 * here - 1e-14)
              << name << " " << variance << " " << n;
        }
        before = error;
      }
    }
  }
}

// Random brackets of nine samples, of which five are checked, against a fine grid.
TEST(BracketLevels, AllSamplesReachTheToleranceOfTheCheckedOnes) {
  const size_t D = 9, check[5] = {0, 2, 3, 6, 8};
  const Vector K = Kernel(D, 3, 5);
  const Grid fine_grid(64, 9.0);
  for (const char *name : {"tanh", "gelu"}) {
    const pdlt_activation act = Activation(name);
    for (double tolerance : {1e-3, 1e-5}) {
      pdlt_bracket_levels levels = pdlt_bracket_levels_init(&act, PDLT_QUAD_ALL, tolerance, 2);
      pdlt_bracket_set other = {}, all = {};
      ASSERT_EQ(pdlt_bracket_levels_run(&levels, D, K.data(), 5, check, &other, &all, nullptr),
                PDLT_OK);
      ASSERT_EQ(other.quads.D, 5u);
      ASSERT_EQ(all.quads.D, D);
      std::mt19937 rng(9);
      double apart = 0.0, other_apart = 0.0, size = 0.0;
      for (int trial = 0; trial < 100; ++trial) {
        size_t s[4], m[4];
        Vector sub(16), sub_other(16);
        for (size_t i = 0; i < 4; ++i) s[i] = rng() % D, m[i] = rng() % 5;
        for (size_t i = 0; i < 16; ++i) {
          sub[i] = K[s[i / 4] * D + s[i % 4]];
          sub_other[i] = K[check[m[i / 4]] * D + check[m[i % 4]]];
        }
        const Vector exact = fine_grid.One(act, sub), at_other = fine_grid.One(act, sub_other);
        for (int c = 0; c < all.quads.columns; ++c) {
          const int *o = all.quads.order[c];
          apart = std::fmax(apart, std::fabs(pdlt_bracket_quad(&all.quads, s[0], o[0], s[1], o[1],
                                                               s[2], o[2], s[3], o[3]) -
                                             exact[static_cast<size_t>(c)]));
          other_apart =
              std::fmax(other_apart, std::fabs(pdlt_bracket_quad(&other.quads, m[0], o[0], m[1],
                                                                 o[1], m[2], o[2], m[3], o[3]) -
                                               at_other[static_cast<size_t>(c)]));
          size = std::fmax(size, std::fabs(exact[static_cast<size_t>(c)]));
        }
      }
      EXPECT_LT(apart, 2.0 * tolerance * size) << name;
      EXPECT_LT(other_apart, 0.5 * apart) << name;  // the finer one
      pdlt_bracket_set_free(&other);
      pdlt_bracket_set_free(&all);
      pdlt_bracket_levels_free(&levels);
    }
  }
}

// Every sample checked: of each kind of bracket `other` is off from the set by at least what that is off from a
// fine grid, and not by much more; aligned, by as much, and its largest difference is positive.
TEST(BracketLevels, OtherShowsTheErrorOfTheSetThatIsKept) {
  const size_t D = 4, check[4] = {0, 1, 2, 3};
  const Vector K = Kernel(D, 3, 5);
  const Grid fine_grid(64, 9.0);
  for (const char *name : {"tanh", "gelu", "sin"}) {
    const pdlt_activation act = Activation(name);
    for (double tolerance : {1e-3, 1e-6}) {
      pdlt_bracket_levels levels = pdlt_bracket_levels_init(&act, PDLT_QUAD_ALL, tolerance, 2);
      pdlt_bracket_set other = {}, all = {};
      ASSERT_EQ(pdlt_bracket_levels_run(&levels, D, K.data(), D, check, &other, &all, nullptr),
                PDLT_OK);
      std::map<std::multiset<int>, Vector> kinds;  // largest: true, other, size, aligned
      const size_t columns = static_cast<size_t>(all.quads.columns);
      const Vector before(other.quads.value, other.quads.value + all.quads.items * columns);
      pdlt_bracket_set_align(&other, &all);
      for (size_t m = 0; m < all.quads.items; m++) {
        size_t slot[4];
        pdlt_bracket_quad_slots(&all.quads, m, slot);
        Vector sub(16);
        for (size_t i = 0; i < 16; ++i) sub[i] = K[slot[i / 4] * D + slot[i % 4]];
        const Vector exact = fine_grid.One(act, sub);
        for (size_t c = 0; c < columns; ++c) {
          const double value = all.quads.value[m * columns + c];
          const double apart = before[m * columns + c] - value;
          const double aligned = other.quads.value[m * columns + c] - value;
          Vector &kind = kinds[{all.quads.order[c], all.quads.order[c] + 4}];
          kind.resize(4);
          EXPECT_NEAR(std::fabs(apart), std::fabs(aligned), 1e-15 * (1.0 + std::fabs(value)));
          kind[0] = std::fmax(kind[0], std::fabs(value - exact[c]));
          kind[1] = std::fmax(kind[1], std::fabs(apart));
          kind[2] = std::fmax(kind[2], std::fabs(value));
          if (std::fabs(aligned) > std::fabs(kind[3])) kind[3] = aligned;
        }
      }
      EXPECT_EQ(kinds.size(), 6u);
      for (const auto &kind : kinds) {
        const Vector &v = kind.second;
        EXPECT_LE(v[0], v[1]) << name << " " << tolerance;
        EXPECT_LE(v[1], 50.0 * std::fmax(v[0], 1e-15 * v[2])) << name << " " << tolerance;
        EXPECT_GT(v[3], 0.0) << name << " " << tolerance;
      }
      pdlt_bracket_set_free(&other);
      pdlt_bracket_set_free(&all);
      pdlt_bracket_levels_free(&levels);
    }
  }
}

TEST(BracketLevels, ClosedFormsHaveOneResolution) {
  const pdlt_activation act = Activation("relu");
  const Vector K = Kernel(5, 4, 1);
  const size_t check[2] = {0, 4};
  pdlt_bracket_levels levels = pdlt_bracket_levels_init(&act, PDLT_QUAD_NTK, 1e-6, 1);
  pdlt_bracket_set other = {}, all = {};
  ASSERT_EQ(pdlt_bracket_levels_run(&levels, 5, K.data(), 2, check, &other, &all, nullptr),
            PDLT_OK);
  EXPECT_EQ(other.quads.value, nullptr);
  EXPECT_EQ(other.pairs.value, nullptr);
  EXPECT_EQ(all.quads.items, 70u);
  pdlt_bracket_set_free(&all);
  pdlt_bracket_levels_free(&levels);
}
