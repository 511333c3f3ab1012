/* density.c - the distribution of single networks' output at initialization: against the
 * Gaussian of infinite width and the density at order 1/n, and its fourth cumulant against width.
 */
#include <math.h>

#include "base/core/memory.h"
#include "compare/figure/internal.h"
#include "compare/statistics/cumulant.h"
#include "compare/verdict/kurtosis.h"

enum { BINS = 32, CURVE = 161 };

static const double range = 4.0; /* of the histogram, in standard deviations */

/* Outputs at the first width that kept enough networks, one sample of the first output. */
typedef struct view {
  const pdlt_comparison *c;
  const pdlt_kurtosis *k;
  double h; /* of that width */
  size_t draws;
  double bin[BINS];             /* density in x = z/sqrt(K) */
  double at[BINS], error[BINS]; /* centres; standard errors */
} view;

static void fill_histogram(view *v, const pdlt_array *z) {
  const double step = 2 * range / BINS;
  const size_t stride = z->dim[1] * z->dim[2] * z->dim[3];
  double counts[BINS] = {0};
  for (size_t m = 0; m < z->dim[0]; m++) {
    const double x = z->data[m * stride + v->k->sample] / sqrt(v->k->K);
    if (!isfinite(x)) continue;
    v->draws++;
    if (fabs(x) < range) counts[(size_t)((x + range) / step)] += 1;
  }
  for (size_t b = 0; b < BINS; b++) {
    const double unit = 1 / ((double)v->draws * step);
    v->at[b] = -range + ((double)b + 0.5) * step;
    v->bin[b] = counts[b] * unit;
    v->error[b] = sqrt(counts[b]) * unit;
  }
}

static void fill_curves(const view *v, double *x, double *gauss, double *correction) {
  for (size_t k = 0; k < CURVE; k++) {
    x[k] = range * (2 * (double)k / (CURVE - 1) - 1);
    gauss[k] = exp(-0.5 * x[k] * x[k]) / sqrt(2 * acos(-1.0));
    correction[k] = pdlt_density_correction(x[k], v->h, v->k->K, v->k->G1, v->k->V);
  }
}

static void label_x(pdlt_panel *panel) {
  snprintf(pdlt_panel_x(panel)->label, sizeof pdlt_panel_x(panel)->label,
           "<i>z</i>/\xe2\x88\x9a<i>K</i>");
}

static pdlt_status fill_density(pdlt_panel *panel, const view *v, pdlt_error *err) {
  double x[CURVE], gauss[CURVE], correction[CURVE];
  double edge[2 * BINS], zero[2 * BINS] = {0}, top[2 * BINS];
  char label[96], title[64];
  pdlt_status status = PDLT_OK;
  const double width = v->c->widths[v->k->first];
  fill_curves(v, x, gauss, correction);
  for (size_t b = 0; b < BINS; b++) {
    edge[2 * b] = v->at[b] - range / BINS;
    edge[2 * b + 1] = v->at[b] + range / BINS;
    top[2 * b] = top[2 * b + 1] = v->bin[b];
  }
  snprintf(title, sizeof title, "output at initialization, <i>n</i> = %.0f", width);
  snprintf(label, sizeof label, "%zu networks", v->draws);
  pdlt_panel_title(panel, title);
  label_x(panel);
  snprintf(pdlt_panel_y(panel)->label, sizeof pdlt_panel_y(panel)->label, "density");
  const pdlt_series bars = {.kind = PDLT_SERIES_BAND,
                            .n = (size_t)2 * BINS,
                            .x = edge,
                            .lo = zero,
                            .hi = top,
                            .color = PDLT_SKY,
                            .alpha = 0.5,
                            .label = label};
  PDLT_TRY(pdlt_panel_add(panel, &bars, err));
  pdlt_series line = {.kind = PDLT_SERIES_LINE,
                      .n = CURVE,
                      .x = x,
                      .y = gauss,
                      .color = PDLT_BLACK,
                      .label = "Gaussian, infinite width"};
  PDLT_TRY(pdlt_panel_add(panel, &line, err));
  for (size_t k = 0; k < CURVE; k++) gauss[k] += correction[k];
  line.color = PDLT_VERMILION;
  line.dashed = 1;
  line.label = "theory, order 1/<i>n</i>";
  PDLT_TRY(pdlt_panel_add(panel, &line, err));
cleanup:
  return status;
}

/* Mean of the Gaussian over the bin about x. */
static double gauss_in_bin(double x) {
  const double half = range / BINS;
  return (erf((x + half) / sqrt(2)) - erf((x - half) / sqrt(2))) / (4 * half);
}

