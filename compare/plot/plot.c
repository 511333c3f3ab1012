/* plot.c - the model behind a plot: panels, copied series, axis ranges, colours.
 *
 * Is not: drawing (draw.c, page.c) or files (write.c). */
#include "compare/plot/plot.h"

#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "compare/plot/internal.h"

/* Beyond these an axis range could overflow. */
static const double HUGE_VALUE = 1e290, TINY_VALUE = 1e-290;

pdlt_rgb pdlt_color_rgb(const pdlt_plot_style *style, pdlt_color color) {
  static const pdlt_rgb table[PDLT_COLOR_COUNT] = {
      [PDLT_BLACK] = {0.10, 0.10, 0.10},     [PDLT_BLUE] = {0, 0.447, 0.698},
      [PDLT_VERMILION] = {0.835, 0.369, 0},  [PDLT_GREEN] = {0, 0.620, 0.451},
      [PDLT_ORANGE] = {0.902, 0.624, 0},     [PDLT_SKY] = {0.337, 0.706, 0.914},
      [PDLT_PURPLE] = {0.800, 0.475, 0.655}, [PDLT_YELLOW] = {0.85, 0.78, 0.16},
      [PDLT_GREY] = {0.55, 0.55, 0.55}};
  static const double greys[PDLT_COLOR_COUNT] = {
      [PDLT_BLACK] = 0.05,  [PDLT_BLUE] = 0.25,  [PDLT_VERMILION] = 0.45,
      [PDLT_GREEN] = 0.35,  [PDLT_ORANGE] = 0.6, [PDLT_SKY] = 0.7,
      [PDLT_PURPLE] = 0.52, [PDLT_YELLOW] = 0.8, [PDLT_GREY] = 0.65};
  const pdlt_color known = color < PDLT_COLOR_COUNT ? color : PDLT_BLACK;
  const unsigned own = style->color[known];
  if (own != 0)
    return (pdlt_rgb){(own >> 16 & 255U) / 255.0, (own >> 8 & 255U) / 255.0, (own & 255U) / 255.0};
  return style->grey ? (pdlt_rgb){greys[known], greys[known], greys[known]} : table[known];
}

pdlt_rgb pdlt_colormap_rgb(pdlt_colormap map, double t) {
  /* sequential: viridis; diverging: blue - white - vermilion, equally dark at both ends */
  static const pdlt_rgb viridis[] = {
      {0.267, 0.005, 0.329}, {0.283, 0.141, 0.458}, {0.254, 0.265, 0.530}, {0.207, 0.372, 0.553},
      {0.164, 0.471, 0.558}, {0.128, 0.567, 0.551}, {0.135, 0.659, 0.518}, {0.267, 0.749, 0.441},
      {0.478, 0.821, 0.318}, {0.741, 0.873, 0.150}, {0.993, 0.906, 0.144}};
  static const pdlt_rgb diverging[] = {{0.02, 0.27, 0.52}, {0.36, 0.61, 0.80}, {0.78, 0.88, 0.94},
                                       {0.98, 0.98, 0.97}, {0.98, 0.85, 0.74}, {0.90, 0.52, 0.30},
                                       {0.62, 0.22, 0.03}};
  const pdlt_rgb *table = map == PDLT_MAP_DIVERGING ? diverging : viridis;
  size_t n = map == PDLT_MAP_DIVERGING ? sizeof diverging / sizeof *diverging
                                       : sizeof viridis / sizeof *viridis;
  double at = fmin(fmax(t, 0), 1) * (double)(n - 1);
  size_t k = at >= (double)(n - 1) ? n - 2 : (size_t)at;
  double f = at - (double)k;
  pdlt_rgb a = table[k], b = table[k + 1];
  return (pdlt_rgb){a.r + f * (b.r - a.r), a.g + f * (b.g - a.g), a.b + f * (b.b - a.b)};
}

