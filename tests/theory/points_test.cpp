/* points_test.cpp - points of quasi-Monte Carlo: normal, even, and the same everywhere. */
#include "theory/gauss/points.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <thread>
#include <vector>

namespace {

using Array = std::vector<double>;

TEST(GaussPoints, NormalInvertsErfc) {
  for (double z = -8; z <= 8; z += 0.01) {
    const double tail = 0.5 * std::erfc(std::fabs(z) / std::sqrt(2.0));
    if (z < 0) {
      EXPECT_NEAR(pdlt_gauss_normal(tail), z, 4e-15 * std::fabs(z) + 1e-15);
    } else { /* 1 - tail is rounded to 2^-53: what that moves z by is allowed */
      const double density = std::exp(-z * z / 2) / std::sqrt(2 * M_PI);
      EXPECT_NEAR(pdlt_gauss_normal(1 - tail), z, 4e-15 * z + 1e-15 + 1.2e-16 / density);
    }
  }
  EXPECT_EQ(pdlt_gauss_normal(0.5), 0);
  EXPECT_NEAR(pdlt_gauss_normal(1e-300), -37.0471, 1e-4);
}

Array Shift(size_t replica, size_t dimensions) {
  Array shift(dimensions);
  pdlt_gauss_shift(replica, dimensions, shift.data());
  return shift;
}

Array Point(size_t replica, size_t index, size_t dimensions) {
  Array normal(dimensions);
  pdlt_gauss_point(replica, index, dimensions, Shift(replica, dimensions).data(), normal.data());
  return normal;
}

/* Mean over the first points of a replica. */
double Mean(size_t replica, size_t points, size_t dimensions,
            const std::function<double(const Array &)> &f) {
  const Array shift = Shift(replica, dimensions);
  Array z(dimensions);
  double sum = 0;
  for (size_t i = 0; i < points; i++) {
    pdlt_gauss_point(replica, i, dimensions, shift.data(), z.data());
    sum += f(z);
  }
  return sum / (double)points;
}

double RootMeanSquare(size_t points, size_t dimensions, double exact,
                      const std::function<double(const Array &)> &f) {
  double square = 0;
  for (size_t r = 0; r < 16; r++) square += std::pow(Mean(r, points, dimensions, f) - exact, 2);
  return std::sqrt(square / 16);
}

/* Products of several numbers, smooth and with kinks and steps; `variance` of one random draw. */
TEST(GaussPoints, EvenerThanRandom) {
  struct Case {
    double exact, variance;
    std::function<double(const Array &)> f;
  };
  const double root = std::sqrt(2 / M_PI);
  const std::vector<Case> cases = {
      {1, 8, [](const Array &z) { return z[0] * z[0] * z[3] * z[3]; }},
      {0, 1, [](const Array &z) { return z[1] * z[2]; }},
      {root * root * root, 1 - std::pow(root, 6),
       [](const Array &z) { return std::fabs(z[0] * z[2] * z[5]); }},
      {0.25, 0.1875, [](const Array &z) { return (double)(z[4] > 0 && z[7] > 0); }}};
  for (const Case &c : cases) {
    const double few = RootMeanSquare(256, 8, c.exact, c.f);
    const double many = RootMeanSquare(8192, 8, c.exact, c.f);
    EXPECT_LT(many, 0.2 * std::sqrt(c.variance / 8192));
    EXPECT_LT(many, few / 10); /* random numbers: few / 5.7 */
    EXPECT_GT(many, 0);
  }
}

/* One coordinate, any power of 2 of points: each of N equal parts of (0, 1) holds one point before the fold. */
TEST(GaussPoints, EveryPowerOfTwoIsALattice) {
  for (size_t points = 1; points <= 1024; points *= 4)
    for (size_t k : {0, 1, 17, 255}) {
      const double mean = Mean(3, points, 256, [k](const Array &z) {
        return 0.5 * std::erfc(-z[k] / std::sqrt(2.0)); /* back to (0, 1) */
      });
      EXPECT_NEAR(mean, 0.5, 0.5 / (double)(points * points) + 1e-12) << points << " " << k;
    }
}

TEST(GaussPoints, ReplicasDiffer) {
  for (size_t r = 0; r < 4; r++)
    for (size_t q = 0; q < r; q++)
      for (size_t k = 0; k < 5; k++) EXPECT_NE(Point(r, 6, 5)[k], Point(q, 6, 5)[k]);
  /* Random beyond the lattice: points and replicas differ there too. */
  const Array one = Point(0, 1, 300), two = Point(0, 2, 300), other = Point(1, 1, 300);
  for (size_t k : {256, 299}) {
    EXPECT_NE(one[k], two[k]);
    EXPECT_NE(one[k], other[k]);
  }
}

/* Numbers of today: neither time, nor thread, nor what was drawn before enters; more dimensions change nothing
 * in the first ones. */
TEST(GaussPoints, KnownAnswers) {
  const Array known = {0.77051052953878318, 0.94119958936078951, 0.70674419445254621,
                       -0.045183045496454598};
  Array here, there;
  const auto draw = [](Array *out) {
    *out = Shift(5, 2);
    for (const double z : Point(5, 12345, 2)) out->push_back(z);
  };
  draw(&here);
  std::thread(draw, &there).join();
  EXPECT_EQ(here, there);
  for (size_t k = 0; k < known.size(); k++) EXPECT_NEAR(here[k], known[k], 1e-14);
  const Array longer = Point(5, 12345, 40);
  for (size_t k = 0; k < 2; k++) EXPECT_EQ(longer[k], here[2 + k]);
}

}  // namespace
