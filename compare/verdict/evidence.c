/* evidence.c - fits all numbers of a quantity and tests them jointly; see verdict.h. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "compare/statistics/distribution.h"
#include "compare/statistics/fit.h"
#include "compare/verdict/truncation.h"
#include "compare/verdict/verdict.h"

/* Functions of one kind, filled number by number. */
typedef struct list {
  pdlt_functions view;
  size_t *number;
  double *coefficient, *deviation, *numeric, *truncation, *shared, *coherent, *scale, *inflation,
      *shift;
  uint64_t *tag;
} list;

/* Errors of a linear function of a number over widths. */
typedef struct errors {
  double statistical, numerical, truncation[PDLT_FIT_BEYOND], inflation;
} errors;

/* One quantity's fits: U usable widths out of W, `terms` powers of h^(join's power) from `power`
 * on, two more as unknowns of the sizes `beyond`. */
typedef struct fits {
  const pdlt_join *join;
  int power, degree;
  size_t num, terms;        /* U, terms */
  size_t *width;            /* (U) */
  double *h, *se, *x;       /* (U) of the number at hand */
  pdlt_fit fit;             /* at these h */
  double *shape;            /* (2, U) */
  double *rows, *contrasts; /* (terms, U), (U - terms, U) */
  const pdlt_truncation *beyond;
  list coefficient, left; /* tested coefficients, contrasts */
  double exact_null2;
} fits;

static void free_list(list *l) {
  void *owned[] = {l->number,   l->coefficient, l->deviation, l->numeric, l->truncation, l->shared,
                   l->coherent, l->scale,       l->inflation, l->shift,   l->tag};
  for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) pdlt_free(owned[i]);
}

static pdlt_status new_list(list *l, size_t capacity, size_t widths, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&l->number, capacity, sizeof *l->number, err));
  PDLT_TRY(pdlt_alloc(&l->coefficient, capacity * widths, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&l->deviation, capacity, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&l->numeric, capacity, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&l->truncation, PDLT_FIT_BEYOND * capacity, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&l->shared, PDLT_FIT_BEYOND * capacity, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&l->coherent, PDLT_FIT_BEYOND * capacity, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&l->scale, capacity, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&l->inflation, capacity, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&l->shift, capacity, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&l->tag, capacity, sizeof *l->tag, err));
  l->view = (pdlt_functions){.number = l->number,
                             .coefficient = l->coefficient,
                             .deviation = l->deviation,
                             .numeric = l->numeric,
                             .truncation = l->truncation,
                             .shared = l->shared,
                             .coherent = l->coherent,
                             .scale = l->scale,
                             .inflation = l->inflation,
                             .tag = l->tag};
cleanup:
  return status;
}

static void free_fits(fits *f) {
  void *owned[] = {f->width, f->h, f->se, f->x, f->shape, f->rows, f->contrasts};
  for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) pdlt_free(owned[i]);
  pdlt_fit_free(&f->fit);
  free_list(&f->coefficient);
  free_list(&f->left);
}

static pdlt_status new_fits(fits *f, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  size_t n = 0, w = f->join->num_widths, u = f->num;
  for (size_t k = 0; k < f->join->count; k++) n += f->join->distinct[k] != 0;
  PDLT_TRY(pdlt_alloc(&f->width, w, sizeof *f->width, err));
  PDLT_TRY(pdlt_alloc(&f->h, u, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&f->se, u, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&f->x, u, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&f->shape, 2 * u, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&f->rows, f->terms * u, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&f->contrasts, (u - f->terms) * u, sizeof(double), err));
  PDLT_TRY(new_list(&f->coefficient, n, w, err));
  PDLT_TRY(new_list(&f->left, n * (u - f->terms), w, err));
cleanup:
  return status;
}

static double dot(size_t num, const double *a, const double *b) {
  double sum = 0.0;
  for (size_t i = 0; i < num; i++) sum += a[i] * b[i];
  return sum;
}

