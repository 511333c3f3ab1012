/* training.c - outputs against training time: theory's band, members, ensemble
 * means; and what is left of the means after subtracting infinite width, times 1/h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/memory.h"
#include "compare/figure/internal.h"

enum { MAX_PANELS = 6, MAX_WIDTHS = 6 };

/* The arrays that both figures read; shapes checked by find_view. */
typedef struct view {
  const pdlt_comparison *c;
  const pdlt_archive *theory, *measured;
  size_t num_times, outputs, samples; /* times: the finite ones, which come first */
  const double *times;                /* (num_times) */
  const double *z_lo;                 /* (T, outputs, samples) */
  const pdlt_array *cov_lo, *z_nlo;   /* or NULL */
  size_t stride;                      /* outputs * samples */
  size_t shown[MAX_PANELS], num_shown;
  size_t num_train; /* of all samples; samples when unknown */
  double *scratch;  /* (4, num_times) */
} view;

static int shape_is(const pdlt_array *t, size_t times, size_t outputs, size_t samples) {
  return t && t->ndim == 3 && t->dim[0] >= times && t->dim[1] == outputs && t->dim[2] == samples;
}

/* 1 when both archives hold outputs at the same two or more finite times. */
static int find_view(view *v, const pdlt_figure_input *in) {
  const pdlt_array *times = pdlt_archive_get(in->theory, "times");
  const pdlt_array *z = pdlt_archive_get(in->theory, "z_lo");
  *v = (view){.c = in->comparison, .theory = in->theory, .measured = in->measured};
  if (!times || !z || z->ndim != 3 || z->dim[1] == 0) return 0;
  if (z->dim[0] != pdlt_array_count(times)) return 0;
  v->num_times = pdlt_figure_times(in, &v->times);
  v->outputs = z->dim[1];
  v->samples = z->dim[2];
  v->stride = v->outputs * v->samples;
  v->z_lo = z->data;
  v->cov_lo = pdlt_archive_get(in->theory, "cov_lo");
  if (v->cov_lo && (v->cov_lo->ndim != 5 || v->cov_lo->dim[0] != z->dim[0] ||
                    pdlt_array_count(v->cov_lo) != z->dim[0] * v->stride * v->stride))
    v->cov_lo = NULL;
  v->z_nlo = pdlt_archive_get(in->theory, "z_nlo");
  if (!shape_is(v->z_nlo, v->num_times, v->outputs, v->samples)) v->z_nlo = NULL;
  v->num_train = pdlt_figure_train_samples(in->measured, v->samples);
  v->num_shown = pdlt_figure_choose_samples(v->samples, v->num_train, MAX_PANELS, v->shown);
  return v->num_times >= 2 && v->num_shown > 0;
}

static void set_axes(pdlt_panel *panel, const view *v, size_t sample, const char *label) {
  pdlt_axis *x = pdlt_panel_x(panel), *y = pdlt_panel_y(panel);
  pdlt_figure_title_sample(panel, sample, v->num_train);
  x->kind = PDLT_AXIS_LOG1P;
  x->threshold = 1;
  for (size_t t = v->num_times; t-- > 0;)
    if (v->times[t] > 0) x->threshold = v->times[t];
  snprintf(x->label, sizeof x->label, "step");
  snprintf(y->label, sizeof y->label, "%s", label);
}

/* Mean at infinite width and, where the covariance is known, one standard deviation. */
static pdlt_status add_theory(pdlt_panel *panel, const view *v, size_t sample, pdlt_error *err) {
  double *mean = v->scratch, *lo = mean + v->num_times, *hi = lo + v->num_times;
  for (size_t t = 0; t < v->num_times; t++) {
    mean[t] = v->z_lo[t * v->stride + sample];
    if (!v->cov_lo) continue;
    double variance = v->cov_lo->data[(t * v->stride + sample) * v->stride + sample];
    lo[t] = mean[t] - sqrt(fmax(variance, 0));
    hi[t] = mean[t] + sqrt(fmax(variance, 0));
  }
  if (v->cov_lo) {
    pdlt_series band = {.kind = PDLT_SERIES_BAND,
                        .n = v->num_times,
                        .x = v->times,
                        .lo = lo,
                        .hi = hi,
                        .color = PDLT_SKY,
                        .alpha = 0.28,
                        .label =
                            "theory, \xc2\xb1"
                            "1 standard deviation"};
    pdlt_status status = pdlt_panel_add(panel, &band, err);
    if (status != PDLT_OK) return status;
  }
  return pdlt_figure_line(panel, v->num_times, v->times, mean, PDLT_BLACK, 0, "theory, mean", err);
}

/* Mean at order 1/n at the smallest width, where theory has it. */
static pdlt_status add_first_order(pdlt_panel *panel, const view *v, size_t sample,
                                   pdlt_error *err) {
  char label[96];
  if (!v->z_nlo) return PDLT_OK;
  for (size_t t = 0; t < v->num_times; t++) {
    size_t at = t * v->stride + sample;
    v->scratch[t] = v->z_lo[at] + v->c->h[0] * v->z_nlo->data[at];
  }
  snprintf(label, sizeof label, "theory, order 1/<i>n</i>, <i>n</i> = %.0f", v->c->widths[0]);
  return pdlt_figure_line(panel, v->num_times, v->times, v->scratch, PDLT_VERMILION, 1, label, err);
}

