/* expand.c - first order of training with a Gaussian NTK; see gaussian_ntk.h.
 *
 * With U = Theta - E[Theta]: z = (1 - p(Theta_AA)) y on train samples, Theta_BA q(Theta_AA) y on
 * test samples, q(x) = (1 - p(x))/x = -p[0, x]. The second order in U of a function f of Theta_AA
 * is, in the eigenbasis, sum_a f[x_d, x_a, x_c] U_da U_ac (Daleckii and Krein). */
#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "compare/reach/internal.h"

enum { N = 4, BITS = 2200 /* more halvings than lie between the largest double and 1/2 */ };

static void multiply(double a[N][N], double b[N][N], double out[N][N]) {
  double c[N][N] = {{0}};
  for (int i = 0; i < N; i++)
    for (int j = i; j < N; j++)
      for (int k = i; k <= j; k++) c[i][j] += a[i][k] * b[k][j];
  memcpy(out, c, sizeof c);
}

static void unit(double f[N][N]) {
  memset(f, 0, N * sizeof f[0]);
  for (int i = 0; i < N; i++) f[i][i] = 1.0;
}

/* f(J) of the bidiagonal J with the points on the diagonal and 1 beside it holds the divided
 * differences (Opitz), without a difference of close numbers: here the whole power t of 1 - eta J */
static void power(double f[N][N], double base[N][N], double t) {
  double left = t;
  unit(f);
  for (int bit = 0; bit < BITS && left >= 1.0; bit++) {
    if (fmod(left, 2.0) == 1.0) multiply(f, base, f);
    multiply(base, base, base);
    left = floor(left / 2.0);
  }
}

/* and e^(-J t) by its series at t/2^k, squared k times. */
static void exponential(double f[N][N], double j[N][N], double t, double largest) {
  double term[N][N], small[N][N];
  double size = t * (largest + 1.0);
  int k = 0;
  for (; k < BITS && size > 0.5; k++) size /= 2.0;
  for (int i = 0; i < N; i++)
    for (int m = 0; m < N; m++) small[i][m] = -j[i][m] * ldexp(t, -k);
  unit(f);
  unit(term);
  for (int order = 1; order <= 16; order++) {
    multiply(term, small, term);
    for (int i = 0; i < N; i++)
      for (int m = i; m < N; m++) f[i][m] += (term[i][m] /= order);
  }
  while (k-- > 0) multiply(f, f, f);
}

void pdlt_divided(const struct pdlt_gaussian_ntk *model, double t, size_t m, const double *x,
                  double f[N][N]) {
  double j[N][N] = {{0}}, largest = 0.0;
  for (size_t i = 0; i < m; i++) {
    j[i + 1][i + 1] = x[i];
    j[i][i + 1] = 1.0;
    largest = fmax(largest, fabs(x[i]));
  }
  if (model->flow) {
    exponential(f, j, t, largest);
    return;
  }
  double base[N][N];
  for (int i = 0; i < N; i++)
    for (int k = 0; k < N; k++) base[i][k] = (i == k) - model->eta * j[i][k];
  power(f, base, t);
}

/* E[sum_j U_di,aj U_aj,ci]/h, the same for all outputs i: (D, A, A) [d][a][c]. */
static void second_moment(const struct pdlt_gaussian_ntk *w, double *out) {
  const size_t A = w->A, D = w->D;
  const pdlt_factor *equal[] = {&w->common, &w->own};
  double *u = out + D * A * A; /* (D, A) one column as a matrix */
  for (size_t f = 0; f < 2; f++)
    for (size_t k = 0; k < equal[f]->rank; k++) {
      const double *column = equal[f]->u + k * w->num_equal;
      for (size_t p = 0; p < w->num_equal; p++) {
        u[w->equal[p].row * A + w->equal[p].column] = column[p];
        if (w->equal[p].row < A) u[w->equal[p].column * A + w->equal[p].row] = column[p];
      }
      for (size_t d = 0; d < D; d++)
        for (size_t a = 0; a < A; a++)
          for (size_t c = 0; c < A; c++) out[(d * A + a) * A + c] += u[d * A + a] * u[a * A + c];
    }
  const double others = (double)(w->outputs - 1);
  for (size_t k = 0; k < w->cross.rank; k++) {
    const double *column = w->cross.u + k * w->num_across;
    for (size_t p = 0; p < w->num_across; p++)
      if (w->across[p].column < A) u[w->across[p].row * A + w->across[p].column] = column[p];
    for (size_t d = 0; d < D; d++)
      for (size_t a = 0; a < A; a++)
        for (size_t c = 0; c < A; c++)
          out[(d * A + a) * A + c] += others * u[d * A + a] * u[c * A + a];
  }
}

