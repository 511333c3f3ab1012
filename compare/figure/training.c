/* training.c - outputs against training time: theory's band, members, ensemble
 * means; and what is left of the means after subtracting infinite width, over h^power. */
#include <math.h>

#include "compare/figure/view.h"

enum { MAX_PANELS = 6 };

/* The arrays that both figures read. */
typedef struct outputs {
  pdlt_view view;
  size_t num, p;                  /* outputs; times samples */
  const double *z_lo;             /* (T, num, samples) */
  const double *cov_lo, *z_first; /* or NULL; first coefficient beyond infinite width */
  size_t shown[MAX_PANELS], num_shown;
} outputs;

/* 1 when both archives hold outputs at the same two or more finite times. */
static int find(outputs *o, const pdlt_figure_input *in) {
  const pdlt_array *z = pdlt_archive_get(in->theory, "z_lo");
  *o = (outputs){.view = pdlt_view_of(in)};
  const pdlt_view *v = &o->view;
  if (!z || z->ndim != 3 || z->dim[1] == 0) return 0;
  o->num = z->dim[1];
  pdlt_view_count_samples(&o->view, z->dim[2]);
  o->p = o->num * v->samples;
  o->z_lo = pdlt_view_data(v, z, 3, o->p);
  o->cov_lo = pdlt_view_theory(v, "cov_lo", 5, o->p * o->p);
  o->z_first = pdlt_view_data(v, pdlt_view_first(v, "z"), 3, o->p);
  o->num_shown = pdlt_figure_choose_samples(in, v->samples, v->num_train, MAX_PANELS, o->shown);
  return o->z_lo && v->num_times >= 2 && o->num_shown > 0;
}

static void set_axes(pdlt_panel *panel, const outputs *o, size_t sample, const char *label) {
  pdlt_axis *x = pdlt_panel_x(panel), *y = pdlt_panel_y(panel);
  pdlt_figure_title_sample(panel, o->view.in, sample, o->view.num_train);
  pdlt_figure_time_axis(x, o->view.times, NAN);
  snprintf(x->label, sizeof x->label, "step");
  snprintf(y->label, sizeof y->label, "%s", label);
}

/* Mean at infinite width and, where the covariance is known, one standard deviation. */
static pdlt_status add_theory(pdlt_panel *panel, const outputs *o, size_t sample, pdlt_error *err) {
  const pdlt_view *v = &o->view;
  for (size_t t = 0; t < v->num_times; t++) {
    v->y[t] = o->z_lo[t * o->p + sample];
    if (!o->cov_lo) continue;
    double variance = o->cov_lo[(t * o->p + sample) * o->p + sample];
    v->lo[t] = v->y[t] - sqrt(fmax(variance, 0));
    v->hi[t] = v->y[t] + sqrt(fmax(variance, 0));
  }
  if (o->cov_lo) {
    pdlt_series band = {.kind = PDLT_SERIES_BAND,
                        .n = v->num_times,
                        .x = v->times,
                        .lo = v->lo,
                        .hi = v->hi,
                        .color = PDLT_SKY,
                        .alpha = 0.28,
                        .label =
                            "theory, \xc2\xb1"
                            "1 standard deviation"};
    pdlt_status status = pdlt_panel_add(panel, &band, err);
    if (status != PDLT_OK) return status;
  }
  return pdlt_figure_line(panel, v->num_times, v->times, v->y, PDLT_BLACK, 0, "theory, mean", err);
}

/* Mean with its first correction at the smallest width, where theory has it. */
static pdlt_status add_first_order(pdlt_panel *panel, const outputs *o, size_t sample,
                                   pdlt_error *err) {
  const pdlt_view *v = &o->view;
  char label[96];
  if (!o->z_first) return PDLT_OK;
  for (size_t t = 0; t < v->num_times; t++) {
    size_t at = t * o->p + sample;
    v->y[t] = o->z_lo[at] + pdlt_view_unit(v, 0) * o->z_first[at];
  }
  snprintf(label, sizeof label, "theory, order %s, <i>n</i> = %.0f", v->order->markup,
           v->c->widths[0]);
  return pdlt_figure_line(panel, v->num_times, v->times, v->y, PDLT_VERMILION, 1, label, err);
}

