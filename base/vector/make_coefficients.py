#!/usr/bin/env python3
"""Writes base/vector/coefficients.h: the polynomials of base/vector/simd_math.h (mpmath).

Usage: make_coefficients.py > base/vector/coefficients.h
Each is the Chebyshev interpolant, within a factor of about two of the best
polynomial of its degree; the largest relative error is printed beside it."""
import struct

from mpmath import mp, mpf, asin, cos, sin, exp, expm1, log1p, atanh, tanh, erf, erfc, sqrt, pi, matrix, lu_solve, nstr

mp.dps = 60


def fit(function, low, high, degree):
    """Monomial coefficients in x of the interpolant at Chebyshev nodes."""
    low, high = mpf(low), mpf(high)
    nodes = [(low + high) / 2 + (high - low) / 2 * cos(pi * (2 * k + 1) / (2 * degree + 2))
             for k in range(degree + 1)]
    system = matrix(degree + 1, degree + 1)
    for i, x in enumerate(nodes):
        for j in range(degree + 1):
            system[i, j] = x**j
    return list(lu_solve(system, matrix([function(x) for x in nodes])))


def to_single(a):
    return struct.unpack("f", struct.pack("f", float(a)))[0]


def show(name, comment, function, low, high, degree, check=lambda x, v: v, single=False):
    rounded = to_single if single else float
    c = [mpf(rounded(a)) for a in fit(function, low, high, degree)]
    worst = mpf(0)
    for k in range(401):
        x = mpf(low) + (mpf(high) - mpf(low)) * (k + mpf("0.5")) / 401
        value = sum(a * x**j for j, a in enumerate(c))
        worst = max(worst, abs(check(x, value) / check(x, function(x)) - 1))
    print("/* %s; relative error %s. */" % (comment, nstr(worst, 2)))
    print("static const %s %s[%d] = {" % ("float" if single else "double", name, degree + 1))
    print(",\n".join("    %s%s" % (float(a).hex(), "f" if single else "") for a in c) + "};\n")


def centred(x):
    """The value of x^-1 (f - 1) and its like, without the 0/0."""
    return x if abs(x) > mpf(10) ** -20 else mpf(10) ** -20


def sin_part(v):
    r = sqrt(centred(v))
    return (sin(r) / r - 1) / (r * r)


def cos_part(v):
    r = sqrt(centred(v))
    return (cos(r) - 1 + r * r / 2) / r**4


def tanh_part(v):
    r = sqrt(centred(v))
    return (tanh(r) / r - 1) / (r * r)


def atanh_part(v):
    s = sqrt(centred(v))
    return (2 * atanh(s) / s - 2) / (s * s)


def erf_part(v):
    a = sqrt(centred(v))
    return erf(a) / a


def asin_part(v):
    s = sqrt(centred(v))
    return (asin(s) / s - 1) / (s * s)


MILLS_SHIFT = 4


def mills_part(t):
    """t = (a - K)/(a + K); (a + K) e^{a^2/2} erfc(a/sqrt 2)/2."""
    if t > 1 - mpf(10) ** -20:
        return 1 / sqrt(2 * pi)
    a = MILLS_SHIFT * (1 + t) / (1 - t)
    return (a + MILLS_SHIFT) * exp(a * a / 2) * erfc(a / sqrt(mpf(2))) / 2


print("/* coefficients.h - written by base/vector/make_coefficients.py; do not edit. */")
print("#ifndef PDLT_BASE_VECTOR_COEFFICIENTS_H\n#define PDLT_BASE_VECTOR_COEFFICIENTS_H")
print('\n#ifdef __cplusplus\nextern "C" {\n#endif\n\n/* clang-format off */')
half_ln2 = mpf("0.3466")
show("exp_part", "(e^r - 1 - r)/r^2, |r| <= ln(2)/2; error that of e^r",
     lambda r: (expm1(centred(r)) - centred(r)) / centred(r)**2, -half_ln2, half_ln2, 9,
     lambda r, v: 1 + r + r * r * v)
show("sin_part", "(sin r - r)/r^3 in r^2, |r| <= pi/4; error that of sin r", sin_part, 0, mpf("0.6169"), 5,
     lambda x, v: 1 + x * v)
show("cos_part", "(cos r - 1 + r^2/2)/r^4 in r^2, |r| <= pi/4; error that of cos r", cos_part, 0, mpf("0.6169"), 5,
     lambda x, v: 1 - x / 2 + x * x * v)
quarter_ln2_squared = mpf("0.03005")
show("tanh_part", "(tanh r - r)/r^3 in r^2, |r| <= ln(2)/4; error that of tanh r", tanh_part, 0, quarter_ln2_squared, 5,
     lambda x, v: 1 + x * v)
show("atanh_small", "(2 atanh s - 2 s)/s^3 in s^2, s^2 <= 0.02945; error that of atanh s", atanh_part, 0,
     mpf("0.02945"), 6, lambda x, v: 2 + x * v)
show("atanh_wide", "the same, s^2 <= 1/9", atanh_part, 0, mpf(1) / 9, 10, lambda x, v: 2 + x * v)
show("erf_part", "erf(a)/a in a^2, a <= 3/4", erf_part, 0, mpf("0.5625"), 10)
show("mills_part", "(a + 4) e^{a^2/2} erfc(a/sqrt 2)/2 in t = (a - 4)/(a + 4)", mills_part, -1, 1, 24)
show("asin_part", "(asin s - s)/s^3 in s^2, s^2 <= 1/4; error that of asin s", asin_part, 0, mpf("0.25"), 12,
     lambda x, v: 1 + x * v)
print("/* Single precision. */")
show("exp_single", "as exp_part", lambda r: (expm1(centred(r)) - centred(r)) / centred(r)**2, -half_ln2, half_ln2, 4,
     lambda r, v: 1 + r + r * r * v, True)
show("sin_single", "as sin_part", sin_part, 0, mpf("0.6169"), 2, lambda x, v: 1 + x * v, True)
show("cos_single", "as cos_part", cos_part, 0, mpf("0.6169"), 2, lambda x, v: 1 - x / 2 + x * x * v, True)
show("tanh_single", "as tanh_part", tanh_part, 0, quarter_ln2_squared, 2, lambda x, v: 1 + x * v, True)
show("atanh_single", "as atanh_wide", atanh_part, 0, mpf(1) / 9, 3, lambda x, v: 2 + x * v, True)
print("/* clang-format on */\n\n#ifdef __cplusplus\n}\n#endif\n#endif")
