/* cumulant.h - fourth cumulant of numbers with mean 0, with its error bar.
 *
 * Is: the statistic that tells the outputs of finite networks at initialization from a
 * Gaussian, 3 h V_1111 at order 1/width (docs/losses.md, "Outputs at initialization").
 * Is not: aware of archives (compare/figure/density.c). */
#ifndef PDLT_COMPARE_STATISTICS_CUMULANT_H
#define PDLT_COMPARE_STATISTICS_CUMULANT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_cumulant {
  double value, se; /* NaN: fewer than 64 numbers */
  size_t draws;     /* finite numbers */
} pdlt_cumulant;

/* Fourth cumulant of z[0], z[stride], ..., count independent draws of a distribution whose mean is
 * known to be 0; what is not finite is left out. Unbiased:
 *   (1/N) sum z^4 - 3 ((sum z^2)^2 - sum z^4)/(N (N - 1)),
 * error bar by the jackknife over 64 groups of consecutive draws. Cost O(count). */
pdlt_cumulant pdlt_cumulant_fourth(size_t count, size_t stride, const double *z);

/* What order 1/width adds to the Gaussian density of x = z/sqrt(K): phi(x) h
 * {(G1/(2 K)) (x^2 - 1) + (V/(8 K^2)) (x^4 - 6 x^2 + 3)}, all of one sample. */
double pdlt_density_correction(double x, double h, double K, double G1, double V);

#ifdef __cplusplus
}
#endif
#endif
