/* loss_width.c - expected loss, squared bias and variance against width, with both
 * predictions. */
#include <math.h>

#include "compare/figure/view.h"

enum { CURVE = 64, PARTS = 3, SETS = 2 };

static const char *const parts[PARTS] = {"", "_bias", "_variance"};
static const char *const titles[SETS][PARTS] = {
    {"training loss", "training, bias<sup>2</sup>", "training, variance"},
    {"test loss", "test, bias<sup>2</sup>", "test, variance"}};

/* One panel: a number at one time and every width; y, lo and hi of the view are over widths. */
typedef struct loss {
  pdlt_view view;
  double lo, first; /* at infinite width, first coefficient; NaN: theory has none */
  double n[CURVE];  /* widths of the curve */
  double at[CURVE]; /* its values */
} loss;

/* Last of the times of a (T) array; NaN when there is none. */
static double last_of(const pdlt_array *t) {
  return t && t->ndim == 1 && t->dim[0] > 0 ? t->data[t->dim[0] - 1] : NAN;
}

/* Reads loss_SET<part>; 0 unless theory and a width have it and it is not 0 at infinite width. */
static int find(loss *l, const char *set, const char *part) {
  const pdlt_view *v = &l->view;
  char name[64];
  size_t found = 0;
  l->lo = last_of(pdlt_archive_getf(v->in->theory, "loss_%s_lo%s", set, part));
  snprintf(name, sizeof name, "loss_%s%s", set, part);
  if (!pdlt_figure_shows(v->in, name)) return 0;
  l->first = last_of(pdlt_view_first(v, name));
  if (!(fabs(l->lo) > 0)) return 0;
  for (size_t w = 0; w < v->c->num_widths; w++) {
    snprintf(name, sizeof name, "loss_%s%s", set, part);
    v->y[w] = last_of(pdlt_measured_get(v->in->measured, v->c->widths[w], name));
    snprintf(name, sizeof name, "loss_%s%s_se", set, part);
    v->se[w] = last_of(pdlt_measured_get(v->in->measured, v->c->widths[w], name));
    v->lo[w] = v->y[w] - v->se[w];
    v->hi[w] = v->y[w] + v->se[w];
    found += isfinite(v->y[w]) != 0;
  }
  return found > 0;
}

/* Infinite width and, where it exists, lo + h^power first, h = h_0 n_0/n. */
static pdlt_status add_theory(pdlt_panel *panel, loss *l, pdlt_error *err) {
  const pdlt_view *v = &l->view;
  const double least = v->c->widths[0], last = v->c->widths[v->c->num_widths - 1];
  char label[64];
  for (size_t k = 0; k < CURVE; k++) {
    l->n[k] = least * pow(last / least, (double)k / (CURVE - 1));
    l->at[k] = l->lo;
  }
  const pdlt_status status =
      pdlt_figure_line(panel, CURVE, l->n, l->at, PDLT_BLACK, 0, "theory, infinite width", err);
  if (status != PDLT_OK || isnan(l->first)) return status;
  for (size_t k = 0; k < CURVE; k++) {
    const double h = v->c->h[0] * least / l->n[k];
    l->at[k] = l->lo + (v->power < 1 ? pow(h, v->power) : h) * l->first;
  }
  snprintf(label, sizeof label, "theory, order %s", v->order->markup);
  return pdlt_figure_line(panel, CURVE, l->n, l->at, PDLT_VERMILION, 1, label, err);
}

static pdlt_status fill_panel(pdlt_panel *panel, loss *l, const char *title, pdlt_error *err) {
  const pdlt_view *v = &l->view;
  pdlt_axis *x = pdlt_panel_x(panel);
  pdlt_panel_title(panel, title);
  x->kind = PDLT_AXIS_LOG;
  snprintf(x->label, sizeof x->label, "%s <i>n</i>", pdlt_comparison_size(v->c));
  for (size_t w = 0; w < v->c->num_widths && w < PDLT_TICKS_MAX; w++)
    x->at[x->num_at++] = v->c->widths[w];
  const pdlt_status status = add_theory(panel, l, err);
  const pdlt_series marks = {.kind = PDLT_SERIES_MARKS,
                             .n = v->c->num_widths,
                             .x = v->c->widths,
                             .y = v->y,
                             .lo = v->lo,
                             .hi = v->hi,
                             .color = PDLT_BLUE,
                             .label = "measured"};
  return status == PDLT_OK ? pdlt_panel_add(panel, &marks, err) : status;
}

/* "L at n = 16: 0.31 +- 0.01, infinite width 0.28, order 1/n 0.30." of the smallest width. */
static void write_numbers(FILE *text, const loss *l, const char *title) {
  const pdlt_view *v = &l->view;
  char measured[96], lo[64], both[64];
  pdlt_plot_measured(measured, sizeof measured, v->y[0], v->hi[0] - v->y[0]);
  pdlt_plot_number(lo, sizeof lo, l->lo, 4);
  fprintf(text, " %s at <i>n</i> = %.0f: %s, infinite width %s", title, v->c->widths[0], measured,
          lo);
  if (!isnan(l->first)) {
    pdlt_plot_number(both, sizeof both, l->lo + pdlt_view_unit(v, 0) * l->first, 4);
    fprintf(text, ", order %s %s", v->order->markup, both);
  }
  fputs(".", text);
}

static pdlt_status fill_page(pdlt_figure_page *page, loss *l, pdlt_error *err) {
  size_t k = 0;
  for (size_t s = 0; s < SETS; s++)
    for (size_t p = 0; p < PARTS; p++) {
      if (!find(l, s == 0 ? "train" : "test", parts[p])) continue;
      const pdlt_status status = fill_panel(pdlt_plot_panel(page->plot, k++), l, titles[s][p], err);
      if (status != PDLT_OK) return status;
      if (p == 0) write_numbers(page->text, l, s == 0 ? "Training loss" : "Test loss");
    }
  return PDLT_OK;
}

/* Time of the last entry, as words. */
static void name_time(char *out, size_t size, const pdlt_archive *measured) {
  const pdlt_array *times = pdlt_archive_get(measured, "times");
  pdlt_time_markup(out, size, times ? last_of(times) : NAN);
}

pdlt_status pdlt_figure_loss_width(pdlt_figure_job *job, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  pdlt_figure_page page = {0};
  loss l = {.view = pdlt_view_of(job->in)};
  size_t count = 0;
  char time[96];
  if (l.view.c->num_widths < 2) return PDLT_OK;
  PDLT_TRY(pdlt_view_open(&l.view, l.view.c->num_widths, 1, err));
  for (size_t s = 0; s < SETS; s++)
    for (size_t p = 0; p < PARTS; p++)
      count += (size_t)find(&l, s == 0 ? "train" : "test", parts[p]);
  if (count == 0) goto cleanup;
  PDLT_TRY(pdlt_figure_page_open(&page, count, err));
  name_time(time, sizeof time, job->in->measured);
  fprintf(
      page.text,
      "Expected loss of a single network and what it is made of, squared bias and variance over "
      "networks, against width (%s); sums over samples and outputs. Error bars: one standard "
      "error.",
      time);
  PDLT_TRY(fill_page(&page, &l, err));
  PDLT_TRY(pdlt_figure_page_emit(job, &page, "loss_width", "Loss against width", err));
cleanup:
  pdlt_view_close(&l.view);
  pdlt_figure_page_close(&page);
  return status;
}
