/* number.c - see number.h.
 *
 * The 17 digits are x 10^s as a whole number, with s such that 10^16 <= x 10^s < 10^17. The product is a
 * sum of two doubles whose error is below 10^-12, so that digits and rounding follow wherever the rest is
 * not within 10^-6 of a tie; there, and beyond the range, the C library decides. */
#include "base/core/number.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 17, FEWEST = 15, EXACT_POWER = 22 /* 10^22 is a double, 10^23 is not */ };

static const double powers[EXACT_POWER + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                               1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                               1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
static const double least = 1e-280, first_17 = 1e16, beyond_17 = 1e17, unsure = 1e-6;

/* A sum of two doubles, the second below half a unit in the last place of the first. */
typedef struct pair {
  double high, low;
} pair;

static pair times(pair a, double factor) {
  const double high = a.high * factor, low = fma(a.high, factor, -high) + a.low * factor;
  const double sum = high + low;
  return (pair){sum, low - (sum - high)};
}

/* x 10^s, s >= 0. */
static pair scaled(double x, int s) {
  pair value = {x, 0.0};
  for (; s > EXACT_POWER; s -= EXACT_POWER) value = times(value, powers[EXACT_POWER]);
  return times(value, powers[s]);
}

/* The number of `digits` digits next to whole + rest, of 17; 0 where that is not sure. *away: how far. */
static int64_t round_to(int digits, int64_t whole, double rest, double *away) {
  const int64_t unit = (int64_t)powers[MOST - digits], cut = whole % unit;
  const double over = (double)cut + rest;
  if (fabs(over - 0.5 * (double)unit) < unsure) return 0;
  const int up = over > 0.5 * (double)unit;
  *away = up ? (double)unit - over : over;
  return whole / unit + up;
}

/* d digits, exponent of the first, as "%.*g" writes them. */
static void write(char *out, int64_t number, int digits, int exponent, int negative) {
  char text[MOST + 1];
  int used = digits;
  for (int k = digits; k-- > 0; number /= 10) text[k] = (char)('0' + number % 10);
  while (used > 1 && text[used - 1] == '0') used--;
  if (negative) *out++ = '-';
  if (exponent < -4 || exponent >= digits) {
    *out++ = text[0];
    if (used > 1) *out++ = '.';
    memcpy(out, text + 1, (size_t)used - 1);
    out += used - 1;
    *out++ = 'e';
    *out++ = exponent < 0 ? '-' : '+';
    if (abs(exponent) >= 100) *out++ = (char)('0' + abs(exponent) / 100);
    *out++ = (char)('0' + abs(exponent) / 10 % 10);
    *out++ = (char)('0' + abs(exponent) % 10);
    *out = '\0';
    return;
  }
  if (exponent < 0) {
    memcpy(out, "0.000", 5);
    out += 1 - exponent;
    memcpy(out, text, (size_t)used);
    out[used] = '\0';
    return;
  }
  for (int k = 0; k < used || k <= exponent; k++) {
    if (k == exponent + 1) *out++ = '.';
    *out++ = k < used ? text[k] : '0';
  }
  *out = '\0';
}

/* 1 when out was filled. */
static int print(char *out, double x) {
  int binary = 0;
  const double size = fabs(x), fraction = frexp(size, &binary);
  if (!(size >= least && size < beyond_17) || fraction == 0.5) return 0;
  int s = MOST - 1 - (int)floor(log10(size));
  pair value = {0.0, 0.0};
  for (int tries = 0; tries < 3; tries++) {
    if (s < 0) return 0;
    value = scaled(size, s);
    if (value.high < first_17)
      s++;
    else if (value.high >= beyond_17)
      s--;
    else
      break;
  }
  const int64_t whole = (int64_t)value.high + (int64_t)floor(value.low);
  const double rest = value.low - floor(value.low);
  if (whole < (int64_t)first_17 || whole >= (int64_t)beyond_17 - 1) return 0;
  /* half the distance to the next double, which reads as another */
  const double half = value.high * ldexp(0.5 * DBL_EPSILON, binary - 1) / size;
  for (int digits = FEWEST; digits <= MOST; digits++) {
    double away = 0.0;
    const int64_t number = round_to(digits, whole, rest, &away);
    if (number == 0 || number >= (int64_t)powers[digits]) return 0;
    if (digits < MOST && fabs(away - half) < unsure * half) return 0;
    if (digits < MOST && away > half) continue;
    write(out, number, digits, MOST - 1 - s, x < 0.0);
    return 1;
  }
  return 0;
}

const char *pdlt_number_text(char out[PDLT_NUMBER_LENGTH], double x) {
  if (print(out, x)) return out;
  for (int digits = FEWEST; digits <= MOST; digits++) {
    snprintf(out, PDLT_NUMBER_LENGTH, "%.*g", digits, x);
    if (strtod(out, NULL) == x) break;
  }
  return out;
}
