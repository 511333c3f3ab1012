/* draw.c - one panel: frame, ticks, series.
 *
 * Is not: the page around it (page.c), the legend, heat maps. */
#include <stdio.h>
#include <string.h>

#include "compare/plot/internal.h"
#include "compare/text/number.h"

static const double TICK_LENGTH = 4, MINOR_LENGTH = 2.2, TICK_SIZE = 8;
static const double LABEL_SIZE = PDLT_PLOT_FONT_SIZE, LABEL_REACH = 56; /* beyond the panel */
static const pdlt_rgb INK = {0.15, 0.15, 0.15};

static void set_rgb(cairo_t *cr, pdlt_rgb c, double alpha) {
  if (alpha >= 1)
    cairo_set_source_rgb(cr, c.r, c.g, c.b);
  else
    cairo_set_source_rgba(cr, c.r, c.g, c.b, alpha);
}

/* Segments are gathered in one path and stroked together: files stay small. */
static void add_segment(cairo_t *cr, double x0, double y0, double x1, double y1) {
  cairo_move_to(cr, x0, y0);
  cairo_line_to(cr, x1, y1);
}

/* A tick inside the frame on both sides. */
static void add_tick(cairo_t *cr, pdlt_box box, int vertical, double at, double length) {
  double right = box.x + box.width, bottom = box.y + box.height;
  if (vertical) {
    add_segment(cr, box.x, at, box.x + length, at);
    add_segment(cr, right, at, right - length, at);
  } else {
    add_segment(cr, at, bottom, at, bottom - length);
    add_segment(cr, at, box.y, at, box.y + length);
  }
}

/* Ticks of the axis: its own list, or made from the range. */
static void collect_ticks(pdlt_ticks *ticks, const pdlt_axis *axis, const pdlt_scale *scale) {
  double lo = scale->lo, hi = scale->hi;
  if (axis->kind == PDLT_AXIS_LOG) lo = pow(10, lo), hi = pow(10, hi);
  if (axis->kind == PDLT_AXIS_LOG1P) {
    lo = copysign(expm1(fabs(lo)), lo) * axis->threshold;
    hi = copysign(expm1(fabs(hi)), hi) * axis->threshold;
  }
  if (axis->num_at == 0) {
    pdlt_ticks_make(ticks, axis->kind, lo, hi, axis->threshold);
    return;
  }
  memset(ticks, 0, sizeof *ticks);
  for (size_t i = 0; i < axis->num_at && i < PDLT_TICKS_MAX; i++) {
    if (axis->at[i] < lo || axis->at[i] > hi) continue;
    ticks->at[ticks->count] = axis->at[i];
    pdlt_plot_number(ticks->label[ticks->count++], PDLT_TICK_LABEL, axis->at[i], 4);
  }
}

/* Tick numbers; one that would touch its neighbour is left out. Returns the width (y) or
 * height (x) that they take. */
static double draw_tick_labels(cairo_t *cr, pdlt_box box, int vertical, const pdlt_ticks *ticks,
                               const pdlt_scale *scale) {
  pdlt_text_style style = {.size = TICK_SIZE, .color = INK};
  double taken = 0, free_from = -1e9;
  style.align_x = vertical ? 1 : 0.5;
  style.align_y = vertical ? 0.5 : 0;
  for (size_t i = 0; i < ticks->count; i++) {
    double at = pdlt_scale_at(scale, ticks->at[i]), width, height;
    pdlt_text_size(cr, ticks->label[i], TICK_SIZE, 0, &width, &height);
    double half = vertical ? 0.42 * height : 0.5 * width + 2;
    double along = vertical ? box.y + box.height - at : at;
    if (along - half < free_from) continue;
    free_from = along + half;
    if (vertical)
      pdlt_text_draw(cr, ticks->label[i], box.x - 4, at, &style);
    else
      pdlt_text_draw(cr, ticks->label[i], at, box.y + box.height + 3, &style);
    taken = fmax(taken, vertical ? width + 4 : height + 3);
  }
  return taken;
}

/* The factor 10^k that the numbers of a linear axis were divided by, at its far end, beside the title. */
static void draw_exponent(cairo_t *cr, pdlt_box box, int vertical, int exponent) {
  if (exponent == 0) return;
  char text[64], power[48];
  pdlt_text_style style = {.size = TICK_SIZE, .color = INK};
  snprintf(power, sizeof power, "10<sup>%s%d</sup>", exponent < 0 ? "\xe2\x88\x92" : "",
           exponent < 0 ? -exponent : exponent);
  snprintf(text, sizeof text, "\xc3\x97%s", power);
  style.align_y = vertical ? 1 : 0;
  style.align_x = 1;
  if (vertical)
    pdlt_text_draw(cr, text, box.x - 4, box.y - 4, &style);
  else
    pdlt_text_draw(cr, text, box.x + box.width, box.y + box.height + 14, &style);
}

