/* direct_cov.c - the covariance by the direct road; see direct.h.
 *
 * Is: c1 of docs/dynamics.md, "Covariance", with K_s: the double sum over times, what x pairs with in tensors, and
 * what the mean answers to a shift of x. Names of arrays: "Other steps" there. */
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "theory/infinite/steps.h"
#include "theory/order_one/direct.h"

/* Rows of all matrices over D are the sample of an output at t; n = n_L. */
typedef struct walk {
  const pdlt_dynamics_input *in;
  const double *g1, *d, *f;
  pdlt_steps steps;
  double *start;  /* (A, n) y */
  double *k;      /* (A, A) K_AA */
  double *N;      /* (D, D) N(s, 0) */
  double *X, *G;  /* (A, A) K_s E N on training columns; its sum before s */
  double *Xk;     /* (A, A) */
  double *q, *g;  /* (n, A) X y, G y */
  double *C[2];   /* (A, A) X k G^T, X k X^T */
  double *phi;    /* (D, D, A, A) sum_{s<t} N(t,s+1)_dd' X_s */
  double *phi_q;  /* (n, A) of a block of phi times y */
  double *phi_C;  /* (A, A) of a block of phi times k X^T */
  double *Z;      /* (D, D, n, n) [d][e][i][k] the double sum */
  double *R;      /* (D, D, n, n) its latest row */
  double *W;      /* (D, D, n, n) [d][f][m][i] E[x_mf J_id] summed, x paired with tensors */
  double *answer; /* (T, D, D, n, n) likewise with one e */
  double *work;
  double *storage;
} walk;

static pdlt_status walk_new(walk *out, const pdlt_dynamics_input *in, size_t num_times,
                            pdlt_error *err) {
  const size_t D = in->lo.D, A = in->lo.A, n = in->lo.outputs, block = D * D * n * n;
  const size_t wide = D * (A * A > n * n ? A * A : n * n);
  walk w = {.in = in};
  const size_t total = 4 * n * A + 7 * A * A + D * D + D * D * A * A + (3 + num_times) * block +
                       2 * A * wide + 2 * block;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_steps_new(&w.steps, &in->lo, err));
  PDLT_TRY(pdlt_alloc(&w.storage, total, sizeof *w.storage, err));
  double *next = w.storage;
  double **pairs[] = {&w.start, &w.q, &w.g, &w.phi_q};
  for (int i = 0; i < 4; i++) *pairs[i] = pdlt_take(&next, n * A);
  double **squares[] = {&w.k, &w.X, &w.G, &w.Xk, &w.C[0], &w.C[1], &w.phi_C};
  for (int i = 0; i < 7; i++) *squares[i] = pdlt_take(&next, A * A);
  w.N = pdlt_take(&next, D * D);
  w.phi = pdlt_take(&next, D * D * A * A);
  double **blocks[] = {&w.Z, &w.R, &w.W};
  for (int i = 0; i < 3; i++) *blocks[i] = pdlt_take(&next, block);
  w.answer = pdlt_take(&next, num_times * block);
  w.work = pdlt_take(&next, 2 * A * wide + 2 * block);
  for (size_t a = 0; a < A; a++) memcpy(w.k + a * A, in->lo.K + a * D, A * sizeof *w.k);
  for (size_t d = 0; d < D; d++) w.N[d * D + d] = 1;
  if (A * n > 0) memcpy(w.start, in->lo.y, A * n * sizeof *w.start);
  *out = w;
  w = (walk){.in = in};
cleanup:
  pdlt_steps_free(&w.steps);
  pdlt_free(w.storage);
  return status;
}

static double factor_of(const walk *w, pdlt_dynamics_term term) {
  return w->in->factors == NULL ? 1 : w->in->factors->factor[term];
}

static size_t four(size_t D, size_t i, size_t j, size_t k, size_t l) {
  return ((i * D + j) * D + k) * D + l;
}

/* x (D, cols) <- N_s x */
static void step_rows(const walk *w, size_t s, size_t cols, double *x) {
  pdlt_steps_step(&w->in->lo, &w->steps, s, cols, NULL, w->work, x);
}

/* --- what a shift of x does to the mean: the response --- */

