/* linalg.c - see linalg.h. */
#include "base/vector/linalg.h"

#include <cblas.h>
#include <math.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "base/core/memory.h"
#include "base/core/threads.h"

/* LAPACK's Fortran entry points; Debian's OpenBLAS ships them without a C header. */
extern void dsyevd_(const char *jobz, const char *uplo, const blasint *n, double *a,
                    const blasint *lda, double *w, double *work, const blasint *lwork,
                    blasint *iwork, const blasint *liwork, blasint *info);
extern void dpotrf_(const char *uplo, const blasint *n, double *a, const blasint *lda,
                    blasint *info);

enum { PDLT_MAX_ORDER = 30000 }; /* dsyevd's workspace of 2 n^2 must fit 32 bits */

/* BLAS refuses a leading dimension of 0 even for empty matrices. */
static blasint stride(size_t ld) { return ld == 0 ? 1 : (blasint)ld; }

/* OpenBLAS's own: the buffer that each call of BLAS works in. They are kept for later calls. */
extern void *blas_memory_alloc(int position) __attribute__((weak));
extern void blas_memory_free(void *buffer) __attribute__((weak));

/* Where the system refuses such a buffer, OpenBLAS 0.3.21 asks for it again and again, for ever, with
 * a lock held. So each is asked for here, once, and OpenBLAS gets it right
 * after; as many calls at once as there are threads find theirs then. */
enum {
  BLAS_BUFFER = 32 << 22, /* bytes: BUFFER_SIZE of x86-64, the largest there is */
  MOST_BUFFERS = 4096
};

static int can_map(size_t bytes) {
  void *probe = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (probe == MAP_FAILED) return 0;
  munmap(probe, bytes);
  return 1;
}

static pdlt_status fill_buffers(void **buffer, int threads, int *made, pdlt_error *err) {
  for (; *made < threads; (*made)++) {
    if (!can_map(BLAS_BUFFER))
      return pdlt_fail(
          err, PDLT_ERR_MEMORY,
          "no memory for OpenBLAS: it takes %d MiB for each of %d threads, and there is "
          "room for %d; use fewer --threads or allow more memory",
          BLAS_BUFFER >> 20, threads, *made);
    buffer[*made] = blas_memory_alloc(0);
  }
  return PDLT_OK;
}

/* OpenBLAS's memory belongs to the process, and so does how much of it there is. */
static pdlt_status reserve_buffers(int threads, pdlt_error *err) {
  static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
  static int reserved = 0;
  pdlt_status status = PDLT_OK;
  void *buffer[MOST_BUFFERS];
  int made = 0;
  if (threads > MOST_BUFFERS) threads = MOST_BUFFERS;
  if (blas_memory_alloc == NULL || blas_memory_free == NULL) return PDLT_OK;
  pthread_mutex_lock(&one_at_a_time);
  if (threads > reserved) {
    status = fill_buffers(buffer, threads, &made, err);
    for (int k = 0; k < made; k++) blas_memory_free(buffer[k]);
    if (made > reserved) reserved = made;
  }
  pthread_mutex_unlock(&one_at_a_time);
  return status;
}

pdlt_status pdlt_linalg_init(int threads, pdlt_error *err) {
  openblas_set_num_threads(1);
  if (threads > 1 && openblas_get_parallel() == 0)
    return pdlt_fail(err, PDLT_ERR_UNSUPPORTED,
                     "--threads %d: the serial variant of OpenBLAS is not safe to call from "
                     "threads; install libopenblas0-pthread or use --threads 1",
                     threads);
  const pdlt_status status = pdlt_threads_reserve(threads, err);
  return status != PDLT_OK ? status : reserve_buffers(threads, err);
}

const char *pdlt_linalg_version(void) { return openblas_get_config(); }