/* Single members at the smallest width that kept some. */
static pdlt_status add_members(pdlt_panel *panel, const view *v, size_t sample, pdlt_error *err) {
  const pdlt_figure_input in = {.comparison = v->c, .theory = v->theory, .measured = v->measured};
  pdlt_status status = PDLT_OK;
  size_t found = 0;
  for (size_t w = 0; w < v->c->num_widths && found == 0 && status == PDLT_OK; w++)
    status = pdlt_figure_members(panel, &in, w, v->num_times, v->times, sample, v->stride,
                                 v->scratch, &found, err);
  return status;
}

/* z of one width, and its error bars; 0 when the archive lacks it. */
static int get_means(const view *v, size_t width, const double **z, const double **se) {
  const pdlt_array *mean = pdlt_measured_get(v->measured, v->c->widths[width], "z");
  const pdlt_array *error = pdlt_measured_get(v->measured, v->c->widths[width], "z_se");
  if (!shape_is(mean, v->num_times, v->outputs, v->samples) ||
      !shape_is(error, v->num_times, v->outputs, v->samples))
    return 0;
  *z = mean->data;
  *se = error->data;
  return 1;
}

/* Ensemble means of one width; with scaled != 0, (mean - infinite width)/h. */
static pdlt_status add_means(pdlt_panel *panel, const view *v, size_t sample, size_t width,
                             size_t k, int scaled, pdlt_error *err) {
  const double *z, *se;
  double *y = v->scratch, *lo = y + v->num_times, *hi = lo + v->num_times;
  char label[96];
  if (!get_means(v, width, &z, &se)) return PDLT_OK;
  for (size_t t = 0; t < v->num_times; t++) {
    size_t at = t * v->stride + sample;
    double unit = scaled ? v->c->h[width] : 1;
    y[t] = (z[at] - (scaled ? v->z_lo[at] : 0)) / unit;
    lo[t] = y[t] - se[at] / unit;
    hi[t] = y[t] + se[at] / unit;
  }
  snprintf(label, sizeof label, "measured, <i>n</i> = %.0f", v->c->widths[width]);
  return pdlt_figure_marks(panel, v->num_times, v->times, y, lo, hi, k, label, err);
}

static pdlt_status fill_training(pdlt_panel *panel, const view *v, size_t sample, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  size_t last = v->c->num_widths - 1;
  set_axes(panel, v, sample, "output <i>z</i>");
  PDLT_TRY(add_members(panel, v, sample, err));
  PDLT_TRY(add_theory(panel, v, sample, err));
  PDLT_TRY(add_first_order(panel, v, sample, err));
  PDLT_TRY(add_means(panel, v, sample, 0, 0, 0, err));
  if (last > 0) PDLT_TRY(add_means(panel, v, sample, last, 3, 0, err));
cleanup:
  return status;
}

static pdlt_status fill_finite_width(pdlt_panel *panel, const view *v, size_t sample,
                                     pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  const pdlt_comparison *c = v->c;
  set_axes(panel, v, sample,
           "(<i>z\xcc\x84</i> \xe2\x88\x92 <i>z</i><sub>\xe2\x88\x9e</sub>)/<i>h</i>");
  PDLT_TRY(pdlt_figure_level(panel, v->num_times, v->times, 0, err));
  for (size_t w = 0; w < c->num_widths && w < MAX_WIDTHS; w++)
    PDLT_TRY(add_means(panel, v, sample, w, w, 1, err));
  if (!v->z_nlo) goto cleanup;
  for (size_t t = 0; t < v->num_times; t++) v->scratch[t] = v->z_nlo->data[t * v->stride + sample];
  PDLT_TRY(pdlt_figure_line(panel, v->num_times, v->times, v->scratch, PDLT_BLACK, 0,
                            "theory, coefficient of <i>h</i>", err));
cleanup:
  return status;
}

/* Largest |measured - infinite width| in standard deviations of a single network, over
 * all samples and times: how much of the band finite width takes. NaN when unknown. */
static double largest_shift(const view *v, size_t width) {
  const double *z, *se;
  double most = NAN;
  if (!v->cov_lo || !get_means(v, width, &z, &se)) return NAN;
  for (size_t t = 0; t < v->num_times; t++)
    for (size_t k = 0; k < v->stride; k++) {
      size_t at = t * v->stride + k;
      double variance = v->cov_lo->data[at * v->stride + k];
      if (variance > 0) most = fmax(most, fabs(z[at] - v->z_lo[at]) / sqrt(variance));
    }
  return most;
}

/* Fraction of the ensemble means (all samples, times) of a width that lie within two
 * standard errors of infinite width. */
