/* cube.h - samples that are all corners of a cube, and gradients of functions on them.
 *
 * Is: which sample is which corner; D_i f and the average gradient outer product, exact on the cube
 * (docs/features.md, "Average gradient outer product").
 * Is not: derivatives between the corners. */
#ifndef PDLT_DATASETS_CUBE_H
#define PDLT_DATASETS_CUBE_H

#include <stddef.h>

#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Corner c = 0 .. 2^n_0 - 1 has the larger value of input i where bit i of c is set. */
typedef struct pdlt_cube {
  size_t inputs; /* n_0; 0: the samples are no cube */
  size_t *place; /* (2^n_0) the sample at each corner, owned; NULL: no cube */
} pdlt_cube;

/* The cube of samples x (D, n_0): inputs have two values each, and every corner is there once; any order, any
 * two values. *out, no cube where they are something else, is owned by the caller (pdlt_cube_free). Errors:
 * PDLT_ERR_MEMORY. Cost: n_0 D. */
pdlt_status pdlt_cube_find(pdlt_cube *out, size_t D, size_t inputs, const double *x,
                           pdlt_error *err);
void pdlt_cube_free(pdlt_cube *cube);

/* m (n_0, n_0) = mean over the corners of sum over outputs of D_i z D_j z,
 *   D_i f(c) = (f(c with input i at its larger value) - f(c with it at its smaller one))/2,
 * z (n_L, D). Cost: n_L n_0^2 D. */
void pdlt_cube_agop(const pdlt_cube *cube, size_t outputs, const double *z, double *m);

/* Adds to m (n_0, n_0) the same of one output whose products have these means, E[z_a z_b] = moment (D, D) with
 * stride ld: m_ij += mean over the corners of E[D_i z D_j z]. Linear in moment. Cost: n_0^2 D. */
void pdlt_cube_add_moment(const pdlt_cube *cube, const double *moment, size_t ld, double *m);

#ifdef __cplusplus
}
#endif
#endif
