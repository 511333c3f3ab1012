/* cross_entropy_path.c - see cross_entropy_path.h. */
#include "theory/infinite/cross_entropy_path.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/core/softmax.h"
#include "base/experiment/batch.h"
#include "base/vector/linalg.h"
#include "base/vector/rows.h"

/* --- variables --- */

/* Orthonormal rows with sum 0: row k is proportional to (1, ..., 1, -(k + 1), 0, ...). */
static void fill_directions(size_t n, double *H) {
  for (size_t k = 0; k + 1 < n; k++) {
    const double scale = 1 / sqrt((double)((k + 1) * (k + 2)));
    for (size_t i = 0; i < n; i++)
      H[k * n + i] = i <= k ? scale : i == k + 1 ? -scale * (double)(k + 1) : 0;
  }
}

/* Modes v_q of K_AA with k_q > 0, largest first: from_a = sqrt(k_q) v_qa, of others K_da v_qa/sqrt(k_q). */
static void fill_modes(pdlt_entropy_model *m, const double *value, const double *vector) {
  const pdlt_training_input *t = m->in->training;
  const double smallest = m->A > 0 ? value[m->A - 1] * (double)m->A * DBL_EPSILON * 16 : 0;
  m->r = 0;
  while (m->r < m->A && value[m->A - 1 - m->r] > smallest) m->r++;
  for (size_t d = 0; d < m->D; d++) {
    double left = t->K[d * m->D + d];
    for (size_t q = 0; q < m->r; q++) {
      const double *v = vector + (m->A - 1 - q) * m->A, k = sqrt(value[m->A - 1 - q]);
      double *to = &m->from[d * m->r + q];
      *to = d < m->A ? k * v[d] : pdlt_row_dot(m->A, t->K + d * m->D, v) / k;
      left -= *to * *to;
    }
    m->rest[d] = d < m->A || left < 0 ? 0 : sqrt(left);
  }
}

pdlt_status pdlt_entropy_model_new(pdlt_entropy_model *out, const pdlt_cross_entropy_input *in,
                                   pdlt_error *err) {
  const pdlt_training_input *t = in->training;
  const size_t D = t->D, A = t->A, n = t->outputs, m = n - 1;
  pdlt_entropy_model model = {.in = in, .D = D, .A = A, .n = n, .m = m};
  double *block = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&model.storage, m * n + D * A + D + A * m, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&block, 2 * A * A + A, sizeof(double), err));
  double *next = model.storage, *vector = block + A * A, *value = vector + A * A;
  model.H = pdlt_take(&next, m * n);
  model.from = pdlt_take(&next, D * A);
  model.rest = pdlt_take(&next, D);
  model.y = pdlt_take(&next, A * m);
  fill_directions(n, model.H);
  for (size_t a = 0; a < A; a++) {
    memcpy(block + a * A, t->K + a * D, A * sizeof *block);
    for (size_t k = 0; k < m; k++)
      model.y[a * m + k] = pdlt_row_dot(n, model.H + k * n, t->y + a * n);
  }
  PDLT_TRY(pdlt_symmetric_eigen(A, block, value, vector, err));
  fill_modes(&model, value, vector);
  model.dimensions = model.r * m + (D > A ? m : 0);
  *out = model;
  model.storage = NULL;
cleanup:
  pdlt_free(block);
  pdlt_free(model.storage);
  return status;
}

void pdlt_entropy_model_free(pdlt_entropy_model *model) {
  pdlt_free(model->storage);
  *model = (pdlt_entropy_model){0};
}

/* --- sums: the weights; with cov u u^T, u (r m); then of each time S (A, m), losses (D), and with cov S S^T,
 * S u^T --- */

static size_t sums_of_start(const pdlt_entropy_model *m) {
  const size_t u = m->r * m->m;
  return 1 + (m->in->with_cov ? u * u : 0);
}

static size_t sums_of_time(const pdlt_entropy_model *m) {
  const size_t s = m->A * m->m, u = m->r * m->m;
  return s + m->D + (m->in->with_cov ? s * (s + u) : 0);
}

size_t pdlt_entropy_sums(const pdlt_entropy_model *m) {
  return sums_of_start(m) + m->in->num_times * sums_of_time(m);
}

size_t pdlt_entropy_work(const pdlt_entropy_model *m) {
  return m->dimensions + 3 * m->A * m->m + 2 * m->n + m->m;
}

