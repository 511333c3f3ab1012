/* hidden.c - hidden layers against training time, of the first sample: mean square preactivation, its
 * change since the start, and how far the neurons have moved, which falls with the width as the caption
 * says. */
#include <math.h>

#include "base/core/memory.h"
#include "compare/figure/view.h"

enum { MAX_LAYERS = 3, COLUMNS = 3 };

/* The columns: an array with its error bars, and what stands beside the axis. */
static const struct {
  const char *name, *bars, *label;
} columns[COLUMNS] = {{"q_t", "q_t_se", "mean of <i>z</i><sup>2</sup>"},
                      {"q_change", "q_change_se", "its change since the start"},
                      {"q_moved", "q_moved_se", "mean of (\xce\x94<i>z</i>)<sup>2</sup>"}};

/* The arrays of the figure: (T, layers, samples). */
typedef struct hidden {
  pdlt_view view;
  size_t layers, numbers;   /* numbers: layers times samples */
  const pdlt_array *theory; /* (layers, samples) at infinite width, or NULL */
  size_t shown[MAX_LAYERS], num_shown;
} hidden;

/* All layers, or the first, the middle and the last of many. */
static void choose_layers(hidden *h) {
  h->num_shown = h->layers < MAX_LAYERS ? h->layers : MAX_LAYERS;
  for (size_t k = 0; k < h->num_shown; k++)
    h->shown[k] = h->num_shown < MAX_LAYERS ? k : k * (h->layers - 1) / (MAX_LAYERS - 1);
}

/* 1 when there are two or more finite times and every width has all arrays. */
static int find(hidden *h, const pdlt_figure_input *in) {
  *h = (hidden){.view = pdlt_view_of(in), .theory = pdlt_archive_get(in->theory, "q_lo")};
  const pdlt_view *v = &h->view;
  if (v->num_times < 2 || v->c->num_widths == 0) return 0;
  const pdlt_array *q = pdlt_measured_get(in->measured, v->c->widths[0], "q_t");
  if (q == NULL || q->ndim != 3 || q->dim[1] == 0 || q->dim[2] == 0) return 0;
  h->layers = q->dim[1];
  pdlt_view_count_samples(&h->view, q->dim[2]);
  h->numbers = h->layers * v->samples;
  choose_layers(h);
  for (size_t w = 0; w < v->c->num_widths; w++)
    for (size_t k = 0; k < COLUMNS; k++)
      if (pdlt_view_measured(v, w, columns[k].name, 3, h->numbers) == NULL ||
          pdlt_view_measured(v, w, columns[k].bars, 3, h->numbers) == NULL)
        return 0;
  return h->theory == NULL || pdlt_array_count(h->theory) == h->numbers;
}

/* First sample of a layer at time t. */
static double number_at(const hidden *h, size_t w, const char *name, size_t layer, size_t t) {
  return pdlt_view_measured(&h->view, w, name, 3,
                            h->numbers)[t * h->numbers + layer * h->view.samples];
}

static pdlt_status add_widths(pdlt_panel *panel, const hidden *h, size_t column, size_t layer,
                              pdlt_error *err) {
  const pdlt_view *v = &h->view;
  pdlt_status status = PDLT_OK;
  for (size_t w = 0; w < pdlt_view_widths(v) && status == PDLT_OK; w++) {
    for (size_t t = 0; t < v->num_times; t++) {
      v->y[t] = number_at(h, w, columns[column].name, layer, t);
      v->se[t] = number_at(h, w, columns[column].bars, layer, t);
    }
    status = pdlt_view_marks(panel, v, v->num_times, v->x, w, w, "measured", err);
  }
  return status;
}

/* What is at infinite width: the kernel of the layer, or 0. */
static pdlt_status add_theory(pdlt_panel *panel, const hidden *h, size_t column, size_t layer,
                              pdlt_error *err) {
  const pdlt_view *v = &h->view;
  if (column > 0) return pdlt_figure_level(panel, v->num_times, v->x, 0, err);
  if (h->theory == NULL) return PDLT_OK;
  for (size_t t = 0; t < v->num_times; t++) v->y[t] = h->theory->data[layer * v->samples];
  return pdlt_figure_line(panel, v->num_times, v->x, v->y, PDLT_BLACK, 0, "theory, infinite width",
                          err);
}