void pdlt_gemm(int trans_a, int trans_b, size_t m, size_t n, size_t k, double alpha,
               const double *a, size_t lda, const double *b, size_t ldb, double beta, double *c,
               size_t ldc) {
  if (m == 0 || n == 0) return;
  cblas_dgemm(CblasRowMajor, trans_a ? CblasTrans : CblasNoTrans,
              trans_b ? CblasTrans : CblasNoTrans, (blasint)m, (blasint)n, (blasint)k, alpha, a,
              stride(lda), b, stride(ldb), beta, c, stride(ldc));
}

void pdlt_gemv(int trans_a, size_t rows, size_t cols, double alpha, const double *a, size_t lda,
               const double *x, double beta, double *y) {
  if (rows == 0 || cols == 0) { /* an empty sum; BLAS would leave y as it is */
    size_t size = trans_a ? cols : rows;
    for (size_t i = 0; i < size; i++) y[i] = beta == 0 ? 0 : beta * y[i];
    return;
  }
  cblas_dgemv(CblasRowMajor, trans_a ? CblasTrans : CblasNoTrans, (blasint)rows, (blasint)cols,
              alpha, a, stride(lda), x, 1, beta, y, 1);
}

void pdlt_syrk(int trans, size_t n, size_t k, double alpha, const double *a, size_t lda,
               double beta, double *c, size_t ldc) {
  if (n == 0) return;
  cblas_dsyrk(CblasRowMajor, CblasUpper, trans ? CblasTrans : CblasNoTrans, (blasint)n, (blasint)k,
              alpha, a, stride(lda), beta, c, stride(ldc));
  for (size_t i = 1; i < n; i++)
    for (size_t j = 0; j < i; j++) c[i * ldc + j] = c[j * ldc + i];
}

static void fix_sign(size_t n, double *vector) {
  size_t largest = 0;
  for (size_t i = 1; i < n; i++)
    if (fabs(vector[i]) > fabs(vector[largest]) * (1 + 1e-9)) largest = i;
  if (n > 0 && vector[largest] < 0)
    for (size_t i = 0; i < n; i++) vector[i] = -vector[i];
}

/* 1 when all n numbers are finite. */
static int all_finite(size_t n, const double *x) {
  for (size_t i = 0; i < n; i++)
    if (!isfinite(x[i])) return 0;
  return 1;
}

/* Up to this order rotations are faster than LAPACK. */
enum { FEW = 4 };

/* Rows and columns i < k of a, rows of v, turn so that a_ik vanishes. */
static void rotate(size_t n, size_t i, size_t k, double *a, double *v) {
  const double theta = 0.5 * (a[k * n + k] - a[i * n + i]) / a[i * n + k];
  const double t = copysign(1, theta) / (fabs(theta) + sqrt(theta * theta + 1));
  const double c = 1 / sqrt(t * t + 1), s = t * c;
  for (size_t j = 0; j < n; j++) {
    const double x = a[j * n + i], y = a[j * n + k];
    a[j * n + i] = c * x - s * y;
    a[j * n + k] = s * x + c * y;
  }
  for (size_t j = 0; j < n; j++) {
    const double x = a[i * n + j], y = a[k * n + j], w = v[i * n + j], z = v[k * n + j];
    a[i * n + j] = c * x - s * y;
    a[k * n + j] = s * x + c * y;
    v[i * n + j] = c * w - s * z;
    v[k * n + j] = s * w + c * z;
  }
  a[i * n + k] = a[k * n + i] = 0;
}

/* Jacobi's method, n <= FEW: rotations in turn until what is off the diagonal is rounding. */
static void eigen_few(size_t n, const double *matrix, double *values, double *vectors) {
  enum { SWEEPS = 30 };
  double a[FEW * FEW] = {0}, v[FEW * FEW] = {0};
  int turned = 1;
  memcpy(a, matrix, n * n * sizeof *a);
  for (size_t i = 0; i < n; i++) v[i * n + i] = 1;
  for (int sweep = 0; sweep < SWEEPS && turned; sweep++) {
    turned = 0;
    for (size_t i = 0; i < n; i++)
      for (size_t k = i + 1; k < n; k++) {
        const double least = 0x1p-54 * (fabs(a[i * n + i]) + fabs(a[k * n + k]));
        if (!(fabs(a[i * n + k]) > least)) continue;
        rotate(n, i, k, a, v);
        turned = 1;
      }
  }
  for (size_t rank = 0; rank < n; rank++) { /* the least that is left */
    size_t least = rank;
    for (size_t i = rank; i < n; i++)
      if (a[i * n + i] < a[least * n + least]) least = i;
    values[rank] = a[least * n + least];
    a[least * n + least] = a[rank * n + rank];
    if (vectors == NULL) continue;
    memcpy(vectors + rank * n, v + least * n, n * sizeof *v);
    memcpy(v + least * n, v + rank * n, n * sizeof *v);
    fix_sign(n, vectors + rank * n);
  }
}

