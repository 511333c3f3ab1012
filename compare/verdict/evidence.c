/* evidence.c - fits all numbers of a quantity and tests them jointly; see verdict.h. */
#include <math.h>

#include "base/core/memory.h"
#include "base/file/file.h"
#include "compare/statistics/distribution.h"
#include "compare/statistics/fit.h"
#include "compare/verdict/verdict.h"

/* Functions of one kind, filled number by number. */
typedef struct list {
  pdlt_functions view;
  size_t *number;
  double *coefficient, *deviation, *numeric, *scale, *inflation, *shift;
  uint64_t *tag;
} list;

/* One quantity's fits: U usable widths out of W, `terms` powers from `power` on. */
typedef struct fits {
  const pdlt_join *join;
  int power, degree;
  size_t num, terms;                 /* U, terms */
  size_t *width;                     /* (U) */
  double *h, *se, *x;                /* (U) of the number at hand */
  double *rows, *contrasts, *higher; /* (terms, U), (U - terms, U), (terms + 1, U) */
  list coefficient, left, shift;     /* tested coefficients, contrasts, shifts */
  double shift2;                     /* sum of (shift / se)^2 */
  double exact_null2;
} fits;

static void free_list(list *l) {
  void *owned[] = {l->number, l->coefficient, l->deviation, l->numeric,
                   l->scale,  l->inflation,   l->shift,     l->tag};
  for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) pdlt_free(owned[i]);
}

static pdlt_status new_list(list *l, size_t capacity, size_t widths, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&l->number, capacity, sizeof *l->number, err));
  PDLT_TRY(pdlt_alloc(&l->coefficient, capacity * widths, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&l->deviation, capacity, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&l->numeric, capacity, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&l->scale, capacity, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&l->inflation, capacity, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&l->shift, capacity, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&l->tag, capacity, sizeof *l->tag, err));
  l->view = (pdlt_functions){.number = l->number,
                             .coefficient = l->coefficient,
                             .deviation = l->deviation,
                             .numeric = l->numeric,
                             .scale = l->scale,
                             .inflation = l->inflation,
                             .tag = l->tag};
cleanup:
  return status;
}

static void free_fits(fits *f) {
  void *owned[] = {f->width, f->h, f->se, f->x, f->rows, f->contrasts, f->higher};
  for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) pdlt_free(owned[i]);
  free_list(&f->coefficient);
  free_list(&f->left);
  free_list(&f->shift);
}

static pdlt_status new_fits(fits *f, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  size_t n = f->join->count, w = f->join->num_widths, u = f->num;
  PDLT_TRY(pdlt_alloc(&f->width, w, sizeof *f->width, err));
  PDLT_TRY(pdlt_alloc(&f->h, u, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&f->se, u, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&f->x, u, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&f->rows, f->terms * u, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&f->contrasts, (u - f->terms) * u, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&f->higher, (f->terms + 1) * u, sizeof(double), err));
  PDLT_TRY(new_list(&f->coefficient, n, w, err));
  PDLT_TRY(new_list(&f->left, n * (u - f->terms), w, err));
  PDLT_TRY(new_list(&f->shift, n, w, err));
cleanup:
  return status;
}

static double dot(size_t num, const double *a, const double *b) {
  double sum = 0.0;
  for (size_t i = 0; i < num; i++) sum += a[i] * b[i];
  return sum;
}

/* Names function m of number k by index and time, so that directions do not depend on the
 * order of the numbers. */
static uint64_t tag_of(const pdlt_join *join, size_t k, size_t m) {
  size_t dims = (size_t)join->ndim;
  unsigned long long hash = PDLT_HASH_START;
  hash = pdlt_hash_bytes(hash, join->index + k * dims, dims * sizeof *join->index);
  hash = pdlt_hash_bytes(hash, &join->time[k], sizeof join->time[k]);
  return pdlt_hash_bytes(hash, &m, sizeof m);
}

/* Statistical and numerical error of sum_i a_i x_i for number k; x is floor-accurate. */
static void error_of(const fits *f, size_t k, const double *a, double *stat, double *numeric) {
  const pdlt_join *join = f->join;
  double square = 0.0, size = 0.0, sum = 0.0;
  for (size_t i = 0; i < f->num; i++) {
    double part = a[i] * join->se[k * join->num_widths + f->width[i]];
    square += part * part;
    size += fabs(a[i]);
    sum += a[i];
  }
  *stat = sqrt(square);
  *numeric = size * join->floor[k];
  if (f->power == 1) *numeric += fabs(sum) * join->err_lo;
}