size_t pdlt_entropy_results(const pdlt_entropy_model *m) {
  const size_t p = m->n * m->D;
  return m->in->num_times * (p + m->D + 2 + (m->in->with_cov ? p * p : 0));
}

double pdlt_entropy_operations(const pdlt_entropy_model *m) {
  const double A = (double)m->A, n = (double)m->n, r = (double)m->r, D = (double)m->D;
  const double T = (double)m->in->num_times, exponential = 20;
  const double steps = T > 0 ? m->in->times[m->in->num_times - 1] : 0;
  const double cov = m->in->with_cov ? 2 * A * n * n * (A + r) * A : 0;
  return steps * A * n * (exponential + 2 * n + 2 * A) +
         T * (cov + D * n * (exponential + 2 * (r + A + n)));
}

/* --- one draw --- */

typedef struct path {
  const pdlt_entropy_model *model;
  double *u;        /* (dimensions) */
  double *w;        /* (A, m) outputs now */
  double *S, *step; /* (A, m) */
  double *z, *p;    /* (n) of one sample */
  double *own;      /* (m) of a test sample */
} path;

/* z (n) = w (m) along H. */
static void to_outputs(const pdlt_entropy_model *m, const double *w, double *z) {
  for (size_t i = 0; i < m->n; i++) z[i] = 0;
  for (size_t k = 0; k < m->m; k++) pdlt_row_add(m->n, w[k], m->H + k * m->n, z);
}

/* w (m) += factor times row (count) times x (count, m). */
static void add_rows(size_t count, size_t m, double factor, const double *row, const double *x,
                     double *w) {
  for (size_t q = 0; q < count; q++) pdlt_row_add(m, factor * row[q], x + q * m, w);
}

static void begin(path *p, double sign, const double *u) {
  const pdlt_entropy_model *m = p->model;
  for (size_t k = 0; k < m->dimensions; k++) p->u[k] = sign * u[k];
  memset(p->w, 0, m->A * m->m * sizeof *p->w);
  memset(p->S, 0, m->A * m->m * sizeof *p->S);
  for (size_t a = 0; a < m->A; a++)
    add_rows(m->r, m->m, 1, m->from + a * m->r, p->u, p->w + a * m->m);
}

static void descend(path *p, double step) {
  const pdlt_entropy_model *m = p->model;
  const pdlt_training_input *t = m->in->training;
  memset(p->step, 0, m->A * m->m * sizeof *p->step);
  for (size_t a = 0; a < m->A; a++) {
    if (t->batch > 0 && !pdlt_in_batch(m->A, t->batch, (size_t)step, a)) continue;
    to_outputs(m, p->w + a * m->m, p->z);
    pdlt_softmax(m->n, p->z, 1, p->p, 1);
    for (size_t k = 0; k < m->m; k++)
      p->step[a * m->m + k] =
          t->eta * (pdlt_row_dot(m->n, m->H + k * m->n, p->p) - m->y[a * m->m + k]);
  }
  for (size_t a = 0; a < m->A; a++)
    add_rows(m->A, m->m, -1, t->theta + a * m->D, p->step, p->w + a * m->m);
  pdlt_row_add(m->A * m->m, 1, p->step, p->S);
}

/* Loss of sample d in the present state. */
static double loss_of(path *p, size_t d) {
  const pdlt_entropy_model *m = p->model;
  const pdlt_training_input *t = m->in->training;
  const double *w = p->w + d * m->m;
  if (d >= m->A) {
    w = p->own;
    for (size_t k = 0; k < m->m; k++) p->own[k] = m->rest[d] * p->u[m->r * m->m + k];
    add_rows(m->r, m->m, 1, m->from + d * m->r, p->u, p->own);
    add_rows(m->A, m->m, -1, t->theta + d * m->D, p->S, p->own);
  }
  to_outputs(m, w, p->z);
  return pdlt_cross_entropy(m->n, p->z, 1, t->y + d * m->n, 1);
}

static void record(path *p, double weight, double *sums) {
  const pdlt_entropy_model *m = p->model;
  const size_t s = m->A * m->m, u = m->r * m->m;
  pdlt_row_add(s, weight, p->S, sums);
  sums += s;
  for (size_t d = 0; d < m->D; d++) sums[d] += weight * loss_of(p, d);
  sums += m->D;
  for (size_t k = 0; k < s && m->in->with_cov; k++) {
    pdlt_row_add(s, weight * p->S[k], p->S, sums + k * s);
    pdlt_row_add(u, weight * p->S[k], p->u, sums + s * s + k * u);
  }
}