/* Numbers and whole numbers that dsyevd wants for work. */
static void eigen_work(size_t n, int with_vectors, blasint *lwork, blasint *liwork) {
  const blasint order = (blasint)n, query = -1;
  double unused = 0, size = 0;
  blasint isize = 0, info = 0;
  dsyevd_(with_vectors ? "V" : "N", "U", &order, &unused, &order, &unused, &size, &query, &isize,
          &query, &info);
  *lwork = (blasint)size;
  *liwork = isize;
}

size_t pdlt_symmetric_eigen_room(size_t n, int with_vectors) {
  blasint lwork = 0, liwork = 0;
  if (n <= FEW) return 0;
  eigen_work(n, with_vectors, &lwork, &liwork);
  return n * n + n + (size_t)lwork + (size_t)liwork; /* whole numbers are no longer than doubles */
}

/* What LAPACK says of the eigenvalues of a finite matrix: 0, or not found. */
static blasint eigen_in(size_t n, const double *a, double *values, double *vectors, double *work) {
  if (n <= FEW) {
    eigen_few(n, a, values, vectors);
    return 0;
  }
  const blasint order = (blasint)n;
  double *found = work, *more = found + n * n + n; /* vectors (n, n), values (n), work */
  blasint lwork = 0, liwork = 0, info = 0;
  eigen_work(n, vectors != NULL, &lwork, &liwork);
  memcpy(found, a, n * n * sizeof *a);
  /* Column-major storage makes column a of LAPACK's result row a of ours. */
  dsyevd_(vectors == NULL ? "N" : "V", "U", &order, found, &order, found + n * n, more, &lwork,
          (blasint *)(more + lwork), &liwork, &info);
  if (info != 0) return info;
  for (size_t i = 0; i < n && vectors != NULL; i++) fix_sign(n, found + i * n);
  if (vectors != NULL) memcpy(vectors, found, n * n * sizeof *vectors);
  memcpy(values, found + n * n, n * sizeof *values);
  return 0;
}

int pdlt_symmetric_eigen_in(size_t n, const double *a, double *values, double *vectors,
                            double *work) {
  if (n == 0) return 0;
  return !all_finite(n * n, a) || eigen_in(n, a, values, vectors, work) != 0;
}

pdlt_status pdlt_symmetric_eigen(size_t n, const double *a, double *values, double *vectors,
                                 pdlt_error *err) {
  if (n == 0) return PDLT_OK;
  double *work = NULL;
  blasint info = 0;
  pdlt_status status = PDLT_OK;
  if (n > PDLT_MAX_ORDER)
    return pdlt_fail(err, PDLT_ERR_UNSUPPORTED, "a %zu x %zu matrix is too large for LAPACK", n, n);
  /* With NaN inside, LAPACK may not end. */
  if (!all_finite(n * n, a))
    return pdlt_fail(err, PDLT_ERR_NUMERIC, "a %zu x %zu matrix is not finite", n, n);
  PDLT_TRY(pdlt_alloc(&work, pdlt_symmetric_eigen_room(n, vectors != NULL), sizeof *work, err));
  info = eigen_in(n, a, values, vectors, work);
  if (info != 0)
    status = pdlt_fail(err, PDLT_ERR_NUMERIC,
                       "the eigenvalues of a %zu x %zu matrix were not found (dsyevd: %d)", n, n,
                       (int)info);
cleanup:
  pdlt_free(work);
  return status;
}

