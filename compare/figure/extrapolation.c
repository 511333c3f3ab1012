/* extrapolation.c - single numbers against h, with the fit and its intercept. */
#include <math.h>

#include "base/core/memory.h"
#include "compare/figure/internal.h"
#include "compare/statistics/fit.h"

enum { MAX_PANELS = 9, CURVE_POINTS = 60 };

/* Coefficients (degree + 1) of the fit to the used widths; PDLT_ERR_NUMERIC when there
 * are too few of them. work: (3 + degree + 1) * num_widths. */
static pdlt_status fit_row(double *coefficient, const pdlt_comparison *c,
                           const pdlt_compare_row *row, double *work, pdlt_error *err) {
  size_t num = 0, terms = (size_t)c->degree + 1;
  double *h = work, *x = work + c->num_widths, *se = work + 2 * c->num_widths;
  double *map = work + 3 * c->num_widths; /* (terms, num) */
  for (size_t w = 0; w < c->num_widths; w++) {
    if (!row->used[w] || !(row->se[w] > 0) || !isfinite(row->measured[w])) continue;
    h[num] = c->h[w];
    x[num] = row->measured[w];
    se[num++] = row->se[w];
  }
  if (num < terms) return pdlt_fail(err, PDLT_ERR_NUMERIC, "too few widths for a curve");
  pdlt_status status = pdlt_fit_rows(num, h, se, 0, c->degree, NULL, map, NULL, err);
  for (size_t k = 0; status == PDLT_OK && k < terms; k++) {
    coefficient[k] = 0;
    for (size_t i = 0; i < num; i++) coefficient[k] += map[k * num + i] * x[i];
  }
  return status;
}

/* The curve of the fit over [0, 1.05 max h], when there is one. */
static pdlt_status add_curve(pdlt_panel *panel, const pdlt_comparison *c,
                             const pdlt_compare_row *row, double h_max, pdlt_error *err) {
  double x[CURVE_POINTS], y[CURVE_POINTS], a[PDLT_FIT_MAX_TERMS], *work = NULL;
  if (c->degree < 0 || c->degree + 1 > PDLT_FIT_MAX_TERMS) return PDLT_OK;
  pdlt_status status =
      pdlt_alloc(&work, c->num_widths * (4 + (size_t)c->degree), sizeof *work, err);
  if (status != PDLT_OK) return status;
  status = fit_row(a, c, row, work, err);
  pdlt_free(work);
  if (status == PDLT_ERR_NUMERIC) return PDLT_OK; /* too few widths: nothing to draw */
  if (status != PDLT_OK) return status;
  for (int i = 0; i < CURVE_POINTS; i++) {
    x[i] = 1.05 * h_max * i / (CURVE_POINTS - 1);
    y[i] = 0;
    for (int k = c->degree; k >= 0; k--) y[i] = y[i] * x[i] + a[k];
  }
  pdlt_series curve = {.kind = PDLT_SERIES_LINE,
                       .n = CURVE_POINTS,
                       .x = x,
                       .y = y,
                       .color = PDLT_BLUE,
                       .label = "fit"};
  return pdlt_panel_add(panel, &curve, err);
}

static pdlt_status add_theory(pdlt_panel *panel, const pdlt_compare_row *row, double h_max,
                              pdlt_error *err) {
  double x[2] = {-0.03 * h_max, 1.05 * h_max}, y[2] = {row->lo, row->lo};
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
  line.label = "theory, order 1/<i>n</i>";
  return pdlt_panel_add(panel, &line, err);
}

/* Marks at the widths: filled where the fit uses them, open where it does not. */
static pdlt_status add_points(pdlt_panel *panel, const pdlt_comparison *c,
                              const pdlt_compare_row *row, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  for (size_t w = 0; w < c->num_widths && status == PDLT_OK; w++) {
    double lo = row->measured[w] - row->se[w], hi = row->measured[w] + row->se[w];
    pdlt_series mark = {.kind = PDLT_SERIES_MARKS,
                        .n = 1,
                        .x = &c->h[w],
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
  double h_max = 0;
  for (size_t w = 0; w < c->num_widths; w++) h_max = fmax(h_max, c->h[w]);
  pdlt_row_markup(symbol, sizeof symbol, row);
  pdlt_time_markup(time, sizeof time, row->time);
  snprintf(title, sizeof title, "%s%s%s", symbol, time[0] ? ", " : "", time);
  pdlt_panel_title(panel, title);
  pdlt_axis *x = pdlt_panel_x(panel);
  x->lo = -0.06 * h_max;
  x->hi = 1.06 * h_max;
  snprintf(x->label, sizeof x->label,
           "<i>h</i> = 1/<i>n</i><sub><i>L</i>\xe2\x88\x92"
           "1</sub>");
  pdlt_panel_y(panel);
  PDLT_TRY(add_theory(panel, row, h_max, err));
  PDLT_TRY(add_curve(panel, c, row, h_max, err));
  PDLT_TRY(add_points(panel, c, row, err));
  PDLT_TRY(add_intercept(panel, row, err));
cleanup:
  return status;
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
  fprintf(text,
          "Single numbers against <i>h</i> with the fit of degree %d: for each quantity the one "
          "with the clearest finite-width effect, then the one farthest from theory. Error bars: "
          "one standard error. The open diamond at <i>h</i> = 0 is the intercept of the fit, "
          "to be compared with the dashed line. ",
          c->degree);
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
          "(%s standard errors).",
          symbol, time[0] ? " at " : "", time, value, theory, z);
}

pdlt_status pdlt_figure_extrapolation(pdlt_figure_job *job, pdlt_error *err) {
  const pdlt_comparison *c = job->in->comparison;
  size_t rows[MAX_PANELS], count = pdlt_comparison_select(c, MAX_PANELS, rows);
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
