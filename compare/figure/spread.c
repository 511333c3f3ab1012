/* spread.c - single networks against the predicted band, and the variance that finite
 * width adds, divided by h, both against training time. */
#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "compare/figure/internal.h"

enum { MAX_SAMPLES = 3, MAX_WIDTHS = 6 };

/* Arrays of the first output; theory's may lack order 1/n. */
typedef struct view {
  const pdlt_figure_input *in;
  size_t num_times, outputs, samples, num_train, p;
  const double *times, *z_lo, *cov_lo, *z_nlo, *cov_nlo;
  size_t shown[MAX_SAMPLES], num_shown;
  double eta;
  double *x;       /* (num_times) */
  double *scratch; /* (3, num_times) */
} view;

/* Data of an array that begins with the view's times; NULL when its shape is another. */
static const double *checked(const view *v, const pdlt_array *t, int ndim, size_t per_time) {
  if (!t || t->ndim != ndim || t->dim[0] < v->num_times) return NULL;
  return pdlt_array_count(t) == t->dim[0] * per_time ? t->data : NULL;
}

static const double *measured(const view *v, size_t w, const char *name, int ndim,
                              size_t per_time) {
  return checked(v, pdlt_measured_get(v->in->measured, v->in->comparison->widths[w], name), ndim,
                 per_time);
}

/* 1 when there are two or more finite times and the first width has a covariance. */
static int find_view(view *v, const pdlt_figure_input *in) {
  const pdlt_array *z = pdlt_archive_get(in->theory, "z_lo");
  *v = (view){.in = in, .eta = pdlt_figure_eta(in->measured)};
  v->num_times = pdlt_figure_times(in, &v->times);
  if (v->num_times < 2 || in->comparison->num_widths == 0 || !z || z->ndim != 3) return 0;
  v->outputs = z->dim[1];
  v->samples = z->dim[2];
  v->p = v->outputs * v->samples;
  if (v->p == 0) return 0;
  v->num_train = pdlt_figure_train_samples(in->measured, v->samples);
  v->z_lo = checked(v, z, 3, v->p);
  v->cov_lo = checked(v, pdlt_archive_get(in->theory, "cov_lo"), 5, v->p * v->p);
  v->z_nlo = checked(v, pdlt_archive_get(in->theory, "z_nlo"), 3, v->p);
  v->cov_nlo = checked(v, pdlt_archive_get(in->theory, "cov_nlo"), 5, v->p * v->p);
  if (!v->z_nlo || !v->cov_nlo) v->z_nlo = v->cov_nlo = NULL;
  v->num_shown = pdlt_figure_choose_samples(v->samples, v->num_train, MAX_SAMPLES, v->shown);
  return v->z_lo && v->cov_lo && measured(v, 0, "z", 3, v->p) &&
         measured(v, 0, "cov", 5, v->p * v->p) && measured(v, 0, "cov_se", 5, v->p * v->p);
}

static double variance_at(const view *v, const double *cov, size_t t, size_t a) {
  return cov[(t * v->p + a) * v->p + a];
}

/* mean -+ one standard deviation at order 0 or 1 of width 0 into lo and hi. */
static void band(const view *v, size_t a, int order, double *lo, double *hi) {
  const double h = order ? v->in->comparison->h[0] : 0;
  for (size_t t = 0; t < v->num_times; t++) {
    double mean = v->z_lo[t * v->p + a], variance = variance_at(v, v->cov_lo, t, a);
    if (order) {
      mean += h * v->z_nlo[t * v->p + a];
      variance += h * variance_at(v, v->cov_nlo, t, a);
    }
    lo[t] = mean - sqrt(fmax(variance, 0));
    hi[t] = mean + sqrt(fmax(variance, 0));
  }
}