static void draw_axis(cairo_t *cr, const pdlt_axis *axis, pdlt_box box, int vertical,
                      const pdlt_scale *scale) {
  pdlt_ticks ticks;
  collect_ticks(&ticks, axis, scale);
  set_rgb(cr, INK, 1);
  cairo_set_line_width(cr, 0.7);
  for (size_t i = 0; i < ticks.count; i++)
    add_tick(cr, box, vertical, pdlt_scale_at(scale, ticks.at[i]), TICK_LENGTH);
  cairo_stroke(cr);
  cairo_set_line_width(cr, 0.5);
  for (size_t i = 0; i < ticks.minor_count; i++)
    add_tick(cr, box, vertical, pdlt_scale_at(scale, ticks.minor[i]), MINOR_LENGTH);
  cairo_stroke(cr);
  double taken = 4;
  if (!axis->hide_labels) {
    taken = draw_tick_labels(cr, box, vertical, &ticks, scale);
    draw_exponent(cr, box, vertical, ticks.exponent);
  }
  pdlt_text_style style = {.align_x = 0.5, .color = INK};
  style.size = pdlt_text_fit(cr, axis->label, LABEL_SIZE,
                             vertical ? box.height + LABEL_REACH : box.width + LABEL_REACH);
  if (vertical) {
    style.angle = -acos(-1.0) / 2;
    style.align_y = 1;
    pdlt_text_draw(cr, axis->label, box.x - taken - 4, box.y + box.height / 2, &style);
  } else {
    pdlt_text_draw(cr, axis->label, box.x + box.width / 2, box.y + box.height + taken + 2, &style);
  }
}

void pdlt_draw_axes(cairo_t *cr, const pdlt_panel *panel, pdlt_box box, const pdlt_scale *sx,
                    const pdlt_scale *sy) {
  draw_axis(cr, &panel->x, box, 0, sx);
  draw_axis(cr, &panel->y, box, 1, sy);
  set_rgb(cr, INK, 1);
  cairo_set_line_width(cr, 0.8);
  cairo_rectangle(cr, box.x, box.y, box.width, box.height);
  cairo_stroke(cr);
}

static pdlt_rgb color_of(cairo_t *cr, const pdlt_series *s) {
  return pdlt_color_rgb(&pdlt_drawing_of(cr)->plot->style, s->color);
}

static void set_dash(cairo_t *cr, int dashed, double width) {
  const double dash[] = {4.5 * width, 2.5 * width}, dots[] = {1.0 * width, 1.8 * width};
  if (dashed == 0) cairo_set_dash(cr, NULL, 0, 0);
  if (dashed == 1) cairo_set_dash(cr, dash, 2, 0);
  if (dashed == 2) cairo_set_dash(cr, dots, 2, 0);
}

/* Keeps a coordinate near the box: cairo's fixed-point path overflows far outside. */
static double near_box(double value, double from, double length) {
  return fmin(fmax(value, from - 4 * length), from + 5 * length);
}

static void draw_line(cairo_t *cr, const pdlt_series *s, pdlt_box box, const pdlt_scale *sx,
                      const pdlt_scale *sy) {
  int pen_down = 0;
  set_rgb(cr, color_of(cr, s), s->alpha);
  cairo_set_line_width(cr, s->width);
  cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
  set_dash(cr, s->dashed, s->width);
  for (size_t i = 0; i < s->n; i++) {
    double x = pdlt_scale_at(sx, s->x[i]), y = pdlt_scale_at(sy, s->y[i]);
    if (isnan(x) || isnan(y)) {
      pen_down = 0;
      continue;
    }
    x = near_box(x, box.x, box.width);
    y = near_box(y, box.y, box.height);
    if (pen_down)
      cairo_line_to(cr, x, y);
    else
      cairo_move_to(cr, x, y);
    pen_down = 1;
  }
  cairo_stroke(cr);
  set_dash(cr, 0, 1);
}

/* Filled between lo and hi, one quadrilateral chain per run of drawable points; an edge
 * that a log axis cannot show lies on the axis. */
static void draw_band(cairo_t *cr, const pdlt_series *s, pdlt_box box, const pdlt_scale *sx,
                      const pdlt_scale *sy) {
  double floor_y = box.y + box.height;
  set_rgb(cr, color_of(cr, s), s->alpha);
  size_t start = 0;
  while (start < s->n) {
    size_t end = start;
    while (end < s->n && !isnan(pdlt_scale_at(sx, s->x[end])) &&
           !isnan(pdlt_scale_at(sy, s->hi[end])))
      end++;
    for (size_t i = start; i < end; i++)
      cairo_line_to(cr, near_box(pdlt_scale_at(sx, s->x[i]), box.x, box.width),
                    near_box(pdlt_scale_at(sy, s->hi[i]), box.y, box.height));
    for (size_t i = end; i-- > start;) {
      double y = pdlt_scale_at(sy, s->lo[i]);
      cairo_line_to(cr, near_box(pdlt_scale_at(sx, s->x[i]), box.x, box.width),
                    isnan(y) ? floor_y : near_box(y, box.y, box.height));
    }
    cairo_close_path(cr);
    cairo_fill(cr);
    start = end + 1;
  }
}

