/* kink_tilt_test.cpp - a tilted direction: what it is weighed with gives back the uniform one; the axis is met. */
#include "theory/kink/tilt.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace {

using Array = std::vector<double>;

double Dot(const Array &x, const Array &y) {
  double sum = 0;
  for (size_t i = 0; i < x.size(); i++) sum += x[i] * y[i];
  return sum;
}

/* Probability that |x| > y under (s + (1 - s) x^2) phi(x), by a sum over slices. */
double Beyond(double y) {
  const double s = PDLT_KINK_TILT_SHARE, step = 1e-4;
  double sum = 0;
  for (double x = y + step / 2; x < 14; x += step)
    sum += 2 * step * (s + (1 - s) * x * x) * std::exp(-x * x / 2) / std::sqrt(2 * M_PI);
  return sum;
}

TEST(KinkTilt, TheFirstNumberHasItsDensity) {
  for (const double y : {0.01, 0.3, 1.0, 2.0, 4.0}) {
    Array x = {y, 0.5};
    pdlt_kink_tilt(2, Array{1, 0}.data(), x.data());
    EXPECT_NEAR(Beyond(x[0]), std::erfc(y / std::sqrt(2)), 1e-8);
    EXPECT_EQ(x[1], 0.5);
    Array mirror = {-y, 0.5};
    pdlt_kink_tilt(2, Array{1, 0}.data(), mirror.data());
    EXPECT_EQ(mirror[0], -x[0]);
  }
}

/* Nothing in a tail is lost: the farthest number that a point can have. */
TEST(KinkTilt, Tail) {
  Array x = {8.2, 0.1, 0.1};
  const double weight = pdlt_kink_tilt(3, Array{0, 2, 0}.data(), x.data());
  EXPECT_GT(x[1], 8.2);
  EXPECT_LT(x[1], 9);
  EXPECT_GT(weight, 0.3);
}

/* Means over many draws, by their weights: 1, the second moments of a uniform direction, and a fourth. */
TEST(KinkTilt, WeighsBackToUniform) {
  const size_t count = 4, draws = 400000;
  const Array axis = {-0.3, 0.8, 0.1, -1.2};
  std::mt19937_64 gen(1);
  std::normal_distribution<double> normal;
  double one = 0, along = 0, square[4] = {}, mixed = 0, fourth = 0, largest = 0;
  for (size_t i = 0; i < draws; i++) {
    Array x(count);
    for (double &v : x) v = normal(gen);
    const double w = pdlt_kink_tilt(count, axis.data(), x.data()) / (double)draws;
    const double r2 = Dot(x, x), part = Dot(x, axis) * Dot(x, axis) / r2 / Dot(axis, axis);
    one += w;
    along += part / (double)draws;
    for (size_t k = 0; k < count; k++) square[k] += w * x[k] * x[k] / r2;
    mixed += w * x[0] * x[1] / r2;
    fourth += w * part * part;
    largest = std::fmax(largest, w * (double)draws);
  }
  EXPECT_NEAR(one, 1, 0.005);
  for (const double s : square) EXPECT_NEAR(s, 0.25, 0.003);
  EXPECT_NEAR(mixed, 0, 0.002);
  EXPECT_NEAR(fourth, 3.0 / 24, 0.002);
  EXPECT_LE(largest, 1 / PDLT_KINK_TILT_SHARE);
  /* without weights: (s + (1 - s) count E[u^4]/E[u^2]) E[u^2] with E[u^2] = 1/4, E[u^4] = 1/8 */
  EXPECT_NEAR(along, PDLT_KINK_TILT_SHARE / 4 + (1 - PDLT_KINK_TILT_SHARE) * 4 / 8.0, 0.003);
}

TEST(KinkTilt, TurnsAndKeepsLengths) {
  const Array axis = {0.4, -1, 2};
  for (const double sign : {1.0, -1.0}) {
    Array far = {6 * sign, 0.2, -0.1}, plain = {6 * sign, 0.2, -0.1};
    pdlt_kink_tilt(3, axis.data(), far.data());
    pdlt_kink_tilt(3, Array{1, 0, 0}.data(), plain.data());
    EXPECT_NEAR(Dot(far, far), Dot(plain, plain), 1e-12);
    EXPECT_NEAR(Dot(far, axis), plain[0] * std::sqrt(Dot(axis, axis)), 1e-12);
  }
}

TEST(KinkTilt, WithoutAnAxisNothingChanges) {
  Array x = {0.3, -0.7};
  EXPECT_EQ(pdlt_kink_tilt(2, Array{0, 0}.data(), x.data()), 1);
  EXPECT_EQ(pdlt_kink_tilt(1, Array{-2}.data(), x.data()), 1);
  EXPECT_EQ(x, (Array{0.3, -0.7}));
}

/* The opposite of the first axis, where a rotation to it would have no plane. */
TEST(KinkTilt, OppositeAxis) {
  Array x = {1, 2}, y = {1, 2};
  const double weight = pdlt_kink_tilt(2, Array{-1, 0}.data(), x.data());
  EXPECT_EQ(weight, pdlt_kink_tilt(2, Array{1, 0}.data(), y.data()));
  EXPECT_EQ(x, y);
}

}  // namespace
