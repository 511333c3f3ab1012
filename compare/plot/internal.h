/* internal.h - what the files of the plot toolkit share. Users include plot.h. */
#ifndef PDLT_COMPARE_PLOT_INTERNAL_H
#define PDLT_COMPARE_PLOT_INTERNAL_H

#include <cairo.h>
#include <glib.h>
#include <math.h>
#include <pango/pangocairo.h>

#include "base/file/stream.h"
#include "compare/plot/plot.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PDLT_PANEL_TITLE = 200, PDLT_SERIES_LABEL = 160, PDLT_SERIES_NAME = 96 };

/* A series with its own copies; storage backs x, y, lo, hi. */
typedef struct pdlt_plot_series {
  pdlt_series s;
  char label[PDLT_SERIES_LABEL], name[PDLT_SERIES_NAME];
  double *storage;
} pdlt_plot_series;

struct pdlt_panel {
  int in_use;
  char title[PDLT_PANEL_TITLE];
  pdlt_axis x, y;
  size_t num_series, capacity;
  pdlt_plot_series *series;
  size_t heat_rows, heat_columns;
  double *heat; /* (heat_rows, heat_columns) or NULL */
  pdlt_colormap map;
  double heat_lo, heat_hi;
};

struct pdlt_plot {
  unsigned long long fonts; /* pdlt_fonts_add of its first drawing; 0: not drawn */
  size_t rows, columns;
  double panel_width, panel_height;
  pdlt_panel *panels; /* (rows * columns) */
  pdlt_plot_style style;
};

typedef struct pdlt_rgb {
  double r, g, b;
} pdlt_rgb;

pdlt_rgb pdlt_color_rgb(const pdlt_plot_style *style, pdlt_color color);
pdlt_rgb pdlt_colormap_rgb(pdlt_colormap map, double t); /* t in [0, 1] */

/* An axis ready for drawing: value -> point. */
typedef struct pdlt_scale {
  pdlt_axis_kind kind;
  double threshold, lo, hi; /* lo, hi in axis units (transformed) */
  double from, to;          /* in points */
} pdlt_scale;

/* NaN for values that the axis cannot show. */
double pdlt_axis_transform(pdlt_axis_kind kind, double threshold, double value);
double pdlt_scale_at(const pdlt_scale *scale, double value);

/* What a context draws: the plot, and where the text of an SVG goes; NULL: text is drawn by cairo. */
typedef struct pdlt_drawing {
  const pdlt_plot *plot;
  FILE *text;
  unsigned long long *fonts; /* pdlt_fonts_add of all texts, or NULL */
} pdlt_drawing;

/* Lends the drawing to the context, which does not keep a failure of it; that of a context, or one of
 * nothing. */
cairo_status_t pdlt_drawing_begin(cairo_t *cr, pdlt_drawing *drawing);
const pdlt_drawing *pdlt_drawing_of(cairo_t *cr);

/* Text (markup) at (x, y); align: 0 left/top, 0.5 centre, 1 right/bottom. Bad markup is
 * drawn as plain text. angle in radians. */
typedef struct pdlt_text_style {
  double size;
  double align_x, align_y, angle;
  pdlt_rgb color;
  double wrap; /* width to wrap at, 0: never */
} pdlt_text_style;

/* Around the drawing of a page, its layout included. Pango, cairo and GLib tell of fonts that they cannot
 * open and of what they draw in place of them by a line on stderr only, and of memory that they did not get
 * for a text not at all: between begin and end both are noted. end gives back the fonts that pango keeps for
 * this thread. before: what begin returned. Errors: PDLT_ERR_MEMORY, PDLT_ERR_IO with the first line. */
GLogFunc pdlt_text_begin(void);
pdlt_status pdlt_text_end(GLogFunc before, pdlt_error *err);

void pdlt_text_size(cairo_t *cr, const char *markup, double size, double wrap, double *width,
                    double *height);
/* The usual size, or the smaller one, 5 at least, at which the text is at most `room` wide. */
double pdlt_text_fit(cairo_t *cr, const char *markup, double usual, double room);
void pdlt_text_draw(cairo_t *cr, const char *markup, double x, double y,
                    const pdlt_text_style *style);

/* Fonts (fonts.c). Where fonts come with the package (share/pdlt/fonts/fonts.conf; base/file/installed.h) these
 * alone are taken, so that the system needs none; else, in a program (pdlt_fonts_of_program), the system's.
 * Once: reads fontconfig's rules and fonts twice, and makes them those of the process if both choose the same
 * fonts for all letters. About 10 ms. Else, in a library, rules are those of the process. Any thread. Errors:
 * PDLT_ERR_MEMORY; PDLT_ERR_IO (there is no font). */
void pdlt_fonts_of_program(void);
pdlt_status pdlt_fonts_read(pdlt_error *err);
/* Fonts, glyphs and places of a layout, whatever it is drawn on: a sum (pdlt_hash_bytes) continued. */
unsigned long long pdlt_fonts_add(unsigned long long sum, PangoLayout *layout);

/* The layout as text elements of an SVG, where style and the context put it (svg_text.c). */
void pdlt_svg_text(FILE *out, cairo_t *cr, PangoLayout *layout, double x, double y,
                   const pdlt_text_style *style);
/* In an SVG of cairo, before its end: the elements with their font. Errors: PDLT_ERR_MEMORY,
 * PDLT_ERR_INTERNAL (no end). */
pdlt_status pdlt_svg_insert(char **svg, size_t *size, const char *elements, pdlt_error *err);
#define PDLT_TEXT_FONT "DejaVu Sans"

/* Frames, ticks and series (draw.c); legend (legend.c); heat map (heat.c). */
typedef struct pdlt_box {
  double x, y, width, height;
} pdlt_box;

void pdlt_draw_axes(cairo_t *cr, const pdlt_panel *panel, pdlt_box box, const pdlt_scale *sx,
                    const pdlt_scale *sy);
void pdlt_draw_series(cairo_t *cr, const pdlt_plot_series *series, pdlt_box box,
                      const pdlt_scale *sx, const pdlt_scale *sy);
void pdlt_draw_mark(cairo_t *cr, const pdlt_series *s, double x, double y);
void pdlt_draw_heat(cairo_t *cr, const pdlt_panel *panel, pdlt_box box);

/* Legend entries of all panels without repeats; size of the box for a given number of
 * columns. */
enum { PDLT_LEGEND_MAX = 24 };
typedef struct pdlt_legend {
  size_t count;
  const pdlt_plot_series *entry[PDLT_LEGEND_MAX];
  size_t columns;
  double column_width, row_height, width, height;
  double wrap; /* width at which entries break, 0: never */
} pdlt_legend;

void pdlt_legend_collect(pdlt_legend *legend, const pdlt_plot *plot);
void pdlt_legend_layout(pdlt_legend *legend, cairo_t *cr, double max_width);
void pdlt_legend_draw(const pdlt_legend *legend, cairo_t *cr, double x, double y, int framed);

/* Looks for a place inside box free of data; 1 and its corner when there is one. */
int pdlt_legend_place(const pdlt_legend *legend, const pdlt_panel *panel, pdlt_box box,
                      const pdlt_scale *sx, const pdlt_scale *sy, double *x, double *y);

/* Size of the whole page, and the drawing of it (page.c). */
void pdlt_page_size(pdlt_plot *plot, double *width, double *height);
void pdlt_page_draw(pdlt_plot *plot, cairo_t *cr);

#ifdef __cplusplus
}
#endif
#endif