/* E[J] is a polynomial of third degree in y, and e depends on y - x: with v = K_.f of output m
 *   E[x_mf J] = - (J(y + v) - J(y - v))/2 + J_cubic(v),    summed over times like J. */
static pdlt_status find_answers(walk *w, size_t num_times, const double *times, pdlt_error *err) {
  const pdlt_training_input *lo = &w->in->lo;
  const size_t D = lo->D, A = lo->A, n = lo->outputs, size = num_times * n * D;
  pdlt_dynamics_input in = *w->in;
  double *y = NULL, *z = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&y, D * n, sizeof *y, err));
  PDLT_TRY(pdlt_alloc(&z, (3 + PDLT_DYNAMICS_PART_COUNT) * size, sizeof *z, err));
  double *plus = z, *minus = z + size, *alone = z + 2 * size, *parts = z + 3 * size;
  const double *cubic =
      parts + PDLT_DYNAMICS_PART_DDNTK_CUBIC * size; /* of v alone, which is last */
  in.lo.y = y;
  in.progress = NULL;
  for (size_t m = 0; m < n; m++)
    for (size_t f = 0; f < D; f++) {
      for (int side = 0; side < 3; side++) {
        const double share = side < 2 ? 1 : 0, sign = side == 1 ? -1 : 1;
        double *to = side == 0 ? plus : side == 1 ? minus : alone;
        for (size_t a = 0; a < A; a++)
          for (size_t i = 0; i < n; i++)
            y[a * n + i] = share * w->start[a * n + i] + (i == m ? sign * lo->K[a * D + f] : 0);
        PDLT_TRY(pdlt_direct_run(&in, num_times, times, to, parts, err));
      }
      for (size_t t = 0; t < num_times; t++)
        for (size_t i = 0; i < n; i++)
          for (size_t d = 0; d < D; d++) {
            const size_t at = (t * n + i) * D + d;
            w->answer[((t * D + d) * D + f) * n * n + m * n + i] =
                cubic[at] - (plus[at] - minus[at]) / 2;
          }
    }
cleanup:
  pdlt_free(y);
  pdlt_free(z);
  return status;
}

/* --- one step --- */

static void look(walk *w, size_t s) {
  const size_t D = w->in->lo.D, A = w->in->lo.A, n = w->in->lo.outputs;
  double *trained = w->work;
  for (size_t a = 0; a < A; a++) memcpy(trained + a * A, w->N + a * D, A * sizeof *trained);
  pdlt_steps_pull(&w->steps, s, A, trained, w->X);
  pdlt_gemm(1, 1, n, A, A, 1, w->start, n, w->X, A, 0, w->q, A);
  pdlt_gemm(1, 1, n, A, A, 1, w->start, n, w->G, A, 0, w->g, A);
  pdlt_gemm(0, 0, A, A, A, 1, w->X, A, w->k, A, 0, w->Xk, A);
  pdlt_gemm(0, 1, A, A, A, 1, w->Xk, A, w->G, A, 0, w->C[0], A);
  pdlt_gemm(0, 1, A, A, A, 1, w->Xk, A, w->X, A, 0, w->C[1], A);
}

/* The entry of dTh_IJK and, `both`, of dTh_JIK that x_mf pairs with: E[p_J p_K] with u before s or u = s. */
static double pair_entry(const walk *w, int both, size_t d, size_t f, size_t m, size_t i) {
  const size_t D = w->in->lo.D, A = w->in->lo.A, n = w->in->lo.outputs;
  const double *p = w->in->p, *tensor = w->in->q, *q = w->q, *r = both ? w->g : w->q;
  const double *c = w->C[both ? 0 : 1];
  double sum = 0;
  for (size_t a = 0; a < A; a++)
    for (size_t b = 0; b < A; b++) {
      const double same = m == i ? c[a * A + b] : 0;
      double all = m == i ? (double)n * c[a * A + b] : 0;
      for (size_t j = 0; j < n && m == i; j++) all += q[j * A + a] * r[j * A + b];
      const double left = q[i * A + a] * r[m * A + b] + same;
      const double right = q[m * A + a] * r[i * A + b] + same;
      sum += p[four(D, d, a, b, f)] * all + tensor[four(D, d, a, b, f)] * left +
             tensor[four(D, d, b, a, f)] * right;
      if (both)
        sum += p[four(D, a, d, b, f)] * right + tensor[four(D, a, d, b, f)] * left +
               tensor[four(D, a, b, d, f)] * all;
    }
  return sum;
}

