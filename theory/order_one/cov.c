/* cov.c - see cov.h.
 *
 * Is: rotation of what only the covariance needs; the double sum over times in
 * closed form; assembly. Is not: E[z(0) J] (cov_source.c). */
#include "theory/order_one/cov.h"

#include <omp.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "theory/order_one/cov_internal.h"

/* ---- rotation ---- */

static void copy(double *out, const double *from, size_t count) {
  if (count > 0) memcpy(out, from, count * sizeof *out);
}

static pdlt_status make_direct(pdlt_covariance *cov, const pdlt_doubt_pass *move,
                               const double *d_tensor, const double *f_tensor, pdlt_error *err) {
  const size_t D = cov->dyn->lo.D, A = cov->dyn->lo.A;
  double *work = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&work, D * D * D * D, sizeof *work, err));
  PDLT_TRY(pdlt_rotate_moved(cov->dyn, move, PDLT_MOVE_D, d_tensor, work, err));
  pdlt_gather_trace(D, A, work, "fada", 1, cov->direct);
  PDLT_TRY(pdlt_rotate_moved(cov->dyn, move, PDLT_MOVE_F, f_tensor, work, err));
  pdlt_gather_trace(D, A, work, "fdaa", (double)cov->dyn->lo.outputs, cov->direct);
  pdlt_gather_trace(D, A, work, "faad", 1, cov->direct);
cleanup:
  pdlt_free(work);
  return status;
}

static pdlt_status make_kernel(pdlt_covariance *cov, pdlt_error *err) {
  const size_t D = cov->dyn->lo.D, A = cov->dyn->lo.A;
  double *work = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&work, D * D, sizeof *work, err));
  PDLT_TRY(pdlt_rotate_copy(cov->dyn, 2, cov->dyn->lo.K, work, err));
  for (size_t f = 0; f < D && !cov->dyn->lo.centered; f++) copy(cov->k + f * A, work + f * D, A);
cleanup:
  pdlt_free(work);
  return status;
}

pdlt_status pdlt_covariance_new(pdlt_covariance *out, const pdlt_dynamics *dyn,
                                const pdlt_dynamics_input *in, const double *g1, const double *d,
                                const double *f, pdlt_error *err) {
  const double *const from[4] = {in->a, in->b, in->p, in->q};
  const size_t D = dyn->lo.D, A = dyn->lo.A;
  pdlt_covariance cov = {.dyn = dyn, .shared = dyn->four[0] != NULL};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&cov.k, D * A, sizeof *cov.k, err));
  PDLT_TRY(pdlt_alloc(&cov.g1, D * D, sizeof *cov.g1, err));
  PDLT_TRY(pdlt_alloc(&cov.direct, D * D * A, sizeof *cov.direct, err));
  for (uint64_t i = 0; i < 4; i++) {
    cov.four[i] = dyn->four[i];
    if (cov.shared) continue;
    PDLT_TRY(pdlt_alloc(&cov.four[i], D * D * D * D, sizeof(double), err));
    PDLT_TRY(pdlt_rotate_moved(dyn, &in->move, PDLT_MOVE_A + i, from[i], cov.four[i], err));
  }
  PDLT_TRY(make_kernel(&cov, err));
  PDLT_TRY(pdlt_rotate_copy(dyn, 2, g1, cov.g1, err));
  if (!dyn->lo.centered) PDLT_TRY(make_direct(&cov, &in->move, d, f, err));
  *out = cov;
  cov = (pdlt_covariance){0};
cleanup:
  pdlt_covariance_free(&cov);
  return status;
}

void pdlt_covariance_free(pdlt_covariance *cov) {
  pdlt_free(cov->k);
  pdlt_free(cov->g1);
  pdlt_free(cov->direct);
  for (int i = 0; i < 4; i++)
    if (!cov->shared) pdlt_free(cov->four[i]);
  *cov = (pdlt_covariance){0};
}

/* ---- assembly ---- */

/* Propagators summed over times, powers of eta included; zero where they end.
 */
