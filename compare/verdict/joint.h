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
  double p;      /* of T^2; NaN: no function */
  double null_z; /* sqrt(s^T C^-1 s), s the shift; 0 without one */
  double toward; /* s^T C^-1 d/(s^T C^-1 s), d the deviation: how far of the way from theory to the
                        null hypothesis, with the error 1/null_z; NaN without a shift */
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

/* Sizes of vectors over all numbers of the join, v_k = sum_w coefficient_kw x_kw, in units of the
 * noise at one width: means over the resolved directions of its correlation (at most N, B/10 or
 * 1000, projected as above; numbers that are not distinct do not count). */
typedef struct pdlt_sizes_input {
  const pdlt_join *join;
  size_t width;              /* w whose noise is the unit */
  const uint64_t *tag;       /* (N) */
  size_t num;                /* vectors */
  const double *vector;      /* (num, N) */
  const double *coefficient; /* (num, N, W) 0 at widths that are not used */
} pdlt_sizes_input;

/* square, noise (num): mean squares of the vectors, and what of them noise explains. *directions: of
 * the means; 0: none, and the rest is NaN. Errors and cost as pdlt_joint_test, num + 1 times. */
pdlt_status pdlt_joint_sizes(double *square, double *noise, double *directions,
                             const pdlt_sizes_input *input, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
