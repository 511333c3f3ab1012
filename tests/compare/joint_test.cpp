// Joint tests against a naive T^2: whole covariance matrix by its definition, solved.
#include "compare/verdict/joint.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "base/vector/linalg.h"
#include "compare/statistics/distribution.h"

namespace {

using Numbers = std::vector<double>;

// W widths with B_w blocks of N correlated numbers, and R random functions of them.
struct Problem {
  size_t count, widths, functions;
  std::vector<Numbers> blocks, weights;
  std::vector<const double *> block_view, weight_view;
  std::vector<size_t> num_blocks, number;
  std::vector<int> used;
  Numbers coefficient, deviation, numeric, truncation, shared, coherent, scale, shift, inflation;
  std::vector<uint64_t> tag;
  pdlt_join join{};
  pdlt_functions view{};

  Problem(size_t n, size_t w, size_t r, size_t b, unsigned seed, double beyond = 0,
          size_t together = 1)
      : count(n), widths(w), functions(r) {
    std::mt19937_64 rng(seed);
    std::normal_distribution<double> normal;
    for (size_t i = 0; i < w; i++) {
      num_blocks.push_back(b + 3 * i);
      used.push_back(i != 1);
      blocks.emplace_back();
      weights.emplace_back();
      for (size_t k = 0; k < num_blocks[i]; k++) {
        weights[i].push_back(double(1 + (k % 2)));
        double common = normal(rng);
        for (size_t j = 0; j < n; j++)
          blocks[i].push_back((normal(rng) + common) * (1 + double(j)) / std::sqrt(weights[i][k]));
      }
    }
    for (size_t i = 0; i < w; i++) {
      block_view.push_back(blocks[i].data());
      weight_view.push_back(weights[i].data());
    }
    for (size_t k = 0; k < r; k++) {
      number.push_back((k / together * 5 + 1) % n);
      for (size_t i = 0; i < w; i++) coefficient.push_back(used[i] ? normal(rng) : 0);
      deviation.push_back(normal(rng));
      numeric.push_back(0.05);
      for (int j = 0; j < 2; j++) {
        truncation.push_back(beyond * normal(rng));
        shared.push_back(4 * beyond * normal(rng));
        coherent.push_back(0.3 * beyond * std::cos(double(coherent.size())));
      }
      scale.push_back(1 + 0.1 * double(k));
      shift.push_back(normal(rng));
      inflation.push_back(1 + 0.2 * double(k % 3));
      tag.push_back(1000 + k);
    }
    join.count = n, join.num_widths = w, join.used = used.data();
    join.blocks = block_view.data(), join.weights = weight_view.data();
    join.num_blocks = num_blocks.data();
    view = {r,
            number.data(),
            coefficient.data(),
            deviation.data(),
            numeric.data(),
            truncation.data(),
            shared.data(),
            0,
            coherent.data(),
            scale.data(),
            shift.data(),
            tag.data(),
            inflation.data()};
  }

  // Cov(g_r, g_s) of the weighted means at width w, from the definition.
  double covariance(size_t r, size_t s, size_t w) const {
    return noise(number[r], number[s], w) * coefficient[r * widths + w] *
           coefficient[s * widths + w] * inflation[r] * inflation[s];
  }

  // What the unknowns of all numbers add.
  double beyond(size_t r, size_t s) const {
    return coherent[2 * r] * coherent[2 * s] + coherent[2 * r + 1] * coherent[2 * s + 1] +
           noise(number[r], number[s], 0) * inflation[r] * inflation[s] *
               (shared[2 * r] * shared[2 * s] + shared[2 * r + 1] * shared[2 * s + 1]);
  }