typedef struct propagator {
  const pdlt_covariance *cov;
  double *p;    /* (A) N^t on modes, 1 with centered targets: what z(0) becomes */
  double *g;    /* (A) eta g, what tests take back of it; 0 with centered targets */
  double *rows; /* (D, A) sum_s N^(t-1-s) mu_a^s on row d: eta H_da, or eta g_a
                   on tests */
  double *l;    /* (A, A) eta^2 L, what tests take back through their NTK */
} propagator;

static size_t propagator_size(size_t D, size_t A) { return 2 * A + D * A + A * A; }

static propagator propagator_view(const pdlt_covariance *cov, double *data) {
  const size_t D = cov->dyn->lo.D, A = cov->dyn->lo.A;
  return (propagator){
      .cov = cov, .p = data, .g = data + A, .rows = data + 2 * A, .l = data + 2 * A + D * A};
}

static void fill_tests(const propagator *pr) {
  const size_t D = pr->cov->dyn->lo.D, A = pr->cov->dyn->lo.A;
  for (size_t d = A; d < D; d++) copy(pr->rows + d * A, pr->g, A);
}

/* With centered targets outputs keep their z(0). */
static void keep_start(const propagator *pr) {
  for (size_t a = 0; a < pr->cov->dyn->lo.A && pr->cov->dyn->lo.centered; a++) {
    pr->p[a] = 1;
    pr->g[a] = 0;
  }
}

static void propagator_at(const propagator *pr, double *state) {
  const size_t A = pr->cov->dyn->lo.A;
  const double eta = pr->cov->dyn->lo.flow ? 1 : pr->cov->dyn->lo.eta;
  const pdlt_time_state s = pdlt_time_state_view(A, state);
  copy(pr->p, s.p, A);
  for (size_t a = 0; a < A; a++) pr->g[a] = eta * s.g[a];
  for (size_t i = 0; i < A * A; i++) {
    pr->rows[i] = eta * s.h[i];
    pr->l[i] = eta * eta * s.l[i];
  }
  fill_tests(pr);
  keep_start(pr);
}

/* t -> infinity: p = H = 0, eta g = 1/theta, eta^2 L = 1/(theta_a theta_b). */
static void propagator_end(const propagator *pr) {
  const size_t A = pr->cov->dyn->lo.A;
  for (size_t a = 0; a < A; a++) {
    pr->g[a] = 1 / pr->cov->dyn->lo.value[a];
    for (size_t b = 0; b < A; b++)
      pr->l[a * A + b] = 1 / (pr->cov->dyn->lo.value[a] * pr->cov->dyn->lo.value[b]);
  }
  fill_tests(pr);
  keep_start(pr);
}

/* rows below A of x (D, stride; count columns) are taken back by test rows
 * through y (A, count): x_d -= sum_b Theta_db y_b. */
static void take_back(const pdlt_dynamics *dyn, const double *y, size_t count, double *x) {
  const size_t D = dyn->lo.D, A = dyn->lo.A;
  if (A > 0)
    pdlt_gemm(0, 0, D - A, count, A, -1, dyn->lo.project + A * A, A, y, count, 1, x + A * count,
              count);
}

/* x <- N^t x, x (D, count); work (A, count). */
static void apply_power(const propagator *pr, size_t count, double *work, double *x) {
  const pdlt_dynamics *dyn = pr->cov->dyn;
  for (size_t a = 0; a < dyn->lo.A; a++)
    for (size_t i = 0; i < count; i++) work[a * count + i] = pr->g[a] * x[a * count + i];
  take_back(dyn, work, count, x);
  for (size_t a = 0; a < dyn->lo.A; a++)
    for (size_t i = 0; i < count; i++) x[a * count + i] *= pr->p[a];
}

/* AA_{(i d)(j a)(k e)(l c)} (y_ja y_lc + d_jl k_ac), summed over j, l. */
static double fluctuation(const pdlt_covariance *cov, size_t i, size_t k, size_t d, size_t e,
                          size_t a, size_t c) {
  const size_t D = cov->dyn->lo.D, n = cov->dyn->lo.outputs;
  const double *y = cov->dyn->lo.target, kernel = cov->dyn->k[a * cov->dyn->lo.A + c];
  const double same = i == k ? kernel : 0;
  const double *big_a = cov->four[0], *big_b = cov->four[1];
  double dot = (double)n * kernel;
  for (size_t j = 0; j < n; j++) dot += y[a * n + j] * y[c * n + j];
  return big_a[((d * D + a) * D + e) * D + c] * (y[a * n + i] * y[c * n + k] + same) +
         (i == k ? big_b[((d * D + e) * D + a) * D + c] * dot : 0) +
         big_b[((d * D + c) * D + a) * D + e] * (y[a * n + k] * y[c * n + i] + same);
}