static pdlt_status fill_panel(pdlt_panel *panel, const hidden *h, size_t column, size_t layer,
                              pdlt_error *err) {
  char title[64];
  snprintf(title, sizeof title, "hidden layer %zu", layer + 1);
  pdlt_panel_title(panel, title);
  pdlt_figure_time_axis(pdlt_panel_x(panel), h->view.x, h->view.eta);
  snprintf(pdlt_panel_y(panel)->label, sizeof pdlt_panel_y(panel)->label, "%s",
           columns[column].label);
  const pdlt_status status = add_theory(panel, h, column, layer, err);
  return status == PDLT_OK ? add_widths(panel, h, column, layer, err) : status;
}

/* " Layer 2: 0.014 ± 0.001 at n = 16, ..., as n^p with p = -0.98 ± 0.03." at the last time. */
static pdlt_status write_layer(FILE *text, const hidden *h, size_t layer, pdlt_error *err) {
  const pdlt_view *v = &h->view;
  const size_t widths = v->c->num_widths, last = v->num_times - 1;
  double slope = NAN, se = NAN;
  char number[96];
  pdlt_distance *d = NULL;
  const pdlt_status status = pdlt_alloc(&d, widths, sizeof *d, err);
  if (status != PDLT_OK) return status;
  fprintf(text, " Layer %zu:", layer + 1);
  for (size_t w = 0; w < widths; w++) {
    const double x = number_at(h, w, "q_moved", layer, last);
    const double bar = number_at(h, w, "q_moved_se", layer, last);
    d[w] = (pdlt_distance){.value = x, .se = bar, .floor = bar, .numbers = 1, .used = 1};
    if (w > 0 && w + 1 < widths) continue;
    pdlt_plot_measured(number, sizeof number, x, bar);
    fprintf(text, "%s %s at <i>n</i> = %.0f", w > 0 ? "," : "", number, v->c->widths[w]);
  }
  pdlt_distance_slope(widths, v->c->widths, d, &slope, &se);
  if (isfinite(slope)) {
    pdlt_plot_measured(number, sizeof number, slope, se);
    fprintf(text, ", as <i>n</i><sup><i>p</i></sup> with <i>p</i> = %s", number);
  }
  fputs(".", text);
  pdlt_free(d);
  return PDLT_OK;
}

pdlt_status pdlt_figure_hidden(pdlt_figure_job *job, pdlt_error *err) {
  hidden h;
  pdlt_status status = PDLT_OK;
  pdlt_figure_page page = {0};
  if (!find(&h, job->in)) return PDLT_OK;
  PDLT_TRY(pdlt_view_open(&h.view, h.view.num_times, pdlt_view_eta(&h.view), err));
  PDLT_TRY(pdlt_figure_page_open(&page, COLUMNS * h.num_shown, err));
  fputs(
      "Hidden layers on the first sample during training: mean square preactivation; its change "
      "since "
      "initialization; mean square change of the preactivations. At infinite width hidden layers "
      "do "
      "not move; by how much they move is measured alone, theory has no prediction of it. Error "
      "bars: "
      "one standard error. Mean square change at the last time shown:",
      page.text);
  for (size_t k = 0; k < h.num_shown; k++) {
    for (size_t column = 0; column < COLUMNS; column++)
      PDLT_TRY(fill_panel(pdlt_plot_panel(page.plot, COLUMNS * k + column), &h, column, h.shown[k],
                          err));
    PDLT_TRY(write_layer(page.text, &h, h.shown[k], err));
  }
  PDLT_TRY(pdlt_figure_page_emit(job, &page, "hidden_layers", "Hidden layers in training", err));
cleanup:
  pdlt_view_close(&h.view);
  pdlt_figure_page_close(&page);
  return status;
}
