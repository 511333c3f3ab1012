/* features_deviation.c - what regression with each kernel misses, times n, against width, with predictions. */
#include <math.h>

#include "base/core/memory.h"
#include "base/experiment/feature.h"
#include "compare/figure/features_internal.h"
#include "compare/join/join.h"

static const char *const symbols[PDLT_FEATURE_COUNT] = {
    "<i>k</i>", "<i>k</i><sup>E</sup>", "<i>k</i><sup>#</sup>", "<i>k</i><sup>S</sup>",
    "<i>k</i><sup>M</sup>"};

/* The number that is shown, and what is read of it; (W) each. */
typedef struct shown {
  size_t widths, at; /* at: place among (T, n_L, D) */
  size_t output, sample;
  double *n, *y, *lo, *hi;
  double factor; /* n_{L-1}/n */
} shown;

static const pdlt_array *of_width(const pdlt_features_input *in, double n, int k,
                                  const char *rest) {
  char name[64];
  snprintf(name, sizeof name, "deviation_%s%s", pdlt_feature_definitions[k].name, rest);
  const pdlt_array *array = pdlt_measured_get(in->measured, n, name);
  return array != NULL && array->ndim == 3 ? array : NULL;
}

static const pdlt_array *predicted(const pdlt_features_input *in, int k) {
  const pdlt_array *array =
      pdlt_archive_getf(in->theory, "deviation_%s_nlo", pdlt_feature_definitions[k].name);
  return array != NULL && array->ndim == 3 ? array : NULL;
}

static const json_t *network_of(const pdlt_features_input *in) {
  return json_object_get(json_object_get(in->measured->meta, "experiment"), "network");
}

/* The largest number of regression with the kernel at the start, at the last time: as predicted, else as measured at
 * the first width. */
static int choose(shown *s, const pdlt_features_input *in) {
  const json_t *widths = json_object_get(network_of(in), "widths");
  const json_t *ratios = json_object_get(network_of(in), "width_ratios");
  const double first = json_number_value(json_array_get(widths, 0));
  const pdlt_array *theory = predicted(in, PDLT_FEATURE_K);
  const pdlt_array *by = theory != NULL ? theory : of_width(in, first, PDLT_FEATURE_K, "");
  double most = -1;
  s->widths = json_array_size(widths);
  s->factor = json_number_value(json_array_get(ratios, json_array_size(ratios) - 1));
  if (by == NULL || pdlt_array_count(by) == 0 || of_width(in, first, PDLT_FEATURE_K, "") == NULL)
    return 0;
  const size_t count = by->dim[1] * by->dim[2], last = (by->dim[0] - 1) * count;
  for (size_t i = 0; i < count; i++)
    if (fabs(by->data[last + i]) > most) {
      most = fabs(by->data[last + i]);
      s->at = last + i;
    }
  s->output = (s->at - last) / by->dim[2];
  s->sample = (s->at - last) % by->dim[2];
  return 1;
}

static double at(const pdlt_array *array, size_t i) {
  return array == NULL || i >= pdlt_array_count(array) ? NAN : array->data[i];
}

static pdlt_status add_kernel(pdlt_panel *panel, const shown *s, const pdlt_features_input *in,
                              int k, pdlt_error *err) {
  static const pdlt_color colors[PDLT_FEATURE_COUNT] = {PDLT_GREY, PDLT_BLUE, PDLT_VERMILION,
                                                        PDLT_GREEN, PDLT_PURPLE};
  const json_t *widths = json_object_get(network_of(in), "widths");
  const double level = at(predicted(in, k), s->at);
  size_t found = 0;
  for (size_t w = 0; w < s->widths; w++) {
    const double n = json_number_value(json_array_get(widths, w)), scale = n * s->factor;
    const double y = scale * at(of_width(in, n, k, ""), s->at);
    const double se = scale * at(of_width(in, n, k, "_se"), s->at);
    s->n[w] = n;
    s->y[w] = y;
    s->lo[w] = y - se;
    s->hi[w] = y + se;
    found += (size_t)isfinite(y);
  }
  if (found == 0) return PDLT_OK;
  const pdlt_series marks = {.kind = PDLT_SERIES_MARKS,
                             .n = s->widths,
                             .x = s->n,
                             .y = s->y,
                             .lo = s->lo,
                             .hi = s->hi,
                             .color = colors[k],
                             .mark = (pdlt_mark)(k % 4),
                             .label = symbols[k]};
  const pdlt_status status = pdlt_panel_add(panel, &marks, err);
  for (size_t w = 0; w < s->widths; w++) s->y[w] = level;
  return status != PDLT_OK || !isfinite(level)
             ? status
             : pdlt_figure_line(panel, s->widths, s->n, s->y, colors[k], 1, NULL, err);
}

static void write_caption(FILE *text, const shown *s, const pdlt_features_input *in) {
  fprintf(
      text,
      "Mean over networks of what regression with each kernel misses of output %zu on sample %zu "
      "at the last time, times <i>n</i><sub><i>L</i>\xe2\x88\x92"
      "1</sub>, with one standard error; ",
      s->output + 1, s->sample + 1);
  fputs(predicted(in, PDLT_FEATURE_K) != NULL ? "dashed: predicted for infinite <i>n</i>."
                                              : "there is no prediction beside it.",
        text);
  fputs(
      " <i>k</i>: NTK at the start, <i>k</i><sup>E</sup>: at the end, <i>k</i><sup>#</sup>: "
      "trained "
      "kernel of the book, <i>k</i><sup>S</sup>: mean features on the way, <i>k</i><sup>M</sup>: "
      "half-way parameters.",
      text);
}

pdlt_status pdlt_figure_features_deviation(pdlt_figure_job *job, const pdlt_features_input *in,
                                           pdlt_error *err) {
  pdlt_figure_page page = {0};
  shown s = {0};
  double *storage = NULL;
  pdlt_status status = PDLT_OK;
  if (in->measured->meta == NULL || !choose(&s, in)) return PDLT_OK;
  PDLT_TRY(pdlt_alloc(&storage, 4 * s.widths, sizeof *storage, err));
  s.n = storage;
  s.y = s.n + s.widths;
  s.lo = s.y + s.widths;
  s.hi = s.lo + s.widths;
  PDLT_TRY(pdlt_figure_page_open(&page, 1, err));
  pdlt_panel *panel = pdlt_plot_panel(page.plot, 0);
  pdlt_panel_x(panel)->kind = PDLT_AXIS_LOG;
  snprintf(pdlt_panel_x(panel)->label, sizeof pdlt_panel_x(panel)->label, "<i>n</i>");
  snprintf(pdlt_panel_y(panel)->label, sizeof pdlt_panel_y(panel)->label,
           "<i>n</i> \xc3\x97 deviation");
  for (int k = 0; k < PDLT_FEATURE_COUNT; k++) PDLT_TRY(add_kernel(panel, &s, in, k, err));
  write_caption(page.text, &s, in);
  PDLT_TRY(pdlt_figure_page_emit(job, &page, "features_deviation", "What regression misses", err));
cleanup:
  pdlt_figure_page_close(&page);
  pdlt_free(storage);
  return status;
}