/* Errors of sum_i a_i x_i for number k; x is floor-accurate. */
static errors errors_of(const fits *f, size_t k, const double *a) {
  const pdlt_join *join = f->join;
  double square = 0.0, size = 0.0, sum = 0.0;
  errors e = {.inflation = 1.0};
  for (size_t i = 0; i < f->num; i++) {
    double part = a[i] * join->se[k * join->num_widths + f->width[i]];
    square += part * part;
    size += fabs(a[i]);
    sum += a[i];
  }
  e.statistical = sqrt(square);
  e.numerical = size * join->floor[k];
  if (f->power == 1) e.numerical += fabs(sum) * join->err_lo;
  pdlt_fit_truncation(&f->fit, f->beyond->beyond, a, e.truncation);
  return e;
}

static double truncation_of(const errors *e) { return hypot(e->truncation[0], e->truncation[1]); }

static double total_of(const errors *e) {
  return hypot(hypot(e->statistical, e->numerical), truncation_of(e));
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

/* Appends sum_i a_i x_i, which names itself m; deviation and errors as given. */
static void append(fits *f, list *l, size_t k, size_t m, const double *a, double deviation,
                   const errors *e, double shift) {
  size_t r = l->view.count++, w = f->join->num_widths;
  l->number[r] = k;
  for (size_t i = 0; i < f->num; i++) l->coefficient[r * w + f->width[i]] = a[i];
  l->tag[r] = pdlt_joint_tag(f->join, k, m);
  pdlt_fit_truncation(&f->fit, f->power == 1 ? f->beyond->shared_known : f->beyond->shared, a,
                      l->shared + PDLT_FIT_BEYOND * r);
  l->deviation[r] = deviation;
  l->numeric[r] = e->numerical;
  memcpy(l->truncation + PDLT_FIT_BEYOND * r, e->truncation, sizeof e->truncation);
  l->scale[r] = total_of(e);
  l->inflation[r] = e->inflation;
  l->shift[r] = shift;
}

/* Freedom of the error bar of sum_i a_i x_i (Satterthwaite); the truncation error is known without
 * blocks. */
static double freedom_of(const fits *f, size_t k, const double *a, double truncation) {
  const pdlt_join *join = f->join;
  double total = truncation * truncation, weighted = 0.0;
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

/* Contrasts of the fit. */
static void append_contrasts(fits *f, size_t k) {
  for (size_t m = 0; m < f->num - f->terms; m++) {
    const double *a = f->contrasts + m * f->num;
    const errors e = errors_of(f, k, a);
    append(f, &f->left, k, m + 1, a, dot(f->num, a, f->x), &e, 0.0);
  }
}

/* 2 % more than theory; of what vanishes at infinite width: it does not fall with the width but
 * keeps the size that order 1/n gives it at the smallest one. */
static double null_of_c0(const fits *f, size_t k) {
  double h = 0.0;
  if (!f->join->vanishes) return f->join->lo[k] * (1.0 + PDLT_NULL_SHIFT);
  for (size_t i = 0; i < f->num; i++) h = fmax(h, f->h[i]);
  return h * f->join->nlo[k];
}

/* The coefficient of number k beside theory. */
static pdlt_coefficient coefficient_of(const fits *f, size_t k, const errors *e) {
  const pdlt_join *join = f->join;
  pdlt_coefficient c = {.tested = 1,
                        .value = dot(f->num, f->rows, f->x),
                        .se = total_of(e),
                        .theory = f->power == 0 ? join->lo[k] : join->nlo[k],
                        .null = f->power == 0 ? null_of_c0(f, k) : 0.0,
                        .statistical = e->statistical,
                        .numerical = e->numerical,
                        .truncation = truncation_of(e)};
  c.z = (c.value - c.theory) / c.se;
  return c;
}

/* Adds number k to what is known of the quantity as a whole. */
static void weigh_number(pdlt_evidence *out, const pdlt_coefficient *c) {
  const double shift = c->null - c->theory, variance = c->se * c->se;
  const double weight = shift * shift / variance,
               part[] = {c->statistical, c->numerical, c->truncation};
  out->numbers++;
  out->largest_se = fmax(out->largest_se, c->se);
  out->largest = fmax(out->largest, fabs(c->theory));
  for (int k = 0; k < PDLT_ERROR_KINDS; k++) out->share[k] += weight * part[k] * part[k] / variance;
  if (out->numbers > 1 && !(fabs(c->z) > fabs(out->worst.z))) return;
  out->worst = *c;
}

/* Fits number k, fills its row, and adds it to the lists when it is to be tested. */
static pdlt_status add_number(fits *f, pdlt_evidence *out, size_t k, pdlt_compare_row *row,
                              double *p, pdlt_error *err) {
  const pdlt_join *join = f->join;
  for (size_t i = 0; i < f->num; i++) {
    size_t at = k * join->num_widths + f->width[i];
    f->se[i] = hypot(join->se[at], join->floor[k]);
    f->x[i] = join->x[at] - (f->power == 1 ? pdlt_join_lo(join, k, f->width[i]) : 0.0);
  }
  const double *shape = pdlt_join_shape(join, k, f->num, f->width, f->shape);
  const pdlt_status status =
      pdlt_fit_solve(&f->fit, f->se, f->beyond->beyond, shape, f->rows, f->contrasts, err);
  if (status != PDLT_OK) return status;
  errors e = errors_of(f, k, f->rows);
  e.inflation = inflation_of(f, k);
  e.statistical *= e.inflation;
  e.numerical += f->power == 0 ? join->err_lo : join->err_nlo;
  const pdlt_coefficient c = coefficient_of(f, k, &e);
  *p = pdlt_f_tail(c.z * c.z, 1.0, freedom_of(f, k, f->rows, c.truncation));
  if (f->power == 0) row->c0 = c, row->fit_p = chi_square_p(f);
  if (f->power == 1) row->c1 = c;
  memcpy(row->beyond, f->beyond->beyond, sizeof row->beyond);
  if (!join->distinct[k]) return PDLT_OK;
  weigh_number(out, &c);
  const double shift = c.null - c.theory;
  if (hypot(c.statistical, c.truncation) <= c.numerical) { /* only the tolerance can be checked */
    out->exact++;
    if (fabs(c.z) > PDLT_NULL_DISTANCE) out->broken = 1;
    f->exact_null2 += shift * shift / (c.se * c.se);
    return PDLT_OK;
  }
  append(f, &f->coefficient, k, 0, f->rows, c.value - c.theory, &e, shift);
  append_contrasts(f, k);
  return PDLT_OK;
}

/* The unknowns along the way from theory to the null hypothesis: of the functions of a list, whose
 * numbers have the shares v (N) of it. */
static void fill_coherent(const fits *f, list *l, const double coherent[PDLT_FIT_BEYOND],
                          const double *v, double *a) {
  for (size_t r = 0; r < l->view.count; r++) {
    for (size_t i = 0; i < f->num; i++)
      a[i] = l->coefficient[r * f->join->num_widths + f->width[i]];
    double *to = l->coherent + PDLT_FIT_BEYOND * r;
    pdlt_fit_truncation(&f->fit, coherent, a, to);
    for (int j = 0; j < PDLT_FIT_BEYOND; j++) to[j] *= v[l->number[r]];
  }
}

/* Sizes them: the way is u_r = shift_r/scale_r over its length, the function along it
 * sum_r u_r x_r/scale_r, and number r moves by u_r scale_r with it. */
static pdlt_status add_coherent(fits *f, const pdlt_truncation_input *input, pdlt_error *err) {
  list *l = &f->coefficient;
  double coherent[PDLT_FIT_BEYOND], *weight = NULL, *v = NULL, length = 0.0;
  pdlt_status status = PDLT_OK;
  for (size_t r = 0; r < l->view.count; r++) length = hypot(length, l->shift[r] / l->scale[r]);
  if (!(length > 0.0) || !(input->factor > 0.0)) return PDLT_OK;
  PDLT_TRY(pdlt_alloc(&weight, f->join->count, sizeof *weight, err));
  PDLT_TRY(pdlt_alloc(&v, f->join->count, sizeof *v, err));
  for (size_t r = 0; r < l->view.count; r++) {
    const double u = l->shift[r] / l->scale[r] / length;
    weight[l->number[r]] = u / l->scale[r];
    v[l->number[r]] = u * l->scale[r];
  }
  PDLT_TRY(pdlt_truncation_along(coherent, input, weight, err));
  fill_coherent(f, l, coherent, v, f->x);
  fill_coherent(f, &f->left, coherent, v, f->x);
cleanup:
  pdlt_free(weight);
  pdlt_free(v);
  return status;
}

static pdlt_status test_lists(pdlt_evidence *out, fits *f, pdlt_progress *progress,
                              pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  f->coefficient.view.shift = f->coefficient.shift;
  PDLT_TRY(pdlt_joint_test(&out->coefficient, f->join, &f->coefficient.view, err));
  pdlt_progress_add(progress, (double)f->join->count);
  PDLT_TRY(pdlt_joint_test(&out->fit, f->join, &f->left.view, err));
  pdlt_progress_add(progress, (double)f->join->count);
  out->null_z = f->coefficient.view.count > 0 ? out->coefficient.null_z : sqrt(f->exact_null2);
cleanup:
  return status;
}

static size_t count_used(const pdlt_join *join) {
  size_t count = 0;
  for (size_t w = 0; w < join->num_widths; w++) count += join->used[w] != 0;
  return count;
}

/* Widths that a fit needs: with one beyond its powers it can be seen to be bad. */
static size_t needed(const pdlt_join_setup *setup) { return (size_t)setup->degree + 2; }

/* What is known before any fit: which widths there are, and what the others lack. */
static pdlt_evidence begin(const pdlt_join *join, const pdlt_join_setup *setup, int power) {
  pdlt_evidence e = {.power = power,
                     .vanishes = join->vanishes,
                     .follows = join->lo_at != NULL,
                     .h_power = join->power,
                     .widths = count_used(join),
                     .needed = needed(setup),
                     .width_within = setup->width_within,
                     .smallest = INFINITY,
                     .check_p = NAN,
                     .check_fit_p = NAN};
  for (size_t w = 0; w < join->num_widths; w++) {
    const pdlt_reach *reach = &setup->reach[w];
    if (join->trained && !reach->in_reach) {
      e.beyond_reach++;
      e.width_within = fmax(e.width_within, ceil(reach->stable_width));
      snprintf(e.why_beyond, sizeof e.why_beyond, "%s", reach->reason);
    }
    if (!join->used[w]) continue;
    e.members = fmax(e.members, setup->members[w]);
    e.smallest = fmin(e.smallest, setup->widths[w]);
  }
  for (size_t k = 0; k < join->count; k++) e.numbers += join->distinct[k] != 0;
  return e;
}

/* The widths (U) that are used and the powers of their h in which the fits go. */
static void list_widths(size_t *width, double *h, const pdlt_join *join,
                        const pdlt_join_setup *setup) {
  for (size_t w = 0, u = 0; w < join->num_widths; w++) {
    if (!join->used[w]) continue;
    h[u] = pow(setup->h[w], join->power);
    width[u++] = w;
  }
}

/* Sizes of what fits of this degree leave out. */
static pdlt_status size_beyond(pdlt_truncation *out, const pdlt_join *join,
                               const pdlt_join_setup *setup, int degree, pdlt_error *err) {
  const size_t num = count_used(join);
  size_t *width = NULL;
  double *h = NULL;
  pdlt_status status = PDLT_OK;
  if (num < needed(setup)) {
    *out = (pdlt_truncation){.width = 0};
    return PDLT_OK;
  }
  PDLT_TRY(pdlt_alloc(&width, num, sizeof *width, err));
  PDLT_TRY(pdlt_alloc(&h, num, sizeof *h, err));
  list_widths(width, h, join, setup);
  const pdlt_truncation_input input = {join,  degree, setup->truncation, num,
                                       width, h,      join->power < 1.0};
  PDLT_TRY(pdlt_truncation_size(out, &input, err));
cleanup:
  pdlt_free(width);
  pdlt_free(h);
  return status;
}

pdlt_status pdlt_evidence_beyond(pdlt_truncation *out, const pdlt_join *join,
                                 const pdlt_join_setup *setup, pdlt_error *err) {
  return size_beyond(out, join, setup, setup->degree, err);
}

/* Fits and tests, on top of what is known before. */
static pdlt_status test_degree(pdlt_evidence *evidence, const pdlt_join *join,
                               const pdlt_join_setup *setup, int degree,
                               const pdlt_truncation *beyond, pdlt_compare_row *rows, double *p,
                               pdlt_error *err) {
  const int power = evidence->power;
  fits f = {.join = join,
            .power = power,
            .degree = degree,
            .num = evidence->widths,
            .terms = (size_t)(degree - power) + 1,
            .beyond = beyond};
  pdlt_status status = PDLT_OK;
  evidence->numbers = 0;
  PDLT_TRY(new_fits(&f, err));
  list_widths(f.width, f.h, join, setup);
  PDLT_TRY(pdlt_fit_new(&f.fit, f.num, f.h, power, degree, err));
  const pdlt_truncation_input input = {
      join, f.degree, setup->truncation, f.num, f.width, f.h, power == 1 && join->power < 1.0};
  f.coefficient.view.shared_width = f.left.view.shared_width = beyond->width;
  pdlt_progress_add(setup->progress, (double)join->count);
  for (size_t k = 0; k < join->count; k++) {
    PDLT_TRY(pdlt_progress_check(setup->progress, err));
    PDLT_TRY(add_number(&f, evidence, k, &rows[k], &p[k], err));
    pdlt_progress_add(setup->progress, 1.0);
  }
  PDLT_TRY(add_coherent(&f, &input, err));
  PDLT_TRY(test_lists(evidence, &f, setup->progress, err));
cleanup:
  free_fits(&f);
  return status;
}

/* 1 when a test that cannot refute alone found a deviation, of the quantity or of a number. */
static int wants_check(const pdlt_evidence *evidence, const pdlt_join *join,
                       const pdlt_join_setup *setup, const double *p) {
  if (setup->degree >= PDLT_REFUTING_DEGREE) return 0;
  if (pdlt_evidence_p(evidence) < fmax(setup->level, PDLT_CHECK_BELOW)) return 1;
  for (size_t k = 0; k < join->count; k++)
    if (p[k] < setup->level) return 1;
  return 0;
}

/* The same test with a fit of the degree that refutes. p: the larger of both; 1 where there are too
 * few widths for it, or where it does not refute the quantity, whose truncation is better known. */
static pdlt_status check(pdlt_evidence *evidence, const pdlt_join *join,
                         const pdlt_join_setup *setup, double *p, pdlt_error *err) {
  pdlt_join_setup still = *setup; /* no part of the work that was announced */
  pdlt_compare_row *rows = NULL;
  double *alone = NULL;
  pdlt_truncation beyond;
  pdlt_evidence again = begin(join, setup, evidence->power);
  pdlt_status status = PDLT_OK;
  still.progress = NULL;
  if (evidence->widths <= PDLT_REFUTING_DEGREE) {
    for (size_t k = 0; k < join->count; k++)
      if (!isnan(p[k])) p[k] = 1.0;
    return PDLT_OK;
  }
  PDLT_TRY(pdlt_alloc(&rows, join->count, sizeof *rows, err));
  PDLT_TRY(pdlt_alloc(&alone, join->count, sizeof *alone, err));
  PDLT_TRY(size_beyond(&beyond, join, &still, PDLT_REFUTING_DEGREE, err));
  PDLT_TRY(test_degree(&again, join, &still, PDLT_REFUTING_DEGREE, &beyond, rows, alone, err));
  evidence->check_p = pdlt_evidence_p(&again);
  evidence->check_fit_p = again.fit.p;
  const int held = evidence->check_p < setup->level && !(again.fit.p < PDLT_BAD_FIT);
  for (size_t k = 0; k < join->count; k++)
    if (!isnan(p[k])) p[k] = held ? fmax(p[k], alone[k]) : 1.0;
cleanup:
  pdlt_free(rows);
  pdlt_free(alone);
  return status;
}

pdlt_status pdlt_evidence_gather(pdlt_evidence *out, const pdlt_join *join,
                                 const pdlt_join_setup *setup, const pdlt_truncation *beyond,
                                 int power, pdlt_compare_row *rows, double *p, pdlt_error *err) {
  pdlt_evidence evidence = begin(join, setup, power);
  for (size_t k = 0; k < join->count; k++) p[k] = NAN;
  if (evidence.widths < evidence.needed) {
    *out = evidence;
    pdlt_progress_add(setup->progress, PDLT_EVIDENCE_UNITS * (double)join->count);
    return PDLT_OK;
  }
  pdlt_status status = test_degree(&evidence, join, setup, setup->degree, beyond, rows, p, err);
  if (status == PDLT_OK && wants_check(&evidence, join, setup, p))
    status = check(&evidence, join, setup, p, err);
  if (status == PDLT_OK) *out = evidence;
  return status;
}