void pdlt_entropy_add(const pdlt_entropy_model *m, double weight, double sign, const double *u,
                      double *work, double *sums) {
  const size_t s = m->A * m->m;
  path p = {.model = m};
  p.u = pdlt_take(&work, m->dimensions);
  p.w = pdlt_take(&work, s);
  p.S = pdlt_take(&work, s);
  p.step = pdlt_take(&work, s);
  p.z = pdlt_take(&work, m->n);
  p.p = pdlt_take(&work, m->n);
  p.own = work;
  const size_t r = m->r * m->m;
  *sums += weight;
  begin(&p, sign, u);
  for (size_t k = 0; k < r && m->in->with_cov; k++)
    pdlt_row_add(r, weight * p.u[k], p.u, sums + 1 + k * r);
  sums += sums_of_start(m);
  double now = 0;
  for (size_t t = 0; t < m->in->num_times; t++, sums += sums_of_time(m)) {
    for (; now < m->in->times[t]; now++) descend(&p, now);
    record(&p, weight, sums);
  }
}

/* --- what the sums say --- */

size_t pdlt_entropy_result_work(const pdlt_entropy_model *m) {
  const size_t s = m->A * m->m, u = m->r * m->m, w = m->D * m->m;
  return m->in->with_cov ? u * u + s * (s + u) + w * (s + u) + 2 * w * w : 0;
}

/* z_d = - Theta_dA E[S] along H: E[z(0)] = 0. */
static void mean_outputs(const pdlt_entropy_model *m, const double *S, double weight, double *z) {
  const pdlt_training_input *t = m->in->training;
  for (size_t d = 0; d < m->D; d++)
    for (size_t i = 0; i < m->n; i++) {
      double sum = 0;
      for (size_t a = 0; a < m->A; a++)
        for (size_t k = 0; k < m->m; k++)
          sum += t->theta[d * m->D + a] * S[a * m->m + k] * m->H[k * m->n + i];
      z[i * m->D + d] = -sum / weight;
    }
}

/* out (D m, columns) = Theta_dA x (A m, columns). */
static void times_theta(const pdlt_entropy_model *m, size_t columns, const double *x, double *out) {
  const pdlt_training_input *t = m->in->training;
  const size_t row = m->m * columns;
  memset(out, 0, m->D * row * sizeof *out);
  for (size_t d = 0; d < m->D; d++)
    for (size_t a = 0; a < m->A; a++)
      pdlt_row_add(row, t->theta[d * m->D + a], x + a * row, out + d * row);
}

/* to (rows, D m) += factor x (rows, count m) right (D, count)^T, in the first index of the columns. */
static void times_right(const pdlt_entropy_model *m, size_t rows, size_t count, double factor,
                        const double *x, const double *right, size_t stride, double *to) {
  for (size_t k = 0; k < rows; k++)
    for (size_t e = 0; e < m->D; e++)
      add_rows(count, m->m, factor, right + e * stride, x + k * count * m->m,
               to + (k * m->D + e) * m->m);
}

/* What is known of u u^T: its mean over the draws is M where theirs over all is 1. Where there are many draws
 * for each number of u, S is split into what is linear in u, P u, whose part in the averages is then exact,
 * and the rest: E[S u^T] = P, Cov(S) = P P^T + Cov(S - P u). */
typedef struct start {
  double weight;
  double *factor; /* (u, u) Cholesky factor of M; NULL: few draws, and M is taken for 1 */
} start;

enum { MANY_DRAWS = 16 }; /* for each number of u */

static start find_start(const pdlt_entropy_model *m, const double *sums, double *room) {
  const size_t u = m->r * m->m;
  start s = {.weight = sums[0]};
  if (!m->in->with_cov || !(s.weight >= (double)(MANY_DRAWS * u))) return s;
  for (size_t k = 0; k < u * u; k++) room[k] = sums[1 + k] / s.weight;
  if (pdlt_positive_definite(u, room)) s.factor = room;
  return s;
}

