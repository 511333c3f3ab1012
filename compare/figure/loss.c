/* loss.c - learning curves: expected training and test loss against eta t, and where targets are
 * classes the share of samples in a wrong one. */
#include <math.h>
#include <string.h>

#include "compare/figure/view.h"

/* NAME_lo, and its first coefficient, of theory, at the view's times. */
static const double *theory_lo(const pdlt_view *v, const char *name) {
  return pdlt_view_data(v, pdlt_archive_getf(v->in->theory, "%s_lo", name), 1, 1);
}
static const double *theory_first(const pdlt_view *v, const char *name) {
  return pdlt_view_data(v, pdlt_view_first(v, name), 1, 1);
}

/* Theory at order 0, and at order 1 for width number w. */
static pdlt_status add_theory(pdlt_panel *panel, const pdlt_view *v, const char *name, size_t w,
                              pdlt_error *err) {
  const double *lo = theory_lo(v, name), *first = theory_first(v, name);
  char label[96];
  if (!lo) return PDLT_OK;
  const pdlt_status status =
      pdlt_figure_line(panel, v->num_times, v->x, lo, PDLT_BLACK, 0, "theory, infinite width", err);
  if (status != PDLT_OK || !first) return status;
  for (size_t t = 0; t < v->num_times; t++) v->y[t] = lo[t] + pdlt_view_unit(v, w) * first[t];
  snprintf(label, sizeof label, "theory, order %s, <i>n</i> = %.0f", v->order->markup,
           v->c->widths[w]);
  return pdlt_figure_line(panel, v->num_times, v->x, v->y, PDLT_VERMILION, 1, label, err);
}

static pdlt_status add_width(pdlt_panel *panel, const pdlt_view *v, const char *name, size_t w,
                             pdlt_error *err) {
  char se_name[32];
  snprintf(se_name, sizeof se_name, "%s_se", name);
  const double *x = pdlt_view_measured(v, w, name, 1, 1);
  const double *se = pdlt_view_measured(v, w, se_name, 1, 1);
  if (!x) return PDLT_OK;
  for (size_t t = 0; t < v->num_times; t++) {
    v->y[t] = x[t];
    v->se[t] = se ? se[t] : NAN;
  }
  return pdlt_view_marks(panel, v, v->num_times, v->x, w, w, "measured", err);
}

/* 1 when theory and every width hold the loss. */
static int has_loss(const pdlt_view *v, const char *name) {
  if (!theory_lo(v, name) || !pdlt_figure_shows(v->in, name)) return 0;
  for (size_t w = 0; w < v->c->num_widths; w++)
    if (!pdlt_view_measured(v, w, name, 1, 1)) return 0;
  return 1;
}

static pdlt_status fill_panel(pdlt_panel *panel, const pdlt_view *v, const char *name,
                              pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  pdlt_axis *x = pdlt_panel_x(panel), *y = pdlt_panel_y(panel);
  pdlt_panel_title(panel, strcmp(name, "loss_train") == 0 ? "training samples" : "test samples");
  pdlt_figure_time_axis(x, v->x, v->eta);
  y->kind = PDLT_AXIS_LOG;
  snprintf(y->label, sizeof y->label, "expected loss");
  PDLT_TRY(add_theory(panel, v, name, 0, err));
  for (size_t w = 0; w < pdlt_view_widths(v); w++) PDLT_TRY(add_width(panel, v, name, w, err));
cleanup:
  return status;
}

/* "12 % above WHAT" */
static void write_ratio(FILE *text, double ratio, const char *what) {
  char value[64];
  pdlt_plot_number(value, sizeof value, 100 * fabs(ratio - 1), 2);
  fprintf(text, "%s %% %s %s", value, ratio < 1 ? "below" : "above", what);
}

/* The measured loss beside theory at the last time, smallest width. */
static void write_excess(FILE *text, const pdlt_view *v, const char *name) {
  size_t last = v->num_times - 1;
  const double *x = pdlt_view_measured(v, 0, name, 1, 1);
  const double *lo = theory_lo(v, name), *first = theory_first(v, name);
  fprintf(text, " At the last time shown, the %s loss at <i>n</i> = %.0f lies ",
          strcmp(name, "loss_train") == 0 ? "training" : "test", v->c->widths[0]);
  write_ratio(text, x[last] / lo[last], "infinite width");
  if (first) {
    char what[64];
    snprintf(what, sizeof what, "order %s", v->order->markup);
    fputs(", ", text);
    write_ratio(text, x[last] / (lo[last] + pdlt_view_unit(v, 0) * first[last]), what);
  }
  fputs(".", text);
}

