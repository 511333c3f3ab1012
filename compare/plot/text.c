/* text.c - text by pango: measured the same way for every surface, drawn by cairo or, for an SVG, written
 * as text (svg_text.c).
 *
 * Hinting is off, so that layout does not depend on resolution or output. */
#include <string.h>

#include "compare/plot/internal.h"

static PangoLayout *make_layout(cairo_t *cr, const char *markup, double size, double wrap) {
  PangoLayout *layout = pango_cairo_create_layout(cr);
  PangoContext *context = pango_layout_get_context(layout);
  pango_cairo_context_set_resolution(context, 72);
  cairo_font_options_t *options = cairo_font_options_create();
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
  pango_cairo_context_set_font_options(context, options);
  cairo_font_options_destroy(options);
  PangoFontDescription *font = pango_font_description_from_string(PDLT_TEXT_FONT);
  pango_font_description_set_size(font, (gint)(size * PANGO_SCALE));
  pango_layout_set_font_description(layout, font);
  pango_font_description_free(font);
  if (wrap > 0) pango_layout_set_width(layout, (int)(wrap * PANGO_SCALE));
  if (pango_parse_markup(markup, -1, 0, NULL, NULL, NULL, NULL))
    pango_layout_set_markup(layout, markup, -1);
  else
    pango_layout_set_text(layout, markup, -1);
  return layout;
}

/* Pango looks for fonts in a thread of its own, so this is of the process. */
static char complaint[256];
G_LOCK_DEFINE_STATIC(complaint);

static void note(const char *domain, GLogLevelFlags level, const char *line, gpointer context) {
  const GLogLevelFlags bad = G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING;
  (void)context;
  if ((level & bad) == 0) return;
  G_LOCK(complaint);
  if (complaint[0] == 0)
    g_snprintf(complaint, sizeof complaint, "%s: %s", domain != NULL ? domain : "GLib",
               line != NULL ? line : "");
  G_UNLOCK(complaint);
}

static GLogWriterOutput note_fields(GLogLevelFlags level, const GLogField *fields, gsize count,
                                    gpointer context) {
  const char *domain = NULL, *line = NULL;
  for (gsize k = 0; k < count; k++) {
    if (strcmp(fields[k].key, "MESSAGE") == 0) line = fields[k].value;
    if (strcmp(fields[k].key, "GLIB_DOMAIN") == 0) domain = fields[k].value;
  }
  note(domain, level, line, context);
  return G_LOG_WRITER_HANDLED;
}

void pdlt_text_keep_lines(void) { g_log_set_writer_func(note_fields, NULL, NULL); }

GLogFunc pdlt_text_begin(void) {
  G_LOCK(complaint);
  complaint[0] = 0;
  G_UNLOCK(complaint);
  return g_log_set_default_handler(note, NULL);
}

const char *pdlt_text_end(GLogFunc before) {
  pango_cairo_font_map_set_default(NULL);
  g_log_set_default_handler(before, NULL);
  return complaint;
}

void pdlt_text_size(cairo_t *cr, const char *markup, double size, double wrap, double *width,
                    double *height) {
  PangoLayout *layout = make_layout(cr, markup, size, wrap);
  PangoRectangle logical;
  pango_layout_get_extents(layout, NULL, &logical);
  *width = (double)logical.width / PANGO_SCALE;
  *height = (double)logical.height / PANGO_SCALE;
  g_object_unref(layout);
}

double pdlt_text_fit(cairo_t *cr, const char *markup, double usual, double room) {
  const double least = 5;
  double width = 0, height = 0;
  pdlt_text_size(cr, markup, usual, 0, &width, &height);
  return width > room ? fmax(usual * room / width, least) : usual;
}

static cairo_user_data_key_t drawing_key;

void pdlt_drawing_begin(cairo_t *cr, pdlt_drawing *drawing) {
  (void)cairo_set_user_data(cr, &drawing_key, drawing, NULL); /* without memory: the status of cr */
}

const pdlt_drawing *pdlt_drawing_of(cairo_t *cr) {
  static const pdlt_plot plain = {0};
  static const pdlt_drawing nothing = {&plain, NULL};
  const pdlt_drawing *drawing = cairo_get_user_data(cr, &drawing_key);
  return drawing != NULL ? drawing : &nothing;
}

void pdlt_text_draw(cairo_t *cr, const char *markup, double x, double y,
                    const pdlt_text_style *style) {
  if (!markup[0]) return;
  PangoLayout *layout = make_layout(cr, markup, style->size, style->wrap);
  if (style->align_x > 0.4)
    pango_layout_set_alignment(layout,
                               style->align_x > 0.9 ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_CENTER);
  FILE *text = pdlt_drawing_of(cr)->text;
  if (text != NULL) {
    pdlt_svg_text(text, cr, layout, x, y, style);
    g_object_unref(layout);
    return;
  }
  PangoRectangle logical;
  pango_layout_get_extents(layout, NULL, &logical);
  double width = (double)logical.width / PANGO_SCALE;
  double height = (double)logical.height / PANGO_SCALE;
  cairo_save(cr);
  cairo_set_source_rgb(cr, style->color.r, style->color.g, style->color.b);
  cairo_translate(cr, x, y);
  cairo_rotate(cr, style->angle);
  cairo_move_to(cr, -style->align_x * width - (double)logical.x / PANGO_SCALE,
                -style->align_y * height - (double)logical.y / PANGO_SCALE);
  pango_cairo_show_layout(cr, layout);
  cairo_restore(cr);
  g_object_unref(layout);
}
