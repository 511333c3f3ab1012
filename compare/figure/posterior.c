/* posterior.c - a function of one input given its training targets: posterior mean with a band of two
 * standard deviations, measured and predicted, at three widths; what finite width adds to both, over h.
 *
 * Is not: posteriors of several inputs, which no curve shows. */
#include <math.h>

#include "base/core/memory.h"
#include "compare/figure/view.h"

enum { SHOWN_WIDTHS = 3, BAND = 2 }; /* BAND: standard deviations on each side of the mean */

/* Arrays of the first output, (n_L, D) and (n_L, D, n_L, D); theory's coefficients of h may lack. */
typedef struct posterior {
  pdlt_view view;
  size_t outputs, p; /* p: outputs times samples */
  const double *z_lo, *cov_lo, *z_nlo, *cov_nlo, *inputs;
  const pdlt_array *targets; /* (D, n_L), or NULL */
  size_t *at;                /* samples that are shown, from the smallest input on */
  double *x;                 /* their inputs */
  size_t num_points, widths[SHOWN_WIDTHS], num_widths;
} posterior;

static const double *measured(const posterior *f, size_t w, const char *name, int ndim) {
  return pdlt_view_measured(&f->view, w, name, ndim,
                            ndim == 2 ? f->view.samples : f->view.samples * f->p);
}

static double variance_of(const posterior *f, const double *cov, size_t a) {
  return cov[a * f->p + a];
}

/* Up to three widths: the first, the last, the one between. */
static void choose_widths(posterior *f) {
  const size_t count = f->view.c->num_widths;
  f->num_widths = count < SHOWN_WIDTHS ? count : SHOWN_WIDTHS;
  for (size_t k = 0; k < f->num_widths; k++)
    f->widths[k] = count < SHOWN_WIDTHS ? k : k * (count - 1) / (SHOWN_WIDTHS - 1);
}

/* 1 when samples have one input and both archives hold mean and covariance. */
static int find(posterior *f, const pdlt_figure_input *in) {
  const pdlt_array *z = pdlt_archive_get(in->theory, "post_z_lo");
  const pdlt_array *x = pdlt_archive_get(in->theory, "x");
  *f = (posterior){.view = pdlt_view_of(in), .targets = pdlt_archive_get(in->theory, "y")};
  pdlt_view *v = &f->view;
  if (v->c->num_widths == 0 || z == NULL || z->ndim != 2 || z->dim[0] == 0) return 0;
  f->outputs = z->dim[0];
  f->p = pdlt_array_count(z);
  pdlt_view_count_samples(v, z->dim[1]);
  if (x == NULL || x->ndim != 2 || x->dim[0] != v->samples || x->dim[1] != 1) return 0;
  if (f->targets != NULL && pdlt_array_count(f->targets) != f->p) f->targets = NULL;
  v->num_times = 0; /* nothing of these goes with time */
  f->inputs = x->data;
  f->z_lo = z->data;
  f->cov_lo = pdlt_view_theory(v, "post_cov_lo", 4, v->samples * f->p);
  f->z_nlo = pdlt_view_theory(v, "post_z_nlo", 2, v->samples);
  f->cov_nlo = pdlt_view_theory(v, "post_cov_nlo", 4, v->samples * f->p);
  if (f->z_nlo == NULL || f->cov_nlo == NULL) f->z_nlo = f->cov_nlo = NULL;
  for (size_t w = 0; w < v->c->num_widths; w++)
    if (measured(f, w, "post_z", 2) == NULL || measured(f, w, "post_z_se", 2) == NULL ||
        measured(f, w, "post_cov", 4) == NULL || measured(f, w, "post_cov_se", 4) == NULL)
      return 0;
  choose_widths(f);
  return f->cov_lo != NULL;
}

/* Room, and the samples that are shown from left to right. */
static pdlt_status prepare(posterior *f, pdlt_error *err) {
  pdlt_view *v = &f->view;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_view_open(v, v->samples, 1, err));
  PDLT_TRY(pdlt_alloc(&f->at, v->samples, sizeof *f->at, err));
  PDLT_TRY(pdlt_alloc(&f->x, v->samples, sizeof *f->x, err));
  for (size_t a = 0; a < v->samples; a++) {
    size_t k = f->num_points;
    if (!pdlt_figure_shows_sample(v->in, a)) continue;
    for (; k > 0 && f->inputs[f->at[k - 1]] > f->inputs[a]; k--) f->at[k] = f->at[k - 1];
    f->at[k] = a;
    f->num_points++;
  }
  for (size_t k = 0; k < f->num_points; k++) f->x[k] = f->inputs[f->at[k]];
