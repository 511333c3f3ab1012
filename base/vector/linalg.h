/* linalg.h - the one place that calls BLAS and LAPACK (OpenBLAS).
 *
 * Is: row-major wrappers that run on one BLAS thread, so that the last bit does
 * not depend on the number of threads.
 * Is not: threaded; callers split work into fixed tiles over their own threads.
 *
 * Shapes are written (rows, columns); all matrices row-major, ld = row stride. */
#ifndef PDLT_BASE_VECTOR_LINALG_H
#define PDLT_BASE_VECTOR_LINALG_H

#include <stddef.h>

#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Sets OpenBLAS to one thread and checks that it may be called from several
 * (openblas_get_parallel() != 0); takes the memory that OpenBLAS and OpenMP want for so many threads,
 * who do not take no for an answer later. Call before any work. Errors: PDLT_ERR_UNSUPPORTED with the
 * remedy when threads > 1 and the serial variant is installed; PDLT_ERR_MEMORY: for how many there is
 * room. Cost: 128 MiB of address space for each thread, once for the process; none of it is touched. */
pdlt_status pdlt_linalg_init(int threads, pdlt_error *err);

/* Name, version and core of the BLAS in use; static storage. */
const char *pdlt_linalg_version(void);

/* C (m, n) = alpha op(A) (m, k) op(B) (k, n) + beta C; trans_x: 0 or 1. */
void pdlt_gemm(int trans_a, int trans_b, size_t m, size_t n, size_t k, double alpha,
               const double *a, size_t lda, const double *b, size_t ldb, double beta, double *c,
               size_t ldc);

/* y = alpha op(A) x + beta y; A (rows, cols) as stored, op(A) = A^T when trans_a. */
void pdlt_gemv(int trans_a, size_t rows, size_t cols, double alpha, const double *a, size_t lda,
               const double *x, double beta, double *y);

/* Upper and lower triangle of C (n, n) = alpha A A^T + beta C, A (n, k)
 * (trans = 0), or A^T A, A (k, n) (trans = 1); both triangles are filled. */
void pdlt_syrk(int trans, size_t n, size_t k, double alpha, const double *a, size_t lda,
               double beta, double *c, size_t ldc);

/* Eigenvalues (ascending) and orthonormal eigenvectors of a symmetric A (n, n):
 * A = sum_a values[a] v_a v_a^T with v_a = row a of vectors (n, n). A is read only.
 * The sign of each vector is fixed: its largest component is positive. vectors may be
 * NULL: values alone, two to three times faster. Errors:
 * PDLT_ERR_NUMERIC (A not finite), PDLT_ERR_MEMORY, PDLT_ERR_UNSUPPORTED (n > 30000).
 * Cost O(n^3). */
pdlt_status pdlt_symmetric_eigen(size_t n, const double *a, double *values, double *vectors,
                                 pdlt_error *err);

/* The same, to the last bit, without allocation, n <= 30000: work has pdlt_symmetric_eigen_room(n, vectors !=
 * NULL) doubles. 0, or 1 when A is not finite or LAPACK did not find them. */
size_t pdlt_symmetric_eigen_room(size_t n, int with_vectors);
int pdlt_symmetric_eigen_in(size_t n, const double *a, double *values, double *vectors,
                            double *work);

/* out (n, n) = A^exponent = sum_a values[a]^exponent v_a v_a^T, symmetric to the last bit, of a symmetric A
 * (n, n), not out itself. Errors: PDLT_ERR_NUMERIC (an eigenvalue is not positive), PDLT_ERR_MEMORY. Cost
 * O(n^3). */
pdlt_status pdlt_symmetric_power(size_t n, const double *a, double exponent, double *out,
                                 pdlt_error *err);

/* Lower Cholesky factor G of a symmetric positive definite A = G G^T (n, n), upper
 * triangle of out zeroed. Errors: PDLT_ERR_NUMERIC when A is not positive definite. */
pdlt_status pdlt_cholesky(size_t n, const double *a, double *out, pdlt_error *err);

/* 1 when a symmetric A (n, n), overwritten, is positive definite and finite; its lower triangle is then that
 * of G. No allocation. Cost n^3/3. */
int pdlt_positive_definite(size_t n, double *a);

/* Solves A X = B for symmetric positive definite A (n, n), B (n, m); X overwrites b.
 * Errors as pdlt_cholesky. */
pdlt_status pdlt_solve_spd(size_t n, const double *a, size_t m, double *b, pdlt_error *err);

/* Solves A X = B likewise from the lower triangle of G (n, n). No allocation. Cost 2 n^2 m. */
void pdlt_cholesky_solve(size_t n, const double *factor, size_t m, double *b);

#ifdef __cplusplus
}
#endif
#endif
