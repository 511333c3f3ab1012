/* fit.h - weighted least squares of x(h) = sum_k c_k h^k, as linear maps of x.
 *
 * Is: for given h and error bars, the rows a with c_k = sum_n a_kn x_n, and contrasts
 * that measure what the polynomial leaves over. Linear maps, because members are shared
 * between numbers: the joint covariance of the c's follows from that of the x's.
 * Is not: a test of anything (joint.h, verdict.h). */
#ifndef PDLT_COMPARE_STATISTICS_FIT_H
#define PDLT_COMPARE_STATISTICS_FIT_H

#include <stddef.h>

#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PDLT_FIT_MAX_TERMS = 16 };

/* How many powers beyond the fit are allowed for. */
enum { PDLT_FIT_BEYOND = 2 };

/* Rows of the weighted pseudo-inverse of the powers first..last of h (docs/statistics.md,
 * "Fit over widths"): c_{first+k} = sum_i rows[k num + i] x_i is the best estimate when
 * x_i = sum_k c_k h_i^k + sum_j b_j h_i^(last+1+j) + noise of standard deviation se_i, the b_j
 * independent with mean 0 and standard deviation beyond[j] (PDLT_FIT_BEYOND of them; NULL: all 0,
 * least squares).
 * h, se (num), se > 0; rows (last - first + 1, num);
 * contrasts (num - (last - first + 1), num) or NULL: g_m = sum_i contrasts[m num + i] x_i
 * vanish on every such polynomial and have, with noise and b_j together, unit variance and no
 * correlation when the x_i are independent; the first one answers to h^(last+1). sum_m g_m^2 is
 * the chi-square of the fit.
 * Errors: PDLT_ERR_NUMERIC (fewer points than terms, repeated h, se not positive),
 * PDLT_ERR_MEMORY. Cost O(num^3). */
pdlt_status pdlt_fit_rows(size_t num, const double *h, const double *se, int first, int last,
                          const double *beyond, double *rows, double *contrasts, pdlt_error *err);

/* The same where the powers 0 and 1 have shapes, x_i = c_0 shape[i] + c_1 shape[num + i] h_i + c_2 h_i^2
 * + ... (docs/width.md). shape (2, num), or NULL: all 1. */
pdlt_status pdlt_fit_rows_shaped(size_t num, const double *h, const double *se, int first, int last,
                                 const double *beyond, const double *shape, double *rows,
                                 double *contrasts, pdlt_error *err);

/* Many fits at the same h: the powers and the room for one of them. Initialize with {0}; owned by the
 * caller (pdlt_fit_free). */
typedef struct pdlt_fit {
  size_t num, terms; /* points; powers first..last */
  double h_max;
  const double *h;      /* (num) borrowed */
  double *power;        /* (terms + PDLT_FIT_BEYOND, num) (h/h_max)^k from k = first on */
  double *beyond;       /* (PDLT_FIT_BEYOND, num) h^k from k = last + 1 on */
  double *q, *v, *rows; /* of the fit at hand */
  double largest[PDLT_FIT_MAX_TERMS]; /* h_max^k, likewise */
  int first;
} pdlt_fit;

/* Fits of the powers first..last of h. Errors: PDLT_ERR_NUMERIC (fewer points than terms), PDLT_ERR_MEMORY;
 * fit then is {0}. */
pdlt_status pdlt_fit_new(pdlt_fit *fit, size_t num, const double *h, int first, int last,
                         pdlt_error *err);
void pdlt_fit_free(pdlt_fit *fit);

/* What pdlt_fit_rows_shaped makes, to the last bit, without taking memory. Errors: PDLT_ERR_NUMERIC. */
pdlt_status pdlt_fit_solve(pdlt_fit *fit, const double *se, const double *beyond,
                           const double *shape, double *rows, double *contrasts, pdlt_error *err);

/* t[j] = beyond[j] sum_i a_i h_i^(last+1+j): what the powers beyond the fit add to the standard
 * deviation of sum_i a_i x_i. */
void pdlt_fit_truncation(const pdlt_fit *fit, const double *beyond, const double *a,
                         double t[PDLT_FIT_BEYOND]);

#ifdef __cplusplus
}
#endif
#endif
