/* png.h - images as PNG, files with text about their origin, and bytes to lie in a page.
 *
 * Is: 8-bit RGB, ARGB and grey, files written atomically; no date inside: the same image and texts give
 * the same bytes.
 * Is not: drawing (draw.c, with cairo), or reading. */
#ifndef PDLT_COMPARE_PLOT_PNG_H
#define PDLT_COMPARE_PLOT_PNG_H

#include <stddef.h>

#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes an RGB image; rgb: (height, width, 3), red first. Text chunks (tEXt, Latin-1):
 * keys[k] of 1..79 bytes, values[k] any; keys and values may be NULL when num_text is 0.
 * Errors: PDLT_ERR_IO `FILE: reason`, PDLT_ERR_MEMORY, PDLT_ERR_INTERNAL (an empty image or a
 * wrong key). */
pdlt_status pdlt_png_write_rgb(const char *path, int width, int height, const unsigned char *rgb,
                               int num_text, const char *const *keys, const char *const *values,
                               pdlt_error *err);

/* Writes cairo's CAIRO_FORMAT_ARGB32: rows of native 32-bit words, alpha in the top byte,
 * colours multiplied by alpha, rows stride bytes apart. dpi: resolution noted in the file
 * (pHYs), 0: none. Texts and errors as above. */
pdlt_status pdlt_png_write_argb(const char *path, int width, int height, size_t stride,
                                const unsigned char *argb, double dpi, int num_text,
                                const char *const *keys, const char *const *values,
                                pdlt_error *err);

/* A grey image, (height, width), 0 black and 255 white, as the bytes of a PNG file, *size of them in *out,
 * owned by the caller (pdlt_free). Errors: PDLT_ERR_MEMORY, PDLT_ERR_INTERNAL (an empty image). */
pdlt_status pdlt_png_grey(char **out, size_t *size, int width, int height,
                          const unsigned char *grey, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