/* Statistical error of the fitted coefficient of number k over the one that blocks and fixed
 * weights give, sqrt(1 + sum_i 4/(B_i - 1) f_i (1 - l_i)): the weights come from the same blocks
 * (docs/statistics.md, "Errors"). f_i: share of width i in the variance; l_i: its leverage. */
static double inflation_of(const fits *f, size_t k) {
  const pdlt_join *join = f->join;
  double square = 0.0, more = 0.0;
  for (size_t i = 0; i < f->num; i++) {
    const size_t w = f->width[i];
    double part = f->rows[i] * join->se[k * join->num_widths + w], left = 0.0;
    for (size_t m = 0; m < f->num - f->terms; m++) {
      double component = f->contrasts[m * f->num + i] * f->se[i];
      left += component * component;
    }
    square += part * part;
    more += part * part * left * 4.0 / (double)(join->num_blocks[w] - 1);
  }
  return square > 0.0 ? sqrt(1.0 + more / square) : 1.0;
}

/* Appends sum_i a_i x_i; deviation and errors as given. */
static void append(fits *f, list *l, size_t k, const double *a, double deviation, double numeric,
                   double scale, double inflation, double shift) {
  size_t r = l->view.count++, w = f->join->num_widths;
  l->number[r] = k;
  for (size_t i = 0; i < f->num; i++) l->coefficient[r * w + f->width[i]] = a[i];
  l->deviation[r] = deviation;
  l->numeric[r] = numeric;
  l->scale[r] = scale;
  l->inflation[r] = inflation;
  l->shift[r] = shift;
}

/* Freedom of the error bar of sum_i a_i x_i (Satterthwaite). */
static double freedom_of(const fits *f, size_t k, const double *a) {
  const pdlt_join *join = f->join;
  double total = 0.0, weighted = 0.0;
  for (size_t i = 0; i < f->num; i++) {
    size_t w = f->width[i];
    double part = a[i] * join->se[k * join->num_widths + w];
    total += part * part;
    weighted += part * part * part * part / (double)(join->num_blocks[w] - 1);
  }
  return weighted > 0.0 ? total * total / weighted : INFINITY;
}

static double chi_square_p(const fits *f) {
  double chi2 = 0.0;
  size_t left = f->num - f->terms;
  for (size_t m = 0; m < left; m++) {
    double g = dot(f->num, f->contrasts + m * f->num, f->x);
    chi2 += g * g;
  }
  return left == 0 ? NAN : pdlt_chi_square_tail(chi2, (double)left);
}

/* Contrasts of the fit and, with widths enough, the shift by one more degree. */
static pdlt_status append_checks(fits *f, size_t k, double coefficient_se, pdlt_error *err) {
  size_t u = f->num;
  double stat = 0.0, numeric = 0.0;
  for (size_t m = 0; m < u - f->terms; m++) {
    const double *a = f->contrasts + m * u;
    error_of(f, k, a, &stat, &numeric);
    f->left.tag[f->left.view.count] = tag_of(f->join, k, m + 1);
    append(f, &f->left, k, a, dot(u, a, f->x), numeric, hypot(stat, numeric), 1.0, 0.0);
  }
  if (u < f->terms + 2) return PDLT_OK;
  pdlt_status status = pdlt_fit_rows(u, f->h, f->se, f->power, f->degree + 1, f->higher, NULL, err);
  if (status != PDLT_OK) return status;
  for (size_t i = 0; i < u; i++) f->higher[i] -= f->rows[i];
  error_of(f, k, f->higher, &stat, &numeric);
  double shift = dot(u, f->higher, f->x);
  f->shift2 += shift * shift / (coefficient_se * coefficient_se);
  f->shift.tag[f->shift.view.count] = tag_of(f->join, k, 0);
  append(f, &f->shift, k, f->higher, shift, numeric, hypot(stat, numeric), 1.0, 0.0);
  return PDLT_OK;
}

/* 2 % more than theory; of what vanishes at infinite width: it does not fall with the width but
 * keeps the size that order 1/n gives it at the smallest one. */
static double null_of_c0(const fits *f, size_t k) {
  double h = 0.0;
  if (!f->join->vanishes) return f->join->lo[k] * (1.0 + PDLT_NULL_SHIFT);
  for (size_t i = 0; i < f->num; i++) h = fmax(h, f->h[i]);
  return h * f->join->nlo[k];
}

