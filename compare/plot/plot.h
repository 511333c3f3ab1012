/* plot.h - publication figures: axes, ticks, series, panels; one drawing, three files.
 *
 * Is: a small retained model (a grid of panels with copied series) that cairo and
 * pango draw to PNG, SVG and PDF. Labels are pango markup; write symbols as <i>n</i>,
 * exponents as 10<sup>-3</sup> with U+2212 for the minus.
 * Is not: aware of experiments or archives (figure.h).
 *
 * Lengths are in points (1/72 inch). The same plot gives the same bytes, run after run.
 * Values that cannot be drawn (NaN, infinite, not positive on a log axis) are left out. */
#ifndef PDLT_COMPARE_PLOT_PLOT_H
#define PDLT_COMPARE_PLOT_PLOT_H

#include <stddef.h>

#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pdlt_axis_kind {
  PDLT_AXIS_LINEAR,
  PDLT_AXIS_LOG,
  PDLT_AXIS_LOG1P /* sign(x) log(1 + |x|/threshold): logarithmic, and 0 has a place */
} pdlt_axis_kind;

enum { PDLT_TICKS_MAX = 24, PDLT_TICK_LABEL = 48, PDLT_MINOR_TICKS_MAX = 160 };

/* Major ticks with labels (pango markup) and minor ticks without. */
typedef struct pdlt_ticks {
  size_t count;
  double at[PDLT_TICKS_MAX];
  char label[PDLT_TICKS_MAX][PDLT_TICK_LABEL];
  size_t minor_count;
  double minor[PDLT_MINOR_TICKS_MAX];
  int exponent; /* labels are values / 10^exponent (linear axes) */
} pdlt_ticks;

/* Ticks within [lo, hi], lo < hi, both finite (positive for PDLT_AXIS_LOG): 3 to 9 of
 * them, increasing, at 1, 2, 5 times powers of ten or at whole powers of ten. A log
 * range too narrow for that gets linear ticks. Always fills *out. */
void pdlt_ticks_make(pdlt_ticks *out, pdlt_axis_kind kind, double lo, double hi, double threshold);

typedef struct pdlt_axis {
  pdlt_axis_kind kind;
  char label[160];
  double lo, hi;    /* range; NaN: from the data */
  double threshold; /* of LOG1P; must be positive there */
  size_t num_at;    /* 0: ticks from pdlt_ticks_make; else these, labelled in plain digits */
  double at[PDLT_TICKS_MAX];
  int hide_labels; /* 1: ticks without numbers */
} pdlt_axis;

/* Okabe and Ito's colours, distinct for all common kinds of colour vision. */
typedef enum pdlt_color {
  PDLT_BLACK,
  PDLT_BLUE,
  PDLT_VERMILION,
  PDLT_GREEN,
  PDLT_ORANGE,
  PDLT_SKY,
  PDLT_PURPLE,
  PDLT_YELLOW,
  PDLT_GREY,
  PDLT_COLOR_COUNT
} pdlt_color;

typedef enum pdlt_mark {
  PDLT_MARK_CIRCLE,
  PDLT_MARK_SQUARE,
  PDLT_MARK_TRIANGLE,
  PDLT_MARK_DIAMOND
} pdlt_mark;

typedef enum pdlt_series_kind {
  PDLT_SERIES_LINE,  /* x, y */
  PDLT_SERIES_MARKS, /* x, y with bars from lo to hi (NULL: none; NaN: none at that point) */
  PDLT_SERIES_BAND   /* x between lo and hi; y unused */
} pdlt_series_kind;

/* What to draw; arrays (n) are copied by pdlt_panel_add. */
typedef struct pdlt_series {
  pdlt_series_kind kind;
  size_t n;
  const double *x, *y, *lo, *hi;
  pdlt_color color;
  double alpha; /* 0 is read as 1 */
  double width; /* line width; 0 is read as 1.3 */
  int dashed;   /* lines: 0 solid, 1 dashed, 2 dotted */
  pdlt_mark mark;
  int hollow;        /* marks: 1 outline only */
  int ignore_range;  /* 1: does not stretch the axes */
  const char *label; /* legend entry (markup) or NULL */
  const char *name;  /* of the curve among the plot's data (plain); NULL: the label */
} pdlt_series;

typedef enum pdlt_colormap { PDLT_MAP_SEQUENTIAL, PDLT_MAP_DIVERGING } pdlt_colormap;

typedef struct pdlt_plot pdlt_plot;
typedef struct pdlt_panel pdlt_panel;