/* Divided differences at one time, symmetric in their arguments. Owned. */
typedef struct table {
  double *p3, *q3; /* (A, A, A) p and q at three eigenvalues */
  double *q2;      /* (A, A) */
} table;

static void put_symmetric(double *to, size_t A, size_t a, size_t b, size_t c, double value) {
  to[(a * A + b) * A + c] = to[(a * A + c) * A + b] = to[(b * A + a) * A + c] = value;
  to[(b * A + c) * A + a] = to[(c * A + a) * A + b] = to[(c * A + b) * A + a] = value;
}

/* q = -p[0, ..]; at the end p = 0 and q = 1/x. */
static void fill_table(table *to, const struct pdlt_gaussian_ntk *w, double t) {
  const size_t A = w->A;
  double f[N][N] = {{0}};
  for (size_t a = 0; a < A; a++)
    for (size_t b = 0; b <= a; b++) {
      for (size_t c = 0; c <= b; c++) {
        const double x[] = {w->lambda[a], w->lambda[b], w->lambda[c]};
        if (isfinite(t)) pdlt_divided(w, t, 3, x, f);
        put_symmetric(to->p3, A, a, b, c, isfinite(t) ? f[1][3] : 0.0);
        put_symmetric(to->q3, A, a, b, c, isfinite(t) ? -f[0][3] : 1.0 / (x[0] * x[1] * x[2]));
      }
      const double pair = isfinite(t) ? -f[0][2] : -1.0 / (w->lambda[a] * w->lambda[b]);
      to->q2[a * A + b] = to->q2[b * A + a] = pair;
    }
}

/* sum_ac weight_ac m_dac y_c for row d. */
static double contract(size_t A, const double *weight, const double *m, const double *y) {
  double sum = 0.0;
  for (size_t a = 0; a < A; a++)
    for (size_t c = 0; c < A; c++) sum += weight[a * A + c] * m[a * A + c] * y[c];
  return sum;
}

/* Output y at one time, in modes: train rows -sum p[d, a, c] m_dac y_c; test rows
 * sum_x Theta_bx sum q[x, a, c] m_xac y_c + sum q[a, c] m_bac y_c. r: (A) room. */
static void fill_rows(const struct pdlt_gaussian_ntk *w, const table *f, const double *m,
                      const double *y, double *r, double *row) {
  const size_t A = w->A, size = A * A;
  for (size_t d = 0; d < A; d++) {
    row[d] = -contract(A, f->p3 + d * size, m + d * size, y);
    r[d] = contract(A, f->q3 + d * size, m + d * size, y);
  }
  for (size_t b = A; b < w->D; b++) {
    row[b] = contract(A, f->q2, m + b * size, y);
    for (size_t x = 0; x < A; x++) row[b] += w->theta[b * A + x] * r[x];
  }
}

pdlt_status pdlt_gaussian_ntk_expand(struct pdlt_gaussian_ntk *w, pdlt_error *err) {
  const size_t A = w->A, D = w->D, n = w->outputs;
  double *m = NULL, *z = NULL, *r = NULL;
  table f = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&m, D * A * A + D * A, sizeof *m, err));
  PDLT_TRY(pdlt_alloc(&z, n * D, sizeof *z, err));
  PDLT_TRY(pdlt_alloc(&r, A, sizeof *r, err));
  PDLT_TRY(pdlt_alloc(&f.p3, A * A * A, sizeof *f.p3, err));
  PDLT_TRY(pdlt_alloc(&f.q3, A * A * A, sizeof *f.q3, err));
  PDLT_TRY(pdlt_alloc(&f.q2, A * A, sizeof *f.q2, err));
  second_moment(w, m);
  for (size_t t = 0; t < w->times; t++) {
    fill_table(&f, w, w->time[t]);
    for (size_t i = 0; i < n; i++) fill_rows(w, &f, m, w->y + i * A, r, z + i * D);
    pdlt_gaussian_ntk_to_samples(w, z, w->first + t * n * D);
  }
cleanup:
  pdlt_free(m);
  pdlt_free(z);
  pdlt_free(r);
  pdlt_free(f.p3);
  pdlt_free(f.q3);
  pdlt_free(f.q2);
  return status;
}
