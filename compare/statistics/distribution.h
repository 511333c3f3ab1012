/* distribution.h - tail probabilities of the normal, chi-square and F distributions.
 *
 * Is: the few special functions that tests of hypotheses need, accurate far into the
 * tails (relative error about 1e-13, 1e-11 for thousands of degrees of freedom).
 * Is not: a library of special functions. Derivations: docs/statistics.md. */
#ifndef PDLT_COMPARE_STATISTICS_DISTRIBUTION_H
#define PDLT_COMPARE_STATISTICS_DISTRIBUTION_H

#ifdef __cplusplus
extern "C" {
#endif

/* Regularized upper incomplete gamma function Q(a, x) = Gamma(a, x)/Gamma(a), a > 0,
 * x >= 0; NaN outside. */
double pdlt_gamma_upper(double a, double x);

/* Regularized incomplete beta function I_x(a, b) with y = 1 - x given apart, so that x
 * near 1 loses no digits; a, b > 0, x, y >= 0; NaN outside. */
double pdlt_beta_regularized(double a, double b, double x, double y);

/* P(|Z| > |z|) of a standard normal Z. */
double pdlt_normal_two_sided(double z);

/* z with P(Z > z) = p, 0 < p < 1; +-infinity at the ends, NaN outside. */
double pdlt_normal_upper_quantile(double p);

/* P(X > x) of chi-square with k > 0 degrees of freedom; 1 for x <= 0. */
double pdlt_chi_square_tail(double x, double k);

/* P(X > f) of F with d1, d2 > 0 degrees of freedom (d2 may be infinite); 1 for f <= 0.
 * Student's two-sided P(|T| > t) with v degrees of freedom is F(t^2; 1, v). */
double pdlt_f_tail(double f, double d1, double d2);

#ifdef __cplusplus
}
#endif
#endif
