/* png.c - see png.h. */
#include "compare/plot/png.h"

#include <png.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/file/file.h"

enum { MAX_KEY = 79, COMPRESSION = 6 };

/* What a picture is made of. */
typedef struct picture {
  int width, height, channels;
  size_t stride;
  const unsigned char *pixels;
  double dpi;
  int num_text;
  const char *const *keys, *const *values;
} picture;

/* What must outlive libpng's longjmp lies here, in memory and not in registers. */
typedef struct writing {
  pdlt_file_writer file;
  png_structp png;
  png_infop info;
  unsigned char *row;
  png_text *text;
  char reason[128];
} writing;

static void on_error(png_structp png, png_const_charp message) {
  writing *w = png_get_error_ptr(png);
  strncpy(w->reason, message, sizeof w->reason - 1);
  png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

/* Straight colours, RGBA, from cairo's multiplied words; rounded to nearest. */
static void straighten(const unsigned char *argb, int width, unsigned char *rgba) {
  for (int x = 0; x < width; x++, rgba += 4) {
    uint32_t word;
    memcpy(&word, argb + 4 * (size_t)x, sizeof word);
    uint32_t alpha = word >> 24;
    if (alpha == 0xff) {
      for (int c = 0; c < 3; c++) rgba[c] = (unsigned char)(word >> (16 - 8 * c));
      rgba[3] = 0xff;
      continue;
    }
    for (int c = 0; c < 3; c++) {
      uint32_t colour = word >> (16 - 8 * c) & 0xff;
      uint32_t straight = alpha == 0 ? 0 : (colour * 255 + alpha / 2) / alpha;
      rgba[c] = (unsigned char)(straight > 255 ? 255 : straight);
    }
    rgba[3] = (unsigned char)alpha;
  }
}

/* Calls libpng; every variable that is read after a longjmp lives in *w. Returns 0 when
 * libpng gave up. */
static int encode(writing *w, const picture *p) {
  if (setjmp(png_jmpbuf(w->png))) return 0;
  png_init_io(w->png, w->file.stream);
  png_set_compression_level(w->png, COMPRESSION);
  png_set_filter(w->png, PNG_FILTER_TYPE_BASE,
                 PNG_FILTER_NONE); /* areas of one colour: least time */
  png_set_IHDR(w->png, w->info, (png_uint_32)p->width, (png_uint_32)p->height, 8,
               p->channels == 4 ? PNG_COLOR_TYPE_RGBA : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (p->dpi > 0) {
    png_uint_32 per_metre = (png_uint_32)(p->dpi / 0.0254 + 0.5);
    png_set_pHYs(w->png, w->info, per_metre, per_metre, PNG_RESOLUTION_METER);
  }
  if (p->num_text > 0) png_set_text(w->png, w->info, w->text, p->num_text);
  png_write_info(w->png, w->info);
  for (int y = 0; y < p->height; y++) {
    const unsigned char *pixels = p->pixels + (size_t)y * p->stride;
    if (p->channels == 4)
      straighten(pixels, p->width, w->row);
    else
      memcpy(w->row, pixels, 3 * (size_t)p->width);
    png_write_row(w->png, w->row);
  }
  png_write_end(w->png, w->info);
  return 1;
}

static pdlt_status check(const char *path, const picture *p, pdlt_error *err) {
  if (p->width <= 0 || p->height <= 0)
    return pdlt_fail(err, PDLT_ERR_INTERNAL, "%s: an image of %d x %d pixels was asked for", path,
                     p->width, p->height);
  for (int k = 0; k < p->num_text; k++) {
    size_t length = strlen(p->keys[k]);
    if (length < 1 || length > MAX_KEY)
      return pdlt_fail(err, PDLT_ERR_INTERNAL, "%s: a text's key has %zu bytes, not 1 to %d", path,
                       length, (int)MAX_KEY);
  }
  return PDLT_OK;
}

/* libpng wants the texts changeable; it does not change them. */
static pdlt_status copy_texts(writing *w, const picture *p, pdlt_error *err) {
  pdlt_status status = pdlt_alloc(&w->text, (size_t)p->num_text, sizeof *w->text, err);
  for (int k = 0; status == PDLT_OK && k < p->num_text; k++) {
    w->text[k].compression = PNG_TEXT_COMPRESSION_NONE;
    status = pdlt_strdup(&w->text[k].key, p->keys[k], err);
    if (status == PDLT_OK) status = pdlt_strdup(&w->text[k].text, p->values[k], err);
    if (status == PDLT_OK) w->text[k].text_length = strlen(p->values[k]);
  }
  return status;
}

static void release(writing *w, int num_text) {
  png_destroy_write_struct(&w->png, &w->info);
  for (int k = 0; w->text != NULL && k < num_text; k++) {
    pdlt_free(w->text[k].key);
    pdlt_free(w->text[k].text);
  }
  pdlt_free(w->text);
  pdlt_free(w->row);
  pdlt_file_abandon(&w->file);
}

static pdlt_status write_picture(const char *path, const picture *p, pdlt_error *err) {
  writing w = {0};
  pdlt_status status = check(path, p, err);
  if (status != PDLT_OK) return status;
  PDLT_TRY(copy_texts(&w, p, err));
  PDLT_TRY(pdlt_alloc(&w.row, (size_t)p->width, (size_t)p->channels, err));
  w.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &w, on_error, on_warning);
  if (w.png != NULL) w.info = png_create_info_struct(w.png);
  if (w.info == NULL)
    PDLT_TRY(pdlt_fail(err, PDLT_ERR_MEMORY, "%s: out of memory in libpng", path));
  PDLT_TRY(pdlt_file_begin(&w.file, path, err));
  if (!encode(&w, p)) PDLT_TRY(pdlt_fail(err, PDLT_ERR_IO, "%s: %s", path, w.reason));
  PDLT_TRY(pdlt_file_commit(&w.file, err));
cleanup:
  release(&w, p->num_text);
  return status;
}

pdlt_status pdlt_png_write_rgb(const char *path, int width, int height, const unsigned char *rgb,
                               int num_text, const char *const *keys, const char *const *values,
                               pdlt_error *err) {
  picture p = {.width = width,
               .height = height,
               .channels = 3,
               .stride = 3 * (size_t)(width > 0 ? width : 0),
               .pixels = rgb,
               .num_text = num_text,
               .keys = keys,
               .values = values};
  return write_picture(path, &p, err);
}

pdlt_status pdlt_png_write_argb(const char *path, int width, int height, size_t stride,
                                const unsigned char *argb, double dpi, int num_text,
                                const char *const *keys, const char *const *values,
                                pdlt_error *err) {
  picture p = {.width = width,
               .height = height,
               .channels = 4,
               .stride = stride,
               .pixels = argb,
               .dpi = dpi,
               .num_text = num_text,
               .keys = keys,
               .values = values};
  return write_picture(path, &p, err);
}

pdlt_status pdlt_png_grey(char **out, size_t *size, int width, int height,
                          const unsigned char *grey, pdlt_error *err) {
  png_image image = {.version = PNG_IMAGE_VERSION, .format = PNG_FORMAT_GRAY};
  png_alloc_size_t needed = 0;
  char *bytes = NULL;
  if (width <= 0 || height <= 0)
    return pdlt_fail(err, PDLT_ERR_INTERNAL, "an image of %d x %d pixels was asked for", width,
                     height);
  image.width = (png_uint_32)width;
  image.height = (png_uint_32)height;
  needed = PNG_IMAGE_PNG_SIZE_MAX(image);
  const pdlt_status status = pdlt_alloc(&bytes, needed, 1, err);
  if (status != PDLT_OK) return status;
  if (!png_image_write_to_memory(&image, bytes, &needed, 0, grey, 0, NULL)) {
    pdlt_free(bytes);
    return pdlt_fail(err, PDLT_ERR_MEMORY, "a PNG image in memory: %s", image.message);
  }
  *out = bytes;
  *size = needed;
  return PDLT_OK;
}
