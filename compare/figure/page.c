/* page.c - what the figures have in common: the grid with its caption, styles, axes, lines and
 * training samples. */
#include <math.h>
#include <stdlib.h>

#include "compare/figure/internal.h"

pdlt_status pdlt_figure_page_open(pdlt_figure_page *page, size_t count, pdlt_error *err) {
  size_t columns = count < 3 ? count : count == 4 ? 2 : 3;
  *page = (pdlt_figure_page){0};
  const pdlt_status status = pdlt_stream_open(&page->caption, "a caption", err);
  if (status != PDLT_OK) return status;
  page->text = page->caption.out;
  return pdlt_plot_new(&page->plot, (count + columns - 1) / columns, columns,
                       columns < 3 ? 230 : 165, columns < 3 ? 170 : 135, err);
}

pdlt_status pdlt_figure_page_emit(pdlt_figure_job *job, pdlt_figure_page *page, const char *stem,
                                  const char *title, pdlt_error *err) {
  const pdlt_status status = pdlt_stream_look(&page->caption, "a caption", err);
  if (status != PDLT_OK) return status;
  return pdlt_figure_emit(job, page->plot, stem, title, page->caption.text, err);
}

void pdlt_figure_page_close(pdlt_figure_page *page) {
  pdlt_stream_free(&page->caption);
  pdlt_plot_free(page->plot);
  *page = (pdlt_figure_page){0};
}

void pdlt_figure_style_width(pdlt_series *series, size_t k) {
  static const pdlt_color colors[] = {PDLT_VERMILION, PDLT_ORANGE, PDLT_GREEN,
                                      PDLT_BLUE,      PDLT_PURPLE, PDLT_SKY};
  static const pdlt_mark marks[] = {PDLT_MARK_CIRCLE, PDLT_MARK_SQUARE, PDLT_MARK_TRIANGLE,
                                    PDLT_MARK_DIAMOND};
  series->color = colors[k % (sizeof colors / sizeof *colors)];
  series->mark = marks[k % (sizeof marks / sizeof *marks)];
}

void pdlt_figure_time_axis(pdlt_axis *axis, const double *x, double eta) {
  axis->kind = PDLT_AXIS_LOG1P;
  axis->threshold = x[0] > 0 ? x[0] : x[1];
  snprintf(axis->label, sizeof axis->label, isnan(eta) ? "step <i>t</i>" : "<i>\xce\xb7t</i>");
}

pdlt_status pdlt_figure_level(pdlt_panel *panel, size_t n, const double *x, double y,
                              pdlt_error *err) {
  const double ends[2] = {x[0], x[n - 1]}, heights[2] = {y, y};
  const pdlt_series line = {.kind = PDLT_SERIES_LINE,
                            .n = 2,
                            .x = ends,
                            .y = heights,
                            .color = PDLT_GREY,
                            .width = 0.7,
                            .name = "level"};
  return pdlt_panel_add(panel, &line, err);
}

pdlt_status pdlt_figure_line(pdlt_panel *panel, size_t n, const double *x, const double *y,
                             pdlt_color color, int dashed, const char *label, pdlt_error *err) {
  const pdlt_series line = {.kind = PDLT_SERIES_LINE,
                            .n = n,
                            .x = x,
                            .y = y,
                            .color = color,
                            .dashed = dashed,
                            .label = label};
  return pdlt_panel_add(panel, &line, err);
}

pdlt_status pdlt_figure_members(pdlt_panel *panel, const pdlt_figure_input *in, size_t w, size_t n,
                                const double *x, size_t at, size_t count, double *scratch,
                                size_t *found, pdlt_error *err) {
  const double width = in->comparison->widths[w];
  const pdlt_array *z = pdlt_measured_get(in->measured, width, "samples/z");
  size_t members = z && z->ndim == 4 ? z->dim[0] : 0;
  char label[96], name[96];
  pdlt_status status = PDLT_OK;
  if (members && (z->dim[1] < n || z->dim[2] * z->dim[3] != count)) members = 0;
  if (members > 12) members = 12;
  snprintf(label, sizeof label, "single networks, <i>n</i> = %.0f", width);
  for (size_t m = 0; m < members && status == PDLT_OK; m++) {
    for (size_t t = 0; t < n; t++) scratch[t] = z->data[(m * z->dim[1] + t) * count + at];
    snprintf(name, sizeof name, "network %zu, n = %.0f", m + 1, width);
    const pdlt_series line = {.kind = PDLT_SERIES_LINE,
                              .n = n,
                              .x = x,
                              .y = scratch,
                              .color = PDLT_GREY,
                              .alpha = 0.55,
                              .name = name,
                              .width = 0.5,
                              .label = m == 0 ? label : NULL};
    status = pdlt_panel_add(panel, &line, err);
  }
  if (found) *found = members;
  return status;
}

size_t pdlt_figure_choose_samples(const pdlt_figure_input *in, size_t samples, size_t train,
                                  size_t most, size_t *shown) {
  const size_t test = samples - train, kept = test < 2 ? test : 2;
  size_t count = 0;
  if (in->keys != NULL && in->keys->num_samples > 0) {
    for (size_t k = 0; k < in->keys->num_samples && count < most; k++)
      if (pdlt_figure_sample(in, k, 0, 0) < samples)
        shown[count++] = pdlt_figure_sample(in, k, 0, 0);
    return count;
  }
  for (size_t a = 0; a < train && count < most - kept; a++) shown[count++] = a;
  for (size_t a = train; a < samples && count < most; a++) shown[count++] = a;
  return count;
}

void pdlt_figure_title_sample(pdlt_panel *panel, const pdlt_figure_input *in, size_t sample,
                              size_t train) {
  const int trained = sample < train;
  char title[192], class[128];
  const int known = pdlt_figure_class_of_sample(class, sizeof class, in, sample);
  snprintf(title, sizeof title, "%s sample %zu%s%s", trained ? "training" : "test",
           trained ? sample + 1 : sample - train + 1, known ? ", class " : "", known ? class : "");
  pdlt_panel_title(panel, title);
}

size_t pdlt_figure_train_samples(const pdlt_archive *measured, size_t samples) {
  json_t *data = json_object_get(json_object_get(measured->meta, "experiment"), "data");
  json_t *train = json_object_get(data, "train");
  json_int_t count = json_is_integer(train) ? json_integer_value(train) : -1;
  return count >= 0 && (size_t)count <= samples ? (size_t)count : samples;
}
