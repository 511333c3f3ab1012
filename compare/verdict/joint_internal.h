/* joint_internal.h - what joint.c and sizes.c share.
 *
 * Is not: for other files. */
#ifndef PDLT_COMPARE_VERDICT_JOINT_INTERNAL_H
#define PDLT_COMPARE_VERDICT_JOINT_INTERNAL_H

#include "compare/verdict/joint.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Smallest eigenvalue of the correlation matrix that counts: combinations of numbers that
 * are known ten times better than the numbers themselves are left out, since there the
 * powers of h beyond the fit decide and not the noise (docs/statistics.md). */
#define PDLT_JOINT_RESOLVED 1e-2

/* Everything of one test. R functions, d directions. */
typedef struct pdlt_joint_work {
  size_t count, d;
  int projected;
  double *u;                 /* (R, d) directions, in units of the scales; only when projected */
  double *mean;              /* (R) */
  double *gathered;          /* (blocks, R), at most PDLT_JOINT_CHUNK of them */
  double *part;              /* (PDLT_JOINT_CHUNK, d) */
  double *c;                 /* (d, d) covariance, then correlation */
  double *deviation, *shift; /* (d) */
  double *values, *vectors;  /* (d), (d, d) */
} pdlt_joint_work;

enum {
  PDLT_JOINT_CHUNK = 128,       /* blocks of which the covariance is made at a time */
  PDLT_JOINT_GATHERED = 1 << 20 /* numbers, about, gathered before they are projected */
};

/* Room and directions for the functions. *out is owned by the caller (pdlt_joint_work_free), also
 * on failure. */
pdlt_status pdlt_joint_work_new(pdlt_joint_work *out, const pdlt_join *join,
                                const pdlt_functions *functions, pdlt_error *err);
void pdlt_joint_work_free(pdlt_joint_work *ws);

/* Adds to c the covariance at width w of the weighted means times factor[r stride]:
 * sum_b w_b d_b d_b^T / ((B - 1) sum_b w_b), d_b the block's deviation from the mean. */
void pdlt_joint_add_width(pdlt_joint_work *ws, const pdlt_join *join, const pdlt_functions *f,
                          size_t w, const double *factor, size_t stride);

/* Scales the covariance to a correlation matrix; standard deviations into mean. */
void pdlt_joint_correlate(pdlt_joint_work *ws);

#ifdef __cplusplus
}
#endif
#endif
