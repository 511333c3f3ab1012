/* scaling.c - distance from theory against width, on double logarithmic axes, beside its noise
 * floor (compare/verdict/slope.h). */
#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "compare/figure/internal.h"
#include "compare/verdict/slope.h"

enum { MAX_PANELS = 18, MAX_SINGLE = 2 * MAX_PANELS };

/* What one panel needs, in arrays over the widths. */
typedef struct panel_data {
  const pdlt_distance *d;                           /* (N) */
  double power;                                     /* of h, in which the quantity goes */
  double *y, *lo, *hi, *floor, *hollow, *reference; /* (N) */
} panel_data;

/* A distance known to this share of itself says where the line of the expected slope lies. */
static const double sharp = 0.1;

/* The width through which that line goes: the widest whose distance is sharp, since the slope is that of
 * large widths; else the widest that stands clear. Where there is a slope, some do. */
static size_t anchor_of(const pdlt_comparison *c, const panel_data *p) {
  size_t clear = c->num_widths;
  for (size_t w = c->num_widths; w-- > 0;) {
    if (!pdlt_distance_clear(&p->d[w])) continue;
    if (p->d[w].se <= sharp * p->d[w].value) return w;
    if (clear == c->num_widths) clear = w;
  }
  return clear;
}

/* A distance without what noise adds to it. */
static double without_floor(const pdlt_distance *d) {
  return sqrt(d->value * d->value - d->floor * d->floor);
}

static pdlt_status add_reference(pdlt_panel *panel, const pdlt_comparison *c, panel_data *p,
                                 int order, pdlt_error *err) {
  static const char *const labels[] = {
      "slope \xe2\x88\x92"
      "1/2",
      "slope \xe2\x88\x92"
      "1",
      "slope \xe2\x88\x92"
      "2"};
  const size_t anchor = anchor_of(c, p);
  const double height = without_floor(&p->d[anchor]);
  for (size_t w = 0; w < c->num_widths; w++)
    p->reference[w] = height * pow(c->widths[anchor] / c->widths[w], p->power * (order + 1));
  pdlt_series line = {.kind = PDLT_SERIES_LINE,
                      .n = c->num_widths,
                      .x = c->widths,
                      .y = p->reference,
                      .color = p->power < 1 ? PDLT_GREEN : PDLT_BLACK,
                      .dashed = 1,
                      .width = 0.9,
                      .ignore_range = 1};
  const int whole = p->power * (order + 1) < 1 ? 0 : (int)(p->power * (order + 1));
  line.label = labels[whole];
  line.dashed = order + 1;
  return pdlt_panel_add(panel, &line, err);
}

static pdlt_status add_distance(pdlt_panel *panel, const pdlt_comparison *c, panel_data *p,
                                int order, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  char label[64];
  size_t n = c->num_widths;
  for (size_t w = 0; w < n; w++) {
    const pdlt_distance *d = &p->d[w];
    int clear = pdlt_distance_clear(d);
    p->y[w] = clear ? d->value : NAN;
    p->hollow[w] = clear ? NAN : d->value;
    p->lo[w] = d->value - d->se;
    p->hi[w] = d->value + d->se;
    p->floor[w] = d->floor;
  }
  pdlt_color color = order == 0 ? PDLT_BLUE : PDLT_VERMILION;
  pdlt_series floor = {.kind = PDLT_SERIES_LINE,
                       .n = n,
                       .x = c->widths,
                       .y = p->floor,
                       .color = PDLT_GREY,
                       .width = 0.9,
                       .label = "noise floor"};
  pdlt_series marks = {.kind = PDLT_SERIES_MARKS,
                       .n = n,
                       .x = c->widths,
                       .y = p->y,
                       .lo = p->lo,
                       .hi = p->hi,
                       .color = color,
                       .mark = order == 0 ? PDLT_MARK_CIRCLE : PDLT_MARK_SQUARE};
  char noise[96];
  snprintf(label, sizeof label, "from order %s", pdlt_order_of(p->power)->markup);
  marks.label = order == 0 ? "from infinite width" : label;
  PDLT_TRY(pdlt_panel_add(panel, &floor, err));
  PDLT_TRY(pdlt_panel_add(panel, &marks, err));
  marks.y = p->hollow;
  marks.hollow = 1;
  snprintf(noise, sizeof noise, "%s, not fitted", marks.label);
  marks.name = noise;
  marks.label = NULL;
  PDLT_TRY(pdlt_panel_add(panel, &marks, err));
cleanup:
  return status;
}