/* The two edges at order 1/n. */
static pdlt_status add_edges(pdlt_panel *panel, const view *v, size_t a, pdlt_error *err) {
  double *lo = v->scratch, *hi = lo + v->num_times;
  char label[96];
  if (!v->z_nlo) return PDLT_OK;
  band(v, a, 1, lo, hi);
  snprintf(label, sizeof label, "band at order 1/<i>n</i>, <i>n</i> = %.0f",
           v->in->comparison->widths[0]);
  const pdlt_status status =
      pdlt_figure_line(panel, v->num_times, v->x, lo, PDLT_VERMILION, 1, label, err);
  if (status != PDLT_OK) return status;
  return pdlt_figure_line(panel, v->num_times, v->x, hi, PDLT_VERMILION, 1, NULL, err);
}

/* Measured mean with one standard deviation of single networks as bars. */
static pdlt_status add_spread(pdlt_panel *panel, const view *v, size_t a, pdlt_error *err) {
  const double *z = measured(v, 0, "z", 3, v->p), *cov = measured(v, 0, "cov", 5, v->p * v->p);
  double *y = v->scratch, *lo = y + v->num_times, *hi = lo + v->num_times;
  char label[128];
  for (size_t t = 0; t < v->num_times; t++) {
    const double sd = sqrt(fmax(variance_at(v, cov, t, a), 0));
    y[t] = z[t * v->p + a];
    lo[t] = y[t] - sd;
    hi[t] = y[t] + sd;
  }
  snprintf(label, sizeof label, "measured mean and standard deviation, <i>n</i> = %.0f",
           v->in->comparison->widths[0]);
  return pdlt_figure_marks(panel, v->num_times, v->x, y, lo, hi, 0, label, err);
}

static pdlt_status fill_band(pdlt_panel *panel, const view *v, size_t a, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  double *lo = v->scratch, *hi = lo + v->num_times;
  snprintf(pdlt_panel_y(panel)->label, sizeof pdlt_panel_y(panel)->label, "output <i>z</i>");
  PDLT_TRY(
      pdlt_figure_members(panel, v->in, 0, v->num_times, v->x, a, v->p, v->scratch, NULL, err));
  band(v, a, 0, lo, hi);
  pdlt_series wide = {.kind = PDLT_SERIES_BAND,
                      .n = v->num_times,
                      .x = v->x,
                      .lo = lo,
                      .hi = hi,
                      .color = PDLT_SKY,
                      .alpha = 0.28,
                      .label = "band at infinite width"};
  PDLT_TRY(pdlt_panel_add(panel, &wide, err));
  PDLT_TRY(add_edges(panel, v, a, err));
  PDLT_TRY(add_spread(panel, v, a, err));
cleanup:
  return status;
}

/* (variance - infinite width)/h of a width. */
static pdlt_status add_change(pdlt_panel *panel, const view *v, size_t a, size_t w,
                              pdlt_error *err) {
  const double *cov = measured(v, w, "cov", 5, v->p * v->p);
  const double *se = measured(v, w, "cov_se", 5, v->p * v->p), h = v->in->comparison->h[w];
  double *y = v->scratch, *lo = y + v->num_times, *hi = lo + v->num_times;
  char label[96];
  if (!cov || !se) return PDLT_OK;
  for (size_t t = 0; t < v->num_times; t++) {
    y[t] = (variance_at(v, cov, t, a) - variance_at(v, v->cov_lo, t, a)) / h;
    lo[t] = y[t] - variance_at(v, se, t, a) / h;
    hi[t] = y[t] + variance_at(v, se, t, a) / h;
  }
  snprintf(label, sizeof label, "variance, <i>n</i> = %.0f", v->in->comparison->widths[w]);
  return pdlt_figure_marks(panel, v->num_times, v->x, y, lo, hi, w, label, err);
}