static pdlt_status fill_difference(pdlt_panel *panel, const view *v, pdlt_error *err) {
  double x[CURVE], gauss[CURVE], correction[CURVE], y[BINS], lo[BINS], hi[BINS];
  pdlt_status status = PDLT_OK;
  fill_curves(v, x, gauss, correction);
  for (size_t b = 0; b < BINS; b++) {
    y[b] = v->bin[b] - gauss_in_bin(v->at[b]);
    lo[b] = y[b] - v->error[b];
    hi[b] = y[b] + v->error[b];
  }
  pdlt_panel_title(panel, "density minus Gaussian");
  label_x(panel);
  snprintf(pdlt_panel_y(panel)->label, sizeof pdlt_panel_y(panel)->label, "difference");
  PDLT_TRY(pdlt_figure_level(panel, CURVE, x, 0, err));
  const pdlt_series marks = {.kind = PDLT_SERIES_MARKS,
                             .n = BINS,
                             .x = v->at,
                             .y = y,
                             .lo = lo,
                             .hi = hi,
                             .color = PDLT_BLUE,
                             .label = "measured"};
  PDLT_TRY(pdlt_panel_add(panel, &marks, err));
  const pdlt_series line = {.kind = PDLT_SERIES_LINE,
                            .n = CURVE,
                            .x = x,
                            .y = correction,
                            .color = PDLT_VERMILION,
                            .dashed = 1};
  PDLT_TRY(pdlt_panel_add(panel, &line, err));
cleanup:
  return status;
}

static pdlt_status fill_kurtosis(pdlt_panel *panel, const pdlt_kurtosis *k, pdlt_error *err) {
  double x[2] = {0, 0}, y[2] = {0, 0};
  double *lo = NULL;
  pdlt_status status = pdlt_alloc(&lo, 2 * k->num, sizeof *lo, err);
  if (status != PDLT_OK) return status;
  double *hi = lo + k->num;
  for (size_t i = 0; i < k->num; i++) {
    lo[i] = k->value[i] - k->se[i];
    hi[i] = k->value[i] + k->se[i];
    x[1] = fmax(x[1], k->h[i]);
  }
  y[1] = 3 * x[1] * k->V / (k->K * k->K);
  pdlt_panel_title(panel, "excess kurtosis");
  snprintf(pdlt_panel_x(panel)->label, sizeof pdlt_panel_x(panel)->label,
           "<i>h</i> = 1/<i>n</i><sub><i>L</i>\xe2\x88\x92"
           "1</sub>");
  snprintf(pdlt_panel_y(panel)->label, sizeof pdlt_panel_y(panel)->label,
           "<i>\xce\xba</i><sub>4</sub>/<i>K</i><sup>2</sup>");
  PDLT_TRY(pdlt_figure_level(panel, 2, x, 0, err));
  const pdlt_series line = {
      .kind = PDLT_SERIES_LINE, .n = 2, .x = x, .y = y, .color = PDLT_VERMILION, .dashed = 1};
  PDLT_TRY(pdlt_panel_add(panel, &line, err));
  const pdlt_series marks = {.kind = PDLT_SERIES_MARKS,
                             .n = k->num,
                             .x = k->h,
                             .y = k->value,
                             .lo = lo,
                             .hi = hi,
                             .color = PDLT_BLUE};
  PDLT_TRY(pdlt_panel_add(panel, &marks, err));
cleanup:
  pdlt_free(lo);
  return status;
}

static void write_caption(FILE *text, const pdlt_kurtosis *k) {
  char measured[96], predicted[64];
  fprintf(text,
          "First output on sample %zu at initialization, one number per network, in units of its "
          "standard deviation at infinite width. Finite networks are not Gaussian: at order "
          "1/<i>n</i> the variance moves by <i>hG</i><sub>1</sub> and the fourth cumulant is "
          "3<i>hV</i>. Error bars: one standard error.",
          k->sample + 1);
  if (isnan(k->c1)) return;
  pdlt_plot_measured(measured, sizeof measured, k->c1, k->c1_se);
  pdlt_plot_number(predicted, sizeof predicted, k->theory, 4);
  fprintf(text,
          " Excess kurtosis, fitted coefficient of <i>h</i>: %s; theory: %s; a Gaussian: 0. "
          "Verdict: %s.",
          measured, predicted, pdlt_verdict_text(k->verdict));
}

pdlt_status pdlt_figure_density(pdlt_figure_job *job, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  pdlt_figure_page page = {0};
  view v = {.c = job->in->comparison, .k = &job->in->comparison->kurtosis};
  if (v.k->num == 0) return PDLT_OK;
  const size_t samples = pdlt_archive_get(job->in->theory, "K")->dim[0];
  v.h = v.k->h[0];
  fill_histogram(&v, pdlt_kurtosis_draws(job->in->measured, v.c->widths[v.k->first], samples));
  PDLT_TRY(pdlt_figure_page_open(&page, 3, err));
  PDLT_TRY(fill_density(pdlt_plot_panel(page.plot, 0), &v, err));
  PDLT_TRY(fill_difference(pdlt_plot_panel(page.plot, 1), &v, err));
  PDLT_TRY(fill_kurtosis(pdlt_plot_panel(page.plot, 2), v.k, err));
  write_caption(page.text, v.k);
  PDLT_TRY(pdlt_figure_page_emit(job, &page, "initial_density", "Outputs at initialization", err));
cleanup:
  pdlt_figure_page_close(&page);
  return status;
}