/* out (D, D) += the double sum over times of the fluctuations between outputs i
 * and k. work: D^2 + 2 A D doubles. */
static void add_double_sum(const propagator *pr, size_t i, size_t k, double *work, double *out) {
  const pdlt_covariance *cov = pr->cov;
  const size_t D = cov->dyn->lo.D, A = cov->dyn->lo.A;
  double *half = work, *back = half + D * D, *right = back + A * D; /* (A, D), (D, A) */
  memset(right, 0, D * A * sizeof *right);
  for (size_t c = 0; c < A; c++) {
    for (size_t d = 0; d < D; d++)
      for (size_t e = 0; e < D; e++) {
        double sum = 0, taken = 0;
        for (size_t a = 0; a < A; a++) {
          const double x = fluctuation(cov, i, k, d, e, a, c);
          sum += pr->rows[d * A + a] * x;
          if (d < A) taken += pr->l[d * A + a] * x;
        }
        half[d * D + e] = sum;
        if (d < A) back[d * D + e] = taken;
      }
    take_back(cov->dyn, back, D, half);
    for (size_t d = 0; d < D; d++) {
      for (size_t e = 0; e < D; e++) out[d * D + e] += pr->rows[e * A + c] * half[d * D + e];
      for (size_t b = 0; b < A; b++) right[d * A + b] += pr->l[b * A + c] * half[d * D + b];
    }
  }
  if (A > 0)
    pdlt_gemm(0, 1, D, D - A, A, -1, right, A, cov->dyn->lo.project + A * A, A, 1, out + A, D);
}

/* out (D, D) += N^t G1 N^tT */
static void add_kernel(const propagator *pr, double factor, double *work, double *out) {
  const size_t D = pr->cov->dyn->lo.D;
  double *x = work, *y = x + D * D, *spare = y + D * D;
  copy(x, pr->cov->g1, D * D);
  apply_power(pr, D, spare, x);
  for (size_t d = 0; d < D; d++)
    for (size_t e = 0; e < D; e++) y[e * D + d] = x[d * D + e];
  apply_power(pr, D, spare, y);
  for (size_t d = 0; d < D; d++)
    for (size_t e = 0; e < D; e++) out[d * D + e] += factor * y[d * D + e];
}

/* half (n_L, D, n_L, D), whose sum with its transpose is c1; w (n_L, D, n_L, D)
 * is E[x_M J_I] summed over times, destroyed. change (n_L, D, n_L, D), or NULL: likewise of
 * z(t) - z(0) with centered targets. work: 3 D^2 + 2 A D + n_L D A doubles. */
static void assemble(const propagator *pr, double *w, double *work, double *half, double *change) {
  const pdlt_dynamics *dyn = pr->cov->dyn;
  const size_t D = dyn->lo.D, n = dyn->lo.outputs, row = n * D;
  const double *factor = dyn->factors.factor;
  double *block = work, *rest = block + D * D;
  for (size_t m = 0; m < n; m++) apply_power(pr, row, rest, w + m * D * row);
  copy(half, w, row * row);
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < n; k++) {
      memset(block, 0, D * D * sizeof *block);
      if (factor[PDLT_DYNAMICS_COV_NTK_NTK] != 0) add_double_sum(pr, i, k, rest, block);
      for (size_t d = 0; d < D * D; d++) block[d] *= factor[PDLT_DYNAMICS_COV_NTK_NTK];
      for (size_t d = 0; d < D && change; d++)
        for (size_t e = 0; e < D; e++) change[(i * D + d) * row + k * D + e] = block[d * D + e] / 2;
      if (i == k) add_kernel(pr, factor[PDLT_DYNAMICS_COV_KERNEL], rest, block);
      for (size_t d = 0; d < D; d++)
        for (size_t e = 0; e < D; e++) half[(i * D + d) * row + k * D + e] += block[d * D + e] / 2;
    }
}

