/* extrapolation.c - single numbers against h, or h^(1/2) where they go in its powers, with the fit
 * and its intercept. */
#include <math.h>

#include "base/core/memory.h"
#include "compare/figure/internal.h"
#include "compare/statistics/fit.h"

enum { MAX_PANELS = 9, CURVE_POINTS = 60 };

#define MINUS "\xe2\x88\x92"

/* Values that enter the fit of a row, and the fit itself. */
typedef struct fit {
  size_t num, terms;
  double *x, *y, *se;  /* (num) at the widths it uses */
  double *map;         /* (terms, num) */
  double *coefficient; /* (terms + PDLT_FIT_BEYOND) borrowed */
} fit;

/* f->x has room for (3 + terms) num_widths. */
static void gather(fit *f, const pdlt_comparison *c, const pdlt_compare_row *row) {
  f->y = f->x + c->num_widths;
  f->se = f->y + c->num_widths;
  f->map = f->se + c->num_widths;
  for (size_t w = 0; w < c->num_widths; w++) {
    if (!row->used[w] || !(row->se[w] > 0) || !isfinite(row->measured[w])) continue;
    f->x[f->num] = pow(c->h[w], row->power);
    f->y[f->num] = row->measured[w];
    f->se[f->num++] = row->se[w];
  }
}

/* Best estimates of the powers beyond the fit, which are known to be beyond[j] times a normal
 * number s_j: (1 + U^T U) s = U^T r, r what the polynomial leaves, U the powers times beyond, both
 * in units of the errors. */
static void estimate_beyond(fit *f, const double beyond[PDLT_FIT_BEYOND]) {
  double a = 1, b = 0, d = 1, p = 0, q = 0; /* [a b; b d] s = (p, q) */
  for (size_t i = 0; i < f->num; i++) {
    double rest = f->y[i];
    for (size_t k = 0; k < f->terms; k++) rest -= f->coefficient[k] * pow(f->x[i], (double)k);
    const double u = beyond[0] * pow(f->x[i], (double)f->terms) / f->se[i];
    const double v = beyond[1] * pow(f->x[i], (double)f->terms + 1) / f->se[i];
    a += u * u;
    b += u * v;
    d += v * v;
    p += u * rest / f->se[i];
    q += v * rest / f->se[i];
  }
  const double determinant = a * d - b * b;
  f->coefficient[f->terms] = beyond[0] * (d * p - b * q) / determinant;
  f->coefficient[f->terms + 1] = beyond[1] * (a * q - b * p) / determinant;
}

pdlt_status pdlt_figure_fit(double *coefficient, const pdlt_comparison *c,
                            const pdlt_compare_row *row, pdlt_error *err) {
  fit f = {.terms = (size_t)c->degree + 1, .coefficient = coefficient};
  double *work = NULL;
  pdlt_status status = PDLT_OK;
  if (f.terms > PDLT_FIT_MAX_TERMS)
    return pdlt_fail(err, PDLT_ERR_NUMERIC, "degree %d is too high for a curve", c->degree);
  PDLT_TRY(pdlt_alloc(&work, c->num_widths * (3 + f.terms), sizeof *work, err));
  f.x = work;
  gather(&f, c, row);
  if (f.num < f.terms)
    PDLT_TRY(
        pdlt_fail(err, PDLT_ERR_NUMERIC, "too few widths for a curve of degree %d", c->degree));
  PDLT_TRY(pdlt_fit_rows(f.num, f.x, f.se, 0, c->degree, row->beyond, f.map, NULL, err));
  for (size_t k = 0; k < f.terms; k++) {
    coefficient[k] = 0;
    for (size_t i = 0; i < f.num; i++) coefficient[k] += f.map[k * f.num + i] * f.y[i];
  }
  estimate_beyond(&f, row->beyond);
cleanup:
  pdlt_free(work);
  return status;
}

