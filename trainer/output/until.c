/* until.c - see until.h. */
#include "trainer/output/until.h"

#include <math.h>

#include "base/core/memory.h"
#include "base/file/json.h"

/* Rounding, in units of the largest number of an array, below which errors mean nothing. */
static const double rounding = 1e-12;
/* Widths with a larger share of draws with eta theta_max > 2 are not used for z. */
static const double most_unstable = 1e-5;

long pdlt_until_next(const pdlt_until *until, long members) {
  for (long whole = PDLT_UNTIL_FIRST; whole < until->max_members; whole *= 2) {
    const long half = whole / 32 * 45; /* 45/32 is near sqrt 2, and blocks stay whole */
    if (whole > members) return whole;
    if (half > members && half < until->max_members) return half;
  }
  return until->max_members;
}

/* The arrays of the widths that can be used, and what their c1 multiplies. */
typedef struct view {
  size_t widths, count; /* of use; numbers per array */
  const double **x, **se;
  double *h; /* (widths) 1/n_{L-1}; its root where training crosses a kink */
} view;

static double scalar(const pdlt_archive *a, int n, const char *name) {
  const pdlt_array *array = pdlt_archive_getf(a, "n%d/%s", n, name);
  return array == NULL ? 0 : array->data[0];
}

/* As the comparison does as far as draws tell: no width where some diverged or did not converge, nor
 * one where their linearization explodes. */
static int is_usable(const pdlt_archive *a, int n, const pdlt_quantity *quantity) {
  if (!pdlt_quantity_is_trained(quantity)) return 1;
  if (scalar(a, n, "diverged") > 0 || scalar(a, n, "unconverged") > 0) return 0;
  return !(scalar(a, n, "unstable") > most_unstable);
}

/* As the comparison fits the quantity: in powers of h, or of h^(1/2). */
static double unit_of(const pdlt_experiment *ex, const pdlt_quantity *quantity, double h) {
  const int kink = pdlt_activation_has_kink(&ex->network.activation);
  return kink && pdlt_quantity_is_trained(quantity) ? sqrt(h) : h;
}

static pdlt_status view_new(view *out, const pdlt_experiment *ex, const pdlt_archive *a,
                            pdlt_error *err) {
  const size_t num = ex->network.num_widths;
  const pdlt_quantity *quantity = &pdlt_quantities[ex->ensemble.until.quantity];
  const char *name = quantity->name;
  const int below = ex->network.width_ratios[ex->network.depth - 2];
  view v = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&v.h, num, sizeof *v.h, err));
  PDLT_TRY(pdlt_alloc(&v.x, 2 * num, sizeof *v.x, err));
  v.se = v.x + num;
  for (size_t w = 0; w < num; w++) {
    const int n = ex->network.widths[w];
    const pdlt_array *x = pdlt_archive_getf(a, "n%d/%s", n, name);
    const pdlt_array *se = pdlt_archive_getf(a, "n%d/%s_se", n, name);
    if (x == NULL || se == NULL || !is_usable(a, n, quantity)) continue;
    v.count = pdlt_array_count(x);
    v.x[v.widths] = x->data;
    v.se[v.widths] = se->data;
    v.h[v.widths++] = unit_of(ex, quantity, 1 / ((double)n * below));
  }
  *out = v;
  return PDLT_OK;
cleanup:
  pdlt_free(v.h);
  return status;
}

static void view_free(view *v) {
  pdlt_free(v->h);
  pdlt_free(v->x);
}

/* What is left of `column` (rows) after projecting out `others` (count, rows), which are
 * made orthogonal first; Gram-Schmidt, twice each. Returns its squared norm. */
static double project_out(size_t rows, size_t count, double *others, double *column) {
  for (size_t k = 0; k <= count; k++) {
    double *x = k < count ? others + k * rows : column;
    for (int twice = 0; twice < 2; twice++)
      for (size_t j = 0; j < k; j++) {
        const double *q = others + j * rows;
        double dot = 0;
        for (size_t i = 0; i < rows; i++) dot += q[i] * x[i];
        for (size_t i = 0; i < rows; i++) x[i] -= dot * q[i];
      }
    double norm = 0;
    for (size_t i = 0; i < rows; i++) norm += x[i] * x[i];
    if (k == count) return norm;
    for (size_t i = 0; i < rows && norm > 0; i++) x[i] /= sqrt(norm);
  }
  return 0;
}