cleanup:
  return status;
}

static void release(posterior *f) {
  pdlt_view_close(&f->view);
  pdlt_free(f->at);
  pdlt_free(f->x);
}

/* Mean and standard deviation of a sample at order 0 or 1, h of a width. */
static void predict(const posterior *f, int order, double h, size_t a, double *mean, double *sd) {
  double variance = variance_of(f, f->cov_lo, a);
  *mean = f->z_lo[a];
  if (order > 0) {
    *mean += h * f->z_nlo[a];
    variance += h * variance_of(f, f->cov_nlo, a);
  }
  *sd = sqrt(fmax(variance, 0));
}

/* Band and mean of theory: y, lo, hi of the view. */
static void predict_all(const posterior *f, int order, double h) {
  const pdlt_view *v = &f->view;
  for (size_t k = 0; k < f->num_points; k++) {
    double sd = 0;
    predict(f, order, h, f->at[k], &v->y[k], &sd);
    v->lo[k] = v->y[k] - BAND * sd;
    v->hi[k] = v->y[k] + BAND * sd;
  }
}

static pdlt_status add_infinite(pdlt_panel *panel, const posterior *f, pdlt_error *err) {
  const pdlt_view *v = &f->view;
  predict_all(f, 0, 0);
  const pdlt_series band = {.kind = PDLT_SERIES_BAND,
                            .n = f->num_points,
                            .x = f->x,
                            .lo = v->lo,
                            .hi = v->hi,
                            .color = PDLT_SKY,
                            .alpha = 0.28,
                            .name = "band, infinite width"};
  const pdlt_status status = pdlt_panel_add(panel, &band, err);
  if (status != PDLT_OK) return status;
  return pdlt_figure_line(panel, f->num_points, f->x, v->y, PDLT_BLACK, 0,
                          "mean and band, infinite width", err);
}

/* Mean and the two edges at order 1/n. */
static pdlt_status add_first_order(pdlt_panel *panel, const posterior *f, size_t w,
                                   pdlt_error *err) {
  const pdlt_view *v = &f->view;
  pdlt_status status = PDLT_OK;
  if (f->z_nlo == NULL) return PDLT_OK;
  predict_all(f, 1, v->c->h[w]);
  pdlt_series edge = {.kind = PDLT_SERIES_LINE,
                      .n = f->num_points,
                      .x = f->x,
                      .y = v->lo,
                      .color = PDLT_VERMILION,
                      .dashed = 1,
                      .name = "lower edge, order 1/n",
                      .label = "band, order 1/<i>n</i>"};
  PDLT_TRY(pdlt_figure_line(panel, f->num_points, f->x, v->y, PDLT_VERMILION, 0,
                            "mean, order 1/<i>n</i>", err));
  PDLT_TRY(pdlt_panel_add(panel, &edge, err));
  edge.y = v->hi;
  edge.name = "upper edge, order 1/n";
  edge.label = NULL;
  PDLT_TRY(pdlt_panel_add(panel, &edge, err));
cleanup:
  return status;
}

/* Marks at mean + side standard deviations with one standard error; side 0: the mean. */
static pdlt_status add_marks(pdlt_panel *panel, const posterior *f, size_t w, int side,
                             pdlt_error *err) {
  const pdlt_view *v = &f->view;
  const double *z = measured(f, w, "post_z", 2), *z_se = measured(f, w, "post_z_se", 2);
  const double *cov = measured(f, w, "post_cov", 4), *cov_se = measured(f, w, "post_cov_se", 4);
  for (size_t k = 0; k < f->num_points; k++) {
    const size_t a = f->at[k];
    const double variance = variance_of(f, cov, a), sd = sqrt(fmax(variance, 0));
    const double of_sd = variance > 0 ? variance_of(f, cov_se, a) / (2 * sd) : 0;
    v->y[k] = z[a] + side * sd;
    v->se[k] = hypot(z_se[a], side * of_sd);
    v->lo[k] = v->y[k] - v->se[k];
    v->hi[k] = v->y[k] + v->se[k];
  }
  const char *const name = side < 0   ? "measured, lower edge"
                           : side > 0 ? "measured, upper edge"
                                      : NULL;
  const pdlt_series marks = {.kind = PDLT_SERIES_MARKS,
                             .n = f->num_points,
                             .x = f->x,
                             .y = v->y,
                             .lo = v->lo,
                             .hi = v->hi,
                             .color = PDLT_BLUE,
                             .hollow = side != 0,
                             .name = name,
                             .label = side > 0    ? NULL
                                      : side == 0 ? "measured mean"
                                                  : "measured band"};
  return pdlt_panel_add(panel, &marks, err);
}