/* The curve of the fit over [0, 1.05 x_max], when there is one. */
static pdlt_status add_curve(pdlt_panel *panel, const pdlt_comparison *c,
                             const pdlt_compare_row *row, double x_max, pdlt_error *err) {
  double x[CURVE_POINTS], y[CURVE_POINTS], a[PDLT_FIT_MAX_TERMS + PDLT_FIT_BEYOND];
  const pdlt_status status = pdlt_figure_fit(a, c, row, err);
  if (status == PDLT_ERR_NUMERIC) return PDLT_OK; /* too few widths: nothing to draw */
  if (status != PDLT_OK) return status;
  for (int i = 0; i < CURVE_POINTS; i++) {
    x[i] = 1.05 * x_max * i / (CURVE_POINTS - 1);
    y[i] = 0;
    for (int k = c->degree + PDLT_FIT_BEYOND; k >= 0; k--) y[i] = y[i] * x[i] + a[k];
  }
  pdlt_series curve = {.kind = PDLT_SERIES_LINE,
                       .n = CURVE_POINTS,
                       .x = x,
                       .y = y,
                       .color = PDLT_BLUE,
                       .label = "fit"};
  return pdlt_panel_add(panel, &curve, err);
}

static pdlt_status add_theory(pdlt_panel *panel, const pdlt_compare_row *row, double x_max,
                              pdlt_error *err) {
  double x[2] = {-0.03 * x_max, 1.05 * x_max}, y[2] = {row->lo, row->lo};
  char label[64];
  pdlt_series line = {.kind = PDLT_SERIES_LINE,
                      .n = 2,
                      .x = x,
                      .y = y,
                      .color = PDLT_VERMILION,
                      .dashed = 1,
                      .width = 1.1,
                      .label = "theory, infinite width"};
  pdlt_status status = pdlt_panel_add(panel, &line, err);
  if (status != PDLT_OK || isnan(row->nlo)) return status;
  x[0] = 0;
  y[1] = row->lo + x[1] * row->nlo;
  line.color = PDLT_ORANGE;
  line.dashed = 0;
  line.ignore_range = 1;
  snprintf(label, sizeof label, "theory, order %s", pdlt_order_of(row->power)->markup);
  line.label = label;
  return pdlt_panel_add(panel, &line, err);
}

/* Marks at the widths: filled where the fit uses them, open where it does not. */
static pdlt_status add_points(pdlt_panel *panel, const pdlt_comparison *c,
                              const pdlt_compare_row *row, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  for (size_t w = 0; w < c->num_widths && status == PDLT_OK; w++) {
    const double x = pow(c->h[w], row->power);
    double lo = row->measured[w] - row->se[w], hi = row->measured[w] + row->se[w];
    pdlt_series mark = {.kind = PDLT_SERIES_MARKS,
                        .n = 1,
                        .x = &x,
                        .y = &row->measured[w],
                        .lo = &lo,
                        .hi = &hi,
                        .color = row->used[w] ? PDLT_BLUE : PDLT_GREY};
    mark.hollow = !row->used[w];
    mark.label = row->used[w] ? "measured" : "measured, not in the fit";
    status = pdlt_panel_add(panel, &mark, err);
  }
  return status;
}

static pdlt_status add_intercept(pdlt_panel *panel, const pdlt_compare_row *row, pdlt_error *err) {
  double x = 0, y = row->c0.value, lo = y - row->c0.se, hi = y + row->c0.se;
  if (!row->c0.tested) return PDLT_OK;
  pdlt_series mark = {.kind = PDLT_SERIES_MARKS,
                      .n = 1,
                      .x = &x,
                      .y = &y,
                      .lo = &lo,
                      .hi = &hi,
                      .color = PDLT_BLUE,
                      .mark = PDLT_MARK_DIAMOND,
                      .hollow = 1,
                      .label = "intercept of the fit"};
  return pdlt_panel_add(panel, &mark, err);
}