/* -eta E[x_mf DTh_IJ p_J] of one output m = i. */
static double output_entry(const walk *w, size_t d, size_t f) {
  const size_t D = w->in->lo.D, A = w->in->lo.A;
  const double n = (double)w->in->lo.outputs;
  double sum = 0;
  for (size_t a = 0; a < A; a++)
    for (size_t b = 0; b < A; b++)
      sum += w->X[a * A + b] * (w->d[four(D, f, b, d, a)] + n * w->f[four(D, f, d, b, a)] +
                                w->f[four(D, f, a, b, d)]);
  return -w->in->lo.eta * sum;
}

/* W += what x pairs with in the tensors of this step. */
static void add_paired(walk *w) {
  const size_t D = w->in->lo.D, n = w->in->lo.outputs;
  const double square = w->in->lo.eta * w->in->lo.eta;
  const double output = factor_of(w, PDLT_DYNAMICS_COV_NTK_OUTPUT);
  const double us = square * factor_of(w, PDLT_DYNAMICS_DNTK_US);
  const double ss = square / 2 * factor_of(w, PDLT_DYNAMICS_DNTK_SS);
  for (size_t d = 0; d < D; d++)
    for (size_t f = 0; f < D; f++) {
      const double own = output * output_entry(w, d, f);
      for (size_t m = 0; m < n; m++)
        for (size_t i = 0; i < n; i++)
          w->W[((d * D + f) * n + m) * n + i] += (m == i ? own : 0) +
                                                 us * pair_entry(w, 1, d, f, m, i) +
                                                 ss * pair_entry(w, 0, d, f, m, i);
    }
}

/* R[d][.] += what slot d' of A and B makes of one block of phi. */
static void add_block(walk *w, size_t d, size_t first) {
  const size_t D = w->in->lo.D, A = w->in->lo.A, n = w->in->lo.outputs;
  const double eta = w->in->lo.eta;
  const double weight = eta * eta * factor_of(w, PDLT_DYNAMICS_COV_NTK_NTK);
  const double *phi = w->phi + (d * D + first) * A * A;
  pdlt_gemm(1, 1, n, A, A, 1, w->start, n, phi, A, 0, w->phi_q, A);
  pdlt_gemm(0, 1, A, A, A, 1, phi, A, w->Xk, A, 0, w->phi_C, A);
  for (size_t e = 0; e < D; e++)
    for (size_t a = 0; a < A; a++)
      for (size_t c = 0; c < A; c++) {
        const double big_a = weight * w->in->a[four(D, first, a, e, c)];
        const double same = weight * w->in->b[four(D, first, e, a, c)];
        const double crossed = weight * w->in->b[four(D, first, c, a, e)];
        const double kernel = w->phi_C[a * A + c];
        double all = (double)n * kernel;
        for (size_t j = 0; j < n; j++) all += w->phi_q[j * A + a] * w->q[j * A + c];
        for (size_t i = 0; i < n; i++)
          for (size_t k = 0; k < n; k++)
            w->R[((d * D + e) * n + i) * n + k] +=
                big_a * w->phi_q[i * A + a] * w->q[k * A + c] +
                crossed * w->phi_q[k * A + a] * w->q[i * A + c] +
                (i == k ? (big_a + crossed) * kernel + same * all : 0);
      }
}

/* out[e][d][k][i] = x[d][e][i][k] */
static void transpose(const walk *w, const double *x, double *out) {
  const size_t D = w->in->lo.D, n = w->in->lo.outputs;
  for (size_t d = 0; d < D; d++)
    for (size_t e = 0; e < D; e++)
      for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
          out[((e * D + d) * n + k) * n + i] = x[((d * D + e) * n + i) * n + k];
}

/* x += half of X_s on the diagonal blocks of phi. */
static void add_half(const walk *w) {
  const size_t D = w->in->lo.D, square = w->in->lo.A * w->in->lo.A;
  for (size_t d = 0; d < D; d++)
    for (size_t i = 0; i < square; i++) w->phi[(d * D + d) * square + i] += w->X[i] / 2;
}

