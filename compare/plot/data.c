/* data.c - the numbers of a plot as CSV: whoever draws it anew needs nothing else.
 *
 * Is not: the numbers of a comparison (compare/verdict/write.c). */
#include <string.h>

#include "base/core/memory.h"
#include "compare/plot/internal.h"
#include "compare/text/markup.h"

/* A field in quotes, markup as plain text. */
static void write_field(FILE *out, const char *markup) {
  char plain[PDLT_PANEL_TITLE];
  pdlt_markup_plain(plain, sizeof plain, markup);
  fputc('"', out);
  for (const char *c = plain; *c; c++) {
    if (*c == '"') fputc('"', out);
    fputc(*c, out);
  }
  fputs("\",", out);
}

static void write_number(FILE *out, double value, char after) {
  if (isfinite(value)) fprintf(out, "%.17g", value);
  fputc(after, out);
}

/* What the rows of one curve have in common. */
static void write_head(FILE *out, size_t k, const pdlt_panel *panel, const char *curve) {
  fprintf(out, "%zu,", k + 1);
  write_field(out, panel->title);
  write_field(out, panel->x.label);
  write_field(out, panel->y.label);
  write_field(out, curve);
}

/* Its name, its label, or "line 3" by its place among the curves of the panel. */
static void name_curve(char *out, size_t size, const pdlt_panel *panel, size_t s) {
  static const char *const kinds[] = {"line", "marks", "band"};
  const pdlt_plot_series *series = &panel->series[s];
  if (series->name[0] != 0 || series->label[0] != 0)
    snprintf(out, size, "%s", series->name[0] != 0 ? series->name : series->label);
  else
    snprintf(out, size, "%s %zu", kinds[series->s.kind], s + 1);
}

static void write_series(FILE *out, size_t k, const pdlt_panel *panel, size_t s) {
  const pdlt_series *series = &panel->series[s].s;
  const int band = series->kind == PDLT_SERIES_BAND;
  char name[PDLT_SERIES_LABEL];
  name_curve(name, sizeof name, panel, s);
  for (size_t i = 0; i < series->n; i++) {
    if (!isfinite(series->x[i]) || !isfinite(band ? series->hi[i] : series->y[i])) continue;
    write_head(out, k, panel, name);
    write_number(out, series->x[i], ',');
    write_number(out, band ? NAN : series->y[i], ',');
    write_number(out, series->lo != NULL ? series->lo[i] : NAN, ',');
    write_number(out, series->hi != NULL ? series->hi[i] : NAN, ',');
    fputc('\n', out);
  }
}

static double number_of(const pdlt_axis *axis, size_t k) {
  return k < axis->num_at ? axis->at[k] : (double)(k + 1);
}

/* Cells row by row; x: number of the column, y: of the row. */
static void write_heat(FILE *out, size_t k, const pdlt_panel *panel) {
  for (size_t i = 0; i < panel->heat_rows; i++)
    for (size_t j = 0; j < panel->heat_columns; j++) {
      const double value = panel->heat[i * panel->heat_columns + j];
      if (!isfinite(value)) continue;
      write_head(out, k, panel, "cells");
      fprintf(out, "%.0f,%.0f,,,", number_of(&panel->x, j), number_of(&panel->y, i));
      write_number(out, value, '\n');
    }
}

pdlt_status pdlt_plot_csv(const pdlt_plot *plot, char **out, size_t *size, pdlt_error *err) {
  pdlt_stream text = {0};
  pdlt_status status = pdlt_stream_open(&text, "the data of a figure", err);
  if (status != PDLT_OK) return status;
  fputs("panel,title,x_axis,y_axis,curve,x,y,low,high,value\n", text.out);
  for (size_t k = 0; k < plot->rows * plot->columns; k++) {
    const pdlt_panel *panel = &plot->panels[k];
    if (panel->heat != NULL) write_heat(text.out, k, panel);
    for (size_t s = 0; s < panel->num_series; s++) write_series(text.out, k, panel, s);
  }
  return pdlt_stream_take(&text, "the data of a figure", out, size, err);
}