static size_t work_size(const pdlt_dynamics *dyn) {
  const size_t D = dyn->lo.D, A = dyn->lo.A, n = dyn->lo.outputs, row = n * D;
  return propagator_size(D, A) + 3 * D * D + 2 * A * D + n * D * A + 3 * row * row;
}

/* One time: state NULL for the end. w (n_L, D, n_L, D) rotated, destroyed. */
static void finish(const pdlt_covariance *cov, double *state, double *w, double *work, double *out,
                   double *change) {
  const pdlt_dynamics *dyn = cov->dyn;
  const size_t D = dyn->lo.D, A = dyn->lo.A, row = dyn->lo.outputs * D;
  memset(work, 0, work_size(dyn) * sizeof *work);
  const propagator pr = propagator_view(cov, work);
  double *half = work + propagator_size(D, A), *back = half + row * row;
  double *moved = back + row * row, *rest = moved + row * row;
  if (state)
    propagator_at(&pr, state);
  else
    propagator_end(&pr);
  assemble(&pr, w, rest, half, change ? moved : NULL);
  if (change) {
    pdlt_rotate_back_both(dyn, 1, back, moved);
    for (size_t x = 0; x < row; x++) change[x] = 2 * moved[x * row + x];
  }
  pdlt_rotate_back_both(dyn, 1, back, half);
  for (size_t x = 0; x < row; x++)
    for (size_t y = 0; y < row; y++) out[x * row + y] = half[x * row + y] + half[y * row + x];
}

pdlt_status pdlt_covariance_run(const pdlt_covariance *cov, size_t num_times, const double *times,
                                double *cov_nlo, double *change, pdlt_error *err) {
  const pdlt_dynamics *dyn = cov->dyn;
  const size_t n = dyn->lo.outputs, row = n * dyn->lo.D, size = work_size(dyn);
  const size_t state = pdlt_time_state_size(dyn->lo.A);
  double *w = NULL, *snapshots = NULL, *work = NULL;
  pdlt_status status = PDLT_OK;
  if (row == 0) return PDLT_OK;
  PDLT_TRY(pdlt_alloc(&w, num_times * row * row, sizeof *w, err));
  PDLT_TRY(pdlt_alloc(&snapshots, num_times * state, sizeof *snapshots, err));
  PDLT_TRY(pdlt_alloc(&work, (size_t)dyn->threads * size, sizeof *work, err));
  const pdlt_time_loop loop = {.num_times = num_times,
                               .times = times,
                               .count = row * n,
                               .source = pdlt_covariance_source,
                               .self = cov,
                               .recorded = w,
                               .snapshots = snapshots,
                               .units = 0.5};
  PDLT_TRY(pdlt_time_loop_run(dyn, &loop, err));
#pragma omp parallel for num_threads(dyn->threads) schedule(dynamic, 1)
  for (size_t t = 0; t < num_times; t++) {
    finish(cov, snapshots + t * state, w + t * row * row,
           work + (size_t)omp_get_thread_num() * size, cov_nlo + t * row * row,
           change ? change + t * row : NULL);
    pdlt_progress_add(dyn->progress, 0.2 / (double)num_times);
  }
cleanup:
  pdlt_free(w);
  pdlt_free(snapshots);
  pdlt_free(work);
  return status;
}

pdlt_status pdlt_covariance_end(const pdlt_covariance *cov, double *cov_end, double *change,
                                pdlt_error *err) {
  const pdlt_dynamics *dyn = cov->dyn;
  const size_t n = dyn->lo.outputs, row = n * dyn->lo.D;
  double *w = NULL, *work = NULL;
  pdlt_status status = PDLT_OK;
  if (row == 0) return PDLT_OK;
  PDLT_TRY(pdlt_alloc(&w, row * row, sizeof *w, err));
  PDLT_TRY(pdlt_alloc(&work, work_size(dyn), sizeof *work, err));
  PDLT_TRY(pdlt_end_vectors(dyn, pdlt_covariance_source, cov, row * n, w, err));
  finish(cov, NULL, w, work, cov_end, change);
cleanup:
  pdlt_free(w);
  pdlt_free(work);
  return status;
}
