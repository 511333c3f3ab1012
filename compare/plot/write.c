/* write.c - a plot as SVG, PDF and PNG bytes that do not change from run to run.
 *
 * cairo numbers its surfaces per process and dates its PDF files; both are fixed here. */
#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <ctype.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/file/file.h"
#include "compare/plot/compact.h"
#include "compare/plot/internal.h"
#include "compare/plot/png.h"

static const int PIXELS_PER_POINT = 2;

/* Bytes that cairo has written so far; grown by doubling. */
typedef struct sink {
  char *bytes;
  size_t size, capacity;
  pdlt_status status;
} sink;

static cairo_status_t sink_write(void *closure, const unsigned char *data, unsigned int length) {
  sink *s = closure;
  if (s->size + length + 1 > s->capacity) {
    size_t capacity = 2 * s->capacity + length + 4096;
    char *more = NULL;
    s->status = pdlt_alloc(&more, capacity, 1, NULL);
    if (s->status != PDLT_OK) return CAIRO_STATUS_NO_MEMORY;
    if (s->size) memcpy(more, s->bytes, s->size);
    pdlt_free(s->bytes);
    s->bytes = more;
    s->capacity = capacity;
  }
  memcpy(s->bytes + s->size, data, length);
  s->size += length;
  s->bytes[s->size] = 0;
  return CAIRO_STATUS_SUCCESS;
}

static pdlt_status check_cairo(cairo_status_t code, pdlt_error *err) {
  if (code == CAIRO_STATUS_SUCCESS) return PDLT_OK;
  if (code == CAIRO_STATUS_NO_MEMORY)
    return pdlt_fail(err, PDLT_ERR_MEMORY, "drawing a figure: out of memory");
  return pdlt_fail(err, PDLT_ERR_IO, "drawing a figure: %s", cairo_status_to_string(code));
}

/* A plot while it is drawn: from the size of its page to the last byte of its surface. */
typedef struct canvas {
  pdlt_plot *plot;
  double width, height;
  GLogFunc before;
  unsigned long long fonts;
} canvas;

static canvas begin(pdlt_plot *plot) {
  canvas c = {.plot = plot, .before = pdlt_text_begin(), .fonts = PDLT_HASH_START};
  pdlt_page_size(plot, &c.width, &c.height);
  return c;
}

/* status: of what has been drawn. Text in another font than it should be in, or without all of it, is an
 * error, too; so is text that is not that of the plot's first drawing. */
static pdlt_status end(const canvas *c, pdlt_status status, pdlt_error *err) {
  const pdlt_status text = pdlt_text_end(c->before, status == PDLT_OK ? err : NULL);
  if (status != PDLT_OK) return status;
  if (text != PDLT_OK) return text;
  if (c->plot->fonts == 0) c->plot->fonts = c->fonts;
  if (c->plot->fonts == c->fonts) return PDLT_OK;
  return pdlt_fail(err, PDLT_ERR_MEMORY, "drawing a figure: out of memory for a font");
}

/* text: where the text of an SVG goes, or NULL. */
static pdlt_status draw(canvas *c, cairo_surface_t *surface, FILE *text, pdlt_error *err) {
  pdlt_drawing drawing = {c->plot, text, &c->fonts};
  cairo_t *cr = cairo_create(surface);
  cairo_status_t code = pdlt_drawing_begin(cr, &drawing);
  if (code == CAIRO_STATUS_SUCCESS) {
    pdlt_page_draw(c->plot, cr);
    code = cairo_status(cr);
  }
  cairo_destroy(cr);
  return check_cairo(code, err);
}

/* A first drawing, of which nothing stays but its fonts: with those of every other they are asked for
 * twice. */
static pdlt_status choose_fonts(pdlt_plot *plot, pdlt_error *err) {
  if (plot->fonts != 0) return PDLT_OK;
  const pdlt_status read = pdlt_fonts_read(err);
  if (read != PDLT_OK) return read;
  canvas c = begin(plot);
  cairo_surface_t *surface = cairo_recording_surface_create(CAIRO_CONTENT_COLOR_ALPHA, NULL);
  const pdlt_status status = draw(&c, surface, NULL, err);
  cairo_surface_destroy(surface);
  return end(&c, status, err);
}

/* Draws on the surface, finishes and destroys it. */
static pdlt_status draw_and_finish(canvas *c, cairo_surface_t *surface, FILE *text,
                                   pdlt_error *err) {
  pdlt_status status = draw(c, surface, text, err);
  cairo_surface_finish(surface);
  if (status == PDLT_OK) status = check_cairo(cairo_surface_status(surface), err);
  cairo_surface_destroy(surface);
  return end(c, status, err);
}