/* The targets of the training samples that are shown. */
static pdlt_status add_targets(pdlt_panel *panel, const posterior *f, pdlt_error *err) {
  const pdlt_view *v = &f->view;
  size_t count = 0;
  if (f->targets == NULL) return PDLT_OK;
  for (size_t k = 0; k < f->num_points; k++) {
    if (f->at[k] >= v->num_train) continue;
    v->lo[count] = f->x[k];
    v->y[count++] = f->targets->data[f->at[k] * f->outputs];
  }
  const pdlt_series marks = {.kind = PDLT_SERIES_MARKS,
                             .n = count,
                             .x = v->lo,
                             .y = v->y,
                             .color = PDLT_BLACK,
                             .mark = PDLT_MARK_DIAMOND,
                             .label = "training target"};
  return pdlt_panel_add(panel, &marks, err);
}

static void set_axes(pdlt_panel *panel, const char *title, const char *label) {
  pdlt_panel_title(panel, title);
  snprintf(pdlt_panel_x(panel)->label, sizeof pdlt_panel_x(panel)->label, "input <i>x</i>");
  snprintf(pdlt_panel_y(panel)->label, sizeof pdlt_panel_y(panel)->label, "%s", label);
}

static pdlt_status fill_width(pdlt_panel *panel, const posterior *f, size_t w, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  char title[64];
  snprintf(title, sizeof title, "<i>n</i> = %.0f", f->view.c->widths[w]);
  set_axes(panel, title, "output <i>z</i>");
  PDLT_TRY(add_infinite(panel, f, err));
  PDLT_TRY(add_first_order(panel, f, w, err));
  for (int side = -BAND; side <= BAND; side += BAND) PDLT_TRY(add_marks(panel, f, w, side, err));
  PDLT_TRY(add_targets(panel, f, err));
cleanup:
  return status;
}

/* One number of the posterior: the mean of a sample, or with `spread` its variance. */
typedef struct moment {
  const double *value, *se, *lo, *nlo; /* nlo: or NULL */
  size_t step;                         /* from a sample to the next */
} moment;

static moment moment_of(const posterior *f, size_t w, int spread) {
  return spread ? (moment){measured(f, w, "post_cov", 4), measured(f, w, "post_cov_se", 4),
                           f->cov_lo, f->cov_nlo, f->p + 1}
                : (moment){measured(f, w, "post_z", 2), measured(f, w, "post_z_se", 2), f->z_lo,
                           f->z_nlo, 1};
}

/* (measured - infinite width)/h at all widths, and the coefficient of h. */
static pdlt_status fill_change(pdlt_panel *panel, const posterior *f, int spread, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  const pdlt_view *v = &f->view;
  char label[96];
  set_axes(
      panel, spread ? "variance" : "mean",
      spread ? "(var <i>z</i> \xe2\x88\x92 var<sub>\xe2\x88\x9e</sub> <i>z</i>)/<i>h</i>"
             : "(<i>z\xcc\x84</i> \xe2\x88\x92 <i>z\xcc\x84</i><sub>\xe2\x88\x9e</sub>)/<i>h</i>");
  PDLT_TRY(pdlt_figure_level(panel, f->num_points, f->x, 0, err));
  for (size_t w = 0; w < pdlt_view_widths(v); w++) {
    const moment m = moment_of(f, w, spread);
    for (size_t k = 0; k < f->num_points; k++) {
      const size_t i = f->at[k] * m.step;
      v->y[k] = (m.value[i] - m.lo[i]) / v->c->h[w];
      v->se[k] = m.se[i] / v->c->h[w];
    }
    PDLT_TRY(pdlt_view_marks(panel, v, f->num_points, f->x, w, w, "measured change", err));
  }
  if (f->z_nlo == NULL) return PDLT_OK;
  const moment m = moment_of(f, 0, spread);
  for (size_t k = 0; k < f->num_points; k++) v->y[k] = m.nlo[f->at[k] * m.step];
  pdlt_view_label(label, sizeof label, v);
  PDLT_TRY(pdlt_figure_line(panel, f->num_points, f->x, v->y, PDLT_BLACK, 0, label, err));
cleanup:
  return status;
}

