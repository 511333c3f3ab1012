/* density.c - the distribution of single networks' output at initialization: against the
 * Gaussian of infinite width and the density at order 1/n, and its fourth cumulant against width.
 */
#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "compare/figure/internal.h"
#include "compare/statistics/cumulant.h"
#include "compare/statistics/distribution.h"
#include "compare/statistics/fit.h"

enum { FEWEST = 1000, BINS = 32, CURVE = 161 };

static const double range = 4.0; /* of the histogram, in standard deviations */

/* One sample of the first output at time 0. */
typedef struct view {
  const pdlt_figure_input *in;
  size_t sample, width; /* width: the first one that kept enough members */
  double h, K, G1, V;   /* h of that width */
  size_t draws;
  double bin[BINS];             /* density in x = z/sqrt(K) */
  double at[BINS], error[BINS]; /* centres; standard errors */
  size_t num;                   /* widths that kept enough */
  double *hs, *kurtosis, *se;   /* (num) kappa_4/K^2 */
  double c1, c1_se;             /* of kappa_4/K^2; NaN: too few widths */
} view;

/* Kept outputs (members, T, n_L, D) of a width, or NULL. */
static const pdlt_array *kept(const view *v, size_t w, size_t samples) {
  const double width = v->in->comparison->widths[w];
  const pdlt_array *z = pdlt_measured_get(v->in->measured, width, "samples/z");
  return z && z->ndim == 4 && z->dim[0] >= FEWEST && z->dim[3] == samples ? z : NULL;
}

static size_t row_of(const pdlt_array *z) { return z->dim[1] * z->dim[2] * z->dim[3]; }

/* The sample that is farthest from Gaussian in theory; 0 when theory lacks V or G1. */
static int choose_sample(view *v, size_t *samples) {
  const pdlt_archive *theory = v->in->theory;
  const pdlt_array *K = pdlt_archive_get(theory, "K"), *G1 = pdlt_archive_get(theory, "G1");
  const pdlt_array *V = pdlt_archive_get(theory, "V");
  if (!K || !G1 || !V || K->ndim != 2 || G1->ndim != 2 || V->ndim != 4) return 0;
  const size_t D = *samples = K->dim[0];
  if (G1->dim[0] != D) return 0;
  double most = -1;
  for (size_t a = 0; a < D && a < V->dim[0]; a++) {
    const size_t at = ((a * V->dim[1] + a) * V->dim[2] + a) * V->dim[3] + a;
    const double k = K->data[a * D + a], size = fabs(V->data[at]) / (k * k);
    if (!(size > most)) continue;
    most = size;
    v->sample = a;
    v->K = k;
    v->G1 = G1->data[a * D + a];
    v->V = V->data[at];
  }
  return most >= 0;
}

