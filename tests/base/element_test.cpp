// element_test.cpp - numbers of every kind, size and byte order.
#include "base/file/element.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

namespace {

// The number as the machine writes it (little endian), read back in both byte orders.
template <class T>
void ExpectValue(pdlt_element_kind kind, T number, bool exact = true) {
  unsigned char bytes[1 + sizeof number] = {}; /* not aligned */
  std::memcpy(bytes + 1, &number, sizeof number);
  for (const int big : {0, 1}) {
    const pdlt_element type = {kind, sizeof number, big};
    double value = 0.5;
    EXPECT_EQ(pdlt_element_value(&type, bytes + 1, &value), exact ? 1 : 0);
    EXPECT_EQ(value, exact ? static_cast<double>(number) : 0.5);
    std::reverse(bytes + 1, bytes + 1 + sizeof number);
  }
}

template <class T>
void ExpectInteger() {
  using Limits = std::numeric_limits<T>;
  const auto kind = Limits::is_signed ? PDLT_ELEMENT_SIGNED : PDLT_ELEMENT_UNSIGNED;
  for (const T number : {T(0), T(1), T(-1), T(77), Limits::min(), Limits::max()})
    ExpectValue(kind, number,
                sizeof(T) < 8 || std::fabs(static_cast<double>(number)) <= 9007199254740992.0);
}

TEST(Element, Integers) {
  ExpectInteger<int8_t>();
  ExpectInteger<uint8_t>();
  ExpectInteger<int16_t>();
  ExpectInteger<uint16_t>();
  ExpectInteger<int32_t>();
  ExpectInteger<uint32_t>();
  ExpectInteger<int64_t>();
  ExpectInteger<uint64_t>();
  const int64_t last = int64_t(1) << 53;
  for (const int64_t number : {last, -last, last - 1, 1 - last})
    ExpectValue(PDLT_ELEMENT_SIGNED, number);
  for (const int64_t number : {last + 1, -last - 1})
    ExpectValue(PDLT_ELEMENT_SIGNED, number, false);
  ExpectValue(PDLT_ELEMENT_UNSIGNED, uint64_t(last));
  ExpectValue(PDLT_ELEMENT_UNSIGNED, uint64_t(last) + 1, false);
}

TEST(Element, Floats) {
  for (const double number : {0.0, -0.1, 1e300, 5e-324, HUGE_VAL, -HUGE_VAL})
    ExpectValue(PDLT_ELEMENT_FLOAT, number);
  for (const float number : {0.0F, -0.1F, 1e38F, 1e-45F, HUGE_VALF})
    ExpectValue(PDLT_ELEMENT_FLOAT, number);
  const double nan = std::nan("");
  unsigned char bytes[8];
  std::memcpy(bytes, &nan, 8);
  const pdlt_element type = {PDLT_ELEMENT_FLOAT, 8, 0};
  double value = 0;
  EXPECT_EQ(pdlt_element_value(&type, bytes, &value), 1);
  EXPECT_TRUE(std::isnan(value));
}

/* All 65,536 numbers of binary16: bits and value, and both byte orders. */
TEST(Element, Halves) {
  const struct {
    unsigned bits;
    double value;
  } known[] = {{0x0000, 0},       {0x8000, -0.0},     {0x0001, 0x1p-24},  {0x03ff, 0x1.ff8p-15},
               {0x0400, 0x1p-14}, {0x3c00, 1},        {0xc000, -2},       {0x3555, 0x1.554p-2},
               {0x7bff, 65504},   {0x7c00, HUGE_VAL}, {0xfc00, -HUGE_VAL}};
  auto value_of = [](unsigned bits, int big) {
    const unsigned char low = bits & 255U, high = static_cast<unsigned char>(bits >> 8);
    const unsigned char bytes[2] = {big ? high : low, big ? low : high};
    const pdlt_element type = {PDLT_ELEMENT_FLOAT, 2, big};
    double value = 0.5;
    EXPECT_EQ(pdlt_element_value(&type, bytes, &value), 1);
    return value;
  };
  for (const auto &k : known) {
    EXPECT_EQ(value_of(k.bits, 0), k.value) << k.bits;
    EXPECT_EQ(std::signbit(value_of(k.bits, 1)), std::signbit(k.value)) << k.bits;
  }
  for (unsigned bits = 1; bits <= 0x7c00;
       bits++) { /* they increase by one unit in the last place */
    const double unit = std::ldexp(1, std::max(0, int(bits - 1) / 1024 - 1) - 24);
    const double step = value_of(bits, 1) - value_of(bits - 1, 1);
    EXPECT_EQ(step, bits < 0x7c00 ? unit : HUGE_VAL) << bits;
    EXPECT_EQ(value_of(bits | 0x8000, 0), -value_of(bits, 0));
  }
  for (unsigned bits = 0x7c01; bits < 0x8000; bits++) EXPECT_TRUE(std::isnan(value_of(bits, 0)));
}

}  // namespace
