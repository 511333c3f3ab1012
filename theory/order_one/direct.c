/* direct.c - see direct.h. Names of arrays: docs/dynamics.md, "Other steps". */
#include "theory/order_one/direct.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "theory/infinite/steps.h"
#include "theory/order_one/internal.h"

/* Two residuals p(u), p(v), summed over pairs of times, or at one. */
typedef struct pair {
  double *q; /* (n_L, A, n_L, A) q_kb(u) q_lc(v) */
  double *c; /* (A, A) (X_u k X_v^T)_bc */
  double *x; /* (n_L, A, A, A) [i][b][c][e] q_ib(u) (X_v)_ce */
  double *y; /* (n_L, A, A, A) [i][c][b][e] q_ic(v) (X_u)_be */
} pair;

/* usv, suu, ssv, sss of docs/dynamics.md: u and v before s in sums, then u = v = s or u = s. */
enum { USV, SUU, SSV, SSS, PAIRS };

typedef struct road {
  const pdlt_dynamics_input *in;
  pdlt_steps steps;
  double *start; /* (A, n_L) y */
  double *k;     /* (A, A) K_AA */
  double *N;     /* (D, A) N_{s-1} .. N_0 on training columns; its first A rows make X */
  double *X, *G; /* (A, A) K_s E N; its sum over u < s */
  double *Xk;    /* (A, A) X k */
  double *q, *g; /* (n_L, A) X y, G y */
  double *U;     /* (D, A, n_L, A) sum_{u<s} N_{s-1} .. N_{u+1} on column b times q_ic(u) */
  double *S;     /* (A, A, n_L, A) K_s E U */
  pair pair[PAIRS];
  double *
      across[2]; /* (n_L, A, A, A) [i][b][a][c] q_ib(u) C_ac(s,v), [i][c][a][b] q_ic(v) C_ab(s,u) */
  double *moment[2]; /* (n_L, A, A, A) [i][a][b][c] with two e's paired, and with none */
  double *z, *J;     /* (D, 5, n_L) */
  double *work;
  double *storage;
} road;

static size_t pair_size(size_t n, size_t A) { return n * A * n * A + A * A + 2 * n * A * A * A; }

/* --- memory --- */

static pdlt_status road_new(road *out, const pdlt_dynamics_input *in, pdlt_error *err) {
  const size_t D = in->lo.D, A = in->lo.A, n = in->lo.outputs, cube = n * A * A * A;
  const size_t parts = PDLT_DYNAMICS_PART_COUNT * n, wide = A * n * A > parts ? A * n * A : parts;
  road r = {.in = in};
  const size_t total = 3 * n * A + 4 * A * A + D * A + D * A * n * A + A * A * n * A +
                       PAIRS * pair_size(n, A) + 4 * cube + 2 * D * parts + 2 * A * wide;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_steps_new(&r.steps, &in->lo, err));
  PDLT_TRY(pdlt_alloc(&r.storage, total, sizeof *r.storage, err));
  double *next = r.storage;
  r.start = pdlt_take(&next, A * n);
  r.q = pdlt_take(&next, n * A);
  r.g = pdlt_take(&next, n * A);
  double **square[] = {&r.k, &r.X, &r.G, &r.Xk};
  for (int i = 0; i < 4; i++) *square[i] = pdlt_take(&next, A * A);
  r.N = pdlt_take(&next, D * A);
  r.U = pdlt_take(&next, D * A * n * A);
  r.S = pdlt_take(&next, A * A * n * A);
  for (int i = 0; i < PAIRS; i++) {
    r.pair[i].q = pdlt_take(&next, n * A * n * A);
    r.pair[i].c = pdlt_take(&next, A * A);
    r.pair[i].x = pdlt_take(&next, cube);
    r.pair[i].y = pdlt_take(&next, cube);
  }
  for (int i = 0; i < 2; i++) r.across[i] = pdlt_take(&next, cube);
  for (int i = 0; i < 2; i++) r.moment[i] = pdlt_take(&next, cube);
  r.z = pdlt_take(&next, D * parts);
  r.J = pdlt_take(&next, D * parts);
  r.work = pdlt_take(&next, 2 * A * wide);
  for (size_t a = 0; a < A; a++) {
    memcpy(r.k + a * A, in->lo.K + a * D, A * sizeof *r.k);
    r.N[a * A + a] = 1;
  }
  if (A * n > 0) memcpy(r.start, in->lo.y, A * n * sizeof *r.start);
  *out = r;
  r = (road){.in = in};
