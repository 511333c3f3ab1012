/* depth.c - kernel, NTK and four-point vertex of one sample against layer.
 *
 * The only closed forms of theory in this folder: the book's laws of depth at criticality,
 * drawn beside the recursions as a third road. Source: PDLT ch. 5. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/memory.h"
#include "compare/figure/internal.h"

enum { MAX_LAYERS = 256, MAX_WIDTHS = 6 };

/* 1 when the value, a number or a list of numbers, is x for every layer. */
static int all_equal(const json_t *value, double x) {
  size_t count = json_is_array(value) ? json_array_size(value) : 1;
  if (count == 0) return 0;
  for (size_t i = 0; i < count; i++) {
    const json_t *entry = json_is_array(value) ? json_array_get(value, i) : value;
    if (!json_is_number(entry) || fabs(json_number_value(entry) - x) > 1e-9 * (1 + fabs(x)))
      return 0;
  }
  return 1;
}

/* Slopes a+ and a- of a scale-invariant activation; 0 when it is none. */
static int find_slopes(const char *activation, double *right, double *left) {
  *right = 1;
  *left = 0;
  if (strcmp(activation, "relu") == 0) return 1;
  *left = 1;
  if (strcmp(activation, "linear") == 0) return 1;
  if (strncmp(activation, "leaky_relu(", 11) != 0) return 0;
  char *end;
  *left = strtod(activation + 11, &end);
  return end != activation + 11 && *end == ')';
}

int pdlt_depth_law_find(pdlt_depth_law *law, const json_t *network) {
  const char *activation = json_string_value(json_object_get(network, "activation"));
  const json_t *c_b = json_object_get(network, "C_b"), *c_w = json_object_get(network, "C_W");
  const json_t *ratios = json_object_get(network, "width_ratios");
  double right, left;
  if (!activation || !all_equal(c_b, 0)) return 0;
  if (ratios && !all_equal(ratios, json_number_value(json_array_get(ratios, 0)))) return 0;
  if (find_slopes(activation, &right, &left)) {
    double a2 = (pow(right, 2) + pow(left, 2)) / 2, a4 = (pow(right, 4) + pow(left, 4)) / 2;
    *law = (pdlt_depth_law){.slope = 3 * a4 / (a2 * a2) - 1};
    law->offset = -law->slope;
    return all_equal(c_w, 1 / a2);
  }
  *law = (pdlt_depth_law){.slope = 2.0 / 3}; /* class K* = 0: V/K^2 -> (2/3) l */
  if (strcmp(activation, "tanh") == 0) law->decay = 2;
  if (strcmp(activation, "sin") == 0) law->decay = 1;
  return law->decay > 0 && all_equal(c_w, 1);
}

/* Diagonal entry of the sample, NaN when absent. */
static double entry_of(const pdlt_archive *archive, double width, int layer, const char *name,
                       const char *ending, size_t sample) {
  const pdlt_array *t =
      isnan(width) ? pdlt_archive_getf(archive, "layer%d/%s%s", layer, name, ending)
                   : pdlt_archive_getf(archive, "n%.0f/layer%d/%s%s", width, layer, name, ending);
  size_t at = 0;
  for (int d = 0; t && d < t->ndim; d++) {
    if (sample >= t->dim[d]) return NAN;
    at = at * t->dim[d] + sample;
  }
  return t ? t->data[at] : NAN;
}

/* One panel: K, Theta or V/K^2 (with K from the same archive). */
typedef struct curve {
  const char *name;
  int layers; /* of theory */
  size_t sample;
  double layer[MAX_LAYERS], value[MAX_LAYERS], lo[MAX_LAYERS], hi[MAX_LAYERS];
} curve;

/* Fills value and error bars at layers 1..layers; width NaN: theory. Returns how many are
 * known. For V/K^2 the error bar is that of V: K is known far better. */
