/* hermite.h - a function of a Gaussian variable as a series in Hermite polynomials.
 *
 * Is: the fast road to <f(z1) g(z2)> for many pairs: one series per sample, then a
 * polynomial in the correlation per pair (Mehler's formula), with an error bound.
 * Is not: for functions with kinks (ReLU): there the closed forms are exact.
 *
 * Shapes: N terms of a series. Derivation: docs/kernels.md, "Hermite series". */
#ifndef PDLT_THEORY_GAUSS_HERMITE_H
#define PDLT_THEORY_GAUSS_HERMITE_H

#include <stddef.h>

#include "base/activation/activation.h"
#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* f(sqrt(k) t) = sum_n coefficient[n] h_n(t), h_n orthonormal under N(0, 1). */
typedef struct pdlt_hermite_series {
  size_t count;        /* N */
  double *coefficient; /* (N), owned; zeros behind, up to a multiple of PDLT_PAIRS_LANES */
  double *rest;        /* (N + 1) tail + sum_{m >= n} coefficient[m]^2; in the same block */
  double norm;         /* <f^2> by quadrature, independent of the series */
  double tail;         /* estimate of <f^2> - sum_n coefficient[n]^2: what N terms miss */
  double error;        /* of norm, from two quadratures */
} pdlt_hermite_series;

/* Series of f = sigma^(order), order 0..5, for z ~ N(0, k), k >= 0, with as many terms
 * as it takes for tail <= max(tolerance^2/100, 1e-25) norm (8192 terms: 1e-2 tolerance norm).
 * Errors: PDLT_ERR_UNSUPPORTED (activation with a kink), PDLT_ERR_NUMERIC (more than
 * 8192 terms or too fine a grid needed: k too large), PDLT_ERR_MEMORY.
 * Cost O(N (sqrt(k) + sqrt(N))). */
pdlt_status pdlt_hermite_series_new(pdlt_hermite_series *out, const pdlt_activation *act, int order,
                                    double k, double tolerance, pdlt_error *err);

void pdlt_hermite_series_free(pdlt_hermite_series *series);

/* <f(z1) g(z2)> = sum_n rho^n f_n g_n (Mehler), rho = K_12/sqrt(K_11 K_22), up to |rho|^n = 2^-64. Symmetric
 * in f and g to the last bit. Cost O(N), at most 45/(1 - |rho|) terms. */
double pdlt_hermite_pair(const pdlt_hermite_series *f, const pdlt_hermite_series *g, double rho);

/* Bound of the error of pdlt_hermite_pair: Cauchy-Schwarz on the missing terms, plus
 * quadrature. */
double pdlt_hermite_pair_error(const pdlt_hermite_series *f, const pdlt_hermite_series *g,
                               double rho);

#ifdef __cplusplus
}
#endif
#endif
