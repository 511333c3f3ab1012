#!/usr/bin/env python3
"""make_lattice.py - generating vector of the rank-1 lattice of theory/gauss/points.c.

Is: component by component construction for N = 2^20 points in the Korobov space of smoothness 2 with weights
1/j^2, by the fast Fourier transform over the powers of 5 (Nuyens and Cools 2006). Needs NumPy; not part of the
build.

    theory/gauss/make_lattice.py [DIMENSIONS]"""
import sys

import numpy as np

BITS = 20


def kernel(x):
    """2 pi^2 B_2(x)."""
    return 2 * np.pi**2 * (x * x - x + 1 / 6)


def powers_of_five(size, modulus):
    out = np.empty(size, dtype=np.int64)
    value = 1
    for k in range(size):
        out[k] = value
        value = value * 5 % modulus
    return out


def levels():
    """For each divisor 2^j: the points 2^j 5^k, both signs the same, and the transform of the kernel."""
    n = 1 << BITS
    out = []
    for j in range(BITS - 2):
        modulus = n >> j
        u = powers_of_five(modulus // 4, modulus)
        out.append((u << j, np.fft.rfft(kernel(u / modulus))))
    return out


def main():
    dimensions = int(sys.argv[1]) if len(sys.argv) > 1 else 256
    n = 1 << BITS
    product = np.ones(n)
    x = np.arange(n, dtype=np.int64)
    parts = levels()
    chosen = []
    for d in range(dimensions):
        merit = np.zeros(n // 4)
        for points, transform in parts:
            # sum over u of product(u) kernel(u z), u = 5^i, z = 5^k: a correlation
            size = len(points)
            values = np.fft.irfft(np.conj(np.fft.rfft(product[points])) * transform, size)
            merit += np.tile(values, n // 4 // size)
        z = int(parts[0][0][int(np.argmin(merit))]) if d else 1
        chosen.append(z)
        product = product * (1 + kernel(x * z % n / n) / (d + 1)**2)
    for k in range(0, dimensions, 8):
        print("    " + ", ".join(str(z) for z in chosen[k:k + 8]) + ",")


if __name__ == "__main__":
    main()