static int read_curve(curve *c, const pdlt_archive *archive, double width) {
  int known = 0;
  for (int l = 1; l <= c->layers; l++) {
    double scale = 1, x = entry_of(archive, width, l, c->name, "", c->sample);
    double se = isnan(width) ? NAN : entry_of(archive, width, l, c->name, "_se", c->sample);
    if (c->name[0] == 'V') {
      double k = entry_of(archive, width, l, "K", "", c->sample);
      scale = 1 / (k * k);
      if (l == 1 && isnan(x)) x = 0; /* the first layer is Gaussian */
    }
    c->layer[l - 1] = l;
    c->value[l - 1] = x * scale;
    c->lo[l - 1] = (x - se) * scale;
    c->hi[l - 1] = (x + se) * scale;
    known += isfinite(x * scale) && (l > 1 || c->name[0] != 'V');
  }
  return known;
}

static pdlt_status add_law(pdlt_panel *panel, curve *c, const pdlt_depth_law *law,
                           pdlt_error *err) {
  int kernel = c->name[0] == 'K';
  if (c->name[0] == 'T' || (kernel && law->decay == 0)) return PDLT_OK;
  for (int i = 0; i < c->layers; i++) {
    double l = c->layer[i];
    c->value[i] = kernel ? 1 / (law->decay * l) : law->slope * l + law->offset;
  }
  pdlt_series line = {.kind = PDLT_SERIES_LINE,
                      .n = (size_t)c->layers,
                      .x = c->layer,
                      .y = c->value,
                      .color = PDLT_VERMILION,
                      .dashed = 1,
                      .ignore_range = kernel,
                      .label = law->decay > 0 ? "law of depth, <i>l</i> \xe2\x86\x92 \xe2\x88\x9e"
                                              : "law of depth, exact"};
  return pdlt_panel_add(panel, &line, err);
}

/* Points of one width, moved sideways a little so that widths do not hide each other. */
static pdlt_status add_width(pdlt_panel *panel, curve *c, const pdlt_figure_input *in, size_t w,
                             pdlt_error *err) {
  char label[96];
  double widths = fmin((double)in->comparison->num_widths, MAX_WIDTHS);
  if (read_curve(c, in->measured, in->comparison->widths[w]) == 0) return PDLT_OK;
  if (c->name[0] == 'V') c->value[0] = NAN;
  for (int i = 0; i < c->layers; i++) c->layer[i] += 0.12 * ((double)w - (widths - 1) / 2);
  snprintf(label, sizeof label, "measured, <i>n</i> = %.0f", in->comparison->widths[w]);
  pdlt_series marks = {.kind = PDLT_SERIES_MARKS,
                       .n = (size_t)c->layers,
                       .x = c->layer,
                       .y = c->value,
                       .lo = c->lo,
                       .hi = c->hi,
                       .label = label};
  pdlt_figure_style_width(&marks, w);
  return pdlt_panel_add(panel, &marks, err);
}

static pdlt_status fill_panel(pdlt_panel *panel, curve *c, const pdlt_figure_input *in,
                              const pdlt_depth_law *law, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  char symbol[160];
  pdlt_axis *x = pdlt_panel_x(panel);
  pdlt_quantity_markup(symbol, sizeof symbol, c->name);
  pdlt_panel_title(panel, c->name[0] == 'V' ? "<i>V</i>/<i>K</i><sup>2</sup>" : symbol);
  snprintf(x->label, sizeof x->label, "layer <i>l</i>");
  for (int l = 1; l <= c->layers && c->layers <= 12; l++) x->at[x->num_at++] = l;
  pdlt_panel_y(panel);
  read_curve(c, in->theory, NAN);
  pdlt_series line = {.kind = PDLT_SERIES_LINE,
                      .n = (size_t)c->layers,
                      .x = c->layer,
                      .y = c->value,
                      .color = PDLT_BLACK,
                      .label = "theory, infinite width"};
  PDLT_TRY(pdlt_panel_add(panel, &line, err));
  if (law) PDLT_TRY(add_law(panel, c, law, err));
  for (size_t w = 0; w < in->comparison->num_widths && w < MAX_WIDTHS; w++)
    PDLT_TRY(add_width(panel, c, in, w, err));
cleanup:
  return status;
}

