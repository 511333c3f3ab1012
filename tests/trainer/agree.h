/* agree.h - moments of many numbers over draws, and whether two independent runs agree. */
#ifndef PDLT_TESTS_TRAINER_AGREE_H
#define PDLT_TESTS_TRAINER_AGREE_H

#include "tests/trainer/support.h"

namespace trainer_test {

// Mean and variance of each number over draws.
struct Moments {
  std::vector<double> mean, square;
  double count = 0;
  void add(const double *x, size_t n) {
    mean.resize(n);
    square.resize(n);
    count++;
    for (size_t i = 0; i < n; i++) {
      const double delta = x[i] - mean[i];
      mean[i] += delta / count;
      square[i] += delta * (x[i] - mean[i]);
    }
  }
  double variance(size_t i) const { return square[i] / (count - 1); }
};

// Sum of the squares of the error bars of a quantity.
inline double square_error(const Archive &a, const std::string &name) {
  double sum = 0;
  for (size_t i = 0; i < a.count(name + "_se"); i++) sum += std::pow(a.at(name + "_se", i), 2);
  return sum;
}

// Whether two independent runs agree within their error bars, entry by entry and together.
inline void expect_same(const Archive &a, const Archive &b, const std::string &name) {
  double square = 0, used = 0;
  ASSERT_GT(a.count(name), 0u) << name;
  for (size_t i = 0; i < a.count(name); i++) {
    const double error = std::hypot(a.at(name + "_se", i), b.at(name + "_se", i));
    if (error < 1e-14) {  // not random, as K at layer 1
      EXPECT_NEAR(a.at(name, i), b.at(name, i), 1e-12) << name << " " << i;
      continue;
    }
    const double z = (a.at(name, i) - b.at(name, i)) / error;
    EXPECT_LT(std::fabs(z), 5) << name << " " << i;
    square += z * z;
    used++;
  }
  if (used > 0) {
    EXPECT_LT(square / used, 5) << name;
  }
}

}  // namespace trainer_test

#endif