cleanup:
  pdlt_steps_free(&r.steps);
  pdlt_free(r.storage);
  return status;
}

/* --- one step --- */

/* out (n_L, A) = m y */
static void along_targets(const road *r, const double *m, double *out) {
  const size_t A = r->in->lo.A, n = r->in->lo.outputs;
  pdlt_gemm(1, 1, n, A, A, 1, r->start, n, m, A, 0, out, A);
}

/* The residuals of step s, and pairs with u = s. */
static void look(road *r, size_t s) {
  const size_t A = r->in->lo.A, n = r->in->lo.outputs, q = n * A;
  pdlt_steps_pull(&r->steps, s, A, r->N, r->X);
  pdlt_steps_pull(&r->steps, s, A * q, r->U, r->S);
  along_targets(r, r->X, r->q);
  along_targets(r, r->G, r->g);
  pdlt_gemm(0, 0, A, A, A, 1, r->X, A, r->k, A, 0, r->Xk, A);
  for (int of = SSV; of <= SSS; of++) { /* v before s; v = s */
    const double *v = of == SSV ? r->G : r->X, *qv = of == SSV ? r->g : r->q;
    const pair *p = &r->pair[of];
    pdlt_gemm(0, 1, A, A, A, 1, r->Xk, A, v, A, 0, p->c, A);
    for (size_t i = 0; i < q; i++)
      for (size_t j = 0; j < q; j++) p->q[i * q + j] = r->q[i] * qv[j];
    for (size_t i = 0; i < q; i++)
      for (size_t e = 0; e < A * A; e++) {
        p->x[i * A * A + e] = r->q[i] * v[e];
        p->y[i * A * A + e] = qv[i] * r->X[e];
      }
  }
}

/* J (D, parts): adds weight sum_abc tensor[slots over d, a, b, c] m_iabc to a part. */
static void contract(const road *r, const double *tensor, const char *slots, double weight,
                     const double *m, pdlt_dynamics_part part) {
  const size_t D = r->in->lo.D, A = r->in->lo.A, n = r->in->lo.outputs;
  size_t step[4] = {0}, stride = 1; /* of d, a, b, c */
  if (weight == 0) return;
  for (int i = 3; i >= 0; i--, stride *= D) step[slots[i] == 'd' ? 0 : slots[i] - 'a' + 1] = stride;
  for (size_t d = 0; d < D; d++)
    for (size_t i = 0; i < n; i++) {
      double sum = 0;
      const double *next = m + i * A * A * A;
      for (size_t a = 0; a < A; a++)
        for (size_t b = 0; b < A; b++)
          for (size_t c = 0; c < A; c++)
            sum += tensor[d * step[0] + a * step[1] + b * step[2] + c * step[3]] * *next++;
      r->J[(d * PDLT_DYNAMICS_PART_COUNT + (size_t)part) * n + i] += weight * sum;
    }
}

static double factor_of(const road *r, pdlt_dynamics_term term) {
  return r->in->factors == NULL ? 1 : r->in->factors->factor[term];
}

static void add_mean(const road *r) {
  const size_t D = r->in->lo.D, A = r->in->lo.A, n = r->in->lo.outputs;
  const double weight = r->in->lo.eta * factor_of(r, PDLT_DYNAMICS_MEAN);
  for (size_t d = 0; d < D; d++)
    for (size_t i = 0; i < n; i++)
      for (size_t a = 0; a < A; a++)
        r->J[(d * PDLT_DYNAMICS_PART_COUNT + PDLT_DYNAMICS_PART_MEAN) * n + i] +=
            weight * r->in->theta1[d * D + a] * r->q[i * A + a];
}

