/* simd_math.h - elementary functions without branches, for loops that compilers vectorize.
 *
 * Is: static inline pieces; include it only from base/vector/sigma.inc and pairs.inc. Compiled
 * without contraction, each operation rounds as written, so that vector bodies and
 * scalar remainders of a loop give the same bits.
 * Is not: a replacement of libm over its whole domain; each comment states its own. */
#ifndef PDLT_BASE_VECTOR_SIMD_MATH_H
#define PDLT_BASE_VECTOR_SIMD_MATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/vector/coefficients.h"

#ifdef __cplusplus
extern "C" {
#endif

#define INLINE static inline __attribute__((always_inline, unused))

/* a b + c; fused where the instruction set has it. */
#ifdef __FMA__
#define MADD(a, b, c) __builtin_fma(a, b, c)
#else
#define MADD(a, b, c) ((a) * (b) + (c))
#endif

/* Adding this rounds to a whole number and leaves it in the low bits. */
#define ROUND_SHIFT 0x1.8p52

INLINE uint64_t to_bits(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

INLINE double from_bits(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* sum_k c[k] x^k; the fixed counts below let the compiler unroll. */
#define HORNER(result, x, c)                                                 \
  do {                                                                       \
    enum { top = (int)(sizeof(c) / sizeof *(c)) - 1 };                       \
    (result) = (c)[top];                                                     \
    _Pragma("GCC unroll 32") for (int k_ = top - 1; k_ >= 0; k_--)(result) = \
        MADD(result, x, (c)[k_]);                                            \
  } while (0)

/* The same, never fused: for what must have the same bits in every set. */
#define HORNER_PLAIN(result, x, c)                                           \
  do {                                                                       \
    enum { top = (int)(sizeof(c) / sizeof *(c)) - 1 };                       \
    (result) = (c)[top];                                                     \
    _Pragma("GCC unroll 32") for (int k_ = top - 1; k_ >= 0; k_--)(result) = \
        (result) * (x) + (c)[k_];                                            \
  } while (0)

/* e^x = (1 + p) power for x <= 0: returns r, of which exp_polynomial makes p. Below x = -708
 * (e^x < 1e-307) the result is 0. */
INLINE double exp_reduce(double x, double *power) {
  const double shifted = MADD(x, 1.44269504088896338700, ROUND_SHIFT);
  const double n = shifted - ROUND_SHIFT;
  /* ln 2 in two parts, the first short enough for n times it to be exact. */
  const double r = MADD(-n, 1.90821492927058770002e-10, MADD(-n, 6.93147180369123816490e-01, x));
  *power = x < -708 ? 0 : from_bits((to_bits(shifted) + 1023) << 52);
  return x < -708 ? 0 : r;
}

/* e^r - 1, |r| <= ln(2)/2. */
INLINE double exp_polynomial(double r) {
  double q;
  HORNER(q, r, exp_part);
  return MADD(r * r, q, r);
}

/* e^{x + tail}, x <= 0, |tail| << 1; about 1 ulp. */
INLINE double exp_negative(double x, double tail) {
  double power;
  const double p = exp_polynomial(exp_reduce(x, &power) + tail);
  return MADD(power, p, power);
}

/* tanh x = tanh(n ln(2)/2 + r) for x >= 0, power = 2^-n: returns r, |r| <= ln(2)/4. Above
 * x = 1023 ln(2)/2, where 1/cosh^2 x < 1e-307, power is 0. */
INLINE double tanh_reduce(double x, double *power) {
  const double top = 354.550, inside = top < x ? top : x, shift = ROUND_SHIFT + 1023;
  const double shifted = MADD(inside, -2.88539008177792681472, shift), n = shifted - shift;
  *power = from_bits(to_bits(shifted) << 52);
  /* ln(2)/2 in two parts, as in exp_reduce; n <= 0 here. */
  return MADD(n, 9.54107464635293850010e-11, MADD(n, 3.46573590184561882045e-01, inside));
}

/* tanh r, |r| <= ln(2)/4. */
INLINE double tanh_polynomial(double r) {
  const double square = r * r;
  double q;
  HORNER(q, square, tanh_part);
  return MADD(r * square, q, r);
}

/* The rounding error of z z: z^2 = z z + square_error(z, z z). */
INLINE double square_error(double z, double square) {
#ifdef __FMA__
  return __builtin_fma(z, z, -square);
#else
  const double high = from_bits(to_bits(z) & ~UINT64_C(0x7ffffff)), low = z - high;
  return (high * high - square) + 2 * high * low + low * low;
#endif
}

/* e^{a^2/2} erfc(a/sqrt 2)/2 (Mills' ratio of the normal law over sqrt(2 pi)), a >= 0. */
INLINE double mills_ratio(double a) {
  const double w = 1 / (a + 4), t = (a - 4) * w;
  /* Even and odd powers apart: two chains half as long. */
  const double square = t * t;
  double even = mills_part[24], odd = mills_part[23];
  _Pragma("GCC unroll 16") for (int k = 22; k >= 2; k -= 2) {
    even = MADD(even, square, mills_part[k]);
    odd = MADD(odd, square, mills_part[k - 1]);
  }
  even = MADD(even, square, mills_part[0]);
  return MADD(odd, t, even) * w;
}

/* log(1 + e), 0 <= e <= 1, as 2 atanh(e/(2 + e)). */
INLINE double log1p_unit(double e) {
  const double s = e / (2 + e), v = s * s;
  double p;
  HORNER(p, v, atanh_wide);
  return MADD(s * v, p, 2 * s);
}

/* log u for normal u in (0, 2). */
INLINE double log_plain(double u) {
  const uint64_t root_half = UINT64_C(0x3fe6a09e667f3bcd), one = UINT64_C(0x3ff0000000000000);
  /* u = 2^k m, m in [sqrt(1/2), sqrt(2)); k + 1023 becomes a double by way of its bits. */
  const uint64_t biased = to_bits(u) + (one - root_half);
  const double k = from_bits((biased >> 52) | UINT64_C(0x4330000000000000)) - (0x1p52 + 1023);
  const double m = from_bits((biased & UINT64_C(0x000fffffffffffff)) + root_half);
  const double f = m - 1, s = f / (2 + f), v = s * s;
  double p;
  HORNER_PLAIN(p, v, atanh_small);
  /* 2 s = f - s f exactly, so that f, which has no error, carries the leading part. */
  const double log_m = f - s * (f - v * p);
  return k * 6.93147180369123816490e-01 + (log_m + k * 1.90821492927058770002e-10);
}

/* sin and cos of r + quarters pi/2, |r| <= pi/4; quarters in the low bits, any sign. */
INLINE void sin_cos_plain(double r, uint64_t quarters, double *sine, double *cosine) {
  const double v = r * r, half = 0.5 * v, w = 1 - half;
  double p, q;
  HORNER_PLAIN(p, v, sin_part);
  HORNER_PLAIN(q, v, cos_part);
  const double s = r + r * v * p;
  const double c = w + (((1 - w) - half) + v * v * q);
  const uint64_t s_bits = to_bits(s), c_bits = to_bits(c);
  const uint64_t swap = UINT64_C(0) - (quarters & 1), change = (s_bits ^ c_bits) & swap;
  *sine = from_bits((s_bits ^ change) ^ ((quarters & 2) << 62));
  *cosine = from_bits((c_bits ^ change) ^ (((quarters + 1) & 2) << 62));
}

/* asin x, |x| <= 1: by its series up to 1/2, beyond by asin x = pi/2 - 2 asin sqrt((1 - x)/2); the second
 * part of pi/2 keeps the last digits. Never fused. */
INLINE double arcsine_plain(double x) {
  const double size = fabs(x), rest = 0.5 * (1 - size);
  const int outer = size > 0.5;
  const double v = outer ? rest : x * x, s = outer ? sqrt(rest) : size;
  double p;
  HORNER_PLAIN(p, v, asin_part);
  const double bend = s * v * p;
  const double far = (1.57079632679489655800e+00 - 2 * s) + (6.12323399573676603587e-17 - 2 * bend);
  return copysign(outer ? far : s + bend, x);
}

/* e^x for x <= 0, *less = e^x - 1 without cancellation. Never fused. */
INLINE double exp_plain(double x, double *less) {
  const double inside = x < -708 ? -708 : x;
  const double shifted = inside * 1.44269504088896338700 + ROUND_SHIFT, n = shifted - ROUND_SHIFT;
  const double r = (inside - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10;
  const double power = x < -708 ? 0 : from_bits((to_bits(shifted) + 1023) << 52);
  double q;
  HORNER_PLAIN(q, r, exp_part);
  const double p = r * r * q + r;
  *less = (power - 1) + power * p;
  return power + power * p;
}

#ifdef __cplusplus
}
#endif
#endif
