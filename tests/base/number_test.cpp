// Numbers as text against the C library, digit by digit.
#include "base/core/number.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <string>

namespace {

// The definition: the first of 15, 16 and 17 digits that reads back.
std::string by_printf(double x) {
  char text[PDLT_NUMBER_LENGTH];
  for (int digits = 15; digits <= 17; digits++) {
    std::snprintf(text, sizeof text, "%.*g", digits, x);
    if (std::strtod(text, nullptr) == x) break;
  }
  return text;
}

std::string text_of(double x) {
  char text[PDLT_NUMBER_LENGTH];
  return pdlt_number_text(text, x);
}

}  // namespace

TEST(Number, AnyBitsAreAsPrintfWritesThem) {
  std::mt19937_64 rng(1);
  for (int i = 0; i < 20000; i++) {
    const uint64_t bits = rng();
    double x;
    std::memcpy(&x, &bits, sizeof x);
    ASSERT_EQ(text_of(x), by_printf(x));
  }
}

TEST(Number, OrdinaryNumbersAreAsPrintfWritesThem) {
  std::mt19937_64 rng(2);
  std::normal_distribution<double> normal;
  std::uniform_int_distribution<int> exponent(-30, 20), digits(0, 16);
  for (int i = 0; i < 40000; i++) {
    const double x = normal(rng) * std::pow(10, exponent(rng));
    ASSERT_EQ(text_of(x), by_printf(x));
    char text[40];  // few digits
    std::snprintf(text, sizeof text, "%.*e", digits(rng), x);
    const double shorter = std::atof(text);
    ASSERT_EQ(text_of(shorter), by_printf(shorter));
  }
}

// Where digits carry, where rounding is a tie, where neighbours are not equally far.
TEST(Number, EdgesAreAsPrintfWritesThem) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (double x : {0.0, -0.0, infinity, -infinity, std::nan(""), 5e-324, 1.7976931348623157e308})
    EXPECT_EQ(text_of(x), by_printf(x));
  for (int e = -40; e < 40; e++)
    for (double start : {std::pow(10, e), std::ldexp(1.0, 3 * e)})
      for (double x = start, k = 0; k < 4; k++, x = std::nextafter(x, 0))
        for (double y : {x, -x, 2 * start - x}) ASSERT_EQ(text_of(y), by_printf(y)) << e;
  for (int64_t i = 1; i < 5000; i++)
    for (double x : {double(i), double(i) / 8, 9007199254740992.0 + double(i),
                     1e17 - 16.0 * double(i), double(i) * 1e12 + 0.5, double(i) * 1e13 + 0.25})
      ASSERT_EQ(text_of(x), by_printf(x));
}

TEST(Number, IsShort) {
  EXPECT_EQ(text_of(0.1), "0.1");
  EXPECT_EQ(text_of(1.0 / 3), "0.3333333333333333");
  EXPECT_EQ(text_of(1e-5), "1e-05");
  EXPECT_EQ(text_of(-1234500), "-1234500");
  EXPECT_EQ(text_of(3e15), "3e+15");
  EXPECT_EQ(text_of(64), "64");
}