/* Single members at the smallest width that kept some. */
static pdlt_status add_members(pdlt_panel *panel, const outputs *o, size_t sample,
                               pdlt_error *err) {
  const pdlt_view *v = &o->view;
  pdlt_status status = PDLT_OK;
  size_t found = 0;
  for (size_t w = 0; w < v->c->num_widths && found == 0 && status == PDLT_OK; w++)
    status = pdlt_figure_members(panel, v->in, w, v->num_times, v->times, sample, o->p, v->y,
                                 &found, err);
  return status;
}

/* z of one width, and its error bars; 0 when the archive lacks it. */
static int get_means(const outputs *o, size_t width, const double **z, const double **se) {
  *z = pdlt_view_measured(&o->view, width, "z", 3, o->p);
  *se = pdlt_view_measured(&o->view, width, "z_se", 3, o->p);
  return *z && *se;
}

/* Ensemble means of one width; with scaled != 0, (mean - infinite width)/h^power. */
static pdlt_status add_means(pdlt_panel *panel, const outputs *o, size_t sample, size_t width,
                             size_t k, int scaled, pdlt_error *err) {
  const pdlt_view *v = &o->view;
  const double *z, *se;
  if (!get_means(o, width, &z, &se)) return PDLT_OK;
  for (size_t t = 0; t < v->num_times; t++) {
    size_t at = t * o->p + sample;
    double unit = scaled ? pdlt_view_unit(v, width) : 1;
    v->y[t] = (z[at] - (scaled ? o->z_lo[at] : 0)) / unit;
    v->se[t] = se[at] / unit;
  }
  return pdlt_view_marks(panel, v, v->num_times, v->times, width, k, "measured", err);
}

static pdlt_status fill_training(pdlt_panel *panel, const outputs *o, size_t sample,
                                 pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  size_t last = o->view.c->num_widths - 1;
  set_axes(panel, o, sample, "output <i>z</i>");
  PDLT_TRY(add_members(panel, o, sample, err));
  PDLT_TRY(add_theory(panel, o, sample, err));
  PDLT_TRY(add_first_order(panel, o, sample, err));
  PDLT_TRY(add_means(panel, o, sample, 0, 0, 0, err));
  if (last > 0) PDLT_TRY(add_means(panel, o, sample, last, 3, 0, err));
cleanup:
  return status;
}

static pdlt_status fill_finite_width(pdlt_panel *panel, const outputs *o, size_t sample,
                                     pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  const pdlt_view *v = &o->view;
  char label[128];
  snprintf(label, sizeof label,
           "(<i>z\xcc\x84</i> \xe2\x88\x92 <i>z</i><sub>\xe2\x88\x9e</sub>)/%s", v->order->unit);
  set_axes(panel, o, sample, label);
  PDLT_TRY(pdlt_figure_level(panel, v->num_times, v->times, 0, err));
  for (size_t w = 0; w < pdlt_view_widths(v); w++)
    PDLT_TRY(add_means(panel, o, sample, w, w, 1, err));
  if (!o->z_first) goto cleanup;
  for (size_t t = 0; t < v->num_times; t++) v->y[t] = o->z_first[t * o->p + sample];
  pdlt_view_label(label, sizeof label, v);
  PDLT_TRY(pdlt_figure_line(panel, v->num_times, v->times, v->y, PDLT_BLACK, 0, label, err));
cleanup:
  return status;
}

/* Largest |measured - infinite width| in standard deviations of a single network, over
 * all samples and times: how much of the band finite width takes. NaN when unknown. */
static double largest_shift(const outputs *o, size_t width) {
  const pdlt_view *v = &o->view;
  const double *z, *se;
  double most = NAN;
  if (!o->cov_lo || !get_means(o, width, &z, &se)) return NAN;
  for (size_t t = 0; t < v->num_times; t++)
    for (size_t k = 0; k < o->p; k++) {
      size_t at = t * o->p + k;
      double variance = o->cov_lo[at * o->p + k];
      if (variance > 0) most = fmax(most, fabs(z[at] - o->z_lo[at]) / sqrt(variance));
    }
  return most;
}