static void add_fluctuations(const road *r) {
  const size_t A = r->in->lo.A, n = r->in->lo.outputs;
  const double eta = r->in->lo.eta, weight = -eta * eta * factor_of(r, PDLT_DYNAMICS_FLUCTUATIONS);
  double *m = r->moment[0];
  for (size_t i = 0; i < n; i++)
    for (size_t ab = 0; ab < A * A; ab++)
      memcpy(m + (i * A * A + ab) * A, r->S + (ab * n + i) * A, A * sizeof *m);
  contract(r, r->in->a, "dabc", weight, m, PDLT_DYNAMICS_PART_FLUCTUATIONS);
  contract(r, r->in->b, "dbac", weight, m, PDLT_DYNAMICS_PART_FLUCTUATIONS);
  contract(r, r->in->b, "dcab", weight * (double)n, m, PDLT_DYNAMICS_PART_FLUCTUATIONS);
}

/* m_iabc = x_ac q_ib, or x_bc q_ia. */
static void pair_with_tensor(const road *r, int second, const double *x, const double *q) {
  const size_t A = r->in->lo.A, n = r->in->lo.outputs;
  double *m = r->moment[0];
  for (size_t i = 0; i < n; i++)
    for (size_t a = 0; a < A; a++)
      for (size_t b = 0; b < A; b++)
        for (size_t c = 0; c < A; c++)
          *m++ = second ? x[b * A + c] * q[i * A + a] : x[a * A + c] * q[i * A + b];
}

/* dTh_IJK of these moments, and dTh_JIK, `both`. */
static void add_pairing(const road *r, int second, int both, double weight) {
  const double n = (double)r->in->lo.outputs, *p = r->in->p, *q = r->in->q, *m = r->moment[0];
  const pdlt_dynamics_part part = PDLT_DYNAMICS_PART_DNTK;
  contract(r, p, "dabc", weight, m, part);
  contract(r, q, "dabc", weight * (second ? n : 1), m, part);
  contract(r, q, "dbac", weight * (second ? 1 : n), m, part);
  if (!both) return;
  contract(r, p, "adbc", weight * (second ? 1 : n), m, part);
  contract(r, q, "adbc", weight * (second ? n : 1), m, part);
  contract(r, q, "abdc", weight, m, part);
}

static void add_dntk(const road *r) {
  const double square = r->in->lo.eta * r->in->lo.eta;
  const double us = -square * factor_of(r, PDLT_DYNAMICS_DNTK_US);
  const double ss = -square / 2 * factor_of(r, PDLT_DYNAMICS_DNTK_SS);
  pair_with_tensor(r, 0, r->X, r->g);
  add_pairing(r, 0, 1, us);
  pair_with_tensor(r, 1, r->G, r->q);
  add_pairing(r, 1, 1, us);
  for (int second = 0; second < 2; second++) {
    pair_with_tensor(r, second, r->X, r->q);
    add_pairing(r, second, 0, ss);
  }
}

/* moment[0], moment[1] of a pattern: output i of the letter that is alone, the others share theirs. */
static void fill_moments(const road *r, const pair *p, int pattern) {
  const size_t A = r->in->lo.A, n = r->in->lo.outputs, q = n * A;
  const double *x = r->across[0], *y = r->across[1], shared = (double)n;
  double *linear = r->moment[0], *cubic = r->moment[1];
  for (size_t i = 0; i < n; i++)
    for (size_t a = 0; a < A; a++)
      for (size_t b = 0; b < A; b++)
        for (size_t c = 0; c < A; c++) {
          double sum = 0;
          for (size_t j = 0; j < n; j++) {
            const size_t k = pattern == 0 ? i : j, l = pattern == 1 ? i : j,
                         m = pattern == 2 ? i : j;
            sum += r->q[k * A + a] * p->q[(l * A + b) * q + m * A + c];
          }
          *cubic++ = sum;
          *linear++ = (pattern == 0 ? shared : 1) * r->q[i * A + a] * p->c[b * A + c] +
                      (pattern == 1 ? shared : 1) * x[((i * A + b) * A + a) * A + c] +
                      (pattern == 2 ? shared : 1) * y[((i * A + c) * A + a) * A + b];
        }
}

