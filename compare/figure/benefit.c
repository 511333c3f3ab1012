/* benefit.c - where finite width helps and where it hurts: what it adds to the test loss,
 * divided by h^power, against training time and sample by sample. */
#include <math.h>

#include "compare/figure/view.h"

enum { MAX_SAMPLES = 24 };

typedef struct benefit {
  pdlt_view view;
  size_t last;   /* index of the last time of all */
  size_t tested; /* test samples that are shown */
} benefit;

static const pdlt_array *theory(const benefit *b, const char *name) {
  return pdlt_archive_get(b->view.in->theory, name);
}

static const pdlt_array *measured(const benefit *b, size_t w, const char *name) {
  return pdlt_measured_get(b->view.in->measured, b->view.c->widths[w], name);
}

/* Row of the last time of loss_sample (T, D); NULL when the shape is another. */
static const double *last_row(const benefit *b, const pdlt_array *t) {
  const size_t samples = b->view.samples;
  if (!t || t->ndim != 2 || t->dim[0] <= b->last || t->dim[1] != samples) return NULL;
  return t->data + b->last * samples;
}

/* 1 when theory knows the first coefficient of the test loss. */
static int find(benefit *b, const pdlt_figure_input *in) {
  *b = (benefit){.view = pdlt_view_of(in)};
  const pdlt_array *all = pdlt_view_first(&b->view, "loss_test");
  const pdlt_array *sample = pdlt_view_first(&b->view, "loss_sample");
  if (!all || all->ndim != 1 || all->dim[0] == 0 || b->view.c->num_widths == 0) return 0;
  b->last = all->dim[0] - 1;
  if (!sample || sample->ndim != 2) return 0;
  pdlt_view_count_samples(&b->view, sample->dim[1]);
  b->tested = b->view.samples - b->view.num_train;
  if (b->tested > MAX_SAMPLES) b->tested = MAX_SAMPLES;
  return b->tested > 0 && last_row(b, sample) && last_row(b, measured(b, 0, "loss_sample"));
}

static pdlt_status add_line(pdlt_panel *panel, const pdlt_view *v, const char *quantity,
                            pdlt_color color, int dashed, const char *label, pdlt_error *err) {
  const pdlt_series line = {.kind = PDLT_SERIES_LINE,
                            .n = v->num_times,
                            .x = v->x,
                            .y = pdlt_view_data(v, pdlt_view_first(v, quantity), 1, 1),
                            .color = color,
                            .dashed = dashed,
                            .label = label};
  return line.y ? pdlt_panel_add(panel, &line, err) : PDLT_OK;
}

/* (loss - infinite width)/h^power of width w; lo, x, se (count) of theory and measurement. */
static pdlt_status add_marks(pdlt_panel *panel, const pdlt_view *v, size_t count, const double *at,
                             const double *lo, const double *x, const double *se, size_t w,
                             pdlt_error *err) {
  const double unit = pdlt_view_unit(v, w);
  if (!lo || !x) return PDLT_OK;
  for (size_t i = 0; i < count; i++) {
    v->y[i] = (x[i] - lo[i]) / unit;
    v->se[i] = se ? se[i] / unit : NAN;
  }
  return pdlt_view_marks(panel, v, count, at, w, w, "measured", err);
}

static void label_change(pdlt_panel *panel, const pdlt_view *v) {
  snprintf(pdlt_panel_y(panel)->label, sizeof pdlt_panel_y(panel)->label,
           "(loss \xe2\x88\x92 loss<sub>\xe2\x88\x9e</sub>)/%s", v->order->unit);
}

static pdlt_status fill_times(pdlt_panel *panel, const pdlt_view *v, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  char label[64];
  pdlt_panel_title(panel, "all test samples");
  pdlt_figure_time_axis(pdlt_panel_x(panel), v->x, v->eta);
  label_change(panel, v);
  PDLT_TRY(pdlt_figure_level(panel, v->num_times, v->x, 0, err));
  for (size_t w = 0; w < pdlt_view_widths(v); w++)
    PDLT_TRY(add_marks(panel, v, v->num_times, v->x, pdlt_view_theory(v, "loss_test_lo", 1, 1),
                       pdlt_view_measured(v, w, "loss_test", 1, 1),
                       pdlt_view_measured(v, w, "loss_test_se", 1, 1), w, err));
  PDLT_TRY(
      add_line(panel, v, "loss_test_bias", PDLT_BLUE, 1, "theory, its part in squared bias", err));
  PDLT_TRY(add_line(panel, v, "loss_test_variance", PDLT_VERMILION, 2,
                    "theory, its part in variance", err));
  pdlt_view_label(label, sizeof label, v);
  PDLT_TRY(add_line(panel, v, "loss_test", PDLT_BLACK, 0, label, err));
cleanup:
  return status;
}