pdlt_status pdlt_symmetric_power(size_t n, const double *a, double exponent, double *out,
                                 pdlt_error *err) {
  double *value = NULL, *vector = NULL, *scaled = NULL;
  pdlt_status status = PDLT_OK;
  if (n == 0) return PDLT_OK;
  PDLT_TRY(pdlt_alloc(&value, n, sizeof *value, err));
  PDLT_TRY(pdlt_alloc(&vector, n * n, sizeof *vector, err));
  PDLT_TRY(pdlt_alloc(&scaled, n * n, sizeof *scaled, err));
  PDLT_TRY(pdlt_symmetric_eigen(n, a, value, vector, err));
  if (!(value[0] > 0))
    PDLT_TRY(pdlt_fail(err, PDLT_ERR_NUMERIC, "a %zu x %zu matrix is not positive (%.3g)", n, n,
                       value[0]));
  for (size_t k = 0; k < n; k++) {
    const double power = pow(value[k], exponent);
    for (size_t i = 0; i < n; i++) scaled[k * n + i] = power * vector[k * n + i];
  }
  pdlt_gemm(1, 0, n, n, n, 1, vector, n, scaled, n, 0, out, n);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < i; j++)
      out[i * n + j] = out[j * n + i] = (out[i * n + j] + out[j * n + i]) / 2;
cleanup:
  pdlt_free(value);
  pdlt_free(vector);
  pdlt_free(scaled);
  return status;
}

/* The lower triangle of a becomes the factor. 0, or the leading minor that is not positive. */
static blasint factorize(size_t n, double *a) {
  const blasint order = (blasint)n;
  blasint info = 0;
  /* The upper triangle in column-major storage is the lower one in ours. */
  dpotrf_("U", &order, a, &order, &info);
  /* OpenBLAS lets NaN and infinity pass; both end on the diagonal. */
  for (size_t i = 0; i < n && info == 0; i++)
    if (!isfinite(a[i * n + i])) info = (blasint)(i + 1);
  return info;
}

int pdlt_positive_definite(size_t n, double *a) { return n == 0 || factorize(n, a) == 0; }

pdlt_status pdlt_cholesky(size_t n, const double *a, double *out, pdlt_error *err) {
  if (n == 0) return PDLT_OK;
  double *factor = NULL;
  pdlt_status status = pdlt_alloc(&factor, n * n, sizeof *factor, err);
  if (status != PDLT_OK) return status;
  memcpy(factor, a, n * n * sizeof *a);
  const blasint info = factorize(n, factor);
  if (info != 0) {
    status = pdlt_fail(err, PDLT_ERR_NUMERIC,
                       "a %zu x %zu matrix is not positive definite (leading minor %d)", n, n,
                       (int)info);
  } else {
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j < n; j++) out[i * n + j] = j <= i ? factor[i * n + j] : 0.0;
  }
  pdlt_free(factor);
  return status;
}

void pdlt_cholesky_solve(size_t n, const double *factor, size_t m, double *b) {
  if (n == 0 || m == 0) return;
  cblas_dtrsm(CblasRowMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, (blasint)n,
              (blasint)m, 1.0, factor, (blasint)n, b, (blasint)m);
  cblas_dtrsm(CblasRowMajor, CblasLeft, CblasLower, CblasTrans, CblasNonUnit, (blasint)n,
              (blasint)m, 1.0, factor, (blasint)n, b, (blasint)m);
}

pdlt_status pdlt_solve_spd(size_t n, const double *a, size_t m, double *b, pdlt_error *err) {
  if (n == 0 || m == 0) return PDLT_OK;
  double *factor = NULL;
  pdlt_status status = pdlt_alloc(&factor, n * n, sizeof *factor, err);
  if (status != PDLT_OK) return status;
  PDLT_TRY(pdlt_cholesky(n, a, factor, err));
  pdlt_cholesky_solve(n, factor, m, b);
cleanup:
  pdlt_free(factor);
  return status;
}
