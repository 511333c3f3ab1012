/* text.c - text by pango: measured the same way for every surface, drawn by cairo or, for an SVG, written
 * as text (svg_text.c).
 *
 * Hinting is off, so that layout does not depend on resolution or output. */
#include <errno.h>
#include <string.h>

#include "compare/plot/internal.h"

/* Pango looks for fonts in a thread of its own, so these are of the process. */
static char complaint[256];
static int lacks_memory;
G_LOCK_DEFINE_STATIC(complaint);

/* What pango, HarfBuzz and cairo have no memory for they leave out, a metric, a table of kerning, and say
 * nothing: letters then stand elsewhere. malloc has said it in errno, which a success does not set back. So
 * this looks after each of their steps, before the next reads a number (GLib sets errno to 0) or looks for a
 * file that is not there. */
static void look_for_memory(void) {
  if (errno != ENOMEM) return;
  G_LOCK(complaint);
  lacks_memory = 1;
  G_UNLOCK(complaint);
}

static void set_options(PangoContext *context) {
  cairo_font_options_t *options = cairo_font_options_create();
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
  pango_cairo_context_set_font_options(context, options);
  cairo_font_options_destroy(options);
  look_for_memory();
}

static void set_font(PangoLayout *layout, double size) {
  PangoFontDescription *font = pango_font_description_from_string(PDLT_TEXT_FONT);
  pango_font_description_set_size(font, (gint)(size * PANGO_SCALE));
  pango_layout_set_font_description(layout, font);
  pango_font_description_free(font);
  look_for_memory();
}

static PangoLayout *make_layout(cairo_t *cr, const char *markup, double size, double wrap) {
  look_for_memory();
  PangoLayout *layout = pango_cairo_create_layout(cr);
  look_for_memory();
  PangoContext *context = pango_layout_get_context(layout);
  pango_cairo_context_set_resolution(context, 72);
  set_options(context);
  set_font(layout, size);
  if (wrap > 0) pango_layout_set_width(layout, (int)(wrap * PANGO_SCALE));
  if (pango_parse_markup(markup, -1, 0, NULL, NULL, NULL, NULL))
    pango_layout_set_markup(layout, markup, -1);
  else
    pango_layout_set_text(layout, markup, -1);
  look_for_memory();
  return layout;
}

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

void pdlt_text_keep_lines(void) {
  pdlt_fonts_of_program();
  g_log_set_writer_func(note_fields, NULL, NULL);
}

GLogFunc pdlt_text_begin(void) {
  G_LOCK(complaint);
  complaint[0] = 0;
  lacks_memory = 0;
  G_UNLOCK(complaint);
  errno = 0;
  return g_log_set_default_handler(note, NULL);
}

pdlt_status pdlt_text_end(GLogFunc before, pdlt_error *err) {
  look_for_memory();
  pango_cairo_font_map_set_default(NULL);
  g_log_set_default_handler(before, NULL);
  if (lacks_memory) return pdlt_fail(err, PDLT_ERR_MEMORY, "drawing a figure: out of memory");
  if (complaint[0] == 0) return PDLT_OK;
  return pdlt_fail(err, PDLT_ERR_IO, "drawing a figure: %s (a font that cannot be read, or memory)",
                   complaint);
}

void pdlt_text_size(cairo_t *cr, const char *markup, double size, double wrap, double *width,
                    double *height) {
  PangoLayout *layout = make_layout(cr, markup, size, wrap);
  PangoRectangle logical;
  pango_layout_get_extents(layout, NULL, &logical);
  *width = (double)logical.width / PANGO_SCALE;
  *height = (double)logical.height / PANGO_SCALE;
  g_object_unref(layout);
  look_for_memory();
}

double pdlt_text_fit(cairo_t *cr, const char *markup, double usual, double room) {
  const double least = 5;
  double width = 0, height = 0;
  pdlt_text_size(cr, markup, usual, 0, &width, &height);
  return width > room ? fmax(usual * room / width, least) : usual;
}

static cairo_user_data_key_t drawing_key;

cairo_status_t pdlt_drawing_begin(cairo_t *cr, pdlt_drawing *drawing) {
  return cairo_set_user_data(cr, &drawing_key, drawing, NULL);
}

const pdlt_drawing *pdlt_drawing_of(cairo_t *cr) {
  static const pdlt_plot plain = {0};
  static const pdlt_drawing nothing = {&plain, NULL, NULL};
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
  const pdlt_drawing *drawing = pdlt_drawing_of(cr);
  if (drawing->fonts != NULL) *drawing->fonts = pdlt_fonts_add(*drawing->fonts, layout);
  look_for_memory();
  if (drawing->text != NULL) {
    pdlt_svg_text(drawing->text, cr, layout, x, y, style);
    g_object_unref(layout);
    look_for_memory();
    return;
  }
  PangoRectangle logical;
  pango_layout_get_extents(layout, NULL, &logical);
  look_for_memory();
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
  look_for_memory();
}
