/* small.h - products of matrices too small for a BLAS call, and sums over short arrays.
 *
 * Is: C loops on vectors compiled for several instruction sets (base/vector/small_kernels.inc),
 * chosen at run time; one thread, no packing, nothing allocated. Internal, but callable,
 * so that tests compare the sets.
 * Is not: for matrices beyond the second-level cache; there pdlt_gemm is faster.
 *
 * Bits depend on the set and on the shapes only. Shapes are written (rows, columns);
 * matrices are row-major, ld = row stride. */
#ifndef PDLT_BASE_VECTOR_SMALL_H
#define PDLT_BASE_VECTOR_SMALL_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_small_set {
  const char *name;
  /* C (m, n) = A (m, k) B (k, n), summed over k in order; C overlaps neither. Fastest
   * when n is a multiple of 8. Cost 2 m n k flops, near the processor's peak from 16 on; few
   * rows are slower. */
  void (*product)(size_t m, size_t n, size_t k, const double *a, size_t lda, const double *b,
                  size_t ldb, double *c, size_t ldc);
  /* C += A B, likewise. */
  void (*add_product)(size_t m, size_t n, size_t k, const double *a, size_t lda, const double *b,
                      size_t ldb, double *c, size_t ldc);
  /* C (m, n) = A (m, k) B^T, B (n, k): dot products of rows. Fastest when k is a multiple
   * of 8. */
  void (*inner)(size_t m, size_t n, size_t k, const double *a, size_t lda, const double *b,
                size_t ldb, double *c, size_t ldc);
  /* out[i] = f[i] g[i], i < n. */
  void (*multiply)(size_t n, const double *f, const double *g, double *out);
  /* sum_i f[i] g[i] in 32 partial sums. */
  double (*dot)(size_t n, const double *f, const double *g);
} pdlt_small_set;

/* The k-th set that this processor can run, best first; NULL beyond the last. A
 * function of the processor only, hence safe from any thread. */
const pdlt_small_set *pdlt_small_get(int k);

/* The one beside pdlt_simd_best. */
const pdlt_small_set *pdlt_small_best(void);

#ifdef __cplusplus
}
#endif
#endif