/* --- classification error --- */

/* 1 when every width has it. */
static int has_error(const pdlt_view *v, const char *name) {
  for (size_t w = 0; w < v->c->num_widths; w++)
    if (!pdlt_view_measured(v, w, name, 1, 1)) return 0;
  return 1;
}

static pdlt_status fill_error(pdlt_panel *panel, const pdlt_view *v, const char *name,
                              pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  const int train = strcmp(name, "error_train") == 0;
  pdlt_panel_title(panel, train ? "training samples" : "test samples");
  pdlt_figure_time_axis(pdlt_panel_x(panel), v->x, v->eta);
  snprintf(pdlt_panel_y(panel)->label, sizeof pdlt_panel_y(panel)->label, "in a wrong class");
  for (size_t w = 0; w < pdlt_view_widths(v) && status == PDLT_OK; w++)
    status = add_width(panel, v, name, w, err);
  return status;
}

/* "25.3 ± 0.2 % of the test samples at n = 16, 24.1 ± 0.2 % at n = 128" at the last time. */
static void write_error(FILE *text, const pdlt_view *v, const char *name) {
  const size_t at = v->num_times - 1, widths = v->c->num_widths;
  char number[96], bars[32];
  snprintf(bars, sizeof bars, "%s_se", name);
  for (size_t w = 0; w<widths; w += widths> 1 ? widths - 1 : 1) {
    const double *se = pdlt_view_measured(v, w, bars, 1, 1);
    pdlt_plot_measured(number, sizeof number, 100 * pdlt_view_measured(v, w, name, 1, 1)[at],
                       se ? 100 * se[at] : NAN);
    fprintf(text, "%s%s %%%s at <i>n</i> = %.0f", w > 0 ? ", " : "", number,
            w > 0                              ? ""
            : strcmp(name, "error_train") == 0 ? " of the training samples"
                                               : " of the test samples",
            v->c->widths[w]);
  }
}

static pdlt_status add_errors(pdlt_figure_page *page, const pdlt_view *v, size_t panel,
                              pdlt_error *err) {
  static const char *const names[] = {"error_train", "error_test"};
  size_t told = 0;
  for (size_t k = 0; k < 2; k++) {
    if (!has_error(v, names[k])) continue;
    const pdlt_status status = fill_error(pdlt_plot_panel(page->plot, panel++), v, names[k], err);
    if (status != PDLT_OK) return status;
    fputs(told++ ? "; " : " In a wrong class then, measured alone: ", page->text);
    write_error(page->text, v, names[k]);
  }
  if (told > 0) fputs(".", page->text);
  return PDLT_OK;
}

pdlt_status pdlt_figure_loss(pdlt_figure_job *job, pdlt_error *err) {
  static const char *const names[] = {"loss_train", "loss_test"};
  pdlt_status status = PDLT_OK;
  pdlt_figure_page page = {0};
  pdlt_view v = pdlt_view_of(job->in);
  size_t count = 0;
  if (v.num_times < 2 || v.c->num_widths == 0) return PDLT_OK;
  for (size_t k = 0; k < 2; k++) count += (size_t)has_loss(&v, names[k]);
  if (count == 0) return PDLT_OK;
  const size_t losses = count;
  count += (size_t)has_error(&v, "error_train") + (size_t)has_error(&v, "error_test");
  PDLT_TRY(pdlt_view_open(&v, v.num_times, pdlt_view_eta(&v), err));
  PDLT_TRY(pdlt_figure_page_open(&page, count, err));
  fputs(
      "Mean loss of the networks during training, summed over samples and outputs. Error bars: "
      "one standard error.",
      page.text);
  for (size_t k = 0, panel = 0; k < 2; k++) {
    if (!has_loss(&v, names[k])) continue;
    PDLT_TRY(fill_panel(pdlt_plot_panel(page.plot, panel++), &v, names[k], err));
    write_excess(page.text, &v, names[k]);
  }
  PDLT_TRY(add_errors(&page, &v, losses, err));
  PDLT_TRY(pdlt_figure_page_emit(job, &page, "learning_curves", "Learning curves", err));
cleanup:
  pdlt_view_close(&v);
  pdlt_figure_page_close(&page);
  return status;
}
