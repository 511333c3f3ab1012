/* joint.h - one test for many linear functions of measured numbers at once.
 *
 * Is: Hotelling's T^2 with the covariance of the block values, nearly dependent directions
 * left out, many functions projected on few directions fixed beforehand.
 * Is not: aware of what the functions mean (verdict.h). Method: docs/statistics.md. */
#ifndef PDLT_COMPARE_VERDICT_JOINT_H
#define PDLT_COMPARE_VERDICT_JOINT_H

#include <stddef.h>
#include <stdint.h>

#include "base/core/status.h"
#include "compare/join/join.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PDLT_JOINT_BLOCKS_PER_NUMBER = 10, PDLT_JOINT_MAX_DIRECTIONS = 1000 };

/* R functions g_r = sum_w coefficient_rw x_{number_r, w} with expected deviation 0. Borrowed. */
typedef struct pdlt_functions {
  size_t count;              /* R */
  const size_t *number;      /* (R) */
  const double *coefficient; /* (R, W) 0 at widths that are not used */
  const double *deviation;   /* (R) g_r minus what it should be */
  const double *numeric;     /* (R) numerical error of the deviation */
  const double *truncation;  /* (R, 2) what two unknowns of the same number add to its standard
                                deviation; functions of one number stand together; NULL: nothing */
  const double *shared;    /* (R, 2) times what two unknown vectors over numbers, distributed as the
                                noise of `shared_width`, add to it; NULL: nothing */
  size_t shared_width;     /* w */
  const double *coherent;  /* (R, 2) what two unknowns of all numbers together add; NULL: nothing */
  const double *scale;     /* (R) its standard error, > 0 */
  const double *shift;     /* (R) null hypothesis minus theory, or NULL */
  const uint64_t *tag;     /* (R) names the function; directions depend on it */
  const double *inflation; /* (R) statistical error over that of the blocks, or NULL: 1 */
} pdlt_functions;

typedef struct pdlt_joint {
  double p;          /* of T^2; NaN: no function */
  double null_z;     /* sqrt(s^T C^-1 s), s the shift; 0 without one */
  size_t directions; /* dimension of the test */
  double freedom;    /* of the covariance */
} pdlt_joint;

/* Tests all deviations = 0. Errors: PDLT_ERR_MEMORY, PDLT_ERR_NUMERIC. Cost
 * O(B R d + d^3), d = directions <= min(R, max(1, B/10), 1000), B = blocks. */
pdlt_status pdlt_joint_test(pdlt_joint *out, const pdlt_join *join, const pdlt_functions *functions,
                            pdlt_error *err);

/* Names function m of number k by index and time, so that directions do not depend on the order of
 * the numbers. */
uint64_t pdlt_joint_tag(const pdlt_join *join, size_t k, size_t m);

/* Mean square of vectors (num, N) of all numbers of the join in units of the noise at width w: mean
 * over the resolved directions of its correlation (at most N, B/10 or 1000, projected as above;
 * numbers that are not distinct do not count); *directions: how many. NaN: none. Errors and cost as above. */
pdlt_status pdlt_joint_sizes(double *mean_square, double *directions, const pdlt_join *join,
                             size_t w, const uint64_t *tag, size_t num, const double *vectors,
                             pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
