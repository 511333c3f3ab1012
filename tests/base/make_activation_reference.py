#!/usr/bin/env python3
"""Writes tests/base/activation_reference.h: sigma and five derivatives by mpmath, printed to 25 digits.

Usage: make_activation_reference.py > tests/base/activation_reference.h
The derivatives are taken from Taylor coefficients at high precision, not from the
closed forms that base/activation/scalar.c uses."""
from mpmath import mp, mpf, taylor, factorial, tanh, sin, erf, erfc, exp, log1p, sqrt, nstr

mp.dps = 700
POINTS = [0.0, 1e-9, -0.001, 0.1, -0.3, 0.75, 1.0, -1.5, 2.2, -3.0, 4.7, -6.0, 9.5, -12.0, 20.0, -20.0, 36.0, -40.0]

FUNCTIONS = {
    "tanh": tanh,
    "sin": sin,
    "erf": erf,
    "gelu": lambda z: z * erfc(-z / sqrt(mpf(2))) / 2,
    "swish": lambda z: z / (1 + exp(-z)),
    "softplus": lambda z: log1p(exp(z)),
    "sigmoid": lambda z: 1 / (1 + exp(-z)),
    "polynomial(0.5,-1,0.25,2,-0.125,0.0625,0.03125)":
        lambda z: mpf("0.5") - z + z**2 / 4 + 2 * z**3 - z**4 / 8 + z**5 / 16 + z**6 / 32,
}

print("/* activation_reference.h - written by tests/base/make_activation_reference.py (mpmath, 700 digits).\n"
      " * sigma^(order)(z), order 0..5; z is the double nearest to the number shown. */")
print("#ifndef PDLT_TESTS_BASE_ACTIVATION_REFERENCE_H\n#define PDLT_TESTS_BASE_ACTIVATION_REFERENCE_H\n")
print("struct ActivationReference {\n  const char *activation;\n  double z;\n  double value[6];\n};\n")
print("// clang-format off\nstatic const ActivationReference activation_reference[] = {")
for name, function in FUNCTIONS.items():
    for z in POINTS:
        # A step far below every scale; 700 digits leave more than 50 after the differences.
        series = taylor(function, mpf(z), 5, h=mpf(10) ** -50, direction=0)
        values = [series[k] * factorial(k) for k in range(6)]
        # Below the doubles, or exactly zero up to the error of the step.
        least = max(mpf(10) ** -300, mpf(10) ** -40 * max(abs(v) for v in values[2:]))
        cut = [v if abs(v) > least else mpf(0) for v in values]
        print('    {"%s", %r, {%s}},' % (name, z, ", ".join(nstr(v, 25) if v else "0.0" for v in cut)))
print("};\n// clang-format on\n\n#endif")
