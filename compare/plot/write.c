/* write.c - a plot as SVG, PDF and PNG bytes that do not change from run to run.
 *
 * cairo numbers its surfaces per process and dates its PDF files; both are fixed here. */
#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <ctype.h>
#include <string.h>

#include "base/core/memory.h"
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

/* What has been drawn with another font than it should is an error, too. text: where the text of an SVG
 * goes, or NULL. */
static pdlt_status draw(pdlt_plot *plot, cairo_surface_t *surface, FILE *text, pdlt_error *err) {
  const GLogFunc before = pdlt_text_begin();
  pdlt_drawing drawing = {plot, text};
  cairo_t *cr = cairo_create(surface);
  pdlt_drawing_begin(cr, &drawing);
  if (cairo_status(cr) == CAIRO_STATUS_SUCCESS) pdlt_page_draw(plot, cr);
  const cairo_status_t code = cairo_status(cr);
  cairo_destroy(cr);
  const char *complaint = pdlt_text_end(before);
  const pdlt_status status = check_cairo(code, err);
  if (status != PDLT_OK || complaint[0] == 0) return status;
  return pdlt_fail(err, PDLT_ERR_IO, "drawing a figure: %s (a font that cannot be read, or memory)",
                   complaint);
}

/* Draws on the surface, finishes and destroys it. */
static pdlt_status draw_and_finish(pdlt_plot *plot, cairo_surface_t *surface, FILE *text,
                                   pdlt_error *err) {
  pdlt_status status = draw(plot, surface, text, err);
  cairo_surface_finish(surface);
  const cairo_status_t code = cairo_surface_status(surface);
  cairo_surface_destroy(surface);
  return status != PDLT_OK ? status : check_cairo(code, err);
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
  double width, height;
  pdlt_page_size(plot, &width, &height);
  PDLT_TRY(pdlt_stream_open(&text, "a figure", err));
  cairo_surface_t *surface = cairo_svg_surface_create_for_stream(sink_write, &s, width, height);
  PDLT_TRY(draw_and_finish(plot, surface, text.out, err));
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
  sink s = {0};
  double width, height;
  pdlt_page_size(plot, &width, &height);
  cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(sink_write, &s, width, height);
  cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, title);
  cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, "2000-01-01T00:00:00Z");
  pdlt_status status = draw_and_finish(plot, surface, NULL, err);
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
  double width, height;
  pdlt_page_size(plot, &width, &height);
  cairo_surface_t *image = cairo_image_surface_create(
      CAIRO_FORMAT_ARGB32, (int)(width * PIXELS_PER_POINT), (int)(height * PIXELS_PER_POINT));
  cairo_surface_set_device_scale(image, PIXELS_PER_POINT, PIXELS_PER_POINT);
  const pdlt_status status = draw(plot, image, NULL, err);
  cairo_surface_flush(image);
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