/* Fits number k, fills its row, and adds it to the lists when it is to be tested. */
static pdlt_status add_number(fits *f, pdlt_evidence *out, size_t k, pdlt_compare_row *row,
                              double *p, pdlt_error *err) {
  const pdlt_join *join = f->join;
  double stat = 0.0, numeric = 0.0;
  for (size_t i = 0; i < f->num; i++) {
    size_t at = k * join->num_widths + f->width[i];
    f->se[i] = hypot(join->se[at], join->floor[k]);
    f->x[i] = join->x[at] - (f->power == 1 ? join->lo[k] : 0.0);
  }
  pdlt_status status =
      pdlt_fit_rows(f->num, f->h, f->se, f->power, f->degree, f->rows, f->contrasts, err);
  if (status != PDLT_OK) return status;
  error_of(f, k, f->rows, &stat, &numeric);
  const double inflation = inflation_of(f, k);
  stat *= inflation;
  numeric += f->power == 0 ? join->err_lo : join->err_nlo;
  pdlt_coefficient c = {.tested = 1, .value = dot(f->num, f->rows, f->x)};
  c.se = hypot(stat, numeric);
  c.theory = f->power == 0 ? join->lo[k] : join->nlo[k];
  c.null = f->power == 0 ? null_of_c0(f, k) : 0.0;
  c.z = (c.value - c.theory) / c.se;
  *p = pdlt_f_tail(c.z * c.z, 1.0, freedom_of(f, k, f->rows));
  if (f->power == 0) row->c0 = c, row->fit_p = chi_square_p(f);
  if (f->power == 1) row->c1 = c;
  if (!join->distinct[k]) return PDLT_OK;
  out->numbers++;
  if (fabs(c.z) > fabs(out->worst_z)) out->worst_z = c.z;
  double shift = c.null - c.theory;
  if (stat <= numeric) { /* no statistics in it: only the tolerance can be checked */
    out->exact++;
    if (fabs(c.z) > PDLT_NULL_DISTANCE) out->broken = 1;
    f->exact_null2 += shift * shift / (c.se * c.se);
    return PDLT_OK;
  }
  f->coefficient.tag[f->coefficient.view.count] = tag_of(join, k, 0);
  append(f, &f->coefficient, k, f->rows, c.value - c.theory, numeric, c.se, inflation, shift);
  return append_checks(f, k, c.se, err);
}

static pdlt_status test_lists(pdlt_evidence *out, fits *f, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  f->coefficient.view.shift = f->coefficient.shift;
  PDLT_TRY(pdlt_joint_test(&out->coefficient, f->join, &f->coefficient.view, err));
  PDLT_TRY(pdlt_joint_test(&out->fit, f->join, &f->left.view, err));
  PDLT_TRY(pdlt_joint_test(&out->degree, f->join, &f->shift.view, err));
  if (f->shift.view.count > 0) out->degree_shift = sqrt(f->shift2 / (double)f->shift.view.count);
  out->null_z = f->coefficient.view.count > 0 ? out->coefficient.null_z : sqrt(f->exact_null2);
cleanup:
  return status;
}

static size_t count_used(const pdlt_join *join) {
  size_t count = 0;
  for (size_t w = 0; w < join->num_widths; w++) count += join->used[w] != 0;
  return count;
}

pdlt_status pdlt_evidence_gather(pdlt_evidence *out, const pdlt_join *join,
                                 const pdlt_join_setup *setup, int power, pdlt_compare_row *rows,
                                 double *p, pdlt_error *err) {
  fits f = {.join = join, .power = power, .degree = setup->degree, .num = count_used(join)};
  pdlt_status status = PDLT_OK;
  pdlt_evidence evidence = {.power = power,
                            .vanishes = join->vanishes,
                            .widths = f.num,
                            .needed = (size_t)setup->degree + 2};
  f.terms = (size_t)(setup->degree - power + 1);
  for (size_t k = 0; k < join->count; k++) {
    p[k] = NAN;
    evidence.numbers += join->distinct[k] != 0;
  }
  if (evidence.widths < evidence.needed) {
    *out = evidence;
    return PDLT_OK;
  }
  evidence.numbers = 0;
  PDLT_TRY(new_fits(&f, err));
  size_t u = 0;
  for (size_t w = 0; w < join->num_widths; w++) {
    if (!join->used[w]) continue;
    f.h[u] = setup->h[w];
    f.width[u++] = w;
    evidence.members = fmax(evidence.members, setup->members[w]);
  }
  for (size_t k = 0; k < join->count; k++)
    PDLT_TRY(add_number(&f, &evidence, k, &rows[k], &p[k], err));
  PDLT_TRY(test_lists(&evidence, &f, err));
  *out = evidence;
cleanup:
  free_fits(&f);
  return status;
}