pdlt_status pdlt_plot_new(pdlt_plot **out, size_t rows, size_t columns, double panel_width,
                          double panel_height, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  pdlt_plot *plot = NULL;
  if (rows == 0 || columns == 0 || !(panel_width > 0) || !(panel_height > 0))
    return pdlt_fail(err, PDLT_ERR_INTERNAL, "plot: needs a panel of positive size");
  PDLT_TRY(pdlt_alloc(&plot, 1, sizeof *plot, err));
  PDLT_TRY(pdlt_alloc(&plot->panels, rows * columns, sizeof *plot->panels, err));
  plot->rows = rows;
  plot->columns = columns;
  plot->panel_width = panel_width;
  plot->panel_height = panel_height;
  for (size_t k = 0; k < rows * columns; k++) {
    pdlt_panel *panel = &plot->panels[k];
    panel->x.lo = panel->x.hi = panel->y.lo = panel->y.hi = NAN;
  }
  *out = plot;
  plot = NULL;
cleanup:
  pdlt_free(plot);
  return status;
}

void pdlt_plot_free(pdlt_plot *plot) {
  if (!plot) return;
  for (size_t k = 0; k < plot->rows * plot->columns; k++) {
    pdlt_panel *panel = &plot->panels[k];
    for (size_t i = 0; i < panel->num_series; i++) pdlt_free(panel->series[i].storage);
    pdlt_free(panel->series);
    pdlt_free(panel->heat);
  }
  pdlt_free(plot->panels);
  pdlt_free(plot);
}

void pdlt_plot_set_style(pdlt_plot *plot, const pdlt_plot_style *style) {
  plot->style = *style;
  plot->fonts = 0;
}

pdlt_panel *pdlt_plot_panel(pdlt_plot *plot, size_t k) {
  plot->fonts = 0;
  return k < plot->rows * plot->columns ? &plot->panels[k] : NULL;
}

pdlt_axis *pdlt_panel_x(pdlt_panel *panel) {
  panel->in_use = 1;
  return &panel->x;
}

pdlt_axis *pdlt_panel_y(pdlt_panel *panel) {
  panel->in_use = 1;
  return &panel->y;
}

void pdlt_panel_title(pdlt_panel *panel, const char *markup) {
  panel->in_use = 1;
  snprintf(panel->title, sizeof panel->title, "%s", markup);
}

/* Room for one more series. */
static pdlt_status reserve_series(pdlt_panel *panel, pdlt_error *err) {
  if (panel->num_series < panel->capacity) return PDLT_OK;
  size_t capacity = panel->capacity ? 2 * panel->capacity : 8;
  pdlt_plot_series *more = NULL;
  pdlt_status status = pdlt_alloc(&more, capacity, sizeof *more, err);
  if (status != PDLT_OK) return status;
  if (panel->num_series) memcpy(more, panel->series, panel->num_series * sizeof *more);
  pdlt_free(panel->series);
  panel->series = more;
  panel->capacity = capacity;
  return PDLT_OK;
}

/* Copies from (n), or NULL, into the next free slot. */
static const double *copy_array(double **slot, const double *from, size_t n) {
  if (!from) return NULL;
  double *to = *slot;
  if (n) memcpy(to, from, n * sizeof *to);
  *slot += n;
  return to;
}

pdlt_status pdlt_panel_add(pdlt_panel *panel, const pdlt_series *series, pdlt_error *err) {
  pdlt_plot_series copy = {.s = *series};
  pdlt_status status = reserve_series(panel, err);
  if (status != PDLT_OK) return status;
  status = pdlt_alloc(&copy.storage, 4 * series->n, sizeof(double), err);
  if (status != PDLT_OK) return status;
  double *slot = copy.storage;
  copy.s.x = copy_array(&slot, series->x, series->n);
  copy.s.y = copy_array(&slot, series->y, series->n);
  copy.s.lo = copy_array(&slot, series->lo, series->n);
  copy.s.hi = copy_array(&slot, series->hi, series->n);
  if (series->label) snprintf(copy.label, sizeof copy.label, "%s", series->label);
  if (series->name) snprintf(copy.name, sizeof copy.name, "%s", series->name);
  copy.s.label = copy.s.name = NULL; /* the copy's own texts are in label and name */
  if (copy.s.alpha == 0) copy.s.alpha = 1;
  if (copy.s.width == 0) copy.s.width = 1.3;
  panel->in_use = 1;
  panel->series[panel->num_series++] = copy;
  return PDLT_OK;
}

/* Whether two ends differ by rounding at most: an axis between them would show nothing else, and has no
 * room for ticks. */
static int is_constant(double lo, double hi) {
  return !(hi - lo > 1e-10 * fmax(fabs(lo), fabs(hi)));
}

