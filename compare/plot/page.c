/* page.c - the page: where panels, the title and the legend go.
 *
 * One panel: the legend goes inside, where there is no data, else below. Several panels:
 * one legend for all of them below. A page of given width has panels of another size, and as many
 * beside each other as have room. All lengths in here are before the scale of its letters. */
#include "compare/plot/internal.h"
#include "compare/text/markup.h"

static const double LEFT = 54, RIGHT = 14, TOP = 22, BOTTOM = 36, LEGEND_GAP = 4, EDGE = 4;
static const double HEAT_LEFT = 34, HEAT_RIGHT = 48, TITLE_SIZE = 10.5, TITLE_GAP = 4;
static const pdlt_rgb INK = {0.1, 0.1, 0.1};

static int has_heat(const pdlt_plot *plot) {
  for (size_t k = 0; k < plot->rows * plot->columns; k++)
    if (plot->panels[k].heat) return 1;
  return 0;
}

/* Points on the page for one point in here. */
static double scale_of(const pdlt_plot *plot) {
  return plot->style.font_size > 0 ? plot->style.font_size / PDLT_PLOT_FONT_SIZE : 1;
}

/* The panels: how many beside and below each other, their size, and what a cell has around them. */
typedef struct grid {
  size_t rows, columns;
  double width, height, left, right;
} grid;

/* Panels up to the last one in use. */
static size_t count_panels(const pdlt_plot *plot) {
  size_t count = plot->rows * plot->columns;
  while (count > 1 && !plot->panels[count - 1].in_use) count--;
  return count;
}

static grid make_grid(const pdlt_plot *plot) {
  const double narrowest = 0.55,
               least = 20; /* of the width that the panels were made for; points */
  const int heat = has_heat(plot);
  grid g = {.rows = plot->rows,
            .columns = plot->columns,
            .width = plot->panel_width,
            .height = plot->panel_height,
            .left = heat ? HEAT_LEFT : LEFT,
            .right = heat ? HEAT_RIGHT : RIGHT};
  if (plot->style.width <= 0) return g;
  const double room = plot->style.width / scale_of(plot) - 2 * EDGE;
  const double around = g.left + g.right, wanted = narrowest * plot->panel_width;
  while (g.columns > 1 && room / (double)g.columns - around < wanted) g.columns--;
  g.rows = (count_panels(plot) + g.columns - 1) / g.columns;
  g.width = fmax(room / (double)g.columns - around, least);
  g.height *= g.width / plot->panel_width;
  return g;
}

static void make_scales(const pdlt_panel *panel, pdlt_box box, pdlt_scale *sx, pdlt_scale *sy) {
  *sx = (pdlt_scale){panel->x.kind, panel->x.threshold, 0, 1, box.x, box.x + box.width};
  *sy = (pdlt_scale){panel->y.kind, panel->y.threshold, 0, 1, box.y + box.height, box.y};
  pdlt_panel_range(panel, 0, &sx->lo, &sx->hi);
  pdlt_panel_range(panel, 1, &sy->lo, &sy->hi);
}

typedef struct page {
  grid grid;
  double width, height, top; /* top: what the title takes */
  pdlt_legend legend;
  double legend_x, legend_y;
  int legend_inside;
  char title[6 * PDLT_PLOT_TITLE]; /* as markup */
} page;

static pdlt_box panel_box(const page *p, size_t k) {
  const grid *g = &p->grid;
  const size_t line = k / g->columns;
  const double column = (double)(k % g->columns), row = (double)line;
  return (pdlt_box){EDGE + column * (g->width + g->left + g->right) + g->left,
                    EDGE + p->top + row * (g->height + TOP + BOTTOM) + TOP, g->width, g->height};
}

static void layout_legend(const pdlt_plot *plot, cairo_t *cr, page *out) {
  pdlt_legend_collect(&out->legend, plot);
  if (out->legend.count == 0) return;
  if (plot->rows * plot->columns == 1) {
    pdlt_scale sx, sy;
    pdlt_box box = panel_box(out, 0);
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

static void layout_page(const pdlt_plot *plot, cairo_t *cr, page *out) {
  const grid g = make_grid(plot);
  double width = 0, height = 0;
  *out = (page){.grid = g,
                .width = (double)g.columns * (g.width + g.left + g.right) + 2 * EDGE,
                .height = (double)g.rows * (g.height + TOP + BOTTOM) + 2 * EDGE};
  if (plot->style.title[0] != 0) {
    pdlt_markup_escape(out->title, sizeof out->title, plot->style.title);
    pdlt_text_size(cr, out->title, TITLE_SIZE, out->width - 2 * EDGE, &width, &height);
    out->top = height + TITLE_GAP;
    out->height += out->top;
  }
  layout_legend(plot, cr, out);
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
  *width = plot->style.width > 0 ? plot->style.width : ceil(p.width * scale_of(plot));
  *height = ceil(p.height * scale_of(plot));
}

/* The panel's title at a size at which it stays beside those of its neighbours. */
static void draw_panel(const pdlt_panel *panel, cairo_t *cr, pdlt_box box) {
  pdlt_text_style title = {.align_x = 0.5, .align_y = 1, .color = INK};
  title.size = pdlt_text_fit(cr, panel->title, PDLT_PLOT_FONT_SIZE, box.width);
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
  if (scale_of(plot) != 1) cairo_scale(cr, scale_of(plot), scale_of(plot));
  const pdlt_text_style title = {
      .size = TITLE_SIZE, .align_x = 0.5, .color = INK, .wrap = p.width - 2 * EDGE};
  pdlt_text_draw(cr, p.title, p.width / 2, EDGE, &title);
  for (size_t k = 0; k < plot->rows * plot->columns; k++)
    if (plot->panels[k].in_use) draw_panel(&plot->panels[k], cr, panel_box(&p, k));
  if (p.legend.count) pdlt_legend_draw(&p.legend, cr, p.legend_x, p.legend_y, p.legend_inside);
}
