/* residual.c - single numbers where theory follows the width: what is measured beyond infinite width
 * against what order 1/n predicts there. */
#include <math.h>

#include "base/core/memory.h"
#include "compare/figure/internal.h"

enum { MAX_PANELS = 9 };

#define MINUS "\xe2\x88\x92"

/* x_n - lo_n of width number w, and h nlo_n. */
static double residual(const pdlt_comparison *c, const pdlt_compare_row *row, size_t w) {
  return row->measured[w] - pdlt_row_predicted(row, w, c->h[w], 0);
}
static double predicted(const pdlt_comparison *c, const pdlt_compare_row *row, size_t w) {
  return pdlt_row_predicted(row, w, c->h[w], 1) - pdlt_row_predicted(row, w, c->h[w], 0);
}

/* Marks at the widths: filled where the fit uses them, open where it does not. */
static pdlt_status add_points(pdlt_panel *panel, const pdlt_comparison *c,
                              const pdlt_compare_row *row, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  for (size_t w = 0; w < c->num_widths && status == PDLT_OK; w++) {
    const double x = predicted(c, row, w), y = residual(c, row, w);
    const double lo = y - row->se[w], hi = y + row->se[w];
    const pdlt_series mark = {.kind = PDLT_SERIES_MARKS,
                              .n = 1,
                              .x = &x,
                              .y = &y,
                              .lo = &lo,
                              .hi = &hi,
                              .color = row->used[w] ? PDLT_BLUE : PDLT_GREY,
                              .hollow = !row->used[w],
                              .label = row->used[w] ? "measured" : "measured, not in the fit"};
    status = pdlt_panel_add(panel, &mark, err);
  }
  return status;
}

/* The line residual = a predicted from 0 to beyond the farthest point. */
static pdlt_status add_line(pdlt_panel *panel, double end, double a, const pdlt_series *like,
                            pdlt_error *err) {
  const double x[2] = {0, end}, y[2] = {0, a * end};
  pdlt_series line = *like;
  line.kind = PDLT_SERIES_LINE;
  line.n = 2;
  line.x = x;
  line.y = y;
  return pdlt_panel_add(panel, &line, err);
}

static pdlt_status fill_panel(pdlt_panel *panel, const pdlt_comparison *c,
                              const pdlt_compare_row *row, pdlt_error *err) {
  const pdlt_series theory = {.color = PDLT_ORANGE, .label = "theory, order 1/<i>n</i>"};
  const pdlt_series fitted = {.color = PDLT_BLUE, .dashed = 1, .label = "<i>a</i> of the fit"};
  char symbol[320], time[96], title[432];
  double end = 0;
  pdlt_status status = PDLT_OK;
  for (size_t w = 0; w < c->num_widths; w++)
    if (fabs(predicted(c, row, w)) > fabs(end)) end = predicted(c, row, w);
  pdlt_row_markup(symbol, sizeof symbol, row);
  pdlt_time_markup(time, sizeof time, row->time);
  snprintf(title, sizeof title, "%s%s%s", symbol, time[0] ? ", " : "", time);
  pdlt_panel_title(panel, title);
  snprintf(pdlt_panel_x(panel)->label, sizeof pdlt_panel_x(panel)->label,
           "<i>h</i> nlo<sub><i>n</i></sub>");
  snprintf(pdlt_panel_y(panel)->label, sizeof pdlt_panel_y(panel)->label,
           "measured " MINUS " lo<sub><i>n</i></sub>");
  PDLT_TRY(add_line(panel, 1.05 * end, 1, &theory, err));
  if (row->c1.tested && row->nlo != 0)
    PDLT_TRY(add_line(panel, 1.05 * end, row->c1.value / row->nlo, &fitted, err));
  PDLT_TRY(add_points(panel, c, row, err));
cleanup:
  return status;
}

static void write_caption(FILE *text, const pdlt_comparison *c, const size_t *rows, size_t count) {
  const pdlt_compare_row *farthest = NULL;
  fputs(
      "Single numbers, where theory is another at each width: what is measured beyond infinite "
      "width "
      "against what order 1/<i>n</i> predicts there, narrow networks far from 0. Points on the "
      "line "
      "are as predicted; what bends away from it is of order 1/<i>n</i><sup>2</sup>. For each "
      "quantity the number with the clearest finite-width effect, then the one farthest from "
      "theory. "
      "Error bars: one standard error. ",
      text);
  for (size_t k = 0; k < count; k++) {
    const pdlt_compare_row *row = &c->rows[rows[k]];
    if (!row->c1.tested || row->nlo == 0) continue;
    if (farthest == NULL || fabs(row->c1.z) > fabs(farthest->c1.z)) farthest = row;
  }
  if (farthest == NULL) {
    fputs("No correction could be tested.", text);
    return;
  }
  char symbol[320], time[96], z[64], value[128];
  pdlt_row_markup(symbol, sizeof symbol, farthest);
  pdlt_time_markup(time, sizeof time, farthest->time);
  pdlt_plot_number(z, sizeof z, farthest->c1.z, 2);
  pdlt_plot_measured(value, sizeof value, farthest->c1.value / farthest->nlo,
                     farthest->c1.se / fabs(farthest->nlo));
  fprintf(
      text,
      "Farthest from theory among those shown: %s%s%s, <i>a</i> = %s against 1 (%s total errors).",
      symbol, time[0] ? " at " : "", time, value, z);
}

pdlt_status pdlt_figure_residual(pdlt_figure_job *job, pdlt_error *err) {
  const pdlt_comparison *c = job->in->comparison;
  size_t rows[MAX_PANELS], count = 0;
  const size_t selected = pdlt_comparison_select(c, MAX_PANELS, rows);
  for (size_t k = 0; k < selected; k++) /* those with a correction */
    if (isfinite(c->rows[rows[k]].nlo)) rows[count++] = rows[k];
  if (count == 0) return PDLT_OK;
  pdlt_status status = PDLT_OK;
  pdlt_figure_page page = {0};
  PDLT_TRY(pdlt_figure_page_open(&page, count, err));
  for (size_t k = 0; k < count; k++)
    PDLT_TRY(fill_panel(pdlt_plot_panel(page.plot, k), c, &c->rows[rows[k]], err));
  write_caption(page.text, c, rows, count);
  PDLT_TRY(pdlt_figure_page_emit(job, &page, "residual", "Beyond infinite width", err));
cleanup:
  pdlt_figure_page_close(&page);
  return status;
}
