/* page.c - the page: where panels and the legend go.
 *
 * One panel: the legend goes inside, where there is no data, else below. Several panels:
 * one legend for all of them below. */
#include "compare/plot/internal.h"

static const double LEFT = 54, RIGHT = 14, TOP = 22, BOTTOM = 36, LEGEND_GAP = 4, EDGE = 4;
static const double HEAT_LEFT = 34, HEAT_RIGHT = 48;

static int has_heat(const pdlt_plot *plot) {
  for (size_t k = 0; k < plot->rows * plot->columns; k++)
    if (plot->panels[k].heat) return 1;
  return 0;
}

/* Cell of the grid with the room for its labels. */
static pdlt_box grid_cell(const pdlt_plot *plot) {
  int heat = has_heat(plot);
  pdlt_box cell = {heat ? HEAT_LEFT : LEFT, TOP, plot->panel_width, plot->panel_height};
  cell.width += cell.x + (heat ? HEAT_RIGHT : RIGHT);
  cell.height += TOP + BOTTOM;
  return cell;
}

static void make_scales(const pdlt_panel *panel, pdlt_box box, pdlt_scale *sx, pdlt_scale *sy) {
  *sx = (pdlt_scale){panel->x.kind, panel->x.threshold, 0, 1, box.x, box.x + box.width};
  *sy = (pdlt_scale){panel->y.kind, panel->y.threshold, 0, 1, box.y + box.height, box.y};
  pdlt_panel_range(panel, 0, &sx->lo, &sx->hi);
  pdlt_panel_range(panel, 1, &sy->lo, &sy->hi);
}

typedef struct page {
  double width, height;
  pdlt_legend legend;
  double legend_x, legend_y;
  int legend_inside;
} page;

static pdlt_box panel_box(const pdlt_plot *plot, size_t k) {
  pdlt_box cell = grid_cell(plot);
  const size_t line = k / plot->columns;
  double column = (double)(k % plot->columns), row = (double)line;
  return (pdlt_box){EDGE + column * cell.width + cell.x, EDGE + row * cell.height + cell.y,
                    plot->panel_width, plot->panel_height};
}

static void layout_page(const pdlt_plot *plot, cairo_t *cr, page *out) {
  pdlt_box cell = grid_cell(plot);
  *out = (page){.width = (double)plot->columns * cell.width + 2 * EDGE,
                .height = (double)plot->rows * cell.height + 2 * EDGE};
  pdlt_legend_collect(&out->legend, plot);
  if (out->legend.count == 0) return;
  if (plot->rows * plot->columns == 1) {
    pdlt_scale sx, sy;
    pdlt_box box = panel_box(plot, 0);
    make_scales(plot->panels, box, &sx, &sy);
    pdlt_legend_layout(&out->legend, cr, 0);
    out->legend_inside = pdlt_legend_place(&out->legend, plot->panels, box, &sx, &sy,
                                           &out->legend_x, &out->legend_y);
    if (out->legend_inside) return;
  }
  pdlt_legend_layout(&out->legend, cr, out->width - 2 * EDGE);
  out->legend_x = (out->width - out->legend.width) / 2;
  out->legend_y = out->height + LEGEND_GAP - EDGE;
  out->height += out->legend.height + LEGEND_GAP;
}

static cairo_t *scratch_context(void) {
  cairo_surface_t *surface = cairo_recording_surface_create(CAIRO_CONTENT_COLOR_ALPHA, NULL);
  cairo_t *cr = cairo_create(surface);
  cairo_surface_destroy(surface);
  return cr;
}

void pdlt_page_size(pdlt_plot *plot, double *width, double *height) {
  page p;
  cairo_t *cr = scratch_context();
  layout_page(plot, cr, &p);
  cairo_destroy(cr);
  *width = ceil(p.width);
  *height = ceil(p.height);
}

/* Size at which the title stays beside those of its neighbours. */
static double title_size(const pdlt_panel *panel, cairo_t *cr, pdlt_box box) {
  const double usual = 9.5, least = 5, most = box.width;
  double width = 0, height = 0;
  pdlt_text_size(cr, panel->title, usual, 0, &width, &height);
  return width > most ? fmax(usual * most / width, least) : usual;
}

static void draw_panel(const pdlt_panel *panel, cairo_t *cr, pdlt_box box) {
  pdlt_text_style title = {.align_x = 0.5, .align_y = 1, .color = {0.1, 0.1, 0.1}};
  title.size = title_size(panel, cr, box);
  pdlt_text_draw(cr, panel->title, box.x + box.width / 2, box.y - 4, &title);
  if (panel->heat) {
    pdlt_draw_heat(cr, panel, box);
    return;
  }
  pdlt_scale sx, sy;
  make_scales(panel, box, &sx, &sy);
  for (size_t i = 0; i < panel->num_series; i++)
    pdlt_draw_series(cr, &panel->series[i], box, &sx, &sy);
  pdlt_draw_axes(cr, panel, box, &sx, &sy);
}

void pdlt_page_draw(pdlt_plot *plot, cairo_t *cr) {
  page p;
  layout_page(plot, cr, &p);
  cairo_set_source_rgb(cr, 1, 1, 1);
  cairo_paint(cr);
  for (size_t k = 0; k < plot->rows * plot->columns; k++)
    if (plot->panels[k].in_use) draw_panel(&plot->panels[k], cr, panel_box(plot, k));
  if (p.legend.count) pdlt_legend_draw(&p.legend, cr, p.legend_x, p.legend_y, p.legend_inside);
}
