/* heat.c - heat maps: cells, colour bar, sample numbers. */
#include <stdio.h>

#include "compare/plot/internal.h"

static const double BAR_WIDTH = 8, BAR_GAP = 6, TEXT_SIZE = 8;
static const pdlt_rgb INK = {0.15, 0.15, 0.15};

/* Each cell reaches a little under its neighbours, so that no background shines through. */
static void fill_cell(cairo_t *cr, pdlt_rgb c, double x, double y, double w, double h) {
  cairo_set_source_rgb(cr, c.r, c.g, c.b);
  cairo_rectangle(cr, x, y, w + 1, h + 1);
  cairo_fill(cr);
}

static void draw_cells(cairo_t *cr, const pdlt_panel *panel, pdlt_box box) {
  double w = box.width / (double)panel->heat_columns, h = box.height / (double)panel->heat_rows;
  cairo_save(cr);
  cairo_rectangle(cr, box.x, box.y, box.width, box.height);
  cairo_clip(cr);
  for (size_t i = 0; i < panel->heat_rows; i++)
    for (size_t j = 0; j < panel->heat_columns; j++) {
      double x = box.x + (double)j * w, y = box.y + (double)i * h;
      double value = panel->heat[i * panel->heat_columns + j];
      double t = (value - panel->heat_lo) / (panel->heat_hi - panel->heat_lo);
      if (isfinite(t)) {
        fill_cell(cr, pdlt_colormap_rgb(panel->map, t), x, y, w, h);
        continue;
      }
      fill_cell(cr, (pdlt_rgb){0.88, 0.88, 0.88}, x, y, w, h);
      cairo_set_source_rgb(cr, 0.6, 0.6, 0.6);
      cairo_set_line_width(cr, 0.7);
      cairo_move_to(cr, x, y + h);
      cairo_line_to(cr, x + w, y);
      cairo_stroke(cr);
    }
  cairo_restore(cr);
}

static void draw_bar(cairo_t *cr, const pdlt_panel *panel, pdlt_box box) {
  double x = box.x + box.width + BAR_GAP;
  const int stops = 30; /* a multiple of the pieces of both maps, which are linear within */
  cairo_pattern_t *gradient = cairo_pattern_create_linear(0, box.y + box.height, 0, box.y);
  for (int i = 0; i <= stops; i++) {
    pdlt_rgb c = pdlt_colormap_rgb(panel->map, (double)i / stops);
    cairo_pattern_add_color_stop_rgb(gradient, (double)i / stops, c.r, c.g, c.b);
  }
  cairo_rectangle(cr, x, box.y, BAR_WIDTH, box.height);
  cairo_set_source(cr, gradient);
  cairo_fill(cr);
  cairo_pattern_destroy(gradient);
  cairo_set_source_rgb(cr, INK.r, INK.g, INK.b);
  cairo_set_line_width(cr, 0.6);
  cairo_rectangle(cr, x, box.y, BAR_WIDTH, box.height);
  cairo_stroke(cr);
  pdlt_ticks ticks;
  pdlt_scale scale = {PDLT_AXIS_LINEAR,   1,    panel->heat_lo, panel->heat_hi,
                      box.y + box.height, box.y};
  pdlt_text_style style = {.size = TEXT_SIZE - 1, .align_y = 0.5, .color = INK};
  pdlt_ticks_make(&ticks, PDLT_AXIS_LINEAR, panel->heat_lo, panel->heat_hi, 1);
  for (size_t i = 0; i < ticks.count; i++) {
    double y = pdlt_scale_at(&scale, ticks.at[i]);
    cairo_move_to(cr, x + BAR_WIDTH - 2.5, y);
    cairo_line_to(cr, x + BAR_WIDTH, y);
    cairo_stroke(cr);
    pdlt_text_draw(cr, ticks.label[i], x + BAR_WIDTH + 3, y, &style);
  }
  if (ticks.exponent == 0) return;
  char text[64];
  snprintf(text, sizeof text,
           "\xc3\x97"
           "10<sup>%s%d</sup>",
           ticks.exponent < 0 ? "\xe2\x88\x92" : "",
           ticks.exponent < 0 ? -ticks.exponent : ticks.exponent);
  style.align_y = 1;
  pdlt_text_draw(cr, text, x, box.y - 2, &style);
}

/* Numbers of cells along an edge, those of the axis, else 1..; every k-th when there are many. */
static void draw_numbers(cairo_t *cr, size_t count, const pdlt_axis *axis, pdlt_box box,
                         int vertical) {
  pdlt_text_style style = {.size = TEXT_SIZE - 0.5, .color = INK};
  style.align_x = vertical ? 1 : 0.5;
  style.align_y = vertical ? 0.5 : 0;
  size_t stride = (count + 9) / 10;
  if (axis->hide_labels) return;
  for (size_t i = 0; i < count; i += stride) {
    char text[32];
    double f = ((double)i + 0.5) / (double)count;
    snprintf(text, sizeof text, "%.0f", i < axis->num_at ? axis->at[i] : (double)(i + 1));
    if (vertical)
      pdlt_text_draw(cr, text, box.x - 3, box.y + f * box.height, &style);
    else
      pdlt_text_draw(cr, text, box.x + f * box.width, box.y + box.height + 2, &style);
  }
}

void pdlt_draw_heat(cairo_t *cr, const pdlt_panel *panel, pdlt_box box) {
  pdlt_text_style style = {.size = 9, .align_x = 0.5, .color = INK};
  draw_cells(cr, panel, box);
  cairo_set_source_rgb(cr, INK.r, INK.g, INK.b);
  cairo_set_line_width(cr, 0.8);
  cairo_rectangle(cr, box.x, box.y, box.width, box.height);
  cairo_stroke(cr);
  draw_numbers(cr, panel->heat_columns, &panel->x, box, 0);
  draw_numbers(cr, panel->heat_rows, &panel->y, box, 1);
  draw_bar(cr, panel, box);
  pdlt_text_draw(cr, panel->x.label, box.x + box.width / 2, box.y + box.height + 13, &style);
  style.angle = -acos(-1.0) / 2;
  style.align_y = 1;
  pdlt_text_draw(cr, panel->y.label, box.x - 16, box.y + box.height / 2, &style);
}