/* Takes the running number out of id="surface12" and of the references to it. */
static void drop_surface_numbers(char *text, size_t *size) {
  size_t to = 0;
  for (size_t from = 0; from < *size;) {
    int found = *size - from > 8 && memcmp(text + from, "\"surface", 8) == 0;
    size_t keep = found ? 8 : 1;
    memmove(text + to, text + from, keep);
    to += keep;
    from += keep;
    while (found && from < *size && isdigit((unsigned char)text[from])) from++;
  }
  text[to] = 0;
  *size = to;
}

pdlt_status pdlt_plot_svg(pdlt_plot *plot, char **out, size_t *size, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  pdlt_stream text = {0};
  sink s = {0};
  PDLT_TRY(choose_fonts(plot, err));
  PDLT_TRY(pdlt_stream_open(&text, "a figure", err));
  canvas c = begin(plot);
  cairo_surface_t *surface = cairo_svg_surface_create_for_stream(sink_write, &s, c.width, c.height);
  PDLT_TRY(draw_and_finish(&c, surface, text.out, err));
  PDLT_TRY(pdlt_stream_look(&text, "a figure", err));
  drop_surface_numbers(s.bytes, &s.size);
  pdlt_svg_compact(s.bytes, &s.size);
  PDLT_TRY(pdlt_svg_insert(&s.bytes, &s.size, text.text, err));
  *out = s.bytes;
  *size = s.size;
  s.bytes = NULL;
cleanup:
  pdlt_stream_free(&text);
  pdlt_free(s.bytes);
  return status;
}

pdlt_status pdlt_plot_pdf(pdlt_plot *plot, const char *title, char **out, size_t *size,
                          pdlt_error *err) {
  pdlt_status status = choose_fonts(plot, err);
  if (status != PDLT_OK) return status;
  sink s = {0};
  canvas c = begin(plot);
  cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(sink_write, &s, c.width, c.height);
  cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, title);
  cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, "2000-01-01T00:00:00Z");
  status = draw_and_finish(&c, surface, NULL, err);
  if (status == PDLT_OK && !pdlt_pdf_has_fonts(s.bytes, s.size))
    status = pdlt_fail(err, PDLT_ERR_MEMORY, "drawing a figure: out of memory");
  if (status != PDLT_OK) {
    pdlt_free(s.bytes);
    return status;
  }
  *out = s.bytes;
  *size = s.size;
  return PDLT_OK;
}

/* Image surface at PIXELS_PER_POINT, drawn; *out is destroyed by the caller. */
static pdlt_status draw_image(pdlt_plot *plot, cairo_surface_t **out, pdlt_error *err) {
  pdlt_status status = choose_fonts(plot, err);
  if (status != PDLT_OK) return status;
  canvas c = begin(plot);
  cairo_surface_t *image = cairo_image_surface_create(
      CAIRO_FORMAT_ARGB32, (int)(c.width * PIXELS_PER_POINT), (int)(c.height * PIXELS_PER_POINT));
  cairo_surface_set_device_scale(image, PIXELS_PER_POINT, PIXELS_PER_POINT);
  status = draw(&c, image, NULL, err);
  cairo_surface_flush(image);
  status = end(&c, status, err);
  if (status == PDLT_OK)
    *out = image;
  else
    cairo_surface_destroy(image);
  return status;
}

pdlt_status pdlt_plot_write_png(pdlt_plot *plot, const pdlt_provenance *provenance,
                                const char *path, pdlt_error *err) {
  static const char *const names[] = {"Title", "Experiment hash", "Commit", "Seed", "Software"};
  const char *given[] = {provenance->title, provenance->hash, provenance->commit, provenance->seed,
                         "pdlt"};
  const char *keys[5], *values[5];
  int count = 0;
  for (int i = 0; i < 5; i++) {
    if (!given[i]) continue;
    keys[count] = names[i];
    values[count++] = given[i];
  }
  cairo_surface_t *image = NULL;
  pdlt_status status = draw_image(plot, &image, err);
  if (status != PDLT_OK) return status;
  status = pdlt_png_write_argb(
      path, cairo_image_surface_get_width(image), cairo_image_surface_get_height(image),
      (size_t)cairo_image_surface_get_stride(image), cairo_image_surface_get_data(image),
      72 * PIXELS_PER_POINT, count, keys, values, err);
  cairo_surface_destroy(image);
  return status;
}