/* Distances below this are rounding: 1e-12 of the largest number of the quantity. */
static double rounding_of(const pdlt_comparison *c, const char *quantity) {
  double most = 0;
  for (size_t r = 0; r < c->num_rows; r++)
    if (strcmp(c->rows[r].quantity, quantity) == 0)
      for (size_t w = 0; w < c->num_widths; w++) most = fmax(most, fabs(c->rows[r].measured[w]));
  return 1e-12 * most;
}

/* |measured - infinite width| of the quantity's rows among those selected for showing one
 * by one. */
static pdlt_status add_single_numbers(pdlt_panel *panel, const pdlt_comparison *c,
                                      const char *quantity, panel_data *p, pdlt_error *err) {
  size_t rows[MAX_SINGLE], count = pdlt_comparison_select(c, MAX_SINGLE, rows);
  const double rounding = rounding_of(c, quantity);
  for (size_t k = 0; k < count; k++) {
    const pdlt_compare_row *row = &c->rows[rows[k]];
    if (strcmp(row->quantity, quantity) != 0) continue;
    for (size_t w = 0; w < c->num_widths; w++) {
      double distance = fabs(row->measured[w] - pdlt_row_predicted(row, w, c->h[w], 0));
      /* chance hits and rounding would stretch the axis */
      p->y[w] = distance > row->se[w] && distance > rounding ? distance : NAN;
      p->lo[w] = p->y[w] - row->se[w];
      p->hi[w] = p->y[w] + row->se[w];
    }
    pdlt_series marks = {.kind = PDLT_SERIES_MARKS,
                         .n = c->num_widths,
                         .x = c->widths,
                         .y = p->y,
                         .lo = p->lo,
                         .hi = p->hi,
                         .color = PDLT_SKY,
                         .mark = PDLT_MARK_TRIANGLE,
                         .label = "single numbers"};
    pdlt_status status = pdlt_panel_add(panel, &marks, err);
    if (status != PDLT_OK) return status;
  }
  return PDLT_OK;
}

/* The list of slopes in the caption. */
typedef struct slope_list {
  FILE *text;
  size_t written, missing;
} slope_list;

static void write_slope(slope_list *list, const char *symbol, const pdlt_compare_slope *slope,
                        const char *order) {
  char value[128];
  if (isnan(slope->value)) {
    list->missing++;
    return;
  }
  pdlt_plot_measured(value, sizeof value, slope->value, slope->se);
  fprintf(list->text, "%s%s", list->written++ ? "; " : "", symbol);
  if (slope->order) fprintf(list->text, " (from order %s)", order);
  fprintf(list->text, ": %s", value);
}

/* The quantity's distances at order 0 and, where theory has it, order 1. */
static pdlt_status fill_panel(pdlt_panel *panel, const pdlt_comparison *c, const char *quantity,
                              panel_data *p, slope_list *list, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  char symbol[160];
  pdlt_axis *x = pdlt_panel_x(panel), *y = pdlt_panel_y(panel);
  pdlt_quantity_markup(symbol, sizeof symbol, quantity);
  pdlt_panel_title(panel, symbol);
  p->power = pdlt_comparison_power(c, quantity);
  x->kind = y->kind = PDLT_AXIS_LOG;
  snprintf(x->label, sizeof x->label, "%s <i>n</i>", pdlt_comparison_size(c));
  snprintf(y->label, sizeof y->label, "rms distance");
  for (size_t w = 0; w < c->num_widths && w < PDLT_TICKS_MAX; w++)
    x->at[x->num_at++] = c->widths[w];
  PDLT_TRY(add_single_numbers(panel, c, quantity, p, err));
  for (int order = 0; order < 2; order++) {
    const pdlt_compare_slope *slope = pdlt_comparison_slope(c, quantity, order);
    if (!slope) break;
    p->d = slope->distance;
    if (!isnan(slope->value)) PDLT_TRY(add_reference(panel, c, p, order, err));
    PDLT_TRY(add_distance(panel, c, p, order, err));
    write_slope(list, symbol, slope, pdlt_order_of(p->power)->markup);
  }
cleanup:
  return status;
}