/* Root mean square over the shown samples of the distance from theory at an order, width number w. */
static double distance(const posterior *f, size_t w, int order, int spread) {
  const double *z = measured(f, w, "post_z", 2), *cov = measured(f, w, "post_cov", 4);
  double sum = 0;
  for (size_t k = 0; k < f->num_points; k++) {
    const size_t a = f->at[k];
    double mean = 0, sd = 0;
    predict(f, order, f->view.c->h[w], a, &mean, &sd);
    sum += pow(spread ? sqrt(fmax(variance_of(f, cov, a), 0)) - sd : z[a] - mean, 2);
  }
  return sqrt(sum / (double)f->num_points);
}

/* " At n = 16 means are off infinite width by 0.05 and order 1/n by 0.01, standard deviations ..." */
static void write_distances(FILE *text, const posterior *f, size_t w) {
  char number[64];
  fprintf(text, " At <i>n</i> = %.0f", f->view.c->widths[w]);
  for (int spread = 0; spread < 2; spread++) {
    pdlt_plot_number(number, sizeof number, distance(f, w, 0, spread), 2);
    fprintf(text, "%s %s off infinite width by %s", spread ? "," : "",
            spread ? "standard deviations" : "means are", number);
    if (f->z_nlo == NULL) continue;
    pdlt_plot_number(number, sizeof number, distance(f, w, 1, spread), 2);
    fprintf(text, " and order 1/<i>n</i> by %s", number);
  }
  fputs(" (root mean squares).", text);
}

static void write_caption(FILE *text, const posterior *f) {
  const pdlt_view *v = &f->view;
  const json_t *experiment = json_object_get(v->in->measured->meta, "experiment");
  const json_t *noise = json_object_get(json_object_get(experiment, "posterior"), "noise");
  char number[64], first[192];
  fprintf(text, "The function%s given %zu training targets",
          pdlt_figure_first_output(first, sizeof first, v->in->measured, f->outputs), v->num_train);
  if (json_is_number(noise)) {
    pdlt_plot_number(number, sizeof number, json_number_value(noise), 3);
    fprintf(text, " with noise of variance %s", number);
  }
  fputs(
      ": posterior mean and a band of two standard deviations, without the noise, predicted at "
      "infinite "
      "width",
      text);
  if (f->z_nlo != NULL) fputs(" and at order 1/<i>n</i>", text);
  fprintf(text,
          ", and measured (with one standard error), at %zu of %zu samples. Below: what finite "
          "width adds "
          "to mean and variance, divided by <i>h</i>%s.",
          f->num_points, v->samples,
          f->z_nlo != NULL ? "; where order 1/<i>n</i> dominates, all widths fall on the black line"
                           : "");
  write_distances(text, f, 0);
  if (v->c->num_widths > 1) write_distances(text, f, v->c->num_widths - 1);
}

pdlt_status pdlt_figure_posterior(pdlt_figure_job *job, pdlt_error *err) {
  posterior f;
  pdlt_status status = PDLT_OK;
  pdlt_figure_page page = {0};
  if (!find(&f, job->in)) return PDLT_OK;
  PDLT_TRY(prepare(&f, err));
  if (f.num_points < 2) goto cleanup;
  PDLT_TRY(pdlt_figure_page_open(&page, f.num_widths + 2, err));
  for (size_t k = 0; k < f.num_widths; k++)
    PDLT_TRY(fill_width(pdlt_plot_panel(page.plot, k), &f, f.widths[k], err));
  for (size_t k = 0; k < 2; k++)
    PDLT_TRY(fill_change(pdlt_plot_panel(page.plot, f.num_widths + k), &f, (int)k, err));
  write_caption(page.text, &f);
  PDLT_TRY(pdlt_figure_page_emit(job, &page, "posterior", "A function given its data", err));
cleanup:
  release(&f);
  pdlt_figure_page_close(&page);
  return status;
}