/* Theory's coefficient of each test sample as a short line about its number. */
static pdlt_status add_levels(pdlt_panel *panel, const benefit *b, const double *first,
                              pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  char label[64];
  pdlt_view_label(label, sizeof label, &b->view);
  for (size_t i = 0; i < b->tested && status == PDLT_OK; i++) {
    if (!pdlt_figure_shows_sample(b->view.in, b->view.num_train + i)) continue;
    const double x[2] = {(double)i + 0.65, (double)i + 1.35}, y[2] = {first[i], first[i]};
    const pdlt_series line = {.kind = PDLT_SERIES_LINE, .n = 2, .x = x, .y = y, .label = label};
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
static pdlt_status fill_samples(pdlt_panel *panel, const benefit *b, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  const pdlt_view *v = &b->view;
  const double *lo = last_row(b, theory(b, "loss_sample_lo"));
  const double *slope = last_row(b, pdlt_view_first(v, "loss_sample"));
  const size_t first = v->num_train, widths = pdlt_view_widths(v);
  double at[MAX_SAMPLES], edges[2] = {0.4, (double)b->tested + 0.6};
  pdlt_panel_title(panel, "each test sample, last time");
  set_sample_axis(pdlt_panel_x(panel), b->tested);
  label_change(panel, v);
  PDLT_TRY(pdlt_figure_level(panel, 2, edges, 0, err));
  for (size_t w = 0; w < widths && lo; w++) {
    const double *y = last_row(b, measured(b, w, "loss_sample"));
    const double *se = last_row(b, measured(b, w, "loss_sample_se"));
    for (size_t i = 0; i < b->tested; i++)
      at[i] = pdlt_figure_shows_sample(v->in, first + i)
                  ? (double)(i + 1) + 0.5 * (((double)w + 0.5) / (double)widths - 0.5)
                  : NAN;
    if (y && se)
      PDLT_TRY(add_marks(panel, v, b->tested, at, lo + first, y + first, se + first, w, err));
  }
  PDLT_TRY(add_levels(panel, b, slope + first, err));
cleanup:
  return status;
}

static void write_caption(FILE *text, const benefit *b) {
  const pdlt_view *v = &b->view;
  const double *slope = last_row(b, pdlt_view_first(v, "loss_sample"));
  const double total = pdlt_view_first(v, "loss_test")->data[b->last];
  const pdlt_array *lo = theory(b, "loss_test_lo");
  size_t helped = 0;
  char number[64], percent[64];
  for (size_t a = v->num_train; a < v->samples; a++) helped += slope[a] < 0;
  pdlt_plot_number(number, sizeof number, total, 3);
  fprintf(text,
          "What finite width adds to the expected test loss, divided by %s. Below 0 it "
          "helps, above it hurts. Error bars: one standard error. At the last time theory says "
          "that it helps on %zu of %zu test samples and, with a coefficient of %s, %s on all "
          "together",
          v->order->unit, helped, v->samples - v->num_train, number, total < 0 ? "helps" : "hurts");
  if (lo && lo->ndim == 1 && lo->dim[0] > b->last && lo->data[b->last] > 0) {
    pdlt_plot_number(percent, sizeof percent,
                     100 * fabs(pdlt_view_unit(v, 0) * total / lo->data[b->last]), 2);
    fprintf(text, ": by %s %% of the loss at <i>n</i> = %.0f", percent, v->c->widths[0]);
  }
  fputs(".", text);
}

pdlt_status pdlt_figure_benefit(pdlt_figure_job *job, pdlt_error *err) {
  benefit b;
  pdlt_status status = PDLT_OK;
  pdlt_figure_page page = {0};
  if (!find(&b, job->in)) return PDLT_OK;
  pdlt_view *v = &b.view;
  const size_t timed = v->num_times >= 2;
  PDLT_TRY(pdlt_view_open(v, v->num_times > MAX_SAMPLES ? v->num_times : MAX_SAMPLES,
                          pdlt_view_eta(v), err));
  PDLT_TRY(pdlt_figure_page_open(&page, timed + 1, err));
  if (timed) PDLT_TRY(fill_times(pdlt_plot_panel(page.plot, 0), v, err));
  PDLT_TRY(fill_samples(pdlt_plot_panel(page.plot, timed), &b, err));
  write_caption(page.text, &b);
  PDLT_TRY(pdlt_figure_page_emit(job, &page, "benefit", "Where finite width helps", err));
cleanup:
  pdlt_view_close(&b.view);
  pdlt_figure_page_close(&page);
  return status;
}
