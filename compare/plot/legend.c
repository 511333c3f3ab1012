/* legend.c - the legend: entries without repeats, and a place free of data. */
#include <string.h>

#include "compare/plot/internal.h"

static const double TEXT_SIZE = 8, KEY_WIDTH = 20, GAP = 6, PADDING = 5;

void pdlt_legend_collect(pdlt_legend *legend, const pdlt_plot *plot) {
  memset(legend, 0, sizeof *legend);
  for (size_t k = 0; k < plot->rows * plot->columns; k++) {
    const pdlt_panel *panel = &plot->panels[k];
    for (size_t i = 0; i < panel->num_series; i++) {
      const pdlt_plot_series *s = &panel->series[i];
      int known = 0;
      for (size_t j = 0; j < legend->count; j++)
        known |= strcmp(legend->entry[j]->label, s->label) == 0;
      if (s->label[0] && !known && legend->count < PDLT_LEGEND_MAX)
        legend->entry[legend->count++] = s;
    }
  }
}

void pdlt_legend_layout(pdlt_legend *legend, cairo_t *cr, double max_width) {
  legend->wrap = 0;
  double widest = 0, tallest = 0;
  for (int pass = 0; pass < 2; pass++) { /* again, broken, where one entry is wider than the page */
    widest = tallest = 0;
    for (size_t i = 0; i < legend->count; i++) {
      double width, height;
      pdlt_text_size(cr, legend->entry[i]->label, TEXT_SIZE, legend->wrap, &width, &height);
      widest = fmax(widest, width);
      tallest = fmax(tallest, height);
    }
    legend->column_width = KEY_WIDTH + GAP + widest + 2 * GAP;
    const double room = max_width - (KEY_WIDTH + GAP + 2 * PADDING);
    if (max_width <= 0 || widest <= room) break;
    legend->wrap = room;
  }
  legend->row_height = tallest + 2;
  size_t columns = 1;
  while (columns < legend->count &&
         (double)(columns + 1) * legend->column_width + 2 * PADDING - 2 * GAP <= max_width)
    columns++;
  if (legend->count == 0) return;
  size_t rows = (legend->count + columns - 1) / columns;
  legend->columns = (legend->count + rows - 1) / rows;
  legend->width = (double)legend->columns * legend->column_width + 2 * PADDING - 2 * GAP;
  legend->height = (double)rows * legend->row_height + 2 * PADDING;
}

static void draw_key(cairo_t *cr, const pdlt_plot_series *series, double x, double y) {
  const pdlt_series *s = &series->s;
  pdlt_box box = {x, y - 6, KEY_WIDTH, 12};
  pdlt_scale sx = {PDLT_AXIS_LINEAR, 1, 0, 1, x, x + KEY_WIDTH};
  pdlt_scale sy = {PDLT_AXIS_LINEAR, 1, 0, 1, y + 6, y - 6};
  double ends[2] = {0, 1}, middle[2] = {0.5, 0.5}, low[2] = {0.15, 0.15}, high[2] = {0.85, 0.85};
  pdlt_plot_series key = *series;
  key.s.n = 2;
  key.s.x = ends;
  key.s.y = middle;
  key.s.lo = low;
  key.s.hi = high;
  if (s->kind == PDLT_SERIES_MARKS) {
    key.s.n = 1;
    key.s.x = middle;
    key.s.lo = s->lo ? low : NULL;
  }
  pdlt_draw_series(cr, &key, box, &sx, &sy);
}

void pdlt_legend_draw(const pdlt_legend *legend, cairo_t *cr, double x, double y, int framed) {
  pdlt_text_style style = {
      .size = TEXT_SIZE, .align_y = 0.5, .color = {0.15, 0.15, 0.15}, .wrap = legend->wrap};
  if (framed) {
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_rectangle(cr, x, y, legend->width, legend->height);
    cairo_fill_preserve(cr);
    cairo_set_source_rgb(cr, 0.8, 0.8, 0.8);
    cairo_set_line_width(cr, 0.6);
    cairo_stroke(cr);
  }
  for (size_t i = 0; i < legend->count; i++) {
    size_t row = i / legend->columns, column = i % legend->columns;
    double kx = x + PADDING + (double)column * legend->column_width;
    double ky = y + PADDING + ((double)row + 0.5) * legend->row_height;
    draw_key(cr, legend->entry[i], kx, ky);
    pdlt_text_draw(cr, legend->entry[i]->label, kx + KEY_WIDTH + GAP, ky, &style);
  }
}

static int inside(pdlt_box b, double x, double y) {
  return x >= b.x && x <= b.x + b.width && y >= b.y && y <= b.y + b.height;
}

/* 1 when the straight line from (x0, y0) to (x1, y1) passes through the box (sampled more
 * finely than anything a reader would notice). */
static int crosses(pdlt_box b, double x0, double y0, double x1, double y1) {
  if (isnan(x0) || isnan(y0) || isnan(x1) || isnan(y1)) return 0;
  double length = fmin(hypot(x1 - x0, y1 - y0), 4000);
  int steps = (int)(length / 2) + 1;
  for (int i = 0; i <= steps; i++) {
    double f = (double)i / steps;
    if (inside(b, x0 + f * (x1 - x0), y0 + f * (y1 - y0))) return 1;
  }
  return 0;
}

static int covers_data(pdlt_box b, const pdlt_panel *panel, const pdlt_scale *sx,
                       const pdlt_scale *sy) {
  for (size_t k = 0; k < panel->num_series; k++) {
    const pdlt_series *s = &panel->series[k].s;
    const double *y = s->kind == PDLT_SERIES_BAND ? s->hi : s->y;
    for (size_t i = 0; i < s->n; i++) {
      double x0 = pdlt_scale_at(sx, s->x[i]), y0 = pdlt_scale_at(sy, y[i]);
      if (s->lo && s->hi) {
        double bottom = pdlt_scale_at(sy, s->lo[i]);
        if (isnan(bottom)) bottom = sy->from;
        if (crosses(b, x0, pdlt_scale_at(sy, s->hi[i]), x0, bottom)) return 1;
      }
      if (s->kind == PDLT_SERIES_MARKS && inside(b, x0, y0)) return 1;
      if (s->kind == PDLT_SERIES_MARKS || i + 1 == s->n) continue;
      double x1 = pdlt_scale_at(sx, s->x[i + 1]);
      if (crosses(b, x0, y0, x1, pdlt_scale_at(sy, y[i + 1]))) return 1;
    }
  }
  return 0;
}

int pdlt_legend_place(const pdlt_legend *legend, const pdlt_panel *panel, pdlt_box box,
                      const pdlt_scale *sx, const pdlt_scale *sy, double *x, double *y) {
  /* corners first, then the middle of the edges */
  static const double at[][2] = {{1, 0},   {0, 0},   {1, 1},   {0, 1},
                                 {0.5, 0}, {0.5, 1}, {1, 0.5}, {0, 0.5}};
  const double margin = 7;
  double room_x = box.width - legend->width - 2 * margin;
  double room_y = box.height - legend->height - 2 * margin;
  if (room_x < 0 || room_y < 0) return 0;
  for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
    pdlt_box b = {box.x + margin + at[i][0] * room_x - 3, box.y + margin + at[i][1] * room_y - 3,
                  legend->width + 6, legend->height + 6};
    if (covers_data(b, panel, sx, sy)) continue;
    *x = b.x + 3;
    *y = b.y + 3;
    return 1;
  }
  return 0;
}