/* Fraction of the ensemble means (all samples, times) of a width that lie within two
 * standard errors of infinite width. */
static double share_within(const outputs *o, size_t width) {
  const double *z, *se;
  size_t within = 0, total = 0;
  if (!get_means(o, width, &z, &se)) return NAN;
  for (size_t at = 0; at < o->view.num_times * o->p; at++) {
    if (!(se[at] > 0)) continue;
    total++;
    within += fabs(z[at] - o->z_lo[at]) <= 2 * se[at];
  }
  return total ? (double)within / (double)total : NAN;
}

static void write_training_caption(FILE *text, const outputs *o) {
  const pdlt_view *v = &o->view;
  size_t last = v->c->num_widths - 1;
  char shift[64], share[64], first[192];
  fprintf(text,
          "Output on %zu of %zu samples during training%s. Line and band: mean and one standard "
          "deviation over initializations at infinite width. Marks: ensemble means with one "
          "standard error.",
          o->num_shown, v->samples,
          pdlt_figure_first_output(first, sizeof first, v->in->measured, o->num));
  if (o->z_first)
    fprintf(text, " Dashed: the mean at order %s at <i>n</i> = %.0f.", v->order->markup,
            v->c->widths[0]);
  for (size_t w = 0; w <= last; w += last ? last : 1) {
    double s = largest_shift(o, w), f = share_within(o, w);
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
static double share_collapsed(const outputs *o, size_t a, size_t b) {
  const pdlt_view *v = &o->view;
  const double *za, *sa, *zb, *sb, ua = pdlt_view_unit(v, a), ub = pdlt_view_unit(v, b);
  size_t within = 0, total = 0;
  if (!get_means(o, a, &za, &sa) || !get_means(o, b, &zb, &sb)) return NAN;
  for (size_t at = 0; at < v->num_times * o->p; at++) {
    double se = hypot(sa[at] / ua, sb[at] / ub);
    if (!(se > 0)) continue;
    double da = (za[at] - o->z_lo[at]) / ua, db = (zb[at] - o->z_lo[at]) / ub;
    total++;
    within += fabs(da - db) <= 2 * se;
  }
  return total ? (double)within / (double)total : NAN;
}

static void write_finite_caption(FILE *text, const outputs *o) {
  const pdlt_view *v = &o->view;
  size_t n = v->c->num_widths;
  fprintf(text,
          "Ensemble mean minus infinite width, divided by %s, <i>h</i> = 1/<i>n</i>"
          "<sub><i>L</i>\xe2\x88\x92"
          "1</sub>: where the correction of order %s dominates, "
          "all widths fall on one curve%s. Error bars: one standard error.",
          v->order->unit, v->order->markup, o->z_first ? ", the black one" : "");
  double share = n < 2 ? NAN : share_collapsed(o, n - 2, n - 1);
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
                               pdlt_status (*fill)(pdlt_panel *, const outputs *, size_t,
                                                   pdlt_error *),
                               void (*write_caption)(FILE *, const outputs *), pdlt_error *err) {
  outputs o;
  if (job->in->comparison->num_widths == 0 || !find(&o, job->in)) return PDLT_OK;
  pdlt_status status = PDLT_OK;
  pdlt_figure_page page = {0};
  PDLT_TRY(pdlt_view_open(&o.view, o.view.num_times, 1, err));
  PDLT_TRY(pdlt_figure_page_open(&page, o.num_shown, err));
  for (size_t k = 0; k < o.num_shown; k++)
    PDLT_TRY(fill(pdlt_plot_panel(page.plot, k), &o, o.shown[k], err));
  write_caption(page.text, &o);
  PDLT_TRY(pdlt_figure_page_emit(job, &page, stem, title, err));
cleanup:
  pdlt_view_close(&o.view);
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