/* From s to s + 1. */
static void step(walk *w, size_t s) {
  const size_t D = w->in->lo.D, A = w->in->lo.A, n = w->in->lo.outputs, block = D * D * n * n;
  const size_t wide = D * (A * A > n * n ? A * A : n * n);
  double *spare = w->work + 2 * A * wide;
  look(w, s);
  step_rows(w, s, D * n * n, w->W);
  add_paired(w);
  step_rows(w, s, D * A * A, w->phi);
  add_half(w);
  memset(w->R, 0, block * sizeof *w->R);
  for (size_t d = 0; d < D; d++)
    for (size_t first = 0; first < D; first++) add_block(w, d, first);
  add_half(w);
  step_rows(w, s, D * n * n, w->Z);
  transpose(w, w->Z, spare);
  step_rows(w, s, D * n * n, spare);
  transpose(w, w->R, w->Z);
  for (size_t i = 0; i < block; i++) w->Z[i] += w->R[i] + spare[i];
  step_rows(w, s, D, w->N);
  for (size_t i = 0; i < A * A; i++) w->G[i] += w->X[i];
}

/* --- at a recorded time --- */

/* out (n, D, n, D) at recorded time number t. */
static void record(walk *w, size_t t, double *out) {
  const size_t D = w->in->lo.D, n = w->in->lo.outputs, row = n * D, block = D * D * n * n;
  const double *answer = w->answer + t * block;
  const double kernel = factor_of(w, PDLT_DYNAMICS_COV_KERNEL);
  double *half = w->work, *NG = w->R; /* R is of a step, and free */
  pdlt_gemm(0, 0, D, D, D, kernel, w->N, D, w->g1, D, 0, half, D);
  pdlt_gemm(0, 1, D, D, D, 1, half, D, w->N, D, 0, NG, D);
  for (size_t d = 0; d < D; d++)
    for (size_t i = 0; i < n; i++)
      for (size_t e = 0; e < D; e++)
        for (size_t m = 0; m < n; m++) {
          double sum = w->Z[((d * D + e) * n + i) * n + m] / 2 + (i == m ? NG[d * D + e] / 2 : 0);
          for (size_t f = 0; f < D; f++) { /* x_mf becomes N_ef x_mf */
            const size_t at = ((d * D + f) * n + m) * n + i;
            sum += w->N[e * D + f] * (w->W[at] + answer[at]);
          }
          out[(i * D + d) * row + m * D + e] = sum;
        }
  for (size_t x = 0; x < row; x++)
    for (size_t y = 0; y <= x; y++)
      out[x * row + y] = out[y * row + x] = out[x * row + y] + out[y * row + x];
}

double pdlt_direct_covariance_flops(const pdlt_training_input *lo, double steps) {
  const double D = (double)lo->D, A = (double)lo->A, n = (double)lo->outputs;
  return steps * (3 * n * D * (40 * n * D * A * A * A + 8 * n * A * A * A * A) +
                  8 * n * n * D * D * D * A * A);
}

pdlt_status pdlt_direct_covariance(const pdlt_dynamics_input *in, const double *g1, const double *d,
                                   const double *f, size_t num_times, const double *times,
                                   double *cov_nlo, pdlt_error *err) {
  const size_t row = in->lo.outputs * in->lo.D;
  walk w = {.in = in};
  size_t s = 0;
  pdlt_status status = PDLT_OK;
  if (row == 0) return PDLT_OK;
  PDLT_TRY(pdlt_steps_check_times(num_times, times, err));
  PDLT_TRY(walk_new(&w, in, num_times, err));
  w.g1 = g1;
  w.d = d;
  w.f = f;
  PDLT_TRY(find_answers(&w, num_times, times, err));
  for (size_t t = 0; t < num_times; t++) {
    for (; (double)s < times[t]; s++) {
      PDLT_TRY(pdlt_progress_check(in->progress, err));
      step(&w, s);
    }
    record(&w, t, cov_nlo + t * row * row);
  }
cleanup:
  pdlt_steps_free(&w.steps);
  pdlt_free(w.storage);
  return status;
}