static void mark_path(cairo_t *cr, pdlt_mark mark, double x, double y) {
  const double r = 2.7;
  cairo_new_sub_path(cr);
  switch (mark) {
    case PDLT_MARK_SQUARE:
      cairo_rectangle(cr, x - 0.88 * r, y - 0.88 * r, 1.76 * r, 1.76 * r);
      break;
    case PDLT_MARK_TRIANGLE:
      cairo_move_to(cr, x, y - 1.2 * r);
      cairo_line_to(cr, x + 1.1 * r, y + 0.8 * r);
      cairo_line_to(cr, x - 1.1 * r, y + 0.8 * r);
      cairo_close_path(cr);
      break;
    case PDLT_MARK_DIAMOND:
      cairo_move_to(cr, x, y - 1.3 * r);
      cairo_line_to(cr, x + 1.1 * r, y);
      cairo_line_to(cr, x, y + 1.3 * r);
      cairo_line_to(cr, x - 1.1 * r, y);
      cairo_close_path(cr);
      break;
    case PDLT_MARK_CIRCLE:
    default:
      cairo_arc(cr, x, y, r, 0, 2 * acos(-1.0));
      cairo_close_path(cr);
  }
}

/* Fills and strokes the marks of the path. */
static void paint_marks(cairo_t *cr, const pdlt_series *s) {
  pdlt_rgb color = color_of(cr, s);
  cairo_set_line_width(cr, 1);
  if (s->hollow)
    set_rgb(cr, (pdlt_rgb){1, 1, 1}, 1);
  else
    set_rgb(cr, color, s->alpha);
  cairo_fill_preserve(cr);
  set_rgb(cr, color, s->alpha);
  cairo_stroke(cr);
}

void pdlt_draw_mark(cairo_t *cr, const pdlt_series *s, double x, double y) {
  mark_path(cr, s->mark, x, y);
  paint_marks(cr, s);
}

/* Adds the error bar at x; an end that a log axis cannot show (not positive) runs off the bottom
 * without a cap. */
static void add_bar(cairo_t *cr, const pdlt_series *s, size_t i, double x, pdlt_box box,
                    const pdlt_scale *sy) {
  const double cap = 1.8;
  if (!s->lo || !s->hi || isnan(s->lo[i]) || isnan(s->hi[i])) return;
  double top = pdlt_scale_at(sy, s->hi[i]), bottom = pdlt_scale_at(sy, s->lo[i]);
  if (isnan(top)) return;
  int open = isnan(bottom);
  if (open) bottom = box.y + box.height;
  top = near_box(top, box.y, box.height);
  bottom = near_box(bottom, box.y, box.height);
  add_segment(cr, x, top, x, bottom);
  if (fabs(bottom - top) < 3) return;
  add_segment(cr, x - cap, top, x + cap, top);
  if (!open) add_segment(cr, x - cap, bottom, x + cap, bottom);
}

/* Point i on the page; 0 when the axes cannot show it. */
static int place_point(const pdlt_series *s, size_t i, pdlt_box box, const pdlt_scale *sx,
                       const pdlt_scale *sy, double *x, double *y) {
  *x = pdlt_scale_at(sx, s->x[i]);
  *y = pdlt_scale_at(sy, s->y[i]);
  if (isnan(*x) || isnan(*y)) return 0;
  *x = near_box(*x, box.x, box.width);
  *y = near_box(*y, box.y, box.height);
  return 1;
}

/* All bars in one path, then all marks in one; open marks one by one, so that the upper
 * of two hides the lower. */
static void draw_marks(cairo_t *cr, const pdlt_series *s, pdlt_box box, const pdlt_scale *sx,
                       const pdlt_scale *sy) {
  double x, y;
  for (size_t i = 0; i < s->n; i++)
    if (place_point(s, i, box, sx, sy, &x, &y)) add_bar(cr, s, i, x, box, sy);
  set_rgb(cr, color_of(cr, s), s->alpha);
  cairo_set_line_width(cr, 1);
  cairo_stroke(cr);
  for (size_t i = 0; i < s->n; i++) {
    if (!place_point(s, i, box, sx, sy, &x, &y)) continue;
    mark_path(cr, s->mark, x, y);
    if (s->hollow) paint_marks(cr, s);
  }
  if (!s->hollow) paint_marks(cr, s);
}

void pdlt_draw_series(cairo_t *cr, const pdlt_plot_series *series, pdlt_box box,
                      const pdlt_scale *sx, const pdlt_scale *sy) {
  const pdlt_series *s = &series->s;
  cairo_save(cr);
  cairo_rectangle(cr, box.x, box.y, box.width, box.height);
  cairo_clip(cr);
  if (s->kind == PDLT_SERIES_LINE) draw_line(cr, s, box, sx, sy);
  if (s->kind == PDLT_SERIES_MARKS) draw_marks(cr, s, box, sx, sy);
  if (s->kind == PDLT_SERIES_BAND) draw_band(cr, s, box, sx, sy);
  cairo_restore(cr);
}