/* square (s, s) = Cov(S), cross (s, u) = E[S u^T]; turned (u, s): work. */
static void moments(const pdlt_entropy_model *m, const start *known, const double *S,
                    const double *products, double *square, double *cross, double *turned) {
  const size_t s = m->A * m->m, u = m->r * m->m;
  const double weight = known->weight, *with_u = products + s * s;
  for (size_t k = 0; k < s; k++)
    for (size_t l = 0; l < s; l++)
      square[k * s + l] = products[k * s + l] / weight - S[k] / weight * (S[l] / weight);
  for (size_t k = 0; k < s; k++)
    for (size_t l = 0; l < u; l++)
      cross[k * u + l] = turned[l * s + k] = with_u[k * u + l] / weight;
  if (known->factor == NULL) return;
  pdlt_cholesky_solve(u, known->factor, s, turned); /* P^T */
  for (size_t k = 0; k < s; k++)
    for (size_t l = 0; l < s; l++)
      for (size_t q = 0; q < u; q++) /* P P^T - P M P^T, with P M = E[S u^T] of the draws */
        square[k * s + l] += turned[q * s + k] * (turned[q * s + l] - cross[l * u + q]);
  for (size_t k = 0; k < s; k++)
    for (size_t l = 0; l < u; l++) cross[k * u + l] = turned[l * s + k];
}

/* Of z - z(0) and z(0) along H: Theta Cov(S) Theta^T - Theta E[S u^T] from^T - transpose, (D m, D m), in
 * room. */
static double *covariance(const pdlt_entropy_model *m, const start *known, const double *S,
                          const double *products, double *room) {
  const size_t s = m->A * m->m, u = m->r * m->m, w = m->D * m->m;
  double *square = pdlt_take(&room, s * s), *cross = pdlt_take(&room, s * u);
  double *left = pdlt_take(&room, w * s), *left_u = pdlt_take(&room, w * u);
  double *all = pdlt_take(&room, w * w), *with_start = room;
  moments(m, known, S, products, square, cross, left_u);
  memset(all, 0, w * w * sizeof *all);
  memset(with_start, 0, w * w * sizeof *all);
  times_theta(m, s, square, left);
  times_right(m, w, m->A, 1, left, m->in->training->theta, m->D, all);
  times_theta(m, u, cross, left_u);
  times_right(m, w, m->r, 1, left_u, m->from, m->r, with_start);
  for (size_t k = 0; k < w; k++)
    for (size_t l = 0; l < w; l++) all[k * w + l] -= with_start[k * w + l] + with_start[l * w + k];
  return all;
}

/* cov (n, D, n, D) = K between equal outputs + X (D, m, D, m) along H. */
static void to_covariance(const pdlt_entropy_model *m, const double *X, double *cov) {
  const size_t D = m->D, n = m->n, w = D * m->m, p = n * D;
  for (size_t i = 0; i < n; i++)
    for (size_t d = 0; d < D; d++)
      for (size_t j = 0; j < n; j++)
        for (size_t e = 0; e < D; e++) {
          double sum = 0;
          for (size_t k = 0; k < m->m; k++)
            for (size_t l = 0; l < m->m; l++)
              sum += m->H[k * n + i] * m->H[l * n + j] *
                     (X[(d * m->m + k) * w + e * m->m + l] + X[(e * m->m + l) * w + d * m->m + k]);
          cov[(i * D + d) * p + j * D + e] = sum / 2 + (i == j ? m->in->training->K[d * D + e] : 0);
        }
}

void pdlt_entropy_result(const pdlt_entropy_model *m, const double *sums, double *room,
                         double *result) {
  const size_t T = m->in->num_times, p = m->n * m->D, s = m->A * m->m;
  double *z = pdlt_take(&result, T * p), *loss = pdlt_take(&result, T * m->D);
  double *total = pdlt_take(&result, 2 * T), *cov = result;
  const start known = find_start(m, sums, room);
  const double weight = known.weight;
  if (m->in->with_cov) room += m->r * m->m * m->r * m->m;
  sums += sums_of_start(m);
  for (size_t t = 0; t < T; t++, sums += sums_of_time(m)) {
    mean_outputs(m, sums, weight, z + t * p);
    total[t] = total[T + t] = 0;
    for (size_t d = 0; d < m->D; d++) {
      loss[t * m->D + d] = sums[s + d] / weight;
      total[(d < m->A ? 0 : T) + t] += sums[s + d] / weight;
    }
    if (m->in->with_cov)
      to_covariance(m, covariance(m, &known, sums, sums + s + m->D, room), cov + t * p * p);
  }
}
