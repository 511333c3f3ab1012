/* element.c - see element.h. */
#include "base/file/element.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static const int64_t largest_exact = (int64_t)1 << 53;

static uint64_t word_of(const pdlt_element *type, const unsigned char *bytes) {
  uint64_t word = 0;
  for (size_t i = 0; i < type->size; i++)
    word = word << 8 | bytes[type->big ? i : type->size - 1 - i];
  return word;
}

/* binary16: 1 bit of sign, 5 of exponent, 10 of fraction; every value is a double. */
static double half_of(uint64_t word) {
  const double sign = (word & 0x8000U) != 0 ? -1.0 : 1.0;
  const int exponent = (int)(word >> 10 & 0x1FU), fraction = (int)(word & 0x3FFU);
  if (exponent == 0) return sign * ldexp(fraction, -24);
  if (exponent == 31) return fraction == 0 ? sign * INFINITY : NAN;
  return sign * ldexp(1024 + fraction, exponent - 25);
}

static double float_of(uint64_t word, size_t size) {
  if (size == 2) return half_of(word);
  double wide = 0.0;
  float narrow = 0.0F;
  const uint32_t half = (uint32_t)word;
  if (size == 8)
    memcpy(&wide, &word, sizeof wide);
  else
    memcpy(&narrow, &half, sizeof narrow);
  return size == 8 ? wide : (double)narrow;
}

/* Two's complement of size bytes. */
static int64_t signed_of(uint64_t word, size_t size) {
  /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): a size is never 0 */
  const uint64_t sign = (uint64_t)1 << (8 * size - 1);
  return (word & sign) != 0 ? -(int64_t)((sign - 1) - (word & (sign - 1))) - 1 : (int64_t)word;
}

int pdlt_element_value(const pdlt_element *type, const unsigned char *bytes, double *out) {
  const uint64_t word = word_of(type, bytes);
  if (type->kind == PDLT_ELEMENT_FLOAT) {
    *out = float_of(word, type->size);
    return 1;
  }
  if (type->kind == PDLT_ELEMENT_UNSIGNED) {
    if (word > (uint64_t)largest_exact) return 0;
    *out = (double)word;
    return 1;
  }
  const int64_t value = signed_of(word, type->size);
  if (value > largest_exact || value < -largest_exact) return 0;
  *out = (double)value;
  return 1;
}