static pdlt_status fill_panel(pdlt_panel *panel, const pdlt_comparison *c,
                              const pdlt_compare_row *row, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  char symbol[320], time[96], title[432];
  double x_max = 0;
  for (size_t w = 0; w < c->num_widths; w++) x_max = fmax(x_max, pow(c->h[w], row->power));
  pdlt_row_markup(symbol, sizeof symbol, row);
  pdlt_time_markup(time, sizeof time, row->time);
  snprintf(title, sizeof title, "%s%s%s", symbol, time[0] ? ", " : "", time);
  pdlt_panel_title(panel, title);
  pdlt_axis *x = pdlt_panel_x(panel);
  x->lo = -0.06 * x_max;
  x->hi = 1.06 * x_max;
  snprintf(x->label, sizeof x->label, "%s",
           row->power < 1 ? "<i>h</i><sup>1/2</sup> = <i>n</i><sub><i>L</i>" MINUS
                            "1</sub><sup>" MINUS "1/2</sup>"
                          : "<i>h</i> = 1/<i>n</i><sub><i>L</i>" MINUS "1</sub>");
  pdlt_panel_y(panel);
  PDLT_TRY(add_theory(panel, row, x_max, err));
  PDLT_TRY(add_curve(panel, c, row, x_max, err));
  PDLT_TRY(add_points(panel, c, row, err));
  PDLT_TRY(add_intercept(panel, row, err));
cleanup:
  return status;
}

/* What is drawn, and what the error bars are. */
static void write_setting(FILE *text, const pdlt_comparison *c, const size_t *rows, size_t count) {
  int half = 0;
  for (size_t k = 0; k < count; k++) half |= c->rows[rows[k]].power < 1;
  fprintf(text,
          "Single numbers against <i>h</i> with the fit of degree %d to the filled points and what "
          "the next two powers are estimated to add to it: for each quantity the number with the "
          "clearest finite-width effect, then the one farthest from theory. ",
          c->degree);
  if (half)
    fputs(
        "What depends on training goes in powers of <i>h</i><sup>1/2</sup> and is drawn against "
        "it. ",
        text);
  fputs(
      "Error bars of the points: one standard error. The open diamond at 0 is the intercept of "
      "the fit, to be compared with the dashed line, with its total error: statistical, numerical "
      "and of the powers that the fit leaves out. ",
      text);
}

static void write_caption(FILE *text, const pdlt_comparison *c, const size_t *rows, size_t count) {
  double worst = -1;
  const pdlt_compare_row *farthest = NULL;
  for (size_t k = 0; k < count; k++) {
    const pdlt_compare_row *row = &c->rows[rows[k]];
    if (!row->c0.tested || !(fabs(row->c0.z) > worst)) continue;
    worst = fabs(row->c0.z);
    farthest = row;
  }
  write_setting(text, c, rows, count);
  if (!farthest) {
    fprintf(text, "No intercept could be tested.");
    return;
  }
  char symbol[320], time[96], z[64], value[128], theory[64];
  pdlt_row_markup(symbol, sizeof symbol, farthest);
  pdlt_time_markup(time, sizeof time, farthest->time);
  pdlt_plot_number(z, sizeof z, farthest->c0.z, 2);
  pdlt_plot_measured(value, sizeof value, farthest->c0.value, farthest->c0.se);
  pdlt_plot_number(theory, sizeof theory, farthest->c0.theory, 5);
  fprintf(text,
          "Farthest from theory among those shown: %s%s%s, intercept %s against %s "
          "(%s total errors).",
          symbol, time[0] ? " at " : "", time, value, theory, z);
}

pdlt_status pdlt_figure_extrapolation(pdlt_figure_job *job, pdlt_error *err) {
  const pdlt_comparison *c = job->in->comparison;
  size_t rows[MAX_PANELS];
  if (c->follows) return pdlt_figure_residual(job, err); /* then there is no one limit */
  const size_t count = pdlt_comparison_select(c, MAX_PANELS, rows);
  if (count == 0) return PDLT_OK;
  pdlt_status status = PDLT_OK;
  pdlt_figure_page page = {0};
  PDLT_TRY(pdlt_figure_page_open(&page, count, err));
  for (size_t k = 0; k < count; k++)
    PDLT_TRY(fill_panel(pdlt_plot_panel(page.plot, k), c, &c->rows[rows[k]], err));
  write_caption(page.text, c, rows, count);
  PDLT_TRY(
      pdlt_figure_page_emit(job, &page, "extrapolation", "Extrapolation to infinite width", err));
cleanup:
  pdlt_figure_page_close(&page);
  return status;
}
