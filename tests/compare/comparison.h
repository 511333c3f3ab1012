// A comparison of a synthetic measurement with theory times factors.
#ifndef PDLT_TESTS_COMPARE_COMPARISON_H
#define PDLT_TESTS_COMPARE_COMPARISON_H

#include <gtest/gtest.h>

#include <cstring>

#include "compare/verdict/compare.h"
#include "tests/compare/support.h"

namespace support {

struct Result {
  pdlt_comparison c{};
  Result() = default;
  Result(const Result &) = delete;
  Result &operator=(const Result &) = delete;
  ~Result() { pdlt_comparison_free(&c); }
  void compare(const Pair &pair) {
    pdlt_error err{};
    ASSERT_EQ(pdlt_compare(&c, &pair.theory, &pair.measured, nullptr, &err), PDLT_OK)
        << err.message;
  }
  const pdlt_compare_test &test(const char *quantity, const char *coefficient) const {
    for (size_t i = 0; i < c.num_tests; i++)
      if (!strcmp(c.tests[i].quantity, quantity) && !strcmp(c.tests[i].coefficient, coefficient))
        return c.tests[i];
    throw std::runtime_error("no such test");
  }
};

// Theory with c0 and c1 times factors, beside a measurement of the truth.
inline void fill(Pair &pair, const Setting &s, const Truth &t, unsigned seed, double factor0 = 1,
                 double factor1 = 1) {
  std::mt19937_64 rng(seed);
  support::start_measured(&pair.measured, s);
  support::add_measured(&pair.measured, s, t, rng);
  support::put_meta(&pair.theory, "theory", s);
  std::vector<double> lo = t.c0, nlo = t.c1;
  for (double &v : lo) v *= factor0;
  for (double &v : nlo) v *= factor1;
  bool k = t.name == "K";
  support::add_values(&pair.theory, k ? "K" : t.name + "_lo", t.dims, lo);
  support::add_values(&pair.theory, k ? "G1" : t.name + "_nlo", t.dims, nlo);
}

inline Truth some_truth(double noise, unsigned seed = 3, std::vector<size_t> dims = {2, 3}) {
  std::mt19937_64 rng(seed);
  return support::random_truth("K", std::move(dims), noise, rng);
}

}  // namespace support
#endif