/* Of the count quantities those that have a distance at some width, in front; returns how many. */
static size_t keep_known(const pdlt_comparison *c, const char **names, size_t count) {
  size_t kept = 0;
  for (size_t k = 0; k < count; k++) {
    const pdlt_compare_slope *slope = pdlt_comparison_slope(c, names[k], 0);
    int known = 0;
    for (size_t w = 0; slope != NULL && w < c->num_widths; w++)
      known |= slope->distance[w].numbers > 0;
    if (known) names[kept++] = names[k];
  }
  return kept;
}

/* n counts what `size` says. */
static void write_caption(FILE *text, const char *size) {
  fprintf(
      text,
      "Distance between measurement and theory against %s <i>n</i>: root mean square "
      "over all indices and times of each quantity, error bars of one standard error from block "
      "values. Triangles: for each quantity the number with the clearest finite-width effect and "
      "the "
      "one farthest from theory, where they exceed one standard error. Grey line: what statistical "
      "noise alone would give; open symbols lie "
      "within twice that floor. Distances from infinite width should fall with slope \xe2\x88\x92"
      "1, those from order 1/<i>n</i> with slope \xe2\x88\x92"
      "2, at large widths: the lines of these slopes go through the widest point known to 10 %%",
      size);
}

static const char HALVES[] =
    "; of what depends on training, which goes in powers of <i>n</i><sup>\xe2\x88\x92"
    "1/2</sup> here, with half of these";

pdlt_status pdlt_figure_width_scaling(pdlt_figure_job *job, pdlt_error *err) {
  const pdlt_comparison *c = job->in->comparison;
  const char *names[MAX_PANELS];
  const size_t count = keep_known(c, names, pdlt_comparison_quantities(c, MAX_PANELS, names));
  if (count == 0 || c->num_widths == 0) return PDLT_OK;
  pdlt_status status = PDLT_OK;
  pdlt_figure_page page = {0};
  panel_data p = {0};
  slope_list list = {0};
  double *storage = NULL;
  size_t n = c->num_widths;
  PDLT_TRY(pdlt_alloc(&storage, 6 * n, sizeof *storage, err));
  p.y = storage;
  p.lo = storage + n;
  p.hi = storage + 2 * n;
  p.floor = storage + 3 * n;
  p.hollow = storage + 4 * n;
  p.reference = storage + 5 * n;
  PDLT_TRY(pdlt_figure_page_open(&page, count, err));
  list.text = page.text;
  write_caption(page.text, c->channels ? pdlt_comparison_size(c) : "hidden width");
  int half = 0;
  for (size_t k = 0; k < count; k++) half |= pdlt_comparison_power(c, names[k]) < 1;
  fprintf(page.text, "%s. Fitted slopes: ", half ? HALVES : "");
  for (size_t k = 0; k < count; k++)
    PDLT_TRY(fill_panel(pdlt_plot_panel(page.plot, k), c, names[k], &p, &list, err));
  if (list.missing > 0)
    fprintf(page.text, "%sno slope%s, where fewer than two widths stand clear of the noise",
            list.written > 0 ? "; " : "", list.written > 0 ? " of the others" : "");
  fputs(".", page.text);
  PDLT_TRY(pdlt_figure_page_emit(job, &page, "width_scaling", "Distance from theory against width",
                                 err));
cleanup:
  pdlt_free(storage);
  pdlt_figure_page_close(&page);
  return status;
}