static pdlt_status fill_change(pdlt_panel *panel, const view *v, size_t a, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  snprintf(pdlt_panel_y(panel)->label, sizeof pdlt_panel_y(panel)->label,
           "(var <i>z</i> \xe2\x88\x92 var<sub>\xe2\x88\x9e</sub> <i>z</i>)/<i>h</i>");
  PDLT_TRY(pdlt_figure_level(panel, v->num_times, v->x, 0, err));
  for (size_t w = 0; w < v->in->comparison->num_widths && w < MAX_WIDTHS; w++)
    PDLT_TRY(add_change(panel, v, a, w, err));
  if (!v->cov_nlo) return PDLT_OK;
  for (size_t t = 0; t < v->num_times; t++) v->scratch[t] = variance_at(v, v->cov_nlo, t, a);
  PDLT_TRY(pdlt_figure_line(panel, v->num_times, v->x, v->scratch, PDLT_BLACK, 0,
                            "theory, coefficient of <i>h</i>", err));
cleanup:
  return status;
}

/* Share of the variances of width 0 (all outputs, samples, times) within two standard errors of
 * theory at an order; NaN when none has an error. */
static double share_within(const view *v, int order) {
  const double *cov = measured(v, 0, "cov", 5, v->p * v->p);
  const double *se = measured(v, 0, "cov_se", 5, v->p * v->p);
  const double h = v->in->comparison->h[0];
  size_t within = 0, total = 0;
  for (size_t t = 0; t < v->num_times; t++)
    for (size_t k = 0; k < v->p; k++) {
      double expected = variance_at(v, v->cov_lo, t, k);
      if (order) expected += h * variance_at(v, v->cov_nlo, t, k);
      if (!(variance_at(v, se, t, k) > 0)) continue;
      total++;
      within += fabs(variance_at(v, cov, t, k) - expected) <= 2 * variance_at(v, se, t, k);
    }
  return total ? (double)within / (double)total : NAN;
}

static void write_caption(FILE *text, const view *v) {
  const double share = share_within(v, 0), width = v->in->comparison->widths[0];
  char percent[64];
  fprintf(text,
          "How far single networks lie from their mean%s. Above: mean and one standard deviation "
          "over networks, predicted at infinite width (band) and measured (bars). Below: what "
          "finite width adds to the variance, divided by <i>h</i>, with one standard error; where "
          "order 1/<i>n</i> dominates, all widths fall on the black line.",
          v->outputs > 1 ? " (first output)" : "");
  if (isnan(share)) return;
  pdlt_plot_number(percent, sizeof percent, 100 * share, 3);
  fprintf(text,
          " At <i>n</i> = %.0f, %s %% of all variances agree within two standard errors with "
          "infinite width",
          width, percent);
  if (v->cov_nlo) {
    pdlt_plot_number(percent, sizeof percent, 100 * share_within(v, 1), 3);
    fprintf(text, ", %s %% with order 1/<i>n</i>", percent);
  }
  fputs(".", text);
}

pdlt_status pdlt_figure_spread(pdlt_figure_job *job, pdlt_error *err) {
  view v;
  pdlt_status status = PDLT_OK;
  pdlt_figure_page page = {0};
  if (!find_view(&v, job->in)) return PDLT_OK;
  PDLT_TRY(pdlt_alloc(&v.x, 4 * v.num_times, sizeof *v.x, err));
  v.scratch = v.x + v.num_times;
  for (size_t t = 0; t < v.num_times; t++) v.x[t] = v.times[t] * (isnan(v.eta) ? 1 : v.eta);
  PDLT_TRY(pdlt_figure_page_open(&page, 2 * v.num_shown, err));
  for (size_t k = 0; k < 2 * v.num_shown; k++) {
    const size_t a = v.shown[k % v.num_shown];
    pdlt_panel *panel = pdlt_plot_panel(page.plot, k);
    pdlt_figure_title_sample(panel, a, v.num_train);
    pdlt_figure_time_axis(pdlt_panel_x(panel), v.x, v.eta);
    PDLT_TRY(k < v.num_shown ? fill_band(panel, &v, a, err) : fill_change(panel, &v, a, err));
  }
  write_caption(page.text, &v);
  PDLT_TRY(pdlt_figure_page_emit(job, &page, "spread", "Spread of single networks", err));
cleanup:
  pdlt_free(v.x);
  pdlt_figure_page_close(&page);
  return status;
}