static void add_ddntk(const road *r) {
  static const double share[PAIRS] = {1, 0.5, 0.5, 1.0 / 6};
  const double eta = r->in->lo.eta, *tensor[] = {r->in->r, r->in->s, r->in->t, r->in->u};
  const size_t A = r->in->lo.A, q = r->in->lo.outputs * A;
  for (int of = 0; of < PAIRS; of++) {
    const pair *p = &r->pair[of];
    const double weight = eta * eta * eta * share[of] *
                          factor_of(r, (pdlt_dynamics_term)(PDLT_DYNAMICS_DDNTK_USV + of));
    if (weight == 0) continue;
    for (size_t i = 0; i < q; i++) { /* C_a.(s, .) with what is summed */
      const size_t at = i * A * A;
      pdlt_gemm(0, 1, A, A, A, 1, r->Xk, A, p->x + at, A, 0, r->across[0] + at, A);
      pdlt_gemm(0, 1, A, A, A, 1, r->Xk, A, p->y + at, A, 0, r->across[1] + at, A);
    }
    for (int pattern = 0; pattern < PDLT_DD_PATTERNS; pattern++) {
      fill_moments(r, p, pattern);
      for (int row = 0; row < PDLT_DD_ROWS; row++) {
        const char *name = pdlt_dd_slots[row][pattern];
        const double w = weight * pdlt_dd_rows[of][row];
        for (int k = 0; k < 2; k++)
          contract(r, tensor[*name - 'R'], name + 1, w, r->moment[k],
                   k == 0 ? PDLT_DYNAMICS_PART_DDNTK_LINEAR : PDLT_DYNAMICS_PART_DDNTK_CUBIC);
      }
    }
  }
}

static void add(double *to, const double *from, size_t count) {
  for (size_t i = 0; i < count; i++) to[i] += from[i];
}

/* From s to s + 1: z <- N_s z + J, and everything that is summed. */
static void step(road *r, size_t s) {
  const pdlt_training_input *lo = &r->in->lo;
  const size_t D = lo->D, A = lo->A, n = lo->outputs, q = n * A;
  const size_t parts = PDLT_DYNAMICS_PART_COUNT * n;
  pdlt_steps_step(lo, &r->steps, s, parts, NULL, r->work, r->z);
  add(r->z, r->J, D * parts);
  pdlt_steps_step(lo, &r->steps, s, A, NULL, r->work, r->N);
  pdlt_steps_step(lo, &r->steps, s, A * q, NULL, r->work, r->U);
  for (size_t a = 0; a < A; a++) add(r->U + (a * A + a) * q, r->q, q);
  for (int of = 0; of < SSV; of++) /* usv gets ssv, suu gets sss */
    add(r->pair[of].q, r->pair[of + SSV].q, pair_size(n, A));
  add(r->G, r->X, A * A);
}

static void record(const road *r, size_t t, size_t num_times, double *z_nlo, double *parts) {
  const size_t D = r->in->lo.D, n = r->in->lo.outputs, P = PDLT_DYNAMICS_PART_COUNT;
  for (size_t i = 0; i < n; i++)
    for (size_t d = 0; d < D; d++) {
      double sum = 0;
      for (size_t part = 0; part < P; part++) {
        const double value = r->z[(d * P + part) * n + i];
        parts[((part * num_times + t) * n + i) * D + d] = value;
        sum += value;
      }
      z_nlo[(t * n + i) * D + d] = sum;
    }
}

pdlt_status pdlt_direct_run(const pdlt_dynamics_input *in, size_t num_times, const double *times,
                            double *z_nlo, double *parts, pdlt_error *err) {
  road r = {.in = in};
  size_t s = 0;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_steps_check_times(num_times, times, err));
  PDLT_TRY(road_new(&r, in, err));
  for (size_t t = 0; t < num_times; t++) {
    for (; (double)s < times[t]; s++) {
      PDLT_TRY(pdlt_progress_check(in->progress, err));
      memset(r.J, 0, in->lo.D * PDLT_DYNAMICS_PART_COUNT * in->lo.outputs * sizeof *r.J);
      if (in->lo.A > 0) {
        look(&r, s);
        add_mean(&r);
        add_fluctuations(&r);
        add_dntk(&r);
        add_ddntk(&r);
      }
      step(&r, s);
    }
    record(&r, t, num_times, z_nlo, parts);
  }
cleanup:
  pdlt_steps_free(&r.steps);
  pdlt_free(r.storage);
  return status;
}