/* How far the last layer is from the law, in words. */
static void write_law(FILE *text, curve *c, const pdlt_figure_input *in,
                      const pdlt_depth_law *law) {
  char ratio[64], slope[64];
  double last = c->layers;
  c->name = "V";
  if (read_curve(c, in->theory, NAN) == 0) return;
  double asymptote = law->slope * last + law->offset;
  if (law->decay > 0)
    snprintf(slope, sizeof slope, "(2/3)");
  else
    pdlt_plot_number(slope, sizeof slope, law->slope, 4);
  pdlt_plot_number(ratio, sizeof ratio, c->value[c->layers - 1] / asymptote, 4);
  fprintf(text,
          " Dashed: the law of depth at criticality (PDLT ch. 5), <i>V</i>/<i>K</i><sup>2</sup> "
          "%s %s %s; ratio of theory to it at layer %d: %s.",
          law->decay > 0 ? "\xe2\x86\x92" : "=", slope,
          law->decay > 0 ? "<i>l</i>"
                         : "(<i>l</i> \xe2\x88\x92 "
                           "1)",
          c->layers, ratio);
  if (law->decay > 0)
    fprintf(text, " The kernel's law is <i>K</i> \xe2\x86\x92 %s.",
            law->decay > 1 ? "1/(2<i>l</i>)" : "1/<i>l</i>");
}

/* Largest distance of measurement from theory over layers at the largest width. */
static void write_distance(FILE *text, curve *c, const pdlt_figure_input *in) {
  double width = in->comparison->widths[in->comparison->num_widths - 1], worst = NAN;
  double theory[MAX_LAYERS];
  char symbol[160], percent[64];
  read_curve(c, in->theory, NAN);
  memcpy(theory, c->value, (size_t)c->layers * sizeof *theory);
  if (read_curve(c, in->measured, width) == 0) return;
  for (int i = c->name[0] == 'V'; i < c->layers; i++)
    worst = fmax(worst, 100 * fabs(c->value[i] / theory[i] - 1));
  if (!isfinite(worst)) return;
  pdlt_quantity_markup(symbol, sizeof symbol, c->name);
  pdlt_plot_number(percent, sizeof percent, worst, 2);
  fprintf(text, " At <i>n</i> = %.0f, %s is within %s %% of infinite width at every layer.", width,
          c->name[0] == 'V' ? "<i>V</i>/<i>K</i><sup>2</sup>" : symbol, percent);
}

pdlt_status pdlt_figure_depth(pdlt_figure_job *job, pdlt_error *err) {
  static const char *const names[] = {"K", "Theta", "V"};
  pdlt_status status = PDLT_OK;
  pdlt_figure_page page = {0};
  pdlt_depth_law law;
  const char *shown[3];
  size_t count = 0;
  curve *c = NULL;
  json_t *experiment = json_object_get(job->in->measured->meta, "experiment");
  int lawful = pdlt_depth_law_find(&law, json_object_get(experiment, "network"));
  if (job->in->comparison->num_widths == 0) return PDLT_OK;
  PDLT_TRY(pdlt_alloc(&c, 1, sizeof *c, err));
  c->sample = pdlt_figure_sample(job->in, 0, 0, 0);
  while (c->layers < MAX_LAYERS &&
         isfinite(entry_of(job->in->theory, NAN, c->layers + 1, "K", "", 0)))
    c->layers++;
  for (size_t k = 0; k < 3; k++) {
    c->name = names[k];
    if (!pdlt_figure_shows(job->in, c->name)) continue;
    if (c->layers > 1 && read_curve(c, job->in->theory, NAN) > 0) shown[count++] = names[k];
  }
  if (count == 0) goto cleanup;
  PDLT_TRY(pdlt_figure_page_open(&page, count, err));
  if (c->sample == 0)
    fputs("First sample", page.text);
  else
    fprintf(page.text, "Sample %zu", c->sample + 1);
  fputs(", layer by layer. Error bars: one standard error; widths are moved sideways.", page.text);
  for (size_t k = 0; k < count; k++) {
    c->name = shown[k];
    PDLT_TRY(fill_panel(pdlt_plot_panel(page.plot, k), c, job->in, lawful ? &law : NULL, err));
    write_distance(page.text, c, job->in);
  }
  if (lawful) write_law(page.text, c, job->in, &law);
  PDLT_TRY(pdlt_figure_page_emit(job, &page, "depth", "Growth with depth", err));
cleanup:
  pdlt_free(c);
  pdlt_figure_page_close(&page);
  return status;
}
