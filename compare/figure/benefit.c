/* benefit.c - where finite width helps and where it hurts: what it adds to the test loss,
 * divided by h, against training time and sample by sample. */
#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "compare/figure/internal.h"

enum { MAX_WIDTHS = 6, MAX_SAMPLES = 24 };

typedef struct view {
  const pdlt_figure_input *in;
  size_t num_times, last;            /* finite times; index of the last time of all */
  size_t samples, num_train, tested; /* tested: test samples that are shown */
  double eta;
  double *x;       /* (num_times) */
  double *scratch; /* (3, max(num_times, MAX_SAMPLES)) */
  size_t room;
} view;

static const double *series_of(const view *v, const pdlt_array *t) {
  return t && t->ndim == 1 && t->dim[0] >= v->num_times ? t->data : NULL;
}

static const double *theory_series(const view *v, const char *name) {
  return series_of(v, pdlt_archive_get(v->in->theory, name));
}

static const pdlt_array *measured(const view *v, size_t w, const char *name) {
  return pdlt_measured_get(v->in->measured, v->in->comparison->widths[w], name);
}

/* Row of the last time of loss_sample (T, D); NULL when the shape is another. */
static const double *last_row(const view *v, const pdlt_array *t) {
  if (!t || t->ndim != 2 || t->dim[0] <= v->last || t->dim[1] != v->samples) return NULL;
  return t->data + v->last * v->samples;
}

/* 1 when theory knows the coefficient of h of the test loss. */
static int find_view(view *v, const pdlt_figure_input *in) {
  const pdlt_array *nlo = pdlt_archive_get(in->theory, "loss_test_nlo");
  const pdlt_array *sample = pdlt_archive_get(in->theory, "loss_sample_nlo");
  const double *times;
  *v = (view){.in = in, .eta = pdlt_figure_eta(in->measured)};
  if (!nlo || nlo->ndim != 1 || nlo->dim[0] == 0 || in->comparison->num_widths == 0) return 0;
  v->num_times = pdlt_figure_times(in, &times);
  v->last = nlo->dim[0] - 1;
  if (!sample || sample->ndim != 2) return 0;
  v->samples = sample->dim[1];
  v->num_train = pdlt_figure_train_samples(in->measured, v->samples);
  v->tested = v->samples - v->num_train;
  if (v->tested > MAX_SAMPLES) v->tested = MAX_SAMPLES;
  return v->tested > 0 && last_row(v, sample) && last_row(v, measured(v, 0, "loss_sample"));
}

static pdlt_status add_line(pdlt_panel *panel, const view *v, const char *name, pdlt_color color,
                            int dashed, const char *label, pdlt_error *err) {
  const pdlt_series line = {.kind = PDLT_SERIES_LINE,
                            .n = v->num_times,
                            .x = v->x,
                            .y = theory_series(v, name),
                            .color = color,
                            .dashed = dashed,
                            .label = label};
  return line.y ? pdlt_panel_add(panel, &line, err) : PDLT_OK;
}

/* (loss - infinite width)/h of width w; lo, x, se (count) of theory and measurement. */
static pdlt_status add_marks(pdlt_panel *panel, const view *v, size_t count, const double *at,
                             const double *lo, const double *x, const double *se, size_t w,
                             pdlt_error *err) {
  double *y = v->scratch, *below = y + v->room, *above = below + v->room;
  const double h = v->in->comparison->h[w];
  char label[96];
  if (!lo || !x) return PDLT_OK;
  for (size_t i = 0; i < count; i++) {
    const double error = se ? se[i] / h : NAN;
    y[i] = (x[i] - lo[i]) / h;
    below[i] = y[i] - error;
    above[i] = y[i] + error;
  }
  snprintf(label, sizeof label, "measured, <i>n</i> = %.0f", v->in->comparison->widths[w]);
  pdlt_series marks = {.kind = PDLT_SERIES_MARKS,
                       .n = count,
                       .x = at,
                       .y = y,
                       .lo = below,
                       .hi = above,
                       .label = label};
  pdlt_figure_style_width(&marks, w);
  return pdlt_panel_add(panel, &marks, err);
}

static void label_change(pdlt_panel *panel) {
  snprintf(pdlt_panel_y(panel)->label, sizeof pdlt_panel_y(panel)->label,
           "(loss \xe2\x88\x92 loss<sub>\xe2\x88\x9e</sub>)/<i>h</i>");
}

static pdlt_status fill_times(pdlt_panel *panel, const view *v, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  pdlt_panel_title(panel, "all test samples");
  pdlt_figure_time_axis(pdlt_panel_x(panel), v->x, v->eta);
  label_change(panel);
  PDLT_TRY(pdlt_figure_level(panel, v->num_times, v->x, 0, err));
  for (size_t w = 0; w < v->in->comparison->num_widths && w < MAX_WIDTHS; w++)
    PDLT_TRY(add_marks(panel, v, v->num_times, v->x, theory_series(v, "loss_test_lo"),
                       series_of(v, measured(v, w, "loss_test")),
                       series_of(v, measured(v, w, "loss_test_se")), w, err));
  PDLT_TRY(add_line(panel, v, "loss_test_nlo_bias", PDLT_BLUE, 1,
                    "theory, its part in squared bias", err));
  PDLT_TRY(add_line(panel, v, "loss_test_nlo_variance", PDLT_VERMILION, 2,
                    "theory, its part in variance", err));
  PDLT_TRY(
      add_line(panel, v, "loss_test_nlo", PDLT_BLACK, 0, "theory, coefficient of <i>h</i>", err));
cleanup:
  return status;
}