  // Covariance of the weighted means of numbers k and l.
  double noise(size_t k, size_t l, size_t w) const {
    double total = 0, mr = 0, ms = 0, sum = 0;
    for (size_t b = 0; b < num_blocks[w]; b++) {
      total += weights[w][b];
      mr += weights[w][b] * blocks[w][b * count + k];
      ms += weights[w][b] * blocks[w][b * count + l];
    }
    for (size_t b = 0; b < num_blocks[w]; b++)
      sum += weights[w][b] * (blocks[w][b * count + k] - mr / total) *
             (blocks[w][b * count + l] - ms / total);
    return sum / (total * double(num_blocks[w] - 1));
  }
};

// a^T C^-1 a with C of all functions, numerical errors on the diagonal.
double naive_distance(const Problem &p, const Numbers &a) {
  size_t r = p.functions;
  Numbers c(r * r), x = a;
  for (size_t i = 0; i < r; i++)
    for (size_t j = 0; j < r; j++) {
      for (size_t w = 0; w < p.widths; w++)
        if (p.used[w]) c[i * r + j] += p.covariance(i, j, w);
      c[i * r + j] += p.beyond(i, j);
      if (i == j) c[i * r + j] += p.numeric[i] * p.numeric[i];
      for (size_t t = 0; t < 2 && p.number[i] == p.number[j]; t++)
        c[i * r + j] += p.truncation[2 * i + t] * p.truncation[2 * j + t];
    }
  pdlt_error err{};
  EXPECT_EQ(pdlt_solve_spd(r, c.data(), 1, x.data(), &err), PDLT_OK);
  double sum = 0;
  for (size_t i = 0; i < r; i++) sum += x[i] * a[i];
  return sum;
}

double naive_freedom(const Problem &p) {
  double total = 0, weighted = 0;
  for (size_t w = 0; w < p.widths; w++) {
    if (!p.used[w]) continue;
    double share = 0;
    for (size_t r = 0; r < p.functions; r++)
      share += p.covariance(r, r, w) / (p.scale[r] * p.scale[r]);
    total += share;
    weighted += share * share / double(p.num_blocks[w] - 1);
  }
  for (size_t r = 0; r < p.functions; r++) total += p.beyond(r, r) / (p.scale[r] * p.scale[r]);
  for (size_t r = 0; r < p.functions; r++)  // known without blocks
    for (size_t t = 0; t < 2; t++) total += std::pow(p.truncation[2 * r + t] / p.scale[r], 2);
  return total * total / weighted;
}

TEST(Joint, AgreesWithTheDefinition) {
  for (size_t functions : {1u, 2u, 5u, 11u})
    for (unsigned seed = 0; seed < 4; seed++) {
      Problem p(11, 1 + 2 * (seed % 2), functions, 150, seed, seed < 2 ? 0 : 0.2, 1 + seed % 2);
      pdlt_joint joint{};
      pdlt_error err{};
      ASSERT_EQ(pdlt_joint_test(&joint, &p.join, &p.view, &err), PDLT_OK) << err.message;
      EXPECT_EQ(joint.directions, functions);
      double t2 = naive_distance(p, p.deviation), freedom = naive_freedom(p);
      double d = double(functions), rest = freedom - d + 1;
      EXPECT_NEAR(joint.freedom, freedom, 1e-9 * freedom);
      EXPECT_NEAR(joint.p, pdlt_f_tail(t2 * rest / (freedom * d), d, rest), 1e-9);
      EXPECT_NEAR(joint.null_z, std::sqrt(naive_distance(p, p.shift)), 1e-8 * joint.null_z);
    }
}

// One direction only: along the shift, so T^2 is that of one number.
TEST(Joint, ProjectsOnTheShiftFirst) {
  Problem p(7, 1, 7, 19, 3);
  pdlt_joint joint{}, scaled{};
  pdlt_error err{};
  ASSERT_EQ(pdlt_joint_test(&joint, &p.join, &p.view, &err), PDLT_OK);
  EXPECT_EQ(joint.directions, 1u);
  double variance = 0, along = 0, away = 0;
  for (size_t r = 0; r < 7; r++) {
    double u = p.shift[r] / (p.scale[r] * p.scale[r]);
    along += u * p.deviation[r], away += u * p.shift[r];
    variance += u * u * p.numeric[r] * p.numeric[r];
    for (size_t s = 0; s < 7; s++)
      variance += u * p.shift[s] / (p.scale[s] * p.scale[s]) * p.covariance(r, s, 0);
  }
  EXPECT_NEAR(joint.null_z, std::fabs(away) / std::sqrt(variance), 1e-9 * joint.null_z);
  EXPECT_NEAR(joint.p, pdlt_f_tail(along * along / variance, 1, 18), 1e-10);
  // Without a shift the direction is random signs: any other number of units gives the same.
  p.view.shift = nullptr;
  ASSERT_EQ(pdlt_joint_test(&joint, &p.join, &p.view, &err), PDLT_OK);
  EXPECT_EQ(joint.null_z, 0);
  for (size_t r = 0; r < 7; r++)
    p.coefficient[r] *= 3, p.deviation[r] *= 3, p.numeric[r] *= 3, p.scale[r] *= 3;
  ASSERT_EQ(pdlt_joint_test(&scaled, &p.join, &p.view, &err), PDLT_OK);
  EXPECT_NEAR(joint.p, scaled.p, 1e-10);
}

// Many functions are gathered a few blocks at a time, and projected: those that measure nothing leave
// the test of the others as it is.
TEST(Joint, FunctionsThatAreNothingChangeNothing) {
  Problem few(40, 1, 90, 60, 4), many(40, 1, 20000, 60, 4);
  pdlt_joint alone{}, among{};
  pdlt_error err{};
  for (size_t r = 0; r < 20000; r++) {
    const bool taken = r % 222 == 0 && r / 222 < 90;
    const size_t from = r / 222;
    many.number[r] = taken ? few.number[from] : 0;
    many.coefficient[r] = taken ? few.coefficient[from] : 0;
    many.deviation[r] = taken ? few.deviation[from] : 0;
    many.numeric[r] = taken ? few.numeric[from] : 0;
    many.shift[r] = taken ? few.shift[from] : 0;
    many.scale[r] = taken ? few.scale[from] : 1;
    many.inflation[r] = taken ? few.inflation[from] : 1;
    many.tag[r] = taken ? few.tag[from] : 0;
  }
  many.blocks = few.blocks, many.weights = few.weights;
  many.block_view[0] = many.blocks[0].data(), many.weight_view[0] = many.weights[0].data();
  ASSERT_EQ(pdlt_joint_test(&alone, &few.join, &few.view, &err), PDLT_OK);
  ASSERT_EQ(pdlt_joint_test(&among, &many.join, &many.view, &err), PDLT_OK);
  EXPECT_EQ(among.directions, alone.directions);
  EXPECT_EQ(among.directions, 5u);  // one of the six is not resolved
  EXPECT_NEAR(among.p, alone.p, 1e-9);
  EXPECT_NEAR(among.null_z, alone.null_z, 1e-9 * alone.null_z);
  EXPECT_NEAR(among.toward, alone.toward, 1e-9);
  EXPECT_NEAR(among.freedom, alone.freedom, 1e-6 * alone.freedom);
}

// Unknowns beyond the fit along one direction: they add to its variance, and their share of it, known
// without blocks, to its freedom.
TEST(Joint, ProjectedTruncationAddsVariance) {
  Problem p(7, 1, 7, 19, 3, 0.3), none(7, 1, 7, 19, 3);
  pdlt_error err{};
  for (Problem *problem : {&p, &none}) {
    problem->shift = none.shift, problem->deviation = none.deviation;
    problem->coefficient = none.coefficient, problem->scale = none.scale;
    problem->numeric.assign(7, 0);
  }
  pdlt_joint with{}, without{};
  ASSERT_EQ(pdlt_joint_test(&with, &p.join, &p.view, &err), PDLT_OK);
  ASSERT_EQ(pdlt_joint_test(&without, &none.join, &none.view, &err), PDLT_OK);
  double more = 0, away = 0;
  for (size_t r = 0; r < 7; r++) {
    const double u = none.shift[r] / (none.scale[r] * none.scale[r]);
    away += u * none.shift[r];
    for (size_t t = 0; t < 2; t++) more += std::pow(u * p.truncation[2 * r + t], 2);
  }
  for (size_t r = 0; r < 7; r++)
    for (size_t q = 0; q < 7; q++)
      more += none.shift[r] * none.shift[q] / std::pow(none.scale[r] * none.scale[q], 2) *
              p.beyond(r, q);
  const double before = std::pow(away / without.null_z, 2);
  EXPECT_NEAR(with.null_z, std::fabs(away) / std::sqrt(before + more), 1e-6 * with.null_z);
  EXPECT_NEAR(with.freedom, 18 * std::pow((before + more) / before, 2), 1e-6 * with.freedom);
}

// Sizes in units of the noise: v^T C^-1 v over the dimension, C the covariance at one width; and the
// same of the noise of v, trace(C^-1 Cov(v)).
TEST(Joint, SizesAreMeasuredByTheNoise) {
  Problem p(4, 3, 1, 90, 5);
  Numbers se(4 * 3), floor(4, 1e-12), vectors(2 * 4), weight(2 * 4 * 3);
  std::vector<int> distinct(4, 1);
  for (size_t k = 0; k < 4; k++)
    for (size_t w = 0; w < 3; w++) se[k * 3 + w] = std::sqrt(p.noise(k, k, w));
  for (double &v : vectors) v = double(&v - vectors.data()) - 2.5;
  for (double &v : weight) v = std::sin(double(&v - weight.data()));
  p.join.se = se.data(), p.join.floor = floor.data(), p.join.distinct = distinct.data();
  const uint64_t tag[] = {1, 2, 3, 4};
  double size[2] = {0, 0}, noise[2] = {0, 0}, directions = 0;
  pdlt_error err{};
  const pdlt_sizes_input input = {&p.join, 2, tag, 2, vectors.data(), weight.data()};
  ASSERT_EQ(pdlt_joint_sizes(size, noise, &directions, &input, &err), PDLT_OK);
  EXPECT_EQ(directions, 4);
  for (size_t v = 0; v < 2; v++) {
    Numbers c(16), x(vectors.begin() + long(4 * v), vectors.begin() + long(4 * v + 4)), y = x;
    Numbers right(16);
    for (size_t k = 0; k < 4; k++)
      for (size_t l = 0; l < 4; l++) {
        c[k * 4 + l] = p.noise(k, l, 2);
        for (size_t w = 0; w < 3; w++)
          if (p.used[w])
            right[k * 4 + l] +=
                p.noise(k, l, w) * weight[(v * 4 + k) * 3 + w] * weight[(v * 4 + l) * 3 + w];
      }
    ASSERT_EQ(pdlt_solve_spd(4, c.data(), 1, x.data(), &err), PDLT_OK);
    ASSERT_EQ(pdlt_solve_spd(4, c.data(), 4, right.data(), &err), PDLT_OK);
    double expected = 0, trace = 0;
    for (size_t k = 0; k < 4; k++) expected += x[k] * y[k] / 4, trace += right[k * 5] / 4;
    EXPECT_NEAR(size[v], expected, 1e-9 * expected);
    EXPECT_NEAR(noise[v], trace, 1e-9 * trace);
  }
  distinct.assign(4, 0);
  ASSERT_EQ(pdlt_joint_sizes(size, noise, &directions, &input, &err), PDLT_OK);
  EXPECT_TRUE(std::isnan(size[0]));
  EXPECT_EQ(directions, 0);
}

TEST(Joint, NoFunctionIsNoTest) {
  Problem p(2, 1, 0, 40, 1);
  pdlt_joint joint{};
  pdlt_error err{};
  ASSERT_EQ(pdlt_joint_test(&joint, &p.join, &p.view, &err), PDLT_OK);
  EXPECT_TRUE(std::isnan(joint.p));
  EXPECT_EQ(joint.directions, 0u);
}

// A copy of a function adds no direction, and what contradicts it along a difference
// without noise (or with noise below a tenth of a single number's) is not tested.
TEST(Joint, UnresolvedDirectionsAreLeftOut) {
  for (double off : {0.0, 0.01}) {
    Problem p(3, 1, 2, 60, 2), single(3, 1, 1, 60, 2);
    p.number[1] = p.number[0], p.coefficient[1] = p.coefficient[0], p.scale[1] = p.scale[0];
    p.shift[1] = p.shift[0], p.numeric = {0, 0};
    p.deviation[0] -= off / 2, p.deviation[1] = p.deviation[0] + off;
    single.number[0] = p.number[0], single.coefficient[0] = p.coefficient[0];
    single.scale[0] = p.scale[0], single.shift[0] = p.shift[0], single.numeric[0] = 0;
    single.deviation[0] = p.deviation[0] + off / 2;
    p.view.inflation = single.view.inflation = nullptr;
    pdlt_joint joint{}, alone{};
    pdlt_error err{};
    ASSERT_EQ(pdlt_joint_test(&joint, &p.join, &p.view, &err), PDLT_OK);
    ASSERT_EQ(pdlt_joint_test(&alone, &single.join, &single.view, &err), PDLT_OK);
    EXPECT_EQ(joint.directions, 1u);
    EXPECT_NEAR(joint.p, alone.p, 1e-9);
    EXPECT_NEAR(joint.null_z, alone.null_z, 1e-9 * alone.null_z);
  }
}

}  // namespace
