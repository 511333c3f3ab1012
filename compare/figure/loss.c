/* loss.c - learning curves: expected training and test loss against eta t. */
#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "compare/figure/internal.h"

enum { MAX_WIDTHS = 6 };

typedef struct view {
  const pdlt_figure_input *in;
  size_t num_times;
  double *x;       /* (num_times) eta t, or t where eta is not known */
  double *scratch; /* (3, num_times) */
  double eta;      /* NaN: not a number in the experiment */
} view;

static const double *series_of(const view *v, const pdlt_array *t) {
  return t && t->ndim == 1 && t->dim[0] >= v->num_times ? t->data : NULL;
}

/* Theory at order 0, and at order 1 for width number w. */
static pdlt_status add_theory(pdlt_panel *panel, const view *v, const char *name, size_t w,
                              pdlt_error *err) {
  const double *lo = series_of(v, pdlt_archive_getf(v->in->theory, "%s_lo", name));
  const double *nlo = series_of(v, pdlt_archive_getf(v->in->theory, "%s_nlo", name));
  char label[96];
  if (!lo) return PDLT_OK;
  const pdlt_status status =
      pdlt_figure_line(panel, v->num_times, v->x, lo, PDLT_BLACK, 0, "theory, infinite width", err);
  if (status != PDLT_OK || !nlo) return status;
  for (size_t t = 0; t < v->num_times; t++)
    v->scratch[t] = lo[t] + v->in->comparison->h[w] * nlo[t];
  snprintf(label, sizeof label, "theory, order 1/<i>n</i>, <i>n</i> = %.0f",
           v->in->comparison->widths[w]);
  return pdlt_figure_line(panel, v->num_times, v->x, v->scratch, PDLT_VERMILION, 1, label, err);
}

static pdlt_status add_width(pdlt_panel *panel, const view *v, const char *name, size_t w,
                             pdlt_error *err) {
  double width = v->in->comparison->widths[w];
  double *lo = v->scratch, *hi = lo + v->num_times;
  char label[96], se_name[32];
  snprintf(se_name, sizeof se_name, "%s_se", name);
  const double *x = series_of(v, pdlt_measured_get(v->in->measured, width, name));
  const double *se = series_of(v, pdlt_measured_get(v->in->measured, width, se_name));
  if (!x) return PDLT_OK;
  for (size_t t = 0; t < v->num_times; t++) {
    lo[t] = x[t] - (se ? se[t] : NAN);
    hi[t] = x[t] + (se ? se[t] : NAN);
  }
  snprintf(label, sizeof label, "measured, <i>n</i> = %.0f", width);
  return pdlt_figure_marks(panel, v->num_times, v->x, x, lo, hi, w, label, err);
}

/* 1 when theory and every width hold the loss. */
static int has_loss(const view *v, const char *name) {
  const pdlt_comparison *c = v->in->comparison;
  if (!series_of(v, pdlt_archive_getf(v->in->theory, "%s_lo", name))) return 0;
  for (size_t w = 0; w < c->num_widths; w++)
    if (!series_of(v, pdlt_measured_get(v->in->measured, c->widths[w], name))) return 0;
  return 1;
}

static pdlt_status fill_panel(pdlt_panel *panel, const view *v, const char *name, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  pdlt_axis *x = pdlt_panel_x(panel), *y = pdlt_panel_y(panel);
  pdlt_panel_title(panel, strcmp(name, "loss_train") == 0 ? "training samples" : "test samples");
  pdlt_figure_time_axis(x, v->x, v->eta);
  y->kind = PDLT_AXIS_LOG;
  snprintf(y->label, sizeof y->label, "expected loss");
  PDLT_TRY(add_theory(panel, v, name, 0, err));
  for (size_t w = 0; w < v->in->comparison->num_widths && w < MAX_WIDTHS; w++)
    PDLT_TRY(add_width(panel, v, name, w, err));
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
static void write_excess(FILE *text, const view *v, const char *name) {
  const pdlt_comparison *c = v->in->comparison;
  size_t last = v->num_times - 1;
  const double *x = series_of(v, pdlt_measured_get(v->in->measured, c->widths[0], name));
  const double *lo = series_of(v, pdlt_archive_getf(v->in->theory, "%s_lo", name));
  const double *nlo = series_of(v, pdlt_archive_getf(v->in->theory, "%s_nlo", name));
  fprintf(text, " At the last time shown, the %s loss at <i>n</i> = %.0f lies ",
          strcmp(name, "loss_train") == 0 ? "training" : "test", c->widths[0]);
  write_ratio(text, x[last] / lo[last], "infinite width");
  if (nlo) {
    fputs(", ", text);
    write_ratio(text, x[last] / (lo[last] + c->h[0] * nlo[last]), "order 1/<i>n</i>");
  }
  fputs(".", text);
}

pdlt_status pdlt_figure_loss(pdlt_figure_job *job, pdlt_error *err) {
  static const char *const names[] = {"loss_train", "loss_test"};
  pdlt_status status = PDLT_OK;
  pdlt_figure_page page = {0};
  view v = {.in = job->in, .eta = pdlt_figure_eta(job->in->measured)};
  const double *times = NULL;
  size_t count = 0;
  v.num_times = pdlt_figure_times(job->in, &times);
  if (v.num_times < 2 || job->in->comparison->num_widths == 0) return PDLT_OK;
  for (size_t k = 0; k < 2; k++) count += (size_t)has_loss(&v, names[k]);
  if (count == 0) return PDLT_OK;
  PDLT_TRY(pdlt_alloc(&v.x, 4 * v.num_times, sizeof *v.x, err));
  v.scratch = v.x + v.num_times;
  for (size_t t = 0; t < v.num_times; t++) v.x[t] = times[t] * (isnan(v.eta) ? 1 : v.eta);
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
  PDLT_TRY(pdlt_figure_page_emit(job, &page, "learning_curves", "Learning curves", err));
cleanup:
  pdlt_free(v.x);
  pdlt_figure_page_close(&page);
  return status;
}
