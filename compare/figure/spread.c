/* spread.c - single networks against the predicted band, and the variance that finite
 * width adds, divided by h^power, both against training time. */
#include <math.h>

#include "compare/figure/view.h"

enum { MAX_SAMPLES = 3 };

/* Arrays of the first output; theory's may lack the first correction. */
typedef struct spread {
  pdlt_view view;
  size_t outputs, p; /* p: outputs times samples */
  const double *z_lo, *cov_lo, *z_first, *cov_first;
  size_t shown[MAX_SAMPLES], num_shown;
} spread;

static const double *covariance(const spread *s, size_t w, const char *name) {
  return pdlt_view_measured(&s->view, w, name, 5, s->p * s->p);
}

/* 1 when there are two or more finite times and the first width has a covariance. */
static int find(spread *s, const pdlt_figure_input *in) {
  const pdlt_array *z = pdlt_archive_get(in->theory, "z_lo");
  *s = (spread){.view = pdlt_view_of(in)};
  const pdlt_view *v = &s->view;
  if (v->num_times < 2 || v->c->num_widths == 0 || !z || z->ndim != 3) return 0;
  s->outputs = z->dim[1];
  pdlt_view_count_samples(&s->view, z->dim[2]);
  s->p = s->outputs * v->samples;
  if (s->p == 0) return 0;
  s->z_lo = pdlt_view_data(v, z, 3, s->p);
  s->cov_lo = pdlt_view_theory(v, "cov_lo", 5, s->p * s->p);
  s->z_first = pdlt_view_data(v, pdlt_view_first(v, "z"), 3, s->p);
  s->cov_first = pdlt_view_data(v, pdlt_view_first(v, "cov"), 5, s->p * s->p);
  if (!s->z_first || !s->cov_first) s->z_first = s->cov_first = NULL;
  s->num_shown = pdlt_figure_choose_samples(in, v->samples, v->num_train, MAX_SAMPLES, s->shown);
  return s->z_lo && s->cov_lo && pdlt_view_measured(v, 0, "z", 3, s->p) &&
         covariance(s, 0, "cov") && covariance(s, 0, "cov_se");
}

static double variance_at(const spread *s, const double *cov, size_t t, size_t a) {
  return cov[(t * s->p + a) * s->p + a];
}

/* mean -+ one standard deviation at order 0 or 1 of width 0 into lo and hi. */
static void band(const spread *s, size_t a, int order, double *lo, double *hi) {
  const pdlt_view *v = &s->view;
  const double unit = order ? pdlt_view_unit(v, 0) : 0;
  for (size_t t = 0; t < v->num_times; t++) {
    double mean = s->z_lo[t * s->p + a], variance = variance_at(s, s->cov_lo, t, a);
    if (order) {
      mean += unit * s->z_first[t * s->p + a];
      variance += unit * variance_at(s, s->cov_first, t, a);
    }
    lo[t] = mean - sqrt(fmax(variance, 0));
    hi[t] = mean + sqrt(fmax(variance, 0));
  }
}

/* The two edges with the first correction. */
static pdlt_status add_edges(pdlt_panel *panel, const spread *s, size_t a, pdlt_error *err) {
  const pdlt_view *v = &s->view;
  char label[96];
  if (!s->z_first) return PDLT_OK;
  band(s, a, 1, v->lo, v->hi);
  snprintf(label, sizeof label, "band at order %s, <i>n</i> = %.0f", v->order->markup,
           v->c->widths[0]);
  char name[128];
  snprintf(name, sizeof name, "%s, upper edge", label);
  const pdlt_status status =
      pdlt_figure_line(panel, v->num_times, v->x, v->lo, PDLT_VERMILION, 1, label, err);
  const pdlt_series upper = {.kind = PDLT_SERIES_LINE,
                             .n = v->num_times,
                             .x = v->x,
                             .y = v->hi,
                             .color = PDLT_VERMILION,
                             .dashed = 1,
                             .name = name};
  return status == PDLT_OK ? pdlt_panel_add(panel, &upper, err) : status;
}

/* Measured mean with one standard deviation of single networks as bars. */
static pdlt_status add_spread(pdlt_panel *panel, const spread *s, size_t a, pdlt_error *err) {
  const pdlt_view *v = &s->view;
  const double *z = pdlt_view_measured(v, 0, "z", 3, s->p), *cov = covariance(s, 0, "cov");
  for (size_t t = 0; t < v->num_times; t++) {
    v->y[t] = z[t * s->p + a];
    v->se[t] = sqrt(fmax(variance_at(s, cov, t, a), 0));
  }
  return pdlt_view_marks(panel, v, v->num_times, v->x, 0, 0, "measured mean and standard deviation",
                         err);
}

static pdlt_status fill_band(pdlt_panel *panel, const spread *s, size_t a, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  const pdlt_view *v = &s->view;
  snprintf(pdlt_panel_y(panel)->label, sizeof pdlt_panel_y(panel)->label, "output <i>z</i>");
  PDLT_TRY(pdlt_figure_members(panel, v->in, 0, v->num_times, v->x, a, s->p, v->y, NULL, err));
  band(s, a, 0, v->lo, v->hi);
  pdlt_series wide = {.kind = PDLT_SERIES_BAND,
                      .n = v->num_times,
                      .x = v->x,
                      .lo = v->lo,
                      .hi = v->hi,
                      .color = PDLT_SKY,
                      .alpha = 0.28,
                      .label = "band at infinite width"};
  PDLT_TRY(pdlt_panel_add(panel, &wide, err));
  PDLT_TRY(add_edges(panel, s, a, err));
  PDLT_TRY(add_spread(panel, s, a, err));
cleanup:
  return status;
}