pdlt_status pdlt_panel_heat(pdlt_panel *panel, size_t rows, size_t columns, const double *values,
                            pdlt_colormap map, double lo, double hi, pdlt_error *err) {
  double *copy = NULL;
  pdlt_status status = pdlt_alloc(&copy, rows * columns, sizeof *copy, err);
  if (status != PDLT_OK) return status;
  double least = INFINITY, most = -INFINITY;
  for (size_t i = 0; i < rows * columns; i++) {
    copy[i] = values[i];
    if (!isfinite(values[i]) || fabs(values[i]) > HUGE_VALUE) continue;
    least = fmin(least, values[i]);
    most = fmax(most, values[i]);
  }
  if (!(least <= most)) least = 0, most = 1;
  if (map == PDLT_MAP_DIVERGING) most = fmax(fabs(least), fabs(most)), least = -most;
  if (isfinite(lo)) least = lo;
  if (isfinite(hi)) most = hi;
  if (is_constant(least, most))
    least -= fmax(0.5 * fabs(least), 0.5), most = most + fmax(0.5 * fabs(most), 0.5);
  pdlt_free(panel->heat);
  panel->heat = copy;
  panel->heat_rows = rows;
  panel->heat_columns = columns;
  panel->map = map;
  panel->heat_lo = least;
  panel->heat_hi = most;
  panel->in_use = 1;
  return PDLT_OK;
}

double pdlt_axis_transform(pdlt_axis_kind kind, double threshold, double value) {
  if (!isfinite(value) || fabs(value) > HUGE_VALUE) return NAN;
  if (kind == PDLT_AXIS_LOG) return value > TINY_VALUE ? log10(value) : NAN;
  if (kind == PDLT_AXIS_LOG1P) return copysign(log1p(fabs(value) / threshold), value);
  return value;
}

double pdlt_scale_at(const pdlt_scale *scale, double value) {
  double u = pdlt_axis_transform(scale->kind, scale->threshold, value);
  return scale->from + (scale->to - scale->from) * (u - scale->lo) / (scale->hi - scale->lo);
}

/* Stretches [lo, hi] (transformed) by the n values that the axis can show. */
static void stretch(const pdlt_axis *axis, const double *value, size_t n, double *lo, double *hi) {
  for (size_t i = 0; value && i < n; i++) {
    double u = pdlt_axis_transform(axis->kind, axis->threshold, value[i]);
    if (isnan(u)) continue;
    *lo = fmin(*lo, u);
    *hi = fmax(*hi, u);
  }
}

void pdlt_panel_range(const pdlt_panel *panel, int vertical, double *lo, double *hi) {
  const pdlt_axis *axis = vertical ? &panel->y : &panel->x;
  double a = INFINITY, b = -INFINITY;
  for (size_t k = 0; k < panel->num_series; k++) {
    const pdlt_series *s = &panel->series[k].s;
    if (s->ignore_range) continue;
    stretch(axis, vertical ? s->y : s->x, s->n, &a, &b);
    /* a bar that reaches far below its mark on a log axis must not squeeze the data */
    if (vertical && (axis->kind != PDLT_AXIS_LOG || s->kind == PDLT_SERIES_BAND))
      stretch(axis, s->lo, s->n, &a, &b);
    if (vertical) stretch(axis, s->hi, s->n, &a, &b);
  }
  if (!(a <= b)) a = 0, b = 1;
  double margin = 0.05 * (b - a);
  if (is_constant(a, b))
    margin = axis->kind == PDLT_AXIS_LOG ? 0.5 : fmax(0.1 * fabs(a), a == 0 ? 0.5 : TINY_VALUE);
  a -= margin;
  b += margin;
  double fixed_lo = pdlt_axis_transform(axis->kind, axis->threshold, axis->lo);
  double fixed_hi = pdlt_axis_transform(axis->kind, axis->threshold, axis->hi);
  if (!isnan(fixed_lo)) a = fixed_lo;
  if (!isnan(fixed_hi)) b = fixed_hi;
  if (!(a < b) || (axis->kind != PDLT_AXIS_LOG && is_constant(a, b))) b = a + fmax(fabs(a), 1.0);
  *lo = a;
  *hi = b;
}