static double share_within(const view *v, size_t width) {
  const double *z, *se;
  size_t within = 0, total = 0;
  if (!get_means(v, width, &z, &se)) return NAN;
  for (size_t at = 0; at < v->num_times * v->stride; at++) {
    if (!(se[at] > 0)) continue;
    total++;
    within += fabs(z[at] - v->z_lo[at]) <= 2 * se[at];
  }
  return total ? (double)within / (double)total : NAN;
}

static void write_training_caption(FILE *text, const view *v) {
  size_t last = v->c->num_widths - 1;
  char shift[64], share[64];
  fprintf(text,
          "Output on %zu of %zu samples during training%s. Line and band: mean and one standard "
          "deviation over initializations at infinite width. Marks: ensemble means with one "
          "standard error.",
          v->num_shown, v->samples, v->outputs > 1 ? " (first output)" : "");
  if (v->z_nlo)
    fprintf(text, " Dashed: the mean at order 1/<i>n</i> at <i>n</i> = %.0f.", v->c->widths[0]);
  for (size_t w = 0; w <= last; w += last ? last : 1) {
    double s = largest_shift(v, w), f = share_within(v, w);
    pdlt_plot_number(shift, sizeof shift, s, 2);
    pdlt_plot_number(share, sizeof share, 100 * f, 3);
    if (isfinite(f))
      fprintf(text,
              " At <i>n</i> = %.0f, %s %% of the means lie within two standard errors of infinite "
              "width",
              v->c->widths[w], share);
    if (isfinite(f) && isfinite(s))
      fprintf(text, ", none farther than %s standard deviations of a single network", shift);
    if (isfinite(f)) fputs(".", text);
  }
}

/* Fraction of the scaled deviations (all samples, times) that agree between two widths
 * within two standard errors of their difference; NaN when unknown. */
static double share_collapsed(const view *v, size_t a, size_t b) {
  const double *za, *sa, *zb, *sb;
  size_t within = 0, total = 0;
  if (!get_means(v, a, &za, &sa) || !get_means(v, b, &zb, &sb)) return NAN;
  for (size_t at = 0; at < v->num_times * v->stride; at++) {
    double se = hypot(sa[at] / v->c->h[a], sb[at] / v->c->h[b]);
    if (!(se > 0)) continue;
    double da = (za[at] - v->z_lo[at]) / v->c->h[a], db = (zb[at] - v->z_lo[at]) / v->c->h[b];
    total++;
    within += fabs(da - db) <= 2 * se;
  }
  return total ? (double)within / (double)total : NAN;
}

static void write_finite_caption(FILE *text, const view *v) {
  size_t n = v->c->num_widths;
  fprintf(text,
          "Ensemble mean minus infinite width, divided by <i>h</i> = 1/<i>n</i>"
          "<sub><i>L</i>\xe2\x88\x92"
          "1</sub>: where the order-1/<i>n</i> correction dominates, "
          "all widths fall on one curve%s. Error bars: one standard error.",
          v->z_nlo ? ", the black one" : "");
  double share = n < 2 ? NAN : share_collapsed(v, n - 2, n - 1);
  if (isnan(share)) return;
  char percent[64];
  pdlt_plot_number(percent, sizeof percent, 100 * share, 3);
  fprintf(text,
          " Of the values at <i>n</i> = %.0f and %.0f, %s %% agree with each other within two "
          "standard errors of their difference.",
          v->c->widths[n - 2], v->c->widths[n - 1], percent);
}

/* Grid of panels over the shown samples, filled and captioned by the two functions. */
static pdlt_status make_figure(pdlt_figure_job *job, const char *stem, const char *title,
                               pdlt_status (*fill)(pdlt_panel *, const view *, size_t,
                                                   pdlt_error *),
                               void (*write_caption)(FILE *, const view *), pdlt_error *err) {
  view v;
  if (job->in->comparison->num_widths == 0 || !find_view(&v, job->in)) return PDLT_OK;
  pdlt_status status = PDLT_OK;
  pdlt_figure_page page = {0};
  PDLT_TRY(pdlt_alloc(&v.scratch, 4 * v.num_times, sizeof *v.scratch, err));
  PDLT_TRY(pdlt_figure_page_open(&page, v.num_shown, err));
  for (size_t k = 0; k < v.num_shown; k++)
    PDLT_TRY(fill(pdlt_plot_panel(page.plot, k), &v, v.shown[k], err));
  write_caption(page.text, &v);
  PDLT_TRY(pdlt_figure_page_emit(job, &page, stem, title, err));
cleanup:
  pdlt_free(v.scratch);
  pdlt_figure_page_close(&page);
  return status;
}

pdlt_status pdlt_figure_training(pdlt_figure_job *job, pdlt_error *err) {
  return make_figure(job, "training_curves", "Training curves", fill_training,
                     write_training_caption, err);
}

pdlt_status pdlt_figure_finite_width(pdlt_figure_job *job, pdlt_error *err) {
  return make_figure(job, "finite_width", "Finite-width correction of the mean output",
                     fill_finite_width, write_finite_caption, err);
}
