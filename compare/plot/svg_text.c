/* svg_text.c - the text of an SVG as text: elements that can be searched, edited and set in another font.
 *
 * cairo draws the text of an SVG as outlines of its letters. So for an SVG pango only says where lines and
 * their runs stand, and each line becomes a text element, each run in another style a tspan, which flow in
 * whatever font the reader has. They stand above everything else, at the end of the page.
 * Is not: the drawing of text elsewhere (text.c). */
#include <stdlib.h>
#include <string.h>

#include "base/core/memory.h"
#include "compare/plot/internal.h"
#include "compare/text/markup.h"

/* What a run may differ in from the text around it. */
typedef struct run_style {
  double size;
  int italic, bold;
  char family[64];
} run_style;

static double points(int units) { return (double)units / PANGO_SCALE; }

static run_style style_of(const PangoLayoutRun *run) {
  PangoFontDescription *font = pango_font_describe(run->item->analysis.font);
  const char *family = pango_font_description_get_family(font);
  run_style s = {.size = points(pango_font_description_get_size(font)),
                 .italic = pango_font_description_get_style(font) != PANGO_STYLE_NORMAL,
                 .bold = pango_font_description_get_weight(font) > PANGO_WEIGHT_MEDIUM};
  if (family != NULL) pdlt_markup_escape(s.family, sizeof s.family, family);
  pango_font_description_free(font);
  return s;
}

static void write_escaped(FILE *out, const char *text, size_t length) {
  for (size_t i = 0; i < length; i++) {
    const char *entity = pdlt_markup_entity(text[i]);
    if (entity != NULL)
      fputs(entity, out);
    else
      fputc(text[i], out);
  }
}

/* Points on the page for one of the context. */
static double zoom_of(cairo_t *cr) {
  double x = 1, y = 0;
  cairo_user_to_device_distance(cr, &x, &y);
  return x;
}

/* One run of a text of that size, `down` points below the run before it. */
static void write_run(FILE *out, const PangoLayoutRun *run, const char *text, double size,
                      double down, double zoom) {
  const run_style s = style_of(run);
  const int other = strcmp(s.family, PDLT_TEXT_FONT) != 0, small = s.size < size - 0.01;
  const int tspan = other || small || s.italic || s.bold || down != 0;
  if (tspan) fputs("<tspan", out);
  if (down != 0) fprintf(out, " dy=\"%.2f\"", zoom * down);
  if (small) fprintf(out, " font-size=\"%.2f\"", zoom * s.size);
  if (s.italic) fputs(" font-style=\"italic\"", out);
  if (s.bold) fputs(" font-weight=\"bold\"", out);
  if (other) fprintf(out, " font-family=\"%s\"", s.family);
  if (tspan) fputc('>', out);
  write_escaped(out, text + run->item->offset, (size_t)run->item->length);
  if (tspan) fputs("</tspan>", out);
}

/* Where a line begins, is centred or ends, on the page. */
static void write_start(FILE *out, cairo_t *cr, double x, double y, const pdlt_text_style *style) {
  static const char *const anchors[] = {"", " text-anchor=\"middle\"", " text-anchor=\"end\""};
  const double degrees = style->angle * 180 / acos(-1.0);
  cairo_user_to_device(cr, &x, &y);
  fprintf(out,
          "<text x=\"%.2f\" y=\"%.2f\" font-size=\"%.2f\"%s fill=\"rgb(%.0f%%,%.0f%%,%.0f%%)\"", x,
          y, style->size * zoom_of(cr), anchors[style->align_x > 0.9 ? 2 : style->align_x > 0.4],
          100 * style->color.r, 100 * style->color.g, 100 * style->color.b);
  if (degrees != 0) fprintf(out, " transform=\"rotate(%.0f %.2f %.2f)\"", degrees, x, y);
  fputc('>', out);
}

void pdlt_svg_text(FILE *out, cairo_t *cr, PangoLayout *layout, double x, double y,
                   const pdlt_text_style *style) {
  const char *text = pango_layout_get_text(layout);
  PangoLayoutIter *at = pango_layout_get_iter(layout);
  PangoRectangle logical;
  pango_layout_get_extents(layout, NULL, &logical);
  const double top = -style->align_y * points(logical.height) - points(logical.y);
  do {
    const double base = points(pango_layout_iter_get_baseline(at)), below = top + base;
    double before = base;
    write_start(out, cr, x - below * sin(style->angle), y + below * cos(style->angle), style);
    for (int more = 1; more;) {
      const PangoLayoutRun *run = pango_layout_iter_get_run_readonly(at);
      if (run == NULL) break; /* the end of a line */
      const double own = points(pango_layout_iter_get_run_baseline(at));
      write_run(out, run, text, style->size, own - before, zoom_of(cr));
      before = own;
      more = pango_layout_iter_next_run(at);
    }
    fputs("</text>\n", out);
  } while (pango_layout_iter_next_line(at));
  pango_layout_iter_free(at);
}

pdlt_status pdlt_svg_insert(char **svg, size_t *size, const char *elements, pdlt_error *err) {
  static const char head[] =
      "<g font-family=\"" PDLT_TEXT_FONT ", Verdana, sans-serif\" xml:space=\"preserve\">\n";
  static const char tail[] = "</g>\n</svg>\n", end[] = "</svg>";
  const char *at = NULL;
  char *all = NULL;
  for (const char *s = strstr(*svg, end); s != NULL; s = strstr(s + 1, end)) at = s;
  if (at == NULL)
    return pdlt_fail(err, PDLT_ERR_INTERNAL, "drawing a figure: an SVG without an end");
  const size_t body = (size_t)(at - *svg), length = strlen(elements);
  const size_t room = sizeof head + length + sizeof tail;
  const pdlt_status status = pdlt_alloc(&all, body + room, 1, err);
  if (status != PDLT_OK) return status;
  memcpy(all, *svg, body);
  *size = body + (size_t)snprintf(all + body, room, "%s%s%s", head, elements, tail);
  pdlt_free(*svg);
  *svg = all;
  return PDLT_OK;
}