/* For a program, once, before any plot: what Pango, cairo and GLib say on stderr is not said; what it
 * means for a plot is an error of the plot, in any case. And the first plot reads fontconfig's rules, twice:
 * without memory fontconfig goes on with less of them, which only the other reading can tell. */
void pdlt_text_keep_lines(void);

/* A grid of rows x columns panels, each about panel_width x panel_height without its
 * labels. Owned by the caller (pdlt_plot_free). Errors: PDLT_ERR_MEMORY,
 * PDLT_ERR_INTERNAL (no panel, sizes not positive). */
pdlt_status pdlt_plot_new(pdlt_plot **out, size_t rows, size_t columns, double panel_width,
                          double panel_height, pdlt_error *err);
void pdlt_plot_free(pdlt_plot *plot);

/* How the page is drawn. {0}: without a title, at its own size, in its own colours. */
enum { PDLT_PLOT_TITLE = 256, PDLT_PLOT_OWN_COLOR = 1 << 24 };
#define PDLT_PLOT_FONT_SIZE 9.5
typedef struct pdlt_plot_style {
  char title[PDLT_PLOT_TITLE]; /* above the panels, plain text, broken into lines */
  double font_size; /* of the labels of axes; all texts, lines and marks grow with it; 0: 9.5 */
  double width;     /* of the page: panels share it, fewer beside each other where they would
                                * be too narrow; 0: what the panels take */
  int grey;         /* 1: lines, marks and bands in greys */
  unsigned color[PDLT_COLOR_COUNT]; /* 0: its own; else OWN_COLOR + 0xrrggbb */
} pdlt_plot_style;

void pdlt_plot_set_style(pdlt_plot *plot, const pdlt_plot_style *style);

/* Panel k = row * columns + column, borrowed; NULL when k is outside. An untouched panel
 * stays blank. One that is to change after the plot was drawn is asked for again. */
pdlt_panel *pdlt_plot_panel(pdlt_plot *plot, size_t k);

/* Axes of the panel, to be set before writing; its title is markup, cut at the array's
 * length. */
pdlt_axis *pdlt_panel_x(pdlt_panel *panel);
pdlt_axis *pdlt_panel_y(pdlt_panel *panel);
void pdlt_panel_title(pdlt_panel *panel, const char *markup);

/* Adds a series, drawn in the order of adding. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_panel_add(pdlt_panel *panel, const pdlt_series *series, pdlt_error *err);

/* Makes the panel a heat map of values (rows, columns) with a colour bar, row 0 on top.
 * lo, hi: range of the colours, NaN: from the data (symmetric about 0 when diverging).
 * Columns and rows are numbered from 1, or by `at` of the axes where these have as many.
 * Non-finite cells are hatched grey. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_panel_heat(pdlt_panel *panel, size_t rows, size_t columns, const double *values,
                            pdlt_colormap map, double lo, double hi, pdlt_error *err);

/* Ends of the x or y axis in its units (logarithms on log axes), from its settings and the data, with
 * margins; always lo < hi, and wider than rounding. */
void pdlt_panel_range(const pdlt_panel *panel, int vertical, double *lo, double *hi);

/* The whole plot as SVG text or PDF in memory (*out: pdlt_free). Text of the SVG is text, in a font by its
 * name. The first of these drawings and of PNGs lays out all texts once more (fonts.c). Errors: PDLT_ERR_IO
 * when cairo fails, PDLT_ERR_MEMORY. */
pdlt_status pdlt_plot_svg(pdlt_plot *plot, char **out, size_t *size, pdlt_error *err);
pdlt_status pdlt_plot_pdf(pdlt_plot *plot, const char *title, char **out, size_t *size,
                          pdlt_error *err);

/* The numbers of the plot as CSV (*out: pdlt_free): one row for each point, panel by panel, in the order
 * of adding (docs/figures.md, "Data"). Points that no axis can show are left out. Errors:
 * PDLT_ERR_MEMORY. */
pdlt_status pdlt_plot_csv(const pdlt_plot *plot, char **out, size_t *size, pdlt_error *err);

/* Where a figure comes from, kept in the PNG's tEXt chunks; NULL entries are left out. */
typedef struct pdlt_provenance {
  const char *title, *hash, *commit, *seed;
} pdlt_provenance;

/* Draws at twice the nominal resolution (144 dpi) and writes path as PNG. Errors:
 * PDLT_ERR_IO, PDLT_ERR_MEMORY. */
pdlt_status pdlt_plot_write_png(pdlt_plot *plot, const pdlt_provenance *provenance,
                                const char *path, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