/* (variance - infinite width)/h^power of a width. */
static pdlt_status add_change(pdlt_panel *panel, const spread *s, size_t a, size_t w,
                              pdlt_error *err) {
  const pdlt_view *v = &s->view;
  const double *cov = covariance(s, w, "cov"), *se = covariance(s, w, "cov_se");
  const double unit = pdlt_view_unit(v, w);
  if (!cov || !se) return PDLT_OK;
  for (size_t t = 0; t < v->num_times; t++) {
    v->y[t] = (variance_at(s, cov, t, a) - variance_at(s, s->cov_lo, t, a)) / unit;
    v->se[t] = variance_at(s, se, t, a) / unit;
  }
  return pdlt_view_marks(panel, v, v->num_times, v->x, w, w, "variance", err);
}

static pdlt_status fill_change(pdlt_panel *panel, const spread *s, size_t a, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  const pdlt_view *v = &s->view;
  char label[64];
  snprintf(pdlt_panel_y(panel)->label, sizeof pdlt_panel_y(panel)->label,
           "(var <i>z</i> \xe2\x88\x92 var<sub>\xe2\x88\x9e</sub> <i>z</i>)/%s", v->order->unit);
  PDLT_TRY(pdlt_figure_level(panel, v->num_times, v->x, 0, err));
  for (size_t w = 0; w < pdlt_view_widths(v); w++) PDLT_TRY(add_change(panel, s, a, w, err));
  if (!s->cov_first) return PDLT_OK;
  for (size_t t = 0; t < v->num_times; t++) v->y[t] = variance_at(s, s->cov_first, t, a);
  pdlt_view_label(label, sizeof label, v);
  PDLT_TRY(pdlt_figure_line(panel, v->num_times, v->x, v->y, PDLT_BLACK, 0, label, err));
cleanup:
  return status;
}

/* Share of the variances of width 0 (all outputs, samples, times) within two standard errors of
 * theory at an order; NaN when none has an error. */
static double share_within(const spread *s, int order) {
  const pdlt_view *v = &s->view;
  const double *cov = covariance(s, 0, "cov"), *se = covariance(s, 0, "cov_se");
  const double unit = pdlt_view_unit(v, 0);
  size_t within = 0, total = 0;
  for (size_t t = 0; t < v->num_times; t++)
    for (size_t k = 0; k < s->p; k++) {
      double expected = variance_at(s, s->cov_lo, t, k);
      if (order) expected += unit * variance_at(s, s->cov_first, t, k);
      if (!(variance_at(s, se, t, k) > 0)) continue;
      total++;
      within += fabs(variance_at(s, cov, t, k) - expected) <= 2 * variance_at(s, se, t, k);
    }
  return total ? (double)within / (double)total : NAN;
}

static void write_caption(FILE *text, const spread *s) {
  const double share = share_within(s, 0), width = s->view.c->widths[0];
  char percent[64], first[192];
  fprintf(text,
          "How far single networks lie from their mean%s. Above: mean and one standard deviation "
          "over networks, predicted at infinite width (band) and measured (bars). Below: what "
          "finite width adds to the variance, divided by %s, with one standard error; where "
          "order %s dominates, all widths fall on the black line.",
          pdlt_figure_first_output(first, sizeof first, s->view.in->measured, s->outputs),
          s->view.order->unit, s->view.order->markup);
  if (isnan(share)) return;
  pdlt_plot_number(percent, sizeof percent, 100 * share, 3);
  fprintf(text,
          " At <i>n</i> = %.0f, %s %% of all variances agree within two standard errors with "
          "infinite width",
          width, percent);
  if (s->cov_first) {
    pdlt_plot_number(percent, sizeof percent, 100 * share_within(s, 1), 3);
    fprintf(text, ", %s %% with order %s", percent, s->view.order->markup);
  }
  fputs(".", text);
}

pdlt_status pdlt_figure_spread(pdlt_figure_job *job, pdlt_error *err) {
  spread s;
  const pdlt_view *v = &s.view;
  pdlt_status status = PDLT_OK;
  pdlt_figure_page page = {0};
  if (!find(&s, job->in)) return PDLT_OK;
  PDLT_TRY(pdlt_view_open(&s.view, v->num_times, pdlt_view_eta(v), err));
  PDLT_TRY(pdlt_figure_page_open(&page, 2 * s.num_shown, err));
  for (size_t k = 0; k < 2 * s.num_shown; k++) {
    const size_t a = s.shown[k < s.num_shown ? k : k - s.num_shown];
    pdlt_panel *panel = pdlt_plot_panel(page.plot, k);
    pdlt_figure_title_sample(panel, v->in, a, v->num_train);
    pdlt_figure_time_axis(pdlt_panel_x(panel), v->x, v->eta);
    PDLT_TRY(k < s.num_shown ? fill_band(panel, &s, a, err) : fill_change(panel, &s, a, err));
  }
  write_caption(page.text, &s);
  PDLT_TRY(pdlt_figure_page_emit(job, &page, "spread", "Spread of single networks", err));
cleanup:
  pdlt_view_close(&s.view);
  pdlt_figure_page_close(&page);
  return status;
}
