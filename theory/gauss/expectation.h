/* expectation.h - Gaussian expectations of sigma and its derivatives, one variable
 * and pairs, each with an estimate of its numerical error.
 *
 * Is: <sigma^(p)(z1) sigma^(q)(z2)> for (z1, z2) ~ N(0, K), by three roads: closed
 * form, Hermite series, product trapezoid rule. All stay callable; tests compare them.
 * Is not: recursions over layers (kernel.h) or brackets over more than two samples.
 *
 * K is positive semidefinite up to rounding; singular K (coinciding samples, K_11 = 0)
 * is allowed. Derivations: docs/kernels.md. */
#ifndef PDLT_THEORY_GAUSS_EXPECTATION_H
#define PDLT_THEORY_GAUSS_EXPECTATION_H

#include "base/activation/activation.h"
#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_value {
  double value;
  double error; /* estimate of the absolute numerical error */
} pdlt_value;

/* <sigma^(p)(z) sigma^(q)(z)>, z ~ N(0, k); p, q = 0..5 (0, 1 for the ReLU family, by
 * closed form). tolerance is relative to sqrt(<sigma^(p)^2><sigma^(q)^2>).
 * Errors: PDLT_ERR_UNSUPPORTED (order >= 2 of a kinked activation), PDLT_ERR_INPUT (k
 * negative or not finite), PDLT_ERR_NUMERIC, PDLT_ERR_MEMORY. */
pdlt_status pdlt_expectation_single(pdlt_value *out, const pdlt_activation *act, int p, int q,
                                    double k, double tolerance, pdlt_error *err);

/* <sigma^(p)(z1) sigma^(q)(z2)>, (z1, z2) ~ N(0, ((k11, k12), (k12, k22))): the closed
 * form where there is one, else the Hermite series, beyond its reach the grid of wide.h. Errors as
 * above; PDLT_ERR_INPUT
 * also when k12^2 > k11 k22 beyond rounding. */
pdlt_status pdlt_expectation_pair(pdlt_value *out, const pdlt_activation *act, int p, int q,
                                  double k11, double k12, double k22, double tolerance,
                                  pdlt_error *err);

/* 1 when pdlt_expectation_pair_closed knows sigma^(p), sigma^(q): linear, ReLU family (p,
 * q <= 1), sin, polynomials, erf (p = q = 0, one 0 and the other 2, or both >= 1). */
int pdlt_expectation_has_closed(const pdlt_activation *act, int p, int q);

/* The closed form; call only where has_closed says 1. Cost O(1) (polynomial: O(degree^2)).
 * Symmetric under (p, 1) <-> (q, 2) to the last bit for p = q. */
pdlt_value pdlt_expectation_pair_closed(const pdlt_activation *act, int p, int q, double k11,
                                        double k12, double k22);

/* The same number by the product trapezoid rule in standardized variables: z1 = root_1
 * t1, z2 = slope t1 + root_2 t2 with the larger variance first, |t| <= 12.5, step in z
 * shrunk until two grids agree to tolerance (relative to the largest integrand moment);
 * their difference is the error. Smooth activations only. Cost: 10^4 to 10^6 sigmas. */
pdlt_status pdlt_expectation_pair_grid(pdlt_value *out, const pdlt_activation *act, int p, int q,
                                       double k11, double k12, double k22, double tolerance,
                                       pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