/* Theory's coefficient of each test sample as a short line about its number. */
static pdlt_status add_levels(pdlt_panel *panel, const view *v, const double *nlo,
                              pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  for (size_t i = 0; i < v->tested && status == PDLT_OK; i++) {
    const double x[2] = {(double)i + 0.65, (double)i + 1.35}, y[2] = {nlo[i], nlo[i]};
    const pdlt_series line = {.kind = PDLT_SERIES_LINE,
                              .n = 2,
                              .x = x,
                              .y = y,
                              .label = i == 0 ? "theory, coefficient of <i>h</i>" : NULL};
    status = pdlt_panel_add(panel, &line, err);
  }
  return status;
}

static void set_sample_axis(pdlt_axis *axis, size_t tested) {
  snprintf(axis->label, sizeof axis->label, "test sample");
  axis->lo = 0.4;
  axis->hi = (double)tested + 0.6;
  for (size_t i = 0; i < tested && tested <= 12; i++) axis->at[axis->num_at++] = (double)(i + 1);
}

/* Widths stand beside each other over the sample's number. */
static pdlt_status fill_samples(pdlt_panel *panel, const view *v, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  const double *lo = last_row(v, pdlt_archive_get(v->in->theory, "loss_sample_lo"));
  const double *nlo = last_row(v, pdlt_archive_get(v->in->theory, "loss_sample_nlo"));
  const size_t first = v->num_train;
  size_t widths = v->in->comparison->num_widths;
  double at[MAX_SAMPLES], edges[2] = {0.4, (double)v->tested + 0.6};
  if (widths > MAX_WIDTHS) widths = MAX_WIDTHS;
  pdlt_panel_title(panel, "each test sample, last time");
  set_sample_axis(pdlt_panel_x(panel), v->tested);
  label_change(panel);
  PDLT_TRY(pdlt_figure_level(panel, 2, edges, 0, err));
  for (size_t w = 0; w < widths && lo; w++) {
    const double *y = last_row(v, measured(v, w, "loss_sample"));
    const double *se = last_row(v, measured(v, w, "loss_sample_se"));
    for (size_t i = 0; i < v->tested; i++)
      at[i] = (double)(i + 1) + 0.5 * (((double)w + 0.5) / (double)widths - 0.5);
    if (y && se)
      PDLT_TRY(add_marks(panel, v, v->tested, at, lo + first, y + first, se + first, w, err));
  }
  PDLT_TRY(add_levels(panel, v, nlo + first, err));
cleanup:
  return status;
}

static void write_caption(FILE *text, const view *v) {
  const pdlt_comparison *c = v->in->comparison;
  const double *nlo = last_row(v, pdlt_archive_get(v->in->theory, "loss_sample_nlo"));
  const double total = pdlt_archive_get(v->in->theory, "loss_test_nlo")->data[v->last];
  const pdlt_array *lo = pdlt_archive_get(v->in->theory, "loss_test_lo");
  size_t helped = 0;
  char number[64], percent[64];
  for (size_t a = v->num_train; a < v->samples; a++) helped += nlo[a] < 0;
  pdlt_plot_number(number, sizeof number, total, 3);
  fprintf(text,
          "What finite width adds to the expected test loss, divided by <i>h</i>. Below 0 it "
          "helps, above it hurts. Error bars: one standard error. At the last time theory says "
          "that it helps on %zu of %zu test samples and, with a coefficient of %s, %s on all "
          "together",
          helped, v->samples - v->num_train, number, total < 0 ? "helps" : "hurts");
  if (lo && lo->ndim == 1 && lo->dim[0] > v->last && lo->data[v->last] > 0) {
    pdlt_plot_number(percent, sizeof percent, 100 * fabs(c->h[0] * total / lo->data[v->last]), 2);
    fprintf(text, ": by %s %% of the loss at <i>n</i> = %.0f", percent, c->widths[0]);
  }
  fputs(".", text);
}

pdlt_status pdlt_figure_benefit(pdlt_figure_job *job, pdlt_error *err) {
  view v;
  pdlt_status status = PDLT_OK;
  pdlt_figure_page page = {0};
  const double *times = NULL;
  if (!find_view(&v, job->in)) return PDLT_OK;
  pdlt_figure_times(job->in, &times);
  v.room = v.num_times > MAX_SAMPLES ? v.num_times : MAX_SAMPLES;
  PDLT_TRY(pdlt_alloc(&v.scratch, 3 * v.room + v.num_times, sizeof *v.scratch, err));
  v.x = v.scratch + 3 * v.room;
  for (size_t t = 0; t < v.num_times; t++) v.x[t] = times[t] * (isnan(v.eta) ? 1 : v.eta);
  const size_t timed = v.num_times >= 2;
  PDLT_TRY(pdlt_figure_page_open(&page, timed + 1, err));
  if (timed) PDLT_TRY(fill_times(pdlt_plot_panel(page.plot, 0), &v, err));
  PDLT_TRY(fill_samples(pdlt_plot_panel(page.plot, timed), &v, err));
  write_caption(page.text, &v);
  PDLT_TRY(pdlt_figure_page_emit(job, &page, "benefit", "Where finite width helps", err));
cleanup:
  pdlt_free(v.scratch);
  pdlt_figure_page_close(&page);
  return status;
}