static void fill_histogram(view *v, const pdlt_array *z) {
  const double step = 2 * range / BINS;
  double counts[BINS] = {0};
  for (size_t m = 0; m < z->dim[0]; m++) {
    const double x = z->data[m * row_of(z) + v->sample] / sqrt(v->K);
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

/* c1 of kappa_4/K^2 = c1 h + c2 h^2 (c1 h with two widths). */
static pdlt_status fit_kurtosis(view *v, pdlt_error *err) {
  const int last = v->num > 2 ? 2 : 1;
  double *rows = NULL;
  v->c1 = v->c1_se = NAN;
  if (v->num < 2) return PDLT_OK;
  pdlt_status status = pdlt_alloc(&rows, 2 * v->num, sizeof *rows, err);
  if (status == PDLT_OK) status = pdlt_fit_rows(v->num, v->hs, v->se, 1, last, rows, NULL, err);
  if (status == PDLT_OK) {
    double value = 0, variance = 0;
    for (size_t i = 0; i < v->num; i++) {
      value += rows[i] * v->kurtosis[i];
      variance += rows[i] * rows[i] * v->se[i] * v->se[i];
    }
    v->c1 = value;
    v->c1_se = sqrt(variance);
  }
  pdlt_free(rows);
  return status;
}

/* Fills everything; v->num is 0 when no width kept enough members at time 0. */
static pdlt_status gather(view *v, pdlt_error *err) {
  const pdlt_comparison *c = v->in->comparison;
  const pdlt_array *times = pdlt_archive_get(v->in->measured, "times");
  size_t samples = 0;
  if (!times || pdlt_array_count(times) == 0 || times->data[0] != 0) return PDLT_OK;
  if (!choose_sample(v, &samples)) return PDLT_OK;
  const pdlt_status status = pdlt_alloc(&v->hs, 3 * c->num_widths, sizeof *v->hs, err);
  if (status != PDLT_OK) return status;
  v->kurtosis = v->hs + c->num_widths;
  v->se = v->kurtosis + c->num_widths;
  for (size_t w = 0; w < c->num_widths; w++) {
    const pdlt_array *z = kept(v, w, samples);
    if (!z) continue;
    const pdlt_cumulant k = pdlt_cumulant_fourth(z->dim[0], row_of(z), z->data + v->sample);
    if (!(k.se > 0)) continue;
    if (v->num == 0) {
      v->width = w;
      v->h = c->h[w];
      fill_histogram(v, z);
    }
    v->hs[v->num] = c->h[w];
    v->kurtosis[v->num] = k.value / (v->K * v->K);
    v->se[v->num++] = k.se / (v->K * v->K);
  }
  return fit_kurtosis(v, err);
}

static void fill_curves(const view *v, double *x, double *gauss, double *correction) {
  for (size_t k = 0; k < CURVE; k++) {
    x[k] = range * (2 * (double)k / (CURVE - 1) - 1);
    gauss[k] = exp(-0.5 * x[k] * x[k]) / sqrt(2 * acos(-1.0));
    correction[k] = pdlt_density_correction(x[k], v->h, v->K, v->G1, v->V);
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
  const double width = v->in->comparison->widths[v->width];
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
                            .n = 2 * BINS,
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

static pdlt_status fill_kurtosis(pdlt_panel *panel, const view *v, pdlt_error *err) {
  double x[2] = {0, 0}, y[2] = {0, 0};
  double *lo = NULL;
  pdlt_status status = pdlt_alloc(&lo, 2 * v->num, sizeof *lo, err);
  if (status != PDLT_OK) return status;
  double *hi = lo + v->num;
  for (size_t i = 0; i < v->num; i++) {
    lo[i] = v->kurtosis[i] - v->se[i];
    hi[i] = v->kurtosis[i] + v->se[i];
    x[1] = fmax(x[1], v->hs[i]);
  }
  y[1] = 3 * x[1] * v->V / (v->K * v->K);
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
                             .n = v->num,
                             .x = v->hs,
                             .y = v->kurtosis,
                             .lo = lo,
                             .hi = hi,
                             .color = PDLT_BLUE};
  PDLT_TRY(pdlt_panel_add(panel, &marks, err));
cleanup:
  pdlt_free(lo);
  return status;
}

/* The verdict on c1 of the excess kurtosis against theory, null hypothesis 0, at the
 * comparison's level. */
static pdlt_verdict verdict_of(const view *v, double theory) {
  const double z = fabs(v->c1 - theory) / v->c1_se;
  if (pdlt_normal_two_sided(z) < v->in->comparison->level) return PDLT_DISAGREE;
  return fabs(theory) < 4 * v->c1_se ? PDLT_UNDECIDED : PDLT_AGREE;
}

static void write_caption(FILE *text, const view *v) {
  const double theory = 3 * v->V / (v->K * v->K);
  char measured[96], predicted[64];
  fprintf(text,
          "First output on sample %zu at initialization, one number per network, in units of its "
          "standard deviation at infinite width. Finite networks are not Gaussian: at order "
          "1/<i>n</i> the variance moves by <i>hG</i><sub>1</sub> and the fourth cumulant is "
          "3<i>hV</i>. Error bars: one standard error.",
          v->sample + 1);
  if (isnan(v->c1)) return;
  pdlt_plot_measured(measured, sizeof measured, v->c1, v->c1_se);
  pdlt_plot_number(predicted, sizeof predicted, theory, 4);
  fprintf(text,
          " Excess kurtosis, fitted coefficient of <i>h</i>: %s; theory: %s; a Gaussian: 0. "
          "Verdict: %s.",
          measured, predicted, pdlt_verdict_text(verdict_of(v, theory)));
}

pdlt_status pdlt_figure_density(pdlt_figure_job *job, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  pdlt_figure_page page = {0};
  view v = {.in = job->in};
  PDLT_TRY(gather(&v, err));
  if (v.num == 0) goto cleanup;
  PDLT_TRY(pdlt_figure_page_open(&page, 3, err));
  PDLT_TRY(fill_density(pdlt_plot_panel(page.plot, 0), &v, err));
  PDLT_TRY(fill_difference(pdlt_plot_panel(page.plot, 1), &v, err));
  PDLT_TRY(fill_kurtosis(pdlt_plot_panel(page.plot, 2), &v, err));
  write_caption(page.text, &v);
  PDLT_TRY(pdlt_figure_page_emit(job, &page, "initial_density", "Outputs at initialization", err));
cleanup:
  pdlt_free(v.hs);
  pdlt_figure_page_close(&page);
  return status;
}
