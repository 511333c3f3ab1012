/* ddntk_internal.h - shared by the files ddntk*.c only. */
#ifndef PDLT_TRAINER_MEASURE_DDNTK_INTERNAL_H
#define PDLT_TRAINER_MEASURE_DDNTK_INTERNAL_H

#include "trainer/measure/ddntk.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Rows of the arrays in pdlt_ddntk_layer. */
static inline size_t pdlt_ddntk_tangent(const pdlt_ddntk *f, size_t w, size_t a, size_t b) {
  return (w * f->samples + a) * f->samples + b;
}

static inline size_t pdlt_ddntk_covector(const pdlt_ddntk *f, size_t w, size_t w1, size_t a,
                                         size_t b) {
  return ((2 * w + w1) * f->samples + a) * f->samples + b;
}

static inline double *pdlt_ddntk_out(const pdlt_ddntk *f, pdlt_ddntk_tensor tensor) {
  const size_t S = f->samples;
  return f->out + (size_t)tensor * S * S * S * S;
}

/* First derivatives: g, delta, q, dz, ds, dg, ddelta and their products, of the layers
 * with index 0..m under the heads at m. */
void pdlt_ddntk_first(pdlt_ddntk *f, const double *theta, int m);

/* Second derivatives along J_v, J_v and J_u, J_u: P / C into P and the first term of R,
 * over n, into R. */
void pdlt_ddntk_second(pdlt_ddntk *f, const double *theta, int m);

/* out (S^2, S^2) += factor <d2f_w(a)[., J_w1;b], d2f_x(c)[., J_x1;d]>, for all a, b, c, d. */
void pdlt_ddntk_products(pdlt_ddntk *f, int m, const size_t left[2], const size_t right[2],
                         double factor, double *out);

#ifdef __cplusplus
}
#endif
#endif