/* c1 of entry e of the fit x_n = c0 + c1 h + ... + c_degree h^degree with weights 1/se_n^2,
 * and its standard error; with_c0 = 0: c0 is known, and only the error is of use. work:
 * (degree + 1, widths). */
static double fit(const view *v, size_t e, int degree, int with_c0, double floor, double *work,
                  double *se) {
  const size_t rows = v->widths;
  double *column = work, *other = work + rows, dot = 0;
  size_t count = 0;
  for (int power = 0; power <= degree; power++) {
    if (power == 1 || (power == 0 && !with_c0)) continue;
    for (size_t i = 0; i < rows; i++)
      other[count * rows + i] = pow(v->h[i] / v->h[0], power) / hypot(v->se[i][e], floor);
    count++;
  }
  for (size_t i = 0; i < rows; i++) column[i] = v->h[i] / hypot(v->se[i][e], floor);
  const double norm = project_out(rows, count, other, column);
  for (size_t i = 0; i < rows; i++) dot += column[i] * v->x[i][e] / hypot(v->se[i][e], floor);
  *se = 1 / sqrt(norm);
  return dot / norm;
}

static double largest_number(const view *v) {
  double largest = 0;
  for (size_t w = 0; w < v->widths; w++)
    for (size_t e = 0; e < v->count; e++) largest = fmax(largest, fabs(v->x[w][e]));
  return largest;
}

/* A coefficient counts as seen when it is larger than so many of its own errors: five, and
 * more among many entries, so that their number does not make chance likelier. */
static double seen(size_t entries) { return sqrt(25 + 2 * log((double)entries)); }

/* |c1| of entry e that is safe to count on, 0 while it is not seen; *error with c0 fixed. */
static double look_at_entry(const view *v, size_t e, int degree, double floor, double *work,
                            double *error) {
  double free_error;
  const double c1 = fabs(fit(v, e, degree, 1, floor, work, &free_error));
  (void)fit(v, e, degree, 0, floor, work, error);
  return c1 >= seen(v->count) * free_error ? c1 - 2 * free_error : 0;
}

pdlt_status pdlt_until_look_at(pdlt_until_look *out, const pdlt_experiment *ex,
                               const pdlt_archive *measured, pdlt_error *err) {
  const pdlt_until *until = &ex->ensemble.until;
  const int degree = ex->compare.degree;
  pdlt_until_look look = {.relative = NAN};
  view v = {0};
  double *work = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(view_new(&v, ex, measured, err));
  PDLT_TRY(pdlt_alloc(&work, ((size_t)degree + 1) * ex->network.num_widths, sizeof *work, err));
  look.widths = v.widths;
  look.hopeless = v.widths < (size_t)degree + 2;
  const double floor = rounding * largest_number(&v);
  double worst = 0;
  for (size_t e = 0; !look.hopeless && floor > 0 && e < v.count; e++) {
    double error;
    const double c1 = look_at_entry(&v, e, degree, floor, work, &error);
    if (!(error < INFINITY)) error = INFINITY; /* no error bar yet */
    look.error = fmax(look.error, error);
    look.scale = fmax(look.scale, c1);
    if (until->scale > 0) worst = fmax(worst, error / fmax(c1, until->scale));
  }
  if (until->scale > 0)
    look.scale = until->scale;
  else
    worst = look.error / look.scale;
  if (!look.hopeless && look.scale > 0 && isfinite(look.error)) look.relative = worst;
  look.reached = look.relative <= until->relative;
  *out = look;
cleanup:
  view_free(&v);
  pdlt_free(work);
  return status;
}

double pdlt_until_needed(const pdlt_until_look *look, const pdlt_until *until, double members) {
  const double ratio = look->relative / until->relative;
  return ratio > 0 ? ceil(members * ratio * ratio) : 0;
}

pdlt_status pdlt_until_meta(pdlt_archive *measured, const pdlt_experiment *ex,
                            const pdlt_until_look *look, pdlt_error *err) {
  const pdlt_until *until = &ex->ensemble.until;
  json_t *meta = pdlt_archive_meta(measured);
  json_t *about = json_pack("{s:s, s:f, s:b, s:I, s:o, s:o, s:o}", "quantity",
                            pdlt_quantities[until->quantity].name, "wanted", until->relative,
                            "reached", look->reached, "widths", (json_int_t)look->widths,
                            "relative", pdlt_json_real(look->relative), "scale",
                            pdlt_json_real(look->scale), "error", pdlt_json_real(look->error));
  return pdlt_json_set(meta, "until", about, err);
}
